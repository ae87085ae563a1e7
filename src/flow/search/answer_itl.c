/* The answer as an ANSI/NIST-ITL transaction: SRE, of a refusal ERR (docs/protocol/itl-domain.md). It says what the JSON object says, in the
 * same number of bytes, and nothing else: dates and names in it are constant. */
#include "flow/search/search.h"

#include "base/check.h"
#include "base/text.h"
#include "entente/itl.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTCOME = 910, REFERENCE = 911, INDEX = 912, HEAD = 913, RECEIPT = 914, STATUS = 915, TYPE = 916, CLAUSE = 917, DETAIL = 918, PADDING = 919 };

/* A Type-2 field of ours; a list of them ends with number 0. */
typedef struct said {
    uint32_t number;
    const char *text;
} said;

static void put_first(ent_itl_writer *w, const char *tot, const char *reference)
{
    ent_itl_begin(w, 1, -1);
    ent_itl_put(w, 2, "0502");
    ent_itl_put(w, 4, tot);
    ent_itl_put(w, 5, "19700101");
    ent_itl_put(w, 7, "ENTENTE");
    ent_itl_put(w, 8, "ENTENTE");
    ent_itl_put(w, 9, reference);
    ent_itl_put(w, 10, "SEARCH");
    ent_itl_put(w, 11, "00.00");
    ent_itl_put(w, 12, "00.00");
    ent_itl_put(w, 13, "ENTENTE\x1f" "1.0");
}

static ent_code write_padded(const char *tot, const char *reference, const said *s, size_t padding, ent_buf *ret, ent_err *err)
{
    ent_itl_writer *w;
    ENT_AUTO_BUF zeros = ENT_BUF(ENT_ANSWER_SIZE + 1);
    ENT_TRY(ent_itl_writer_new(&w, err));
    put_first(w, tot, reference);
    ent_itl_begin(w, 2, 0);
    for (; s->number; s++)
        if (*s->text) ent_itl_put(w, s->number, s->text);
    for (size_t i = 0; i < padding; i++) ent_buf_u8(&zeros, '0');
    ent_itl_put_bytes(w, PADDING, zeros.data, zeros.len);
    ent_code code = ent_itl_finish(w, ent_buf_sink, ret, err);
    ent_itl_writer_free(w);
    return code == ENT_OK ? ent_buf_check(ret, err) : code;
}

/* Padded to the one size: the second time, or the third, when LEN has got a digit more by it. */
static ent_code write_sized(const char *tot, const char *reference, const said *s, ent_buf *ret_body, ent_err *err)
{
    long padding = 1;
    for (int tries = 0; tries < 3 && padding > 0; tries++) {
        ENT_AUTO_BUF b = ENT_BUF(4 * ENT_ANSWER_SIZE);
        ENT_TRY(write_padded(tot, reference, s, (size_t)padding, &b, err));
        if (b.len == ENT_ANSWER_SIZE) return ent_buf_put(ret_body, b.data, b.len), ent_buf_check(ret_body, err);
        padding += ENT_ANSWER_SIZE - (long)b.len;
    }
    return ent_fail(err, ENT_TOO_LARGE, "an answer of more than %d bytes", ENT_ANSWER_SIZE);
}

ent_code ent_answer_itl_write(const ent_answer *a, ent_buf *ret_body, ent_err *err)
{
    char reference[ENT_ID_TEXT], head[65], index[24];
    ENT_AUTO_BUF receipt = ENT_BUF(2 * ENT_ANSWER_SIZE);
    ent_id_text(a->reference.b, reference);
    ent_hex(a->head, 32, head);
    snprintf(index, sizeof index, "%" PRIu64, a->index);
    ent_buf_base64(&receipt, (const uint8_t *)a->receipt, strlen(a->receipt));
    ENT_TRY(ent_buf_check(&receipt, err));
    const said s[] = {{OUTCOME, a->hit ? "hit---" : "no-hit"}, {REFERENCE, reference}, {INDEX, index}, {HEAD, head}, {RECEIPT, ent_buf_cstr(&receipt)}, {0, NULL}};
    return write_sized("SRE", reference, s, ret_body, err);
}

/* Any other character, a separator foremost, becomes '?'. */
static void printable(char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e) *text = '?';
}

