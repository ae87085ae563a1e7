#include "law/doc.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)86400000)

ent_code ent_doc_fail(const ent_doc *at, ent_err *err, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return ent_fail(err, ENT_FORMAT, "line %u: %s", at ? at->line : 1, text);
}

/* ---- building ---- */

ent_code ent_doc_new(ent_doc_kind kind, unsigned line, const char *name, const char *text, ent_doc **ret_doc,
                     ent_err *err)
{
    size_t name_size = strlen(name) + 1, text_size = strlen(text) + 1;
    ent_doc *d = calloc(1, sizeof *d + name_size + text_size);
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "line %u: no memory for a value", line);
    char *texts = (char *)(d + 1);
    memcpy(texts, name, name_size);
    memcpy(texts + name_size, text, text_size);
    *d = (ent_doc){.kind = kind, .line = line, .name = texts, .text = texts + name_size};
    *ret_doc = d;
    return ENT_OK;
}

ent_code ent_doc_add(ent_doc *parent, ent_doc *child, ent_err *err)
{
    ENT_PRE(parent->kind != ENT_DOC_TEXT && !child->next);
    const ent_doc *twin = parent->kind == ENT_DOC_MAP ? ent_doc_get(parent, child->name) : NULL;
    if (twin)
        return ent_doc_fail(child, err, "key \"%.60s\" stands twice, first in line %u", child->name, twin->line);
    if (parent->kind == ENT_DOC_MAP && parent->count == ENT_LIMIT_YAML_KEYS)
        return ent_fail(err, ENT_TOO_LARGE, "line %u: more than %d keys", child->line, ENT_LIMIT_YAML_KEYS);
    *(parent->last ? &parent->last->next : &parent->first) = child;
    parent->last = child;
    parent->count++;
    return ENT_OK;
}

void ent_doc_free(ent_doc *root)
{
    /* Depth is bounded by the reader (ENT_LIMIT_YAML_DEPTH); siblings are walked, not recursed into. */
    while (root) {
        ent_doc *next = root->next;
        ent_doc_free(root->first);
        free(root);
        root = next;
    }
}

/* ---- lists of words ---- */

/* The n-th word of a list divided by spaces; its length, 0 past the last. */
static size_t nth_word(const char *words, unsigned n, const char **ret_word)
{
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (n-- == 0) {
            *ret_word = p;
            return len;
        }
        p += len;
        p += strspn(p, " ");
    }
    return 0;
}

static bool find_word(const char *words, const char *text, unsigned *ret_n)
{
    const char *word;
    size_t len;
    for (unsigned n = 0; (len = nth_word(words, n, &word)) > 0; n++) {
        if (strlen(text) != len || memcmp(word, text, len) != 0) continue;
        *ret_n = n;
        return true;
    }
    return false;
}

/* ---- reading ---- */

const ent_doc *ent_doc_get(const ent_doc *map, const char *name)
{
    if (!map || map->kind != ENT_DOC_MAP) return NULL;
    for (const ent_doc *d = map->first; d; d = d->next)
        if (strcmp(d->name, name) == 0) return d;
    return NULL;
}

ent_code ent_doc_only(const ent_doc *map, const char *allowed, ent_err *err)
{
    if (map->kind != ENT_DOC_MAP) return ent_doc_fail(map, err, "expected keys (%s), found something else", allowed);
    unsigned n;
    for (const ent_doc *d = map->first; d; d = d->next)
        if (!find_word(allowed, d->name, &n))
            return ent_doc_fail(d, err, "unknown key \"%.60s\"; allowed here: %s", d->name, allowed);
    return ENT_OK;
}

static const char *kind_text(ent_doc_kind kind)
{
    static const char *const text[] = {"a plain value", "a list", "keys with values"};
    return text[kind];
}

ent_code ent_doc_need(const ent_doc *map, const char *name, ent_doc_kind kind, const ent_doc **ret_doc, ent_err *err)
{
    const ent_doc *d = ent_doc_get(map, name);
    if (!d) return ent_doc_fail(map, err, "\"%s\" is missing", name);
    if (d->kind != kind) return ent_doc_fail(d, err, "\"%s\" must be %s", name, kind_text(kind));
    *ret_doc = d;
    return ENT_OK;
}

/* The member as a text; *ret_doc is NULL when it is not there and need not be. */
static ent_code plain(const ent_doc *map, const char *name, bool need, const ent_doc **ret_doc, ent_err *err)
{
    *ret_doc = NULL;
    if (!need && !ent_doc_get(map, name)) return ENT_OK;
    const ent_doc *d;
    ENT_TRY(ent_doc_need(map, name, ENT_DOC_TEXT, &d, err));
    if (!*d->text) return ent_doc_fail(d, err, "\"%s\" is empty", name);
    *ret_doc = d;
    return ENT_OK;
}

