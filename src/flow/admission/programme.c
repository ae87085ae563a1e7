/* Programmes and designations: rows of table "events", each the event with the signatures of two persons under its text. */
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "flow/admission/admission.h"
#include "flow/report/suppress.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, KEY = 1 + ENT_ID_SIZE, ROW_MAX = ENT_LIMIT_YAML_FILE + 4096, EVENTS_MAX = 4096 };

/* ---- rows: the event, both signatures, the file ---- */

static void key_of(const uint8_t id[ENT_ID_SIZE], uint8_t ret[KEY])
{
    ret[0] = 'g';
    memcpy(ret + 1, id, ENT_ID_SIZE);
}

static void put_signature(ent_buf *b, const ent_event_signature *s)
{
    ent_buf_u64(b, (uint64_t)s->at.ms);
    ent_buf_text8(b, s->name);
    ent_buf_put(b, s->key.b, 32);
    ent_buf_put(b, s->signature, ENT_SIGNATURE_SIZE);
}

static void take_signature(ent_cursor *c, ent_event_signature *s)
{
    s->at.ms = (int64_t)ent_cursor_u64(c);
    ent_cursor_text8(c, s->name, sizeof s->name);
    ent_cursor_copy(c, s->key.b, 32);
    ent_cursor_copy(c, s->signature, ENT_SIGNATURE_SIZE);
}

static void encode(const ent_programme_view *v, ent_bytes file, ent_buf *row)
{
    const ent_programme_event *e = &v->event;
    ent_buf_u8(row, VERSION);
    ent_buf_u8(row, (uint8_t)e->kind);
    ent_buf_text8(row, e->programme);
    ent_buf_text8(row, e->country);
    ent_buf_text8(row, e->decider);
    ent_buf_text8(row, e->clause);
    ent_buf_u32(row, ent_date_pack(e->effective));
    ent_buf_u32(row, ent_date_pack(e->leave_by));
    ent_buf_u32(row, ent_date_pack(e->admitted_until));
    ent_buf_put(row, e->digest, 32);
    put_signature(row, &v->first);
    put_signature(row, &v->second);
    ent_buf_u64(row, v->inside);
    ent_buf_put(row, file.data, file.len);
}

/* The cursor is left at the file. */
static bool decode(const uint8_t *key, ent_cursor *c, ent_programme_view *v)
{
    ent_programme_event *e = &v->event;
    *v = (ent_programme_view){0};
    memcpy(v->id, key + 1, ENT_ID_SIZE);
    uint8_t version = ent_cursor_u8(c), kind = ent_cursor_u8(c);
    e->kind = (ent_programme_event_kind)kind;
    ent_cursor_text8(c, e->programme, sizeof e->programme);
    ent_cursor_text8(c, e->country, sizeof e->country);
    ent_cursor_text8(c, e->decider, sizeof e->decider);
    ent_cursor_text8(c, e->clause, sizeof e->clause);
    e->effective = ent_date_unpack(ent_cursor_u32(c));
    e->leave_by = ent_date_unpack(ent_cursor_u32(c));
    e->admitted_until = ent_date_unpack(ent_cursor_u32(c));
    ent_cursor_copy(c, e->digest, 32);
    take_signature(c, &v->first);
    take_signature(c, &v->second);
    v->inside = ent_cursor_u64(c);
    e->approved = v->second.at.ms != 0;
    return version == VERSION && kind < ENT_PROGRAMME_EVENT_COUNT && !c->bad;
}

static ent_code get(ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_programme_view *ret, ent_buf *ret_file, ent_err *err)
{
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    uint8_t key[KEY];
    key_of(id, key);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_EVENTS, key, KEY, &row, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, code, "no such event of a programme is here");
    if (code != ENT_OK) return code;
    ent_cursor c = ENT_CURSOR(row.data, row.len);
    if (!decode(key, &c, ret)) return ent_fail(err, ENT_DAMAGED, "a programme's event cannot be read");
    size_t left = ent_cursor_left(&c);
    ent_buf_put(ret_file, ent_cursor_take(&c, left), left);
    return ent_buf_check(ret_file, err);
}

/* ---- all of them ---- */

static ent_code gather(void *ctx, const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len)
{
    ent_programme_events *e = ctx;
    ent_cursor c = ENT_CURSOR(value, value_len);
    if (key_len != KEY || e->count == EVENTS_MAX) return key_len == KEY ? ENT_TOO_LARGE : ENT_DAMAGED;
    ent_programme_view *all = realloc(e->all, (e->count + 1) * sizeof *all);
    if (!all) return ENT_NO_MEMORY;
    e->all = all;
    return decode(key, &c, &all[e->count++]) ? ENT_OK : ENT_DAMAGED;
}

