/* The backup's file, and what a restored store may not hold. */
#include "base/test.h"

#include "adapter/file/file.h"
#include "adapter/memory/memory.h"
#include "flow/backup/aside.h"
#include "flow/backup/purge.h"
#include "flow/backup/stream.h"
#include "base/ids.h"
#include "crypto/hash.h"

/* ---- the file ---- */

static ent_code to_buf(void *self, const void *bytes, size_t n, ent_err *err)
{
    ent_buf_put(self, bytes, n);
    return ent_buf_check(self, err);
}

typedef struct source {
    const uint8_t *bytes;
    size_t len, at;
} source;

static ent_code from_bytes(void *self, void *ret, size_t n, size_t *got, ent_err *err)
{
    source *s = self;
    (void)err;
    *got = s->len - s->at < n ? s->len - s->at : n;
    if (*got > 1000) *got = 1000; /* reads may be short */
    memcpy(ret, s->bytes + s->at, *got);
    s->at += *got;
    return ENT_OK;
}

typedef struct seen {
    size_t items, bytes;
    uint8_t digest[32];
} seen;

static ent_code look(void *ctx, const ent_backup_item *item, ent_err *err)
{
    seen *s = ctx;
    (void)err;
    s->items++;
    s->bytes += item->value.len;
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(s->digest, 32), ENT_BYTES(item->name, strlen(item->name)), item->key, item->value}, 4, s->digest);
    return ENT_OK;
}

static void make(ent_buf *file, seen *ret)
{
    ent_backup_writer *w;
    ent_backup_counts counts;
    ent_backup_out out = {file, to_buf};
    static uint8_t big[600000];
    for (size_t i = 0; i < sizeof big; i++) big[i] = (uint8_t)(i * 7 + i / 251);
    const ent_backup_item items[] = {{.kind = ENT_BACKUP_ABOUT, .name = "gb.example", .key = ENT_BYTES("12345678", 8)},
                                     {.kind = ENT_BACKUP_FILE, .name = "node.yaml", .value = ENT_BYTES("node: x", 7)},
                                     {.kind = ENT_BACKUP_ROW, .name = "parts", .key = ENT_BYTES("k", 1), .value = ENT_BYTES(big, sizeof big)},
                                     {.kind = ENT_BACKUP_ROW, .name = "meta", .key = ENT_BYTES("empty", 5)},
                                     {.kind = ENT_BACKUP_ENTRIES, .key = ENT_BYTES("\0\0\0\0\0\0\0\0", 8), .value = ENT_BYTES(big, 512)}};
    assert_int_equal(ent_backup_begin(&out, "pass", true, ent_system_random(), &w, NULL), ENT_OK);
    *ret = (seen){0};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(ent_backup_put(w, &items[i], NULL), ENT_OK);
        assert_int_equal(look(ret, &items[i], NULL), ENT_OK);
    }
    assert_int_equal(ent_backup_end(w, &counts, NULL), ENT_OK);
    assert_int_equal(counts.rows, 2);
    assert_int_equal(counts.files, 1);
    assert_int_equal(counts.entries, 2);
    ent_backup_free(w);
}

static ent_code read_back(const uint8_t *bytes, size_t len, const char *passphrase, seen *ret)
{
    source s = {bytes, len, 0};
    ent_backup_in in = {&s, from_bytes};
    *ret = (seen){0};
    return ent_backup_read(&in, passphrase, look, ret, NULL);
}

/* What was put comes back, item by item; nothing of it stands in the file in clear. */
static void comes_back(void **state)
{
    (void)state;
    seen put, got;
    ENT_AUTO_BUF file = ENT_BUF(4 << 20);
    make(&file, &put);
    assert_int_equal(read_back(file.data, file.len, "pass", &got), ENT_OK);
    assert_int_equal(got.items, put.items + 1);
    assert_int_equal(got.bytes, put.bytes);
    assert_null(memmem(file.data, file.len, "node: x", 7));
    assert_null(memmem(file.data, file.len, "gb.example", 10));
}

/* Another passphrase, another file. */
static void refuses_strangers(void **state)
{
    (void)state;
    seen put, got;
    ENT_AUTO_BUF file = ENT_BUF(4 << 20);
    make(&file, &put);
    assert_int_equal(read_back(file.data, file.len, "Pass", &got), ENT_DENIED);
    assert_int_equal(got.items, 0);
    assert_int_equal(read_back((const uint8_t *)"hello", 5, "pass", &got), ENT_FORMAT);
    assert_int_equal(read_back(file.data, 0, "pass", &got), ENT_FORMAT);
}

