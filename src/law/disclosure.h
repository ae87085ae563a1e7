/* What may leave after a hit, and when: (flow, the hit, who examined it, now) -> the fields, or the rule that refuses. A hit
 * identifies nobody until the persons whom the agreement demands have confirmed it; a score never does.
 *
 * Pure. Any thread. That the agreement is in force is the envelope's; what the holder's own law forbids is the caller's. */
#ifndef LAW_DISCLOSURE_H
#define LAW_DISCLOSURE_H

#include "base/ids.h"
#include "law/agreement.h"

/* One examiner's conclusion, signed by them; the caller has verified that. */
typedef struct ent_conclusion {
    char node[ENT_PARTY_NAME]; /* whose examiner */
    ent_actor_id examiner;
    ent_time at;
    bool confirmed;            /* false: not the same person, or cannot be said */
} ent_conclusion;

typedef struct ent_disclosure_ask {
    const ent_flow *flow;
    bool face_here, face_there; /* what the holder's, and the requester's, examiners compare has a face */
    bool hit, candidate;       /* candidate: the score lies beyond what was measured: nothing leaves before the holder's examiners confirm, where it has any */
    ent_time answered, now;
    const ent_conclusion *conclusions;
    size_t count;
    ent_actor_id by;           /* who discloses: none of the examiners */
    uint32_t fields;           /* wanted, as bits of ent_field; 0: all that may go now */
} ent_disclosure_ask;

typedef struct ent_disclosure {
    ent_code code;             /* ENT_OK, ENT_REFUSED */
    bool confirmed;            /* as the flow demands it */
    uint32_t fields;           /* what may leave: never more than the flow grants at this step */
    char clause[ENT_LAW_CLAUSE], reason[160];
} ent_disclosure;

/* So many persons of one side confirm: as many as the flow asks for; where a face is compared, two at least. */
unsigned ent_examiners_needed(const ent_flow *f, bool face);

/* Always writes the whole answer. Of one examiner the last conclusion counts; one that is no confirmation stands in the way
 * of all others. */
void ent_disclosure_decide(const ent_disclosure_ask *ask, ent_disclosure *ret_disclosure);

/* Clauses of entries about copies that are given on: the holder's word; what left, whose party is the one to whom. */
#define ENT_CLAUSE_AUTHORISED "onward: authorised"
#define ENT_CLAUSE_NOT_AUTHORISED "onward: not authorised"
#define ENT_CLAUSE_GIVEN_ON "onward: given on"

/* The clause of an entry "disclosed": what grants it, and the fields that left, as bits in the order of ENT_FIELDS, in hexadecimal. */
void ent_disclosed_clause(const char *clause, uint32_t fields, char *ret, size_t cap);
/* The fields that such a clause names; 0 for any other. */
uint32_t ent_disclosed_fields(const char *clause);

#endif
