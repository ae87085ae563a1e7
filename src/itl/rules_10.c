/* Type-10: face, scar, mark, tattoo and other body parts (8.10, table 55). */
#include "itl/rules.h"

#define CATEGORIES_11                                                                                                  \
    "FACE|SCAR|MARK|TATTOO|FRONTAL-C|REAR-C|FRONTAL-N|REAR-N|TORSO-BACK|TORSO-FRONT|CONDITION|MISSING|OTHER|CHEST|FEET|HANDS-PALM|HANDS-BACK|GENITALS|BUTTOCKS|RIGHT LEG|LEFT LEG|"     \
    "RIGHT ARM|LEFT ARM"
#define SOURCES "UNSPECIFIED|UNKNOWN PHOTO|DIGITAL CAMERA|SCANNER|UNKNOWN VIDEO|ANALOG VIDEO|ANALOGUE VIDEO|DIGITAL VIDEO|VENDOR|OTHER"
#define SOURCES_07 "UNSPECIFIED|UNKNOWN PHOTO|DIGITAL CAMERA|SCANNER|UNKNOWN VIDEO|ANALOGUE VIDEO|ANALOG VIDEO|DIGITAL VIDEO|VENDOR|OTHER"
#define SUBCLASSES                                                                                                     \
    "FFACE|MFACE|ABFACE|MBODY|FBODY|ABBODY|ROLES|SPORT|MBPART|FBPART|ABBPART|SKULL|MHUMAN|CAT|DOG|DOMESTIC|VICIOUS|HORSE|WILD|SNAKE|DRAGON|BIRD|INSECT|ABSTRACT|PARTS|MANIMAL|"          \
    "NARCOTICS|REDFL|BLUEFL|YELFL|DRAW|ROSE|TULIP|LILY|MPLANT|USA|STATE|NAZI|CONFED|BRIT|MFLAG|FIRE|WEAP|PLANE|VESSEL|TRAIN|VEHICLE|MYTH|SPORT|NATURE|MOBJECTS|FIGURE|SLEEVE|BRACE|"     \
    "ANKLET|NECKLC|SHIRT|BODBND|HEDBND|MABSTRACT|NATION|POLITIC|MILITARY|FRATERNAL|PROFESS|GANG|MSYMBOLS|WORDING|FREEFRM|MISC"
/* Table 60: kinds of marks. */
#define MARK_KINDS "SCAR|MARK|TATTOO|CHEMICAL|BRANDED|CUT|PIERCING"
#define CLASSES "HUMAN|ANIMAL|PLANT|FLAG|OBJECT|ABSTRACT|SYMBOL|OTHER"
#define MARK_ITEMS(kinds, most)                                                                                        \
    ITEM(SMI, 'M', A, 3, most, kinds), ITEM(TAC, 'D', A, 4, 8, CLASSES), ITEM(TSC, 'D', A, 3, 9, SUBCLASSES), ITEM(TDS, 'D', U, 1, 256, NULL)
#define COLOURS "BLACK|BROWN|GRAY|BLUE|GREEN|ORANGE|PURPLE|RED|YELLOW|WHITE|MULTI|OUTLINE"

/* Table 66: views of the mouth and the teeth. */
#define VIEWS                                                                                                          \
    "EFNS|EFWI|EFLR|EFOL|EFOR|EFPL|EFPR|IFJU|IFJL|IFJB|IBUR|IBUL|IBLR|IBLL|IBRB|IBLB|ILUR|ILUL|ILLR|ILLL|ILRB|ILLB|ILUF|ILLF|IOUA|IOLA|IOUR|IOUL|IOLR|IOLL|IOUF|IOLF|IPC|ITU|ITL|ICR|"   \
    "ICL|IPB|ILU|ILL"

/* Two mark classes of the feature point code: 1 is MPEG-4, 2 a landmark; relations.c looks which list the code must be of. */
#define FEATURE_POINT ITEM(FPT, 'M', N, 1, 1, "1|2"), ITEM(FPC, 'M', ANS, 1, 5, NULL), RELATED(HCX, 'M', N, 1, 5, NULL, X), RELATED(HCY, 'M', N, 1, 5, NULL, Y)
#define QUALITY ITEM(QVU, 'M', N, 1, 3, "0..100|254|255"), ITEM(QAV, 'M', H, 4, 4, NULL), ITEM(QAP, 'M', N, 1, 5, "1..65535")
#define FIGURE RELATED(NOP, 'M', N, 1, 2, "3..99", POINTS), RELATED(HPO, 'M', N, 1, 5, NULL, X), RELATED(VPO, 'M', N, 1, 5, NULL, Y)

