/* The way of a search, told in one process. */
#include "adapter/yaml/yaml.h"
#include "flow/commit.h"
#include "flow/two_nodes.h"

#include "merkle/note.h"

static ent_search_result ask(story *s, uint32_t finger, uint32_t impression)
{
    ent_search_result r = {0};
    ent_err err = {0};
    if (story_search(s, finger, impression, "threat-check", &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
    return r;
}

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 1);
    story_agree(s, 1, 50);
    *state = s;
    return 0;
}

static size_t count_kind(const ent_ledger *l, ent_entry_kind kind)
{
    size_t n = 0;
    for (uint64_t i = 0; i < l->size(l->self); i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        assert_int_equal(l->read(l->self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        n += e.kind == kind;
    }
    return n;
}

/* Another impression of a finger that was taken is a hit; another finger is none; both stand in both ledgers. */
static void a_hit_and_no_hit(void **state)
{
    story *s = *state;
    ent_enrolled e;
    for (uint32_t f = 0; f < 4; f++) assert_int_equal(story_enrol(s, f, 0, &e), ENT_OK);
    ent_search_result hit = ask(s, 2, 1), none = ask(s, 9, 0);
    assert_true(hit.hit);
    assert_false(none.hit);
    assert_false(none.refused);
    assert_int_equal(count_kind(&s->us.c.ledger, ENT_ENTRY_ASKED), 2);
    assert_int_equal(count_kind(&s->us.c.ledger, ENT_ENTRY_RECEIVED), 2);
    assert_int_equal(count_kind(&s->gb.c.ledger, ENT_ENTRY_ANSWERED_HIT), 1);
    assert_int_equal(count_kind(&s->gb.c.ledger, ENT_ENTRY_ANSWERED_NO_HIT), 1);
    ent_search_view v;
    assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.custodian, hit.reference.b, &v, NULL), ENT_OK);
    assert_true(v.hit);
    assert_int_equal(v.compared, 4);
    assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.officer, hit.reference.b, &v, NULL), ENT_DENIED);
}

/* Answers leave on the grid, whatever happened. */
static void answers_leave_on_the_grid(void **state)
{
    story *s = *state;
    ent_enrolled e;
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    for (uint32_t f = 0; f < 3; f++) {
        int64_t before = s->clock.monotonic;
        ask(s, f, 1);
        assert_int_equal((s->last_release - before) % 250, 0);
        assert_true(s->last_release > before);
    }
}

/* A purpose that was not granted is refused before anything is sent. */
static void refuses_a_purpose(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err;
    uint64_t before = s->us.c.ledger.size(s->us.c.ledger.self);
    assert_int_equal(story_search(s, 0, 0, "tourism", &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "Art. 3(1)"));
    assert_int_equal(s->us.c.ledger.size(s->us.c.ledger.self), before);
}

/* A dead line is no answer, never "no hit"; both words of it stand in the ledger. */
static void a_dead_line_is_no_answer(void **state)
{
    story *s = *state;
    ent_search_result r = {0};
    ent_err err = {0};
    s->line_down = true;
    assert_int_equal(story_search(s, 0, 0, "threat-check", &r, &err), ENT_UNREACHABLE);
    assert_int_equal(count_kind(&s->us.c.ledger, ENT_ENTRY_ASKED), 1);
    assert_int_equal(count_kind(&s->us.c.ledger, ENT_ENTRY_RECEIVED), 1);
}

static ent_message the_last(const story *s, const uint8_t *digest)
{
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = "deal", .agreement_version = 1, .agreement_digest = digest, .flow = "check",
                     .purpose = "threat-check", .proof = s->last_proof, .crossing = s->last_pledge, .body = s->last_request.data, .body_len = s->last_request.len};
    memcpy(m.id, s->last_id, ENT_ID_SIZE);
    return m;
}

static void see_digest(void *ctx, const ent_agreement_view *v) { memcpy(ctx, v->digest, 32); }

/* The same request again is the same answer, and one entry; another body under the same id is refused; also after a
 * restart; and once the record is destroyed the answer is gone. */
