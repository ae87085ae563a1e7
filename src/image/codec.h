/* The codecs behind image.h, one file each. The same promises. */
#ifndef IMAGE_CODEC_H
#define IMAGE_CODEC_H

#include "image/image.h"

typedef ent_code ent_image_decoder(const uint8_t *bytes, size_t len, ent_image *ret_image, ent_err *err);
typedef ent_code ent_image_encoder(const ent_image *image, double rate, ent_buf *ret_bytes, ent_err *err);

ent_image_decoder ent_png_decode, ent_jpeg_decode, ent_jp2_decode, ent_tiff_decode, ent_bmp_decode, ent_pgm_decode, ent_wsq_decode;
ent_image_encoder ent_png_encode, ent_jpeg_encode, ent_jp2_encode, ent_tiff_encode, ent_bmp_encode, ent_pgm_encode, ent_wsq_encode, ent_raw_encode;

/* What ent_image_new refuses, before anything is allocated: a codec that knows how much a file must hold then looks whether it does. */
ENT_MUST_CHECK ent_code ent_image_check_size(uint32_t width, uint32_t height, ent_err *err);

/* Brings a picture upright that lies as 2 to 8 of Exif's and TIFF's orientations say (1 and all others: it does already): a face on its side is not found. */
ENT_MUST_CHECK ent_code ent_image_turn(ent_image *image, uint32_t turn, ent_err *err);

#endif
