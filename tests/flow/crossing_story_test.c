/* One crossing, one search: capture keys, statements, test flows, protection, alarms and the lot. */
#include "flow/two_nodes.h"

#include "flow/commit.h"
#include "flow/search/record.h"

#define DAY 86400000ll

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    ent_enrolled e;
    story_begin(s, 5);
    story_agree(s, 1, 1000);
    assert_int_equal(story_enrol(s, 1, 0, &e), ENT_OK);
    return *state = s, 0;
}

/* The lot needs some hundred searches: for those every file is one print of nobody, read once. */
static ent_buf read_once;

static ent_code read_again(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)self, (void)job, (void)bytes, (void)len;
    ent_buf_put(ret, read_once.data, read_once.len);
    return ent_buf_check(ret, err);
}

static int begin_quick(void **state)
{
    begin(state);
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1);
    story_node *nodes[] = {&s->gb, &s->us};
    story_print(30, 1, &png);
    read_once = ENT_BUF(ENT_CAPTURE_MAX);
    assert_int_equal(s->us.c.decoder.run(s->us.c.decoder.self, "capture", png.data, png.len, &read_once, NULL), ENT_OK);
    for (int i = 0; i < 2; i++) {
        nodes[i]->c.decoder = (ent_decoder){.run = read_again};
        story_restart(s, nodes[i]);
    }
    return 0;
}

static int end_quick(void **state)
{
    ent_buf_free(&read_once);
    return story_free(state);
}

static ent_code quick(story *s, ent_search_result *ret, ent_err *err)
{
    static const char bytes[] = "a print";
    ent_buf print = {.data = (uint8_t *)(uintptr_t)bytes, .len = sizeof bytes};
    ENT_AUTO_BUF file = ENT_BUF(1);
    ent_search_options o = {.purpose = "threat-check"};
    story_capture(&s->us, &print, &file);
    ent_code code = ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, ret, err);
    if (code == ENT_OK) ent_buf_free(&ret->receipt);
    return code;
}

/* What a search of this file comes to; the error's text in err. */
static ent_code look(story *s, const ent_buf *file, ent_search_result *ret, ent_err *err)
{
    ent_search_options o = {.purpose = "threat-check"};
    *err = (ent_err){0};
    ent_code code = ent_flow_search(s->us.flow, &s->us.officer, file->data, file->len, &o, ret, err);
    if (code == ENT_OK) ent_buf_free(&ret->receipt);
    return code;
}

static uint64_t entries(const story_node *n) { return ent_flow_ledger(n->flow)->size(ent_flow_ledger(n->flow)->self); }

