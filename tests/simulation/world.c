#include "simulation/world.h"

#include "base/check.h"
#include "base/text.h"
#include "flow/capture/read.h"
#include "flow/chance.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sim_world *sim;

static struct {
    uint8_t bytes[ENT_FINGER_FULL_MAX];
    size_t len;
} templates[FINGERS][2];
enum { MINUTIAE = 24, SIDE = 200 };
static char cards[NODES][ENT_CARD_MAX];
static size_t card_lens[NODES];
static const char *const people[PEOPLE] = {"c.example", "d.example", "o.example", "x.example", "y.example"};
#define START (ent_date_start((ent_date){2026, 3, 10}))

/* ---- chance and words ---- */

uint64_t sim_below(uint64_t n)
{
    uint64_t z = sim->chance += 0x9e3779b97f4a7c15ull; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (z ^ z >> 31) % n;
}

bool sim_in(unsigned n, unsigned of) { return sim_below(of) < n; }

void sim_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(sim->why, sizeof sim->why, format, args);
    va_end(args);
    longjmp(sim->failed, 1);
}

void sim_say(const char *format, ...)
{
    va_list args;
    if (!sim->trace) return;
    va_start(args, format);
    printf("%4u  ", sim->step);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    fflush(stdout);
}

static void must(ent_code code, const ent_err *err, const char *what)
{
    if (code != ENT_OK) sim_fail("%s: %s (%s)", what, ent_code_text(code), err->detail);
}

/* ---- the decoder ---- */

/* A file is "PNG", then "SIM finger impression serial;" at its end; a transaction holds one. */
void sim_print(unsigned finger, unsigned impression, unsigned serial, ent_buf *ret_file)
{
    ent_buf_put(ret_file, "\x89PNG\r\n\x1a\n", 8);
    ent_buf_fmt(ret_file, "SIM %u %u %u;", finger, impression, serial);
}

static ent_code decode(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    unsigned finger, impression, serial;
    char text[64] = "";
    (void)self;
    const uint8_t *at = memmem(bytes, len, "SIM ", 4), *end = (const uint8_t *)bytes + len;
    if (at) memcpy(text, at, (size_t)(end - at) < sizeof text - 1 ? (size_t)(end - at) : sizeof text - 1);
    if (strcmp(job, "capture") != 0) return ent_fail(err, ENT_UNSUPPORTED, "no such job in a simulation");
    if (!strchr(text, ';') || sscanf(text, "SIM %u %u %u;", &finger, &impression, &serial) != 3 || finger >= FINGERS || impression > 1)
        return ent_fail(err, ENT_FORMAT, "no print in this file");
    ENT_AUTO_BUF image = ENT_BUF(256);
    ent_capture_print *p = calloc(1, sizeof *p);
    if (!p) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    sim_print(finger, impression, serial, &image);
    p->finger = 2, p->quality = 80, p->width = p->height = SIDE, p->ppi = 500;
    p->template_len = templates[finger][impression].len;
    memcpy(p->template_bytes, templates[finger][impression].bytes, p->template_len);
    p->image = image.data, p->image_len = image.len;
    ent_capture c = {.print_count = 1, .print = {p}};
    ent_capture_encode(&c, ret);
    free(p);
    return ent_buf_check(ret, err);
}

/* Few minutiae, so that a comparison costs next to nothing; the second impression is moved, shaken and lacks some. */
static void prepare_print(unsigned finger, unsigned impression)
{
    ent_finger_minutia m[MINUTIAE];
    ent_finger_template *t;
    ent_err err = {0};
    size_t count = 0;
    for (unsigned i = 0; i < MINUTIAE; i++) {
        sim->chance = 1000 + finger * 64 + i; /* one number after the other: an initialiser's order is the compiler's */
        unsigned x = 12 + i % 6 * 28 + (unsigned)sim_below(26), y = 12 + i / 6 * 42 + (unsigned)sim_below(40), angle = (unsigned)sim_below(256);
        unsigned dx = impression ? 5 + (unsigned)sim_below(4) : 0, dy = impression ? 3 + (unsigned)sim_below(4) : 0, turn = impression ? (unsigned)sim_below(5) : 0;
        m[count] = (ent_finger_minutia){.x = (uint16_t)(x + dx), .y = (uint16_t)(y + dy), .angle = (uint8_t)(angle + turn), .kind = (uint8_t)(1 + i % 2), .quality = 80};
        count += !impression || i % 9 != finger % 9;
    }
    must(ent_finger_import(m, count, (uint32_t[2]){SIDE, SIDE}, &t, &err), &err, "import");
    must(ent_finger_encode(t, ENT_FINGER_FULL, templates[finger][impression].bytes, ENT_FINGER_FULL_MAX, &templates[finger][impression].len, &err), &err, "encode");
    ent_finger_template_free(t);
}

