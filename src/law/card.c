#include "law/card.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/x509.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "entente-card/v1"
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----\n"
#define PEM_END "-----END CERTIFICATE-----\n"

/* ---- writing ---- */

static void body_text(const ent_card *c, ent_buf *ret_text)
{
    char key[ENT_BASE64_SIZE(32)], time[ENT_TIME_TEXT];
    ent_base64(c->identity.b, 32, key);
    ent_time_text(c->issued, time);
    ent_buf_fmt(ret_text, MAGIC "\nname %s\naddress %s\nidentity ed25519 %s\nserial %u\nissued %s\n", c->name, c->address,
                key, c->serial, time);
    if (*c->country) ent_buf_fmt(ret_text, "country %s\n", c->country);
    for (size_t i = 0; i < c->certificate_count; i++) ent_buf_str(ret_text, c->certificate[i]);
}

/* ---- reading ---- */

/* Takes the rest of a line that begins with `front`, into cap bytes; false when the line is another or longer. */
static bool take_line(const char **at, const char *front, char *ret_value, size_t cap)
{
    size_t n = strlen(front);
    if (strncmp(*at, front, n) != 0) return false;
    const char *value = *at + n, *nl = strchr(value, '\n');
    if (!nl || nl == value || (size_t)(nl - value) >= cap) return false;
    for (const char *p = value; p < nl; p++)
        if (*p < 0x21 || *p > 0x7e) return false;
    memcpy(ret_value, value, (size_t)(nl - value));
    ret_value[nl - value] = 0;
    *at = nl + 1;
    return true;
}

static bool take_key(const char **at, const char *front, uint8_t *ret_key, size_t size)
{
    char text[128];
    size_t n;
    if (!take_line(at, front, text, sizeof text)) return false;
    return ent_unbase64(text, strlen(text), ret_key, size, &n) && n == size;
}

static bool is_name(const char *name)
{
    if (*name < 'a' || *name > 'z') return false;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(name);
}

/* https://HOST:PORT: what a client can be pointed at without surprises (no user, no path, no query). */
static bool is_address(const char *address)
{
    static const char scheme[] = "https://";
    if (strncmp(address, scheme, sizeof scheme - 1) != 0) return false;
    const char *host = address + sizeof scheme - 1;
    size_t n;
    if (*host == '[') {
        n = strspn(host + 1, "0123456789abcdefABCDEF:.") + 1;
        if (n < 3 || host[n++] != ']') return false;
    } else {
        n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
        if (n == 0) return false;
    }
    const char *port = host + n;
    size_t digits = *port == ':' ? strspn(port + 1, "0123456789") : 0;
    return digits >= 1 && digits <= 5 && port[1] != '0' && port[1 + digits] == 0 && atol(port + 1) <= 65535;
}

static ent_code take_certificate(const char **at, ent_card *c, ent_err *err)
{
    const char *end = strstr(*at, PEM_END);
    size_t n = end ? (size_t)(end - *at) + sizeof PEM_END - 1 : 0;
    if (!end || n >= sizeof c->certificate[0] || c->certificate_count == ENT_CARD_CERTIFICATES)
        return ent_fail(err, ENT_FORMAT, "card: at most %d certificates of under %zu bytes", ENT_CARD_CERTIFICATES,
                        sizeof c->certificate[0]);
    size_t i = c->certificate_count;
    memcpy(c->certificate[i], *at, n);
    c->certificate[i][n] = 0;
    ENT_TRY(ent_x509_pin(c->certificate[i], n, c->pin[i], &c->until[i], err));
    c->certificate_count++;
    *at += n;
    return ENT_OK;
}

