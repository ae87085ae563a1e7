/* A law text as a tree of values with line numbers: maps, lists and texts, nothing else. YAML is read into it by
 * adapter/yaml; regimes, agreements, programmes and the configuration are read out of it by the functions below, each
 * of which refuses with the line and with what would have been allowed.
 *
 * One owner, who frees the root; a child belongs to its parent. Reading is thread-safe once the tree is built. */
#ifndef LAW_DOC_H
#define LAW_DOC_H

#include "base/limits.h"
#include "base/when.h"
#include "entente/error.h"

#include <stdbool.h>

typedef enum ent_doc_kind { ENT_DOC_TEXT, ENT_DOC_LIST, ENT_DOC_MAP } ent_doc_kind;

typedef struct ent_doc ent_doc;
struct ent_doc {
    ent_doc_kind kind;
    unsigned line;     /* 1 is the first; of the value (its key's, for a map's member) */
    const char *name;  /* the key, in a map; "" elsewhere */
    const char *text;  /* of ENT_DOC_TEXT: UTF-8 without control characters; "" elsewhere */
    ent_doc *first, *last; /* children in the file's order */
    ent_doc *next;     /* sibling */
    size_t count;      /* children */
};

/* What reads a file's bytes into a tree (adapter/yaml's ent_yaml_read). `what` names the file in messages. ENT_FORMAT,
 * ENT_TOO_LARGE, each with its line. Rooms below the adapters are given it. */
typedef ent_code ent_doc_reader(const void *bytes, size_t len, const char *what, ent_doc **ret_doc, ent_err *err);

/* ---- building ---- */

ENT_MUST_CHECK ent_code ent_doc_new(ent_doc_kind kind, unsigned line, const char *name, const char *text,
                                    ent_doc **ret_doc, ent_err *err);
/* Appends; parent owns child afterwards. A key that is there already is ENT_FORMAT with both lines, more than
 * ENT_LIMIT_YAML_KEYS keys ENT_TOO_LARGE; the child is still the caller's then. */
ENT_MUST_CHECK ent_code ent_doc_add(ent_doc *parent, ent_doc *child, ent_err *err);
void ent_doc_free(ent_doc *root);

/* ---- reading ---- */

/* The member of that name, NULL when there is none or `map` is no map or NULL. */
const ent_doc *ent_doc_get(const ent_doc *map, const char *name);

/* `map` is a map and has no key but those of `allowed`, a list of words divided by spaces. ENT_FORMAT names the line,
 * the key and what is allowed. */
ENT_MUST_CHECK ent_code ent_doc_only(const ent_doc *map, const char *allowed, ent_err *err);

/* The member, which must be there and of that kind. */
ENT_MUST_CHECK ent_code ent_doc_need(const ent_doc *map, const char *name, ent_doc_kind kind, const ent_doc **ret_doc,
                                     ent_err *err);

/* The following read a member's value. `need` false: a member that is not there leaves the output as it was, which is
 * how defaults are given. */

/* Not empty, at most cap - 1 bytes. */
ENT_MUST_CHECK ent_code ent_doc_text(const ent_doc *map, const char *name, bool need, char *ret_text, size_t cap,
                                     ent_err *err);
/* Lower-case letters, digits, '-' and '.', beginning with a letter: names of things. */
ENT_MUST_CHECK ent_code ent_doc_word(const ent_doc *map, const char *name, bool need, char *ret_word, size_t cap,
                                     ent_err *err);
ENT_MUST_CHECK ent_code ent_doc_number(const ent_doc *map, const char *name, bool need, const int64_t range[2],
                                       int64_t *ret_number, ent_err *err);
ENT_MUST_CHECK ent_code ent_doc_bool(const ent_doc *map, const char *name, bool need, bool *ret_yes, ent_err *err);
ENT_MUST_CHECK ent_code ent_doc_date(const ent_doc *map, const char *name, bool need, ent_date *ret_date, ent_err *err);
/* "250 ms", "5 s", "15 min", "48 h", "90 days": a whole number and a unit of fixed length. At most 100 years. */
ENT_MUST_CHECK ent_code ent_doc_duration(const ent_doc *map, const char *name, bool need, int64_t *ret_ms,
                                         ent_err *err);
/* One of `choices`, a list of words divided by spaces; its position. */
ENT_MUST_CHECK ent_code ent_doc_choice(const ent_doc *map, const char *name, bool need, const char *choices,
                                       unsigned *ret_choice, ent_err *err);
/* A list of words out of `choices`, none twice; bit n is the n-th choice. At most 32 choices. */
ENT_MUST_CHECK ent_code ent_doc_choices(const ent_doc *map, const char *name, bool need, const char *choices,
                                        uint32_t *ret_bits, ent_err *err);

/* ENT_FORMAT with "line N: " in front. */
ent_code ent_doc_fail(const ent_doc *at, ent_err *err, const char *format, ...) ENT_PRINTF(3, 4);

#endif
