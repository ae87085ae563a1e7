/* One message's way through the server:
 *
 *   libmicrohttpd's threads      read headers and body within limits, then suspend the connection
 *   workers                      signature, digest, freshness; the inbox; the signed answer
 *   the releaser                 resumes the connection when the inbox said that the answer may leave, or earlier, with 202, when the
 *                                requester signed that it would rather ask again than wait: the work goes on without a connection
 *   libmicrohttpd's threads      send it
 *
 * The releaser also cuts connections that take too long to say what they want (libmicrohttpd's own timeout starts anew
 * with each byte). */
#include "api/exchange/server.h"

#include "api/exchange/tiles.h"
#include "api/exchange/tls.h"
#include "api/exchange/wire.h"
#include "base/check.h"
#include "port/problem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HTTP_THREADS = 2, TICK_MS = 250, SAY_WITHIN_MS = 3 * ENT_LIMIT_CONNECTION_IDLE_MS, WARM_S = 60 };

typedef enum step { READING, WORKING, WAITING, ANSWERED } step;

/* One message that is being received or answered. */
typedef struct job {
    struct MHD_Connection *connection;
    struct line *line;      /* NULL: it was told 202, and nobody waits here for the answer */
    char path[64], where[ENT_JOB_PATH]; /* where: of a 202 */
    ent_wire_fields in, out;
    ent_http_message http;
    ent_buf body, answer, base;
    ent_peer peer;
    uint8_t id[ENT_ID_SIZE];
    size_t length;          /* of the body, as announced */
    int status;
    int64_t release;        /* monotonic ms */
    int64_t arrived;        /* monotonic ms */
    int64_t patience;       /* when 202 is due; INT64_MAX: never */
    step step;
    struct job *next;       /* in the queue or among those that wait */
    struct job *next_patient;
} job;

/* What libmicrohttpd holds of a message: whatever is to be said to it next. */
typedef struct line {
    job *job;
} line;

/* One connection, for the limit on how long it may take to say what it wants. */
typedef struct watch {
    int fd;
    bool busy;              /* a message of it is being answered */
    bool warm;              /* it has answered one, and waits for the next */
    int64_t since;
    struct watch *previous, *next;
} watch;

struct ent_exchange_server {
    ent_exchange_config config;
    char name[ENT_NODE_NAME_MAX];
    ent_tls tls;
    struct MHD_Daemon *daemon;
    uint16_t port;
    pthread_mutex_t lock;
    pthread_cond_t work, released;
    job *queue, **queue_end; /* for the workers */
    size_t queued;
    job *waiting;           /* answered, not yet to leave; by time */
    job *patient;           /* taken on and to be told 202 in time, from there until they leave or were told */
    watch *watches;
    size_t open;            /* messages between their first byte and their end */
    bool stopping;          /* takes no more messages */
    bool ended;             /* workers: finish the queue and return */
    bool drained;           /* the releaser: nothing comes any more */
    pthread_t releaser, *worker;
    unsigned workers, started;
    ent_secret_key identity;
    ent_exchange_counts counts;
};

static int64_t monotonic(ent_exchange_server *s) { return s->config.clock.monotonic(s->config.clock.self); }
static ent_time now(ent_exchange_server *s) { return s->config.clock.now(s->config.clock.self); }

static job *new_job(struct MHD_Connection *c, const char *path)
{
    job *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    j->connection = c;
    j->answer = ENT_BUF(ENT_LIMIT_BODY);
    j->base = ENT_BUF(ENT_HTTPSIG_BASE_MAX);
    j->patience = INT64_MAX;
    snprintf(j->path, sizeof j->path, "%.63s", path);
    return j;
}

static void free_job(job *j)
{
    if (!j) return;
    ent_buf_free(&j->body);
    ent_buf_free(&j->answer);
    ent_buf_free(&j->base);
    free(j);
}

/* ---- the answer ---- */

static void refuse(ent_exchange_server *s, job *j, ent_code code, const ent_err *err)
{
    ent_problem p = {.status = ent_problem_status(code), .code = code};
    snprintf(p.detail, sizeof p.detail, "%s", err->detail);
    ent_buf_clear(&j->answer);
    ent_problem_write(&p, &j->answer);
    j->status = p.status;
    pthread_mutex_lock(&s->lock);
    s->counts.refused_signature += code == ENT_SIGNATURE;
    s->counts.refused_stale += code == ENT_STALE;
    s->counts.refused_limit += code == ENT_TOO_LARGE;
    s->counts.refused_busy += code == ENT_BUSY;
    pthread_mutex_unlock(&s->lock);
}

