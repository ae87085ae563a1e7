/* Controls: pairs of the node's own prints that do not match, mixed among the cases so that the examiners' error rates can be known.
 * Whoever examines must not be able to tell one from a case. So a control is planned beside a case, with the fingers that the case's
 * probe has, told or untold, and with a face when it has one; it opens at a time of its own; its probe is packed as the transaction of
 * a search is and goes the same way from there on; and of several candidates it takes the one that is most like it.
 *
 * The probe lies sealed under the key of the part that it was made of, and goes with it. A planned control has no probe yet and is
 * seen by nobody. */
#ifndef FLOW_CONTROL_H
#define FLOW_CONTROL_H

#include "flow/capture/capture.h"
#include "flow/examination/case.h"

/* In the batch that opens a case: at the configured rate, a control to come. Under the lock. */
void ent_control_plan(ent_flow_node *n, ent_batch *b, const ent_case *beside, const ent_capture *probe);
bool ent_control_waits(const ent_case *k);
/* Makes what is planned and whose time has come; one for which there is no pair is dropped. Takes the lock. Each minute. */
ENT_MUST_CHECK ent_code ent_controls_make(ent_flow_node *n, ent_err *err);
/* The transaction of a control's probe. Under the lock. */
ENT_MUST_CHECK ent_code ent_control_probe(ent_flow_node *n, const ent_case *k, ent_buf *ret_transaction, ent_err *err);

#endif
