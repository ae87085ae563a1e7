/* Who may be admitted, and until when: admission programmes. A programme is a file that a lawyer can read (docs/law/programme.md);
 * which countries are in it is changed only by events that two persons signed. Here: (programme, events, traveller, day) -> meets its
 * conditions up to a day, does not meet a clause, or refer.
 *
 * Pure: no I/O, no clock. Any thread. Nothing that a partner said, refused or left unsaid is an input, so that it can be no ground.
 * Unknown facts neither help nor harm: they refer. */
#ifndef LAW_PROGRAMME_H
#define LAW_PROGRAMME_H

#include "law/doc.h"
#include "law/regime.h"

/* what shows that a condition is met */
#define ENT_SHOWN_BY(X)                                                                                                \
    X(DECLARATION, "declaration")     /* the officer saw it: yes, no, or not said */                                  \
    X(AUTHORISATION, "authorisation") /* granted before the journey, until a day */                                    \
    X(RECORD, "record")               /* no recorded stay under this programme went beyond its day */

/* what is counted */
#define ENT_STAYS_COUNTED(X) X(EACH_VISIT, "each-visit") X(ROLLING, "rolling")

#define ENT_X(name, text) ENT_SHOWN_##name,
typedef enum ent_shown_by { ENT_SHOWN_BY(ENT_X) ENT_SHOWN_COUNT } ent_shown_by;
#undef ENT_X
#define ENT_X(name, text) ENT_STAY_##name,
typedef enum ent_stay_counted { ENT_STAYS_COUNTED(ENT_X) ENT_STAY_COUNT } ent_stay_counted;
#undef ENT_X

enum { ENT_PROGRAMME_CONDITIONS = 16, ENT_PROGRAMME_TERRITORIES = 32 };

typedef struct ent_programme {
    char name[ENT_LAW_NAME], title[120];
    char border[4];                              /* ISO 3166-1 alpha-3: whose */
    char clause[ENT_LAW_CLAUSE];                 /* what admits whoever meets everything */
    char designation[ENT_LAW_CLAUSE];            /* what asks for a designated country */
    ent_stay_counted counted;
    uint16_t days, within;                       /* within: of the rolling window, in days; 0 for each visit */
    bool first_day_counts;
    char stay_clause[ENT_LAW_CLAUSE];
    char trip_to[ENT_PROGRAMME_TERRITORIES][4];  /* a short trip to these does not begin a new visit */
    size_t trip_count;
    uint16_t trip_days;                          /* what is short */
    char trip_clause[ENT_LAW_CLAUSE];
    struct {
        char name[ENT_LAW_NAME], clause[ENT_LAW_CLAUSE];
        ent_shown_by by;
    } condition[ENT_PROGRAMME_CONDITIONS];
    size_t condition_count;
    uint16_t keep_days;                          /* a stay's record, after the exit */
} ent_programme;

/* ENT_FORMAT with the line. A condition whose name speaks of a search, a hit or a partner is refused. */
ENT_MUST_CHECK ent_code ent_programme_read(const ent_doc *doc, ent_programme *ret_programme, ent_err *err);

/* ---- what changes it ---- */

#define ENT_PROGRAMME_EVENTS(X)                                                                                        \
    X(PROGRAMME, "programme") /* its file, or a new version of it */                                                   \
    X(DESIGNATE, "designate") /* a country is in it */                                                                 \
    X(END, "end")             /* a country is in it no longer */

#define ENT_X(name, text) ENT_PROGRAMME_EVENT_##name,
typedef enum ent_programme_event_kind { ENT_PROGRAMME_EVENTS(ENT_X) ENT_PROGRAMME_EVENT_COUNT } ent_programme_event_kind;
#undef ENT_X

typedef struct ent_programme_event {
    ent_programme_event_kind kind;
    char programme[ENT_LAW_NAME];
    char country[4];             /* "" for the file */
    ent_date effective;
    char decider[64], clause[ENT_LAW_CLAUSE]; /* printable ASCII */
    ent_date leave_by;           /* of an end, for those inside; year 0: their stays run out as they were granted */
    ent_date admitted_until;     /* of an end, for those who set out before it took effect; year 0: none is admitted any more */
    uint8_t digest[32];          /* of the file; zeros else */
    bool approved;               /* by a second person; without it an event counts for nothing */
} ent_programme_event;

