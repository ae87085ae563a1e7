/* In WAL mode a commit is durable once its frames in the log are synced (sqlite.org/wal.html): with synchronous=FULL SQLite does that at each
 * commit, with NORMAL it leaves it to the next checkpoint, and here one fdatasync does it for every batch that was staged before. Frames are in
 * the order of their commits and checksummed one after the other, so that a crash loses the last of them and never one in between. */
#include "adapter/sqlite/sqlite.h"

#include "adapter/file/disk.h"
#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT 2 /* 2: the table "found" */
#define RESERVE (8 << 20)
enum { LOG_PAGES = 1000, LOG_MOST = 16 * LOG_PAGES }; /* so often the log is moved into the file; at the most, by whoever writes */

typedef struct sqlite_store {
    pthread_mutex_t write_lock, read_lock;
    sqlite3 *writer, *reader, *mover;
    sqlite3_stmt *get[ENT_TABLE_COUNT], *scan[ENT_TABLE_COUNT];                       /* on the reader */
    sqlite3_stmt *put[ENT_TABLE_COUNT], *drop[ENT_TABLE_COUNT], *look[ENT_TABLE_COUNT]; /* on the writer */
    char reserve[512];
    atomic_bool broken; /* a sync failed: nothing is written any more */
    pthread_mutex_t sync_lock;
    pthread_cond_t synced_more;
    int log;                 /* the write-ahead log, to be synced */
    _Atomic uint64_t staged; /* batches so far */
    uint64_t synced;         /* of them; with sync_lock held */
    bool syncing;
    pthread_mutex_t move_lock;
    _Atomic int pages;       /* in the log */
    int moved;               /* of them when it was moved last; with move_lock held */
} sqlite_store;

static ent_code fail(sqlite3 *db, const char *doing, ent_err *err)
{
    int rc = sqlite3_errcode(db);
    ent_code code = rc == SQLITE_FULL ? ENT_NO_SPACE : rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB ? ENT_DAMAGED
                  : rc == SQLITE_NOMEM ? ENT_NO_MEMORY : rc == SQLITE_BUSY ? ENT_BUSY : ENT_IO;
    return ent_fail(err, code, "the store failed while %s: %s", doing, sqlite3_errmsg(db));
}

static ent_code run(sqlite3 *db, const char *sql, ent_err *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? ENT_OK : fail(db, sql, err);
}

static ent_code prepare(sqlite3 *db, ent_table t, const char *format, sqlite3_stmt **ret, ent_err *err)
{
    char sql[256];
    snprintf(sql, sizeof sql, format, ent_table_name(t));
    return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK ? ENT_OK : fail(db, "preparing", err);
}

/* ---- reading ---- */

static ent_code value_of(sqlite3 *db, sqlite3_stmt *s, ent_table t, const void *key, size_t key_len, ent_buf *ret_value, ent_err *err)
{
    sqlite3_bind_blob(s, 1, key, (int)key_len, SQLITE_STATIC);
    int rc = sqlite3_step(s);
    ent_code code = ENT_OK;
    if (rc == SQLITE_ROW) ent_buf_put(ret_value, sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0));
    else if (rc == SQLITE_DONE) code = ent_fail(err, ENT_NOT_FOUND, "nothing under this key in %s", ent_table_name(t));
    else code = fail(db, "reading", err);
    sqlite3_reset(s);
    return code == ENT_OK ? ent_buf_check(ret_value, err) : code;
}

static ent_code get(void *self, ent_table t, const void *key, size_t key_len, ent_buf *ret_value, ent_err *err)
{
    sqlite_store *s = self;
    pthread_mutex_lock(&s->read_lock);
    ent_code code = value_of(s->reader, s->get[t], t, key, key_len, ret_value, err);
    pthread_mutex_unlock(&s->read_lock);
    return code;
}

