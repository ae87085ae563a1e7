#include "flow/examination/control.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/capture/read.h"
#include "flow/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PRINTS = 64,     /* of one part */
    TRIES = 64,      /* draws from what is held, for each side of a pair */
    CANDIDATES = 16, /* of which the most alike is taken */
    AT_ONCE = 4      /* a minute */
};

/* ---- to come ---- */

void ent_control_plan(ent_flow_node *n, ent_batch *b, const ent_case *beside, const ent_capture *probe)
{
    uint32_t lot;
    uint64_t later;
    ent_case k = *beside;
    const ent_held_part *c = ent_part_held(n, beside->candidate.b);
    ent_fill(n, &lot, sizeof lot);
    ent_fill(n, &later, sizeof later);
    bool alike = c && (c->facts.material == ENT_MATERIAL_FINGERPRINT) == (probe->print_count > 0);
    if (lot % 1000 >= n->c.control_per_mille || !alike) return;
    later %= (uint64_t)(k.until.ms - k.opened.ms) + 1;
    k.opened.ms += (int64_t)later;
    k.until.ms += (int64_t)later;
    k.control = true;
    k.opinion_count = 0;
    k.probe = k.candidate = (ent_part_id){0};
    for (size_t i = 0; i < probe->print_count; i++) k.fingers[k.finger_count++] = probe->print[i]->finger;
    ent_fill(n, k.id, ENT_ID_SIZE);
    ent_fill(n, k.reference.b, ENT_ID_SIZE);
    ent_fill(n, k.salt, sizeof k.salt);
    ent_case_put(b, &k);
}

bool ent_control_waits(const ent_case *k) { return k->control && k->state == ENT_CASE_OPEN && ent_id_is_zero(k->probe.b); }

/* ---- what a part has to be compared with ---- */

/* The templates of one part; of a photograph, its face's. */
typedef struct samples {
    struct {
        uint8_t place, finger;
        ent_finger_template *print;
        uint8_t face[ENT_FACE_TEMPLATE_MAX];
        size_t face_len;
    } of[PRINTS];
    size_t count;
} samples;

static void samples_free(samples *s)
{
    for (size_t i = 0; s && i < s->count; i++) ent_finger_template_free(s->of[i].print);
    if (s) ent_wipe(s, sizeof *s);
    free(s);
}

struct reading {
    const ent_key32 *key;
    samples *into;
    bool face;
};

static ent_code read_sample(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct reading *r = ctx;
    samples *s = r->into;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_FINGER_FULL_MAX + ENT_FACE_TEMPLATE_MAX);
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    if (s->count == PRINTS) return ENT_OK;
    ENT_TRY(ent_unseal(r->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, NULL));
    s->of[s->count].place = key[ENT_ID_SIZE + 1];
    s->of[s->count].finger = key[ENT_ID_SIZE + 2];
    if (r->face) {
        if (plain.len > ENT_FACE_TEMPLATE_MAX) return ENT_DAMAGED;
        memcpy(s->of[s->count].face, plain.data, plain.len);
        s->of[s->count].face_len = plain.len;
    } else if (ent_finger_decode(plain.data, plain.len, &s->of[s->count].print, NULL) != ENT_OK) return ENT_OK;
    s->count++;
    return ENT_OK;
}

static ent_code key_of(ent_flow_node *n, const ent_held_part *p, ent_key32 *ret, ent_err *err)
{
    uint8_t binding[32];
    ent_part_binding(p->id.b, binding);
    return n->c.keys.get(n->c.keys.self, p->slot, binding, ret, err);
}

