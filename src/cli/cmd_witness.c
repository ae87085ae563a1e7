/* `entente witness …`, which is also the whole of the program `entente-witness`: no node, no store, no engine. */
#include "cli/cli.h"
#include "cli/witness.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "law/card.h"
#include "witness/witness.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void print_keys(const ent_cli *cli, const char *name, const ent_public_key *key)
{
    char vkey[ENT_VKEY_MAX] = "", base64[ENT_BASE64_SIZE(32)];
    (void)!ent_vkey_write(name, ENT_NOTE_COSIGNATURE, key, vkey, NULL);
    ent_base64(key->b, 32, base64);
    if (cli->json) printf("{\"witness\":\"%s\",\"key\":\"%s\",\"vkey\":\"%s\"}\n", name, base64, vkey);
    else
        printf("%s\n\nin an agreement:      witness: [ { name: %s, key: %s } ]\nfor other verifiers:  %s\n", name, name, base64, vkey);
}

static int witness_init(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "witness init DIR --name NAME [--listen ADDRESS] [--port N]",
                                   .about = "Makes a witness in DIR: its key, its settings, an empty list of logs. Prints what agreements need of it.",
                                   .example = "entente-witness init /var/lib/entente-witness --name observer.example --port 8650"};
    const char *name = NULL, *listen = "127.0.0.1", *port = "8650";
    const ent_opt opts[] = {{.name = "--name", .value = &name, .hint = "NAME", .help = "as it stands in agreements and cosignatures"},
                            {.name = "--listen", .value = &listen, .hint = "ADDRESS", .help = "numeric (default: 127.0.0.1)"},
                            {.name = "--port", .value = &port, .hint = "N", .help = "default: 8650; 0: any free one"}, {0}};
    ent_err err = {0};
    ent_witness_settings s = {0};
    ENT_WIPED_KEY seed;
    ENT_WIPED_SECRET secret;
    ent_public_key key;
    ent_random random = ent_system_random();
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1 || !name) return ent_cli_usage(&h, "name the folder and the witness");
    if (strlen(name) >= sizeof s.name || strlen(listen) >= sizeof s.listen) return ent_cli_usage(&h, "the name or the address is too long");
    char *end;
    unsigned long number = strtoul(port, &end, 10);
    if (*end || !*port || number > 65535) return ent_cli_usage(&h, "\"%s\" is no port", port);
    snprintf(s.name, sizeof s.name, "%s", name);
    snprintf(s.listen, sizeof s.listen, "%s", listen);
    s.port = (uint16_t)number;
    random.fill(random.self, seed.b, sizeof seed.b);
    ent_sign_keys(seed.b, &key, &secret);
    code = ent_witness_init(argv[0], &s, seed.b, &err);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    print_keys(cli, s.name, &key);
    return 0;
}

static ent_code vkey_of_card(const char *path, char ret_vkey[ENT_VKEY_MAX], ent_err *err)
{
    ent_card card;
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    ENT_TRY(ent_disk_load(path, &text, err));
    ENT_TRY(ent_card_decode(text.data, text.len, &card, err));
    return ent_vkey_write(card.name, ENT_NOTE_ED25519, &card.identity, ret_vkey, err);
}

static int witness_log(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "witness log DIR VKEY | --card FILE",
                                   .about = "Makes a log known: by its verifier key (NAME+ID+KEY) or by the node's card. Compare the card's digits by voice first. A witness that\n"
                                            "runs reads it at SIGHUP.",
                                   .example = "entente-witness log /var/lib/entente-witness --card gb.card"};
    const char *card = NULL;
    const ent_opt opts[] = {{.name = "--card", .value = &card, .hint = "FILE", .help = "the card of the node whose ledger it is"}, {0}};
    char vkey[ENT_VKEY_MAX] = "";
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n + (card != NULL) != 2) return ent_cli_usage(&h, "name the folder and one log");
    if (card) code = vkey_of_card(card, vkey, &err);
    else snprintf(vkey, sizeof vkey, "%s", argv[1]);
    if (code == ENT_OK) code = ent_witness_add_log(argv[0], vkey, &err);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    printf(cli->json ? "{\"log\":\"%s\"}\n" : "%s\n", vkey);
    return 0;
}

