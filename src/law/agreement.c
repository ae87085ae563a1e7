#include "law/agreement.h"

#include "base/check.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)86400000)

/* ---- words ---- */

#define ENT_X(name, text) text,
static const char *const modality_words[] = {ENT_MODALITIES(ENT_X)};
static const char *const field_words[] = {ENT_FIELDS(ENT_X)};
static const char *const exclusion_words[] = {ENT_EXCLUSIONS(ENT_X)};
static const char *const against_words[] = {ENT_AGAINST(ENT_X)};
#undef ENT_X
#define ENT_X(name, text) text " "
static const char modality_list[] = ENT_MODALITIES(ENT_X);
static const char against_list[] = ENT_AGAINST(ENT_X);
static const char exclusion_list[] = ENT_EXCLUSIONS(ENT_X);
static const char field_list[] = ENT_FIELDS(ENT_X);
#undef ENT_X

const char *ent_modality_text(ent_modality m)
{
    return (unsigned)m < ENT_MODALITY_COUNT ? modality_words[m] : NULL;
}

const char *ent_field_text(ent_field f) { return (unsigned)f < ENT_FIELD_COUNT ? field_words[f] : NULL; }

/* ---- reading ---- */

static bool printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e) return false;
    return true;
}

static ent_code read_country(const ent_doc *map, const char *name, char ret_country[4], ent_err *err)
{
    const ent_doc *d = ent_doc_get(map, name);
    if (!d) return ENT_OK;
    bool ok = d->kind == ENT_DOC_TEXT && strlen(d->text) == 3 && strspn(d->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
    if (!ok) return ent_doc_fail(d, err, "\"%s\" must be three capital letters (ISO 3166-1 alpha-3)", name);
    memcpy(ret_country, d->text, 4);
    return ENT_OK;
}

static ent_code read_key(const ent_doc *map, uint8_t ret_key[32], ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(ent_doc_need(map, "key", ENT_DOC_TEXT, &d, err));
    size_t n;
    if (!ent_unbase64(d->text, strlen(d->text), ret_key, 32, &n) || n != 32)
        return ent_doc_fail(d, err, "\"key\" must be an Ed25519 public key: 32 bytes in base64");
    return ENT_OK;
}

static const ent_party *party_named(const ent_party *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0) return &list[i];
    return NULL;
}

static ent_code read_parties(const ent_doc *doc, const char *key, ent_party *list, size_t cap, size_t *ret_count,
                             ent_err *err)
{
    const ent_doc *all;
    ENT_TRY(ent_doc_need(doc, key, ENT_DOC_LIST, &all, err));
    if (all->count > cap) return ent_doc_fail(all, err, "\"%s\" has more than %zu entries", key, cap);
    size_t n = 0;
    for (const ent_doc *d = all->first; d; d = d->next) {
        ent_party *p = &list[n];
        ENT_TRY(ent_doc_only(d, "name key country", err));
        ENT_TRY(ent_doc_word(d, "name", true, p->name, sizeof p->name, err));
        ENT_TRY(read_key(d, p->key, err));
        ENT_TRY(read_country(d, "country", p->country, err));
        if (party_named(list, n, p->name)) return ent_doc_fail(d, err, "\"%s\" stands twice in \"%s\"", p->name, key);
        n++;
    }
    *ret_count = n;
    return ENT_OK;
}

/* A quorum that has somebody who is no party: a party's second name is no witness, nor is a party's key. */
static bool independent(const ent_agreement *a, const ent_party *w)
{
    for (size_t i = 0; i < a->party_count; i++)
        if (strcmp(a->party[i].name, w->name) == 0 || memcmp(a->party[i].key, w->key, 32) == 0) return false;
    return true;
}

static ent_code read_members(const ent_doc *doc, ent_agreement *a, ent_err *err)
{
    ENT_TRY(read_parties(doc, "parties", a->party, ENT_AGREEMENT_PARTIES, &a->party_count, err));
    ENT_TRY(read_parties(doc, "witness", a->witness, ENT_AGREEMENT_WITNESSES, &a->witness_count, err));
    if (a->party_count < 2) return ent_doc_fail(ent_doc_get(doc, "parties"), err, "an agreement has two parties or more");
    for (size_t i = 0; i < a->party_count; i++)
        for (size_t j = 0; j < i; j++)
            if (memcmp(a->party[i].key, a->party[j].key, 32) == 0)
                return ent_doc_fail(ent_doc_get(doc, "parties"), err, "\"%s\" and \"%s\" have one key",
                                    a->party[j].name, a->party[i].name);
    for (size_t i = 0; i < a->witness_count; i++)
        if (independent(a, &a->witness[i])) return ENT_OK;
    return ent_doc_fail(ent_doc_get(doc, "witness"), err, "at least one witness must be no party");
}

