#include "port/problem.h"

#include "base/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char urn[] = "urn:entente:";

int ent_problem_status(ent_code code)
{
    switch (code) {
    case ENT_OK:
    case ENT_NO_HIT: return 200;
    case ENT_FORMAT:
    case ENT_USAGE: return 400;
    case ENT_SIGNATURE:
    case ENT_STALE: return 401;
    case ENT_REFUSED:
    case ENT_DENIED: return 403;
    case ENT_NOT_FOUND: return 404;
    case ENT_EXISTS:
    case ENT_CONFLICT:
    case ENT_REPLAY: return 409;
    case ENT_GONE: return 410;
    case ENT_TOO_LARGE: return 413;
    case ENT_UNSUPPORTED: return 415;
    case ENT_QUALITY:
    case ENT_SANDBOX: return 422;
    case ENT_QUOTA: return 429;
    case ENT_BUSY:
    case ENT_NO_SPACE: return 503;
    case ENT_TIMEOUT: return 504;
    default: return 500;
    }
}

/* ---- writing ---- */

static void put_text(ent_buf *b, const char *name, const char *text)
{
    ent_buf_fmt(b, ",\"%s\":\"", name);
    for (; *text; text++) {
        char c = *text >= 0x20 && *text <= 0x7e ? *text : '?';
        if (c == '"' || c == '\\') ent_buf_u8(b, '\\');
        ent_buf_u8(b, (uint8_t)c);
    }
    ent_buf_u8(b, '"');
}

void ent_problem_type(ent_code code, char ret_urn[ENT_PROBLEM_URN])
{
    snprintf(ret_urn, ENT_PROBLEM_URN, "%s%s", urn, ent_code_name(code));
    for (char *c = ret_urn; *c; c++) *c = (char)(*c == '_' ? '-' : *c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
}

void ent_problem_write(const ent_problem *problem, ent_buf *ret_json)
{
    char type[ENT_PROBLEM_URN];
    ent_problem_type(problem->code, type);
    ent_buf_fmt(ret_json, "{\"status\":%d", problem->status);
    put_text(ret_json, "type", type);
    put_text(ret_json, "title", ent_code_text(problem->code));
    if (*problem->clause) put_text(ret_json, "clause", problem->clause);
    put_text(ret_json, "detail", problem->detail);
    ent_buf_str(ret_json, "}");
}

/* ---- reading: one flat JSON object (RFC 8259) of texts, numbers and literals ---- */

typedef struct scan {
    const char *p, *end;
} scan;

static void skip_space(scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t')) s->p++;
}

static bool take(scan *s, char c)
{
    skip_space(s);
    if (s->p == s->end || *s->p != c) return false;
    s->p++;
    return true;
}

/* A text, cut to cap - 1 bytes; escapes other than quote and backslash become '?'. */
static bool take_text(scan *s, char *ret_text, size_t cap)
{
    size_t n = 0;
    if (!take(s, '"')) return false;
    while (s->p < s->end && *s->p != '"') {
        char c = *s->p++;
        if (c == '\\') {
            if (s->p == s->end) return false;
            c = *s->p++;
            if (c != '"' && c != '\\' && c != '/') c = '?';
        }
        if (c < 0x20 || c > 0x7e) c = '?';
        if (n + 1 < cap) ret_text[n++] = c;
    }
    ret_text[n] = 0;
    return take(s, '"');
}

/* Anything that is neither text, object nor list. */
static bool take_plain(scan *s, char *ret_text, size_t cap)
{
    skip_space(s);
    size_t n = 0;
    while (s->p < s->end && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *s->p) && *s->p) {
        if (n + 1 == cap) return false;
        ret_text[n++] = *s->p++;
    }
    ret_text[n] = 0;
    return n > 0;
}

static ent_code code_of(const char *type)
{
    if (strncmp(type, urn, sizeof urn - 1) != 0) return ENT_OK; /* no problem of ours */
    char name[40];
    snprintf(name, sizeof name, "%.39s", type + sizeof urn - 1);
    for (char *p = name; *p; p++)
        if (*p == '-') *p = '_';
    for (int c = 1; c < ENT_CODE_COUNT; c++)
        if (strcasecmp(name, ent_code_name((ent_code)c)) == 0) return (ent_code)c;
    return ENT_INTERNAL; /* a later version's word: refused all the same */
}

static bool take_member(scan *s, ent_problem *p)
{
    char name[32], value[sizeof p->detail];
    if (!take_text(s, name, sizeof name) || !take(s, ':')) return false;
    skip_space(s);
    bool text = s->p < s->end && *s->p == '"';
    if (text ? !take_text(s, value, sizeof value) : !take_plain(s, value, sizeof value)) return false;
    if (strcmp(name, "type") == 0) p->code = code_of(value);
    if (strcmp(name, "clause") == 0) snprintf(p->clause, sizeof p->clause, "%.63s", value);
    if (strcmp(name, "detail") == 0) snprintf(p->detail, sizeof p->detail, "%s", value);
    if (strcmp(name, "status") == 0) p->status = text ? 0 : atoi(value);
    return true;
}

ent_code ent_problem_read(const void *json, size_t len, ent_problem *ret_problem, ent_err *err)
{
    ent_problem p = {.code = ENT_OK};
    scan s = {.p = json, .end = (const char *)json + len};
    bool ok = take(&s, '{');
    for (bool more = ok; more; more = take(&s, ','))
        if (!(ok = take_member(&s, &p))) break;
    ok = ok && take(&s, '}');
    skip_space(&s);
    if (!ok || s.p != s.end || p.code == ENT_OK)
        return ent_fail(err, ENT_FORMAT, "the refusal is no problem object of Entente's (RFC 9457)");
    *ret_problem = p;
    return ENT_OK;
}
