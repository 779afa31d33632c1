#!/bin/bash
# Holds release programs to their hardening: tools/check-hardening.sh PROGRAM...
set -euo pipefail
bad=0

say() {
	echo "$1: $2"
	bad=1
}

for program in "$@"; do
	header=$(readelf -hW "$program")
	segments=$(readelf -lW "$program")
	dynamic=$(readelf -dW "$program")
	symbols=$(readelf -sW --dyn-syms "$program")

	grep -q 'Type: *DYN' <<<"$header" || say "$program" "not position-independent (PIE)"
	grep -q GNU_RELRO <<<"$segments" || say "$program" "no RELRO segment"
	grep -qE 'BIND_NOW|FLAGS.* NOW' <<<"$dynamic" || say "$program" "not bound at start (-z now)"
	grep GNU_STACK <<<"$segments" | grep -q 'RW ' || say "$program" "stack may be executable"
	if grep LOAD <<<"$segments" | grep -q 'RWE'; then say "$program" "a segment is writable and executable"; fi
	if grep -qE 'RPATH|RUNPATH' <<<"$dynamic"; then say "$program" "a library path is inside (RPATH)"; fi
	if grep -q TEXTREL <<<"$dynamic"; then say "$program" "relocations in code"; fi
	grep -q __stack_chk_fail <<<"$symbols" || say "$program" "no stack protector"
	grep -qE '__[a-z]+_chk(@|$)' <<<"$symbols" || say "$program" "no FORTIFY_SOURCE"
	if grep -q 'Advanced Micro Devices X86-64' <<<"$header"; then
		# CET: the whole program can't carry the note while Debian 12's start-up files lack it, but our code can be ready.
		objdump -d --no-show-raw-insn "$program" | grep -A1 '<main>:$' | grep -q endbr64 ||
			say "$program" "functions do not begin with endbr64 (-fcf-protection)"
	fi
done
[ $bad -eq 0 ] && echo "hardening: $# programs hold"
exit $bad
