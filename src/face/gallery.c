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

enum { BLOCK = 256, TOGETHER = 64, MOST = 256, FIRST_ROOM = 256, CHUNK = 1 << 13, HUGE_PAGE = 2 << 20 };

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
    size_t count, room;
    float least; /* below it nothing can be among the best */
} found;

typedef struct search {
    const ent_face_gallery *g;
    face_probes probes;
    face_vector *vector;  /* of each probe */
    float *inverse, *slack; /* of each probe; slack: how far coarse and exact cosine may differ */
    uint64_t flows;
    size_t most, workers;
    found *found; /* workers x probes */
    bool failed;
} search;

static int by_score(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->entry > y->entry) - (x->entry < y->entry);
}

/* Drops what lies further below the k-th best than both errors could explain. */
static bool prune(found *f, size_t most, float slack)
{
    qsort(f->list, f->count, sizeof *f->list, by_score);
    if (f->count >= most) {
        f->least = f->list[most - 1].score - 2 * slack;
        while (f->list[f->count - 1].score < f->least) f->count--;
    }
    if (f->count * 2 < f->room) return true;
    candidate *more = realloc(f->list, 2 * f->room * sizeof *more);
    if (!more) return false;
    f->list = more, f->room *= 2;
    return true;
}

static bool keep(found *f, const search *s, size_t probe, candidate c)
{
    if (f->count == f->room) {
        if (!f->room) {
            f->room = FIRST_ROOM;
            if (!(f->list = malloc(f->room * sizeof *f->list))) return false;
        } else if (!prune(f, s->most, s->slack[probe]))
            return false;
        if (c.score < f->least) return true;
    }
    f->list[f->count++] = c;
    return true;
}

/* Scores of one block for one probe: most lie below `least`. */
static bool select_best(const search *s, size_t probe, size_t first, size_t count, const int32_t *dots, found *f)
{
    float inverse = s->inverse[probe], least = f->least / inverse;
    for (size_t i = 0; i < count; i++) {
        float score = (float)dots[i] * s->g->inverse[first + i];
        if (score < least || !(s->g->flows[first + i] & s->flows)) continue;
        if (!keep(f, s, probe, (candidate){score * inverse, first + i})) return false;
        least = f->least / inverse;
    }
    return true;
}

static void search_chunk(void *ctx, size_t chunk, unsigned worker)
{
    search *s = ctx;
    const ent_face_gallery *g = s->g;
    size_t end = (chunk + 1) * CHUNK < g->count ? (chunk + 1) * CHUNK : g->count;
    int32_t dots[4 * BLOCK];
    bool done = true;
    for (size_t first = chunk * CHUNK; first < end && done; first += BLOCK)
        for (size_t p = 0; p < s->probes.count && done; p += 4) { /* the block stays in the cache from four probes to the next */
            face_rows rows = {g->rows + first * g->stride, end - first < BLOCK ? end - first : BLOCK, g->stride};
            face_probes four = {s->probes.values + p * g->stride, s->probes.wide + p * g->stride, s->probes.bias + p, s->probes.count - p < 4 ? s->probes.count - p : 4};
            g->kernel->dots(&rows, &four, dots);
            for (size_t k = 0; k < four.count && done; k++)
                done = select_best(s, p + k, first, rows.count, dots + k * rows.count, &s->found[worker * s->probes.count + p + k]);
        }
    if (!done) s->failed = true;
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
    size_t n = 0, done = 0;
    for (size_t c = 0; c < s->workers; c++) n += s->found[c * s->probes.count + probe].count;
    found all = {calloc(n + 1, sizeof *all.list), 0, SIZE_MAX, -INFINITY};
    ent_face_hit *hits = NULL;
    face_vector v = {0};
    if (!all.list) return false;
    for (size_t c = 0; c < s->workers; c++) {
        const found *f = &s->found[c * s->probes.count + probe];
        if (f->count) memcpy(all.list + all.count, f->list, f->count * sizeof *f->list);
        all.count += f->count;
    }
    bool fine = !all.count || prune(&all, s->most, s->slack[probe]);
    hits = calloc(all.count + 1, sizeof *hits);
    for (; fine && hits && done < all.count; done++) {
        exact_vector(s->g, all.list[done].entry, &v);
        hits[done] = (ent_face_hit){s->g->id[all.list[done].entry], face_cosine(&s->vector[probe], &v)};
    }
    if (hits) {
        qsort(hits, done, sizeof *hits, by_exact);
        *ret_count = done < s->most ? done : s->most;
        memcpy(ret_hits, hits, *ret_count * sizeof *hits);
    }
    fine = fine && hits;
    ent_wipe(&v, sizeof v);
    free(hits);
    free(all.list);
    return fine;
}

