/* The traditional encoding (ANSI/NIST-ITL 1-2011 Update 2015, clause 8 and annex B): a Type-1 record that lists what
 * follows, then tagged records of "T.nnn:value" fields and binary records with a length in front. */
#include "entente/itl.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

struct ent_itl {
    uint8_t *bytes;
    size_t len;
    ent_itl_record *records;
    size_t count;
    ent_itl_field *fields;
    size_t field_count, field_cap;
};

typedef struct parsing {
    ent_itl *t;
    size_t at;
    ent_err *err;
} parsing;

static bool is_binary(unsigned type) { return type >= 3 && type <= 8; }

static ent_code wrong(parsing *p, unsigned type, size_t offset, const char *what)
{
    return ent_fail(p->err, ENT_FORMAT, "record %zu (Type-%u) at byte %zu: %s", p->t->count + 1, type, offset, what);
}

static ent_code add_field(parsing *p, uint16_t number, const uint8_t *value, size_t len)
{
    ent_itl *t = p->t;
    if (t->field_count == t->field_cap) {
        size_t cap = t->field_cap ? t->field_cap * 2 : 256;
        if (cap > ENT_LIMIT_ITL_ITEMS) return ent_fail(p->err, ENT_TOO_LARGE, "more than %d fields", ENT_LIMIT_ITL_ITEMS);
        ent_itl_field *fields = realloc(t->fields, cap * sizeof *fields);
        if (!fields) return ent_fail(p->err, ENT_NO_MEMORY, "out of memory for a transaction");
        t->fields = fields;
        t->field_cap = cap;
    }
    t->fields[t->field_count++] = (ent_itl_field){number, value, len};
    return ENT_OK;
}

/* "14.006:" at p->at; the offset after the colon. */
static ent_code read_tag(parsing *p, size_t end, unsigned want_type, uint16_t *ret_number, size_t *ret_value)
{
    const uint8_t *b = p->t->bytes;
    size_t at = p->at;
    unsigned type = 0, number = 0, digits = 0;
    while (at < end && b[at] >= '0' && b[at] <= '9' && digits < 3) type = type * 10 + (unsigned)(b[at++] - '0'), digits++;
    if (!digits || at == end || b[at++] != '.') return wrong(p, want_type, p->at, "a field's number (\"T.nnn:\") was expected");
    for (digits = 0; at < end && b[at] >= '0' && b[at] <= '9' && digits < 9; digits++) number = number * 10 + (unsigned)(b[at++] - '0');
    if (!digits || at == end || b[at++] != ':' || number > 999) return wrong(p, want_type, p->at, "a field's number (\"T.nnn:\") was expected");
    if (want_type && type != want_type) return wrong(p, want_type, p->at, "a field of another record type");
    *ret_number = (uint16_t)number;
    *ret_value = at;
    return ENT_OK;
}

static bool read_number(const uint8_t *text, size_t n, size_t *ret)
{
    size_t v = 0;
    if (n == 0 || n > 10) return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        v = v * 10 + (size_t)(text[i] - '0');
    }
    *ret = v;
    return true;
}

/* LEN is the first field of every tagged record: it says where the record ends. */
static ent_code read_length(parsing *p, unsigned type, size_t *ret_len)
{
    const uint8_t *b = p->t->bytes;
    uint16_t number;
    size_t value, start = p->at, n = 0;
    ENT_TRY(read_tag(p, p->t->len, type, &number, &value));
    if (number != 1) return wrong(p, type, p->at, "the first field must be LEN (.001)");
    while (value + n < p->t->len && b[value + n] != ENT_ITL_GS && b[value + n] != ENT_ITL_FS) n++;
    if (!read_number(b + value, n, ret_len)) return wrong(p, type, value, "LEN (.001) is not a number");
    if (*ret_len < 8 || *ret_len > p->t->len - start) return wrong(p, type, value, "LEN (.001) reaches past the end of the file");
    if (b[start + *ret_len - 1] != ENT_ITL_FS) return wrong(p, type, value, "LEN (.001) does not end at a record separator (FS)");
    return ENT_OK;
}

static bool has_image_field(unsigned type) { return type >= 9; }

