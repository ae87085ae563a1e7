#include "adapter/sandbox/message.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

long long sandbox_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool sandbox_send(int fd, const void *bytes, size_t len)
{
    for (const char *p = bytes; len;) {
        ssize_t some = send(fd, p, len, MSG_NOSIGNAL);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return false;
        p += some;
        len -= (size_t)some;
    }
    return true;
}

ent_code sandbox_receive(int fd, void *ret_bytes, size_t len, long long deadline_ms)
{
    for (char *p = ret_bytes; len;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        long long left = deadline_ms ? deadline_ms - sandbox_clock() : -1;
        if (deadline_ms && left <= 0) return ENT_TIMEOUT;
        int ready = deadline_ms ? poll(&poller, 1, (int)left) : 1;
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return ENT_TIMEOUT;
        ssize_t some = read(fd, p, len);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return ENT_IO;
        p += some;
        len -= (size_t)some;
    }
    return ENT_OK;
}
