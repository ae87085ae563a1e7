#include "fuzz.h"

#include "base/check.h"
#include "flow/search/search.h"

/* The body of a holder's answer, in either form: what is read is what would be written, byte for byte; of a refusal whatever can be said. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *body = malloc(ENT_ANSWER_SIZE);
    char detail[200] = "", clause[ENT_LAW_CLAUSE] = "";
    if (!body || !size || size > ENT_ANSWER_SIZE) return free(body), 0;
    for (int form = ENT_FORM_JSON; form <= ENT_FORM_ITL; form++) {
        ent_answer a = {0};
        ENT_AUTO_BUF receipt = ENT_BUF(ENT_ANSWER_SIZE), again = ENT_BUF(2 * ENT_ANSWER_SIZE);
        memset(body, ' ', ENT_ANSWER_SIZE); /* the padding of one form, so that a short input is an answer */
        memcpy(body, data, size);
        if (ent_answer_read(body, form == ENT_FORM_JSON ? ENT_ANSWER_SIZE : size, (ent_answer_form)form, &a, &receipt, NULL) != ENT_OK) continue;
        a.receipt = ent_buf_cstr(&receipt);
        fuzz_promise(ent_answer_write(&a, (ent_answer_form)form, &again, NULL) == ENT_OK);
        fuzz_promise(again.len == ENT_ANSWER_SIZE && memcmp(again.data, body, ENT_ANSWER_SIZE) == 0);
    }
    free(body);
    ent_refusal_read(data, size, detail, clause);
    fuzz_promise(memchr(detail, 0, sizeof detail) && memchr(clause, 0, sizeof clause));
    return 0;
}
