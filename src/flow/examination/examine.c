/* The examiner's procedure, after ACE-V: analysis of the probe alone, locked by a signature; comparison with the candidate beside
 * it; a conclusion with reasons; verification by others who are blind to it (law/examination.h). No score, rank, name or category
 * reaches an examiner before the case has ended. */
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "flow/capture/capture.h"
#include "flow/disclosure/disclosure.h"
#include "flow/examination/control.h"
#include "flow/examination/machine.h"
#include "flow/state.h"
#include "law/morphology.h"

#include <stdlib.h>
#include <string.h>

#define PICTURE_MAX (32u << 20)

/* ---- what is signed ---- */

static void signed_text(const char *what, const uint8_t id[ENT_ID_SIZE], const char *word, unsigned version, const void *text, size_t len,
                        char ret[ENT_CASE_SIGNED])
{
    char number[ENT_ID_TEXT], hex[65];
    uint8_t digest[32];
    ent_id_text(id, number);
    ent_sha256(text, len, digest);
    ent_hex(digest, 32, hex);
    snprintf(ret, ENT_CASE_SIGNED, "entente %s v1\n%s\n%s\n%u\n%s\n", what, number, word, version, hex);
}

void ent_case_analysis_text(const uint8_t id[ENT_ID_SIZE], bool suitable, const void *marks, size_t len, char ret_text[ENT_CASE_SIGNED])
{
    signed_text("analysis", id, suitable ? "suitable" : "not-suitable", 1, marks, len, ret_text);
}

void ent_case_conclusion_text(const uint8_t id[ENT_ID_SIZE], ent_finding finding, unsigned version, const void *reasons, size_t len, char ret_text[ENT_CASE_SIGNED])
{
    signed_text("conclusion", id, ent_finding_text(finding), version, reasons, len, ret_text);
}

static bool key_signed(const ent_flow_node *n, const ent_actor *by, const char *text, const uint8_t signature[ENT_SIGNATURE_SIZE])
{
    if (ent_sign_verify(&by->key, text, strlen(text), signature)) return true;
    return by->old_until_ms > ent_now(n).ms && ent_sign_verify(&by->old_key, text, strlen(text), signature);
}

/* ---- views ---- */

static ent_opinion *own_opinion(ent_case *k, const ent_actor *by)
{
    for (size_t i = 0; i < k->opinion_count; i++)
        if (ent_id_equal(k->opinion[i].examiner.b, by->pseudonym.b)) return &k->opinion[i];
    return NULL;
}

static void view(const ent_case *k, const ent_actor *by, ent_case_view *ret)
{
    ent_case copy = *k;
    const ent_opinion *own = own_opinion(&copy, by);
    *ret = (ent_case_view){.state = k->state, .opened = k->opened, .until = k->until, .mine = own != NULL, .face = k->face};
    memcpy(ret->id, k->id, ENT_ID_SIZE);
    if (own) ret->analysed = own->analysed, ret->suitable = own->suitable, ret->own = own->finding, ret->version = own->version;
    if (by->role == ENT_ROLE_EXAMINER) {
        if (k->state == ENT_CASE_CONCLUDED) ret->finding = k->finding;
        return;
    }
    ret->finding = k->finding;
    ret->needed = k->opinion_count > k->needed ? k->opinion_count : k->needed;
    for (size_t i = 0; i < k->opinion_count; i++) ret->concluded += k->opinion[i].finding != ENT_FINDING_NONE;
    ret->control = k->control;
    ret->reference = k->reference;
    snprintf(ret->flow, sizeof ret->flow, "%s", k->flow);
}

struct listing {
    const ent_actor *by;
    ent_case_view *all; /* told afterwards: the store may not be called from inside the walk */
    size_t count, cap;
};

static ent_code list_one(void *ctx, const ent_case *k)
{
    struct listing *l = ctx;
    ent_case_view v;
    if (ent_control_waits(k)) return ENT_OK;
    view(k, l->by, &v);
    if (!v.mine && l->by->role == ENT_ROLE_EXAMINER) return ENT_OK;
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        void *all = realloc(l->all, cap * sizeof *l->all);
        if (!all) return ENT_NO_MEMORY;
        l->all = all;
        l->cap = cap;
    }
    l->all[l->count++] = v;
    return ENT_OK;
}

