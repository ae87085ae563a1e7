/* The data keys' contract (port/keys.h), over every adapter. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "contract/folder.h"
#include "contract/token.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct world {
    ent_keys keys;
    char *folder;
    ent_root root; /* self NULL: a file */
    char *token;   /* SoftHSM's folder */
} world;

static ent_code open_keys(const world *w, bool create, ent_keys *ret_keys, ent_err *err)
{
    ent_file_keys_options o = {.create = create, .accept_residue = true, .root = w->root.self ? &w->root : NULL};
    return ent_file_keys(w->folder, &o, ent_system_random(), ret_keys, err);
}

static void open_file(world *w) { assert_int_equal(open_keys(w, true, &w->keys, NULL), ENT_OK); }

static void reopen(world *w)
{
    if (!w->folder) return;
    w->keys.close(w->keys.self);
    open_file(w);
}

static int setup_memory(void **state)
{
    world *w = calloc(1, sizeof *w);
    assert_int_equal(ent_memory_keys(ent_system_random(), &w->keys, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int setup_file(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = test_folder();
    open_file(w);
    *state = w;
    return 0;
}

static int setup_token(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = test_folder();
    w->token = test_token("gb");
    assert_int_equal(test_token_open(w->token, "gb", "gb.example", &w->root, NULL), ENT_OK);
    open_file(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    ent_disk_plant(0, 0, 0);
    w->keys.close(w->keys.self);
    if (w->root.close) w->root.close(w->root.self);
    if (w->token) test_folder_remove(w->token);
    if (w->folder) test_folder_remove(w->folder);
    free(w);
    return 0;
}

static const uint8_t a[32] = {1}, b[32] = {2};

/* A key comes back to its own record, also after opening again, and to no other. */
static void keeps_keys(void **state)
{
    world *w = *state;
    ent_slot s, t;
    ent_key32 key, other, again;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    assert_int_equal(w->keys.new_slot(w->keys.self, b, &t, &other, NULL), ENT_OK);
    assert_memory_not_equal(&key, &other, 32);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
    assert_int_equal(w->keys.get(w->keys.self, s, b, &again, NULL), ENT_NOT_FOUND);
    assert_int_equal(w->keys.get(w->keys.self, (ent_slot){77777}, a, &again, NULL), ENT_NOT_FOUND);
    assert_int_equal(w->keys.look(w->keys.self, (ent_slot){77777}), ENT_NOT_FOUND);
    assert_int_equal(w->keys.look(w->keys.self, s), ENT_OK);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(w->keys.look(w->keys.self, s), ENT_GONE);
    assert_int_equal(w->keys.look(w->keys.self, t), ENT_OK);
}

/* A destroyed key is gone for ever, its number is never given again, destroying twice is no fault. */
static void destroys_keys(void **state)
{
    world *w = *state;
    ent_slot s, next;
    ent_key32 key;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &key, NULL), ENT_GONE);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &key, NULL), ENT_GONE);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(w->keys.new_slot(w->keys.self, a, &next, &key, NULL), ENT_OK);
        assert_true(next.number != s.number);
    }
    assert_int_equal(w->keys.get(w->keys.self, s, a, &key, NULL), ENT_GONE);
}

/* Many keys under one sync, over the file's growth: each its own, each there after opening again. */
static void makes_many(void **state)
{
    enum { MANY = 17 };
    world *w = *state;
    static uint8_t bindings[ENT_KEYS_MANY][32];
    static ent_slot s[MANY][ENT_KEYS_MANY];
    static ent_key32 key[MANY][ENT_KEYS_MANY];
    ent_key32 again;
    for (int i = 0; i < ENT_KEYS_MANY; i++) bindings[i][0] = (uint8_t)i;
    for (int k = 0; k < MANY; k++) assert_int_equal(w->keys.new_many(w->keys.self, (const uint8_t(*)[32])bindings, k ? ENT_KEYS_MANY : 1, s[k], key[k], NULL), ENT_OK);
    reopen(w);
    for (int k = 0; k < MANY; k++)
        for (int i = 0; i < (k ? ENT_KEYS_MANY : 1); i++) {
            if (w->keys.get(w->keys.self, s[k][i], bindings[i], &again, NULL) != ENT_OK || memcmp(&again, &key[k][i], 32) != 0) fail_msg("key %d of round %d", i, k);
            assert_true(i == 0 || memcmp(&key[k][i], &key[k][i - 1], 32) != 0);
        }
    assert_int_equal(w->keys.get(w->keys.self, s[1][3], bindings[4], &again, NULL), ENT_NOT_FOUND);
}

