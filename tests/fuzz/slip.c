#include "fuzz.h"

#include "flow/redress/slip.h"

/* The text that a traveller shows, and what its issuer sealed in it: what is read is what would be written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ent_slip s;
    static ent_slip_inner inner;
    size_t len;
    ENT_AUTO_BUF again = ENT_BUF(2 * ENT_SLIP_MAX);
    if (ent_slip_read(data, size, &s, &len, NULL) == ENT_OK) {
        fuzz_promise(len <= size && ent_slip_begins(data, size));
        ent_slip_write(&s, &again);
        fuzz_promise(again.len == len && memcmp(again.data, data, len) == 0);
    }
    if (ent_slip_inner_read(data, size, &inner, NULL) == ENT_OK) {
        ent_buf_clear(&again);
        ent_slip_inner_write(&inner, &again);
        fuzz_promise(again.len == size && memcmp(again.data, data, size) == 0);
    }
    return 0;
}
