#!/bin/sh
# Runs fuzz targets, all or those that are named, until each has had so many seconds of processor time, as many at a time as there are processors,
# with libFuzzer under the address and undefined-behaviour sanitizers, from their corpus in the tree. What a target has had is kept in
# build-fuzz/NAME.had (seconds, runs), for the sources it was built from: a later call goes on from there, and a changed decoder starts anew.
# What is found lies in build-fuzz/found: mend it, and put a small file of it into the corpus.
# Usage: tools/fuzz.sh [SECONDS [TARGET…]]
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" = --one ]; then
  name=$2 seconds=$3
  program=build-fuzz/tests/fuzz/fuzz_$name log=build-fuzz/$name.log had=build-fuzz/$name.had
  mkdir -p "build-fuzz/corpus/$name"
  dict=; [ -f "tests/fuzz/$name.dict" ] && dict=-dict=tests/fuzz/$name.dict
  spent=0 runs=0
  [ -f "$had" ] && [ "$had" -nt "$program" ] && read -r spent runs <"$had"
  while [ "$spent" -lt "$seconds" ]; do
    part=$((seconds - spent))
    [ $part -le 120 ] || part=120
    bad=0
    /usr/bin/time -f '%U %S' -o "$log.times" "$program" -max_total_time=$part -rss_limit_mb=2048 -timeout=60 -max_len=65536 -print_final_stats=1 \
      -artifact_prefix="build-fuzz/found/$name-" $dict "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1 || bad=1
    spent=$(tail -1 "$log.times" | awk -v s="$spent" '{ print int(s + $1 + $2 + 1) }')
    runs=$((runs + $(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | grep . || echo 0)))
    [ $bad = 0 ] || { echo "$name: FOUND, see $log, after $runs runs in $spent s of processor time"; exit 1; }
    echo "$spent $runs" >"$had"
  done
  echo "$name: nothing found in $runs runs, $spent s of processor time"
  exit 0
fi
seconds=${1:-60}
[ $# -gt 0 ] && shift
for package in clang-14 libclang-rt-14-dev time; do
  dpkg-query -W -f '${Status}' $package 2>/dev/null | grep -q 'ok installed' || {
    echo "installing: $package"; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $package; }
done
[ -f build-fuzz/build.ninja ] || CC=clang-14 CXX=clang++-14 meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
  -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
[ $# -gt 0 ] || set -- $(ls tests/fuzz/*.c | grep -v replay | sed 's|tests/fuzz/\(.*\)\.c|\1|')
ninja -C build-fuzz $(printf 'tests/fuzz/fuzz_%s ' "$@") >/dev/null
mkdir -p build-fuzz/found
printf '%s\n' "$@" | xargs -P "$(nproc)" -I NAME tools/fuzz.sh --one NAME "$seconds"
