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
#include <unistd.h>

typedef struct world {
    ent_ledger ledger;
    ent_public_key key;
    ent_secret_key secret;
    char *folder;
} world;

static ent_code open_file(world *w, ent_ledger *ret) { return ent_file_ledger(w->folder, "gb.example", &w->secret, true, ret, NULL); }

static int setup_memory(void **state)
{
    world *w = calloc(1, sizeof *w);
    ent_sign_keys((uint8_t[32]){5}, &w->key, &w->secret);
    assert_int_equal(ent_memory_ledger("gb.example", &w->secret, &w->ledger, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int setup_file(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = test_folder();
    ent_sign_keys((uint8_t[32]){5}, &w->key, &w->secret);
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
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &w->key, NULL, &index, &c, NULL), ENT_OK);
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
    assert_true(ent_note_signed_by((char *)note.data, note.len, "gb.example", &w->key));
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

/* A head that was torn while it was written gives back the checkpoint before, never half of one. */
static void survives_a_torn_head(void **state)
{
    world *w = *state;
    ent_ledger ledger;
    for (uint32_t i = 0; i < 4; i++) add(w, i);
    w->ledger.close(w->ledger.self);
    /* four appends after the first note: place 0 holds size 4, place 1 size 3 */
    flip(w, "head", 50);
    assert_int_equal(open_file(w, &w->ledger), ENT_OK);
    assert_int_equal(w->ledger.size(w->ledger.self), 3);
    flip(w, "head", 50);
    flip(w, "head", 4096 + 50);
    flip(w, "head", 60);
    assert_int_equal(open_file(w, &ledger), ENT_DAMAGED);
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
        cmocka_unit_test_setup_teardown(survives_a_torn_head, setup_file, teardown),
        cmocka_unit_test_setup_teardown(obeys_the_disk, setup_file, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
