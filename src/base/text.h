/* Bytes as text: hexadecimal (lower case) and base64 (RFC 4648 section 4, padded); text inside JSON and HTML. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"

#include <stdbool.h>

void ent_hex(const uint8_t *bytes, size_t n, char *ret_text /* 2 n + 1 */);
bool ent_unhex(const char *text, uint8_t *ret_bytes, size_t n); /* exactly 2 n digits, either case */

#define ENT_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
void ent_base64(const uint8_t *bytes, size_t n, char *ret_text /* ENT_BASE64_SIZE(n) */);
void ent_buf_base64(ent_buf *b, const uint8_t *bytes, size_t n); /* appended */
/* Strict: padding required, no other characters, unused bits zero. False without touching *ret_n when malformed or
 * longer than cap. */
bool ent_unbase64(const char *text, size_t text_len, uint8_t *ret_bytes, size_t cap, size_t *ret_n);
bool ent_utf8_valid(const uint8_t *text, size_t n); /* no overlong forms, no surrogates (RFC 3629) */

/* A UTF-8 text as a JSON string with its quotes (RFC 8259, 7). */
void ent_json_text(ent_buf *b, const char *text);
/* A text inside an HTML element or a quoted attribute. */
void ent_html_text(ent_buf *b, const char *text);

#endif
