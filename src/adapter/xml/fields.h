/* A record as a list of fields that are put together item by item. Private to the folder. */
#ifndef ADAPTER_XML_FIELDS_H
#define ADAPTER_XML_FIELDS_H

#include "adapter/xml/rows.h"
#include "base/buf.h"

#include <libxml/tree.h>

typedef struct ent_xml_value {
    uint32_t field, subfield, item;
    size_t at, len; /* in `text` */
} ent_xml_value;

typedef struct ent_xml_fields {
    ent_xml_value *values;
    size_t count, cap;
    ent_buf text;
    bool failed;
} ent_xml_fields;

#define ENT_XML_FIELDS ((ent_xml_fields){.text = ENT_BUF(192 << 20)})

void ent_xml_fields_free(ent_xml_fields *f); /* erases */
void ent_xml_fields_put(ent_xml_fields *f, uint32_t field, uint32_t subfield, uint32_t item, const void *text, size_t n);
/* Behind what the item has already. */
void ent_xml_fields_append(ent_xml_fields *f, uint32_t field, const void *text, size_t n);
/* Sorts the values; after it the fields can be asked, in ascending order. */
void ent_xml_fields_close(ent_xml_fields *f);
/* The number of the first field after `after` (0: the first); 0: none. */
uint32_t ent_xml_fields_next(const ent_xml_fields *f, uint32_t after);
/* Its whole value, separators included; false: it is not there. */
bool ent_xml_fields_get(const ent_xml_fields *f, uint32_t field, ent_buf *ret);

/* What a record's element holds, by the shape's rows; false: a value that no field can hold (*ret_path: where). */
bool ent_xml_read_record(const xmlNode *record, const ent_xml_shape *shape, ent_xml_fields *ret, const char **ret_path);
/* Tells the sink (NULL: nobody), as remarks, each leaf of the element that no row of the shape reads (unread.c). */
void ent_xml_tell_unread(const xmlNode *record, const ent_xml_shape *shape, size_t number, const ent_itl_sink *sink);
/* "biom:Name" or "Name" is the name of the node (of namespace biom when it has no prefix). */
bool ent_xml_is(const xmlNode *node, const char *step, size_t len);
/* Whether a node has a child element of that name, biom. */
bool ent_xml_has_child(const void *node, const char *name);

/* The namespaces by prefix, and of what is kept. */
#define ENT_XML_KEPT_NS "urn:entente:itl-kept:1"
const char *ent_xml_namespace(const char *prefix, size_t len);

#endif
