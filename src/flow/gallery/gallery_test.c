/* The gallery while it changes: who stays is found by every search, who is hidden by none, whoever else comes and goes. */
#include "base/test.h"

#include "flow/gallery/gallery.h"

#include <pthread.h>
#include <stdatomic.h>

enum { PRINTS = 120, MINUTIAE = 24, SIDE = 200, SEARCHES = 60, STAYS = 5, HIDDEN = 6, REPLACED = 7 };

static ent_finger_template *print_of(uint32_t finger)
{
    ent_finger_minutia m[MINUTIAE];
    ent_finger_template *t;
    uint64_t chance = finger + 1;
    for (unsigned i = 0; i < MINUTIAE; i++) {
        chance = chance * 6364136223846793005ull + 1442695040888963407ull;
        m[i] = (ent_finger_minutia){.x = (uint16_t)(12 + i % 6 * 28 + (chance >> 40) % 26), .y = (uint16_t)(12 + i / 6 * 42 + (chance >> 48) % 40), .angle = (uint8_t)(chance >> 56), .kind = 1, .quality = 80};
    }
    assert_int_equal(ent_finger_import(m, MINUTIAE, (uint32_t[2]){SIDE, SIDE}, &t, NULL), ENT_OK);
    return t;
}

static ent_part_id part_of(uint32_t finger)
{
    ent_part_id id = {{0}};
    memcpy(id.b, &finger, sizeof finger);
    id.b[8] = 1; /* not the number of nobody */
    return id;
}

static ent_gallery_print entry_of(uint32_t finger, uint64_t flows) { return (ent_gallery_print){.part = part_of(finger), .flows = flows, .finger = 2}; }

struct restless {
    ent_gallery *g;
    ent_finger_template *t[PRINTS];
    atomic_bool over;
};

static void *change(void *ctx)
{
    struct restless *r = ctx;
    for (uint32_t i = 0; !atomic_load(&r->over); i++) {
        uint32_t finger = 8 + i % (PRINTS - 8);
        ent_gallery_print p = entry_of(finger, 1), replaced = entry_of(REPLACED, 1);
        ent_part_id part = part_of(finger);
        if (i / (PRINTS - 8) % 2) assert_int_equal(ent_gallery_add(r->g, &p, r->t[finger], NULL), ENT_OK);
        else ent_gallery_remove(r->g, &part);
        if (i % 3 == 0) assert_int_equal(ent_gallery_replace(r->g, &replaced, &r->t[REPLACED], 1, NULL), ENT_OK);
        part = part_of(STAYS);
        if (i % 5 == 0) ent_gallery_see(r->g, &part, 1 | (uint64_t)(i & 2));
    }
    return NULL;
}

static double find(struct restless *r, uint32_t finger)
{
    const ent_finger_template *probe[1] = {r->t[finger]};
    ent_likeliest found = {.most = 1};
    ent_part_id wanted = part_of(finger);
    assert_int_equal(ent_gallery_search(r->g, probe, (uint8_t[]){2}, 1, &(ent_sight){.flow_bit = 1}, NULL, NULL, &found, NULL), ENT_OK);
    assert_in_range(found.compared, 2, PRINTS);
    return found.count && ent_id_equal(found.at[0].part.b, wanted.b) ? found.at[0].score : 0;
}

/* Prints are added, removed, replaced and shown to other flows all the while: a print that this flow may see from beginning to end is found by each
 * search with the score that it has alone, also while it gets its own template again; one that the flow may not see is never. */
static void finds_beside_changes(void **state)
{
    struct restless r = {.over = false};
    pthread_t thread;
    (void)state;
    assert_int_equal(ent_gallery_new(2, &r.g, NULL), ENT_OK);
    for (uint32_t f = 0; f < PRINTS; f++) {
        ent_gallery_print p = entry_of(f, f == HIDDEN ? 2 : 1);
        r.t[f] = print_of(f);
        assert_int_equal(ent_gallery_add(r.g, &p, r.t[f], NULL), ENT_OK);
    }
    double alone[2] = {find(&r, STAYS), find(&r, REPLACED)};
    assert_true(alone[0] > 80 && alone[1] > 80);
    assert_int_equal(pthread_create(&thread, NULL, change, &r), 0);
    for (int i = 0; i < SEARCHES; i++) {
        assert_true(find(&r, STAYS) == alone[0]);
        assert_true(find(&r, REPLACED) == alone[1]);
        assert_true(find(&r, HIDDEN) == 0);
    }
    atomic_store(&r.over, true);
    pthread_join(thread, NULL);
    ent_gallery_free(r.g);
    for (int f = 0; f < PRINTS; f++) ent_finger_template_free(r.t[f]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_beside_changes)};
    return cmocka_run_group_tests_name("gallery", tests, NULL, NULL);
}
