/* YAML (1.1 as libyaml reads it) into a tree of values (law/doc.h), strictly: refuses, with the line, a second
 * document, anchors and aliases, tags, directives, duplicate keys, keys that are no plain text, merge keys, control
 * characters, nesting over ENT_LIMIT_YAML_DEPTH, more than ENT_LIMIT_YAML_FILE bytes or ENT_LIMIT_YAML_NODES values,
 * and an empty file. Texts are kept as written: no value becomes a number or a truth value here. Any thread. */
#ifndef ADAPTER_YAML_H
#define ADAPTER_YAML_H

#include "law/doc.h"

/* An ent_doc_reader. The caller frees *ret_doc. */
ENT_MUST_CHECK ent_code ent_yaml_read(const void *bytes, size_t len, const char *what, ent_doc **ret_doc,
                                      ent_err *err);

#endif
