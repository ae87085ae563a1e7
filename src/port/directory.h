/* Who the other nodes are, as a port: what is pinned of each partner now. The exchange asks it for every connection and
 * every message, so that a revocation or a rotation works at once.
 *
 * Contract: answers reflect the last change that was committed; any thread; never blocks on the network. */
#ifndef PORT_DIRECTORY_H
#define PORT_DIRECTORY_H

#include "entente/error.h"
#include "port/partners.h"

enum { ENT_PEER_ADDRESS = 256, ENT_PEER_PINS = 2, ENT_PEER_KEYS = 4 };

typedef struct ent_peer {
    char name[ENT_NODE_NAME_MAX];
    char address[ENT_PEER_ADDRESS];        /* https://HOST:PORT */
    uint8_t pin[ENT_PEER_PINS][32];        /* SHA-256 of the DER of each certificate that is accepted now */
    size_t pin_count;
    uint8_t key[ENT_PEER_KEYS][32];        /* Ed25519 identity keys that are valid now (two while they overlap) */
    size_t key_count;
} ent_peer;

typedef struct ent_directory {
    void *self;
    /* ENT_NOT_FOUND: no such partner; ENT_DENIED: suspended or its keys revoked. */
    ENT_MUST_CHECK ent_code (*by_name)(void *self, const char *name, ent_peer *ret_peer, ent_err *err);
    /* Whose client certificate this is: ENT_NOT_FOUND, ENT_DENIED (revoked). */
    ENT_MUST_CHECK ent_code (*by_certificate)(void *self, const uint8_t sha256[32], ent_peer *ret_peer, ent_err *err);
} ent_directory;

#endif
