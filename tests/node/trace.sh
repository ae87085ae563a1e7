#!/bin/bash
# After many searches that hit nothing, no byte of a probe is on the holder's disk or in its memory, nor a template of it.
source "$(dirname "$0")/world.sh"
searches=${SEARCHES:-40}
world 5000
status 0 "prints are enrolled" enrol prints/[1-5]_1.png
"$entente" synth finger --count 1 --impressions 1 --seed 77 -o other > /dev/null
for i in $(seq "$searches"); do search other/1_1.png > /dev/null 2>&1; [ $? -eq 1 ] || bad "search $i was not \"no hit\""; done
cat > look.py <<'P'
# Pieces of the probe's file (16 bytes from every 500) are looked for in every file and in all readable memory.
import os, sys
probe, folder, zeros = open(sys.argv[1], "rb").read(), sys.argv[2], bytes(1 << 20)
pieces = [probe[i:i + 16] for i in range(200, len(probe) - 16, 500)]
found = 0
for root, _, files in os.walk(folder):
    for name in files:
        data = open(os.path.join(root, name), "rb").read() if not name.endswith(".sock") else b""
        hits = sum(p in data for p in pieces)
        if hits: print("in", os.path.join(root, name), hits); found += hits
for pid in sys.argv[3:]:
    try:
        mem, maps = open(f"/proc/{pid}/mem", "rb", 0), open(f"/proc/{pid}/maps").readlines()
    except PermissionError: continue
    for line in maps:
        span, mode = line.split()[:2]
        if "r" not in mode or "vvar" in line or "vsyscall" in line or ("w" not in mode and "/" in line): continue # a file's own bytes
        a, b = (int(x, 16) for x in span.split("-"))
        if b - a > 1 << 32: continue
        for at in range(a, b, len(zeros)):
            try:
                mem.seek(at); data = mem.read(min(len(zeros) + 16, b - at))
            except (OSError, OverflowError): break
            if data[:len(zeros)] == zeros and not any(data[len(zeros):]): continue
            hits = sum(p in data for p in pieces)
            if hits: print("in memory", pid, span, line.split()[-1], hits); found += hits
sys.exit(1 if found else 0)
P
helpers=$(pgrep -P "${pid[gb]}") # of the decoders; their workers are forked ahead of the jobs
python3 look.py other/1_1.png gb ${pid[gb]} $helpers $(pgrep -P "$(echo $helpers | tr ' ' ,)") > out 2>&1 || { bad "pieces of a probe that hit nothing are left"; cat out; }
# the method finds what is there: a print that was enrolled lies in a file of our own
mkdir plain; cp other/1_1.png plain/; python3 look.py other/1_1.png plain $$ > /dev/null && bad "the test finds nothing even where something is"
verdict
