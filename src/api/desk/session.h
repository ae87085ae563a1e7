/* Sessions of persons at the console. One opens with a request that the person's own key signed; it lets the page read. Whatever
 * changes something is signed besides, request by request, as a command's is: a stolen cookie can look for minutes and do nothing.
 *
 *   (signed session-open) ──> open ──> ended: closed, 10 minutes without a request, an hour in all, the person suspended, their
 *                                      key changed or expired, or the node stopped
 *
 * Tokens are kept as SHA-256 only, in memory only. Any thread. */
#ifndef API_DESK_SESSION_H
#define API_DESK_SESSION_H

#include "flow/gate.h"

#include <stdint.h>

enum { ENT_SESSIONS = 64, ENT_SESSION_IDLE_MS = 600000, ENT_SESSION_MS = 3600000, ENT_SESSION_TOKEN = 65, ENT_SESSION_RATE = 100 /* a second */, ENT_SESSION_BURST = 600 };

typedef struct ent_sessions ent_sessions;

typedef struct ent_session_view {
    char name[ENT_PERSON_NAME];
    ent_public_key key;       /* with which it was opened */
    int64_t until_ms;         /* ends then, or before by idleness */
} ent_session_view;

ENT_MUST_CHECK ent_code ent_sessions_new(ent_sessions **ret, ent_err *err);
void ent_sessions_free(ent_sessions *s); /* NULL is fine */

/* A new one for somebody who was authenticated; ret_token is 64 hex digits. When all places are taken, the one that was idle for
 * longest ends. ENT_DENIED for who is suspended. */
ENT_MUST_CHECK ent_code ent_session_open(ent_sessions *s, const ent_actor *who, const uint8_t secret[32], int64_t now_ms,
                                         char ret_token[ENT_SESSION_TOKEN], ent_session_view *ret, ent_err *err);
/* The open one with this token. by_itself: the page asks without its person, which is no use of the session. ENT_DENIED: none; ENT_QUOTA:
 * more requests than a page makes. */
ENT_MUST_CHECK ent_code ent_session_use(ent_sessions *s, const char *token, bool by_itself, int64_t now_ms, ent_session_view *ret, ent_err *err);
void ent_session_close(ent_sessions *s, const char *token);
/* Whether the person as the store knows them now may still use it. ENT_DENIED: say why, and close it. */
ENT_MUST_CHECK ent_code ent_session_still(const ent_session_view *v, const ent_actor *now, int64_t now_ms, ent_err *err);
/* Acts that only read: a session is enough for them. */
bool ent_session_reads(const char *act);

#endif
