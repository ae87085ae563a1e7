#!/bin/bash
# Wrong input through the whole program: each fault its own clear error, and nothing is lost by it.
source "$(dirname "$0")/world.sh"
world 6
status 0 "prints are enrolled" enrol prints/[1-5]_1.png

# files
status 4 "no such file" enrol missing.png; says "missing.png" "no such file"
: > empty.png; status 4 "an empty file" enrol empty.png
head -c 3000 /dev/urandom > random.an2; status 4 "random bytes" enrol random.an2; says "not an ANSI/NIST-ITL" "random bytes"
for n in 1 8 20 33 100 1000 20000; do head -c $n prints/6_1.png > cut.png; status 4 "a PNG cut at $n" enrol cut.png; done
"$entente" itl pack prints/6_1.png --finger 2 --name "EXAMPLE, ALEX" --birth 19900101 --taken-under ta-2000-s41 --tcn T1 -o six.an2 > /dev/null
for n in 1 5 17 60 160 200 400 9000; do head -c $n six.an2 > cut.an2; status 4 "a transaction cut at $n" enrol cut.an2; done
printf 'BM\xff\xff\xff\xff\0\0\0\0\x36\0\0\0\x28\0\0\0\xa0\x86\x01\0\xa0\x86\x01\0\x01\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' > huge.bmp
status 4 "a header of 100000 x 100000" enrol huge.bmp; says "100000" "a header of 100000 x 100000"

# one bad file among good ones: named, the others go on; again: nothing twice
status 4 "a bad file among good ones" enrol random.an2 six.an2 empty.png; says "1 enrolled" "the good one went on"
status 0 "the same transaction again" enrol six.an2; says "1 known already" "not enrolled twice"

# people
status 4 "an unknown person" gb enrol six.an2 --as nobody
echo "wrong passphrase" > wrong
status 3 "a wrong passphrase" env ENTENTE_PASSPHRASE_FILE=wrong "$entente" --node gb enrol six.an2 --as c.gb
status 3 "an officer may not enrol" us enrol six.an2 --as o.us; says "may not enrol" "an officer may not enrol"
status 3 "a custodian may not search" us search prints/1_2.png --purpose threat-check --as c.us
status 3 "nobody may not destroy" gb destroy 00000000000000000000000000000000 --reason x
status 4 "destroying what is not there" gb destroy 00000000000000000000000000000000 --reason x --as c.gb
status 2 "a search without a purpose" us search prints/1_2.png --as o.us
status 2 "an unknown option" gb enrol --frobnicate six.an2

# agreements
printf 'a: 1\n---\nb: 2\n' > two.yaml; status 4 "a second YAML document" us agreement sign two.yaml --as c.us; says "document" "a second YAML document"
sed 's/^version: 1/version: 1\nversion: 1/' deal.yaml > twice.yaml; status 4 "a key twice" us agreement sign twice.yaml --as c.us; says "line" "a key twice"
sed 's/per-day: 6/per-day: 7/' deal.yaml > other.yaml; status 4 "another file of the same version" us agreement sign other.yaml --as c.us
capture prints/1_2.png
status 3 "a purpose that is not granted" us search traveller.capture --purpose tourism --agreement deal --as o.us; says "Art. 3(1)" "the clause of the refusal"

# searches: hit, no hit, quota
status 0 "a print that is there" search prints/1_2.png --sre answer.itl; says "^HIT" "a hit"; first=$(reference)
status 0 "the answer is a transaction" "$entente" itl check --domain entente answer.itl
status 0 "of this search" "$entente" itl show answer.itl; says "SRE" "its kind"; says "$first" "its reference"; says "hit---" "its outcome"
"$entente" synth finger --count 1 --impressions 1 --seed 77 -o other > /dev/null
status 1 "a print that is not there" search other/1_1.png; says "^NO HIT" "no hit"
status 4 "a search with rubbish" search random.an2
status 0 "the receipt verifies" "$entente" verify us/receipts/$first.tlog-proof --card gb.card
sed 's/^index .*/index 0/' us/receipts/$first.tlog-proof > forged; status 4 "a forged receipt" "$entente" verify forged --card gb.card
status 4 "another log's card" "$entente" verify us/receipts/$first.tlog-proof --card us.card
for i in 3 4 5 6; do search prints/1_2.png > /dev/null 2>&1; done
status 3 "the quota is used up" search prints/1_2.png --sre refusal.itl; says "Art. 6(2)\|per-day" "the quota's clause"
status 0 "the refusal is a transaction" "$entente" itl check --domain entente refusal.itl

# destruction
candidate=$(gb search show "$first" --as c.gb | sed -n 's/^candidate //p')
status 0 "a destruction" gb destroy "$candidate" --reason test --as c.gb
status 3 "a resend of what was destroyed" enrol prints/1_1.png; says "destroyed" "a resend of what was destroyed"
status 0 "the search is still known" gb search show "$first" --as c.gb
grep -q "^candidate " out && bad "the search still names the destroyed record"

# suspension stops searches the same second
status 0 "suspension" gb agreement suspend deal --as c.gb
status 3 "a search under a suspended agreement" search prints/2_2.png

# a clean stop; a damaged ledger does not start
stop gb || bad "the node did not end cleanly on SIGTERM"
printf 'X' | dd of=$(ls -d gb/ledger/*/entries | tail -1) bs=1 seek=300 conv=notrunc 2> /dev/null
start gb && bad "a node started on a damaged ledger"
grep -q "damaged" gb.log || bad "the log does not say that the ledger is damaged"
verdict
