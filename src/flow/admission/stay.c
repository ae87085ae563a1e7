/* Entries and exits: rows of table "crossings". A row's key is the keyed token of nationality and document, so that one traveller's
 * stays lie together and nobody without the node's key can look for somebody; who it is stands only in the box. */
#include "base/check.h"
#include "base/cursor.h"
#include "flow/admission/admission.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, TOKEN = 32, KEY = 1 + TOKEN + 8, ROW_MAX = 8192, BOX_MAX = 4096 };

typedef struct row {
    uint8_t key[KEY];              /* 's', token, the time of entry */
    ent_slot slot;
    char programme[ENT_LAW_NAME], nationality[4];
    ent_stay stay;
    bool admitted;                 /* false: a decision that did not admit, kept as long */
    uint16_t keep_days;
    ent_case_id case_number;
    uint8_t salt[32];
} row;

static void key_begin(ent_flow_node *n, const char *nationality, const char *document, uint8_t ret[1 + TOKEN])
{
    char name[16];
    snprintf(name, sizeof name, "traveller %.3s", nationality);
    ret[0] = 's';
    ent_transaction_token(n, name, document, ret + 1);
}

static void binding_of(const row *r, uint8_t ret[32])
{
    ent_sha256_parts((ent_bytes[]){ENT_BYTES("entente stay", 12), ENT_BYTES(r->key, KEY)}, 2, ret);
}

static void encode(const row *r, ent_bytes box, ent_buf *b)
{
    ent_buf_u8(b, VERSION);
    ent_buf_u64(b, r->slot.number);
    ent_buf_text8(b, r->programme);
    ent_buf_text8(b, r->nationality);
    ent_buf_u32(b, ent_date_pack(r->stay.entry));
    ent_buf_u32(b, ent_date_pack(r->stay.exit));
    ent_buf_u32(b, ent_date_pack(r->stay.until));
    ent_buf_text8(b, r->stay.exit_to);
    ent_buf_u8(b, r->admitted);
    ent_buf_u16(b, r->keep_days);
    ent_buf_put(b, r->case_number.b, ENT_ID_SIZE);
    ent_buf_put(b, r->salt, 32);
    ent_buf_put(b, box.data, box.len);
}

/* The cursor is left at the box. */
static bool decode(const uint8_t *key, ent_cursor *c, row *r)
{
    *r = (row){0};
    memcpy(r->key, key, KEY);
    uint8_t version = ent_cursor_u8(c);
    r->slot.number = ent_cursor_u64(c);
    ent_cursor_text8(c, r->programme, sizeof r->programme);
    ent_cursor_text8(c, r->nationality, sizeof r->nationality);
    r->stay.entry = ent_date_unpack(ent_cursor_u32(c));
    r->stay.exit = ent_date_unpack(ent_cursor_u32(c));
    r->stay.until = ent_date_unpack(ent_cursor_u32(c));
    ent_cursor_text8(c, r->stay.exit_to, sizeof r->stay.exit_to);
    r->admitted = ent_cursor_u8(c) == 1;
    r->keep_days = ent_cursor_u16(c);
    ent_cursor_copy(c, r->case_number.b, ENT_ID_SIZE);
    ent_cursor_copy(c, r->salt, 32);
    return version == VERSION && !c->bad;
}

/* ---- walking ---- */

typedef struct found {
    row row;
    uint8_t box[BOX_MAX];
    size_t box_len;
} found;

typedef struct walk {
    bool (*want)(void *ctx, const row *r);
    void *ctx;
    found *all;                    /* owned by the walk's caller */
    size_t count, cap;
} walk;

static ent_code step(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    walk *w = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    row r;
    if (key_len != KEY || !decode(key, &c, &r)) return ENT_DAMAGED;
    size_t left = ent_cursor_left(&c);
    if (left > BOX_MAX) return ENT_DAMAGED;
    if (!w->want(w->ctx, &r)) return ENT_OK;
    if (w->count == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 16;
        found *all = realloc(w->all, cap * sizeof *all);
        if (!all) return ENT_NO_MEMORY;
        w->all = all;
        w->cap = cap;
    }
    found *f = &w->all[w->count++];
    f->row = r;
    f->box_len = left;
    if (left) memcpy(f->box, ent_cursor_take(&c, left), left);
    return ENT_OK;
}

