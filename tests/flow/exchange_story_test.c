/* What the wire and the agreement promise, told by two whole nodes: the fault table's rows for replay after a suspension, quota and
 * agreement, beside those of search_story_test.c. */
#include "flow/two_nodes.h"

#include "entente/itl_check.h"
#include "base/limits.h"
#include "flow/search/search.h"
#include "port/problem.h"

#include <pthread.h>

static story *s;

static int begin(void **state)
{
    (void)state;
    s = calloc(1, sizeof *s);
    story_begin(s, 1);
    return 0;
}

static int end(void **state)
{
    (void)state;
    story_end(s);
    free(s);
    return 0;
}

static ent_search_result ask(uint32_t finger)
{
    ent_search_result r = {0};
    ent_err err = {0};
    if (story_search(s, finger, 1, "threat-check", &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
    return r;
}

/* But for what the lot chose: threads draw what it hangs on in any order. */
static uint64_t holder_entries(void)
{
    const ent_ledger *l = &s->gb.c.ledger;
    uint64_t count = 0;
    for (uint64_t i = 0; i < l->size(l->self); i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        assert_int_equal(l->read(l->self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        count += e.kind != ENT_ENTRY_LOT;
    }
    return count;
}

static void see_digest(void *ctx, const ent_agreement_view *v) { memcpy(ctx, v->digest, 32); }

/* The last message, as it was sent. */
static ent_message the_last(uint8_t digest[32])
{
    assert_int_equal(ent_flow_agreements(s->gb.flow, see_digest, digest, NULL), ENT_OK);
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .agreement = "deal", .agreement_version = 1, .agreement_digest = digest, .flow = "check",
                     .purpose = "threat-check", .proof = s->last_proof, .crossing = s->last_pledge, .body = s->last_request.data, .body_len = s->last_request.len};
    memcpy(m.id, s->last_id, ENT_ID_SIZE);
    return m;
}

static void expect_refused(const ent_message *m, int status, ent_code code, const char *clause)
{
    ent_problem p = {0};
    ENT_AUTO_BUF body = ENT_BUF(65536);
    assert_int_equal(story_deliver(s, m, &body), status);
    assert_int_equal(ent_problem_read(body.data, body.len, &p, NULL), ENT_OK);
    if (p.code != code || strcmp(p.clause, clause) != 0) fail_msg("%s %s (%s)", ent_code_name(p.code), p.clause, p.detail);
    assert_int_equal(body.len, ENT_ANSWER_SIZE);
}

/* From size and time nobody on the line can tell a hit from none, nor from a refusal. */
static void outcomes_look_alike(void **state)
{
    (void)state;
    ent_enrolled e;
    size_t size[3];
    int64_t wait[3];
    uint8_t digest[32];
    story_agree(s, 1, 50);
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    for (uint32_t i = 0; i < 3; i++) {
        ENT_AUTO_BUF body = ENT_BUF(65536);
        assert_int_equal(ask(i ? 20 : 0).hit, i == 0);
        ent_message m = the_last(digest);
        if (i == 2) m.body_len--; /* a replay: refused */
        int64_t before = s->clock.monotonic;
        story_deliver(s, &m, &body);
        size[i] = body.len;
        wait[i] = s->last_release - before;
    }
    assert_true(size[0] == size[1] && size[1] == size[2]);
    assert_true(wait[0] == wait[1] && wait[1] == wait[2]);
}

static void see_fault(void *ctx, const ent_itl_fault *f)
{
    (void)ctx;
    print_error("record %zu, %u.%03u: %s [%s]\n", f->record, f->type, f->field, f->text, f->clause);
}

static void expect_conforms(const ent_buf *b)
{
    const ent_itl_check_options options = {.domain = "auto"};
    const ent_itl_sink sink = {see_fault, NULL};
    ent_itl_check_result r;
    assert_int_equal(ent_itl_check(b->data, b->len, &options, &sink, &r, NULL), ENT_OK);
    assert_string_equal(r.domain, "entente");
    assert_int_equal(r.faults + r.remarks, 0);
}

/* The last search again, answered in either form. */
static void read_both(const ent_message *m, ent_answer *ret_json, ent_answer *ret_itl, ent_buf *ret_sre)
{
    ENT_AUTO_BUF json = ENT_BUF(65536), receipt = ENT_BUF(ENT_ANSWER_SIZE), same = ENT_BUF(ENT_ANSWER_SIZE);
    ent_message asked = *m;
    assert_int_equal(story_deliver(s, &asked, &json), 200);
    asked.form = ENT_FORM_ITL;
    assert_int_equal(story_deliver(s, &asked, ret_sre), 200);
    assert_int_equal(json.len, ret_sre->len);
    assert_int_equal(ent_answer_read(json.data, json.len, ENT_FORM_JSON, ret_json, &receipt, NULL), ENT_OK);
    assert_int_equal(ent_answer_read(ret_sre->data, ret_sre->len, ENT_FORM_ITL, ret_itl, &same, NULL), ENT_OK);
    assert_true(receipt.len == same.len && memcmp(receipt.data, same.data, same.len) == 0);
}

/* A search may be answered by a transaction: it conforms, says what the JSON object says in as many bytes, and is no second answer. */
static void answered_by_a_transaction(void **state)
{
    (void)state;
    ent_enrolled e;
    uint8_t digest[32];
    story_agree(s, 1, 50);
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    for (uint32_t i = 0; i < 2; i++) {
        ENT_AUTO_BUF sre = ENT_BUF(65536);
        ent_answer json, itl;
        assert_int_equal(ask(i ? 20 : 0).hit, i == 0);
        ent_message m = the_last(digest);
        uint64_t before = holder_entries();
        read_both(&m, &json, &itl, &sre);
        assert_int_equal(holder_entries(), before);
        assert_true(json.hit == (i == 0) && itl.hit == json.hit && itl.index == json.index && ent_id_equal(itl.reference.b, m.id) && memcmp(itl.head, json.head, 32) == 0);
        assert_int_equal(sre.len, ENT_ANSWER_SIZE);
        expect_conforms(&sre);
    }
}

/* A refusal is a transaction too when one was asked for. */
static void refused_by_a_transaction(void **state)
{
    (void)state;
    uint8_t digest[32];
    char detail[200], clause[ENT_LAW_CLAUSE];
    ENT_AUTO_BUF err_body = ENT_BUF(65536);
    story_agree(s, 1, 50);
    ask(1);
    ent_message m = the_last(digest);
    m.form = ENT_FORM_ITL;
    m.body_len--;
    assert_int_equal(story_deliver(s, &m, &err_body), 409);
    assert_int_equal(err_body.len, ENT_ANSWER_SIZE);
    expect_conforms(&err_body);
    ent_refusal_read(err_body.data, err_body.len, detail, clause);
    assert_string_equal(clause, "replay");
    assert_string_equal(detail, "this message id was used for another request");
}

/* A requester that asks for a transaction keeps it, and takes none that is changed anywhere. */
static void a_transaction_is_taken_whole(void **state)
{
    (void)state;
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check", .form = ENT_FORM_ITL};
    ent_search_result r;
    ent_answer a, b;
    story_agree(s, 1, 50);
    story_print(3, 1, &png);
    story_capture(&s->us, &png, &file);
    assert_int_equal(ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, NULL), ENT_OK);
    assert_false(r.hit || r.refused);
    expect_conforms(&r.sre);
    ENT_AUTO_BUF receipt = ENT_BUF(ENT_ANSWER_SIZE);
    assert_int_equal(ent_answer_read(r.sre.data, r.sre.len, ENT_FORM_ITL, &a, &receipt, NULL), ENT_OK);
    for (size_t i = 0; i < r.sre.len; i++) {
        ENT_AUTO_BUF other = ENT_BUF(ENT_ANSWER_SIZE);
        r.sre.data[i] ^= 1;
        bool taken = ent_answer_read(r.sre.data, r.sre.len, ENT_FORM_ITL, &b, &other, NULL) == ENT_OK;
        bool same = taken && a.hit == b.hit && a.index == b.index && memcmp(a.head, b.head, 32) == 0 && ent_id_equal(a.reference.b, b.reference.b) &&
                    other.len == receipt.len && memcmp(other.data, receipt.data, other.len) == 0;
        if (same) fail_msg("byte %zu may be another", i);
        r.sre.data[i] ^= 1;
    }
    assert_int_equal(ent_answer_read(r.sre.data, r.sre.len - 1, ENT_FORM_ITL, &b, &receipt, NULL), ENT_FORMAT);
    ent_search_result_free(&r);
}

/* ---- a search that is asked after ---- */

/* Asked and on its way: the message that did not arrive. */
static ent_message on_its_way(uint32_t finger, uint8_t digest[32])
{
    ent_search_result r;
    ent_err err;
    s->swallow = true;
    assert_int_equal(story_search(s, finger, 1, "threat-check", &r, &err), ENT_UNREACHABLE);
    s->swallow = false;
    return the_last(digest);
}

static int ask_after(const char *who, const ent_message *about, ent_answer_form form, ent_buf *ret_body, int64_t *ret_release)
{
    ent_arrival in = {.message = {.kind = ENT_MESSAGE_SEARCH, .poll = true, .form = form, .proof = "", .agreement = "", .flow = "", .purpose = ""},
                      .received = s->clock.now, .signature_base = "the question's signature base"};
    int status = 0;
    ent_inbox inbox = ent_flow_inbox(s->gb.flow);
    memcpy(in.message.id, about->id, ENT_ID_SIZE);
    snprintf(in.partner, sizeof in.partner, "%s", who);
    inbox.receive(inbox.self, &in, &status, ret_body, ret_release);
    return status;
}

static int status_of(const char *who, const ent_message *about)
{
    int64_t release;
    ENT_AUTO_BUF body = ENT_BUF(65536);
    int status = ask_after(who, about, ENT_FORM_JSON, &body, &release);
    assert_int_equal(body.len, ENT_ANSWER_SIZE);
    return status;
}

/* A search that was taken on is asked after by whoever asked it, and by nobody else. Until its answer may leave, hit or none, the question is
 * told that it is worked at, in as many bytes; then it has the answer, in the form it asks for. Nothing is counted and nothing entered. */
static void asked_after(void **state)
{
    (void)state;
    ent_enrolled e;
    uint8_t digest[32];
    int64_t slot[2], told[2];
    story_agree(s, 1, 50);
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    for (uint32_t i = 0; i < 2; i++) {
        ENT_AUTO_BUF direct = ENT_BUF(65536), early = ENT_BUF(65536), late = ENT_BUF(65536), sre = ENT_BUF(65536), receipt = ENT_BUF(65536);
        ent_answer a, b;
        int64_t release;
        ent_message m = on_its_way(i ? 20 : 0, digest);
        assert_int_equal(status_of("us.example", &m), 404); /* it has not come yet */
        int64_t before = s->clock.monotonic;
        assert_int_equal(story_deliver(s, &m, &direct), 200);
        slot[i] = s->last_release - before;
        uint64_t entries = holder_entries();
        assert_int_equal(ask_after("us.example", &m, ENT_FORM_JSON, &early, &release), 202);
        assert_int_equal(early.len, ENT_ANSWER_SIZE);
        told[i] = release - s->clock.monotonic;
        s->clock.monotonic = s->last_release - 1;
        assert_int_equal(status_of("us.example", &m), 202);
        s->clock.monotonic++;
        assert_int_equal(ask_after("us.example", &m, ENT_FORM_JSON, &late, &release), 200);
        assert_true(late.len == direct.len && memcmp(late.data, direct.data, late.len) == 0);
        assert_true(release > s->clock.monotonic); /* on the grid, like any answer */
        assert_int_equal(ask_after("us.example", &m, ENT_FORM_ITL, &sre, &release), 200);
        assert_int_equal(ent_answer_read(direct.data, direct.len, ENT_FORM_JSON, &a, &receipt, NULL), ENT_OK);
        assert_int_equal(ent_answer_read(sre.data, sre.len, ENT_FORM_ITL, &b, &receipt, NULL), ENT_OK);
        assert_true(a.hit == (i == 0) && b.hit == a.hit && b.index == a.index);
        assert_int_equal(status_of("fr.example", &m), 404);
        assert_int_equal(holder_entries(), entries);
    }
    assert_true(slot[0] == slot[1] && told[0] == told[1]);
}

/* Who sends the request again while its answer waits has it when it leaves: the phase of a second arrival tells nothing. */
static void leaves_with_the_first(void **state)
{
    (void)state;
    uint8_t digest[32];
    ENT_AUTO_BUF body = ENT_BUF(65536), again = ENT_BUF(65536);
    story_agree(s, 1, 50);
    ent_message m = on_its_way(3, digest);
    assert_int_equal(story_deliver(s, &m, &body), 200);
    int64_t slot = s->last_release;
    s->clock.monotonic += 20; /* another phase of the grid */
    assert_int_equal(story_deliver(s, &m, &again), 200);
    assert_int_equal(s->last_release, slot);
}

/* It is asked after for as long as a retry could be under way, over a restart; suspended or destroyed, as with a retry. */
static void asked_after_for_a_while(void **state)
{
    (void)state;
    ent_enrolled e;
    uint8_t digest[32];
    ENT_AUTO_BUF body = ENT_BUF(65536);
    ent_agreement_view v;
    ent_destroyed d;
    story_agree(s, 1, 50);
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    ent_message m = on_its_way(0, digest);
    assert_int_equal(story_deliver(s, &m, &body), 200);
    story_restart(s, &s->gb);
    assert_int_equal(status_of("us.example", &m), 200);
    story_act(&s->gb, ENT_ACT_SUSPEND, &v);
    assert_int_equal(status_of("us.example", &m), 403);
    story_act(&s->gb, ENT_ACT_RESUME, &v);
    assert_int_equal(status_of("us.example", &m), 200);
    s->clock.now.ms += ENT_LIMIT_JOB_MS;
    assert_int_equal(status_of("us.example", &m), 404);
    s->clock.now.ms -= ENT_LIMIT_JOB_MS;
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "a story", &d, NULL), ENT_OK);
    assert_int_equal(status_of("us.example", &m), 410);
}

