/* The hold store. A hold (disclosure duties, litigation, a complaint) is no power to keep: once none is live the record leaves every
 * gallery, case and disclosure, and its key leaves this node's hands. It is split so that two custodians open it and one cannot,
 * nor the node, nor who steals its disk; their shares are sealed to their own keys and lie in the part's row, which is sealed anew under a
 * fresh slot with what is left to know: whose it is, until when, and that it is held. The old slot is overwritten.
 *
 * Released, it is due, and is destroyed like any other: the fresh slot goes, and with it the shares. */
#include "base/check.h"
#include "base/wipe.h"
#include "crypto/share.h"
#include "flow/capture/capture.h"
#include "flow/disclosure/disclosure.h"
#include "flow/examination/case.h"
#include "flow/gallery/faces.h"
#include "flow/queue.h"
#include "flow/record/aside.h"
#include "flow/record/hold.h"
#include "flow/search/record.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_PERSON_MS 3600000

/* One person's word for one opening, in memory only. */
typedef struct opening {
    ent_part_id part;
    uint8_t case_digest[32], share[ENT_SHARE_SIZE];
    ent_actor_id by;
    ent_time at;
} opening;

struct ent_openings {
    opening of[8];
    size_t count;
};

void ent_hold_binding(const uint8_t id[ENT_ID_SIZE], uint8_t ret_binding[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente held part", 17), ENT_BYTES(id, ENT_ID_SIZE)}, 2, ret_binding);
}

/* ---- shares ---- */

static bool may_open(const ent_flow_node *n, const ent_actor *a)
{
    return a->role == ENT_ROLE_CUSTODIAN && !a->suspended && a->expires_ms > ent_now(n).ms;
}

static ent_code split(ent_flow_node *n, const ent_key32 *key, ent_hold **ret, ent_err *err)
{
    ENT_WIPED_KEY slope;
    ent_hold *h = calloc(1, sizeof *h);
    if (!h) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_fill(n, slope.b, sizeof slope.b);
    ent_code code = ENT_OK;
    for (size_t i = 0; i < n->people_count && code == ENT_OK && h->count < ENT_HOLD_SHARES; i++) {
        uint8_t share[ENT_SHARE_SIZE];
        ENT_AUTO_BUF box = ENT_BUF(ENT_HOLD_BOX);
        if (!may_open(n, &n->people[i])) continue;
        ent_share_make(key, &slope, (uint8_t)(h->count + 1), share);
        code = ent_seal_to(&n->people[i].key, ENT_BYTES(share, sizeof share), &box, err);
        ent_wipe(share, sizeof share);
        if (code == ENT_OK && box.len != ENT_HOLD_BOX) code = ent_fail(err, ENT_DAMAGED, "a share's box has another size");
        if (code != ENT_OK) break;
        h->share[h->count].who = n->people[i].pseudonym;
        memcpy(h->share[h->count++].box, box.data, ENT_HOLD_BOX);
    }
    if (code == ENT_OK && h->count < 2) code = ent_fail(err, ENT_REFUSED, "two custodians are needed for the hold store: the held record stays hidden and readable to this node until there are");
    if (code == ENT_OK) *ret = h;
    else free(h);
    return code;
}

/* ---- moving ---- */

static void put_slot(uint8_t ret[8], ent_slot slot)
{
    for (int i = 0; i < 8; i++) ret[i] = (uint8_t)(slot.number >> (56 - 8 * i));
}

/* Out of everything that names it, the old slot to be overwritten, the row under the new one, the entry: one batch. */
static ent_code commit_move(ent_flow_node *n, ent_held_part *p, ent_slot old, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("hold");
    ent_part_id id = p->id;
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    ent_entry e = {.kind = ENT_ENTRY_HELD, .time = ent_now(n), .follows = p->index, .case_number = p->case_number, .clause = "no power is live: in the hold store"};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    memcpy(key + 1, p->id.b, ENT_ID_SIZE);
    put_slot(slot, old);
    ent_fill(n, e.commitment, sizeof e.commitment);
    ENT_TRY(ent_searches_forget(n, b, &(ent_part_set){&id, 1}, err));
    ENT_TRY(ent_cases_forget(n, b, &(ent_part_set){&id, 1}, err));
    ENT_TRY(ent_queue_forget(n, b, &(ent_part_set){&id, 1}, err));
    ENT_TRY(ent_disclosures_recall(n, b, p->transaction, NULL, ENT_RECALL_DESTROYED, err)); /* gone from every copy that is searched */
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    ENT_TRY(ent_part_put(n, b, p, err));
    ent_batch_entry(b, &e);
    return ent_commit_with(n, b, ent_destructions_finish, NULL, err);
}

static ent_code move(ent_flow_node *n, ent_held_part *p, ent_err *err)
{
    uint8_t binding[32];
    ent_slot old = p->slot;
    ENT_WIPED_KEY key, fresh;
    ent_part_binding(p->id.b, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, old, binding, &key, err));
    ENT_TRY(split(n, &key, &p->hold, err));
    ent_hold_binding(p->id.b, binding);
    ent_code code = n->c.keys.new_slot(n->c.keys.self, binding, &p->slot, &fresh, err);
    if (code == ENT_OK) code = ent_aside_part(n, p, err); /* a backup of before lacks it, and its key is overwritten now */
    if (code == ENT_OK) code = commit_move(n, p, old, err);
    if (code == ENT_OK) {
        ent_gallery_remove(n->gallery, &p->id);
        ent_face_holding_remove(n->faces, &p->id);
        return ENT_OK;
    }
    /* where only the entry or the overwriting failed, the row is the new one: the fresh slot stays, the next start goes on from there */
    free(p->hold);
    p->hold = NULL;
    p->slot = old;
    return code;
}

