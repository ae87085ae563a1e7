#include "crypto/arena.h"

#include "base/wipe.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct ent_arena {
    size_t size, used; /* bytes of the mapping, this head among them */
};

static ent_code guard(void *at, size_t size, bool accept_unlocked, ent_err *err)
{
    if (madvise(at, size, MADV_DONTDUMP) != 0 || madvise(at, size, MADV_WIPEONFORK) != 0)
        return ent_fail(err, ENT_UNSUPPORTED, "memory for keys cannot be kept from dumps and children: %s", strerror(errno));
    if (mlock(at, size) == 0 || accept_unlocked) return ENT_OK;
    return ent_fail(err, ENT_DENIED, "memory for keys cannot be locked (%s): raise the limit (LimitMEMLOCK=infinity in the unit, `ulimit -l unlimited`) "
                                     "or set accept-unlocked-memory: true in node.yaml", strerror(errno));
}

ent_code ent_arena_new(size_t size, bool accept_unlocked, ent_arena **ret_arena, ent_err *err)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (size + sizeof(ent_arena) + 15 + page - 1) / page * page;
    ent_arena *a = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) return ent_fail(err, ENT_NO_MEMORY, "out of memory for keys");
    ent_code code = guard(a, whole, accept_unlocked, err);
    if (code != ENT_OK) {
        munmap(a, whole);
        return code;
    }
    a->size = whole;
    a->used = (sizeof *a + 15) & ~(size_t)15;
    *ret_arena = a;
    return ENT_OK;
}

void *ent_arena_take(ent_arena *a, size_t n)
{
    size_t whole = (n + 15) & ~(size_t)15;
    if (whole < n || whole > a->size - a->used) return NULL;
    void *p = (unsigned char *)a + a->used;
    a->used += whole;
    return p;
}

void ent_arena_free(ent_arena *a)
{
    if (!a) return;
    size_t size = a->size;
    ent_wipe(a, size);
    munmap(a, size);
}
