/* The ledger's contract (port/ledger.h), over every adapter. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "contract/folder.h"
#include "merkle/tile.h"
#include "merkle/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct world {
    ent_ledger ledger;
    ent_public_key key;
    ent_secret_key secret;
    char *folder;
    char origin[ENT_ORIGIN_MAX];
} world;

static ent_code open_file(world *w, ent_ledger *ret) { return ent_file_ledger(w->folder, "gb.example", &w->secret, true, ret, NULL); }

static int setup_memory(void **state)
{
    world *w = calloc(1, sizeof *w);
    ent_sign_keys((uint8_t[32]){5}, &w->key, &w->secret);
    strcpy(w->origin, "gb.example");
    assert_int_equal(ent_memory_ledger("gb.example", &w->secret, &w->ledger, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int setup_memory_years(void **state)
{
    world *w = calloc(1, sizeof *w);
    ent_sign_keys((uint8_t[32]){5}, &w->key, &w->secret);
    strcpy(w->origin, "gb.example/2026");
    assert_int_equal(ent_memory_year_ledger("gb.example", &w->secret, 2026, &w->ledger, NULL), ENT_OK);
    *state = w;
    return 0;
}

static ent_code open_years(world *w, ent_ledger *ret) { return ent_file_year_ledger(w->folder, "gb.example", &w->secret, 0, ret, NULL); }

static int setup_file_years(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = test_folder();
    ent_sign_keys((uint8_t[32]){5}, &w->key, &w->secret);
    strcpy(w->origin, "gb.example/2026");
    assert_int_equal(ent_file_year_ledger(w->folder, "gb.example", &w->secret, 2026, &w->ledger, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int setup_file(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = test_folder();
    ent_sign_keys((uint8_t[32]){5}, &w->key, &w->secret);
    strcpy(w->origin, "gb.example");
    assert_int_equal(open_file(w, &w->ledger), ENT_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    ent_disk_plant(0, 0, 0);
    w->ledger.close(w->ledger.self);
    if (w->folder) test_folder_remove(w->folder);
    free(w);
    return 0;
}

static void make_entry(uint32_t n, uint8_t ret[ENT_ENTRY_SIZE])
{
    ent_entry e = {.kind = ENT_ENTRY_ASKED, .time = {1000 + n}, .follows = ENT_ENTRY_NONE};
    memcpy(e.case_number.b, &n, sizeof n);
    assert_int_equal(ent_entry_encode(&e, ret, NULL), ENT_OK);
}

static uint64_t add(world *w, uint32_t n)
{
    uint8_t entry[ENT_ENTRY_SIZE];
    uint64_t index;
    make_entry(n, entry);
    assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_OK);
    return index;
}

/* Several at once stand in their order, without gaps between them and what came before. */
static void appends_many(void **state)
{
    world *w = *state;
    uint8_t entries[ENT_APPEND_MANY][ENT_ENTRY_SIZE];
    uint64_t indexes[ENT_APPEND_MANY];
    add(w, 0);
    for (uint32_t i = 0; i < ENT_APPEND_MANY; i++) make_entry(i + 1, entries[i]);
    assert_int_equal(w->ledger.append_many(w->ledger.self, (const uint8_t(*)[ENT_ENTRY_SIZE])entries, ENT_APPEND_MANY, indexes, NULL), ENT_OK);
    for (uint32_t i = 0; i < ENT_APPEND_MANY; i++) {
        uint8_t entry[ENT_ENTRY_SIZE];
        assert_int_equal(indexes[i], i + 1);
        assert_int_equal(w->ledger.read(w->ledger.self, i + 1, entry, NULL), ENT_OK);
        assert_memory_equal(entry, entries[i], sizeof entry);
    }
    assert_int_equal(add(w, 999), ENT_APPEND_MANY + 1);
}

