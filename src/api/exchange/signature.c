#include "api/exchange/signature.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"

#include <string.h>

/* ---- reading structured fields (RFC 8941), canonical form only ---- */

typedef struct scan {
    const char *p;
    bool bad;
} scan;

static bool is_key(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || c == '*' || (!first && ((c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'));
}

static bool eat(scan *s, char c)
{
    if (s->bad || *s->p != c) return false;
    s->p++;
    return true;
}

static void need(scan *s, char c)
{
    if (!eat(s, c)) s->bad = true;
}

/* A key; its length. */
static size_t take_key(scan *s, const char **ret_key)
{
    *ret_key = s->p;
    if (s->bad || !is_key(*s->p, true)) {
        s->bad = true;
        return 0;
    }
    size_t n = 1;
    while (is_key(s->p[n], false)) n++;
    s->p += n;
    return n;
}

/* A quoted text without escapes (none of ours needs one); its content and length. */
static size_t take_string(scan *s, const char **ret_text)
{
    need(s, '"');
    *ret_text = s->p;
    size_t n = 0;
    while (!s->bad && s->p[n] != '"') {
        if (s->p[n] < 0x20 || s->p[n] > 0x7e || s->p[n] == '\\') s->bad = true;
        n++;
    }
    if (s->bad) return 0;
    s->p += n + 1;
    return n;
}

/* A whole number of at most 15 digits. */
static int64_t take_number(scan *s)
{
    size_t n = strspn(s->p, "0123456789");
    if (n == 0 || n > 15) s->bad = true;
    int64_t v = 0;
    for (size_t i = 0; !s->bad && i < n; i++) v = v * 10 + (s->p[i] - '0');
    s->p += n;
    return v;
}

static bool same(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static void copy_text(scan *s, char *ret_text, size_t cap)
{
    const char *text;
    size_t n = take_string(s, &text);
    if (s->bad || n == 0 || n >= cap || *ret_text) {
        s->bad = true; /* empty, too long, or stated twice */
        return;
    }
    memcpy(ret_text, text, n);
    ret_text[n] = 0;
}

/* One component identifier: a quoted name and its parameters. */
static void take_component(scan *s, ent_httpsig *sig)
{
    const char *text, *from = s->p;
    if (take_string(s, &text) == 0) s->bad = true;
    while (eat(s, ';')) {
        const char *key;
        size_t n = take_key(s, &key);
        if (same(key, n, "req")) continue;
        if (!same(key, n, "key")) s->bad = true;
        need(s, '=');
        (void)take_string(s, &text);
    }
    if (s->bad || sig->count == ENT_HTTPSIG_COMPONENTS) {
        s->bad = true;
        return;
    }
    size_t len = (size_t)(s->p - from);
    for (size_t i = 0; i < sig->count; i++) /* section 2.5: no identifier twice */
        if (sig->component[i].len == len && memcmp(sig->component[i].text, from, len) == 0) s->bad = true;
    sig->component[sig->count].text = from;
    sig->component[sig->count++].len = len;
}

static void take_parameter(scan *s, ent_httpsig *sig)
{
    const char *key;
    size_t n = take_key(s, &key);
    need(s, '=');
    if (same(key, n, "created")) {
        if (sig->created >= 0) s->bad = true;
        sig->created = take_number(s);
    } else if (same(key, n, "keyid"))
        copy_text(s, sig->keyid, sizeof sig->keyid);
    else if (same(key, n, "nonce"))
        copy_text(s, sig->nonce, sizeof sig->nonce);
    else if (same(key, n, "alg"))
        copy_text(s, sig->alg, sizeof sig->alg);
    else if (same(key, n, "tag"))
        copy_text(s, sig->tag, sizeof sig->tag);
    else
        s->bad = true;
}

static void take_inner(scan *s, ent_httpsig *sig)
{
    *sig = (ent_httpsig){.raw = s->p, .created = -1};
    need(s, '(');
    for (bool more = !s->bad && *s->p != ')'; more && !s->bad; more = eat(s, ' ')) take_component(s, sig);
    need(s, ')');
    while (eat(s, ';')) take_parameter(s, sig);
    sig->raw_len = (size_t)(s->p - sig->raw);
}

ent_code ent_httpsig_parse(const char *signature_input, const char *label, ent_httpsig *ret_signature, ent_err *err)
{
    scan s = {.p = signature_input};
    bool found = false;
    ent_httpsig sig;
    for (bool more = true; more && !s.bad; more = eat(&s, ',')) {
        while (eat(&s, ' ')) {}
        const char *key;
        size_t n = take_key(&s, &key);
        need(&s, '=');
        take_inner(&s, &sig);
        if (s.bad || !same(key, n, label)) continue;
        if (found) return ent_fail(err, ENT_FORMAT, "Signature-Input has \"%s\" twice", label);
        *ret_signature = sig;
        found = true;
    }
    if (s.bad || *s.p)
        return ent_fail(err, ENT_FORMAT, "Signature-Input is not as RFC 9421 writes it, near byte %zu",
                        (size_t)(s.p - signature_input));
    return found ? ENT_OK : ent_fail(err, ENT_NOT_FOUND, "no signature labelled \"%s\"", label);
}

bool ent_httpsig_covers(const ent_httpsig *s, const char *identifier)
{
    for (size_t i = 0; i < s->count; i++)
        if (same(s->component[i].text, s->component[i].len, identifier)) return true;
    return false;
}

/* Finds member `label` of a dictionary of byte sequences; its base64. */
static size_t find_bytes(const char *field, const char *label, const char **ret_base64)
{
    scan s = {.p = field};
    size_t found = 0;
    for (bool more = true; more && !s.bad; more = eat(&s, ',')) {
        while (eat(&s, ' ')) {}
        const char *key;
        size_t n = take_key(&s, &key);
        need(&s, '=');
        need(&s, ':');
        size_t len = s.bad ? 0 : strcspn(s.p, ":,");
        const char *base64 = s.p;
        s.p += len;
        need(&s, ':');
        if (s.bad || len == 0 || !same(key, n, label)) continue;
        if (found) return 0;
        found = len;
        *ret_base64 = base64;
    }
    return s.bad || *s.p ? 0 : found;
}

ent_code ent_httpsig_value(const char *signature, const char *label, uint8_t ret_signature[ENT_SIGNATURE_SIZE],
                           ent_err *err)
{
    const char *base64;
    size_t len = find_bytes(signature, label, &base64), n = 0;
    uint8_t bytes[ENT_SIGNATURE_SIZE];
    if (len == 0 || !ent_unbase64(base64, len, bytes, sizeof bytes, &n) || n != sizeof bytes)
        return ent_fail(err, ENT_FORMAT, "Signature has no \"%s\" of 64 bytes", label);
    memcpy(ret_signature, bytes, sizeof bytes);
    return ENT_OK;
}

/* ---- the signature base ---- */

const char *ent_http_field_value(const ent_http_message *m, const char *name, bool *ret_twice)
{
    const char *value = NULL;
    bool twice = false;
    for (size_t i = 0; i < m->field_count; i++) {
        if (strcmp(m->field[i].name, name) != 0) continue;
        twice = twice || value;
        if (!value) value = m->field[i].value;
    }
    if (ret_twice) *ret_twice = twice;
    return value;
}

static bool derived_value(const ent_http_message *m, const char *name, size_t len, ent_buf *ret_base)
{
    const char *value = same(name, len, "@method")      ? m->method
                        : same(name, len, "@path")      ? m->path
                        : same(name, len, "@authority") ? m->authority
                                                        : NULL;
    if (same(name, len, "@status") && m->status) {
        ent_buf_fmt(ret_base, "%d", m->status);
        return true;
    }
    if (!value || !*value) return false;
    ent_buf_str(ret_base, value);
    return true;
}

/* The value of a field or, with a key, of its dictionary's member (byte sequences only). */
static bool field_value(const ent_http_message *m, const char *name, size_t len, const char *key, ent_buf *ret_base)
{
    char field[64];
    bool twice;
    if (len >= sizeof field) return false;
    memcpy(field, name, len);
    field[len] = 0;
    const char *value = ent_http_field_value(m, field, &twice), *base64;
    if (!value || twice) return false;
    if (!*key) {
        ent_buf_str(ret_base, value);
        return true;
    }
    size_t n = find_bytes(value, key, &base64);
    if (n == 0) return false;
    ent_buf_u8(ret_base, ':');
    ent_buf_put(ret_base, base64, n);
    ent_buf_u8(ret_base, ':');
    return true;
}

/* Appends one line of the base. */
static bool put_component(const ent_http_message *m, const char *text, size_t len, ent_buf *ret_base)
{
    const char *name = text + 1, *end = memchr(name, '"', len - 1);
    size_t name_len = (size_t)(end - name);
    char key[ENT_HTTPSIG_TEXT] = "";
    const ent_http_message *of = m;
    for (scan s = {.p = end + 1}; s.p < text + len;) {
        const char *word, *value;
        need(&s, ';');
        size_t n = take_key(&s, &word);
        if (same(word, n, "req")) {
            of = m->request;
            continue;
        }
        need(&s, '=');
        n = take_string(&s, &value);
        if (s.bad || n >= sizeof key) return false;
        memcpy(key, value, n);
        key[n] = 0;
    }
    if (!of) return false;
    ent_buf_put(ret_base, text, len);
    ent_buf_str(ret_base, ": ");
    bool ok = *name == '@' ? !*key && derived_value(of, name, name_len, ret_base)
                           : field_value(of, name, name_len, key, ret_base);
    ent_buf_str(ret_base, "\n");
    return ok;
}

ent_code ent_httpsig_base(const ent_http_message *m, const ent_httpsig *s, ent_buf *ret_base, ent_err *err)
{
    ENT_AUTO_BUF base = ENT_BUF(ENT_HTTPSIG_BASE_MAX);
    for (size_t i = 0; i < s->count; i++)
        if (!put_component(m, s->component[i].text, s->component[i].len, &base))
            return ent_fail(err, ENT_FORMAT, "the signature covers %.*s, which is missing, stands twice or is not known",
                            (int)(s->component[i].len < 80 ? s->component[i].len : 80), s->component[i].text);
    ent_buf_str(&base, "\"@signature-params\": ");
    ent_buf_put(&base, s->raw, s->raw_len);
    ENT_TRY(ent_buf_check(&base, err));
    ent_buf_put(ret_base, base.data, base.len);
    return ent_buf_check(ret_base, err);
}

ent_code ent_httpsig_sign(const ent_http_message *m, const char *label, const char *inner, const ent_secret_key *key,
                          ent_buf *ret_input, ent_buf *ret_signature, ent_buf *ret_base, ent_err *err)
{
    ENT_AUTO_BUF input = ENT_BUF(8192);
    ent_buf_fmt(&input, "%s=%s", label, inner);
    ENT_TRY(ent_buf_check(&input, err));
    ent_httpsig s;
    ENT_TRY(ent_httpsig_parse(ent_buf_cstr(&input), label, &s, err));
    size_t from = ret_base->len;
    ENT_TRY(ent_httpsig_base(m, &s, ret_base, err));
    uint8_t signature[ENT_SIGNATURE_SIZE];
    char base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    ent_sign(key, ret_base->data + from, ret_base->len - from, signature);
    ent_base64(signature, sizeof signature, base64);
    ent_buf_put(ret_input, input.data, input.len);
    ent_buf_fmt(ret_signature, "%s=:%s:", label, base64);
    ENT_TRY(ent_buf_check(ret_input, err));
    return ent_buf_check(ret_signature, err);
}

/* ---- Content-Digest ---- */

void ent_digest_text(const void *body, size_t len, char ret_text[ENT_DIGEST_TEXT])
{
    uint8_t digest[ENT_SHA256_SIZE];
    memcpy(ret_text, "sha-256=:", 9);
    ent_sha256(body, len, digest);
    ent_base64(digest, sizeof digest, ret_text + 9); /* 44 characters */
    memcpy(ret_text + 53, ":", 2);
}

ent_code ent_digest_check(const char *content_digest, const void *body, size_t len, ent_err *err)
{
    const char *base64;
    size_t n = find_bytes(content_digest, "sha-256", &base64), size = 0;
    uint8_t stated[ENT_SHA256_SIZE], digest[ENT_SHA256_SIZE];
    if (n == 0 || !ent_unbase64(base64, n, stated, sizeof stated, &size) || size != sizeof stated)
        return ent_fail(err, ENT_FORMAT, "Content-Digest has no sha-256 of 32 bytes");
    ent_sha256(body, len, digest);
    if (!ent_equal(digest, stated, sizeof digest))
        return ent_fail(err, ENT_SIGNATURE, "the body does not have the digest that Content-Digest states");
    return ENT_OK;
}