ent_code ent_holds_move(ent_flow_node *n, size_t *ret_moved, ent_err *err)
{
    *ret_moved = 0;
    for (size_t i = 0; i < n->part_count; i++) {
        ent_held_part *p = &n->parts[i];
        ent_retention kept;
        if (!p->hidden || p->hold || (p->not_before.year && ent_date_compare(ent_today(n), p->not_before) < 0)) continue;
        ent_part_retention(n, p, &kept);
        if (!kept.due || !kept.held) continue;
        ENT_TRY(move(n, p, err));
        ++*ret_moved;
    }
    return ENT_OK;
}

/* ---- opening, by two ---- */

static ent_code find(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_held_part **ret, ent_err *err)
{
    *ret = ent_part_held(n, id);
    if (!*ret) return ent_fail(err, ENT_NOT_FOUND, "no part with this number is held");
    return (*ret)->hold ? ENT_OK : ent_fail(err, ENT_CONFLICT, "this part is not in the hold store: it goes there when it is held and no power keeps it any more");
}

ent_code ent_flow_hold_share(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], ent_buf *ret_box, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_OPEN_HOLD, err));
    ent_held_part *p;
    pthread_mutex_lock(&n->lock);
    ent_code code = find(n, part, &p, err);
    const uint8_t *box = NULL;
    for (size_t i = 0; code == ENT_OK && i < p->hold->count; i++)
        if (ent_id_equal(p->hold->share[i].who.b, by->pseudonym.b)) box = p->hold->share[i].box;
    if (box) ent_buf_put(ret_box, box, ENT_HOLD_BOX);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK && !box) return ent_fail(err, ENT_NOT_FOUND, "%s has no share of this part's key: it was moved before they were a custodian. Two who have one open it; then all of today have one", by->name);
    return code == ENT_OK ? ent_buf_check(ret_box, err) : code;
}

/* The first word of this opening, or a place for it; words older than an hour are erased. */
static opening *place_of(ent_flow_node *n, const ent_part_id *part, const uint8_t case_digest[32], bool *ret_there)
{
    struct ent_openings *all = n->openings;
    for (size_t i = all->count; i-- > 0;) {
        opening *o = &all->of[i];
        int64_t age = ent_now(n).ms - o->at.ms;
        if (age >= 0 && age <= SECOND_PERSON_MS) continue;
        *o = all->of[--all->count];
        ent_wipe(&all->of[all->count], sizeof *o);
    }
    *ret_there = true;
    for (size_t i = 0; i < all->count; i++)
        if (ent_id_equal(all->of[i].part.b, part->b) && ent_equal(all->of[i].case_digest, case_digest, 32)) return &all->of[i];
    *ret_there = false;
    return all->count < sizeof all->of / sizeof all->of[0] ? &all->of[all->count++] : NULL;
}

