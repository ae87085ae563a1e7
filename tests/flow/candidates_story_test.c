/* A search that names more than one record: each is examined, concluded, disclosed, recalled and forgotten by itself, and the partner does
 * not learn how many there were. */
#include "flow/examining.h"

#include "flow/audit/audit.h"
#include "flow/receipt/receipt.h"
#include "flow/report/report.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 21);
    s->named = true;
    s->candidates = 3;
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

/* One finger was taken at `arrests` arrests, and others were. */
static void taken_before(story *s, uint32_t arrests, ent_enrolled ret[])
{
    for (uint32_t i = 0; i < arrests; i++) assert_int_equal(story_enrol(s, 3, 2 * i, &ret[i]), ENT_OK);
    assert_int_equal(story_enrol(s, 4, 0, &(ent_enrolled){0}), ENT_OK);
    assert_int_equal(story_enrol(s, 5, 0, &(ent_enrolled){0}), ENT_OK);
}

static ent_search_id search(story *s, uint32_t finger, bool hits)
{
    ent_search_result r;
    ent_err err = {0};
    if (story_search(s, finger, 1, "threat-check", &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(r.hit, hits);
    ent_buf_free(&r.receipt);
    return r.reference;
}

/* The number of each candidate, the search's own first. */
static size_t candidates_of(story *s, const ent_search_id *reference, ent_search_id ret[4])
{
    ent_search_view v = story_search_at(&s->gb, reference);
    ret[0] = *reference;
    for (size_t i = 0; i < v.other_count; i++) ret[i + 1] = v.other[i];
    return v.other_count + 1;
}

static const uint8_t *case_of(const story_cases *c, const ent_search_id *candidate)
{
    for (size_t i = 0; i < c->count; i++)
        if (ent_id_equal(c->view[i].reference.b, candidate->b)) return c->view[i].id;
    fail_msg("no case of this candidate");
    return NULL;
}

static void both_conclude(story *s, const ent_search_id *candidate, ent_finding f)
{
    story_cases c = story_cases_of(&s->gb, &s->gb.custodian);
    uint8_t id[ENT_ID_SIZE];
    memcpy(id, case_of(&c, candidate), sizeof id);
    story_examine(&s->gb, &s->gb.examiner, id, f);
    story_examine(&s->gb, &s->gb.second, id, f);
}

static bool probe_is_kept(story *s, const ent_search_id *reference)
{
    ENT_AUTO_BUF row = ENT_BUF(1 << 24);
    return s->gb.c.store.get(s->gb.c.store.self, ENT_TABLE_PROBES, reference->b, ENT_ID_SIZE, &row, NULL) == ENT_OK;
}

static const char *told(story *s, const ent_search_id *reference)
{
    static ent_search_view v;
    v = story_search_at(&s->us, reference);
    return v.outcome;
}

static ent_code disclose(story *s, const ent_search_id *candidate, ent_disclosed *ret) { return ent_flow_disclose(s->gb.flow, &s->gb.custodian, candidate->b, 0, ret, NULL); }

/* ---- ledgers, as an auditor has them ---- */

static ent_entry *entries_of(story_node *n, size_t *ret_count)
{
    ent_ledger *l = &n->c.ledger;
    *ret_count = l->size(l->self);
    ent_entry *e = calloc(*ret_count + 1, sizeof *e);
    for (size_t i = 0; i < *ret_count; i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        assert_int_equal(l->read(l->self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e[i], NULL), ENT_OK);
    }
    return e;
}

static void see_finding(void *ctx, const ent_audit_finding *f)
{
    size_t *rules = ctx;
    rules[f->rule]++;
}

/* Both ledgers against each other under the agreement, of which `candidates` is changed. */
static ent_audit_counts audit(story *s, unsigned candidates, size_t rules[ENT_AUDIT_RULE_COUNT])
{
    ent_audit_side side[2] = {{.name = "gb.example"}, {.name = "us.example"}};
    ent_audit_counts counts;
    ent_doc *doc;
    ent_agreement *a;
    ent_envelope e;
    ENT_AUTO_BUF text = ENT_BUF(1 << 20);
    memset(rules, 0, ENT_AUDIT_RULE_COUNT * sizeof *rules);
    side[0].entries = entries_of(&s->gb, &side[0].count);
    side[1].entries = entries_of(&s->us, &side[1].count);
    assert_int_equal(ent_flow_agreement_envelope(s->gb.flow, "deal", &text, NULL), ENT_OK);
    assert_int_equal(ent_envelope_decode(text.data, text.len, &e, NULL), ENT_OK);
    assert_int_equal(ent_yaml_read(e.file, e.file_len, "deal", &doc, NULL), ENT_OK);
    assert_int_equal(ent_agreement_read(doc, &a, NULL), ENT_OK);
    a->flow[0].candidates = (uint16_t)candidates;
    assert_int_equal(ent_audit(side, 2, &(ent_audit_text){&e, a}, 1, see_finding, rules, &counts, NULL), ENT_OK);
    ent_agreement_free(a);
    ent_doc_free(doc);
    ent_envelope_free(&e);
    free((void *)(uintptr_t)side[0].entries);
    free((void *)(uintptr_t)side[1].entries);
    return counts;
}

/* ---- the stories ---- */

/* Two arrests of the traveller are named, nobody else; each has a case, an outcome and a disclosure of its own; the partner is told when the
 * last is concluded, and the probe goes then. */
static void each_by_itself(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_search_id number[4];
    ent_disclosed d;
    taken_before(s, 2, e);
    ent_search_id reference = search(s, 3, true);
    assert_int_equal(candidates_of(s, &reference, number), 2);
    assert_int_equal(story_cases_of(&s->gb, &s->gb.custodian).count, 2);
    both_conclude(s, &number[0], ENT_FINDING_IDENTIFIED);
    assert_true(probe_is_kept(s, &reference));
    assert_string_equal(told(s, &reference), "");
    assert_int_equal(disclose(s, &number[1], &d), ENT_REFUSED); /* the other's conclusion is not its own */
    assert_int_equal(disclose(s, &number[0], &d), ENT_OK);
    both_conclude(s, &number[1], ENT_FINDING_EXCLUDED);
    assert_false(probe_is_kept(s, &reference));
    assert_string_equal(told(s, &reference), "confirmed");
    assert_string_equal(story_search_at(&s->gb, &number[1]).outcome, "not confirmed");
    assert_int_equal(disclose(s, &number[1], &d), ENT_REFUSED);
    story_kept k = story_kept_at(&s->us);
    assert_int_equal(k.count, 1);
    assert_memory_equal(k.at[0].reference.b, reference.b, ENT_ID_SIZE);
}

/* Both are identified: two disclosures with two case numbers, and each is recalled with its own record alone. */
static void each_recalled(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_search_id number[4];
    ent_disclosed d[2];
    ent_destroyed gone;
    taken_before(s, 2, e);
    ent_search_id reference = search(s, 3, true);
    assert_int_equal(candidates_of(s, &reference, number), 2);
    for (int i = 1; i >= 0; i--) {
        both_conclude(s, &number[i], ENT_FINDING_IDENTIFIED);
        assert_int_equal(disclose(s, &number[i], &d[i]), ENT_OK);
        assert_true(d[i].told);
    }
    story_kept k = story_kept_at(&s->us);
    assert_int_equal(k.count, 2);
    assert_false(ent_id_equal(k.at[0].candidate.b, k.at[1].candidate.b));
    size_t of = 0; /* the arrest whose record is the other candidate's */
    for (size_t i = 0; i < 2; i++)
        for (size_t p = 0; p < e[i].part_count; p++)
            if (ent_id_equal(e[i].part[p].id.b, story_search_at(&s->gb, &number[1]).candidate.b)) of = i;
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[of].encounter.b, "due", &gone, NULL), ENT_OK);
    k = story_kept_at(&s->us);
    assert_int_equal(k.count, 1);
    assert_memory_equal(k.at[0].candidate.b, reference.b, ENT_ID_SIZE);
    ENT_AUTO_BUF proof = ENT_BUF(65536);
    ent_disclosure_view v;
    ent_entry undertaken;
    assert_int_equal(ent_flow_undertaking(s->gb.flow, &s->gb.custodian, d[0].id, &v, &proof, NULL), ENT_NOT_FOUND);
    assert_int_equal(ent_flow_undertaking(s->gb.flow, &s->gb.custodian, d[1].id, &v, &proof, NULL), ENT_OK);
    assert_int_equal(ent_partner_says(s->gb.flow, "us.example", (const char *)proof.data, proof.len, &undertaken, NULL, NULL), ENT_OK);
    assert_int_equal(undertaken.kind, ENT_ENTRY_DESTROYED);
    assert_memory_equal(undertaken.case_number.b, number[1].b, ENT_ID_SIZE);
}

