/* Encounters that may be of one person: what the node noticed when it enrolled, for a custodian to look at. Never merged by score. A
 * row names two encounters by their random numbers and nothing else; it goes when they are linked, when a custodian says that they
 * are not of one person, and within the minute when either is gone. */
#ifndef FLOW_LIKELY_H
#define FLOW_LIKELY_H

#include "flow/flow.h"

typedef struct ent_likely_view {
    ent_encounter_id encounter, other; /* the later one first */
    ent_time noticed;
    struct {
        ent_date taken;
        char taken_under[ENT_LAW_NAME];
        size_t parts;
        bool hidden;                   /* due: looked at, and searched by nobody */
    } of[2];
} ent_likely_view;

/* A custodian's act, as linking is. */
ENT_MUST_CHECK ent_code ent_flow_likely(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_likely_view *v), void *ctx, ent_err *err);
/* They are not of one person. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_flow_likely_not(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], const uint8_t other[ENT_ID_SIZE], ent_err *err);

/* Under the lock: notes a pair; drops those of which one is gone or that are linked. */
ENT_MUST_CHECK ent_code ent_likely_note(ent_flow_node *n, const ent_encounter_id *encounter, const ent_encounter_id *other, ent_err *err);
ENT_MUST_CHECK ent_code ent_likely_tick(ent_flow_node *n, ent_err *err);

#endif
