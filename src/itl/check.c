/* The conformance check: reads leniently, then walks each record's fields along the tables (level 1), then asks the
 * dependences and relations.c (level 2). */
#include "itl/check.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- telling ---- */

static void pass_on(ent_itl_checking *c, const ent_itl_fault *f)
{
    size_t most = c->options->max_faults ? c->options->max_faults : ENT_LIMIT_ITL_FAULTS;
    if (f->level == 0) c->result->remarks++;
    else if (c->result->faults == most) {
        c->result->cut = true;
        return;
    } else c->result->faults++;
    if (c->sink) c->sink->put(c->sink->ctx, f);
}

void ent_itl_tell(ent_itl_checking *c, ent_itl_place place, uint8_t level, const char *clause, const char *format, ...)
{
    ent_itl_fault f = {.record = c->index + 1, .type = c->r->type, .field = place.field, .subfield = (uint16_t)place.subfield, .item = (uint16_t)place.item, .level = level,
                       .offset = place.at ? (size_t)(place.at - c->bytes) : c->r->offset};
    if (clause) snprintf(f.clause, sizeof f.clause, "%s", clause);
    else snprintf(f.clause, sizeof f.clause, "8.%u", c->r->type);
    va_list args;
    va_start(args, format);
    vsnprintf(f.text, sizeof f.text, format, args);
    va_end(args);
    pass_on(c, &f);
}

static void from_parser(void *ctx, const ent_itl_fault *f) { pass_on(ctx, f); }

/* ---- items ---- */

/* One subfield that is being walked. */
typedef struct walk {
    const ent_itl_field_rule *rule;
    const char *clause;
    ent_itl_place place;
    double before;          /* the number of the item before */
    size_t points, wanted;  /* seen and announced; wanted SIZE_MAX: none announced */
    uint32_t xy[2 * 99];
} walk;

static size_t characters(uint8_t set, const uint8_t *text, size_t n, bool wide)
{
    if (set != SET_U || !wide) return n;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += (text[i] & 0xc0) != 0x80;
    return count;
}

/* A value as it can be printed in a fault. */
static const char *shown(const uint8_t *text, size_t n, char ret[40])
{
    size_t keep = n < 24 ? n : 24;
    for (size_t i = 0; i < keep; i++) ret[i] = text[i] >= 0x20 && text[i] < 0x7f ? (char)text[i] : '?';
    snprintf(ret + keep, 40 - keep, "%s", n > keep ? "..." : "");
    return ret;
}

static void check_coordinate(ent_itl_checking *c, const walk *w, const ent_itl_item_rule *rule, double v)
{
    if (rule->relate == RELATE_ACROSS || rule->relate == RELATE_DOWN) {
        uint32_t most = rule->relate == RELATE_ACROSS ? c->across : c->down;
        if (most && v > most) ent_itl_tell(c, w->place, 2, w->clause, "%s is %.0f, the region of interest (9.300) has %s %u", rule->name, v, rule->relate == RELATE_ACROSS ? "EWI" : "EHI", most);
        return;
    }
    bool is_x = rule->relate == RELATE_X || rule->relate == RELATE_X_AFTER || rule->relate == RELATE_X_NOT_BEFORE;
    uint32_t bound = is_x ? c->width : c->height;
    if (bound && v > bound) ent_itl_tell(c, w->place, 2, w->clause, "%s is %.0f, the image has %s %u", rule->name, v, is_x ? "HLL" : "VLL", bound);
    if ((rule->relate == RELATE_X_AFTER || rule->relate == RELATE_Y_AFTER) && v <= w->before)
        ent_itl_tell(c, w->place, 2, w->clause, "%s is %.0f and must be greater than the coordinate before it, %.0f", rule->name, v, w->before);
    if ((rule->relate == RELATE_X_NOT_BEFORE || rule->relate == RELATE_Y_NOT_BEFORE) && v < w->before)
        ent_itl_tell(c, w->place, 2, w->clause, "%s is %.0f and must not be smaller than the coordinate before it, %.0f", rule->name, v, w->before);
}

