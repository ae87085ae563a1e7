/* A draft agreement run against what this node holds today: what it would make searchable, what would leave, whom it would stop, and
 * what differs from the version in force. Numbers only; cells under ten, and those that reveal them by subtraction, are hidden
 * (flow/report/suppress.h). It changes nothing and tells nobody. */
#ifndef FLOW_SIMULATE_H
#define FLOW_SIMULATE_H

#include "flow/flow.h"
#include "flow/report/suppress.h"
#include "law/simulate.h"

/* what persons are counted by: each a partition of those who become searchable */
#define ENT_SIMULATED_BY(X) X(POWER, "power") X(CATEGORY, "category") X(AGE, "age") X(NATIONALITY, "nationality")

typedef enum ent_simulated_by {
#define ENT_X(name, text) ENT_SIMULATED_##name,
    ENT_SIMULATED_BY(ENT_X)
#undef ENT_X
        ENT_SIMULATED_BYS
} ent_simulated_by;

const char *ent_simulated_by_text(ent_simulated_by by); /* static */

enum { ENT_SIMULATED_GROUPS = 400 }; /* 32 powers, 249 countries and a few more */

typedef struct ent_simulated_group {
    ent_simulated_by by;
    char label[ENT_LAW_NAME];
    ent_cell persons;
} ent_simulated_group;

typedef struct ent_simulated_flow {
    char name[ENT_FLOW_NAME], requester[ENT_PARTY_NAME];
    ent_cell persons;                     /* who become searchable */
    ent_cell before, added, removed, same; /* before: who are, under the version in force; before = removed + same, persons = added + same */
    size_t group_count;
    ent_simulated_group group[ENT_SIMULATED_GROUPS];
    char unknown_power[ENT_AGREEMENT_POWERS][ENT_LAW_NAME]; /* regimes that this node does not have: they show nobody */
    size_t unknown_power_count;
    uint32_t on_hit, on_confirmed;        /* fields that would leave, as bits */
    uint32_t on_hit_before, on_confirmed_before;
    bool changes, gone;                   /* there is such a flow in force; there is none in the draft (only `before` and `removed` say something) */
    uint32_t per_day, per_day_before;     /* 0: no quota */
    ent_stops stops, stops_before;
} ent_simulated_flow;

typedef struct ent_simulated {
    char name[ENT_LAW_NAME];
    uint32_t version, version_before;     /* before 0: none is in force */
    ent_date day;
    size_t flow_count;
    ent_simulated_flow flow[2 * ENT_AGREEMENT_FLOWS];
} ent_simulated;

typedef struct ent_simulate_options {
    double travellers_day;                /* 0: the quota */
    double on_file_per_million;           /* of those travellers */
    unsigned prints;                      /* of one search; 0: one */
} ent_simulate_options;

/* A custodian's or an auditor's act. Flows in which another party is the holder are left out. Persons are counted, not encounters.
 * ENT_FORMAT for a file that is no agreement, ENT_REFUSED when this node is no party. The caller frees ret_simulated with free(). */
ENT_MUST_CHECK ent_code ent_flow_simulate(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_simulate_options *options,
                                          ent_simulated **ret_simulated, ent_err *err);

#endif
