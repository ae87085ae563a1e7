#include "flow/search/match.h"

#include "base/check.h"
#include "flow/gallery/faces.h"
#include "flow/state.h"

#include <string.h>

typedef struct matching {
    ent_flow_node *n;
    const ent_flow *flow;
    uint64_t bit;
    ent_finger_template *print[ENT_CAPTURE_PRINTS];
    uint8_t finger[ENT_CAPTURE_PRINTS];
    size_t prints;
    uint8_t face[ENT_CAPTURE_FACES][ENT_FACE_TEMPLATE_MAX];
    size_t face_len[ENT_CAPTURE_FACES];
    size_t faces;
    ent_part_id without[ENT_AGREEMENT_CANDIDATES]; /* the records that a slip leaves out */
    size_t without_count;
    ent_matches found;
    size_t held;     /* of them, with the likeliest that is no hit */
    size_t compared; /* prints, and faces where no print was searched */
} matching;

/* ---- the probe ---- */

static ent_code take_prints(matching *m, const ent_capture *probe, ent_err *err)
{
    for (size_t i = 0; i < probe->print_count; i++) {
        const ent_capture_print *p = probe->print[i];
        if (!p->template_len) continue;
        ENT_TRY(ent_finger_decode(p->template_bytes, p->template_len, &m->print[m->prints], err));
        m->finger[m->prints++] = p->finger;
    }
    return ENT_OK;
}

/* A photograph without a face is nothing to search with, and no error beside prints. */
static ent_code take_faces(matching *m, const ent_capture *probe, ent_err *err)
{
    for (size_t i = 0; i < probe->face_count && m->n->c.faces.extract; i++) {
        ent_code code = ent_face_template_of(m->n, probe->face[i].image, probe->face[i].image_len, m->face[m->faces], &m->face_len[m->faces], NULL, err);
        if (code == ENT_QUALITY) continue;
        if (code != ENT_OK) return code;
        m->faces++;
    }
    return ENT_OK;
}

/* ---- one candidate in the other modality: its templates, unsealed for this ---- */

static ent_sight sight_of(const matching *m) { return (ent_sight){m->bit, m->without, m->without_count}; }

struct compare {
    matching *m;
    const ent_key32 *key;
    double best;
    ent_err *err;
};

static void compare_face(struct compare *c, const ent_buf *plain)
{
    for (size_t i = 0; i < c->m->faces; i++) {
        double score;
        if (ent_face_match(c->m->face[i], c->m->face_len[i], plain->data, plain->len, &score, NULL) == ENT_OK && score > c->best) c->best = score;
    }
}

static ent_code compare_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct compare *c = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_FINGER_FULL_MAX + ENT_FACE_TEMPLATE_MAX);
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    ENT_TRY(ent_unseal(c->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, c->err));
    compare_face(c, &plain);
    return ENT_OK;
}

/* The other part of the candidate's encounter, if this flow may see it now. */
static bool other_part(matching *m, const ent_part_id *part, ent_material material, ent_part_id *ret_part, ent_slot *ret_slot)
{
    bool found = false;
    pthread_mutex_lock(&m->n->lock);
    const ent_held_part *p = ent_part_held(m->n, part->b);
    for (const ent_held_part *q = p ? ent_part_first(m->n, ENT_BY_ENCOUNTER, p->encounter.b) : NULL; q && !found; q = ent_part_next(m->n, ENT_BY_ENCOUNTER, q)) {
        ent_retention kept;
        if (q->facts.material != material || q->hidden) continue;
        ent_part_retention(m->n, q, &kept);
        if (!(ent_part_flows(m->n, q, &kept) & m->bit)) continue;
        *ret_part = q->id;
        *ret_slot = q->slot;
        found = true;
    }
    pthread_mutex_unlock(&m->n->lock);
    return found;
}

/* The candidate's prints, all its fingers together. ENT_NOT_FOUND: it has none that the flow may see, or they are destroyed meanwhile. */
static ent_code compare_prints(matching *m, const ent_part_id *part, ent_matched *ret, ent_err *err)
{
    ent_slot slot;
    ent_part_id id;
    ent_found found;
    const ent_sight sight = sight_of(m);
    if (!other_part(m, part, ENT_MATERIAL_FINGERPRINT, &id, &slot)) return ENT_NOT_FOUND;
    ENT_TRY(ent_gallery_compare(m->n->gallery, (const ent_finger_template *const *)m->print, m->finger, m->prints, &id, &sight, ent_print_fetch, m->n, &found, err));
    ret->part = id;
    ret->finger = found.score;
    ret->evidence = found.evidence;
    return ENT_OK;
}

