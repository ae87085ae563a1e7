#!/bin/bash
# A standby, a backup made while the node serves, and the node put together from both after its disk is lost.
source "$(dirname "$0")/world.sh"
world 1000
echo "the passphrase of backups" > backup-pass; echo "another one" > wrong-pass
backup() { gb backup "$1" --as c.gb --passphrase-file backup-pass; }
restore() { "$entente" --node none restore "$@" --passphrase-file backup-pass; }
held() { gb --json record show --as c.gb | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["parts"]))'; }

# a standby, from now on
stop gb
sed -i "s|^standby: .*|standby: \"exec $entente standby keep $work/standby\"|" gb/node.yaml
start gb || { bad "the node does not start with a standby"; cat gb.log; verdict; }
encounter_of() { sed -n 's/.*encounter \([0-9a-f]*\),.*/\1/p' out; }
encounter=()
for i in 1 2 3 4; do status 0 "print $i is enrolled" enrol prints/${i}_1.png; encounter+=("$(encounter_of)"); done
print_of() { gb record show "$1" --as c.gb | awk '/fingerprint/{print $1; exit}'; }
four=$(print_of "${encounter[3]}"); charged=$(print_of "${encounter[2]}")
works gb op2.gb operator
before=$(held)
id=${encounter[0]}

# something of the first is disclosed
works gb y.gb examiner
status 0 "a hit" search prints/1_2.png; reference=$(reference)
for x in x.gb y.gb; do
  case=$(gb candidate list --as $x | awk '/ open /{print $1; exit}')
  gb candidate show "$case" -d "$x" --as $x > /dev/null; gb candidate analyse "$case" --suitable yes --as $x > /dev/null
  gb candidate show "$case" -d "$x" --as $x > /dev/null; gb candidate conclude "$case" identified --reasons "agreement" --as $x > /dev/null
done
status 0 "a disclosure" gb disclose "$reference" --as c.gb

# a backup while searches are answered
for i in 1 2 3; do search prints/1_2.png > /dev/null 2>&1; done &
status 0 "a backup of a serving node" backup first; wait %% 2>/dev/null
status 4 "a backup does not replace another" backup first
# Letter by letter and no shorter: what three bytes match stands in sealed bytes by chance, in one backup of ten.
grep -qaF -e "gb.example" -e "c.gb" -e "uk-terrorism" first && bad "the backup shows names in clear"
cp -a standby standby-then
status 0 "the searches go on" search prints/2_2.png
status 0 "one more is enrolled" enrol prints/5_1.png
status 0 "a destruction after the backup" gb destroy "$id" --reason test --as c.gb
status 0 "its recall" gb disclose list --as c.gb; says "(destroyed), destroyed there, proven" "its recall"
# two holds whose records no power keeps any more: one is in the backup, one came after it; a charge; somebody who may act no more
today=$(date -u +%F)
status 0 "another is enrolled" enrol prints/5_2.png
five=$(print_of "$(encounter_of)")
for part in "$four" "$five"; do
  status 0 "a hold" gb record hold "$part" --date "$today" --review 2099-01-01 --document "R v Exempla" --as c.gb
  gb record event "$part" unlawful --date "$today" --as c.gb > /dev/null; gb approve "$part" 1 --as d.gb > /dev/null
done
status 0 "they go into the hold store" gb retention run --as c.gb; says "^0 parts" "they go into the hold store"
[ "$(ls standby/aside | grep -c ^blob)" -ge 2 ] || bad "the standby does not keep what is in the hold store"
status 0 "a charge" gb record event "$charged" charged --date "$today" --as c.gb
status 0 "somebody is suspended" gb person suspend op2.gb --as c.gb
gb ledger show | tail -1 > last
status 4 "restore while the old node runs" restore first --standby standby --to again; says "still runs" "restore while the old node runs"

sleep 12 # a round of the partner, who remembers the ledger