static void sign_answer(ent_exchange_server *s, job *j)
{
    ent_secret_key key;
    pthread_mutex_lock(&s->lock);
    key = s->identity;
    pthread_mutex_unlock(&s->lock);
    ent_buf_clear(&j->base);
    ent_code code = ent_wire_answer(&j->http, j->status, j->status == 202 ? j->where : NULL, ENT_BYTES(j->answer.data, j->answer.len), now(s), &key, &j->out,
                                    &j->base, NULL);
    ent_secret_key_wipe(&key);
    if (code == ENT_OK) return;
    /* An answer that cannot be signed does not leave: the partner would have no evidence. */
    ent_buf_clear(&j->answer);
    j->status = 500;
    j->out.count = 0;
}

static enum MHD_Result send_answer(job *j)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(j->answer.len, j->answer.len ? j->answer.data : NULL,
                                                             MHD_RESPMEM_MUST_COPY);
    if (!r) return MHD_NO;
    for (size_t i = 0; i < j->out.count; i++) MHD_add_response_header(r, j->out.field[i].name, j->out.field[i].value);
    enum MHD_Result ok = MHD_queue_response(j->connection, (unsigned)j->status, r);
    MHD_destroy_response(r);
    if (j->status < 400) MHD_set_connection_option(j->connection, MHD_CONNECTION_OPTION_TIMEOUT, (unsigned)WARM_S);
    j->step = ANSWERED;
    return ok;
}

/* A refusal before the message was read; libmicrohttpd closes the connection after it. */
static enum MHD_Result refuse_now(ent_exchange_server *s, job *j, ent_code code, const char *why)
{
    ent_err err;
    ent_fail(&err, code, "%s", why);
    refuse(s, j, code, &err);
    sign_answer(s, j);
    return send_answer(j);
}

/* What is read of the ledger proves itself: it is not signed. */
static enum MHD_Result send_tile(ent_exchange_server *s, job *j)
{
    ent_err err = {0};
    ent_tile_answer a;
    ent_code code = ent_tiles_get(&s->config.ledger, j->path + sizeof ENT_TILES_PREFIX - 1, false, &a, &j->answer, &err);
    if (code != ENT_OK) return refuse_now(s, j, code, err.detail);
    ent_wire_add(&j->out, "content-type", 12, a.type, strlen(a.type));
    ent_wire_add(&j->out, "cache-control", 13, a.caching, strlen(a.caching));
    j->status = MHD_HTTP_OK;
    return send_answer(j);
}

/* ---- workers ---- */

/* From now on 202 can be said of it: it is authentic, and somebody works on it. */
static void be_patient(ent_exchange_server *s, job *j, int seconds)
{
    pthread_mutex_lock(&s->lock);
    j->patience = j->arrived + (seconds > 0 ? 1000 * seconds : 0);
    j->next_patient = s->patient;
    s->patient = j;
    pthread_cond_signal(&s->released);
    pthread_mutex_unlock(&s->lock);
}

static void forget_patience(ent_exchange_server *s, const job *j)
{
    job **at = &s->patient;
    while (*at && *at != j) at = &(*at)->next_patient;
    if (*at) *at = j->next_patient;
}

/* Checks the message and has it answered. */
static void receive(ent_exchange_server *s, job *j)
{
    ent_err err = {0};
    ent_wire_request_read read;
    ent_bytes body = ENT_BYTES(j->body.data, j->body.len);
    ent_code code = ent_wire_check_request(&j->http, body, &j->peer, s->name, now(s), &read, &j->base, &err);
    if (code != ENT_OK) {
        refuse(s, j, code, &err);
        return;
    }
    memcpy(j->id, read.message.id, sizeof j->id);
    ent_job_path(j->id, j->where);
    if (read.message.prefer_s) be_patient(s, j, read.message.prefer_s);
    ent_arrival a = {.message = read.message, .received = now(s), .signature_base = ent_buf_cstr(&j->base)};
    a.message.body = j->body.data;
    a.message.body_len = j->body.len;
    memcpy(a.partner, j->peer.name, sizeof a.partner);
    memcpy(a.signature, read.signature, sizeof a.signature);
    s->config.inbox.receive(s->config.inbox.self, &a, &j->status, &j->answer, &j->release);
    if (ent_buf_check(&j->answer, &err) != ENT_OK || j->status < 200 || j->status > 599) {
        ent_fail(&err, ENT_INTERNAL, "no answer could be made");
        refuse(s, j, ENT_INTERNAL, &err);
    }
    pthread_mutex_lock(&s->lock);
    s->counts.answered++;
    pthread_mutex_unlock(&s->lock);
}

