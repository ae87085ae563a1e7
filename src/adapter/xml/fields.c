#include "adapter/xml/fields.h"

#include "adapter/xml/convert.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values ---- */

void ent_xml_fields_free(ent_xml_fields *f)
{
    free(f->values);
    ent_buf_free(&f->text);
    *f = ENT_XML_FIELDS;
}

void ent_xml_fields_put(ent_xml_fields *f, uint32_t field, uint32_t subfield, uint32_t item, const void *text, size_t n)
{
    if (f->count == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 256;
        ent_xml_value *values = cap > ENT_LIMIT_ITL_ITEMS ? NULL : realloc(f->values, cap * sizeof *values);
        f->failed |= !values;
        if (!values) return;
        f->values = values;
        f->cap = cap;
    }
    f->values[f->count++] = (ent_xml_value){field, subfield, item, f->text.len, n};
    ent_buf_put(&f->text, text, n);
    f->failed |= f->text.failed != ENT_OK;
}

void ent_xml_fields_append(ent_xml_fields *f, uint32_t field, const void *text, size_t n)
{
    ent_xml_value *last = f->count ? &f->values[f->count - 1] : NULL;
    if (!last || last->field != field || last->at + last->len != f->text.len) return;
    ent_buf_put(&f->text, text, n);
    last->len += n;
}

static int in_order(const void *a, const void *b)
{
    const ent_xml_value *x = a, *y = b;
    if (x->field != y->field) return x->field < y->field ? -1 : 1;
    if (x->subfield != y->subfield) return x->subfield < y->subfield ? -1 : 1;
    if (x->item != y->item) return x->item < y->item ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

void ent_xml_fields_close(ent_xml_fields *f)
{
    if (f->count) qsort(f->values, f->count, sizeof *f->values, in_order);
}

uint32_t ent_xml_fields_next(const ent_xml_fields *f, uint32_t after)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->values[i].field > after) return f->values[i].field;
    return 0;
}

bool ent_xml_fields_get(const ent_xml_fields *f, uint32_t field, ent_buf *ret)
{
    uint32_t subfield = 0, item = 0;
    bool any = false;
    for (size_t i = 0; i < f->count; i++) {
        const ent_xml_value *v = &f->values[i];
        if (v->field != field) continue;
        any = true;
        for (; subfield < v->subfield; subfield++, item = 0) ent_buf_u8(ret, ENT_ITL_RS);
        for (; item < v->item; item++) ent_buf_u8(ret, ENT_ITL_US);
        ent_buf_put(ret, f->text.data + v->at, v->len);
    }
    return any;
}

/* ---- names ---- */

const char *ent_xml_namespace(const char *prefix, size_t len)
{
    static const char *const known[][2] = {{"biom", "http://niem.gov/niem/biometrics/1.0"},
                                           {"nc", "http://niem.gov/niem/niem-core/2.0"},
                                           {"itl", "http://biometrics.nist.gov/standard/2011"},
                                           {"int-i", "http://interpol.gov/int-i/1.0"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i][0]) == len && memcmp(known[i][0], prefix, len) == 0) return known[i][1];
    return known[0][1];
}

bool ent_xml_is(const xmlNode *node, const char *step, size_t len)
{
    const char *colon = memchr(step, ':', len), *name = colon ? colon + 1 : step;
    const char *ns = ent_xml_namespace(colon ? step : "biom", colon ? (size_t)(colon - step) : 4);
    len -= (size_t)(name - step);
    if (node->type != XML_ELEMENT_NODE || !node->ns || !node->ns->href || strlen((const char *)node->name) != len || memcmp(node->name, name, len) != 0) return false;
    /* some elements of biom have a twin in itl, which the schema takes in its place */
    const char *href = (const char *)node->ns->href;
    if (!colon && strcmp(href, ent_xml_namespace("itl", 3)) == 0) return true;
    /* INTERPOL's schema is of interpol.gov, its tables say interpol.int */
    return strcmp(href, ns) == 0 || (strcmp(ns, ent_xml_namespace("int-i", 5)) == 0 && strcmp(href, "http://interpol.int/int-i/1.0") == 0);
}