/* Of which search it is a candidate, for those who may see searches. */
static void name_searches(ent_flow_node *n, struct listing *l)
{
    ent_search_record *r = malloc(sizeof *r);
    for (size_t i = 0; i < l->count && r && l->by->role != ENT_ROLE_EXAMINER; i++) {
        ent_case_view *v = &l->all[i];
        bool other = ent_search_get(n, v->reference.b, r, NULL) == ENT_OK && !ent_id_is_zero(r->view.search.b);
        v->search = other ? r->view.search : v->reference;
    }
    free(r);
}

ent_code ent_flow_cases(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_case_view *v), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_CASES, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_cases_tick(n, err); /* whoever came since the last minute gets what waits */
    struct listing l = {.by = by};
    if (code == ENT_OK) code = ent_cases_walk(n, list_one, &l, err);
    if (code == ENT_OK) name_searches(n, &l);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < l.count && code == ENT_OK; i++) see(ctx, &l.all[i]);
    free(l.all);
    return code;
}

/* ---- pictures ---- */

typedef struct picture {
    bool candidate;
    uint8_t finger;
    ent_buf file; /* as it came */
} picture;

typedef struct pictures {
    picture of[2 * ENT_CAPTURE_PRINTS];
    size_t count;
} pictures;

static void pictures_free(pictures *p)
{
    for (size_t i = 0; i < p->count; i++) ent_buf_free(&p->of[i].file);
}

static void add_picture(pictures *p, bool candidate, uint8_t finger, const void *bytes, size_t len)
{
    if (p->count == sizeof p->of / sizeof p->of[0]) return;
    p->of[p->count] = (picture){candidate, finger, ENT_BUF(ENT_CAPTURE_IMAGE)};
    ent_buf_put(&p->of[p->count++].file, bytes, len);
}

/* Under the lock: the transaction of the case's probe. r: room for a search's row. */
static ent_code unseal_probe(ent_flow_node *n, const ent_case *k, ent_search_record *r, ent_buf *ret, ent_err *err)
{
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(ENT_LIMIT_BODY + 64);
    if (k->control) return ent_control_probe(n, k, ret, err);
    ENT_TRY(ent_search_get(n, k->reference.b, r, err));
    ENT_TRY(ent_search_main(n, r, r, err)); /* several candidates have one probe */
    const uint8_t *reference = r->view.reference.b;
    ent_probe_binding(reference, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, r->probe_slot, binding, &key, err));
    ENT_TRY(n->c.store.get(n->c.store.self, ENT_TABLE_PROBES, reference, ENT_ID_SIZE, &box, err));
    return ent_unseal(&key, ENT_BYTES(reference, ENT_ID_SIZE), ENT_BYTES(box.data, box.len), ret, err);
}

struct stored {
    const ent_key32 *key;
    pictures *into;
    uint32_t fingers; /* bits of the positions that are wanted; 0: all */
    bool face;
    ent_err *err;
};

static ent_code add_stored(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct stored *s = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_CAPTURE_IMAGE);
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    uint8_t finger = s->face ? ENT_PICTURE_FACE : key[ENT_ID_SIZE + 2];
    if (!s->face && s->fingers && finger && finger < 32 && !(s->fingers & 1u << finger)) return ENT_OK;
    ENT_TRY(ent_unseal(s->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, s->err));
    add_picture(s->into, true, finger, plain.data, plain.len);
    return ENT_OK;
}

static ent_code part_pictures(ent_flow_node *n, const ent_held_part *p, uint32_t fingers, pictures *into, ent_err *err)
{
    uint8_t binding[32], prefix[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    if (!p || p->hidden) return ent_fail(err, ENT_GONE, "this case is withdrawn");
    ent_part_binding(p->id.b, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, p->slot, binding, &key, err));
    memcpy(prefix, p->id.b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = p->facts.material == ENT_MATERIAL_PHOTOGRAPH ? 'F' : 'I';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    struct stored s = {&key, into, fingers, p->facts.material == ENT_MATERIAL_PHOTOGRAPH, err};
    return n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, add_stored, &s, err);
}

