#!/bin/bash
# Marked records are enrolled and destroyed, and the epoch ended: no byte of their images, templates, names or keys is in the node's
# folder, on the raw device below it, in the memory of the process that goes on serving, on the standby, or in a node that is restored
# from a backup made before.
source "$(dirname "$0")/world.sh"
trap 'for p in "${pid[@]}"; do kill -9 $p; done 2>/dev/null; wait 2>/dev/null; cd /; umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
mkdir disk; truncate -s 160M disk.img
mkfs.ext4 -q disk.img && mount -o loop disk.img disk 2> /dev/null || { echo "skipped: a file system cannot be mounted here"; exit 77; }
echo "the passphrase of backups" > backup-pass
"$entente" synth finger --count 4 --impressions 1 --seed 5 -o prints > /dev/null
"$entente" init disk/gb --name gb.example --custodian c.gb --port $((20000 + RANDOM % 30000)) --accept-unlocked-memory > out 2>&1 || { cat out; exit 1; }
ln -s disk/gb gb
sed -i "s|^standby: .*|standby: \"exec $entente standby keep $work/standby\"|" gb/node.yaml
cat > look.py <<'P'
# needles.py IMAGE TEMPLATE NAME > needles: pieces that must not be found.  look.py needles TARGET…: files, folders, pid:N.
import base64, ctypes, os, re, sys

def pieces(data, n=16, step=997):
    return [p for p in (data[i:i + n] for i in range(64, len(data) - n, step)) if len(set(p)) > 8]

def unseal(key, ad, box):
    c = ctypes.CDLL("libcrypto.so.3"); c.EVP_CIPHER_CTX_new.restype = c.EVP_aes_256_gcm.restype = ctypes.c_void_p
    x, n, out = ctypes.c_void_p(c.EVP_CIPHER_CTX_new()), ctypes.c_int(0), ctypes.create_string_buffer(len(box))
    c.EVP_DecryptInit_ex(x, ctypes.c_void_p(c.EVP_aes_256_gcm()), None, key, box[:12])
    c.EVP_DecryptUpdate(x, None, ctypes.byref(n), ad, len(ad))
    c.EVP_DecryptUpdate(x, out, ctypes.byref(n), box[12:-16], len(box) - 28)
    c.EVP_CIPHER_CTX_ctrl(x, 0x11, 16, box[-16:])
    good = c.EVP_DecryptFinal_ex(x, ctypes.create_string_buffer(32), ctypes.byref(n)) == 1
    c.EVP_CIPHER_CTX_free(x)
    return out.raw[:len(box) - 28] if good else None

