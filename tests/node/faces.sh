#!/bin/bash
# Real faces beside prints between two nodes: needs ENTENTE_DATA (faces/lfw) and a fetched model (make models, ENTENTE_FACE_MODEL).
. "$(dirname "$0")/world.sh"
model=${ENTENTE_FACE_MODEL:-$here/../../models/pair-mirror.yaml}
faces=${ENTENTE_DATA:-/nowhere}/faces/lfw
[ -d "$faces" ] && [ -f "$model" ] || { echo "skipped: no data or no model"; exit 77; }
model=$(readlink -f "$model"); modalities="fingerprint, face" powers="uk-terrorism-3y, ew-custody-photograph"
world 100
mapfile -t people < <(for d in "$faces"/*/; do [ "$(ls "$d" | wc -l)" -ge 2 ] && basename "$d"; done | sort | head -12)
card() { # PERSON SHOT FINGER IMPRESSION OUT
  "$entente" itl pack "prints/$3_$4.png" --finger 2 --face "$faces/$1/$1_000$2.jpg" --name "EXEMPLA, $3" --taken-under ta-2000-s41 --offence terrorism-related --taken "$(date -u +%Y%m%d)" -o "$5" > /dev/null
}
for i in 1 2 3 4; do card "${people[$i]}" 1 $i 1 arrest$i.an2; status 0 "enrolling" gb enrol arrest$i.an2 --as c.gb; done
status 0 "the status" gb status; says "4 faces in the gallery" "the status"
card "${people[2]}" 2 2 2 same.an2; card "${people[9]}" 1 2 2 other.an2; card "${people[9]}" 1 6 1 stranger.an2
status 0 "print and face agree" look same.an2
reference=$(sed -n 's/^reference //p' out)
status 0 "the holder's side" gb search show "$reference" --as c.gb; says "^face 0\\.[3-9]" "the holder's side"
agree=$(sed -n 's/.*ratio \([-0-9.]*\),.*/\1/p' out)
look other.an2 > out 2>&1
reference=$(sed -n 's/^reference //p' out); gb search show "$reference" --as c.gb > out 2>&1
differ=$(sed -n 's/.*ratio \([-0-9.]*\),.*/\1/p' out)
echo "log10 ratio: the same face $agree, another's $differ"
awk "BEGIN { exit !($agree > $differ) }" || bad "a face that differs does not take from the ratio"
status 1 "a stranger" look stranger.an2
# A face alone finds its person, and is never a hit: that is how flows are unless they say otherwise.
"$entente" itl pack --face "$faces/${people[2]}/${people[2]}_0002.jpg" --taken "$(date -u +%Y%m%d)" -o alone.an2 > /dev/null
status 1 "a face alone" look alone.an2
reference=$(reference); status 0 "the holder's side" gb search show "$reference" --as c.gb; says "^face 0\\.[3-9]" "the holder's side of a face alone"
stop gb; start gb || bad "gb does not start again"
status 0 "found after a restart" look same.an2
status 0 "made anew" gb gallery rebuild --as c.gb
status 0 "found after the rebuild" look same.an2
# Another model: its node has no templates of it until they are made anew; killed in the middle, twice, it goes on where it was.
other=$(dirname "$model")/mobilefacenet.yaml
if [ -f "$other" ]; then
  stop gb; sed -i "s|^  model: .*|  model: \"$other\"|" gb/node.yaml; start gb || bad "gb does not start with another model"
  status 0 "the status" gb status; says "4 photographs without a template of this model" "the status"
  for round in ${2:+1 2}; do # built with -Dcommit_points=true
    stop gb; start gb ENTENTE_DIE_AT=rebuild.after-persist || bad "start"
    gb gallery rebuild --as c.gb > /dev/null 2>&1; wait "${pid[gb]}" 2> /dev/null
    [ $? -eq 137 ] || bad "round $round: the node was not killed there"
    unset "pid[gb]"
    start gb || bad "gb does not start again"
  done
  status 0 "made anew to the end" gb gallery rebuild --as c.gb
  status 0 "the status" gb status; says "4 faces in the gallery" "the status"
  grep -q "without a template" out && bad "templates of the other model are left"
  status 0 "found with the other model" look same.an2
  reference=$(sed -n 's/^reference //p' out)
  status 0 "the holder's side" gb search show "$reference" --as c.gb; says "^face 0\\.[3-9]" "the holder's side"
fi
echo "$faults faults"; [ $faults -eq 0 ]
