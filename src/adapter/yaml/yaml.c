/* Walks libyaml's events, which carry line numbers and show everything that is to be refused (its document API and
 * libcyaml would resolve or drop it). */
#include "adapter/yaml/yaml.h"

#include "base/check.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool held;              /* `event` must be deleted */
    const char *what;
    size_t nodes;
    ent_doc *open[ENT_LIMIT_YAML_DEPTH]; /* collections that have begun */
    size_t depth;
    ent_doc *root;
    char *key;              /* of the next member, NULL when a key is expected */
    unsigned key_line;
} reader;

static unsigned line_of(const reader *r) { return (unsigned)r->event.start_mark.line + 1; }

static ent_code refuse(const reader *r, ent_err *err, const char *why)
{
    return ent_fail(err, ENT_FORMAT, "%s line %u: %s", r->what, line_of(r), why);
}

static ent_code next_event(reader *r, ent_err *err)
{
    if (r->held) yaml_event_delete(&r->event);
    r->held = false;
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        if (r->parser.error == YAML_MEMORY_ERROR) return ent_fail(err, ENT_NO_MEMORY, "%s: no memory", r->what);
        return ent_fail(err, ENT_FORMAT, "%s line %zu: %s", r->what, r->parser.problem_mark.line + 1,
                        r->parser.problem ? r->parser.problem : "not YAML");
    }
    r->held = true;
    return ENT_OK;
}

/* The scalar as a C string without control characters. */
static ent_code scalar_text(const reader *r, const char **ret_text, ent_err *err)
{
    const unsigned char *p = r->event.data.scalar.value;
    size_t n = r->event.data.scalar.length;
    for (size_t i = 0; i < n; i++)
        if ((p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') || p[i] == 0x7f)
            return refuse(r, err, "a control character in a value");
    if (!ent_utf8_valid(p, n)) return refuse(r, err, "a value that is not UTF-8");
    *ret_text = (const char *)p;
    return ENT_OK;
}

static ent_code take_key(reader *r, ent_err *err)
{
    const char *text;
    if (r->event.type != YAML_SCALAR_EVENT) return refuse(r, err, "a key must be plain text");
    ENT_TRY(scalar_text(r, &text, err));
    if (!*text || strlen(text) > 64 || strcmp(text, "<<") == 0)
        return refuse(r, err, "a key must have 1 to 64 bytes and not be \"<<\"");
    r->key = strdup(text);
    r->key_line = line_of(r);
    return r->key ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "%s: no memory", r->what);
}

static bool expects_key(const reader *r)
{
    return r->depth > 0 && r->open[r->depth - 1]->kind == ENT_DOC_MAP && !r->key;
}

/* Puts a value where it belongs: under its key, into the open list, or at the top. */
static ent_code place(reader *r, ent_doc_kind kind, const char *text, ent_err *err)
{
    if (++r->nodes > ENT_LIMIT_YAML_NODES)
        return ent_fail(err, ENT_TOO_LARGE, "%s line %u: more than %d values", r->what, line_of(r),
                        ENT_LIMIT_YAML_NODES);
    bool deep = kind != ENT_DOC_TEXT && r->depth == ENT_LIMIT_YAML_DEPTH;
    if (deep) return ent_fail(err, ENT_TOO_LARGE, "%s line %u: nested deeper than %d", r->what, line_of(r),
                              ENT_LIMIT_YAML_DEPTH);
    ent_doc *d;
    ENT_TRY(ent_doc_new(kind, r->key ? r->key_line : line_of(r), r->key ? r->key : "", text, &d, err));
    ent_code code = ENT_OK;
    if (r->depth == 0)
        r->root = d;
    else
        code = ent_doc_add(r->open[r->depth - 1], d, err);
    if (code != ENT_OK) {
        ent_doc_free(d);
        return ent_context(err, code, "%s", r->what);
    }
    free(r->key);
    r->key = NULL;
    if (kind != ENT_DOC_TEXT) r->open[r->depth++] = d;
    return ENT_OK;
}

static ent_code take_scalar(reader *r, ent_err *err)
{
    if (r->event.data.scalar.anchor) return refuse(r, err, "anchors are not allowed");
    if (r->event.data.scalar.tag) return refuse(r, err, "tags are not allowed");
    if (expects_key(r)) return take_key(r, err);
    const char *text;
    ENT_TRY(scalar_text(r, &text, err));
    return place(r, ENT_DOC_TEXT, text, err);
}

static ent_code take_collection(reader *r, ent_doc_kind kind, bool anchor, bool tag, ent_err *err)
{
    if (anchor) return refuse(r, err, "anchors are not allowed");
    if (tag) return refuse(r, err, "tags are not allowed");
    if (expects_key(r)) return refuse(r, err, "a key must be plain text");
    return place(r, kind, "", err);
}

static ent_code take_event(reader *r, ent_err *err)
{
    const yaml_event_t *e = &r->event;
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(r, err);
    case YAML_SEQUENCE_START_EVENT:
        return take_collection(r, ENT_DOC_LIST, e->data.sequence_start.anchor, e->data.sequence_start.tag, err);
    case YAML_MAPPING_START_EVENT:
        return take_collection(r, ENT_DOC_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        ENT_INVARIANT(r->depth > 0);
        r->depth--;
        return ENT_OK;
    case YAML_ALIAS_EVENT:
        return refuse(r, err, "aliases are not allowed");
    default:
        return refuse(r, err, "unexpected here");
    }
}

static ent_code begin_document(reader *r, ent_err *err)
{
    ENT_TRY(next_event(r, err)); /* the stream's start */
    ENT_TRY(next_event(r, err));
    if (r->event.type == YAML_STREAM_END_EVENT) return ent_fail(err, ENT_FORMAT, "%s: empty", r->what);
    ENT_INVARIANT(r->event.type == YAML_DOCUMENT_START_EVENT);
    bool directive = r->event.data.document_start.version_directive ||
                     r->event.data.document_start.tag_directives.start != r->event.data.document_start.tag_directives.end;
    return directive ? refuse(r, err, "directives are not allowed") : ENT_OK;
}

static ent_code read_document(reader *r, ent_err *err)
{
    ENT_TRY(begin_document(r, err));
    do {
        ENT_TRY(next_event(r, err));
        ENT_TRY(take_event(r, err));
    } while (r->depth > 0);
    if (r->root->kind == ENT_DOC_TEXT) return ent_fail(err, ENT_FORMAT, "%s: no keys in it", r->what);
    ENT_TRY(next_event(r, err)); /* the document's end */
    ENT_TRY(next_event(r, err));
    return r->event.type == YAML_STREAM_END_EVENT ? ENT_OK : refuse(r, err, "a second document");
}

ent_code ent_yaml_read(const void *bytes, size_t len, const char *what, ent_doc **ret_doc, ent_err *err)
{
    if (len > ENT_LIMIT_YAML_FILE)
        return ent_fail(err, ENT_TOO_LARGE, "%s: more than %d bytes", what, ENT_LIMIT_YAML_FILE);
    if (len == 0) return ent_fail(err, ENT_FORMAT, "%s: empty", what);
    reader r = {.what = what};
    if (!yaml_parser_initialize(&r.parser)) return ent_fail(err, ENT_NO_MEMORY, "%s: no memory", what);
    /* UTF-8 only: without this, a byte order mark would choose UTF-16. */
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, bytes, len);
    ent_code code = read_document(&r, err);
    if (r.held) yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    free(r.key);
    if (code == ENT_OK)
        *ret_doc = r.root;
    else
        ent_doc_free(r.root);
    return code;
}
