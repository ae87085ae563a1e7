#include "api/exchange/wire.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"

#include <stdlib.h>
#include <string.h>

static const char *const paths[] = {
#define ENT_X(name, path) path,
    ENT_MESSAGES(ENT_X)
#undef ENT_X
};

const char *ent_wire_path(ent_message_kind kind)
{
    ENT_PRE((unsigned)kind < ENT_MESSAGE_COUNT);
    return paths[kind];
}

ent_message_kind ent_wire_kind(const char *path)
{
    int kind = 0;
    while (kind < ENT_MESSAGE_COUNT && strcmp(paths[kind], path) != 0) kind++;
    return (ent_message_kind)kind;
}

ent_wire_target ent_wire_target_of(const ent_message *message)
{
    ent_wire_target t = {.method = message->poll ? "GET" : "POST"};
    if (message->poll) ent_job_path(message->id, t.path);
    else snprintf(t.path, sizeof t.path, "%s", ent_wire_path(message->kind));
    return t;
}

bool ent_wire_job(const char *path, uint8_t ret_id[ENT_ID_SIZE])
{
    char canonical[ENT_JOB_PATH];
    const char *last = strrchr(path, '/');
    if (!last || !ent_id_parse(last + 1, ret_id)) return false;
    ent_job_path(ret_id, canonical);
    return strcmp(path, canonical) == 0;
}

void ent_wire_keyid(const uint8_t key[32], char ret_keyid[ENT_WIRE_KEYID]) { ent_hex(key, 32, ret_keyid); }

/* ---- fields ---- */

static const char *keep(ent_wire_fields *f, const char *text, size_t len, bool lower)
{
    if (len >= sizeof f->text - f->used) {
        f->overflow = true;
        return NULL;
    }
    char *copy = f->text + f->used;
    for (size_t i = 0; i < len; i++) copy[i] = lower && text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
    copy[len] = 0;
    f->used += len + 1;
    return copy;
}

void ent_wire_add(ent_wire_fields *fields, const char *name, size_t name_len, const char *value, size_t value_len)
{
    while (value_len && (*value == ' ' || *value == '\t')) value++, value_len--;
    while (value_len && strchr(" \t\r\n", value[value_len - 1])) value_len--;
    if (fields->count == ENT_WIRE_FIELDS || memchr(value, 0, value_len)) fields->overflow = true;
    if (fields->overflow) return;
    const char *n = keep(fields, name, name_len, true), *v = keep(fields, value, value_len, false);
    if (!n || !v) return;
    fields->field[fields->count++] = (ent_http_field){n, v};
}

static void add(ent_wire_fields *f, const char *name, const char *value)
{
    ent_wire_add(f, name, strlen(name), value, strlen(value));
}

/* A text that may stand in a field: printable ASCII. */
static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e) return false;
    return true;
}

/* ---- requests ---- */

static const char *const required[] = {"\"@method\"",        "\"@path\"",      "\"content-digest\"", "\"content-type\"",
                                       "\"entente-version\"", "\"entente-to\"", "\"entente-message\""};

static void add_agreement(ent_wire_fields *f, const ent_message *m)
{
    char text[160], hex[65] = "";
    if (m->agreement_digest) ent_hex(m->agreement_digest, 32, hex);
    snprintf(text, sizeof text, "%.63s %u %s", m->agreement, m->agreement_version, hex);
    add(f, "entente-agreement", text);
}

static ent_code add_proof(ent_wire_fields *f, const char *proof, ent_err *err)
{
    size_t len = strlen(proof);
    if (len > ENT_LIMIT_HEADERS / 2) return ent_fail(err, ENT_TOO_LARGE, "the proof is too long to be sent");
    char *base64 = malloc(ENT_BASE64_SIZE(len));
    if (!base64) return ent_fail(err, ENT_NO_MEMORY, "no memory for a proof");
    ent_base64((const uint8_t *)proof, len, base64);
    add(f, "entente-proof", base64);
    free(base64);
    return ENT_OK;
}