static ent_code read_force(const ent_doc *doc, ent_agreement *a, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(ent_doc_need(doc, "in-force", ENT_DOC_MAP, &d, err));
    ENT_TRY(ent_doc_only(d, "from until review", err));
    ENT_TRY(ent_doc_date(d, "from", true, &a->from, err));
    ENT_TRY(ent_doc_date(d, "until", true, &a->until, err));
    ENT_TRY(ent_doc_date(d, "review", true, &a->review, err));
    bool ordered = ent_date_compare(a->from, a->review) <= 0 && ent_date_compare(a->review, a->until) <= 0;
    return ordered ? ENT_OK : ent_doc_fail(d, err, "\"from\", \"review\" and \"until\" must follow each other");
}

static ent_code read_annex(const ent_doc *doc, ent_agreement *a, ent_err *err)
{
    const ent_doc *d = ent_doc_get(doc, "sealed-annex");
    if (!d) return ENT_OK;
    ENT_TRY(ent_doc_only(d, "sha256 bytes", err));
    const ent_doc *digest;
    ENT_TRY(ent_doc_need(d, "sha256", ENT_DOC_TEXT, &digest, err));
    if (!ent_unhex(digest->text, a->annex_digest, 32))
        return ent_doc_fail(digest, err, "\"sha256\" must be 64 hexadecimal digits");
    int64_t n;
    ENT_TRY(ent_doc_number(d, "bytes", true, (int64_t[]){1, 1 << 30}, &n, err));
    a->annex_size = (uint64_t)n;
    return ENT_OK;
}

static ent_code read_purposes(const ent_doc *flow, ent_flow *f, ent_err *err)
{
    const ent_doc *all;
    ENT_TRY(ent_doc_need(flow, "purposes", ENT_DOC_LIST, &all, err));
    if (all->count == 0 || all->count > ENT_AGREEMENT_PURPOSES)
        return ent_doc_fail(all, err, "a flow has 1 to %d purposes", ENT_AGREEMENT_PURPOSES);
    for (const ent_doc *d = all->first; d; d = d->next) {
        ent_purpose p = {0};
        unsigned ground = 0;
        ENT_TRY(ent_doc_only(d, "name power transfer standing ground", err));
        ENT_TRY(ent_doc_word(d, "name", true, p.name, sizeof p.name, err));
        ENT_TRY(ent_doc_text(d, "power", true, p.power, sizeof p.power, err));
        if (!printable(p.power)) return ent_doc_fail(d, err, "\"power\" must be ASCII, for the ledger");
        ENT_TRY(ent_doc_text(d, "transfer", true, p.transfer, sizeof p.transfer, err));
        ENT_TRY(ent_doc_text(d, "standing", false, p.standing, sizeof p.standing, err));
        ENT_TRY(ent_doc_choice(d, "ground", true, "individual every-traveller", &ground, err));
        p.every_traveller = ground == 1;
        if (ent_flow_purpose(f, p.name)) return ent_doc_fail(d, err, "purpose \"%s\" stands twice", p.name);
        f->purpose[f->purpose_count++] = p;
    }
    return ENT_OK;
}

static ent_code read_powers(const ent_doc *subjects, ent_flow *f, ent_err *err)
{
    const ent_doc *all;
    ENT_TRY(ent_doc_need(subjects, "powers", ENT_DOC_LIST, &all, err));
    if (all->count == 0 || all->count > ENT_AGREEMENT_POWERS)
        return ent_doc_fail(all, err, "\"powers\" names 1 to %d regimes", ENT_AGREEMENT_POWERS);
    for (const ent_doc *d = all->first; d; d = d->next) {
        bool ok = d->kind == ENT_DOC_TEXT && *d->text && strlen(d->text) < ENT_LAW_NAME;
        if (!ok) return ent_doc_fail(d, err, "\"powers\" must be names of regimes");
        for (size_t i = 0; i < f->power_count; i++)
            if (strcmp(f->power[i], d->text) == 0) return ent_doc_fail(d, err, "\"%s\" stands twice", d->text);
        memcpy(f->power[f->power_count++], d->text, strlen(d->text) + 1);
    }
    return ENT_OK;
}

