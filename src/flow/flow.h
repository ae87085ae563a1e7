/* The life of a record and of a search: every act of the node, as one function each, over ports. Who acts was
 * authenticated before (api/desk); what the role may do is decided in gate.c, here and nowhere else.
 *
 * A stage decides; what must happen goes through commit.c in a fixed order: persist, append to the ledger, then tell. Any
 * thread may call any act; none reads a clock, a file or the network but through its ports. */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include "crypto/sign.h"
#include "flow/capture/capture.h"
#include "flow/gate.h"
#include "law/card.h"
#include "law/envelope.h"
#include "law/examination.h"
#include "law/watch.h"
#include "port/clock.h"
#include "port/decoder.h"
#include "port/directory.h"
#include "port/faces.h"
#include "port/keys.h"
#include "port/ledger.h"
#include "port/random.h"
#include "port/standby.h"
#include "port/store.h"
#include "port/witnesses.h"

typedef struct ent_flow_node ent_flow_node;

/* Borrowed until close, but for texts and secrets, which are copied. */
typedef struct ent_flow_config {
    char name[ENT_NODE_NAME_MAX];   /* this node, also its ledger's origin */
    char country[4];                /* ISO 3166-1 alpha-3 of whoever runs it */
    ent_secret_key identity;
    ent_store store;
    ent_keys keys;
    ent_ledger ledger;
    ent_standby standby;            /* .self NULL: none */
    ent_clock clock;
    ent_random random;
    ent_decoder decoder;            /* jobs "capture", "picture", "pixels": see capture/read.h */
    ent_faces faces;                /* .extract NULL: no face model */
    unsigned window_days;           /* between an event that moves a date earlier and the destruction; 0: 14 */
    unsigned control_per_mille;     /* how often a control goes to the examiners beside a case */
    ent_partners partners;          /* .send NULL: no messages can be sent (offline commands) */
    ent_witnesses witnesses;        /* .add NULL: none can be reached */
    int64_t witness_silence_ms;     /* after it searches stop; 0: they never do */
    ent_doc_reader *read_doc;       /* adapter/yaml's */
    const void *regime_files;       /* law/regime_set.h: the folder's; the first time they come into force, later two persons change that */
    size_t regime_files_len;
    const ent_regime *regimes;      /* in their place when regime_files is NULL */
    size_t regime_count;
    size_t regime_due_parts, regime_due_per_mille; /* more made due by one change of regimes stops it; 0: 100 parts, 50 in 1,000 */
    int64_t grid_ms;                /* answers leave on this grid; 0: 250 */
    unsigned threads;               /* for matching; 0: one a core */
    void (*progress)(void *ctx, const char *what, size_t done, size_t total); /* NULL: silent */
    void *progress_ctx;
} ent_flow_config;

/* Finishes destructions that were begun, drains the outbox, loads people, partners, agreements and the gallery, hides
 * what fell due meanwhile. ENT_DAMAGED when store and ledger disagree. */
ENT_MUST_CHECK ent_code ent_flow_open(const ent_flow_config *config, ent_flow_node **ret_node, ent_err *err);
void ent_flow_close(ent_flow_node *n);

/* ---- people ---- */

ENT_MUST_CHECK ent_code ent_flow_person(ent_flow_node *n, const char *name, ent_actor *ret_actor, ent_err *err);
/* Proposes somebody, who is nobody here until ent_flow_person_decide (*ret_waits). At once, alone and in the ledger as such: the first
 * custodian of a node without people (`by` NULL), and the second by the first. ENT_EXISTS; ENT_DENIED: somebody has this key. */
ENT_MUST_CHECK ent_code ent_flow_person_add(ent_flow_node *n, const ent_actor *by, const char *name, ent_role role,
                                            const ent_public_key *key, bool *ret_waits, ent_err *err);
/* The second person's word. `digits`: of the key (ent_key_digits), as its owner read them out; NULL drops the proposal. ENT_DENIED: one's
 * own proposal; not a custodian, where another custodian can act. ENT_REFUSED: other digits. */
