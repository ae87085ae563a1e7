#!/bin/bash
# Three nodes on loopback with the console open: two police authorities and a border control, people of every role, arrests, an agreement,
# one hit that waits for examiners. Prints the addresses and waits for Ctrl+C; leaves nothing running and nothing behind.
# CONSOLE_FOLDER=DIR keeps the files in DIR and writes DIR/ready when all is there (the browser's test does).
set -u
entente=$(readlink -f "${1:-build/entente}")
arrests=${ARRESTS:-20}
share=$(readlink -f "$(dirname "$0")/../share")
work=${CONSOLE_FOLDER:-$(mktemp -d "${TMPDIR:-/tmp}/entente-console-XXXXXX")}
mkdir -p "$work"
pids=""
finish() {
  trap - EXIT INT TERM
  for p in $pids; do kill "$p" 2>/dev/null; done
  for p in $pids; do wait "$p" 2>/dev/null; done
  [ -n "${CONSOLE_FOLDER:-}" ] || rm -rf "$work"
}
trap finish EXIT
trap 'exit 0' INT TERM
cd "$work" || exit 4
fail() { echo "the console's demo failed: $1"; tail -n 3 ./*.log; exit 4; }
[ -f "$share/console/console.js" ] || { echo "the console is not built: make console"; exit 4; }

pass="a passphrase for the demo only"
echo "$pass" > passphrase
export ENTENTE_PASSPHRASE_FILE=$work/passphrase ENTENTE_QUICK_KEYS=1 ENTENTE_SHARE=$share
port=$((20000 + RANDOM % 20000))

"$entente" init gb --name gb.example --country GBR --custodian c.gb --port $port --accept-unlocked-memory --accept-residue > /dev/null || fail "init"
"$entente" init ca --name ca.example --country CAN --custodian c.ca --port $((port + 4)) --accept-unlocked-memory --accept-residue > /dev/null || fail "init"
"$entente" init us --name us.example --country USA --custodian c.us --port $((port + 1)) --accept-unlocked-memory --accept-residue > /dev/null || fail "init"
# REFER_AFTER=MS: when a referral is said; longer where searches are slow (sanitizers).
desk() { sed -i "/^desk:/,/^[a-z]/{s/^  port: .*/  port: $2/;s/^  refer-per-mille: .*/  refer-per-mille: 0/;s/^  refer-after: .*/  refer-after: ${REFER_AFTER:-1200} ms/;s|^  contact: .*|  contact: \"Data protection officer, $1.example, 1 Harbour Road, Exampleton\"|}" "$1/node.yaml"; }
desk gb $((port + 2)); desk us $((port + 3))
sed -i 's/^controls-per-mille: .*/controls-per-mille: 0/' gb/node.yaml ca/node.yaml # only the cases that the stories work on
for n in gb ca us; do
  "$entente" --node $n serve > $n.ready 2> $n.log & pids="$pids $!"; echo $! > $n.pid
done
for n in gb ca us; do
  for _ in $(seq 200); do grep -q ready $n.ready 2>/dev/null && break; sleep 0.1; done
  grep -q ready $n.ready || fail "$n does not start"
done
for n in gb us ca; do "$entente" --node $n person add d.$n --role custodian --as c.$n > /dev/null || fail "person"; done
for who in "gb x.gb examiner" "gb y.gb examiner" "gb a.gb auditor" "us o.us officer" "us s.us officer" "us a.us auditor"; do
  read -r n name role <<< "$who"
  "$entente" --node $n person add $name --role $role --as c.$n > proposed || fail "person"
  "$entente" --node $n person approve $name --digits "$(sed -n 's/^    \([0-9 ]*\)$/\1/p' proposed)" --as d.$n > /dev/null || fail "person"
done
"$entente" --node us desk add desk-1 --as c.us > /dev/null && "$entente" --node us desk approve desk-1 --as d.us > /dev/null || fail "desk"
for n in gb ca us; do "$entente" --node $n partner card > $n.card 2> /dev/null || fail "card"; done
for n in gb ca; do
  "$entente" --node $n partner add us.card --as c.$n > /dev/null && "$entente" --node us partner add $n.card --as c.us > /dev/null || fail "partner"
done

