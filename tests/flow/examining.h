/* Examiners at work in a story: what they see of cases, and their signed steps. */
#ifndef TESTS_EXAMINING_H
#define TESTS_EXAMINING_H

#include "flow/two_nodes.h"

typedef struct story_cases {
    size_t count;
    ent_case_view view[16];
} story_cases;

/* As this person sees them. */
story_cases story_cases_of(story_node *n, const ent_actor *who);
ent_code story_analyse(story_node *n, const ent_actor *who, const uint8_t *id, bool suitable);
ent_code story_conclude(story_node *n, const ent_actor *who, const uint8_t *id, ent_finding f);
/* Both steps, which must succeed. */
void story_examine(story_node *n, const ent_actor *who, const uint8_t *id, ent_finding f);
/* A custodian's view of a search, or of one of its candidates. */
ent_search_view story_search_at(story_node *n, const ent_search_id *reference);

#endif
