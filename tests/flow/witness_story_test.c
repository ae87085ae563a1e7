/* Two nodes, their partners' memories, and an observer who is no party: a real witness (src/witness) behind a function call. */
#include "flow/two_nodes.h"

#include "merkle/note.h"
#include "witness/witness.h"

#include <stdlib.h>

typedef struct scene {
    story s;
    char folder[32], inside[64], key[ENT_BASE64_SIZE(32)];
    ent_witness *witness;
    ent_public_key witness_key;
    bool witness_down;
} scene;

static scene *c;

/* ---- the observer, as a port ---- */

static bool knows(void *self, const char *witness)
{
    (void)self;
    return strcmp(witness, "observer.example") == 0;
}

static ent_code add(void *self, const char *witness, const void *body, size_t len, int *ret_status, ent_buf *ret_answer, ent_err *err)
{
    bool alarm;
    (void)self;
    if (c->witness_down) return ent_fail(err, ENT_UNREACHABLE, "%s cannot be reached", witness);
    *ret_status = ent_witness_add(c->witness, body, len, ret_answer, &alarm);
    return ENT_OK;
}

static ent_code latest(void *self, const char *witness, const char *origin, ent_buf *ret_note, ent_err *err)
{
    char hex[65];
    uint8_t digest[32];
    (void)self;
    ent_sha256(origin, strlen(origin), digest);
    ent_hex(digest, 32, hex);
    if (ent_witness_latest(c->witness, hex, ret_note) == 200) return ENT_OK;
    return ent_fail(err, ENT_NOT_FOUND, "%s remembers nothing", witness);
}

/* ---- the scene ---- */

static void known_log(const story_node *n)
{
    char vkey[ENT_VKEY_MAX];
    ent_public_key key;
    ent_sign_public(&n->c.identity, &key);
    assert_int_equal(ent_vkey_write(n->c.name, ENT_NOTE_ED25519, &key, vkey, NULL), ENT_OK);
    assert_int_equal(ent_witness_add_log(c->inside, vkey, NULL), ENT_OK);
}

static void give_witness(story_node *n)
{
    n->c.witnesses = (ent_witnesses){.knows = knows, .add = add, .latest = latest};
    n->c.witness_silence_ms = 60 * 60000;
    story_restart(&c->s, n);
    known_log(n);
}

static int setup(void **state)
{
    (void)state;
    ent_secret_key unused;
    const ent_witness_settings settings = {.name = "observer.example", .listen = "127.0.0.1"};
    c = calloc(1, sizeof *c);
    snprintf(c->folder, sizeof c->folder, "/tmp/entente-test-XXXXXX");
    assert_non_null(mkdtemp(c->folder));
    snprintf(c->inside, sizeof c->inside, "%s/witness", c->folder);
    assert_int_equal(ent_witness_init(c->inside, &settings, (uint8_t[32]){77}, NULL), ENT_OK);
    ent_sign_keys((uint8_t[32]){77}, &c->witness_key, &unused);
    ent_base64(c->witness_key.b, 32, c->key);
    story_begin(&c->s, 5);
    give_witness(&c->s.gb);
    give_witness(&c->s.us);
    assert_int_equal(ent_witness_open(c->inside, c->s.gb.c.clock, &c->witness, NULL), ENT_OK);
    c->s.witness_key = c->key;
    story_agree(&c->s, 1, 100);
    return 0;
}

static int teardown(void **state)
{
    char command[64];
    (void)state;
    story_end(&c->s);
    ent_witness_close(c->witness);
    snprintf(command, sizeof command, "rm -rf '%s'", c->folder);
    assert_int_equal(system(command), 0);
    free(c);
    return 0;
}

static void pass(int64_t ms)
{
    c->s.clock.now.ms += ms;
    c->s.clock.monotonic += ms;
}

static ent_code witness_round(story_node *n, ent_err *err)
{
    pass(10000);
    return ent_flow_witness(n->flow, 30000, err);
}

