/* What a browser, or whoever reaches the loopback port, sends in Host, Origin and Cookie. */
#include "api/desk/http.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), value[65];
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    char *second = strchr(text, '\n');
    if (second) *second++ = 0;
    const char *host = second ? second : "127.0.0.1:1";
    /* An origin that passes is this host's, and this host is this machine. */
    if (ent_http_own_origin(text, host)) fuzz_promise(ent_http_local_host(host) && strcmp(text + 7, host) == 0);
    if (ent_http_local_host(text)) fuzz_promise(strncmp(text, "localhost", 9) == 0 || strncmp(text, "127.0.0.1", 9) == 0);
    if (ent_http_cookie(text, "entente-desk-1", value, sizeof value)) fuzz_promise(strlen(value) < sizeof value && !strpbrk(value, "; "));
    free(text);
    return 0;
}
