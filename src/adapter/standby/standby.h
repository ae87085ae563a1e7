/* The standby over a command's standard input and output: `entente standby keep DIR` beside this node on another disk, or over
 * ssh on another host, which then carries secrecy and identity. docs/protocol/standby.md has the frames.
 *
 *     DIR/keys/    slots and root, as a node has them        DIR/node/   identity.key, tls.key, tls.crt, node.yaml, card.serial
 *     DIR/ledger/  entries, checkpoint                       DIR/aside/  part-ID, blob-ID-NNNN: rows that a backup may be too old for
 *     DIR/lock     one keeper at a time */
#ifndef ADAPTER_STANDBY_H
#define ADAPTER_STANDBY_H

#include "base/limits.h"
#include "port/ledger.h"
#include "port/standby.h"

/* The node's end. The command is run by /bin/sh at the first call and again after it was lost; an answer that takes longer than
 * ENT_LIMIT_STANDBY_WAIT_MS is ENT_TIMEOUT. The command is copied. */
ENT_MUST_CHECK ent_code ent_standby_link(const char *command, ent_standby *ret_standby, ent_err *err);

/* A ledger whose appends are acknowledged by the standby before they return. Takes over `inner`; the standby is borrowed.
 * ENT_CONFLICT: the standby holds entries that this ledger has not, or others: it is an older copy. */
ENT_MUST_CHECK ent_code ent_standby_ledger(const ent_ledger *inner, const ent_standby *standby, ent_ledger *ret_ledger, ent_err *err);

/* The keeper's end: applies frames from `in` in DIR (made when it is not there), each on the disk before it is answered on `out`,
 * until `in` ends (ENT_OK). ENT_BUSY: another keeper is at work there. */
ENT_MUST_CHECK ent_code ent_standby_keep(const char *folder, int in, int out, ent_err *err);

/* ---- the frames, shared by both ends ---- */

typedef enum ent_standby_op {
    ENT_STANDBY_STATE = 1, ENT_STANDBY_READ = 2, ENT_STANDBY_PUT = 3, ENT_STANDBY_BEGIN = 4, ENT_STANDBY_FILL = 5,
    ENT_STANDBY_COMMIT = 6, ENT_STANDBY_APPEND = 7, ENT_STANDBY_FILE = 8
} ent_standby_op;

/* One frame: length of what follows (4), op or code (1), payload. ENT_UNREACHABLE: the other end is gone. ENT_TIMEOUT. */
ENT_MUST_CHECK ent_code ent_standby_send(int fd, uint8_t head, const ent_buf *payload, ent_err *err);
/* ret_end: nothing came, the other end closed. */
ENT_MUST_CHECK ent_code ent_standby_receive(int fd, uint8_t *ret_head, ent_buf *ret_payload, bool *ret_end, ent_err *err);

#endif
