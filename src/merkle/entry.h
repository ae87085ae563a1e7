/* The ledger's entry: 256 bytes, no personal data (docs/protocol/ledger.md). Pure: bytes <-> struct. */
#ifndef MERKLE_ENTRY_H
#define MERKLE_ENTRY_H

#include "base/ids.h"
#include "base/limits.h"
#include "base/when.h"
#include "entente/error.h"

#define ENT_ENTRY_SIZE ENT_LIMIT_LEDGER_ENTRY
#define ENT_ENTRY_NONE UINT64_MAX /* follows: no entry */

/* number, name. Numbers are for ever. */
#define ENT_ENTRY_KINDS(X)                                                                                             \
    X(1, OPENED, "opened")                 /* a shard's first */                                                       \
    X(2, PERSON, "person")                 /* added, changed, suspended */                                             \
    X(3, KEY, "key")                       /* rotated or revoked: of the node, a person, a partner */                  \
    X(4, PARTNER, "partner")               /* added or changed */                                                      \
    X(5, AGREEMENT, "agreement")           /* proposed, signed, countersigned, suspended, ended */                     \
    X(6, REGIME, "regime")                                                                                             \
    X(7, YEAR_CLOSED, "year closed")       /* the last of a shard; its purpose is the year that follows */                 \
    X(16, ENROLLED, "enrolled")            /* a part was taken */                                                      \
    X(17, EVENT, "event")                  /* a legal fact of a part */                                                \
    X(18, EXTENDED, "extended")                                                                                        \
    X(19, DUE, "due")                      /* left every gallery */                                                    \
    X(20, DESTROYED, "destroyed")                                                                                      \
    X(21, HELD, "held")                                                                                                \
    X(22, EXPORTED, "exported")            /* left the system */                                                       \
    X(32, ASKED, "asked")                  /* requester: before a search is sent */                                    \
    X(33, ANSWERED_NO_HIT, "answered no hit")                                                                          \
    X(34, ANSWERED_HIT, "answered hit")                                                                                \
    X(35, REFUSED, "refused")              /* holder: with the clause */                                               \
    X(36, RECEIVED, "received")            /* requester: an answer, a refusal or none */                               \
    X(37, EXAMINED, "examined")                                                                                        \
    X(38, DISCLOSED, "disclosed")                                                                                      \
    X(39, CLOSED, "closed")                /* the probe of a hit was destroyed */                                      \
    X(40, RECALLED, "recalled")                                                                                        \
    X(41, FEED, "feed")                                                                                                \
    X(42, LOCAL_SEARCH, "local search")                                                                                \
    X(43, KEPT, "kept")                    /* requester: a disclosure is kept until its day */                         \
    X(44, LINKED, "linked")                /* or unlinked: encounters of one person */                                 \
    X(45, APPROVED, "approved")            /* a second person's word on a proposal */                                  \
    X(46, REDRESS, "redress")              /* a slip is issued, shown or revoked */                                    \
    X(47, LOT, "lot")                      /* a search that the lot chose is opened to the auditor */                  \
    X(48, ALARM, "alarm")                                                                                              \
    X(49, DESIGNATION, "designation")      /* an admission programme, or a country in it: proposed */                 \
    X(50, CROSSED, "crossed")              /* an entry or an exit, decided by an officer */

typedef enum ent_entry_kind {
#define ENT_X(number, name, text) ENT_ENTRY_##name = number,
    ENT_ENTRY_KINDS(ENT_X)
#undef ENT_X
} ent_entry_kind;

typedef struct ent_entry {
    ent_entry_kind kind;
    ent_time time;
    ent_case_id case_number;      /* random; its link to a record is sealed with the record */
    uint64_t follows;             /* index in the same ledger, ENT_ENTRY_NONE */
    uint8_t agreement[32];        /* SHA-256 of the signed file; zeros: none */
    uint32_t agreement_version;
    char flow[32];                /* ASCII, ended by a NUL inside the field */
    char purpose[40];
    char clause[48];              /* of the agreement or the law that allowed or refused it */
    ent_date destroy_by;          /* year 0: none */
    ent_actor_id actor;           /* pseudonym */
    uint8_t commitment[32];       /* HMAC-SHA-256 under a fresh 32-byte salt that is sealed with the record */
    uint8_t party;                /* a third party of the agreement, by its place there from 1: on whose behalf was asked, to whom a copy was given on; 0: none */
} ent_entry;

/* Texts that do not fit, are not printable ASCII or have no NUL are ENT_FORMAT: an entry is never cut. */
ENT_MUST_CHECK ent_code ent_entry_encode(const ent_entry *e, uint8_t ret_bytes[ENT_ENTRY_SIZE], ent_err *err);
/* ENT_FORMAT for anything that encode could not have written, ENT_UNSUPPORTED for a later version. */
ENT_MUST_CHECK ent_code ent_entry_decode(const uint8_t bytes[ENT_ENTRY_SIZE], ent_entry *ret_entry, ent_err *err);
const char *ent_entry_kind_text(ent_entry_kind kind); /* static; NULL for an unknown number */

#endif