/* Entries get indexes without gaps, are read back, and each has a receipt that verifies. */
static void appends(void **state)
{
    world *w = *state;
    for (uint32_t i = 0; i < 20; i++) assert_int_equal(add(w, i), i);
    for (uint32_t i = 0; i < 20; i++) {
        uint8_t entry[ENT_ENTRY_SIZE], want[ENT_ENTRY_SIZE];
        uint64_t index;
        ENT_AUTO_BUF text = ENT_BUF(ENT_NOTE_MAX);
        make_entry(i, want);
        assert_int_equal(w->ledger.read(w->ledger.self, i, entry, NULL), ENT_OK);
        assert_memory_equal(entry, want, sizeof want);
        assert_int_equal(w->ledger.receipt(w->ledger.self, i, &text, NULL), ENT_OK);
        assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &w->key, NULL, &index, NULL, NULL), ENT_OK);
        assert_int_equal(index, i);
    }
    uint8_t entry[ENT_ENTRY_SIZE];
    assert_int_equal(w->ledger.read(w->ledger.self, 20, entry, NULL), ENT_NOT_FOUND);
}

static void flip(const world *w, const char *name, off_t at)
{
    char path[300];
    uint8_t byte;
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Hashes of whole subtrees and proofs between sizes come out of the acknowledged tree, and nothing past it. */
static void proves_to_others(void **state)
{
    world *w = *state;
    ent_hash root, leaf, first, second;
    ent_hashes proof;
    uint8_t entry[ENT_ENTRY_SIZE];
    ENT_AUTO_BUF hashes = ENT_BUF(64 * 32);
    for (uint32_t i = 0; i < 20; i++) add(w, i);
    assert_int_equal(w->ledger.hashes(w->ledger.self, 0, 7, 13, &hashes, NULL), ENT_OK);
    assert_int_equal(hashes.len, 13 * 32);
    make_entry(19, entry);
    ent_leaf_hash(entry, sizeof entry, &leaf);
    assert_memory_equal(hashes.data + 12 * 32, leaf.b, 32);
    assert_int_equal(w->ledger.hashes(w->ledger.self, 0, 7, 14, &hashes, NULL), ENT_NOT_FOUND);
    assert_int_equal(w->ledger.hashes(w->ledger.self, 4, 0, 1, &hashes, NULL), ENT_OK);
    assert_int_equal(w->ledger.hashes(w->ledger.self, 4, 1, 1, &hashes, NULL), ENT_NOT_FOUND);
    assert_int_equal(w->ledger.consistency(w->ledger.self, 0, 16, &first, &proof, NULL), ENT_OK);
    assert_memory_equal(hashes.data + 13 * 32, first.b, 32);
    assert_int_equal(w->ledger.consistency(w->ledger.self, 16, 20, &second, &proof, NULL), ENT_OK);
    assert_true(ent_consistency_holds(16, &first, 20, &second, &proof));
    assert_int_equal(w->ledger.consistency(w->ledger.self, 16, 21, &root, &proof, NULL), ENT_NOT_FOUND);
}

/* A checkpoint that came back cosigned is kept: what it covers gets its receipt under it, what came later not yet. One of another
 * history, of another log or an older one is refused. */
static void keeps_cosignatures(void **state)
{
    world *w = *state;
    ent_public_key witness;
    ENT_WIPED_SECRET secret;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX), text = ENT_BUF(ENT_NOTE_MAX), other = ENT_BUF(ENT_NOTE_MAX), line = ENT_BUF(512);
    ent_sign_keys((uint8_t[32]){9}, &witness, &secret);
    for (uint32_t i = 0; i < 5; i++) add(w, i);
    assert_int_equal(w->ledger.checkpoint(w->ledger.self, &note, NULL), ENT_OK);
    assert_int_equal(ent_note_cosign((char *)note.data, note.len, "observer.example", &secret, (ent_time){1700000000000}, &line, NULL), ENT_OK);
    assert_int_equal(w->ledger.cosigned(w->ledger.self, &text, NULL), ENT_NOT_FOUND);
    assert_true(ent_note_take_cosignature(&note, (char *)line.data, line.len, "observer.example", &witness));
    add(w, 5);
    assert_int_equal(w->ledger.keep_cosigned(w->ledger.self, (char *)note.data, note.len, NULL), ENT_OK);
    ent_checkpoint c;
    ent_proof p;
    uint64_t index;
    assert_int_equal(w->ledger.cosigned_receipt(w->ledger.self, 5, &text, NULL), ENT_NOT_FOUND);
    assert_int_equal(w->ledger.cosigned_receipt(w->ledger.self, 4, &text, NULL), ENT_OK);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, w->origin, &w->key, NULL, &index, &c, NULL), ENT_OK);
    assert_int_equal(index, 4);
    assert_int_equal(c.size, 5);
    assert_int_equal(ent_proof_parse((char *)text.data, text.len, &p, NULL), ENT_OK);
    assert_true(ent_note_cosigned_by(p.note, p.note_len, "observer.example", &witness, NULL));
    c.root.b[0] ^= 1;
    assert_int_equal(ent_checkpoint_sign(&c, &w->secret, &other, NULL), ENT_OK);
    assert_int_equal(w->ledger.keep_cosigned(w->ledger.self, (char *)other.data, other.len, NULL), ENT_CONFLICT);
    ent_buf_clear(&other);
    assert_int_equal(ent_checkpoint_sign(&c, &secret, &other, NULL), ENT_OK);
    assert_int_equal(w->ledger.keep_cosigned(w->ledger.self, (char *)other.data, other.len, NULL), ENT_SIGNATURE);
    ent_buf_clear(&other);
    assert_int_equal(w->ledger.consistency(w->ledger.self, 0, 4, &c.root, &(ent_hashes){0}, NULL), ENT_OK);
    c.size = 4;
    assert_int_equal(ent_checkpoint_sign(&c, &w->secret, &other, NULL), ENT_OK);
    assert_int_equal(w->ledger.keep_cosigned(w->ledger.self, (char *)other.data, other.len, NULL), ENT_STALE);
}

