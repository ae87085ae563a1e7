/* Many nodes in one process from one seed: the real flow over the memory adapters, with clock, chance, link and disk under the seed's
 * control. The decoder makes captures from a few templates that are extracted once; everything else is what a node runs. */
#ifndef TESTS_SIMULATION_WORLD_H
#define TESTS_SIMULATION_WORLD_H

#include "adapter/memory/memory.h"
#include "adapter/yaml/yaml.h"
#include "flow/flow.h"
#include "law/crossing.h"

#include <setjmp.h>

enum { NODES = 8, DEALS = 8, FINGERS = 6, RECORDS = 128, SEARCHES = 256, PAST = 24, TEXTS = 64 };
enum { CUSTODIAN, DEPUTY, OFFICER, EXAMINER, SECOND, PEOPLE };

typedef struct sim_node {
    ent_flow_config c;
    ent_flow_node *flow;             /* NULL: it lies where it crashed */
    ent_store store;                 /* beneath the faults */
    ent_ledger ledger;
    ent_keys keys;
    ent_story_clock clock;
    char card[ENT_CARD_MAX];
    size_t card_len;
    struct sim_was *was;             /* rows before what is staged and not synced, oldest first */
    size_t was_count, was_cap;
    unsigned staged;                 /* batches since the last sync */
    unsigned fuse;                   /* changes until the power fails; 0: it does not */
    bool dead, full, down;           /* power gone; disk full; not reachable */
    bool rotten;                     /* the next sync of the ledger fails: the process ends, as it must */
    bool stepped;                    /* its clock was set back */
    unsigned crashes, unfinished;    /* searches of which it could not write the end */
} sim_node;

typedef struct sim_deal {
    char name[ENT_LAW_NAME];
    size_t holder, requester;
    unsigned version;
    uint8_t seen[2][32];             /* digests of the envelopes that the holder and the requester had */
    unsigned said[2], held[2];       /* the latest version that holder and requester signed; that their suspension or end must hold for, 0: none stands */
    bool heard[2];                   /* the other end has taken that */
    bool wavered;                    /* was suspended or amended: for a time the two ends know different things */
} sim_deal;

typedef struct sim_record {
    size_t holder;
    unsigned finger, serial;
    ent_encounter_id encounter;
    bool gone;
} sim_record;

typedef struct sim_search {
    ent_search_id id;
    size_t holder;
    unsigned identified;             /* bits of the examiners who said so */
} sim_search;

typedef struct sim_message {         /* one that was sent, and may come again */
    size_t from, to;
    ent_message m;
    char texts[4][64], proof[8192];
    uint8_t digest[32];
    ent_buf body;
} sim_message;

typedef struct sim_text {            /* an agreement's envelope with the most declarations seen */
    ent_envelope envelope;
    ent_agreement *agreement;
} sim_text;

typedef struct sim_world {
    uint64_t seed;
    ent_story_random random;         /* of the nodes */
    uint64_t chance;                 /* of the faults and acts: state of its own, so that a trace changes nothing */
    sim_node node[NODES];
    sim_deal deal[DEALS];
    sim_record record[RECORDS];
    sim_search search[SEARCHES];
    sim_message past[PAST];
    sim_text text[TEXTS];
    bool cut[NODES][NODES];          /* no line between these two */
    size_t nodes, deals, records, searches, sent, texts;
    ent_regime regime[2];
    bool storm, trace;
    unsigned step;
    struct {
        unsigned hits, no_hits, refused, disclosed, destroyed, crashes, undertaken, findings, turned, kept_ahead, bound_later;
    } counts;
    jmp_buf failed;
    char why[512];
} sim_world;

extern sim_world *sim;               /* the one that runs */

void sim_prepare(void);              /* once a process: templates, cards */
void sim_begin(uint64_t seed, bool trace);
void sim_end(void);
/* Ends the seed with a reason; does not return. */
_Noreturn void sim_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sim_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
uint64_t sim_below(uint64_t n);
bool sim_in(unsigned n, unsigned of);

/* ---- world.c ---- */
void sim_restart(sim_node *n);       /* also after a crash; finishes what was begun */
void sim_actor(sim_node *n, int who, ent_actor *ret);
void sim_secret(int who, unsigned serial, ent_secret_key *ret);
/* What a desk's device makes of it: a statement of a crossing before the capture. */
void sim_capture(sim_node *n, const ent_buf *captured, ent_buf *ret_file);
void sim_print(unsigned finger, unsigned impression, unsigned serial, ent_buf *ret_file);
ent_code sim_propose(sim_deal *d, unsigned version); /* the requester signs, and tells */
ent_code sim_countersign(sim_deal *d, unsigned version);
void sim_agree(sim_deal *d, unsigned version);
void sim_send_again(void);           /* a message of before arrives once more */
void sim_pass(int64_t ms);

/* ---- disk.c ---- */
void sim_disk(sim_node *n);          /* its ports, from what lies beneath the faults */
void sim_power(sim_node *n);         /* is back: some of what was not synced is lost */
void sim_disk_free(sim_node *n);

/* ---- acts.c ---- */
void sim_act(void);                  /* one, by chance */
void sim_settle(void);               /* the weather is good: everything that waits is done */

/* ---- check.c ---- */
bool sim_may_hit(sim_node *holder, unsigned finger);
void sim_check_answer(const sim_message *m, bool seen, bool may_hit, int status, const ent_buf *body);
void sim_check_step(void);
void sim_check_openings(sim_node *n);
void sim_standing(sim_node *n, const sim_deal *d, ent_agreement_view *ret); /* of the version that counts there */
void sim_harvest(void);              /* keeps every version of every agreement, for the audit */
void sim_check_end(void);
bool sim_has_entry(sim_node *n, ent_entry_kind kind, const uint8_t id[ENT_ID_SIZE]);

#endif