/* Many at once, one of them gone before and one that never was: those are gone, the others are as they were. */
static void destroys_many(void **state)
{
    world *w = *state;
    ent_slot s[40], most[22];
    ent_key32 key;
    for (int i = 0; i < 40; i++) assert_int_equal(w->keys.new_slot(w->keys.self, a, &s[i], &key, NULL), ENT_OK);
    for (int i = 0; i < 20; i++) most[i] = s[2 * i];
    most[20] = (ent_slot){99999};
    most[21] = s[4];
    assert_int_equal(w->keys.destroy(w->keys.self, s[4], NULL), ENT_OK);
    assert_int_equal(w->keys.destroy_many(w->keys.self, most, 22, NULL), ENT_OK);
    assert_int_equal(w->keys.destroy_many(w->keys.self, most, 22, NULL), ENT_OK);
    for (int round = 0; round < 2; round++, reopen(w))
        for (int i = 0; i < 40; i++) assert_int_equal(w->keys.look(w->keys.self, s[i]), i % 2 ? ENT_OK : ENT_GONE);
}

/* The end of an epoch leaves every living key as it was and every destroyed one gone. */
static void ends_epochs(void **state)
{
    world *w = *state;
    ent_slot s[50];
    ent_key32 key[50], again;
    uint32_t epoch = w->keys.epoch(w->keys.self), now;
    for (int i = 0; i < 50; i++) assert_int_equal(w->keys.new_slot(w->keys.self, a, &s[i], &key[i], NULL), ENT_OK);
    for (int i = 0; i < 50; i += 3) assert_int_equal(w->keys.destroy(w->keys.self, s[i], NULL), ENT_OK);
    assert_int_equal(w->keys.end_epoch(w->keys.self, &now, NULL), ENT_OK);
    assert_int_equal(now, epoch + 1);
    for (int round = 0; round < 2; round++, reopen(w))
        for (int i = 0; i < 50; i++) {
            assert_int_equal(w->keys.get(w->keys.self, s[i], a, &again, NULL), i % 3 ? ENT_OK : ENT_GONE);
            if (i % 3) assert_memory_equal(&key[i], &again, 32);
        }
}

/* More keys than the file began with. */
static void grows(void **state)
{
    world *w = *state;
    ent_slot first, s;
    ent_key32 key, again;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &first, &key, NULL), ENT_OK);
    for (int i = 0; i < 4200; i++) assert_int_equal(w->keys.new_slot(w->keys.self, b, &s, &again, NULL), ENT_OK);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, first, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
    assert_int_equal(w->keys.get(w->keys.self, s, b, &again, NULL), ENT_OK);
}

static void flip(const char *folder, const char *name, off_t at)
{
    char path[300];
    uint8_t byte;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* One damaged copy is mended from the other; both damaged is said, never another key. */
static void mends_one_copy(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key, again;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    off_t copy_a = 4096 + (off_t)(s.number & 0xffffffff) * 128, copy_b = copy_a + 4096 * 128;
    flip(w->folder, "slots", copy_a + 20);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
    flip(w->folder, "slots", copy_b + 20);
    reopen(w); /* mended from copy A, which was mended before */
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_OK);
    flip(w->folder, "slots", copy_a + 20);
    flip(w->folder, "slots", copy_b + 21);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_DAMAGED);
}

