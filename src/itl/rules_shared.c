/* What record types 9 to 99 have in common (7.3 to 7.7), Types 20 and 21 as far as others refer to them, and which table
 * belongs to which type and edition. */
#include "itl/rules.h"

#include <string.h>

#define GEO_ITEMS                                                                                                      \
    ITEM(UTE, 'O', GMT, 15, 15, NULL), ITEM(LTD, 'D', NS, 1, 9, "-90..90"), ITEM(LTM, 'D', NS, 1, 8, "0..59.99999999"), ITEM(LTS, 'D', NS, 1, 8, "0..59.99999999"),                    \
        ITEM(LGD, 'D', NS, 1, 10, "-180..180"), ITEM(LGM, 'D', NS, 1, 8, "0..59.99999999"), ITEM(LGS, 'D', NS, 1, 8, "0..59.99999999"), ITEM(ELE, 'O', NS, 1, 8, "-422..8848"),        \
        ITEM(GDC, 'O', AN, 3, 6, ent_itl_codes_datum), ITEM(GCM, 'D', ZONE, 2, 3, NULL), ITEM(GCE, 'D', N, 1, 6, NULL), ITEM(GCN, 'D', N, 1, 8, NULL), ITEM(GRT, 'O', U, 1, 150, NULL),               \
        ITEM(OSI, 'O', U, 1, 10, NULL), ITEM(OCV, 'D', U, 1, 126, NULL)

const ent_itl_field_rule ent_itl_shared_fields[ENT_ITL_SHARED_COUNT] = {
    ONE(1, LEN, 'M', N, 1, 0, NULL),
    ONE(2, IDC, 'M', N, 1, 2, "0..99"),
    FIELD_IN(ED_13ON, 46, SUB, 'O', 1, 1, ITEM(SSC, 'M', A, 1, 1, "X|A|D"), ITEM(SBSC, 'D', N, 1, 1, "1|2"), ITEM(SBCC, 'D', N, 1, 1, "1|2|3")),
    ONE_IN(ED_13ON, 47, CON, 'O', U, 1, 1000, NULL),
    OPEN_IN(ED07, 200, 998, UDF),
    OPEN_IN(ED_11ON, 200, 900, UDF),
    FIELD_IN(ED_11ON, 902, ANN, 'O', 1, 0, ITEM(GMT, 'M', GMT, 15, 15, NULL), ITEM(NAV, 'M', U, 1, 64, NULL), ITEM(OWN, 'M', U, 1, 64, NULL), ITEM(PRO, 'M', U, 1, 255, NULL)),
    ONE_IN(ED_11ON, 903, DUI, 'O', DUI, 13, 16, NULL),
    FIELD_IN(ED_11ON, 904, MMS, 'O', 1, 1, ITEM(MAK, 'M', U, 1, 50, NULL), ITEM(MOD, 'M', U, 1, 50, NULL), ITEM(SER, 'M', U, 1, 50, NULL)),
    ONE_IN(ED_13ON, 992, T2C, 'O', N, 1, 2, "0..99"),
    ONE_IN(ED_11ON, 993, SAN, 'O', U, 1, 125, NULL),
    ONE_IN(ED_11ON, 994, EFR, 'D', U, 1, 200, NULL),
    FIELD_IN(ED_11ON, 995, ASC, 'O', 1, 255, ITEM(ACN, 'M', N, 1, 3, "1..255"), ITEM(ASP, 'O', N, 1, 2, "1..99")),
    ONE_IN(ED_11ON, 996, HAS, 'O', H, 64, 64, NULL),
    FIELD_IN(ED_11ON, 997, SOR, 'O', 1, 255, ITEM(SRN, 'M', N, 1, 3, "1..255"), ITEM(RSP, 'O', N, 1, 2, "1..99")),
    FIELD_IN(ED_11ON, 998, GEO, 'O', 1, 1, GEO_ITEMS),
    ONE(999, DATA, 'D', BIN, 1, 0, NULL),
};

#define SEGMENT_ITEMS(first)                                                                                           \
    ITEM(first, 'M', N, 1, 2, "1..99"), ITEM(IPT, 'M', ANS, 1, 15, NULL), RELATED(NOP, 'O', N, 1, 2, "3..99", POINTS), RELATED(HPO, 'D', N, 1, 5, NULL, X),                             \
        RELATED(VPO, 'D', N, 1, 5, NULL, Y)

