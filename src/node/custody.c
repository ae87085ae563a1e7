#include "node/wiring.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "adapter/p11/p11.h"
#include "adapter/standby/standby.h"
#include "base/check.h"

#include <string.h>

/* What the node needs beside slots and ledger to be itself again. */
static ent_code send_files(const char *folder, const ent_standby *s, ent_err *err)
{
    static const char *const names[] = {"identity.key", "tls.key", "tls.crt", "node.yaml", "card.serial"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_MAX];
        ENT_AUTO_BUF bytes = ENT_BUF(ENT_LIMIT_YAML_FILE);
        ent_node_path(folder, names[i], path);
        ENT_TRY(ent_disk_load(path, &bytes, err));
        ENT_TRY(s->file(s->self, names[i], bytes.data, bytes.len, err));
    }
    return ENT_OK;
}

ent_code ent_node_open_keys(const char *folder, const ent_node_config *config, bool create, ent_node_custody *ret, ent_keys *ret_keys, ent_err *err)
{
    char path[PATH_MAX];
    ent_file_keys_options o = {.create = create, .accept_residue = config->accept_residue, .accept_unlocked_memory = config->accept_unlocked_memory};
    if (config->root[0]) {
        ENT_TRY(ent_p11_root(config->root, config->name, ent_system_random(), &ret->root, err));
        o.root = &ret->root;
    }
    if (config->standby[0]) {
        ENT_TRY(ent_standby_link(config->standby, &ret->standby, err));
        o.standby = &ret->standby;
    }
    ent_node_path(folder, "keys", path);
    ent_code code = ent_file_keys(path, &o, ent_system_random(), ret_keys, err);
    return code == ENT_OK && o.standby ? send_files(folder, o.standby, err) : code;
}

ent_code ent_node_keep_ledger(const ent_node_custody *custody, ent_ledger *ledger, ent_err *err)
{
    ent_ledger kept;
    if (!custody->standby.self) return ENT_OK;
    ENT_TRY(ent_standby_ledger(ledger, &custody->standby, &kept, err));
    *ledger = kept;
    return ENT_OK;
}

void ent_node_close_custody(ent_node_custody *c)
{
    if (c->root.close) c->root.close(c->root.self);
    if (c->standby.close) c->standby.close(c->standby.self);
    *c = (ent_node_custody){0};
}
