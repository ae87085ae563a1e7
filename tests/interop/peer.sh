#!/bin/bash
# A stranger's peer (peer.mjs, written from docs/protocol) agrees with a real node and searches it over mutual TLS.
here=$(cd "$(dirname "$0")" && pwd)
command -v node > /dev/null && command -v openssl > /dev/null || { echo "skipped: node and openssl are not installed"; exit 77; }
source "$here/../node/world.sh"
"$entente" init gb --name gb.example --country GBR --custodian c.gb --port $((20000 + RANDOM % 30000)) --accept-unlocked-memory --accept-residue > /dev/null || exit 1
sed -i 's/^controls-per-mille: .*/controls-per-mille: 0/' gb/node.yaml
"$entente" synth finger --count 3 --impressions 2 --seed 5 -o prints > /dev/null || exit 1
start gb || { cat gb.log; exit 1; }
gb person add d.gb --role custodian --as c.gb > /dev/null
gb partner card > gb.card 2> /dev/null
node "$here/peer.mjs" card > us.card || exit 1
status 0 "the stranger's card" gb partner add us.card --as c.gb
deal 1 100
status 0 "the stranger proposes" node "$here/peer.mjs" propose gb.card deal.yaml; says proposed "the stranger proposes"
for c in c.gb d.gb; do gb agreement countersign deal --as $c > out 2>&1; done # that the peer cannot be told is no failure of the signature
gb agreement list > out; says signed "the agreement"
status 0 "prints are enrolled" enrol prints/1_1.png
status 0 "the stranger searches for one that is there" node "$here/peer.mjs" search gb.card deal.yaml prints/1_2.png hit; cat out
status 0 "the stranger searches for one that is not" node "$here/peer.mjs" search gb.card deal.yaml prints/2_2.png no-hit; cat out
# a search that is asked after: whoever kills the holder between the 202 and the question, there is one answer or none
ask() { node "$here/peer.mjs" "$@"; }
entries() { gb ledger show | grep -c "answered hit"; }
kill_holder() { kill -9 "${pid[gb]}"; wait "${pid[gb]}" 2> /dev/null; unset "pid[gb]"; }
before=$(entries)
status 0 "taken on" ask begin gb.card deal.yaml prints/1_2.png
status 0 "asked after" ask ask gb.card hit---
kill_holder; start gb || { bad "the holder starts again"; cat gb.log; }
status 0 "asked after a holder that was killed and has answered" ask ask gb.card hit---
status 0 "sent again" ask again gb.card hit---
[ "$(entries)" -eq $((before + 1)) ] || bad "one search is $(($(entries) - before)) entries"
if [ "${2:-}" = killed ]; then # built with -Dcommit_points=true
stop gb; start gb ENTENTE_DIE_AT=search.before-persist || bad "the holder starts to die"
status 0 "taken on by one that dies at it" ask begin gb.card deal.yaml prints/1_2.png
wait "${pid[gb]}" 2> /dev/null; [ $? -eq 137 ] || bad "the holder was not killed"; unset "pid[gb]"
start gb || { bad "the holder starts again"; cat gb.log; }
status 0 "nothing is known of it" ask ask gb.card 404
status 0 "sent again" ask again gb.card hit---
status 0 "asked after" ask ask gb.card hit---
[ "$(entries)" -eq $((before + 2)) ] || bad "two searches are $(($(entries) - before)) entries"
fi
gb ledger show > out; says "answered hit" "the holder's ledger"; says "answered no hit" "the holder's ledger"
verdict
