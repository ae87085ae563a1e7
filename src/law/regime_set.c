#include "law/regime_set.h"

#include "base/check.h"
#include "base/cursor.h"
#include "law/regime_read.h"

#include <stdlib.h>
#include <string.h>

void ent_regime_set_add(ent_buf *set, const char *name, const void *text, size_t len)
{
    ent_buf_text16(set, name);
    ent_buf_u32(set, (uint32_t)len);
    ent_buf_put(set, text, len);
}

ent_code ent_regime_set_walk(const void *set, size_t len, ent_regime_set_see *see, void *ctx, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(set, len);
    char last[ENT_LAW_NAME] = "";
    size_t count = 0;
    while (!ent_cursor_done(&c)) {
        char name[ENT_LAW_NAME] = "";
        ent_cursor_text16(&c, name, sizeof name);
        size_t size = ent_cursor_u32(&c);
        const void *text = size <= ENT_LIMIT_YAML_FILE ? ent_cursor_take(&c, size) : NULL;
        if (!text || c.bad || strcmp(last, name) >= 0) return ent_fail(err, ENT_FORMAT, "these bytes are no set of regimes");
        if (++count > ENT_REGIMES_MAX) return ent_fail(err, ENT_TOO_LARGE, "more than %d regimes", ENT_REGIMES_MAX);
        memcpy(last, name, sizeof last);
        ENT_TRY(see(ctx, name, text, size, err));
    }
    return ENT_OK;
}

struct reading {
    ent_doc_reader *read;
    ent_regime *all;
    size_t count;
};

static ent_code read_one(void *ctx, const char *name, const void *text, size_t len, ent_err *err)
{
    struct reading *s = ctx;
    ent_regime *r = &s->all[s->count];
    ent_doc *doc;
    ENT_TRY(s->read(text, len, name, &doc, err));
    ent_code code = ent_regime_read(doc, r, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return ent_context(err, code, "%s.yaml", name);
    if (strcmp(r->name, name) != 0) return ent_fail(err, ENT_FORMAT, "%s.yaml: the regime in it is \"%s\": file and regime have one name", name, r->name);
    s->count++;
    return ENT_OK;
}

ent_code ent_regime_set_read(const void *set, size_t len, ent_doc_reader *read, ent_regime **ret_regimes, size_t *ret_count, ent_err *err)
{
    struct reading s = {.read = read, .all = calloc(ENT_REGIMES_MAX, sizeof *s.all)};
    if (!s.all) return ent_fail(err, ENT_NO_MEMORY, "out of memory for regimes");
    ent_code code = ent_regime_set_walk(set, len, read_one, &s, err);
    if (code != ENT_OK) {
        free(s.all);
        return code;
    }
    *ret_regimes = s.all;
    *ret_count = s.count;
    return ENT_OK;
}
