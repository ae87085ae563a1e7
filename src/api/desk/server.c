#include "api/desk/crossing.h"
#include "api/desk/desk.h"
#include "api/desk/http.h"
#include "api/desk/session.h"
#include "api/desk/static.h"

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

enum {
    NONCES = 32768,
    WINDOW_MS = 60000,
    BODIES = 256 << 20,            /* bytes of all bodies that are coming in at one time */
    BODY_UNKNOWN = 4096,           /* of one from a page where nobody is signed in */
    REFUSALS_A_SECOND = 20,        /* of requests whose signature or session is none */
    REFUSALS_BURST = 200
};

struct ent_desk {
    struct MHD_Daemon *socket, *loopback;
    ent_desk_node node;
    ent_sessions *sessions;
    ent_static *console;
    ent_clock clock;
    ent_random random;
    uint16_t port;
    char path[108], name[ENT_NODE_NAME_MAX], contact[400];
    pthread_mutex_t lock;
    struct {
        char nonce[33];
        int64_t ms;
    } seen[NONCES]; /* of the last minute: a request is taken once */
    size_t next;
    size_t bodies;                 /* bytes, of at most BODIES */
    ent_rate refusals;
};

/* One request while its body comes in. */
typedef struct pending {
    ent_buf body;
    char query[32768];
    char act[64];
    size_t counted;                 /* of the body, in ent_desk.bodies */
    bool begun, too_large, crowded; /* crowded: too much comes in at once */
    bool known;                     /* from a page with an open session, or from no page */
    bool page;                      /* asked by the console in a browser: the request names an origin */
    bool ended;                     /* its session has ended: 401 */
    char token[ENT_SESSION_TOKEN];  /* of that session, "" none */
    bool fresh;                     /* opened by this request: the answer sets the cookie; token "" clears it */
} pending;

/* One cookie a port: browsers do not tell the ports of a host apart. */
static void cookie_name(const ent_desk *d, char ret[32]) { snprintf(ret, 32, "entente-desk-%u", d->port); }

static void set_cookie(const ent_desk *d, struct MHD_Response *r, const pending *p)
{
    char name[32], line[200];
    cookie_name(d, name);
    snprintf(line, sizeof line, "%s=%s; HttpOnly; SameSite=Strict; Path=/v1/; Max-Age=%d", name, p->token, *p->token ? ENT_SESSION_MS / 1000 : 0);
    MHD_add_response_header(r, "Set-Cookie", line);
}

static enum MHD_Result answer(const ent_desk *d, struct MHD_Connection *c, const pending *p, unsigned status, const char *text)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", "application/json");
    MHD_add_response_header(r, "Cache-Control", "no-store");
    ent_http_harden(r, false);
    if (p->fresh) set_cookie(d, r, p);
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

static enum MHD_Result answer_error(const ent_desk *d, struct MHD_Connection *c, const pending *p, const ent_err *err)
{
    json_t *json = json_pack("{s:s,s:s}", "error", ent_code_name(err->code), "detail", err->detail);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    enum MHD_Result queued = answer(d, c, p, p->ended ? 401 : status_of(err->code), text ? text : "{\"error\":\"INTERNAL\",\"detail\":\"\"}");
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

/* ---- the console's session ---- */

static json_t *session_json(const ent_desk *d, const ent_session_view *v, const ent_actor *who)
{
    char until[ENT_TIME_TEXT];
    ent_time_text((ent_time){v->until_ms}, until);
    return json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "name", v->name, "role", ent_role_text(who->role), "until", until, "idle-seconds", ENT_SESSION_IDLE_MS / 1000, "node",
                     d->name, "contact", d->contact);
}