static ent_code read_nationalities(const ent_doc *subjects, ent_flow *f, ent_err *err)
{
    if (!ent_doc_get(subjects, "nationality")) return ENT_OK;
    const ent_doc *all;
    ENT_TRY(ent_doc_need(subjects, "nationality", ENT_DOC_LIST, &all, err));
    if (all->count == 0 || all->count > ENT_AGREEMENT_COUNTRIES)
        return ent_doc_fail(all, err, "\"nationality\" names 1 to %d countries", ENT_AGREEMENT_COUNTRIES);
    for (const ent_doc *d = all->first; d; d = d->next) {
        bool ok = d->kind == ENT_DOC_TEXT && strlen(d->text) == 3 && strspn(d->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3;
        if (!ok) return ent_doc_fail(d, err, "\"nationality\" lists codes of three capital letters (ISO 3166-1)");
        memcpy(f->nationality[f->nationality_count++], d->text, 4);
    }
    return ENT_OK;
}

static ent_code read_subjects(const ent_doc *flow, const ent_agreement *a, ent_flow *f, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(ent_doc_need(flow, "subjects", ENT_DOC_MAP, &d, err));
    ENT_TRY(ent_doc_only(d, "powers exclude nationality", err));
    ENT_TRY(read_powers(d, f, err));
    ENT_TRY(read_nationalities(d, f, err));
    ENT_TRY(ent_doc_choices(d, "exclude", true, exclusion_list, &f->exclude, err));
    const ent_party *holder = ent_agreement_party(a, f->holder), *requester = ent_agreement_party(a, f->requester);
    if (f->exclude & (1u << ENT_EXCLUDE_OWN_NATIONAL) && !*holder->country)
        return ent_doc_fail(d, err, "own-national is excluded but party \"%s\" states no country", holder->name);
    if (f->exclude & (1u << ENT_EXCLUDE_REQUESTERS_NATIONAL) && !*requester->country)
        return ent_doc_fail(d, err, "requesters-national is excluded but party \"%s\" states no country",
                            requester->name);
    return ENT_OK;
}

/* A small decimal number, "0.1". */
static ent_code read_rate(const ent_doc *map, const char *name, double *ret_rate, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(ent_doc_need(map, name, ENT_DOC_TEXT, &d, err));
    size_t len = strlen(d->text), whole = strspn(d->text, "0123456789");
    size_t part = d->text[whole] == '.' ? strspn(d->text + whole + 1, "0123456789") : 0;
    bool ok = whole > 0 && whole < 7 && part < 7 && len == whole + (part ? part + 1 : 0);
    double v = 0, scale = 1;
    for (size_t i = 0; ok && i < len; i++) {
        if (d->text[i] == '.') continue;
        v = v * 10 + (d->text[i] - '0'); /* at most 12 digits: exact */
        if (i > whole) scale *= 10;
    }
    if (!ok || v == 0) return ent_doc_fail(d, err, "\"%s\" must be a number above zero such as 0.1", name);
    *ret_rate = v / scale;
    return ENT_OK;
}

static ent_code read_count(const ent_doc *map, const char *name, bool need, uint32_t *ret_count, ent_err *err)
{
    int64_t n = 0;
    ENT_TRY(ent_doc_number(map, name, need, (int64_t[]){1, 100000000}, &n, err));
    *ret_count = (uint32_t)n;
    return ENT_OK;
}

static ent_code read_search(const ent_doc *flow, ent_flow *f, ent_err *err)
{
    const ent_doc *d;
    int64_t candidates = 1;
    unsigned alone = 0;
    ENT_TRY(ent_doc_need(flow, "search", ENT_DOC_MAP, &d, err));
    ENT_TRY(ent_doc_only(d, "per-day per-hour per-officer-hour per-desk-hour candidates false-hits-per-day face-alone "
                            "answer-within", err));
    ENT_TRY(read_count(d, "per-day", true, &f->per_day, err));
    ENT_TRY(read_count(d, "per-hour", false, &f->per_hour, err));
    ENT_TRY(read_count(d, "per-officer-hour", false, &f->per_officer_hour, err));
    ENT_TRY(read_count(d, "per-desk-hour", false, &f->per_desk_hour, err));
    ENT_TRY(ent_doc_number(d, "candidates", true, (int64_t[]){1, ENT_AGREEMENT_CANDIDATES}, &candidates, err));
    f->candidates = (uint16_t)candidates;
    ENT_TRY(read_rate(d, "false-hits-per-day", &f->false_hits_per_day, err));
    ENT_TRY(ent_doc_choice(d, "face-alone", true, "never-a-hit may-be-a-hit", &alone, err));
    f->face_alone = alone == 1;
    ENT_TRY(ent_doc_duration(d, "answer-within", true, &f->answer_within_ms, err));
    bool fits = f->answer_within_ms >= 250 && f->answer_within_ms <= 60000;
    return fits ? ENT_OK : ent_doc_fail(ent_doc_get(d, "answer-within"), err, "\"answer-within\" must be 250 ms to 60 s");
}

static ent_code read_confirm(const ent_doc *flow, ent_flow *f, ent_err *err)
{
    const ent_doc *d;
    unsigned by = 0;
    int64_t examiners = 0;
    ENT_TRY(ent_doc_need(flow, "confirm", ENT_DOC_MAP, &d, err));
    ENT_TRY(ent_doc_only(d, "by examiners within", err));
    ENT_TRY(ent_doc_choice(d, "by", true, "holder requester both", &by, err));
    ENT_TRY(ent_doc_number(d, "examiners", true, (int64_t[]){1, 5}, &examiners, err));
    ENT_TRY(ent_doc_duration(d, "within", true, &f->confirm_within_ms, err));
    f->confirm_by = (ent_confirm_by)by;
    f->examiners = (uint8_t)examiners;
    /* The probe of a hit, which the examiners need, is gone after that. */
    bool fits = f->confirm_within_ms > 0 && f->confirm_within_ms <= ENT_LIMIT_PROBE_KEPT_MS;
    return fits ? ENT_OK : ent_doc_fail(d, err, "\"within\" must be 48 h or less");
}

static ent_code read_disclose(const ent_doc *flow, ent_flow *f, ent_err *err)
{
    const ent_doc *d;
    ENT_TRY(ent_doc_need(flow, "disclose", ENT_DOC_MAP, &d, err));
    ENT_TRY(ent_doc_only(d, "on-hit on-confirmed", err));
    ENT_TRY(ent_doc_choices(d, "on-hit", true, field_list, &f->on_hit, err));
    ENT_TRY(ent_doc_choices(d, "on-confirmed", true, field_list, &f->on_confirmed, err));
    /* Before a person has confirmed it, a hit identifies nobody: images for the requester's examiner are all that may go. */
    uint32_t images = (1u << ENT_FIELD_FACIAL_IMAGE) | (1u << ENT_FIELD_FINGERPRINT_IMAGE);
    if (f->on_hit & ~images)
        return ent_doc_fail(d, err, "\"on-hit\" may grant images for the comparison only; a hit that nobody has "
                                    "confirmed identifies nobody");
    return ENT_OK;
}

/* A copy outlives the look: never of minors, own nationals or persons without conviction. */
static ent_code read_copy(const ent_doc *flow, ent_flow *f, ent_err *err)
{
    const ent_doc *d;
    unsigned mode = 0;
    ENT_TRY(ent_doc_need(flow, "copy", ENT_DOC_MAP, &d, err));
    ENT_TRY(ent_doc_only(d, "mode lease", err));
    ENT_TRY(ent_doc_choice(d, "mode", true, "none watchlist", &mode, err));
    f->copy = (ent_copy_mode)mode;
    if (f->copy == ENT_COPY_NONE)
        return ent_doc_get(d, "lease") ? ent_doc_fail(d, err, "\"lease\" without a copy") : ENT_OK;
    ENT_TRY(ent_doc_duration(d, "lease", true, &f->lease_ms, err));
    uint32_t need = (1u << ENT_EXCLUDE_UNDER_18_AT_OFFENCE) | (1u << ENT_EXCLUDE_OWN_NATIONAL) |
                    (1u << ENT_EXCLUDE_NOT_CONVICTED);
    if ((f->exclude & need) != need)
        return ent_doc_fail(d, err, "a watchlist must exclude under-18-at-offence, own-national and not-convicted");
    bool fits = f->lease_ms >= 3600000 && f->lease_ms <= 90 * DAY_MS;
    return fits ? ENT_OK : ent_doc_fail(d, err, "\"lease\" must be 1 h to 90 days");
}

static bool names(const char list[][ENT_PARTY_NAME], size_t count, const char *party)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], party) == 0) return true;
    return false;
}

