/* ANSI/NIST-ITL transactions (1-2011, Update 2015), traditional encoding: bytes <-> records <-> fields.
 *
 * Pure: no I/O, no clock, no state. A parsed transaction keeps the bytes as they came, so writing it gives the same bytes;
 * fields point into it. Any thread may read it. Errors name record, field and offset. */
#ifndef ENTENTE_ITL_H
#define ENTENTE_ITL_H

#include "entente/error.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The standard's separators (1-2011, 5.5; table 1). */
enum { ENT_ITL_FS = 0x1c, ENT_ITL_GS = 0x1d, ENT_ITL_RS = 0x1e, ENT_ITL_US = 0x1f };

/* One field of a tagged record, without its number and the separator after it. Points into the transaction. */
typedef struct ent_itl_field {
    uint32_t number; /* up to nine digits; the standard's own end at 999 */
    const uint8_t *value;
    size_t len;
} ent_itl_field;

/* One record. Binary ones (Types 3 to 8) have no fields; `bytes` holds all of it, whatever its type. */
typedef struct ent_itl_record {
    uint8_t type;
    int idc; /* -1 for Type-1 */
    const uint8_t *bytes;
    size_t len, offset;
    const ent_itl_field *fields;
    size_t field_count;
} ent_itl_record;

typedef struct ent_itl ent_itl;

/* One departure from the standard, where it is: record counted from 1 (0: the file), field, subfield and item (each 0:
 * the whole of what stands before it), byte offset in the file, and the clause of ANSI/NIST-ITL 1-2011 Update 2015 (or of
 * the edition or domain that the text names). */
typedef struct ent_itl_fault {
    size_t record, offset;
    uint8_t type;
    uint32_t field;
    uint16_t subfield, item;
    uint8_t level;    /* 1 syntax, 2 relations; 0 a remark: odd, but no fault */
    char clause[24];
    char text[160];   /* what is there and what was expected */
} ent_itl_fault;

/* Who is told of them, in the order of the file. */
typedef struct ent_itl_sink {
    void (*put)(void *ctx, const ent_itl_fault *fault);
    void *ctx;
} ent_itl_sink;

/* Reads and checks structure: lengths, 1.003 CNT against what follows, IDCs, separators. ENT_FORMAT, ENT_TOO_LARGE
 * (ENT_LIMIT_ITL_*), ENT_NO_MEMORY. The caller frees. The bytes are copied. */
ENT_API ENT_MUST_CHECK ent_code ent_itl_parse(const void *bytes, size_t len, ent_itl **ret_itl, ent_err *err);
/* As ent_itl_parse, but goes on where it can: wrong lengths, counts, IDCs, tags and separators are told to the sink (NULL:
 * nobody), and what is there is read. ENT_FORMAT when not even a Type-1 record can be found. */
ENT_API ENT_MUST_CHECK ent_code ent_itl_parse_lenient(const void *bytes, size_t len, const ent_itl_sink *sink, ent_itl **ret_itl, ent_err *err);
ENT_API void ent_itl_free(ent_itl *t); /* erases; NULL is fine */
ENT_API size_t ent_itl_count(const ent_itl *t);
ENT_API const ent_itl_record *ent_itl_record_at(const ent_itl *t, size_t i); /* i < count; 0 is the Type-1 */
ENT_API const uint8_t *ent_itl_bytes(const ent_itl *t, size_t *ret_len);     /* all of it, as it came */

/* The field of that number, NULL. */
ENT_API const ent_itl_field *ent_itl_field_of(const ent_itl_record *r, uint32_t number);
/* The item at (subfield, item), both from 0; false: not there. */
ENT_API bool ent_itl_item(const ent_itl_field *f, size_t subfield, size_t item, const uint8_t **ret_text, size_t *ret_len);
/* A field's first item as text, cut at cap - 1; "" when it is not there. */
ENT_API void ent_itl_text(const ent_itl_record *r, uint32_t number, char *ret_text, size_t cap);

/* ---- images ---- */

