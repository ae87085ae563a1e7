/* `entente-decode`: not for people. What `entente` starts to read files from outside in (adapter/sandbox/sandbox.h). */
#include "cli/jobs.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "sandbox-worker") != 0) {
        fprintf(stderr, "entente-decode: entente starts this program by itself, to read files from outside in\n");
        return ent_code_exit(ENT_USAGE);
    }
    ent_cli_jobs_prepare();
    return ent_sandbox_worker(ent_cli_jobs);
}