/* What the whole simulation rests on: a finger is itself, and no other. */
static void compare_prints(void)
{
    ent_err err = {0};
    for (unsigned a = 0; a < FINGERS; a++)
        for (unsigned b = 0; b < FINGERS; b++) {
            ent_finger_template *one, *two;
            ent_finger_probe *probe;
            must(ent_finger_decode(templates[a][1].bytes, templates[a][1].len, &one, &err), &err, "decode");
            must(ent_finger_decode(templates[b][0].bytes, templates[b][0].len, &two, &err), &err, "decode");
            must(ent_finger_probe_new(one, &probe, &err), &err, "probe");
            double score = ent_finger_match(probe, two, NULL);
            ent_finger_probe_free(probe);
            ent_finger_template_free(one);
            ent_finger_template_free(two);
            if (a == b ? score < 80 : score > 50) sim_fail("fingers %u and %u of the simulation have a score of %.1f", a, b, score);
        }
}

static void name_of(size_t i, char ret[ENT_NODE_NAME_MAX]) { snprintf(ret, ENT_NODE_NAME_MAX, "n%zu.example", i); }

static void identity_of(size_t i, ent_secret_key *ret)
{
    ent_public_key public;
    ent_sign_keys((uint8_t[32]){(uint8_t)(i + 1)}, &public, ret);
}

/* One that is the same in every run, so that what a card's digest decides is: Ed25519 signs without chance. No TLS is spoken here. */
static void certificate_of(size_t i, const char *name, ent_buf *ret_pem)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, (uint8_t[32]){(uint8_t)(i + 1), 't'}, 32);
    X509 *cert = X509_new();
    BIO *pem = BIO_new(BIO_s_mem());
    char *text = NULL;
    X509_NAME *subject = X509_get_subject_name(cert);
    bool made = X509_set_version(cert, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)i + 1) == 1 &&
                ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(START.ms / 1000)) && ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(START.ms / 1000) + 3650L * 86400) &&
                X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
                X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, NULL) > 0 && PEM_write_bio_X509(pem, cert) == 1;
    if (!made) sim_fail("no certificate for %s", name);
    long len = BIO_get_mem_data(pem, &text);
    ent_buf_put(ret_pem, text, (size_t)len);
    BIO_free(pem);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void prepare_card(size_t i)
{
    ent_card card = {.serial = 1, .issued = START, .certificate_count = 1};
    ent_secret_key secret;
    ent_err err = {0};
    ENT_AUTO_BUF pem = ENT_BUF(4096), text = ENT_BUF(ENT_CARD_MAX);
    name_of(i, card.name);
    identity_of(i, &secret);
    certificate_of(i, card.name, &pem);
    snprintf(card.address, sizeof card.address, "https://127.0.0.1:1");
    memcpy(card.certificate[0], pem.data, pem.len);
    ent_sign_public(&secret, &card.identity);
    must(ent_card_encode(&card, &secret, &text, &err), &err, "card");
    memcpy(cards[i], text.data, text.len);
    card_lens[i] = text.len;
}

void sim_prepare(void)
{
    chance_seed(0);
    for (unsigned f = 0; f < FINGERS; f++) prepare_print(f, 0), prepare_print(f, 1);
    compare_prints();
    for (size_t i = 0; i < NODES; i++) prepare_card(i);
}

/* ---- the link ---- */