static void good_round(story_node *n)
{
    ent_err err = {0};
    if (witness_round(n, &err) != ENT_OK) fail_msg("%s: %s", n->c.name, err.detail);
}

static ent_search_result a_search(bool *ret_refused)
{
    ent_search_result r = {0};
    ent_err err = {0};
    ent_code code = story_search(&c->s, 3, 1, "threat-check", &r, &err);
    if (code == ENT_REFUSED) r.refused = true, snprintf(r.reason, sizeof r.reason, "%.199s", err.detail);
    else if (code != ENT_OK) fail_msg("%s", err.detail);
    *ret_refused = r.refused;
    return r;
}

static size_t evidence_count;
static char evidence_name[128];
static ent_buf evidence_text;

static void see_evidence(void *ctx, const char *name, const char *text, size_t len)
{
    (void)ctx;
    evidence_count++;
    snprintf(evidence_name, sizeof evidence_name, "%s", name);
    ent_buf_clear(&evidence_text);
    ent_buf_put(&evidence_text, text, len);
}

static size_t evidence_at(story_node *n)
{
    evidence_count = 0;
    evidence_text.max = 1 << 20;
    assert_int_equal(ent_flow_evidence(n->flow, see_evidence, NULL, NULL), ENT_OK);
    return evidence_count;
}

/* Takes the first `keep` entries of a node's ledger into a new one and goes on with `more` entries of its own. */
static void other_history(story_node *n, uint64_t keep, uint64_t more)
{
    ent_ledger other;
    uint64_t index;
    uint8_t bytes[ENT_ENTRY_SIZE];
    assert_int_equal(ent_memory_year_ledger(n->c.name, &n->c.identity, ent_ledger_present(&n->c.ledger).year, &other, NULL), ENT_OK);
    for (uint64_t i = 0; i < keep + more; i++) {
        ent_entry e = {.kind = ENT_ENTRY_ALARM, .time = {(int64_t)i}, .follows = ENT_ENTRY_NONE};
        if (i < keep) assert_int_equal(n->c.ledger.read(n->c.ledger.self, i, bytes, NULL), ENT_OK);
        else assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
        assert_int_equal(other.append(other.self, bytes, &index, NULL), ENT_OK);
    }
    n->c.ledger = other;
    story_restart(&c->s, n);
}

/* ---- cases ---- */

/* An answer leaves with the holder's own checkpoint; a round of each later the requester has the same entry under a checkpoint that
 * the observer and the partner co-signed. */
static void receipts_are_completed(void **state)
{
    bool refused, complete;
    size_t done = 0;
    uint64_t index;
    ent_proof p;
    ent_public_key gb, us;
    (void)state;
    ENT_AUTO_BUF text = ENT_BUF(65536), early = ENT_BUF(65536);
    ent_search_result r = a_search(&refused);
    assert_false(refused);
    assert_null(strstr(ent_buf_cstr(&r.receipt), "observer.example"));
    assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
    assert_int_equal(done, 0); /* nobody has co-signed yet */
    assert_int_equal(ent_flow_completed(c->s.us.flow, r.reference.b, &early, &complete, NULL), ENT_OK);
    assert_false(complete);
    assert_string_equal(ent_buf_cstr(&early), ent_buf_cstr(&r.receipt));
    good_round(&c->s.gb);
    assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
    assert_int_equal(done, 1);
    assert_int_equal(ent_flow_completed(c->s.us.flow, r.reference.b, &text, &complete, NULL), ENT_OK);
    assert_true(complete);
    ent_sign_public(&c->s.gb.c.identity, &gb);
    ent_sign_public(&c->s.us.c.identity, &us);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &gb, NULL, &index, NULL, NULL), ENT_OK);
    assert_int_equal(index, r.answered.index);
    assert_int_equal(ent_proof_parse((char *)text.data, text.len, &p, NULL), ENT_OK);
    assert_true(ent_note_cosigned_by(p.note, p.note_len, "observer.example", &c->witness_key, NULL));
    assert_true(ent_note_cosigned_by(p.note, p.note_len, "us.example", &us, NULL));
    assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
    assert_int_equal(done, 0); /* asked for once */
    ent_buf_free(&r.receipt);
}

