#include "port/ledger.h"
#include "port/partners.h"
#include "port/store.h"

#include "base/check.h"

#include <stdio.h>

const char *ent_table_name(ent_table table)
{
    static const char *const names[] = {
#define ENT_X(name, text) text,
        ENT_TABLES(ENT_X)
#undef ENT_X
    };
    ENT_PRE((unsigned)table < ENT_TABLE_COUNT);
    return names[table];
}

ent_code ent_store_stage(const ent_store *s, const ent_change *changes, size_t count, bool reserve, ent_err *err)
{
    return s->stage ? s->stage(s->self, changes, count, reserve, err) : s->commit(s->self, changes, count, reserve, err);
}

ent_code ent_store_sync(const ent_store *s, ent_err *err) { return s->sync ? s->sync(s->self, err) : ENT_OK; }

void ent_job_path(const uint8_t id[ENT_ID_SIZE], char ret_path[ENT_JOB_PATH])
{
    char text[ENT_ID_TEXT];
    ent_id_text(id, text);
    snprintf(ret_path, ENT_JOB_PATH, "/v1/search/%s", text);
}

void ent_job_write(const uint8_t id[ENT_ID_SIZE], ent_buf *ret_body)
{
    char path[ENT_JOB_PATH];
    size_t end = ret_body->len + ENT_ANSWER_SIZE;
    ent_job_path(id, path);
    ent_buf_fmt(ret_body, "{\"status\":\"working\",\"job\":\"%s\"}", path);
    while (ret_body->len < end && ret_body->failed == ENT_OK) ent_buf_u8(ret_body, ' ');
}

void ent_reply_free(ent_reply *reply)
{
    if (!reply) return;
    ent_buf_free(&reply->body);
    ent_buf_free(&reply->evidence);
    *reply = (ent_reply){0};
}

size_t ent_ledger_shards(const ent_ledger *l, ent_shard ret_shards[ENT_LIMIT_SHARDS])
{
    if (l->shards) return l->shards(l->self, ret_shards);
    ret_shards[0] = (ent_shard){.count = l->size(l->self)};
    return 1;
}

ent_shard ent_ledger_present(const ent_ledger *l)
{
    ent_shard all[ENT_LIMIT_SHARDS];
    size_t count = ent_ledger_shards(l, all);
    return all[count - 1];
}

ent_code ent_ledger_log(const ent_ledger *l, uint32_t year, const ent_ledger **ret_log, ent_err *err)
{
    if (l->log) return l->log(l->self, year, ret_log, err);
    if (year) return ent_fail(err, ENT_NOT_FOUND, "this ledger has no shard of %u", (unsigned)year);
    *ret_log = l;
    return ENT_OK;
}
