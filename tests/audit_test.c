/* `entente audit` on bundles that two real file ledgers wrote: what agrees passes, what was hidden, changed or forged is
 * told. With BUNDLE_ENTRIES set it also makes bundles of that many entries and says how long the audit took. */
#include "base/test.h"

#include "adapter/file/file.h"
#include "adapter/yaml/yaml.h"
#include "base/text.h"
#include "crypto/x509.h"
#include "law/card.h"
#include "law/crossing.h"
#include "law/envelope.h"
#include "merkle/note.h"
#include "merkle/tree.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char root[64];
static ent_secret_key secret[2];
static ent_public_key public[2];
static const char *const names[2] = {"gb.home-office", "us.dhs"};
static const char *const folders[2] = {"gb", "us"};
static ent_ledger ledger[2];
static uint8_t digest[32];

static void put_file(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static char *in(int side, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", root, folders[side], name);
    return path;
}

/* The example agreement with the keys of these two. */
static ent_buf agreement_text(void)
{
    char text[32768], key[2][64];
    FILE *f = fopen(AGREEMENT_EXAMPLE, "rb");
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    for (int s = 0; s < 2; s++) ent_base64(public[s].b, 32, key[s]);
    static const char *const old[2] = {"A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
                                       "2+QN3ZJ4wTzvP5V2e8ZxAnbyrYt9zqTx3oPQIWKvQ8g="};
    for (int s = 0; s < 2; s++) memcpy(strstr(text, old[s]), key[s], 44);
    ent_buf b = ENT_BUF(65536);
    ent_buf_str(&b, text);
    return b;
}

static void put_agreement(void)
{
    ENT_AUTO_BUF text = agreement_text();
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_doc *doc;
    ent_agreement *a;
    ent_envelope e;
    ent_err err = {0};
    assert_int_equal(ent_yaml_read(text.data, text.len, "a", &doc, &err), ENT_OK);
    if (ent_agreement_read(doc, &a, &err) != ENT_OK) fail_msg("%s", err.detail);
    ent_doc_free(doc);
    assert_int_equal(ent_envelope_make(a, text.data, text.len, &e, NULL), ENT_OK);
    memcpy(digest, e.digest, 32);
    for (int s = 0; s < 2; s++)
        assert_int_equal(ent_envelope_declare(&e, a, ENT_ACT_SIGN, names[s], (ent_time){1656000000000 + s}, &secret[s], NULL), ENT_OK);
    ent_envelope_encode(&e, &bytes);
    for (int s = 0; s < 2; s++) put_file(in(s, "agreements/gb-us-2022"), bytes.data, bytes.len);
    ent_envelope_free(&e);
    ent_agreement_free(a);
}

static void put_card(int s)
{
    ent_card *c = calloc(1, sizeof *c);
    ENT_AUTO_BUF pem = ENT_BUF(8192);
    ENT_AUTO_BUF key = ENT_BUF(8192);
    ENT_AUTO_BUF text = ENT_BUF(ENT_CARD_MAX);
    *c = (ent_card){.identity = public[s], .serial = 1, .issued = {1656000000000}, .address = "https://127.0.0.1:8443"};
    snprintf(c->name, sizeof c->name, "%s", names[s]);
    assert_int_equal(ent_x509_make(names[s], (uint8_t[16]){1}, c->issued, 900, &pem, &key, NULL), ENT_OK);
    strcpy(c->certificate[0], ent_buf_cstr(&pem));
    c->certificate_count = 1;
    assert_int_equal(ent_card_encode(c, &secret[s], &text, NULL), ENT_OK);
    put_file(in(s, "card"), text.data, text.len);
    free(c);
}

static int setup(void **state)
{
    (void)state;
    strcpy(root, "/tmp/entente-audit-XXXXXX");
    assert_non_null(mkdtemp(root));
    for (int s = 0; s < 2; s++) {
        char folder[128];
        ent_sign_keys((uint8_t[32]){(uint8_t)(s + 1)}, &public[s], &secret[s]);
        snprintf(folder, sizeof folder, "%s/%s", root, folders[s]);
        mkdir(folder, 0700);
        mkdir(in(s, "agreements"), 0700);
        mkdir(in(s, "ledger"), 0700);
        put_card(s);
        ent_err err = {0};
        if (ent_file_ledger(in(s, "ledger"), names[s], &secret[s], true, &ledger[s], &err) != ENT_OK) fail_msg("%s", err.detail);
    }
    put_agreement();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    for (int s = 0; s < 2; s++)
        if (ledger[s].close) ledger[s].close(ledger[s].self);
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void add_as(int side, ent_entry_kind kind, uint32_t number, int64_t time, const char *clause)
{
    ent_entry e = {.kind = kind, .time = {1700000000000 + time}, .follows = ENT_ENTRY_NONE, .agreement_version = 1,
                   .flow = "border-check", .purpose = "terrorism-threat-check"};
    snprintf(e.clause, sizeof e.clause, "%s", clause);
    uint8_t bytes[ENT_ENTRY_SIZE];
    uint64_t index;
    memcpy(e.case_number.b, &number, sizeof number);
    e.case_number.b[15] = 1;
    memcpy(e.agreement, digest, 32);
    assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
    assert_int_equal(ledger[side].append(ledger[side].self, bytes, &index, NULL), ENT_OK);
}

static void add(int side, ent_entry_kind kind, uint32_t number, int64_t time) { add_as(side, kind, number, time, "PACE 1984 s. 63T(1)(b)"); }

/* The root of what a side's ledger has now: what the lot is drawn from. */
static void head_of(int side, ent_hash *ret)
{
    uint64_t size = ledger[side].size(ledger[side].self);
    ent_hashes proof;
    assert_int_equal(ledger[side].consistency(ledger[side].self, size, size, ret, &proof, NULL), ENT_OK);
}

static void lot(int side, uint32_t number, int64_t time, const char *clause)
{
    add_as(side, ENT_ENTRY_LOT, number, time, clause);
}

static void search(uint32_t number, bool holder_has_it)
{
    add(1, ENT_ENTRY_ASKED, number, number * 1000);
    if (holder_has_it) add(0, ENT_ENTRY_ANSWERED_NO_HIT, number, number * 1000 + 100);
    add(1, ENT_ENTRY_RECEIVED, number, number * 1000 + 300);
}

/* What an exporter does: the checkpoint beside the entries. */
static void end_ledger(int s)
{
    ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
    if (!ledger[s].close) return;
    assert_int_equal(ledger[s].checkpoint(ledger[s].self, &note, NULL), ENT_OK);
    put_file(in(s, "ledger/checkpoint"), note.data, note.len);
    ledger[s].close(ledger[s].self);
    ledger[s].close = NULL;
}

/* Runs the command; its exit status, its output in ret_text. */
static int audit(const char *flags, char *ret_text, size_t cap)
{
    char command[512];
    for (int s = 0; s < 2; s++) end_ledger(s);
    snprintf(command, sizeof command, "%s %s audit %s/gb %s/us 2>&1", ENTENTE, flags, root, root);
    FILE *p = popen(command, "r");
    size_t n = fread(ret_text, 1, cap - 1, p);
    ret_text[n] = 0;
    return WEXITSTATUS(pclose(p));
}

/* Two ledgers that agree. */
static void agrees(void **state)
{
    (void)state;
    char text[8192];
    for (uint32_t i = 1; i <= 5; i++) search(i, true);
    int status = audit("", text, sizeof text);
    if (status != 0) fail_msg("%d: %s", status, text);
    assert_non_null(strstr(text, "answered_no_hit  5"));
    assert_non_null(strstr(text, "findings         0"));
}

/* The holder left one answer out: told with the requester's entry, in words and as JSON. */
static void tells_what_was_hidden(void **state)
{
    (void)state;
    char text[8192];
    search(1, true);
    search(2, false);
    assert_int_equal(audit("", text, sizeof text), 4);
    assert_non_null(strstr(text, "us.dhs entry 2 (asked"));
    assert_int_equal(audit("--json", text, sizeof text), 4);
    assert_non_null(strstr(text, "{\"found\":[{\"rule\":\"NOT_ANSWERED\",\"ledger\":\"us.dhs\",\"index\":2,"));
    assert_non_null(strstr(text, "\"findings\":1}"));
}

/* The public report of a year from the same bundle, in its three forms; small numbers are not in it. */
static void reports(void **state)
{
    (void)state;
    char text[16384], command[256];
    static const char *const formats[] = {"json", "csv", "html"};
    for (uint32_t i = 1; i <= 25; i++) search(i, true);
    add(0, ENT_ENTRY_ANSWERED_HIT, 99, 99000);
    audit("", text, sizeof text);
    for (int k = 0; k < 3; k++) {
        snprintf(command, sizeof command, "%s report exchange --year 2023 --format %s %s/gb", ENTENTE, formats[k], root);
        FILE *p = popen(command, "r");
        text[fread(text, 1, sizeof text - 1, p)] = 0;
        assert_int_equal(WEXITSTATUS(pclose(p)), 0);
        assert_non_null(strstr(text, "gb-us-2022 v1"));
        assert_non_null(strstr(text, "border-check"));
    }
    snprintf(command, sizeof command, "%s report exchange --year 23 %s/gb 2>&1", ENTENTE, root);
    assert_int_equal(WEXITSTATUS(system(command)), 2);
    snprintf(command, sizeof command, "%s report exchange --year 2023 %s/none 2>&1", ENTENTE, root);
    assert_int_equal(WEXITSTATUS(system(command)), 4);
}

/* The audit draws the lot from the holder's tree by itself: a chosen search that neither ledger speaks of is told at both ends; said and
 * not opened in thirty days, it is due; opened in time, nothing is told. */
static void draws_the_lot(void **state)
{
    char text[8192], report[8192], command[256];
    for (int how = 0; how < 3; how++) {
        uint32_t i = 0;
        ent_hash head;
        uint8_t number[ENT_ID_SIZE] = {[15] = 1};
        if (how) teardown(NULL), setup(state);
        do {
            i++;
            add(1, ENT_ENTRY_ASKED, i, i * 1000);
            add(0, ENT_ENTRY_ANSWERED_NO_HIT, i, i * 1000 + 100);
            add(1, ENT_ENTRY_RECEIVED, i, i * 1000 + 300);
            head_of(0, &head);
            memcpy(number, &i, sizeof i);
        } while (!ent_lot_chosen(head.b, number));
        for (int s = 0; s < 2 && how; s++) lot(s, i, i * 1000 + 400, "lot: chosen");
        for (int s = 2; s-- > 0 && how == 2;) lot(s, i, 86400000ll * 29, "lot: opened to the auditor");
        for (int s = 0; s < 2; s++) add(s, ENT_ENTRY_PERSON, 0, 86400000ll * 32);
        static const char *const says[] = {"this ledger does not say so", "chosen by lot, due, and not opened to the auditor", "findings         0"};
        int status = audit("", text, sizeof text);
        if (status != (how == 2 ? 0 : 4) || !strstr(text, says[how])) fail_msg("%d: %s", status, text);
        assert_non_null(strstr(text, "chosen_by_lot    1\n"));
        assert_non_null(strstr(text, how == 2 ? "opened_to_auditor 1\n" : "opened_to_auditor 0\n"));
    }
    snprintf(command, sizeof command, "%s report exchange --year 2023 --format csv %s/us", ENTENTE, root);
    FILE *p = popen(command, "r");
    report[fread(report, 1, sizeof report - 1, p)] = 0;
    assert_int_equal(WEXITSTATUS(pclose(p)), 0);
    assert_non_null(strstr(report, ",chosen by lot,opened to the auditor,"));
}

static void flip(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, at, SEEK_SET);
    fputc(c ^ 1, f);
    fclose(f);
}

/* An entry, a checkpoint, a card or an agreement that was changed is no basis for an audit. */
static void refuses_what_was_changed(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        long at;
        const char *says;
    } cases[] = {{"ledger/entries", 40, "not the ones that the checkpoint signs"},
                 {"ledger/checkpoint", 40, "checkpoint"},
                 {"card", 40, "card"},
                 {"agreements/gb-us-2022", 400, "digest"}};
    char text[8192];
    search(1, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        audit("", text, 1);
        flip(in(0, cases[i].name), cases[i].at);
        assert_int_equal(audit("", text, sizeof text), 4);
        if (!strstr(text, cases[i].says)) fail_msg("%s", text);
        flip(in(0, cases[i].name), cases[i].at);
    }
    assert_int_equal(audit("", text, sizeof text), 0);
    unlink(in(1, "ledger/entries"));
    assert_int_equal(audit("", text, sizeof text), 4);
    assert_non_null(strstr(text, "ledger/entries: No such file"));
}

