#include "node/wiring.h"

#include "adapter/file/file.h"
#include "adapter/p11/p11.h"
#include "base/check.h"

ent_code ent_node_open_keys(const char *folder, const ent_node_config *config, bool create, ent_node_custody *ret, ent_keys *ret_keys, ent_err *err)
{
    ent_file_keys_options o = {.create = create, .accept_residue = config->accept_residue, .accept_unlocked_memory = config->accept_unlocked_memory};
    if (config->root[0]) {
        ENT_TRY(ent_p11_root(config->root, config->name, ent_system_random(), &ret->root, err));
        o.root = &ret->root;
    }
    return ent_file_keys(folder, &o, ent_system_random(), ret_keys, err);
}

void ent_node_close_custody(ent_node_custody *c)
{
    if (c->root.close) c->root.close(c->root.self);
    *c = (ent_node_custody){0};
}
