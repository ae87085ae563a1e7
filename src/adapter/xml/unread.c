/* What a record's element holds that no row reads is told, leaf by leaf: nothing is lost in silence. */
#include "adapter/xml/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 16 };

/* From the record's element, which is not in it, down to one node. */
typedef struct chain {
    const xmlNode *node[DEPTH];
    size_t depth;
} chain;

typedef struct telling {
    const ent_xml_shape *shape;
    const ent_itl_sink *sink;
    size_t record; /* from 1 */
} telling;

/* How many of the step's name stand before it; 4: that many and more. */
static size_t ordinal(const xmlNode *n, const char *step, size_t len)
{
    size_t before = 0;
    for (const xmlNode *p = n->prev; p && before < 4; p = p->prev) before += ent_xml_is(p, step, len);
    return before;
}

/* As the rows are read (fields.c): the first of a name, of a marked step each one; of rows with one path, one after another. */
static bool reads(const ent_xml_shape *s, size_t i, const chain *c)
{
    const char *at = s->rows[i].path;
    for (size_t k = 0; k < c->depth; k++) {
        size_t len = strcspn(at, "/*+"), before = 0;
        bool marked = at[len] == '*' || at[len] == '+', last = at[len + marked] == 0;
        if (!ent_xml_is(c->node[k], at, len)) return false;
        for (size_t p = i; last && p && strcmp(s->rows[p - 1].path, s->rows[i].path) == 0; p--) before++;
        if (!marked && ordinal(c->node[k], at, len) != before) return false;
        if (last) return k + 1 == c->depth || s->rows[i].form == 'p';
        at += len + marked + 1;
    }
    return false;
}

/* What other elements and the records themselves say. */
static bool is_said_elsewhere(const chain *c)
{
    const xmlNode *first = c->node[0], *second = c->depth > 1 ? c->node[1] : NULL;
    return ent_xml_is(first, "RecordCategoryCode", 18) || (second && ent_xml_is(first, "Transaction", 11) && ent_xml_is(second, "TransactionContentSummary", 25));
}

static void tell(const telling *t, const chain *c)
{
    ent_itl_fault f = {.record = t->record, .type = t->shape->type};
    size_t n = 0;
    for (size_t k = 0; k < c->depth && n < sizeof f.text; k++) n += (size_t)snprintf(f.text + n, sizeof f.text - n, "%s%s", k ? "/" : "not read: ", (const char *)c->node[k]->name);
    t->sink->put(t->sink->ctx, &f);
}

/* Nothing is in it, and it does not stand for what is elsewhere (structures' ref). */
static bool is_blank(const xmlNode *leaf)
{
    for (const xmlAttr *a = leaf->properties; a; a = a->next)
        if (a->ns && strcmp((const char *)a->name, "ref") == 0) return false;
    for (const xmlNode *n = leaf->children; n; n = n->next)
        for (const xmlChar *p = n->content; p && *p; p++)
            if (!isspace(*p)) return false;
    return true;
}

static void walk(const telling *t, const xmlNode *parent, chain *c)
{
    bool leaf = true;
    for (const xmlNode *n = parent->children; n && c->depth < DEPTH; n = n->next) {
        if (n->type != XML_ELEMENT_NODE) continue;
        leaf = false;
        if (ent_xml_is(n, "int-i:CustomDefinedDescriptiveDetail", 36)) continue; /* what was kept as bytes */
        c->node[c->depth++] = n;
        walk(t, n, c);
        c->depth--;
    }
    if (!leaf || c->depth == 0 || is_blank(parent) || is_said_elsewhere(c)) return;
    for (size_t i = 0; i < t->shape->count; i++)
        if (reads(t->shape, i, c)) return;
    tell(t, c);
}

void ent_xml_tell_unread(const xmlNode *record, const ent_xml_shape *shape, size_t number, const ent_itl_sink *sink)
{
    const telling t = {shape, sink, number};
    chain c = {.depth = 0};
    if (sink) walk(&t, record, &c);
}
