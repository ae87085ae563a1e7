#include "flow/two_nodes.h"

#include "flow/chance.h"

static const ent_sandbox_job jobs[] = {{"capture", ent_capture_read}, {"picture", ent_capture_picture}, {"pixels", ent_capture_pixels}, {0}};

/* ---- the link ---- */

int story_deliver(story *s, const ent_message *m, ent_buf *ret_body)
{
    ent_arrival in = {.message = *m, .received = s->clock.now, .signature_base = "the request's signature base"};
    int status = 0;
    ent_inbox inbox = ent_flow_inbox(s->gb.flow);
    snprintf(in.partner, sizeof in.partner, "us.example");
    inbox.receive(inbox.self, &in, &status, ret_body, &s->last_release);
    return status;
}

static ent_code send_message(void *self, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret, ent_err *err)
{
    story_node *from = self;
    story *s = from->story;
    story_node *to = strcmp(partner, s->gb.c.name) == 0 ? &s->gb : strcmp(partner, s->us.c.name) == 0 ? &s->us : &s->fr;
    ent_arrival in = {.message = *m, .received = s->clock.now, .signature_base = "the request's signature base"};
    int64_t release = 0;
    (void)deadline;
    if (m->kind == ENT_MESSAGE_SEARCH) s->polls += m->poll;
    if (m->kind == ENT_MESSAGE_SEARCH && !m->poll) {
        ent_buf_clear(&s->last_request);
        ent_buf_put(&s->last_request, m->body, m->body_len);
        memcpy(s->last_id, m->id, ENT_ID_SIZE);
        snprintf(s->last_proof, sizeof s->last_proof, "%s", m->proof);
        snprintf(s->last_pledge, sizeof s->last_pledge, "%s", m->crossing ? m->crossing : "");
    }
    if (m->kind == ENT_MESSAGE_DISCLOSE) {
        ent_buf_clear(&s->last_disclosure);
        ent_buf_put(&s->last_disclosure, m->body, m->body_len);
        memcpy(s->disclosure_id, m->id, ENT_ID_SIZE);
        snprintf(s->disclosure_proof, sizeof s->disclosure_proof, "%s", m->proof);
    }
    if (s->line_down || (s->swallow && m->kind == ENT_MESSAGE_SEARCH)) return ent_fail(err, ENT_UNREACHABLE, "%s cannot be reached", partner);
    assert_string_equal(partner, to->c.name);
    snprintf(in.partner, sizeof in.partner, "%s", from->c.name);
    if (s->garble && m->kind == ENT_MESSAGE_SEARCH) in.message.body_len /= 2;
    ent_inbox inbox = ent_flow_inbox(to->flow);
    inbox.receive(inbox.self, &in, &ret->status, &ret->body, &release);
    s->last_release = release;
    if (release > s->clock.monotonic) {
        s->clock.now.ms += release - s->clock.monotonic;
        s->clock.monotonic = release;
    }
    for (int i = 0; i < 3 && s->slow && m->kind == ENT_MESSAGE_SEARCH; i++) {
        s->clock.now.ms += 600000;
        s->clock.monotonic += 600000;
        assert_int_equal(ent_flow_tick(from->flow, err), ENT_OK);
    }
    if (s->deaf && m->kind == ENT_MESSAGE_SEARCH) return ent_buf_clear(&ret->body), ent_fail(err, ENT_UNREACHABLE, "%s did not answer", partner);
    ent_buf_str(&ret->evidence, "the answer's signature base");
    return ENT_OK;
}

/* ---- nodes ---- */

static void make_card(story *s, story_node *n)
{
    ent_card card = {.serial = 1, .issued = s->clock.now, .certificate_count = 1};
    ENT_AUTO_BUF pem = ENT_BUF(4096), key = ENT_BUF(4096), text = ENT_BUF(ENT_CARD_MAX);
    uint8_t serial[16] = {1};
    assert_int_equal(ent_x509_make(n->c.name, serial, s->clock.now, 3650, &pem, &key, NULL), ENT_OK);
    snprintf(card.name, sizeof card.name, "%s", n->c.name);
    snprintf(card.address, sizeof card.address, "https://127.0.0.1:1");
    memcpy(card.certificate[0], pem.data, pem.len);
    ent_sign_public(&n->c.identity, &card.identity);
    assert_int_equal(ent_card_encode(&card, &n->c.identity, &text, NULL), ENT_OK);
    memcpy(n->card, text.data, text.len);
    n->card_len = text.len;
}

