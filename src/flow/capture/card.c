#include "flow/capture/card.h"

#include "base/check.h"

#include <stdio.h>

enum { FINDINGS = 64, NAMED = 3 };

static const char *const fingers[11] = {"unknown finger", "right thumb", "right index", "right middle", "right ring", "right little", "left thumb", "left index", "left middle", "left ring", "left little"};

static const char *kind(const ent_capture_print *p) { return p->plain ? "plain" : "rolled"; }

static void sentence(const ent_capture *c, const ent_finger_finding *f, ent_buf *ret)
{
    const ent_capture_print *a = c->print[f->print], *b = c->print[f->other];
    if (ret->len) ent_buf_str(ret, "; ");
    if (f->doubt == ENT_FINGER_DOUBT_SWAPPED) ent_buf_fmt(ret, "the plain %s is the finger that was rolled as %s", fingers[a->finger], fingers[b->finger]);
    else if (f->doubt == ENT_FINGER_DOUBT_TWICE) ent_buf_fmt(ret, "%s %s and %s %s are one finger", kind(a), fingers[a->finger], kind(b), fingers[b->finger]);
    else ent_buf_fmt(ret, "plain and rolled %s do not match", fingers[a->finger]);
}

static ent_code judge(const ent_capture *c, const ent_finger_finding *finding, size_t count, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(4096);
    if (!count) return ENT_OK;
    for (size_t i = 0; i < count && i < NAMED; i++) sentence(c, &finding[i], &text);
    if (count > NAMED) ent_buf_fmt(&text, "; and %zu more", count - NAMED);
    return ent_fail(err, ENT_CONFLICT, "the card's sequence: %s", ent_buf_cstr(&text));
}

ent_code ent_capture_sequence(const ent_capture *c, ent_err *err)
{
    ent_finger_card_print card[ENT_CAPTURE_PRINTS] = {{0}};
    ent_finger_finding finding[FINDINGS];
    ent_finger_template *t[ENT_CAPTURE_PRINTS] = {NULL};
    size_t count = 0;
    ent_code code = ENT_OK;
    for (size_t i = 0; i < c->print_count && code == ENT_OK; i++) {
        const ent_capture_print *p = c->print[i];
        if (p->template_len && p->finger) code = ent_finger_decode(p->template_bytes, p->template_len, &t[i], err);
        card[i] = (ent_finger_card_print){t[i], p->finger, p->plain};
    }
    if (code == ENT_OK) code = ent_finger_sequence(card, c->print_count, finding, FINDINGS, &count, err);
    for (size_t i = 0; i < c->print_count; i++) ent_finger_template_free(t[i]);
    return code == ENT_OK ? judge(c, finding, count, err) : code;
}