static int verify(int s, char *ret_text, size_t cap)
{
    char command[512];
    snprintf(command, sizeof command, "%s ledger verify %s/%s 2>&1", ENTENTE, root, folders[s]);
    FILE *p = popen(command, "r");
    ret_text[fread(ret_text, 1, cap - 1, p)] = 0;
    return WEXITSTATUS(pclose(p));
}

/* One bit in a tile on the disk: `ledger verify` says which, though entries and checkpoint are well. */
static void a_rotten_tile_is_found(void **state)
{
    (void)state;
    char text[8192];
    for (uint32_t i = 1; i <= 260; i++) add(0, ENT_ENTRY_ANSWERED_NO_HIT, i, i * 1000);
    end_ledger(0);
    if (verify(0, text, sizeof text) != 0) fail_msg("%s", text);
    assert_non_null(strstr(text, "1 tiles"));
    flip(in(0, "ledger/tile/0/000"), 4000);
    assert_int_equal(verify(0, text, sizeof text), 4);
    assert_non_null(strstr(text, "tile/0/000"));
}

/* Each ledger begins again as one that is cut by years. */
static void cut_by_years(void)
{
    for (int s = 0; s < 2; s++) {
        ent_entry e;
        uint8_t bytes[ENT_ENTRY_SIZE];
        uint64_t index;
        ledger[s].close(ledger[s].self);
        unlink(in(s, "ledger/entries"));
        unlink(in(s, "ledger/head"));
        mkdir(in(s, "years"), 0700);
        assert_int_equal(ent_file_year_ledger(in(s, "years"), names[s], &secret[s], 2023, &ledger[s], NULL), ENT_OK);
        ent_shard_opening(2023, (ent_time){1700000000000}, NULL, ENT_ENTRY_NONE, &e);
        assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
        assert_int_equal(ledger[s].append(ledger[s].self, bytes, &index, NULL), ENT_OK);
    }
}

