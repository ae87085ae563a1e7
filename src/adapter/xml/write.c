/* A transaction as a document: each record by its shape's rows, then what they could not say into the Type-2 record. */
#include "adapter/xml/convert.h"
#include "adapter/xml/fields.h"
#include "adapter/xml/itl_xml.h"
#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A field cut into its subfields, once. */
typedef struct cut {
    uint32_t field;
    size_t count;
    ent_itl_field *subfields;
} cut;

enum { MAX_CUTS = 1024 };

typedef struct writing {
    const ent_itl *t;
    const ent_itl_sink *sink;
    xmlDoc *doc;
    xmlNode *root, *kept; /* kept: where what has no element goes, made when needed */
    xmlNode *type_2;      /* the first Type-2 record's element, or one that was made */
    xmlNode *made;        /* that one, NULL: none was */
    bool int_i;           /* the transaction is of INTERPOL's domain */
    /* of the record that is written */
    const ent_itl_record *r;
    xmlNode *record;
    size_t index;
    ent_xml_shape shape;
    cut cuts[MAX_CUTS];
    size_t cut_count;
    enum { UNKNOWN, COMPLETE, INCOMPLETE } deltas;
} writing;

/* ---- values of the record ---- */

/* The bytes of an image: separators in them are none. */
static bool is_data(const ent_itl_record *r, uint32_t field) { return (r->type == 4 && field == 9) || (r->type == 7 && field == 3) || (r->type == 8 && field == 8) || (r->type >= 9 && field == 999); }

static const cut *cut_of(writing *w, uint32_t field)
{
    for (size_t i = 0; i < w->cut_count; i++)
        if (w->cuts[i].field == field) return &w->cuts[i];
    const ent_itl_field *f = ent_itl_field_of(w->r, field);
    if (!f || w->cut_count == MAX_CUTS) return NULL;
    size_t count = 1;
    bool whole = is_data(w->r, field);
    for (size_t i = 0; i < f->len && !whole; i++) count += f->value[i] == ENT_ITL_RS;
    cut *c = &w->cuts[w->cut_count];
    *c = (cut){field, count, calloc(count, sizeof *c->subfields)};
    if (!c->subfields) return NULL;
    w->cut_count++;
    const uint8_t *at = f->value, *end = f->value + f->len;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *stop = whole || i + 1 == count ? end : memchr(at, ENT_ITL_RS, (size_t)(end - at));
        c->subfields[i] = (ent_itl_field){field, at, (size_t)(stop - at)};
        at = stop + 1;
    }
    return c;
}

static bool item_of(writing *w, uint32_t field, size_t subfield, size_t item, const uint8_t **ret, size_t *ret_n)
{
    const cut *c = cut_of(w, field);
    if (!c || subfield >= c->count) return false;
    if (is_data(w->r, field)) {
        *ret = c->subfields[0].value;
        *ret_n = c->subfields[0].len;
        return *ret_n > 0;
    }
    return ent_itl_item(&c->subfields[subfield], 0, item, ret, ret_n) && *ret_n > 0;
}

/* ---- nodes ---- */

static xmlNode *new_child(writing *w, xmlNode *parent, const char *step, size_t len)
{
    const char *colon = memchr(step, ':', len), *name = colon ? colon + 1 : step;
    char text[128];
    snprintf(text, sizeof text, "%.*s", (int)(len - (size_t)(name - step)), name);
    xmlNs *ns = xmlSearchNsByHref(w->doc, w->root, (const xmlChar *)ent_xml_namespace(colon ? step : "biom", colon ? (size_t)(colon - step) : 4));
    return xmlNewChild(parent, ns, (const xmlChar *)text, NULL);
}

/* The last child of that name, made when there is none. */
static xmlNode *enter(writing *w, xmlNode *parent, const char *step, size_t len)
{
    for (xmlNode *c = parent->last; c; c = c->prev)
        if (ent_xml_is(c, step, len)) return c;
    return new_child(w, parent, step, len);
}