def live(path):
    data = open(path, "rb").read(); half = (len(data) - 4096) // 256 * 128
    for at in range(half // 128):
        slot = data[4096 + at * 128:4096 + at * 128 + 128]
        if slot[3] == 1: yield at, int.from_bytes(slot[8:16], "big"), slot[16:108]

def opened(slots, root):
    key = open(root, "rb").read()
    for at, generation, box in live(slots):
        plain = unseal(key, at.to_bytes(8, "big") + generation.to_bytes(8, "big"), box)
        yield at, generation, box, plain

def targets(names):
    for name in names:
        if name.startswith("pid:"):
            mem = open(f"/proc/{name[4:]}/mem", "rb", 0)
            for line in open(f"/proc/{name[4:]}/maps"):
                span, mode = line.split()[:2]
                if "r" not in mode or "vvar" in line or "vsyscall" in line: continue
                a, b = (int(x, 16) for x in span.split("-"))
                if b - a > 1 << 32: continue
                try: mem.seek(a); yield f"{name} {line.split()[-1]} {span}", mem.read(b - a)
                except (OSError, OverflowError): continue
        elif os.path.isdir(name):
            for folder, _, files in os.walk(name):
                for f in files:
                    if not f.endswith(".sock"): yield os.path.join(folder, f), open(os.path.join(folder, f), "rb").read()
        else: yield name, open(name, "rb").read()

# What is written in it as hexadecimal digits or as base64, in either alphabet and from any of the places where a group may begin.
def spelled(data):
    found = [bytes.fromhex(run[i:len(run) - (len(run) - i) % 2].decode()) for run in re.findall(rb"[0-9A-Fa-f]{24,}", data) for i in (0, 1)]
    for run in re.findall(rb"[A-Za-z0-9+/_-]{20,}", data):
        run = run.replace(b"-", b"+").replace(b"_", b"/")
        found += [base64.b64decode(run[i:len(run) - (len(run) - i) % 4]) for i in range(4)]
    return b"\0".join(found)

if sys.argv[1] == "content":
    for path in sys.argv[2:]:
        data = open(path, "rb").read()
        for p in pieces(data, 16, max(97, len(data) // 40)): print("content", p.hex())
elif sys.argv[1] == "name":
    for code in ("utf-8", "utf-16-le"): print("name", sys.argv[2].encode(code).hex())
elif sys.argv[1] == "keys": # of the slots that are living here and not there: box, key
    kept = {(at, g) for at, g, _ in live(sys.argv[4])}
    for at, g, box, plain in opened(sys.argv[2], sys.argv[3]):
        if (at, g) not in kept: print("box", box[:16].hex()); print("box", box[30:60].hex()); print("key", plain[32:].hex())
elif sys.argv[1] == "open": # how many of the old slots open under a root
    print(sum(plain is not None for _, _, _, plain in opened(sys.argv[2], sys.argv[3])))
else:
    needles = [line.split() for line in open(sys.argv[1])]
    found = 0
    empty = bytes(4096)
    for where, data in targets(sys.argv[2:]): # empty pages left out: a needle has more than zeros
        data = b"".join(data[at:at + 4096] for at in range(0, len(data), 4096) if data[at:at + 4096] != empty)
        written = spelled(data)
        for kind, hex in needles:
            needle = bytes.fromhex(hex)
            if needle in data: print(kind, "in", where); found += 1
            if needle in written: print(kind, "spelled in", where); found += 1
    sys.exit(1 if found else 0)
P
look() { python3 look.py "$@"; }
absent() { local what=$1; shift; look "$@" > found 2>&1 || { bad "$what"; sort found | uniq -c | head -20; }; }
present() { local what=$1; shift; look "$@" > found 2>&1 && bad "the test finds nothing where it must: $what"; }

# marked: two prints of one man; two others stay
name="Quillon MARKWORTH-$RANDOM$RANDOM"
start gb || { cat gb.log; exit 1; }
for i in 1 2; do status 0 "print $i" gb enrol prints/${i}_1.png --taken-under ta-2000-s41 --person "$name" --as c.gb; sed -n 's/.*encounter \([0-9a-f]*\),.*/\1/p' out >> marked; done
status 0 "others" gb enrol prints/[34]_1.png --taken-under ta-2000-s41 --as c.gb
for i in 1 2; do
  "$entente" finger extract prints/${i}_1.png -o $i.ent > /dev/null || bad "extract"
  "$entente" image convert prints/${i}_1.png $i.pgm > /dev/null 2>&1 || bad "convert"
done
{ look content prints/[12]_1.png [12].ent [12].pgm; look name "$name"; } > marks
[ "$(wc -l < marks)" -gt 100 ] || bad "only $(wc -l < marks) pieces to look for"
present "content, in the files that were enrolled" marks prints
mkdir told; base64 -w 64 1.ent > told/64; base64 -w 0 1.pgm | tr '+/' '-_' > told/url; od -An -v -tx1 2.pgm | tr -d ' \n' > told/hex
for f in told/*; do present "content, spelled in $f" marks "$f"; done
look content 1.pgm > two; printf 'x%s' "$(base64 -w 0 1.pgm)" > told/url
present "content, spelled from any place" two told/url; rm -r told two
status 0 "a backup before" gb backup before --as c.gb --passphrase-file backup-pass
cp gb/keys/slots slots-before; cp gb/keys/root.1 root-before
printf 'root %s\n' "$(head -c 32 root-before | od -An -tx1 | tr -d ' \n')" > root-needle
present "the epoch's key in the memory of the node" root-needle pid:${pid[gb]}
grep -q "Max core file size *0 *0" /proc/${pid[gb]}/limits || bad "the process may leave a core"

# destroyed, and the epoch ended, while it serves
while read -r id; do status 0 "a destruction" gb destroy "$id" --reason test --as c.gb; done < marked
look keys slots-before root-before gb/keys/slots > keys
[ "$(grep -c ^key keys)" -eq 4 ] || bad "$(grep -c ^key keys) keys were destroyed, not 4 (two prints, two biographic blocks)"
sync
present "the root on the device before the epoch's end" root-needle disk.img
status 0 "the end of the epoch" gb keys rotate --epoch --as c.gb
cat marks keys root-needle > needles
absent "in the memory of the node that goes on" needles pid:${pid[gb]}
for p in $(pgrep -P "${pid[gb]}"); do absent "in the memory of the node's helper" needles pid:$p; done
absent "in the node's folder" needles gb/
absent "on the standby" needles standby
[ "$(look open slots-before root-before)" -gt 0 ] || bad "the test cannot open slots at all"
[ "$(look open slots-before gb/keys/root.2)" -eq 0 ] || bad "a copy of the old slots opens under the new root"
status 0 "the others are still there" gb record show --as c.gb

# the raw device, all of it
stop gb; sync; umount disk || bad "the file system stays busy"
absent "on the raw device" needles disk.img
strings -n 8 disk.img 2> /dev/null | grep -q "node: gb.example" || grep -aq "gb.example" disk.img || bad "the device is not what it should be"

# a backup of before, restored after: nothing of them comes back
rm gb; status 0 "the restore" "$entente" --node none restore before --standby standby --to gb --passphrase-file backup-pass
says "4 were destroyed after the backup" "the restore"
start gb || { bad "the restored node does not start"; cat gb.log; verdict; }
while read -r id; do status 4 "a destroyed record" gb record show "$id" --as c.gb; done < marked
absent "in the restored node's folder" needles gb/
absent "in the restored node's memory" needles pid:${pid[gb]}
status 3 "the transaction does not come back" gb enrol prints/1_1.png --taken-under ta-2000-s41 --as c.gb
verdict