static void in_one_row(int s)
{
    ENT_AUTO_BUF row = ENT_BUF(1 << 20);
    uint8_t bytes[ENT_ENTRY_SIZE];
    for (uint64_t i = 0; i < ledger[s].size(ledger[s].self); i++) {
        assert_int_equal(ledger[s].read(ledger[s].self, i, bytes, NULL), ENT_OK);
        ent_buf_put(&row, bytes, sizeof bytes);
    }
    put_file(in(s, "ledger/entries"), row.data, row.len);
    end_ledger(s);
}

/* Bundles that span the turn of a year: searches of both years agree, one that was asked in the old year and answered in the new too; a bit in
 * the closed year is no basis for an audit. */
static void audits_across_the_years(void **state)
{
    (void)state;
    char text[8192];
    cut_by_years();
    search(1, true);
    add(1, ENT_ENTRY_ASKED, 2, 2000);
    for (int s = 0; s < 2; s++) assert_int_equal(ledger[s].turn(ledger[s].self, 2024, (ent_time){1700000002050}, NULL), ENT_OK);
    add(0, ENT_ENTRY_ANSWERED_NO_HIT, 2, 2100);
    add(1, ENT_ENTRY_RECEIVED, 2, 2300);
    search(3, true);
    for (int s = 0; s < 2; s++) in_one_row(s);
    if (audit("", text, sizeof text) != 0) fail_msg("%s", text);
    assert_non_null(strstr(text, "answered_no_hit  3"));
    if (verify(1, text, sizeof text) != 0) fail_msg("%s", text);
    assert_non_null(strstr(text, "us.dhs/2024"));
    flip(in(1, "ledger/entries"), 300);
    assert_int_equal(audit("", text, sizeof text), 4);
    assert_int_equal(verify(1, text, sizeof text), 4);
}

