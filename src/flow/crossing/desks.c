/* The desks' capture keys. One person proposes a key, another approves it: whoever could do both could make crossings up. A row a desk:
 * version, state, hardware, pseudonym, key, who proposed it, since when. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/crossing/crossing.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

static void put_row(ent_batch *b, const ent_desk_view *d)
{
    ENT_AUTO_BUF row = ENT_BUF(256);
    ent_buf_u8(&row, 1);
    ent_buf_u8(&row, (uint8_t)d->state);
    ent_buf_u8(&row, d->hardware);
    ent_buf_put(&row, d->pseudonym.b, ENT_ID_SIZE);
    ent_buf_put(&row, d->key.b, 32);
    ent_buf_put(&row, d->proposed_by.b, ENT_ID_SIZE);
    ent_buf_u64(&row, (uint64_t)d->since.ms);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DESKS, ENT_BYTES(d->name, strlen(d->name)), ENT_BYTES(row.data, row.len));
}

static ent_code add(ent_flow_node *n, const ent_desk_view *d)
{
    ent_desk_view *desks = realloc(n->desks, (n->desk_count + 1) * sizeof *desks);
    if (!desks) return ENT_NO_MEMORY;
    n->desks = desks;
    n->desks[n->desk_count++] = *d;
    return ENT_OK;
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_desk_view d = {0};
    uint8_t version = ent_cursor_u8(&c);
    d.state = (ent_desk_state)ent_cursor_u8(&c);
    d.hardware = ent_cursor_u8(&c) != 0;
    ent_cursor_copy(&c, d.pseudonym.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, d.key.b, 32);
    ent_cursor_copy(&c, d.proposed_by.b, ENT_ID_SIZE);
    d.since.ms = (int64_t)ent_cursor_u64(&c);
    if (version != 1 || !ent_cursor_done(&c) || key_len >= sizeof d.name || d.state >= ENT_DESK_STATE_COUNT) return ENT_DAMAGED;
    memcpy(d.name, key, key_len);
    return add(ctx, &d);
}

ent_code ent_desks_load(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_DESKS, &all, load_one, n, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "the rows of desks cannot be read");
}

ent_desk_view *ent_desk_named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->desk_count; i++)
        if (strcmp(n->desks[i].name, name) == 0) return &n->desks[i];
    return NULL;
}

static ent_code check_name(const char *name, ent_err *err)
{
    size_t len = strlen(name);
    bool good = len > 0 && len < ENT_DESK_NAME && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == len && *name != '-';
    return good ? ENT_OK : ent_fail(err, ENT_USAGE, "a desk's name is 1 to %d of a-z, 0-9, '.', '-' and '_', as \"jfk-4-17\"", ENT_DESK_NAME - 1);
}

/* The row and its entry. Who has the key and the name can open the entry's commitment: an auditor, of a statement. */
static ent_code commit_desk(ent_flow_node *n, const ent_actor *by, const ent_desk_view *d, const char *what, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("desk");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_entry e = {.kind = ENT_ENTRY_KEY, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by->pseudonym};
    snprintf(e.clause, sizeof e.clause, "desk %s, %s key", what, d->hardware ? "hardware" : "software");
    memcpy(e.case_number.b, d->pseudonym.b, ENT_ID_SIZE);
    ent_commit_to(d->key.b, d->name, strlen(d->name), e.commitment);
    put_row(b, d);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code propose(ent_flow_node *n, const ent_actor *by, const char *name, const ent_public_key *key, bool hardware, ent_err *err)
{
    ent_desk_view *have = ent_desk_named(n, name);
    ent_desk_view d = {.state = ENT_DESK_PROPOSED, .key = *key, .hardware = hardware, .proposed_by = by->pseudonym, .since = ent_now(n)};
    if (have && have->state == ENT_DESK_ACTIVE) return ent_fail(err, ENT_EXISTS, "the desk \"%s\" has a key: withdraw it first", name);
    for (size_t i = 0; i < n->desk_count; i++)
        if (ent_public_key_equal(&n->desks[i].key, key) && &n->desks[i] != have) return ent_fail(err, ENT_EXISTS, "this is the key of the desk \"%s\"", n->desks[i].name);
    if (have && have->state == ENT_DESK_WITHDRAWN && ent_public_key_equal(&have->key, key))
        return ent_fail(err, ENT_REFUSED, "this key was withdrawn: a desk gets a new one");
    snprintf(d.name, sizeof d.name, "%s", name);
    ent_fill(n, d.pseudonym.b, ENT_ID_SIZE);
    ENT_TRY(commit_desk(n, by, &d, "proposed", err));
    if (have) return *have = d, ENT_OK;
    return add(n, &d) == ENT_OK ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
}

ent_code ent_flow_desk_propose(ent_flow_node *n, const ent_actor *by, const char *name, const ent_public_key *key, bool hardware, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_PROPOSE_DESK, err));
    ENT_TRY(check_name(name, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = propose(n, by, name, key, hardware, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

static ent_code approve(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err)
{
    ent_desk_view *have = ent_desk_named(n, name);
    if (!have || have->state != ENT_DESK_PROPOSED) return ent_fail(err, ENT_NOT_FOUND, "no key of a desk \"%s\" waits to be approved", name);
    if (ent_id_equal(have->proposed_by.b, by->pseudonym.b)) return ent_fail(err, ENT_DENIED, "nobody approves their own act: another person must");
    ent_desk_view d = *have;
    d.state = ENT_DESK_ACTIVE;
    d.since = ent_now(n);
    ENT_TRY(commit_desk(n, by, &d, "approved", err));
    *have = d;
    return ENT_OK;
}

ent_code ent_flow_desk_approve(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_APPROVE, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = approve(n, by, name, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

static ent_code withdraw(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err)
{
    ent_desk_view *have = ent_desk_named(n, name);
    if (!have || have->state == ENT_DESK_WITHDRAWN) return ent_fail(err, ENT_NOT_FOUND, "no desk \"%s\" has a key here", name);
    ent_desk_view d = *have;
    d.state = ENT_DESK_WITHDRAWN;
    d.since = ent_now(n);
    ENT_TRY(commit_desk(n, by, &d, "withdrawn", err));
    *have = d;
    return ENT_OK;
}

ent_code ent_flow_desk_withdraw(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_PROPOSE_DESK, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = withdraw(n, by, name, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_desks(ent_flow_node *n, void (*see)(void *ctx, const ent_desk_view *d), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->desk_count; i++) see(ctx, &n->desks[i]);
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}
