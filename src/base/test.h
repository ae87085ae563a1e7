/* What every cmocka test includes, in the order that cmocka demands. */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The folder of real data, or NULL: `const char *data = ent_test_data("fvc/2002/DB1_B", path, sizeof path)`. A test
 * that gets NULL prints "skipped: no data" and calls skip(). */
static inline const char *ent_test_data(const char *below, char *ret_path, size_t cap)
{
    const char *root = getenv("ENTENTE_DATA");
    if (!root || !*root) {
        printf("skipped: no data\n");
        return NULL;
    }
    snprintf(ret_path, cap, "%s/%s", root, below);
    return ret_path;
}

#endif