/* The person of the cookie, as the store knows them now. */
static ent_code session_of(ent_desk *d, struct MHD_Connection *c, pending *p, ent_session_view *ret, ent_actor *ret_who, ent_err *err)
{
    char name[32], token[ENT_SESSION_TOKEN] = "";
    int64_t now = d->clock.now(d->clock.self).ms;
    cookie_name(d, name);
    p->ended = true;
    if (!ent_http_cookie(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Cookie"), name, token, sizeof token))
        return ent_fail(err, ENT_DENIED, "nobody is signed in here");
    bool by_itself = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Entente-By-Itself") != NULL;
    ent_code code = ent_session_use(d->sessions, token, by_itself, now, ret, err);
    if (code != ENT_OK) return p->ended = code == ENT_DENIED, code;
    if (ent_flow_person(d->node.flow, ret->name, ret_who, NULL) != ENT_OK) return ent_fail(err, ENT_DENIED, "%s is not known here any more", ret->name);
    code = ent_session_still(ret, ret_who, now, err);
    if (code != ENT_OK) return ent_session_close(d->sessions, token), code;
    p->ended = false;
    snprintf(p->token, sizeof p->token, "%s", token);
    return ENT_OK;
}

static ent_code open_session(ent_desk *d, pending *p, const ent_actor *who, json_t **ret_json, ent_err *err)
{
    uint8_t secret[32];
    ent_session_view v;
    d->random.fill(d->random.self, secret, sizeof secret);
    ent_code code = ent_session_open(d->sessions, who, secret, d->clock.now(d->clock.self).ms, p->token, &v, err);
    ent_wipe(secret, sizeof secret);
    if (code != ENT_OK) return code;
    p->fresh = true;
    *ret_json = session_json(d, &v, who);
    return ENT_OK;
}

static ent_code close_session(ent_desk *d, pending *p, json_t **ret_json)
{
    ent_session_close(d->sessions, p->token);
    p->token[0] = 0;
    p->fresh = true;
    *ret_json = json_object();
    return ENT_OK;
}

/* What the page asks: in a session always, and signed too unless the act only reads. */
static ent_code from_page(ent_desk *d, struct MHD_Connection *c, pending *p, const ent_actor *signer, ent_desk_request *r, ent_actor *actor, json_t **ret_json, ent_err *err)
{
    ent_session_view v;
    if (strcmp(p->act, "session-open") == 0)
        return signer ? open_session(d, p, signer, ret_json, err) : ent_fail(err, ENT_SIGNATURE, "\"session-open\" is signed with the person's key");
    ENT_TRY(session_of(d, c, p, &v, actor, err));
    if (signer && strcmp(signer->name, v.name) != 0) return ent_fail(err, ENT_DENIED, "the session is of %s, the signature of %s", v.name, signer->name);
    if (strcmp(p->act, "session") == 0) return *ret_json = session_json(d, &v, actor), ENT_OK;
    if (strcmp(p->act, "session-close") == 0) return close_session(d, p, ret_json);
    if (!signer && !ent_session_reads(p->act)) return ent_fail(err, ENT_DENIED, "\"%s\" is signed with the person's key: unlock it", p->act);
    r->by = actor;
    return ent_desk_act(&d->node, r, ret_json, err);
}

/* ---- one request ---- */

static enum MHD_Result keep_param(void *ctx, enum MHD_ValueKind kind, const char *key, const char *value)
{
    (void)kind;
    json_object_set_new(ctx, key, json_string(value ? value : ""));
    return MHD_YES;
}

static ent_code run(ent_desk *d, struct MHD_Connection *c, pending *p, const json_t *params, json_t **ret_json, ent_err *err)
{
    ent_actor signer, actor;
    bool somebody = false;
    if (p->crowded) return ent_fail(err, ENT_BUSY, "too much comes in at once: try again in a moment");
    if (p->too_large && !p->known) return p->ended = true, ent_fail(err, ENT_DENIED, "nobody is signed in here");
    if (p->too_large) return ent_fail(err, ENT_TOO_LARGE, "a body of at most %d bytes is taken", ENT_LIMIT_ITL_FILE);
    ENT_TRY(authenticate(d, c, p, &signer, &somebody, err));
    ent_desk_request r = {.act = p->act, .params = params, .body = p->body.data ? p->body.data : (const uint8_t *)"", .len = p->body.len};
    if (p->page) return from_page(d, c, p, somebody ? &signer : NULL, &r, &actor, ret_json, err);
    if (somebody) r.by = &signer;
    if (!somebody && ent_desk_needs_person(p->act)) return ent_fail(err, ENT_DENIED, "\"%s\" is done by a person: use --as NAME", p->act);
    return ent_desk_act(&d->node, &r, ret_json, err);
}

/* Whoever guesses is answered at a pace at which guessing leads nowhere. */
static bool may_be_refused(ent_desk *d)
{
    pthread_mutex_lock(&d->lock);
    bool few = ent_rate_take(&d->refusals, d->clock.now(d->clock.self).ms, REFUSALS_A_SECOND, REFUSALS_BURST);
    pthread_mutex_unlock(&d->lock);
    return few;
}

static enum MHD_Result finish(ent_desk *d, struct MHD_Connection *c, pending *p)
{
    ent_err err = {0};
    json_t *params = json_object(), *out = NULL;
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, keep_param, params);
    ent_code code = run(d, c, p, params, &out, &err);
    enum MHD_Result queued;
    if ((code == ENT_SIGNATURE || p->ended) && !may_be_refused(d)) {
        p->ended = false;
        code = ent_fail(&err, ENT_QUOTA, "too many requests that nobody here signed: wait a second");
    }
    if (code == ENT_OK) {
        char *text = json_dumps(out, JSON_COMPACT);
        queued = answer(d, c, p, 200, text ? text : "{}");
        free(text);
    } else {
        err.code = code;
        queued = answer_error(d, c, p, &err);
    }
    json_decref(out);
    json_decref(params);
    return queued;
}

/* A file of the console; a node without one says how to get it. */
static enum MHD_Result answer_file(ent_desk *d, struct MHD_Connection *c, const char *path)
{
    static const char missing[] = "The console is not installed beside this node: `make console` builds it (docs/operating/console.md).\n";
    const ent_static_file *f = ent_static_find(d->console, path);
    struct MHD_Response *r = f ? MHD_create_response_from_buffer(f->len, f->bytes, MHD_RESPMEM_PERSISTENT)
                               : MHD_create_response_from_buffer(strlen(missing), (void *)missing, MHD_RESPMEM_PERSISTENT);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", f ? f->type : "text/plain; charset=utf-8");
    MHD_add_response_header(r, "Cache-Control", "no-cache");
    ent_http_harden(r, true);
    enum MHD_Result queued = MHD_queue_response(c, f ? 200 : 404, r);
    MHD_destroy_response(r);
    return queued;
}

/* A page in a browser must not reach the interface by guessing its port: only these hosts, no origin but this node's own page, and
 * that on loopback only. Navigations from elsewhere get files, never acts: those are POST and need the session of this origin. */
static ent_code check_way(const ent_desk *d, struct MHD_Connection *c, pending *p, bool loopback, ent_err *err)
{
    const char *host = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Host");
    const char *origin = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin");
    p->page = origin != NULL;
    bool local = ent_http_local_host(host), own = !origin || (loopback && d->console && ent_http_own_origin(origin, host));
    return local && own ? ENT_OK : ent_fail(err, ENT_DENIED, "requests come from this machine and from no other web page");
}

static enum MHD_Result route(ent_desk *d, struct MHD_Connection *c, pending *p, const char *url, const char *method)
{
    ent_err err = {0};
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_DAEMON);
    bool loopback = info && info->daemon == d->loopback;
    if (check_way(d, c, p, loopback, &err) != ENT_OK) return answer_error(d, c, p, &err);
    if (loopback && d->console && strcmp(method, "GET") == 0 && strncmp(url, "/v1/", 4) != 0) return answer_file(d, c, url);
    if (strcmp(method, "POST") != 0 || strncmp(url, "/v1/", 4) != 0 || strlen(url + 4) >= sizeof p->act) {
        (void)ent_fail(&err, ENT_NOT_FOUND, "POST /v1/ACT is what this interface takes");
        return answer_error(d, c, p, &err);
    }
    snprintf(p->act, sizeof p->act, "%s", url + 4);
    return finish(d, c, p);
}