static void repeats_and_replays(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed d;
    uint8_t digest[32];
    assert_int_equal(story_enrol(s, 3, 0, &e), ENT_OK);
    assert_true(ask(s, 3, 1).hit);
    assert_int_equal(ent_flow_agreements(s->gb.flow, see_digest, digest, NULL), ENT_OK);
    ent_message m = the_last(s, digest);
    for (int round = 0; round < 2; round++) {
        ENT_AUTO_BUF first = ENT_BUF(65536), second = ENT_BUF(65536), other = ENT_BUF(65536);
        assert_int_equal(story_deliver(s, &m, &first), 200);
        assert_int_equal(story_deliver(s, &m, &second), 200);
        assert_memory_equal(first.data, "{\"outcome\":\"hit---\"", 19);
        assert_int_equal(first.len, second.len);
        assert_memory_equal(first.data, second.data, first.len);
        ent_message changed = m;
        changed.body_len--;
        assert_int_equal(story_deliver(s, &changed, &other), 409);
        story_restart(s, &s->gb);
    }
    assert_int_equal(count_kind(&s->gb.c.ledger, ENT_ENTRY_ANSWERED_HIT), 1);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "a story", &d, NULL), ENT_OK);
    ENT_AUTO_BUF gone = ENT_BUF(65536);
    assert_int_equal(story_deliver(s, &m, &gone), 410);
}

/* Without the proof that it stands in the requester's ledger, or with another search's, a search is refused. */
static void asks_for_the_proof(void **state)
{
    story *s = *state;
    uint8_t digest[32];
    ask(s, 0, 0);
    assert_int_equal(ent_flow_agreements(s->gb.flow, see_digest, digest, NULL), ENT_OK);
    ent_message m = the_last(s, digest);
    m.id[0] ^= 1; /* a search of its own */
    ENT_AUTO_BUF a = ENT_BUF(65536), b = ENT_BUF(65536), c = ENT_BUF(65536);
    assert_int_equal(story_deliver(s, &m, &a), 403);
    assert_non_null(strstr(ent_buf_cstr(&a), "another search"));
    m.id[0] ^= 2;
    m.proof = "";
    assert_int_equal(story_deliver(s, &m, &b), 403);
    assert_non_null(strstr(ent_buf_cstr(&b), "no proof"));
    m.id[0] ^= 4;
    digest[0] ^= 1;
    assert_int_equal(story_deliver(s, &m, &c), 403);
    assert_int_equal(count_kind(&s->gb.c.ledger, ENT_ENTRY_REFUSED), 3);
}

/* A body that cannot be read is refused as such, and stands in the holder's ledger. */
static void refuses_what_it_cannot_read(void **state)
{
    story *s = *state;
    s->garble = true;
    ent_search_result r = ask(s, 1, 0);
    assert_true(r.refused);
    assert_string_equal(r.clause, "unreadable request");
    assert_int_equal(count_kind(&s->gb.c.ledger, ENT_ENTRY_REFUSED), 1);
}

/* A transaction in which one finger stands for two positions. */
static void one_finger_twice(ent_buf *ret_file)
{
    ENT_AUTO_BUF png = ENT_BUF(1), first = ENT_BUF(1 << 22), second = ENT_BUF(1 << 22);
    ent_capture c, d;
    story_print(5, 0, &png);
    assert_int_equal(ent_capture_read(png.data, png.len, &first, NULL), ENT_OK);
    assert_int_equal(ent_capture_read(png.data, png.len, &second, NULL), ENT_OK);
    assert_int_equal(ent_capture_decode(first.data, first.len, &c, NULL), ENT_OK);
    assert_int_equal(ent_capture_decode(second.data, second.len, &d, NULL), ENT_OK);
    c.print[1] = d.print[0];
    c.print_count = 2, d.print_count = 0;
    c.print[0]->finger = 2, c.print[1]->finger = 3;
    assert_int_equal(ent_capture_pack(&c, 1u << ENT_MODALITY_FINGERPRINT, ret_file, NULL), ENT_OK);
    ent_capture_free(&c);
    ent_capture_free(&d);
}

/* Prints that contradict their positions would be compared with the wrong ones: nothing is asked by them, nothing noted, and the crossing is
 * not spent; when somebody looked, the same file is searched. */
