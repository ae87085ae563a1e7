#include "fuzz.h"

#include "adapter/yaml/yaml.h"

/* Depth, size and form of a tree that was accepted. */
static void look(const ent_doc *d, int depth)
{
    fuzz_promise(depth <= ENT_LIMIT_YAML_DEPTH + 1 && d->line >= 1);
    fuzz_promise(d->kind == ENT_DOC_TEXT ? !d->first : !*d->text);
    size_t n = 0;
    for (const ent_doc *c = d->first; c; c = c->next, n++) look(c, depth + 1);
    fuzz_promise(n == d->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ent_doc *d = NULL;
    ent_err err = {0};
    ent_code code = ent_yaml_read(data, size, "fuzz", &d, &err);
    fuzz_promise((code == ENT_OK) == (d != NULL) && (d || err.detail[0]));
    if (d) look(d, 1);
    ent_doc_free(d);
    return 0;
}