static ent_code read_samples(ent_flow_node *n, const ent_held_part *p, samples **ret, ent_err *err)
{
    uint8_t prefix[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    ENT_TRY(key_of(n, p, &key, err));
    samples *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    bool face = p->facts.material == ENT_MATERIAL_PHOTOGRAPH;
    memcpy(prefix, p->id.b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = face ? 'A' : 'T';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, read_sample, &(struct reading){&key, s, face}, err);
    if (code == ENT_OK) return *ret = s, ENT_OK;
    samples_free(s);
    return code == ENT_DAMAGED ? ent_fail(err, code, "a template's row cannot be read") : code;
}

/* ---- the pair ---- */

/* The prints that stand for the probe: one for each finger that is wanted, told or untold, none twice. */
typedef struct picks {
    size_t at[ENT_CAPTURE_PRINTS];
    size_t count;
} picks;

static bool pick(const ent_case *k, const samples *s, picks *ret)
{
    uint64_t taken = 0;
    ret->count = 0;
    for (int told = 1; told >= 0; told--) /* the told ones first: the others take what is left */
        for (size_t i = 0; i < k->finger_count; i++) {
            size_t at = 0;
            if ((k->fingers[i] != 0) != told) continue;
            while (at < s->count && (taken >> at & 1 || (told && s->of[at].finger != k->fingers[i]))) at++;
            if (at == s->count) return false;
            taken |= UINT64_C(1) << at;
            ret->at[i] = at;
        }
    ret->count = k->finger_count;
    return k->finger_count > 0 || s->count > 0;
}

/* log10 of the odds that the two are of one person, by their best pair; -INFINITY: nothing can be compared. */
static ent_code odds(ent_flow_node *n, const ent_case *k, const samples *probe, const picks *p, const samples *other, double *ret, ent_err *err)
{
    *ret = -INFINITY;
    for (size_t i = 0; i < p->count; i++) {
        ent_finger_probe *made;
        ENT_TRY(ent_finger_probe_new(probe->of[p->at[i]].print, &made, err));
        for (size_t c = 0; c < other->count; c++) {
            if (k->fingers[i] && other->of[c].finger && k->fingers[i] != other->of[c].finger) continue;
            double o = ent_finger_llr(ent_finger_match_full(made, other->of[c].print, NULL)).extrapolated;
            if (o > *ret) *ret = o;
        }
        ent_finger_probe_free(made);
    }
    for (size_t i = 0; !p->count && i < probe->count; i++)
        for (size_t c = 0; c < other->count; c++) {
            double score;
            if (ent_face_match(probe->of[i].face, probe->of[i].face_len, other->of[c].face, other->of[c].face_len, &score, NULL) != ENT_OK) continue;
            double o = ent_face_llr(&n->c.faces.calibration, score).extrapolated;
            if (o > *ret) *ret = o;
        }
    return ENT_OK;
}

static const ent_held_part *photograph_of(ent_flow_node *n, const ent_held_part *p)
{
    if (p->facts.material == ENT_MATERIAL_PHOTOGRAPH) return p;
    for (const ent_held_part *q = ent_part_first(n, ENT_BY_ENCOUNTER, p->encounter.b); q; q = ent_part_next(n, ENT_BY_ENCOUNTER, q))
        if (q->facts.material == ENT_MATERIAL_PHOTOGRAPH && !q->hidden) return q;
    return NULL;
}

/* Drawn from what is held and can be shown; NULL: none was found. */
static const ent_held_part *draw(ent_flow_node *n, const ent_case *k, const ent_held_part *not_of)
{
    ent_material material = k->finger_count ? ENT_MATERIAL_FINGERPRINT : ENT_MATERIAL_PHOTOGRAPH;
    for (int tries = 0; tries < TRIES && n->part_count; tries++) {
        uint32_t lot;
        ent_fill(n, &lot, sizeof lot);
        const ent_held_part *p = &n->parts[lot % n->part_count];
        if (p->hidden || p->hold || p->facts.material != material) continue;
        if (not_of && ent_id_equal(p->person.b, not_of->person.b)) continue;
        if (!k->face || photograph_of(n, p)) return p;
    }
    return NULL;
}

typedef struct pair {
    const ent_held_part *probe, *candidate;
    samples *samples; /* of the probe, owned */
    picks picks;
} pair;

static ent_code draw_probe(ent_flow_node *n, const ent_case *k, pair *ret, ent_err *err)
{
    for (int tries = 0; tries < CANDIDATES; tries++) {
        const ent_held_part *p = draw(n, k, NULL);
        if (!p) break;
        ENT_TRY(read_samples(n, p, &ret->samples, err));
        if (pick(k, ret->samples, &ret->picks)) return ret->probe = p, ENT_OK;
        samples_free(ret->samples);
        ret->samples = NULL;
    }
    return ENT_NOT_FOUND;
}

/* Of other persons, the one that is most like the probe, and of whom the machine still says that it is another: two records of one
 * person that nobody has linked are no control. */
static ent_code draw_candidate(ent_flow_node *n, const ent_case *k, pair *ret, ent_err *err)
{
    double most = -INFINITY;
    ent_part_id seen[CANDIDATES];
    const ent_part_set looked_at = {seen, CANDIDATES};
    memset(seen, 0, sizeof seen);
    for (int tries = 0; tries < CANDIDATES; tries++) {
        samples *s;
        picks unused;
        double o = -INFINITY;
        const ent_held_part *p = draw(n, k, ret->probe);
        if (!p) break;
        if (ent_part_in(&looked_at, p->id.b)) continue;
        seen[tries] = p->id;
        ENT_TRY(read_samples(n, p, &s, err));
        bool shown = pick(k, s, &unused);
        ent_code code = shown ? odds(n, k, ret->samples, &ret->picks, s, &o, err) : ENT_OK;
        samples_free(s);
        if (code != ENT_OK) return code;
        if (!shown || o >= 0 || (ret->candidate && o <= most)) continue;
        ret->candidate = p;
        most = o;
    }
    return ret->candidate ? ENT_OK : ENT_NOT_FOUND;
}

/* ---- its probe, as a search brings it ---- */

typedef struct making {
    ent_case k;
    ent_part_id photograph;
    ent_buf print[ENT_CAPTURE_PRINTS], face; /* the files as they were enrolled */
} making;

static void making_free(making *m)
{
    for (size_t i = 0; m && i < ENT_CAPTURE_PRINTS; i++) ent_buf_free(&m->print[i]);
    if (m) ent_buf_free(&m->face);
    free(m);
}

static ent_code read_file(ent_flow_node *n, const ent_held_part *p, char what, uint8_t place, uint8_t finger, ent_buf *ret, ent_err *err)
{
    uint8_t name[ENT_ID_SIZE + 3];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(ENT_CAPTURE_IMAGE + ENT_SEAL_OVERHEAD);
    memcpy(name, p->id.b, ENT_ID_SIZE);
    name[ENT_ID_SIZE] = (uint8_t)what, name[ENT_ID_SIZE + 1] = place, name[ENT_ID_SIZE + 2] = finger;
    ENT_TRY(key_of(n, p, &key, err));
    ENT_TRY(n->c.store.get(n->c.store.self, ENT_TABLE_BLOBS, name, sizeof name, &box, err));
    return ent_unseal(&key, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len), ret, err);
}

