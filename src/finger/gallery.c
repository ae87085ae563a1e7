/* Many templates in memory, searched in two stages, the first of which looks twice. Entries lie packed in slabs, one row of slabs for each size in steps of
 * 68 bytes, each row without holes: who goes is replaced by the row's last. A table says where the entry of a slot is; free
 * slots are chained through it. */
#include "base/check.h"
#include "base/wipe.h"
#include "finger/match.h"
#include "finger/scan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEP = 68,
    ROWS = FINGER_ENTRY_MAX / STEP,
    SLAB = 64,       /* entries */
    PIECE = 1024,    /* entries of one piece of work */
    COMPARED = 64,   /* likewise of detailed comparisons */
    FREE = 0xf,      /* in place of a row: the slot is free, the rest is the next free one */
    LEAST_DEFAULT = 64
};

#define SHARE_DEFAULT 0.01
#define SLOTS_MAX 0x0fffffffU
#define NONE SLOTS_MAX

typedef struct row {
    uint8_t **slabs;
    size_t count, room; /* entries; slabs that fit the array */
} row;

struct ent_finger_gallery {
    ent_finger_memory memory;
    row rows[ROWS];
    uint32_t *places; /* row in the upper four bits, place in it */
    uint32_t slots, room, free;
    size_t count, slab_bytes;
    uint64_t changes; /* so far: additions and removals */
    finger_turns turns;
};

static void *take_heap(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void give_heap(void *ctx, void *memory, size_t size)
{
    (void)ctx;
    (void)size;
    free(memory);
}

static size_t entry_bytes(size_t r)
{
    return (r + 1) * STEP;
}

static size_t slab_bytes(size_t r)
{
    return entry_bytes(r) * SLAB + FINGER_ENTRY_SLACK;
}

static finger_entry *entry_at(const ent_finger_gallery *g, size_t r, size_t at)
{
    return (finger_entry *)(void *)(g->rows[r].slabs[at / SLAB] + at % SLAB * entry_bytes(r));
}

static finger_entry *entry_of(const ent_finger_gallery *g, uint32_t slot)
{
    if (slot >= g->slots || g->places[slot] >> 28 == FREE) return NULL;
    return entry_at(g, g->places[slot] >> 28, g->places[slot] & SLOTS_MAX);
}

ent_code ent_finger_gallery_new(const ent_finger_memory *memory, ent_finger_gallery **ret_gallery, ent_err *err)
{
    ent_finger_gallery *g = calloc(1, sizeof *g);
    if (!g) return ent_fail(err, ENT_NO_MEMORY, "no memory for a gallery");
    g->memory = memory ? *memory : (ent_finger_memory){take_heap, give_heap, NULL};
    g->free = NONE;
    finger_turns_make(&g->turns);
    *ret_gallery = g;
    return ENT_OK;
}

static void drop_slab(ent_finger_gallery *g, size_t r, size_t slab)
{
    ent_wipe(g->rows[r].slabs[slab], slab_bytes(r));
    g->memory.give(g->memory.ctx, g->rows[r].slabs[slab], slab_bytes(r));
    g->slab_bytes -= slab_bytes(r);
}

void ent_finger_gallery_free(ent_finger_gallery *g)
{
    if (!g) return;
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t s = 0; s * SLAB < g->rows[r].count; s++) drop_slab(g, r, s);
        free(g->rows[r].slabs);
    }
    free(g->places);
    free(g);
}

/* Room for one more entry in a row. */
static ent_code grow_row(ent_finger_gallery *g, size_t r, ent_err *err)
{
    row *w = &g->rows[r];
    if (w->count % SLAB) return ENT_OK;
    if (w->count / SLAB == w->room) {
        size_t room = w->room ? w->room * 2 : 16;
        uint8_t **slabs = realloc(w->slabs, room * sizeof *slabs);
        if (!slabs) return ent_fail(err, ENT_NO_MEMORY, "no memory for a gallery of %zu prints", g->count + 1);
        w->slabs = slabs, w->room = room;
    }
    uint8_t *slab = g->memory.take(g->memory.ctx, slab_bytes(r));
    if (!slab) return ent_fail(err, ENT_NO_MEMORY, "no memory for a gallery of %zu prints", g->count + 1);
    memset(slab, 0, slab_bytes(r));
    w->slabs[w->count / SLAB] = slab;
    g->slab_bytes += slab_bytes(r);
    return ENT_OK;
}

