#include "cli/bundle.h"

#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/cli.h"
#include "merkle/shard.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX ((size_t)64 << 20)

static ent_code slurp(const char *folder, const char *name, size_t max, ent_buf *ret, ent_err *err)
{
    char path[4096], part[65536];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) return ent_fail(err, errno == ENOENT ? ENT_NOT_FOUND : ENT_IO, "%s: %s", path, strerror(errno));
    *ret = ENT_BUF(max);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) ent_buf_put(ret, part, n);
    bool bad = ferror(f);
    fclose(f);
    if (bad) return ent_fail(err, ENT_IO, "%s: cannot be read", path);
    ent_code code = ent_buf_check(ret, err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

/* ---- the ledger: what is read is what the checkpoint signs, the years before it through the first entry of each ---- */

static ent_code walk_entries(const char *folder, const ent_buf *bytes, const ent_checkpoint *c, ent_party_bundle *p, ent_walk *w, ent_err *err)
{
    size_t here = bytes->len / ENT_ENTRY_SIZE;
    p->entries = calloc(here + 1, sizeof *p->entries);
    p->chosen = calloc(here + 1, 1);
    if (!p->entries || !p->chosen) return ent_fail(err, ENT_NO_MEMORY, "no memory for %zu entries", here);
    for (size_t i = 0; i < here && !ent_walk_covers(w, c); i++) {
        ent_code code = ent_walk_add(w, bytes->data + i * ENT_ENTRY_SIZE, &p->entries[i], err);
        if (code != ENT_OK) return ent_context(err, code, "%s", folder);
        ent_hash head;
        ent_walk_head(w, &head);
        p->chosen[i] = ent_audit_draw(&p->entries[i], head.b);
    }
    p->count = (size_t)w->size;
    ent_code code = ent_walk_agrees(w, c, "the checkpoint", err);
    return code == ENT_OK ? ENT_OK : ent_context(err, ENT_DAMAGED, "%s: the entries are not the ones that the checkpoint signs", folder);
}

static ent_code read_ledger(const char *folder, ent_party_bundle *p, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(0);
    ENT_AUTO_BUF bytes = ENT_BUF(0);
    ent_checkpoint c;
    ent_walk *w;
    ENT_TRY(slurp(folder, "ledger/checkpoint", 1 << 16, &note, err));
    ENT_TRY(slurp(folder, "ledger/entries", ENTRIES_MAX * ENT_ENTRY_SIZE, &bytes, err));
    ENT_TRY(ent_checkpoint_parse((const char *)note.data, note.len, &c, err));
    if (!ent_shard_origin_of(c.origin, p->card.name, NULL) || !ent_note_signed_by((const char *)note.data, note.len, c.origin, &p->card.identity))
        return ent_fail(err, ENT_SIGNATURE, "%s: the checkpoint is not signed by %s with the key on its card", folder,
                        p->card.name);
    snprintf(p->note, sizeof p->note, "%.511s", ent_buf_cstr(&note));
    ENT_TRY(ent_walk_begin(p->card.name, &w, err));
    ent_code code = walk_entries(folder, &bytes, &c, p, w, err);
    ent_walk_free(w);
    return code;
}

/* ---- keys ---- */

/* "NAME KEY UNTIL"; UNTIL "-": its key now. */
static ent_code read_key(char *line, ent_told_key *ret, ent_err *err)
{
    char *rest = NULL, *name = strtok_r(line, " ", &rest), *key = strtok_r(NULL, " ", &rest), *until = strtok_r(NULL, " ", &rest);
    size_t n;
    *ret = (ent_told_key){.until = {INT64_MAX}};
    if (!until || strtok_r(NULL, " ", &rest) || strlen(name) >= sizeof ret->name || !ent_unbase64(key, strlen(key), ret->key.b, sizeof ret->key.b, &n) || n != sizeof ret->key.b ||
        (strcmp(until, "-") != 0 && !ent_time_parse(until, &ret->until)))
        return ent_fail(err, ENT_FORMAT, "a line that is not a name, a key and until when it counts");
    snprintf(ret->name, sizeof ret->name, "%s", name);
    return ENT_OK;
}

static ent_code read_keys(const char *folder, ent_party_bundle *p, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(0);
    char *rest = NULL;
    ent_code code = slurp(folder, "keys", 1 << 20, &bytes, err);
    if (code == ENT_NOT_FOUND) return ENT_OK; /* nobody changed a key, or an older node wrote it */
    if (code != ENT_OK) return code;
    if (bytes.len && memchr(bytes.data, 0, bytes.len)) return ent_fail(err, ENT_FORMAT, "%s/keys has a byte that is no text", folder);
    size_t lines = 0;
    for (size_t i = 0; i < bytes.len; i++) lines += bytes.data[i] == '\n';
    ent_buf_u8(&bytes, 0);
    ENT_TRY(ent_buf_check(&bytes, err));
    char *line = strtok_r((char *)bytes.data, "\n", &rest);
    if (!line || strcmp(line, "entente-keys/1") != 0) return ent_fail(err, ENT_FORMAT, "%s/keys does not begin with entente-keys/1", folder);
    p->keys = calloc(lines + 1, sizeof *p->keys);
    if (!p->keys) return ent_fail(err, ENT_NO_MEMORY, "no memory for %zu keys", lines);
    while (code == ENT_OK && (line = strtok_r(NULL, "\n", &rest))) code = read_key(line, &p->keys[p->key_count++], err);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s/keys", folder);
}

static bool tells(const ent_party_bundle *p, const char *name, const ent_public_key *key, ent_time at)
{
    if (strcmp(p->card.name, name) == 0 && ent_public_key_equal(&p->card.identity, key)) return true;
    for (size_t i = 0; i < p->key_count; i++)
        if (strcmp(p->keys[i].name, name) == 0 && ent_public_key_equal(&p->keys[i].key, key) && at.ms <= p->keys[i].until.ms) return true;
    return false;
}

/* Nobody says of a party that is here which keys it had but itself: an invented one could forge its declarations. */
static bool was_key_of(void *self, const char *name, const ent_public_key *key, ent_time at)
{
    const ent_court *c = self;
    for (size_t i = 0; i < c->party_count; i++)
        if (strcmp(c->party[i].card.name, name) == 0) return tells(&c->party[i], name, key, at);
    for (size_t i = 0; i < c->party_count; i++)
        if (tells(&c->party[i], name, key, at)) return true;
    return false;
}

/* ---- agreements: both parties may bring the same one; the longer story of declarations counts ---- */

static ent_code verify_text(ent_court *c, ent_envelope *e, ent_agreement **ret_agreement, ent_err *err)
{
    ent_doc *doc;
    ent_agreement_state state;
    ent_agreement *a;
    ENT_TRY(ent_yaml_read(e->file, e->file_len, e->name, &doc, err));
    ent_code code = ent_agreement_read(doc, &a, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return code;
    code = ent_envelope_verify(e, a, &(ent_key_history){c, was_key_of}, &state, err);
    if (code == ENT_OK)
        *ret_agreement = a;
    else
        ent_agreement_free(a);
    return code;
}

static ent_code keep_text(ent_court *c, ent_envelope *e, ent_agreement *a, ent_err *err)
{
    size_t i = 0;
    while (i < c->text_count && memcmp(c->envelope[i].digest, e->digest, 32) != 0) i++;
    if (i < c->text_count) {
        ent_err why;
        ent_code code = ent_envelope_join(&c->envelope[i], e, &why);
        if (code == ENT_EXISTS) {
            ent_envelope_free(e);
            ent_agreement_free(a);
            return ENT_OK;
        }
        ent_agreement_state state;
        if (code == ENT_OK) code = ent_envelope_verify(e, a, &(ent_key_history){c, was_key_of}, &state, &why);
        if (code != ENT_OK) return ent_fail(err, code, "%s: the bundles tell two stories of its declarations: %s", e->name, why.detail);
        ent_envelope_free(&c->envelope[i]);
        ent_agreement_free(c->agreement[i]);
    } else if (c->text_count++ == ENT_BUNDLE_TEXTS) {
        c->text_count = ENT_BUNDLE_TEXTS;
        return ent_fail(err, ENT_TOO_LARGE, "more than %d agreements", ENT_BUNDLE_TEXTS);
    }
    c->envelope[i] = *e;
    c->agreement[i] = a;
    c->text[i] = (ent_audit_text){&c->envelope[i], a};
    return ENT_OK;
}

static ent_code read_text(ent_court *c, const char *folder, const char *name, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(0);
    ent_envelope e = {0};
    ent_agreement *a = NULL;
    ENT_TRY(slurp(folder, name, ENT_ENVELOPE_MAX, &bytes, err));
    ent_code code = ent_envelope_decode(bytes.data, bytes.len, &e, err);
    if (code == ENT_OK) code = verify_text(c, &e, &a, err);
    if (code == ENT_OK) code = keep_text(c, &e, a, err);
    if (code == ENT_OK) return ENT_OK;
    ent_envelope_free(&e);
    ent_agreement_free(a);
    return ent_context(err, code, "%s/%s", folder, name);
}

static ent_code read_texts(ent_court *c, const char *folder, ent_err *err)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/agreements", folder);
    DIR *d = opendir(path);
    if (!d) return errno == ENOENT ? ENT_OK : ent_fail(err, ENT_IO, "%s: %s", path, strerror(errno));
    ent_code code = ENT_OK;
    for (struct dirent *f; code == ENT_OK && (f = readdir(d));) {
        char name[300];
        if (f->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "agreements/%s", f->d_name);
        code = read_text(c, folder, name, err);
    }
    closedir(d);
    return code;
}

static ent_code read_party(ent_court *c, const char *folder, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(0);
    if (c->party_count == ENT_BUNDLES_MAX) return ent_fail(err, ENT_USAGE, "at most %d bundles", ENT_BUNDLES_MAX);
    ent_party_bundle *p = &c->party[c->party_count];
    ENT_TRY(slurp(folder, "card", ENT_CARD_MAX, &text, err));
    ent_code code = ent_card_decode(text.data, text.len, &p->card, err);
    if (code != ENT_OK) return ent_context(err, code, "%s", folder);
    for (size_t i = 0; i < c->party_count; i++)
        if (strcmp(c->party[i].card.name, p->card.name) == 0)
            return ent_fail(err, ENT_USAGE, "%s: there are two bundles of %s", folder, p->card.name);
    c->party_count++;
    ENT_TRY(read_keys(folder, p, err));
    ENT_TRY(read_ledger(folder, p, err));
    c->side[c->party_count - 1] = (ent_audit_side){p->card.name, p->entries, p->count, p->chosen};
    return ENT_OK;
}

ent_code ent_court_read(ent_court *c, const char *const *folders, size_t count, ent_err *err)
{
    for (size_t i = 0; i < count; i++) {
        ENT_TRY(read_party(c, folders[i], err));
        ent_cli_progress("reading bundles", i + 1, count);
    }
    for (size_t i = 0; i < count; i++) ENT_TRY(read_texts(c, folders[i], err));
    return ENT_OK;
}

ent_court *ent_court_new(void) { return calloc(1, sizeof(ent_court)); }

void ent_court_free(ent_court *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->text_count; i++) {
        ent_envelope_free(&c->envelope[i]);
        ent_agreement_free(c->agreement[i]);
    }
    for (size_t i = 0; i < c->party_count; i++) free(c->party[i].keys), free(c->party[i].entries), free(c->party[i].chosen);
    free(c);
}
