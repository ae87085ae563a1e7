/* entente evaluate face and fusion on people that the test makes: templates with more or less noise, score files; no model, no picture. argv[1]: entente. */
#include "base/test.h"

#include "entente/face.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PERSONS = 60, EACH = 6, DIMENSION = 64 };

static char folder[64], program[4096];

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

/* Roughly normal, deviation 1. */
static double normal(uint64_t *s)
{
    double sum = 0;
    for (int i = 0; i < 12; i++) sum += next(s) / 4294967296.0;
    return sum - 6;
}

static FILE *open_file(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    if (!f) fail_msg("%s", path);
    return f;
}

/* Half of the people vary half as much again as the others. */
static void write_people(void)
{
    static const uint8_t model[8] = "evaltest";
    uint64_t seed = 4;
    FILE *groups = open_file("groups.csv");
    for (int p = 0; p < PERSONS; p++) {
        float base[DIMENSION], v[DIMENSION];
        double noise = p % 2 ? 0.20 : 0.14;
        for (int i = 0; i < DIMENSION; i++) base[i] = (float)(normal(&seed) / 8);
        for (int k = 1; k <= EACH; k++) {
            uint8_t bytes[ENT_FACE_TEMPLATE_MAX];
            size_t len;
            char name[64];
            for (int i = 0; i < DIMENSION; i++) v[i] = base[i] + (float)(noise * normal(&seed));
            assert_int_equal(ent_face_quantise(v, DIMENSION, model, 20 + 10 * k, bytes, &len, NULL), ENT_OK);
            snprintf(name, sizeof name, "people/person%d_%d.entf", p, k);
            FILE *f = open_file(name);
            assert_int_equal(fwrite(bytes, 1, len, f), len);
            fclose(f);
        }
        fprintf(groups, "person%d,%s\n", p, p % 2 ? "south & west" : "north");
    }
    fprintf(groups, "nobody,elsewhere\n");
    fclose(groups);
}

static double kept(double v)
{
    return v < 0 ? 0 : v;
}

/* Score files as evaluate writes them; `what`: the kinds' middles and deviations. */
static void write_scores(const char *name, const char *ending, const double what[4], double least, uint64_t seed)
{
    enum { MANY = 24, SHOTS = 4 };
    FILE *f = open_file(name);
    fprintf(f, "kind,a,b,score\n");
    for (int a = 0; a < MANY * SHOTS; a++)
        for (int b = a + 1; b < MANY * SHOTS; b++) {
            bool same = a / SHOTS == b / SHOTS;
            double v = what[same ? 0 : 2] + what[same ? 1 : 3] * normal(&seed);
            fprintf(f, "%s,x%d_%d%s,x%d_%d%s,%.5f\n", same ? "genuine" : "impostor", a / SHOTS, a % SHOTS + 1, ending, b / SHOTS, b % SHOTS + 1, ending, least + kept(v - least));
        }
    fclose(f);
}

static const char card[] = "face-model: judge\n"
                           "detector: { file: x.onnx, sha256: 00000000000000000000000000000000000000000000000000000000000000aa, width: 320, height: 240, mean: 127, scale: 128, order: rgb, threshold: 0.6 }\n"
                           "landmarks: { file: x.onnx, sha256: 00000000000000000000000000000000000000000000000000000000000000bb, width: 64, height: 64, mean: 0, scale: 256, order: grey }\n"
                           "embedding:\n"
                           "  - { file: x.onnx, sha256: 00000000000000000000000000000000000000000000000000000000000000cc, width: 112, height: 112, mean: 127, scale: 128, order: rgb, dimension: 64, weight: 1, flip: false }\n"
                           "calibration: { middle: 0.39, offset: 0.9, slope: 17, bound: 4.5, below: 2, inward: 0.2, outward: 1.6 }\n"
                           "fusion: { offset: 0.5, prints: 1.5, face: 1.3 }\n";

static int make_folder(void **state)
{
    char path[160];
    (void)state;
    strcpy(folder, "/tmp/entente-evaluate-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/people", folder);
    if (mkdir(path, 0700)) return -1;
    write_people();
    write_scores("prints.csv", ".png", (const double[]){75, 28, 8, 9}, 0, 5);
    write_scores("faces.csv", "", (const double[]){0.5, 0.15, 0.02, 0.1}, -1, 6);
    FILE *f = open_file("card.yaml"), *g = open_file("x.onnx");
    fputs(card, f), fputs("x", g);
    fclose(f), fclose(g);
    return 0;
}