const char *ent_programme_event_word(ent_programme_event_kind kind);
ent_programme_event_kind ent_programme_event_named(const char *word); /* …_COUNT: none */

#define ENT_PROGRAMME_SIGNED 640
/* What both persons sign. Does not depend on `approved`. */
void ent_programme_event_text(const ent_programme_event *e, char ret_text[ENT_PROGRAMME_SIGNED]);
/* A text of a line in a signed text: not empty, printable ASCII. */
bool ent_programme_line(const char *text);

/* The event that says whether this country is in the programme on that day: the latest approved one in effect; of two on one day the
 * later in the list. NULL: none. */
const ent_programme_event *ent_designation_on(const ent_programme_event *events, size_t count, const char *programme, const char *country, ent_date day);

/* ---- stays ---- */

typedef struct ent_stay {
    ent_date entry, exit;        /* exit.year 0: still inside */
    ent_date until;              /* as granted */
    char exit_to[4];             /* where to; "" not said */
} ent_stay;

enum { ENT_STAYS_MAX = 256 };    /* of one traveller that are looked at, the latest */

/* The last day of this stay: as granted, or earlier by an end that sends home those inside. */
ent_date ent_stay_last_day(const ent_programme_event *events, size_t count, const char *programme, const char *country, const ent_stay *stay, ent_date today);

/* ---- may somebody be admitted? ---- */

#define ENT_ANSWERS_3(X) X(UNSAID, "not-said") X(YES, "yes") X(NO, "no")
#define ENT_X(name, text) ENT_FACT_##name,
typedef enum ent_fact { ENT_ANSWERS_3(ENT_X) ENT_FACT_COUNT } ent_fact;
#undef ENT_X
ent_fact ent_fact_named(const char *word); /* ENT_FACT_COUNT: none */

/* Borrowed. Stays under this programme, any order. */
typedef struct ent_traveller {
    char nationality[4];
    ent_fact declared[ENT_PROGRAMME_CONDITIONS]; /* by the programme's condition */
    ent_date authorised_until;   /* year 0: not said */
    ent_date set_out;            /* for a journey under way; year 0: on the day itself */
    const ent_stay *stay;
    size_t stay_count;
} ent_traveller;

#define ENT_ADMISSIONS(X) X(MEETS, "meets programme conditions") X(NOT_MET, "condition not met") X(REFER, "refer")
#define ENT_X(name, text) ENT_ADMISSION_##name,
typedef enum ent_admission_answer { ENT_ADMISSIONS(ENT_X) ENT_ADMISSION_COUNT } ent_admission_answer;
#undef ENT_X
const char *ent_admission_word(ent_admission_answer a);

typedef struct ent_admission {
    ent_admission_answer answer;
    ent_date until;              /* MEETS: the last day of the stay */
    char clause[ENT_LAW_CLAUSE]; /* MEETS: what admits; NOT_MET: the one that is not; REFER: the one in doubt */
    char reason[160];            /* one sentence */
} ent_admission;

/* Always writes the whole answer. In the order: designation, conditions as they stand in the file, stay. What is not met goes before
 * what is not known. */
void ent_programme_admit(const ent_programme *p, const ent_programme_event *events, size_t event_count, const ent_traveller *t, ent_date day,
                         ent_admission *ret_admission);

/* The decision of the officer, who signs this text. until: year 0 unless admitted. reason: "" when it follows the answer. */
#define ENT_ADMISSION_SIGNED 1024
typedef struct ent_admission_decision {
    char programme[ENT_LAW_NAME], nationality[4], document[64], reason[200];
    ent_date day, until;
    bool admitted;
    ent_admission answer;
} ent_admission_decision;
void ent_admission_text(const ent_admission_decision *d, char ret_text[ENT_ADMISSION_SIGNED]);

#endif
