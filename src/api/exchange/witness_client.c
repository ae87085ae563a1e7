#include "api/exchange/witness_client.h"

#include "base/check.h"
#include "base/text.h"
#include "crypto/hash.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

struct ent_witness_client {
    ent_witness_address at[ENT_WITNESS_ADDRESSES];
    size_t count;
};

static const ent_witness_address *find(const ent_witness_client *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->at[i].name, name) == 0) return &c->at[i];
    return NULL;
}

static size_t take(char *data, size_t size, size_t count, void *self)
{
    ent_buf *b = self;
    ent_buf_put(b, data, size * count);
    return b->failed == ENT_OK ? size * count : 0;
}

/* GET without a body, POST with one. */
static ent_code call(const char *url, const void *body, size_t len, long *ret_status, ent_buf *ret_answer, ent_err *err)
{
    char problem[CURL_ERROR_SIZE] = "";
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = easy ? curl_slist_append(NULL, "Expect:") : NULL;
    if (headers && body) headers = curl_slist_append(headers, "Content-Type: text/plain; charset=utf-8");
    if (!easy || !headers) {
        curl_easy_cleanup(easy);
        return ent_fail(err, ENT_NO_MEMORY, "no memory for a connection");
    }
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)ENT_WITNESS_CALL_MS);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, ret_answer);
    if (body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    }
    CURLcode r = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    if (ret_answer->failed != ENT_OK) return ent_fail(err, ENT_TOO_LARGE, "%s: the answer is over the limits", url);
    if (r == CURLE_OPERATION_TIMEDOUT) return ent_fail(err, ENT_TIMEOUT, "%s: no answer in time", url);
    return r == CURLE_OK ? ENT_OK : ent_fail(err, ENT_UNREACHABLE, "%s: %s", url, *problem ? problem : curl_easy_strerror(r));
}

static bool knows(void *self, const char *witness) { return find(self, witness) != NULL; }

static ent_code add(void *self, const char *witness, const void *body, size_t len, int *ret_status, ent_buf *ret_answer, ent_err *err)
{
    char url[ENT_WITNESS_URL + 32];
    long status = 0;
    const ent_witness_address *a = find(self, witness);
    if (!a) return ent_fail(err, ENT_NOT_FOUND, "no address is known of the witness %s: name it in node.yaml", witness);
    snprintf(url, sizeof url, "%s/add-checkpoint", a->url);
    ENT_TRY(call(url, body, len, &status, ret_answer, err));
    *ret_status = (int)status;
    return ENT_OK;
}

static ent_code latest(void *self, const char *witness, const char *origin, ent_buf *ret_note, ent_err *err)
{
    char url[ENT_WITNESS_URL + 96], hex[65];
    uint8_t digest[32];
    long status = 0;
    const ent_witness_address *a = find(self, witness);
    if (!a) return ent_fail(err, ENT_NOT_FOUND, "no address is known of the witness %s: name it in node.yaml", witness);
    ent_sha256(origin, strlen(origin), digest);
    ent_hex(digest, sizeof digest, hex);
    snprintf(url, sizeof url, "%s/%s/checkpoint", a->url, hex);
    ENT_AUTO_BUF note = ENT_BUF(ret_note->max);
    ENT_TRY(call(url, NULL, 0, &status, &note, err));
    if (status != 200) return ent_fail(err, ENT_NOT_FOUND, "%s remembers nothing of %s (%ld)", witness, origin, status);
    if (note.len) ent_buf_put(ret_note, note.data, note.len);
    return ent_buf_check(ret_note, err);
}

ent_code ent_witness_client_make(const ent_witness_address *addresses, size_t count, ent_witness_client **ret_client, ent_err *err)
{
    ENT_PRE(count <= ENT_WITNESS_ADDRESSES);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return ent_fail(err, ENT_INTERNAL, "libcurl does not start");
    ent_witness_client *c = calloc(1, sizeof *c);
    if (!c) return ent_fail(err, ENT_NO_MEMORY, "no memory for the witnesses' addresses");
    if (count) memcpy(c->at, addresses, count * sizeof *addresses);
    c->count = count;
    *ret_client = c;
    return ENT_OK;
}

ent_witnesses ent_witness_client_port(ent_witness_client *client)
{
    return (ent_witnesses){.self = client, .knows = knows, .add = add, .latest = latest};
}

void ent_witness_client_free(ent_witness_client *client) { free(client); }
