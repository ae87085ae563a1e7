/* Between a hit and an identity: persons. The stories of cases, disclosures and recalls between two nodes. */
#include "flow/examination/machine.h"
#include "flow/examining.h"

#include "crypto/seal.h"
#include "flow/backup/purge.h"
#include "flow/disclosure/disclosure.h"

#include <string.h>

static int begin(void **state)
{
    story *s = calloc(1, sizeof *s);
    story_begin(s, 5);
    s->named = true;
    story_agree(s, 1, 100);
    *state = s;
    return 0;
}

/* A record, and a search that hits it. */
static ent_search_id hit(story *s, ent_enrolled *ret_enrolled)
{
    ent_search_result r;
    assert_int_equal(story_enrol(s, 3, 0, ret_enrolled), ENT_OK);
    assert_int_equal(story_enrol(s, 4, 0, &(ent_enrolled){0}), ENT_OK);
    assert_int_equal(story_search(s, 3, 1, "threat-check", &r, NULL), ENT_OK);
    assert_true(r.hit);
    ent_buf_free(&r.receipt);
    return r.reference;
}

struct pictures {
    size_t probes, candidates;
};

static void see_picture(void *ctx, bool candidate, uint8_t finger, const void *png, size_t len)
{
    struct pictures *p = ctx;
    (void)finger;
    assert_int_equal(ent_image_sniff(png, len), ENT_IMAGE_PNG);
    if (candidate) p->candidates++;
    else p->probes++;
}

static struct pictures look(story *s, const ent_actor *who, const uint8_t *id, ent_code expected)
{
    struct pictures p = {0};
    ent_case_view v;
    assert_int_equal(ent_flow_case_open(s->gb.flow, who, id, see_picture, &p, &v, NULL), expected);
    return p;
}

static ent_machine_view machine(story *s, const ent_actor *who, const uint8_t *id, ent_code expected)
{
    struct pictures p = {0};
    ent_machine_view v = {0};
    assert_int_equal(ent_flow_case_machine(s->gb.flow, who, id, see_picture, &p, &v, NULL), expected);
    assert_int_equal(p.candidates, expected == ENT_OK);
    assert_int_equal(p.probes, 0);
    return v;
}

static void sign_as(const ent_actor *who, const char *text, uint8_t ret[64])
{
    ent_secret_key secret;
    story_secret(who->name, &secret);
    ent_sign(&secret, text, strlen(text), ret);
}

static size_t rows(story_node *n, ent_table table, const void *key, size_t len)
{
    ENT_AUTO_BUF row = ENT_BUF(1 << 24);
    return n->c.store.get(n->c.store.self, table, key, len, &row, NULL) == ENT_OK;
}

/* The analysis sees the probe alone; the candidate comes when the analysis is locked; the second examiner never learns of the
 * first; when both identified, the probe is gone and the partner knows. */
