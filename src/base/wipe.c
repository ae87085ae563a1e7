#include "base/wipe.h"

#include <string.h>

void ent_wipe(void *p, size_t n)
{
    if (n) explicit_bzero(p, n);
}

void ent_key32_wipe(ent_key32 *key)
{
    ent_wipe(key->b, sizeof key->b);
}
