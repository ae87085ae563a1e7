#include "entente/itl.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct writing {
    uint8_t type;
    int idc;
    bool whole;     /* fields are the record's bytes, LEN and all */
    ent_buf fields; /* everything after LEN, GS in front of each field */
} writing;

struct ent_itl_writer {
    writing *records;
    size_t count;
    ent_code failed;
};

ent_code ent_itl_writer_new(ent_itl_writer **ret_writer, ent_err *err)
{
    ent_itl_writer *w = calloc(1, sizeof *w);
    if (w) w->records = calloc(ENT_LIMIT_ITL_RECORDS, sizeof *w->records);
    if (!w || !w->records) {
        free(w);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for a transaction");
    }
    *ret_writer = w;
    return ENT_OK;
}

void ent_itl_writer_free(ent_itl_writer *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->count; i++) ent_buf_free(&w->records[i].fields);
    free(w->records);
    free(w);
}

static writing *last(ent_itl_writer *w) { return w->count ? &w->records[w->count - 1] : NULL; }

void ent_itl_begin(ent_itl_writer *w, uint8_t type, int idc)
{
    if (w->count == ENT_LIMIT_ITL_RECORDS || (w->count == 0) != (type == 1)) {
        w->failed = w->count ? ENT_TOO_LARGE : ENT_USAGE;
        return;
    }
    w->records[w->count++] = (writing){.type = type, .idc = idc, .fields = ENT_BUF(ENT_LIMIT_ITL_FILE)};
    if (type == 1) return;
    char text[16];
    snprintf(text, sizeof text, "%d", idc);
    ent_itl_put(w, 2, text);
}

void ent_itl_put_bytes(ent_itl_writer *w, uint32_t number, const void *bytes, size_t len)
{
    writing *r = last(w);
    if (!r) {
        w->failed = ENT_USAGE;
        return;
    }
    ent_buf_fmt(&r->fields, "%c%u.%03u:", ENT_ITL_GS, r->type, number);
    ent_buf_put(&r->fields, bytes, len);
    if (r->fields.failed != ENT_OK) w->failed = r->fields.failed;
}

void ent_itl_put(ent_itl_writer *w, uint32_t number, const char *text) { ent_itl_put_bytes(w, number, text, strlen(text)); }

void ent_itl_put_record(ent_itl_writer *w, uint8_t type, int idc, const void *bytes, size_t len)
{
    if (w->count == 0 || w->count == ENT_LIMIT_ITL_RECORDS) {
        w->failed = w->count ? ENT_TOO_LARGE : ENT_USAGE;
        return;
    }
    w->records[w->count++] = (writing){.type = type, .idc = idc, .whole = true, .fields = ENT_BUF(ENT_LIMIT_ITL_FILE)};
    ent_buf_put(&last(w)->fields, bytes, len);
    if (last(w)->fields.failed != ENT_OK) w->failed = last(w)->fields.failed;
}

/* Type-1's CNT stands between VER (.002) and TOT (.004): it is put in by the caller's order, so here by splitting. */
static ent_code type_one(const ent_itl_writer *w, ent_buf *ret, ent_err *err)
{
    const ent_buf *fields = &w->records[0].fields;
    const char tot[] = {ENT_ITL_GS, '1', '.', '0', '0', '4', ':', 0};
    const uint8_t *at = fields->len ? memmem(fields->data, fields->len, tot, 7) : NULL;
    if (!at) return ent_fail(err, ENT_USAGE, "a Type-1 record needs TOT (1.004)");
    ent_buf_put(ret, fields->data, (size_t)(at - fields->data));
    ent_buf_fmt(ret, "%c1.003:1%c%zu", ENT_ITL_GS, ENT_ITL_US, w->count - 1);
    for (size_t i = 1; i < w->count; i++) ent_buf_fmt(ret, "%c%u%c%d", ENT_ITL_RS, w->records[i].type, ENT_ITL_US, w->records[i].idc);
    ent_buf_put(ret, at, fields->len - (size_t)(at - fields->data));
    return ent_buf_check(ret, err);
}

/* LEN counts its own digits. */
static void put_record(ent_buf *out, unsigned type, const ent_buf *fields)
{
    char head[32];
    size_t len = 0;
    for (int round = 0; round < 4; round++) {
        int n = snprintf(head, sizeof head, "%u.001:%zu", type, len);
        len = (size_t)n + fields->len + 1;
    }
    snprintf(head, sizeof head, "%u.001:%zu", type, len);
    ent_buf_str(out, head);
    ent_buf_put(out, fields->data, fields->len);
    ent_buf_u8(out, ENT_ITL_FS);
}

ent_code ent_itl_finish(ent_itl_writer *w, void (*write)(void *ctx, const void *bytes, size_t len), void *ctx, ent_err *err)
{
    ENT_AUTO_BUF out = ENT_BUF(ENT_LIMIT_ITL_FILE), first = ENT_BUF(ENT_LIMIT_ITL_FILE);
    if (w->failed != ENT_OK || !w->count) return ent_fail(err, w->failed ? w->failed : ENT_USAGE, "a transaction begins with its Type-1 record and has at most %d", ENT_LIMIT_ITL_RECORDS);
    ENT_TRY(type_one(w, &first, err));
    put_record(&out, 1, &first);
    for (size_t i = 1; i < w->count; i++) {
        if (w->records[i].whole) ent_buf_put(&out, w->records[i].fields.data, w->records[i].fields.len);
        else put_record(&out, w->records[i].type, &w->records[i].fields);
    }
    ENT_TRY(ent_buf_check(&out, err));
    write(ctx, out.data, out.len);
    return ENT_OK;
}
