#include "base/test.h"

#include "base/text.h"
#include "merkle/witness.h"

/* Verbatim from the specification (C2SP tlog-witness, "Example request body"). */
static const char example[] = "old 20852014\n"
                              "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
                              "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
                              "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
                              "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
                              "\n"
                              "example.com/behind-the-sofa\n"
                              "20852163\n"
                              "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
                              "\n"
                              "\xe2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
                              "\xe2\x80\x94 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

/* The specification's example of a request is read, and written again byte for byte. */
static void reads_the_example(void **state)
{
    (void)state;
    ent_add_checkpoint a;
    ent_checkpoint c;
    ENT_AUTO_BUF again = ENT_BUF(4096);
    assert_int_equal(ent_add_checkpoint_parse(example, sizeof example - 1, &a, NULL), ENT_OK);
    assert_int_equal(a.old, 20852014);
    assert_int_equal(a.proof.count, 4);
    assert_int_equal(ent_checkpoint_parse(a.note, a.note_len, &c, NULL), ENT_OK);
    assert_string_equal(c.origin, "example.com/behind-the-sofa");
    assert_int_equal(c.size, 20852163);
    assert_int_equal(ent_add_checkpoint_write(&a, &again, NULL), ENT_OK);
    assert_int_equal(again.len, sizeof example - 1);
    assert_memory_equal(again.data, example, again.len);
}

/* The specification's example of a verifier key verifies its example of a note (C2SP signed-note). */
static void reads_verifier_keys(void **state)
{
    (void)state;
    static const char vkey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    static const char note[] = "This is an example message.\n\n\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    char name[ENT_ORIGIN_MAX], again[ENT_VKEY_MAX], changed[sizeof vkey];
    ent_public_key key;
    uint8_t type;
    assert_int_equal(ent_vkey_read(vkey, name, &type, &key, NULL), ENT_OK);
    assert_string_equal(name, "example.com/foo");
    assert_int_equal(type, 1);
    assert_int_equal(ent_note_look(note, sizeof note - 1, name, &key), ENT_NOTE_VALID);
    assert_int_equal(ent_note_look(note, sizeof note - 1, "example.com/fox", &key), ENT_NOTE_ABSENT);
    assert_int_equal(ent_vkey_write(name, type, &key, again, NULL), ENT_OK);
    assert_string_equal(again, vkey);
    for (size_t i = 0; i < sizeof vkey - 1; i++) {
        memcpy(changed, vkey, sizeof vkey);
        changed[i] ^= 1;
        if (ent_vkey_read(changed, name, &type, &key, NULL) == ENT_OK) fail_msg("byte %zu changed and read: %s", i, changed);
    }
}

