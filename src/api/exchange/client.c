/* Easy handles are kept per partner, each with its warm connection; a thread borrows one for one message. A partner is never
 * connected to more often than it takes from one address: who comes then waits its turn, until its deadline. The server's
 * certificate is judged by its pin alone: no authority, no host name. */
#include "api/exchange/client.h"

#include "api/exchange/wire.h"
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/hash.h"

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IDLE_MAX = 2 * ENT_LIMIT_LINES }; /* with all partners together */

/* A connection that nobody uses now. */
typedef struct idle {
    CURL *easy;
    ent_peer peer;          /* as it was pinned when the connection was made */
    struct idle *next;
} idle;

/* Messages on their way to one partner. */
typedef struct line_count {
    char name[ENT_NODE_NAME_MAX];
    unsigned busy;
    struct line_count *next;
} line_count;

struct ent_exchange_client {
    ent_exchange_client_config config;
    char *certificate, *key;
    pthread_mutex_t lock;
    pthread_cond_t freed;
    line_count *lines;
    idle *idle;
    size_t idle_count;
};

/* One message on its way. */
typedef struct trip {
    ent_exchange_client *client;
    ent_peer peer;
    ent_wire_fields out, in;
    ent_buf body, request_base, answer_base;
    bool too_large;
} trip;

/* ---- connections ---- */

/* A partner that moved or was given other pins gets a new connection. */
static bool same_place(const ent_peer *a, const ent_peer *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->address, b->address) == 0 && a->pin_count == b->pin_count &&
           memcmp(a->pin, b->pin, a->pin_count * sizeof a->pin[0]) == 0;
}

static CURL *borrow(ent_exchange_client *c, const ent_peer *peer)
{
    pthread_mutex_lock(&c->lock);
    for (idle **at = &c->idle; *at; at = &(*at)->next) {
        idle *i = *at;
        if (!same_place(&i->peer, peer)) continue;
        *at = i->next;
        c->idle_count--;
        pthread_mutex_unlock(&c->lock);
        CURL *easy = i->easy;
        free(i);
        return easy;
    }
    pthread_mutex_unlock(&c->lock);
    return curl_easy_init();
}

static void give_back(ent_exchange_client *c, const ent_peer *peer, CURL *easy)
{
    idle *i = calloc(1, sizeof *i);
    pthread_mutex_lock(&c->lock);
    bool keep = i && c->idle_count < IDLE_MAX;
    if (keep) {
        i->easy = easy;
        i->peer = *peer;
        i->next = c->idle;
        c->idle = i;
        c->idle_count++;
    }
    pthread_mutex_unlock(&c->lock);
    if (keep) return;
    curl_easy_cleanup(easy);
    free(i);
}

/* ---- lines: so many messages at a time ---- */

static int64_t ms_now(ent_exchange_client *c) { return c->config.clock.monotonic(c->config.clock.self); }

/* Never forgotten: there are as many as partners. Under the lock. */
static line_count *lines_to(ent_exchange_client *c, const char *name)
{
    line_count *l = c->lines;
    while (l && strcmp(l->name, name) != 0) l = l->next;
    if (l || !(l = calloc(1, sizeof *l))) return l;
    snprintf(l->name, sizeof l->name, "%s", name);
    l->next = c->lines;
    return c->lines = l;
}

static ent_code take_line(ent_exchange_client *c, const char *name, int64_t left_ms, ent_err *err)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += left_ms / 1000, until.tv_nsec += left_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_mutex_lock(&c->lock);
    line_count *l = lines_to(c, name);
    while (l && l->busy == ENT_LIMIT_LINES && rc == 0) rc = pthread_cond_timedwait(&c->freed, &c->lock, &until);
    bool mine = l && l->busy < ENT_LIMIT_LINES;
    if (mine) l->busy++;
    pthread_mutex_unlock(&c->lock);
    if (!l) return ent_fail(err, ENT_NO_MEMORY, "no memory for a message");
    return mine ? ENT_OK : ent_fail(err, ENT_TIMEOUT, "%s: %d messages were on their way to it until the deadline", name, ENT_LIMIT_LINES);
}

