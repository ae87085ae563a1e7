/* The conformance check on transactions derived from the clauses: each conforms but for one change, and the fault must be
 * told at that field. The editions that NIST's own files hardly cover (2007, 2013, 2015) are covered here: self-made. */
#include "base/test.h"

#include "build.h"
#include "entente/itl_check.h"

typedef struct told {
    size_t count;
    ent_itl_fault first, faults[64];
} told;

static void keep(void *ctx, const ent_itl_fault *f)
{
    told *t = ctx;
    if (f->level == 0) return;
    if (t->count < 64) t->faults[t->count] = *f;
    t->count++;
}

static told check(const void *bytes, size_t len)
{
    told t = {0};
    const ent_itl_sink sink = {keep, &t};
    ent_itl_check_result r;
    ent_err err = {0};
    if (ent_itl_check(bytes, len, NULL, &sink, &r, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(r.faults, t.count);
    return t;
}

static bool at(const told *t, unsigned type, uint32_t field)
{
    for (size_t i = 0; i < t->count && i < 64; i++)
        if (t->faults[i].type == type && t->faults[i].field == field) return true;
    return false;
}

static const char *const versions[] = {"0400", "0500", "0501", "0502"};
enum { E07 = 1, E11 = 2, E13 = 4, E15 = 8, ALL = 15, ON11 = 14, ON13 = 12 };

/* What conforms is not faulted: each type in each edition. */
static void conforming(void **state)
{
    static const unsigned types[] = {2, 9, 10, 13, 14, 15, 17};
    (void)state;
    for (size_t v = 0; v < 4; v++)
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            ENT_AUTO_BUF b = ENT_BUF(1 << 16);
            made_transaction(versions[v], types[i], 0, NULL, &b);
            told t = check(b.data, b.len);
            if (t.count) fail_msg("%s, Type-%u: %u.%03u %s", versions[v], types[i], t.faults[0].type, t.faults[0].field, t.faults[0].text);
        }
}

/* One field set to a value (NULL: left out); the fault is told at `told` of the same record (0: at that field itself). */
typedef struct change {
    unsigned editions, type;
    uint32_t field;
    const char *value;
    uint32_t told;
} change;

static const change faulty[] = {
    /* Type-1, 8.1 */
    {ALL, 1, 2, "0399", 0},
    {ALL, 1, 2, "502", 0},
    {ALL, 1, 4, NULL, 0},
    {E11 | E13, 1, 4, "A1", 0},
    {ALL, 1, 5, "20230229", 0},
    {ALL, 1, 5, "2024-02-29", 0},
    {ALL, 1, 6, "0", 0},
    {ALL, 1, 6, "10", 0},
    {ALL, 1, 7, NULL, 0},
    {ALL, 1, 8, "", 0},
    {ALL, 1, 9, NULL, 0},
    {E11, 1, 9, "TCN-1", 0},
    {ALL, 1, 11, "0.00", 0},
    {ON11, 1, 11, "19.69", 0},
    {ON11, 1, 12, "19.69", 0},
    {ALL, 1, 12, NULL, 0},
    {ALL, 1, 13, "|1.0", 0},
    {ALL, 1, 14, "20240229250000Z", 0},
    {ALL, 1, 14, "20240229120000", 0},
    {ON11, 1, 15, "5|ASCII", 0},
    {ON11, 1, 15, "0|UTF-8", 0},
    {ON11, 1, 15, "|", 0},
    {E07, 1, 15, "3|UTF-8", 0},
    {ON11, 1, 16, "ORG|NAME", 0},
    {ON11, 1, 17, "|", 0},
    {E07, 1, 17, "DAI name|ORI name", 0},
    {E07 | E11, 1, 18, "ISO", 0},
    {ON13, 1, 18, "FIPS", 0},
    {ALL, 1, 19, "x", 0},
    {ALL, 1, 3, "0|1^2|0", 0},
    {ALL, 1, 3, "1|2^2|0", 0},
    /* IDC, 7.3.1 */
    {ALL, 2, 2, "1", 0},
    {ALL, 2, 2, NULL, 0},
    {ON11, 2, 2, "00", 0},
    {ALL, 14, 2, "100", 0},
    /* text, 5.6 */
    {ALL, 2, 3, "caf\xe9", 0},
    {ON11, 2, 3, "a\x02" "b\x03", 0},
    {ON11, 10, 20, "\xc3\xa9", 0},
    /* Type-9, 8.9 */
    {ALL, 9, 3, "50", 0},
    {ALL, 9, 4, "X", 0},
    {ON11, 9, 126, "27|514|XYZ", 0},
    {ON11, 9, 127, NULL, 0},
    {ON11, 9, 133, "16", 0},
    {ON11, 9, 134, "99", 0},
    {ON11, 9, 135, "101|000F|1", 0},
    {ON11, 9, 136, "3", 0},
    {ALL, 9, 137, "1|10|20|180|1|80^2|40|50|60|2|70", 0},
    {ALL, 9, 137, "1|801|20|30|1|80^2|40|50|60|2|70", 0},
    {ALL, 9, 137, "1|10|20|30|3|80^2|40|50|60|2|70", 0},
    {ON11, 9, 138, "0|0|0^1|3|3", 0},
    {ON11, 9, 138, "3|0|0^1|2|3", 0},
    {ON11, 9, 126, "27|513|0000ABCD", 138},
    {ON11, 9, 137, "1|10|20|30|1|254^2|40|50|60|2|70", 0},
    {ON11, 9, 373, "1,1", 0},
    {ALL, 9, 139, "400|769|0", 0},
    {ON11, 9, 10, "2", 0},
    {ON11, 9, 301, "0", 0},
    {ON11, 9, 250, "x", 0},
    /* Type-10, 8.10 */
    {ALL, 10, 3, "FAECE", 0},
    {ALL, 10, 5, "240101", 0},
    {ALL, 10, 6, "9", 0},
    {ALL, 10, 6, "11", 999},
    {ALL, 10, 8, "3", 0},
    {ALL, 10, 9, "x", 0},
    {ALL, 10, 11, "WSQ20", 0},
    {ALL, 10, 12, "CMYK", 0},
    {ON11, 10, 13, NULL, 0},
    {ALL, 10, 13, "16", 0},
    {ON11, 10, 13, "40", 27},
    {ON11, 10, 14, "5|4|1|2|H", 0},
    {ON11, 10, 14, "1|11|1|2|H", 0},
    {ON11, 10, 14, "1|2|1|2|Q", 0},
    {ON11, 10, 15, "C|3|1|1|2|2|3|3", 0},
    {ON11, 10, 15, "P|3|1|1|2|2|1|1", 0},
    {ON11, 10, 15, "P|3|1|1|2|2", 0},
    {ON11, 10, 18, "Barrel|E|mild", 0},
    {ON11, 10, 19, "F^F", 0},
    {ALL, 10, 20, "B", 0},
    {ALL, 10, 21, "181", 0},
    {ON11, 10, 20, "F", 21},
    {ON11, 10, 20, "D", 25},
    {ON11, 10, 23, "VENDOR", 0},
    {ON11, 10, 23, "CAMERA", 0},
    {ALL, 10, 24, "253|000F|1", 0},
    {ALL, 10, 24, "50|00F|1", 0},
    {ALL, 10, 24, "50|000G|1", 0},
    {ALL, 10, 25, "0|91|0", 0},
    {ALL, 10, 27, "BLUE", 0},
    {ALL, 10, 28, "RED^BRO^BLK", 0},
    {ON11, 10, 29, "1|99.9|1|1", 0},
    {ON11, 10, 29, "2|2.1|1|1", 0},
    {ON11, 10, 31, "6", 0},
    {ON11, 10, 31, "5", 33},
    {ON11, 10, 33, "nose|3|1|1|2|2|3|3", 0},
    {ON11, 10, 40, "TAT ARM", 0},
    {ON11, 10, 8, "0|1", 0},
    {ALL, 10, 4, "a^b", 0},
    {ON11, 10, 10, "73", 0},
    {ON11, 10, 998, "||||||||NAD83", 0},
    {ON13, 10, 994, "file.png", 0},
    {ON13, 10, 51, "CM", 0},
    {ON11, 10, 44, "BLUR", 0},
    {ALL, 10, 22, "MONOCLE", 0},
    {ON11, 10, 22, "HAT", 0},
    {E07, 10, 23, "CAMERA", 0},
    {ON11, 10, 26, "GLASSES", 0},
    {ON11, 10, 36, "x", 0},
    {ON11, 10, 41, "5|5", 0},
    {ON11, 10, 45, "T|H|2|1|1|2|2", 0},
    {ON11, 10, 902, "20240101000000Z|n|o", 0},
    {ON11, 10, 903, "X12345678901234", 0},
    {ON11, 10, 904, "make|model", 0},
    {ON11, 10, 995, "1|1", 0},
    {ON11, 10, 996, "ABCD", 0},
    {ON11, 10, 997, "256|1", 0},
    {ON11, 10, 998, "|91|||10", 0},
    {ON11, 10, 998, "|50||", 0},
    {ON13, 10, 46, "Y", 0},
    {ON13, 10, 46, "D", 0},
    {ON13, 10, 992, "100", 0},
    /* Type-13, 8.13 */
    {ALL, 13, 3, "1", 0},
    {ALL, 13, 8, NULL, 0},
    {ON11, 13, 9, "300", 0},
    {ON11, 13, 11, "WSQ20", 0},
    {ALL, 13, 12, "7", 0},
    {ALL, 13, 13, "99", 0},
    {ALL, 13, 13, "19", 14},
    {ALL, 13, 14, "1|EJI", 0},
    {ALL, 13, 15, "FV1|NA|1|2|1|2", 0},
    {ALL, 13, 24, "0|101|000F|1", 0},
    {ALL, 13, 999, "", 0},
    {ALL, 13, 999, "abc", 0},
    /* Type-14, 8.14 */
    {ALL, 14, 3, "4", 0},
    {ALL, 14, 4, NULL, 0},
    {ALL, 14, 11, NULL, 0},
    {ALL, 14, 13, "20", 0},
    {ON11, 14, 13, "1", 21},
    {ALL, 14, 18, "1|AB", 0},
    {ALL, 14, 18, "11|XX", 0},
    {ALL, 14, 21, "7|3|1|1|3", 0},
    {ALL, 14, 21, "7|1|3|1|3^7|4|6|1|3", 0},
    {ALL, 14, 21, "7|1|3|1|11", 0},
    {ALL, 14, 22, "7|6", 0},
    {ALL, 14, 22, "7|253", 0},
    {ALL, 14, 25, "7|3|1|1|2|2|2|2", 0},
    {ON11, 14, 23, "9|50|000F|1", 0},
    {ON11, 14, 10, "501", 0},
    {E07 | E11 | E13, 14, 3, "41", 0},
    {E11, 14, 13, "51", 0},
    {E15, 14, 901, "23", 0},
    {E11 | E13, 14, 901, "3", 0},
    {ALL, 14, 25, "7|4|1|1|2|2|3|3", 0},
    {ON11, 14, 27, "N", 0},
    {ALL, 14, 30, "unknown", 0},
    {ON11, 14, 31, "15", 0},
    {ALL, 14, 999, NULL, 0},
    /* Type-15, 8.15 */
    {ALL, 15, 3, "1", 0},
    {ALL, 15, 13, "1", 0},
    {E07 | E11, 15, 13, "86", 0},
    {ON11, 15, 10, "100", 0},
    {ALL, 15, 24, "5|50|000F|1", 0},
    {E11, 15, 18, "85|XX", 0},
    {ALL, 15, 14, "x", 0},
    /* Type-17, 8.17 */
    {ALL, 17, 3, "3", 0},
    {ALL, 17, 11, "WSQ20", 0},
    {ON11, 17, 11, "JPEGB", 0},
    {ALL, 17, 13, "UNKNOWN", 0},
    {ALL, 17, 16, "0|3|0", 0},
    {ALL, 17, 20, "BLUE", 0},
    {ALL, 17, 24, "300|000F|1", 0},
    {ON11, 17, 25, "DEFINED", 27},
    {ON11, 17, 27, "500|600", 0},
    {ON11, 17, 28, "NO", 0},
    {E07, 17, 25, "DEFINED", 0},
    {ON11, 17, 31, "10", 0},
    {ON11, 17, 32, "4", 0},
    {ON11, 17, 14, "16C", 15},
    {ON11, 17, 16, "0|0|2", 0},
    {ON11, 17, 33, "C|3|1|1|2|2|3|3", 0},
    {ON11, 17, 35, "C|2|1|1|2|2", 0},
    {ON11, 17, 36, "P|2|1|1|2|2", 0},
    {ON11, 17, 41, "91", 0},
};

/* Each row's fault is found, at the field it is in, in each edition it holds for. */
static void faults(void **state)
{
    size_t tried[4] = {0}, missed[4] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof faulty / sizeof *faulty; i++)
        for (size_t v = 0; v < 4; v++) {
            const change *c = &faulty[i];
            const made_field changes[] = {{c->field, c->value}, {0, NULL}};
            ENT_AUTO_BUF b = ENT_BUF(1 << 16);
            if (!(c->editions & 1u << v)) continue;
            made_transaction(versions[v], c->type == 1 ? 2 : c->type, c->type, changes, &b);
            told t = check(b.data, b.len);
            tried[v]++;
            if (at(&t, c->type, c->told ? c->told : c->field)) continue;
            missed[v]++;
            printf("missed in %s: %u.%03u \"%s\", %zu told\n", versions[v], c->type, c->field, c->value ? c->value : "(left out)", t.count);
        }
    for (size_t v = 0; v < 4; v++) printf("version %s, self-made: %zu of %zu faults found\n", versions[v], tried[v] - missed[v], tried[v]);
    for (size_t v = 0; v < 4; v++) assert_int_equal(missed[v], 0);
}

