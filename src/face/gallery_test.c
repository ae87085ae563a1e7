#include "base/test.h"

#include "face/kernels.h"

#include "entente/face.h"

#include <math.h>

enum { ENTRIES = 9000, DIMENSION = 100, PROBES = 70, MOST = 5 };

static const uint8_t model[8] = "a model", other[8] = "another";

typedef struct entry {
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len;
    uint64_t id, flows;
} entry;

static entry entries[ENTRIES];

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

static void make(uint64_t *seed, entry *e, uint64_t id, uint64_t flows)
{
    float v[DIMENSION];
    for (int i = 0; i < DIMENSION; i++) v[i] = (float)(next(seed) / 4294967296.0 + next(seed) / 4294967296.0 - 1);
    assert_int_equal(ent_face_quantise(v, DIMENSION, model, 50, e->bytes, &e->len, NULL), ENT_OK);
    e->id = id, e->flows = flows;
}

static ent_face_gallery *made(unsigned threads)
{
    uint64_t seed = 11;
    ent_face_gallery *g;
    assert_int_equal(ent_face_gallery_new(threads, &g, NULL), ENT_OK);
    for (size_t i = 0; i < ENTRIES; i++) {
        make(&seed, &entries[i], 1000 + i, 1 + next(&seed) % 3);
        assert_int_equal(ent_face_gallery_add(g, entries[i].id, entries[i].flows, entries[i].bytes, entries[i].len, NULL), ENT_OK);
    }
    return g;
}

/* What a search must give, from ent_face_match alone: the most best that the flows may see. */
static size_t by_hand(const entry *probe, uint64_t flows, ent_face_hit *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < ENTRIES; i++) {
        double score;
        if (!(entries[i].flows & flows)) continue;
        assert_int_equal(ent_face_match(probe->bytes, probe->len, entries[i].bytes, entries[i].len, &score, NULL), ENT_OK);
        size_t at = n < MOST ? n++ : MOST;
        while (at > 0 && (score > ret[at - 1].score || (score == ret[at - 1].score && entries[i].id < ret[at - 1].id))) {
            if (at < MOST) ret[at] = ret[at - 1];
            at--;
        }
        if (at < MOST) ret[at] = (ent_face_hit){entries[i].id, score};
    }
    return n;
}

/* The first `most` hits of each probe are those that by_hand finds. */
static void check_hits(const entry *probes, const ent_face_hit *hits, const size_t *counts, uint64_t flows, size_t most)
{
    static ent_face_hit should[4][PROBES][MOST];
    static size_t known[4][PROBES];
    for (int i = 0; i < PROBES; i += i == 64 ? 5 : 13) {
        size_t *n = &known[flows][i];
        if (!*n) *n = by_hand(&probes[i], flows, should[flows][i]);
        assert_int_equal(counts[i], *n < most ? *n : most);
        for (size_t k = 0; k < most; k++) {
            assert_int_equal(hits[(size_t)i * most + k].id, should[flows][i][k].id);
            assert_true(hits[(size_t)i * most + k].score == should[flows][i][k].score);
        }
    }
}

/* A search finds what comparing with every visible entry one by one finds, score for score, with every kernel of this machine, alone and together with
 * few and many (which kernels do in tiles of other shapes), on one thread and several, for the best and for several. */
