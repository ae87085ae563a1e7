/* The acts of the desk interface: name and parameters in, one JSON object out (docs/protocol/desk.md). The same table
 * serves the socket, loopback and a command that opened the node by itself. */
#ifndef API_DESK_ACTS_H
#define API_DESK_ACTS_H

#include "flow/flow.h"

#include <jansson.h>

typedef struct ent_desk_request {
    const char *act;        /* "search" */
    const json_t *params;   /* an object of strings */
    const void *body;
    size_t len;
    const ent_actor *by;    /* who was authenticated; NULL only where the table allows nobody */
} ent_desk_request;

/* What the acts need beside the flow: the node's own card. */
typedef struct ent_desk_node {
    ent_flow_node *flow;
    void *self;
    ENT_MUST_CHECK ent_code (*card)(void *self, ent_buf *ret_text, ent_err *err);
    struct ent_crossings *crossings; /* NULL: no node runs here */
} ent_desk_node;

/* ret_json is the caller's to free; it is written only on ENT_OK. ENT_NOT_FOUND for an act that there is not. */
ENT_MUST_CHECK ent_code ent_desk_act(const ent_desk_node *n, const ent_desk_request *r, json_t **ret_json, ent_err *err);
bool ent_desk_needs_person(const char *act); /* false: may be asked by whoever reaches the socket */

#endif
