#!/bin/sh
# Face galleries of the sizes that the results name, faiss's flat index beside them where libfaiss-dev is installed, and the parts of making a template
# when a picture is given as second argument.
set -eu
entente=${1:-build/entente}
faces=${FACES:-1000000}
"$entente" bench face --gallery "$faces" --dimension 128
peer=$(mktemp)
trap 'rm -f "$peer"' EXIT
if c++ -O2 -fopenmp "$(dirname "$0")/faiss_peer.cc" -o "$peer" -lfaiss -llapack -lblas 2> /dev/null; then "$peer" "$faces" 128
else echo "faiss: not measured (apt-get install libfaiss-dev)"; fi
"$entente" bench face --gallery "$faces" --dimension 192
[ -z "${2:-}" ] || "$entente" bench face "$2"
