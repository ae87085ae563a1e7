/* Where the agreement wants the requester's examiners too (confirm.by: requester, or both): they compare what was disclosed on the hit with the
 * traveller's prints, and conclude, signed, in the requester's ledger. When enough have, the proofs go to the holder, whose decision what may
 * leave (law/disclosure.h) counts them. Under the lock where not said otherwise. */
#ifndef FLOW_DISCLOSURE_CONCLUDE_H
#define FLOW_DISCLOSURE_CONCLUDE_H

#include "flow/disclosure/record.h"
#include "law/disclosure.h"

/* Clause of an entry "examined" of a requester: this and the finding. */
#define ENT_CLAUSE_CONCLUDED "conclusion: "
#define ENT_CLAUSE_TOLD_CONCLUSIONS "the requester's examiners concluded"

/* A requester's conclusions arrive. Not under the lock. */
void ent_confirm_receive(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);
/* What is kept goes: so does what was concluded about it. Adds to the batch. */
ENT_MUST_CHECK ent_code ent_conclusions_drop(ent_flow_node *n, ent_batch *b, const uint8_t disclosure[ENT_ID_SIZE], ent_err *err);
/* Those that the holder knows of one candidate, for its decision; returns how many. *ret_face: one of them is about a photograph. */
size_t ent_conclusions_of(ent_flow_node *n, const ent_search_id *candidate, ent_conclusion *ret, size_t cap, bool *ret_face);

#endif
