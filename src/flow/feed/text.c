/* The feed's bytes (docs/protocol/feed.md): big-endian numbers, texts with their length in one byte. */
#include "base/check.h"
#include "base/cursor.h"
#include "crypto/hash.h"
#include "flow/feed/feed.h"

#include <string.h>

static void put_bytes(ent_buf *b, const void *bytes, size_t len)
{
    ent_buf_u32(b, (uint32_t)len);
    ent_buf_put(b, bytes, len);
}

static const uint8_t *take_bytes(ent_cursor *c, size_t *ret_len)
{
    *ret_len = ent_cursor_u32(c);
    return ent_cursor_take(c, *ret_len);
}

void ent_feed_record_write(const ent_feed_record *r, ent_buf *b)
{
    ent_buf_u64(b, r->number);
    ent_buf_put(b, r->id, ENT_ID_SIZE);
    ent_buf_u8(b, r->held);
    if (!r->held) return;
    ent_buf_u32(b, ent_date_pack(r->until));
    ent_buf_text8(b, r->power);
    ent_buf_text8(b, r->category);
    ent_buf_text8(b, r->status);
    ent_buf_u8(b, (uint8_t)r->print_count);
    for (size_t i = 0; i < r->print_count; i++) {
        ent_buf_u8(b, r->print[i].finger);
        put_bytes(b, r->print[i].native, r->print[i].native_len);
        put_bytes(b, r->print[i].iso, r->print[i].iso_len);
    }
}

static void take_record(ent_cursor *c, ent_feed_record *r)
{
    *r = (ent_feed_record){.number = ent_cursor_u64(c)};
    ent_cursor_copy(c, r->id, ENT_ID_SIZE);
    uint8_t held = ent_cursor_u8(c);
    if (held > 1) c->bad = true;
    r->held = held == 1;
    if (!r->held) return;
    uint32_t until = ent_cursor_u32(c);
    r->until = ent_date_unpack(until);
    if (until && !ent_date_valid(r->until)) c->bad = true;
    ent_cursor_text8(c, r->power, sizeof r->power);
    ent_cursor_text8(c, r->category, sizeof r->category);
    ent_cursor_text8(c, r->status, sizeof r->status);
    r->print_count = ent_cursor_u8(c);
    if (r->print_count > ENT_FEED_PRINTS) c->bad = true, r->print_count = 0;
    for (size_t i = 0; i < r->print_count; i++) {
        r->print[i].finger = ent_cursor_u8(c);
        r->print[i].native = take_bytes(c, &r->print[i].native_len);
        r->print[i].iso = take_bytes(c, &r->print[i].iso_len);
        if (r->print[i].finger > 10) c->bad = true;
    }
}

ent_code ent_feed_record_read(const void *bytes, size_t len, ent_feed_record *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    take_record(&c, ret);
    return ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_FORMAT, "a record of a feed cannot be read");
}

void ent_feed_page_write(const ent_feed_page *p, ent_buf *b)
{
    ent_buf_str(b, "EFP2");
    ent_buf_u64(b, p->after);
    ent_buf_u64(b, p->next);
    ent_buf_u8(b, p->more);
    ent_buf_u8(b, (uint8_t)p->count);
    for (size_t i = 0; i < p->count; i++) ent_feed_record_write(&p->record[i], b);
    ent_buf_u8(b, (uint8_t)p->noted);
    ent_buf_put(b, p->head, p->noted * sizeof p->head[0]);
}