ENT_MUST_CHECK ent_code ent_flow_person_decide(ent_flow_node *n, const ent_actor *by, const char *name, const char *digits, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_person_suspend(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err);
/* The new key, signed by the old: both valid for the overlap. */
ENT_MUST_CHECK ent_code ent_flow_person_rotate(ent_flow_node *n, const ent_actor *by, const ent_public_key *fresh,
                                               const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_people(ent_flow_node *n, void (*see)(void *ctx, const ent_actor *a, const ent_actor_id *proposed_by), void *ctx, ent_err *err); /* NULL: works here */
#define ENT_ROTATE_TEXT "entente person key v1" /* then the new key's 32 bytes: what the old key signs */

/* ---- partners and agreements ---- */

ENT_MUST_CHECK ent_code ent_flow_partner_add(ent_flow_node *n, const ent_actor *by, const void *card, size_t len,
                                             ent_card *ret_card, ent_err *err);
/* A partner that began anew without its standby: the statement that its persons signed (docs/operating/backup.md), and its new card. The old
 * name is refused from then on. ENT_CONFLICT: the card is another's, or what this node remembers contradicts the statement. */
typedef struct ent_gap_view {
    ent_card card;
    char old_name[ENT_PARTY_NAME];
    uint32_t year;                  /* of the old log */
    uint64_t known, remembered;     /* its entries, as the statement knows and as this node co-signed; 0: never */
} ent_gap_view;
ENT_MUST_CHECK ent_code ent_flow_partner_anew(ent_flow_node *n, const ent_actor *by, ent_bytes statement, ent_bytes card, ent_gap_view *ret_view, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_partners(ent_flow_node *n, void (*see)(void *ctx, const ent_card *card), void *ctx,
                                          ent_err *err);
/* Each key that this node or a partner has, or had, and until when what it signed counts (UTC ms; INT64_MAX: it is theirs now). */
ENT_MUST_CHECK ent_code ent_flow_keys(ent_flow_node *n, void (*see)(void *ctx, const char *name, const ent_public_key *key, ent_time until), void *ctx, ent_err *err);
/* Its keys and certificates are refused from this second, whatever it sends. */
ENT_MUST_CHECK ent_code ent_flow_partner_revoke(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err);
ent_directory ent_flow_directory(ent_flow_node *n);

typedef struct ent_agreement_view {
    char name[ENT_LAW_NAME], title[120];
    uint32_t version;
    ent_agreement_state state;
    char clause[ENT_LAW_CLAUSE], why[ENT_ENVELOPE_WHY]; /* who suspended or ended it, and when; "": nobody */
    uint8_t digest[32];
    ent_date from, until;
    char signed_by[256];
    bool bound;                     /* all parties have signed, whatever was declared since */
    bool next, before;              /* one that waits for signatures or its day; one that counted, or waited, before */
    uint8_t annex_digest[32];
    uint64_t annex_size;            /* of a sealed annex; 0: none */
    bool waits;                     /* nothing was declared: another custodian must say the same */
    size_t flow_count;
} ent_agreement_view;

/* Two custodians bind the node: the first to sign a file (or to resume or end an agreement) proposes it and ret_view->waits; when another
 * says the same within 30 days, the node declares it. To suspend, one is enough. The first party to sign proposes, the others
 * countersign. What could not be told to them is told later (`entente agreement send`). */
ENT_MUST_CHECK ent_code ent_flow_agreement_sign(ent_flow_node *n, const ent_actor *by, const void *file, size_t len,
                                                ent_agreement_view *ret_view, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_agreement_act(ent_flow_node *n, const ent_actor *by, const char *name, ent_act act,
                                               ent_agreement_view *ret_view, ent_err *err);
/* An envelope that came by another way. */
ENT_MUST_CHECK ent_code ent_flow_agreement_take(ent_flow_node *n, const void *envelope, size_t len,
                                                ent_agreement_view *ret_view, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_agreement_envelope(ent_flow_node *n, const char *name, ent_buf *ret_envelope, ent_err *err);
/* Every version that is here, those that counted before too, verified anew. `see` may not call the flow. */
ENT_MUST_CHECK ent_code ent_flow_agreement_versions(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v, const ent_envelope *e), void *ctx, ent_err *err);
/* Sends the envelope to each other party, and the one of a later version; how many took the latest. */
ENT_MUST_CHECK ent_code ent_flow_agreement_send(ent_flow_node *n, const char *name, size_t *ret_told, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_agreements(ent_flow_node *n, void (*see)(void *ctx, const ent_agreement_view *v), void *ctx,
                                            ent_err *err);

/* ---- desks and their capture keys ---- */

#define ENT_DESK_NAME 40
typedef enum ent_desk_state { ENT_DESK_PROPOSED, ENT_DESK_ACTIVE, ENT_DESK_WITHDRAWN, ENT_DESK_STATE_COUNT } ent_desk_state;

typedef struct ent_desk_view {
    char name[ENT_DESK_NAME];
    ent_desk_state state;
    bool hardware;                  /* the key cannot leave its device, whoever proposed it says; the ledger says so too */
    ent_actor_id pseudonym, proposed_by;
    ent_public_key key;
    ent_time since;                 /* of the state */
} ent_desk_view;

/* A key counts when another person approves it; a withdrawn one never again. ENT_EXISTS, ENT_DENIED (one's own proposal). */
ENT_MUST_CHECK ent_code ent_flow_desk_propose(ent_flow_node *n, const ent_actor *by, const char *name, const ent_public_key *key, bool hardware, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_desk_approve(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_desk_withdraw(ent_flow_node *n, const ent_actor *by, const char *name, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_desks(ent_flow_node *n, void (*see)(void *ctx, const ent_desk_view *d), void *ctx, ent_err *err);

/* ---- the lot and alarms ---- */

typedef enum ent_lot_state { ENT_LOT_CHOSEN, ENT_LOT_OPENED, ENT_LOT_SEEN, ENT_LOT_WAITING /* not drawn yet */, ENT_LOT_STATE_COUNT } ent_lot_state;

typedef struct ent_lot_view {
    ent_search_id reference;
    bool ours, overdue;             /* ours: asked by this node, which has to open it */
    ent_lot_state state;
    ent_time asked;
    ent_date until;                 /* the last day */
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], partner[ENT_NODE_NAME_MAX];
} ent_lot_view;

ENT_MUST_CHECK ent_code ent_flow_lots(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_lot_view *v), void *ctx, ent_err *err);
/* A custodian opens a crossing to the auditor, without seeing it; the holder is told with a proof. ENT_EXISTS: it is open. One whose answer was
 * lost is opened alike: only the holder knows whether the lot chose it. */
ENT_MUST_CHECK ent_code ent_flow_lot_open(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_err *err);
/* The auditor reads it: the opening (docs/protocol/crossing.md) and the receipt of the entry that it opens. ENT_GONE after 90 days. */
ENT_MUST_CHECK ent_code ent_flow_lot_show(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], ent_buf *ret_opening, ent_buf *ret_receipt,
                                          ent_err *err);

typedef struct ent_alarm_view {
    ent_time at;
    ent_alarm kind;
    bool ours;                      /* a search of this node, else one that it answered */
    ent_search_id reference;
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], partner[ENT_NODE_NAME_MAX], detail[160];
} ent_alarm_view;

/* The oldest first. */
ENT_MUST_CHECK ent_code ent_flow_alarms(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_alarm_view *v), void *ctx, ent_err *err);

/* ---- enrol, destroy ---- */

typedef struct ent_enrol_options {
    char taken_under[ENT_LAW_NAME]; /* "": from the transaction, else "unnamed" */
    uint32_t offence;               /* bits; 0: from the transaction */
    ent_date taken;                 /* year 0: from the transaction */
    char subject[64];               /* for plain images: the person's name */
    uint8_t finger;                 /* for plain images: position 1 to 10, 0 unknown */
    bool any_sequence;              /* somebody looked: a card whose prints contradict each other is taken as it is */
    bool any_quality;               /* no better photograph can be had: one below the node's least quality is taken */
} ent_enrol_options;

typedef struct ent_enrolled_part {
    ent_part_id id;
    ent_material material;
    uint64_t index;                 /* in the ledger */
    ent_date destroy_by;
    char clause[ENT_LAW_CLAUSE];
} ent_enrolled_part;

typedef struct ent_enrolled {
    ent_encounter_id encounter;
    ent_person_id person;
    size_t part_count;
    ent_enrolled_part part[3];
    size_t prints, faces;
    int face_quality;               /* of the worst photograph, 0 to 100; 0: one shows no face; -1: none was looked at */
    char face_advice[200];          /* what would make it better; "": nothing */
    ent_encounter_id likely;        /* an encounter that may be of the same person: a custodian looks (`record link`); zero: none */
} ent_enrolled;

/* ENT_EXISTS (ret_enrolled->encounter is set): this transaction was enrolled before; ENT_GONE: it was destroyed. ENT_CONFLICT: the prints
 * of the card contradict its sequence (a finger or hand in another's place), and any_sequence was not set. ENT_QUALITY: a photograph is below what the
 * node asks for (the reasons in err), and any_quality was not set. */
ENT_MUST_CHECK ent_code ent_flow_enrol(ent_flow_node *n, const ent_actor *by, const void *file, size_t len,
                                       const ent_enrol_options *options, ent_enrolled *ret_enrolled, ent_err *err);

/* What proves a destruction to whoever has it: the salts that open both commitments are in no other place. */
typedef struct ent_destroyed_part {
    ent_case_id case_number;
    ent_material material;
    uint8_t salt[32], digest[32];   /* of the commitment of "enrolled": HMAC-SHA-256(salt, digest) */
    uint64_t enrolled, index;       /* entries of the ledger; enrolled UINT64_MAX: not found */
    uint32_t epoch;                 /* of the keys, when the slot was overwritten */
} ent_destroyed_part;

/* What was disclosed of the encounter and is on record: at most so many are listed, more are counted. */
enum { ENT_DESTROYED_COPIES = 64 };

typedef struct ent_destroyed_copy {
    uint8_t id[ENT_ID_SIZE];        /* of the disclosure */
    ent_search_id reference;        /* the search that it answered: the case number of the partner's entry "destroyed" */
    char partner[ENT_NODE_NAME_MAX];
} ent_destroyed_copy;

typedef struct ent_destroyed_copies {
    size_t count;
    uint32_t unlisted;
    ent_destroyed_copy at[ENT_DESTROYED_COPIES];
} ent_destroyed_copies;

typedef struct ent_destroyed {
    size_t parts;
    uint64_t index[3];
    ent_destroyed_part part[3];
    char custody[96];               /* what can be said of the overwritten keys: medium, root, standby */
    ent_destroyed_copies copies;    /* at partners, when it was destroyed here */
} ent_destroyed;

/* A part or a whole encounter. When it returns, it is in no gallery, its keys are overwritten and its rows are gone. */
ENT_MUST_CHECK ent_code ent_flow_destroy(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE],
                                         const char *reason, ent_destroyed *ret_destroyed, ent_err *err);

typedef struct ent_part_view {
    ent_part_id id;
    ent_encounter_id encounter;
    ent_person_id person;
    ent_material material;
    ent_date taken;
    char taken_under[ENT_LAW_NAME];
    ent_retention kept;
    ent_date not_before;            /* due by an event: destroyed from this day on, unless the event is corrected; year 0 */
    size_t events, pending;         /* recorded; waiting for a second person */
    bool in_hold_store;             /* no power keeps it, a hold does: two custodians open it */
} ent_part_view;

ENT_MUST_CHECK ent_code ent_flow_parts(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_part_view *v),
                                       void *ctx, ent_err *err);
/* A legal event of one part, or of an encounter's every part. ENT_REFUSED with the clause for an extension that the law does not allow. `applied`: of an
 * extension, the day of the application. */
ENT_MUST_CHECK ent_code ent_flow_event(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE],
                                       const ent_legal_event *event, ent_date applied, ent_part_view *ret_view, ent_err *err);
