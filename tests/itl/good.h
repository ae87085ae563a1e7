/* Values that the rows of the tables allow, for the tests that go through all of them. */
#ifndef TESTS_ITL_GOOD_H
#define TESTS_ITL_GOOD_H

#include "itl/rules.h"

enum { GOOD_ITEM = 256 }; /* an item has less, with its end */

/* n characters of the set, and an end */
void good_characters(uint8_t set, size_t n, char *ret);
/* Whether values of the set have no form that fixes their length. */
bool good_of_any_length(uint8_t set);
/* A value that the rule allows. `k` makes the numbers of one subfield grow, as coordinates must. */
void good_item(const ent_itl_item_rule *rule, size_t k, char *ret);
/* A subfield, its items joined by '|', with item `at` replaced by value (SIZE_MAX: none); a figure has its points. */
void good_subfield(const ent_itl_field_rule *row, size_t at, const char *value, char *ret);

#endif