/* ---- show ---- */

static void show_log(void *ctx, const char *origin, const ent_public_key *key, const char *note)
{
    struct {
        const ent_cli *cli;
        size_t seen;
    } *s = ctx;
    ent_checkpoint c = {0};
    char vkey[ENT_VKEY_MAX] = "";
    bool any = *note && ent_checkpoint_parse(note, strlen(note), &c, NULL) == ENT_OK;
    (void)!ent_vkey_write(origin, ENT_NOTE_ED25519, key, vkey, NULL);
    if (s->cli->json) printf("%s\n{\"origin\":\"%s\",\"vkey\":\"%s\",\"size\":%" PRIu64 "}", s->seen++ ? "," : "", origin, vkey, c.size);
    else if (any) printf("%-32s %10" PRIu64 " entries  %s\n", origin, c.size, vkey);
    else printf("%-32s %10s          %s\n", origin, "nothing yet", vkey);
}

static int witness_show(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "witness show DIR", .about = "The witness's name and keys, and of each log how much was co-signed. The witness must not run.",
                                   .example = "entente-witness show /var/lib/entente-witness"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_witness *w = NULL;
    ent_public_key key;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the folder");
    code = ent_witness_open(argv[0], ent_system_clock(), &w, &err);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    ent_witness_key(w, &key);
    struct {
        const ent_cli *cli;
        size_t seen;
    } s = {cli, 0};
    if (cli->json) printf("{\"keys\":");
    print_keys(cli, ent_witness_settings_of(w)->name, &key);
    printf(cli->json ? ",\"logs\":[" : "\n");
    ent_witness_logs(w, show_log, &s);
    if (cli->json) printf("]}\n");
    ent_witness_close(w);
    return 0;
}

/* ---- serve ---- */

static void note_line(void *ctx, int priority, const char *text)
{
    (void)ctx;
    fprintf(stderr, "<%d>entente-witness: %s\n", priority, text);
}

static void wait_for_end(ent_witness *w, const sigset_t *set)
{
    for (;;) {
        int got = sigwaitinfo(set, NULL);
        ent_err err = {0};
        if (got == SIGTERM || got == SIGINT) return;
        if (got != SIGHUP) continue;
        bool ok = ent_witness_reload(w, &err) == ENT_OK;
        note_line(NULL, ok ? 6 : 3, ok ? "logs read anew" : err.detail);
    }
}

static int witness_serve(ent_cli *cli, int argc, char **argv)
{
    static const ent_cmd_help h = {.usage = "witness serve DIR",
                                   .about = "Answers C2SP tlog-witness until SIGTERM or SIGINT: POST /add-checkpoint, GET /HASH/checkpoint. Whatever it co-signs is on disk first.\n"
                                            "SIGHUP reads the list of logs anew.",
                                   .example = "entente-witness serve /var/lib/entente-witness"};
    const ent_opt opts[] = {{0}};
    ent_err err = {0};
    ent_witness *w = NULL;
    ent_witness_server *server = NULL;
    sigset_t set;
    int n;
    ent_code code = ent_cli_options(&h, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&h, "name the folder");
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    code = ent_witness_open(argv[0], ent_system_clock(), &w, &err);
    if (code == ENT_OK) code = ent_witness_start(w, argv[0], (ent_witness_log){.line = note_line}, &server, &err);
    if (code == ENT_OK) {
        printf(cli->json ? "{\"ready\":true,\"port\":%u}\n" : "ready; listens on port %u\n", ent_witness_port(server));
        fflush(stdout);
        wait_for_end(w, &set);
    }
    ent_witness_stop(server);
    ent_witness_close(w);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}

int ent_cmd_witness(ent_cli *cli, int argc, char **argv)
{
    static const ent_command commands[] = {{"init", witness_init, "make a witness in a folder"},
                                           {"log", witness_log, "make a log known to it"},
                                           {"serve", witness_serve, "run it"},
                                           {"show", witness_show, "its keys, and what it co-signed"},
                                           {0}};
    return ent_cli_group(cli, "witness", "An observer who is no party: remembers how far each ledger was and co-signs what continues it. Needs no node.", commands, argc, argv);
}
