#include "cli/itl_prum.h"

#include "cli/act.h"
#include "cli/outside.h"
#include "entente/itl.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_IMAGES = 14, LEAST_PPI = 495, MOST_PPI = 505 };

/* The image as WSQ: as it came, or compressed at the customary 0.75 bits a pixel. */
static ent_code as_wsq(const ent_image *image, const ent_buf *file, ent_buf *ret, ent_err *err)
{
    ent_image grey = {0};
    if (image->format == ENT_IMAGE_WSQ) {
        ent_buf_put(ret, file->data, file->len);
        return ent_buf_check(ret, err);
    }
    ent_code code = ent_image_grey(image, &grey, err);
    if (code == ENT_OK) code = ent_image_encode(&grey, ENT_IMAGE_WSQ, 0, ret, err);
    ent_image_free(&grey);
    return code;
}

/* Type-4 (8.4): LEN, IDC, IMP 0 live-scan plain, FGP and five unused, ISR 0, HLL, VLL, GCA 1 WSQ, the data. */
static ent_code put_print(ent_itl_writer *w, int idc, uint32_t finger, const ent_image *image, const ent_buf *wsq, ent_err *err)
{
    ENT_AUTO_BUF record = ENT_BUF(64 << 20);
    ent_buf_u32(&record, (uint32_t)(18 + wsq->len));
    ent_buf_u8(&record, (uint8_t)idc);
    ent_buf_u8(&record, 0);
    ent_buf_u8(&record, (uint8_t)finger);
    for (int i = 0; i < 5; i++) ent_buf_u8(&record, 255);
    ent_buf_u8(&record, 0);
    ent_buf_u16(&record, (uint16_t)image->width);
    ent_buf_u16(&record, (uint16_t)image->height);
    ent_buf_u8(&record, 1);
    ent_buf_put(&record, wsq->data, wsq->len);
    ent_code code = ent_buf_check(&record, err);
    if (code == ENT_OK) ent_itl_put_record(w, 4, idc, record.data, record.len);
    return code;
}

static ent_code put_image(const ent_cli *cli, ent_itl_writer *w, int idc, const char *path, uint32_t finger, ent_err *err)
{
    ENT_AUTO_BUF file = ENT_BUF(1);
    ENT_AUTO_BUF wsq = ENT_BUF(64 << 20);
    ent_image image = {0};
    ent_code code = ent_cli_load(path, &file, err);
    if (code == ENT_OK) code = ent_cli_ask_image(cli, &file, &image, err);
    if (code == ENT_OK && image.ppi && (image.ppi < LEAST_PPI || image.ppi > MOST_PPI)) code = ent_fail(err, ENT_UNSUPPORTED, "%u pixels an inch: Type-4 records have 500", image.ppi);
    if (code == ENT_OK && (image.width > UINT16_MAX || image.height > UINT16_MAX)) code = ent_fail(err, ENT_TOO_LARGE, "%u x %u pixels: a Type-4 record has at most %d", image.width, image.height, UINT16_MAX);
    if (code == ENT_OK) code = as_wsq(&image, &file, &wsq, err);
    if (code == ENT_OK) code = put_print(w, idc, finger, &image, &wsq, err);
    ent_image_free(&image);
    return code == ENT_OK ? ENT_OK : ent_context(err, code, "%s", path);
}

/* The four-digit year before the serial number, mod 23, is the check character's place. */
void ent_itl_prum_tcn(const char *date, uint32_t serial, char ret_tcn[16])
{
    unsigned long year = strtoul((char[]){date[0], date[1], date[2], date[3], 0}, NULL, 10);
    serial %= 100000000;
    snprintf(ret_tcn, 16, "%02lu%08u%c", year % 100, serial, "ZABCDEFGHJKLMNPQRTUVWXY"[((uint64_t)year * 100000000 + serial) % 23]);
}

static void put_text(ent_itl_writer *w, const ent_prum_search *s)
{
    ent_itl_begin(w, 1, -1);
    ent_itl_put(w, 2, "0300");
    ent_itl_put(w, 4, s->tot);
    ent_itl_put(w, 5, s->date);
    ent_itl_put(w, 6, "5");
    ent_itl_put(w, 7, s->dai);
    ent_itl_put(w, 8, s->ori);
    ent_itl_put(w, 9, s->tcn);
    ent_itl_put(w, 11, "19.68");
    ent_itl_put(w, 12, "19.68");
    ent_itl_put(w, 13, "INT-I\x1f" "4.22");
    ent_itl_begin(w, 2, 0);
    ent_itl_put(w, 3, "0422");
    ent_itl_put(w, 7, s->case_number);
    ent_itl_put(w, 320, s->candidates);
}

ent_code ent_itl_pack_prum(const ent_prum_search *s, char **images, int count, ent_buf *ret, ent_err *err)
{
    ent_itl_writer *w = NULL;
    if (count < 1 || count > MOST_IMAGES) return ent_fail(err, ENT_TOO_LARGE, "%d images: a Prüm search has 1 to %d", count, MOST_IMAGES);
    ent_code code = ent_itl_writer_new(&w, err);
    if (code != ENT_OK) return code;
    put_text(w, s);
    for (int i = 0; i < count && code == ENT_OK; i++) code = put_image(s->cli, w, i + 1, images[i], s->first_finger ? s->first_finger + (uint32_t)i : 0, err);
    if (code == ENT_OK) code = ent_itl_finish(w, ent_buf_sink, ret, err);
    if (code == ENT_OK) code = ent_buf_check(ret, err);
    ent_itl_writer_free(w);
    return code;
}