static void by_ace_v(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_search_id reference = hit(s, &e);
    story_cases x = story_cases_of(&s->gb, &s->gb.examiner), y = story_cases_of(&s->gb, &s->gb.second);
    assert_int_equal(x.count, 1);
    assert_int_equal(y.count, 1);
    const uint8_t *id = x.view[0].id;
    struct pictures p = look(s, &s->gb.examiner, id, ENT_OK);
    assert_int_equal(p.probes, 1);
    assert_int_equal(p.candidates, 0);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED, 1, STORY_REASONS, NULL), ENT_CONFLICT); /* analysis first */
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, id, true, STORY_MARKS), ENT_OK);
    assert_int_equal(story_analyse(&s->gb, &s->gb.examiner, id, false, STORY_MARKS), ENT_CONFLICT); /* locked */
    p = look(s, &s->gb.examiner, id, ENT_OK);
    assert_int_equal(p.candidates, 1);
    p = look(s, &s->gb.second, id, ENT_OK);
    assert_int_equal(p.candidates, 0);
    ent_search_view v;
    assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.examiner, reference.b, &v, NULL), ENT_DENIED); /* no score yet */
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED, 1, STORY_REASONS, NULL), ENT_OK);
    machine(s, &s->gb.examiner, id, ENT_DENIED); /* nor after one's own conclusion, while others examine */
    assert_int_equal(story_cases_of(&s->gb, &s->gb.second).view[0].finding, ENT_FINDING_NONE);
    assert_true(rows(&s->gb, ENT_TABLE_PROBES, reference.b, 16));
    assert_string_equal(story_search_at(&s->us, &reference).outcome, "");
    story_examine(&s->gb, &s->gb.second, id, ENT_FINDING_IDENTIFIED);
    assert_false(rows(&s->gb, ENT_TABLE_PROBES, reference.b, 16));
    assert_string_equal(story_search_at(&s->gb, &reference).outcome, "confirmed");
    assert_string_equal(story_search_at(&s->us, &reference).outcome, "confirmed");
    assert_int_equal(ent_flow_search_show(s->gb.flow, &s->gb.examiner, reference.b, &v, NULL), ENT_OK);
    look(s, &s->gb.examiner, id, ENT_GONE);
    ent_machine_view m = machine(s, &s->gb.examiner, id, ENT_OK);
    assert_true(m.count > 5 && m.score > 0);
    for (size_t i = 0; i < m.count; i++) assert_true(abs(m.pair[i].x - m.pair[i].probe_x) < 40 && abs(m.pair[i].y - m.pair[i].probe_y) < 40);
    machine(s, &s->gb.custodian, id, ENT_DENIED);
}

/* What the machine saw goes with the record, and with the case's time. */
static void machine_goes(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed d;
    hit(s, &e);
    uint8_t id[ENT_ID_SIZE], name[ENT_ID_SIZE + 1];
    memcpy(id, story_cases_of(&s->gb, &s->gb.examiner).view[0].id, sizeof id);
    memcpy(name, id, sizeof id);
    name[ENT_ID_SIZE] = 'd';
    story_examine(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED);
    story_examine(&s->gb, &s->gb.second, id, ENT_FINDING_IDENTIFIED);
    assert_true(rows(&s->gb, ENT_TABLE_CASES, name, sizeof name));
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "unlawful", &d, NULL), ENT_OK);
    assert_false(rows(&s->gb, ENT_TABLE_CASES, name, sizeof name));
    machine(s, &s->gb.examiner, id, ENT_GONE);
}

/* Whoever is not an examiner of the case cannot work on it, nor with another's signature. */
static void only_its_examiners(void **state)
{
    story *s = *state;
    ent_enrolled e;
    hit(s, &e);
    uint8_t id[ENT_ID_SIZE], signature[64];
    char text[ENT_CASE_SIGNED];
    memcpy(id, story_cases_of(&s->gb, &s->gb.examiner).view[0].id, sizeof id);
    look(s, &s->gb.custodian, id, ENT_DENIED);
    look(s, &s->gb.officer, id, ENT_DENIED);
    ent_case_analysis_text(id, true, "", 0, text);
    sign_as(&s->gb.second, text, signature);
    assert_int_equal(ent_flow_case_analyse(s->gb.flow, &s->gb.examiner, id, true, "", 0, signature, NULL), ENT_SIGNATURE);
    sign_as(&s->gb.examiner, text, signature);
    assert_int_equal(ent_flow_case_analyse(s->gb.flow, &s->gb.examiner, id, false, "", 0, signature, NULL), ENT_SIGNATURE);
    assert_int_equal(ent_flow_case_analyse(s->gb.flow, &s->gb.examiner, id, true, "x", 1, signature, NULL), ENT_SIGNATURE);
    assert_int_equal(ent_flow_case_analyse(s->gb.flow, &s->gb.examiner, id, true, "", 0, signature, NULL), ENT_OK);
    id[0] ^= 1;
    look(s, &s->gb.examiner, id, ENT_NOT_FOUND);
}

