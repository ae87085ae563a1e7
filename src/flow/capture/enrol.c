/* One transaction into the node: decoded without keys, its parts sealed each under a key of its own, rows and ledger
 * entries in one batch, then into the gallery. */
#include "base/check.h"
#include "base/wipe.h"
#include "flow/capture/card.h"
#include "flow/commit.h"
#include "flow/decision/decision.h"
#include "flow/destruction/tombstone.h"
#include "flow/gallery/faces.h"
#include "flow/record/likely.h"
#include "flow/state.h"

#include <stdlib.h>
#include <string.h>

void ent_transaction_token(const ent_flow_node *n, const char *ori, const char *tcn, uint8_t ret_token[32])
{
    ent_hmac_sha256(n->transaction_key.b, 32, (ent_bytes[]){ENT_BYTES(ori, strlen(ori) + 1), ENT_BYTES(tcn, strlen(tcn))}, 2, ret_token);
}

/* "A resend cannot revive the record": the row under this token says enrolled or destroyed, and is all that stays. */
static void transaction_token(const ent_flow_node *n, const ent_capture *c, const void *file, size_t len, uint8_t ret_token[32])
{
    uint8_t digest[32];
    ent_sha256(file, len, digest);
    /* a plain image has no transaction number: its own bytes are one */
    if (c->tcn[0]) ent_transaction_token(n, c->ori, c->tcn, ret_token);
    else ent_hmac_sha256(n->transaction_key.b, 32, (ent_bytes[]){ENT_BYTES("\1image", 6), ENT_BYTES(digest, 32)}, 2, ret_token);
}

static ent_code check_transaction(ent_flow_node *n, const uint8_t token[32], ent_enrolled *ret, ent_err *err)
{
    ENT_AUTO_BUF value = ENT_BUF(64);
    ent_code code = n->c.store.get(n->c.store.self, ENT_TABLE_TRANSACTIONS, token, 32, &value, err);
    if (code == ENT_NOT_FOUND) return ent_tombstone_check(n, token, err);
    if (code != ENT_OK) return code;
    if (value.len == 1 && value.data[0] == 'D') /* one that has no year yet */
        return ent_fail(err, ENT_GONE, "this transaction was enrolled and destroyed: it is not taken again");
    if (value.len == 1 + ENT_ID_SIZE) memcpy(ret->encounter.b, value.data + 1, ENT_ID_SIZE);
    return ent_fail(err, ENT_EXISTS, "this transaction is enrolled already");
}

static void put_blob(ent_flow_node *n, ent_batch *b, const ent_held_part *p, const ent_key32 *key, char what, uint8_t place,
                     uint8_t finger, const void *bytes, size_t len)
{
    uint8_t name[ENT_ID_SIZE + 3], nonce[12];
    ENT_AUTO_BUF box = ENT_BUF(ENT_CAPTURE_IMAGE + ENT_SEAL_OVERHEAD);
    memcpy(name, p->id.b, ENT_ID_SIZE);
    name[ENT_ID_SIZE] = (uint8_t)what, name[ENT_ID_SIZE + 1] = place, name[ENT_ID_SIZE + 2] = finger;
    ent_fill(n, nonce, sizeof nonce);
    if (ent_seal(key, nonce, ENT_BYTES(name, sizeof name), ENT_BYTES(bytes, len), &box, NULL) != ENT_OK) b->failed = ENT_NO_MEMORY;
    else ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_BLOBS, ENT_BYTES(name, sizeof name), ENT_BYTES(box.data, box.len));
}

/* Templates of the capture's photographs; length 0 where no face was found or the node has no model. */
typedef struct face_template {
    uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
    size_t len;
} face_template;

typedef struct face_templates {
    face_template of[ENT_CAPTURE_FACES];
    int quality; /* of the worst; -1: none was looked at */
    char advice[200];
} face_templates;

/* The gate: what a photograph is worth, and what would make it better. */
static ent_code judge_face(int least, bool any, ent_code code, const ent_face_quality *q, face_templates *io, ent_err *err)
{
    char advice[sizeof io->advice] = "no face was found: it is kept, and never searched";
    int quality = code == ENT_OK ? q->overall : 0;
    bool enough = code == ENT_OK ? ent_face_gate(q, least, advice, sizeof advice) : least == 0;
    if (io->quality < 0 || quality < io->quality) {
        io->quality = quality;
        snprintf(io->advice, sizeof io->advice, "%s", advice);
    }
    return enough || any ? ENT_OK : ent_fail(err, ENT_QUALITY, "a photograph is of quality %d, this node asks for %d: %s", quality, least, advice);
}

