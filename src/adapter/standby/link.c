#include "adapter/standby/standby.h"

#include "base/check.h"
#include "base/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct link_end {
    pthread_mutex_t lock;
    char *command;
    int fd; /* -1: not running */
    pid_t child;
} link_end;

/* ---- the command ---- */

/* The child has no signal blocked and both its ends on one socket. */
static int spawn(const char *command, int fd, pid_t *ret_child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    char *argv[] = {(char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)command, NULL};
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    int rc = posix_spawn(ret_child, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static ent_code connect_link(link_end *l, ent_err *err)
{
    int pair[2];
    const struct timeval wait = {.tv_sec = ENT_LIMIT_STANDBY_WAIT_MS / 1000};
    if (l->fd >= 0) return ENT_OK;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return ent_fail(err, ENT_UNREACHABLE, "the standby: %s", strerror(errno));
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    int rc = spawn(l->command, pair[1], &l->child);
    close(pair[1]);
    if (rc == 0) {
        l->fd = pair[0];
        return ENT_OK;
    }
    close(pair[0]);
    return ent_fail(err, ENT_UNREACHABLE, "the standby's command does not start: %s", strerror(rc));
}

/* A closed input ends the keeper; one that does not end is asked to, and then not asked. */
static void disconnect(link_end *l)
{
    if (l->fd < 0) return;
    close(l->fd);
    l->fd = -1;
    for (int tries = 0; tries < 50; tries++) {
        if (waitpid(l->child, NULL, WNOHANG) != 0) return;
        if (tries == 20) kill(l->child, SIGTERM);
        usleep(20000);
    }
    kill(l->child, SIGKILL);
    waitpid(l->child, NULL, 0);
}

/* ---- one question ---- */

static ent_code ask_locked(link_end *l, ent_standby_op op, const ent_buf *payload, ent_buf *ret, ent_err *err)
{
    uint8_t code;
    bool end;
    ENT_TRY(connect_link(l, err));
    ENT_TRY(ent_standby_send(l->fd, (uint8_t)op, payload, err));
    ENT_AUTO_BUF answer = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
    ENT_TRY(ent_standby_receive(l->fd, &code, &answer, &end, err));
    if (code == ENT_OK && ret) ent_buf_put(ret, answer.data, answer.len);
    if (code == ENT_OK) return ret ? ent_buf_check(ret, err) : ENT_OK;
    if (code >= ENT_CODE_COUNT) return ent_fail(err, ENT_FORMAT, "the standby answers with what this program does not know");
    return ent_fail(err, (ent_code)code, "%.300s", ent_buf_cstr(&answer));
}

/* After any failure the connection is given up: nobody knows what the other end has done. */
static ent_code ask(void *self, ent_standby_op op, const ent_buf *payload, ent_buf *ret, ent_err *err)
{
    link_end *l = self;
    pthread_mutex_lock(&l->lock);
    ent_code code = payload ? ent_buf_check(payload, err) : ENT_OK;
    if (code == ENT_OK) code = ask_locked(l, op, payload, ret, err);
    if (code != ENT_OK) disconnect(l);
    pthread_mutex_unlock(&l->lock);
    return code;
}

/* ---- the port ---- */

static ent_code state(void *self, ent_standby_state *ret, ent_err *err)
{
    ENT_AUTO_BUF answer = ENT_BUF(256);
    ent_standby_state s;
    ENT_TRY(ask(self, ENT_STANDBY_STATE, NULL, &answer, err));
    ent_cursor c = ENT_CURSOR(answer.data, answer.len);
    s.epoch = ent_cursor_u32(&c);
    s.capacity = ent_cursor_u64(&c);
    ent_cursor_copy(&c, s.digest, 32);
    s.ledger_size = ent_cursor_u64(&c);
    s.ledger_first = ent_cursor_u64(&c);
    ent_cursor_copy(&c, s.ledger_root, 32);
    if (!ent_cursor_done(&c)) return ent_fail(err, ENT_FORMAT, "the standby's state has another form: is it of the same version?");
    *ret = s;
    return ENT_OK;
}

static ent_code rows(void *self, uint64_t from, size_t count, uint8_t *ret_bytes, ent_err *err)
{
    ENT_AUTO_BUF q = ENT_BUF(64), answer = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
    ent_buf_u64(&q, from);
    ent_buf_u32(&q, (uint32_t)count);
    ENT_TRY(ask(self, ENT_STANDBY_READ, &q, &answer, err));
    if (answer.len != count * 128) return ent_fail(err, ENT_FORMAT, "the standby sent %zu bytes for %zu slots", answer.len, count);
    memcpy(ret_bytes, answer.data, answer.len);
    return ENT_OK;
}

static ent_code put(void *self, const uint64_t *positions, size_t count, const uint8_t *bytes, ent_err *err)
{
    ENT_AUTO_BUF q = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
    for (size_t i = 0; i < count; i++) {
        ent_buf_u64(&q, positions[i]);
        ent_buf_put(&q, bytes + i * 128, 128);
    }
    return ask(self, ENT_STANDBY_PUT, &q, NULL, err);
}

static ent_code begin(void *self, uint32_t epoch, uint64_t capacity, const void *root, size_t root_len, ent_err *err)
{
    ENT_AUTO_BUF q = ENT_BUF(1024);
    ent_buf_u32(&q, epoch);
    ent_buf_u64(&q, capacity);
    ent_buf_put(&q, root, root_len);
    return ask(self, ENT_STANDBY_BEGIN, &q, NULL, err);
}

static ent_code fill(void *self, uint64_t from, size_t count, const uint8_t *bytes, ent_err *err)
{
    ENT_AUTO_BUF q = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
    ent_buf_u64(&q, from);
    ent_buf_put(&q, bytes, count * 128);
    return ask(self, ENT_STANDBY_FILL, &q, NULL, err);
}

static ent_code commit(void *self, ent_err *err) { return ask(self, ENT_STANDBY_COMMIT, NULL, NULL, err); }

static ent_code append(void *self, uint64_t from, size_t count, const uint8_t *entries, const void *note, size_t note_len, ent_err *err)
{
    ENT_AUTO_BUF q = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
    ent_buf_u64(&q, from);
    ent_buf_u32(&q, (uint32_t)count);
    if (count) ent_buf_put(&q, entries, count * ENT_ENTRY_SIZE);
    if (note_len) ent_buf_put(&q, note, note_len);
    return ask(self, ENT_STANDBY_APPEND, &q, NULL, err);
}

static ent_code file(void *self, const char *name, const void *bytes, size_t len, ent_err *err)
{
    ENT_AUTO_BUF q = ENT_BUF(ENT_LIMIT_STANDBY_FRAME);
    ent_buf_u8(&q, (uint8_t)strlen(name));
    ent_buf_str(&q, name);
    if (len) ent_buf_put(&q, bytes, len);
    return ask(self, ENT_STANDBY_FILE, &q, NULL, err);
}

static void close_link(void *self)
{
    link_end *l = self;
    if (!l) return;
    disconnect(l);
    pthread_mutex_destroy(&l->lock);
    free(l->command);
    free(l);
}

ent_code ent_standby_link(const char *command, ent_standby *ret, ent_err *err)
{
    link_end *l = calloc(1, sizeof *l);
    char *copy = strdup(command);
    if (!l || !copy) {
        free(l);
        free(copy);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    }
    pthread_mutex_init(&l->lock, NULL);
    l->command = copy;
    l->fd = -1;
    *ret = (ent_standby){.self = l, .state = state, .rows = rows, .put = put, .begin = begin, .fill = fill, .commit = commit,
                         .append = append, .file = file, .close = close_link};
    return ENT_OK;
}
