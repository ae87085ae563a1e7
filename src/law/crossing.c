#include "law/crossing.h"

#include "base/check.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

static bool is_word(const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; i++)
        if (text[i] < 0x21 || text[i] > 0x7e) return false;
    return n > 0 && n < ENT_CROSSING_WORD && strcmp(text, "-") != 0;
}

static bool is_country(const char *text) { return strlen(text) == 3 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3; }
static const char *or_none(const char *text) { return *text ? text : "-"; }

/* ---- writing ---- */

static void body_text(const ent_crossing *c, ent_buf *b)
{
    char salt[65], digest[65], time[ENT_TIME_TEXT];
    ent_hex(c->salt, 32, salt);
    ent_hex(c->digest, 32, digest);
    ent_time_text(c->time, time);
    ent_buf_fmt(b, ENT_CROSSING_MAGIC "salt %s\nnode %s\ndesk %s\ndevice %s\ntime %s\nofficer %s\nreference %s\ndocument %s %s\nnationality %s\nprotection", salt, c->node,
                c->desk, c->device, time, c->officer, or_none(c->reference), or_none(c->issued_by), or_none(c->document), or_none(c->nationality));
    for (size_t i = 0; i < c->feared_count; i++) ent_buf_fmt(b, " %s", c->feared[i]);
    if (!c->feared_count) ent_buf_str(b, c->protection ? " -" : " no");
    ent_buf_fmt(b, "\ncapture %" PRIu64 " %s\n", c->length, digest);
}

/* What the desk's key signs. */
static void signed_text(const uint8_t commitment[32], char ret_text[96])
{
    char hex[65];
    ent_hex(commitment, 32, hex);
    snprintf(ret_text, 96, "entente-crossing/v1\n%s\n", hex);
}

void ent_statement_write(const ent_crossing *c, ent_buf *ret)
{
    char base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    body_text(c, ret);
    ent_base64(c->signature, sizeof c->signature, base64);
    ent_buf_fmt(ret, "signature ed25519 %s\n", base64);
}

ent_code ent_crossing_sign(ent_crossing *c, ent_bytes capture, const ent_secret_key *key, ent_buf *ret_file, ent_err *err)
{
    ENT_AUTO_BUF body = ENT_BUF(ENT_CROSSING_MAX);
    ent_crossing check;
    char text[96];
    size_t from = ret_file->len;
    c->length = capture.len;
    ent_sha256(capture.data, capture.len, c->digest);
    body_text(c, &body);
    ENT_TRY(ent_buf_check(&body, err));
    ent_sha256(body.data, body.len, c->commitment);
    signed_text(c->commitment, text);
    ent_sign(key, text, strlen(text), c->signature);
    ent_statement_write(c, ret_file);
    ENT_TRY(ent_buf_check(ret_file, err));
    ENT_TRY(ent_statement_read(ret_file->data + from, ret_file->len - from, &check, err));
    ent_buf_u8(ret_file, '\n');
    ent_buf_put(ret_file, capture.data, capture.len);
    return ent_buf_check(ret_file, err);
}

/* ---- reading ---- */

bool ent_crossing_begins(const void *file, size_t len)
{
    return len >= sizeof ENT_CROSSING_MAGIC - 1 && memcmp(file, ENT_CROSSING_MAGIC, sizeof ENT_CROSSING_MAGIC - 1) == 0;
}

typedef struct lines {
    const char *at, *end;
} lines;

/* The words of the next line behind its name, each ended by a NUL in `room`; the number of words, 0 when the line is another, too long
 * or has more than cap words. */
static size_t take(lines *l, const char *name, char room[256], char *ret_word[], size_t cap)
{
    size_t n = strlen(name), count = 0;
    const char *nl = memchr(l->at, '\n', (size_t)(l->end - l->at));
    if (!nl || (size_t)(nl - l->at) <= n || (size_t)(nl - l->at) >= 256 || memcmp(l->at, name, n) != 0 || l->at[n] != ' ') return 0;
    size_t len = (size_t)(nl - l->at) - n - 1;
    memcpy(room, l->at + n + 1, len);
    room[len] = 0;
    if (strlen(room) != len) return 0;
    for (char *word = room, *space; word; word = space) {
        if (count == cap) return 0;
        space = strchr(word, ' ');
        if (space) *space++ = 0;
        ret_word[count++] = word;
    }
    l->at = nl + 1;
    return count;
}

static ent_code expected(ent_err *err, const char *what) { return ent_fail(err, ENT_FORMAT, "a crossing's statement: expected \"%s\"", what); }

static bool take_word(lines *l, const char *name, char *ret, size_t cap, bool may_be_none)
{
    char room[256], *word[1];
    if (take(l, name, room, word, 1) != 1) return false;
    if (may_be_none && strcmp(word[0], "-") == 0) return *ret = 0, true;
    if (!is_word(word[0]) || strlen(word[0]) >= cap) return false;
    memcpy(ret, word[0], strlen(word[0]) + 1);
    return true;
}