/* Parties that are at neither end of the flow, each once. */
static ent_code read_thirds(const ent_doc *d, const char *key, const ent_agreement *a, const ent_flow *f, char list[][ENT_PARTY_NAME], size_t *ret_count, ent_err *err)
{
    size_t n = 0;
    if (d->kind != ENT_DOC_LIST || d->count == 0 || d->count > ENT_AGREEMENT_PARTIES) return ent_doc_fail(d, err, "\"%s\" must be a list of parties", key);
    for (const ent_doc *p = d->first; p; p = p->next) {
        const char *name = p->kind == ENT_DOC_TEXT ? p->text : "";
        if (!ent_agreement_party(a, name)) return ent_doc_fail(p, err, "\"%s\" names \"%.40s\", which is no party", key, name);
        if (strcmp(name, f->holder) == 0 || strcmp(name, f->requester) == 0) return ent_doc_fail(p, err, "\"%s\" names an end of the flow itself", key);
        if (names((const char(*)[ENT_PARTY_NAME])list, n, name)) return ent_doc_fail(p, err, "\"%.40s\" stands twice in \"%s\"", name, key);
        memcpy(list[n++], name, strlen(name) + 1);
    }
    *ret_count = n;
    return ENT_OK;
}

static ent_code read_on_behalf(const ent_doc *flow, const ent_agreement *a, ent_flow *f, ent_err *err)
{
    const ent_doc *d = ent_doc_get(flow, "on-behalf-of");
    if (!d) return ent_doc_fail(flow, err, "\"on-behalf-of\" is missing");
    if (d->kind == ENT_DOC_TEXT && strcmp(d->text, "never") == 0) return ENT_OK;
    if (d->kind != ENT_DOC_LIST) return ent_doc_fail(d, err, "\"on-behalf-of\" must be never or a list of parties");
    return read_thirds(d, "on-behalf-of", a, f, f->on_behalf_of, &f->on_behalf_count, err);
}

