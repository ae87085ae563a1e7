/* Who works here. A row a person: version, role, suspended, pseudonym, key, old key, its end, the key's end. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

#define KEY_LIFE_MS (2ll * 365 * 86400000)
#define OVERLAP_MS (30ll * 86400000)

static void put_row(ent_batch *b, ent_change_kind kind, const ent_actor *a)
{
    ENT_AUTO_BUF row = ENT_BUF(512);
    ent_buf_u8(&row, 1);
    ent_buf_u8(&row, (uint8_t)a->role);
    ent_buf_u8(&row, a->suspended);
    ent_buf_put(&row, a->pseudonym.b, ENT_ID_SIZE);
    ent_buf_put(&row, a->key.b, 32);
    ent_buf_put(&row, a->old_key.b, 32);
    ent_buf_u64(&row, (uint64_t)a->old_until_ms);
    ent_buf_u64(&row, (uint64_t)a->expires_ms);
    ent_batch_put(b, kind, ENT_TABLE_PEOPLE, ENT_BYTES(a->name, strlen(a->name)), ENT_BYTES(row.data, row.len));
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_actor a = {0}, *people = realloc(n->people, (n->people_count + 1) * sizeof *people);
    if (!people) return ENT_NO_MEMORY;
    n->people = people;
    uint8_t version = ent_cursor_u8(&c);
    a.role = (ent_role)ent_cursor_u8(&c);
    a.suspended = ent_cursor_u8(&c) != 0;
    ent_cursor_copy(&c, a.pseudonym.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, a.key.b, 32);
    ent_cursor_copy(&c, a.old_key.b, 32);
    a.old_until_ms = (int64_t)ent_cursor_u64(&c);
    a.expires_ms = (int64_t)ent_cursor_u64(&c);
    if (version != 1 || !ent_cursor_done(&c) || key_len >= sizeof a.name || a.role >= ENT_ROLE_COUNT) return ENT_DAMAGED;
    memcpy(a.name, key, key_len);
    n->people[n->people_count++] = a;
    return ENT_OK;
}

ent_code ent_people_load(ent_flow_node *n, ent_err *err)
{
    ent_change all = {.key = "", .key_len = 0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_PEOPLE, &all, load_one, n, err);
    return code == ENT_OK ? ENT_OK : ent_fail(err, code, "the rows of people cannot be read");
}

static ent_actor *named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->people_count; i++)
        if (strcmp(n->people[i].name, name) == 0) return &n->people[i];
    return NULL;
}

ent_code ent_flow_person(ent_flow_node *n, const char *name, ent_actor *ret_actor, ent_err *err)
{
    pthread_mutex_lock(&n->lock);
    ent_actor *a = named(n, name);
    if (a) *ret_actor = *a;
    pthread_mutex_unlock(&n->lock);
    return a ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "nobody here is called \"%s\": a custodian adds them with `entente person add`", name);
}

static ent_code check_name(const char *name, ent_err *err)
{
    size_t len = strlen(name);
    bool good = len > 0 && len < ENT_PERSON_NAME;
    for (size_t i = 0; i < len && good; i++) {
        char c = name[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    }
    return good ? ENT_OK : ent_fail(err, ENT_USAGE, "a person's name is 1 to %d of a-z, 0-9, '.', '-' and '_', as \"p.example\"", ENT_PERSON_NAME - 1);
}

/* The entry of a change to somebody: who did it, and a commitment to what was changed, salted by the pseudonym's owner. */
static ent_code commit_person(ent_flow_node *n, const char *name, const ent_actor *by, ent_entry_kind kind, const char *clause,
                              const ent_actor *a, bool fresh, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new(name);
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    uint8_t salt[32];
    ent_entry e = {.kind = kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by ? by->pseudonym : a->pseudonym};
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(a->pseudonym.b, ENT_ID_SIZE, salt);
    ent_commit_to(salt, a->key.b, 32, e.commitment);
    put_row(b, fresh ? ENT_CHANGE_INSERT : ENT_CHANGE_PUT, a);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_person_add(ent_flow_node *n, const ent_actor *by, const char *name, ent_role role, const ent_public_key *key, ent_err *err)
{
    ENT_TRY(check_name(name, err));
    pthread_mutex_lock(&n->lock);
    bool first = n->people_count == 0;
    ent_code code = ENT_OK;
    if (!by && !(first && role == ENT_ROLE_CUSTODIAN)) code = ent_fail(err, ENT_DENIED, "only the first custodian is added by nobody");
    else if (by) code = ent_gate(by, ENT_MAY_ADD_PERSON, err);
    if (code == ENT_OK && named(n, name)) code = ent_fail(err, ENT_EXISTS, "there is somebody called \"%s\" already", name);
    ent_actor *people = code == ENT_OK ? realloc(n->people, (n->people_count + 1) * sizeof *people) : NULL;
    if (people) n->people = people;
    else if (code == ENT_OK) code = ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_actor a = {.role = role, .key = *key, .expires_ms = ent_now(n).ms + KEY_LIFE_MS};
    if (code == ENT_OK) {
        snprintf(a.name, sizeof a.name, "%s", name);
        ent_fill(n, a.pseudonym.b, sizeof a.pseudonym.b);
        code = commit_person(n, "person", by, ENT_ENTRY_PERSON, ent_role_text(role), &a, true, err);
    }
    if (code == ENT_OK) n->people[n->people_count++] = a;
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* Changes one person under the lock. */
static ent_code change(ent_flow_node *n, const ent_actor *by, const char *name, ent_entry_kind kind, const char *clause,
                       void (*how)(ent_actor *a, const void *what, ent_time now), const void *what, ent_err *err)
{
    pthread_mutex_lock(&n->lock);
    ent_actor *a = named(n, name);
    ent_code code = a ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "nobody here is called \"%s\"", name);
    if (code == ENT_OK) {
        ent_actor changed = *a;
        how(&changed, what, ent_now(n));
        code = commit_person(n, "person", by, kind, clause, &changed, false, err);
        if (code == ENT_OK) *a = changed;
    }
    pthread_mutex_unlock(&n->lock);
    return code;
}

static void suspend(ent_actor *a, const void *what, ent_time now)
{
    (void)what, (void)now;
    a->suspended = true;
}

ent_code ent_flow_person_suspend(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SUSPEND_PERSON, err));
    if (strcmp(by->name, name) == 0) return ent_fail(err, ENT_DENIED, "nobody suspends themselves: ask another custodian");
    return change(n, by, name, ENT_ENTRY_PERSON, "suspended", suspend, NULL, err);
}

static void rotate(ent_actor *a, const void *what, ent_time now)
{
    a->old_key = a->key;
    a->old_until_ms = now.ms + OVERLAP_MS;
    a->key = *(const ent_public_key *)what;
    a->expires_ms = now.ms + KEY_LIFE_MS;
}

ent_code ent_flow_person_rotate(ent_flow_node *n, const ent_actor *by, const ent_public_key *fresh, const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    uint8_t text[sizeof ENT_ROTATE_TEXT - 1 + 32];
    ENT_TRY(ent_gate(by, ENT_MAY_ROTATE_OWN_KEY, err));
    memcpy(text, ENT_ROTATE_TEXT, sizeof ENT_ROTATE_TEXT - 1);
    memcpy(text + sizeof ENT_ROTATE_TEXT - 1, fresh->b, 32);
    if (!ent_sign_verify(&by->key, text, sizeof text, signature)) return ent_fail(err, ENT_SIGNATURE, "the new key is not signed by the old one");
    return change(n, by, by->name, ENT_ENTRY_KEY, "rotated", rotate, fresh, err);
}

ent_code ent_flow_people(ent_flow_node *n, void (*see)(void *ctx, const ent_actor *a), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->people_count; i++) see(ctx, &n->people[i]);
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}
