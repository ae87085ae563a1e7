#!/bin/bash
# The audit by lot on real nodes: searches until the lot chooses one; a requester that opens it in time passes the audit, one that does not is
# suspended at both ends and told by the audit. The same crowd of searches makes a flow's usual rate of hits; a day far above it is an alarm.
later=$(readlink -f "$2"); [ -f "$later" ] || { echo "no $2"; exit 1; }
source "$(dirname "$0")/world.sh"
world 100000
stop gb; sed -i 's/answer-grid: .*/answer-grid: 20 ms/' gb/node.yaml; start gb || exit 1
for n in gb us; do works $n a.$n auditor; done
days=0
# DAYS: both nodes and all commands go on as long after
go_on() {
  for n in us gb; do [ -z "${pid[$n]:-}" ] || stop $n; done
  days=$((days + $1)); export LD_PRELOAD=$later LATER_DAYS=$days
  for n in gb us; do
    start $n || { bad "$n after $days days"; cat $n.log; verdict; }
    for c in c d; do $n time confirm --as $c.$n > out 2>&1 || { bad "confirming the day"; cat out; }; done
  done
}
one() { us desk capture "$2" --desk desk-1 --officer o.us --nationality UTO -o many/$1 > /dev/null && us search many/$1 --purpose threat-check --as o.us > many/$1.out 2>&1; echo $? > many/$1.status; }
mkdir many; count=0
# PRINT N: so many searches, ten at a time
searches() {
  local from=$count running=()
  count=$((count + $2))
  for i in $(seq $((from + 1)) $count); do
    one $i "$1" & running+=($!)
    [ $((i % 10)) -eq 0 ] && { wait "${running[@]}"; running=(); }
  done
  [ ${#running[@]} -eq 0 ] || wait "${running[@]}" # without a name it would wait for the nodes
}
chosen() { us lot list --as c.us | sed -n 's/^\([0-9a-f]\{32\}\) chosen .*/\1/p'; }
until_chosen() { for _ in $(seq 300); do lot=$(chosen | head -1); [ -n "$lot" ] && break; searches prints/6_2.png 10; done; echo "chosen after $count searches: $lot"; }
bundles() { rm -rf from-gb from-us; gb ledger export from-gb > /dev/null; us ledger export from-us > /dev/null; }

until_chosen
[ -n "$lot" ] || { bad "the lot chose none of $count"; verdict; }
stop us; stop gb; mkdir aside; cp -a gb us aside; start gb && start us || exit 1
gb lot list --as c.gb > out; says "$lot chosen" "the holder drew alike"
status 3 "read before it is opened" us lot show "$lot" --as a.us
status 3 "opened by an officer" us lot open "$lot" --as o.us
status 4 "opened by the holder" gb lot open "$lot" --as c.gb
for l in $(chosen); do status 0 "opened by a custodian" us lot open "$l" --as c.us; done
status 3 "read by a custodian" us lot show "$lot" --as c.us
status 0 "read by the auditor" us lot show "$lot" --as a.us; cp out opening
status 0 "what was read holds" "$entente" lot verify opening --card us.card; says "desk desk-1" "whose crossing"; says "the lot chose it" "the draw"
sed 's/^officer o.us/officer o.uz/' opening > forged; status 4 "another officer" "$entente" lot verify forged --card us.card
sed "s/^body ./body $(grep -q '^body 0' opening && echo 1 || echo 0)/" opening > forged; status 4 "another request" "$entente" lot verify forged --card us.card
status 4 "with another's card" "$entente" lot verify opening --card gb.card
gb lot list --as a.gb > out; says "$lot opened" "the holder was told, with a proof"
bundles; status 0 "the draw, by the holder's ledger" "$entente" lot verify opening --card us.card --holder from-gb; says "by the holder's ledger" "the draw"
spared=$(sed -n 's/^reference //p' many/*.out | grep -v "$lot" | head -1); sed "s/^reference .*/reference $spared/" opening > forged; status 4 "another search's" "$entente" lot verify forged --card us.card --holder from-gb
status 0 "who opens passes" "$entente" audit from-gb from-us; says "^opened_to_auditor *[1-9]" "the audit"
status 0 "the report" "$entente" report exchange --year "$(date -u +%Y)" --format html from-us; says "opened to the auditor" "the report"

[ $count -lt 210 ] && searches prints/6_2.png $((210 - count))
for l in $(chosen); do us lot open "$l" --as c.us > /dev/null; done
enrol prints/1_1.png > /dev/null
go_on 1
searches prints/1_2.png 20
[ "$(cat many/*.status | grep -c '^0$')" -eq 20 ] || bad "20 hits"
for _ in $(seq 90); do gb alarm --as a.gb > out; grep -q "far more" out && break; sleep 1; done
says "far more" "a day of hits"; says "again and again" "one record hit again and again"
us alarm --as a.us > out; says "far more" "a day of hits, at the requester"

# the same nodes as they were when the lot had chosen, and nobody opens
stop us; stop gb; rm -rf gb us; mv aside/gb aside/us .; days=0
go_on 30; capture prints/6_2.png; status 1 "the thirtieth day is still in time" us search traveller.capture --purpose threat-check --as o.us
go_on 1; capture prints/6_2.png; status 3 "suspended at the requester" us search traveller.capture --purpose threat-check --as o.us; says "audit by lot" "the clause"; says "$lot" "which"
us lot list --as a.us > out; says "OVERDUE" "the requester's list"
gb lot list --as a.gb > out; says "OVERDUE" "the holder's list"
bundles; status 4 "who does not open is told" "$entente" audit from-gb from-us; says "due, and not opened to the auditor" "the audit"
for l in $(chosen); do status 0 "opened at last" us lot open "$l" --as c.us; done
status 1 "the flow goes on" us search traveller.capture --purpose threat-check --as o.us
bundles; status 4 "and the audit goes on saying that it was late" "$entente" --json audit from-gb from-us; says LOT_DUE "the audit"
verdict
