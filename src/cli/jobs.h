/* What `entente-decode` does with a file from outside: the node's jobs and the commands', each bytes in, bytes out. It is a program of its own, so
 * that neither keys nor store nor network are in the memory in which files are read, and so that a worker is soon forked. */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "adapter/sandbox/sandbox.h"
#include "base/buf.h"
#include "image/image.h"
#include "node/node.h" /* json_t */

enum { ENT_CLI_OPTION = 64 /* bytes of a job's option with its NUL */ };

/* Ends with a zero entry. */
extern const ent_sandbox_job ent_cli_jobs[];
/* What must be there before a worker may open no file: seeds and tables of the libraries. */
void ent_cli_jobs_prepare(void);

/* Splits what a job was given into the option and the file. ENT_FORMAT. */
ENT_MUST_CHECK ent_code ent_cli_job_option(const void *bytes, size_t len, char ret_option[ENT_CLI_OPTION], ent_buf *ret_file, ent_err *err);
/* The same for a file that is an image: grey, the caller frees it with ent_image_free. */
ENT_MUST_CHECK ent_code ent_cli_job_grey(const void *bytes, size_t len, char ret_option[ENT_CLI_OPTION], ent_image *ret_grey, ent_err *err);
/* Appends it as JSON; takes the reference. */
ENT_MUST_CHECK ent_code ent_cli_job_answer(json_t *o, ent_buf *ret, ent_err *err);

/* A print (image, native template, finger minutiae record) into its native template (job_print.c). */
ent_code ent_cli_job_print(const void *bytes, size_t len, ent_buf *ret_template, ent_err *err);
/* option "png" or "svg". Minutiae (32 bits), quality (8), the drawing (job_draw.c). */
ent_code ent_cli_job_draw(const void *bytes, size_t len, ent_buf *ret_drawing, ent_err *err);
/* option "png|svg|- POSITION MISSING"; the fingers of a slap and, unless "-", a drawing (job_segment.c). */
ent_code ent_cli_job_segment(const void *bytes, size_t len, ent_buf *ret_fingers, ent_err *err);
/* option "lenient" or "". {"records": […], "forgiven": […]}, the second when lenient (job_itl.c). */
ent_code ent_cli_job_itl_show(const void *bytes, size_t len, ent_buf *ret_json, ent_err *err);
/* option likewise. Length (32 bits) and JSON of what was forgiven, then a record's place (32), type (8), IDC (32), the place of its ending
 * in ent_cli_endings (8), length (32) and bytes for each image. */
ent_code ent_cli_job_itl_images(const void *bytes, size_t len, ent_buf *ret_images, ent_err *err);
/* option: the domain or "". {"list": […]} with either "result" or "code" and "detail". */
ent_code ent_cli_job_itl_check(const void *bytes, size_t len, ent_buf *ret_json, ent_err *err);
/* Length (32 bits) and JSON of the remarks, then the document or the transaction. */
ent_code ent_cli_job_itl_xml(const void *bytes, size_t len, ent_buf *ret_turned, ent_err *err);

#define ENT_CLI_ENDINGS {"wsq", "png", "jpg", "jp2", "raw", "bin"}

/* By position. */
#define ENT_CLI_FINGERS {"finger", "right-thumb", "right-index", "right-middle", "right-ring", "right-little", "left-thumb", "left-index", "left-middle", "left-ring", "left-little"}

#endif
