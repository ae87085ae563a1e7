#include "api/desk/http.h"

#include <stdio.h>
#include <string.h>

bool ent_http_local_host(const char *host)
{
    static const char *const names[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; host && i < 2; i++) {
        size_t n = strlen(names[i]);
        if (strncmp(host, names[i], n) != 0) continue;
        if (!host[n]) return true;
        size_t digits = host[n] == ':' ? strspn(host + n + 1, "0123456789") : 0;
        if (digits && digits <= 5 && !host[n + 1 + digits]) return true;
    }
    return false;
}

bool ent_http_own_origin(const char *origin, const char *host)
{
    return origin && ent_http_local_host(host) && strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0;
}

bool ent_http_cookie(const char *header, const char *name, char *ret, size_t cap)
{
    size_t n = strlen(name);
    for (const char *p = header; p && *p; p = strchr(p, ';') ? strchr(p, ';') + 1 : NULL) {
        p += strspn(p, " ");
        if (strncmp(p, name, n) != 0 || p[n] != '=') continue;
        size_t len = strcspn(p + n + 1, "; ");
        if (len >= cap) return false;
        memcpy(ret, p + n + 1, len);
        ret[len] = 0;
        return true;
    }
    return false;
}

/* No script, style, font or connection but this node's own; no frame around the page, no form, no string becomes script. */
#define POLICY                                                                                                         \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "         \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

void ent_http_harden(struct MHD_Response *r, bool page)
{
    static const char *const headers[][2] = {
        {"X-Content-Type-Options", "nosniff"},           {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"}, {"Cross-Origin-Opener-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) MHD_add_response_header(r, headers[i][0], headers[i][1]);
    if (!page) return;
    MHD_add_response_header(r, "Content-Security-Policy", POLICY);
    MHD_add_response_header(r, "Permissions-Policy", "camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()");
}

bool ent_rate_take(ent_rate *r, int64_t now_ms, unsigned per_second, unsigned burst)
{
    int64_t passed = now_ms > r->last_ms ? now_ms - r->last_ms : 0, drained = passed > 3600000 ? INT64_MAX / 2 : passed * per_second;
    r->level = r->level > drained ? r->level - drained : 0;
    r->last_ms = now_ms;
    if (r->level + 1000 > (int64_t)burst * 1000) return false;
    r->level += 1000;
    return true;
}
