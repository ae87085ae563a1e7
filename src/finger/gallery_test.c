/* The gallery: what is put in comes back, what is taken out is gone, what is hidden is not found; and the kernels of its scan
 * against the plain ones. */
#include "base/test.h"

#include "entente/finger.h"
#include "finger/arith.h"
#include "finger/match.h"
#include "finger/scan.h"

static unsigned seed = 7;

static unsigned draw(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

/* A template with a coarse field, as an extraction would leave it; the field is that of a finger `kind`. */
static ent_finger_template *some(unsigned count, uint32_t width, uint32_t height, unsigned kind)
{
    ent_finger_minutia m[FINGER_MINUTIAE_MAX];
    static uint8_t field[FINGER_COARSE_CELLS_MAX];
    uint8_t cell = width > 400 ? 96 : 16;
    finger_coarse f = {cell, (uint8_t)((width + cell - 1U) / cell), (uint8_t)((height + cell - 1U) / cell), false, field};
    for (int i = 0; i < f.cols * f.rows; i++) {
        bool inside = i % f.cols > 1 && i % f.cols < f.cols - 2;
        field[i] = inside ? (uint8_t)(1 + ((unsigned)(i % f.cols) * (kind % 5) + (unsigned)(i / f.cols) * (kind % 7) + kind) % 64) : 0;
    }
    for (unsigned i = 0; i < count; i++)
        m[i] = (ent_finger_minutia){.x = (uint16_t)draw(width), .y = (uint16_t)draw(height), .angle = (uint8_t)draw(256), .kind = (uint8_t)(1 + draw(2)), .quality = 60};
    finger_parts parts = {.width = width, .height = height, .quality = 50, .minutiae = m, .count = count, .coarse = f};
    ent_finger_template *t = NULL;
    assert_int_equal(finger_template_make(&parts, &t, NULL), ENT_OK);
    return t;
}

static void same_bytes(const ent_finger_template *a, const ent_finger_template *b)
{
    uint8_t x[ENT_FINGER_COMPACT_MAX], y[ENT_FINGER_COMPACT_MAX];
    size_t n, k;
    assert_int_equal(ent_finger_encode(a, ENT_FINGER_COMPACT, x, sizeof x, &n, NULL), ENT_OK);
    assert_int_equal(ent_finger_encode(b, ENT_FINGER_COMPACT, y, sizeof y, &k, NULL), ENT_OK);
    assert_int_equal(n, k);
    assert_memory_equal(x, y, n);
}

/* Every template comes back byte for byte after others were added and removed in any order; removed slots are empty and given again;
 * no print takes more than 1,024 bytes. */
static void keeps_and_forgets(void **state)
{
    enum { N = 400 };
    ent_finger_template *kept[N] = {NULL}, *t;
    ent_finger_gallery *g;
    uint32_t slot, of[N];
    size_t held = 0;
    (void)state;
    assert_int_equal(ent_finger_gallery_new(NULL, &g, NULL), ENT_OK);
    for (int round = 0; round < 3000; round++) {
        unsigned i = draw(N);
        if (kept[i]) {
            assert_int_equal(ent_finger_gallery_get(g, of[i], &t, NULL), ENT_OK);
            same_bytes(kept[i], t);
            ent_finger_template_free(t);
            ent_finger_gallery_remove(g, of[i]);
            assert_int_equal(ent_finger_gallery_get(g, of[i], &t, NULL), ENT_NOT_FOUND);
            ent_finger_template_free(kept[i]);
            kept[i] = NULL, held--;
        } else {
            kept[i] = some(1 + draw(64), 200 + draw(100), 200 + draw(150), round & 63);
            assert_int_equal(ent_finger_gallery_add(g, kept[i], &slot, NULL), ENT_OK);
            assert_in_range(finger_entry_size(kept[i]), 1, FINGER_ENTRY_MAX);
            of[i] = slot, held++;
        }
        assert_int_equal(ent_finger_gallery_count(g), held);
    }
    assert_in_range(ent_finger_gallery_slots(g), 1, N);
    for (int i = 0; i < N; i++) ent_finger_template_free(kept[i]);
    ent_finger_gallery_free(g);
}

/* A template without a coarse field and one of a whole hand's width are kept too. */
static void keeps_unusual(void **state)
{
    const ent_finger_minutia m[3] = {{.x = 3, .y = 4, .angle = 9, .kind = 1, .quality = 20}, {.x = 4000, .y = 4090, .angle = 200, .quality = 10}, {.x = 77, .y = 5, .kind = 2}};
    const ent_finger_minutia narrow[2] = {{.x = 3, .y = 4, .angle = 9}, {.x = 50, .y = 4090, .angle = 200}};
    ent_finger_template *t[3], *back;
    ent_finger_gallery *g;
    uint32_t slot;
    (void)state;
    assert_int_equal(ent_finger_import(m, 3, (uint32_t[]){4096, 4096}, &t[0], NULL), ENT_OK);
    t[1] = some(64, 1600, 1000, 3);
    assert_int_equal(ent_finger_import(narrow, 2, (uint32_t[]){100, 4096}, &t[2], NULL), ENT_OK); /* its field would have 256 rows */
    assert_true(t[2]->coarse.rows > 200 && t[2]->descriptors[1].seen);
    assert_int_equal(ent_finger_gallery_new(NULL, &g, NULL), ENT_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ent_finger_gallery_add(g, t[i], &slot, NULL), ENT_OK);
        assert_int_equal(ent_finger_gallery_get(g, slot, &back, NULL), ENT_OK);
        same_bytes(t[i], back);
        ent_finger_template_free(back);
        ent_finger_template_free(t[i]);
    }
    ent_finger_gallery_free(g);
}

