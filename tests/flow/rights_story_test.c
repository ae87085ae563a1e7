/* What an agreement grants beside the search itself: asking on behalf of a third party, and giving on to one what was received. */
#include "flow/disclosure/onward.h"
#include "flow/disclosure/record.h"
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
    assert_string_equal(story_kept_at(&s->us).at[0].on_behalf_of, "fr.example");
    if (search_for(s, "", NULL, &r, &err) != ENT_OK) fail_msg("%s", err.detail); /* for itself: nobody */
    ent_buf_free(&r.receipt);
    assert_int_equal(latest(&s->gb, ENT_ENTRY_ANSWERED_HIT).party, 0);
}

static void see_target(void *ctx, const ent_search_target *t)
{
    assert_true(t->allowed);
    assert_int_equal(t->for_count, 1);
    assert_string_equal(t->for_whom[0], "fr.example");
    ++*(size_t *)ctx;
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
    static const char *const whom[] = {"", "fr.example", "de.example"};
    for (size_t i = 0, found; i < 3; i++) {
        found = 0;
        assert_int_equal(ent_flow_search_targets(s->us.flow, "threat-check", whom[i], false, see_target, &found, NULL), ENT_OK);
        assert_int_equal(found, i < 2);
    }
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

/* ---- onward ---- */

static void agree_onward(story *s, const char *onward)
{
    static unsigned version = 1;
    s->onward = onward;
    story_agree(s, ++version, 100);
}

/* A confirmed hit whose fields us received. `seeks` as above. */
static void received(story *s, uint32_t finger, const char *seeks, ent_enrolled *ret_enrolled, uint8_t ret_id[ENT_ID_SIZE])
{
    ent_search_result r;
    ent_disclosed d;
    ent_err err = {0};
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal", .purpose = "threat-check"};
    ent_crossing c = story_crossing(&s->us);
    c.protection = seeks != NULL;
    if (seeks) snprintf(c.feared[c.feared_count++], sizeof c.feared[0], "%s", seeks);
    assert_int_equal(story_enrol(s, finger, 0, ret_enrolled), ENT_OK);
    story_print(finger, 1, &png);
    story_state(&c, &png, &file);
    if (ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(r.hit);
    ent_buf_free(&r.receipt);
    story_cases k = story_cases_of(&s->gb, &s->gb.custodian);
    for (size_t i = 0; i < k.count; i++) {
        if (!ent_id_equal(k.view[i].reference.b, r.reference.b)) continue;
        story_examine(&s->gb, &s->gb.examiner, k.view[i].id, ENT_FINDING_IDENTIFIED);
        story_examine(&s->gb, &s->gb.second, k.view[i].id, ENT_FINDING_IDENTIFIED);
    }
    if (ent_flow_disclose(s->gb.flow, &s->gb.custodian, r.reference.b, 0, &d, &err) != ENT_OK) fail_msg("%s", err.detail);
    memcpy(ret_id, d.id, ENT_ID_SIZE);
}

struct onward_here {
    size_t count;
    ent_onward_view at[8];
};

static void see_onward(void *ctx, const ent_onward_view *v)
{
    struct onward_here *o = ctx;
    o->at[o->count++] = *v;
}

static struct onward_here onward(story_node *n)
{
    struct onward_here o = {0};
    assert_int_equal(ent_flow_onward(n->flow, &n->custodian, see_onward, &o, NULL), ENT_OK);
    return o;
}

static void see_name(void *ctx, const char *field, uint8_t finger, const void *value, size_t len)
{
    (void)finger;
    if (strcmp(field, "name") == 0) snprintf(ctx, 64, "%.*s", (int)len, (const char *)value);
}

/* Asked for, authorised by the holder's custodian, given: the third party has the fields until the same day, and all three ledgers know the copy
 * by one number. The holder's recall goes on to it, and its undertaking comes back. */
static void given_on(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed gone;
    ent_onward_view v;
    ent_kept_view opened;
    ent_err err = {0};
    uint8_t id[ENT_ID_SIZE];
    char name[64] = "";
    agree_onward(s, "{ to: [fr.example], authorisation: each-time }");
    received(s, 3, NULL, &e, id);
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.officer, id, "fr.example", &v, NULL), ENT_DENIED);
    if (ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(v.state, ENT_ONWARD_ASKED);
    assert_int_equal(story_kept_at(&s->fr).count, 0); /* nothing left */
    struct onward_here there = onward(&s->gb);
    assert_int_equal(there.count, 1);
    assert_int_equal(ent_flow_onward_decide(s->gb.flow, &s->gb.officer, there.at[0].id, true, &v, NULL), ENT_DENIED);
    assert_int_equal(ent_flow_onward_decide(s->gb.flow, &s->gb.custodian, there.at[0].id, true, &v, &err), ENT_OK);
    assert_int_equal(ent_flow_onward_decide(s->gb.flow, &s->gb.custodian, there.at[0].id, false, &v, &err), ENT_CONFLICT); /* said once */
    assert_int_equal(story_kept_at(&s->fr).count, 0); /* a person gives it, the word alone does not */
    if (ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(v.state, ENT_ONWARD_THERE);
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err), ENT_EXISTS);
    story_kept theirs = story_kept_at(&s->fr), own = story_kept_at(&s->us);
    const ent_kept_view *k = &theirs.at[0];
    assert_int_equal(theirs.count, 1);
    assert_string_equal(k->partner, "us.example");
    assert_string_equal(k->given_on_of, "gb.example");
    assert_int_equal(own.count, 1);
    assert_int_equal(ent_date_compare(k->until, own.at[0].until), 0);
    assert_false(ent_id_equal(k->reference.b, own.at[0].reference.b)); /* nothing leads back to the search */
    assert_int_equal(ent_flow_kept_open(s->fr.flow, &s->fr.officer, k->id, see_name, name, &opened, &err), ENT_OK);
    assert_string_equal(name, "Exempla, Jane");
    ent_entry left = latest(&s->us, ENT_ENTRY_EXPORTED), word = latest(&s->gb, ENT_ENTRY_APPROVED), came = latest(&s->fr, ENT_ENTRY_KEPT);
    assert_string_equal(left.clause, "onward: given on");
    assert_int_equal(left.party, 3);
    assert_int_equal(word.party, 3);
    assert_memory_equal(left.case_number.b, word.case_number.b, ENT_ID_SIZE);
    assert_memory_equal(left.case_number.b, came.case_number.b, ENT_ID_SIZE);
    assert_int_equal(ent_flow_give_on(s->fr.flow, &s->fr.custodian, k->id, "us.example", &v, &err), ENT_REFUSED); /* and no further */
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "unlawful", &gone, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    assert_int_equal(onward(&s->us).at[0].state, ENT_ONWARD_RECALLED);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->fr).count, 0);
    assert_int_equal(onward(&s->us).at[0].state, ENT_ONWARD_GONE);
    assert_true(onward(&s->us).at[0].undertaken.ms != 0);
    assert_string_equal(latest(&s->fr, ENT_ENTRY_DESTROYED).clause, "recalled: destroyed");
}