static int by_time(const void *a, const void *b)
{
    const ent_programme_view *x = a, *y = b;
    int64_t p = x->second.at.ms ? x->second.at.ms : INT64_MAX, q = y->second.at.ms ? y->second.at.ms : INT64_MAX;
    if (p != q) return p < q ? -1 : 1;
    if (x->first.at.ms != y->first.at.ms) return x->first.at.ms < y->first.at.ms ? -1 : 1;
    return memcmp(x->id, y->id, ENT_ID_SIZE);
}

void ent_programme_events_free(ent_programme_events *e)
{
    free(e->all);
    free(e->event);
    *e = (ent_programme_events){0};
}

ent_code ent_programme_events_load(ent_flow_node *n, ent_programme_events *ret, ent_err *err)
{
    ent_change range = {.key = "g", .key_len = 1};
    *ret = (ent_programme_events){0};
    ent_code code = n->c.store.scan(n->c.store.self, ENT_TABLE_EVENTS, &range, gather, ret, err);
    if (code == ENT_OK) ret->event = calloc(ret->count + 1, sizeof *ret->event);
    if (code == ENT_OK && !ret->event) code = ENT_NO_MEMORY;
    if (code != ENT_OK) {
        ent_programme_events_free(ret);
        return ent_fail(err, code, "the programmes' events cannot be read");
    }
    if (ret->count) qsort(ret->all, ret->count, sizeof *ret->all, by_time);
    for (size_t i = 0; i < ret->count; i++) ret->event[i] = ret->all[i].event;
    return ENT_OK;
}

static ent_code read_programme(ent_flow_node *n, const void *file, size_t len, ent_programme *ret, ent_err *err)
{
    ent_doc *doc;
    ENT_TRY(n->c.read_doc(file, len, "programme", &doc, err));
    ent_code code = ent_programme_read(doc, ret, err);
    ent_doc_free(doc);
    return code;
}

ent_code ent_programme_load(ent_flow_node *n, const ent_programme_events *e, const char *name, ent_date day, ent_programme *ret, ent_err *err)
{
    const ent_programme_view *last = NULL;
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ent_programme_view v;
    for (size_t i = 0; i < e->count; i++) {
        const ent_programme_event *p = &e->event[i];
        bool it = p->approved && p->kind == ENT_PROGRAMME_EVENT_PROGRAMME && strcmp(p->programme, name) == 0 && ent_date_compare(p->effective, day) <= 0;
        if (it && (!last || ent_date_compare(p->effective, last->event.effective) >= 0)) last = &e->all[i];
    }
    if (!last) return ent_fail(err, ENT_NOT_FOUND, "no programme \"%.39s\" is in effect here: `entente programme add`, and another custodian's `entente programme approve`", name);
    ENT_TRY(get(n, last->id, &v, &file, err));
    return read_programme(n, file.data, file.len, ret, err);
}

/* ---- proposing and approving ---- */

static ent_code check_signature(const ent_actor *by, const char *text, const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    if (ent_sign_verify(&by->key, text, strlen(text), signature)) return ENT_OK;
    return ent_fail(err, ENT_SIGNATURE, "the event's text is not signed by %s", by->name);
}

static ent_event_signature signature_of(ent_flow_node *n, const ent_actor *by, const uint8_t signature[ENT_SIGNATURE_SIZE])
{
    ent_event_signature s = {.key = by->key, .at = ent_now(n)};
    snprintf(s.name, sizeof s.name, "%s", by->name);
    memcpy(s.signature, signature, ENT_SIGNATURE_SIZE);
    return s;
}

