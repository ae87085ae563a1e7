/* The store's contract (port/store.h), over every adapter. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "adapter/memory/memory.h"
#include "adapter/postgres/postgres.h"
#include "adapter/sqlite/sqlite.h"
#include "contract/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct world {
    ent_store store;
    char *folder;
    bool sqlite;
} world;

static void open_sqlite(world *w)
{
    char path[300];
    snprintf(path, sizeof path, "%s/store.db", w->folder);
    assert_int_equal(ent_sqlite_store(path, &w->store, NULL), ENT_OK);
}

static int setup_memory(void **state)
{
    world *w = calloc(1, sizeof *w);
    assert_int_equal(ent_memory_store(&w->store, NULL), ENT_OK);
    *state = w;
    return 0;
}

static int setup_sqlite(void **state)
{
    world *w = calloc(1, sizeof *w);
    w->sqlite = true;
    w->folder = test_folder();
    open_sqlite(w);
    *state = w;
    return 0;
}

/* ---- a server of its own, started once; each case has an empty database ---- */

static char server[300], conninfo[400];

static void on_server(const char *sql)
{
    char command[900];
    snprintf(command, sizeof command, "psql -q '%s' -c '%s' >/dev/null 2>&1", conninfo, sql);
    (void)!system(command);
}

static int start_server(void **state)
{
    char command[900];
    (void)state;
    char *folder = test_folder();
    snprintf(server, sizeof server, "%s", folder);
    free(folder);
    snprintf(command, sizeof command, "%s start %s", POSTGRES, server);
    FILE *f = popen(command, "r");
    bool there = f && fgets(conninfo, sizeof conninfo, f);
    if (f && pclose(f) != 0) there = false;
    conninfo[strcspn(conninfo, "\n")] = 0;
    if (!there) conninfo[0] = 0;
    return 0;
}

static int stop_server(void **state)
{
    char command[900];
    (void)state;
    snprintf(command, sizeof command, "%s stop %s; rm -rf %s", POSTGRES, server, server);
    (void)!system(command);
    return 0;
}

static int setup_postgres(void **state)
{
    world *w = calloc(1, sizeof *w);
    *state = w;
    if (!conninfo[0]) return 0;
    on_server("DROP SCHEMA IF EXISTS entente CASCADE");
    ent_err err = {0};
    if (ent_postgres_store(conninfo, &w->store, &err) != ENT_OK) fail_msg("%s", err.detail);
    return 0;
}

/* A second node at the same database writes nothing; a connection that was lost comes back, and the rows are there. */
static void one_writer(void **state)
{
    world *w = *state;
    ent_store second;
    ent_change c = {ENT_CHANGE_PUT, ENT_TABLE_PARTS, "k", 1, "v", 1};
    ENT_AUTO_BUF value = ENT_BUF(64);
    if (!conninfo[0]) skip();
    assert_int_equal(ent_postgres_store(conninfo, &second, NULL), ENT_BUSY);
    assert_int_equal(w->store.commit(w->store.self, &c, 1, false, NULL), ENT_OK);
    on_server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()");
    (void)!w->store.commit(w->store.self, &c, 1, false, NULL); /* learns that the line is dead */
    assert_int_equal(w->store.commit(w->store.self, &c, 1, false, NULL), ENT_OK);
    (void)!w->store.get(w->store.self, ENT_TABLE_PARTS, "k", 1, &value, NULL);
    ent_buf_clear(&value);
    assert_int_equal(w->store.get(w->store.self, ENT_TABLE_PARTS, "k", 1, &value, NULL), ENT_OK);
    assert_string_equal(ent_buf_cstr(&value), "v");
    assert_int_equal(ent_postgres_store("host=/nowhere", &second, NULL), ENT_IO);
}

static int teardown(void **state)
{
    world *w = *state;
    if (w->store.close) w->store.close(w->store.self);
    if (w->folder) test_folder_remove(w->folder);
    free(w);
    return 0;
}

static ent_change change(ent_change_kind kind, const char *key, const char *value)
{
    return (ent_change){kind, ENT_TABLE_PARTS, key, strlen(key), value, value ? strlen(value) : 0};
}

static ent_code one(world *w, ent_change_kind kind, const char *key, const char *value)
{
    ent_change c = change(kind, key, value);
    return w->store.commit(w->store.self, &c, 1, false, NULL);
}