static void looks_at_the_sequence(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF prints = ENT_BUF(1 << 22), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    ent_search_result r;
    ent_err err = {0};
    one_finger_twice(&prints);
    story_capture(&s->us, &prints, &file);
    assert_int_equal(ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, &err), ENT_CONFLICT);
    if (!strstr(err.detail, "plain right index and plain right middle are one finger")) fail_msg("%s", err.detail);
    assert_int_equal(count_kind(&s->us.c.ledger, ENT_ENTRY_ASKED), 0);
    o.any_sequence = true;
    assert_int_equal(ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, NULL), ENT_OK);
    assert_false(r.refused);
    assert_int_equal(count_kind(&s->us.c.ledger, ENT_ENTRY_ASKED), 1);
    ent_buf_free(&r.receipt);
}

/* The quota is spent search by search, and refused with its clause; the next day it is there again. */
static void spends_the_quota(void **state)
{
    story *s = *state;
    ent_search_result r;
    story_agree(s, 2, 2);
    ask(s, 0, 0);
    ask(s, 1, 0);
    r = ask(s, 2, 0);
    assert_true(r.refused);
    assert_non_null(strstr(r.clause, "6(2)"));
    s->clock.now.ms += 86400000;
    s->clock.monotonic += 86400000;
    assert_false(ask(s, 2, 0).refused);
}

struct looking {
    const uint8_t *piece;
    size_t found;
};

static void look(void *ctx, ent_table table, const uint8_t *value, size_t len)
{
    struct looking *l = ctx;
    (void)table;
    l->found += memmem(value, len, l->piece, 12) != NULL;
}

/* Of a probe that hit nothing no piece is kept; of one that hit, a sealed one until the case is closed or 48 hours over. */
static void keeps_no_probe(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ENT_AUTO_BUF png = ENT_BUF(1);
    assert_int_equal(story_enrol(s, 5, 0, &e), ENT_OK);
    ask(s, 8, 0);
    story_print(8, 0, &png);
    for (size_t at = 100; at + 12 < png.len; at += 97) {
        struct looking l = {png.data + at, 0};
        ent_memory_store_each(&s->gb.c.store, look, &l);
        assert_int_equal(l.found, 0);
    }
    ent_search_result first = ask(s, 5, 1), second = ask(s, 5, 2);
    assert_true(first.hit && second.hit);
    ENT_AUTO_BUF sealed = ENT_BUF(1 << 22), gone = ENT_BUF(1 << 22);
    assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_PROBES, first.reference.b, 16, &sealed, NULL), ENT_OK);
    assert_int_equal(ent_flow_search_close(s->gb.flow, &s->gb.custodian, first.reference.b, NULL), ENT_OK);
    assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_PROBES, first.reference.b, 16, &gone, NULL), ENT_NOT_FOUND);
    assert_int_equal(ent_flow_search_close(s->gb.flow, &s->gb.custodian, first.reference.b, NULL), ENT_CONFLICT);
    s->clock.now.ms += 14 * 60000ll; /* confirm.within is 15 min */
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_PROBES, second.reference.b, 16, &sealed, NULL), ENT_OK);
    s->clock.now.ms += 2 * 60000ll;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_PROBES, second.reference.b, 16, &gone, NULL), ENT_NOT_FOUND);
}

/* Destroyed, it is found no more, its transaction is not taken again, and the ledger says so; a restart changes nothing. */
static void destroys(void **state)
{
    story *s = *state;
    ent_enrolled e, again;
    ent_destroyed d;
    assert_int_equal(story_enrol(s, 6, 0, &e), ENT_OK);
    assert_true(ask(s, 6, 1).hit);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.officer, e.encounter.b, "a story", &d, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "a story", &d, NULL), ENT_OK);
    for (int round = 0; round < 2; round++) {
        assert_false(ask(s, 6, 1).hit);
        assert_int_equal(story_enrol(s, 6, 0, &again), ENT_GONE);
        story_restart(s, &s->gb);
    }
    assert_int_equal(count_kind(&s->gb.c.ledger, ENT_ENTRY_DESTROYED), 1);
}

static ent_code note_row(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_batch *b = ctx;
    (void)value, (void)value_len;
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_FOUND, ENT_BYTES(key, key_len), ENT_BYTES("", 0));
    return ENT_OK;
}

static size_t found_rows(story *s, ent_batch *b)
{
    ent_change all = {.key = "", .key_len = 0};
    assert_int_equal(s->gb.c.store.scan(s->gb.c.store.self, ENT_TABLE_FOUND, &all, note_row, b, NULL), ENT_OK);
    return b->count;
}

