#!/bin/bash
# Where keys may lie and what keeps them: file systems, locked memory, roots, a token.
source "$(dirname "$0")/world.sh"
init() { "$entente" init "$@" --name gb.example --custodian c.gb --port $((20000 + RANDOM % 30000)); }
disk() { # FOLDER MOUNT-OPTIONS [TUNE]: a fresh ext4
  mkdir -p "$1"; truncate -s 64M "$1.img"; mkfs.ext4 -q "$1.img" || return 1
  [ -z "${3-}" ] || tune2fs -o "$3" "$1.img" > /dev/null
  mount -o "loop${2:+,$2}" "$1.img" "$1" 2> /dev/null
}
trap 'for p in "${pid[@]}"; do kill -9 $p; done 2>/dev/null; wait 2>/dev/null; cd /; for d in "$work"/{ordered,journal,default,memory}; do umount "$d" 2>/dev/null; done; rm -rf "$work"' EXIT

if disk ordered ""; then
  status 0 "ext4 in ordered mode" init ordered/gb --accept-unlocked-memory
  disk journal data=journal
  status 3 "ext4 with data=journal" init journal/gb --accept-unlocked-memory; says "data=journal" "the reason"
  disk default "" journal_data
  status 3 "ext4 whose superblock says journal" init default/gb --accept-unlocked-memory; says "data=journal" "the reason is found in the superblock"
  mkdir memory; mount -t tmpfs tmpfs memory
  status 3 "tmpfs" init memory/gb --accept-unlocked-memory; says "accept-residue" "what to do about it"
  [ -e memory/gb ] && bad "a refused init left a folder"
  status 0 "tmpfs, accepted" init memory/gb --accept-unlocked-memory --accept-residue
  status 0 "its custody" "$entente" --node memory/gb status; says "may stay readable" "its custody"
  cp -a memory/gb ordered/moved; sed -i 's/accept-residue: true/accept-residue: false/' ordered/moved/node.yaml
  status 0 "a node moved to ext4" "$entente" --node ordered/moved status; says "epoch 1 on ext4, root in a file, without a standby" "the custody of a node on ext4"
  sed -i 's/accept-residue: true/accept-residue: false/' memory/gb/node.yaml
  status 3 "it is asked at each start" "$entente" --node memory/gb status
  chattr +j ordered/moved/keys/slots 2> /dev/null && status 3 "the attribute j of the slots" "$entente" --node ordered/moved status
else echo "skipped: file systems cannot be mounted here"; fi

# memory that cannot be locked
status 0 "a node" init gb --accept-residue
locked() { setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock prlimit --memlock=4096:4096 timeout 20 "$entente" --node gb "$@"; }
# (the sanitizers' runtime makes mlock a call that does nothing)
grep -q __asan_init "$entente" || status 3 "memory cannot be locked" locked serve
grep -q __asan_init "$entente" || says "LimitMEMLOCK" "what to do about it"
sed -i 's/accept-unlocked-memory: false/accept-unlocked-memory: true/' gb/node.yaml

# a root that is another one, or missing; a slot that is lost
"$entente" synth finger --count 2 --impressions 1 --seed 5 -o prints > /dev/null
status 0 "prints are enrolled" gb enrol prints/[12]_1.png --taken-under ta-2000-s41 --as c.gb
cp -a gb lost; cp -a gb other
head -c 32 /dev/urandom > other/keys/root.1
status 4 "another root" "$entente" --node other status; says "does not fit" "another root"
rm other/keys/root.1
status 4 "no root" "$entente" --node other status; says "is missing" "no root"
python3 - lost/keys/slots <<'P'
import sys
with open(sys.argv[1], "r+b") as f:
    data = bytearray(f.read()); half = (len(data) - 4096) // 2
    live = [at for at in range(4096, 4096 + half, 128) if data[at + 3] == 1][-1]
    for at in (live, live + half): data[at + 20] ^= 1
    f.seek(0); f.write(data)
P
status 4 "a lost slot" "$entente" --node lost status; says "damaged in both copies" "a lost slot"

# the end of an epoch, of a running node
start gb || { bad "the node does not start"; cat gb.log; verdict; }
gb --json record show --as c.gb > parts
part=$(python3 -c 'import json; print(json.load(open("parts"))["parts"][0]["part"])')
cp -a gb before; rm -f before/desk.sock
status 0 "a destruction" gb destroy "$part" --reason test --as c.gb
status 0 "the end of the epoch" gb keys rotate --epoch --as c.gb; says "epoch 2" "the end of the epoch"
gb ledger show > out; says "epoch 1 ended" "the ledger"
[ -e gb/keys/root.1 ] && bad "the old root is still there"
stop gb; start gb || { bad "the node does not start in its second epoch"; cat gb.log; }
gb --json record show --as c.gb > parts
[ "$(python3 -c 'import json; print(len(json.load(open("parts"))["parts"]))')" -ge 1 ] || bad "the other print is gone too"
stop gb

# a token: SoftHSM
if [ -r /usr/lib/softhsm/libsofthsm2.so ]; then
  mkdir token; printf 'directories.tokendir = %s\nlog.level = ERROR\n' "$work/token" > softhsm.conf; export SOFTHSM2_CONF=$work/softhsm.conf
  softhsm2-util --init-token --free --label entente --so-pin 1234 --pin 12345 > /dev/null; (umask 077; echo 12345 > pin)
  uri="pkcs11:token=entente?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:$work/pin"
  rm -rf gb before
  status 0 "a node under a token" init gb --accept-residue --accept-unlocked-memory --root "$uri"
  status 0 "prints are enrolled" gb enrol prints/[12]_1.png --taken-under ta-2000-s41 --as c.gb
  cp -a gb before
  status 0 "the copy opens within the epoch" "$entente" --node before status
  status 0 "the end of the epoch under a token" gb keys rotate --epoch --as c.gb
  status 0 "the node goes on" gb status
  status 4 "a copy from before the epoch's end" "$entente" --node before status; says "epoch 1" "a copy from before the epoch's end"
  mv pin away; status 3 "without the PIN" gb status; says "PIN" "without the PIN"; mv away pin; chmod 644 pin
  status 3 "a PIN that others may read" gb status; chmod 600 pin
  mv token elsewhere; mkdir token; status 4 "without the token" gb status; says "no token" "without the token"; rmdir token; mv elsewhere token
  status 0 "with it again" gb status; says "root in a token" "a token in software is not called hardware"
else echo "skipped: SoftHSM is not installed"; fi
verdict
