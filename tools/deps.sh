#!/bin/bash
# Installs what is missing on Debian 12, by sets:  tools/deps.sh build run test fuzz bench schemas
# Does nothing, and needs no rights, when all is there.  `schemas` also puts published schemas into build/schemas with npm (about
# 110 MB), for tests/covered/test_schemas.py; make check goes without.
set -euo pipefail

declare -A sets=(
	[build]="gcc libc6-dev make meson ninja-build pkg-config python3 libssl-dev zlib1g-dev libdeflate-dev liblzma-dev libbz2-dev
		libzstd-dev liblz4-dev libarchive-dev libpcre2-dev libseccomp-dev libcurl4-openssl-dev libmicrohttpd-dev
		libmagic-dev libpng-dev libjpeg62-turbo-dev libgif-dev libwebp-dev"
	[run]="libarchive-tools clamav-testfiles"
	[test]="libcmocka-dev clang clang-format-14 clang-tidy-14 libclang-rt-14-dev binutils file
		gcc-aarch64-linux-gnu qemu-user shellcheck groff-base man-db clamav clamav-freshclam minisign signify-openbsd openssl yara golang-go golang-golang-x-mod-dev rustc"
	[fuzz]="clang libclang-rt-14-dev"
	[bench]="clamav libc6-dev"
	[schemas]="python3-jsonschema"
)

is_there() {
	[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Schemas of CycloneDX and SARIF as npm has them; no script of theirs is run.
schemas() {
	[ -d build/schemas/node_modules/@microsoft/sarif-multitool-linux ] && return 0
	if ! command -v npm >/dev/null; then
		echo "deps: npm is not there (Debian: npm): no schemas, their tests are skipped" >&2
		return 0
	fi
	mkdir -p build/schemas
	npm install --prefix build/schemas --ignore-scripts --no-audit --no-fund --silent \
		@cyclonedx/cyclonedx-library@10.3.0 @microsoft/sarif-multitool-linux@5.7.0
}
[[ " $* " != *" schemas "* ]] || schemas

missing=()
for set in "$@"; do
	for package in ${sets[$set]?no such set: $set}; do
		is_there "$package" || missing+=("$package")
	done
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
	echo "deps: this is not Debian; overt needs what these Debian packages hold: ${missing[*]}" >&2
	echo "deps: going on; the build will name what it does not find" >&2
	exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "deps: missing packages, and neither root nor sudo to install them. As root, run:" >&2
		echo "    apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi

echo "deps: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install
	--no-install-recommends "${missing[@]}")
if ! "${install[@]}" >/dev/null 2>&1; then
	"${as_root[@]}" apt-get -qq update </dev/null # old package lists are the usual reason
	if ! "${install[@]}" </dev/null; then
		echo "deps: apt-get could not install: ${missing[*]}" >&2
		echo "deps: check the package sources (Debian 12, main) and the network, then try again" >&2
		exit 1
	fi
fi
