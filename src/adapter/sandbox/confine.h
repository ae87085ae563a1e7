/* What a worker may not do. The helper prepares once, each worker confines itself before it sees a byte. */
#ifndef ADAPTER_SANDBOX_CONFINE_H
#define ADAPTER_SANDBOX_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/* Under the sanitizers, whose runtime needs more memory and system calls, limits of memory and the filter are left out. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

typedef struct sandbox_filter {
    struct sock_filter *program; /* lives as long as the process */
    unsigned short count;
} sandbox_filter;

/* Every right on files, on TCP ports, on signals and abstract sockets outside given up, for this process and its children
 * (Landlock, as far as the kernel has it). Returns the kernel's Landlock version, 0: it has none. Sets no_new_privs. */
int sandbox_give_up_files(void);

/* The system call filter, ready to load. */
bool sandbox_make_filter(sandbox_filter *ret);

/* Limits, no dumps, the filter: what remains is memory that is not executable, reading and writing descriptor SANDBOX_SOCKET, ending.
 * Any other system call kills the process. Does not return when something cannot be put in place. */
void sandbox_confine(const sandbox_filter *filter);

#endif
