#include "merkle/shard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 40 };

typedef struct world {
    uint8_t entry[MANY][ENT_ENTRY_SIZE];
    uint64_t count;
    ent_tree *tree;     /* of the shard that is being written */
    uint64_t in_shard;
    uint32_t year;
} world;

static void put(world *w, const ent_entry *e)
{
    assert_int_equal(ent_entry_encode(e, w->entry[w->count], NULL), ENT_OK);
    assert_int_equal(ent_tree_append(w->tree, w->entry[w->count], ENT_ENTRY_SIZE, NULL), ENT_OK);
    w->count++;
    w->in_shard++;
}

static void close_and_open(world *w, uint32_t next)
{
    ent_entry e;
    ent_checkpoint closed = {.size = 0};
    ent_shard_closing(next, (ent_time){1000}, &e);
    put(w, &e);
    closed.size = w->in_shard;
    ent_shard_origin("gb.example", w->year, closed.origin);
    ent_tree_root(w->tree, closed.size, &closed.root);
    ent_tree_cut(w->tree, 0);
    w->in_shard = 0, w->year = next;
    ent_shard_opening(next, (ent_time){1000}, &closed, w->count - 1, &e);
    put(w, &e);
}

/* Three years: 2026 with 5 entries of its own, 2027 with none, 2029 with 3. */
static int setup(void **state)
{
    static world w;
    ent_entry e, some = {.kind = ENT_ENTRY_ASKED, .follows = ENT_ENTRY_NONE};
    w = (world){.year = 2026};
    assert_int_equal(ent_tree_new(&w.tree, NULL), ENT_OK);
    ent_shard_opening(2026, (ent_time){1}, NULL, ENT_ENTRY_NONE, &e);
    put(&w, &e);
    for (int i = 0; i < 5; i++) put(&w, &some);
    close_and_open(&w, 2027);
    close_and_open(&w, 2029);
    for (int i = 0; i < 3; i++) put(&w, &some);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    ent_tree_free(w->tree);
    return 0;
}

static ent_code walk(world *w, uint64_t count, ent_walk **ret)
{
    ent_code code = ent_walk_begin("gb.example", ret, NULL);
    for (uint64_t i = 0; i < count && code == ENT_OK; i++) code = ent_walk_add(*ret, w->entry[i], NULL, NULL);
    return code;
}

/* The entries in one row say themselves where each year begins, how many it has, and which tree it is. */
static void a_row_is_cut_into_its_years(void **state)
{
    world *w = *state;
    ent_walk *k;
    assert_int_equal(walk(w, w->count, &k), ENT_OK);
    static const ent_shard want[] = {{2026, 0, 7}, {2027, 7, 2}, {2029, 9, 4}};
    assert_int_equal(k->count, 3);
    for (int i = 0; i < 3; i++) assert_memory_equal(&k->shard[i], &want[i], sizeof want[i]);
    ent_checkpoint c = {.origin = "gb.example/2029", .size = 4};
    ent_tree_root(w->tree, 4, &c.root);
    assert_int_equal(ent_walk_agrees(k, &c, "the checkpoint", NULL), ENT_OK);
    assert_true(ent_walk_covers(k, &c));
    c.size = 5;
    assert_false(ent_walk_covers(k, &c));
    assert_int_equal(ent_walk_agrees(k, &c, "the checkpoint", NULL), ENT_CONFLICT);
    strcpy(c.origin, "gb.example/2028");
    assert_int_equal(ent_walk_agrees(k, &c, "the checkpoint", NULL), ENT_CONFLICT);
    ent_walk_free(k);
}

/* A closed year that was changed afterwards does not fit the year that follows: every single entry of it is bound. */
static void a_closed_year_cannot_be_changed(void **state)
{
    world *w = *state;
    for (uint64_t i = 0; i < 6; i++) {
        ent_walk *k;
        uint8_t was = w->entry[i][9];
        w->entry[i][9] ^= 1; /* its time */
        assert_int_equal(walk(w, w->count, &k), ENT_DAMAGED);
        assert_int_equal(k->size, 7);
        ent_walk_free(k);
        w->entry[i][9] = was;
    }
}

/* After "year closed" nothing but the opening of the year that it names may stand. */
static void nothing_follows_the_close(void **state)
{
    world *w = *state;
    ent_walk *k;
    ent_entry late = {.kind = ENT_ENTRY_ASKED, .follows = ENT_ENTRY_NONE}, skipped;
    ent_checkpoint closed;
    uint8_t bytes[ENT_ENTRY_SIZE];
    assert_int_equal(walk(w, 7, &k), ENT_OK);
    assert_int_equal(ent_entry_encode(&late, bytes, NULL), ENT_OK);
    assert_int_equal(ent_walk_add(k, bytes, NULL, NULL), ENT_DAMAGED);
    closed = (ent_checkpoint){.origin = "gb.example/2026", .size = 7};
    ent_tree_root(k->tree[0], 7, &closed.root);
    ent_shard_opening(2028, (ent_time){1}, &closed, 6, &skipped); /* right in all but the year */
    assert_int_equal(ent_entry_encode(&skipped, bytes, NULL), ENT_OK);
    assert_int_equal(ent_walk_add(k, bytes, NULL, NULL), ENT_DAMAGED);
    assert_int_equal(ent_walk_add(k, w->entry[7], NULL, NULL), ENT_OK);
    ent_walk_free(k);
}

/* A shard that opens without a close before it, in the middle of a year, is refused. */
static void no_year_opens_by_itself(void **state)
{
    world *w = *state;
    ent_walk *k;
    ent_checkpoint here = {.origin = "gb.example/2026", .size = 3};
    ent_entry e;
    uint8_t bytes[ENT_ENTRY_SIZE];
    assert_int_equal(walk(w, 3, &k), ENT_OK);
    ent_tree_root(k->tree[0], 3, &here.root);
    ent_shard_opening(2027, (ent_time){1}, &here, 2, &e);
    assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
    assert_int_equal(ent_walk_add(k, bytes, NULL, NULL), ENT_DAMAGED);
    ent_walk_free(k);
}

/* An origin is the name, or the name, a slash and four digits; another name that begins alike is another's. */
static void origins_are_exact(void **state)
{
    uint32_t year = 1;
    char origin[ENT_ORIGIN_MAX];
    (void)state;
    ent_shard_origin("gb.example", 2026, origin);
    assert_string_equal(origin, "gb.example/2026");
    assert_true(ent_shard_origin_of(origin, "gb.example", &year));
    assert_int_equal(year, 2026);
    assert_true(ent_shard_origin_of("gb.example", "gb.example", &year));
    assert_int_equal(year, 0);
    static const char *const others[] = {"gb.example2/2026", "gb.exampl/2026", "gb.example/", "gb.example/026", "gb.example/02026", "gb.example/2026/", "gb.example/2x26", "gb.example/1969", "gb.example/ 2026"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_false(ent_shard_origin_of(others[i], "gb.example", &year));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_row_is_cut_into_its_years, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_year_cannot_be_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_follows_the_close, setup, teardown),
        cmocka_unit_test_setup_teardown(no_year_opens_by_itself, setup, teardown),
        cmocka_unit_test(origins_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