static void remember(sim_message *p, size_t from, size_t to, const ent_message *m)
{
    const char *texts[4] = {m->agreement, m->flow, m->purpose, ""};
    ent_buf_free(&p->body);
    *p = (sim_message){.from = from, .to = to, .m = *m, .body = ENT_BUF(1 << 22)};
    for (int i = 0; i < 4; i++) snprintf(p->texts[i], sizeof p->texts[i], "%s", texts[i]);
    snprintf(p->proof, sizeof p->proof, "%s", m->proof);
    if (m->agreement_digest) memcpy(p->digest, m->agreement_digest, 32);
    ent_buf_put(&p->body, m->body, m->body_len);
    p->m.agreement = p->texts[0], p->m.flow = p->texts[1], p->m.purpose = p->texts[2], p->m.proof = p->proof;
    p->m.agreement_digest = m->agreement_digest ? p->digest : NULL;
    p->m.body = p->body.data ? p->body.data : (const uint8_t *)"";
}

/* As the exchange hands it over; an answer of a node whose power failed never leaves. */
static bool deliver(const sim_message *p, bool garbled, int *ret_status, ent_buf *ret_body)
{
    sim_node *to = &sim->node[p->to];
    ent_arrival in = {.message = p->m, .received = to->clock.now, .signature_base = "the request's signature base"};
    int64_t release = 0;
    unsigned finger = FINGERS;
    if (!to->flow || to->dead || to->down || sim->cut[p->from][p->to]) return false;
    name_of(p->from, in.partner);
    if (garbled) in.message.body_len /= 3;
    const char *at = p->m.kind == ENT_MESSAGE_SEARCH ? memmem(p->m.body, p->m.body_len, "SIM ", 4) : NULL;
    if (at) finger = (unsigned)strtoul(at + 4, NULL, 10);
    bool seen = p->m.kind == ENT_MESSAGE_SEARCH && (sim_has_entry(to, ENT_ENTRY_ANSWERED_HIT, p->m.id) || sim_has_entry(to, ENT_ENTRY_ANSWERED_NO_HIT, p->m.id));
    bool may = finger < FINGERS && sim_may_hit(to, finger);
    ent_inbox inbox = ent_flow_inbox(to->flow);
    inbox.receive(inbox.self, &in, ret_status, ret_body, &release);
    if (to->dead) return false;
    if (p->m.kind == ENT_MESSAGE_SEARCH) sim_check_answer(p, seen, may, *ret_status, ret_body);
    return true;
}

static ent_code send_message(void *self, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret, ent_err *err)
{
    sim_node *from = self;
    size_t to = (size_t)strtoul(partner + 1, NULL, 10);
    (void)deadline;
    if (from->dead) return ent_fail(err, ENT_UNREACHABLE, "no power");
    sim_message *p = &sim->past[sim->sent++ % PAST];
    remember(p, (size_t)(from - sim->node), to, m);
    if (sim->storm && sim_in(1, 25)) return ent_fail(err, ENT_TIMEOUT, "%s did not answer in time", partner); /* the request is lost */
    bool garbled = sim->storm && m->kind == ENT_MESSAGE_SEARCH && sim_in(1, 40), twice = sim->storm && sim_in(1, 15);
    if (twice) {
        ENT_AUTO_BUF first = ENT_BUF(1 << 20);
        int status = 0;
        sim_say("    a message of kind %d arrives twice at %s", (int)m->kind, partner);
        if (!deliver(p, garbled, &status, &first)) return ent_fail(err, ENT_UNREACHABLE, "%s cannot be reached", partner);
    }
    if (!deliver(p, garbled, &ret->status, &ret->body)) return ent_fail(err, ENT_UNREACHABLE, "%s cannot be reached", partner);
    if (sim->storm && sim_in(1, 25)) { /* the answer is lost */
        ent_buf_clear(&ret->body);
        return ent_fail(err, ENT_TIMEOUT, "%s did not answer in time", partner);
    }
    ent_buf_str(&ret->evidence, "the answer's signature base");
    return ENT_OK;
}

