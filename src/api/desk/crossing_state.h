/* What the acts of a crossing share. Inside src/api/desk only. */
#ifndef API_DESK_CROSSING_STATE_H
#define API_DESK_CROSSING_STATE_H

#include "api/desk/crossing.h"
#include "flow/crossing/captures.h"

#include <pthread.h>

/* One crossing's question to every partner. Whoever holds it counts in `holders`; the last one frees it. All but `lines` and `left`
 * is set before the threads start. Under the crossings' lock. */
typedef struct question {
    struct ent_crossings *of;
    const ent_desk_node *n;
    ent_actor by;
    json_t *params;         /* of every search */
    char slip_holder[ENT_NODE_NAME_MAX]; /* whose search carries the slip; "" none is shown */
    json_t *lines;          /* one a partner; each thread sets its own */
    ent_buf body;           /* the transaction: erased when no slip can be made any more */
    size_t left, holders;
    pthread_cond_t answered;
} question;

/* A crossing that was referred. */
typedef struct crossing {
    uint8_t id[ENT_ID_SIZE];
    ent_actor_id by;
    char reference[64];     /* the desk's own */
    char document[64], nationality[4], flight[16];
    ent_time opened;
    bool by_chance;
    question *q;            /* NULL: the place is free */
} crossing;

struct ent_crossings {
    pthread_mutex_t lock;
    ent_crossings_options o;
    ent_captures *captures;
    size_t running;         /* threads that ask */
    pthread_cond_t idle;
    crossing at[ENT_CROSSINGS];
    size_t next;
};

static inline ent_time ent_crossings_now(const ent_crossings *c) { return c->o.clock.now(c->o.clock.self); }
ENT_MUST_CHECK ent_code ent_crossings_need(const ent_desk_node *n, ent_err *err);
/* Under the lock: one holder less. */
void ent_question_release(question *q);
/* Under the lock: what is over a day goes, and the prints of whom nobody can make a slip for any more. */
void ent_crossings_expire(ent_crossings *c);

#endif