/* What is allowed in an edition is not faulted there. */
static const change allowed[] = {
    {E07, 2, 2, "00", 0},
    {E07, 10, 22, "HAT^OTHER|a monocle", 0},
    {E07, 10, 23, "ANALOGUE VIDEO", 0},
    {ALL, 10, 26, "HAT^DARK GLASSES", 0},
    {E07, 1, 15, "003|UTF-8|4.0", 0},
    {ON11, 1, 15, "3|UTF-8|4.0", 0},
    {ON11, 1, 16, "ORG|NAME|1", 0},
    {ON11, 1, 17, "|ORI name", 0},
    {ON13, 1, 18, "GENC", 0},
    {E15, 1, 4, "A-1", 0},
    {ON13, 1, 9, "TCN-1", 0},
    {ALL, 10, 200, "anything", 0},
    {ON11, 10, 998, "20240101000000Z|50|30|1.5|10|20|2.5|300|WGS84|17S|1|2|text|OSI|value", 0},
    {ON11, 10, 15, "C|2|1|1|2|2", 0},
    {ON13, 10, 46, "D|1|1", 0},
    {ALL, 14, 22, "7|254", 0},
    {E07, 17, 25, "OTHER", 0},
    {ON13, 15, 13, "86", 0},
    {E15, 14, 3, "41", 0},
    {E15, 14, 901, "3", 0},
    {E15, 14, 31, "145", 0},
    {ON13, 14, 13, "51", 0},
    {ALL, 14, 23, "7|50|000F|1", 0},
    {E15, 13, 901, "22", 0},
    {E15, 13, 19, "RULER|a scale beside it", 0},
    {E15, 13, 19, "RULER|10.0|MM|1|2|3|4|a scale beside it", 0},
    {E15, 15, 31, "170", 0},
    {ON13, 10, 51, "MM|maker|a ruler", 0},
    {ON11, 17, 28, "MA", 0},
    {E07, 17, 16, "0|0|3", 0},
    {ON11, 17, 33, "E|3|1|1|2|2|3|1", 0},
    {ON11, 17, 36, "P|3|1|1|2|2|3|1", 0},
};

