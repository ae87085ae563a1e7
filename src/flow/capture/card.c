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

/* Plain prints that have a rolled one of their position. */
static size_t comparable(const ent_capture *c)
{
    uint32_t rolled = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->print_count; i++)
        if (!c->print[i]->plain && c->print[i]->template_len) rolled |= 1U << c->print[i]->finger;
    for (size_t i = 0; i < c->print_count; i++) n += c->print[i]->plain && c->print[i]->finger && c->print[i]->template_len && rolled >> c->print[i]->finger & 1;
    return n;
}

/* The slap of a hand lies as the other's: 1 right, 2 left, as bits. */
static unsigned wrong_hands(const ent_capture *c)
{
    unsigned hands = 0;
    for (size_t i = 0; i < c->print_count; i++) {
        const ent_capture_print *p = c->print[i];
        if (p->lies == ENT_FINGER_HAND_LEFT && p->finger >= 2 && p->finger <= 5) hands |= 1;
        if (p->lies == ENT_FINGER_HAND_RIGHT && p->finger >= 7) hands |= 2;
    }
    return hands;
}

static ent_code judge(const ent_capture *c, const ent_finger_finding *finding, size_t count, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(4096);
    size_t unconfirmed = 0, told = 0, kept = 0;
    unsigned hands = wrong_hands(c);
    for (size_t i = 0; i < count; i++) unconfirmed += finding[i].doubt == ENT_FINGER_DOUBT_UNCONFIRMED;
    bool others = unconfirmed >= 2 && 2 * unconfirmed >= comparable(c);
    for (size_t i = 0; i < count; i++) {
        if (finding[i].doubt == ENT_FINGER_DOUBT_UNCONFIRMED && !others) continue;
        if (told++ < NAMED) sentence(c, &finding[i], &text), kept++;
    }
    if (told > kept) ent_buf_fmt(&text, "; and %zu more", told - kept);
    for (unsigned h = 0; h < 2; h++)
        if (hands >> h & 1) ent_buf_fmt(&text, "%sthe slap of the %s hand lies as the other hand's", text.len ? "; " : "", h ? "left" : "right");
    if (!text.len) return ENT_OK;
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
