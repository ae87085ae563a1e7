/* Files from outside. A command does not parse them itself: it hands their bytes to a job in the sandbox (adapter/sandbox/sandbox.h),
 * of one worker that is started for it, and sees only the answer, which it takes for what a decoder that was taken over might say.
 * `evaluate` and `bench` read sets of test images that the operator names, and do it in their own process. */
#ifndef CLI_OUTSIDE_H
#define CLI_OUTSIDE_H

#include "adapter/sandbox/sandbox.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "image/image.h"
#include "node/node.h" /* json_t */

enum { ENT_CLI_OPTION = 64 /* bytes of a job's option with its NUL */ };

/* Runs a job on bytes (the file as ent_cli_load gave it; empty is fine). option: for a job that reads one with ent_cli_job_option, else
 * NULL. Sets ret_answer's ceiling. The job's own errors, ENT_SANDBOX, ENT_TIMEOUT. */
ENT_MUST_CHECK ent_code ent_cli_ask(const ent_cli *cli, const char *job, const char *option, const ent_buf *bytes, ent_buf *ret_answer, ent_err *err);
/* An answer that is a JSON object or array; its texts without control characters. The caller's reference. */
ENT_MUST_CHECK ent_code ent_cli_ask_json(const ent_cli *cli, const char *job, const char *option, const ent_buf *bytes, json_t **ret_json, ent_err *err);
ENT_MUST_CHECK ent_code ent_cli_answer_json(const void *text, size_t len, json_t **ret_json, ent_err *err);
/* Any image. The caller frees. */
ENT_MUST_CHECK ent_code ent_cli_ask_image(const ent_cli *cli, const ent_buf *bytes, ent_image *ret_image, ent_err *err);

/* ---- in the sandbox ---- */

/* What `sandbox-worker` runs: the node's jobs and the commands'. */
extern const ent_sandbox_job ent_cli_jobs[];
/* What must be there before a worker may open no file: seeds and tables of the libraries. */
void ent_cli_jobs_prepare(void);

/* Splits what a job was given into the option and the file. ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_cli_job_option(const void *bytes, size_t len, char ret_option[ENT_CLI_OPTION], ent_buf *ret_file, ent_err *err);
/* The same for a file that is an image: grey, the caller frees it with ent_image_free. */
ENT_MUST_CHECK ent_code ent_cli_job_grey(const void *bytes, size_t len, char ret_option[ENT_CLI_OPTION], ent_image *ret_grey, ent_err *err);
/* Appends it as JSON; takes the reference. */
ENT_MUST_CHECK ent_code ent_cli_job_answer(json_t *o, ent_buf *ret, ent_err *err);

/* A print (image, native template, finger minutiae record) into its native template (prints.c). */
ent_code ent_cli_job_print(const void *bytes, size_t len, ent_buf *ret_template, ent_err *err);
/* option "png" or "svg". Minutiae (32 bits), quality (8), the drawing (cmd_finger_show.c). */
ent_code ent_cli_job_draw(const void *bytes, size_t len, ent_buf *ret_drawing, ent_err *err);
/* option "png|svg|- POSITION MISSING"; the fingers of a slap and, unless "-", a drawing (cmd_finger_segment.c). */
ent_code ent_cli_job_segment(const void *bytes, size_t len, ent_buf *ret_fingers, ent_err *err);
/* option "lenient" or "". {"records": […], "forgiven": […]}, the second when lenient (itl_jobs.c). */
ent_code ent_cli_job_itl_show(const void *bytes, size_t len, ent_buf *ret_json, ent_err *err);
/* option likewise. Length (32 bits) and JSON of what was forgiven, then a record's place (32), type (8), IDC (32), the place of its ending
 * in ent_cli_endings (8), length (32) and bytes for each image. */
ent_code ent_cli_job_itl_images(const void *bytes, size_t len, ent_buf *ret_images, ent_err *err);
/* option: the domain or "". {"list": […]} with either "result" or "code" and "detail". */
ent_code ent_cli_job_itl_check(const void *bytes, size_t len, ent_buf *ret_json, ent_err *err);
/* Length (32 bits) and JSON of the remarks, then the document or the transaction. */
ent_code ent_cli_job_itl_xml(const void *bytes, size_t len, ent_buf *ret_turned, ent_err *err);

#define ENT_CLI_ENDINGS {"wsq", "png", "jpg", "jp2", "raw", "bin"}

#endif
