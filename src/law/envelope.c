#include "law/envelope.h"

#include "base/check.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC "entente-agreement/v1"

static const char *const act_words[] = {
#define ENT_X(name, text) text,
    ENT_ACTS(ENT_X)
#undef ENT_X
};

const char *ent_act_text(ent_act act) { return (unsigned)act < ENT_ACT_COUNT ? act_words[act] : NULL; }

const char *ent_agreement_state_text(ent_agreement_state state)
{
    static const char *const text[] = {"draft", "proposed", "signed", "suspended", "ended"};
    return (unsigned)state < sizeof text / sizeof *text ? text[state] : "unknown";
}

/* ---- what is signed ---- */

/* The statement names everything that it binds, so that no signature fits another act, text, version, party or time. */
static void statement(const ent_envelope *e, const ent_declaration *d, ent_buf *ret_text)
{
    char hex[65], time[ENT_TIME_TEXT];
    ent_hex(e->digest, 32, hex);
    ent_time_text(d->time, time);
    ent_buf_fmt(ret_text, MAGIC "\n%s %s %s\n%s %u\nsha256 %s\n", act_words[d->act], d->name, time, e->name, e->version,
                hex);
}

static void declaration_line(const ent_declaration *d, ent_buf *ret_text)
{
    char time[ENT_TIME_TEXT], key[ENT_BASE64_SIZE(32)], signature[ENT_BASE64_SIZE(64)];
    ent_time_text(d->time, time);
    ent_base64(d->key.b, 32, key);
    ent_base64(d->signature, 64, signature);
    ent_buf_fmt(ret_text, "%s %s %s ed25519 %s %s\n", act_words[d->act], d->name, time, key, signature);
}

void ent_envelope_encode(const ent_envelope *e, ent_buf *ret_bytes)
{
    char hex[65];
    ent_hex(e->digest, 32, hex);
    ent_buf_fmt(ret_bytes, MAGIC "\nname %s\nversion %u\nsha256 %s\nlength %zu\n\n", e->name, e->version, hex,
                e->file_len);
    ent_buf_put(ret_bytes, e->file, e->file_len);
    ent_buf_str(ret_bytes, "\n");
    for (size_t i = 0; i < e->count; i++) declaration_line(&e->declaration[i], ret_bytes);
}

void ent_envelope_free(ent_envelope *e)
{
    if (!e) return;
    free(e->file);
    *e = (ent_envelope){0};
}

ent_code ent_envelope_make(const ent_agreement *a, const void *file, size_t len, ent_envelope *ret_envelope,
                           ent_err *err)
{
    if (len > ENT_LIMIT_YAML_FILE) return ent_fail(err, ENT_TOO_LARGE, "over %d bytes", ENT_LIMIT_YAML_FILE);
    uint8_t *copy = malloc(len + 1);
    if (!copy) return ent_fail(err, ENT_NO_MEMORY, "no memory for an agreement's file");
    memcpy(copy, file, len);
    copy[len] = 0;
    *ret_envelope = (ent_envelope){.version = a->version, .file = copy, .file_len = len};
    memcpy(ret_envelope->name, a->name, sizeof a->name);
    ent_sha256(file, len, ret_envelope->digest);
    return ENT_OK;
}

/* ---- decoding ---- */

typedef struct lines {
    const char *p, *end;
    unsigned line;
} lines;

enum { LINE_MAX_ = 512 };

/* The next line without its newline, as a C string of printable ASCII; false at the end or for anything else. */
static bool next_line(lines *l, char ret_line[LINE_MAX_])
{
    size_t left = (size_t)(l->end - l->p);
    const char *nl = left ? memchr(l->p, '\n', left) : NULL;
    if (!nl || nl - l->p >= LINE_MAX_) return false;
    size_t n = (size_t)(nl - l->p);
    for (size_t i = 0; i < n; i++)
        if (l->p[i] < 0x20 || l->p[i] > 0x7e) return false;
    memcpy(ret_line, l->p, n);
    ret_line[n] = 0;
    l->p = nl + 1;
    l->line++;
    return true;
}

