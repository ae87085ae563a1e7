/* The watchlist feed between two nodes: a copy only where the flow says so, searched without the line, reported, recalled, and gone when
 * its lease is. */
#include "flow/two_nodes.h"

#include "entente/itl.h"
#include "flow/feed/feed.h"
#include "merkle/note.h"

#include <string.h>

#define HOUR 3600000ll

static void agree(story *s, unsigned version, const char *copy, unsigned per_day)
{
    char file[4096], keys[2][ENT_BASE64_SIZE(32)];
    ent_public_key gb, us;
    ent_sign_public(&s->gb.c.identity, &gb);
    ent_sign_public(&s->us.c.identity, &us);
    ent_base64(gb.b, 32, keys[0]);
    ent_base64(us.b, 32, keys[1]);
    int n = snprintf(file, sizeof file,
                     "agreement: deal\nversion: %u\ntitle: For stories\n"
                     "parties: [ { name: gb.example, country: GBR, key: %s }, { name: us.example, country: USA, key: %s } ]\n"
                     "witness: [ { name: observer.example, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= } ]\n"
                     "in-force: { from: 2026-01-01, until: 2028-12-31, review: 2027-01-01 }\nflows:\n"
                     "  - name: list\n    holder: gb.example\n    requester: us.example\n"
                     "    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]\n"
                     "    modalities: [fingerprint]\n    against: [tenprint]\n"
                     "    subjects: { powers: [convicted], exclude: [under-18-at-offence, own-national, not-convicted] }\n"
                     "    search: { per-day: %u, candidates: 1, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }\n"
                     "    holder-keeps-probe: until-concluded\n    confirm: { by: holder, examiners: 2, within: 15 min }\n"
                     "    disclose: { on-hit: [], on-confirmed: [name, status] }\n    copy: { %s }\n    requester-keeps: 90 days\n"
                     "    on-behalf-of: never\n    onward: never\n",
                     version, keys[0], keys[1], per_day, copy);
    story_sign(s, file, (size_t)n);
}

#define WATCHLIST "mode: watchlist, lease: 48 h"

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 87);
    agree(s, 1, WATCHLIST, 100);
    *state = s;
    return 0;
}

static void into_buf(void *ctx, const void *bytes, size_t len) { ent_buf_put(ctx, bytes, len); }

/* An arrest with a birth date and a nationality: without them nobody is in a feed. */
static ent_enrolled arrest(story *s, uint32_t finger, const char *nationality, const char *birth)
{
    ENT_AUTO_BUF png = ENT_BUF(1 << 20), out = ENT_BUF(4 << 20);
    ent_itl_writer *w;
    ent_enrolled e;
    ent_err err = {0};
    ent_enrol_options o = {.taken_under = "ta-2000-s41"};
    char tcn[16], size[2][8];
    snprintf(tcn, sizeof tcn, "T%u", finger);
    snprintf(size[0], 8, "%d", ENT_SYNTH_WIDTH);
    snprintf(size[1], 8, "%d", ENT_SYNTH_HEIGHT);
    story_print(finger, 0, &png);
    assert_int_equal(ent_itl_writer_new(&w, NULL), ENT_OK);
    static const struct { uint32_t field; const char *value; } first[] = {{2, "0502"}, {4, "ENROL"}, {5, "20260310"}, {7, "ENTENTE"}, {8, "ENTENTE"}};
    ent_itl_begin(w, 1, -1);
    for (size_t i = 0; i < 5; i++) ent_itl_put(w, first[i].field, first[i].value);
    ent_itl_put(w, 9, tcn);
    ent_itl_put(w, 11, "00.00");
    ent_itl_put(w, 12, "00.00");
    ent_itl_put(w, 13, "ENTENTE\x1f" "1.0");
    ent_itl_begin(w, 2, 0);
    ent_itl_put(w, 18, "EXEMPLA, JANE");
    ent_itl_put(w, 21, nationality);
    ent_itl_put(w, 22, birth);
    ent_itl_put(w, 904, "20260301");
    ent_itl_begin(w, 14, 1);
    const struct { uint32_t field; const char *value; } image[] = {{3, "0"}, {4, "ENTENTE"}, {5, "20260310"}, {6, size[0]}, {7, size[1]}, {8, "1"}, {9, "500"}, {10, "500"},
                                                                   {11, "PNG"}, {12, "8"}, {13, "2"}};
    for (size_t i = 0; i < sizeof image / sizeof image[0]; i++) ent_itl_put(w, image[i].field, image[i].value);
    ent_itl_put_bytes(w, 999, png.data, png.len);
    assert_int_equal(ent_itl_finish(w, into_buf, &out, &err), ENT_OK);
    ent_itl_writer_free(w);
    if (ent_flow_enrol(s->gb.flow, &s->gb.custodian, out.data, out.len, &o, &e, &err) != ENT_OK) fail_msg("%s", err.detail);
    return e;
}

