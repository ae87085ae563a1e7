#!/bin/bash
# A redress slip between two real nodes, by commands: stopped, excluded, given a slip, not stopped again; revoked, stopped. And a case with a
# face, which takes its form.
. "$(dirname "$0")/world.sh"
modalities="fingerprint, face" powers="uk-terrorism-3y, ew-custody-photograph"
world 100
works gb y.gb examiner
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
# A face: the form comes with the pictures, and neither step is taken without it. The photographs may show anything here.
mapfile -t others < <(ls prints/*_1.png | sed -n '2,3p')
card() { "$entente" itl pack "$1" --finger 2 --face "${others[1]}" --tcn "$2" --taken-under ta-2000-s41 --offence terrorism-related --taken "$(date -u +%Y%m%d)" -o "$2" > /dev/null; }
card "${others[0]}" ARREST; card "${others[0]%_1.png}_2.png" DESK
status 0 "enrolling with a face" gb enrol ARREST --as c.gb
status 0 "a hit with a face" look DESK
case=$(gb candidate list --as c.gb | sed -n "s/^\([0-9a-f]\{32\}\)  open .*search $(reference),.*/\1/p")
status 0 "the probe" gb candidate show "$case" -d case --as x.gb; says "analysis.form" "the form for the analysis"
status 4 "an analysis without the form" gb candidate analyse "$case" --suitable yes --as x.gb; says "morphological form" "why not"
status 4 "a form that is not filled in" gb candidate analyse "$case" --suitable yes --form case/analysis.form --as x.gb; says '"shape"' "which feature"
sed -i 's/: $/: clear/' case/analysis.form
status 0 "the analysis" gb candidate analyse "$case" --suitable yes --form case/analysis.form --as x.gb
status 0 "the candidate" gb candidate show "$case" -d case --as x.gb; says "conclusion.form" "the form for the conclusion"
status 4 "a conclusion without the form" gb candidate conclude "$case" identified --reasons "the same" --as x.gb; says "morphological form" "why not"
sed 's/: $/: differs/' case/conclusion.form > case/differs.form; sed -i 's/: $/: same/' case/conclusion.form
status 4 "identified against the form" gb candidate conclude "$case" identified --reasons "the same" --form case/differs.form --as x.gb; says "differs and nothing explains it" "why not"
status 0 "the conclusion" gb candidate conclude "$case" identified --reasons "the same" --form case/conclusion.form --as x.gb
echo "slip of $(wc -c < slip) bytes; $faults faults"; [ $faults -eq 0 ]
