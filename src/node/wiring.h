/* What the files of this room share. */
#ifndef NODE_WIRING_H
#define NODE_WIRING_H

#include "api/exchange/client.h"
#include "node/node.h"

#include <pthread.h>
#include "port/root.h"
#include "port/standby.h"

/* By the system clock: the year of a ledger that begins now. */
uint32_t ent_node_year(void);

/* What stands behind the key slots. */
typedef struct ent_node_custody {
    ent_root root;
    ent_standby standby; /* self NULL: none */
} ent_node_custody;

/* The slots of the node in a folder, with the root and the standby that the configuration names; then the ledger, opened before, is
 * kept by the standby too (`ledger` is exchanged). All are closed by the caller, the custody last. */
ENT_MUST_CHECK ent_code ent_node_open_keys(const char *folder, const ent_node_config *config, bool create, ent_node_custody *ret_custody, ent_keys *ret_keys, ent_err *err);
ENT_MUST_CHECK ent_code ent_node_keep_ledger(const ent_node_custody *custody, ent_ledger *ledger, ent_err *err);
void ent_node_close_custody(ent_node_custody *c);

/* The thread that speaks with witnesses. */
typedef struct ent_witnessing_thread {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, stop;
    void (*note)(int priority, const char *format, ...);
    char last[200];      /* what was noted last: the same is not said every ten seconds */
} ent_witnessing_thread;

/* The embedded store of the folder, or the PostgreSQL that the configuration names. */
ENT_MUST_CHECK ent_code ent_node_open_store(const char *folder, const ent_node_config *config, ent_store *ret_store, ent_err *err);
/* src/node/faces.c: nothing when the card's name is empty. */
struct ent_node_faces;
ENT_MUST_CHECK ent_code ent_node_open_faces(const char *folder, const char *card, struct ent_node_faces **ret_faces, ent_faces *ret_port, ent_err *err);
void ent_node_close_faces(struct ent_node_faces *f); /* NULL is fine */

struct ent_node {
    char folder[PATH_MAX - 320];
    ent_node_config config;
    int lock;
    ent_sandbox *sandbox;
    ent_secret_key identity;
    ent_buf certificate, tls_key;
    ent_node_custody custody;
    ent_buf regime_files;
    ent_exchange_client *client;
    ent_witness_client *witnesses;
    struct ent_node_faces *faces;
    ent_witnessing_thread witnessing;
    ent_flow_config flow_config;
    ent_flow_node *flow;
};

/* Identity, certificate and key, and the card's serial, fresh. */
ENT_MUST_CHECK ent_code ent_node_make_keys(const char *folder, const ent_node_config *c, ent_secret_key *ret_secret, ent_err *err);

/* A folder of what is installed beside the program: $ENTENTE_SHARE, the installed place, or the source's. */
void ent_node_share(const char *name, char ret_path[PATH_MAX]);

/* What a gap statement says. */
typedef struct ent_node_gap {
    const char *old_name, *new_name, *reason;
    ent_time backup_made, now;
    uint64_t log_size, lost;
    uint8_t log_root[32];
    const char *log_origin;
    ent_public_key key;
} ent_node_gap;

ENT_MUST_CHECK ent_code ent_node_gap_write(const char *folder, const ent_node_gap *gap, ent_err *err);
/* After the flow was opened: a gap that two persons signed goes into the ledger, once; ENT_REFUSED while they have not. */
ENT_MUST_CHECK ent_code ent_node_gap_take(const char *folder, ent_flow_node *flow, ent_err *err);

/* ---- witnesses (witnessing.c) ---- */

ENT_MUST_CHECK ent_code ent_node_read_witnesses(const ent_doc *doc, ent_node_config *c, ent_err *err);
void ent_node_write_witnesses(const ent_node_config *c, ent_buf *ret_text);
/* Before anything is served: ENT_DAMAGED when somebody remembers another history of this ledger. Who cannot be reached does not
 * hinder. */
ENT_MUST_CHECK ent_code ent_node_agree(ent_node *n, ent_err *err);
/* A thread that submits checkpoints and completes receipts every ten seconds; ends the process by SIGTERM when the ledger is
 * doubted. `note`: as in serve.c. */
ENT_MUST_CHECK ent_code ent_node_witnessing_start(ent_node *n, void (*note)(int priority, const char *format, ...), ent_err *err);
void ent_node_witnessing_stop(ent_node *n);

ENT_MUST_CHECK ent_code ent_node_load_identity(const char *folder, ent_secret_key *ret_secret, ent_err *err);
/* Before anything is opened: a rotation that was cut short is finished when the ledger has the new key, undone otherwise. */
ENT_MUST_CHECK ent_code ent_node_finish_rotation(const char *folder, const char *name, ent_err *err);
ent_code ent_node_by_name(void *self, const char *name, ent_peer *ret_peer, ent_err *err);
ent_code ent_node_by_certificate(void *self, const uint8_t sha256[32], ent_peer *ret_peer, ent_err *err);

#endif
