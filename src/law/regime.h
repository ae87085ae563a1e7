/* How long: retention regimes. A regime is a file that a lawyer can read (docs/law/regime.md); each is one power to
 * keep material, with the clause it rests on. Here: (regimes, facts and events, today) -> every power that keeps this
 * part, until when, by which clause; the latest lawful date rules, and when none is left the part is due.
 *
 * Pure: no I/O, no clock. `today` is the node's local date, because the statutes count days there. Any thread.
 * Unknown facts never help the holder: an unknown birth date is under 18 for an exclusion and not adult for a power. */
#ifndef LAW_REGIME_H
#define LAW_REGIME_H

#include "base/ids.h"
#include "base/limits.h"
#include "base/when.h"
#include "entente/error.h"

#include <stdbool.h>

#define ENT_LAW_NAME 40    /* with the NUL: "uk-terrorism-3y", "district-judge" */
#define ENT_LAW_CLAUSE 48  /* as in the ledger's entry: "TA 2000 Sch. 8 para. 20B(4)" */

/* what a part is, in statutes' words */
#define ENT_MATERIALS(X) X(FINGERPRINT, "fingerprint") X(PHOTOGRAPH, "photograph") X(BIOGRAPHIC, "biographic")

/* What can happen to a part or its person. name, word in files and commands, whether it is about the person (a linked
 * encounter's counts too). */
#define ENT_LEGAL_EVENTS(X)                                                                                            \
    X(CHARGED, "charged", false)                                                                                       \
    X(ACQUITTED, "acquitted", false)                                                                                   \
    X(NO_FURTHER_ACTION, "no-further-action", false)                                                                   \
    X(DISCONTINUED, "discontinued", false)                                                                             \
    X(CONVICTED, "convicted", true)                                                                                    \
    X(CONVICTED_ABROAD, "convicted-abroad", true)                                                                      \
    X(CAUTION, "caution", true)                                                                                        \
    X(QUASHED, "quashed", true)                     /* ends convictions of its encounter up to its date */            \
    X(REARREST, "re-arrest", true)                  /* new prints under another encounter */                          \
    X(PENALTY_NOTICE, "penalty-notice", false)                                                                         \
    X(CONSENT, "consent", false)                                                                                       \
    X(CONSENT_WITHDRAWN, "consent-withdrawn", false)                                                                   \
    X(COMMISSIONER_CONSENT, "commissioner-consent", false)                                                             \
    X(COMMISSIONER_ORDER, "commissioner-order", false) /* destroy what a determination kept */                        \
    X(DETERMINATION, "determination", false)                                                                           \
    X(DETERMINATION_ENDED, "determination-ended", false)                                                               \
    X(APPLICATION, "application", false)            /* for an extension */                                            \
    X(APPLICATION_REFUSED, "application-refused", false)                                                               \
    X(EXTENSION, "extension", false)                                                                                   \
    X(DELETION_REQUESTED, "deletion-requested", false)                                                                 \
    X(DIED, "died", true)                                                                                              \
    X(UNLAWFUL, "unlawful", false)                  /* the taking or the arrest */                                    \
    X(MISTAKEN_IDENTITY, "mistaken-identity", false)                                                                   \
    X(HOLD, "hold", false)                          /* disclosure duties, litigation, complaint */                    \
    X(RELEASE, "release", false)                                                                                       \
    X(ACCESS_EXEMPT, "access-exempt", false)        /* what a person is told is restricted (DPA 2018 s. 45(4)) */     \
    X(ACCESS_EXEMPT_ENDED, "access-exempt-ended", false)                                                               \
    X(APPEAL, "appeal", false)                      /* against the refusal of an extension */                         \
    X(APPEAL_DISMISSED, "appeal-dismissed", false)  /* or withdrawn */                                                \
    X(PURPOSE_FULFILLED, "purpose-fulfilled", false) /* of what was given voluntarily */

/* classes of offence, as bits */
#define ENT_OFFENCES(X)                                                                                                \
    X(RECORDABLE, "recordable") X(QUALIFYING, "qualifying") X(TERRORISM, "terrorism-related")                          \
    X(EXCLUDED, "excluded") X(SEXUAL_OR_VIOLENT, "sexual-or-violent")

typedef enum ent_material {
#define ENT_X(name, text) ENT_MATERIAL_##name,
    ENT_MATERIALS(ENT_X)
#undef ENT_X
        ENT_MATERIAL_COUNT
} ent_material;

