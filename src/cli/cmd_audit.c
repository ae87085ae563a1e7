/* `entente audit BUNDLE…`: an outsider lays the ledgers of two or more parties beside each other, offline. A bundle is a folder
 * with the party's `card`, its `ledger/entries` and `ledger/checkpoint`, and the envelopes in `agreements/`. */
#include "adapter/yaml/yaml.h"
#include "base/check.h"
#include "cli/commands.h"
#include "flow/audit/audit.h"
#include "law/card.h"
#include "merkle/note.h"
#include "merkle/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PARTIES_MAX = 32, TEXTS_MAX = 256, ENTRIES_MAX = 64 << 20 };

static const ent_cmd_help help = {
    "audit BUNDLE…",
    "Checks, offline and from files alone, that the ledgers of two or more parties tell the same story: every search that one\n"
    "says it sent was answered by the other, under an agreement in force, for its purposes, within its quota; every disclosure\n"
    "had its confirmation; what was due was destroyed. Each discrepancy is reported with its entry. A bundle is a folder with the\n"
    "party's card, ledger/entries, ledger/checkpoint and agreements/*. Exit status 4 when anything was found.",
    "entente audit from-gb/ from-us/"};

typedef struct party {
    ent_card card;
    ent_entry *entries;
    size_t count;
} party;

typedef struct court {
    const ent_cli *cli;
    party party[PARTIES_MAX];
    ent_audit_side side[PARTIES_MAX];
    size_t party_count;
    ent_envelope envelope[TEXTS_MAX];
    ent_agreement *agreement[TEXTS_MAX];
    ent_audit_text text[TEXTS_MAX];
    size_t text_count;
    bool any; /* a finding was printed */
} court;

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

/* ---- the ledger: what is read is what the checkpoint signs ---- */

static ent_code check_root(const ent_buf *entries, const ent_checkpoint *c, const char *folder, ent_err *err)
{
    ent_tree *tree;
    ent_hash root;
    ENT_TRY(ent_tree_new(&tree, err));
    ent_code code = ENT_OK;
    for (uint64_t i = 0; i < c->size && code == ENT_OK; i++)
        code = ent_tree_append(tree, entries->data + i * ENT_ENTRY_SIZE, ENT_ENTRY_SIZE, err);
    if (code == ENT_OK) {
        ent_tree_root(tree, c->size, &root);
        if (memcmp(&root, &c->root, sizeof root) != 0)
            code = ent_fail(err, ENT_DAMAGED, "%s: the entries are not the ones that the checkpoint signs", folder);
    }
    ent_tree_free(tree);
    return code;
}

static ent_code read_entries(const char *folder, const ent_buf *bytes, uint64_t size, party *p, ent_err *err)
{
    p->entries = calloc(size + 1, sizeof *p->entries);
    if (!p->entries) return ent_fail(err, ENT_NO_MEMORY, "no memory for %llu entries", (unsigned long long)size);
    for (uint64_t i = 0; i < size; i++) {
        ent_code code = ent_entry_decode(bytes->data + i * ENT_ENTRY_SIZE, &p->entries[i], err);
        if (code != ENT_OK) return ent_context(err, code, "%s: entry %llu", folder, (unsigned long long)i);
    }
    p->count = size;
    return ENT_OK;
}

static ent_code read_ledger(const char *folder, party *p, ent_err *err)
{
    ENT_AUTO_BUF note = ENT_BUF(0);
    ENT_AUTO_BUF bytes = ENT_BUF(0);
    ent_checkpoint c;
    ENT_TRY(slurp(folder, "ledger/checkpoint", 1 << 16, &note, err));
    ENT_TRY(slurp(folder, "ledger/entries", (size_t)ENTRIES_MAX * ENT_ENTRY_SIZE, &bytes, err));
    ENT_TRY(ent_checkpoint_parse((const char *)note.data, note.len, &c, err));
    if (strcmp(c.origin, p->card.name) != 0 ||
        !ent_note_signed_by((const char *)note.data, note.len, p->card.name, &p->card.identity))
        return ent_fail(err, ENT_SIGNATURE, "%s: the checkpoint is not signed by %s with the key on its card", folder,
                        p->card.name);
    if (c.size > bytes.len / ENT_ENTRY_SIZE)
        return ent_fail(err, ENT_DAMAGED, "%s: the checkpoint signs %llu entries, %zu are here", folder,
                        (unsigned long long)c.size, bytes.len / ENT_ENTRY_SIZE);
    ENT_TRY(check_root(&bytes, &c, folder, err));
    return read_entries(folder, &bytes, c.size, p, err);
}

/* ---- agreements: both parties may bring the same one; the longer story of declarations counts ---- */

static ent_code verify_text(ent_envelope *e, ent_agreement **ret_agreement, ent_err *err)
{
    ent_doc *doc;
    ent_agreement_state state;
    ent_agreement *a;
    ENT_TRY(ent_yaml_read(e->file, e->file_len, e->name, &doc, err));
    ent_code code = ent_agreement_read(doc, &a, err);
    ent_doc_free(doc);
    if (code != ENT_OK) return code;
    code = ent_envelope_verify(e, a, NULL, &state, err);
    if (code == ENT_OK)
        *ret_agreement = a;
    else
        ent_agreement_free(a);
    return code;
}

