/* One question to many partners at once: each in its own time, answers told as they come. A partner that is down, slow,
 * suspended or refusing is an outcome of its own, never "no hit". */
#ifndef API_EXCHANGE_FANOUT_H
#define API_EXCHANGE_FANOUT_H

#include "port/clock.h"
#include "port/partners.h"

/* What came of one of the questions. The reply is only for the call. */
typedef struct ent_fanout_outcome {
    size_t index;            /* of the question */
    ent_code code;           /* ENT_OK: the partner answered, see reply; else err says why not */
    const ent_reply *reply;
    const ent_err *err;
} ent_fanout_outcome;

typedef struct ent_fanout_question {
    const char *partner;
    ent_message message;     /* with its own id, proof and agreement */
    int64_t deadline;        /* monotonic ms, of this partner's flow */
} ent_fanout_question;

/* Calls told(ctx, outcome) exactly once for each question, never two at a time, from threads of its own; returns when the
 * last was told, which is at most a moment after the latest deadline. At most ENT_FANOUT_THREADS questions are under way
 * at once; the others wait within their deadlines. ENT_IO when no thread can be started: nothing was sent then. */
enum { ENT_FANOUT_THREADS = 32 };
ENT_MUST_CHECK ent_code ent_fanout(ent_partners partners, const ent_fanout_question *questions, size_t count,
                                   void (*told)(void *ctx, const ent_fanout_outcome *outcome), void *ctx, ent_err *err);

#endif