static ent_code check_words(const ent_programme_event *e, ent_err *err)
{
    size_t n = strspn(e->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (!ent_programme_line(e->decider) || !ent_programme_line(e->clause)) return ent_fail(err, ENT_USAGE, "an event names its decider and its clause, in printable ASCII");
    if (!ent_date_valid(e->effective)) return ent_fail(err, ENT_USAGE, "an event has the day on which it takes effect");
    if (e->kind != ENT_PROGRAMME_EVENT_PROGRAMME && (n != 3 || e->country[3])) return ent_fail(err, ENT_USAGE, "a country is three capital letters (ISO 3166-1 alpha-3)");
    bool rule = e->leave_by.year || e->admitted_until.year;
    if (e->kind != ENT_PROGRAMME_EVENT_END && rule) return ent_fail(err, ENT_USAGE, "only an end has rules for travellers inside and under way");
    if ((e->leave_by.year && ent_date_compare(e->leave_by, e->effective) < 0) || (e->admitted_until.year && ent_date_compare(e->admitted_until, e->effective) < 0))
        return ent_fail(err, ENT_USAGE, "the days for travellers inside and under way are not before the end takes effect");
    return ENT_OK;
}

static ent_code check_file(ent_flow_node *n, ent_programme_event *e, const void *file, size_t len, ent_err *err)
{
    ent_programme p;
    ent_programme_events all;
    if (e->kind == ENT_PROGRAMME_EVENT_PROGRAMME) {
        ENT_TRY(read_programme(n, file, len, &p, err));
        if (strcmp(p.name, e->programme) != 0) return ent_fail(err, ENT_USAGE, "the file is programme \"%s\", not \"%s\"", p.name, e->programme);
        ent_sha256(file, len, e->digest);
        return ENT_OK;
    }
    memset(e->digest, 0, 32);
    ENT_TRY(ent_programme_events_load(n, &all, err));
    ent_code code = ent_programme_load(n, &all, e->programme, e->effective, &p, err);
    ent_programme_events_free(&all);
    return code;
}

static ent_code keep(ent_flow_node *n, const ent_actor *by, const ent_programme_view *v, ent_change_kind how, ent_bytes file, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("programme");
    ENT_AUTO_BUF row = ENT_BUF(ROW_MAX);
    uint8_t key[KEY];
    char text[ENT_PROGRAMME_SIGNED];
    ent_entry e = {.kind = how == ENT_CHANGE_INSERT ? ENT_ENTRY_DESIGNATION : ENT_ENTRY_APPROVED, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .actor = by->pseudonym};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    encode(v, file, &row);
    ENT_TRY(ent_buf_check(&row, err));
    key_of(v->id, key);
    ent_programme_event_text(&v->event, text);
    memcpy(e.case_number.b, v->id, ENT_ID_SIZE);
    snprintf(e.purpose, sizeof e.purpose, "%s", v->event.programme);
    snprintf(e.clause, sizeof e.clause, "%s", v->event.clause);
    snprintf(e.flow, sizeof e.flow, "%s %s", ent_programme_event_word(v->event.kind), v->event.country);
    ent_sha256(text, strlen(text), e.commitment); /* the text is public: no salt */
    ent_batch_put(b, how, ENT_TABLE_EVENTS, ENT_BYTES(key, KEY), ENT_BYTES(row.data, row.len));
    ent_batch_entry(b, &e);
    return ent_commit(n, b, NULL, err);
}

static ent_code propose(ent_flow_node *n, const ent_actor *by, ent_programme_view *v, const void *file, size_t len, const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    char text[ENT_PROGRAMME_SIGNED];
    uint8_t digest[32];
    ENT_TRY(check_file(n, &v->event, file, len, err));
    ent_programme_event_text(&v->event, text);
    ENT_TRY(check_signature(by, text, signature, err));
    ent_sha256(text, strlen(text), digest);
    memcpy(v->id, digest, ENT_ID_SIZE);
    v->first = signature_of(n, by, signature);
    bool with = v->event.kind == ENT_PROGRAMME_EVENT_PROGRAMME;
    return keep(n, by, v, ENT_CHANGE_INSERT, with ? ENT_BYTES(file, len) : ENT_BYTES("", 0), err);
}

ent_code ent_flow_programme_propose(ent_flow_node *n, const ent_actor *by, const ent_programme_event *event, const void *file, size_t len,
                                    const uint8_t signature[ENT_SIGNATURE_SIZE], ent_programme_view *ret_view, ent_err *err)
{
    ent_programme_view v = {.event = *event};
    ENT_TRY(ent_gate(by, ENT_MAY_DESIGNATE, err));
    ENT_TRY(check_words(event, err));
    v.event.approved = false;
    pthread_mutex_lock(&n->lock);
    ent_code code = propose(n, by, &v, file, len, signature, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_EXISTS) return ent_fail(err, code, "this very event is here already");
    if (code == ENT_OK) *ret_view = v;
    return code;
}

static ent_code approve(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], const uint8_t signature[ENT_SIGNATURE_SIZE], ent_programme_view *v, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_YAML_FILE);
    char text[ENT_PROGRAMME_SIGNED];
    ENT_TRY(get(n, id, v, &file, err));
    if (v->event.approved) return ent_fail(err, ENT_CONFLICT, "this event is approved already");
    if (strcmp(v->first.name, by->name) == 0) return ent_fail(err, ENT_DENIED, "%s proposed it: nobody approves their own act", by->name);
    ent_programme_event_text(&v->event, text);
    ENT_TRY(check_signature(by, text, signature, err));
    v->second = signature_of(n, by, signature);
    v->event.approved = true;
    if (v->event.kind == ENT_PROGRAMME_EVENT_END) ENT_TRY(ent_stays_inside(n, v->event.programme, v->event.country, &v->inside, err));
    return keep(n, by, v, ENT_CHANGE_PUT, ENT_BYTES(file.data ? file.data : (const uint8_t *)"", file.len), err);
}

