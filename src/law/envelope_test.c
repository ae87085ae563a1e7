#include "base/test.h"

#include "base/text.h"
#include "law/envelope.h"

static const char file[] = "agreement: x\nversion: 2\n# the rest does not matter to the envelope\n";

typedef struct cast {
    ent_secret_key gb, us, observer, stranger;
    ent_agreement a;
    ent_envelope e;
} cast;

static ent_secret_key key_of(uint8_t n, uint8_t ret_public[32])
{
    uint8_t seed[32] = {n};
    ent_public_key public;
    ent_secret_key secret;
    ent_sign_keys(seed, &public, &secret);
    if (ret_public) memcpy(ret_public, public.b, 32);
    return secret;
}

static int setup(void **state)
{
    cast *c = calloc(1, sizeof *c);
    c->a = (ent_agreement){.name = "x", .version = 2, .party_count = 2, .witness_count = 1};
    strcpy(c->a.party[0].name, "gb");
    strcpy(c->a.party[1].name, "us");
    strcpy(c->a.witness[0].name, "observer");
    c->gb = key_of(1, c->a.party[0].key);
    c->us = key_of(2, c->a.party[1].key);
    c->observer = key_of(3, c->a.witness[0].key);
    c->stranger = key_of(4, NULL);
    assert_int_equal(ent_envelope_make(&c->a, file, sizeof file - 1, &c->e, NULL), ENT_OK);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    cast *c = *state;
    ent_envelope_free(&c->e);
    free(c);
    return 0;
}

static ent_code declare(cast *c, ent_act act, const char *name, int64_t at)
{
    const ent_secret_key *key = strcmp(name, "gb") == 0 ? &c->gb : strcmp(name, "us") == 0 ? &c->us : &c->observer;
    return ent_envelope_declare(&c->e, &c->a, act, name, (ent_time){at}, key, NULL);
}

static ent_agreement_state state_now(cast *c)
{
    ent_agreement_state s;
    ent_err err;
    if (ent_envelope_verify(&c->e, &c->a, NULL, &s, &err) != ENT_OK) fail_msg("%s", err.detail);
    return s;
}

/* Proposed by one, in force with both, suspended by either, resumed by the one who suspended, ended for good. */
static void lives(void **state)
{
    cast *c = *state;
    assert_int_equal(state_now(c), ENT_AGREEMENT_DRAFT);
    assert_int_equal(declare(c, ENT_ACT_SUSPEND, "gb", 1), ENT_REFUSED);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_OK);
    assert_int_equal(state_now(c), ENT_AGREEMENT_PROPOSED);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_REFUSED);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "us", 999), ENT_CONFLICT);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "us", 2000), ENT_OK);
    assert_int_equal(state_now(c), ENT_AGREEMENT_SIGNED);
    assert_int_equal(declare(c, ENT_ACT_WITNESS, "observer", 2500), ENT_OK);
    assert_int_equal(declare(c, ENT_ACT_WITNESS, "gb", 2500), ENT_REFUSED);
    assert_int_equal(declare(c, ENT_ACT_SUSPEND, "us", 3000), ENT_OK);
    char clause[ENT_LAW_CLAUSE];
    assert_int_equal(ent_envelope_state(&c->e, &c->a, clause), ENT_AGREEMENT_SUSPENDED);
    assert_string_equal(clause, "suspended by us");
    char why[ENT_ENVELOPE_WHY];
    ent_envelope_why(&c->e, &c->a, why);
    assert_string_equal(why, "suspended by us on 1970-01-01");
    assert_int_equal(declare(c, ENT_ACT_RESUME, "gb", 4000), ENT_REFUSED);
    assert_int_equal(declare(c, ENT_ACT_RESUME, "us", 4000), ENT_OK);
    ent_envelope_why(&c->e, &c->a, why);
    assert_string_equal(why, "");
    assert_int_equal(state_now(c), ENT_AGREEMENT_SIGNED);
    assert_int_equal(declare(c, ENT_ACT_END, "gb", 5000), ENT_OK);
    assert_int_equal(state_now(c), ENT_AGREEMENT_ENDED);
    assert_int_equal(declare(c, ENT_ACT_RESUME, "us", 6000), ENT_REFUSED);
}