static ent_code read_onward(const ent_doc *flow, const ent_agreement *a, ent_flow *f, ent_err *err)
{
    unsigned word = 0;
    const ent_doc *d = ent_doc_get(flow, "onward"), *to;
    if (!d) return ent_doc_fail(flow, err, "\"onward\" is missing");
    if (d->kind == ENT_DOC_TEXT && strcmp(d->text, "never") == 0) return ENT_OK;
    if (d->kind == ENT_DOC_TEXT && strcmp(d->text, "with-authorisation") == 0) { /* to every other party */
        f->onward_authorised = true;
        for (size_t i = 0; i < a->party_count; i++) {
            const char *name = a->party[i].name;
            if (strcmp(name, f->holder) != 0 && strcmp(name, f->requester) != 0) memcpy(f->onward[f->onward_count++], name, strlen(name) + 1);
        }
        return ENT_OK;
    }
    if (d->kind != ENT_DOC_MAP) return ent_doc_fail(d, err, "\"onward\" must be never, with-authorisation, or { to: [...], authorisation: ... }");
    ENT_TRY(ent_doc_only(d, "to authorisation", err));
    ENT_TRY(ent_doc_need(d, "to", ENT_DOC_LIST, &to, err));
    ENT_TRY(read_thirds(to, "to", a, f, f->onward, &f->onward_count, err));
    ENT_TRY(ent_doc_choice(d, "authorisation", true, "each-time given", &word, err));
    f->onward_authorised = word == 0;
    return ENT_OK;
}

/* Which rules of a flow can be given an article. They are also what a refusal names when none is given. */
static const char rules[] = "purposes modalities against subjects.powers subjects.exclude subjects.nationality "
                            "search.per-day search.per-hour search.per-officer-hour search.per-desk-hour "
                            "search.candidates search.face-alone on-behalf-of onward requester holder test";

static ent_code read_articles(const ent_doc *flow, ent_flow *f, ent_err *err)
{
    const ent_doc *d = ent_doc_get(flow, "articles");
    if (!d) return ENT_OK;
    ENT_TRY(ent_doc_only(d, rules, err));
    if (d->count > ENT_AGREEMENT_ARTICLES)
        return ent_doc_fail(d, err, "more than %d articles", ENT_AGREEMENT_ARTICLES);
    for (const ent_doc *r = d->first; r; r = r->next) {
        size_t n = f->article_count++;
        memcpy(f->article[n].rule, r->name, strlen(r->name) + 1); /* one of `rules`: fits */
        ENT_TRY(ent_doc_text(d, r->name, true, f->article[n].article, sizeof f->article[n].article, err));
        if (!printable(f->article[n].article)) return ent_doc_fail(r, err, "an article must be ASCII, for the ledger");
    }
    return ENT_OK;
}

static ent_code read_sides(const ent_doc *d, const ent_agreement *a, ent_flow *f, ent_err *err)
{
    ENT_TRY(ent_doc_word(d, "name", true, f->name, sizeof f->name, err));
    ENT_TRY(ent_doc_word(d, "holder", true, f->holder, sizeof f->holder, err));
    ENT_TRY(ent_doc_word(d, "requester", true, f->requester, sizeof f->requester, err));
    if (!ent_agreement_party(a, f->holder)) return ent_doc_fail(d, err, "holder \"%s\" is no party", f->holder);
    if (!ent_agreement_party(a, f->requester))
        return ent_doc_fail(d, err, "requester \"%s\" is no party", f->requester);
    if (strcmp(f->holder, f->requester) == 0) return ent_doc_fail(d, err, "holder and requester are one party");
    if (ent_agreement_flow(a, f->name)) return ent_doc_fail(d, err, "flow \"%s\" stands twice", f->name);
    return ent_doc_bool(d, "test", false, &f->test, err);
}

