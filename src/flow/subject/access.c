/* "What do you hold of me?" Found by the custody reference, by a document's number or by the person's own print, which is used for
 * this only and wiped. Nothing held and held but exempt are the same answer, in the same bytes, at the same time: the whole work is
 * done either way, and the answer leaves on the next whole second. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/capture/capture.h"
#include "flow/decision/decision.h"
#include "flow/disclosure/disclosure.h"
#include "flow/search/record.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

#define GRID_MS 1000
enum { ENCOUNTERS = 16 };

/* The encounters that the question is about, whether they are still held or not. */
typedef struct asked {
    ent_flow_node *n;
    uint8_t transaction[ENCOUNTERS][32];
    ent_encounter_id encounter[ENCOUNTERS]; /* zero: gone */
    size_t count;
} asked;

static void add(asked *a, const uint8_t transaction[32], const ent_encounter_id *encounter)
{
    for (size_t i = 0; i < a->count; i++)
        if (memcmp(a->transaction[i], transaction, 32) == 0) return;
    if (a->count == ENCOUNTERS) return;
    memcpy(a->transaction[a->count], transaction, 32);
    if (encounter) a->encounter[a->count] = *encounter;
    a->count++;
}

/* And the person's other encounters, which custodians linked. */
static void add_person(asked *a, const ent_held_part *p)
{
    for (const ent_held_part *q = ent_part_first(a->n, ENT_BY_PERSON, p->person.b); q; q = ent_part_next(a->n, ENT_BY_PERSON, q)) add(a, q->transaction, &q->encounter);
}

/* ---- finding ---- */

static ent_code by_reference(asked *a, const char *ori, const char *tcn, ent_err *err)
{
    ENT_AUTO_BUF value = ENT_BUF(64);
    uint8_t token[32];
    ent_flow_node *n = a->n;
    ent_transaction_token(n, ori, tcn, token);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_TRANSACTIONS, token, 32, &value, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    add(a, token, NULL); /* a disclosure's record may outlive the encounter */
    if (value.len != 1 + ENT_ID_SIZE) return ENT_OK;
    const ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, value.data + 1);
    if (!p) return ENT_OK;
    a->count = 0;
    add_person(a, p);
    return ENT_OK;
}

struct looking {
    const ent_key32 *key;
    const char *document;
    bool found;
};

static ent_code has_document(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct looking *l = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(65536);
    ent_capture c;
    if (ent_unseal(l->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, NULL) != ENT_OK) return ENT_DAMAGED;
    if (ent_capture_decode(plain.data, plain.len, &c, NULL) != ENT_OK) return ENT_DAMAGED;
    l->found |= c.document[0] && strcmp(c.document, l->document) == 0;
    ent_capture_free(&c);
    return ENT_OK;
}

/* Every biographic block is opened, whether or not an earlier one fits. */
static ent_code by_document(asked *a, const char *document, ent_err *err)
{
    ent_flow_node *n = a->n;
    for (size_t i = 0; i < n->part_count; i++) {
        const ent_held_part *p = &n->parts[i];
        uint8_t binding[32], prefix[ENT_ID_SIZE + 1];
        ENT_WIPED_KEY key;
        if (p->facts.material != ENT_MATERIAL_BIOGRAPHIC || p->hold) continue; /* two persons open what is in the hold store */
        ent_part_binding(p->id.b, binding);
        ENT_TRY(n->c.keys.get(n->c.keys.self, p->slot, binding, &key, err));
        memcpy(prefix, p->id.b, ENT_ID_SIZE);
        prefix[ENT_ID_SIZE] = 'B';
        ent_change range = {.key = prefix, .key_len = sizeof prefix};
        struct looking l = {&key, document, false};
        ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, has_document, &l, err);
        if (code != ENT_OK) return ent_fail(err, code, "a biographic block cannot be read");
        if (l.found) add_person(a, p);
    }
    return ENT_OK;
}

/* Against everything held, at the threshold of one expected false hit in a thousand requests. */
static ent_code by_print(asked *a, const ent_capture *c, ent_err *err)
{
    ent_finger_template *t[ENT_CAPTURE_PRINTS];
    uint8_t fingers[ENT_CAPTURE_PRINTS];
    size_t count = 0;
    ent_likeliest best = {.most = 1};
    ent_flow strict = {.false_hits_per_day = 0.001, .per_day = 1};
    ent_code code = ENT_OK;
    for (size_t i = 0; i < c->print_count && code == ENT_OK; i++) {
        if (!c->print[i]->template_len) continue;
        code = ent_finger_decode(c->print[i]->template_bytes, c->print[i]->template_len, &t[count], err);
        if (code == ENT_OK) fingers[count++] = c->print[i]->finger;
    }
    if (code == ENT_OK && !count) code = ent_fail(err, ENT_QUALITY, "no fingerprint was found in this file");
    if (code == ENT_OK) code = ent_gallery_search(a->n->gallery, (const ent_finger_template *const *)t, fingers, count, NULL, ent_print_fetch, a->n, &best, err);
    for (size_t i = 0; i < count; i++) ent_finger_template_free(t[i]);
    if (code != ENT_OK) return code;
    if (!best.count) return ENT_OK;
    ent_evidence evidence = best.at[0].evidence;
    evidence.prints = count, evidence.compared = best.compared;
    ent_decision d = ent_decide(&strict, &evidence);
    const ent_held_part *p = d.hit ? ent_part_held(a->n, best.at[0].part.b) : NULL;
    if (p) add_person(a, p);
    return ENT_OK;
}

/* ---- telling ---- */