/* Puts it among those that wait, by time; the caller holds the lock. */
static void wait_for_release(ent_exchange_server *s, job *j)
{
    job **at = &s->waiting;
    while (*at && (*at)->release <= j->release) at = &(*at)->next;
    j->next = *at;
    *at = j;
    j->step = WAITING;
    pthread_cond_signal(&s->released);
}

static job *next_job(ent_exchange_server *s)
{
    while (!s->queue && !s->ended) pthread_cond_wait(&s->work, &s->lock);
    job *j = s->queue;
    if (!j) return NULL;
    s->queue = j->next;
    if (!s->queue) s->queue_end = &s->queue;
    s->queued--;
    return j;
}

static void *work(void *self)
{
    ent_exchange_server *s = self;
    pthread_mutex_lock(&s->lock);
    for (job *j; (j = next_job(s));) {
        pthread_mutex_unlock(&s->lock);
        receive(s, j);
        ent_buf_clear(&j->body); /* the probe ends here */
        sign_answer(s, j);
        pthread_mutex_lock(&s->lock);
        wait_for_release(s, j);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- the releaser ---- */

/* Says 202 on j's connection, which the answer will not have: it is asked after. Without memory it waits on. The caller holds the lock, and
 * nobody but the releaser, which calls this, frees j. */
static void say_later(ent_exchange_server *s, job *j)
{
    job *n = new_job(j->connection, j->path);
    forget_patience(s, j);
    if (!n) return;
    n->status = MHD_HTTP_ACCEPTED;
    n->http = j->http; /* its fields are j's: until it is signed */
    memcpy(n->where, j->where, sizeof n->where);
    ent_job_write(j->id, &n->answer);
    pthread_mutex_unlock(&s->lock);
    sign_answer(s, n);
    pthread_mutex_lock(&s->lock);
    n->step = WAITING;
    n->line = j->line;
    n->line->job = n;
    j->line = NULL;
    s->counts.later++;
    pthread_mutex_unlock(&s->lock);
    MHD_resume_connection(n->connection); /* n may be gone after it */
    pthread_mutex_lock(&s->lock);
}

/* The next whose 202 is due before its answer may leave; *ret_next: when there may be one. */
static job *impatient(ent_exchange_server *s, int64_t at, int64_t *ret_next)
{
    for (job *j = s->patient; j; j = j->next_patient) {
        bool leaves = j->step == WAITING && j->release <= j->patience;
        if (!leaves && j->patience <= at) return j;
        if (!leaves && j->patience < *ret_next) *ret_next = j->patience;
    }
    return NULL;
}

static void let_go(ent_exchange_server *s, job *j)
{
    s->waiting = j->next;
    forget_patience(s, j);
    struct MHD_Connection *connection = j->line ? j->connection : NULL;
    pthread_mutex_unlock(&s->lock);
    if (connection) MHD_resume_connection(connection);
    else free_job(j);
    pthread_mutex_lock(&s->lock);
}

static void cut_the_slow(ent_exchange_server *s, int64_t at)
{
    for (watch *w = s->watches; w; w = w->next)
        if (!w->busy && at - w->since > (w->warm ? WARM_S * 1000 : SAY_WITHIN_MS)) shutdown(w->fd, SHUT_RDWR);
}

static void pause_until(ent_exchange_server *s, int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + (ms % 1000) * 1000000;
    t.tv_sec += ms / 1000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(&s->released, &s->lock, &t);
}

static void *release(void *self)
{
    ent_exchange_server *s = self;
    int64_t last_cut = monotonic(s);
    pthread_mutex_lock(&s->lock);
    while (!s->drained || s->waiting) {
        int64_t at = monotonic(s), next = at + TICK_MS;
        job *j = s->waiting, *later = s->ended ? NULL : impatient(s, at, &next);
        if (j && (j->release <= at || s->ended)) {
            let_go(s, j);
            continue;
        }
        if (later) {
            say_later(s, later);
            continue;
        }
        if (at - last_cut >= TICK_MS) {
            cut_the_slow(s, at);
            last_cut = at;
        }
        if (j && j->release < next) next = j->release;
        pause_until(s, next - at);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- what libmicrohttpd calls ---- */

static watch *watch_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return i ? i->socket_context : NULL;
}

static void set_busy(ent_exchange_server *s, struct MHD_Connection *c, bool busy)
{
    watch *w = watch_of(c);
    if (!w) return;
    pthread_mutex_lock(&s->lock);
    w->busy = busy;
    w->warm = !busy;
    w->since = monotonic(s);
    pthread_mutex_unlock(&s->lock);
}

static void begin_watch(ent_exchange_server *s, struct MHD_Connection *c, void **socket_context)
{
    const union MHD_ConnectionInfo *tls = MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (tls && tls->tls_session) ent_tls_demand(&s->tls, tls->tls_session);
    watch *w = fd ? calloc(1, sizeof *w) : NULL;
    if (!w) return; /* without memory: libmicrohttpd's own timeout is left */
    w->fd = fd->connect_fd;
    w->since = monotonic(s);
    pthread_mutex_lock(&s->lock);
    s->counts.connections++;
    w->next = s->watches;
    if (w->next) w->next->previous = w;
    s->watches = w;
    pthread_mutex_unlock(&s->lock);
    *socket_context = w;
}

static void end_watch(ent_exchange_server *s, watch *w)
{
    if (!w) return;
    pthread_mutex_lock(&s->lock);
    *(w->previous ? &w->previous->next : &s->watches) = w->next;
    if (w->next) w->next->previous = w->previous;
    pthread_mutex_unlock(&s->lock);
    free(w);
}

static void on_connection(void *self, struct MHD_Connection *c, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        begin_watch(self, c, socket_context);
    else
        end_watch(self, *socket_context);
}

static enum MHD_Result take_field(void *self, enum MHD_ValueKind kind, const char *name, size_t name_len,
                                  const char *value, size_t value_len)
{
    job *j = self;
    (void)kind;
    ent_wire_add(&j->in, name, name_len, value ? value : "", value_len);
    return j->in.overflow ? MHD_NO : MHD_YES;
}

/* The length that the body will have; false when it is not stated once, in digits. */
static bool body_length(const job *j, size_t *ret_length)
{
    bool twice;
    const char *v = ent_http_field_value(&j->http, "content-length", &twice);
    size_t n = v ? strspn(v, "0123456789") : 0;
    if (twice || n == 0 || n > 15 || v[n]) return false;
    *ret_length = (size_t)strtoull(v, NULL, 10);
    return true;
}

static enum MHD_Result begin(ent_exchange_server *s, job *j, const char *method)
{
    ent_err err = {0};
    MHD_get_connection_values_n(j->connection, MHD_HEADER_KIND, take_field, j);
    j->http = (ent_http_message){.method = "POST", .path = j->path, .authority = "", .field = j->in.field,
                                 .field_count = j->in.count};
    if (j->in.overflow) return refuse_now(s, j, ENT_TOO_LARGE, "too many header fields");
    const union MHD_ConnectionInfo *tls = MHD_get_connection_info(j->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    /* Asked again for each message, so that a revocation ends open connections too. */
    if (!tls || ent_tls_peer(&s->tls, tls->tls_session, &j->peer, &err) != ENT_OK)
        return refuse_now(s, j, ENT_DENIED, "this certificate is not accepted any more");
    if (strcmp(method, "GET") == 0 && strcmp(j->path, ENT_WIRE_HEALTH) == 0) {
        j->status = MHD_HTTP_NO_CONTENT;
        return send_answer(j);
    }
    if (strcmp(method, "GET") == 0 && s->config.ledger.self && strncmp(j->path, ENT_TILES_PREFIX, sizeof ENT_TILES_PREFIX - 1) == 0) return send_tile(s, j);
    if (strcmp(method, "GET") == 0 && ent_wire_job(j->path, j->id)) {
        j->http.method = "GET";
        return !body_length(j, &j->length) || j->length == 0 ? MHD_YES : refuse_now(s, j, ENT_FORMAT, "a GET has no body");
    }
    if (strcmp(method, "POST") != 0) return refuse_now(s, j, ENT_USAGE, "messages are sent by POST");
    if (ent_wire_kind(j->path) == ENT_MESSAGE_COUNT) return refuse_now(s, j, ENT_NOT_FOUND, "no such message");
    if (ent_http_field_value(&j->http, "transfer-encoding", NULL) || !body_length(j, &j->length))
        return refuse_now(s, j, ENT_FORMAT, "Content-Length must be stated");
    if (j->length > ENT_LIMIT_BODY) return refuse_now(s, j, ENT_TOO_LARGE, "the body is too large");
    j->body = ENT_BUF(j->length);
    return MHD_YES;
}

/* The message is whole: hands it to a worker. */
static enum MHD_Result hand_over(ent_exchange_server *s, job *j)
{
    set_busy(s, j->connection, true);
    j->arrived = monotonic(s);
    size_t cap = s->config.queue ? s->config.queue : 64;
    pthread_mutex_lock(&s->lock);
    bool full = s->queued >= cap || s->stopping;
    if (!full) {
        MHD_suspend_connection(j->connection); /* before a worker can have it resumed */
        j->step = WORKING;
        j->next = NULL;
        *s->queue_end = j;
        s->queue_end = &j->next;
        s->queued++;
        pthread_cond_signal(&s->work);
    }
    pthread_mutex_unlock(&s->lock);
    return full ? refuse_now(s, j, ENT_BUSY, "try again in a second") : MHD_YES;
}

static enum MHD_Result start_job(ent_exchange_server *s, struct MHD_Connection *c, const char *url, const char *method,
                                 void **ret_line)
{
    line *l = calloc(1, sizeof *l);
    job *j = l ? new_job(c, url) : NULL;
    if (!j) return free(l), MHD_NO;
    j->line = l;
    l->job = j;
    *ret_line = l;
    pthread_mutex_lock(&s->lock);
    s->open++;
    pthread_mutex_unlock(&s->lock);
    return begin(s, j, method);
}

static enum MHD_Result handle(void *self, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *data, size_t *size, void **context)
{
    ent_exchange_server *s = self;
    line *l = *context;
    (void)version;
    if (!l) return start_job(s, c, url, method, context);
    job *j = l->job;
    if (*size) {
        ent_buf_put(&j->body, data, *size);
        *size = 0;
        return j->body.failed == ENT_OK ? MHD_YES : MHD_NO;
    }
    if (j->step == READING) {
        if (j->body.len != j->length) return refuse_now(s, j, ENT_FORMAT, "the body is not as long as announced");
        return hand_over(s, j);
    }
    return j->step == WAITING ? send_answer(j) : MHD_YES;
}

static void on_completed(void *self, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode code)
{
    ent_exchange_server *s = self;
    (void)code;
    line *l = *context;
    if (!l) return;
    set_busy(s, c, false);
    free_job(l->job);
    free(l);
    *context = NULL;
    pthread_mutex_lock(&s->lock);
    s->open--;
    pthread_mutex_unlock(&s->lock);
}

/* ---- start and stop ---- */

static ent_code listen_on(const ent_exchange_config *config, int *ret_fd, uint16_t *ret_port, ent_err *err)
{
    char port[8];
    snprintf(port, sizeof port, "%u", config->port);
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *where;
    int r = getaddrinfo(config->address, port, &hints, &where);
    if (r != 0) return ent_fail(err, ENT_USAGE, "\"%s\" is no numeric address: %s", config->address, gai_strerror(r));
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
              bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, 512) == 0;
    int why = errno;
    freeaddrinfo(where);
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    ok = ok && getsockname(fd, (struct sockaddr *)&bound, &len) == 0;
    if (!ok) {
        if (fd >= 0) close(fd);
        return ent_fail(err, ENT_IO, "cannot listen on %s port %u: %s", config->address, config->port, strerror(why));
    }
    *ret_port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                  : ((struct sockaddr_in *)&bound)->sin_port);
    *ret_fd = fd;
    return ENT_OK;
}

static ent_code start_daemon(ent_exchange_server *s, ent_err *err)
{
    int fd = -1;
    ENT_TRY(listen_on(&s->config, &fd, &s->port, err));
    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL, NULL, handle, s,
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)HTTP_THREADS,
        MHD_OPTION_HTTPS_CERT_CALLBACK, ent_tls_present, MHD_OPTION_HTTPS_PRIORITIES, ENT_TLS_PRIORITIES,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(ENT_LIMIT_CONNECTION_IDLE_MS / 1000), MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)ENT_LIMIT_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)ENT_LIMIT_CONNECTIONS_PER_ADDRESS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)(ENT_LIMIT_HEADERS + (32 << 10)), MHD_OPTION_END);
    if (s->daemon) return ENT_OK;
    close(fd);
    return ent_fail(err, ENT_IO, "the HTTP server does not start");
}

