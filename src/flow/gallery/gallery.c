#include "flow/gallery/gallery.h"

#include "base/check.h"
#include "base/parallel.h"
#include "base/wipe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* Beside each slot of the finger library's gallery. */
typedef struct entry {
    ent_gallery_print print;
    uint32_t next;    /* of the same bucket */
    bool used;
} entry;

struct ent_gallery {
    pthread_rwlock_t lock;
    ent_finger_gallery *g;
    entry *entries;   /* by slot */
    uint32_t *head;   /* by the part's number; cap buckets */
    size_t cap;       /* a power of two */
    unsigned threads;
};

ent_code ent_gallery_new(unsigned threads, ent_gallery **ret_gallery, ent_err *err)
{
    ent_gallery *g = calloc(1, sizeof *g);
    if (!g) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery");
    pthread_rwlock_init(&g->lock, NULL);
    g->threads = threads;
    ent_code code = ent_finger_gallery_new(NULL, &g->g, err);
    if (code == ENT_OK) *ret_gallery = g;
    else ent_gallery_free(g);
    return code;
}

void ent_gallery_free(ent_gallery *g)
{
    if (!g) return;
    ent_finger_gallery_free(g->g);
    free(g->entries);
    free(g->head);
    pthread_rwlock_destroy(&g->lock);
    free(g);
}

/* ---- entries by part: the numbers are random, their first bytes are a hash ---- */

static uint32_t *bucket(const ent_gallery *g, const ent_part_id *part)
{
    uint64_t h;
    memcpy(&h, part->b, sizeof h);
    return &g->head[(size_t)h & (g->cap - 1)];
}

static void chain(ent_gallery *g, uint32_t slot)
{
    uint32_t *head = bucket(g, &g->entries[slot].print.part);
    g->entries[slot].next = *head;
    *head = slot;
}

static ent_code grow(ent_gallery *g, size_t slot, ent_err *err)
{
    if (slot < g->cap) return ENT_OK;
    size_t cap = g->cap ? g->cap : 1024;
    while (cap <= slot) cap *= 2;
    entry *entries = calloc(cap, sizeof *entries);
    uint32_t *head = malloc(cap * sizeof *head);
    if (!entries || !head) {
        free(entries);
        free(head);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery of %zu prints", cap);
    }
    memset(head, 0xff, cap * sizeof *head);
    if (g->cap) memcpy(entries, g->entries, g->cap * sizeof *entries);
    size_t before = g->cap;
    free(g->entries);
    free(g->head);
    g->entries = entries;
    g->head = head;
    g->cap = cap;
    for (size_t i = 0; i < before; i++)
        if (entries[i].used) chain(g, (uint32_t)i);
    return ENT_OK;
}

ent_code ent_gallery_add(ent_gallery *g, const ent_gallery_print *print, const ent_finger_template *t, ent_err *err)
{
    uint32_t slot;
    pthread_rwlock_wrlock(&g->lock);
    ent_code code = ent_finger_gallery_add(g->g, t, &slot, err);
    if (code == ENT_OK) {
        code = grow(g, slot, err);
        if (code == ENT_OK) {
            g->entries[slot] = (entry){.print = *print, .used = true};
            chain(g, slot);
        } else ent_finger_gallery_remove(g->g, slot);
    }
    pthread_rwlock_unlock(&g->lock);
    return code;
}

void ent_gallery_see(ent_gallery *g, const ent_part_id *part, uint64_t flows)
{
    pthread_rwlock_wrlock(&g->lock);
    for (uint32_t s = g->cap ? *bucket(g, part) : NONE; s != NONE; s = g->entries[s].next)
        if (ent_id_equal(g->entries[s].print.part.b, part->b)) g->entries[s].print.flows = flows;
    pthread_rwlock_unlock(&g->lock);
}

void ent_gallery_remove(ent_gallery *g, const ent_part_id *part)
{
    pthread_rwlock_wrlock(&g->lock);
    for (uint32_t *link = g->cap ? bucket(g, part) : NULL; link && *link != NONE;) {
        entry *e = &g->entries[*link];
        if (!ent_id_equal(e->print.part.b, part->b)) {
            link = &e->next;
            continue;
        }
        uint32_t slot = *link;
        *link = e->next;
        ent_finger_gallery_remove(g->g, slot);
        ent_wipe(e, sizeof *e);
    }
    pthread_rwlock_unlock(&g->lock);
}

size_t ent_gallery_count(ent_gallery *g)
{
    pthread_rwlock_rdlock(&g->lock);
    size_t n = ent_finger_gallery_count(g->g);
    pthread_rwlock_unlock(&g->lock);
    return n;
}