/* RFC 7240 */
static void add_prefer(ent_wire_fields *f, int seconds)
{
    char text[48];
    if (seconds < 0) snprintf(text, sizeof text, "respond-async");
    else snprintf(text, sizeof text, "respond-async, wait=%d", seconds);
    add(f, "prefer", text);
}

static ent_code add_message(ent_wire_fields *f, const ent_message *m, const char *to, ent_err *err)
{
    char id[ENT_ID_TEXT], digest[ENT_DIGEST_TEXT];
    const char *flow = m->flow ? m->flow : "", *purpose = m->purpose ? m->purpose : "";
    if (!printable(flow) || !printable(purpose) || (m->agreement && !printable(m->agreement)))
        return ent_fail(err, ENT_FORMAT, "agreement, flow and purpose must be ASCII");
    ent_id_text(m->id, id);
    ent_digest_text(m->body, m->body_len, digest);
    add(f, "content-type", "application/octet-stream");
    add(f, "content-digest", digest);
    add(f, "entente-version", ENT_WIRE_VERSION);
    add(f, "entente-to", to);
    add(f, "entente-message", id);
    if (m->agreement && *m->agreement) add_agreement(f, m);
    if (*flow) add(f, "entente-flow", flow);
    if (*purpose) add(f, "entente-purpose", purpose);
    if (m->crossing && !printable(m->crossing)) return ent_fail(err, ENT_FORMAT, "a crossing's pledge must be ASCII");
    if (m->crossing && *m->crossing) add(f, "entente-crossing", m->crossing);
    if (m->form == ENT_FORM_ITL) add(f, "accept", ENT_WIRE_ITL);
    if (m->prefer_s) add_prefer(f, m->prefer_s);
    if (m->on_behalf_of && *m->on_behalf_of) add(f, "entente-on-behalf-of", m->on_behalf_of); /* a party's name: ASCII */
    return m->proof && *m->proof ? add_proof(f, m->proof, err) : ENT_OK;
}

/* The inner list: what is required, then every other field that is there. */
static void request_inner(const ent_wire_fields *f, ent_time now, const uint8_t nonce[16], const char *keyid,
                          ent_buf *ret_inner)
{
    char base64[ENT_BASE64_SIZE(16)];
    ent_base64(nonce, 16, base64);
    ent_buf_str(ret_inner, "(");
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        ent_buf_fmt(ret_inner, "%s%s", i ? " " : "", required[i]);
    for (size_t i = 5; i < f->count; i++) ent_buf_fmt(ret_inner, " \"%s\"", f->field[i].name);
    ent_buf_fmt(ret_inner, ");created=%lld;keyid=\"%s\";nonce=\"%s\";alg=\"ed25519\";tag=\"" ENT_WIRE_TAG_REQUEST "\"",
                (long long)(now.ms / 1000), keyid, base64);
}

static ent_code sign_fields(const ent_http_message *http, ent_buf *inner, const ent_secret_key *key,
                            ent_wire_fields *fields, ent_buf *ret_base, ent_err *err)
{
    ENT_AUTO_BUF input = ENT_BUF(8192);
    ENT_AUTO_BUF signature = ENT_BUF(256);
    ENT_TRY(ent_buf_check(inner, err));
    ENT_TRY(ent_httpsig_sign(http, ENT_WIRE_LABEL, ent_buf_cstr(inner), key, &input, &signature, ret_base, err));
    add(fields, "signature-input", ent_buf_cstr(&input));
    add(fields, "signature", ent_buf_cstr(&signature));
    return fields->overflow ? ent_fail(err, ENT_TOO_LARGE, "the message's fields are too long") : ENT_OK;
}

static void keyid_of(const ent_secret_key *key, char ret_keyid[ENT_WIRE_KEYID])
{
    ent_public_key public;
    ent_sign_public(key, &public);
    ent_wire_keyid(public.b, ret_keyid);
}