bool ent_xml_has_child(const void *node, const char *name)
{
    for (const xmlNode *c = ((const xmlNode *)node)->children; c; c = c->next)
        if (ent_xml_is(c, name, strlen(name))) return true;
    return false;
}

/* ---- reading a record's element ---- */

typedef struct reading {
    const ent_xml_shape *shape;
    const xmlNode *record;
    ent_xml_fields *out;
} reading;

/* A step's length, without the mark behind it. */
static size_t step_len(const char *path) { return strcspn(path, "/*+"); }

static const xmlNode *nth(const xmlNode *parent, const char *step, size_t len, size_t skip)
{
    for (const xmlNode *c = parent ? parent->children : NULL; c; c = c->next)
        if (ent_xml_is(c, step, len) && skip-- == 0) return c;
    return NULL;
}

/* The node at the path below `node` (no marks in it); the last step is the skip-th of its name. */
static const xmlNode *at_path(const xmlNode *node, const char *path, size_t skip)
{
    while (node && *path) {
        size_t len = step_len(path);
        bool last = path[len] == 0;
        node = nth(node, path, len, last ? skip : 0);
        path += len + (last ? 0 : 1);
    }
    return node;
}

/* A value without the blanks around it: printing a document adds them, and what is written has none (convert.c). */
static char *trimmed(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t n = strlen(text);
    while (n && strchr(" \t\r\n", text[n - 1])) n--;
    text[n] = 0;
    return text;
}

static bool put_text(reading *r, const ent_xml_row *row, uint32_t subfield, uint32_t item, const char *prefix, const xmlNode *node)
{
    ENT_AUTO_BUF value = ENT_BUF(ENT_LIMIT_ITL_FILE);
    xmlChar *text = xmlNodeGetContent(node);
    ent_buf_str(&value, prefix);
    bool ok = text && ent_xml_from(row->form, trimmed((char *)text), &value) && value.failed == ENT_OK;
    if (ok && (row->form == 'm' || row->form == '2')) ent_xml_fields_append(r->out, row->field, value.data, value.len);
    else if (ok && value.len) ent_xml_fields_put(r->out, row->field, subfield, item, value.data, value.len);
    xmlFree(text);
    return ok;
}

/* Vertices as "x,y-x,y". */
static bool put_polygon(reading *r, const ent_xml_row *row, uint32_t subfield, const xmlNode *polygon)
{
    ENT_AUTO_BUF value = ENT_BUF(1 << 16);
    for (const xmlNode *v = polygon->children; v; v = v->next) {
        if (!ent_xml_is(v, "ImageSegmentVertex", 18)) continue;
        const xmlNode *x = at_path(v, "ImageLocationHorizontalCoordinateMeasure", 0), *y = at_path(v, "ImageLocationVerticalCoordinateMeasure", 0);
        xmlChar *tx = x ? xmlNodeGetContent(x) : NULL, *ty = y ? xmlNodeGetContent(y) : NULL;
        if (tx && ty) ent_buf_fmt(&value, "%s%ld,%ld", value.len ? "-" : "", strtol((char *)tx, NULL, 10), strtol((char *)ty, NULL, 10));
        xmlFree(tx);
        xmlFree(ty);
    }
    if (value.failed == ENT_OK && value.len) ent_xml_fields_put(r->out, row->field, subfield, row->item, value.data, value.len);
    return value.failed == ENT_OK;
}