/* A requester that was not answered, and comes back with the same crossing, asks after its search; it sends it again when nothing is known of
 * it. Either way it is one. */
static void the_requester_comes_back(void **state)
{
    (void)state;
    ent_enrolled e;
    story_agree(s, 1, 50);
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    for (int arrived = 0; arrived < 2; arrived++) {
        ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
        ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
        ent_search_result r;
        story_print(0, 1, &png);
        ent_buf_u32(&png, (uint32_t)arrived);
        story_capture(&s->us, &png, &file);
        s->deaf = arrived, s->swallow = !arrived;
        assert_int_equal(ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, NULL), ENT_UNREACHABLE);
        s->deaf = s->swallow = false;
        story_restart(s, &s->us);
        s->polls = 0;
        ent_buf_clear(&s->last_request);
        assert_int_equal(ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, NULL), ENT_OK);
        assert_true(r.hit && !r.refused);
        assert_int_equal(s->polls, 1);
        assert_true((s->last_request.len == 0) == arrived); /* the probe does not travel twice */
        ent_search_result_free(&r);
    }
}

/* Replay after a suspension: refused with its clause, though the answer is known; also after a restart. */
static void replay_after_suspension(void **state)
{
    (void)state;
    ent_agreement_view v;
    uint8_t digest[32];
    story_agree(s, 1, 50);
    ask(0);
    ent_message m = the_last(digest);
    assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.custodian, "deal", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    uint64_t size = holder_entries();
    for (int round = 0; round < 2; round++) {
        expect_refused(&m, 403, ENT_REFUSED, "suspended by gb.example");
        story_restart(s, &s->gb);
    }
    assert_int_equal(holder_entries(), size);
}

