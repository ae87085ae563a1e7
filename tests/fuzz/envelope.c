#include "fuzz.h"

#include "law/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ent_envelope e;
    static ent_agreement a = {.name = "x", .version = 2, .party_count = 2, .witness_count = 1};
    if (ent_envelope_decode(data, size, &e, NULL) != ENT_OK) return 0;
    strcpy(a.party[0].name, "gb");
    strcpy(a.party[1].name, "us");
    ent_buf again = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(&e, &again);
    fuzz_promise(again.len == size && memcmp(again.data, data, size) == 0);
    ent_agreement_state state;
    ent_code code = ent_envelope_verify(&e, &a, NULL, &state, NULL);
    fuzz_promise(code != ENT_OK || state == ent_envelope_state(&e, &a, NULL));
    ent_envelope half = e, both = e;
    half.count /= 2;
    fuzz_promise(ent_envelope_join(&e, &both, NULL) == ENT_EXISTS);
    fuzz_promise(ent_envelope_join(&half, &both, NULL) == (e.count ? ENT_OK : ENT_EXISTS) && both.count == e.count);
    fuzz_promise(ent_envelope_join(&e, &half, NULL) == ENT_EXISTS);
    ent_buf_free(&again);
    ent_envelope_free(&e);
    return 0;
}