/* A root that is missing, readable by others, or another one is a clear stop. */
static void stops_without_its_root(void **state)
{
    world *w = *state;
    char path[300];
    ent_slot s;
    ent_key32 key;
    ent_keys other;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    snprintf(path, sizeof path, "%s/root.1", w->folder);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(open_keys(w, false, &other, NULL), ENT_DENIED);
    assert_int_equal(chmod(path, 0600), 0);
    flip(w->folder, "root.1", 3);
    assert_int_equal(open_keys(w, false, &other, NULL), ENT_DAMAGED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(open_keys(w, false, &other, NULL), ENT_DAMAGED);
}

/* Cut short at each write and sync, the end of an epoch is done or undone by the next opening; no key is lost. */
static void ends_an_epoch_or_not(void **state)
{
    world *w = *state;
    ent_slot s[5];
    ent_key32 key[5], again;
    for (int i = 0; i < 5; i++) assert_int_equal(w->keys.new_slot(w->keys.self, a, &s[i], &key[i], NULL), ENT_OK);
    for (int at = 1; at < 16; at++) {
        uint32_t epoch;
        ent_disk_plant(at, 0, EIO);
        (void)!w->keys.end_epoch(w->keys.self, &epoch, NULL);
        ent_disk_plant(0, 0, 0);
        reopen(w);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(w->keys.get(w->keys.self, s[i], a, &again, NULL), ENT_OK);
            assert_memory_equal(&key[i], &again, 32);
        }
    }
}

/* Runs in a child that dies at its n-th write or sync; false: it came through alive. */
static bool dies(world *w, int write, int sync, const ent_slot *gone)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ent_keys keys;
        ent_root root = {0};
        uint32_t epoch;
        ent_file_keys_options o = {.accept_residue = true, .root = w->token ? &root : NULL};
        if (w->token && test_token_open(w->token, "gb", "gb.example", &root, NULL) != ENT_OK) _exit(1);
        if (ent_file_keys(w->folder, &o, ent_system_random(), &keys, NULL) != ENT_OK) _exit(1);
        ent_disk_plant(write, sync, ENT_DISK_KILL);
        if (gone && keys.destroy(keys.self, *gone, NULL) != ENT_OK) _exit(1);
        _exit(keys.end_epoch(keys.self, &epoch, NULL) == ENT_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static size_t roots_in(const char *folder)
{
    char command[400];
    unsigned n = 0;
    snprintf(command, sizeof command, "ls %s | grep -c '^root\\.[0-9]*$'", folder);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%u", &n), 1);
    pclose(p);
    return n;
}

/* Keys that the token holds: SoftHSM has a file for each. */
static size_t roots_in_token(const world *w)
{
    char command[400];
    unsigned n = 0;
    snprintf(command, sizeof command, "find %s -name '*.object' ! -name 'token.object' | wc -l", w->token);
    FILE *p = popen(command, "r");
    assert_int_equal(fscanf(p, "%u", &n), 1);
    pclose(p);
    return n;
}

/* Killed at each write and at each sync of a destruction and an epoch's end, the next opening goes on from there: living keys are
 * as they were, what was to be destroyed is destroyed by the retry, one root is left, no half file. */
static void killed_anywhere(void **state)
{
    world *w = *state;
    ent_slot s[4];
    ent_key32 key[4], again;
    uint32_t epoch;
    int deaths = 0;
    for (int i = 0; i < 4; i++) assert_int_equal(w->keys.new_slot(w->keys.self, a, &s[i], &key[i], NULL), ENT_OK);
    for (int kind = 0; kind < 2; kind++)
        for (int at = 1;; at++) {
            ent_slot victim;
            assert_int_equal(w->keys.new_slot(w->keys.self, b, &victim, &again, NULL), ENT_OK);
            bool died = dies(w, kind ? 0 : at, kind ? at : 0, &victim);
            deaths += died;
            reopen(w);
            assert_int_equal(roots_in(w->folder), 1);
            if (w->token) {
                w->root.close(w->root.self); /* its view of the token is from before the child's */
                assert_int_equal(test_token_open(w->token, "gb", "gb.example", &w->root, NULL), ENT_OK);
                reopen(w);
            }
            assert_int_equal(w->keys.destroy(w->keys.self, victim, NULL), ENT_OK);
            assert_int_equal(w->keys.end_epoch(w->keys.self, &epoch, NULL), ENT_OK);
            assert_int_equal(w->keys.get(w->keys.self, victim, b, &again, NULL), ENT_GONE);
            if (w->token) assert_int_equal(roots_in_token(w), 1);
            for (int i = 0; i < 4; i++) {
                assert_int_equal(w->keys.get(w->keys.self, s[i], a, &again, NULL), ENT_OK);
                assert_memory_equal(&key[i], &again, 32);
            }
            if (!died) break;
            if (at > 20) at += 97; /* zeros over the old file: a page each */
        }
    assert_true(deaths > 20);
}

/* After a sync that failed nothing is written any more; a key that was not acknowledged is not there. */
static void stops_after_a_failed_sync(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key;
    ent_disk_plant(0, 1, EIO);
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_IO);
    ent_disk_plant(0, 0, 0);
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_IO);
}

