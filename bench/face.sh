#!/bin/sh
# Face galleries of the sizes that the results name, and the parts of making a template when a picture is given as second argument.
set -eu
entente=${1:-build/entente}
"$entente" bench face --gallery "${FACES:-1000000}" --dimension 128
"$entente" bench face --gallery "${FACES:-1000000}" --dimension 192
[ -z "${2:-}" ] || "$entente" bench face "$2"
