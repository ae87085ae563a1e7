#!/bin/sh
# Installs the Debian packages that building, testing and the demo need and that are missing; prints them first.
# Asks for root only when something is missing.
set -eu
packages="gcc g++ meson ninja-build pkg-config python3 ccache
  libsodium-dev libssl-dev libp11-kit-dev libmicrohttpd-dev libgnutls28-dev libcurl4-openssl-dev
  libjansson-dev libcyaml-dev libyaml-dev libxml2-dev libxml2-utils libsqlite3-dev libpq-dev postgresql
  libpng-dev libjpeg62-turbo-dev libopenjp2-7-dev libtiff-dev libseccomp-dev libcmocka-dev
  golang-go golang-golang-x-mod-dev softhsm2
  libopencv-dnn-dev libxnnpack-dev libpthreadpool-dev libsimde-dev"
missing=""
for p in $packages; do
  dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $p"
done
# The console's stories run in a browser; whatever node, npm and chromium is there already will do.
command -v node > /dev/null || missing="$missing nodejs"
command -v npm > /dev/null || missing="$missing npm"
command -v chromium > /dev/null || command -v google-chrome > /dev/null || missing="$missing chromium"
[ -z "$missing" ] && exit 0
echo "installing:$missing"
root=""
[ "$(id -u)" -eq 0 ] || root="sudo"
$root apt-get update -q
DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing
