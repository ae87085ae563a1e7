#!/bin/bash
# Custodians at work on a running node: two-person events, links, the calendar, the proof of a destruction, the person's request,
# the year's report.
. "$(dirname "$0")/world.sh"
world 100
today=$(date -u +%F)
encounter=()
for i in 1 2 3; do
  status 0 "enrolling" gb enrol prints/${i}_1.png --taken-under ta-2000-s41 --offence terrorism-related --person "Exempla $i" --as c.gb
  encounter+=("$(sed -n 's/^enrolled as encounter \([0-9a-f]*\).*/\1/p' out)")
done
print_of() { gb record show "$1" --as c.gb | awk '/fingerprint/{print $1; exit}'; }
one=${encounter[0]}; two=${encounter[1]}
part=$(print_of "$one")

status 0 "an unlawful taking" gb record event "$part" unlawful --date "$today" --as c.gb
status 0 "what waits" gb approve list --as c.gb; says "second person ends the window" "what waits"
status 3 "one's own act" gb approve "$part" 0 --as c.gb; says "nobody approves their own act" "one's own act"
status 0 "nothing goes inside the window" gb retention run --dry-run --as c.gb; says "^0 parts" "nothing goes inside the window"
status 0 "the second word" gb approve "$part" 0 --as d.gb
status 0 "now it goes" gb retention run --as c.gb; says "^1 parts" "now it goes"

status 0 "a link" gb record link "$one" "$two" --as c.gb
status 0 "undone" gb record unlink "$one" --as c.gb
status 3 "an officer links nothing" us record link "$one" "$two" --as o.us
status 0 "the calendar" gb retention calendar --as c.gb; says "$(( $(date -u +%Y) + 3 ))-" "the calendar"
status 0 "what falls due in four years" gb retention due --within 1461d --as c.gb; says "destroy by" "what falls due in four years"

status 0 "a destruction" gb destroy "$two" --reason "court order 5" --proof proof.json --as c.gb
status 0 "its proof" gb verify proof.json --card gb.card; says "VERIFIED: fingerprint" "its proof"; says "lose their key when epoch 1 ends" "its proof"
sed 's/court order 5/court order 6/' proof.json > other.json
status 4 "another reason" gb verify other.json --card gb.card; says "does not open the commitment" "another reason"
status 4 "another node's card" gb verify proof.json --card us.card
status 0 "the epoch's end" gb keys rotate --epoch --as c.gb
gb ledger prove "$(gb ledger show | awk '/epoch 1 ended/{print $1}')" > epoch.tlog-proof
status 0 "its proof, complete" gb verify proof.json --card gb.card --epoch epoch.tlog-proof; says "destroyed everywhere in this node" "its proof, complete"

status 0 "a person's request" gb subject-access --print prints/3_2.png -o held.html --as c.gb
grep -q "TA 2000 Sch. 8" held.html || bad "the page does not say by which clause"
three=$(print_of "${encounter[2]}")
status 0 "an exemption" gb record event "$three" access-exempt --date "$today" --as c.gb
status 0 "the same request" gb subject-access --print prints/3_2.png -o exempt.html --as c.gb
status 0 "a stranger's" gb subject-access --print prints/6_2.png -o nothing.html --as c.gb
cmp -s exempt.html nothing.html || bad "exempt and nothing held are different pages"
cmp -s held.html nothing.html && bad "what is held is not told"
status 3 "nobody else may ask" us subject-access --print prints/6_2.png --as o.us

status 0 "the year" gb report retention --year "$(date -u +%Y)" --full --format json --as c.gb; says '"overdue":0' "the year"; says '"destroyed":3' "the year"
status 0 "the year, for the public" gb report retention --year "$(date -u +%Y)" --format csv --as c.gb
grep -q '"destroyed",3' out && bad "a small number is shown"
status 0 "the time" gb time show; says "boot clock" "the time"
echo "$faults faults"; [ $faults -eq 0 ]
