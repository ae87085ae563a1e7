#include "cli/act.h"
#include "cli/keys.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ent_cli_session {
    char folder[PATH_MAX], socket[PATH_MAX];
    const char *as;
    ent_secret_key secret;
    bool signs;
    ent_node *node; /* opened by ourselves, when nobody serves */
    const char *decoder;
};

static void show_progress(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    ent_cli_progress(what, done, total);
}

ent_code ent_cli_begin(const ent_cli *cli, const char *as, ent_cli_session **ret_session, ent_err *err)
{
    ent_cli_session *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(s->folder, sizeof s->folder, "%s", cli->node);
    s->decoder = cli->decoder;
    s->as = as;
    ent_code code = ent_node_path(cli->node, "desk.sock", s->socket) ? ENT_OK : ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (code == ENT_OK && as) {
        code = ent_cli_key_open(cli->node, as, &s->secret, err);
        s->signs = code == ENT_OK;
    }
    if (code != ENT_OK) {
        ent_cli_end(s);
        return code;
    }
    *ret_session = s;
    return ENT_OK;
}

void ent_cli_end(ent_cli_session *s)
{
    if (!s) return;
    ent_node_close(s->node);
    ent_secret_key_wipe(&s->secret);
    free(s);
}

const ent_secret_key *ent_cli_secret(const ent_cli_session *s) { return &s->secret; }

static ent_code over_socket(ent_cli_session *s, const char *act, const json_t *params, const void *body, size_t len, json_t **ret, ent_err *err)
{
    uint8_t nonce[16];
    ent_random random = ent_system_random();
    ent_clock clock = ent_system_clock();
    ent_desk_caller caller = {.name = s->as, .secret = s->signs ? &s->secret : NULL, .now_ms = clock.now(clock.self).ms};
    random.fill(random.self, nonce, sizeof nonce);
    ent_hex(nonce, sizeof nonce, caller.nonce);
    return ent_desk_call(s->socket, act, params, body, len, &caller, ret, err);
}

/* Nobody serves: the same act on the node opened here, by the same proof of who acts. */
static ent_code by_ourselves(ent_cli_session *s, const char *act, const json_t *params, const void *body, size_t len, json_t **ret, ent_err *err)
{
    ent_actor actor;
    ent_public_key public;
    if (!s->node) ENT_TRY(ent_node_open(s->folder, s->decoder, false, show_progress, &s->node, err));
    ent_desk_node node = ent_node_desk(s->node);
    ent_desk_request r = {.act = act, .params = params, .body = body, .len = len};
    if (s->signs) {
        ent_sign_public(&s->secret, &public);
        ENT_TRY(ent_flow_person(node.flow, s->as, &actor, err));
        if (!ent_public_key_equal(&public, &actor.key)) return ent_fail(err, ENT_SIGNATURE, "the key of %s is not the one that this node knows", s->as);
        r.by = &actor;
    }
    return ent_desk_act(&node, &r, ret, err);
}

ent_code ent_cli_act(ent_cli_session *s, const char *act, json_t *params, const void *body, size_t len, json_t **ret_json, ent_err *err)
{
    ent_code code = s->node ? ENT_UNREACHABLE : access(s->socket, F_OK) == 0 ? over_socket(s, act, params, body, len, ret_json, err) : ENT_UNREACHABLE;
    if (code == ENT_UNREACHABLE && (s->node || !err || access(s->socket, F_OK) != 0 || strncmp(err->detail, "no node listens", 15) == 0))
        code = by_ourselves(s, act, params, body, len, ret_json, err);
    json_decref(params);
    return code;
}

const char *ent_cli_text(const json_t *o, const char *name)
{
    const char *text = json_string_value(json_object_get(o, name));
    return text ? text : "";
}

ent_code ent_cli_load(const char *path, ent_buf *ret, ent_err *err)
{
    *ret = ENT_BUF(ENT_LIMIT_ITL_FILE);
    return ent_disk_load(path, ret, err);
}

void ent_cli_print_json(const json_t *o)
{
    json_dumpf(o, stdout, JSON_INDENT(2));
    putchar('\n');
}

json_t *ent_cli_signature(const ent_cli_session *s, const char *text)
{
    uint8_t signature[ENT_SIGNATURE_SIZE];
    char base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    ent_sign(ent_cli_secret(s), text, strlen(text), signature);
    ent_base64(signature, sizeof signature, base64);
    return json_string(base64);
}

int ent_cli_finish(const ent_cli *cli, ent_cli_session *s, ent_code code, ent_err *err, json_t *out, void (*print)(const json_t *out))
{
    if (code == ENT_OK && print && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK && print) print(out);
    json_decref(out);
    ent_cli_end(s);
    err->code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, err);
}

int ent_cli_simple(const ent_cli *cli, const char *as, const char *act, json_t *params, const char *file, void (*print)(const json_t *out))
{
    ent_cli_session *s = NULL;
    ent_err err = {0};
    json_t *out = NULL;
    ENT_AUTO_BUF body = ENT_BUF(1);
    ent_code code = file ? ent_cli_load(file, &body, &err) : ENT_OK;
    if (code == ENT_OK) code = ent_cli_begin(cli, as, &s, &err);
    if (code == ENT_OK) code = ent_cli_act(s, act, params, body.data ? body.data : (const uint8_t *)"", body.len, &out, &err);
    else json_decref(params);
    return ent_cli_finish(cli, s, code, &err, out, print);
}

int ent_cli_operands(const ent_cli *cli, int argc, char **argv, const ent_cmd_help *help, const ent_operands *o)
{
    const char *as = NULL;
    const ent_opt opts[] = {{.name = "--as", .value = &as, .hint = "NAME", .help = o->who}, {0}};
    int n, wanted = 0;
    while (wanted < 3 && o->name[wanted]) wanted++;
    ent_code code = ent_cli_options(help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != wanted) return ent_cli_usage(help, wanted ? "as many operands as the usage shows are needed" : "no operand is needed");
    json_t *params = json_object();
    for (int i = 0; i < n; i++) json_object_set_new(params, o->name[i], json_string(argv[i]));
    return ent_cli_simple(cli, as, o->act, params, NULL, o->print);
}
