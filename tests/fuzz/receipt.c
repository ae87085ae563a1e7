#include "merkle/note.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_proof p;
    ent_checkpoint c;
    ent_public_key key = {{1}};
    if (ent_proof_parse((const char *)data, size, &p, NULL) == ENT_OK) (void)!ent_checkpoint_parse(p.note, p.note_len, &c, NULL);
    if (ent_proof_verify((const char *)data, size, "gb.example", &key, NULL, NULL, NULL, NULL) == ENT_OK) __builtin_trap();
    return 0;
}
