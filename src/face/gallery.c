/* Exact 1:N. A row of coarse bytes an entry is multiplied with the probe; cosines of coarse vectors lie within a known distance of the exact ones (the angle
 * that rounding can turn each vector by), so every entry that could be among the best stays a candidate, and the candidates are scored exactly, with
 * their fine bits. Every entry is multiplied, whoever may see it; flows are looked at only where a score is high enough to matter, so that what is
 * hidden costs the same time as what is not. */
#include "face/kernels.h"
#include "face/template.h"

#include "base/check.h"
#include "base/parallel.h"
#include "base/wipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { BLOCK = 256, SCREENED = 64, TOGETHER = FACE_PANELS * FACE_PANEL, MOST = 256, FIRST_ROOM = 256, CHUNK = 1 << 13, HUGE_PAGE = 2 << 20 };

struct ent_face_gallery {
    const face_kernel *kernel;
    unsigned threads;
    size_t count, room, stride, fine_bytes;
    uint32_t dimension, fine;
    uint8_t model[8];
    uint8_t *rows;     /* room x stride, coarse values plus 128 */
    uint8_t *fine_bits; /* room x fine_bytes, as templates have them */
    float *inverse;    /* 1 / length of each coarse vector */
    float turned;      /* sine of the largest angle between an entry's coarse and exact vector, so far */
    uint64_t *id, *flows;
};

ent_code ent_face_gallery_new(unsigned threads, ent_face_gallery **ret_gallery, ent_err *err)
{
    ent_face_gallery *g = calloc(1, sizeof *g);
    if (!g) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery");
    g->kernel = face_kernel_best();
    g->threads = threads;
    *ret_gallery = g;
    return ENT_OK;
}

void face_gallery_use(ent_face_gallery *g, const face_kernel *kernel)
{
    g->kernel = kernel;
}

static void drop(void *p, size_t n)
{
    if (p) ent_wipe(p, n);
    free(p);
}

static void drop_all(ent_face_gallery *g)
{
    drop(g->rows, g->room * g->stride);
    drop(g->fine_bits, g->room * g->fine_bytes);
    drop(g->inverse, g->room * sizeof *g->inverse);
    drop(g->id, g->room * sizeof *g->id);
    drop(g->flows, g->room * sizeof *g->flows);
}

void ent_face_gallery_free(ent_face_gallery *g)
{
    if (!g) return;
    drop_all(g);
    free(g);
}

size_t ent_face_gallery_count(const ent_face_gallery *g)
{
    return g->count;
}

/* Large blocks on large pages: the scan is as fast as memory is. */
static void *block(size_t n)
{
    size_t align = n >= HUGE_PAGE ? HUGE_PAGE : FACE_ALIGN, size = (n + align - 1) / align * align;
    void *p = aligned_alloc(align, size ? size : align);
    if (p && n >= HUGE_PAGE) (void)madvise(p, size, MADV_HUGEPAGE);
    return p;
}

static ent_code grow(ent_face_gallery *g, ent_err *err)
{
    ent_face_gallery n = *g;
    n.room = g->room ? g->room + g->room / 2 + BLOCK : FIRST_ROOM;
    n.rows = block(n.room * g->stride), n.fine_bits = block(n.room * g->fine_bytes), n.inverse = block(n.room * sizeof *n.inverse);
    n.id = block(n.room * sizeof *n.id), n.flows = block(n.room * sizeof *n.flows);
    if (!n.rows || !n.fine_bits || !n.inverse || !n.id || !n.flows) {
        free(n.rows), free(n.fine_bits), free(n.inverse), free(n.id), free(n.flows);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery of %zu faces", n.room);
    }
    if (g->count) {
        memcpy(n.rows, g->rows, g->count * g->stride), memcpy(n.fine_bits, g->fine_bits, g->count * g->fine_bytes);
        memcpy(n.inverse, g->inverse, g->count * sizeof *g->inverse);
        memcpy(n.id, g->id, g->count * sizeof *g->id), memcpy(n.flows, g->flows, g->count * sizeof *g->flows);
    }
    drop_all(g);
    *g = n;
    return ENT_OK;
}