# its disk is lost
kill -9 "${pid[gb]}"; wait "${pid[gb]}" 2>/dev/null; unset "pid[gb]"; sleep 0.3
mv gb lost
cp standby/ledger/checkpoint remembered
status 3 "restore with another passphrase" "$entente" --node none restore first --standby standby --to gb --passphrase-file wrong-pass
status 4 "a standby of before, against what a witness remembers" restore first remembered --standby standby-then --to gb; says "remembers" "a standby of before"
[ -e gb ] && bad "a refused restore left a folder"
ls -d gb.restoring* 2> /dev/null && bad "a refused restore left something beside"
status 0 "the same without asking anybody" restore first --standby standby-then --to rolled
mv rolled gb; cp gb/node.yaml with-standby; sed -i 's|^standby: .*|standby: none|' gb/node.yaml
if start gb; then for i in $(seq 100); do kill -0 "${pid[gb]}" 2> /dev/null || break; sleep 0.1; done; fi
kill -0 "${pid[gb]}" 2> /dev/null && { bad "a node that was rolled back goes on although its partner remembers more"; stop gb; }
grep -q "rolled back\|remembers" gb.log || { bad "it does not say why it stopped"; cat gb.log; }
unset "pid[gb]"; cp with-standby gb/node.yaml
status 4 "its present standby refuses it too" gb status; says "older copy" "its present standby refuses it too"
rm -rf gb
status 0 "the restore" restore first remembered --standby standby --to gb
says "1 were destroyed after the backup" "the restore"; says "2 parts enrolled" "the restore says what is lost"
says "since of 1 parts, 2 parts of the hold store" "the restore"; says "1 persons were suspended" "the restore"
start gb || { bad "the restored node does not start"; cat gb.log; verdict; }
gb ledger show > out; says "$(cut -c1-40 last)" "the last entry is still in the ledger"
[ "$(held)" -eq "$before" ] || bad "not the four of before, without the destroyed one, with the one that is held"
status 4 "what was destroyed" gb record show "$id" --as c.gb
status 0 "what was disclosed of it" gb disclose list --as c.gb; says "recalled .*(destroyed)" "what was disclosed of it is recalled again"
status 3 "its transaction is a tombstone" enrol prints/1_1.png
status 0 "a partner's search of the restored node" search prints/2_2.png
gb person list > out; says "op2.gb .*suspended" "who was suspended stays so"
gb record events "$charged" --as c.gb > out; says "charged" "the charge is not lost"
status 0 "what is held" gb hold list --as c.gb; [ "$(grep -c "in the hold store" out)" -eq 2 ] || bad "the hold store lost a record"
status 1 "what is held is not searched" search prints/4_2.png
for part in "$four" "$five"; do
  status 0 "one word" gb hold open "$part" --case "R v Exempla" --as c.gb
  status 0 "the second" gb hold open "$part" --case "R v Exempla" -d "evidence-$part" --as d.gb
done
cmp -s "evidence-$four/fingerprint-image-1-finger-0" prints/4_1.png || bad "what two opened is not what was enrolled"
cmp -s "evidence-$five/fingerprint-image-1-finger-0" prints/5_2.png || bad "what was enrolled after the backup and held is not whole"
gb record release "$five" --date "$today" --as c.gb > /dev/null
status 0 "released, it goes" gb retention run --as c.gb; says "^1 parts" "released, it goes"
status 0 "the recall" gb disclose list --as c.gb; says "(destroyed), destroyed there, proven" "the partner gives its undertaking again"
[ "$(ls standby/aside | grep -c "$five")" -eq 0 ] || bad "the standby keeps what was destroyed"
status 0 "enrolling goes on" enrol prints/5_1.png
status 0 "and so does the end of an epoch" gb keys rotate --epoch --as c.gb

# a copy of the whole folder of before the epoch's end is refused beside its standby
stop gb; mv gb good; mv lost gb; rm -f gb/desk.sock
status 4 "an older copy of the folder" gb status; says "older copy" "an older copy of the folder"
mv gb lost; mv good gb

