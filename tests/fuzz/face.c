#include "fuzz.h"

#include "face/template.h"

/* What reads as a template is what a writer makes of its own values, byte for byte; it matches itself fully, and a gallery finds it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static face_vector v;
    static float values[ENT_FACE_DIMENSION_MAX];
    uint8_t again[ENT_FACE_TEMPLATE_MAX];
    size_t len = 0, found = 0;
    double score = 0;
    ent_face_gallery *g = NULL;
    ent_face_hit hit = {0};
    if (face_vector_read(data, size, &v, NULL) != ENT_OK) return 0;
    for (uint32_t i = 0; i < v.dimension; i++) values[i] = v.value[i];
    fuzz_promise(ent_face_quantise(values, v.dimension, v.model, v.quality, again, &len, NULL) == ENT_OK);
    fuzz_promise(len == size && memcmp(again, data, size) == 0);
    fuzz_promise(ent_face_match(data, size, again, len, &score, NULL) == ENT_OK && score > 0.999999 && score < 1.000001);
    fuzz_promise(ent_face_gallery_new(1, &g, NULL) == ENT_OK && ent_face_gallery_add(g, 7, 1, data, size, NULL) == ENT_OK);
    fuzz_promise(ent_face_gallery_search(g, &(ent_face_probe){data, size}, 1, 1, 1, &hit, &found, NULL) == ENT_OK && found == 1 && hit.id == 7 && hit.score == score);
    ent_face_gallery_free(g);
    return 0;
}