static void no_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
        for (size_t v = 0; v < 4; v++) {
            const change *c = &allowed[i];
            const made_field changes[] = {{c->field, c->value}, {0, NULL}};
            ENT_AUTO_BUF b = ENT_BUF(1 << 16);
            if (!(c->editions & 1u << v)) continue;
            made_transaction(versions[v], c->type == 1 ? 2 : c->type, c->type, changes, &b);
            told t = check(b.data, b.len);
            if (t.count) fail_msg("%s, %u.%03u \"%s\": %u.%03u %s", versions[v], c->type, c->field, c->value, t.faults[0].type, t.faults[0].field, t.faults[0].text);
        }
}

/* The extended feature set (8.9.7): a good block, and one change at a time to it. */
static void efs(void **state)
{
    static const made_field good[] = {{300, "2000|3000|0|0|0,0-2000,0-2000,3000"}, {301, "10|5"}, {302, "7|PRX"}, {303, "2"}, {307, "LS"}, {316, "90|000F|1"}, {320, "1000|900|45"}, {326, "Y"},
                                      {331, "100|200|45|E^300|400|90|X|20"}, {350, "ALL|AUTO|vendor|algorithm"}, {353, "VALUE|Last|First|Org|20240101000000Z"}};
    static const change changes[] = {{0, 9, 300, NULL, 0}, {0, 9, 300, "2000", 0}, {0, 9, 300, "2000|3000|0|0|0,0-2000,0", 0}, {0, 9, 301, "181", 0}, {0, 9, 302, "99", 0}, {0, 9, 302, NULL, 300}, {0, 9, 303, "4", 0},
                                     {0, 9, 307, "LS|PA", 0}, {0, 9, 307, "AU|PW", 0}, {0, 9, 307, "AU|PA|I", 0},
                                     {0, 9, 307, "XY", 0}, {0, 9, 316, "90|F|1", 0}, {0, 9, 326, "N", 0}, {0, 9, 321, "1|1", 326}, {0, 9, 331, "100|200|400|E", 0}, {0, 9, 331, "100|200|45|Q", 0},
                                     {0, 9, 320, "2001|900|45", 0}, {0, 9, 331, "100|3001|45|E", 0}, {0, 9, 302, "99|PRX", 0},
                                     {0, 9, 350, "ALL|HAND", 0}, {0, 9, 353, "MAYBE|Last|First|Org|20240101000000Z", 0}, {0, 9, 310, "AB", 311}};
    enum { N = sizeof good / sizeof *good };
    (void)state;
    for (size_t i = 0; i <= sizeof changes / sizeof *changes; i++) {
        const change *c = i ? &changes[i - 1] : NULL;
        made_field fields[N + 2] = {0};
        size_t n = 0;
        if (c) fields[n++] = (made_field){c->field, c->value}; /* the first of a number counts */
        for (size_t k = 0; k < N; k++)
            if (!c || good[k].number != c->field) fields[n++] = good[k];
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        made_transaction("0502", 9, 9, fields, &b);
        told t = check(b.data, b.len);
        if (!c && t.count) fail_msg("9.%03u %s", t.faults[0].field, t.faults[0].text);
        if (c && !at(&t, 9, c->told ? c->told : c->field)) fail_msg("9.%03u \"%s\" is not told", c->field, c->value ? c->value : "(left out)");
    }
}

