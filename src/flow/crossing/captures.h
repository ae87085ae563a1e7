/* What was captured of a traveller, between the device and the searches: in memory only, under the desk's name, for ten minutes at
 * most. An image is read once, in the sandbox, when it comes: the officer learns at once whether it is good enough. Asking takes a
 * crossing's captures out and makes one transaction of them; what is taken or dropped is erased.
 *
 *   held ──taken for a crossing, dropped, or ten minutes──> erased
 *
 * Any thread. */
#ifndef FLOW_CAPTURES_H
#define FLOW_CAPTURES_H

#include "flow/flow.h"

enum {
    ENT_CAPTURES = 128,             /* at one time, of all desks */
    ENT_CAPTURES_DESK = 16,         /* of one desk: ten fingers, a face, and some again */
    ENT_CAPTURES_KEPT_MS = 600000,
    ENT_CAPTURE_DESK = 64
};

typedef struct ent_captures ent_captures;

typedef struct ent_capture_ask {
    char desk[ENT_CAPTURE_DESK];       /* where it was captured */
    char device[ENT_PERSON_NAME];   /* whose key signed it; "": a person chose a file */
    uint8_t finger;                 /* 1 to 10, 0 unknown; a transaction has its own */
    bool face;                      /* a plain picture is of a face */
} ent_capture_ask;

typedef struct ent_capture_view {
    uint8_t id[ENT_ID_SIZE];
    char desk[ENT_CAPTURE_DESK], device[ENT_PERSON_NAME];
    uint8_t finger;
    bool stated;                    /* with the statement of its crossing, signed by the desk's capture key: asked with alone */
    size_t prints, faces;           /* usable */
    int quality;                    /* 0 to 100, of the worst print; -1 unknown */
    ent_time at;
} ent_capture_view;

ENT_MUST_CHECK ent_code ent_captures_new(ent_captures **ret_captures, ent_err *err);
void ent_captures_free(ent_captures *c); /* erases; NULL is fine */

/* A file with the statement of its crossing (law/crossing.h) belongs to the desk that the statement names, and needs nobody else's
 * signature: by NULL is whoever reaches the interface, and the officer of the statement asks. A file without one needs `by`.
 * ENT_QUALITY: neither print nor face was found in it: capture again. ENT_BUSY: the desk, or all desks, hold too many. */
ENT_MUST_CHECK ent_code ent_captures_add(ent_captures *c, ent_flow_node *n, const ent_actor *by, const ent_capture_ask *ask, const void *file, size_t len,
                                         ent_capture_view *ret_view, ent_err *err);
/* A desk's, the oldest first. */
void ent_captures_list(ent_captures *c, ent_flow_node *n, const char *desk, void (*see)(void *ctx, const ent_capture_view *v), void *ctx);
/* The picture of one, as PNG. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_captures_show(ent_captures *c, ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_png, ent_err *err);
/* Erases one; false: it was not there. */
bool ent_captures_drop(ent_captures *c, const uint8_t id[ENT_ID_SIZE]);
/* Whether this is one with a statement. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_captures_stated(ent_captures *c, const uint8_t id[ENT_ID_SIZE], bool *ret_stated, ent_err *err);
/* Takes these out and makes one transaction of their prints and faces. one with a statement stays as it is. ENT_NOT_FOUND for
 * one that is not there any more, ENT_USAGE for a statement beside others: nothing is taken then. */
ENT_MUST_CHECK ent_code ent_captures_take(ent_captures *c, ent_flow_node *n, const uint8_t (*ids)[ENT_ID_SIZE], size_t count, ent_buf *ret_transaction,
                                          ent_err *err);

#endif