/* The value behind "NAME ", NULL when the line is another. */
static const char *value_of(const char *line, const char *name)
{
    size_t n = strlen(name);
    return strncmp(line, name, n) == 0 && line[n] == ' ' ? line + n + 1 : NULL;
}

/* A number as encode writes it: no sign, no leading zero. */
static bool number(const char *text, uint32_t max, uint32_t *ret_number)
{
    uint64_t n = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len || (len > 1 && *text == '0')) return false;
    for (; *text; text++) n = n * 10 + (uint64_t)(*text - '0');
    if (n > max) return false;
    *ret_number = (uint32_t)n;
    return true;
}

static ent_code bad(const lines *l, ent_err *err, const char *expected)
{
    return ent_fail(err, ENT_FORMAT, "envelope line %u: expected %s", l->line, expected);
}

static ent_code decode_head(lines *l, ent_envelope *e, ent_err *err)
{
    char line[LINE_MAX_];
    uint32_t length = 0;
    const char *v;
    if (!next_line(l, line) || strcmp(line, MAGIC) != 0) return bad(l, err, "\"" MAGIC "\"");
    if (!next_line(l, line) || !(v = value_of(line, "name")) || strlen(v) >= sizeof e->name || !*v)
        return bad(l, err, "\"name NAME\"");
    memcpy(e->name, v, strlen(v) + 1);
    if (!next_line(l, line) || !(v = value_of(line, "version")) || !number(v, 1000000, &e->version))
        return bad(l, err, "\"version NUMBER\"");
    if (!next_line(l, line) || !(v = value_of(line, "sha256")) || !ent_unhex(v, e->digest, 32))
        return bad(l, err, "\"sha256 DIGEST\"");
    if (!next_line(l, line) || !(v = value_of(line, "length")) || !number(v, ENT_LIMIT_YAML_FILE, &length))
        return bad(l, err, "\"length BYTES\"");
    if (!next_line(l, line) || *line) return bad(l, err, "an empty line");
    e->file_len = length;
    return ENT_OK;
}

static ent_code decode_declaration(const lines *l, char *line, ent_declaration *d, ent_err *err)
{
    char *save = NULL, *word[6];
    size_t n = 0;
    for (char *w = strtok_r(line, " ", &save); w && n < 6; w = strtok_r(NULL, " ", &save)) word[n++] = w;
    if (n < 6 || strtok_r(NULL, " ", &save)) return bad(l, err, "ACT NAME TIME ed25519 KEY SIGNATURE");
    for (d->act = 0; d->act < ENT_ACT_COUNT && strcmp(act_words[d->act], word[0]) != 0;) d->act++;
    if (d->act == ENT_ACT_COUNT) return bad(l, err, "sign, witness, suspend, resume or end");
    if (strlen(word[1]) >= sizeof d->name) return bad(l, err, "a shorter name");
    memcpy(d->name, word[1], strlen(word[1]) + 1);
    if (!ent_time_parse(word[2], &d->time)) return bad(l, err, "a time");
    if (strcmp(word[3], "ed25519") != 0) return ent_fail(err, ENT_UNSUPPORTED, "envelope line %u: algorithm \"%.20s\"",
                                                         l->line, word[3]);
    size_t key = 0, signature = 0;
    bool ok = ent_unbase64(word[4], strlen(word[4]), d->key.b, 32, &key) && key == 32 &&
              ent_unbase64(word[5], strlen(word[5]), d->signature, 64, &signature) && signature == 64;
    return ok ? ENT_OK : bad(l, err, "a key of 32 and a signature of 64 bytes in base64");
}

static ent_code decode_file(lines *l, ent_envelope *e, ent_err *err)
{
    size_t left = (size_t)(l->end - l->p);
    if (left < e->file_len + 1 || l->p[e->file_len] != '\n')
        return ent_fail(err, ENT_FORMAT, "envelope: the file is cut or its length is wrong");
    e->file = malloc(e->file_len + 1);
    if (!e->file) return ent_fail(err, ENT_NO_MEMORY, "no memory for an agreement's file");
    memcpy(e->file, l->p, e->file_len);
    e->file[e->file_len] = 0;
    l->p += e->file_len + 1;
    uint8_t digest[32];
    ent_sha256(e->file, e->file_len, digest);
    if (memcmp(digest, e->digest, 32) != 0)
        return ent_fail(err, ENT_DAMAGED, "envelope: the file does not have the digest that the envelope states");
    return ENT_OK;
}

