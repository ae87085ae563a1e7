/* What the files of the conformance check share: the state of one check, and how a fault is told. Private to the room. */
#ifndef ITL_CHECK_H
#define ITL_CHECK_H

#include "entente/itl_check.h"
#include "itl/rules.h"

typedef struct ent_itl_checking {
    const ent_itl *t;
    const uint8_t *bytes; /* of the file */
    const ent_itl_check_options *options;
    const ent_itl_sink *sink;
    ent_itl_check_result *result;
    unsigned edition; /* ED_… */
    bool wide;        /* 1.015 declares more than 7-bit characters */
    bool utf8;        /* namely UTF-8 */
    struct ent_itl_target {
        bool there, segment[100];
    } targets[2][256]; /* Types 20 and 21 by their number, and their segments */
    /* of the record that is looked at */
    const ent_itl_record *r;
    size_t index;         /* from 0 */
    uint32_t width, height; /* its image, 0 unknown */
    uint32_t across, down;  /* its region of interest (9.300), 0 none */
} ent_itl_checking;

/* Where in the record: a field, a subfield and an item, both from 1 (0: all of it), and the byte. */
typedef struct ent_itl_place {
    uint32_t field;
    size_t subfield, item;
    const uint8_t *at; /* NULL: the record's first byte */
} ent_itl_place;

/* clause NULL: the record type's. level 0: a remark. */
void ent_itl_tell(ent_itl_checking *c, ent_itl_place place, uint8_t level, const char *clause, const char *format, ...) ENT_PRINTF(5, 6);

/* Makes record i the one that is looked at. */
void ent_itl_checking_at(ent_itl_checking *c, size_t i);

/* Notes the Types 20 and 21 that others may refer to. */
void ent_itl_note_targets(ent_itl_checking *c);
/* relations.c: level 2 of the record that is looked at, and of the records among each other. */
void ent_itl_relate_record(ent_itl_checking *c);
void ent_itl_relate_all(ent_itl_checking *c);
/* maps.c: the maps of ridges in Type-9. */
void ent_itl_check_maps(ent_itl_checking *c);
/* binary.c: Types 4 and 8, and the binary types that are no more. */
void ent_itl_check_binary(ent_itl_checking *c);
/* One field against its row (check.c; domains use it for theirs). */
void ent_itl_check_field(ent_itl_checking *c, const ent_itl_field *f, const ent_itl_field_rule *rule, const char *clause);
/* domain.c: the record against the domain's own rows; ENT_NOT_FOUND when there is no such domain. */
ent_code ent_itl_check_domain(ent_itl_checking *c, ent_err *err);

/* A number item of a field of the record that is looked at; fallback when it is absent or none. */
double ent_itl_number_at(const ent_itl_record *r, uint32_t field, size_t subfield, size_t item, double fallback);
/* Whether an item of any subfield is one of ok. */
bool ent_itl_any_item(const ent_itl_field *f, size_t item, const char *ok);
/* Whether an item is exactly this text. */
bool ent_itl_item_is(const ent_itl_field *f, size_t subfield, size_t item, const char *text);

#endif
