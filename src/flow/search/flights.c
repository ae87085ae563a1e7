#include "flow/search/flights.h"

#include <string.h>

static const ent_flight *in_flight(const ent_flow_node *n, const uint8_t id[ENT_ID_SIZE])
{
    const ent_flight *f = n->flights;
    while (f && !ent_id_equal(f->in->message.id, id)) f = f->next;
    return f;
}

static int64_t slot_of(const ent_flow_node *n, const uint8_t id[ENT_ID_SIZE])
{
    int64_t slot = 0, now = ent_ticks(n);
    for (size_t i = 0; i < ENT_LANDED; i++)
        if (n->landings[i].slot > now && ent_id_equal(n->landings[i].id, id)) slot = n->landings[i].slot;
    return slot;
}

static bool same_request(const ent_arrival *a, const ent_arrival *b)
{
    size_t n = a->message.body_len;
    return n == b->message.body_len && (!n || memcmp(a->message.body, b->message.body, n) == 0);
}

/* Under the lock. */
static bool is_worked_at(const ent_flow_node *n, const ent_arrival *in)
{
    const ent_flight *other = in_flight(n, in->message.id);
    if (!other) return in->message.poll && slot_of(n, in->message.id) > 0;
    if (strcmp(other->in->partner, in->partner) != 0) return false;
    return in->message.poll || (in->message.prefer_s && same_request(other->in, in));
}

bool ent_flight_begin(ent_flow_node *n, ent_flight *f, int64_t *ret_slot)
{
    const ent_message *m = &f->in->message;
    pthread_mutex_lock(&n->lock);
    bool working = is_worked_at(n, f->in);
    while (!working && !m->poll && in_flight(n, m->id)) pthread_cond_wait(&n->landed, &n->lock);
    if (!working && !m->poll) {
        f->next = n->flights;
        n->flights = f;
    }
    *ret_slot = slot_of(n, m->id);
    pthread_mutex_unlock(&n->lock);
    return !working;
}

void ent_flight_end(ent_flow_node *n, const ent_flight *f, int64_t slot)
{
    if (f->in->message.poll) return; /* a question answers nothing anew */
    pthread_mutex_lock(&n->lock);
    ent_flight **at = &n->flights;
    while (*at != f) at = &(*at)->next;
    *at = f->next;
    if (slot) {
        ent_landing *l = &n->landings[n->landed_count++ % ENT_LANDED];
        l->slot = slot;
        memcpy(l->id, f->in->message.id, ENT_ID_SIZE);
    }
    pthread_cond_broadcast(&n->landed);
    pthread_mutex_unlock(&n->lock);
}
