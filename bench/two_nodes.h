/* Two nodes of a benchmark, which have agreed: the real clock, real chance, and messages from hand to hand until each is a process of its own.
 * What fails ends the program. */
#ifndef BENCH_TWO_NODES_H
#define BENCH_TWO_NODES_H

#include "flow/flow.h"

typedef struct bench_node {
    ent_flow_config c;
    ent_flow_node *flow;
    struct bench_node *other;
    ent_buf certificate, key; /* PEM, with a NUL behind */
    ent_actor custodian, deputy;
} bench_node;

_Noreturn void bench_die(const char *what, const ent_err *err);
void bench_must(ent_code code, const char *what, const ent_err *err);
/* What needs no disk: store, key slots and ledger, and how files are decoded, are for the caller to set. The regimes are not copied. */
void bench_begin(bench_node *n, const char *name, uint8_t seed, bench_node *other, const ent_regime *regimes, size_t regime_count);
/* SQLite, key slots and a ledger in a folder. create: of the key slots, once. */
void bench_on_disk(bench_node *n, const char *folder, bool create);
/* Who works there, by two persons' words where two are needed. */
void bench_person(bench_node *n, const ent_actor *by, const char *name, ent_role role, ent_actor *ret);
/* Opens both, gives each two custodians, has them know each other and sign an agreement "deal" of this flow. */
void bench_agree(bench_node *holder, bench_node *requester, const char *address, const char *flow);

#endif
