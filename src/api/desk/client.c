#include "api/desk/desk.h"

#include "base/check.h"
#include "base/text.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static size_t gather(char *bytes, size_t size, size_t n, void *ctx)
{
    ent_buf_put(ctx, bytes, size * n);
    return ((ent_buf *)ctx)->failed == ENT_OK ? size * n : 0;
}

static ent_code write_query(CURL *curl, const json_t *params, ent_buf *ret, ent_err *err)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)params, name, value)
    {
        char *escaped = curl_easy_escape(curl, json_string_value(value), 0);
        if (!escaped) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
        ent_buf_fmt(ret, "%s%s=%s", ret->len ? "&" : "", name, escaped);
        curl_free(escaped);
    }
    return ent_buf_check(ret, err);
}

static ent_code sign(const char *act, const char *query, const void *body, size_t len, const ent_desk_caller *caller,
                     struct curl_slist **headers, ent_err *err)
{
    ENT_AUTO_BUF text = ENT_BUF(65536), line = ENT_BUF(4096);
    uint8_t signature[ENT_SIGNATURE_SIZE];
    char base64[ENT_BASE64_SIZE(ENT_SIGNATURE_SIZE)];
    if (!caller || !caller->secret) return ENT_OK;
    ENT_TRY(ent_desk_text(act, query, caller->name, caller->now_ms, caller->nonce, body, len, &text, err));
    ent_sign(caller->secret, text.data, text.len, signature);
    ent_base64(signature, sizeof signature, base64);
    ent_buf_fmt(&line, "Entente-As: %s %" PRId64 " %s %s", caller->name, caller->now_ms, caller->nonce, base64);
    *headers = curl_slist_append(*headers, ent_buf_cstr(&line));
    return ENT_OK;
}

static ent_code read_answer(long status, const ent_buf *answer, json_t **ret_json, ent_err *err)
{
    json_error_t where;
    json_t *json = json_loadb((const char *)answer->data, answer->len, JSON_REJECT_DUPLICATES, &where);
    if (!json) return ent_fail(err, ENT_FORMAT, "the node's answer is not JSON: %s", where.text);
    if (status == 200) {
        *ret_json = json;
        return ENT_OK;
    }
    const char *name = json_string_value(json_object_get(json, "error"));
    const char *detail = json_string_value(json_object_get(json, "detail"));
    ent_code code = ENT_INTERNAL;
    for (int c = 0; name && c < ENT_CODE_COUNT; c++)
        if (strcmp(ent_code_name((ent_code)c), name) == 0) code = (ent_code)c;
    code = ent_fail(err, code == ENT_OK ? ENT_INTERNAL : code, "%s", detail ? detail : "the node gave no reason");
    json_decref(json);
    return code;
}

static ent_code perform(CURL *curl, const char *socket_path, const char *act, const json_t *params, const void *body, size_t len,
                        const ent_desk_caller *caller, struct curl_slist **headers, json_t **ret_json, ent_err *err)
{
    ENT_AUTO_BUF query = ENT_BUF(32768), url = ENT_BUF(40000), answer = ENT_BUF(64 << 20);
    long status = 0;
    ENT_TRY(write_query(curl, params, &query, err));
    ent_buf_fmt(&url, "http://localhost/v1/%s%s%s", act, query.len ? "?" : "", ent_buf_cstr(&query));
    ENT_TRY(sign(act, ent_buf_cstr(&query), body, len, caller, headers, err));
    *headers = curl_slist_append(*headers, "Content-Type: application/octet-stream");
    *headers = curl_slist_append(*headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(curl, CURLOPT_URL, ent_buf_cstr(&url));
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, len ? body : "");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, gather);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    CURLcode rc = curl_easy_perform(curl);
    if (rc == CURLE_COULDNT_CONNECT) return ent_fail(err, ENT_UNREACHABLE, "no node listens on %s", socket_path);
    if (rc != CURLE_OK) return ent_fail(err, ENT_IO, "the node did not answer: %s", curl_easy_strerror(rc));
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return read_answer(status, &answer, ret_json, err);
}

ent_code ent_desk_call(const char *socket_path, const char *act, const json_t *params, const void *body, size_t len,
                       const ent_desk_caller *caller, json_t **ret_json, ent_err *err)
{
    struct curl_slist *headers = NULL;
    CURL *curl = curl_easy_init();
    if (!curl) return ent_fail(err, ENT_NO_MEMORY, "out of memory");
    ent_code code = perform(curl, socket_path, act, params, body, len, caller, &headers, ret_json, err);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return code;
}
