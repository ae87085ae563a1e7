#include "api/desk/crossing.h"
#include "api/desk/params.h"

#include "base/cursor.h"

/* ---- people ---- */

static ent_code person_add(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name, *role, *key;
    ent_public_key public;
    size_t got;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(need(r, "role", &role, err));
    ENT_TRY(need(r, "key", &key, err));
    if (ent_role_named(role) == ENT_ROLE_COUNT) return ent_fail(err, ENT_USAGE, "no role \"%s\": custodian, officer, examiner, auditor or operator", role);
    if (!ent_unbase64(key, strlen(key), public.b, 32, &got) || got != 32) return ent_fail(err, ENT_USAGE, "\"key\" is an Ed25519 public key in base64");
    char digits[ENT_KEY_DIGITS];
    bool waits;
    ENT_TRY(ent_flow_person_add(n->flow, r->by, name, ent_role_named(role), &public, &waits, err));
    ent_key_digits(&public, digits);
    json_object_set_new(out, "name", json_string(name));
    json_object_set_new(out, "role", json_string(role));
    json_object_set_new(out, "key-digits", json_string(digits));
    json_object_set_new(out, "waits", json_boolean(waits));
    return ENT_OK;
}

static ent_code person_approve(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name, *digits;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(need(r, "digits", &digits, err));
    ENT_TRY(ent_flow_person_decide(n->flow, r->by, name, digits, err));
    json_object_set_new(out, "approved", json_string(name));
    return ENT_OK;
}

static ent_code person_drop(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(ent_flow_person_decide(n->flow, r->by, name, NULL, err));
    json_object_set_new(out, "dropped", json_string(name));
    return ENT_OK;
}

static void see_person(void *ctx, const ent_actor *a, const ent_actor_id *proposed_by)
{
    json_t *p = json_object();
    char digits[ENT_KEY_DIGITS];
    ent_key_digits(&a->key, digits);
    json_object_set_new(p, "key-digits", json_string(digits));
    if (proposed_by) json_object_set_new(p, "proposed-by", id_json(proposed_by->b));
    json_object_set_new(p, "name", json_string(a->name));
    json_object_set_new(p, "role", json_string(ent_role_text(a->role)));
    json_object_set_new(p, "suspended", json_boolean(a->suspended));
    json_object_set_new(p, "pseudonym", id_json(a->pseudonym.b));
    json_object_set_new(p, "key-expires", time_json((ent_time){a->expires_ms}));
    json_array_append_new(ctx, p);
}

static ent_code person_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    (void)r;
    json_t *list = json_array();
    json_object_set_new(out, "people", list);
    return ent_flow_people(n->flow, see_person, list, err);
}

static ent_code person_suspend(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(ent_flow_person_suspend(n->flow, r->by, name, err));
    json_object_set_new(out, "suspended", json_string(name));
    return ENT_OK;
}

static ent_code person_rotate(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *key = param(r, "key"), *signature = param(r, "signature");
    ent_public_key fresh;
    uint8_t bytes[64];
    size_t a, b;
    if (!ent_unbase64(key, strlen(key), fresh.b, 32, &a) || a != 32 || !ent_unbase64(signature, strlen(signature), bytes, 64, &b) || b != 64)
        return ent_fail(err, ENT_USAGE, "\"key\" and \"signature\" are the new key and the old one's signature, in base64");
    ENT_TRY(ent_flow_person_rotate(n->flow, r->by, &fresh, bytes, err));
    json_object_set_new(out, "rotated", json_string(r->by->name));
    return ENT_OK;
}

/* ---- partners, agreements ---- */

static void put_card(json_t *out, const ent_card *card)
{
    char digits[ENT_KEY_DIGITS];
    ent_key_digits(&card->identity, digits);
    json_object_set_new(out, "name", json_string(card->name));
    json_object_set_new(out, "address", json_string(card->address));
    json_object_set_new(out, "key-digits", json_string(digits));
    json_object_set_new(out, "serial", json_integer(card->serial));
    json_object_set_new(out, "certificate-until", time_json(card->until[0]));
}

static void put_key(void *ctx, const char *name, const ent_public_key *key, ent_time until)
{
    char text[ENT_BASE64_SIZE(32)], end[ENT_TIME_TEXT] = "-";
    ent_base64(key->b, 32, text);
    if (until.ms != INT64_MAX) ent_time_text(until, end);
    ent_buf_fmt(ctx, "%s %s %s\n", name, text, end);
}