static ent_code log_word(ent_flow_node *n, const ent_actor *by, ent_held_part *p, ent_entry_kind kind, const char *clause, const uint8_t case_digest[32], ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("hold-open");
    uint8_t salt[32];
    ent_entry e = {.kind = kind, .time = ent_now(n), .follows = p->index, .case_number = p->case_number, .actor = by->pseudonym};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    ent_derive(p->salt, "hold", case_digest, 32, salt);
    ent_commit_to(salt, case_digest, 32, e.commitment);
    if (kind == ENT_ENTRY_EXPORTED) {
        ENT_TRY(ent_part_put(n, b, p, err)); /* shares for the custodians of today */
        ENT_TRY(ent_aside_part(n, p, err));
    }
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

struct telling {
    const ent_key32 *key;
    ent_see_held *see;
    void *ctx;
    size_t count;
    ent_err *err;
};

static ent_code tell_blob(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    struct telling *t = ctx;
    ENT_AUTO_BUF plain = ENT_BUF(ENT_CAPTURE_IMAGE);
    if (key_len != ENT_ID_SIZE + 3) return ENT_DAMAGED;
    ENT_TRY(ent_unseal(t->key, ENT_BYTES(key, key_len), ENT_BYTES(value, value_len), &plain, t->err));
    t->count++;
    if (t->see) t->see(t->ctx, (char)key[ENT_ID_SIZE], key[ENT_ID_SIZE + 2], plain.data, plain.len);
    return ENT_OK;
}

static ent_code walk_blobs(ent_flow_node *n, const ent_held_part *p, struct telling *t, ent_err *err)
{
    ent_change range = {.key = p->id.b, .key_len = ENT_ID_SIZE};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_BLOBS, &range, tell_blob, t, err);
    return code == ENT_DAMAGED ? ent_fail(err, ENT_DAMAGED, "these two shares are not of this part's key") : code;
}

/* Joined, proven on the record itself, entered in the ledger, and only then told. */
static ent_code open_both(ent_flow_node *n, const ent_actor *by, ent_held_part *p, const opening *first, const uint8_t share[ENT_SHARE_SIZE], struct telling *t, ent_err *err)
{
    ENT_WIPED_KEY key;
    ent_hold *fresh = NULL, *old = p->hold;
    ENT_TRY(ent_share_join(first->share, share, &key, err));
    struct telling proving = {.key = &key, .err = err};
    ENT_TRY(walk_blobs(n, p, &proving, err));
    ENT_TRY(split(n, &key, &fresh, err));
    p->hold = fresh;
    ent_code code = log_word(n, by, p, ENT_ENTRY_EXPORTED, "hold store opened by two", first->case_digest, err);
    if (code != ENT_OK) {
        p->hold = old;
        free(fresh);
        return code;
    }
    free(old);
    t->key = &key;
    return walk_blobs(n, p, t, err);
}

static ent_code open_locked(ent_flow_node *n, const ent_actor *by, const ent_hold_ask *ask, struct telling *t, bool *ret_opened, ent_err *err)
{
    ent_held_part *p;
    uint8_t digest[32];
    bool there;
    *ret_opened = false;
    ENT_TRY(find(n, ask->part, &p, err));
    ent_sha256(ask->case_reference, strlen(ask->case_reference), digest);
    opening *o = place_of(n, &p->id, digest, &there);
    if (!o) return ent_fail(err, ENT_BUSY, "too many openings wait for a second person: in an hour they are forgotten");
    if (there && !ent_id_equal(o->by.b, by->pseudonym.b)) {
        ent_code code = open_both(n, by, p, o, ask->share, t, err);
        if (code != ENT_OK) return code;
        *ret_opened = true;
        *o = n->openings->of[--n->openings->count];
        ent_wipe(&n->openings->of[n->openings->count], sizeof *o);
        return ENT_OK;
    }
    *o = (opening){.part = p->id, .by = by->pseudonym, .at = ent_now(n)};
    memcpy(o->case_digest, digest, 32);
    memcpy(o->share, ask->share, ENT_SHARE_SIZE);
    return log_word(n, by, p, ENT_ENTRY_HELD, "opening asked for by one", digest, err);
}

ent_code ent_flow_hold_open(ent_flow_node *n, const ent_actor *by, const ent_hold_ask *ask, ent_see_held *see, void *ctx, bool *ret_opened, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_OPEN_HOLD, err));
    if (!*ask->case_reference) return ent_fail(err, ENT_USAGE, "it is opened for one case: name it with --case");
    struct telling t = {.see = see, .ctx = ctx, .err = err};
    pthread_mutex_lock(&n->lock);
    if (!n->openings) n->openings = calloc(1, sizeof *n->openings);
    ent_code code = n->openings ? open_locked(n, by, ask, &t, ret_opened, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_unlock(&n->lock);
    return code;
}

void ent_openings_free(ent_flow_node *n)
{
    if (n->openings) ent_wipe(n->openings, sizeof *n->openings);
    free(n->openings);
}