static size_t count_entries(const story_node *n, ent_entry_kind kind, const char *clause)
{
    const ent_ledger *l = ent_flow_ledger(n->flow);
    size_t count = 0;
    for (uint64_t i = 0; i < l->size(l->self); i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        assert_int_equal(l->read(l->self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        count += e.kind == kind && strncmp(e.clause, clause, strlen(clause)) == 0;
    }
    return count;
}

/* Nobody searches with a file: the requester's node refuses it before it says "asked", and a holder that is asked all the same refuses it
 * with the same clause. */
static void files_are_refused(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1), body = ENT_BUF(1 << 16);
    ent_search_result r;
    ent_err err;
    story_print(1, 1, &png);
    uint64_t size = entries(&s->us);
    assert_int_equal(look(s, &png, &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "(test)"));
    assert_int_equal(entries(&s->us), size);
    assert_int_equal(story_search(s, 1, 1, "threat-check", &r, &err), ENT_OK);
    assert_true(r.hit);
    ent_buf_free(&r.receipt);
}

/* A statement counts when it is this node's, this officer's, by a desk whose key is active, of now, and about this capture. */
static void statements(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1);
    ent_search_result r;
    ent_err err;
    story_print(1, 1, &png);
    const struct { ent_code want; const char *what; } cases[] = {{ENT_REFUSED, "node"}, {ENT_REFUSED, "officer"}, {ENT_REFUSED, "desk"}, {ENT_STALE, "old"},
                                                                 {ENT_STALE, "ahead"}, {ENT_DAMAGED, "capture"}, {ENT_SIGNATURE, "key"}, {ENT_OK, "good"}, {ENT_OK, "edge"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ENT_AUTO_BUF file = ENT_BUF(1);
        ent_crossing c = story_crossing(&s->us);
        if (i == 0) strcpy(c.node, "gb.example");
        if (i == 1) strcpy(c.officer, "another");
        if (i == 2) strcpy(c.desk, "desk-9");
        if (i == 3) c.time.ms -= ENT_LIMIT_CAPTURE_AGE_MS + 1;
        if (i == 4) c.time.ms += ENT_LIMIT_CLOCK_SKEW_MS + 1;
        if (i == 8) c.time.ms -= ENT_LIMIT_CAPTURE_AGE_MS;
        story_state(&c, &png, &file);
        if (i == 5) file.data[file.len - 1] ^= 1;
        if (i == 6) {
            ent_secret_key other;
            story_secret("desk-2", &other);
            ent_buf_clear(&file);
            assert_int_equal(ent_crossing_sign(&c, ENT_BYTES(png.data, png.len), &other, &file, NULL), ENT_OK);
        }
        ent_code code = look(s, &file, &r, &err);
        if (code != cases[i].want) fail_msg("%s: %s", cases[i].what, err.detail);
    }
}

/* A key needs a second person; nobody approves their own; withdrawn, it is refused, and never comes back. */
static void keys_by_two(void **state)
{
    story *s = *state;
    ent_public_key key = {{42}};
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_result r;
    ent_err err;
    assert_int_equal(ent_flow_desk_propose(s->us.flow, &s->us.officer, "desk-2", &key, true, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_desk_propose(s->us.flow, &s->us.custodian, "a desk", &key, true, NULL), ENT_USAGE);
    assert_int_equal(ent_flow_desk_propose(s->us.flow, &s->us.custodian, "desk-2", &key, true, NULL), ENT_OK);
    assert_int_equal(ent_flow_desk_approve(s->us.flow, &s->us.custodian, "desk-2", NULL), ENT_DENIED);
    story_restart(s, &s->us);
    assert_int_equal(ent_flow_desk_approve(s->us.flow, &s->us.deputy, "desk-2", NULL), ENT_OK);
    assert_int_equal(ent_flow_desk_approve(s->us.flow, &s->us.deputy, "desk-2", NULL), ENT_NOT_FOUND);
    assert_int_equal(ent_flow_desk_propose(s->us.flow, &s->us.custodian, "desk-3", &key, true, NULL), ENT_EXISTS);
    assert_int_equal(count_entries(&s->us, ENT_ENTRY_KEY, "desk approved, hardware"), 1);
    story_print(1, 1, &png);
    story_capture(&s->us, &png, &file);
    assert_int_equal(ent_flow_desk_withdraw(s->us.flow, &s->us.custodian, "desk-1", NULL), ENT_OK);
    assert_int_equal(look(s, &file, &r, &err), ENT_REFUSED);
    ent_secret_key old;
    ent_public_key same;
    story_secret("desk-1", &old);
    ent_sign_public(&old, &same);
    assert_int_equal(ent_flow_desk_propose(s->us.flow, &s->us.custodian, "desk-1", &same, false, NULL), ENT_REFUSED);
}

/* One crossing is searched once; what was not answered goes on as the same search, under one entry "asked" and one count of the quota. */
static void one_search(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_result r = {0}, again;
    ent_err err;
    story_print(1, 1, &png);
    story_capture(&s->us, &png, &file);
    size_t asked = count_entries(&s->us, ENT_ENTRY_ASKED, "");
    s->line_down = true;
    for (int i = 0; i < 3; i++) assert_int_equal(look(s, &file, &r, &err), ENT_UNREACHABLE);
    assert_int_equal(count_entries(&s->us, ENT_ENTRY_ASKED, ""), asked + 1);
    s->line_down = false;
    assert_int_equal(look(s, &file, &r, &err), ENT_OK);
    assert_true(r.hit);
    assert_int_equal(count_entries(&s->us, ENT_ENTRY_ASKED, ""), asked + 1);
    assert_int_equal(count_entries(&s->gb, ENT_ENTRY_ANSWERED_HIT, ""), 1);
    assert_int_equal(look(s, &file, &again, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "one crossing, one search"));
    story_restart(s, &s->us);
    assert_int_equal(look(s, &file, &again, &err), ENT_REFUSED);
}

/* Nor is a crossing asked about for ever: eight attempts, then it is captured anew. */
static void attempts(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_result r;
    ent_err err;
    story_print(1, 1, &png);
    story_capture(&s->us, &png, &file);
    s->line_down = true;
    for (int i = 0; i < 8; i++) assert_int_equal(look(s, &file, &r, &err), ENT_UNREACHABLE);
    assert_int_equal(look(s, &file, &r, &err), ENT_REFUSED);
    s->line_down = false;
}

/* A requester that asks twice about one crossing under two ids is refused by the holder; so is a pledge that no key signed, and a search
 * without one. */
static void holder_checks(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF answer = ENT_BUF(1 << 16);
    ent_search_result r;
    ent_err err;
    char first[ENT_PLEDGE_MAX], fresh[ENT_PLEDGE_MAX];
    assert_int_equal(story_search(s, 1, 1, "threat-check", &r, &err), ENT_OK);
    ent_buf_free(&r.receipt);
    snprintf(first, sizeof first, "%s", s->last_pledge);
    s->swallow = true; /* asked and signed, kept back here */
    for (int i = 0; i < 3; i++) {
        uint8_t digest[32];
        assert_int_equal(story_search(s, 2, 1, "threat-check", &r, &err), ENT_UNREACHABLE);
        snprintf(fresh, sizeof fresh, "%s", s->last_pledge);
        if (i == 1) fresh[0] = fresh[0] == '0' ? '1' : '0';
        ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = "deal", .agreement_version = 1, .flow = "check", .purpose = "threat-check", .proof = s->last_proof,
                         .crossing = i == 0 ? first : i == 1 ? fresh : "", .body = s->last_request.data, .body_len = s->last_request.len};
        story_digest(s, digest);
        m.agreement_digest = digest;
        memcpy(m.id, s->last_id, ENT_ID_SIZE);
        ent_buf_clear(&answer);
        assert_int_equal(story_deliver(s, &m, &answer), 403);
        static const char *const clause[] = {"\"one crossing, one search\"", "\"crossing\"", "\"test\""};
        if (!strstr(ent_buf_cstr(&answer), clause[i])) fail_msg("%s", ent_buf_cstr(&answer));
    }
    s->swallow = false;
}

/* A traveller who seeks protection is not asked about at a country that is theirs or feared; at another they are. */
static void protection(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1);
    ent_search_result r;
    ent_err err;
    story_print(1, 1, &png);
    for (int i = 0; i < 4; i++) {
        ENT_AUTO_BUF file = ENT_BUF(1);
        ent_crossing c = story_crossing(&s->us);
        uint64_t size = entries(&s->us);
        c.protection = true;
        if (i == 0) strcpy(c.nationality, "GBR");
        if (i == 1) memcpy(c.feared[c.feared_count++], "GBR", 4);
        if (i == 2) *c.nationality = 0;
        story_state(&c, &png, &file);
        assert_int_equal(look(s, &file, &r, &err), i == 3 ? ENT_OK : ENT_REFUSED);
        if (i < 3) assert_int_equal(entries(&s->us), size);
        if (i < 3) assert_non_null(strstr(err.detail, "protection"));
    }
}

