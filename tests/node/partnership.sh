#!/bin/bash
# Twenty nodes on one machine: one search goes to nineteen partners at once. Who is down, hangs, is suspended from either side, refuses, or may not be
# asked about this traveller has its own line and is never "no hit"; all of it is over by the deadline. A member is added by a card and an agreement.
source "$(dirname "$0")/world.sh"
port=$((20000 + RANDOM % 30000)) members=18
"$entente" synth finger --count 3 --impressions 2 --seed 5 -o prints > /dev/null || exit 1
# NAME CUSTODIANS' SUFFIX COUNTRY
member() {
  "$entente" init $1 --name $1.example --country $3 --custodian c.$2 --port $((port++)) --accept-unlocked-memory --accept-residue > /dev/null && start $1 || { bad "$1 does not start"; cat $1.log; verdict; }
  "$entente" --node $1 person add d.$2 --role custodian --as c.$2 > /dev/null
  "$entente" --node $1 partner card > $1.card 2> /dev/null
}
# a card each way, and an agreement that two custodians of each sign
joins() {
  "$entente" --node $1 partner add us.card --as c.$1 > /dev/null; us partner add $1.card --as c.us > /dev/null
  agreement "deal-$1" 1 "$3" 2099-12-31 "4 s" "$(party "$1" "$2")" "$(party us USA)"
  for c in c d; do us agreement sign deal-$1.yaml --as $c.us > out 2>&1 || { bad "us signs with $1"; cat out; }; done
  for c in c d; do "$entente" --node $1 agreement countersign deal-$1 --as $c.$1 > out 2>&1 || { bad "$1 countersigns"; cat out; }; done
}
member us us USA
works us o.us officer; us desk add desk-1 --as c.us > /dev/null; us desk approve desk-1 --as d.us > /dev/null
names=(); for i in $(seq $members); do names+=("m$(printf %02d "$i")"); done
for m in "${names[@]}"; do member $m $m "$([ $m = m18 ] && echo SYR || echo NLD)"; joins $m "$([ $m = m18 ] && echo SYR || echo NLD)" "$([ $m = m17 ] && echo 1 || echo 1000)"; done

# the nineteenth joins while all are running
begun=$(date +%s%N); member m19 m19 NLD; joins m19 NLD 1000
echo "a member added in $(( ($(date +%s%N) - begun) / 1000000 )) ms, nobody else was told"
"$entente" --node m19 enrol prints/1_1.png --taken-under ta-2000-s41 --offence terrorism-related --as c.m19 > out || { bad "enrolling"; cat out; }
encounter=$(sed -n 's/.*encounter \([0-9a-f]*\),.*/\1/p' out)

everybody() { us desk capture prints/1_2.png --desk desk-1 --officer o.us --nationality UTO "$@" -o traveller.capture > /dev/null
  begun=$(date +%s%N); us search traveller.capture --all --purpose threat-check --as o.us > out 2>&1; got=$?; took=$(( ($(date +%s%N) - begun) / 1000000 )); }
line() { grep "^$1.example " out | sed 's/^[^ ]* *//'; }
expect() { line $1 | grep -q -- "$2" || { bad "$1: its line is \"$(line $1)\", not \"$2\""; }; }
everybody
[ $got -eq 0 ] || bad "exit status $got"
[ "$(grep -c 'no hit' out)" -eq 18 ] && expect m19 "^hit "; says "^19 of 19 partners answered, 1 hit$" "all of them"
echo "19 partners answered in $took ms"

# a bad day
stop m13
kill -STOP "${pid[m14]}"
"$entente" --node m15 agreement suspend deal-m15 --as c.m15 > /dev/null
us agreement suspend deal-m16 --as c.us > /dev/null
for c in c d; do us agreement end deal-m12 --as $c.us > /dev/null; done
everybody --protection SYR
echo "on a bad day in $took ms"
[ $took -lt 9000 ] || bad "a deadline of 4 s took $took ms"
expect m13 "^not reached"; expect m14 "^no answer"; expect m15 "suspended"; expect m16 "suspended"; expect m17 "search.per-day"; expect m18 "protection"; expect m19 "^hit "
for m in m12 m13 m14 m15 m16 m17 m18; do line $m | grep -q "no hit" && bad "$m: a \"no hit\" that nobody said"; done
[ "$(grep -c ' no hit ' out)" -eq 11 ] || { bad "eleven say no hit"; cat out; }
says "^12 of 1[89] partners answered, 1 hit$" "the sum"
kill -CONT "${pid[m14]}"

# without the hit: no answer is no "no hit", in the exit status too
"$entente" --node m19 destroy "$encounter" --reason test --as c.m19 > out 2>&1 || { bad "destroying"; cat out; }
everybody; [ $got -eq 4 ] || { bad "exit status $got where some did not answer"; cat out; }
verdict