void sim_send_again(void)
{
    if (!sim->sent) return;
    const sim_message *p = &sim->past[sim_below(sim->sent < PAST ? sim->sent : PAST)];
    ENT_AUTO_BUF body = ENT_BUF(1 << 20);
    int status = 0;
    bool arrived = deliver(p, false, &status, &body);
    sim_say("a message of kind %d arrives again at n%zu: %d", (int)p->m.kind, p->to, arrived ? status : 0);
}

/* ---- nodes ---- */

void sim_secret(int who, unsigned serial, ent_secret_key *ret)
{
    char text[64];
    uint8_t seed[32];
    ent_public_key public;
    snprintf(text, sizeof text, "%s %u", people[who], serial);
    ent_sha256(text, strlen(text), seed);
    ent_sign_keys(seed, &public, ret);
}

void sim_actor(sim_node *n, int who, ent_actor *ret)
{
    ent_err err = {0};
    must(ent_flow_person(n->flow, people[who], ret, &err), &err, people[who]);
}

static void begin_people(sim_node *n)
{
    static const ent_role roles[PEOPLE] = {ENT_ROLE_CUSTODIAN, ENT_ROLE_CUSTODIAN, ENT_ROLE_OFFICER, ENT_ROLE_EXAMINER, ENT_ROLE_EXAMINER};
    for (int who = 0; who < PEOPLE; who++) {
        ent_secret_key secret;
        ent_public_key key;
        char digits[ENT_KEY_DIGITS];
        ent_actor by, second;
        ent_err err = {0};
        bool waits;
        sim_secret(who, 0, &secret);
        ent_sign_public(&secret, &key);
        ent_key_digits(&key, digits);
        if (who) sim_actor(n, CUSTODIAN, &by);
        must(ent_flow_person_add(n->flow, who ? &by : NULL, people[who], roles[who], &key, &waits, &err), &err, people[who]);
        if (!waits) continue;
        sim_actor(n, DEPUTY, &second);
        must(ent_flow_person_decide(n->flow, &second, people[who], digits, &err), &err, people[who]);
    }
}

static void desk_key(ent_secret_key *ret)
{
    ent_public_key public;
    ent_sign_keys((uint8_t[32]){200}, &public, ret);
}

static void begin_desk(sim_node *n)
{
    ent_secret_key secret;
    ent_public_key key;
    ent_actor by;
    ent_err err = {0};
    desk_key(&secret);
    ent_sign_public(&secret, &key);
    sim_actor(n, CUSTODIAN, &by);
    must(ent_flow_desk_propose(n->flow, &by, "desk", &key, true, &err), &err, "desk");
    sim_actor(n, DEPUTY, &by);
    must(ent_flow_desk_approve(n->flow, &by, "desk", &err), &err, "desk");
}

void sim_capture(sim_node *n, const ent_buf *captured, ent_buf *ret_file)
{
    ent_crossing c = {.desk = "desk", .device = "sim", .time = n->clock.now, .nationality = "UTO"};
    ent_secret_key secret;
    ent_err err = {0};
    snprintf(c.node, sizeof c.node, "%s", n->c.name);
    snprintf(c.officer, sizeof c.officer, "%s", people[OFFICER]);
    n->c.random.fill(n->c.random.self, c.salt, sizeof c.salt);
    desk_key(&secret);
    must(ent_crossing_sign(&c, ENT_BYTES(captured->data, captured->len), &secret, ret_file, &err), &err, "capture");
}

static void begin_node(size_t i)
{
    sim_node *n = &sim->node[i];
    ent_err err = {0};
    name_of(i, n->c.name);
    identity_of(i, &n->c.identity);
    n->clock = (ent_story_clock){.now = START};
    n->c.clock = ent_story_clock_port(&n->clock);
    n->c.random = ent_story_random_port(&sim->random);
    n->c.decoder = (ent_decoder){.run = decode};
    n->c.partners = (ent_partners){.self = n, .send = send_message};
    n->c.read_doc = ent_yaml_read;
    n->c.regimes = sim->regime;
    n->c.regime_count = 2;
    n->c.threads = 1;
    must(ent_memory_store(&n->store, &err), &err, "store");
    must(ent_memory_keys(n->c.random, &n->keys, &err), &err, "keys");
    must(ent_memory_year_ledger(n->c.name, &n->c.identity, (uint32_t)ent_time_date(START).year, &n->ledger, &err), &err, "ledger");
    sim_disk(n);
    must(ent_flow_open(&n->c, &n->flow, &err), &err, "open");
    begin_people(n);
    begin_desk(n);
}

