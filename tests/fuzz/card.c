#include "fuzz.h"

#include "law/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ent_card c;
    if (ent_card_decode(data, size, &c, NULL) != ENT_OK) return 0;
    fuzz_promise(c.certificate_count >= 1 && *c.name && strncmp(c.address, "https://", 8) == 0);
    return 0;
}
