/* What a face adds to prints, on chimeric persons: real prints and real faces, paired at random with a fixed seed, since no public set has both of one person.
 * Scores come from files that `evaluate finger` and `evaluate face` wrote, so nothing is extracted twice.
 *
 * A draw gives each person K fingers and a face. First impressions and the first picture are enrolled; every other impression, with another picture, is
 * searched twice: with its own entry in the gallery (is it found?) and without (is anybody?). FPIR and FNIR are those of ISO/IEC 19795-1 for a
 * threshold. Draws share fingers, so intervals are by bootstrap over the persons' first fingers, all draws of one together. */
#include "cli/act.h"
#include "cli/commands.h"

#include "entente/face_model.h"
#include "flow/decision/decision.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES_MAX = 6000, FINGERS_MAX = 10, DRAWS_MAX = 1000, BOOTSTRAP = 200, LINE_MAX_BYTES = 512 };

#define FPIR 1e-3
#define NEVER -1e9 /* no hit, whatever is allowed */
#define PRIOR 1e-3 /* of the fit: as for the calibration of each by itself (src/face/rates.c) */

static const ent_cmd_help help = {
    .usage = "evaluate fusion --prints FINGER.csv --faces FACE.csv [--fingers K] [--draws N] [--seed N] [--model CARD] [--json]",
    .about = "FNIR at FPIR 0.1 % of prints alone, of faces alone and of both, on chimeric persons: the prints of FINGER.csv (evaluate finger DIR --scores, one\n"
             "folder) and the faces of FACE.csv (evaluate face DIR --scores), paired at random with a fixed seed, N times. Every comparison is decided by the node's\n"
             "own rule; the threshold is its limit of false hits. `both` weighs prints and face as the model's card says, `summed` adds their ratios, `crossed` weighs\n"
             "them by logistic regression on the joint scores of one half of the persons and is judged on the other. The fit on all persons is printed, for the card.\n"
             "Intervals: bootstrap over persons.",
    .example = "entente evaluate fusion --prints fingers.csv --faces faces.csv --fingers 2 --draws 50"};

/* ---- scores ---- */

typedef struct sample {
    char name[100];
    uint32_t who;
    unsigned number;
} sample;

typedef struct scores {
    sample *s;
    size_t count;
    float *score; /* SAMPLES_MAX is too many for all: count x count once all names are known */
    uint32_t persons;
    uint32_t *first, *many; /* samples of each person, in order of their numbers */
} scores;

typedef struct table {
    const char *path;
    FILE *f;
    unsigned a, b, score; /* columns */
    char line[LINE_MAX_BYTES];
    char *field[8];
} table;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const sample *)a)->name, ((const sample *)b)->name);
}

static int by_person(const void *a, const void *b)
{
    const sample *x = a, *y = b;
    size_t n = (size_t)(strrchr(x->name, '_') - x->name), m = (size_t)(strrchr(y->name, '_') - y->name);
    int c = strncmp(x->name, y->name, n < m ? n : m);
    if (!c) c = (n > m) - (n < m);
    return c ? c : (x->number > y->number) - (x->number < y->number);
}

/* The next line in fields. false at the end. */
static bool next_line(table *t)
{
    if (!fgets(t->line, sizeof t->line, t->f)) return false;
    t->line[strcspn(t->line, "\r\n")] = 0;
    char *at = t->line;
    for (int k = 0; k < 8; k++) {
        t->field[k] = at;
        char *comma = strchr(at, ',');
        if (comma) *comma = 0, at = comma + 1;
        else at += strlen(at);
    }
    return true;
}

static ent_code open_table(const char *path, table *t, ent_err *err)
{
    *t = (table){.path = path, .f = fopen(path, "r"), .a = 9, .b = 9, .score = 9};
    if (!t->f) return ent_fail(err, ENT_NOT_FOUND, "%s: %s", path, strerror(errno));
    if (next_line(t))
        for (unsigned k = 0; k < 8; k++) {
            if (strcmp(t->field[k], "a") == 0) t->a = k;
            if (strcmp(t->field[k], "b") == 0) t->b = k;
            if (strcmp(t->field[k], "score") == 0) t->score = k;
        }
    return t->a < 8 && t->b < 8 && t->score < 8 ? ENT_OK : ent_fail(err, ENT_FORMAT, "%s: the first line does not name a, b and score: it is no file of evaluate --scores", path);
}