/* What is not exactly of the form is refused, at every truncation of the part before the checkpoint. */
static void refuses_other_forms(void **state)
{
    (void)state;
    ent_add_checkpoint a;
    static const char *const bad[] = {"", "old\n\n", "old \n\n", "old 01\n\n", "old -1\n\n", "old 1 \n\n", "old 99999999999999999999\n\n",
                                      "Old 1\n\n", "old 1\nnot a hash\n\n", "old 1\nAAAA\n\n", "old 1\r\n\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ent_add_checkpoint_parse(bad[i], strlen(bad[i]), &a, NULL) == ENT_OK) fail_msg("\"%s\" was read", bad[i]);
    size_t head = (size_t)(strstr(example, "\n\n") - example) + 2;
    for (size_t n = 0; n < head; n++) assert_int_not_equal(ent_add_checkpoint_parse(example, n, &a, NULL), ENT_OK);
    ENT_AUTO_BUF many = ENT_BUF(65536);
    ent_buf_str(&many, "old 1\n");
    for (int i = 0; i < 63; i++) ent_buf_str(&many, "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
    size_t at = many.len;
    ent_buf_str(&many, "\n");
    assert_int_equal(ent_add_checkpoint_parse((char *)many.data, many.len, &a, NULL), ENT_OK);
    many.len = at;
    ent_buf_str(&many, "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n");
    assert_int_equal(ent_add_checkpoint_parse((char *)many.data, many.len, &a, NULL), ENT_FORMAT);
}

/* ---- the verdict ---- */

typedef struct bench {
    ent_tree *tree;
    ent_public_key key, other;
    ent_secret_key secret, not_it;
    ent_buf note;
    ent_known_log log;
    ent_add_checkpoint add;
} bench;

static int setup(void **state)
{
    bench *b = calloc(1, sizeof *b);
    ent_sign_keys((uint8_t[32]){1}, &b->key, &b->secret);
    ent_sign_keys((uint8_t[32]){2}, &b->other, &b->not_it);
    assert_int_equal(ent_tree_new(&b->tree, NULL), ENT_OK);
    for (uint8_t i = 0; i < 40; i++) assert_int_equal(ent_tree_append(b->tree, &i, 1, NULL), ENT_OK);
    b->note = ENT_BUF(4096);
    b->log = (ent_known_log){.origin = "gb.example", .key = &b->key, .key_count = 1};
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    bench *b = *state;
    ent_tree_free(b->tree);
    ent_buf_free(&b->note);
    free(b);
    return 0;
}

/* A checkpoint of this size, its root changed by `twist`, submitted from `old`. */
static ent_witness_verdict submit(bench *b, uint64_t old, uint64_t size, uint8_t twist, const ent_secret_key *by, bool *ret_fork)
{
    ent_checkpoint c = {.origin = "gb.example", .size = size}, out;
    ent_tree_root(b->tree, size, &c.root);
    c.root.b[5] ^= twist;
    ent_buf_clear(&b->note);
    assert_int_equal(ent_checkpoint_sign(&c, by, &b->note, NULL), ENT_OK);
    b->add = (ent_add_checkpoint){.old = old, .note = (char *)b->note.data, .note_len = b->note.len};
    if (old <= size) ent_tree_consistency(b->tree, old, size, &b->add.proof);
    return ent_witness_judge(&b->add, &b->log, &out, ret_fork);
}

static void remember(bench *b, uint64_t size)
{
    b->log.seen = true;
    b->log.size = size;
    ent_tree_root(b->tree, size, &b->log.root);
}

/* Each row of the specification: unknown and false signatures 403, old above new 400, another old 409, a false proof 422. */
static void judges(void **state)
{
    bench *b = *state;
    bool fork;
    assert_int_equal(submit(b, 0, 10, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    assert_int_equal(submit(b, 0, 10, 0, &b->not_it, &fork), ENT_WITNESS_UNSIGNED);
    assert_int_equal(submit(b, 5, 10, 0, &b->secret, &fork), ENT_WITNESS_BEHIND);
    assert_int_equal(submit(b, 11, 10, 0, &b->secret, &fork), ENT_WITNESS_BAD);
    remember(b, 10);
    assert_int_equal(submit(b, 0, 12, 0, &b->secret, &fork), ENT_WITNESS_BEHIND);
    assert_int_equal(submit(b, 10, 12, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    assert_int_equal(submit(b, 10, 10, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    assert_int_equal(submit(b, 9, 9, 0, &b->secret, &fork), ENT_WITNESS_BEHIND); /* rolled back */
    assert_false(fork);
    assert_int_equal(submit(b, 10, 12, 1, &b->secret, &fork), ENT_WITNESS_REFUSE);
    assert_false(fork);
    assert_int_equal(submit(b, 10, 12, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    b->add.proof.at[0].b[0] ^= 1;
    ent_checkpoint out;
    assert_int_equal(ent_witness_judge(&b->add, &b->log, &out, &fork), ENT_WITNESS_REFUSE);
    b->log.origin = "fr.example";
    assert_int_equal(ent_witness_judge(&b->add, &b->log, &out, &fork), ENT_WITNESS_UNSIGNED);
}

/* Two roots of one size, both signed by the log, are a fork, whatever else the request says; a stranger's signature is none. */
static void sees_forks(void **state)
{
    bench *b = *state;
    bool fork;
    remember(b, 10);
    assert_int_equal(submit(b, 10, 10, 1, &b->secret, &fork), ENT_WITNESS_REFUSE);
    assert_true(fork);
    assert_int_equal(submit(b, 3, 10, 1, &b->secret, &fork), ENT_WITNESS_BEHIND);
    assert_true(fork);
    assert_int_equal(submit(b, 10, 10, 1, &b->not_it, &fork), ENT_WITNESS_UNSIGNED);
    assert_false(fork);
}

/* An empty log has the root of nothing, and it may be cosigned; a proof from nothing is empty. */
static void starts_from_nothing(void **state)
{
    bench *b = *state;
    bool fork;
    ent_checkpoint out;
    assert_int_equal(submit(b, 0, 0, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    assert_int_equal(submit(b, 0, 0, 1, &b->secret, &fork), ENT_WITNESS_REFUSE);
    remember(b, 0);
    assert_int_equal(submit(b, 0, 7, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    b->add.proof.count = 1;
    assert_int_equal(ent_witness_judge(&b->add, &b->log, &out, &fork), ENT_WITNESS_REFUSE);
}

/* While one key follows another either may sign; a line of a known key that does not verify spoils the whole note. */
static void takes_two_keys(void **state)
{
    bench *b = *state;
    bool fork;
    ent_checkpoint out;
    ent_public_key keys[2] = {b->other, b->key};
    b->log.key = keys;
    b->log.key_count = 2;
    assert_int_equal(submit(b, 0, 10, 0, &b->secret, &fork), ENT_WITNESS_TAKE);
    assert_int_equal(submit(b, 0, 10, 0, &b->not_it, &fork), ENT_WITNESS_TAKE);
    ent_checkpoint c = {.origin = "gb.example", .size = 11};
    ENT_AUTO_BUF wrong = ENT_BUF(4096);
    assert_int_equal(ent_checkpoint_sign(&c, &b->secret, &wrong, NULL), ENT_OK);
    const char *line = strstr(ent_buf_cstr(&wrong), "\n\n") + 2;
    ent_buf_str(&b->note, line); /* of another text, under a good one */
    b->add.note = (char *)b->note.data;
    b->add.note_len = b->note.len;
    assert_int_equal(ent_witness_judge(&b->add, &b->log, &out, &fork), ENT_WITNESS_UNSIGNED);
}

/* The specification's example of a cosigned checkpoint: form and time are read out of it (its keys are not published). */
static void knows_the_cosignature(void **state)
{
    (void)state;
    static const char blob[] = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    uint8_t bytes[100];
    size_t n;
    uint64_t seconds = 0;
    assert_true(ent_unbase64(blob, strlen(blob), bytes, sizeof bytes, &n));
    assert_int_equal(n, 4 + 8 + 64);
    for (int i = 4; i < 12; i++) seconds = seconds << 8 | bytes[i];
    assert_int_equal(seconds, 1679315147); /* the specification's "time" line */
}

/* A cosignature of a time that no calendar has, though rightly signed, is none: it would count as heard of for ever. */
static void refuses_a_time_beyond_time(void **state)
{
    bench *b = *state;
    bool fork;
    ENT_AUTO_BUF line = ENT_BUF(512);
    (void)submit(b, 0, 10, 0, &b->secret, &fork);
    assert_int_equal(ent_note_cosign((char *)b->note.data, b->note.len, "observer.example", &b->not_it, (ent_time){INT64_MAX}, &line, NULL), ENT_OK);
    assert_false(ent_note_take_cosignature(&b->note, (char *)line.data, line.len, "observer.example", &b->other));
}

/* A cosignature is taken under the note once, only from the witness it says, and only on this text. */
static void takes_cosignatures(void **state)
{
    bench *b = *state;
    bool fork;
    ENT_AUTO_BUF line = ENT_BUF(512);
    ent_time when;
    (void)submit(b, 0, 10, 0, &b->secret, &fork);
    assert_int_equal(ent_note_cosign((char *)b->note.data, b->note.len, "observer.example", &b->not_it, (ent_time){1700000000999}, &line, NULL), ENT_OK);
    size_t before = b->note.len;
    assert_false(ent_note_take_cosignature(&b->note, (char *)line.data, line.len, "observer.example", &b->key));
    assert_false(ent_note_take_cosignature(&b->note, (char *)line.data, line.len, "another.example", &b->other));
    assert_int_equal(b->note.len, before);
    assert_true(ent_note_take_cosignature(&b->note, (char *)line.data, line.len, "observer.example", &b->other));
    assert_int_equal(b->note.len, before + line.len);
    assert_true(ent_note_take_cosignature(&b->note, (char *)line.data, line.len, "observer.example", &b->other));
    assert_int_equal(b->note.len, before + line.len);
    assert_true(ent_note_cosigned_by((char *)b->note.data, b->note.len, "observer.example", &b->other, &when));
    assert_int_equal(when.ms, 1700000000000);
    assert_int_equal(ent_note_look((char *)b->note.data, b->note.len, "gb.example", &b->key), ENT_NOTE_VALID);
    (void)submit(b, 0, 11, 0, &b->secret, &fork);
    assert_false(ent_note_take_cosignature(&b->note, (char *)line.data, line.len, "observer.example", &b->other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_example),
        cmocka_unit_test(reads_verifier_keys),
        cmocka_unit_test(refuses_other_forms),
        cmocka_unit_test(knows_the_cosignature),
        cmocka_unit_test_setup_teardown(judges, setup, teardown),
        cmocka_unit_test_setup_teardown(sees_forks, setup, teardown),
        cmocka_unit_test_setup_teardown(starts_from_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_two_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_time_beyond_time, setup, teardown),
        cmocka_unit_test_setup_teardown(takes_cosignatures, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
