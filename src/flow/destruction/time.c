/* What destroys must be sure of the day. A time is confirmed when it follows from a confirmed one by the boot clock, when a witness
 * signed it a moment ago, or when two persons say so. Only confirmed time is remembered, and it never goes back: a machine that
 * starts with its clock at 2038, or at 1970, hides what is due and destroys nothing. */
#include "flow/destruction/time.h"

#include "base/check.h"
#include "base/cursor.h"
#include "flow/commit.h"
#include "flow/state.h"

#include <string.h>

#define DRIFT_MS 60000          /* plus a thousandth of what passed */
#define WITNESS_MS 300000
#define SECOND_PERSON_MS 3600000

typedef struct known {
    ent_time confirmed;
    uint8_t boot[ENT_ID_SIZE];
    int64_t boot_ms;
    ent_actor_id proposer;      /* zero: nobody */
    ent_time proposed;
} known;

static ent_code load(ent_flow_node *n, known *ret, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(128);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_META, "time", 4, &row, err);
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    uint8_t version = ent_cursor_u8(&c);
    ret->confirmed.ms = (int64_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, ret->boot, ENT_ID_SIZE);
    ret->boot_ms = (int64_t)ent_cursor_u64(&c);
    ent_cursor_copy(&c, ret->proposer.b, ENT_ID_SIZE);
    ret->proposed.ms = (int64_t)ent_cursor_u64(&c);
    return version == 1 && ent_cursor_done(&c) ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the confirmed time cannot be read");
}

static ent_code save(ent_flow_node *n, const known *k, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(128);
    ent_buf_u8(&row, 1);
    ent_buf_u64(&row, (uint64_t)k->confirmed.ms);
    ent_buf_put(&row, k->boot, ENT_ID_SIZE);
    ent_buf_u64(&row, (uint64_t)k->boot_ms);
    ent_buf_put(&row, k->proposer.b, ENT_ID_SIZE);
    ent_buf_u64(&row, (uint64_t)k->proposed.ms);
    ent_change c = {ENT_CHANGE_PUT, ENT_TABLE_META, "time", 4, row.data, row.len};
    return n->c.store.commit(n->c.store.self, &c, 1, true, err);
}

static bool follows(ent_flow_node *n, const known *k)
{
    uint8_t boot[ENT_ID_SIZE];
    int64_t passed = n->c.clock.boot(n->c.clock.self, boot) - k->boot_ms, said = ent_now(n).ms - k->confirmed.ms;
    if (ent_id_is_zero(boot) || !ent_id_equal(boot, k->boot) || passed < 0 || said < 0) return false;
    int64_t off = said > passed ? said - passed : passed - said;
    return off <= DRIFT_MS + passed / 1000;
}

static ent_code confirm(ent_flow_node *n, known *k, ent_err *err)
{
    k->confirmed = ent_now(n);
    k->boot_ms = n->c.clock.boot(n->c.clock.self, k->boot);
    memset(&k->proposer, 0, sizeof k->proposer);
    return save(n, k, err);
}

ent_code ent_time_begin(ent_flow_node *n, ent_err *err)
{
    known k = {0};
    ent_code code = load(n, &k, err);
    /* a new node holds nothing that a wrong clock could destroy */
    return code == ENT_NOT_FOUND ? confirm(n, &k, err) : code;
}

ent_code ent_time_tick(ent_flow_node *n, bool *ret_sure, ent_err *err)
{
    known k;
    ENT_TRY(load(n, &k, err));
    *ret_sure = follows(n, &k);
    if (!*ret_sure) return ENT_OK;
    ent_actor_id proposer = k.proposer;
    k.confirmed = ent_now(n);
    k.boot_ms = n->c.clock.boot(n->c.clock.self, k.boot);
    k.proposer = proposer;
    return save(n, &k, err);
}

bool ent_time_sure(ent_flow_node *n)
{
    known k;
    return load(n, &k, NULL) == ENT_OK && follows(n, &k);
}

static void view(ent_flow_node *n, const known *k, ent_time_view *ret)
{
    *ret = (ent_time_view){.now = ent_now(n), .confirmed = k->confirmed, .sure = follows(n, k), .proposed = !ent_id_is_zero(k->proposer.b)};
}

ent_code ent_flow_time(ent_flow_node *n, ent_time_view *ret_view, ent_err *err)
{
    known k;
    pthread_mutex_lock(&n->lock);
    ent_code code = load(n, &k, err);
    if (code == ENT_OK) view(n, &k, ret_view);
    pthread_mutex_unlock(&n->lock);
    return code;
}

static ent_code by_persons(ent_flow_node *n, const ent_actor *by, known *k, ent_err *err)
{
    ent_time now = ent_now(n);
    if (now.ms < k->confirmed.ms) {
        char text[ENT_TIME_TEXT];
        ent_time_text(k->confirmed, text);
        return ent_fail(err, ENT_REFUSED, "the clock is behind %s, which was confirmed: set it right first", text);
    }
    bool open = !ent_id_is_zero(k->proposer.b) && now.ms - k->proposed.ms >= 0 && now.ms - k->proposed.ms <= SECOND_PERSON_MS;
    if (!open) {
        k->proposer = by->pseudonym;
        k->proposed = now;
        return save(n, k, err);
    }
    if (ent_id_equal(k->proposer.b, by->pseudonym.b)) return ent_fail(err, ENT_DENIED, "%s has said so already: another person must", by->name);
    ENT_AUTO_BATCH b = ent_batch_new("time");
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_entry e = {.kind = ENT_ENTRY_APPROVED, .time = now, .follows = ENT_ENTRY_NONE, .actor = by->pseudonym, .clause = "time confirmed by two persons"};
    ent_fill(n, e.case_number.b, ENT_ID_SIZE);
    memcpy(e.commitment, k->proposer.b, ENT_ID_SIZE);
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    return confirm(n, k, err);
}

ent_code ent_flow_time_confirm(ent_flow_node *n, const ent_actor *by, ent_time_view *ret_view, ent_err *err)
{
    known k;
    ENT_TRY(ent_gate(by, ENT_MAY_CONFIRM_TIME, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = load(n, &k, err);
    if (code == ENT_OK) code = by_persons(n, by, &k, err);
    if (code == ENT_OK) view(n, &k, ret_view);
    pthread_mutex_unlock(&n->lock);
    return code;
}

void ent_flow_time_witnessed(ent_flow_node *n, ent_time signed_at)
{
    known k;
    pthread_mutex_lock(&n->lock);
    int64_t off = ent_now(n).ms - signed_at.ms;
    bool near = off <= WITNESS_MS && off >= -WITNESS_MS;
    if (near && load(n, &k, NULL) == ENT_OK && !follows(n, &k) && ent_now(n).ms >= k.confirmed.ms) (void)!confirm(n, &k, NULL);
    pthread_mutex_unlock(&n->lock);
}
