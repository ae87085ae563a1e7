/* Which regimes are in force. The store holds their files, byte for byte; the folder that somebody edits is a draft and nothing more.
 * A change shows its difference, takes two custodians, and stops with an alarm when it would make more due than was configured: a
 * mistyped rule is likelier than a hundred thousand records that a new one ends. What it moves earlier gets its window. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/state.h"
#include "law/regime_set.h"

#include <stdlib.h>
#include <string.h>

enum { DUE_PARTS = 100, DUE_PER_MILLE = 50 }; /* when nothing is configured */

/* Every set that was in force since the node was opened: views of parts point into them. */
struct ent_regime_sets {
    struct ent_regime_sets *before;
    ent_regime *regime;
};

static const char force[] = "in-force", draft[] = "draft";

static ent_code load(ent_flow_node *n, const char *name, ent_buf *ret, ent_err *err)
{
    return n->c.store.get(n->c.store.self, ENT_TABLE_REGIMES, name, strlen(name), ret, err);
}

static ent_code use(ent_flow_node *n, const void *set, size_t len, ent_err *err)
{
    struct ent_regime_sets *s = calloc(1, sizeof *s);
    size_t count;
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory for regimes");
    ent_code code = ent_regime_set_read(set, len, n->c.read_doc, &s->regime, &count, err);
    if (code != ENT_OK) {
        free(s);
        return code;
    }
    s->before = n->regime_sets;
    n->regime_sets = s;
    n->c.regimes = s->regime;
    n->c.regime_count = count;
    return ENT_OK;
}

void ent_regimes_free(ent_flow_node *n)
{
    while (n->regime_sets) {
        struct ent_regime_sets *s = n->regime_sets;
        n->regime_sets = s->before;
        free(s->regime);
        free(s);
    }
}

static void fill_entry(ent_flow_node *n, ent_entry_kind kind, const void *set, size_t len, const char *clause, ent_entry *ret)
{
    *ret = (ent_entry){.kind = kind, .time = ent_now(n), .follows = ENT_ENTRY_NONE};
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
    ent_sha256(set, len, ret->agreement);
    ent_fill(n, ret->case_number.b, sizeof ret->case_number.b);
}

/* The first set comes from the folder, with the node; after that only two persons change it. */
static ent_code take_first(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("regimes");
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    fill_entry(n, ENT_ENTRY_REGIME, n->c.regime_files, n->c.regime_files_len, "the first in force", &e);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_REGIMES, ENT_BYTES(force, sizeof force - 1), ENT_BYTES(n->c.regime_files, n->c.regime_files_len));
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_regimes_load(ent_flow_node *n, ent_err *err)
{
    ENT_AUTO_BUF set = ENT_BUF(ENT_REGIME_SET_MAX);
    if (!n->c.regime_files) return ENT_OK; /* they were given as they are */
    ent_code code = load(n, force, &set, err);
    if (code == ENT_NOT_FOUND) {
        ENT_TRY(use(n, n->c.regime_files, n->c.regime_files_len, err));
        return take_first(n, err);
    }
    if (code != ENT_OK) return code;
    n->regimes_differ = set.len != n->c.regime_files_len || memcmp(set.data, n->c.regime_files, set.len) != 0;
    return use(n, set.data, set.len, err);
}

/* ---- the difference ---- */

typedef struct files {
    struct {
        const char *text;
        size_t len;
        char name[ENT_LAW_NAME];
    } at[ENT_REGIMES_MAX];
    size_t count;
} files;

static ent_code list_file(void *ctx, const char *name, const void *text, size_t len, ent_err *err)
{
    files *f = ctx;
    (void)err;
    memcpy(f->at[f->count].name, name, ENT_LAW_NAME);
    f->at[f->count].text = text;
    f->at[f->count++].len = len;
    return ENT_OK;
}

static void add_change(ent_regime_change *ret, const char *name, const char *what)
{
    if (ret->file_count == ENT_REGIMES_MAX) return;
    snprintf(ret->file[ret->file_count].name, ENT_LAW_NAME, "%s", name);
    ret->file[ret->file_count++].what = what;
}