static void leave_line(ent_exchange_client *c, const char *name)
{
    pthread_mutex_lock(&c->lock);
    lines_to(c, name)->busy--;
    pthread_cond_broadcast(&c->freed);
    pthread_mutex_unlock(&c->lock);
}

/* ---- the partner's certificate ---- */

static bool in_its_time(const X509 *x, ent_time now)
{
    time_t t = (time_t)(now.ms / 1000);
    return X509_cmp_time(X509_get0_notBefore(x), &t) < 0 && X509_cmp_time(X509_get0_notAfter(x), &t) > 0;
}

static int judge(X509_STORE_CTX *store, void *self)
{
    trip *t = self;
    ent_exchange_client *c = t->client;
    X509 *x = X509_STORE_CTX_get0_cert(store);
    unsigned char *der = NULL;
    int len = x ? i2d_X509(x, &der) : -1;
    uint8_t digest[ENT_SHA256_SIZE];
    bool ok = false;
    if (len > 0) {
        ent_sha256(der, (size_t)len, digest);
        for (size_t i = 0; i < t->peer.pin_count; i++) ok = ok || ent_equal(t->peer.pin[i], digest, sizeof digest);
    }
    OPENSSL_free(der);
    ok = ok && in_its_time(x, c->config.clock.now(c->config.clock.self));
    X509_STORE_CTX_set_error(store, ok ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
    return ok ? 1 : 0;
}

static CURLcode set_verifier(CURL *easy, void *context, void *self)
{
    (void)easy;
    SSL_CTX_set_cert_verify_callback(context, judge, self);
    return CURLE_OK;
}

/* ---- what arrives ---- */

static size_t take_header(char *data, size_t size, size_t count, void *self)
{
    trip *t = self;
    size_t len = size * count;
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) { /* a new head: what came before was a 1xx */
        t->in.count = t->in.used = 0;
        return len;
    }
    char *colon = memchr(data, ':', len);
    if (colon) ent_wire_add(&t->in, data, (size_t)(colon - data), colon + 1, len - (size_t)(colon - data) - 1);
    return t->in.overflow ? 0 : len;
}

static size_t take_body(char *data, size_t size, size_t count, void *self)
{
    trip *t = self;
    ent_buf_put(&t->body, data, size * count);
    t->too_large = t->body.failed != ENT_OK;
    return t->too_large ? 0 : size * count;
}

/* ---- sending ---- */

static void set_tls(CURL *easy, trip *t)
{
    ent_exchange_client *c = t->client;
    struct curl_blob certificate = {c->certificate, strlen(c->certificate), CURL_BLOB_NOCOPY};
    struct curl_blob key = {c->key, strlen(c->key), CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)(CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_3));
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    /* The verifier below decides instead of names and authorities. */
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L); /* a resumed session would skip the verifier */
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_verifier);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t);
}

static void set_common(CURL *easy, trip *t, const char *url, int64_t left_ms)
{
    curl_easy_reset(easy); /* keeps the connection */
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, 50L); /* the server's warm connections end after 60 s */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)left_ms);
    set_tls(easy, t);
}

static ent_code failed(CURLcode code, const trip *t, const char *problem, ent_err *err)
{
    const char *name = t->peer.name, *why = *problem ? problem : curl_easy_strerror(code);
    if (t->too_large || t->in.overflow) return ent_fail(err, ENT_TOO_LARGE, "%s: the answer is over the limits", name);
    if (code == CURLE_OPERATION_TIMEDOUT) return ent_fail(err, ENT_TIMEOUT, "%s: no answer in time", name);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return ent_fail(err, ENT_UNREACHABLE, "%s: its certificate is not the one on its card, or has ended", name);
    if (code == CURLE_RECV_ERROR || code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SEND_ERROR)
        return ent_fail(err, ENT_UNREACHABLE, "%s: the connection was refused; does it have this node's card? (%s)", name,
                        why);
    return ent_fail(err, ENT_UNREACHABLE, "%s: %s", name, why);
}