/* The candidate's part, and of a case with a face the photograph of the same encounter. */
static ent_code candidate_pictures(ent_flow_node *n, const ent_part_id *id, uint32_t fingers, bool face, pictures *into, ent_err *err)
{
    const ent_held_part *p = ent_part_held(n, id->b);
    ENT_TRY(part_pictures(n, p, fingers, into, err));
    if (!face || p->facts.material == ENT_MATERIAL_PHOTOGRAPH) return ENT_OK;
    for (const ent_held_part *q = ent_part_first(n, ENT_BY_ENCOUNTER, p->encounter.b); q; q = ent_part_next(n, ENT_BY_ENCOUNTER, q))
        if (q->facts.material == ENT_MATERIAL_PHOTOGRAPH && !q->hidden) ENT_TRY(part_pictures(n, q, 0, into, err));
    return ENT_OK;
}

/* A probe is a transaction: the sandbox opens it, not under the lock. Its face is shown when there is one to hold it against. ret_fingers:
 * the positions in it. */
static ent_code probe_pictures(ent_flow_node *n, const ent_buf *transaction, bool face, pictures *into, uint32_t *ret_fingers, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", transaction->data, transaction->len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    bool all = false;
    for (size_t i = 0; i < c.print_count; i++) {
        add_picture(into, false, c.print[i]->finger, c.print[i]->image, c.print[i]->image_len);
        all |= !c.print[i]->finger;
        *ret_fingers |= 1u << c.print[i]->finger;
    }
    for (size_t i = 0; i < c.face_count && face; i++) add_picture(into, false, ENT_PICTURE_FACE, c.face[i].image, c.face[i].image_len);
    if (all) *ret_fingers = 0; /* an unknown position: every finger of the candidate is looked at */
    ent_capture_free(&c);
    return ENT_OK;
}

static ent_code show(ent_flow_node *n, const pictures *p, ent_see_picture *see, void *ctx, ent_err *err)
{
    for (size_t i = 0; i < p->count; i++) {
        ENT_AUTO_BUF png = ENT_BUF(PICTURE_MAX);
        ENT_TRY(n->c.decoder.run(n->c.decoder.self, "picture", p->of[i].file.data, p->of[i].file.len, &png, err));
        see(ctx, p->of[i].candidate, p->of[i].finger, png.data, png.len);
    }
    return ENT_OK;
}

/* ---- the acts ---- */

/* Under the lock: the case, open, and this examiner's place in it. */
static ent_code my_case(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_case *ret, ent_opinion **ret_own, ent_err *err)
{
    ENT_TRY(ent_case_get(n, id, ret, err));
    *ret_own = own_opinion(ret, by);
    if (!*ret_own) return ent_fail(err, ENT_NOT_FOUND, "no case with this number"); /* others' cases are not there */
    if (ret->state == ENT_CASE_WITHDRAWN) return ent_fail(err, ENT_GONE, "this case is withdrawn");
    if (ret->state == ENT_CASE_EXPIRED || ent_now(n).ms > ret->until.ms) return ent_fail(err, ENT_GONE, "the time for this case is over");
    return ENT_OK;
}

ent_code ent_flow_case_open(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_see_picture *see, void *ctx, ent_case_view *ret_view, ent_err *err)
{
    ent_case k = {0};
    ent_opinion *own;
    pictures p = {0};
    uint32_t fingers = 0;
    ENT_AUTO_BUF transaction = ENT_BUF(ENT_LIMIT_BODY);
    ENT_TRY(ent_gate(by, ENT_MAY_EXAMINE, err));
    ent_search_record *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = my_case(n, by, id, &k, &own, err);
    bool compare = code == ENT_OK && own->analysed;
    if (code == ENT_OK && k.state != ENT_CASE_OPEN) code = ent_fail(err, ENT_GONE, "this case is concluded; its probe is destroyed");
    if (code == ENT_OK) code = unseal_probe(n, &k, r, &transaction, err);
    pthread_mutex_unlock(&n->lock);
    free(r);
    if (code == ENT_OK) code = probe_pictures(n, &transaction, k.face, &p, &fingers, err);
    if (code == ENT_OK && compare) {
        pthread_mutex_lock(&n->lock);
        code = candidate_pictures(n, &k.candidate, fingers, k.face, &p, err);
        pthread_mutex_unlock(&n->lock);
    }
    if (code == ENT_OK) code = show(n, &p, see, ctx, err);
    if (code == ENT_OK) view(&k, by, ret_view);
    pictures_free(&p);
    return code;
}

