#include "api/desk/desk.h"

#include "base/text.h"
#include "crypto/hash.h"

#include <inttypes.h>

ent_code ent_desk_text(const char *act, const char *query, const char *name, int64_t ms, const char *nonce, const void *body, size_t len,
                       ent_buf *ret_text, ent_err *err)
{
    uint8_t digest[32];
    char hex[65];
    ent_sha256(body, len, digest);
    ent_hex(digest, 32, hex);
    ent_buf_fmt(ret_text, "entente-desk/v1\n%s\n%s\n%s\n%" PRId64 "\n%s\n%s\n", act, query, name, ms, nonce, hex);
    return ent_buf_check(ret_text, err);
}
