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
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* windows-1252 as UTF-8 (its bytes from 80 to 9f; the five that stand for nothing end the document). */
static int from_1252(unsigned char *out, int *out_len, const unsigned char *in, int *in_len)
{
    static const uint16_t high[32] = {0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
                                      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178};
    int taken = 0, put = 0, bad = 0;
    for (; taken < *in_len && put + 3 <= *out_len; taken++) {
        unsigned c = in[taken] >= 0x80 && in[taken] < 0xa0 ? high[in[taken] - 0x80] : in[taken];
        bad = !c && in[taken];
        if (bad) break;
        if (c < 0x80) out[put++] = (unsigned char)c;
        else if (c < 0x800) out[put++] = (unsigned char)(0xc0 | c >> 6), out[put++] = (unsigned char)(0x80 | (c & 0x3f));
        else out[put++] = (unsigned char)(0xe0 | c >> 12), out[put++] = (unsigned char)(0x80 | (c >> 6 & 0x3f)), out[put++] = (unsigned char)(0x80 | (c & 0x3f));
    }
    *in_len = taken;
    *out_len = put;
    return bad ? -2 : put;
}

static void register_1252(void)
{
    xmlInitParser();
    xmlNewCharEncodingHandler("WINDOWS-1252", from_1252, NULL);
    xmlNewCharEncodingHandler("CP1252", from_1252, NULL);
}

void ent_itl_xml_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_1252);
}

static void refuse_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    xmlParserCtxtPtr c = ctx;
    *(bool *)c->_private = true;
    xmlStopParser(c);
}

/* The encoding that a declaration names, "" none; zeros of wider units are passed over. */
static void declared_encoding(const uint8_t *xml, size_t len, char ret[40])
{
    char head[160];
    size_t n = 0;
    for (size_t i = 0; i < len && i < 4 * sizeof head && n + 1 < sizeof head; i++)
        if (xml[i] && xml[i] < 0x80) head[n++] = (char)xml[i];
    head[n] = 0;
    char *end = strstr(head, "?>"), *at;
    ret[0] = 0;
    if (strncmp(head, "<?xml", 5) != 0) return;
    if (!end) {
        snprintf(ret, 40, "of a declaration without an end");
        return;
    }
    *end = 0;
    if ((at = strstr(head, "encoding")) && (at = strpbrk(at, "\"'"))) snprintf(ret, 40, "%.*s", (int)strcspn(at + 1, "\"'"), at + 1);
}

/* Only what libxml2 decodes by itself: for other encodings it would ask the C library, which loads files. */
static ent_code check_encoding(const uint8_t *xml, size_t len, ent_err *err)
{
    static const char *const known[] = {"", "UTF-8", "UTF8", "UTF-16", "UTF16", "UTF-16LE", "UTF-16BE", "US-ASCII", "ASCII", "ISO-8859-1", "ISO-LATIN-1", "ISO Latin 1", "WINDOWS-1252", "CP1252"};
    char name[40];
    if (len >= 4 && xml[0] == 0x4c && xml[1] == 0x6f) return ent_fail(err, ENT_UNSUPPORTED, "XML in EBCDIC is not read: UTF-8, UTF-16, ISO-8859-1 or windows-1252 was expected");
    if (len >= 4 && ((!xml[0] && !xml[1]) || (!xml[2] && !xml[3]))) return ent_fail(err, ENT_UNSUPPORTED, "XML in UTF-32 is not read: UTF-8, UTF-16, ISO-8859-1 or windows-1252 was expected");
    declared_encoding(xml, len, name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcasecmp(name, known[i]) == 0) return ENT_OK;
    return ent_fail(err, ENT_UNSUPPORTED, "XML in the encoding %s is not read: UTF-8, UTF-16, ISO-8859-1 or windows-1252 was expected", name);
}

/* Libraries do not log. */
static void say_nothing(void *ctx, const char *text, ...)
{
    (void)ctx;
    (void)text;
}

