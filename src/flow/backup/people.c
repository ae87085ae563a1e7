#include "flow/backup/people.h"

#include "base/check.h"
#include "base/ids.h"
#include "crypto/hash.h"
#include "merkle/entry.h"

#include <stdlib.h>
#include <string.h>

/* As flow/people.c writes a row: version, role, suspended, pseudonym, key, … */
enum { SUSPENDED = 2, PSEUDONYM = 3, KEY = PSEUDONYM + ENT_ID_SIZE, LEAST = KEY + 32, NAME_MAX_ = 64 };

typedef struct row {
    uint8_t name[NAME_MAX_], bytes[512];
    size_t name_len, len;
    bool changed;
} row;

typedef struct rows {
    row *at;
    size_t count;
} rows;

static ent_code remember(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    rows *r = ctx;
    row *at = realloc(r->at, (r->count + 1) * sizeof *at);
    if (!at) return ENT_NO_MEMORY;
    r->at = at;
    if (key_len > sizeof at->name || value_len < LEAST || value_len > sizeof at->bytes) return ENT_DAMAGED;
    at = &r->at[r->count++];
    *at = (row){.name_len = key_len, .len = value_len};
    memcpy(at->name, key, key_len);
    memcpy(at->bytes, value, value_len);
    return ENT_OK;
}

/* The entry's commitment is to this person's key. */
static bool is_about(const row *r, const ent_entry *e)
{
    uint8_t salt[32], commitment[32];
    ent_sha256(r->bytes + PSEUDONYM, ENT_ID_SIZE, salt);
    ent_hmac_sha256(salt, 32, &ENT_BYTES(r->bytes + KEY, 32), 1, commitment);
    return memcmp(commitment, e->commitment, 32) == 0;
}

static void look(rows *all, const ent_entry *e)
{
    bool suspended = e->kind == ENT_ENTRY_PERSON && strcmp(e->clause, "suspended") == 0;
    bool rotated = e->kind == ENT_ENTRY_KEY && strcmp(e->clause, "rotated") == 0;
    for (size_t i = 0; i < all->count; i++) {
        row *r = &all->at[i];
        bool meant = (suspended && is_about(r, e)) || (rotated && memcmp(e->actor.b, r->bytes + PSEUDONYM, ENT_ID_SIZE) == 0 && !is_about(r, e));
        if (!meant || r->bytes[SUSPENDED]) continue;
        r->bytes[SUSPENDED] = 1;
        r->changed = true;
    }
}

static ent_code look_at_ledger(const ent_ledger *ledger, uint64_t since, rows *all, ent_err *err)
{
    for (uint64_t i = since, size = ledger->size(ledger->self); i < size; i++) {
        uint8_t bytes[ENT_ENTRY_SIZE];
        ent_entry e;
        ENT_TRY(ledger->read(ledger->self, i, bytes, err));
        if (ent_entry_decode(bytes, &e, NULL) == ENT_OK) look(all, &e);
    }
    return ENT_OK;
}

ent_code ent_restore_people(const ent_store *store, const ent_ledger *ledger, uint64_t since, size_t *ret_suspended, ent_err *err)
{
    rows all = {0};
    ent_change range = {.key = "", .key_len = 0};
    size_t count = 0;
    ent_code code = store->scan(store->self, ENT_TABLE_PEOPLE, &range, remember, &all, err);
    if (code != ENT_OK) code = ent_fail(err, code, "the rows of people cannot be read");
    if (code == ENT_OK) code = look_at_ledger(ledger, since, &all, err);
    for (size_t i = 0; i < all.count && code == ENT_OK; i++) {
        const row *r = &all.at[i];
        if (!r->changed) continue;
        ent_change c = {ENT_CHANGE_PUT, ENT_TABLE_PEOPLE, r->name, r->name_len, r->bytes, r->len};
        code = store->commit(store->self, &c, 1, true, err);
        count++;
    }
    free(all.at);
    if (code == ENT_OK) *ret_suspended = count;
    return code;
}
