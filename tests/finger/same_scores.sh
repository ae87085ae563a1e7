#!/bin/bash
# The same templates and scores, bit for bit, whatever compiled the engine and whatever the machine has.
#
#     same_scores.sh SOURCE PROGRAM [DIR…]   PROGRAM is scores.c as the build made it; with DIR, folders of prints as
#                                            `evaluate finger` has them, also its score files (two more builds; minutes)
set -eu
source=$1 built=$2; shift 2
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
old=glibc.cpu.hwcaps=-FMA,-AVX2,-AVX512F

compile() { # name, compiler and options
    local name=$1; shift
    "$@" -std=gnu17 -D_GNU_SOURCE -ffp-contract=off -w -I"$source/include" -I"$source/src" "$source"/tests/finger/scores.c \
        $(ls "$source"/src/finger/*.c "$source"/src/base/*.c | grep -v _test.c) -lm -lpthread -o "$work/$name"
}

same() { # what it is, two files
    cmp "$2" "$3" > /dev/null || { echo "$1 differ"; exit 1; }
    echo "$1: the same"
}

"$built" > "$work/reference"
GLIBC_TUNABLES=$old "$built" > "$work/now"
same "this build, with and without $old" "$work/reference" "$work/now"
if command -v clang > /dev/null; then
    compile clang clang -O1
    "$work/clang" > "$work/now"
    same "this build and clang -O1" "$work/reference" "$work/now"
fi
[ $# -gt 0 ] || exit 0
if grep -q ' fma ' /proc/cpuinfo && grep -q ' avx2 ' /proc/cpuinfo; then
    compile fused gcc -O3 -mfma -mavx2
    "$work/fused" > "$work/now"
    same "this build and gcc -O3 with FMA and AVX2" "$work/reference" "$work/now"
fi
for compiler in gcc clang; do
    CC=$compiler meson setup "$work/$compiler-build" "$source" > /dev/null
    ninja -C "$work/$compiler-build" src/cli/entente > /dev/null
    "$work/$compiler-build/src/cli/entente" evaluate finger "$@" --scores "$work/$compiler.csv" > /dev/null
done
GLIBC_TUNABLES=$old "$work/gcc-build/src/cli/entente" evaluate finger "$@" --scores "$work/old.csv" > /dev/null
same "score files of gcc and clang ($(wc -l < "$work/gcc.csv") lines)" "$work/gcc.csv" "$work/clang.csv"
same "score files with and without $old" "$work/gcc.csv" "$work/old.csv"
