#!/bin/bash
# A drawing of a print is a PNG of the print's size or a well-formed SVG; another ending is wrong use; an image without a print is told.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$1" synth finger --count 1 --impressions 1 -o "$dir" >/dev/null
"$1" finger show "$dir/1_1.png" -o "$dir/out.png" | grep -q minutiae
"$1" image show "$dir/out.png" | grep -q '320' || { echo "the drawing is not of the print's width"; exit 1; }
cmp -s "$dir/1_1.png" "$dir/out.png" && { echo "nothing was drawn"; exit 1; }
"$1" finger show "$dir/1_1.png" -o "$dir/out.svg" >/dev/null
python3 -c "import sys, xml.dom.minidom as m; d = m.parse(sys.argv[1]); assert len(d.getElementsByTagName('path')) > 100" "$dir/out.svg"
status=0; "$1" finger show "$dir/1_1.png" -o "$dir/out.gif" 2>/dev/null || status=$?
[ "$status" = 2 ] || { echo "an unknown ending ended with $status, not 2"; exit 1; }
printf 'P5 64 64 255\n%4096s' '' > "$dir/blank.pgm"
status=0; "$1" finger show "$dir/blank.pgm" -o "$dir/blank.png" 2>/dev/null || status=$?
[ "$status" = 4 ] && [ ! -e "$dir/blank.png" ] || { echo "a blank image ended with $status, not 4"; exit 1; }
