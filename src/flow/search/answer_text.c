#include "flow/search/search.h"

#include "base/check.h"
#include "base/text.h"

#include <inttypes.h>
#include <string.h>

static ent_code pad(ent_buf *b, size_t from, ent_err *err)
{
    if (b->len - from > ENT_ANSWER_SIZE) return ent_fail(err, ENT_TOO_LARGE, "an answer of more than %d bytes", ENT_ANSWER_SIZE);
    while (b->len - from < ENT_ANSWER_SIZE && b->failed == ENT_OK) ent_buf_u8(b, ' ');
    return ent_buf_check(b, err);
}

ent_code ent_answer_write(const ent_answer *a, ent_answer_form form, ent_buf *ret_body, ent_err *err)
{
    if (form == ENT_FORM_ITL) return ent_answer_itl_write(a, ret_body, err);
    char reference[ENT_ID_TEXT], head[65];
    size_t from = ret_body->len;
    ent_id_text(a->reference.b, reference);
    ent_hex(a->head, 32, head);
    /* both outcomes have six letters */
    ent_buf_fmt(ret_body, "{\"outcome\":\"%s\",\"reference\":\"%s\",\"index\":%" PRIu64 ",\"head\":\"%s\",\"receipt\":", a->hit ? "hit---" : "no-hit", reference, a->index, head);
    ent_json_text(ret_body, a->receipt);
    ent_buf_str(ret_body, "}");
    return pad(ret_body, from, err);
}

/* ---- reading: the one object that write can have written, members in that order ---- */

typedef struct text {
    const char *at, *end;
} text;

static bool skip(text *t, const char *want)
{
    size_t n = strlen(want);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, want, n) != 0) return false;
    t->at += n;
    return true;
}

static bool take_string(text *t, ent_buf *ret)
{
    if (!skip(t, "\"")) return false;
    while (t->at < t->end && *t->at != '"') {
        char c = *t->at++;
        if (c == '\\') {
            if (t->at == t->end) return false;
            c = *t->at++;
            if (c == 'n') c = '\n';
            else if (c != '"' && c != '\\') return false;
        } else if ((unsigned char)c < 0x20) {
            return false;
        }
        ent_buf_u8(ret, (uint8_t)c);
    }
    return skip(t, "\"");
}

/* Whatever it is: it is written again and compared. */
static uint64_t take_number(text *t)
{
    uint64_t n = 0;
    while (t->at < t->end && *t->at >= '0' && *t->at <= '9') n = n * 10 + (uint64_t)(*t->at++ - '0');
    return n;
}

ent_code ent_answer_read(const void *body, size_t len, ent_answer_form form, ent_answer *ret_answer, ent_buf *ret_receipt, ent_err *err)
{
    if (form == ENT_FORM_ITL) return ent_answer_itl_read(body, len, ret_answer, ret_receipt, err);
    text t = {body, (const char *)body + len};
    ent_answer a = {0};
    ENT_AUTO_BUF reference = ENT_BUF(64), head = ENT_BUF(80), receipt = ENT_BUF(ENT_ANSWER_SIZE), again = ENT_BUF(ENT_ANSWER_SIZE);
    bool ok = len == ENT_ANSWER_SIZE && skip(&t, "{\"outcome\":");
    if (ok && skip(&t, "\"hit---\"")) a.hit = true;
    else ok = ok && skip(&t, "\"no-hit\"");
    ok = ok && skip(&t, ",\"reference\":") && take_string(&t, &reference) && ent_id_parse(ent_buf_cstr(&reference), a.reference.b) && skip(&t, ",\"index\":");
    if (ok) a.index = take_number(&t);
    ok = ok && skip(&t, ",\"head\":") && take_string(&t, &head) && ent_unhex(ent_buf_cstr(&head), a.head, 32);
    ok = ok && skip(&t, ",\"receipt\":") && take_string(&t, &receipt) && skip(&t, "}");
    a.receipt = ent_buf_cstr(&receipt);
    ok = ok && ent_answer_write(&a, form, &again, NULL) == ENT_OK && memcmp(again.data, body, len) == 0;
    if (!ok) return ent_fail(err, ENT_FORMAT, "the partner's answer is not in the form of docs/protocol/search.md");
    a.receipt = NULL;
    *ret_answer = a;
    ent_buf_put(ret_receipt, receipt.data, receipt.len);
    return ent_buf_check(ret_receipt, err);
}

void ent_refusal_write(int status, ent_code code, const char *detail, const char *clause, ent_buf *ret_body)
{
    ent_problem p = {.status = status, .code = code};
    size_t from = ret_body->len;
    snprintf(p.detail, sizeof p.detail, "%s", detail);
    snprintf(p.clause, sizeof p.clause, "%s", clause);
    ent_problem_write(&p, ret_body);
    (void)!pad(ret_body, from, NULL);
}

void ent_refusal_read(const void *body, size_t len, char ret_detail[200], char ret_clause[ENT_LAW_CLAUSE])
{
    ent_problem p = {.detail = "the partner refused without saying why"};
    if (len && *(const char *)body == '{') (void)!ent_problem_read(body, len, &p, NULL); /* failing, p is as it was */
    else ent_refusal_itl_read(body, len, &p);
    snprintf(ret_detail, 200, "%.199s", p.detail);
    snprintf(ret_clause, ENT_LAW_CLAUSE, "%.47s", p.clause);
}
