/* A crossing at the border: one traveller, every partner that the agreements allow asked at once. Who asked learns proceed or
 * refer and nothing else; hit, no answer, overload, refusal and chance look the same there. Another officer, at the secondary
 * desk, sees each partner's line. What is kept here lives in memory for a day at most and dies with the node: what was asked and
 * answered stands in the ledger. Any thread. */
#ifndef API_DESK_CROSSING_H
#define API_DESK_CROSSING_H

#include "api/desk/acts.h"
#include "port/clock.h"
#include "port/random.h"

enum { ENT_CROSSINGS = 512, ENT_CROSSING_MS = 86400000 };

typedef struct ent_crossings ent_crossings;

/* refer_per_mille: how many of those whom nobody knows are referred all the same, so that a referral says nothing of its cause. */
ENT_MUST_CHECK ent_code ent_crossings_new(unsigned refer_per_mille, ent_clock clock, ent_random random, ent_crossings **ret, ent_err *err);
void ent_crossings_free(ent_crossings *c); /* NULL is fine */

/* crossing-ask: purpose, crossing, finger; the print as body. An answer from every partner that is allowed, or what stands for none. */
ENT_MUST_CHECK ent_code ent_desk_crossing_ask(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
/* crossing-list: what others referred, the newest first. */
ENT_MUST_CHECK ent_code ent_desk_crossing_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);

#endif
