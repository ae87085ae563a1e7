/* Who may see: exchange agreements. An agreement is a file that a lawyer can read and both nodes execute
 * (docs/law/agreement.md); here: (agreement, what is asked, today) -> allowed or refused, with the clause.
 *
 * Pure: no I/O, no clock. The same functions are the requester's check before it asks and the holder's before it looks.
 * Any thread. Whatever is unknown about a subject excludes it. */
#ifndef LAW_AGREEMENT_H
#define LAW_AGREEMENT_H

#include "law/doc.h"
#include "law/regime.h"

#define ENT_PARTY_NAME 64    /* with the NUL, as ENT_NODE_NAME_MAX */
#define ENT_FLOW_NAME 32     /* these three as in the ledger's entry */
#define ENT_PURPOSE_NAME 40

#define ENT_MODALITIES(X) X(FINGERPRINT, "fingerprint") X(FACE, "face")

/* what is searched */
#define ENT_AGAINST(X) X(TENPRINT, "tenprint") X(LATENT, "unsolved-latent") X(FACE, "face")

/* whom a flow never shows; unknown counts as excluded */
#define ENT_EXCLUSIONS(X)                                                                                              \
    X(UNDER_18_AT_OFFENCE, "under-18-at-offence")                                                                      \
    X(UNDER_18_AT_TAKING, "under-18-at-taking")                                                                        \
    X(OWN_NATIONAL, "own-national")       /* of the holder's country */                                               \
    X(REQUESTERS_NATIONAL, "requesters-national")                                                                      \
    X(NOT_CONVICTED, "not-convicted")

/* what may leave */
#define ENT_FIELDS(X)                                                                                                  \
    X(NAME, "name")                                                                                                    \
    X(BIRTH_DATE, "birth-date")                                                                                        \
    X(NATIONALITY, "nationality")                                                                                      \
    X(SEX, "sex")                                                                                                      \
    X(CATEGORY, "category")               /* suspect, convicted, … (DPA 2018 s. 38(3)) */                             \
    X(STATUS, "status")                   /* arrested, no further action, charged, acquitted, convicted */            \
    X(OFFENCE, "offence")                                                                                              \
    X(ARREST_DATE, "arrest-date")                                                                                      \
    X(DOCUMENT, "document")               /* travel document's number */                                              \
    X(FACIAL_IMAGE, "facial-image")                                                                                    \
    X(FINGERPRINT_IMAGE, "fingerprint-image")

/* X(NAME, "word"): bit 1 << ENT_xxx_NAME */
#define ENT_X(name, text) ENT_MODALITY_##name,
typedef enum ent_modality { ENT_MODALITIES(ENT_X) ENT_MODALITY_COUNT } ent_modality;
#undef ENT_X
#define ENT_X(name, text) ENT_AGAINST_##name,
typedef enum ent_against { ENT_AGAINST(ENT_X) ENT_AGAINST_COUNT } ent_against;
#undef ENT_X
#define ENT_X(name, text) ENT_EXCLUDE_##name,
typedef enum ent_exclusion { ENT_EXCLUSIONS(ENT_X) ENT_EXCLUDE_COUNT } ent_exclusion;
#undef ENT_X
#define ENT_X(name, text) ENT_FIELD_##name,
typedef enum ent_field { ENT_FIELDS(ENT_X) ENT_FIELD_COUNT } ent_field;
#undef ENT_X

const char *ent_modality_text(ent_modality m); /* static words as above; NULL past the last */
const char *ent_field_text(ent_field f);

/* ---- an agreement ---- */

typedef struct ent_party {
    char name[ENT_PARTY_NAME];
    uint8_t key[32];      /* Ed25519 identity key when it was signed */
    char country[4];      /* ISO 3166-1 alpha-3; "" when not stated */
} ent_party;