/* A retry gets the answer while one of the named is held, and 410 when the last has gone; cases of what went are withdrawn, the others' go on. */
static void records_go(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_destroyed gone;
    ENT_AUTO_BUF body = ENT_BUF(1 << 16);
    taken_before(s, 2, e);
    ent_search_id reference = search(s, 3, true);
    ent_message again = {.kind = ENT_MESSAGE_SEARCH, .agreement = "deal", .agreement_version = 1, .agreement_digest = s->digest, .flow = "check", .purpose = "threat-check",
                         .proof = s->last_proof, .crossing = s->last_pledge, .body = s->last_request.data, .body_len = s->last_request.len};
    memcpy(again.id, s->last_id, ENT_ID_SIZE);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[0].encounter.b, "due", &gone, NULL), ENT_OK);
    assert_true(probe_is_kept(s, &reference));
    assert_string_equal(told(s, &reference), "");
    assert_int_equal(story_deliver(s, &again, &body), 200);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[1].encounter.b, "due", &gone, NULL), ENT_OK);
    assert_false(probe_is_kept(s, &reference));
    assert_string_equal(told(s, &reference), "withdrawn");
    ent_buf_clear(&body);
    assert_int_equal(story_deliver(s, &again, &body), 410);
    story_cases c = story_cases_of(&s->gb, &s->gb.custodian);
    for (size_t i = 0; i < c.count; i++) assert_int_equal(c.view[i].state, ENT_CASE_WITHDRAWN);
}