/* Goes down all steps of the path but the last, which is new. */
static xmlNode *leaf_at(writing *w, xmlNode *node, const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/*+");
        if (path[len] != '/') return new_child(w, node, path, len);
        node = enter(w, node, path, len);
        path += len + 1;
    }
}

static void polygon(writing *w, xmlNode *node, const uint8_t *text, size_t n)
{
    char number[2][8];
    for (size_t at = 0; at < n;) {
        xmlNode *vertex = new_child(w, node, "ImageSegmentVertex", 18);
        for (int half = 0; half < 2; half++) {
            size_t len = 0;
            while (at < n && text[at] >= '0' && text[at] <= '9' && len < 7) number[half][len++] = (char)text[at++];
            number[half][len] = 0;
            if (at < n) at++;
        }
        xmlNodeSetContent(new_child(w, vertex, "ImageLocationHorizontalCoordinateMeasure", 40), (xmlChar *)number[0]);
        xmlNodeSetContent(new_child(w, vertex, "ImageLocationVerticalCoordinateMeasure", 38), (xmlChar *)number[1]);
    }
}

/* ---- rows ---- */

static bool has_country(const uint8_t *t, size_t n)
{
    return n >= 4 && t[3] == '/' && t[0] >= 'A' && t[0] <= 'Z' && t[1] >= 'A' && t[1] <= 'Z' && t[2] >= 'A' && t[2] <= 'Z';
}

static bool interpol_tot(const uint8_t *t, size_t n)
{
    return n == 3 && (!memcmp(t, "CPS", 3) || !memcmp(t, "NPS", 3) || !memcmp(t, "MPS", 3) || !memcmp(t, "SRE", 3) || !memcmp(t, "ATP", 3) || !memcmp(t, "ERR", 3));
}

/* The agency (1.007 or 1.008) that a name (1.017) belongs to is written with its country. */
static bool agency_has_country(writing *w, const ent_xml_row *row)
{
    const uint8_t *t;
    size_t n;
    return item_of(w, row->field == 17 ? 7u + row->item : row->field, 0, 0, &t, &n) && has_country(t, n);
}

/* A delta's element has three angles: the one of 9.140 and the two of 9.141. */
static bool deltas_have_angles(writing *w)
{
    const cut *deltas = cut_of(w, 140), *angles = cut_of(w, 141);
    const uint8_t *t;
    size_t n;
    if (w->deltas != UNKNOWN) return w->deltas == COMPLETE;
    bool all = deltas && angles && deltas->count == angles->count;
    for (size_t i = 0; all && i < deltas->count; i++) all = item_of(w, 140, i, 2, &t, &n) && item_of(w, 141, i, 0, &t, &n) && item_of(w, 141, i, 1, &t, &n);
    w->deltas = all ? COMPLETE : INCOMPLETE;
    return all;
}

/* The forms that depend on more than the text: false, this row says nothing. *text and *n may become a part of it. */
static bool applies(writing *w, const ent_xml_row *row, const uint8_t **text, size_t *n)
{
    switch (row->form) {
    case 'c':
        if (!has_country(*text, *n)) return false;
        *text += 4;
        *n -= 4;
        return *n > 0;
    case 'C':
        *n = 3;
        return agency_has_country(w, row);
    case 'i': return agency_has_country(w, row);
    case 'B':
    case 'N': return !agency_has_country(w, row);
    case 'A': return deltas_have_angles(w);
    case 'e': return ent_itl_field_of(w->r, 27) != NULL;
    case 't': return interpol_tot(*text, *n);
    case 'T': return !interpol_tot(*text, *n);
    default: return true;
    }
}

/* 1.003 as the schema has it. */
static void summary(writing *w, xmlNode *node)
{
    char number[16];
    snprintf(number, sizeof number, "%zu", ent_itl_count(w->t) - 1);
    xmlNodeSetContent(new_child(w, node, "ContentFirstRecordCategoryCode", 30), (xmlChar *)"1");
    xmlNodeSetContent(new_child(w, node, "ContentRecordQuantity", 21), (xmlChar *)number);
    for (size_t i = 1; i < ent_itl_count(w->t); i++) {
        const ent_itl_record *r = ent_itl_record_at(w->t, i);
        xmlNode *one = new_child(w, node, "ContentRecordSummary", 20);
        snprintf(number, sizeof number, "%d", r->idc);
        xmlNodeSetContent(leaf_at(w, one, "ImageReferenceIdentification/nc:IdentificationID"), (xmlChar *)number);
        snprintf(number, sizeof number, "%u", r->type);
        xmlNodeSetContent(new_child(w, one, "RecordCategoryCode", 18), (xmlChar *)number);
    }
}

/* One value into an element at the path below node, or into node itself when the path is empty. */
static void write_value(writing *w, const ent_xml_row *row, xmlNode *node, const char *path, size_t subfield, size_t item)
{
    ENT_AUTO_BUF text = ENT_BUF(192 << 20);
    const uint8_t *t;
    size_t n;
    if (!item_of(w, row->field, subfield, item, &t, &n)) {
        /* INTERPOL's agencies have a name: the agency's own when 1.017 gives none */
        if (row->form != 'i' || !agency_has_country(w, row) || !item_of(w, 7u + row->item, 0, 0, &t, &n)) return;
    }
    if (!applies(w, row, &t, &n)) return;
    if (row->form == 'S') {
        summary(w, leaf_at(w, node, path));
        return;
    }
    if (row->form == 'p') {
        polygon(w, *path ? leaf_at(w, node, path) : node, t, n);
        return;
    }
    if (!ent_xml_to(row->form, t, n, &text) || text.failed != ENT_OK) return;
    xmlNode *leaf = *path ? leaf_at(w, node, path) : node;
    xmlNodeAddContentLen(leaf, (const xmlChar *)ent_buf_cstr(&text), (int)text.len);
}

/* The points of a figure: two rows, x and y, of one vertex after another. */
static void write_points(writing *w, const ent_xml_row rows[2], xmlNode *node, const char *rest, size_t subfield)
{
    const char *plus = strchr(rest, '+'), *second = strchr(rows[1].path, '+');
    const uint8_t *t;
    size_t n;
    for (size_t p = 0; p < 1000 && item_of(w, rows[0].field, subfield, rows[0].item + 2 * p, &t, &n); p++) {
        xmlNode *vertex = leaf_at(w, node, rest);
        write_value(w, &rows[0], vertex, plus + 2, subfield, rows[0].item + 2 * p);
        write_value(w, &rows[1], vertex, second + 2, subfield, rows[1].item + 2 * p);
    }
}

static void write_row(writing *w, size_t *i, xmlNode *node, const char *rest, size_t subfield)
{
    const ent_xml_row *row = &w->shape.rows[*i];
    if (strchr(rest, '+')) {
        write_points(w, row, node, rest, subfield);
        ++*i; /* y is done with x */
        return;
    }
    write_value(w, row, node, rest, subfield, row->item);
}

/* Rows from i on that share the path up to the star: one element for each subfield. Returns the row after them. */
static size_t write_group(writing *w, size_t i, size_t prefix)
{
    const ent_xml_row *rows = w->shape.rows;
    size_t end = i, most = 0;
    for (; end < w->shape.count && strncmp(rows[end].path, rows[i].path, prefix) == 0; end++) {
        const cut *c = cut_of(w, rows[end].field);
        if (c && c->count > rows[end].first && c->count - rows[end].first > most) most = c->count - rows[end].first;
    }
    for (size_t s = 0; s < most; s++) {
        xmlNode *node = leaf_at(w, w->record, rows[i].path);
        for (size_t k = i; k < end; k++) {
            const char *rest = rows[k].path + prefix;
            write_row(w, &k, node, *rest == '/' ? rest + 1 : rest, s + rows[k].first);
        }
        if (!node->children) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
    }
    return end;
}

/* ---- what has no element ---- */

static void tell(const writing *w, uint8_t level, uint32_t field, const char *what)
{
    ent_itl_fault f = {.level = level, .record = w->index + 1, .type = w->r->type, .field = field, .offset = w->r->offset, .clause = "XML"};
    snprintf(f.text, sizeof f.text, "%s", what);
    if (w->sink) w->sink->put(w->sink->ctx, &f);
}

/* A Type-2 record of the document's own, for a transaction without one: right after the Type-1, of an IDC that no record has, and in the
 * content summary. Whoever reads it back leaves it out by the mark in it. */
static void make_type_2(writing *w)
{
    bool used[256] = {false};
    int idc = 0;
    char number[16];
    for (size_t i = 1; i < ent_itl_count(w->t); i++)
        if (ent_itl_record_at(w->t, i)->idc >= 0 && ent_itl_record_at(w->t, i)->idc < 256) used[ent_itl_record_at(w->t, i)->idc] = true;
    while (idc < 99 && used[idc]) idc++;
    xmlNode *node = new_child(w, w->root, "itl:PackageDescriptiveTextRecord", 32);
    xmlNodeSetContent(new_child(w, node, "RecordCategoryCode", 18), (xmlChar *)"02");
    snprintf(number, sizeof number, "%d", idc);
    xmlNodeSetContent(leaf_at(w, node, "ImageReferenceIdentification/nc:IdentificationID"), (xmlChar *)number);
    xmlUnlinkNode(node);
    xmlAddNextSibling(w->root->children, node);
    w->type_2 = w->made = node;
}

/* 1.003 of a document with a record more. */
static void count_made(writing *w)
{
    char number[16];
    xmlNode *transaction = enter(w, w->root->children, "Transaction", 11), *all = enter(w, transaction, "TransactionContentSummary", 25);
    snprintf(number, sizeof number, "%zu", ent_itl_count(w->t));
    xmlNodeSetContent(enter(w, all, "ContentRecordQuantity", 21), (xmlChar *)number);
    xmlNode *one = new_child(w, all, "ContentRecordSummary", 20), *before = enter(w, all, "ContentRecordQuantity", 21);
    xmlNode *idc = enter(w, enter(w, w->made, "ImageReferenceIdentification", 28), "nc:IdentificationID", 19);
    xmlChar *text = xmlNodeGetContent(idc);
    xmlNodeSetContent(leaf_at(w, one, "ImageReferenceIdentification/nc:IdentificationID"), text);
    xmlFree(text);
    xmlNodeSetContent(new_child(w, one, "RecordCategoryCode", 18), (xmlChar *)"2");
    xmlUnlinkNode(one);
    xmlAddNextSibling(before, one);
}

static xmlNode *kept_child(const writing *w, const char *name)
{
    xmlNode *node = xmlNewChild(w->kept, NULL, (const xmlChar *)name, NULL);
    xmlSetNs(node, xmlNewNs(node, (const xmlChar *)ENT_XML_KEPT_NS, NULL));
    return node;
}

/* A child of INTERPOL's element for what is not its own, in the Type-2 record; NULL when memory ends. */
static xmlNode *keep(writing *w, const char *name, const void *bytes, size_t n)
{
    ENT_AUTO_BUF text = ENT_BUF(192 << 20);
    if (!w->type_2) make_type_2(w);
    if (!w->kept) {
        const char *detail = "itl:UserDefinedDescriptiveDetail";
        xmlNode *user = enter(w, w->type_2, detail, strlen(detail));
        enter(w, user, "int-i:DomainDefinedDescriptiveDetail", 36);
        w->kept = new_child(w, user, "int-i:CustomDefinedDescriptiveDetail", 36);
        if (w->made) kept_child(w, "Made");
    }
    xmlNode *node = kept_child(w, name);
    if (!ent_xml_to('b', bytes, n, &text)) return NULL;
    xmlNodeAddContentLen(node, (const xmlChar *)ent_buf_cstr(&text), (int)text.len);
    return node;
}

static void attribute(xmlNode *node, const char *name, long value)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    xmlNewProp(node, (const xmlChar *)name, (const xmlChar *)text);
}

