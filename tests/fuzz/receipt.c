#include "merkle/entry.h"
#include "merkle/note.h"
#include "fuzz.h"

/* An entry, of a receipt or of somebody's tiles: what is read is what would be written. */
static void entry(const uint8_t *data)
{
    ent_entry e;
    uint8_t again[ENT_ENTRY_SIZE];
    if (ent_entry_decode(data, &e, NULL) != ENT_OK) return;
    fuzz_promise(ent_entry_encode(&e, again, NULL) == ENT_OK);
    fuzz_promise(memcmp(again, data, sizeof again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_proof p;
    ent_checkpoint c;
    ent_public_key key = {{1}};
    if (size == ENT_ENTRY_SIZE) entry(data);
    if (ent_proof_parse((const char *)data, size, &p, NULL) == ENT_OK) (void)!ent_checkpoint_parse(p.note, p.note_len, &c, NULL);
    if (ent_proof_verify((const char *)data, size, "gb.example", &key, NULL, NULL, NULL, NULL) == ENT_OK) __builtin_trap();
    return 0;
}
