/* What an agreement grants beside the search itself: asking on behalf of a third party. */
#include "flow/examining.h"

#include "flow/receipt/receipt.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 22);
    story_third(s);
    s->named = true;
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

static int end(void **state)
{
    story_end(*state);
    free(*state);
    return 0;
}

#define STORY(f) cmocka_unit_test_setup_teardown(f, begin, end)

/* A search for somebody else. `seeks`: the traveller claims protection and names this country. */
static ent_code search_for(story *s, const char *party, const char *seeks, ent_search_result *ret, ent_err *err)
{
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    ent_crossing c = story_crossing(&s->us);
    snprintf(o.on_behalf_of, sizeof o.on_behalf_of, "%s", party);
    c.protection = seeks != NULL;
    if (seeks) snprintf(c.feared[c.feared_count++], sizeof c.feared[0], "%s", seeks);
    story_print(3, 1, &png);
    ent_buf_u32(&png, ++s->captures);
    story_state(&c, &png, &file);
    return ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, ret, err);
}

static ent_entry latest(story_node *n, ent_entry_kind kind)
{
    ent_ledger *l = &n->c.ledger;
    for (uint64_t i = l->size(l->self); i-- > 0;) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        assert_int_equal(l->read(l->self, i, bytes, NULL), ENT_OK);
        assert_int_equal(ent_entry_decode(bytes, &e, NULL), ENT_OK);
        if (e.kind == kind) return e;
    }
    fail_msg("no entry of kind %d", (int)kind);
    return (ent_entry){0};
}

static void see_last_kept(void *ctx, const ent_kept_view *v) { *(ent_kept_view *)ctx = *v; }

/* Both ledgers say for whom, from the question to what is kept of the answer; so do both nodes' rows and the disclosure itself. */
static void on_behalf(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_disclosed d;
    ent_err err = {0};
    assert_int_equal(story_enrol(s, 3, 0, &(ent_enrolled){0}), ENT_OK);
    if (search_for(s, "fr.example", NULL, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(r.hit);
    ent_buf_free(&r.receipt);
    assert_string_equal(story_search_at(&s->gb, &r.reference).on_behalf_of, "fr.example");
    assert_string_equal(story_search_at(&s->us, &r.reference).on_behalf_of, "fr.example");
    story_cases c = story_cases_of(&s->gb, &s->gb.custodian);
    story_examine(&s->gb, &s->gb.examiner, c.view[0].id, ENT_FINDING_IDENTIFIED);
    story_examine(&s->gb, &s->gb.second, c.view[0].id, ENT_FINDING_IDENTIFIED);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, r.reference.b, 0, &d, NULL), ENT_OK);
    static const ent_entry_kind there[] = {ENT_ENTRY_ANSWERED_HIT, ENT_ENTRY_EXAMINED, ENT_ENTRY_CLOSED, ENT_ENTRY_DISCLOSED}, here[] = {ENT_ENTRY_ASKED, ENT_ENTRY_RECEIVED, ENT_ENTRY_KEPT, ENT_ENTRY_CLOSED};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(latest(&s->gb, there[i]).party, 3); /* its place in the agreement */
        assert_int_equal(latest(&s->us, here[i]).party, 3);
    }
    ent_kept_view k = {0};
    assert_int_equal(ent_flow_kept(s->us.flow, &s->us.officer, see_last_kept, &k, NULL), ENT_OK);
    assert_string_equal(k.on_behalf_of, "fr.example");
    if (search_for(s, "", NULL, &r, &err) != ENT_OK) fail_msg("%s", err.detail); /* for itself: nobody */
    ent_buf_free(&r.receipt);
    assert_int_equal(latest(&s->gb, ENT_ENTRY_ANSWERED_HIT).party, 0);
}

/* For whom the agreement does not list nobody asks, and the holder refuses whoever does, with the clause; a proof of "asked" for one is none for
 * another. */
static void only_for_whom_it_lists(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err = {0};
    ENT_AUTO_BUF body = ENT_BUF(1 << 16);
    assert_int_equal(search_for(s, "de.example", NULL, &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "on-behalf-of"));
    if (search_for(s, "fr.example", NULL, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .id = {9}, .agreement = "deal", .agreement_version = 1, .agreement_digest = s->digest, .flow = "check", .purpose = "threat-check",
                     .proof = s->last_proof, .crossing = s->last_pledge, .on_behalf_of = "de.example", .body = s->last_request.data, .body_len = s->last_request.len};
    memcpy(m.id, r.reference.b, ENT_ID_SIZE);
    m.on_behalf_of = "";
    m.id[0] ^= 1; /* another message */
    assert_int_equal(story_deliver(s, &m, &body), 403);
    s->swallow = true; /* asked, and not answered: another party cannot take its place */
    assert_int_equal(search_for(s, "fr.example", NULL, &r, &err), ENT_UNREACHABLE);
    s->swallow = false;
    memcpy(m.id, s->last_id, ENT_ID_SIZE);
    m.proof = s->last_proof, m.crossing = s->last_pledge, m.body = s->last_request.data, m.body_len = s->last_request.len;
    ent_buf_clear(&body);
    assert_int_equal(story_deliver(s, &m, &body), 403);
    assert_non_null(strstr(ent_buf_cstr(&body), "proof of asked"));
}

/* On behalf of a country that the traveller fears, or that is their own, nobody is asked, though the holder's country would do. */
static void never_for_whom_they_flee(void **state)
{
    story *s = *state;
    ent_search_result r;
    ent_err err = {0};
    assert_int_equal(search_for(s, "fr.example", "FRA", &r, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "protection"));
    if (search_for(s, "", "FRA", &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
    if (search_for(s, "fr.example", "SYR", &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_free(&r.receipt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(on_behalf), STORY(only_for_whom_it_lists), STORY(never_for_whom_they_flee)};
    return cmocka_run_group_tests_name("rights_story", tests, NULL, NULL);
}
