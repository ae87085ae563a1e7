/* Every row of the tables is broken in every way that it forbids, in every edition, and each break must be told at that field;
 * what the row allows (each code, both ends of each range, the shortest and the longest) must not be. */
#include "base/test.h"

#include "build.h"
#include "entente/itl_check.h"
#include "good.h"

typedef struct told {
    unsigned type;
    uint32_t field;
    size_t there, elsewhere; /* faults of level 1: at the field, at others */
    size_t related;          /* of level 2, at the field */
    char text[160];          /* the first one at the field; then the first elsewhere */
} told;

static void keep(void *ctx, const ent_itl_fault *f)
{
    told *t = ctx;
    if (f->level == 0) return;
    bool there = f->type == t->type && f->field == t->field;
    if (f->level == 2) {
        t->related += there;
        return;
    }
    if (!t->there && !t->elsewhere) snprintf(t->text, sizeof t->text, "%u.%03u %.120s", f->type, f->field, f->text);
    there ? t->there++ : t->elsewhere++;
}

typedef struct bench {
    const char *version;
    unsigned edition, type;
    const ent_itl_field_rule *row;
    size_t broken, kept, wrong;
} bench;

/* The good transaction of that type with the field set to value (NULL: left out). */
static told check(const bench *b, const char *value)
{
    const made_field changes[] = {{b->row->number, value}, {0, NULL}};
    told t = {.type = b->type, .field = b->row->number};
    const ent_itl_sink sink = {keep, &t};
    ent_itl_check_result r;
    ENT_AUTO_BUF file = ENT_BUF(1 << 22);
    made_transaction(b->version, b->type == 1 ? 2 : b->type, b->type, changes, &file);
    assert_int_equal(ent_itl_check(file.data, file.len, NULL, &sink, &r, NULL), ENT_OK);
    return t;
}

static void report(bench *b, const char *what, const char *value, const told *t)
{
    if (b->wrong++ < 40) printf("%s %u.%03u %s, %s \"%.60s\": %s\n", b->version, b->type, b->row->number, b->row->name, what, value ? value : "(left out)", t->text[0] ? t->text : "nothing told");
}

static void must_tell(bench *b, const char *what, const char *value)
{
    told t = check(b, value);
    b->broken++;
    if (!t.there && !t.related) report(b, what, value, &t);
    else if (t.elsewhere) report(b, "told elsewhere too", value, &t);
}

static void must_not(bench *b, const char *what, const char *value)
{
    told t = check(b, value);
    b->kept++;
    if (t.there || t.elsewhere) report(b, what, value, &t);
}

enum { CAP = 1 << 17 };

static void with_item(bench *b, const char *what, size_t at, const char *value, void (*expect)(bench *, const char *, const char *))
{
    static char text[CAP];
    good_subfield(b->row, at, value, text);
    expect(b, what, text);
}

static bool listed(const ent_itl_item_rule *rule, const char *value) { return !rule->ok || ent_itl_value_in(rule->ok, (const uint8_t *)value, strlen(value)); }

/* A value of the wrong characters, as long as a right one. */
static bool wrong_characters(const ent_itl_item_rule *rule, char *ret)
{
    static const char wrong[] = {[SET_A] = '1', [SET_N] = 'x', [SET_AN] = '#', [SET_AS] = '1', [SET_NS] = 'x', [SET_ANS] = 0x7f, [SET_AN_] = '#', [SET_U] = 0x7f, [SET_H] = 'G', [SET_B64] = '#',
                                 [SET_DATE] = 'x', [SET_GMT] = 'x', [SET_RES] = 'x', [SET_DUI] = '~', [SET_ZONE] = '~', [SET_TIME] = '~', [SET_PATH] = 'x', [SET_LINE] = 'x'};
    if (rule->set == SET_BIN) return false;
    good_item(rule, 0, ret);
    ret[0] = wrong[rule->set];
    return true;
}

static void break_codes(bench *b, size_t i)
{
    const ent_itl_item_rule *rule = &b->row->items[i];
    char value[64];
    for (const char *at = rule->ok; at;) {
        size_t n = strcspn(at, "|");
        const char *dots = memmem(at, n, "..", 2);
        if (dots) {
            double ends[2] = {strtod(at, NULL), strtod(dots + 2, NULL)};
            for (int k = 0; k < 2; k++) {
                if ((k == 0 && *at == '*') || (k == 1 && dots[2] == '*')) continue;
                snprintf(value, sizeof value, "%.10g", ends[k]);
                if (strlen(value) >= rule->min && (!rule->max || strlen(value) <= rule->max) && !rule->relate) with_item(b, "an end of the range", i, value, must_not);
                snprintf(value, sizeof value, "%.10g", k ? ends[k] + 1 : ends[k] - 1);
                if (!listed(rule, value)) with_item(b, "past the range", i, value, must_tell);
            }
        } else if (!rule->relate && strcmp(rule->name, "BYC") != 0) {
            snprintf(value, sizeof value, "%.*s", (int)n, at);
            if (*value) with_item(b, "a code of the list", i, value, must_not);
        }
        at = at[n] ? at + n + 1 : NULL;
    }
    if (rule->ok && rule->set != SET_N && rule->set != SET_NS) {
        good_characters(rule->set, rule->max && rule->max < 40 ? rule->max : 5, value);
        value[0] = rule->set == SET_H ? '9' : 'Q';
        if (!listed(rule, value)) with_item(b, "a code that is not in the list", i, value, must_tell);
    }
}