/* An image record's essentials: Types 4, 10, 13, 14, 15 (others: ENT_UNSUPPORTED). */
typedef struct ent_itl_image {
    uint8_t type, position; /* friction ridge position (table 8): 0 to 15 and 40 to 50, others are 0, unknown */
    uint8_t impression;     /* Types 4 and 14: table 7; 255 not said */
    uint32_t width, height, ppi;
    char compression[8];    /* NONE, WSQ20, JPEGB, JPEGL, JP2, JP2L, PNG */
    const uint8_t *data;
    size_t len;
} ent_itl_image;

ENT_API ENT_MUST_CHECK ent_code ent_itl_image_of(const ent_itl_record *r, ent_itl_image *ret_image, ent_err *err);

/* ---- text ---- */

/* 1.015 DCS: 0 ASCII, 1 ISO 8859-1 (edition 2007), 2 UTF-16, 3 UTF-8, 4 UTF-32; -1 a user's own. Type-1 is always ASCII. */
ENT_API int ent_itl_encoding(const ent_itl *t);
/* Text of such an encoding as UTF-8 with a NUL, cut before cap at a whole character; U+FFFD stands for what is no character
 * of it. UTF-16 and UTF-32 are big-endian unless a byte order mark says otherwise. Returns the length that was written. */
ENT_API size_t ent_itl_to_utf8(int encoding, const uint8_t *text, size_t n, char *ret_text, size_t cap);

/* ---- Type-9 ---- */

typedef enum ent_itl_block {
    ENT_ITL_LEGACY, /* 9.005 to 9.012, of ANSI/NIST-ITL 1-2007 and before */
    ENT_ITL_M1,     /* 9.126 to 9.141, INCITS 378 */
    ENT_ITL_EFS     /* 9.300 to 9.399, the extended feature set */
} ent_itl_block;

/* A place in units of 10 micrometres from the left and the top (legacy: from the bottom) of the image (EFS: of its region). */
typedef struct ent_itl_minutia {
    uint32_t x, y;
    uint16_t angle;  /* degrees, counter-clockwise from the right; of a core or delta 0 when none is given */
    char kind;       /* E ridge ending, B bifurcation, X other or not said; C core, D delta */
    uint8_t quality; /* 0 worst to 100; 255 none is given */
} ent_itl_minutia;

typedef struct ent_itl_features {
    ent_itl_block block;
    uint32_t width, height; /* 10 micrometres, 0 not said */
    uint8_t position;       /* friction ridge position (table 8), 0 unknown */
    size_t minutiae, cores, deltas;
} ent_itl_features;

/* The best block of a Type-9 record (EFS, then M1, then legacy), its minutiae, then cores, then deltas: at most cap of them.
 * ENT_UNSUPPORTED when it has only blocks of vendors, ENT_FORMAT when a place or count in it cannot be read. */
ENT_API ENT_MUST_CHECK ent_code ent_itl_features_of(const ent_itl_record *r, ent_itl_features *ret_features, ent_itl_minutia *ret_minutiae, size_t cap,
                                                    ent_err *err);

/* ---- writing ---- */

typedef struct ent_itl_writer ent_itl_writer;

ENT_API ENT_MUST_CHECK ent_code ent_itl_writer_new(ent_itl_writer **ret_writer, ent_err *err);
ENT_API void ent_itl_writer_free(ent_itl_writer *w); /* erases; NULL is fine */
/* Begins a tagged record; Type-1 first. LEN and CNT are filled in by finish; IDC is given. Failures stick until finish. */
ENT_API void ent_itl_begin(ent_itl_writer *w, uint8_t type, int idc);
ENT_API void ent_itl_put(ent_itl_writer *w, uint32_t number, const char *text);
ENT_API void ent_itl_put_bytes(ent_itl_writer *w, uint32_t number, const void *bytes, size_t len);
/* A whole record as bytes, LEN and all: a binary one, or one that is kept as it was. */
ENT_API void ent_itl_put_record(ent_itl_writer *w, uint8_t type, int idc, const void *bytes, size_t len);
/* Calls write with the whole transaction once. */
ENT_API ENT_MUST_CHECK ent_code ent_itl_finish(ent_itl_writer *w, void (*write)(void *ctx, const void *bytes, size_t len),
                                               void *ctx, ent_err *err);

#ifdef __cplusplus
}
#endif

#endif
