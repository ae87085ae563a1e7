#include "flow/story.h"

#include "adapter/yaml/yaml.h"
#include "base/text.h"
#include "crypto/x509.h"
#include "entente/finger_synth.h"
#include "flow/capture/read.h"
#include "image/image.h"
#include "law/regime_read.h"

static ent_regime regimes[2];

static ent_code decode(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)self;
    assert_string_equal(job, "capture");
    return ent_capture_read(bytes, len, ret, err);
}

/* ---- the line ---- */

static void deliver(story *s, const ent_message *m, int *ret_status, ent_buf *ret_body, int64_t *ret_release)
{
    char base[256], hex[65];
    uint8_t digest[32];
    ent_sha256(m->body, m->body_len, digest);
    ent_hex(digest, 32, hex);
    snprintf(base, sizeof base, "\"content-digest\": %s\n", hex);
    ent_arrival a = {.message = *m, .received = s->clock.now, .signature_base = base};
    snprintf(a.partner, sizeof a.partner, "%s", m->kind == ENT_MESSAGE_SEARCH ? s->requester.name : "");
    ent_inbox inbox = ent_flow_inbox(s->holder.flow);
    inbox.receive(inbox.self, &a, ret_status, ret_body, ret_release);
}

static void remember(story *s, const ent_message *m)
{
    s->last = *m;
    ent_buf_clear(&s->last_body);
    ent_buf_put(&s->last_body, m->body, m->body_len);
    snprintf(s->last_proof, sizeof s->last_proof, "%s", m->proof);
    snprintf(s->last_agreement, sizeof s->last_agreement, "%s", m->agreement);
    snprintf(s->last_flow, sizeof s->last_flow, "%s", m->flow);
    snprintf(s->last_purpose, sizeof s->last_purpose, "%s", m->purpose);
    if (m->agreement_digest) memcpy(s->last_digest, m->agreement_digest, 32);
    s->last.body = s->last_body.data;
    s->last.proof = s->last_proof;
    s->last.agreement = s->last_agreement;
    s->last.flow = s->last_flow;
    s->last.purpose = s->last_purpose;
    s->last.agreement_digest = s->last_digest;
}

static ent_code send_to_holder(void *self, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret, ent_err *err)
{
    story *s = self;
    (void)deadline;
    assert_string_equal(partner, s->holder.name);
    if (m->kind != ENT_MESSAGE_SEARCH) return ent_fail(err, ENT_UNREACHABLE, "only searches go over this line");
    remember(s, m);
    if (s->down) return ent_fail(err, ENT_UNREACHABLE, "the line is down");
    story_resend(s, &s->last);
    if (s->answer_lost) return ent_fail(err, ENT_TIMEOUT, "no answer in time");
    *ret = (ent_reply){.status = s->last_status, .body = ENT_BUF(1 << 16), .evidence = ENT_BUF(1 << 16), .wait_ms = 1};
    ent_buf_put(&ret->body, s->last_answer.data, s->last_answer.len);
    ent_buf_str(&ret->evidence, "story\n");
    return ENT_OK;
}

int story_resend(story *s, const ent_message *m)
{
    int64_t release = 0;
    ent_buf_clear(&s->last_answer);
    deliver(s, m, &s->last_status, &s->last_answer, &release);
    s->last_release = release - s->clock.monotonic;
    return s->last_status;
}

/* ---- making the nodes ---- */

static ent_actor person(story_node *n, const ent_actor *by, const char *name, ent_role role, uint8_t seed)
{
    ent_public_key key;
    ent_secret_key secret;
    ent_actor a;
    ent_sign_keys((uint8_t[32]){seed, 7}, &key, &secret);
    assert_int_equal(ent_flow_person_add(n->flow, by, name, role, &key, NULL), ENT_OK);
    assert_int_equal(ent_flow_person(n->flow, name, &a, NULL), ENT_OK);
    return a;
}

