/* The deletion rule, as an act. In this order: out of the gallery; rows gone and the intention written, in one batch with
 * the ledger entry in the outbox; key slots overwritten; entry appended; intention removed. A crash anywhere after the
 * batch is finished by ent_destructions_finish at the next start, before anything is answered.
 *
 * When it has to happen is law/retention.c; who may, gate.c. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/wipe.h"
#include "flow/admission/admission.h"
#include "flow/commit.h"
#include "flow/crossing/crossing.h"
#include "flow/crossing/watch.h"
#include "flow/destruction/proof.h"
#include "flow/destruction/time.h"
#include "flow/destruction/tombstone.h"
#include "flow/disclosure/disclosure.h"
#include "flow/disclosure/onward.h"
#include "flow/examination/control.h"
#include "flow/feed/feed.h"
#include "flow/gallery/faces.h"
#include "flow/queue.h"
#include "flow/redress/redress.h"
#include "flow/search/record.h"
#include "flow/record/aside.h"
#include "flow/record/likely.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { GROUP = 64 }; /* parts that go in one batch; half as many were slower and kept searches waiting no less */

struct names {
    ent_batch *b;
    ent_table table;
};

static ent_code delete_key(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct names *s = ctx;
    (void)value, (void)value_len;
    ent_batch_put(s->b, ENT_CHANGE_DELETE, s->table, ENT_BYTES(key, key_len), ENT_BYTES("", 0));
    return ENT_OK;
}

/* The part's row, its blobs, and the row that says which slot must be overwritten. */
static ent_code take_out(ent_flow_node *n, ent_batch *b, const ent_held_part *p, ent_err *err)
{
    ent_change range = {.key = p->id.b, .key_len = ENT_ID_SIZE};
    struct names s = {b, ENT_TABLE_BLOBS};
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    ENT_TRY(n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, delete_key, &s, err));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_PARTS, ENT_BYTES(p->id.b, ENT_ID_SIZE), ENT_BYTES("", 0));
    memcpy(key + 1, p->id.b, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(p->slot.number >> (56 - 8 * i));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    return ENT_OK;
}

static void custody_text(ent_flow_node *n, char ret[96])
{
    ent_custody c = {0};
    n->c.keys.custody(n->c.keys.self, &c);
    snprintf(ret, 96, "%s%s; root %s%s", c.medium, c.overwrites ? "" : ", which may keep what was overwritten",
             c.root == ENT_ROOT_HARDWARE ? "in hardware" : c.root == ENT_ROOT_TOKEN ? "in a token" : "in a file", c.standby ? "; standby" : "");
}

static void list_copy(void *ctx, const ent_disclosure_view *v)
{
    ent_destroyed_copies *copies = ctx;
    if (copies->count == ENT_DESTROYED_COPIES) {
        copies->unlisted++;
        return;
    }
    ent_destroyed_copy *c = &copies->at[copies->count++];
    memcpy(c->id, v->id, ENT_ID_SIZE);
    c->reference = v->reference;
    snprintf(c->partner, sizeof c->partner, "%s", v->partner);
}

/* What was disclosed of the encounter, whether it is called back now or was before. */
static ent_code list_copies(ent_flow_node *n, const ent_held_part *p, ent_destroyed_copies *ret, ent_err *err)
{
    ret->count = ret->unlisted = 0;
    return ent_disclosures_of(n, p->transaction, list_copy, ret, err);
}

static void write_entry(ent_flow_node *n, ent_batch *b, const ent_actor *by, const ent_held_part *p, const char *clause, const char *reason,
                        const ent_destroyed_copies *copies)
{
    char custody[96];
    uint8_t salt[32];
    ent_entry e = {.kind = ENT_ENTRY_DESTROYED, .time = ent_now(n), .follows = p->index, .case_number = p->case_number};
    if (by) e.actor = by->pseudonym;
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    snprintf(e.purpose, sizeof e.purpose, "%s", ent_material_text(p->facts.material));
    custody_text(n, custody);
    ent_destroyed_salt(p->salt, &(ent_destroyed_act){reason, custody, n->c.keys.epoch(n->c.keys.self), copies}, salt);
    ent_commit_to(salt, p->digest, sizeof p->digest, e.commitment);
    ent_batch_entry(b, &e);
}

