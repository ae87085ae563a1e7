/* `entente verify PROOF`: a proof of destruction (docs/protocol/destruction.md), offline. */
#include "cli/act.h"
#include "cli/commands.h"
#include "cli/undertakings.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "flow/destruction/proof.h"
#include "merkle/note.h"
#include "merkle/shard.h"

#include <string.h>

static ent_code hex_member(const json_t *o, const char *name, uint8_t ret[32], ent_err *err)
{
    return ent_unhex(ent_cli_text(o, name), ret, 32) ? ENT_OK : ent_fail(err, ENT_FORMAT, "the proof's \"%s\" is not 32 bytes in hexadecimal", name);
}

/* Whose receipts these are. */
typedef struct ledger_of {
    const char *origin;
    const ent_public_key *key;
} ledger_of;

/* An entry, and where it stands: the log of that year, its index there. */
typedef struct standing {
    ent_entry e;
    uint64_t index;
    uint32_t year;
} standing;

static ent_code stands(const char *text, size_t len, const ledger_of *l, standing *ret, ent_err *err)
{
    ent_checkpoint c;
    ent_code code = ent_proof_verify(text, len, l->origin, l->key, &ret->e, &ret->index, &c, err);
    if (code == ENT_OK) (void)ent_shard_origin_of(c.origin, l->origin, &ret->year);
    return code;
}

static ent_code receipt(const json_t *part, const char *name, const ledger_of *l, standing *ret, ent_err *err)
{
    const char *text = ent_cli_text(part, name);
    if (!*text) return ent_fail(err, ENT_NOT_FOUND, "the proof has no receipt of \"%s\"", name);
    return stands(text, strlen(text), l, ret, err);
}

static bool comes_after(const standing *later, const standing *earlier)
{
    return later->year == earlier->year ? later->index > earlier->index : later->year > earlier->year;
}

/* Nothing in the file that is not looked at. */
static ent_code only(const json_t *o, const char *allowed, ent_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)o, name, value)
    {
        char word[64];
        snprintf(word, sizeof word, " %.60s ", name);
        if (!strstr(allowed, word)) return ent_fail(err, ENT_FORMAT, "the proof says \"%.60s\", which nothing confirms", name);
    }
    return ENT_OK;
}

/* What the file says beside the receipts is what they say. */
static ent_code agrees(const json_t *part, const standing e[2], ent_err *err)
{
    uint8_t number[ENT_ID_SIZE];
    const char *material = ent_cli_text(part, "material");
    ENT_TRY(only(part, " material case salt digest epoch enrolled destroyed ", err));
    if (!ent_unhex(ent_cli_text(part, "case"), number, sizeof number) || !ent_id_equal(number, e[0].e.case_number.b) || !ent_id_equal(number, e[1].e.case_number.b))
        return ent_fail(err, ENT_SIGNATURE, "\"enrolled\" and \"destroyed\" are not of the proof's case");
    if (!*material || strcmp(material, e[0].e.purpose) != 0 || strcmp(material, e[1].e.purpose) != 0) return ent_fail(err, ENT_SIGNATURE, "the material of the entries is not \"%.20s\"", material);
    if (!comes_after(&e[1], &e[0]) || e[1].e.follows == ENT_ENTRY_NONE || e[1].e.follows < e[0].index)
        return ent_fail(err, ENT_SIGNATURE, "\"destroyed\" does not follow the \"enrolled\" of the proof");
    return ENT_OK;
}

/* Each commitment opened with what the proof carries: enrolled under the salt, destroyed under one derived from it and from all that is
 * said of the act. */
static ent_code check_part(const json_t *proof, const ent_destroyed_copies *copies, const json_t *part, const ledger_of *l, standing ret[2], ent_err *err)
{
    uint8_t salt[32], digest[32], gone[32], mac[32];
    const json_t *epoch = json_object_get(part, "epoch");
    ENT_TRY(hex_member(part, "salt", salt, err));
    ENT_TRY(hex_member(part, "digest", digest, err));
    ENT_TRY(receipt(part, "enrolled", l, &ret[0], err));
    ENT_TRY(receipt(part, "destroyed", l, &ret[1], err));
    ent_hmac_sha256(salt, 32, &ENT_BYTES(digest, 32), 1, mac);
    if (ret[0].e.kind != ENT_ENTRY_ENROLLED || !ent_equal(mac, ret[0].e.commitment, 32)) return ent_fail(err, ENT_SIGNATURE, "the proof does not open the commitment of \"enrolled\"");
    if (!json_is_integer(epoch) || json_integer_value(epoch) < 1 || json_integer_value(epoch) > UINT32_MAX) return ent_fail(err, ENT_FORMAT, "the proof does not say of which epoch the slot was");
    ent_destroyed_salt(salt, &(ent_destroyed_act){ent_cli_text(proof, "reason"), ent_cli_text(proof, "custody"), (uint32_t)json_integer_value(epoch), copies}, gone);
    ent_hmac_sha256(gone, 32, &ENT_BYTES(digest, 32), 1, mac);
    if (ret[1].e.kind != ENT_ENTRY_DESTROYED || !ent_equal(mac, ret[1].e.commitment, 32)) return ent_fail(err, ENT_SIGNATURE, "the proof does not open the commitment of \"destroyed\"");
    return agrees(part, ret, err);
}