/* Sine of the angle between coarse and exact vector, rounded up: at most the length of their difference over the exact one's. */
static float turn_of(const face_vector *v)
{
    double away = 0, length = 0, step = 1 << v->fine;
    for (uint32_t i = 0; i < v->dimension; i++) {
        double exact = v->value[i] / step, d = exact - v->coarse[i];
        away += d * d, length += exact * exact;
    }
    return (float)(sqrt(away / length) * 1.0001 + 1e-6);
}

static float inverse_of(const face_vector *v)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < v->dimension; i++) sum += v->coarse[i] * v->coarse[i];
    return (float)(1 / sqrt((double)sum));
}

static ent_code fits(const ent_face_gallery *g, const face_vector *v, ent_err *err)
{
    if (memcmp(g->model, v->model, sizeof g->model) == 0 && g->dimension == v->dimension) return ENT_OK;
    return ent_fail(err, ENT_UNSUPPORTED, "a template of another model than the gallery's: galleries never mix models; make it anew");
}

ent_code ent_face_gallery_add(ent_face_gallery *g, uint64_t id, uint64_t flows, const uint8_t *bytes, size_t len, ent_err *err)
{
    face_vector v = {0};
    ENT_TRY(face_vector_read(bytes, len, &v, err));
    if (g->dimension) ENT_TRY(fits(g, &v, err));
    else {
        g->dimension = v.dimension, g->fine = v.fine, g->fine_bytes = ((size_t)v.dimension * v.fine + 7) / 8;
        g->stride = ((size_t)v.dimension + FACE_ALIGN - 1) / FACE_ALIGN * FACE_ALIGN;
        memcpy(g->model, v.model, sizeof g->model);
    }
    if (g->count == g->room) ENT_TRY(grow(g, err));
    uint8_t *row = g->rows + g->count * g->stride;
    memset(row, 128, g->stride);
    for (uint32_t i = 0; i < v.dimension; i++) row[i] = (uint8_t)(v.coarse[i] + 128);
    memcpy(g->fine_bits + g->count * g->fine_bytes, bytes + FACE_HEADER + v.dimension, g->fine_bytes);
    g->inverse[g->count] = inverse_of(&v), g->id[g->count] = id, g->flows[g->count] = flows;
    float turned = turn_of(&v);
    if (turned > g->turned) g->turned = turned;
    g->count++;
    ent_wipe(&v, sizeof v);
    return ENT_OK;
}

void ent_face_gallery_see(ent_face_gallery *g, uint64_t id, uint64_t flows)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->id[i] == id) g->flows[i] = flows;
}

/* The last entry takes the place of the one that goes. */
void ent_face_gallery_remove(ent_face_gallery *g, uint64_t id)
{
    for (size_t i = 0; i < g->count;) {
        if (g->id[i] != id) {
            i++;
            continue;
        }
        size_t last = --g->count;
        memmove(g->rows + i * g->stride, g->rows + last * g->stride, g->stride);
        memmove(g->fine_bits + i * g->fine_bytes, g->fine_bits + last * g->fine_bytes, g->fine_bytes);
        g->inverse[i] = g->inverse[last], g->id[i] = g->id[last], g->flows[i] = g->flows[last];
        ent_wipe(g->rows + last * g->stride, g->stride);
        ent_wipe(g->fine_bits + last * g->fine_bytes, g->fine_bytes);
    }
}

/* ---- searching ---- */

typedef struct candidate {
    float score;
    size_t entry;
} candidate;

/* What one probe has found among the entries that one thread looked at. */
typedef struct found {
    candidate *list;
    float *best; /* the `most` highest scores, as a heap with the least of them first */
    size_t count, room, bests;
    float least; /* below it nothing can be among the best */
} found;

/* A probe, and what its narrow form leaves out. */
typedef struct sought {
    face_vector vector;
    face_one one;
    float inverse, slack; /* slack: how far coarse and exact cosine may differ */
    float lost;           /* length of what narrowing left out */
    int32_t add;          /* of the screen's product */
} sought;

typedef struct search {
    const ent_face_gallery *g;
    sought *probe;
    size_t probes;
    int8_t *values, *panels; /* probes x stride; panels of them side by side */
    int16_t *wide;
    uint64_t flows;
    size_t most, workers;
    found *found; /* workers x probes */
    bool failed;
} search;

