#include "merkle/entry.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/cursor.h"

#include <string.h>

#define VERSION 1

const char *ent_entry_kind_text(ent_entry_kind kind)
{
    switch (kind) {
#define ENT_X(number, name, text)                                                                                      \
    case ENT_ENTRY_##name: return text;
        ENT_ENTRY_KINDS(ENT_X)
#undef ENT_X
    }
    return NULL;
}

static bool text_fits(const char *text, size_t cap)
{
    size_t n = strnlen(text, cap);
    for (size_t i = 0; i < n; i++)
        if (text[i] < 0x20 || text[i] > 0x7e) return false;
    return n < cap;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    while (len && !bytes[len - 1]) len--;
    return !len;
}

static void put_text(ent_buf *b, const char *text, size_t cap)
{
    size_t n = strlen(text);
    ent_buf_put(b, text, n);
    ent_buf_zero(b, cap - n);
}

ent_code ent_entry_encode(const ent_entry *e, uint8_t ret_bytes[ENT_ENTRY_SIZE], ent_err *err)
{
    if (!ent_entry_kind_text(e->kind)) return ent_fail(err, ENT_FORMAT, "a ledger entry of no known kind (%d)", (int)e->kind);
    if (!text_fits(e->flow, sizeof e->flow) || !text_fits(e->purpose, sizeof e->purpose) || !text_fits(e->clause, sizeof e->clause))
        return ent_fail(err, ENT_FORMAT, "flow, purpose and clause of a ledger entry are printable ASCII of at most %zu, %zu and %zu bytes",
                        sizeof e->flow - 1, sizeof e->purpose - 1, sizeof e->clause - 1);
    if (e->party && all_zero(e->agreement, sizeof e->agreement)) return ent_fail(err, ENT_FORMAT, "a ledger entry that names a party of no agreement");
    ENT_AUTO_BUF b = ENT_BUF(ENT_ENTRY_SIZE);
    ent_buf_u8(&b, VERSION);
    ent_buf_u8(&b, (uint8_t)e->kind);
    ent_buf_u64(&b, (uint64_t)e->time.ms);
    ent_buf_put(&b, e->case_number.b, ENT_ID_SIZE);
    ent_buf_u64(&b, e->follows);
    ent_buf_put(&b, e->agreement, sizeof e->agreement);
    ent_buf_u32(&b, e->agreement_version);
    put_text(&b, e->flow, sizeof e->flow);
    put_text(&b, e->purpose, sizeof e->purpose);
    put_text(&b, e->clause, sizeof e->clause);
    ent_buf_u32(&b, ent_date_pack(e->destroy_by));
    ent_buf_put(&b, e->actor.b, ENT_ID_SIZE);
    ent_buf_put(&b, e->commitment, sizeof e->commitment);
    ent_buf_u8(&b, e->party);
    ent_buf_zero(&b, ENT_ENTRY_SIZE - b.len);
    ENT_TRY(ent_buf_check(&b, err));
    memcpy(ret_bytes, b.data, ENT_ENTRY_SIZE);
    return ENT_OK;
}

ent_code ent_entry_decode(const uint8_t bytes[ENT_ENTRY_SIZE], ent_entry *ret_entry, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, ENT_ENTRY_SIZE);
    ent_entry e = {0};
    uint8_t version = ent_cursor_u8(&c), again[ENT_ENTRY_SIZE];
    if (version != VERSION) return ent_fail(err, ENT_UNSUPPORTED, "a ledger entry of version %u, this program knows %d", version, VERSION);
    e.kind = (ent_entry_kind)ent_cursor_u8(&c);
    e.time.ms = (int64_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, e.case_number.b, ENT_ID_SIZE);
    e.follows = ent_cursor_u64(&c);
    ent_cursor_copy(&c, e.agreement, sizeof e.agreement);
    e.agreement_version = ent_cursor_u32(&c);
    ent_cursor_copy(&c, e.flow, sizeof e.flow);
    ent_cursor_copy(&c, e.purpose, sizeof e.purpose);
    ent_cursor_copy(&c, e.clause, sizeof e.clause);
    e.destroy_by = ent_date_unpack(ent_cursor_u32(&c));
    ent_cursor_copy(&c, e.actor.b, ENT_ID_SIZE);
    ent_cursor_copy(&c, e.commitment, sizeof e.commitment);
    e.party = ent_cursor_u8(&c);
    /* what encode would not write back bit for bit was not written by it */
    ENT_TRY(ent_entry_encode(&e, again, err));
    if (memcmp(again, bytes, ENT_ENTRY_SIZE) != 0) return ent_fail(err, ENT_FORMAT, "a ledger entry with bits where none belong");
    *ret_entry = e;
    return ENT_OK;
}
