#include "flow/chance.h"

#include "adapter/memory/memory.h"

#include <pthread.h>
#include <sodium.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ent_story_random from;

static void draw(void *const ret, const size_t n)
{
    pthread_mutex_lock(&lock);
    ent_random chance = ent_story_random_port(&from);
    chance.fill(chance.self, ret, n);
    pthread_mutex_unlock(&lock);
}

static uint32_t draw_word(void)
{
    uint32_t word;
    draw(&word, sizeof word);
    return word;
}

static const char *name(void) { return "the seed"; }

void chance_seed(uint64_t seed)
{
    static randombytes_implementation chance = {.implementation_name = name, .random = draw_word, .buf = draw};
    from = (ent_story_random){.seed = seed};
    randombytes_set_implementation(&chance);
}