/* The cosigned checkpoint is there after a restart; a file that was changed is as good as none, and the ledger opens. */
static void keeps_cosignatures_on_disk(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF text = ENT_BUF(ENT_NOTE_MAX);
    keeps_cosignatures(state);
    w->ledger.close(w->ledger.self);
    assert_int_equal(open_file(w, &w->ledger), ENT_OK);
    assert_int_equal(w->ledger.cosigned_receipt(w->ledger.self, 4, &text, NULL), ENT_OK);
    w->ledger.close(w->ledger.self);
    flip(w, "cosigned", 20);
    assert_int_equal(open_file(w, &w->ledger), ENT_OK);
    assert_int_equal(w->ledger.cosigned_receipt(w->ledger.self, 4, &text, NULL), ENT_NOT_FOUND);
}

static void *add_many(void *ctx)
{
    for (uint32_t i = 0; i < 40; i++) add(ctx, i);
    return NULL;
}

/* Eight threads at once: every entry is there, once, under one checkpoint. */
static void gathers_batches(void **state)
{
    world *w = *state;
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, add_many, w), 0);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    assert_int_equal(w->ledger.size(w->ledger.self), 320);
    ent_checkpoint c;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    assert_int_equal(w->ledger.checkpoint(w->ledger.self, &note, NULL), ENT_OK);
    assert_true(ent_note_signed_by((char *)note.data, note.len, w->origin, &w->key));
    assert_int_equal(ent_checkpoint_parse((char *)note.data, note.len, &c, NULL), ENT_OK);
    assert_int_equal(c.size, 320);
}

/* Opened again it goes on where it was; with another key it does not open. */
static void opens_again(void **state)
{
    world *w = *state;
    for (uint32_t i = 0; i < 300; i++) add(w, i);
    w->ledger.close(w->ledger.self);
    assert_int_equal(open_file(w, &w->ledger), ENT_OK);
    assert_int_equal(w->ledger.size(w->ledger.self), 300);
    assert_int_equal(add(w, 300), 300);
    char path[300];
    snprintf(path, sizeof path, "%s/tile/entries/000", w->folder);
    assert_int_equal(access(path, F_OK), 0);
    world other = *w;
    ent_ledger ledger;
    ent_sign_keys((uint8_t[32]){6}, &other.key, &other.secret);
    assert_int_equal(open_file(&other, &ledger), ENT_DAMAGED);
}

