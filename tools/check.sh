#!/bin/sh
# Every test, under the address and undefined-behaviour sanitizers. Ends with "N passed, N failed, N skipped".
set -u
cd "$(dirname "$0")/.."
build=${BUILD:-build-check}
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=1:detect_leaks=1} UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
[ -f "$build/build.ninja" ] || meson setup "$build" -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=true \
  -Dcommit_points=true -Dbuildtype=debugoptimized >"/tmp/entente-setup.$$" || { cat "/tmp/entente-setup.$$"; exit 1; }
rm -f "/tmp/entente-setup.$$"
ninja -C "$build" || exit 1
python3 tools/check_layers.py || { echo "0 passed, 1 failed"; exit 1; }
meson test -C "$build" --print-errorlogs --no-rebuild "$@"
status=$?
log=$build/meson-logs/testlog.json
python3 - "$log" <<'PY'
import json, sys
n = {"OK": 0, "SKIP": 0}
bad = 0
for line in open(sys.argv[1], encoding="utf-8"):
    r = json.loads(line)["result"]
    if r in n: n[r] += 1
    elif r == "EXPECTEDFAIL": n["OK"] += 1
    else: bad += 1
print(f"{n['OK']} passed, {bad} failed, {n['SKIP']} skipped")
PY
exit $status