static ent_code first_photograph(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    (void)value, (void)value_len;
    uint8_t *ret = ctx;
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    memcpy(ret, key + ENT_ID_SIZE + 1, 2);
    return ENT_BUSY; /* enough */
}

static ent_code read_photograph(ent_flow_node *n, const ent_held_part *p, ent_buf *ret, ent_err *err)
{
    uint8_t prefix[ENT_ID_SIZE + 1], at[2];
    memcpy(prefix, p->id.b, ENT_ID_SIZE);
    prefix[ENT_ID_SIZE] = 'F';
    ent_change range = {.key = prefix, .key_len = sizeof prefix};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, first_photograph, at, err);
    return code == ENT_BUSY ? read_file(n, p, 'F', at[0], at[1], ret, err) : code == ENT_OK ? ENT_NOT_FOUND : code;
}

/* Under the lock: the pair, and copies of what its probe is made from. */
static ent_code choose(ent_flow_node *n, making *m, ent_err *err)
{
    pair p = {0};
    ent_code code = draw_probe(n, &m->k, &p, err);
    if (code == ENT_OK) code = draw_candidate(n, &m->k, &p, err);
    for (size_t i = 0; i < p.picks.count && code == ENT_OK; i++)
        code = read_file(n, p.probe, 'I', p.samples->of[p.picks.at[i]].place, p.samples->of[p.picks.at[i]].finger, &m->print[i], err);
    const ent_held_part *photograph = code == ENT_OK && m->k.face ? photograph_of(n, p.probe) : NULL;
    if (photograph) m->photograph = photograph->id, code = read_photograph(n, photograph, &m->face, err);
    if (code == ENT_OK) m->k.probe = p.probe->id, m->k.candidate = p.candidate->id;
    samples_free(p.samples);
    return code;
}

static ent_code add_print(ent_flow_node *n, const ent_buf *file, uint8_t finger, ent_capture *into, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", file->data, file->len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    if (c.print_count) {
        into->print[into->print_count++] = c.print[0];
        c.print[0]->finger = finger;
        memmove(&c.print[0], &c.print[1], --c.print_count * sizeof c.print[0]);
    }
    ent_capture_free(&c);
    return ENT_OK;
}

/* A picture's size stands in its PNG's first chunk (ISO/IEC 15948, 11.2.2). */
static ent_code add_face(ent_flow_node *n, const ent_buf *file, ent_capture *into, ent_err *err)
{
    ENT_AUTO_BUF png = ENT_BUF(32U << 20);
    uint8_t *copy = malloc(file->len);
    if (!copy) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    memcpy(copy, file->data, file->len);
    into->face[into->face_count++] = (ent_capture_image){.image = copy, .image_len = file->len};
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "picture", file->data, file->len, &png, err));
    ent_cursor c = ENT_CURSOR(png.data, png.len);
    (void)ent_cursor_take(&c, 16);
    into->face[0].width = (uint16_t)ent_cursor_u32(&c);
    into->face[0].height = (uint16_t)ent_cursor_u32(&c);
    return c.bad ? ent_fail(err, ENT_FORMAT, "a photograph that cannot be shown") : ENT_OK;
}

/* Not under the lock. */
static ent_code pack(ent_flow_node *n, const making *m, ent_buf *ret, ent_err *err)
{
    ent_capture c = {0};
    ent_code code = ENT_OK;
    for (size_t i = 0; i < m->k.finger_count && code == ENT_OK; i++) code = add_print(n, &m->print[i], m->k.fingers[i], &c, err);
    if (code == ENT_OK && m->k.face) code = add_face(n, &m->face, &c, err);
    if (code == ENT_OK) code = ent_capture_pack(&c, 1U << ENT_MODALITY_FINGERPRINT | 1U << ENT_MODALITY_FACE, ret, err);
    ent_capture_free(&c);
    return code;
}