/* One bit anywhere in what was signed: it does not open. A tail that was never signed, whatever it is, is cut. */
static void halts_on_damage(void **state)
{
    world *w = *state;
    ent_ledger ledger;
    char path[300];
    struct stat st;
    for (uint32_t i = 0; i < 5; i++) add(w, i);
    for (off_t at = 0; at < 5 * ENT_ENTRY_SIZE; at += 37) {
        flip(w, "entries", at);
        assert_int_equal(open_file(w, &ledger), ENT_DAMAGED);
        flip(w, "entries", at);
    }
    snprintf(path, sizeof path, "%s/entries", w->folder);
    for (int tail = 1; tail < 300; tail += 13) {
        uint8_t rubbish[300];
        memset(rubbish, tail, sizeof rubbish);
        int fd = open(path, O_WRONLY | O_APPEND);
        assert_int_equal(write(fd, rubbish, (size_t)tail), tail);
        close(fd);
        assert_int_equal(open_file(w, &ledger), ENT_OK);
        assert_int_equal(ledger.size(ledger.self), 5);
        ledger.close(ledger.self);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, 5 * ENT_ENTRY_SIZE);
    }
    assert_int_equal(truncate(path, 5 * ENT_ENTRY_SIZE - 1), 0);
    assert_int_equal(open_file(w, &ledger), ENT_DAMAGED);
}

/* A head that was torn while it was written, or rotted since, at any of its bytes: the entries were synced before it and are taken up, so that
 * nothing is lost that was acknowledged. Both places gone is a clear stop. */
static void survives_a_torn_head(void **state)
{
    world *w = *state;
    ent_ledger ledger;
    for (uint32_t i = 0; i < 4; i++) add(w, i);
    /* four appends after the first note: place 0 holds size 4, place 1 size 3 */
    for (int at = 0; at < 300; at += 7) {
        for (int place = 0; place < 2; place++) {
            ENT_AUTO_BUF before = ENT_BUF(ENT_NOTE_MAX), after = ENT_BUF(ENT_NOTE_MAX);
            assert_int_equal(w->ledger.checkpoint(w->ledger.self, &before, NULL), ENT_OK);
            w->ledger.close(w->ledger.self);
            flip(w, "head", place * 4096 + at);
            assert_int_equal(open_file(w, &w->ledger), ENT_OK);
            assert_int_equal(w->ledger.size(w->ledger.self), 4);
            assert_int_equal(w->ledger.checkpoint(w->ledger.self, &after, NULL), ENT_OK);
            assert_string_equal(ent_buf_cstr(&before), ent_buf_cstr(&after));
        }
    }
    assert_int_equal(add(w, 4), 4);
    w->ledger.close(w->ledger.self);
    flip(w, "head", 50);
    flip(w, "head", 4096 + 50);
    assert_int_equal(open_file(w, &ledger), ENT_DAMAGED);
    flip(w, "head", 50);
    flip(w, "head", 4096 + 50);
    assert_int_equal(open_file(w, &w->ledger), ENT_OK);
}

/* One bit in a tile on the disk: the next start makes the tile again from the entries. */
static void mends_a_rotten_tile(void **state)
{
    static const char *const tiles[] = {"tile/0/000", "tile/entries/000"};
    world *w = *state;
    for (uint32_t i = 0; i < 260; i++) add(w, i);
    for (size_t i = 0; i < 2; i++) {
        char path[300];
        ENT_AUTO_BUF before = ENT_BUF(1 << 20), after = ENT_BUF(1 << 20);
        snprintf(path, sizeof path, "%s/%s", w->folder, tiles[i]);
        assert_int_equal(ent_disk_load(path, &before, NULL), ENT_OK);
        w->ledger.close(w->ledger.self);
        flip(w, tiles[i], 4000);
        assert_int_equal(open_file(w, &w->ledger), ENT_OK);
        assert_int_equal(ent_disk_load(path, &after, NULL), ENT_OK);
        assert_int_equal(after.len, before.len);
        assert_memory_equal(after.data, before.data, before.len);
    }
}

/* A full disk refuses and goes on later; a failed sync stops all appending. */
static void obeys_the_disk(void **state)
{
    world *w = *state;
    uint8_t entry[ENT_ENTRY_SIZE];
    uint64_t index;
    make_entry(0, entry);
    for (int at = 1; at <= 2; at++) {
        ent_disk_plant(at, 0, ENOSPC);
        assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_NO_SPACE);
    }
    ent_disk_plant(0, 0, 0);
    assert_int_equal(add(w, 1), 0);
    ent_disk_plant(0, 1, EIO);
    assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_IO);
    ent_disk_plant(0, 0, 0);
    assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_IO);
    assert_int_equal(w->ledger.size(w->ledger.self), 1);
}