static const ent_itl_field_rule fields[] = {
    ONE_IN(ED07, 3, IMT, 'M', A, 4, 6, "FACE|SCAR|MARK|TATTOO"),
    ONE_IN(ED11, 3, IMT, 'M', AS, 4, 11, CATEGORIES_11),
    ONE_IN(ED_13ON, 3, IMT, 'M', AS, 3, 12, CATEGORIES_11 "|HEAD|EXTRAORAL|INTRAORAL|LIP|CHEILOSCOPIC"),
    ONE(4, SRC, 'M', U, 1, 0, NULL),
    ONE(5, PHD, 'M', DATE, 8, 8, NULL),
    ONE(6, HLL, 'M', N, 2, 5, "10..99999"),
    ONE(7, VLL, 'M', N, 2, 5, "10..99999"),
    ONE(8, SLC, 'M', N, 1, 1, "0|1|2"),
    ONE(9, THPS, 'M', N, 1, 5, "1..99999"),
    ONE(10, TVPS, 'M', N, 1, 5, "1..99999"),
    ONE(11, CGA, 'M', AN, 3, 5, "NONE|JPEGB|JPEGL|JP2|JP2L|PNG"),
    ONE(12, CSP, 'M', A, 3, 4, "UNK|GRAY|RGB|SRGB|YCC|SYCC"),
    ONE_IN(ED07, 13, SAP, 'D', N, 1, 2, "0|1|10..15|20|30|40|50|51"),
    ONE_IN(ED_11ON, 13, SAP, 'D', N, 1, 2, "0|1|10..15|20|30|32|40|42|50|51|52"),
    FIELD_IN(ED_11ON, 14, FIP, 'D', 1, 1, RELATED(LHC, 'M', N, 1, 5, "1..99999", X), RELATED(RHC, 'M', N, 1, 5, "1..99999", X_AFTER), RELATED(TVC, 'M', N, 1, 5, "1..99999", Y),
             RELATED(BVC, 'M', N, 1, 5, "1..99999", Y_AFTER), ITEM(BBC, 'O', A, 1, 1, "S|H|F|N|X")),
    FIELD_IN(ED_11ON, 15, FPFI, 'O', 1, 1, ITEM(BYC, 'M', A, 1, 1, "C|E|P"), RELATED(NOP, 'M', N, 1, 2, "2..99", POINTS), RELATED(HPO, 'M', N, 1, 5, NULL, X), RELATED(VPO, 'M', N, 1, 5, NULL, Y)),
    ONE(16, SHPS, 'O', N, 1, 5, "1..99999"),
    ONE(17, SVPS, 'O', N, 1, 5, "1..99999"),
    FIELD_IN(ED_11ON, 18, DIST, 'D', 1, 1, ITEM(IDK, 'M', A, 6, 10, "Barrel|Inflated|Pincushion"), ITEM(IDM, 'M', A, 1, 1, "E|C"), ITEM(DSC, 'M', A, 4, 8, "Mild|Moderate|Severe")),
    FIELD_IN(ED_11ON, 19, LAF, 'D', 1, 3, ITEM(LAF, 'M', A, 1, 1, "F|H|R")),
    ONE(20, POS, 'D', A, 1, 1, "F|R|L|A|D"),
    ONE(21, POA, 'D', NS, 1, 4, "-180..180"),
    FIELD_IN(ED07, 22, PXS, 'O', 1, 9, ITEM(PXS, 'M', A, 3, 8, "GLASSES|HAT|SCARF|PHYSICAL|OTHER"), ITEM(PXT, 'O', ANS, 1, 0, NULL)),
    RESERVED_IN(ED_11ON, 22, 22),
    FIELD_IN(ED07, 23, PAS, 'O', 1, 0, ITEM(PAC, 'M', ANS, 5, 14, SOURCES_07), ITEM(VSD, 'O', U, 1, 64, NULL)),
    FIELD_IN(ED_11ON, 23, PAS, 'D', 1, 1, ITEM(PAC, 'M', ANS, 5, 14, SOURCES "|TYPE20"), ITEM(VSD, 'D', U, 1, 64, NULL)),
    FIELD(24, SQS, 'D', 1, 9, QUALITY),
    FIELD(25, SPA, 'D', 1, 1, ITEM(YAW, 'M', NS, 1, 4, "-180..180"), ITEM(PIT, 'M', NS, 1, 3, "-90..90"), ITEM(ROL, 'M', NS, 1, 4, "-180..180"), ITEM(YAWU, 'O', N, 1, 2, "0..90"),
          ITEM(PITU, 'O', N, 1, 2, "0..90"), ITEM(ROLU, 'O', N, 1, 2, "0..90")),
    FIELD_IN(ED07, 26, SXS, 'D', 1, 50, ITEM(SXS, 'M', AS, 3, 20, NULL)),
    FIELD_IN(ED_11ON, 26, SXS, 'D', 1, 50, ITEM(SXS, 'M', AS, 3, 20, ent_itl_codes_sxs)),
    ONE(27, SEC, 'D', A, 3, 3, ent_itl_codes_eye),
    FIELD(28, SHC, 'D', 1, 2, ITEM(SHC, 'M', A, 3, 3, ent_itl_codes_hair)),
    FIELD(29, FFP, 'D', 1, 88, FEATURE_POINT),
    ONE_IN(ED07, 30, DMM, 'O', A, 7, 10, "UNKNOWN|UNATTENDED|OBSERVED|CONTROLLED"),
    ONE_IN(ED_11ON, 30, DMM, 'O', A, 7, 10, "UNKNOWN|UNATTENDED|ASSISTED|CONTROLLED|OBSERVED"),
    ONE_IN(ED_11ON, 31, TMC, 'D', N, 1, 3, "1..5|101..999"),
    FIELD_IN(ED_11ON, 32, 3DF, 'D', 1, 88, FEATURE_POINT, ITEM(HCZ, 'M', N, 1, 5, "1..65535")),
    FIELD_IN(ED_11ON, 33, FEC, 'D', 1, 12,
             ITEM(FCC, 'M', A, 4, 14, "eyetop|eyebottom|upperliptop|upperlipbottom|lowerliptop|lowerlipbottom|rightnostril|leftnostril|lefteyebrow|righteyebrow|chin|faceoutline"), FIGURE),
    ONE_IN(ED_13ON, 34, ICDR, 'O', AN, 3, 0, NULL),
    RESERVED_IN(ED_11ON, 35, 37),
    ONE_IN(ED_11ON, 38, COM, 'O', U, 1, 126, NULL),
    ONE_IN(ED_11ON, 39, T10, 'D', N, 1, 3, "1..255"),
    FIELD(40, SMT, 'D', 1, 3, ITEM(SMT, 'M', AS, 3, 10, NULL)),
    FIELD(41, SMS, 'D', 1, 1, ITEM(HGT, 'M', N, 1, 3, "1..999"), ITEM(WID, 'M', N, 1, 3, "1..999")),
    FIELD_IN(ED_TO11 | ED13, 42, SMD, 'D', 1, 9, MARK_ITEMS(MARK_KINDS, 8)),
    FIELD_IN(ED15, 42, SMD, 'D', 1, 9, MARK_ITEMS(MARK_KINDS "|BIRTHMARK|ZABIBA|IMPLANT", 9)),
    FIELD(43, COL, 'D', 1, 9, ITEM(TC1, 'M', A, 3, 7, COLOURS), ITEM(TC2, 'O', A, 3, 7, COLOURS), ITEM(TC3, 'O', A, 3, 7, COLOURS), ITEM(TC4, 'O', A, 3, 7, COLOURS), ITEM(TC5, 'O', A, 3, 7, COLOURS),
          ITEM(TC6, 'O', A, 3, 7, COLOURS)),
    FIELD_IN(ED_11ON, 44, ITX, 'O', 1, 18,
             ITEM(ITX, 'M', A, 3, 11, "AGE|AXIS|COLORSHIFT|CONTRAST|CROP|DIST|DOWNSAMPLE|GRAY|ILLUM|IMGFUSE|INTERPOLATE|MULTCOMP|MULTIVIEW|POSE|ROTATE|SNIR|SUPERRES|WHITE")),
    FIELD_IN(ED_11ON, 45, OCC, 'D', 1, 16, ITEM(OCY, 'M', A, 1, 1, "T|I|L|S"), ITEM(OCT, 'M', A, 1, 1, "H|S|C|R|O|L"), FIGURE),
    FIELD_IN(ED13, 48, PID, 'O', 1, 0, ITEM(PARC, 'O', NS, 1, 30, NULL), ITEM(PADT, 'O', U, 1, 1000, NULL)),
    FIELD_IN(ED15, 48, PID, 'O', 1, 0, ITEM(PARC, 'O', U, 1, 30, NULL), ITEM(PADT, 'O', U, 1, 1000, NULL)),
    OPEN_IN(ED_13ON, 49, 49, CID),
    FIELD_IN(ED_13ON, 50, VID, 'O', 1, 1, ITEM(VIVC, 'M', A, 3, 4, VIEWS), ITEM(VIDT, 'O', U, 1, 1000, NULL), ITEM(VICD, 'O', U, 1, 1000, NULL)),
    FIELD_IN(ED_13ON, 51, RSP, 'O', 1, 1, ITEM(RSU, 'M', A, 2, 4, "IN|MM|BOTH"), ITEM(RSM, 'O', U, 1, 50, NULL), ITEM(RSO, 'O', U, 1, 50, NULL)),
    ONE_IN(ED_TO11, 999, DATA, 'M', BIN, 1, 0, NULL),
    ONE_IN(ED_13ON, 999, DATA, 'D', BIN, 1, 0, NULL),
};

const ent_itl_record_rule ent_itl_rule_10 = {10, ED_ALL, fields, COUNT_OF(fields), ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