/* One more score. Candidates lie no further below the `most`-th best than both errors could explain. */
static void rise(found *f, size_t most, float score, float slack)
{
    size_t i = 0;
    if (f->bests < most) {
        for (i = f->bests++; i && f->best[(i - 1) / 2] > score; i = (i - 1) / 2) f->best[i] = f->best[(i - 1) / 2];
    } else {
        if (score <= f->best[0]) return;
        for (size_t k = 1; k < most; k = 2 * i + 1) {
            if (k + 1 < most && f->best[k + 1] < f->best[k]) k++;
            if (f->best[k] >= score) break;
            f->best[i] = f->best[k], i = k;
        }
    }
    f->best[i] = score;
    if (f->bests == most) f->least = f->best[0] - 2 * slack;
}

/* Drops what is no candidate any more; room for one more. */
static bool prune(found *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->count; i++)
        if (f->list[i].score >= f->least) f->list[kept++] = f->list[i];
    f->count = kept;
    if (f->room && f->count * 2 < f->room) return true;
    size_t room = f->room ? 2 * f->room : FIRST_ROOM;
    candidate *more = realloc(f->list, room * sizeof *more);
    if (!more) return false;
    f->list = more, f->room = room;
    return true;
}

static bool keep(found *f, const search *s, size_t probe, candidate c)
{
    if (!f->best && !(f->best = malloc(s->most * sizeof *f->best))) return false;
    if (f->count == f->room && !prune(f)) return false;
    f->list[f->count++] = c;
    rise(f, s->most, c.score, s->probe[probe].slack);
    return true;
}

/* Scores of one block for one probe: most lie below `least`. */
static bool select_best(const search *s, size_t probe, size_t first, size_t count, const int32_t *dots, found *f)
{
    float inverse = s->probe[probe].inverse, least = f->least / inverse;
    for (size_t i = 0; i < count; i++) {
        float score = (float)dots[i] * s->g->inverse[first + i];
        if (score < least || !(s->g->flows[first + i] & s->flows)) continue;
        if (!keep(f, s, probe, (candidate){score * inverse, first + i})) return false;
        least = f->least / inverse;
    }
    return true;
}

static bool search_one(search *s, size_t first, size_t end, found *f)
{
    const ent_face_gallery *g = s->g;
    int32_t dots[BLOCK];
    for (; first < end; first += BLOCK) {
        face_rows rows = {g->rows + first * g->stride, end - first < BLOCK ? end - first : BLOCK, g->stride};
        g->kernel->dots(&rows, &s->probe->one, dots);
        if (!select_best(s, 0, first, rows.count, dots, f)) return false;
    }
    return true;
}

/* What of a panel's probes can be among the best: those that reach `least` by length(row). Narrow, a row's value is r = 2 h - 127.5 + d with |d| = 1/2, a
 * probe's p = 4 q + e with e from -2 to 1, so the product sum(r p) is at most 8 sum(h q) - 510 sum(q) + 2 sum(|q|) + length(r) length(e) (Cauchy and Schwarz for
 * the last part). Divided by length(r), it can reach `least` only when (sum(h q) + add) / length(r) does reach (least - length(e)) / 8; 0.01 is more than
 * floats round. */
static float least_of(const search *s, size_t probe, const found *f)
{
    const sought *p = &s->probe[probe];
    float least = f[probe].least / p->inverse;
    return s->g->kernel->narrow ? (least - p->lost) / 8 - 0.01f : least - 0.01f;
}

static void set_panels(const search *s, const found *f, face_panel panel[FACE_PANELS])
{
    for (size_t k = 0; k < TOGETHER; k++) {
        face_panel *p = &panel[k / FACE_PANEL];
        p->values = s->panels + k / FACE_PANEL * FACE_PANEL * s->g->stride;
        p->add[k % FACE_PANEL] = k < s->probes ? s->probe[k].add : 0;
        p->least[k % FACE_PANEL] = k < s->probes ? least_of(s, k, f) : INFINITY;
    }
}