/* The last write cut at every byte, with nothing, zeros or rubbish behind it: back to the checkpoint before, and what was signed is whole. */
static void torn_at_every_byte(void **state)
{
    world *w = *state;
    char path[300];
    ent_ledger ledger;
    uint8_t tail[2 * ENT_ENTRY_SIZE];
    for (uint32_t i = 0; i < 4; i++) add(w, i);
    snprintf(path, sizeof path, "%s/entries", w->folder);
    for (size_t cut = 0; cut < ENT_ENTRY_SIZE; cut++) {
        size_t len = cut % 3 == 0 ? cut : sizeof tail; /* cut there; zeros from there on; rubbish from there on */
        make_entry(9, tail);
        memset(tail + cut, cut % 3 == 1 ? 0 : 0xa5, sizeof tail - cut);
        int fd = open(path, O_WRONLY);
        assert_int_equal(pwrite(fd, tail, len, 4 * ENT_ENTRY_SIZE), len);
        close(fd);
        assert_int_equal(open_file(w, &ledger), ENT_OK);
        assert_int_equal(ledger.size(ledger.self), 4);
        ledger.close(ledger.self);
    }
}

/* A ledger whose files were removed under the node fails closed at the next append, and stays so. */
static void an_unlinked_ledger_fails_closed(void **state)
{
    world *w = *state;
    char path[300];
    uint8_t entry[ENT_ENTRY_SIZE];
    uint64_t index;
    add(w, 0);
    snprintf(path, sizeof path, "%s/entries", w->folder);
    assert_int_equal(unlink(path), 0);
    make_entry(1, entry);
    assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_IO);
    assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_IO);
    assert_int_equal(w->ledger.size(w->ledger.self), 1);
}

/* A sync that fails for good, at each place of an append: never acknowledged, never retried, and the next start has only what was. */
static void a_failing_disk_is_never_retried(void **state)
{
    world *w = *state;
    uint8_t entry[ENT_ENTRY_SIZE];
    uint64_t index;
    for (uint32_t i = 0; i < 3; i++) add(w, i);
    make_entry(3, entry);
    for (int at = 1; at <= 2; at++) {
        ent_disk_plant(0, at, EIO);
        assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_IO);
        ent_disk_plant(0, 0, 0); /* the disk is well again: too late */
        for (int i = 0; i < 3; i++) assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_IO);
        w->ledger.close(w->ledger.self);
        assert_int_equal(open_file(w, &w->ledger), ENT_OK);
        uint64_t size = w->ledger.size(w->ledger.self); /* a head that was written before its sync failed may count */
        assert_in_range(size, 3, (unsigned)at + 2);
        for (uint32_t i = 0; i < 3; i++) {
            uint8_t want[ENT_ENTRY_SIZE], there[ENT_ENTRY_SIZE];
            make_entry(i, want);
            assert_int_equal(w->ledger.read(w->ledger.self, i, there, NULL), ENT_OK);
            assert_memory_equal(there, want, sizeof want);
        }
    }
}

/* ---- one log a year ---- */

#define NEW_YEAR ((ent_time){1798761600000}) /* 2027-01-01T00:00:00Z */

/* As a node does: the first entry of all says which year it is. Five entries. */
static void begin(world *w)
{
    ent_entry e;
    uint8_t entry[ENT_ENTRY_SIZE];
    uint64_t index;
    ent_shard_opening(2026, (ent_time){1000}, NULL, ENT_ENTRY_NONE, &e);
    assert_int_equal(ent_entry_encode(&e, entry, NULL), ENT_OK);
    assert_int_equal(w->ledger.append(w->ledger.self, entry, &index, NULL), ENT_OK);
    for (uint32_t i = 1; i < 5; i++) assert_int_equal(add(w, i), i);
}

