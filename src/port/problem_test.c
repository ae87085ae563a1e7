#include "base/test.h"

#include "port/problem.h"

/* A refusal that was written is read again, quotes and all; foreign bytes become question marks. */
static void there_and_back(void **state)
{
    (void)state;
    ent_problem p = {.status = 403, .code = ENT_REFUSED, .clause = "Art. 6(2)", .detail = "a \"quote\" \\ and \xc3\xa9"};
    ent_problem q;
    ENT_AUTO_BUF json = ENT_BUF(4096);
    ent_problem_write(&p, &json);
    assert_string_equal(ent_buf_cstr(&json),
                        "{\"status\":403,\"type\":\"urn:entente:refused\",\"title\":\"refused by law or agreement\","
                        "\"clause\":\"Art. 6(2)\",\"detail\":\"a \\\"quote\\\" \\\\ and ??\"}");
    assert_int_equal(ent_problem_read(json.data, json.len, &q, NULL), ENT_OK);
    assert_int_equal(q.code, ENT_REFUSED);
    assert_int_equal(q.status, 403);
    assert_string_equal(q.clause, p.clause);
    assert_string_equal(q.detail, "a \"quote\" \\ and ??");
    for (size_t n = 0; n < json.len; n++) assert_int_equal(ent_problem_read(json.data, n, &q, NULL), ENT_FORMAT);
}

/* A stranger's peer may order and space it otherwise and say more; what is no problem of ours is refused. */
static void strangers_may_write_it(void **state)
{
    (void)state;
    const char *ok = " { \"type\" : \"urn:entente:not-found\", \"more\": true, \"n\": -1.5e3 ,\"status\":404 }\n";
    ent_problem q;
    assert_int_equal(ent_problem_read(ok, strlen(ok), &q, NULL), ENT_OK);
    assert_int_equal(q.code, ENT_NOT_FOUND);
    static const char *const bad[] = {"", "{}", "[]", "{\"type\":\"about:blank\"}", "{\"type\":1}", "{\"type\":}",
                                      "{\"type\":\"urn:entente:refused\"}x", "{\"type\":\"urn:entente:refused\",}",
                                      "{\"a\":{},\"type\":\"urn:entente:refused\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(ent_problem_read(bad[i], strlen(bad[i]), &q, NULL), ENT_FORMAT);
}

/* The catalogue of docs/protocol/exchange.md has every refusal that this program can send, with its status, and no other. */
static void the_catalogue_is_whole(void **state)
{
    (void)state;
    static char text[65536];
    FILE *f = fopen(CATALOGUE, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    size_t words = 0, listed = 0;
    char *table = strstr(text, "| type | status | means |");
    assert_non_null(table);
    *strstr(table, "\n\n") = 0;
    for (const char *at = table; (at = strstr(at, "\n| `")); at++)
        for (const char *end = strstr(at, "` | "), *tick = at; tick <= end; tick++) listed += *tick == '`';
    for (int code = ENT_NO_HIT + 1; code <= ENT_INTERNAL; code++) {
        char word[64], status[16];
        size_t n = (size_t)snprintf(word, sizeof word, "`%s`", ent_code_name((ent_code)code));
        for (size_t i = 0; i < n; i++) word[i] = (char)(word[i] == '_' ? '-' : word[i] >= 'A' && word[i] <= 'Z' ? word[i] + 32 : word[i]);
        const char *row = strstr(table, word);
        if (!row) fail_msg("%s is not in the catalogue", word);
        snprintf(status, sizeof status, "| %d |", ent_problem_status((ent_code)code));
        const char *says = strstr(row, status), *end = strchr(row, '\n');
        if (!says || (end && says > end)) fail_msg("%s is not listed with %d", word, ent_problem_status((ent_code)code));
        words++;
    }
    assert_int_equal(listed, 2 * words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(strangers_may_write_it), cmocka_unit_test(the_catalogue_is_whole)};
    return cmocka_run_group_tests_name("problem", tests, NULL, NULL);
}