ent_code ent_wire_request(const ent_message *message, const char *to, ent_time now, const uint8_t nonce[16],
                          const ent_secret_key *key, ent_wire_fields *ret_fields, ent_buf *ret_base, ent_err *err)
{
    ret_fields->count = ret_fields->used = 0;
    ret_fields->overflow = false;
    ENT_TRY(add_message(ret_fields, message, to, err));
    char keyid[ENT_WIRE_KEYID];
    keyid_of(key, keyid);
    ENT_AUTO_BUF inner = ENT_BUF(4096);
    request_inner(ret_fields, now, nonce, keyid, &inner);
    ent_wire_target t = ent_wire_target_of(message);
    ent_http_message http = {.method = t.method, .path = t.path, .authority = "", .field = ret_fields->field,
                             .field_count = ret_fields->count};
    return sign_fields(&http, &inner, key, ret_fields, ret_base, err);
}

/* ---- checking ---- */

static ent_code fresh(const ent_httpsig *s, ent_time now, ent_err *err)
{
    if (s->created < 0) return ent_fail(err, ENT_SIGNATURE, "the signature does not say when it was created");
    int64_t off = now.ms - s->created * 1000; /* at most 15 digits of seconds: no overflow */
    /* `created` has whole seconds: the second that it names counts wholly. */
    if (off > ENT_LIMIT_CLOCK_SKEW_MS + 999 || off < -ENT_LIMIT_CLOCK_SKEW_MS)
        return ent_fail(err, ENT_STALE, "signed %lld s %s this node's time; at most %d s are allowed",
                        (long long)(off < 0 ? -off / 1000 : off / 1000), off < 0 ? "after" : "before",
                        ENT_LIMIT_CLOCK_SKEW_MS / 1000);
    return ENT_OK;
}

static ent_code one_value(const ent_http_message *http, const char *name, const char **ret_value, ent_err *err)
{
    bool twice;
    const char *value = ent_http_field_value(http, name, &twice);
    if (!value) return ent_fail(err, ENT_SIGNATURE, "the field %s is missing", name);
    if (twice) return ent_fail(err, ENT_FORMAT, "the field %s stands twice", name);
    *ret_value = value;
    return ENT_OK;
}

/* Verifies base and signature with that of the peer's keys which keyid names. */
static ent_code verify(const ent_httpsig *s, const ent_peer *peer, const uint8_t *base, size_t len,
                       const uint8_t signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    if (*s->alg && strcmp(s->alg, "ed25519") != 0)
        return ent_fail(err, ENT_SIGNATURE, "signed with \"%s\"; only ed25519 is accepted", s->alg);
    for (size_t i = 0; i < peer->key_count; i++) {
        char keyid[ENT_WIRE_KEYID];
        ent_public_key key;
        ent_wire_keyid(peer->key[i], keyid);
        if (strcmp(keyid, s->keyid) != 0) continue;
        memcpy(key.b, peer->key[i], 32);
        if (ent_sign_verify(&key, base, len, signature)) return ENT_OK;
        return ent_fail(err, ENT_SIGNATURE, "the signature does not verify");
    }
    return ent_fail(err, ENT_SIGNATURE, "signed with a key that is not %s's", peer->name);
}

/* The signature of either kind of message: present, for us, fresh, verified; then the body's digest. */
static ent_code check_signed(const ent_http_message *http, ent_bytes body, const ent_peer *peer, const char *tag,
                             ent_time now, ent_httpsig *ret_sig, ent_buf *ret_base,
                             uint8_t ret_signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    const char *input, *signature, *digest;
    ENT_TRY(one_value(http, "signature-input", &input, err));
    ENT_TRY(one_value(http, "signature", &signature, err));
    ENT_TRY(one_value(http, "content-digest", &digest, err));
    if (ent_httpsig_parse(input, ENT_WIRE_LABEL, ret_sig, err) != ENT_OK)
        return ent_context(err, ENT_SIGNATURE, "unsigned");
    if (strcmp(ret_sig->tag, tag) != 0) return ent_fail(err, ENT_SIGNATURE, "the signature's tag is not \"%s\"", tag);
    ENT_TRY(ent_httpsig_value(signature, ENT_WIRE_LABEL, ret_signature, err));
    size_t from = ret_base->len;
    if (ent_httpsig_base(http, ret_sig, ret_base, err) != ENT_OK) return ent_context(err, ENT_SIGNATURE, "not verifiable");
    ENT_TRY(verify(ret_sig, peer, ret_base->data + from, ret_base->len - from, ret_signature, err));
    ENT_TRY(fresh(ret_sig, now, err));
    return ent_digest_check(digest, body.data, body.len, err);
}

