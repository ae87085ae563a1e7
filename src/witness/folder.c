#include "witness/folder.h"

#include "adapter/file/disk.h"
#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "base/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool ent_witness_path(const char *folder, const char *name, char ret_path[PATH_MAX])
{
    return snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

static ent_code load(const char *folder, const char *name, ent_buf *ret, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_witness_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_disk_load(path, ret, err);
}

static ent_code write_in(const char *folder, const char *name, const void *bytes, size_t n, mode_t mode, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_witness_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    return ent_disk_replace(path, bytes, n, mode, err);
}

/* ---- reading ---- */

static ent_code read_members(const ent_doc *doc, ent_witness_settings *s, ent_err *err)
{
    int64_t port = s->port;
    ENT_TRY(ent_doc_only(doc, "witness listen port", err));
    ENT_TRY(ent_doc_text(doc, "witness", true, s->name, sizeof s->name, err));
    ENT_TRY(ent_doc_text(doc, "listen", false, s->listen, sizeof s->listen, err));
    ENT_TRY(ent_doc_number(doc, "port", false, (const int64_t[2]){0, 65535}, &port, err));
    s->port = (uint16_t)port;
    return ent_note_name_fits(s->name) ? ENT_OK : ent_doc_fail(doc, err, "a witness's name has no spaces or plus signs");
}

ent_code ent_witness_read_settings(const char *folder, ent_witness_settings *ret_settings, ent_err *err)
{
    ent_doc *doc;
    ent_witness_settings s = {.listen = "127.0.0.1", .port = 8650};
    ENT_AUTO_BUF text = ENT_BUF(ENT_LIMIT_YAML_FILE);
    ent_code code = load(folder, "witness.yaml", &text, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_NOT_FOUND, "there is no witness in %s: make one with `entente-witness init %s --name NAME`", folder, folder);
    if (code != ENT_OK) return code;
    ENT_TRY(ent_yaml_read(text.data, text.len, "witness.yaml", &doc, err));
    code = read_members(doc, &s, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return ent_context(err, code, "%s/witness.yaml", folder);
    *ret_settings = s;
    return ENT_OK;
}

ent_code ent_witness_read_key(const char *folder, ent_secret_key *ret_secret, ent_err *err)
{
    char path[PATH_MAX];
    struct stat st;
    ent_public_key public;
    ENT_AUTO_BUF seed = ENT_BUF(64);
    if (!ent_witness_path(folder, "witness.key", path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (stat(path, &st) == 0 && (st.st_mode & 077)) return ent_fail(err, ENT_DENIED, "%s may be read by others: chmod 600 it", path);
    ENT_TRY(ent_disk_load(path, &seed, err));
    if (seed.len != 32) return ent_fail(err, ENT_DAMAGED, "%s must have 32 bytes", path);
    ent_sign_keys(seed.data, &public, ret_secret);
    return ENT_OK;
}

static ent_code read_line(const char *line, ent_log_key *ret, ent_err *err)
{
    uint8_t type;
    ENT_TRY(ent_vkey_read(line, ret->origin, &type, &ret->key, err));
    return type == ENT_NOTE_ED25519 ? ENT_OK : ent_fail(err, ENT_FORMAT, "a log's key has type 1 (Ed25519), this has type %u", type);
}

ent_code ent_witness_read_logs(const char *folder, ent_log_key *ret_keys, size_t *ret_count, ent_err *err)
{
    size_t count = 0;
    unsigned number = 0;
    char *rest = NULL;
    ENT_AUTO_BUF text = ENT_BUF(ENT_WITNESS_LOGS_FILE);
    ENT_TRY(load(folder, "logs", &text, err));
    char *all = (char *)(uintptr_t)ent_buf_cstr(&text); /* our copy of the file */
    for (char *line = strtok_r(all, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        number++;
        if (line[0] == '#') continue;
        if (count == ENT_WITNESS_KEYS) return ent_fail(err, ENT_TOO_LARGE, "more than %d logs", ENT_WITNESS_KEYS);
        ent_code code = read_line(line, &ret_keys[count], err);
        if (code != ENT_OK) return ent_context(err, code, "%s/logs, key %u", folder, number);
        count++;
    }
    *ret_count = count;
    return ENT_OK;
}

/* ---- making ---- */

static ent_code make_folder(const char *folder, const char *name, ent_err *err)
{
    char path[PATH_MAX];
    if (!ent_witness_path(folder, name, path)) return ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (mkdir(path, 0700) != 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    return ENT_OK;
}

static void write_settings(const ent_witness_settings *s, ent_buf *ret_text)
{
    ent_buf_fmt(ret_text,
                "# A witness. What is not known here is refused.\n"
                "\n"
                "witness: %s   # its name in cosignatures and agreements; never change it\n"
                "listen: %s    # HTTP: keep it on loopback behind a proxy, or put tls.crt and tls.key beside this file\n"
                "port: %u\n",
                s->name, s->listen, s->port);
}

ent_code ent_witness_init(const char *folder, const ent_witness_settings *settings, const uint8_t seed[32], ent_err *err)
{
    static const char logs[] = "# The logs that are known: NAME+ID+KEY, one a line (`entente-witness log`). SIGHUP reads this anew.\n";
    ENT_AUTO_BUF text = ENT_BUF(8192);
    if (!ent_note_name_fits(settings->name)) return ent_fail(err, ENT_USAGE, "a witness's name has no spaces or plus signs and is not empty");
    if (access(folder, F_OK) == 0 && rmdir(folder) != 0) return ent_fail(err, ENT_EXISTS, "%s is there already and not empty: nothing was changed", folder);
    if (mkdir(folder, 0700) != 0) return ent_fail(err, ENT_IO, "%s: %s", folder, strerror(errno));
    ENT_TRY(make_folder(folder, "seen", err));
    ENT_TRY(make_folder(folder, "evidence", err));
    ENT_TRY(write_in(folder, "witness.key", seed, 32, 0600, err));
    ENT_TRY(write_in(folder, "logs", logs, sizeof logs - 1, 0644, err));
    write_settings(settings, &text);
    ENT_TRY(ent_buf_check(&text, err));
    return write_in(folder, "witness.yaml", text.data, text.len, 0644, err);
}

ent_code ent_witness_add_log(const char *folder, const char *vkey, ent_err *err)
{
    ent_log_key key;
    ENT_AUTO_BUF text = ENT_BUF(ENT_WITNESS_LOGS_FILE);
    ENT_TRY(read_line(vkey, &key, err));
    ENT_TRY(load(folder, "logs", &text, err));
    if (strstr(ent_buf_cstr(&text), vkey)) return ENT_OK;
    if (text.len && text.data[text.len - 1] != '\n') ent_buf_str(&text, "\n");
    ent_buf_fmt(&text, "%s\n", vkey);
    ENT_TRY(ent_buf_check(&text, err));
    return write_in(folder, "logs", text.data, text.len, 0644, err);
}
