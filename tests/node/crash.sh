#!/bin/bash
# SIGKILL of a whole node at each commit point of a search, of the requester around its request, and of enrolment and destruction where their order matters: nothing acknowledged
# is lost, no answer without its ledger entry, a destruction that was begun is finished, nothing happens twice. (Every act of custodians and
# of the clock at every point: tests/flow/crash_test.c.)
source "$(dirname "$0")/world.sh"
world 1000
status 0 "prints are enrolled" enrol prints/[1-3]_1.png
entries() { gb ledger show | grep -c "$1"; }
killed() { wait "${pid[gb]}" 2>/dev/null; [ $? -eq 137 ] || bad "$1: the node was not killed there (is it built with -Dcommit_points=true?)"; unset "pid[gb]"; }
again() { start gb || { bad "$1: the node does not start again"; cat gb.log; verdict; }; }
count=3
for point in after-persist after-append; do
  stop gb; start gb ENTENTE_DIE_AT=enrol.$point || bad "start"
  "$entente" synth finger --count 1 --impressions 1 --seed "9$count" -o fresh > /dev/null
  enrol fresh/1_1.png > /dev/null 2>&1; killed "enrol.$point"; again "enrol.$point"
  enrol fresh/1_1.png > out 2>&1 || bad "enrol.$point: the same file again"
  count=$((count + 1))
  [ "$(gb --json status | python3 -c 'import json,sys; print(json.load(sys.stdin)["gallery"])')" -eq $count ] || bad "enrol.$point: not $count prints"
  [ "$(entries ' enrolled ')" -eq $count ] || bad "enrol.$point: not one ledger entry for each print"
  [ "$(gb --json status | python3 -c 'import json,sys; print(json.load(sys.stdin)["outbox"])')" -eq 0 ] || bad "enrol.$point: the outbox is not empty"
done
for point in before-persist after-persist after-append before-tell; do
  stop gb; start gb ENTENTE_DIE_AT=search.$point || bad "start"
  before=$(entries answered)
  search prints/1_2.png > out 2>&1 && bad "search.$point: an answer of a node that died"
  killed "search.$point"; again "search.$point"
  after=$(entries answered)
  case $point in before-persist) want=$before ;; *) want=$((before + 1)) ;; esac
  [ "$after" -eq "$want" ] || bad "search.$point: $((after - before)) entries \"answered\""
  status 0 "search.$point: the next search" search prints/1_2.png
done
works us a.us auditor
for point in ask.after-persist ask.before-tell received.before-persist; do # what the holder's lot may choose can be opened, whenever the requester dies
  stop us; start us ENTENTE_DIE_AT=$point || bad "start"
  search prints/1_2.png > out 2>&1 && bad "$point: an answer of a node that died"
  wait "${pid[us]}" 2>/dev/null; [ $? -eq 137 ] || bad "$point: the requester was not killed there"
  start us || { bad "$point: the requester does not start again"; cat us.log; verdict; }
  asked=$(us --json ledger show | sed -n 's/.*"kind":"asked".*"case":"\([0-9a-f]*\)".*/\1/p' | tail -1)
  status 0 "$point: what was asked can be opened" us lot open "$asked" --as c.us
  status 0 "$point: and read" us lot show "$asked" --as a.us; cp out opening; says "desk desk-1" "$point"
  status 0 "$point: the next search" search prints/1_2.png
done
n=4
for point in before-persist after-persist after-key; do
  "$entente" synth finger --count 1 --impressions 1 --seed "5$n" -o gone > /dev/null; n=$((n + 1))
  status 0 "enrol for destroy.$point" enrol gone/1_1.png
  id=$(sed -n 's/.*encounter \([0-9a-f]*\),.*/\1/p' out)
  stop gb; start gb ENTENTE_DIE_AT=destroy.$point || bad "start"
  gb destroy "$id" --reason test --as c.gb > /dev/null 2>&1; killed "destroy.$point"; again "destroy.$point"
  if [ $point = before-persist ]; then status 0 "destroy.$point: not begun, so it is still there" gb destroy "$id" --reason test --as c.gb
  else status 4 "destroy.$point: begun, so it is finished" gb record show "$id" --as c.gb; fi
  status 3 "destroy.$point: a resend" enrol gone/1_1.png
done
[ "$(entries ' destroyed ')" -eq 3 ] || bad "not one entry for each destruction"
verdict