struct alarms {
    size_t of[ENT_ALARM_COUNT];
};

static void see_alarm(void *ctx, const ent_alarm_view *v)
{
    ((struct alarms *)ctx)->of[v->kind]++;
}

static struct alarms alarms_of(const story_node *n)
{
    struct alarms a = {{0}};
    assert_int_equal(ent_flow_alarms(n->flow, &n->custodian, see_alarm, &a, NULL), ENT_OK);
    return a;
}

/* The same bytes twice, the third hit of one record, the fifth crossing of a document: each an alarm where it can be seen, once, as entry
 * and in the list. An ordinary crossing raises none. */
static void alarms(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err;
    assert_int_equal(story_search(s, 1, 1, "threat-check", &r, &err), ENT_OK);
    ent_buf_free(&r.receipt);
    assert_int_equal(count_entries(&s->us, ENT_ENTRY_ALARM, ""), 0);
    assert_int_equal(count_entries(&s->gb, ENT_ENTRY_ALARM, ""), 0);
    for (uint32_t shot = 2; shot < 6; shot++) {
        ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
        ent_crossing c = story_crossing(&s->us);
        strcpy(c.issued_by, "UTO");
        strcpy(c.document, "L898902C3");
        story_print(1, shot, &png);
        story_state(&c, &png, &file);
        assert_int_equal(look(s, &file, &r, &err), ENT_OK);
    }
    assert_int_equal(alarms_of(&s->gb).of[ENT_ALARM_PERSON], 1);
    assert_int_equal(alarms_of(&s->us).of[ENT_ALARM_DOCUMENT], 0);
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_crossing c = story_crossing(&s->us);
    strcpy(c.issued_by, "UTO");
    strcpy(c.document, "L898902C3");
    story_print(1, 5, &png); /* again */
    story_state(&c, &png, &file);
    assert_int_equal(look(s, &file, &r, &err), ENT_OK);
    assert_int_equal(alarms_of(&s->us).of[ENT_ALARM_DOCUMENT], 1);
    assert_int_equal(alarms_of(&s->us).of[ENT_ALARM_DUPLICATE], 1);
    assert_int_equal(alarms_of(&s->gb).of[ENT_ALARM_DUPLICATE], 1);
    assert_int_equal(alarms_of(&s->gb).of[ENT_ALARM_CAPTURE] + alarms_of(&s->us).of[ENT_ALARM_CAPTURE], 0);
    assert_int_equal(count_entries(&s->gb, ENT_ENTRY_ALARM, ""), 0); /* never beside an answer: the tree's growth would tell of it */
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(count_entries(&s->gb, ENT_ENTRY_ALARM, "one record hit"), 1);
    assert_int_equal(count_entries(&s->gb, ENT_ENTRY_ALARM, ""), 2);
    assert_int_equal(ent_flow_alarms(s->us.flow, &s->us.officer, see_alarm, &(struct alarms){{0}}, NULL), ENT_DENIED);
}

