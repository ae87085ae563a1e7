/* Fields that depend on others, as rows (the "D" of the record layouts). */
#include "itl/rules.h"

#define FACE "FACE"
#define MARKS "SCAR|MARK|TATTOO"
#define CODED MARKS "|CONDITION|MISSING|OTHER" /* what may have an NCIC code */
#define IMAGE_FIELDS(type, clause)                                                                                     \
    {type, ED_ALL, 6, BOTH, 999, 0, NULL, clause}, {type, ED_ALL, 7, BOTH, 999, 0, NULL, clause}, {type, ED_ALL, 8, BOTH, 999, 0, NULL, clause},                                         \
        {type, ED_ALL, 9, BOTH, 999, 0, NULL, clause}, {type, ED_ALL, 10, BOTH, 999, 0, NULL, clause}, {type, ED_ALL, 11, BOTH, 999, 0, NULL, clause},                                   \
    {                                                                                                                  \
        type, ED_ALL, 12, BOTH, 999, 0, NULL, clause                                                                   \
    }
#define WITH_M1(field)                                                                                                 \
    {                                                                                                                  \
        9, ED_11ON, field, BOTH, 126, 0, NULL, "8.9.4"                                                                 \
    }
#define WITH_REGION(field)                                                                                             \
    {                                                                                                                  \
        9, ED_11ON, field, ONLY, 300, 0, NULL, "8.9.7.1.1"                                                             \
    }
#define EITHER(present, none)                                                                                          \
    {                                                                                                                  \
        9, ED_11ON, none, NEVER, present, 0, NULL, "8.9.7"                                                             \
    }
#define LEGACY(field)                                                                                                  \
    {                                                                                                                  \
        9, ED_11ON, field, ONLY, 4, 0, "S", "8.9.2"                                                                    \
    }