static ent_code start_threads(ent_exchange_server *s, ent_err *err)
{
    s->worker = calloc(s->workers, sizeof *s->worker);
    if (!s->worker) return ent_fail(err, ENT_NO_MEMORY, "no memory for workers");
    if (pthread_create(&s->releaser, NULL, release, s) != 0) return ent_fail(err, ENT_IO, "cannot start a thread");
    s->started = 1;
    for (unsigned i = 0; i < s->workers; i++, s->started++)
        if (pthread_create(&s->worker[i], NULL, work, s) != 0) return ent_fail(err, ENT_IO, "cannot start a thread");
    return ENT_OK;
}

static ent_exchange_server *new_server(const ent_exchange_config *config)
{
    ent_exchange_server *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->config = *config;
    s->config.certificate = s->config.key = NULL;
    s->identity = config->identity;
    ent_secret_key_wipe(&s->config.identity);
    snprintf(s->name, sizeof s->name, "%s", config->name);
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    s->workers = config->workers ? config->workers : cpus > 0 ? (unsigned)cpus : 1;
    s->tls.directory = config->directory;
    s->tls.clock = config->clock;
    s->queue_end = &s->queue;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->work, NULL);
    pthread_cond_init(&s->released, &attributes);
    pthread_condattr_destroy(&attributes);
    return s;
}

