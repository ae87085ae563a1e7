#!/bin/bash
# Three nodes: a search that names two records, asked on behalf of a third party, to which one of the two is given on with the holder's word; the
# recall follows the copy; three ledgers laid beside each other say so, and the year's report counts it.
. "$(dirname "$0")/world.sh"
candidates=2
world 100
"$entente" init fr --name fr.example --country FRA --custodian c.fr --port $((20000 + RANDOM % 30000)) --accept-unlocked-memory --accept-residue > /dev/null && start fr || { cat fr.log; exit 1; }
fr() { "$entente" --node fr "$@"; }
fr person add d.fr --role custodian --as c.fr > /dev/null; fr partner card > fr.card 2> /dev/null
for n in gb us; do "$entente" --node $n partner add fr.card --as c.$n > /dev/null; fr partner add $n.card --as c.fr > /dev/null; done
works gb y.gb examiner
third=$(party fr FRA) behalf="[fr.example]" onward="{ to: [fr.example], authorisation: each-time }"
deal 2 100; sign deal.yaml deal
for c in c.fr d.fr; do fr agreement countersign deal --as $c > out 2>&1 || { bad "fr countersigns"; cat out; }; done

# one finger, taken at two arrests
for i in 1 2; do status 0 "enrolling" enrol prints/2_$i.png --person "Exempla, Jane $i"; arrest[i]=$(sed -n 's/.*encounter \([0-9a-f]*\),.*/\1/p' out); done
status 0 "others" enrol prints/3_1.png --person "Exempla, Other"
status 3 "for whom the agreement does not list" look prints/2_2.png --on-behalf-of de.example; says "on-behalf-of" "for whom the agreement does not list"
us desk capture prints/2_2.png --desk desk-1 --officer o.us --nationality UTO --protection FRA -o feared.capture > /dev/null
status 3 "for a country that is feared" us search feared.capture --purpose threat-check --on-behalf-of fr.example --as o.us
says "protection" "for a country that is feared"
status 0 "a hit" look prints/2_2.png --on-behalf-of fr.example
reference=$(reference)
status 0 "what the requester sees" us search show "$reference" --as c.us; says "on behalf of fr.example" "what the requester sees"; grep -q "candidate" out && bad "the requester is told of candidates"
status 0 "what the holder sees" gb search show "$reference" --as c.gb; says "on behalf of fr.example" "what the holder sees"
other=$(sed -n 's/^another candidate: //p' out); [ ${#other} -eq 32 ] || { bad "no other candidate"; cat out; }
status 0 "two cases" gb candidate list --as c.gb; says "a candidate of search $reference" "two cases"
for x in x.gb y.gb; do
  mapfile -t cases < <(gb candidate list --as $x 2> /dev/null | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p'); [ ${#cases[@]} -eq 2 ] || bad "$x has ${#cases[@]} cases"
  for case in "${cases[@]}"; do
    gb candidate analyse "$case" --suitable yes --as $x > out 2>&1 && gb candidate conclude "$case" identified --reasons "level 2 detail in agreement" --as $x > out 2>&1 || { bad "examining"; cat out; }
  done
done
for number in "$reference" "$other"; do status 0 "a disclosure" gb disclose "$number" --as c.gb; says "it has arrived" "a disclosure"; done
status 0 "both are kept" us received list --as c.us; [ "$(grep -c "search $reference for fr.example" out)" -eq 2 ] || { bad "two disclosures of one search"; cat out; }

# given on, each time with the holder's word
mapfile -t kept < <(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' out)
works us x.us examiner
status 3 "where the holder's examiners conclude, nobody does here" us received conclude "${kept[1]}" identified --reasons "alike" --as x.us; says "(confirm)" "where the holder's examiners conclude, nobody does here"
status 0 "asked for" us received give "${kept[0]}" fr.example --as c.us; says ": asked" "asked for"
status 0 "nothing has left" fr received list --as c.fr; says "nothing is kept" "nothing has left"
status 3 "another party" us received give "${kept[0]}" gb.example --as c.us; says "onward" "another party"
status 0 "what the holder is asked" gb disclose onward --as c.gb; says "to fr.example.*asked" "what the holder is asked"
copy=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' out)
status 0 "the holder's word" gb disclose onward "$copy" authorise --as c.gb
status 0 "given on" us received give "${kept[0]}" fr.example --as c.us; says ": kept" "given on"
status 0 "kept there" fr received list --as c.fr; says "of gb.example, given on by us.example" "kept there"
status 0 "opened there" fr received show "$copy" --as c.fr; says "Exempla, Jane" "opened there"

# the record of what was given on goes, and the copy after it
status 0 "which arrest" us received show "${kept[0]}" --as c.us; which=$(sed -n 's/.*Exempla, Jane \([12]\)$/\1/p' out)
status 0 "a destruction" gb destroy "${arrest[which]}" --reason "unlawful" --as c.gb
status 0 "the other is asked for" us received give "${kept[1]}" fr.example --as c.us # whoever sends something sends what waits: no minute is waited for
for _ in $(seq 90); do fr received list --as c.fr > out; grep -q "nothing is kept" out && break; sleep 1; done
says "nothing is kept" "the recall follows the copy"
for _ in $(seq 70); do us received onward --as c.us > out; grep -q "gone" out && break; sleep 1; done
says ": gone 20" "the undertaking comes back"
status 0 "the other stays" us received list --as c.us; [ "$(grep -c "search $reference" out)" -eq 1 ] || { bad "the other is kept"; cat out; }

# all three ledgers
for n in gb us fr; do "$entente" --node $n ledger export from-$n > /dev/null; done
status 0 "the audit" gb audit from-gb from-us from-fr
says "further_candidates *1$" "the audit"; says "asked_for_others *1$" "the audit"; says "given_on *1$" "the audit"; says "^findings *0$" "the audit"
status 0 "the year's report" us report exchange from-us --year "$(date -u +%Y)" --format csv -o report.csv
grep -q "fr.example" report.csv || { bad "the report does not say for whom"; cat report.csv; }
verdict
