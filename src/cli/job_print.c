#include "cli/jobs.h"

#include "base/check.h"
#include "cli/prints.h"
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

bool ent_cli_is_native(const uint8_t *bytes, size_t len)
{
    return len && !ent_finger_record_is(bytes, len) && bytes[0] != '{' && !is_itl(bytes, len) && ent_image_sniff(bytes, len) == ENT_IMAGE_UNKNOWN;
}

ent_code ent_cli_read_print(const uint8_t *bytes, size_t len, ent_finger_template **ret, ent_err *err)
{
    if (ent_finger_record_is(bytes, len)) return ent_finger_record_read(bytes, len, 0, ret, NULL, err);
    if (len && bytes[0] == '{') return ent_cli_minutiae_of_json(bytes, len, ret, err);
    if (is_itl(bytes, len)) return ent_cli_minutiae_of_itl(bytes, len, ret, err);
    return ent_cli_is_native(bytes, len) ? ent_finger_decode(bytes, len, ret, err) : of_image(bytes, len, ret, err);
}

ent_code ent_cli_job_print(const void *bytes, size_t len, ent_buf *ret_template, ent_err *err)
{
    ent_finger_template *t = NULL;
    uint8_t native[ENT_FINGER_FULL_MAX];
    size_t n = 0;
    ENT_TRY(ent_cli_read_print(bytes, len, &t, err));
    ent_code code = ent_finger_encode(t, ENT_FINGER_FULL, native, sizeof native, &n, err);
    ent_finger_template_free(t);
    if (code != ENT_OK) return code;
    ent_buf_put(ret_template, native, n);
    return ent_buf_check(ret_template, err);
}