static bool copy_country(const char *word, char ret[4], bool may_be_none)
{
    if (may_be_none && strcmp(word, "-") == 0) return *ret = 0, true;
    if (!is_country(word)) return false;
    memcpy(ret, word, 4);
    return true;
}

static bool take_document(lines *l, ent_crossing *c)
{
    char room[256], *word[2];
    if (take(l, "document", room, word, 2) != 2 || !copy_country(word[0], c->issued_by, true)) return false;
    if (strcmp(word[1], "-") == 0) return *c->issued_by == 0;
    if (!*c->issued_by || !is_word(word[1])) return false;
    memcpy(c->document, word[1], strlen(word[1]) + 1);
    return true;
}

static bool take_protection(lines *l, ent_crossing *c)
{
    char room[256], *word[ENT_CROSSING_FEARED];
    size_t n = take(l, "protection", room, word, ENT_CROSSING_FEARED);
    if (!n) return false;
    c->protection = strcmp(word[0], "no") != 0;
    if (!c->protection || strcmp(word[0], "-") == 0) return n == 1;
    for (size_t i = 0; i < n; i++)
        if (!copy_country(word[i], c->feared[i], false)) return false;
    c->feared_count = n;
    return true;
}

static bool take_capture(lines *l, ent_crossing *c)
{
    char room[256], *word[2], *end;
    if (take(l, "capture", room, word, 2) != 2 || strspn(word[0], "0123456789") != strlen(word[0]) || !*word[0] || strlen(word[0]) > 12) return false;
    c->length = strtoull(word[0], &end, 10);
    return ent_unhex(word[1], c->digest, 32);
}

static ent_code take_lines(lines *l, ent_crossing *c, ent_err *err)
{
    char salt[256], time[256], room[256], *word[1];
    if (!ent_crossing_begins(l->at, (size_t)(l->end - l->at))) return expected(err, "entente-capture/v1");
    l->at += sizeof ENT_CROSSING_MAGIC - 1;
    if (take(l, "salt", salt, word, 1) != 1 || !ent_unhex(word[0], c->salt, 32)) return expected(err, "salt 64 hexadecimal digits");
    if (!take_word(l, "node", c->node, sizeof c->node, false)) return expected(err, "node NAME");
    if (!take_word(l, "desk", c->desk, sizeof c->desk, false)) return expected(err, "desk NAME");
    if (!take_word(l, "device", c->device, sizeof c->device, false)) return expected(err, "device NAME");
    if (take(l, "time", time, word, 1) != 1 || !ent_time_parse(word[0], &c->time)) return expected(err, "time TIME");
    if (!take_word(l, "officer", c->officer, sizeof c->officer, false)) return expected(err, "officer NAME");
    if (!take_word(l, "reference", c->reference, sizeof c->reference, true)) return expected(err, "reference REFERENCE, or -");
    if (!take_document(l, c)) return expected(err, "document COUNTRY NUMBER, or - -");
    if (take(l, "nationality", room, word, 1) != 1 || !copy_country(word[0], c->nationality, true)) return expected(err, "nationality COUNTRY, or -");
    if (!take_protection(l, c)) return expected(err, "protection no, -, or the countries that are feared");
    return take_capture(l, c) ? ENT_OK : expected(err, "capture LENGTH SHA256");
}

ent_code ent_statement_read(const void *text, size_t len, ent_crossing *ret, ent_err *err)
{
    ent_crossing c = {0};
    char room[256], *word[2];
    size_t n;
    if (len > ENT_CROSSING_MAX) return ent_fail(err, ENT_TOO_LARGE, "a crossing's statement of over %d bytes", ENT_CROSSING_MAX);
    lines l = {text, (const char *)text + len};
    ENT_TRY(take_lines(&l, &c, err));
    size_t covered = (size_t)(l.at - (const char *)text);
    if (take(&l, "signature", room, word, 2) != 2 || strcmp(word[0], "ed25519") != 0 || !ent_unbase64(word[1], strlen(word[1]), c.signature, sizeof c.signature, &n) ||
        n != sizeof c.signature || l.at != l.end)
        return expected(err, "signature ed25519 SIGNATURE at its end");
    /* one form only: what was read is what would be written */
    ENT_AUTO_BUF again = ENT_BUF(ENT_CROSSING_MAX);
    body_text(&c, &again);
    ENT_TRY(ent_buf_check(&again, err));
    if (again.len != covered || memcmp(again.data, text, covered) != 0) return ent_fail(err, ENT_FORMAT, "a crossing's statement that is not in the one form that is allowed");
    ent_sha256(text, covered, c.commitment);
    *ret = c;
    return ENT_OK;
}

