#include "api/exchange/fanout.h"

#include "base/check.h"

#include <pthread.h>
#include <stdatomic.h>

typedef struct round_ {
    ent_partners partners;
    const ent_fanout_question *questions;
    size_t count;
    atomic_size_t next;
    pthread_mutex_t telling;
    void (*told)(void *ctx, const ent_fanout_outcome *outcome);
    void *ctx;
} round_;

static void ask(round_ *r, size_t i)
{
    const ent_fanout_question *q = &r->questions[i];
    ent_err err = {0};
    ent_reply reply = {0};
    ent_code code = r->partners.send(r->partners.self, q->partner, &q->message, q->deadline, &reply, &err);
    ent_fanout_outcome o = {.index = i, .code = code, .reply = code == ENT_OK ? &reply : NULL, .err = &err};
    pthread_mutex_lock(&r->telling);
    r->told(r->ctx, &o);
    pthread_mutex_unlock(&r->telling);
    if (code == ENT_OK) ent_reply_free(&reply);
}

static void *work(void *self)
{
    round_ *r = self;
    for (size_t i; (i = atomic_fetch_add(&r->next, 1)) < r->count;) ask(r, i);
    return NULL;
}

ent_code ent_fanout(ent_partners partners, const ent_fanout_question *questions, size_t count,
                    void (*told)(void *ctx, const ent_fanout_outcome *outcome), void *ctx, ent_err *err)
{
    ENT_PRE(partners.send && told);
    round_ r = {.partners = partners, .questions = questions, .count = count, .told = told, .ctx = ctx};
    pthread_t thread[ENT_FANOUT_THREADS];
    size_t want = count < ENT_FANOUT_THREADS ? count : ENT_FANOUT_THREADS, started = 0;
    pthread_mutex_init(&r.telling, NULL);
    while (started < want && pthread_create(&thread[started], NULL, work, &r) == 0) started++;
    for (size_t i = 0; i < started; i++) pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&r.telling);
    if (want && !started) return ent_fail(err, ENT_IO, "no thread can be started to ask the partners");
    return ENT_OK;
}