/* Another version, an unknown agreement: refused, each with its clause. */
static void another_agreement(void **state)
{
    (void)state;
    uint8_t digest[32];
    story_agree(s, 1, 50);
    ask(0);
    ent_message m = the_last(digest);
    m.id[0] ^= 1;
    m.agreement_version = 2;
    expect_refused(&m, 403, ENT_REFUSED, "agreement version");
    m.id[0] ^= 3;
    m.agreement_version = 1;
    m.agreement = "unheard-of";
    expect_refused(&m, 403, ENT_REFUSED, "no agreement");
}

/* Agreement's dates: the day after its last, the requester does not even ask, and a holder that is asked refuses. */
static void expired(void **state)
{
    (void)state;
    ent_search_result r;
    ent_err err = {0};
    story_agree(s, 1, 50);
    s->clock.now = ent_date_start((ent_date){2028, 12, 31});
    assert_false(ask(0).refused);
    s->clock.now = ent_date_start((ent_date){2029, 1, 1});
    assert_int_equal(story_search(s, 0, 1, "threat-check", &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "in-force.until"));
}

/* By the hour, and by the hour for one officer, whatever the day grants. */
static void quota_by_the_hour(void **state)
{
    (void)state;
    snprintf(s->limits, sizeof s->limits, "per-hour: 3, per-officer-hour: 2, ");
    story_agree(s, 1, 50);
    ask(0);
    ask(1);
    assert_string_equal(ask(2).clause, "search.per-officer-hour");
    ent_actor first = s->us.officer;
    ent_public_key key = {{99}};
    story_works(s->us.flow, &s->us.custodian, &s->us.deputy, "o2.example", ENT_ROLE_OFFICER, &key);
    assert_int_equal(ent_flow_person(s->us.flow, "o2.example", &s->us.officer, NULL), ENT_OK);
    assert_false(ask(0).refused);
    assert_string_equal(ask(1).clause, "search.per-hour");
    s->us.officer = first;
    s->clock.now.ms += 3600000;
    assert_false(ask(0).refused);
}