/* A part finds the searches whose candidate it was, also those of before there was a table for it: their answers go with it, those on others stay. */
static void forgets_answers(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_destroyed d;
    ent_search_view v;
    ent_search_id of[4];
    ENT_AUTO_BATCH before = ent_batch_new("test");
    ENT_AUTO_BATCH after = ent_batch_new("test");
    for (uint32_t i = 0; i < 2; i++) assert_int_equal(story_enrol(s, 6 + i, 0, &e[i]), ENT_OK);
    for (uint32_t i = 0; i < 4; i++) {
        ent_search_result r = ask(s, 6 + i / 2, 1);
        assert_true(r.hit);
        of[i] = r.reference;
        if (i != 2) continue; /* the store of an older program, which goes on being used */
        assert_int_equal(found_rows(s, before), 3);
        ent_batch_put(before, ENT_CHANGE_DELETE, ENT_TABLE_META, ENT_BYTES("found", 5), ENT_BYTES("", 0));
        assert_int_equal(s->gb.c.store.commit(s->gb.c.store.self, before->change, before->count, false, NULL), ENT_OK);
        story_restart(s, &s->gb);
    }
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[0].encounter.b, "a story", &d, NULL), ENT_OK);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.custodian, of[i].b, &v, NULL), ENT_OK);
        assert_int_equal(ent_id_is_zero(v.candidate.b), i < 2);
        assert_int_equal(v.closed, i < 2);
    }
    assert_int_equal(found_rows(s, after), 2);
}

/* On the day on which it falls due a record is found no more, though nothing has destroyed it; an extension by the judge
 * keeps it two years longer, once. */
static void falls_due(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_part_view v;
    assert_int_equal(story_enrol(s, 7, 0, &e), ENT_OK);
    ent_legal_event x = {.kind = ENT_EVENT_EXTENSION, .date = {2028, 12, 30}, .regime = "uk-terrorism-3y", .decided_by = "district-judge"};
    s->clock.now = ent_date_start((ent_date){2028, 12, 31});
    assert_true(ask(s, 7, 1).hit);
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, e.part[0].id.b, &x, (ent_date){2028, 11, 1}, &v, NULL), ENT_REFUSED);
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, e.part[0].id.b, &x, (ent_date){2028, 12, 20}, &v, NULL), ENT_OK);
    assert_int_equal(ent_flow_event_approve(s->gb.flow, &s->gb.deputy, e.part[0].id.b, 0, true, &v, NULL), ENT_OK);
    assert_int_equal(ent_date_pack(v.kept.due_on), 20310310);
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, e.part[0].id.b, &x, (ent_date){2028, 12, 20}, &v, NULL), ENT_REFUSED);
    size_t destroyed;
    s->clock.now = ent_date_start((ent_date){2031, 3, 10});
    assert_int_equal(ent_flow_retention_run(s->gb.flow, &s->gb.custodian, true, &destroyed, NULL), ENT_OK);
    assert_int_equal(destroyed, 1);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK); /* the clock, which nothing contradicts, does it */
    assert_int_equal(ent_flow_retention_run(s->gb.flow, &s->gb.custodian, true, &destroyed, NULL), ENT_OK);
    assert_int_equal(destroyed, 0);
}

/* Suspended, nothing is asked or answered from that second; resumed, it goes on. */
static void suspends(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ent_search_result r;
    size_t told;
    assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    assert_true(ask(s, 0, 0).refused); /* the requester does not know yet: the holder refuses */
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_int_equal(story_search(s, 0, 0, "threat-check", &r, NULL), ENT_REFUSED);
    story_act(&s->gb, ENT_ACT_RESUME, &v);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_false(ask(s, 0, 0).refused);
}

