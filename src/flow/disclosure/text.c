/* entente-disclosure/v2: lines of words, then values with their length, so that nothing in a value can be taken for a line. */
#include "flow/disclosure/disclosure.h"

#include "base/check.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static const char *const recalls[] = {
#define ENT_X(name, text) text,
    ENT_RECALLS(ENT_X)
#undef ENT_X
};

const char *ent_recall_text(ent_recall why) { return (unsigned)why < ENT_RECALL_COUNT ? recalls[why] : ""; }

void ent_disclosed_write(const ent_disclosed_text *d, ent_buf *b)
{
    char id[ENT_ID_TEXT], reference[ENT_ID_TEXT], candidate[ENT_ID_TEXT], at[ENT_TIME_TEXT], until[ENT_DATE_TEXT];
    ent_id_text(d->id, id);
    ent_id_text(d->reference.b, reference);
    ent_id_text(d->candidate.b, candidate);
    ent_time_text(d->at, at);
    ent_date_text(d->keep_until, until);
    ent_buf_fmt(b, "entente-disclosure/v2\nid %s\nreference %s\ncandidate %s\non-behalf-of %s\nagreement %s %" PRIu32 "\nflow %s\npurpose %s\ndisclosed %s\nkeep-until %s\nvalues %zu\n",
                id, reference, candidate, *d->on_behalf_of ? d->on_behalf_of : "-", d->agreement, d->agreement_version, d->flow, d->purpose, at, until, d->count);
    for (size_t i = 0; i < d->count; i++) {
        ent_buf_fmt(b, "%s %u %zu\n", d->value[i].field, d->value[i].finger, d->value[i].len);
        ent_buf_put(b, d->value[i].value, d->value[i].len);
        ent_buf_u8(b, '\n');
    }
}

typedef struct reader {
    const char *at, *end;
} reader;

/* The next line without its newline, as a C string. False: none, or too long. */
static bool line(reader *r, char *ret, size_t cap)
{
    const char *nl = r->at < r->end ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    if (!nl || (size_t)(nl - r->at) >= cap || memchr(r->at, 0, (size_t)(nl - r->at))) return false;
    memcpy(ret, r->at, (size_t)(nl - r->at));
    ret[nl - r->at] = 0;
    r->at = nl + 1;
    return true;
}

/* A line "name word": the word. */
static bool word(reader *r, const char *name, char *ret, size_t cap)
{
    char text[160];
    size_t n = strlen(name);
    if (!line(r, text, sizeof text) || strncmp(text, name, n) != 0 || text[n] != ' ') return false;
    return snprintf(ret, cap, "%s", text + n + 1) < (int)cap;
}

static bool id_line(reader *r, const char *name, uint8_t ret[ENT_ID_SIZE])
{
    char text[64];
    return word(r, name, text, sizeof text) && ent_id_parse(text, ret);
}

static bool number(const char **at, size_t most, size_t *ret)
{
    size_t v = 0;
    const char *from = *at;
    while (**at >= '0' && **at <= '9' && *at - from < 9) v = v * 10 + (size_t)(*(*at)++ - '0');
    *ret = v;
    return *at > from && (from[0] != '0' || *at == from + 1) && v <= most;
}

static bool value(reader *r, ent_disclosed_value *ret)
{
    char text[64];
    size_t finger;
    if (!line(r, text, sizeof text)) return false;
    char *space = strchr(text, ' ');
    if (!space || space == text || (size_t)(space - text) >= sizeof ret->field) return false;
    *space = 0;
    snprintf(ret->field, sizeof ret->field, "%.*s", (int)sizeof ret->field - 1, text);
    const char *at = space + 1;
    if (!number(&at, 10, &finger) || *at++ != ' ' || !number(&at, ENT_DISCLOSED_MAX, &ret->len) || *at) return false;
    if ((size_t)(r->end - r->at) < ret->len + 1 || r->at[ret->len] != '\n') return false;
    ret->finger = (uint8_t)finger;
    ret->value = r->at;
    r->at += ret->len + 1;
    return true;
}

static bool known_field(const char *name)
{
    for (int f = 0; f < ENT_FIELD_COUNT; f++)
        if (strcmp(ent_field_text((ent_field)f), name) == 0) return true;
    return false;
}

static bool head(reader *r, ent_disclosed_text *d)
{
    char text[160];
    size_t version;
    if (!line(r, text, sizeof text)) return false;
    bool first = strcmp(text, "entente-disclosure/v1") == 0; /* as kept before: one candidate, for the requester itself */
    if (!first && strcmp(text, "entente-disclosure/v2") != 0) return false;
    if (!id_line(r, "id", d->id) || !id_line(r, "reference", d->reference.b)) return false;
    d->candidate = d->reference;
    if (!first && (!id_line(r, "candidate", d->candidate.b) || !word(r, "on-behalf-of", d->on_behalf_of, sizeof d->on_behalf_of))) return false;
    if (strcmp(d->on_behalf_of, "-") == 0) d->on_behalf_of[0] = 0;
    if (!word(r, "agreement", text, sizeof text)) return false;
    char *space = strchr(text, ' ');
    if (!space || (size_t)(space - text) >= sizeof d->agreement) return false;
    *space = 0;
    snprintf(d->agreement, sizeof d->agreement, "%.*s", (int)sizeof d->agreement - 1, text);
    const char *at = space + 1;
    if (!number(&at, 999999999, &version) || *at) return false;
    d->agreement_version = (uint32_t)version;
    if (!word(r, "flow", d->flow, sizeof d->flow) || !word(r, "purpose", d->purpose, sizeof d->purpose)) return false;
    if (!word(r, "disclosed", text, sizeof text) || !ent_time_parse(text, &d->at)) return false;
    if (!word(r, "keep-until", text, sizeof text) || !ent_date_parse(text, &d->keep_until)) return false;
    if (!word(r, "values", text, sizeof text)) return false;
    at = text;
    return number(&at, ENT_DISCLOSED_VALUES, &d->count) && !*at;
}

ent_code ent_disclosed_read(const void *text, size_t len, ent_disclosed_text *ret, ent_err *err)
{
    reader r = {text, (const char *)text + len};
    ent_disclosed_text d = {0};
    if (!len || !head(&r, &d)) return ent_fail(err, ENT_FORMAT, "no disclosure: its first lines are not as they must be");
    for (size_t i = 0; i < d.count; i++)
        if (!value(&r, &d.value[i]) || !known_field(d.value[i].field)) return ent_fail(err, ENT_FORMAT, "value %zu of a disclosure cannot be read", i + 1);
    if (r.at != r.end) return ent_fail(err, ENT_FORMAT, "%zu bytes after the end of a disclosure", (size_t)(r.end - r.at));
    *ret = d;
    return ENT_OK;
}
