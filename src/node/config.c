#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "base/check.h"

#include <stdio.h>
#include <string.h>

bool ent_node_path(const char *folder, const char *name, char ret_path[PATH_MAX])
{
    return snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static ent_code read_port(const ent_doc *doc, const char *name, uint16_t *ret, ent_err *err)
{
    int64_t v = *ret;
    ENT_TRY(ent_doc_number(doc, name, false, (const int64_t[2]){0, 65535}, &v, err));
    *ret = (uint16_t)v;
    return ENT_OK;
}

static ent_code read_count(const ent_doc *doc, const char *name, unsigned *ret, ent_err *err)
{
    int64_t v = *ret;
    ENT_TRY(ent_doc_number(doc, name, false, (const int64_t[2]){0, 256}, &v, err));
    *ret = (unsigned)v;
    return ENT_OK;
}

static ent_code read_all(const ent_doc *doc, ent_node_config *c, ent_err *err)
{
    const ent_doc *exchange, *desk = ent_doc_get(doc, "desk"), *keys = ent_doc_get(doc, "keys");
    ENT_TRY(ent_doc_only(doc, "node country time-zone exchange desk matching-threads decoders accept-unlocked-memory keys standby face store controls-per-mille regimes witness", err));
    ENT_TRY(ent_doc_word(doc, "node", true, c->name, sizeof c->name, err));
    ENT_TRY(ent_doc_text(doc, "country", false, c->country, sizeof c->country, err));
    ENT_TRY(ent_doc_text(doc, "time-zone", false, c->zone, sizeof c->zone, err));
    ENT_TRY(ent_doc_need(doc, "exchange", ENT_DOC_MAP, &exchange, err));
    ENT_TRY(ent_doc_only(exchange, "listen port address answer-grid", err));
    ENT_TRY(ent_doc_text(exchange, "listen", false, c->listen, sizeof c->listen, err));
    ENT_TRY(read_port(exchange, "port", &c->port, err));
    ENT_TRY(ent_doc_text(exchange, "address", true, c->address, sizeof c->address, err));
    ENT_TRY(ent_doc_duration(exchange, "answer-grid", false, &c->grid_ms, err));
    if (desk) {
        int64_t refer = c->refer_per_mille;
        ENT_TRY(ent_doc_only(desk, "port refer-per-mille refer-after contact", err));
        ENT_TRY(read_port(desk, "port", &c->desk_port, err));
        ENT_TRY(ent_doc_number(desk, "refer-per-mille", false, (const int64_t[2]){0, 1000}, &refer, err));
        c->refer_per_mille = (unsigned)refer;
        ENT_TRY(ent_doc_text(desk, "contact", false, c->contact, sizeof c->contact, err));
        ENT_TRY(ent_doc_duration(desk, "refer-after", false, &c->refer_after_ms, err));
        if (c->refer_after_ms < 100 || c->refer_after_ms > 60000) return ent_fail(err, ENT_FORMAT, "desk.refer-after is from 100 ms to 60 s");
    }
    if (keys) {
        ENT_TRY(ent_doc_only(keys, "root accept-residue", err));
        ENT_TRY(ent_doc_text(keys, "root", false, c->root, sizeof c->root, err));
        ENT_TRY(ent_doc_bool(keys, "accept-residue", false, &c->accept_residue, err));
    }
    const ent_doc *regimes = ent_doc_get(doc, "regimes");
    if (regimes) {
        int64_t parts = c->regime_due_parts, share = c->regime_due_per_mille;
        ENT_TRY(ent_doc_only(regimes, "due-parts due-per-mille", err));
        ENT_TRY(ent_doc_number(regimes, "due-parts", false, (const int64_t[2]){1, 1000000000}, &parts, err));
        ENT_TRY(ent_doc_number(regimes, "due-per-mille", false, (const int64_t[2]){1, 1000}, &share, err));
        c->regime_due_parts = (unsigned)parts;
        c->regime_due_per_mille = (unsigned)share;
    }
    const ent_doc *face = ent_doc_get(doc, "face");
    if (face) {
        int64_t least = c->face_least;
        ENT_TRY(ent_doc_only(face, "model least-quality", err));
        ENT_TRY(ent_doc_number(face, "least-quality", false, (const int64_t[2]){0, 100}, &least, err));
        c->face_least = (unsigned)least;
        ENT_TRY(ent_doc_text(face, "model", false, c->face_model, sizeof c->face_model, err));
    }
    if (strcmp(c->contact, "none") == 0) c->contact[0] = 0;
    if (strcmp(c->face_model, "none") == 0) c->face_model[0] = 0;
    ENT_TRY(ent_doc_text(doc, "store", false, c->store, sizeof c->store, err));
    if (strcmp(c->store, "embedded") == 0) c->store[0] = 0;
    ENT_TRY(ent_doc_text(doc, "standby", false, c->standby, sizeof c->standby, err));
    if (strcmp(c->root, "file") == 0) c->root[0] = 0;
    if (strcmp(c->standby, "none") == 0) c->standby[0] = 0;
    ENT_TRY(ent_node_read_witnesses(doc, c, err));
    ENT_TRY(read_count(doc, "matching-threads", &c->threads, err));
    ENT_TRY(read_count(doc, "decoders", &c->decoders, err));
    int64_t controls = c->control_per_mille;
    ENT_TRY(ent_doc_number(doc, "controls-per-mille", false, (const int64_t[2]){0, 1000}, &controls, err));
    c->control_per_mille = (unsigned)controls;
    return ent_doc_bool(doc, "accept-unlocked-memory", false, &c->accept_unlocked_memory, err);
}

ent_node_config ent_node_config_default(void)
{
    return (ent_node_config){.zone = "UTC", .regime_due_parts = 100, .regime_due_per_mille = 50, .listen = "127.0.0.1", .port = 8443, .grid_ms = 250, .decoders = 2, .control_per_mille = 50, .refer_per_mille = 20, .refer_after_ms = 1200,
                             .witness_silence_ms = ENT_NODE_SILENCE_MS};
}

ent_code ent_node_config_read(const char *folder, ent_node_config *ret_config, ent_err *err)
{
    char path[PATH_MAX];
    ent_doc *doc;
    ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ent_node_config c = ent_node_config_default();
    if (!ent_node_path(folder, "node.yaml", path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    ent_code code = ent_disk_load(path, &text, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_NOT_FOUND, "there is no node in %s: make one with `entente init %s`", folder, folder);
    if (code != ENT_OK) return code;
    ENT_TRY(ent_yaml_read(text.data, text.len, path, &doc, err));
    code = read_all(doc, &c, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return ent_context(err, code, "%s", path);
    *ret_config = c;
    return ENT_OK;
}

void ent_node_config_write(const ent_node_config *c, ent_buf *ret_text)
{
    ent_buf_fmt(ret_text,
                "# An Entente node. What is not known here is refused, so that no misspelt setting passes for a default.\n"
                "\n"
                "node: %s                 # its name with partners and in the ledger; never change it\n"
                "country: %s                      # ISO 3166-1 alpha-3 of whoever runs it\n"
                "time-zone: %s                   # whose days the law counts, as Europe/London: a record is due when the day is over there\n"
                "\n"
                "exchange:                         # what partners reach: HTTP over mutual TLS 1.3\n"
                "  listen: %s\n"
                "  port: %u\n"
                "  address: %s   # what stands on the card that partners get\n"
                "  answer-grid: %lld ms             # answers leave on this grid, hit or not\n"
                "\n"
                "desk:                             # commands, console and kiosks on this machine\n"
                "  port: %u                         # on 127.0.0.1 beside the socket; 0: the socket only\n"
                "  refer-per-mille: %u              # chance referrals: so that a referral says nothing of its cause\n"
                "  refer-after: %lld ms             # from the question, whatever the cause; who answers later is seen at the secondary desk\n"
                "  contact: \"%s\"                     # whom a traveller writes to (access, correction, complaint), as it is printed on the sheets\n"
                "\n"
                "keys:                             # docs/operating/keys.md\n"
                "  root: \"%s\"                    # or the PKCS#11 URI of the token that wraps the epoch's key\n"
                "  accept-residue: %s            # start although overwritten keys may stay readable on this file system\n"
                "standby: \"%s\"                   # or the command that keeps slots and ledger a second time: docs/operating/backup.md\n"
                "\n"
                "store: \"%s\"                # or how a PostgreSQL is reached: \"host=/run/postgresql dbname=entente\"\n"
                "\n"
                "face:                             # docs/operating/face-models.md\n"
                "  model: \"%s\"                  # the card of the face model; none: photographs are kept, not searched\n"
                "  least-quality: %u                # of a photograph that is enrolled, 0 to 100; below, it is refused with what to do\n"
                "\n"
                "regimes:                          # a change of them that makes more due than this at once stops with an alarm\n"
                "  due-parts: %u\n"
                "  due-per-mille: %u               # of all that is held\n"
                "\n"
                "matching-threads: %u               # 0: one a core\n"
                "decoders: %u                       # how many of what comes from outside are read at a time\n"
                "controls-per-mille: %u            # how often a pair that does not match goes to the examiners beside a case\n"
                "accept-unlocked-memory: %s      # start although templates cannot be kept from swap\n",
                c->name, c->country[0] ? c->country : "ZZZ", c->zone, c->listen, c->port, c->address, (long long)c->grid_ms, c->desk_port, c->refer_per_mille, (long long)c->refer_after_ms, c->contact[0] ? c->contact : "none", c->root[0] ? c->root : "file", c->accept_residue ? "true" : "false", c->standby[0] ? c->standby : "none", c->store[0] ? c->store : "embedded", c->face_model[0] ? c->face_model : "none", c->face_least, c->regime_due_parts, c->regime_due_per_mille, c->threads,
                c->decoders, c->control_per_mille, c->accept_unlocked_memory ? "true" : "false");
    ent_node_write_witnesses(c, ret_text);
}
