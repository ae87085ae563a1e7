/* Vectors of docs/protocol/search.md: what answers a search, as a JSON object and as a transaction.
 *   search_vectors write DIR | check DIR
 * The id is 010203 00…, the head 04 00…, the index 17; the receipt is that of vectors/ledger. */
#include "flow/search/search.h"

#include <stdio.h>
#include <string.h>

static bool same(const char *dir, const char *name, const ent_buf *want, bool write)
{
    char path[4096], have[ENT_ANSWER_SIZE + 1];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, write ? "wb" : "rb");
    if (!f) return false;
    bool ok = write ? fwrite(want->data, 1, want->len, f) == want->len : fread(have, 1, sizeof have, f) == want->len && memcmp(have, want->data, want->len) == 0;
    return fclose(f) == 0 && ok;
}

static bool answers(const char *dir, const char *receipt, bool write)
{
    bool ok = true;
    for (int hit = 0; hit < 2; hit++)
        for (int form = ENT_FORM_JSON; form <= ENT_FORM_ITL; form++) {
            char name[32];
            ent_answer a = {.hit = hit, .reference = {{1, 2, 3}}, .index = 17, .head = {4}, .receipt = receipt}, back;
            ENT_AUTO_BUF b = ENT_BUF(ENT_ANSWER_SIZE), read = ENT_BUF(ENT_ANSWER_SIZE);
            snprintf(name, sizeof name, "%s.%s", hit ? "hit" : "no-hit", form == ENT_FORM_ITL ? "itl" : "json");
            ok = ok && ent_answer_write(&a, (ent_answer_form)form, &b, NULL) == ENT_OK && same(dir, name, &b, write);
            ok = ok && ent_answer_read(b.data, b.len, (ent_answer_form)form, &back, &read, NULL) == ENT_OK && back.hit == a.hit && back.index == a.index &&
                 strcmp(ent_buf_cstr(&read), receipt) == 0;
        }
    return ok;
}

static bool refusals(const char *dir, bool write)
{
    static const uint8_t id[ENT_ID_SIZE] = {1, 2, 3};
    ent_problem p = {.status = 429, .code = ENT_QUOTA, .clause = "Art. 6(2)", .detail = "the day's searches are used up"};
    ENT_AUTO_BUF json = ENT_BUF(ENT_ANSWER_SIZE), itl = ENT_BUF(ENT_ANSWER_SIZE);
    ent_refusal_write(p.status, p.code, p.detail, p.clause, &json);
    ent_refusal_itl_write(id, &p, &itl);
    return same(dir, "refused.json", &json, write) && same(dir, "refused.itl", &itl, write);
}

int main(int argc, char **argv)
{
    char path[4096], receipt[ENT_ANSWER_SIZE] = "";
    if (argc != 3) return 2;
    bool write = strcmp(argv[1], "write") == 0;
    snprintf(path, sizeof path, "%s/../ledger/receipt.tlog-proof", argv[2]);
    FILE *f = fopen(path, "rb");
    bool ok = f && fread(receipt, 1, sizeof receipt - 1, f) > 0 && answers(argv[2], receipt, write) && refusals(argv[2], write);
    if (f) fclose(f);
    if (!ok) fprintf(stderr, "%s: not the vectors\n", argv[2]);
    return ok ? 0 : 1;
}
