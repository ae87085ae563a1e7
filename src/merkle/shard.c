#include "merkle/shard.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ent_shard_origin(const char *name, uint32_t year, char ret_origin[ENT_ORIGIN_MAX])
{
    if (year) snprintf(ret_origin, ENT_ORIGIN_MAX, "%.64s/%04u", name, (unsigned)(year % 10000));
    else snprintf(ret_origin, ENT_ORIGIN_MAX, "%.127s", name);
}

uint32_t ent_shard_year(const char *text)
{
    if (strspn(text, "0123456789") != 4 || text[4]) return 0;
    unsigned long year = strtoul(text, NULL, 10);
    return year >= 1970 ? (uint32_t)year : 0;
}

bool ent_shard_origin_of(const char *origin, const char *name, uint32_t *ret_year)
{
    size_t n = strlen(name);
    if (strncmp(origin, name, n) != 0) return false;
    uint32_t year = origin[n] == '/' ? ent_shard_year(origin + n + 1) : 0;
    if (origin[n] && !year) return false;
    if (ret_year) *ret_year = year;
    return true;
}

void ent_shard_digest(const ent_checkpoint *c, uint8_t ret_digest[32])
{
    char text[ENT_ORIGIN_MAX + 96], root[ENT_BASE64_SIZE(32)];
    ent_base64(c->root.b, 32, root);
    int n = snprintf(text, sizeof text, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
    ENT_INVARIANT(n > 0 && (size_t)n < sizeof text);
    ent_sha256(text, (size_t)n, ret_digest);
}

void ent_shard_closing(uint32_t next, ent_time now, ent_entry *ret_entry)
{
    *ret_entry = (ent_entry){.kind = ENT_ENTRY_YEAR_CLOSED, .time = now, .follows = ENT_ENTRY_NONE};
    snprintf(ret_entry->purpose, sizeof ret_entry->purpose, "%04u", (unsigned)(next % 10000));
}

void ent_shard_opening(uint32_t year, ent_time now, const ent_checkpoint *closed, uint64_t last, ent_entry *ret_entry)
{
    *ret_entry = (ent_entry){.kind = ENT_ENTRY_OPENED, .time = now, .follows = last};
    snprintf(ret_entry->purpose, sizeof ret_entry->purpose, "%04u", (unsigned)(year % 10000));
    if (closed) ent_shard_digest(closed, ret_entry->commitment);
    memcpy(ret_entry->case_number.b, ret_entry->commitment, ENT_ID_SIZE); /* of nobody's case, and the same whenever it is written */
}

/* ---- the walk ---- */

ent_code ent_walk_begin(const char *name, ent_walk **ret_walk, ent_err *err)
{
    ent_walk *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a ledger's trees");
    snprintf(w->name, sizeof w->name, "%s", name);
    *ret_walk = w;
    return ENT_OK;
}

void ent_walk_free(ent_walk *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->count; i++) ent_tree_free(w->tree[i]);
    free(w);
}

static void checkpoint_of(const ent_walk *w, size_t i, ent_checkpoint *ret)
{
    *ret = (ent_checkpoint){.size = w->shard[i].count};
    ent_shard_origin(w->name, w->shard[i].year, ret->origin);
    ent_tree_root(w->tree[i], ret->size, &ret->root);
}

static ent_code begin_shard(ent_walk *w, uint32_t year, ent_err *err)
{
    if (w->count == ENT_LIMIT_SHARDS) return ent_fail(err, ENT_TOO_LARGE, "a ledger of more than %d years", ENT_LIMIT_SHARDS);
    ENT_TRY(ent_tree_new(&w->tree[w->count], err));
    w->shard[w->count++] = (ent_shard){.year = year, .first = w->size};
    return ENT_OK;
}

/* Does it begin where the shard before it ended? */
static ent_code turn(ent_walk *w, const ent_entry *e, ent_err *err)
{
    ent_checkpoint closed;
    uint8_t digest[32];
    uint32_t year = ent_shard_year(e->purpose);
    if (!w->count) return begin_shard(w, year, err); /* none named: a log that is not cut */
    checkpoint_of(w, w->count - 1, &closed);
    ent_shard_digest(&closed, digest);
    if (!w->next || year != w->next || e->follows != w->size - 1 || memcmp(digest, e->commitment, 32) != 0)
        return ent_fail(err, ENT_DAMAGED, "entry %" PRIu64 " opens the shard of %s, and the one before it did not end so", w->size, e->purpose);
    return begin_shard(w, year, err);
}

ent_code ent_walk_add(ent_walk *w, const uint8_t bytes[ENT_ENTRY_SIZE], ent_entry *ret_entry, ent_err *err)
{
    ent_entry e;
    ent_code code = ent_entry_decode(bytes, &e, err);
    if (code != ENT_OK) return ent_context(err, code, "entry %" PRIu64, w->size);
    if (w->next && e.kind != ENT_ENTRY_OPENED) return ent_fail(err, ENT_DAMAGED, "entry %" PRIu64 " stands after its shard was closed", w->size);
    if (e.kind == ENT_ENTRY_OPENED && (!w->count || ent_shard_year(e.purpose))) ENT_TRY(turn(w, &e, err));
    else if (!w->count) ENT_TRY(begin_shard(w, 0, err));
    size_t last = w->count - 1;
    ENT_TRY(ent_tree_append(w->tree[last], bytes, ENT_ENTRY_SIZE, err));
    w->shard[last].count++;
    w->size++;
    w->next = e.kind == ENT_ENTRY_YEAR_CLOSED ? ent_shard_year(e.purpose) : 0;
    if (ret_entry) *ret_entry = e;
    return ENT_OK;
}

void ent_walk_head(const ent_walk *w, ent_hash *ret_head)
{
    ENT_PRE(w->count);
    ent_tree_root(w->tree[w->count - 1], w->shard[w->count - 1].count, ret_head);
}

static size_t shard_of(const ent_walk *w, const ent_checkpoint *c)
{
    uint32_t year;
    size_t i = w->count;
    if (!ent_shard_origin_of(c->origin, w->name, &year)) return w->count;
    for (i = 0; i < w->count && w->shard[i].year != year; i++) {}
    return i;
}

bool ent_walk_covers(const ent_walk *w, const ent_checkpoint *c)
{
    size_t i = shard_of(w, c);
    return i < w->count && w->shard[i].count >= c->size;
}

ent_code ent_walk_agrees(const ent_walk *w, const ent_checkpoint *c, const char *what, ent_err *err)
{
    ent_hash root;
    size_t i = shard_of(w, c);
    if (i == w->count) return ent_fail(err, ENT_CONFLICT, "%s is of the log \"%s\", which this ledger of \"%s\" has not", what, c->origin, w->name);
    if (c->size > w->shard[i].count)
        return ent_fail(err, ENT_CONFLICT, "%s has %" PRIu64 " entries of %s, %" PRIu64 " are here: the ledger was rolled back, or entries are missing", what, c->size, c->origin, w->shard[i].count);
    ent_tree_root(w->tree[i], c->size, &root);
    if (memcmp(&root, &c->root, sizeof root) == 0) return ENT_OK;
    return ent_fail(err, ENT_CONFLICT, "%s of %" PRIu64 " entries of %s is of another history than the entries here", what, c->size, c->origin);
}
