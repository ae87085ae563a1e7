# Two nodes on loopback for a test: source this, then `world`. Everything is in $work and ends with the test.
set -u
entente=$(readlink -f "$1"); here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/entente-test-XXXXXX"); cd "$work" || exit 1
echo "a passphrase for tests only" > passphrase
export ENTENTE_PASSPHRASE_FILE=$work/passphrase ENTENTE_QUICK_KEYS=1
declare -A pid
finish() { trap - EXIT; for p in "${pid[@]}"; do kill -9 "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$work"; }
trap finish EXIT
trap 'exit 130' INT TERM
faults=0
bad() { echo "FAILED: $1"; faults=$((faults + 1)); }
# status WANT SENTENCE COMMAND…: runs it, output in $work/out
status() { local want=$1 what=$2; shift 2; "$@" > out 2>&1; local got=$?; if [ $got -ne "$want" ]; then bad "$what: exit status $got, expected $want"; cat out; fi; }
says() { grep -q -- "$1" out || { bad "$2: the output does not say \"$1\""; cat out; }; }
gb() { "$entente" --node gb "$@"; }
us() { "$entente" --node us "$@"; }
start() { # NODE [VARIABLE=VALUE]
  local n=$1; shift; rm -f "$n.ready"
  env "$@" "$entente" --node "$n" serve > "$n.ready" 2> "$n.log" & pid[$n]=$!
  for _ in $(seq 300); do grep -q ready "$n.ready" 2>/dev/null && return 0; kill -0 "${pid[$n]}" 2>/dev/null || break; sleep 0.1; done
  return 1
}
stop() { kill -TERM "${pid[$1]}" 2>/dev/null; wait "${pid[$1]}" 2>/dev/null; local got=$?; unset "pid[$1]"; return $got; }
key() { sed -n 's/^identity ed25519 //p' "$1"; }
party() { echo "{ name: $1.example, country: $2, key: $(key "$1.card") }"; } # NODE COUNTRY
# NAME VERSION PER-DAY UNTIL WITHIN PARTY PARTY…: into NAME.yaml; the first party holds, the second asks
agreement() {
  local file=$1.yaml name=$1 version=$2 per_day=$3 until=$4 within=$5; shift 5
  local parties=$1 p; for p in "${@:2}"; do parties="$parties, $p"; done
  local holder=${1#*name: } requester=${2#*name: }
  cat > "$file" <<Y
agreement: $name
version: $version
title: For tests
parties: [ $parties ]
witness: [ { name: observer.example, key: ${WITNESS_KEY:-Q0xBSU1TTk9USElOR0JVVFdJVE5FU1NFU0VWRVJZVEg=} } ]
in-force: { from: 2020-01-01, until: $until, review: 2020-06-01 }
flows:
  - name: check
    holder: ${holder%%,*}
    requester: ${requester%%,*}
    purposes: [ { name: threat-check, power: PACE 1984 s. 63T(1)(b), transfer: DPA 2018 s. 75, ground: individual } ]
    modalities: [${modalities:-fingerprint}]
    against: [tenprint]
    subjects: { powers: [${powers:-uk-terrorism-3y}], exclude: [] }
    search: { per-day: $per_day, candidates: ${candidates:-1}, false-hits-per-day: 0.1, face-alone: never-a-hit, answer-within: $within }
    holder-keeps-probe: until-concluded
    confirm: { by: holder, examiners: 2, within: 15 min }
    disclose: { on-hit: [], on-confirmed: [name, status] }
    copy: { mode: none }
    requester-keeps: 90 days
    on-behalf-of: ${behalf:-never}
    onward: ${onward:-never}
${articles:-}
Y
}
deal() { # VERSION PER-DAY [UNTIL]
  articles="    articles: { search.per-day: Art. 6(2), purposes: Art. 3(1) }" agreement deal "$1" "$2" "${3:-2099-12-31}" "20 s" "$(party gb GBR)" "$(party us USA)" ${third:+"$third"}
}
# NODE NAME ROLE: proposed by c, approved by d over the digits of the key
works() {
  local digits
  digits=$("$entente" --node "$1" --json person add "$2" --role "$3" --as "c.$1" | sed -n 's/.*"key-digits": "\(.*\)".*/\1/p')
  "$entente" --node "$1" person approve "$2" --digits "$digits" --as "d.$1" > /dev/null || bad "$2 does not come to work at $1"
}
world() { # PER-DAY
  local port=$((20000 + RANDOM % 30000))
  "$entente" init gb --name gb.example --country GBR --custodian c.gb --port $port --accept-unlocked-memory --accept-residue ${store[@]+"${store[@]}"} > /dev/null || exit 1
  "$entente" init us --name us.example --country USA --custodian c.us --port $((port + 1)) --accept-unlocked-memory --accept-residue > /dev/null || exit 1
  sed -i 's/^controls-per-mille: .*/controls-per-mille: 0/' gb/node.yaml # the scripts conclude what they opened and nothing else
  [ -n "${model:-}" ] && sed -i "s|^  model: .*|  model: \"$model\"|" gb/node.yaml
  "$entente" synth finger --count 6 --impressions 2 --seed 5 -o prints > /dev/null || exit 1
  start gb || { cat gb.log; exit 1; }
  start us || { cat us.log; exit 1; }
  gb person add d.gb --role custodian --as c.gb > /dev/null; us person add d.us --role custodian --as c.us > /dev/null
  works gb x.gb examiner; works us o.us officer
  us desk add desk-1 --as c.us > /dev/null; us desk approve desk-1 --as d.us > /dev/null
  gb partner card > gb.card 2>/dev/null; us partner card > us.card 2>/dev/null
  gb partner add us.card --as c.gb > /dev/null; us partner add gb.card --as c.us > /dev/null
  deal 1 "$1"
  sign deal.yaml deal
}
# FILE NAME: proposed by us, countersigned by gb, two custodians each
sign() {
  for c in c.us d.us; do us agreement sign "$1" --as $c > out 2>&1 || { bad "signing $1"; cat out; return 1; }; done
  for c in c.gb d.gb; do gb agreement countersign "$2" --as $c > out 2>&1 || { bad "countersigning $2"; cat out; return 1; }; done
}
# FILE [OUT]: what the desk makes of it, for one crossing of its own
capture() { us desk capture "$1" --desk desk-1 --officer "${officer:-o.us}" --nationality UTO -o "${2:-traveller.capture}" > /dev/null; }
enrol() { gb enrol "$@" --taken-under ta-2000-s41 --offence terrorism-related --as c.gb; }
look() { local file=$1; shift; capture "$file" && us search traveller.capture --purpose threat-check "$@" --as o.us; }
look_in_copy() { capture "$1" && us feed search traveller.capture --purpose threat-check --as o.us; }
search() { look "$@"; }
reference() { sed -n 's/^reference //p' out; }
verdict() { [ $faults -eq 0 ] && exit 0; echo "$faults faults"; exit 1; }