static ent_code read_fields(parsing *p, unsigned type, size_t end)
{
    const uint8_t *b = p->t->bytes;
    uint16_t number;
    size_t value, count = 0;
    while (p->at < end) {
        ENT_TRY(read_tag(p, end, type, &number, &value));
        size_t stop = value;
        /* field 999 is binary and the record's last (8.1); 9.1xx to 9.9xx of Type-9 are text */
        if (number == 999 && has_image_field(type)) stop = end - 1;
        else
            while (stop < end && b[stop] != ENT_ITL_GS && b[stop] != ENT_ITL_FS) stop++;
        if (stop >= end) return wrong(p, type, value, "a field without a separator after it");
        if (++count > ENT_LIMIT_ITL_FIELDS) return ent_fail(p->err, ENT_TOO_LARGE, "record %zu has more than %d fields", p->t->count + 1, ENT_LIMIT_ITL_FIELDS);
        ENT_TRY(add_field(p, number, b + value, stop - value));
        if (b[stop] == ENT_ITL_FS && stop != end - 1) return wrong(p, type, stop, "the record ends (FS) before its length says");
        if (b[stop] == ENT_ITL_GS && stop == end - 1) return wrong(p, type, stop, "the record's last field ends with GS, not FS");
        p->at = stop + 1;
    }
    return ENT_OK;
}

static ent_code add_record(parsing *p, ent_itl_record r)
{
    ent_itl *t = p->t;
    if (t->count == ENT_LIMIT_ITL_RECORDS) return ent_fail(p->err, ENT_TOO_LARGE, "more than %d records", ENT_LIMIT_ITL_RECORDS);
    t->records[t->count++] = r;
    return ENT_OK;
}

static ent_code read_tagged(parsing *p, unsigned type)
{
    size_t start = p->at, len = 0, first = p->t->field_count;
    ENT_TRY(read_length(p, type, &len));
    ENT_TRY(read_fields(p, type, start + len));
    /* the fields move when they grow: counts now, pointers at the end */
    return add_record(p, (ent_itl_record){.type = (uint8_t)type, .idc = -1, .bytes = p->t->bytes + start, .len = len, .offset = start,
                                          .field_count = p->t->field_count - first});
}

static ent_code read_binary(parsing *p, unsigned type)
{
    const uint8_t *b = p->t->bytes + p->at;
    size_t left = p->t->len - p->at, start = p->at;
    if (left < 18) return wrong(p, type, start, "a binary record needs at least 18 bytes");
    size_t len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    if (len < 18 || len > left) return wrong(p, type, start, "the record's length reaches past the end of the file");
    p->at += len;
    return add_record(p, (ent_itl_record){.type = (uint8_t)type, .idc = b[4], .bytes = b, .len = len, .offset = start});
}

static const ent_itl_field *in_record(const ent_itl_record *r, uint16_t number)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (r->fields[i].number == number) return &r->fields[i];
    return NULL;
}

const ent_itl_field *ent_itl_field_of(const ent_itl_record *r, uint16_t number) { return in_record(r, number); }

bool ent_itl_item(const ent_itl_field *f, size_t subfield, size_t item, const uint8_t **ret_text, size_t *ret_len)
{
    const uint8_t *at = f->value, *end = f->value + f->len;
    for (; subfield; subfield--) {
        at = memchr(at, ENT_ITL_RS, (size_t)(end - at));
        if (!at) return false;
        at++;
    }
    const uint8_t *stop = memchr(at, ENT_ITL_RS, (size_t)(end - at));
    if (stop) end = stop;
    for (; item; item--) {
        at = memchr(at, ENT_ITL_US, (size_t)(end - at));
        if (!at) return false;
        at++;
    }
    stop = memchr(at, ENT_ITL_US, (size_t)(end - at));
    *ret_text = at;
    *ret_len = (size_t)((stop ? stop : end) - at);
    return true;
}

void ent_itl_text(const ent_itl_record *r, uint16_t number, char *ret_text, size_t cap)
{
    const ent_itl_field *f = in_record(r, number);
    const uint8_t *text;
    size_t n;
    ret_text[0] = 0;
    if (!f || !ent_itl_item(f, 0, 0, &text, &n)) return;
    if (n >= cap) n = cap - 1;
    memcpy(ret_text, text, n);
    ret_text[n] = 0;
}

