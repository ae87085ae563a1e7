/* The traditional encoding (ANSI/NIST-ITL 1-2011 Update 2015, clause 8 and annex B): a Type-1 record that lists what
 * follows, then tagged records of "T.nnn:value" fields and binary records with a length in front.
 *
 * There is one reader. At each departure from the encoding it calls depart(): strict reading ends there with the error,
 * lenient reading tells the sink and goes on with what is there. Only where nothing sensible can follow does it end in both. */
#include "entente/itl.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/wipe.h"

#include <stdio.h>
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
    unsigned type; /* of the record that is being read */
    bool lenient;
    const ent_itl_sink *sink; /* of lenient reading, or NULL */
    size_t stopped;           /* where wrong() ended it, and why */
    char why[96];
    ent_err *err;
} parsing;

static bool is_binary(unsigned type) { return type >= 3 && type <= 8; }
static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* Nothing sensible can follow: ends strict and lenient reading alike. */
static ent_code wrong(parsing *p, size_t offset, const char *what)
{
    p->stopped = offset;
    snprintf(p->why, sizeof p->why, "%s", what);
    return ent_fail(p->err, ENT_FORMAT, "record %zu (Type-%u) at byte %zu: %s", p->t->count + 1, p->type, offset, what);
}

/* `record` is counted from 1, 0 the file. */
static ent_code depart_at(parsing *p, size_t record, uint32_t field, size_t offset, const char *clause, const char *what)
{
    char number[24] = "";
    if (field) snprintf(number, sizeof number, ", field %u.%03u", p->type, field);
    if (!p->lenient) return ent_fail(p->err, ENT_FORMAT, "record %zu (Type-%u)%s at byte %zu: %s", record, p->type, number, offset, what);
    ent_itl_fault f = {.record = record, .offset = offset, .type = (uint8_t)p->type, .field = field, .level = 1};
    snprintf(f.clause, sizeof f.clause, "%s", clause);
    snprintf(f.text, sizeof f.text, "%s", what);
    if (p->sink) p->sink->put(p->sink->ctx, &f);
    return ENT_OK;
}

static ent_code depart(parsing *p, uint32_t field, size_t offset, const char *clause, const char *what)
{
    return depart_at(p, p->t->count + 1, field, offset, clause, what);
}

static ent_code add_field(parsing *p, uint32_t number, const uint8_t *value, size_t len)
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

/* "14.006:" at `at`, where fields of any type and number are taken; false: there is none. */
static bool tag_at(const parsing *p, size_t at, size_t end, unsigned *ret_type, uint32_t *ret_number, size_t *ret_value)
{
    const uint8_t *b = p->t->bytes;
    unsigned type = 0, number = 0, digits = 0;
    while (at < end && is_digit(b[at]) && digits < 3) type = type * 10 + (unsigned)(b[at++] - '0'), digits++;
    if (!digits || at == end || b[at++] != '.') return false;
    for (digits = 0; at < end && is_digit(b[at]) && digits < 9; digits++) number = number * 10 + (unsigned)(b[at++] - '0');
    if (!digits || at == end || b[at++] != ':') return false;
    *ret_type = type;
    *ret_number = number;
    *ret_value = at;
    return true;
}

/* The tag at p->at. Lenient: a field of another type counts as this record's. */
static ent_code read_tag(parsing *p, size_t end, uint32_t *ret_number, size_t *ret_value)
{
    unsigned type;
    if (!tag_at(p, p->at, end, &type, ret_number, ret_value)) return wrong(p, p->at, "a field's number (\"T.nnn:\") was expected");
    if (type != p->type) return depart(p, *ret_number, p->at, "B.1.5", "a field of another record type");
    return ENT_OK;
}

static bool read_number(const uint8_t *text, size_t n, size_t *ret)
{
    size_t v = 0;
    if (n == 0 || n > 10) return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(text[i])) return false;
        v = v * 10 + (size_t)(text[i] - '0');
    }
    *ret = v;
    return true;
}

