/* Friction ridge images: Type-13 latent (8.13, table 79), Type-14 fingers (8.14, table 82), Type-15 palms (8.15, table 94). */
#include "itl/rules.h"

#define FINGERS "1..10|16|17"
#define FINGERS_OR_UNKNOWN "0..10|16|17"
#define QUALITY ITEM(QVU, 'M', N, 1, 3, "0..100|254|255"), ITEM(QAV, 'M', H, 4, 4, NULL), ITEM(QAP, 'M', N, 1, 5, "1..65535")
#define LOSSLESS "NONE|JPEGL|JP2L|PNG"
#define ANY_CODING "NONE|WSQ20|JPEGB|JPEGL|JP2|JP2L|PNG"

/* .004 to .010, .016 and .017 are the same in the three: the image's are optional without an image (from 2011 on) except in Type-13. */
#define SOURCE ONE(4, SRC, 'M', U, 1, 0, NULL)
#define SIZES(need)                                                                                                    \
    ONE(6, HLL, need, N, 2, 5, "10..99999"), ONE(7, VLL, need, N, 2, 5, "10..99999"), ONE(8, SLC, need, N, 1, 1, "0|1|2"), ONE(9, THPS, need, N, 1, 5, "1..99999"),                      \
        ONE(10, TVPS, need, N, 1, 5, "1..99999")
#define SCANNED ONE(16, SHPS, 'O', N, 1, 5, "1..99999"), ONE(17, SVPS, 'O', N, 1, 5, "1..99999")
/* the plain tip (TPP) has a code since 2013 */
#define VIEWS "EJI|TIP|FV1|FV2|FV3|FV4|PRX|DST|MED"
#define DESCRIPTORS(name, min)                                                                                         \
    FIELD_IN(ED_TO11, 14, name, 'D', 1, 9, ITEM(DFP, 'M', N, 1, 2, min "..10|16|17"), ITEM(FIC, 'M', AN, 3, 3, VIEWS)),                                                                  \
        FIELD_IN(ED_13ON, 14, name, 'D', 1, 9, ITEM(DFP, 'M', N, 1, 2, min "..10|16|17"), ITEM(FIC, 'M', AN, 2, 3, VIEWS "|TPP|NA"))
