/* A case: one hit at this node, to be examined by persons before anything more than "hit" is said. Or a control (control.h): two prints of
 * the node's own records that do not match.
 *
 *   open ──conclude…──> concluded ──(disclose)
 *     ├──its time ends──> expired        the partner is told: unresolved
 *     └──its record goes, or a custodian closes it──> withdrawn
 *
 * The row names nobody: identifiers, pseudonyms, digests, signatures. What the examiners wrote is sealed under the probe's key
 * and goes with it. Under the lock. */
#ifndef FLOW_CASE_H
#define FLOW_CASE_H

#include "flow/capture/capture.h"
#include "flow/commit.h"
#include "flow/search/record.h"
#include "law/examination.h"

enum { ENT_CASE_OPINIONS = 6, ENT_CASE_TEXT_MAX = 65536 };

typedef struct ent_opinion {
    ent_actor_id examiner;         /* assigned; may not have begun */
    bool analysed, suitable;
    ent_finding finding;
    uint8_t version;               /* of the conclusion: from 1, goes up when it is changed */
    ent_time analysed_at, concluded_at;
    uint8_t marks[32], reasons[32];            /* SHA-256 of what was written */
    uint8_t analysis_signature[64], signature[64]; /* by the examiner's own key */
    uint64_t index;                /* of the conclusion in the ledger */
} ent_opinion;

typedef struct ent_case {
    uint8_t id[ENT_ID_SIZE];
    ent_case_state state;
    ent_finding finding;           /* when concluded */
    bool control;
    bool face;                     /* the probe has a face, and so has the candidate's encounter: both are shown, and the form is filled in */
    ent_search_id reference;       /* of the search, or of this one of its candidates (flow.h); of a control a random number */
    ent_part_id candidate;
    ent_part_id probe;             /* of a control: the part of which the probe was made; zero until it was */
    size_t finger_count;           /* of a control: what its probe has, as a case's beside it: positions, 0 untold */
    uint8_t fingers[ENT_CAPTURE_PRINTS];
    ent_time opened, until;
    uint8_t needed;                /* examiners that the flow asks for */
    char flow[ENT_FLOW_NAME];
    uint8_t salt[32];
    size_t opinion_count;
    ent_opinion opinion[ENT_CASE_OPINIONS];
} ent_case;

void ent_case_put(ent_batch *b, const ent_case *k);
ENT_MUST_CHECK ent_code ent_case_get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_case *ret, ent_err *err);
/* Of one candidate. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_case_of(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_case *ret, ent_err *err);
/* All cases; `see` answers ENT_OK to go on. */
ENT_MUST_CHECK ent_code ent_cases_walk(ent_flow_node *n, ent_code (*see)(void *ctx, const ent_case *k), void *ctx, ent_err *err);

/* Opens a case for one candidate of a hit whose probe is kept, in the batch that answers it; now and then a control is planned beside it. */
ENT_MUST_CHECK ent_code ent_case_begin(ent_flow_node *n, ent_batch *b, const ent_search_record *r, const ent_flow *f, const ent_capture *probe, ent_err *err);
/* Ends the case of this search, if there is an open one, in somebody else's batch. */
ENT_MUST_CHECK ent_code ent_case_end(ent_flow_node *n, ent_batch *b, const uint8_t reference[ENT_ID_SIZE], ent_case_state how, ent_err *err);
/* Adds that what the examiners wrote goes, and a control's probe. */
ENT_MUST_CHECK ent_code ent_case_drop_texts(ent_flow_node *n, ent_batch *b, const ent_case *k, ent_err *err);
/* Parts go: controls that were made of them are withdrawn, what the machine drew of concluded cases is dropped. (Its search's open case ends with
 * the search.) */
ENT_MUST_CHECK ent_code ent_cases_forget(ent_flow_node *n, ent_batch *b, const ent_part_set *parts, ent_err *err);
/* Ends what has run out of time, gives cases to examiners who are there. Each minute. */
ENT_MUST_CHECK ent_code ent_cases_tick(ent_flow_node *n, ent_err *err);
/* Chooses examiners for the places that nobody fills. True: something changed. */
bool ent_case_assign(ent_flow_node *n, ent_case *k);

#endif