/* Its face; likewise. */
static ent_code compare_faces(matching *m, const ent_part_id *part, double *ret_score, ent_err *err)
{
    ent_slot slot;
    ent_part_id id, *ret_part = &id;
    uint8_t binding[32], prefix[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    if (!other_part(m, part, ENT_MATERIAL_PHOTOGRAPH, ret_part, &slot)) return ENT_NOT_FOUND;
    ent_part_binding(ret_part->b, binding);
    ent_code code = m->n->c.keys.get(m->n->c.keys.self, slot, binding, &key, err);
    if (code != ENT_OK) return code == ENT_GONE ? ENT_NOT_FOUND : code;
    memcpy(prefix, ret_part->b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = 'A';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    struct compare c = {m, &key, -2, err};
    ENT_TRY(m->n->c.store.scan(m->n->c.store.self, ENT_TABLE_BLOBS, &range, compare_one, &c, err));
    if (c.best < -1) return ENT_NOT_FOUND; /* a photograph without a template of this model */
    *ret_score = c.best;
    return ENT_OK;
}

/* ---- candidates ---- */

/* Whether two parts are of one record: one encounter. */
static bool same_record(matching *m, const ent_part_id *x, const ent_part_id *y)
{
    pthread_mutex_lock(&m->n->lock);
    const ent_held_part *p = ent_part_held(m->n, x->b), *q = ent_part_held(m->n, y->b);
    bool same = ent_id_equal(x->b, y->b) || (p && q && ent_id_equal(p->encounter.b, q->encounter.b));
    pthread_mutex_unlock(&m->n->lock);
    return same;
}

static bool left_out(matching *m, const ent_part_id *part)
{
    for (size_t i = 0; i < m->without_count; i++)
        if (same_record(m, part, &m->without[i])) return true;
    return false;
}

static void judge(matching *m, ent_matched *c)
{
    ent_evidence e = c->evidence;
    e.prints = m->prints, e.with_face = c->with_face, e.compared = m->compared;
    if (c->with_face) e.face = ent_face_llr(&m->n->c.faces.calibration, c->face), e.fusion = m->n->c.faces.fusion;
    c->decision = ent_decide(m->flow, &e);
}

static bool better(const ent_matched *x, const ent_matched *y)
{
    return x->decision.hit != y->decision.hit ? x->decision.hit : x->decision.ratio > y->decision.ratio;
}

static void drop(matching *m, size_t i)
{
    m->held--;
    memmove(&m->found.at[i], &m->found.at[i + 1], (m->held - i) * sizeof m->found.at[0]);
}

/* Each candidate is a hit by its own evidence; what is none stays only while there is nothing else. */
static void offer(matching *m, const ent_matched *candidate)
{
    ent_matched c = *candidate, *at = m->found.at;
    size_t i = 0;
    if (left_out(m, &c.part)) return;
    judge(m, &c);
    while (i < m->held && !same_record(m, &at[i].part, &c.part)) i++;
    if (i < m->held && !better(&c, &at[i])) return;
    if (i < m->held) drop(m, i);
    if (m->held && !at[0].decision.hit) {
        if (!better(&c, &at[0])) return;
        m->held = 0;
    } else if (m->held && !c.decision.hit) return;
    for (i = m->held < m->flow->candidates ? m->held++ : m->flow->candidates; i > 0 && better(&c, &at[i - 1]); i--)
        if (i < m->flow->candidates) at[i] = at[i - 1];
    if (i < m->flow->candidates) at[i] = c;
}

static ent_code offer_print(matching *m, const ent_found *found, ent_err *err)
{
    ent_matched c = {.part = found->part, .finger = found->score, .evidence = found->evidence};
    if (m->faces) {
        ent_code code = compare_faces(m, &found->part, &c.face, err);
        if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
        c.with_face = code == ENT_OK;
    }
    offer(m, &c);
    return ENT_OK;
}

static ent_code search_prints(matching *m, ent_err *err)
{
    ent_likeliest l = {.most = m->flow->candidates};
    const ent_sight sight = sight_of(m);
    ENT_TRY(ent_gallery_search(m->n->gallery, (const ent_finger_template *const *)m->print, m->finger, m->prints, &sight, ent_print_fetch, m->n, &l, err));
    m->compared = l.compared;
    for (size_t i = 0; i < l.count; i++) ENT_TRY(offer_print(m, &l.at[i], err));
    return ENT_OK;
}

static bool part_of(matching *m, uint64_t face_id, ent_part_id *ret)
{
    uint8_t start[ENT_ID_SIZE] = {0};
    bool found = false;
    for (int i = 0; i < 8; i++) start[i] = (uint8_t)(face_id >> (56 - 8 * i));
    pthread_mutex_lock(&m->n->lock);
    const ent_held_part *p = ent_part_beginning(m->n, start);
    if (p) *ret = p->id, found = true;
    pthread_mutex_unlock(&m->n->lock);
    return found;
}

static ent_code search_faces(matching *m, ent_err *err)
{
    ent_face_probe probes[ENT_CAPTURE_FACES];
    ent_face_likely few[ENT_FACES_FEW];
    size_t count = 0;
    for (size_t i = 0; i < m->faces; i++) probes[i] = (ent_face_probe){m->face[i], m->face_len[i]};
    ENT_TRY(ent_face_holding_search(m->n->faces, probes, m->faces, m->bit, few, &count, err));
    if (!m->prints) m->compared = ent_face_holding_count(m->n->faces);
    for (size_t i = 0; i < count; i++) {
        ent_matched c = {.face = few[i].score, .with_face = true};
        if (!part_of(m, few[i].id, &c.part)) continue;
        if (m->prints) {
            ent_code code = compare_prints(m, &c.part, &c, err);
            if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
        }
        offer(m, &c);
    }
    return ENT_OK;
}

/* A record of a slip, compared by itself: what the examiners excluded is left out unless the evidence is now more than what they
 * were shown, by its best print or by everything together. */
static ent_code weigh_one(matching *m, const ent_leave *leave, size_t i, ent_slip_effect *ret_effect, ent_err *err)
{
    const ent_part_id *part = &leave->record[i].part;
    ent_matched c = {.part = *part};
    ent_code prints = ENT_NOT_FOUND, face = ENT_NOT_FOUND;
    if (m->prints) prints = compare_prints(m, part, &c, err);
    if (m->faces && (prints == ENT_OK || prints == ENT_NOT_FOUND)) face = compare_faces(m, part, &c.face, err);
    if (prints != ENT_OK && prints != ENT_NOT_FOUND) return prints;
    if (face != ENT_OK && face != ENT_NOT_FOUND) return face;
    c.with_face = face == ENT_OK;
    judge(m, &c);
    if (prints != ENT_OK && face != ENT_OK) *ret_effect = ENT_SLIP_GONE;
    else if (c.finger > leave->record[i].finger || c.decision.ratio > leave->record[i].ratio) *ret_effect = ENT_SLIP_EXCEEDED;
    else *ret_effect = ENT_SLIP_LEFT_OUT;
    return ENT_OK;
}

/* What the slip did as a whole: one record that exceeds is said before those that were left out. */
static ent_code weigh(matching *m, ent_leave *leave, ent_err *err)
{
    ent_slip_effect whole = ENT_SLIP_GONE, one;
    for (size_t i = 0; i < leave->count; i++) {
        ENT_TRY(weigh_one(m, leave, i, &one, err));
        if (one == ENT_SLIP_EXCEEDED || whole == ENT_SLIP_GONE) whole = one;
        if (one == ENT_SLIP_LEFT_OUT) leave->record[m->without_count] = leave->record[i], m->without[m->without_count++] = leave->record[i].part;
    }
    leave->effect = whole;
    return ENT_OK;
}

ent_code ent_search_match(ent_flow_node *n, const ent_match_ask *ask, ent_matches *ret, ent_err *err)
{
    const ent_flow *flow = ask->flow;
    matching m = {.n = n, .flow = flow, .bit = 1ull << ask->bit};
    ent_code code = flow->modalities >> ENT_MODALITY_FINGERPRINT & 1 ? take_prints(&m, ask->probe, err) : ENT_OK;
    if (code == ENT_OK && flow->modalities >> ENT_MODALITY_FACE & 1) code = take_faces(&m, ask->probe, err);
    if (code == ENT_OK && !m.prints && !m.faces) code = ent_fail(err, ENT_QUALITY, "no fingerprint and no face that can be searched was found in the request");
    if (code == ENT_OK && ask->leave && ask->leave->effect == ENT_SLIP_NONE) code = weigh(&m, ask->leave, err);
    if (code == ENT_OK && m.prints) code = search_prints(&m, err);
    if (code == ENT_OK && m.faces) code = search_faces(&m, err);
    for (size_t i = 0; i < m.prints; i++) ent_finger_template_free(m.print[i]);
    ent_wipe(m.face, sizeof m.face);
    m.found.compared = m.compared;
    m.found.count = m.held && m.found.at[0].decision.hit ? m.held : 0;
    if (code == ENT_OK) *ret = m.found;
    return code;
}
