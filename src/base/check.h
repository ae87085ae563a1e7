/* What the programmer owes is asserted and stays on in release; what the world may do is returned as an ent_code. */
#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define ENT_ASSERT_(kind, x)                                                                                           \
    ((x) ? (void)0 : (fprintf(stderr, "%s:%d: %s does not hold: %s\n", __FILE__, __LINE__, kind, #x), abort()))
#define ENT_PRE(x) ENT_ASSERT_("precondition", x)
#define ENT_POST(x) ENT_ASSERT_("postcondition", x)
#define ENT_INVARIANT(x) ENT_ASSERT_("invariant", x)

/* if a call fails, leave with its code */
#define ENT_TRY(call)                                                                                                  \
    do {                                                                                                               \
        ent_code ent_try_ = (call);                                                                                    \
        if (ent_try_ != ENT_OK) return ent_try_;                                                                       \
    } while (0)

#endif