/* 1.003 CNT: its first subfield is "1 US number of records that follow", then one "type US IDC" each (8.1.3). */
static ent_code read_rest(parsing *p)
{
    const ent_itl_record *first = &p->t->records[0];
    const ent_itl_field head = *p->t->fields, *cnt = NULL;
    const uint8_t *text;
    size_t n, announced, type, idc;
    (void)head;
    for (size_t i = 0; i < first->field_count; i++)
        if (p->t->fields[i].number == 3) cnt = &p->t->fields[i];
    if (!cnt) return ent_fail(p->err, ENT_FORMAT, "record 1 (Type-1): field 1.003 (CNT) is missing");
    ent_itl_field copy = *cnt; /* the array may move */
    if (!ent_itl_item(&copy, 0, 1, &text, &n) || !read_number(text, n, &announced) || announced > ENT_LIMIT_ITL_RECORDS)
        return ent_fail(p->err, ENT_FORMAT, "record 1 (Type-1): field 1.003 (CNT) does not begin with \"1\" and the number of records");
    for (size_t i = 1; i <= announced; i++) {
        if (!ent_itl_item(&copy, i, 0, &text, &n) || !read_number(text, n, &type) || type < 2 || type > 99)
            return ent_fail(p->err, ENT_FORMAT, "record 1 (Type-1): field 1.003 (CNT) announces %zu records and names %zu", announced, i - 1);
        if (!ent_itl_item(&copy, i, 1, &text, &n) || !read_number(text, n, &idc)) return ent_fail(p->err, ENT_FORMAT, "record 1 (Type-1): field 1.003 (CNT), entry %zu: its IDC is not a number", i);
        if (p->at >= p->t->len) return ent_fail(p->err, ENT_FORMAT, "field 1.003 (CNT) announces %zu records, the file ends after %zu", announced, i - 1);
        ENT_TRY(is_binary((unsigned)type) ? read_binary(p, (unsigned)type) : read_tagged(p, (unsigned)type));
        p->t->records[p->t->count - 1].idc = p->t->records[p->t->count - 1].idc < 0 ? (int)idc : p->t->records[p->t->count - 1].idc;
        if (p->t->records[p->t->count - 1].idc != (int)idc) {
            p->t->count--;
            return wrong(p, (unsigned)type, p->at, "its IDC is not the one that field 1.003 (CNT) names");
        }
    }
    if (ent_itl_item(&copy, announced + 1, 0, &text, &n)) return ent_fail(p->err, ENT_FORMAT, "record 1 (Type-1): field 1.003 (CNT) names more records than it announces");
    if (p->at != p->t->len) return ent_fail(p->err, ENT_FORMAT, "%zu bytes follow the last record that field 1.003 (CNT) names", p->t->len - p->at);
    return ENT_OK;
}

/* .002 of a tagged record is its IDC, and must be what CNT said. */
static ent_code check_idcs(parsing *p)
{
    const ent_itl_field *at = p->t->fields;
    for (size_t i = 0; i < p->t->count; i++) {
        ent_itl_record *r = &p->t->records[i];
        r->fields = at;
        at += r->field_count;
        const ent_itl_field *idc = i && !is_binary(r->type) ? in_record(r, 2) : NULL;
        size_t n;
        if (i && !is_binary(r->type) && (!idc || !read_number(idc->value, idc->len, &n) || (int)n != r->idc))
            return ent_fail(p->err, ENT_FORMAT, "record %zu (Type-%u) at byte %zu: field %u.002 (IDC) is not the one that field 1.003 names", i + 1, r->type, r->offset, r->type);
    }
    return ENT_OK;
}

static ent_code parse_all(parsing *p)
{
    ENT_TRY(read_tagged(p, 1));
    ENT_TRY(read_rest(p));
    return check_idcs(p);
}

ent_code ent_itl_parse(const void *bytes, size_t len, ent_itl **ret_itl, ent_err *err)
{
    if (len > ENT_LIMIT_ITL_FILE) return ent_fail(err, ENT_TOO_LARGE, "a transaction of %zu bytes, at most %d", len, ENT_LIMIT_ITL_FILE);
    /* older files write 1.1 or 1.01 */
    if (len < 16 || memcmp(bytes, "1.", 2) != 0) return ent_fail(err, ENT_FORMAT, "not an ANSI/NIST-ITL transaction: it begins with the field 1.001");
    ent_itl *t = calloc(1, sizeof *t);
    if (t) t->bytes = malloc(len), t->records = calloc(ENT_LIMIT_ITL_RECORDS, sizeof *t->records);
    if (!t || !t->bytes || !t->records) {
        ent_itl_free(t);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for a transaction");
    }
    memcpy(t->bytes, bytes, len);
    t->len = len;
    parsing p = {.t = t, .err = err};
    ent_code code = parse_all(&p);
    if (code != ENT_OK) {
        ent_itl_free(t);
        return code;
    }
    *ret_itl = t;
    return ENT_OK;
}

void ent_itl_free(ent_itl *t)
{
    if (!t) return;
    if (t->bytes) ent_wipe(t->bytes, t->len);
    free(t->bytes);
    free(t->records);
    free(t->fields);
    free(t);
}

size_t ent_itl_count(const ent_itl *t) { return t->count; }
const ent_itl_record *ent_itl_record_at(const ent_itl *t, size_t i) { return i < t->count ? &t->records[i] : NULL; }

const uint8_t *ent_itl_bytes(const ent_itl *t, size_t *ret_len)
{
    *ret_len = t->len;
    return t->bytes;
}
