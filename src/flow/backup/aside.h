/* What a node put aside on its standby (flow/record/aside.c), back into a restored store, before it is purged. Over two ports. */
#ifndef FLOW_BACKUP_ASIDE_H
#define FLOW_BACKUP_ASIDE_H

#include "base/ids.h"
#include "crypto/hash.h"
#include "port/keys.h"
#include "port/store.h"

typedef enum ent_aside_was {
    ENT_ASIDE_GONE,   /* its key is destroyed: nothing was put back */
    ENT_ASIDE_LOST,   /* enrolled after the backup, which alone would have its images */
    ENT_ASIDE_LATER,  /* the backup's row was given the law that was recorded since */
    ENT_ASIDE_HELD    /* moved into the hold store since: whole */
} ent_aside_was;

/* How many pieces belong to it. ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_aside_pieces(ent_bytes file, uint32_t *ret_pieces, ent_err *err);
/* `file`: part-ID; `pieces`: blob-ID-0000 and on, one after the other. ENT_DAMAGED for what is not whole. */
ENT_MUST_CHECK ent_code ent_restore_aside(const ent_store *store, const ent_keys *keys, ent_bytes file, ent_bytes pieces, ent_part_id *ret_part, ent_aside_was *ret_was,
                                          ent_err *err);

#endif
