#include "flow/gallery/gallery.h"

#include "base/check.h"
#include "base/parallel.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
    ent_part_id part;
    uint8_t finger;
    uint64_t flows;
    ent_finger_template *t;
} entry;

struct ent_gallery {
    pthread_rwlock_t lock;
    entry *entries;
    size_t count, cap;
    unsigned threads;
};

ent_code ent_gallery_new(unsigned threads, ent_gallery **ret_gallery, ent_err *err)
{
    ent_gallery *g = calloc(1, sizeof *g);
    if (!g) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery");
    pthread_rwlock_init(&g->lock, NULL);
    g->threads = threads;
    *ret_gallery = g;
    return ENT_OK;
}

void ent_gallery_free(ent_gallery *g)
{
    if (!g) return;
    for (size_t i = 0; i < g->count; i++) ent_finger_template_free(g->entries[i].t);
    free(g->entries);
    pthread_rwlock_destroy(&g->lock);
    free(g);
}

ent_code ent_gallery_add(ent_gallery *g, const ent_part_id *part, uint8_t finger, uint64_t flows, ent_finger_template *t, ent_err *err)
{
    pthread_rwlock_wrlock(&g->lock);
    if (g->count == g->cap) {
        size_t cap = g->cap ? g->cap * 2 : 1024;
        entry *entries = realloc(g->entries, cap * sizeof *entries);
        if (!entries) {
            pthread_rwlock_unlock(&g->lock);
            return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery of %zu prints", cap);
        }
        g->entries = entries;
        g->cap = cap;
    }
    g->entries[g->count++] = (entry){*part, finger, flows, t};
    pthread_rwlock_unlock(&g->lock);
    return ENT_OK;
}

void ent_gallery_see(ent_gallery *g, const ent_part_id *part, uint64_t flows)
{
    pthread_rwlock_wrlock(&g->lock);
    for (size_t i = 0; i < g->count; i++)
        if (ent_id_equal(g->entries[i].part.b, part->b)) g->entries[i].flows = flows;
    pthread_rwlock_unlock(&g->lock);
}

void ent_gallery_remove(ent_gallery *g, const ent_part_id *part)
{
    pthread_rwlock_wrlock(&g->lock);
    for (size_t i = 0; i < g->count;) {
        if (!ent_id_equal(g->entries[i].part.b, part->b)) {
            i++;
            continue;
        }
        ent_finger_template_free(g->entries[i].t);
        g->entries[i] = g->entries[--g->count];
    }
    pthread_rwlock_unlock(&g->lock);
}

size_t ent_gallery_count(ent_gallery *g)
{
    pthread_rwlock_rdlock(&g->lock);
    size_t n = g->count;
    pthread_rwlock_unlock(&g->lock);
    return n;
}

/* ---- searching: chunks of the gallery to threads, the best few with their ridge part ---- */

enum { CHUNK = 256, FEW = 16 };

typedef struct best_few {
    size_t count;
    struct {
        double score;
        size_t at, probe;
    } of[FEW];
    size_t compared;
} best_few;

typedef struct search {
    ent_gallery *g;
    ent_finger_probe **probes;
    const uint8_t *fingers;
    size_t probe_count;
    uint64_t flow_bit;
    best_few *few; /* one a thread */
} search;

/* Ties go to the earlier place, so that the answer does not depend on how the threads ran. */
static void offer(best_few *f, double score, size_t at, size_t probe)
{
    size_t i = f->count < FEW ? f->count++ : FEW;
    while (i > 0 && (f->of[i - 1].score < score || (f->of[i - 1].score == score && f->of[i - 1].at > at))) {
        if (i < FEW) f->of[i] = f->of[i - 1];
        i--;
    }
    if (i < FEW) f->of[i].score = score, f->of[i].at = at, f->of[i].probe = probe;
}

static void scan(void *ctx, size_t chunk, unsigned worker)
{
    search *s = ctx;
    best_few *few = &s->few[worker];
    size_t end = (chunk + 1) * CHUNK < s->g->count ? (chunk + 1) * CHUNK : s->g->count;
    for (size_t i = chunk * CHUNK; i < end; i++) {
        const entry *e = &s->g->entries[i];
        if (s->flow_bit && !(e->flows & s->flow_bit)) continue;
        few->compared++;
        for (size_t p = 0; p < s->probe_count; p++) {
            if (e->finger && s->fingers[p] && e->finger != s->fingers[p]) continue;
            double score = ent_finger_match(s->probes[p], e->t, NULL);
            if (score > 0) offer(few, score, i, p);
        }
    }
}

static void choose(search *s, unsigned width, ent_found *ret_best, size_t *ret_compared)
{
    best_few all = {0};
    for (unsigned w = 0; w < width; w++) {
        all.compared += s->few[w].compared;
        for (size_t i = 0; i < s->few[w].count; i++) offer(&all, s->few[w].of[i].score, s->few[w].of[i].at, s->few[w].of[i].probe);
    }
    *ret_best = (ent_found){0};
    *ret_compared = all.compared;
    for (size_t i = 0; i < all.count; i++) {
        const entry *e = &s->g->entries[all.of[i].at];
        double score = ent_finger_match_full(s->probes[all.of[i].probe], e->t, NULL);
        if (score > ret_best->score) *ret_best = (ent_found){e->part, e->finger, score};
    }
}

static ent_code prepare(const ent_finger_template *const *probes, size_t count, ent_finger_probe **ret_probes, ent_err *err)
{
    for (size_t i = 0; i < count; i++) {
        ent_code code = ent_finger_probe_new(probes[i], &ret_probes[i], err);
        if (code == ENT_OK) continue;
        while (i-- > 0) ent_finger_probe_free(ret_probes[i]);
        return code;
    }
    return ENT_OK;
}

ent_code ent_gallery_search(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers, size_t count,
                            uint64_t flow_bit, ent_found *ret_best, size_t *ret_compared, ent_err *err)
{
    enum { MOST = 20 };
    ent_finger_probe *prepared[MOST];
    ENT_PRE(count <= MOST);
    ENT_TRY(prepare(probes, count, prepared, err));
    unsigned width = ent_parallel_width(g->threads);
    search s = {.g = g, .probes = prepared, .fingers = fingers, .probe_count = count, .flow_bit = flow_bit,
                .few = calloc(width, sizeof *s.few)};
    if (s.few) {
        pthread_rwlock_rdlock(&g->lock);
        ent_parallel((g->count + CHUNK - 1) / CHUNK, g->threads, scan, &s);
        choose(&s, width, ret_best, ret_compared);
        pthread_rwlock_unlock(&g->lock);
    }
    for (size_t i = 0; i < count; i++) ent_finger_probe_free(prepared[i]);
    if (!s.few) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a search");
    free(s.few);
    return ENT_OK;
}