typedef enum ent_legal_event_kind {
#define ENT_X(name, text, person) ENT_EVENT_##name,
    ENT_LEGAL_EVENTS(ENT_X)
#undef ENT_X
        ENT_EVENT_COUNT
} ent_legal_event_kind;

enum {
#define ENT_X(name, text) ENT_OFFENCE_BIT_##name,
    ENT_OFFENCES(ENT_X)
#undef ENT_X
        ENT_OFFENCE_COUNT
};
#define ENT_OFFENCE(name) (1u << ENT_OFFENCE_BIT_##name)

/* ---- facts ---- */

typedef struct ent_legal_event {
    ent_legal_event_kind kind;
    ent_date date;                 /* it took effect */
    ent_date until;                /* of an extension, a determination or a hold: what the decision says; year 0: the most
                                      that the regime allows (a hold: no end) */
    uint16_t sentence_months;      /* of a conviction: custodial; 0: none */
    uint32_t offence;              /* of a conviction: bits; 0: those of the encounter */
    char regime[ENT_LAW_NAME];     /* an extension, application or determination is under one regime; else "" */
    char decided_by[ENT_LAW_NAME]; /* "district-judge"; "" when nobody decides it */
    bool undone;                   /* corrected: it counts for nothing */
    bool pending;                  /* waits for a second person: it counts for nothing yet */
    ent_date applied;              /* of an extension: the written application; year 0: its date */
    ent_actor_id by;               /* who recorded it */
    ent_actor_id second;           /* who approved it; zero: nobody */
    ent_actor_id undo_by;          /* who proposed to correct it; zero: nobody */
    char document[64];             /* where the decision stands; "" when not stated */
} ent_legal_event;

/* One encounter's facts, as far as they decide about one part of it. Borrowed. */
typedef struct ent_legal_facts {
    ent_material material;
    char taken_under[ENT_LAW_NAME]; /* the power of taking: "ta-2000-s41", "pace" */
    ent_date taken;
    uint32_t offence;               /* bits: what the person was arrested for */
    ent_date offence_date;          /* year 0: unknown */
    ent_date birth;                 /* year 0: unknown */
    char nationality[4];            /* ISO 3166-1 alpha-3; "": unknown */
    const ent_legal_event *events;  /* any order */
    size_t event_count;
    const struct ent_legal_facts *others; /* of the same encounter, for what is kept with them; their own are not looked at */
    size_t other_count;
} ent_legal_facts;

/* ---- regimes ---- */

typedef enum ent_keep {
    ENT_KEEP_PERIOD,       /* from the day that starts the clock */
    ENT_KEEP_INDEFINITELY, /* with a review */
    ENT_KEEP_WHILE_OPEN,   /* until an event of open_until happens */
    ENT_KEEP_SENTENCE,     /* the term of the sentence and the period */
    ENT_KEEP_WITH_OTHERS   /* while another part of the encounter is kept: a name without its prints serves no purpose */
} ent_keep;

typedef enum ent_age { ENT_AGE_ANY, ENT_AGE_UNDER_18, ENT_AGE_ADULT } ent_age; /* at the offence */

typedef enum ent_sentence {
    ENT_SENTENCE_ANY,
    ENT_SENTENCE_NONE,      /* not custodial */
    ENT_SENTENCE_UNDER_5Y,
    ENT_SENTENCE_5Y_OR_MORE
} ent_sentence;

typedef struct ent_period {
    uint16_t years, months, days;
} ent_period;

typedef struct ent_extend {
    bool allowed;
    ent_period by;
    uint16_t times;          /* 0: any number */
    ent_period within_last;  /* the application's window before the end; all zero: any time before the end */
    bool pending_keeps;      /* an application in time keeps until it is decided */
    ent_period appeal_within; /* and a refusal while it may be appealed and is; all zero: it ends with the refusal */
    char decided_by[ENT_LAW_NAME], applied_for_by[ENT_LAW_NAME], clause[ENT_LAW_CLAUSE];
} ent_extend;

typedef enum ent_consequence {
    ENT_THEN_NOTHING,
    ENT_THEN_ENDS,       /* this power keeps no longer */
    ENT_THEN_DESTROY_NOW /* no power keeps any longer */
} ent_consequence;

