#!/bin/bash
# What a border search costs, end to end over TLS, against N enrolled prints; and its parts, as the node itself measures them.
#   bench/search.sh build/entente [N=10000] [SEARCHES=20]
set -u
entente=$(readlink -f "${1:-build/entente}"); prints=${2:-10000}; searches=${3:-20}
here=$(cd "$(dirname "$0")/.." && pwd)
source "$here/tests/node/world.sh" "$entente"
fingers=$(( (prints + 19) / 20 ))
echo "machine: $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) threads"
t=$(date +%s%3N)
"$entente" synth finger --count $fingers --impressions 20 --seed 31 -o many > /dev/null || exit 1
echo "made $((fingers * 20)) synthetic prints in $(( $(date +%s%3N) - t )) ms"
world 100000
stop gb; sed -i 's/answer-grid: 250 ms/answer-grid: 1 ms/' gb/node.yaml; start gb || exit 1
t=$(date +%s%3N)
find many -name '*.png' | head -n "$prints" | xargs -n 500 "$entente" --node gb enrol --taken-under ta-2000-s41 --offence terrorism-related --as c.gb > out || { tail -3 out; exit 1; }
spent=$(( $(date +%s%3N) - t ))
gb --json status > status; count=$(python3 -c 'import json; print(json.load(open("status"))["gallery"])')
echo "enrolled $count prints in $spent ms: $(( count * 1000 / spent )) a second"
stop gb; t=$(date +%s%3N); start gb || exit 1
echo "started with $count prints in $(( $(date +%s%3N) - t )) ms"
"$entente" synth finger --count "$searches" --impressions 1 --seed 77 -o others > /dev/null
: > times
for f in others/*.png; do
  capture "$f"
  us --json search traveller.capture --purpose threat-check --as o.us > answer 2>&1
  reference=$(python3 -c 'import json; print(json.load(open("answer"))["reference"])')
  gb --json search show "$reference" --as c.gb > view
  python3 - >> times <<'P'
import json
a, v = json.load(open("answer"))["ms"], json.load(open("view"))["us"]
print(a["prepare"], a["ask"], a["wait"], a["verify"], v["decode"] / 1000, v["match"] / 1000, v["append"] / 1000)
P
done
python3 - "$count" <<'P'
import statistics, sys
rows = [list(map(float, l.split())) for l in open("times")]
names = ["requester: read and extract", "requester: ledger", "holder and line", "requester: verify", "  holder: decode and extract", "  holder: match", "  holder: ledger"]
med = [statistics.median(c) for c in zip(*rows)]
total = statistics.median(sum(r[:4]) for r in rows)
print(f"search against {sys.argv[1]} prints: median {total:.0f} ms from file to verified answer ({len(rows)} searches)")
for n, m in zip(names, med): print(f"  {n:32} {m:7.1f} ms  {100 * m / total:5.1f} %")
P
