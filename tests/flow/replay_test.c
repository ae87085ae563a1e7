/* The fault table's rows for replay, duplicate delivery, quota, agreement and partner offline, played by two whole nodes. */
#include "flow/story.h"

#include "flow/search/search.h"
#include "port/problem.h"

#include <pthread.h>

static story *s;

static int setup(void **state)
{
    (void)state;
    s = story_begin(1, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    story_end(s);
    return 0;
}

static uint64_t ledger_size(story_node *n) { return n->config.ledger.size(n->config.ledger.self); }

static ent_search_result ask(int finger)
{
    ent_search_result r;
    ent_err err = {0};
    if (story_search(s, finger, 1, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
    return r;
}

/* The refusal in the last answer. */
static ent_problem problem(void)
{
    ent_problem p = {0};
    assert_int_equal(ent_problem_read(s->last_answer.data, s->last_answer.len, &p, NULL), ENT_OK);
    return p;
}

static void expect_refused(int status, ent_code code, const char *clause)
{
    ent_problem p = problem();
    if (s->last_status != status || p.code != code || strcmp(p.clause, clause) != 0)
        fail_msg("%d %s %s (%s)", s->last_status, ent_code_name(p.code), p.clause, p.detail);
}

/* Who is in there is a hit, who is not is none; both answers have one size and leave at the same point of the grid. */
static void hit_and_no_hit_look_alike(void **state)
{
    (void)state;
    assert_true(ask(0).hit);
    size_t size = s->last_answer.len;
    int64_t release = s->last_release;
    assert_false(ask(2).hit);
    assert_int_equal(s->last_answer.len, size);
    assert_int_equal(s->last_release, release);
    assert_int_equal(size, ENT_ANSWER_SIZE);
}

/* Replay, same id and body: the stored answer; nothing is done, written or counted twice. */
static void same_id_same_body(void **state)
{
    (void)state;
    for (int finger = 0; finger < 3; finger += 2) {
        bool hit = ask(finger).hit;
        uint64_t size = ledger_size(&s->holder);
        for (int i = 0; i < STORY_PER_DAY + 2; i++) {
            assert_int_equal(story_resend(s, &s->last), 200);
            ent_answer a;
            ENT_AUTO_BUF receipt = ENT_BUF(1 << 16);
            assert_int_equal(ent_answer_read(s->last_answer.data, s->last_answer.len, &a, &receipt, NULL), ENT_OK);
            assert_int_equal(a.hit, hit);
        }
        assert_int_equal(ledger_size(&s->holder), size);
    }
    assert_true(ask(1).hit); /* two searches were counted, not sixteen */
}

/* Replay, same id and another body or purpose: refused, and not a word about the first. */
static void same_id_other_body(void **state)
{
    (void)state;
    ask(0);
    ent_message other = s->last;
    other.body = "something else";
    other.body_len = 14;
    assert_int_equal(story_resend(s, &other), 409);
    expect_refused(409, ENT_REPLAY, "replay");
}

/* Replay after a restart of the holder: still the stored answer, still refused. */
static void after_restart(void **state)
{
    (void)state;
    ask(0);
    uint64_t size = ledger_size(&s->holder);
    story_restart(s, &s->holder);
    assert_int_equal(story_resend(s, &s->last), 200);
    ent_message other = s->last;
    other.body_len--;
    assert_int_equal(story_resend(s, &other), 409);
    assert_int_equal(ledger_size(&s->holder), size);
}

/* Replay after the record was destroyed: gone, not a hit and not "no hit". */
static void after_destruction(void **state)
{
    (void)state;
    ent_destroyed d;
    assert_true(ask(0).hit);
    assert_int_equal(ent_flow_destroy(s->holder.flow, &s->holder.custodian, s->enrolled[0].encounter.b, "order", &d, NULL), ENT_OK);
    assert_int_equal(story_resend(s, &s->last), 410);
    assert_int_equal(problem().code, ENT_GONE);
    assert_false(ask(0).hit); /* a new search finds nothing */
}

/* Replay after a suspension: refused with its clause, though the answer is known. */
static void after_suspension(void **state)
{
    (void)state;
    ent_agreement_view v;
    ask(0);
    assert_int_equal(ent_flow_agreement_act(s->holder.flow, &s->holder.custodian, "story", ENT_ACT_SUSPEND, &v, NULL), ENT_OK);
    assert_int_equal(story_resend(s, &s->last), 403);
    expect_refused(403, ENT_REFUSED, "suspended by gb.holder");
}

/* Duplicate delivery: the answer was lost, the retry gets it; one effect, one entry. */
static void answer_lost(void **state)
{
    (void)state;
    ent_search_result r;
    ent_err err = {0};
    s->answer_lost = true;
    assert_int_equal(story_search(s, 0, 1, &r, &err), ENT_TIMEOUT);
    uint64_t size = ledger_size(&s->holder);
    assert_int_equal(story_resend(s, &s->last), 200);
    assert_int_equal(ledger_size(&s->holder), size);
}

/* A search that does not stand in the requester's ledger, or stands there as another, is refused. */
static void without_proof_of_asked(void **state)
{
    (void)state;
    ask(0);
    ent_message m = s->last;
    m.id[0] ^= 1;
    assert_int_equal(story_resend(s, &m), 403); /* another id than the entry's case number */
    expect_refused(403, ENT_REFUSED, "proof of asked");
    m.id[0] ^= 3;
    m.proof = "";
    assert_int_equal(story_resend(s, &m), 403);
    expect_refused(403, ENT_REFUSED, "proof of asked");
    m.id[0] ^= 5;
    m.proof = "c2sp.org/tlog-proof@v1\nindex 0\n\nnonsense\n";
    assert_int_equal(story_resend(s, &m), 403);
    expect_refused(403, ENT_REFUSED, "proof of asked");
}

/* Agreement: another version, another text, an unknown one. */
static void other_agreement(void **state)
{
    (void)state;
    static const uint8_t other[32] = {1};
    ask(0);
    ent_message m = s->last;
    m.id[0] ^= 1;
    m.agreement_version = 2;
    assert_int_equal(story_resend(s, &m), 403);
    expect_refused(403, ENT_REFUSED, "agreement version");
    m = s->last;
    m.id[0] ^= 2;
    m.agreement_digest = other;
    assert_int_equal(story_resend(s, &m), 403);
    expect_refused(403, ENT_REFUSED, "agreement version");
    m = s->last;
    m.id[0] ^= 3;
    m.agreement = "unheard-of";
    assert_int_equal(story_resend(s, &m), 403);
    expect_refused(403, ENT_REFUSED, "no agreement");
}

/* Quota: as many as the day grants, then refused with the article; the next day it is full again. */
static void quota_exhausted(void **state)
{
    (void)state;
    for (int i = 0; i < STORY_PER_DAY; i++) assert_false(ask(2).refused);
    ent_search_result r = ask(2);
    assert_true(r.refused);
    assert_string_equal(r.clause, "Art. 6(2)");
    expect_refused(429, ENT_QUOTA, "Art. 6(2)");
    story_pass(s, 86400000);
    assert_false(ask(2).refused);
}

/* A question that waits to be delivered, with texts of its own. */
typedef struct waiting {
    pthread_t thread;
    ent_message m;
    char *proof;
    void *body;
    int status;
} waiting;

static void *deliver(void *self)
{
    waiting *q = self;
    int64_t release;
    ENT_AUTO_BUF answer = ENT_BUF(1 << 16);
    ent_arrival a = {.message = q->m, .received = s->clock.now, .signature_base = "base"};
    snprintf(a.partner, sizeof a.partner, "%s", s->requester.name);
    ent_inbox inbox = ent_flow_inbox(s->holder.flow);
    inbox.receive(inbox.self, &a, &q->status, &answer, &release);
    return NULL;
}

/* Quota: twice as many at the same time; exactly what the day grants is answered, each refusal is written down. */
static void quota_in_parallel(void **state)
{
    (void)state;
    waiting q[2 * STORY_PER_DAY];
    int answered = 0, refused = 0;
    s->down = true; /* asked, and kept here */
    for (int i = 0; i < 2 * STORY_PER_DAY; i++) {
        ent_search_result r;
        ent_err err = {0};
        assert_int_equal(story_search(s, 2, 1, &r, &err), ENT_UNREACHABLE);
        q[i] = (waiting){.m = s->last, .proof = strdup(s->last_proof), .body = malloc(s->last.body_len)};
        memcpy(q[i].body, s->last.body, s->last.body_len);
        q[i].m.proof = q[i].proof;
        q[i].m.body = q[i].body;
    }
    uint64_t size = ledger_size(&s->holder);
    for (int i = 0; i < 2 * STORY_PER_DAY; i++) pthread_create(&q[i].thread, NULL, deliver, &q[i]);
    for (int i = 0; i < 2 * STORY_PER_DAY; i++) {
        pthread_join(q[i].thread, NULL);
        answered += q[i].status == 200;
        refused += q[i].status == 429;
        free(q[i].proof);
        free(q[i].body);
    }
    assert_int_equal(answered, STORY_PER_DAY);
    assert_int_equal(refused, STORY_PER_DAY);
    assert_int_equal(ledger_size(&s->holder), size + 2 * STORY_PER_DAY);
}

/* Partner offline: no answer is told as such, written down, and is never "no hit". */
static void partner_offline(void **state)
{
    (void)state;
    ent_search_result r;
    ent_err err = {0};
    uint64_t before = ledger_size(&s->requester);
    s->down = true;
    assert_int_equal(story_search(s, 0, 1, &r, &err), ENT_UNREACHABLE);
    assert_int_equal(ledger_size(&s->requester), before + 2); /* asked, and how it ended */
    s->down = false;
    assert_true(ask(0).hit);
}

/* Agreement's dates: expired at the requester, and at a holder whose requester does not care. */
static void expired(void **state)
{
    (void)state;
    ent_search_result r;
    ent_err err = {0};
    ask(0);
    story_pass(s, 480LL * 86400000);
    assert_int_equal(story_search(s, 0, 1, &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "in-force.until"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(hit_and_no_hit_look_alike), CASE(same_id_same_body), CASE(same_id_other_body), CASE(after_restart),
        CASE(after_destruction), CASE(after_suspension), CASE(answer_lost), CASE(without_proof_of_asked),
        CASE(other_agreement), CASE(quota_exhausted), CASE(quota_in_parallel), CASE(partner_offline), CASE(expired),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
