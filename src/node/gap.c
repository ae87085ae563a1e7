/* The gap statement, text:
 *
 *     entente-gap/v1
 *     node gb.example                      the name, and log, of before
 *     new-node gb.example.2
 *     new-key ed25519 BASE64
 *     made 2026-03-10T09:08:07.123Z
 *     backup-made 2026-03-09T22:00:00.000Z
 *     log-known gb.example/2026 1234 BASE64  log, entries and root that the backup knew; there may have been more
 *     rows-lost 5678
 *     reason TEXT
 *     signed NAME BASE64                   Ed25519 of everything before the first such line; two of them
 */
#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/text.h"
#include "node/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATEMENT_MAX = 65536, SIGNERS = 2 };

static size_t text_length(const char *statement)
{
    const char *at = strstr(statement, "\nsigned ");
    return at ? (size_t)(at - statement) + 1 : strlen(statement);
}

ent_code ent_node_gap_write(const char *folder, const ent_node_gap *g, ent_err *err)
{
    char path[PATH_MAX], now[ENT_TIME_TEXT], made[ENT_TIME_TEXT], root[ENT_BASE64_SIZE(32)], key[ENT_BASE64_SIZE(32)];
    ENT_AUTO_BUF text = ENT_BUF(STATEMENT_MAX);
    for (const char *p = g->reason; *p; p++)
        if ((unsigned char)*p < 0x20) return ent_fail(err, ENT_USAGE, "the reason is one line of text");
    ent_time_text(g->now, now);
    ent_time_text(g->backup_made, made);
    ent_base64(g->log_root, 32, root);
    ent_base64(g->key.b, 32, key);
    ent_buf_fmt(&text, "entente-gap/v1\nnode %s\nnew-node %s\nnew-key ed25519 %s\nmade %s\nbackup-made %s\nlog-known %s %llu %s\nrows-lost %llu\nreason %.1000s\n", g->old_name, g->new_name,
                key, now, made, g->log_origin, (unsigned long long)g->log_size, root, (unsigned long long)g->lost, g->reason);
    ENT_TRY(ent_buf_check(&text, err));
    ent_node_path(folder, "gap", path);
    return ent_disk_replace(path, text.data, text.len, 0644, err);
}

ent_code ent_node_gap_sign(const char *folder, const char *name, const ent_secret_key *secret, ent_err *err)
{
    char path[PATH_MAX], line[ENT_PERSON_NAME + 16], base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ENT_AUTO_BUF text = ENT_BUF(STATEMENT_MAX);
    if (!ent_node_path(folder, "gap", path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    ent_code code = ent_disk_load(path, &text, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_NOT_FOUND, "the node in %s has no gap to be signed", folder);
    if (code != ENT_OK) return code;
    const char *statement = ent_buf_cstr(&text);
    snprintf(line, sizeof line, "\nsigned %s ", name);
    if (strstr(statement, line)) return ent_fail(err, ENT_EXISTS, "%s has signed already: another person signs too", name);
    ent_sign(secret, statement, text_length(statement), signature);
    ent_base64(signature, sizeof signature, base64);
    ent_buf_fmt(&text, "signed %s %s\n", name, base64);
    ENT_TRY(ent_buf_check(&text, err));
    return ent_disk_replace(path, text.data, text.len, 0644, err);
}

/* One line "signed NAME BASE64": whose it is, when it is theirs. */
static bool signer_of(ent_flow_node *flow, const char *statement, const char *line, ent_actor *ret)
{
    char name[ENT_PERSON_NAME], base64[100];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    size_t got;
    if (sscanf(line, "signed %63s %99s", name, base64) != 2 || !ent_unbase64(base64, strlen(base64), signature, sizeof signature, &got) || got != sizeof signature) return false;
    if (ent_flow_person(flow, name, ret, NULL) != ENT_OK || ret->suspended) return false;
    return ent_sign_verify(&ret->key, statement, text_length(statement), signature);
}

static ent_code check_signers(ent_flow_node *flow, const char *statement, const char *folder, ent_err *err)
{
    ent_actor who[SIGNERS];
    size_t count = 0;
    bool custodian = false;
    for (const char *line = statement + text_length(statement); *line && count < SIGNERS; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "") {
        if (!signer_of(flow, statement, line, &who[count])) return ent_fail(err, ENT_SIGNATURE, "a signature under %s/gap is not of a person of this node: take the line out and sign again", folder);
        if (count && ent_public_key_equal(&who[0].key, &who[1].key)) continue;
        custodian |= who[count++].role == ENT_ROLE_CUSTODIAN;
    }
    if (count == SIGNERS && custodian) return ENT_OK;
    return ent_fail(err, ENT_REFUSED, "this node began anew without its standby: read %s/gap; two persons sign it, one of them a custodian (`entente restore sign --as NAME`; %zu have)", folder, count);
}

ent_code ent_node_gap_take(const char *folder, ent_flow_node *flow, ent_err *err)
{
    char path[PATH_MAX], taken[PATH_MAX];
    ENT_AUTO_BUF text = ENT_BUF(STATEMENT_MAX);
    ent_node_path(folder, "gap", path);
    ent_node_path(folder, "gap.signed", taken);
    if (access(path, F_OK) != 0) return ENT_OK;
    ENT_TRY(ent_disk_load(path, &text, err));
    ENT_TRY(check_signers(flow, ent_buf_cstr(&text), folder, err));
    ENT_TRY(ent_flow_gap_note(flow, text.data, text.len, err));
    if (rename(path, taken) != 0) return ent_fail(err, ENT_IO, "%s: %s", taken, strerror(errno));
    return ent_disk_sync_folder(taken, err);
}
