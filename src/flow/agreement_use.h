/* How an agreement is used: the picture that custodians and auditors look at. Numbers of this node's own ledger and quotas; of what the
 * flows open, see flow/simulate. */
#ifndef FLOW_AGREEMENT_USE_H
#define FLOW_AGREEMENT_USE_H

#include "flow/flow.h"

enum { ENT_USE_DAYS = 30, ENT_USE_ALARMS = 20, ENT_USE_ENTRIES = 200000 /* of the ledger, the latest, that are looked at */ };

typedef struct ent_flow_use {
    const ent_flow *flow;
    bool holder, requester;             /* this node's side */
    uint64_t day[ENT_USE_DAYS];         /* searches answered as holder; [0] is today, UTC */
    uint64_t answered_hit, answered_no_hit, refused; /* as holder */
    uint64_t asked, received, local;    /* as requester; local: in a copy */
    uint64_t examined, disclosed, recalled, kept, alarms;
} ent_flow_use;

typedef struct ent_agreement_use {
    const ent_agreement *agreement;
    const void *file;                   /* the signed file */
    size_t file_len;
    ent_time since;                     /* of the first entry that was looked at */
    ent_flow_use of[ENT_AGREEMENT_FLOWS];
    struct {
        ent_time at;
        char flow[ENT_FLOW_NAME], clause[ENT_LAW_CLAUSE];
    } alarm[ENT_USE_ALARMS];            /* the latest first: under this agreement, or under none */
    size_t alarm_count;
} ent_agreement_use;

/* A custodian's or an auditor's act. `see` is called once, what it sees is valid until it returns; it must not call the flow. */
ENT_MUST_CHECK ent_code ent_flow_agreement_use(ent_flow_node *n, const ent_actor *by, const char *name,
                                               void (*see)(void *ctx, const ent_agreement_use *u), void *ctx, ent_err *err);

#endif
