/* Who works here. A row a person: version, role, suspended, pseudonym, key, old key, its end, the key's end; of somebody who was only
 * proposed, version 2: also who proposed them and the case number of both words.
 *
 * Nobody makes themselves two: whom one custodian proposes is nobody here until a second person agreed, and a key is one person's.
 * The first custodian of a node has no second, so the second is theirs alone to add, once, and the ledger says so of both. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/people.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

#define KEY_LIFE_MS (2ll * 365 * 86400000)
#define OVERLAP_MS (30ll * 86400000)

static void put_row(ent_batch *b, ent_change_kind kind, const ent_actor *a, const ent_proposed *p)
{
    ENT_AUTO_BUF row = ENT_BUF(512);
    ent_buf_u8(&row, p ? 2 : 1);
    ent_buf_u8(&row, (uint8_t)a->role);
    ent_buf_u8(&row, a->suspended);
    ent_buf_put(&row, a->pseudonym.b, ENT_ID_SIZE);
    ent_buf_put(&row, a->key.b, 32);
    ent_buf_put(&row, a->old_key.b, 32);
    ent_buf_u64(&row, (uint64_t)a->old_until_ms);
    ent_buf_u64(&row, (uint64_t)a->expires_ms);
    if (p) ent_buf_put(&row, p->by.b, ENT_ID_SIZE), ent_buf_put(&row, p->case_number.b, ENT_ID_SIZE);
    ent_batch_put(b, kind, ENT_TABLE_PEOPLE, ENT_BYTES(a->name, strlen(a->name)), ENT_BYTES(row.data, row.len));
}

/* Room for one more of each, before anything is committed. */
static ent_code make_room(ent_flow_node *n, ent_err *err)
{
    ent_actor *people = realloc(n->people, (n->people_count + 1) * sizeof *people);
    if (people) n->people = people;
    ent_proposed *proposed = realloc(n->proposed, (n->proposed_count + 1) * sizeof *proposed);
    if (proposed) n->proposed = proposed;
    return people && proposed ? ENT_OK : ent_fail(err, ENT_NO_MEMORY, "out of memory");
}