/* A "network" that sees colours: alike pictures have alike templates. */
static ent_code see_face(void *self, const ent_face_image *image, uint8_t ret_template[ENT_FACE_TEMPLATE_MAX], size_t *ret_len, ent_face_quality *ret_quality, ent_err *err)
{
    float of[48] = {0};
    uint8_t model[8] = "story";
    (void)self;
    if (image->pixels[0] == 0 && image->pixels[1] == 0) return ent_fail(err, ENT_QUALITY, "no face");
    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++)
            for (int c = 0; c < 3; c++) of[(y * 4 / image->height * 4 + x * 4 / image->width) * 3 + (uint32_t)c] += (float)image->pixels[y * image->stride + x * 3 + (uint32_t)c] - 128;
    *ret_quality = (ent_face_quality){.overall = 80, .exposure = 30, .steady = -1};
#define ENT_X(name, text, advice) if (!ret_quality->name) ret_quality->name = 90;
    ENT_FACE_MEASURES(ENT_X)
#undef ENT_X
    return ent_face_quantise(of, 48, model, 80, ret_template, ret_len, err);
}

void story_faces(story_node *n)
{
    n->c.faces = (ent_faces){.model = "story", .calibration = {.fitted = true, .middle = 0.5, .slope = 8, .bound = 4, .below = 4}, .extract = see_face};
}

void story_photograph(uint32_t who, uint32_t shot, ent_buf *ret_png)
{
    ent_image image;
    *ret_png = ENT_BUF(1 << 20);
    assert_int_equal(ent_image_new(64, 64, 3, &image, NULL), ENT_OK);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++)
            for (uint32_t c = 0; c < 3; c++) {
                uint32_t cell = (y / 16 * 4 + x / 16) * 3 + c, v = (who * 2654435761u + cell * 40503u) * 2246822519u >> 24;
                image.pixels[(y * 64 + x) * 3 + c] = (uint8_t)(v / 2 + 60 + (shot * 7 + x + y) % 9);
            }
    assert_int_equal(ent_image_encode(&image, ENT_IMAGE_PNG, 0, ret_png, NULL), ENT_OK);
    ent_image_free(&image);
}

void story_transaction(uint32_t finger, uint32_t impression, uint32_t who, uint32_t shot, ent_buf *ret_file)
{
    ENT_AUTO_BUF png = ENT_BUF(1), photo = ENT_BUF(1), read = ENT_BUF(1 << 22);
    ent_capture c;
    *ret_file = ENT_BUF(1 << 22);
    story_print(finger, impression, &png);
    story_photograph(who, shot, &photo);
    assert_int_equal(ent_capture_read(png.data, png.len, &read, NULL), ENT_OK);
    assert_int_equal(ent_capture_decode(read.data, read.len, &c, NULL), ENT_OK);
    c.face[0] = (ent_capture_image){photo.data, photo.len, 64, 64};
    c.face_count = 1;
    uint32_t what = finger ? 3 : 1u << ENT_MODALITY_FACE;
    assert_int_equal(ent_capture_pack(&c, what, ret_file, NULL), ENT_OK);
    c.face_count = 0; /* the photograph is ours */
    ent_capture_free(&c);
}

void story_secret(const char *name, ent_secret_key *ret)
{
    uint8_t seed[32];
    ent_public_key public;
    ent_sha256(name, strlen(name), seed);
    ent_sign_keys(seed, &public, ret);
}

void story_works(ent_flow_node *n, const ent_actor *by, const ent_actor *second, const char *name, ent_role role, const ent_public_key *key)
{
    char digits[ENT_KEY_DIGITS];
    bool waits;
    assert_int_equal(ent_flow_person_add(n, by, name, role, key, &waits, NULL), ENT_OK);
    ent_key_digits(key, digits);
    if (waits) assert_int_equal(ent_flow_person_decide(n, second, name, digits, NULL), ENT_OK);
}

static void add_person(story_node *n, const ent_actor *by, const char *name, ent_role role, ent_actor *ret)
{
    ent_public_key key;
    ent_secret_key secret;
    story_secret(name, &secret);
    ent_sign_public(&secret, &key);
    story_works(n->flow, by, &n->deputy, name, role, &key);
    assert_int_equal(ent_flow_person(n->flow, name, ret, NULL), ENT_OK);
}

