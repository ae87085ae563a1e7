#include "port/partners.h"
#include "port/store.h"

#include "base/check.h"

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

void ent_reply_free(ent_reply *reply)
{
    if (!reply) return;
    ent_buf_free(&reply->body);
    ent_buf_free(&reply->evidence);
    *reply = (ent_reply){0};
}
