#include "base/test.h"

#include "merkle/tile.h"

/* The specification's own examples and the ends of each range are read, and written back the same. */
static void reads_names(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        ent_tile want;
    } good[] = {{"0/000", {false, 0, 0, 256}},          {"0/x001/x234/067", {false, 0, 1234067, 256}},
                {"63/001", {false, 63, 1, 256}},        {"1/000.p/1", {false, 1, 0, 1}},
                {"0/x001/000.p/255", {false, 0, 1000, 255}}, {"entries/x070/999.p/17", {true, 0, 70999, 17}}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ent_tile t;
        char again[ENT_TILE_PATH];
        if (!ent_tile_parse(good[i].path, &t)) fail_msg("%s", good[i].path);
        assert_int_equal(t.entries, good[i].want.entries);
        assert_int_equal(t.level, good[i].want.level);
        assert_int_equal(t.index, good[i].want.index);
        assert_int_equal(t.width, good[i].want.width);
        ent_tile_path(&t, again);
        assert_string_equal(again, good[i].path);
    }
}

/* Every other spelling is no tile: a path that two readers could take differently is refused. */
static void refuses_other_spellings(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0", "0/", "0/0", "0/00", "00/000", "64/000", "-1/000", "0/000/", "0/001/x234", "0/1/234", "0/001/234",
                                      "0/x000/001", "0/xx01/001", "0/x001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/000.p",
                                      "0/000.p/1/", "data/000", "entries/", "entries/000.p/1x", "+0/000", "0//000", "0/../000", "0/00a",
                                      "0/x999/x999/x999/x999/x999/x999/x999/999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ent_tile t;
        if (ent_tile_parse(bad[i], &t)) fail_msg("\"%s\" was read", bad[i]);
    }
}

/* The specification's tree of 70,000 entries: which tiles it has, to the last one. */
static void knows_what_a_tree_has(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool there;
    } at[] = {{"0/272", true}, {"0/273", false}, {"0/273.p/112", true}, {"0/273.p/113", false}, {"1/000", true},
              {"1/001.p/17", true}, {"1/001.p/18", false}, {"2/000.p/1", true}, {"2/000.p/2", false}, {"3/000.p/1", false},
              {"8/000.p/1", false}, {"63/000.p/1", false}, {"entries/273.p/112", true}, {"entries/273", false}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        ent_tile t;
        assert_true(ent_tile_parse(at[i].path, &t));
        if (ent_tile_in(&t, 70000) != at[i].there) fail_msg("%s", at[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_names), cmocka_unit_test(refuses_other_spellings),
                                       cmocka_unit_test(knows_what_a_tree_has)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
