/* What HTTP on loopback needs beyond the acts: whose page a request comes from, and the headers that keep a browser narrow. */
#ifndef API_DESK_HTTP_H
#define API_DESK_HTTP_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "127.0.0.1" or "localhost", alone or with a port: whoever resolves another name to this machine (DNS rebinding) sends that name. */
bool ent_http_local_host(const char *host);
/* The page that asks was served by this node: Origin is "http://" and the very Host that was asked. */
bool ent_http_own_origin(const char *origin, const char *host);
/* The value of one cookie in a Cookie header. False: not there, or longer than cap - 1. */
bool ent_http_cookie(const char *header, const char *name, char *ret, size_t cap);
/* Headers of every answer; `page` adds the Content-Security-Policy of the console. */
void ent_http_harden(struct MHD_Response *r, bool page);

/* A bucket that fills at `per_second` up to `burst`; zeroed, it is full. The caller's lock. False: nothing is left, come later. */
typedef struct ent_rate {
    int64_t level, last_ms; /* thousandths of a request that were taken */
} ent_rate;

bool ent_rate_take(ent_rate *r, int64_t now_ms, unsigned per_second, unsigned burst);

#endif