static int ask_receipts(const char *body, ent_buf *ret_body)
{
    ent_message m = {.kind = ENT_MESSAGE_RECEIPTS, .agreement = "", .flow = "", .purpose = "", .proof = "", .body = body, .body_len = strlen(body)};
    ent_buf_clear(ret_body);
    return story_deliver(&c->s, &m, ret_body);
}

/* A partner gets receipts of what concerns it, and of nothing else in the ledger; other forms of asking are refused. */
static void receipts_of_ones_own(void **state)
{
    bool refused;
    char index[32];
    (void)state;
    ENT_AUTO_BUF body = ENT_BUF(1 << 20), many = ENT_BUF(65536);
    ent_search_result r = a_search(&refused);
    good_round(&c->s.gb);
    assert_int_equal(ask_receipts("2026 0\n2026 1\n2026 999999\n2025 0\n0\n", &body), 200); /* opened, a person added, not there, no such log */
    assert_string_equal(ent_buf_cstr(&body), "0\n0\n0\n0\n0\n");
    snprintf(index, sizeof index, "%u %llu\n", (unsigned)r.answered.year, (unsigned long long)r.answered.index);
    assert_int_equal(ask_receipts(index, &body), 200);
    assert_non_null(strstr(ent_buf_cstr(&body), "c2sp.org/tlog-proof@v1\n"));
    assert_int_equal(ask_receipts("", &body), 400);
    assert_int_equal(ask_receipts("-1\n", &body), 400);
    assert_int_equal(ask_receipts("1", &body), 400);
    for (int i = 0; i < 257; i++) ent_buf_str(&many, "0\n");
    assert_int_equal(ask_receipts(ent_buf_cstr(&many), &body), 400);
    ent_buf_free(&r.receipt);
}

/* After an hour without the observer neither side searches, though the partner still co-signs; with it they go on. */
static void silence_stops_the_flow(void **state)
{
    bool refused;
    (void)state;
    ent_search_result r = a_search(&refused);
    assert_false(refused);
    ent_buf_free(&r.receipt);
    good_round(&c->s.gb);
    good_round(&c->s.us);
    c->witness_down = true;
    for (int i = 0; i < 70; i++) {
        pass(60000);
        assert_int_not_equal(ent_flow_witness(c->s.gb.flow, 30000, NULL), ENT_DAMAGED);
    }
    r = a_search(&refused); /* us was not heard of either */
    assert_true(refused);
    assert_non_null(strstr(r.reason, "witness"));
    c->witness_down = false;
    good_round(&c->s.us); /* us may ask again; gb may not answer */
    r = a_search(&refused);
    assert_true(refused);
    assert_string_equal(r.clause, "witness");
    pass(10 * 60000); /* the observer is asked less often after it failed so long */
    good_round(&c->s.gb);
    r = a_search(&refused);
    assert_false(refused);
    ent_buf_free(&r.receipt);
}

/* A ledger that lost its end: the observer's note, under the node's own signature, is kept as evidence, nothing is answered, also after
 * a restart; with the ledger that was witnessed it goes on. */