static bool take_passes(const search *s, size_t first, const face_pass *pass, size_t count, face_panel *panel, found *f)
{
    const ent_face_gallery *g = s->g;
    for (size_t i = 0; i < count; i++) {
        size_t at = first + pass[i].row, p = pass[i].probe;
        int32_t dot;
        if (!(g->flows[at] & s->flows)) continue;
        face_rows one = {g->rows + at * g->stride, 1, g->stride};
        g->kernel->dots(&one, &s->probe[p].one, &dot);
        if (!select_best(s, p, at, 1, &dot, &f[p])) return false;
        panel[p / FACE_PANEL].least[p % FACE_PANEL] = least_of(s, p, f);
    }
    return true;
}

static void narrow_rows(const uint8_t *restrict rows, size_t n, uint8_t *restrict ret)
{
    for (size_t i = 0; i < n; i++) ret[i] = rows[i] >> 1;
}

/* Rows are read once for all probes; narrowed, in a block that stays in the nearest cache. */
static bool search_many(search *s, size_t first, size_t end, found *f)
{
    const ent_face_gallery *g = s->g;
    uint8_t narrow[SCREENED * ENT_FACE_DIMENSION_MAX];
    face_pass pass[SCREENED * TOGETHER];
    face_panel panel[FACE_PANELS];
    set_panels(s, f, panel);
    for (; first < end; first += SCREENED) {
        face_rows rows = {g->rows + first * g->stride, end - first < SCREENED ? end - first : SCREENED, g->stride};
        if (g->kernel->narrow) {
            narrow_rows(rows.rows, rows.count * g->stride, narrow);
            rows.rows = narrow;
        }
        size_t n = g->kernel->screen(&rows, g->inverse + first, panel, (s->probes + FACE_PANEL - 1) / FACE_PANEL, pass);
        if (!take_passes(s, first, pass, n, panel, f)) return false;
    }
    return true;
}

static void search_chunk(void *ctx, size_t chunk, unsigned worker)
{
    search *s = ctx;
    size_t first = chunk * CHUNK, end = first + CHUNK < s->g->count ? first + CHUNK : s->g->count;
    found *f = s->found + worker * s->probes;
    if (!(s->probes > 1 ? search_many(s, first, end, f) : search_one(s, first, end, f))) s->failed = true;
}

static void exact_vector(const ent_face_gallery *g, size_t i, face_vector *ret)
{
    face_vector_unpack(g->dimension, g->fine, g->rows + i * g->stride, 128, g->fine_bits + i * g->fine_bytes, ret);
}