static ent_code load_one(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_flow_node *n = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    ent_proposed p = {0};
    ent_actor *a = &p.person;
    uint8_t version = ent_cursor_u8(&c);
    a->role = (ent_role)ent_cursor_u8(&c);
    a->suspended = ent_cursor_u8(&c) != 0;
    ent_cursor_copy(&c, a->pseudonym.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, a->key.b, 32);
    ent_cursor_copy(&c, a->old_key.b, 32);
    a->old_until_ms = (int64_t)ent_cursor_u64(&c);
    a->expires_ms = (int64_t)ent_cursor_u64(&c);
    if (version == 2) ent_cursor_copy(&c, p.by.b, ENT_ID_SIZE), ent_cursor_copy(&c, p.case_number.b, ENT_ID_SIZE);
    if (version < 1 || version > 2 || !ent_cursor_done(&c) || key_len >= sizeof a->name || a->role >= ENT_ROLE_COUNT) return ENT_DAMAGED;
    memcpy(a->name, key, key_len);
    ENT_TRY(make_room(n, NULL));
    if (version == 2) n->proposed[n->proposed_count++] = p;
    else n->people[n->people_count++] = *a;
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

/* One change to somebody: what becomes of the row, and the entry, with a commitment to the key that is salted by the pseudonym. */
typedef struct person_change {
    const char *clause;
    const ent_actor *by; /* NULL: the first custodian, by nobody */
    ent_entry_kind kind;
    ent_change_kind row;
    const ent_actor *person;
    const ent_proposed *proposed; /* the row is a proposal's; NULL: a person's */
    const ent_case_id *case_number; /* of both words; NULL: one of its own */
} person_change;

static ent_code commit_person(ent_flow_node *n, const person_change *p, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("person");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    uint8_t salt[32];
    const ent_actor *a = p->person;
    ent_entry e = {.kind = p->kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = p->by ? p->by->pseudonym : a->pseudonym};
    snprintf(e.clause, sizeof e.clause, "%s", p->clause);
    if (p->case_number) e.case_number = *p->case_number;
    else ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_sha256(a->pseudonym.b, ENT_ID_SIZE, salt);
    ent_commit_to(salt, a->key.b, 32, e.commitment);
    if (p->row == ENT_CHANGE_DELETE) ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_PEOPLE, ENT_BYTES(a->name, strlen(a->name)), ENT_BYTES("", 0));
    else put_row(b, p->row, a, p->proposed);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

/* ---- who comes ---- */

static ent_proposed *proposed_named(ent_flow_node *n, const char *name)
{
    for (size_t i = 0; i < n->proposed_count; i++)
        if (strcmp(n->proposed[i].person.name, name) == 0) return &n->proposed[i];
    return NULL;
}

static bool has_key(const ent_actor *a, const ent_public_key *key)
{
    return ent_public_key_equal(&a->key, key) || (a->old_until_ms && ent_public_key_equal(&a->old_key, key));
}

/* Two names with one key would be one person who is two. */
static ent_code check_key(ent_flow_node *n, const ent_public_key *key, ent_err *err)
{
    const ent_actor *whose = NULL;
    for (size_t i = 0; i < n->people_count; i++)
        if (has_key(&n->people[i], key)) whose = &n->people[i];
    for (size_t i = 0; i < n->proposed_count; i++)
        if (has_key(&n->proposed[i].person, key)) whose = &n->proposed[i].person;
    return whose ? ent_fail(err, ENT_DENIED, "this key is of %s already: nobody is two persons here", whose->name) : ENT_OK;
}

/* Suspended ones count: who suspends the others is not the first again. */
static size_t custodians_ever(const ent_flow_node *n)
{
    size_t count = 0;
    for (size_t i = 0; i < n->people_count; i++) count += n->people[i].role == ENT_ROLE_CUSTODIAN;
    return count;
}

static ent_code add_alone(ent_flow_node *n, const ent_actor *by, const ent_actor *a, ent_err *err)
{
    const char *clause = by ? ENT_CLAUSE_SECOND : ENT_CLAUSE_FIRST;
    ENT_TRY(commit_person(n, &(person_change){.clause = clause, .by = by, .kind = ENT_ENTRY_PERSON, .row = ENT_CHANGE_INSERT, .person = a}, err));
    n->people[n->people_count++] = *a;
    return ENT_OK;
}

static ent_code propose(ent_flow_node *n, const ent_actor *by, const ent_actor *a, ent_err *err)
{
    char clause[ENT_LAW_CLAUSE];
    ent_proposed p = {.person = *a, .by = by->pseudonym};
    ent_fill(n, p.case_number.b, sizeof p.case_number.b);
    snprintf(clause, sizeof clause, ENT_CLAUSE_PROPOSED "%s", ent_role_text(a->role));
    ENT_TRY(commit_person(n, &(person_change){.clause = clause, .by = by, .kind = ENT_ENTRY_PERSON, .row = ENT_CHANGE_INSERT, .person = a, .proposed = &p, .case_number = &p.case_number}, err));
    n->proposed[n->proposed_count++] = p;
    return ENT_OK;
}

static ent_code add_locked(ent_flow_node *n, const ent_actor *by, ent_actor *a, bool *ret_waits, ent_err *err)
{
    bool alone = a->role == ENT_ROLE_CUSTODIAN && (by ? custodians_ever(n) == 1 : n->people_count == 0);
    if (!by && !alone) return ent_fail(err, ENT_DENIED, "only the first custodian is added by nobody");
    if (named(n, a->name)) return ent_fail(err, ENT_EXISTS, "there is somebody called \"%s\" already", a->name);
    if (proposed_named(n, a->name)) return ent_fail(err, ENT_EXISTS, "\"%s\" is proposed already and waits for a second person", a->name);
    ENT_TRY(check_key(n, &a->key, err));
    ENT_TRY(make_room(n, err));
    ent_fill(n, a->pseudonym.b, sizeof a->pseudonym.b);
    *ret_waits = !alone;
    return alone ? add_alone(n, by, a, err) : propose(n, by, a, err);
}

ent_code ent_flow_person_add(ent_flow_node *n, const ent_actor *by, const char *name, ent_role role, const ent_public_key *key, bool *ret_waits, ent_err *err)
{
    if (by) ENT_TRY(ent_gate(by, ENT_MAY_ADD_PERSON, err));
    ENT_TRY(check_name(name, err));
    ent_actor a = {.role = role, .key = *key, .expires_ms = ent_now(n).ms + KEY_LIFE_MS};
    snprintf(a.name, sizeof a.name, "%s", name);
    pthread_mutex_lock(&n->lock);
    ent_code code = add_locked(n, by, &a, ret_waits, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* ---- the second person ---- */

/* A custodian; where the proposer is the only one who can act, an operator or an auditor: still another person with their own key. */
static ent_code may_second(ent_flow_node *n, const ent_actor *by, const ent_proposed *p, ent_err *err)
{
    if (ent_id_equal(p->by.b, by->pseudonym.b)) return ent_fail(err, ENT_DENIED, "%s proposed them: nobody approves their own act", by->name);
    if (by->role == ENT_ROLE_CUSTODIAN) return ENT_OK;
    for (size_t i = 0; i < n->people_count; i++) {
        const ent_actor *a = &n->people[i];
        if (a->role == ENT_ROLE_CUSTODIAN && !a->suspended && a->expires_ms > ent_now(n).ms && !ent_id_equal(a->pseudonym.b, p->by.b))
            return ent_fail(err, ENT_DENIED, "%s is a custodian and can approve this: the role %s does where no other custodian is left", a->name, ent_role_text(by->role));
    }
    return ENT_OK;
}

static ent_code decide_locked(ent_flow_node *n, const ent_actor *by, const char *name, const char *digits, ent_err *err)
{
    char these[ENT_KEY_DIGITS], clause[ENT_LAW_CLAUSE];
    ENT_TRY(make_room(n, err));
    ent_proposed *p = proposed_named(n, name);
    if (!p) return ent_fail(err, ENT_NOT_FOUND, "nobody called \"%s\" is proposed: `entente person list`", name);
    person_change change = {.clause = "proposal dropped", .by = by, .kind = ENT_ENTRY_PERSON, .row = ENT_CHANGE_DELETE, .person = &p->person, .case_number = &p->case_number};
    if (digits) {
        ENT_TRY(may_second(n, by, p, err));
        ent_key_digits(&p->person.key, these);
        if (strcmp(digits, these) != 0) return ent_fail(err, ENT_REFUSED, "these are not the digits of the key that is proposed for %s: nothing was approved", name);
        snprintf(clause, sizeof clause, ENT_CLAUSE_APPROVED "%s", ent_role_text(p->person.role));
        change.clause = clause, change.row = ENT_CHANGE_PUT;
    }
    ENT_TRY(commit_person(n, &change, err));
    if (digits) n->people[n->people_count++] = p->person;
    *p = n->proposed[--n->proposed_count];
    return ENT_OK;
}

ent_code ent_flow_person_decide(ent_flow_node *n, const ent_actor *by, const char *name, const char *digits, ent_err *err)
{
    ENT_TRY(ent_gate(by, digits ? ENT_MAY_APPROVE_PERSON : ENT_MAY_ADD_PERSON, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = decide_locked(n, by, name, digits, err);
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
        code = commit_person(n, &(person_change){.clause = clause, .by = by, .kind = kind, .row = ENT_CHANGE_PUT, .person = &changed}, err);
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
    pthread_mutex_lock(&n->lock);
    ent_code free_key = check_key(n, fresh, err);
    pthread_mutex_unlock(&n->lock);
    if (free_key != ENT_OK) return free_key;
    return change(n, by, by->name, ENT_ENTRY_KEY, "rotated", rotate, fresh, err);
}

ent_code ent_flow_people(ent_flow_node *n, void (*see)(void *ctx, const ent_actor *a, const ent_actor_id *proposed_by), void *ctx, ent_err *err)
{
    (void)err;
    pthread_mutex_lock(&n->lock);
    for (size_t i = 0; i < n->people_count; i++) see(ctx, &n->people[i], NULL);
    for (size_t i = 0; i < n->proposed_count; i++) see(ctx, &n->proposed[i].person, &n->proposed[i].by);
    pthread_mutex_unlock(&n->lock);
    return ENT_OK;
}