static void add_third(story *s, ent_actor *ret)
{
    ent_secret_key secret;
    ent_public_key key;
    story_secret("z.example", &secret);
    ent_sign_public(&secret, &key);
    story_works(s->gb.flow, &s->gb.custodian, &s->gb.deputy, "z.example", ENT_ROLE_EXAMINER, &key);
    assert_int_equal(ent_flow_person(s->gb.flow, "z.example", ret, NULL), ENT_OK);
}

static ent_code disclose(story *s, const ent_search_id *reference, ent_disclosed *ret, ent_err *err)
{
    return ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference->b, 0, ret, err);
}

/* Two who disagree wait for a third, and nothing leaves meanwhile; an exclusion is not outvoted. */
static void disagreement(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_actor third;
    ent_disclosed d;
    ent_err err = {0};
    ent_search_id reference = hit(s, &e);
    uint8_t id[ENT_ID_SIZE];
    memcpy(id, story_cases_of(&s->gb, &s->gb.examiner).view[0].id, sizeof id);
    story_examine(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED);
    story_examine(&s->gb, &s->gb.second, id, ENT_FINDING_EXCLUDED);
    assert_int_equal(story_cases_of(&s->gb, &s->gb.custodian).view[0].state, ENT_CASE_OPEN);
    assert_int_equal(disclose(s, &reference, &d, &err), ENT_REFUSED);
    add_third(s, &third);
    assert_int_equal(story_cases_of(&s->gb, &third).count, 1); /* given to who came */
    story_examine(&s->gb, &third, id, ENT_FINDING_IDENTIFIED);
    story_cases f = story_cases_of(&s->gb, &s->gb.custodian);
    assert_int_equal(f.view[0].state, ENT_CASE_CONCLUDED);
    assert_int_equal(f.view[0].finding, ENT_FINDING_INCONCLUSIVE);
    assert_string_equal(story_search_at(&s->us, &reference).outcome, "unresolved");
    assert_int_equal(disclose(s, &reference, &d, &err), ENT_REFUSED);
}

/* A case whose time is over is unresolved, never a refusal and never a confirmation; its probe is gone. */
static void time_ends(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_search_id reference = hit(s, &e);
    uint8_t id[ENT_ID_SIZE];
    memcpy(id, story_cases_of(&s->gb, &s->gb.examiner).view[0].id, sizeof id);
    story_examine(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED);
    s->clock.now.ms += 16 * 60000;
    assert_int_equal(story_conclude(&s->gb, &s->gb.second, id, ENT_FINDING_IDENTIFIED, 1, STORY_REASONS, NULL), ENT_GONE);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_false(rows(&s->gb, ENT_TABLE_PROBES, reference.b, 16));
    assert_string_equal(story_search_at(&s->us, &reference).outcome, "unresolved");
    assert_int_equal(story_cases_of(&s->gb, &s->gb.custodian).view[0].state, ENT_CASE_EXPIRED);
}

/* The record goes while the case is open: withdrawn, no reason shown. */
static void record_goes(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed destroyed;
    ent_search_id reference = hit(s, &e);
    uint8_t id[ENT_ID_SIZE];
    memcpy(id, story_cases_of(&s->gb, &s->gb.examiner).view[0].id, sizeof id);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "unlawful arrest", &destroyed, NULL), ENT_OK);
    look(s, &s->gb.examiner, id, ENT_GONE);
    assert_int_equal(story_cases_of(&s->gb, &s->gb.custodian).view[0].state, ENT_CASE_WITHDRAWN);
    assert_string_equal(story_search_at(&s->us, &reference).outcome, "withdrawn");
    assert_false(rows(&s->gb, ENT_TABLE_PROBES, reference.b, 16));
}

static void confirm(story *s)
{
    uint8_t id[ENT_ID_SIZE];
    memcpy(id, story_cases_of(&s->gb, &s->gb.examiner).view[0].id, sizeof id);
    story_examine(&s->gb, &s->gb.examiner, id, ENT_FINDING_IDENTIFIED);
    story_examine(&s->gb, &s->gb.second, id, ENT_FINDING_IDENTIFIED);
}

