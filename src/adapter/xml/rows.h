/* Where each field of a record stands in ANSI/NIST-ITL XML, in INTERPOL's form (INT-I 6.0): rows in the schema's order, so
 * that writing them one after another gives a valid sequence. Constant; private to the folder. */
#ifndef ADAPTER_XML_ROWS_H
#define ADAPTER_XML_ROWS_H

#include "entente/itl.h"

/* A path goes down from the record's element: "A/B", of the namespace biom unless it has a prefix. A step with '*' is there
 * once for each subfield, one with '+' once for each point of a figure (items from `item` on, in steps of two). Rows of
 * the same path stand in elements of that name one after another. */
typedef struct ent_xml_row {
    uint16_t field;
    uint8_t item;
    char form;     /* how the text is written: see ent_xml_form in convert.h */
    uint8_t first; /* the first subfield that has it */
    const char *path;
} ent_xml_row;

typedef struct ent_xml_shape {
    uint8_t type;
    const char *element; /* of the record: "itl:PackageFingerprintImageRecord" */
    const char *mark;    /* a child by which this shape is known when types share an element, or NULL */
    const ent_xml_row *rows;
    size_t count;
} ent_xml_shape;

/* The shape for a record, NULL: there is none (the record is kept as bytes). */
const ent_xml_shape *ent_xml_shape_of(const ent_itl_record *r);
/* The shape for an element; has_child tells whether the element has a child of that name (without prefix). */
const ent_xml_shape *ent_xml_shape_at(const char *element, bool (*has_child)(const void *node, const char *name), const void *node);

#endif
