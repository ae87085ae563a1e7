#!/bin/sh
# Runs every fuzz target for so many seconds each, with libFuzzer under the address and undefined-behaviour sanitizers, from its
# corpus in the tree. What is found lies in build-fuzz/found: mend it, and put a small file of it into the corpus.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-60}
dpkg-query -W -f '${Status}' libclang-rt-14-dev 2>/dev/null | grep -q 'ok installed' || {
  echo "installing: clang-14 libclang-rt-14-dev"; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends clang-14 libclang-rt-14-dev; }
[ -f build-fuzz/build.ninja ] || CC=clang-14 CXX=clang++-14 meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false \
  -Dc_args=-fsanitize=fuzzer-no-link >/dev/null
ninja -C build-fuzz $(ls tests/fuzz/*.c | grep -v replay | sed 's|tests/fuzz/\(.*\)\.c|tests/fuzz/fuzz_\1|') >/dev/null
mkdir -p build-fuzz/found
bad=0
for source in tests/fuzz/*.c; do
  name=$(basename "$source" .c); [ "$name" = replay ] && continue
  mkdir -p "build-fuzz/corpus/$name"
  printf '%-12s ' "$name"
  if "build-fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="build-fuzz/found/$name-" $([ -f "tests/fuzz/$name.dict" ] && echo "-dict=tests/fuzz/$name.dict") "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"build-fuzz/$name.log" 2>&1
  then sed -n 's/^stat::number_of_executed_units: */nothing found in runs: /p' "build-fuzz/$name.log"
  else bad=$((bad + 1)); echo "FOUND: see build-fuzz/$name.log"; fi
done
exit $bad