struct values {
    size_t count;
    char name[64], status[64];
    bool image;
};

static void see_value(void *ctx, const char *field, uint8_t finger, const void *value, size_t len)
{
    struct values *v = ctx;
    (void)finger;
    v->count++;
    if (strcmp(field, "name") == 0) snprintf(v->name, sizeof v->name, "%.*s", (int)len, (const char *)value);
    if (strcmp(field, "status") == 0) snprintf(v->status, sizeof v->status, "%.*s", (int)len, (const char *)value);
    v->image |= strcmp(field, "fingerprint-image") == 0 && ent_image_sniff(value, len) == ENT_IMAGE_PNG;
}

static void see_disclosure(void *ctx, const ent_disclosure_view *v) { *(ent_disclosure_view *)ctx = *v; }

static ent_disclosure_view record(story *s)
{
    ent_disclosure_view v = {0};
    assert_int_equal(ent_flow_disclosures(s->gb.flow, &s->gb.custodian, see_disclosure, &v, NULL), ENT_OK);
    return v;
}

/* After two examiners: exactly the granted fields, kept there under the agreement's clock, gone when it has run; both ledgers say
 * so, and the holder has the proof. */
static void discloses(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_err err = {0};
    ent_search_id reference = hit(s, &e);
    assert_int_equal(disclose(s, &reference, &d, &err), ENT_REFUSED); /* a hit identifies nobody */
    confirm(s);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_BIRTH_DATE, &d, &err), ENT_REFUSED);
    assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.examiner, reference.b, 0, &d, &err), ENT_DENIED);
    if (disclose(s, &reference, &d, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(d.told);
    story_kept here = story_kept_at(&s->us);
    ent_kept_view k;
    struct values v = {0};
    assert_int_equal(here.count, 1);
    assert_int_equal(ent_flow_kept_open(s->us.flow, &s->us.officer, here.at[0].id, see_value, &v, &k, &err), ENT_OK);
    assert_string_equal(v.name, "Exempla, Jane");
    assert_string_equal(v.status, "arrested");
    assert_true(v.image);
    assert_int_equal(v.count, 4);
    ent_disclosure_view r = record(s);
    assert_true(r.received.ms != 0);
    assert_true(r.kept_index != UINT64_MAX);
    ent_date until = ent_date_add((ent_date){2026, 3, 10}, 0, 0, 90);
    assert_int_equal(ent_date_compare(k.until, until), 0);
    s->clock.now = ent_date_start(until);
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 1); /* its last day */
    s->clock.now.ms += 86400000;
    assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
}

/* What was disclosed is called back when the record goes: the copy is destroyed, the proof of it comes back, also when the line was
 * down at the time; the record of the disclosure stays and names nobody. */
static void recalls(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_destroyed destroyed;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    s->line_down = true;
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 1);
    assert_int_equal(destroyed.copies.count, 1); /* what the proof lists */
    assert_memory_equal(destroyed.copies.at[0].id, d.id, ENT_ID_SIZE);
    assert_memory_equal(destroyed.copies.at[0].reference.b, reference.b, ENT_ID_SIZE);
    assert_string_equal(destroyed.copies.at[0].partner, "us.example");
    ent_disclosure_view r = record(s), of = {0};
    ENT_AUTO_BUF proof = ENT_BUF(65536);
    assert_string_equal(r.recalled_for, "destroyed");
    assert_int_equal(r.undertaken.ms, 0); /* missing, and listed as such */
    assert_int_equal(ent_flow_undertaking(s->gb.flow, &s->gb.custodian, d.id, &of, &proof, NULL), ENT_NOT_FOUND);
    assert_int_equal(ent_flow_undertaking(s->gb.flow, &s->gb.examiner, d.id, &of, &proof, NULL), ENT_DENIED);
    story_restart(s, &s->gb);
    s->line_down = false;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    r = record(s);
    assert_true(r.undertaken.ms != 0);
    assert_true(r.gone_index != UINT64_MAX);
    assert_int_equal(ent_flow_undertaking(s->gb.flow, &s->gb.custodian, d.id, &of, &proof, NULL), ENT_OK);
    assert_true(proof.len > 0);
    ent_flow_counts c;
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.queue, 0);
}

