/* The items of a backup whose chunk opens: what a wrong program could have written under the right passphrase; and the bare file. */
#include "crypto/seal.h"
#include "flow/backup/stream.h"
#include "fuzz.h"

typedef struct source {
    const uint8_t *bytes;
    size_t len, at;
} source;

static ent_code read_some(void *self, void *ret, size_t n, size_t *got, ent_err *err)
{
    source *s = self;
    (void)err;
    *got = s->len - s->at < n ? s->len - s->at : n;
    if (*got) memcpy(ret, s->bytes + s->at, *got);
    s->at += *got;
    return ENT_OK;
}

static ent_code see(void *ctx, const ent_backup_item *item, ent_err *err)
{
    uint64_t *sum = ctx;
    (void)err;
    fuzz_promise(strlen(item->name) < sizeof item->name && item->kind >= ENT_BACKUP_ABOUT && item->kind <= ENT_BACKUP_END);
    for (size_t i = 0; i < item->value.len; i++) *sum += ((const uint8_t *)item->value.data)[i];
    for (size_t i = 0; i < item->key.len; i++) *sum += ((const uint8_t *)item->key.data)[i];
    return ENT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t head[32] = "ententebackup1\n\1salt salt salt s", nonce[12];
    static ent_key32 slow, key;
    uint8_t ad[32 + 9] = {0}, out[32];
    uint64_t sum = 0;
    source raw = {data, size, 0};
    ent_backup_in in = {&raw, read_some};
    if (size && data[0] == 'e') (void)!ent_backup_read(&in, "pass", see, &sum, NULL);
    if (size > 256 << 10) return 0;
    if (!key.b[0]) {
        fuzz_promise(ent_passphrase_key("pass", head + 16, true, &slow, NULL) == ENT_OK);
        ent_derive(slow.b, "entente backup", head, 32, out);
        memcpy(key.b, out, 32);
    }
    memcpy(ad, head, 32);
    ad[40] = 1;
    ENT_AUTO_BUF file = ENT_BUF((256 << 10) + 256);
    ent_buf_put(&file, head, 32);
    ent_buf_u32(&file, (uint32_t)(size + ENT_SEAL_OVERHEAD) | 1u << 31);
    fuzz_promise(ent_seal(&key, nonce, ENT_BYTES(ad, sizeof ad), ENT_BYTES(data, size), &file, NULL) == ENT_OK);
    source sealed = {file.data, file.len, 0};
    in.self = &sealed;
    (void)!ent_backup_read(&in, "pass", see, &sum, NULL);
    return sum == 1;
}
