#include "api/desk/desk.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/wipe.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <unistd.h>

enum { NONCES = 32768, WINDOW_MS = 60000 };

struct ent_desk {
    struct MHD_Daemon *socket, *loopback;
    ent_desk_node node;
    ent_clock clock;
    char path[108];
    pthread_mutex_t lock;
    struct {
        char nonce[33];
        int64_t ms;
    } seen[NONCES]; /* of the last minute: a request is taken once */
    size_t next;
};

/* One request while its body comes in. */
typedef struct pending {
    ent_buf body;
    char query[32768];
    char act[64];
    bool begun, too_large;
} pending;

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *text)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", "application/json");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    enum MHD_Result queued = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return queued;
}

static unsigned status_of(ent_code code)
{
    switch (code) {
    case ENT_USAGE: case ENT_FORMAT: return 400;
    case ENT_DENIED: case ENT_REFUSED: case ENT_SIGNATURE: return 403;
    case ENT_NOT_FOUND: return 404;
    case ENT_EXISTS: case ENT_CONFLICT: case ENT_REPLAY: return 409;
    case ENT_GONE: return 410;
    case ENT_TOO_LARGE: return 413;
    case ENT_QUOTA: return 429;
    case ENT_NO_SPACE: case ENT_BUSY: case ENT_UNREACHABLE: return 503;
    case ENT_TIMEOUT: return 504;
    default: return 500;
    }
}

static enum MHD_Result answer_error(struct MHD_Connection *c, const ent_err *err)
{
    json_t *json = json_pack("{s:s,s:s}", "error", ent_code_name(err->code), "detail", err->detail);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    enum MHD_Result queued = answer(c, status_of(err->code), text ? text : "{\"error\":\"INTERNAL\",\"detail\":\"\"}");
    free(text);
    json_decref(json);
    return queued;
}

/* ---- who asks ---- */

static bool fresh_nonce(ent_desk *d, const char *nonce, int64_t now)
{
    bool fresh = strlen(nonce) == 32;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < NONCES && fresh; i++)
        fresh = d->seen[i].ms + 2 * WINDOW_MS < now || strcmp(d->seen[i].nonce, nonce) != 0;
    if (fresh && d->seen[d->next].ms + 2 * WINDOW_MS > now) fresh = false; /* more requests a minute than can be remembered */
    if (fresh) {
        snprintf(d->seen[d->next].nonce, sizeof d->seen[d->next].nonce, "%s", nonce);
        d->seen[d->next].ms = now;
        d->next = (d->next + 1) % NONCES;
    }
    pthread_mutex_unlock(&d->lock);
    return fresh;
}

static ent_code authenticate(ent_desk *d, struct MHD_Connection *c, const pending *p, ent_actor *ret_actor, bool *ret_somebody, ent_err *err)
{
    const char *header = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Entente-As");
    char name[ENT_PERSON_NAME], nonce[40], base64[100];
    long long ms;
    uint8_t signature[ENT_SIGNATURE_SIZE];
    size_t got;
    *ret_somebody = header != NULL;
    if (!header) return ENT_OK;
    if (sscanf(header, "%63s %lld %39s %99s", name, &ms, nonce, base64) != 4 || !ent_unbase64(base64, strlen(base64), signature, 64, &got) || got != 64)
        return ent_fail(err, ENT_SIGNATURE, "the header Entente-As is not in the form of docs/protocol/desk.md");
    int64_t now = d->clock.now(d->clock.self).ms;
    if (ms < now - WINDOW_MS || ms > now + WINDOW_MS) return ent_fail(err, ENT_STALE, "the request was signed more than a minute ago or ahead: check the clock");
    ENT_AUTO_BUF text = ENT_BUF(65536);
    ENT_TRY(ent_desk_text(p->act, p->query, name, ms, nonce, p->body.data ? p->body.data : (const uint8_t *)"", p->body.len, &text, err));
    if (ent_flow_person(d->node.flow, name, ret_actor, NULL) != ENT_OK) return ent_fail(err, ENT_SIGNATURE, "nobody here is called \"%s\", or the signature is not theirs", name);
    bool good = ent_sign_verify(&ret_actor->key, text.data, text.len, signature) ||
                (ret_actor->old_until_ms > now && ent_sign_verify(&ret_actor->old_key, text.data, text.len, signature));
    if (!good) return ent_fail(err, ENT_SIGNATURE, "nobody here is called \"%s\", or the signature is not theirs", name);
    if (ret_actor->expires_ms < now) return ent_fail(err, ENT_DENIED, "the key of %s has expired: a custodian adds a new one", name);
    if (!fresh_nonce(d, nonce, now)) return ent_fail(err, ENT_REPLAY, "this request was made before");
    return ENT_OK;
}

/* ---- one request ---- */

static enum MHD_Result keep_param(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    json_object_set_new(ctx, key, json_string(value ? value : ""));
    return MHD_YES;
}