/* Where the value that begins at `at` ends: at GS or FS, or at `end`. */
static size_t value_end(const parsing *p, size_t at, size_t end)
{
    const uint8_t *b = p->t->bytes;
    while (at < end && b[at] != ENT_ITL_GS && b[at] != ENT_ITL_FS) at++;
    return at;
}

/* LEN is the first field of every tagged record: it says where the record ends. Lenient: *ret_len 0 when it cannot. */
static ent_code read_length(parsing *p, size_t *ret_len)
{
    const ent_itl *t = p->t;
    uint32_t number;
    size_t value, len, start = p->at, room = t->len - start;
    ENT_TRY(read_tag(p, t->len, &number, &value));
    *ret_len = 0;
    if (number != 1) return depart(p, 1, p->at, "7.1", "the first field must be LEN (.001)");
    if (!read_number(t->bytes + value, value_end(p, value, t->len) - value, &len)) return depart(p, 1, value, "7.1", "LEN (.001) is not a number");
    if (len < 8 || len > room) return depart(p, 1, value, "7.1", "LEN (.001) reaches past the end of the file");
    if (t->bytes[start + len - 1] != ENT_ITL_FS) return depart(p, 1, value, "7.1", "LEN (.001) does not end at a record separator (FS)");
    *ret_len = len;
    return ENT_OK;
}

/* Lenient, LEN unusable: an image's data end at the FS before the next tagged record's first field, or with the file. */
static size_t data_end(const parsing *p, size_t at)
{
    const ent_itl *t = p->t;
    unsigned type;
    uint32_t number;
    size_t value;
    for (; at + 1 < t->len; at++)
        if (t->bytes[at] == ENT_ITL_FS && tag_at(p, at + 1, t->len, &type, &number, &value) && number == 1) return at + 1;
    return t->len;
}

/* field 999 is binary and the record's last (8.1); 9.1xx to 9.9xx of Type-9 are text */
static bool is_data(const parsing *p, uint32_t number) { return number == 999 && p->type >= 9; }

