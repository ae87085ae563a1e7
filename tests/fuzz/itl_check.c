#include "entente/itl_check.h"
#include "fuzz.h"

static void count(void *ctx, const ent_itl_fault *f)
{
    size_t *faults = ctx;
    *faults += f->level != 0;
}

/* Lenient reading and the check take anything; what strict reading takes, lenient reading takes without a word. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t told = 0, forgiven = 0;
    const ent_itl_sink sink = {count, &told}, lenient = {count, &forgiven};
    ent_itl_check_result result = {0};
    const ent_itl_check_options options = {.domain = "auto"};
    ent_itl *t = NULL;
    if (ent_itl_check(data, size, &options, &sink, &result, NULL) == ENT_OK && result.faults != told) __builtin_trap();
    bool strict = ent_itl_parse(data, size, &t, NULL) == ENT_OK;
    ent_itl_free(t);
    t = NULL;
    bool read = ent_itl_parse_lenient(data, size, &lenient, &t, NULL) == ENT_OK;
    ent_itl_free(t);
    if (strict && (!read || forgiven)) __builtin_trap();
    return 0;
}