static int drop_folder(void **state)
{
    char command[160];
    (void)state;
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

/* What a command says, and how it ends. */
static int run(const char *arguments, char *ret, size_t cap)
{
    char command[8192];
    snprintf(command, sizeof command, "cd '%s' && '%s' %s 2>&1", folder, program, arguments);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(ret, 1, cap - 1, f);
    ret[n] = 0;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static json_t *run_json(const char *arguments)
{
    static char text[1 << 16];
    if (run(arguments, text, sizeof text)) fail_msg("%s: %s", arguments, text);
    json_t *o = json_loads(text, 0, NULL);
    if (!o) fail_msg("%s: %s", arguments, text);
    return o;
}

static double number(const json_t *o, const char *a, const char *b)
{
    const json_t *v = json_object_get(o, a);
    return json_number_value(b ? json_object_get(v, b) : v);
}

/* Groups of which one is recognised far worse are told apart at one threshold, with intervals, and warned of; not when the factor that is asked for
 * is larger than what lies between them. */
static void groups_are_told_apart(void **state)
{
    (void)state;
    json_t *o = run_json("evaluate face people --groups groups.csv --json"), *groups = json_object_get(o, "groups"), *g;
    size_t i;
    double fnmr[2] = {0, 0};
    assert_int_equal(json_array_size(groups), 2);
    assert_int_equal((int)number(o, "pictures", NULL), PERSONS * EACH);
    json_array_foreach(groups, i, g)
    {
        bool south = strcmp(json_string_value(json_object_get(g, "group")), "south & west") == 0;
        json_t *r = json_object_get(g, "fnmr");
        fnmr[south] = number(r, "value", NULL);
        assert_true(number(r, "low", NULL) <= fnmr[south] && fnmr[south] <= number(r, "high", NULL) && number(r, "low", NULL) < number(r, "high", NULL));
        assert_true(json_is_true(json_object_get(g, "fnmr-measurable")));
        assert_int_equal((int)number(g, "genuine", NULL), PERSONS / 2 * EACH * (EACH - 1) / 2);
    }
    assert_true(fnmr[1] > 2.2 * fnmr[0]);
    assert_int_equal(json_array_size(json_object_get(o, "warnings")), 1);
    assert_non_null(strstr(json_string_value(json_array_get(json_object_get(o, "warnings"), 0)), "FNMR of the groups differs"));
    json_decref(o);
    o = run_json("evaluate face people --groups groups.csv --factor 90 --json");
    assert_int_equal(json_array_size(json_object_get(o, "warnings")), 0);
    json_decref(o);
}

/* The plot shows the groups by their names, escaped; a file that names nobody, and a factor that is none, are refused in words. */
static void plots_and_refuses(void **state)
{
    static char text[1 << 16];
    (void)state;
    assert_int_equal(run("evaluate face people --groups groups.csv --plot out.svg && cat out.svg", text, sizeof text), 0);
    assert_non_null(strstr(text, "south &amp; west"));
    assert_non_null(strstr(text, "Errors against pictures refused"));
    assert_int_equal(run("evaluate face people --groups card.yaml", text, sizeof text), 2);
    assert_non_null(strstr(text, "no line person,group names a person"));
    assert_int_equal(run("evaluate face people --groups groups.csv --factor 1", text, sizeof text), 2);
    assert_int_equal(run("evaluate face nowhere", text, sizeof text), 4);
}

/* A calibration that was fitted on half of the people is judged on the other half, both ways. */
static void calibrations_are_judged_on_others(void **state)
{
    (void)state;
    json_t *o = run_json("evaluate face people --calibrate --json"), *held = json_object_get(o, "held-out");
    assert_int_equal(json_array_size(held), 2);
    for (size_t i = 0; i < 2; i++) {
        json_t *h = json_array_get(held, i);
        assert_true(number(h, "cllr", NULL) > 0 && number(h, "cllr", NULL) < 0.6);
        assert_true(number(h, "calibration", "slope") > 0 && number(h, "calibration", "slope") != number(o, "calibration", "slope"));
    }
    json_decref(o);
}

/* Prints and faces whose errors are independent are better together than each alone, and the same seed gives the same answer. */
static void together_is_better(void **state)
{
    const char *command = "evaluate fusion --prints prints.csv --faces faces.csv --model card.yaml --draws 12 --json";
    (void)state;
    json_t *o = run_json(command), *again = run_json(command), *ways = json_object_get(o, "ways");
    assert_true(json_equal(o, again));
    assert_int_equal(json_array_size(ways), 5);
    double fnir[5]; /* prints, face, summed, as the card weighs, weighed by others */
    for (size_t i = 0; i < 5; i++) fnir[i] = number(json_array_get(ways, i), "fnir", "value");
    assert_true(fnir[0] > 0.05 && fnir[1] > 0.05); /* each alone misses some */
    for (size_t i = 2; i < 5; i++) assert_true(fnir[i] < fnir[0] / 2 && fnir[i] < fnir[1] / 2);
    assert_true(json_is_true(json_object_get(o, "both-beats-each-alone")));
    for (size_t i = 0; i < 3; i++) assert_true(json_real_value(json_array_get(json_array_get(json_object_get(o, "fitted"), 0), i)) != 0);
    assert_int_equal((int)number(o, "searches", NULL), 12 * 24 * 3);
    json_decref(o), json_decref(again);
}

/* Two fingers are better than one; files that are none of evaluate's are refused in words. */
static void fingers_add_up(void **state)
{
    static char text[1 << 16];
    (void)state;
    json_t *one = run_json("evaluate fusion --prints prints.csv --faces faces.csv --model card.yaml --draws 6 --json");
    json_t *two = run_json("evaluate fusion --prints prints.csv --faces faces.csv --model card.yaml --draws 6 --fingers 2 --json");
    assert_true(number(json_array_get(json_object_get(two, "ways"), 0), "fnir", "value") < number(json_array_get(json_object_get(one, "ways"), 0), "fnir", "value") / 2);
    json_decref(one), json_decref(two);
    assert_int_equal(run("evaluate fusion --prints groups.csv --faces faces.csv --model card.yaml", text, sizeof text), 4);
    assert_non_null(strstr(text, "the first line does not name a, b and score"));
    assert_int_equal(run("evaluate fusion --prints prints.csv --faces faces.csv --model card.yaml --fingers 10", text, sizeof text), 2);
    assert_non_null(strstr(text, "chimeric persons can be made"));
    assert_int_equal(run("evaluate fusion --faces faces.csv", text, sizeof text), 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(groups_are_told_apart), cmocka_unit_test(plots_and_refuses), cmocka_unit_test(calibrations_are_judged_on_others), cmocka_unit_test(together_is_better),
                                       cmocka_unit_test(fingers_add_up)};
    if (argc < 2 || !realpath(argv[1], program)) return 77;
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
