/* The node among its witnesses: where they are, and the thread that speaks with them. */
#include "node/wiring.h"

#include "base/check.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EVERY_S = 10, START_MS = 10000, ROUND_MS = 30000 };

/* ---- configuration ---- */

static ent_code read_one(const ent_doc *doc, ent_witness_address *ret, ent_err *err)
{
    ent_witness_address a = {0};
    ENT_TRY(ent_doc_only(doc, "name url", err));
    ENT_TRY(ent_doc_text(doc, "name", true, a.name, sizeof a.name, err));
    ENT_TRY(ent_doc_text(doc, "url", true, a.url, sizeof a.url, err));
    size_t n = strlen(a.url);
    bool http = strncmp(a.url, "http://", 7) == 0 || strncmp(a.url, "https://", 8) == 0;
    if (!http || a.url[n - 1] == '/') return ent_doc_fail(doc, err, "a witness's url begins with https:// or http:// and has no slash at its end");
    *ret = a;
    return ENT_OK;
}

ent_code ent_node_read_witnesses(const ent_doc *doc, ent_node_config *c, ent_err *err)
{
    const ent_doc *witness = ent_doc_get(doc, "witness"), *at = ent_doc_get(witness, "at");
    if (!witness) return ENT_OK;
    ENT_TRY(ent_doc_only(witness, "silence at", err));
    ENT_TRY(ent_doc_duration(witness, "silence", false, &c->witness_silence_ms, err));
    if (!at) return ENT_OK;
    if (at->kind != ENT_DOC_LIST || at->count > ENT_WITNESS_ADDRESSES) return ent_doc_fail(at, err, "\"at\" is a list of at most %d witnesses", ENT_WITNESS_ADDRESSES);
    for (const ent_doc *one = at->first; one; one = one->next) ENT_TRY(read_one(one, &c->witness[c->witness_count++], err));
    return ENT_OK;
}

void ent_node_write_witnesses(const ent_node_config *c, ent_buf *ret_text)
{
    ent_buf_fmt(ret_text,
                "\n"
                "witness:                          # docs/operating/witness.md\n"
                "  silence: %lld min                # when no witness of an agreement co-signed for so long, its searches stop\n"
                "  at: []                          # [ { name: observer.example, url: https://witness.observer.example } ]\n",
                (long long)((c->witness_silence_ms ? c->witness_silence_ms : ENT_NODE_SILENCE_MS) / 60000));
}

/* ---- the rounds ---- */

/* Said when it changes, not every ten seconds. */
static void say(ent_witnessing_thread *t, int priority, const char *text)
{
    if (strncmp(t->last, text, sizeof t->last - 1) == 0) return;
    snprintf(t->last, sizeof t->last, "%s", text);
    if (*text) t->note(priority, "%s", text);
}

ent_code ent_node_agree(ent_node *n, ent_err *err)
{
    char why[160];
    (void)!ent_flow_witness(n->flow, START_MS, NULL);
    if (!ent_flow_doubted(n->flow, why)) return ENT_OK;
    return ent_fail(err, ENT_DAMAGED, "%s. Restore the ledger that was witnessed from a copy; the evidence is kept (`entente ledger evidence`)", why);
}

/* False: the ledger is doubted, and nothing may be served any more. */
static bool one_round(ent_node *n)
{
    ent_err err = {0};
    size_t done;
    ent_code code = ent_flow_witness(n->flow, ROUND_MS, &err);
    if (code == ENT_DAMAGED) {
        say(&n->witnessing, 0, err.detail);
        return false;
    }
    if (code == ENT_OK) code = ent_flow_complete(n->flow, &done, &err);
    say(&n->witnessing, 4, code == ENT_OK ? "" : err.detail);
    return true;
}

static void wait_a_while(ent_witnessing_thread *t)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_S;
    pthread_mutex_lock(&t->lock);
    while (!t->stop && pthread_cond_timedwait(&t->wake, &t->lock, &until) == 0) {}
    pthread_mutex_unlock(&t->lock);
}

static void *work(void *self)
{
    ent_node *n = self;
    ent_witnessing_thread *t = &n->witnessing;
    for (;;) {
        pthread_mutex_lock(&t->lock);
        bool stop = t->stop;
        pthread_mutex_unlock(&t->lock);
        if (stop) return NULL;
        if (!one_round(n)) {
            kill(getpid(), SIGTERM);
            return NULL;
        }
        wait_a_while(t);
    }
}

ent_code ent_node_witnessing_start(ent_node *n, void (*note)(int priority, const char *format, ...), ent_err *err)
{
    ent_witnessing_thread *t = &n->witnessing;
    pthread_condattr_t attributes;
    t->note = note;
    t->stop = false;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    t->running = pthread_create(&t->thread, NULL, work, n) == 0;
    return t->running ? ENT_OK : ent_fail(err, ENT_IO, "cannot start a thread");
}

void ent_node_witnessing_stop(ent_node *n)
{
    ent_witnessing_thread *t = &n->witnessing;
    if (!t->running) return;
    pthread_mutex_lock(&t->lock);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    t->running = false;
}