/* The fields up to `end`; it moves when the record turns out to end elsewhere. `sure`: LEN said so. */
static ent_code read_fields(parsing *p, size_t *end, bool sure)
{
    const uint8_t *b = p->t->bytes;
    uint32_t number;
    size_t value, count = 0;
    while (p->at < *end) {
        if (count && (b[p->at] == ENT_ITL_FS || b[p->at] == ENT_ITL_GS)) {
            ENT_TRY(depart(p, 0, p->at, "B.1.1", "a field separator (GS) with no field after it"));
            if (b[p->at++] == ENT_ITL_FS) *end = p->at;
            continue;
        }
        ENT_TRY(read_tag(p, *end, &number, &value));
        if (is_data(p, number) && !sure) *end = data_end(p, value);
        size_t stop = is_data(p, number) ? *end - 1 : value_end(p, value, *end);
        if (stop >= *end || (is_data(p, number) && b[stop] != ENT_ITL_FS)) {
            /* the file's last record, when its LEN could not be believed */
            ENT_TRY(depart(p, number, *end, "7.1", "the record ends without a separator (FS)"));
            stop = *end;
        }
        if (stop < value) return wrong(p, value, "a field without a separator after it");
        if (++count > ENT_LIMIT_ITL_FIELDS) return ent_fail(p->err, ENT_TOO_LARGE, "record %zu has more than %d fields", p->t->count + 1, ENT_LIMIT_ITL_FIELDS);
        ENT_TRY(add_field(p, number, b + value, stop - value));
        p->at = stop + 1;
        if (stop == *end) {
            p->at = stop;
            break;
        }
        if (b[stop] == ENT_ITL_FS && stop != *end - 1) {
            if (sure) ENT_TRY(depart(p, 0, stop, "7.1", "the record ends (FS) before its length says"));
            *end = stop + 1;
        } else if (b[stop] != ENT_ITL_FS && stop == *end - 1) {
            ENT_TRY(depart(p, number, stop, "B.1.1", "the record's last field ends with GS, not FS"));
        }
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
    p->type = type;
    ENT_TRY(read_length(p, &len));
    size_t end = len ? start + len : p->t->len;
    ENT_TRY(read_fields(p, &end, len != 0));
    /* the fields move when they grow: counts now, pointers at the end */
    return add_record(p, (ent_itl_record){.type = (uint8_t)type, .idc = -1, .bytes = p->t->bytes + start, .len = end - start, .offset = start,
                                          .field_count = p->t->field_count - first});
}

/* Type-8's header has 12 bytes, that of Types 3 to 6 has 18 (table 23 and the like); of Type-7 the standard knows LEN and IDC. */
static size_t binary_header(unsigned type) { return type == 7 ? 5 : type == 8 ? 12 : 18; }

static ent_code read_binary(parsing *p, unsigned type)
{
    const uint8_t *b = p->t->bytes + p->at;
    size_t left = p->t->len - p->at, start = p->at;
    p->type = type;
    if (left < binary_header(type)) return wrong(p, start, "a binary record needs at least its header");
    size_t len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
    if (len < binary_header(type)) return wrong(p, start, "the record's length is less than its header's");
    if (len > left) return wrong(p, start, "the record's length reaches past the end of the file");
    p->at += len;
    return add_record(p, (ent_itl_record){.type = (uint8_t)type, .idc = b[4], .bytes = b, .len = len, .offset = start});
}

static const ent_itl_field *in_record(const ent_itl_record *r, uint32_t number)
{
    for (size_t i = 0; i < r->field_count; i++)
        if (r->fields[i].number == number) return &r->fields[i];
    return NULL;
}

const ent_itl_field *ent_itl_field_of(const ent_itl_record *r, uint32_t number) { return in_record(r, number); }

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

void ent_itl_text(const ent_itl_record *r, uint32_t number, char *ret_text, size_t cap)
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

/* ---- what follows the Type-1 record ---- */

static ent_code depart_first(parsing *p, size_t offset, const char *what)
{
    p->type = 1;
    return depart_at(p, 1, 3, offset, "8.1.3", what);
}

static bool tagged_at(const parsing *p, unsigned *ret_type)
{
    uint32_t number;
    size_t value;
    return tag_at(p, p->at, p->t->len, ret_type, &number, &value) && number == 1 && *ret_type <= 99 && !is_binary(*ret_type);
}

/* Line ends, zeros and blanks in front of a record, which some writers put there. A binary record may begin with zeros and blanks: its length
 * would be over any file's with a line end. */
static ent_code pass_padding(parsing *p, bool binary)
{
    const char *pads = binary ? "\r\n" : "\r\n \t\x1a";
    size_t at = p->at;
    char what[96];
    while (at < p->t->len && (p->t->bytes[at] ? strchr(pads, p->t->bytes[at]) != NULL : !binary)) at++;
    if (at == p->at || at == p->t->len) return ENT_OK;
    snprintf(what, sizeof what, "%zu byte%s (line ends, zeros, blanks) before the record", at - p->at, at == p->at + 1 ? "" : "s");
    ENT_TRY(depart(p, 0, p->at, "7.1", what));
    p->at = at;
    return ENT_OK;
}

/* The record that CNT's entry `type`, `idc` announces. Lenient: a tagged record of another type is taken as what it is. */
static ent_code read_announced(parsing *p, unsigned type, size_t idc)
{
    unsigned there = type;
    p->type = type;
    ENT_TRY(pass_padding(p, is_binary(type)));
    if (p->lenient && tagged_at(p, &there) && there != type) {
        ENT_TRY(depart_first(p, p->at, "CNT (1.003) names another record type than the one that follows"));
        type = there;
    }
    ENT_TRY(is_binary(type) ? read_binary(p, type) : read_tagged(p, type));
    ent_itl_record *r = &p->t->records[p->t->count - 1];
    if (r->idc < 0) r->idc = (int)idc;
    if (r->idc != (int)idc) {
        char what[96];
        snprintf(what, sizeof what, "its IDC is %d, field 1.003 (CNT) names %zu", r->idc, idc);
        return depart_at(p, p->t->count, 2, r->offset, "7.3.1", what);
    }
    return ENT_OK;
}

/* Records past those that CNT names. */
static ent_code read_beyond(parsing *p)
{
    unsigned type;
    char what[96];
    size_t left = p->t->len - p->at;
    if (!left) return ENT_OK;
    snprintf(what, sizeof what, "%zu byte%s the last record that field 1.003 (CNT) names", left, left == 1 ? " follows" : "s follow");
    ENT_TRY(depart_first(p, p->at, what));
    ENT_TRY(pass_padding(p, false));
    while (p->at < p->t->len && tagged_at(p, &type)) {
        if (type == 1) return depart_first(p, p->at, "another transaction begins: it is not read");
        ENT_TRY(read_tagged(p, type));
        ENT_TRY(pass_padding(p, false));
    }
    return ENT_OK;
}

static ent_code read_entry(parsing *p, const ent_itl_field *cnt, size_t i)
{
    const uint8_t *text;
    size_t n, type, idc;
    char what[96];
    if (!ent_itl_item(cnt, i, 0, &text, &n)) return ENT_OK;
    size_t where = (size_t)(text - p->t->bytes);
    snprintf(what, sizeof what, "CNT (1.003), entry %zu: its record type is not a number from 2 to 99", i);
    p->type = 1;
    if (!read_number(text, n, &type) || type < 2 || type > 99) return wrong(p, where, what);
    snprintf(what, sizeof what, "CNT (1.003), entry %zu: its IDC is not a number", i);
    if (!ent_itl_item(cnt, i, 1, &text, &n) || !read_number(text, n, &idc)) {
        ENT_TRY(depart_first(p, where, what));
        idc = 0;
    }
    snprintf(what, sizeof what, "CNT (1.003) names more records than the %zu that follow", i - 1);
    if (p->at >= p->t->len) return depart_first(p, where, what);
    return read_announced(p, (unsigned)type, idc);
}

/* 1.003 CNT: its first subfield is "1 US number of records that follow", then one "type US IDC" each (8.1.3). */
static ent_code read_rest(parsing *p)
{
    const ent_itl_field *cnt = NULL;
    const uint8_t *text;
    size_t n, announced = 0, named = 0;
    for (size_t i = 0; i < p->t->field_count; i++)
        if (p->t->fields[i].number == 3) cnt = &p->t->fields[i];
    if (!cnt) {
        ENT_TRY(depart_first(p, 0, "field 1.003 (CNT) is missing"));
        return read_beyond(p);
    }
    ent_itl_field copy = *cnt; /* the array may move */
    size_t where = (size_t)(copy.value - p->t->bytes);
    while (ent_itl_item(&copy, named + 1, 0, &text, &n) && named <= ENT_LIMIT_ITL_RECORDS) named++;
    if (!ent_itl_item(&copy, 0, 1, &text, &n) || !read_number(text, n, &announced))
        ENT_TRY(depart_first(p, where, "CNT (1.003) does not begin with \"1\" and the number of records"));
    else if (announced != named) {
        char what[96];
        snprintf(what, sizeof what, "CNT (1.003) announces %zu records and names %zu", announced, named);
        ENT_TRY(depart_first(p, where, what));
    }
    if (named > ENT_LIMIT_ITL_RECORDS) return ent_fail(p->err, ENT_TOO_LARGE, "more than %d records", ENT_LIMIT_ITL_RECORDS);
    for (size_t i = 1; i <= named; i++) ENT_TRY(read_entry(p, &copy, i));
    return read_beyond(p);
}

/* .002 of a tagged record is its IDC, and must be what CNT said. */
static ent_code check_idcs(parsing *p)
{
    const ent_itl_field *at = p->t->fields;
    for (size_t i = 0; i < p->t->count; i++) {
        ent_itl_record *r = &p->t->records[i];
        r->fields = at;
        at += r->field_count;
        if (i == 0 || is_binary(r->type)) continue;
        const ent_itl_field *idc = in_record(r, 2);
        size_t n;
        p->type = r->type;
        if (!idc || !read_number(idc->value, idc->len, &n) || n > 99) ENT_TRY(depart_at(p, i + 1, 2, idc ? (size_t)(idc->value - p->t->bytes) : r->offset, "7.3.1", "the record has no IDC (.002) from 0 to 99"));
        else if ((int)n != r->idc) {
            ENT_TRY(depart_at(p, i + 1, 2, (size_t)(idc->value - p->t->bytes), "7.3.1", "IDC (.002) is not the one that field 1.003 (CNT) names"));
            r->idc = (int)n;
        }
    }
    return ENT_OK;
}

/* Lenient: what was read before the place where nothing sensible follows is kept, when it has a Type-1 record. */
static ent_code parse_all(parsing *p)
{
    p->type = 1;
    if (p->at) ENT_TRY(depart_at(p, 1, 0, 0, "7.1", "bytes before the transaction, which begins with 1.001"));
    ENT_TRY(read_tagged(p, 1));
    ent_code code = read_rest(p);
    if (code == ENT_FORMAT && p->lenient) {
        bool content = p->type == 1; /* an entry of CNT; else the record itself */
        ent_itl_fault f = {.record = content ? 1 : p->t->count + 1, .offset = p->stopped, .type = (uint8_t)p->type, .field = content ? 3 : 0, .level = 1};
        snprintf(f.clause, sizeof f.clause, "%s", content ? "8.1.3" : "7.1");
        snprintf(f.text, sizeof f.text, "%s; nothing after it is read", p->why);
        if (p->sink) p->sink->put(p->sink->ctx, &f);
        /* fields of a record that was not finished belong to none */
        code = ENT_OK;
    }
    return code == ENT_OK ? check_idcs(p) : code;
}

/* A byte order mark, line ends, zeros and blanks before the transaction. */
static size_t before_first(const uint8_t *bytes, size_t len)
{
    size_t at = len > 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (at < len && strchr("\r\n \t", bytes[at])) at++; /* or its end, 0 */
    return at;
}

static ent_code parse(const void *bytes, size_t len, parsing p, ent_itl **ret_itl)
{
    if (len > ENT_LIMIT_ITL_FILE) return ent_fail(p.err, ENT_TOO_LARGE, "a transaction of %zu bytes, at most %d", len, ENT_LIMIT_ITL_FILE);
    /* older files write 1.1 or 1.01 */
    p.at = before_first(bytes, len);
    if (len - p.at < 16 || memcmp((const uint8_t *)bytes + p.at, "1.", 2) != 0) return ent_fail(p.err, ENT_FORMAT, "not an ANSI/NIST-ITL transaction, which begins with the field 1.001");
    ent_itl *t = calloc(1, sizeof *t);
    if (t) t->bytes = malloc(len), t->records = calloc(ENT_LIMIT_ITL_RECORDS, sizeof *t->records);
    if (!t || !t->bytes || !t->records) {
        ent_itl_free(t);
        return ent_fail(p.err, ENT_NO_MEMORY, "out of memory for a transaction");
    }
    memcpy(t->bytes, bytes, len);
    t->len = len;
    p.t = t;
    ent_code code = parse_all(&p);
    if (code != ENT_OK) {
        ent_itl_free(t);
        return code;
    }
    *ret_itl = t;
    return ENT_OK;
}

ent_code ent_itl_parse(const void *bytes, size_t len, ent_itl **ret_itl, ent_err *err)
{
    return parse(bytes, len, (parsing){.err = err}, ret_itl);
}

ent_code ent_itl_parse_lenient(const void *bytes, size_t len, const ent_itl_sink *sink, ent_itl **ret_itl, ent_err *err)
{
    ent_err own = {0};
    return parse(bytes, len, (parsing){.lenient = true, .sink = sink, .err = err ? err : &own}, ret_itl);
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
