/* A capture as it comes from a desk: the statement before it is held against what this node knows. */
#include "base/check.h"
#include "flow/crossing/crossing.h"
#include "flow/state.h"

#include <string.h>

/* A crossing is asked about while the traveller stands there. */
static ent_code check_time(const ent_flow_node *n, ent_time stated, ent_err *err)
{
    int64_t age = ent_now(n).ms - stated.ms;
    if (age > ENT_LIMIT_CAPTURE_AGE_MS) return ent_fail(err, ENT_STALE, "captured more than %d minutes ago: capture again", ENT_LIMIT_CAPTURE_AGE_MS / 60000);
    if (age < -ENT_LIMIT_CLOCK_SKEW_MS) return ent_fail(err, ENT_STALE, "captured in the future: check the desk's clock");
    return ENT_OK;
}

static ent_code check_desk(ent_flow_node *n, ent_taken *t, ent_err *err)
{
    const ent_desk_view *d = ent_desk_named(n, t->c.desk);
    if (!d || d->state != ENT_DESK_ACTIVE) return ent_fail(err, ENT_REFUSED, "no desk \"%s\" has a capture key here: `entente desk add`, and another approves", t->c.desk);
    memcpy(t->pledge.commitment, t->c.commitment, 32);
    memcpy(t->pledge.key, d->key.b, 32);
    memcpy(t->pledge.signature, t->c.signature, sizeof t->c.signature);
    return ent_pledge_verify(&t->pledge) ? ENT_OK : ent_fail(err, ENT_SIGNATURE, "the crossing's statement is not signed by the desk %s", t->c.desk);
}

ent_code ent_crossing_take(ent_flow_node *n, const ent_actor *by, ent_bytes file, ent_taken *ret, ent_err *err)
{
    ent_taken t = {.capture = file, .stated = ent_crossing_begins(file.data, file.len)};
    if (!t.stated) return *ret = t, ENT_OK;
    ENT_TRY(ent_crossing_read(file.data, file.len, &t.c, &t.capture, err));
    if (strcmp(t.c.node, n->c.name) != 0) return ent_fail(err, ENT_REFUSED, "the statement is for %s, this is %s", t.c.node, n->c.name);
    if (strcmp(t.c.officer, by->name) != 0) return ent_fail(err, ENT_REFUSED, "captured before %s, asked by %s: one officer does both", t.c.officer, by->name);
    pthread_mutex_lock(&n->lock);
    ent_code code = check_desk(n, &t, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) code = check_time(n, t.c.time, err);
    if (code == ENT_OK) *ret = t;
    return code;
}

void ent_crossing_commit(const uint8_t salt[32], const uint8_t body_digest[32], const ent_taken *t, uint8_t ret_commitment[32])
{
    uint8_t content[32 + sizeof t->pledge];
    memcpy(content, body_digest, 32);
    memcpy(content + 32, &t->pledge, sizeof t->pledge); /* three arrays of bytes: no padding */
    ent_commit_to(salt, content, t->stated ? sizeof content : 32, ret_commitment);
}