/* .017 and .018 beside .006 to .013: where what is referred to is an image */
static const ent_itl_field_rule source_fields[] = {
    ONE(3, CAR, 'M', A, 1, 1, "D|M|S"),
    ONE(4, SRC, 'M', U, 1, 0, NULL),
    OPEN_IN(ED_11ON, 5, 5, SRD),
    ONE(6, HLL, 'O', N, 2, 5, "10..99999"),
    ONE(7, VLL, 'O', N, 2, 5, "10..99999"),
    ONE(8, SLC, 'O', N, 1, 1, "0|1|2"),
    ONE(9, THPS, 'O', N, 1, 5, "1..99999"),
    ONE(10, TVPS, 'O', N, 1, 5, "1..99999"),
    ONE(11, CGA, 'O', AN, 3, 5, "NONE|WSQ20|JPEGB|JPEGL|JP2|JP2L|PNG"),
    ONE(12, BPX, 'O', N, 1, 2, "8..99"),
    ONE(13, CSP, 'O', A, 3, 4, "UNK|GRAY|RGB|SRGB|YCC|SYCC"),
    FIELD(14, AQS, 'M', 1, 9, ITEM(AQT, 'M', N, 1, 2, "0..31"), ITEM(A2D, 'D', U, 1, 200, NULL), ITEM(FDN, 'D', U, 1, 200, NULL), ITEM(AQSC, 'O', U, 1, 200, NULL)),
    FIELD(15, SFT, 'M', 1, 1, ITEM(FTY, 'M', U, 3, 6, NULL), ITEM(DEI, 'O', U, 1, 1000, NULL)),
    FIELD(16, SEG, 'O', 1, 99, SEGMENT_ITEMS(RSP)),
    ONE(17, SHPS, 'O', N, 1, 5, "1..99999"),
    ONE(18, SVPS, 'O', N, 1, 5, "1..99999"),
    FIELD(19, TIX, 'D', 1, 99, ITEM(TIS, 'M', TIME, 12, 12, NULL), ITEM(TIE, 'M', TIME, 12, 12, NULL)),
    ONE(20, COM, 'O', U, 1, 126, NULL),
    ONE(21, SRN, 'M', N, 1, 3, "1..255"),
    OPEN_IN(ED_11ON, 100, 199, UDF),
};

static const ent_itl_field_rule context_fields[] = {
    ONE(4, SRC, 'M', U, 1, 0, NULL),
    OPEN_IN(ED_11ON, 5, 6, ACD),
    FIELD(15, AFT, 'M', 1, 1, ITEM(FTY, 'M', U, 3, 6, NULL), ITEM(DEI, 'O', U, 1, 1000, NULL)),
    FIELD(16, SEG, 'O', 1, 99, SEGMENT_ITEMS(ASP)),
    FIELD(19, TIX, 'D', 1, 99, ITEM(TIS, 'M', TIME, 12, 12, NULL), ITEM(TIE, 'M', TIME, 12, 12, NULL)),
    ONE(20, COM, 'O', U, 1, 126, NULL),
    ONE(21, ACN, 'M', N, 1, 3, "1..255"),
    OPEN_IN(ED_11ON, 100, 199, UDF),
};

const ent_itl_record_rule ent_itl_rule_20 = {20, ED_11ON, source_fields, COUNT_OF(source_fields), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
const ent_itl_record_rule ent_itl_rule_21 = {21, ED_11ON, context_fields, COUNT_OF(context_fields), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};

const ent_itl_record_rule *ent_itl_rules_of(unsigned type)
{
    static const ent_itl_record_rule *const all[] = {&ent_itl_rule_1,  &ent_itl_rule_2,  &ent_itl_rule_9,  &ent_itl_rule_10, &ent_itl_rule_13,
                                                     &ent_itl_rule_14, &ent_itl_rule_15, &ent_itl_rule_17, &ent_itl_rule_20, &ent_itl_rule_21};
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i]->type == type) return all[i];
    return NULL;
}

static const ent_itl_field_rule *row(const ent_itl_field_rule *rows, size_t count, uint32_t field, unsigned edition)
{
    for (size_t i = 0; i < count; i++)
        if (field >= rows[i].number && field <= rows[i].last && (rows[i].editions & edition)) return &rows[i];
    return NULL;
}

const ent_itl_field_rule *ent_itl_field_rule_of(const ent_itl_record_rule *r, uint32_t field, unsigned edition)
{
    const ent_itl_field_rule *own = row(r->own, r->own_count, field, edition);
    return own ? own : row(r->shared, r->shared_count, field, edition);
}

unsigned ent_itl_edition(const char *ver)
{
    static const struct {
        const char *ver;
        unsigned edition;
    } known[] = {{"0200", ED07}, {"0201", ED07}, {"0300", ED07}, {"0400", ED07}, {"0500", ED11}, {"0501", ED13}, {"0502", ED15}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i].ver, ver) == 0) return known[i].edition;
    return 0;
}