static ent_code scan_locked(sqlite_store *s, ent_table t, const ent_change *range,
                            ent_code (*visit)(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len),
                            void *ctx, ent_err *err)
{
    sqlite3_stmt *q = s->scan[t];
    bool from_after = range->value && (range->value_len > range->key_len || memcmp(range->value, range->key, range->value_len) > 0);
    sqlite3_bind_blob(q, 1, from_after ? range->value : range->key, (int)(from_after ? range->value_len : range->key_len), SQLITE_STATIC);
    if (!from_after && !range->key_len) sqlite3_bind_zeroblob(q, 1, 0);
    ent_code code = ENT_OK;
    int rc;
    while (code == ENT_OK && (rc = sqlite3_step(q)) == SQLITE_ROW) {
        const uint8_t *key = sqlite3_column_blob(q, 0);
        size_t n = (size_t)sqlite3_column_bytes(q, 0);
        if (from_after && n == range->value_len && memcmp(key, range->value, n) == 0) continue;
        if (n < range->key_len || memcmp(key, range->key, range->key_len) != 0) break;
        code = visit(ctx, key, n, sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1));
    }
    if (code == ENT_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) code = fail(s->reader, "scanning", err);
    sqlite3_reset(q);
    return code;
}

static ent_code scan(void *self, ent_table t, const ent_change *range,
                     ent_code (*visit)(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len),
                     void *ctx, ent_err *err)
{
    sqlite_store *s = self;
    pthread_mutex_lock(&s->read_lock);
    ent_code code = scan_locked(s, t, range, visit, ctx, err);
    pthread_mutex_unlock(&s->read_lock);
    return code;
}

/* ---- writing ---- */

