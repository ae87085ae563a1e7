#!/bin/bash
# One crossing, one search, on real nodes: a search that nobody answered is asked again and counted once, one that was answered is not; files,
# other officers' and other desks' captures are refused; a claim for protection keeps a crossing from a country in every way; what looks unusual
# is an alarm at both ends.
command -v python3 > /dev/null || { echo "skipped: no python3"; exit 77; }
source "$(dirname "$0")/world.sh"
world 1000
for n in gb us; do works $n a.$n auditor; done
works us p.us officer
enrol prints/1_1.png > /dev/null
ask() { us search "$@" --purpose threat-check --as "${asker:-o.us}"; }
entries() { $1 ledger show | grep -c " $2 "; }

# there is no crossing, or another's
status 3 "a file from a disk" ask prints/1_2.png; says "(test)" "a file from a disk"
capture prints/1_2.png
asker=p.us status 3 "another officer's capture" ask traveller.capture
head -c -1 traveller.capture > cut.capture; status 4 "a capture that was cut" ask cut.capture
us desk add desk-2 --as c.us > /dev/null; us desk capture prints/1_2.png --desk desk-2 --officer o.us -o two.capture > /dev/null
status 3 "a desk that nobody approved" ask two.capture
[ "$(entries us asked)" -eq 0 ] || bad "something was asked"

# nobody answers: the same search goes on, and is one in both ledgers
stop gb
for i in 1 2 3; do status 4 "attempt $i" ask traveller.capture; done
start gb || exit 1
status 0 "the fourth attempt" ask traveller.capture; first=$(reference)
[ "$(entries us asked)" -eq 1 ] && [ "$(entries gb answered)" -eq 1 ] || bad "one search is $(entries us asked) asked, $(entries gb answered) answered"
status 3 "a second search of the crossing" ask traveller.capture; says "one crossing, one search" "a second search"
stop us; start us || exit 1
status 3 "after a restart" ask traveller.capture
status 3 "with another finger" ask traveller.capture --finger left-thumb
[ "$(entries us asked)" -eq 1 ] || bad "a refusal was asked"

# protection: not searched, nothing of it fed or sent
protected() { us desk capture prints/1_2.png --desk desk-1 --officer o.us -o protected.capture "$@" > /dev/null; ask protected.capture; }
status 3 "the traveller's own country" protected --nationality GBR --protection yes; says "protection" "own country"
status 3 "a country that is feared" protected --nationality UTO --protection SYR,GBR; says "feared" "feared"
status 3 "who issued the document" protected --nationality UTO --document GBR:123 --protection yes; says "document" "issuer"
status 3 "an unknown nationality" protected --protection yes; says "unknown" "unknown"
[ "$(entries us asked)" -eq 1 ] && [ "$(entries gb answered)" -eq 1 ] || bad "a protected crossing left the node"
us search protected.capture --purpose threat-check --all --as o.us > out 2>&1; says "protection" "the line of a search to all"
sed -e 's/version: 1/version: 2/' -e 's/exclude: \[\]/exclude: [under-18-at-offence, own-national, not-convicted]/' -e 's/copy: .*/copy: { mode: watchlist, lease: 48 h }/' deal.yaml > list.yaml
sign list.yaml deal; us feed pull --as c.us > /dev/null
us desk capture prints/1_2.png --desk desk-1 --officer o.us --nationality GBR --protection yes -o protected.capture > /dev/null
status 3 "the copy is not searched" us feed search protected.capture --purpose threat-check --as o.us; says "protection" "the copy"
sed -e 's/version: 1/version: 3/' deal.yaml > again.yaml; sign again.yaml deal
status 0 "an ordinary crossing" search prints/1_2.png

# what is unusual
status 0 "one record the third time" search prints/1_2.png
"$entente" image convert prints/6_1.png whole.pgm > /dev/null
python3 - << 'P'
import re # a scrap of a print, which no desk would take for one
b = open("whole.pgm", "rb").read()
m = re.match(rb"P5\s+(\d+)\s+(\d+)\s+(\d+)\s", b)
w, h, px = int(m[1]), int(m[2]), b[m.end():]
open("scrap.pgm", "wb").write(b"P5\n%d %d\n255\n" % (w, h) + bytes(px[i] if abs(i % w - w // 2) < 30 and abs(i // w - h // 2) < 30 else 255 for i in range(w * h)))
P
"$entente" image convert scrap.pgm scrap.png > /dev/null; status 1 "a scrap of a print" look scrap.png
for i in 1 2 3 4 5; do us desk capture "prints/$((i + 1))_1.png" --desk desk-1 --officer o.us --nationality UTO --document UTO:L898902C3 -o doc.capture > /dev/null; ask doc.capture > out 2>&1; [ $? -le 1 ] || { bad "a document's crossing"; cat out; }; done
us alarm --as a.us > out; says "a capture that no desk makes" "a scrap, at the requester"; says "one document at many crossings" "the document, at the requester"; says "one capture under two crossings" "the same bytes, at the requester"
gb alarm --as a.gb > out; says "a capture that no desk makes" "a scrap, at the holder"; says "one record hit again and again" "the record, at the holder"; says "one capture under two crossings" "the same bytes, at the holder"
us alarm --as o.us > out 2>&1 && bad "an officer reads alarms"
rm -rf from-gb from-us; gb ledger export from-gb > /dev/null; us ledger export from-us > /dev/null
status 0 "the audit of all this" "$entente" audit from-gb from-us
verdict