static ent_code own_card(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX), keys = ENT_BUF(1 << 20);
    ent_card card;
    (void)r;
    ENT_TRY(n->card(n->self, &text, err));
    ENT_TRY(ent_card_decode(text.data, text.len, &card, err));
    put_card(out, &card);
    json_object_set_new(out, "card", json_stringn((const char *)text.data, text.len));
    ent_buf_str(&keys, "entente-keys/1\n");
    ENT_TRY(ent_flow_keys(n->flow, put_key, &keys, err));
    json_object_set_new(out, "keys", json_stringn((const char *)keys.data, keys.len));
    return ent_buf_check(&keys, err);
}

static ent_code partner_add(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_card card;
    ENT_TRY(ent_flow_partner_add(n->flow, r->by, r->body, r->len, &card, err));
    put_card(out, &card);
    return ENT_OK;
}

/* The statement's length (u32), the statement, the card. */
static ent_code partner_anew(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_gap_view v;
    ent_cursor c = ENT_CURSOR(r->body, r->len);
    ent_bytes statement = {NULL, ent_cursor_u32(&c)}, card;
    statement.data = ent_cursor_take(&c, statement.len);
    card.len = ent_cursor_left(&c);
    card.data = ent_cursor_take(&c, card.len);
    if (!ent_cursor_ok(&c) || !statement.len || !card.len) return ent_fail(err, ENT_USAGE, "the body is the statement's length in four bytes, the statement, the card");
    ENT_TRY(ent_flow_partner_anew(n->flow, r->by, statement, card, &v, err));
    put_card(out, &v.card);
    json_object_set_new(out, "instead-of", json_string(v.old_name));
    json_object_set_new(out, "year", json_integer(v.year));
    json_object_set_new(out, "known", json_integer((json_int_t)v.known));
    json_object_set_new(out, "remembered", json_integer((json_int_t)v.remembered));
    return ENT_OK;
}

static ent_code partner_revoke(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    const char *name;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(ent_flow_partner_revoke(n->flow, r->by, name, err));
    json_object_set_new(out, "revoked", json_string(name));
    return ENT_OK;
}

static void see_partner(void *ctx, const ent_card *card)
{
    json_t *p = json_object();
    put_card(p, card);
    json_array_append_new(ctx, p);
}

static ent_code partner_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    (void)r;
    json_t *list = json_array();
    json_object_set_new(out, "partners", list);
    return ent_flow_partners(n->flow, see_partner, list, err);
}

static void put_agreement(json_t *out, const ent_agreement_view *v)
{
    json_object_set_new(out, "name", json_string(v->name));
    json_object_set_new(out, "title", json_string(v->title));
    json_object_set_new(out, "version", json_integer(v->version));
    json_object_set_new(out, "state", json_string(ent_agreement_state_text(v->state)));
    if (*v->why) json_object_set_new(out, "why", json_string(v->why));
    json_object_set_new(out, "signed-by", json_string(v->signed_by));
    json_object_set_new(out, "signed-by-all", json_boolean(v->bound));
    json_object_set_new(out, "sha256", hex_json(v->digest, 32));
    json_object_set_new(out, "from", date_json(v->from));
    json_object_set_new(out, "until", date_json(v->until));
    json_object_set_new(out, "flows", json_integer((json_int_t)v->flow_count));
    json_object_set_new(out, "counts", json_string(v->next ? "later" : v->before ? "no more" : "now"));
    json_object_set_new(out, "annex-bytes", json_integer((json_int_t)v->annex_size));
    if (v->annex_size) json_object_set_new(out, "annex-sha256", hex_json(v->annex_digest, 32));
    if (v->waits) json_object_set_new(out, "waits", json_true());
}

/* Tells the parties; what could not be told is said, and is no failure of the signature. */
static void tell(const ent_desk_node *n, const char *name, json_t *out)
{
    size_t told = 0;
    ent_err err = {0};
    ent_code code = ent_flow_agreement_send(n->flow, name, &told, &err);
    json_object_set_new(out, "told", json_integer((json_int_t)told));
    if (code != ENT_OK) json_object_set_new(out, "not-told", json_string(err.detail));
}

static ent_code agreement_sign(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_agreement_view v;
    if (r->len) ENT_TRY(ent_flow_agreement_sign(n->flow, r->by, r->body, r->len, &v, err));
    else ENT_TRY(ent_flow_agreement_act(n->flow, r->by, param(r, "name"), ENT_ACT_SIGN, &v, err));
    put_agreement(out, &v);
    if (!v.waits) tell(n, v.name, out);
    return ENT_OK;
}

