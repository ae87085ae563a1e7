#include "base/test.h"

#include "api/exchange/signature.h"
#include "base/text.h"

/* RFC 9421 appendix B.1.4 (test-key-ed25519), B.2 (the request), B.2.6 (the signature). */
static const char seed_base64[] = "n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU=";
static const char public_base64[] = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
static const char b26_inner[] = "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"
                                ";created=1618884473;keyid=\"test-key-ed25519\"";
static const char b26_signature[] =
    "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
static const char b26_base[] = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n"
                               "\"@authority\": example.com\n\"content-type\": application/json\n"
                               "\"content-length\": 18\n\"@signature-params\": ";

static const ent_http_field fields[] = {
    {"host", "example.com"},
    {"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
    {"content-type", "application/json"},
    {"content-digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"},
    {"content-length", "18"}};
static const ent_http_message request = {.method = "POST", .path = "/foo", .authority = "example.com", .field = fields,
                                         .field_count = 5};

static ent_secret_key key(ent_public_key *ret_public)
{
    uint8_t seed[32];
    size_t n;
    ent_secret_key secret;
    assert_true(ent_unbase64(seed_base64, strlen(seed_base64), seed, 32, &n));
    ent_sign_keys(seed, ret_public, &secret);
    return secret;
}

/* RFC 9421 B.2.6: our signature is the one that the RFC prints, and the RFC's verifies here. */
static void rfc9421_b26(void **state)
{
    (void)state;
    ent_public_key public;
    ent_secret_key secret = key(&public);
    char text[64], expected[600];
    ent_base64(public.b, 32, text);
    assert_string_equal(text, public_base64);
    ENT_AUTO_BUF input = ENT_BUF(4096);
    ENT_AUTO_BUF signature = ENT_BUF(4096);
    ENT_AUTO_BUF base = ENT_BUF(4096);
    assert_int_equal(ent_httpsig_sign(&request, "sig-b26", b26_inner, &secret, &input, &signature, &base, NULL), ENT_OK);
    snprintf(expected, sizeof expected, "%s%s", b26_base, b26_inner);
    assert_string_equal(ent_buf_cstr(&base), expected);
    snprintf(expected, sizeof expected, "sig-b26=:%s:", b26_signature);
    assert_string_equal(ent_buf_cstr(&signature), expected);
    ent_httpsig s;
    uint8_t bytes[64];
    assert_int_equal(ent_httpsig_parse(ent_buf_cstr(&input), "sig-b26", &s, NULL), ENT_OK);
    assert_string_equal(s.keyid, "test-key-ed25519");
    assert_int_equal(s.created, 1618884473);
    assert_int_equal(ent_httpsig_value(ent_buf_cstr(&signature), "sig-b26", bytes, NULL), ENT_OK);
    assert_true(ent_sign_verify(&public, base.data, base.len, bytes));
}

/* RFC 9421 section 2.4's manner: an answer's signature covers the request's, member by member. */
static void an_answer_covers_its_request(void **state)
{
    (void)state;
    ent_http_field asked[] = {{"signature", "a=:AAAA:, entente=:wqcA:"}, {"content-digest", "x"}};
    ent_http_message q = {.method = "POST", .path = "/v1/search", .authority = "", .field = asked, .field_count = 2};
    ent_http_field answered[] = {{"content-digest", "y"}};
    ent_http_message r = {.status = 200, .field = answered, .field_count = 1, .request = &q};
    ent_httpsig s;
    const char *in = "entente=(\"@status\" \"content-digest\" \"content-digest\";req \"signature\";req;key=\"entente\" "
                     "\"@path\";req);created=1";
    ENT_AUTO_BUF base = ENT_BUF(4096);
    assert_int_equal(ent_httpsig_parse(in, "entente", &s, NULL), ENT_OK);
    assert_true(ent_httpsig_covers(&s, "\"signature\";req;key=\"entente\""));
    assert_false(ent_httpsig_covers(&s, "\"signature\""));
    assert_int_equal(ent_httpsig_base(&r, &s, &base, NULL), ENT_OK);
    assert_non_null(strstr(ent_buf_cstr(&base), "\"@status\": 200\n\"content-digest\": y\n\"content-digest\";req: x\n"
                                                "\"signature\";req;key=\"entente\": :wqcA:\n\"@path\";req: /v1/search\n"));
}

/* What is not in canonical form, unknown, doubled or missing is refused. */
static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "a", "a=", "a=(", "a=()x", "a=(\"x\"", "a=( \"x\")", "a=(\"x\"  \"y\")", "a=(\"x\" \"x\")", "a=(x)",
        "a=(\"x\\\"\")", "a=(\"x\");created=-1", "a=(\"x\");created=1.5", "a=(\"x\");created=1;created=2",
        "a=(\"x\");expires=1", "a=(\"x\");keyid=k", "a=(\"x\");keyid=\"\"", "a=(\"x\";sf)", "a=(\"x\";bs)",
        "a=(\"x\");created=9999999999999999", "A=(\"x\")", "a=(\"x\"),", "a=(\"x\"), a=(\"y\")", "a=(\"x\") ;created=1",
        "a=(\"\x01\")", "a=(\"x\");alg=\"a-name-that-is-too-long\""};
    ent_httpsig s;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (ent_httpsig_parse(bad[i], "a", &s, NULL) != ENT_FORMAT) fail_msg("%s", bad[i]);
    assert_int_equal(ent_httpsig_parse("b=(\"x\")", "a", &s, NULL), ENT_NOT_FOUND);
    static const char *const unmet[] = {"a=(\"nothing\")", "a=(\"@status\")", "a=(\"@query\")", "a=(\"@path\";req)",
                                        "a=(\"@path\";key=\"x\")", "a=(\"date\";key=\"x\")"};
    for (size_t i = 0; i < sizeof unmet / sizeof *unmet; i++) {
        ENT_AUTO_BUF base = ENT_BUF(4096);
        assert_int_equal(ent_httpsig_parse(unmet[i], "a", &s, NULL), ENT_OK);
        if (ent_httpsig_base(&request, &s, &base, NULL) != ENT_FORMAT) fail_msg("%s", unmet[i]);
        assert_int_equal(base.len, 0);
    }
    ent_http_field twice[] = {{"x", "1"}, {"x", "2"}};
    ent_http_message m = {.field = twice, .field_count = 2};
    ENT_AUTO_BUF base = ENT_BUF(4096);
    assert_int_equal(ent_httpsig_parse("a=(\"x\")", "a", &s, NULL), ENT_OK);
    assert_int_equal(ent_httpsig_base(&m, &s, &base, NULL), ENT_FORMAT);
    uint8_t bytes[64];
    static const char *const no[] = {"", "a", "a=::", "a=:AAAA:", "a=:AAAA", "b=:AAAA:", "a=:AAAA:,"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_int_not_equal(ent_httpsig_value(no[i], "a", bytes, NULL), ENT_OK);
}