static void event(story *s, const ent_enrolled *e, ent_legal_event_kind kind)
{
    ent_legal_event x = {.kind = kind, .date = ent_time_date(s->clock.now)};
    ent_part_view v;
    assert_int_equal(ent_flow_event(s->gb.flow, &s->gb.custodian, e->encounter.b, &x, x.date, &v, NULL), ENT_OK);
}

static ent_enrolled convict(story *s, uint32_t finger)
{
    ent_enrolled e = arrest(s, finger, "FRA", "19800101");
    event(s, &e, ENT_EVENT_CONVICTED);
    return e;
}

static ent_code pull(story *s, uint64_t *records)
{
    ent_err err = {0};
    ent_code code = ent_flow_feed_pull(s->us.flow, &s->us.custodian, records, &err);
    if (code != ENT_OK) print_message("pull: %s\n", err.detail);
    return code;
}

static uint64_t pulled(story *s)
{
    uint64_t records = 0;
    assert_int_equal(pull(s, &records), ENT_OK);
    return records;
}

static ent_code search(story *s, uint32_t finger, ent_local_result *r)
{
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.purpose = "threat-check"};
    ent_err err = {0};
    story_print(finger, 1, &png);
    story_capture(&s->us, &png, &file);
    ent_code code = ent_flow_feed_search(s->us.flow, &s->us.officer, file.data, file.len, &o, r, &err);
    if (code != ENT_OK) print_message("search: %s\n", err.detail);
    return code;
}

static bool hits(story *s, uint32_t finger)
{
    ent_local_result r;
    assert_int_equal(search(s, finger, &r), ENT_OK);
    return r.hit;
}

static void see_copy(void *ctx, const ent_copy_view *v) { *(ent_copy_view *)ctx = *v; }

static ent_copy_view copy(story *s)
{
    ent_copy_view v = {0};
    assert_int_equal(ent_flow_copies(s->us.flow, &s->us.custodian, see_copy, &v, NULL), ENT_OK);
    return v;
}

static void pass(story *s, int64_t ms)
{
    s->clock.now.ms += ms;
    s->clock.monotonic += ms;
}

