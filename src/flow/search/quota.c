#include "flow/search/quota.h"

#include "crypto/hash.h"
#include "flow/state.h"

#include <string.h>

enum { DAY, HOUR, OFFICER_HOUR, DESK_HOUR, COUNTERS, KEY_MAX = 37 };

/* SHA-256 of agreement, flow and, for an officer, the pseudonym, for a desk a word and its key; then the date, and the hour for all but the day's. */
static size_t key_of(const ent_quota *q, int which, uint8_t ret_key[KEY_MAX])
{
    ent_bytes parts[] = {ENT_BYTES(q->agreement, strlen(q->agreement) + 1), ENT_BYTES(q->flow, strlen(q->flow) + 1),
                         which == DESK_HOUR ? ENT_BYTES("desk", 4) : ENT_BYTES(q->officer.b, sizeof q->officer.b), ENT_BYTES(q->desk, q->desk ? 32 : 0)};
    ent_sha256_parts(parts, which == DESK_HOUR ? 4 : which == OFFICER_HOUR ? 3 : 2, ret_key);
    uint32_t day = ent_date_pack(ent_time_date(q->at));
    for (int i = 0; i < 4; i++) ret_key[32 + i] = (uint8_t)(day >> (24 - 8 * i));
    if (which == DAY) return 36;
    int64_t in_day = (q->at.ms % 86400000 + 86400000) % 86400000;
    ret_key[36] = (uint8_t)(in_day / 3600000);
    return 37;
}

static uint64_t read_count(const ent_flow_node *n, const uint8_t *key, size_t len, ent_buf *ret_row)
{
    uint64_t used = 0;
    if (n->c.store.get(n->c.store.self, ENT_TABLE_QUOTAS, key, len, ret_row, NULL) != ENT_OK || ret_row->len != 8) return 0;
    for (int i = 0; i < 8; i++) used = used << 8 | ret_row->data[i];
    return used;
}

void ent_quota_used(const ent_flow_node *n, const ent_quota *q, ent_ask *ret_ask)
{
    uint64_t used[COUNTERS];
    for (int i = 0; i < COUNTERS; i++) {
        uint8_t key[KEY_MAX];
        ENT_AUTO_BUF row = ENT_BUF(64);
        used[i] = read_count(n, key, key_of(q, i, key), &row);
    }
    ret_ask->used_day = used[DAY];
    ret_ask->used_hour = used[HOUR];
    ret_ask->used_officer_hour = used[OFFICER_HOUR];
    ret_ask->used_desk_hour = q->desk ? used[DESK_HOUR] : 0;
}

void ent_quota_count(const ent_flow_node *n, const ent_quota *q, ent_batch *b)
{
    for (int i = 0; i < COUNTERS; i++) {
        uint8_t key[KEY_MAX], fresh[8];
        ENT_AUTO_BUF row = ENT_BUF(64);
        if (i == DESK_HOUR && !q->desk) continue;
        size_t len = key_of(q, i, key);
        uint64_t used = read_count(n, key, len, &row) + 1;
        for (int k = 0; k < 8; k++) fresh[k] = (uint8_t)(used >> (56 - 8 * k));
        ent_batch_put(b, ENT_CHANGE_EXPECT, ENT_TABLE_QUOTAS, ENT_BYTES(key, len), ENT_BYTES(row.len ? row.data : (const uint8_t *)"", row.len));
        ent_batch_put(b, ENT_CHANGE_PUT, ENT_TABLE_QUOTAS, ENT_BYTES(key, len), ENT_BYTES(fresh, sizeof fresh));
    }
}