/* Events need a second person: an extension before it counts, a correction before it counts; of unlawful and mistaken-identity,
 * which hide at once, the second person's word ends the window in which they could be corrected. `number` counts a part's events
 * from 0. Nobody approves their own act: ENT_DENIED. */
ENT_MUST_CHECK ent_code ent_flow_event_correct(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], size_t number,
                                               ent_part_view *ret_view, ent_err *err);
/* agree false: what was proposed is dropped. */
ENT_MUST_CHECK ent_code ent_flow_event_approve(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], size_t number, bool agree,
                                               ent_part_view *ret_view, ent_err *err);
/* Every event of one part, or (part NULL) every one that waits for a second person. */
typedef void ent_see_event(void *ctx, const ent_part_view *v, size_t number, const ent_legal_event *e);
ENT_MUST_CHECK ent_code ent_flow_events(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], ent_see_event *see, void *ctx,
                                        ent_err *err);

/* These encounters are of one person, says a custodian: what the law makes of one counts for the other. Undone by unlink, which
 * gives the encounter a person of its own. Both recompute the dates of all. */
ENT_MUST_CHECK ent_code ent_flow_link(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], const uint8_t other[ENT_ID_SIZE],
                                      ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_unlink(ent_flow_node *n, const ent_actor *by, const uint8_t encounter[ENT_ID_SIZE], ent_err *err);

/* Destroys what is due, not held and past its window; how many. dry: counts only. ENT_REFUSED on a time that nothing
 * confirms. */
ENT_MUST_CHECK ent_code ent_flow_retention_run(ent_flow_node *n, const ent_actor *by, bool dry, size_t *ret_destroyed, ent_err *err);
/* What is due on a day that has not come: each part as it will be then, if nothing happens. */
ENT_MUST_CHECK ent_code ent_flow_parts_on(ent_flow_node *n, const ent_actor *by, ent_date day, void (*see)(void *ctx, const ent_part_view *v), void *ctx,
                                          ent_err *err);
