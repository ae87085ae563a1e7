/* What is remembered of each log lies in memory as the whole cosigned note, and in seen/HASH, which is the truth. */
#include "witness/folder.h"

#include "adapter/file/disk.h"
#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "merkle/shard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HASH_TEXT 65
#define KEYS_A_LOG 4
#define EVIDENCE_MAX 64
#define LOGS_MAX (2 * ENT_WITNESS_KEYS) /* those that are named, and the years that came of them */
#define DAY_MS 86400000

typedef struct log_state {
    char origin[ENT_ORIGIN_MAX], hash[HASH_TEXT];
    ent_public_key key[KEYS_A_LOG];
    size_t key_count;
    ent_buf note;               /* the latest that was cosigned, with cosignature; empty: none */
    ent_checkpoint checkpoint;  /* of note */
} log_state;

struct ent_witness {
    pthread_mutex_t lock;
    char folder[PATH_MAX - 160];
    ent_witness_settings settings;
    ent_secret_key secret;
    ent_clock clock;
    int fd; /* of the lock */
    log_state *logs;
    size_t count;
    bool broken;
};

static void hash_of(const char *origin, char ret_hash[HASH_TEXT])
{
    uint8_t digest[32];
    ent_sha256(origin, strlen(origin), digest);
    ent_hex(digest, sizeof digest, ret_hash);
}

static log_state *log_named(log_state *logs, size_t count, const char *origin)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(logs[i].origin, origin) == 0) return &logs[i];
    return NULL;
}

static void free_logs(log_state *logs, size_t count)
{
    for (size_t i = 0; i < count; i++) ent_buf_free(&logs[i].note);
    free(logs);
}

/* ---- loading ---- */

static ent_code load_note(const ent_witness *w, log_state *l, ent_err *err)
{
    char path[PATH_MAX];
    ent_public_key own;
    snprintf(path, sizeof path, "%s/seen/%s", w->folder, l->hash);
    ent_code code = ent_disk_load(path, &l->note, err);
    if (code == ENT_NOT_FOUND) return ENT_OK;
    if (code != ENT_OK) return code;
    ent_sign_public(&w->secret, &own);
    const char *note = (const char *)l->note.data;
    if (ent_checkpoint_parse(note, l->note.len, &l->checkpoint, NULL) != ENT_OK || strcmp(l->checkpoint.origin, l->origin) != 0 ||
        !ent_note_cosigned_by(note, l->note.len, w->settings.name, &own, NULL))
        return ent_fail(err, ENT_DAMAGED, "%s is not a checkpoint of %s that this witness co-signed: restore it from a copy, or this witness might co-sign a second history", path, l->origin);
    return ENT_OK;
}

static ent_code add_key(const ent_witness *w, log_state *logs, size_t *count, const ent_log_key *k, ent_err *err)
{
    log_state *l = log_named(logs, *count, k->origin);
    if (!l) {
        l = &logs[(*count)++];
        snprintf(l->origin, sizeof l->origin, "%s", k->origin);
        hash_of(l->origin, l->hash);
        l->note = ENT_BUF(ENT_NOTE_MAX);
        ENT_TRY(load_note(w, l, err));
    }
    if (l->key_count == KEYS_A_LOG) return ent_fail(err, ENT_TOO_LARGE, "more than %d keys of %s in `logs`", KEYS_A_LOG, l->origin);
    l->key[l->key_count++] = k->key;
    return ENT_OK;
}

/* A log that is named covers its years: NAME is known, NAME/2027 comes by itself when it does, under the same keys. */
static const log_state *covers(const ent_witness *w, const log_state *logs, size_t count, const char *origin)
{
    ent_time tomorrow = {w->clock.now(w->clock.self).ms + DAY_MS};
    uint32_t year;
    for (size_t i = 0; i < count; i++)
        if (ent_shard_origin_of(origin, logs[i].origin, &year) && year && year <= (uint32_t)ent_time_date(tomorrow).year) return &logs[i];
    return NULL;
}

