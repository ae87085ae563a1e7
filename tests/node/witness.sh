#!/bin/bash
# Nodes among witnesses: receipts are completed within a minute, silence stops the flow, a ledger that was rolled back does not serve.
witness_program=$(readlink -f "$2")
source "$(dirname "$0")/world.sh"
"$witness_program" init observer --name observer.example --port 0 --json > observer.json || exit 1
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" observer.json; }
WITNESS_KEY=$(member key); vkey=$(member vkey)
observe() {
  rm -f observer.ready; "$witness_program" serve observer > observer.ready 2>> observer.log & pid[observer]=$!
  for _ in $(seq 100); do grep -q ready observer.ready 2>/dev/null && break; sleep 0.1; done
  sed -n 's/.*port //p' observer.ready
}
observe > /dev/null; port=$(sed -n 's/.*port //p' observer.ready)
sed -i "s/^port: .*/port: $port/" observer/witness.yaml
world 1000
for n in gb us; do
  status 0 "the log of $n is known" "$witness_program" log observer --card $n.card
  sed -i "s|^  at: \[\].*|  at: [ { name: observer.example, url: \"http://127.0.0.1:$port\" } ]|; s|^  silence: .*|  silence: 25 s|" $n/node.yaml
done
kill -HUP "${pid[observer]}"
restart() { stop "$1"; start "$1" || { bad "$1 does not start"; cat "$1.log"; verdict; }; }
restart gb; restart us

status 0 "prints are enrolled" enrol prints/[1-3]_1.png
status 0 "a search" search prints/1_2.png; ref=$(reference)
status 0 "the receipt as it came" us ledger receipt "$ref"
for i in $(seq 60); do us ledger receipt "$ref" --json > out; grep -q '"complete": true' out && break; sleep 1; done
[ "$i" -lt 60 ] || { bad "no completed receipt after a minute"; cat us.log gb.log observer.log; }
echo "completed after $i s"
us ledger receipt "$ref" > completed.tlog-proof
status 0 "the completed receipt, offline" "$entente" verify completed.tlog-proof --card gb.card --witness "$vkey"; says VERIFIED "the completed receipt"
status 4 "the first receipt has no cosignature" "$entente" verify us/receipts/$ref.tlog-proof --card gb.card --witness "$vkey"
status 0 "who co-signs" gb ledger witnesses; says "observer.example" "the witness"; says "us.example" "the partner"
status 0 "the ledger worked out anew" gb ledger verify --witness "$vkey"; says VERIFIED "ledger verify"
status 2 "an entry by a word" gb ledger prove seven
status 4 "a search that there is not" us ledger receipt 00000000000000000000000000000000

# entries: for the auditor alone
works gb a.gb auditor
status 0 "the auditor reads entries" gb ledger tile tile/entries/000.p/4 --as a.gb
[ "$(stat -c %s out)" = $((4 * 258)) ] || bad "four entries have $(stat -c %s out) bytes"
head -c 1032 gb/ledger/*/entries | head -c 256 | cmp -s - <(tail -c +3 out | head -c 256) || bad "the first entry is another"
status 3 "a custodian reads entries" gb ledger tile tile/entries/000.p/4 --as c.gb
status 4 "entries that are not there" gb ledger tile tile/entries/009 --as a.gb
status 0 "the bundle" gb ledger export bundle
status 0 "a bundle that verifies" "$entente" ledger verify bundle --card gb.card

# silence
stop observer
for i in $(seq 60); do search prints/2_2.png > out 2>&1; got=$?; [ $got -eq 3 ] && break; sleep 1; done
[ $got -eq 3 ] || bad "searches go on without a witness: exit status $got"
says "witness" "the refusal"
observe > /dev/null
for i in $(seq 60); do search prints/2_2.png > out 2>&1; got=$?; [ $got -eq 0 ] && break; sleep 1; done
[ $got -eq 0 ] || { bad "searches do not go on with the witness"; cat out gb.log us.log; }

# rollback
stop gb; cp -a gb/ledger ledger.before; start gb || bad "gb does not start"
status 0 "one more search" search prints/3_2.png
sleep 12
stop gb; mv gb/ledger ledger.whole; cp -a ledger.before gb/ledger
hash=$(printf gb.example/$(date -u +%Y) | sha256sum | cut -d' ' -f1)
cp "observer/seen/$hash" remembered
status 4 "a ledger against what is remembered" gb ledger verify --against remembered; says "rolled back" "ledger verify --against"
status 4 "a node with an older ledger" timeout 30 "$entente" --node gb serve; says "rolled back" "the node's refusal to start"
status 0 "the evidence" gb ledger evidence; says "entente-evidence/v1" "the evidence"; says "observer.example" "whose note it is"
rm -rf gb/ledger; mv ledger.whole gb/ledger
start gb || { bad "the node does not start with the ledger that was witnessed"; cat gb.log; }
status 0 "searches go on" search prints/1_2.png
status 0 "that ledger against what is remembered" gb ledger verify --against remembered
verdict