static size_t entries(const story_node *n, ent_entry_kind kind)
{
    size_t count = 0;
    for (uint64_t i = 0; i < n->c.ledger.size(n->c.ledger.self); i++) {
        ent_entry e;
        uint8_t bytes[ENT_ENTRY_SIZE];
        assert_int_equal(n->c.ledger.read(n->c.ledger.self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        count += e.kind == kind;
    }
    return count;
}

static ent_code count_row(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)key, (void)key_len, (void)value, (void)value_len;
    ++*(size_t *)ctx;
    return ENT_OK;
}

/* Only the convicted adult of another country is in the feed; with the line down the copy is searched, and both ledgers say so in the
 * end. */
static void copied_and_searched(void **state)
{
    story *s = *state;
    convict(s, 1);
    arrest(s, 2, "FRA", "19800101"); /* no conviction */
    ent_enrolled own = arrest(s, 3, "GBR", "19800101"), minor = arrest(s, 4, "FRA", "20100101"), unknown = arrest(s, 5, "FRA", "");
    event(s, &own, ENT_EVENT_CONVICTED);
    event(s, &minor, ENT_EVENT_CONVICTED);
    event(s, &unknown, ENT_EVENT_CONVICTED);
    assert_int_equal(pulled(s), 1);
    assert_int_equal(copy(s).records, 1);
    assert_int_equal(pulled(s), 0);
    s->line_down = true;
    ent_local_result r;
    assert_int_equal(search(s, 1, &r), ENT_OK);
    assert_true(r.hit && !r.extrapolated); /* few trials: what was measured carries it */
    assert_string_equal(r.power, "convicted");
    assert_string_equal(r.category, "convicted");
    assert_false(hits(s, 2));
    assert_int_equal(copy(s).unreported, 2);
    assert_int_equal(entries(&s->us, ENT_ENTRY_LOCAL_SEARCH), 2);
    s->line_down = false;
    assert_int_equal(pulled(s), 0);
    assert_int_equal(copy(s).unreported, 0);
    assert_int_equal(entries(&s->gb, ENT_ENTRY_LOCAL_SEARCH), 2);
    story_restart(s, &s->us);
    assert_true(hits(s, 1));
}

/* The mode is off: nothing is given, and a copy that was given while it was on destroys itself. */
static void off_unless_granted(void **state)
{
    story *s = *state;
    ent_local_result r;
    convict(s, 1);
    assert_int_equal(pulled(s), 1);
    agree(s, 2, "mode: none", 100);
    assert_int_equal(search(s, 1, &r), ENT_REFUSED);
    assert_int_equal(pulled(s), 0); /* there is nobody to ask */
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(copy(s).records, 0);
    assert_int_equal(entries(&s->us, ENT_ENTRY_DESTROYED), 1);
}

/* A record that is destroyed, or no longer seen, at the holder is destroyed in the copy with its key, and the proof goes back. */
static void recalled(void **state)
{
    story *s = *state;
    ent_enrolled one = convict(s, 1), two = convict(s, 2);
    ent_destroyed d;
    assert_int_equal(pulled(s), 2);
    assert_true(hits(s, 1));
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, one.encounter.b, "court order", &d, NULL), ENT_OK);
    event(s, &two, ENT_EVENT_QUASHED);
    pass(s, 60000);
    uint64_t seen = pulled(s);
    assert_true(seen >= 2);
    assert_int_equal(copy(s).records, 0);
    assert_int_equal(entries(&s->us, ENT_ENTRY_DESTROYED), 2);
    assert_false(hits(s, 1));
    uint8_t key[17];
    size_t proofs = 0;
    ent_feed_key('u', "deal", "list", key);
    ent_change range = {.key = key, .key_len = sizeof key};
    assert_int_equal(s->gb.c.store.scan(s->gb.c.store.self, ENT_TABLE_FEEDS, &range, count_row, &proofs, NULL), ENT_OK);
    assert_int_equal(proofs, 2);
    assert_int_equal(pulled(s), 0);
}

/* The agreement ends: the copy destroys itself, and each record's undertaking still goes to the holder, who gives nothing more. */
static void ends(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ent_local_result r;
    size_t told, proofs = 0;
    uint8_t key[17];
    convict(s, 1);
    convict(s, 2);
    assert_int_equal(pulled(s), 2);
    assert_true(hits(s, 1));
    story_act(&s->us, ENT_ACT_END, &v);
    assert_int_equal(ent_flow_agreement_send(s->us.flow, "deal", &told, NULL), ENT_OK);
    assert_int_equal(search(s, 1, &r), ENT_REFUSED);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK); /* destroys, then contact */
    assert_int_equal(copy(s).records, 0);
    ent_feed_key('u', "deal", "list", key);
    ent_change range = {.key = key, .key_len = sizeof key};
    assert_int_equal(s->gb.c.store.scan(s->gb.c.store.self, ENT_TABLE_FEEDS, &range, count_row, &proofs, NULL), ENT_OK);
    assert_int_equal(proofs, 2);
    assert_int_equal(copy(s).unreported, 0);
    convict(s, 3);
    assert_int_equal(pulled(s), 0);
    assert_int_equal(copy(s).records, 0);
}