ent_code ent_crossing_read(const void *file, size_t len, ent_crossing *ret, ent_bytes *ret_capture, ent_err *err)
{
    ent_crossing c;
    uint8_t digest[32];
    size_t within = len < ENT_CROSSING_MAX ? len : ENT_CROSSING_MAX;
    const char *empty = memmem(file, within, "\n\n", 2);
    if (!empty) return ent_fail(err, ENT_FORMAT, "a crossing's statement ends with an empty line");
    size_t head = (size_t)(empty - (const char *)file) + 1;
    ENT_TRY(ent_statement_read(file, head, &c, err));
    ent_bytes capture = ENT_BYTES((const uint8_t *)file + head + 1, len - head - 1);
    ent_sha256(capture.data, capture.len, digest);
    if (capture.len != c.length || memcmp(digest, c.digest, 32) != 0) return ent_fail(err, ENT_DAMAGED, "the statement is about another capture than the one behind it");
    *ret = c;
    *ret_capture = capture;
    return ENT_OK;
}

/* ---- the pledge ---- */

bool ent_pledge_verify(const ent_pledge *p)
{
    char text[96];
    ent_public_key key;
    memcpy(key.b, p->key, 32);
    signed_text(p->commitment, text);
    return ent_sign_verify(&key, text, strlen(text), p->signature);
}

void ent_pledge_text(const ent_pledge *p, char ret_text[ENT_PLEDGE_MAX])
{
    char hex[65], key[ENT_BASE64_SIZE(32)], signature[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    ent_hex(p->commitment, 32, hex);
    ent_base64(p->key, 32, key);
    ent_base64(p->signature, ENT_SIGNATURE_SIZE, signature);
    snprintf(ret_text, ENT_PLEDGE_MAX, "%s %s %s", hex, key, signature);
}

ent_code ent_pledge_read(const char *text, ent_pledge *ret, ent_err *err)
{
    ent_pledge p;
    char again[ENT_PLEDGE_MAX], hex[65];
    size_t n, m, len = strlen(text);
    enum { KEY_AT = 65, SIGNATURE_AT = KEY_AT + ENT_BASE64_SIZE(32) };
    bool ok = len == SIGNATURE_AT + ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE) - 1 && text[64] == ' ' && text[SIGNATURE_AT - 1] == ' ';
    if (ok) memcpy(hex, text, 64), hex[64] = 0;
    ok = ok && ent_unhex(hex, p.commitment, 32) && ent_unbase64(text + KEY_AT, SIGNATURE_AT - 1 - KEY_AT, p.key, 32, &n) && n == 32 &&
         ent_unbase64(text + SIGNATURE_AT, len - SIGNATURE_AT, p.signature, ENT_SIGNATURE_SIZE, &m) && m == ENT_SIGNATURE_SIZE;
    if (ok) ent_pledge_text(&p, again);
    if (!ok || strcmp(again, text) != 0) return ent_fail(err, ENT_FORMAT, "a crossing's pledge is \"COMMITMENT KEY SIGNATURE\"");
    *ret = p;
    return ENT_OK;
}

/* ---- protection ---- */

bool ent_crossing_barred(const ent_crossing *c, const char *country, char ret_clause[ENT_LAW_CLAUSE])
{
    const char *why = NULL;
    if (!c->protection) return false;
    if (!*c->nationality) why = "nationality unknown";
    else if (!*country) why = "the holder states no country";
    else if (strcmp(c->nationality, country) == 0) why = "own country";
    else if (*c->issued_by && strcmp(c->issued_by, country) == 0) why = "issued the document";
    for (size_t i = 0; i < c->feared_count && !why; i++)
        if (strcmp(c->feared[i], country) == 0) why = "named as feared";
    if (why) snprintf(ret_clause, ENT_LAW_CLAUSE, "protection: %s", why);
    return why != NULL;
}

/* ---- the lot ---- */

bool ent_lot_chosen(const uint8_t head[32], const uint8_t reference[16])
{
    static const char word[] = "entente-lot/v1\n";
    uint8_t digest[32];
    uint64_t draw = 0;
    ent_sha256_parts((ent_bytes[]){ENT_BYTES(word, sizeof word - 1), ENT_BYTES(head, 32), ENT_BYTES(reference, 16)}, 3, digest);
    for (int i = 0; i < 8; i++) draw = draw << 8 | digest[i];
    return draw % ENT_LOT_ONE_IN == 0; /* the bias of 2^64 mod 200 is under 10^-17 */
}

ent_date ent_lot_until(ent_date asked) { return ent_date_add(asked, 0, 0, ENT_LOT_DAYS); }

/* "Within 30 days": the thirtieth day after the one of the search counts wholly. */
bool ent_lot_overdue(ent_date asked, ent_date today) { return ent_date_compare(today, ent_lot_until(asked)) > 0; }
