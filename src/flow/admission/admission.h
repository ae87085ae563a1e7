/* Admission: programmes and designations, which two persons sign; entries and exits, which an officer decides and signs; who stays
 * beyond their day. Nothing here asks a partner or looks at an agreement: a suspended agreement stops searches, and changes who is
 * admitted only by an event of this file (docs/law/programme.md).
 *
 *   event:  proposed ──second person──> approved            (one that nobody approves counts for nothing)
 *   stay:   admitted ──exit──> ended ──keep days──> destroyed
 *
 * Events lie in table "events" under 'g', stays in table "crossings" under 's'; whoever travels is named only inside a box under the
 * stay's own key. */
#ifndef FLOW_ADMISSION_H
#define FLOW_ADMISSION_H

#include "flow/flow.h"
#include "law/programme.h"

/* ---- programmes and designations ---- */

typedef struct ent_event_signature {
    char name[ENT_PERSON_NAME];
    ent_public_key key;
    uint8_t signature[ENT_SIGNATURE_SIZE]; /* of ent_programme_event_text */
    ent_time at;                           /* ms 0: nobody yet */
} ent_event_signature;

typedef struct ent_programme_view {
    uint8_t id[ENT_ID_SIZE];               /* the first bytes of the signed text's SHA-256 */
    ent_programme_event event;
    ent_event_signature first, second;
    uint64_t inside;                       /* nationals inside under the programme when it was approved */
} ent_programme_view;

/* Proposes: a custodian's act, with their signature of the event's text. file: of ENT_PROGRAMME_EVENT_PROGRAMME, whose name must be the
 * event's and whose digest is computed here. ENT_EXISTS: this very event is here; ENT_SIGNATURE; ENT_NOT_FOUND: no such programme. */
ENT_MUST_CHECK ent_code ent_flow_programme_propose(ent_flow_node *n, const ent_actor *by, const ent_programme_event *event, const void *file, size_t len,
                                                   const uint8_t signature[ENT_SIGNATURE_SIZE], ent_programme_view *ret_view, ent_err *err);
/* The second custodian signs the same text. ENT_DENIED for who proposed it; ENT_CONFLICT when it is approved. */
ENT_MUST_CHECK ent_code ent_flow_programme_approve(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE],
                                                   const uint8_t signature[ENT_SIGNATURE_SIZE], ent_programme_view *ret_view, ent_err *err);
/* The programme as it is in effect today. Public. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_flow_programme_show(ent_flow_node *n, const char *name, ent_programme *ret, ent_err *err);
/* All events, those that wait too, in the order in which they were approved. Public. */
typedef void ent_see_programme(void *ctx, const ent_programme_view *v);
ENT_MUST_CHECK ent_code ent_flow_programme_events(ent_flow_node *n, ent_see_programme *see, void *ctx, ent_err *err);

/* One line of the public history: who did what, when, and whose status changed by it. */
typedef struct ent_history_line {
    ent_time at;
    char what[16];                         /* "suspend", "designate", … */
    char subject[ENT_LAW_NAME];            /* the agreement or the programme */
    char by[2 * ENT_PERSON_NAME + 4];      /* a party of the agreement; the decider of a designation */
    char clause[ENT_LAW_CLAUSE], country[4];
    ent_date effective;                    /* year 0: at once */
    bool agreement;                        /* searches only: nobody's admission changes by it */
    bool affects, hidden;                  /* affects: of so many inside the stay may end earlier; hidden: 1 to 9 of them */
    uint64_t inside;
} ent_history_line;

/* By time. Public: no person's name but a decider's. */
ENT_MUST_CHECK ent_code ent_flow_programme_history(ent_flow_node *n, void (*see)(void *ctx, const ent_history_line *l), void *ctx, ent_err *err);

/* ---- entries and exits ---- */

typedef struct ent_admit_ask {
    char programme[ENT_LAW_NAME], nationality[4], document[64];
    char declared[ENT_PROGRAMME_CONDITIONS][2][ENT_LAW_NAME]; /* condition, "yes" or "no" */
    size_t declared_count;
    ent_date authorised_until, set_out;
} ent_admit_ask;

/* An officer's question: what the programme says today of this traveller. Nothing is kept. */
ENT_MUST_CHECK ent_code ent_flow_admit(ent_flow_node *n, const ent_actor *by, const ent_admit_ask *ask, ent_admission *ret_admission, ent_err *err);

/* The officer's decision, with their signature of ent_admission_text over it, in which `answer` is that of ent_flow_admit. One that goes
 * against the answer needs a reason; an admission needs its last day, which is not beyond the answer's. ENT_CONFLICT: the answer is
 * another now; ENT_SIGNATURE. */
ENT_MUST_CHECK ent_code ent_flow_admit_decide(ent_flow_node *n, const ent_actor *by, const ent_admit_ask *ask, const ent_admission_decision *decision,
                                              const uint8_t signature[ENT_SIGNATURE_SIZE], uint64_t *ret_index, ent_err *err);
/* The traveller leaves today. to: where; "" not said. ENT_NOT_FOUND: no entry without exit. */
ENT_MUST_CHECK ent_code ent_flow_stay_exit(ent_flow_node *n, const ent_actor *by, const char *nationality, const char *document, const char *to,
                                           ent_date *ret_entry, ent_err *err);

typedef struct ent_stay_view {
    char programme[ENT_LAW_NAME], nationality[4], document[64];
    ent_stay stay;
    ent_date last_day;                     /* as it is today, by the events */
    int64_t days_over;
} ent_stay_view;

/* Who is inside beyond their last day. */
ENT_MUST_CHECK ent_code ent_flow_stays_overdue(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_stay_view *v), void *ctx, ent_err *err);

/* ---- inside the room, under the lock ---- */

typedef struct ent_programme_events {
    ent_programme_view *all;               /* owned */
    ent_programme_event *event;            /* owned: the same, for the law */
    size_t count;
} ent_programme_events;

ENT_MUST_CHECK ent_code ent_programme_events_load(ent_flow_node *n, ent_programme_events *ret, ent_err *err);
void ent_programme_events_free(ent_programme_events *e);
/* The programme as it is in effect on a day. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_programme_load(ent_flow_node *n, const ent_programme_events *e, const char *name, ent_date day, ent_programme *ret, ent_err *err);
/* Nationals inside under a programme. */
ENT_MUST_CHECK ent_code ent_stays_inside(ent_flow_node *n, const char *programme, const char *country, uint64_t *ret_count, ent_err *err);
/* Destroys records whose days are over; on a confirmed time, each minute. */
ENT_MUST_CHECK ent_code ent_stays_tick(ent_flow_node *n, ent_err *err);

#endif
