#!/bin/bash
# Commands that parse a file from outside do it in a sandbox worker, each of them: in entente-decode, which has no network, database or keys' library
# in it. $1: the program. Skipped without strace.
set -u
entente=$(realpath "$1")
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
strace -o trace true 2>/dev/null || { echo "skipped: no strace here"; exit 77; }
bad=0
started() {
  ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=execve -e signal=none -o trace "$entente" "$@" >/dev/null 2>&1
  grep -q 'execve("[^"]*/entente-decode", .*"sandbox-worker"' trace || { echo "FAILED: parsed outside the sandbox: $*"; bad=1; }
}
"$entente" synth finger --count 1 --impressions 2 -o . >/dev/null
"$entente" itl pack 1_1.png --finger 2 -o a.an2 >/dev/null
started image show 1_1.png
started finger extract 1_1.png -o a.entf
started finger match 1_1.png 1_2.png
started finger show 1_1.png -o a.svg
started face extract 1_1.png -o a.efa
started face match 1_1.png 1_2.png
started face show 1_1.png
started itl show a.an2
started itl check a.an2
started itl extract a.an2 -d images
started itl xml a.an2 -o a.xml
started itl xml a.xml -o b.an2
started itl pack 1_1.png --finger 2 -o c.an2
started itl pack 1_1.png --finger 2 --domain prum --dai DE/BKA --ori NL/NAFIS -o p.an2
ldd "$(dirname "$entente")/entente-decode" | grep -E 'libcurl|libssl|libgnutls|libmicrohttpd|libsqlite|libpq|libp11|libsodium|libopencv' && { echo "FAILED: that is in the program which reads files from outside"; bad=1; }
exit $bad
