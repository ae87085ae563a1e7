/* A document as a transaction. libxml2 parses without network and entities; a DOCTYPE ends the parsing, so that none can
 * be declared. */
#include "adapter/xml/convert.h"
#include "adapter/xml/fields.h"
#include "adapter/xml/itl_xml.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was kept: a field of a record, or a record (number 0) before that place. */
typedef struct kept_entry {
    long record, number;
    size_t order; /* in the document */
    const xmlNode *node;
} kept_entry;

typedef struct reading {
    const xmlNode *root;
    kept_entry *kept; /* sorted */
    size_t kept_count;
    ent_itl_writer *writer;
    size_t index; /* of the record that is written, 0 the Type-1 */
    const ent_itl_sink *sink;
    ent_err *err;
} reading;

/* ---- the document ---- */

void ent_itl_xml_prepare(void) { xmlInitParser(); }

static void refuse_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    xmlParserCtxtPtr c = ctx;
    *(bool *)c->_private = true;
    xmlStopParser(c);
}

static ent_code parse(const void *xml, size_t len, xmlDoc **ret, ent_err *err)
{
    xmlParserCtxtPtr c = xmlCreateMemoryParserCtxt(xml, (int)len);
    if (!c) return ent_fail(err, ENT_FORMAT, "not an XML document");
    bool doctype = false;
    c->_private = &doctype;
    c->sax->internalSubset = refuse_doctype;
    xmlCtxtUseOptions(c, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOBLANKS | XML_PARSE_NOCDATA);
    xmlParseDocument(c);
    xmlDoc *doc = c->myDoc;
    c->myDoc = NULL;
    ent_code code = ENT_OK;
    if (doctype) code = ent_fail(err, ENT_FORMAT, "a DOCTYPE in the document: it is refused");
    else if (!c->wellFormed || !doc)
        code = ent_fail(err, ENT_FORMAT, "not well-formed XML at line %d: %.120s", c->lastError.line, c->lastError.message ? c->lastError.message : "");
    xmlFreeParserCtxt(c);
    if (code == ENT_OK) *ret = doc;
    else xmlFreeDoc(doc);
    return code;
}

/* ---- what was kept as bytes ---- */

static bool is_kept(const xmlNode *n, const char *name)
{
    return n->type == XML_ELEMENT_NODE && n->ns && n->ns->href && strcmp((const char *)n->ns->href, ENT_XML_KEPT_NS) == 0 && strcmp((const char *)n->name, name) == 0;
}

static long attribute(const xmlNode *n, const char *name)
{
    xmlChar *text = xmlGetNoNsProp(n, (const xmlChar *)name);
    long v = text ? strtol((const char *)text, NULL, 10) : -1;
    xmlFree(text);
    return v;
}

static bool bytes_of(const xmlNode *n, ent_buf *ret)
{
    xmlChar *text = xmlNodeGetContent(n);
    bool ok = text && ent_xml_from('b', (const char *)text, ret);
    xmlFree(text);
    return ok;
}

