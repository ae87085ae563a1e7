#!/bin/bash
# A drawing of a print is a PNG of twice the print's size or a well-formed SVG; another ending is wrong use; an image without a print is told.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$1" synth finger --count 1 --impressions 1 -o "$dir" >/dev/null
"$1" finger show "$dir/1_1.png" -o "$dir/out.png" >"$dir/said" && grep -q minutiae "$dir/said"
"$1" image show "$dir/out.png" | grep -q '640' || { echo "the drawing is not of twice the print's width"; exit 1; }
cmp -s "$dir/1_1.png" "$dir/out.png" && { echo "nothing was drawn"; exit 1; }
"$1" finger show "$dir/1_1.png" -o "$dir/out.svg" >/dev/null
python3 -c "import sys, xml.dom.minidom as m; d = m.parse(sys.argv[1]); assert len(d.getElementsByTagName('path')) > 100" "$dir/out.svg"
# four prints beside each other become four files named by their fingers; a hand that is not told and a missing finger are said
"$1" synth finger --count 4 --impressions 1 -o "$dir" >/dev/null
for f in 1 2 3 4; do "$1" image convert "$dir/${f}_1.png" "$dir/$f.pgm" >/dev/null; done
python3 - "$dir" <<'END'
import sys
rows = [bytearray(b"\xf0" * 1700) for y in range(620)]
for f, down in zip((1, 2, 3, 4), (150, 20, 90, 220)):
    data = open(f"{sys.argv[1]}/{f}.pgm", "rb").read()
    pixels = data[-320 * 384:]
    for y in range(384):
        rows[y + down][20 + 420 * (f - 1):20 + 420 * (f - 1) + 320] = pixels[320 * y:320 * y + 320]
open(f"{sys.argv[1]}/slap.pgm", "wb").write(b"P5 1700 620 255\n" + b"".join(rows))
END
"$1" finger segment "$dir/slap.pgm" -o "$dir/right" --position right --show "$dir/slap.png" >"$dir/said"
for f in index middle ring little; do [ -s "$dir/right/right-$f.png" ] || { echo "no right $f"; cat "$dir/said"; exit 1; }; done
"$1" finger match "$dir/right/right-ring.png" "$dir/3_1.png" --json | python3 -c "import json, sys; assert json.load(sys.stdin)['score'] > 60"
"$1" --json finger segment "$dir/slap.pgm" -o "$dir/left" --position left --missing left-ring,left-little | python3 -c "
import json, sys
d = json.load(sys.stdin)
assert d['hand'] == 'left' and d['expected'] == 2 and len(d['fingers']) == 2, d"
for wrong in "--position middle" "--missing thumb" "--show x.gif"; do
    status=0; "$1" finger segment "$dir/slap.pgm" -o "$dir/x" $wrong 2>/dev/null || status=$?
    [ "$status" = 2 ] || { echo "$wrong ended with $status, not 2"; exit 1; }
done
status=0; "$1" finger show "$dir/1_1.png" -o "$dir/out.gif" 2>/dev/null || status=$?
[ "$status" = 2 ] || { echo "an unknown ending ended with $status, not 2"; exit 1; }
printf 'P5 64 64 255\n%4096s' '' > "$dir/blank.pgm"
status=0; "$1" finger show "$dir/blank.pgm" -o "$dir/blank.png" 2>/dev/null || status=$?
[ "$status" = 4 ] && [ ! -e "$dir/blank.png" ] || { echo "a blank image ended with $status, not 4"; exit 1; }
