#include "cli/prints.h"

#include "base/check.h"
#include "cli/act.h"
#include "cli/outside.h"

#include <string.h>

static ent_code told(const char *path, const ent_buf *bytes, ent_code code, ent_err *err)
{
    if (code == ENT_OK) return ENT_OK;
    return ent_context(err, code, ent_cli_is_native(bytes->data, bytes->len) ? "%s is neither an image nor a template" : "%s", path);
}

ent_code ent_cli_ask_print(const ent_cli *cli, const char *path, ent_finger_template **ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1), native = ENT_BUF(1);
    ENT_TRY(ent_cli_load(path, &bytes, err));
    ent_code code = ent_cli_ask(cli, "print", NULL, &bytes, &native, err);
    if (code == ENT_OK) code = ent_finger_decode(native.data, native.len, ret, err);
    return told(path, &bytes, code, err);
}

ent_code ent_cli_load_print(const char *path, ent_finger_template **ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ENT_TRY(ent_cli_load(path, &bytes, err));
    return told(path, &bytes, ent_cli_read_print(bytes.data, bytes.len, ret, err), err);
}

bool ent_cli_is_imported(const ent_finger_template *t) { return ent_finger_quality(t) < 0; }

ent_code ent_cli_match_prints(ent_finger_template *const t[2], ent_finger_pairs *ret_pairs, double *ret_score, ent_err *err)
{
    ent_finger_probe *p;
    ent_finger_stretched *s;
    int from = ent_cli_is_imported(t[0]) ? 0 : 1;
    if (!ent_cli_is_imported(t[from])) {
        ENT_TRY(ent_finger_probe_new(t[0], &p, err));
        *ret_score = ent_finger_match_full(p, t[1], ret_pairs);
        ent_finger_probe_free(p);
        return ENT_OK;
    }
    ENT_TRY(ent_finger_stretched_new(t[from], &s, err));
    *ret_score = ent_finger_match_stretched(s, t[1 - from], ret_pairs, NULL);
    ent_finger_stretched_free(s);
    for (size_t k = 0; k < ret_pairs->count && from; k++) {
        uint8_t swap = ret_pairs->pair[k].probe;
        ret_pairs->pair[k].probe = ret_pairs->pair[k].candidate, ret_pairs->pair[k].candidate = swap;
    }
    return ENT_OK;
}