/* After destruction and the epoch's end no byte of the key's box is left in the folder. */
static void leaves_no_box(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key;
    char path[300];
    uint8_t box[92];
    uint32_t epoch;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    snprintf(path, sizeof path, "%s/slots", w->folder);
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, box, sizeof box, 4096 + (off_t)(s.number & 0xffffffff) * 128 + 16), sizeof box);
    close(fd);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(w->keys.end_epoch(w->keys.self, &epoch, NULL), ENT_OK);
    ENT_AUTO_BUF all = ENT_BUF(64 << 20);
    assert_int_equal(ent_disk_load(path, &all, NULL), ENT_OK);
    assert_null(memmem(all.data, all.len, box, 12));
    snprintf(path, sizeof path, "%s/root.1", w->folder);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void copy_folder(const char *from, const char *to)
{
    char command[1200];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    assert_int_equal(system(command), 0);
}

/* Under a token a copy of the whole folder from before the end of an epoch opens nothing any more. */
static void old_copy_is_useless(void **state)
{
    world *w = *state, old = *w;
    char copy[300];
    ent_slot s;
    ent_key32 key;
    ent_keys keys;
    ent_err err;
    uint32_t epoch;
    ent_custody c;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    snprintf(copy, sizeof copy, "%s.copy", w->folder);
    copy_folder(w->folder, copy);
    old.folder = copy;
    assert_int_equal(open_keys(&old, false, &keys, NULL), ENT_OK); /* within the epoch it opens: the test opens the right thing */
    keys.close(keys.self);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(w->keys.end_epoch(w->keys.self, &epoch, NULL), ENT_OK);
    assert_int_equal(open_keys(&old, false, &keys, &err), ENT_DAMAGED);
    assert_non_null(strstr(err.detail, "epoch 1"));
    w->keys.custody(w->keys.self, &c);
    assert_int_equal(c.root, ENT_ROOT_TOKEN); /* SoftHSM does not call itself hardware */
    test_folder_remove(strdup(copy));
}