/* A partner that kept a disclosure and now says that it has nothing of it, without a proof, has given no undertaking: both are said. */
static void denied_without_proof(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_destroyed destroyed;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    ent_store *theirs = &s->us.c.store; /* their store is lost, and the search with it */
    ent_change lost[] = {{ENT_CHANGE_DELETE, ENT_TABLE_KEPT, d.id, ENT_ID_SIZE, "", 0}, {ENT_CHANGE_DELETE, ENT_TABLE_SEARCHES, reference.b, ENT_ID_SIZE, "", 0}};
    assert_int_equal(theirs->commit(theirs->self, lost, 2, true, NULL), ENT_OK);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    ent_disclosure_view r = record(s);
    assert_true(r.received.ms && r.recalled.ms && r.denied.ms);
    assert_int_equal(r.undertaken.ms, 0);
    ent_flow_counts c;
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.queue, 0);
}

/* ---- restored from a backup of before ---- */

struct copying {
    ent_store *to;
    ent_table table;
};

static ent_code copy_row(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct copying *c = ctx;
    ent_change put = {ENT_CHANGE_PUT, c->table, key, key_len, value, value_len};
    return c->to->commit(c->to->self, &put, 1, true, NULL);
}

static ent_store back_up(story *s)
{
    ent_store *from = &s->gb.c.store, backup;
    ent_change all = {.key = "", .key_len = 0};
    assert_int_equal(ent_memory_store(&backup, NULL), ENT_OK);
    for (int t = 0; t < ENT_TABLE_COUNT; t++) assert_int_equal(from->scan(from->self, (ent_table)t, &all, copy_row, &(struct copying){&backup, (ent_table)t}, NULL), ENT_OK);
    return backup;
}

/* The disk is lost: the rows are the backup's, keys and ledger (the standby's) are of now. */
static void restore(story *s, ent_store backup, const ent_part_id *moved)
{
    ent_flow_config *c = &s->gb.c;
    ent_purged out;
    if (moved) assert_int_equal(ent_restore_hide(&backup, &c->keys, c->clock, c->random, moved, NULL), ENT_OK);
    assert_int_equal(ent_restore_purge(&backup, &c->keys, c->clock, c->random, &out, NULL), ENT_OK);
    assert_int_equal(out.parts > 0, !moved);
    c->store.close(c->store.self);
    c->store = backup;
    story_restart(s, &s->gb);
}

/* Listed without an undertaking, chased, and answered. */
static ent_disclosure_view chased(story *s)
{
    ent_flow_counts c;
    assert_string_equal(record(s).recalled_for, "destroyed");
    assert_int_equal(record(s).undertaken.ms, 0);
    s->line_down = false;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    assert_true(record(s).undertaken.ms != 0);
    assert_true(record(s).gone_index != UINT64_MAX);
    ent_flow_count(s->gb.flow, &c);
    assert_int_equal(c.queue, 0);
    return record(s);
}

static ent_store disclosed_and_backed_up(story *s, ent_enrolled *ret_enrolled)
{
    ent_disclosed d;
    ent_search_id reference = hit(s, ret_enrolled);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 1);
    return back_up(s);
}

/* A recall that still waited when the disk was lost is made again: of an arrest that went whole, and of one of its parts. */
static void lost_with_its_recall(story *s, bool whole)
{
    ent_enrolled e;
    ent_destroyed destroyed;
    ent_store backup = disclosed_and_backed_up(s, &e);
    s->line_down = true;
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, whole ? e.encounter.b : e.part[0].id.b, "due", &destroyed, NULL), ENT_OK);
    assert_int_equal(destroyed.parts == e.part_count, whole);
    restore(s, backup, NULL);
    assert_int_equal(story_kept_at(&s->us).count, 1);
    chased(s);
}