static int in_order(const void *a, const void *b)
{
    const kept_entry *x = a, *y = b;
    if (x->record != y->record) return x->record < y->record ? -1 : 1;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static ent_code list_kept(reading *r, const xmlNode *kept)
{
    size_t cap = 0;
    for (const xmlNode *n = kept ? kept->children : NULL; n; n = n->next) cap++;
    r->kept = calloc(cap + 1, sizeof *r->kept);
    if (!r->kept) return ent_fail(r->err, ENT_NO_MEMORY, "out of memory for a document");
    for (const xmlNode *n = kept ? kept->children : NULL; n; n = n->next) {
        bool field = is_kept(n, "Field");
        if (!field && !is_kept(n, "Record")) continue;
        const kept_entry e = {attribute(n, field ? "record" : "at"), field ? attribute(n, "number") : 0, r->kept_count, n};
        if (e.record < 0 || e.number < 0 || e.number > 999999999 || (field && e.number == 0)) return ent_fail(r->err, ENT_FORMAT, "a kept %s does not say where it belongs", field ? "field" : "record");
        r->kept[r->kept_count++] = e;
    }
    qsort(r->kept, r->kept_count, sizeof *r->kept, in_order);
    return ENT_OK;
}

/* The first entry from (record, number) on; kept_count: none. */
static size_t first_from(const reading *r, long record, long number)
{
    size_t lo = 0, hi = r->kept_count;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const kept_entry *e = &r->kept[mid];
        if (e->record < record || (e->record == record && e->number < number)) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static const xmlNode *kept_field(const reading *r, long field)
{
    size_t i = first_from(r, (long)r->index, field);
    return i < r->kept_count && r->kept[i].record == (long)r->index && r->kept[i].number == field ? r->kept[i].node : NULL;
}

/* The next kept field above `after`; 0: none. */
static uint32_t next_kept(const reading *r, uint32_t after)
{
    size_t i = first_from(r, (long)r->index, (long)after + 1);
    return i < r->kept_count && r->kept[i].record == (long)r->index ? (uint32_t)r->kept[i].number : 0;
}

/* Kept records that stand at this place go in before what follows. */
static ent_code put_kept_records(reading *r)
{
    for (;;) {
        ENT_AUTO_BUF bytes = ENT_BUF(ENT_LIMIT_ITL_FILE);
        size_t i = first_from(r, (long)r->index, 0);
        if (i == r->kept_count || r->kept[i].record != (long)r->index || r->kept[i].number != 0) return ENT_OK;
        long type = attribute(r->kept[i].node, "type"), idc = attribute(r->kept[i].node, "idc");
        if (type < 2 || type > 99 || !bytes_of(r->kept[i].node, &bytes) || !bytes.len) return ent_fail(r->err, ENT_FORMAT, "a kept record cannot be read");
        ent_itl_put_record(r->writer, (uint8_t)type, idc >= 0 && idc <= 255 ? (int)idc : 0, bytes.data, bytes.len);
        r->index++;
    }
}

/* ---- records ---- */

static bool wide(const ent_buf *b)
{
    for (size_t i = 0; i < b->len; i++)
        if (b->data[i] >= 0x80) return true;
    return false;
}

static ent_code put_field(reading *r, const ent_xml_fields *f, uint32_t number)
{
    ENT_AUTO_BUF value = ENT_BUF(ENT_LIMIT_ITL_FILE);
    const xmlNode *kept = kept_field(r, number);
    if (kept && attribute(kept, "absent") == 1) return ENT_OK;
    if (kept ? !bytes_of(kept, &value) : !ent_xml_fields_get(f, number, &value)) return ent_fail(r->err, ENT_FORMAT, "record %zu: a kept field %u cannot be read", r->index + 1, number);
    ENT_TRY(ent_buf_check(&value, r->err));
    ent_itl_put_bytes(r->writer, number, value.data ? value.data : (uint8_t *)"", value.len);
    return ENT_OK;
}

/* In ascending order, those of the element and those that were kept. */
static ent_code put_fields(reading *r, unsigned type, const ent_xml_fields *f)
{
    uint32_t n = 0;
    for (size_t count = 0;; count++) {
        if (count > ENT_LIMIT_ITL_FIELDS) return ent_fail(r->err, ENT_TOO_LARGE, "record %zu has more than %d fields", r->index + 1, ENT_LIMIT_ITL_FIELDS);
        uint32_t a = ent_xml_fields_next(f, n), b = next_kept(r, n);
        n = a && (!b || a < b) ? a : b;
        if (!n) return ENT_OK;
        if (n == 1 || (type == 1 ? n == 3 : n == 2)) continue;
        ENT_TRY(put_field(r, f, n));
    }
}

static long number_of(const ent_xml_fields *f, uint32_t field, uint32_t subfield)
{
    ENT_AUTO_BUF value = ENT_BUF(ENT_LIMIT_ITL_FILE);
    if (!ent_xml_fields_get(f, field, &value)) return -1;
    const char *at = ent_buf_cstr(&value);
    for (; subfield && at; subfield--) at = (at = strchr(at, ENT_ITL_RS)) ? at + 1 : NULL;
    return at ? strtol(at, NULL, 10) : -1;
}

/* Types 4 and 8: the header out of fields 3 to 8, then the data. */
static ent_code put_binary(reading *r, unsigned type, int idc, const ent_xml_fields *f)
{
    ENT_AUTO_BUF data = ENT_BUF(ENT_LIMIT_ITL_FILE), record = ENT_BUF(ENT_LIMIT_ITL_FILE);
    if (!ent_xml_fields_get(f, type == 4 ? 9 : 8, &data)) return ent_fail(r->err, ENT_FORMAT, "record %zu (Type-%u) has no image", r->index + 1, type);
    ent_buf_u32(&record, (uint32_t)((type == 4 ? 18 : 12) + data.len));
    ent_buf_u8(&record, (uint8_t)idc);
    ent_buf_u8(&record, (uint8_t)number_of(f, 3, 0));
    if (type == 8) ent_buf_u8(&record, (uint8_t)number_of(f, 4, 0));
    for (uint32_t i = 0; type == 4 && i < 6; i++) {
        long position = number_of(f, 4, i);
        ent_buf_u8(&record, position >= 0 && position <= 255 ? (uint8_t)position : 255);
    }
    ent_buf_u8(&record, (uint8_t)number_of(f, 5, 0));
    ent_buf_u16(&record, (uint16_t)number_of(f, 6, 0));
    ent_buf_u16(&record, (uint16_t)number_of(f, 7, 0));
    if (type == 4) ent_buf_u8(&record, (uint8_t)number_of(f, 8, 0));
    ent_buf_put(&record, data.data, data.len);
    ENT_TRY(ent_buf_check(&record, r->err));
    ent_itl_put_record(r->writer, (uint8_t)type, idc, record.data, record.len);
    return ENT_OK;
}

/* Text past 7 bits is UTF-8 here, and 1.015 must say so. */
static void declare_encoding(const reading *r, ent_xml_fields *first)
{
    ENT_AUTO_BUF dcs = ENT_BUF(256);
    ENT_AUTO_BUF whole = ENT_BUF(1);
    xmlChar *text = xmlNodeGetContent(r->root);
    whole.data = text;
    whole.len = text ? strlen((char *)text) : 0;
    bool needed = wide(&whole) && !ent_xml_fields_get(first, 15, &dcs) && !kept_field(r, 15);
    whole = ENT_BUF(1);
    xmlFree(text);
    if (!needed) return;
    ent_xml_fields_put(first, 15, 0, 0, "3", 1);
    ent_xml_fields_put(first, 15, 0, 1, "UTF-8", 5);
    ent_xml_fields_close(first);
}

static ent_code put_record(reading *r, const xmlNode *element, const ent_xml_shape *shape)
{
    ent_xml_fields f = ENT_XML_FIELDS;
    const char *path = "";
    ent_code code = ENT_OK;
    if (!ent_xml_read_record(element, shape, &f, &path)) code = ent_fail(r->err, ENT_FORMAT, "record %zu (Type-%u): %s holds what no field can", r->index + 1, shape->type, path);
    long idc = number_of(&f, 2, 0);
    if (code == ENT_OK && shape->type != 1 && (idc < 0 || idc > 99)) code = ent_fail(r->err, ENT_FORMAT, "record %zu (Type-%u) has no IDC from 0 to 99", r->index + 1, shape->type);
    if (code == ENT_OK && (shape->type == 4 || shape->type == 8)) code = put_binary(r, shape->type, (int)idc, &f);
    else if (code == ENT_OK) {
        if (shape->type == 1) declare_encoding(r, &f);
        ent_itl_begin(r->writer, shape->type, shape->type == 1 ? -1 : (int)idc);
        code = put_fields(r, shape->type, &f);
    }
    ent_xml_fields_free(&f);
    r->index++;
    return code;
}

/* The document's own Type-2 record, which the transaction has not. */
static bool is_made(const xmlNode *record, const xmlNode *kept)
{
    bool inside = false, marked = false;
    for (const xmlNode *n = kept; n; n = n->parent) inside |= n == record;
    for (const xmlNode *n = kept ? kept->children : NULL; n; n = n->next) marked |= is_kept(n, "Made");
    return inside && marked;
}

static const xmlNode *find_kept(const xmlNode *node, int depth)
{
    for (const xmlNode *n = node->children; n && depth < 4; n = n->next) {
        if (ent_xml_is(n, "int-i:CustomDefinedDescriptiveDetail", 36)) return n;
        const xmlNode *below = find_kept(n, depth + 1);
        if (below) return below;
    }
    return NULL;
}

static ent_code put_all(reading *r)
{
    char element[96];
    if (!ent_xml_is(r->root, "itl:NISTBiometricInformationExchangePackage", 43)) return ent_fail(r->err, ENT_FORMAT, "not an ANSI/NIST-ITL document: itl:NISTBiometricInformationExchangePackage was expected");
    const xmlNode *kept = find_kept(r->root, 0);
    ENT_TRY(list_kept(r, kept));
    for (const xmlNode *n = r->root->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE || is_made(n, kept)) continue;
        snprintf(element, sizeof element, "itl:%s", (const char *)n->name);
        const ent_xml_shape *shape = ent_xml_is(n, element, strlen(element)) ? ent_xml_shape_at(element, ent_xml_has_child, n) : NULL;
        if (!shape) return ent_fail(r->err, ENT_UNSUPPORTED, "the record %.60s is not read here", (const char *)n->name);
        if ((r->index == 0) != (shape->type == 1)) return ent_fail(r->err, ENT_FORMAT, "the first record, and only it, is itl:PackageInformationRecord");
        ent_xml_tell_unread(n, shape, r->index + 1, r->sink);
        ENT_TRY(put_record(r, n, shape));
        ENT_TRY(put_kept_records(r));
    }
    return ENT_OK;
}

ent_code ent_itl_xml_read(const void *xml, size_t len, const ent_itl_sink *sink, ent_buf *ret_transaction, ent_err *err)
{
    xmlDoc *doc = NULL;
    reading r = {.sink = sink, .err = err};
    if (len > (size_t)ENT_LIMIT_ITL_FILE / 3 * 4) return ent_fail(err, ENT_TOO_LARGE, "a document of %zu bytes, at most %d", len, ENT_LIMIT_ITL_FILE / 3 * 4);
    ENT_TRY(parse(xml, len, &doc, err));
    r.root = xmlDocGetRootElement(doc);
    ent_code code = r.root ? ent_itl_writer_new(&r.writer, err) : ent_fail(err, ENT_FORMAT, "the document is empty");
    if (code == ENT_OK) code = put_all(&r);
    if (code == ENT_OK) code = ent_itl_finish(r.writer, ent_buf_sink, ret_transaction, err);
    if (code == ENT_OK) code = ent_buf_check(ret_transaction, err);
    ent_itl_writer_free(r.writer);
    free(r.kept);
    xmlFreeDoc(doc);
    return code;
}