/* A record whose facts change comes again; one numbering, nothing twice. */
static void changes(void **state)
{
    story *s = *state;
    ent_enrolled e = convict(s, 1);
    assert_int_equal(pulled(s), 1);
    uint64_t before = copy(s).position;
    pass(s, 60000);
    event(s, &e, ENT_EVENT_CAUTION);
    event(s, &e, ENT_EVENT_CHARGED); /* the status is another now */
    assert_int_equal(pulled(s), 1);
    assert_int_equal(copy(s).records, 1);
    assert_true(copy(s).position > before);
    assert_true(hits(s, 1));
}

/* No contact: the lease runs out, and the copy destroys itself; while the agreement is suspended it is not searched at all. */
static void lease_ends(void **state)
{
    story *s = *state;
    ent_agreement_view v;
    ent_local_result r;
    size_t told;
    convict(s, 1);
    assert_int_equal(pulled(s), 1);
    s->line_down = true;
    pass(s, 47 * HOUR);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_true(hits(s, 1));
    s->line_down = false;
    assert_int_equal(pulled(s), 0); /* renewed */
    pass(s, 2 * HOUR);
    assert_true(hits(s, 1));
    assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_int_equal(search(s, 1, &r), ENT_REFUSED);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(copy(s).records, 1); /* held until its lease is over, in case the suspension ends */
    pass(s, 47 * HOUR);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(copy(s).records, 0);
    assert_string_equal(copy(s).clause, "copy.lease");
    /* the suspension ends: it begins anew, from the first number */
    story_act(&s->gb, ENT_ACT_RESUME, &v);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    assert_int_equal(pulled(s), 1);
    assert_true(hits(s, 1));
}

/* The quota binds the copy too: it stops here, and a requester that goes beyond loses the feed there. */
static void inside_the_quota(void **state)
{
    story *s = *state;
    ent_local_result r;
    convict(s, 1);
    agree(s, 2, WATCHLIST, 2);
    assert_int_equal(pulled(s), 1);
    assert_true(hits(s, 1));
    assert_false(hits(s, 9));
    assert_int_equal(search(s, 1, &r), ENT_QUOTA);
    assert_int_equal(pulled(s), 0);
    /* a third search that this node should not have made */
    ent_feed_request q = {.after = copy(s).position, .report_count = 1, .report = {{.id = {7}, .at = s->clock.now, .hit = false}}};
    ENT_AUTO_BUF body = ENT_BUF(ENT_FEED_REQUEST_MAX), reply = ENT_BUF(1 << 20), envelope = ENT_BUF(1 << 20);
    ent_feed_request_write(&q, &body);
    uint8_t digest[32];
    ent_envelope env;
    assert_int_equal(ent_flow_agreement_envelope(s->us.flow, "deal", &envelope, NULL), ENT_OK);
    assert_int_equal(ent_envelope_decode(envelope.data, envelope.len, &env, NULL), ENT_OK);
    memcpy(digest, env.digest, 32);
    ent_envelope_free(&env);
    ent_message m = {.kind = ENT_MESSAGE_FEED, .agreement = "deal", .agreement_version = 2, .agreement_digest = digest, .flow = "list", .purpose = "", .proof = "",
                     .body = body.data, .body_len = body.len};
    assert_int_equal(story_deliver(s, &m, &reply), 403);
    assert_int_equal(entries(&s->gb, ENT_ENTRY_ALARM), 1);
    uint64_t records;
    assert_int_equal(pull(s, &records), ENT_REFUSED);
    agree(s, 3, WATCHLIST, 100); /* the parties have looked */
    assert_int_equal(pulled(s), 0);
}

