/* What libsodium draws by itself comes from a seed too: a sealed box's own key is in what is committed to, so in the tree's heads, so in the lot,
 * which would choose by chance. One at a time; threads may draw. */
#ifndef TESTS_FLOW_CHANCE_H
#define TESTS_FLOW_CHANCE_H

#include <stdint.h>

void chance_seed(uint64_t seed);

#endif