/* Linked arrests go together: the probe goes with the last, and the partner is told once. */
static void linked_records_go(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_destroyed gone;
    taken_before(s, 2, e);
    assert_int_equal(ent_flow_link(s->gb.flow, &s->gb.custodian, e[0].encounter.b, e[1].encounter.b, NULL), ENT_OK);
    ent_search_id reference = search(s, 3, true), number[4];
    assert_int_equal(candidates_of(s, &reference, number), 2);
    for (int i = 0; i < 2; i++) assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e[i].encounter.b, "unlawful", &gone, NULL), ENT_OK);
    assert_false(probe_is_kept(s, &reference));
    assert_string_equal(told(s, &reference), "withdrawn");
    for (int i = 0; i < 2; i++) assert_true(ent_id_is_zero(story_search_at(&s->gb, &number[i]).candidate.b));
}

/* Time ends for every candidate that is open; one that was excluded before does not make the rest a refusal. */
static void time_ends(void **state)
{
    story *s = *state;
    ent_enrolled e[3];
    ent_search_id number[4];
    taken_before(s, 3, e);
    ent_search_id reference = search(s, 3, true);
    assert_int_equal(candidates_of(s, &reference, number), 3); /* as many as the agreement grants */
    both_conclude(s, &number[2], ENT_FINDING_EXCLUDED);
    s->clock.now.ms += 16 * 60000;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_false(probe_is_kept(s, &reference));
    assert_string_equal(told(s, &reference), "unresolved");
}