static ent_code take_name(scores *s, const char *path, const char *name, ent_err *err)
{
    sample key = {.who = 0};
    const char *under = strrchr(name, '_');
    if (strlen(name) >= sizeof key.name || !under || under == name) return ent_fail(err, ENT_FORMAT, "%s: \"%s\" is no PERSON_NUMBER", path, name);
    memcpy(key.name, name, strlen(name) + 1);
    key.number = (unsigned)strtoul(under + 1, NULL, 10);
    if (s->count && strcmp(s->s[s->count - 1].name, name) == 0) return ENT_OK;
    if (bsearch(&key, s->s, s->count, sizeof key, by_name)) return ENT_OK;
    if (s->count == SAMPLES_MAX) return ent_fail(err, ENT_TOO_LARGE, "%s: more than %d samples; evaluate a part of the set", path, SAMPLES_MAX);
    size_t at = s->count++;
    while (at > 0 && strcmp(s->s[at - 1].name, name) > 0) s->s[at] = s->s[at - 1], at--;
    s->s[at] = key;
    return ENT_OK;
}

static float *cell(const scores *s, size_t a, size_t b)
{
    return &s->score[a * s->count + b];
}

static ent_code take_scores(scores *s, table *t, ent_err *err)
{
    sample a = {.who = 0}, b = a;
    while (next_line(t)) {
        char *end;
        float v = strtof(t->field[t->score], &end);
        if (end == t->field[t->score] || *end || strlen(t->field[t->a]) >= sizeof a.name || strlen(t->field[t->b]) >= sizeof b.name) return ent_fail(err, ENT_FORMAT, "%s: a line without a score", t->path);
        memcpy(a.name, t->field[t->a], strlen(t->field[t->a]) + 1), memcpy(b.name, t->field[t->b], strlen(t->field[t->b]) + 1);
        const sample *x = bsearch(&a, s->s, s->count, sizeof a, by_name), *y = bsearch(&b, s->s, s->count, sizeof b, by_name);
        if (!x || !y) return ent_fail(err, ENT_FORMAT, "%s: it changed while it was read", t->path);
        *cell(s, (size_t)(x - s->s), (size_t)(y - s->s)) = *cell(s, (size_t)(y - s->s), (size_t)(x - s->s)) = v;
    }
    return ENT_OK;
}

/* Names in order of persons and numbers, and the scores with them. */
static ent_code group(scores *s, const char *path, ent_err *err)
{
    sample *named = malloc((s->count + 1) * sizeof *named);
    float *moved = malloc((s->count * s->count + 1) * sizeof *moved);
    size_t *from = malloc((s->count + 1) * sizeof *from);
    s->first = calloc(s->count + 1, sizeof *s->first), s->many = calloc(s->count + 1, sizeof *s->many);
    bool room = named && moved && from && s->first && s->many;
    if (room) {
        memcpy(named, s->s, s->count * sizeof *named);
        qsort(s->s, s->count, sizeof *s->s, by_person);
        for (size_t i = 0; i < s->count; i++) from[i] = (size_t)((sample *)bsearch(&s->s[i], named, s->count, sizeof *named, by_name) - named);
        for (size_t i = 0; i < s->count * s->count; i++) moved[i] = s->score[from[i / s->count] * s->count + from[i % s->count]];
        for (size_t i = 0; i < s->count; i++) {
            size_t n = (size_t)(strrchr(s->s[i].name, '_') - s->s[i].name) + 1;
            if (i == 0 || strncmp(s->s[i].name, s->s[i - 1].name, n) != 0) s->first[s->persons++] = (uint32_t)i;
            s->s[i].who = s->persons - 1, s->many[s->persons - 1]++;
        }
        free(s->score);
        s->score = moved, moved = NULL;
    }
    free(named), free(moved), free(from);
    if (!room) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu samples", s->count);
    for (size_t i = 0; i < s->count * s->count; i++)
        if (i / s->count != i % s->count && isnan(s->score[i]))
            return ent_fail(err, ENT_USAGE, "%s: %s and %s were not compared. One folder only, and every pair (evaluate finger: --protocol full)", path, s->s[i / s->count].name, s->s[i % s->count].name);
    return ENT_OK;
}