static ent_code make_faces(ent_flow_node *n, const ent_capture *c, bool any_quality, face_templates *ret, ent_err *err)
{
    ret->quality = -1;
    for (size_t i = 0; i < c->face_count && n->c.faces.extract; i++) {
        ent_face_quality q;
        ent_code code = ent_face_template_of(n, c->face[i].image, c->face[i].image_len, ret->of[i].bytes, &ret->of[i].len, &q, err);
        if (code == ENT_QUALITY) ret->of[i].len = 0; /* kept as a photograph that no template came of */
        else if (code != ENT_OK) return code;
        ENT_TRY(judge_face(n->c.faces.least, any_quality, code, &q, ret, err));
    }
    return ENT_OK;
}

static void put_contents(ent_flow_node *n, ent_batch *b, const ent_held_part *p, const ent_key32 *key, const ent_capture *c, const face_templates *faces)
{
    if (p->facts.material == ENT_MATERIAL_FINGERPRINT) {
        for (size_t i = 0; i < c->print_count; i++) {
            const ent_capture_print *print = c->print[i];
            if (print->template_len) put_blob(n, b, p, key, 'T', (uint8_t)i, print->finger, print->template_bytes, print->template_len);
            put_blob(n, b, p, key, 'I', (uint8_t)i, print->finger, print->image, print->image_len);
        }
    } else if (p->facts.material == ENT_MATERIAL_PHOTOGRAPH) {
        for (size_t i = 0; i < c->face_count; i++) {
            const face_template *t = &faces->of[i];
            put_blob(n, b, p, key, 'F', (uint8_t)i, 0, c->face[i].image, c->face[i].image_len);
            if (t->len) put_blob(n, b, p, key, 'A', (uint8_t)i, 0, t->bytes, t->len);
        }
    } else {
        ent_capture only = *c;
        ENT_AUTO_BUF block = ENT_BUF(4096);
        only.print_count = only.face_count = 0;
        ent_capture_encode(&only, &block);
        put_blob(n, b, p, key, 'B', 0, 0, block.data, block.len);
    }
}

static void digest_contents(const ent_held_part *p, const ent_capture *c, uint8_t ret_digest[32])
{
    ENT_AUTO_BUF all = ENT_BUF(ENT_CAPTURE_MAX);
    ent_capture only = *c;
    if (p->facts.material != ENT_MATERIAL_FINGERPRINT) only.print_count = 0;
    if (p->facts.material != ENT_MATERIAL_PHOTOGRAPH) only.face_count = 0;
    ent_capture_encode(&only, &all);
    ent_sha256(all.data, all.len, ret_digest);
}

/* One part: key slot, row, blobs, ledger entry. */
static ent_code add_part(ent_flow_node *n, const ent_actor *by, ent_batch *b, const ent_capture *c, const face_templates *faces, ent_held_part *p, ent_enrolled_part *ret,
                         ent_err *err)
{
    uint8_t binding[32];
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF row = ENT_BUF(1 << 20);
    ent_retention kept;
    ent_fill(n, p->id.b, ENT_ID_SIZE);
    ent_fill(n, p->case_number.b, ENT_ID_SIZE);
    ent_fill(n, p->salt, sizeof p->salt);
    digest_contents(p, c, p->digest);
    ent_part_retention(n, p, &kept);
    if (kept.due)
        return ent_fail(err, ENT_REFUSED, "no power keeps this %s: taken under \"%s\" on a day that is over by %s; name the power with --taken-under",
                        ent_material_text(p->facts.material), p->facts.taken_under, kept.clause);
    p->due_on = p->row_due_on = kept.due_on;
    ent_part_binding(p->id.b, binding);
    ENT_TRY(n->c.keys.new_slot(n->c.keys.self, binding, &p->slot, &key, err));
    ENT_TRY(ent_part_row(n, p, &key, &row, err));
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_PARTS, ENT_BYTES(p->id.b, ENT_ID_SIZE), ENT_BYTES(row.data, row.len));
    put_contents(n, b, p, &key, c, faces);
    ent_entry e = {.kind = ENT_ENTRY_ENROLLED, .time = ent_now(n), .follows = ENT_ENTRY_NONE, .case_number = p->case_number,
                   .actor = by->pseudonym, .destroy_by = kept.due_on};
    snprintf(e.clause, sizeof e.clause, "%s", kept.clause);
    snprintf(e.purpose, sizeof e.purpose, "%s", ent_material_text(p->facts.material));
    ent_commit_to(p->salt, p->digest, sizeof p->digest, e.commitment);
    ent_batch_entry(b, &e);
    *ret = (ent_enrolled_part){.id = p->id, .material = p->facts.material, .destroy_by = kept.due_on};
    snprintf(ret->clause, sizeof ret->clause, "%s", kept.clause);
    return ENT_OK;
}

