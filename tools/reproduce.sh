#!/bin/bash
# Promise P7: builds twice, in folders of different depth, at different times, with another user environment,
# from copies of the tree, and compares all programs byte by byte. Writes what was built as an in-toto statement, with
# BUILDER=URI as who says so; sign it with `overt publish sign`, hold a copy of overt against it with `overt verify --self`.
set -euo pipefail
cd "$(dirname "$0")/.."
base=build/reproduce
commit=$(tools/provenance.py --commit-of --root .)
version=$(sed -n "s/^  version: '\(.*\)',/\1/p" meson.build)
statement=build/overt-$version-$(uname -m).intoto.json
rm -rf "$base"
mkdir -p "$base/one" "$base/elsewhere/a/deeper/two"

# The same list of files as a release would hold: tracked ones, and new ones not ignored; without git, all but build folders.
copy_tree() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files -z --cached --others --exclude-standard
	else
		find . -type f -not -path './build*' -not -path './.git/*' -print0
	fi | tar --null --ignore-failed-read -T - -cf - 2>/dev/null | tar -C "$1" -xf -
}

build() { # FOLDER BUILD_NAME UMASK VARIABLE=VALUE...
	(
		cd "$1"
		umask "$3"
		env -u SOURCE_DATE_EPOCH CCACHE_DISABLE=1 "${@:4}" meson setup "$2" --buildtype=release -Dtests=false -Dcommit="$commit" >/dev/null
		env -u SOURCE_DATE_EPOCH CCACHE_DISABLE=1 "${@:4}" ninja -j2 -C "$2" >/dev/null
	)
}

copy_tree "$base/one"
copy_tree "$base/elsewhere/a/deeper/two"
build "$base/one" out 022 TZ=UTC LC_ALL=C
sleep 1.1 # another second for anything that would note the time
build "$base/elsewhere/a/deeper/two" build/inner/rel 077 TZ=Asia/Kathmandu LC_ALL=C.UTF-8 USER=nobody HOME=/nonexistent

bad=0
for program in src/cli/overt src/sandbox/overt-worker src/updater/overt-update; do
	one=$base/one/out/$program
	two=$base/elsewhere/a/deeper/two/build/inner/rel/$program
	if cmp "$one" "$two"; then
		echo "same bytes: $(sha256sum <"$one" | cut -c1-64)  $(basename "$program")"
	else
		bad=1
	fi
	if grep -aq "$PWD" "$one"; then
		echo "$program: the build folder's path is inside" >&2
		bad=1
	fi
done
if [ $bad -eq 0 ]; then
	out=$base/one/out
	tools/statement.py "$statement" --root "$base/one" --version "$version" --commit "$commit" --builder "${BUILDER:-}" --builds 2 \
		$out/src/cli/overt $out/src/updater/overt-update $out/src/sandbox/overt-worker
	echo "statement: $statement"
	rm -rf "$base"
fi
exit $bad
