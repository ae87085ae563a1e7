#include "cli/outside.h"

#include "base/check.h"
#include "base/limits.h"

#include <string.h>

/* As much as any job answers: pixels of the largest image. */
enum { ANSWER = 3 * ENT_LIMIT_IMAGE_PIXELS + (1 << 20) };

static ent_code run(const ent_cli *cli, const char *job, const uint8_t *bytes, size_t len, ent_buf *ret, ent_err *err)
{
    ent_sandbox *s = NULL;
    ENT_TRY(ent_sandbox_start(cli->decoder, 1, &s, err));
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