/* Another token, or none, is a clear stop, not a plaintext fallback. */
static void another_token_is_refused(void **state)
{
    world *w = *state, other = *w;
    ent_slot s;
    ent_key32 key;
    ent_keys keys;
    ent_err err;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    other.root = (ent_root){0};
    assert_int_equal(open_keys(&other, false, &keys, &err), ENT_DAMAGED);
    assert_non_null(strstr(err.detail, "keys.root"));
    test_token_add(w->token, "other");
    w->root.close(w->root.self);
    w->root = (ent_root){0};
    assert_int_equal(test_token_open(w->token, "nowhere", "gb.example", &other.root, &err), ENT_UNREACHABLE);
    assert_int_equal(test_token_open(w->token, "other", "gb.example", &other.root, NULL), ENT_OK);
    assert_int_equal(open_keys(&other, false, &keys, &err), ENT_DAMAGED);
    other.root.close(other.root.self);
    test_token_pin(w->token, "99999");
    assert_int_equal(test_token_open(w->token, "gb", "gb.example", &other.root, NULL), ENT_OK);
    assert_int_equal(open_keys(&other, false, &keys, &err), ENT_DENIED);
    other.root.close(other.root.self);
}

/* A node whose root lay in a file goes over at the next end of an epoch; no key is lost. */
static void goes_over_to_a_token(void **state)
{
    world *w = *state, plain = {.folder = test_folder()};
    ent_slot s;
    ent_key32 key, again;
    ent_custody c;
    uint32_t epoch;
    (void)w;
    open_file(&plain);
    assert_int_equal(plain.keys.new_slot(plain.keys.self, a, &s, &key, NULL), ENT_OK);
    plain.root = w->root;
    reopen(&plain);
    plain.keys.custody(plain.keys.self, &c);
    assert_int_equal(c.root, ENT_ROOT_FILE);
    assert_int_equal(plain.keys.end_epoch(plain.keys.self, &epoch, NULL), ENT_OK);
    reopen(&plain);
    plain.keys.custody(plain.keys.self, &c);
    assert_int_equal(c.root, ENT_ROOT_TOKEN);
    assert_int_equal(plain.keys.get(plain.keys.self, s, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
    plain.keys.close(plain.keys.self);
    test_folder_remove(plain.folder);
}

#define OVER(setup)                                                                                                    \
    cmocka_unit_test_setup_teardown(keeps_keys, setup, teardown), cmocka_unit_test_setup_teardown(destroys_keys, setup, teardown), \
        cmocka_unit_test_setup_teardown(makes_many, setup, teardown), cmocka_unit_test_setup_teardown(destroys_many, setup, teardown), cmocka_unit_test_setup_teardown(ends_epochs, setup, teardown), cmocka_unit_test_setup_teardown(grows, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVER(setup_memory),
        OVER(setup_file),
        cmocka_unit_test_setup_teardown(mends_one_copy, setup_file, teardown),
        cmocka_unit_test_setup_teardown(stops_without_its_root, setup_file, teardown),
        cmocka_unit_test_setup_teardown(ends_an_epoch_or_not, setup_file, teardown),
        cmocka_unit_test_setup_teardown(stops_after_a_failed_sync, setup_file, teardown),
        cmocka_unit_test_setup_teardown(leaves_no_box, setup_file, teardown),
        cmocka_unit_test_setup_teardown(killed_anywhere, setup_file, teardown),
    };
    const struct CMUnitTest with_token[] = {
        cmocka_unit_test_setup_teardown(keeps_keys, setup_token, teardown),
        cmocka_unit_test_setup_teardown(destroys_keys, setup_token, teardown),
        cmocka_unit_test_setup_teardown(ends_epochs, setup_token, teardown),
        cmocka_unit_test_setup_teardown(ends_an_epoch_or_not, setup_token, teardown),
        cmocka_unit_test_setup_teardown(killed_anywhere, setup_token, teardown),
        cmocka_unit_test_setup_teardown(old_copy_is_useless, setup_token, teardown),
        cmocka_unit_test_setup_teardown(another_token_is_refused, setup_token, teardown),
        cmocka_unit_test_setup_teardown(goes_over_to_a_token, setup_token, teardown),
    };
    int failed = cmocka_run_group_tests_name("keys", tests, NULL, NULL);
    if (test_token_possible()) failed += cmocka_run_group_tests_name("keys under a token", with_token, NULL, NULL);
    else printf("skipped: keys under a token, SoftHSM is not installed\n");
    return failed;
}