static void keep_field(writing *w, uint32_t field, const void *bytes, size_t n, bool absent)
{
    xmlNode *node = keep(w, "Field", bytes, n);
    if (!node) {
        tell(w, 1, field, "the field has no element and could not be kept: it is lost");
        return;
    }
    attribute(node, "record", (long)w->index);
    attribute(node, "number", (long)field);
    if (absent) attribute(node, "absent", 1);
}

/* Whether a field is made anew by whoever writes the transaction: LEN, IDC, CNT. */
static bool made_anew(const writing *w, uint32_t field) { return field == 1 || (w->r->type == 1 ? field == 3 : field == 2); }

/* Reads the element that was just written, and keeps each field that would not come back as it was. */
static void keep_rest(writing *w)
{
    ent_xml_fields back = ENT_XML_FIELDS;
    const char *path;
    bool read = ent_xml_read_record(w->record, &w->shape, &back, &path);
    for (size_t i = 0; i < w->r->field_count; i++) {
        const ent_itl_field *f = &w->r->fields[i];
        ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_ITL_FILE);
        if (made_anew(w, f->number) || ent_itl_field_of(w->r, f->number) != f) continue;
        bool same = read && ent_xml_fields_get(&back, f->number, &text) && text.len == f->len && memcmp(text.data ? text.data : (uint8_t *)"", f->value, f->len) == 0;
        if (!same) keep_field(w, f->number, f->value, f->len, false);
    }
    for (uint32_t n = ent_xml_fields_next(&back, 0); n; n = ent_xml_fields_next(&back, n))
        if (!made_anew(w, n) && !ent_itl_field_of(w->r, n)) keep_field(w, n, "", 0, true);
    ent_xml_fields_free(&back);
}