/* What both declare at once, neither having heard of the other, both hear in the end: the suspensions, and the resumptions. */
static void both_suspend_at_once(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ent_search_result r;
    size_t told;
    for (int i = 0; i < 2; i++) {
        story_node *n = i ? &s->us : &s->gb;
        assert_int_equal(ent_flow_agreement_act(n->flow, &n->custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_agreement_send(i ? s->us.flow : s->gb.flow, "deal", &told, NULL), ENT_OK);
    story_act(&s->us, ENT_ACT_RESUME, &v);
    assert_int_equal(v.state, ENT_AGREEMENT_SUSPENDED); /* by gb, of which us has heard */
    story_act(&s->gb, ENT_ACT_RESUME, &v);
    assert_int_equal(story_search(s, 0, 0, "threat-check", &r, NULL), ENT_REFUSED);
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_agreement_send(i ? s->us.flow : s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_false(ask(s, 0, 0).refused);
    story_restart(s, &s->gb);
    story_restart(s, &s->us);
    assert_false(ask(s, 0, 0).refused);
}

/* A later version that waits for its countersignature leaves the one before in force; signed by all, it replaces it; the one before
 * stays to be verified, and never comes back. */
struct versions {
    unsigned current, next, before;
    char state[3][16];
};

static void see_version(void *ctx, const ent_agreement_view *v, const ent_envelope *e)
{
    struct versions *all = ctx;
    assert_memory_equal(v->digest, e->digest, 32);
    *(v->next ? &all->next : v->before ? &all->before : &all->current) = v->version;
}

static struct versions versions_of(const story_node *n)
{
    struct versions v = {0};
    assert_int_equal(ent_flow_agreement_versions(n->flow, see_version, &v, NULL), ENT_OK);
    return v;
}

static bool ask_refused(story *s)
{
    ent_search_result r;
    return story_search(s, 0, 0, "threat-check", &r, NULL) == ENT_REFUSED;
}

static void amended(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ent_err err = {0};
    size_t told;
    char file[4096];
    size_t len = story_text(s, 2, 7, file, sizeof file);
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_agreement_sign(s->us.flow, i ? &s->us.deputy : &s->us.custodian, file, len, &v, &err), ENT_OK);
    assert_int_equal(v.state, ENT_AGREEMENT_PROPOSED);
    assert_int_equal(ent_flow_agreement_send(s->us.flow, "deal", &told, &err), ENT_OK);
    assert_false(ask(s, 0, 0).refused); /* version 1 goes on */
    assert_int_equal(versions_of(&s->gb).current, 1);
    assert_int_equal(versions_of(&s->gb).next, 2);
    story_restart(s, &s->gb);
    story_restart(s, &s->us);
    assert_false(ask(s, 0, 0).refused);
    story_act(&s->gb, ENT_ACT_SIGN, &v);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, &err), ENT_OK);
    for (int i = 0; i < 2; i++) {
        struct versions all = versions_of(i ? &s->us : &s->gb);
        assert_int_equal(all.current, 2);
        assert_int_equal(all.next, 0);
        assert_int_equal(all.before, 1);
    }
    assert_false(ask(s, 0, 0).refused);
    len = story_text(s, 1, 7, file, sizeof file);
    assert_int_equal(ent_flow_agreement_sign(s->us.flow, &s->us.custodian, file, len, &v, &err), ENT_REPLAY);
}

/* The wording of a version that us signs and tells; gb has not countersigned. */
static void propose(story *s, unsigned version)
{
    ent_agreement_view v;
    size_t told;
    char file[4096];
    size_t len = story_text(s, version, 7, file, sizeof file);
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_agreement_sign(s->us.flow, i ? &s->us.deputy : &s->us.custodian, file, len, &v, NULL), ENT_OK);
    assert_int_equal(ent_flow_agreement_send(s->us.flow, "deal", &told, NULL), ENT_OK);
}

static void sent(story_node *n)
{
    size_t told;
    ent_err err;
    if (ent_flow_agreement_send(n->flow, "deal", &told, &err) != ENT_OK) fail_msg("%s", err.detail);
}

/* Who has signed the next version and suspends is suspended also when the other countersigns that one, before it has heard of it or after; a
 * restart changes nothing; who resumes has resumed. What is signed after the suspension is consent. */
