/* An agency's own network, from the file to the template: the test makes one (112 x 112, B G R, its own mean and scale, random weights) as ONNX, writes a
 * card for it, and computes the embedding itself. Skipped where the program has no network runtime. */
#include "base/test.h"

#include "adapter/file/disk.h"
#include "base/buf.h"
#include "crypto/hash.h"
#include "entente/face_model.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIDE = 112, CELL = 16, CELLS = SIDE / CELL, PLANES = 6, DIMENSION = 32, INNER = PLANES * CELLS * CELLS };

#define MEAN 100.0
#define SCALE 80.0

static uint32_t next(uint64_t *s)
{
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*s >> 32);
}

/* ---- ONNX: protocol buffers, written by hand ---- */

static void put_number(ent_buf *b, uint64_t v)
{
    for (; v > 127; v >>= 7) ent_buf_u8(b, (uint8_t)(v | 128));
    ent_buf_u8(b, (uint8_t)v);
}

static void put_field(ent_buf *b, unsigned field, uint64_t v)
{
    put_number(b, field << 3);
    put_number(b, v);
}

static void put_bytes(ent_buf *b, unsigned field, const void *p, size_t n)
{
    put_number(b, field << 3 | 2);
    put_number(b, n);
    ent_buf_put(b, p, n);
}

static void put_text(ent_buf *b, unsigned field, const char *s)
{
    put_bytes(b, field, s, strlen(s));
}

static void put_part(ent_buf *b, unsigned field, ent_buf *part)
{
    put_bytes(b, field, part->data, part->len);
    ent_buf_free(part);
}

/* An attribute of one or several whole numbers. */
static void put_attribute(ent_buf *node, const char *name, const int *v, size_t n)
{
    ent_buf a = ENT_BUF(4096);
    put_text(&a, 1, name);
    for (size_t i = 0; i < n; i++) put_field(&a, n > 1 ? 8 : 3, (uint64_t)v[i]);
    put_field(&a, 20, n > 1 ? 7 : 2);
    put_part(node, 5, &a);
}

static ent_buf node(const char *type, const char *const in[5], const char *out)
{
    ent_buf n = ENT_BUF(4096);
    for (int i = 0; i < 5 && in[i]; i++) put_text(&n, 1, in[i]);
    put_text(&n, 2, out);
    put_text(&n, 3, out);
    put_text(&n, 4, type);
    return n;
}

static void put_tensor(ent_buf *graph, const char *name, const int *dims, size_t rank, const float *v)
{
    ent_buf t = ENT_BUF(1 << 20);
    size_t count = 1;
    for (size_t i = 0; i < rank; i++) put_field(&t, 1, (uint64_t)dims[i]), count *= (size_t)dims[i];
    put_field(&t, 2, 1);
    put_text(&t, 8, name);
    put_bytes(&t, 9, v, count * sizeof *v);
    put_part(graph, 5, &t);
}

static void put_value(ent_buf *graph, unsigned field, const char *name, const int *dims, size_t rank)
{
    ent_buf shape = ENT_BUF(256), tensor = ENT_BUF(256), type = ENT_BUF(256), value = ENT_BUF(256);
    for (size_t i = 0; i < rank; i++) {
        ent_buf d = ENT_BUF(16);
        put_field(&d, 1, (uint64_t)dims[i]);
        put_part(&shape, 1, &d);
    }
    put_field(&tensor, 1, 1);
    put_part(&tensor, 2, &shape);
    put_part(&type, 1, &tensor);
    put_text(&value, 1, name);
    put_part(&value, 2, &type);
    put_part(graph, field, &value);
}

typedef struct weights {
    float conv[PLANES * 3 * CELL * CELL], bias[PLANES], full[DIMENSION * INNER], full_bias[DIMENSION], scale[PLANES], shift[PLANES], mean[PLANES], spread[PLANES], slope[PLANES];
} weights;

static void make_weights(weights *w, uint64_t seed)
{
    float *all = (float *)w;
    for (size_t i = 0; i < sizeof *w / sizeof *all; i++) all[i] = (float)((double)next(&seed) / 2147483648.0 - 1) / 20;
    for (int p = 0; p < PLANES; p++) w->scale[p] += 1, w->spread[p] = 0.5f + w->spread[p] * w->spread[p];
}

