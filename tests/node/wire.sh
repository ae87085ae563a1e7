#!/bin/bash
# From sizes and times on the wire, over real TLS, and from the growth of the holder's log, nobody guesses a hit better than by a coin; and the
# guessers do find a leak of one byte, one second, one entry. PROBES=N for more.
command -v python3 > /dev/null || { echo "skipped: no python3"; exit 77; }
source "$(dirname "$0")/world.sh"
probes=${PROBES:-12}
through=$((20000 + RANDOM % 30000))
world 1000
python3 "$here/wire.py" proxy $through "$(sed -n 's/^address .*:\([0-9]*\)$/\1/p' gb.card)" wire.log > proxy.ready 2> proxy.log & pid[proxy]=$!
for _ in $(seq 100); do grep -q ready proxy.ready && break; sleep 0.1; done
stop gb; sed -i "s|^  address: .*|  address: https://127.0.0.1:$through|" gb/node.yaml; start gb || exit 1
gb partner card > gb.card 2> /dev/null; us partner add gb.card --as c.us > /dev/null || bad "the card with the proxy's address"
"$entente" synth finger --count "$probes" --impressions 2 --seed 41 -o fingers > /dev/null || exit 1
size() { gb --json status | sed -n 's/.*"ledger": *\([0-9]*\).*/\1/p'; }
look_once() { # PROBE
  capture "fingers/$1_2.png"
  local before at status
  before=$(size); at=$(wc -l < wire.log)
  us search traveller.capture --purpose threat-check --as o.us > out 2>&1; status=$?
  [ $status -le 1 ] || { bad "a search"; cat out; return; }
  local grown=$(( $(size) - before ))
  tail -n +$((at + 1)) wire.log | python3 -c '
import json, sys
wire = [[float(a), b, int(c)] for a, b, c in (line.split() for line in sys.stdin)]
print(json.dumps({"probe": int(sys.argv[1]), "hit": sys.argv[2] == "0", "growth": int(sys.argv[3]), "wire": wire}))' "$1" $status $grown >> records
}
half=$((probes / 2))
for phase in first second; do
  if [ $phase = first ]; then set -- 1 $half; else set -- $((half + 1)) "$probes"; fi
  : > enrolled
  for f in $(seq "$1" "$2"); do gb --json enrol "fingers/${f}_1.png" --taken-under ta-2000-s41 --offence terrorism-related --as c.gb >> enrolled 2>&1 || bad "enrolling"; done
  for f in $(seq "$probes" | shuf --random-source=<(yes)); do look_once "$f"; done
  for part in $(grep -o '"part": *"[0-9a-f]*"' enrolled | grep -o '[0-9a-f]\{32\}'); do gb destroy "$part" --reason "the next half" --as c.gb > /dev/null || bad "destroying"; done
done
hits=$(grep -c '"hit": true' records); all=$(wc -l < records)
[ "$all" -eq $((2 * probes)) ] && [ "$hits" -eq "$probes" ] || bad "$hits hits of $all searches: $probes of $((2 * probes)) were to hit"
[ -n "${KEEP:-}" ] && cp records "$KEEP"
status 0 "guessing" python3 "$here/wire.py" guess records; cat out
verdict