static struct curl_slist *header_list(const ent_wire_fields *f)
{
    struct curl_slist *list = NULL;
    char line[ENT_LIMIT_HEADERS];
    for (size_t i = 0; i < f->count; i++) {
        snprintf(line, sizeof line, "%s: %s", f->field[i].name, f->field[i].value);
        list = curl_slist_append(list, line);
    }
    return curl_slist_append(list, "Expect:");
}

static ent_code post(trip *t, const ent_message *m, int64_t left_ms, long *ret_status, ent_err *err)
{
    CURL *easy = borrow(t->client, &t->peer);
    if (!easy) return ent_fail(err, ENT_NO_MEMORY, "no memory for a connection");
    char url[ENT_PEER_ADDRESS + 64], problem[CURL_ERROR_SIZE] = "";
    const ent_wire_target target = ent_wire_target_of(m);
    snprintf(url, sizeof url, "%s%s", t->peer.address, target.path);
    struct curl_slist *headers = header_list(&t->out);
    set_common(easy, t, url, left_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(easy, m->poll ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
    if (!m->poll) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, m->body_len ? m->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)m->body_len);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    curl_slist_free_all(headers);
    if (code == CURLE_OK) {
        give_back(t->client, &t->peer, easy);
        return ENT_OK;
    }
    curl_easy_cleanup(easy);
    return failed(code, t, problem, err);
}

/* What an auditor is shown: request's base, its signature, answer's base, its signature, an empty line between. */
static void put_evidence(const trip *t, const uint8_t signature[ENT_SIGNATURE_SIZE], ent_buf *ret_evidence)
{
    char base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    const ent_http_message sent = {.field = t->out.field, .field_count = t->out.count};
    ent_base64(signature, ENT_SIGNATURE_SIZE, base64);
    ent_buf_put(ret_evidence, t->request_base.data, t->request_base.len);
    ent_buf_fmt(ret_evidence, "\n\n%s\n\n", ent_http_field_value(&sent, "signature", NULL));
    ent_buf_put(ret_evidence, t->answer_base.data, t->answer_base.len);
    ent_buf_fmt(ret_evidence, "\n\n" ENT_WIRE_LABEL "=:%s:\n", base64);
}

static ent_code check_answer(trip *t, const ent_message *m, int status, ent_buf *ret_evidence, unsigned *ret_after_s, ent_err *err)
{
    ent_exchange_client *c = t->client;
    const ent_wire_target target = ent_wire_target_of(m);
    char job[ENT_JOB_PATH];
    ent_http_message request = {.method = target.method, .path = target.path, .authority = "", .field = t->out.field,
                                .field_count = t->out.count};
    ent_http_message answer = {.status = status, .field = t->in.field, .field_count = t->in.count, .request = &request};
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_code code = ent_wire_check_answer(&answer, ENT_BYTES(t->body.data, t->body.len), &t->peer,
                                          c->config.clock.now(c->config.clock.self), &t->answer_base, signature, err);
    if (code != ENT_OK)
        return ent_context(err, ENT_SIGNATURE, "%s: its answer (%d) cannot be accepted", t->peer.name, status);
    ent_job_path(m->id, job);
    if (status == 202) ENT_TRY(ent_wire_read_job(&answer, job, ret_after_s, err));
    put_evidence(t, signature, ret_evidence);
    return ent_buf_check(ret_evidence, err);
}

static ent_code make_trip(ent_exchange_client *c, const char *partner, trip **ret_trip, ent_err *err)
{
    trip *t = calloc(1, sizeof *t);
    if (!t) return ent_fail(err, ENT_NO_MEMORY, "no memory for a message");
    t->client = c;
    t->body = ENT_BUF(ENT_LIMIT_BODY);
    t->request_base = t->answer_base = ENT_BUF(ENT_HTTPSIG_BASE_MAX);
    ent_code code = c->config.directory.by_name(c->config.directory.self, partner, &t->peer, err);
    if (code != ENT_OK)
        free(t);
    else
        *ret_trip = t;
    return code;
}