static bool exempt(const ent_legal_facts *f)
{
    bool now = false;
    ent_date last = {0};
    for (size_t i = 0; i < f->event_count; i++) {
        const ent_legal_event *e = &f->events[i];
        bool about = e->kind == ENT_EVENT_ACCESS_EXEMPT || e->kind == ENT_EVENT_ACCESS_EXEMPT_ENDED;
        if (about && !e->undone && !e->pending && ent_date_compare(e->date, last) >= 0) now = e->kind == ENT_EVENT_ACCESS_EXEMPT, last = e->date;
    }
    return now;
}

static void tell_part(ent_flow_node *n, const ent_held_part *p, ent_access *ret)
{
    ent_retention kept;
    if (ret->part_count == sizeof ret->part / sizeof ret->part[0]) return;
    ent_access_part *a = &ret->part[ret->part_count++];
    ent_part_retention(n, p, &kept);
    *a = (ent_access_part){.material = p->facts.material, .taken = p->facts.taken, .held = kept.held, .due = kept.due};
    if (kept.count) a->until = kept.power[0].until, snprintf(a->power, sizeof a->power, "%s", kept.power[0].regime->name);
    snprintf(a->clause, sizeof a->clause, "%s", kept.clause);
    for (unsigned bit = 0; bit < ENT_OFFENCE_COUNT; bit++)
        if (p->facts.offence & 1u << bit) snprintf(a->offence + strlen(a->offence), sizeof a->offence - strlen(a->offence), "%s%s", *a->offence ? ", " : "", ent_offence_text(bit));
    bool convicted;
    snprintf(a->status, sizeof a->status, "%s", ent_status_of(&p->facts, &convicted));
}

struct searches {
    ent_access *ret;
    const ent_part_set *parts;
};

static ent_code tell_search(void *ctx, const ent_search_record *r)
{
    struct searches *s = ctx;
    if (ent_id_is_zero(r->view.candidate.b) || !ent_part_in(s->parts, r->view.candidate.b) || s->ret->search_count == sizeof s->ret->search / sizeof s->ret->search[0]) return ENT_OK;
    ent_access_search *a = &s->ret->search[s->ret->search_count++];
    a->at = r->view.received;
    snprintf(a->partner, sizeof a->partner, "%s", r->view.partner);
    snprintf(a->purpose, sizeof a->purpose, "%s", r->view.purpose);
    snprintf(a->outcome, sizeof a->outcome, "%s", r->view.outcome[0] ? r->view.outcome : "open");
    return ENT_OK;
}

static void tell_disclosure(void *ctx, const ent_disclosure_view *v)
{
    ent_access *a = ctx;
    if (a->disclosure_count < sizeof a->disclosure / sizeof a->disclosure[0]) a->disclosure[a->disclosure_count++] = *v;
}

static ent_code tell(asked *a, ent_access *ret, ent_err *err)
{
    ent_flow_node *n = a->n;
    ent_part_id ids[3 * ENCOUNTERS];
    size_t count = 0;
    bool hidden = false;
    for (size_t i = 0; i < a->count; i++) {
        for (const ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, a->encounter[i].b); p && count < 3 * ENCOUNTERS; p = ent_part_next(n, ENT_BY_ENCOUNTER, p)) {
            tell_part(n, p, ret);
            ids[count++] = p->id;
            hidden |= exempt(&p->facts);
        }
        ENT_TRY(ent_disclosures_of(n, a->transaction[i], tell_disclosure, ret, err));
    }
    ent_part_set set = {ids, count};
    ENT_TRY(ent_searches_walk(n, tell_search, &(struct searches){ret, &set}, err));
    if (hidden) *ret = (ent_access){0}; /* as if nothing were held; which exemption stands is in the sealed record */
    return ENT_OK;
}

/* ---- the act ---- */

static ent_code log_request(ent_flow_node *n, const ent_actor *by, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("access");
    ent_entry e = {.kind = ENT_ENTRY_EXPORTED, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by->pseudonym, .clause = "subject access"};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_fill(n, e.commitment, sizeof e.commitment); /* found or not looks the same */
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code find(asked *a, const ent_access_ask *ask, const ent_capture *print, ent_err *err)
{
    if (print) return by_print(a, print, err);
    if (*ask->document) return by_document(a, ask->document, err);
    return by_reference(a, ask->ori, ask->tcn, err);
}

ent_code ent_flow_access(ent_flow_node *n, const ent_actor *by, const ent_access_ask *ask, ent_access **ret_access, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SUBJECT_ACCESS, err));
    int64_t from = ent_ticks(n);
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c = {0};
    bool print = ask->print_len > 0;
    if (!print && !*ask->document && (!*ask->ori || !*ask->tcn))
        return ent_fail(err, ENT_USAGE, "a request names a custody reference (--ori and --tcn), a --document, or brings a --print");
    if (print) ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", ask->print, ask->print_len, &read, err));
    if (print) ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    asked *a = calloc(1, sizeof *a);
    ent_access *out = calloc(1, sizeof *out);
    ent_code code = a && out ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) a->n = n, code = find(a, ask, print ? &c : NULL, err);
    if (code == ENT_OK) code = tell(a, out, err);
    if (code == ENT_OK) code = log_request(n, by, err);
    pthread_mutex_unlock(&n->lock);
    ent_capture_free(&c);
    free(a);
    if (code != ENT_OK) {
        ent_access_free(out);
        return code;
    }
    n->c.clock.sleep_until(n->c.clock.self, from + ((ent_ticks(n) - from) / GRID_MS + 1) * GRID_MS);
    *ret_access = out;
    return ENT_OK;
}

void ent_access_free(ent_access *a)
{
    if (a) ent_wipe(a, sizeof *a);
    free(a);
}