/* What custodians should know before it happens. */
typedef struct ent_warning {
    ent_part_id part;
    ent_encounter_id encounter;
    ent_material material;
    const char *what, *clause;      /* "falls due on"; valid during the call */
    ent_date date;
} ent_warning;

typedef struct ent_warnings {
    size_t due;                     /* fall due within the days */
    size_t windows, windows_soon;   /* an extension may be applied for now; in two weeks */
    size_t reviews, reviews_overdue; /* holds to be reviewed within the days; of them, should have been */
    size_t unsplit;                 /* held without a power, and not in the hold store: there are not two custodians */
    size_t pending;                 /* events that wait for a second person */
} ent_warnings;

typedef void ent_see_warning(void *ctx, const ent_warning *w);
/* see NULL: only the numbers, for which `by` may be NULL. */
ENT_MUST_CHECK ent_code ent_flow_warnings(ent_flow_node *n, const ent_actor *by, int days, ent_see_warning *see, void *ctx, ent_warnings *ret, ent_err *err);

/* Hides what fell due since the last look, ends what has run out, destroys what is due on a confirmed time, sends what waits.
 * Called each minute by the node. */
ENT_MUST_CHECK ent_code ent_flow_tick(ent_flow_node *n, ent_err *err);

/* ---- the hold store: what a hold keeps and no power does ---- */

/* This custodian's share of the part's key, sealed to their own key. ENT_CONFLICT: it is not in the hold store. */
ENT_MUST_CHECK ent_code ent_flow_hold_share(ent_flow_node *n, const ent_actor *by, const uint8_t part[ENT_ID_SIZE], ent_buf *ret_box, ent_err *err);

typedef struct ent_hold_ask {
    const uint8_t *part, *share;    /* the share, opened by its owner: ENT_SHARE_SIZE bytes (crypto/share.h) */
    const char *case_reference;     /* both say the same */
} ent_hold_ask;

/* what: 'I' a print's image, 'T' its template, 'F' a photograph, 'A' its template, 'B' the biographic block (flow/capture) */
typedef void ent_see_held(void *ctx, char what, uint8_t finger, const void *bytes, size_t len);

/* The first of two words waits for an hour; with the second, of another custodian and for the same case, the record is shown once. Both
 * are entries. ENT_DAMAGED: the shares are of another key. */
ENT_MUST_CHECK ent_code ent_flow_hold_open(ent_flow_node *n, const ent_actor *by, const ent_hold_ask *ask, ent_see_held *see, void *ctx, bool *ret_opened,
                                           ent_err *err);

/* ---- regimes: a change shows its difference, and takes two ---- */

#define ENT_REGIME_EXAMPLES 20

typedef struct ent_regime_example {
    ent_part_id part;
    ent_material material;
    ent_date was, is;               /* due on; year 0: no end */
} ent_regime_example;

typedef struct ent_regime_change {
    struct {
        char name[ENT_LAW_NAME];
        const char *what;           /* added, changed, removed */
    } file[128];
    size_t file_count;
    size_t parts, sooner, later, due; /* of what is held: dates that move, and what is due that was not */
    bool alarm;                     /* more due than the configuration accepts of one change */
    ent_regime_example example[ENT_REGIME_EXAMPLES];
    size_t example_count;
} ent_regime_change;

typedef struct ent_regimes_view {
    uint8_t digest[32];             /* SHA-256 of the set in force, as ledger entries name it; zeros: none was kept */
    bool differ;                    /* the folder's files are other ones: a draft that nobody has proposed, or an old copy */
    bool proposed;
    ent_actor_id proposed_by;
    ent_time proposed_at;
} ent_regimes_view;

/* `set` as law/regime_set.h. dry: only the difference. ENT_FORMAT with file and line; ENT_EXISTS: these are in force. A later proposal
 * takes the place of one that waits. */
ENT_MUST_CHECK ent_code ent_flow_regime_propose(ent_flow_node *n, const ent_actor *by, const void *set, size_t len, bool dry, ent_regime_change *ret_change,
                                                ent_err *err);
/* The second custodian: worked out anew as of today, then in force; what moved earlier has its window. ENT_REFUSED with an alarm in the
 * ledger: it would make too much due. agree false: the proposal is dropped, by anybody who may propose. */
/* seen: SHA-256 of the proposed set that this person looked at; NULL: whichever waits. ENT_CONFLICT: another one waits by now. */
ENT_MUST_CHECK ent_code ent_flow_regime_approve(ent_flow_node *n, const ent_actor *by, bool agree, const uint8_t *seen, ent_regime_change *ret_change, ent_err *err);
/* A file of the proposed set that differs from the one in force: both texts; a length of 0: it is not there. */
typedef void ent_see_regime_file(void *ctx, const char *name, ent_bytes was, ent_bytes is);
/* What waits for a second custodian: its difference, as it is today. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_flow_regime_waiting(ent_flow_node *n, const ent_actor *by, ent_see_regime_file *see, void *ctx, ent_regime_change *ret_change,
                                                uint8_t ret_digest[32], ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_regimes(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_regime *r), void *ctx,
                                         ent_regimes_view *ret_view, ent_err *err);

/* One year of keeping and destroying. */
typedef struct ent_year_clause {
    char clause[48];
    uint64_t destroyed;
} ent_year_clause;

typedef struct ent_year {
    int year;                        /* UTC */
    uint64_t collected[ENT_MATERIAL_COUNT], extended, holds, destroyed;
    ent_year_clause clause[64];      /* why they were destroyed; what does not fit is in the last */
    size_t clause_count;
    uint64_t held[ENT_MATERIAL_COUNT], on_hold, overdue; /* now; overdue: due, free to go, and still there a day later */
    double age_days;                 /* of what is held now, on average */
} ent_year;