static void assert_value(world *w, const char *key, const char *want)
{
    ENT_AUTO_BUF value = ENT_BUF(1000);
    ent_code code = w->store.get(w->store.self, ENT_TABLE_PARTS, key, strlen(key), &value, NULL);
    if (!want) {
        assert_int_equal(code, ENT_NOT_FOUND);
        return;
    }
    assert_int_equal(code, ENT_OK);
    assert_string_equal(ent_buf_cstr(&value), want);
}

/* What is put is there, replaced, deleted; tables are apart. */
static void keeps_rows(void **state)
{
    world *w = *state;
    if (!w->store.self) skip();
    assert_value(w, "a", NULL);
    assert_int_equal(one(w, ENT_CHANGE_PUT, "a", "1"), ENT_OK);
    assert_int_equal(one(w, ENT_CHANGE_PUT, "a", "2"), ENT_OK);
    assert_value(w, "a", "2");
    ENT_AUTO_BUF value = ENT_BUF(10);
    assert_int_equal(w->store.get(w->store.self, ENT_TABLE_BLOBS, "a", 1, &value, NULL), ENT_NOT_FOUND);
    assert_int_equal(one(w, ENT_CHANGE_DELETE, "a", NULL), ENT_OK);
    assert_int_equal(one(w, ENT_CHANGE_DELETE, "a", NULL), ENT_OK);
    assert_value(w, "a", NULL);
    assert_int_equal(one(w, ENT_CHANGE_PUT, "empty", ""), ENT_OK);
    assert_value(w, "empty", "");
}

/* One change that may not be makes the whole batch as if it never was. */
static void is_all_or_nothing(void **state)
{
    world *w = *state;
    if (!w->store.self) skip();
    assert_int_equal(one(w, ENT_CHANGE_PUT, "a", "1"), ENT_OK);
    ent_change batch[] = {change(ENT_CHANGE_PUT, "b", "2"), change(ENT_CHANGE_INSERT, "a", "x")};
    assert_int_equal(w->store.commit(w->store.self, batch, 2, false, NULL), ENT_EXISTS);
    assert_value(w, "b", NULL);
    batch[1] = change(ENT_CHANGE_EXPECT, "a", "other");
    assert_int_equal(w->store.commit(w->store.self, batch, 2, false, NULL), ENT_CONFLICT);
    assert_value(w, "b", NULL);
    batch[1] = change(ENT_CHANGE_EXPECT, "a", "1");
    assert_int_equal(w->store.commit(w->store.self, batch, 2, false, NULL), ENT_OK);
    assert_value(w, "b", "2");
    batch[0] = change(ENT_CHANGE_EXPECT, "c", "");
    batch[1] = change(ENT_CHANGE_DELETE, "b", NULL);
    assert_int_equal(w->store.commit(w->store.self, batch, 2, true, NULL), ENT_OK);
    assert_value(w, "b", NULL);
}

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_buf_put(ctx, key, key_len);
    ent_buf_str(ctx, "=");
    ent_buf_put(ctx, value, value_len);
    ent_buf_str(ctx, " ");
    return memcmp(value, "stop", value_len < 4 ? value_len : 4) == 0 && value_len == 4 ? ENT_BUSY : ENT_OK;
}

/* A scan gives the keys of a prefix in order, from after a key, until it is told to stop. */
static void scans_prefixes(void **state)
{
    world *w = *state;
    if (!w->store.self) skip();
    static const char *const keys[] = {"b", "ab", "a", "abc", "ac", "b\xff"};
    for (size_t i = 0; i < 6; i++) assert_int_equal(one(w, ENT_CHANGE_PUT, keys[i], "v"), ENT_OK);
    ENT_AUTO_BUF seen = ENT_BUF(1000);
    ent_change range = change(ENT_CHANGE_PUT, "a", NULL);
    assert_int_equal(w->store.scan(w->store.self, ENT_TABLE_PARTS, &range, gather, &seen, NULL), ENT_OK);
    assert_string_equal(ent_buf_cstr(&seen), "a=v ab=v abc=v ac=v ");
    ent_buf_clear(&seen);
    range = change(ENT_CHANGE_PUT, "a", "ab");
    assert_int_equal(w->store.scan(w->store.self, ENT_TABLE_PARTS, &range, gather, &seen, NULL), ENT_OK);
    assert_string_equal(ent_buf_cstr(&seen), "abc=v ac=v ");
    ent_buf_clear(&seen);
    range = change(ENT_CHANGE_PUT, "", NULL);
    assert_int_equal(w->store.scan(w->store.self, ENT_TABLE_PARTS, &range, gather, &seen, NULL), ENT_OK);
    assert_string_equal(ent_buf_cstr(&seen), "a=v ab=v abc=v ac=v b=v b\xff=v ");
    assert_int_equal(one(w, ENT_CHANGE_PUT, "ab", "stop"), ENT_OK);
    ent_buf_clear(&seen);
    range = change(ENT_CHANGE_PUT, "a", NULL);
    assert_int_equal(w->store.scan(w->store.self, ENT_TABLE_PARTS, &range, gather, &seen, NULL), ENT_BUSY);
    assert_string_equal(ent_buf_cstr(&seen), "a=v ab=stop ");
}

