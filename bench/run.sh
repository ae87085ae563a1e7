#!/bin/sh
# Every benchmark, one after the other; each says what it measures. Results with the machine's description: bench/README.md.
set -eu
cd "$(dirname "$0")/.."
entente=${1:-build/entente}
"$(dirname "$entente")/bench/bench_exchange" 2 || true
"$(dirname "$entente")/bench/bench_image"
"$(dirname "$entente")/bench/bench_sandbox"
slots=$(mktemp -d); "$(dirname "$entente")/bench/bench_custody" "$slots" "$(readlink -f "$entente")"; rm -rf "$slots"
log=$(mktemp -d); "$(dirname "$entente")/bench/bench_ledger" "$log"; rm -rf "$log"
nodes=$(mktemp -d); "$(dirname "$entente")/bench/bench_searches" "$nodes" 5; rm -rf "$nodes"
bash bench/search.sh "$entente" "${PRINTS:-10000}" 20
bash bench/face.sh "$entente"
