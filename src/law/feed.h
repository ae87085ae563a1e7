/* The watchlist feed's law: until when a copy may be held, and what ends it. Pure. Any thread. Whom a feed may show is the flow's own
 * rule (ent_flow_sees; an agreement with a copy is read only when it excludes minors, own nationals and who is not convicted). */
#ifndef LAW_FEED_H
#define LAW_FEED_H

#include "law/envelope.h"

enum { ENT_FEED_REPORT_MS = 86400000 }; /* local searches are reported within this time of contact */

/* The lease that a contact now gives: the flow's, and not beyond the agreement's last day. */
ent_time ent_feed_lease(const ent_agreement *a, const ent_flow *f, ent_time contact);

/* There was contact that long after the search, and it was not reported then. last_contact.ms 0: there was none. */
bool ent_feed_late(ent_time searched, ent_time last_contact);

typedef enum ent_copy_fate {
    ENT_COPY_USE,
    ENT_COPY_HOLD,   /* not searched, not renewed; its lease runs */
    ENT_COPY_DESTROY
} ent_copy_fate;

/* What may be done with a copy. a, f: as they are held now; f NULL: there is no such flow any more. sure: the time is confirmed;
 * without it nothing is searched and nothing destroyed. clause: why it is not used; a static text. */
ent_copy_fate ent_copy_fate_of(const ent_agreement *a, const ent_flow *f, ent_agreement_state state, ent_time lease, ent_time now, bool sure, const char **ret_clause);

#endif