static ent_code agreement_act(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    static const ent_act acts[] = {ENT_ACT_SUSPEND, ENT_ACT_RESUME, ENT_ACT_END};
    const char *name, *word;
    ent_agreement_view v;
    ENT_TRY(need(r, "name", &name, err));
    ENT_TRY(need(r, "do", &word, err));
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(ent_act_text(acts[i]), word) != 0) continue;
        ENT_TRY(ent_flow_agreement_act(n->flow, r->by, name, acts[i], &v, err));
        put_agreement(out, &v);
        if (!v.waits) tell(n, v.name, out);
        return ENT_OK;
    }
    return ent_fail(err, ENT_USAGE, "\"do\" is suspend, resume or end");
}

static ent_code agreement_send(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    size_t told;
    ENT_TRY(ent_flow_agreement_send(n->flow, param(r, "name"), &told, err));
    json_object_set_new(out, "told", json_integer((json_int_t)told));
    return ENT_OK;
}

static ent_code agreement_envelope(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ENT_TRY(ent_flow_agreement_envelope(n->flow, param(r, "name"), &bytes, err));
    json_object_set_new(out, "envelope", json_stringn((const char *)bytes.data, bytes.len));
    return ENT_OK;
}

static ent_code agreement_take(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_agreement_view v;
    ENT_TRY(ent_gate(r->by, ENT_MAY_SIGN_AGREEMENT, err));
    ENT_TRY(ent_flow_agreement_take(n->flow, r->body, r->len, &v, err));
    put_agreement(out, &v);
    return ENT_OK;
}

static void see_version(void *ctx, const ent_agreement_view *v, const ent_envelope *e)
{
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    json_t *a = json_object();
    ent_envelope_encode(e, &bytes);
    put_agreement(a, v);
    json_object_set_new(a, "envelope", json_stringn((const char *)bytes.data, bytes.len));
    json_array_append_new(ctx, a);
}

static ent_code agreement_versions(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    (void)r;
    json_t *list = json_array();
    json_object_set_new(out, "versions", list);
    return ent_flow_agreement_versions(n->flow, see_version, list, err);
}

static void see_agreement(void *ctx, const ent_agreement_view *v)
{
    json_t *a = json_object();
    put_agreement(a, v);
    json_array_append_new(ctx, a);
}

static ent_code agreement_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    (void)r;
    json_t *list = json_array();
    json_object_set_new(out, "agreements", list);
    return ent_flow_agreements(n->flow, see_agreement, list, err);
}

/* ---- searches ---- */

static ent_code search(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_search_options o = {0};
    ent_search_result s;
    ENT_TRY(copy_param(r, "agreement", o.agreement, sizeof o.agreement, err));
    ENT_TRY(copy_param(r, "flow", o.flow, sizeof o.flow, err));
    ENT_TRY(copy_param(r, "purpose", o.purpose, sizeof o.purpose, err));
    ENT_TRY(copy_param(r, "crossing", o.crossing, sizeof o.crossing, err));
    ENT_TRY(copy_param(r, "on-behalf-of", o.on_behalf_of, sizeof o.on_behalf_of, err));
    ENT_TRY(finger_param(r, &o.finger, err));
    ENT_TRY(yes_param(r, "any-sequence", &o.any_sequence, err));
    bool itl = false;
    ENT_TRY(yes_param(r, "sre", &itl, err));
    o.form = itl ? ENT_FORM_ITL : ENT_FORM_JSON;
    o.slip = param(r, "slip");
    o.slip_len = strlen(param(r, "slip"));
    ENT_TRY(ent_flow_search(n->flow, r->by, r->body, r->len, &o, &s, err));
    json_object_set_new(out, "outcome", json_string(s.refused ? "refused" : s.hit ? "hit" : "no hit"));
    json_object_set_new(out, "partner", json_string(s.partner));
    json_object_set_new(out, "reference", id_json(s.reference.b));
    if (s.refused) {
        json_object_set_new(out, "reason", json_string(s.reason));
        json_object_set_new(out, "clause", json_string(s.clause));
    }
    json_object_set_new(out, "asked", index_json(s.asked));
    json_object_set_new(out, "received", index_json(s.received));
    json_object_set_new(out, "answered", index_json(s.answered.index));
    json_object_set_new(out, "ms", json_pack("{s:I,s:I,s:I,s:I}", "prepare", (json_int_t)s.prepare_ms, "ask", (json_int_t)s.ask_ms, "wait",
                                             (json_int_t)s.wait_ms, "verify", (json_int_t)s.verify_ms));
    if (s.receipt.len) json_object_set_new(out, "receipt", json_stringn((const char *)s.receipt.data, s.receipt.len));
    if (s.sre.len) json_object_set_new(out, "sre", json_stringn((const char *)s.sre.data, s.sre.len)); /* ASCII; NULL and so absent when it is not */
    ent_search_result_free(&s);
    return ENT_OK;
}

