/* One node in one folder:
 *
 *     node.yaml      configuration, commented
 *     identity.key   the node's Ed25519 seed (mode 0600)        tls.crt, tls.key
 *     keys/          slots and root         ledger/   store.db   regimes/
 *     people/        personal keys under their passphrases (a person may take theirs elsewhere)
 *     card.serial    lock                   desk.sock while it serves
 *
 * Only this room and the command may read the clock, hold globals or end the process. */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "adapter/sandbox/sandbox.h"
#include "api/desk/desk.h"
#include "api/exchange/witness_client.h"
#include "flow/flow.h"

#include <limits.h>

#define ENT_NODE_SILENCE_MS (60 * 60000ll) /* of witnesses, by default */

typedef struct ent_node_config {
    char name[ENT_NODE_NAME_MAX];
    char country[4];
    char address[ENT_CARD_ADDRESS];  /* what partners are told: https://HOST:PORT */
    char listen[64];
    uint16_t port, desk_port;
    unsigned refer_per_mille;       /* of travellers whom nobody knows, referred all the same */
    char contact[400];              /* whom a traveller writes to; "" not said */
    int64_t refer_after_ms;         /* when a referral is said, from the question, whatever its cause */
    int64_t grid_ms;
    unsigned threads, decoders;
    unsigned control_per_mille;
    char store[256];                /* conninfo of a PostgreSQL; "": the embedded store */
    char face_model[256];           /* the card; "": none */
    unsigned face_least;            /* quality that an enrolled photograph must have */
    unsigned regime_due_parts, regime_due_per_mille; /* more made due by one change of regimes stops it */
    char zone[64];                  /* whose days the law counts: Europe/London */
    bool accept_unlocked_memory;
    ent_witness_address witness[ENT_WITNESS_ADDRESSES]; /* where the witnesses of agreements are reached */
    size_t witness_count;
    int64_t witness_silence_ms;      /* after it nothing is asked or answered */
    bool accept_residue;             /* keys may lie where an overwrite leaves traces */
    char root[400];                  /* PKCS#11 URI (RFC 7512) of the token that wraps the epoch's key; "": a file */
    char standby[400];               /* a command that runs `entente standby keep DIR`; "": none */
} ent_node_config;

ent_node_config ent_node_config_default(void); /* what holds where a file says nothing, and what init writes */
ENT_MUST_CHECK ent_code ent_node_config_read(const char *folder, ent_node_config *ret_config, ent_err *err);
/* The commented file that `init` writes. */
void ent_node_config_write(const ent_node_config *c, ent_buf *ret_text);

typedef struct ent_node ent_node;

/* Makes a node in the folder: refuses one that is there and changes nothing then. `custodian` is the first person, with
 * their public key. */
ENT_MUST_CHECK ent_code ent_node_init(const char *folder, const ent_node_config *config, const char *custodian,
                                      const ent_public_key *key, ent_err *err);

/* Takes the folder's lock (ENT_BUSY while another process has it), opens everything; serving: with the exchange's client, so
 * that messages can be sent. jobs: what the sandbox's helper runs. */
ENT_MUST_CHECK ent_code ent_node_open(const char *folder, const char *program, bool serving,
                                      void (*progress)(void *ctx, const char *what, size_t done, size_t total), ent_node **ret_node, ent_err *err);
void ent_node_close(ent_node *n);
ent_flow_node *ent_node_flow(ent_node *n);
ent_desk_node ent_node_desk(ent_node *n);

/* Serves until SIGTERM or SIGINT; SIGHUP reads certificate and identity anew. Logs to standard error. `ready` is called
 * when both interfaces listen. */
ENT_MUST_CHECK ent_code ent_node_serve(ent_node *n, void (*ready)(void *ctx, uint16_t port), void *ctx, ent_err *err);

/* A new identity key: the ledger says so under the old one, every partner is told by a message that the old one signs, then the
 * ledger's checkpoint is signed by the new. The node must not be serving (ENT_BUSY). A crash on the way is finished or undone by
 * the next open. revoke: the old key was lost or stolen, and partners refuse it at once. ret_told: partners who took it; the others must get the new card by hand. */
ENT_MUST_CHECK ent_code ent_node_rotate_identity(const char *folder, const char *program, const char *as, const ent_public_key *as_key,
                                                 bool revoke, size_t *ret_told, ent_err *err);

/* The regimes in a folder as one set (law/regime_set.h). ENT_NOT_FOUND: none there. */
ENT_MUST_CHECK ent_code ent_node_regime_files(const char *folder, ent_buf *ret_set, ent_err *err);

/* Folder and a name joined; false: too long. */
bool ent_node_path(const char *folder, const char *name, char ret_path[PATH_MAX]);

#endif