/* Who has signed a version suspends it before the other signs: then it is suspended from the other's signature on, whichever of the two is
 * dated first, and at each moment that an audit asks about. Who has not signed has nothing to suspend. */
static void a_proposal_is_suspended(void **state)
{
    cast *c = *state;
    char why[ENT_ENVELOPE_WHY];
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_OK);
    assert_int_equal(declare(c, ENT_ACT_SUSPEND, "us", 1500), ENT_REFUSED);
    ent_envelope us = c->e;
    assert_int_equal(declare(c, ENT_ACT_SUSPEND, "gb", 2000), ENT_OK);
    assert_int_equal(state_now(c), ENT_AGREEMENT_PROPOSED);
    ent_envelope_why(&c->e, &c->a, why);
    assert_string_equal(why, "suspended by gb on 1970-01-01");
    for (int64_t at = 1999; at < 2002; at++) {
        ent_envelope e = us, come = c->e;
        assert_int_equal(ent_envelope_declare(&e, &c->a, ENT_ACT_SIGN, "us", (ent_time){at}, &c->us, NULL), ENT_OK);
        assert_int_equal(ent_envelope_join(&e, &come, NULL), ENT_OK);
        assert_int_equal(ent_envelope_state(&come, &c->a, NULL), ENT_AGREEMENT_SUSPENDED);
        assert_int_equal(ent_envelope_state_at(&come, &c->a, (ent_time){1999}), at == 1999 ? ENT_AGREEMENT_SIGNED : ENT_AGREEMENT_PROPOSED);
        assert_int_equal(ent_envelope_state_at(&come, &c->a, (ent_time){2001}), ENT_AGREEMENT_SUSPENDED);
        assert_true(ent_envelope_binds(&come, &c->a));
    }
    assert_false(ent_envelope_binds(&c->e, &c->a));
    assert_int_equal(declare(c, ENT_ACT_RESUME, "gb", 3000), ENT_OK);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "us", 4000), ENT_OK);
    assert_int_equal(state_now(c), ENT_AGREEMENT_SIGNED);
}

/* What was encoded decodes to the same bytes; each flipped bit is noticed by the form, the digest or a signature. */
static void every_bit_counts(void **state)
{
    cast *c = *state;
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_OK);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "us", 2000), ENT_OK);
    ENT_AUTO_BUF bytes = ENT_BUF(ENT_ENVELOPE_MAX);
    ent_envelope_encode(&c->e, &bytes);
    for (size_t i = 0; i < bytes.len * 8; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1 << i % 8);
        ent_envelope e = {0};
        ent_agreement_state s;
        bool accepted = ent_envelope_decode(bytes.data, bytes.len, &e, NULL) == ENT_OK &&
                        ent_envelope_verify(&e, &c->a, NULL, &s, NULL) == ENT_OK;
        if (accepted) fail_msg("bit %zu", i);
        ent_envelope_free(&e);
        bytes.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    ent_envelope e;
    assert_int_equal(ent_envelope_decode(bytes.data, bytes.len, &e, NULL), ENT_OK);
    assert_memory_equal(e.file, file, sizeof file - 1);
    ent_envelope_free(&e);
    for (size_t n = 0; n < bytes.len; n++) {
        e = (ent_envelope){0};
        ent_agreement_state s = ENT_AGREEMENT_DRAFT;
        bool whole = ent_envelope_decode(bytes.data, n, &e, NULL) == ENT_OK &&
                     ent_envelope_verify(&e, &c->a, NULL, &s, NULL) == ENT_OK && s == ENT_AGREEMENT_SIGNED;
        assert_false(whole);
        ent_envelope_free(&e);
    }
}

