/* The pattern: orientation from the zero-pole model (Sherlock and Monro 1993: each core adds half its angle, each delta takes
 * half), with the classes in about their natural shares; period by a smooth field around 9 pixels; ridges grown out of noise
 * by filtering again and again with a kernel of the local orientation and period, until what was noise is ridges that end
 * and branch where they must. An impression bends, turns and moves it, lets part of it touch, thickens or thins the ridges
 * and adds what sensors add. */
#include "entente/finger_synth.h"

#include "finger/arith.h"
#include "finger/template.h"

#include <stdlib.h>

enum { W = ENT_SYNTH_WIDTH, H = ENT_SYNTH_HEIGHT, R = 7, K = 2 * R + 1, TURNS = 24, PERIODS = 5, ROUNDS = 7 };

struct ent_synth_finger {
    uint64_t seed;
    float ridges[W * H]; /* -1 valley to 1 ridge */
};

/* ---- random numbers: splitmix64 (Steele, Lea, Flood 2014) ---- */

static uint64_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static float uniform(uint64_t *s, float low, float high) { return low + (high - low) * ((float)(next(s) >> 40) * (1.0f / 16777216.0f)); }

/* ---- the pattern ---- */

typedef struct point {
    float x, y;
} point;

typedef struct pattern {
    point core[2], delta[2];
    int cores, deltas;
    float arch;      /* of an arch: how high it is */
    float phase[6];  /* of the fields that make each finger its own */
    float period;    /* mean, pixels */
    float steep;     /* radians a pixel from the axis, by which ridges are steeper than poles and zeros alone would have them */
} pattern;

/* Arch 5 %, loops 62 %, whorls 33 %, as in the population. */
static void draw_pattern(uint64_t *s, pattern *p)
{
    float kind = uniform(s, 0, 1), cx = W * 0.5f + uniform(s, -18, 18), cy = H * 0.45f + uniform(s, -22, 22);
    float side = next(s) & 1 ? 1.0f : -1.0f, away = uniform(s, 70, 110), below = uniform(s, 85, 130);
    *p = (pattern){.arch = uniform(s, 0.7f, 1.3f)};
    for (int i = 0; i < 6; i++) p->phase[i] = uniform(s, 0, 6.28f);
    p->period = uniform(s, 8.0f, 10.2f);
    if (kind < 0.05f) return;
    p->cores = p->deltas = kind < 0.67f ? 1 : 2;
    p->core[0] = (point){cx, cy};
    p->delta[0] = (point){cx + side * away, cy + below};
    if (p->cores == 1) return;
    float apart = uniform(s, 12, 42);
    p->core[1] = (point){cx + uniform(s, -10, 10), cy + apart};
    p->delta[1] = (point){cx - side * uniform(s, 70, 110), cy + uniform(s, 90, 135)};
}

/* A smooth bend of the whole field, so that no two loops lie alike. */
static float bent(const pattern *p, float x, float y)
{
    double a, b, c, unused;
    finger_sincos(x * 0.016 + p->phase[2], &a, &unused);
    finger_sincos(y * 0.014 + p->phase[3], &b, &unused);
    finger_sincos((x + y) * 0.011 + p->phase[4], &c, &unused);
    return 0.13f * (float)(a + b + c);
}

/* Ridges run around the fingertip: away from the core they are the steeper the further to the side. Poles and zeros alone lay them too flat
 * there (Vizcaya and Gerhardt, "A nonlinear orientation model for global description of fingerprints", Pattern Recognition 29, 1996). */
static float around_tip(const pattern *p, float x, float y)
{
    float u = x - (p->cores ? p->core[0].x : W * 0.5f), v = y - (p->cores ? p->core[0].y : H * 0.5f), far = u * u + v * v;
    return p->steep * u * far / (far + 70 * 70);
}

