#!/bin/sh
# clang-tidy (.clang-tidy) and cppcheck over the sources.
set -u
cd "$(dirname "$0")/.."
build=${1:-build}
for p in clang-tidy cppcheck; do command -v $p >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $p; done
git ls-files 'src/*.c' | grep -v _test.c | xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet 2>/dev/null
cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --suppress=missingInclude -I include -I src src
