#include "cli/prints.h"

#include "cli/act.h"
#include "finger/fmr.h"
#include "image/image.h"

ent_code ent_cli_load_print(const char *path, ent_finger_template **ret, ent_err *err)
{
    ENT_AUTO_BUF bytes = ENT_BUF(1);
    ent_image image, grey;
    ent_code code = ent_cli_load(path, &bytes, err);
    if (code != ENT_OK) return code;
    uint8_t position;
    if (ent_fmr_is(bytes.data, bytes.len)) {
        code = ent_fmr_read(bytes.data, bytes.len, ret, &position, err);
        return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
    }
    if (bytes.len && ent_image_sniff(bytes.data, bytes.len) == ENT_IMAGE_UNKNOWN) {
        code = ent_finger_decode(bytes.data, bytes.len, ret, err);
        return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s is neither an image nor a template", path);
    }
    code = ent_image_decode(bytes.data, bytes.len, &image, err);
    if (code == ENT_OK) {
        code = ent_image_grey(&image, &grey, err);
        ent_image_free(&image);
    }
    if (code == ENT_OK) {
        ent_finger_image in = {.pixels = grey.pixels, .width = grey.width, .height = grey.height, .stride = grey.width, .ppi = grey.ppi >= 250 && grey.ppi <= 1200 ? grey.ppi : 500};
        code = ent_finger_extract(&in, ret, err);
        ent_image_free(&grey);
    }
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}