static ent_code read_scores(const char *path, scores *s, ent_err *err)
{
    table t;
    ent_code code = open_table(path, &t, err);
    s->s = calloc(SAMPLES_MAX, sizeof *s->s);
    if (code == ENT_OK && !s->s) code = ent_fail(err, ENT_NO_MEMORY, "out of memory");
    while (code == ENT_OK && next_line(&t)) {
        code = take_name(s, path, t.field[t.a], err);
        if (code == ENT_OK) code = take_name(s, path, t.field[t.b], err);
    }
    if (code == ENT_OK) {
        s->score = malloc((s->count * s->count + 1) * sizeof *s->score);
        for (size_t i = 0; s->score && i < s->count * s->count; i++) s->score[i] = NAN;
        rewind(t.f);
        code = !s->score ? ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu samples", s->count) : next_line(&t) ? take_scores(s, &t, err) : ENT_OK;
    }
    if (t.f) fclose(t.f);
    return code == ENT_OK ? group(s, path, err) : code;
}

static void drop_scores(scores *s)
{
    free(s->s), free(s->score), free(s->first), free(s->many);
}

/* ---- chimeric persons ---- */

enum { PRINTS, FACE, SUMMED, BOTH, CROSSED, WAYS };

static const char *const way_name[WAYS] = {"prints", "face", "summed", "both", "crossed"};

typedef struct person {
    uint32_t finger[FINGERS_MAX], face; /* persons of the two sets */
} person;

/* log10 ratios of one comparison, each as the node claims it. */
typedef struct pair {
    float prints, face;
    uint8_t halves; /* a bit for the half of each of its two persons */
    bool same;
} pair;

typedef struct trial {
    uint32_t who;          /* the person's first finger */
    double own[WAYS], other[WAYS]; /* the best other's */
} trial;

typedef struct experiment {
    scores prints, faces;
    ent_face_calibration calibration;
    ent_face_fusion card, half[2], all;
    unsigned fingers, draws;
    uint64_t seed;
    person *person; /* draws x persons */
    pair *pair;
    trial *trial;
    size_t persons, pairs, trials;
} experiment;

static uint32_t next(uint64_t *s)
{
    uint64_t z = *s += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

static void shuffle(uint32_t *v, size_t n, uint64_t *seed)
{
    for (size_t i = n; i > 1; i--) {
        size_t k = (uint64_t)next(seed) * i >> 32;
        uint32_t kept = v[i - 1];
        v[i - 1] = v[k], v[k] = kept;
    }
}

/* Persons of a set with at least two samples. */
static size_t usable(const scores *s, uint32_t *ret)
{
    size_t n = 0;
    for (uint32_t i = 0; i < s->persons; i++)
        if (s->many[i] >= 2) ret[n++] = i;
    return n;
}

static ent_code draw_persons(experiment *x, ent_err *err)
{
    uint32_t *finger = calloc(x->prints.persons + 1, sizeof *finger), *face = calloc(x->faces.persons + 1, sizeof *face);
    uint64_t seed = x->seed;
    if (!finger || !face) {
        free(finger), free(face);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    }
    size_t fingers = usable(&x->prints, finger), faces = usable(&x->faces, face);
    x->persons = fingers / x->fingers < faces ? fingers / x->fingers : faces;
    x->person = calloc(x->persons * x->draws + 1, sizeof *x->person);
    for (unsigned d = 0; x->person && d < x->draws; d++) {
        shuffle(finger, fingers, &seed), shuffle(face, faces, &seed);
        for (size_t i = 0; i < x->persons; i++) {
            person *p = &x->person[d * x->persons + i];
            p->face = face[i];
            for (unsigned k = 0; k < x->fingers; k++) p->finger[k] = finger[i * x->fingers + k];
        }
    }
    free(finger), free(face);
    if (!x->person) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu persons", x->persons);
    return x->persons >= 4 ? ENT_OK : ent_fail(err, ENT_USAGE, "%zu chimeric persons can be made of these files; four are needed, each with %u fingers of two impressions and a face of two pictures", x->persons, x->fingers);
}

/* Impression t + 1 of a probe's fingers and another picture of its face, against a gallery entry's first ones; every finger is known. */
static ent_evidence compare(const experiment *x, const person *probe, unsigned t, const person *entry)
{
    ent_finger_table prints = {.rows = x->fingers, .columns = x->fingers};
    ent_evidence e = {.prints = x->fingers, .compared = x->persons, .with_face = true};
    for (unsigned k = 0; k < x->fingers; k++) {
        uint32_t f = probe->finger[k], many = x->prints.many[f] - 1;
        prints.row_finger[k] = prints.column_finger[k] = (uint8_t)(k + 1);
        prints.score[k][k] = (double)*cell(&x->prints, x->prints.first[f] + 1 + t % many, x->prints.first[entry->finger[k]]);
    }
    ent_evidence_fingers(&prints, &e);
    uint32_t many = x->faces.many[probe->face] - 1;
    double cosine = (double)*cell(&x->faces, x->faces.first[probe->face] + 1 + t % many, x->faces.first[entry->face]);
    e.face = ent_face_llr(&x->calibration, cosine < -1 ? -1 : cosine); /* no template: the least that a face can say */
    return e;
}

static unsigned searches(const experiment *x, const person *p)
{
    return x->prints.many[p->finger[0]] - 1;
}

static unsigned half_of(const person *p)
{
    return p->finger[0] & 1;
}

/* ---- the fit ---- */

static ent_code compare_all(experiment *x, ent_err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < x->draws * x->persons; i++) most += searches(x, &x->person[i]) * x->persons;
    x->pair = malloc((most + 1) * sizeof *x->pair);
    if (!x->pair) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu comparisons", most);
    for (size_t d = 0; d < x->draws; d++, ent_cli_progress("comparing", d, x->draws))
        for (size_t i = 0; i < x->persons; i++) {
            const person *p = &x->person[d * x->persons + i], *q = &x->person[d * x->persons];
            for (unsigned t = 0; t < searches(x, p); t++)
                for (size_t j = 0; j < x->persons; j++) {
                    ent_evidence e = compare(x, p, t, &q[j]);
                    x->pair[x->pairs++] = (pair){.prints = (float)ent_finger_llr_several(e.finger, e.fingers, e.ways).ratio, .face = (float)e.face.ratio,
                                                 .halves = (uint8_t)(1u << half_of(p) | 1u << half_of(&q[j])), .same = i == j};
                }
        }
    return ENT_OK;
}

