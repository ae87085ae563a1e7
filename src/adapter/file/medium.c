/* Where the journaling mode is found, in this order: the mount's own options (mountinfo shows it only where it differs from the
 * superblock's default), the kernel's list of what is in force (/proc/fs/ext4/DEVICE/options), the superblock itself
 * (s_default_mount_opts, offset 0x100 of it: 0x20 is "journal"; Documentation/filesystems/ext4/super.rst). statfs tells none of it. */
#include "adapter/file/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#ifndef FS_JOURNAL_DATA_FL
#define FS_JOURNAL_DATA_FL 0x00004000
#endif

typedef enum mode { MODE_UNKNOWN, MODE_ORDERED, MODE_JOURNAL } mode;

bool ent_medium_line(const char *line, unsigned *ret_major, unsigned *ret_minor, ent_medium *ret, char ret_options[512])
{
    ent_medium m = {0};
    const char *after = strstr(line, " - ");
    if (sscanf(line, "%*u %*u %u:%u", ret_major, ret_minor) != 2 || !after) return false;
    if (sscanf(after, " - %31s %95s %511s", m.type, m.device, ret_options) != 3) return false;
    *ret = m;
    return true;
}

/* A word in a list with commas or line ends between. */
static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n) {
        bool begins = p == list || p[-1] == ',' || p[-1] == '\n', ends = !p[n] || p[n] == ',' || p[n] == '\n';
        if (begins && ends) return true;
    }
    return false;
}

static mode mode_in(const char *list)
{
    if (has_word(list, "data=journal")) return MODE_JOURNAL;
    return has_word(list, "data=ordered") || has_word(list, "data=writeback") ? MODE_ORDERED : MODE_UNKNOWN;
}

/* The kernel's own list; a file system without a journal names no mode in it, and has none. */
static mode mode_of_kernel(unsigned major, unsigned minor)
{
    char link[64], target[256], path[320], text[4096];
    snprintf(link, sizeof link, "/sys/dev/block/%u:%u", major, minor);
    ssize_t n = readlink(link, target, sizeof target - 1);
    if (n <= 0) return MODE_UNKNOWN;
    target[n] = 0;
    const char *name = strrchr(target, '/');
    snprintf(path, sizeof path, "/proc/fs/ext4/%s/options", name ? name + 1 : target);
    FILE *f = fopen(path, "re");
    if (!f) return MODE_UNKNOWN;
    size_t got = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[got] = 0;
    mode m = mode_in(text);
    return m == MODE_UNKNOWN && got && got < sizeof text - 1 ? MODE_ORDERED : m;
}

static mode mode_of_superblock(const char *device)
{
    uint8_t super[1024];
    int fd = open(device, O_RDONLY | O_CLOEXEC);
    bool whole = fd >= 0 && pread(fd, super, sizeof super, 1024) == (ssize_t)sizeof super;
    if (fd >= 0) close(fd);
    if (!whole || super[0x38] != 0x53 || super[0x39] != 0xef) return MODE_UNKNOWN;
    bool journal = super[0x5c] & 0x04;
    return journal && (super[0x100] & 0x60) == 0x20 ? MODE_JOURNAL : MODE_ORDERED;
}

static bool file_is_journaled(const char *path)
{
    int flags = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool journaled = fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & FS_JOURNAL_DATA_FL);
    if (fd >= 0) close(fd);
    return journaled;
}

static void judge(const char *path, unsigned major, unsigned minor, const char *options, ent_medium *m)
{
    if (strcmp(m->type, "ext4") != 0) {
        snprintf(m->why, sizeof m->why, "it is %s, and only of ext4 it was measured that an overwrite leaves nothing", m->type);
        return;
    }
    mode found = mode_in(options);
    if (found == MODE_UNKNOWN) found = mode_of_kernel(major, minor);
    if (found == MODE_UNKNOWN) found = mode_of_superblock(m->device);
    if (found == MODE_UNKNOWN) snprintf(m->why, sizeof m->why, "it is ext4, but whether data goes through its journal cannot be told");
    else if (found == MODE_JOURNAL) snprintf(m->why, sizeof m->why, "it is ext4 with data=journal: the journal keeps what was overwritten");
    else if (file_is_journaled(path)) snprintf(m->why, sizeof m->why, "the attribute j is set: the journal keeps what was overwritten (chattr -j)");
    m->overwrites = !m->why[0];
}

ent_code ent_medium_of(const char *path, ent_medium *ret, ent_err *err)
{
    struct stat st;
    char line[4096], options[512];
    unsigned major_, minor_;
    ent_medium m = {.type = "unknown"}, candidate;
    if (stat(path, &st) != 0) return ent_fail(err, errno == ENOENT ? ENT_NOT_FOUND : ENT_IO, "%s: %s", path, strerror(errno));
    FILE *f = fopen("/proc/self/mountinfo", "re");
    if (!f) return ent_fail(err, ENT_IO, "/proc/self/mountinfo: %s", strerror(errno));
    bool found = false;
    while (!found && fgets(line, sizeof line, f)) {
        if (!ent_medium_line(line, &major_, &minor_, &candidate, options) || major_ != major(st.st_dev) || minor_ != minor(st.st_dev)) continue;
        m = candidate;
        found = true;
    }
    fclose(f);
    if (found) judge(path, major(st.st_dev), minor(st.st_dev), options, &m);
    else snprintf(m.why, sizeof m.why, "its file system is not in /proc/self/mountinfo");
    *ret = m;
    return ENT_OK;
}
