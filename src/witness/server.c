/* HTTP as C2SP tlog-witness says: POST add-checkpoint, GET HASH/checkpoint. Nothing but a checkpoint's signature says who asks,
 * so bodies are small, connections few and silent ones cut. */
#include "witness/folder.h"

#include "adapter/file/disk.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS = 256, CONNECTIONS_PER_ADDRESS = 32, IDLE_S = 10 };

struct ent_witness_server {
    ent_witness *witness;
    ent_witness_log log;
    struct MHD_Daemon *daemon;
    uint16_t port;
    ent_buf certificate, key;
};

typedef struct call {
    ent_buf body;
    bool begun;
} call;

static enum MHD_Result answer(struct MHD_Connection *c, int status, const char *type, const ent_buf *body)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(body->len, body->len ? body->data : NULL, MHD_RESPMEM_MUST_COPY);
    if (!r) return MHD_NO;
    MHD_add_response_header(r, "Content-Type", type);
    MHD_add_response_header(r, "Cache-Control", "no-store");
    enum MHD_Result ok = MHD_queue_response(c, (unsigned)status, r);
    MHD_destroy_response(r);
    return ok;
}

static enum MHD_Result refuse(struct MHD_Connection *c, int status, const char *sentence)
{
    ENT_AUTO_BUF text = ENT_BUF(256);
    ent_buf_fmt(&text, "%s\n", sentence);
    return answer(c, status, "text/plain; charset=utf-8", &text);
}

static void tell(ent_witness_server *s, int priority, const char *text)
{
    if (s->log.line) s->log.line(s->log.ctx, priority, text);
}

static enum MHD_Result add_checkpoint(ent_witness_server *s, struct MHD_Connection *c, call *k)
{
    bool alarm;
    ENT_AUTO_BUF text = ENT_BUF(4096);
    char line[120];
    int status = ent_witness_add(s->witness, (const char *)(k->body.data ? k->body.data : (uint8_t *)""), k->body.len, &text, &alarm);
    if (alarm) tell(s, 1, "TWO HISTORIES: a log signed two roots of one size; both are in evidence/");
    if (status >= 500 || status == 422) {
        snprintf(line, sizeof line, "add-checkpoint answered %d", status);
        tell(s, status >= 500 ? 3 : 4, line);
    }
    return answer(c, status, status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8", &text);
}

static enum MHD_Result get_checkpoint(ent_witness_server *s, struct MHD_Connection *c, const char *url)
{
    char hash[65] = "";
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    if (strlen(url) == 1 + 64 + 11 && strcmp(url + 65, "/checkpoint") == 0) memcpy(hash, url + 1, 64);
    if (ent_witness_latest(s->witness, hash, &note) != 200) return refuse(c, 404, "nothing was co-signed under that name");
    return answer(c, 200, "text/plain; charset=utf-8", &note);
}

static enum MHD_Result handle(void *self, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *data, size_t *size, void **context)
{
    ent_witness_server *s = self;
    call *k = *context;
    (void)version;
    if (!k) {
        if (!(k = calloc(1, sizeof *k))) return MHD_NO;
        k->body = ENT_BUF(ENT_ADD_CHECKPOINT_MAX);
        *context = k;
        return MHD_YES;
    }
    if (*size) {
        ent_buf_put(&k->body, data, *size); /* past the ceiling: dropped, refused below */
        *size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") == 0) return get_checkpoint(s, c, url);
    if (strcmp(url, "/add-checkpoint") != 0) return refuse(c, 404, "no such path: POST /add-checkpoint");
    if (strcmp(method, "POST") != 0) return refuse(c, 405, "checkpoints are added by POST");
    if (k->body.failed != ENT_OK) return refuse(c, 413, "the body is too large");
    return add_checkpoint(s, c, k);
}

static void on_completed(void *self, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode code)
{
    call *k = *context;
    (void)self, (void)c, (void)code;
    if (!k) return;
    ent_buf_free(&k->body);
    free(k);
    *context = NULL;
}

/* ---- start and stop ---- */

static ent_code listen_on(const ent_witness_settings *settings, int *ret_fd, uint16_t *ret_port, ent_err *err)
{
    char port[8];
    snprintf(port, sizeof port, "%u", settings->port);
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *where;
    int r = getaddrinfo(settings->listen, port, &hints, &where), on = 1;
    if (r != 0) return ent_fail(err, ENT_USAGE, "\"%s\" is no numeric address: %s", settings->listen, gai_strerror(r));
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, where->ai_addr, where->ai_addrlen) == 0 &&
              listen(fd, 128) == 0 && getsockname(fd, (struct sockaddr *)&bound, &len) == 0;
    int why = errno;
    freeaddrinfo(where);
    if (!ok) {
        if (fd >= 0) close(fd);
        return ent_fail(err, ENT_IO, "cannot listen on %s port %u: %s", settings->listen, settings->port, strerror(why));
    }
    *ret_port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port : ((struct sockaddr_in *)&bound)->sin_port);
    *ret_fd = fd;
    return ENT_OK;
}

/* Both or none. */
static ent_code load_tls(ent_witness_server *s, const char *folder, bool *ret_tls, ent_err *err)
{
    char certificate[PATH_MAX], key[PATH_MAX];
    if (!ent_witness_path(folder, "tls.crt", certificate) || !ent_witness_path(folder, "tls.key", key)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    *ret_tls = access(certificate, F_OK) == 0;
    if (!*ret_tls) return ENT_OK;
    ENT_TRY(ent_disk_load(certificate, &s->certificate, err));
    return ent_disk_load(key, &s->key, err);
}

static ent_code start_daemon(ent_witness_server *s, bool tls, ent_err *err)
{
    int fd = -1;
    ENT_TRY(listen_on(ent_witness_settings_of(s->witness), &fd, &s->port, err));
    const struct MHD_OptionItem secure[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)ent_buf_cstr(&s->certificate)},
                                            {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)ent_buf_cstr(&s->key)},
                                            {MHD_OPTION_END, 0, NULL}};
    s->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL, handle, s, MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
                                 MHD_OPTION_THREAD_POOL_SIZE, 2u, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)CONNECTIONS_PER_ADDRESS,
                                 MHD_OPTION_ARRAY, tls ? secure : &secure[2], MHD_OPTION_END);
    if (s->daemon) return ENT_OK;
    close(fd);
    return ent_fail(err, ENT_IO, tls ? "the HTTPS server does not start: are tls.crt and tls.key a pair?" : "the HTTP server does not start");
}

ent_code ent_witness_start(ent_witness *w, const char *folder, ent_witness_log log, ent_witness_server **ret_server, ent_err *err)
{
    bool tls = false;
    ent_witness_server *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a server");
    s->witness = w;
    s->log = log;
    s->certificate = s->key = ENT_BUF(1 << 20);
    ent_code code = load_tls(s, folder, &tls, err);
    if (code == ENT_OK) code = start_daemon(s, tls, err);
    if (code == ENT_OK) *ret_server = s;
    else ent_witness_stop(s);
    return code;
}

uint16_t ent_witness_port(const ent_witness_server *s) { return s->port; }

void ent_witness_stop(ent_witness_server *s)
{
    if (!s) return;
    if (s->daemon) MHD_stop_daemon(s->daemon);
    ent_buf_free(&s->certificate);
    ent_buf_free(&s->key);
    free(s);
}