static enum MHD_Result finish(ent_desk *d, struct MHD_Connection *c, pending *p)
{
    ent_err err = {0};
    ent_actor actor;
    bool somebody = false;
    json_t *params = json_object(), *out = NULL;
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, keep_param, params);
    ent_code code = p->too_large ? ent_fail(&err, ENT_TOO_LARGE, "a body of at most %d bytes is taken", ENT_LIMIT_ITL_FILE)
                                 : authenticate(d, c, p, &actor, &somebody, &err);
    ent_desk_request r = {.act = p->act, .params = params, .body = p->body.data ? p->body.data : (const uint8_t *)"", .len = p->body.len};
    if (code == ENT_OK && somebody) r.by = &actor;
    if (code == ENT_OK && !somebody && ent_desk_needs_person(p->act)) code = ent_fail(&err, ENT_DENIED, "\"%s\" is done by a person: use --as NAME", p->act);
    if (code == ENT_OK) code = ent_desk_act(&d->node, &r, &out, &err);
    enum MHD_Result queued;
    if (code == ENT_OK) {
        char *text = json_dumps(out, JSON_COMPACT);
        queued = answer(c, 200, text ? text : "{}");
        free(text);
    } else {
        err.code = code;
        queued = answer_error(c, &err);
    }
    json_decref(out);
    json_decref(params);
    return queued;
}

/* A page in a browser must not reach the interface by guessing its port: only these hosts, no foreign origin. */
static bool local_host(struct MHD_Connection *c)
{
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    const char *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
    return !origin && host && (strncmp(host, "localhost", 9) == 0 || strncmp(host, "127.0.0.1", 9) == 0);
}

static enum MHD_Result handle(void *ctx, struct MHD_Connection *c, const char *url, const char *method, const char *version,
                              const char *data, size_t *size, void **state)
{
    ent_desk *d = ctx;
    pending *p = *state;
    (void)version;
    if (!p) return MHD_NO; /* out of memory in keep_query */
    if (!p->begun) {       /* the headers are there, the body is not */
        p->begun = true;
        return MHD_YES;
    }
    if (*size) {
        ent_buf_put(&p->body, data, *size);
        p->too_large = p->too_large || p->body.failed != ENT_OK;
        *size = 0;
        return MHD_YES;
    }
    ent_err err = {0};
    if (strcmp(method, "POST") != 0 || strncmp(url, "/v1/", 4) != 0 || strlen(url + 4) >= sizeof p->act) {
        (void)ent_fail(&err, ENT_NOT_FOUND, "POST /v1/ACT is what this interface takes");
        return answer_error(c, &err);
    }
    if (!local_host(c)) {
        (void)ent_fail(&err, ENT_DENIED, "requests come from this machine and from no web page");
        return answer_error(c, &err);
    }
    snprintf(p->act, sizeof p->act, "%s", url + 4);
    return finish(d, c, p);
}

/* The query as it was sent: it is part of what is signed. */
static void *keep_query(void *ctx, const char *uri, struct MHD_Connection *c)
{
    (void)ctx, (void)c;
    pending *p = calloc(1, sizeof *p);
    const char *mark = strchr(uri, '?');
    if (!p) return NULL;
    p->body = ENT_BUF(ENT_LIMIT_ITL_FILE);
    snprintf(p->query, sizeof p->query, "%s", mark ? mark + 1 : "");
    return p;
}

static void completed(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
    (void)ctx, (void)c, (void)code;
    pending *p = *state;
    if (!p) return;
    ent_buf_free(&p->body);
    free(p);
    *state = NULL;
}

/* ---- start and stop ---- */

static int listen_unix(const char *path, ent_err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof a.sun_path) return (void)ent_fail(err, ENT_USAGE, "the socket's path is too long: %s", path), -1;
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return (void)ent_fail(err, ENT_IO, "no socket: %s", strerror(errno)), -1;
    unlink(path); /* the node's lock is held: nobody else listens here */
    mode_t mask = umask(0117);
    bool ok = bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 64) == 0;
    umask(mask);
    if (ok) return fd;
    (void)ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    close(fd);
    return -1;
}

#define DESK_OPTIONS                                                                                                   \
    MHD_OPTION_URI_LOG_CALLBACK, keep_query, d, MHD_OPTION_NOTIFY_COMPLETED, completed, d, MHD_OPTION_CONNECTION_LIMIT,  \
        (unsigned)256, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)60

ent_code ent_desk_start(const char *socket_path, uint16_t port, const ent_desk_node *node, ent_clock clock, ent_desk **ret_desk, ent_err *err)
{
    ent_desk *d = calloc(1, sizeof *d);
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    d->node = *node;
    d->clock = clock;
    pthread_mutex_init(&d->lock, NULL);
    snprintf(d->path, sizeof d->path, "%s", socket_path);
    int fd = listen_unix(socket_path, err);
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
    if (fd >= 0) d->socket = MHD_start_daemon(flags, 0, NULL, NULL, handle, d, MHD_OPTION_LISTEN_SOCKET, fd, DESK_OPTIONS, MHD_OPTION_END);
    if (d->socket && port) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        d->loopback = MHD_start_daemon(flags, port, NULL, NULL, handle, d, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&a, DESK_OPTIONS, MHD_OPTION_END);
    }
    if (!d->socket || (port && !d->loopback)) {
        ent_code code = fd < 0 && err ? err->code : ent_fail(err, ENT_IO, "the desk interface cannot listen on %s or port %u", socket_path, port);
        ent_desk_stop(d);
        return code;
    }
    *ret_desk = d;
    return ENT_OK;
}

void ent_desk_stop(ent_desk *d)
{
    if (!d) return;
    if (d->loopback) MHD_stop_daemon(d->loopback);
    if (d->socket) MHD_stop_daemon(d->socket);
    unlink(d->path);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
