/* Transactions held to domains: Prüm, INT-I and our own. Each row is one change to a good transaction, and where it is told. */
#include "base/test.h"

#include "build.h"
#include "entente/itl_check.h"

typedef struct told {
    const char *clause; /* of the domain: only its faults are kept */
    size_t count, others;
    ent_itl_fault first;
} told;

static void keep(void *ctx, const ent_itl_fault *f)
{
    told *t = ctx;
    if (f->level == 0) return;
    if (strcmp(f->clause, t->clause) != 0) {
        t->others++;
        return;
    }
    if (t->count++ == 0) t->first = *f;
}

typedef struct parts {
    const made_field *first, *text, *image;
    unsigned image_type; /* 4 is binary */
} parts;

/* A list with one field set otherwise (NULL: left out); ends with 0. */
static void with(const made_field *list, uint32_t field, const char *value, made_field ret[40])
{
    size_t n = 0;
    bool done = field == 0;
    for (; list->number; list++) {
        if (!done && list->number > field && value) ret[n++] = (made_field){field, value}, done = true;
        if (list->number != field) ret[n++] = *list;
        else if (value) ret[n++] = (made_field){field, value}, done = true;
    }
    if (!done && value) ret[n++] = (made_field){field, value};
    ret[n] = (made_field){0, NULL};
}

typedef struct change {
    unsigned type;
    uint32_t field;
    const char *value;
} change;

