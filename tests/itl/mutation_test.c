/* Every length, count and separator of good transactions altered one at a time, and every byte of the structure besides.
 * Strict reading must refuse, or read something that is written back as the same bytes and is what the bytes now say: never
 * a wrong acceptance (the check finds a fault in it, or the alteration only changed a value) and never a silent truncation
 * (the records cover the file). Lenient reading and the check must end. Files by hand always; NIST's own where the data are. */
#include "base/test.h"

#include "build.h"
#include "entente/itl_check.h"

#include <dirent.h>

typedef struct counts {
    size_t tried, refused, faulted, harmless;
} counts;

static size_t faults_of(const void *bytes, size_t len)
{
    ent_itl_check_result r = {0};
    return ent_itl_check(bytes, len, NULL, NULL, &r, NULL) == ENT_OK ? r.faults : 1;
}

/* The records lie one behind another and end with the file. */
static bool covers(const ent_itl *t, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < ent_itl_count(t); i++) {
        const ent_itl_record *r = ent_itl_record_at(t, i);
        if (r->offset != at) return false;
        at += r->len;
    }
    return at == len;
}

/* Whether every byte of a tagged record is in a field, a tag or a separator. */
static bool all_in_fields(const ent_itl_record *r)
{
    const uint8_t *at = r->bytes;
    for (size_t i = 0; i < r->field_count; i++) {
        const ent_itl_field *f = &r->fields[i];
        if (f->value < at || f->value - at > 15) return false; /* "TT.nnnnnnnnn:" */
        at = f->value + f->len + 1;
    }
    return !r->field_count || at == r->bytes + r->len;
}

typedef struct mutant {
    uint8_t *bytes;
    size_t len, at;
    bool structure; /* what was altered is a length, a count or a separator */
} mutant;

static void try_one(const mutant *m, counts *c)
{
    ent_itl *t = NULL, *lenient = NULL;
    c->tried++;
    if (ent_itl_parse_lenient(m->bytes, m->len, NULL, &lenient, NULL) == ENT_OK) ent_itl_free(lenient);
    if (ent_itl_parse(m->bytes, m->len, &t, NULL) != ENT_OK) {
        c->refused++;
        return;
    }
    if (!covers(t, m->len)) fail_msg("altered at byte %zu: bytes were left out", m->at);
    for (size_t i = 0; i < ent_itl_count(t); i++)
        if (!all_in_fields(ent_itl_record_at(t, i))) fail_msg("altered at byte %zu: a record's bytes were left out", m->at);
    ent_itl_free(t);
    if (faults_of(m->bytes, m->len)) c->faulted++;
    else {
        c->harmless++;
        if (m->structure) fail_msg("altered at byte %zu to %02x: accepted without a fault", m->at, m->bytes[m->at]);
    }
}

static bool is_separator(uint8_t c) { return c >= ENT_ITL_FS && c <= ENT_ITL_US; }

/* Each separator of fields and records set to each other byte of interest. Items' and subfields' separators only change what
 * a value is: a user-defined field may have any. */
static void separators(uint8_t *copy, const uint8_t *good, size_t len, size_t from, size_t to, counts *c)
{
    static const uint8_t others[] = {ENT_ITL_FS, ENT_ITL_GS, ENT_ITL_RS, ENT_ITL_US, 'A', 0, 0xff};
    for (size_t i = from; i < to; i++) {
        if (!is_separator(good[i])) continue;
        for (size_t k = 0; k < sizeof others; k++) {
            if (others[k] == good[i]) continue;
            copy[i] = others[k];
            try_one(&(mutant){copy, len, i, good[i] == ENT_ITL_FS || others[k] == ENT_ITL_FS}, c);
        }
        copy[i] = good[i];
    }
}

/* A digit: one more, one less, no digit, a separator. */
static void digit(uint8_t *copy, const uint8_t *good, size_t len, size_t i, bool structure, counts *c)
{
    const uint8_t others[] = {(uint8_t)('0' + (good[i] - '0' + 1) % 10), (uint8_t)('0' + (good[i] - '0' + 9) % 10), 'x', ENT_ITL_GS};
    for (size_t k = 0; k < sizeof others; k++) {
        copy[i] = others[k];
        try_one(&(mutant){copy, len, i, structure}, c);
    }
    copy[i] = good[i];
}

/* The first bytes of a binary record: its length and IDC. What type it is stands in CNT alone, so that a 7 there for an 8 makes
 * another good file: such an alteration may be accepted. */
static void binary_length(uint8_t *copy, const uint8_t *good, size_t len, size_t at, counts *c)
{
    for (size_t i = at; i < at + 5 && i < len; i++)
        for (int bit = 0; bit < 8; bit++) {
            copy[i] = good[i] ^ (uint8_t)(1 << bit);
            try_one(&(mutant){copy, len, i, true}, c);
            copy[i] = good[i];
        }
}

