/* See finger_change.h. First the geometry (where a pixel of the new image lies in the old one), then the grey levels. Positions
 * outside the old image have the grey of its border. */
#include "finger_change.h"

#include "finger/arith.h"

#include <string.h>

typedef struct place {
    double x, y;
} place;

/* what is drawn anew for each print */
typedef struct draw {
    const ent_image *in;
    uint64_t seed;
    double a[8]; /* -1 to 1 */
    double border, light; /* the grey of the border; the one that a tenth of the pixels exceed */
} draw;

static double uniform(uint64_t *s, double low, double high)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return low + (high - low) * ((double)((z ^ z >> 31) >> 11) / 9007199254740992.0);
}

/* ---- geometry: `p` from the middle of either image, in pixels ---- */

static place turned(const draw *d, place p)
{
    double s, c;
    finger_sincos(d->a[0] * 30 * FINGER_PI / 180, &s, &c);
    return (place){c * p.x - s * p.y, s * p.x + c * p.y};
}

static place larger(const draw *d, place p) { return (void)d, (place){p.x / 1.1, p.y / 1.1}; }
static place smaller(const draw *d, place p) { return (void)d, (place){p.x * 1.1, p.y * 1.1}; }

static place stretched(const draw *d, place p)
{
    double k = 1 + 0.06 * d->a[0];
    return (place){p.x * k, p.y * k};
}

/* Skin that sticks and slips: up to 12 pixels, over about half a print's width. */
static place elastic(const draw *d, place p)
{
    double sx, sy, unused;
    finger_sincos(p.y / 38 + 3 * d->a[0], &sx, &unused);
    finger_sincos(p.x / 38 + 3 * d->a[1], &sy, &unused);
    return (place){p.x + 12 * d->a[2] * sx, p.y + 12 * d->a[3] * sy};
}

/* The middle sticks to the glass while the finger turns, the rest follows (Cappelli, Maio, Maltoni, "Modelling plastic distortion in
 * fingerprint images", 2001). */
static place twisted(const draw *d, place p)
{
    double far = (p.x * p.x + p.y * p.y) / (90.0 * 90.0), s, c;
    finger_sincos(d->a[0] * 0.35 * (1 - finger_exp(-far)), &s, &c);
    return (place){c * p.x - s * p.y + 8 * d->a[1] * (1 - finger_exp(-far)), s * p.x + c * p.y};
}

static double old_grey(const draw *d, double x, double y)
{
    const ent_image *g = d->in;
    int u = (int)x, v = (int)y;
    if (x < 0 || y < 0 || u + 1 >= (int)g->width || v + 1 >= (int)g->height) return d->border;
    const uint8_t *p = g->pixels + (size_t)v * g->width + u;
    double fx = x - u, fy = y - v;
    return (1 - fy) * ((1 - fx) * p[0] + fx * p[1]) + fy * ((1 - fx) * p[g->width] + fx * p[g->width + 1]);
}

/* ---- grey levels ---- */

/* a window of the print, elsewhere in each impression */
static bool outside(const draw *d, double x, double y, double share)
{
    double w = d->in->width * share, h = d->in->height * share;
    double left = (d->in->width - w) * (0.5 + 0.5 * d->a[6]), top = (d->in->height - h) * (0.5 + 0.5 * d->a[7]);
    return x < left || y < top || x >= left + w || y >= top + h;
}

static double weak(draw *d, place p, double v) { return (void)d, (void)p, 128 + 0.4 * (v - 128); }
static double weaker(draw *d, place p, double v) { return (void)d, (void)p, 128 + 0.2 * (v - 128); }
static double bright(draw *d, place p, double v) { return (void)d, (void)p, v + 70; }
static double dark(draw *d, place p, double v) { return (void)d, (void)p, v - 70; }
static double light_gamma(draw *d, place p, double v) { return (void)d, (void)p, 255 * sqrt(v / 255); }
static double heavy_gamma(draw *d, place p, double v) { return (void)d, (void)p, v * v / 255; }
static double noisy(draw *d, place p, double v) { return (void)p, v + uniform(&d->seed, -40, 40); }
static double reversed(draw *d, place p, double v) { return (void)d, (void)p, 255 - v; }
static double window_of(draw *d, place p, double v) { return outside(d, p.x, p.y, 0.75) ? d->border : v; }

