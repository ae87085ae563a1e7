#include "cli/keys.h"

#include "adapter/file/disk.h"
#include "adapter/file/file.h"
#include "base/check.h"
#include "base/text.h"
#include "base/wipe.h"
#include "crypto/seal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static ent_code from_file(const char *path, char ret[256], ent_err *err)
{
    FILE *f = fopen(path, "r");
    if (!f || !fgets(ret, 256, f)) {
        if (f) fclose(f);
        return ent_fail(err, ENT_USAGE, "no passphrase in %s (ENTENTE_PASSPHRASE_FILE)", path);
    }
    fclose(f);
    ret[strcspn(ret, "\n")] = 0;
    return ENT_OK;
}

static bool ask(const char *prompt, char ret[256])
{
    struct termios was, quiet;
    fprintf(stderr, "%s", prompt);
    tcgetattr(STDIN_FILENO, &was);
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    bool got = fgets(ret, 256, stdin) != NULL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    fputc('\n', stderr);
    ret[strcspn(ret, "\n")] = 0;
    return got;
}

ent_code ent_cli_passphrase(const char *name, bool fresh, char ret_passphrase[256], ent_err *err)
{
    const char *file = getenv("ENTENTE_PASSPHRASE_FILE");
    char prompt[128], again[256];
    if (file && *file) return from_file(file, ret_passphrase, err);
    if (!isatty(STDIN_FILENO)) return ent_fail(err, ENT_USAGE, "a passphrase is needed for %s: run this at a terminal, or name a file with ENTENTE_PASSPHRASE_FILE", name);
    snprintf(prompt, sizeof prompt, fresh ? "New passphrase for %.60s: " : "Passphrase of %.60s: ", name);
    if (!ask(prompt, ret_passphrase)) return ent_fail(err, ENT_USAGE, "no passphrase was given");
    if (!fresh) return ENT_OK;
    if (strlen(ret_passphrase) < 8) return ent_fail(err, ENT_USAGE, "a passphrase has at least 8 characters");
    bool same = ask("Again: ", again) && strcmp(again, ret_passphrase) == 0;
    ent_wipe(again, sizeof again);
    return same ? ENT_OK : ent_fail(err, ENT_USAGE, "the two passphrases differ");
}

static bool quick(void) { return getenv("ENTENTE_QUICK_KEYS") != NULL; } /* tests: less Argon2id */

static void key_path(const char *folder, const char *name, char ret[PATH_MAX]) { snprintf(ret, PATH_MAX, "%s/people/%s.key", folder, name); }

ent_code ent_cli_key_write(const char *file, const char *name, const char *passphrase, ent_public_key *ret_public, ent_secret_key *ret_secret, ent_err *err)
{
    uint8_t salt[16], nonce[12];
    char hex[2][256];
    ent_random random = ent_system_random();
    ENT_WIPED_KEY seed, key;
    ENT_AUTO_BUF box = ENT_BUF(256), text = ENT_BUF(1024);
    random.fill(random.self, salt, sizeof salt);
    random.fill(random.self, nonce, sizeof nonce);
    random.fill(random.self, seed.b, sizeof seed.b);
    if (access(file, F_OK) == 0) return ent_fail(err, ENT_EXISTS, "%s is there already", file);
    ENT_TRY(ent_passphrase_key(passphrase, salt, quick(), &key, err));
    ENT_TRY(ent_seal(&key, nonce, ENT_BYTES(name, strlen(name)), ENT_BYTES(seed.b, 32), &box, err));
    ent_hex(salt, sizeof salt, hex[0]);
    ent_hex(box.data, box.len, hex[1]);
    ent_buf_fmt(&text, "entente-person-key/v1\n%s\nargon2id %s %s\n%s\n", name, quick() ? "quick" : "full", hex[0], hex[1]);
    ENT_TRY(ent_disk_replace(file, text.data, text.len, 0600, err));
    ent_sign_keys(seed.b, ret_public, ret_secret);
    return ENT_OK;
}

ent_code ent_cli_key_make(const char *folder, const char *name, ent_public_key *ret_public, ent_err *err)
{
    char path[PATH_MAX], passphrase[256];
    ENT_WIPED_SECRET secret;
    key_path(folder, name, path);
    if (access(path, F_OK) == 0) return ent_fail(err, ENT_EXISTS, "%s is there already", path);
    ENT_TRY(ent_cli_passphrase(name, true, passphrase, err));
    ent_code code = ent_cli_key_write(path, name, passphrase, ret_public, &secret, err);
    ent_wipe(passphrase, sizeof passphrase);
    return code;
}

static ent_code unseal_key(const char *file, const ent_buf *text, const char *name, const char *passphrase, ent_secret_key *ret_secret, ent_err *err)
{
    char who[65], how[8], salt_hex[33], box_hex[129];
    uint8_t salt[16], box[60];
    ent_public_key public;
    ENT_WIPED_KEY key;
    ENT_AUTO_BUF seed = ENT_BUF(32);
    if (sscanf((const char *)text->data, "entente-person-key/v1\n%64s\nargon2id %7s %32s\n%128s", who, how, salt_hex, box_hex) != 4 ||
        strcmp(who, name) != 0 || !ent_unhex(salt_hex, salt, 16) || strlen(box_hex) != 120 || !ent_unhex(box_hex, box, 60))
        return ent_fail(err, ENT_FORMAT, "%s is no personal key of %s", file, name);
    ENT_TRY(ent_passphrase_key(passphrase, salt, strcmp(how, "quick") == 0, &key, err));
    if (ent_unseal(&key, ENT_BYTES(name, strlen(name)), ENT_BYTES(box, sizeof box), &seed, NULL) != ENT_OK)
        return ent_fail(err, ENT_DENIED, "the passphrase of %s is not this one", name);
    ent_sign_keys(seed.data, &public, ret_secret);
    return ENT_OK;
}

ent_code ent_cli_key_open(const char *folder, const char *name, ent_secret_key *ret_secret, ent_err *err)
{
    char path[PATH_MAX];
    key_path(folder, name, path);
    return ent_cli_key_file_open(path, name, ret_secret, err);
}

ent_code ent_cli_key_file_open(const char *path, const char *name, ent_secret_key *ret_secret, ent_err *err)
{
    char passphrase[256];
    ENT_AUTO_BUF text = ENT_BUF(1024);
    ent_code code = ent_disk_load(path, &text, err);
    if (code == ENT_NOT_FOUND) return ent_fail(err, ENT_NOT_FOUND, "there is no key of \"%s\": %s", name, path);
    if (code != ENT_OK) return code;
    (void)ent_buf_cstr(&text);
    ENT_TRY(ent_cli_passphrase(name, false, passphrase, err));
    code = unseal_key(path, &text, name, passphrase, ret_secret, err);
    ent_wipe(passphrase, sizeof passphrase);
    return code;
}
