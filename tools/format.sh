#!/bin/bash
# The formatting gate: tools/format.sh check|fix [PATH...].  clang-format 14 is pinned: other versions differ in detail.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=${1:-check}
paths=("${@:2}")
[ ${#paths[@]} -gt 0 ] || paths=(src include tests fuzz bench tools)
mapfile -t files < <(find "${paths[@]}" -name '*.[ch]' | sort)
[ ${#files[@]} -gt 0 ] || exit 0
case $mode in
check) printf '%s\0' "${files[@]}" | xargs -0 -n 20 -P 2 clang-format-14 --dry-run -Werror ;;
fix) printf '%s\0' "${files[@]}" | xargs -0 -n 20 -P 2 clang-format-14 -i ;;
*)
	echo "usage: tools/format.sh check|fix [PATH...]" >&2
	exit 2
	;;
esac
