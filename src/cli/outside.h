/* Files from outside. A command does not parse them itself: it hands their bytes to a job in the sandbox (adapter/sandbox/sandbox.h),
 * of one worker that is started for it, and sees only the answer, which it takes for what a decoder that was taken over might say.
 * `evaluate` and `bench` read sets of test images that the operator names, and do it in their own process. */
#ifndef CLI_OUTSIDE_H
#define CLI_OUTSIDE_H

#include "cli/cli.h"
#include "cli/jobs.h"
#include "image/image.h"

/* Runs a job on bytes (the file as ent_cli_load gave it; empty is fine). option: for a job that reads one with ent_cli_job_option, else
 * NULL. Sets ret_answer's ceiling. The job's own errors, ENT_SANDBOX, ENT_TIMEOUT. */
ENT_MUST_CHECK ent_code ent_cli_ask(const ent_cli *cli, const char *job, const char *option, const ent_buf *bytes, ent_buf *ret_answer, ent_err *err);
/* An answer that is a JSON object or array; its texts without control characters. The caller's reference. */
ENT_MUST_CHECK ent_code ent_cli_ask_json(const ent_cli *cli, const char *job, const char *option, const ent_buf *bytes, json_t **ret_json, ent_err *err);
ENT_MUST_CHECK ent_code ent_cli_answer_json(const void *text, size_t len, json_t **ret_json, ent_err *err);
/* Any image. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_ask_image(const ent_cli *cli, const ent_buf *bytes, ent_image *ret_image, ent_err *err);

#endif