static int by_exact(const void *a, const void *b)
{
    const ent_face_hit *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

/* All threads' candidates of one probe, scored exactly. */
static bool settle(const search *s, size_t probe, ent_face_hit *ret_hits, size_t *ret_count)
{
    float best[MOST], least = -INFINITY;
    found all = {.best = best, .least = -INFINITY};
    size_t n = 0, done = 0;
    face_vector v = {0};
    for (size_t c = 0; c < s->workers; c++) n += s->found[c * s->probes + probe].count;
    ent_face_hit *hits = calloc(n + 1, sizeof *hits);
    if (!hits) return false;
    for (int pass = 0; pass < 2; pass++, least = all.least)
        for (size_t c = 0; c < s->workers; c++) {
            const found *f = &s->found[c * s->probes + probe];
            for (size_t i = 0; i < f->count; i++) {
                if (!pass) rise(&all, s->most, f->list[i].score, s->probe[probe].slack);
                if (!pass || f->list[i].score < least) continue;
                exact_vector(s->g, f->list[i].entry, &v);
                hits[done++] = (ent_face_hit){s->g->id[f->list[i].entry], face_cosine(&s->probe[probe].vector, &v)};
            }
        }
    qsort(hits, done, sizeof *hits, by_exact);
    *ret_count = done < s->most ? done : s->most;
    memcpy(ret_hits, hits, *ret_count * sizeof *hits);
    ent_wipe(&v, sizeof v);
    free(hits);
    return true;
}

/* A probe's place in its panel. */
static void lay(sought *p, const int8_t *values, size_t stride, size_t k, bool narrow, int8_t *panel)
{
    int32_t sum = 0, size = 0, lost = 0;
    for (size_t i = 0; i < stride; i++) {
        int q = narrow ? (values[i] + 130) / 4 - 32 : values[i], e = values[i] - 4 * q;
        panel[(i / 4 * FACE_PANEL + k) * 4 + i % 4] = (int8_t)q;
        sum += q, size += q < 0 ? -q : q, lost += e * e;
    }
    p->add = narrow ? (2 * size - 510 * sum) / 8 + 1 : -p->one.bias;
    p->lost = sqrtf((float)lost) + 0.01f;
}

/* A cosine moves by at most the sum of the angles that its vectors are turned by; and floats round. */
static ent_code prepare(search *s, const ent_face_probe *probes, ent_err *err)
{
    const ent_face_gallery *g = s->g;
    for (size_t k = 0; k < s->probes; k++) {
        sought *p = &s->probe[k];
        int8_t *values = s->values + k * g->stride;
        int16_t *wide = s->wide + k * g->stride;
        ENT_TRY(face_vector_read(probes[k].bytes, probes[k].len, &p->vector, err));
        ENT_TRY(fits(g, &p->vector, err));
        for (uint32_t i = 0; i < g->dimension; i++) {
            values[i] = p->vector.coarse[i], wide[i] = p->vector.coarse[i];
            p->one.bias += 128 * p->vector.coarse[i];
        }
        p->one.values = values, p->one.wide = wide;
        p->inverse = inverse_of(&p->vector);
        p->slack = (float)((asin(fmin(1, (double)turn_of(&p->vector))) + asin(fmin(1, (double)g->turned))) * 1.0001 + 1e-5);
        lay(p, values, g->stride, k % FACE_PANEL, g->kernel->narrow, s->panels + k / FACE_PANEL * FACE_PANEL * g->stride);
    }
    return ENT_OK;
}

static ent_code search_together(search *s, const ent_face_probe *probes, ent_face_hit *ret_hits, size_t *ret_counts, ent_err *err)
{
    size_t n = s->probes, bytes = n * s->g->stride, panels = (n + FACE_PANEL - 1) / FACE_PANEL * FACE_PANEL * s->g->stride;
    s->values = aligned_alloc(FACE_ALIGN, bytes), s->wide = aligned_alloc(FACE_ALIGN, bytes * 2), s->panels = aligned_alloc(FACE_ALIGN, panels);
    s->probe = calloc(n, sizeof *s->probe), s->found = calloc(s->workers * n, sizeof *s->found);
    bool room = s->values && s->wide && s->panels && s->probe && s->found;
    ent_code code = ENT_OK;
    if (room) {
        memset(s->values, 0, bytes), memset(s->wide, 0, bytes * 2), memset(s->panels, 0, panels);
        for (size_t i = 0; i < s->workers * n; i++) s->found[i].least = -INFINITY;
        code = prepare(s, probes, err);
        if (code == ENT_OK) ent_parallel((s->g->count + CHUNK - 1) / CHUNK, s->g->threads, search_chunk, s);
        for (size_t p = 0; p < n && code == ENT_OK && room; p++) room = !s->failed && settle(s, p, ret_hits + p * s->most, &ret_counts[p]);
    }
    if (code == ENT_OK && !room) code = ent_fail(err, ENT_NO_MEMORY, "out of memory for a search with %zu probes", n);
    for (size_t i = 0; s->found && i < s->workers * n; i++) free(s->found[i].list), free(s->found[i].best);
    drop(s->values, bytes), drop(s->wide, bytes * 2), drop(s->panels, panels), drop(s->probe, n * sizeof *s->probe);
    free(s->found);
    return code;
}

ent_code ent_face_gallery_search(const ent_face_gallery *g, const ent_face_probe *probes, size_t count, uint64_t flows, size_t most,
                                 ent_face_hit *ret_hits, size_t *ret_counts, ent_err *err)
{
    if (most < 1 || most > MOST) return ent_fail(err, ENT_USAGE, "%zu best were asked for; 1 to %d", most, MOST);
    for (size_t p = 0; p < count; p++) ret_counts[p] = 0;
    if (!g->count) return ENT_OK;
    for (size_t p = 0; p < count; p += TOGETHER) {
        search s = {.g = g, .flows = flows, .most = most, .workers = ent_parallel_width(g->threads), .probes = count - p < TOGETHER ? count - p : TOGETHER};
        ENT_TRY(search_together(&s, probes + p, ret_hits + p * most, ret_counts + p, err));
    }
    return ENT_OK;
}

const char *ent_face_kernel(void)
{
    return face_kernel_best()->name;
}