ENT_MUST_CHECK ent_code ent_flow_year(ent_flow_node *n, const ent_actor *by, int year, ent_year *ret_year, ent_err *err);

/* Makes templates anew from the sealed images, some parts a call; ret_left: how many are still to be done. Resumable: a stop at any
 * point goes on where it was; the old templates serve until theirs is done. */
ENT_MUST_CHECK ent_code ent_flow_gallery_rebuild(ent_flow_node *n, const ent_actor *by, size_t *ret_left, ent_err *err);

/* ---- time: what destroys must be sure of the day ---- */

typedef struct ent_time_view {
    ent_time now, confirmed;        /* the latest that was confirmed; it never goes back */
    bool sure;                      /* now follows from it by the boot clock */
    bool proposed;                  /* one person has said so; another must */
} ent_time_view;

ENT_MUST_CHECK ent_code ent_flow_time(ent_flow_node *n, ent_time_view *ret_view, ent_err *err);
/* "The clock of this machine is right": two persons within the hour. ENT_REFUSED while it is behind what was confirmed. */
ENT_MUST_CHECK ent_code ent_flow_time_confirm(ent_flow_node *n, const ent_actor *by, ent_time_view *ret_view, ent_err *err);
/* A witness signed this time a moment ago. */
void ent_flow_time_witnessed(ent_flow_node *n, ent_time signed_at);

/* ---- search ---- */

typedef struct ent_search_options {
    char agreement[ENT_LAW_NAME];   /* "": the only one that grants the purpose */
    char flow[ENT_FLOW_NAME];       /* "": the first that grants the purpose */
    char purpose[ENT_PURPOSE_NAME];
    char crossing[64];              /* the desk's own reference; stays at this node */
    char on_behalf_of[ENT_PARTY_NAME]; /* a party that the flow lists; "": for this node itself */
    uint8_t finger;
    bool any_sequence;              /* somebody looked: prints that contradict their positions are searched as they are */
    int64_t deadline_ms;            /* 0: what the agreement says, else 5 s */
    const void *slip;               /* a redress slip that the traveller shows; NULL: none */
    size_t slip_len;
    ent_answer_form form;           /* in which the partner is to answer */
} ent_search_options;

typedef struct ent_search_result {
    bool hit, refused;
    char partner[ENT_NODE_NAME_MAX];
    ent_search_id reference;
    char clause[ENT_LAW_CLAUSE], reason[200]; /* of a refusal */
    uint64_t asked, received;       /* in our ledger */
    ent_place answered;             /* in the partner's */
    int64_t prepare_ms, ask_ms, wait_ms, verify_ms; /* where our own time went */
    ent_buf receipt;                /* the partner's tlog-proof */
    ent_buf sre;                    /* the transaction that it answered with, SRE or ERR, when the form was ITL */
} ent_search_result;

void ent_search_result_free(ent_search_result *r);

/* The file is a capture with the statement of its crossing, signed by a desk (law/crossing.h); a file without one is searched on flows
 * that are marked test only. A crossing that was not answered may be asked again, with the same file: the same search goes on. ENT_CONFLICT,
 * before anything is asked or noted: prints contradict their positions (a finger or hand in another's place, which would be compared with the wrong
 * ones and miss), and any_sequence was not set. */
ENT_MUST_CHECK ent_code ent_flow_search(ent_flow_node *n, const ent_actor *by, const void *file, size_t len,
                                        const ent_search_options *options, ent_search_result *ret_result, ent_err *err);

/* Somebody whom a search for a purpose could go to. */
typedef struct ent_search_target {
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], partner[ENT_NODE_NAME_MAX];
    bool allowed;                   /* now; else clause and reason say why not */
    char clause[ENT_LAW_CLAUSE], reason[160];
    int64_t answer_within_ms, confirm_within_ms; /* the answer; persons, after a hit */
    char for_whom[ENT_AGREEMENT_PARTIES][ENT_PARTY_NAME]; /* third parties for whom this flow may be asked too; of one that is allowed */
    size_t for_count;
} ent_search_target;

/* test: of flows that are marked test, else of the others. on_behalf_of "": for this node itself; else only flows that may be asked for that
 * party, as only those that have the purpose. */
ENT_MUST_CHECK ent_code ent_flow_search_targets(ent_flow_node *n, const char *purpose, const char *on_behalf_of, bool test,
                                                void (*see)(void *ctx, const ent_search_target *t), void *ctx, ent_err *err);

/* The holder's side of one search. */
typedef struct ent_search_view {
    ent_search_id reference;
    char partner[ENT_NODE_NAME_MAX], agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME];
    ent_time received;
    bool sent, hit, refused, closed; /* sent: by this node */
    bool extrapolated;              /* the hit rests on a tail beyond what was measured: a candidate until persons confirm it */
    char clause[ENT_LAW_CLAUSE];
    char outcome[16];               /* of the case of a hit: "" while it is open */
    char crossing[64];              /* the requester's own reference of the crossing; "" at the holder */
    double score, face_score, ratio, expected_false_hits;
    uint64_t compared;              /* entries that the flow may see */
    int64_t decode_us, match_us, append_us;
    uint64_t index;
    ent_part_id candidate;          /* zero: none, or destroyed since */
    /* A search that names several records has a row for each, closed by itself: the first is the search's own, the others have numbers of
     * their own, under which the ledger knows them. */
    ent_search_id search;           /* of another candidate: the search; zero: this is it */
    size_t other_count;             /* of the search: the other candidates' numbers */
    ent_search_id other[ENT_AGREEMENT_CANDIDATES - 1];
    char on_behalf_of[ENT_PARTY_NAME]; /* for whom the requester asked; "": for itself */
    char redress[112];              /* of a slip that was shown: its number and what it did; "" none */
} ent_search_view;

ENT_MUST_CHECK ent_code ent_flow_search_show(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE],
                                             ent_search_view *ret_view, ent_err *err);