static ent_code grow_table(ent_finger_gallery *g, ent_err *err)
{
    if (g->free != NONE || g->slots < g->room) return ENT_OK;
    if (g->slots == SLOTS_MAX) return ent_fail(err, ENT_TOO_LARGE, "a gallery holds %u prints at most", SLOTS_MAX);
    uint32_t room = g->room < 1024 ? 1024 : g->room + g->room / 8;
    if (room > SLOTS_MAX) room = SLOTS_MAX;
    uint32_t *places = realloc(g->places, (size_t)room * sizeof *places);
    if (!places) return ent_fail(err, ENT_NO_MEMORY, "no memory for a gallery of %zu prints", g->count + 1);
    g->places = places, g->room = room;
    return ENT_OK;
}

ent_code ent_finger_gallery_add(ent_finger_gallery *g, const ent_finger_template *t, uint32_t *ret_slot, ent_err *err)
{
    size_t r = (finger_entry_size(t) - 1) / STEP;
    if (r >= ROWS) return ent_fail(err, ENT_TOO_LARGE, "a template of %zu bytes; a gallery keeps %d", finger_entry_size(t), FINGER_ENTRY_MAX);
    ENT_TRY(grow_table(g, err));
    ENT_TRY(grow_row(g, r, err));
    uint32_t slot = g->free;
    if (slot == NONE) slot = g->slots++;
    else g->free = g->places[slot] & SLOTS_MAX;
    size_t at = g->rows[r].count++;
    g->places[slot] = (uint32_t)(r << 28 | at);
    g->changes++;
    finger_entry_make(t, slot, entry_at(g, r, at));
    g->count++;
    *ret_slot = slot;
    return ENT_OK;
}

void ent_finger_gallery_remove(ent_finger_gallery *g, uint32_t slot)
{
    finger_entry *e = entry_of(g, slot);
    if (!e) return;
    size_t r = g->places[slot] >> 28, last = --g->rows[r].count;
    finger_entry *end = entry_at(g, r, last);
    if (end != e) {
        memcpy(e, end, entry_bytes(r));
        g->places[finger_entry_slot(e)] = g->places[slot];
    }
    ent_wipe(end, entry_bytes(r));
    if (last % SLAB == 0) drop_slab(g, r, last / SLAB);
    g->places[slot] = (uint32_t)FREE << 28 | g->free;
    g->free = slot;
    g->count--;
    g->changes++;
}

ent_code ent_finger_gallery_get(const ent_finger_gallery *g, uint32_t slot, ent_finger_template **ret_template, ent_err *err)
{
    const finger_entry *e = entry_of(g, slot);
    if (!e) return ent_fail(err, ENT_NOT_FOUND, "slot %u of the gallery is empty", slot);
    return finger_entry_template(e, &g->turns, ret_template, err);
}

size_t ent_finger_gallery_count(const ent_finger_gallery *g)
{
    return g->count;
}

uint32_t ent_finger_gallery_slots(const ent_finger_gallery *g)
{
    return g->slots;
}

size_t ent_finger_gallery_bytes(const ent_finger_gallery *g)
{
    size_t n = sizeof *g + g->slab_bytes + (size_t)g->room * sizeof *g->places;
    for (size_t r = 0; r < ROWS; r++) n += g->rows[r].room * sizeof *g->rows[r].slabs;
    return n;
}

/* ---- searching ---- */

/* The gallery may change between two holds: entries go, and the last of a row takes the place of one that went. What the first stage
 * passed by in that way is seen by its slot afterwards; a slot itself never moves. */
typedef struct search {
    const ent_finger_gallery *g;
    const ent_finger_probe *probe;
    const ent_finger_search *how;
    const finger_scan_kernels *kernels;
    finger_scan scan;
    size_t pieces[ROWS + 1]; /* the first piece of each row */
    uint32_t slots;          /* of the beginning; what was added behind them is not seen */
    uint64_t changes;        /* likewise */
    uint16_t *scores;        /* a slot each: 0 not seen, else 1 + the first look's, at most 65535 */
    finger_tried *tried;     /* likewise, what it liked best; what came into the slot since knows nothing of it */
    ent_finger_candidate *listed; /* after the first look, after the closer one, after the detailed match */
    size_t count, wanted;    /* wanted: how many are handed on */
} search;

/* In place of a candidate's score. */
#define NO_MEMORY (-1)
#define GONE (-2)

static void hold(const search *s)
{
    if (s->how->hold) s->how->hold(s->how->guard);
}