/* To whom the agreement does not name, against the holder's word, without it, or to a country that the traveller fears, nothing goes. */
static void not_given_on(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_onward_view v;
    ent_err err = {0};
    uint8_t id[ENT_ID_SIZE];
    agree_onward(s, "never");
    received(s, 3, NULL, &e, id);
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "onward"));
    agree_onward(s, "with-authorisation");
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "de.example", &v, &err), ENT_REFUSED);
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err), ENT_OK);
    assert_int_equal(ent_flow_onward_decide(s->gb.flow, &s->gb.custodian, onward(&s->gb).at[0].id, false, &v, &err), ENT_OK);
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "authorise"));
    agree_onward(s, "{ to: [fr.example], authorisation: given }");
    received(s, 4, "FRA", &e, id);
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err), ENT_REFUSED);
    assert_non_null(strstr(err.detail, "protection"));
    received(s, 5, "SYR", &e, id); /* a claim that bars somebody else */
    if (ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(story_kept_at(&s->fr).count, 1);
    received(s, 6, "SYR", &e, id);
    agree_onward(s, "{ to: [fr.example], authorisation: given }"); /* parties may stand in another order now: nobody knows whom the claim bars */
    assert_int_equal(ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err), ENT_REFUSED);
}

/* The line to the third party is down while it is given and recalled: what waits is not sent any more, and what was called back is not taken. */
static void recalled_on_its_way(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed gone;
    ent_onward_view v;
    ent_err err = {0};
    ent_flow_counts c;
    uint8_t id[ENT_ID_SIZE];
    agree_onward(s, "{ to: [fr.example], authorisation: given }");
    received(s, 3, NULL, &e, id);
    s->line_down = true;
    if (ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(v.state, ENT_ONWARD_GIVEN);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "unlawful", &gone, NULL), ENT_OK);
    s->line_down = false;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK); /* the recall reaches us before the copy left */
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->fr).count, 0);
    assert_int_equal(onward(&s->us).at[0].state, ENT_ONWARD_GONE);
    ent_flow_count(s->us.flow, &c);
    assert_int_equal(c.queue, 0);
}