/* ---- records ---- */

/* Types 4, 7 and 8 (not of vectors): their header's bytes, 0 when there is no element for what follows. */
static size_t header_of(const ent_itl_record *r)
{
    size_t header = r->type == 4 ? 18 : r->type == 7 ? 5 : r->type == 8 && r->len > 6 && r->bytes[6] != 2 ? 12 : 0;
    return r->len > header ? header : 0;
}

/* Types 4 and 8 as fields 2 to 9, Type-7 as 2 and 3, in text (which outlives the record's writing). */
static size_t binary_fields(const ent_itl_record *r, char text[64], ent_itl_field ret[8])
{
    const uint8_t *b = r->bytes;
    size_t n = 0, at = 0;
    unsigned numbers[7] = {r->idc >= 0 ? (unsigned)r->idc : 0};
    size_t header = header_of(r), size = r->type == 4 ? 13 : 8;
    if (r->type != 7) {
        numbers[1] = b[5];
        numbers[2] = b[6];
        numbers[3] = b[r->type == 4 ? 12 : 7];
        numbers[4] = (unsigned)b[size] << 8 | b[size + 1];
        numbers[5] = (unsigned)b[size + 2] << 8 | b[size + 3];
        numbers[6] = r->type == 4 ? b[17] : 0;
    }
    unsigned data = r->type == 4 ? 9 : r->type == 7 ? 3 : 8;
    for (unsigned i = 0; i + 2 < data; i++) {
        size_t len = (size_t)snprintf(text + at, 64 - at, "%u", numbers[i]);
        if (r->type == 4 && i == 2) /* unused positions, 255, stand last and are left out */
            for (size_t k = 7; k < 12 && b[k] != 255; k++) len += (size_t)snprintf(text + at + len, 64 - at - len, "%c%u", ENT_ITL_RS, b[k]);
        ret[n++] = (ent_itl_field){i + 2, (const uint8_t *)text + at, len};
        at += len;
    }
    ret[n++] = (ent_itl_field){data, b + header, r->len - header};
    return n;
}

