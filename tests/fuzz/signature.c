#include "fuzz.h"

#include "api/exchange/wire.h"

/* Lines "name: value", then an empty line and a body: a request as it could come from a partner. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ent_wire_fields f;
    f = (ent_wire_fields){0};
    const char *p = (const char *)data, *end = p + size;
    while (p < end && *p != '\n') {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        if (!nl) nl = end;
        const char *colon = memchr(p, ':', (size_t)(nl - p));
        if (colon) ent_wire_add(&f, p, (size_t)(colon - p), colon + 1, (size_t)(nl - colon - 1));
        p = nl < end ? nl + 1 : end;
    }
    if (p < end) p++;
    ent_peer peer = {.name = "us.dhs", .key_count = 1, .key = {{0x6b, 0x79, 0xc5, 0x7e}}};
    ent_http_message http = {.method = "POST", .path = "/v1/search", .authority = "", .field = f.field,
                             .field_count = f.count};
    ent_wire_request_read read;
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_buf base = ENT_BUF(ENT_HTTPSIG_BASE_MAX);
    ent_bytes body = ENT_BYTES(p, (size_t)(end - p));
    ent_time at = {1773133687000};
    fuzz_promise(ent_wire_check_request(&http, body, &peer, "gb.home-office", at, &read, &base, NULL) != ENT_OK);
    ent_buf_clear(&base);
    ent_http_message answer = http;
    answer.status = 200;
    answer.request = &http;
    fuzz_promise(ent_wire_check_answer(&answer, body, &peer, at, &base, signature, NULL) != ENT_OK);
    const char *input = ent_http_field_value(&http, "signature-input", NULL);
    ent_httpsig s;
    if (input && ent_httpsig_parse(input, ENT_WIRE_LABEL, &s, NULL) == ENT_OK)
        fuzz_promise(s.raw >= input && s.raw + s.raw_len <= input + strlen(input));
    ent_buf_free(&base);
    return 0;
}
