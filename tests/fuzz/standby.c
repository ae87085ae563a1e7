/* Frames to a standby's keeper, in a fresh folder. */
#include "adapter/standby/standby.h"
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static int drop(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folder[] = "/tmp/entente-fuzz-XXXXXX";
    const struct rlimit small = {16 << 20, 16 << 20}; /* slots of a terabyte are refused by the disk, here by this */
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int in = memfd_create("in", MFD_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    fuzz_promise(in >= 0 && out >= 0 && mkdtemp(folder) != NULL);
    fuzz_promise(size > 16 << 20 || write(in, data, size) == (ssize_t)size);
    fuzz_promise(lseek(in, 0, SEEK_SET) == 0);
    for (int round = 0; round < 2; round++) { /* again over what the first left */
        (void)!ent_standby_keep(folder, in, out, NULL);
        lseek(in, 0, SEEK_SET);
    }
    close(in);
    close(out);
    nftw(folder, drop, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}
