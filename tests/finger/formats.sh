#!/bin/bash
# Every form of template is written, read where it says what it is, and still matches its print; JSON gives the same record again; the Type-9 record
# conforms. What is no template, and sets that no rates can be made of, are told. Folders of templates are evaluated and plotted.
set -eu
entente=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
"$entente" synth finger --count 2 --impressions 2 -o prints >/dev/null
for format in native iso ansi json iso2011 ansi2009 m1; do
    "$entente" finger extract prints/1_1.png -o "out.$format" --format "$format" >/dev/null
    "$entente" --json finger match "out.$format" prints/1_2.png | python3 -c "import json, sys; s = json.load(sys.stdin)['score']; assert s > 50, ('$format', s)"
done
"$entente" finger extract out.json -o again.json --format json >/dev/null
python3 - <<'END'
import json
a, b = json.load(open("out.json")), json.load(open("again.json"))
assert a["minutiae"] == b["minutiae"] and a["width"] == b["width"] and len(a["minutiae"]) > 10
END
"$entente" itl check out.m1 | grep -q conforms
"$entente" finger extract out.iso -o out.card --format card-compact >/dev/null
printf '{"entente-minutiae": 1, "width": 300, "height": 300, "ppi": 500, "minutiae": [{"x": -1, "y": 2, "angle": 3}]}' > bad.json
head -c 400 /dev/urandom > bad.bin
for bad in bad.json bad.bin out.card; do
    status=0; "$entente" finger match "$bad" out.iso >/dev/null 2>said || status=$?
    [ "$status" = 4 ] && grep -q "$bad" said || { echo "$bad ended with $status"; cat said; exit 1; }
done
mkdir templates alone
for print in prints/*.png; do
    name=$(basename "$print" .png)
    "$entente" finger extract "$print" -o "templates/$name.iso" --format iso >/dev/null
done
"$entente" evaluate finger prints templates --plot plot.svg --scores scores.csv >said && grep -q "8 prints, no template of 0" said
[ "$(head -1 scores.csv)" = "set,kind,a,b,score" ]
[ "$(grep -c ^templates,genuine, scores.csv)" = 2 ]
python3 -c "import xml.dom.minidom as m; assert len(m.parse('plot.svg').getElementsByTagName('path')) > 50"
"$entente" evaluate finger prints --plot plot.png >/dev/null && "$entente" image show plot.png | grep -q 1800
cp prints/1_1.png alone
for wrong in "alone" "prints prints" "prints --plot plot.gif" "prints --protocol half" ""; do
    status=0; "$entente" evaluate finger $wrong >/dev/null 2>&1 || status=$?
    [ "$status" = 2 ] || { echo "evaluate finger $wrong ended with $status, not 2"; exit 1; }
done
