/* Bytes from outside made into values, as a port: the node does it in a process without keys, database or network
 * (adapter/sandbox), a story in the same process. The job is a pure function; its result is validated by the caller as
 * if it came from outside too. */
#ifndef PORT_DECODER_H
#define PORT_DECODER_H

#include "base/buf.h"
#include "entente/error.h"

typedef struct ent_decoder {
    void *self;
    /* Runs the named job on the bytes and appends its result (at most ret_result->max bytes). The job's own refusal
     * comes back as its code and detail; ENT_SANDBOX when the decoder was stopped, ENT_TIMEOUT, ENT_BUSY. Any thread. */
    ENT_MUST_CHECK ent_code (*run)(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret_result,
                                   ent_err *err);
} ent_decoder;

#endif