static void let(const search *s)
{
    if (s->how->let) s->how->let(s->how->guard);
}

static bool shown(const search *s, uint32_t slot)
{
    if (s->how->bitmap && !(s->how->bitmap[slot / 64] >> slot % 64 & 1)) return false;
    return !s->how->visible || s->how->visible(s->how->visible_ctx, slot);
}

static void scan_entry(search *s, const finger_entry *e)
{
    uint32_t slot = finger_entry_slot(e);
    if (slot >= s->slots || !shown(s, slot)) return;
    unsigned score = s->how->exhaustive ? 0 : finger_scan_score(s->kernels, &s->scan, e, &s->tried[slot]);
    s->scores[slot] = (uint16_t)(score < UINT16_MAX ? score + 1 : UINT16_MAX);
}

static void scan_piece(void *ctx, size_t piece)
{
    search *s = ctx;
    size_t r = 0;
    while (piece >= s->pieces[r + 1]) r++;
    size_t from = (piece - s->pieces[r]) * PIECE;
    hold(s);
    size_t to = from + PIECE < s->g->rows[r].count ? from + PIECE : s->g->rows[r].count;
    for (size_t at = from; at < to; at++) scan_entry(s, entry_at(s->g, r, at));
    let(s);
}

/* What moved from a place not yet looked at to one that was. */
static void scan_moved(search *s)
{
    for (uint32_t slot = 0; slot < s->slots;) {
        hold(s);
        if (s->g->changes == s->changes) slot = s->slots;
        for (uint32_t end = s->slots - slot < PIECE ? s->slots : slot + PIECE; slot < end; slot++) {
            const finger_entry *e = s->scores[slot] ? NULL : entry_of(s->g, slot);
            if (e) scan_entry(s, e);
        }
        let(s);
    }
}

static void look_closer(void *ctx, size_t piece)
{
    search *s = ctx;
    size_t to = (piece + 1) * COMPARED < s->count ? (piece + 1) * COMPARED : s->count;
    hold(s);
    for (size_t i = piece * COMPARED; i < to; i++) {
        const finger_entry *e = entry_of(s->g, s->listed[i].slot);
        bool there = e && (!s->how->hold || shown(s, s->listed[i].slot));
        finger_tried tried = s->tried[s->listed[i].slot];
        if (there && s->g->changes != s->changes) finger_scan_score(s->kernels, &s->scan, e, &tried);
        s->listed[i].score = there ? finger_scan_closer(s->kernels, &s->scan, e, tried) : GONE;
    }
    let(s);
}

/* The candidate's template, if it is still there and may still be seen. Only its bytes are copied under the hold. */
static ent_code take_candidate(const search *s, uint32_t slot, ent_finger_template **ret)
{
    _Alignas(max_align_t) uint8_t copy[FINGER_ENTRY_MAX + FINGER_ENTRY_SLACK] = {0};
    hold(s);
    const finger_entry *e = entry_of(s->g, slot);
    bool there = e && (!s->how->hold || shown(s, slot));
    if (there) memcpy(copy, e, entry_bytes(s->g->places[slot] >> 28));
    let(s);
    ent_code code = there ? finger_entry_template((const finger_entry *)(const void *)copy, &s->g->turns, ret, NULL) : ENT_NOT_FOUND;
    ent_wipe(copy, sizeof copy);
    return code;
}

static void compare_piece(void *ctx, size_t piece)
{
    search *s = ctx;
    size_t to = (piece + 1) * COMPARED < s->count ? (piece + 1) * COMPARED : s->count;
    for (size_t i = piece * COMPARED; i < to; i++) {
        ent_finger_template *t;
        ent_code code = take_candidate(s, s->listed[i].slot, &t);
        s->listed[i].score = code == ENT_OK ? ent_finger_match(s->probe, t, NULL) : code == ENT_NOT_FOUND ? GONE : NO_MEMORY;
        if (code == ENT_OK) ent_finger_template_free(t);
    }
}

static void run(const ent_finger_search *how, size_t pieces, void (*work)(void *ctx, size_t piece), search *s)
{
    if (how->parallel) how->parallel(how->pool, pieces, work, s);
    else
        for (size_t i = 0; i < pieces; i++) work(s, i);
}

/* How many are handed on of those that were seen. */
static size_t wanted_of(const search *s, size_t visible)
{
    size_t least = s->how->least ? s->how->least : LEAST_DEFAULT;
    size_t wanted = (size_t)((double)visible * (s->how->share > 0 ? s->how->share : SHARE_DEFAULT));
    if (wanted < least) wanted = least;
    return s->how->exhaustive || wanted > visible ? visible : wanted;
}