static void rollback_is_seen(void **state)
{
    bool refused;
    char why[160];
    ent_err err = {0};
    (void)state;
    good_round(&c->s.gb);
    good_round(&c->s.us);
    ent_ledger whole = c->s.gb.c.ledger;
    uint64_t size = whole.size(whole.self);
    other_history(&c->s.gb, size - 2, 0);
    assert_int_equal(witness_round(&c->s.gb, &err), ENT_DAMAGED);
    assert_non_null(strstr(err.detail, "rolled back"));
    assert_int_equal(evidence_at(&c->s.gb), 1);
    assert_non_null(strstr(ent_buf_cstr(&evidence_text), "observer.example "));
    ent_search_result r = a_search(&refused);
    assert_true(refused);
    assert_non_null(strstr(r.reason, "doubted"));
    story_restart(&c->s, &c->s.gb);
    assert_true(ent_flow_doubted(c->s.gb.flow, why));
    assert_int_equal(witness_round(&c->s.gb, &err), ENT_DAMAGED);
    assert_int_equal(evidence_at(&c->s.gb), 1); /* the same is kept once */
    ent_ledger cut = c->s.gb.c.ledger;
    c->s.gb.c.ledger = whole;
    story_restart(&c->s, &c->s.gb);
    good_round(&c->s.gb);
    assert_false(ent_flow_doubted(c->s.gb.flow, why));
    r = a_search(&refused);
    assert_false(refused);
    ent_buf_free(&r.receipt);
    cut.close(cut.self);
}

/* Each history length that ends before what was witnessed is seen, and every one of the same length that differs anywhere. */
static void every_rollback_and_fork_is_seen(void **state)
{
    (void)state;
    good_round(&c->s.us);
    ent_ledger whole = c->s.us.c.ledger;
    uint64_t size = whole.size(whole.self);
    for (uint64_t keep = 1; keep < size; keep++)
        for (uint64_t more = 0; more < 2; more++) {
            c->s.us.c.ledger = whole;
            other_history(&c->s.us, keep, more ? size - keep + 1 : 0);
            assert_int_equal(witness_round(&c->s.us, NULL), ENT_DAMAGED);
            ent_ledger other = c->s.us.c.ledger;
            c->s.us.c.ledger = whole;
            story_restart(&c->s, &c->s.us);
            other.close(other.self);
            good_round(&c->s.us);
        }
}

/* A partner that shows two roots of one size: both notes are kept here, the ledger has the alarm, and its searches are refused. */
static void a_partners_fork_is_seen(void **state)
{
    bool refused;
    uint8_t bytes[ENT_ENTRY_SIZE];
    ent_entry e;
    ent_public_key us;
    (void)state;
    good_round(&c->s.us);
    good_round(&c->s.gb);
    ent_ledger whole = c->s.us.c.ledger;
    uint64_t size = whole.size(whole.self);
    other_history(&c->s.us, size - 1, 1);
    c->witness_down = true; /* only the partner is there */
    assert_int_equal(witness_round(&c->s.us, NULL), ENT_DAMAGED); /* us hears of it too, and stops itself */
    assert_int_equal(evidence_at(&c->s.gb), 1);
    assert_int_equal(strncmp(evidence_name, "us.example/", 11), 0);
    ent_sign_public(&c->s.us.c.identity, &us);
    const char *first = strstr(ent_buf_cstr(&evidence_text), "\n\n") + 2, *second = strstr(first + 20, "us.example/2026\n");
    assert_non_null(second);
    assert_true(ent_note_signed_by(first, (size_t)(second - first), "us.example/2026", &us));
    assert_true(ent_note_signed_by(second, strlen(second), "us.example/2026", &us));
    uint64_t last = c->s.gb.c.ledger.size(c->s.gb.c.ledger.self) - 1;
    assert_int_equal(c->s.gb.c.ledger.read(c->s.gb.c.ledger.self, last, bytes, NULL), ENT_OK);
    assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
    assert_int_equal(e.kind, ENT_ENTRY_ALARM);
    ent_ledger fork = c->s.us.c.ledger;
    c->s.us.c.ledger = whole;
    story_restart(&c->s, &c->s.us);
    story_restart(&c->s, &c->s.gb); /* what was found is found after a restart too */
    c->witness_down = false;
    pass(10 * 60000);
    (void)!witness_round(&c->s.us, NULL);
    ent_search_result r = a_search(&refused);
    assert_true(refused);
    assert_non_null(strstr(r.reason, "two histories"));
    fork.close(fork.self);
}

