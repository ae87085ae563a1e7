/* The slot file: a header of one page, then copy A of all slots, then copy B; a slot is 128 bytes:
 *
 *     0 state  4 epoch  8 generation  16 box (nonce; binding and key; tag: 92)  zeros  120 checksum (8 bytes of SHA-256)
 *
 * A slot's number is its generation and its position, so that a place is used again and a number never. Of two copies
 * that differ, the later generation counts, and within one generation "destroyed" wins over "live": a destruction that was
 * begun is finished. Here are bytes and places only; what the boxes hold is keys.c's. One owner, who locks. */
#ifndef ADAPTER_SLOTS_H
#define ADAPTER_SLOTS_H

#include "base/limits.h"
#include "entente/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENT_SLOT_SIZE 128
#define ENT_SLOT_BOX 92
#define ENT_SLOTS_FIRST 4096 /* slots a file begins with; it doubles by being written anew */

enum { ENT_SLOT_FREE = 0, ENT_SLOT_LIVE = 1, ENT_SLOT_DESTROYED = 2, ENT_SLOT_BAD = 255 };

typedef struct ent_slot_row {
    uint8_t state;
    uint32_t epoch, generation;
    uint8_t box[ENT_SLOT_BOX];
} ent_slot_row;

typedef struct ent_slot_file {
    char folder[PATH_MAX - 64];
    int fd; /* -1: not open */
    uint32_t epoch;
    size_t capacity;
    ent_slot_row *rows;
} ent_slot_file;

void ent_slot_encode(const ent_slot_row *row, uint8_t ret_bytes[ENT_SLOT_SIZE]);
ent_slot_row ent_slot_decode(const uint8_t bytes[ENT_SLOT_SIZE]); /* ENT_SLOT_BAD when the checksum is not its */
/* Which of two copies counts; *ret_mend: the other must be written over. */
ent_slot_row ent_slot_choose(const ent_slot_row *a, const ent_slot_row *b, bool *ret_mend);

/* Opens folder/slots and mends what is whole in one copy only. ENT_NOT_FOUND, ENT_DAMAGED, ENT_IO. */
ENT_MUST_CHECK ent_code ent_slots_open(ent_slot_file *f, ent_err *err);
void ent_slots_close(ent_slot_file *f); /* erases the rows in memory */
/* Both copies of each of these rows, and one sync. Needs no free space. */
ENT_MUST_CHECK ent_code ent_slots_put(ent_slot_file *f, const uint64_t *positions, size_t count, ent_err *err);
/* Writes the file anew (growth, the end of an epoch, the first) and takes its rows. The rename is the moment: before it the old
 * file counts, after it the new; then what the old one held is overwritten where it lay. `rows` has `capacity` places. */
ENT_MUST_CHECK ent_code ent_slots_switch(ent_slot_file *f, uint32_t epoch, const ent_slot_row *rows, size_t capacity, ent_err *err);

/* SHA-256 over epoch, capacity and all rows: equal in two folders that hold the same. */
void ent_slots_digest(const ent_slot_file *f, uint8_t ret_digest[32]);

void ent_slots_root_path(const ent_slot_file *f, uint32_t epoch, char ret_path[PATH_MAX]);
/* Shreds what a switch that was cut short left behind, and every root but that of the file's epoch. */
ENT_MUST_CHECK ent_code ent_slots_sweep(const ent_slot_file *f, ent_err *err);

#endif
