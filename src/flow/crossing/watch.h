/* Alarms about searches, found in the batch that notes each (docs/protocol/crossing.md). Counts live in the table "watch" for as long as they
 * are compared with: a document's keyed token and a record's number for a day, a capture's digest and a day's counts for a month. */
#ifndef FLOW_WATCH_H
#define FLOW_WATCH_H

#include "flow/commit.h"
#include "law/crossing.h"
#include "law/watch.h"

/* One search that was answered, as this node sees it. Borrowed. */
typedef struct ent_watched {
    const char *agreement, *flow, *purpose, *partner;
    const uint8_t *digest;          /* of the agreement */
    uint32_t version;
    ent_search_id reference;
    bool ours, hit;                 /* asked by this node; the answer */
    const ent_crossing *crossing;   /* NULL: not known here */
    const ent_part_id *candidates;  /* the records that it hit */
    size_t candidate_count;
    uint8_t capture[32];            /* digest of what was captured */
    int quality;                    /* of the best print, 0 to 100; -1: not known, or a face alone */
    size_t minutiae;                /* of the fullest */
} ent_watched;

/* Adds the counts and, for each that is out of the ordinary, a row of the list; its entry "alarm" comes with the next tick. Under the lock. */
ENT_MUST_CHECK ent_code ent_watch_in(ent_flow_node *n, ent_batch *b, const ent_watched *w, ent_err *err);
ENT_MUST_CHECK ent_code ent_watch_tick(ent_flow_node *n, ent_err *err);

#endif