static ent_code covers_all(const ent_http_message *http, const ent_httpsig *s, ent_err *err)
{
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        if (!ent_httpsig_covers(s, required[i]))
            return ent_fail(err, ENT_SIGNATURE, "the signature does not cover %s", required[i]);
    for (size_t i = 0; i < http->field_count; i++) {
        char identifier[96];
        if (strncmp(http->field[i].name, "entente-", 8) != 0) continue;
        snprintf(identifier, sizeof identifier, "\"%.80s\"", http->field[i].name);
        if (!ent_httpsig_covers(s, identifier))
            return ent_fail(err, ENT_SIGNATURE, "the signature does not cover %s", identifier);
    }
    if (!*s->nonce) return ent_fail(err, ENT_SIGNATURE, "the signature has no nonce");
    return ENT_OK;
}

/* NAME VERSION DIGEST */
static ent_code read_agreement(const char *text, ent_wire_request_read *r, ent_err *err)
{
    const char *space = strchr(text, ' ');
    size_t n = space ? (size_t)(space - text) : 0;
    char *end = NULL;
    bool ok = n > 0 && n < sizeof r->agreement && space[1] >= '1' && space[1] <= '9';
    unsigned long version = ok ? strtoul(space + 1, &end, 10) : 0;
    ok = ok && version <= 1000000 && *end == ' ' && ent_unhex(end + 1, r->digest, 32);
    if (!ok) return ent_fail(err, ENT_FORMAT, "entente-agreement is not \"NAME VERSION SHA256\"");
    memcpy(r->agreement, text, n);
    r->agreement[n] = 0;
    r->message.agreement = r->agreement;
    r->message.agreement_version = (uint32_t)version;
    r->message.agreement_digest = r->digest;
    return ENT_OK;
}

/* The proof is decoded over its own base64, which is longer. */
static ent_code read_proof(const char *base64, ent_wire_request_read *r, ent_err *err)
{
    size_t len = strlen(base64), n;
    uint8_t *text = (uint8_t *)(uintptr_t)base64; /* our copy of the field, no longer needed as base64 */
    uint8_t *plain = malloc(len + 1);
    if (!plain) return ent_fail(err, ENT_NO_MEMORY, "no memory for a proof");
    bool ok = ent_unbase64(base64, len, plain, len, &n) && !memchr(plain, 0, n);
    if (ok) {
        memcpy(text, plain, n);
        text[n] = 0;
        r->message.proof = base64;
    }
    free(plain);
    return ok ? ENT_OK : ent_fail(err, ENT_FORMAT, "entente-proof is not the base64 of a text");
}

static ent_code read_message(const ent_http_message *http, const char *name, ent_wire_request_read *r, ent_err *err)
{
    const char *version, *to, *id, *v;
    ENT_TRY(one_value(http, "entente-version", &version, err));
    ENT_TRY(one_value(http, "entente-to", &to, err));
    ENT_TRY(one_value(http, "entente-message", &id, err));
    if (strcmp(version, ENT_WIRE_VERSION) != 0)
        return ent_fail(err, ENT_UNSUPPORTED, "version %.8s; this node speaks version " ENT_WIRE_VERSION, version);
    if (strcmp(to, name) != 0) return ent_fail(err, ENT_SIGNATURE, "the message is for %.63s", to);
    if (!ent_id_parse(id, r->message.id)) return ent_fail(err, ENT_FORMAT, "entente-message is not 32 hexadecimal digits");
    uint8_t job[ENT_ID_SIZE];
    r->message.poll = strcmp(http->method, "GET") == 0;
    r->message.kind = r->message.poll ? ENT_MESSAGE_SEARCH : ent_wire_kind(http->path);
    if (r->message.poll && !(ent_wire_job(http->path, job) && ent_id_equal(job, r->message.id)))
        return ent_fail(err, ENT_FORMAT, "entente-message is not the id that the path names");
    r->message.agreement = r->message.flow = r->message.purpose = r->message.proof = r->message.crossing = r->message.on_behalf_of = "";
    if ((v = ent_http_field_value(http, "entente-agreement", NULL))) ENT_TRY(read_agreement(v, r, err));
    if ((v = ent_http_field_value(http, "entente-flow", NULL))) r->message.flow = v;
    if ((v = ent_http_field_value(http, "entente-purpose", NULL))) r->message.purpose = v;
    if ((v = ent_http_field_value(http, "entente-crossing", NULL))) r->message.crossing = v;
    if ((v = ent_http_field_value(http, "entente-on-behalf-of", NULL))) r->message.on_behalf_of = v;
    if (strlen(r->message.on_behalf_of) >= ENT_NODE_NAME_MAX) return ent_fail(err, ENT_FORMAT, "entente-on-behalf-of is no party's name");
    if (!printable(r->message.crossing) || !printable(r->message.on_behalf_of) || !printable(r->message.agreement) || !printable(r->message.flow) || !printable(r->message.purpose))
        return ent_fail(err, ENT_FORMAT, "agreement, flow, purpose, crossing and on-behalf-of must be ASCII");
    v = ent_http_field_value(http, "entente-proof", NULL);
    return v ? read_proof(v, r, err) : ENT_OK;
}

