#!/bin/bash
# Replays fuzz corpora under clang's MemorySanitizer: a value that was never set and decides something ends the run. Only targets whose code is our own
# from end to end: what a library writes, which is built without it, would count as never set.
# Usage: tools/msan.sh [TARGET…]
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- itl itl_check wsq wsq_encode bmp pgm fmr finger problem
[ -f build-msan/build.ninja ] || CC=clang-14 CXX=clang++-14 meson setup build-msan -Db_sanitize=memory -Db_lundef=false -Dc_args=-fsanitize-memory-track-origins >/dev/null
ninja -C build-msan $(printf 'tests/fuzz/fuzz_%s ' "$@") >/dev/null
bad=0
for name; do build-msan/tests/fuzz/fuzz_"$name" tests/fuzz/corpus/"$name" || { echo "$name: a value that was never set"; bad=1; }; done
exit $bad