/* What is left of the encounter: its row goes with the last part, the transaction becomes a tombstone. */
static ent_code close_encounter(ent_flow_node *n, ent_batch *b, ent_held_part *const *parts, size_t count, ent_err *err)
{
    ENT_AUTO_BUF ids = ENT_BUF(4096), left = ENT_BUF(4096);
    const ent_encounter_id *encounter = &parts[0]->encounter;
    ENT_TRY(n->c.store.get(n->c.store.self, ENT_TABLE_ENCOUNTERS, encounter->b, ENT_ID_SIZE, &ids, err));
    for (size_t i = 0; i + ENT_ID_SIZE <= ids.len; i += ENT_ID_SIZE) {
        bool gone = false;
        for (size_t k = 0; k < count; k++) gone |= ent_id_equal(ids.data + i, parts[k]->id.b);
        if (!gone) ent_buf_put(&left, ids.data + i, ENT_ID_SIZE);
    }
    if (left.len) {
        ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_ENCOUNTERS, ENT_BYTES(encounter->b, ENT_ID_SIZE), ENT_BYTES(left.data, left.len));
        return ENT_OK;
    }
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_ENCOUNTERS, ENT_BYTES(encounter->b, ENT_ID_SIZE), ENT_BYTES("", 0));
    ent_tombstone_put(n, b, parts[0]);
    return ENT_OK;
}

struct intentions {
    size_t count;
    struct {
        uint8_t key[1 + ENT_ID_SIZE];
        ent_slot slot;
    } at[64];
};

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct intentions *s = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (key_len != 1 + ENT_ID_SIZE || value_len != 8) return ENT_DAMAGED;
    memcpy(s->at[s->count].key, key, key_len);
    s->at[s->count].slot.number = ent_cursor_u64(&c);
    return ++s->count == 64 ? ENT_BUSY : ENT_OK;
}

ent_code ent_destructions_finish(ent_flow_node *n, ent_err *err)
{
    struct intentions s;
    ent_change range = {.key = "d", .key_len = 1};
    do {
        s.count = 0;
        ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_DUE, &range, gather, &s, err);
        if (code != ENT_OK && code != ENT_BUSY) return ent_fail(err, code, "a destruction's row cannot be read");
        ent_change done[64 + 1];
        ent_slot slots[64];
        for (size_t i = 0; i < s.count; i++) slots[i] = s.at[i].slot;
        if (s.count) ENT_TRY(n->c.keys.destroy_many(n->c.keys.self, slots, s.count, err));
        if (s.count) ent_commit_point("destroy", "after-key");
        for (size_t i = 0; i < s.count; i++) {
            done[i] = (ent_change){.kind = ENT_CHANGE_DELETE, .table = ENT_TABLE_DUE, .key = s.at[i].key, .key_len = sizeof s.at[i].key};
        }
        done[s.count] = (ent_change){ENT_CHANGE_PUT, ENT_TABLE_META, ENT_EPOCH_DUE, sizeof ENT_EPOCH_DUE - 1, "1", 1}; /* over a restart too */
        if (s.count) ENT_TRY(ent_store_stage(&n->c.store, done, s.count + 1, true, err)); /* lost in a crash, the keys are found destroyed */
        n->destroyed_since |= s.count > 0;
    } while (s.count);
    return ENT_OK;
}

/* Everywhere else that a part is named: searches, cases, waiting messages; each table is walked once for all of them. */
static ent_code forget_everywhere(ent_flow_node *n, ent_batch *b, const ent_part_set *set, ent_err *err)
{
    ENT_TRY(ent_searches_forget(n, b, set, err));
    ENT_TRY(ent_cases_forget(n, b, set, err));
    return ent_queue_forget(n, b, set, err);
}