/* A field's one value; NULL when it is not there or nobody signed for it: HTTP libraries send some of their own. */
static const char *signed_value(const ent_http_message *http, const ent_httpsig *s, const char *name)
{
    char identifier[32];
    bool twice = false;
    const char *v = ent_http_field_value(http, name, &twice);
    snprintf(identifier, sizeof identifier, "\"%s\"", name);
    return v && !twice && ent_httpsig_covers(s, identifier) ? v : NULL;
}

/* RFC 7240: respond-async and wait=N, the first of each counts; others are not looked at. 0: neither is there. */
static int read_prefer(const char *v)
{
    bool async = false;
    long wait = -1;
    while (*v) {
        size_t n;
        v += strspn(v, " \t,");
        n = strcspn(v, ",");
        async |= strncmp(v, "respond-async", 13) == 0 && strchr(" \t,;", v[13]);
        if (wait < 0 && strncmp(v, "wait=", 5) == 0 && v[5] >= '0' && v[5] <= '9') wait = strtol(v + 5, NULL, 10);
        v += n;
    }
    if (wait > 0) return wait < ENT_LIMIT_WAIT_S ? (int)wait : ENT_LIMIT_WAIT_S;
    return async || wait == 0 ? -1 : 0;
}

static void read_preferences(const ent_http_message *http, const ent_httpsig *s, ent_message *m)
{
    const char *accept = signed_value(http, s, "accept"), *prefer = signed_value(http, s, "prefer");
    if (accept && strcmp(accept, ENT_WIRE_ITL) == 0) m->form = ENT_FORM_ITL;
    if (prefer && m->kind == ENT_MESSAGE_SEARCH && !m->poll) m->prefer_s = read_prefer(prefer);
}

ent_code ent_wire_check_request(const ent_http_message *http, ent_bytes body, const ent_peer *peer, const char *name,
                                ent_time now, ent_wire_request_read *ret_read, ent_buf *ret_base, ent_err *err)
{
    ent_httpsig s;
    ent_wire_request_read r = {0};
    ENT_TRY(check_signed(http, body, peer, ENT_WIRE_TAG_REQUEST, now, &s, ret_base, r.signature, err));
    ENT_TRY(covers_all(http, &s, err));
    ENT_TRY(read_message(http, name, &r, err));
    read_preferences(http, &s, &r.message);
    *ret_read = r;
    if (*r.message.agreement) { /* point into the copy */
        ret_read->message.agreement = ret_read->agreement;
        ret_read->message.agreement_digest = ret_read->digest;
    }
    return ENT_OK;
}

/* ---- answers ---- */

/* By what no body of another form begins with. */
static const char *content_type(int status, ent_bytes body)
{
    if (body.len > 6 && memcmp(body.data, "1.001:", 6) == 0) return ENT_WIRE_ITL;
    if (status >= 400) return "application/problem+json";
    return body.len && *(const char *)body.data == '{' ? "application/json" : "application/octet-stream";
}

