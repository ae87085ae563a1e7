/* The one gate: who may do what. Nobody approves their own act; where two are needed, the act says so itself. */
#ifndef FLOW_GATE_H
#define FLOW_GATE_H

#include "base/ids.h"
#include "crypto/sign.h"
#include "entente/error.h"

#include <stdbool.h>

#define ENT_PERSON_NAME 64

#define ENT_ROLES(X)                                                                                                   \
    X(CUSTODIAN, "custodian") X(OFFICER, "officer") X(EXAMINER, "examiner") X(AUDITOR, "auditor") X(OPERATOR, "operator")

typedef enum ent_role {
#define ENT_X(name, text) ENT_ROLE_##name,
    ENT_ROLES(ENT_X)
#undef ENT_X
        ENT_ROLE_COUNT
} ent_role;

/* act, words for the refusal, the roles that may */
#define ENT_GATE(X)                                                                                                    \
    X(ADD_PERSON, "add a person", CUSTODIAN_)                                                                          \
    X(APPROVE_PERSON, "approve a person", CUSTODIAN_ | OPERATOR_ | AUDITOR_)                                           \
    X(SUSPEND_PERSON, "suspend a person", CUSTODIAN_)                                                                  \
    X(ROTATE_OWN_KEY, "change their own key", ANYBODY_)                                                                \
    X(ADD_PARTNER, "add a partner", CUSTODIAN_)                                                                        \
    X(SIGN_AGREEMENT, "sign an agreement", CUSTODIAN_)                                                                 \
    X(SUSPEND_AGREEMENT, "suspend an agreement", CUSTODIAN_)                                                           \
    X(ENROL, "enrol", CUSTODIAN_)                                                                                      \
    X(DESTROY, "destroy", CUSTODIAN_)                                                                                  \
    X(RECORD_EVENT, "record a legal event", CUSTODIAN_)                                                                \
    X(SEE_RECORDS, "see what is held", CUSTODIAN_ | AUDITOR_)                                                          \
    X(SEARCH, "search", OFFICER_)                                                                                      \
    X(SEE_LEDGER, "read the ledger's entries", AUDITOR_)                                                               \
    X(SEE_SEARCH, "see the holder's side of a search", CUSTODIAN_ | EXAMINER_ | AUDITOR_)                              \
    X(CLOSE_SEARCH, "close a case", CUSTODIAN_)                                                                        \
    X(EXAMINE, "examine a candidate", EXAMINER_)                                                                       \
    X(SEE_CASES, "see cases", EXAMINER_ | CUSTODIAN_ | AUDITOR_)                                                       \
    X(DISCLOSE, "disclose", CUSTODIAN_)                                                                                \
    X(SEE_DISCLOSED, "see what was disclosed", CUSTODIAN_ | AUDITOR_)                                                  \
    X(SEE_KEPT, "see what partners disclosed", OFFICER_ | EXAMINER_ | CUSTODIAN_)                                      \
    X(GIVE_ON, "give on what partners disclosed", CUSTODIAN_)                                                          \
    X(AUTHORISE_ONWARD, "authorise that something is given on", CUSTODIAN_)                                            \
    X(SEE_ONWARD, "see what was given on", CUSTODIAN_ | AUDITOR_)                                                      \
    X(REDRESS, "issue or revoke a redress slip", OFFICER_ | CUSTODIAN_)                                                \
    X(SEE_REDRESS, "see the redress slips that were issued", OFFICER_ | CUSTODIAN_ | AUDITOR_)                         \
    X(REBUILD, "rebuild the gallery", CUSTODIAN_ | OPERATOR_)                                                          \
    X(CONFIRM_TIME, "confirm the time", CUSTODIAN_ | OPERATOR_ | AUDITOR_)                                              \
    X(LINK, "link encounters of one person", CUSTODIAN_)                                                               \
    X(APPROVE, "approve what another proposed", CUSTODIAN_)                                                            \
    X(OPEN_HOLD, "open what a hold keeps", CUSTODIAN_)                                                                  \
    X(CHANGE_REGIMES, "change the regimes", CUSTODIAN_)                                                                \
    X(SUBJECT_ACCESS, "answer a person's request", CUSTODIAN_)                                                         \
    X(ROTATE_IDENTITY, "change the node's key", CUSTODIAN_ | OPERATOR_)                                               \
    X(END_EPOCH, "end an epoch", CUSTODIAN_ | OPERATOR_)                                                               \
    X(ADMIT, "record an entry or an exit", OFFICER_)                                                                   \
    X(SEE_STAYS, "see who stays beyond their day", OFFICER_ | CUSTODIAN_ | AUDITOR_)                                   \
    X(DESIGNATE, "change a programme or who is in it", CUSTODIAN_)                                                     \
    X(PULL_FEED, "take a partner's feed", CUSTODIAN_ | OPERATOR_)                                                       \
    X(PROPOSE_DESK, "propose or withdraw a desk's capture key", CUSTODIAN_ | OPERATOR_)                                 \
    X(OPEN_LOT, "open a crossing to the auditor", CUSTODIAN_)                                                          \
    X(SEE_LOTS, "see which searches the lot chose", CUSTODIAN_ | AUDITOR_)                                             \
    X(SEE_LOT, "read a crossing that was opened", AUDITOR_)                                                            \
    X(SEE_ALARMS, "see alarms", CUSTODIAN_ | AUDITOR_)                                                                  \
    X(BACK_UP, "make a backup", CUSTODIAN_ | OPERATOR_)

typedef enum ent_gate_act {
#define ENT_X(name, text, roles) ENT_MAY_##name,
    ENT_GATE(ENT_X)
#undef ENT_X
        ENT_MAY_COUNT
} ent_gate_act;

/* Somebody who works here, as the store knows them now. */
typedef struct ent_actor {
    char name[ENT_PERSON_NAME];
    ent_role role;
    bool suspended;
    ent_actor_id pseudonym;   /* what the ledger shows */
    ent_public_key key;
    ent_public_key old_key;   /* valid until old_until */
    int64_t old_until_ms;     /* 0: none */
    int64_t expires_ms;       /* of the key */
} ent_actor;

/* ENT_DENIED with one sentence. */
ENT_MUST_CHECK ent_code ent_gate(const ent_actor *who, ent_gate_act act, ent_err *err);
const char *ent_role_text(ent_role role);
ent_role ent_role_named(const char *word); /* ENT_ROLE_COUNT: none */

#endif