static ent_code into_gallery(ent_flow_node *n, const ent_held_part *p, const ent_capture *c, ent_err *err)
{
    ent_retention kept;
    ent_part_retention(n, p, &kept);
    uint64_t flows = ent_part_flows(n, p, &kept);
    for (size_t i = 0; i < c->print_count; i++) {
        ent_finger_template *t;
        if (!c->print[i]->template_len) continue;
        ENT_TRY(ent_finger_decode(c->print[i]->template_bytes, c->print[i]->template_len, &t, err));
        ent_gallery_print print = {p->id, p->slot.number, flows, (uint8_t)i, c->print[i]->finger};
        ent_code code = ent_gallery_add(n->gallery, &print, t, err);
        ent_finger_template_free(t);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}

static ent_code into_faces(ent_flow_node *n, const ent_held_part *p, const ent_capture *c, const face_templates *faces, ent_err *err)
{
    ent_retention kept;
    ent_part_retention(n, p, &kept);
    for (size_t i = 0; i < c->face_count; i++)
        if (faces->of[i].len) ENT_TRY(ent_face_holding_add(n->faces, &p->id, ent_part_flows(n, p, &kept), faces->of[i].bytes, faces->of[i].len, err));
        else if (n->c.faces.extract) n->other_model++;
    return ENT_OK;
}

static void facts_of(const ent_capture *c, const ent_enrol_options *o, ent_date today, ent_legal_facts *ret)
{
    const char *under = o->taken_under[0] ? o->taken_under : c->taken_under[0] ? c->taken_under : "unnamed";
    *ret = (ent_legal_facts){.offence = o->offence ? o->offence : c->offence, .offence_date = c->offence_date, .birth = c->birth,
                             .taken = o->taken.year ? o->taken : c->taken.year ? c->taken : c->date.year ? c->date : today};
    snprintf(ret->taken_under, sizeof ret->taken_under, "%s", under);
    snprintf(ret->nationality, sizeof ret->nationality, "%s", c->nationality);
    if (!ret->offence_date.year) ret->offence_date = ret->taken;
}

static ent_code enrol_capture(ent_flow_node *n, const ent_actor *by, const ent_capture *c, const face_templates *faces, const uint8_t token[32],
                              const ent_enrol_options *options, ent_enrolled *ret, ent_err *err)
{
    ENT_AUTO_BATCH b = ent_batch_new("enrol");
    ent_held_part parts[3] = {0};
    ent_legal_facts others[3];
    ent_enrolled out = {.prints = c->print_count, .faces = c->face_count, .face_quality = faces->quality};
    snprintf(out.face_advice, sizeof out.face_advice, "%s", faces->advice);
    uint8_t transaction[1 + ENT_ID_SIZE] = {'E'};
    uint64_t indexes[ENT_BATCH_ENTRIES];
    const bool there[3] = {c->print_count > 0, c->face_count > 0, c->name[0] || c->birth.year || c->document[0]};
    if (!b) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    if (!there[0] && !there[1]) return ent_fail(err, ENT_QUALITY, "no fingerprint and no face in this file");
    ent_fill(n, out.encounter.b, ENT_ID_SIZE);
    ent_fill(n, out.person.b, ENT_ID_SIZE);
    ent_code code = ENT_OK;
    for (int m = 0; m < ENT_MATERIAL_COUNT && code == ENT_OK; m++) {
        if (!there[m]) continue;
        ent_held_part *p = &parts[out.part_count];
        facts_of(c, options, ent_today(n), &p->facts);
        others[out.part_count] = p->facts;
        others[out.part_count].material = (ent_material)m;
        p->facts.others = others, p->facts.other_count = out.part_count; /* the name comes last */
        p->facts.material = (ent_material)m;
        p->encounter = out.encounter;
        p->person = out.person;
        memcpy(p->transaction, token, 32);
        code = add_part(n, by, b, c, faces, p, &out.part[out.part_count], err);
        p->facts.others = NULL, p->facts.other_count = 0;
        if (code == ENT_OK) out.part_count++;
    }
    if (code == ENT_OK) code = ent_tombstone_ready(n, &parts[0], err);
    memcpy(transaction + 1, out.encounter.b, ENT_ID_SIZE);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_TRANSACTIONS, ENT_BYTES(token, 32), ENT_BYTES(transaction, sizeof transaction));
    uint8_t ids[3 * ENT_ID_SIZE];
    for (size_t i = 0; i < out.part_count; i++) memcpy(ids + i * ENT_ID_SIZE, parts[i].id.b, ENT_ID_SIZE);
    ent_batch_put(b, ENT_CHANGE_INSERT, ENT_TABLE_ENCOUNTERS, ENT_BYTES(out.encounter.b, ENT_ID_SIZE), ENT_BYTES(ids, out.part_count * ENT_ID_SIZE));
    if (code == ENT_OK) code = ent_commit(n, b, indexes, err);
    if (code != ENT_OK) { /* keys of what was not kept go again; where the entry waits in the outbox, all is kept */
        for (size_t i = 0; i < out.part_count && (code == ENT_EXISTS || code == ENT_NO_SPACE || code == ENT_REFUSED); i++)
            (void)!n->c.keys.destroy(n->c.keys.self, parts[i].slot, NULL);
        return code;
    }
    for (size_t i = 0; i < out.part_count; i++) {
        out.part[i].index = parts[i].index = indexes[i];
        ENT_TRY(ent_part_hold(n, &parts[i], NULL, err));
        if (parts[i].facts.material == ENT_MATERIAL_FINGERPRINT) ENT_TRY(into_gallery(n, &parts[i], c, err));
        if (parts[i].facts.material == ENT_MATERIAL_PHOTOGRAPH) ENT_TRY(into_faces(n, &parts[i], c, faces, err));
    }
    *ret = out;
    return ENT_OK;
}