# the standby away: nothing is acknowledged
start gb || bad "the node does not start again"
id=$(gb --json record show --as c.gb | python3 -c 'import json,sys; print(json.load(sys.stdin)["parts"][0]["encounter"])')
for p in $(pgrep -P "${pid[gb]}"); do tr '\0' ' ' < "/proc/$p/cmdline" | grep -q "standby keep" && kill "$p"; done
mv standby away; touch standby
status 4 "enrolling without the standby" enrol prints/6_1.png; says "standby" "enrolling without the standby"
status 4 "a destruction without the standby is not reported" gb destroy "$id" --reason test --as c.gb
rm standby; mv away standby
stop gb; start gb || { bad "the node does not start with its standby back"; cat gb.log; verdict; }
status 4 "the destruction was finished" gb record show "$id" --as c.gb
status 0 "enrolling goes on with the standby back" enrol prints/6_1.png
works gb op.gb operator
status 0 "a second backup" backup second
stop gb
"$entente" standby show standby > out; says "epoch" "what the standby holds"

# no standby is left: the node begins anew, and not before two persons have said what is lost
mv gb lost-too
status 2 "a gap needs its reason" restore second --gap gb.example.2 --to gb
status 2 "and another name" restore second --gap gb.example --reason fire --to gb
status 0 "a node that begins anew" restore second --gap gb.example.2 --reason "fire in both rooms" --to gb
status 3 "nobody has signed" gb status; says "two persons" "nobody has signed"
status 0 "one signs" gb restore sign --as op.gb
status 4 "twice" gb restore sign --as op.gb; says "another person" "twice"
status 3 "one is not enough" gb status
status 0 "a custodian signs" gb restore sign --as c.gb
cp gb/gap signed; sed -i 's/fire in both/flood in both/' gb/gap
status 4 "a statement that was changed" gb status; says "signature" "a statement that was changed"
cp signed gb/gap
start gb || { bad "the signed node does not start"; cat gb.log; verdict; }
gb ledger show > out; says "gap statement" "the new ledger"
[ -e gb/gap ] && bad "the gap is taken once"
[ "$(held)" -eq 0 ] || bad "records without keys are shown"
gb partner card > gb2.card 2> /dev/null; grep -q "^name gb.example.2" gb2.card || bad "the card has the old name"
[ "$(key gb2.card)" != "$(key gb.card)" ] || bad "the old key is used again"
# each partner accepts it: statement and card together, against what it remembers
sed 's/^new-key ed25519 .*/new-key ed25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=/' gb/gap.signed > other-key
status 4 "a card that is not the statement's" us partner anew other-key gb2.card --as c.us; says "one of the two files" "a card that is not the statement's"
grep -v "^signed op.gb" gb/gap.signed > one-signer
status 3 "a statement of one" us partner anew one-signer gb2.card --as c.us; says "two persons" "a statement of one"
status 0 "the partner accepts the new node" us partner anew gb/gap.signed gb2.card --as c.us; says "in place of gb.example" "the partner accepts the new node"; says "co-signed" "what it remembers"
status 4 "twice" us partner anew gb/gap.signed gb2.card --as c.us
status 3 "a search of the old name" search prints/2_2.png
digest=$(sha256sum gb/gap.signed | cut -d' ' -f1)
us ledger show > out; says "accepted anew after a gap" "the partner's ledger"
# a new agreement with the new name, and the exchange goes on under the new log
gb partner add us.card --as c.gb > /dev/null
sed "s/^agreement: deal/agreement: deal-anew/; s/gb\.example/gb.example.2/g; s|$(key gb.card)|$(key gb2.card)|" deal.yaml > anew.yaml
sign anew.yaml deal-anew
status 0 "enrolling begins again" enrol prints/1_1.png
look_anew() { capture prints/1_2.png && us search traveller.capture --agreement deal-anew --purpose threat-check --as o.us; }
status 0 "a search of the node that began anew" look_anew
status 0 "its receipt is of the new log" "$entente" verify "us/receipts/$(reference).tlog-proof" --card gb2.card
verdict