static ent_code add_year(const ent_witness *w, log_state *logs, size_t *count, const log_state *of, const char *origin, ent_err *err)
{
    if (*count == LOGS_MAX) return ent_fail(err, ENT_TOO_LARGE, "more than %d logs with their years", LOGS_MAX);
    log_state *l = &logs[*count];
    *l = (log_state){.key_count = of->key_count, .note = ENT_BUF(ENT_NOTE_MAX)};
    memcpy(l->key, of->key, sizeof l->key);
    snprintf(l->origin, sizeof l->origin, "%s", origin);
    hash_of(l->origin, l->hash);
    ent_code code = load_note(w, l, err);
    if (code == ENT_OK) ++*count;
    else ent_buf_free(&l->note);
    return code;
}

/* The years that are remembered already. */
static ent_code load_years(const ent_witness *w, log_state *logs, size_t *count, ent_err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/seen", w->folder);
    DIR *d = opendir(path);
    ent_code code = ENT_OK;
    size_t named = *count;
    for (struct dirent *e; d && code == ENT_OK && (e = readdir(d));) {
        ent_checkpoint c;
        ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
        if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/seen/%s", w->folder, e->d_name) >= (int)sizeof path || ent_disk_load(path, &note, NULL) != ENT_OK ||
            ent_checkpoint_parse((const char *)note.data, note.len, &c, NULL) != ENT_OK || log_named(logs, *count, c.origin)) continue;
        const log_state *of = covers(w, logs, named, c.origin);
        if (of) code = add_year(w, logs, count, of, c.origin, err);
    }
    if (d) closedir(d);
    return code;
}

static ent_code load_logs(const ent_witness *w, log_state **ret_logs, size_t *ret_count, ent_err *err)
{
    size_t keys = 0, count = 0;
    ent_log_key *key = calloc(ENT_WITNESS_KEYS, sizeof *key);
    log_state *logs = calloc(LOGS_MAX, sizeof *logs);
    ent_code code = key && logs ? ent_witness_read_logs(w->folder, key, &keys, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for logs");
    for (size_t i = 0; i < keys && code == ENT_OK; i++) code = add_key(w, logs, &count, &key[i], err);
    free(key);
    if (code == ENT_OK) code = load_years(w, logs, &count, err);
    if (code == ENT_OK) {
        *ret_logs = logs;
        *ret_count = count;
    } else {
        free_logs(logs, logs ? count : 0);
    }
    return code;
}

ent_code ent_witness_reload(ent_witness *w, ent_err *err)
{
    log_state *logs, *old;
    size_t count, old_count;
    pthread_mutex_lock(&w->lock); /* what is remembered is read from disk: nothing may be co-signed meanwhile */
    ent_code code = load_logs(w, &logs, &count, err);
    if (code == ENT_OK) {
        old = w->logs, old_count = w->count;
        w->logs = logs, w->count = count;
        free_logs(old, old_count);
    }
    pthread_mutex_unlock(&w->lock);
    return code;
}

static ent_code take_lock(ent_witness *w, ent_err *err)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock", w->folder);
    w->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (w->fd < 0) return ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    return flock(w->fd, LOCK_EX | LOCK_NB) == 0 ? ENT_OK : ent_fail(err, ENT_BUSY, "another witness works in %s", w->folder);
}

ent_code ent_witness_open(const char *folder, ent_clock clock, ent_witness **ret_witness, ent_err *err)
{
    ent_witness *w = calloc(1, sizeof *w);
    if (!w) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a witness");
    w->clock = clock;
    w->fd = -1;
    pthread_mutex_init(&w->lock, NULL);
    ent_code code = snprintf(w->folder, sizeof w->folder, "%s", folder) < (int)sizeof w->folder ? ENT_OK : ent_fail(err, ENT_USAGE, "the folder's path is too long");
    if (code == ENT_OK) code = ent_witness_read_settings(folder, &w->settings, err);
    if (code == ENT_OK) code = take_lock(w, err);
    if (code == ENT_OK) code = ent_witness_read_key(folder, &w->secret, err);
    if (code == ENT_OK) code = load_logs(w, &w->logs, &w->count, err);
    if (code == ENT_OK) *ret_witness = w;
    else ent_witness_close(w);
    return code;
}