static void restored_before_its_recall(void **state) { lost_with_its_recall(*state, true); }
static void restored_without_a_part(void **state) { lost_with_its_recall(*state, false); }

/* A recall that had been answered is answered alike, and once more is enough. */
static void restored_after_its_recall(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_destroyed destroyed;
    ent_store backup = disclosed_and_backed_up(s, &e);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    uint64_t first = record(s).gone_index;
    restore(s, backup, NULL);
    assert_int_equal(chased(s).gone_index, first);
    restore(s, back_up(s), &e.part[0].id); /* nothing is left to call back */
    assert_int_equal(record(s).gone_index, first);
}

/* What went into the hold store after the backup is called back too; its key lives on. */
static void restored_into_hold(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_store backup = disclosed_and_backed_up(s, &e);
    s->line_down = true;
    restore(s, backup, &e.part[0].id);
    chased(s);
}

/* A proof lists so many disclosures and counts the others: none is passed over in silence, and each is called back. */
static void more_than_a_proof_lists(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_destroyed destroyed;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    for (int i = 0; i < ENT_DESTROYED_COPIES + 2; i++)
        assert_int_equal(ent_flow_disclose(s->gb.flow, &s->gb.custodian, reference.b, 1u << ENT_FIELD_STATUS, &d, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, ENT_DESTROYED_COPIES + 2);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    assert_int_equal(destroyed.copies.count, ENT_DESTROYED_COPIES);
    assert_int_equal(destroyed.copies.unlisted, 2);
    assert_int_equal(story_kept_at(&s->us).count, 0);
}

static size_t waiting_at(const story_node *n)
{
    ent_flow_counts c;
    ent_flow_count(n->flow, &c);
    return c.queue;
}

static void hours(story *s, int count)
{
    for (int i = 0; i < count; i++) {
        s->clock.now.ms += 3600000;
        s->clock.monotonic += 3600000;
        assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
        assert_int_equal(ent_flow_tick(s->us.flow, NULL), ENT_OK);
    }
}

/* A partner that is away for three days: what is for it waits on the disk, one message however often it was tried, over a restart too, and
 * arrives once when the line is back. */
static void partner_away_for_days(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    s->line_down = true;
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    size_t waiting = waiting_at(&s->gb);
    assert_true(waiting >= 1);
    hours(s, 24);
    story_restart(s, &s->gb);
    hours(s, 48);
    assert_int_equal(waiting_at(&s->gb), waiting);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    s->line_down = false;
    hours(s, 1);
    assert_int_equal(waiting_at(&s->gb), 0);
    assert_int_equal(story_kept_at(&s->us).count, 1);
    hours(s, 1);
    assert_int_equal(story_kept_at(&s->us).count, 1);
}

/* An agreement that ends calls back what was disclosed under it: at the other side it is destroyed, and the proof of that is here. Two
 * custodians end it; one is not enough. */
static void agreement_ends(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_agreement_view v;
    size_t told;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.custodian, "deal", ENT_ACT_END, &v, NULL), ENT_OK);
        assert_true(v.waits);
    }
    assert_int_equal(story_kept_at(&s->us).count, 1);
    assert_int_equal(ent_flow_agreement_act(s->gb.flow, &s->gb.deputy, "deal", ENT_ACT_END, &v, NULL), ENT_OK);
    assert_int_equal(v.state, ENT_AGREEMENT_ENDED);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, NULL), ENT_OK);
    ent_flow_tell(s->gb.flow);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    ent_disclosure_view r = record(s);
    assert_string_equal(r.recalled_for, "ended");
    assert_true(r.undertaken.ms != 0);
    assert_true(r.gone_index != UINT64_MAX);
}

static void count_disclosure(void *ctx, const ent_disclosure_view *v)
{
    (void)v;
    ++*(size_t *)ctx;
}

