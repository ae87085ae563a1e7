/* A ledger is cut into shards, one log a year, each a tree of its own under the origin NAME/YEAR (docs/protocol/ledger.md). A shard
 * ends with the entry "year closed", which names the year that follows; the next begins with "opened", whose commitment is the digest
 * of the closed shard's last checkpoint. So the later tree binds the earlier one. Entries are numbered through all shards.
 *
 * Year 0 is a log that is not cut: its origin is NAME alone. Pure: bytes and structs. */
#ifndef MERKLE_SHARD_H
#define MERKLE_SHARD_H

#include "merkle/note.h"

/* One of a ledger's logs. */
typedef struct ent_shard {
    uint32_t year;
    uint64_t first, count; /* the number of its first entry, and how many it has */
} ent_shard;

/* Where an entry stands in its owner's ledger: the log's year, and the index there. */
typedef struct ent_place {
    uint32_t year;
    uint64_t index;
} ent_place;

void ent_shard_origin(const char *name, uint32_t year, char ret_origin[ENT_ORIGIN_MAX]);
/* Whether the origin is of this name's ledger; the year in *ret_year (may be NULL). */
bool ent_shard_origin_of(const char *origin, const char *name, uint32_t *ret_year);
/* "2026": four digits, not below 1970; 0 for anything else. */
uint32_t ent_shard_year(const char *text);
/* Of the three lines that a checkpoint signs; signatures may change, these do not. */
void ent_shard_digest(const ent_checkpoint *c, uint8_t ret_digest[32]);

/* The last entry of a shard, and the first of the next: `closed` is the last checkpoint, `last` the number of its last entry. NULL
 * and ENT_ENTRY_NONE for the first shard of all. */
void ent_shard_closing(uint32_t next, ent_time now, ent_entry *ret_entry);
void ent_shard_opening(uint32_t year, ent_time now, const ent_checkpoint *closed, uint64_t last, ent_entry *ret_entry);

/* ---- all entries, one after the other, cut again ---- */

typedef struct ent_walk {
    char name[ENT_ORIGIN_MAX];
    ent_shard shard[ENT_LIMIT_SHARDS];
    ent_tree *tree[ENT_LIMIT_SHARDS];
    size_t count;          /* shards; entries in them: size */
    uint64_t size;
    uint32_t next;         /* the year that the last entry says follows; 0: none */
} ent_walk;

ENT_MUST_CHECK ent_code ent_walk_begin(const char *name, ent_walk **ret_walk, ent_err *err);
void ent_walk_free(ent_walk *w); /* NULL is fine */
/* The next entry. ENT_FORMAT for one that does not decode; ENT_DAMAGED where a shard does not begin as the one before it ended. */
ENT_MUST_CHECK ent_code ent_walk_add(ent_walk *w, const uint8_t bytes[ENT_ENTRY_SIZE], ent_entry *ret_entry, ent_err *err);
/* The root of the present shard, up to and with the entry that was added last: what the lot is drawn from. */
void ent_walk_head(const ent_walk *w, ent_hash *ret_head);
/* Whether the checkpoint's shard has been walked as far as it says. */
bool ent_walk_covers(const ent_walk *w, const ent_checkpoint *c);
/* ENT_CONFLICT unless the checkpoint is of one of these shards: its size is there, its root is theirs. `what` begins the sentence. */
ENT_MUST_CHECK ent_code ent_walk_agrees(const ent_walk *w, const ent_checkpoint *c, const char *what, ent_err *err);

#endif
