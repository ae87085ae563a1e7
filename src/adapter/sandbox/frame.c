#include "adapter/sandbox/frame.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

long long ent_frame_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool send_all(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t some = send(fd, p, n, MSG_NOSIGNAL);
        if (some < 0 && errno == ENOTSOCK) some = write(fd, p, n);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return false;
        p += some;
        n -= (size_t)some;
    }
    return true;
}

bool ent_frame_send(int fd, const void *bytes, size_t len)
{
    uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
    return send_all(fd, head, 4) && send_all(fd, bytes, len);
}

static ent_code receive_all(int fd, uint8_t *p, size_t n, long long deadline_ms)
{
    while (n) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        long long left = deadline_ms ? deadline_ms - ent_frame_clock() : -1;
        if (deadline_ms && left <= 0) return ENT_TIMEOUT;
        int ready = poll(&poller, 1, (int)left);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return ENT_TIMEOUT;
        ssize_t some = read(fd, p, n);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return ENT_IO;
        p += some;
        n -= (size_t)some;
    }
    return ENT_OK;
}

ent_code ent_frame_receive(int fd, ent_buf *ret, long long deadline_ms)
{
    uint8_t head[4];
    ent_code code = receive_all(fd, head, 4, deadline_ms);
    if (code != ENT_OK) return code;
    size_t n = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3], at = ret->len;
    ent_buf_zero(ret, n);
    if (ret->failed != ENT_OK) return ret->failed;
    return receive_all(fd, ret->data + at, n, deadline_ms);
}

void ent_outcome_put(ent_buf *b, ent_code code, const char *detail, const ent_buf *result)
{
    ent_buf_u8(b, (uint8_t)code);
    ent_buf_u16(b, (uint16_t)strlen(detail));
    ent_buf_str(b, detail);
    if (result && result->len) ent_buf_put(b, result->data, result->len);
}