/* The case is concluded: the probe of the hit is destroyed. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_flow_search_close(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE],
                                              ent_err *err);

/* ---- examination ---- */

typedef enum ent_case_state { ENT_CASE_OPEN, ENT_CASE_CONCLUDED, ENT_CASE_EXPIRED, ENT_CASE_WITHDRAWN, ENT_CASE_STATE_COUNT } ent_case_state;

/* What somebody may see of a case. An examiner sees their own work, and what stands only once the case has ended; whether it
 * is a control, nobody who examines ever sees. face: it is of a face too, and takes the morphological form (law/morphology.h). */
typedef struct ent_case_view {
    uint8_t id[ENT_ID_SIZE];
    ent_case_state state;
    ent_finding finding;             /* that stands; ENT_FINDING_NONE: not for you, or none yet */
    ent_time opened, until;
    size_t needed, concluded;        /* examiners; 0 for an examiner */
    bool mine, analysed, suitable, face; /* the asking examiner's own work */
    ent_finding own;
    unsigned version;
    /* custodian and auditor */
    bool control;
    ent_search_id reference;         /* by which it is disclosed: the search's own, or another candidate's of it */
    ent_search_id search;
    char flow[ENT_FLOW_NAME];
} ent_case_view;

ENT_MUST_CHECK ent_code ent_flow_cases(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_case_view *v), void *ctx,
                                       ent_err *err);
/* The pictures for this examiner's step, as PNG: the probe's alone until their own analysis is locked, then the candidate's too.
 * `see` is called for each, not under any lock. */
#define ENT_PICTURE_FACE 0xff /* in place of a finger: a face */
typedef void ent_see_picture(void *ctx, bool candidate, uint8_t finger, const void *png, size_t len);
ENT_MUST_CHECK ent_code ent_flow_case_open(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_see_picture *see, void *ctx,
                                           ent_case_view *ret_view, ent_err *err);
/* What the examiner signs with their own key, ended by a NUL. `what`: "suitable" or "not-suitable"; a finding's word. */
#define ENT_CASE_SIGNED 256
void ent_case_analysis_text(const uint8_t id[ENT_ID_SIZE], bool suitable, const void *marks, size_t len, char ret_text[ENT_CASE_SIGNED]);
void ent_case_conclusion_text(const uint8_t id[ENT_ID_SIZE], ent_finding finding, unsigned version, const void *reasons, size_t len,
                              char ret_text[ENT_CASE_SIGNED]);
/* Locks the analysis. marks: what the examiner marked, up to 64 KiB of text; of a face it begins with the form. Sealed with the probe. */
ENT_MUST_CHECK ent_code ent_flow_case_analyse(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool suitable, const void *marks,
                                              size_t len, const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err);
/* A conclusion, with its reasons; again: a new version of it, while nothing was disclosed. The case ends when enough have
 * concluded: the probe is destroyed, and the partner told. */
ENT_MUST_CHECK ent_code ent_flow_case_conclude(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_finding finding,
                                               const void *reasons, size_t len, const uint8_t signature[ENT_SIGNATURE_SIZE],
                                               ent_case_view *ret_view, ent_err *err);

/* Of controls, which do not match: how an examiner concluded them. */
typedef struct ent_examiner_rate {
    char name[ENT_PERSON_NAME];
    ent_actor_id pseudonym;
    size_t cases, controls, identified /* wrongly */, excluded, inconclusive;
} ent_examiner_rate;

ENT_MUST_CHECK ent_code ent_flow_case_rates(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_examiner_rate *r), void *ctx,
                                            ent_err *err);

/* ---- disclosure ---- */

typedef struct ent_disclosed {
    uint8_t id[ENT_ID_SIZE];
    uint32_t fields;                 /* bits of ent_field that left */
    char partner[ENT_NODE_NAME_MAX], clause[ENT_LAW_CLAUSE];
    ent_date keep_until;             /* at the requester */
    uint64_t index;
    bool told;                       /* it has arrived; else it waits in the queue */
} ent_disclosed;

/* Sends the fields that the flow grants at this step, sealed to the requester's key. fields 0: all that may go. */
ENT_MUST_CHECK ent_code ent_flow_disclose(ent_flow_node *n, const ent_actor *by, const uint8_t reference[ENT_ID_SIZE], uint32_t fields,
                                          ent_disclosed *ret_disclosed, ent_err *err);

/* A disclosure's own record, which outlives the biometric and names nobody. */
typedef struct ent_disclosure_view {
    uint8_t id[ENT_ID_SIZE];
    ent_search_id reference;         /* the case number: the search's own, or another candidate's of it */
    ent_search_id search;
    char on_behalf_of[ENT_PARTY_NAME]; /* for whom it was asked; "": the partner itself */
    char partner[ENT_NODE_NAME_MAX], agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME], clause[ENT_LAW_CLAUSE];
    ent_time at, received, recalled, undertaken; /* 0: not (yet) */
    ent_time denied;                 /* recalled, and the partner said that it keeps nothing of it, without a proof of its destruction; 0: it did not */
    char recalled_for[24];           /* "destroyed", "unlawful", "corrected" */
    uint32_t fields;
    ent_date keep_until, record_until;
    uint64_t index;
    uint64_t kept_index, gone_index; /* in the requester's ledger, proven; UINT64_MAX */
} ent_disclosure_view;

ENT_MUST_CHECK ent_code ent_flow_disclosures(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_disclosure_view *v), void *ctx,
                                             ent_err *err);
/* The partner's undertaking: the tlog-proof of its entry "destroyed", as it came. ENT_NOT_FOUND while there is none. */
ENT_MUST_CHECK ent_code ent_flow_undertaking(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_disclosure_view *ret_view,
                                             ent_buf *ret_proof, ent_err *err);

