/* One crossing of a border, as the desk's capture device states it (docs/protocol/crossing.md is normative): which document, at
 * which desk, by which device, when, before which officer, and the digest of what was captured. The statement stands before the
 * capture in one file:
 *
 *   entente-capture/v1
 *   salt 5f…                                64 digits, random: the statement can be committed to
 *   node us.example
 *   desk jfk-4-17
 *   device scanner-0042
 *   time 2026-03-10T09:08:07.123Z
 *   officer o.example
 *   reference F1234                         the desk's own; "-": none
 *   document UTO L898902C3                  issuing country and number; "- -": none was shown
 *   nationality UTO                         "-": unknown
 *   protection UTO IRN                      the traveller seeks protection; countries named as feared; "-": named none; "no"
 *   capture 23411 9c…                       length and SHA-256 of what follows the empty line
 *   signature ed25519 BASE64                by the desk's capture key
 *                                           an empty line, then the capture
 *
 * The commitment is SHA-256 of everything before the signature's line, salt and all; the signature is over the commitment, so that
 * whoever sees both learns nothing of the crossing and can verify it.
 *
 * Pure. Any thread. */
#ifndef LAW_CROSSING_H
#define LAW_CROSSING_H

#include "base/buf.h"
#include "base/when.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "law/agreement.h"

#define ENT_CROSSING_MAGIC "entente-capture/v1\n"

enum { ENT_CROSSING_MAX = 2048, ENT_CROSSING_WORD = 64, ENT_CROSSING_FEARED = 16, ENT_PLEDGE_MAX = 256 };

typedef struct ent_crossing {
    uint8_t salt[32];
    char node[ENT_PARTY_NAME];
    char desk[ENT_CROSSING_WORD], device[ENT_CROSSING_WORD], officer[ENT_CROSSING_WORD];
    char reference[ENT_CROSSING_WORD];          /* "": none; so are the next three */
    char issued_by[4], document[ENT_CROSSING_WORD];
    char nationality[4];
    ent_time time;
    bool protection;
    char feared[ENT_CROSSING_FEARED][4];
    size_t feared_count;
    uint64_t length;
    uint8_t digest[32];                         /* of the capture */
    uint8_t commitment[32];                     /* filled by sign and read */
    uint8_t signature[ENT_SIGNATURE_SIZE];
} ent_crossing;

/* What goes to a partner of it: the commitment, the desk's capture key, its signature. */
typedef struct ent_pledge {
    uint8_t commitment[32], key[32], signature[ENT_SIGNATURE_SIZE];
} ent_pledge;

bool ent_crossing_begins(const void *file, size_t len); /* whether a statement stands before it */

/* Fills length, digest, commitment and signature for this capture, and writes statement and capture. ENT_FORMAT for what read would
 * refuse. */
ENT_MUST_CHECK ent_code ent_crossing_sign(ent_crossing *c, ent_bytes capture, const ent_secret_key *key, ent_buf *ret_file, ent_err *err);
/* Reads the statement and finds the capture behind it. The form, the length and the digest are checked; whose signature it is, is not.
 * ENT_FORMAT with the line that was expected, ENT_DAMAGED for another capture. */
ENT_MUST_CHECK ent_code ent_crossing_read(const void *file, size_t len, ent_crossing *ret, ent_bytes *ret_capture, ent_err *err);
/* The statement alone, as it is opened to an auditor; the same checks but those of the capture. */
ENT_MUST_CHECK ent_code ent_statement_read(const void *text, size_t len, ent_crossing *ret, ent_err *err);
void ent_statement_write(const ent_crossing *c, ent_buf *ret);

ENT_MUST_CHECK bool ent_pledge_verify(const ent_pledge *p);
/* "COMMITMENT KEY SIGNATURE": 64 digits and twice base64. */
void ent_pledge_text(const ent_pledge *p, char ret_text[ENT_PLEDGE_MAX]);
ENT_MUST_CHECK ent_code ent_pledge_read(const char *text, ent_pledge *ret, ent_err *err);

/* ---- protection ---- */

/* A claim for protection keeps a crossing from the traveller's own country, the one that issued the document, and those named as
 * feared (Directive 2013/32/EU art. 30: nothing that tells the alleged actor of persecution). Unknown counts as barred: a country that
 * is not stated, a traveller whose nationality is not known. ret_clause when it is barred. */
bool ent_crossing_barred(const ent_crossing *c, const char *country, char ret_clause[ENT_LAW_CLAUSE]);

/* ---- the lot ---- */

/* One search in ENT_LOT_ONE_IN is opened to the auditor. `head`: the root of the holder's ledger up to and with the answer's entry, which
 * the requester cannot foresee: the entry commits under a salt of the holder. */
#define ENT_LOT_ONE_IN 200
#define ENT_LOT_DAYS 30
bool ent_lot_chosen(const uint8_t head[32], const uint8_t reference[16]);
/* The last day on which it may be opened; after it the flow is suspended. */
ent_date ent_lot_until(ent_date asked);
bool ent_lot_overdue(ent_date asked, ent_date today);

#endif