/* The maps of ridges (8.9.7.6 to 8.9.7.11), over a region of 1 by 0.8 millimetres: three cells of 0.41 across and two down (another number
 * of rows is a remark). */
static void maps(void **state)
{
    static const struct {
        made_field map[2];
        bool good;
    } cases[] = {{{{308, "012^345"}, {309, "41|UNC"}}, true}, {{{308, "012^346"}, {309, "41|UNC"}}, false}, {{{308, "01^345"}, {309, "41|UNC"}}, false}, {{{308, "012"}, {309, "41|UNC"}}, true},
                 {{{308, "3A^A2B"}, {309, "41|RLE"}}, true}, {{{308, "3A^1A2B"}, {309, "41|RLE"}}, false}, {{{308, "3A^A3B"}, {309, "41|RLE"}}, false}, {{{308, "3A^AB2"}, {309, "41|RLE"}}, false},
                 {{{308, "3G^ABC"}, {309, "41|RLE"}}, false}, {{{308, "99999999999999999999A^ABC"}, {309, "41|RLE"}}, false}, {{{308, "0123456789"}, {309, "10|UNC"}}, false},
                 {{{310, "00B3XX^7FA00A"}, {311, "41|UNC"}}, true}, {{{310, "00B4XX^7FA00A"}, {311, "41|UNC"}}, false}, {{{310, "00B3XX^7FA0"}, {311, "41|UNC"}}, false}, {{{310, "00b3XX"}, {311, "41|UNC"}}, false},
                 {{{310, "AQID^BAUG"}, {311, "41|B64"}}, true}, {{{312, "45XX99^010203"}, {313, "41|UNC"}}, true}, {{{312, "4500"}, {313, "41|UNC"}}, false}, {{{312, "455"}, {313, "41|UNC"}}, false}};
    (void)state;
    for (size_t v = 1; v < 4; v++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const made_field fields[] = {{300, "100|80|0|0|0,0-100,0-100,80"}, {302, "7|PRX"}, cases[i].map[0], cases[i].map[1], {0, NULL}};
            ENT_AUTO_BUF b = ENT_BUF(1 << 16);
            made_transaction(versions[v], 9, 9, fields, &b);
            told t = check(b.data, b.len);
            if (cases[i].good && t.count) fail_msg("9.%03u \"%s\": 9.%03u %s", cases[i].map[0].number, cases[i].map[0].value, t.faults[0].field, t.faults[0].text);
            if (!cases[i].good && !at(&t, 9, cases[i].map[0].number)) fail_msg("9.%03u \"%s\" is not told", cases[i].map[0].number, cases[i].map[0].value);
        }
}