static void see_target(void *ctx, const ent_search_target *t)
{
    json_t *whom = json_array();
    for (size_t i = 0; i < t->for_count; i++) json_array_append_new(whom, json_string(t->for_whom[i]));
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:o}", "agreement", t->agreement, "flow", t->flow, "partner", t->partner, "allowed",
                                         t->allowed, "clause", t->clause, "reason", t->reason, "on-behalf-of", whom));
}

static ent_code search_targets(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    json_t *list = json_array();
    json_object_set_new(out, "targets", list);
    return ent_flow_search_targets(n->flow, param(r, "purpose"), param(r, "on-behalf-of"), strcmp(param(r, "test"), "yes") == 0, see_target, list, err);
}

static ent_code search_show(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ent_search_view v;
    ENT_TRY(id_param(r, "reference", id, err));
    ENT_TRY(ent_flow_search_show(n->flow, r->by, id, &v, err));
    json_object_set_new(out, "outcome", json_string(v.refused ? "refused" : !v.hit ? "no hit" : v.extrapolated ? "candidate" : "hit"));
    json_object_set_new(out, "partner", json_string(v.partner));
    json_object_set_new(out, "agreement", json_string(v.agreement));
    json_object_set_new(out, "flow", json_string(v.flow));
    json_object_set_new(out, "purpose", json_string(v.purpose));
    json_object_set_new(out, "clause", json_string(v.clause));
    json_object_set_new(out, "time", time_json(v.received));
    json_object_set_new(out, "index", index_json(v.index));
    json_object_set_new(out, "sent-by-us", json_boolean(v.sent));
    json_object_set_new(out, "closed", json_boolean(v.closed));
    json_object_set_new(out, "case", json_string(v.outcome));
    if (*v.on_behalf_of) json_object_set_new(out, "on-behalf-of", json_string(v.on_behalf_of));
    if (v.sent) json_object_set_new(out, "crossing", json_string(v.crossing));
    if (v.sent) return ENT_OK;
    if (*v.redress) json_object_set_new(out, "redress", json_string(v.redress));
    json_object_set_new(out, "score", json_real(v.score));
    if (v.face_score != 0) json_object_set_new(out, "face-score", json_real(v.face_score));
    json_object_set_new(out, "log10-ratio", json_real(v.ratio));
    json_object_set_new(out, "expected-false-hits", json_real(v.expected_false_hits));
    json_object_set_new(out, "compared", json_integer((json_int_t)v.compared));
    json_object_set_new(out, "us", json_pack("{s:I,s:I,s:I}", "decode", (json_int_t)v.decode_us, "match", (json_int_t)v.match_us, "append", (json_int_t)v.append_us));
    if (!ent_id_is_zero(v.candidate.b)) json_object_set_new(out, "candidate", id_json(v.candidate.b));
    if (!ent_id_is_zero(v.search.b)) json_object_set_new(out, "search", id_json(v.search.b));
    if (!v.other_count) return ENT_OK;
    json_t *others = json_array();
    for (size_t i = 0; i < v.other_count; i++) json_array_append_new(others, id_json(v.other[i].b));
    json_object_set_new(out, "other-candidates", others);
    return ENT_OK;
}

static ent_code search_close(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint8_t id[ENT_ID_SIZE];
    ENT_TRY(id_param(r, "reference", id, err));
    ENT_TRY(ent_flow_search_close(n->flow, r->by, id, err));
    json_object_set_new(out, "closed", id_json(id));
    return ENT_OK;
}

static ent_code receipt(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(65536);
    ENT_TRY(ent_flow_receipt(n->flow, strtoull(param(r, "index"), NULL, 10), &text, err));
    json_object_set_new(out, "receipt", json_stringn((const char *)text.data, text.len));
    return ENT_OK;
}