void ent_witness_close(ent_witness *w)
{
    if (!w) return;
    free_logs(w->logs, w->count);
    if (w->fd >= 0) close(w->fd);
    ent_secret_key_wipe(&w->secret);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

const ent_witness_settings *ent_witness_settings_of(const ent_witness *w) { return &w->settings; }
void ent_witness_key(const ent_witness *w, ent_public_key *ret_key) { ent_sign_public(&w->secret, ret_key); }

/* ---- evidence ---- */

/* What was remembered and what came, whole: each can be verified with the log's key by anybody. The n-th of this log. */
static ent_code keep_evidence(const ent_witness *w, const log_state *l, const char *body, size_t len)
{
    char path[PATH_MAX], time[ENT_TIME_TEXT];
    ENT_AUTO_BUF text = ENT_BUF(2 * ENT_ADD_CHECKPOINT_MAX);
    ent_time_text(w->clock.now(w->clock.self), time);
    ent_buf_fmt(&text, "entente-evidence/v1\nlog %s\nfound %s\nremembered %zu bytes, submitted %zu bytes\n\n", l->origin, time, l->note.len, len);
    if (l->note.len) ent_buf_put(&text, l->note.data, l->note.len);
    ent_buf_put(&text, body, len);
    for (int n = 0; n < EVIDENCE_MAX && text.failed == ENT_OK; n++) {
        snprintf(path, sizeof path, "%s/evidence/%s.%02d", w->folder, l->hash, n);
        if (access(path, F_OK) != 0) return ent_disk_replace(path, text.data, text.len, 0600, NULL);
    }
    return ENT_TOO_LARGE;
}

/* ---- add-checkpoint ---- */

/* Durable, then in memory. */
static ent_code remember(ent_witness *w, log_state *l, const ent_buf *note, const ent_checkpoint *c, ent_err *err)
{
    char path[PATH_MAX];
    ent_buf kept = ENT_BUF(ENT_NOTE_MAX);
    ent_buf_put(&kept, note->data, note->len);
    ent_code code = ent_buf_check(&kept, err);
    snprintf(path, sizeof path, "%s/seen/%s", w->folder, l->hash);
    if (code == ENT_OK) code = ent_disk_replace(path, kept.data, kept.len, 0644, err);
    if (code != ENT_OK) {
        ent_buf_free(&kept);
        return code;
    }
    ent_buf_free(&l->note);
    l->note = kept;
    l->checkpoint = *c;
    return ENT_OK;
}

/* The log's text and its own lines that were verified, without what else came under it, then our line. */
static ent_code cosign(ent_witness *w, log_state *l, const ent_add_checkpoint *add, const ent_checkpoint *c, ent_buf *ret_line, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX), line = ENT_BUF(1024);
    if (!ent_note_own_lines(add->note, add->note_len, l->origin, l->key, l->key_count, &note)) return ent_fail(err, ENT_FORMAT, "the checkpoint cannot be kept");
    ENT_TRY(ent_note_cosign((const char *)note.data, note.len, w->settings.name, &w->secret, w->clock.now(w->clock.self), &line, err));
    ent_buf_put(&note, line.data, line.len);
    ENT_TRY(ent_buf_check(&note, err));
    ENT_TRY(remember(w, l, &note, c, err));
    ent_buf_put(ret_line, line.data, line.len);
    return ent_buf_check(ret_line, err);
}

static int say(ent_buf *ret_answer, int status, const char *sentence)
{
    ent_buf_fmt(ret_answer, "%s\n", sentence);
    return status;
}