/* What an examiner wrote, under a key that goes with the probe: the probe's own, or a control's salt. */
static ent_code keep_text(ent_flow_node *n, ent_batch *b, const ent_case *k, const ent_opinion *own, char what, ent_bytes text, ent_err *err)
{
    uint8_t name[2 * ENT_ID_SIZE + 1], nonce[12], binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(ENT_CASE_TEXT_MAX + ENT_SEAL_OVERHEAD);
    memcpy(name, k->id, ENT_ID_SIZE);
    memcpy(name + ENT_ID_SIZE, own->examiner.b, ENT_ID_SIZE);
    name[2 * ENT_ID_SIZE] = (uint8_t)what;
    if (k->control) ent_derive(k->salt, "control", name, sizeof name, key.b);
    else {
        ent_search_record *r = malloc(sizeof *r);
        ent_code code = r ? ent_search_get(n, k->reference.b, r, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
        if (code == ENT_OK) code = ent_search_main(n, r, r, err);
        if (code == ENT_OK) ent_probe_binding(r->view.reference.b, binding);
        if (code == ENT_OK) code = n->c.keys.get(n->c.keys.self, r->probe_slot, binding, &key, err);
        free(r);
        if (code != ENT_OK) return code;
    }
    ent_fill(n, nonce, sizeof nonce);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(name, sizeof name), text, &box, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_CASES, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len));
    return ENT_OK;
}

/* "examined": the conclusion is hidden in the commitment; that it was examined, by whom and when, is not. */
static void add_entry(ent_flow_node *n, ent_batch *b, const ent_actor *by, const ent_case *k, const ent_search_record *r, const char *clause, const char *text)
{
    ent_entry e = {.kind = ENT_ENTRY_EXAMINED, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .case_number.b = {0}, .actor = by->pseudonym};
    memcpy(e.case_number.b, k->reference.b, ENT_ID_SIZE);
    if (!k->control) {
        e.follows = r->view.index;
        e.agreement_version = r->agreement_version;
        memcpy(e.agreement, r->agreement_digest, 32);
        e.party = r->party;
        snprintf(e.purpose, sizeof e.purpose, "%s", r->view.purpose);
    }
    snprintf(e.flow, sizeof e.flow, "%s", k->flow);
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_commit_to(k->salt, text, strlen(text), e.commitment);
    ent_batch_entry(b, &e);
}

static ent_code check_text(const void *text, size_t len, const char *what, ent_err *err)
{
    if (len > ENT_CASE_TEXT_MAX) return ent_fail(err, ENT_TOO_LARGE, "%s of more than %d bytes", what, ENT_CASE_TEXT_MAX);
    return ent_utf8_valid(text, len) ? ENT_OK : ent_fail(err, ENT_FORMAT, "%s are UTF-8 text", what);
}

