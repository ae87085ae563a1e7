/* A domain (1.013 DOM) as tables: which transactions it has and of what records, its own Type-2 fields, and where it is
 * narrower than the standard. Another domain is another table. Constant; private to the room. */
#ifndef ITL_DOMAIN_H
#define ITL_DOMAIN_H

#include "itl/rules.h"

/* How many records of a type a transaction has; most 0: no bound. */
typedef struct ent_itl_domain_part {
    uint8_t type;
    uint16_t least, most;
} ent_itl_domain_part;

typedef struct ent_itl_domain_transaction {
    const char *tot;                    /* alternatives "CPS|PMS" */
    const ent_itl_domain_part *parts;   /* other types may not be there, Type-1 aside */
    size_t count;
    bool any_of_first_two;              /* at least one record of the first two parts' types after Type-2 */
} ent_itl_domain_transaction;

/* A field that must be there in transactions of some types. */
typedef struct ent_itl_domain_need {
    const char *tot;
    uint8_t type;
    uint32_t field;
} ent_itl_domain_need;

typedef struct ent_itl_domain {
    const char *name;     /* "prum": as given on the command line */
    const char *dom;      /* 1.013's domain name begins so: by it the domain is found; NULL: never */
    const char *clause;   /* of its text */
    const char *versions; /* 1.002 */
    /* rows that hold besides the standard's, by type; the editions of their rows are ED_ALL */
    const ent_itl_record_rule *records;
    size_t record_count;
    const ent_itl_domain_transaction *transactions;
    size_t transaction_count;
    const ent_itl_domain_need *needs;
    size_t need_count;
    bool (*control)(const uint8_t *tcn, size_t n); /* the form of 1.009 and 1.010, NULL: any */
    const char *control_form;
} ent_itl_domain;

extern const ent_itl_domain ent_itl_domain_prum, ent_itl_domain_int_i, ent_itl_domain_entente;

/* Whether letter stands for number mod 23 in "ZABCDEFGHJKLMNPQRTUVWXY" (the check character that both Prüm and INT-I use). */
bool ent_itl_check_letter(uint64_t number, uint8_t letter);

#endif
