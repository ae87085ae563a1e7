#include "cli/act.h"
#include "cli/commands.h"

#include <string.h>

static void say_ready(void *ctx, uint16_t port)
{
    const ent_cli *cli = ctx;
    if (cli->json) printf("{\"ready\":true,\"port\":%u}\n", port);
    else printf("ready; the exchange listens on port %u\n", port);
    fflush(stdout);
}

static void show_progress(void *ctx, const char *what, size_t done, size_t total)
{
    (void)ctx;
    ent_cli_progress(what, done, total);
}

int ent_cmd_serve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "serve", .about = "Runs the node until SIGTERM or SIGINT: finishes what was begun before, loads the gallery, then answers partners and desks.\n"
                                                              "Refuses to start on a damaged ledger or without its keys. SIGHUP looks after the keys' dates.",
                                   .example = "entente --node /var/lib/entente serve"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_node *node = NULL;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    code = ent_node_open(cli->node, cli->decoder, true, show_progress, &node, &err);
    if (code == ENT_OK) code = ent_node_serve(node, say_ready, cli, &err);
    ent_node_close(node);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

static void print_status(const json_t *out)
{
    static const char *const names[] = {"people", "partners", "agreements", "gallery", "faces", "ledger", "outbox", "waiting"};
    static const char *const words[] = {"people", "partners", "agreements", "prints in the gallery", "faces in the gallery", "ledger entries", "waiting in the outbox",
                                        "messages waiting for partners"};
    for (int i = 0; i < 8; i++) printf("%8lld %s\n", (long long)json_integer_value(json_object_get(out, names[i])), words[i]);
    if (json_integer_value(json_object_get(out, "faces-of-another-model"))) printf("%8lld photographs without a template of this model: `entente gallery rebuild`\n", (long long)json_integer_value(json_object_get(out, "faces-of-another-model")));
    const json_t *keys = json_object_get(out, "custody");
    printf("keys in epoch %lld on %s%s, root in a %s, %s\n", (long long)json_integer_value(json_object_get(keys, "epoch")), ent_cli_text(keys, "medium"),
           json_is_true(json_object_get(keys, "overwrites")) ? "" : " (where overwritten keys may stay readable)", strcmp(ent_cli_text(keys, "root"), "hardware") == 0 ? "hardware token" : ent_cli_text(keys, "root"),
           json_is_true(json_object_get(keys, "standby")) ? "with a standby" : "without a standby");
}

int ent_cmd_status(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "status", .about = "Counts: people, partners, agreements, gallery, ledger, outbox.", .example = "entente status"};
    const ent_opt opts[] = {{0}};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    return ent_cli_simple(cli, NULL, "status", json_object(), NULL, print_status);
}
