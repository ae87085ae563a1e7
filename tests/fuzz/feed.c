#include "fuzz.h"

#include "flow/feed/feed.h"

/* A page of a feed, a request for one, one record: what is read is what would be written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ent_feed_page page;
    static ent_feed_request request;
    static ent_feed_record record;
    ENT_AUTO_BUF again = ENT_BUF(2 * ENT_FEED_PAGE_MAX);
    if (ent_feed_page_read(data, size, &page, NULL) == ENT_OK) ent_feed_page_write(&page, &again);
    else if (ent_feed_request_read(data, size, &request, NULL) == ENT_OK) ent_feed_request_write(&request, &again);
    else if (ent_feed_record_read(data, size, &record, NULL) == ENT_OK) ent_feed_record_write(&record, &again);
    else return 0;
    fuzz_promise(again.len == size && memcmp(again.data, data, size) == 0);
    return 0;
}
