#include "flow/crossing/captures.h"

#include "base/check.h"
#include "flow/capture/read.h"
#include "flow/crossing/crossing.h"
#include "flow/state.h"
#include "image/image.h"
#include "law/agreement.h"

#include <stdlib.h>
#include <string.h>

enum { DESK_BYTES = 48 << 20 }; /* of one desk */

typedef struct held {
    ent_capture_view view; /* view.at 0: the place is free */
    ent_buf read;          /* an encoded ent_capture */
    ent_buf file;          /* of a stated one: statement and capture, as they came */
} held;

struct ent_captures {
    pthread_mutex_t lock;
    held at[ENT_CAPTURES];
};

ent_code ent_captures_new(ent_captures **ret, ent_err *err)
{
    ent_captures *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_init(&c->lock, NULL);
    *ret = c;
    return ENT_OK;
}

static void erase(held *h)
{
    ent_buf_free(&h->read);
    ent_buf_free(&h->file);
    h->view = (ent_capture_view){0};
}

void ent_captures_free(ent_captures *c)
{
    if (!c) return;
    for (size_t i = 0; i < ENT_CAPTURES; i++) erase(&c->at[i]);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* ---- one comes in ---- */

/* A plain picture is read as a print, whatever it shows; of a face the template of a print is nothing. */
static void make_face(ent_capture *c)
{
    ent_capture_print *p = c->print[0];
    c->face[0] = (ent_capture_image){p->image, p->image_len, p->width, p->height};
    c->face_count = 1;
    c->print_count = 0;
    c->print[0] = NULL;
    free(p);
}

static ent_code look(const ent_capture *c, ent_capture_view *v, ent_err *err)
{
    v->quality = -1;
    v->faces = c->face_count;
    for (size_t i = 0; i < c->print_count; i++) {
        if (!c->print[i]->template_len) continue;
        v->prints++;
        if (c->print[i]->quality >= 0 && (v->quality < 0 || c->print[i]->quality < v->quality)) v->quality = c->print[i]->quality;
    }
    if (c->print_count == 1) v->finger = c->print[0]->finger;
    return v->prints || v->faces ? ENT_OK : ent_fail(err, ENT_QUALITY, "no fingerprint was found in this picture: capture it again");
}

/* The forms that a transaction carries; other pictures become PNG. */
static bool carried(ent_image_format f) { return f == ENT_IMAGE_UNKNOWN || f == ENT_IMAGE_PNG || f == ENT_IMAGE_WSQ || f == ENT_IMAGE_JPEG || f == ENT_IMAGE_JPEG2000; }

/* Reads the file in the sandbox, not under the lock. */
static ent_code read_file(ent_flow_node *n, const ent_capture_ask *ask, const void *file, size_t len, ent_capture_view *v, ent_buf *ret_read, ent_err *err)
{
    ENT_AUTO_BUF read = ENT_BUF(ENT_CAPTURE_MAX), png = ENT_BUF(ENT_CAPTURE_IMAGE);
    ent_capture c;
    if (!carried(ent_image_sniff(file, len))) {
        ENT_TRY(n->c.decoder.run(n->c.decoder.self, "picture", file, len, &png, err));
        file = png.data, len = png.len;
    }
    ENT_TRY(n->c.decoder.run(n->c.decoder.self, "capture", file, len, &read, err));
    ENT_TRY(ent_capture_decode(read.data, read.len, &c, err));
    bool plain = !c.tot[0] && c.print_count == 1 && !c.face_count;
    if (plain && ask->face) make_face(&c);
    for (size_t i = 0; i < c.print_count; i++)
        if (!c.print[i]->finger) c.print[i]->finger = ask->finger;
    ent_code code = look(&c, v, err);
    if (code == ENT_OK) ent_capture_encode(&c, ret_read);
    ent_capture_free(&c);
    return code == ENT_OK ? ent_buf_check(ret_read, err) : code;
}

/* Under the lock: what is over goes. */
static void expire(ent_captures *c, int64_t now_ms)
{
    for (size_t i = 0; i < ENT_CAPTURES; i++)
        if (c->at[i].view.at.ms && now_ms - c->at[i].view.at.ms >= ENT_CAPTURES_KEPT_MS) erase(&c->at[i]);
}

static held *place_for(ent_captures *c, const ent_capture_view *v, size_t len, ent_err *err)
{
    held *free_one = NULL;
    size_t count = 0, bytes = len;
    for (size_t i = 0; i < ENT_CAPTURES; i++) {
        held *h = &c->at[i];
        if (!h->view.at.ms) free_one = free_one ? free_one : h;
        else if (strcmp(h->view.desk, v->desk) == 0) count++, bytes += h->read.len + h->file.len;
    }
    if (count >= ENT_CAPTURES_DESK || bytes > DESK_BYTES) (void)ent_fail(err, ENT_BUSY, "%s holds %zu captures: remove one, or ask with them", v->desk, count);
    else if (!free_one) (void)ent_fail(err, ENT_BUSY, "all desks together hold %d captures: wait for one of them to ask", ENT_CAPTURES);
    else return free_one;
    return NULL;
}

/* Who asks with it: the officer of the statement, when nobody else signed. */
static ent_code check_statement(ent_flow_node *n, const ent_actor *by, ent_bytes file, ent_capture_view *v, ent_bytes *ret_capture, ent_err *err)
{
    ent_crossing c;
    ent_actor officer;
    ent_taken t;
    ENT_TRY(ent_crossing_read(file.data, file.len, &c, ret_capture, err));
    ENT_TRY(ent_flow_person(n, c.officer, &officer, err));
    ENT_TRY(ent_gate(&officer, ENT_MAY_SEARCH, err));
    ENT_TRY(ent_crossing_take(n, by ? by : &officer, file, &t, err));
    v->stated = true;
    snprintf(v->desk, sizeof v->desk, "%s", c.desk);
    snprintf(v->device, sizeof v->device, "%s", c.device);
    *ret_capture = t.capture;
    return ENT_OK;
}

static ent_code whose(ent_flow_node *n, const ent_actor *by, const ent_capture_ask *ask, ent_bytes file, ent_capture_view *v, ent_bytes *ret_capture, ent_err *err)
{
    if (by) ENT_TRY(ent_gate(by, ENT_MAY_SEARCH, err));
    if (ent_crossing_begins(file.data, file.len)) return check_statement(n, by, file, v, ret_capture, err);
    if (!by) return ent_fail(err, ENT_DENIED, "a capture without the statement of its crossing is added by a person");
    if (!ask->desk[0]) return ent_fail(err, ENT_USAGE, "a capture belongs to a desk: name it");
    memcpy(v->desk, ask->desk, sizeof v->desk);
    *ret_capture = file;
    return ENT_OK;
}

ent_code ent_captures_add(ent_captures *c, ent_flow_node *n, const ent_actor *by, const ent_capture_ask *ask, const void *file, size_t len, ent_capture_view *ret_view,
                          ent_err *err)
{
    ent_capture_view v = {.finger = ask->finger, .at = ent_now(n)};
    ent_bytes capture;
    ENT_TRY(whose(n, by, ask, ENT_BYTES(file, len), &v, &capture, err));
    held fresh = {.read = ENT_BUF(ENT_CAPTURE_MAX), .file = ENT_BUF(ENT_LIMIT_BODY)};
    ent_fill(n, v.id, sizeof v.id);
    ent_code code = read_file(n, ask, capture.data, capture.len, &v, &fresh.read, err);
    if (v.stated && code == ENT_OK) {
        ent_buf_put(&fresh.file, file, len);
        code = ent_buf_check(&fresh.file, err);
    }
    fresh.view = v;
    pthread_mutex_lock(&c->lock);
    expire(c, v.at.ms);
    held *place = code == ENT_OK ? place_for(c, &v, fresh.read.len + fresh.file.len, err) : NULL;
    if (place) *place = fresh;
    pthread_mutex_unlock(&c->lock);
    if (place) return *ret_view = v, ENT_OK;
    erase(&fresh);
    return code != ENT_OK ? code : ENT_BUSY;
}

/* ---- seen, dropped ---- */

void ent_captures_list(ent_captures *c, ent_flow_node *n, const char *desk, void (*see)(void *ctx, const ent_capture_view *v), void *ctx)
{
    int64_t after = 0;
    pthread_mutex_lock(&c->lock);
    expire(c, ent_now(n).ms);
    for (;;) { /* by time; of one millisecond all at once */
        int64_t next = INT64_MAX;
        for (size_t i = 0; i < ENT_CAPTURES; i++) {
            const ent_capture_view *v = &c->at[i].view;
            if (v->at.ms > after && v->at.ms < next && strcmp(v->desk, desk) == 0) next = v->at.ms;
        }
        if (next == INT64_MAX) break;
        for (size_t i = 0; i < ENT_CAPTURES; i++)
            if (c->at[i].view.at.ms == next && strcmp(c->at[i].view.desk, desk) == 0) see(ctx, &c->at[i].view);
        after = next;
    }
    pthread_mutex_unlock(&c->lock);
}

static held *find(ent_captures *c, const uint8_t id[ENT_ID_SIZE])
{
    for (size_t i = 0; i < ENT_CAPTURES; i++)
        if (c->at[i].view.at.ms && ent_id_equal(c->at[i].view.id, id)) return &c->at[i];
    return NULL;
}

bool ent_captures_drop(ent_captures *c, const uint8_t id[ENT_ID_SIZE])
{
    pthread_mutex_lock(&c->lock);
    held *h = find(c, id);
    if (h) erase(h);
    pthread_mutex_unlock(&c->lock);
    return h != NULL;
}

ent_code ent_captures_show(ent_captures *c, ent_flow_node *n, const uint8_t id[ENT_ID_SIZE], ent_buf *ret_png, ent_err *err)
{
    ent_capture one;
    ENT_AUTO_BUF image = ENT_BUF(ENT_CAPTURE_IMAGE);
    ent_code code = ENT_NOT_FOUND;
    pthread_mutex_lock(&c->lock);
    expire(c, ent_now(n).ms);
    held *h = find(c, id);
    if (h) code = ent_capture_decode(h->read.data, h->read.len, &one, err);
    pthread_mutex_unlock(&c->lock);
    if (!h) return ent_fail(err, code, "this capture is not here any more: capture it again");
    if (code != ENT_OK) return code;
    if (one.print_count) ent_buf_put(&image, one.print[0]->image, one.print[0]->image_len);
    else ent_buf_put(&image, one.face[0].image, one.face[0].image_len);
    ent_capture_free(&one);
    return n->c.decoder.run(n->c.decoder.self, "picture", image.data, image.len, ret_png, err);
}

/* ---- asked with ---- */

static ent_code join(ent_capture *all, ent_capture *one, ent_err *err)
{
    if (all->print_count + one->print_count > ENT_CAPTURE_PRINTS || all->face_count + one->face_count > ENT_CAPTURE_FACES)
        return ent_fail(err, ENT_TOO_LARGE, "a search takes %d prints and %d faces at most: remove some", ENT_CAPTURE_PRINTS, ENT_CAPTURE_FACES);
    memcpy(&all->print[all->print_count], one->print, one->print_count * sizeof one->print[0]);
    memcpy(&all->face[all->face_count], one->face, one->face_count * sizeof one->face[0]);
    all->print_count += one->print_count;
    all->face_count += one->face_count;
    one->print_count = one->face_count = 0; /* theirs now */
    return ENT_OK;
}

ent_code ent_captures_stated(ent_captures *c, const uint8_t id[ENT_ID_SIZE], bool *ret_stated, ent_err *err)
{
    pthread_mutex_lock(&c->lock);
    const held *h = find(c, id);
    if (h) *ret_stated = h->view.stated;
    pthread_mutex_unlock(&c->lock);
    return h ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "this capture is not here any more: captures are kept for ten minutes; capture it again");
}

