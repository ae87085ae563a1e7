/* INTERPOL's implementation INT-I 6.0: what it has beside the standard (Type-2) and where it is narrower, from its
 * machine-readable tables of fields and codes. */
#include "itl/domain.h"

#define FINGERS_ALONE "1..10"

static const ent_itl_field_rule fields_1[] = {
    ONE(4, TOT, 'M', AS, 3, 3, "ATP|CPS|NPS|MPS|SRE|ERR"),
    FIELD(13, DOM, 'M', 1, 1, ITEM(DNM, 'M', ANS, 5, 5, "INT-I"), ITEM(DVN, 'M', ANS, 1, 0, NULL)),
    FIELD(17, ANM, 'M', 1, 1, ITEM(DAN, 'M', ANS, 1, 0, NULL), ITEM(OAN, 'M', ANS, 1, 0, NULL)),
};

static const ent_itl_field_rule fields_2[] = {
    ONE(7, CNO, 'D', ANS, 1, 36, NULL),
    ONE(8, SQN, 'D', AN, 1, 32, NULL),
    ONE(9, MID, 'D', AN, 1, 32, NULL),
    ONE(10, CRN, 'D', ANS, 1, 36, NULL),
    ONE(11, ORN, 'D', ANS, 1, 64, NULL),
    ONE(19, DPR, 'O', DATE, 8, 8, NULL),
    ONE(20, TOF, 'O', ANS, 5, 5, NULL),
    ONE(21, RFP, 'O', A, 2, 3, NULL),
    OPEN_IN(ED_ALL, 30, 30, NAM),
    OPEN_IN(ED_ALL, 34, 34, AKA),
    ONE(35, DOB, 'O', DATE, 8, 8, NULL),
    ONE(36, DBR, 'O', NS, 17, 17, NULL),
    OPEN_IN(ED_ALL, 37, 37, POB),
    ONE(38, NAT, 'D', A, 3, 3, NULL),
    ONE(39, SEX, 'O', A, 1, 1, "M|F|U|X"),
    FIELD(54, OTY, 'O', 1, 0, ITEM(OT1, 'O', U, 1, 128, NULL), ITEM(OT2, 'O', U, 1, 128, NULL), ITEM(OT3, 'O', U, 1, 128, NULL), ITEM(OT4, 'O', U, 1, 128, NULL), ITEM(OT5, 'O', U, 1, 128, NULL),
          ITEM(OT6, 'O', U, 1, 128, NULL), ITEM(OT7, 'O', U, 1, 128, NULL)),
    OPEN_IN(ED_ALL, 63, 64, INF),
    OPEN_IN(ED_ALL, 74, 77, ERM),
    ONE(55, DOO, 'D', DATE, 8, 8, NULL),
    ONE(56, DOR, 'D', NS, 17, 17, NULL),
};

static const ent_itl_field_rule fields_10[] = {
    ONE(3, IMT, 'M', AS, 4, 4, "FACE"),
    ONE(8, SLC, 'M', N, 1, 1, "0"),
    ONE(9, THPS, 'M', N, 1, 5, "10..99999"),
    ONE(10, TVPS, 'M', N, 1, 5, "10..99999"),
    ONE(11, CGA, 'M', AN, 3, 5, "JPEGB|JPEGL"),
    ONE(12, CSP, 'M', A, 4, 4, "SRGB"),
    ONE(13, SAP, 'M', N, 2, 2, "30..52"),
    ONE(20, POS, 'D', A, 1, 1, "F|L|R|A"),
};

static const ent_itl_field_rule fields_13[] = {
    ONE(3, IMP, 'M', N, 1, 1, "4"),
    ONE(8, SLC, 'M', N, 1, 1, "1|2"),
    ONE(12, BPX, 'M', N, 1, 1, "8"),
    FIELD(13, FGP, 'M', 1, 6, ITEM(FGP, 'M', N, 1, 2, "0..10|20..28")),
};