/* Both are sorted by name. */
static void compare_files(const files *old, const files *fresh, ent_regime_change *ret)
{
    for (size_t i = 0, k = 0; i < old->count || k < fresh->count;) {
        int order = i == old->count ? 1 : k == fresh->count ? -1 : strcmp(old->at[i].name, fresh->at[k].name);
        if (order < 0) add_change(ret, old->at[i++].name, "removed");
        else if (order > 0) add_change(ret, fresh->at[k++].name, "added");
        else {
            if (old->at[i].len != fresh->at[k].len || memcmp(old->at[i].text, fresh->at[k].text, old->at[i].len) != 0) add_change(ret, old->at[i].name, "changed");
            i++, k++;
        }
    }
}

/* Likewise: shows what differs. */
static void show_files(const files *old, const files *fresh, ent_see_regime_file *see, void *ctx)
{
    for (size_t i = 0, k = 0; i < old->count || k < fresh->count;) {
        int order = i == old->count ? 1 : k == fresh->count ? -1 : strcmp(old->at[i].name, fresh->at[k].name);
        ent_bytes was = order <= 0 ? ENT_BYTES(old->at[i].text, old->at[i].len) : ENT_BYTES("", 0), is = order >= 0 ? ENT_BYTES(fresh->at[k].text, fresh->at[k].len) : ENT_BYTES("", 0);
        if (was.len != is.len || memcmp(was.data, is.data, was.len) != 0) see(ctx, order <= 0 ? old->at[i].name : fresh->at[k].name, was, is);
        i += order <= 0, k += order >= 0;
    }
}

static bool sooner(ent_date now, ent_date before)
{
    return now.year && (!before.year || ent_date_compare(now, before) < 0);
}

static void compare_part(const ent_held_part *p, const ent_retention *was, const ent_retention *is, ent_regime_change *ret)
{
    int order = ent_date_compare(was->due_on, is->due_on);
    if (is->due && !was->due) ret->due++;
    if (!order) return;
    bool earlier = sooner(is->due_on, was->due_on);
    ret->sooner += earlier;
    ret->later += !earlier;
    if (ret->example_count == ENT_REGIME_EXAMPLES) return;
    ret->example[ret->example_count++] = (ent_regime_example){.part = p->id, .material = p->facts.material, .was = was->due_on, .is = is->due_on};
}

static ent_code compare(ent_flow_node *n, const void *set, size_t len, ent_regime_change *ret, ent_err *err)
{
    ENT_AUTO_BUF now = ENT_BUF(ENT_REGIME_SET_MAX);
    ent_regime *regimes;
    size_t count;
    ENT_TRY(ent_regime_set_read(set, len, n->c.read_doc, &regimes, &count, err));
    files *f = calloc(2, sizeof *f);
    ent_code code = f ? load(n, force, &now, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_NOT_FOUND) code = ENT_OK; /* none was kept: everything is new */
    if (code == ENT_OK) code = ent_regime_set_walk(now.data, now.len, list_file, &f[0], err);
    if (code == ENT_OK) code = ent_regime_set_walk(set, len, list_file, &f[1], err);
    if (code == ENT_OK) compare_files(&f[0], &f[1], ret);
    const ent_regime *held = n->c.regimes;
    size_t held_count = n->c.regime_count;
    for (size_t i = 0; i < n->part_count && code == ENT_OK; i++) {
        ent_retention was, is;
        ent_part_retention(n, &n->parts[i], &was);
        n->c.regimes = regimes, n->c.regime_count = count;
        ent_part_retention(n, &n->parts[i], &is);
        n->c.regimes = held, n->c.regime_count = held_count;
        compare_part(&n->parts[i], &was, &is, ret);
    }
    ret->parts = n->part_count;
    size_t most = n->c.regime_due_parts ? n->c.regime_due_parts : DUE_PARTS, share = n->c.regime_due_per_mille ? n->c.regime_due_per_mille : DUE_PER_MILLE;
    ret->alarm = ret->due > most || ret->due * 1000 > n->part_count * share;
    free(f);
    free(regimes);
    return code;
}

/* ---- two persons ---- */

typedef struct proposal {
    ent_buf row;
    ent_actor_id by;
    ent_time at;
    const uint8_t *set;
    size_t len;
} proposal;