static void turn_to(world *w, uint32_t year) { assert_int_equal(w->ledger.turn(w->ledger.self, year, NEW_YEAR, NULL), ENT_OK); }

/* The receipt verifies with name and key alone, names the log of its year, and its place there. */
static void has_receipt(world *w, uint64_t number, const char *origin, uint64_t index)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_NOTE_MAX);
    ent_checkpoint c;
    uint64_t at;
    assert_int_equal(w->ledger.receipt(w->ledger.self, number, &text, NULL), ENT_OK);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &w->key, NULL, &at, &c, NULL), ENT_OK);
    assert_string_equal(c.origin, origin);
    assert_int_equal(at, index);
}

static void holds_two_years(world *w)
{
    static const ent_shard want[] = {{2026, 0, 6}, {2027, 6, 4}};
    ent_shard there[ENT_LIMIT_SHARDS];
    assert_int_equal(ent_ledger_shards(&w->ledger, there), 2);
    for (int i = 0; i < 2; i++) assert_memory_equal(&there[i], &want[i], sizeof want[i]);
    for (uint64_t i = 0; i < 6; i++) has_receipt(w, i, "gb.example/2026", i);
    for (uint64_t i = 6; i < 10; i++) has_receipt(w, i, "gb.example/2027", i - 6);
}

/* The year turns: numbers go on without a gap, each entry keeps its receipt in its own year's log, the same year does not turn again. */
static void turns_the_year(void **state)
{
    world *w = *state;
    begin(w);
    turn_to(w, 2026);
    assert_int_equal(w->ledger.size(w->ledger.self), 5);
    turn_to(w, 2027);
    for (uint32_t i = 7; i < 10; i++) assert_int_equal(add(w, i), i);
    turn_to(w, 2027);
    turn_to(w, 2025);
    holds_two_years(w);
    const ent_ledger *log;
    assert_int_equal(ent_ledger_log(&w->ledger, 2026, &log, NULL), ENT_OK);
    assert_int_equal(log->size(log->self), 6);
    assert_int_equal(ent_ledger_log(&w->ledger, 2028, &log, NULL), ENT_NOT_FOUND);
}

/* A final checkpoint that witnesses co-sign after the turn is kept in its own year, and its receipts are completed from there. */
static void closed_year_keeps_its_cosignature(void **state)
{
    world *w = *state;
    const ent_ledger *old;
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX), text = ENT_BUF(ENT_NOTE_MAX);
    ent_checkpoint c;
    begin(w);
    turn_to(w, 2027);
    assert_int_equal(ent_ledger_log(&w->ledger, 2026, &old, NULL), ENT_OK);
    assert_int_equal(old->checkpoint(old->self, &note, NULL), ENT_OK);
    assert_int_equal(old->keep_cosigned(old->self, (char *)note.data, note.len, NULL), ENT_OK);
    assert_int_equal(w->ledger.cosigned_receipt(w->ledger.self, 3, &text, NULL), ENT_OK);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &w->key, NULL, NULL, &c, NULL), ENT_OK);
    assert_int_equal(c.size, 6);
    assert_int_equal(w->ledger.cosigned_receipt(w->ledger.self, 6, &text, NULL), ENT_NOT_FOUND);
}

static ent_code into_walk(void *ctx, uint64_t number, const uint8_t entry[ENT_ENTRY_SIZE], ent_err *err)
{
    (void)number;
    return ent_walk_add(ctx, entry, NULL, err);
}

/* Opened again, both years are there, the closed one read when it is asked for; all entries in one row say the same. */
static void opens_its_years_again(void **state)
{
    world *w = *state;
    ent_walk *k;
    begin(w);
    turn_to(w, 2027);
    for (uint32_t i = 7; i < 10; i++) add(w, i);
    w->ledger.close(w->ledger.self);
    assert_int_equal(open_years(w, &w->ledger), ENT_OK);
    holds_two_years(w);
    assert_int_equal(ent_walk_begin("gb.example", &k, NULL), ENT_OK);
    assert_int_equal(ent_file_entries(w->folder, 0, into_walk, k, NULL), ENT_OK);
    assert_int_equal(k->count, 2);
    assert_int_equal(k->size, 10);
    ent_walk_free(k);
}

