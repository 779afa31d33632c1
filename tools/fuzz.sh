#!/bin/bash
# libFuzzer harnesses: tools/fuzz.sh build | replay | run SECONDS [NAME...]
#
#   build    all harnesses, under AddressSanitizer and UndefinedBehaviorSanitizer, in build/fuzz/
#   replay   each harness over its seeds in fuzz/FOLDER/seeds_NAME/, once
#   run      each harness (or only fuzz_NAME; "diff" is the random comparison with clamscan) for SECONDS of CPU time, two at a time; found inputs stay in build/corpus/NAME/,
#            crashes in build/crashes/; both are outside git
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/fuzz
# As in a worker, which has 2 GiB of address space: libraries that ask for more than 1 GiB at once get nothing.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:max_allocation_size_mb=1024 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

build_all() {
	[ -e $build/build.ninja ] ||
		CC=clang meson setup $build --buildtype=debugoptimized -Dfuzz=true -Dtests=false \
			-Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	ninja -j2 -C $build >build/fuzz-build.log 2>&1 || {
		tail -n 40 build/fuzz-build.log
		return 1
	}
}

harnesses() {
	find $build/fuzz -type f -name 'fuzz_*' -perm -u+x | sort
}

# Options and folders of one harness, set in the caller: name, folder, seeds, dict
describe() {
	name=$(basename "$1")
	name=${name#fuzz_}
	folder=fuzz/$(basename "$(dirname "$1")")
	seeds=()
	dict=()
	[ ! -d "$folder/seeds_$name" ] || seeds=("$folder/seeds_$name")
	[ ! -e "$folder/$name.dict" ] || dict=("-dict=$folder/$name.dict")
}

replay_one() {
	local name folder seeds dict
	describe "$1"
	local runs=0
	if [ ${#seeds[@]} -eq 0 ]; then
		echo "fuzz_$name: no seeds in $folder/seeds_$name; from nothing instead"
		runs=2000
	fi
	"$1" -runs=$runs -seed=1 -rss_limit_mb=2048 -malloc_limit_mb=0 -timeout=20 "${seeds[@]}" >"build/crashes/$name.log" 2>&1 || {
		echo "fuzz_$name: a seed fails"
		tail -n 40 "build/crashes/$name.log"
		return 1
	}
	[ $runs -gt 0 ] || echo "fuzz_$name: $(find "${seeds[@]}" -type f | wc -l) seeds"
}

# CPU seconds (user and system) of a command, in $cpu; its status stays
timed() {
	local TIMEFORMAT='%U %S' status=0
	{ time "$@" >>"build/crashes/$name.log" 2>&1; } 2>"build/crashes/$name.time" || status=$?
	cpu=$(awk 'END { print int($1 + $2 + 0.5) }' "build/crashes/$name.time")
	return $status
}

# The time is CPU time: on a busy machine a run is repeated, from where the last one stopped, until it has had it.
run_one() { # HARNESS SECONDS
	local name folder seeds dict cpu spent=0 turns=0
	describe "$1"
	mkdir -p "build/corpus/$name"
	: >"build/crashes/$name.log"
	while [ $spent -lt "$2" ] && [ $turns -lt 100 ]; do
		turns=$((turns + 1))
		timed "$1" -max_total_time=$(($2 - spent)) -rss_limit_mb=2048 -malloc_limit_mb=0 -timeout=60 \
			-artifact_prefix="build/crashes/$name-" -print_final_stats=1 "${dict[@]}" "build/corpus/$name" \
			"${seeds[@]}" || {
			echo "fuzz_$name: FAILED, see build/crashes/$name.log"
			grep -E 'ERROR|SUMMARY|Test unit written' "build/crashes/$name.log" | tail -n 5
			return 1
		}
		spent=$((spent + cpu))
	done
	echo "fuzz_$name: $(awk '/number_of_executed_units/ { n += $NF } END { print n + 0 }' \
		"build/crashes/$name.log") runs in $spent CPU seconds, no crash" | tee -a build/crashes/summary.log
}

# Random signatures and files, overt against clamscan, beside the harnesses.
run_differential() { # SECONDS
	command -v clamscan >/dev/null || {
		echo "fuzz_diff: clamscan is not installed: skipped"
		return 0
	}
	make -s build >build/fuzz-release.log 2>&1 || {
		tail -n 20 build/fuzz-release.log
		return 1
	}
	python3 tests/differential/fuzz_diff.py build/bin/overt "$1" --out build/crashes >build/crashes/diff.log 2>&1 || {
		echo "fuzz_diff: FAILED, see build/crashes/diff.log"
		return 1
	}
	tail -n 1 build/crashes/diff.log
}

mkdir -p build/crashes build/corpus
case ${1:-} in
build) build_all ;;
replay)
	build_all
	bad=0
	while read -r harness; do
		replay_one "$harness" || bad=1
	done < <(harnesses)
	exit $bad
	;;
run)
	seconds=${2:-60}
	build_all
	bad=0
	running=0
	if [ $# -le 2 ] || [[ " ${*:3} " == *" diff "* ]]; then
		run_differential "$seconds" &
		running=1
	fi
	while read -r harness; do
		if [ $# -gt 2 ] && [[ " ${*:3} " != *" $(basename "${harness#*fuzz_}") "* ]]; then continue; fi
		if [ $running -ge 2 ]; then
			wait -n || bad=1
			running=$((running - 1))
		fi
		run_one "$harness" "$seconds" &
		running=$((running + 1))
	done < <(harnesses)
	while [ $running -gt 0 ]; do
		wait -n || bad=1
		running=$((running - 1))
	done
	exit $bad
	;;
*)
	echo "usage: tools/fuzz.sh build | replay | run SECONDS [NAME...]" >&2
	exit 2
	;;
esac
