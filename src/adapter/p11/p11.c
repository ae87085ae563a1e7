/* A root in the token: label "entente NODE", id = 8 random bytes (which node's folder) and the epoch. What make wraps:
 *
 *     0 "ententeroot1"   12 the 8 bytes   20 epoch   24 iv (12)   36 the key sealed (32), tag (16)
 *
 * with the first 24 bytes as associated data. Some tokens choose the iv themselves and put it where ours was: so it is read back. */
#include "adapter/p11/p11.h"

#include "base/check.h"
#include "base/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "ententeroot1"
enum { HEAD = 24, IV = 12, SEALED = 48, WRAPPED = HEAD + IV + SEALED, ROOTS_MAX = 256 };

typedef struct p11_root {
    P11KitUri *uri;
    CK_FUNCTION_LIST *one;   /* a module that the URI names by its path */
    CK_FUNCTION_LIST **many; /* else all that p11-kit knows */
    CK_FUNCTION_LIST *m;     /* whose token it is */
    CK_SLOT_ID slot;
    ent_random random;
    char label[96];
    uint8_t instance[8];
    bool named; /* instance is known */
} p11_root;

static ent_code fail(CK_RV rv, const char *doing, ent_err *err)
{
    ent_code code = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE ? ENT_DENIED
                  : rv == CKR_HOST_MEMORY ? ENT_NO_MEMORY : ENT_UNREACHABLE;
    return ent_fail(err, code, "the token that holds the root key: %s: %s", doing, p11_kit_strerror(rv));
}

#define P11_TRY(call, doing)                                                                                           \
    do {                                                                                                               \
        CK_RV rv_ = (call);                                                                                            \
        if (rv_ != CKR_OK) return fail(rv_, doing, err);                                                               \
    } while (0)

/* ---- a session ---- */

static ent_code read_pin(p11_root *r, char ret_pin[128], size_t *ret_len, ent_err *err)
{
    const char *source = p11_kit_uri_get_pin_source(r->uri), *path = source;
    struct stat st;
    if (!source) return ent_fail(err, ENT_USAGE, "keys.root does not say where the PIN lies: pin-source=file:/PATH");
    if (strncmp(path, "file:", 5) == 0) path += 5;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ent_fail(err, ENT_DENIED, "the PIN's file %s: %s", path, strerror(errno));
    ssize_t n = -1;
    bool guarded = fstat(fd, &st) == 0 && !(st.st_mode & 077);
    if (guarded) n = read(fd, ret_pin, 128);
    close(fd);
    if (!guarded) return ent_fail(err, ENT_DENIED, "%s may be read by others: chmod 600 it", path);
    while (n > 0 && (ret_pin[n - 1] == '\n' || ret_pin[n - 1] == '\r')) n--;
    if (n <= 0 || n == 128) return ent_fail(err, ENT_DENIED, "%s holds no PIN of 1 to 127 characters", path);
    *ret_len = (size_t)n;
    return ENT_OK;
}

static ent_code log_in(p11_root *r, CK_SESSION_HANDLE *ret, ent_err *err)
{
    char pin[128];
    size_t len = 0;
    ENT_TRY(read_pin(r, pin, &len, err));
    CK_RV rv = r->m->C_OpenSession(r->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);
    bool opened = rv == CKR_OK;
    if (opened) rv = r->m->C_Login(*ret, CKU_USER, (CK_UTF8CHAR *)pin, len);
    ent_wipe(pin, sizeof pin);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN) return ENT_OK;
    if (opened) r->m->C_CloseSession(*ret);
    return fail(rv, "logging in", err);
}

static void log_out(p11_root *r, CK_SESSION_HANDLE s)
{
    r->m->C_Logout(s);
    r->m->C_CloseSession(s);
}

/* ---- roots ---- */

static void head_of(const p11_root *r, uint32_t epoch, uint8_t ret[HEAD])
{
    memcpy(ret, MAGIC, 12);
    memcpy(ret + 12, r->instance, 8);
    for (int i = 0; i < 4; i++) ret[20 + i] = (uint8_t)(epoch >> (24 - 8 * i));
}

