#!/bin/bash
# A first look: tools/run.sh [FOLDER].  Scans FOLDER, else harmless samples made now and Debian's clamav-testfiles.
# Detections are what a demonstration wants, so they don't fail it; a failure of the program does.
set -euo pipefail
cd "$(dirname "$0")/.."
overt=build/bin/overt
debian=/usr/share/clamav-testfiles

if [ $# -gt 0 ] && [ -n "$1" ]; then
	paths=("$1")
else
	tools/deps.sh run || echo "run: going on with what is there" >&2
	rm -rf build/samples
	python3 samples/make_samples.py build/samples
	paths=(build/samples)
	[ ! -d "$debian" ] || paths+=("$debian")
fi

echo
echo "\$ overt scan ${paths[*]}"
code=0
$overt scan "${paths[@]}" || code=$?
echo
case $code in
0) echo "Nothing found, and everything was read (exit 0)." ;;
1) echo "Something was found (exit 1), as it should be with these samples. Nothing was changed on disk." ;;
3) echo "Nothing found, but not everything could be read (exit 3); the list above says what and why." ;;
*)
	echo "run: overt failed with exit code $code" >&2
	exit 1
	;;
esac
echo "Try:  build/bin/overt scan --help     build/bin/overt prove     make run DIR=your/folder"