#define COORDINATES(editions, views, later)                                                                                   \
    FIELD_IN(editions, 15, PPC, 'D', 1, 12, ITEM(FVC, 'M', AN, 2, 3, views), ITEM(LOS, 'M', A, 2, 3, "NA|PRX|DST|MED"), RELATED(LHC, 'M', N, 1, 5, NULL, X),           \
             RELATED(RHC, 'M', N, 1, 5, NULL, X_##later), RELATED(TVC, 'M', N, 1, 5, NULL, Y), RELATED(BVC, 'M', N, 1, 5, NULL, Y_##later))
#define VIEWED "TIP|FV1|FV2|FV3|FV4|NA"
/* Table 18, since 2015: how the ridges were captured */
#define TECHNOLOGY ONE_IN(ED15, 901, FCT, 'O', N, 1, 2, "0..22")
#define RECTANGLE RELATED(LHC, 'M', N, 1, 5, NULL, X), RELATED(RHC, 'M', N, 1, 5, NULL, X_AFTER), RELATED(TVC, 'M', N, 1, 5, NULL, Y), RELATED(BVC, 'M', N, 1, 5, NULL, Y_AFTER)
#define FIGURE RELATED(NOP, 'M', N, 1, 2, "3..99", POINTS), RELATED(HPO, 'M', N, 1, 5, NULL, X), RELATED(VPO, 'M', N, 1, 5, NULL, Y)
/* 127 characters until 2007 */
#define COMMENT ONE_IN(ED07, 20, COM, 'O', U, 1, 127, NULL), ONE_IN(ED_11ON, 20, COM, 'O', U, 1, 126, NULL)
#define MODE ONE(30, DMM, 'O', A, 7, 10, "UNKNOWN|UNATTENDED|ASSISTED|CONTROLLED|OBSERVED")

static const ent_itl_field_rule latent[] = {
    ONE_IN(ED07, 3, IMP, 'M', N, 1, 2, "4..7|9|12..15|28|29"),
    ONE_IN(ED_11ON, 3, IMP, 'M', N, 1, 2, "4..7|12..15|28|29|32..39"),
    SOURCE,
    ONE(5, LCD, 'M', DATE, 8, 8, NULL),
    SIZES('M'),
    ONE_IN(ED07, 11, CGA, 'M', AN, 3, 5, ANY_CODING),
    ONE_IN(ED_11ON, 11, CGA, 'M', AN, 3, 5, LOSSLESS), /* from 2011 on latent images are uncompressed or compressed without loss */
    ONE(12, BPX, 'M', N, 1, 2, "8..99"),
    FIELD(13, FGP, 'M', 1, 0, ITEM(FGP, 'M', N, 1, 2, ent_itl_codes_fgp)),
    DESCRIPTORS(SPD, "0"),
    /* of no extent in NIST's conforming file of 2011; Update 2013 gave it bounds */
    COORDINATES(ED_TO11, VIEWED, NOT_BEFORE),
    COORDINATES(ED_13ON, VIEWED "|TPP", AFTER),
    SCANNED,
    FIELD_IN(ED15, 18, RSP, 'O', 1, 1, ITEM(RSU, 'M', A, 2, 4, "IN|MM|BOTH"), ITEM(RSM, 'O', U, 1, 50, NULL), ITEM(RSO, 'O', U, 1, 50, NULL)),
    FIELD_IN(ED15, 19, REM, 'O', 1, 1, ITEM(MDR, 'M', AS, 4, 9, "FLATBED|FIXED|RULER|FORM|EST-HUMAN|EST-AUTO"), ITEM(KSL, 'O', U, 1, 99, NULL), ITEM(KSU, 'O', A, 2, 2, "IN|MM|NM"),
             ITEM(KSXA, 'O', N, 1, 5, NULL), ITEM(KSYA, 'O', N, 1, 5, NULL), ITEM(KSXB, 'O', N, 1, 5, NULL), ITEM(KSYB, 'O', N, 1, 5, NULL), ITEM(COM, 'O', U, 1, 99, NULL)),
    COMMENT,
    FIELD(24, LQM, 'O', 1, 0, ITEM(FRMP, 'M', N, 1, 2, ent_itl_codes_fgp), QUALITY),
    TECHNOLOGY,
    ONE_IN(ED_TO11, 999, DATA, 'M', BIN, 1, 0, NULL),
    ONE_IN(ED_13ON, 999, DATA, 'D', BIN, 1, 0, NULL),
};

static const ent_itl_field_rule finger[] = {
    ONE_IN(ED_TO11 | ED13, 3, IMP, 'M', N, 1, 2, "0..3|8|20..29"),
    ONE_IN(ED15, 3, IMP, 'D', N, 1, 2, "0..3|8|20..29|41|42"),
    SOURCE,
    ONE(5, FCD, 'M', DATE, 8, 8, NULL),
    SIZES('D'),
    ONE(11, CGA, 'D', AN, 3, 5, ANY_CODING),
    ONE(12, BPX, 'D', N, 1, 2, "8..99"),
    FIELD_IN(ED07, 13, FGP, 'M', 1, 6, ITEM(FGP, 'M', N, 1, 2, "0..15|19")),
    ONE_IN(ED11, 13, FGP, 'M', N, 1, 2, "0..19|33|36|40..50"),
    ONE_IN(ED_13ON, 13, FGP, 'M', N, 1, 2, "0..19|33|36|40..54"),
    DESCRIPTORS(PPD, "1"),
    COORDINATES(ED_TO11, VIEWED, AFTER),
    COORDINATES(ED_13ON, VIEWED "|TPP", AFTER),
    SCANNED,
    FIELD_IN(ED_TO11 | ED13, 18, AMP, 'O', 1, 12, ITEM(FRAP, 'M', N, 1, 2, FINGERS), ITEM(ABC, 'M', A, 2, 2, "XX|UP")),
    FIELD_IN(ED15, 18, AMP, 'O', 1, 12, ITEM(FRAP, 'M', N, 1, 2, FINGERS), ITEM(ABC, 'M', A, 2, 2, "XX|UP|SR")),
    COMMENT,
    FIELD(21, SEG, 'D', 1, 5, ITEM(FRSP, 'M', N, 1, 2, FINGERS), RECTANGLE),
    FIELD(22, NQM, 'O', 1, 5, ITEM(FRNP, 'M', N, 1, 2, FINGERS_OR_UNKNOWN), ITEM(IQS, 'M', N, 1, 3, "1..5|254|255")),
    FIELD(23, SQM, 'O', 1, 45, ITEM(FRQP, 'M', N, 1, 2, FINGERS), QUALITY),
    FIELD(24, FQM, 'O', 1, 45, ITEM(FRMP, 'M', N, 1, 2, FINGERS_OR_UNKNOWN), QUALITY),
    FIELD(25, ASEG, 'D', 1, 5, ITEM(FRAS, 'M', N, 1, 2, FINGERS), FIGURE),
    ONE_IN(ED_11ON, 26, SCF, 'D', N, 1, 3, "1..255"),
    ONE_IN(ED_11ON, 27, SIF, 'D', A, 1, 1, "Y"),
    MODE,
    ONE_IN(ED11 | ED13, 31, FAP, 'O', N, 2, 2, "10|20|30|40|45|50|60"),
    ONE_IN(ED15, 31, FAP, 'O', N, 2, 3, "10|20|30|40|45|50|60|145|150|160"),
    TECHNOLOGY,
};

static const ent_itl_field_rule palm[] = {
    ONE_IN(ED_TO11 | ED13, 3, IMP, 'M', N, 2, 2, "10|11|28|29"),
    ONE_IN(ED15, 3, IMP, 'D', N, 1, 2, "10|11|24..29|41|42"),
    SOURCE,
    ONE(5, PCD, 'M', DATE, 8, 8, NULL),
    SIZES('D'),
    ONE(11, CGA, 'D', AN, 3, 5, ANY_CODING),
    ONE(12, BPX, 'D', N, 1, 2, "8..99"),
    ONE_IN(ED07, 13, FGP, 'M', N, 2, 2, "20..36"),
    ONE_IN(ED11, 13, FGP, 'M', N, 2, 2, "20..38|81..84"),
    ONE_IN(ED_13ON, 13, FGP, 'M', N, 2, 2, "20..38|81..86"),
    RESERVED_IN(ED_ALL, 14, 15),
    SCANNED,
    FIELD_IN(ED_TO11, 18, AMP, 'O', 1, 9, ITEM(FRAP, 'M', N, 2, 2, "21..38|81..84"), ITEM(ABC, 'M', A, 2, 2, "XX|UP")),
    FIELD_IN(ED13, 18, AMP, 'O', 1, 9, ITEM(FRAP, 'M', N, 2, 2, "21..38|81..86"), ITEM(ABC, 'M', A, 2, 2, "XX|UP")),
    FIELD_IN(ED15, 18, AMP, 'O', 1, 9, ITEM(FRAP, 'M', N, 2, 2, "21..38|81..86"), ITEM(ABC, 'M', A, 2, 2, "XX|UP|SR")),
    COMMENT,
    FIELD_IN(ED_13ON, 21, SEG, 'D', 1, 17, ITEM(FRSP, 'M', N, 1, 2, NULL), RECTANGLE),
    FIELD(24, PQM, 'O', 1, 9, ITEM(FRMP, 'M', N, 2, 2, ent_itl_codes_palm), QUALITY),
    MODE,
    ONE_IN(ED15, 31, FAP, 'O', N, 2, 3, "70|80|170|180"),
    TECHNOLOGY,
};

const ent_itl_record_rule ent_itl_rule_13 = {13, ED_ALL, latent, COUNT_OF(latent), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
const ent_itl_record_rule ent_itl_rule_14 = {14, ED_ALL, finger, COUNT_OF(finger), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
const ent_itl_record_rule ent_itl_rule_15 = {15, ED_ALL, palm, COUNT_OF(palm), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