static ent_code decode(lines *l, ent_envelope *e, ent_err *err)
{
    ENT_TRY(decode_head(l, e, err));
    ENT_TRY(decode_file(l, e, err));
    while (l->p < l->end) {
        char line[LINE_MAX_];
        if (e->count == ENT_ENVELOPE_DECLARATIONS)
            return ent_fail(err, ENT_TOO_LARGE, "envelope: more than %d declarations", ENT_ENVELOPE_DECLARATIONS);
        if (!next_line(l, line)) return bad(l, err, "a line of printable ASCII");
        ENT_TRY(decode_declaration(l, line, &e->declaration[e->count], err));
        e->count++;
    }
    return ENT_OK;
}

/* One form only: what decodes is what encode would have written, so that two nodes store the same bytes. */
static ent_code canonical(const ent_envelope *e, const void *bytes, size_t len, ent_err *err)
{
    ENT_AUTO_BUF again = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(e, &again);
    ENT_TRY(ent_buf_check(&again, err));
    bool same = again.len == len && memcmp(again.data, bytes, len) == 0;
    return same ? ENT_OK : ent_fail(err, ENT_FORMAT, "envelope: not in the one form that is allowed");
}

ent_code ent_envelope_decode(const void *bytes, size_t len, ent_envelope *ret_envelope, ent_err *err)
{
    if (len > ENT_ENVELOPE_MAX) return ent_fail(err, ENT_TOO_LARGE, "envelope: over %d bytes", ENT_ENVELOPE_MAX);
    lines l = {.p = bytes, .end = (const char *)bytes + len};
    ent_envelope e = {0};
    ent_code code = decode(&l, &e, err);
    if (code == ENT_OK) code = canonical(&e, bytes, len, err);
    if (code == ENT_OK)
        *ret_envelope = e;
    else
        ent_envelope_free(&e);
    return code;
}

/* ---- states ----
 *
 *   draft --sign--> proposed --the last party signs--> signed <--resume-- suspended
 *                      |                                 |----suspend------^  |
 *                      +---------------- end ------------+------- end --------+--> ended
 *
 * A party suspends for itself and resumes for itself, once it has signed: one that suspends a proposal is suspended from the moment in which
 * the last party signs. The agreement is suspended while one party is. One party's end is final for all; what another declares who has not
 * heard of it stands behind it and changes nothing.
 *
 * Whether a declaration is allowed hangs on its own party's alone: so two copies that went on apart can be joined. (Only an end wants that
 * somebody has signed.) Each party's share of the room is its own, and keeps a place for a suspension and the end. */

typedef struct standing {
    bool is_signed[ENT_AGREEMENT_PARTIES], is_suspended[ENT_AGREEMENT_PARTIES], has_ended[ENT_AGREEMENT_PARTIES];
    ent_time since[ENT_AGREEMENT_PARTIES]; /* of the party's last declaration */
    size_t said[ENT_AGREEMENT_PARTIES];
    bool witnessed[ENT_AGREEMENT_WITNESSES];
    ent_time last;
} standing;

static ent_agreement_state state_of(const standing *s, const ent_agreement *a)
{
    size_t bound = 0;
    bool suspended = false, ended = false;
    for (size_t i = 0; i < a->party_count; i++) {
        bound += s->is_signed[i];
        suspended = suspended || s->is_suspended[i];
        ended = ended || s->has_ended[i];
    }
    if (ended) return ENT_AGREEMENT_ENDED;
    if (bound == 0) return ENT_AGREEMENT_DRAFT;
    if (bound < a->party_count) return ENT_AGREEMENT_PROPOSED;
    return suspended ? ENT_AGREEMENT_SUSPENDED : ENT_AGREEMENT_SIGNED;
}

