/* The standard as tables: what a record's fields, subfields and items may be. check.c walks them; the relations between
 * fields and records that a row cannot say are in relations.c. A domain (domain.h) is the same kind of table.
 *
 * All of it is constant; nothing here is owned or freed. */
#ifndef ITL_RULES_H
#define ITL_RULES_H

#include "entente/itl.h"

/* The editions, by 1.002 VER: 0400 is ANSI/NIST-ITL 1-2007, 0500 1-2011, 0501 its Update 2013, 0502 its Update 2015.
 * Files of earlier editions (0200 to 0300) are held to the 2007 tables. */
enum { ED07 = 1, ED11 = 2, ED13 = 4, ED15 = 8, ED_ALL = 15, ED_11ON = 14, ED_13ON = 12, ED_15ON = 8, ED_TO11 = 3 };

/* Character types (5.5, table 3) and the fixed forms that the standard spells out. */
typedef enum ent_itl_set {
    SET_A,     /* letters */
    SET_N,     /* digits; no leading zeros from 2011 on unless the length is fixed */
    SET_AN,    /* letters and digits */
    SET_AS,    /* letters and printable special characters */
    SET_NS,    /* digits, sign, point and the specials that the field names */
    SET_ANS,   /* any printable 7-bit character */
    SET_AN_,   /* letters, digits and spaces */
    SET_U,     /* any character of the transaction's character encoding */
    SET_H,     /* hexadecimal digits, upper case (annex A.3) */
    SET_B64,   /* base 64 (annex A.4) */
    SET_BIN,   /* bytes */
    SET_DATE,  /* YYYYMMDD, a day of the calendar (7.7.2.3, B.1.2) */
    SET_GMT,   /* YYYYMMDDHHMMSSZ (7.7.2.2, B.1.4) */
    SET_RES,   /* nn.nn (8.1.11) */
    SET_DUI,   /* M and 12 hexadecimal digits, or P and 12 to 15 characters (7.7.1.1) */
    SET_ZONE,  /* a UTM zone: 1 or 2 digits and a band letter, not I or O (7.7.3) */
    SET_TIME,  /* hh:mm:ss.sss (7.7.2.5) */
    SET_PATH,  /* x,y-x,y-x,y…: a closed path of the extended feature set, at least three points (7.7.12.1) */
    SET_LINE,  /* the same, open: at least two */
} ent_itl_set;

typedef struct ent_itl_item_rule {
    const char *name;    /* mnemonic */
    char need;           /* M: there when the subfield is; O, D: may be empty */
    uint8_t set;         /* ent_itl_set */
    uint16_t min, max;   /* characters; max 0: no bound */
    const char *ok;      /* NULL, or alternatives "0..9|254|FFFF": numeric ranges and literals; '*' is no bound */
    uint8_t relate;      /* RELATE_… */
} ent_itl_item_rule;

/* What an item is, beyond its own value: a coordinate must lie in the record's image. */
enum { RELATE_NOTHING, RELATE_X, RELATE_Y, RELATE_X_AFTER, RELATE_Y_AFTER, RELATE_X_NOT_BEFORE, RELATE_Y_NOT_BEFORE, RELATE_POINTS, RELATE_MANY, RELATE_ACROSS, RELATE_DOWN };
/* X, Y: at most HLL, VLL. …_AFTER: and greater than the item before it; …_NOT_BEFORE: and not smaller. POINTS: this many
 * pairs of the two items that end the row follow (a figure: no two points the same). MANY: the last item, repeated at will.
 * ACROSS, DOWN: in the region of the extended feature set (9.300), at most EWI, EHI. */

typedef struct ent_itl_field_rule {
    uint32_t number, last; /* a range of fields has last > number */
    const char *name;
    char need;             /* M mandatory, O optional, D see the dependences, X reserved */
    uint16_t min, max;     /* subfields; max 0: no bound */
    uint8_t editions;
    const ent_itl_item_rule *items;
    uint8_t item_count;    /* 0: nothing is known of the content (user-defined) */
} ent_itl_field_rule;