/* Counts of documents and of records live for a day. */
static void counts_end(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err;
    for (int day = 0; day < 6; day++) {
        ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
        ent_crossing c = story_crossing(&s->us);
        strcpy(c.issued_by, "UTO");
        strcpy(c.document, "L898902C3");
        story_print(1, 2 + (uint32_t)day, &png);
        story_state(&c, &png, &file);
        assert_int_equal(look(s, &file, &r, &err), ENT_OK);
        s->clock.now.ms += DAY;
        s->clock.monotonic += DAY;
    }
    assert_int_equal(alarms_of(&s->us).of[ENT_ALARM_DOCUMENT] + alarms_of(&s->gb).of[ENT_ALARM_PERSON], 0);
}

/* ---- the lot ---- */

struct lots {
    ent_lot_view view[64];
    size_t count;
};

static void see_lot(void *ctx, const ent_lot_view *v)
{
    struct lots *l = ctx;
    if (l->count < 64) l->view[l->count++] = *v;
}

static struct lots lots_of(const story_node *n)
{
    struct lots l = {.count = 0};
    assert_int_equal(ent_flow_lots(n->flow, &n->custodian, see_lot, &l, NULL), ENT_OK);
    return l;
}

/* Searches until the lot chooses one. */
static ent_lot_view until_chosen(story *s)
{
    for (int i = 0; i < 3000; i++) {
        ent_search_result r;
        ent_err err;
        if (quick(s, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
        if (r.refused) s->clock.now.ms += DAY, s->clock.monotonic += DAY; /* the day's quota is spent */
        struct lots ours = lots_of(&s->us);
        if (ours.count) return ours.view[0];
    }
    fail_msg("the lot chose none of 3000");
    return (ent_lot_view){0};
}

static ent_actor auditor_of(story_node *n)
{
    ent_public_key key = {{77}};
    ent_actor a;
    story_works(n->flow, &n->custodian, &n->deputy, "a.example", ENT_ROLE_AUDITOR, &key);
    assert_int_equal(ent_flow_person(n->flow, "a.example", &a, NULL), ENT_OK);
    return a;
}

static void pass_days(story *s, int days)
{
    s->clock.now.ms += days * DAY;
    s->clock.monotonic += days * DAY;
}

/* Both ends draw the same search. A custodian opens it unseen, the auditor reads it, the holder knows; whoever asks too early or in another
 * role is refused. What is read opens the entry "asked". */
static void lot_is_opened(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF opening = ENT_BUF(1 << 16), receipt = ENT_BUF(1 << 16);
    ent_err err = {0};
    ent_lot_view ours = until_chosen(s);
    struct lots theirs = lots_of(&s->gb);
    ent_actor auditor = auditor_of(&s->us);
    assert_true(ours.ours);
    assert_int_equal(theirs.count, 1);
    assert_true(ent_id_equal(theirs.view[0].reference.b, ours.reference.b));
    story_restart(s, &s->us);
    story_restart(s, &s->gb);
    assert_int_equal(ent_flow_lot_show(s->us.flow, &auditor, ours.reference.b, &opening, &receipt, &err), ENT_REFUSED);
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.officer, ours.reference.b, &err), ENT_DENIED);
    assert_int_equal(ent_flow_lot_open(s->gb.flow, &s->gb.custodian, ours.reference.b, &err), ENT_NOT_FOUND);
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, ours.reference.b, &err), ENT_OK);
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, ours.reference.b, &err), ENT_EXISTS);
    assert_int_equal(lots_of(&s->gb).view[0].state, ENT_LOT_OPENED);
    assert_int_equal(ent_flow_lot_show(s->us.flow, &s->us.custodian, ours.reference.b, &opening, &receipt, &err), ENT_DENIED);
    assert_int_equal(ent_flow_lot_show(s->us.flow, &auditor, ours.reference.b, &opening, &receipt, &err), ENT_OK);
    assert_int_equal(lots_of(&s->us).view[0].state, ENT_LOT_SEEN);
    const char *statement = strstr(ent_buf_cstr(&opening), ENT_CROSSING_MAGIC);
    ent_crossing c;
    assert_non_null(statement);
    assert_int_equal(ent_statement_read(statement, strlen(statement), &c, &err), ENT_OK);
    assert_string_equal(c.desk, "desk-1");
    assert_string_equal(c.officer, "o.example");
}