/* A question that was asked and waits to be delivered. */
typedef struct waiting {
    pthread_t thread;
    ent_message m;
    char *proof, *pledge;
    void *body;
    ent_buf answer;
    int status;
} waiting;

static void *deliver(void *self)
{
    waiting *q = self;
    int64_t release;
    ent_arrival in = {.message = q->m, .partner = "us.example", .received = s->clock.now, .signature_base = "base"};
    ent_inbox inbox = ent_flow_inbox(s->gb.flow);
    inbox.receive(inbox.self, &in, &q->status, &q->answer, &release);
    return NULL;
}

/* Asked, and kept here to be delivered when the test wants. */
static waiting keep_question(uint32_t finger)
{
    ent_search_result r;
    ent_err err = {0};
    static uint8_t digest[32];
    s->line_down = true;
    assert_int_equal(story_search(s, finger, 1, "threat-check", &r, &err), ENT_UNREACHABLE);
    waiting q = {.m = the_last(digest), .proof = strdup(s->last_proof), .pledge = strdup(s->last_pledge), .body = malloc(s->last_request.len), .answer = ENT_BUF(65536)};
    memcpy(q.body, s->last_request.data, s->last_request.len);
    q.m.proof = q.proof;
    q.m.crossing = q.pledge;
    q.m.body = q.body;
    return q;
}