/* Killed at every write and sync of a turn: the next start has the year closed and the next one open, or nothing of it; never half. */
static void a_turn_is_whole(void **state)
{
    world *w = *state;
    ent_walk *k;
    begin(w);
    uint32_t year = 2027;
    bool done = false;
    for (int at = 1; !done && at < 40; at++, year++) {
        pid_t pid = fork();
        if (!pid) {
            if (at % 2) ent_disk_plant((at + 1) / 2, 0, ENT_DISK_KILL);
            else ent_disk_plant(0, at / 2, ENT_DISK_KILL);
            _exit(w->ledger.turn(w->ledger.self, year, NEW_YEAR, NULL) == ENT_OK ? 0 : 1);
        }
        int status;
        waitpid(pid, &status, 0);
        done = at > 20 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        w->ledger.close(w->ledger.self);
        assert_int_equal(open_years(w, &w->ledger), ENT_OK);
        ent_shard now = ent_ledger_present(&w->ledger);
        assert_true(now.year == year || now.year == (year == 2027 ? 2026 : now.year));
        assert_int_equal(now.first + now.count, w->ledger.size(w->ledger.self));
        add(w, 100);
        assert_int_equal(ent_walk_begin("gb.example", &k, NULL), ENT_OK);
        assert_int_equal(ent_file_entries(w->folder, 0, into_walk, k, NULL), ENT_OK);
        assert_int_equal(k->size, w->ledger.size(w->ledger.self));
        ent_walk_free(k);
    }
    assert_true(done);
}

/* One bit in a closed year: what is read of it is refused, as damaged, the present year goes on, and a good copy mends it. */
static void halts_on_damage_in_a_closed_year(void **state)
{
    world *w = *state;
    uint8_t entry[ENT_ENTRY_SIZE];
    begin(w);
    turn_to(w, 2027);
    for (off_t at = 0; at < 6 * ENT_ENTRY_SIZE; at += 101) {
        w->ledger.close(w->ledger.self);
        flip(w, "2026/entries", at);
        assert_int_equal(open_years(w, &w->ledger), ENT_OK);
        add(w, 50);
        assert_int_equal(w->ledger.read(w->ledger.self, 2, entry, NULL), ENT_DAMAGED);
        flip(w, "2026/entries", at);
        assert_int_equal(w->ledger.read(w->ledger.self, 2, entry, NULL), ENT_OK);
    }
    w->ledger.close(w->ledger.self);
    flip(w, "2027/entries", 215); /* what the new year says of the old */
    assert_int_equal(open_years(w, &w->ledger), ENT_DAMAGED);
    flip(w, "2027/entries", 215);
    assert_int_equal(open_years(w, &w->ledger), ENT_OK);
}

/* A row of all entries, as a standby or a backup has them, becomes the same shards again; one that another checkpoint signed does not. */
static void shards_come_back_from_a_row(void **state)
{
    world *w = *state;
    char row[300], *fresh = test_folder();
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX), early = ENT_BUF(ENT_NOTE_MAX);
    begin(w);
    turn_to(w, 2027);
    assert_int_equal(w->ledger.checkpoint(w->ledger.self, &early, NULL), ENT_OK);
    for (uint32_t i = 7; i < 10; i++) add(w, i);
    assert_int_equal(w->ledger.checkpoint(w->ledger.self, &note, NULL), ENT_OK);
    snprintf(row, sizeof row, "%s/row", fresh);
    FILE *f = fopen(row, "wb");
    for (uint64_t i = 0; i < 10; i++) {
        uint8_t entry[ENT_ENTRY_SIZE];
        assert_int_equal(w->ledger.read(w->ledger.self, i, entry, NULL), ENT_OK);
        assert_int_equal(fwrite(entry, sizeof entry, 1, f), 1);
    }
    fclose(f);
    assert_int_equal(ent_file_years_import(fresh, "us.example", row, note.data, note.len, NULL), ENT_CONFLICT);
    assert_int_equal(ent_file_years_import(fresh, "gb.example", row, note.data, note.len, NULL), ENT_OK);
    world again = *w;
    again.folder = fresh;
    assert_int_equal(open_years(&again, &again.ledger), ENT_OK);
    holds_two_years(&again);
    again.ledger.close(again.ledger.self);
    test_folder_remove(fresh);
}