static size_t index_of(const ent_party *list, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(list[i].name, name) != 0) i++;
    return i;
}

/* So many declarations may still be made by this party. */
static size_t room(const standing *s, const ent_agreement *a, size_t p)
{
    size_t share = (ENT_ENVELOPE_DECLARATIONS - a->witness_count) / a->party_count;
    return share > s->said[p] ? share - s->said[p] : 0;
}

static bool apply_party(standing *s, const ent_agreement *a, ent_act act, size_t p)
{
    if (s->has_ended[p]) return false;
    switch (act) {
    case ENT_ACT_SIGN:
        if (s->said[p]) return false;
        return s->is_signed[p] = true;
    case ENT_ACT_SUSPEND:
        if (!s->is_signed[p] || s->is_suspended[p]) return false;
        return s->is_suspended[p] = true;
    case ENT_ACT_RESUME:
        if (!s->is_suspended[p] || room(s, a, p) < 3) return false;
        s->is_suspended[p] = false;
        return true;
    case ENT_ACT_END:
        if (state_of(s, a) == ENT_AGREEMENT_DRAFT) return false;
        return s->has_ended[p] = true;
    default:
        return false;
    }
}

/* Applies one declaration; false when the ones before it do not allow it. */
static bool apply(standing *s, const ent_agreement *a, ent_act act, const char *name, ent_time at)
{
    if (act == ENT_ACT_WITNESS) {
        size_t w = index_of(a->witness, a->witness_count, name);
        if (w == a->witness_count || s->witnessed[w]) return false;
        return s->witnessed[w] = true;
    }
    size_t p = index_of(a->party, a->party_count, name);
    if (p == a->party_count || !room(s, a, p) || !apply_party(s, a, act, p)) return false;
    s->said[p]++;
    s->since[p] = at;
    return true;
}

/* After the first `count` declarations; *ret_bad is the one that was not allowed, else count. */
static standing stand_at(const ent_envelope *e, const ent_agreement *a, size_t count, size_t *ret_bad)
{
    standing s = {0};
    *ret_bad = count;
    for (size_t i = 0; i < count; i++) {
        const ent_declaration *d = &e->declaration[i];
        if (d->time.ms < s.last.ms || !apply(&s, a, d->act, d->name, d->time)) {
            *ret_bad = i;
            return s;
        }
        s.last = d->time;
    }
    return s;
}

static standing stand(const ent_envelope *e, const ent_agreement *a, size_t *ret_bad)
{
    return stand_at(e, a, e->count, ret_bad);
}

ent_agreement_state ent_envelope_state_at(const ent_envelope *e, const ent_agreement *a, ent_time at)
{
    size_t bad_one, count = 0;
    while (count < e->count && e->declaration[count].time.ms <= at.ms) count++;
    standing s = stand_at(e, a, count, &bad_one);
    return state_of(&s, a);
}

ent_agreement_state ent_envelope_state(const ent_envelope *e, const ent_agreement *a, char ret_clause[ENT_LAW_CLAUSE])
{
    size_t bad_one;
    standing s = stand(e, a, &bad_one);
    ent_agreement_state state = state_of(&s, a);
    if (!ret_clause) return state;
    snprintf(ret_clause, ENT_LAW_CLAUSE, "state: %s", ent_agreement_state_text(state));
    for (size_t i = 0; state == ENT_AGREEMENT_SUSPENDED && i < a->party_count; i++) {
        if (!s.is_suspended[i]) continue;
        snprintf(ret_clause, ENT_LAW_CLAUSE, "suspended by %.32s", a->party[i].name);
        break;
    }
    return state;
}

bool ent_envelope_signed_by(const ent_envelope *e, const char *name)
{
    for (size_t i = 0; i < e->count; i++)
        if (e->declaration[i].act == ENT_ACT_SIGN && strcmp(e->declaration[i].name, name) == 0) return true;
    return false;
}

