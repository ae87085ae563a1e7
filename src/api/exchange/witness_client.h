/* An ent_witnesses over HTTP: C2SP tlog-witness. Nothing in it is trusted: a cosignature verifies or it does not. https is verified
 * with the system's authorities; http is for loopback or a network that is trusted not to drop messages. */
#ifndef API_EXCHANGE_WITNESS_CLIENT_H
#define API_EXCHANGE_WITNESS_CLIENT_H

#include "port/partners.h"
#include "port/witnesses.h"

enum { ENT_WITNESS_ADDRESSES = 16, ENT_WITNESS_URL = 256, ENT_WITNESS_CALL_MS = 5000 };

typedef struct ent_witness_address {
    char name[ENT_NODE_NAME_MAX];
    char url[ENT_WITNESS_URL];   /* without a slash at its end: "https://witness.example" */
} ent_witness_address;

typedef struct ent_witness_client ent_witness_client;

ENT_MUST_CHECK ent_code ent_witness_client_make(const ent_witness_address *addresses, size_t count, ent_witness_client **ret_client, ent_err *err);
ent_witnesses ent_witness_client_port(ent_witness_client *client); /* valid until free */
void ent_witness_client_free(ent_witness_client *client);         /* NULL is fine */

#endif