static ent_code walk_rows(ent_flow_node *n, const void *prefix, size_t len, walk *w, ent_err *err)
{
    ent_change range = {.key = prefix, .key_len = len};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_CROSSINGS, &range, step, w, err);
    if (code == ENT_OK) return ENT_OK;
    free(w->all);
    *w = (walk){0};
    return code == ENT_DAMAGED ? ent_fail(err, code, "a stay's row cannot be read") : code;
}

static bool of_programme(void *ctx, const row *r) { return r->admitted && strcmp(r->programme, ctx) == 0; }
static bool is_open(void *ctx, const row *r) { (void)ctx; return r->admitted && !r->stay.exit.year; }

/* ---- the answer ---- */

static ent_code declare(const ent_programme *p, const ent_admit_ask *ask, ent_traveller *t, ent_err *err)
{
    for (size_t k = 0; k < ask->declared_count; k++) {
        size_t i = 0;
        ent_fact fact = ent_fact_named(ask->declared[k][1]);
        while (i < p->condition_count && (p->condition[i].by != ENT_SHOWN_DECLARATION || strcmp(p->condition[i].name, ask->declared[k][0]) != 0)) i++;
        if (i == p->condition_count) return ent_fail(err, ENT_USAGE, "\"%s\" is no condition of %s that an officer declares", ask->declared[k][0], p->name);
        if (fact == ENT_FACT_COUNT) return ent_fail(err, ENT_USAGE, "\"%s\" is yes or no, not \"%s\"", ask->declared[k][0], ask->declared[k][1]);
        t->declared[i] = fact;
    }
    return ENT_OK;
}

