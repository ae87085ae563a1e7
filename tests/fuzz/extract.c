#include "fuzz.h"

#include "entente/finger.h"

/* What an image asks of the engine, in eight bytes; behind them pixels, repeated. */
typedef struct asked {
    uint8_t width, height, ppi, position, pattern, period, slope, bend;
} asked;

/* Stripes a few pixels apart that turn and bend, so that there is something to find; the pixels lie over them or stand alone. */
static uint8_t pixel(const asked *a, int x, int y, uint8_t own)
{
    if (a->pattern % 4 == 0) return own;
    int run = x * (int)(a->slope & 15) + y * (int)(a->slope >> 4) + (x - a->width) * (y - a->height) * (a->bend & 15) / 64 + (x * x + y * y) * (a->bend >> 4) / 256;
    int period = 16 * (2 + a->period % 24), at = run % period;
    int wave = (at < period / 2 ? at : period - at) * 512 / period;
    return (uint8_t)(a->pattern % 4 == 1 ? wave : a->pattern % 4 == 2 ? (wave + own) / 2 : own % 16 ? wave : own * 16);
}

static void see(const ent_finger_image *image)
{
    static uint8_t first[ENT_FINGER_FULL_MAX], again[ENT_FINGER_FULL_MAX];
    ent_finger_template *t = NULL, *back = NULL;
    ent_finger_fields *fields = NULL;
    ent_finger_probe *p = NULL;
    size_t count, len = 0, now = 0;
    uint32_t size[2];
    if (ent_finger_analyse(image, &t, &fields, NULL) != ENT_OK) return;
    ent_finger_size(t, size);
    const ent_finger_minutia *m = ent_finger_minutiae(t, &count);
    for (size_t i = 0; i < count; i++) fuzz_promise(m[i].x < size[0] && m[i].y < size[1] && m[i].kind <= ENT_FINGER_BIFURCATION && m[i].quality <= 100);
    fuzz_promise(count > 0 && ent_finger_quality(t) >= 0 && ent_finger_quality(t) <= 100 && fields->width == size[0] && fields->height == size[1]);
    fuzz_promise(ent_finger_encode(t, ENT_FINGER_COMPACT, first, ENT_FINGER_COMPACT_MAX, &len, NULL) == ENT_OK);
    fuzz_promise(ent_finger_encode(t, ENT_FINGER_FULL, first, sizeof first, &len, NULL) == ENT_OK);
    fuzz_promise(ent_finger_decode(first, len, &back, NULL) == ENT_OK);
    fuzz_promise(ent_finger_encode(back, ENT_FINGER_FULL, again, sizeof again, &now, NULL) == ENT_OK && now == len && memcmp(first, again, len) == 0);
    fuzz_promise(ent_finger_probe_new(t, &p, NULL) == ENT_OK && ent_finger_match_full(p, back, NULL) >= 0);
    uint8_t *drawn = malloc((size_t)size[0] * size[1] * 3);
    if (drawn) ent_finger_draw(image, t, fields, drawn);
    free(drawn);
    ent_finger_probe_free(p);
    ent_finger_fields_free(fields);
    ent_finger_template_free(back);
    ent_finger_template_free(t);
}

static void cut(const ent_finger_image *image, int position)
{
    ent_finger_slap slap;
    if (ent_finger_segment_slap(image, position, 0, &slap, NULL) != ENT_OK) return;
    fuzz_promise(slap.count > 0 && slap.count <= ENT_FINGER_SLAP_MAX);
    for (size_t i = 0; i < slap.count; i++) {
        const ent_finger_segment *f = &slap.finger[i];
        fuzz_promise(f->width > 0 && f->height > 0 && f->x + f->width <= image->width && f->y + f->height <= image->height && f->position <= 10);
        uint8_t *own = malloc((size_t)f->width * f->height);
        if (own) ent_finger_cut(image, &slap, i, own);
        free(own);
    }
}

/* Whatever the image shows, a template of it can be written, read and matched, and a finger of a slap lies inside it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    asked a;
    if (size <= sizeof a) return 0;
    memcpy(&a, data, sizeof a);
    data += sizeof a, size -= sizeof a;
    ent_finger_image image = {.width = 1U + a.width, .height = 1U + a.height, .stride = 1U + a.width + a.pattern / 64, .ppi = a.ppi % 4 ? 0 : 5U * a.ppi};
    uint8_t *pixels = calloc(image.stride, image.height);
    if (!pixels) return 0;
    for (uint32_t y = 0, k = 0; y < image.height; y++)
        for (uint32_t x = 0; x < image.width; x++, k++) pixels[y * image.stride + x] = pixel(&a, (int)x, (int)y, data[k % size]);
    image.pixels = pixels;
    see(&image);
    cut(&image, a.position % 64);
    free(pixels);
    return 0;
}