static void make_node(story *s, story_node *n, const char *name, uint8_t seed)
{
    snprintf(n->name, sizeof n->name, "%s", name);
    n->random = (ent_story_random){.seed = seed};
    ent_flow_config *c = &n->config;
    snprintf(c->name, sizeof c->name, "%s", name);
    ent_sign_keys((uint8_t[32]){seed, 1}, &n->public, &c->identity);
    c->clock = ent_story_clock_port(&s->clock);
    c->random = ent_story_random_port(&n->random);
    assert_int_equal(ent_memory_store(&c->store, NULL), ENT_OK);
    assert_int_equal(ent_memory_keys(c->random, &c->keys, NULL), ENT_OK);
    assert_int_equal(ent_memory_ledger(name, &c->identity, &c->ledger, NULL), ENT_OK);
    c->decoder.run = decode;
    c->read_doc = ent_yaml_read;
    c->regimes = regimes;
    c->regime_count = 2;
    c->threads = 1;
    ent_err err = {0};
    if (ent_flow_open(c, &n->flow, &err) != ENT_OK) fail_msg("%s", err.detail);
    n->custodian = person(n, NULL, "custodian", ENT_ROLE_CUSTODIAN, (uint8_t)(seed + 10));
    n->officer = person(n, &n->custodian, "officer", ENT_ROLE_OFFICER, (uint8_t)(seed + 20));
}

static void give_card(story *s, story_node *from, story_node *to)
{
    ent_card *c = calloc(1, sizeof *c), *taken = calloc(1, sizeof *taken);
    ENT_AUTO_BUF pem = ENT_BUF(8192);
    ENT_AUTO_BUF key = ENT_BUF(8192);
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    *c = (ent_card){.identity = from->public, .serial = 1, .issued = s->clock.now, .address = "https://127.0.0.1:1", .certificate_count = 1};
    snprintf(c->name, sizeof c->name, "%s", from->name);
    assert_int_equal(ent_x509_make(from->name, (uint8_t[16]){1}, s->clock.now, 300, &pem, &key, NULL), ENT_OK);
    snprintf(c->certificate[0], sizeof c->certificate[0], "%s", ent_buf_cstr(&pem));
    assert_int_equal(ent_card_encode(c, &from->config.identity, &text, NULL), ENT_OK);
    assert_int_equal(ent_flow_partner_add(to->flow, &to->custodian, text.data, text.len, taken, NULL), ENT_OK);
    free(c);
    free(taken);
}