/* More records than a page has, in several contacts and with restarts between: all come, once. */
static void many_pages(void **state)
{
    story *s = *state;
    uint64_t records = 0;
    for (uint32_t f = 0; f < ENT_FEED_RECORDS + 3; f++) convict(s, f);
    records = pulled(s);
    assert_int_equal(records, ENT_FEED_RECORDS + 3);
    story_restart(s, &s->us);
    story_restart(s, &s->gb);
    assert_int_equal(pulled(s), 0);
    assert_int_equal(copy(s).records, ENT_FEED_RECORDS + 3);
    assert_true(hits(s, ENT_FEED_RECORDS + 2));
}

static ent_buf read_once;

static ent_code read_again(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)self, (void)job, (void)bytes, (void)len;
    ent_buf_put(ret, read_once.data, read_once.len);
    return ent_buf_check(ret, err);
}

static void see_lot(void *ctx, const ent_lot_view *v) { *(ent_lot_view *)ctx = *v; }

static ent_lot_view lot_of(story_node *n)
{
    ent_lot_view v = {.state = ENT_LOT_STATE_COUNT};
    assert_int_equal(ent_flow_lots(n->flow, &n->custodian, see_lot, &v, NULL), ENT_OK);
    return v;
}

struct lots {
    ent_lot_view at[8];
    size_t count;
};

static void see_each_lot(void *ctx, const ent_lot_view *v)
{
    struct lots *l = ctx;
    if (l->count < 8) l->at[l->count++] = *v;
}

/* The lot is drawn among searches of the copy too, when the holder takes note of them; what it does not choose leaves no statement behind.
 * Overdue, neither is the copy searched nor a page given; opened, both go on. */
static void lot_of_local_searches(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF png = ENT_BUF(1), opening = ENT_BUF(1 << 16), receipt = ENT_BUF(1 << 16);
    ent_local_result r;
    ent_err err = {0};
    ent_public_key key = {{77}};
    ent_actor auditor;
    uint64_t records = 0;
    size_t waiting = 0;
    ent_change all = {.key = "", .key_len = 0};
    convict(s, 1);
    agree(s, 2, WATCHLIST, 5000);
    assert_int_equal(pulled(s), 1);
    read_once = ENT_BUF(ENT_CAPTURE_MAX);
    story_print(30, 1, &png);
    assert_int_equal(s->us.c.decoder.run(s->us.c.decoder.self, "capture", png.data, png.len, &read_once, NULL), ENT_OK);
    s->us.c.decoder = (ent_decoder){.run = read_again};
    story_restart(s, &s->us);
    for (int i = 0; i < 3000 && lot_of(&s->us).state == ENT_LOT_STATE_COUNT; i++) {
        ENT_AUTO_BUF file = ENT_BUF(1);
        ent_search_options o = {.purpose = "threat-check"};
        story_capture(&s->us, &png, &file);
        if (ent_flow_feed_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
        if (i % 64 == 63) assert_int_equal(pulled(s), 0);
    }
    assert_int_equal(lot_of(&s->us).state, ENT_LOT_CHOSEN);
    ent_lot_view theirs = lot_of(&s->gb);
    assert_true(ent_id_equal(theirs.reference.b, lot_of(&s->us).reference.b));
    assert_int_equal(pulled(s), 0);
    assert_int_equal(s->us.c.store.scan(s->us.c.store.self, ENT_TABLE_LOTS, &all, count_row, &waiting, NULL), ENT_OK);
    assert_in_range(waiting, 1, 3); /* two more may have been chosen */
    pass(s, 31 * 24 * HOUR); /* the lease is over as well: what is refused first says why */
    assert_int_equal(search(s, 1, &r), ENT_REFUSED);
    assert_int_equal(ent_flow_feed_pull(s->us.flow, &s->us.custodian, &records, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "chosen by lot"));
    story_works(s->us.flow, &s->us.custodian, &s->us.deputy, "a.example", ENT_ROLE_AUDITOR, &key);
    assert_int_equal(ent_flow_person(s->us.flow, "a.example", &auditor, NULL), ENT_OK);
    assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, theirs.reference.b, &err), ENT_OK);
    assert_int_equal(ent_flow_lot_show(s->us.flow, &auditor, theirs.reference.b, &opening, &receipt, &err), ENT_OK);
    ent_entry e;
    uint64_t index;
    ent_public_key identity;
    ent_sign_public(&s->us.c.identity, &identity);
    assert_int_equal(ent_proof_verify(ent_buf_cstr(&receipt), receipt.len, "us.example", &identity, &e, &index, NULL, &err), ENT_OK);
    assert_int_equal(e.kind, ENT_ENTRY_LOCAL_SEARCH);
    struct lots others = {0};
    assert_int_equal(ent_flow_lots(s->us.flow, &s->us.custodian, see_each_lot, &others, NULL), ENT_OK);
    for (size_t i = 0; i < others.count; i++)
        if (others.at[i].state == ENT_LOT_CHOSEN) assert_int_equal(ent_flow_lot_open(s->us.flow, &s->us.custodian, others.at[i].reference.b, &err), ENT_OK);
    assert_int_equal(pull(s, &records), ENT_OK);
    ent_buf_free(&read_once);
}

