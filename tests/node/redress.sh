#!/bin/bash
# A redress slip between two real nodes, by commands: stopped, excluded, given a slip, not stopped again; revoked, stopped.
. "$(dirname "$0")/world.sh"
world 100
gb person add y.gb --role examiner --as c.gb > /dev/null
first=$(ls prints/*_1.png | head -1); finger=$(basename "$first" _1.png); second=prints/${finger}_2.png
status 0 "enrolling" gb enrol "$first" --taken-under ta-2000-s41 --as c.gb
status 0 "stopped" look "$second"
reference=$(sed -n 's/^reference //p' out)
status 3 "no slip before the end" us redress issue "$reference" "$second" -o slip --consent --as o.us
gb candidate list --as x.gb > out 2>&1; case=$(sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' out | head -1)
for x in x.gb y.gb; do
  for case in $(gb candidate list --as $x 2>/dev/null | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p'); do
    gb candidate analyse "$case" --suitable yes --as $x > out 2>&1 || { bad "analyse"; cat out; }
    gb candidate conclude "$case" excluded --reasons "a difference that nothing explains" --as $x > out 2>&1 || { bad "conclude"; cat out; }
  done
done
status 3 "no slip without consent" us redress issue "$reference" "$second" -o slip --as o.us
status 0 "a slip" us redress issue "$reference" "$second" -o slip --consent --as o.us
status 0 "it counts" us redress show slip --as o.us; says "counts" "the slip"
number=$(sed -n 's/^number //p' slip)
[ "$(wc -c < slip)" -le 2953 ] || bad "the slip does not fit in a QR code"
status 1 "not stopped again" look "$second" --slip slip
status 0 "without it, stopped" look "$second"
status 4 "no slip at all" look "$second" --slip "$second"
status 0 "revoked" us redress revoke "$number" --as o.us; says "revoked" "the revocation"
status 0 "then stopped" look "$second" --slip slip
echo "slip of $(wc -c < slip) bytes; $faults faults"; [ $faults -eq 0 ]