/* A desk with a software key; one custodian proposes it, the other approves. */
static void add_desk(story_node *n)
{
    ent_secret_key secret;
    ent_public_key key;
    story_secret("desk-1", &secret);
    ent_sign_public(&secret, &key);
    assert_int_equal(ent_flow_desk_propose(n->flow, &n->custodian, "desk-1", &key, false, NULL), ENT_OK);
    assert_int_equal(ent_flow_desk_approve(n->flow, &n->deputy, "desk-1", NULL), ENT_OK);
}

ent_crossing story_crossing(story_node *n)
{
    ent_crossing c = {.desk = "desk-1", .device = "scanner-1", .reference = "F1", .time = n->story->clock.now, .nationality = "UTO"};
    snprintf(c.node, sizeof c.node, "%s", n->c.name);
    snprintf(c.officer, sizeof c.officer, "%s", n->officer.name);
    n->c.random.fill(n->c.random.self, c.salt, sizeof c.salt);
    return c;
}

void story_state(ent_crossing *c, const ent_buf *captured, ent_buf *ret_file)
{
    ent_secret_key secret;
    ent_err err = {0};
    *ret_file = ENT_BUF(16 << 20);
    story_secret("desk-1", &secret);
    if (ent_crossing_sign(c, ENT_BYTES(captured->data, captured->len), &secret, ret_file, &err) != ENT_OK) fail_msg("%s", err.detail);
}

void story_capture(story_node *n, const ent_buf *captured, ent_buf *ret_file)
{
    ent_crossing c = story_crossing(n);
    story_state(&c, captured, ret_file);
}

static void begin_node(story *s, story_node *n, const char *name, uint8_t seed)
{
    ent_public_key public;
    n->story = s;
    snprintf(n->c.name, sizeof n->c.name, "%s", name);
    ent_sign_keys((uint8_t[32]){seed}, &public, &n->c.identity);
    n->c.clock = ent_story_clock_port(&s->clock);
    n->c.random = ent_story_random_port(&s->random);
    n->c.decoder = ent_sandbox_direct(jobs);
    n->c.partners = (ent_partners){.self = n, .send = send_message};
    n->c.read_doc = ent_yaml_read;
    n->c.regimes = s->regime;
    n->c.regime_count = 3;
    n->c.threads = 1;
    assert_int_equal(ent_memory_store(&n->c.store, NULL), ENT_OK);
    assert_int_equal(ent_memory_keys(n->c.random, &n->c.keys, NULL), ENT_OK);
    assert_int_equal(ent_memory_year_ledger(name, &n->c.identity, (uint32_t)ent_time_date(s->clock.now).year, &n->c.ledger, NULL), ENT_OK);
    assert_int_equal(ent_flow_open(&n->c, &n->flow, NULL), ENT_OK);
    add_person(n, NULL, "c.example", ENT_ROLE_CUSTODIAN, &n->custodian);
    add_person(n, &n->custodian, "d.example", ENT_ROLE_CUSTODIAN, &n->deputy);
    add_person(n, &n->custodian, "o.example", ENT_ROLE_OFFICER, &n->officer);
    add_person(n, &n->custodian, "x.example", ENT_ROLE_EXAMINER, &n->examiner);
    add_person(n, &n->custodian, "y.example", ENT_ROLE_EXAMINER, &n->second);
    make_card(s, n);
    add_desk(n);
}

void story_begin(story *s, uint64_t seed)
{
    ent_card card;
    *s = (story){.clock = {.now = ent_date_start((ent_date){2026, 3, 10})}, .random = {.seed = seed}};
    chance_seed(~seed);
    s->last_request = ENT_BUF(16 << 20);
    s->last_disclosure = ENT_BUF(16 << 20);
    s->regime[0] = (ent_regime){.name = "uk-terrorism-3y", .clause = "TA 2000 Sch. 8 para. 20B(4)", .material = 7, .keep = ENT_KEEP_PERIOD, .period = {3, 0, 0},
                             .extend = {.allowed = true, .by = {2, 0, 0}, .times = 1, .within_last = {0, 3, 0}, .decided_by = "district-judge", .clause = "20B(5)"}};
    s->regime[1] = (ent_regime){.name = "convicted", .clause = "TA 2000 Sch. 8 para. 20D", .material = 7, .needs = 1u << ENT_EVENT_CONVICTED, .any_encounter = true,
                                .keep = ENT_KEEP_INDEFINITELY, .review = {10, 0, 0}};
    s->regime[2] = (ent_regime){.name = "test-gallery", .clause = "test gallery", .material = 7, .keep = ENT_KEEP_PERIOD, .period = {1, 0, 0}, .taken_under = {"test"}, .taken_under_count = 1};
    begin_node(s, &s->gb, "gb.example", 1);
    begin_node(s, &s->us, "us.example", 2);
    assert_int_equal(ent_flow_partner_add(s->gb.flow, &s->gb.custodian, s->us.card, s->us.card_len, &card, NULL), ENT_OK);
    assert_int_equal(ent_flow_partner_add(s->us.flow, &s->us.custodian, s->gb.card, s->gb.card_len, &card, NULL), ENT_OK);
}

