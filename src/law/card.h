/* A partner's card: what one node must know of another to speak with it, signed by its identity key
 * (docs/protocol/exchange.md, "Card"). Text, so that it can be sent by any means and read to somebody:
 *
 *   entente-card/v1
 *   name gb.home-office
 *   address https://node.example:8443
 *   identity ed25519 BASE64
 *   serial 3                                     goes up with each card of this node
 *   issued 2026-03-10T09:08:07.123Z
 *   country GBR                                  optional
 *   -----BEGIN CERTIFICATE-----                  one, or two while they overlap
 *   …
 *   signature ed25519 BASE64                     of everything before this line
 *
 * Pure. Any thread. */
#ifndef LAW_CARD_H
#define LAW_CARD_H

#include "base/buf.h"
#include "base/when.h"
#include "crypto/sign.h"
#include "law/agreement.h"

enum { ENT_CARD_MAX = 16384, ENT_CARD_CERTIFICATES = 2, ENT_CARD_ADDRESS = 256 };

typedef struct ent_card {
    char name[ENT_PARTY_NAME];
    char address[ENT_CARD_ADDRESS];              /* https://HOST:PORT, no path */
    ent_public_key identity;
    uint32_t serial;
    ent_time issued;
    char country[4];                             /* ISO 3166-1 alpha-3; "": not stated */
    char certificate[ENT_CARD_CERTIFICATES][4096]; /* PEM */
    size_t certificate_count;                    /* at least 1 */
    uint8_t pin[ENT_CARD_CERTIFICATES][32];      /* SHA-256 of each certificate's DER; filled by decode */
    ent_time until[ENT_CARD_CERTIFICATES];       /* when each ends; filled by decode */
} ent_card;

/* Signs. ENT_FORMAT for what decode would refuse. The identity in the card must be the secret's. */
ENT_MUST_CHECK ent_code ent_card_encode(const ent_card *card, const ent_secret_key *identity, ent_buf *ret_text,
                                        ent_err *err);
/* ENT_FORMAT with what was expected, ENT_TOO_LARGE, ENT_SIGNATURE. */
ENT_MUST_CHECK ent_code ent_card_decode(const void *text, size_t len, ent_card *ret_card, ent_err *err);

#endif