/* The encounters that these parts are of, each once. */
static ent_code close_encounters(ent_flow_node *n, ent_batch *b, ent_held_part *const *parts, size_t count, ent_err *err)
{
    for (size_t i = 0; i < count; i++) {
        ent_held_part *of_one[3];
        size_t in_one = 0;
        bool first = true;
        for (size_t k = 0; k < count; k++) {
            if (!ent_id_equal(parts[k]->encounter.b, parts[i]->encounter.b)) continue;
            first &= k >= i;
            if (in_one < 3) of_one[in_one++] = parts[k];
        }
        if (!first) continue;
        ENT_TRY(close_encounter(n, b, of_one, in_one, err));
        ENT_TRY(ent_disclosures_recall(n, b, parts[i]->transaction, NULL, ENT_RECALL_DESTROYED, err));
    }
    return ENT_OK;
}

static void note_proof(ent_flow_node *n, const ent_held_part *p, ent_destroyed_part *ret)
{
    *ret = (ent_destroyed_part){.case_number = p->case_number, .material = p->facts.material, .enrolled = p->index, .epoch = n->c.keys.epoch(n->c.keys.self)};
    memcpy(ret->salt, p->salt, 32);
    memcpy(ret->digest, p->digest, 32);
}

/* At most GROUP parts, of as many encounters. */
static ent_code destroy_parts(ent_flow_node *n, const ent_actor *by, ent_held_part *const *parts, size_t count, const char *const *clause,
                              const char *reason, ent_destroyed *ret, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("destroy");
    ent_part_id ids[GROUP];
    uint64_t indexes[ENT_BATCH_ENTRIES];
    ent_destroyed_copies copies;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    ENT_TRY(ent_parts_find_entries(n, err));
    for (size_t i = 0; i < count; i++) {
        ids[i] = parts[i]->id;
        ent_gallery_remove(n->gallery, &ids[i]); /* at once: no search that begins now finds it */
        ent_face_holding_remove(n->faces, &ids[i]);
        ENT_TRY(take_out(n, b, parts[i], err));
        if (!i || !ent_id_equal(parts[i]->encounter.b, parts[i - 1]->encounter.b)) ENT_TRY(list_copies(n, parts[i], &copies, err));
        write_entry(n, b, by, parts[i], clause[i], reason, &copies);
        if (ret && i < 3) note_proof(n, parts[i], &ret->part[i]);
    }
    ENT_TRY(forget_everywhere(n, b, &(ent_part_set){ids, count}, err));
    ENT_TRY(close_encounters(n, b, parts, count, err));
    /* the slots are overwritten after the rows are gone and before the entry is appended, so that the ledger never says
     * "destroyed" of a key that is still there */
    ENT_TRY(ent_commit_with(n, b, ent_destructions_finish, indexes, err));
    ent_encounter_id of[GROUP];
    for (size_t i = 0; i < count; i++) of[i] = parts[i]->encounter;
    for (size_t i = 0; i < count; i++) {
        if (ret && i < 3) ret->index[i] = ret->part[i].index = indexes[i];
        ent_held_part *p = ent_part_held(n, ids[i].b);
        if (p) ent_aside_drop(n, p);
        if (p) ent_part_drop(n, p);
    }
    for (size_t i = 0; i < count; i++) /* a name is kept with its prints, and no longer */
        for (ent_held_part *q = ent_part_first(n, ENT_BY_ENCOUNTER, of[i].b); q; q = ent_part_next(n, ENT_BY_ENCOUNTER, q)) ent_part_look(n, q);
    if (ret) {
        ret->parts = count;
        ret->copies = copies; /* of the one encounter that a person destroys */
        custody_text(n, ret->custody);
    }
    return ENT_OK;
}

