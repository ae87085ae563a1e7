#!/bin/bash
# The example on synthetic prints: one finger's two impressions are told to be of one finger, two fingers' are not.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$2" synth finger --count 2 --impressions 2 -o "$dir" >/dev/null
for p in 1_1 1_2 2_1; do "$2" image convert "$dir/$p.png" "$dir/$p.pgm" >/dev/null; done
"$1" "$dir/1_1.pgm" "$dir/1_2.pgm" || { echo "one finger was taken for two"; exit 1; }
status=0; "$1" "$dir/1_1.pgm" "$dir/2_1.pgm" || status=$?
[ "$status" = 1 ] || { echo "two fingers were taken for one, or it failed: $status"; exit 1; }
status=0; "$1" "$dir/1_1.png" "$dir/1_1.pgm" 2>/dev/null || status=$?
[ "$status" = 2 ] || { echo "a file that is no PGM ended with $status, not 2"; exit 1; }
