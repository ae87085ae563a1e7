/* The network runtime behind plain C: OpenCV's dnn module, reading ONNX, on the CPU and in the calling thread only; XNNPACK calculates what it can
 * (fast.h), where it was there at build time. One net is used by one thread at a time. Without OpenCV at build time every open is ENT_UNSUPPORTED. */
#ifndef FACE_NET_H
#define FACE_NET_H

#include "entente/error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ent_net ent_net;

/* The bytes of an ONNX file; not kept. shape: channels, height, width of the input. ENT_UNSUPPORTED with the runtime's own words. */
ENT_MUST_CHECK ent_code ent_net_open(const void *bytes, size_t len, const char *name, const int shape[3], ent_net **ret_net, ent_err *err);
void ent_net_close(ent_net *net); /* NULL is fine */
const char *ent_net_runtime(const ent_net *net); /* what calculates: "XNNPACK", "OpenCV" */

typedef struct ent_net_output {
    const char *name; /* NULL: the network's only output */
    float *values;    /* the caller's */
    size_t count;     /* floats that must come; another number is ENT_UNSUPPORTED */
} ent_net_output;

/* input: as many floats as the shape has. */
ENT_MUST_CHECK ent_code ent_net_run(ent_net *net, const float *input, const ent_net_output *outputs, size_t count, ent_err *err);

#ifdef __cplusplus
}
#endif

#endif
