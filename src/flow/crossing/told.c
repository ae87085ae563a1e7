/* What the requester was told of a case's end, for the desk that asked. */
#include "flow/crossing/told.h"

#include "base/check.h"
#include "flow/search/record.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

ent_code ent_flow_search_told(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], char ret_outcome[16], ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEARCH, err));
    ent_search_record *r = calloc(1, sizeof *r);
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_search_get(n, reference, r, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK && !r->view.sent) code = ent_fail(err, ENT_NOT_FOUND, "this node did not ask this search");
    if (code == ENT_OK) memcpy(ret_outcome, r->view.outcome, sizeof r->view.outcome);
    free(r);
    return code;
}