/* The thirtieth day is still in time. On the next the flow is suspended, at the requester before it asks and at a holder that is asked;
 * opening lifts both. */
static void lot_is_overdue(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err = {0};
    ent_lot_view ours = until_chosen(s);
    pass_days(s, 29);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    pass_days(s, 1);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    pass_days(s, 1);
    assert_int_equal(quick(s, &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "audit by lot"));
    assert_true(lots_of(&s->us).view[0].overdue);
    assert_true(lots_of(&s->gb).view[0].overdue);
    s->line_down = true; /* opened, and the holder has not heard */
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, ours.reference.b, &err), ENT_OK);
    s->line_down = false;
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_true(r.refused);
    assert_string_equal(r.clause, "audit by lot");
    ent_flow_tell(s->us.flow);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_false(r.refused);
}

/* An opening goes after 90 days, key and all. */
static void lot_ends(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF opening = ENT_BUF(1 << 16), receipt = ENT_BUF(1 << 16);
    ent_err err = {0};
    ent_time_view t;
    ent_lot_view ours = until_chosen(s);
    ent_actor auditor = auditor_of(&s->us);
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, ours.reference.b, &err), ENT_OK);
    for (int part = 0; part < 2; part++) {
        pass_days(s, part ? 1 : 89);
        assert_int_equal(ent_flow_time_confirm(s->us.flow, &s->us.custodian, &t, NULL), ENT_OK);
        assert_int_equal(ent_flow_time_confirm(s->us.flow, &s->us.deputy, &t, NULL), ENT_OK);
        assert_int_equal(ent_flow_tick(s->us.flow, &err), ENT_OK);
        assert_int_equal(ent_flow_lot_show(s->us.flow, &auditor, ours.reference.b, &opening, &receipt, &err), part ? ENT_NOT_FOUND : ENT_OK);
    }
    assert_int_equal(count_entries(&s->us, ENT_ENTRY_LOT, "lot: opening destroyed"), 1);
}

static ent_code count_row(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)key, (void)key_len, (void)value, (void)value_len;
    ++*(size_t *)ctx;
    return ENT_OK;
}

static size_t rows(story_node *n, ent_table table)
{
    size_t count = 0;
    ent_change all = {.key = "", .key_len = 0};
    assert_int_equal(n->c.store.scan(n->c.store.self, table, &all, count_row, &count, NULL), ENT_OK);
    return count;
}

static void confirm_time(story *s)
{
    ent_time_view t;
    assert_int_equal(ent_flow_time_confirm(s->us.flow, &s->us.custodian, &t, NULL), ENT_OK);
    assert_int_equal(ent_flow_time_confirm(s->us.flow, &s->us.deputy, &t, NULL), ENT_OK);
}

