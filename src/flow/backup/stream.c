#include "flow/backup/stream.h"

#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "crypto/seal.h"
#include "merkle/entry.h"
#include "port/store.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "ententebackup1\n"
enum { HEAD = 32, CHUNK = 256 << 10, ITEM_MAX = ENT_STORE_VALUE_MAX + ENT_STORE_KEY_MAX + 512 };

struct ent_backup_writer {
    ent_backup_out out;
    uint8_t head[HEAD];
    ent_key32 key;
    uint64_t chunk;
    ent_buf pending;
    ent_backup_counts counts;
};

/* ---- both ways ---- */

static ent_code derive_key(const char *passphrase, const uint8_t head[HEAD], ent_key32 *ret, ent_err *err)
{
    ENT_WIPED_KEY slow;
    ENT_TRY(ent_passphrase_key(passphrase, head + 16, head[15] == 1, &slow, err));
    ent_derive(slow.b, "entente backup", head, HEAD, ret->b);
    return ENT_OK;
}

/* A chunk's place, and whether it is the last, are bound into it: none can be left out, moved or be the end before the end. */
static void place_of(const uint8_t head[HEAD], uint64_t chunk, bool last, uint8_t ret_nonce[12], uint8_t ret_ad[HEAD + 9])
{
    memset(ret_nonce, 0, 4);
    memcpy(ret_ad, head, HEAD);
    for (int i = 0; i < 8; i++) ret_nonce[4 + i] = ret_ad[HEAD + i] = (uint8_t)(chunk >> (56 - 8 * i));
    ret_ad[HEAD + 8] = last;
}

static void count(ent_backup_counts *c, const ent_backup_item *item)
{
    c->rows += item->kind == ENT_BACKUP_ROW;
    c->files += item->kind == ENT_BACKUP_FILE;
    if (item->kind == ENT_BACKUP_ENTRIES) c->entries += item->value.len / ENT_ENTRY_SIZE;
}

/* ---- writing ---- */

static ent_code write_chunk(ent_backup_writer *w, size_t n, bool last, ent_err *err)
{
    uint8_t nonce[12], ad[HEAD + 9];
    ENT_AUTO_BUF box = ENT_BUF(CHUNK + 64);
    place_of(w->head, w->chunk++, last, nonce, ad);
    ent_buf_u32(&box, (uint32_t)(n + ENT_SEAL_OVERHEAD) | (last ? 1u << 31 : 0));
    ENT_TRY(ent_seal(&w->key, nonce, ENT_BYTES(ad, sizeof ad), ENT_BYTES(w->pending.data, n), &box, err));
    ENT_TRY(w->out.write(w->out.self, box.data, box.len, err));
    memmove(w->pending.data, w->pending.data + n, w->pending.len - n);
    w->pending.len -= n;
    return ENT_OK;
}

ent_code ent_backup_begin(const ent_backup_out *out, const char *passphrase, bool quick, ent_random random, ent_backup_writer **ret, ent_err *err)
{
    ent_backup_writer *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    w->out = *out;
    w->pending = ENT_BUF(ITEM_MAX + CHUNK);
    memcpy(w->head, MAGIC, 15);
    w->head[15] = quick;
    random.fill(random.self, w->head + 16, 16);
    ent_code code = derive_key(passphrase, w->head, &w->key, err);
    if (code == ENT_OK) code = w->out.write(w->out.self, w->head, HEAD, err);
    if (code == ENT_OK) *ret = w;
    else ent_backup_free(w);
    return code;
}

ent_code ent_backup_put(ent_backup_writer *w, const ent_backup_item *item, ent_err *err)
{
    size_t name = strlen(item->name);
    ENT_PRE(item->key.len <= ENT_STORE_KEY_MAX && item->value.len <= ENT_STORE_VALUE_MAX);
    ent_buf_u8(&w->pending, (uint8_t)item->kind);
    ent_buf_u16(&w->pending, (uint16_t)name);
    ent_buf_u32(&w->pending, (uint32_t)item->key.len);
    ent_buf_u32(&w->pending, (uint32_t)item->value.len);
    ent_buf_put(&w->pending, item->name, name);
    if (item->key.len) ent_buf_put(&w->pending, item->key.data, item->key.len);
    if (item->value.len) ent_buf_put(&w->pending, item->value.data, item->value.len);
    ENT_TRY(ent_buf_check(&w->pending, err));
    count(&w->counts, item);
    while (w->pending.len > CHUNK) ENT_TRY(write_chunk(w, CHUNK, false, err));
    return ENT_OK;
}

ent_code ent_backup_end(ent_backup_writer *w, ent_backup_counts *ret_counts, ent_err *err)
{
    ENT_AUTO_BUF key = ENT_BUF(24);
    ent_buf_u64(&key, w->counts.rows);
    ent_buf_u64(&key, w->counts.files);
    ent_buf_u64(&key, w->counts.entries);
    ENT_TRY(ent_backup_put(w, &(ent_backup_item){.kind = ENT_BACKUP_END, .key = ENT_BYTES(key.data, key.len)}, err));
    ENT_TRY(write_chunk(w, w->pending.len, true, err));
    *ret_counts = w->counts;
    return ENT_OK;
}

void ent_backup_free(ent_backup_writer *w)
{
    if (!w) return;
    ent_buf_free(&w->pending);
    ent_key32_wipe(&w->key);
    free(w);
}

/* ---- reading ---- */

typedef struct reader {
    const ent_backup_in *in;
    uint8_t head[HEAD];
    ent_key32 key;
    uint64_t chunk;
    ent_buf pending;
    size_t at; /* consumed of pending */
    bool last, ended;
    ent_backup_counts counts;
} reader;