/* The best of the first look: all above a score, and of those at it the first slots. */
static ent_code shortlist(search *s, size_t *ret_visible, ent_err *err)
{
    unsigned score = 0;
    for (uint32_t i = 0; i < s->slots; i++) score = s->scores[i] > score ? s->scores[i] : score;
    uint32_t *histogram = calloc(score + 1, sizeof *histogram);
    if (!histogram) return ent_fail(err, ENT_NO_MEMORY, "no memory for a search");
    for (uint32_t i = 0; i < s->slots; i++) histogram[s->scores[i]]++;
    size_t visible = s->slots - histogram[0], above = 0, most;
    s->wanted = wanted_of(s, visible);
    most = s->wanted > visible / FINGER_CLOSER_TIMES ? visible : s->wanted * FINGER_CLOSER_TIMES;
    while (score > 0 && above + histogram[score] <= most) above += histogram[score--];
    free(histogram);
    s->listed = calloc(most + 1, sizeof *s->listed);
    if (!s->listed) return ent_fail(err, ENT_NO_MEMORY, "no memory for a search");
    size_t at_score = most - above;
    for (uint32_t i = 0; i < s->slots; i++) {
        if (s->scores[i] == 0 || s->scores[i] < score || (s->scores[i] == score && at_score == 0)) continue;
        if (s->scores[i] == score) at_score--;
        s->listed[s->count++].slot = i;
    }
    *ret_visible = visible;
    return ENT_OK;
}

static int by_score(const void *a, const void *b)
{
    const ent_finger_candidate *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

static ent_code begin(search *s, ent_err *err)
{
    hold(s);
    s->slots = s->g->slots, s->changes = s->g->changes;
    for (size_t r = 0; r < ROWS; r++) s->pieces[r + 1] = s->pieces[r] + (s->g->rows[r].count + PIECE - 1) / PIECE;
    let(s);
    s->scores = calloc((size_t)s->slots + 1, sizeof *s->scores);
    s->tried = calloc((size_t)s->slots + 1, sizeof *s->tried);
    return s->scores && s->tried ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "no memory for a search");
}

/* Those that are still there, by their scores. */
static ent_code best_first(search *s, ent_err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->listed[i].score == NO_MEMORY) return ent_fail(err, ENT_NO_MEMORY, "no memory for a search");
        if (s->listed[i].score != GONE) s->listed[kept++] = s->listed[i];
    }
    s->count = kept;
    if (kept) qsort(s->listed, kept, sizeof *s->listed, by_score);
    return ENT_OK;
}

static ent_code two_stages(search *s, size_t *ret_visible, ent_err *err)
{
    ENT_TRY(begin(s, err));
    run(s->how, s->pieces[ROWS], scan_piece, s);
    if (s->how->hold) scan_moved(s);
    ENT_TRY(shortlist(s, ret_visible, err));
    if (s->count > s->wanted) {
        run(s->how, (s->count + COMPARED - 1) / COMPARED, look_closer, s);
        ENT_TRY(best_first(s, err));
        if (s->count > s->wanted) s->count = s->wanted;
    }
    run(s->how, (s->count + COMPARED - 1) / COMPARED, compare_piece, s);
    return best_first(s, err);
}

ent_code ent_finger_gallery_search(const ent_finger_gallery *g, const ent_finger_probe *probe, const ent_finger_search *how, size_t most,
                                   ent_finger_found *ret_found, ent_err *err)
{
    static const ent_finger_search plain;
    size_t visible = 0;
    search *s = aligned_alloc(_Alignof(search), sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "no memory for a search");
    memset(s, 0, sizeof *s);
    s->g = g, s->probe = probe, s->how = how ? how : &plain, s->kernels = finger_scan_kernels_best();
    finger_scan_make(probe->t, &s->scan);
    ent_code code = two_stages(s, &visible, err);
    if (code == ENT_OK) {
        *ret_found = (ent_finger_found){.visible = visible, .compared = s->count, .count = s->count < most ? s->count : most};
        ret_found->candidates = s->listed, s->listed = NULL;
    }
    free(s->scores);
    free(s->tried);
    free(s->listed);
    ent_wipe(s, sizeof *s);
    free(s);
    return code;
}

void ent_finger_found_free(ent_finger_found *f)
{
    free(f->candidates);
    *f = (ent_finger_found){0};
}
