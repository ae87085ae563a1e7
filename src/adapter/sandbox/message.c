#include "adapter/sandbox/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
} control;

long long sandbox_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool sandbox_send(int fd, const void *bytes, size_t len, int descriptor)
{
    struct iovec all = {(void *)(uintptr_t)bytes, len};
    struct msghdr m = {.msg_iov = &all, .msg_iovlen = 1};
    control c = {0};
    ssize_t sent;
    if (descriptor >= 0) {
        m.msg_control = &c;
        m.msg_controllen = sizeof c;
        c.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&c.head), &descriptor, sizeof descriptor);
    }
    do sent = sendmsg(fd, &m, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)len;
}

/* One message with what came beside it. */
static ssize_t take(int fd, void *ret_bytes, size_t len, int *ret_descriptor)
{
    struct iovec all = {ret_bytes, len};
    control c = {0};
    struct msghdr m = {.msg_iov = &all, .msg_iovlen = 1, .msg_control = ret_descriptor ? &c : NULL, .msg_controllen = ret_descriptor ? sizeof c : 0};
    ssize_t got = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    const struct cmsghdr *h = got >= 0 && ret_descriptor ? CMSG_FIRSTHDR(&m) : NULL;
    if (ret_descriptor) *ret_descriptor = -1;
    if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof(int))) memcpy(ret_descriptor, CMSG_DATA(h), sizeof(int));
    return got;
}

ent_code sandbox_receive(int fd, void *ret_bytes, size_t len, long long deadline_ms, int *ret_descriptor)
{
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        ssize_t got = take(fd, ret_bytes, len, ret_descriptor);
        if (got == (ssize_t)len) return ENT_OK;
        if (got >= 0 && ret_descriptor && *ret_descriptor >= 0) close(*ret_descriptor), *ret_descriptor = -1;
        if (got >= 0 || (errno != EAGAIN && errno != EINTR)) return ENT_IO;
        long long left = deadline_ms > 0 ? deadline_ms - sandbox_clock() : -1;
        if (deadline_ms < 0 || (deadline_ms > 0 && left <= 0)) return ENT_TIMEOUT;
        (void)poll(&poller, 1, (int)left);
    }
}
