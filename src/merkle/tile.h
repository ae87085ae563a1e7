/* C2SP tlog-tiles: the names of tiles ("0/x001/234", "entries/000.p/17") and which of them a tree has. Pure. */
#ifndef MERKLE_TILE_H
#define MERKLE_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ENT_TILE_WIDTH = 256, ENT_TILE_PATH = 64 };

typedef struct ent_tile {
    bool entries;    /* an entry bundle; its level is 0 */
    uint8_t level;   /* 0 to 63: each hash spans 256^level entries */
    uint64_t index;  /* of the tile in its level */
    uint16_t width;  /* 1 to 255, or ENT_TILE_WIDTH for a full one */
} ent_tile;

/* What stands after "tile/". False for anything but the one canonical spelling. */
bool ent_tile_parse(const char *path, ent_tile *ret_tile);
void ent_tile_path(const ent_tile *tile, char ret_path[ENT_TILE_PATH]);
/* Whether a tree of this many entries has every hash (or entry) of the tile. */
bool ent_tile_in(const ent_tile *tile, uint64_t size);

#endif