static double middle_of(draw *d, place p, double v)
{
    double dx = p.x - d->in->width / 2.0, dy = p.y - d->in->height / 2.0, w = 0.35 * d->in->width, h = 0.35 * d->in->height;
    return dx < -w || dx > w || dy < -h || dy > h ? 255 : v;
}

/* lines of a form and a stripe of the sensor's, as dark as weak ridges */
static double lined(draw *d, place p, double v)
{
    double s, unused;
    finger_sincos((p.x + p.y * d->a[0]) * (2 * FINGER_PI / 13), &s, &unused);
    return v + 14 * s - ((int)p.y % 64 < 3 ? 60 : 0);
}

/* what the print before has left on the glass: here the same one, upside down */
static double ghosted(draw *d, place p, double v)
{
    double old = old_grey(d, d->in->width - 1 - p.x + 30 * d->a[0], d->in->height - 1 - p.y + 30 * d->a[1]);
    return v - 0.4 * finger_max(0, (int)(d->border - old));
}

/* a lamp that does not light evenly */
static double shaded(draw *d, place p, double v)
{
    double x = p.x / d->in->width - 0.5, y = p.y / d->in->height - 0.5;
    return v * (1 + 0.35 * (d->a[0] * x + d->a[1] * y) * 2 - 0.6 * (x * x + y * y));
}

/* ---- neighbourhoods ---- */

/* the lightest or the darkest of 3 x 3: dry and wet fingers */
static double extreme(const draw *d, int x, int y, bool lightest)
{
    const ent_image *g = d->in;
    int best = lightest ? 0 : 255;
    for (int k = 0; k < 9; k++) {
        int u = finger_max(0, finger_min((int)g->width - 1, x + k % 3 - 1)), v = finger_max(0, finger_min((int)g->height - 1, y + k / 3 - 1));
        int q = g->pixels[(size_t)v * g->width + (size_t)u];
        best = lightest ? finger_max(best, q) : finger_min(best, q);
    }
    return best;
}

/* dry: ridges thin and broken, more in some places than in others */
static double dried(draw *d, place p, double v)
{
    double a, b, unused;
    finger_sincos(p.x / 23 + 3 * d->a[0], &a, &unused);
    finger_sincos(p.y / 29 + 3 * d->a[1], &b, &unused);
    double much = 0.55 + 0.35 * a * b, light = extreme(d, (int)p.x, (int)p.y, true);
    if (uniform(&d->seed, 0, 1) < 0.25 * much) return d->border;
    return (1 - much) * v + much * light;
}

static double wetted(draw *d, place p, double v)
{
    double a, unused;
    finger_sincos(p.x / 31 + p.y / 41 + 3 * d->a[0], &a, &unused);
    double much = 0.55 + 0.4 * a;
    return (1 - much) * v + much * extreme(d, (int)p.x, (int)p.y, false);
}

static double blurred(draw *d, place p, double v)
{
    const ent_image *g = d->in;
    double sum = 0, weight = 0;
    for (int y = -3; y <= 3; y++)
        for (int x = -3; x <= 3; x++) {
            int u = (int)p.x + x, w = (int)p.y + y;
            if (u < 0 || w < 0 || u >= (int)g->width || w >= (int)g->height) continue;
            double k = finger_exp(-(x * x + y * y) / (2 * 1.6 * 1.6));
            sum += k * g->pixels[(size_t)w * g->width + (size_t)u], weight += k;
        }
    return weight > 0 ? sum / weight : v;
}

/* eight lines across as light as the print's valleys, two to four pixels wide */
static double scratched(draw *d, place p, double v)
{
    uint64_t s = (uint64_t)(int64_t)(d->a[0] * 1e9);
    for (int k = 0; k < 8; k++) {
        double sine, cosine, at = uniform(&s, -0.4, 0.4) * d->in->width, wide = uniform(&s, 1, 2.2);
        finger_sincos(uniform(&s, 0, FINGER_PI), &sine, &cosine);
        double away = cosine * (p.x - d->in->width / 2.0) + sine * (p.y - d->in->height / 2.0) - at;
        if (away > -wide && away < wide) return d->light;
    }
    return v;
}

