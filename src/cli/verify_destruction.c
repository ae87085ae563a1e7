/* `entente verify PROOF`: a proof of destruction (docs/protocol/destruction.md), offline. */
#include "cli/act.h"
#include "cli/commands.h"

#include "base/text.h"
#include "crypto/hash.h"
#include "merkle/note.h"

#include <string.h>

static ent_code hex_member(const json_t *o, const char *name, uint8_t ret[32], ent_err *err)
{
    return ent_unhex(ent_cli_text(o, name), ret, 32) ? ENT_OK : ent_fail(err, ENT_FORMAT, "the proof's \"%s\" is not 32 bytes in hexadecimal", name);
}

static ent_code receipt(const json_t *part, const char *name, const char *origin, const ent_public_key *key, ent_entry *ret, uint64_t *ret_index, ent_err *err)
{
    const char *text = ent_cli_text(part, name);
    if (!*text) return ent_fail(err, ENT_NOT_FOUND, "the proof has no receipt of \"%s\"", name);
    ent_code code = ent_proof_verify(text, strlen(text), origin, key, ret, ret_index, NULL, err);
    return code;
}

/* Each commitment opened with what the proof carries: enrolled under the salt, destroyed under one derived from it and the
 * reason. */
static ent_code check_part(const json_t *proof, const json_t *part, const char *origin, const ent_public_key *key, ent_entry ret[2], uint64_t ret_index[2], ent_err *err)
{
    uint8_t salt[32], digest[32], gone[32], mac[32];
    const char *reason = ent_cli_text(proof, "reason");
    ent_code code = hex_member(part, "salt", salt, err);
    if (code == ENT_OK) code = hex_member(part, "digest", digest, err);
    if (code == ENT_OK) code = receipt(part, "enrolled", origin, key, &ret[0], &ret_index[0], err);
    if (code == ENT_OK) code = receipt(part, "destroyed", origin, key, &ret[1], &ret_index[1], err);
    if (code != ENT_OK) return code;
    ent_hmac_sha256(salt, 32, &ENT_BYTES(digest, 32), 1, mac);
    if (ret[0].kind != ENT_ENTRY_ENROLLED || !ent_equal(mac, ret[0].commitment, 32)) return ent_fail(err, ENT_SIGNATURE, "the proof does not open the commitment of \"enrolled\"");
    ent_derive(salt, "destroyed", reason, strlen(reason), gone);
    ent_hmac_sha256(gone, 32, &ENT_BYTES(digest, 32), 1, mac);
    if (ret[1].kind != ENT_ENTRY_DESTROYED || !ent_equal(mac, ret[1].commitment, 32)) return ent_fail(err, ENT_SIGNATURE, "the proof does not open the commitment of \"destroyed\"");
    if (!ent_id_equal(ret[0].case_number.b, ret[1].case_number.b) || ret[1].follows != ret_index[0])
        return ent_fail(err, ENT_SIGNATURE, "\"destroyed\" does not follow the \"enrolled\" of the proof");
    return ENT_OK;
}

/* The entry "epoch N ended" with N at least the epoch in which the slot was overwritten. */
static ent_code check_epoch(const char *file, const char *origin, const ent_public_key *key, long long needed, ent_entry *ret, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(1);
    unsigned epoch = 0;
    ent_code code = ent_cli_load(file, &text, err);
    if (code == ENT_OK) code = ent_proof_verify((const char *)text.data, text.len, origin, key, ret, NULL, NULL, err);
    if (code != ENT_OK) return code;
    if (ret->kind != ENT_ENTRY_KEY || sscanf(ret->clause, "epoch %u ended", &epoch) != 1) return ent_fail(err, ENT_SIGNATURE, "%s is no receipt of an epoch's end", file);
    if ((long long)epoch < needed) return ent_fail(err, ENT_SIGNATURE, "epoch %u ended before the slot was overwritten (in epoch %lld)", epoch, needed);
    return ENT_OK;
}

static void print_part(const json_t *part, const ent_entry e[2], const uint64_t index[2])
{
    char taken[ENT_TIME_TEXT], gone[ENT_TIME_TEXT];
    ent_time_text(e[0].time, taken);
    ent_time_text(e[1].time, gone);
    printf("VERIFIED: %s\n  enrolled  %s  entry %llu, to be destroyed by its clause %s\n  destroyed %s  entry %llu, by %s\n", ent_cli_text(part, "material"), taken, (unsigned long long)index[0], e[0].clause, gone,
           (unsigned long long)index[1], e[1].clause);
}

int ent_cli_verify_destruction(const ent_cli *cli, const char *file, const char *text, size_t len, const char *origin, const ent_public_key *key, const char *epoch_file)
{
    ent_err err = {0};
    json_error_t at;
    json_t *proof = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at), *part;
    size_t i, verified = 0;
    long long epoch = 0;
    ent_code code = json_integer_value(json_object_get(proof, "entente-destruction")) == 1 ? ENT_OK : ent_fail(&err, ENT_FORMAT, "%s is no proof of destruction", file);
    json_array_foreach(json_object_get(proof, "parts"), i, part)
    {
        ent_entry e[2];
        uint64_t index[2];
        if (code == ENT_OK) code = check_part(proof, part, origin, key, e, index, &err);
        if (code != ENT_OK) break;
        verified++;
        if (json_integer_value(json_object_get(part, "epoch")) > epoch) epoch = json_integer_value(json_object_get(part, "epoch"));
        if (!cli->json) print_part(part, e, index);
    }
    if (code == ENT_OK && !verified) code = ent_fail(&err, ENT_FORMAT, "%s speaks of no part", file);
    ent_entry ended = {0};
    if (code == ENT_OK && epoch_file) code = check_epoch(epoch_file, origin, key, epoch, &ended, &err);
    if (code == ENT_OK && cli->json) printf("{\"verified\":true,\"parts\":%zu,\"epoch-ended\":%s}\n", verified, epoch_file ? "true" : "false");
    else if (code == ENT_OK) {
        char when[ENT_TIME_TEXT] = "";
        if (epoch_file) ent_time_text(ended.time, when);
        printf("  keys on   %s\n", ent_cli_text(proof, "custody"));
        if (epoch_file) printf("  epoch ended %s: older copies of the overwritten slots have no key any more; destroyed everywhere in this node\n", when);
        else printf("  overwritten; older copies of the slots lose their key when epoch %lld ends (--epoch RECEIPT proves that)\n", epoch);
    }
    json_decref(proof);
    err.code = code;
    return code == ENT_OK ? 0 : ent_cli_error(cli, &err);
}