/* The record of a disclosure outlives the biometric by six years to the day, and then its key goes. */
static void record_ends(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_destroyed destroyed;
    size_t count = 0;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    s->clock.now = ent_date_start((ent_date){2032, 3, 10});
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(ent_flow_disclosures(s->gb.flow, &s->gb.custodian, count_disclosure, &count, NULL), ENT_OK);
    assert_int_equal(count, 1);
    s->clock.now.ms += 86400000;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    count = 0;
    assert_int_equal(ent_flow_disclosures(s->gb.flow, &s->gb.custodian, count_disclosure, &count, NULL), ENT_OK);
    assert_int_equal(count, 0);
}

/* The same message once more: kept once while it may be kept, refused as gone after its recall. */
static void sent_again(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_destroyed destroyed;
    int status = 0;
    int64_t release;
    ENT_AUTO_BUF body = ENT_BUF(65536);
    ent_search_id reference = hit(s, &e);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    ent_arrival in = {.message = {.kind = ENT_MESSAGE_DISCLOSE, .agreement = "deal", .flow = "check", .purpose = "", .proof = s->disclosure_proof, .body = s->last_disclosure.data,
                                  .body_len = s->last_disclosure.len}, .received = s->clock.now};
    snprintf(in.partner, sizeof in.partner, "gb.example");
    memcpy(in.message.id, s->disclosure_id, ENT_ID_SIZE);
    ent_inbox inbox = ent_flow_inbox(s->us.flow);
    inbox.receive(inbox.self, &in, &status, &body, &release);
    assert_int_equal(status, 200);
    assert_int_equal(story_kept_at(&s->us).count, 1);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    inbox.receive(inbox.self, &in, &status, &body, &release);
    assert_int_equal(status, 410);
    assert_int_equal(story_kept_at(&s->us).count, 0);
}

/* The recall overtakes the disclosure: what comes after it is not kept. */
static void recalled_before_it_came(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    int status = 0;
    int64_t release;
    char recall[160], id[ENT_ID_TEXT], reference_text[ENT_ID_TEXT];
    ENT_AUTO_BUF body = ENT_BUF(65536);
    ent_search_id reference = hit(s, &e);
    confirm(s);
    s->line_down = true;
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK); /* on its way */
    s->line_down = false;
    ent_id_text(d.id, id);
    ent_id_text(reference.b, reference_text);
    int len = snprintf(recall, sizeof recall, "entente-recall/v1\nid %s\nreference %s\nreason destroyed\n", id, reference_text);
    ent_arrival in = {.message = {.kind = ENT_MESSAGE_RECALL, .agreement = "", .flow = "", .purpose = "", .proof = "", .body = recall, .body_len = (size_t)len}, .received = s->clock.now};
    snprintf(in.partner, sizeof in.partner, "gb.example");
    ent_inbox inbox = ent_flow_inbox(s->us.flow);
    inbox.receive(inbox.self, &in, &status, &body, &release);
    assert_int_equal(status, 410);
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
}