static ent_code parse(const void *xml, size_t len, xmlDoc **ret, ent_err *err)
{
    ENT_TRY(check_encoding(xml, len, err));
    xmlSetGenericErrorFunc(NULL, say_nothing); /* of this thread */
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

/* A number of a binary header, of so many bytes; `otherwise` where the document has none. */
static ent_code put_number(reading *r, const ent_xml_fields *f, uint32_t field, size_t bytes, long otherwise, ent_buf *record)
{
    ENT_AUTO_BUF value = ENT_BUF(ENT_LIMIT_ITL_FILE);
    long v = ent_xml_fields_get(f, field, &value) ? number_of(f, field, 0) : otherwise;
    if (v < 0 || v > (bytes == 2 ? 0xffff : 0xff)) return ent_fail(r->err, ENT_FORMAT, "field %u: a number from 0 to %d was expected", field, bytes == 2 ? 0xffff : 0xff);
    if (bytes == 2) ent_buf_u8(record, (uint8_t)(v >> 8));
    ent_buf_u8(record, (uint8_t)v);
    return ENT_OK;
}

/* What stands between the IDC and the data of Types 4 and 8. */
static ent_code put_header(reading *r, unsigned type, const ent_xml_fields *f, ent_buf *record)
{
    ENT_TRY(put_number(r, f, 3, 1, 0, record));
    if (type == 8) ENT_TRY(put_number(r, f, 4, 1, 0, record));
    for (uint32_t i = 0; type == 4 && i < 6; i++) {
        long position = number_of(f, 4, i);
        if (position > 255) return ent_fail(r->err, ENT_FORMAT, "field 4: a finger's position from 0 to 255 was expected");
        ent_buf_u8(record, position >= 0 ? (uint8_t)position : 255);
    }
    ENT_TRY(put_number(r, f, 5, 1, 0, record));
    ENT_TRY(put_number(r, f, 6, 2, -1, record));
    ENT_TRY(put_number(r, f, 7, 2, -1, record));
    return type == 4 ? put_number(r, f, 8, 1, 0, record) : ENT_OK;
}

/* Types 4, 7 and 8: the header out of the fields, then the data. */
static ent_code put_binary(reading *r, unsigned type, int idc, const ent_xml_fields *f)
{
    ENT_AUTO_BUF data = ENT_BUF(ENT_LIMIT_ITL_FILE), record = ENT_BUF(ENT_LIMIT_ITL_FILE);
    const xmlNode *kept = type == 7 ? kept_field(r, 3) : NULL;
    if (kept ? !bytes_of(kept, &data) : !ent_xml_fields_get(f, type == 4 ? 9 : type == 7 ? 3 : 8, &data)) return ent_fail(r->err, ENT_UNSUPPORTED, "it has no image");
    ent_buf_u32(&record, (uint32_t)((type == 4 ? 18 : type == 7 ? 5 : 12) + data.len));
    ent_buf_u8(&record, (uint8_t)idc);
    if (type != 7) ENT_TRY(put_header(r, type, f, &record));
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

/* ENT_UNSUPPORTED: nothing was put. */
static ent_code put_record(reading *r, const xmlNode *element, const ent_xml_shape *shape)
{
    ent_xml_fields f = ENT_XML_FIELDS;
    const char *path = "";
    ent_code code = ENT_OK;
    if (!ent_xml_read_record(element, shape, &f, &path)) code = ent_fail(r->err, ENT_FORMAT, "%s holds what no field can", path);
    long idc = number_of(&f, 2, 0);
    bool binary = shape->type == 4 || shape->type == 7 || shape->type == 8;
    if (code == ENT_OK && shape->type != 1 && (idc < 0 || idc > 99)) code = ent_fail(r->err, ENT_FORMAT, "no IDC from 0 to 99");
    if (code == ENT_OK && binary) code = put_binary(r, shape->type, (int)idc, &f);
    else if (code == ENT_OK) {
        if (shape->type == 1) declare_encoding(r, &f);
        ENT_AUTO_BUF tot = ENT_BUF(ENT_LIMIT_ITL_FILE);
        if (shape->type == 1 && !ent_xml_fields_get(&f, 4, &tot) && !kept_field(r, 4)) code = ent_fail(r->err, ENT_FORMAT, "no type of transaction (TOT, 1.004)");
        ent_itl_begin(r->writer, shape->type, shape->type == 1 ? -1 : (int)idc);
        if (code == ENT_OK) code = put_fields(r, shape->type, &f);
    }
    ent_xml_fields_free(&f);
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

/* A record of the document that the transaction will not have. */
static void tell_left_out(const reading *r, size_t number, const ent_xml_shape *shape, const xmlNode *n, const char *why)
{
    ent_itl_fault f = {.level = 1, .record = number, .type = shape ? shape->type : 0};
    snprintf(f.text, sizeof f.text, "left out: %.60s at line %ld: %s", (const char *)n->name, xmlGetLineNo(n), why);
    if (r->sink) r->sink->put(r->sink->ctx, &f);
}

/* One element of the package; number is its place in it, from 1. */
static ent_code put_element(reading *r, const xmlNode *n, size_t number)
{
    char element[96];
    snprintf(element, sizeof element, "itl:%s", (const char *)n->name);
    const ent_xml_shape *shape = ent_xml_is(n, element, strlen(element)) ? ent_xml_shape_at(element, ent_xml_has_child, n) : NULL;
    if ((r->index == 0) != (shape && shape->type == 1)) return ent_fail(r->err, ENT_FORMAT, "line %ld: the first record, and only it, is itl:PackageInformationRecord", xmlGetLineNo(n));
    if (!shape) {
        tell_left_out(r, number, NULL, n, "no such record is read here");
        return ENT_OK;
    }
    ent_code code = put_record(r, n, shape);
    if (code == ENT_UNSUPPORTED) {
        tell_left_out(r, number, shape, n, r->err->detail);
        *r->err = (ent_err){0};
        return ENT_OK;
    }
    if (code != ENT_OK) return ent_context(r->err, code, "record %zu (Type-%u) at line %ld", number, shape->type, xmlGetLineNo(n));
    ent_xml_tell_unread(n, shape, number, r->sink);
    r->index++;
    return put_kept_records(r);
}

static ent_code put_all(reading *r)
{
    if (!ent_xml_is(r->root, "itl:NISTBiometricInformationExchangePackage", 43))
        return ent_fail(r->err, ENT_FORMAT, "not an ANSI/NIST-ITL document: itl:NISTBiometricInformationExchangePackage was expected, not %.60s of %.60s", (const char *)r->root->name,
                        r->root->ns && r->root->ns->href ? (const char *)r->root->ns->href : "no namespace");
    const xmlNode *kept = find_kept(r->root, 0);
    size_t number = 0;
    ENT_TRY(list_kept(r, kept));
    for (const xmlNode *n = r->root->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && !is_made(n, kept)) ENT_TRY(put_element(r, n, ++number));
    return ENT_OK;
}

ent_code ent_itl_xml_read(const void *xml, size_t len, const ent_itl_sink *sink, ent_buf *ret_transaction, ent_err *err)
{
    xmlDoc *doc = NULL;
    ent_err own = {0};
    reading r = {.sink = sink, .err = err ? err : &own};
    ent_itl_xml_prepare();
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
