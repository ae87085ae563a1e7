#include "build.h"

#include "entente/itl.h"

#include <stdio.h>
#include <string.h>

static const made_field base_1[] = {{2, "0502"}, {3, "1|0"},  {4, "AMN"},      {5, "20240229"}, {6, "1"},  {7, "DAI000000"}, {8, "ORI000000"}, {9, "TCN1"},
                                    {10, "TCR1"}, {11, "00.00"}, {12, "00.00"}, {13, "DOM|1.0"}, {14, "20240229120000Z"}, {0, NULL}};
static const made_field base_2[] = {{2, "0"}, {3, "text"}, {0, NULL}};
static const made_field base_9[] = {{2, "0"},        {3, "4"},    {4, "U"},   {126, "27|514|0000ABCD"}, {127, "APPF|0"}, {128, "800"}, {129, "768"},       {130, "1"}, {131, "500"},
                                    {132, "500"},    {133, "0"},  {134, "2"}, {135, "90|000F|1"},       {136, "2"},      {137, "1|10|20|30|1|80^2|40|50|60|2|70"},
                                    {138, "0|0|0^1|2|3"}, {139, "400|300|0"}, {140, "300|400|0"}, {141, "0|0"}, {0, NULL}};
static const made_field base_10[] = {{2, "0"},   {3, "FACE"}, {4, "SRC"},    {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"},  {9, "72"}, {10, "72"}, {11, "NONE"},
                                     {12, "GRAY"}, {13, "20"},  {20, "A"}, {21, "0"}, {30, "OBSERVED"}, {0, NULL}};
static const made_field base_13[] = {{2, "0"},   {3, "4"},  {4, "SRC"},    {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"},
                                     {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "0"}, {0, NULL}};
static const made_field base_14[] = {{2, "0"},   {3, "0"},  {4, "SRC"},    {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"},
                                     {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "13"}, {21, "7|1|3|1|3^8|4|6|1|3"}, {22, "7|3"}, {0, NULL}};
static const made_field base_15[] = {{2, "0"},   {3, "10"},  {4, "SRC"},    {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"},
                                     {9, "500"}, {10, "500"}, {11, "NONE"}, {12, "8"}, {13, "21"}, {24, "21|50|000F|1"}, {0, NULL}};
static const made_field base_17[] = {{2, "0"},   {3, "1"},  {4, "SRC"},    {5, "20240101"}, {6, "10"}, {7, "10"}, {8, "1"},
                                     {9, "72"}, {10, "72"}, {11, "NONE"}, {12, "8"}, {13, "GRAY"}, {20, "BLU"}, {25, "NIR"}, {0, NULL}};

static const made_field *base_of(unsigned type)
{
    switch (type) {
    case 2: return base_2;
    case 9: return base_9;
    case 10: return base_10;
    case 13: return base_13;
    case 14: return base_14;
    case 15: return base_15;
    default: return base_17;
    }
}

static void put_value(ent_buf *out, const char *value)
{
    for (; *value; value++) ent_buf_u8(out, *value == '|' ? ENT_ITL_US : *value == '^' ? ENT_ITL_RS : (uint8_t)*value);
}

void made_record(ent_buf *out, unsigned type, const made_field *fields)
{
    ENT_AUTO_BUF body = ENT_BUF(1 << 20);
    for (; fields->number; fields++) {
        ent_buf_fmt(&body, "%c%u.%03u:", ENT_ITL_GS, type, fields->number);
        put_value(&body, fields->value);
    }
    size_t len = 0, digits = 0;
    for (int round = 0; round < 4; round++) {
        char text[32];
        digits = (size_t)snprintf(text, sizeof text, "%u.001:%zu", type, len);
        len = digits + body.len + 1;
    }
    ent_buf_fmt(out, "%u.001:%zu", type, len);
    ent_buf_put(out, body.data, body.len);
    ent_buf_u8(out, ENT_ITL_FS);
}

void made_binary(ent_buf *out, unsigned type, const uint8_t *header, size_t header_len, size_t data)
{
    (void)type;
    ent_buf_u32(out, (uint32_t)(5 + header_len + data));
    ent_buf_u8(out, 0);
    ent_buf_put(out, header, header_len);
    ent_buf_zero(out, data);
}

static const made_field *find(const made_field *list, uint32_t number)
{
    for (; list && list->number; list++)
        if (list->number == number) return list;
    return NULL;
}

/* base with the changes made; fields that base has not are put in ascending order; an image's data stand last. */
static size_t changed_fields(const made_field *base, const made_field *changes, made_field *ret)
{
    size_t n = 0;
    for (uint32_t number = 1; number < 999; number++) {
        const made_field *f = find(changes, number);
        if (f && !f->value) continue;
        if (!f) f = find(base, number);
        if (f) ret[n++] = *f;
    }
    ret[n] = (made_field){0};
    return n;
}

void made_transaction(const char *version, unsigned type, unsigned changed, const made_field *changes, ent_buf *ret)
{
    static const char pixels[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghhhhhhhhhhiiiiiiiiiijjjjjjjjjj";
    made_field fields[64], first[] = {{2, version}, {3, "1|0"}, {0, NULL}}, start[64];
    char cnt[32];
    snprintf(cnt, sizeof cnt, type ? "1|1^%u|0" : "1|0", type);
    first[1].value = cnt;
    changed_fields(base_1, first, start);
    size_t n = changed_fields(start, changed == 1 ? changes : NULL, fields);
    fields[n] = (made_field){0};
    made_record(ret, 1, fields);
    if (!type) return;
    n = changed_fields(base_of(type), changed == type ? changes : NULL, fields);
    const made_field *data = changed == type ? find(changes, 999) : NULL;
    if (type >= 10 && (!data || data->value)) fields[n++] = data ? *data : (made_field){999, pixels};
    fields[n] = (made_field){0};
    made_record(ret, type, fields);
}