static ent_code step(sqlite_store *s, sqlite3_stmt *q, const ent_change *c, ent_err *err)
{
    sqlite3_bind_blob(q, 1, c->key, (int)c->key_len, SQLITE_STATIC);
    if (sqlite3_bind_parameter_count(q) > 1) sqlite3_bind_blob(q, 2, c->value_len ? c->value : "", (int)c->value_len, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    ent_code code = rc == SQLITE_DONE ? ENT_OK : fail(s->writer, "writing", err);
    sqlite3_reset(q);
    return code;
}

static ent_code check(sqlite_store *s, const ent_change *c, ent_err *err)
{
    if (c->kind != ENT_CHANGE_INSERT && c->kind != ENT_CHANGE_EXPECT) return ENT_OK;
    ENT_AUTO_BUF value = ENT_BUF(ENT_STORE_VALUE_MAX);
    ent_code code = value_of(s->writer, s->look[c->table], c->table, c->key, c->key_len, &value, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    bool there = code == ENT_OK;
    if (c->kind == ENT_CHANGE_INSERT)
        return there ? ent_fail(err, ENT_EXISTS, "the key is there already in %s", ent_table_name(c->table)) : ENT_OK;
    bool same = there ? value.len == c->value_len && (!value.len || memcmp(value.data, c->value, value.len) == 0) : c->value_len == 0;
    return same ? ENT_OK : ent_fail(err, ENT_CONFLICT, "%s was changed in the meantime", ent_table_name(c->table));
}

static ent_code changes_in(sqlite_store *s, const ent_change *changes, size_t count, ent_err *err)
{
    for (size_t i = 0; i < count; i++) ENT_TRY(check(s, &changes[i], err));
    for (size_t i = 0; i < count; i++) {
        const ent_change *c = &changes[i];
        if (c->kind == ENT_CHANGE_EXPECT) continue;
        ENT_TRY(step(s, c->kind == ENT_CHANGE_DELETE ? s->drop[c->table] : s->put[c->table], c, err));
    }
    return run(s->writer, "COMMIT", err);
}

static ent_code stopped(ent_err *err) { return ent_fail(err, ENT_IO, "the store stopped writing after a failed sync; restart the node"); }

static ent_code commit_locked(sqlite_store *s, const ent_change *changes, size_t count, ent_err *err)
{
    if (s->broken) return stopped(err);
    ENT_TRY(run(s->writer, "BEGIN IMMEDIATE", err));
    ent_code code = changes_in(s, changes, count, err);
    if (code == ENT_OK) return ENT_OK;
    /* after a failed sync the state of the file is unknown: never retry and go on */
    s->broken = sqlite3_extended_errcode(s->writer) == SQLITE_IOERR_FSYNC || sqlite3_extended_errcode(s->writer) == SQLITE_IOERR_DIR_FSYNC;
    if (!sqlite3_get_autocommit(s->writer)) sqlite3_exec(s->writer, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

static void keep_reserve(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return;
    if (posix_fallocate(fd, 0, RESERVE) != 0) unlink(path);
    close(fd);
}

static ent_code stage(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    sqlite_store *s = self;
    pthread_mutex_lock(&s->write_lock);
    ent_code code = commit_locked(s, changes, count, err);
    if (code == ENT_NO_SPACE && reserve && unlink(s->reserve) == 0) {
        code = commit_locked(s, changes, count, err);
        keep_reserve(s->reserve); /* when there is room again */
    }
    if (code == ENT_OK) atomic_fetch_add(&s->staged, 1);
    pthread_mutex_unlock(&s->write_lock);
    return code;
}

/* ---- the log into the file: SQLite would do it in the commit that fills the log, with two syncs under the lock of whoever commits ---- */

/* After each commit. While others go on writing a log is never moved to its end, where it could begin anew: at the most the writer does what is left. */
static int note_pages(void *self, sqlite3 *db, const char *name, int pages)
{
    sqlite_store *s = self;
    atomic_store(&s->pages, pages);
    if (pages >= LOG_MOST) (void)sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

/* By a thread that has its sync, beside those who write. What it may not do now, another does after the next sync. */
static void move_log(sqlite_store *s)
{
    const int pages = atomic_load(&s->pages);
    if (pages < LOG_PAGES || s->broken || pthread_mutex_trylock(&s->move_lock) != 0) return;
    if (pages < s->moved) s->moved = 0; /* it began anew */
    if (pages - s->moved >= LOG_PAGES) {
        (void)sqlite3_wal_checkpoint_v2(s->mover, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        if (sqlite3_extended_errcode(s->mover) == SQLITE_IOERR_FSYNC) s->broken = true; /* never retry and go on */
        s->moved = pages;
    }
    pthread_mutex_unlock(&s->move_lock);
}

/* One thread syncs, for all that was staged when it began; the others wait, and one of those that came later is next. */
static ent_code sync_log(void *self, ent_err *err)
{
    sqlite_store *s = self;
    const uint64_t wanted = atomic_load(&s->staged);
    pthread_mutex_lock(&s->sync_lock);
    while (s->synced < wanted && !s->broken) {
        if (s->syncing) {
            pthread_cond_wait(&s->synced_more, &s->sync_lock);
            continue;
        }
        s->syncing = true;
        const uint64_t now = atomic_load(&s->staged);
        pthread_mutex_unlock(&s->sync_lock);
        bool ok = ent_disk_sync(s->log, NULL) == ENT_OK;
        pthread_mutex_lock(&s->sync_lock);
        s->syncing = false;
        if (ok) s->synced = now;
        else s->broken = true; /* what is on the disk is unknown: never retry and go on */
        pthread_cond_broadcast(&s->synced_more);
    }
    ent_code code = s->synced >= wanted ? ENT_OK : stopped(err);
    pthread_mutex_unlock(&s->sync_lock);
    if (code == ENT_OK) move_log(s);
    return code;
}

static ent_code commit(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    ENT_TRY(stage(self, changes, count, reserve, err));
    return sync_log(self, err);
}

/* ---- opening ---- */

static void close_store(void *self)
{
    sqlite_store *s = self;
    if (!s) return;
    for (int t = 0; t < ENT_TABLE_COUNT; t++) {
        sqlite3_stmt *all[] = {s->get[t], s->scan[t], s->put[t], s->drop[t], s->look[t]};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sqlite3_finalize(all[i]);
    }
    sqlite3_close(s->mover);
    sqlite3_close(s->reader);
    sqlite3_close(s->writer);
    if (s->log >= 0) close(s->log);
    free(s);
}

static ent_code connect(const char *path, sqlite3 **ret_db, ent_err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(path, ret_db, flags, NULL) != SQLITE_OK) return ent_fail(err, ENT_IO, "the store %s cannot be opened", path);
    sqlite3_busy_timeout(*ret_db, 10000);
    return run(*ret_db,
               "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA secure_delete=ON;PRAGMA trusted_schema=OFF;PRAGMA cell_size_check=ON;",
               err);
}

static ent_code create_tables(sqlite_store *s, ent_err *err)
{
    char sql[256];
    ENT_TRY(run(s->writer, "BEGIN IMMEDIATE", err));
    for (int t = 0; t < ENT_TABLE_COUNT; t++) {
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS \"%s\" (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID", ent_table_name((ent_table)t));
        ENT_TRY(run(s->writer, sql, err));
    }
    snprintf(sql, sizeof sql, "PRAGMA user_version=%d", FORMAT);
    ENT_TRY(run(s->writer, sql, err));
    return run(s->writer, "COMMIT", err);
}

static ent_code check_format(sqlite_store *s, ent_err *err)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(s->writer, "PRAGMA user_version", -1, &q, NULL) != SQLITE_OK) return fail(s->writer, "opening", err);
    int version = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int(q, 0) : -1;
    sqlite3_finalize(q);
    if (version > FORMAT) return ent_fail(err, ENT_UNSUPPORTED, "the store has format %d, this program knows %d: use a later program", version, FORMAT);
    return ENT_OK;
}

/* It is there, and stays, as long as a connection is open. */
static ent_code open_log(sqlite_store *s, const char *path, ent_err *err)
{
    char log[520];
    if (snprintf(log, sizeof log, "%s-wal", path) >= (int)sizeof log) return ent_fail(err, ENT_USAGE, "the store's path is too long");
    s->log = open(log, O_RDWR | O_CLOEXEC);
    if (s->log < 0) return ent_fail(err, ENT_IO, "%s: %s", log, strerror(errno));
    return ent_disk_sync(s->log, err);
}

static ent_code open_all(sqlite_store *s, const char *path, ent_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return ent_fail(err, ENT_IO, "the store %s cannot be made", path);
    close(fd);
    ENT_TRY(connect(path, &s->writer, err));
    ENT_TRY(check_format(s, err));
    ENT_TRY(create_tables(s, err));
    sqlite3_wal_hook(s->writer, note_pages, s);
    ENT_TRY(connect(path, &s->reader, err));
    ENT_TRY(connect(path, &s->mover, err));
    for (int i = 0; i < ENT_TABLE_COUNT; i++) {
        ent_table t = (ent_table)i;
        ENT_TRY(prepare(s->reader, t, "SELECT v FROM \"%s\" WHERE k=?", &s->get[t], err));
        ENT_TRY(prepare(s->reader, t, "SELECT k,v FROM \"%s\" WHERE k>=? ORDER BY k", &s->scan[t], err));
        ENT_TRY(prepare(s->writer, t, "SELECT v FROM \"%s\" WHERE k=?", &s->look[t], err));
        ENT_TRY(prepare(s->writer, t, "INSERT INTO \"%s\" VALUES(?,?) ON CONFLICT(k) DO UPDATE SET v=excluded.v", &s->put[t], err));
        ENT_TRY(prepare(s->writer, t, "DELETE FROM \"%s\" WHERE k=?", &s->drop[t], err));
    }
    ENT_TRY(open_log(s, path, err));
    snprintf(s->reserve, sizeof s->reserve, "%s.reserve", path);
    if (access(s->reserve, F_OK) != 0) keep_reserve(s->reserve);
    return ENT_OK;
}

ent_code ent_sqlite_store(const char *path, ent_store *ret_store, ent_err *err)
{
    sqlite_store *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the store");
    pthread_mutex_init(&s->write_lock, NULL);
    pthread_mutex_init(&s->read_lock, NULL);
    pthread_mutex_init(&s->sync_lock, NULL);
    pthread_mutex_init(&s->move_lock, NULL);
    pthread_cond_init(&s->synced_more, NULL);
    s->log = -1;
    ent_code code = open_all(s, path, err);
    if (code != ENT_OK) {
        close_store(s);
        return code;
    }
    *ret_store = (ent_store){.self = s, .get = get, .scan = scan, .commit = commit, .stage = stage, .sync = sync_log, .close = close_store};
    return ENT_OK;
}
