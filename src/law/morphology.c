#include "law/morphology.h"

#include "base/check.h"

#include <stdint.h>
#include <string.h>

static const char *const features[] = {
#define ENT_X(name) #name,
    ENT_FACE_FEATURES(ENT_X)
#undef ENT_X
};
enum { FEATURES = sizeof features / sizeof features[0], WORDS = 4 };

static const char *const words[][WORDS] = {
    [ENT_FORM_SEEN] = {"clear", "limited", "absent", NULL},
    [ENT_FORM_FOUND] = {"same", "explained", "differs", "not-comparable"},
};
enum { SAME, EXPLAINED, DIFFERS, NOT_COMPARABLE };
static const char *const choices[] = {"clear, limited or absent", "same, explained, differs or not-comparable"};

/* One form as it is read: the place of each feature's word in words[step], -1 before it. */
typedef struct form {
    int8_t word[FEATURES];
    size_t len, lines;
} form;

static bool is(const char *text, size_t len, const char *word) { return word && strlen(word) == len && memcmp(text, word, len) == 0; }

static ent_code read_line(const char *line, size_t len, ent_form_step step, form *f, ent_err *err)
{
    const char *colon = memchr(line, ':', len);
    size_t name = colon ? (size_t)(colon - line) : len, value = name + 1;
    int feature = 0, word = 0;
    while (value < len && line[value] == ' ') value++;
    while (len > value && (line[len - 1] == ' ' || line[len - 1] == '\r')) len--;
    while (feature < FEATURES && !is(line, name, features[feature])) feature++;
    if (!colon || feature == FEATURES) return ent_fail(err, ENT_FORMAT, "line %zu of the morphological form names none of its features", f->lines);
    if (f->word[feature] >= 0) return ent_fail(err, ENT_FORMAT, "the form's feature \"%s\" is there twice", features[feature]);
    while (word < WORDS && !is(line + value, len - value, words[step][word])) word++;
    if (word == WORDS) return ent_fail(err, ENT_FORMAT, "the form's feature \"%s\" is %s", features[feature], choices[step]);
    f->word[feature] = (int8_t)word;
    return ENT_OK;
}

static ent_code read_form(const char *text, size_t len, ent_form_step step, form *ret, ent_err *err)
{
    bool begun = false;
    *ret = (form){0};
    memset(ret->word, -1, sizeof ret->word);
    while (ret->len < len) {
        const char *line = text + ret->len, *end = memchr(line, '\n', len - ret->len);
        size_t n = end ? (size_t)(end - line) : len - ret->len, shown = n && line[n - 1] == '\r' ? n - 1 : n;
        if (!begun && !is(line, shown, ENT_FORM_FIRST_LINE)) break;
        ret->len += n + (end != NULL);
        ret->lines++;
        if (begun && !shown) break;
        if (begun) ENT_TRY(read_line(line, n, step, ret, err));
        begun = true;
    }
    if (!begun) return ent_fail(err, ENT_FORMAT, "this case is of a face: the text begins with the morphological form (\"" ENT_FORM_FIRST_LINE "\", then each feature's line)");
    for (int i = 0; i < FEATURES; i++)
        if (ret->word[i] < 0) return ent_fail(err, ENT_FORMAT, "the morphological form does not say \"%s\": %s", features[i], choices[step]);
    return ENT_OK;
}

ent_code ent_form_check(const void *text, size_t len, ent_form_step step, size_t *ret_len, ent_err *err)
{
    form f;
    ENT_TRY(read_form(text, len, step, &f, err));
    if (ret_len) *ret_len = f.len;
    return ENT_OK;
}

ent_code ent_form_allows(const void *text, size_t len, ent_finding finding, ent_err *err)
{
    form f;
    size_t same = 0;
    ENT_TRY(read_form(text, len, ENT_FORM_FOUND, &f, err));
    for (int i = 0; i < FEATURES && finding == ENT_FINDING_IDENTIFIED; i++) {
        same += f.word[i] == SAME;
        if (f.word[i] == DIFFERS) return ent_fail(err, ENT_CONFLICT, "your form says that \"%s\" differs and nothing explains it: that is no identification", features[i]);
    }
    if (finding == ENT_FINDING_IDENTIFIED && !same) return ent_fail(err, ENT_CONFLICT, "your form has no feature in agreement: that is no identification");
    return ENT_OK;
}