/* ---- its row ---- */

static void probe_name(const ent_case *k, uint8_t ret[ENT_ID_SIZE + 1])
{
    memcpy(ret, k->id, ENT_ID_SIZE);
    ret[ENT_ID_SIZE] = 'p';
}

/* The probe's part, while it may be shown. */
static const ent_held_part *still(ent_flow_node *n, const ent_part_id *id)
{
    const ent_held_part *p = ent_part_held(n, id->b);
    return p && !p->hidden && !p->hold ? p : NULL;
}

ent_code ent_control_probe(ent_flow_node *n, const ent_case *k, ent_buf *ret_transaction, ent_err *err)
{
    uint8_t name[ENT_ID_SIZE + 1];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF box = ENT_BUF(ENT_LIMIT_BODY + ENT_SEAL_OVERHEAD);
    const ent_held_part *p = still(n, &k->probe);
    if (!p) return ent_fail(err, ENT_GONE, "this case is withdrawn");
    probe_name(k, name);
    ENT_TRY(key_of(n, p, &key, err));
    ENT_TRY(n->c.store.get(n->c.store.self, ENT_TABLE_CASES, name, sizeof name, &box, err));
    return ent_unseal(&key, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len), ret_transaction, err);
}

/* Under the lock. What went meanwhile makes no control. */
static ent_code keep(ent_flow_node *n, making *m, const ent_buf *transaction, ent_err *err)
{
    uint8_t name[ENT_ID_SIZE + 1], nonce[12];
    ENT_WIPED_KEY key;
    ent_case now;
    ENT_AUTO_BUF box = ENT_BUF(ENT_LIMIT_BODY + ENT_SEAL_OVERHEAD);
    ENT_AUTO_BATCH b = ent_batch_new("control");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    const ent_held_part *p = still(n, &m->k.probe);
    ENT_TRY(ent_case_get(n, m->k.id, &now, err));
    if (!ent_control_waits(&now) || !p || !still(n, &m->k.candidate) || (!ent_id_is_zero(m->photograph.b) && !still(n, &m->photograph))) return ENT_OK;
    probe_name(&m->k, name);
    ent_fill(n, nonce, sizeof nonce);
    ENT_TRY(key_of(n, p, &key, err));
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(name, sizeof name), ENT_BYTES(transaction->data, transaction->len), &box, err));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_CASES, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len));
    (void)ent_case_assign(n, &m->k);
    ent_case_put(b, &m->k);
    return ent_commit(n, b, NULL, err);
}

static ent_code drop(ent_flow_node *n, const ent_case *k, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("control");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_CASES, ENT_BYTES(k->id, ENT_ID_SIZE), ENT_BYTES("", 0));
    return ent_commit(n, b, NULL, err);
}

struct planned {
    const ent_flow_node *n;
    ent_case *ret;
    bool found;
};

static ent_code is_ready(void *ctx, const ent_case *k)
{
    struct planned *p = ctx;
    if (p->found || !ent_control_waits(k) || k->opened.ms > ent_now(p->n).ms || k->until.ms < ent_now(p->n).ms) return ENT_OK;
    *p->ret = *k;
    p->found = true;
    return ENT_OK;
}

static ent_code make_one(ent_flow_node *n, making *m, bool *ret_found, ent_err *err)
{
    struct planned p = {n, &m->k, false};
    ENT_AUTO_BUF transaction = ENT_BUF(ENT_LIMIT_BODY);
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_cases_walk(n, is_ready, &p, err);
    *ret_found = p.found;
    if (code == ENT_OK && p.found) code = choose(n, m, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK && p.found) code = pack(n, m, &transaction, err);
    if (!p.found) return code;
    pthread_mutex_lock(&n->lock);
    bool none = code == ENT_NOT_FOUND || code == ENT_UNSUPPORTED || code == ENT_FORMAT; /* no pair, or a file that no transaction carries */
    if (none) code = drop(n, &m->k, err);
    else if (code == ENT_OK) code = keep(n, m, &transaction, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_controls_make(ent_flow_node *n, ent_err *err)
{
    bool found = true;
    for (int i = 0; i < AT_ONCE && found; i++) {
        making *m = calloc(1, sizeof *m);
        if (!m) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        for (size_t f = 0; f < ENT_CAPTURE_PRINTS; f++) m->print[f] = ENT_BUF(ENT_CAPTURE_IMAGE);
        m->face = ENT_BUF(ENT_CAPTURE_IMAGE);
        ent_code code = make_one(n, m, &found, err);
        making_free(m);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}