void story_third(story *s)
{
    ent_card card;
    s->third = true;
    begin_node(s, &s->fr, "fr.example", 3);
    for (int i = 0; i < 2; i++) {
        story_node *n = i ? &s->gb : &s->us;
        assert_int_equal(ent_flow_partner_add(n->flow, &n->custodian, s->fr.card, s->fr.card_len, &card, NULL), ENT_OK);
        assert_int_equal(ent_flow_partner_add(s->fr.flow, &s->fr.custodian, n->card, n->card_len, &card, NULL), ENT_OK);
    }
}

static void end_node(story_node *n)
{
    if (!n->flow) return;
    ent_flow_close(n->flow);
    n->c.store.close(n->c.store.self);
    n->c.keys.close(n->c.keys.self);
    n->c.ledger.close(n->c.ledger.self);
}

void story_end(story *s)
{
    end_node(&s->gb);
    end_node(&s->us);
    end_node(&s->fr);
    ent_buf_free(&s->last_request);
    ent_buf_free(&s->last_disclosure);
}

int story_free(void **state)
{
    story_end(*state);
    free(*state);
    return 0;
}

void story_restart(story *s, story_node *n)
{
    (void)s;
    ent_flow_close(n->flow);
    ent_err err = {0};
    if (ent_flow_open(&n->c, &n->flow, &err) != ENT_OK) fail_msg("%s", err.detail);
}

size_t story_text(const story *s, unsigned version, unsigned per_day, char *ret_file, size_t cap)
{
    char keys[2][ENT_BASE64_SIZE(32)], third[128] = "";
    ent_public_key gb, us, fr;
    ent_sign_public(&s->gb.c.identity, &gb);
    ent_sign_public(&s->us.c.identity, &us);
    ent_base64(gb.b, 32, keys[0]);
    ent_base64(us.b, 32, keys[1]);
    if (s->third) {
        char key[ENT_BASE64_SIZE(32)];
        ent_sign_public(&s->fr.c.identity, &fr);
        ent_base64(fr.b, 32, key);
        snprintf(third, sizeof third, ", { name: fr.example, country: FRA, key: %s }", key);
    }
    int n = snprintf(ret_file, cap,
                     "agreement: deal\nversion: %u\ntitle: For stories\n"
                     "parties: [ { name: gb.example, country: GBR, key: %s }, { name: us.example, country: USA, key: %s }%s ]\n"
                     "witness: [ { name: observer.example, key: %s } ]\n"
                     "in-force: { from: 2026-01-01, until: 2028-12-31, review: 2027-01-01 }\nflows:\n"
                     "  - name: check\n    holder: gb.example\n    requester: us.example\n%s"
                     "    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]\n"
                     "    modalities: [fingerprint%s]\n    against: [tenprint]\n    subjects: { powers: [%s], exclude: [] }\n"
                     "    search: { per-day: %u, %scandidates: %u, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }\n"
                     "    holder-keeps-probe: until-concluded\n    confirm: { by: %s, examiners: 2, within: 15 min }\n"
                     "    disclose: { on-hit: [%s], on-confirmed: [name, status, category, fingerprint-image] }\n    copy: { mode: none }\n    requester-keeps: 90 days\n"
                     "    on-behalf-of: %s\n    onward: %s\n    articles: { search.per-day: Art. 6(2), purposes: Art. 3(1) }\n",
                     version, keys[0], keys[1], third, s->witness_key ? s->witness_key : "Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg=", s->test ? "    test: true\n" : "", s->faces ? ", face" : "", s->test ? "test-gallery" : "uk-terrorism-3y", per_day, s->limits, s->candidates ? s->candidates : 1, s->confirm ? s->confirm : "holder", s->confirm ? "fingerprint-image" : "", s->third ? "[fr.example]" : "never", s->third && s->onward ? s->onward : "never");
    return (size_t)n;
}