/* A number that links photographs (8.10.38) stands in two of them at least. */
static void linked(void **state)
{
    (void)state;
    for (int two = 0; two < 2; two++) {
        const made_field first[] = {{2, "0502"}, {3, two ? "1|2^10|0^10|1" : "1|1^10|0"}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, "00.00"}, {12, "00.00"}, {0, NULL}};
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        made_record(&b, 1, first);
        for (int i = 0; i <= two; i++) {
            const made_field mark[] = {{2, i ? "1" : "0"}, {3, "SCAR"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "72"}, {10, "72"}, {11, "NONE"}, {12, "GRAY"}, {39, "7"}, {40, "SC ARM"}, {994, "file"}, {0, NULL}};
            made_record(&b, 10, mark);
        }
        told t = check(b.data, b.len);
        if (two ? t.count != 0 : !at(&t, 10, 39)) fail_msg("%d: %zu told, 10.%03u %s", two, t.count, t.faults[0].field, t.faults[0].text);
    }
}

/* A tattoo's subclass is of its class (8.10.41). */
static void tattoos(void **state)
{
    static const struct {
        const char *descriptor;
        bool good;
    } cases[] = {{"TATTOO|ANIMAL|SNAKE|a snake", true}, {"TATTOO|ANIMAL|ROSE|a rose", false}, {"TATTOO|ABSTRACT|SLEEVE", true}, {"TATTOO|ABSTRACT|ABSTRACT", false}, {"TATTOO|ANIMAL|ABSTRACT", true}, {"TATTOO|ANIMAL", false}, {"SCAR|ANIMAL|SNAKE", false}, {"SCAR", true}};
    (void)state;
    for (size_t v = 1; v < 4; v++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const made_field changes[] = {{3, "TATTOO"}, {13, NULL}, {20, NULL}, {21, NULL}, {40, "TAT ARM"}, {42, cases[i].descriptor}, {0, NULL}};
            ENT_AUTO_BUF b = ENT_BUF(1 << 16);
            made_transaction(versions[v], 10, 10, changes, &b);
            told t = check(b.data, b.len);
            if (cases[i].good ? t.count != 0 : !at(&t, 10, 42)) fail_msg("%s, \"%s\": 10.%03u %s", versions[v], cases[i].descriptor, t.faults[0].field, t.faults[0].text);
        }
}

