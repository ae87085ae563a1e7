#include "entente/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
    int status;
} CODES[ENT_CODE_COUNT] = {
#define ENT_X(name, text, status) {#name, text, status},
    ENT_CODES(ENT_X)
#undef ENT_X
};

ent_code ent_fail(ent_err *err, ent_code code, const char *format, ...)
{
    if (err) {
        va_list args;
        err->code = code;
        va_start(args, format);
        vsnprintf(err->detail, sizeof err->detail, format, args);
        va_end(args);
    }
    return code;
}

ent_code ent_context(ent_err *err, ent_code code, const char *format, ...)
{
    if (err) {
        char front[sizeof err->detail], back[sizeof err->detail];
        va_list args;
        memcpy(back, err->detail, sizeof back);
        back[sizeof back - 1] = 0;
        va_start(args, format);
        vsnprintf(front, sizeof front, format, args);
        va_end(args);
        err->code = code;
        /* said already, by who found it */
        size_t said = strnlen(front, sizeof front - 1);
        if (said && strncmp(back, front, said) == 0 && back[said] == ':') return code;
        size_t n = strnlen(front, sizeof front - 1), m = strnlen(back, sizeof back - 1);
        if (n + 2 + m >= sizeof err->detail) m = n + 3 >= sizeof err->detail ? 0 : sizeof err->detail - n - 3;
        memcpy(err->detail, front, n);
        if (m) {
            memcpy(err->detail + n, ": ", 2);
            memcpy(err->detail + n + 2, back, m);
            n += 2 + m;
        }
        err->detail[n] = 0;
    }
    return code;
}

const char *ent_code_text(ent_code code)
{
    return (unsigned)code < ENT_CODE_COUNT ? CODES[code].text : "unknown outcome";
}

const char *ent_code_name(ent_code code)
{
    return (unsigned)code < ENT_CODE_COUNT ? CODES[code].name : "UNKNOWN";
}

int ent_code_exit(ent_code code)
{
    return (unsigned)code < ENT_CODE_COUNT ? CODES[code].status : 4;
}