typedef struct ent_itl_record_rule {
    uint8_t type, editions;
    const ent_itl_field_rule *own;
    size_t own_count;
    const ent_itl_field_rule *shared;  /* NULL, or what many types have in common */
    size_t shared_count;
} ent_itl_record_rule;

/* A field that must (MUST) or may only (ONLY) be there when an item of another has one of the values. `item` counts from 0
 * in any subfield. ok NULL: when that field is there. */
typedef struct ent_itl_dependence {
    uint8_t type, editions;
    uint32_t field;
    enum { MUST, ONLY, BOTH, NEVER } kind; /* BOTH: there exactly then; NEVER: absent then */
    uint32_t on;
    uint8_t item;
    const char *ok;
    const char *clause;
} ent_itl_dependence;

#define ITEM(name, need, set, min, max, ok) {#name, need, SET_##set, min, max, ok, 0}
#define RELATED(name, need, set, min, max, ok, relate) {#name, need, SET_##set, min, max, ok, RELATE_##relate}
#define ITEMS(...) (const ent_itl_item_rule[]){__VA_ARGS__}, sizeof(const ent_itl_item_rule[]){__VA_ARGS__} / sizeof(ent_itl_item_rule)
/* a field of the given editions; of all */
#define FIELD_IN(editions, number, name, need, min, max, ...) {number, number, #name, need, min, max, editions, ITEMS(__VA_ARGS__)}
#define FIELD(number, name, need, min, max, ...) FIELD_IN(ED_ALL, number, name, need, min, max, __VA_ARGS__)
/* a field of one item that has the field's name */
#define ONE_IN(editions, number, name, need, set, lo, hi, ok) FIELD_IN(editions, number, name, need, 1, 1, ITEM(name, 'M', set, lo, hi, ok))
#define ONE(number, name, need, set, lo, hi, ok) ONE_IN(ED_ALL, number, name, need, set, lo, hi, ok)
#define OPEN_IN(editions, first, last, name) {first, last, #name, 'O', 1, 0, editions, NULL, 0}
#define RESERVED_IN(editions, first, last) {first, last, "reserved", 'X', 1, 0, editions, NULL, 0}
#define COUNT_OF(a) (sizeof(a) / sizeof *(a))

/* The rules of a record type, NULL: none are known. */
const ent_itl_record_rule *ent_itl_rules_of(unsigned type);
/* The row for a field in an edition (ED_…), NULL: the standard has none. */
const ent_itl_field_rule *ent_itl_field_rule_of(const ent_itl_record_rule *r, uint32_t field, unsigned edition);
/* The edition that a record type's 1.002 says; 0 unknown. */
unsigned ent_itl_edition(const char *ver);
const ent_itl_dependence *ent_itl_dependences(size_t *ret_count);

extern const ent_itl_record_rule ent_itl_rule_1, ent_itl_rule_2, ent_itl_rule_9, ent_itl_rule_10, ent_itl_rule_13, ent_itl_rule_14, ent_itl_rule_15, ent_itl_rule_17,
    ent_itl_rule_20, ent_itl_rule_21;
enum { ENT_ITL_SHARED_COUNT = 17 };
extern const ent_itl_field_rule ent_itl_shared_fields[ENT_ITL_SHARED_COUNT];

/* Code tables that several rows name. */
extern const char ent_itl_codes_fgp[], ent_itl_codes_palm[], ent_itl_codes_sxs[], ent_itl_codes_eye[], ent_itl_codes_datum[], ent_itl_codes_ncic[], ent_itl_codes_hair[], ent_itl_codes_mpeg4[], ent_itl_codes_landmark[];

/* Whether a value is one of `ok` (as in ent_itl_item_rule). */
bool ent_itl_value_in(const char *ok, const uint8_t *text, size_t n);
/* Whether the characters are of the set; `wide`: the transaction's encoding has more than 7 bits. */
bool ent_itl_value_of_set(uint8_t set, const uint8_t *text, size_t n, bool wide);
/* The number a text of digits, sign and point says; false: it is none. */
bool ent_itl_value_number(const uint8_t *text, size_t n, double *ret);

#endif
