#!/bin/bash
# Independent code (Debian: golang-go, golang-golang-x-mod-dev) on the vectors, a live node's log, its receipts and a live witness. No network.
here=$(cd "$(dirname "$0")" && pwd); witness_program=$(readlink -f "$2")
if ! command -v go > /dev/null || [ ! -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]; then
  echo "skipped: golang-go and golang-golang-x-mod-dev are not installed"; exit 77
fi
source "$here/../../node/world.sh"
export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE=$work/go-cache
go build -o check "$here/main.go" || exit 1
status 0 "the vectors" ./check vectors "$here/../../vectors/ledger"; cat out
"$witness_program" init observer --name observer.example --port 0 --json > observer.json || exit 1
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" observer.json; }
WITNESS_KEY=$(member key)
./check genkey go.example > key
status 0 "a log of Go's own" "$witness_program" log observer "$(sed -n 2p key)"
"$witness_program" serve observer > observer.ready 2> observer.log & pid[observer]=$!
for _ in $(seq 100); do grep -q ready observer.ready 2>/dev/null && break; sleep 0.1; done
port=$(sed -n 's/.*port //p' observer.ready)
status 0 "the witness" ./check witness "http://127.0.0.1:$port" "$(member vkey)" "$(sed -n 1p key)" "$(sed -n 2p key)"; cat out
world 1000
"$witness_program" log observer --card gb.card > /dev/null; kill -HUP "${pid[observer]}"
sed -i "s|^  at: \[\].*|  at: [ { name: observer.example, url: \"http://127.0.0.1:$port\" } ]|" gb/node.yaml
stop gb; start gb || { cat gb.log; exit 1; }
status 0 "prints are enrolled" enrol prints/[1-3]_1.png
for i in 1 2 3; do status 0 "a search" search prints/${i}_2.png; ref=$(reference); done
for _ in $(seq 60); do us ledger receipt "$ref" --json > out; grep -q '"complete": true' out && break; sleep 1; done
us ledger receipt "$ref" > completed.tlog-proof
address=$(sed -n 's/^address //p' gb.card); gb_key=$(gb ledger key)
pin=$(openssl x509 -in gb/tls.crt -outform DER | sha256sum | cut -d' ' -f1)
status 0 "the live log, as a partner reads it" ./check log "$address" us/tls.crt us/tls.key "$pin" "$gb_key"; cat out
status 0 "the receipts as they came" ./check receipt "$gb_key" - us/receipts/*.tlog-proof; cat out
status 0 "a completed receipt" ./check receipt "$gb_key" "$(member vkey)" completed.tlog-proof; cat out
gb ledger prove 0 > opened.tlog-proof
status 0 "a proof of the node's own" ./check receipt "$gb_key" "$(member vkey)" opened.tlog-proof; cat out
verdict