void ent_refusal_itl_write(const uint8_t id[ENT_ID_SIZE], const ent_problem *problem, ent_buf *ret_body)
{
    char reference[ENT_ID_TEXT], status[12], type[ENT_PROBLEM_URN];
    ent_problem p = *problem;
    ent_id_text(id, reference);
    snprintf(status, sizeof status, "%d", p.status);
    ent_problem_type(p.code, type);
    printable(p.clause);
    printable(p.detail);
    const said s[] = {{STATUS, status}, {TYPE, type}, {CLAUSE, p.clause}, {DETAIL, p.detail}, {0, NULL}};
    (void)!write_sized("ERR", reference, s, ret_body, NULL); /* all of it has bounds far below the size */
}

/* ---- reading: no parser of transactions, which would be one for a partner's bytes beside the node's keys ---- */

/* What stands between "2.NUMBER:" and the next separator; false: nothing does. */
static bool value(const char *body, size_t len, uint32_t number, ent_buf *ret)
{
    char tag[16];
    int n = snprintf(tag, sizeof tag, "%c2.%u:", ENT_ITL_GS, number);
    const char *at = memmem(body, len, tag, (size_t)n), *end = body + len;
    if (!at) return false;
    at += n;
    while (at < end && (unsigned char)*at >= 0x20) ent_buf_u8(ret, (uint8_t)*at++);
    return ret->failed == ENT_OK;
}

static bool take(const char *body, size_t len, ent_answer *ret, ent_buf *receipt)
{
    ENT_AUTO_BUF outcome = ENT_BUF(64), reference = ENT_BUF(64), index = ENT_BUF(64), head = ENT_BUF(128), base64 = ENT_BUF(ENT_ANSWER_SIZE);
    size_t n;
    bool ok = value(body, len, OUTCOME, &outcome) && value(body, len, REFERENCE, &reference) && value(body, len, INDEX, &index) &&
              value(body, len, HEAD, &head) && value(body, len, RECEIPT, &base64);
    uint8_t *plain = ok ? malloc(ENT_ANSWER_SIZE) : NULL;
    ok = plain && ent_id_parse(ent_buf_cstr(&reference), ret->reference.b) && ent_unhex(ent_buf_cstr(&head), ret->head, 32) &&
         ent_unbase64((const char *)base64.data, base64.len, plain, ENT_ANSWER_SIZE, &n) && !memchr(plain, 0, n);
    if (ok) ent_buf_put(receipt, plain, n);
    free(plain);
    if (!ok) return false;
    ret->hit = strcmp(ent_buf_cstr(&outcome), "hit---") == 0;
    ret->index = strtoull(ent_buf_cstr(&index), NULL, 10);
    ret->receipt = ent_buf_cstr(receipt);
    return true;
}

/* The one transaction that write can have written: it is written again and must be the same. */
ent_code ent_answer_itl_read(const void *body, size_t len, ent_answer *ret_answer, ent_buf *ret_receipt, ent_err *err)
{
    ent_answer a = {0};
    ENT_AUTO_BUF again = ENT_BUF(ENT_ANSWER_SIZE), receipt = ENT_BUF(ENT_ANSWER_SIZE);
    bool ok = len == ENT_ANSWER_SIZE && take(body, len, &a, &receipt) && ent_answer_itl_write(&a, &again, NULL) == ENT_OK &&
              again.len == len && memcmp(again.data, body, len) == 0;
    if (!ok) return ent_fail(err, ENT_FORMAT, "the partner's answer is not the SRE of docs/protocol/itl-domain.md");
    a.receipt = NULL;
    *ret_answer = a;
    ent_buf_put(ret_receipt, receipt.data, receipt.len);
    return ent_buf_check(ret_receipt, err);
}

void ent_refusal_itl_read(const void *body, size_t len, ent_problem *ret_problem)
{
    ENT_AUTO_BUF detail = ENT_BUF(ENT_ANSWER_SIZE), clause = ENT_BUF(ENT_ANSWER_SIZE);
    if (!value(body, len, DETAIL, &detail)) return;
    snprintf(ret_problem->detail, sizeof ret_problem->detail, "%s", ent_buf_cstr(&detail));
    if (value(body, len, CLAUSE, &clause)) snprintf(ret_problem->clause, sizeof ret_problem->clause, "%s", ent_buf_cstr(&clause));
}