static ent_code destroy_locked(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], const char *reason, ent_destroyed *ret, ent_err *err)
{
    ent_held_part *parts[3];
    size_t count = 0;
    for (ent_held_part *p = ent_part_first(n, ENT_BY_ENCOUNTER, id); p && count < 3; p = ent_part_next(n, ENT_BY_ENCOUNTER, p)) parts[count++] = p;
    if (!count && ent_part_held(n, id)) parts[count++] = ent_part_held(n, id);
    if (!count) return ent_fail(err, ENT_NOT_FOUND, "no part or encounter with this number is held");
    const char *const clause[3] = {"custodian's decision", "custodian's decision", "custodian's decision"};
    return destroy_parts(n, by, parts, count, clause, reason, ret, err);
}

ent_code ent_flow_destroy(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], const char *reason,
                          ent_destroyed *ret_destroyed, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_DESTROY, err));
    if (!reason || !*reason) return ent_fail(err, ENT_USAGE, "a destruction needs its reason: --reason TEXT");
    pthread_mutex_lock(&n->lock);
    ent_code code = destroy_locked(n, by, id, reason, ret_destroyed, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}

/* ---- what falls due ---- */

static bool may_go(ent_flow_node *n, const ent_held_part *p, ent_retention *ret_kept)
{
    ent_part_retention(n, p, ret_kept);
    if (!ret_kept->due || ret_kept->held) return false;
    return !p->not_before.year || ent_date_compare(ent_today(n), p->not_before) >= 0;
}

static size_t count_due(ent_flow_node *n)
{
    size_t count = 0;
    ent_retention kept;
    for (size_t i = 0; i < n->part_count; i++) count += n->parts[i].hidden && may_go(n, &n->parts[i], &kept);
    return count;
}

/* Between two groups whoever waits for the lock gets it: a search must not wait for ten thousand destructions. */
static void let_others(ent_flow_node *n)
{
    pthread_mutex_unlock(&n->lock);
    n->c.clock.sleep_until(n->c.clock.self, ent_ticks(n) + 1);
    pthread_mutex_lock(&n->lock);
}

/* In groups from the end of the array, where a part that goes moves only parts that were looked at; what others add or drop between two
 * groups the next minute's run sees. */
static ent_code destroy_due(ent_flow_node *n, size_t *ret_destroyed, ent_err *err)
{
    size_t total = n->c.progress ? count_due(n) : 0;
    for (size_t i = n->part_count; i > 0;) {
        ent_held_part *parts[GROUP];
        const char *clause[GROUP];
        size_t count = 0;
        while (i > 0 && count < GROUP) {
            ent_held_part *p = &n->parts[--i];
            ent_retention kept;
            if (!p->hidden || !may_go(n, p, &kept)) continue;
            parts[count] = p;
            clause[count++] = kept.clause;
        }
        if (!count) continue;
        ENT_TRY(destroy_parts(n, NULL, parts, count, clause, "due", NULL, err));
        *ret_destroyed += count;
        if (count == GROUP) let_others(n);
        if (i > n->part_count) i = n->part_count;
        if (n->c.progress) n->c.progress(n->c.progress_ctx, "destroying", *ret_destroyed, total);
    }
    return ENT_OK;
}

/* What a hold keeps and no power does, into the hold store. Without a second custodian it waits, hidden. */
static ent_code move_held(ent_flow_node *n, ent_err *err)
{
    size_t moved;
    ent_code code = ent_holds_move(n, &moved, err);
    return code == ENT_REFUSED ? ENT_OK : code;
}

