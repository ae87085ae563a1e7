# The watchlist feed on the real program: nothing without the flow's word, then a copy that is searched while the holder is down, the
# searches reported, a destroyed record gone from the copy, the copy gone when the agreement ends.
. "$(dirname "$0")/world.sh" "$1"
world 100
arrest() { # NUMBER
  gb itl pack prints/$1_1.png --finger 2 --name "EXAMPLE, ALEX" --birth 19800101 --nationality FRA --taken-under ta-2000-s41 --offence terrorism-related --tcn T$1 -o $1.an2 > /dev/null
  gb enrol $1.an2 --as c.gb > enrolled || { bad "enrolling"; cat enrolled; }
  encounter=$(grep -oE '[0-9a-f]{32}' enrolled | head -1)
  gb record event "$encounter" convicted --date "$(date -u +%F)" --as c.gb > out 2>&1 || { bad "an event"; cat out; }
}
arrest 1; first=$encounter
arrest 2
status 0 "no flow grants a copy" us feed pull --as c.us
says "^0 " "nothing taken"
status 3 "no copy is searched" look_in_copy prints/1_2.png
sed -e 's/version: 1/version: 2/' -e 's/exclude: \[\]/exclude: [under-18-at-offence, own-national, not-convicted]/' -e 's/copy: .*/copy: { mode: watchlist, lease: 48 h }/' \
  -e 's/powers: \[uk-terrorism-3y\]/powers: [uk-terrorism-3y, uk-terrorism-convicted]/' deal.yaml > list.yaml
status 0 "a copy is granted" sign list.yaml deal
status 0 "the feed is taken" us feed pull --as c.us
says "^2 " "two records"
status 3 "an examiner takes none" gb feed pull --as x.gb
stop gb > /dev/null
status 0 "a hit without the line" look_in_copy prints/1_2.png
status 1 "no hit without the line" look_in_copy prints/5_2.png
status 4 "no contact" us feed pull --as c.us
status 0 "two wait" us feed status --as c.us
says "2 searches not reported" "unreported"
start gb || bad "the holder did not start again"
status 0 "contact" us feed pull --as c.us
us feed status --as c.us > out; says "0 searches not reported" "reported"
status 0 "a record is destroyed" gb destroy "$first" --reason "court order" --as c.gb
status 0 "its removal is taken" us feed pull --as c.us
us feed status --as c.us > out; says "1 records" "one is left"
status 1 "it is found no more" look_in_copy prints/1_2.png
status 0 "kill -9 loses nothing" true
kill -9 "${pid[us]}"; wait "${pid[us]}" 2>/dev/null; start us || bad "the requester did not start again"
status 0 "the other is found" look_in_copy prints/2_2.png
status 0 "one custodian wants it to end" gb agreement end deal --as c.gb
status 0 "the agreement ends" gb agreement end deal --as d.gb
status 3 "no search any more" look_in_copy prints/2_2.png
gb ledger export from-gb > /dev/null; us ledger export from-us > /dev/null
status 0 "the audit of both ledgers" "$entente" audit from-gb from-us
verdict