static bool not_seven(void *ctx, uint32_t slot)
{
    ++*(size_t *)ctx;
    return slot != 7;
}

static void backwards(void *pool, size_t count, void (*work)(void *ctx, size_t i), void *ctx)
{
    (void)pool;
    while (count-- > 0) work(ctx, count);
}

/* A print is found among 1,500 by itself, with the score of the detailed match; hidden by the bitmap or the callback it is not, and
 * nothing else changes; pieces done in another order give the same. */
static void finds_what_may_be_seen(void **state)
{
    enum { N = 1500 };
    ent_finger_gallery *g;
    ent_finger_template *mine = NULL;
    ent_finger_probe *p;
    ent_finger_found f, other;
    uint32_t slot;
    uint64_t bits[N / 64 + 1];
    size_t asked = 0;
    (void)state;
    assert_int_equal(ent_finger_gallery_new(NULL, &g, NULL), ENT_OK);
    for (unsigned i = 0; i < N; i++) {
        ent_finger_template *t = some(20 + draw(30), 300, 320, i);
        assert_int_equal(ent_finger_gallery_add(g, t, &slot, NULL), ENT_OK);
        if (slot == 7) mine = t;
        else ent_finger_template_free(t);
    }
    assert_int_equal(ent_finger_probe_new(mine, &p, NULL), ENT_OK);
    assert_int_equal(ent_finger_gallery_search(g, p, NULL, 5, &f, NULL), ENT_OK);
    assert_int_equal(f.candidates[0].slot, 7);
    assert_true(f.candidates[0].score == ent_finger_match(p, mine, NULL));
    assert_int_equal(f.visible, N);
    assert_int_equal(f.compared, 64);
    assert_int_equal(f.count, 5);
    ent_finger_search how = {.parallel = backwards};
    assert_int_equal(ent_finger_gallery_search(g, p, &how, 5, &other, NULL), ENT_OK);
    for (int i = 0; i < 5; i++) assert_true(f.candidates[i].slot == other.candidates[i].slot && f.candidates[i].score == other.candidates[i].score);
    ent_finger_found_free(&other);
    how = (ent_finger_search){.visible = not_seven, .visible_ctx = &asked, .exhaustive = true};
    assert_int_equal(ent_finger_gallery_search(g, p, &how, N, &other, NULL), ENT_OK);
    assert_int_equal(asked, N);
    assert_int_equal(other.visible, N - 1);
    assert_int_equal(other.compared, N - 1);
    for (size_t i = 0; i < other.count; i++) assert_int_not_equal(other.candidates[i].slot, 7);
    ent_finger_found_free(&other);
    memset(bits, 0, sizeof bits);
    bits[1] = 5;
    how = (ent_finger_search){.bitmap = bits};
    assert_int_equal(ent_finger_gallery_search(g, p, &how, N, &other, NULL), ENT_OK);
    assert_int_equal(other.visible, 2);
    assert_int_equal(other.candidates[0].slot + other.candidates[1].slot, 64 + 66);
    ent_finger_found_free(&other);
    ent_finger_found_free(&f);
    ent_finger_probe_free(p);
    ent_finger_template_free(mine);
    ent_finger_gallery_free(g);
}

