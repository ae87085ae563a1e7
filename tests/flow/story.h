/* Two nodes in one process, from a seed, on memory adapters: holder and requester with people, cards, a signed agreement and a
 * few synthetic prints. Stories build on it. The line between them is a function that the story can bend. */
#ifndef TESTS_STORY_H
#define TESTS_STORY_H

#include "base/test.h"

#include "adapter/memory/memory.h"
#include "flow/flow.h"

enum { STORY_FINGERS = 3, STORY_PER_DAY = 6 };

typedef struct story_node {
    char name[32];
    ent_flow_config config;
    ent_flow_node *flow;
    ent_public_key public;
    ent_actor custodian, officer;
    ent_story_random random;
} story_node;

typedef struct story {
    ent_story_clock clock;
    story_node holder, requester;
    ent_buf print[STORY_FINGERS][2];  /* PNG; the first impression of the first two fingers is enrolled */
    ent_enrolled enrolled[2];
    /* what went over the line last */
    ent_message last;
    ent_buf last_body;
    char last_proof[8192], last_agreement[64], last_flow[64], last_purpose[64];
    uint8_t last_digest[32];
    int last_status;
    ent_buf last_answer;
    int64_t last_release;             /* after it was received, ms */
    bool down;                        /* the line */
    bool answer_lost;                 /* it arrives, and the answer does not */
} story;

/* Signed by both, from 2022 to 2027; `change`, when not NULL, replaces the words before '>' in the agreement's text by those
 * after it. The clock stands at 2026-03-10. */
story *story_begin(uint64_t seed, const char *change);
void story_end(story *s);

/* The requester's officer asks with an impression of a finger. */
ent_code story_search(story *s, int finger, int impression, ent_search_result *ret, ent_err *err);
/* Sends the last message to the holder once more, as it was or with another body; status, answer in last_answer. */
int story_resend(story *s, const ent_message *m);
/* Closes and opens a node again, on the same stores. */
void story_restart(story *s, story_node *n);
void story_pass(story *s, int64_t ms);

#endif
