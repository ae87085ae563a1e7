/* Refusals between nodes: problem details (RFC 9457), written and read the same way by both ends. Pure. Any thread. */
#ifndef PORT_PROBLEM_H
#define PORT_PROBLEM_H

#include "base/buf.h"
#include "entente/error.h"

#define ENT_PROBLEM_TYPE "application/problem+json"

typedef struct ent_problem {
    int status;          /* of HTTP */
    ent_code code;       /* "type": urn:entente:refused */
    char clause[64];     /* "" when none */
    char detail[320];
} ent_problem;

enum { ENT_PROBLEM_URN = 64 };
void ent_problem_type(ent_code code, char ret_urn[ENT_PROBLEM_URN]); /* "urn:entente:" and its name in lower case */
int ent_problem_status(ent_code code); /* ENT_REFUSED: 403, ENT_QUOTA: 429, ENT_GONE: 410, ENT_CONFLICT: 409, … */
/* Appends the JSON object; characters that are not printable ASCII become '?'. */
void ent_problem_write(const ent_problem *problem, ent_buf *ret_json);
/* ENT_FORMAT when it is no problem object. Members that are not known are skipped. */
ENT_MUST_CHECK ent_code ent_problem_read(const void *json, size_t len, ent_problem *ret_problem, ent_err *err);

#endif
