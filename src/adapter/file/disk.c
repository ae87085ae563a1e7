#include "adapter/file/disk.h"

#include "base/check.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    int writes, syncs, error;
} planted;

void ent_disk_plant(int writes_until, int syncs_until, int error)
{
    planted.writes = writes_until, planted.syncs = syncs_until, planted.error = error;
}

static bool strikes(int *until)
{
    if (!planted.error || *until <= 0 || --*until > 0) return false;
    if (planted.error == ENT_DISK_KILL) raise(SIGKILL);
    errno = planted.error;
    return true;
}

static ent_code fail(ent_err *err, const char *doing)
{
    return ent_fail(err, errno == ENOSPC || errno == EDQUOT ? ENT_NO_SPACE : ENT_IO, "%s: %s", doing, strerror(errno));
}

ent_code ent_disk_write(int fd, const void *bytes, size_t n, off_t at, ent_err *err)
{
    if (strikes(&planted.writes)) return fail(err, "writing");
    for (size_t done = 0; done < n;) {
        ssize_t some = pwrite(fd, (const uint8_t *)bytes + done, n - done, at + (off_t)done);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return fail(err, "writing");
        done += (size_t)some;
    }
    return ENT_OK;
}

ent_code ent_disk_read(int fd, void *ret_bytes, size_t n, off_t at, ent_err *err)
{
    for (size_t done = 0; done < n;) {
        ssize_t some = pread(fd, (uint8_t *)ret_bytes + done, n - done, at + (off_t)done);
        if (some < 0 && errno == EINTR) continue;
        if (some < 0) return fail(err, "reading");
        if (some == 0) return ent_fail(err, ENT_DAMAGED, "a file ends %zu bytes too early", n - done);
        done += (size_t)some;
    }
    return ENT_OK;
}

ent_code ent_disk_sync(int fd, ent_err *err)
{
    if (strikes(&planted.syncs) || fdatasync(fd) != 0) return fail(err, "syncing to disk");
    return ENT_OK;
}

ent_code ent_disk_sync_folder(const char *path, ent_err *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash) *(slash == folder ? slash + 1 : slash) = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return fail(err, folder);
    ent_code code = fsync(fd) == 0 ? ENT_OK : fail(err, folder);
    close(fd);
    return code;
}

static ent_code write_whole(int fd, const void *bytes, size_t n, ent_err *err)
{
    ENT_TRY(ent_disk_write(fd, bytes, n, 0, err));
    return ent_disk_sync(fd, err);
}

/* Into what is there and is no file: a pipe, a terminal, /dev/null, which a rename would take away from everybody. */
static ent_code write_into(const char *path, const void *bytes, size_t n, ent_err *err)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (fd < 0) return fail(err, path);
    size_t done = 0;
    while (done < n) {
        ssize_t some = write(fd, (const char *)bytes + done, n - done);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) break;
        done += (size_t)some;
    }
    ent_code code = done == n ? ENT_OK : fail(err, path);
    close(fd);
    return code;
}

ent_code ent_disk_replace(const char *path, const void *bytes, size_t n, mode_t mode, ent_err *err)
{
    char beside[PATH_MAX];
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode)) return write_into(path, bytes, n, err);
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) return ent_fail(err, ENT_FORMAT, "path too long: %s", path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) return fail(err, path); /* not the name beside it, which nobody gave */
    ent_code code = write_whole(fd, bytes, n, err);
    close(fd);
    if (code == ENT_OK && rename(beside, path) != 0) code = fail(err, path);
    if (code != ENT_OK) {
        unlink(beside);
        return code;
    }
    return ent_disk_sync_folder(path, err);
}

ent_code ent_disk_load(const char *path, ent_buf *ret, ent_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ent_fail(err, errno == ENOENT ? ENT_NOT_FOUND : ENT_IO, "%s: %s", path, strerror(errno));
    struct stat st;
    ent_code code = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? ENT_OK : ent_fail(err, ENT_IO, "not a file");
    if (code == ENT_OK) {
        size_t at = ret->len, n = (size_t)st.st_size;
        ent_buf_zero(ret, n);
        code = ent_buf_check(ret, err);
        if (code == ENT_OK && n) code = ent_disk_read(fd, ret->data + at, n, 0, err);
    }
    close(fd);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

ent_code ent_disk_shred(const char *path, ent_err *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? ENT_OK : fail(err, path);
    static const uint8_t zeros[4096];
    struct stat st;
    ent_code code = fstat(fd, &st) == 0 ? ENT_OK : fail(err, path);
    for (off_t at = 0; code == ENT_OK && at < st.st_size; at += (off_t)sizeof zeros) {
        off_t left = st.st_size - at;
        code = ent_disk_write(fd, zeros, left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros, at, err);
    }
    if (code == ENT_OK) code = ent_disk_sync(fd, err);
    close(fd);
    if (code != ENT_OK) return code;
    if (unlink(path) != 0) return fail(err, path);
    return ent_disk_sync_folder(path, err);
}