key() { sed -n 's/^identity ed25519 //p' "$1"; }
deal() { # NAME HOLDER COUNTRY [THIRD COUNTRY]: the third party may be asked for, and signs too
  third=never party=
  [ -z "${4:-}" ] || { third="[$4.example]"; party="  - { name: $4.example, country: $5, key: $(key $4.card) }"; }
  cat > $1.yaml <<Y
agreement: $1
version: 1
title: Border checks of persons arrested on national-security grounds
parties:
  - { name: $2.example, country: $3, key: $(key $2.card) }
  - { name: us.example, country: USA, key: $(key us.card) }
$party
witness:
  - { name: observer.example, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= }
in-force: { from: 2020-01-01, until: 2099-12-31, review: 2030-01-01 }
flows:
  - name: border-check
    holder: $2.example
    requester: us.example
    purposes:
      - { name: terrorism-threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual }
    modalities: [fingerprint, face]
    against: [tenprint]
    subjects: { powers: [uk-terrorism-3y, uk-terrorism-convicted, ew-custody-photograph], exclude: [] }
    search: { per-day: 2000, candidates: 1, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }
    holder-keeps-probe: until-concluded
    confirm: { by: holder, examiners: 2, within: 15 min }
    disclose: { on-hit: [], on-confirmed: [status, category, arrest-date] }
    copy: { mode: none }
    requester-keeps: 90 days
    on-behalf-of: $third
    onward: never
    articles: { purposes: Art. 3(1), search.per-day: Art. 6(2) }
Y
  for c in c d; do "$entente" --node us agreement sign $1.yaml --as $c.us > /dev/null || fail "agreement"; done
  for n in $2 ${4:-}; do for c in c d; do "$entente" --node $n agreement countersign $1 --as $c.$n > /dev/null || fail "agreement"; done; done
  [ -z "${4:-}" ] || "$entente" --node us agreement send $1 --as c.us > /dev/null || fail "agreement"
}
deal border-checks gb GBR ca CAN
deal border-checks-north ca CAN

