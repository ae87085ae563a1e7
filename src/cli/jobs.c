#include "cli/jobs.h"

#include "adapter/xml/itl_xml.h"
#include "base/check.h"
#include "base/cursor.h"
#include "base/limits.h"
#include "crypto/hash.h"
#include "node/jobs.h"

#include <string.h>

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