static void free_cuts(writing *w)
{
    for (size_t i = 0; i < w->cut_count; i++) free(w->cuts[i].subfields);
    w->cut_count = 0;
    w->deltas = UNKNOWN;
}

static void write_rows(writing *w)
{
    char number[8];
    snprintf(number, sizeof number, w->r->type == 1 ? "%u" : "%02u", w->r->type);
    w->record = new_child(w, w->root, w->shape.element, strlen(w->shape.element));
    xmlNodeSetContent(new_child(w, w->record, "RecordCategoryCode", 18), (xmlChar *)number);
    for (size_t i = 0; i < w->shape.count;) {
        const char *star = strchr(w->shape.rows[i].path, '*');
        if (star) {
            i = write_group(w, i, (size_t)(star - w->shape.rows[i].path) + 1);
            continue;
        }
        write_row(w, &i, w->record, w->shape.rows[i].path, w->shape.rows[i].first);
        i++;
    }
}

static void keep_record(writing *w)
{
    xmlNode *node = keep(w, "Record", w->r->bytes, w->r->len);
    if (!node) {
        tell(w, 1, 0, "the record has no element and could not be kept: it is lost");
        return;
    }
    attribute(node, "at", (long)w->index);
    attribute(node, "type", w->r->type);
    attribute(node, "idc", w->r->idc);
    tell(w, 0, 0, "kept as bytes, not in elements: another program will not find the record");
}

static void write_record(writing *w, size_t i)
{
    const ent_itl_record *r = ent_itl_record_at(w->t, i);
    ent_itl_record view = *r;
    ent_itl_field fields[8];
    char text[64];
    w->index = i;
    w->r = &view;
    if (header_of(r)) {
        view.field_count = binary_fields(r, text, fields);
        view.fields = fields;
    }
    const ent_xml_shape *shape = view.field_count ? ent_xml_shape_of(&view) : NULL;
    if (!shape) {
        keep_record(w);
        return;
    }
    w->shape = *shape;
    if (r->type == 2 && !w->int_i) w->shape.count = 1; /* another domain's numbers mean other things */
    write_rows(w);
    if (r->type == 2 && !w->type_2) w->type_2 = w->record;
    free_cuts(w);
}

/* After all elements are there, and the Type-2 among them. */
static void keep_all(writing *w)
{
    xmlNode *element = w->root->children;
    for (size_t i = 0; i < ent_itl_count(w->t); i++) {
        const ent_itl_record *r = ent_itl_record_at(w->t, i);
        const ent_xml_shape *shape = r->field_count ? ent_xml_shape_of(r) : NULL;
        if (!shape && !header_of(r)) continue;
        w->index = i;
        w->r = r;
        if (r->type == 7) keep_field(w, 3, r->bytes + header_of(r), r->len - header_of(r), false);
        if (shape) {
            w->shape = *shape;
            w->record = element;
            keep_rest(w);
        }
        element = element->next;
        if (element && element == w->made) element = element->next;
    }
    if (w->made) count_made(w);
}

