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
/* One step, signed with the examiner's own key. version: of the conclusion, from 1. ret_view may be NULL. */
ent_code story_analyse(story_node *n, const ent_actor *who, const uint8_t *id, bool suitable, const char *marks);
ent_code story_conclude(story_node *n, const ent_actor *who, const uint8_t *id, ent_finding f, unsigned version, const char *reasons, ent_case_view *ret_view);
#define STORY_MARKS "ending 120 80 45\n"
#define STORY_REASONS "level 2 detail in agreement, no unexplained difference"
/* Of a face: every feature has this word. */
#define STORY_FORM(word)                                                                                               \
    "morphological-form/v1\nshape: " word "\nhairline: " word "\nforehead: " word "\neyebrows: " word "\neyes: " word "\ncheeks: " word          \
    "\nnose: " word "\nears: " word "\nmouth: " word "\nchin: " word "\nlines: " word "\nmarks: " word "\n"
/* Both steps, which must succeed. */
void story_examine(story_node *n, const ent_actor *who, const uint8_t *id, ent_finding f);
/* What the node keeps of what it was disclosed. */
typedef struct story_kept {
    size_t count; /* of all; the first of them: */
    ent_kept_view at[8];
} story_kept;
story_kept story_kept_at(story_node *n);
/* A custodian's view of a search, or of one of its candidates. */
ent_search_view story_search_at(story_node *n, const ent_search_id *reference);

#endif