static void break_length(bench *b, size_t i)
{
    static char value[60000];
    const ent_itl_item_rule *rule = &b->row->items[i];
    if (!good_of_any_length(rule->set)) return;
    if (rule->min > 1) good_characters(rule->set, rule->min - 1u, value), with_item(b, "too short", i, value, must_tell);
    if (rule->max && rule->max < sizeof value - 1) good_characters(rule->set, rule->max + 1u, value), with_item(b, "too long", i, value, must_tell);
    if (rule->ok || rule->relate) return;
    good_characters(rule->set, rule->min ? rule->min : 1, value);
    with_item(b, "the shortest", i, value, must_not);
    if (rule->max && rule->max < sizeof value) good_characters(rule->set, rule->max, value), with_item(b, "the longest", i, value, must_not);
}

static void break_items(bench *b)
{
    const ent_itl_field_rule *row = b->row;
    bool open_ended = row->items[row->item_count - 1].relate == RELATE_MANY;
    for (size_t i = 0; i < row->item_count; i++) {
        char value[256];
        if (wrong_characters(&row->items[i], value)) with_item(b, "the wrong characters", i, value, must_tell);
        if (row->items[i].need == 'M' && (row->item_count > 1 || i > 0)) with_item(b, "an empty item", i, "", must_tell);
        if (row->items[i].need != 'M') with_item(b, "an empty item that may be", i, "", must_not);
        break_codes(b, i);
        break_length(b, i);
    }
    for (size_t i = 0; i < row->item_count; i++) open_ended |= row->items[i].relate == RELATE_POINTS;
    static char text[CAP];
    good_subfield(row, SIZE_MAX, NULL, text);
    strcat(text, "|1");
    if (!open_ended) must_tell(b, "an item too many", text);
}

static void break_occurrence(bench *b)
{
    static char one[CAP], many[1 << 20];
    good_subfield(b->row, SIZE_MAX, NULL, one);
    if (!b->row->max || b->row->max > 1000) return;
    char *end = many;
    for (size_t i = 0; i <= b->row->max; i++) end += sprintf(end, "%s%s", i ? "^" : "", one);
    must_tell(b, "a subfield too many", many);
    end[-(long)strlen(one) - 1] = 0;
    must_not(b, "as many subfields as may be", many);
}

static void break_row(bench *b)
{
    static char text[CAP];
    if (b->row->need == 'X') {
        must_tell(b, "a reserved field", "1");
        return;
    }
    if (b->row->item_count == 0 || b->row->items[0].set == SET_BIN) return;
    good_subfield(b->row, SIZE_MAX, NULL, text);
    must_not(b, "a good value", text);
    must_tell(b, "an empty field", "");
    if (b->row->need == 'M') must_tell(b, "a missing field", NULL);
    break_items(b);
    break_occurrence(b);
}

static void tables(void **state)
{
    static const struct {
        const char *version;
        unsigned edition;
    } editions[] = {{"0400", ED07}, {"0500", ED11}, {"0501", ED13}, {"0502", ED15}};
    static const unsigned types[] = {1, 9, 10, 13, 14, 15, 17};
    size_t wrong = 0;
    (void)state;
    for (size_t e = 0; e < 4; e++) {
        size_t broken = 0, kept = 0;
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            const ent_itl_record_rule *rules = ent_itl_rules_of(types[i]);
            for (size_t k = 0; k < rules->own_count + rules->shared_count; k++) {
                const ent_itl_field_rule *row = k < rules->own_count ? &rules->own[k] : &rules->shared[k - rules->own_count];
                bench b = {.version = editions[e].version, .edition = editions[e].edition, .type = types[i], .row = row};
                /* LEN, IDC and CNT are the reader's, and a row of the type's own hides a shared one */
                if (row->number <= 3 && (row->number < 3 || types[i] == 1)) continue;
                if (!(row->editions & b.edition) || ent_itl_field_rule_of(rules, row->number, b.edition) != row) continue;
                break_row(&b);
                broken += b.broken;
                kept += b.kept;
                wrong += b.wrong;
            }
        }
        printf("version %s: %zu breaks, %zu allowed values\n", editions[e].version, broken, kept);
        assert_true(broken > 500 && kept > 300);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