/* A receipt under another root than the one of that size that was co-signed is a fork too, whatever it proves. */
static void a_receipt_can_show_a_fork(void **state)
{
    bool refused;
    (void)state;
    good_round(&c->s.gb); /* us remembers gb's ledger at this size */
    uint64_t size = c->s.gb.c.ledger.size(c->s.gb.c.ledger.self);
    ent_ledger whole = c->s.gb.c.ledger;
    other_history(&c->s.gb, size - 2, 0);
    ent_search_result r = a_search(&refused); /* one entry more */
    assert_false(refused);
    ent_buf_free(&r.receipt);
    assert_int_equal(evidence_at(&c->s.us), 0);
    r = a_search(&refused); /* and the size that is remembered */
    ent_buf_free(&r.receipt);
    assert_int_equal(evidence_at(&c->s.us), 1);
    r = a_search(&refused);
    assert_true(refused);
    assert_non_null(strstr(r.reason, "two histories"));
    whole.close(whole.self);
}

/* A receipt from a history that the holder's witnesses never see is never completed, and stands out after an hour. */
static void a_hidden_history_stays_incomplete(void **state)
{
    bool refused;
    size_t done, waiting, overdue;
    (void)state;
    ent_ledger whole = c->s.gb.c.ledger;
    other_history(&c->s.gb, whole.size(whole.self), 5); /* answers from here … */
    ent_search_result r = a_search(&refused);
    assert_false(refused);
    ent_buf_free(&r.receipt);
    ent_ledger hidden = c->s.gb.c.ledger;
    c->s.gb.c.ledger = whole; /* … and shows this */
    story_restart(&c->s, &c->s.gb);
    for (int i = 0; i < 3; i++) {
        r = a_search(&refused);
        ent_buf_free(&r.receipt);
    }
    good_round(&c->s.gb);
    assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
    assert_int_equal(done, 3);
    for (int i = 0; i < 8; i++) {
        pass(10 * 60000);
        good_round(&c->s.gb);
        assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
        assert_int_equal(done, 0);
    }
    assert_int_equal(ent_flow_incomplete(c->s.us.flow, &waiting, &overdue, NULL), ENT_OK);
    assert_int_equal(waiting, 1);
    assert_int_equal(overdue, 1);
    hidden.close(hidden.self);
}

/* The receipt that is kept of a search: of which log, and whether a witness is under it. */
static bool completed_in(const ent_search_result *r, const char *origin)
{
    bool complete;
    ent_checkpoint c2;
    ent_public_key gb;
    ENT_AUTO_BUF text = ENT_BUF(65536);
    ent_sign_public(&c->s.gb.c.identity, &gb);
    assert_int_equal(ent_flow_completed(c->s.us.flow, r->reference.b, &text, &complete, NULL), ENT_OK);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &gb, NULL, NULL, &c2, NULL), ENT_OK);
    assert_string_equal(c2.origin, origin);
    return complete;
}

static void tick_both(void)
{
    assert_int_equal(ent_flow_tick(c->s.gb.flow, NULL), ENT_OK);
    assert_int_equal(ent_flow_tick(c->s.us.flow, NULL), ENT_OK);
}

static uint32_t year_of(const story_node *n) { return ent_ledger_present(&n->c.ledger).year; }

/* A search in the last seconds of the year, with nobody to co-sign; then the year turns. The closed year is co-signed to its end, its receipt is
 * completed there, searches go on in the new log, the observer knows it without being told and after a restart; a clock that is ten
 * years ahead opens nothing. */