bool ent_envelope_binds(const ent_envelope *e, const ent_agreement *a)
{
    size_t bound = 0;
    for (size_t i = 0; i < a->party_count; i++) bound += ent_envelope_signed_by(e, a->party[i].name);
    return bound == a->party_count;
}

void ent_envelope_why(const ent_envelope *e, const ent_agreement *a, char ret_why[ENT_ENVELOPE_WHY])
{
    size_t bad_one, at = 0;
    standing s = stand(e, a, &bad_one);
    *ret_why = 0;
    for (size_t i = 0; i < a->party_count && at < ENT_ENVELOPE_WHY - 1; i++) {
        char day[ENT_TIME_TEXT];
        if (!s.has_ended[i] && !s.is_suspended[i]) continue;
        ent_time_text(s.since[i], day);
        at += (size_t)snprintf(ret_why + at, ENT_ENVELOPE_WHY - at, "%s%s by %s on %.10s", at ? ", " : "", s.has_ended[i] ? "ended" : "suspended", a->party[i].name, day);
    }
}

ent_code ent_envelope_declare(ent_envelope *e, const ent_agreement *a, ent_act act, const char *name, ent_time time,
                              const ent_secret_key *key, ent_err *err)
{
    size_t bad_one;
    standing s = stand(e, a, &bad_one);
    if (bad_one != e->count) return ent_fail(err, ENT_REFUSED, "the envelope's declarations do not follow each other");
    if (time.ms < s.last.ms) return ent_fail(err, ENT_CONFLICT, "the last declaration is later than this clock");
    size_t p = index_of(a->party, a->party_count, name);
    if (act == ENT_ACT_RESUME && p < a->party_count && s.is_suspended[p] && room(&s, a, p) < 3)
        return ent_fail(err, ENT_TOO_LARGE, "%s has resumed as often as one version allows: make a new version", name);
    if (state_of(&s, a) == ENT_AGREEMENT_ENDED || !apply(&s, a, act, name, time))
        return ent_fail(err, ENT_REFUSED, "%s cannot %s: the agreement is %s", name, act_words[act],
                        ent_agreement_state_text(state_of(&s, a)));
    ent_declaration d = {.act = act, .time = time};
    snprintf(d.name, sizeof d.name, "%s", name);
    ent_sign_public(key, &d.key);
    ENT_AUTO_BUF text = ENT_BUF(1024);
    statement(e, &d, &text);
    ENT_TRY(ent_buf_check(&text, err));
    ent_sign(key, text.data, text.len, d.signature);
    e->declaration[e->count++] = d;
    return ENT_OK;
}

/* ---- verifying ---- */

static bool key_belongs(const ent_agreement *a, const ent_declaration *d, const ent_key_history *history)
{
    const ent_party *p = d->act == ENT_ACT_WITNESS ? NULL : ent_agreement_party(a, d->name);
    size_t w = index_of(a->witness, a->witness_count, d->name);
    if (!p && d->act == ENT_ACT_WITNESS && w < a->witness_count) p = &a->witness[w];
    if (!p) return false;
    if (memcmp(p->key, d->key.b, 32) == 0) return true;
    return history && history->was_key_of(history->self, d->name, &d->key, d->time);
}

static ent_code verify_one(const ent_envelope *e, const ent_agreement *a, const ent_declaration *d,
                           const ent_key_history *history, ent_err *err)
{
    if (!key_belongs(a, d, history))
        return ent_fail(err, ENT_SIGNATURE, "the key of %s under \"%s\" is not the one that the agreement names", d->name,
                        act_words[d->act]);
    ENT_AUTO_BUF text = ENT_BUF(1024);
    statement(e, d, &text);
    ENT_TRY(ent_buf_check(&text, err));
    if (!ent_sign_verify(&d->key, text.data, text.len, d->signature))
        return ent_fail(err, ENT_SIGNATURE, "the signature of %s under \"%s\" does not verify", d->name,
                        act_words[d->act]);
    return ENT_OK;
}