/* How long a large one takes; only when it is asked for. */
static void large(void **state)
{
    (void)state;
    const char *want = getenv("BUNDLE_ENTRIES");
    if (!want) skip();
    long n = atol(want) / 3;
    for (int s = 0; s < 2; s++) ledger[s].close(ledger[s].self), ledger[s].close = NULL;
    FILE *f[2] = {fopen(in(0, "ledger/entries"), "ab"), NULL};
    f[1] = fopen(in(1, "ledger/entries"), "ab");
    ent_tree *tree[2];
    for (int s = 0; s < 2; s++) assert_int_equal(ent_tree_new(&tree[s], NULL), ENT_OK);
    for (long i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) {
            static const ent_entry_kind kinds[] = {ENT_ENTRY_ASKED, ENT_ENTRY_ANSWERED_NO_HIT, ENT_ENTRY_RECEIVED};
            ent_entry e = {.kind = kinds[k], .time = {1700000000000 + i * 5000 + k}, .follows = ENT_ENTRY_NONE, .agreement_version = 1,
                           .flow = "border-check", .purpose = "terrorism-threat-check", .clause = "s."};
            uint8_t bytes[ENT_ENTRY_SIZE];
            uint64_t mixed = (uint64_t)i * 0x9e3779b97f4a7c15u;
            int side = k != 1;
            memcpy(e.case_number.b, &mixed, 8);
            e.case_number.b[15] = 1;
            memcpy(e.agreement, digest, 32);
            assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
            fwrite(bytes, 1, sizeof bytes, f[side]);
            assert_int_equal(ent_tree_append(tree[side], bytes, sizeof bytes, NULL), ENT_OK);
            ent_hash head;
            if (k == 1) ent_tree_root(tree[0], ent_tree_size(tree[0]), &head);
            if (k != 1 || !ent_lot_chosen(head.b, e.case_number.b)) continue;
            for (int s = 0; s < 4; s++) { /* chosen, and opened at once, in both ledgers */
                e.kind = ENT_ENTRY_LOT;
                snprintf(e.clause, sizeof e.clause, "%s", s < 2 ? "lot: chosen" : "lot: opened to the auditor");
                assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
                fwrite(bytes, 1, sizeof bytes, f[s % 2]);
                assert_int_equal(ent_tree_append(tree[s % 2], bytes, sizeof bytes, NULL), ENT_OK);
            }
        }
    for (int s = 0; s < 2; s++) {
        ent_checkpoint c = {.size = ent_tree_size(tree[s])};
        ENT_AUTO_BUF note = ENT_BUF(ENT_NOTE_MAX);
        snprintf(c.origin, sizeof c.origin, "%s", names[s]);
        ent_tree_root(tree[s], c.size, &c.root);
        assert_int_equal(ent_checkpoint_sign(&c, &secret[s], &note, NULL), ENT_OK);
        put_file(in(s, "ledger/checkpoint"), note.data, note.len);
        fclose(f[s]);
        ent_tree_free(tree[s]);
    }
    char text[8192];
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    assert_int_equal(audit("", text, sizeof text), 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%s%.1f s\n", text, (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(agrees), CASE(tells_what_was_hidden), CASE(reports), CASE(refuses_what_was_changed), CASE(a_rotten_tile_is_found), CASE(audits_across_the_years), CASE(draws_the_lot), CASE(large)};
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
