#include "base/test.h"

#include "base/text.h"
#include "merkle/note.h"

static void assert_hex(const ent_hash *h, const char *want)
{
    char text[65];
    ent_hex(h->b, 32, text);
    assert_string_equal(text, want);
}

/* The test vectors of Certificate Transparency's reference implementation: the tree of eight known leaves. */
static void has_the_known_roots(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        size_t n;
    } leaves[] = {{"", 0}, {"00", 1}, {"10", 1}, {"2021", 2}, {"3031", 2}, {"40414243", 4}, {"5051525354555657", 8},
                  {"606162636465666768696a6b6c6d6e6f", 16}};
    static const char *const roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    ent_tree *t;
    ent_hash root;
    assert_int_equal(ent_tree_new(&t, NULL), ENT_OK);
    ent_tree_root(t, 0, &root);
    assert_hex(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < 8; i++) {
        uint8_t bytes[16];
        assert_true(ent_unhex(leaves[i].hex, bytes, leaves[i].n));
        assert_int_equal(ent_tree_append(t, bytes, leaves[i].n, NULL), ENT_OK);
        ent_tree_root(t, i + 1, &root);
        assert_hex(&root, roots[i]);
    }
    ent_tree_free(t);
}

/* Every inclusion and consistency proof up to 70 entries holds, and none of them after any change. */
static void proves_everything_and_nothing_else(void **state)
{
    (void)state;
    ent_tree *t;
    assert_int_equal(ent_tree_new(&t, NULL), ENT_OK);
    for (uint8_t i = 0; i < 70; i++) assert_int_equal(ent_tree_append(t, &i, 1, NULL), ENT_OK);
    for (uint64_t size = 1; size <= 70; size++) {
        ent_hash root, leaf, old;
        ent_hashes proof;
        ent_tree_root(t, size, &root);
        for (uint8_t i = 0; i < size; i++) {
            ent_tree_inclusion(t, i, size, &proof);
            ent_leaf_hash(&i, 1, &leaf);
            assert_true(ent_inclusion_holds(&leaf, i, size, &proof, &root));
            if (proof.count) {
                proof.at[i % proof.count].b[i % 32] ^= 1;
                assert_false(ent_inclusion_holds(&leaf, i, size, &proof, &root));
                proof.at[i % proof.count].b[i % 32] ^= 1;
                proof.count--;
                assert_false(ent_inclusion_holds(&leaf, i, size, &proof, &root));
            }
            ent_tree_root(t, i, &old);
            ent_tree_consistency(t, i, size, &proof);
            assert_true(ent_consistency_holds(i, &old, size, &root, &proof));
            if (i) {
                old.b[3] ^= 1;
                assert_false(ent_consistency_holds(i, &old, size, &root, &proof));
            }
        }
    }
    ent_hash before, after;
    ent_tree_root(t, 33, &before);
    ent_tree_cut(t, 33);
    ent_tree_root(t, 33, &after);
    assert_memory_equal(&before, &after, 32);
    ent_tree_free(t);
}

static ent_entry an_entry(void)
{
    ent_entry e = {.kind = ENT_ENTRY_ASKED, .time = {1770000000123}, .follows = ENT_ENTRY_NONE, .agreement_version = 3,
                   .flow = "border-check", .purpose = "terrorism-threat-check", .clause = "art. 4",
                   .destroy_by = {2029, 3, 9}};
    memset(e.case_number.b, 7, 16);
    memset(e.commitment, 9, 32);
    return e;
}

/* An entry comes back as it went in; texts that do not fit, other versions and stray bits are refused, never cut. */
static void encodes_entries(void **state)
{
    (void)state;
    uint8_t bytes[ENT_ENTRY_SIZE];
    ent_entry e = an_entry(), back;
    assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
    assert_int_equal(ent_entry_decode(bytes, &back, NULL), ENT_OK);
    assert_int_equal(back.time.ms, e.time.ms);
    assert_string_equal(back.purpose, e.purpose);
    assert_int_equal(back.follows, ENT_ENTRY_NONE);
    bytes[255] = 1;
    assert_int_equal(ent_entry_decode(bytes, &back, NULL), ENT_FORMAT);
    bytes[255] = 0, bytes[0] = 2;
    assert_int_equal(ent_entry_decode(bytes, &back, NULL), ENT_UNSUPPORTED);
    memset(e.clause, 'x', sizeof e.clause);
    assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_FORMAT);
}

