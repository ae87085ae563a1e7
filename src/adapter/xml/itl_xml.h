/* ANSI/NIST-ITL XML in INTERPOL's form (INT-I 6.0): a transaction out of the traditional encoding into XML, and back.
 *
 * What a table row says (rows.c) is an element of the schema. Every other field, and a value that an element would give back
 * otherwise, is kept as bytes in an int-i:CustomDefinedDescriptiveDetail of the first Type-2 record, so that reading what was
 * written gives each field again; a transaction without one gets a Type-2 of the document's own, which is not read back.
 *
 * Pure but for libxml2, which is called without DTDs, entities and network. One thread a call. */
#ifndef ADAPTER_XML_ITL_XML_H
#define ADAPTER_XML_ITL_XML_H

#include "base/buf.h"
#include "entente/itl.h"

/* What libxml2 sets up once; before a process gives up its files. May be left out, and called again. */
void ent_itl_xml_prepare(void);

/* The document. The sink (or NULL) is told, as remarks, what has no place in it and what the schema will not take.
 * ENT_TOO_LARGE (a field of more than ENT_LIMIT_ITL_XML_ITEMS items, too), ENT_NO_MEMORY. */
ENT_MUST_CHECK ent_code ent_itl_xml_write(const ent_itl *t, const ent_itl_sink *sink, ent_buf *ret_xml, ent_err *err);

/* The transaction in the traditional encoding. Elements without a row are passed over, and the sink (or NULL) is told of each, as a remark.
 * ENT_FORMAT for what is no such
 * document, has a DOCTYPE, or a value that no field can hold; ENT_TOO_LARGE over ENT_LIMIT_ITL_FILE. */
ENT_MUST_CHECK ent_code ent_itl_xml_read(const void *xml, size_t len, const ent_itl_sink *sink, ent_buf *ret_transaction, ent_err *err);

#endif