static ent_code keep_text(court *c, ent_envelope *e, ent_agreement *a, ent_err *err)
{
    size_t i = 0;
    while (i < c->text_count && memcmp(c->envelope[i].digest, e->digest, 32) != 0) i++;
    if (i < c->text_count) {
        ent_err why;
        if (ent_envelope_follows(&c->envelope[i], e, &why) == ENT_CONFLICT)
            return ent_fail(err, ENT_CONFLICT, "%s: the bundles tell two stories of its declarations: %s", e->name, why.detail);
        if (e->count <= c->envelope[i].count) {
            ent_envelope_free(e);
            ent_agreement_free(a);
            return ENT_OK;
        }
        ent_envelope_free(&c->envelope[i]);
        ent_agreement_free(c->agreement[i]);
    } else if (c->text_count++ == TEXTS_MAX) {
        c->text_count = TEXTS_MAX;
        return ent_fail(err, ENT_TOO_LARGE, "more than %d agreements", TEXTS_MAX);
    }
    c->envelope[i] = *e;
    c->agreement[i] = a;
    c->text[i] = (ent_audit_text){&c->envelope[i], a};
    return ENT_OK;
}

static ent_code read_text(court *c, const char *folder, const char *name, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(0);
    ent_envelope e = {0};
    ent_agreement *a = NULL;
    ENT_TRY(slurp(folder, name, ENT_ENVELOPE_MAX, &bytes, err));
    ent_code code = ent_envelope_decode(bytes.data, bytes.len, &e, err);
    if (code == ENT_OK) code = verify_text(&e, &a, err);
    if (code == ENT_OK) code = keep_text(c, &e, a, err);
    if (code == ENT_OK) return ENT_OK;
    ent_envelope_free(&e);
    return ent_context(err, code, "%s/%s", folder, name);
}

static ent_code read_texts(court *c, const char *folder, ent_err *err)
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

static ent_code read_bundle(court *c, const char *folder, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(0);
    party *p = &c->party[c->party_count];
    ENT_TRY(slurp(folder, "card", ENT_CARD_MAX, &text, err));
    ent_code code = ent_card_decode(text.data, text.len, &p->card, err);
    if (code != ENT_OK) return ent_context(err, code, "%s", folder);
    for (size_t i = 0; i < c->party_count; i++)
        if (strcmp(c->party[i].card.name, p->card.name) == 0)
            return ent_fail(err, ENT_USAGE, "%s: there are two bundles of %s", folder, p->card.name);
    c->party_count++;
    ENT_TRY(read_ledger(folder, p, err));
    c->side[c->party_count - 1] = (ent_audit_side){p->card.name, p->entries, p->count};
    return read_texts(c, folder, err);
}

/* ---- what is told ---- */

static void print_finding(void *ctx, const ent_audit_finding *f)
{
    court *c = ctx;
    const ent_audit_side *s = &c->side[f->side];
    const ent_entry *e = &s->entries[f->index];
    char time[ENT_TIME_TEXT], number[ENT_ID_TEXT];
    ent_time_text(e->time, time);
    ent_id_text(e->case_number.b, number);
    if (!c->cli->json) {
        printf("%s entry %llu (%s, %s, case %.8s): %s\n", s->name, (unsigned long long)f->index,
               ent_entry_kind_text(e->kind), time, number, ent_audit_rule_text(f->rule));
    } else {
        printf("%s{\"rule\":\"%s\",\"ledger\":\"%s\",\"index\":%llu,\"kind\":\"%s\",\"time\":\"%s\",\"case\":\"%s\"}",
               c->any ? "," : "", ent_audit_rule_name(f->rule), s->name, (unsigned long long)f->index,
               ent_entry_kind_text(e->kind), time, number);
    }
    c->any = true;
}

static void print_counts(const ent_cli *cli, const ent_audit_counts *n)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{"entries", n->entries},       {"asked", n->asked},         {"answered_hit", n->answered_hit},
                {"answered_no_hit", n->answered_no_hit}, {"refused", n->refused}, {"unanswered", n->unanswered},
                {"outside", n->outside},       {"disclosed", n->disclosed}, {"destroyed", n->destroyed},
                {"findings", n->findings}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        printf(cli->json ? ",\"%s\":%llu" : "%-16s %llu\n", rows[i].name, (unsigned long long)rows[i].value);
}

static ent_code run(court *c, int count, char **folders, ent_audit_counts *ret_counts, ent_err *err)
{
    if (count > PARTIES_MAX) return ent_fail(err, ENT_USAGE, "at most %d bundles", PARTIES_MAX);
    for (int i = 0; i < count; i++) {
        ENT_TRY(read_bundle(c, folders[i], err));
        ent_cli_progress("reading bundles", (size_t)i + 1, (size_t)count);
    }
    if (c->cli->json) printf("{\"found\":[");
    return ent_audit(c->side, c->party_count, c->text, c->text_count, print_finding, c, ret_counts, err);
}

int ent_cmd_audit(ent_cli *cli, int argc, char **argv)
{
    static const ent_opt opts[] = {{0}};
    int operands = 0;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &operands);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : ent_code_exit(code);
    if (operands == 0) return ent_cli_usage(&help, "name the bundles to lay beside each other");
    court *c = calloc(1, sizeof *c);
    ent_err err = {0};
    ent_audit_counts counts = {0};
    code = c ? ENT_OK : ent_fail(&err, ENT_NO_MEMORY, "out of memory");
    if (c) {
        c->cli = cli;
        code = run(c, operands, argv, &counts, &err);
    }
    if (code == ENT_OK) {
        if (cli->json) printf("]");
        print_counts(cli, &counts);
        if (cli->json) printf("}\n");
    }
    for (size_t i = 0; c && i < c->text_count; i++) {
        ent_envelope_free(&c->envelope[i]);
        ent_agreement_free(c->agreement[i]);
    }
    for (size_t i = 0; c && i < c->party_count; i++) free(c->party[i].entries);
    free(c);
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    return counts.findings ? ent_code_exit(ENT_DAMAGED) : 0;
}
