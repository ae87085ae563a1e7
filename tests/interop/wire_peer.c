/* The exchange's messages as text files, for independent code to verify, and for verifying what that code signs.
 *   wire_peer write DIR    writes request.txt and answer.txt as a node with the keys below makes them
 *   wire_peer check DIR    exits 0 when the files in DIR are exactly those
 *   wire_peer accept FILE  exits 0 when a node would accept the request in FILE
 * Keys: requester's seed 02 00…, holder's 01 00…; time 2026-03-10T09:08:07Z; nonce 09 00…; id 01 02 03 00…. */
#include "api/exchange/wire.h"

#include "crypto/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* of tests/vectors/crossing */
static const char crossing[] = "dacf03468d9cdd74976477a1c05aa60e544e4ae346615db8c32c99a86b777588 "
                               "ovovSjVboukHpTAJ6eN8rd96x+ZqCLoHYx9VMHKz8kw= "
                               "p1fbmOwAqGMIF6wqyhPnQdinwbk8t8qT/ZjRyMtPqwRJnV6IUOLRI4RfBEA9EDe1WLvtlrL2nNhviuOhUMR6Bw==";
static const char body[] = "a transaction of this protocol would stand here";
static ent_secret_key requester, holder;
static ent_public_key requester_public, holder_public;
static ent_time at;

static void put(const char *first, const ent_wire_fields *f, const char *text, ent_buf *ret)
{
    ent_buf_fmt(ret, "%s\n", first);
    for (size_t i = 0; i < f->count; i++) ent_buf_fmt(ret, "%s: %s\n", f->field[i].name, f->field[i].value);
    ent_buf_fmt(ret, "\n%s", text);
}

static bool make(ent_buf *ret_request, ent_buf *ret_answer)
{
    static ent_wire_fields asked, answered;
    static const uint8_t digest[32] = {0xab, 0xcd};
    static const char answer[] = "{\"outcome\":\"no hit\"}";
    ent_message m = {.kind = ENT_MESSAGE_SEARCH, .id = {1, 2, 3}, .agreement = "gb-us-2022", .agreement_version = 1,
                     .agreement_digest = digest, .flow = "border-check", .purpose = "terrorism-threat-check",
                     .proof = "c2sp.org/tlog-proof@v1\n", .crossing = crossing, .body = body, .body_len = strlen(body)};
    ent_buf base = ENT_BUF(65536);
    bool ok = ent_wire_request(&m, "gb.home-office", at, (uint8_t[16]){9}, &requester, &asked, &base, NULL) == ENT_OK;
    ent_http_message http = {.method = "POST", .path = "/v1/search", .authority = "", .field = asked.field,
                             .field_count = asked.count};
    ok = ok && ent_wire_answer(&http, 200, NULL, ENT_BYTES(answer, strlen(answer)), at, &holder, &answered, &base, NULL) == ENT_OK;
    put("POST /v1/search", &asked, body, ret_request);
    put("200", &answered, answer, ret_answer);
    ent_buf_free(&base);
    return ok;
}

static bool slurp(const char *path, ent_buf *ret)
{
    char part[4096];
    FILE *f = fopen(path, "rb");
    if (!f) return false;
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) ent_buf_put(ret, part, n);
    fclose(f);
    return true;
}

static bool same(const char *dir, const char *name, ent_buf *want, bool write)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (write) {
        FILE *f = fopen(path, "wb");
        return f && fwrite(want->data, 1, want->len, f) == want->len && fclose(f) == 0;
    }
    ent_buf have = ENT_BUF(1 << 20);
    bool ok = slurp(path, &have) && have.len == want->len && memcmp(have.data, want->data, have.len) == 0;
    ent_buf_free(&have);
    return ok;
}

static int write_or_check(const char *dir, bool write)
{
    ent_buf request = ENT_BUF(1 << 20), answer = ENT_BUF(1 << 20);
    bool ok = make(&request, &answer) && same(dir, "request.txt", &request, write) &&
              same(dir, "answer.txt", &answer, write);
    ent_buf_free(&request);
    ent_buf_free(&answer);
    if (!ok) fprintf(stderr, "%s: not the vectors\n", dir);
    return ok ? 0 : 1;
}

static int accept_request(const char *path)
{
    static ent_wire_fields f;
    ent_buf text = ENT_BUF(1 << 20), base = ENT_BUF(65536);
    char method[16] = "", where[64] = "";
    if (!slurp(path, &text) || sscanf(ent_buf_cstr(&text), "%15s %63s", method, where) != 2) return 1;
    const char *line = strchr(ent_buf_cstr(&text), '\n');
    for (line = line ? line + 1 : ""; *line && *line != '\n';) {
        size_t n = strcspn(line, "\n");
        const char *colon = memchr(line, ':', n);
        if (colon) ent_wire_add(&f, line, (size_t)(colon - line), colon + 1, n - (size_t)(colon - line) - 1);
        line += n + (line[n] == '\n');
    }
    if (*line) line++;
    ent_peer peer = {.name = "us.dhs", .key_count = 1};
    memcpy(peer.key[0], requester_public.b, 32);
    ent_http_message http = {.method = method, .path = where, .authority = "", .field = f.field, .field_count = f.count};
    ent_wire_request_read read;
    ent_err err = {0};
    ent_code code = ent_wire_check_request(&http, ENT_BYTES(line, strlen(line)), &peer, "gb.home-office", at, &read, &base, &err);
    printf("%s %s\n", ent_code_text(code), err.detail);
    ent_buf_free(&text);
    ent_buf_free(&base);
    return code == ENT_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    ent_sign_keys((uint8_t[32]){2}, &requester_public, &requester);
    ent_sign_keys((uint8_t[32]){1}, &holder_public, &holder);
    if (!ent_time_parse("2026-03-10T09:08:07Z", &at)) return 2;
    if (strcmp(argv[1], "accept") == 0) return accept_request(argv[2]);
    return write_or_check(argv[2], strcmp(argv[1], "write") == 0);
}
