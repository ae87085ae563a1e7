/* Any message of any partner, to a node that has dealt with it: a party to an agreement of three, a hit whose picture was disclosed and is kept,
 * a case that is open there. "NODE KIND FLAGS", a newline, the body. NODE: gb (the holder), us or fr. KIND: as the path of the message.
 * FLAGS, in any order: g, u, f: who sends it; a: it names the agreement as it was signed; i: its id is the search's, d: the disclosure's;
 * p: with a proof that the sender really gave once; t: the answer as a transaction; o: only asks after a search.
 * The nodes are made anew when what came has left traces. */
#include "flow/examining.h"
#include "fuzz.h"

#include <stdio.h>

enum { TRACES = 48, INPUTS = 20000 };

static struct {
    story s;
    uint64_t began; /* entries of all ledgers */
    unsigned inputs;
    ent_search_id reference;
    uint8_t disclosure[ENT_ID_SIZE];
} world;

/* Every file is a print of one person, read beforehand: to read one takes longer than all that a message can do otherwise. */
static ent_buf taken[2]; /* on arrest; since */
static int read_as;
static ent_decoder real;

static ent_code read_again(void *self, const char *job, const void *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    (void)self;
    if (strcmp(job, "capture") != 0) return real.run(real.self, job, bytes, len, ret, err);
    ent_buf_put(ret, taken[read_as].data, taken[read_as].len);
    return ent_buf_check(ret, err);
}

static void read_prints(void)
{
    for (uint32_t i = 0; i < 2 && !taken[i].len; i++) {
        ENT_AUTO_BUF print = ENT_BUF(1);
        story_print(3, i, &print);
        taken[i] = ENT_BUF(ENT_CAPTURE_MAX);
        fuzz_promise(ent_capture_read(print.data, print.len, &taken[i], NULL) == ENT_OK);
    }
}

/* Seconds under sanitizers: no input's time. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    read_prints();
    return 0;
}

static uint64_t entries(void)
{
    const story_node *all[] = {&world.s.gb, &world.s.us, &world.s.fr};
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sum += all[i]->c.ledger.size(all[i]->c.ledger.self);
    return sum;
}

static void open_again(story_node *n)
{
    ent_flow_close(n->flow);
    n->c.decoder = (ent_decoder){.run = read_again};
    fuzz_promise(ent_flow_open(&n->c, &n->flow, NULL) == ENT_OK);
}

static void begin(void)
{
    ent_search_result r;
    ent_disclosed d;
    story *s = &world.s;
    ent_err err = {0};
    if (s->gb.flow) story_end(s);
    story_begin(s, 31);
    story_third(s);
    s->named = true, s->confirm = "both", s->onward = "{ to: [fr.example], authorisation: each-time }";
    real = s->gb.c.decoder;
    read_prints();
    open_again(&s->gb), open_again(&s->us), open_again(&s->fr);
    story_agree(s, 1, 100);
    read_as = 0;
    fuzz_promise(story_enrol(s, 3, 0, &(ent_enrolled){0}) == ENT_OK);
    read_as = 1;
    fuzz_promise(story_search(s, 3, 1, "threat-check", &r, &err) == ENT_OK && r.hit);
    ent_buf_free(&r.receipt);
    world.reference = r.reference;
    fuzz_promise(ent_flow_disclose(s->gb.flow, &s->gb.custodian, r.reference.b, 0, &d, &err) == ENT_OK);
    memcpy(world.disclosure, d.id, ENT_ID_SIZE);
    world.began = entries();
    world.inputs = 0;
}

/* ---- the message ---- */

static const struct {
    const char *name;
    ent_message_kind kind;
} kinds[] = {
#define ENT_X(name, path) {path, ENT_MESSAGE_##name},
    ENT_MESSAGES(ENT_X)
#undef ENT_X
};

static const story_node *sender(const char *flags)
{
    return strchr(flags, 'g') ? &world.s.gb : strchr(flags, 'f') ? &world.s.fr : &world.s.us;
}

static bool address(const char *line, story_node **ret_to, const story_node **ret_from, char ret_flags[16], ent_message *ret)
{
    char to[4] = "", kind[16] = "", path[24];
    if (sscanf(line, "%3s %15s %15s", to, kind, ret_flags) < 2) return false;
    *ret_to = strcmp(to, "gb") == 0 ? &world.s.gb : strcmp(to, "us") == 0 ? &world.s.us : strcmp(to, "fr") == 0 ? &world.s.fr : NULL;
    *ret_from = sender(ret_flags);
    snprintf(path, sizeof path, "/v1/%s", kind);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, path) == 0) {
            *ret = (ent_message){.kind = kinds[i].kind, .agreement = "", .flow = "", .purpose = "", .proof = "", .id = {9}};
            return *ret_to && *ret_to != *ret_from;
        }
    return false;
}

static void fill(ent_message *m, const char *flags)
{
    if (strchr(flags, 'a')) m->agreement = "deal", m->agreement_version = 1, m->agreement_digest = world.s.digest, m->flow = "check", m->purpose = "threat-check";
    if (strchr(flags, 'i')) memcpy(m->id, world.reference.b, ENT_ID_SIZE);
    if (strchr(flags, 'd')) memcpy(m->id, world.disclosure, ENT_ID_SIZE);
    if (strchr(flags, 'p')) m->proof = strchr(flags, 'g') ? world.s.disclosure_proof : world.s.last_proof, m->crossing = world.s.last_pledge;
    if (strchr(flags, 't')) m->form = ENT_FORM_ITL;
    m->poll = strchr(flags, 'o') != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    char line[48] = "", flags[16] = "";
    story_node *to;
    const story_node *from;
    ent_message m;
    if (!world.s.gb.flow || world.inputs++ == INPUTS || entries() > world.began + TRACES) begin();
    if (!end || (size_t)(end - data) >= sizeof line) return 0;
    memcpy(line, data, (size_t)(end - data));
    if (!address(line, &to, &from, flags, &m)) return 0;
    fill(&m, flags);
    size_t rest = size - (size_t)(end + 1 - data);
    uint8_t *body = malloc(rest ? rest : 1); /* exactly as long as what came: a reader past its end is seen */
    if (!body) return 0;
    if (rest) memcpy(body, end + 1, rest);
    m.body = body, m.body_len = rest;
    ent_arrival in = {.message = m, .received = world.s.clock.now, .signature_base = "the request's signature base"};
    snprintf(in.partner, sizeof in.partner, "%s", from->c.name);
    ENT_AUTO_BUF answer = ENT_BUF(ENT_LIMIT_BODY);
    int status = 0;
    int64_t release = 0;
    ent_inbox inbox = ent_flow_inbox(to->flow);
    inbox.receive(inbox.self, &in, &status, &answer, &release);
    fuzz_promise(status >= 200 && status < 600 && ent_buf_check(&answer, NULL) == ENT_OK);
    fuzz_promise(m.kind != ENT_MESSAGE_SEARCH || answer.len == ENT_ANSWER_SIZE); /* whatever came of it */
    free(body);
    return 0;
}