static ent_code stage(world *w, const ent_change *batch, size_t count)
{
    return ent_store_stage(&w->store, batch, count, false, NULL);
}

/* What is staged is there at once, for reads and for what the next batch compares with; the same refusals leave nothing; a sync is answered
 * with or without something to make durable. */
static void stages(void **state)
{
    world *w = *state;
    if (!w->store.self) skip();
    assert_int_equal(ent_store_sync(&w->store, NULL), ENT_OK);
    assert_int_equal(stage(w, (ent_change[]){change(ENT_CHANGE_INSERT, "a", "1")}, 1), ENT_OK);
    assert_value(w, "a", "1");
    assert_int_equal(stage(w, (ent_change[]){change(ENT_CHANGE_PUT, "b", "x"), change(ENT_CHANGE_INSERT, "a", "2")}, 2), ENT_EXISTS);
    assert_value(w, "b", NULL);
    assert_int_equal(stage(w, (ent_change[]){change(ENT_CHANGE_EXPECT, "a", "1"), change(ENT_CHANGE_PUT, "a", "2")}, 2), ENT_OK);
    assert_int_equal(one(w, ENT_CHANGE_INSERT, "a", "3"), ENT_EXISTS);
    assert_int_equal(ent_store_sync(&w->store, NULL), ENT_OK);
    assert_int_equal(ent_store_sync(&w->store, NULL), ENT_OK);
    assert_value(w, "a", "2");
}

static void *count_up(void *ctx)
{
    world *w = ctx;
    for (int done = 0; done < 50;) {
        ENT_AUTO_BUF value = ENT_BUF(100);
        char next[24] = "1";
        ent_code code = w->store.get(w->store.self, ENT_TABLE_PARTS, "n", 1, &value, NULL);
        if (code == ENT_OK) snprintf(next, sizeof next, "%d", atoi(ent_buf_cstr(&value)) + 1);
        ent_change batch[] = {change(ENT_CHANGE_EXPECT, "n", code == ENT_OK ? ent_buf_cstr(&value) : ""), change(ENT_CHANGE_PUT, "n", next)};
        if (done % 2 ? stage(w, batch, 2) != ENT_OK : w->store.commit(w->store.self, batch, 2, false, NULL) != ENT_OK) continue;
        assert_int_equal(ent_store_sync(&w->store, NULL), ENT_OK);
        done++;
    }
    return NULL;
}

/* Four writers that compare before they set, half of the time in two halves, lose no count. */
static void serialises_batches(void **state)
{
    world *w = *state;
    if (!w->store.self) skip();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, count_up, w), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    assert_value(w, "n", "200");
}

/* Killed at any moment, what was acknowledged is there after opening again. */
static void survives_sigkill(void **state)
{
    world *w = *state;
    for (int round = 0; round < 5; round++) {
        int pipe_fd[2];
        assert_int_equal(pipe(pipe_fd), 0);
        pid_t child = fork();
        if (child == 0) {
            world mine = {.folder = w->folder, .sqlite = true};
            open_sqlite(&mine);
            for (int i = 0;; i++) {
                char key[32];
                snprintf(key, sizeof key, "k%d-%d", round, i);
                if (one(&mine, ENT_CHANGE_PUT, key, "v") != ENT_OK || write(pipe_fd[1], &i, sizeof i) != sizeof i) _exit(1);
            }
        }
        close(pipe_fd[1]);
        int last = -1;
        while (last < 20 + round * 7) assert_int_equal(read(pipe_fd[0], &last, sizeof last), sizeof last);
        kill(child, SIGKILL);
        for (int i; read(pipe_fd[0], &i, sizeof i) == sizeof i;) last = i;
        waitpid(child, NULL, 0);
        close(pipe_fd[0]);
        w->store.close(w->store.self);
        open_sqlite(w);
        for (int i = 0; i <= last; i++) {
            char key[32];
            snprintf(key, sizeof key, "k%d-%d", round, i);
            assert_value(w, key, "v");
        }
    }
}