/* ---- the requester's examiners ---- */

/* The clock's round on that day, years hence. */
static struct onward_here onward_on(story *s, ent_date day)
{
    while (ent_date_compare(ent_time_date(s->clock.now), day) < 0) s->clock.now.ms += 86400000;
    assert_int_equal(ent_date_compare(ent_time_date(s->clock.now), day), 0);
    pthread_mutex_lock(&s->us.flow->lock);
    assert_int_equal(ent_onward_tick(s->us.flow, NULL), ENT_OK);
    pthread_mutex_unlock(&s->us.flow->lock);
    return onward(&s->us);
}

/* What was given on stands for six years, the anniversary's day too, and is gone the day after; one whose recall waits for its undertaking
 * stands until that is there. */
static void row_has_its_years(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed gone;
    ent_onward_view v;
    ent_err err = {0};
    uint8_t id[ENT_ID_SIZE];
    agree_onward(s, "{ to: [fr.example], authorisation: given }");
    received(s, 4, NULL, &e, id);
    if (ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    received(s, 5, NULL, &e, id);
    if (ent_flow_give_on(s->us.flow, &s->us.custodian, id, "fr.example", &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "unlawful", &gone, NULL), ENT_OK);
    ent_date last = ent_date_add(ent_time_date(v.at), ENT_DISCLOSURE_KEPT_YEARS, 0, 0);
    assert_int_equal(onward_on(s, ent_date_add(last, 0, 0, -1)).count, 2);
    assert_int_equal(onward_on(s, last).count, 2);
    struct onward_here left = onward_on(s, ent_date_add(last, 0, 0, 1));
    assert_int_equal(left.count, 1);
    assert_int_equal(left.at[0].state, ENT_ONWARD_RECALLED);
    assert_int_equal(onward_on(s, ent_date_add(last, 1, 0, 0)).count, 1);
}

static ent_code conclude_here(story *s, const ent_actor *who, const uint8_t *id, ent_finding f, unsigned version, ent_kept_conclusion *ret)
{
    static const char reasons[] = "level 2 detail in agreement with the traveller's print";
    char text[ENT_CASE_SIGNED];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_secret_key secret;
    ent_case_conclusion_text(id, f, version, reasons, sizeof reasons - 1, text);
    story_secret(who->name, &secret);
    ent_sign(&secret, text, strlen(text), signature);
    return ent_flow_kept_conclude(s->us.flow, who, id, f, reasons, sizeof reasons - 1, signature, ret, NULL);
}

static ent_search_id hit_there(story *s)
{
    ent_search_result r;
    ent_err err = {0};
    assert_int_equal(story_enrol(s, 3, 0, &(ent_enrolled){0}), ENT_OK);
    if (search_for(s, "", NULL, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(r.hit);
    ent_buf_free(&r.receipt);
    return r.reference;
}

/* Both sides' examiners: the image leaves on the hit as a disclosure of its own; the name when two here and two there have identified, and not
 * before; a conclusion that is changed afterwards calls everything back. */
static void both_sides_confirm(void **state)
{
    story *s = *state;
    ent_disclosed image, name;
    ent_kept_conclusion c;
    s->confirm = "both";
    story_agree(s, 2, 100);
    ent_search_id reference = hit_there(s);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_NAME, &name, NULL), ENT_REFUSED);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 0, &image, NULL), ENT_OK);
    assert_int_equal(image.fields, 1u << ENT_FIELD_FINGERPRINT_IMAGE);
    story_cases cases = story_cases_of(&s->gb, &s->gb.custodian);
    story_examine(&s->gb, &s->gb.examiner, cases.view[0].id, ENT_FINDING_IDENTIFIED);
    story_examine(&s->gb, &s->gb.second, cases.view[0].id, ENT_FINDING_IDENTIFIED);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_NAME, &name, NULL), ENT_REFUSED);
    assert_int_equal(conclude_here(s, &s->us.officer, image.id, ENT_FINDING_IDENTIFIED, 1, &c), ENT_DENIED);
    assert_int_equal(conclude_here(s, &s->us.examiner, image.id, ENT_FINDING_IDENTIFIED, 2, &c), ENT_SIGNATURE); /* not the version that is next */
    assert_int_equal(conclude_here(s, &s->us.examiner, image.id, ENT_FINDING_IDENTIFIED, 1, &c), ENT_OK);
    assert_int_equal(c.concluded, 1);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_NAME, &name, NULL), ENT_REFUSED);
    assert_int_equal(conclude_here(s, &s->us.second, image.id, ENT_FINDING_IDENTIFIED, 1, &c), ENT_OK);
    assert_int_equal(c.concluded, c.needed);
    assert_string_equal(latest(&s->us, ENT_ENTRY_EXAMINED).clause, "conclusion: identified");
    assert_memory_equal(latest(&s->us, ENT_ENTRY_EXAMINED).case_number.b, reference.b, ENT_ID_SIZE);
    assert_string_equal(latest(&s->gb, ENT_ENTRY_EXAMINED).clause, "the requester's examiners concluded");
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_NAME, &name, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 2); /* the picture and the name */
    assert_int_equal(conclude_here(s, &s->us.second, image.id, ENT_FINDING_EXCLUDED, 2, &c), ENT_OK);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 0, &name, NULL), ENT_REFUSED);
}

/* The requester's alone: no case at the holder, and an inconclusive word there lets nothing leave. */
static void requester_confirms(void **state)
{
    story *s = *state;
    ent_disclosed image, name;
    ent_kept_conclusion c;
    s->confirm = "requester";
    story_agree(s, 2, 100);
    ent_search_id reference = hit_there(s);
    assert_int_equal(story_cases_of(&s->gb, &s->gb.custodian).count, 0);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 0, &image, NULL), ENT_OK);
    assert_int_equal(conclude_here(s, &s->us.examiner, image.id, ENT_FINDING_IDENTIFIED, 1, &c), ENT_OK);
    assert_int_equal(conclude_here(s, &s->us.second, image.id, ENT_FINDING_INCONCLUSIVE, 1, &c), ENT_OK);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_NAME, &name, NULL), ENT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {STORY(on_behalf), STORY(only_for_whom_it_lists), STORY(never_for_whom_they_flee), STORY(given_on), STORY(not_given_on), STORY(recalled_on_its_way), STORY(row_has_its_years), STORY(both_sides_confirm), STORY(requester_confirms)};
    return cmocka_run_group_tests_name("rights_story", tests, NULL, NULL);
}