/* This node's roots, as handles and epochs. */
static ent_code list_roots(p11_root *r, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *ret_roots, uint32_t *ret_epochs, size_t *ret_count, ent_err *err)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_ATTRIBUTE like[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, r->label, strlen(r->label)}};
    CK_OBJECT_HANDLE found[ROOTS_MAX];
    CK_ULONG count = 0;
    P11_TRY(r->m->C_FindObjectsInit(s, like, 2), "looking for keys");
    CK_RV rv = r->m->C_FindObjects(s, found, ROOTS_MAX, &count);
    r->m->C_FindObjectsFinal(s);
    if (rv != CKR_OK) return fail(rv, "looking for keys", err);
    *ret_count = 0;
    for (CK_ULONG i = 0; i < count; i++) {
        uint8_t id[12];
        CK_ATTRIBUTE get = {CKA_ID, id, sizeof id};
        if (r->m->C_GetAttributeValue(s, found[i], &get, 1) != CKR_OK || get.ulValueLen != sizeof id || memcmp(id, r->instance, 8) != 0) continue;
        ent_cursor c = ENT_CURSOR(id + 8, 4);
        ret_roots[*ret_count] = found[i];
        ret_epochs[(*ret_count)++] = ent_cursor_u32(&c);
    }
    return ENT_OK;
}

/* Destroys those of one epoch (only) or all others (but). */
static ent_code destroy_roots(p11_root *r, CK_SESSION_HANDLE s, uint32_t epoch, bool others, ent_err *err)
{
    CK_OBJECT_HANDLE roots[ROOTS_MAX];
    uint32_t epochs[ROOTS_MAX];
    size_t count;
    ENT_TRY(list_roots(r, s, roots, epochs, &count, err));
    for (size_t i = 0; i < count; i++)
        if ((epochs[i] == epoch) != others) P11_TRY(r->m->C_DestroyObject(s, roots[i]), "destroying a root key");
    return ENT_OK;
}

/* What the token says of the key that it made: it must never have been outside. */
static ent_code check_kept(p11_root *r, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, ent_err *err)
{
    CK_BBOOL sensitive = CK_FALSE, never = CK_FALSE, local = CK_FALSE;
    CK_ATTRIBUTE get[] = {{CKA_ALWAYS_SENSITIVE, &sensitive, 1}, {CKA_NEVER_EXTRACTABLE, &never, 1}, {CKA_LOCAL, &local, 1}};
    P11_TRY(r->m->C_GetAttributeValue(s, key, get, 3), "asking how the root key is kept");
    if (sensitive && never && local) return ENT_OK;
    r->m->C_DestroyObject(s, key);
    return ent_fail(err, ENT_UNSUPPORTED, "the token does not promise that a root key never leaves it");
}

static ent_code generate(p11_root *r, CK_SESSION_HANDLE s, uint32_t epoch, CK_OBJECT_HANDLE *ret, ent_err *err)
{
    uint8_t head[HEAD];
    head_of(r, epoch, head);
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_ULONG bytes = 32;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE as[] = {{CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type}, {CKA_VALUE_LEN, &bytes, sizeof bytes},
                         {CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1}, {CKA_EXTRACTABLE, &no, 1},
                         {CKA_ENCRYPT, &yes, 1}, {CKA_DECRYPT, &yes, 1}, {CKA_LABEL, r->label, strlen(r->label)}, {CKA_ID, head + 12, 12}};
    P11_TRY(r->m->C_GenerateKey(s, &mechanism, as, sizeof as / sizeof as[0], ret), "making a root key");
    return check_kept(r, s, *ret, err);
}

