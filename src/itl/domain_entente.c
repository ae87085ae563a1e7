/* The domain of Entente's own transactions: docs/protocol/itl-domain.md. */
#include "itl/domain.h"

static const ent_itl_field_rule fields_1[] = {
    ONE(4, TOT, 'M', A, 3, 6, "ENROL|SEARCH|SRE|ERR"),
    FIELD(13, DOM, 'M', 1, 1, ITEM(DNM, 'M', ANS, 7, 7, "ENTENTE"), ITEM(DVN, 'M', ANS, 3, 3, "1.0")),
};

static const ent_itl_field_rule fields_2[] = {
    ONE(18, NAM, 'O', U, 1, 200, NULL),
    ONE(21, NAT, 'O', A, 3, 3, NULL),
    ONE(22, DOB, 'O', DATE, 8, 8, NULL),
    ONE(24, SEX, 'O', A, 1, 1, "M|F|X"),
    ONE(901, POWER, 'O', ANS, 1, 64, NULL),
    FIELD(902, OFFENCE, 'O', 1, 0, ITEM(OFFENCE, 'M', ANS, 1, 32, "recordable|qualifying|terrorism-related|excluded|sexual-or-violent")),
    ONE(903, TAKEN, 'O', DATE, 8, 8, NULL),
    ONE(904, OFFENDED, 'O', DATE, 8, 8, NULL),
    ONE(905, DOCUMENT, 'O', ANS, 1, 32, NULL),
    ONE(910, OUTCOME, 'O', ANS, 6, 6, "hit---|no-hit"),
    ONE(911, REFERENCE, 'O', AN, 32, 32, NULL),
    ONE(912, INDEX, 'O', N, 1, 20, NULL),
    ONE(913, HEAD, 'O', AN, 64, 64, NULL),
    ONE(914, RECEIPT, 'O', B64, 4, 6000, NULL),
    ONE(915, STATUS, 'O', N, 3, 3, "400..599"),
    ONE(916, REFUSAL, 'O', ANS, 13, 63, NULL),
    ONE(917, CLAUSE, 'O', ANS, 1, 63, NULL),
    ONE(918, DETAIL, 'O', ANS, 1, 319, NULL),
    ONE(919, PADDING, 'O', AN, 1, 6000, NULL),
};

static const ent_itl_record_rule records[] = {{1, ED_ALL, fields_1, COUNT_OF(fields_1), NULL, 0}, {2, ED_ALL, fields_2, COUNT_OF(fields_2), NULL, 0}};
static const ent_itl_domain_part arrest[] = {{14, 0, 0}, {4, 0, 0}, {2, 1, 1}, {10, 0, 0}};
static const ent_itl_domain_part search[] = {{14, 0, 0}, {10, 0, 0}};
static const ent_itl_domain_part answer[] = {{2, 1, 1}};
static const ent_itl_domain_transaction transactions[] = {
    {"ENROL", arrest, COUNT_OF(arrest), false},
    {"SEARCH", search, COUNT_OF(search), true},
    {"SRE|ERR", answer, COUNT_OF(answer), false},
};

/* Answers name what they answer, and say all of it. */
static const ent_itl_domain_need needs[] = {
    {"SRE|ERR", 1, 10}, {"SRE", 2, 910}, {"SRE", 2, 911}, {"SRE", 2, 912}, {"SRE", 2, 913}, {"SRE", 2, 914}, {"ERR", 2, 915}, {"ERR", 2, 916}, {"ERR", 2, 918}, {"SRE|ERR", 2, 919},
};

const ent_itl_domain ent_itl_domain_entente = {
    .name = "entente", .dom = "ENTENTE", .clause = "itl-domain.md", .versions = "0502", .records = records, .record_count = COUNT_OF(records), .transactions = transactions,
    .transaction_count = COUNT_OF(transactions), .needs = needs, .need_count = COUNT_OF(needs),
};
