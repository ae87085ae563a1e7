#include "adapter/postgres/postgres.h"

#include "base/check.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT 2 /* 2: the table "found" */
#define PAGE "256" /* rows of a scan that are fetched at once */
#define LOCK "7310579603321745765" /* "entente!" as a number: the writer's advisory lock, held as long as it is connected */

typedef struct postgres_store {
    pthread_mutex_t write_lock, read_lock;
    PGconn *writer, *reader;
} postgres_store;

/* One argument: bytes, or a text that is a number. */
typedef struct arguments {
    const char *value[2];
    int length[2], binary[2], count;
} arguments;

static arguments bytes1(const void *a, size_t n)
{
    return (arguments){.value = {a ? a : ""}, .length = {(int)n}, .binary = {1}, .count = 1};
}

static arguments bytes2(const void *a, size_t n, const void *b, size_t m)
{
    return (arguments){.value = {a, m ? b : ""}, .length = {(int)n, (int)m}, .binary = {1, 1}, .count = 2};
}

static ent_code fail(PGconn *c, const PGresult *r, const char *doing, ent_err *err)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    ent_code code = !state ? ENT_IO : strcmp(state, "53100") == 0 ? ENT_NO_SPACE : strncmp(state, "XX00", 4) == 0 ? ENT_DAMAGED
                  : strncmp(state, "40", 2) == 0 ? ENT_CONFLICT : strcmp(state, "53200") == 0 ? ENT_NO_MEMORY : ENT_IO;
    char text[200];
    snprintf(text, sizeof text, "%s", r && *PQresultErrorMessage(r) ? PQresultErrorMessage(r) : PQerrorMessage(c));
    text[strcspn(text, "\n")] = 0;
    return ent_fail(err, code, "the database failed while %s: %s", doing, text);
}

/* A statement. *ret is the caller's to clear, on failure too (NULL is fine). */
static ent_code query(PGconn *c, const char *sql, const arguments *a, PGresult **ret, ent_err *err)
{
    *ret = PQexecParams(c, sql, a ? a->count : 0, NULL, a ? a->value : NULL, a ? a->length : NULL, a ? a->binary : NULL, 1);
    ExecStatusType s = PQresultStatus(*ret);
    return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK ? ENT_OK : fail(c, *ret, "working", err);
}

static ent_code run(PGconn *c, const char *sql, const arguments *a, ent_err *err)
{
    PGresult *r;
    ent_code code = query(c, sql, a, &r, err);
    PQclear(r);
    return code;
}

static void sql_for(char ret[256], const char *format, ent_table t) { snprintf(ret, 256, format, ent_table_name(t)); }

/* ---- reading ---- */

