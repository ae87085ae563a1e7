#!/bin/sh
# Everything that is fitted to prints, fitted anew, in order: after a change of the engine, or with more sets.
#
#     bench/refit.sh BUILD OUT DIR…      BUILD a build folder; OUT a new folder for scores and reports; DIR sets of prints, <finger>_<impression>.<ext>;
#                                        the last one with persons: the last digit of its fingers' names is the finger
#
# It changes nothing. OUT/weights.txt has what src/finger/fuse.c weighs, each set judged by weights of the others; OUT/closer.txt likewise of closer.c;
# OUT/meaning.txt the constants of meaning.c; OUT/fingers.txt how several fingers of a person hang together. In this order, because each rests on the ones before:
# whoever changes weights builds and runs it again. Scores that are in OUT already are not made again. Minutes; the full comparisons take most of it.
set -eu
[ $# -ge 3 ] || { sed -n 2,5p "$0"; exit 2; }
source=$(cd "$(dirname "$0")/.." && pwd) build=$1 out=$2; shift 2
mkdir -p "$out"
for persons; do :; done

"$build/bench/bench_finger_fit" --fit --prior -3 --penalty 1e-5 --thin 8 --keep "$out/terms" "$@" > "$out/weights.txt"
"$build/bench/bench_finger_scan" --strangers 2000 --fit yes --keep "$out/templates" "$@" > "$out/closer.txt"
[ -s "$out/full.csv" ] || "$build/src/cli/entente" evaluate finger "$@" --scores "$out/full.csv" > "$out/full.txt"
[ -s "$out/compact.csv" ] || "$build/src/cli/entente" evaluate finger "$@" --compact --scores "$out/compact.csv" > "$out/compact.txt"
python3 "$source/tools/finger_meaning.py" "$out/full.csv" "$out/compact.csv" > "$out/meaning.txt"
"$build/src/cli/entente" evaluate finger "$persons" --compact --scores "$out/persons.csv" > "$out/persons.txt"
python3 "$source/tools/finger_fusion.py" "$out/persons.csv" > "$out/fingers.txt"
cat "$out/meaning.txt" "$out/fingers.txt"