/* Cut anywhere, a byte changed anywhere, chunks exchanged or left out, something behind: never ENT_OK. */
static void refuses_damage(void **state)
{
    (void)state;
    seen put, got;
    ENT_AUTO_BUF file = ENT_BUF(4 << 20), other = ENT_BUF(4 << 20);
    make(&file, &put);
    for (size_t at = 0; at < file.len; at += at < 64 ? 1 : 9973) assert_int_not_equal(read_back(file.data, at, "pass", &got), ENT_OK);
    for (size_t at = 0; at < file.len; at += at < 64 ? 1 : 19973) {
        if (at == 15) continue; /* how slow the passphrase is */
        file.data[at] ^= 0x20;
        assert_int_not_equal(read_back(file.data, file.len, "pass", &got), ENT_OK);
        file.data[at] ^= 0x20;
    }
    const size_t chunk = 4 + 28 + (256 << 10);
    ent_buf_put(&other, file.data, 32); /* the first chunk left out */
    ent_buf_put(&other, file.data + 32 + chunk, file.len - 32 - chunk);
    assert_int_not_equal(read_back(other.data, other.len, "pass", &got), ENT_OK);
    ent_buf_clear(&other); /* the first two exchanged */
    ent_buf_put(&other, file.data, 32);
    ent_buf_put(&other, file.data + 32 + chunk, chunk);
    ent_buf_put(&other, file.data + 32, chunk);
    ent_buf_put(&other, file.data + 32 + 2 * chunk, file.len - 32 - 2 * chunk);
    assert_int_not_equal(read_back(other.data, other.len, "pass", &got), ENT_OK);
    ent_buf_u8(&file, 0);
    assert_int_equal(read_back(file.data, file.len, "pass", &got), ENT_DAMAGED);
}

/* ---- the purge ---- */

typedef struct held {
    uint8_t id[ENT_ID_SIZE];
    ent_slot slot;
} held;

static void put(ent_store *s, ent_table t, const void *key, size_t key_len, const void *value, size_t len)
{
    ent_change c = {ENT_CHANGE_PUT, t, key, key_len, value, len};
    assert_int_equal(s->commit(s->self, &c, 1, false, NULL), ENT_OK);
}

static bool there(ent_store *s, ent_table t, const void *key, size_t key_len, char *ret_first)
{
    ENT_AUTO_BUF value = ENT_BUF(65536);
    ent_code code = s->get(s->self, t, key, key_len, &value, NULL);
    if (code == ENT_OK && ret_first && value.len) *ret_first = (char)value.data[0];
    return code == ENT_OK;
}

/* A part as the flow keeps it: row with its slot, two blobs, a date, an encounter and its transaction. */
static held add(ent_store *s, ent_keys *k, uint8_t n)
{
    held h = {.id = {n, 1}};
    uint8_t binding[32] = {n}, row[9] = {1}, key[ENT_ID_SIZE + 2], due[1 + ENT_ID_SIZE] = {'d'}, transaction[1 + ENT_ID_SIZE] = {'E'}, encounter[ENT_ID_SIZE] = {n, 2}, token[32] = {n, 3};
    ent_key32 secret;
    assert_int_equal(k->new_slot(k->self, binding, &h.slot, &secret, NULL), ENT_OK);
    for (int i = 0; i < 8; i++) row[1 + i] = (uint8_t)(h.slot.number >> (56 - 8 * i));
    put(s, ENT_TABLE_PARTS, h.id, ENT_ID_SIZE, row, sizeof row);
    memcpy(key, h.id, ENT_ID_SIZE);
    for (uint8_t i = 0; i < 2; i++) {
        key[ENT_ID_SIZE] = i;
        put(s, ENT_TABLE_BLOBS, key, ENT_ID_SIZE + 1, "sealed", 6);
    }
    memcpy(due + 1, h.id, ENT_ID_SIZE);
    put(s, ENT_TABLE_DUE, due, sizeof due, "x", 1);
    put(s, ENT_TABLE_ENCOUNTERS, encounter, ENT_ID_SIZE, h.id, ENT_ID_SIZE);
    memcpy(transaction + 1, encounter, ENT_ID_SIZE);
    put(s, ENT_TABLE_TRANSACTIONS, token, 32, transaction, sizeof transaction);
    uint8_t waits[8 + ENT_ID_SIZE] = {n}, about[64] = {1};
    memcpy(about + 1, h.id, ENT_ID_SIZE); /* a message about it that a partner has not had yet */
    put(s, ENT_TABLE_QUEUE, waits, sizeof waits, about, sizeof about);
    put(s, ENT_TABLE_KEPT, h.id, ENT_ID_SIZE, row, sizeof row);
    return h;
}