static ent_code seal_with(p11_root *r, CK_SESSION_HANDLE s, CK_OBJECT_HANDLE root, uint32_t epoch, const ent_key32 *key, uint8_t ret[WRAPPED], ent_err *err)
{
    head_of(r, epoch, ret);
    r->random.fill(r->random.self, ret + HEAD, IV);
    CK_GCM_PARAMS gcm = {ret + HEAD, IV, IV * 8, ret, HEAD, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
    CK_ULONG n = SEALED;
    P11_TRY(r->m->C_EncryptInit(s, &mechanism, root), "wrapping the epoch's key (AES-GCM)");
    P11_TRY(r->m->C_Encrypt(s, (CK_BYTE *)(uintptr_t)key->b, 32, ret + HEAD + IV, &n), "wrapping the epoch's key (AES-GCM)");
    return n == SEALED ? ENT_OK : ent_fail(err, ENT_UNSUPPORTED, "the token wrapped 32 bytes into %lu, not %d", n, SEALED);
}

/* ---- the port ---- */

static ent_code make(void *self, uint32_t epoch, const ent_key32 *key, ent_buf *ret_wrapped, ent_err *err)
{
    p11_root *r = self;
    CK_SESSION_HANDLE s;
    CK_OBJECT_HANDLE root;
    uint8_t out[WRAPPED];
    if (!r->named) r->random.fill(r->random.self, r->instance, sizeof r->instance);
    r->named = true;
    ENT_TRY(log_in(r, &s, err));
    ent_code code = destroy_roots(r, s, epoch, false, err);
    if (code == ENT_OK) code = generate(r, s, epoch, &root, err);
    if (code == ENT_OK) code = seal_with(r, s, root, epoch, key, out, err);
    log_out(r, s);
    if (code == ENT_OK) ent_buf_put(ret_wrapped, out, sizeof out);
    return code == ENT_OK ? ent_buf_check(ret_wrapped, err) : code;
}

static ent_code unseal_with(p11_root *r, CK_SESSION_HANDLE s, uint32_t epoch, const uint8_t *in, ent_key32 *ret_key, ent_err *err)
{
    CK_OBJECT_HANDLE roots[ROOTS_MAX];
    uint32_t epochs[ROOTS_MAX];
    uint8_t bytes[WRAPPED], plain[SEALED];
    size_t count, at = 0;
    memcpy(bytes, in, WRAPPED);
    CK_GCM_PARAMS gcm = {bytes + HEAD, IV, IV * 8, bytes, HEAD, 128};
    CK_MECHANISM mechanism = {CKM_AES_GCM, &gcm, sizeof gcm};
    CK_ULONG n = sizeof plain;
    ENT_TRY(list_roots(r, s, roots, epochs, &count, err));
    while (at < count && epochs[at] != epoch) at++;
    if (at == count) return ent_fail(err, ENT_DAMAGED, "the token does not hold the root key of epoch %u: it is another token, or the epoch has ended", epoch);
    P11_TRY(r->m->C_DecryptInit(s, &mechanism, roots[at]), "unwrapping the epoch's key");
    CK_RV rv = r->m->C_Decrypt(s, bytes + HEAD + IV, SEALED, plain, &n);
    if (rv == CKR_OK && n == 32) memcpy(ret_key->b, plain, 32);
    ent_wipe(plain, sizeof plain);
    if (rv == CKR_OK && n == 32) return ENT_OK;
    return ent_fail(err, ENT_DAMAGED, "the epoch's key does not open with the token's root key: one of the two is not this node's");
}

static ent_code open_wrapped(void *self, uint32_t epoch, const void *wrapped, size_t len, ent_key32 *ret_key, ent_err *err)
{
    p11_root *r = self;
    CK_SESSION_HANDLE s;
    uint8_t head[HEAD];
    const uint8_t *in = wrapped;
    if (len != WRAPPED || memcmp(in, MAGIC, 12) != 0) return ent_fail(err, ENT_DAMAGED, "the wrapped root key is not in the form that a token makes here");
    memcpy(r->instance, in + 12, sizeof r->instance);
    r->named = true;
    head_of(r, epoch, head);
    if (memcmp(head, in, HEAD) != 0) return ent_fail(err, ENT_DAMAGED, "the wrapped root key is of another epoch than the key slots");
    ENT_TRY(log_in(r, &s, err));
    ent_code code = unseal_with(r, s, epoch, in, ret_key, err);
    log_out(r, s);
    return code;
}

static ent_code keep_only(void *self, uint32_t epoch, ent_err *err)
{
    p11_root *r = self;
    CK_SESSION_HANDLE s;
    if (!r->named) return ENT_OK; /* none of ours yet */
    ENT_TRY(log_in(r, &s, err));
    ent_code code = destroy_roots(r, s, epoch, true, err);
    log_out(r, s);
    return code;
}

static void close_root(void *self)
{
    p11_root *r = self;
    if (!r) return;
    if (r->one) {
        p11_kit_module_finalize(r->one);
        p11_kit_module_release(r->one);
    }
    if (r->many) p11_kit_modules_finalize_and_release(r->many);
    p11_kit_uri_free(r->uri);
    free(r);
}

/* ---- opening ---- */

static ent_code parse_uri(p11_root *r, const char *text, ent_err *err)
{
    r->uri = p11_kit_uri_new();
    if (!r->uri) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    int rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_TOKEN | P11_KIT_URI_FOR_SLOT | P11_KIT_URI_FOR_MODULE, r->uri);
    if (rc != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(r->uri))
        return ent_fail(err, ENT_USAGE, "keys.root is no PKCS#11 URI of a token (RFC 7512): expected pkcs11:token=NAME?pin-source=file:/PATH");
    if (p11_kit_uri_get_pin_value(r->uri)) return ent_fail(err, ENT_USAGE, "a PIN does not belong in node.yaml: put it in a file and name that, pin-source=file:/PATH");
    return ENT_OK;
}

