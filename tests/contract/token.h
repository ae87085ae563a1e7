/* A SoftHSM of its own for one test, in a fresh folder; its PIN lies in the folder's file `pin`. */
#ifndef TESTS_TOKEN_H
#define TESTS_TOKEN_H

#include "adapter/file/file.h"
#include "adapter/p11/p11.h"
#include "contract/folder.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_MODULE "/usr/lib/softhsm/libsofthsm2.so"

static inline bool test_token_possible(void) { return access(TEST_MODULE, R_OK) == 0; }

static inline void test_token_pin(const char *folder, const char *pin)
{
    char path[300];
    snprintf(path, sizeof path, "%s/pin", folder);
    FILE *f = fopen(path, "w");
    if (!f || fprintf(f, "%s\n", pin) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0) abort();
}

static inline void test_token_add(const char *folder, const char *label)
{
    char command[400];
    snprintf(command, sizeof command, "SOFTHSM2_CONF='%s/conf' softhsm2-util --init-token --free --label %s --so-pin 1234 --pin 12345 > /dev/null", folder, label);
    if (system(command) != 0) abort();
}

static inline char *test_token(const char *label)
{
    char *folder = test_folder(), path[300];
    snprintf(path, sizeof path, "%s/conf", folder);
    FILE *f = fopen(path, "w");
    if (!f || fprintf(f, "directories.tokendir = %s\nlog.level = ERROR\n", folder) < 0 || fclose(f) != 0) abort();
    setenv("SOFTHSM2_CONF", path, 1);
    test_token_add(folder, label);
    test_token_pin(folder, "12345");
    return folder;
}

static inline ent_code test_token_open(const char *folder, const char *label, const char *node, ent_root *ret_root, ent_err *err)
{
    char uri[600];
    snprintf(uri, sizeof uri, "pkcs11:token=%s?module-path=" TEST_MODULE "&pin-source=file:%s/pin", label, folder);
    return ent_p11_root(uri, node, ent_system_random(), ret_root, err);
}

#endif