typedef struct normal {
    double gradient[3], hessian[3][3];
} normal;

static void add_pair(normal *n, const double w[3], const pair *p, double weight)
{
    const double v[3] = {1, (double)p->prints, (double)p->face};
    double sum = log(PRIOR / (1 - PRIOR));
    for (int i = 0; i < 3; i++) sum += w[i] * v[i] * log(10);
    double q = 1 / (1 + exp(-sum));
    for (int i = 0; i < 3; i++) {
        n->gradient[i] += weight * (p->same - q) * v[i] * log(10);
        for (int k = 0; k < 3; k++) n->hessian[i][k] += weight * q * (1 - q) * v[i] * v[k] * log(10) * log(10);
    }
}

/* Cramer's rule; the pull keeps it regular. */
static void solve(const normal *n, double ret[3])
{
    double h[3][3];
    for (int i = 0; i < 9; i++) h[i / 3][i % 3] = n->hessian[i / 3][i % 3] + (i % 4 == 0 ? 1e-9 : 0);
    double det = 0;
    for (int i = 0; i < 3; i++) det += h[0][i] * (h[1][(i + 1) % 3] * h[2][(i + 2) % 3] - h[1][(i + 2) % 3] * h[2][(i + 1) % 3]);
    for (int k = 0; k < 3; k++) {
        double m[3][3], top = 0;
        memcpy(m, h, sizeof m);
        for (int i = 0; i < 3; i++) m[i][k] = n->gradient[i];
        for (int i = 0; i < 3; i++) top += m[0][i] * (m[1][(i + 1) % 3] * m[2][(i + 2) % 3] - m[1][(i + 2) % 3] * m[2][(i + 1) % 3]);
        ret[k] = det != 0 ? top / det : 0;
    }
}

/* Newton's method over the pairs of which both persons are of these halves; the two kinds of pair weigh PRIOR to 1 - PRIOR, however many there are of each. */
static ent_face_fusion fit(const experiment *x, uint8_t halves)
{
    double w[3] = {0, 1, 1}, many[2] = {0};
    for (size_t i = 0; i < x->pairs; i++) many[x->pair[i].same] += !(x->pair[i].halves & ~halves);
    for (int round = 0; round < 40; round++) {
        normal n = {.gradient = {0}};
        double step[3], size = 0;
        for (size_t i = 0; i < x->pairs; i++)
            if (!(x->pair[i].halves & ~halves)) add_pair(&n, w, &x->pair[i], (x->pair[i].same ? PRIOR : 1 - PRIOR) / many[x->pair[i].same]);
        solve(&n, step);
        for (int i = 0; i < 3; i++) size += fabs(step[i]);
        for (int i = 0; i < 3; i++) w[i] += step[i] * (size > 0.5 ? 0.5 / size : 1);
        if (size < 1e-6) break;
    }
    return (ent_face_fusion){.fitted = true, .offset = w[0], .prints = w[1] > 0 ? w[1] : 0, .face = w[2] > 0 ? w[2] : 0};
}

