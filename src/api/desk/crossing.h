/* A crossing at the border: one traveller, every partner that the agreements allow asked at once. Who asked learns proceed or
 * refer and nothing else. Proceed is said as soon as everybody has said no hit; refer is always said the same time after the
 * question, in the same bytes, whether it was a hit, no answer, overload, a refusal or chance. Another officer, at the secondary
 * desk, sees each partner's line; a partner that had not answered by then is still listened to there.
 *
 *   asked ──all no hit──> proceed: nothing is kept
 *     └──else, or by chance──> referred ──closed, or a day──> gone; the prints go earlier, when no slip can be made of them any more
 *
 * What is kept here lives in memory and dies with the node: what was asked and answered stands in the ledger. Any thread. */
#ifndef API_DESK_CROSSING_H
#define API_DESK_CROSSING_H

#include "api/desk/acts.h"
#include "port/clock.h"
#include "port/random.h"

enum { ENT_CROSSINGS = 512, ENT_CROSSING_MS = 86400000, ENT_CROSSING_THREADS = 1024 };

typedef struct ent_crossings ent_crossings;

typedef struct ent_crossings_options {
    unsigned refer_per_mille;   /* how many of those whom nobody knows are referred all the same, so that a referral says nothing of its cause */
    int64_t refer_after_ms;     /* when refer is said, from the question */
    ent_clock clock;
    ent_random random;
} ent_crossings_options;

ENT_MUST_CHECK ent_code ent_crossings_new(const ent_crossings_options *options, ent_crossings **ret, ent_err *err);
void ent_crossings_free(ent_crossings *c); /* waits for partners that are still being asked; NULL is fine */

/* crossing-ask: purpose, crossing, captures (or the print as body and its finger), document, nationality, flight, slip. */
ENT_MUST_CHECK ent_code ent_desk_crossing_ask(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
/* crossing-list: what others referred, the newest first. */
ENT_MUST_CHECK ent_code ent_desk_crossing_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
/* crossing-slip: crossing, reference, consent. The slip of a traveller whom that search's examiners excluded. */
ENT_MUST_CHECK ent_code ent_desk_crossing_slip(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
/* crossing-close: crossing. The traveller has gone on. */
ENT_MUST_CHECK ent_code ent_desk_crossing_close(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);

/* capture-add: desk, finger, of (print or face); the file as body. capture-list: desk. capture-show, capture-drop: capture. */
ENT_MUST_CHECK ent_code ent_desk_capture_add(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
ENT_MUST_CHECK ent_code ent_desk_capture_list(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
ENT_MUST_CHECK ent_code ent_desk_capture_show(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);
ENT_MUST_CHECK ent_code ent_desk_capture_drop(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);

#endif