static void check_value(ent_itl_checking *c, const walk *w, const ent_itl_item_rule *rule, const uint8_t *text, size_t n)
{
    static const char *const wanted[] = {"letters", "digits", "letters and digits", "letters and special characters", "a number", "printable characters", "letters, digits and spaces",
                                         "characters of the declared encoding", "hexadecimal digits", "base 64", "bytes", "a date YYYYMMDD", "a time YYYYMMDDHHMMSSZ", "nn.nn",
                                         "M and 12 hexadecimal digits, or P and 12 to 15 characters", "a UTM zone and band", "hh:mm:ss.sss", "points x,y-x,y-x,y", "points x,y-x,y"};
    char value[40];
    size_t len = characters(rule->set, text, n, c->wide);
    if (rule->set == SET_BIN) return;
    if (!ent_itl_value_of_set(rule->set, text, n, c->wide)) {
        ent_itl_tell(c, w->place, 1, w->clause, "%s \"%s\": expected %s", rule->name, shown(text, n, value), wanted[rule->set]);
        return;
    }
    if (len < rule->min || (rule->max && len > rule->max)) {
        if (rule->max) ent_itl_tell(c, w->place, 1, w->clause, "%s has %zu characters: expected %u to %u", rule->name, len, rule->min, rule->max);
        else ent_itl_tell(c, w->place, 1, w->clause, "%s has %zu characters: expected at least %u", rule->name, len, rule->min);
        return;
    }
    if (rule->ok && !ent_itl_value_in(rule->ok, text, n)) ent_itl_tell(c, w->place, 1, w->clause, "%s \"%s\": expected %.90s", rule->name, shown(text, n, value), rule->ok);
    else if (rule->set == SET_N && n > 1 && text[0] == '0' && rule->min != rule->max && (c->edition & ED_11ON))
        ent_itl_tell(c, w->place, 1, w->clause, "%s \"%s\": no leading zeros from edition 2011 on", rule->name, shown(text, n, value));
}

static void keep_point(walk *w, const ent_itl_item_rule *rule, double v)
{
    if (w->points / 2 < 99) w->xy[w->points] = (uint32_t)v;
    w->points++;
    (void)rule;
}

static const ent_itl_item_rule *rule_for(const walk *w, size_t k)
{
    const ent_itl_field_rule *f = w->rule;
    size_t last = f->item_count - 1u;
    for (size_t i = 0; i <= last; i++) {
        if (f->items[i].relate == RELATE_POINTS && k > i) {
            size_t pairs = w->wanted == SIZE_MAX ? 0 : w->wanted;
            return k <= i + 2 * pairs || (pairs == 0 && k <= i + 2) ? &f->items[i + 1 + (k - i - 1) % 2] : NULL;
        }
        if (i == k) return &f->items[i];
    }
    return f->items[last].relate == RELATE_MANY ? &f->items[last] : NULL;
}

static void check_item(ent_itl_checking *c, walk *w, size_t k, const uint8_t *text, size_t n)
{
    const ent_itl_item_rule *rule = rule_for(w, k);
    double v = 0;
    w->place.item = w->rule->item_count > 1 ? k + 1 : 0;
    w->place.at = text;
    if (!rule) {
        if (n || k <= w->rule->item_count) ent_itl_tell(c, w->place, 1, w->clause, "more information items than %s has", w->rule->name);
        return;
    }
    if (n == 0) {
        if (rule->need == 'M') ent_itl_tell(c, w->place, 1, w->clause, "%s is empty, and must not be", rule->name);
        w->before = 0;
        return;
    }
    check_value(c, w, rule, text, n);
    if (!ent_itl_value_number(text, n, &v)) return;
    if (rule->relate == RELATE_POINTS) w->wanted = v >= 0 && v <= 99 ? (size_t)v : SIZE_MAX;
    else if (rule->relate != RELATE_NOTHING && rule->relate != RELATE_MANY) {
        check_coordinate(c, w, rule, v);
        if (w->wanted != SIZE_MAX) keep_point(w, rule, v);
    }
    w->before = v;
}

