#!/bin/bash
# Documents against INTERPOL's schemas, and its samples through us. $1: the program, $2: a document of the types that the samples have not. Needs ENTENTE_DATA and xmllint.
set -u
entente=$1
data=${ENTENTE_DATA:-}
[ -n "$data" ] && [ -d "$data/interpol" ] || { echo "skipped: no data"; exit 77; }
command -v xmllint >/dev/null || { echo "skipped: no xmllint"; exit 77; }
schema=$data/interpol/XMLschemas/int-i/1.0/int-i.xsd
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
bad=0 valid=0 other=0

valid_document() { xmllint --noout --nonet --schema "$schema" "$1" >"$work/lint" 2>&1; }

# Each conforming file goes out and comes back; the document is valid unless its type of transaction is unknown to the schema,
# and then nothing else is wrong with it.
for file in "$data"/biocts/*/pass/*.an2 "$data"/itl/type-9-13-m1.an2 "$data"/itl/type9.an2k; do
  "$entente" itl xml "$file" -o "$work/out.xml" 2>"$work/remarks" || { echo "not written: $file"; bad=1; continue; }
  if valid_document "$work/out.xml"; then valid=$((valid + 1))
  elif grep -q '1.004: the schema has no such type' "$work/remarks" && ! grep 'validity error' "$work/lint" | grep -qv 'TransactionCategoryCode'; then other=$((other + 1))
  else echo "not valid: $file"; head -3 "$work/lint"; bad=1; fi
  "$entente" itl xml "$work/out.xml" -o "$work/back.an2" || { echo "not read back: $file"; bad=1; }
done
# The samples come in, go out valid, and come in the same; ours is valid itself.
valid_document "$2" || { echo "not valid: $2"; head -3 "$work/lint"; bad=1; }
for file in "$data"/interpol/XMLsamples/*.xml "$2"; do
  "$entente" itl xml "$file" -o "$work/in.an2" 2>"$work/remarks" && "$entente" itl xml "$work/in.an2" -o "$work/out.xml" 2>"$work/remarks" && valid_document "$work/out.xml" &&
    "$entente" itl xml "$work/out.xml" -o "$work/again.an2" && cmp -s "$work/in.an2" "$work/again.an2" || { echo "sample: $file"; bad=1; }
done
echo "$valid valid, $other valid but for their type of transaction"
exit $bad
