/* The ledger's texts as files, for independent code.
 *   ledger_vectors write DIR   writes receipt.tlog-proof, receipt.vkey, witness.vkey, checkpoint.txt as made with the keys below
 *   ledger_vectors check DIR   exits 0 when the files in DIR are exactly those, the receipt verifies, and the specifications' own
 *                              examples beside them (signed-note.txt with its key, add-checkpoint.txt) are read
 *   years.entries and years.checkpoint: all entries of two years in one row (2026: opened, two asked, closed; 2027: opened, one asked)
 *                              under the checkpoint of the second
 * Keys: the log's seed 01 00…, the witness's 02 00…; seven entries; co-signed at 2026-03-10T09:08:07Z. */
#include "base/text.h"
#include "merkle/shard.h"
#include "merkle/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct texts {
    ent_buf receipt, checkpoint;
    char log[ENT_VKEY_MAX + 1], witness[ENT_VKEY_MAX + 1];
    ent_public_key log_key, witness_key;
} texts;

static bool make(texts *t)
{
    ent_secret_key log, witness;
    ent_tree *tree;
    ent_hashes path;
    uint8_t bytes[ENT_ENTRY_SIZE], fifth[ENT_ENTRY_SIZE];
    ent_buf line = ENT_BUF(1024);
    ent_checkpoint c = {.origin = "gb.example", .size = 7};
    ent_sign_keys((uint8_t[32]){1}, &t->log_key, &log);
    ent_sign_keys((uint8_t[32]){2}, &t->witness_key, &witness);
    t->receipt = t->checkpoint = ENT_BUF(ENT_NOTE_MAX);
    if (ent_tree_new(&tree, NULL) != ENT_OK) return false;
    bool ok = true;
    for (uint8_t i = 0; i < 7; i++) {
        ent_entry e = {.kind = ENT_ENTRY_ASKED, .time = {1770000000000 + i}, .follows = ENT_ENTRY_NONE, .flow = "border-check", .purpose = "threat-check"};
        e.case_number.b[0] = i;
        ok = ok && ent_entry_encode(&e, bytes, NULL) == ENT_OK && ent_tree_append(tree, bytes, sizeof bytes, NULL) == ENT_OK;
        if (i == 5) memcpy(fifth, bytes, sizeof fifth);
    }
    ent_tree_root(tree, c.size, &c.root);
    ent_tree_inclusion(tree, 5, c.size, &path);
    ok = ok && ent_checkpoint_sign(&c, &log, &t->checkpoint, NULL) == ENT_OK &&
         ent_note_cosign((char *)t->checkpoint.data, t->checkpoint.len, "observer.example", &witness, (ent_time){1773133687000}, &line, NULL) == ENT_OK &&
         ent_note_take_cosignature(&t->checkpoint, (char *)line.data, line.len, "observer.example", &t->witness_key) &&
         ent_proof_write(fifth, 5, &path, (char *)t->checkpoint.data, t->checkpoint.len, &t->receipt, NULL) == ENT_OK &&
         ent_vkey_write("gb.example", ENT_NOTE_ED25519, &t->log_key, t->log, NULL) == ENT_OK &&
         ent_vkey_write("observer.example", ENT_NOTE_COSIGNATURE, &t->witness_key, t->witness, NULL) == ENT_OK;
    strcat(t->log, "\n");
    strcat(t->witness, "\n");
    ent_tree_free(tree);
    ent_buf_free(&line);
    return ok;
}

enum { YEARS = 6 };

typedef struct years {
    uint8_t entry[YEARS][ENT_ENTRY_SIZE];
    ent_buf checkpoint;
} years;

static bool make_years(years *y)
{
    ent_secret_key log;
    ent_public_key key;
    ent_walk *w;
    ent_checkpoint closed = {.size = 4}, last = {.size = 2};
    ent_entry e[YEARS];
    ent_sign_keys((uint8_t[32]){1}, &key, &log);
    y->checkpoint = ENT_BUF(ENT_NOTE_MAX);
    if (ent_walk_begin("gb.example", &w, NULL) != ENT_OK) return false;
    ent_shard_opening(2026, (ent_time){1770000000000}, NULL, ENT_ENTRY_NONE, &e[0]);
    e[1] = e[2] = e[5] = (ent_entry){.kind = ENT_ENTRY_ASKED, .time = {1770000001000}, .follows = ENT_ENTRY_NONE, .flow = "border-check", .purpose = "threat-check"};
    e[5].time.ms = 1798761601000;
    ent_shard_closing(2027, (ent_time){1798761600000}, &e[3]);
    bool ok = true;
    for (int i = 0; i < YEARS && ok; i++) {
        if (i == 4) {
            ent_shard_origin("gb.example", 2026, closed.origin);
            ent_tree_root(w->tree[0], closed.size, &closed.root);
            ent_shard_opening(2027, e[3].time, &closed, 3, &e[4]);
        }
        ok = ent_entry_encode(&e[i], y->entry[i], NULL) == ENT_OK && ent_walk_add(w, y->entry[i], NULL, NULL) == ENT_OK;
    }
    ent_shard_origin("gb.example", 2027, last.origin);
    if (ok) ent_tree_root(w->tree[1], last.size, &last.root);
    ok = ok && ent_walk_agrees(w, &last, "the checkpoint", NULL) == ENT_OK && ent_checkpoint_sign(&last, &log, &y->checkpoint, NULL) == ENT_OK;
    ent_walk_free(w);
    return ok;
}