/* A signature by another key than the one in the file is refused, unless the key's history vouches for it. */
static bool vouches(void *self, const char *name, const ent_public_key *key, ent_time at)
{
    (void)key;
    return self && strcmp(name, "us") == 0 && at.ms == 2000;
}

static void keys_are_the_parties(void **state)
{
    cast *c = *state;
    ent_agreement_state s;
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "us", (ent_time){2000}, &c->stranger, NULL), ENT_OK);
    assert_int_equal(ent_envelope_verify(&c->e, &c->a, NULL, &s, NULL), ENT_SIGNATURE);
    ent_key_history history = {c, vouches};
    assert_int_equal(ent_envelope_verify(&c->e, &c->a, &history, &s, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&c->e, &c->a, ENT_ACT_SIGN, "nobody", (ent_time){2000}, &c->stranger, NULL),
                     ENT_REFUSED);
}

/* Versions only go up, one version has one text, and declarations are only added. */
static void only_goes_on(void **state)
{
    cast *c = *state;
    ent_envelope come = {0}, old;
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_OK);
    assert_int_equal(ent_envelope_make(&c->a, file, sizeof file - 1, &come, NULL), ENT_OK);
    assert_int_equal(ent_envelope_join(&c->e, &come, NULL), ENT_EXISTS);
    old = c->e;
    assert_int_equal(ent_envelope_join(&come, &old, NULL), ENT_OK);
    assert_int_equal(ent_envelope_declare(&come, &c->a, ENT_ACT_SIGN, "gb", (ent_time){1}, &c->gb, NULL), ENT_OK);
    assert_int_equal(ent_envelope_join(&c->e, &come, NULL), ENT_CONFLICT); /* gb tells two stories */
    old = come;
    old.version = 1;
    assert_int_equal(ent_envelope_join(&c->e, &old, NULL), ENT_REPLAY);
    old.version = 3;
    assert_int_equal(ent_envelope_join(&c->e, &old, NULL), ENT_OK);
    old.version = 2;
    old.digest[0] ^= 1;
    assert_int_equal(ent_envelope_join(&c->e, &old, NULL), ENT_CONFLICT);
    c->a.version = 3;
    ent_agreement_state s;
    assert_int_equal(ent_envelope_verify(&come, &c->a, NULL, &s, NULL), ENT_FORMAT);
    ent_envelope_free(&come);
}

/* The copy as gb and as us have it, each going on alone. Only declarations differ: one file for all. */
static void apart(cast *c, ent_envelope *ret_gb, ent_envelope *ret_us)
{
    assert_int_equal(declare(c, ENT_ACT_SIGN, "gb", 1000), ENT_OK);
    assert_int_equal(declare(c, ENT_ACT_SIGN, "us", 2000), ENT_OK);
    *ret_gb = *ret_us = c->e;
}

static void says(cast *c, ent_envelope *e, ent_act act, const char *name, int64_t at)
{
    assert_int_equal(ent_envelope_declare(e, &c->a, act, name, (ent_time){at}, strcmp(name, "gb") == 0 ? &c->gb : &c->us, NULL), ENT_OK);
}

/* Both ways round the same comes out, it verifies, and neither end learns anything more from it. */
static ent_agreement_state joined(cast *c, const ent_envelope *gb, const ent_envelope *us)
{
    ent_envelope at_us = *gb, at_gb = *us, again;
    ent_agreement_state s[2];
    assert_int_equal(ent_envelope_join(us, &at_us, NULL), ENT_OK);
    assert_int_equal(ent_envelope_join(gb, &at_gb, NULL), ENT_OK);
    assert_int_equal(at_us.count, at_gb.count);
    assert_memory_equal(at_us.declaration, at_gb.declaration, at_us.count * sizeof at_us.declaration[0]);
    assert_int_equal(ent_envelope_verify(&at_us, &c->a, NULL, &s[0], NULL), ENT_OK);
    assert_int_equal(ent_envelope_verify(&at_gb, &c->a, NULL, &s[1], NULL), ENT_OK);
    assert_int_equal(s[0], s[1]);
    again = *gb;
    assert_int_equal(ent_envelope_join(&at_gb, &again, NULL), ENT_EXISTS);
    again = at_gb;
    assert_int_equal(ent_envelope_join(gb, &again, NULL), ENT_OK);
    assert_memory_equal(again.declaration, at_gb.declaration, at_gb.count * sizeof at_gb.declaration[0]);
    return s[0];
}