static ent_code analyse(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool suitable, ent_bytes marks,
                        const uint8_t signature[ENT_SIGNATURE_SIZE], ent_search_record *r, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("analyse");
    ent_case k;
    ent_opinion *own;
    char text[ENT_CASE_SIGNED];
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(my_case(n, by, id, &k, &own, err));
    if (own->analysed) return ent_fail(err, ENT_CONFLICT, "your analysis is locked already; go on to the comparison");
    if (k.face) ENT_TRY(ent_form_check(marks.data, marks.len, ENT_FORM_SEEN, NULL, err));
    ent_case_analysis_text(id, suitable, marks.data, marks.len, text);
    if (!key_signed(n, by, text, signature)) return ent_fail(err, ENT_SIGNATURE, "the analysis is not signed with the key of %s", by->name);
    if (!k.control) ENT_TRY(ent_search_get(n, k.reference.b, r, err));
    ENT_TRY(keep_text(n, b, &k, own, 'm', marks, err));
    own->analysed = true;
    own->suitable = suitable;
    own->analysed_at = ent_now(n);
    ent_sha256(marks.data, marks.len, own->marks);
    memcpy(own->analysis_signature, signature, 64);
    ent_case_put(b, &k);
    add_entry(n, b, by, &k, r, "analysis", text);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_case_analyse(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool suitable, const void *marks, size_t len,
                               const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_EXAMINE, err));
    ENT_TRY(check_text(marks, len, "marks", err));
    ent_search_record *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = analyse(n, by, id, suitable, ENT_BYTES(marks, len), signature, r, err);
    pthread_mutex_unlock(&n->lock);
    free(r);
    return code;
}

static ent_outcome outcome_of(ent_finding f)
{
    return f == ENT_FINDING_IDENTIFIED ? ENT_OUTCOME_CONFIRMED : f == ENT_FINDING_EXCLUDED ? ENT_OUTCOME_NOT_CONFIRMED : ENT_OUTCOME_UNRESOLVED;
}

/* Enough have concluded: the probe goes, the partner is told, what was written goes with the probe. */
static ent_code settle(ent_flow_node *n, ent_batch *b, const ent_actor *by, ent_case *k, const ent_search_record *r, ent_err *err)
{
    ent_finding findings[ENT_CASE_OPINIONS];
    size_t takes;
    bool was_open = k->state == ENT_CASE_OPEN;
    for (size_t i = 0; i < k->opinion_count; i++) findings[i] = k->opinion[i].finding;
    k->finding = ent_examination_finding(findings, k->opinion_count, k->needed, &takes);
    if (k->finding == ENT_FINDING_NONE && was_open) return (void)ent_case_assign(n, k), ENT_OK;
    if (k->finding == ENT_FINDING_NONE) k->finding = ENT_FINDING_INCONCLUSIVE; /* a conclusion was taken back after the end */
    k->state = ENT_CASE_CONCLUDED;
    if (!was_open) /* what was disclosed on the strength of it comes back */
        return k->finding == ENT_FINDING_IDENTIFIED ? ENT_OK : ent_disclosures_recall(n, b, NULL, k->reference.b, ENT_RECALL_CORRECTED, err);
    ENT_TRY(ent_case_drop_texts(n, b, k, err));
    return k->control ? ENT_OK : ent_search_close_in(n, b, by, r, "", outcome_of(k->finding), err);
}

/* ---- what the machine saw, for afterwards ---- */

static void drawing_name(const ent_case *k, uint8_t ret[ENT_ID_SIZE + 1])
{
    memcpy(ret, k->id, ENT_ID_SIZE);
    ret[ENT_ID_SIZE] = 'd';
}

/* Under the lock: copies what the drawing is made from, while there is a probe. */
static ent_code plan_drawing(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_search_record *r, ent_machine_plan *plan, ent_err *err)
{
    ent_case k;
    ent_opinion *own;
    ENT_TRY(my_case(n, by, id, &k, &own, err));
    const ent_held_part *c = ent_part_held(n, k.candidate.b);
    if (k.state != ENT_CASE_OPEN || !c || c->facts.material != ENT_MATERIAL_FINGERPRINT || c->hidden) return ENT_OK;
    plan->candidate = c->id, plan->candidate_slot = c->slot;
    return unseal_probe(n, &k, r, &plan->transaction, err);
}

/* In the batch that concludes: sealed under the candidate's key, with which it dies. */
static ent_code keep_drawing(ent_flow_node *n, ent_batch *b, const ent_case *k, const ent_buf *drawing, ent_err *err)
{
    uint8_t name[ENT_ID_SIZE + 1], nonce[12], binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(4096);
    const ent_held_part *p = ent_part_held(n, k->candidate.b);
    if (!drawing->len || !p) return ENT_OK;
    drawing_name(k, name);
    ent_part_binding(p->id.b, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, p->slot, binding, &key, err));
    ent_fill(n, nonce, sizeof nonce);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(name, sizeof name), ENT_BYTES(drawing->data, drawing->len), &box, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_CASES, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len));
    return ENT_OK;
}