/* ---- searches ---- */

/* How much must be allowed before this evidence is a hit, as -log10: what the threshold is set on. */
static double decided(ent_evidence e, bool face_alone, const ent_face_fusion *fusion)
{
    const ent_flow strictest = {.per_day = 1, .false_hits_per_day = 1e-300, .face_alone = face_alone};
    if (fusion) e.fusion = *fusion;
    ent_decision d = ent_decide(&strictest, &e);
    return d.ratio > 0 ? -log10(d.expected_false_hits) : NEVER;
}

static void decide_all(const experiment *x, const person *p, const ent_evidence *e, double ret[WAYS])
{
    ent_evidence prints = *e, face = *e;
    prints.with_face = false, face.fingers = 0;
    ret[PRINTS] = decided(prints, false, NULL), ret[FACE] = decided(face, true, NULL), ret[SUMMED] = decided(*e, false, NULL);
    ret[BOTH] = decided(*e, false, &x->card), ret[CROSSED] = decided(*e, false, &x->half[!half_of(p)]); /* of the persons that it was not fitted on */
}

static ent_code search_all(experiment *x, ent_err *err)
{
    size_t most = 0;
    for (size_t i = 0; i < x->draws * x->persons; i++) most += searches(x, &x->person[i]);
    x->trial = calloc(most + 1, sizeof *x->trial);
    if (!x->trial) return ent_fail(err, ENT_NO_MEMORY, "out of memory for %zu searches", most);
    for (size_t d = 0; d < x->draws; d++, ent_cli_progress("searching", d, x->draws))
        for (size_t i = 0; i < x->persons; i++) {
            const person *p = &x->person[d * x->persons + i];
            for (unsigned t = 0; t < searches(x, p); t++) {
                trial *r = &x->trial[x->trials++];
                *r = (trial){.who = p->finger[0], .other = {NEVER, NEVER, NEVER, NEVER, NEVER}};
                for (size_t j = 0; j < x->persons; j++) {
                    double v[WAYS];
                    ent_evidence e = compare(x, p, t, &x->person[d * x->persons + j]);
                    decide_all(x, p, &e, v);
                    for (int w = 0; w < WAYS; w++)
                        if (i == j) r->own[w] = v[w];
                        else if (v[w] > r->other[w]) r->other[w] = v[w];
                }
            }
        }
    return ENT_OK;
}

typedef struct outcome {
    double fnir, threshold, false_positives, misses;
} outcome;