/* A gallery that changes whenever a search lets it: the first of it go, others come in their slots. */
struct restless {
    ent_finger_gallery *g;
    ent_finger_template *fresh;
    uint32_t mine, next;
    bool held, came[4096];
    size_t gone;
};

static void hold(void *ctx)
{
    struct restless *r = ctx;
    assert_false(r->held);
    r->held = true;
}

static void let(void *ctx)
{
    struct restless *r = ctx;
    uint32_t slot;
    assert_true(r->held);
    r->held = false;
    for (int i = 0; i < 20 && r->next < 900; i++, r->next++) {
        if (r->next == r->mine) continue;
        ent_finger_gallery_remove(r->g, r->next);
        r->gone++;
        if (i % 4) continue;
        assert_int_equal(ent_finger_gallery_add(r->g, r->fresh, &slot, NULL), ENT_OK);
        r->came[slot] = true;
    }
}

static bool was_there(void *ctx, uint32_t slot)
{
    const struct restless *r = ctx;
    assert_true(r->held);
    return !r->came[slot];
}

/* A search between whose steps prints go and come sees every print that stays, though the last ones move into the places of those that went.
 * What it answers are scores of prints that were there when it began, never of one that came meanwhile into the slot of a listed one. */
static void searches_beside_changes(void **state)
{
    enum { N = 2200 };
    static ent_finger_template *was[N];
    (void)state;
    for (unsigned i = 0; i < N; i++) was[i] = some(i % 7 ? 30 : 40, 300, 320, i);
    for (unsigned mine = 0; mine < N; mine += 733) {
        struct restless r = {.mine = mine, .fresh = some(40, 300, 320, 3)};
        ent_finger_probe *p;
        ent_finger_found f;
        uint32_t slot;
        assert_int_equal(ent_finger_gallery_new(NULL, &r.g, NULL), ENT_OK);
        for (unsigned i = 0; i < N; i++) {
            assert_int_equal(ent_finger_gallery_add(r.g, was[i], &slot, NULL), ENT_OK);
            assert_int_equal(slot, i);
        }
        assert_int_equal(ent_finger_probe_new(was[mine], &p, NULL), ENT_OK);
        ent_finger_search how = {.exhaustive = mine % 2, .visible = was_there, .visible_ctx = &r, .hold = hold, .let = let, .guard = &r};
        assert_int_equal(ent_finger_gallery_search(r.g, p, &how, 100, &f, NULL), ENT_OK);
        assert_false(r.held);
        assert_true(r.gone > 100);
        assert_in_range(f.visible, N - r.gone, N);
        assert_in_range(f.compared, mine % 2 ? N - r.gone : 1, N);
        assert_int_equal(f.candidates[0].slot, mine);
        for (size_t i = 0; i < f.count; i++) assert_true(f.candidates[i].score == ent_finger_match(p, was[f.candidates[i].slot], NULL));
        ent_finger_found_free(&f);
        ent_finger_probe_free(p);
        ent_finger_template_free(r.fresh);
        ent_finger_gallery_free(r.g);
    }
    for (unsigned i = 0; i < N; i++) ent_finger_template_free(was[i]);
}

/* An empty gallery is searched, and answers nothing. */
static void empty(void **state)
{
    ent_finger_gallery *g;
    ent_finger_template *t = some(30, 300, 300, 1);
    ent_finger_probe *p;
    ent_finger_found f;
    (void)state;
    assert_int_equal(ent_finger_gallery_new(NULL, &g, NULL), ENT_OK);
    assert_int_equal(ent_finger_probe_new(t, &p, NULL), ENT_OK);
    assert_int_equal(ent_finger_gallery_search(g, p, NULL, 5, &f, NULL), ENT_OK);
    assert_int_equal(f.count + f.visible + f.compared, 0);
    ent_finger_found_free(&f);
    ent_finger_probe_free(p);
    ent_finger_template_free(t);
    ent_finger_gallery_free(g);
}