static void record(uint8_t *copy, const uint8_t *good, size_t len, const ent_itl_record *r, counts *c)
{
    if (!r->field_count) {
        binary_length(copy, good, len, r->offset, c);
        return;
    }
    for (size_t i = 0; i < r->field_count; i++) {
        const ent_itl_field *f = &r->fields[i];
        size_t tag = i ? r->offset + (size_t)(r->fields[i - 1].value + r->fields[i - 1].len + 1 - r->bytes) : r->offset, value = r->offset + (size_t)(f->value - r->bytes);
        bool count = f->number == 1 || (r->type == 1 && f->number == 3) || (r->type != 1 && f->number == 2);
        size_t shown = f->number == 999 ? 0 : f->len < 400 ? f->len : 400; /* thousands of minutiae are alike */
        if (count)
            for (size_t k = value; k < value + f->len; k++)
                if (good[k] >= '0' && good[k] <= '9') digit(copy, good, len, k, f->number != 3 || good[k - 1] != ENT_ITL_RS || !(good[k] >= '3' && good[k] <= '8'), c);
        separators(copy, good, len, value, value + shown, c);
        separators(copy, good, len, value + f->len, value + f->len + 1, c);
        for (size_t k = tag; k < value; k++) { /* the tag's own bytes: another number is another field */
            copy[k] = good[k] == ':' ? ';' : good[k] == '.' ? ',' : good[k] == '9' ? '8' : (uint8_t)(good[k] + 1);
            try_one(&(mutant){copy, len, k, good[k] == ':' || good[k] == '.'}, c);
            copy[k] = good[k];
        }
    }
}

/* The file cut before each record's end and behind some bytes, and with bytes behind it. */
static void cuts(uint8_t *copy, size_t len, const ent_itl *t, counts *c)
{
    for (size_t i = 0; i < ent_itl_count(t); i++) {
        const ent_itl_record *r = ent_itl_record_at(t, i);
        const size_t at[] = {r->offset, r->offset + 1, r->offset + r->len / 2, r->offset + r->len - 1};
        for (size_t k = 0; k < 4; k++)
            if (at[k] && at[k] < len) try_one(&(mutant){copy, at[k], at[k], true}, c);
    }
    try_one(&(mutant){copy, len + 1, len, true}, c);
}

static void mutate(const uint8_t *good, size_t len, counts *c)
{
    uint8_t *copy = malloc(len + 1);
    ent_itl *t = NULL;
    assert_non_null(copy);
    memcpy(copy, good, len);
    copy[len] = ENT_ITL_FS;
    assert_int_equal(ent_itl_parse(good, len, &t, NULL), ENT_OK);
    assert_int_equal(faults_of(good, len), 0);
    for (size_t i = 0; i < ent_itl_count(t); i++) record(copy, good, len, ent_itl_record_at(t, i), c);
    cuts(copy, len, t, c);
    assert_memory_equal(copy, good, len);
    ent_itl_free(t);
    free(copy);
}

static void report(const char *what, const counts *c)
{
    printf("%s: %zu alterations, %zu refused, %zu read and faulted, %zu harmless\n", what, c->tried, c->refused, c->faulted, c->harmless);
}

static void by_hand(void **state)
{
    static const unsigned types[] = {2, 9, 10, 13, 14, 15, 17};
    static const uint8_t type_4[] = {1, 1, 255, 255, 255, 255, 255, 0, 0, 10, 0, 10, 0};
    counts c = {0};
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        made_transaction("0502", types[i], 0, NULL, &b);
        mutate(b.data, b.len, &c);
    }
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    const made_field first[] = {{2, "0502"}, {3, "1|2^4|0^4|0"}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, "19.69"}, {12, "19.69"}, {0, NULL}};
    made_record(&b, 1, first);
    made_binary(&b, 4, type_4, sizeof type_4, 100);
    made_binary(&b, 4, type_4, sizeof type_4, 100);
    mutate(b.data, b.len, &c);
    report("by hand", &c);
    assert_true(c.tried > 3000);
}

/* Small ones of NIST's conforming files, each with its own structure. */
static void of_nist(void **state)
{
    char root[256], path[700];
    counts c = {0};
    size_t files = 0;
    (void)state;
    if (!ent_test_data("biocts/AN2011/pass", root, sizeof root)) skip();
    DIR *d = opendir(root);
    for (struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", root, e->d_name);
        FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "rb");
        uint8_t *bytes = malloc(80 << 10);
        size_t len = f && bytes ? fread(bytes, 1, 80 << 10, f) : 0;
        if (f && len && len < 80 << 10) mutate(bytes, len, &c), files++;
        free(bytes);
        if (f) fclose(f);
    }
    if (d) closedir(d);
    if (!files) skip();
    report("of NIST", &c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_hand), cmocka_unit_test(of_nist)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
