#include "cli/act.h"
#include "cli/commands.h"
#include "cli/keys.h"

#include "adapter/file/file.h"

#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const ent_cmd_help help = {
    .usage = "init DIR [--name NAME] [--custodian NAME] [--address URL] [--port N] [--country ABC] [--root URI] [--store CONNINFO]",
    .about = "Makes a node in DIR: identity key, TLS certificate, key slots, ledger, store, configuration, the shipped regimes, and the\n"
             "first custodian with a key under a passphrase. Refuses a folder that is not empty and changes nothing then.",
    .example = "entente init /var/lib/entente --name gb.example --country GBR --custodian c.example"};

static void default_name(char ret[ENT_NODE_NAME_MAX])
{
    char host[ENT_NODE_NAME_MAX] = "node";
    gethostname(host, sizeof host - 1);
    size_t n = 0;
    for (const char *p = host; *p && n < ENT_NODE_NAME_MAX - 1; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        if ((c >= 'a' && c <= 'z') || (n && ((c >= '0' && c <= '9') || c == '-' || c == '.'))) ret[n++] = c;
    }
    ret[n] = 0;
    if (!n) snprintf(ret, ENT_NODE_NAME_MAX, "node");
}

/* The custodian's key is made first, beside, and moved in when the node is there. */
static ent_code make(const char *folder, const ent_node_config *c, const char *custodian, ent_err *err)
{
    char beside[PATH_MAX], inside[PATH_MAX], passphrase[256];
    ent_public_key public;
    ENT_WIPED_SECRET secret;
    snprintf(beside, sizeof beside, "%s.key-%d", folder, (int)getpid());
    snprintf(inside, sizeof inside, "%s/people/%s.key", folder, custodian);
    ent_code code = ent_cli_passphrase(custodian, true, passphrase, err);
    if (code != ENT_OK) return code;
    code = ent_cli_key_write(beside, custodian, passphrase, &public, &secret, err);
    ent_wipe(passphrase, sizeof passphrase);
    if (code == ENT_OK) code = ent_node_init(folder, c, custodian, &public, err);
    if (code == ENT_OK && rename(beside, inside) != 0) code = ent_fail(err, ENT_IO, "%s cannot be moved to %s", beside, inside);
    if (code != ENT_OK) unlink(beside);
    return code;
}

int ent_cmd_init(ent_cli *cli, int argc, char **argv)
{
    const char *name = NULL, *custodian = "custodian", *address = NULL, *port = "8443", *country = "ZZZ", *zone = "UTC", *desk_port = "0", *root = "", *store = "";
    bool unlocked = false, residue = false;
    const ent_opt opts[] = {{.name = "--name", .value = &name, .hint = "NAME", .help = "the node's name with partners (default: this machine's)"},
                            {.name = "--custodian", .value = &custodian, .hint = "NAME", .help = "the first custodian (default: custodian)"},
                            {.name = "--address", .value = &address, .hint = "URL", .help = "what partners are told (default: https://127.0.0.1:PORT)"},
                            {.name = "--port", .value = &port, .hint = "N", .help = "of the exchange (default: 8443)"},
                            {.name = "--desk-port", .value = &desk_port, .hint = "N", .help = "of the desk interface on loopback (default: none)"},
                            {.name = "--country", .value = &country, .hint = "ABC", .help = "ISO 3166-1 alpha-3 of whoever runs it"},
                            {.name = "--time-zone", .value = &zone, .hint = "ZONE", .help = "whose days the law counts: Europe/London (default: UTC)"},
                            {.name = "--store", .value = &store, .hint = "CONNINFO", .help = "a PostgreSQL, as \"host=/run/postgresql dbname=entente\" (default: embedded)"},
                            {.name = "--root", .value = &root, .hint = "URI", .help = "PKCS#11 URI of the token that wraps the root key (default: a file)"},
                            {.name = "--accept-residue", .flag = &residue, .help = "although overwritten keys may stay readable on this file system"},
                            {.name = "--accept-unlocked-memory", .flag = &unlocked, .help = "start although memory cannot be locked"},
                            {0}};
    ent_node_config c = ent_node_config_default();
    ent_err err = {0};
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    if (n != 1) return ent_cli_usage(&help, "name the folder");
    c.port = (uint16_t)strtoul(port, NULL, 10);
    c.desk_port = (uint16_t)strtoul(desk_port, NULL, 10);
    c.accept_unlocked_memory = unlocked;
    c.accept_residue = residue;
    snprintf(c.root, sizeof c.root, "%s", root);
    snprintf(c.store, sizeof c.store, "%s", store);
    if (name) snprintf(c.name, sizeof c.name, "%s", name);
    else default_name(c.name);
    snprintf(c.country, sizeof c.country, "%s", country);
    snprintf(c.zone, sizeof c.zone, "%s", zone);
    if (address) snprintf(c.address, sizeof c.address, "%s", address);
    else snprintf(c.address, sizeof c.address, "https://127.0.0.1:%u", c.port);
    if (access(argv[0], F_OK) == 0 && rmdir(argv[0]) != 0) code = ent_fail(&err, ENT_EXISTS, "%s is there already and not empty: nothing was changed", argv[0]);
    if (code == ENT_OK) code = ent_system_zone(zone, &err);
    if (code == ENT_OK) code = make(argv[0], &c, custodian, &err);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (cli->json) printf("{\"node\":\"%s\",\"folder\":\"%s\",\"custodian\":\"%s\"}\n", c.name, argv[0], custodian);
    else
        printf("%s is ready in %s; its first custodian is %s.\n\nnext:\n"
               "  export ENTENTE_NODE=%s\n"
               "  entente serve                                              run it\n"
               "  entente person add NAME --role custodian --as %s    the second, by the first alone; everybody after by two\n"
               "  entente partner card > card.txt                            what partners need of you\n",
               c.name, argv[0], custodian, argv[0], custodian);
    return 0;
}
