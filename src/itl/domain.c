/* Holding a transaction to a domain's tables. */
#include "itl/domain.h"

#include "itl/check.h"

#include <stdio.h>
#include <string.h>

bool ent_itl_check_letter(uint64_t number, uint8_t letter) { return (uint8_t)"ZABCDEFGHJKLMNPQRTUVWXY"[number % 23] == letter; }

static const ent_itl_domain *const known[] = {&ent_itl_domain_prum, &ent_itl_domain_int_i, &ent_itl_domain_entente};

/* By 1.013: Prüm's own transactions say INT-I too, of version 4.22. */
static const ent_itl_domain *from_record(const ent_itl_record *first)
{
    const ent_itl_field *dom = ent_itl_field_of(first, 13);
    const uint8_t *text;
    size_t n;
    if (!dom || !ent_itl_item(dom, 0, 0, &text, &n)) return NULL;
    if (ent_itl_item_is(dom, 0, 0, "INT-I") && (ent_itl_item_is(dom, 0, 1, "4.22") || ent_itl_item_is(dom, 0, 1, "4.22b"))) return &ent_itl_domain_prum;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (known[i]->dom && n == strlen(known[i]->dom) && memcmp(text, known[i]->dom, n) == 0) return known[i];
    return NULL;
}

static const ent_itl_domain *find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(known[i]->name, name) == 0) return known[i];
    return NULL;
}

static ent_itl_place at_field(const ent_itl_record *r, uint32_t number)
{
    const ent_itl_field *f = ent_itl_field_of(r, number);
    return (ent_itl_place){.field = number, .at = f ? f->value : NULL};
}

static bool tot_is(const ent_itl_checking *c, const char *tots)
{
    char tot[32];
    ent_itl_text(ent_itl_record_at(c->t, 0), 4, tot, sizeof tot);
    return ent_itl_value_in(tots, (const uint8_t *)tot, strlen(tot));
}

/* The fields of the record that is looked at, against the domain's rows for its type. */
static void fields(ent_itl_checking *c, const ent_itl_domain *d)
{
    for (size_t i = 0; i < d->record_count; i++) {
        const ent_itl_record_rule *rules = &d->records[i];
        if (rules->type != c->r->type) continue;
        for (size_t k = 0; k < rules->own_count; k++) {
            const ent_itl_field_rule *rule = &rules->own[k];
            const ent_itl_field *f = ent_itl_field_of(c->r, rule->number);
            if (f) ent_itl_check_field(c, f, rule, d->clause);
            else if (rule->need == 'M') ent_itl_tell(c, at_field(c->r, rule->number), 1, d->clause, "%s is missing", rule->name);
        }
    }
    for (size_t i = 0; i < d->need_count; i++)
        if (d->needs[i].type == c->r->type && tot_is(c, d->needs[i].tot) && !ent_itl_field_of(c->r, d->needs[i].field))
            ent_itl_tell(c, at_field(c->r, d->needs[i].field), 2, d->clause, "the field must be there in a transaction %s", d->needs[i].tot);
}

static size_t count_of(const ent_itl *t, unsigned type)
{
    size_t n = 0;
    for (size_t i = 1; i < ent_itl_count(t); i++) n += ent_itl_record_at(t, i)->type == type;
    return n;
}

static bool has_part(const ent_itl_domain_transaction *x, unsigned type)
{
    for (size_t i = 0; i < x->count; i++)
        if (x->parts[i].type == type) return true;
    return false;
}

static void parts(ent_itl_checking *c, const ent_itl_domain *d, const ent_itl_domain_transaction *x)
{
    for (size_t i = 0; i < x->count; i++) {
        const ent_itl_domain_part *p = &x->parts[i];
        size_t n = count_of(c->t, p->type);
        if (n < p->least) ent_itl_tell(c, at_field(c->r, 3), 2, d->clause, "%zu Type-%u records: expected at least %u", n, p->type, p->least);
        if (p->most && n > p->most) ent_itl_tell(c, at_field(c->r, 3), 2, d->clause, "%zu Type-%u records: expected at most %u", n, p->type, p->most);
    }
    if (x->any_of_first_two && !count_of(c->t, x->parts[0].type) && !count_of(c->t, x->parts[1].type))
        ent_itl_tell(c, at_field(c->r, 3), 2, d->clause, "no Type-%u and no Type-%u record", x->parts[0].type, x->parts[1].type);
    for (size_t i = 1; i < ent_itl_count(c->t); i++)
        if (!has_part(x, ent_itl_record_at(c->t, i)->type)) ent_itl_tell(c, at_field(c->r, 3), 2, d->clause, "a transaction %s has no Type-%u record", x->tot, ent_itl_record_at(c->t, i)->type);
}

static void transaction(ent_itl_checking *c, const ent_itl_domain *d)
{
    const ent_itl_domain_transaction *x = NULL;
    char text[32];
    ent_itl_text(c->r, 2, text, sizeof text);
    if (!ent_itl_value_in(d->versions, (const uint8_t *)text, strlen(text))) ent_itl_tell(c, at_field(c->r, 2), 1, d->clause, "VER is %s: the domain has %s", text, d->versions);
    for (uint32_t field = 9; field <= 10; field++) {
        const ent_itl_field *f = ent_itl_field_of(c->r, field);
        if (f && d->control && !d->control(f->value, f->len)) ent_itl_tell(c, at_field(c->r, field), 1, d->clause, "expected %s", d->control_form);
    }
    for (size_t i = 0; i < d->transaction_count && !x; i++)
        if (tot_is(c, d->transactions[i].tot)) x = &d->transactions[i];
    ent_itl_text(c->r, 4, text, sizeof text);
    if (x) parts(c, d, x);
    else ent_itl_tell(c, at_field(c->r, 4), 1, d->clause, "TOT \"%.16s\" is none of the domain's transactions", text);
}

ent_code ent_itl_check_domain(ent_itl_checking *c, ent_err *err)
{
    bool by_file = strcmp(c->options->domain, "auto") == 0;
    const ent_itl_domain *d = by_file ? from_record(ent_itl_record_at(c->t, 0)) : find(c->options->domain);
    if (!d && by_file) return ENT_OK;
    if (!d) return ent_fail(err, ENT_NOT_FOUND, "no domain \"%s\" is known: prum, int-i, entente or auto", c->options->domain);
    snprintf(c->result->domain, sizeof c->result->domain, "%s", d->name);
    for (size_t i = 0; i < ent_itl_count(c->t); i++) {
        ent_itl_checking_at(c, i);
        if (i == 0) transaction(c, d);
        if (c->r->type < 3 || c->r->type > 8) fields(c, d);
    }
    return ENT_OK;
}