/* A receipt verifies with the log's key and origin; with any bit of it flipped it does not, or its entry is another. */
static void proves_a_receipt(void **state)
{
    (void)state;
    ent_tree *t;
    ent_public_key key, other;
    ENT_WIPED_SECRET secret, not_it;
    uint8_t bytes[ENT_ENTRY_SIZE];
    ent_entry e = an_entry();
    ent_err err;
    ent_sign_keys((uint8_t[32]){1}, &key, &secret);
    ent_sign_keys((uint8_t[32]){2}, &other, &not_it);
    assert_int_equal(ent_tree_new(&t, NULL), ENT_OK);
    for (int i = 0; i < 5; i++) {
        e.time.ms++;
        assert_int_equal(ent_entry_encode(&e, bytes, NULL), ENT_OK);
        assert_int_equal(ent_tree_append(t, bytes, sizeof bytes, NULL), ENT_OK);
    }
    ent_checkpoint c = {.origin = "gb.example", .size = 5};
    ent_hashes path;
    ENT_AUTO_BUF note = ENT_BUF(4096), text = ENT_BUF(8192);
    ent_tree_root(t, 5, &c.root);
    ent_tree_inclusion(t, 4, 5, &path);
    assert_int_equal(ent_checkpoint_sign(&c, &secret, &note, NULL), ENT_OK);
    assert_int_equal(ent_proof_write(bytes, 4, &path, (char *)note.data, note.len, &text, NULL), ENT_OK);
    uint64_t index;
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &key, &e, &index, NULL, &err), ENT_OK);
    assert_int_equal(index, 4);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &other, NULL, NULL, NULL, &err), ENT_SIGNATURE);
    assert_int_equal(ent_proof_verify((char *)text.data, text.len, "fr.example", &key, NULL, NULL, NULL, &err), ENT_SIGNATURE);
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        assert_int_not_equal(ent_proof_verify((char *)text.data, text.len, "gb.example", &key, NULL, NULL, NULL, &err), ENT_OK);
        text.data[i] ^= 1;
    }
    for (size_t n = 0; n < text.len; n++)
        assert_int_not_equal(ent_proof_verify((char *)text.data, n, "gb.example", &key, NULL, NULL, NULL, &err), ENT_OK);
    ent_tree_free(t);
}

/* A witness's cosignature is found under the note and carries its time. */
static void cosigns(void **state)
{
    (void)state;
    ent_public_key log, witness;
    ENT_WIPED_SECRET log_secret, secret;
    ent_sign_keys((uint8_t[32]){1}, &log, &log_secret);
    ent_sign_keys((uint8_t[32]){3}, &witness, &secret);
    ent_checkpoint c = {.origin = "gb.example", .size = 5};
    ENT_AUTO_BUF note = ENT_BUF(4096), line = ENT_BUF(4096);
    ent_time at;
    assert_int_equal(ent_checkpoint_sign(&c, &log_secret, &note, NULL), ENT_OK);
    assert_int_equal(ent_note_cosign((char *)note.data, note.len, "observer.example", &secret, (ent_time){1770000000123}, &line, NULL), ENT_OK);
    ent_buf_put(&note, line.data, line.len);
    assert_true(ent_note_signed_by((char *)note.data, note.len, "gb.example", &log));
    assert_true(ent_note_cosigned_by((char *)note.data, note.len, "observer.example", &witness, &at));
    assert_int_equal(at.ms, 1770000000000);
    assert_false(ent_note_cosigned_by((char *)note.data, note.len, "observer.example", &log, &at));
    note.data[0] ^= 1;
    assert_false(ent_note_cosigned_by((char *)note.data, note.len, "observer.example", &witness, &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_the_known_roots), cmocka_unit_test(proves_everything_and_nothing_else),
        cmocka_unit_test(encodes_entries),     cmocka_unit_test(proves_a_receipt),
        cmocka_unit_test(cosigns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
