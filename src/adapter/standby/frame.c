#include "adapter/standby/standby.h"

#include "base/check.h"
#include "base/cursor.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket where it is one, so that a closed other end is an error and no signal. */
static ssize_t write_some(int fd, const uint8_t *bytes, size_t n)
{
    ssize_t done = send(fd, bytes, n, MSG_NOSIGNAL);
    return done < 0 && errno == ENOTSOCK ? write(fd, bytes, n) : done;
}

static ent_code failed(ent_err *err)
{
    bool late = errno == EAGAIN || errno == EWOULDBLOCK;
    return ent_fail(err, late ? ENT_TIMEOUT : ENT_UNREACHABLE, "the standby %s", late ? "takes too long" : "cannot be reached");
}

ent_code ent_standby_send(int fd, uint8_t head, const ent_buf *payload, ent_err *err)
{
    size_t n = payload ? payload->len : 0;
    ENT_AUTO_BUF frame = ENT_BUF(ENT_LIMIT_STANDBY_FRAME + 5);
    ent_buf_u32(&frame, (uint32_t)n + 1);
    ent_buf_u8(&frame, head);
    if (n) ent_buf_put(&frame, payload->data, n);
    ENT_TRY(ent_buf_check(&frame, err));
    for (size_t at = 0; at < frame.len;) {
        ssize_t some = write_some(fd, frame.data + at, frame.len - at);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return failed(err);
        at += (size_t)some;
    }
    return ENT_OK;
}

static ent_code read_all(int fd, uint8_t *bytes, size_t n, bool *ret_end, ent_err *err)
{
    *ret_end = false;
    for (size_t at = 0; at < n;) {
        ssize_t some = read(fd, bytes + at, n - at);
        if (some < 0 && errno == EINTR) continue;
        if (some == 0) {
            *ret_end = at == 0;
            return ent_fail(err, ENT_UNREACHABLE, "the standby closed");
        }
        if (some < 0) return failed(err);
        at += (size_t)some;
    }
    return ENT_OK;
}

ent_code ent_standby_receive(int fd, uint8_t *ret_head, ent_buf *ret_payload, bool *ret_end, ent_err *err)
{
    uint8_t head[5];
    bool cut;
    ENT_TRY(read_all(fd, head, sizeof head, ret_end, err));
    ent_cursor c = ENT_CURSOR(head, sizeof head);
    uint32_t n = ent_cursor_u32(&c);
    if (n < 1 || n - 1 > ENT_LIMIT_STANDBY_FRAME) return ent_fail(err, ENT_FORMAT, "the standby's frame says that it has %u bytes: is the command `entente standby keep DIR`, and does nothing else write there?", n);
    size_t at = ret_payload->len;
    ent_buf_zero(ret_payload, n - 1);
    ENT_TRY(ent_buf_check(ret_payload, err));
    if (n > 1) ENT_TRY(read_all(fd, ret_payload->data + at, n - 1, &cut, err));
    *ret_head = head[4];
    return ENT_OK;
}
