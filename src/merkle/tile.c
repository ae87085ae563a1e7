#include "merkle/tile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_MAX (UINT64_MAX >> 9) /* so that the end index of a bundle is a number */

void ent_tile_path(const ent_tile *tile, char ret_path[ENT_TILE_PATH])
{
    unsigned groups[7];
    int count = 0;
    size_t at;
    uint64_t n = tile->index;
    do groups[count++] = (unsigned)(n % 1000);
    while ((n /= 1000));
    if (tile->entries) at = (size_t)snprintf(ret_path, ENT_TILE_PATH, "entries");
    else at = (size_t)snprintf(ret_path, ENT_TILE_PATH, "%u", tile->level);
    while (count-- > 0) at += (size_t)snprintf(ret_path + at, ENT_TILE_PATH - at, count ? "/x%03u" : "/%03u", groups[count]);
    if (tile->width != ENT_TILE_WIDTH) snprintf(ret_path + at, ENT_TILE_PATH - at, ".p/%u", tile->width);
}

/* Reads loosely; ent_tile_parse compares with the one spelling. */
static bool read_index(const char *at, ent_tile *t)
{
    for (;;) {
        const char *digits = *at == 'x' ? at + 1 : at;
        if (strspn(digits, "0123456789") != 3 || t->index > INDEX_MAX / 1000) return false;
        t->index = t->index * 1000 + (uint64_t)(digits[0] - '0') * 100 + (uint64_t)(digits[1] - '0') * 10 + (uint64_t)(digits[2] - '0');
        at = digits + 3;
        if (*at != '/') break;
        at++;
    }
    if (!*at) return true;
    if (strncmp(at, ".p/", 3) != 0 || strspn(at + 3, "0123456789") > 3) return false;
    unsigned long width = strtoul(at + 3, NULL, 10);
    if (width < 1 || width >= ENT_TILE_WIDTH) return false;
    t->width = (uint16_t)width;
    return true;
}

bool ent_tile_parse(const char *path, ent_tile *ret_tile)
{
    ent_tile t = {.width = ENT_TILE_WIDTH};
    char again[ENT_TILE_PATH];
    const char *slash = strchr(path, '/');
    if (!slash || strlen(path) >= ENT_TILE_PATH) return false;
    t.entries = strncmp(path, "entries/", 8) == 0;
    if (!t.entries) {
        unsigned long level = strtoul(path, NULL, 10);
        if (level > 63) return false;
        t.level = (uint8_t)level;
    }
    if (!read_index(slash + 1, &t)) return false;
    ent_tile_path(&t, again);
    if (strcmp(again, path) != 0) return false;
    *ret_tile = t;
    return true;
}

bool ent_tile_in(const ent_tile *tile, uint64_t size)
{
    if (tile->level > 7) return false; /* 256^8 entries are more than a size can say */
    uint64_t hashes = size >> (8 * tile->level);
    return tile->index <= INDEX_MAX && tile->index * ENT_TILE_WIDTH + tile->width <= hashes;
}