static void count_remarks(void *ctx, const ent_itl_fault *f)
{
    size_t *remarks = ctx;
    if (f->level == 0 && f->type == 2 && f->field == 3 && strstr(f->text, "switches")) ++*remarks;
}

/* A text that switches its encoding is a remark; STX is a fault since 2011. */
static void switched(void **state)
{
    static const struct {
        const char *version, *text;
        size_t remarks, faults;
    } cases[] = {{"0400", "a\2b\3", 1, 0}, {"0500", "a\2b\3", 0, 1}, {"0400", "a\x1b" "b", 1, 0}, {"0502", "a\x1b" "b", 1, 0}, {"0502", "ab", 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const made_field changes[] = {{3, cases[i].text}, {0, NULL}};
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        size_t remarks = 0;
        const ent_itl_sink sink = {count_remarks, &remarks};
        ent_itl_check_result r;
        made_transaction(cases[i].version, 2, 2, changes, &b);
        assert_int_equal(ent_itl_check(b.data, b.len, NULL, &sink, &r, NULL), ENT_OK);
        assert_int_equal(remarks, cases[i].remarks);
        assert_int_equal(r.faults, cases[i].faults);
    }
}

/* What 1.015 declares must be what there is: UTF-8 is taken, and no other bytes. */
static void utf8(void **state)
{
    static const struct {
        const char *text;
        size_t faults;
    } cases[] = {{"caf\xc3\xa9", 0}, {"caf\xe9", 1}, {"\xc0\x80", 1}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        const made_field first[] = {{2, "0502"}, {3, "1|1^2|0"}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, "00.00"}, {12, "00.00"}, {15, "3|UTF-8"}, {0, NULL}};
        const made_field text[] = {{2, "0"}, {3, cases[i].text}, {0, NULL}};
        made_record(&b, 1, first);
        made_record(&b, 2, text);
        assert_int_equal(check(b.data, b.len).count, cases[i].faults);
    }
}