static ent_code value_of(PGconn *c, ent_table t, const void *key, size_t key_len, ent_buf *ret_value, ent_err *err)
{
    char sql[256];
    PGresult *r;
    arguments a = bytes1(key, key_len);
    sql_for(sql, "SELECT v FROM entente.\"%s\" WHERE k=$1::bytea", t);
    ent_code code = query(c, sql, &a, &r, err);
    if (code == ENT_OK && PQntuples(r) == 0) code = ent_fail(err, ENT_NOT_FOUND, "nothing under this key in %s", ent_table_name(t));
    if (code == ENT_OK) ent_buf_put(ret_value, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
    PQclear(r);
    return code == ENT_OK ? ent_buf_check(ret_value, err) : code;
}

/* The reader is connected anew once when its connection was lost: reading has no state. */
static void revive(PGconn *c)
{
    if (PQstatus(c) != CONNECTION_OK) PQreset(c);
}

static ent_code get(void *self, ent_table t, const void *key, size_t key_len, ent_buf *ret_value, ent_err *err)
{
    postgres_store *s = self;
    pthread_mutex_lock(&s->read_lock);
    revive(s->reader);
    ent_code code = value_of(s->reader, t, key, key_len, ret_value, err);
    pthread_mutex_unlock(&s->read_lock);
    return code;
}

typedef ent_code visitor(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len);

/* One page of rows from `from` on (after it, unless first); ret_last: the last key. ENT_NOT_FOUND ends the scan. */
static ent_code page(postgres_store *s, ent_table t, const ent_change *range, ent_buf *at, bool after, visitor *visit, void *ctx, ent_err *err)
{
    char sql[256];
    PGresult *r;
    arguments a = bytes1(at->data, at->len);
    sql_for(sql, after ? "SELECT k,v FROM entente.\"%s\" WHERE k>$1::bytea ORDER BY k LIMIT " PAGE : "SELECT k,v FROM entente.\"%s\" WHERE k>=$1::bytea ORDER BY k LIMIT " PAGE, t);
    ent_code code = query(s->reader, sql, &a, &r, err);
    int rows = code == ENT_OK ? PQntuples(r) : 0;
    for (int i = 0; i < rows && code == ENT_OK; i++) {
        const uint8_t *key = (const uint8_t *)PQgetvalue(r, i, 0);
        size_t n = (size_t)PQgetlength(r, i, 0);
        if (n < range->key_len || memcmp(key, range->key, range->key_len) != 0) {
            rows = 0;
            break;
        }
        code = visit(ctx, key, n, (const uint8_t *)PQgetvalue(r, i, 1), (size_t)PQgetlength(r, i, 1));
        ent_buf_clear(at);
        ent_buf_put(at, key, n);
    }
    PQclear(r);
    if (code == ENT_OK) code = ent_buf_check(at, err);
    return code == ENT_OK && rows < atoi(PAGE) ? ENT_NOT_FOUND : code;
}

static ent_code scan(void *self, ent_table t, const ent_change *range, visitor *visit, void *ctx, ent_err *err)
{
    postgres_store *s = self;
    ENT_AUTO_BUF at = ENT_BUF(ENT_STORE_KEY_MAX);
    bool after = range->value && (range->value_len > range->key_len || memcmp(range->value, range->key, range->value_len) > 0);
    const void *from = after ? range->value : range->key;
    ent_buf_put(&at, from, after ? range->value_len : range->key_len);
    pthread_mutex_lock(&s->read_lock);
    revive(s->reader);
    ent_code code;
    while ((code = page(s, t, range, &at, after, visit, ctx, err)) == ENT_OK) after = true;
    pthread_mutex_unlock(&s->read_lock);
    return code == ENT_NOT_FOUND ? ENT_OK : code;
}

/* ---- writing: one connection that holds the writer's lock ---- */

static ent_code check(postgres_store *s, const ent_change *c, ent_err *err)
{
    if (c->kind != ENT_CHANGE_INSERT && c->kind != ENT_CHANGE_EXPECT) return ENT_OK;
    ENT_AUTO_BUF value = ENT_BUF(ENT_STORE_VALUE_MAX);
    ent_code code = value_of(s->writer, c->table, c->key, c->key_len, &value, err);
    if (code != ENT_OK && code != ENT_NOT_FOUND) return code;
    bool there = code == ENT_OK;
    if (c->kind == ENT_CHANGE_INSERT)
        return there ? ent_fail(err, ENT_EXISTS, "the key is there already in %s", ent_table_name(c->table)) : ENT_OK;
    bool same = there ? value.len == c->value_len && (!value.len || memcmp(value.data, c->value, value.len) == 0) : c->value_len == 0;
    return same ? ENT_OK : ent_fail(err, ENT_CONFLICT, "%s was changed in the meantime", ent_table_name(c->table));
}

static ent_code apply(postgres_store *s, const ent_change *c, ent_err *err)
{
    char sql[256];
    arguments a = bytes2(c->key, c->key_len, c->value, c->value_len);
    if (c->kind == ENT_CHANGE_EXPECT) return ENT_OK;
    if (c->kind == ENT_CHANGE_DELETE) {
        a.count = 1;
        sql_for(sql, "DELETE FROM entente.\"%s\" WHERE k=$1::bytea", c->table);
    } else sql_for(sql, "INSERT INTO entente.\"%s\" VALUES($1::bytea,$2::bytea) ON CONFLICT(k) DO UPDATE SET v=excluded.v", c->table);
    return run(s->writer, sql, &a, err);
}

static ent_code changes_in(postgres_store *s, const ent_change *changes, size_t count, ent_err *err)
{
    for (size_t i = 0; i < count; i++) ENT_TRY(check(s, &changes[i], err));
    for (size_t i = 0; i < count; i++) ENT_TRY(apply(s, &changes[i], err));
    return run(s->writer, "COMMIT", NULL, err);
}

/* The lock went with the connection: whether another node took it in between is asked again. */
static ent_code take_lock(postgres_store *s, ent_err *err)
{
    PGresult *r;
    ent_code code = query(s->writer, "SELECT pg_try_advisory_lock(" LOCK ")::int4", NULL, &r, err);
    bool mine = code == ENT_OK && PQgetlength(r, 0, 0) == 4 && PQgetvalue(r, 0, 0)[3] == 1;
    PQclear(r);
    if (code == ENT_OK && !mine) code = ent_fail(err, ENT_BUSY, "another node is writing to this database");
    return code == ENT_OK ? run(s->writer, "SET synchronous_commit=on", NULL, err) : code;
}

static ent_code commit(void *self, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    postgres_store *s = self;
    (void)reserve; /* space is the database's administrator's */
    pthread_mutex_lock(&s->write_lock);
    ent_code code = ENT_OK;
    if (PQstatus(s->writer) != CONNECTION_OK) {
        PQreset(s->writer);
        code = PQstatus(s->writer) == CONNECTION_OK ? take_lock(s, err) : fail(s->writer, NULL, "connecting", err);
    }
    if (code == ENT_OK) code = run(s->writer, "BEGIN ISOLATION LEVEL SERIALIZABLE", NULL, err);
    if (code == ENT_OK) code = changes_in(s, changes, count, err);
    if (code != ENT_OK && PQtransactionStatus(s->writer) > PQTRANS_ACTIVE) (void)!run(s->writer, "ROLLBACK", NULL, NULL);
    pthread_mutex_unlock(&s->write_lock);
    return code;
}

/* ---- opening ---- */

static void close_store(void *self)
{
    postgres_store *s = self;
    if (!s) return;
    PQfinish(s->reader);
    PQfinish(s->writer);
    pthread_mutex_destroy(&s->write_lock);
    pthread_mutex_destroy(&s->read_lock);
    free(s);
}

static void say_nothing(void *ctx, const char *message) { (void)ctx, (void)message; }

static ent_code connect(const char *conninfo, PGconn **ret, ent_err *err)
{
    *ret = PQconnectdb(conninfo);
    if (*ret && PQstatus(*ret) == CONNECTION_OK) return PQsetNoticeProcessor(*ret, say_nothing, NULL), ENT_OK;
    return *ret ? fail(*ret, NULL, "connecting", err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for a connection");
}

static ent_code create_tables(postgres_store *s, ent_err *err)
{
    char sql[256];
    ENT_TRY(run(s->writer, "BEGIN", NULL, err));
    ENT_TRY(run(s->writer, "CREATE SCHEMA IF NOT EXISTS entente", NULL, err));
    for (int t = 0; t < ENT_TABLE_COUNT; t++) {
        sql_for(sql, "CREATE TABLE IF NOT EXISTS entente.\"%s\" (k bytea PRIMARY KEY, v bytea NOT NULL)", (ent_table)t);
        ENT_TRY(run(s->writer, sql, NULL, err));
    }
    return run(s->writer, "COMMIT", NULL, err);
}

static ent_code check_format(postgres_store *s, ent_err *err)
{
    PGresult *r;
    ENT_TRY(run(s->writer, "CREATE TABLE IF NOT EXISTS entente.format (version int4 NOT NULL)", NULL, err));
    ent_code code = query(s->writer, "SELECT version FROM entente.format", NULL, &r, err);
    int rows = code == ENT_OK ? PQntuples(r) : 0, version = rows ? (uint8_t)PQgetvalue(r, 0, 0)[3] : 0;
    char sql[96];
    PQclear(r);
    if (code == ENT_OK && version > FORMAT) code = ent_fail(err, ENT_UNSUPPORTED, "the store has format %d, this program knows %d: use a later program", version, FORMAT);
    snprintf(sql, sizeof sql, rows ? "UPDATE entente.format SET version = %d" : "INSERT INTO entente.format VALUES (%d)", FORMAT);
    if (code == ENT_OK && version < FORMAT) code = run(s->writer, sql, NULL, err);
    return code;
}

ent_code ent_postgres_store(const char *conninfo, ent_store *ret_store, ent_err *err)
{
    postgres_store *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory for the store");
    pthread_mutex_init(&s->write_lock, NULL);
    pthread_mutex_init(&s->read_lock, NULL);
    ent_code code = connect(conninfo, &s->writer, err);
    if (code == ENT_OK) code = connect(conninfo, &s->reader, err);
    if (code == ENT_OK) code = take_lock(s, err);
    if (code == ENT_OK) code = create_tables(s, err);
    if (code == ENT_OK) code = check_format(s, err);
    if (code != ENT_OK) {
        close_store(s);
        return code;
    }
    *ret_store = (ent_store){.self = s, .get = get, .scan = scan, .commit = commit, .close = close_store};
    return ENT_OK;
}