/* A figure's points are as many as announced, and no two are the same (7.7.5). */
static void check_points(ent_itl_checking *c, walk *w)
{
    size_t have = w->points / 2;
    w->place.item = 0;
    if (w->wanted == SIZE_MAX) return;
    if (w->points != 2 * w->wanted) {
        ent_itl_tell(c, w->place, 2, w->clause, "NOP announces %zu points, there are %zu", w->wanted, have);
        return;
    }
    for (size_t i = 0; i < have; i++)
        for (size_t k = 0; k < i; k++)
            if (w->xy[2 * i] == w->xy[2 * k] && w->xy[2 * i + 1] == w->xy[2 * k + 1]) {
                ent_itl_tell(c, w->place, 2, w->clause, "points %zu and %zu of the figure are the same", k + 1, i + 1);
                return;
            }
}

static void check_boundary(ent_itl_checking *c, walk *w, const uint8_t *code, size_t n)
{
    size_t points = w->wanted;
    if (strcmp(w->rule->items[0].name, "BYC") != 0 || n != 1 || points == SIZE_MAX) return;
    const char *expected = code[0] == 'C' && points != 2 ? "a circle has 2" : code[0] == 'E' && points != 3 ? "an ellipse has 3" : code[0] == 'P' && points < 3 ? "a polygon has at least 3" : NULL;
    if (expected) ent_itl_tell(c, w->place, 2, w->clause, "%zu points, and %s", points, expected);
}

static void check_subfield(ent_itl_checking *c, walk *w, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *first = at;
    size_t k = 0;
    w->wanted = SIZE_MAX;
    w->points = 0;
    w->before = 0;
    for (;; k++) {
        const uint8_t *stop = memchr(at, ENT_ITL_US, (size_t)(end - at));
        check_item(c, w, k, at, (size_t)((stop ? stop : end) - at));
        if (!stop) break;
        at = stop + 1;
    }
    w->place.at = first;
    for (size_t i = k + 1; i < w->rule->item_count; i++)
        if (w->rule->items[i].need == 'M') {
            w->place.item = i + 1;
            if (w->wanted == SIZE_MAX || i < w->rule->item_count - 2u) ent_itl_tell(c, w->place, 1, w->clause, "%s is missing", w->rule->items[i].name);
        }
    check_points(c, w);
    const uint8_t *stop = memchr(first, ENT_ITL_US, (size_t)(end - first));
    check_boundary(c, w, first, (size_t)((stop ? stop : end) - first));
}

void ent_itl_check_field(ent_itl_checking *c, const ent_itl_field *f, const ent_itl_field_rule *rule, const char *clause)
{
    const uint8_t *at = f->value, *end = f->value + f->len;
    walk w = {.rule = rule, .clause = clause, .place = {.field = f->number, .at = at}};
    size_t count = 0;
    if (!rule->item_count) return;
    if (f->len == 0) {
        ent_itl_tell(c, w.place, 1, clause, "%s is there and empty", rule->name);
        return;
    }
    if (rule->items[0].set == SET_BIN) return;
    for (;;) {
        const uint8_t *stop = memchr(at, ENT_ITL_RS, (size_t)(end - at));
        count++;
        w.place.subfield = rule->max == 1 && count == 1 && !stop ? 0 : count;
        check_subfield(c, &w, at, stop ? stop : end);
        if (!stop) break;
        at = stop + 1;
    }
    w.place = (ent_itl_place){.field = f->number, .at = f->value};
    if (rule->max && count > rule->max) ent_itl_tell(c, w.place, 1, clause, "%s occurs %zu times: expected at most %u", rule->name, count, rule->max);
}

/* ---- records ---- */

