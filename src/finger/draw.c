/* A print with what was found in it, as R G B. Strokes cover a pixel by how near their middle is. */
#include "finger/arith.h"
#include "finger/canvas.h"

typedef struct drawing {
    uint8_t *rgb;
    int w, h;
} drawing;

static void mix(const drawing *d, int x, int y, uint32_t colour, float share)
{
    if (x < 0 || y < 0 || x >= d->w || y >= d->h || share <= 0) return;
    uint8_t *p = d->rgb + 3 * ((size_t)y * (size_t)d->w + (size_t)x);
    for (int k = 0; k < 3; k++) p[k] = (uint8_t)((float)p[k] + finger_clamp(share, 0, 1) * ((float)(colour >> (16 - 8 * k) & 255) - (float)p[k]) + 0.5f);
}

static void line(const drawing *d, const float a[2], const float b[2], uint32_t colour)
{
    float dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy;
    int left = (int)(a[0] < b[0] ? a[0] : b[0]) - 2, right = (int)(a[0] > b[0] ? a[0] : b[0]) + 2;
    int top = (int)(a[1] < b[1] ? a[1] : b[1]) - 2, bottom = (int)(a[1] > b[1] ? a[1] : b[1]) + 2;
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++) {
            float px = (float)x + 0.5f - a[0], py = (float)y + 0.5f - a[1], t = length > 0 ? finger_clamp((px * dx + py * dy) / length, 0, 1) : 0;
            float ex = px - t * dx, ey = py - t * dy;
            mix(d, x, y, colour, 1.1f - sqrtf(ex * ex + ey * ey));
        }
}

static void mark(const drawing *d, const ent_finger_minutia *m)
{
    static const float square[5][2] = {{-4, -4}, {4, -4}, {4, 4}, {-4, 4}, {-4, -4}};
    bool fork = m->kind == ENT_FINGER_BIFURCATION;
    uint32_t colour = fork ? 0x2040d0 : 0xd02020;
    double s, c;
    float x = (float)m->x + 0.5f, y = (float)m->y + 0.5f;
    for (int k = 0; k < 4 && fork; k++) line(d, (const float[2]){x + square[k][0], y + square[k][1]}, (const float[2]){x + square[k + 1][0], y + square[k + 1][1]}, colour);
    for (int v = -6; v <= 6 && !fork; v++)
        for (int u = -6; u <= 6; u++) {
            float r = sqrtf((float)(u * u + v * v)) - 4;
            mix(d, m->x + u, m->y + v, colour, 1.1f - (r < 0 ? -r : r));
        }
    finger_sincos(2 * FINGER_PI * m->angle / 256, &s, &c);
    line(d, (const float[2]){x + 4 * (float)c, y - 4 * (float)s}, (const float[2]){x + 13 * (float)c, y - 13 * (float)s}, colour);
}

static void paper(const drawing *d, const ent_finger_image *image)
{
    memset(d->rgb, 255, (size_t)3 * (size_t)d->w * (size_t)d->h);
    for (int y = 0; y < d->h && image; y++)
        for (int x = 0; x < d->w; x++)
            memset(d->rgb + 3 * ((size_t)y * (size_t)d->w + (size_t)x), image->pixels[(size_t)y * image->height / (size_t)d->h * image->stride + (size_t)x * image->width / (size_t)d->w], 3);
}

/* Cells turned green by their quality, red by the lack of it; every second one with its ridge's direction. */
static void draw_fields(const drawing *d, const ent_finger_fields *f)
{
    for (int y = 0; y < d->h; y++)
        for (int x = 0; x < d->w; x++) {
            unsigned cx = (unsigned)x / f->cell, cy = (unsigned)y / f->cell, q = cx < f->columns && cy < f->rows ? f->quality[cy * f->columns + cx] : 0;
            if (!q) continue;
            mix(d, x, y, 0x20c020, 0.0025f * (float)q);
            mix(d, x, y, 0xff3030, 0.0025f * (float)(100 - q));
        }
    for (uint32_t y = 1; y < f->rows; y += 2)
        for (uint32_t x = 1; x < f->columns; x += 2) {
            double s, c;
            if (!f->quality[y * f->columns + x]) continue;
            finger_sincos(FINGER_PI * f->orientation[y * f->columns + x] / 256, &s, &c);
            float px = ((float)x + 0.5f) * (float)f->cell, py = ((float)y + 0.5f) * (float)f->cell, dx = 5 * (float)c, dy = -5 * (float)s;
            line(d, (const float[2]){px - dx, py - dy}, (const float[2]){px + dx, py + dy}, 0x208020);
        }
}

void ent_finger_draw(const ent_finger_image *image, const ent_finger_template *t, const ent_finger_fields *fields, uint8_t *ret_rgb)
{
    uint32_t size[2];
    size_t n;
    const ent_finger_minutia *m = ent_finger_minutiae(t, &n);
    ent_finger_size(t, size);
    drawing d = {ret_rgb, (int)size[0], (int)size[1]};
    paper(&d, image);
    if (fields) draw_fields(&d, fields);
    for (size_t i = 0; i < n; i++) mark(&d, &m[i]);
}
