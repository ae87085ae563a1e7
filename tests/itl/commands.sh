#!/bin/bash
# The itl commands on a synthetic print: what we pack conforms, what is altered does not, XML there and back. $1: the program.
set -u
entente=$1
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

# What --help offers the manual pages tell, and no other options.
pages=$(dirname "$0")/../../docs/man
for group in itl image; do
  page=$pages/entente-$group.1
  said=$(sed 's/\\-/-/g' "$page" | grep -oE -- '(^|[^a-z-])--[a-z]+(-[a-z]+)*' | grep -oE -- '--.*' | sort -u)
  for command in $("$entente" $group --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
    grep -q "entente $group $command" "$page" || fail "entente-$group.1 does not tell of $command"
    "$entente" $group $command --help | grep -oE -- '--[a-z]+(-[a-z]+)*' >>"$work/$group.options"
  done
  offered=$(grep -vx -- --node "$work/$group.options" | sort -u)
  [ -n "$offered" ] && [ "$said" = "$offered" ] || { diff <(echo "$said") <(echo "$offered"); fail "entente-$group.1 and --help tell other options"; }
done

"$entente" synth finger --seed 7 -o "$work/prints" --count 1 --impressions 1 >/dev/null 2>&1 || fail "no synthetic print"
print=$(find "$work/prints" -type f | head -1)
"$entente" itl pack "$print" --finger 2 --name "EXAMPLE, ALEX" --birth 19900131 --offence recordable -o "$work/a.an2" >/dev/null || fail "itl pack"
# What is written to and is no file stays what it is: renamed over, /dev/null would be gone for everybody.
ln -s "$work/written.an2" "$work/link"; mkfifo "$work/pipe"; cat "$work/pipe" >"$work/piped" & : >"$work/written.an2"
for to in link pipe; do "$entente" itl pack "$print" --finger 2 -o "$work/$to" >/dev/null || fail "itl pack -o $to"; done; wait
[ -L "$work/link" ] && [ -p "$work/pipe" ] || fail "a link or a pipe was replaced"
for f in written.an2 piped; do "$entente" itl check "$work/$f" >/dev/null || fail "what was written into $f"; done
for wrong in 99 11 x -1; do "$entente" itl pack "$print" --finger $wrong -o "$work/w.an2" 2>/dev/null; [ $? = 2 ] || fail "--finger $wrong"; done

"$entente" itl check "$work/a.an2" --domain auto >"$work/out" || { cat "$work/out"; fail "what was packed does not conform"; }
grep -q 'domain entente' "$work/out" || fail "the domain was not found"
"$entente" itl check "$work/a.an2" --json | grep -q '"conforms": *true' || fail "--json"

"$entente" itl pack "$print" --finger 2 --domain prum --dai DE/BKA --ori NL/NAFIS -o "$work/p.an2" >/dev/null || fail "itl pack --domain prum"
"$entente" itl check "$work/p.an2" --domain auto >"$work/out" || { cat "$work/out"; fail "the Prüm search does not conform"; }
grep -q 'version 0300, domain prum' "$work/out" || fail "the Prüm search is of another version or domain"

sed 's/0502/0599/' "$work/a.an2" >"$work/b.an2"
"$entente" itl check "$work/b.an2" >"$work/out"; [ $? = 1 ] || fail "an unknown version passes"
grep -q '^record 1, 1.002, byte [0-9]*: .*\[8.1\]$' "$work/out" || { cat "$work/out"; fail "record, field, byte and clause are not told"; }
"$entente" itl check "$print" >/dev/null 2>&1; [ $? = 4 ] || fail "an image is no transaction"
"$entente" itl check "$work/a.an2" --domain nowhere 2>/dev/null; [ $? = 4 ] || fail "an unknown domain"

LC_ALL=C sed 's/14.004:/13.004:/' "$work/a.an2" >"$work/c.an2"
"$entente" itl show "$work/c.an2" >/dev/null 2>&1 && fail "strict reading takes a wrong tag"
"$entente" itl show --lenient "$work/c.an2" 2>"$work/forgiven" >/dev/null || fail "lenient reading refuses a wrong tag"
grep -q '^forgiven: record 3' "$work/forgiven" || fail "what was forgiven is not told"

# 1.015 may name an encoding of its users': said, not guessed
printf '1.001:137\0351.002:0502\0351.003:1\0371\0362\0370\0351.004:AMN\0351.005:20240101\0351.007:DAI\0351.008:ORI\0351.009:TCN\0351.011:00.00\0351.012:00.00\0351.015:200\037KOI8-R\0371\034' >"$work/f.an2"
printf '2.001:30\0352.002:0\0352.003:\360\322\311\327\305\324\034' >>"$work/f.an2"
"$entente" itl show "$work/f.an2" --lenient 2>&1 >/dev/null | grep -q '"KOI8-R" (1.015), which is not read' || fail "an encoding that is not read is not told"

"$entente" itl xml "$work/a.an2" -o "$work/a.xml" 2>/dev/null && "$entente" itl xml "$work/a.xml" -o "$work/d.an2" || fail "itl xml"
cmp -s "$work/a.an2" "$work/d.an2" || fail "XML there and back is another transaction"
echo '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' >"$work/e.xml"
"$entente" itl xml "$work/e.xml" -o "$work/e.an2" 2>/dev/null; [ $? = 4 ] || fail "a DOCTYPE is taken"
[ ! -e "$work/e.an2" ] || fail "something was written of it"
# A record that is not read is left out by name, with exit 1; an encoding that is not read is refused by name.
sed 's/itl:PackageDescriptiveTextRecord/itl:PackageOddRecord/' "$work/a.xml" >"$work/f.xml"
"$entente" itl xml "$work/f.xml" -o "$work/g.an2" 2>"$work/told"; [ $? = 1 ] || fail "a record that was left out is exit 1"
grep -q 'left out: PackageOddRecord at line' "$work/told" && [ -e "$work/g.an2" ] || fail "the record that was left out is not named"
{ cat "$work/a.an2"; echo; } >"$work/i.an2"
"$entente" itl xml "$work/i.an2" -o "$work/i.xml" 2>/dev/null && fail "a line end behind a transaction is taken"
"$entente" itl xml --lenient "$work/i.an2" -o "$work/i.xml" 2>"$work/told" || fail "itl xml --lenient"
grep -q '1 byte follows' "$work/told" && cmp -s "$work/a.xml" "$work/i.xml" || fail "itl xml --lenient tells or writes another thing"
sed '1s/UTF-8/KOI8-R/' "$work/a.xml" >"$work/h.xml"
"$entente" itl xml "$work/h.xml" 2>&1 | grep -q 'in the encoding KOI8-R is not read' || fail "an encoding that is not read"
