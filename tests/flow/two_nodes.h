/* Two nodes in one process from one seed: memory adapters, a clock that the story moves, partners that are function calls.
 * A message is "authenticated" by the link, as the exchange would do it; everything else is the real flow. */
#ifndef TESTS_TWO_NODES_H
#define TESTS_TWO_NODES_H

#include "base/test.h"

#include "adapter/memory/memory.h"
#include "adapter/sandbox/sandbox.h"
#include "adapter/yaml/yaml.h"
#include "base/text.h"
#include "crypto/x509.h"
#include "entente/finger_synth.h"
#include "flow/capture/read.h"
#include "flow/flow.h"
#include "image/image.h"
#include "law/crossing.h"

typedef struct story_node {
    ent_flow_config c;
    ent_flow_node *flow;
    ent_actor custodian, deputy, officer, examiner, second;
    struct story *story;
    char card[ENT_CARD_MAX];
    size_t card_len;
} story_node;

typedef struct story {
    ent_story_clock clock;
    ent_story_random random;
    story_node gb, us, fr; /* fr: after story_third */
    bool line_down;
    bool faces;           /* the agreement is about faces too */
    bool named;           /* who is enrolled has a name */
    bool garble;          /* bodies of searches are cut on the way */
    unsigned polls;       /* questions after a search that was asked before */
    int64_t last_release; /* of the last answer, monotonic */
    ent_buf last_disclosure; /* body of the last disclosure, its id and proof, to be sent again */
    uint8_t disclosure_id[ENT_ID_SIZE];
    char disclosure_proof[8192];
    ent_buf last_request; /* body of the last message, to be sent again */
    uint8_t last_id[ENT_ID_SIZE];
    char last_proof[8192];
    char last_pledge[ENT_PLEDGE_MAX];
    ent_regime regime[3];
    bool test;            /* the agreement's flow is a test */
    bool swallow;         /* searches are asked and do not arrive */
    bool deaf;            /* searches are answered, and the answers do not arrive */
    bool slow;            /* half an hour passes before a search's answer arrives; the requester's clock ticks meanwhile */
    uint8_t digest[32];   /* of the agreement's file */
    uint32_t captures;    /* by story_search */
    const char *witness_key; /* of observer.example; NULL: one that nobody has */
    char limits[64];      /* "per-hour: 2, ": more of the agreement's search limits */
    const char *confirm;  /* whose examiners; the print's image leaves on the hit then. NULL: the holder's */
    unsigned candidates;  /* of the agreement; 0: one */
    bool third;           /* fr.example is a party too, for whom us may ask and to whom it may give on */
    const char *onward;   /* of the agreement, when there is a third party; NULL: never */
} story;

void story_begin(story *s, uint64_t seed);
/* A third node, which knows the others and they it; a party of what is agreed afterwards. */
void story_third(story *s);
void story_end(story *s);
/* After a test whose state is a story of malloc's. */
int story_free(void **state);
/* A test of the story that its file's `begin` makes. */
#define STORY(f) cmocka_unit_test_setup_teardown(f, begin, story_free)
/* Closes and opens a node again on the same store, keys and ledger, as after a crash. */
void story_restart(story *s, story_node *n);
/* An agreement of one flow in which gb holds and us asks, signed by both. */
void story_agree(story *s, unsigned version, unsigned per_day);
/* Its file; the length. */
size_t story_text(const story *s, unsigned version, unsigned per_day, char *ret_file, size_t cap);
/* The file of an agreement "deal", signed by two custodians of each node. */
void story_sign(story *s, const char *file, size_t len);
/* SHA-256 of what story_agree signed last. */
void story_digest(const story *s, uint8_t ret_digest[32]);
/* An act on it, by as many custodians as it needs. */
void story_act(story_node *n, ent_act act, ent_agreement_view *ret);
/* A crossing at the node's desk now; its statement signed before what was captured; both at once. */
ent_crossing story_crossing(story_node *n);
void story_state(ent_crossing *c, const ent_buf *captured, ent_buf *ret_file);
void story_capture(story_node *n, const ent_buf *captured, ent_buf *ret_file);
/* Gives a node a face model that sees colours; open it again to use it. */
void story_faces(story_node *n);
void story_photograph(uint32_t who, uint32_t shot, ent_buf *ret_png);
/* A transaction of a print (finger 0: none) and a photograph. */
void story_transaction(uint32_t finger, uint32_t impression, uint32_t who, uint32_t shot, ent_buf *ret_file);
/* The key of somebody who works at a node of the story. */
void story_secret(const char *name, ent_secret_key *ret);
/* Somebody who is to work here, by two persons' words where two are needed. */
void story_works(ent_flow_node *n, const ent_actor *by, const ent_actor *second, const char *name, ent_role role, const ent_public_key *key);
/* A synthetic print as PNG. */
void story_print(uint32_t finger, uint32_t impression, ent_buf *ret_png);
ent_code story_enrol(story *s, uint32_t finger, uint32_t impression, ent_enrolled *ret);
ent_code story_search(story *s, uint32_t finger, uint32_t impression, const char *purpose, ent_search_result *ret, ent_err *err);
/* Delivers a search message to gb as us had sent it, whatever it is. */
int story_deliver(story *s, const ent_message *m, ent_buf *ret_body);

#endif
