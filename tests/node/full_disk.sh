#!/bin/bash
# A full disk: new work is refused and loses nothing; a destruction still works, from the reserve; with room again all goes on.
source "$(dirname "$0")/world.sh"
mkdir small
mount -t tmpfs -o size=30m tmpfs small 2> /dev/null || { echo "skipped: a small file system cannot be mounted here"; exit 77; }
trap 'for p in "${pid[@]}"; do kill -9 $p; done 2>/dev/null; wait 2>/dev/null; cd /; umount "$work/small"; rm -rf "$work"' EXIT
"$entente" synth finger --count 6 --impressions 1 --seed 5 -o prints > /dev/null
"$entente" init small/gb --name gb.example --custodian c.gb --port 29556 --accept-unlocked-memory --accept-residue > /dev/null || exit 1
ln -s small/gb gb
start gb || { cat gb.log; exit 1; }
status 0 "prints are enrolled" gb enrol prints/[12]_1.png --taken-under ta-2000-s41 --as c.gb
gb --json record show --as c.gb > parts
id=$(python3 -c 'import json; print(json.load(open("parts"))["parts"][0]["part"])')
dd if=/dev/zero of=small/filler bs=64k 2> /dev/null; dd if=/dev/zero of=small/filler2 bs=512 2> /dev/null
for i in 3 4 5 6; do gb enrol prints/${i}_1.png --taken-under ta-2000-s41 --as c.gb > out 2>&1; last=$?; [ $last -ne 0 ] && break; done
[ $last -eq 4 ] || { bad "no enrolment was refused on a full disk"; cat out; }
says "no space" "the refusal says why"
status 0 "a destruction on a full disk" gb destroy "$id" --reason test --as c.gb
rm -f small/filler small/filler2
stop gb; start gb || { bad "the node does not start again"; cat gb.log; verdict; }
status 3 "what was destroyed stays so" gb enrol prints/1_1.png --taken-under ta-2000-s41 --as c.gb
grep -q destroyed out || status 3 "or the other one" gb enrol prints/2_1.png --taken-under ta-2000-s41 --as c.gb
status 0 "with room again it goes on" gb enrol prints/6_1.png --taken-under ta-2000-s41 --as c.gb
verdict
