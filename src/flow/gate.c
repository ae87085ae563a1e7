#include "flow/gate.h"

#include <string.h>

enum {
#define ENT_X(name, text) name##_ = 1 << ENT_ROLE_##name,
    ENT_ROLES(ENT_X)
#undef ENT_X
    ANYBODY_ = (1 << ENT_ROLE_COUNT) - 1
};

static const struct {
    const char *text;
    int roles;
} acts[] = {
#define ENT_X(name, text, roles) {text, roles},
    ENT_GATE(ENT_X)
#undef ENT_X
};

static const char *const role_words[] = {
#define ENT_X(name, text) text,
    ENT_ROLES(ENT_X)
#undef ENT_X
};

const char *ent_role_text(ent_role role) { return (unsigned)role < ENT_ROLE_COUNT ? role_words[role] : "nobody"; }

ent_role ent_role_named(const char *word)
{
    int i = 0;
    while (i < ENT_ROLE_COUNT && strcmp(role_words[i], word) != 0) i++;
    return (ent_role)i;
}

ent_code ent_gate(const ent_actor *who, ent_gate_act act, ent_err *err)
{
    if (!who) return ent_fail(err, ENT_DENIED, "nobody may %s without acting as a person: use --as NAME", acts[act].text);
    if (who->suspended) return ent_fail(err, ENT_DENIED, "%s is suspended and may not %s", who->name, acts[act].text);
    if (acts[act].roles & 1 << who->role) return ENT_OK;
    return ent_fail(err, ENT_DENIED, "the role %s may not %s", ent_role_text(who->role), acts[act].text);
}
