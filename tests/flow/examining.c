#include "flow/examining.h"

static void see_case(void *ctx, const ent_case_view *v)
{
    story_cases *c = ctx;
    assert_true(c->count < sizeof c->view / sizeof c->view[0]);
    c->view[c->count++] = *v;
}

story_cases story_cases_of(story_node *n, const ent_actor *who)
{
    story_cases c = {0};
    assert_int_equal(ent_flow_cases(n->flow, who, see_case, &c, NULL), ENT_OK);
    return c;
}

static void sign_as(const ent_actor *who, const char *text, uint8_t ret[ENT_SIGNATURE_SIZE])
{
    ent_secret_key secret;
    story_secret(who->name, &secret);
    ent_sign(&secret, text, strlen(text), ret);
}

ent_code story_analyse(story_node *n, const ent_actor *who, const uint8_t *id, bool suitable, const char *marks)
{
    char text[ENT_CASE_SIGNED];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_case_analysis_text(id, suitable, marks, strlen(marks), text);
    sign_as(who, text, signature);
    return ent_flow_case_analyse(n->flow, who, id, suitable, marks, strlen(marks), signature, NULL);
}

ent_code story_conclude(story_node *n, const ent_actor *who, const uint8_t *id, ent_finding f, unsigned version, const char *reasons, ent_case_view *ret_view)
{
    char text[ENT_CASE_SIGNED];
    uint8_t signature[ENT_SIGNATURE_SIZE];
    ent_case_view v;
    ent_case_conclusion_text(id, f, version, reasons, strlen(reasons), text);
    sign_as(who, text, signature);
    ent_code code = ent_flow_case_conclude(n->flow, who, id, f, reasons, strlen(reasons), signature, &v, NULL);
    if (code == ENT_OK && ret_view) *ret_view = v;
    return code;
}

void story_examine(story_node *n, const ent_actor *who, const uint8_t *id, ent_finding f)
{
    assert_int_equal(story_analyse(n, who, id, true, STORY_MARKS), ENT_OK);
    assert_int_equal(story_conclude(n, who, id, f, 1, STORY_REASONS, NULL), ENT_OK);
}

ent_search_view story_search_at(story_node *n, const ent_search_id *reference)
{
    ent_search_view v;
    ent_err err = {0};
    if (ent_flow_search_show(n->flow, &n->custodian, reference->b, &v, &err) != ENT_OK) fail_msg("%s", err.detail);
    return v;
}

static void see_kept(void *ctx, const ent_kept_view *v)
{
    story_kept *k = ctx;
    if (k->count < sizeof k->at / sizeof k->at[0]) k->at[k->count] = *v;
    k->count++;
}

story_kept story_kept_at(story_node *n)
{
    story_kept k = {0};
    assert_int_equal(ent_flow_kept(n->flow, &n->custodian, see_kept, &k, NULL), ENT_OK);
    return k;
}