static ent_code read_flow(const ent_doc *d, const ent_agreement *a, ent_flow *f, ent_err *err)
{
    unsigned keeps = 0;
    ENT_TRY(ent_doc_only(d, "name holder requester test purposes modalities against subjects search holder-keeps-probe "
                            "confirm disclose copy requester-keeps on-behalf-of onward articles", err));
    ENT_TRY(read_sides(d, a, f, err));
    ENT_TRY(read_purposes(d, f, err));
    ENT_TRY(ent_doc_choices(d, "modalities", true, modality_list, &f->modalities, err));
    ENT_TRY(ent_doc_choices(d, "against", true, against_list, &f->against, err));
    if (!f->modalities || !f->against) return ent_doc_fail(d, err, "\"modalities\" and \"against\" name one or more");
    ENT_TRY(read_subjects(d, a, f, err));
    ENT_TRY(read_search(d, f, err));
    ENT_TRY(ent_doc_choice(d, "holder-keeps-probe", true, "never until-concluded", &keeps, err));
    f->probe = (ent_keep_probe)keeps;
    ENT_TRY(read_confirm(d, f, err));
    ENT_TRY(read_disclose(d, f, err));
    ENT_TRY(read_copy(d, f, err));
    ENT_TRY(ent_doc_duration(d, "requester-keeps", true, &f->requester_keeps_ms, err));
    ENT_TRY(read_on_behalf(d, a, f, err));
    ENT_TRY(read_onward(d, a, f, err));
    return read_articles(d, f, err);
}

static ent_code read_flows(const ent_doc *doc, ent_agreement *a, ent_err *err)
{
    const ent_doc *all;
    ENT_TRY(ent_doc_need(doc, "flows", ENT_DOC_LIST, &all, err));
    if (all->count == 0 || all->count > ENT_AGREEMENT_FLOWS)
        return ent_doc_fail(all, err, "an agreement has 1 to %d flows", ENT_AGREEMENT_FLOWS);
    for (const ent_doc *d = all->first; d; d = d->next) {
        ENT_TRY(read_flow(d, a, &a->flow[a->flow_count], err));
        a->flow_count++;
    }
    return ENT_OK;
}

static ent_code read_agreement(const ent_doc *doc, ent_agreement *a, ent_err *err)
{
    int64_t version = 0;
    ENT_TRY(ent_doc_only(doc, "agreement version title parties witness in-force sealed-annex flows", err));
    ENT_TRY(ent_doc_word(doc, "agreement", true, a->name, sizeof a->name, err));
    ENT_TRY(ent_doc_number(doc, "version", true, (int64_t[]){1, 1000000}, &version, err));
    a->version = (uint32_t)version;
    ENT_TRY(ent_doc_text(doc, "title", false, a->title, sizeof a->title, err));
    ENT_TRY(read_members(doc, a, err));
    ENT_TRY(read_force(doc, a, err));
    ENT_TRY(read_annex(doc, a, err));
    return read_flows(doc, a, err);
}

ent_code ent_agreement_read(const ent_doc *doc, ent_agreement **ret_agreement, ent_err *err)
{
    ent_agreement *a = calloc(1, sizeof *a);
    if (!a) return ent_fail(err, ENT_NO_MEMORY, "no memory for an agreement");
    ent_code code = read_agreement(doc, a, err);
    if (code == ENT_OK)
        *ret_agreement = a;
    else
        free(a);
    return code;
}

void ent_agreement_free(ent_agreement *a) { free(a); }

/* ---- finding ---- */

const ent_party *ent_agreement_party(const ent_agreement *a, const char *name)
{
    return party_named(a->party, a->party_count, name);
}

uint8_t ent_agreement_place(const ent_agreement *a, const char *name)
{
    const ent_party *p = ent_agreement_party(a, name);
    return p ? (uint8_t)(p - a->party + 1) : 0;
}

const ent_party *ent_agreement_at(const ent_agreement *a, uint8_t place) { return place && place <= a->party_count ? &a->party[place - 1] : NULL; }

const ent_flow *ent_agreement_flow(const ent_agreement *a, const char *name)
{
    for (size_t i = 0; i < a->flow_count; i++)
        if (strcmp(a->flow[i].name, name) == 0) return &a->flow[i];
    return NULL;
}

bool ent_flow_gives_on(const ent_flow *f, const char *party) { return names(f->onward, f->onward_count, party); }
bool ent_flow_acts_for(const ent_flow *f, const char *party) { return names(f->on_behalf_of, f->on_behalf_count, party); }