void sim_restart(sim_node *n)
{
    ent_err err = {0};
    ent_code code = ENT_IO;
    ent_flow_close(n->flow);
    n->flow = NULL;
    for (int tries = 0; tries < 4 && code == ENT_IO; tries++) { /* the power may fail again while it starts */
        sim_power(n);
        n->fuse = sim->storm && !tries && sim_in(1, 8) ? 1 + (unsigned)sim_below(3) : 0;
        n->full = false;
        code = ent_flow_open(&n->c, &n->flow, &err);
        if (code == ENT_OK && n->dead) ent_flow_close(n->flow), n->flow = NULL, code = ENT_IO;
    }
    n->fuse = 0;
    must(code, &err, "a node does not start again");
    sim_check_openings(n);
}

/* ---- agreements ---- */

static void write_agreement(const sim_deal *d, unsigned version, char *ret, size_t cap)
{
    char keys[2][ENT_BASE64_SIZE(32)];
    const sim_node *h = &sim->node[d->holder], *r = &sim->node[d->requester];
    ent_public_key hk, rk;
    ent_sign_public(&h->c.identity, &hk);
    ent_sign_public(&r->c.identity, &rk);
    ent_base64(hk.b, 32, keys[0]);
    ent_base64(rk.b, 32, keys[1]);
    snprintf(ret, cap,
             "agreement: %s\nversion: %u\ntitle: For a simulation\n"
             "parties: [ { name: %s, country: GBR, key: %s }, { name: %s, country: USA, key: %s } ]\n"
             "witness: [ { name: observer.example, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= } ]\n"
             "in-force: { from: 2026-01-01, until: 2045-12-31, review: 2027-01-01 }\nflows:\n"
             "  - name: check\n    holder: %s\n    requester: %s\n"
             "    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]\n"
             "    modalities: [fingerprint]\n    against: [tenprint]\n    subjects: { powers: [uk-terrorism-3y], exclude: [] }\n"
             "    search: { per-day: %u, candidates: 2, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }\n"
             "    holder-keeps-probe: until-concluded\n    confirm: { by: holder, examiners: 2, within: 12 h }\n"
             "    disclose: { on-hit: [], on-confirmed: [name, status, category, fingerprint-image] }\n    copy: { mode: none }\n    requester-keeps: 90 days\n"
             "    on-behalf-of: never\n    onward: never\n    articles: { search.per-day: Art. 6(2), purposes: Art. 3(1) }\n",
             d->name, version, h->c.name, keys[0], r->c.name, keys[1], h->c.name, r->c.name, 3 + version * 7 % 12);
}

ent_code sim_propose(sim_deal *d, unsigned version)
{
    char file[4096];
    sim_node *r = &sim->node[d->requester];
    ent_agreement_view v;
    ent_actor by;
    size_t told;
    write_agreement(d, version, file, sizeof file);
    sim_actor(r, CUSTODIAN, &by);
    ent_code code = ent_flow_agreement_sign(r->flow, &by, file, strlen(file), &v, NULL);
    sim_actor(r, DEPUTY, &by);
    if (code == ENT_OK) code = ent_flow_agreement_sign(r->flow, &by, file, strlen(file), &v, NULL);
    if (code == ENT_OK) d->said[1] = version;
    return code == ENT_OK ? ent_flow_agreement_send(r->flow, d->name, &told, NULL) : code;
}