/* An answer that is lost is no way round the lot: the holder drew, the flow stops there in time and says which search it is about, and the
 * requester, who cannot know, opens it. What waited and was not drawn is gone when the answer comes after all, or after 60 days. */
static void lot_of_a_lost_answer(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF opening = ENT_BUF(1 << 16), receipt = ENT_BUF(1 << 16), again = ENT_BUF(1 << 16);
    static const char bytes[] = "a print";
    ent_buf print = {.data = (uint8_t *)(uintptr_t)bytes, .len = sizeof bytes};
    ent_search_result r;
    ent_err err = {0};
    ent_actor auditor = auditor_of(&s->us);
    s->deaf = true;
    story_capture(&s->us, &print, &again);
    assert_int_equal(look(s, &again, &r, &err), ENT_UNREACHABLE);
    assert_int_equal(look(s, &again, &r, &err), ENT_UNREACHABLE);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 1);
    s->deaf = false; /* the answer comes after all, and the lot did not choose it (or this seed is to be changed) */
    assert_int_equal(look(s, &again, &r, &err), ENT_OK);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 0);
    s->deaf = true;
    for (int i = 0; i < 3000 && !lots_of(&s->gb).count; i++) assert_int_equal(quick(s, &r, &err), ENT_UNREACHABLE);
    s->deaf = false;
    struct lots theirs = lots_of(&s->gb);
    assert_int_equal(theirs.count, 1);
    assert_int_equal(lots_of(&s->us).count, 0);
    pass_days(s, 31);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_true(r.refused);
    char id[ENT_ID_TEXT];
    ent_id_text(theirs.view[0].reference.b, id);
    assert_non_null(strstr(r.reason, id));
    assert_int_equal(ent_flow_lot_show(s->us.flow, &auditor, theirs.view[0].reference.b, &opening, &receipt, &err), ENT_REFUSED);
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, theirs.view[0].reference.b, &err), ENT_OK);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_false(r.refused);
    story_restart(s, &s->us);
    assert_int_equal(ent_flow_lot_show(s->us.flow, &auditor, theirs.view[0].reference.b, &opening, &receipt, &err), ENT_OK);
    assert_non_null(strstr(ent_buf_cstr(&opening), ENT_CROSSING_MAGIC));
    pass_days(s, 30);
    confirm_time(s);
    for (int i = 0; i < 60; i++) assert_int_equal(ent_flow_tick(s->us.flow, &err), ENT_OK);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 1); /* what was opened has its 90 days */
}

static ent_code count_key(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)value, (void)value_len;
    *(size_t *)ctx += key_len > 8 && memcmp(key, "lot-key/", 8) == 0;
    return ENT_OK;
}

static size_t shared_keys(story *s)
{
    size_t count = 0;
    ent_change all = {.key = "", .key_len = 0};
    assert_int_equal(s->us.c.store.scan(s->us.c.store.self, ENT_TABLE_META, &all, count_key, &count, NULL), ENT_OK);
    return count;
}

static void ten_minutes(story *s)
{
    ent_err err = {0};
    s->clock.now.ms += 600000;
    s->clock.monotonic += 600000;
    assert_int_equal(ent_flow_tick(s->us.flow, &err), ENT_OK);
}

/* Before its request leaves, an opening is sealed under a key that others share; of what was answered and not chosen nothing stays, and the key goes within twenty minutes. An
 * answer that takes longer than that finds its opening waiting. (What a failure leaves: tests/node/crash.sh, tests/simulation.) */
static void lot_is_ready(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err = {0};
    for (int i = 0; i < 3; i++) assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_int_equal(shared_keys(s), 1);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 0);
    ten_minutes(s);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_int_equal(shared_keys(s), 2);
    ten_minutes(s);
    ten_minutes(s);
    assert_int_equal(shared_keys(s), 0);
    s->slow = true;
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 0);
    s->deaf = true;
    assert_int_equal(quick(s, &r, &err), ENT_UNREACHABLE);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 1);
    s->deaf = s->slow = false;
    story_restart(s, &s->us);
    assert_int_equal(shared_keys(s), 0);
    assert_int_equal(rows(&s->us, ENT_TABLE_LOTS), 1);
}

