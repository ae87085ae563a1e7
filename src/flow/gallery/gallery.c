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
    uint64_t number;  /* of its adding: a search passes by what was added since it began */
    uint32_t next;    /* of the same bucket */
    bool used;
} entry;

struct ent_gallery {
    pthread_rwlock_t lock;
    ent_finger_gallery *g;
    entry *entries;   /* by slot */
    uint32_t *head;   /* by the part's number; cap buckets */
    size_t cap;       /* a power of two */
    uint64_t added;   /* so far */
    unsigned threads;
};

/* Whoever changes it goes before those who search: they hold it for moments, one after the other without end. */
static void init_lock(pthread_rwlock_t *lock)
{
    pthread_rwlockattr_t a;
    pthread_rwlockattr_init(&a);
    pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(lock, &a);
    pthread_rwlockattr_destroy(&a);
}

ent_code ent_gallery_new(unsigned threads, ent_gallery **ret_gallery, ent_err *err)
{
    ent_gallery *g = calloc(1, sizeof *g);
    if (!g) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a gallery");
    init_lock(&g->lock);
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

static ent_code add_locked(ent_gallery *g, const ent_gallery_print *print, const ent_finger_template *t, uint64_t number, ent_err *err)
{
    uint32_t slot;
    ENT_TRY(ent_finger_gallery_add(g->g, t, &slot, err));
    ent_code code = grow(g, slot, err);
    if (code != ENT_OK) {
        ent_finger_gallery_remove(g->g, slot);
        return code;
    }
    g->entries[slot] = (entry){.print = *print, .number = number, .used = true};
    chain(g, slot);
    return ENT_OK;
}

ent_code ent_gallery_add(ent_gallery *g, const ent_gallery_print *print, const ent_finger_template *t, ent_err *err)
{
    pthread_rwlock_wrlock(&g->lock);
    ent_code code = add_locked(g, print, t, ++g->added, err);
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

static void remove_locked(ent_gallery *g, const ent_part_id *part)
{
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
}

void ent_gallery_remove(ent_gallery *g, const ent_part_id *part)
{
    pthread_rwlock_wrlock(&g->lock);
    remove_locked(g, part);
    pthread_rwlock_unlock(&g->lock);
}

ent_code ent_gallery_replace(ent_gallery *g, const ent_gallery_print *prints, ent_finger_template *const *templates, size_t count, ent_err *err)
{
    ent_code code = ENT_OK;
    pthread_rwlock_wrlock(&g->lock);
    if (count) remove_locked(g, &prints[0].part);
    for (size_t i = 0; i < count && code == ENT_OK; i++) code = add_locked(g, &prints[i], templates[i], 0, err); /* not new: searches that run see it */
    pthread_rwlock_unlock(&g->lock);
    return code;
}

size_t ent_gallery_count(ent_gallery *g)
{
    pthread_rwlock_rdlock(&g->lock);
    size_t n = ent_finger_gallery_count(g->g);
    pthread_rwlock_unlock(&g->lock);
    return n;
}

/* ---- searching: two stages for each print of the probe, then the best few with their ridges ---- */

enum {
    FEW = ENT_GALLERY_FEW,
    TOGETHER = 3, /* parts whose fingers are all compared, or as many as are wanted */
    PRINTS = 2 * ENT_FINGER_SEVERAL_MAX, /* of the probe; of a part */
    LEAST = 1000  /* compared in detail at least: a small gallery whole */
};

typedef struct likely {
    ent_gallery_print print;
    double score;
    size_t probe;
} likely;

typedef struct search {
    ent_gallery *g;
    ent_sight sight;
    uint64_t until;   /* the last number that it sees */
    uint8_t finger;
    likely few[FEW];
    size_t count;
} search;

static bool in_sight(const ent_sight *sight, const ent_gallery_print *p)
{
    if (sight->flow_bit && !(p->flows & sight->flow_bit)) return false;
    for (size_t i = 0; i < sight->without_count; i++)
        if (ent_id_equal(p->part.b, sight->without[i].b)) return false;
    return true;
}

/* With the lock held. A slot that is in use by now may have been another print's when the search began. */
static bool visible(void *ctx, uint32_t slot)
{
    const search *s = ctx;
    const entry *e = &s->g->entries[slot];
    const ent_gallery_print *p = &e->print;
    if (!e->used || e->number > s->until) return false;
    return in_sight(&s->sight, p) && (!p->finger || !s->finger || p->finger == s->finger);
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

static void hold(void *g) { pthread_rwlock_rdlock(&((ent_gallery *)g)->lock); }
static void let(void *g) { pthread_rwlock_unlock(&((ent_gallery *)g)->lock); }

static ent_code search_with(search *s, const ent_finger_probe *probe, size_t which, size_t *ret_visible, ent_err *err)
{
    ent_finger_found found;
    ent_finger_search how = {.least = LEAST, .visible = visible, .visible_ctx = s, .parallel = in_parallel, .pool = s->g, .hold = hold, .let = let, .guard = s->g};
    ENT_TRY(ent_finger_gallery_search(s->g->g, probe, &how, FEW, &found, err));
    hold(s->g);
    for (size_t i = 0; i < found.count; i++) {
        uint32_t slot = found.candidates[i].slot;
        if (found.candidates[i].score > 0 && visible(s, slot)) offer(s, &(likely){s->g->entries[slot].print, found.candidates[i].score, which});
    }
    let(s->g);
    *ret_visible = found.visible;
    ent_finger_found_free(&found);
    return ENT_OK;
}

/* ---- all fingers of a part together ---- */

typedef struct asking {
    ent_gallery *g;
    ent_finger_probe *probe[PRINTS];
    uint8_t finger[PRINTS];
    size_t count;
    ent_sight sight;
    ent_gallery_fetch *fetch;
    void *ctx;
} asking;

/* The part's prints in sight, by their places, so that the table is the same whatever the order of enrolment. */
static size_t prints_of(const asking *a, const ent_part_id *part, ent_gallery_print ret[PRINTS])
{
    size_t n = 0;
    pthread_rwlock_rdlock(&a->g->lock);
    for (uint32_t s = a->g->cap ? *bucket(a->g, part) : NONE; s != NONE && n < PRINTS; s = a->g->entries[s].next) {
        const ent_gallery_print *p = &a->g->entries[s].print;
        if (!ent_id_equal(p->part.b, part->b) || !in_sight(&a->sight, p)) continue;
        size_t i = n++;
        for (; i > 0 && ret[i - 1].place > p->place; i--) ret[i] = ret[i - 1];
        ret[i] = *p;
    }
    pthread_rwlock_unlock(&a->g->lock);
    return n;
}

/* The part's prints against all of the probe, one column each. */
struct columns {
    const asking *a;
    ent_gallery_print prints[PRINTS];
    double score[PRINTS][PRINTS]; /* of a column: by the probe's prints; -1: other fingers */
    bool gone[PRINTS];
};

static void compare_print(void *ctx, size_t j, unsigned worker)
{
    struct columns *c = ctx;
    const asking *a = c->a;
    uint8_t finger = c->prints[j].finger;
    (void)worker;
    ent_finger_template *t = a->fetch(a->ctx, &c->prints[j]);
    c->gone[j] = !t;
    for (size_t i = 0; t && i < a->count; i++)
        c->score[j][i] = finger && a->finger[i] && finger != a->finger[i] ? -1 : ent_finger_match_full(a->probe[i], t, NULL);
    ent_finger_template_free(t);
}

static void fill_column(const struct columns *c, size_t j, ent_finger_table *table, ent_found *ret)
{
    size_t k = table->columns++;
    table->column_finger[k] = c->prints[j].finger;
    for (size_t i = 0; i < table->rows; i++) {
        table->score[i][k] = c->score[j][i];
        if (c->score[j][i] > ret->score) ret->score = c->score[j][i], ret->finger = c->prints[j].finger;
    }
}

static void compare_part(const asking *a, const ent_part_id *part, ent_found *ret)
{
    struct columns c = {.a = a};
    ent_finger_table table = {.rows = a->count};
    size_t n = prints_of(a, part, c.prints);
    *ret = (ent_found){.part = *part};
    memcpy(table.row_finger, a->finger, a->count);
    ent_parallel(n, a->g->threads, compare_print, &c);
    for (size_t j = 0; j < n; j++)
        if (!c.gone[j]) fill_column(&c, j, &table, ret);
    ent_evidence_fingers(&table, &ret->evidence);
}

static double ratio_of(const ent_found *f)
{
    return f->evidence.fingers ? ent_finger_llr_several(f->evidence.finger, f->evidence.fingers, f->evidence.ways).extrapolated : -1e9;
}

static bool seen_before(const ent_found *list, size_t count, const ent_part_id *part)
{
    for (size_t i = 0; i < count; i++)
        if (ent_id_equal(list[i].part.b, part->b)) return true;
    return false;
}

/* In order of the ratio; of equals the one that came first. */
static void rank(ent_likeliest *l, const ent_found *f)
{
    size_t k = l->count < l->most ? l->count++ : l->most;
    for (; k > 0 && ratio_of(&l->at[k - 1]) < ratio_of(f); k--)
        if (k < l->most) l->at[k] = l->at[k - 1];
    if (k < l->most) l->at[k] = *f;
}

struct weighing {
    const search *s;
    const asking *a;
    double score[FEW];
};

/* The whole print, with its ridges, which lie sealed on the disk. 0: it is gone. */
static void weigh_one(void *ctx, size_t i, unsigned worker)
{
    struct weighing *w = ctx;
    const likely *l = &w->s->few[i];
    (void)worker;
    ent_finger_template *t = w->a->fetch(w->a->ctx, &l->print);
    w->score[i] = t ? ent_finger_match_full(w->a->probe[l->probe], t, NULL) : 0;
    ent_finger_template_free(t);
}

/* The likeliest by their best print with its ridges; and where there is more than one finger, the best few of them by all. */
static void choose(const search *s, const asking *a, ent_likeliest *ret)
{
    ent_found few[FEW], all;
    struct weighing w = {.s = s, .a = a};
    size_t n = 0, together = ret->most > TOGETHER ? ret->most : TOGETHER;
    if (a->fetch) ent_parallel(s->count, a->g->threads, weigh_one, &w);
    for (size_t i = 0; i < s->count; i++) {
        const likely *l = &s->few[i];
        double score = a->fetch ? w.score[i] : l->score;
        if (!(score > 0)) continue;
        size_t k = n++;
        for (; k > 0 && few[k - 1].score < score; k--) few[k] = few[k - 1];
        few[k] = (ent_found){l->print.part, l->print.finger, score, {.finger = {score}, .fingers = 1, .ways = 0}};
    }
    for (size_t i = 0, tried = 0; i < n && tried < together; i++) {
        if (seen_before(few, i, &few[i].part)) continue;
        tried++;
        all = few[i];
        if (a->fetch && a->count > 1) compare_part(a, &few[i].part, &all);
        rank(ret, &all);
    }
}

static ent_code prepare(asking *a, const ent_finger_template *const *probes, const uint8_t *fingers, size_t count, ent_err *err)
{
    ENT_PRE(count <= PRINTS);
    for (; a->count < count; a->count++) {
        ENT_TRY(ent_finger_probe_new(probes[a->count], &a->probe[a->count], err));
        a->finger[a->count] = fingers[a->count];
    }
    return ENT_OK;
}

static void finish(asking *a)
{
    for (size_t i = 0; i < a->count; i++) ent_finger_probe_free(a->probe[i]);
}

ent_code ent_gallery_compare(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers, size_t count, const ent_part_id *part, const ent_sight *sight,
                             ent_gallery_fetch *fetch, void *ctx, ent_found *ret, ent_err *err)
{
    asking a = {.g = g, .fetch = fetch, .ctx = ctx};
    ent_found found = {0};
    if (sight) a.sight = *sight;
    ent_code code = prepare(&a, probes, fingers, count, err);
    if (code == ENT_OK) {
        compare_part(&a, part, &found);
        if (!found.evidence.fingers) code = ent_fail(err, ENT_NOT_FOUND, "the record has no print to compare");
    }
    finish(&a);
    if (code == ENT_OK) *ret = found;
    return code;
}

ent_code ent_gallery_search(ent_gallery *g, const ent_finger_template *const *probes, const uint8_t *fingers, size_t count, const ent_sight *sight,
                            ent_gallery_fetch *fetch, void *ctx, ent_likeliest *ret, ent_err *err)
{
    ENT_PRE(ret->most >= 1 && ret->most <= FEW);
    asking a = {.g = g, .fetch = fetch, .ctx = ctx};
    search *s = calloc(1, sizeof *s);
    ent_code code = s ? prepare(&a, probes, fingers, count, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for a search");
    if (sight) a.sight = *sight;
    ret->compared = ret->count = 0;
    if (code == ENT_OK) {
        s->g = g;
        s->sight = a.sight;
        hold(g);
        s->until = g->added;
        let(g);
        for (size_t i = 0; i < count && code == ENT_OK; i++) {
            size_t seen = 0;
            s->finger = fingers[i];
            code = search_with(s, a.probe[i], i, &seen, err);
            if (seen > ret->compared) ret->compared = seen;
        }
    }
    if (code == ENT_OK) choose(s, &a, ret);
    finish(&a);
    free(s);
    return code;
}