/* Under the lock. */
static ent_code join_all(ent_captures *c, const uint8_t (*ids)[ENT_ID_SIZE], size_t count, ent_capture *all, ent_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!find(c, ids[i])) return ent_fail(err, ENT_NOT_FOUND, "capture %zu is not here any more: captures are kept for ten minutes; capture it again", i + 1);
    for (size_t i = 0; i < count; i++) {
        const held *h = find(c, ids[i]);
        ent_capture one;
        if (h->view.stated) return ent_fail(err, ENT_USAGE, "a capture of the desk's device stands for the whole crossing: remove the others, or it");
        ENT_TRY(ent_capture_decode(h->read.data, h->read.len, &one, err));
        ent_code code = join(all, &one, err);
        ent_capture_free(&one);
        if (code != ENT_OK) return code;
    }
    return ENT_OK;
}

ent_code ent_captures_take(ent_captures *c, ent_flow_node *n, const uint8_t (*ids)[ENT_ID_SIZE], size_t count, ent_buf *ret_transaction, ent_err *err)
{
    ent_capture all = {0};
    if (!count) return ent_fail(err, ENT_USAGE, "nothing is captured yet");
    pthread_mutex_lock(&c->lock);
    expire(c, ent_now(n).ms);
    const held *only = count == 1 ? find(c, ids[0]) : NULL;
    bool stated = only && only->view.stated;
    ent_code code = stated ? ENT_OK : join_all(c, ids, count, &all, err);
    if (stated) ent_buf_put(ret_transaction, only->file.data, only->file.len);
    else if (code == ENT_OK) code = ent_capture_pack(&all, 1u << ENT_MODALITY_FINGERPRINT | 1u << ENT_MODALITY_FACE, ret_transaction, err);
    for (size_t i = 0; i < count && code == ENT_OK; i++) erase(find(c, ids[i]));
    pthread_mutex_unlock(&c->lock);
    ent_capture_free(&all);
    return code;
}
