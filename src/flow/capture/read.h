/* The decoder's job "capture": a file from outside into a capture. Pure: bytes in, bytes out; runs in the process without
 * keys. Takes ANSI/NIST-ITL transactions and plain images. */
#ifndef FLOW_CAPTURE_READ_H
#define FLOW_CAPTURE_READ_H

#include "flow/capture/capture.h"

ENT_MUST_CHECK ent_code ent_capture_read(const void *bytes, size_t len, ent_buf *ret_capture, ent_err *err);

/* A transaction in the domain ENTENTE (docs/protocol/itl-domain.md) that holds the capture's images of these modalities (bits of
 * ent_modality) and nothing else of it: the body of a search. */
ENT_MUST_CHECK ent_code ent_capture_pack(const ent_capture *c, uint32_t modalities, ent_buf *ret_transaction, ent_err *err);

/* The decoder's job "picture": any image from outside into a PNG that people can look at. */
ENT_MUST_CHECK ent_code ent_capture_picture(const void *bytes, size_t len, ent_buf *ret_png, ent_err *err);

/* The decoder's job "pixels": any image into its width and height (32 bits each, big-endian) and R G B, made smaller where a side
 * has more than 1,280 pixels. */
ENT_MUST_CHECK ent_code ent_capture_pixels(const void *bytes, size_t len, ent_buf *ret_pixels, ent_err *err);

#endif