static ent_code status(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ent_flow_counts c;
    (void)r, (void)err;
    ent_flow_count(n->flow, &c);
    json_object_set_new(out, "people", json_integer((json_int_t)c.people));
    json_object_set_new(out, "partners", json_integer((json_int_t)c.partners));
    json_object_set_new(out, "agreements", json_integer((json_int_t)c.agreements));
    json_object_set_new(out, "gallery", json_integer((json_int_t)c.gallery));
    json_object_set_new(out, "faces", json_integer((json_int_t)c.faces));
    json_object_set_new(out, "faces-of-another-model", json_integer((json_int_t)c.other_model));
    json_object_set_new(out, "ledger", json_integer((json_int_t)c.ledger));
    json_object_set_new(out, "outbox", json_integer((json_int_t)c.outbox));
    static const char *const roots[] = {"file", "token", "hardware"};
    json_object_set_new(out, "custody", json_pack("{s:s,s:s,s:b,s:b,s:I}", "root", roots[c.custody.root], "medium", c.custody.medium, "overwrites", c.custody.overwrites,
                                                  "standby", c.custody.standby, "epoch", (json_int_t)c.epoch));
    json_object_set_new(out, "waiting", json_integer((json_int_t)c.queue));
    return ENT_OK;
}

static ent_code backup_note(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(65536);
    ENT_TRY(ent_flow_backup_note(n->flow, r->by, &note, err));
    json_object_set_new(out, "checkpoint", json_stringn((const char *)note.data, note.len));
    return ENT_OK;
}

static ent_code epoch_end(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err)
{
    uint32_t epoch;
    ENT_TRY(ent_flow_epoch_end(n->flow, r->by, &epoch, err));
    json_object_set_new(out, "epoch", json_integer(epoch));
    return ENT_OK;
}

/* ---- the table ---- */