/* What write could not have written is refused: every cut, and every page that was changed on the way. */
static void bytes(void **state)
{
    (void)state;
    static const uint8_t native[3] = {1, 2, 3}, iso[2] = {4, 5};
    static ent_feed_page p, back;
    static ent_feed_request q, again;
    ENT_AUTO_BUF page = ENT_BUF(1 << 16), request = ENT_BUF(1 << 16);
    p = (ent_feed_page){.after = 4, .next = 6, .count = 2, .noted = 1, .head = {{8}}, .record = {{.number = 5, .id = {1}, .held = true, .until = {2026, 5, 1}, .power = "a", .category = "b", .status = "c",
                        .print_count = 1, .print = {{2, native, iso, 3, 2}}}, {.number = 6, .id = {2}}}};
    ent_feed_page_write(&p, &page);
    assert_int_equal(ent_feed_page_read(page.data, page.len, &back, NULL), ENT_OK);
    assert_int_equal(back.count, 2);
    assert_memory_equal(back.record[0].print[0].iso, iso, 2);
    assert_false(back.record[1].held);
    assert_int_equal(back.head[0][0], 8);
    for (size_t cut = 0; cut < page.len; cut++) assert_int_equal(ent_feed_page_read(page.data, cut, &back, NULL), ENT_FORMAT);
    p.record[1].number = 5; /* not rising */
    ent_buf_clear(&page);
    ent_feed_page_write(&p, &page);
    assert_int_equal(ent_feed_page_read(page.data, page.len, &back, NULL), ENT_FORMAT);
    q = (ent_feed_request){.after = 9, .report_count = 1, .undertaking_count = 1, .report = {{.id = {3}, .at = {5}, .hit = true}}, .undertaking = {{{4}, "proof", 5}}};
    ent_feed_request_write(&q, &request);
    assert_int_equal(ent_feed_request_read(request.data, request.len, &again, NULL), ENT_OK);
    assert_true(again.report[0].hit);
    for (size_t cut = 0; cut < request.len; cut++) assert_int_equal(ent_feed_request_read(request.data, cut, &again, NULL), ENT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(copied_and_searched), STORY(off_unless_granted), STORY(recalled), STORY(ends), STORY(changes), STORY(lease_ends), STORY(inside_the_quota),
                                       STORY(many_pages), STORY(lot_of_local_searches), cmocka_unit_test(bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
