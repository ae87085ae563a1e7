/* What a witness reads: the body of add-checkpoint, a verifier key, a tile's name. What was read is written the same. */
#include "merkle/tile.h"
#include "merkle/witness.h"
#include "fuzz.h"

#include <string.h>

static void read_body(const char *text, size_t len)
{
    ent_add_checkpoint add;
    ent_checkpoint c;
    ent_public_key key = {{1}};
    bool fork;
    ENT_AUTO_BUF again = ENT_BUF(2 * ENT_ADD_CHECKPOINT_MAX);
    if (ent_add_checkpoint_parse(text, len, &add, NULL) != ENT_OK) return;
    fuzz_promise(ent_add_checkpoint_write(&add, &again, NULL) == ENT_OK && again.len == len && memcmp(again.data, text, len) == 0);
    const ent_known_log log = {.origin = "example.com/behind-the-sofa", .key = &key, .key_count = 1};
    fuzz_promise(ent_witness_judge(&add, &log, &c, &fork) != ENT_WITNESS_TAKE && !fork);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512], name[ENT_ORIGIN_MAX], vkey[ENT_VKEY_MAX], path[ENT_TILE_PATH];
    uint8_t type;
    ent_public_key key;
    ent_tile tile;
    read_body((const char *)data, size);
    if (size == 0 || size >= sizeof text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (ent_vkey_read(text, name, &type, &key, NULL) == ENT_OK) fuzz_promise(ent_vkey_write(name, type, &key, vkey, NULL) == ENT_OK && strcasecmp(vkey, text) == 0);
    if (ent_tile_parse(text, &tile)) {
        ent_tile_path(&tile, path);
        fuzz_promise(strcmp(path, text) == 0);
        (void)ent_tile_in(&tile, UINT64_MAX);
    }
    return 0;
}
