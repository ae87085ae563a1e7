#include "adapter/file/file.h"

#include "base/check.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static ent_time now(void *self)
{
    (void)self;
    struct timespec t;
    ENT_INVARIANT(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return (ent_time){(int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000};
}

static int64_t monotonic(void *self)
{
    (void)self;
    struct timespec t;
    ENT_INVARIANT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The kernel's own name of this boot; CLOCK_BOOTTIME counts while the machine sleeps too. */
static int64_t boot(void *self, uint8_t ret_id[ENT_ID_SIZE])
{
    (void)self;
    struct timespec t;
    char text[64] = "";
    size_t n = 0;
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (f && !fgets(text, sizeof text, f)) text[0] = 0;
    if (f) fclose(f);
    for (size_t i = 0; text[i] && text[i] != '\n'; i++)
        if (text[i] != '-') text[n++] = text[i];
    text[n] = 0;
    if (!ent_id_parse(text, ret_id)) memset(ret_id, 0, ENT_ID_SIZE); /* no boot is confirmed by it */
    ENT_INVARIANT(clock_gettime(CLOCK_BOOTTIME, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The rules of the process's time zone (ent_system_zone), of that year, daylight saving among them. */
static int32_t offset(void *self, ent_time at)
{
    (void)self;
    struct tm local;
    time_t seconds = (time_t)(at.ms >= 0 ? at.ms / 1000 : (at.ms - 999) / 1000);
    return localtime_r(&seconds, &local) ? (int32_t)local.tm_gmtoff : 0;
}

ent_code ent_system_zone(const char *name, ent_err *err)
{
    char path[256], value[128];
    bool plain = *name && strlen(name) < 64 && name[0] != '/' && !strstr(name, "..");
    for (const char *p = name; plain && *p; p++) plain = isalnum((unsigned char)*p) || strchr("/_+-", *p);
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%.64s", name);
    if (!plain || (strcmp(name, "UTC") != 0 && access(path, R_OK) != 0))
        return ent_fail(err, ENT_USAGE, "no time zone \"%.64s\" on this machine: UTC, or a name as Europe/London (package tzdata)", name);
    snprintf(value, sizeof value, strcmp(name, "UTC") == 0 ? "UTC0" : ":%.64s", name);
    if (setenv("TZ", value, 1) != 0) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    tzset();
    return ENT_OK;
}

static void sleep_until(void *self, int64_t until)
{
    (void)self;
    struct timespec t = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

ent_clock ent_system_clock(void) { return (ent_clock){.now = now, .monotonic = monotonic, .boot = boot, .offset = offset, .sleep_until = sleep_until}; }

static void fill(void *self, void *ret_bytes, size_t n)
{
    (void)self;
    for (size_t done = 0; done < n;) {
        ssize_t some = getrandom((char *)ret_bytes + done, n - done, 0);
        if (some < 0) ENT_INVARIANT(errno == EINTR);
        else done += (size_t)some;
    }
}

ent_random ent_system_random(void) { return (ent_random){.fill = fill}; }
