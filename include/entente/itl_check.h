/* Conformance of a transaction to ANSI/NIST-ITL: level 1, syntax (character types, lengths, occurrences, ranges, code
 * tables), and level 2, relations between fields and records. Editions 2007 (1.002 VER 0400; earlier ones are held to it),
 * 2011 (0500), its Update 2013 (0501) and Update 2015 (0502). Types 1, 4, 8, 9, 10, 13, 14, 15 and 17 fully, 20 and 21 as
 * far as others refer to them, the fields that types have in common in all of them.
 *
 * Pure: no I/O, no clock, no state; any thread. */
#ifndef ENTENTE_ITL_CHECK_H
#define ENTENTE_ITL_CHECK_H

#include "entente/itl.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ent_itl_check_options {
    /* SHA-256 for xx.996 HAS, which is not looked at when this is NULL */
    void (*sha256)(const void *bytes, size_t len, uint8_t ret_digest[32]);
    const char *domain; /* a domain's name to hold it to besides ("prum", "int-i"); "auto": by 1.013 DOM; NULL: none */
    size_t max_faults;  /* after these no more are told; 0: 1000 */
} ent_itl_check_options;

typedef struct ent_itl_check_result {
    size_t faults, remarks; /* told */
    bool cut;               /* there were more */
    char edition[8];        /* 1.002 VER as it stands */
    char domain[16];        /* the domain that was applied, or "" */
} ent_itl_check_result;

/* Tells the sink every fault in it. ENT_OK whether there are any or not; ENT_FORMAT when it cannot be read at all,
 * ENT_NOT_FOUND for an unknown domain, ENT_TOO_LARGE, ENT_NO_MEMORY. */
ENT_API ENT_MUST_CHECK ent_code ent_itl_check(const void *bytes, size_t len, const ent_itl_check_options *options, const ent_itl_sink *sink,
                                              ent_itl_check_result *ret_result, ent_err *err);

#ifdef __cplusplus
}
#endif

#endif
