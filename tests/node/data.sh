#!/bin/bash
# Real transactions: each is enrolled, or refused with a reason; none stops the decoder.
source "$(dirname "$0")/world.sh"
[ -n "${ENTENTE_DATA:-}" ] && [ -d "$ENTENTE_DATA/itl" ] || { echo "skipped: no data"; exit 77; }
"$entente" init gb --name gb.example --custodian c.gb --port 29555 --accept-unlocked-memory --accept-residue > /dev/null || exit 1
gb enrol "$ENTENTE_DATA"/itl/* --taken-under pace --taken "$(date -u +%F)" --as c.gb > out 2>&1
grep -q "decoder was stopped\|timed out\|internal" out && { bad "a decoder was stopped"; cat out; }
enrolled=$(sed -n 's/^\([0-9]*\) enrolled.*/\1/p' out)
[ "${enrolled:-0}" -ge 6 ] || { bad "only ${enrolled:-0} of the files were enrolled"; cat out; }
verdict
