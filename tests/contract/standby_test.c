/* The standby's contract (port/standby.h), over the command and its frames; and what a node does with one. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/file/slots.h"
#include "adapter/standby/standby.h"
#include "contract/folder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct world {
    char *folder, *standby;
    char command[700];
    ent_standby link;
    ent_keys keys;
} world;

static const uint8_t a[32] = {1};

static ent_code open_keys(world *w, const char *folder, ent_keys *ret, ent_err *err)
{
    ent_file_keys_options o = {.create = true, .accept_residue = true, .standby = &w->link};
    return ent_file_keys(folder, &o, ent_system_random(), ret, err);
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->folder = test_folder();
    w->standby = test_folder();
    snprintf(w->command, sizeof w->command, "[ ! -e '%s/away' ] && exec %s standby keep '%s'", w->folder, ENTENTE, w->standby);
    assert_int_equal(ent_standby_link(w->command, &w->link, NULL), ENT_OK);
    assert_int_equal(open_keys(w, w->folder, &w->keys, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    if (w->keys.close) w->keys.close(w->keys.self);
    w->link.close(w->link.self);
    test_folder_remove(w->folder);
    test_folder_remove(w->standby);
    free(w);
    return 0;
}

static void reopen(world *w)
{
    w->keys.close(w->keys.self);
    w->keys = (ent_keys){0};
    assert_int_equal(open_keys(w, w->folder, &w->keys, NULL), ENT_OK);
}

static void copy_folder(const char *from, const char *to)
{
    char command[1200];
    snprintf(command, sizeof command, "rm -rf '%s' && cp -a '%s' '%s'", to, from, to);
    assert_int_equal(system(command), 0);
}

/* The slots that the standby has, opened as a node's: what is left when the node's disk is gone. */
static void open_standby(const world *w, ent_keys *ret)
{
    char keys[300];
    ent_file_keys_options o = {.accept_residue = true};
    snprintf(keys, sizeof keys, "%s/keys", w->standby);
    assert_int_equal(ent_file_keys(keys, &o, ent_system_random(), ret, NULL), ENT_OK);
}

static void break_link(world *w, bool away)
{
    char path[300];
    snprintf(path, sizeof path, "%s/away", w->folder);
    w->link.close(w->link.self);
    assert_int_equal(ent_standby_link(w->command, &w->link, NULL), ENT_OK);
    if (away) close(open(path, O_CREAT | O_WRONLY, 0600));
    else unlink(path);
}

/* What new_slot and destroy acknowledged is on the standby, across the end of an epoch, without the node's own disk. */
static void holds_what_was_acknowledged(void **state)
{
    world *w = *state;
    ent_slot s[3];
    ent_key32 key[3], again;
    ent_keys there;
    uint32_t epoch;
    for (int i = 0; i < 3; i++) assert_int_equal(w->keys.new_slot(w->keys.self, a, &s[i], &key[i], NULL), ENT_OK);
    assert_int_equal(w->keys.destroy(w->keys.self, s[1], NULL), ENT_OK);
    for (int round = 0; round < 2; round++) {
        open_standby(w, &there);
        assert_int_equal(there.get(there.self, s[0], a, &again, NULL), ENT_OK);
        assert_memory_equal(&again, &key[0], 32);
        assert_int_equal(there.get(there.self, s[1], a, &again, NULL), ENT_GONE);
        there.close(there.self);
        assert_int_equal(w->keys.end_epoch(w->keys.self, &epoch, NULL), ENT_OK);
    }
}

/* After a destruction was acknowledged, no byte of the key's box is in the standby's file. */
static void destroys_there(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key;
    char path[300];
    uint8_t box[92];
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    snprintf(path, sizeof path, "%s/keys/slots", w->standby);
    ENT_AUTO_BUF before = ENT_BUF(64 << 20), after = ENT_BUF(64 << 20);
    assert_int_equal(ent_disk_load(path, &before, NULL), ENT_OK);
    memcpy(box, before.data + 4096 + (s.number & 0xffffffff) * 128 + 16, sizeof box);
    assert_non_null(memmem(before.data, before.len, box, 12));
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(ent_disk_load(path, &after, NULL), ENT_OK);
    assert_null(memmem(after.data, after.len, box, 12));
}

/* A standby that is away: no key is given out, a destruction is done here and not reported; with it back both are made up for. */
static void away_means_not_acknowledged(void **state)
{
    world *w = *state;
    ent_slot s, t;
    ent_key32 key, again;
    ent_keys there;
    ent_err err;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    break_link(w, true);
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &t, &again, &err), ENT_UNREACHABLE);
    assert_non_null(strstr(err.detail, "standby"));
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_UNREACHABLE);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_GONE);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_UNREACHABLE); /* asked again, still not */
    break_link(w, false);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    open_standby(w, &there);
    assert_int_equal(there.get(there.self, s, a, &again, NULL), ENT_GONE);
    there.close(there.self);
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &t, &again, NULL), ENT_OK);
}

