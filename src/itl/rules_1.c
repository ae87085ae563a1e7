/* Type-1, transaction information (8.1, table 22), and Type-2, user-defined text (8.2). */
#include "itl/rules.h"

static const ent_itl_field_rule fields_1[] = {
    ONE(1, LEN, 'M', N, 1, 0, NULL),
    ONE(2, VER, 'M', N, 4, 4, "0200|0201|0300|0400|0500|0501|0502"),
    /* the first pair is FRC 1 and the count; relations.c looks at it */
    FIELD_IN(ED07, 3, CNT, 'M', 1, 1000, ITEM(REC, 'M', N, 1, 2, "1|2..99"), ITEM(IDC, 'M', N, 1, 3, "0..999")),
    FIELD_IN(ED_11ON, 3, CNT, 'M', 1, 1000, ITEM(REC, 'M', N, 1, 2, "1|2..99"), ITEM(IDC, 'M', N, 1, 3, "0..999")),
    ONE_IN(ED_TO11 | ED13, 4, TOT, 'M', A, 1, 16, NULL),
    ONE_IN(ED15, 4, TOT, 'M', ANS, 1, 16, NULL),
    ONE(5, DAT, 'M', DATE, 8, 8, NULL),
    ONE(6, PRY, 'O', N, 1, 1, "1..9"),
    ONE(7, DAI, 'M', ANS, 1, 0, NULL),
    ONE(8, ORI, 'M', ANS, 1, 0, NULL),
    ONE_IN(ED07, 9, TCN, 'M', ANS, 1, 0, NULL),
    ONE_IN(ED11, 9, TCN, 'M', AN_, 1, 0, NULL),
    ONE_IN(ED_13ON, 9, TCN, 'M', ANS, 1, 0, NULL),
    ONE_IN(ED07 | ED_13ON, 10, TCR, 'O', ANS, 1, 0, NULL),
    ONE_IN(ED11, 10, TCR, 'O', AN_, 1, 0, NULL),
    ONE(11, NSR, 'M', RES, 5, 5, NULL),
    ONE(12, NTR, 'M', RES, 5, 5, NULL),
    FIELD(13, DOM, 'O', 1, 1, ITEM(DNM, 'M', ANS, 1, 0, NULL), ITEM(DVN, 'O', ANS, 1, 0, NULL)),
    ONE(14, GMT, 'O', GMT, 15, 15, NULL),
    FIELD_IN(ED07, 15, DCS, 'O', 1, 0, ITEM(CSI, 'M', N, 3, 3, "0..3|128..999"), ITEM(CSN, 'M', ANS, 1, 16, NULL), ITEM(CSV, 'O', ANS, 1, 16, NULL)),
    FIELD_IN(ED_11ON, 15, DCS, 'O', 1, 1, ITEM(CSI, 'M', N, 1, 3, "0|2|3|4|128..999"), ITEM(CSN, 'M', ANS, 1, 16, NULL), ITEM(CSV, 'O', ANS, 1, 16, NULL)),
    FIELD_IN(ED_11ON, 16, APS, 'O', 1, 99, ITEM(APO, 'M', ANS, 1, 0, NULL), ITEM(APN, 'M', ANS, 1, 0, NULL), ITEM(APV, 'M', ANS, 1, 0, NULL)),
    FIELD_IN(ED_11ON, 17, ANM, 'O', 1, 1, ITEM(DAN, 'O', ANS, 1, 0, NULL), ITEM(OAN, 'O', ANS, 1, 0, NULL)),
    ONE_IN(ED_13ON, 18, GNS, 'O', A, 3, 4, "ISO|GENC"),
};

static const ent_itl_field_rule fields_2[] = {
    ONE(1, LEN, 'M', N, 1, 0, NULL),
    ONE(2, IDC, 'M', N, 1, 2, "0..99"),
    OPEN_IN(ED_ALL, 3, 999999999, UDF),
};

const ent_itl_record_rule ent_itl_rule_1 = {1, ED_ALL, fields_1, COUNT_OF(fields_1), NULL, 0};
const ent_itl_record_rule ent_itl_rule_2 = {2, ED_ALL, fields_2, COUNT_OF(fields_2), NULL, 0};