/* A failed sync is told to everybody who waited for it, and nothing is written any more, though the next sync would succeed. */
static void stops_after_a_failed_sync(void **state)
{
    world *w = *state;
    assert_int_equal(stage(w, (ent_change[]){change(ENT_CHANGE_PUT, "a", "1")}, 1), ENT_OK);
    ent_disk_plant(0, 1, EIO);
    ent_code code = ent_store_sync(&w->store, NULL);
    ent_disk_plant(0, 0, 0);
    assert_int_equal(code, ENT_IO);
    assert_int_equal(ent_store_sync(&w->store, NULL), ENT_IO);
    assert_int_equal(stage(w, (ent_change[]){change(ENT_CHANGE_PUT, "b", "1")}, 1), ENT_IO);
    assert_int_equal(one(w, ENT_CHANGE_PUT, "b", "1"), ENT_IO);
    assert_value(w, "b", NULL);
    w->store.close(w->store.self);
    open_sqlite(w);
    assert_int_equal(one(w, ENT_CHANGE_PUT, "b", "1"), ENT_OK);
}

static void copy_file(const char *from, const char *to, long most)
{
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (int c; most-- > 0 && (c = fgetc(in)) != EOF;) fputc(c, out);
    fclose(in);
    fclose(out);
}

/* When the power fails, any part of what was staged since the sync may be missing at the end of the log: what is there is a beginning of it,
 * batch by batch, and all that was synced. */
static void loses_the_last_only(void **state)
{
    enum { BATCHES = 30, SYNCED = 10 };
    world *w = *state;
    char key[2][16], db[300], log[300], copy_db[300], copy_log[300];
    long size, at_sync = 0;
    snprintf(db, sizeof db, "%s/store.db", w->folder);
    snprintf(log, sizeof log, "%s/store.db-wal", w->folder);
    for (int i = 0; i < BATCHES; i++) {
        for (int k = 0; k < 2; k++) snprintf(key[k], sizeof key[k], "%c%d", 'a' + k, i);
        assert_int_equal(stage(w, (ent_change[]){change(ENT_CHANGE_PUT, key[0], "v"), change(ENT_CHANGE_PUT, key[1], "v")}, 2), ENT_OK);
        if (i + 1 != SYNCED) continue;
        assert_int_equal(ent_store_sync(&w->store, NULL), ENT_OK);
        FILE *f = fopen(log, "rb");
        fseek(f, 0, SEEK_END);
        at_sync = ftell(f);
        fclose(f);
    }
    FILE *f = fopen(log, "rb");
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    fclose(f);
    for (long most = at_sync; most <= size; most += 1 + (size - at_sync) / 23) {
        world other = {.folder = test_folder(), .sqlite = true};
        int whole = 0;
        snprintf(copy_db, sizeof copy_db, "%s/store.db", other.folder);
        snprintf(copy_log, sizeof copy_log, "%s/store.db-wal", other.folder);
        copy_file(db, copy_db, LONG_MAX);
        copy_file(log, copy_log, most);
        open_sqlite(&other);
        for (int i = 0; i < BATCHES; i++) {
            ENT_AUTO_BUF value = ENT_BUF(10);
            for (int k = 0; k < 2; k++) snprintf(key[k], sizeof key[k], "%c%d", 'a' + k, i);
            bool there = other.store.get(other.store.self, ENT_TABLE_PARTS, key[0], strlen(key[0]), &value, NULL) == ENT_OK;
            assert_value(&other, key[1], there ? "v" : NULL);
            if (there) assert_int_equal(whole++, i);
        }
        assert_in_range(whole, SYNCED, most == size ? BATCHES : BATCHES - 1);
        other.store.close(other.store.self);
        test_folder_remove(other.folder);
    }
}

/* A file that is no database is refused as damaged, and not written over. */
static void refuses_a_damaged_file(void **state)
{
    world *w = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/other.db", w->folder);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 2000; i++) fputs("rubbish ", f);
    fclose(f);
    ent_store other;
    assert_int_equal(ent_sqlite_store(path, &other, NULL), ENT_DAMAGED);
}

