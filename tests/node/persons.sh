#!/bin/bash
# Nobody makes themselves two: who comes to work here needs two custodians, one key is one person's, and the ledger shows each exception.
source "$(dirname "$0")/world.sh"
"$entente" init gb --name gb.example --country GBR --custodian c.gb --port $((20000 + RANDOM % 30000)) --accept-unlocked-memory --accept-residue > /dev/null || exit 1
start gb || { cat gb.log; exit 1; }
digits() { sed -n 's/^    \([0-9 ]*\)$/\1/p' out; }

# one custodian: others wait, the second comes by the first alone, once
status 0 "an examiner, by the first alone" gb person add x.gb --role examiner --as c.gb; says "proposed as examiner" "the examiner waits"; x=$(digits)
status 4 "the examiner acts before anybody agreed" gb candidate list --as x.gb
status 3 "one's own proposal" gb person approve x.gb --digits "$x" --as c.gb; says "nobody approves their own act" "one's own proposal"
status 0 "the second custodian" gb person add d.gb --role custodian --as c.gb; says "by your word alone" "the second custodian"
status 0 "a third custodian" gb person add e.gb --role custodian --as c.gb; says "is proposed" "the third waits"; e=$(digits)
status 3 "other digits" gb person approve e.gb --digits "$x" --as d.gb; says "not the digits" "other digits"
status 4 "the third for the third" gb person approve e.gb --digits "$e" --as e.gb
status 0 "the second person's word" gb person approve x.gb --digits "$x" --as d.gb
status 0 "the examiner acts" gb candidate list --as x.gb
status 3 "an examiner approves nobody" gb person approve e.gb --digits "$e" --as x.gb
status 4 "a name twice" gb person add e.gb --role officer --as d.gb
status 0 "the list" gb person list; says "e.gb .*custodian .*proposed" "the list"; says "d.gb .*custodian  *key until" "the list"

# over a restart; then dropped, and proposed by somebody else
stop gb; start gb || bad "start"
status 0 "dropped" gb person drop e.gb --as c.gb
status 4 "dropped is gone" gb person approve e.gb --digits "$e" --as d.gb
rm -f gb/people/e.gb.key

# who suspends the other custodian is not the first again: another person's word is needed still
works gb op.gb operator
status 0 "a custodian suspends the other" gb person suspend d.gb --as c.gb
status 0 "and proposes a friend" gb person add f.gb --role custodian --as c.gb; says "is proposed" "a friend waits"; f=$(digits)
status 3 "the suspended" gb person approve f.gb --digits "$f" --as d.gb
status 3 "alone" gb person approve f.gb --digits "$f" --as c.gb
status 0 "an operator, where no other custodian is left" gb person approve f.gb --digits "$f" --as op.gb
status 0 "a next one" gb person add g.gb --role officer --as c.gb; g=$(digits)
status 3 "an operator, where there is another custodian" gb person approve g.gb --digits "$g" --as op.gb; says "f.gb is a custodian" "who can"

gb ledger show > out
says "custodian: the first, by nobody" "the ledger"; says "custodian: the second, by the first alone" "the ledger"; says "works here: examiner" "the ledger"
[ "$(grep -c "custodian: the second" out)" -eq 1 ] || bad "more than one came alone"
status 0 "the bundle" gb ledger export bundle
status 0 "the audit" "$entente" audit bundle
verdict