ent_code ent_doc_text(const ent_doc *map, const char *name, bool need, char *ret_text, size_t cap, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(plain(map, name, need, &d, err));
    if (!d) return ENT_OK;
    size_t len = strlen(d->text);
    if (len >= cap) return ent_doc_fail(d, err, "\"%s\" is longer than %zu bytes", name, cap - 1);
    memcpy(ret_text, d->text, len + 1);
    return ENT_OK;
}

static bool is_word(const char *text)
{
    if (*text < 'a' || *text > 'z') return false;
    for (const char *p = text; *p; p++) {
        bool ok = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '.';
        if (!ok) return false;
    }
    return true;
}

ent_code ent_doc_word(const ent_doc *map, const char *name, bool need, char *ret_word, size_t cap, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(plain(map, name, need, &d, err));
    if (!d) return ENT_OK;
    if (!is_word(d->text))
        return ent_doc_fail(d, err, "\"%s\" must be a name of lower-case letters, digits, '-' and '.', beginning with a "
                                    "letter", name);
    return ent_doc_text(map, name, need, ret_word, cap, err);
}

/* Decimal digits only; false when there is anything else or more than 15 of them. */
static bool digits(const char *text, size_t len, int64_t *ret_number)
{
    if (len == 0 || len > 15) return false;
    int64_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        n = n * 10 + (text[i] - '0'); /* under 10^15 */
    }
    *ret_number = n;
    return true;
}

ent_code ent_doc_number(const ent_doc *map, const char *name, bool need, const int64_t range[2], int64_t *ret_number,
                        ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(plain(map, name, need, &d, err));
    if (!d) return ENT_OK;
    int64_t n;
    if (!digits(d->text, strlen(d->text), &n) || n < range[0] || n > range[1])
        return ent_doc_fail(d, err, "\"%s\" must be a whole number from %lld to %lld", name, (long long)range[0],
                            (long long)range[1]);
    *ret_number = n;
    return ENT_OK;
}

ent_code ent_doc_bool(const ent_doc *map, const char *name, bool need, bool *ret_yes, ent_err *err)
{
    unsigned choice = *ret_yes ? 1 : 0;
    ENT_TRY(ent_doc_choice(map, name, need, "false true", &choice, err));
    *ret_yes = choice == 1;
    return ENT_OK;
}

ent_code ent_doc_date(const ent_doc *map, const char *name, bool need, ent_date *ret_date, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(plain(map, name, need, &d, err));
    if (!d) return ENT_OK;
    if (!ent_date_parse(d->text, ret_date))
        return ent_doc_fail(d, err, "\"%s\" must be a date as 2026-03-10, on a day that exists", name);
    return ENT_OK;
}

ent_code ent_doc_duration(const ent_doc *map, const char *name, bool need, int64_t *ret_ms, ent_err *err)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{" ms", 1},          {" s", 1000},        {" min", 60000},   {" h", 3600000},
                 {" hours", 3600000}, {" days", DAY_MS},   {" day", DAY_MS}};
    const ent_doc *d;
    ENT_TRY(plain(map, name, need, &d, err));
    if (!d) return ENT_OK;
    size_t number = strspn(d->text, "0123456789");
    int64_t n;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(d->text + number, units[i].unit) != 0 || !digits(d->text, number, &n)) continue;
        if (n > 36525 * DAY_MS / units[i].ms) break;
        *ret_ms = n * units[i].ms; /* at most 100 years */
        return ENT_OK;
    }
    return ent_doc_fail(d, err, "\"%s\" must be a time as \"5 s\", \"15 min\", \"48 h\" or \"90 days\"", name);
}

ent_code ent_doc_choice(const ent_doc *map, const char *name, bool need, const char *choices, unsigned *ret_choice,
                        ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(plain(map, name, need, &d, err));
    if (!d) return ENT_OK;
    if (!find_word(choices, d->text, ret_choice))
        return ent_doc_fail(d, err, "\"%s\" is \"%.40s\"; allowed: %s", name, d->text, choices);
    return ENT_OK;
}

ent_code ent_doc_choices(const ent_doc *map, const char *name, bool need, const char *choices, uint32_t *ret_bits,
                         ent_err *err)
{
    if (!need && !ent_doc_get(map, name)) return ENT_OK;
    const ent_doc *list;
    ENT_TRY(ent_doc_need(map, name, ENT_DOC_LIST, &list, err));
    uint32_t bits = 0;
    for (const ent_doc *d = list->first; d; d = d->next) {
        unsigned n;
        if (d->kind != ENT_DOC_TEXT || !find_word(choices, d->text, &n))
            return ent_doc_fail(d, err, "\"%.40s\" in \"%s\"; allowed: %s", d->text, name, choices);
        ENT_PRE(n < 32);
        if (bits & (1u << n)) return ent_doc_fail(d, err, "\"%s\" stands twice in \"%s\"", d->text, name);
        bits |= 1u << n;
    }
    *ret_bits = bits;
    return ENT_OK;
}
