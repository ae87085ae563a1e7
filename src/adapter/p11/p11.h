/* The root of each epoch as an AES-256 key that a PKCS#11 token made and never lets out, by p11-kit. Needs no key of ours in the
 * token before; the token must know AES-GCM (PKCS#11 v2.40, 2.11.1). */
#ifndef ADAPTER_P11_H
#define ADAPTER_P11_H

#include "port/random.h"
#include "port/root.h"

/* uri: RFC 7512, naming one token and where the PIN lies: pkcs11:token=entente?pin-source=file:/etc/entente/pin, with module-path=
 * or module-name= where p11-kit does not know the module. A pin-value in it is refused (the file is no secret). node: the keys'
 * label in the token is "entente NODE". Talks to the token for each call only; the PIN's file is read for each and must be
 * readable by its owner alone. ENT_USAGE for the URI, ENT_UNREACHABLE for no such token, ENT_DENIED for the PIN. */
ENT_MUST_CHECK ent_code ent_p11_root(const char *uri, const char *node, ent_random random, ent_root *ret_root, ent_err *err);

#endif