typedef struct ent_purpose {
    char name[ENT_PURPOSE_NAME];
    char power[ENT_LAW_CLAUSE]; /* what lets the holder use it: "PACE 1984 s. 63T(1)(b)"; ASCII, as in the ledger */
    char transfer[96];    /* what lets it be sent abroad: "DPA 2018 s. 75" */
    char standing[96];    /* the recipient's standing; "" when not stated */
    bool every_traveller; /* ground: individual, or every-traveller */
} ent_purpose;

enum {
    ENT_AGREEMENT_PARTIES = 8,
    ENT_AGREEMENT_WITNESSES = 8,
    ENT_AGREEMENT_FLOWS = 16,
    ENT_AGREEMENT_PURPOSES = 8,
    ENT_AGREEMENT_POWERS = 32,
    ENT_AGREEMENT_ARTICLES = 24,
    ENT_AGREEMENT_COUNTRIES = 64,
    ENT_AGREEMENT_CANDIDATES = 16 /* as many as a search can name */
};

typedef enum ent_keep_probe { ENT_PROBE_NEVER, ENT_PROBE_UNTIL_CONCLUDED } ent_keep_probe;
typedef enum ent_confirm_by { ENT_CONFIRM_HOLDER, ENT_CONFIRM_REQUESTER, ENT_CONFIRM_BOTH } ent_confirm_by;
typedef enum ent_copy_mode { ENT_COPY_NONE, ENT_COPY_WATCHLIST } ent_copy_mode;

typedef struct ent_flow {
    char name[ENT_FLOW_NAME];
    char holder[ENT_PARTY_NAME], requester[ENT_PARTY_NAME];
    bool test;                       /* files from disk may be searched, and test galleries only */
    ent_purpose purpose[ENT_AGREEMENT_PURPOSES];
    size_t purpose_count;
    uint32_t modalities, against;    /* bits */
    char power[ENT_AGREEMENT_POWERS][ENT_LAW_NAME]; /* a part is visible while one of these regimes keeps it */
    size_t power_count;
    uint32_t exclude;                /* bits */
    char nationality[ENT_AGREEMENT_COUNTRIES][4]; /* only these are visible; none stated: any */
    size_t nationality_count;
    /* limits; 0: not stated, no limit of that kind */
    uint32_t per_day, per_hour, per_officer_hour, per_desk_hour;
    uint16_t candidates;             /* 1 to ENT_AGREEMENT_CANDIDATES: the most records that one search may name */
    double false_hits_per_day;       /* expected; the threshold follows from it and the gallery */
    bool face_alone;                 /* a face without a print may be a hit; false: never */
    int64_t answer_within_ms;
    ent_keep_probe probe;            /* of a hit; of no hit: never */
    ent_confirm_by confirm_by;
    uint8_t examiners;
    int64_t confirm_within_ms;
    uint32_t on_hit, on_confirmed;   /* fields, as bits */
    ent_copy_mode copy;
    int64_t lease_ms;
    int64_t requester_keeps_ms;
    char onward[ENT_AGREEMENT_PARTIES][ENT_PARTY_NAME]; /* to whom the requester may give on what it received */
    size_t onward_count;             /* 0: never */
    bool onward_authorised;          /* each time by the holder; false: the agreement itself authorises it */
    char on_behalf_of[ENT_AGREEMENT_PARTIES][ENT_PARTY_NAME];
    size_t on_behalf_count;          /* 0: never */
    struct { char rule[32], article[32]; } article[ENT_AGREEMENT_ARTICLES]; /* "search.per-day" -> "Art. 6(2)" */
    size_t article_count;
} ent_flow;

typedef struct ent_agreement {
    char name[ENT_LAW_NAME];
    uint32_t version;                /* from 1, only goes up */
    char title[120];
    ent_party party[ENT_AGREEMENT_PARTIES];
    size_t party_count;              /* at least 2 */
    ent_party witness[ENT_AGREEMENT_WITNESSES];
    size_t witness_count;            /* at least 1 that is no party */
    ent_date from, until, review;    /* in force from and until, both days counted */
    uint8_t annex_digest[32];        /* of a sealed annex; visible as such, with its size */
    uint64_t annex_size;             /* 0: none */
    ent_flow flow[ENT_AGREEMENT_FLOWS];
    size_t flow_count;
} ent_agreement;

