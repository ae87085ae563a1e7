#!/bin/bash
# The console's stories in a real browser, against three nodes. Skipped where node, chromium or the built console are missing.
# CONSOLE_SHOTS=DIR keeps the screenshots. `run.sh ENTENTE [STORY…]`.
set -u
root=$(readlink -f "$(dirname "$0")/../..")
entente=$(readlink -f "$1"); shift
skip() { echo "skipped: $1"; exit 77; }
command -v node > /dev/null || skip "no node"
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' || skip "node 18 or later is needed, this is $(node --version)"
[ -n "${CONSOLE_SANITIZED:-}" ] || ! grep -q __asan_init "$entente" || skip "sanitized: the browser's stories are of the program as it ships (CONSOLE_SANITIZED=1 runs them)"
command -v chromium > /dev/null || command -v google-chrome > /dev/null || skip "no chromium"
[ -d "$root/console/node_modules/playwright-core" ] && [ -f "$root/share/console/console.js" ] || skip "the console is not built: make console"
slow=2000; grep -q __asan_init "$entente" && slow=4000 # under sanitizers a node answers late, and who is late is a referral
export REFER_AFTER=${REFER_AFTER:-$slow}
export ENTENTE=$entente CONSOLE_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/entente-console-XXXXXX")
"$root/tools/demo_console.sh" "$entente" > "$CONSOLE_FOLDER/out" 2>&1 & demo=$!
finish() { trap - EXIT INT TERM; kill $demo 2>/dev/null; wait $demo 2>/dev/null; rm -rf "$CONSOLE_FOLDER"; }
trap finish EXIT
trap 'exit 130' INT TERM
for _ in $(seq 1800); do
  [ -f "$CONSOLE_FOLDER/ready" ] && break
  kill -0 $demo 2>/dev/null || { cat "$CONSOLE_FOLDER/out"; exit 1; }
  sleep 0.1
done
[ -f "$CONSOLE_FOLDER/ready" ] || { cat "$CONSOLE_FOLDER/out"; exit 1; }
node "$root/tests/console/vectors.mjs" && node "$root/tests/console/run.mjs" "$@"
