#include "cli/prints.h"

#include "base/check.h"
#include "cli/act.h"
#include "cli/outside.h"
#include "cli/prints_other.h"

#include <string.h>

static ent_code of_image(const void *bytes, size_t len, ent_finger_template **ret, ent_err *err)
{
    ent_image image, grey;
    ENT_TRY(ent_image_decode(bytes, len, &image, err));
    ent_code code = ent_image_grey(&image, &grey, err);
    ent_image_free(&image);
    if (code != ENT_OK) return code;
    ent_finger_image in = {.pixels = grey.pixels, .width = grey.width, .height = grey.height, .stride = grey.width, .ppi = grey.ppi >= 250 && grey.ppi <= 1200 ? grey.ppi : 500};
    code = ent_finger_extract(&in, ret, err);
    ent_image_free(&grey);
    return code;
}

static bool begins(const uint8_t *bytes, size_t len, const char *with) { return len >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0; }
static bool is_itl(const uint8_t *bytes, size_t len) { return begins(bytes, len, "1.001:") || begins(bytes, len, "1.01:") || begins(bytes, len, "1.1:"); }

/* By its first bytes. */
static bool is_native(const uint8_t *bytes, size_t len)
{
    return len && !ent_finger_record_is(bytes, len) && bytes[0] != '{' && !is_itl(bytes, len) && ent_image_sniff(bytes, len) == ENT_IMAGE_UNKNOWN;
}

static ent_code read_print(const uint8_t *bytes, size_t len, ent_finger_template **ret, ent_err *err)
{
    if (ent_finger_record_is(bytes, len)) return ent_finger_record_read(bytes, len, 0, ret, NULL, err);
    if (len && bytes[0] == '{') return ent_cli_minutiae_of_json(bytes, len, ret, err);
    if (is_itl(bytes, len)) return ent_cli_minutiae_of_itl(bytes, len, ret, err);
    return is_native(bytes, len) ? ent_finger_decode(bytes, len, ret, err) : of_image(bytes, len, ret, err);
}

ent_code ent_cli_job_print(const void *bytes, size_t len, ent_buf *ret_template, ent_err *err)
{
    ent_finger_template *t = NULL;
    uint8_t native[ENT_FINGER_FULL_MAX];
    size_t n = 0;
    ENT_TRY(read_print(bytes, len, &t, err));
    ent_code code = ent_finger_encode(t, ENT_FINGER_FULL, native, sizeof native, &n, err);
    ent_finger_template_free(t);
    if (code != ENT_OK) return code;
    ent_buf_put(ret_template, native, n);
    return ent_buf_check(ret_template, err);
}

static ent_code told(const char *path, const ent_buf *bytes, ent_code code, ent_err *err)
{
    if (code == ENT_OK) return ENT_OK;
    return ent_context(err, code, is_native(bytes->data, bytes->len) ? "%s is neither an image nor a template" : "%s", path);
}

ent_code ent_cli_ask_print(const ent_cli *cli, const char *path, ent_finger_template **ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1), native = ENT_BUF(1);
    ENT_TRY(ent_cli_load(path, &bytes, err));
    ent_code code = ent_cli_ask(cli, "print", NULL, &bytes, &native, err);
    if (code == ENT_OK) code = ent_finger_decode(native.data, native.len, ret, err);
    return told(path, &bytes, code, err);
}

ent_code ent_cli_load_print(const char *path, ent_finger_template **ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ENT_TRY(ent_cli_load(path, &bytes, err));
    return told(path, &bytes, read_print(bytes.data, bytes.len, ret, err), err);
}

bool ent_cli_is_imported(const ent_finger_template *t) { return ent_finger_quality(t) < 0; }

ent_code ent_cli_match_prints(ent_finger_template *const t[2], ent_finger_pairs *ret_pairs, double *ret_score, ent_err *err)
{
    ent_finger_probe *p;
    ent_finger_stretched *s;
    int from = ent_cli_is_imported(t[0]) ? 0 : 1;
    if (!ent_cli_is_imported(t[from])) {
        ENT_TRY(ent_finger_probe_new(t[0], &p, err));
        *ret_score = ent_finger_match_full(p, t[1], ret_pairs);
        ent_finger_probe_free(p);
        return ENT_OK;
    }
    ENT_TRY(ent_finger_stretched_new(t[from], &s, err));
    *ret_score = ent_finger_match_stretched(s, t[1 - from], ret_pairs, NULL);
    ent_finger_stretched_free(s);
    for (size_t k = 0; k < ret_pairs->count && from; k++) {
        uint8_t swap = ret_pairs->pair[k].probe;
        ret_pairs->pair[k].probe = ret_pairs->pair[k].candidate, ret_pairs->pair[k].candidate = swap;
    }
    return ENT_OK;
}
