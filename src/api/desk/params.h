/* Parameters in, members of the answer out: what every act of the desk interface does the same way. */
#ifndef API_DESK_PARAMS_H
#define API_DESK_PARAMS_H

#include "api/desk/acts.h"
#include "base/check.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static inline const char *param(const ent_desk_request *r, const char *name)
{
    const char *text = json_string_value(json_object_get(r->params, name));
    return text ? text : "";
}

static inline ent_code need(const ent_desk_request *r, const char *name, const char **ret, ent_err *err)
{
    *ret = param(r, name);
    return **ret ? ENT_OK : ent_fail(err, ENT_USAGE, "the act \"%s\" needs \"%s\"", r->act, name);
}

static inline ent_code copy_param(const ent_desk_request *r, const char *name, char *ret, size_t cap, ent_err *err)
{
    if (strlen(param(r, name)) >= cap) return ent_fail(err, ENT_USAGE, "\"%s\" has at most %zu characters", name, cap - 1);
    snprintf(ret, cap, "%s", param(r, name));
    return ENT_OK;
}

static inline ent_code id_param(const ent_desk_request *r, const char *name, uint8_t ret[ENT_ID_SIZE], ent_err *err)
{
    return ent_id_parse(param(r, name), ret) ? ENT_OK : ent_fail(err, ENT_USAGE, "\"%s\" is 32 hexadecimal digits, not \"%s\"", name, param(r, name));
}

static inline ent_code date_param(const ent_desk_request *r, const char *name, ent_date *ret, ent_err *err)
{
    if (!*param(r, name)) return ENT_OK;
    return ent_date_parse(param(r, name), ret) ? ENT_OK : ent_fail(err, ENT_USAGE, "\"%s\" is a date as 2026-03-10, not \"%s\"", name, param(r, name));
}

static inline json_t *id_json(const uint8_t id[ENT_ID_SIZE])
{
    char text[ENT_ID_TEXT];
    ent_id_text(id, text);
    return json_string(text);
}

static inline json_t *date_json(ent_date d)
{
    char text[ENT_DATE_TEXT];
    if (!d.year) return json_null();
    ent_date_text(d, text);
    return json_string(text);
}

static inline json_t *time_json(ent_time t)
{
    char text[ENT_TIME_TEXT];
    ent_time_text(t, text);
    return json_string(text);
}

static inline json_t *hex_json(const uint8_t *bytes, size_t n)
{
    char text[129];
    ent_hex(bytes, n, text);
    return json_string(text);
}

static inline json_t *base64_json(const void *bytes, size_t len)
{
    char *text = malloc(ENT_BASE64_SIZE(len));
    if (!text) return NULL;
    ent_base64(bytes, len, text);
    json_t *j = json_string(text);
    free(text);
    return j;
}

static inline ent_code signature_param(const ent_desk_request *r, uint8_t ret[ENT_SIGNATURE_SIZE], ent_err *err)
{
    const char *text = param(r, "signature");
    size_t got;
    if (ent_unbase64(text, strlen(text), ret, ENT_SIGNATURE_SIZE, &got) && got == ENT_SIGNATURE_SIZE) return ENT_OK;
    return ent_fail(err, ENT_USAGE, "\"signature\" is the person's own Ed25519 signature in base64 (docs/protocol/desk.md)");
}

static inline json_t *index_json(uint64_t index) { return index == UINT64_MAX ? json_null() : json_integer((json_int_t)index); }

/* "yes" or left out */
static inline ent_code yes_param(const ent_desk_request *r, const char *name, bool *ret, ent_err *err)
{
    const char *text = param(r, name);
    if (*text && strcmp(text, "yes") != 0) return ent_fail(err, ENT_USAGE, "\"%s\" is yes or left out", name);
    *ret = *text != 0;
    return ENT_OK;
}

static inline ent_code finger_param(const ent_desk_request *r, uint8_t *ret, ent_err *err)
{
    static const char *const fingers[] = {"unknown", "right-thumb", "right-index", "right-middle", "right-ring", "right-little",
                                          "left-thumb", "left-index", "left-middle", "left-ring", "left-little"};
    const char *word = param(r, "finger");
    for (uint8_t i = 0; i <= 10; i++)
        if (!*word || strcmp(word, fingers[i]) == 0) return *ret = *word ? i : 0, ENT_OK;
    return ent_fail(err, ENT_USAGE, "no finger \"%s\": right-thumb, right-index, … left-little", word);
}

/* An act: parameters and body in, members of `out` set. */
typedef ent_code ent_desk_run(const ent_desk_node *n, const ent_desk_request *r, json_t *out, ent_err *err);

/* acts_record.c */
ent_desk_run ent_desk_enrol, ent_desk_destroy, ent_desk_record_list, ent_desk_record_event, ent_desk_event_list, ent_desk_event_correct;
ent_desk_run ent_desk_event_approve, ent_desk_record_link, ent_desk_record_unlink, ent_desk_likely_list, ent_desk_likely_not, ent_desk_retention_run, ent_desk_time, ent_desk_time_confirm;
ent_desk_run ent_desk_access, ent_desk_year, ent_desk_rebuild;
/* acts_hold.c */
ent_desk_run ent_desk_hold_share, ent_desk_hold_open, ent_desk_warnings;
/* acts_regime.c */
ent_desk_run ent_desk_regime_list, ent_desk_regime_propose, ent_desk_regime_waiting, ent_desk_regime_approve;
/* acts_case.c */
ent_desk_run ent_desk_case_list, ent_desk_case_open, ent_desk_case_analyse, ent_desk_case_conclude, ent_desk_case_machine, ent_desk_case_rates;
ent_desk_run ent_desk_disclose, ent_desk_disclosure_list, ent_desk_disclosure_undertaking, ent_desk_kept_list, ent_desk_kept_open,
    ent_desk_kept_conclude, ent_desk_kept_version, ent_desk_give_on, ent_desk_onward_decide, ent_desk_onward_list;

/* acts_crossing.c */
ent_desk_run ent_desk_desk_add, ent_desk_desk_approve, ent_desk_desk_withdraw, ent_desk_desk_list;
ent_desk_run ent_desk_lot_list, ent_desk_lot_open, ent_desk_lot_show, ent_desk_alarm_list;
/* acts_redress.c */
ent_desk_run ent_desk_redress_issue, ent_desk_redress_show, ent_desk_redress_list, ent_desk_redress_revoke;
/* acts_simulate.c, acts_agreement.c */
ent_desk_run ent_desk_simulate, ent_desk_agreement_picture;
/* acts_admission.c */
ent_desk_run ent_desk_programme_propose, ent_desk_programme_approve, ent_desk_programme_list, ent_desk_programme_history, ent_desk_programme_show;
ent_desk_run ent_desk_admit, ent_desk_admit_decide, ent_desk_stay_exit, ent_desk_stays_overdue;
/* acts_feed.c */
ent_desk_run ent_desk_feed_list, ent_desk_feed_pull, ent_desk_feed_search;
/* acts_ledger.c */
ent_desk_run ent_desk_ledger_get, ent_desk_search_receipt, ent_desk_witnesses, ent_desk_evidence;

#endif