static int add_locked(ent_witness *w, log_state *l, const ent_add_checkpoint *add, ent_bytes body, ent_buf *ret_answer, bool *ret_alarm)
{
    ent_checkpoint c;
    ent_err err = {0};
    bool fork;
    ent_known_log known = {.origin = l->origin, .key = l->key, .key_count = l->key_count, .seen = l->note.len != 0, .size = l->checkpoint.size, .root = l->checkpoint.root};
    ent_witness_verdict v = ent_witness_judge(add, &known, &c, &fork);
    if (fork || v == ENT_WITNESS_REFUSE) *ret_alarm = keep_evidence(w, l, body.data, body.len) == ENT_OK && fork;
    switch (v) {
    case ENT_WITNESS_BAD: return say(ret_answer, v, "the old size is above the checkpoint's, or there is no checkpoint");
    case ENT_WITNESS_UNSIGNED: return say(ret_answer, v, "not signed by a key that is known of this log, or a line of it does not verify");
    case ENT_WITNESS_BEHIND: ent_buf_fmt(ret_answer, "%" PRIu64 "\n", known.seen ? known.size : 0); return v;
    case ENT_WITNESS_REFUSE: return say(ret_answer, v, "the checkpoint does not continue the one that is remembered");
    case ENT_WITNESS_TAKE: break;
    }
    ent_code code = cosign(w, l, add, &c, ret_answer, &err);
    if (code == ENT_OK) return 200;
    w->broken = code == ENT_IO; /* nobody knows what is on the disk */
    ent_buf_clear(ret_answer);
    return say(ret_answer, code == ENT_NO_SPACE ? 503 : 500, "the witness cannot remember this, so it does not co-sign it");
}

/* The log of a checkpoint; a year's first is taken up when a key of its log signed it. NULL: not known here. */
static log_state *log_of(ent_witness *w, const ent_checkpoint *c, const ent_add_checkpoint *add)
{
    log_state *l = log_named(w->logs, w->count, c->origin);
    const log_state *of = l ? NULL : covers(w, w->logs, w->count, c->origin);
    for (size_t i = 0; of && i < of->key_count; i++)
        if (ent_note_signed_by(add->note, add->note_len, c->origin, &of->key[i]))
            return add_year(w, w->logs, &w->count, of, c->origin, NULL) == ENT_OK ? &w->logs[w->count - 1] : NULL;
    return l;
}

int ent_witness_add(ent_witness *w, const char *body, size_t len, ent_buf *ret_answer, bool *ret_alarm)
{
    ent_add_checkpoint add;
    ent_checkpoint c;
    ent_err err = {0};
    *ret_alarm = false;
    if (ent_add_checkpoint_parse(body, len, &add, &err) != ENT_OK || ent_checkpoint_parse(add.note, add.note_len, &c, &err) != ENT_OK)
        return say(ret_answer, 400, err.detail);
    pthread_mutex_lock(&w->lock);
    log_state *l = log_of(w, &c, &add);
    int status = w->broken ? say(ret_answer, 500, "the witness stopped after a failed write; restart it")
                 : l       ? add_locked(w, l, &add, ENT_BYTES(body, len), ret_answer, ret_alarm)
                           : say(ret_answer, 404, "this log is not known here");
    pthread_mutex_unlock(&w->lock);
    return status;
}

int ent_witness_latest(ent_witness *w, const char *hash, ent_buf *ret_note)
{
    int status = 404;
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++) {
        const log_state *l = &w->logs[i];
        if (strcmp(l->hash, hash) != 0 || !l->note.len) continue;
        ent_buf_put(ret_note, l->note.data, l->note.len);
        status = 200;
    }
    pthread_mutex_unlock(&w->lock);
    return status;
}

void ent_witness_logs(ent_witness *w, void (*see)(void *ctx, const char *origin, const ent_public_key *key, const char *note), void *ctx)
{
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->count; i++)
        for (size_t k = 0; k < w->logs[i].key_count; k++) see(ctx, w->logs[i].origin, &w->logs[i].key[k], ent_buf_cstr(&w->logs[i].note));
    pthread_mutex_unlock(&w->lock);
}