/* Numbers that no edition gives a meaning; what 2013 and 2015 put below 100 is not all known here. */
static bool reserved(const ent_itl_checking *c, uint32_t field)
{
    if (c->edition & ED_TO11) return true;
    return c->r->type == 1 || field >= 52 || c->r->type == 9;
}

static void check_fields(ent_itl_checking *c, const ent_itl_record_rule *rules)
{
    for (size_t i = 0; i < c->r->field_count; i++) {
        const ent_itl_field *f = &c->r->fields[i];
        ent_itl_place place = {.field = f->number, .at = f->value};
        const ent_itl_field_rule *rule = ent_itl_field_rule_of(rules, f->number, c->edition);
        if (ent_itl_field_of(c->r, f->number) != f) ent_itl_tell(c, place, 1, NULL, "the field stands twice in the record");
        if (rule && rule->need != 'X') ent_itl_check_field(c, f, rule, NULL);
        else if (rule || reserved(c, f->number)) ent_itl_tell(c, place, 1, NULL, "the field is reserved in this edition");
        else if (f->len == 0) ent_itl_tell(c, place, 1, NULL, "the field is there and empty");
    }
}

static void check_missing(ent_itl_checking *c, const ent_itl_field_rule *rows, size_t count)
{
    /* LEN, CNT and IDC are the reader's to tell */
    for (size_t i = 0; i < count; i++)
        if (rows[i].number != 1 && rows[i].number != (c->r->type == 1 ? 3 : 2) && rows[i].need == 'M' && (rows[i].editions & c->edition) && !ent_itl_field_of(c->r, rows[i].number))
            ent_itl_tell(c, (ent_itl_place){.field = rows[i].number}, 1, NULL, "%s is missing", rows[i].name);
}

static void check_order(ent_itl_checking *c)
{
    const ent_itl_record *r = c->r;
    if (r->type != 1 && r->field_count > 1 && r->fields[1].number != 2 && ent_itl_field_of(r, 2))
        ent_itl_tell(c, (ent_itl_place){.field = r->fields[1].number, .at = r->fields[1].value}, 1, "B.1.5", "the second field must be IDC (.002)");
    if (r->type == 1 && r->field_count > 2 && (r->fields[1].number != 2 || r->fields[2].number != 3))
        ent_itl_tell(c, (ent_itl_place){.field = r->fields[1].number, .at = r->fields[1].value}, 1, "B.1.5", "a Type-1 record begins with LEN, VER and CNT");
}

/* Where a text goes over to another encoding; NULL: nowhere. */
static const uint8_t *switched(const ent_itl_field *f)
{
    for (size_t k = 0; k < f->len; k++)
        if (f->value[k] == 0x02 || f->value[k] == 0x1b) return f->value + k;
    return NULL;
}

/* The first byte that a text of the transaction may not have, and why; NULL: none. */
static const uint8_t *odd_byte(const ent_itl_checking *c, const ent_itl_field *f, const char **ret_why)
{
    bool ascii = c->r->type == 1 || !c->wide;
    for (size_t k = 0; k < f->len; k++) {
        uint8_t v = f->value[k];
        *ret_why = v >= 0x80 ? "a byte over 127 in a text of 7-bit characters (1.015 declares no other encoding)" : "STX and ETX are reserved";
        if ((v >= 0x80 && ascii) || ((v == 0x02 || v == 0x03) && (ascii || c->utf8) && (c->edition & ED_11ON))) return f->value + k;
    }
    *ret_why = "not UTF-8, which 1.015 declares";
    return !ascii && c->utf8 && !ent_utf8_valid(f->value, f->len) ? f->value : NULL;
}

