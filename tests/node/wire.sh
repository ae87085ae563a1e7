#!/bin/bash
# Who watches the wire, over real TLS, and the growth of the holder's log learns nothing of a hit: every answer has one size and one entry, whatever it is,
# and their times pass a rank test; a leak of one byte, one entry, or of as much time as the middle half of the answers spreads over is found.
# PROBES=N: of so many fingers (20), each searched four times, half of them while their records are there.
command -v python3 > /dev/null || { echo "skipped: no python3"; exit 77; }
source "$(dirname "$0")/world.sh"
probes=${PROBES:-20}
through=$((20000 + RANDOM % 30000))
world 1000000
python3 "$here/wire.py" proxy $through "$(sed -n 's/^address .*:\([0-9]*\)$/\1/p' gb.card)" wire.log > proxy.ready 2> proxy.log & pid[proxy]=$!
for _ in $(seq 100); do grep -q ready proxy.ready && break; sleep 0.1; done
stop gb; sed -i "s|^  address: .*|  address: https://127.0.0.1:$through|" gb/node.yaml; start gb || exit 1
gb partner card > gb.card 2> /dev/null; us partner add gb.card --as c.us > /dev/null || bad "the card with the proxy's address"
"$entente" synth finger --count "$probes" --impressions 5 --seed 41 -o fingers > /dev/null || exit 1
size() { echo $(( $(stat -c %s gb/ledger/*/entries) / 256 )); }
look_once() { # FINGER IMPRESSION
  local before at status
  before=$(size); at=$(wc -l < wire.log)
  us search captures/$1_$2 --purpose threat-check --as o.us > out 2>&1; status=$?
  [ $status -le 1 ] || { bad "a search"; cat out; return; }
  echo "$1 $status $(( $(size) - before )) $((at + 1)) $(wc -l < wire.log)" >> searched
}
half=$((probes / 2)); mkdir captures; : > searched
for phase in first second; do
  if [ $phase = first ]; then set -- 1 $half "2 3"; else set -- $((half + 1)) "$probes" "4 5"; fi
  : > enrolled
  for f in $(seq "$1" "$2"); do gb --json enrol "fingers/${f}_1.png" --taken-under ta-2000-s41 --offence terrorism-related --as c.gb >> enrolled 2>&1 || bad "enrolling"; done
  # a hundred crossings at a time: a statement is good for a quarter of an hour
  for i in $3; do seq "$probes" | sed "s/$/ $i/"; done | shuf --random-source=<(yes) | split -l 100 - order.
  for part in order.*; do
    making=(); while read -r f i; do capture "fingers/${f}_$i.png" captures/${f}_$i & making+=($!); [ ${#making[@]} -lt 4 ] || { wait "${making[@]}"; making=(); }; done < $part
    [ ${#making[@]} -eq 0 ] || wait "${making[@]}"
    while read -r f i; do look_once "$f" "$i"; done < $part
    rm $part
  done
  for part in $(grep -o '"part": *"[0-9a-f]*"' enrolled | grep -o '[0-9a-f]\{32\}'); do gb destroy "$part" --reason "the next half" --as c.gb > /dev/null || bad "destroying"; done
done
hits=$(grep -c '^[0-9]* 0 ' searched); all=$(wc -l < searched)
[ "$all" -eq $((4 * probes)) ] && [ "$hits" -eq $((2 * probes)) ] || bad "$hits hits of $all searches: $((2 * probes)) of $((4 * probes)) were to hit"
[ -n "${KEEP:-}" ] && mkdir -p "$KEEP" && cp searched wire.log "$KEEP"
status 0 "guessing" python3 "$here/wire.py" guess searched wire.log; cat out
verdict