static float orientation(const pattern *p, float x, float y)
{
    if (!p->cores) { /* an arch: flat below, bent in the middle */
        float up = (H * 0.62f - y) / H, across = (x - W * 0.5f) / W;
        up = up < 0 ? 0 : up;
        return -3.0f * p->arch * across * up * 2.2f + bent(p, x, y) + around_tip(p, x, y);
    }
    float a = 0;
    for (int i = 0; i < p->deltas; i++) a += finger_atan2(y - p->delta[i].y, x - p->delta[i].x);
    for (int i = 0; i < p->cores; i++) a -= finger_atan2(y - p->core[i].y, x - p->core[i].x);
    /* y grows downward; half the angle of poles minus zeros, turned so that ridges lie flat far below */
    return -0.5f * a + bent(p, x, y) + around_tip(p, x, y);
}

static float period(const pattern *p, float x, float y)
{
    double a, b, c;
    finger_sincos(x * 0.013 + p->phase[0], &a, &c);
    finger_sincos(y * 0.011 + p->phase[1], &b, &c);
    return p->period + 0.6f * (float)(a + b) + 1.0f * (y > H * 0.7f ? (y - H * 0.7f) / (H * 0.3f) : 0);
}

/* One kernel for each orientation and period: a cosine across the ridges under a round Gaussian, without mean. */
static void make_kernels(float kernels[TURNS][PERIODS][K * K])
{
    for (int t = 0; t < TURNS; t++)
        for (int q = 0; q < PERIODS; q++) {
            double sine, cosine, sum = 0, wave, unused;
            float *k = kernels[t][q];
            finger_sincos(FINGER_PI * t / TURNS, &sine, &cosine);
            for (int y = -R; y <= R; y++)
                for (int x = -R; x <= R; x++) {
                    double across = -x * sine + y * cosine;
                    finger_sincos(2 * FINGER_PI * across / (7.5 + 0.9 * q), &unused, &wave);
                    double v = wave * finger_exp(-(x * x + y * y) / (2 * 3.2 * 3.2));
                    k[(y + R) * K + x + R] = (float)v;
                    sum += v;
                }
            double norm = 0;
            for (int i = 0; i < K * K; i++) k[i] -= (float)(sum / (K * K)), norm += k[i] < 0 ? -(double)k[i] : (double)k[i];
            for (int i = 0; i < K * K; i++) k[i] = (float)((double)k[i] / norm * 3.0);
        }
}

static void grow_once(const float *from, float *to, const uint8_t *which, float kernels[TURNS][PERIODS][K * K])
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const float *k = &kernels[0][0][0] + (size_t)which[y * W + x] * (K * K);
            float sum = 0;
            if (x >= R && y >= R && x < W - R && y < H - R) {
                const float *p = from + (y - R) * W + x - R;
                for (int j = 0; j < K; j++, p += W)
                    for (int i = 0; i < K; i++) sum += k[j * K + i] * p[i];
            } else {
                for (int j = 0; j < K; j++)
                    for (int i = 0; i < K; i++) {
                        int v = finger_min(finger_max(y + j - R, 0), H - 1), u = finger_min(finger_max(x + i - R, 0), W - 1);
                        sum += k[j * K + i] * from[v * W + u];
                    }
            }
            to[y * W + x] = finger_clamp(sum, -1, 1);
        }
}

static void choose_kernels(const pattern *p, uint8_t *which)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            float turn = orientation(p, (float)x, (float)y) * (float)(TURNS / FINGER_PI);
            int t = finger_round(turn) % TURNS, q = finger_round((period(p, (float)x, (float)y) - 7.5f) / 0.9f);
            which[y * W + x] = (uint8_t)((t < 0 ? t + TURNS : t) * PERIODS + finger_min(finger_max(q, 0), PERIODS - 1));
        }
}

typedef struct scratch {
    float other[W * H], kernels[TURNS][PERIODS][K * K];
    uint8_t which[W * H];
} scratch;

