/* Decoding in a process without keys, database or network. `entente-decode` is exec'd before any key is loaded, with an
 * environment and descriptors of its own; it gives up files and network (Landlock) and forks workers ahead of their jobs, each with
 * limits and a system call filter (seccomp: kill), and each with a memory of its own that only the node, the helper and it map or write.
 * A worker runs one job and is killed; before its memory serves another it is buried and the memory erased, so that one which was taken
 * over, and stays, meets no other origin's bytes. That is done beside the next jobs, which other workers run. The memories are locked as
 * far as the limit allows and in no dump. A crash, a hang or a bomb is a refused job; the next one works. */
#ifndef ADAPTER_SANDBOX_H
#define ADAPTER_SANDBOX_H

#include "port/decoder.h"

/* Bytes in, bytes out; pure. */
typedef struct ent_sandbox_job {
    const char *name;
    ent_code (*run)(const void *bytes, size_t len, ent_buf *ret_result, ent_err *err);
} ent_sandbox_job;

typedef struct ent_sandbox ent_sandbox;

/* So many jobs run at a time; 1: for a command's one job, nothing is made ahead beyond it. Starts the helpers: `program sandbox-worker`, which calls
 * ent_sandbox_worker; an absolute path of less than PATH_MAX bytes.
 * Call before keys are loaded. Any thread may run jobs. */
ENT_MUST_CHECK ent_code ent_sandbox_start(const char *program, unsigned workers, ent_sandbox **ret_sandbox, ent_err *err);
void ent_sandbox_stop(ent_sandbox *s); /* NULL is fine */
/* ENT_SANDBOX when the child died, ENT_TIMEOUT after ENT_LIMIT_DECODE_MS of processor time or ENT_LIMIT_DECODE_WALL_MS, otherwise what the job returned. */
ent_decoder ent_sandbox_decoder(ent_sandbox *s);

/* What the helper runs, on descriptor 3 until it is closed; does not return an error to anybody but its exit status. */
int ent_sandbox_worker(const ent_sandbox_job *jobs);

/* The same jobs in this process, for stories. `jobs` ends with a zero entry and is borrowed. */
ent_decoder ent_sandbox_direct(const ent_sandbox_job *jobs);

#endif