/* A log that was not cut goes on as one that is: what it was stays year 0, under the name alone. */
static void an_uncut_log_is_cut_from_now_on(void **state)
{
    world *w = *state;
    for (uint32_t i = 0; i < 5; i++) add(w, i);
    w->ledger.close(w->ledger.self);
    assert_int_equal(open_years(w, &w->ledger), ENT_OK);
    turn_to(w, 2027);
    add(w, 7);
    has_receipt(w, 3, "gb.example", 3);
    has_receipt(w, 7, "gb.example/2027", 1);
    w->ledger.close(w->ledger.self);
    assert_int_equal(open_years(w, &w->ledger), ENT_OK);
    has_receipt(w, 3, "gb.example", 3);
    has_receipt(w, 7, "gb.example/2027", 1);
}

static void *turn_now_and_then(void *ctx)
{
    world *w = ctx;
    for (uint32_t year = 2027; year < 2037; year++) {
        usleep(3000);
        turn_to(w, year);
    }
    return NULL;
}

static void *only_add(void *ctx)
{
    for (uint32_t i = 0; i < 60; i++) add(ctx, i);
    return NULL;
}

/* Years turn while others append: no entry is lost or stands after its year's close. */
static void turns_under_load(void **state)
{
    world *w = *state;
    pthread_t thread[5];
    ent_walk *k;
    begin(w);
    for (int i = 0; i < 5; i++) assert_int_equal(pthread_create(&thread[i], NULL, i ? only_add : turn_now_and_then, w), 0);
    for (int i = 0; i < 5; i++) pthread_join(thread[i], NULL);
    assert_int_equal(w->ledger.size(w->ledger.self), 5 + 4 * 60 + 2 * 10);
    assert_int_equal(ent_walk_begin("gb.example", &k, NULL), ENT_OK);
    assert_int_equal(ent_file_entries(w->folder, 0, into_walk, k, NULL), ENT_OK);
    assert_int_equal(k->size, 5 + 4 * 60 + 2 * 10);
    assert_int_equal(k->count, 11);
    ent_walk_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(appends, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(appends_many, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(gathers_batches, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(proves_to_others, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(keeps_cosignatures, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(appends, setup_file, teardown),
        cmocka_unit_test_setup_teardown(appends_many, setup_file, teardown),
        cmocka_unit_test_setup_teardown(proves_to_others, setup_file, teardown),
        cmocka_unit_test_setup_teardown(keeps_cosignatures_on_disk, setup_file, teardown),
        cmocka_unit_test_setup_teardown(gathers_batches, setup_file, teardown),
        cmocka_unit_test_setup_teardown(opens_again, setup_file, teardown),
        cmocka_unit_test_setup_teardown(halts_on_damage, setup_file, teardown),
        cmocka_unit_test_setup_teardown(survives_a_torn_head, setup_file, teardown), cmocka_unit_test_setup_teardown(mends_a_rotten_tile, setup_file, teardown),
        cmocka_unit_test_setup_teardown(obeys_the_disk, setup_file, teardown),
        cmocka_unit_test_setup_teardown(torn_at_every_byte, setup_file, teardown),
        cmocka_unit_test_setup_teardown(an_unlinked_ledger_fails_closed, setup_file, teardown),
        cmocka_unit_test_setup_teardown(a_failing_disk_is_never_retried, setup_file, teardown),
        cmocka_unit_test_setup_teardown(appends, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(appends, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(appends_many, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(appends_many, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(gathers_batches, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(gathers_batches, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(proves_to_others, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(proves_to_others, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(keeps_cosignatures, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(keeps_cosignatures, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(turns_the_year, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(turns_the_year, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(closed_year_keeps_its_cosignature, setup_memory_years, teardown),
        cmocka_unit_test_setup_teardown(closed_year_keeps_its_cosignature, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(opens_its_years_again, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(a_turn_is_whole, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(halts_on_damage_in_a_closed_year, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(shards_come_back_from_a_row, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(turns_under_load, setup_file_years, teardown),
        cmocka_unit_test_setup_teardown(an_uncut_log_is_cut_from_now_on, setup_file, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
