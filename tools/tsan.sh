#!/bin/bash
# Runs the tests of what has threads under ThreadSanitizer: the exchange's server and the client's lines, a partnership, the store's and the ledger's
# committers and appenders side by side, galleries that change under a scan, the witness. With --long also the stories in which many requests reach one node
# at a time (minutes). A report ends its test as failed.
# Usage: tools/tsan.sh [--long | TEST…]
set -u
cd "$(dirname "$0")/.."
folder=${BUILD:-build}-tsan
long=; [ "${1:-}" = --long ] && { long="flow/exchange_story"; shift; }
[ $# -gt 0 ] || set -- base/parallel api/exchange/loopback api/exchange/partnership contract/store contract/ledger flow/gallery witness/state $long
[ -f "$folder/build.ninja" ] || meson setup "$folder" -Dcommit_points=true -Db_sanitize=thread -Db_lundef=false > /dev/null || exit 1
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1:exitcode=66}
meson test -C "$folder" --print-errorlogs --timeout-multiplier 10 "$@"
