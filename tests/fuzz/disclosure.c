#include "fuzz.h"

#include "flow/disclosure/disclosure.h"

#include <stdlib.h>

/* A disclosure that is read is written again as it was; one of the first version as the second, which says the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_disclosed_text *d = calloc(2, sizeof *d);
    ENT_AUTO_BUF again = ENT_BUF(ENT_DISCLOSED_MAX + 4096), twice = ENT_BUF(ENT_DISCLOSED_MAX + 4096);
    if (d && ent_disclosed_read(data, size, &d[0], NULL) == ENT_OK) {
        fuzz_promise(d[0].count <= ENT_DISCLOSED_VALUES);
        ent_disclosed_write(&d[0], &again);
        fuzz_promise(ent_disclosed_read(again.data, again.len, &d[1], NULL) == ENT_OK);
        fuzz_promise(d[1].count == d[0].count && memcmp(d[1].candidate.b, d[0].candidate.b, ENT_ID_SIZE) == 0 && strcmp(d[1].on_behalf_of, d[0].on_behalf_of) == 0);
        ent_disclosed_write(&d[1], &twice);
        fuzz_promise(again.len == twice.len && memcmp(again.data, twice.data, again.len) == 0);
    }
    free(d);
    return 0;
}