static int falling(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* At the lowest threshold that keeps FPIR; a search scores positive when it is above the threshold. weight: how often each person's searches count. */
static outcome outcome_of(const experiment *x, int way, const uint32_t *weight, double *scratch)
{
    outcome o = {0};
    double all = 0;
    size_t n = 0;
    for (size_t i = 0; i < x->trials; i++)
        for (uint32_t k = 0; k < weight[x->trial[i].who]; k++) scratch[n++] = x->trial[i].other[way];
    qsort(scratch, n, sizeof *scratch, falling);
    o.threshold = n ? scratch[(size_t)(FPIR * (double)n)] : 0;
    for (size_t i = 0; i < x->trials; i++) {
        double w = weight[x->trial[i].who];
        all += w;
        if (x->trial[i].own[way] <= o.threshold) o.misses += w;
        if (x->trial[i].other[way] > o.threshold) o.false_positives += w;
    }
    o.fnir = all > 0 ? o.misses / all : 0;
    return o;
}

/* ---- what is told ---- */

static json_t *way_json(const experiment *x, int way, const outcome *o, double *samples)
{
    size_t first = 0;
    qsort(samples, BOOTSTRAP, sizeof *samples, falling);
    for (size_t i = 0; i < x->trials; i++) first += x->trial[i].own[way] > x->trial[i].other[way];
    return json_pack("{s:s,s:{s:f,s:f,s:f},s:I,s:I,s:f,s:f,s:b}", "way", way_name[way], "fnir", "value", o->fnir, "low", samples[BOOTSTRAP * 975 / 1000], "high", samples[BOOTSTRAP * 25 / 1000], "misses",
                     (json_int_t)o->misses, "false-positives", (json_int_t)o->false_positives, "threshold", o->threshold, "rank-1", (double)first / (double)x->trials, "measurable",
                     o->misses >= 10 && o->false_positives >= 10);
}

/* Draws persons anew and asks every way the same question, so that the ways can be compared sample by sample. */
static ent_code bootstrap(const experiment *x, json_t *out, ent_err *err)
{
    uint32_t *weight = calloc(x->prints.persons + 1, sizeof *weight);
    double *scratch = malloc((8 * x->trials + 8) * sizeof *scratch), samples[WAYS][BOOTSTRAP], better = 0;
    uint64_t seed = x->seed ^ 77;
    outcome all[WAYS];
    json_t *ways = json_array();
    json_object_set_new(out, "ways", ways);
    if (!weight || !scratch) {
        free(weight), free(scratch);
        return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    }
    for (uint32_t i = 0; i < x->prints.persons; i++) weight[i] = 1;
    for (int w = 0; w < WAYS; w++) all[w] = outcome_of(x, w, weight, scratch);
    for (int s = 0; s < BOOTSTRAP; s++) {
        memset(weight, 0, x->prints.persons * sizeof *weight);
        for (uint32_t i = 0; i < x->prints.persons; i++) {
            uint32_t k = (uint32_t)((uint64_t)next(&seed) * x->prints.persons >> 32);
            if (weight[k] < 8) weight[k]++; /* more than eight of one: once in a million draws */
        }
        for (int w = 0; w < WAYS; w++) samples[w][s] = outcome_of(x, w, weight, scratch).fnir;
        better += samples[BOTH][s] < samples[PRINTS][s] && samples[BOTH][s] < samples[FACE][s];
        ent_cli_progress("bootstrap", (size_t)s + 1, BOOTSTRAP);
    }
    for (int w = 0; w < WAYS; w++) json_array_append_new(ways, way_json(x, w, &all[w], samples[w]));
    json_object_set_new(out, "both-beats-each-alone", json_boolean(all[BOTH].fnir < all[PRINTS].fnir && all[BOTH].fnir < all[FACE].fnir));
    json_object_set_new(out, "share-of-samples", json_real(better / BOOTSTRAP));
    free(weight), free(scratch);
    return ENT_OK;
}

static void print_all(const json_t *out)
{
    size_t i;
    json_t *w;
    printf("%lld chimeric persons with %lld finger%s and a face, %lld draws, %lld searches with and without a mate\n", (long long)json_integer_value(json_object_get(out, "persons")), (long long)json_integer_value(json_object_get(out, "fingers")),
           json_integer_value(json_object_get(out, "fingers")) == 1 ? "" : "s", (long long)json_integer_value(json_object_get(out, "draws")), (long long)json_integer_value(json_object_get(out, "searches")));
    printf("%-8s  %-34s %s\n", "", "FNIR % at FPIR 0.1 %", "rank-1 %");
    json_array_foreach(json_object_get(out, "ways"), i, w)
    {
        json_t *r = json_object_get(w, "fnir");
        char text[80];
        snprintf(text, sizeof text, "%.2f (%.2f to %.2f)%s", 100 * json_real_value(json_object_get(r, "value")), 100 * json_real_value(json_object_get(r, "low")), 100 * json_real_value(json_object_get(r, "high")),
                 json_is_true(json_object_get(w, "measurable")) ? "" : "*");
        printf("%-8s  %-34s %.2f\n", ent_cli_text(w, "way"), text, 100 * json_real_value(json_object_get(w, "rank-1")));
    }
    printf("(* rests on fewer than ten errors of either kind: not measurable)\n");
    printf("both beat each alone: %s, and in %.0f %% of the bootstrap samples\n", json_is_true(json_object_get(out, "both-beats-each-alone")) ? "yes" : "no", 100 * json_real_value(json_object_get(out, "share-of-samples")));
    json_array_foreach(json_object_get(out, "fitted"), i, w)
        printf("%s: { offset: %.2f, prints: %.2f, face: %.2f }\n", i == 0 ? "fusion" : i == 1 ? "fitted on half 1" : "fitted on half 2", json_real_value(json_array_get(w, 0)), json_real_value(json_array_get(w, 1)), json_real_value(json_array_get(w, 2)));
}

static json_t *fusion_json(const ent_face_fusion *f)
{
    return json_pack("[f,f,f]", f->offset, f->prints, f->face);
}

static ent_code run(experiment *x, const char *prints, const char *faces, json_t *out, ent_err *err)
{
    json_t *fitted = json_array();
    json_object_set_new(out, "fitted", fitted);
    ent_code code = read_scores(prints, &x->prints, err);
    if (code == ENT_OK) code = read_scores(faces, &x->faces, err);
    if (code == ENT_OK) code = draw_persons(x, err);
    if (code != ENT_OK) return code;
    code = compare_all(x, err);
    if (code != ENT_OK) return code;
    x->all = fit(x, 3), x->half[0] = fit(x, 1), x->half[1] = fit(x, 2);
    json_array_append_new(fitted, fusion_json(&x->all)), json_array_append_new(fitted, fusion_json(&x->half[0])), json_array_append_new(fitted, fusion_json(&x->half[1]));
    code = search_all(x, err);
    if (code != ENT_OK) return code;
    json_object_set_new(out, "persons", json_integer((json_int_t)x->persons));
    json_object_set_new(out, "fingers", json_integer(x->fingers));
    json_object_set_new(out, "draws", json_integer(x->draws));
    json_object_set_new(out, "searches", json_integer((json_int_t)x->trials));
    json_object_set_new(out, "fpir", json_real(FPIR));
    return bootstrap(x, out, err);
}

static ent_code calibration_of(const char *card, ent_face_calibration *ret, ent_face_fusion *ret_fusion, ent_err *err)
{
    ent_face_model *model;
    ent_code code = ent_face_model_load(card ? card : ent_face_model_default(), &model, err);
    if (code != ENT_OK) return code;
    *ret = ent_face_model_card(model)->calibration, *ret_fusion = ent_face_model_card(model)->fusion;
    ent_face_model_free(model);
    return ret->fitted ? ENT_OK : ent_fail(err, ENT_UNSUPPORTED, "the model has no calibration: entente evaluate face DIR --calibrate prints one for its card");
}

int ent_cli_evaluate_fusion(ent_cli *cli, int argc, char **argv)
{
    const char *prints = NULL, *faces = NULL, *card = NULL, *fingers = "1", *draws = "50", *seed = "1";
    const ent_opt opts[] = {{.name = "--prints", .value = &prints, .hint = "FILE", .help = "scores of prints"}, {.name = "--faces", .value = &faces, .hint = "FILE", .help = "scores of faces"},
                            {.name = "--fingers", .value = &fingers, .hint = "K", .help = "fingers of each person, 1 to 10 (default 1)"}, {.name = "--draws", .value = &draws, .hint = "N", .help = "pairings (default 50)"},
                            {.name = "--seed", .value = &seed, .hint = "N", .help = "of the pairings (default 1)"}, {.name = "--model", .value = &card, .hint = "CARD", .help = "whose calibration faces' scores have"}, {0}};
    ent_err err = {0};
    experiment x = {0};
    int n;
    ent_code code = ent_cli_options(&help, opts, argc, argv, &n);
    if (code != ENT_OK) return code == ENT_NO_HIT ? 0 : 2;
    unsigned long k = strtoul(fingers, NULL, 10), d = strtoul(draws, NULL, 10);
    if (n || !prints || !faces || k < 1 || k > FINGERS_MAX || d < 1 || d > DRAWS_MAX) return ent_cli_usage(&help, "--prints and --faces are needed; --fingers 1 to %d, --draws 1 to %d", FINGERS_MAX, DRAWS_MAX);
    x.fingers = (unsigned)k, x.draws = (unsigned)d, x.seed = strtoull(seed, NULL, 10);
    json_t *out = json_object();
    code = calibration_of(card, &x.calibration, &x.card, &err);
    if (code == ENT_OK) code = run(&x, prints, faces, out, &err);
    if (code == ENT_OK && cli->json) ent_cli_print_json(out);
    else if (code == ENT_OK) print_all(out);
    drop_scores(&x.prints), drop_scores(&x.faces);
    free(x.person), free(x.pair), free(x.trial);
    json_decref(out);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
