#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "api/exchange/server.h"
#include "base/check.h"
#include "crypto/x509.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TICK_S 60
#define WARN_MS (60ll * 86400000)

/* The journal's form: a priority in front, no personal data. */
static void note(int priority, const char *format, ...) ENT_PRINTF(2, 3);
static void note(int priority, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "<%d>entente: ", priority);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

static void warn_about_person(void *ctx, const ent_actor *a, const ent_actor_id *proposed_by)
{
    const ent_time *now = ctx;
    char who[ENT_ID_TEXT];
    if (proposed_by || a->suspended || a->expires_ms - now->ms >= WARN_MS) return;
    ent_id_text(a->pseudonym.b, who);
    note(4, "the key of the person %.8s… ends in %lld days: `entente keys rotate`", who, (long long)((a->expires_ms - now->ms) / 86400000));
}

static void warn_about_keys(ent_node *n)
{
    uint8_t pin[32];
    ent_time until, now = ent_system_clock().now(NULL);
    if (ent_x509_pin((char *)n->certificate.data, n->certificate.len, pin, &until, NULL) == ENT_OK && until.ms - now.ms < WARN_MS)
        note(4, "the TLS certificate ends in %lld days: put a new tls.crt and tls.key there, send SIGHUP, give partners the card", (long long)((until.ms - now.ms) / 86400000));
    (void)!ent_flow_people(n->flow, warn_about_person, &now, NULL);
}

static void warn_about_records(ent_node *n)
{
    enum { DAYS = 30 };
    ent_warnings w;
    if (ent_flow_warnings(n->flow, NULL, DAYS, NULL, NULL, &w, NULL) != ENT_OK) return;
    if (w.due || w.windows || w.windows_soon) note(5, "%zu parts fall due within %d days; an extension may be applied for now of %zu, soon of %zu: `entente retention warnings`", w.due, (int)DAYS, w.windows, w.windows_soon);
    if (w.reviews) note(w.reviews_overdue ? 4 : 5, "%zu holds are to be reviewed within %d days, %zu of them should have been", w.reviews, (int)DAYS, w.reviews_overdue);
    if (w.unsplit) note(4, "%zu parts are held that no power keeps: the hold store needs two custodians", w.unsplit);
    if (w.pending) note(5, "%zu events wait for a second person: `entente approve list`", w.pending);
}

/* Each minute; what ends soon is said at the start and once a day. */
static void tick(ent_node *n, unsigned *minutes)
{
    ent_err err = {0};
    if (ent_flow_tick(n->flow, &err) != ENT_OK) note(3, "%s", err.detail);
    if (++*minutes % 1440 != 0) return;
    warn_about_keys(n);
    warn_about_records(n);
}

static ent_code start_exchange(ent_node *n, ent_exchange_server **ret, ent_err *err)
{
    ent_exchange_config c = {.name = n->config.name, .address = n->config.listen, .port = n->config.port, .certificate = ent_buf_cstr(&n->certificate),
                             .key = ent_buf_cstr(&n->tls_key), .identity = n->identity, .directory = ent_flow_directory(n->flow),
                             .inbox = ent_flow_inbox(n->flow), .ledger = n->flow_config.ledger, .clock = ent_system_clock(), .random = ent_system_random()};
    ent_code code = ent_exchange_start(&c, ret, err);
    ent_secret_key_wipe(&c.identity);
    return code;
}

/* A new certificate for what connects from now on; the one that is there stays when the new cannot be used. */
static void reload(ent_node *n, ent_exchange_server *server)
{
    ENT_AUTO_BUF certificate = ENT_BUF(65536), key = ENT_BUF(65536);
    char path[PATH_MAX];
    ent_err err = {0};
    ent_node_path(n->folder, "tls.crt", path);
    ent_code code = ent_disk_load(path, &certificate, &err);
    ent_node_path(n->folder, "tls.key", path);
    if (code == ENT_OK) code = ent_disk_load(path, &key, &err);
    if (code == ENT_OK) code = ent_exchange_reload(server, ent_buf_cstr(&certificate), ent_buf_cstr(&key), &n->identity, &err);
    if (code == ENT_OK) note(6, "certificate read anew");
    else note(3, "the certificate was not read anew: %s", err.detail);
    warn_about_keys(n);
}

/* Waits for a signal, ticking. */
static void wait_for_end(ent_node *n, ent_exchange_server *server, const sigset_t *set)
{
    const struct timespec minute = {.tv_sec = TICK_S};
    unsigned minutes = 0;
    for (;;) {
        int got = sigtimedwait(set, NULL, &minute);
        if (got == SIGTERM || got == SIGINT) return;
        if (got == SIGHUP) reload(n, server);
        if (got < 0 && errno == EINTR) continue;
        tick(n, &minutes);
    }
}

ent_code ent_node_serve(ent_node *n, void (*ready)(void *ctx, uint16_t port), void *ctx, ent_err *err)
{
    sigset_t set;
    char path[PATH_MAX];
    ent_exchange_server *server = NULL;
    ent_desk *desk = NULL;
    ent_desk_node node = ent_node_desk(n);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, NULL); /* before threads are made, so that all inherit it */
    signal(SIGPIPE, SIG_IGN);
    ent_node_path(n->folder, "desk.sock", path);
    ENT_TRY(ent_node_agree(n, err));
    ENT_TRY(start_exchange(n, &server, err));
    char console[PATH_MAX];
    ent_node_share("console", console);
    ent_code code = ent_desk_start(&(ent_desk_options){.socket_path = path, .port = n->config.desk_port, .console = console, .name = n->config.name, .contact = n->config.contact, .refer_per_mille = n->config.refer_per_mille, .refer_after_ms = n->config.refer_after_ms,
                                                       .clock = ent_system_clock(), .random = ent_system_random()}, &node, &desk, err);
    if (code == ENT_OK) code = ent_node_witnessing_start(n, note, err);
    if (code == ENT_OK) {
        warn_about_keys(n);
        warn_about_records(n);
        if (ready) ready(ctx, ent_exchange_port(server));
        wait_for_end(n, server, &set);
        note(6, "stopping: what was begun is answered first");
    }
    ent_node_witnessing_stop(n);
    char why[160];
    if (code == ENT_OK && ent_flow_doubted(n->flow, why)) code = ent_fail(err, ENT_DAMAGED, "%s", why);
    ent_desk_stop(desk);
    ent_exchange_stop(server, 10000);
    return code;
}
