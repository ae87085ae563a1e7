/* Prüm: Council Decision 2008/616/JHA, annex, chapter 2 (dactyloscopic data): transactions, Type-1 (appendix 5) and Type-2
 * (appendix 6). Version field 0300. What the annex leaves to others (the contents of 2.064 RLS) is open here. */
#include "itl/domain.h"

static const ent_itl_field_rule fields_1[] = {
    ONE(4, TOT, 'M', A, 3, 4, "CPS|PMS|MPS|MMS|SRE|ERR"),
    ONE(6, PRY, 'M', N, 1, 1, "1..9"),
    ONE(11, NSR, 'M', RES, 5, 5, NULL),
    ONE(12, NTR, 'M', RES, 5, 5, NULL),
    FIELD(13, DOM, 'M', 1, 1, ITEM(DNM, 'M', ANS, 5, 5, "INT-I"), ITEM(DVN, 'O', ANS, 4, 5, "4.22|4.22b")),
};

static const ent_itl_field_rule fields_2[] = {
    ONE(3, SYS, 'M', N, 4, 4, NULL),
    ONE(7, CNO, 'M', ANS, 1, 32, NULL),
    ONE(8, SQN, 'D', ANS, 1, 32, NULL),
    ONE(9, MID, 'D', ANS, 1, 32, NULL),
    ONE(10, CRN, 'D', ANS, 1, 32, NULL),
    ONE(12, MN1, 'D', ANS, 1, 32, NULL),
    ONE(13, MN2, 'D', ANS, 1, 32, NULL),
    ONE(14, MN3, 'D', ANS, 1, 32, NULL),
    ONE(15, MN4, 'D', ANS, 1, 32, NULL),
    OPEN_IN(ED_ALL, 16, 16, MN5),
    OPEN_IN(ED_ALL, 63, 63, INF),
    OPEN_IN(ED_ALL, 64, 64, RLS),
    OPEN_IN(ED_ALL, 74, 74, ERM),
    ONE(320, ENC, 'D', N, 1, 3, "1..999"),
};

static const ent_itl_record_rule records[] = {{1, ED_ALL, fields_1, COUNT_OF(fields_1), NULL, 0}, {2, ED_ALL, fields_2, COUNT_OF(fields_2), NULL, 0}};

static const ent_itl_domain_part prints[] = {{4, 0, 14}, {14, 0, 14}, {2, 1, 1}, {15, 0, 0}};
static const ent_itl_domain_part latents[] = {{13, 0, 0}, {9, 0, 0}, {2, 1, 1}};
static const ent_itl_domain_part answers[] = {{2, 1, 1}, {4, 0, 0}, {9, 0, 0}, {13, 0, 0}, {14, 0, 0}, {15, 0, 0}};
static const ent_itl_domain_part errors[] = {{2, 1, 1}};

static const ent_itl_domain_transaction transactions[] = {
    {"CPS|PMS", prints, COUNT_OF(prints), true},
    {"MPS|MMS", latents, COUNT_OF(latents), true},
    {"SRE", answers, COUNT_OF(answers), false},
    {"ERR", errors, COUNT_OF(errors), false},
};

/* Answers name what they answer, and results list respondents; searches say how many candidates are wanted. */
static const ent_itl_domain_need needs[] = {
    {"SRE|ERR", 1, 10}, {"SRE", 2, 64}, {"ERR", 2, 74}, {"CPS|PMS|MPS|MMS", 2, 320}, {"MPS|MMS", 2, 8}, {"MPS|MMS", 2, 9},
};

/* YYSSSSSSSSA: two digits of the year, a serial number of eight, a check character over the four-digit year and it. */
static bool control(const uint8_t *t, size_t n)
{
    uint64_t number = 0;
    if (n != 11) return false;
    for (size_t i = 0; i < 10; i++) {
        if (t[i] < '0' || t[i] > '9') return false;
        number = number * 10 + (uint64_t)(t[i] - '0');
    }
    return ent_itl_check_letter(number + UINT64_C(200000000000), t[10]);
}

const ent_itl_domain ent_itl_domain_prum = {
    .name = "prum", .clause = "2008/616/JHA", .versions = "0300", .records = records, .record_count = COUNT_OF(records), .transactions = transactions,
    .transaction_count = COUNT_OF(transactions), .needs = needs, .need_count = COUNT_OF(needs), .control = control,
    .control_form = "YYSSSSSSSSA: year, serial number and their check character",
};