static void the_year_turns(void **state)
{
    bool refused;
    size_t done;
    const ent_ledger *old;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ent_checkpoint closed;
    (void)state;
    tick_both();
    pass(ent_date_start((ent_date){2026, 12, 31}).ms + 86390000 - c->s.clock.now.ms);
    tick_both();
    assert_int_equal(year_of(&c->s.gb), 2026);
    good_round(&c->s.gb); /* ends in 2027, by its clock; its log is still that of 2026 until the minute's tick */
    good_round(&c->s.us);
    ent_search_result before = a_search(&refused), after;
    assert_false(refused);
    assert_int_equal(before.answered.year, 2026);
    tick_both();
    assert_int_equal(year_of(&c->s.gb), 2027);
    assert_int_equal(year_of(&c->s.us), 2027);
    good_round(&c->s.gb);
    good_round(&c->s.us);
    assert_int_equal(ent_ledger_log(&c->s.gb.c.ledger, 2026, &old, NULL), ENT_OK);
    assert_int_equal(old->cosigned(old->self, &note, NULL), ENT_OK);
    assert_int_equal(ent_checkpoint_parse((char *)note.data, note.len, &closed, NULL), ENT_OK);
    assert_int_equal(closed.size, old->size(old->self));
    assert_true(ent_note_cosigned_by((char *)note.data, note.len, "observer.example", &c->witness_key, NULL));
    assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
    assert_int_equal(done, 1);
    assert_true(completed_in(&before, "gb.example/2026"));
    after = a_search(&refused);
    assert_false(refused);
    assert_int_equal(after.answered.year, 2027);
    ent_witness_close(c->witness);
    assert_int_equal(ent_witness_open(c->inside, c->s.gb.c.clock, &c->witness, NULL), ENT_OK);
    good_round(&c->s.gb);
    good_round(&c->s.us);
    assert_int_equal(ent_flow_complete(c->s.us.flow, &done, NULL), ENT_OK);
    assert_int_equal(done, 1);
    assert_true(completed_in(&after, "gb.example/2027"));
    c->s.clock.skew = 3650ll * 86400000; /* set, not passed */
    c->s.clock.now.ms += c->s.clock.skew;
    tick_both();
    assert_int_equal(year_of(&c->s.gb), 2027);
    c->s.clock.now.ms -= c->s.clock.skew;
    c->s.clock.skew = 0;
    ent_buf_free(&before.receipt);
    ent_buf_free(&after.receipt);
}

/* A closed year that comes back shorter, with its new year written anew to fit, is seen by the partner who remembers the old one's end. */
static void a_closed_year_cannot_be_rolled_back(void **state)
{
    uint8_t bytes[ENT_ENTRY_SIZE];
    uint64_t index;
    ent_ledger other;
    ent_err err = {0};
    (void)state;
    tick_both();
    pass(ent_date_start((ent_date){2027, 1, 1}).ms + 60000 - c->s.clock.now.ms);
    tick_both();
    good_round(&c->s.gb);
    ent_ledger whole = c->s.gb.c.ledger;
    ent_shard all[ENT_LIMIT_SHARDS];
    assert_int_equal(ent_ledger_shards(&whole, all), 2);
    assert_int_equal(ent_memory_year_ledger("gb.example", &c->s.gb.c.identity, 2026, &other, NULL), ENT_OK);
    for (uint64_t i = 0; i < all[0].count - 2; i++) {
        assert_int_equal(whole.read(whole.self, i, bytes, NULL), ENT_OK);
        assert_int_equal(other.append(other.self, bytes, &index, NULL), ENT_OK);
    }
    assert_int_equal(other.turn(other.self, 2027, c->s.clock.now, NULL), ENT_OK);
    c->s.gb.c.ledger = other;
    story_restart(&c->s, &c->s.gb);
    assert_int_equal(witness_round(&c->s.gb, &err), ENT_DAMAGED);
    assert_non_null(strstr(err.detail, "remembers"));
    whole.close(whole.self);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {CASE(receipts_are_completed), CASE(receipts_of_ones_own), CASE(silence_stops_the_flow), CASE(rollback_is_seen),
                                       CASE(every_rollback_and_fork_is_seen), CASE(a_partners_fork_is_seen), CASE(a_receipt_can_show_a_fork), CASE(a_hidden_history_stays_incomplete), CASE(the_year_turns),
                                       CASE(a_closed_year_cannot_be_rolled_back)};
    int failed = cmocka_run_group_tests_name("witnesses", tests, NULL, NULL);
    ent_buf_free(&evidence_text);
    return failed;
}
