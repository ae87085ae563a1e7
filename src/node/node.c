/* Wiring: the folder's files become ports, the ports a flow. The order matters: lock, decoders (before any key is loaded),
 * keys, ledger, store, flow. */
#include "node/node.h"
#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/postgres/postgres.h"
#include "adapter/sqlite/sqlite.h"
#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "base/wipe.h"
#include "law/regime_set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the folder ---- */

static ent_code take_lock(ent_node *n, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(n->folder, "lock", path);
    n->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (n->lock < 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    if (flock(n->lock, LOCK_EX | LOCK_NB) == 0) return ENT_OK;
    return ent_fail(err, ENT_BUSY, "another process works in %s", n->folder);
}

ent_code ent_node_load_identity(const char *folder, ent_secret_key *ret_secret, ent_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    ent_public_key public;
    ENT_AUTO_BUF seed = ENT_BUF(64);
    ent_node_path(folder, "identity.key", path);
    if (stat(path, &st) == 0 && (st.st_mode & 077)) return ent_fail(err, ENT_DENIED, "%s may be read by others: chmod 600 it", path);
    ENT_TRY(ent_disk_load(path, &seed, err));
    if (seed.len != 32) return ent_fail(err, ENT_DAMAGED, "%s must have 32 bytes", path);
    ent_sign_keys(seed.data, &public, ret_secret);
    return ENT_OK;
}

static ent_code load_text(const char *folder, const char *name, ent_buf *ret, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(folder, name, path);
    return ent_disk_load(path, ret, err);
}

/* As the names order without their ending: "a" before "a-b", which "a.yaml" is not. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    size_t len[2] = {strlen((*a)->d_name) - 5, strlen((*b)->d_name) - 5}; /* ".yaml" */
    int order = strncmp((*a)->d_name, (*b)->d_name, len[0] < len[1] ? len[0] : len[1]);
    return order ? order : (len[0] > len[1]) - (len[0] < len[1]);
}

static int is_yaml(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');
    return dot && dot != e->d_name && strcmp(dot, ".yaml") == 0;
}

ent_code ent_node_regime_files(const char *folder, ent_buf *ret_set, ent_err *err)
{
    struct dirent **list = NULL;
    int count = scandir(folder, &list, is_yaml, by_name);
    if (count < 0) return ent_fail(err, ENT_NOT_FOUND, "%s is not there: without regimes nothing may be kept", folder);
    ent_code code = count ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no regime (NAME.yaml) in %s: without one nothing may be kept", folder);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX];
        ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
        *strrchr(list[i]->d_name, '.') = 0;
        if (code == ENT_OK && snprintf(path, sizeof path, "%s/%s.yaml", folder, list[i]->d_name) >= (int)sizeof path) code = ent_fail(err, ENT_USAGE, "the folder's path is too long");
        if (code == ENT_OK) code = ent_disk_load(path, &text, err);
        if (code == ENT_OK) ent_regime_set_add(ret_set, list[i]->d_name, text.data, text.len);
        free(list[i]);
    }
    free(list);
    return code == ENT_OK ? ent_buf_check(ret_set, err) : code;
}

static ent_code load_regimes(ent_node *n, ent_err *err)
{
    char path[PATH_MAX];
    ent_node_path(n->folder, "regimes", path);
    return ent_node_regime_files(path, &n->regime_files, err);
}

/* Templates and keys: not in core dumps, not in swap. What libraries free (TLS records, upload buffers) is overwritten as
 * well, so that a probe does not outlive its search in the allocator's hands. */
