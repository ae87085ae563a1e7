/* `entente search --all`: one probe to every partner that an agreement allows, at once. Each answers in its own time and has its
 * own line as it comes; who is down, slow, suspended or refusing is said, and is never "no hit". */
#include "base/check.h"
#include "base/parallel.h"
#include "cli/act.h"
#include "cli/search_all.h"
#include "law/crossing.h"

#include <pthread.h>
#include <string.h>

enum { PARTNERS_AT_ONCE = 64 };

typedef struct round_ {
    ent_cli_session *session;
    const ent_cli *cli;
    const ent_search_wish *wish;
    const ent_buf *probe;
    const json_t *targets;
    pthread_mutex_t lock;   /* of everything below */
    json_t *answers;
    size_t hits, answered;
} round_;

static void print_line(const round_ *r, const json_t *a)
{
    const char *outcome = ent_cli_text(a, "outcome"), *reason = ent_cli_text(a, "reason"), *clause = ent_cli_text(a, "clause");
    if (r->cli->json) return;
    printf("%-28s %-12s %s%s%s%s%s\n", ent_cli_text(a, "partner"), outcome, ent_cli_text(a, "reference"), *reason ? " " : "", reason,
           *clause ? " — " : "", clause);
    fflush(stdout);
}

/* Tells one line; the answer's reference is stolen. */
static void tell(round_ *r, json_t *a)
{
    pthread_mutex_lock(&r->lock);
    const char *outcome = ent_cli_text(a, "outcome");
    r->hits += strcmp(outcome, "hit") == 0;
    r->answered += strcmp(outcome, "hit") == 0 || strcmp(outcome, "no hit") == 0;
    print_line(r, a);
    json_array_append_new(r->answers, a);
    pthread_mutex_unlock(&r->lock);
}

static json_t *not_answered(const json_t *target, const char *outcome, const char *reason, const char *clause)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "partner", ent_cli_text(target, "partner"), "agreement", ent_cli_text(target, "agreement"),
                     "outcome", outcome, "reason", reason, "clause", clause);
}

static void ask(round_ *r, const json_t *target)
{
    const ent_search_wish *w = r->wish;
    json_t *params = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "purpose", w->purpose, "on-behalf-of", w->on_behalf_of, "agreement", ent_cli_text(target, "agreement"), "flow",
                               ent_cli_text(target, "flow"), "crossing", w->crossing, "finger", w->finger, "any-sequence", w->any_sequence ? "yes" : "");
    json_t *out = NULL;
    ent_err err = {0};
    ent_code code = ent_cli_act(r->session, "search", params, r->probe->data, r->probe->len, &out, &err);
    if (code != ENT_OK) {
        const char *outcome = code == ENT_TIMEOUT ? "no answer" : ent_code_exit(code) == 3 ? "refused" : "not reached";
        tell(r, not_answered(target, outcome, err.detail, ""));
        return;
    }
    json_object_del(out, "receipt");
    json_object_set(out, "agreement", json_object_get(target, "agreement"));
    tell(r, out);
}

static void take_turn(void *ctx, size_t i, unsigned worker)
{
    round_ *r = ctx;
    const json_t *target = json_array_get(r->targets, i);
    (void)worker;
    if (json_is_true(json_object_get(target, "allowed")))
        ask(r, target);
    else
        tell(r, not_answered(target, "not asked", ent_cli_text(target, "reason"), ent_cli_text(target, "clause")));
}

static ent_code ask_all(round_ *r, ent_err *err)
{
    size_t n = json_array_size(r->targets);
    const char *whom = r->wish->on_behalf_of;
    if (n == 0) return ent_fail(err, ENT_REFUSED, "no agreement here lets this node search for \"%s\"%s%s", r->wish->purpose, *whom ? " on behalf of " : "", whom);
    ent_parallel(n, n < PARTNERS_AT_ONCE ? (unsigned)n : PARTNERS_AT_ONCE, take_turn, r);
    return ENT_OK;
}

static ent_code run(round_ *r, const char *as, const char *file, ent_buf *probe, ent_err *err)
{
    json_t *out = NULL;
    ENT_TRY(ent_cli_load(file, probe, err));
    r->probe = probe;
    ENT_TRY(ent_cli_begin(r->cli, as, &r->session, err));
    ENT_TRY(ent_cli_act(r->session, "search-targets", json_pack("{s:s,s:s,s:s}", "purpose", r->wish->purpose, "on-behalf-of", r->wish->on_behalf_of, "test", ent_crossing_begins(probe->data, probe->len) ? "no" : "yes"), "", 0, &out, err));
    r->targets = json_object_get(out, "targets");
    ent_code code = ask_all(r, err);
    json_decref(out);
    return code;
}

int ent_cli_search_all(const ent_cli *cli, const char *as, const char *file, const ent_search_wish *wish)
{
    round_ r = {.cli = cli, .wish = wish, .answers = json_array()};
    ent_err err = {0};
    ENT_AUTO_BUF probe = ENT_BUF(1);
    pthread_mutex_init(&r.lock, NULL);
    ent_code code = run(&r, as, file, &probe, &err);
    size_t asked = json_array_size(r.answers);
    if (code == ENT_OK && cli->json) {
        json_t *all = json_pack("{s:O,s:I,s:I,s:I}", "answers", r.answers, "partners", (json_int_t)asked, "answered", (json_int_t)r.answered,
                                "hits", (json_int_t)r.hits);
        ent_cli_print_json(all);
        json_decref(all);
    } else if (code == ENT_OK) {
        printf("%zu of %zu partners answered, %zu hit%s\n", r.answered, asked, r.hits, r.hits == 1 ? "" : "s");
    }
    json_decref(r.answers);
    ent_cli_end(r.session);
    pthread_mutex_destroy(&r.lock);
    err.code = code;
    if (code != ENT_OK) return ent_cli_error(cli, &err);
    if (r.hits) return 0;
    /* "no hit" only when everybody said so */
    return r.answered == asked ? ent_code_exit(ENT_NO_HIT) : ent_code_exit(ENT_UNREACHABLE);
}
