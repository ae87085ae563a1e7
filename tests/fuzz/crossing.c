#include "fuzz.h"

#include "law/crossing.h"

/* What is read is what would be written, and the capture lies inside the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_crossing c;
    ent_bytes capture;
    ent_pledge p;
    char text[ENT_PLEDGE_MAX];
    if (size < sizeof text) {
        memcpy(text, data, size);
        text[size] = 0;
        if (ent_pledge_read(text, &p, NULL) == ENT_OK) (void)!ent_pledge_verify(&p);
    }
    if (ent_crossing_read(data, size, &c, &capture, NULL) != ENT_OK) return 0;
    ENT_AUTO_BUF again = ENT_BUF(ENT_CROSSING_MAX);
    ent_statement_write(&c, &again);
    fuzz_promise(again.len < size && memcmp(again.data, data, again.len) == 0);
    fuzz_promise((const uint8_t *)capture.data + capture.len == data + size);
    return 0;
}