static void agree(story *s, const char *change)
{
    char key[2][64];
    ENT_AUTO_BUF text = ENT_BUF(1 << 16);
    ent_agreement_view v;
    ent_err err = {0};
    ent_base64(s->holder.public.b, 32, key[0]);
    ent_base64(s->requester.public.b, 32, key[1]);
    ent_buf_fmt(&text,
                "agreement: story\nversion: 1\nparties:\n  - { name: %s, country: GBR, key: %s }\n  - { name: %s, country: USA, key: %s }\n"
                "witness: [ { name: observer, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= } ]\n"
                "in-force: { from: 2022-07-01, until: 2027-06-30, review: 2024-07-01 }\nflows:\n  - name: check\n    holder: %s\n    requester: %s\n"
                "    purposes: [ { name: threat, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]\n"
                "    modalities: [fingerprint]\n    against: [tenprint]\n    subjects: { powers: [uk-terrorism-3y], exclude: [] }\n"
                "    search: { per-day: %d, candidates: 1, false-hits-per-day: 0.0001, face-alone: never-a-hit, answer-within: 5 s }\n"
                "    holder-keeps-probe: until-concluded\n    confirm: { by: holder, examiners: 1, within: 24 h }\n"
                "    disclose: { on-hit: [], on-confirmed: [name] }\n    copy: { mode: none }\n    requester-keeps: 90 days\n"
                "    on-behalf-of: never\n    onward: never\n    articles: { search.per-day: Art. 6(2) }\n",
                s->holder.name, key[0], s->requester.name, key[1], s->holder.name, s->requester.name, STORY_PER_DAY);
    ENT_AUTO_BUF final = ENT_BUF(1 << 16);
    const char *all = ent_buf_cstr(&text), *to = change ? strchr(change, '>') : NULL;
    char from[128] = "";
    if (to) snprintf(from, sizeof from, "%.*s", (int)(to - change), change);
    const char *at = to ? strstr(all, from) : NULL;
    assert_true(!to || at);
    ent_buf_put(&final, all, at ? (size_t)(at - all) : text.len);
    if (at) ent_buf_fmt(&final, "%s%s", to + 1, at + strlen(from));
    if (ent_flow_agreement_sign(s->holder.flow, &s->holder.custodian, final.data, final.len, &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    ENT_AUTO_BUF envelope = ENT_BUF(ENT_ENVELOPE_MAX);
    assert_int_equal(ent_flow_agreement_envelope(s->holder.flow, "story", &envelope, NULL), ENT_OK);
    assert_int_equal(ent_flow_agreement_take(s->requester.flow, envelope.data, envelope.len, &v, NULL), ENT_OK);
    if (ent_flow_agreement_sign(s->requester.flow, &s->requester.custodian, final.data, final.len, &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_buf_clear(&envelope);
    assert_int_equal(ent_flow_agreement_envelope(s->requester.flow, "story", &envelope, NULL), ENT_OK);
    assert_int_equal(ent_flow_agreement_take(s->holder.flow, envelope.data, envelope.len, &v, NULL), ENT_OK);
    assert_int_equal(v.state, ENT_AGREEMENT_SIGNED);
}

static void make_prints(story *s, uint64_t seed)
{
    for (int f = 0; f < STORY_FINGERS; f++) {
        ent_synth_finger *finger;
        assert_int_equal(ent_synth_finger_new(seed, (uint32_t)f, &finger, NULL), ENT_OK);
        for (int i = 0; i < 2; i++) {
            ent_image image;
            s->print[f][i] = ENT_BUF(1 << 20);
            assert_int_equal(ent_image_new(ENT_SYNTH_WIDTH, ENT_SYNTH_HEIGHT, 1, &image, NULL), ENT_OK);
            ent_synth_impression(finger, (uint32_t)i, image.pixels);
            image.ppi = 500;
            assert_int_equal(ent_image_encode(&image, ENT_IMAGE_PNG, 0, &s->print[f][i], NULL), ENT_OK);
            ent_image_free(&image);
        }
        ent_synth_finger_free(finger);
    }
}

static void enrol(story *s)
{
    for (int f = 0; f < 2; f++) {
        ent_enrol_options o = {.taken_under = "ta-2000-s41", .offence = ENT_OFFENCE(TERRORISM), .taken = {2026, 3, 1}, .finger = 2};
        ent_err err = {0};
        snprintf(o.subject, sizeof o.subject, "person %d", f);
        if (ent_flow_enrol(s->holder.flow, &s->holder.custodian, s->print[f][0].data, s->print[f][0].len, &o, &s->enrolled[f], &err) != ENT_OK)
            fail_msg("%s", err.detail);
    }
}

static void read_regime(const char *path, ent_regime *ret)
{
    char text[8192];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    ent_doc *doc;
    assert_int_equal(ent_yaml_read(text, n, "regime", &doc, NULL), ENT_OK);
    assert_int_equal(ent_regime_read(doc, ret, NULL), ENT_OK);
    ent_doc_free(doc);
}

story *story_begin(uint64_t seed, const char *change)
{
    story *s = calloc(1, sizeof *s);
    read_regime(REGIMES "/uk-terrorism-3y.yaml", &regimes[0]);
    read_regime(REGIMES "/uk-biographic.yaml", &regimes[1]);
    s->last_body = ENT_BUF(ENT_LIMIT_BODY);
    s->last_answer = ENT_BUF(1 << 16);
    s->clock.monotonic = 1000000;
    assert_true(ent_time_parse("2026-03-10T09:00:00Z", &s->clock.now));
    make_node(s, &s->holder, "gb.holder", 1);
    s->requester.config.partners = (ent_partners){s, send_to_holder};
    make_node(s, &s->requester, "us.requester", 2);
    give_card(s, &s->holder, &s->requester);
    give_card(s, &s->requester, &s->holder);
    agree(s, change);
    make_prints(s, seed);
    enrol(s);
    return s;
}

static void end_node(story_node *n)
{
    ent_flow_close(n->flow);
    n->config.store.close(n->config.store.self);
    n->config.keys.close(n->config.keys.self);
    n->config.ledger.close(n->config.ledger.self);
}

void story_end(story *s)
{
    end_node(&s->holder);
    end_node(&s->requester);
    for (int f = 0; f < STORY_FINGERS; f++)
        for (int i = 0; i < 2; i++) ent_buf_free(&s->print[f][i]);
    ent_buf_free(&s->last_body);
    ent_buf_free(&s->last_answer);
    free(s);
}

void story_restart(story *s, story_node *n)
{
    ent_err err = {0};
    (void)s;
    ent_flow_close(n->flow);
    if (ent_flow_open(&n->config, &n->flow, &err) != ENT_OK) fail_msg("%s", err.detail);
}

void story_pass(story *s, int64_t ms)
{
    s->clock.now.ms += ms;
    s->clock.monotonic += ms;
}

ent_code story_search(story *s, int finger, int impression, ent_search_result *ret, ent_err *err)
{
    ent_search_options o = {.purpose = "threat", .agreement = "story", .finger = 2};
    const ent_buf *p = &s->print[finger][impression];
    return ent_flow_search(s->requester.flow, &s->requester.officer, p->data, p->len, &o, ret, err);
}
