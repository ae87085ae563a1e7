/* Files written so that a crash leaves the old or the new, never half: the calls that every adapter here uses, with the
 * faults that tests plant in them. */
#ifndef ADAPTER_DISK_H
#define ADAPTER_DISK_H

#include "base/buf.h"
#include "entente/error.h"

#include <stdbool.h>
#include <sys/types.h>

/* All n bytes at offset, or an error: ENT_NO_SPACE, ENT_IO. */
ENT_MUST_CHECK ent_code ent_disk_write(int fd, const void *bytes, size_t n, off_t at, ent_err *err);
/* All n bytes; ENT_DAMAGED when the file ends before. */
ENT_MUST_CHECK ent_code ent_disk_read(int fd, void *ret_bytes, size_t n, off_t at, ent_err *err);
ENT_MUST_CHECK ent_code ent_disk_sync(int fd, ent_err *err); /* fdatasync; an error means: stop writing for good */
ENT_MUST_CHECK ent_code ent_disk_sync_folder(const char *path, ent_err *err);
/* Writes beside it, syncs, renames over it, syncs the folder. What is there and is no file (a link, a pipe, /dev/null) is written into. */
ENT_MUST_CHECK ent_code ent_disk_replace(const char *path, const void *bytes, size_t n, mode_t mode, ent_err *err);
/* Appends the whole file (at most ret->max bytes). ENT_NOT_FOUND. */
ENT_MUST_CHECK ent_code ent_disk_load(const char *path, ent_buf *ret, ent_err *err);
/* Overwrites with zeros in place, syncs, removes. Not there is ENT_OK. */
ENT_MUST_CHECK ent_code ent_disk_shred(const char *path, ent_err *err);

#define ENT_DISK_KILL (-1)
/* For tests: the n-th write or sync from now fails with this errno (0: none), or the process is killed there. */
void ent_disk_plant(int writes_until, int syncs_until, int error);

#endif