ent_code ent_synth_finger_new(uint64_t seed, uint32_t finger, ent_synth_finger **ret_finger, ent_err *err)
{
    ent_synth_finger *f = malloc(sizeof *f);
    scratch *s = malloc(sizeof *s);
    if (!f || !s) {
        free(f);
        free(s);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory for a synthetic finger");
    }
    pattern p;
    f->seed = seed * 0x100000001b3u + finger * 0x9e3779b1u + 1;
    uint64_t random = f->seed;
    draw_pattern(&random, &p);
    make_kernels(s->kernels);
    choose_kernels(&p, s->which);
    for (int i = 0; i < W * H; i++) f->ridges[i] = uniform(&random, -0.25f, 0.25f);
    for (int round = 0; round < ROUNDS; round++) {
        grow_once(f->ridges, s->other, s->which, s->kernels);
        memcpy(f->ridges, s->other, sizeof f->ridges);
    }
    free(s);
    *ret_finger = f;
    return ENT_OK;
}

void ent_synth_finger_free(ent_synth_finger *f) { free(f); }

/* ---- impressions ---- */

typedef struct taking {
    double sine, cosine;
    float dx, dy, bend[6], pressure, noise, dry;
    float cx, cy, rx, ry; /* what touches */
} taking;

static void draw_taking(uint64_t *s, uint32_t impression, taking *t)
{
    float worse = impression ? 1.0f : 0.25f;
    finger_sincos((double)uniform(s, -0.28f, 0.28f) * (double)worse, &t->sine, &t->cosine);
    t->dx = uniform(s, -24, 24) * worse;
    t->dy = uniform(s, -28, 28) * worse;
    for (int i = 0; i < 6; i++) t->bend[i] = uniform(s, -1, 1) * worse;
    t->pressure = uniform(s, -0.3f, 0.3f) * worse;
    t->noise = uniform(s, 0.10f, 0.32f) * (0.5f + 0.5f * worse);
    t->dry = uniform(s, 0, 0.10f) * worse;
    t->cx = W * 0.5f + uniform(s, -20, 20) * worse;
    t->cy = H * 0.5f + uniform(s, -24, 24) * worse;
    t->rx = W * uniform(s, 0.40f, 0.47f);
    t->ry = H * uniform(s, 0.42f, 0.48f);
}

static float sample(const float *ridges, float x, float y)
{
    if (x < 0 || y < 0 || x > W - 2 || y > H - 2) return -1;
    int u = (int)x, v = (int)y;
    float fx = x - (float)u, fy = y - (float)v;
    const float *p = ridges + v * W + u;
    float top = p[0] + (p[1] - p[0]) * fx, bottom = p[W] + (p[W + 1] - p[W]) * fx;
    return top + (bottom - top) * fy;
}

/* Skin stretches smoothly: at most a ridge or so over a finger's width. */
static point source(const taking *t, int x, int y)
{
    double a, b, c, d, unused;
    float u = (float)x - W * 0.5f, v = (float)y - H * 0.5f;
    finger_sincos(u * 0.012 + 3 * (double)t->bend[0], &a, &unused);
    finger_sincos(v * 0.011 + 3 * (double)t->bend[1], &b, &unused);
    finger_sincos(v * 0.013 + 3 * (double)t->bend[2], &c, &unused);
    finger_sincos(u * 0.010 + 3 * (double)t->bend[3], &d, &unused);
    u += 5.0f * t->bend[4] * (float)(a + c);
    v += 5.0f * t->bend[5] * (float)(b + d);
    return (point){(float)t->cosine * u - (float)t->sine * v + W * 0.5f + t->dx, (float)t->sine * u + (float)t->cosine * v + H * 0.5f + t->dy};
}