static ent_code load_draft(ent_flow_node *n, proposal *ret, ent_err *err)
{
    ret->row = ENT_BUF(ENT_REGIME_SET_MAX + 64);
    ent_code code = load(n, draft, &ret->row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_NOT_FOUND, "no change of the regimes is proposed: `entente regime propose`");
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(ret->row.data, ret->row.len);
    ent_cursor_copy(&c, ret->by.b, ENT_ID_SIZE);
    ret->at.ms = (int64_t)ent_cursor_u64(&c);
    ret->len = ent_cursor_left(&c);
    ret->set = ent_cursor_take(&c, ret->len);
    return ret->set ? ENT_OK : ent_fail(err, ENT_DAMAGED, "the proposed regimes cannot be read");
}

static ent_code put_draft(ent_flow_node *n, const ent_actor *by, const void *set, size_t len, const ent_regime_change *change, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("regime-propose");
    ENT_AUTO_BUF row = ENT_BUF(ENT_REGIME_SET_MAX + 64);
    char clause[ENT_LAW_CLAUSE];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_buf_put(&row, by->pseudonym.b, ENT_ID_SIZE);
    ent_buf_u64(&row, (uint64_t)ent_now(n).ms);
    ent_buf_put(&row, set, len);
    ENT_TRY(ent_buf_check(&row, err));
    snprintf(clause, sizeof clause, "proposed: %zu sooner, %zu due", change->sooner, change->due);
    fill_entry(n, ENT_ENTRY_REGIME, set, len, clause, &e);
    e.actor = by->pseudonym;
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_REGIMES, ENT_BYTES(draft, sizeof draft - 1), ENT_BYTES(row.data, row.len));
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_regime_propose(ent_flow_node *n, const ent_actor *by, const void *set, size_t len, bool dry, ent_regime_change *ret_change, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_CHANGE_REGIMES, err));
    if (!len || len > ENT_REGIME_SET_MAX) return ent_fail(err, ENT_USAGE, "a set of regimes has at least one file and at most %d bytes", ENT_REGIME_SET_MAX);
    ent_regime_change change = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = compare(n, set, len, &change, err);
    if (code == ENT_OK && !dry && !change.file_count) code = ent_fail(err, ENT_EXISTS, "exactly these regimes are in force");
    if (code == ENT_OK && !dry) code = put_draft(n, by, set, len, &change, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) *ret_change = change;
    return code;
}

static ent_code stop_with_alarm(ent_flow_node *n, const ent_actor *by, const proposal *p, const ent_regime_change *change, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("alarm");
    char clause[ENT_LAW_CLAUSE];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(clause, sizeof clause, "regimes: %zu of %zu parts would be due", change->due, change->parts);
    fill_entry(n, ENT_ENTRY_ALARM, p->set, p->len, clause, &e);
    e.actor = by->pseudonym;
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    return ent_fail(err, ENT_REFUSED, "%zu of %zu parts would be due at once, more than this node accepts of one change: nothing was changed. If the rule is right, raise "
                                      "regimes: due-parts and due-per-mille in node.yaml, then approve again", change->due, change->parts);
}

static ent_code bring_into_force(ent_flow_node *n, const ent_actor *by, const proposal *p, const ent_regime_change *change, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("regime-approve");
    char clause[ENT_LAW_CLAUSE];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(clause, sizeof clause, "in force: %zu sooner, %zu due", change->sooner, change->due);
    fill_entry(n, ENT_ENTRY_REGIME, p->set, p->len, clause, &e);
    e.actor = by->pseudonym;
    memcpy(e.commitment, p->by.b, ENT_ID_SIZE); /* whose proposal it was */
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_REGIMES, ENT_BYTES(force, sizeof force - 1), ENT_BYTES(p->set, p->len));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_REGIMES, ENT_BYTES(draft, sizeof draft - 1), ENT_BYTES("", 0));
    ent_batch_entry(b, &e);
    ENT_TRY(ent_commit(n, b, NULL, err));
    ENT_TRY(use(n, p->set, p->len, err));
    n->regimes_differ = false; /* the folder is looked at again with the next start */
    ent_parts_look(n);
    return ent_parts_settle(n, err); /* cut short, the next start does it */
}

