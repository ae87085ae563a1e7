#!/bin/sh
# Runs fuzz targets, all or those that are named, for so many seconds each, as many at a time as there are processors, with libFuzzer under the
# address and undefined-behaviour sanitizers, from their corpus in the tree. Reports for each how often it ran and the processor time it
# had, which on a busy machine is less than the seconds. What is found lies in build-fuzz/found: mend it, and put a small file of it into the corpus.
# Usage: tools/fuzz.sh [SECONDS [TARGET…]]
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" = --one ]; then
  name=$2 seconds=$3
  log=build-fuzz/$name.log
  mkdir -p "build-fuzz/corpus/$name"
  dict=; [ -f "tests/fuzz/$name.dict" ] && dict=-dict=tests/fuzz/$name.dict
  bad=0
  "build-fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=60 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/found/$name-" $dict "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1 || bad=1
  times >"$log.times" # of the shell, then of what it ran
  spent=$(tail -1 "$log.times")
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  [ $bad = 0 ] && echo "$name: nothing found in ${runs:-0} runs, processor time (user system) $spent" || echo "$name: FOUND, see $log, after ${runs:-?} runs, $spent"
  exit $bad
fi
seconds=${1:-60}
[ $# -gt 0 ] && shift
dpkg-query -W -f '${Status}' libclang-rt-14-dev 2>/dev/null | grep -q 'ok installed' || {
  echo "installing: clang-14 libclang-rt-14-dev"; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends clang-14 libclang-rt-14-dev; }
[ -f build-fuzz/build.ninja ] || CC=clang-14 CXX=clang++-14 meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
  -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
[ $# -gt 0 ] || set -- $(ls tests/fuzz/*.c | grep -v replay | sed 's|tests/fuzz/\(.*\)\.c|\1|')
ninja -C build-fuzz $(printf 'tests/fuzz/fuzz_%s ' "$@") >/dev/null
mkdir -p build-fuzz/found
printf '%s\n' "$@" | xargs -P "$(nproc)" -I NAME tools/fuzz.sh --one NAME "$seconds"