/* The log is moved into the file again and again, beside those who write, and everything stays readable. */
static void log_stays_small(void **state)
{
    world *w = *state;
    char path[300], value[3000];
    struct stat st;
    memset(value, 'v', sizeof value);
    for (int i = 0; i < 4000; i++) {
        char key[32];
        snprintf(key, sizeof key, "%d", i);
        ent_change c = {ENT_CHANGE_PUT, ENT_TABLE_PARTS, key, strlen(key), value, sizeof value};
        assert_int_equal(stage(w, &c, 1), ENT_OK);
        if (i % 100 == 99) assert_int_equal(ent_store_sync(&w->store, NULL), ENT_OK);
    }
    snprintf(path, sizeof path, "%s/store.db-wal", w->folder);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < 3000 * 4120);
    for (int i = 0; i < 4000; i += 371) {
        char key[32];
        ENT_AUTO_BUF got = ENT_BUF(4096);
        snprintf(key, sizeof key, "%d", i);
        assert_int_equal(w->store.get(w->store.self, ENT_TABLE_PARTS, key, strlen(key), &got, NULL), ENT_OK);
        assert_int_equal(got.len, sizeof value);
    }
}

/* As another program would have left it. In SQLite's file the number is at byte 60 (its "Database File Format", 1.3). */
static void leave_format(world *w, int format)
{
    char path[300], sql[200];
    w->store.close(w->store.self);
    w->store.close = NULL;
    if (!w->sqlite) {
        snprintf(sql, sizeof sql, "DROP TABLE entente.found; UPDATE entente.format SET version = %d", format);
        on_server(sql);
        return;
    }
    snprintf(path, sizeof path, "%s/store.db", w->folder);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, (uint8_t[4]){0, 0, 0, (uint8_t)format}, 4, 60), 4);
    close(fd);
}

static ent_code open_again(world *w)
{
    char path[300];
    snprintf(path, sizeof path, "%s/store.db", w->folder ? w->folder : "");
    return w->sqlite ? ent_sqlite_store(path, &w->store, NULL) : ent_postgres_store(conninfo, &w->store, NULL);
}

/* An older program's store gets what it lacks and keeps its rows; a later one's is refused, and so is ours by an older program. */
static void knows_its_format(void **state)
{
    world *w = *state;
    ENT_AUTO_BUF value = ENT_BUF(64);
    ent_change part = {ENT_CHANGE_PUT, ENT_TABLE_PARTS, "k", 1, "v", 1}, found = {ENT_CHANGE_PUT, ENT_TABLE_FOUND, "k", 1, "w", 1};
    if (!w->sqlite && !conninfo[0]) skip();
    assert_int_equal(w->store.commit(w->store.self, &part, 1, false, NULL), ENT_OK);
    for (int round = 0; round < 2; round++) { /* the second time there is nothing left to do */
        if (!round) leave_format(w, 1);
        else w->store.close(w->store.self);
        assert_int_equal(open_again(w), ENT_OK);
        assert_int_equal(w->store.commit(w->store.self, &found, 1, false, NULL), ENT_OK);
        ent_buf_clear(&value);
        assert_int_equal(w->store.get(w->store.self, ENT_TABLE_PARTS, "k", 1, &value, NULL), ENT_OK);
        assert_string_equal(ent_buf_cstr(&value), "v");
    }
    leave_format(w, 3);
    assert_int_equal(open_again(w), ENT_UNSUPPORTED);
}

#define OVER(setup)                                                                                                    \
    cmocka_unit_test_setup_teardown(keeps_rows, setup, teardown), cmocka_unit_test_setup_teardown(is_all_or_nothing, setup, teardown), \
        cmocka_unit_test_setup_teardown(scans_prefixes, setup, teardown), cmocka_unit_test_setup_teardown(stages, setup, teardown), \
        cmocka_unit_test_setup_teardown(serialises_batches, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OVER(setup_memory),
        OVER(setup_sqlite),
        OVER(setup_postgres),
        cmocka_unit_test_setup_teardown(one_writer, setup_postgres, teardown),
        cmocka_unit_test_setup_teardown(knows_its_format, setup_sqlite, teardown),
        cmocka_unit_test_setup_teardown(knows_its_format, setup_postgres, teardown),
        cmocka_unit_test_setup_teardown(survives_sigkill, setup_sqlite, teardown),
        cmocka_unit_test_setup_teardown(stops_after_a_failed_sync, setup_sqlite, teardown),
        cmocka_unit_test_setup_teardown(loses_the_last_only, setup_sqlite, teardown),
        cmocka_unit_test_setup_teardown(log_stays_small, setup_sqlite, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_damaged_file, setup_sqlite, teardown),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