/* RFC 9530: our digest is the one of the RFC's appendix B example, others beside it do not matter, another body does. */
static void digests(void **state)
{
    (void)state;
    char text[ENT_DIGEST_TEXT];
    const char *body = "{\"hello\": \"world\"}\n";
    ent_digest_text(body, strlen(body), text);
    assert_string_equal(text, "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:");
    assert_int_equal(ent_digest_check(text, body, strlen(body), NULL), ENT_OK);
    char both[200];
    snprintf(both, sizeof both, "sha-512=:AAAA:, %s", text);
    assert_int_equal(ent_digest_check(both, body, strlen(body), NULL), ENT_OK);
    assert_int_equal(ent_digest_check(text, body, strlen(body) - 1, NULL), ENT_SIGNATURE);
    assert_int_equal(ent_digest_check("sha-512=:AAAA:", body, strlen(body), NULL), ENT_FORMAT);
    assert_int_equal(ent_digest_check("sha-256=:AAAA:", body, strlen(body), NULL), ENT_FORMAT);
    snprintf(both, sizeof both, "%s, %s", text, text);
    assert_int_equal(ent_digest_check(both, body, strlen(body), NULL), ENT_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rfc9421_b26), cmocka_unit_test(an_answer_covers_its_request),
                                       cmocka_unit_test(refuses), cmocka_unit_test(digests)};
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
