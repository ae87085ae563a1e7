/* The console's door: whose page asks, cookies, sessions and when they end, the closed list of files. */
#include "api/desk/http.h"
#include "api/desk/session.h"
#include "api/desk/static.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A name that only begins like this machine's (DNS rebinding) is another host. */
static void hosts(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1", "localhost", "127.0.0.1:8080", "localhost:1"};
    static const char *const bad[] = {"localhost.evil.example", "127.0.0.1.evil.example:80", "localhost:", "localhost:80x", "localhost:123456", "evil.example", "", "127.0.0.12", "localhost@evil:1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) assert_true(ent_http_local_host(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(ent_http_local_host(bad[i]));
    assert_false(ent_http_local_host(NULL));
}

/* Another port of this machine is another page. */
static void origins(void **state)
{
    (void)state;
    assert_true(ent_http_own_origin("http://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_false(ent_http_own_origin("http://127.0.0.1:8081", "127.0.0.1:8080"));
    assert_false(ent_http_own_origin("http://localhost:8080", "127.0.0.1:8080"));
    assert_false(ent_http_own_origin("https://127.0.0.1:8080", "127.0.0.1:8080"));
    assert_false(ent_http_own_origin("null", "127.0.0.1:8080"));
    assert_false(ent_http_own_origin("http://evil.example", "evil.example"));
    assert_false(ent_http_own_origin(NULL, "127.0.0.1:8080"));
}

static void cookies(void **state)
{
    char value[8];
    (void)state;
    assert_true(ent_http_cookie("a=1; desk=xyz; b=2", "desk", value, sizeof value));
    assert_string_equal(value, "xyz");
    assert_false(ent_http_cookie("otherdesk=xyz", "desk", value, sizeof value));
    assert_false(ent_http_cookie("desk=12345678", "desk", value, sizeof value)); /* too long */
    assert_false(ent_http_cookie(NULL, "desk", value, sizeof value));
    assert_false(ent_http_cookie("desk", "desk", value, sizeof value));
}

static const ent_actor officer = {.name = "o.example", .role = ENT_ROLE_OFFICER, .key = {{1}}, .expires_ms = INT64_MAX};

static void open_one(ent_sessions *s, uint8_t seed, int64_t now, char token[ENT_SESSION_TOKEN])
{
    uint8_t secret[32] = {seed};
    ent_session_view v;
    assert_int_equal(ent_session_open(s, &officer, secret, now, token, &v, NULL), ENT_OK);
    assert_int_equal(v.until_ms, now + ENT_SESSION_MS);
}

/* Ten minutes without a request, an hour in all, a closed one: over, and it does not come back. */
static void session_times(void **state)
{
    ent_sessions *s;
    ent_session_view v;
    char token[ENT_SESSION_TOKEN], other[ENT_SESSION_TOKEN];
    (void)state;
    assert_int_equal(ent_sessions_new(&s, NULL), ENT_OK);
    open_one(s, 1, 1000000, token);
    assert_int_equal(ent_session_use(s, token, false, 1000000 + ENT_SESSION_IDLE_MS - 1, &v, NULL), ENT_OK);
    assert_string_equal(v.name, "o.example");
    assert_int_equal(ent_session_use(s, token, false, 1000000 + 2 * ENT_SESSION_IDLE_MS - 1, &v, NULL), ENT_DENIED);
    assert_int_equal(ent_session_use(s, token, false, 1000001, &v, NULL), ENT_DENIED);
    open_one(s, 2, 0, token);
    for (int64_t now = 0; now < ENT_SESSION_MS; now += ENT_SESSION_IDLE_MS / 2) assert_int_equal(ent_session_use(s, token, false, now, &v, NULL), ENT_OK);
    assert_int_equal(ent_session_use(s, token, false, ENT_SESSION_MS, &v, NULL), ENT_DENIED);
    open_one(s, 3, 0, token);
    open_one(s, 4, 0, other);
    ent_session_close(s, token);
    assert_int_equal(ent_session_use(s, token, false, 1, &v, NULL), ENT_DENIED);
    assert_int_equal(ent_session_use(s, other, false, 1, &v, NULL), ENT_OK);
    assert_int_equal(ent_session_use(s, "", false, 1, &v, NULL), ENT_DENIED);
    ent_sessions_free(s);
}

/* A page that looks again by itself, with nobody before it, keeps no session open. */
static void session_by_itself(void **state)
{
    ent_sessions *s;
    ent_session_view v;
    char token[ENT_SESSION_TOKEN];
    (void)state;
    assert_int_equal(ent_sessions_new(&s, NULL), ENT_OK);
    open_one(s, 1, 0, token);
    for (int64_t now = 0; now < ENT_SESSION_IDLE_MS; now += 3000) assert_int_equal(ent_session_use(s, token, true, now, &v, NULL), ENT_OK);
    assert_int_equal(ent_session_use(s, token, true, ENT_SESSION_IDLE_MS, &v, NULL), ENT_DENIED);
    ent_sessions_free(s);
}

/* A page that asks without end is told to wait, and is not signed out by it. */
static void session_rate(void **state)
{
    ent_sessions *s;
    ent_session_view v;
    char token[ENT_SESSION_TOKEN];
    (void)state;
    assert_int_equal(ent_sessions_new(&s, NULL), ENT_OK);
    open_one(s, 1, 0, token);
    for (int i = 0; i < ENT_SESSION_BURST; i++) assert_int_equal(ent_session_use(s, token, false, 5, &v, NULL), ENT_OK);
    assert_int_equal(ent_session_use(s, token, false, 5, &v, NULL), ENT_QUOTA);
    assert_int_equal(ent_session_use(s, token, false, 15, &v, NULL), ENT_OK); /* one more ten milliseconds later */
    assert_int_equal(ent_session_use(s, token, false, 15, &v, NULL), ENT_QUOTA);
    ent_sessions_free(s);
}

/* Full at the beginning, full again after a long time, and a clock that goes back gives nothing. */
static void rates(void **state)
{
    ent_rate r = {0};
    (void)state;
    for (int i = 0; i < 3; i++) assert_true(ent_rate_take(&r, 1000, 2, 3));
    assert_false(ent_rate_take(&r, 1000, 2, 3));
    assert_false(ent_rate_take(&r, 1499, 2, 3));
    assert_true(ent_rate_take(&r, 1500, 2, 3));
    assert_false(ent_rate_take(&r, 0, 2, 3));
    for (int i = 0; i < 3; i++) assert_true(ent_rate_take(&r, INT64_MAX / 4, 2, 3));
    assert_false(ent_rate_take(&r, INT64_MAX / 4, 2, 3));
}

/* More than there are places: the one idle longest ends, no other. */
static void session_places(void **state)
{
    ent_sessions *s;
    ent_session_view v;
    char token[ENT_SESSIONS + 1][ENT_SESSION_TOKEN];
    (void)state;
    assert_int_equal(ent_sessions_new(&s, NULL), ENT_OK);
    for (int i = 0; i <= ENT_SESSIONS; i++) open_one(s, (uint8_t)(i + 1), i, token[i]);
    assert_int_equal(ent_session_use(s, token[0], false, ENT_SESSIONS, &v, NULL), ENT_DENIED);
    for (int i = 1; i <= ENT_SESSIONS; i++) assert_int_equal(ent_session_use(s, token[i], false, ENT_SESSIONS, &v, NULL), ENT_OK);
    ent_sessions_free(s);
}

/* Suspension, a changed key, an expired key end it. */
static void session_person(void **state)
{
    ent_session_view v = {.name = "o.example", .key = officer.key};
    ent_actor suspended = officer, changed = officer, expired = officer;
    (void)state;
    suspended.suspended = true;
    changed.key.b[5] = 9;
    expired.expires_ms = 99;
    assert_int_equal(ent_session_still(&v, &officer, 100, NULL), ENT_OK);
    assert_int_equal(ent_session_still(&v, &suspended, 100, NULL), ENT_DENIED);
    assert_int_equal(ent_session_still(&v, &changed, 100, NULL), ENT_DENIED);
    assert_int_equal(ent_session_still(&v, &expired, 100, NULL), ENT_DENIED);
}

/* What changes something, asks a partner or leaves an entry is never among what a cookie alone may do. */
static void session_reads(void **state)
{
    static const char *const signs[] = {"search", "crossing-ask", "crossing-slip", "crossing-close", "capture-add", "capture-show", "capture-drop", "redress-issue", "redress-revoke", "admit-decide", "stay-exit", "enrol", "destroy", "disclose", "kept-open", "give-on", "kept-conclude", "onward-decide", "case-open", "case-analyse", "case-conclude", "record-event", "event-approve", "event-correct",
                                        "person-add", "person-suspend", "agreement-sign", "agreement-act", "partner-add", "retention-run", "time-confirm", "subject-access", "backup-note", "epoch-end", "no-such-act", ""};
    (void)state;
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) assert_false(ent_session_reads(signs[i]));
    assert_true(ent_session_reads("record-list"));
}

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static void files(void **state)
{
    char folder[] = "/tmp/entente-static-XXXXXX";
    ent_static *s;
    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "index.html", "<p>");
    write_file(folder, "secret.key", "no");
    write_file(folder, ".html", "no");
    assert_int_equal(ent_static_load(folder, &s, NULL), ENT_OK);
    assert_int_equal(ent_static_find(s, "/")->len, 3);
    assert_string_equal(ent_static_find(s, "/index.html")->type, "text/html; charset=utf-8");
    static const char *const not[] = {"/secret.key", "/.html", "/../index.html", "index.html", "//index.html", "/index.html/", ""};
    for (size_t i = 0; i < sizeof not / sizeof not[0]; i++) assert_null(ent_static_find(s, not[i]));
    ent_static_free(s);
    remove_file(folder, "index.html");
    remove_file(folder, "secret.key");
    remove_file(folder, ".html");
    rmdir(folder);
    assert_int_equal(ent_static_load(folder, &s, NULL), ENT_OK); /* not installed: no files */
    assert_null(ent_static_find(s, "/"));
    ent_static_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hosts), cmocka_unit_test(origins), cmocka_unit_test(cookies), cmocka_unit_test(session_times), cmocka_unit_test(session_by_itself), cmocka_unit_test(session_rate), cmocka_unit_test(rates),
                                       cmocka_unit_test(session_places), cmocka_unit_test(session_person), cmocka_unit_test(session_reads), cmocka_unit_test(files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
