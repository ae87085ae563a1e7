/* The domain of Entente's own transactions: docs/protocol/itl-domain.md. */
#include "itl/domain.h"

static const ent_itl_field_rule fields_1[] = {
    ONE(4, TOT, 'M', A, 5, 6, "ENROL|SEARCH"),
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
};

static const ent_itl_record_rule records[] = {{1, ED_ALL, fields_1, COUNT_OF(fields_1), NULL, 0}, {2, ED_ALL, fields_2, COUNT_OF(fields_2), NULL, 0}};
static const ent_itl_domain_part arrest[] = {{14, 0, 0}, {4, 0, 0}, {2, 1, 1}, {10, 0, 0}};
static const ent_itl_domain_part search[] = {{14, 1, 0}};
static const ent_itl_domain_transaction transactions[] = {{"ENROL", arrest, COUNT_OF(arrest), false}, {"SEARCH", search, COUNT_OF(search), false}};

const ent_itl_domain ent_itl_domain_entente = {
    .name = "entente", .dom = "ENTENTE", .clause = "itl-domain.md", .versions = "0502", .records = records, .record_count = COUNT_OF(records), .transactions = transactions,
    .transaction_count = COUNT_OF(transactions),
};