const ent_purpose *ent_flow_purpose(const ent_flow *f, const char *name)
{
    for (size_t i = 0; i < f->purpose_count; i++)
        if (strcmp(f->purpose[i].name, name) == 0) return &f->purpose[i];
    return NULL;
}

/* ---- deciding ---- */

/* The article that the flow gives for this rule, else the rule's own name. */
static void name_clause(const ent_flow *f, const char *rule, char ret_clause[ENT_LAW_CLAUSE])
{
    const char *text = rule;
    for (size_t i = 0; f && i < f->article_count; i++)
        if (strcmp(f->article[i].rule, rule) == 0) text = f->article[i].article;
    snprintf(ret_clause, ENT_LAW_CLAUSE, "%s", text);
}

static bool refuse(ent_verdict *v, ent_code code, const char *rule, const char *format, ...) ENT_PRINTF(4, 5);
static bool refuse(ent_verdict *v, ent_code code, const char *rule, const char *format, ...)
{
    va_list args;
    v->code = code;
    name_clause(v->flow, rule, v->clause);
    va_start(args, format);
    vsnprintf(v->reason, sizeof v->reason, format, args);
    va_end(args);
    return false;
}

static bool in_force(const ent_agreement *a, const ent_ask *ask, ent_verdict *v)
{
    char day[ENT_DATE_TEXT];
    ent_date_text(ent_date_compare(ask->today, a->from) < 0 ? a->from : a->until, day);
    if (ent_date_compare(ask->today, a->from) < 0)
        return refuse(v, ENT_REFUSED, "in-force.from", "the agreement is not in force before %s", day);
    if (ent_date_compare(ask->today, a->until) > 0)
        return refuse(v, ENT_REFUSED, "in-force.until", "the agreement ended with %s", day);
    return true;
}

static bool who_asks(const ent_agreement *a, const ent_ask *ask, ent_verdict *v)
{
    if (!ent_agreement_party(a, ask->requester))
        return refuse(v, ENT_REFUSED, "parties", "%s is no party", ask->requester);
    if (!ent_agreement_party(a, ask->holder))
        return refuse(v, ENT_REFUSED, "parties", "%s is no party", ask->holder);
    v->flow = ent_agreement_flow(a, ask->flow);
    if (!v->flow) return refuse(v, ENT_REFUSED, "flows", "there is no flow \"%.40s\"", ask->flow);
    if (strcmp(v->flow->requester, ask->requester) != 0)
        return refuse(v, ENT_REFUSED, "requester", "only %s may ask on this flow", v->flow->requester);
    if (strcmp(v->flow->holder, ask->holder) != 0)
        return refuse(v, ENT_REFUSED, "holder", "on this flow %s is asked", v->flow->holder);
    return true;
}

static bool what_for(const ent_ask *ask, ent_verdict *v)
{
    const ent_flow *f = v->flow;
    v->purpose = ent_flow_purpose(f, ask->purpose);
    if (!v->purpose)
        return refuse(v, ENT_REFUSED, "purposes", "\"%.40s\" is no purpose of this flow", ask->purpose);
    if (*ask->on_behalf_of && !ent_flow_acts_for(f, ask->on_behalf_of)) return refuse(v, ENT_REFUSED, "on-behalf-of", "not on behalf of %.60s", ask->on_behalf_of);
    if (ask->from_file && !f->test)
        return refuse(v, ENT_REFUSED, "test", "prints from a file may be searched on a test flow only");
    return true;
}

/* The first word whose bit is set. */
static const char *first_word(const char *const *words, uint32_t bits)
{
    return words[__builtin_ctz(bits)];
}

static bool with_what(const ent_ask *ask, ent_verdict *v)
{
    const ent_flow *f = v->flow;
    uint32_t known = (1u << ENT_MODALITY_COUNT) - 1;
    if (!ask->modalities || ask->modalities & ~known)
        return refuse(v, ENT_REFUSED, "modalities", "the probe contains no known modality");
    uint32_t beyond = ask->modalities & ~f->modalities;
    if (beyond) return refuse(v, ENT_REFUSED, "modalities", "%s is not granted", first_word(modality_words, beyond));
    beyond = ask->against & ~f->against & ((1u << ENT_AGAINST_COUNT) - 1);
    if (beyond)
        return refuse(v, ENT_REFUSED, "against", "%s may not be searched", first_word(against_words, beyond));
    if (ask->modalities == 1u << ENT_MODALITY_FACE && !f->face_alone)
        return refuse(v, ENT_REFUSED, "search.face-alone", "a face alone is never a hit on this flow");
    if (ask->candidates > f->candidates)
        return refuse(v, ENT_REFUSED, "search.candidates", "%u candidates wanted, %u granted", ask->candidates,
                      f->candidates);
    return true;
}