/* One power to keep. A value without pointers: copy it as you like. */
typedef struct ent_regime {
    char name[ENT_LAW_NAME], title[120], jurisdiction[16], clause[ENT_LAW_CLAUSE];
    uint32_t material;       /* bits 1 << ent_material */
    char taken_under[8][ENT_LAW_NAME];
    size_t taken_under_count; /* 0: any */
    uint32_t offence;        /* any of these bits; 0: any offence */
    uint32_t offence_not;    /* none of these */
    ent_age age;
    ent_sentence sentence;
    uint32_t needs;          /* bits of events: at least one happened */
    uint32_t without;        /* bits of events: none happened */
    bool first_conviction;   /* no earlier conviction in any linked encounter */
    bool any_encounter;      /* needs, without: a linked encounter's events about the person count too */
    uint32_t starts;         /* bits of events, the latest of which starts the clock; 0: the day of taking */
    bool day_after;          /* "following", "after": that day does not count; otherwise it does */
    ent_keep keep;
    ent_period period;
    uint32_t open_until;     /* bits of events */
    ent_period review;       /* indefinitely: from the start of the clock, over and over */
    ent_extend extend;
    uint8_t then[ENT_EVENT_COUNT]; /* ent_consequence */
    char then_clause[ENT_LAW_CLAUSE]; /* of what ends all; "": the regime's own */
} ent_regime;

/* ---- the answer ---- */

typedef struct ent_power {
    const ent_regime *regime;  /* of the set that was given */
    ent_date until;            /* the last day that it keeps; year 0: no end */
    ent_date review;           /* the next one; year 0: none */
    unsigned extensions;       /* that counted */
    bool extendable;           /* another one is possible */
    ent_date window_from, window_until; /* when it may be applied for; year 0: no window */
} ent_power;

#define ENT_POWERS_MAX 16

typedef struct ent_retention {
    ent_power power[ENT_POWERS_MAX]; /* every one that keeps it today, the longest first */
    size_t count;
    bool due;                  /* none: it leaves everything in this second */
    bool at_once;              /* due by an event that overrides every power */
    ent_date due_on;           /* the first day on which nothing keeps it (may have passed); year 0: no end */
    const char *clause;        /* of the longest power; when due: of the last that kept it, or of what ended all */
    bool held;                 /* destruction is suspended, nothing else */
    ent_date hold_review;      /* earliest end among the holds; year 0: none stated */
} ent_retention;

/* What keeps this part today. `linked` are the person's other encounters (facts of theirs count where a regime says so,
 * and a conviction by anyone's counts as an earlier one). Regimes borrowed for as long as ret is used. */
void ent_retention_of(const ent_regime *regimes, size_t regime_count, const ent_legal_facts *facts,
                      const ent_legal_facts *linked, size_t linked_count, ent_date today, ent_retention *ret);

/* May this decision be recorded? ENT_OK, or ENT_REFUSED with the clause and the reason in err: no such power lives,
 * extended as often as the law allows, applied for outside the window, decided by somebody else, beyond the period.
 * `applied` is the day of the written application. */
ENT_MUST_CHECK ent_code ent_extension_check(const ent_regime *regimes, size_t regime_count,
                                            const ent_legal_facts *facts, const ent_legal_facts *linked,
                                            size_t linked_count, const ent_legal_event *extension, ent_date applied,
                                            ent_err *err);

/* The last day on which any power could keep what was taken so, if it came again without its events: extended as often as the law
 * allows. The year is 9999 when there is no such day (proceedings that nobody concluded). Until then a resend of what was destroyed
 * must be known; after it, it would be due as it comes. */
ent_date ent_resend_until(const ent_regime *regimes, size_t regime_count, const ent_legal_facts *facts);

/* A conviction or caution counts today, in this encounter or a linked one: not corrected, not quashed. */
bool ent_convicted(const ent_legal_facts *facts, const ent_legal_facts *linked, size_t linked_count, ent_date today);
bool ent_under_18_at_offence(const ent_legal_facts *facts); /* unknown counts as yes */

/* Words of files and commands; NULL / ENT_EVENT_COUNT / 0 for what is not one. Static storage. */
const char *ent_legal_event_text(ent_legal_event_kind kind);
ent_legal_event_kind ent_legal_event_named(const char *word);
bool ent_legal_event_about_person(ent_legal_event_kind kind); /* a linked encounter's counts too */
const char *ent_material_text(ent_material material);
uint32_t ent_offence_named(const char *word);
const char *ent_offence_text(unsigned bit);

#endif