/* Before its body is taken: a page where somebody is signed in, or no page. */
static bool is_known(ent_desk *d, struct MHD_Connection *c)
{
    char name[32], token[ENT_SESSION_TOKEN];
    ent_session_view v;
    cookie_name(d, name);
    if (!MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Origin")) return true;
    return ent_http_cookie(MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Cookie"), name, token, sizeof token) &&
           ent_session_use(d->sessions, token, true, d->clock.now(d->clock.self).ms, &v, NULL) == ENT_OK;
}

/* A piece of the body: kept while this one and all that come in together are within their bounds. */
static void take(ent_desk *d, pending *p, const char *data, size_t size)
{
    pthread_mutex_lock(&d->lock);
    bool room = !p->too_large && !p->crowded && d->bodies + size <= BODIES;
    if (room) d->bodies += size, p->counted += size;
    pthread_mutex_unlock(&d->lock);
    p->too_large |= p->counted > (p->known ? ENT_LIMIT_ITL_FILE : BODY_UNKNOWN);
    p->crowded |= !room && !p->too_large;
    if (p->too_large || p->crowded) ent_buf_clear(&p->body);
    else ent_buf_put(&p->body, data, size), p->crowded = p->body.failed != ENT_OK;
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
        p->known = is_known(d, c);
        return MHD_YES;
    }
    if (*size) {
        take(d, p, data, *size);
        *size = 0;
        return MHD_YES;
    }
    return route(d, c, p, url, method);
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
    (void)c, (void)code;
    ent_desk *d = ctx;
    pending *p = *state;
    if (!p) return;
    pthread_mutex_lock(&d->lock);
    d->bodies -= p->counted;
    pthread_mutex_unlock(&d->lock);
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

static ent_code listen_both(ent_desk *d, const ent_desk_options *o, ent_err *err)
{
    const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
    int fd = listen_unix(o->socket_path, err);
    if (fd < 0) return err ? err->code : ENT_IO;
    d->socket = MHD_start_daemon(flags, 0, NULL, NULL, handle, d, MHD_OPTION_LISTEN_SOCKET, fd, DESK_OPTIONS, MHD_OPTION_END);
    if (d->socket && o->port) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(o->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        d->loopback = MHD_start_daemon(flags, o->port, NULL, NULL, handle, d, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&a, DESK_OPTIONS, MHD_OPTION_END);
    }
    if (d->socket && (d->loopback || !o->port)) return ENT_OK;
    return ent_fail(err, ENT_IO, "the desk interface cannot listen on %s or port %u", o->socket_path, o->port);
}

ent_code ent_desk_start(const ent_desk_options *o, const ent_desk_node *node, ent_desk **ret_desk, ent_err *err)
{
    ent_desk *d = calloc(1, sizeof *d);
    if (!d) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    d->node = *node;
    d->clock = o->clock;
    d->random = o->random;
    d->port = o->port;
    pthread_mutex_init(&d->lock, NULL);
    snprintf(d->path, sizeof d->path, "%s", o->socket_path);
    snprintf(d->name, sizeof d->name, "%s", o->name ? o->name : "");
    snprintf(d->contact, sizeof d->contact, "%s", o->contact ? o->contact : "");
    ent_code code = ent_sessions_new(&d->sessions, err);
    if (code == ENT_OK) code = ent_crossings_new(&(ent_crossings_options){o->refer_per_mille, o->refer_after_ms, o->clock, o->random}, &d->node.crossings, err);
    if (code == ENT_OK && o->port && o->console) code = ent_static_load(o->console, &d->console, err);
    if (code == ENT_OK) code = listen_both(d, o, err);
    if (code != ENT_OK) return ent_desk_stop(d), code;
    *ret_desk = d;
    return ENT_OK;
}

void ent_desk_stop(ent_desk *d)
{
    if (!d) return;
    if (d->loopback) MHD_stop_daemon(d->loopback);
    if (d->socket) MHD_stop_daemon(d->socket);
    unlink(d->path);
    ent_crossings_free(d->node.crossings);
    ent_static_free(d->console);
    ent_sessions_free(d->sessions);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