ent_code ent_exchange_start(const ent_exchange_config *config, ent_exchange_server **ret_server, ent_err *err)
{
    ENT_PRE(config->inbox.receive && config->directory.by_certificate && config->clock.monotonic);
    if (strlen(config->name) >= ENT_NODE_NAME_MAX) return ent_fail(err, ENT_USAGE, "the node's name is too long");
    ent_exchange_server *s = new_server(config);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "no memory for the exchange");
    ent_code code = ent_tls_load(&s->tls, config->certificate, config->key, err);
    if (code == ENT_OK) code = start_threads(s, err);
    if (code == ENT_OK) code = start_daemon(s, err);
    if (code == ENT_OK)
        *ret_server = s;
    else
        ent_exchange_stop(s, 0);
    return code;
}

uint16_t ent_exchange_port(const ent_exchange_server *server) { return server->port; }

void ent_exchange_count(ent_exchange_server *server, ent_exchange_counts *ret_counts)
{
    pthread_mutex_lock(&server->lock);
    *ret_counts = server->counts;
    pthread_mutex_unlock(&server->lock);
    ret_counts->tls_refused = atomic_load(&server->tls.refused);
}

ent_code ent_exchange_reload(ent_exchange_server *server, const char *certificate, const char *key,
                             const ent_secret_key *identity, ent_err *err)
{
    ENT_TRY(ent_tls_load(&server->tls, certificate, key, err));
    pthread_mutex_lock(&server->lock);
    server->identity = *identity;
    pthread_mutex_unlock(&server->lock);
    return ENT_OK;
}