"$entente" synth finger --count "$arrests" --impressions 1 --seed 7 -o prints > /dev/null || fail "synth"
"$entente" synth finger --count 1 --impressions 3 --seed 7 -o known > /dev/null || fail "synth"
"$entente" synth finger --count 1 --impressions 1 --seed 99 -o stranger > /dev/null || fail "synth"
"$entente" --node gb enrol prints/*.png --taken-under ta-2000-s41 --offence terrorism-related,qualifying --as c.gb > /dev/null || fail "enrol"
"$entente" synth finger --count 5 --impressions 1 --seed 11 -o north > /dev/null || fail "synth"
"$entente" --node ca enrol north/*.png --taken-under ta-2000-s41 --offence terrorism-related,qualifying --as c.ca > /dev/null || fail "enrol"
# One hit for the examiners, and one act that waits for a second custodian.
"$entente" --node us desk capture known/1_2.png --desk desk-1 --officer s.us --nationality UTO -o known.capture > /dev/null || fail "capture"
"$entente" --node us search known.capture --agreement border-checks --purpose terrorism-threat-check --crossing DESK-0 --receipt hit.tlog-proof --as s.us > hit.txt || fail "the search that must hit"
"$entente" synth finger --count 1 --impressions 1 --seed 55 -o other > /dev/null || fail "synth"
part=$("$entente" --node gb --json enrol other/1_1.png --taken-under ta-2000-s41 --offence terrorism-related,qualifying --as c.gb | grep -o '"part": *"[0-9a-f]*"' | head -1 | grep -o '[0-9a-f]\{32\}') || fail "enrol"
"$entente" --node gb record event "$part" unlawful --date "$(date -u +%F)" --as d.gb > /dev/null || fail "event"
# A second hit, with a face: two pictures that are drawn, no person's. Examiners fill in the morphological form.
face() { # EYES MOUTH OUT: a head, seen from the front
  LC_ALL=C awk -v eyes="$1" -v mouth="$2" 'BEGIN { w = 240; h = 300; printf "P5\n%d %d\n255\n", w, h
    for (y = 0; y < h; y++) for (x = 0; x < w; x++) {
      dx = (x - 120) / 78; dy = (y - 155) / 112; v = 205 - y / 6
      if (dx * dx + dy * dy < 1) v = 168 - 30 * dx + (y < 95 ? -70 : 0)
      for (s = -1; s <= 1; s += 2) { ex = (x - 120 - s * eyes) / 15; ey = (y - 135) / 7; if (ex * ex + ey * ey < 1) v = 60; if (ex > -1.3 && ex < 1.3 && y > 116 && y < 122) v = 80 }
      if (x > 114 && x < 126 && y > 150 && y < 185) v -= 18
      mx = (x - 120) / mouth; my = (y - 215) / 6; if (mx * mx + my * my < 1) v = 92
      printf "%c", int(v) }
  }' > "$3.pgm" && "$entente" image convert "$3.pgm" "$3" > /dev/null || fail "drawing a face"
}
face 32 30 face-arrest.png; face 31 33 face-desk.png
"$entente" synth finger --count 1 --impressions 2 --seed 33 -o masked > /dev/null || fail "synth"
pack() { "$entente" itl pack "masked/$1" --finger 2 --face "$2" --taken-under ta-2000-s41 --offence terrorism-related,qualifying --taken "$(date -u +%Y%m%d)" -o "$3" > /dev/null || fail "pack"; }
pack 1_1.png face-arrest.png arrest.an2; pack 1_2.png face-desk.png desk.an2
"$entente" --node gb enrol arrest.an2 --as c.gb > /dev/null || fail "enrol"
"$entente" --node us desk capture desk.an2 --desk desk-1 --officer s.us --nationality UTO -o face.capture > /dev/null || fail "capture"
"$entente" --node us search face.capture --agreement border-checks --purpose terrorism-threat-check --crossing DESK-FACE --as s.us > face.txt || fail "the search that must hit with a face"
# One part that only a hold keeps: two custodians open it.
"$entente" synth finger --count 1 --impressions 1 --seed 77 -o held > /dev/null || fail "synth"
"$entente" itl pack held/1_1.png --finger 7 --name "EXEMPLA, HELD" --taken-under ta-2000-s41 --offence terrorism-related,qualifying --taken "$(date -u +%Y%m%d)" -o held.an2 > /dev/null || fail "pack"
held=$("$entente" --node gb --json enrol held.an2 --as c.gb | grep -o '"part": *"[0-9a-f]*"' | head -1 | grep -o '[0-9a-f]\{32\}') || fail "enrol"
"$entente" --node gb record hold "$held" --date "$(date -u +%F)" --review "$(( $(date -u +%Y) + 1 ))-01-01" --document "R v Exempla" --as c.gb > /dev/null || fail "hold"
"$entente" --node gb record event "$held" unlawful --date "$(date -u +%F)" --as c.gb > /dev/null && "$entente" --node gb approve "$held" 1 --as d.gb > /dev/null && "$entente" --node gb retention run --as c.gb > /dev/null || fail "the hold store"
# The same finger, arrested again for something that the border flow does not see: a pair for the custodian to look at.
"$entente" --node gb enrol known/1_1.png --taken-under pace --offence recordable,qualifying --taken "$(date -u -d '-20 days' +%F)" --as c.gb > /dev/null || fail "enrol"
# A programme by two custodians, and a country in it (UTO: ICAO's specimen).
both() { # the event that the first custodian proposes, approved by the second
  event=$("$entente" --node us --json programme "$@" --effective 2026-01-01 --decider "The Secretary" --clause "INA s. 217(c)" --as c.us | grep -o '"id": *"[0-9a-f]*"' | grep -o '[0-9a-f]\{32\}') &&
    "$entente" --node us programme approve "$event" --as d.us > /dev/null 2>&1 || fail "programme"
}
both add "$share/programmes/us-visa-waiver.yaml"
both designate us-visa-waiver UTO
cat > addresses <<T
gb=http://localhost:$((port + 2))/
us=http://localhost:$((port + 3))/
T
cat <<T

  The console is open.

    police authority gb.example   http://localhost:$((port + 2))/    c.gb d.gb custodians, x.gb y.gb examiners, a.gb auditor
    border control us.example     http://localhost:$((port + 3))/    o.us s.us border officers, c.us d.us custodians, a.us auditor
    police authority ca.example   another partner, without a page

    keys         $work/gb/people/NAME.key, $work/us/people/NAME.key
    passphrase   $pass
    travellers   $work/known/1_3.png is in there, $work/stranger/1_1.png is not

  Ctrl+C ends it; nothing stays.
T
touch ready
wait $pids
