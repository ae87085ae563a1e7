#include "fuzz.h"

#include "port/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_problem p, q;
    if (ent_problem_read(data, size, &p, NULL) != ENT_OK) return 0;
    ent_buf b = ENT_BUF(4096);
    ent_problem_write(&p, &b);
    fuzz_promise(ent_problem_read(b.data, b.len, &q, NULL) == ENT_OK);
    fuzz_promise(p.code == q.code && p.status == q.status && strcmp(p.clause, q.clause) == 0);
    ent_buf_free(&b);
    return 0;
}