/* An amputated finger needs no image, and none of the fields that describe it (8.14). */
static void no_image(void **state)
{
    static const made_field changes[] = {{6, NULL}, {7, NULL}, {8, NULL}, {9, NULL}, {10, NULL}, {11, NULL}, {12, NULL}, {13, "1"}, {18, "1|UP"}, {21, NULL}, {22, NULL}, {999, NULL}, {0, NULL}};
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    (void)state;
    made_transaction("0500", 14, 14, changes, &b);
    assert_int_equal(check(b.data, b.len).count, 0);
    /* from 2015 on not even how it was made is said */
    ent_buf_clear(&b);
    made_transaction("0502", 14, 14, changes, &b);
    told with = check(b.data, b.len);
    assert_true(with.count == 1 && at(&with, 14, 3));
    made_field without[20] = {{3, NULL}};
    memcpy(without + 1, changes, sizeof changes);
    ent_buf_clear(&b);
    made_transaction("0502", 14, 14, without, &b);
    assert_int_equal(check(b.data, b.len).count, 0);
    /* an image in a file that the record names is one */
    made_field named[] = {{994, "file.wsq"}, {999, NULL}, {0, NULL}};
    ent_buf_clear(&b);
    made_transaction("0501", 14, 14, named, &b);
    assert_int_equal(check(b.data, b.len).count, 0);
    ent_buf_clear(&b);
    made_transaction("0400", 14, 14, changes, &b);
    told t = check(b.data, b.len);
    assert_true(at(&t, 14, 999));
}

/* A latent's part of no extent: as in a conforming file of 2011; bounds since Update 2013 (13.015). */
static void no_extent(void **state)
{
    static const made_field changes[] = {{13, "19"}, {14, "1|FV1"}, {15, "FV1|NA|1|1|2|2"}, {0, NULL}};
    (void)state;
    for (size_t v = 0; v < 4; v++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        made_transaction(versions[v], 13, 13, changes, &b);
        told t = check(b.data, b.len);
        assert_int_equal(at(&t, 13, 15), v >= 2);
        assert_int_equal(t.count, v >= 2 ? 2 : 0);
    }
}

/* What is told of a source (8.20) and of a context (8.21): an image's size, and fields of the users from .100 on. */
static void sources(void **state)
{
    static const made_field source[] = {{2, "0"}, {3, "S"}, {4, "SRC"}, {6, "100"}, {7, "100"}, {8, "1"}, {9, "72"}, {10, "72"}, {11, "PNG"}, {12, "8"}, {13, "GRAY"}, {14, "3"}, {15, "PNG"},
                                        {17, "72"}, {18, "72"}, {21, "1"}, {100, "the users'"}, {900, "the users'"}, {994, "a.png"}, {0, NULL}};
    static const made_field context[] = {{2, "1"}, {4, "SRC"}, {15, "AVI"}, {19, "00:00:01.000|00:00:02.500^00:01:00.000|01:00:00.000"}, {21, "1"}, {100, "the users'"}, {994, "a.avi"}, {0, NULL}};
    static const made_field wrong[] = {{2, "1"}, {4, "SRC"}, {15, "PDF"}, {21, "1"}, {30, "x"}, {994, "a.pdf"}, {0, NULL}};
    static const made_field backwards[] = {{2, "1"}, {4, "SRC"}, {15, "AVI"}, {19, "00:00:01.000|00:00:02.500^01:00:00.000|00:01:00.000"}, {21, "1"}, {994, "a.avi"}, {0, NULL}};
    (void)state;
    for (int odd = 0; odd < 3; odd++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 16);
        const made_field first[] = {{2, "0500"}, {3, "1|2^20|0^21|1"}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, "00.00"}, {12, "00.00"}, {0, NULL}};
        made_record(&b, 1, first);
        made_record(&b, 20, source);
        made_record(&b, 21, odd == 2 ? backwards : odd ? wrong : context);
        told t = check(b.data, b.len);
        if (!odd && t.count) fail_msg("%u.%03u %s", t.faults[0].type, t.faults[0].field, t.faults[0].text);
        if (odd) assert_true(t.count == 1 && at(&t, 21, odd == 2 ? 19 : 30));
    }
}

