#!/bin/bash
# Copies the built programs side by side: tools/collect-programs.sh BUILD_FOLDER OUT_FOLDER
# overt looks for overt-worker and overt-update beside itself first, so they run from there.
set -euo pipefail
build=$1 out=$2
mkdir -p "$out"
for program in src/cli/overt src/sandbox/overt-worker src/updater/overt-update; do
	to=$out/$(basename "$program")
	cmp -s "$build/$program" "$to" || install -m 755 "$build/$program" "$to"
done
