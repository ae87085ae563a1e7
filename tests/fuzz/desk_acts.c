/* Every act of the desk interface with any parameters and any body, as any role and as nobody: "ROLE ACT?name=value&…", a newline, the body. The
 * node is whole, on memory adapters, and made anew every few inputs; partners cannot be reached. */
#include "api/desk/crossing.h"
#include "fuzz.h"

#include "adapter/memory/memory.h"
#include "adapter/sandbox/sandbox.h"
#include "adapter/yaml/yaml.h"
#include "base/text.h"
#include "flow/capture/read.h"

#include <stdio.h>

enum { INPUTS_A_NODE = 64, PARAMS = 24 };

static const ent_sandbox_job jobs[] = {{"capture", ent_capture_read}, {"picture", ent_capture_picture}, {"pixels", ent_capture_pixels}, {0}};

static ent_code nobody_there(void *self, const char *partner, const ent_message *m, int64_t deadline, ent_reply *ret, ent_err *err)
{
    (void)self, (void)m, (void)deadline, (void)ret;
    return ent_fail(err, ENT_UNREACHABLE, "%s cannot be reached", partner);
}

static ent_code card(void *self, ent_buf *ret_text, ent_err *err)
{
    (void)self;
    ent_buf_str(ret_text, "a card");
    return ent_buf_check(ret_text, err);
}

/* ---- the node ---- */

static struct {
    ent_story_clock clock;
    ent_story_random random;
    ent_flow_config c;
    ent_regime regime;
    ent_desk_node desk;
    ent_actor people[ENT_ROLE_COUNT];
    unsigned inputs;
} world;

static void close_node(void)
{
    if (!world.desk.flow) return;
    ent_crossings_free(world.desk.crossings);
    ent_flow_close(world.desk.flow);
    world.c.store.close(world.c.store.self);
    world.c.keys.close(world.c.keys.self);
    world.c.ledger.close(world.c.ledger.self);
    world.desk = (ent_desk_node){0};
}

/* Whom the interface let in: one of each role, with the key that signs nothing here. */
static void employ(void)
{
    for (int role = 0; role < ENT_ROLE_COUNT; role++) {
        ent_actor *a = &world.people[role];
        *a = (ent_actor){.role = (ent_role)role, .key = {{(uint8_t)(role + 1)}}, .pseudonym = {{(uint8_t)(role + 1)}}, .expires_ms = INT64_MAX};
        snprintf(a->name, sizeof a->name, "%s.example", ent_role_text((ent_role)role));
    }
}

static void open_node(void)
{
    ent_public_key public;
    ent_crossings_options o = {.refer_after_ms = 0};
    world.clock = (ent_story_clock){.now = ent_date_start((ent_date){2026, 3, 10})};
    world.random = (ent_story_random){.seed = 1};
    world.regime = (ent_regime){.name = "three-years", .clause = "s. 1", .material = 7, .keep = ENT_KEEP_PERIOD, .period = {3, 0, 0}};
    world.c = (ent_flow_config){.name = "gb.example", .country = "GBR", .clock = ent_story_clock_port(&world.clock), .random = ent_story_random_port(&world.random),
                                .decoder = ent_sandbox_direct(jobs), .partners = {.send = nobody_there}, .read_doc = ent_yaml_read, .regimes = &world.regime, .regime_count = 1, .threads = 1};
    ent_sign_keys((uint8_t[32]){1}, &public, &world.c.identity);
    o.clock = world.c.clock, o.random = world.c.random;
    fuzz_promise(ent_memory_store(&world.c.store, NULL) == ENT_OK && ent_memory_keys(world.c.random, &world.c.keys, NULL) == ENT_OK);
    fuzz_promise(ent_memory_year_ledger("gb.example", &world.c.identity, 2026, &world.c.ledger, NULL) == ENT_OK);
    fuzz_promise(ent_flow_open(&world.c, &world.desk.flow, NULL) == ENT_OK);
    world.desk.card = card;
    fuzz_promise(ent_crossings_new(&o, &world.desk.crossings, NULL) == ENT_OK);
    employ();
}

/* ---- the request ---- */

/* As the server's library does it: + is a space, %XX a byte; what is no UTF-8 is no parameter. */
static size_t unescape(char *text)
{
    char *to = text;
    for (const char *p = text; *p; p++) {
        uint8_t byte;
        char two[3] = {p[0] == '%' ? p[1] : 0, p[0] == '%' && p[1] ? p[2] : 0, 0};
        bool escaped = *p == '%' && ent_unhex(two, &byte, 1) && byte;
        *to++ = *p == '+' ? ' ' : escaped ? (char)byte : *p;
        if (escaped) p += 2;
    }
    *to = 0;
    return (size_t)(to - text);
}

static json_t *params_of(char *query)
{
    json_t *params = json_object();
    char *save = NULL;
    int count = 0;
    for (char *one = strtok_r(query, "&", &save); one && count++ < PARAMS; one = strtok_r(NULL, "&", &save)) {
        char *value = strchr(one, '=');
        if (value) *value++ = 0;
        unescape(one);
        if (value) unescape(value);
        json_object_set_new(params, one, json_string(value ? value : ""));
    }
    return params;
}

/* What is answered can be written: no text in it is anything but UTF-8, an error has its sentence. */
static void judge(const ent_desk_request *r, ent_code code, json_t *out, const ent_err *err)
{
    if (code == ENT_OK) {
        char *text = json_dumps(out, JSON_COMPACT);
        fuzz_promise(out && text != NULL);
        fuzz_promise(r->by || !ent_desk_needs_person(r->act) || strcmp(r->act, "person-add") == 0);
        free(text);
    } else {
        json_t *detail = json_string(err->detail);
        fuzz_promise(detail != NULL && err->detail[0] != 0);
        json_decref(detail);
    }
    json_decref(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    size_t line = end ? (size_t)(end - data) : size, rest = end ? size - line - 1 : 0;
    char *text = malloc(line + 1), *body = malloc(rest + 1); /* exactly as long as what came: a reader past its end is seen */
    ent_err err = {0};
    json_t *out = NULL;
    if (!text || !body) return free(text), free(body), 0;
    memcpy(text, data, line);
    text[line] = 0;
    if (rest) memcpy(body, end + 1, rest);
    char *act = strchr(text, ' '), *query = act ? strchr(act, '?') : NULL;
    if (query) *query++ = 0;
    if (act) *act++ = 0;
    if (world.inputs++ % INPUTS_A_NODE == 0) close_node(), open_node();
    ent_role role = ent_role_named(text);
    json_t *params = params_of(query ? query : &text[line]);
    ent_desk_request r = {.act = act ? act : "", .params = params, .body = body, .len = rest, .by = role == ENT_ROLE_COUNT ? NULL : &world.people[role]};
    ent_code code = ent_desk_act(&world.desk, &r, &out, &err);
    judge(&r, code, out, &err);
    json_decref(params);
    free(text);
    free(body);
    return 0;
}