/* A later version that both have signed begins anew, where nobody can open any more what was due. */
static void lot_of_an_earlier_version(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err = {0};
    until_chosen(s);
    pass_days(s, 31);
    assert_int_equal(quick(s, &r, &err), ENT_REFUSED);
    story_agree(s, 2, 1000);
    assert_int_equal(quick(s, &r, &err), ENT_OK);
    assert_false(r.refused);
}

/* The holder's power fails after the entry and before the draw: the next start draws. */
static void lot_after_a_crash(void **state)
{
    story *s = *state;
    ent_lot_view ours = until_chosen(s);
    uint8_t key[1 + ENT_ID_SIZE] = {'h'};
    ent_search_record *row = calloc(1, sizeof *row);
    memcpy(key + 1, ours.reference.b, ENT_ID_SIZE);
    assert_int_equal(ent_search_get(s->gb.flow, ours.reference.b, row, NULL), ENT_OK);
    row->view.index = UINT64_MAX; /* as it was committed with the answer */
    ENT_AUTO_BATCH b = ent_batch_new("test");
    ent_search_put(b, ENT_CHANGE_PUT, row);
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_LOTS, ENT_BYTES(key, sizeof key), ENT_BYTES("", 0));
    assert_int_equal(s->gb.c.store.commit(s->gb.c.store.self, b->change, b->count, false, NULL), ENT_OK);
    story_restart(s, &s->gb);
    assert_int_equal(lots_of(&s->gb).count, 1);
    assert_true(ent_id_equal(lots_of(&s->gb).view[0].reference.b, ours.reference.b));
    free(row);
}

/* ---- test flows ---- */

/* A flow that is marked test takes files, and sees what was taken under "test" and nothing else; no other flow sees that. */
static void test_galleries(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1), known = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "test"};
    ent_enrolled e;
    ent_search_result r;
    ent_err err = {0};
    s->test = true;
    story_agree(s, 2, 100);
    story_print(2, 0, &png);
    assert_int_equal(ent_flow_enrol(s->gb.flow, &s->gb.custodian, png.data, png.len, &o, &e, &err), ENT_OK);
    ent_buf_free(&png);
    story_print(2, 1, &png);
    story_print(1, 1, &known);
    assert_int_equal(look(s, &png, &r, &err), ENT_OK);
    assert_true(r.hit);
    assert_int_equal(look(s, &known, &r, &err), ENT_OK); /* enrolled for real: not seen */
    assert_false(r.hit || r.refused);
    assert_int_equal(look(s, &png, &r, &err), ENT_OK); /* a file may be searched again */
    assert_true(r.hit);
    s->test = false;
    story_agree(s, 3, 100);
    assert_int_equal(look(s, &png, &r, &err), ENT_REFUSED);
    assert_int_equal(story_search(s, 2, 1, "threat-check", &r, &err), ENT_OK);
    assert_false(r.hit);
    ent_buf_free(&r.receipt);
}

/* Searches of one desk in an hour are counted by its capture key. */
static void quota_by_desk(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err = {0};
    snprintf(s->limits, sizeof s->limits, "per-desk-hour: 2, ");
    story_agree(s, 2, 100);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(story_search(s, 1, 1, "threat-check", &r, &err), ENT_OK);
        assert_int_equal(r.refused, i == 2);
        if (i == 2) assert_string_equal(r.clause, "search.per-desk-hour");
        ent_buf_free(&r.receipt);
    }
    s->clock.now.ms += 3600000;
    s->clock.monotonic += 3600000;
    assert_int_equal(story_search(s, 1, 1, "threat-check", &r, &err), ENT_OK);
    assert_false(r.refused);
    ent_buf_free(&r.receipt);
}

#define QUICK(f) cmocka_unit_test_setup_teardown(f, begin_quick, end_quick)

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(files_are_refused), STORY(statements), STORY(keys_by_two), STORY(one_search), STORY(attempts), STORY(holder_checks), STORY(protection),
                                       STORY(alarms), STORY(counts_end), QUICK(lot_is_opened), QUICK(lot_is_overdue), QUICK(lot_ends), QUICK(lot_is_ready), QUICK(lot_of_a_lost_answer), QUICK(lot_of_an_earlier_version), QUICK(lot_after_a_crash), STORY(test_galleries), STORY(quota_by_desk)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