/* Text is 7 bit unless 1.015 says otherwise, and Type-1 always (5.6). */
static void check_characters(ent_itl_checking *c)
{
    for (size_t i = 0; i < c->r->field_count; i++) {
        const ent_itl_field *f = &c->r->fields[i];
        const char *why;
        if (f->number == 999 && c->r->type >= 9) continue;
        const uint8_t *at = odd_byte(c, f, &why);
        if (at) ent_itl_tell(c, (ent_itl_place){.field = f->number, .at = at}, 1, "5.6", "%s", why);
        /* until 2007 STX and ETX enclose another encoding's text, and ISO/IEC 2022 does it with ESC */
        if (!at && (at = switched(f))) ent_itl_tell(c, (ent_itl_place){.field = f->number, .at = at}, 0, "5.6", "the text switches its encoding, which is not read here: its characters are not looked at");
    }
}

/* An image is in the record or, from 2013 on, in a file that the record names (xx.994). */
static const ent_itl_field *field_or_reference(const ent_itl_checking *c, uint32_t number)
{
    const ent_itl_field *f = ent_itl_field_of(c->r, number);
    return f || number != 999 || !(c->edition & ED_13ON) ? f : ent_itl_field_of(c->r, 994);
}

static bool holds(const ent_itl_checking *c, const ent_itl_dependence *d)
{
    const ent_itl_field *f = d->kind == NEVER ? ent_itl_field_of(c->r, d->on) : field_or_reference(c, d->on);
    return f && (!d->ok || ent_itl_any_item(f, d->item, d->ok));
}

static void check_dependences(ent_itl_checking *c)
{
    size_t count;
    const ent_itl_dependence *all = ent_itl_dependences(&count);
    for (size_t i = 0; i < count; i++) {
        const ent_itl_dependence *d = &all[i];
        if (d->type != c->r->type || !(d->editions & c->edition)) continue;
        const ent_itl_field *f = field_or_reference(c, d->field);
        ent_itl_place place = {.field = d->field, .at = f ? f->value : NULL};
        bool on = holds(c, d);
        const char *is = d->ok ? " is " : "", *ok = d->ok ? d->ok : "";
        if (!f && on && (d->kind == MUST || d->kind == BOTH)) ent_itl_tell(c, place, 2, d->clause, "the field must be there when %u.%03u%s%s%s", d->type, d->on, d->ok ? "" : " is there", is, ok);
        if (f && !on && (d->kind == ONLY || d->kind == BOTH)) ent_itl_tell(c, place, 2, d->clause, "the field may be there only when %u.%03u%s%s%s", d->type, d->on, d->ok ? "" : " is there", is, ok);
        if (f && on && d->kind == NEVER) ent_itl_tell(c, place, 2, d->clause, "the field must not be there beside %u.%03u%s%s", d->type, d->on, d->ok ? " " : "", ok);
    }
}

static void check_tagged(ent_itl_checking *c)
{
    /* of types without a table, what all types share is checked */
    static const ent_itl_record_rule others = {0, ED_ALL, NULL, 0, ent_itl_shared_fields, ENT_ITL_SHARED_COUNT};
    const ent_itl_record_rule *rules = ent_itl_rules_of(c->r->type);
    check_order(c);
    check_characters(c);
    if (rules) {
        check_fields(c, rules);
        check_missing(c, rules->own, rules->own_count);
        check_missing(c, rules->shared, rules->shared_count);
        check_dependences(c);
        return;
    }
    /* voice, dental, trauma and assurance records (11, 12, 22, 98) have other fields from 900 on */
    bool image = c->r->type == 16 || c->r->type == 18 || c->r->type == 19 || c->r->type == 99;
    for (size_t i = 0; i < c->r->field_count; i++) {
        const ent_itl_field *f = &c->r->fields[i];
        const ent_itl_field_rule *rule = (image && f->number > 900) || f->number <= 2 ? ent_itl_field_rule_of(&others, f->number, c->edition) : NULL;
        if (rule) ent_itl_check_field(c, f, rule, NULL);
    }
}

static uint32_t size_of(const ent_itl_record *r, uint32_t field, size_t item)
{
    double v = ent_itl_number_at(r, field, 0, item, 0);
    return v > 0 && v < 1e6 ? (uint32_t)v : 0;
}