/* A Type-1, then a binary record with this header after LEN and IDC. */
static told binary(const char *version, unsigned type, const uint8_t *header, size_t header_len, size_t data)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    char cnt[16];
    const char *ppmm = type == 4 ? "19.69" : "00.00";
    snprintf(cnt, sizeof cnt, "1|1^%u|0", type);
    const made_field first[] = {{2, version}, {3, cnt}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, ppmm}, {12, ppmm}, {0, NULL}};
    made_record(&b, 1, first);
    made_binary(&b, type, header, header_len, data);
    return check(b.data, b.len);
}

/* Type-4 (8.4): each byte of the header against its values, the size against the data. */
static void type_4(void **state)
{
    static const uint8_t good[13] = {1, 1, 255, 255, 255, 255, 255, 0, 0, 10, 0, 10, 0};
    static const struct {
        size_t byte;
        uint8_t value;
        uint32_t field;
    } changes[] = {{0, 9, 3}, {1, 16, 4}, {1, 255, 4}, {2, 1, 4}, {3, 2, 4}, {7, 2, 5}, {9, 9, 6}, {9, 11, 9}, {11, 3, 7}, {12, 7, 8}, {12, 1, 9}};
    (void)state;
    assert_int_equal(binary("0502", 4, good, sizeof good, 100).count, 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint8_t header[13];
        memcpy(header, good, sizeof header);
        header[changes[i].byte] = changes[i].value;
        told t = binary("0502", 4, header, sizeof header, 100);
        if (!at(&t, 4, changes[i].field)) fail_msg("Type-4, byte %zu set to %u: not told at 4.%03u", changes[i].byte + 5, changes[i].value, changes[i].field);
    }
}

/* Type-8 (8.8): a raw signature's size is its pixels'; a vectored one has none. Types 3, 5 and 6 ended with 2007. */
static void type_8_and_old_ones(void **state)
{
    static const uint8_t raw[] = {0, 0, 0, 0, 16, 0, 10}, vectored[] = {1, 2, 0, 0, 0, 0, 0}, odd[] = {2, 3, 0, 0, 16, 0, 10}, old[13] = {0};
    (void)state;
    assert_int_equal(binary("0500", 8, raw, sizeof raw, 20).count, 0);
    assert_int_equal(binary("0500", 8, vectored, sizeof vectored, 15).count, 0);
    told part = binary("0500", 8, vectored, sizeof vectored, 14);
    assert_true(at(&part, 8, 8));
    told t = binary("0500", 8, raw, sizeof raw, 21);
    assert_true(at(&t, 8, 8));
    t = binary("0500", 8, odd, sizeof odd, 20);
    assert_true(at(&t, 8, 3) && at(&t, 8, 4));
    assert_true(binary("0500", 6, old, sizeof old, 10).count > 0);
    assert_int_equal(binary("0400", 6, old, sizeof old, 10).count, 0);
}

/* A fault says where it is: record, field, subfield, item, byte and clause. */
static void place(void **state)
{
    static const made_field changes[] = {{24, "21|50|000F|1^22|99|00G0|1"}, {0, NULL}};
    ENT_AUTO_BUF b = ENT_BUF(1 << 16);
    (void)state;
    made_transaction("0502", 15, 15, changes, &b);
    told t = check(b.data, b.len);
    assert_int_equal(t.count, 1);
    const ent_itl_fault *f = &t.faults[0];
    assert_int_equal(f->record, 2);
    assert_int_equal(f->subfield, 2);
    assert_int_equal(f->item, 3);
    assert_memory_equal(b.data + f->offset, "00G0", 4);
    assert_string_equal(f->clause, "8.15");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(conforming), cmocka_unit_test(faults),  cmocka_unit_test(no_faults), cmocka_unit_test(maps), cmocka_unit_test(linked), cmocka_unit_test(tattoos),           cmocka_unit_test(no_image), cmocka_unit_test(no_extent), cmocka_unit_test(sources), cmocka_unit_test(switched), cmocka_unit_test(utf8), cmocka_unit_test(efs),
                                       cmocka_unit_test(type_4),     cmocka_unit_test(type_8_and_old_ones), cmocka_unit_test(place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