ent_code ent_flow_retention_run(ent_flow_node *n, const ent_actor *by, bool dry, size_t *ret_destroyed, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_DESTROY, err));
    *ret_destroyed = 0;
    pthread_mutex_lock(&n->lock);
    ent_parts_look(n);
    ent_code code = ENT_OK;
    if (dry) *ret_destroyed = count_due(n);
    else if (!ent_time_sure(n))
        code = ent_fail(err, ENT_REFUSED, "nothing confirms the time of this machine: two persons do, with `entente time confirm`");
    else {
        code = destroy_due(n, ret_destroyed, err);
        if (code == ENT_OK) code = move_held(n, err);
    }
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) ent_flow_tell(n);
    return code;
}

static ent_code alarm(ent_flow_node *n, const char *clause, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("alarm");
    ent_entry e = {.kind = ENT_ENTRY_ALARM, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_fill(n, e.case_number.b, sizeof e.case_number.b);
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

/* Of its own accord, on a confirmed time; but not when more falls due at once than a day's ordinary share: then a wrong rule is
 * likelier than a right one, and a person looks first (`entente retention run`). */
static ent_code sweep(ent_flow_node *n, ent_err *err)
{
    enum { SOME = 50, SHARE = 20 };
    bool first_today = ent_date_compare(n->swept, ent_today(n)) != 0;
    size_t due = count_due(n), destroyed = 0;
    uint32_t epoch;
    if (due > SOME && due > n->part_count / SHARE) {
        if (first_today) ENT_TRY(alarm(n, "more is due than is usual: a person must look", err));
        n->swept = ent_today(n);
        return ENT_OK;
    }
    ENT_TRY(destroy_due(n, &destroyed, err));
    ENT_TRY(move_held(n, err));
    /* the day's run ends the epoch: stale copies of overwritten slots lose their key */
    if (first_today && n->destroyed_since) ENT_TRY(ent_epoch_end(n, NULL, &epoch, err));
    n->swept = ent_today(n);
    return ENT_OK;
}

/* A clock alone hides, at once; it destroys only when it is sure of the day. */
/* The ledger has one log a year. Only a confirmed time closes one: a clock that is ten years ahead for an hour closes nothing. */
static ent_code turn_year(ent_flow_node *n, ent_err *err)
{
    uint32_t year = (uint32_t)ent_today(n).year;
    const ent_ledger *l = &n->c.ledger;
    return l->turn && year > ent_ledger_present(l).year ? l->turn(l->self, year, ent_now(n), err) : ENT_OK;
}

ent_code ent_flow_tick(ent_flow_node *n, ent_err *err)
{
    bool sure = false;
    pthread_mutex_lock(&n->lock);
    if (ent_date_compare(ent_today(n), n->looked) != 0) ent_parts_look(n);
    ent_code code = ent_time_tick(n, &sure, err);
    if (code == ENT_OK && sure) code = turn_year(n, err);
    if (code == ENT_OK) code = ent_agreements_tick(n, err);
    if (code == ENT_OK) code = ent_cases_tick(n, err);
    if (code == ENT_OK) code = ent_likely_tick(n, err);
    if (code == ENT_OK) code = ent_probes_expire(n, err);
    if (code == ENT_OK && sure) code = ent_kept_tick(n, err);
    if (code == ENT_OK && sure) code = ent_onward_tick(n, err);
    if (code == ENT_OK && sure) code = ent_disclosures_tick(n, err);
    if (code == ENT_OK && sure) code = ent_stays_tick(n, err);
    if (code == ENT_OK && sure) code = ent_redress_tick(n, err);
    if (code == ENT_OK && sure) code = ent_copies_tick(n, err);
    if (code == ENT_OK) code = ent_lots_ahead_tick(n, err);
    if (code == ENT_OK && sure) code = ent_lots_tick(n, err);
    if (code == ENT_OK && sure) code = ent_turns_tick(n, err);
    if (code == ENT_OK) code = ent_watch_tick(n, err);
    if (code == ENT_OK && sure) code = ent_tombstones_tick(n, err);
    if (code == ENT_OK && sure) code = sweep(n, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) code = ent_controls_make(n, err);
    ent_flow_tell(n);
    ent_feed_contact(n);
    return code;
}