#define RESOLUTION ONE(9, THPS, 'D', N, 3, 4, "500|1000"), ONE(10, TVPS, 'D', N, 3, 4, "500|1000"), ONE(11, CGA, 'D', AN, 3, 5, "JP2|JP2L|WSQ20"), ONE(12, BPX, 'D', N, 1, 1, "8")
static const ent_itl_field_rule fields_14[] = {
    ONE(3, IMP, 'M', N, 1, 2, "0|1|8|24|25|28|29|41|42"),
    ONE(8, SLC, 'D', N, 1, 1, "1"),
    RESOLUTION,
    ONE(13, FGP, 'M', N, 1, 2, "1..14"),
    FIELD(18, AMP, 'O', 1, 5, ITEM(FRAP, 'M', N, 1, 2, FINGERS_ALONE), ITEM(ABC, 'M', A, 2, 2, "XX|UP")),
};

static const ent_itl_field_rule fields_15[] = {
    ONE(8, SLC, 'D', N, 1, 1, "1"),
    RESOLUTION,
    ONE(13, FGP, 'M', N, 2, 2, "21..28"),
};

static const ent_itl_record_rule records[] = {
    {1, ED_ALL, fields_1, COUNT_OF(fields_1), NULL, 0},    {2, ED_ALL, fields_2, COUNT_OF(fields_2), NULL, 0},    {10, ED_ALL, fields_10, COUNT_OF(fields_10), NULL, 0},
    {13, ED_ALL, fields_13, COUNT_OF(fields_13), NULL, 0}, {14, ED_ALL, fields_14, COUNT_OF(fields_14), NULL, 0}, {15, ED_ALL, fields_15, COUNT_OF(fields_15), NULL, 0},
};

static const ent_itl_domain_part prints[] = {{14, 0, 0}, {4, 0, 14}, {2, 1, 1}, {10, 0, 0}, {15, 0, 0}, {9, 0, 0}};
static const ent_itl_domain_part latents[] = {{13, 0, 0}, {9, 0, 0}, {2, 1, 1}, {20, 0, 0}};
static const ent_itl_domain_part answers[] = {{2, 1, 1}, {4, 0, 0}, {9, 0, 0}, {10, 0, 0}, {13, 0, 0}, {14, 0, 0}, {15, 0, 0}, {20, 0, 0}};
static const ent_itl_domain_part errors[] = {{2, 1, 1}};

static const ent_itl_domain_transaction transactions[] = {
    {"ATP|CPS|NPS", prints, COUNT_OF(prints), true},
    {"MPS", latents, COUNT_OF(latents), true},
    {"SRE", answers, COUNT_OF(answers), false},
    {"ERR", errors, COUNT_OF(errors), false},
};

static const ent_itl_domain_need needs[] = {
    {"SRE|ERR", 1, 10}, {"MPS", 2, 7}, {"MPS", 2, 8}, {"MPS", 2, 9}, {"ATP", 2, 38}, {"ATP|CPS", 2, 39}, {"SRE", 2, 64}, {"ERR", 2, 74},
};

/* YYSSSSSSSSSSSSA: year, a serial number of twelve digits, a check character over both. */
static bool control(const uint8_t *t, size_t n)
{
    uint64_t number = 0;
    if (n != 15) return false;
    for (size_t i = 0; i < 14; i++) {
        if (t[i] < '0' || t[i] > '9') return false;
        number = number * 10 + (uint64_t)(t[i] - '0');
    }
    return ent_itl_check_letter(number, t[14]);
}

const ent_itl_domain ent_itl_domain_int_i = {
    .name = "int-i", .dom = "INT-I", .clause = "INT-I 6.0", .versions = "0502", .records = records, .record_count = COUNT_OF(records), .transactions = transactions,
    .transaction_count = COUNT_OF(transactions), .needs = needs, .need_count = COUNT_OF(needs), .control = control,
    .control_form = "YYSSSSSSSSSSSSA: year, serial number and their check character",
};
