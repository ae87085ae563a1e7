#include "adapter/sqlite/sqlite.h"

#include "base/check.h"

#include <sqlite3.h>
#include <stdio.h>

static ent_code fail(sqlite3 *db, ent_err *err) { return ent_fail(err, sqlite3_errcode(db) == SQLITE_CORRUPT ? ENT_DAMAGED : ENT_IO, "the store cannot be read through: %s", sqlite3_errmsg(db)); }

static ent_code read_table(sqlite3 *db, ent_table t, ent_code (*see)(void *ctx, ent_table t, const void *key, size_t key_len, const void *value, size_t value_len, ent_err *err),
                           void *ctx, ent_err *err)
{
    char sql[160];
    sqlite3_stmt *q = NULL;
    ent_code code = ENT_OK;
    int rc;
    snprintf(sql, sizeof sql, "SELECT k,v FROM \"%s\" ORDER BY k", ent_table_name(t));
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK) return fail(db, err);
    while (code == ENT_OK && (rc = sqlite3_step(q)) == SQLITE_ROW)
        code = see(ctx, t, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0), sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1), err);
    if (code == ENT_OK && rc != SQLITE_DONE) code = fail(db, err);
    sqlite3_finalize(q);
    return code;
}

ent_code ent_sqlite_snapshot(const char *path, ent_code (*see)(void *ctx, ent_table t, const void *key, size_t key_len, const void *value, size_t value_len, ent_err *err),
                             void *ctx, ent_err *err)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        sqlite3_close(db);
        return ent_fail(err, ENT_IO, "the store %s cannot be opened", path);
    }
    sqlite3_busy_timeout(db, 10000);
    /* in WAL mode a transaction that only reads sees one state and hinders no writer (sqlite.org/isolation.html) */
    ent_code code = sqlite3_exec(db, "PRAGMA query_only=ON;BEGIN", NULL, NULL, NULL) == SQLITE_OK ? ENT_OK : fail(db, err);
    for (int t = 0; t < ENT_TABLE_COUNT && code == ENT_OK; t++) code = read_table(db, (ent_table)t, see, ctx, err);
    sqlite3_close(db);
    return code;
}
