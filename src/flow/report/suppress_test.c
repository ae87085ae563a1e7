#include "base/test.h"

#include "flow/report/suppress.h"

/* A table of rows × columns with a total in each row, each column and the corner. */
static size_t table(const uint64_t *v, size_t rows, size_t columns, ent_cell *cells, ent_sum *sums)
{
    size_t n = 0, w = columns + 1;
    for (size_t i = 0; i < (rows + 1) * w; i++) cells[i] = (ent_cell){0};
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            uint64_t x = v[r * columns + c];
            cells[r * w + c].value = x;
            cells[r * w + columns].value += x;
            cells[rows * w + c].value += x;
            cells[rows * w + columns].value += x;
        }
    for (size_t r = 0; r <= rows; r++) {
        sums[n] = (ent_sum){.total = r * w + columns};
        for (size_t c = 0; c < columns; c++) sums[n].part[sums[n].count++] = r * w + c;
        n++;
    }
    for (size_t c = 0; c <= columns; c++) {
        sums[n] = (ent_sum){.total = rows * w + c};
        for (size_t r = 0; r < rows; r++) sums[n].part[sums[n].count++] = r * w + c;
        n++;
    }
    return n;
}

/* One small cell takes three others with it: its row, its column and the corner between. */
static void one_small_cell(void **state)
{
    (void)state;
    static ent_sum sums[16];
    ent_cell cells[16];
    uint64_t v[] = {3, 100, 200, 400, 50, 60, 70, 80, 90};
    size_t n = table(v, 3, 3, cells, sums), hidden = 0;
    assert_int_equal(ent_suppress(cells, 16, sums, n, NULL), ENT_OK);
    for (size_t i = 0; i < 16; i++) hidden += cells[i].hidden;
    assert_true(cells[0].hidden);
    assert_true(hidden >= 4 && hidden < 16);
}

/* Nothing small, nothing hidden; zero is no small cell; a lone small total hides itself. */
static void nothing_to_hide(void **state)
{
    (void)state;
    static ent_sum sums[16];
    ent_cell cells[16];
    uint64_t v[] = {30, 100, 0, 400, 50, 60, 70, 80, 90};
    size_t n = table(v, 3, 3, cells, sums);
    assert_int_equal(ent_suppress(cells, 16, sums, n, NULL), ENT_OK);
    for (size_t i = 0; i < 16; i++) assert_false(cells[i].hidden);
    ent_cell lone[] = {{4, false}, {0, false}, {10, false}};
    assert_int_equal(ent_suppress(lone, 3, NULL, 0, NULL), ENT_OK);
    assert_true(lone[0].hidden);
    assert_false(lone[1].hidden || lone[2].hidden);
}

/* Two hidden cells of one each are no secret when the total says that they come to two. */
static void small_sums(void **state)
{
    (void)state;
    ent_cell cells[] = {{1, false}, {1, false}, {500, false}, {502, false}};
    ent_sum s = {.total = 3, .part = {0, 1, 2}, .count = 3};
    assert_int_equal(ent_suppress(cells, 4, &s, 1, NULL), ENT_OK);
    assert_true(cells[0].hidden && cells[1].hidden && cells[2].hidden);
}

/* Over many random tables: every small cell is hidden, none follows from the rest, and shown ones are as they were. */
static void random_tables(void **state)
{
    (void)state;
    static ent_sum sums[32];
    ent_cell cells[64];
    uint32_t x = 1;
    for (int round = 0; round < 2000; round++) {
        uint64_t v[42];
        size_t rows = 2 + (size_t)round % 5, columns = 2 + (size_t)round / 5 % 5;
        for (size_t i = 0; i < rows * columns; i++) {
            x = x * 1664525 + 1013904223;
            v[i] = x >> 30 ? (x >> 8) % 300 : (x >> 8) % 12;
        }
        size_t n = table(v, rows, columns, cells, sums);
        assert_int_equal(ent_suppress(cells, (rows + 1) * (columns + 1), sums, n, NULL), ENT_OK);
        bool found[64];
        size_t count;
        for (size_t i = 0; i < (rows + 1) * (columns + 1); i++)
            if (cells[i].value > 0 && cells[i].value < 10) assert_true(cells[i].hidden);
        assert_int_equal(ent_suppress_determined(cells, (rows + 1) * (columns + 1), sums, n, found, &count, NULL), ENT_OK);
        assert_int_equal(count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_small_cell), cmocka_unit_test(nothing_to_hide),
                                       cmocka_unit_test(small_sums), cmocka_unit_test(random_tables)};
    return cmocka_run_group_tests_name("suppress", tests, NULL, NULL);
}
