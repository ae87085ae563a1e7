/* Elementary functions from + - * / and sqrt alone, in a fixed order, so that every machine computes the same bits
 * (libm's differ between machines). Angles are in radians unless a name says otherwise. */
#ifndef FINGER_ARITH_H
#define FINGER_ARITH_H

#include <math.h> /* sqrt only */
#include <stdint.h>
#include <string.h>

#define FINGER_PI 3.14159265358979323846

/* Taylor polynomials on [-pi/4, pi/4] after reduction by quarter turns; error below 1e-9 for |a| < 1e6. */
static inline void finger_sincos(double a, double *ret_sin, double *ret_cos)
{
    double q = a * (2 / FINGER_PI);
    long k = (long)(q + (q < 0 ? -0.5 : 0.5));
    double x = a - (double)k * (FINGER_PI / 2), z = x * x;
    double s = x * (1 + z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880)))));
    double c = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800)))));
    switch (k & 3) {
    case 0: *ret_sin = s, *ret_cos = c; break;
    case 1: *ret_sin = c, *ret_cos = -s; break;
    case 2: *ret_sin = -s, *ret_cos = -c; break;
    default: *ret_sin = -c, *ret_cos = s; break;
    }
}

/* Polynomial of degree 9 on [0, 1] (Abramowitz and Stegun 4.4.47); error below 1.2e-5. atan2(0, 0) is 0. */
static inline float finger_atan2(float y, float x)
{
    float ax = x < 0 ? -x : x, ay = y < 0 ? -y : y;
    float big = ax > ay ? ax : ay, small = ax > ay ? ay : ax;
    if (!(big > 0)) return 0;
    float z = small / big, s = z * z;
    float a = z * (0.9998660f + s * (-0.3302995f + s * (0.1801410f + s * (-0.0851330f + s * 0.0208351f))));
    if (ay > ax) a = 1.57079633f - a;
    if (x < 0) a = 3.14159265f - a;
    return y < 0 ? -a : a;
}

/* e^x: 2^k times a polynomial on [-ln 2 / 2, ln 2 / 2]; relative error below 1e-8; 0 below -700, capped above 700. */
static inline double finger_exp(double x)
{
    if (x < -700) return 0;
    if (x > 700) x = 700;
    double q = x * 1.4426950408889634;
    long k = (long)(q + (q < 0 ? -0.5 : 0.5));
    double r = x - (double)k * 0.6931471805599453;
    double p = 1 + r * (1 + r * (1.0 / 2 + r * (1.0 / 6 + r * (1.0 / 24 + r * (1.0 / 120 + r * (1.0 / 720))))));
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* ln x for normal x > 0 by 2 artanh((m - 1) / (m + 1)) on the mantissa. */
static inline double finger_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    long k = (long)((bits >> 52) & 2047) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) m /= 2, k++;
    double t = (m - 1) / (m + 1), z = t * t;
    double s = t * (2 + z * (2.0 / 3 + z * (2.0 / 5 + z * (2.0 / 7 + z * (2.0 / 9 + z * (2.0 / 11))))));
    return s + (double)k * 0.6931471805599453;
}

static inline int finger_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int finger_max(int a, int b)
{
    return a > b ? a : b;
}

static inline float finger_clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

/* nearest integer, halves away from zero */
static inline int finger_round(double v)
{
    return (int)(v + (v < 0 ? -0.5 : 0.5));
}

#endif