void ent_itl_checking_at(ent_itl_checking *c, size_t i)
{
    c->index = i;
    c->r = ent_itl_record_at(c->t, i);
    c->width = size_of(c->r, c->r->type == 9 ? 128 : 6, 0);
    c->height = size_of(c->r, c->r->type == 9 ? 129 : 7, 0);
    c->across = c->r->type == 9 ? size_of(c->r, 300, 0) : 0;
    c->down = c->r->type == 9 ? size_of(c->r, 300, 1) : 0;
}

static void check_record(ent_itl_checking *c, size_t i)
{
    ent_itl_checking_at(c, i);
    if (c->r->type >= 3 && c->r->type <= 8) ent_itl_check_binary(c);
    else check_tagged(c);
    ent_itl_relate_record(c);
}

static void find_edition(ent_itl_checking *c)
{
    const ent_itl_record *first = ent_itl_record_at(c->t, 0);
    ent_itl_text(first, 2, c->result->edition, sizeof c->result->edition);
    c->edition = ent_itl_edition(c->result->edition);
    /* an unknown version is a fault of its row; the latest tables are the best guess for the rest */
    if (!c->edition) c->edition = ED15;
    const ent_itl_field *dcs = ent_itl_field_of(first, 15);
    c->wide = dcs && !ent_itl_item_is(dcs, 0, 0, "0") && !ent_itl_item_is(dcs, 0, 0, "000");
    c->utf8 = ent_itl_encoding(c->t) == 3;
}

ent_code ent_itl_check(const void *bytes, size_t len, const ent_itl_check_options *options, const ent_itl_sink *sink, ent_itl_check_result *ret_result, ent_err *err)
{
    static const ent_itl_check_options none = {0};
    ent_itl_check_result result = {0};
    ent_itl *t = NULL;
    size_t n;
    ent_itl_checking c = {.options = options ? options : &none, .sink = sink, .result = &result};
    const ent_itl_sink parser = {from_parser, &c};
    ent_code code = ent_itl_parse_lenient(bytes, len, &parser, &t, err);
    if (code != ENT_OK) return code;
    c.t = t;
    c.bytes = ent_itl_bytes(t, &n);
    c.r = ent_itl_record_at(t, 0);
    find_edition(&c);
    ent_itl_note_targets(&c);
    for (size_t i = 0; i < ent_itl_count(t); i++) check_record(&c, i);
    c.index = 0;
    c.r = ent_itl_record_at(t, 0);
    ent_itl_relate_all(&c);
    code = c.options->domain ? ent_itl_check_domain(&c, err) : ENT_OK;
    ent_itl_free(t);
    if (code == ENT_OK) *ret_result = result;
    return code;
}

/* ---- what the files ask of records ---- */

double ent_itl_number_at(const ent_itl_record *r, uint32_t field, size_t subfield, size_t item, double fallback)
{
    const ent_itl_field *f = ent_itl_field_of(r, field);
    const uint8_t *text;
    size_t n;
    double v;
    return f && ent_itl_item(f, subfield, item, &text, &n) && ent_itl_value_number(text, n, &v) ? v : fallback;
}

bool ent_itl_any_item(const ent_itl_field *f, size_t item, const char *ok)
{
    const uint8_t *at = f->value, *end = f->value + f->len;
    for (;;) {
        const uint8_t *stop = memchr(at, ENT_ITL_RS, (size_t)(end - at)), *text;
        ent_itl_field one = {f->number, at, (size_t)((stop ? stop : end) - at)};
        size_t n;
        if (ent_itl_item(&one, 0, item, &text, &n) && ent_itl_value_in(ok, text, n)) return true;
        if (!stop) return false;
        at = stop + 1;
    }
}

bool ent_itl_item_is(const ent_itl_field *f, size_t subfield, size_t item, const char *text)
{
    const uint8_t *at;
    size_t n;
    return f && ent_itl_item(f, subfield, item, &at, &n) && n == strlen(text) && memcmp(at, text, n) == 0;
}