void ent_synth_impression(const ent_synth_finger *f, uint32_t impression, uint8_t ret_pixels[ENT_SYNTH_WIDTH * ENT_SYNTH_HEIGHT])
{
    taking t;
    uint64_t s = f->seed ^ (0xd1b54a32d192ed03u * (impression + 1));
    draw_taking(&s, impression, &t);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            float ex = ((float)x - t.cx) / t.rx, ey = ((float)y - t.cy) / t.ry, edge = ex * ex + ey * ey;
            point p = source(&t, x, y);
            float v = sample(f->ridges, p.x, p.y) + t.pressure + uniform(&s, -t.noise, t.noise);
            float touch = finger_clamp((1.0f - edge) * 6.0f, 0, 1);
            if (uniform(&s, 0, 1) < t.dry * (0.5f + edge)) touch *= 0.3f;
            float ink = finger_clamp(v * 0.8f + 0.35f, 0, 1) * touch;
            ret_pixels[y * W + x] = (uint8_t)(244.0f - 200.0f * ink - uniform(&s, 0, 8));
        }
}

/* ---- templates without images: a population of millions ---- */

enum { MINUTIAE_MOST = 62, CELL = 16, COLS = (W + CELL - 1) / CELL, ROWS = (H + CELL - 1) / CELL };

/* Where ridges converge one of them has to end: a minutia points the way in which those 24 pixels to either side of it come together, the surer the
 * more they do. Of 20,000 minutiae of real prints where the lines differ by 6 degrees or more 85 % do (decision 079). */
static float chance_of_way(const pattern *p, float x, float y, float turn)
{
    double sine, cosine;
    finger_sincos(turn, &sine, &cosine);
    float nx = -24 * (float)sine, ny = 24 * (float)cosine;
    int together = finger_round((double)(orientation(p, x + nx, y + ny) - orientation(p, x - nx, y - ny)) * (64 / FINGER_PI)) & 63;
    together = finger_min(finger_max(together > 32 ? together - 64 : together, -6), 6);
    return 1 / (1 + finger_exp(-0.4f * (float)together));
}

/* Minutiae as they lie in prints: no two closer than a ridge, half as many at the edge as in the middle, directions along the ridges. */
static int draw_minutiae(uint64_t *s, const pattern *p, ent_finger_minutia *ret)
{
    int wanted = (int)uniform(s, 34, (float)MINUTIAE_MOST), n = 0;
    for (int tries = 0; n < wanted && tries < 40 * MINUTIAE_MOST; tries++) {
        float x = uniform(s, 12, W - 12), y = uniform(s, 12, H - 12), u = (x - W * 0.5f) / (W * 0.47f), v = (y - H * 0.5f) / (H * 0.48f);
        bool close = u * u + v * v > uniform(s, 0, 2);
        for (int i = 0; i < n && !close; i++) {
            float dx = x - ret[i].x, dy = y - ret[i].y;
            close = dx * dx + dy * dy < 100;
        }
        if (close) continue;
        float turn = orientation(p, x, y);
        bool flip = uniform(s, 0, 1) > chance_of_way(p, x, y, turn);
        int angle = finger_round(-(double)turn * (128 / FINGER_PI)) + (flip ? 128 : 0) + finger_round((double)uniform(s, -7, 7));
        ret[n++] = (ent_finger_minutia){.x = (uint16_t)x, .y = (uint16_t)y, .angle = (uint8_t)angle, .kind = (uint8_t)(uniform(s, 0, 1) < 0.55f ? 1 : 2)};
    }
    return n;
}

/* where the master's point lies in the impression: the reverse of source(), near enough for a smooth bend */
static point moved(const taking *t, float x, float y)
{
    float u = x - W * 0.5f - t->dx, v = y - H * 0.5f - t->dy;
    float a = (float)t->cosine * u + (float)t->sine * v, b = -(float)t->sine * u + (float)t->cosine * v;
    point q = {a + W * 0.5f, b + H * 0.5f};
    for (int k = 0; k < 3; k++) {
        point back = source(t, (int)q.x, (int)q.y);
        float ex = x - back.x, ey = y - back.y;
        q.x += (float)t->cosine * ex + (float)t->sine * ey, q.y += -(float)t->sine * ex + (float)t->cosine * ey;
    }
    return q;
}

static bool touches(const taking *t, float x, float y)
{
    float u = (x - t->cx) / t->rx, v = (y - t->cy) / t->ry;
    return u * u + v * v < 1 && x >= 0 && y >= 0 && x < W && y < H;
}