ent_code ent_feed_page_read(const void *bytes, size_t len, ent_feed_page *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    const uint8_t *magic = ent_cursor_take(&c, 4);
    bool good = magic && memcmp(magic, "EFP2", 4) == 0;
    ret->after = ent_cursor_u64(&c);
    ret->next = ent_cursor_u64(&c);
    uint8_t more = ent_cursor_u8(&c);
    ret->more = more == 1;
    ret->count = ent_cursor_u8(&c);
    good = good && more <= 1 && ret->count <= ENT_FEED_RECORDS && ret->next >= ret->after;
    uint64_t last = ret->after;
    for (size_t i = 0; good && i < ret->count; i++) {
        take_record(&c, &ret->record[i]);
        good = ret->record[i].number > last && ret->record[i].number <= ret->next && !c.bad;
        last = ret->record[i].number;
    }
    ret->noted = good ? ent_cursor_u8(&c) : 0;
    good = good && ret->noted <= ENT_FEED_REPORTS;
    for (size_t i = 0; good && i < ret->noted; i++) ent_cursor_copy(&c, ret->head[i], 32);
    return good && ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_FORMAT, "a page of a feed cannot be read");
}

void ent_feed_request_write(const ent_feed_request *r, ent_buf *b)
{
    ent_buf_str(b, "EFR1");
    ent_buf_u64(b, r->after);
    ent_buf_u8(b, (uint8_t)r->report_count);
    for (size_t i = 0; i < r->report_count; i++) {
        ent_buf_put(b, r->report[i].id, ENT_ID_SIZE);
        ent_buf_u64(b, (uint64_t)r->report[i].at.ms);
        ent_buf_put(b, r->report[i].officer.b, ENT_ID_SIZE);
        ent_buf_u8(b, r->report[i].hit);
    }
    ent_buf_u8(b, (uint8_t)r->undertaking_count);
    for (size_t i = 0; i < r->undertaking_count; i++) {
        ent_buf_put(b, r->undertaking[i].id, ENT_ID_SIZE);
        put_bytes(b, r->undertaking[i].proof, r->undertaking[i].proof_len);
    }
}

ent_code ent_feed_request_read(const void *bytes, size_t len, ent_feed_request *ret, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    const uint8_t *magic = ent_cursor_take(&c, 4);
    bool good = magic && memcmp(magic, "EFR1", 4) == 0;
    ret->after = ent_cursor_u64(&c);
    ret->report_count = ent_cursor_u8(&c);
    good = good && ret->report_count <= ENT_FEED_REPORTS;
    for (size_t i = 0; good && i < ret->report_count; i++) {
        ent_feed_report *r = &ret->report[i];
        ent_cursor_copy(&c, r->id, ENT_ID_SIZE);
        r->at.ms = (int64_t)ent_cursor_u64(&c);
        ent_cursor_copy(&c, r->officer.b, ENT_ID_SIZE);
        uint8_t hit = ent_cursor_u8(&c);
        r->hit = hit == 1;
        good = hit <= 1 && r->at.ms > 0;
    }
    ret->undertaking_count = good ? ent_cursor_u8(&c) : 0;
    good = good && ret->undertaking_count <= ENT_FEED_RECORDS;
    for (size_t i = 0; good && i < ret->undertaking_count; i++) {
        ent_cursor_copy(&c, ret->undertaking[i].id, ENT_ID_SIZE);
        ret->undertaking[i].proof = (const char *)take_bytes(&c, &ret->undertaking[i].proof_len);
        good = ret->undertaking[i].proof != NULL;
    }
    return good && ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_FORMAT, "a feed's request cannot be read");
}

void ent_feed_digest(const uint8_t agreement[32], const char *flow, const void *page, size_t len, uint8_t ret_digest[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente feed page v1", 21), ENT_BYTES(agreement, 32), ENT_BYTES(flow, strlen(flow) + 1), ENT_BYTES(page, len)}, 4, ret_digest);
}

void ent_feed_key(char what, const char *agreement, const char *flow, uint8_t ret_key[17])
{
    uint8_t digest[32];
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente feed", 13), ENT_BYTES(agreement, strlen(agreement) + 1), ENT_BYTES(flow, strlen(flow))}, 3, digest);
    ret_key[0] = (uint8_t)what;
    memcpy(ret_key + 1, digest, 16);
}
