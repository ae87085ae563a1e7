/* Outcomes. Every function that can fail returns an ent_code that must be looked at; the detail, one sentence that
 * says what was expected and what to do, goes into an ent_err that the caller owns (or NULL). Outputs are written only
 * on ENT_OK. Thread-safe: no state is shared. */
#ifndef ENTENTE_ERROR_H
#define ENTENTE_ERROR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ENT_MUST_CHECK __attribute__((warn_unused_result))
#define ENT_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define ENT_API __attribute__((visibility("default")))
#else
#define ENT_MUST_CHECK
#define ENT_PRINTF(f, a)
#define ENT_API
#endif

/* name, short text, exit status of a command that ends with it (0 done or hit, 1 no hit, 2 wrong use, 3 refused by
 * law or agreement, 4 failed) */
#define ENT_CODES(X)                                                                                                   \
    X(OK, "done", 0)                                                                                                   \
    X(NO_HIT, "no hit", 1)                                                                                             \
    X(USAGE, "wrong use", 2)                                                                                           \
    X(REFUSED, "refused by law or agreement", 3)                                                                       \
    X(QUOTA, "quota exhausted", 3)                                                                                     \
    X(GONE, "destroyed", 3)                                                                                            \
    X(DENIED, "not allowed for this role", 3)                                                                          \
    X(FORMAT, "malformed input", 4)                                                                                    \
    X(TOO_LARGE, "over a limit", 4)                                                                                    \
    X(UNSUPPORTED, "not supported", 4)                                                                                 \
    X(QUALITY, "of too poor quality", 4)                                                                               \
    X(NOT_FOUND, "not found", 4)                                                                                       \
    X(EXISTS, "exists already", 4)                                                                                     \
    X(CONFLICT, "conflicts with what is there", 4)                                                                     \
    X(SIGNATURE, "signature does not verify", 4)                                                                       \
    X(STALE, "outside the time window", 4)                                                                             \
    X(REPLAY, "replayed", 4)                                                                                           \
    X(DAMAGED, "damaged data", 4)                                                                                      \
    X(IO, "input/output failed", 4)                                                                                    \
    X(NO_SPACE, "no space left", 4)                                                                                    \
    X(NO_MEMORY, "out of memory", 4)                                                                                   \
    X(TIMEOUT, "timed out", 4)                                                                                         \
    X(UNREACHABLE, "partner not reachable", 4)                                                                         \
    X(SANDBOX, "decoder was stopped", 4)                                                                               \
    X(BUSY, "busy", 4)                                                                                                 \
    X(INTERNAL, "internal fault", 4)

typedef enum ent_code {
#define ENT_X(name, text, status) ENT_##name,
    ENT_CODES(ENT_X)
#undef ENT_X
        ENT_CODE_COUNT
} ent_code;

typedef struct ent_err {
    ent_code code;
    char detail[320];
} ent_err;

/* Sets *err (may be NULL) and returns code, so that a caller can `return ent_fail(...)`. */
ENT_API ent_code ent_fail(ent_err *err, ent_code code, const char *format, ...) ENT_PRINTF(3, 4);

/* Puts context in front of the detail already in *err, unless it begins with it, and returns its code. */
ENT_API ent_code ent_context(ent_err *err, ent_code code, const char *format, ...) ENT_PRINTF(3, 4);

ENT_API const char *ent_code_text(ent_code code); /* "no hit"; static storage */
ENT_API const char *ent_code_name(ent_code code); /* "NO_HIT"; static storage */
ENT_API int ent_code_exit(ent_code code);

#ifdef __cplusplus
}
#endif

#endif
