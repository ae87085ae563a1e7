/* The ledger's contract (port/ledger.h), over every adapter. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "contract/folder.h"
#include "merkle/note.h"

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
        cmocka_unit_test_setup_teardown(gathers_batches, setup_memory, teardown),
        cmocka_unit_test_setup_teardown(appends, setup_file, teardown),
        cmocka_unit_test_setup_teardown(gathers_batches, setup_file, teardown),
        cmocka_unit_test_setup_teardown(opens_again, setup_file, teardown),
        cmocka_unit_test_setup_teardown(halts_on_damage, setup_file, teardown),
        cmocka_unit_test_setup_teardown(survives_a_torn_head, setup_file, teardown),
        cmocka_unit_test_setup_teardown(obeys_the_disk, setup_file, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