/* Convolution of whole cells, normalised, PReLU, flattened, fully connected: small, with the kinds of steps that such networks have. */
static ent_buf make_onnx(const weights *w)
{
    ent_buf model = ENT_BUF(1 << 20), graph = ENT_BUF(1 << 20), set = ENT_BUF(64);
    const int in[4] = {1, 3, SIDE, SIDE}, out[2] = {1, DIMENSION}, cell[2] = {CELL, CELL};
    ent_buf conv = node("Conv", (const char *const[5]){"data", "w", "b"}, "c"), norm = node("BatchNormalization", (const char *const[5]){"c", "s", "h", "m", "p"}, "n");
    ent_buf relu = node("PRelu", (const char *const[5]){"n", "l"}, "r");
    ent_buf flat = node("Flatten", (const char *const[5]){"r"}, "f"), full = node("Gemm", (const char *const[5]){"f", "v", "u"}, "embedding");
    put_attribute(&conv, "kernel_shape", cell, 2);
    put_attribute(&conv, "strides", cell, 2);
    put_attribute(&flat, "axis", &(int){1}, 1);
    put_attribute(&full, "transB", &(int){1}, 1);
    put_part(&graph, 1, &conv), put_part(&graph, 1, &norm), put_part(&graph, 1, &relu), put_part(&graph, 1, &flat), put_part(&graph, 1, &full);
    put_text(&graph, 2, "own");
    put_tensor(&graph, "w", (const int[]){PLANES, 3, CELL, CELL}, 4, w->conv);
    put_tensor(&graph, "b", (const int[]){PLANES}, 1, w->bias);
    put_tensor(&graph, "s", (const int[]){PLANES}, 1, w->scale), put_tensor(&graph, "h", (const int[]){PLANES}, 1, w->shift);
    put_tensor(&graph, "m", (const int[]){PLANES}, 1, w->mean), put_tensor(&graph, "p", (const int[]){PLANES}, 1, w->spread);
    put_tensor(&graph, "l", (const int[]){PLANES, 1, 1}, 3, w->slope);
    put_tensor(&graph, "v", (const int[]){DIMENSION, INNER}, 2, w->full);
    put_tensor(&graph, "u", (const int[]){DIMENSION}, 1, w->full_bias);
    put_value(&graph, 11, "data", in, 4);
    put_value(&graph, 12, "embedding", out, 2);
    put_field(&model, 1, 7);
    put_part(&model, 7, &graph);
    put_text(&set, 1, "");
    put_field(&set, 2, 11);
    put_part(&model, 8, &set);
    assert_int_equal(ent_buf_check(&model, NULL), ENT_OK);
    return model;
}

/* The same by definition, from the crop that the network is to see. */
static void embed_by_hand(const weights *w, const uint8_t *crop, float ret[DIMENSION])
{
    static float inner[INNER];
    for (int p = 0; p < PLANES; p++)
        for (int at = 0; at < CELLS * CELLS; at++) {
            double sum = (double)w->bias[p];
            for (int c = 0; c < 3; c++)
                for (int k = 0; k < CELL * CELL; k++) {
                    int y = at / CELLS * CELL + k / CELL, x = at % CELLS * CELL + k % CELL;
                    sum += (double)w->conv[(p * 3 + c) * CELL * CELL + k] * ((crop[3 * (y * SIDE + x) + 2 - c] - MEAN) / SCALE); /* blue first */
                }
            sum = (sum - (double)w->mean[p]) / sqrt((double)w->spread[p] + 1e-5) * (double)w->scale[p] + (double)w->shift[p];
            inner[p * CELLS * CELLS + at] = (float)(sum > 0 ? sum : sum * (double)w->slope[p]);
        }
    for (int i = 0; i < DIMENSION; i++) {
        double sum = (double)w->full_bias[i];
        for (int k = 0; k < INNER; k++) sum += (double)w->full[i * INNER + k] * (double)inner[k];
        ret[i] = (float)sum;
    }
}

/* ---- the model's folder ---- */

static char folder[64];