static told check(const parts *p, change c, const char *domain, const char *clause, const char *expected)
{
    static const uint8_t type_4[] = {1, 1, 255, 255, 255, 255, 255, 0, 0, 10, 0, 10, 0};
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    made_field fields[40];
    told t = {.clause = clause};
    const ent_itl_sink sink = {keep, &t};
    const ent_itl_check_options options = {.domain = domain};
    ent_itl_check_result r = {0};
    ent_err err = {0};
    with(p->first, c.type == 1 ? c.field : 0, c.value, fields);
    made_record(&b, 1, fields);
    with(p->text, c.type == 2 ? c.field : 0, c.value, fields);
    made_record(&b, 2, fields);
    if (p->image_type == 4) made_binary(&b, 4, type_4, sizeof type_4, 100);
    else if (p->image) {
        with(p->image, c.type == p->image_type ? c.field : 0, c.value, fields);
        made_record(&b, p->image_type, fields);
    }
    if (ent_itl_check(b.data, b.len, &options, &sink, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_string_equal(r.domain, expected);
    return t;
}

static void each(const parts *p, const char *domain, const char *clause, const change *changes, size_t count)
{
    told good = check(p, (change){0}, "auto", clause, domain);
    if (good.count || good.others) fail_msg("%s: %u.%03u %s", domain, good.first.type, good.first.field, good.first.text);
    for (size_t i = 0; i < count; i++) {
        told t = check(p, changes[i], domain, clause, domain);
        if (!t.count || t.first.type != changes[i].type || t.first.field != changes[i].field) fail_msg("%s: %u.%03u \"%s\" was not told", domain, changes[i].type, changes[i].field, changes[i].value ? changes[i].value : "");
    }
}

/* The check character of the example in 2008/616/JHA, annex, chapter 2, appendix 2: 0200000004F. */
static void prum(void **state)
{
    static const made_field first[] = {{2, "0300"}, {3, "1|2^2|0^4|0"}, {4, "CPS"}, {5, "20020101"}, {6, "1"}, {7, "DE/BKA"}, {8, "NL/NAFIS"}, {9, "0200000004F"}, {11, "19.68"}, {12, "19.68"}, {13, "INT-I|4.22"}, {0, NULL}};
    static const made_field text[] = {{2, "0"}, {3, "0422"}, {7, "CASE/1"}, {320, "10"}, {0, NULL}};
    static const change changes[] = {{1, 4, "ATP"}, {1, 4, "SRE"}, {1, 6, NULL}, {1, 9, "0200000004G"}, {1, 9, "200000004F"}, {1, 13, "INT-I|6.00"}, {2, 7, NULL}, {2, 3, "422"}, {2, 320, NULL}, {2, 320, "0"}};
    const parts p = {first, text, NULL, 4};
    (void)state;
    told good = check(&p, (change){0}, "auto", "2008/616/JHA", "prum");
    if (good.count || good.others) fail_msg("%u.%03u %s", good.first.type, good.first.field, good.first.text);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        told t = check(&p, changes[i], "prum", "2008/616/JHA", "prum");
        if (!t.count) fail_msg("prum: %u.%03u \"%s\" was not told", changes[i].type, changes[i].field, changes[i].value ? changes[i].value : "");
    }
}

/* INT-I 6.0: TCN with its check letter (19125458357684J is INTERPOL's own example), agencies with names, narrower codes. */
static void int_i(void **state)
{
    static const made_field first[] = {{2, "0502"}, {3, "1|2^2|0^14|1"}, {4, "CPS"}, {5, "20160411"}, {6, "2"}, {7, "XPO/INT"}, {8, "DEU/BKA"}, {9, "19125458357684J"}, {11, "00.00"}, {12, "00.00"}, {13, "INT-I|06.00"}, {17, "INTERPOL|BKA"}, {0, NULL}};
    static const made_field text[] = {{2, "0"}, {39, "M"}, {0, NULL}};
    static const made_field image[] = {{2, "1"}, {3, "0"}, {4, "SRC"}, {5, "20160101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "WSQ20"}, {12, "8"}, {13, "2"},
                                       {999, "\xff\xa0\xff\xa2\x01\x01\xff\xff\x01\x0a\x01\x0a"}, {0, NULL}};
    static const change changes[] = {{1, 9, "19125458357684A"}, {1, 4, "AMN"}, {1, 17, NULL}, {2, 39, NULL}, {2, 39, "W"}, {2, 35, "1990"}, {14, 13, "15"}, {14, 9, "600"}, {14, 3, "2"}, {14, 11, "PNG"}};
    const parts p = {first, text, image, 14};
    (void)state;
    /* the image's header is none of a real WSQ file: only the domain's faults are looked at */
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        told t = check(&p, changes[i], "int-i", "INT-I 6.0", "int-i");
        if (!t.count) fail_msg("int-i: %u.%03u \"%s\" was not told", changes[i].type, changes[i].field, changes[i].value ? changes[i].value : "");
    }
    assert_int_equal(check(&p, (change){0}, "auto", "INT-I 6.0", "int-i").count, 0);
}

static void entente(void **state)
{
    static const made_field first[] = {{2, "0502"}, {3, "1|2^2|0^14|1"}, {4, "ENROL"}, {5, "20240101"}, {7, "ENTENTE"}, {8, "ENTENTE"}, {9, "E1"}, {11, "00.00"}, {12, "00.00"}, {13, "ENTENTE|1.0"}, {0, NULL}};
    static const made_field text[] = {{2, "0"}, {18, "EXAMPLE, ALEX"}, {22, "19900131"}, {902, "recordable^qualifying"}, {0, NULL}};
    static const made_field image[] = {{2, "1"}, {3, "0"}, {4, "SRC"}, {5, "20160101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "2"},
                                       {999, "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj"}, {0, NULL}};
    static const change changes[] = {{1, 4, "CPS"}, {1, 13, "ENTENTE|2.0"}, {2, 22, "19900231"}, {2, 24, "U"}, {2, 902, "recordable^murder"}};
    const parts p = {first, text, image, 14};
    (void)state;
    each(&p, "entente", "itl-domain.md", changes, sizeof changes / sizeof *changes);
}

static void unknown(void **state)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    ent_itl_check_result r;
    const ent_itl_check_options options = {.domain = "ebts"}, by_file = {.domain = "auto"};
    (void)state;
    made_transaction("0502", 14, 0, NULL, &b);
    assert_int_equal(ent_itl_check(b.data, b.len, &options, NULL, &r, NULL), ENT_NOT_FOUND);
    assert_int_equal(ent_itl_check(b.data, b.len, &by_file, NULL, &r, NULL), ENT_OK);
    assert_string_equal(r.domain, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(prum), cmocka_unit_test(int_i), cmocka_unit_test(entente), cmocka_unit_test(unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
