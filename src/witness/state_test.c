#include "base/test.h"

#include "adapter/file/disk.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "witness/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct world {
    char folder[32], inside[64];
    ent_witness *witness;
    ent_tree *tree;
    ent_public_key key, witness_key;
    ent_secret_key secret;
    int64_t now;
} world;

static ent_time fake_now(void *self) { return (ent_time){((world *)self)->now}; }
static int64_t fake_ticks(void *self) { return ((world *)self)->now; }
static ent_clock clock_of(world *w) { return (ent_clock){.self = w, .now = fake_now, .monotonic = fake_ticks}; }

static ent_code open_it(world *w) { return ent_witness_open(w->inside, clock_of(w), &w->witness, NULL); }

static void know(world *w, const char *origin, const ent_public_key *key)
{
    char vkey[ENT_VKEY_MAX];
    assert_int_equal(ent_vkey_write(origin, ENT_NOTE_ED25519, key, vkey, NULL), ENT_OK);
    assert_int_equal(ent_witness_add_log(w->inside, vkey, NULL), ENT_OK);
}

static int setup(void **state)
{
    world *w = calloc(1, sizeof *w);
    ent_secret_key unused;
    const ent_witness_settings s = {.name = "observer.example", .listen = "127.0.0.1"};
    snprintf(w->folder, sizeof w->folder, "/tmp/entente-test-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    w->now = 1770000000000;
    snprintf(w->inside, sizeof w->inside, "%s/witness", w->folder);
    assert_int_equal(ent_witness_init(w->inside, &s, (uint8_t[32]){7}, NULL), ENT_OK);
    ent_sign_keys((uint8_t[32]){7}, &w->witness_key, &unused);
    ent_sign_keys((uint8_t[32]){1}, &w->key, &w->secret);
    know(w, "gb.example", &w->key);
    assert_int_equal(open_it(w), ENT_OK);
    assert_int_equal(ent_tree_new(&w->tree, NULL), ENT_OK);
    for (uint8_t i = 0; i < 64; i++) assert_int_equal(ent_tree_append(w->tree, &i, 1, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world *w = *state;
    char command[64];
    ent_disk_plant(0, 0, 0);
    ent_witness_close(w->witness);
    ent_tree_free(w->tree);
    snprintf(command, sizeof command, "rm -rf '%s'", w->folder);
    assert_int_equal(system(command), 0);
    free(w);
    return 0;
}

typedef struct submission {
    uint64_t old, size;
    uint8_t twist;              /* of the root */
    const char *origin;         /* NULL: gb.example */
    const ent_secret_key *by;   /* NULL: the log's own */
} submission;

static void write_body(const world *w, const submission *s, ent_buf *ret_body)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    ent_checkpoint c = {.size = s->size};
    snprintf(c.origin, sizeof c.origin, "%s", s->origin ? s->origin : "gb.example");
    ent_tree_root(w->tree, s->size, &c.root);
    c.root.b[0] ^= s->twist;
    assert_int_equal(ent_checkpoint_sign(&c, s->by ? s->by : &w->secret, &note, NULL), ENT_OK);
    ent_add_checkpoint add = {.old = s->old, .note = (char *)note.data, .note_len = note.len};
    if (s->old <= s->size) ent_tree_consistency(w->tree, s->old, s->size, &add.proof);
    assert_int_equal(ent_add_checkpoint_write(&add, ret_body, NULL), ENT_OK);
}

static bool alarm_raised;

/* The status; the answer's text. */
static int submit(world *w, submission s, ent_buf *ret_answer)
{
    ENT_AUTO_BUF body = ENT_BUF(ENT_ADD_CHECKPOINT_MAX);
    write_body(w, &s, &body);
    ent_buf_clear(ret_answer);
    return ent_witness_add(w->witness, (char *)body.data, body.len, ret_answer, &alarm_raised);
}

static const char hash[] = "32ddc7dc82c5e9acd82e9a46ce19e2bd1c3c3e6b2f2f5b7f2b0c2c0d2cb5b1ab"; /* of nothing that is known here */

static void hash_of_gb(char ret[65])
{
    uint8_t digest[32];
    ent_sha256("gb.example", 10, digest);
    ent_hex(digest, 32, ret);
}

static size_t files_in(const world *w, const char *name)
{
    char path[400];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/%s", w->inside, name);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* What continues is co-signed with the witness's time; the latest is served with both signatures; after a restart it goes on there. */
static void cosigns_and_remembers(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096), note = ENT_BUF(ENT_NOTE_MAX);
    char name[65];
    ent_time when;
    hash_of_gb(name);
    assert_int_equal(ent_witness_latest(w->witness, name, &note), 404);
    assert_int_equal(submit(w, (submission){0, 5, 0, NULL, NULL}, &answer), 200);
    assert_int_equal(submit(w, (submission){5, 9, 0, NULL, NULL}, &answer), 200);
    assert_int_equal(ent_witness_latest(w->witness, name, &note), 200);
    assert_int_equal(ent_witness_latest(w->witness, hash, &note), 404);
    assert_true(ent_note_signed_by((char *)note.data, note.len, "gb.example", &w->key));
    assert_true(ent_note_cosigned_by((char *)note.data, note.len, "observer.example", &w->witness_key, &when));
    assert_int_equal(when.ms, w->now);
    assert_non_null(strstr(ent_buf_cstr(&note), ent_buf_cstr(&answer)));
    ent_witness_close(w->witness);
    assert_int_equal(open_it(w), ENT_OK);
    assert_int_equal(submit(w, (submission){0, 12, 0, NULL, NULL}, &answer), 409);
    assert_string_equal(ent_buf_cstr(&answer), "9\n");
    assert_int_equal(submit(w, (submission){9, 12, 0, NULL, NULL}, &answer), 200);
}

/* A log that was rolled back is told how much is remembered, as often as it asks; no signature on the shorter history. */
static void sees_a_rollback(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096);
    assert_int_equal(submit(w, (submission){0, 30, 0, NULL, NULL}, &answer), 200);
    for (uint64_t size = 0; size < 30; size++) {
        assert_int_equal(submit(w, (submission){size, size, 0, NULL, NULL}, &answer), 409);
        assert_string_equal(ent_buf_cstr(&answer), "30\n");
    }
}

/* Two roots of one size: refused, the alarm is raised, both signed notes are on disk; the first history goes on. Not more than 64 files. */
static void keeps_evidence_of_a_fork(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096), text = ENT_BUF(65536);
    char name[65], path[400];
    assert_int_equal(submit(w, (submission){0, 30, 0, NULL, NULL}, &answer), 200);
    assert_int_equal(submit(w, (submission){30, 30, 1, NULL, NULL}, &answer), 422);
    assert_true(alarm_raised);
    assert_null(strstr(ent_buf_cstr(&answer), "observer"));
    hash_of_gb(name);
    snprintf(path, sizeof path, "%s/evidence/%s.00", w->inside, name);
    assert_int_equal(ent_disk_load(path, &text, NULL), ENT_OK);
    const char *first = strstr(ent_buf_cstr(&text), "\n\n") + 2, *second = strstr(first, "old 30\n\n");
    assert_non_null(second);
    assert_true(ent_note_signed_by(first, (size_t)(second - first), "gb.example", &w->key));
    assert_true(ent_note_signed_by(second + 8, strlen(second + 8), "gb.example", &w->key));
    for (int i = 0; i < 70; i++) assert_int_equal(submit(w, (submission){30, 30, (uint8_t)(i + 1), NULL, NULL}, &answer), 422);
    assert_int_equal(files_in(w, "evidence"), 64);
    assert_int_equal(submit(w, (submission){30, 31, 0, NULL, NULL}, &answer), 200);
}

