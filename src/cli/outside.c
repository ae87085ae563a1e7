#include "cli/outside.h"

#include "adapter/xml/itl_xml.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "node/jobs.h"

#include <string.h>

/* As much as any job answers: pixels of the largest image. */
enum { ANSWER = 3 * ENT_LIMIT_IMAGE_PIXELS + (1 << 20) };

const ent_sandbox_job ent_cli_jobs[] = {
    ENT_NODE_JOBS, {"print", ent_cli_job_print}, {"draw", ent_cli_job_draw}, {"segment", ent_cli_job_segment}, {"itl-show", ent_cli_job_itl_show}, {"itl-images", ent_cli_job_itl_images},
    {"itl-check", ent_cli_job_itl_check}, {"itl-xml", ent_cli_job_itl_xml}, {0}};

void ent_cli_jobs_prepare(void)
{
    uint8_t digest[32];
    json_object_seed(0); /* reads /dev/urandom */
    ent_sha256("", 0, digest); /* OpenSSL reads its settings before the first */
    ent_itl_xml_prepare();
}

static ent_code run(const ent_cli *cli, const char *job, const uint8_t *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_sandbox *s = NULL;
    ENT_TRY(ent_sandbox_start(cli->program, 1, &s, err));
    ent_decoder d = ent_sandbox_decoder(s);
    ent_code code = d.run(d.self, job, bytes, len, ret, err);
    ent_sandbox_stop(s);
    return code;
}

ent_code ent_cli_ask(const ent_cli *cli, const char *job, const char *option, const ent_buf *bytes, ent_buf *ret_answer, ent_err *err)
{
    const uint8_t *data = bytes->data ? bytes->data : (const uint8_t *)"";
    ENT_AUTO_BUF both = ENT_BUF(ENT_LIMIT_ITL_FILE + ENT_CLI_OPTION);
    *ret_answer = ENT_BUF(ANSWER);
    if (!option) return run(cli, job, data, bytes->len, ret_answer, err);
    size_t n = strlen(option);
    if (n >= ENT_CLI_OPTION) return ent_fail(err, ENT_USAGE, "\"%.20s…\" is longer than %d bytes", option, ENT_CLI_OPTION - 1);
    ent_buf_u8(&both, (uint8_t)n);
    ent_buf_put(&both, option, n);
    ent_buf_put(&both, data, bytes->len);
    ENT_TRY(ent_buf_check(&both, err));
    return run(cli, job, both.data, both.len, ret_answer, err);
}

ent_code ent_cli_job_option(const void *bytes, size_t len, char ret_option[ENT_CLI_OPTION], ent_buf *ret_file, ent_err *err)
{
    ent_cursor c = ENT_CURSOR(bytes, len);
    size_t n = ent_cursor_u8(&c);
    const uint8_t *text = n < ENT_CLI_OPTION ? ent_cursor_take(&c, n) : NULL;
    if (!text || !ent_cursor_ok(&c)) return ent_fail(err, ENT_FORMAT, "a job without its option");
    memcpy(ret_option, text, n);
    ret_option[n] = 0;
    ent_buf_put(ret_file, c.data + c.at, ent_cursor_left(&c));
    return ent_buf_check(ret_file, err);
}

ent_code ent_cli_job_grey(const void *bytes, size_t len, char ret_option[ENT_CLI_OPTION], ent_image *ret_grey, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(ENT_LIMIT_ITL_FILE);
    ent_image image;
    ENT_TRY(ent_cli_job_option(bytes, len, ret_option, &file, err));
    ENT_TRY(ent_image_decode(file.data ? file.data : (const uint8_t *)"", file.len, &image, err));
    ent_code code = ent_image_grey(&image, ret_grey, err);
    ent_image_free(&image);
    return code;
}

static int into_buf(const char *text, size_t n, void *ctx)
{
    ent_buf_put(ctx, text, n);
    return 0;
}

ent_code ent_cli_job_answer(json_t *o, ent_buf *ret, ent_err *err)
{
    int rc = o ? json_dump_callback(o, into_buf, ret, JSON_COMPACT) : -1;
    json_decref(o);
    return rc == 0 ? ent_buf_check(ret, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory for the answer");
}

/* A terminal must not be told to do anything. */
static void clean(json_t *o)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_string(o)) {
        ENT_AUTO_BUF text = ENT_BUF(ANSWER);
        for (const char *c = json_string_value(o); *c; c++) ent_buf_u8(&text, (uint8_t)((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c));
        json_string_set(o, ent_buf_cstr(&text));
    } else if (json_is_array(o)) {
        json_array_foreach(o, i, member) clean(member);
    } else if (json_is_object(o)) {
        json_object_foreach(o, key, member) clean(member);
    }
}

ent_code ent_cli_answer_json(const void *text, size_t len, json_t **ret_json, ent_err *err)
{
    json_t *o = json_loadb(len ? text : "", len, 0, NULL);
    if (!o) return ent_fail(err, ENT_SANDBOX, "what came from the decoder is no JSON");
    clean(o);
    *ret_json = o;
    return ENT_OK;
}

ent_code ent_cli_ask_json(const ent_cli *cli, const char *job, const char *option, const ent_buf *bytes, json_t **ret_json, ent_err *err)
{
    ENT_AUTO_BUF answer = ENT_BUF(1);
    ENT_TRY(ent_cli_ask(cli, job, option, bytes, &answer, err));
    return ent_cli_answer_json(answer.data, answer.len, ret_json, err);
}

ent_code ent_cli_ask_image(const ent_cli *cli, const ent_buf *bytes, ent_image *ret_image, ent_err *err)
{
    ENT_AUTO_BUF flat = ENT_BUF(1);
    ENT_TRY(ent_cli_ask(cli, "image", NULL, bytes, &flat, err));
    return ent_image_from_flat(flat.data, flat.len, ret_image, err);
}