static void write_file(const char *name, const void *p, size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void write_card(const char *name, const char *network, const ent_buf *bytes, int dimension, const char *mean)
{
    char text[2048], sum[65];
    uint8_t digest[ENT_SHA256_SIZE];
    ent_sha256(bytes->data, bytes->len, digest);
    for (int i = 0; i < 32; i++) snprintf(sum + 2 * i, 3, "%02x", digest[i]);
    snprintf(text, sizeof text,
             "face-model: own\norigin: made by a test\n"
             "detector: { file: %s, sha256: %s, width: 320, height: 240, mean: 127, scale: 128, order: rgb, threshold: 0.6 }\n"
             "landmarks: { file: %s, sha256: %s, width: 64, height: 64, mean: 0, scale: 256, order: grey }\n"
             "embedding:\n  - { file: %s, sha256: %s, width: %d, height: %d, mean: %s, scale: 80, order: bgr, dimension: %d, weight: 1, flip: false }\n",
             network, sum, network, sum, network, sum, SIDE, SIDE, mean, dimension);
    write_file(name, text, strlen(text));
}

static ent_code open_card(const char *name, ent_face **ret, ent_err *err)
{
    char path[128];
    ent_face_model *model = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ent_code code = ent_face_model_load(path, &model, err);
    if (code == ENT_OK) code = ent_face_model_open(model, ret, err);
    ent_face_model_free(model);
    return code;
}

static bool runtime_missing(ent_code code, const ent_err *err)
{
    return code == ENT_UNSUPPORTED && strstr(err->detail, "built without");
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/entente-own-model-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    static const char *const files[] = {"a.onnx", "b.onnx", "cut.onnx", "a.yaml", "b.yaml", "cut.yaml", "wide.yaml", "other.yaml"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

/* A picture, and a face in it whose five points lie where the aligned crop is the picture's own pixels, moved by 20 and 30. */
static void make_picture(uint8_t *pixels, uint32_t width, uint32_t height, ent_face_found *face)
{
    static const float five[5][2] = {{38.2946f, 51.6963f}, {73.5318f, 51.5014f}, {56.0252f, 71.7366f}, {41.5493f, 92.3655f}, {70.7299f, 92.2041f}};
    uint64_t seed = 9;
    *face = (ent_face_found){.left = 20, .top = 30, .right = 132, .bottom = 142, .confidence = 0.99f};
    for (int i = 0; i < 5; i++) face->five[i][0] = five[i][0] + 20, face->five[i][1] = five[i][1] + 30;
    for (size_t i = 0; i < (size_t)width * height; i++)
        for (int c = 0; c < 3; c++) pixels[3 * i + (size_t)c] = (uint8_t)(40 * c + 20 + (int)(i / 8 * 13 % 90) + (int)(next(&seed) % 30)); /* colours differ: their order shows */
}

static void template_of(ent_face *engine, uint8_t ret[ENT_FACE_TEMPLATE_MAX], size_t *ret_len)
{
    enum { WIDTH = 180, HEIGHT = 170 };
    static uint8_t pixels[WIDTH * HEIGHT * 3];
    ent_face_found face;
    ent_err err = {0};
    make_picture(pixels, WIDTH, HEIGHT, &face);
    ent_face_image in = {pixels, WIDTH, HEIGHT, WIDTH * 3, 3};
    if (ent_face_embed(engine, &in, &face, ret, ret_len, &err)) fail_msg("%s", err.detail);
}

static void by_hand(const weights *w, const ent_face_card *card, uint8_t ret[ENT_FACE_TEMPLATE_MAX], size_t *ret_len)
{
    enum { WIDTH = 180, HEIGHT = 170 };
    static uint8_t pixels[WIDTH * HEIGHT * 3], crop[ENT_FACE_CROP_BYTES];
    ent_face_found face;
    uint8_t id[8];
    float embedding[DIMENSION];
    make_picture(pixels, WIDTH, HEIGHT, &face);
    for (int y = 0; y < SIDE; y++) memcpy(crop + (size_t)y * SIDE * 3, pixels + ((size_t)(y + 30) * WIDTH + 20) * 3, SIDE * 3);
    embed_by_hand(w, crop, embedding);
    ent_face_model_id(card, id);
    assert_int_equal(ent_face_quantise(embedding, DIMENSION, id, 50, ret, ret_len, NULL), ENT_OK);
}

/* The network gets the aligned pixels in the order, with the mean and scale that the card says, and its numbers become the template: the angle to what the
 * test computes is that of rounding. A card that lies about the mean gives another embedding, under another identity. */
static void embeds_as_the_card_says(void **state)
{
    static weights w;
    uint8_t is[ENT_FACE_TEMPLATE_MAX], should[ENT_FACE_TEMPLATE_MAX], wrong[ENT_FACE_TEMPLATE_MAX];
    size_t is_len, should_len, wrong_len;
    ent_face *engine = NULL, *other = NULL;
    ent_err err = {0};
    double score;
    (void)state;
    make_weights(&w, 1);
    ent_buf onnx = make_onnx(&w);
    write_file("a.onnx", onnx.data, onnx.len);
    write_card("a.yaml", "a.onnx", &onnx, DIMENSION, "100");
    write_card("other.yaml", "a.onnx", &onnx, DIMENSION, "0");
    ent_buf_free(&onnx);
    ent_code code = open_card("a.yaml", &engine, &err);
    if (runtime_missing(code, &err)) skip();
    if (code != ENT_OK) fail_msg("%s", err.detail);
    printf("calculated by %s\n", ent_face_runtime(engine, 2));
    assert_string_equal(ent_face_runtime(engine, 2), RUNTIME);
    assert_null(ent_face_runtime(engine, 3));
    template_of(engine, is, &is_len);
    by_hand(&w, ent_face_card_of(engine), should, &should_len);
    assert_int_equal(ent_face_match(is, is_len, should, should_len, &score, NULL), ENT_OK);
    if (score < 0.999999) fail_msg("cosine %.7f", score);
    assert_int_equal(open_card("other.yaml", &other, &err), ENT_OK);
    template_of(other, wrong, &wrong_len);
    assert_int_equal(ent_face_match(is, is_len, wrong, wrong_len, &score, NULL), ENT_UNSUPPORTED);
    memcpy(wrong + 8, is + 8, 8); /* said to be of the same model: the numbers differ all the same */
    assert_int_equal(ent_face_match(is, is_len, wrong, wrong_len, &score, NULL), ENT_OK);
    assert_true(score < 0.99);
    ent_face_close(engine), ent_face_close(other);
}

/* Two networks of one shape are two models: their templates are not compared, and a gallery of the one takes nothing of the other. */
static void galleries_do_not_mix(void **state)
{
    static weights w;
    uint8_t a[ENT_FACE_TEMPLATE_MAX], b[ENT_FACE_TEMPLATE_MAX];
    size_t a_len, b_len, n;
    ent_face *one = NULL, *two = NULL;
    ent_face_gallery *g;
    ent_face_hit hit;
    ent_err err = {0};
    double score;
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        make_weights(&w, 2 + i);
        ent_buf onnx = make_onnx(&w);
        write_file(i ? "b.onnx" : "a.onnx", onnx.data, onnx.len);
        write_card(i ? "b.yaml" : "a.yaml", i ? "b.onnx" : "a.onnx", &onnx, DIMENSION, "100");
        ent_buf_free(&onnx);
    }
    ent_code code = open_card("a.yaml", &one, &err);
    if (runtime_missing(code, &err)) skip();
    assert_int_equal(code, ENT_OK);
    assert_int_equal(open_card("b.yaml", &two, &err), ENT_OK);
    template_of(one, a, &a_len), template_of(two, b, &b_len);
    assert_int_equal(ent_face_match(a, a_len, b, b_len, &score, NULL), ENT_UNSUPPORTED);
    assert_int_equal(ent_face_gallery_new(1, &g, NULL), ENT_OK);
    assert_int_equal(ent_face_gallery_add(g, 1, 1, a, a_len, NULL), ENT_OK);
    assert_int_equal(ent_face_gallery_add(g, 2, 1, b, b_len, NULL), ENT_UNSUPPORTED);
    assert_int_equal(ent_face_gallery_search(g, &(ent_face_probe){b, b_len}, 1, 1, 1, &hit, &n, NULL), ENT_UNSUPPORTED);
    assert_int_equal(ent_face_gallery_count(g), 1);
    ent_face_gallery_free(g);
    ent_face_close(one), ent_face_close(two);
}

/* A network that ends too early, one that is not the card's, and one with another dimension than the card says are refused in words, not crashed on. */
static void refuses_what_does_not_fit(void **state)
{
    static weights w;
    ent_face *engine = NULL;
    ent_err err = {0};
    (void)state;
    make_weights(&w, 5);
    ent_buf onnx = make_onnx(&w), cut = onnx;
    cut.len = onnx.len / 2;
    write_file("a.onnx", onnx.data, onnx.len);
    write_card("wide.yaml", "a.onnx", &onnx, DIMENSION + 1, "100");
    write_file("cut.onnx", cut.data, cut.len);
    write_card("cut.yaml", "cut.onnx", &cut, DIMENSION, "100");
    write_card("a.yaml", "cut.onnx", &onnx, DIMENSION, "100");
    ent_buf_free(&onnx);
    ent_code code = open_card("wide.yaml", &engine, &err);
    if (runtime_missing(code, &err)) skip();
    assert_int_equal(code, ENT_OK);
    static uint8_t pixels[SIDE * SIDE * 3];
    uint8_t t[ENT_FACE_TEMPLATE_MAX];
    size_t len;
    ent_face_found face = {.right = SIDE, .bottom = SIDE, .five = {{38, 51}, {73, 51}, {56, 71}, {41, 92}, {70, 92}}};
    assert_int_equal(ent_face_embed(engine, &(ent_face_image){pixels, SIDE, SIDE, SIDE * 3, 3}, &face, t, &len, &err), ENT_UNSUPPORTED);
    assert_non_null(strstr(err.detail, "33 were expected"));
    ent_face_close(engine);
    engine = NULL;
    assert_int_equal(open_card("cut.yaml", &engine, &err), ENT_UNSUPPORTED);
    assert_int_equal(open_card("a.yaml", &engine, &err), ENT_DAMAGED);
    assert_null(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(embeds_as_the_card_says), cmocka_unit_test(galleries_do_not_mix), cmocka_unit_test(refuses_what_does_not_fit)};
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
