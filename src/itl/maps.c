/* The maps of the extended feature set (8.9.7.6 to 8.9.7.11): quality (9.308, 9.309), flow (9.310, 9.311) and wavelength (9.312, 9.313) of ridges
 * over the region of interest, a subfield for each row. How many sampling points a row of the last two has the text leaves open at the
 * edge: their rows must only be alike. */
#include "itl/check.h"

#include <string.h>

/* The next subfield of a map: *at moves on, NULL at the end. */
static size_t next_row(const ent_itl_field *f, const uint8_t **at, const uint8_t **ret_row)
{
    const uint8_t *end = f->value + f->len, *stop = memchr(*at, ENT_ITL_RS, (size_t)(end - *at));
    *ret_row = *at;
    *at = stop ? stop + 1 : NULL;
    return (size_t)((stop ? stop : end) - *ret_row);
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* Cells of a row of qualities; 0: something else stands in it. Table 34: a digit 0 to 5 a cell, or letters A to F with how often they follow
 * one another, from 2 on. */
static size_t quality_cells(const uint8_t *row, size_t n, bool runs)
{
    size_t cells = 0, count = 0, digits = 0;
    for (size_t i = 0; i < n; i++) {
        if (!runs && (row[i] < '0' || row[i] > '5')) return 0;
        if (runs && is_digit(row[i])) {
            count = count * 10 + (size_t)(row[i] - '0');
            if (++digits > 5) return 0;
            continue;
        }
        if (runs && (row[i] < 'A' || row[i] > 'F' || (digits && count < 2))) return 0;
        cells += digits ? count : 1;
        count = digits = 0;
    }
    return digits ? 0 : cells;
}

static void quality(ent_itl_checking *c, const ent_itl_field *f)
{
    double cell = ent_itl_number_at(c->r, 309, 0, 0, 0);
    const ent_itl_field *format = ent_itl_field_of(c->r, 309);
    bool runs = format && ent_itl_item_is(format, 0, 1, "RLE");
    size_t rows = 0, wide = 0, high = 0;
    if (cell < 1 || !c->across || !c->down) return; /* told elsewhere */
    wide = (c->across + (size_t)cell - 1) / (size_t)cell;
    high = (c->down + (size_t)cell - 1) / (size_t)cell;
    for (const uint8_t *at = f->value, *row; at;) {
        size_t n = next_row(f, &at, &row), cells = quality_cells(row, n, runs);
        ent_itl_place place = {.field = 308, .subfield = ++rows, .at = row};
        if (!cells) ent_itl_tell(c, place, 2, "8.9.7.7", "a row of qualities: expected %s", runs ? "letters A to F with their counts" : "digits 0 to 5");
        else if (cells != wide) ent_itl_tell(c, place, 2, "8.9.7.6", "the row has %zu cells: the region's width is %zu of them", cells, wide);
        if (!cells || cells != wide) return;
    }
    /* of the width the clause says it in so many words, of the height not */
    if (rows != high) ent_itl_tell(c, (ent_itl_place){.field = 308, .at = f->value}, 0, "8.9.7.6", "the map has %zu rows: the region's height is %zu of them", rows, high);
}

/* "00" to "B3", degrees (table 35); "01" to "99", 0.01 millimetres (8.9.7.10); "XX" unknown. */
static bool is_flow(const uint8_t *v) { return (v[0] >= '0' && v[0] <= '9' && (is_digit(v[1]) || (v[1] >= 'A' && v[1] <= 'F'))) || (v[0] == 'A' && (is_digit(v[1]) || (v[1] >= 'A' && v[1] <= 'F'))) || (v[0] == 'B' && v[1] >= '0' && v[1] <= '3'); }
static bool is_wavelength(const uint8_t *v) { return is_digit(v[0]) && is_digit(v[1]) && (v[0] != '0' || v[1] != '0'); }

static void pairs(ent_itl_checking *c, const ent_itl_field *f, bool (*is_value)(const uint8_t *v), const char *clause, const char *expected)
{
    size_t rows = 0, first = 0;
    for (const uint8_t *at = f->value, *row; at;) {
        size_t n = next_row(f, &at, &row);
        ent_itl_place place = {.field = f->number, .subfield = ++rows, .at = row};
        bool good = n > 0 && n % 2 == 0;
        for (size_t i = 0; good && i < n; i += 2) good = is_value(row + i) || memcmp(row + i, "XX", 2) == 0;
        if (rows == 1) first = n;
        if (!good) ent_itl_tell(c, place, 2, clause, "a row of the map: expected %s or XX for each point", expected);
        else if (n != first) ent_itl_tell(c, place, 2, clause, "the row has %zu points, the first has %zu", n / 2, first / 2);
        if (!good || n != first) return;
    }
}

void ent_itl_check_maps(ent_itl_checking *c)
{
    const ent_itl_field *qualities = ent_itl_field_of(c->r, 308), *flow = ent_itl_field_of(c->r, 310), *flow_format = ent_itl_field_of(c->r, 311), *wavelength = ent_itl_field_of(c->r, 312);
    if (c->edition & ED07) return;
    if (qualities) quality(c, qualities);
    if (flow && !(flow_format && ent_itl_item_is(flow_format, 0, 1, "B64"))) pairs(c, flow, is_flow, "8.9.7.8", "00 to B3");
    if (wavelength) pairs(c, wavelength, is_wavelength, "8.9.7.10", "01 to 99");
}