/* Reads the tree of an agreement's file. A key that is not known, a purpose without its power, a name that is no
 * party's, an impossible date or number is ENT_FORMAT with the line and what is allowed. The caller frees. */
ENT_MUST_CHECK ent_code ent_agreement_read(const ent_doc *doc, ent_agreement **ret_agreement, ent_err *err);
void ent_agreement_free(ent_agreement *a);

const ent_party *ent_agreement_party(const ent_agreement *a, const char *name);     /* NULL: no party */
/* Its place in the list, from 1, as ledger entries name it; 0: no party. And back; NULL. */
uint8_t ent_agreement_place(const ent_agreement *a, const char *name);
const ent_party *ent_agreement_at(const ent_agreement *a, uint8_t place);
const ent_flow *ent_agreement_flow(const ent_agreement *a, const char *name);       /* NULL: no such flow */
bool ent_flow_acts_for(const ent_flow *f, const char *party);                       /* the requester may ask on its behalf */
bool ent_flow_gives_on(const ent_flow *f, const char *party);                       /* and give on to it what it received */
const ent_purpose *ent_flow_purpose(const ent_flow *f, const char *name);           /* NULL: not granted */

/* ---- may this be asked? ---- */

/* One search as it is asked, and what was used before it. Texts borrowed; "" when unknown. */
typedef struct ent_ask {
    const char *holder, *requester; /* node names, as authenticated */
    const char *flow, *purpose;
    const char *on_behalf_of;       /* "": for itself */
    uint32_t modalities;            /* bits: what the probe contains */
    uint32_t against;               /* bits: what is to be searched; 0: whatever the flow allows */
    uint32_t candidates;            /* wanted; 0: as many as the flow allows */
    bool from_file;                 /* not captured at a desk */
    ent_date today;
    uint64_t used_day, used_hour, used_officer_hour, used_desk_hour; /* before this one */
} ent_ask;

typedef struct ent_verdict {
    ent_code code;                  /* ENT_OK, ENT_REFUSED, ENT_QUOTA */
    const ent_flow *flow;           /* of the agreement; NULL when none applies */
    const ent_purpose *purpose;
    char clause[ENT_LAW_CLAUSE];    /* what allowed it (the purpose's power) or refused it ("Art. 6(2)", "search.per-day") */
    char reason[160];               /* one sentence */
} ent_verdict;

/* Always writes the whole verdict. State (signed, suspended) is the envelope's: law/envelope.h. The checks come in the
 * order: dates, parties, flow, purpose, on behalf, test, modalities, against, face alone, candidates, quotas. */
void ent_agreement_decide(const ent_agreement *a, const ent_ask *ask, ent_verdict *ret_verdict);

/* The quotas alone, which the holder asks again when it commits: false, and code, clause and reason of the verdict, whose flow
 * is f, when one is used up. */
bool ent_flow_quota(const ent_flow *f, const ent_ask *ask, ent_verdict *verdict);

/* ---- who is visible to a flow? ---- */

/* What is known of one part, now. Borrowed. */
typedef struct ent_subject {
    const ent_legal_facts *facts;
    const ent_retention *kept;      /* the powers that keep it today */
    bool convicted;                 /* a conviction counts today, in any linked encounter */
} ent_subject;

/* What was taken under this is a test gallery: flows marked test see it and nothing else, all others see everything else. */
#define ENT_TAKEN_FOR_TEST "test"

/* Whether a flow may see this part today; the rule that hides it, or "power: NAME" of the one that shows
 * it. */
bool ent_flow_sees(const ent_agreement *a, const ent_flow *f, const ent_subject *s, char ret_clause[ENT_LAW_CLAUSE]);

/* The fields that may leave at this step, as bits of ent_field. */
uint32_t ent_flow_fields(const ent_flow *f, bool confirmed);

#endif