/* What two declare at once is joined: each suspension holds until the one who made it resumes. */
static void both_at_once(void **state)
{
    cast *c = *state;
    ent_envelope gb, us;
    apart(c, &gb, &us);
    says(c, &gb, ENT_ACT_SUSPEND, "gb", 3000);
    says(c, &us, ENT_ACT_SUSPEND, "us", 3000);
    assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_SUSPENDED);
    says(c, &us, ENT_ACT_RESUME, "us", 5000);
    assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_SUSPENDED);
    says(c, &gb, ENT_ACT_RESUME, "gb", 4000);
    assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_SIGNED);
    says(c, &us, ENT_ACT_SUSPEND, "us", 6000);
    assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_SUSPENDED);
}

/* One party's end stands, whatever the other declared that had not heard of it, before or after it or at that time; nobody goes on from there. */
static void an_end_is_final(void **state)
{
    cast *c = *state;
    static const int64_t ended[] = {2500, 3000, 3500, 9000};
    ent_envelope start[2];
    apart(c, &start[0], &start[1]);
    for (size_t i = 0; i < 4; i++) {
        ent_envelope gb = start[0], us = start[1];
        says(c, &gb, ENT_ACT_END, "gb", ended[i]);
        says(c, &us, ENT_ACT_SUSPEND, "us", 3000);
        says(c, &us, ENT_ACT_RESUME, "us", 3500);
        assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_ENDED);
        says(c, &us, ENT_ACT_END, "us", 4000);
        assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_ENDED);
        assert_int_equal(ent_envelope_join(&gb, &us, NULL), ENT_OK);
        assert_int_equal(ent_envelope_declare(&us, &c->a, ENT_ACT_SUSPEND, "us", (ent_time){9999}, &c->us, NULL), ENT_REFUSED);
    }
}

/* However often a party suspends and resumes, there is room for its own suspension and end, and for the other's. */
static void has_room(void **state)
{
    cast *c = *state;
    ent_envelope gb, us;
    apart(c, &gb, &us);
    int64_t at = 3000;
    ent_code code = ENT_OK;
    while (code == ENT_OK) {
        says(c, &gb, ENT_ACT_SUSPEND, "gb", at++);
        code = ent_envelope_declare(&gb, &c->a, ENT_ACT_RESUME, "gb", (ent_time){at++}, &c->gb, NULL);
    }
    assert_int_equal(code, ENT_TOO_LARGE);
    for (code = ENT_OK; code == ENT_OK;) {
        says(c, &us, ENT_ACT_SUSPEND, "us", at++);
        code = ent_envelope_declare(&us, &c->a, ENT_ACT_RESUME, "us", (ent_time){at++}, &c->us, NULL);
    }
    assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_SUSPENDED);
    says(c, &gb, ENT_ACT_END, "gb", at);
    says(c, &us, ENT_ACT_END, "us", at);
    assert_int_equal(joined(c, &gb, &us), ENT_AGREEMENT_ENDED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lives, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proposal_is_suspended, setup, teardown),
        cmocka_unit_test_setup_teardown(every_bit_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_are_the_parties, setup, teardown),
        cmocka_unit_test_setup_teardown(only_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(both_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(an_end_is_final, setup, teardown),
        cmocka_unit_test_setup_teardown(has_room, setup, teardown),
    };
    return cmocka_run_group_tests_name("envelope", tests, NULL, NULL);
}
