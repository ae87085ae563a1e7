/* A new node: everything in a folder beside the one that was named, which takes the name at the end, so that there is never
 * half a node. */
#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "base/wipe.h"
#include "crypto/x509.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TLS_DAYS 398

static ent_code write_in(const char *folder, const char *name, const void *bytes, size_t n, mode_t mode, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_node_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_disk_replace(path, bytes, n, mode, err);
}

static ent_code make_folder(const char *folder, const char *name, mode_t mode, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_node_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (mkdir(path, mode) != 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    return ENT_OK;
}

void ent_node_share(const char *name, char ret_path[PATH_MAX])
{
    const char *from = getenv("ENTENTE_SHARE");
    snprintf(ret_path, PATH_MAX, "%s/%s", from && *from ? from : access(ENT_SHARE, R_OK) == 0 ? ENT_SHARE : ENT_SHARE_SOURCE, name);
}

static ent_code copy_regimes(const char *folder, ent_err *err)
{
    char source[PATH_MAX], target[300];
    size_t copied = 0;
    ent_node_share("regimes", source);
    DIR *d = opendir(source);
    if (!d) return ent_fail(err, ENT_NOT_FOUND, "the shipped regimes are not in %s: set ENTENTE_SHARE", source);
    ent_code code = ENT_OK;
    for (struct dirent *e; code == ENT_OK && (e = readdir(d));) {
        char path[PATH_MAX];
        ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
        if (!strstr(e->d_name, ".yaml") || !ent_node_path(source, e->d_name, path)) continue;
        snprintf(target, sizeof target, "regimes/%.250s", e->d_name);
        code = ent_disk_load(path, &text, err);
        if (code == ENT_OK) code = write_in(folder, target, text.data, text.len, 0644, err), copied++;
    }
    closedir(d);
    if (code == ENT_OK && !copied) return ent_fail(err, ENT_NOT_FOUND, "no regimes in %s", source);
    return code;
}

ent_code ent_node_make_keys(const char *folder, const ent_node_config *c, ent_secret_key *ret_secret, ent_err *err)
{
    ENT_WIPED_KEY seed;
    uint8_t serial[16];
    ent_public_key public;
    ent_random random = ent_system_random();
    ent_clock clock = ent_system_clock();
    ENT_AUTO_BUF certificate = ENT_BUF(65536), key = ENT_BUF(65536);
    random.fill(random.self, seed.b, sizeof seed.b);
    random.fill(random.self, serial, sizeof serial);
    ent_sign_keys(seed.b, &public, ret_secret);
    ENT_TRY(write_in(folder, "identity.key", seed.b, sizeof seed.b, 0600, err));
    ENT_TRY(ent_x509_make(c->name, serial, clock.now(clock.self), TLS_DAYS, &certificate, &key, err));
    ENT_TRY(write_in(folder, "tls.crt", certificate.data, certificate.len, 0644, err));
    ENT_TRY(write_in(folder, "tls.key", key.data, key.len, 0600, err));
    return write_in(folder, "card.serial", "1\n", 2, 0644, err);
}

uint32_t ent_node_year(void) { return (uint32_t)ent_time_date(ent_system_clock().now(NULL)).year; }

/* Opens what was made, for the first time, to write the first entries: the ledger's own and the custodian's. */
static ent_code first_custodian(const char *folder, const ent_node_config *c, const ent_secret_key *secret, const char *name, const ent_public_key *key, ent_err *err)
{
    char path[PATH_MAX];
    ent_flow_config f = {.identity = *secret, .clock = ent_system_clock(), .random = ent_system_random(), .read_doc = ent_yaml_read};
    ent_flow_node *flow = NULL;
    ent_node_custody custody = {0};
    snprintf(f.name, sizeof f.name, "%s", c->name);
    ent_code code = ent_node_open_keys(folder, c, true, &custody, &f.keys, err);
    ent_node_path(folder, "ledger", path);
    if (code == ENT_OK) code = ent_file_year_ledger(path, c->name, secret, ent_node_year(), &f.ledger, err);
    if (code == ENT_OK) code = ent_node_open_store(folder, c, &f.store, err);
    if (code == ENT_OK) code = ent_flow_open(&f, &flow, err);
    bool waits;
    if (code == ENT_OK) code = ent_flow_person_add(flow, NULL, name, ENT_ROLE_CUSTODIAN, key, &waits, err);
    ent_flow_close(flow);
    if (f.store.close) f.store.close(f.store.self);
    if (f.ledger.close) f.ledger.close(f.ledger.self);
    if (f.keys.close) f.keys.close(f.keys.self);
    ent_node_close_custody(&custody);
    return code;
}

static ent_code fill(const char *folder, const ent_node_config *c, const char *custodian, const ent_public_key *key, ent_err *err)
{
    ent_secret_key secret;
    ENT_AUTO_BUF text = ENT_BUF(65536);
    static const char *const folders[] = {"keys", "ledger", "regimes", "people"};
    for (size_t i = 0; i < 4; i++) ENT_TRY(make_folder(folder, folders[i], 0700, err));
    ENT_TRY(copy_regimes(folder, err));
    ent_code code = ent_node_make_keys(folder, c, &secret, err);
    if (code == ENT_OK) code = first_custodian(folder, c, &secret, custodian, key, err);
    ent_secret_key_wipe(&secret);
    if (code != ENT_OK) return code;
    ent_node_config_write(c, &text);
    return write_in(folder, "node.yaml", text.data, text.len, 0644, err);
}

static void remove_all(const char *folder)
{
    static const char *const inside[] = {"keys", "ledger", "regimes", "people", ""};
    for (size_t i = 0; i < 5; i++) {
        char path[PATH_MAX], file[PATH_MAX];
        ent_node_path(folder, inside[i], path);
        DIR *d = opendir(path);
        for (struct dirent *e; d && (e = readdir(d));)
            if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && ent_node_path(path, e->d_name, file)) unlink(file);
        if (d) closedir(d);
        rmdir(path);
    }
}

ent_code ent_node_init(const char *folder, const ent_node_config *config, const char *custodian, const ent_public_key *key, ent_err *err)
{
    char making[PATH_MAX];
    struct stat st;
    if (stat(folder, &st) == 0 && rmdir(folder) != 0)
        return ent_fail(err, ENT_EXISTS, "%s is there already and not empty: nothing was changed", folder);
    if (snprintf(making, sizeof making, "%s.making-%d", folder, (int)getpid()) >= (int)sizeof making) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (mkdir(making, 0700) != 0) return ent_fail(err, ENT_IO, "%s: %s", making, strerror(errno));
    ent_code code = fill(making, config, custodian, key, err);
    if (code == ENT_OK && rename(making, folder) != 0) code = ent_fail(err, ENT_IO, "%s: %s", folder, strerror(errno));
    if (code != ENT_OK) {
        remove_all(making);
        return code;
    }
    return ent_disk_sync_folder(folder, err);
}