/* What a partner disclosed to us. */
typedef struct ent_kept_view {
    uint8_t id[ENT_ID_SIZE];
    ent_search_id reference;         /* our search */
    ent_search_id candidate;         /* the case number in both ledgers */
    char on_behalf_of[ENT_PARTY_NAME];
    char partner[ENT_NODE_NAME_MAX], agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME];
    char given_on_of[ENT_PARTY_NAME]; /* the holder whose disclosure the partner gave on to this node; "": the partner's own */
    ent_time received;
    ent_date until;
} ent_kept_view;

ENT_MUST_CHECK ent_code ent_flow_kept(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_kept_view *v), void *ctx, ent_err *err);
/* One of them, opened: fields by name, images with their finger. Each opening is an entry. */
ENT_MUST_CHECK ent_code ent_flow_kept_open(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE],
                                           void (*see)(void *ctx, const char *field, uint8_t finger, const void *value, size_t len), void *ctx,
                                           ent_kept_view *ret_view, ent_err *err);

/* Where the flow wants the requester's examiners (confirm.by: requester, both): one of them concludes about what was disclosed, signed over
 * ent_case_conclusion_text with the disclosure's number and one version more than their last. When enough have, the holder gets the proofs. */
typedef struct ent_kept_conclusion {
    size_t concluded, needed;
    ent_finding finding;
} ent_kept_conclusion;

ENT_MUST_CHECK ent_code ent_flow_kept_conclude(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], ent_finding finding, const void *reasons, size_t len,
                                               const uint8_t signature[ENT_SIGNATURE_SIZE], ent_kept_conclusion *ret, ent_err *err);
/* How often this examiner has concluded about it: the version of their conclusion; 0: not yet. */
ENT_MUST_CHECK ent_code ent_flow_kept_version(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], unsigned *ret_version, ent_err *err);

/* ---- onward: what was disclosed is given on to a third party that the agreement names ---- */

#define ENT_ONWARD_STATES(X)                                                                                           \
    X(ASKED, "the holder's word is awaited")                                                                           \
    X(AUTHORISED, "authorised")                                                                                        \
    X(REFUSED, "not authorised")                                                                                       \
    X(GIVEN, "on its way")                                                                                             \
    X(THERE, "kept there")                                                                                             \
    X(RECALLED, "recalled, no undertaking yet")                                                                        \
    X(GONE, "gone")

typedef enum ent_onward_state {
#define ENT_X(name, text) ENT_ONWARD_##name,
    ENT_ONWARD_STATES(ENT_X)
#undef ENT_X
        ENT_ONWARD_STATE_COUNT
} ent_onward_state;

/* One copy: at the requester, who gives it on, or at the holder, who is asked. */
typedef struct ent_onward_view {
    uint8_t id[ENT_ID_SIZE];         /* its case number in all three ledgers */
    uint8_t disclosure[ENT_ID_SIZE];
    bool ours;                       /* this node gives it on; else it decides */
    ent_onward_state state;
    char to[ENT_PARTY_NAME], partner[ENT_PARTY_NAME]; /* partner: the holder; of one that it decides, the requester */
    char agreement[ENT_LAW_NAME], flow[ENT_FLOW_NAME], purpose[ENT_PURPOSE_NAME];
    ent_time at, received, recalled, undertaken; /* 0: not (yet) */
    ent_date until;
} ent_onward_view;

const char *ent_onward_state_text(ent_onward_state s); /* static */

/* Gives one disclosure on, or first asks the holder where the agreement demands its word each time: then again, once it is authorised.
 * ENT_REFUSED: the agreement, the holder, or the traveller's claim of protection; ENT_EXISTS: given on before. */
ENT_MUST_CHECK ent_code ent_flow_give_on(ent_flow_node *n, const ent_actor *by, const uint8_t disclosure[ENT_ID_SIZE], const char *to, ent_onward_view *ret_view,
                                         ent_err *err);
/* The holder's word on one that a requester asked for. */
ENT_MUST_CHECK ent_code ent_flow_onward_decide(ent_flow_node *n, const ent_actor *by, const uint8_t id[ENT_ID_SIZE], bool authorise, ent_onward_view *ret_view,
                                               ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_onward(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_onward_view *v), void *ctx, ent_err *err);

/* ---- redress ---- */

#define ENT_SLIP_MAX 2953 /* bytes: what one QR code holds (ISO/IEC 18004, version 40, level L) */
#define ENT_SLIP_DAYS 365 /* a slip counts at most that long */

/* A slip as its issuer knows it. */
typedef struct ent_slip_view {
    uint8_t number[ENT_ID_SIZE];
    char holder[ENT_NODE_NAME_MAX], agreement[ENT_LAW_NAME];
    ent_time issued, revoked;        /* revoked 0: it is not */
    ent_date until;
    bool over;                       /* its day has passed */
} ent_slip_view;

typedef struct ent_redress_ask {
    ent_search_id reference;         /* of our search whose candidate the holder's examiners excluded */
    bool consent;                    /* the traveller's */
    uint8_t finger;                  /* as in the search, of a plain image */
    const void *slip;                /* that was shown at that crossing; NULL: none */
    size_t slip_len;
} ent_redress_ask;

/* Makes a slip for the traveller of that search. The file must be the one that was searched with: its digest stands in our entry
 * "asked". ENT_REFUSED: no exclusion, no consent, another file; ENT_EXISTS: there is a slip for this search that still counts. */
ENT_MUST_CHECK ent_code ent_flow_redress_issue(ent_flow_node *n, const ent_actor *by, const void *file, size_t len, const ent_redress_ask *ask,
                                               ent_buf *ret_slip, ent_slip_view *ret_view, ent_err *err);
/* Whether this is a slip of this node, and whether it counts. ENT_FORMAT, ENT_SIGNATURE; ENT_NOT_FOUND when it was over long ago. */
ENT_MUST_CHECK ent_code ent_flow_redress_show(ent_flow_node *n, const ent_actor *by, const void *slip, size_t len, ent_slip_view *ret_view, ent_err *err);
ENT_MUST_CHECK ent_code ent_flow_redress_list(ent_flow_node *n, const ent_actor *by, void (*see)(void *ctx, const ent_slip_view *v), void *ctx, ent_err *err);
/* From now on it does not count; the holder is told. Done twice: the same. */
ENT_MUST_CHECK ent_code ent_flow_redress_revoke(ent_flow_node *n, const ent_actor *by, const uint8_t number[ENT_ID_SIZE], ent_slip_view *ret_view, ent_err *err);