/* A disclosure that waited while its record was destroyed never leaves. */
static void destroyed_before_it_left(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_destroyed destroyed;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    s->line_down = true;
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    assert_false(d.told);
    assert_int_equal(ent_flow_destroy(s->gb.flow, &s->gb.custodian, e.encounter.b, "due", &destroyed, NULL), ENT_OK);
    s->line_down = false;
    assert_int_equal(ent_flow_tick(s->gb.flow, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    assert_true(record(s).undertaken.ms != 0); /* the partner says: nothing of it is here */
}

/* A conclusion that is taken back after the end brings back what was disclosed on the strength of it. */
static void taken_back(void **state)
{
    story *s = *state;
    ent_enrolled e;
    ent_disclosed d;
    ent_search_id reference = hit(s, &e);
    confirm(s);
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 1);
    story_cases f = story_cases_of(&s->gb, &s->gb.examiner);
    assert_int_equal(story_conclude(&s->gb, &s->gb.examiner, f.view[0].id, ENT_FINDING_EXCLUDED, 2, STORY_REASONS, NULL), ENT_OK);
    assert_int_equal(story_kept_at(&s->us).count, 0);
    assert_string_equal(record(s).recalled_for, "corrected");
    assert_int_equal(disclose(s, &reference, &d, NULL), ENT_REFUSED);
}

/* What nobody asked for is not kept, whatever it carries. */
static void unasked(void **state)
{
    story *s = *state;
    ENT_AUTO_BUF text = ENT_BUF(4096), box = ENT_BUF(8192), body = ENT_BUF(65536);
    ent_public_key us;
    ent_disclosed_text d = {.agreement = "deal", .agreement_version = 1, .flow = "check", .purpose = "threat-check", .at = s->clock.now,
                            .keep_until = {2026, 4, 1}, .count = 1, .value = {{.field = "name", .value = "Nobody", .len = 6}}};
    ent_arrival in = {.message = {.kind = ENT_MESSAGE_DISCLOSE, .agreement = "deal", .flow = "check", .purpose = "", .proof = ""}, .received = s->clock.now};
    int status = 0;
    int64_t release;
    snprintf(in.partner, sizeof in.partner, "gb.example");
    ent_disclosed_write(&d, &text);
    ent_sign_public(&s->us.c.identity, &us);
    assert_int_equal(ent_seal_to(&us, ENT_BYTES(text.data, text.len), &box, NULL), ENT_OK);
    in.message.body = box.data;
    in.message.body_len = box.len;
    ent_inbox inbox = ent_flow_inbox(s->us.flow);
    inbox.receive(inbox.self, &in, &status, &body, &release);
    assert_int_equal(status, 410);
    box.data[40] ^= 1;
    inbox.receive(inbox.self, &in, &status, &body, &release);
    assert_int_equal(status, 422);
    assert_int_equal(story_kept_at(&s->us).count, 0);
}

/* The text of a disclosure: what was written is read, and no altered byte passes for another text of the same meaning. */
static void text_form(void **state)
{
    (void)state;
    ENT_AUTO_BUF text = ENT_BUF(4096);
    ent_disclosed_text d = {.agreement = "deal", .agreement_version = 7, .flow = "check", .purpose = "threat-check", .at = {1770000000000}, .keep_until = {2026, 4, 1},
                            .count = 2, .value = {{.field = "name", .value = "A\nvalues 9\n", .len = 11}, {.field = "facial-image", .finger = 3, .value = "\0\n\0", .len = 3}}};
    ent_disclosed_text got;
    ent_disclosed_write(&d, &text);
    assert_int_equal(ent_disclosed_read(text.data, text.len, &got, NULL), ENT_OK);
    assert_int_equal(got.count, 2);
    assert_memory_equal(got.value[0].value, "A\nvalues 9\n", 11);
    assert_int_equal(got.value[1].finger, 3);
    for (size_t n = 0; n < text.len; n++) assert_int_equal(ent_disclosed_read(text.data, n, &got, NULL), ENT_FORMAT);
    for (size_t at_byte = 0; at_byte < text.len; at_byte++) {
        uint8_t was = text.data[at_byte];
        text.data[at_byte] ^= 0x11;
        if (ent_disclosed_read(text.data, text.len, &got, NULL) == ENT_OK) { /* only a value, a number or a name may differ */
            ENT_AUTO_BUF again = ENT_BUF(4096);
            ent_disclosed_write(&got, &again);
            assert_int_equal(again.len, text.len);
            assert_memory_equal(again.data, text.data, text.len);
        }
        text.data[at_byte] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(by_ace_v), STORY(machine_goes), STORY(only_its_examiners), STORY(disagreement), STORY(time_ends), STORY(record_goes), STORY(discloses), STORY(recalls), STORY(denied_without_proof), STORY(more_than_a_proof_lists), STORY(restored_before_its_recall), STORY(restored_without_a_part), STORY(restored_after_its_recall), STORY(restored_into_hold), STORY(agreement_ends), STORY(partner_away_for_days), STORY(sent_again), STORY(record_ends), STORY(recalled_before_it_came),
        STORY(destroyed_before_it_left), STORY(taken_back), STORY(unasked), cmocka_unit_test(text_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