static void end_question(waiting *q)
{
    free(q->proof);
    free(q->pledge);
    free(q->body);
    ent_buf_free(&q->answer);
}

/* Twice as many as the day grants, at the same time: exactly those are answered, each refusal is written down. */
static void quota_in_parallel(void **state)
{
    (void)state;
    enum { GRANTED = 6 };
    waiting q[2 * GRANTED];
    int answered = 0, refused = 0;
    story_agree(s, 1, GRANTED);
    for (int i = 0; i < 2 * GRANTED; i++) q[i] = keep_question(20);
    uint64_t size = holder_entries();
    for (int i = 0; i < 2 * GRANTED; i++) pthread_create(&q[i].thread, NULL, deliver, &q[i]);
    for (int i = 0; i < 2 * GRANTED; i++) {
        pthread_join(q[i].thread, NULL);
        answered += q[i].status == 200;
        refused += q[i].status == 429;
        end_question(&q[i]);
    }
    assert_int_equal(answered, GRANTED);
    assert_int_equal(refused, GRANTED);
    assert_int_equal(holder_entries(), size + 2 * GRANTED);
}

/* One request, many times at the same time: it is answered once, and every answer is that one, byte for byte. */
static void the_same_in_parallel(void **state)
{
    (void)state;
    enum { TIMES = 8 };
    waiting q[TIMES];
    ent_enrolled e;
    story_agree(s, 1, 50);
    assert_int_equal(story_enrol(s, 0, 0, &e), ENT_OK);
    q[0] = keep_question(0);
    for (int i = 1; i < TIMES; i++) q[i] = (waiting){.m = q[0].m, .answer = ENT_BUF(65536)};
    uint64_t size = holder_entries();
    for (int i = 0; i < TIMES; i++) pthread_create(&q[i].thread, NULL, deliver, &q[i]);
    for (int i = 0; i < TIMES; i++) pthread_join(q[i].thread, NULL);
    assert_int_equal(holder_entries(), size + 1);
    for (int i = 0; i < TIMES; i++) {
        assert_int_equal(q[i].status, 200);
        assert_int_equal(q[i].answer.len, q[0].answer.len);
        assert_memory_equal(q[i].answer.data, q[0].answer.data, q[0].answer.len);
    }
    for (int i = 0; i < TIMES; i++) end_question(&q[i]);
}