typedef struct change {
    const char *name;
    place (*from)(const draw *d, place p);
    double (*grey)(draw *d, place p, double v);
    uint32_t width, height; /* of the new image; 0: as the old one's, in the new scale */
    double scale;
} change;

static const change changes[] = {
    {.name = "none"},
    {.name = "contrast-0.4", .grey = weak},
    {.name = "contrast-0.2", .grey = weaker},
    {.name = "brighter", .grey = bright},
    {.name = "darker", .grey = dark},
    {.name = "gamma-0.5", .grey = light_gamma},
    {.name = "gamma-2", .grey = heavy_gamma},
    {.name = "shaded", .grey = shaded},
    {.name = "noise", .grey = noisy},
    {.name = "blur", .grey = blurred},
    {.name = "dry", .grey = dried},
    {.name = "wet", .grey = wetted},
    {.name = "scratches", .grey = scratched},
    {.name = "lines", .grey = lined},
    {.name = "ghost", .grey = ghosted},
    {.name = "reversed", .grey = reversed},
    {.name = "turned", .from = turned},
    {.name = "elastic", .from = elastic},
    {.name = "twisted", .from = twisted},
    {.name = "stretched", .from = stretched},
    {.name = "550-ppi", .from = larger, .scale = 1.1},
    {.name = "450-ppi", .from = smaller, .scale = 1 / 1.1},
    {.name = "canvas", .width = 640, .height = 480},
    {.name = "middle", .grey = middle_of},
    {.name = "part", .grey = window_of},
};

const char *finger_change_name(size_t i) { return i < sizeof changes / sizeof *changes ? changes[i].name : NULL; }

/* the middle grey of the border */
static double border_of(const ent_image *g)
{
    size_t histogram[256] = {0}, n = 0, seen = 0;
    for (uint32_t x = 0; x < g->width; x++) histogram[g->pixels[x]]++, histogram[g->pixels[(size_t)(g->height - 1) * g->width + x]]++, n += 2;
    for (uint32_t y = 0; y < g->height; y++) histogram[g->pixels[(size_t)y * g->width]]++, histogram[g->pixels[(size_t)(y + 1) * g->width - 1]]++, n += 2;
    for (int v = 0; v < 256; v++)
        if ((seen += histogram[v]) * 2 >= n) return v;
    return 255;
}

static double light_of(const ent_image *g)
{
    size_t histogram[256] = {0}, all = (size_t)g->width * g->height, seen = 0;
    for (size_t i = 0; i < all; i++) histogram[g->pixels[i]]++;
    for (int v = 255; v > 0; v--)
        if ((seen += histogram[v]) * 10 >= all) return v;
    return 0;
}

bool finger_change(const ent_image *grey, const char *name, uint64_t number, ent_image *ret)
{
    const change *c = NULL;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        if (!strcmp(changes[i].name, name)) c = &changes[i];
    if (!c) return false;
    double scale = c->scale > 0 ? c->scale : 1;
    uint32_t w = c->width ? c->width : (uint32_t)(grey->width * scale), h = c->height ? c->height : (uint32_t)(grey->height * scale);
    ent_image out;
    if (ent_image_new(w, h, 1, &out, NULL) != ENT_OK) return false;
    draw d = {.in = grey, .seed = number * 2654435761u + 7, .border = border_of(grey), .light = light_of(grey)};
    for (int k = 0; k < 8; k++) d.a[k] = uniform(&d.seed, -1, 1);
    bool moved = c->from || c->width;
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            place p = {x, y};
            double v = moved ? 0 : grey->pixels[(size_t)y * w + x];
            if (moved) {
                p = (place){p.x - w / 2.0, p.y - h / 2.0};
                if (c->from) p = c->from(&d, p);
                p = (place){p.x + grey->width / 2.0, p.y + grey->height / 2.0};
                v = old_grey(&d, p.x, p.y);
            }
            if (c->grey) v = c->grey(&d, p, v);
            out.pixels[(size_t)y * w + x] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    *ret = out;
    return true;
}
