#include "api/desk/session.h"

#include "base/check.h"
#include "base/text.h"
#include "api/desk/http.h"
#include "crypto/hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ent_sessions {
    pthread_mutex_t lock;
    struct session {
        bool open;
        uint8_t digest[32];
        int64_t used_ms;
        ent_rate rate;
        ent_session_view view;
    } at[ENT_SESSIONS];
};

ent_code ent_sessions_new(ent_sessions **ret, ent_err *err)
{
    ent_sessions *s = calloc(1, sizeof *s);
    if (!s) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    pthread_mutex_init(&s->lock, NULL);
    *ret = s;
    return ENT_OK;
}

void ent_sessions_free(ent_sessions *s)
{
    if (!s) return;
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static bool is_over(const struct session *s, int64_t now_ms)
{
    return !s->open || now_ms >= s->view.until_ms || now_ms >= s->used_ms + ENT_SESSION_IDLE_MS || now_ms < s->used_ms - ENT_SESSION_IDLE_MS;
}

/* One that is over, else the one used longest ago. */
static struct session *place_for(ent_sessions *s, int64_t now_ms)
{
    struct session *oldest = &s->at[0];
    for (size_t i = 0; i < ENT_SESSIONS; i++) {
        if (is_over(&s->at[i], now_ms)) return &s->at[i];
        if (s->at[i].used_ms < oldest->used_ms) oldest = &s->at[i];
    }
    return oldest;
}

ent_code ent_session_open(ent_sessions *s, const ent_actor *who, const uint8_t secret[32], int64_t now_ms, char ret_token[ENT_SESSION_TOKEN],
                          ent_session_view *ret, ent_err *err)
{
    if (who->suspended) return ent_fail(err, ENT_DENIED, "%s is suspended", who->name);
    struct session fresh = {.open = true, .used_ms = now_ms, .view = {.key = who->key, .until_ms = now_ms + ENT_SESSION_MS}};
    snprintf(fresh.view.name, sizeof fresh.view.name, "%s", who->name);
    ent_hex(secret, 32, ret_token);
    ent_sha256(ret_token, 64, fresh.digest);
    pthread_mutex_lock(&s->lock);
    *place_for(s, now_ms) = fresh;
    pthread_mutex_unlock(&s->lock);
    *ret = fresh.view;
    return ENT_OK;
}

/* By digest: how long a comparison takes says nothing of a token. */
static struct session *find(ent_sessions *s, const char *token)
{
    uint8_t digest[32];
    if (strlen(token) != 64) return NULL;
    ent_sha256(token, 64, digest);
    for (size_t i = 0; i < ENT_SESSIONS; i++)
        if (s->at[i].open && memcmp(s->at[i].digest, digest, 32) == 0) return &s->at[i];
    return NULL;
}

ent_code ent_session_use(ent_sessions *s, const char *token, bool by_itself, int64_t now_ms, ent_session_view *ret, ent_err *err)
{
    pthread_mutex_lock(&s->lock);
    struct session *one = find(s, token);
    bool good = one && !is_over(one, now_ms), few = good && ent_rate_take(&one->rate, now_ms, ENT_SESSION_RATE, ENT_SESSION_BURST);
    if (few) {
        if (!by_itself) one->used_ms = now_ms;
        *ret = one->view;
    } else if (one && !good) {
        one->open = false;
    }
    pthread_mutex_unlock(&s->lock);
    if (good && !few) return ent_fail(err, ENT_QUOTA, "this page asks more than %d times a second: wait a moment", ENT_SESSION_RATE);
    return good ? ENT_OK : ent_fail(err, ENT_DENIED, "the session has ended: sign in again");
}

void ent_session_close(ent_sessions *s, const char *token)
{
    pthread_mutex_lock(&s->lock);
    struct session *one = find(s, token);
    if (one) one->open = false;
    pthread_mutex_unlock(&s->lock);
}

ent_code ent_session_still(const ent_session_view *v, const ent_actor *now, int64_t now_ms, ent_err *err)
{
    if (now->suspended) return ent_fail(err, ENT_DENIED, "%s is suspended: the session has ended", v->name);
    if (now->expires_ms < now_ms) return ent_fail(err, ENT_DENIED, "the key of %s has expired: the session has ended", v->name);
    if (memcmp(now->key.b, v->key.b, sizeof v->key.b) != 0) return ent_fail(err, ENT_DENIED, "the key of %s was changed: sign in with the new one", v->name);
    return ENT_OK;
}

bool ent_session_reads(const char *act)
{
    static const char *const reads[] = {"status", "card", "receipt", "person-list", "partner-list", "agreement-list", "agreement-envelope", "agreement-versions", "record-list",
                                        "event-list", "likely-list", "regime-list", "regime-waiting", "retention-warnings", "time", "retention-year", "search-targets", "search-show", "search-receipt", "case-list", "case-rates",
                                        "disclosure-list", "disclosure-undertaking", "kept-list", "onward-list", "kept-version", "ledger-get", "ledger-witnesses", "ledger-evidence", "crossing-list", "capture-list", "redress-list",
                                        "programme-list", "programme-show", "agreement-picture", "programme-history", "stays-overdue", "desk-list", "lot-list", "alarm-list"};
    for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
        if (strcmp(act, reads[i]) == 0) return true;
    return false;
}
