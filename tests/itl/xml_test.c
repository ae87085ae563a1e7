/* Transactions into ANSI/NIST-ITL XML and back. That the schema takes the documents is tests/itl/schema.sh's. */
#include "base/test.h"

#include "adapter/xml/itl_xml.h"
#include "build.h"
#include "good.h"

static void ignore(void *ctx, const ent_itl_fault *f)
{
    size_t *count = ctx;
    ++*count;
    (void)f;
}

static ent_itl *parsed(const ent_buf *b)
{
    ent_itl *t = NULL;
    ent_err err = {0};
    if (ent_itl_parse(b->data, b->len, &t, &err) != ENT_OK) fail_msg("%s", err.detail);
    return t;
}

static void to_xml(const ent_buf *b, ent_buf *ret, size_t *ret_remarks)
{
    const ent_itl_sink sink = {ignore, ret_remarks};
    ent_itl *t = parsed(b);
    ent_err err = {0};
    if (ent_itl_xml_write(t, &sink, ret, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_itl_free(t);
}

static void show_unread(void *ctx, const ent_itl_fault *f)
{
    fprintf(stderr, "record %zu, Type-%u: %s\n", f->record, f->type, f->text);
    ignore(ctx, f);
}

/* Of what we write every element is read. */
static void from_xml(const ent_buf *xml, ent_buf *ret)
{
    size_t unread = 0;
    const ent_itl_sink sink = {show_unread, &unread};
    ent_err err = {0};
    if (ent_itl_xml_read(xml->data, xml->len, &sink, ret, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(unread, 0);
}

/* Every record and field of a is in b, byte for byte. */
static void same_fields(const ent_buf *a, const ent_buf *b)
{
    ent_itl *x = parsed(a), *y = parsed(b);
    assert_int_equal(ent_itl_count(x), ent_itl_count(y));
    for (size_t i = 0; i < ent_itl_count(x); i++) {
        const ent_itl_record *r = ent_itl_record_at(x, i), *s = ent_itl_record_at(y, i);
        assert_int_equal(r->type, s->type);
        assert_int_equal(r->idc, s->idc);
        if (!r->field_count) assert_int_equal(r->len, s->len), assert_memory_equal(r->bytes, s->bytes, r->len);
        for (size_t k = 0; k < r->field_count; k++) {
            const ent_itl_field *f = &r->fields[k], *g = ent_itl_field_of(s, f->number);
            if (f->number == 1 || f->number == 2) continue;
            if (!g || g->len != f->len || memcmp(g->value, f->value, f->len) != 0) fail_msg("%u.%03u came back otherwise", r->type, f->number);
        }
    }
    ent_itl_free(x);
    ent_itl_free(y);
}

static void there_and_back(const ent_buf *b)
{
    ENT_AUTO_BUF xml = ENT_BUF(1 << 24), back = ENT_BUF(1 << 24);
    size_t remarks = 0;
    to_xml(b, &xml, &remarks);
    from_xml(&xml, &back);
    same_fields(b, &back);
}

/* A Type-1 of TOT AMN, a Type-2 with a field of its domain (text NULL: none), and then `records`. */
static void with_text(const char *cnt, const char *dom, const made_field *text, const ent_buf *records, ent_buf *ret)
{
    const made_field first[] = {{2, "0502"}, {3, cnt}, {4, "AMN"}, {5, "20240229"}, {6, "1"}, {7, "GBR/HOME"}, {8, "ORI000000"}, {9, "TCN1"}, {11, "00.00"}, {12, "00.00"}, {13, dom},
                                {14, "20240229120000Z"}, {17, "Home Office|"}, {0, NULL}};
    made_record(ret, 1, first);
    if (text) made_record(ret, 2, text);
    if (records) ent_buf_put(ret, records->data, records->len);
}

static const made_field other_domain[] = {{2, "0"}, {18, "EXAMPLE, ALEX"}, {902, "a^b|c"}, {0, NULL}};

/* Each kind of record comes back as it was: what has elements and what has none. */
static void records(void **state)
{
    static const struct {
        const char *cnt;
        unsigned type;
        made_field fields[28];
    } cases[] = {
        {"1|2^2|0^14|1", 14, {{2, "1"}, {3, "0"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "13"}, {18, "9|XX^10|UP"}, {21, "7|1|3|1|3^8|4|6|1|3"},
                              {22, "7|3"}, {23, "7|50|000F|1^8|51|000F|2"}, {25, "7|3|1|1|2|2|3|1^8|4|1|1|2|1|2|2|1|2"}, {27, "Y"}, {200, "own"}, {902, "20240101000000Z|a|b|c"}, {904, "make|model|1"}, {999, "pixels"}}},
        {"1|2^2|0^13|1", 13, {{2, "1"}, {3, "4"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "0^19"}, {14, "1|EJI^2|TIP"}, {15, "FV1|NA|1|2|3|4^FV2|PRX|5|6|7|8"},
                              {24, "0|90|0000|1"}, {999, "pixels"}}},
        {"1|2^2|0^13|1", 13, {{2, "1"}, {3, "12"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "25"}, {24, "25|90|0000|1"}, {999, "pixels"}}},
        {"1|2^2|0^15|1", 15, {{2, "1"}, {3, "10"}, {4, "SRC"}, {5, "20240101"}, {13, "21"}, {18, "21|UP"}, {24, "21|50|000F|1"}}},
        {"1|2^2|0^10|1", 10, {{2, "1"}, {3, "FACE"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "72"}, {10, "72"}, {11, "NONE"}, {12, "GRAY"}, {13, "20"}, {14, "1|5|1|6|H"}, {15, "C|2|1|1|2|2"}, {19, "F^H"}, {25, "0|1|2|3|4|5"},
                              {26, "SMILE^HAT"}, {29, "1|2.1|5|9^2|obs|1|1"}, {33, "chin|3|1|1|2|2|3|1"}, {45, "T|H|3|0|0|1|1|9|9"}, {995, "1|1^2|"}, {998, "20240101000000Z|50"}, {999, "pixels"}}},
        {"1|2^2|0^10|1", 10, {{2, "1"}, {3, "TATTOO"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "72"}, {10, "72"}, {11, "NONE"}, {12, "GRAY"}, {40, "TAT ARM"}, {42, "TATTOO|PLANT|ROSE|a rose^SCAR"}, {43, "RED|BLACK^GREEN||"}, {999, "pixels"}}},
        {"1|2^2|0^17|1", 17, {{2, "1"}, {3, "1"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "72"}, {10, "72"}, {11, "NONE"}, {12, "8"}, {13, "GRAY"}, {16, "0|1|0"}, {24, "50|000F|1"}, {25, "DEFINED"}, {27, "500|510"}, {33, "C|2|1|1|2|2"},
                              {37, "T|L|3|1|1|2|2|3|3"}, {999, "pixels"}}},
        {"1|2^2|0^9|1", 9, {{2, "1"}, {3, "4"}, {4, "U"}, {126, "27|514|0000ABCD"}, {127, "APPF|0"}, {128, "800"}, {129, "768"}, {130, "1"}, {131, "500"}, {132, "500"}, {133, "0"}, {134, "2"}, {135, "90|000F|1"}, {136, "2"},
                            {137, "1|10|20|30|1|80^2|40|50|60|2|70"}, {138, "0|0|0^1|2|3^2|1|4"}, {139, "400|300|0"}, {140, "300|400|1"}, {141, "2|3"}, {300, "2000|3000|0|0|1,1-5,1-5,5"}, {302, "7"}, {326, "Y"},
                            {331, "100|200|45|E^300|400|90|X"}}},
        {"1|2^2|0^9|1", 9, {{2, "1"}, {3, "4"}, {4, "S"}, {5, "SYS|A"}, {10, "1"}, {11, "0"}, {12, "1|21952030101|0|D"}}},
        {"1|2^2|0^18|1", 18, {{2, "1"}, {3, "1|G|0"}, {4, "SRC"}}},
        {"1|2^2|0^18|1", 18, {{2, "1"}, {3, "1|G|0|LAB|||NONE"}, {4, "SRC"}, {5, "1"}, {6, "1|F|20000101|20000102|text"}, {7, "1"}, {9, "P|M|K|S|0|1|c"}, {10, "0|NS"}, {11, "0^1"}, {13, "20000101120000Z"}, {14, "20010101120000Z"},
                              {15, "0||P1||c"}, {16, "0|48|1|1|0|13|9.3||||?|8|kit|maker|^0|24|0|1|1|30|||||?|8|kit|maker|"}, {17, "AG|CT|1|2|3|4|5|6"}, {19, "1|fsa|d|QUJD"}, {20, "1"}, {21, "1|1.1,20|0"}, {22, "c"}, {23, "r|s|d|no base 64|"}}},
        {"1|2^2|0^16|1", 16, {{2, "1"}, {3, "own"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "GRAY"}, {24, "50|000F|1"}, {999, "pixels"}}},
        {"1|2^2|0^19|1", 19, {{2, "1"}, {3, "30"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "61"}, {18, "65|XX"}, {19, "64|3|1|1|5|1|5|6"}, {24, "61|50|000F|1"},
                              {46, "D|1|1"}, {999, "pixels"}}},
        {"1|2^2|0^13|1", 13, {{2, "1"}, {3, "32"}, {4, "SRC"}, {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"}, {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "61"}, {18, "MM|make|model"}, {19, "RULER|10|MM|1|2|3|4|c"}, {901, "2"}, {999, "pixels"}}},
        {"1|2^2|0^98|1", 98, {{2, "1"}, {3, "000F"}, {4, "SRC"}, {5, "0001"}, {6, "20240101000000Z"}, {200, "own"}, {900, "Added||1,13.006,NA,NA|agent^Modified|why|x|agent|old"}, {901, "r"}}},
        {"1|2^2|0^99|1", 99, {{2, "1"}, {4, "SRC"}, {5, "20240101"}, {100, "0101"}, {101, "00000040"}, {102, "50|000F|1"}, {103, "001B"}, {104, "0502"}, {999, "pixels"}}},
        /* a face is not among the schema's types: kept */
        {"1|2^2|0^99|1", 99, {{2, "1"}, {4, "SRC"}, {5, "20240101"}, {100, "0101"}, {101, "00000002"}, {103, "001B"}, {104, "0502"}, {999, "pixels"}}},
        {"1|2^2|0^11|1", 11, {{2, "1"}, {3, "0"}, {4, "SRC"}, {9, "20240101000000Z"}, {999, "sound"}}},
        {"1|2^2|0^12|1", 12, {{2, "1"}, {4, "SRC"}, {6, "D"}}},
        {"1|2^2|0^22|1", 22, {{2, "1"}, {4, "SRC"}, {101, "XRAY"}, {999, "pixels"}}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ENT_AUTO_BUF one = ENT_BUF(1 << 20), b = ENT_BUF(1 << 20);
        made_record(&one, cases[i].type, cases[i].fields);
        with_text(cases[i].cnt, "DOM|1", other_domain, &one, &b);
        there_and_back(&b);
    }
}

/* Types 4, 7 and 8: the header and the data, whatever bytes they have. */
static void binary(void **state)
{
    static const uint8_t type_4[] = {1, 1, 2, 255, 255, 255, 255, 1, 0, 10, 0, 10, 0}, type_8[] = {0, 0, 0, 0, 16, 0, 10}, type_7[1] = {9};
    ENT_AUTO_BUF b = ENT_BUF(1 << 20), more = ENT_BUF(1 << 20);
    (void)state;
    made_binary(&more, 4, type_4, sizeof type_4, 100);
    made_binary(&more, 7, type_7, sizeof type_7, 3);
    made_binary(&more, 8, type_8, sizeof type_8, 20);
    with_text("1|4^2|0^4|0^7|0^8|0", "DOM|1", other_domain, &more, &b);
    there_and_back(&b);
}

/* INTERPOL's Type-2 is elements: the surname can be found in the document. */
static void interpol(void **state)
{
    static const made_field text[] = {{2, "0"}, {7, "GBR/4711"}, {8, "E1"}, {30, "|Alex||Example"}, {34, "|A||E^|B||F"}, {35, "19900131"}, {36, "19900101*19901231"}, {38, "GBR^FRA"}, {39, "M"}, {63, "1|Org|Name|Text"}, {64, "1|false|0|CPS|N"},
                                      {99, "what has no element"}, {0, NULL}};
    ENT_AUTO_BUF b = ENT_BUF(1 << 20), xml = ENT_BUF(1 << 20);
    size_t remarks = 0;
    (void)state;
    with_text("1|1^2|0", "INT-I|06.00", text, NULL, &b);
    to_xml(&b, &xml, &remarks);
    assert_non_null(strstr(ent_buf_cstr(&xml), "<nc:PersonSurName>Example</nc:PersonSurName>"));
    assert_non_null(strstr(ent_buf_cstr(&xml), "<int-i:LocationCountryISO3166Alpha3Code>GBR</int-i:LocationCountryISO3166Alpha3Code>"));
    there_and_back(&b);
}

/* Without a Type-2 record, what has no element is kept in one of the document's own, which does not come back. */
static void no_text_record(void **state)
{
    static const made_field own[] = {{200, "own"}, {0, NULL}}, place[] = {{998, "20240101000000Z|50|30|1.5|10|20|2.5"}, {0, NULL}}, nothing[] = {{0, NULL}};
    static const struct {
        unsigned type;
        const made_field *changes;
        bool made;
    } cases[] = {{14, own, true}, {10, place, true}, {13, own, true}, {14, nothing, false}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ENT_AUTO_BUF b = ENT_BUF(1 << 20), xml = ENT_BUF(1 << 20);
        size_t remarks = 0;
        made_transaction("0502", cases[i].type, cases[i].type, cases[i].changes, &b);
        to_xml(&b, &xml, &remarks);
        assert_true((strstr(ent_buf_cstr(&xml), "PackageDescriptiveTextRecord") != NULL) == cases[i].made);
        assert_int_equal(remarks, 0);
        there_and_back(&b);
    }
    /* a record that has no element, and nothing else */
    static const made_field first[] = {{2, "0300"}, {3, "1|1^9|0"}, {4, "AMN"}, {5, "20240101"}, {7, "DAI"}, {8, "ORI"}, {9, "TCN"}, {11, "19.69"}, {12, "19.69"}, {0, NULL}};
    static const made_field legacy[] = {{2, "0"}, {3, "4"}, {4, "S"}, {5, "SYS|A"}, {10, "1"}, {11, "0"}, {12, "1|21952030101|0|D"}, {0, NULL}};
    ENT_AUTO_BUF b = ENT_BUF(1 << 20);
    made_record(&b, 1, first);
    made_record(&b, 9, legacy);
    there_and_back(&b);
}

/* Every field of a record type that the tables know, with two subfields where it may have two. */
static void every_field_of(unsigned type, const char *kind, ent_buf *ret)
{
    enum { FIELDS = 200, SIZE = 4096 };
    static char text[FIELDS][SIZE];
    made_field fields[FIELDS + 1] = {{0}};
    const ent_itl_record_rule *rules = ent_itl_rules_of(type);
    size_t n = 0;
    for (uint32_t number = 2; number < 999 && n < FIELDS - 1; number++) {
        const ent_itl_field_rule *row = ent_itl_field_rule_of(rules, number, ED15);
        char one[SIZE / 4];
        if (!row || row->need == 'X' || (row->item_count == 0 && number != row->number)) continue;
        if (row->item_count) good_subfield(row, SIZE_MAX, NULL, one);
        else snprintf(one, sizeof one, "own %u", number);
        snprintf(text[n], SIZE, row->max == 1 || number == 2 ? "%s" : "%s^%s", one, one);
        if (number == 2) snprintf(text[n], SIZE, "1");
        if (number == 3 && kind) snprintf(text[n], SIZE, "%s", kind);
        fields[n] = (made_field){number, text[n]};
        n++;
    }
    if (type >= 10) fields[n++] = (made_field){999, "pixels"};
    made_record(ret, type, fields);
}

/* A record with every field of the tables comes back with every one, whether the fields have elements or are kept. */
static void every_field(void **state)
{
    static const struct {
        unsigned type;
        const char *kind;
    } cases[] = {{9, NULL}, {10, "FACE"}, {10, "TATTOO"}, {13, NULL}, {14, NULL}, {15, NULL}, {17, NULL}, {20, NULL}, {21, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int text_record = 0; text_record < 2; text_record++) {
            ENT_AUTO_BUF one = ENT_BUF(1 << 20), b = ENT_BUF(1 << 20);
            char cnt[24];
            every_field_of(cases[i].type, cases[i].kind, &one);
            snprintf(cnt, sizeof cnt, text_record ? "1|2^2|0^%u|1" : "1|1^%u|1", cases[i].type);
            with_text(cnt, "DOM|1", text_record ? other_domain : NULL, &one, &b);
            there_and_back(&b);
        }
}

static void refused(const char *xml, const char *why)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 20);
    ent_err err = {0};
    assert_true(ent_itl_xml_read(xml, strlen(xml), NULL, &out, &err) != ENT_OK);
    if (!strstr(err.detail, why)) fail_msg("\"%s\" was expected of: %s", why, err.detail);
    assert_int_equal(out.len, 0);
}

#define PACKAGE "<itl:NISTBiometricInformationExchangePackage xmlns:itl=\"http://biometrics.nist.gov/standard/2011\" xmlns:biom=\"http://niem.gov/niem/biometrics/1.0\">"

/* Entities, foreign documents and broken ones are refused. */
static void refusals(void **state)
{
    (void)state;
    refused("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "DOCTYPE");
    refused("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DOCTYPE");
    refused("<html/>", "NISTBiometricInformationExchangePackage");
    refused(PACKAGE, "not well-formed");
    refused("", "");
    refused(PACKAGE "<itl:PackageOther/></itl:NISTBiometricInformationExchangePackage>", "first record");
    refused(PACKAGE "<itl:PackageDescriptiveTextRecord/></itl:NISTBiometricInformationExchangePackage>", "first record");
    refused(PACKAGE "<itl:PackageInformationRecord/></itl:NISTBiometricInformationExchangePackage>", "TOT");
}

static void keep_text(void *ctx, const ent_itl_fault *f)
{
    size_t n = strlen(ctx);
    snprintf((char *)ctx + n, 512 - n, "%zu %s;", f->record, f->text);
}

/* What no row reads is told: an element that is not known, a second one where one is read, one of another namespace. */
static void unread(void **state)
{
    static const char before[] = PACKAGE "<itl:PackageInformationRecord><biom:RecordCategoryCode>01</biom:RecordCategoryCode><biom:Transaction><biom:TransactionCategoryCode>AMN</biom:TransactionCategoryCode>",
                      after[] = "</biom:Transaction></itl:PackageInformationRecord></itl:NISTBiometricInformationExchangePackage>";
    static const struct {
        const char *inside, *told;
    } cases[] = {{"", ""},
                 {"<biom:TransactionMoodText>good</biom:TransactionMoodText>", "1 not read: Transaction/TransactionMoodText;"},
                 {"<biom:TransactionMoodText> \n </biom:TransactionMoodText>", ""},
                 {"<biom:TransactionPriorityValue>1</biom:TransactionPriorityValue>", ""},
                 {"<biom:TransactionPriorityValue>1</biom:TransactionPriorityValue><biom:TransactionPriorityValue>2</biom:TransactionPriorityValue>", "1 not read: Transaction/TransactionPriorityValue;"},
                 {"<a:TransactionPriorityValue xmlns:a=\"urn:a\">1</a:TransactionPriorityValue>", "1 not read: Transaction/TransactionPriorityValue;"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ENT_AUTO_BUF xml = ENT_BUF(1 << 16), out = ENT_BUF(1 << 16);
        char told[512] = "";
        const ent_itl_sink sink = {keep_text, told};
        ent_buf_fmt(&xml, "%s%s%s", before, cases[i].inside, after);
        ent_err err = {0};
        if (ent_itl_xml_read(xml.data, xml.len, &sink, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
        assert_string_equal(told, cases[i].told);
    }
}

/* A transaction with a Type-2 and a Type-14 of another's making: what stands in each element may be written in many ways. */
#define OTHER_PACKAGE(before, text, flag)                                                                              \
    before "<n:NISTBiometricInformationExchangePackage xmlns:n='http://biometrics.nist.gov/standard/2011' xmlns='http://niem.gov/niem/biometrics/1.0' xmlns:c='http://niem.gov/niem/niem-core/2.0'>"                \
           "<n:PackageInformationRecord><RecordCategoryCode>01</RecordCategoryCode><Transaction><TransactionCategoryCode>AMN</TransactionCategoryCode></Transaction></n:PackageInformationRecord>"                    \
           "<n:PackageFingerprintImageRecord><RecordCategoryCode>14</RecordCategoryCode><ImageReferenceIdentification><c:IdentificationID>1</c:IdentificationID></ImageReferenceIdentification>"                      \
           "<FingerImpressionImage><c:BinaryBase64Object>\n  QUI=\n</c:BinaryBase64Object><ImageCommentText>" text "</ImageCommentText><FingerPositionCode>1</FingerPositionCode>"                                  \
           "<FingerprintImageStitchedIndicator>" flag "</FingerprintImageStitchedIndicator></FingerImpressionImage></n:PackageFingerprintImageRecord></n:NISTBiometricInformationExchangePackage>"

static ent_code read_other(const void *xml, size_t len, char ret_comment[64], char ret_stitched[8], ent_err *err)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 16);
    ent_code code = ent_itl_xml_read(xml, len, NULL, &out, err);
    if (code != ENT_OK) return code;
    ent_itl *t = parsed(&out);
    ent_itl_text(ent_itl_record_at(t, 1), 20, ret_comment, 64);
    ent_itl_text(ent_itl_record_at(t, 1), 27, ret_stitched, 8);
    ent_itl_free(t);
    return ENT_OK;
}

/* Comments, instructions, CDATA, references and line breaks in a value; a flag that is false is no field. */
static void ways_of_writing(void **state)
{
    static const struct {
        const char *xml, *comment, *stitched;
    } cases[] = {{OTHER_PACKAGE("", "two words", "true"), "two words", "Y"},
                 {OTHER_PACKAGE("\xef\xbb\xbf<?xml version='1.0'?><!-- c --><?p i?>", "two<!-- c --> w<?p i?>ords", "1"), "two words", "Y"},
                 {OTHER_PACKAGE("", "<![CDATA[two w]]>or<![CDATA[ds]]>", " \n true\n"), "two words", "Y"},
                 {OTHER_PACKAGE("<?xml version='1.0' encoding='utf-8'?>", "\n    two\n\t words &#x9;", "false"), "two words", ""},
                 {OTHER_PACKAGE("", "&#116;&#x77;o  words", "0"), "two  words", ""},
                 {OTHER_PACKAGE("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "\xe9t\xe9", "true"), "\xc3\xa9t\xc3\xa9", "Y"},
                 {OTHER_PACKAGE("<?xml version='1.0' encoding='windows-1252'?>", "\x80 \xe9", "true"), "\xe2\x82\xac \xc3\xa9", "Y"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char comment[64] = "", stitched[8] = "";
        ent_err err = {0};
        if (read_other(cases[i].xml, strlen(cases[i].xml), comment, stitched, &err) != ENT_OK) fail_msg("case %zu: %s", i, err.detail);
        assert_string_equal(comment, cases[i].comment);
        assert_string_equal(stitched, cases[i].stitched);
    }
}

/* The same in two bytes a character, either way round; encodings that are not read are refused by name. */
static void encodings(void **state)
{
    static const char xml[] = OTHER_PACKAGE("<?xml version='1.0' encoding='UTF-16'?>", "two words", "true");
    (void)state;
    for (int big = 0; big < 2; big++) {
        ENT_AUTO_BUF wide = ENT_BUF(1 << 16);
        char comment[64] = "", stitched[8] = "";
        ent_err err = {0};
        ent_buf_put(&wide, big ? "\xfe\xff" : "\xff\xfe", 2);
        for (const char *c = xml; *c; c++) ent_buf_u8(&wide, big ? 0 : (uint8_t)*c), ent_buf_u8(&wide, big ? (uint8_t)*c : 0);
        if (read_other(wide.data, wide.len, comment, stitched, &err) != ENT_OK) fail_msg("%s", err.detail);
        assert_string_equal(comment, "two words");
    }
    refused(OTHER_PACKAGE("<?xml version='1.0' encoding='KOI8-R'?>", "", "true"), "the encoding KOI8-R is not read");
    refused("<?xml version='1.0'                                                                                                                                              encoding='KOI8-R'?><a/>", "without an end");
    refused("\x4c\x6f\xa7\x94", "EBCDIC");
    refused(OTHER_PACKAGE("<?xml version='1.0' encoding='windows-1252'?>", "\x81", "true"), "not well-formed");
    refused(OTHER_PACKAGE("", "", "maybe"), "record 2 (Type-14) at line 1: FingerImpressionImage/FingerprintImageStitchedIndicator");
}

/* A record that no shape reads, and one whose data are not bytes, are left out by name, and the rest is read. */
static void left_out(void **state)
{
    static const char xml[] = PACKAGE "<itl:PackageInformationRecord><biom:Transaction><biom:TransactionCategoryCode>AMN</biom:TransactionCategoryCode></biom:Transaction></itl:PackageInformationRecord>\n"
                                      "<itl:PackageOddRecord/>\n"
                                      "<itl:PackageSignatureImageRecord><biom:ImageReferenceIdentification><nc:IdentificationID xmlns:nc=\"http://niem.gov/niem/niem-core/2.0\">1</nc:IdentificationID></biom:ImageReferenceIdentification></itl:PackageSignatureImageRecord>"
                                      "<itl:PackageDescriptiveTextRecord><biom:ImageReferenceIdentification><nc:IdentificationID xmlns:nc=\"http://niem.gov/niem/niem-core/2.0\">0</nc:IdentificationID></biom:ImageReferenceIdentification></itl:PackageDescriptiveTextRecord>"
                                      "</itl:NISTBiometricInformationExchangePackage>";
    ENT_AUTO_BUF out = ENT_BUF(1 << 16);
    char told[512] = "";
    const ent_itl_sink sink = {keep_text, told};
    ent_err err = {0};
    (void)state;
    if (ent_itl_xml_read(xml, strlen(xml), &sink, &out, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_string_equal(told, "2 left out: PackageOddRecord at line 2: no such record is read here;3 left out: PackageSignatureImageRecord at line 3: it has no image;");
    ent_itl *t = parsed(&out);
    assert_int_equal(ent_itl_count(t), 2);
    ent_itl_free(t);
}

/* Deep nesting ends in an error, not in the stack's end. */
static void depth(void **state)
{
    ENT_AUTO_BUF b = ENT_BUF(1 << 22), out = ENT_BUF(1 << 20);
    (void)state;
    ent_buf_str(&b, PACKAGE);
    for (int i = 0; i < 100000; i++) ent_buf_str(&b, "<a>");
    assert_true(ent_itl_xml_read(b.data, b.len, NULL, &out, NULL) != ENT_OK);
}

/* So many subfields that a document of them would be out of proportion are refused before one is made. */
static void many_items(void **state)
{
    enum { PAIRS = 20000 };
    ENT_AUTO_BUF b = ENT_BUF(1 << 22), out = ENT_BUF(1 << 20), value = ENT_BUF(1 << 20);
    ent_err err = {0};
    (void)state;
    for (int i = 0; i < PAIRS; i++) ent_buf_str(&value, i ? "^1|1" : "1|1");
    ent_buf_put(&value, "", 1);
    made_transaction("0502", 14, 14, (made_field[]){{14, (const char *)value.data}, {0}}, &b);
    ent_itl *t = parsed(&b);
    assert_int_equal(ent_itl_xml_write(t, NULL, &out, &err), ENT_TOO_LARGE);
    if (!strstr(err.detail, "14.014")) fail_msg("%s", err.detail);
    assert_int_equal(out.len, 0);
    ent_itl_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(records), cmocka_unit_test(binary), cmocka_unit_test(interpol), cmocka_unit_test(no_text_record), cmocka_unit_test(every_field), cmocka_unit_test(refusals), cmocka_unit_test(unread), cmocka_unit_test(ways_of_writing), cmocka_unit_test(encodings), cmocka_unit_test(left_out), cmocka_unit_test(depth), cmocka_unit_test(many_items)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