static bool has_signature(const ent_http_message *request)
{
    uint8_t bytes[ENT_SIGNATURE_SIZE];
    bool twice;
    const char *v = ent_http_field_value(request, "signature", &twice);
    return v && !twice && ent_httpsig_value(v, ENT_WIRE_LABEL, bytes, NULL) == ENT_OK;
}

#define COVERS_JOB "\"location\" \"retry-after\""
#define COVERS_REQUEST "\"signature\";req;key=\"" ENT_WIRE_LABEL "\""

ent_code ent_wire_answer(const ent_http_message *request, int status, const char *job, ent_bytes body, ent_time now,
                         const ent_secret_key *key, ent_wire_fields *ret_fields, ent_buf *ret_base, ent_err *err)
{
    char digest[ENT_DIGEST_TEXT], keyid[ENT_WIRE_KEYID], retry[8];
    ret_fields->count = ret_fields->used = 0;
    ret_fields->overflow = false;
    ent_digest_text(body.data, body.len, digest);
    keyid_of(key, keyid);
    add(ret_fields, "content-type", content_type(status, body));
    add(ret_fields, "content-digest", digest);
    add(ret_fields, "entente-version", ENT_WIRE_VERSION);
    snprintf(retry, sizeof retry, "%d", ENT_WIRE_RETRY_S);
    if (job) add(ret_fields, "location", job), add(ret_fields, "retry-after", retry);
    ENT_AUTO_BUF inner = ENT_BUF(4096);
    ent_buf_fmt(&inner,
                "(\"@status\" \"content-digest\" \"content-type\" \"entente-version\"%s%s);created=%lld;keyid=\"%s\";"
                "alg=\"ed25519\";tag=\"" ENT_WIRE_TAG_ANSWER "\"",
                job ? " " COVERS_JOB : "", has_signature(request) ? " " COVERS_REQUEST : "", (long long)(now.ms / 1000), keyid);
    ent_http_message http = {.status = status, .field = ret_fields->field, .field_count = ret_fields->count,
                             .request = request};
    return sign_fields(&http, &inner, key, ret_fields, ret_base, err);
}

ent_code ent_wire_read_job(const ent_http_message *answer, const char *job, unsigned *ret_after_s, ent_err *err)
{
    ent_httpsig s;
    const char *input, *location, *after;
    ENT_TRY(one_value(answer, "signature-input", &input, err));
    ENT_TRY(one_value(answer, "location", &location, err));
    ENT_TRY(one_value(answer, "retry-after", &after, err));
    ENT_TRY(ent_httpsig_parse(input, ENT_WIRE_LABEL, &s, err));
    if (!ent_httpsig_covers(&s, "\"location\"") || !ent_httpsig_covers(&s, "\"retry-after\""))
        return ent_fail(err, ENT_SIGNATURE, "the answer's signature does not cover where and when to ask after the search");
    size_t digits = strspn(after, "0123456789");
    if (strcmp(location, job) != 0 || digits == 0 || digits > 3 || after[digits])
        return ent_fail(err, ENT_FORMAT, "a 202 that does not say where and when to ask after this search");
    *ret_after_s = (unsigned)strtoul(after, NULL, 10);
    return ENT_OK;
}

ent_code ent_wire_check_answer(const ent_http_message *http, ent_bytes body, const ent_peer *peer, ent_time now,
                               ent_buf *ret_base, uint8_t ret_signature[ENT_SIGNATURE_SIZE], ent_err *err)
{
    static const char *const need[] = {"\"@status\"", "\"content-digest\"", COVERS_REQUEST};
    ent_httpsig s;
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ENT_TRY(check_signed(http, body, peer, ENT_WIRE_TAG_ANSWER, now, &s, ret_base, signature, err));
    for (size_t i = 0; i < sizeof need / sizeof *need; i++)
        if (!ent_httpsig_covers(&s, need[i]))
            return ent_fail(err, ENT_SIGNATURE, "the answer's signature does not cover %s", need[i]);
    memcpy(ret_signature, signature, sizeof signature);
    return ENT_OK;
}
