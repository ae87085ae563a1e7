/* Every command of the program, one line each: X(name, function's suffix, what it does). Each function is
 * int ent_cmd_SUFFIX(ent_cli *, int argc, char **argv) in src/cli/cmd_SUFFIX.c (or a file named in src/cli/meson.build). */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"
#include "crypto/sign.h"

#define ENT_COMMANDS(X)                                                                                                \
    X(init, init, "make a node in a folder")                                                                           \
    X(serve, serve, "run the node")                                                                                    \
    X(status, status, "counts")                                                                                        \
    X(person, person, "the people who work here")                                                                      \
    X(keys, keys, "keys that follow one another")                                                                      \
    X(partner, partner, "the other nodes")                                                                             \
    X(agreement, agreement, "what nodes may ask each other")                                                           \
    X(enrol, enrol, "take transactions or images")                                                                     \
    X(record, record, "what is held, and legal events")                                                                \
    X(retention, retention, "what falls due")                                                                          \
    X(hold, hold, "what must not be destroyed, and is no longer searched")                                             \
    X(regime, regime, "how long: the law as files, changed by two")                                                    \
    X(gallery, gallery, "what is searched")                                                                            \
    X(approve, approve, "the second person's word")                                                                    \
    X(time, time, "what the node knows of the day")                                                                    \
    X(subject-access, access, "what is held of a person, for that person")                                             \
    X(destroy, destroy, "destroy a part or an encounter")                                                              \
    X(desk, desk, "desks and their capture keys")                                                                      \
    X(search, search, "ask a partner")                                                                                 \
    X(candidate, candidate, "examine hits")                                                                            \
    X(disclose, disclose, "what leaves after a confirmed hit")                                                         \
    X(redress, redress, "who was stopped for nothing is not stopped twice")                                            \
    X(received, received, "what partners disclosed")                                                                   \
    X(feed, feed, "the copy of a partner's watchlist")                                                                 \
    X(programme, programme, "what admits travellers, and whose nationals")                                             \
    X(admit, admit, "what a programme says of a traveller; the officer's decision")                                    \
    X(stays, stays, "entries and exits")                                                                               \
    X(verify, verify, "check a receipt offline")                                                                       \
    X(ledger, ledger, "what this node did")                                                                            \
    X(lot, lot, "searches that the lot opens to the auditor")                                                          \
    X(alarm, alarm, "searches out of the ordinary")                                                                    \
    X(audit, audit, "check parties' ledgers against each other, offline")                                              \
    X(report, report, "what was exchanged in a year, for the public")                                             \
    X(witness, witness, "an observer who is no party: co-signs ledgers, needs no node")                                \
    X(backup, backup, "an encrypted copy of rows and ledger, without keys")                                            \
    X(restore, restore, "a node from a backup and its standby")                                                       \
    X(standby, standby, "keys and ledger on a second disk or host")                                                  \
    X(finger, finger, "extract, match and look at prints")                                                             \
    X(face, face, "find, extract and match faces")                                                                     \
    X(evaluate, evaluate, "error rates of the engine")                                                                 \
    X(bench, bench, "what this machine does a second")                                                                 \
    X(image, image, "convert and show images")                                                                         \
    X(itl, itl, "ANSI/NIST-ITL transactions")                                                                          \
    X(synth, synth, "make synthetic prints")                                                                           \
    X(version, version, "print the version")

#define ENT_X(name, suffix, about) int ent_cmd_##suffix(ent_cli *cli, int argc, char **argv);
ENT_COMMANDS(ENT_X)
#undef ENT_X

/* Of the group `itl`, in cmd_itl_check.c and cmd_itl_xml.c. */
int ent_cli_itl_check(ent_cli *cli, int argc, char **argv);
int ent_cli_itl_xml(ent_cli *cli, int argc, char **argv);
/* Of the group `evaluate`, in cmd_evaluate_face.c and cmd_evaluate_fusion.c. */
int ent_cli_evaluate_face(ent_cli *cli, int argc, char **argv);
int ent_cli_evaluate_fusion(ent_cli *cli, int argc, char **argv);

/* `verify` of a proof of destruction, `report retention`. */
typedef struct ent_cli_destruction {
    const char *file, *text;
    size_t len;
    const char *origin;           /* whose ledger, and its key */
    const ent_public_key *key;
    const char *epoch;            /* receipt of its end; NULL */
    const ent_cli_words *undertakings, *partners; /* files: tlog-proofs of partners' entries, cards */
} ent_cli_destruction;

int ent_cli_verify_destruction(const ent_cli *cli, const ent_cli_destruction *in);
int ent_cli_report_retention(ent_cli *cli, int argc, char **argv);

/* Of the group `finger`, in cmd_finger_show.c. */
int ent_cli_finger_show(ent_cli *cli, int argc, char **argv);
int ent_cli_finger_segment(ent_cli *cli, int argc, char **argv); /* cmd_finger_segment.c */

/* Of the group `bench`, in cmd_bench_finger.c. */
int ent_cli_bench_finger(ent_cli *cli, int argc, char **argv);
/* Of the group `agreement`, in cmd_simulate.c and cmd_publish.c. */
int ent_cli_agreement_publish(ent_cli *cli, int argc, char **argv);
int ent_cli_agreement_simulate(ent_cli *cli, int argc, char **argv);

/* Of the group `ledger`, in cmd_export.c. */
int ent_cli_ledger_export(ent_cli *cli, int argc, char **argv);

#endif