static ent_code drop_draft(ent_flow_node *n, const ent_actor *by, const proposal *p, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("regime-reject");
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    fill_entry(n, ENT_ENTRY_REGIME, p->set, p->len, "proposal dropped", &e);
    e.actor = by->pseudonym;
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_REGIMES, ENT_BYTES(draft, sizeof draft - 1), ENT_BYTES("", 0));
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code decide(ent_flow_node *n, const ent_actor *by, bool agree, const uint8_t *seen, proposal *p, ent_regime_change *ret, ent_err *err)
{
    uint8_t digest[32];
    ENT_TRY(load_draft(n, p, err));
    ent_sha256(p->set, p->len, digest);
    if (seen && memcmp(seen, digest, 32) != 0) return ent_fail(err, ENT_CONFLICT, "another change was proposed meanwhile: look at that one first");
    if (!agree) return drop_draft(n, by, p, err);
    if (ent_id_equal(p->by.b, by->pseudonym.b)) return ent_fail(err, ENT_DENIED, "%s proposed it: nobody approves their own act", by->name);
    ENT_TRY(compare(n, p->set, p->len, ret, err)); /* as it is today, not as it was when it was proposed */
    return ret->alarm ? stop_with_alarm(n, by, p, ret, err) : bring_into_force(n, by, p, ret, err);
}

ent_code ent_flow_regime_approve(ent_flow_node *n, const ent_actor *by, bool agree, const uint8_t *seen, ent_regime_change *ret_change, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_CHANGE_REGIMES, err));
    proposal p = {0};
    ent_regime_change change = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = decide(n, by, agree, seen, &p, &change, err);
    pthread_mutex_unlock(&n->lock);
    ent_buf_free(&p.row);
    if (code == ENT_OK) *ret_change = change;
    return code;
}

static ent_code show_waiting(ent_flow_node *n, proposal *p, ent_see_regime_file *see, void *ctx, ent_regime_change *ret, ent_err *err)
{
    ENT_AUTO_BUF now = ENT_BUF(ENT_REGIME_SET_MAX);
    ENT_TRY(load_draft(n, p, err));
    ENT_TRY(compare(n, p->set, p->len, ret, err));
    files *f = calloc(2, sizeof *f);
    ent_code code = f ? load(n, force, &now, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (code == ENT_NOT_FOUND) code = ENT_OK;
    if (code == ENT_OK) code = ent_regime_set_walk(now.data, now.len, list_file, &f[0], err);
    if (code == ENT_OK) code = ent_regime_set_walk(p->set, p->len, list_file, &f[1], err);
    if (code == ENT_OK) show_files(&f[0], &f[1], see, ctx);
    free(f);
    return code;
}

ent_code ent_flow_regime_waiting(ent_flow_node *n, const ent_actor *by, ent_see_regime_file *see, void *ctx, ent_regime_change *ret_change, uint8_t ret_digest[32],
                                 ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    proposal p = {0};
    ent_regime_change change = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = show_waiting(n, &p, see, ctx, &change, err);
    if (code == ENT_OK) ent_sha256(p.set, p.len, ret_digest);
    pthread_mutex_unlock(&n->lock);
    ent_buf_free(&p.row);
    if (code == ENT_OK) *ret_change = change;
    return code;
}

ent_code ent_flow_regimes(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_regime *r), void *ctx, ent_regimes_view *ret_view, ent_err *err)
{
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_RECORDS, err));
    ENT_AUTO_BUF set = ENT_BUF(ENT_REGIME_SET_MAX);
    proposal p = {0};
    ent_regimes_view v = {0};
    ent_err none;
    pthread_mutex_lock(&n->lock);
    if (load(n, force, &set, &none) == ENT_OK) ent_sha256(set.data, set.len, v.digest);
    v.proposed = load_draft(n, &p, &none) == ENT_OK;
    v.proposed_by = p.by, v.proposed_at = p.at;
    v.differ = n->regimes_differ;
    for (size_t i = 0; i < n->c.regime_count; i++) see(ctx, &n->c.regimes[i]);
    pthread_mutex_unlock(&n->lock);
    ent_buf_free(&p.row);
    *ret_view = v;
    return ENT_OK;
}
