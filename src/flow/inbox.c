/* What partners say, by kind. A message that arrives here is authentic (api/exchange saw to that); whether it may be said is for whoever takes it. */
#include "flow/crossing/crossing.h"
#include "flow/disclosure/conclude.h"
#include "flow/disclosure/disclosure.h"
#include "flow/disclosure/onward.h"
#include "flow/feed/feed.h"
#include "flow/identity.h"
#include "flow/receipt/receipt.h"
#include "flow/redress/redress.h"
#include "flow/search/record.h"
#include "flow/search/search.h"
#include "flow/state.h"

static void receive_agreement(ent_flow_node *n, const ent_arrival *in, int *ret_status, ent_buf *ret_body)
{
    ent_agreement_view v;
    ent_err err = {0};
    ent_code code = ent_flow_agreement_take(n, in->message.body, in->message.body_len, &v, &err);
    *ret_status = code == ENT_OK ? 200 : code == ENT_CONFLICT || code == ENT_REPLAY ? 409 : 422;
    if (code == ENT_OK) ent_buf_fmt(ret_body, "{\"agreement\":\"%s\",\"version\":%u,\"state\":\"%s\"}", v.name, v.version, ent_agreement_state_text(v.state));
    else ent_refusal_write(*ret_status, code, err.detail, "", ret_body);
}

typedef void taker(ent_flow_node *n, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body);

static taker *const takers[ENT_MESSAGE_COUNT] = {
    [ENT_MESSAGE_AGREEMENT] = receive_agreement,    [ENT_MESSAGE_CLOSE] = ent_search_closed,            [ENT_MESSAGE_DISCLOSE] = ent_disclosure_receive,
    [ENT_MESSAGE_REDRESS] = ent_redress_receive,    [ENT_MESSAGE_LOT] = ent_lot_receive,                [ENT_MESSAGE_RECALL] = ent_recall_receive,
    [ENT_MESSAGE_ONWARD] = ent_onward_receive,      [ENT_MESSAGE_CONFIRM] = ent_confirm_receive,        [ENT_MESSAGE_GIVE] = ent_give_receive,
    [ENT_MESSAGE_CHECKPOINT] = ent_checkpoint_receive, [ENT_MESSAGE_RECEIPTS] = ent_receipts_receive,   [ENT_MESSAGE_FEED] = ent_feed_receive,
    [ENT_MESSAGE_IDENTITY] = ent_identity_receive,
};

/* A search alone has a moment before which its answer must not leave. */
static void receive(void *self, const ent_arrival *arrival, int *ret_status, ent_buf *ret_body, int64_t *ret_release)
{
    ent_flow_node *n = self;
    ent_message_kind kind = arrival->message.kind;
    *ret_release = 0;
    if (kind == ENT_MESSAGE_SEARCH) {
        ent_search_receive(n, arrival, ret_status, ret_body, ret_release);
    } else if (kind < ENT_MESSAGE_COUNT && takers[kind]) {
        takers[kind](n, arrival, ret_status, ret_body);
    } else {
        *ret_status = 501;
        ent_refusal_write(501, ENT_UNSUPPORTED, "this node does not take this kind of message", "", ret_body);
    }
}

ent_inbox ent_flow_inbox(ent_flow_node *n) { return (ent_inbox){.self = n, .receive = receive}; }