static const ent_itl_dependence all[] = {
    /* Type-10 */
    {10, ED_11ON, 13, BOTH, 3, 0, FACE, "8.10.13"},
    {10, ED_11ON, 14, ONLY, 13, 0, "0..20", "8.10.14"},
    {10, ED_11ON, 14, ONLY, 3, 0, FACE, "8.10.14"},
    {10, ED_11ON, 15, ONLY, 3, 0, FACE, "8.10.15"},
    {10, ED_11ON, 18, ONLY, 3, 0, FACE, "8.10.18"},
    {10, ED_11ON, 19, ONLY, 3, 0, FACE, "8.10.19"},
    {10, ED_11ON, 20, ONLY, 3, 0, FACE, "8.10.20"},
    {10, ED_11ON, 21, ONLY, 20, 0, "A", "8.10.21"},
    {10, ED_11ON, 23, ONLY, 3, 0, FACE, "8.10.23"},
    {10, ED_11ON, 23, MUST, 13, 0, "40..52", "8.10.23"},
    {10, ED_11ON, 24, ONLY, 3, 0, FACE, "8.10.24"},
    {10, ED_11ON, 25, ONLY, 3, 0, FACE, "8.10.25"},
    {10, ED_11ON, 25, MUST, 20, 0, "D", "8.10.25"},
    {10, ED_11ON, 26, ONLY, 3, 0, FACE, "8.10.26"},
    {10, ED_11ON, 26, MUST, 13, 0, "40|50|51", "8.10.26"},
    {10, ED_11ON, 27, ONLY, 3, 0, FACE, "8.10.27"},
    {10, ED_11ON, 27, MUST, 13, 0, "40..52", "8.10.27"},
    {10, ED_11ON, 28, ONLY, 3, 0, FACE, "8.10.28"},
    {10, ED_11ON, 28, MUST, 13, 0, "40..52", "8.10.28"},
    {10, ED_11ON, 29, ONLY, 3, 0, FACE, "8.10.29"},
    {10, ED_11ON, 31, ONLY, 3, 0, FACE, "8.10.31"},
    {10, ED_11ON, 32, ONLY, 3, 0, FACE, "8.10.32"},
    {10, ED_11ON, 33, ONLY, 3, 0, FACE, "8.10.33"},
    {10, ED_11ON, 33, MUST, 31, 0, "5", "8.10.33"},
    {10, ED_11ON, 40, ONLY, 3, 0, CODED, "8.10.39"},
    {10, ED_11ON, 40, MUST, 3, 0, "CONDITION|OTHER", "8.10.3"},
    {10, ED_11ON, 41, NEVER, 3, 0, FACE, "8.10.40"},
    {10, ED_11ON, 42, ONLY, 3, 0, MARKS, "8.10.41"},
    {10, ED_11ON, 43, ONLY, 42, 0, NULL, "8.10.42"},
    {10, ED_11ON, 45, ONLY, 3, 0, FACE, "8.10.44"},
    /* friction ridges */
    IMAGE_FIELDS(14, "8.14"),
    IMAGE_FIELDS(15, "8.15"),
    {13, ED_ALL, 14, BOTH, 13, 0, "19", "8.13.14"},
    {13, ED_ALL, 15, ONLY, 13, 0, "19", "8.13.15"},
    {14, ED_11ON, 14, BOTH, 13, 0, "19", "8.14.14"},
    {14, ED_11ON, 15, ONLY, 13, 0, "19", "8.14.15"},
    {14, ED_11ON, 21, ONLY, 13, 0, "13|14|15|40..54", "8.14.19"},
    {14, ED_11ON, 999, MUST, 18, 1, "XX|SR", "8.14.16"},
    {15, ED_11ON, 999, MUST, 18, 1, "XX|SR", "8.15.16"},
    /* without an image nothing is said of how it was made (2015) */
    {14, ED15, 3, BOTH, 999, 0, NULL, "8.14.3"},
    {14, ED15, 16, ONLY, 999, 0, NULL, "8.14"},
    {14, ED15, 17, ONLY, 999, 0, NULL, "8.14"},
    {15, ED15, 3, BOTH, 999, 0, NULL, "8.15.3"},
    {15, ED15, 16, ONLY, 999, 0, NULL, "8.15"},
    {15, ED15, 17, ONLY, 999, 0, NULL, "8.15"},
    /* iris */
    IMAGE_FIELDS(17, "8.17"),
    {17, ED_ALL, 13, BOTH, 999, 0, NULL, "8.17.13"},
    {17, ED_11ON, 27, BOTH, 25, 0, "DEFINED", "8.17.25"},
    {17, ED_11ON, 15, BOTH, 14, 0, NULL, "8.17.15"},
    /* minutiae */
    LEGACY(5),
    LEGACY(6),
    LEGACY(7),
    LEGACY(8),
    LEGACY(9),
    LEGACY(10),
    LEGACY(11),
    LEGACY(12),
    WITH_M1(127),
    WITH_M1(128),
    WITH_M1(129),
    WITH_M1(130),
    WITH_M1(131),
    WITH_M1(132),
    WITH_M1(133),
    WITH_M1(134),
    WITH_M1(135),
    WITH_M1(136),
    {9, ED_11ON, 10, BOTH, 12, 0, NULL, "8.9.2"},
    {9, ED_11ON, 11, BOTH, 12, 0, NULL, "8.9.2"},
    {9, ED_11ON, 137, MUST, 136, 0, "1..9999", "8.9.4"},
    {9, ED_11ON, 137, ONLY, 126, 0, NULL, "8.9.4"},
    {9, ED_11ON, 138, ONLY, 126, 1, "514|515", "8.9.5.13"},
    {9, ED_11ON, 139, ONLY, 126, 0, NULL, "8.9.4"},
    {9, ED_11ON, 140, ONLY, 126, 0, NULL, "8.9.4"},
    {9, ED_11ON, 141, ONLY, 140, 0, NULL, "8.9.4"},
    {9, ED_11ON, 300, BOTH, 302, 0, NULL, "8.9.7.1"},
    {9, ED_11ON, 309, BOTH, 308, 0, NULL, "8.9.7.2"},
    {9, ED_11ON, 311, MUST, 310, 0, NULL, "8.9.7.2"},
    {9, ED_11ON, 333, ONLY, 331, 0, NULL, "8.9.7.4"},
    WITH_REGION(301),
    WITH_REGION(303),
    WITH_REGION(307),
    WITH_REGION(308),
    WITH_REGION(310),
    WITH_REGION(314),
    WITH_REGION(315),
    WITH_REGION(316),
    WITH_REGION(320),
    WITH_REGION(321),
    WITH_REGION(331),
    WITH_REGION(340),
    WITH_REGION(345),
    WITH_REGION(350),
    WITH_REGION(352),
    WITH_REGION(353),
    WITH_REGION(361),
    WITH_REGION(362),
    EITHER(320, 325),
    EITHER(321, 326),
    EITHER(324, 327),
    EITHER(331, 334),
    EITHER(345, 344),
    EITHER(340, 346),
    EITHER(341, 347),
    EITHER(342, 348),
    EITHER(343, 349),
    /* references and data: one or the other */
    {10, ED_13ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
    {13, ED_13ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
    {14, ED_13ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
    {15, ED_13ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
    {17, ED_13ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
    {20, ED_11ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
    {21, ED_11ON, 994, NEVER, 999, 0, NULL, "7.3.4"},
};

const ent_itl_dependence *ent_itl_dependences(size_t *ret_count)
{
    *ret_count = COUNT_OF(all);
    return all;
}