static void end_trip(trip *t)
{
    ent_buf_free(&t->body);
    ent_buf_free(&t->request_base);
    ent_buf_free(&t->answer_base);
    free(t);
}

static ent_code travel(trip *t, const ent_message *m, int64_t deadline, ent_reply *reply, unsigned *ret_after_s, ent_err *err)
{
    ent_exchange_client *c = t->client;
    uint8_t nonce[16];
    long status = 0;
    c->config.random.fill(c->config.random.self, nonce, sizeof nonce);
    ENT_TRY(ent_wire_request(m, t->peer.name, c->config.clock.now(c->config.clock.self), nonce, &c->config.identity,
                             &t->out, &t->request_base, err));
    int64_t left = deadline - ms_now(c);
    if (left <= 0) return ent_fail(err, ENT_TIMEOUT, "%s: the deadline has passed", t->peer.name);
    ENT_TRY(post(t, m, left, &status, err));
    reply->status = (int)status;
    ENT_TRY(check_answer(t, m, (int)status, &reply->evidence, ret_after_s, err));
    reply->body = t->body;
    t->body = ENT_BUF(0);
    return ENT_OK;
}

/* There and back once, on a line of its own. */
static ent_code send_once(ent_exchange_client *c, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret_reply,
                          unsigned *ret_after_s, ent_err *err)
{
    trip *t;
    int64_t left = deadline - ms_now(c);
    ENT_TRY(take_line(c, partner, left > 0 ? left : 0, err));
    ent_reply reply = {.evidence = ENT_BUF(4 * ENT_HTTPSIG_BASE_MAX)};
    ent_code code = make_trip(c, partner, &t, err);
    if (code == ENT_OK) {
        code = travel(t, m, deadline, &reply, ret_after_s, err);
        end_trip(t);
    }
    leave_line(c, partner);
    if (code == ENT_OK)
        *ret_reply = reply;
    else
        ent_reply_free(&reply);
    return code;
}

static ent_code pause(ent_exchange_client *c, const char *partner, unsigned seconds, int64_t deadline, ent_err *err)
{
    int64_t until = ms_now(c) + 1000 * (int64_t)(seconds ? seconds : 1);
    if (until >= deadline) return ent_fail(err, ENT_TIMEOUT, "%s: it is still searching at the deadline", partner);
    c->config.clock.sleep_until(c->config.clock.self, until);
    return ENT_OK;
}

/* The search was taken on: it is asked after until the answer is there, also of a holder that is starting again; one that does not know of
 * it any more is sent the request anew. What proves the answer is the 202, which covers the request, and the answer, which covers the
 * question after it. */
static ent_code ask_after(ent_exchange_client *c, const char *partner, const ent_message *m, int64_t deadline, unsigned after_s, ent_reply *reply, ent_err *err)
{
    ent_message poll = {.kind = ENT_MESSAGE_SEARCH, .poll = true, .form = m->form};
    const ent_message *said = m; /* what *reply answers */
    ENT_AUTO_BUF taken = ENT_BUF(4 * ENT_HTTPSIG_BASE_MAX);
    ent_code code = ENT_OK;
    memcpy(poll.id, m->id, sizeof poll.id);
    for (;;) {
        bool lost = code == ENT_OK && reply->status == 404 && said == &poll && !m->poll;
        if (code == ENT_OK && !lost && reply->status != 202 && reply->status != 503) break;
        if (code != ENT_OK && code != ENT_UNREACHABLE && code != ENT_TIMEOUT) return code;
        if (code == ENT_OK && reply->status == 202 && said == m) ent_buf_clear(&taken), ent_buf_put(&taken, reply->evidence.data, reply->evidence.len);
        if (code == ENT_OK) ent_reply_free(reply);
        if (!lost) ENT_TRY(pause(c, partner, after_s, deadline, err));
        said = lost ? m : &poll;
        code = send_once(c, partner, said, deadline, reply, &after_s, err);
    }
    if (said == m) return ENT_OK;
    ent_buf_str(&taken, "\n");
    ent_buf_put(&taken, reply->evidence.data, reply->evidence.len);
    ent_buf_clear(&reply->evidence);
    ent_buf_put(&reply->evidence, taken.data, taken.len);
    code = ent_buf_check(&reply->evidence, err);
    if (code != ENT_OK) ent_reply_free(reply);
    return code;
}