bool ent_flow_quota(const ent_flow *f, const ent_ask *ask, ent_verdict *v)
{
    const struct {
        uint64_t used, limit;
        const char *rule;
    } quota[] = {{ask->used_day, f->per_day, "search.per-day"},
                 {ask->used_hour, f->per_hour, "search.per-hour"},
                 {ask->used_officer_hour, f->per_officer_hour, "search.per-officer-hour"},
                 {ask->used_desk_hour, f->per_desk_hour, "search.per-desk-hour"}};
    for (size_t i = 0; i < sizeof quota / sizeof *quota; i++)
        if (quota[i].limit && quota[i].used >= quota[i].limit)
            return refuse(v, ENT_QUOTA, quota[i].rule, "all %llu searches were used",
                          (unsigned long long)quota[i].limit);
    return true;
}

void ent_agreement_decide(const ent_agreement *a, const ent_ask *ask, ent_verdict *ret_verdict)
{
    ent_verdict v = {.code = ENT_OK};
    bool allowed = in_force(a, ask, &v) && who_asks(a, ask, &v) && what_for(ask, &v) && with_what(ask, &v) &&
                   ent_flow_quota(v.flow, ask, &v);
    if (allowed) {
        snprintf(v.clause, sizeof v.clause, "%s", v.purpose->power);
        snprintf(v.reason, sizeof v.reason, "granted by flow %s for %s", v.flow->name, v.purpose->name);
    }
    *ret_verdict = v;
}

/* ---- who is visible ---- */

static bool under_18(ent_date birth, ent_date day)
{
    if (!birth.year || !day.year) return true;
    return ent_date_compare(day, ent_date_add(birth, 18, 0, 0)) < 0;
}

/* The bit of the exclusion that hides this subject; 0: none. Unknown counts as excluded. */
static uint32_t excluded_by(const ent_agreement *a, const ent_flow *f, const ent_subject *s)
{
    const ent_legal_facts *k = s->facts;
    const char *own = ent_agreement_party(a, f->holder)->country;
    const char *theirs = ent_agreement_party(a, f->requester)->country;
    uint32_t hit = 0;
    if (ent_under_18_at_offence(k)) hit |= 1u << ENT_EXCLUDE_UNDER_18_AT_OFFENCE;
    if (under_18(k->birth, k->taken)) hit |= 1u << ENT_EXCLUDE_UNDER_18_AT_TAKING;
    if (!*k->nationality || strcmp(k->nationality, own) == 0) hit |= 1u << ENT_EXCLUDE_OWN_NATIONAL;
    if (!*k->nationality || strcmp(k->nationality, theirs) == 0) hit |= 1u << ENT_EXCLUDE_REQUESTERS_NATIONAL;
    if (!s->convicted) hit |= 1u << ENT_EXCLUDE_NOT_CONVICTED;
    hit &= f->exclude;
    return hit & (~hit + 1); /* the lowest */
}

static bool nationality_granted(const ent_flow *f, const char *nationality)
{
    if (f->nationality_count == 0) return true;
    for (size_t i = 0; i < f->nationality_count; i++)
        if (strcmp(f->nationality[i], nationality) == 0) return true;
    return false;
}

bool ent_flow_sees(const ent_agreement *a, const ent_flow *f, const ent_subject *s, char ret_clause[ENT_LAW_CLAUSE])
{
    if ((strcmp(s->facts->taken_under, ENT_TAKEN_FOR_TEST) == 0) != f->test) { /* a test gallery is seen by test flows, and by no others */
        name_clause(f, "test", ret_clause);
        return false;
    }
    uint32_t hidden = excluded_by(a, f, s);
    if (hidden) {
        name_clause(f, "subjects.exclude", ret_clause);
        size_t n = strlen(ret_clause);
        snprintf(ret_clause + n, ENT_LAW_CLAUSE - n, ": %s", first_word(exclusion_words, hidden));
        return false;
    }
    if (!nationality_granted(f, s->facts->nationality)) {
        name_clause(f, "subjects.nationality", ret_clause);
        return false;
    }
    for (size_t i = 0; !s->kept->due && i < s->kept->count; i++)
        for (size_t j = 0; j < f->power_count; j++)
            if (strcmp(s->kept->power[i].regime->name, f->power[j]) == 0) {
                snprintf(ret_clause, ENT_LAW_CLAUSE, "power: %s", f->power[j]);
                return true;
            }
    name_clause(f, "subjects.powers", ret_clause);
    return false;
}

uint32_t ent_flow_fields(const ent_flow *f, bool confirmed) { return confirmed ? f->on_confirmed | f->on_hit : f->on_hit; }