/* Logs and keys that are not known get nothing; one that is added is known after a reload, and what was remembered stays. */
static void knows_its_logs(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096);
    ent_public_key fresh;
    ENT_WIPED_SECRET secret;
    ent_sign_keys((uint8_t[32]){2}, &fresh, &secret);
    assert_int_equal(submit(w, (submission){0, 5, 0, NULL, NULL}, &answer), 200);
    assert_int_equal(submit(w, (submission){0, 5, 0, "fr.example", &secret}, &answer), 404);
    assert_int_equal(submit(w, (submission){5, 6, 0, NULL, &secret}, &answer), 403);
    know(w, "fr.example", &fresh);
    know(w, "gb.example", &fresh); /* the log's next key */
    assert_int_equal(ent_witness_reload(w->witness, NULL), ENT_OK);
    assert_int_equal(submit(w, (submission){0, 5, 0, "fr.example", &secret}, &answer), 200);
    assert_int_equal(submit(w, (submission){5, 6, 0, NULL, &secret}, &answer), 200);
    assert_int_equal(submit(w, (submission){6, 7, 0, NULL, NULL}, &answer), 200);
    assert_int_equal(ent_witness_add_log(w->inside, "gb.example+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", NULL), ENT_FORMAT);
}

typedef struct racer {
    world *w;
    uint64_t size;
    int status;
} racer;