static ent_code read_exactly(reader *r, void *ret, size_t n, ent_err *err)
{
    for (size_t done = 0; done < n;) {
        size_t got = 0;
        ENT_TRY(r->in->read(r->in->self, (uint8_t *)ret + done, n - done, &got, err));
        if (!got) return ent_fail(err, ENT_DAMAGED, "the backup is cut short");
        done += got;
    }
    return ENT_OK;
}

static ent_code read_chunk(reader *r, ent_err *err)
{
    uint8_t length[4], nonce[12], ad[HEAD + 9];
    ENT_AUTO_BUF box = ENT_BUF(CHUNK + 64), plain = ENT_BUF(CHUNK);
    ENT_TRY(read_exactly(r, length, 4, err));
    uint32_t n = (uint32_t)length[0] << 24 | (uint32_t)length[1] << 16 | (uint32_t)length[2] << 8 | length[3];
    r->last = n >> 31;
    n &= 0x7fffffff;
    if (n < ENT_SEAL_OVERHEAD || n > CHUNK + ENT_SEAL_OVERHEAD) return ent_fail(err, ENT_DAMAGED, "a chunk of the backup says that it has %u bytes", n);
    ent_buf_zero(&box, n);
    ENT_TRY(ent_buf_check(&box, err));
    ENT_TRY(read_exactly(r, box.data, n, err));
    place_of(r->head, r->chunk, r->last, nonce, ad);
    bool opens = memcmp(box.data, nonce, 12) == 0 && ent_unseal(&r->key, ENT_BYTES(ad, sizeof ad), ENT_BYTES(box.data, n), &plain, NULL) == ENT_OK;
    if (!opens && !r->chunk) return ent_fail(err, ENT_DENIED, "the backup does not open with this passphrase");
    if (!opens) return ent_fail(err, ENT_DAMAGED, "chunk %llu of the backup was changed", (unsigned long long)r->chunk);
    r->chunk++;
    if (r->at) memmove(r->pending.data, r->pending.data + r->at, r->pending.len - r->at);
    r->pending.len -= r->at;
    r->at = 0;
    if (plain.len) ent_buf_put(&r->pending, plain.data, plain.len);
    return ent_buf_check(&r->pending, err);
}

/* One item, when it is whole in what was read. */
static bool take_item(reader *r, ent_backup_item *ret, bool *ret_bad)
{
    ent_cursor c = ENT_CURSOR(r->pending.data + r->at, r->pending.len - r->at);
    uint8_t kind = ent_cursor_u8(&c);
    size_t name = ent_cursor_u16(&c), key = ent_cursor_u32(&c), value = ent_cursor_u32(&c);
    *ret_bad = ent_cursor_ok(&c) && (kind < ENT_BACKUP_ABOUT || kind > ENT_BACKUP_END || name >= sizeof ret->name || key > ENT_STORE_KEY_MAX || value > ENT_STORE_VALUE_MAX);
    if (*ret_bad || !ent_cursor_ok(&c)) return false;
    const uint8_t *text = ent_cursor_take(&c, name);
    *ret = (ent_backup_item){.kind = (ent_backup_kind)kind};
    ret->key = ENT_BYTES(ent_cursor_take(&c, key), key);
    ret->value = ENT_BYTES(ent_cursor_take(&c, value), value);
    if (!ent_cursor_ok(&c)) return false;
    if (name) memcpy(ret->name, text, name);
    r->at += c.at;
    return true;
}

static ent_code check_end(reader *r, const ent_backup_item *item, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(item->key.data, item->key.len);
    bool same = ent_cursor_u64(&c) == r->counts.rows && ent_cursor_u64(&c) == r->counts.files && ent_cursor_u64(&c) == r->counts.entries;
    r->ended = true;
    return same && ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the backup does not hold as many rows, files and entries as it says at its end");
}

static ent_code read_items(reader *r, ent_code (*see)(void *ctx, const ent_backup_item *item, ent_err *err), void *ctx, ent_err *err)
{
    ent_backup_item item;
    bool bad = false;
    while (!r->last) {
        ENT_TRY(read_chunk(r, err));
        while (!r->ended && take_item(r, &item, &bad)) {
            count(&r->counts, &item);
            if (item.kind == ENT_BACKUP_END) ENT_TRY(check_end(r, &item, err));
            ENT_TRY(see(ctx, &item, err));
        }
        if (bad) return ent_fail(err, ENT_DAMAGED, "the backup holds an item of no form");
    }
    return r->ended && r->at == r->pending.len ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the backup does not end where it says");
}

ent_code ent_backup_read(const ent_backup_in *in, const char *passphrase, ent_code (*see)(void *ctx, const ent_backup_item *item, ent_err *err),
                         void *ctx, ent_err *err)
{
    reader r = {.in = in, .pending = ENT_BUF(ITEM_MAX + 2 * CHUNK)};
    uint8_t more;
    size_t got = 0;
    ent_code code = read_exactly(&r, r.head, HEAD, err);
    if (code != ENT_OK || memcmp(r.head, MAGIC, 15) != 0 || r.head[15] > 1) return ent_fail(err, ENT_FORMAT, "this is no backup of a node (it begins with \"ententebackup1\")");
    code = derive_key(passphrase, r.head, &r.key, err);
    if (code == ENT_OK) code = read_items(&r, see, ctx, err);
    if (code == ENT_OK) code = in->read(in->self, &more, 1, &got, err);
    if (code == ENT_OK && got) code = ent_fail(err, ENT_DAMAGED, "something stands behind the backup's end");
    ent_buf_free(&r.pending);
    ent_key32_wipe(&r.key);
    return code;
}
