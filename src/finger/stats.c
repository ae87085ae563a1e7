#include "finger/stats.h"

#include <stdlib.h>
#include <string.h>

static int by_score(const void *a, const void *b)
{
    const ent_pair *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return (int)x->genuine - (int)y->genuine; /* of equal scores impostors first: ties count against us */
}

typedef struct point_rates {
    double eer, fnmr[4];
    size_t eer_errors, errors[4];
} point_rates;

/* From the highest score down: what is accepted so far gives FMR, what is left FNMR. */
static bool rates_at(const ent_pair *p, size_t count, const uint32_t *weight, point_rates *ret)
{
    static const double limits[4] = {0.01, 0.001, 0.0001, 0};
    double genuine = 0, impostor = 0, accepted = 0, false_accepted = 0, last_gap = 2;
    for (size_t i = 0; i < count; i++) {
        double w = p[i].genuine ? weight[p[i].a] : (double)weight[p[i].a] * weight[p[i].b];
        *(p[i].genuine ? &genuine : &impostor) += w;
    }
    if (!(genuine > 0) || !(impostor > 0)) return false;
    for (int k = 0; k < 4; k++) ret->fnmr[k] = 1, ret->errors[k] = (size_t)genuine;
    ret->eer = 0;
    for (size_t i = 0; i <= count; i++) {
        bool step = i == count || i == 0 || p[i].score != p[i - 1].score || p[i].genuine != p[i - 1].genuine;
        if (step) {
            double fmr = false_accepted / impostor, fnmr = 1 - accepted / genuine, gap = fmr > fnmr ? fmr - fnmr : fnmr - fmr;
            for (int k = 0; k < 4; k++)
                if (fmr <= limits[k] && fnmr < ret->fnmr[k]) ret->fnmr[k] = fnmr, ret->errors[k] = (size_t)(genuine - accepted + 0.5);
            if (gap < last_gap) last_gap = gap, ret->eer = (fmr + fnmr) / 2, ret->eer_errors = (size_t)(genuine - accepted + 0.5);
        }
        if (i == count) break;
        if (p[i].genuine) accepted += weight[p[i].a];
        else false_accepted += (double)weight[p[i].a] * weight[p[i].b];
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void interval(double *values, size_t n, ent_rate *rate)
{
    if (!n) return;
    qsort(values, n, sizeof *values, by_value);
    rate->low = values[n * 25 / 1000];
    rate->high = values[n * 975 / 1000 < n ? n * 975 / 1000 : n - 1];
}

static uint32_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

static ent_code bootstrap(const ent_pair *pairs, size_t count, uint32_t fingers, unsigned samples, uint32_t *weight, ent_rate *rates[5], ent_err *err)
{
    double *values = calloc((size_t)samples * 5 + 1, sizeof *values);
    uint64_t seed = 20260310;
    size_t n = 0;
    if (!values) return ent_fail(err, ENT_NO_MEMORY, "out of memory for a bootstrap");
    for (unsigned s = 0; s < samples; s++) {
        point_rates r;
        memset(weight, 0, fingers * sizeof *weight);
        for (uint32_t f = 0; f < fingers; f++) weight[(uint64_t)next(&seed) * fingers >> 32]++;
        if (!rates_at(pairs, count, weight, &r)) continue;
        values[n] = r.eer;
        for (int k = 0; k < 4; k++) values[(size_t)(k + 1) * samples + n] = r.fnmr[k];
        n++;
    }
    for (int k = 0; k < 5; k++) interval(values + (size_t)k * samples, n, rates[k]);
    free(values);
    return ENT_OK;
}

ent_code ent_rate_of(const ent_trial *trials, size_t count, uint32_t fingers, unsigned samples, ent_rate *ret, ent_err *err)
{
    ent_rate r = {0};
    uint64_t seed = 20260310;
    size_t n = 0;
    uint32_t *weight = calloc(fingers + 1, sizeof *weight);
    double *values = calloc(samples + 1, sizeof *values);
    ent_code code = !weight || !values ? ent_fail(err, ENT_NO_MEMORY, "out of memory for a bootstrap") : count ? ENT_OK : ent_fail(err, ENT_USAGE, "there is nothing to take a share of");
    for (size_t i = 0; i < count; i++) r.errors += trials[i].wrong;
    for (unsigned s = 0; s < samples && code == ENT_OK; s++) {
        double all = 0, wrong = 0;
        memset(weight, 0, fingers * sizeof *weight);
        for (uint32_t f = 0; f < fingers; f++) weight[(uint64_t)next(&seed) * fingers >> 32]++;
        for (size_t i = 0; i < count; i++) all += weight[trials[i].finger], wrong += trials[i].wrong ? weight[trials[i].finger] : 0;
        if (all > 0) values[n++] = wrong / all;
    }
    if (code == ENT_OK) {
        r.value = (double)r.errors / (double)count;
        interval(values, n, &r);
        *ret = r;
    }
    free(weight);
    free(values);
    return code;
}

ent_code ent_rates_of(ent_pair *pairs, size_t count, uint32_t fingers, unsigned samples, ent_rates *ret, ent_err *err)
{
    ent_rates r = {0};
    point_rates all;
    uint32_t *weight = calloc(fingers + 1, sizeof *weight);
    if (!weight) return ent_fail(err, ENT_NO_MEMORY, "out of memory for error rates");
    for (uint32_t f = 0; f < fingers; f++) weight[f] = 1;
    for (size_t i = 0; i < count; i++) *(pairs[i].genuine ? &r.genuine : &r.impostor) += 1;
    qsort(pairs, count, sizeof *pairs, by_score);
    ent_rate *rates[5] = {&r.eer, &r.fnmr_100, &r.fnmr_1000, &r.fnmr_10000, &r.fnmr_zero};
    ent_code code = rates_at(pairs, count, weight, &all) ? ENT_OK : ent_fail(err, ENT_USAGE, "error rates need fingers with two impressions, and two fingers");
    if (code == ENT_OK) {
        for (int k = 0; k < 5; k++) *rates[k] = (ent_rate){.value = k ? all.fnmr[k - 1] : all.eer, .errors = k ? all.errors[k - 1] : all.eer_errors};
        if (samples) code = bootstrap(pairs, count, fingers, samples, weight, rates, err);
    }
    free(weight);
    if (code == ENT_OK) *ret = r;
    return code;
}

/* The highest score that too many impostors reach: what is accepted lies above. */
static float threshold_at(const ent_pair *pairs, size_t count, double limit)
{
    size_t impostors = 0, above = 0;
    for (size_t i = 0; i < count; i++) impostors += !pairs[i].genuine;
    for (size_t i = 0; i < count; i++)
        if (!pairs[i].genuine && (double)++above > limit * (double)impostors) return pairs[i].score;
    return -1;
}

size_t ent_reject_curve(ent_pair *pairs, size_t count, ent_reject ret[ENT_REJECT_MAX])
{
    size_t of[256] = {0}, missed[256] = {0}, genuine = 0, errors = 0, n = 0;
    qsort(pairs, count, sizeof *pairs, by_score);
    float threshold = threshold_at(pairs, count, 0.001);
    for (size_t i = 0; i < count; i++) {
        if (!pairs[i].genuine) continue;
        bool miss = !(pairs[i].score > threshold);
        genuine++, errors += miss;
        of[pairs[i].quality]++, missed[pairs[i].quality] += miss;
    }
    if (threshold < 0) return 0;
    size_t all = genuine;
    for (int q = 0; q < 256 && n < ENT_REJECT_MAX; q++) {
        if (!of[q]) continue;
        ret[n++] = (ent_reject){(double)(all - genuine) / (double)all, (double)errors / (double)genuine, errors, genuine, q};
        genuine -= of[q], errors -= missed[q];
    }
    return n;
}