/* The schema names types of transactions and of records; there are others. */
static void check_codes(writing *w)
{
    static const char *const known[] = {"AMN", "CAR", "CFS", "CNA", "CPD", "CPR", "DEK", "DEU", "ELR", "FANC", "FAUF", "FIS", "IRQ", "LFFS", "LFIS", "LFS",
                                        "LPNQ", "LSRQ", "MAP", "MCS", "MPR", "NFUF", "TPFS", "TPIS", "ULAC", "ULD", "CPS", "NPS", "MPS", "SRE", "ATP", "ERR"};
    char tot[20];
    for (w->index = 1; w->index < ent_itl_count(w->t); w->index++) {
        w->r = ent_itl_record_at(w->t, w->index);
        if (w->r->type == 3 || w->r->type == 5 || w->r->type == 6) tell(w, 0, 0, "the schema has no such type of record: the document is not valid against it");
    }
    w->index = 0;
    w->r = ent_itl_record_at(w->t, 0);
    ent_itl_text(w->r, 4, tot, sizeof tot);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], tot) == 0) return;
    tell(w, 0, 4, "the schema has no such type of transaction: the document is not valid against it");
}

/* A document is made of far more memory and time than its fields: so many items are refused before one is made. */
static ent_code check_size(const ent_itl *t, ent_err *err)
{
    size_t total = 0;
    for (size_t i = 0; i < ent_itl_count(t); i++) {
        const ent_itl_record *r = ent_itl_record_at(t, i);
        for (size_t k = 0; k < r->field_count; k++) {
            const ent_itl_field *f = &r->fields[k];
            size_t items = 1;
            for (size_t at = 0; at < f->len && !is_data(r, f->number); at++) items += f->value[at] == ENT_ITL_RS || f->value[at] == ENT_ITL_US;
            total += items;
            if (items > ENT_LIMIT_ITL_XML_ITEMS || total > ENT_LIMIT_ITL_ITEMS)
                return ent_fail(err, ENT_TOO_LARGE, "record %zu, field %u.%03u: more items than a document is made of", i + 1, r->type, (unsigned)f->number);
        }
    }
    return ENT_OK;
}

static ent_code write_all(writing *w, ent_buf *ret, ent_err *err)
{
    xmlChar *bytes = NULL;
    int size = 0;
    const ent_itl_field *dom = ent_itl_field_of(ent_itl_record_at(w->t, 0), 13);
    const uint8_t *name;
    size_t n;
    w->int_i = dom && ent_itl_item(dom, 0, 0, &name, &n) && n == 5 && memcmp(name, "INT-I", 5) == 0;
    check_codes(w);
    for (size_t i = 0; i < ent_itl_count(w->t); i++) write_record(w, i);
    keep_all(w);
    xmlDocDumpFormatMemoryEnc(w->doc, &bytes, &size, "UTF-8", 1);
    if (!bytes) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a document");
    ent_buf_put(ret, bytes, (size_t)size);
    xmlFree(bytes);
    return ent_buf_check(ret, err);
}

ent_code ent_itl_xml_write(const ent_itl *t, const ent_itl_sink *sink, ent_buf *ret_xml, ent_err *err)
{
    static const char *const prefixes[] = {"itl", "biom", "nc", "int-i"};
    ent_code size = check_size(t, err);
    if (size != ENT_OK) return size;
    writing *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a document");
    w->t = t;
    w->sink = sink;
    w->doc = xmlNewDoc((const xmlChar *)"1.0");
    w->root = xmlNewNode(NULL, (const xmlChar *)"NISTBiometricInformationExchangePackage");
    xmlDocSetRootElement(w->doc, w->root);
    for (size_t i = 0; i < 4; i++) {
        xmlNs *ns = xmlNewNs(w->root, (const xmlChar *)ent_xml_namespace(prefixes[i], strlen(prefixes[i])), (const xmlChar *)prefixes[i]);
        if (i == 0) xmlSetNs(w->root, ns);
    }
    ent_code code = write_all(w, ret_xml, err);
    free_cuts(w);
    xmlFreeDoc(w->doc);
    free(w);
    return code;
}