static const struct {
    const char *name;
    bool person;
    ent_desk_run *run;
} acts[] = {
    {"status", false, status},
    {"card", false, own_card},
    {"receipt", false, receipt},
    {"person-list", false, person_list},
    {"person-add", true, person_add},
    {"person-approve", true, person_approve},
    {"person-drop", true, person_drop},
    {"person-suspend", true, person_suspend},
    {"person-rotate", true, person_rotate},
    {"partner-list", false, partner_list},
    {"partner-add", true, partner_add},
    {"partner-anew", true, partner_anew},
    {"partner-revoke", true, partner_revoke},
    {"agreement-list", false, agreement_list},
    {"agreement-envelope", false, agreement_envelope},
    {"agreement-versions", false, agreement_versions},
    {"agreement-sign", true, agreement_sign},
    {"agreement-act", true, agreement_act},
    {"agreement-send", true, agreement_send},
    {"agreement-take", true, agreement_take},
    {"agreement-simulate", true, ent_desk_simulate},
    {"agreement-picture", true, ent_desk_agreement_picture},
    {"enrol", true, ent_desk_enrol},
    {"destroy", true, ent_desk_destroy},
    {"record-list", true, ent_desk_record_list},
    {"record-event", true, ent_desk_record_event},
    {"event-list", true, ent_desk_event_list},
    {"event-correct", true, ent_desk_event_correct},
    {"event-approve", true, ent_desk_event_approve},
    {"record-link", true, ent_desk_record_link},
    {"record-unlink", true, ent_desk_record_unlink},
    {"likely-list", true, ent_desk_likely_list},
    {"likely-not", true, ent_desk_likely_not},
    {"retention-run", true, ent_desk_retention_run},
    {"hold-share", true, ent_desk_hold_share},
    {"hold-open", true, ent_desk_hold_open},
    {"retention-warnings", true, ent_desk_warnings},
    {"regime-list", true, ent_desk_regime_list},
    {"regime-propose", true, ent_desk_regime_propose},
    {"regime-waiting", true, ent_desk_regime_waiting},
    {"regime-approve", true, ent_desk_regime_approve},
    {"time", false, ent_desk_time},
    {"time-confirm", true, ent_desk_time_confirm},
    {"subject-access", true, ent_desk_access},
    {"retention-year", true, ent_desk_year},
    {"gallery-rebuild", true, ent_desk_rebuild},
    {"desk-add", true, ent_desk_desk_add},
    {"desk-approve", true, ent_desk_desk_approve},
    {"desk-withdraw", true, ent_desk_desk_withdraw},
    {"desk-list", false, ent_desk_desk_list},
    {"lot-list", true, ent_desk_lot_list},
    {"lot-open", true, ent_desk_lot_open},
    {"lot-show", true, ent_desk_lot_show},
    {"alarm-list", true, ent_desk_alarm_list},
    {"search", true, search},
    {"search-targets", false, search_targets},
    {"crossing-ask", true, ent_desk_crossing_ask},
    {"crossing-list", true, ent_desk_crossing_list},
    {"crossing-slip", true, ent_desk_crossing_slip},
    {"crossing-close", true, ent_desk_crossing_close},
    {"capture-add", false, ent_desk_capture_add},
    {"capture-list", true, ent_desk_capture_list},
    {"capture-show", true, ent_desk_capture_show},
    {"capture-drop", true, ent_desk_capture_drop},
    {"search-show", true, search_show},
    {"search-close", true, search_close},
    {"epoch-end", true, epoch_end},
    {"case-list", true, ent_desk_case_list},
    {"case-open", true, ent_desk_case_open},
    {"case-analyse", true, ent_desk_case_analyse},
    {"case-conclude", true, ent_desk_case_conclude},
    {"case-machine", true, ent_desk_case_machine},
    {"case-rates", true, ent_desk_case_rates},
    {"disclose", true, ent_desk_disclose},
    {"disclosure-list", true, ent_desk_disclosure_list},
    {"disclosure-undertaking", true, ent_desk_disclosure_undertaking},
    {"kept-list", true, ent_desk_kept_list},
    {"kept-open", true, ent_desk_kept_open},
    {"kept-conclude", true, ent_desk_kept_conclude},
    {"kept-version", true, ent_desk_kept_version},
    {"give-on", true, ent_desk_give_on},
    {"onward-decide", true, ent_desk_onward_decide},
    {"onward-list", true, ent_desk_onward_list},
    {"programme-propose", true, ent_desk_programme_propose},
    {"programme-approve", true, ent_desk_programme_approve},
    {"programme-list", false, ent_desk_programme_list},
    {"programme-show", false, ent_desk_programme_show},
    {"programme-history", false, ent_desk_programme_history},
    {"admit", true, ent_desk_admit},
    {"admit-decide", true, ent_desk_admit_decide},
    {"stay-exit", true, ent_desk_stay_exit},
    {"stays-overdue", true, ent_desk_stays_overdue},
    {"redress-issue", true, ent_desk_redress_issue},
    {"redress-show", true, ent_desk_redress_show},
    {"redress-list", true, ent_desk_redress_list},
    {"redress-revoke", true, ent_desk_redress_revoke},
    {"feed-list", true, ent_desk_feed_list},
    {"feed-pull", true, ent_desk_feed_pull},
    {"feed-search", true, ent_desk_feed_search},
    {"backup-note", true, backup_note},
    {"ledger-get", true, ent_desk_ledger_get},
    {"ledger-witnesses", false, ent_desk_witnesses},
    {"ledger-evidence", false, ent_desk_evidence},
    {"search-receipt", false, ent_desk_search_receipt},
};

bool ent_desk_needs_person(const char *act)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
        if (strcmp(acts[i].name, act) == 0) return acts[i].person;
    return true;
}

/* A sentence may quote what was asked, or end where the room does: it leaves as UTF-8 all the same. */
static void repair(char *text)
{
    for (size_t len = strlen(text), n; *text; text += n, len -= n) {
        for (n = 1; n <= 4 && n <= len && !ent_utf8_valid((const uint8_t *)text, n);) n++;
        if (n > 4 || n > len) n = 1, *text = '?';
    }
}

static ent_code run_act(const ent_desk_node *n, const ent_desk_request *r, json_t **ret_json, ent_err *err)
{
    for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
        if (strcmp(acts[i].name, r->act) != 0) continue;
        if (acts[i].person && !r->by && strcmp(r->act, "person-add") != 0) return ent_fail(err, ENT_DENIED, "\"%s\" is done by a person: use --as NAME", r->act);
        json_t *out = json_object();
        ent_code code = out ? acts[i].run(n, r, out, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
        if (code == ENT_OK) *ret_json = out;
        else json_decref(out);
        return code;
    }
    return ent_fail(err, ENT_NOT_FOUND, "the desk interface has no act \"%s\"", r->act);
}

ent_code ent_desk_act(const ent_desk_node *n, const ent_desk_request *r, json_t **ret_json, ent_err *err)
{
    ent_code code = run_act(n, r, ret_json, err);
    if (code != ENT_OK && err) repair(err->detail);
    return code;
}
