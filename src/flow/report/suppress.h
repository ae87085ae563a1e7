/* Statistical disclosure control for tables of counts: cells under ten are hidden, and as many others as it takes that no hidden
 * cell follows from what is shown by adding and subtracting. Pure. */
#ifndef FLOW_REPORT_SUPPRESS_H
#define FLOW_REPORT_SUPPRESS_H

#include "entente/error.h"

#include <stdbool.h>

enum { ENT_SMALL_CELL = 10, ENT_SUM_PARTS = 512 };

typedef struct ent_cell {
    uint64_t value;
    bool hidden;        /* 1 to 9, or it would reveal such a one; 0 is shown */
} ent_cell;

/* One addition that readers know: cell `total` is the sum of the cells `part`. */
typedef struct ent_sum {
    size_t total;
    size_t part[ENT_SUM_PARTS];
    size_t count;
} ent_sum;

/* Sets `hidden`. Afterwards no hidden cell is determined by the shown ones and the sums, and the hidden parts of a shown total
 * come to ten or more. ENT_NO_MEMORY. */
ENT_MUST_CHECK ent_code ent_suppress(ent_cell *cells, size_t cell_count, const ent_sum *sums, size_t sum_count, ent_err *err);

/* Which hidden cells follow from the rest, and how many: what a curious reader would try. For the tests too. */
ENT_MUST_CHECK ent_code ent_suppress_determined(const ent_cell *cells, size_t cell_count, const ent_sum *sums,
                                                size_t sum_count, bool *ret_determined, size_t *ret_count, ent_err *err);

#endif