/* The latest version that has come there. */
ent_code sim_countersign(sim_deal *d, unsigned version)
{
    sim_node *h = &sim->node[d->holder];
    ent_agreement_view v;
    ent_actor by;
    size_t told;
    if (!h->flow || h->dead) return ENT_UNREACHABLE;
    sim_actor(h, CUSTODIAN, &by);
    ent_code code = ent_flow_agreement_act(h->flow, &by, d->name, ENT_ACT_SIGN, &v, NULL);
    sim_actor(h, DEPUTY, &by);
    if (code == ENT_OK) code = ent_flow_agreement_act(h->flow, &by, d->name, ENT_ACT_SIGN, &v, NULL);
    if (code == ENT_OK) d->said[0] = v.version;
    if (code == ENT_OK) code = ent_flow_agreement_send(h->flow, d->name, &told, NULL);
    if (code == ENT_OK) d->version = version;
    return code;
}

/* Proposed by the requester, countersigned by the holder; stops where a fault stops it. */
void sim_agree(sim_deal *d, unsigned version)
{
    ent_code code = sim_propose(d, version);
    if (code == ENT_OK) code = sim_countersign(d, version);
    sim_say("agreement %s version %u: %s", d->name, version, ent_code_text(code));
}

static void know(sim_node *n, size_t other)
{
    ent_actor by;
    ent_card card;
    ent_err err = {0};
    sim_actor(n, CUSTODIAN, &by);
    must(ent_flow_partner_add(n->flow, &by, cards[other], card_lens[other], &card, &err), &err, "partner");
}

/* Who has no agreement with another does not know it. */
static void begin_deals(void)
{
    size_t wanted = sim->nodes / 2 + 1 + sim_below(sim->nodes / 2);
    bool known[NODES][NODES] = {{false}};
    while (sim->deals < wanted) {
        size_t h = sim_below(sim->nodes), r = sim_below(sim->nodes);
        sim_deal d = {.holder = h, .requester = r};
        bool have = h == r;
        snprintf(d.name, sizeof d.name, "deal-%u-%u", (unsigned)h % NODES, (unsigned)r % NODES);
        for (size_t i = 0; i < sim->deals; i++) have |= strcmp(sim->deal[i].name, d.name) == 0;
        if (have) continue;
        if (!known[h][r]) know(&sim->node[h], r), know(&sim->node[r], h);
        known[h][r] = known[r][h] = true;
        sim->deal[sim->deals] = d;
        sim_agree(&sim->deal[sim->deals++], 1);
    }
}

void sim_begin(uint64_t seed, bool trace)
{
    sim->seed = sim->chance = sim->random.seed = seed;
    chance_seed(~seed);
    sim->trace = trace;
    sim->regime[0] = (ent_regime){.name = "uk-terrorism-3y", .clause = "TA 2000 Sch. 8 para. 20B(4)", .material = 7, .keep = ENT_KEEP_PERIOD, .period = {3, 0, 0},
                                  .extend = {.allowed = true, .by = {2, 0, 0}, .times = 1, .within_last = {0, 3, 0}, .decided_by = "district-judge", .clause = "20B(5)"}};
    sim->regime[1] = (ent_regime){.name = "convicted", .clause = "TA 2000 Sch. 8 para. 20D", .material = 7, .needs = 1u << ENT_EVENT_CONVICTED, .any_encounter = true,
                                  .keep = ENT_KEEP_INDEFINITELY, .review = {10, 0, 0}};
    sim->nodes = 4 + sim_below(5);
    for (size_t i = 0; i < sim->nodes; i++) begin_node(i);
    begin_deals();
    sim->storm = true;
}

void sim_end(void)
{
    for (size_t i = 0; i < sim->nodes; i++) {
        sim_node *n = &sim->node[i];
        ent_flow_close(n->flow);
        sim_disk_free(n);
        if (n->store.self) n->store.close(n->store.self);
        if (n->keys.self) n->keys.close(n->keys.self);
        if (n->ledger.self) n->ledger.close(n->ledger.self);
    }
    for (size_t i = 0; i < PAST; i++) ent_buf_free(&sim->past[i].body);
    for (size_t i = 0; i < sim->texts; i++) ent_envelope_free(&sim->text[i].envelope), ent_agreement_free(sim->text[i].agreement);
}

void sim_pass(int64_t ms)
{
    for (size_t i = 0; i < sim->nodes; i++) {
        sim->node[i].clock.now.ms += ms;
        sim->node[i].clock.monotonic += ms;
    }
}
