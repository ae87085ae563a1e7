#include "adapter/xml/itl_xml.h"
#include "fuzz.h"

static void ignore(void *ctx, const ent_itl_fault *f)
{
    (void)ctx;
    (void)f;
}

/* Any document is a transaction or an error; a transaction that came of one can be read, and goes out again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ENT_AUTO_BUF out = ENT_BUF(1 << 24), xml = ENT_BUF(1 << 24);
    ent_itl *t = NULL;
    const ent_itl_sink sink = {ignore, NULL};
    if (ent_itl_xml_read(data, size, &sink, &out, NULL) != ENT_OK) return 0;
    if (ent_itl_parse(out.data, out.len, &t, NULL) == ENT_OK) (void)!ent_itl_xml_write(t, NULL, &xml, NULL);
    ent_itl_free(t);
    return 0;
}