/* ---- the person's own request ---- */

typedef struct ent_access_part {
    ent_material material;
    ent_date taken, until;          /* year 0: no end */
    char power[ENT_LAW_NAME], clause[ENT_LAW_CLAUSE], offence[160], status[24];
    bool held, due;
} ent_access_part;

typedef struct ent_access_search {
    char partner[ENT_NODE_NAME_MAX], purpose[ENT_PURPOSE_NAME], outcome[16];
    ent_time at;
} ent_access_search;

/* What a person may be told: nothing when nothing is held and when what is held is exempt, alike to the byte. */
typedef struct ent_access {
    ent_access_part part[64];
    size_t part_count;
    ent_access_search search[256];
    size_t search_count;
    ent_disclosure_view disclosure[64];
    size_t disclosure_count;
} ent_access;

typedef struct ent_access_ask {
    const char *ori, *tcn;          /* the custody reference */
    const char *document;           /* or the number of a travel document */
    const void *print;              /* or the person's own print: used for this only */
    size_t print_len;
} ent_access_ask;

/* The caller frees with ent_access_free. The time it takes does not tell what was found: the answer leaves on whole seconds. */
ENT_MUST_CHECK ent_code ent_flow_access(ent_flow_node *n, const ent_actor *by, const ent_access_ask *ask, ent_access **ret_access, ent_err *err);
void ent_access_free(ent_access *a); /* erases */

/* The holder's end: give it to the exchange server. */
ent_inbox ent_flow_inbox(ent_flow_node *n);

/* ---- the node's own keys ---- */

/* Writes the ledger entry and tells every partner: signed by the old key, valid beside it for 30 days; revoke: not a second
 * longer. The caller stored the new key before. */
ENT_MUST_CHECK ent_code ent_flow_identity_rotate(ent_flow_node *n, const ent_actor *by, const ent_card *fresh,
                                                 const ent_secret_key *secret, bool revoke, size_t *ret_told, ent_err *err);

/* Ends the epoch of the data keys: what was destroyed before is unreadable in every copy when it returns. ret_epoch: the new one. */
ENT_MUST_CHECK ent_code ent_flow_epoch_end(ent_flow_node *n, const ent_actor *by, uint32_t *ret_epoch, ent_err *err);

/* A backup is being made: the ledger says so, and gives the checkpoint that covers every row that was committed before the call. */
ENT_MUST_CHECK ent_code ent_flow_backup_note(ent_flow_node *n, const ent_actor *by, ent_buf *ret_note, ent_err *err);
/* The node was begun anew without its standby: the statement that two persons signed, as a commitment. */
ENT_MUST_CHECK ent_code ent_flow_gap_note(ent_flow_node *n, const void *statement, size_t len, ent_err *err);

/* ---- witnesses ---- */

/* Submits the ledger's checkpoint to whoever has not co-signed it: witnesses, partners. Called every few seconds by the node, and
 * once before it serves; by one thread. After within_ms nobody more is asked. ENT_DAMAGED: somebody holds a checkpoint under our own signature that this ledger does not
 * continue (rolled back, or forked): evidence is kept and nothing may be served. Other errors say who could not be asked. */
ENT_MUST_CHECK ent_code ent_flow_witness(ent_flow_node *n, int64_t within_ms, ent_err *err);
/* Whether this ledger is doubted, since the last time it was found so. */
bool ent_flow_doubted(ent_flow_node *n, char ret_why[160]);
/* Asks partners for receipts with cosignatures; how many were completed. By the same thread. */
ENT_MUST_CHECK ent_code ent_flow_complete(ent_flow_node *n, size_t *ret_done, ent_err *err);
/* The receipt that is kept of a search that was sent: completed or as it came. ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_flow_completed(ent_flow_node *n, const uint8_t reference[ENT_ID_SIZE], ent_buf *ret_text, bool *ret_complete,
                                           ent_err *err);
/* Receipts that are not complete; of them those that are older than an hour: their holder has not had them co-signed, or its ledger that
 * witnesses know does not have those entries. */
ENT_MUST_CHECK ent_code ent_flow_incomplete(ent_flow_node *n, size_t *ret_waiting, size_t *ret_overdue, ent_err *err);
/* What is kept about histories that should not both exist: "NAME/DIGEST", the text. */
ENT_MUST_CHECK ent_code ent_flow_evidence(ent_flow_node *n, void (*see)(void *ctx, const char *name, const char *text, size_t len), void *ctx,
                                          ent_err *err);
/* Those who are to co-sign this ledger: entries co-signed, when (ms, 0 never). */
void ent_flow_witnesses(ent_flow_node *n, void (*see)(void *ctx, const char *name, uint32_t year, uint64_t size, int64_t last_ms), void *ctx);

/* The ledger as it may be read, valid until close. */
const ent_ledger *ent_flow_ledger(const ent_flow_node *n);

/* ---- for status pages ---- */

/* Sends what waits for partners, as far as it can now; never fails. Called after acts and each minute. */
void ent_flow_tell(ent_flow_node *n);

typedef struct ent_flow_counts {
    size_t people, partners, agreements, gallery, faces, other_model;
    uint64_t ledger;
    size_t outbox, queue;          /* entries to append; messages that wait for partners */
    ent_custody custody;
    uint32_t epoch; /* of the data keys */
} ent_flow_counts;

void ent_flow_count(ent_flow_node *n, ent_flow_counts *ret_counts);
/* Of an entry of this ledger, under a cosigned checkpoint when one covers it. */
ENT_MUST_CHECK ent_code ent_flow_receipt(ent_flow_node *n, uint64_t index, ent_buf *ret_text, ent_err *err);

#endif
