#include "two_nodes.h"

#include "adapter/file/file.h"
#include "adapter/sqlite/sqlite.h"
#include "adapter/yaml/yaml.h"
#include "base/text.h"
#include "crypto/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void bench_die(const char *what, const ent_err *err)
{
    fprintf(stderr, "%s: %s\n", what, err ? err->detail : "failed");
    _exit(1);
}

void bench_must(ent_code code, const char *what, const ent_err *err)
{
    if (code != ENT_OK) bench_die(what, err);
}

static ent_code hand_over(void *self, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret, ent_err *err)
{
    bench_node *from = self, *to = from->other;
    ent_arrival in = {.message = *m, .received = to->c.clock.now(to->c.clock.self), .signature_base = "by hand"};
    int64_t release = 0;
    (void)partner, (void)deadline, (void)err;
    snprintf(in.partner, sizeof in.partner, "%s", from->c.name);
    ent_inbox inbox = ent_flow_inbox(to->flow);
    inbox.receive(inbox.self, &in, &ret->status, &ret->body, &release);
    return ENT_OK;
}

void bench_begin(bench_node *n, const char *name, uint8_t seed, bench_node *other, const ent_regime *regimes, size_t regime_count)
{
    ent_err err = {0};
    ent_public_key public;
    n->other = other;
    snprintf(n->c.name, sizeof n->c.name, "%s", name);
    ent_sign_keys((uint8_t[32]){seed}, &public, &n->c.identity);
    n->c.clock = ent_system_clock();
    n->c.random = ent_system_random();
    n->c.partners = (ent_partners){.self = n, .send = hand_over};
    n->c.read_doc = ent_yaml_read;
    n->c.regimes = regimes, n->c.regime_count = regime_count;
    n->c.threads = 1, n->c.grid_ms = 1;
    n->certificate = n->key = ENT_BUF(8192);
    bench_must(ent_x509_make(name, (uint8_t[16]){seed, 1}, n->c.clock.now(NULL), 900, &n->certificate, &n->key, &err), "certificate", &err);
    (void)ent_buf_cstr(&n->key);
}

void bench_on_disk(bench_node *n, const char *folder, bool create)
{
    ent_err err = {0};
    char path[4096];
    uint32_t year = (uint32_t)ent_time_date(n->c.clock.now(NULL)).year;
    mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/store.db", folder);
    bench_must(ent_sqlite_store(path, &n->c.store, &err), path, &err);
    snprintf(path, sizeof path, "%s/keys", folder);
    mkdir(path, 0700);
    bench_must(ent_file_keys(path, &(ent_file_keys_options){.create = create, .accept_residue = true, .accept_unlocked_memory = true}, n->c.random, &n->c.keys, &err), path, &err);
    snprintf(path, sizeof path, "%s/ledger", folder);
    mkdir(path, 0700);
    bench_must(ent_file_year_ledger(path, n->c.name, &n->c.identity, year, &n->c.ledger, &err), path, &err);
}

void bench_person(bench_node *n, const ent_actor *by, const char *name, ent_role role, ent_actor *ret)
{
    ent_err err = {0};
    ent_public_key key;
    ent_secret_key secret;
    uint8_t seed[32];
    char digits[ENT_KEY_DIGITS];
    bool waits; /* not: a node's first two custodians */
    ent_sha256(name, strlen(name), seed);
    ent_sign_keys(seed, &key, &secret);
    bench_must(ent_flow_person_add(n->flow, by, name, role, &key, &waits, &err), name, &err);
    ent_key_digits(&key, digits);
    if (waits) bench_must(ent_flow_person_decide(n->flow, &n->deputy, name, digits, &err), name, &err);
    bench_must(ent_flow_person(n->flow, name, ret, &err), name, &err);
}

static void open_node(bench_node *n)
{
    ent_err err = {0};
    bench_must(ent_flow_open(&n->c, &n->flow, &err), "open", &err);
    bench_person(n, NULL, "c.example", ENT_ROLE_CUSTODIAN, &n->custodian);
    bench_person(n, &n->custodian, "d.example", ENT_ROLE_CUSTODIAN, &n->deputy);
}

static void introduce(bench_node *n, const char *address)
{
    ent_err err = {0};
    const bench_node *other = n->other;
    ent_card *card = calloc(1, sizeof *card), *seen = calloc(1, sizeof *seen);
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    card->serial = 1, card->issued = other->c.clock.now(NULL), card->certificate_count = 1;
    snprintf(card->name, sizeof card->name, "%s", other->c.name);
    snprintf(card->address, sizeof card->address, "%s", address);
    memcpy(card->certificate[0], other->certificate.data, other->certificate.len);
    ent_sign_public(&other->c.identity, &card->identity);
    bench_must(ent_card_encode(card, &other->c.identity, &text, &err), "card", &err);
    bench_must(ent_flow_partner_add(n->flow, &n->custodian, text.data, text.len, seen, &err), "partner", &err);
    free(card);
    free(seen);
}

void bench_agree(bench_node *holder, bench_node *requester, const char *address, const char *flow)
{
    char file[4096], keys[2][ENT_BASE64_SIZE(32)];
    ent_public_key h, r;
    ent_agreement_view v;
    ent_err err = {0};
    size_t told;
    open_node(holder);
    open_node(requester);
    introduce(holder, address);
    introduce(requester, address);
    ent_sign_public(&holder->c.identity, &h);
    ent_sign_public(&requester->c.identity, &r);
    ent_base64(h.b, 32, keys[0]);
    ent_base64(r.b, 32, keys[1]);
    int year = ent_time_date(holder->c.clock.now(NULL)).year;
    int n = snprintf(file, sizeof file,
                     "agreement: deal\nversion: 1\ntitle: For a benchmark\n"
                     "parties: [ { name: %s, country: GBR, key: %s }, { name: %s, country: USA, key: %s } ]\n"
                     "witness: [ { name: observer.example, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= } ]\n"
                     "in-force: { from: %d-01-01, until: %d-12-31, review: %d-06-01 }\nflows:\n%s",
                     holder->c.name, keys[0], requester->c.name, keys[1], year, year + 2, year + 1, flow);
    bench_must(ent_flow_agreement_sign(requester->flow, &requester->custodian, file, (size_t)n, &v, &err), "agreement", &err);
    bench_must(ent_flow_agreement_sign(requester->flow, &requester->deputy, file, (size_t)n, &v, &err), "agreement", &err);
    bench_must(ent_flow_agreement_send(requester->flow, "deal", &told, &err), "agreement", &err);
    bench_must(ent_flow_agreement_act(holder->flow, &holder->custodian, "deal", ENT_ACT_SIGN, &v, &err), "agreement", &err);
    bench_must(ent_flow_agreement_act(holder->flow, &holder->deputy, "deal", ENT_ACT_SIGN, &v, &err), "agreement", &err);
    bench_must(ent_flow_agreement_send(holder->flow, "deal", &told, &err), "agreement", &err);
}