/* The node's own holdings are searched with the best print before it joins them: who may be there already is a task for a custodian,
 * never merged by score. Not under the lock. */
static bool likely_same(ent_flow_node *n, const ent_capture *c, ent_part_id *ret)
{
    ent_finger_template *t = NULL;
    const ent_capture_print *best = NULL;
    ent_likeliest found = {.most = 1};
    ent_flow strict = {.false_hits_per_day = 0.01, .per_day = 1};
    for (size_t i = 0; i < c->print_count; i++)
        if (c->print[i]->template_len && (!best || c->print[i]->quality > best->quality)) best = c->print[i];
    if (!best || ent_finger_decode(best->template_bytes, best->template_len, &t, NULL) != ENT_OK) return false;
    const ent_finger_template *const one[1] = {t};
    ent_code code = ent_gallery_search(n->gallery, one, &best->finger, 1, NULL, ent_print_fetch, n, &found, NULL);
    ent_finger_template_free(t);
    if (code != ENT_OK || !found.count) return false;
    *ret = found.at[0].part;
    ent_evidence e = found.at[0].evidence;
    e.prints = 1, e.compared = found.compared;
    return ent_decide(&strict, &e).hit;
}

ent_code ent_flow_enrol(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_enrol_options *options,
                        ent_enrolled *ret_enrolled, ent_err *err)
{
    ent_capture c;
    uint8_t token[32];
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX);
    ENT_TRY(ent_gate(by, ENT_MAY_ENROL, err));
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", file, len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    if (options->subject[0] && !c.name[0]) snprintf(c.name, sizeof c.name, "%s", options->subject);
    for (size_t i = 0; i < c.print_count && options->finger; i++)
        if (!c.print[i]->finger) c.print[i]->finger = options->finger;
    ent_code code = options->any_sequence ? ENT_OK : ent_capture_sequence(&c, err);
    if (code != ENT_OK) {
        ent_capture_free(&c);
        return code;
    }
    transaction_token(n, &c, file, len, token);
    ent_part_id same;
    bool likely = likely_same(n, &c, &same);
    face_templates *faces = calloc(1, sizeof *faces);
    code = faces ? make_faces(n, &c, options->any_quality, faces, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_lock(&n->lock);
    if (code == ENT_OK) code = check_transaction(n, token, ret_enrolled, err);
    if (code == ENT_OK) code = enrol_capture(n, by, &c, faces, token, options, ret_enrolled, err);
    const ent_held_part *other = code == ENT_OK && likely ? ent_part_held(n, same.b) : NULL;
    if (other) {
        ret_enrolled->likely = other->encounter;
        if (!ent_id_equal(other->encounter.b, ret_enrolled->encounter.b)) code = ent_likely_note(n, &ret_enrolled->encounter, &other->encounter, err);
    }
    pthread_mutex_unlock(&n->lock);
    ent_capture_free(&c);
    if (faces) ent_wipe(faces, sizeof *faces);
    free(faces);
    return code;
}