/* Of a part whose key was destroyed nothing is left but the tombstone; the others are as they were; once more changes nothing. */
static void takes_out_what_has_no_key(void **state)
{
    (void)state;
    ent_store s;
    ent_keys k;
    ent_purged out;
    char first = 0;
    held all[5];
    assert_int_equal(ent_memory_store(&s, NULL), ENT_OK);
    assert_int_equal(ent_memory_keys(ent_system_random(), &k, NULL), ENT_OK);
    for (uint8_t i = 0; i < 5; i++) all[i] = add(&s, &k, (uint8_t)(i + 1));
    assert_int_equal(k.destroy(k.self, all[1].slot, NULL), ENT_OK);
    assert_int_equal(k.destroy(k.self, all[4].slot, NULL), ENT_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(ent_restore_purge(&s, &k, ent_system_clock(), ent_system_random(), &out, NULL), ENT_OK);
        assert_int_equal(out.kept, 3);
        assert_int_equal(out.parts, round ? 0 : 2);
        assert_int_equal(out.encounters, round ? 0 : 2);
        for (uint8_t i = 0; i < 5; i++) {
            bool lives = i != 1 && i != 4;
            uint8_t key[ENT_ID_SIZE + 1] = {0}, due[1 + ENT_ID_SIZE] = {'d'}, encounter[ENT_ID_SIZE] = {(uint8_t)(i + 1), 2}, token[32] = {(uint8_t)(i + 1), 3};
            memcpy(key, all[i].id, ENT_ID_SIZE);
            memcpy(due + 1, all[i].id, ENT_ID_SIZE);
            assert_int_equal(there(&s, ENT_TABLE_PARTS, all[i].id, ENT_ID_SIZE, NULL), lives);
            uint8_t waits[8 + ENT_ID_SIZE] = {(uint8_t)(i + 1)};
            assert_int_equal(there(&s, ENT_TABLE_QUEUE, waits, sizeof waits, NULL), lives);
            assert_int_equal(there(&s, ENT_TABLE_KEPT, all[i].id, ENT_ID_SIZE, NULL), lives);
            assert_int_equal(there(&s, ENT_TABLE_BLOBS, key, sizeof key, NULL), lives);
            assert_int_equal(there(&s, ENT_TABLE_DUE, due, sizeof due, NULL), lives);
            assert_int_equal(there(&s, ENT_TABLE_ENCOUNTERS, encounter, ENT_ID_SIZE, NULL), lives);
            assert_true(there(&s, ENT_TABLE_TRANSACTIONS, token, 32, &first));
            assert_int_equal(first, lives ? 'E' : 'D');
        }
    }
    s.close(s.self);
    k.close(k.self);
}

/* A row that cannot be read decides nothing. */
static void stops_at_damage(void **state)
{
    (void)state;
    ent_store s;
    ent_keys k;
    ent_purged out;
    assert_int_equal(ent_memory_store(&s, NULL), ENT_OK);
    assert_int_equal(ent_memory_keys(ent_system_random(), &k, NULL), ENT_OK);
    held h = add(&s, &k, 1);
    assert_int_equal(k.destroy(k.self, h.slot, NULL), ENT_OK);
    put(&s, ENT_TABLE_PARTS, "\xff\xff", 2, "?", 1);
    assert_int_equal(ent_restore_purge(&s, &k, ent_system_clock(), ent_system_random(), &out, NULL), ENT_DAMAGED);
    assert_true(there(&s, ENT_TABLE_PARTS, h.id, ENT_ID_SIZE, NULL));
    s.close(s.self);
    k.close(k.self);
}

/* ---- what was put aside ---- */

static void part_row(ent_slot slot, uint8_t ret[9])
{
    ret[0] = 1;
    for (int i = 0; i < 8; i++) ret[1 + i] = (uint8_t)(slot.number >> (56 - 8 * i));
}

/* Only a move since the backup is one: where the backup has the part under the hold store's slot, what was disclosed since is not called back. */
static void tells_a_move(void **state)
{
    (void)state;
    ent_store s;
    ent_keys k;
    ent_slot now;
    ent_key32 secret;
    ent_part_id part;
    ent_aside_was was;
    uint8_t row[9];
    ENT_AUTO_BUF file = ENT_BUF(4096);
    assert_int_equal(ent_memory_store(&s, NULL), ENT_OK);
    assert_int_equal(ent_memory_keys(ent_system_random(), &k, NULL), ENT_OK);
    held h = add(&s, &k, 1);
    assert_int_equal(k.new_slot(k.self, (uint8_t[32]){9}, &now, &secret, NULL), ENT_OK);
    part_row(now, row);
    ent_buf_u32(&file, 1); /* a piece: it is of the hold store */
    ent_buf_text16(&file, ent_table_name(ENT_TABLE_PARTS));
    ent_buf_u8(&file, ENT_ID_SIZE);
    ent_buf_put(&file, h.id, ENT_ID_SIZE);
    ent_buf_u32(&file, sizeof row);
    ent_buf_put(&file, row, sizeof row);
    static const ent_aside_was expected[] = {ENT_ASIDE_HELD, ENT_ASIDE_LATER, ENT_ASIDE_GONE};
    for (int i = 0; i < 3; i++) {
        if (i == 2) assert_int_equal(k.destroy(k.self, now, NULL), ENT_OK);
        assert_int_equal(ent_restore_aside(&s, &k, ENT_BYTES(file.data, file.len), ENT_BYTES("", 0), &part, &was, NULL), ENT_OK);
        assert_int_equal(was, expected[i]);
        assert_memory_equal(part.b, h.id, ENT_ID_SIZE);
    }
    s.close(s.self);
    k.close(k.self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(refuses_strangers), cmocka_unit_test(refuses_damage),
                                       cmocka_unit_test(takes_out_what_has_no_key), cmocka_unit_test(stops_at_damage), cmocka_unit_test(tells_a_move)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
