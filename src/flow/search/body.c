/* What a search sends: the slip, when one is shown, and the prints and faces that the flow takes. */
#include "base/check.h"
#include "flow/capture/card.h"
#include "flow/capture/read.h"
#include "flow/search/search.h"
#include "flow/state.h"

void ent_probe_look(const ent_capture *c, uint32_t modalities, ent_probe_look_at *ret)
{
    ent_probe_look_at look = {.quality = -1};
    for (size_t i = 0; i < c->print_count; i++) {
        const ent_capture_print *p = c->print[i];
        ent_finger_template *t;
        size_t count = 0;
        if (!p->template_len || !(modalities >> ENT_MODALITY_FINGERPRINT & 1)) continue;
        look.modalities |= 1u << ENT_MODALITY_FINGERPRINT;
        if (p->quality > look.quality) look.quality = p->quality;
        if (ent_finger_decode(p->template_bytes, p->template_len, &t, NULL) != ENT_OK) continue;
        (void)ent_finger_minutiae(t, &count);
        if (count > look.minutiae) look.minutiae = count;
        ent_finger_template_free(t);
    }
    if (c->face_count && modalities >> ENT_MODALITY_FACE & 1) look.modalities |= 1u << ENT_MODALITY_FACE;
    *ret = look;
}

ent_code ent_search_sequence(const ent_capture *c, const ent_search_options *o, ent_err *err)
{
    return o->any_sequence ? ENT_OK : ent_capture_sequence(c, err);
}

static ent_code pack(const ent_capture *c, const ent_search_options *o, uint32_t modalities, const ent_probe_look_at *look, ent_buf *ret_body, ent_err *err)
{
    if (!look->modalities) return ent_fail(err, ENT_QUALITY, "no fingerprint and no face that the agreement takes was found in this file");
    if (look->modalities >> ENT_MODALITY_FINGERPRINT & 1) ENT_TRY(ent_search_sequence(c, o, err));
    return ent_capture_pack(c, modalities, ret_body, err);
}

ent_code ent_search_body(ent_flow_node *n, ent_bytes capture, const ent_search_options *o, uint32_t modalities, ent_buf *ret_body, ent_probe_look_at *ret_look,
                         ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture c;
    if (o->slip_len) ent_buf_put(ret_body, o->slip, o->slip_len);
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", capture.data, capture.len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    for (size_t i = 0; i < c.print_count; i++)
        if (!c.print[i]->finger) c.print[i]->finger = o->finger;
    ent_probe_look(&c, modalities, ret_look);
    ent_code code = pack(&c, o, modalities, ret_look, ret_body, err);
    ent_capture_free(&c);
    return code;
}