ent_code ent_envelope_verify(const ent_envelope *e, const ent_agreement *a, const ent_key_history *history,
                             ent_agreement_state *ret_state, ent_err *err)
{
    if (strcmp(e->name, a->name) != 0 || e->version != a->version)
        return ent_fail(err, ENT_FORMAT, "the envelope says %s version %u, the file %s version %u", e->name, e->version,
                        a->name, a->version);
    size_t bad_one;
    standing s = stand(e, a, &bad_one);
    if (bad_one != e->count)
        return ent_fail(err, ENT_REFUSED, "declaration %zu (%s by %s) is not allowed there", bad_one + 1,
                        act_words[e->declaration[bad_one].act], e->declaration[bad_one].name);
    for (size_t i = 0; i < e->count; i++) ENT_TRY(verify_one(e, a, &e->declaration[i], history, err));
    *ret_state = state_of(&s, a);
    return ENT_OK;
}

static bool same_declaration(const ent_declaration *x, const ent_declaration *y)
{
    return x->act == y->act && strcmp(x->name, y->name) == 0 && x->time.ms == y->time.ms &&
           memcmp(&x->key, &y->key, sizeof x->key) == 0 && memcmp(x->signature, y->signature, 64) == 0;
}

/* ---- joining ---- */

/* The declaration that its party made after as many as e->declaration[i]'s did before it; NULL: this copy does not have it. */
static const ent_declaration *counterpart(const ent_envelope *in, const ent_envelope *e, size_t i)
{
    const char *name = e->declaration[i].name;
    size_t before = 0;
    for (size_t k = 0; k < i; k++) before += strcmp(e->declaration[k].name, name) == 0;
    for (size_t k = 0; k < in->count; k++)
        if (strcmp(in->declaration[k].name, name) == 0 && before-- == 0) return &in->declaration[k];
    return NULL;
}

static bool comes_before(const ent_declaration *x, const ent_declaration *y)
{
    if (x->time.ms != y->time.ms) return x->time.ms < y->time.ms;
    if ((x->act == ENT_ACT_SIGN) != (y->act == ENT_ACT_SIGN)) return x->act == ENT_ACT_SIGN;
    return strcmp(x->name, y->name) < 0;
}

/* Stable: each party's own stay in their order, whose times never go back. */
static void put_in_order(ent_envelope *e)
{
    for (size_t i = 1; i < e->count; i++) {
        ent_declaration d = e->declaration[i];
        size_t k = i;
        for (; k && comes_before(&d, &e->declaration[k - 1]); k--) e->declaration[k] = e->declaration[k - 1];
        e->declaration[k] = d;
    }
}

ent_code ent_envelope_join(const ent_envelope *have, ent_envelope *come, ent_err *err)
{
    ent_envelope both = *come; /* its file stays where it is */
    size_t fresh = 0;
    if (strcmp(have->name, come->name) != 0)
        return ent_fail(err, ENT_CONFLICT, "%s is not %s", come->name, have->name);
    if (come->version < have->version)
        return ent_fail(err, ENT_REPLAY, "version %u of %s is older than version %u, which is here", come->version,
                        come->name, have->version);
    if (come->version > have->version) return ENT_OK;
    if (memcmp(have->digest, come->digest, 32) != 0)
        return ent_fail(err, ENT_CONFLICT, "another text has version %u already", have->version);
    for (size_t i = 0; i < come->count; i++) {
        const ent_declaration *here = counterpart(have, come, i);
        if (here && !same_declaration(here, &come->declaration[i]))
            return ent_fail(err, ENT_CONFLICT, "%s tells two stories: declaration %zu differs from the one that is here", come->declaration[i].name, i + 1);
        fresh += !here;
    }
    if (!fresh) return ent_fail(err, ENT_EXISTS, "nothing new in it");
    for (size_t i = 0; i < have->count; i++) {
        if (counterpart(come, have, i)) continue;
        if (both.count == ENT_ENVELOPE_DECLARATIONS) return ent_fail(err, ENT_TOO_LARGE, "the two copies have more than %d declarations", ENT_ENVELOPE_DECLARATIONS);
        both.declaration[both.count++] = have->declaration[i];
    }
    if (both.count > come->count) put_in_order(&both);
    *come = both;
    return ENT_OK;
}