static ent_code take_head(const char **at, ent_card *c, ent_err *err)
{
    char line[64];
    if (!take_line(at, MAGIC "\nname ", c->name, sizeof c->name) || !is_name(c->name))
        return ent_fail(err, ENT_FORMAT, "card: it begins with \"" MAGIC "\" and \"name NAME\"");
    if (!take_line(at, "address ", c->address, sizeof c->address) || !is_address(c->address))
        return ent_fail(err, ENT_FORMAT, "card: expected \"address https://HOST:PORT\"");
    if (!take_key(at, "identity ed25519 ", c->identity.b, 32))
        return ent_fail(err, ENT_FORMAT, "card: expected \"identity ed25519 KEY\"");
    bool ok = take_line(at, "serial ", line, sizeof line) && strspn(line, "0123456789") == strlen(line) &&
              strlen(line) < 10;
    if (!ok) return ent_fail(err, ENT_FORMAT, "card: expected \"serial NUMBER\"");
    c->serial = (uint32_t)strtoul(line, NULL, 10);
    if (!take_line(at, "issued ", line, sizeof line) || !ent_time_parse(line, &c->issued))
        return ent_fail(err, ENT_FORMAT, "card: expected \"issued TIME\"");
    if (strncmp(*at, "country ", 8) != 0) return ENT_OK;
    bool country = take_line(at, "country ", c->country, sizeof c->country) &&
                   strspn(c->country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
    return country ? ENT_OK : ent_fail(err, ENT_FORMAT, "card: expected \"country\" and three capital letters");
}

static ent_code take_card(const char *text, size_t len, ent_card *c, ent_err *err)
{
    const char *at = text;
    ENT_TRY(take_head(&at, c, err));
    while (strncmp(at, PEM_BEGIN, sizeof PEM_BEGIN - 1) == 0) ENT_TRY(take_certificate(&at, c, err));
    if (c->certificate_count == 0) return ent_fail(err, ENT_FORMAT, "card: expected a certificate");
    uint8_t signature[ENT_SIGNATURE_SIZE];
    size_t covered = (size_t)(at - text);
    if (!take_key(&at, "signature ed25519 ", signature, sizeof signature) || at != text + len)
        return ent_fail(err, ENT_FORMAT, "card: expected \"signature ed25519 SIGNATURE\" at its end");
    if (!ent_sign_verify(&c->identity, text, covered, signature))
        return ent_fail(err, ENT_SIGNATURE, "card: its signature does not verify");
    /* One form only: a card that was read is the card that would be written. */
    ENT_AUTO_BUF again = ENT_BUF(ENT_CARD_MAX);
    body_text(c, &again);
    ENT_TRY(ent_buf_check(&again, err));
    bool same = again.len == covered && memcmp(again.data, text, covered) == 0;
    return same ? ENT_OK : ent_fail(err, ENT_FORMAT, "card: not in the one form that is allowed");
}

ent_code ent_card_decode(const void *text, size_t len, ent_card *ret_card, ent_err *err)
{
    if (len > ENT_CARD_MAX) return ent_fail(err, ENT_TOO_LARGE, "card: over %d bytes", ENT_CARD_MAX);
    if (len == 0 || memchr(text, 0, len)) return ent_fail(err, ENT_FORMAT, "card: empty, or not text");
    ent_card *c = calloc(1, sizeof *c);
    char *copy = strndup(text, len);
    ent_code code = c && copy ? take_card(copy, len, c, err) : ent_fail(err, ENT_NO_MEMORY, "no memory for a card");
    if (code == ENT_OK) *ret_card = *c;
    free(copy);
    free(c);
    return code;
}

ent_code ent_card_encode(const ent_card *card, const ent_secret_key *identity, ent_buf *ret_text, ent_err *err)
{
    ent_public_key public;
    ent_sign_public(identity, &public);
    ENT_PRE(ent_public_key_equal(&public, &card->identity));
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    body_text(card, &text);
    ENT_TRY(ent_buf_check(&text, err));
    uint8_t signature[ENT_SIGNATURE_SIZE];
    char base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    ent_sign(identity, text.data, text.len, signature);
    ent_base64(signature, sizeof signature, base64);
    ent_buf_fmt(&text, "signature ed25519 %s\n", base64);
    ENT_TRY(ent_buf_check(&text, err));
    ent_card *check = calloc(1, sizeof *check);
    if (!check) return ent_fail(err, ENT_NO_MEMORY, "no memory for a card");
    ent_code code = ent_card_decode(text.data, text.len, check, err);
    free(check);
    if (code != ENT_OK) return code;
    ent_buf_put(ret_text, text.data, text.len);
    return ent_buf_check(ret_text, err);
}