ent_code ent_flow_programme_approve(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], const uint8_t signature[ENT_SIGNATURE_SIZE],
                                    ent_programme_view *ret_view, ent_err *err)
{
    ent_programme_view v;
    ENT_TRY(ent_gate(by, ENT_MAY_DESIGNATE, err));
    pthread_mutex_lock(&n->lock);
    ent_code code = approve(n, by, id, signature, &v, err);
    pthread_mutex_unlock(&n->lock);
    if (code == ENT_OK) *ret_view = v;
    return code;
}

ent_code ent_flow_programme_show(ent_flow_node *n, const char *name, ent_programme *ret, ent_err *err)
{
    ent_programme_events e = {0};
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_programme_events_load(n, &e, err);
    if (code == ENT_OK) code = ent_programme_load(n, &e, name, ent_today(n), ret, err);
    ent_programme_events_free(&e);
    pthread_mutex_unlock(&n->lock);
    return code;
}

ent_code ent_flow_programme_events(ent_flow_node *n, ent_see_programme *see, void *ctx, ent_err *err)
{
    ent_programme_events e;
    pthread_mutex_lock(&n->lock);
    ent_code code = ent_programme_events_load(n, &e, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    for (size_t i = 0; i < e.count; i++) see(ctx, &e.all[i]);
    ent_programme_events_free(&e);
    return ENT_OK;
}

/* ---- the public history ---- */

static ent_history_line event_line(const ent_programme_view *v)
{
    ent_history_line l = {.at = v->second.at, .effective = v->event.effective, .affects = v->event.leave_by.year != 0};
    snprintf(l.what, sizeof l.what, "%s", ent_programme_event_word(v->event.kind));
    snprintf(l.subject, sizeof l.subject, "%s", v->event.programme);
    snprintf(l.by, sizeof l.by, "%s", v->event.decider);
    snprintf(l.clause, sizeof l.clause, "%s", v->event.clause);
    snprintf(l.country, sizeof l.country, "%s", v->event.country);
    l.hidden = l.affects && v->inside && v->inside < ENT_SMALL_CELL;
    if (l.affects && !l.hidden) l.inside = v->inside;
    return l;
}

static ent_history_line declaration_line(const ent_held_agreement *h, const ent_declaration *d)
{
    ent_history_line l = {.at = d->time, .agreement = true};
    snprintf(l.what, sizeof l.what, "%s", ent_act_text(d->act));
    snprintf(l.subject, sizeof l.subject, "%s", h->a->name);
    snprintf(l.by, sizeof l.by, "%s", d->name);
    return l;
}

static int line_by_time(const void *a, const void *b)
{
    int64_t x = ((const ent_history_line *)a)->at.ms, y = ((const ent_history_line *)b)->at.ms;
    return x < y ? -1 : x > y;
}

static ent_code collect(ent_flow_node *n, ent_history_line **ret, size_t *ret_count, ent_err *err)
{
    ent_programme_events e;
    size_t count = 0, most;
    ENT_TRY(ent_programme_events_load(n, &e, err));
    most = e.count;
    for (size_t i = 0; i < n->agreement_count; i++) most += n->agreements[i].envelope.count;
    ent_history_line *all = calloc(most + 1, sizeof *all);
    for (size_t i = 0; all && i < e.count; i++)
        if (e.event[i].approved) all[count++] = event_line(&e.all[i]);
    for (size_t i = 0; all && i < n->agreement_count; i++)
        for (size_t k = 0; k < n->agreements[i].envelope.count; k++) all[count++] = declaration_line(&n->agreements[i], &n->agreements[i].envelope.declaration[k]);
    ent_programme_events_free(&e);
    if (!all) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (count) qsort(all, count, sizeof *all, line_by_time);
    *ret = all;
    *ret_count = count;
    return ENT_OK;
}

ent_code ent_flow_programme_history(ent_flow_node *n, void (*see)(void *ctx, const ent_history_line *l), void *ctx, ent_err *err)
{
    ent_history_line *all = NULL;
    size_t count = 0;
    pthread_mutex_lock(&n->lock);
    ent_code code = collect(n, &all, &count, err);
    pthread_mutex_unlock(&n->lock);
    if (code != ENT_OK) return code;
    for (size_t i = 0; i < count; i++) see(ctx, &all[i]);
    free(all);
    return ENT_OK;
}