/* "ABC/" when the row's field has a country beside it. */
static void country_of(const reading *r, const ent_xml_row *row, char ret[8])
{
    ret[0] = 0;
    for (size_t i = 0; row->form == 'c' && i < r->shape->count; i++) {
        const ent_xml_row *c = &r->shape->rows[i];
        const xmlNode *node = c->form == 'C' && c->field == row->field ? at_path(r->record, c->path, 0) : NULL;
        xmlChar *text = node ? xmlNodeGetContent(node) : NULL;
        const char *country = text ? trimmed((char *)text) : "";
        if (strlen(country) == 3) snprintf(ret, 8, "%s/", country);
        xmlFree(text);
    }
}

/* One row below `node`; `rest` is what of its path remains. */
static bool read_below(reading *r, const ent_xml_row *row, const xmlNode *node, const char *rest, uint32_t subfield, size_t skip)
{
    char country[8];
    const char *plus = strchr(rest, '+');
    if (row->form == 'S' || row->form == 'C') return true;
    if (plus) {
        char parent[160];
        snprintf(parent, sizeof parent, "%.*s", (int)(plus - rest), rest);
        const xmlNode *vertex, *leaf;
        for (uint32_t p = 0; (vertex = at_path(node, parent, p)) && p < 1000; p++)
            if ((leaf = at_path(vertex, plus + 2, 0)) && !put_text(r, row, subfield, row->item + 2 * p, "", leaf)) return false;
        return true;
    }
    const xmlNode *leaf = *rest ? at_path(node, rest, skip) : node;
    if (!leaf) return true;
    if (row->form == 'p') return put_polygon(r, row, subfield, leaf);
    country_of(r, row, country);
    return put_text(r, row, subfield, row->item, country, leaf);
}

/* How many rows just before have the same path. */
static size_t repeated(const ent_xml_shape *s, size_t i)
{
    size_t n = 0;
    while (i > n && strcmp(s->rows[i].path, s->rows[i - 1 - n].path) == 0) n++;
    return n;
}

static bool read_starred(reading *r, size_t i, const char *star)
{
    const ent_xml_row *row = &r->shape->rows[i];
    char parent[200];
    snprintf(parent, sizeof parent, "%.*s", (int)(star - row->path), row->path);
    char *slash = strrchr(parent, '/');
    const char *step = slash ? slash + 1 : parent;
    if (slash) *slash = 0;
    const xmlNode *node = slash ? at_path(r->record, parent, 0) : r->record;
    uint32_t subfield = row->first;
    for (size_t k = 0; row->form == 'I' && k < r->out->count; k++) subfield += r->out->values[k].field == row->field;
    for (const xmlNode *c = node ? node->children : NULL; c; c = c->next) {
        if (!ent_xml_is(c, step, strlen(step))) continue;
        if (!read_below(r, row, c, star[1] == '/' ? star + 2 : "", subfield++, repeated(r->shape, i))) return false;
    }
    return true;
}

/* A column of the ridge counts (9.138) begins with "method, 0, 0": the zeros are not in the XML. */
static void fill_ridge_counts(reading *r)
{
    bool any = false;
    for (size_t i = 0; i < r->out->count; i++) any |= r->out->values[i].field == 138 && r->out->values[i].subfield == 0;
    if (r->shape->type != 9 || !any) return;
    ent_xml_fields_put(r->out, 138, 0, 1, "0", 1);
    ent_xml_fields_put(r->out, 138, 0, 2, "0", 1);
}

bool ent_xml_read_record(const xmlNode *record, const ent_xml_shape *shape, ent_xml_fields *ret, const char **ret_path)
{
    reading r = {shape, record, ret};
    for (size_t i = 0; i < shape->count; i++) {
        const ent_xml_row *row = &shape->rows[i];
        const char *star = strchr(row->path, '*');
        *ret_path = row->path;
        if (star ? !read_starred(&r, i, star) : !read_below(&r, row, record, row->path, 0, repeated(shape, i))) return false;
    }
    fill_ridge_counts(&r);
    ent_xml_fields_close(ret);
    return !ret->failed;
}