/* Under the lock. */
static ent_code read_drawing(ent_flow_node *n, const ent_case *k, ent_machine_view *ret, pictures *into, ent_err *err)
{
    uint8_t name[ENT_ID_SIZE + 1], binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(4096), plain = ENT_BUF(4096);
    const ent_held_part *p = ent_id_is_zero(k->candidate.b) ? NULL : ent_part_held(n, k->candidate.b);
    if (!p || p->hidden) return ent_fail(err, ENT_GONE, "this case is withdrawn");
    drawing_name(k, name);
    ent_part_binding(p->id.b, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, p->slot, binding, &key, err));
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_CASES, name, sizeof name, &box, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "the machine has drawn nothing of this case");
    if (code != ENT_OK) return code;
    ENT_TRY(ent_unseal(&key, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len), &plain, err));
    ENT_TRY(ent_machine_read(plain.data, plain.len, ret, err));
    return part_pictures(n, p, ret->finger ? 1u << ret->finger : 0, into, err);
}

ent_code ent_flow_case_machine(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_see_picture *see, void *ctx, ent_machine_view *ret, ent_err *err)
{
    ent_case k;
    ent_opinion *own;
    pictures p = {0};
    ent_machine_view v = {0};
    ENT_TRY(ent_gate(by, ENT_MAY_EXAMINE, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = my_case(n, by, id, &k, &own, err);
    if (code == ENT_OK && (k.state != ENT_CASE_CONCLUDED || own->finding == ENT_FINDING_NONE))
        code = ent_fail(err, ENT_DENIED, "the machine's drawing and score stay closed until the case is concluded");
    if (code == ENT_OK) code = read_drawing(n, &k, &v, &p, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) code = show(n, &p, see, ctx, err);
    if (code == ENT_OK) *ret = v;
    pictures_free(&p);
    return code;
}

/* ---- the conclusion ---- */

typedef struct concluding {
    ent_finding finding;
    ent_bytes reasons;
    const uint8_t *signature;
    const ent_buf *drawing;
} concluding;

/* The form first, then reasons of the examiner's own. */
static ent_code face_form(const concluding *c, ent_err *err)
{
    size_t form;
    ENT_TRY(ent_form_check(c->reasons.data, c->reasons.len, ENT_FORM_FOUND, &form, err));
    if (form == c->reasons.len) return ent_fail(err, ENT_USAGE, "a conclusion needs its reasons, after the form");
    return ent_form_allows(c->reasons.data, c->reasons.len, c->finding, err);
}

static ent_code conclude(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], const concluding *c, ent_search_record *r, ent_case_view *ret_view,
                         ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("conclude");
    ent_case k;
    ent_opinion *own;
    uint64_t index[ENT_BATCH_ENTRIES];
    char text[ENT_CASE_SIGNED];
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ENT_TRY(my_case(n, by, id, &k, &own, err));
    if (!own->analysed) return ent_fail(err, ENT_CONFLICT, "the analysis comes first: the probe alone, then the comparison");
    if (!own->suitable && c->finding != ENT_FINDING_NOT_SUITABLE)
        return ent_fail(err, ENT_CONFLICT, "your analysis says that the probe is not suitable: the conclusion can only be not-suitable");
    if (k.state == ENT_CASE_CONCLUDED && own->finding == ENT_FINDING_NONE) return ent_fail(err, ENT_GONE, "this case is concluded");
    if (k.face && c->finding != ENT_FINDING_NOT_SUITABLE) ENT_TRY(face_form(c, err));
    if (own->version == UINT8_MAX) return ent_fail(err, ENT_REFUSED, "a conclusion that was changed 255 times");
    ent_case_conclusion_text(id, c->finding, own->version + 1u, c->reasons.data, c->reasons.len, text);
    if (!key_signed(n, by, text, c->signature)) return ent_fail(err, ENT_SIGNATURE, "the conclusion is not signed with the key of %s", by->name);
    if (!k.control) ENT_TRY(ent_search_get(n, k.reference.b, r, err));
    bool was_open = k.state == ENT_CASE_OPEN;
    if (was_open) ENT_TRY(keep_text(n, b, &k, own, 'r', c->reasons, err));
    own->version++;
    own->finding = c->finding;
    own->concluded_at = ent_now(n);
    ent_sha256(c->reasons.data, c->reasons.len, own->reasons);
    memcpy(own->signature, c->signature, 64);
    add_entry(n, b, by, &k, r, "conclusion", text);
    ENT_TRY(settle(n, b, by, &k, r, err));
    if (was_open && k.state == ENT_CASE_CONCLUDED) ENT_TRY(keep_drawing(n, b, &k, c->drawing, err));
    ent_case_put(b, &k);
    ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, index, err));
    view(&k, by, ret_view);
    return ENT_OK;
}