/* Who has long to wait would rather ask again than hold a line. */
enum { WAIT_S = 10 };

static ent_code send_message(void *self, const char *partner, const ent_message *message, int64_t deadline,
                             ent_reply *ret_reply, ent_err *err)
{
    ent_exchange_client *c = self;
    ent_message m = *message;
    ent_reply reply;
    unsigned after_s = 0;
    int64_t from = ms_now(c);
    if (m.kind == ENT_MESSAGE_SEARCH && !m.poll && !m.prefer_s && deadline - from > 1000 * WAIT_S) m.prefer_s = WAIT_S;
    ent_code code = send_once(c, partner, &m, deadline, &reply, &after_s, err);
    if (code == ENT_OK && reply.status == 202) code = ask_after(c, partner, &m, deadline, after_s, &reply, err);
    if (code != ENT_OK) return code;
    reply.wait_ms = ms_now(c) - from;
    *ret_reply = reply;
    return ENT_OK;
}

ent_partners ent_exchange_client_partners(ent_exchange_client *client)
{
    return (ent_partners){.self = client, .send = send_message};
}

static size_t drop(char *data, size_t size, size_t count, void *self)
{
    (void)data, (void)self;
    return size * count;
}

ent_code ent_exchange_client_warm(ent_exchange_client *client, const char *partner, int64_t deadline, ent_err *err)
{
    trip *t;
    ENT_TRY(make_trip(client, partner, &t, err));
    char url[ENT_PEER_ADDRESS + 16], problem[CURL_ERROR_SIZE] = "";
    int64_t left = deadline - ms_now(client);
    CURL *easy = borrow(client, &t->peer);
    CURLcode r = CURLE_OUT_OF_MEMORY;
    if (easy) {
        snprintf(url, sizeof url, "%s" ENT_WIRE_HEALTH, t->peer.address);
        set_common(easy, t, url, left > 0 ? left : 1);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
        r = curl_easy_perform(easy);
    }
    ent_code code = r == CURLE_OK ? ENT_OK : failed(r, t, problem, err);
    if (r == CURLE_OK)
        give_back(client, &t->peer, easy);
    else
        curl_easy_cleanup(easy);
    end_trip(t);
    return code;
}

ent_code ent_exchange_client_make(const ent_exchange_client_config *config, ent_exchange_client **ret_client,
                                  ent_err *err)
{
    ENT_PRE(config->directory.by_name && config->clock.monotonic && config->random.fill);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return ent_fail(err, ENT_INTERNAL, "libcurl does not start");
    ent_exchange_client *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "no memory for the exchange");
    c->config = *config;
    c->certificate = strdup(config->certificate);
    c->key = strdup(config->key);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&c->freed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&c->lock, NULL);
    if (!c->certificate || !c->key) {
        ent_exchange_client_free(c);
        return ent_fail(err, ENT_NO_MEMORY, "no memory for the exchange");
    }
    *ret_client = c;
    return ENT_OK;
}

void ent_exchange_client_free(ent_exchange_client *client)
{
    if (!client) return;
    for (idle *i = client->idle, *next; i; i = next) {
        next = i->next;
        curl_easy_cleanup(i->easy);
        free(i);
    }
    for (line_count *l = client->lines, *next; l; l = next) {
        next = l->next;
        free(l);
    }
    if (client->key) ent_wipe(client->key, strlen(client->key));
    free(client->key);
    free(client->certificate);
    ent_secret_key_wipe(&client->config.identity);
    pthread_cond_destroy(&client->freed);
    pthread_mutex_destroy(&client->lock);
    free(client);
}
