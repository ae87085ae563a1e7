#!/bin/bash
# Custodians at work on a running node: two-person events, links, the calendar, the proof of a destruction, the person's request,
# the year's report.
. "$(dirname "$0")/world.sh"
world 100
today=$(date -u +%F)
encounter=()
for i in 1 2 3 4; do
  status 0 "enrolling" gb enrol prints/${i}_1.png --taken-under ta-2000-s41 --offence terrorism-related --person "Exempla $i" --as c.gb
  encounter+=("$(sed -n 's/^enrolled as encounter \([0-9a-f]*\).*/\1/p' out)")
done
print_of() { gb record show "$1" --as c.gb | awk '/fingerprint/{print $1; exit}'; }
one=${encounter[0]}; two=${encounter[1]}
part=$(print_of "${encounter[3]}")

status 0 "an unlawful taking" gb record event "$part" unlawful --date "$today" --as c.gb
status 0 "what waits" gb approve list --as c.gb; says "second person ends the window" "what waits"
status 3 "one's own act" gb approve "$part" 0 --as c.gb; says "nobody approves their own act" "one's own act"
status 0 "nothing goes inside the window" gb retention run --dry-run --as c.gb; says "^0 parts" "nothing goes inside the window"
status 0 "the second word" gb approve "$part" 0 --as d.gb
status 0 "now it goes" gb retention run --as c.gb; says "^2 parts" "now it goes, and the name that was kept with it"
status 4 "nothing is left of the arrest" gb record show "${encounter[3]}" --as c.gb

status 0 "a link" gb record link "$one" "$two" --as c.gb
status 0 "undone" gb record unlink "$one" --as c.gb
status 3 "an officer links nothing" us record link "$one" "$two" --as o.us
status 0 "the calendar" gb retention calendar --as c.gb; says "$(( $(date -u +%Y) + 3 ))-" "the calendar"
status 0 "what falls due in four years" gb retention due --within 1461d --as c.gb; says "destroy by" "what falls due in four years"