/* A cosine moves by at most the sum of the angles that its vectors are turned by; and floats round. */
static ent_code prepare(search *s, const ent_face_probe *probes, int8_t *values, int16_t *wide, int32_t *bias, ent_err *err)
{
    const ent_face_gallery *g = s->g;
    for (size_t p = 0; p < s->probes.count; p++) {
        face_vector *v = &s->vector[p];
        ENT_TRY(face_vector_read(probes[p].bytes, probes[p].len, v, err));
        ENT_TRY(fits(g, v, err));
        for (uint32_t i = 0; i < v->dimension; i++) {
            values[p * g->stride + i] = v->coarse[i], wide[p * g->stride + i] = v->coarse[i];
            bias[p] += 128 * v->coarse[i];
        }
        s->inverse[p] = inverse_of(v);
        s->slack[p] = (float)((asin(fmin(1, (double)turn_of(v))) + asin(fmin(1, (double)g->turned))) * 1.0001 + 1e-5);
    }
    return ENT_OK;
}

static ent_code search_together(search *s, const ent_face_probe *probes, ent_face_hit *ret_hits, size_t *ret_counts, ent_err *err)
{
    size_t n = s->probes.count, bytes = n * s->g->stride;
    int8_t *values = aligned_alloc(FACE_ALIGN, bytes);
    int16_t *wide = aligned_alloc(FACE_ALIGN, bytes * 2);
    int32_t *bias = calloc(n, sizeof *bias);
    s->vector = calloc(n, sizeof *s->vector), s->inverse = calloc(n, sizeof *s->inverse), s->slack = calloc(n, sizeof *s->slack);
    s->found = calloc(s->workers * n, sizeof *s->found);
    bool room = values && wide && bias && s->vector && s->inverse && s->slack && s->found;
    ent_code code = ENT_OK;
    if (room) {
        memset(values, 0, bytes), memset(wide, 0, bytes * 2);
        for (size_t i = 0; i < s->workers * n; i++) s->found[i].least = -INFINITY;
        s->probes = (face_probes){values, wide, bias, n};
        code = prepare(s, probes, values, wide, bias, err);
        if (code == ENT_OK) ent_parallel((s->g->count + CHUNK - 1) / CHUNK, s->g->threads, search_chunk, s);
        for (size_t p = 0; p < n && code == ENT_OK && room; p++) room = !s->failed && settle(s, p, ret_hits + p * s->most, &ret_counts[p]);
    }
    if (code == ENT_OK && !room) code = ent_fail(err, ENT_NO_MEMORY, "out of memory for a search with %zu probes", n);
    for (size_t i = 0; s->found && i < s->workers * n; i++) free(s->found[i].list);
    drop(values, bytes), drop(wide, bytes * 2), drop(s->vector, n * sizeof *s->vector);
    free(bias), free(s->inverse), free(s->slack), free(s->found);
    return code;
}

ent_code ent_face_gallery_search(const ent_face_gallery *g, const ent_face_probe *probes, size_t count, uint64_t flows, size_t most,
                                 ent_face_hit *ret_hits, size_t *ret_counts, ent_err *err)
{
    if (most < 1 || most > MOST) return ent_fail(err, ENT_USAGE, "%zu best were asked for; 1 to %d", most, MOST);
    for (size_t p = 0; p < count; p++) ret_counts[p] = 0;
    if (!g->count) return ENT_OK;
    for (size_t p = 0; p < count; p += TOGETHER) {
        search s = {.g = g, .flows = flows, .most = most, .workers = ent_parallel_width(g->threads), .probes.count = count - p < TOGETHER ? count - p : TOGETHER};
        ENT_TRY(search_together(&s, probes + p, ret_hits + p * most, ret_counts + p, err));
    }
    return ENT_OK;
}

const char *ent_face_kernel(void)
{
    return face_kernel_best()->name;
}
