/* A hidden cell is determined when the sums, seen as linear equations in the hidden cells, fix its value: when the reduced row
 * echelon form has a row with that cell alone. Hiding one more cell of such a sum loosens it; this ends, since cells are
 * finitely many and when all of a sum are hidden it says nothing. (Cox, "Suppression methodology and statistical disclosure
 * control", JASA 75 (1980), for the problem; the greedy choice of the smallest cell is ours.) */
#include "flow/report/suppress.h"

#include "base/check.h"

#include <stdlib.h>

/* coefficients are sums of ±1 in lowest terms of a few; far from zero when they are not zero */
static bool is_zero(double x) { return x < 1e-9 && x > -1e-9; }

static void swap_rows(double *x, double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double t = x[i];
        x[i] = y[i];
        y[i] = t;
    }
}

/* Gauss and Jordan, rows × columns, in place. */
static void reduce(double *m, size_t rows, size_t columns)
{
    size_t pivot = 0;
    for (size_t c = 0; c < columns && pivot < rows; c++) {
        size_t r = pivot;
        while (r < rows && is_zero(m[r * columns + c])) r++;
        if (r == rows) continue;
        swap_rows(m + r * columns, m + pivot * columns, columns);
        double *p = m + pivot * columns, by = p[c];
        for (size_t i = 0; i < columns; i++) p[i] /= by;
        for (r = 0; r < rows; r++) {
            double k = m[r * columns + c];
            if (r == pivot || is_zero(k)) continue;
            for (size_t i = 0; i < columns; i++) m[r * columns + i] -= k * p[i];
        }
        pivot++;
    }
}

/* The sums as equations in the hidden cells; column says which is which. */
static void fill_equations(double *m, size_t hidden, const size_t *column, const ent_sum *sums, size_t sum_count)
{
    for (size_t s = 0; s < sum_count; s++) {
        if (column[sums[s].total] != SIZE_MAX) m[s * hidden + column[sums[s].total]] -= 1;
        for (size_t i = 0; i < sums[s].count; i++)
            if (column[sums[s].part[i]] != SIZE_MAX) m[s * hidden + column[sums[s].part[i]]] += 1;
    }
}

/* The only column of a row that is not zero, SIZE_MAX when there is none or more than one. */
static size_t alone_in(const double *row, size_t columns)
{
    size_t alone = SIZE_MAX;
    for (size_t c = 0; c < columns; c++) {
        if (is_zero(row[c])) continue;
        if (alone != SIZE_MAX) return SIZE_MAX;
        alone = c;
    }
    return alone;
}

ent_code ent_suppress_determined(const ent_cell *cells, size_t cell_count, const ent_sum *sums, size_t sum_count,
                                 bool *ret_determined, size_t *ret_count, ent_err *err)
{
    size_t *column = calloc(cell_count + 1, sizeof *column), hidden = 0;
    for (size_t i = 0; column && i < cell_count; i++) column[i] = cells[i].hidden ? hidden++ : SIZE_MAX;
    double *m = column ? calloc(sum_count * hidden + 1, sizeof *m) : NULL;
    if (!m) {
        free(column);
        return ent_fail(err, ENT_NO_MEMORY, "no memory for a table");
    }
    fill_equations(m, hidden, column, sums, sum_count);
    reduce(m, sum_count, hidden);
    *ret_count = 0;
    for (size_t i = 0; i < cell_count; i++) ret_determined[i] = false;
    for (size_t s = 0; s < sum_count; s++) {
        size_t alone = alone_in(m + s * hidden, hidden);
        for (size_t i = 0; alone != SIZE_MAX && i < cell_count; i++) {
            if (column[i] != alone) continue;
            ret_determined[i] = true;
            ++*ret_count;
        }
    }
    free(m);
    free(column);
    return ENT_OK;
}

static bool has(const ent_sum *s, size_t cell)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->part[i] == cell) return true;
    return s->total == cell;
}

/* Hides the smallest part that is shown and not zero, else the total. False when nothing is left to hide. */
static bool hide_one(ent_cell *cells, const ent_sum *s)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < s->count; i++) {
        const ent_cell *c = &cells[s->part[i]];
        if (!c->hidden && c->value && (best == SIZE_MAX || c->value < cells[best].value)) best = s->part[i];
    }
    if (best == SIZE_MAX && !cells[s->total].hidden) best = s->total;
    if (best == SIZE_MAX) return false;
    cells[best].hidden = true;
    return true;
}

/* A shown total tells what the hidden parts come to. */
static bool tells_little(const ent_cell *cells, const ent_sum *s)
{
    uint64_t hidden = 0;
    bool any = false;
    if (cells[s->total].hidden) return false;
    for (size_t i = 0; i < s->count; i++) {
        any = any || cells[s->part[i]].hidden;
        if (cells[s->part[i]].hidden) hidden += cells[s->part[i]].value;
    }
    return any && hidden < ENT_SMALL_CELL;
}

/* Hides one more cell in a sum of a determined one. */
static bool loosen(ent_cell *cells, size_t cell_count, const bool *determined, const ent_sum *sums, size_t sum_count)
{
    for (size_t i = 0; i < cell_count; i++)
        for (size_t s = 0; determined[i] && s < sum_count; s++)
            if (has(&sums[s], i) && hide_one(cells, &sums[s])) return true;
    return false;
}

ent_code ent_suppress(ent_cell *cells, size_t cell_count, const ent_sum *sums, size_t sum_count, ent_err *err)
{
    bool *determined = calloc(cell_count + 1, sizeof *determined);
    ent_code code = determined ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "no memory for a table");
    for (size_t i = 0; i < cell_count; i++) cells[i].hidden = cells[i].value > 0 && cells[i].value < ENT_SMALL_CELL;
    for (bool changed = code == ENT_OK; changed && code == ENT_OK;) {
        size_t count = 0;
        changed = false;
        for (size_t s = 0; s < sum_count; s++)
            if (tells_little(cells, &sums[s])) changed = hide_one(cells, &sums[s]) || changed;
        if (changed) continue;
        code = ent_suppress_determined(cells, cell_count, sums, sum_count, determined, &count, err);
        if (code == ENT_OK && count) changed = loosen(cells, cell_count, determined, sums, sum_count);
        if (code == ENT_OK && count && !changed) code = ent_fail(err, ENT_INTERNAL, "a small cell cannot be hidden");
    }
    free(determined);
    return code;
}
