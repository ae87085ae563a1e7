/* One act of a node, from a command: over the socket of the node that runs in the folder, or, when none runs, by opening
 * the folder under its lock for this one command. */
#ifndef CLI_ACT_H
#define CLI_ACT_H

#include "cli/cli.h"
#include "node/node.h"

typedef struct ent_cli_session ent_cli_session;

/* as: the person, NULL: nobody; asks for the passphrase once. */
ENT_MUST_CHECK ent_code ent_cli_begin(const ent_cli *cli, const char *as, ent_cli_session **ret_session, ent_err *err);
void ent_cli_end(ent_cli_session *s); /* NULL is fine */

/* params: {name: string}; stolen. ret_json is the caller's. */
ENT_MUST_CHECK ent_code ent_cli_act(ent_cli_session *s, const char *act, json_t *params, const void *body, size_t len,
                                    json_t **ret_json, ent_err *err);
const ent_secret_key *ent_cli_secret(const ent_cli_session *s);
/* Over a text, by the person of the session; in base64. */
json_t *ent_cli_signature(const ent_cli_session *s, const char *text);
/* The end of a command: prints (all of it under --json, else through `print`; NULL: it was printed), frees the answer, ends; the exit status. */
int ent_cli_finish(const ent_cli *cli, ent_cli_session *s, ent_code code, ent_err *err, json_t *out, void (*print)(const json_t *out));

/* A whole simple command: begins, acts, prints (all of it under --json, else through `print`), ends; the exit status. */
int ent_cli_simple(const ent_cli *cli, const char *as, const char *act, json_t *params, const char *file,
                   void (*print)(const json_t *out));

/* Of records, as lines (cmd_record.c). */
void ent_cli_print_part(const json_t *p);
void ent_cli_print_parts(const json_t *out);

/* A command that takes nothing but operands and --as: its act, the parameters that the operands are (NULL past the last), who may, and
 * how the answer is printed. The exit status. */
typedef struct ent_operands {
    const char *act, *name[3], *who;
    void (*print)(const json_t *out);
} ent_operands;

int ent_cli_operands(const ent_cli *cli, int argc, char **argv, const ent_cmd_help *help, const ent_operands *o);

/* Text member, "" when it is not there. */
const char *ent_cli_text(const json_t *o, const char *name);
/* Reads a file of at most ENT_LIMIT_ITL_FILE bytes. */
ENT_MUST_CHECK ent_code ent_cli_load(const char *path, ent_buf *ret, ent_err *err);
void ent_cli_print_json(const json_t *o);
/* A member in base64 as a file (mode 0600), whose path is printed (cmd_candidate.c). */
ENT_MUST_CHECK ent_code ent_cli_write_base64(const char *folder, const char *name, const char *text, ent_err *err);

/* Whether a version of an agreement, as the node lists it, is or was in force: signed by all. (cmd_publish.c) */
bool ent_cli_agreement_counts(const json_t *version);

#endif
