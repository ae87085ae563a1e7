#!/bin/bash
# The library as a stranger finds it: installed into a folder, found by pkg-config, linked shared and static; it needs only libc and libm, exports only
# the public headers' names under their version, and its headers are C++ too.
set -eu
build=$(realpath "$1")
example=$(realpath "$2")
cc=${3:-cc}
case $(meson introspect --buildoptions "$build" | python3 -c "import json, sys; print([o['value'] for o in json.load(sys.stdin) if o['name'] == 'b_sanitize'][0])") in
none) ;;
*) echo "skipped: built for a sanitizer"; exit 77 ;;
esac
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
DESTDIR="$dir/root" meson install -C "$build" --no-rebuild --quiet >/dev/null
pc=$(find "$dir/root" -name entente-finger.pc)
export PKG_CONFIG_PATH=$(dirname "$pc") PKG_CONFIG_SYSROOT_DIR="$dir/root"
lib=$(dirname "$PKG_CONFIG_PATH")
cp "$example" "$dir/match.c"
cd "$dir"
[ "$(wc -l < match.c)" -lt 40 ] || { echo "the example has 40 lines or more"; exit 1; }
$cc -Wall -Wextra -Werror match.c $(pkg-config --cflags --libs entente-finger) -o shared
$cc -Wall -Wextra -Werror match.c $(pkg-config --cflags entente-finger) "$lib/libentente-finger.a" $(pkg-config --static --libs-only-l entente-finger | sed s/-lentente-finger//) -o static
for program in shared static; do
    needs=$(LD_LIBRARY_PATH="$lib" ldd "$program" | awk '{print $1}' | grep -vE '^(linux-vdso|linux-gate|/lib.*ld-linux|libc\.so|libm\.so|libentente-finger\.so\.0)' || true)
    [ -z "$needs" ] || { echo "$program needs $needs"; exit 1; }
done
readelf -d "$lib/libentente-finger.so.0" | grep -q 'SONAME.*libentente-finger.so.0' || { echo "no soname"; exit 1; }
readelf -d "$lib/libentente-finger.so.0" | grep NEEDED | grep -vE 'libc\.so|libm\.so' && { echo "the library needs more than libc and libm"; exit 1; }
nm -D --defined-only --with-symbol-versions "$lib/libentente-finger.so.0" > names
grep -vE ' A ENTENTE_FINGER_0.1| ent_(finger|synth|code|fail|context)[a-z_0-9]*@@ENTENTE_FINGER_0.1$' names && { echo "names that no public header has"; exit 1; }
for name in $(grep -hoE '\bent_finger_[a-z_0-9]+\(' "$dir"/root/usr/local/include/entente/finger.h | tr -d '(' | sort -u); do
    grep -q " $name@@" names || { echo "$name is declared and not exported"; exit 1; }
done
if command -v c++ >/dev/null; then
    printf '#include <entente/finger.h>\n#include <entente/finger_synth.h>\nint main() { return ent_finger_record_is(nullptr, 0); }\n' > plus.cc
    c++ -Wall -Wextra -Werror -fsyntax-only plus.cc $(pkg-config --cflags entente-finger)
fi
printf 'P5 64 64 255\n%4096s' '' > blank.pgm
status=0; LD_LIBRARY_PATH="$lib" ./shared blank.pgm blank.pgm 2>said || status=$?
[ "$status" = 2 ] && grep -q "no print" said || { echo "a blank image ended with $status"; cat said; exit 1; }