static bool put_bytes(const char *dir, const char *name, const void *bytes, size_t len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(bytes, 1, len, f) == len;
    return f && fclose(f) == 0 && ok;
}

static bool same_bytes(const char *dir, const char *name, const void *bytes, size_t len)
{
    char path[4096];
    uint8_t there[YEARS * ENT_ENTRY_SIZE + 1];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    bool ok = f && fread(there, 1, sizeof there, f) == len && memcmp(there, bytes, len) == 0;
    if (f) fclose(f);
    if (!ok) fprintf(stderr, "%s is not what is made here\n", path);
    return ok;
}

static bool put(const char *dir, const char *name, const char *text) { return put_bytes(dir, name, text, strlen(text)); }

static char *get(const char *dir, const char *name)
{
    static char text[8][8192];
    static unsigned turn;
    char path[4096], *into = text[turn++ % 8];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "rb");
    into[f ? fread(into, 1, sizeof text[0] - 1, f) : 0] = 0;
    if (f) fclose(f);
    return into;
}

static bool same(const char *dir, const char *name, const char *want)
{
    if (strcmp(get(dir, name), want) == 0) return true;
    fprintf(stderr, "%s/%s is not what is made here\n", dir, name);
    return false;
}

static bool reads_the_examples(const char *dir)
{
    char name[ENT_ORIGIN_MAX], *vkey = get(dir, "signed-note.vkey"), *note = get(dir, "signed-note.txt"), *body = get(dir, "add-checkpoint.txt");
    uint8_t type;
    ent_public_key key;
    ent_add_checkpoint add;
    ent_checkpoint c;
    vkey[strcspn(vkey, "\n")] = 0;
    bool ok = ent_vkey_read(vkey, name, &type, &key, NULL) == ENT_OK && ent_note_look(note, strlen(note), name, &key) == ENT_NOTE_VALID;
    return ok && ent_add_checkpoint_parse(body, strlen(body), &add, NULL) == ENT_OK && add.old == 20852014 && add.proof.count == 4 &&
           ent_checkpoint_parse(add.note, add.note_len, &c, NULL) == ENT_OK && c.size == 20852163;
}

int main(int argc, char **argv)
{
    static texts t;
    static years y;
    uint64_t index = 0;
    if (argc != 3 || !make(&t) || !make_years(&y)) return 2;
    const char *receipt = ent_buf_cstr(&t.receipt), *checkpoint = ent_buf_cstr(&t.checkpoint), *dir = argv[2];
    if (strcmp(argv[1], "write") == 0)
        return put(dir, "receipt.tlog-proof", receipt) && put(dir, "checkpoint.txt", checkpoint) && put(dir, "receipt.vkey", t.log) && put(dir, "witness.vkey", t.witness) &&
               put_bytes(dir, "years.entries", y.entry, sizeof y.entry) && put(dir, "years.checkpoint", ent_buf_cstr(&y.checkpoint)) ? 0 : 1;
    bool ok = same(dir, "receipt.tlog-proof", receipt) && same(dir, "checkpoint.txt", checkpoint) && same(dir, "receipt.vkey", t.log) && same(dir, "witness.vkey", t.witness);
    ok = ok && ent_proof_verify(receipt, strlen(receipt), "gb.example", &t.log_key, NULL, &index, NULL, NULL) == ENT_OK && index == 5 && reads_the_examples(dir);
    ok = ok && same_bytes(dir, "years.entries", y.entry, sizeof y.entry) && same(dir, "years.checkpoint", ent_buf_cstr(&y.checkpoint));
    ent_buf_free(&t.receipt);
    ent_buf_free(&t.checkpoint);
    ent_buf_free(&y.checkpoint);
    return ok ? 0 : 1;
}