static void is_exact(void **state)
{
    static const size_t together[] = {1, 9, 25, 41, PROBES};
    static entry probes[PROBES];
    static ent_face_hit hits[PROBES * MOST];
    ent_face_probe p[PROBES];
    size_t counts[PROBES];
    uint64_t seed = 12, flows = 1;
    const face_kernel *k;
    (void)state;
    for (int i = 0; i < PROBES; i++) {
        make(&seed, &probes[i], 0, 0);
        p[i] = (ent_face_probe){probes[i].bytes, probes[i].len};
    }
    for (unsigned threads = 1; threads <= 2; threads++) {
        ent_face_gallery *g = made(threads);
        for (int which = 0; (k = face_kernel_at(which)); which++) {
            size_t most = (size_t)which % 2 ? 1 : MOST;
            face_gallery_use(g, k);
            for (size_t t = 0; t < sizeof together / sizeof together[0]; t++)
                for (size_t at = 0; at < PROBES; at += together[t]) {
                    size_t n = PROBES - at < together[t] ? PROBES - at : together[t];
                    assert_int_equal(ent_face_gallery_search(g, p + at, n, flows, most, hits + at * most, counts + at, NULL), ENT_OK);
                    if (at + n == PROBES) check_hits(probes, hits, counts, flows, most);
                }
            flows = flows % 3 + 1;
        }
        ent_face_gallery_free(g);
    }
}

/* Whom a flow may not see is never found, even by its own template; who was removed neither; the others stay. */
static void hides_and_forgets(void **state)
{
    ent_face_gallery *g = made(1);
    ent_face_probe p = {entries[7].bytes, entries[7].len};
    ent_face_hit hit;
    size_t n;
    (void)state;
    ent_face_gallery_see(g, 1007, 4);
    assert_int_equal(ent_face_gallery_search(g, &p, 1, 3, 1, &hit, &n, NULL), ENT_OK);
    assert_true(n == 1 && hit.id != 1007 && hit.score < 0.9);
    assert_int_equal(ent_face_gallery_search(g, &p, 1, 4, 1, &hit, &n, NULL), ENT_OK);
    assert_true(n == 1 && hit.id == 1007 && hit.score > 0.999999);
    ent_face_gallery_remove(g, 1007);
    assert_int_equal(ent_face_gallery_count(g), ENTRIES - 1);
    assert_int_equal(ent_face_gallery_search(g, &p, 1, UINT64_MAX, 1, &hit, &n, NULL), ENT_OK);
    assert_true(n == 1 && hit.id != 1007);
    for (size_t i = 0; i < ENTRIES; i += 899) {
        if (i == 7) continue;
        p = (ent_face_probe){entries[i].bytes, entries[i].len};
        assert_int_equal(ent_face_gallery_search(g, &p, 1, UINT64_MAX, 1, &hit, &n, NULL), ENT_OK);
        assert_int_equal(hit.id, entries[i].id);
    }
    ent_face_gallery_free(g);
}

/* Nothing enrolled or nothing visible: nothing found. Another model's template is refused on both ways in. */
static void refuses_and_finds_nothing(void **state)
{
    ent_face_gallery *g;
    float v[DIMENSION] = {1};
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len, n = 9;
    ent_face_hit hit;
    (void)state;
    assert_int_equal(ent_face_quantise(v, DIMENSION, other, 0, bytes, &len, NULL), ENT_OK);
    ent_face_probe p = {bytes, len};
    assert_int_equal(ent_face_gallery_new(1, &g, NULL), ENT_OK);
    assert_int_equal(ent_face_gallery_search(g, &p, 1, 1, 1, &hit, &n, NULL), ENT_OK);
    assert_int_equal(n, 0);
    ent_face_gallery_free(g);
    g = made(1);
    assert_int_equal(ent_face_gallery_add(g, 1, 1, bytes, len, NULL), ENT_UNSUPPORTED);
    assert_int_equal(ent_face_gallery_search(g, &p, 1, 1, 1, &hit, &n, NULL), ENT_UNSUPPORTED);
    p = (ent_face_probe){entries[0].bytes, entries[0].len};
    assert_int_equal(ent_face_gallery_search(g, &p, 1, 8, 1, &hit, &n, NULL), ENT_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ent_face_gallery_search(g, &p, 1, 1, 0, &hit, &n, NULL), ENT_USAGE);
    ent_face_gallery_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_exact), cmocka_unit_test(hides_and_forgets), cmocka_unit_test(refuses_and_finds_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
