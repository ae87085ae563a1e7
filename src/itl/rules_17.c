/* Type-17: iris (8.17, table 88). */
#include "itl/rules.h"

#define FIGURE RELATED(NOP, 'M', N, 1, 2, "2..99", POINTS), RELATED(HPO, 'M', N, 1, 5, NULL, X), RELATED(VPO, 'M', N, 1, 5, NULL, Y)
#define BOUNDARY ITEM(BYC, 'M', A, 1, 1, "C|E|P"), FIGURE
/* an eyelid's boundary is neither a circle nor an ellipse */
#define EYELID ITEM(BYC, 'M', A, 1, 1, "P"), RELATED(NOP, 'M', N, 1, 2, "3..99", POINTS), RELATED(HPO, 'M', N, 1, 5, NULL, X), RELATED(VPO, 'M', N, 1, 5, NULL, Y)

static const ent_itl_field_rule fields[] = {
    ONE(3, ELR, 'M', N, 1, 1, "0|1|2"),
    ONE(4, SRC, 'M', U, 1, 0, NULL),
    ONE(5, ICD, 'M', DATE, 8, 8, NULL),
    ONE(6, HLL, 'D', N, 2, 5, "10..99999"),
    ONE(7, VLL, 'D', N, 2, 5, "10..99999"),
    ONE(8, SLC, 'D', N, 1, 1, "0|1|2"),
    ONE(9, THPS, 'D', N, 1, 5, "1..99999"),
    ONE(10, TVPS, 'D', N, 1, 5, "1..99999"),
    ONE_IN(ED07, 11, CGA, 'M', AN, 3, 5, "NONE|JPEGB|JPEGL|JP2|JP2L|PNG"),
    ONE_IN(ED_11ON, 11, CGA, 'D', AN, 3, 4, "NONE|PNG|JP2|JP2L"),
    ONE(12, BPX, 'D', N, 1, 2, "8..99"),
    ONE(13, CSP, 'D', A, 3, 4, "UNK|GRAY|RGB|SRGB|YCC|SYCC"),
    ONE(14, RAE, 'O', H, 1, 4, NULL),
    ONE(15, RAU, 'D', H, 1, 4, NULL),
    FIELD_IN(ED07, 16, IPC, 'O', 1, 1, ITEM(IHO, 'M', N, 1, 1, "0|1|2"), ITEM(IVO, 'M', N, 1, 1, "0|1|2"), ITEM(IST, 'M', N, 1, 1, "0|1|2|3")),
    FIELD_IN(ED_11ON, 16, IPC, 'O', 1, 1, ITEM(IHO, 'M', N, 1, 1, "0|1|2"), ITEM(IVO, 'M', N, 1, 1, "0|1|2"), ITEM(IST, 'M', N, 1, 1, "0|1")),
    ONE_IN(ED07, 17, DUI, 'O', ANS, 13, 16, NULL),
    ONE_IN(ED_11ON, 17, DUI, 'O', DUI, 13, 16, NULL),
    ONE(18, GUI, 'O', ANS, 16, 36, NULL),
    FIELD(19, MMS, 'O', 1, 1, ITEM(MAK, 'M', U, 1, 50, NULL), ITEM(MOD, 'M', U, 1, 50, NULL), ITEM(SER, 'M', U, 1, 50, NULL)),
    ONE(20, ECL, 'O', A, 3, 3, ent_itl_codes_eye),
    ONE_IN(ED07, 21, COM, 'O', U, 1, 127, NULL),
    ONE_IN(ED_11ON, 21, COM, 'O', U, 1, 126, NULL),
    ONE(22, SHPS, 'O', N, 1, 5, "1..99999"),
    ONE(23, SVPS, 'O', N, 1, 5, "1..99999"),
    FIELD(24, IQS, 'O', 1, 9, ITEM(QVU, 'M', N, 1, 3, "0..100|254|255"), ITEM(QAV, 'M', H, 4, 4, NULL), ITEM(QAP, 'M', N, 1, 5, "1..65535")),
    ONE_IN(ED07, 25, ALS, 'O', A, 3, 5, "NIR|VIS|OTHER"),
    ONE_IN(ED_11ON, 25, EAS, 'O', A, 3, 9, "NIR|DEFINED|VIS|RED|UNDEFINED"),
    ONE_IN(ED07, 26, IRD, 'O', N, 1, 5, "1..99999"),
    ONE_IN(ED_11ON, 26, IRD, 'O', N, 2, 4, "10..9999"),
    FIELD_IN(ED_11ON, 27, SSV, 'D', 1, 9, ITEM(LOW, 'M', N, 3, 4, "500..9990"), ITEM(HIGH, 'M', N, 3, 4, "510..9990")),
    ONE_IN(ED_11ON, 28, DME, 'D', A, 2, 2, "MA|UC"),
    ONE(30, DMM, 'O', A, 7, 10, "UNKNOWN|UNATTENDED|ASSISTED|CONTROLLED|OBSERVED"),
    ONE_IN(ED_11ON, 31, IAP, 'O', N, 2, 2, "20|30|40"),
    ONE_IN(ED_11ON, 32, ISF, 'O', N, 1, 1, "1|2|3|7"),
    FIELD_IN(ED_11ON, 33, IPB, 'O', 1, 1, BOUNDARY),
    FIELD_IN(ED_11ON, 34, ISB, 'O', 1, 1, BOUNDARY),
    FIELD_IN(ED_11ON, 35, UEB, 'O', 1, 1, EYELID),
    FIELD_IN(ED_11ON, 36, LEB, 'O', 1, 1, EYELID),
    FIELD_IN(ED_11ON, 37, NEO, 'O', 1, 8, ITEM(OCY, 'M', A, 1, 1, "T|I|L|S"), ITEM(OCT, 'M', A, 1, 1, "L|S|C|R|O"), RELATED(NOP, 'M', N, 1, 2, "3..99", POINTS), RELATED(HPO, 'M', N, 1, 5, NULL, X),
             RELATED(VPO, 'M', N, 1, 5, NULL, Y)),
    ONE_IN(ED_11ON, 40, RAN, 'O', N, 1, 7, "1..9999999"),
    ONE_IN(ED_11ON, 41, GAZ, 'O', N, 1, 2, "0..90"),
};

const ent_itl_record_rule ent_itl_rule_17 = {17, ED_ALL, fields, COUNT_OF(fields), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