void story_agree(story *s, unsigned version, unsigned per_day)
{
    char file[4096];
    size_t len = story_text(s, version, per_day, file, sizeof file);
    story_sign(s, file, len);
    ent_sha256(file, len, s->digest);
}

void story_digest(const story *s, uint8_t ret_digest[32]) { memcpy(ret_digest, s->digest, 32); }

void story_act(story_node *n, ent_act act, ent_agreement_view *ret)
{
    ent_err err = {0};
    if (act != ENT_ACT_SUSPEND && ent_flow_agreement_act(n->flow, &n->deputy, "deal", act, ret, &err) != ENT_OK) fail_msg("%s", err.detail);
    if (ent_flow_agreement_act(n->flow, &n->custodian, "deal", act, ret, &err) != ENT_OK) fail_msg("%s", err.detail);
}

void story_sign(story *s, const char *file, size_t len)
{
    ent_agreement_view v;
    ent_err err = {0};
    size_t told;
    if (ent_flow_agreement_sign(s->us.flow, &s->us.custodian, file, len, &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_true(v.waits);
    if (ent_flow_agreement_sign(s->us.flow, &s->us.deputy, file, len, &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    assert_int_equal(ent_flow_agreement_send(s->us.flow, "deal", &told, &err), ENT_OK);
    story_act(&s->gb, ENT_ACT_SIGN, &v);
    assert_int_equal(ent_flow_agreement_send(s->gb.flow, "deal", &told, &err), ENT_OK);
    if (s->third) {
        story_act(&s->fr, ENT_ACT_SIGN, &v);
        assert_int_equal(ent_flow_agreement_send(s->fr.flow, "deal", &told, &err), ENT_OK);
    }
    assert_int_equal(v.state, ENT_AGREEMENT_SIGNED);
}

/* Prints that were made already: growing one takes longer than anything a story does with it. */
static struct {
    uint32_t finger, impression;
    ent_buf png;
} grown[64];
static size_t grown_count;

static void grow_print(uint32_t finger, uint32_t impression, ent_buf *ret_png)
{
    ent_synth_finger *f;
    ent_image image;
    *ret_png = ENT_BUF(1 << 20);
    assert_int_equal(ent_synth_finger_new(11, finger, &f, NULL), ENT_OK);
    assert_int_equal(ent_image_new(ENT_SYNTH_WIDTH, ENT_SYNTH_HEIGHT, 1, &image, NULL), ENT_OK);
    image.ppi = 500;
    ent_synth_impression(f, impression, image.pixels);
    assert_int_equal(ent_image_encode(&image, ENT_IMAGE_PNG, 0, ret_png, NULL), ENT_OK);
    ent_image_free(&image);
    ent_synth_finger_free(f);
}

void story_print(uint32_t finger, uint32_t impression, ent_buf *ret_png)
{
    size_t i = 0;
    while (i < grown_count && (grown[i].finger != finger || grown[i].impression != impression)) i++;
    if (i == sizeof grown / sizeof *grown) {
        grow_print(finger, impression, ret_png);
        return;
    }
    if (i == grown_count) {
        grown[i].finger = finger, grown[i].impression = impression;
        grow_print(finger, impression, &grown[i].png);
        grown_count++;
    }
    *ret_png = ENT_BUF(1 << 20);
    ent_buf_put(ret_png, grown[i].png.data, grown[i].png.len);
}

ent_code story_enrol(story *s, uint32_t finger, uint32_t impression, ent_enrolled *ret)
{
    ENT_AUTO_BUF png = ENT_BUF(1);
    ent_enrol_options o = {.taken_under = "ta-2000-s41"};
    if (s->named) snprintf(o.subject, sizeof o.subject, "Exempla, Jane");
    story_print(finger, impression, &png);
    return ent_flow_enrol(s->gb.flow, &s->gb.custodian, png.data, png.len, &o, ret, NULL);
}

ent_code story_search(story *s, uint32_t finger, uint32_t impression, const char *purpose, ent_search_result *ret, ent_err *err)
{
    ENT_AUTO_BUF png = ENT_BUF(1), file = ENT_BUF(1);
    ent_search_options o = {.agreement = "deal"};
    snprintf(o.purpose, sizeof o.purpose, "%s", purpose);
    story_print(finger, impression, &png);
    ent_buf_u32(&png, ++s->captures); /* behind the picture's end: no capture has the bytes of another */
    story_capture(&s->us, &png, &file);
    return ent_flow_search(s->us.flow, &s->us.officer, file.data, file.len, &o, ret, err);
}
