#!/bin/bash
# The main job, played: two nodes on loopback, arrests enrolled, an agreement signed, a traveller who is in there and one who
# is not, a search that the agreement refuses, receipts, destruction. Leaves nothing running and nothing behind.
set -u
entente=$(readlink -f "${1:-build/entente}")
arrests=${ARRESTS:-200}
work=$(mktemp -d "${TMPDIR:-/tmp}/entente-demo-XXXXXX")
pids=""
finish() {
  trap - EXIT INT TERM
  for p in $pids; do kill "$p" 2>/dev/null; done
  for p in $pids; do wait "$p" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
# Faces beside the prints, where the networks were fetched (make models) and the pictures can be.
tools=$(cd "$(dirname "$0")" && pwd) model="" modalities=fingerprint powers="uk-terrorism-3y, uk-terrorism-convicted"
if [ -f "$tools/../models/pair-mirror.yaml" ] && sh "$tools/demo_faces.sh" "$entente" "$work/faces" > /dev/null 2>&1; then
  model=$(readlink -f "$tools/../models/pair-mirror.yaml") modalities="fingerprint, face" powers="$powers, ew-custody-photograph"
fi
cd "$work" || exit 4

bold=""; dim=""; green=""; red=""; plain=""
if [ -t 1 ]; then bold=$'\e[1m'; dim=$'\e[2m'; green=$'\e[32m'; red=$'\e[31m'; plain=$'\e[0m'; fi
now() { date +%s%3N; }
began=$(now)
title() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }
run() { printf '%s$ entente %s%s\n' "$dim" "$(echo "$*" | sed -E 's/(prints\/[^ ]+) (prints\/[^ ]+ )+/\1 … /')" "$plain"; "$entente" "$@"; }
fail() { printf '%s%s%s\n' "$red" "the demo failed: $1" "$plain"; tail -n 3 ./*.log; exit 4; }
expect() { [ "$1" -eq "$2" ] || fail "$3 (exit status $1, expected $2)"; }

echo "a passphrase for the demo only" > passphrase
export ENTENTE_PASSPHRASE_FILE=$work/passphrase ENTENTE_QUICK_KEYS=1

cat <<'T'

   police authority gb.example                          border control us.example
  ┌──────────────────────────────┐    hit / no hit     ┌──────────────────────────────┐
  │ prints, sealed, each under a │ ◄────────────────── │ the traveller at the desk    │
  │ law and a date; a ledger     │ ──────────────────► │ a ledger of what was asked   │
  └──────────────────────────────┘   signed, proven    └──────────────────────────────┘
T

title "1  Two nodes"
port=$((20000 + RANDOM % 20000))
run init gb --name gb.example --country GBR --custodian c.gb --port $port --accept-unlocked-memory --accept-residue > /dev/null || fail "init"
run init us --name us.example --country USA --custodian c.us --port $((port + 1)) --accept-unlocked-memory --accept-residue > /dev/null || fail "init"
sed -i 's/^controls-per-mille: .*/controls-per-mille: 0/' gb/node.yaml # the demo's examiners identify whatever they get
[ -z "$model" ] || sed -i "s|^  model: .*|  model: \"$model\"|" gb/node.yaml us/node.yaml
for n in gb us; do
  "$entente" --node $n serve > $n.ready 2> $n.log & pids="$pids $!"
done
for n in gb us; do
  for _ in $(seq 100); do grep -q ready $n.ready 2>/dev/null && break; sleep 0.1; done
  grep -q ready $n.ready || fail "$n does not start"
done
for n in gb us; do run --node $n person add d.$n --role custodian --as c.$n || fail "person"; done
works() { # NODE NAME ROLE: one custodian proposes, the other approves the key whose digits the person reads out
  run --node $1 person add $2 --role $3 --as c.$1 | tee proposed || fail "person"
  run --node $1 person approve $2 --digits "$(sed -n 's/^    \([0-9 ]*\)$/\1/p' proposed)" --as d.$1 || fail "person"
}
works gb x.gb examiner; works gb y.gb examiner; works us o.us officer
run --node us desk add desk-7 --as c.us || fail "desk"
run --node us desk approve desk-7 --as d.us || fail "desk"

title "2  They exchange cards, and people compare the digits by voice"
"$entente" --node gb partner card > gb.card 2> gb.digits; "$entente" --node us partner card > us.card 2> us.digits
run --node gb partner add us.card --as c.gb > /dev/null || fail "partner"
run --node us partner add gb.card --as c.us > /dev/null || fail "partner"
echo "gb.example: $(sed 's/.*: //' gb.digits)"; echo "us.example: $(sed 's/.*: //' us.digits)"

title "3  An agreement, signed by both over the same bytes, two custodians each"
key() { sed -n 's/^identity ed25519 //p' "$1"; }
cat > deal.yaml <<Y
agreement: border-checks
version: 1
title: Border checks of persons arrested on national-security grounds
parties:
  - { name: gb.example, country: GBR, key: $(key gb.card) }
  - { name: us.example, country: USA, key: $(key us.card) }
witness:
  - { name: observer.example, key: Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg= }
in-force: { from: 2020-01-01, until: 2099-12-31, review: 2030-01-01 }
flows:
  - name: border-check
    holder: gb.example
    requester: us.example
    purposes:
      - { name: terrorism-threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual }
    modalities: [$modalities]
    against: [tenprint]
    subjects: { powers: [$powers], exclude: [] }
    search: { per-day: 100, candidates: 1, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: 5 s }
    holder-keeps-probe: until-concluded
    confirm: { by: holder, examiners: 2, within: 15 min }
    disclose: { on-hit: [], on-confirmed: [status, category, arrest-date] }
    copy: { mode: none }
    requester-keeps: 90 days
    on-behalf-of: never
    onward: never
    articles: { purposes: Art. 3(1), search.per-day: Art. 6(2) }
Y
for c in c.us d.us; do run --node us agreement sign deal.yaml --as $c || fail "sign"; done
for c in c.gb d.gb; do run --node gb agreement countersign border-checks --as $c || fail "countersign"; done

title "4  Arrests, each print sealed under its own key, with the day on which it must go"
t=$(now)
if [ -n "${ENTENTE_DATA:-}" ] && [ -d "$ENTENTE_DATA/fvc/2002/DB1_B" ]; then
  echo "prints: FVC2002 and FVC2004, set B"
  mkdir prints; i=0
  for set in 2002/DB1_B 2002/DB3_B 2004/DB2_B 2004/DB3_B; do
    for f in "$ENTENTE_DATA"/fvc/$set/*.png; do
      case $set/$(basename "$f") in 2002/DB1_B/101_[2-8].png | 2002/DB1_B/105_*) continue ;; esac
      i=$((i + 1)); [ $i -gt "$arrests" ] && break 2
      ln -s "$f" "prints/$(echo $set | tr / -)-$(basename "$f")"
    done
  done
  known=$ENTENTE_DATA/fvc/2002/DB1_B/101_8.png; stranger=$ENTENTE_DATA/fvc/2002/DB1_B/105_3.png
else
  echo "prints: synthetic"
  "$entente" synth finger --count "$arrests" --impressions 1 --seed 7 -o prints > /dev/null || fail "synth"
  "$entente" synth finger --count 1 --impressions 2 --seed 7 -o known > /dev/null; known=known/1_2.png
  "$entente" synth finger --count 1 --impressions 1 --seed 99 -o stranger > /dev/null; stranger=stranger/1_1.png
fi
if [ -n "$model" ]; then
  first=$(ls prints/2002-DB1_B-101_1.png prints/1_1.png 2> /dev/null | head -n 1)
  pack() { "$entente" itl pack "$1" --finger 2 --face "$2" --name "EXEMPLA, $3" --taken-under ta-2000-s41 --offence terrorism-related,qualifying --taken "$(date -u +%Y%m%d)" -o "$4" > /dev/null || fail "pack"; }
  pack "$first" faces/arrest.jpg ARREST arrest.an2; rm "$first"
  run --node gb enrol arrest.an2 --as c.gb || fail "enrolling print and face"
  pack "$known" faces/desk.jpg TRAVELLER known.an2; known=known.an2
  pack "$stranger" faces/stranger.jpg STRANGER stranger.an2; stranger=stranger.an2
else echo "no face: make models fetches the networks, npm the pictures"; fi
run --node gb enrol prints/*.png --taken-under ta-2000-s41 --offence terrorism-related,qualifying --as c.gb
expect $? 0 "enrolling"
echo "$(( $(now) - t )) ms"

# What the desk's device does with a print; here its key is in a file, which the ledger says ("software key").
capture() { run --node us desk capture "$1" --desk desk-7 --officer o.us --document UTO:L898902C3 --nationality UTO --reference DESK-7 -o traveller.capture > /dev/null || fail "capture"; }

title "5  A traveller who is in there: another impression of a finger that was taken"
capture "$known"
run --node us search traveller.capture --purpose terrorism-threat-check --receipt hit.tlog-proof --as o.us | tee hit.txt
expect "${PIPESTATUS[0]}" 0 "the search that must hit"
reference=$(sed -n 's/^reference //p' hit.txt)

title "6  A traveller who is not"
capture "$stranger"
run --node us search traveller.capture --purpose terrorism-threat-check --receipt nohit.tlog-proof --as o.us
expect $? 1 "the search that must not hit"

title "7  What the agreement does not grant: another purpose, a second search of one crossing, a file that no desk signed"
run --node us search traveller.capture --purpose tourism --agreement border-checks --as o.us
expect $? 3 "the search that must be refused"
run --node us search traveller.capture --purpose terrorism-threat-check --as o.us
expect $? 3 "the second search of one crossing"
run --node us search "$known" --purpose terrorism-threat-check --as o.us
expect $? 3 "the search with a file"

title "8  Two examiners, each blind to the other: the probe alone, then the candidate beside it"
run --node gb disclose "$reference" --as c.gb
expect $? 3 "a disclosure before anybody examined"
for x in x.gb y.gb; do
  for case in $("$entente" --node gb candidate list --as $x | awk '/ open /{print $1}'); do
    "$entente" --node gb candidate show "$case" -d "$x-$case" --as $x > /dev/null || fail "show"
    form=$x-$case/analysis.form
    [ ! -f "$form" ] || sed -i 's/: $/: clear/' "$form" # of a face: each feature has its word
    run --node gb candidate analyse "$case" --suitable yes $([ ! -f "$form" ] || echo --form "$form") --as $x || fail "analyse"
    "$entente" --node gb candidate show "$case" -d "$x-$case" --as $x > /dev/null || fail "show"
    form=$x-$case/conclusion.form
    [ ! -f "$form" ] || sed -i 's/: $/: same/' "$form"
    run --node gb candidate conclude "$case" identified --reasons "the demo's: level 2 detail in agreement" $([ ! -f "$form" ] || echo --form "$form") --as $x || fail "conclude"
  done
done
run --node us search show "$reference" --as c.us || fail "show"

title "9  The custodian discloses what the agreement grants, and no more"
run --node gb disclose "$reference" --fields name --as c.gb
expect $? 3 "a field that is not granted"
run --node gb disclose "$reference" --as c.gb || fail "disclose"
disclosure=$("$entente" --node us received list --as o.us | awk '{print $1; exit}')
run --node us received show "$disclosure" --as o.us || fail "received"
run --node gb search show "$reference" --as x.gb | tee show.txt || fail "show"
candidate=$(sed -n 's/^candidate //p' show.txt)
run --node gb record show "$candidate" --as c.gb || fail "record"

title "10  Receipts, checked offline against the other side's card"
run verify hit.tlog-proof --card gb.card || fail "verify"
asked=$("$entente" --node us ledger show | awk '/ asked /{print $1; exit}')
"$entente" --node us ledger prove "$asked" > asked.tlog-proof
run verify asked.tlog-proof --card us.card || fail "verify"

title "11  The record is destroyed, and what was disclosed comes back"
run --node gb destroy "$candidate" --reason "the demo's" --proof destroyed.json --as c.gb || fail "destroy"

run --node gb disclose list --as c.gb || fail "disclosures"
run --node us received list --as o.us || fail "received"
run --node gb disclose undertakings "$disclosure" -o undertaken --as c.gb || fail "undertakings"
run verify destroyed.json --card gb.card --undertaking "undertaken/$disclosure.tlog-proof" --partner us.card || fail "verify"

title "12  The same traveller again"
capture "$known"
run --node us search traveller.capture --purpose terrorism-threat-check --as o.us
expect $? 1 "the search after the destruction"

printf '\n%sdone in %s s; nothing is left running or on disk%s\n' "$green" "$(( ($(now) - began) / 1000 ))" "$plain"
