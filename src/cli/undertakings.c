#include "cli/undertakings.h"

#include "base/check.h"
#include "base/text.h"
#include "law/card.h"
#include "merkle/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the proof's list ---- */

static ent_code read_copy(const json_t *j, ent_destroyed_copy *ret, ent_err *err)
{
    const char *partner = ent_cli_text(j, "partner");
    bool good = json_object_size(j) == 3 && strlen(partner) < sizeof ret->partner && ent_note_name_fits(partner) && ent_unhex(ent_cli_text(j, "disclosure"), ret->id, ENT_ID_SIZE) &&
                ent_unhex(ent_cli_text(j, "search"), ret->reference.b, ENT_ID_SIZE);
    if (!good) return ent_fail(err, ENT_FORMAT, "a disclosure in the proof is not a partner, a disclosure's and a search's number");
    snprintf(ret->partner, sizeof ret->partner, "%s", partner);
    return ENT_OK;
}

ent_code ent_undertakings_read(const json_t *proof, ent_undertakings *ret, ent_err *err)
{
    const json_t *list = json_object_get(proof, "disclosed"), *unlisted = json_object_get(proof, "unlisted");
    *ret = (ent_undertakings){0};
    if (!json_is_array(list) || json_array_size(list) > ENT_DESTROYED_COPIES || !json_is_integer(unlisted) || json_integer_value(unlisted) < 0 || json_integer_value(unlisted) > UINT32_MAX)
        return ent_fail(err, ENT_FORMAT, "the proof does not say to whom it was disclosed");
    ret->copies.count = json_array_size(list);
    ret->copies.unlisted = (uint32_t)json_integer_value(unlisted);
    for (size_t i = 0; i < ret->copies.count; i++) ENT_TRY(read_copy(json_array_get(list, i), &ret->copies.at[i], err));
    return ENT_OK;
}

/* ---- what is shown ---- */

static ent_code read_cards(const ent_cli_words *files, ent_card *ret, ent_err *err)
{
    for (size_t i = 0; i < files->count; i++) {
        ENT_AUTO_BUF text = ENT_BUF(1);
        ENT_TRY(ent_cli_load(files->at[i], &text, err));
        ENT_TRY(ent_card_decode(text.data, text.len, &ret[i], err));
    }
    return ENT_OK;
}

static bool same_entry(const ent_undertakings *u, size_t i, const char *partner, const ent_place *p)
{
    return u->at[i].ms && u->place[i].year == p->year && u->place[i].index == p->index && strcmp(u->copies.at[i].partner, partner) == 0;
}

/* One entry stands for one disclosure: two to one partner on one search need two entries, whichever is whose. */
static ent_code assign(ent_undertakings *u, const char *file, const char *partner, const ent_entry *e, const ent_place *p, ent_err *err)
{
    bool listed = false;
    size_t place = SIZE_MAX;
    for (size_t i = 0; i < u->copies.count; i++) {
        const ent_destroyed_copy *c = &u->copies.at[i];
        if (same_entry(u, i, partner, p)) return ENT_OK; /* the same file again */
        if (strcmp(c->partner, partner) != 0 || !ent_id_equal(c->reference.b, e->case_number.b)) continue;
        listed = true;
        if (!u->at[i].ms && place == SIZE_MAX) place = i;
    }
    if (!listed) return ent_fail(err, ENT_SIGNATURE, "%s is about nothing that the proof lists for %s", file, partner);
    if (place == SIZE_MAX) return ENT_OK;
    u->place[place] = *p;
    u->at[place] = e->time;
    return ENT_OK;
}

static ent_code take(ent_undertakings *u, const char *file, const ent_card *cards, size_t count, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(1);
    ent_entry e;
    ent_place p = {0};
    ent_checkpoint c;
    ENT_TRY(ent_cli_load(file, &text, err));
    for (size_t i = 0; i < count; i++) {
        if (ent_proof_verify((const char *)text.data, text.len, cards[i].name, &cards[i].identity, &e, &p.index, &c, NULL) != ENT_OK) continue;
        (void)ent_shard_origin_of(c.origin, cards[i].name, &p.year);
        if (e.kind != ENT_ENTRY_DESTROYED || !e.time.ms) return ent_fail(err, ENT_SIGNATURE, "%s does not say \"destroyed\"", file);
        return assign(u, file, cards[i].name, &e, &p, err);
    }
    return ent_fail(err, ENT_SIGNATURE, "%s does not stand in the ledger of a partner whose card was named (--partner)", file);
}

ent_code ent_undertakings_take(ent_undertakings *u, const ent_cli_words *files, const ent_cli_words *cards, ent_err *err)
{
    ent_card *card = calloc(cards->count + 1, sizeof *card);
    ent_code code = card ? read_cards(cards, card, err) : ent_fail(err, ENT_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < files->count && code == ENT_OK; i++) code = take(u, files->at[i], card, cards->count, err);
    free(card);
    return code;
}

/* ---- what is said of it ---- */

size_t ent_undertakings_missing(const ent_undertakings *u)
{
    size_t missing = u->copies.unlisted;
    for (size_t i = 0; i < u->copies.count; i++) missing += !u->at[i].ms;
    return missing;
}

void ent_undertakings_print(const ent_undertakings *u)
{
    for (size_t i = 0; i < u->copies.count; i++) {
        char id[ENT_ID_TEXT], when[ENT_TIME_TEXT];
        ent_id_text(u->copies.at[i].id, id);
        ent_time_text(u->at[i], when);
        if (u->at[i].ms) printf("  destroyed at %s, %s (disclosure %s)\n", u->copies.at[i].partner, when, id);
        else printf("  no undertaking shown for %s (disclosure %s)\n", u->copies.at[i].partner, id);
    }
    if (u->copies.unlisted) printf("  no undertaking shown for %" PRIu32 " disclosures more, which the proof only counts\n", u->copies.unlisted);
}

json_t *ent_undertakings_json(const ent_undertakings *u)
{
    json_t *list = json_array();
    for (size_t i = 0; i < u->copies.count; i++) {
        char id[ENT_ID_TEXT], when[ENT_TIME_TEXT];
        ent_id_text(u->copies.at[i].id, id);
        ent_time_text(u->at[i], when);
        json_array_append_new(list, json_pack("{s:s,s:s,s:o}", "partner", u->copies.at[i].partner, "disclosure", id, "destroyed", u->at[i].ms ? json_string(when) : json_null()));
    }
    return list;
}