/* The entry "epoch N ended", N at least the epoch in which the slot was overwritten, after the destruction. */
static ent_code check_epoch(const char *file, const ledger_of *l, long long needed, const standing *last, standing *ret, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(1);
    unsigned epoch = 0;
    ENT_TRY(ent_cli_load(file, &text, err));
    ENT_TRY(stands((const char *)text.data, text.len, l, ret, err));
    if (ret->e.kind != ENT_ENTRY_KEY || sscanf(ret->e.clause, "epoch %u ended", &epoch) != 1) return ent_fail(err, ENT_SIGNATURE, "%s is no receipt of an epoch's end", file);
    if ((long long)epoch < needed || !comes_after(ret, last)) return ent_fail(err, ENT_SIGNATURE, "epoch %u ended before the slot was overwritten (in epoch %lld)", epoch, needed);
    return ENT_OK;
}

static void print_part(const json_t *part, const standing e[2])
{
    char taken[ENT_TIME_TEXT], gone[ENT_TIME_TEXT];
    ent_time_text(e[0].e.time, taken);
    ent_time_text(e[1].e.time, gone);
    printf("VERIFIED: %s\n  enrolled  %s  entry %llu, to be destroyed by its clause %s\n  destroyed %s  entry %llu, by %s\n", ent_cli_text(part, "material"), taken, (unsigned long long)e[0].index,
           e[0].e.clause, gone, (unsigned long long)e[1].index, e[1].e.clause);
}

static void print_end(const json_t *proof, const ent_undertakings *u, long long epoch, const standing *ended)
{
    char when[ENT_TIME_TEXT];
    size_t missing = ent_undertakings_missing(u);
    printf("  keys on   %s\n", ent_cli_text(proof, "custody"));
    ent_undertakings_print(u);
    if (ended) {
        ent_time_text(ended->e.time, when);
        printf("  epoch ended %s: older copies of the overwritten slots have no key any more; destroyed everywhere in this node%s\n", when,
               !u->copies.count || missing ? "" : " and by every partner to which it was disclosed");
    } else printf("  overwritten; older copies of the slots lose their key when epoch %lld ends (--epoch RECEIPT proves that)\n", epoch);
    if (missing) printf("  what was disclosed is not shown to be destroyed: %zu of %zu without an undertaking (--undertaking FILE --partner CARD)\n", missing, u->copies.count + u->copies.unlisted);
}

static ent_code check_form(const char *file, const json_t *proof, ent_undertakings *ret, ent_err *err)
{
    if (json_integer_value(json_object_get(proof, "entente-destruction")) != 3) return ent_fail(err, ENT_FORMAT, "%s is no proof of destruction of this form", file);
    if (!json_array_size(json_object_get(proof, "parts"))) return ent_fail(err, ENT_FORMAT, "%s speaks of no part", file);
    ENT_TRY(only(proof, " entente-destruction reason custody disclosed unlisted parts ", err));
    return ent_undertakings_read(proof, ret, err);
}

static void print_json(const json_t *proof, const ent_undertakings *u, bool ended)
{
    json_t *out = json_pack("{s:b,s:I,s:b,s:o,s:I}", "verified", 1, "parts", (json_int_t)json_array_size(json_object_get(proof, "parts")), "epoch-ended", ended, "disclosed",
                            ent_undertakings_json(u), "unlisted", (json_int_t)u->copies.unlisted);
    ent_cli_print_json(out);
    json_decref(out);
}

int ent_cli_verify_destruction(const ent_cli *cli, const ent_cli_destruction *in)
{
    ent_err err = {0};
    json_error_t at;
    json_t *proof = json_loadb(in->text, in->len, JSON_REJECT_DUPLICATES, &at), *part;
    const ledger_of l = {in->origin, in->key};
    standing last = {0}, ended = {0};
    ent_undertakings u;
    size_t i;
    long long epoch = 0;
    ent_code code = check_form(in->file, proof, &u, &err);
    if (code == ENT_OK) code = ent_undertakings_take(&u, in->undertakings, in->partners, &err);
    json_array_foreach(json_object_get(proof, "parts"), i, part)
    {
        standing e[2];
        if (code == ENT_OK) code = check_part(proof, &u.copies, part, &l, e, &err);
        if (code != ENT_OK) break;
        if (json_integer_value(json_object_get(part, "epoch")) > epoch) epoch = json_integer_value(json_object_get(part, "epoch"));
        if (!i || comes_after(&e[1], &last)) last = e[1];
        if (!cli->json) print_part(part, e);
    }
    if (code == ENT_OK && in->epoch) code = check_epoch(in->epoch, &l, epoch, &last, &ended, &err);
    if (code == ENT_OK && cli->json) print_json(proof, &u, in->epoch != NULL);
    else if (code == ENT_OK) print_end(proof, &u, epoch, in->epoch ? &ended : NULL);
    json_decref(proof);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