/* What an extraction would have found of them: some are missed, some stand elsewhere, some are none (along the ridges, as what is found is).
 * Best first. */
static size_t take_minutiae(uint64_t *s, const taking *t, const pattern *p, const ent_finger_minutia *master, int count, ent_finger_minutia *ret)
{
    size_t n = 0;
    int turn = finger_round((double)finger_atan2((float)t->sine, (float)t->cosine) * (128 / FINGER_PI));
    for (int i = 0; i < count + 6; i++) {
        ent_finger_minutia m = i < count ? master[i] : (ent_finger_minutia){.x = (uint16_t)uniform(s, 20, W - 20), .y = (uint16_t)uniform(s, 20, H - 20), .kind = 1};
        if (i >= count) m.angle = (uint8_t)(finger_round(-(double)orientation(p, m.x, m.y) * (128 / FINGER_PI)) + (next(s) & 1 ? 128 : 0));
        float miss = uniform(s, 0, 1), jx = uniform(s, -2.5f, 2.5f), jy = uniform(s, -2.5f, 2.5f);
        uint8_t quality = (uint8_t)(2 * (int)uniform(s, i < count ? 20 : 5, i < count ? 48 : 30));
        point q = moved(t, m.x + jx, m.y + jy);
        if (miss < (i < count ? 0.18f : 0.5f) || !touches(t, q.x, q.y)) continue;
        m.x = (uint16_t)q.x, m.y = (uint16_t)q.y, m.angle = (uint8_t)(m.angle + turn + finger_round((double)uniform(s, -5, 5)));
        m.quality = quality;
        size_t k = n++;
        for (; k > 0 && ret[k - 1].quality < m.quality; k--) ret[k] = ret[k - 1];
        ret[k] = m;
    }
    return n;
}

static void take_field(uint64_t *s, const taking *t, const pattern *p, uint8_t *ret)
{
    float turn = finger_atan2((float)t->sine, (float)t->cosine);
    for (int cy = 0; cy < ROWS; cy++)
        for (int cx = 0; cx < COLS; cx++) {
            float x = (float)(cx * CELL) + CELL * 0.5f, y = (float)(cy * CELL) + CELL * 0.5f;
            point q = source(t, (int)x, (int)y);
            float o = (orientation(p, q.x, q.y) - turn) * (float)(64 / FINGER_PI) + uniform(s, -1, 1);
            ret[cy * COLS + cx] = touches(t, x, y) ? (uint8_t)(1 + (finger_round((double)o) & 63)) : 0;
        }
}

ent_code ent_synth_template(uint64_t seed, uint32_t finger, uint32_t impression, ent_finger_template **ret_template, ent_err *err)
{
    pattern p;
    taking t;
    ent_finger_minutia master[MINUTIAE_MOST], taken[MINUTIAE_MOST + 6];
    uint8_t field[COLS * ROWS];
    uint64_t random = (seed ^ 0x5bd1e995u) * 0x100000001b3u + finger * 0x9e3779b1u + 1, s = random ^ (0xd1b54a32d192ed03u * (impression + 1));
    next(&random);
    draw_pattern(&random, &p);
    p.steep = uniform(&random, 0.003f, 0.006f);
    int count = draw_minutiae(&random, &p, master);
    draw_taking(&s, impression, &t);
    size_t n = take_minutiae(&s, &t, &p, master, count, taken);
    if (n == 0) taken[n++] = (ent_finger_minutia){.x = W / 2, .y = H / 2, .kind = 1, .quality = 20};
    take_field(&s, &t, &p, field);
    finger_parts parts = {.width = W, .height = H, .quality = 50, .minutiae = taken, .count = n < FINGER_EXTRACT_MAX ? n : FINGER_EXTRACT_MAX,
                          .coarse = {.cell = CELL, .cols = COLS, .rows = ROWS, .at = field}};
    return finger_template_make(&parts, ret_template, err);
}