static ent_code load_modules(p11_root *r, ent_err *err)
{
    const char *path = p11_kit_uri_get_module_path(r->uri);
    if (!path) {
        r->many = p11_kit_modules_load_and_initialize(0);
        return r->many ? ENT_OK : ent_fail(err, ENT_UNREACHABLE, "PKCS#11 modules: %s", p11_kit_message());
    }
    CK_FUNCTION_LIST *m = p11_kit_module_load(path, 0);
    if (!m) return ent_fail(err, ENT_UNREACHABLE, "the PKCS#11 module %s: %s", path, p11_kit_message());
    CK_RV rv = p11_kit_module_initialize(m);
    if (rv == CKR_OK) {
        r->one = m;
        return ENT_OK;
    }
    p11_kit_module_release(m);
    return fail(rv, "starting its module", err);
}

/* How many tokens of one module are meant; the last one stays in r. */
static size_t look_in(p11_root *r, CK_FUNCTION_LIST *m, bool *ret_hardware)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;
    size_t meant = 0;
    const char *name = p11_kit_uri_get_module_name(r->uri);
    char *its = name ? p11_kit_module_get_name(m) : NULL;
    bool other = name && (!its || strcmp(its, name) != 0);
    free(its);
    if (other || m->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) return 0;
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO token;
        CK_SLOT_INFO slot;
        if (m->C_GetTokenInfo(slots[i], &token) != CKR_OK || m->C_GetSlotInfo(slots[i], &slot) != CKR_OK) continue;
        if (!(token.flags & CKF_TOKEN_INITIALIZED) || !p11_kit_uri_match_token_info(r->uri, &token) || !p11_kit_uri_match_slot_info(r->uri, &slot)) continue;
        r->m = m, r->slot = slots[i];
        *ret_hardware = slot.flags & CKF_HW_SLOT;
        meant++;
    }
    return meant;
}

static ent_code find_token(p11_root *r, bool *ret_hardware, ent_err *err)
{
    size_t meant = r->one ? look_in(r, r->one, ret_hardware) : 0;
    for (CK_FUNCTION_LIST **m = r->many; m && *m; m++) meant += look_in(r, *m, ret_hardware);
    if (meant == 0) return ent_fail(err, ENT_UNREACHABLE, "no token is there that keys.root means: is it plugged in, is its module known to p11-kit (`p11-kit list-modules`)?");
    if (meant > 1) return ent_fail(err, ENT_USAGE, "keys.root means %zu tokens: name one by token= and serial=", meant);
    return ENT_OK;
}

ent_code ent_p11_root(const char *uri, const char *node, ent_random random, ent_root *ret_root, ent_err *err)
{
    p11_root *r = calloc(1, sizeof *r);
    bool hardware = false;
    if (!r) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    r->random = random;
    snprintf(r->label, sizeof r->label, "entente %s", node);
    ent_code code = parse_uri(r, uri, err);
    if (code == ENT_OK) code = load_modules(r, err);
    if (code == ENT_OK) code = find_token(r, &hardware, err);
    if (code != ENT_OK) {
        close_root(r);
        return code;
    }
    *ret_root = (ent_root){.self = r, .hardware = hardware, .make = make, .open = open_wrapped, .keep_only = keep_only, .close = close_root};
    return ENT_OK;
}