static ent_code check_ask(const ent_admit_ask *ask, ent_err *err)
{
    size_t n = strspn(ask->nationality, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (*ask->nationality && (n != 3 || ask->nationality[3])) return ent_fail(err, ENT_USAGE, "a nationality is three capital letters (ISO 3166-1 alpha-3)");
    if (!ent_programme_line(ask->document)) return ent_fail(err, ENT_USAGE, "a traveller is known by the number of the document");
    return ENT_OK;
}

static ent_code answer(ent_flow_node *n, const ent_admit_ask *ask, ent_programme *ret_programme, ent_admission *ret, ent_err *err)
{
    ent_programme_events e;
    uint8_t prefix[1 + TOKEN];
    ent_stay stay[ENT_STAYS_MAX];
    walk w = {.want = of_programme, .ctx = (void *)ask->programme};
    ent_traveller t = {.authorised_until = ask->authorised_until, .set_out = ask->set_out, .stay = stay};
    ENT_TRY(ent_programme_events_load(n, &e, err));
    ent_code code = ent_programme_load(n, &e, ask->programme, ent_today(n), ret_programme, err);
    if (code == ENT_OK) code = declare(ret_programme, ask, &t, err);
    key_begin(n, ask->nationality, ask->document, prefix);
    if (code == ENT_OK) code = walk_rows(n, prefix, sizeof prefix, &w, err);
    size_t from = w.count > ENT_STAYS_MAX ? w.count - ENT_STAYS_MAX : 0;
    for (size_t i = from; code == ENT_OK && i < w.count; i++) stay[t.stay_count++] = w.all[i].row.stay;
    snprintf(t.nationality, sizeof t.nationality, "%s", ask->nationality);
    if (code == ENT_OK) ent_programme_admit(ret_programme, e.event, e.count, &t, ent_today(n), ret);
    free(w.all);
    ent_programme_events_free(&e);
    return code;
}

ent_code ent_flow_admit(ent_flow_node *n, const ent_actor *by, const ent_admit_ask *ask, ent_admission *ret_admission, ent_err *err)
{
    ent_programme p;
    ENT_TRY(ent_gate(by, ENT_MAY_ADMIT, err));
    ENT_TRY(check_ask(ask, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = answer(n, ask, &p, ret_admission, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* ---- the decision ---- */

static bool same_answer(const ent_admission *a, const ent_admission *b)
{
    return a->answer == b->answer && strcmp(a->clause, b->clause) == 0 && ent_date_compare(a->until, b->until) == 0;
}

static ent_code check_decision(ent_flow_node *n, const ent_admission *now, const ent_admission_decision *d, ent_err *err)
{
    if (!same_answer(now, &d->answer)) return ent_fail(err, ENT_CONFLICT, "the answer is another now: %s (%s)", ent_admission_word(now->answer), now->clause);
    if (ent_date_compare(d->day, ent_today(n)) != 0) return ent_fail(err, ENT_STALE, "a decision is of the day on which it is recorded");
    if (*d->reason && !ent_programme_line(d->reason)) return ent_fail(err, ENT_USAGE, "a reason is one line of printable ASCII");
    bool follows = now->answer != ENT_ADMISSION_REFER && d->admitted == (now->answer == ENT_ADMISSION_MEETS);
    if (!follows && !*d->reason) return ent_fail(err, ENT_USAGE, "a decision that does not follow the answer needs its reason");
    if (!d->admitted) return d->until.year ? ent_fail(err, ENT_USAGE, "who is not admitted has no last day") : ENT_OK;
    if (!d->until.year || ent_date_compare(d->until, d->day) < 0) return ent_fail(err, ENT_USAGE, "an admission has its last day, not before today");
    if (now->until.year && ent_date_compare(d->until, now->until) > 0) return ent_fail(err, ENT_REFUSED, "the stay would go beyond what the programme allows (%s)", now->clause);
    return ENT_OK;
}

static void fill_entry(ent_flow_node *n, const ent_actor *by, const row *r, const char *clause, const char *word, const void *what, size_t len, ent_entry *ret)
{
    *ret = (ent_entry){.kind = ENT_ENTRY_CROSSED, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .case_number = r->case_number};
    if (by) ret->actor = by->pseudonym;
    snprintf(ret->flow, sizeof ret->flow, "%s", word);
    snprintf(ret->purpose, sizeof ret->purpose, "%s", r->programme);
    snprintf(ret->clause, sizeof ret->clause, "%s", clause);
    ent_commit_to(r->salt, what, len, ret->commitment);
}

/* What the box has: the document's number, a newline, the signed text, the signature. */
static ent_code seal_row(ent_flow_node *n, row *r, const ent_admission_decision *d, const char *text, const uint8_t signature[ENT_SIGNATURE_SIZE], ent_buf *ret_row, ent_err *err)
{
    ENT_AUTO_BUF plain = ENT_BUF(BOX_MAX - 64), box = ENT_BUF(BOX_MAX);
    uint8_t binding[32], nonce[12];
    ENT_WIPED_KEY key;
    ent_buf_fmt(&plain, "%s\n%s", d->document, text);
    ent_buf_put(&plain, signature, ENT_SIGNATURE_SIZE);
    ENT_TRY(ent_buf_check(&plain, err));
    binding_of(r, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &r->slot, &key, err));
    ent_fill(n, nonce, sizeof nonce);
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(r->key, KEY), ENT_BYTES(plain.data, plain.len), &box, err));
    encode(r, ENT_BYTES(box.data, box.len), ret_row);
    return ent_buf_check(ret_row, err);
}

static ent_code keep(ent_flow_node *n, const ent_actor *by, const ent_programme *p, const ent_admission_decision *d, const char *text,
                     const uint8_t signature[ENT_SIGNATURE_SIZE], uint64_t *ret_index, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("admit");
    ENT_AUTO_BUF bytes = ENT_BUF(ROW_MAX);
    ent_entry e;
    row r = {.stay = {.entry = d->day, .until = d->until}, .admitted = d->admitted, .keep_days = p->keep_days};
    uint64_t at = (uint64_t)ent_now(n).ms;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (!d->admitted) r.stay.exit = d->day;
    key_begin(n, d->nationality, d->document, r.key);
    for (int i = 0; i < 8; i++) r.key[1 + TOKEN + i] = (uint8_t)(at >> (56 - 8 * i));
    snprintf(r.programme, sizeof r.programme, "%s", d->programme);
    snprintf(r.nationality, sizeof r.nationality, "%s", d->nationality);
    ent_fill(n, r.case_number.b, ENT_ID_SIZE);
    ent_fill(n, r.salt, sizeof r.salt);
    ENT_TRY(seal_row(n, &r, d, text, signature, &bytes, err));
    fill_entry(n, by, &r, d->answer.clause, d->admitted ? "admitted" : "not admitted", text, strlen(text), &e);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_CROSSINGS, ENT_BYTES(r.key, KEY), ENT_BYTES(bytes.data, bytes.len));
    ent_batch_entry(b, &e);
    ent_code code = ent_commit(n, b, ret_index, err);
    if (code == ENT_EXISTS || code == ENT_NO_SPACE) (void)!n->c.keys.destroy(n->c.keys.self, r.slot, NULL);
    return code;
}

ent_code ent_flow_admit_decide(ent_flow_node *n, const ent_actor *by, const ent_admit_ask *ask, const ent_admission_decision *decision,
                               const uint8_t signature[ENT_SIGNATURE_SIZE], uint64_t *ret_index, ent_err *err)
{
    ent_programme p;
    ent_admission now;
    ent_admission_decision d = *decision;
    char text[ENT_ADMISSION_SIGNED];
    ENT_TRY(ent_gate(by, ENT_MAY_ADMIT, err));
    ENT_TRY(check_ask(ask, err));
    if (!*ask->nationality) return ent_fail(err, ENT_USAGE, "a crossing is recorded with the nationality that the document states");
    memcpy(d.programme, ask->programme, sizeof d.programme);
    memcpy(d.nationality, ask->nationality, sizeof d.nationality);
    memcpy(d.document, ask->document, sizeof d.document);
    ent_admission_text(&d, text);
    if (!ent_sign_verify(&by->key, text, strlen(text), signature)) return ent_fail(err, ENT_SIGNATURE, "the decision is not signed by %s", by->name);
    pthread_mutex_lock(&n->lock);
    ent_code code = answer(n, ask, &p, &now, err);
    if (code == ENT_OK) code = check_decision(n, &now, &d, err);
    if (code == ENT_OK) code = keep(n, by, &p, &d, text, signature, ret_index, err);
    pthread_mutex_unlock(&n->lock);
    return code;
}

/* ---- leaving ---- */

static ent_code record_exit(ent_flow_node *n, const ent_actor *by, found *f, const char *to, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("exit");
    ENT_AUTO_BUF bytes = ENT_BUF(ROW_MAX);
    ent_entry e;
    uint32_t day;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    f->row.stay.exit = ent_today(n);
    snprintf(f->row.stay.exit_to, sizeof f->row.stay.exit_to, "%s", to);
    encode(&f->row, ENT_BYTES(f->box, f->box_len), &bytes);
    ENT_TRY(ent_buf_check(&bytes, err));
    day = ent_date_pack(f->row.stay.exit);
    fill_entry(n, by, &f->row, "", "left", &day, sizeof day, &e);
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_CROSSINGS, ENT_BYTES(f->row.key, KEY), ENT_BYTES(bytes.data, bytes.len));
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

ent_code ent_flow_stay_exit(ent_flow_node *n, const ent_actor *by, const char *nationality, const char *document, const char *to, ent_date *ret_entry, ent_err *err)
{
    uint8_t prefix[1 + TOKEN];
    walk w = {.want = is_open};
    ENT_TRY(ent_gate(by, ENT_MAY_ADMIT, err));
    size_t letters = strspn(to, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (*to && (letters != 3 || to[3])) return ent_fail(err, ENT_USAGE, "a country is three capital letters (ISO 3166-1 alpha-3)");
    pthread_mutex_lock(&n->lock);
    key_begin(n, nationality, document, prefix);
    ent_code code = walk_rows(n, prefix, sizeof prefix, &w, err);
    if (code == ENT_OK && !w.count) code = ent_fail(err, ENT_NOT_FOUND, "no entry without exit is recorded of this document");
    for (size_t i = 0; i < w.count && code == ENT_OK; i++) code = record_exit(n, by, &w.all[i], to, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) *ret_entry = w.all[w.count - 1].row.stay.entry;
    free(w.all);
    return code;
}

/* ---- who stays beyond their day ---- */

static ent_code document_of(ent_flow_node *n, const found *f, char ret[64], ent_err *err)
{
    ENT_AUTO_BUF plain = ENT_BUF(BOX_MAX);
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    binding_of(&f->row, binding);
    ENT_TRY(n->c.keys.get(n->c.keys.self, f->row.slot, binding, &key, err));
    ENT_TRY(ent_unseal(&key, ENT_BYTES(f->row.key, KEY), ENT_BYTES(f->box, f->box_len), &plain, err));
    const uint8_t *nl = memchr(plain.data, '\n', plain.len);
    if (!nl || nl - plain.data >= 64) return ent_fail(err, ENT_DAMAGED, "a stay's box cannot be read");
    memcpy(ret, plain.data, (size_t)(nl - plain.data));
    ret[nl - plain.data] = 0;
    return ENT_OK;
}

static ent_code look(ent_flow_node *n, const ent_programme_events *e, const found *f, ent_stay_view *v, bool *ret_over, ent_err *err)
{
    const row *r = &f->row;
    *v = (ent_stay_view){.stay = r->stay};
    v->last_day = ent_stay_last_day(e->event, e->count, r->programme, r->nationality, &r->stay, ent_today(n));
    v->days_over = ent_date_days(ent_today(n)) - ent_date_days(v->last_day);
    *ret_over = v->days_over > 0;
    if (!*ret_over) return ENT_OK;
    memcpy(v->programme, r->programme, sizeof v->programme);
    memcpy(v->nationality, r->nationality, sizeof v->nationality);
    return document_of(n, f, v->document, err);
}

ent_code ent_flow_stays_overdue(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_stay_view *v), void *ctx, ent_err *err)
{
    ent_programme_events e = {0};
    walk w = {.want = is_open};
    ENT_TRY(ent_gate(by, ENT_MAY_SEE_STAYS, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_programme_events_load(n, &e, err);
    if (code == ENT_OK) code = walk_rows(n, "s", 1, &w, err);
    for (size_t i = 0; i < w.count && code == ENT_OK; i++) {
        ent_stay_view v;
        bool over = false;
        code = look(n, &e, &w.all[i], &v, &over, err);
        if (code == ENT_OK && over) see(ctx, &v);
    }
    pthread_mutex_unlock(&n->lock);
    free(w.all);
    ent_programme_events_free(&e);
    return code;
}

struct inside {
    const char *programme, *country;
    uint64_t count;
};

/* Counts and keeps nothing. */
static bool count_inside(void *ctx, const row *r)
{
    struct inside *i = ctx;
    i->count += r->admitted && !r->stay.exit.year && strcmp(r->programme, i->programme) == 0 && strcmp(r->nationality, i->country) == 0;
    return false;
}

ent_code ent_stays_inside(ent_flow_node *n, const char *programme, const char *country, uint64_t *ret_count, ent_err *err)
{
    struct inside i = {.programme = programme, .country = country};
    walk w = {.want = count_inside, .ctx = &i};
    ENT_TRY(walk_rows(n, "s", 1, &w, err));
    *ret_count = i.count;
    return ENT_OK;
}

/* ---- going ---- */

static bool past(void *ctx, const row *r)
{
    const ent_date *today = ctx;
    return r->stay.exit.year && ent_date_days(*today) > ent_date_days(r->stay.exit) + r->keep_days;
}

static ent_code destroy(ent_flow_node *n, const row *r, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("stay-gone");
    uint8_t key[1 + ENT_ID_SIZE] = {'d'}, slot[8];
    ent_entry e;
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    b->reserve = true;
    memcpy(key + 1, r->case_number.b, ENT_ID_SIZE);
    for (int i = 0; i < 8; i++) slot[i] = (uint8_t)(r->slot.number >> (56 - 8 * i));
    ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_DUE, ENT_BYTES(key, sizeof key), ENT_BYTES(slot, sizeof slot));
    ent_batch_put(b, ENT_CHANGE_DELETE, ENT_TABLE_CROSSINGS, ENT_BYTES(r->key, KEY), ENT_BYTES("", 0));
    fill_entry(n, NULL, r, "keep", "destroyed", r->key, KEY, &e);
    e.kind = ENT_ENTRY_DESTROYED;
    ent_batch_entry(b, &e);
    return ent_commit_with(n, b, ent_destructions_finish, NULL, err);
}

ent_code ent_stays_tick(ent_flow_node *n, ent_err *err)
{
    ent_date today = ent_today(n);
    walk w = {.want = past, .ctx = &today};
    ENT_TRY(walk_rows(n, "s", 1, &w, err));
    ent_code code = ENT_OK;
    for (size_t i = 0; i < w.count && code == ENT_OK; i++) code = destroy(n, &w.all[i].row, err);
    free(w.all);
    return code;
}