/* An older copy of the node's folder, of the same epoch: what the standby saw destroyed is destroyed in it. */
static void old_copy_learns_of_destructions(void **state)
{
    world *w = *state;
    char copy[300];
    ent_slot s, later;
    ent_key32 key, again;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    snprintf(copy, sizeof copy, "%s.copy", w->folder);
    copy_folder(w->folder, copy);
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &later, &key, NULL), ENT_OK);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    copy_folder(copy, w->folder);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_GONE);
    assert_int_equal(w->keys.get(w->keys.self, later, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
    test_folder_remove(strdup(copy));
}

/* A slot that is damaged in both copies is mended from the standby. */
static void mends_from_the_standby(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key, again;
    char path[300];
    uint8_t byte;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    snprintf(path, sizeof path, "%s/slots", w->folder);
    int fd = open(path, O_RDWR);
    for (int copy = 0; copy < 2; copy++) {
        off_t at = 4096 + (off_t)((s.number & 0xffffffff) + (size_t)copy * 4096) * 128 + 30;
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
    close(fd);
    reopen(w);
    assert_int_equal(w->keys.get(w->keys.self, s, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
}

/* An older copy from before the epoch's end does not open. */
static void older_epoch_is_refused(void **state)
{
    world *w = *state;
    char copy[300];
    uint32_t epoch;
    ent_err err;
    snprintf(copy, sizeof copy, "%s.copy", w->folder);
    copy_folder(w->folder, copy);
    assert_int_equal(w->keys.end_epoch(w->keys.self, &epoch, NULL), ENT_OK);
    w->keys.close(w->keys.self);
    w->keys = (ent_keys){0};
    assert_int_equal(open_keys(w, copy, &w->keys, &err), ENT_CONFLICT);
    assert_non_null(strstr(err.detail, "older copy"));
    test_folder_remove(strdup(copy));
}

/* The keeper itself takes nothing back, whatever it is told. */
static void never_back(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key;
    uint8_t row[128];
    ent_standby_state now;
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    assert_int_equal(w->link.rows(w->link.self, s.number & 0xffffffff, 1, row, NULL), ENT_OK);
    assert_int_equal(w->keys.destroy(w->keys.self, s, NULL), ENT_OK);
    assert_int_equal(w->link.put(w->link.self, &(uint64_t){s.number & 0xffffffff}, 1, row, NULL), ENT_CONFLICT);
    assert_int_equal(w->link.put(w->link.self, &(uint64_t){1ull << 40}, 1, row, NULL), ENT_FORMAT);
    row[20] ^= 1;
    assert_int_equal(w->link.put(w->link.self, &(uint64_t){5}, 1, row, NULL), ENT_DAMAGED);
    assert_int_equal(w->link.state(w->link.self, &now, NULL), ENT_OK);
    assert_int_equal(w->link.begin(w->link.self, 1, 1, "r", 1, NULL), ENT_OK);
    assert_int_equal(w->link.begin(w->link.self, 0, 1, "r", 1, NULL), ENT_FORMAT);
    assert_int_equal(w->link.fill(w->link.self, 0, 1, row, NULL), ENT_FORMAT); /* the copy went with the connection */
    assert_int_equal(w->link.file(w->link.self, "../x", "y", 1, NULL), ENT_FORMAT);
}

/* A whole copy that was cut short leaves the copy of before, and nothing of the new root after the next start. */
static void half_a_copy(void **state)
{
    world *w = *state;
    ent_slot s;
    ent_key32 key, again;
    ent_keys there;
    ent_standby_state before, after;
    uint8_t rows[2 * 128] = {0};
    char path[300];
    assert_int_equal(w->keys.new_slot(w->keys.self, a, &s, &key, NULL), ENT_OK);
    assert_int_equal(w->link.state(w->link.self, &before, NULL), ENT_OK);
    assert_int_equal(w->link.begin(w->link.self, 2, 8192, "another root", 12, NULL), ENT_OK);
    assert_int_equal(w->link.fill(w->link.self, 0, 2, rows, NULL), ENT_OK);
    break_link(w, false);
    assert_int_equal(w->link.state(w->link.self, &after, NULL), ENT_OK);
    assert_int_equal(after.epoch, 1);
    assert_memory_equal(before.digest, after.digest, 32);
    snprintf(path, sizeof path, "%s/keys/root.2", w->standby);
    assert_int_not_equal(access(path, F_OK), 0);
    break_link(w, false);
    open_standby(w, &there);
    assert_int_equal(there.get(there.self, s, a, &again, NULL), ENT_OK);
    assert_memory_equal(&key, &again, 32);
    there.close(there.self);
}

/* ---- the ledger ---- */

static void entry_of(uint8_t n, uint8_t ret[ENT_ENTRY_SIZE])
{
    ent_entry e = {.kind = ENT_ENTRY_ALARM, .time = {1000}, .follows = ENT_ENTRY_NONE};
    e.case_number.b[0] = n;
    assert_int_equal(ent_entry_encode(&e, ret, NULL), ENT_OK);
}

static void open_ledger(world *w, const char *folder, ent_ledger *ret)
{
    static const uint8_t seed[32] = {9};
    ent_public_key public;
    ent_secret_key secret;
    (void)w;
    mkdir(folder, 0700);
    ent_sign_keys(seed, &public, &secret);
    assert_int_equal(ent_file_ledger(folder, "gb.example", &secret, true, ret, NULL), ENT_OK);
}

/* An append returns when the standby has the entry; entries of before it was there are brought up; an older copy is refused. */
static void keeps_the_ledger(void **state)
{
    world *w = *state;
    char path[300], older[300];
    uint8_t entry[ENT_ENTRY_SIZE];
    uint64_t index;
    ent_ledger inner, kept;
    ent_standby_state now;
    ent_err err;
    snprintf(path, sizeof path, "%s/ledger", w->folder);
    snprintf(older, sizeof older, "%s/older", w->folder);
    open_ledger(w, path, &inner);
    for (uint8_t i = 0; i < 3; i++) {
        entry_of(i, entry);
        assert_int_equal(inner.append(inner.self, entry, &index, NULL), ENT_OK);
    }
    assert_int_equal(ent_standby_ledger(&inner, &w->link, &kept, NULL), ENT_OK);
    assert_int_equal(w->link.state(w->link.self, &now, NULL), ENT_OK);
    assert_int_equal(now.ledger_size, 3);
    copy_folder(path, older);
    for (uint8_t i = 3; i < 6; i++) {
        entry_of(i, entry);
        assert_int_equal(kept.append(kept.self, entry, &index, NULL), ENT_OK);
        assert_int_equal(index, i);
        assert_int_equal(w->link.state(w->link.self, &now, NULL), ENT_OK);
        assert_int_equal(now.ledger_size, i + 1);
    }
    break_link(w, true);
    assert_int_equal(kept.append(kept.self, entry, &index, NULL), ENT_UNREACHABLE);
    break_link(w, false);
    assert_int_equal(kept.append(kept.self, entry, &index, NULL), ENT_OK);
    assert_int_equal(w->link.state(w->link.self, &now, NULL), ENT_OK);
    assert_int_equal(now.ledger_size, 8);
    kept.close(kept.self);
    open_ledger(w, older, &inner);
    assert_int_equal(ent_standby_ledger(&inner, &w->link, &kept, &err), ENT_CONFLICT);
    assert_non_null(strstr(err.detail, "older copy"));
    for (uint8_t i = 0; i < 6; i++) { /* as long, and other entries */
        entry_of((uint8_t)(i + 100), entry);
        assert_int_equal(inner.append(inner.self, entry, &index, NULL), ENT_OK);
    }
    assert_int_equal(ent_standby_ledger(&inner, &w->link, &kept, &err), ENT_CONFLICT);
    assert_non_null(strstr(err.detail, "another history"));
    inner.close(inner.self);
}

/* One keeper at a time: a second node with the same standby is refused. */
static void one_keeper(void **state)
{
    world *w = *state;
    ent_standby second;
    ent_standby_state now;
    assert_int_equal(w->link.state(w->link.self, &now, NULL), ENT_OK);
    assert_int_equal(ent_standby_link(w->command, &second, NULL), ENT_OK);
    assert_int_equal(second.state(second.self, &now, NULL), ENT_UNREACHABLE);
    second.close(second.self);
}

/* A command that is something else: refused by its frame, no wait for gigabytes. */
static void other_commands(void **state)
{
    (void)state;
    ent_standby s;
    ent_standby_state now;
    ent_err err;
    assert_int_equal(ent_standby_link("echo welcome to this host; exec cat > /dev/null", &s, NULL), ENT_OK);
    assert_int_equal(s.state(s.self, &now, &err), ENT_FORMAT);
    s.close(s.self);
    assert_int_equal(ent_standby_link("exit 3", &s, NULL), ENT_OK);
    assert_int_equal(s.state(s.self, &now, &err), ENT_UNREACHABLE);
    s.close(s.self);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(holds_what_was_acknowledged), CASE(destroys_there), CASE(away_means_not_acknowledged), CASE(old_copy_learns_of_destructions),
                                       CASE(mends_from_the_standby), CASE(older_epoch_is_refused), CASE(never_back), CASE(half_a_copy), CASE(keeps_the_ledger), CASE(one_keeper), CASE(other_commands)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
