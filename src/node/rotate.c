#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static ent_code load_seed(const char *path, ent_secret_key *ret, ent_err *err)
{
    ent_public_key public;
    ENT_AUTO_BUF seed = ENT_BUF(64);
    ENT_TRY(ent_disk_load(path, &seed, err));
    if (seed.len != 32) return ent_fail(err, ENT_DAMAGED, "%s must have 32 bytes", path);
    ent_sign_keys(seed.data, &public, ret);
    return ENT_OK;
}

/* The rename is the last step: until then identity.next lies beside. */
static ent_code take_next(const char *folder, ent_err *err)
{
    char next[PATH_MAX], now[PATH_MAX], old[PATH_MAX];
    ent_node_path(folder, "identity.next", next);
    ent_node_path(folder, "identity.key", now);
    ent_node_path(folder, "identity.old", old);
    ENT_TRY(ent_disk_shred(old, err));
    if (link(now, old) != 0 || rename(next, now) != 0) return ent_fail(err, ENT_IO, "%s: %s", now, strerror(errno));
    ENT_TRY(ent_disk_sync_folder(now, err));
    return ent_disk_shred(old, err); /* a key that nothing needs is not kept */
}

ent_code ent_node_finish_rotation(const char *folder, const char *name, ent_err *err)
{
    char next[PATH_MAX], ledger[PATH_MAX];
    ENT_WIPED_SECRET secret;
    ent_ledger opened;
    ent_node_path(folder, "identity.next", next);
    ent_node_path(folder, "ledger", ledger);
    if (access(next, F_OK) != 0) return ENT_OK;
    ENT_TRY(load_seed(next, &secret, err));
    if (ent_file_year_ledger(ledger, name, &secret, 0, &opened, NULL) != ENT_OK) return ent_disk_shred(next, err);
    opened.close(opened.self);
    return take_next(folder, err);
}

static ent_code bump_serial(ent_node *n, uint32_t *ret_serial, ent_err *err)
{
    char path[PATH_MAX], text[16];
    ENT_AUTO_BUF was = ENT_BUF(64);
    ent_node_path(n->folder, "card.serial", path);
    ENT_TRY(ent_disk_load(path, &was, err));
    *ret_serial = (uint32_t)strtoul(ent_buf_cstr(&was), NULL, 10) + 1;
    int len = snprintf(text, sizeof text, "%u\n", *ret_serial);
    return ent_disk_replace(path, text, (size_t)len, 0644, err);
}

static ent_code announce(ent_node *n, const ent_actor *by, const ent_secret_key *fresh, bool revoke, size_t *ret_told, ent_err *err)
{
    ent_card card;
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    ent_desk_node desk = ent_node_desk(n);
    uint32_t serial;
    ENT_TRY(bump_serial(n, &serial, err));
    ENT_TRY(desk.card(desk.self, &text, err));
    ENT_TRY(ent_card_decode(text.data, text.len, &card, err));
    card.serial = serial;
    ent_sign_public(fresh, &card.identity);
    return ent_flow_identity_rotate(n->flow, by, &card, fresh, revoke, ret_told, err);
}

static ent_code write_next(const char *folder, ent_secret_key *ret_fresh, ent_err *err)
{
    char path[PATH_MAX];
    ENT_WIPED_KEY seed;
    ent_public_key public;
    ent_random random = ent_system_random();
    random.fill(random.self, seed.b, sizeof seed.b);
    ent_sign_keys(seed.b, &public, ret_fresh);
    ent_node_path(folder, "identity.next", path);
    return ent_disk_replace(path, seed.b, sizeof seed.b, 0600, err);
}

static ent_code rotate(ent_node *n, const char *as, const ent_public_key *as_key, bool revoke, ent_secret_key *ret_fresh, size_t *ret_told, ent_err *err)
{
    ent_actor by;
    ENT_TRY(ent_flow_person(n->flow, as, &by, err));
    if (!ent_public_key_equal(&by.key, as_key)) return ent_fail(err, ENT_SIGNATURE, "the key of %s is not the one that this node knows", as);
    ENT_TRY(ent_gate(&by, ENT_MAY_ROTATE_IDENTITY, err));
    ENT_TRY(write_next(n->folder, ret_fresh, err));
    return announce(n, &by, ret_fresh, revoke, ret_told, err);
}

ent_code ent_node_rotate_identity(const char *folder, const char *program, const char *as, const ent_public_key *as_key, bool revoke, size_t *ret_told, ent_err *err)
{
    ent_node *n;
    char ledger[PATH_MAX], name[ENT_NODE_NAME_MAX];
    ENT_WIPED_SECRET was, fresh;
    ENT_TRY(ent_node_open(folder, program, true, NULL, &n, err));
    was = n->identity;
    snprintf(name, sizeof name, "%s", n->config.name);
    ent_code code = rotate(n, as, as_key, revoke, &fresh, ret_told, err);
    ent_node_close(n);
    if (code != ENT_OK) return code;
    ent_node_path(folder, "ledger", ledger);
    ENT_TRY(ent_file_year_ledger_resign(ledger, name, &was, &fresh, err));
    return take_next(folder, err);
}