/* ---- searching: two stages for each print of the probe, then the best few with their ridges ---- */

enum { FEW = 16, LEAST = 1000 /* compared in detail at least: a small gallery whole */ };

typedef struct likely {
    ent_gallery_print print;
    double score;
    size_t probe;
} likely;

typedef struct search {
    const ent_gallery *g;
    ent_sight sight;
    uint8_t finger;
    likely few[FEW];
    size_t count;
} search;

static bool visible(void *ctx, uint32_t slot)
{
    const search *s = ctx;
    const ent_gallery_print *p = &s->g->entries[slot].print;
    if (s->sight.flow_bit && !(p->flows & s->sight.flow_bit)) return false;
    if (s->sight.without && ent_id_equal(p->part.b, s->sight.without->b)) return false;
    return !p->finger || !s->finger || p->finger == s->finger;
}

struct pool {
    void (*work)(void *ctx, size_t i);
    void *ctx;
};

static void one_of_pool(void *ctx, size_t i, unsigned worker)
{
    const struct pool *p = ctx;
    (void)worker;
    p->work(p->ctx, i);
}

static void in_parallel(void *pool, size_t count, void (*work)(void *ctx, size_t i), void *ctx)
{
    const ent_gallery *g = pool;
    ent_parallel(count, g->threads, one_of_pool, &(struct pool){work, ctx});
}

/* Equal scores keep the order of their parts, so that a search is the same whatever the order of enrolment. */
static void offer(search *s, const likely *l)
{
    size_t i = s->count < FEW ? s->count++ : FEW;
    while (i > 0 && (s->few[i - 1].score < l->score || (s->few[i - 1].score == l->score && memcmp(s->few[i - 1].print.part.b, l->print.part.b, ENT_ID_SIZE) > 0))) {
        if (i < FEW) s->few[i] = s->few[i - 1];
        i--;
    }
    if (i < FEW) s->few[i] = *l;
}

static ent_code search_with(search *s, const ent_finger_probe *probe, size_t which, size_t *ret_visible, ent_err *err)
{
    ent_finger_found found;
    ent_finger_search how = {.least = LEAST, .visible = visible, .visible_ctx = s, .parallel = in_parallel, .pool = (void *)s->g};
    ENT_TRY(ent_finger_gallery_search(s->g->g, probe, &how, FEW, &found, err));
    for (size_t i = 0; i < found.count; i++)
        if (found.candidates[i].score > 0) offer(s, &(likely){s->g->entries[found.candidates[i].slot].print, found.candidates[i].score, which});
    *ret_visible = found.visible;
    ent_finger_found_free(&found);
    return ENT_OK;
}

static void choose(const search *s, ent_finger_probe *const *probes, ent_gallery_fetch *fetch, void *ctx, ent_found *ret_best)
{
    *ret_best = (ent_found){0};
    for (size_t i = 0; i < s->count; i++) {
        const likely *l = &s->few[i];
        ent_finger_template *t = fetch ? fetch(ctx, &l->print) : NULL;
        double score = t ? ent_finger_match_full(probes[l->probe], t, NULL) : fetch ? 0 : l->score;
        ent_finger_template_free(t);
        if (score > ret_best->score) *ret_best = (ent_found){l->print.part, l->print.finger, score};
    }
}

ent_code ent_gallery_search(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers, size_t count, const ent_sight *sight,
                            ent_gallery_fetch *fetch, void *ctx, ent_found *ret_best, size_t *ret_compared, ent_err *err)
{
    enum { MOST = 20 };
    ent_finger_probe *prepared[MOST] = {0};
    search *s = calloc(1, sizeof *s);
    ENT_PRE(count <= MOST);
    ent_code code = s ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory for a search");
    for (size_t i = 0; i < count && code == ENT_OK; i++) code = ent_finger_probe_new(probes[i], &prepared[i], err);
    *ret_compared = 0;
    if (code == ENT_OK) {
        s->g = g;
        if (sight) s->sight = *sight;
        pthread_rwlock_rdlock(&g->lock);
        for (size_t i = 0; i < count && code == ENT_OK; i++) {
            size_t seen = 0;
            s->finger = fingers[i];
            code = search_with(s, prepared[i], i, &seen, err);
            if (seen > *ret_compared) *ret_compared = seen;
        }
        pthread_rwlock_unlock(&g->lock);
    }
    if (code == ENT_OK) choose(s, prepared, fetch, ctx, ret_best);
    for (size_t i = 0; i < count; i++) ent_finger_probe_free(prepared[i]);
    free(s);
    return code;
}