static void a_suspension_binds_later_versions(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    for (unsigned version = 2; version < 4; version++) {
        bool heard = version == 3;
        propose(s, version);
        assert_int_equal(ent_flow_agreement_act(s->us.flow, &s->us.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
        assert_int_equal(v.version, version - 1);
        assert_int_equal(v.state, ENT_AGREEMENT_SUSPENDED);
        if (heard) sent(&s->us);
        story_act(&s->gb, ENT_ACT_SIGN, &v);
        sent(&s->gb);
        assert_int_equal(versions_of(&s->us).current, version);
        if (!heard) sent(&s->us);
        assert_int_equal(versions_of(&s->gb).current, version);
        story_restart(s, &s->gb);
        story_restart(s, &s->us);
        assert_true(ask_refused(s));
        story_act(&s->us, ENT_ACT_RESUME, &v);
        sent(&s->us);
        assert_int_equal(v.state, ENT_AGREEMENT_SIGNED);
        assert_false(ask(s, 0, 0).refused);
    }
    assert_int_equal(ent_flow_agreement_act(s->us.flow, &s->us.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    propose(s, 4);
    story_act(&s->gb, ENT_ACT_SIGN, &v);
    sent(&s->gb);
    assert_false(ask(s, 0, 0).refused);
}

/* A version that this node has signed binds it when the other signs, although a later draft has come since; and what it suspends meanwhile holds
 * for that version too. */
static void what_is_signed_waits(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    size_t told;
    propose(s, 2);
    story_act(&s->gb, ENT_ACT_SIGN, &v); /* and does not tell */
    propose(s, 3);
    assert_int_equal(versions_of(&s->us).current, 1);
    assert_int_equal(ent_flow_agreement_act(s->us.flow, &s->us.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    story_restart(s, &s->us);
    sent(&s->gb);
    sent(&s->us);
    for (int i = 0; i < 2; i++) {
        struct versions all = versions_of(i ? &s->us : &s->gb);
        assert_int_equal(all.current, 2);
        assert_int_equal(all.next, 3);
        assert_int_equal(all.before, 1);
    }
    assert_true(ask_refused(s));
    story_act(&s->us, ENT_ACT_RESUME, &v);
    sent(&s->us);
    assert_false(ask(s, 0, 0).refused);
    story_act(&s->gb, ENT_ACT_SIGN, &v);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_int_equal(versions_of(&s->us).current, 3);
    assert_false(ask(s, 0, 0).refused);
}

/* An end too: the next version does not bring back what one of those who signed it has ended since. */
static void an_end_binds_later_versions(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    propose(s, 2);
    story_act(&s->us, ENT_ACT_END, &v);
    assert_int_equal(v.state, ENT_AGREEMENT_ENDED);
    story_act(&s->gb, ENT_ACT_SIGN, &v);
    sent(&s->gb);
    sent(&s->us);
    assert_int_equal(versions_of(&s->gb).current, 2);
    assert_int_equal(versions_of(&s->us).current, 2);
    assert_true(ask_refused(s));
    propose(s, 3);
    story_act(&s->gb, ENT_ACT_SIGN, &v);
    sent(&s->gb);
    assert_false(ask(s, 0, 0).refused);
}

/* gb's identity key follows another, as `entente identity rotate` does it: told under the old key, then the node starts with the new one. */
static void new_key(story *s, uint8_t seed, bool revoke)
{
    ent_card card;
    ent_public_key public;
    ent_secret_key secret;
    size_t told;
    ent_err err;
    assert_int_equal(ent_card_decode(s->gb.card, s->gb.card_len, &card, NULL), ENT_OK);
    ent_sign_keys((uint8_t[32]){seed}, &public, &secret);
    card.serial = seed;
    card.identity = public;
    if (ent_flow_identity_rotate(s->gb.flow, &s->gb.custodian, &card, &secret, revoke, &told, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(told, 1);
    s->gb.c.identity = secret;
    story_restart(s, &s->gb);
}

static size_t keys_taken(story *s)
{
    ent_directory d = ent_flow_directory(s->us.flow);
    ent_peer peer;
    assert_int_equal(d.by_name(d.self, "gb.example", &peer, NULL), ENT_OK);
    return peer.key_count;
}

/* docs/protocol/exchange.md, section 9: "accepts the old key beside the new one for 30 days"; a stolen one not for a moment. */
static void the_old_key_for_thirty_days(void **state)
{
    story *s = *state;
    const int64_t day = 86400000;
    new_key(s, 101, false);
    int64_t from = s->clock.now.ms;
    s->clock.now.ms = from + 29 * day;
    assert_int_equal(keys_taken(s), 2);
    s->clock.now.ms = from + 30 * day - 1;
    assert_int_equal(keys_taken(s), 2);
    s->clock.now.ms = from + 30 * day;
    assert_int_equal(keys_taken(s), 1);
    s->clock.now.ms = from + 31 * day;
    assert_int_equal(keys_taken(s), 1);
    new_key(s, 102, true);
    assert_int_equal(keys_taken(s), 1);
}

/* What a node declared with a key that it has changed twice since, or that was stolen, stays verifiable at both ends, and both start; what the
 * stolen key signs afterwards does not count. */
static void declared_with_a_key_of_before(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    new_key(s, 101, false);
    ent_secret_key stolen = s->gb.c.identity;
    assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    sent(&s->gb);
    s->clock.now.ms += 3600000;
    new_key(s, 102, true);
    s->clock.now.ms += 3600000;
    new_key(s, 103, false);
    story_restart(s, &s->us);
    assert_true(ask_refused(s));
    story_act(&s->gb, ENT_ACT_RESUME, &v);
    sent(&s->gb);
    assert_int_equal(versions_of(&s->gb).current, 1);
    assert_int_equal(versions_of(&s->us).current, 1);
    ent_envelope e;
    ent_doc *doc;
    ent_agreement *a;
    assert_int_equal(ent_flow_agreement_envelope(s->us.flow, "deal", &bytes, NULL), ENT_OK);
    assert_int_equal(ent_envelope_decode(bytes.data, bytes.len, &e, NULL), ENT_OK);
    assert_int_equal(ent_yaml_read(e.file, e.file_len, "deal", &doc, NULL), ENT_OK);
    assert_int_equal(ent_agreement_read(doc, &a, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&e, a, ENT_ACT_SUSPEND, "gb.example", s->clock.now, &stolen, NULL), ENT_OK);
    ent_buf_clear(&bytes);
    ent_envelope_encode(&e, &bytes);
    assert_int_equal(ent_flow_agreement_take(s->us.flow, bytes.data, bytes.len, &v, NULL), ENT_SIGNATURE);
    ent_agreement_free(a);
    ent_doc_free(doc);
    ent_envelope_free(&e);
}

/* A version whose first day lies ahead waits for it, the whole day before too. */
static void from_its_day(void **state)
{
    story *s = *state;
    char file[4096], *from;
    size_t len = story_text(s, 2, 7, file, sizeof file);
    from = strstr(file, "from: 2026-01-01");
    memcpy(from, "from: 2026-03-12", 16);
    story_sign(s, file, len);
    for (int day = 0; day < 3; day++) {
        if (day) s->clock.now.ms += 86400000, s->clock.monotonic += 86400000;
        assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
        assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
        assert_int_equal(versions_of(&s->gb).current, day < 2 ? 1 : 2);
        assert_false(ask(s, 0, 0).refused);
    }
}

/* From one seed comes one history: the ledgers' entries are the same byte for byte. */
static void one_seed_one_history(void **state)
{
    (void)state;
    uint8_t digest[2][32];
    for (int round = 0; round < 2; round++) {
        story *s = calloc(1, sizeof *s);
        ent_enrolled e;
        ENT_AUTO_BUF all = ENT_BUF(1 << 20);
        story_begin(s, 42);
        assert_int_equal(story_enrol(s, 1, 0, &e), ENT_OK);
        for (uint64_t i = 0; i < s->gb.c.ledger.size(s->gb.c.ledger.self); i++) {
            uint8_t bytes[ENT_ENTRY_SIZE];
            ent_entry entry;
            assert_int_equal(s->gb.c.ledger.read(s->gb.c.ledger.self, i, bytes, NULL), ENT_OK);
            assert_int_equal(ent_entry_decode(bytes, &entry, NULL), ENT_OK);
            if (entry.kind != ENT_ENTRY_PARTNER) ent_buf_put(&all, bytes, sizeof bytes); /* a card holds a TLS key of its own */
        }
        ent_sha256(all.data, all.len, digest[round]);
        story_end(s);
        free(s);
    }
    assert_memory_equal(digest[0], digest[1], 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_hit_and_no_hit), STORY(answers_leave_on_the_grid), STORY(refuses_a_purpose), STORY(a_dead_line_is_no_answer), STORY(repeats_and_replays),
        STORY(asks_for_the_proof), STORY(refuses_what_it_cannot_read), STORY(spends_the_quota), STORY(looks_at_the_sequence), STORY(keeps_no_probe), STORY(destroys), STORY(forgets_answers), STORY(falls_due), STORY(suspends), STORY(both_suspend_at_once), STORY(amended), STORY(from_its_day),
        STORY(a_suspension_binds_later_versions), STORY(what_is_signed_waits), STORY(an_end_binds_later_versions), STORY(the_old_key_for_thirty_days), STORY(declared_with_a_key_of_before),
        cmocka_unit_test(one_seed_one_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
