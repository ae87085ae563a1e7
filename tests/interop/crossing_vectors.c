/* Vectors of docs/protocol/crossing.md, for independent code to check (crossing.mjs).
 *   crossing_vectors write DIR | check DIR
 * Desk's key: seed 07 00…; salt of the statement: 05 00…; salt of "asked": 06 00…; the request's body is that of vectors/exchange. */
#include "base/text.h"
#include "crypto/hash.h"
#include "law/crossing.h"

#include <stdio.h>
#include <string.h>

static const char captured[] = "what a device captured would stand here";
static const char body[] = "a transaction of this protocol would stand here";

static void line(ent_buf *b, const char *name, const uint8_t *bytes, size_t len)
{
    char hex[512];
    ent_hex(bytes, len, hex);
    ent_buf_fmt(b, "%s %s\n", name, hex);
}

/* The first head, counted up from zero, that the lot draws so. */
static void draw(ent_buf *b, const uint8_t reference[16], bool chosen)
{
    uint8_t head[32] = {0};
    while (ent_lot_chosen(head, reference) != chosen)
        if (++head[31] == 0) head[30]++;
    line(b, chosen ? "chosen-head" : "spared-head", head, 32);
}

static bool make(ent_buf *ret_capture, ent_buf *ret_values)
{
    static const uint8_t reference[16] = {1, 2, 3};
    ent_crossing c = {.salt = {5}, .node = "us.dhs", .desk = "jfk-4-17", .device = "scanner-0042", .officer = "o.example", .reference = "F1234", .issued_by = "UTO", .document = "L898902C3",
                      .nationality = "UTO", .protection = true, .feared_count = 2, .feared = {"XXA", "XXB"}};
    ent_public_key public;
    ent_secret_key desk;
    ent_pledge p;
    uint8_t digest[32], content[32 + sizeof p], salt[32] = {6}, asked[32];
    char header[ENT_PLEDGE_MAX];
    ent_sign_keys((uint8_t[32]){7}, &public, &desk);
    if (!ent_time_parse("2026-03-10T09:08:07Z", &c.time) || ent_crossing_sign(&c, ENT_BYTES(captured, strlen(captured)), &desk, ret_capture, NULL) != ENT_OK) return false;
    memcpy(p.commitment, c.commitment, 32);
    memcpy(p.key, public.b, 32);
    memcpy(p.signature, c.signature, sizeof p.signature);
    ent_pledge_text(&p, header);
    ent_sha256(body, strlen(body), digest);
    memcpy(content, digest, 32);
    memcpy(content + 32, &p, sizeof p);
    ent_hmac_sha256(salt, 32, &ENT_BYTES(content, sizeof content), 1, asked);
    ent_buf_fmt(ret_values, "Entente-Crossing: %s\n", header);
    line(ret_values, "asked-salt", salt, 32);
    line(ret_values, "body-sha256", digest, 32);
    line(ret_values, "asked-commitment", asked, 32);
    line(ret_values, "reference", reference, 16);
    draw(ret_values, reference, true);
    draw(ret_values, reference, false);
    return ent_pledge_verify(&p) && ent_buf_check(ret_values, NULL) == ENT_OK;
}

static bool same(const char *dir, const char *name, const ent_buf *want, bool write)
{
    char path[4096], have[16384];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, write ? "wb" : "rb");
    if (!f) return false;
    bool ok = write ? fwrite(want->data, 1, want->len, f) == want->len : fread(have, 1, sizeof have, f) == want->len && memcmp(have, want->data, want->len) == 0;
    return fclose(f) == 0 && ok;
}

int main(int argc, char **argv)
{
    ent_buf capture = ENT_BUF(8192), values = ENT_BUF(8192);
    if (argc != 3) return 2;
    bool write = strcmp(argv[1], "write") == 0;
    bool ok = make(&capture, &values) && same(argv[2], "capture", &capture, write) && same(argv[2], "values", &values, write);
    ent_buf_free(&capture);
    ent_buf_free(&values);
    if (!ok) fprintf(stderr, "%s: not the vectors\n", argv[2]);
    return ok ? 0 : 1;
}