ent_code ent_flow_case_conclude(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_finding finding, const void *reasons, size_t len,
                                const uint8_t signature[ENT_SIGNATURE_SIZE], ent_case_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_EXAMINE, err));
    ENT_TRY(check_text(reasons, len, "reasons", err));
    if (finding == ENT_FINDING_NONE || finding >= ENT_FINDING_COUNT) return ent_fail(err, ENT_USAGE, "a conclusion is identified, excluded, inconclusive or not-suitable");
    if (!len) return ent_fail(err, ENT_USAGE, "a conclusion needs its reasons");
    ent_machine_plan plan = {.transaction = ENT_BUF(ENT_LIMIT_BODY)};
    ENT_AUTO_BUF drawing = ENT_BUF(4096);
    ent_search_record *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = plan_drawing(n, by, id, r, &plan, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK && !ent_id_is_zero(plan.candidate.b)) code = ent_machine_draw(n, &plan, &drawing, err);
    ent_buf_free(&plan.transaction);
    pthread_mutex_lock(&n->lock);
    const concluding c = {finding, ENT_BYTES(reasons, len), signature, &drawing};
    if (code == ENT_OK) code = conclude(n, by, id, &c, r, ret_view, err);
    pthread_mutex_unlock(&n->lock);
    free(r);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}

/* ---- error rates ---- */

struct rating {
    ent_examiner_rate *rates;
    size_t count;
};

static ent_code rate_one(void *ctx, const ent_case *k)
{
    struct rating *t = ctx;
    for (size_t i = 0; i < k->opinion_count; i++) {
        const ent_opinion *o = &k->opinion[i];
        for (size_t p = 0; p < t->count && o->finding != ENT_FINDING_NONE; p++) {
            ent_examiner_rate *r = &t->rates[p];
            if (!ent_id_equal(r->pseudonym.b, o->examiner.b)) continue;
            r->cases++;
            if (!k->control) continue;
            r->controls++;
            r->identified += o->finding == ENT_FINDING_IDENTIFIED;
            r->excluded += o->finding == ENT_FINDING_EXCLUDED;
            r->inconclusive += o->finding == ENT_FINDING_INCONCLUSIVE || o->finding == ENT_FINDING_NOT_SUITABLE;
        }
    }
    return ENT_OK;
}

ent_code ent_flow_case_rates(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_examiner_rate *r), void *ctx, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_DISCLOSED, err));
    pthread_mutex_lock(&n->lock);
    struct rating t = {.rates = calloc(n->people_count + 1, sizeof *t.rates)};
    ent_code code = t.rates ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < n->people_count && code == ENT_OK; i++) {
        if (n->people[i].role != ENT_ROLE_EXAMINER) continue;
        ent_examiner_rate *r = &t.rates[t.count++];
        r->pseudonym = n->people[i].pseudonym;
        snprintf(r->name, sizeof r->name, "%s", n->people[i].name);
    }
    if (code == ENT_OK) code = ent_cases_walk(n, rate_one, &t, err);
    pthread_mutex_unlock(&n->lock);
    for (size_t i = 0; i < t.count && code == ENT_OK; i++) see(ctx, &t.rates[i]);
    free(t.rates);
    return code;
}