# two disclosures on one search, which the destruction calls back
works gb y.gb examiner
status 0 "a hit" look prints/2_2.png
reference=$(reference)
for x in x.gb y.gb; do
  case=$(gb candidate list --as $x 2>/dev/null | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p' | head -1)
  gb candidate analyse "$case" --suitable yes --as $x > out 2>&1 || { bad "analyse"; cat out; }
  gb candidate conclude "$case" identified --reasons "level 2 detail in agreement" --as $x > out 2>&1 || { bad "conclude"; cat out; }
done
for field in status name; do status 0 "a disclosure of the $field" gb disclose "$reference" --fields $field --as c.gb; says "it has arrived" "a disclosure of the $field"; done
mapfile -t disclosed < <(gb disclose list --as c.gb | sed -n 's/^\([0-9a-f]\{32\}\) .*/\1/p')
[ ${#disclosed[@]} -eq 2 ] || bad "${#disclosed[@]} disclosures"
status 4 "no undertaking before the recall" gb disclose undertakings "${disclosed[@]}" -o early --as c.gb; says "no undertaking yet" "no undertaking before the recall"

status 0 "a destruction" gb destroy "$two" --reason "court order 5" --proof proof.json --as c.gb
status 0 "its proof" gb verify proof.json --card gb.card; says "VERIFIED: fingerprint" "its proof"; epoch_of() { sed -n 's/.*"epoch": *\([0-9]*\).*/\1/p' "$1" | head -1; } # the day's run may have ended one meanwhile
epoch=$(epoch_of proof.json); says "lose their key when epoch $epoch ends" "its proof"
cat > tamper.py <<'P'
# Every field of a proof, changed: one file each.
import copy, json
proof = json.load(open("proof.json"))
def changed(v):
    if isinstance(v, list): return []
    if isinstance(v, int): return [v + 1, v - 1]
    at = v.index("\n\n") - 3 if "tlog-proof" in v else len(v) // 2 # in the proof's hashes; in the middle
    return [v[:at] + ("b" if v[at] != "b" else "c") + v[at + 1:], ""]
places = [(proof, k) for k in ("entente-destruction", "reason", "custody", "unlisted")] + [(o, k) for o in (proof["parts"][0], proof["disclosed"][0]) for k in o]
n = 0
for where, key in places:
    was = where[key]
    for new in changed(was):
        where[key] = new
        json.dump(proof, open(f"tampered-{n}-{key}.json", "w")); n += 1
    where[key] = was
for where in (proof, proof["parts"][0], proof["disclosed"][0]):
    where["note"] = "more"; json.dump(proof, open(f"tampered-{n}-more.json", "w")); n += 1; del where["note"]
listed = proof["disclosed"]
for what, other in (("dropped", listed[1:]), ("dropped-last", listed[:-1]), ("emptied", []), ("doubled", listed + listed[:1]), ("turned", listed[::-1]), ("no-list", {})):
    proof["disclosed"] = other
    json.dump(proof, open(f"tampered-{n}-{what}.json", "w")); n += 1
proof["disclosed"], proof["unlisted"] = listed[1:], 1 # counted instead of listed
json.dump(proof, open(f"tampered-{n}-counted.json", "w")); n += 1
proof["disclosed"], proof["unlisted"] = listed, 0
proof["parts"][0]["enrolled"], proof["parts"][0]["destroyed"] = proof["parts"][0]["destroyed"], proof["parts"][0]["enrolled"]
json.dump(proof, open(f"tampered-{n}-exchanged.json", "w"))
P
python3 tamper.py
for f in tampered-*.json; do status 4 "a proof that was changed: $f" gb verify "$f" --card gb.card; grep -q VERIFIED out && bad "$f is said to be verified"; done
[ "$(ls tampered-*.json | wc -l)" -eq 39 ] || bad "$(ls tampered-*.json | wc -l) changed proofs"
status 4 "another node's card" gb verify proof.json --card us.card

# what the partner undertook: each of the two shown by an entry of its own, or said not to be
status 0 "the undertakings" gb disclose undertakings "${disclosed[@]}" -o undertaken --as c.gb
first=undertaken/${disclosed[0]}.tlog-proof second=undertaken/${disclosed[1]}.tlog-proof
with() { gb verify proof.json --card gb.card "$@"; }
status 0 "none shown" with; [ "$(grep -c "no undertaking shown for us.example" out)" -eq 2 ] || { bad "two are missing, and it is not said"; cat out; }
status 0 "one shown" with --undertaking "$first" --partner us.card; says "destroyed at us.example, 2" "one shown"; says "no undertaking shown for us.example" "one missing"; says "1 of 2" "one missing"
status 0 "the same for both" with --undertaking "$first" --undertaking "$first" --partner us.card; says "1 of 2" "the same for both"
refused() { status 4 "$1" with --undertaking "$2" --partner "${3:-us.card}"; grep -q "VERIFIED\|destroyed at" out && bad "$1 counts"; }
sed 's/^index .*/index 0/' "$first" > forged.tlog-proof; refused "a forged undertaking" forged.tlog-proof
refused "another's ledger" "$first" gb.card
us ledger prove "$(us ledger show | awk '/ kept /{print $1; exit}')" > kept.tlog-proof; refused "an entry that says kept" kept.tlog-proof
status 4 "without the partner's card" with --undertaking "$first"

status 0 "the epoch's end" gb keys rotate --epoch --as c.gb
gb ledger prove "$(gb ledger show | awk "/epoch $epoch ended/{print \$1}")" > epoch.tlog-proof
gb ledger prove 1 > early.tlog-proof
status 4 "an entry that is no epoch's end" gb verify proof.json --card gb.card --epoch early.tlog-proof
status 0 "one more" gb enrol prints/5_1.png --taken-under ta-2000-s41 --offence terrorism-related --as c.gb
status 0 "another destruction, in the next epoch" gb destroy "$(sed -n 's/^enrolled as encounter \([0-9a-f]*\).*/\1/p' out)" --reason later --proof later.json --as c.gb
status 4 "an undertaking about another record" gb verify later.json --card gb.card --undertaking "$first" --partner us.card; says "nothing that the proof lists" "an undertaking about another record"
status 4 "an epoch that ended before it" gb verify later.json --card gb.card --epoch epoch.tlog-proof; says "ended before" "an epoch that ended before it"
sed -E "s/(\"epoch\": *)$(epoch_of later.json)/\1$epoch/" later.json > lied.json; cmp -s later.json lied.json && bad "the epoch was not changed"
status 4 "the epoch made earlier" gb verify lied.json --card gb.card --epoch epoch.tlog-proof
status 0 "its proof, complete" gb verify proof.json --card gb.card --epoch epoch.tlog-proof; says "destroyed everywhere in this node$" "its proof, complete"
status 0 "one still missing" with --epoch epoch.tlog-proof --undertaking "$second" --partner us.card; grep -q "by every partner" out && bad "destroyed by every partner, and one is not shown"
status 0 "all of it" with --epoch epoch.tlog-proof --undertaking "$second" --undertaking "$first" --partner us.card; says "in this node and by every partner" "all of it"; grep -q "no undertaking" out && bad "all is shown, and something is missing"

status 0 "a person's request" gb subject-access --print prints/3_2.png -o held.html --as c.gb
grep -q "TA 2000 Sch. 8" held.html || bad "the page does not say by which clause"
three=$(print_of "${encounter[2]}")
status 0 "an exemption" gb record event "$three" access-exempt --date "$today" --as c.gb
status 0 "the same request" gb subject-access --print prints/3_2.png -o exempt.html --as c.gb
status 0 "a stranger's" gb subject-access --print prints/6_2.png -o nothing.html --as c.gb
cmp -s exempt.html nothing.html || bad "exempt and nothing held are different pages"
cmp -s held.html nothing.html && bad "what is held is not told"
status 3 "nobody else may ask" us subject-access --print prints/6_2.png --as o.us

status 0 "the year" gb report retention --year "$(date -u +%Y)" --full --format json --as c.gb; says '"overdue":0' "the year"; says '"destroyed":5' "the year"
status 0 "the year, for the public" gb report retention --year "$(date -u +%Y)" --format csv --as c.gb
grep -q '"destroyed",3' out && bad "a small number is shown"
cat > subtract.py <<'P'
# An independent look at a published year: whatever the printed numbers and the two sums determine must be printed, or a zero.
import json, sys
from fractions import Fraction
public, full = (json.load(open(f))["figures"] for f in sys.argv[1:3])
rows = [({k: 1 for k in full if k.startswith("destroyed by")}, {"destroyed": 1}),
        ({k: 1 for k in full if k.startswith("collected")}, {**{k: 1 for k in full if k.startswith("held now")}, "destroyed": 1})]
hidden = [k for k in full if public[k] is None]
m = []
for left, right in rows:
    m.append([Fraction(left.get(k, 0) - right.get(k, 0)) for k in hidden])
at = 0
for c in range(len(hidden)):
    r = next((i for i in range(at, len(m)) if m[i][c]), None)
    if r is None: continue
    m[at], m[r] = m[r], m[at]
    m[at] = [x / m[at][c] for x in m[at]]
    for i in range(len(m)):
        if i != at: m[i] = [x - m[i][c] * y for x, y in zip(m[i], m[at])]
    at += 1
told = [hidden[[i for i, x in enumerate(r) if x][0]] for r in m if sum(x != 0 for x in r) == 1]
small = [k for k in full if 0 < full[k] < 10 and public[k] is not None]
wrong = [k for k in full if public[k] not in (None, full[k])]
print("hidden", len(hidden), "told by subtraction", told, "small and shown", small, "changed", wrong)
sys.exit(bool(told or small or wrong))
P
status 0 "more arrests" gb enrol prints/[1-6]_2.png prints/6_1.png prints/1_1.png --taken-under ta-2000-s41 --offence terrorism-related --as c.gb
for f in full public; do gb report retention --year "$(date -u +%Y)" $([ $f = full ] && echo --full) --format json --as c.gb > $f.json; done
status 0 "an independent hand subtracts" python3 subtract.py public.json full.json; says "told by subtraction \[\]" "an independent hand subtracts"
# a hold, to the end: two custodians open it, one cannot
one=$(print_of "${encounter[0]}")
status 2 "a hold without its review" gb record hold "$one" --date "$today" --as c.gb
status 0 "a hold" gb record hold "$one" --date "$today" --review "$(( $(date -u +%Y) + 1 ))-01-01" --document "R v Exempla" --as c.gb
status 4 "not yet in the hold store" gb hold open "$one" --case "R v Exempla" --as c.gb
gb record event "$one" unlawful --date "$today" --as c.gb > /dev/null; gb approve "$one" 1 --as d.gb > /dev/null
status 0 "the run moves it" gb retention run --as c.gb; says "^1 parts" "the run moves it, and the name goes"
status 0 "what is held" gb hold list --as c.gb; says "in the hold store" "what is held"
status 0 "one word" gb hold open "$one" --case "R v Exempla" --as c.gb; says "another custodian" "one word"
status 0 "the second" gb hold open "$one" --case "R v Exempla" -d evidence --as d.gb
cmp -s evidence/fingerprint-image-1-finger-0 prints/1_1.png || bad "what two opened is not what was enrolled"
gb record release "$one" --date "$today" --as c.gb > /dev/null
status 0 "released, it goes" gb retention run --as c.gb; says "^1 parts" "released, it goes"

# a change of the regimes: seen, by two, stopped where it would end too much
sed -i 's/^keep: 3 years/keep: 3 yeers/' gb/regimes/uk-terrorism-3y.yaml
status 4 "a mistyped rule" gb regime check gb/regimes/uk-terrorism-3y.yaml; says "line 1[0-9]" "a mistyped rule"
status 4 "nor proposed" gb regime propose --as c.gb; says "yeers" "nor proposed"
sed -i 's/^keep: 3 yeers/keep: 2 years/' gb/regimes/uk-terrorism-3y.yaml
status 0 "what it would move" gb regime diff --as c.gb; says "changed  uk-terrorism-3y" "what it would move"; says "would go sooner" "what it would move"
status 0 "proposed" gb regime propose --as c.gb
status 0 "what waits is shown, and not approved" gb regime approve --as d.gb; says "with these digits" "what waits is shown, and not approved"
digits=$(grep -oE '^[0-9a-f]{64}$' out)
status 3 "approved by who proposed it" gb regime approve "$digits" --as c.gb
gb regime approve "$(echo "$digits" | tr 0-9a-f 1-9a-f0)" --as d.gb > out 2>&1 && bad "another proposal than the one looked at is approved"
status 0 "approved" gb regime approve "$digits" --as d.gb; says "in force" "approved"
status 0 "the dates" gb record show "${encounter[2]}" --as c.gb; says "destroy by $(( $(date -u +%Y) + 2 ))-" "the dates"
status 0 "warnings" gb retention warnings --within 1000d --as c.gb; says "falls due on" "warnings"
status 0 "the time" gb time show; says "boot clock" "the time"
echo "$faults faults"; [ $faults -eq 0 ]