/* Seeds and judgements of every kind of machine are those of the plain loops, for entries of any number of minutiae, at every
 * alignment, for prints of any width. */
static void kernels_agree(void **state)
{
    static uint8_t room[FINGER_ENTRY_MAX + 128];
    static finger_scan scan;
    const finger_scan_kernels *k, *plain = finger_scan_kernels_at(0);
    size_t seen = 0;
    (void)state;
    for (unsigned round = 0; round < 600; round++) {
        uint32_t width = round % 3 ? 300 : 60 + draw(1500);
        ent_finger_template *a = some(1 + draw(50), 300, 320, round % 9), *b = some(1 + round % 64, width, 320, draw(3) ? round % 9 : draw(40));
        finger_entry *e = (finger_entry *)(void *)(room + round % 64);
        finger_seeds expected = {{0}}, got = {{0}};
        finger_scan_make(a, &scan);
        finger_entry_make(b, round, e);
        int n = plain->seeds(&scan, e, &expected);
        for (int i = 0; i < n; i++) assert_true(expected.probe[i] < a->count && expected.entry[i] < b->count && expected.differ[i] <= FINGER_SCAN_NEAR);
        seen += (size_t)n;
        for (int v = 1; (k = finger_scan_kernels_at(v)); v++) {
            assert_int_equal(k->seeds(&scan, e, &got), n);
            assert_memory_equal(&expected, &got, sizeof got);
            uint8_t says[2][FINGER_SCAN_SEEDS] = {{0}};
            plain->votes(&scan, e, &expected, n, says[0]);
            k->votes(&scan, e, &expected, n, says[1]);
            assert_memory_equal(says[0], says[1], sizeof says[0]);
            for (int i = 0; i < 20; i++) {
                finger_seed any = {(uint8_t)draw((unsigned)scan.count), (uint8_t)draw(b->count < 32 ? (unsigned)b->count : 32), (uint8_t)draw(7)};
                assert_int_equal(k->judge(&scan, e, any), plain->judge(&scan, e, any));
            }
            uint8_t chosen[2][FINGER_SCAN_JUDGED];
            int m = plain->choose(&expected, says[0], n, chosen[0]);
            assert_int_equal(k->choose(&expected, says[0], n, chosen[1]), m);
            assert_memory_equal(chosen[0], chosen[1], (size_t)m);
            finger_tried tried[2];
            assert_int_equal(finger_scan_score(k, &scan, e, &tried[0]), finger_scan_score(plain, &scan, e, &tried[1]));
            assert_memory_equal(&tried[0], &tried[1], sizeof tried[0]);
            float terms[2][FINGER_CLOSER_TERMS] = {{0}};
            assert_int_equal(k->terms(&scan, e, tried[0], terms[0]), plain->terms(&scan, e, tried[0], terms[1]));
            assert_memory_equal(terms[0], terms[1], sizeof terms[0]);
        }
        ent_finger_template_free(a);
        ent_finger_template_free(b);
    }
    assert_true(seen > 600);
    for (int v = 0; (k = finger_scan_kernels_at(v)); v++) print_message("%s ", k->name);
    print_message("\n");
}

/* A table of turns changes nothing of the descriptors. */
static void turns_are_the_same(void **state)
{
    static finger_turns turns;
    (void)state;
    finger_turns_make(&turns);
    for (unsigned round = 0; round < 50; round++) {
        ent_finger_template *t = some(1 + draw(64), 300, 320, round);
        finger_descriptor with[FINGER_MINUTIAE_MAX];
        finger_describe(t, &turns, with);
        assert_memory_equal(with, t->descriptors, t->count * sizeof *with);
        ent_finger_template_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_and_forgets), cmocka_unit_test(keeps_unusual), cmocka_unit_test(finds_what_may_be_seen),
                                       cmocka_unit_test(searches_beside_changes), cmocka_unit_test(empty), cmocka_unit_test(kernels_agree), cmocka_unit_test(turns_are_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