static ent_code protect_memory(const ent_node *n, ent_err *err)
{
    const struct rlimit none = {0, 0};
    mallopt(M_PERTURB, 0x5a);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (n->config.accept_unlocked_memory || mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return ENT_OK;
    return ent_fail(err, ENT_DENIED, "memory cannot be locked (%s): raise the limit (LimitMEMLOCK=infinity in the unit, `ulimit -l unlimited`) "
                                     "or set accept-unlocked-memory: true in node.yaml", strerror(errno));
}

/* ---- opening ---- */

static ent_code open_client(ent_node *n, ent_err *err)
{
    ent_exchange_client_config c = {.name = n->config.name, .certificate = ent_buf_cstr(&n->certificate), .key = ent_buf_cstr(&n->tls_key),
                                    .identity = n->identity, .directory = {.self = n, .by_name = ent_node_by_name, .by_certificate = ent_node_by_certificate},
                                    .clock = ent_system_clock(), .random = ent_system_random()};
    ENT_TRY(ent_witness_client_make(n->config.witness, n->config.witness_count, &n->witnesses, err));
    return ent_exchange_client_make(&c, &n->client, err);
}

ent_code ent_node_open_store(const char *folder, const ent_node_config *config, ent_store *ret_store, ent_err *err)
{
    char path[PATH_MAX];
    if (config->store[0]) return ent_postgres_store(config->store, ret_store, err);
    if (!ent_node_path(folder, "store.db", path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_sqlite_store(path, ret_store, err);
}

static ent_code open_ports(ent_node *n, bool serving, ent_err *err)
{
    char path[PATH_MAX];
    ent_flow_config *c = &n->flow_config;
    ENT_TRY(ent_node_load_identity(n->folder, &n->identity, err));
    ENT_TRY(load_text(n->folder, "tls.crt", &n->certificate, err));
    ENT_TRY(load_text(n->folder, "tls.key", &n->tls_key, err));
    ENT_TRY(ent_node_open_keys(n->folder, &n->config, false, &n->custody, &c->keys, err));
    ent_node_path(n->folder, "ledger", path);
    ENT_TRY(ent_file_year_ledger(path, n->config.name, &n->identity, 0, &c->ledger, err));
    ENT_TRY(ent_node_keep_ledger(&n->custody, &c->ledger, err));
    c->standby = n->custody.standby;
    ENT_TRY(ent_node_open_store(n->folder, &n->config, &c->store, err));
    if (serving) ENT_TRY(open_client(n, err));
    c->identity = n->identity;
    snprintf(c->name, sizeof c->name, "%s", n->config.name);
    snprintf(c->country, sizeof c->country, "%s", n->config.country);
    c->clock = ent_system_clock();
    c->random = ent_system_random();
    c->decoder = ent_sandbox_decoder(n->sandbox);
    ENT_TRY(ent_node_open_faces(n->folder, n->config.face_model, &n->faces, &c->faces, err));
    c->faces.least = (int)n->config.face_least;
    if (n->client) c->partners = ent_exchange_client_partners(n->client);
    if (n->witnesses) c->witnesses = ent_witness_client_port(n->witnesses);
    c->witness_silence_ms = n->config.witness_silence_ms;
    c->read_doc = ent_yaml_read;
    c->regime_files = n->regime_files.data;
    c->regime_files_len = n->regime_files.len;
    c->regime_due_parts = n->config.regime_due_parts;
    c->regime_due_per_mille = n->config.regime_due_per_mille;
    c->grid_ms = n->config.grid_ms;
    c->control_per_mille = n->config.control_per_mille;
    c->threads = n->config.threads;
    return ENT_OK;
}

static ent_code open_all(ent_node *n, const char *program, bool serving, ent_err *err)
{
    ENT_TRY(ent_node_config_read(n->folder, &n->config, err));
    ENT_TRY(ent_system_zone(n->config.zone, err));
    ENT_TRY(take_lock(n, err));
    ENT_TRY(ent_sandbox_start(program, n->config.decoders ? n->config.decoders : 1, &n->sandbox, err));
    if (serving) ENT_TRY(protect_memory(n, err));
    ENT_TRY(load_regimes(n, err));
    ENT_TRY(ent_node_finish_rotation(n->folder, n->config.name, err));
    ENT_TRY(open_ports(n, serving, err));
    ENT_TRY(ent_flow_open(&n->flow_config, &n->flow, err));
    return ent_node_gap_take(n->folder, n->flow, err);
}

ent_code ent_node_open(const char *folder, const char *program, bool serving,
                       void (*progress)(void *ctx, const char *what, size_t done, size_t total), ent_node **ret_node, ent_err *err)
{
    ent_node *n = calloc(1, sizeof *n);
    if (!n) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    snprintf(n->folder, sizeof n->folder, "%s", folder);
    n->lock = -1;
    n->certificate = ENT_BUF(65536);
    n->tls_key = ENT_BUF(65536);
    n->regime_files = ENT_BUF(ENT_REGIME_SET_MAX);
    n->flow_config.progress = progress;
    ent_code code = open_all(n, program, serving, err);
    if (code != ENT_OK) {
        ent_node_close(n);
        return code;
    }
    *ret_node = n;
    return ENT_OK;
}

void ent_node_close(ent_node *n)
{
    if (!n) return;
    ent_flow_close(n->flow);
    ent_exchange_client_free(n->client);
    ent_witness_client_free(n->witnesses);
    ent_node_close_faces(n->faces);
    if (n->flow_config.store.close) n->flow_config.store.close(n->flow_config.store.self);
    if (n->flow_config.ledger.close) n->flow_config.ledger.close(n->flow_config.ledger.self);
    if (n->flow_config.keys.close) n->flow_config.keys.close(n->flow_config.keys.self);
    ent_node_close_custody(&n->custody);
    ent_sandbox_stop(n->sandbox);
    ent_buf_free(&n->certificate);
    ent_buf_free(&n->tls_key);
    ent_buf_free(&n->regime_files);
    if (n->lock >= 0) close(n->lock);
    ent_secret_key_wipe(&n->identity);
    ent_secret_key_wipe(&n->flow_config.identity);
    free(n);
}

ent_flow_node *ent_node_flow(ent_node *n) { return n->flow; }

/* The client is made before the flow, which is its directory. */
ent_code ent_node_by_name(void *self, const char *name, ent_peer *ret_peer, ent_err *err)
{
    ent_directory d = ent_flow_directory(((ent_node *)self)->flow);
    return d.by_name(d.self, name, ret_peer, err);
}

ent_code ent_node_by_certificate(void *self, const uint8_t sha256[32], ent_peer *ret_peer, ent_err *err)
{
    ent_directory d = ent_flow_directory(((ent_node *)self)->flow);
    return d.by_certificate(d.self, sha256, ret_peer, err);
}

/* ---- the card ---- */

static ent_code make_card(void *self, ent_buf *ret_text, ent_err *err)
{
    ent_node *n = self;
    ent_card card = {.serial = 1, .certificate_count = 1};
    ENT_AUTO_BUF serial = ENT_BUF(64);
    struct stat st;
    char path[PATH_MAX];
    snprintf(card.name, sizeof card.name, "%s", n->config.name);
    snprintf(card.address, sizeof card.address, "%s", n->config.address);
    snprintf(card.country, sizeof card.country, "%s", strcmp(n->config.country, "ZZZ") == 0 ? "" : n->config.country);
    ent_sign_public(&n->identity, &card.identity);
    if (load_text(n->folder, "card.serial", &serial, NULL) == ENT_OK) card.serial = (uint32_t)strtoul(ent_buf_cstr(&serial), NULL, 10);
    ent_node_path(n->folder, "tls.crt", path);
    if (stat(path, &st) == 0) card.issued = (ent_time){(int64_t)st.st_mtime * 1000}; /* the same card each time it is asked for */
    if (n->certificate.len >= sizeof card.certificate[0]) return ent_fail(err, ENT_TOO_LARGE, "the TLS certificate is too long for a card");
    memcpy(card.certificate[0], n->certificate.data, n->certificate.len);
    return ent_card_encode(&card, &n->identity, ret_text, err);
}

ent_desk_node ent_node_desk(ent_node *n) { return (ent_desk_node){.flow = n->flow, .self = n, .card = make_card}; }