static void *destroy_records(void *self)
{
    const ent_enrolled *e = self;
    for (int i = 0; i < 4; i++) {
        ent_destroyed d;
        assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[i].encounter.b, "a test", &d, NULL), ENT_OK);
    }
    return NULL;
}

/* Searches beside destructions and an enrolment: who is held all the while is found by every search; who is destroyed is found by
 * none that began afterwards, and one that began before is answered with a hit, with none, or that the answer is gone. */
static void beside_destruction(void **state)
{
    (void)state;
    enum { LIVING = 1, GOING = 4, EACH = 2, ALL = (LIVING + GOING) * EACH };
    ent_enrolled e[LIVING + GOING], late;
    waiting q[ALL], after[GOING];
    pthread_t thread;
    story_agree(s, 1, 200);
    for (uint32_t f = 0; f < LIVING + GOING; f++) assert_int_equal(story_enrol(s, f, 0, &e[f]), ENT_OK);
    for (int i = 0; i < ALL; i++) q[i] = keep_question((uint32_t)i % (LIVING + GOING));
    for (uint32_t i = 0; i < GOING; i++) after[i] = keep_question(LIVING + i);
    for (int i = 0; i < ALL / 2; i++) pthread_create(&q[i].thread, NULL, deliver, &q[i]);
    pthread_create(&thread, NULL, destroy_records, e + LIVING);
    for (int i = ALL / 2; i < ALL; i++) pthread_create(&q[i].thread, NULL, deliver, &q[i]);
    assert_int_equal(story_enrol(s, 15, 0, &late), ENT_OK);
    for (int i = 0; i < ALL; i++) pthread_join(q[i].thread, NULL);
    pthread_join(thread, NULL);
    for (int i = 0; i < ALL; i++) {
        bool living = i % (LIVING + GOING) < LIVING, hit = q[i].status == 200 && memmem(q[i].answer.data, q[i].answer.len, "\"hit---\"", 8);
        if (living) assert_true(hit);
        else assert_true(q[i].status == 200 || q[i].status == 410);
        end_question(&q[i]);
    }
    for (int i = 0; i < GOING; i++) {
        deliver(&after[i]);
        assert_int_equal(after[i].status, 200);
        assert_non_null(memmem(after[i].answer.data, after[i].answer.len, "\"no-hit\"", 8));
        end_question(&after[i]);
    }
}

#define LINKED(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {LINKED(outcomes_look_alike), LINKED(answered_by_a_transaction),
                                       LINKED(refused_by_a_transaction), LINKED(a_transaction_is_taken_whole), LINKED(asked_after), LINKED(leaves_with_the_first),
                                       LINKED(asked_after_for_a_while), LINKED(the_requester_comes_back), LINKED(replay_after_suspension), LINKED(another_agreement),
                                       LINKED(expired), LINKED(quota_by_the_hour), LINKED(quota_in_parallel), LINKED(the_same_in_parallel),
                                       LINKED(beside_destruction)};
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
