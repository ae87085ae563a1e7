#include "flow/capture/capture.h"
#include "fuzz.h"

/* What is taken is written back byte for byte. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_capture c;
    if (ent_capture_decode(data, size, &c, NULL) != ENT_OK) return 0;
    ent_buf again = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture_encode(&c, &again);
    if (again.len != size || __builtin_memcmp(again.data, data, size) != 0) __builtin_trap();
    ent_buf_free(&again);
    ent_capture_free(&c);
    return 0;
}
