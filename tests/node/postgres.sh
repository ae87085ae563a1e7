#!/bin/bash
# The main job with the holder's rows in a real PostgreSQL, which dies in between.
. "$(dirname "$0")/world.sh"
info=$("$here/../contract/postgres.sh" start "$work") || { echo "skipped: no PostgreSQL here"; exit 77; }
end() { "$here/../contract/postgres.sh" stop "$work"; finish; }
trap end EXIT
store=(--store "$info")
world 100
grep -q "host=" gb/node.yaml || bad "the configuration does not name the database"
[ -e gb/store.db ] && bad "there is an embedded store beside the database"
for i in 1 2 3; do status 0 "enrolling" gb enrol prints/${i}_1.png --taken-under ta-2000-s41 --offence terrorism-related --as c.gb; done
status 0 "a hit" look prints/2_2.png
status 1 "no hit" look prints/6_2.png
kill -9 "${pid[gb]}"; wait "${pid[gb]}" 2>/dev/null; unset "pid[gb]"
start gb || { bad "gb does not start again"; cat gb.log; }
status 0 "a hit after kill -9" look prints/3_2.png
encounter=$(gb --json record show --as c.gb | python3 -c "import json,sys; print(json.load(sys.stdin)['parts'][0]['encounter'])")
status 0 "a destruction" gb destroy "$encounter" --reason "test" --as c.gb
status 0 "the status" gb status; says "2 prints in the gallery" "the status"
status 4 "a backup" gb backup out.backup --as c.gb; says "pg_dump" "a backup"
echo "$faults faults"; [ $faults -eq 0 ]