static void *race(void *ctx)
{
    racer *r = ctx;
    ENT_AUTO_BUF answer = ENT_BUF(4096), body = ENT_BUF(ENT_ADD_CHECKPOINT_MAX);
    bool alarm;
    submission s = {20, r->size, 0, NULL, NULL};
    write_body(r->w, &s, &body);
    r->status = ent_witness_add(r->w->witness, (char *)body.data, body.len, &answer, &alarm);
    return NULL;
}

/* Eight at once from one size: one is co-signed, the others hear of it. */
static void compares_and_swaps(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096);
    assert_int_equal(submit(w, (submission){0, 20, 0, NULL, NULL}, &answer), 200);
    pthread_t threads[8];
    racer racers[8];
    int taken = 0;
    for (uint64_t i = 0; i < 8; i++) {
        racers[i] = (racer){w, 21 + i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        taken += racers[i].status == 200;
        if (racers[i].status != 200) assert_int_equal(racers[i].status, 409);
    }
    assert_int_equal(taken, 1);
}

/* What cannot be remembered is not co-signed: a full disk now and no longer, a failed sync until the restart. */
static void signs_nothing_unremembered(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096), note = ENT_BUF(ENT_NOTE_MAX);
    char name[65];
    hash_of_gb(name);
    ent_disk_plant(1, 0, ENOSPC);
    assert_int_equal(submit(w, (submission){0, 5, 0, NULL, NULL}, &answer), 503);
    assert_null(strstr(ent_buf_cstr(&answer), "observer"));
    assert_int_equal(ent_witness_latest(w->witness, name, &note), 404);
    ent_disk_plant(0, 0, 0);
    assert_int_equal(submit(w, (submission){0, 6, 0, NULL, NULL}, &answer), 200);
    ent_disk_plant(0, 1, EIO);
    assert_int_equal(submit(w, (submission){6, 7, 0, NULL, NULL}, &answer), 500);
    ent_disk_plant(0, 0, 0);
    assert_int_equal(submit(w, (submission){6, 7, 0, NULL, NULL}, &answer), 500);
    assert_null(strstr(ent_buf_cstr(&answer), "observer"));
    ent_witness_close(w->witness);
    assert_int_equal(open_it(w), ENT_OK);
    assert_int_equal(submit(w, (submission){6, 7, 0, NULL, NULL}, &answer), 200);
}

/* It starts only alone, and only on a memory that it signed itself; every byte of that counts. */
static void refuses_a_false_memory(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF answer = ENT_BUF(4096);
    ent_witness *second;
    char name[65], path[400];
    struct stat st;
    hash_of_gb(name);
    assert_int_equal(ent_witness_open(w->inside, clock_of(w), &second, NULL), ENT_BUSY);
    assert_int_equal(submit(w, (submission){0, 5, 0, NULL, NULL}, &answer), 200);
    ent_witness_close(w->witness);
    w->witness = NULL;
    snprintf(path, sizeof path, "%s/seen/%s", w->inside, name);
    assert_int_equal(stat(path, &st), 0);
    int fd = open(path, O_RDWR);
    uint8_t byte;
    const off_t at[] = {0, 11, 20, st.st_size - 20};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pread(fd, &byte, 1, at[i]), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, at[i]), 1);
        assert_int_equal(open_it(w), ENT_DAMAGED);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, at[i]), 1);
    }
    close(fd);
    assert_int_equal(open_it(w), ENT_OK);
    const ent_witness_settings s = {.name = "another.example", .listen = "127.0.0.1"};
    assert_int_equal(ent_witness_init(w->inside, &s, (uint8_t[32]){8}, NULL), ENT_EXISTS);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {CASE(cosigns_and_remembers), CASE(sees_a_rollback), CASE(keeps_evidence_of_a_fork), CASE(knows_its_logs),
                                       CASE(compares_and_swaps), CASE(signs_nothing_unremembered), CASE(refuses_a_false_memory)};
    return cmocka_run_group_tests_name("witness", tests, NULL, NULL);
}