/* Until no message is open, at most `ms`. */
static void drain(ent_exchange_server *s, int64_t ms)
{
    const struct timespec nap = {.tv_nsec = 5000000};
    for (int64_t end = monotonic(s) + ms; monotonic(s) < end; nanosleep(&nap, NULL)) {
        pthread_mutex_lock(&s->lock);
        bool idle = s->open == 0;
        pthread_mutex_unlock(&s->lock);
        if (idle) return;
    }
}

void ent_exchange_stop(ent_exchange_server *server, int64_t grace_ms)
{
    ent_exchange_server *s = server;
    if (!s) return;
    MHD_socket fd = s->daemon ? MHD_quiesce_daemon(s->daemon) : MHD_INVALID_SOCKET;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    if (s->daemon) drain(s, grace_ms);
    pthread_mutex_lock(&s->lock);
    s->ended = true;
    pthread_cond_broadcast(&s->work);
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 1; i < s->started; i++) pthread_join(s->worker[i - 1], NULL);
    pthread_mutex_lock(&s->lock);
    s->drained = true;
    pthread_cond_broadcast(&s->released);
    pthread_mutex_unlock(&s->lock);
    if (s->started) pthread_join(s->releaser, NULL);
    if (s->daemon) MHD_stop_daemon(s->daemon);
    if (fd != MHD_INVALID_SOCKET) close(fd);
    ent_tls_free(&s->tls);
    ent_secret_key_wipe(&s->identity);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->work);
    pthread_cond_destroy(&s->released);
    free(s->worker);
    free(s);
}