/* All were excluded: the slip leaves out every one of them, and the traveller is not stopped again. */
static void slip_leaves_out_all(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_search_id number[4];
    ent_search_result r;
    ent_slip_view v;
    ent_err err = {0};
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1), again = ENT_BUF(1), slip = ENT_BUF(8192);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    taken_before(s, 2, e);
    story_print(3, 1, &png);
    story_capture(&s->us, &png, &file);
    assert_int_equal(ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, NULL), ENT_OK);
    assert_int_equal(candidates_of(s, &r.reference, number), 2);
    ent_buf_free(&r.receipt);
    for (int i = 0; i < 2; i++) both_conclude(s, &number[i], ENT_FINDING_EXCLUDED);
    assert_string_equal(told(s, &r.reference), "not confirmed");
    ent_redress_ask ask = {.reference = r.reference, .consent = true};
    if (ent_flow_redress_issue(s->us.flow, &s->us.officer, file.data, file.len, &ask, &slip, &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    o.slip = slip.data, o.slip_len = slip.len;
    ent_buf_u32(&png, 7);
    story_capture(&s->us, &png, &again);
    if (ent_flow_search(s->us.flow, &s->us.officer, again.data, again.len, &o, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_false(r.hit);
    ent_buf_free(&r.receipt);
}

/* What the partner can see is the same for one candidate as for three: size and time of the answer, the ledger's growth beside it, and no entry of
 * the examinations can be had. */
static void nothing_tells_how_many(void **state)
{
    story *s = *state;
    ent_enrolled e[3];
    size_t grown[2], size[2];
    int64_t took[2];
    assert_int_equal(story_enrol(s, 6, 0, &(ent_enrolled){0}), ENT_OK);
    taken_before(s, 3, e);
    for (int i = 0; i < 2; i++) {
        size_t before = s->gb.c.ledger.size(s->gb.c.ledger.self);
        int64_t from = s->clock.monotonic;
        ent_search_id number[4], reference = search(s, i ? 3 : 6, true);
        assert_int_equal(candidates_of(s, &reference, number), i ? 3 : 1);
        grown[i] = s->gb.c.ledger.size(s->gb.c.ledger.self) - before;
        took[i] = s->last_release - from;
        ENT_AUTO_BUF body = ENT_BUF(1 << 16);
        ent_message again = {.kind = ENT_MESSAGE_SEARCH, .agreement = "deal", .agreement_version = 1, .agreement_digest = s->digest, .flow = "check", .purpose = "threat-check",
                             .proof = s->last_proof, .crossing = s->last_pledge, .body = s->last_request.data, .body_len = s->last_request.len};
        memcpy(again.id, s->last_id, ENT_ID_SIZE);
        assert_int_equal(story_deliver(s, &again, &body), 200);
        size[i] = body.len;
    }
    assert_int_equal(grown[0], grown[1]);
    assert_int_equal(took[0], took[1]);
    assert_int_equal(size[0], size[1]);
}

/* The auditor counts them from the ledgers, finds each disclosure confirmed by itself, and tells when there were more than the agreement
 * grants; the year's report adds up. */
static void audited(void **state)
{
    story *s = *state;
    ent_enrolled e[2];
    ent_search_id number[4];
    ent_disclosed d;
    size_t rules[ENT_AUDIT_RULE_COUNT];
    taken_before(s, 2, e);
    ent_search_id reference = search(s, 3, true);
    assert_int_equal(candidates_of(s, &reference, number), 2);
    both_conclude(s, &number[1], ENT_FINDING_IDENTIFIED);
    assert_int_equal(disclose(s, &number[1], &d), ENT_OK);
    both_conclude(s, &number[0], ENT_FINDING_EXCLUDED);
    ent_audit_counts c = audit(s, 3, rules);
    assert_int_equal(c.findings, 0);
    assert_int_equal(c.further, 1);
    c = audit(s, 1, rules);
    assert_int_equal(c.findings, 1);
    assert_int_equal(rules[ENT_AUDIT_CANDIDATES], 1);
    ent_report *r;
    size_t count;
    ent_entry *entries = entries_of(&s->gb, &count);
    assert_int_equal(ent_report_make(&(ent_audit_side){"gb.example", entries, count, NULL}, NULL, 0, 2026, &r, NULL), ENT_OK);
    static const uint64_t expected[][2] = {{ENT_REPORT_HIT, 1}, {ENT_REPORT_FURTHER, 1}, {ENT_REPORT_CANDIDATES, 2}, {ENT_REPORT_CONFIRMED, 1}, {ENT_REPORT_REJECTED, 1}, {ENT_REPORT_UNRESOLVED, 0}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) assert_int_equal(r->sum[expected[i][0]].value, expected[i][1]);
    assert_true(r->sum[ENT_REPORT_FURTHER].hidden);
    ent_report_free(r);
    free(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(each_by_itself), STORY(each_recalled), STORY(records_go), STORY(linked_records_go), STORY(time_ends),
                                       STORY(slip_leaves_out_all), STORY(nothing_tells_how_many), STORY(audited)};
    return cmocka_run_group_tests_name("candidates_story", tests, NULL, NULL);
}
