#!/bin/bash
# Keys that follow one another: a person's, a node's; old receipts verify, partners go on, the revoked are refused.
source "$(dirname "$0")/world.sh"
world 1000
status 0 "prints are enrolled" enrol prints/[1-3]_1.png
status 0 "a search" search prints/1_2.png; first=$(reference)

# a person
echo "another passphrase" > next
cp us/people/o.us.key before.key
status 0 "a person's new key" us keys rotate --as o.us
status 0 "a search with the new key" search prints/1_2.png
cp us/people/o.us.key new.key; cp before.key us/people/o.us.key
status 0 "the old key is valid for a while" search prints/1_2.png
cp new.key us/people/o.us.key

# a node: not while it serves
status 4 "while it serves" gb keys rotate --identity --as c.gb; says "another process" "while it serves"
cp gb.card gb.card.before
stop gb
status 0 "the node's new key" gb keys rotate --identity --as c.gb; says "1 partners took it" "the partner was told"
start gb || { bad "the node does not start with its new key"; cat gb.log; verdict; }
gb partner card > gb.card 2>/dev/null
[ "$(key gb.card)" != "$(key gb.card.before)" ] || bad "the card has the old key"
gb ledger show > out; says "rotated" "the holder's ledger"
us ledger show > out; says "partner rotated" "the partner's ledger"
status 0 "an old receipt with the old card" "$entente" verify us/receipts/$first.tlog-proof --card gb.card.before
status 4 "an old receipt with the new card" "$entente" verify us/receipts/$first.tlog-proof --card gb.card
status 0 "a search of a holder with a new key" search prints/2_2.png; second=$(reference)
status 0 "its receipt with the new card" "$entente" verify us/receipts/$second.tlog-proof --card gb.card

# what it declares with a key that it replaces afterwards
status 0 "suspended with the new key" gb agreement suspend deal --as c.gb
gb agreement resume deal --as c.gb > /dev/null; status 0 "resumed with it" gb agreement resume deal --as d.gb
for i in $(seq 50); do us agreement list > out; grep -q "1: signed" out && break; sleep 0.1; done; says "1: signed" "the partner of the resumption"

# a node whose key was stolen: the old one is refused at once
stop gb
status 0 "the node's own revocation" gb keys revoke --identity --as c.gb; says "1 partners took it" "the partner was told of the revocation"
start gb || { bad "the node does not start after its revocation"; cat gb.log; verdict; }
us ledger show > out; says "partner revoked its key" "the partner's ledger of the revocation"
status 0 "a search after the revocation" search prints/2_2.png

# the auditor, long after: each side's own word says which keys it had, and alone it is the other's that counts
gb ledger export from-gb > /dev/null; us ledger export from-us > /dev/null
for at in "from-us from-gb" from-gb from-us; do status 0 "an audit over two changed keys ($at)" "$entente" audit $at; done
status 0 "the year's report by the partner's bundle" "$entente" report exchange from-us --year "$(date -u +%Y)" -o report.html
last=$(sed -n 's/^resume gb.example \([^ ]*\) .*/\1/p' from-us/agreements/deal-v1); cp from-us/keys told
ended() { sed "/^gb.example .*Z\$/s/[^ ]*\$/$(python3 -c "import datetime as d; print((d.datetime.strptime('$last', '%Y-%m-%dT%H:%M:%S.%fZ') + d.timedelta(milliseconds=$1)).isoformat(timespec='milliseconds') + 'Z')")/" told > from-us/keys; }
ended 1; status 0 "declared before the key's end" "$entente" audit from-us
ended 0; status 0 "declared at its end" "$entente" audit from-us
ended -1; status 4 "declared after its end" "$entente" audit from-us; says "resume" "declared after its end"
echo "gb.example no-key -" >> from-us/keys; status 4 "a line that is no key" "$entente" audit from-us; says "from-us/keys" "a line that is no key"
printf '\0gb.example\n' | cat told - > from-us/keys; status 4 "keys with a NUL in them" "$entente" audit from-us; says "from-us/keys" "keys with a NUL in them"
: > from-us/keys; status 4 "keys that are empty" "$entente" audit from-us; says "from-us/keys" "keys that are empty"
cp told from-us/keys
sed -i '/^gb/d' from-gb/keys # it has another key on its card by now
status 4 "who says that it never had its key" "$entente" audit from-gb from-us; says "deal" "who says that it never had its key"

# a partner that is revoked
status 0 "a revocation" gb partner revoke us.example --as c.gb
status 3 "a search by who was revoked" search prints/2_2.png
status 0 "a person is revoked" us keys revoke o.us --as c.us
status 3 "a search by a person who was revoked" search prints/2_2.png; says "suspended" "a search by a person who was revoked"
verdict
