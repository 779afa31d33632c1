#!/bin/bash
# overt for arm64 on an amd64 Debian: tools/arm64.sh build | test
#
# The libraries' arm64 packages are fetched by apt with lists and status of its own, and unpacked into a folder:
# nothing of this machine's package state changes, and no rights are needed. The tests run in qemu's user emulation;
# those that need seccomp, namespaces or ptrace can't, and are named in tools/arm64-skip.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
base=$PWD/build/arm64
sysroot=$base/sysroot
packages=(libc6-dev libssl-dev zlib1g-dev liblzma-dev libbz2-dev libzstd-dev liblz4-dev libarchive-dev libpcre2-dev
	libseccomp-dev libcurl4-openssl-dev libmicrohttpd-dev libpng-dev libjpeg62-turbo-dev libgif-dev
	libwebp-dev libcmocka-dev)

make_sysroot() {
	[ -e "$sysroot/.done-${#packages[@]}" ] && return
	local apt=$base/apt
	rm -rf "$apt" "$sysroot"
	mkdir -p "$apt"/state/lists/partial "$apt"/cache/archives/partial "$sysroot"
	: >"$apt/status"
	local options=(-qq -y -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State="$apt/state"
		-o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o APT::Get::Download-Only=true
		-o Debug::NoLocking=true -o APT::Sandbox::User= -o Acquire::Languages=none -o APT::Install-Recommends=false)
	apt-get "${options[@]}" update
	apt-get "${options[@]}" install "${packages[@]}"
	for package in "$apt"/cache/archives/*.deb; do
		dpkg-deb -x "$package" "$sysroot"
	done
	rm -rf "$apt"
	touch "$sysroot/.done-${#packages[@]}"
}

write_cross_file() {
	local launcher=
	command -v ccache >/dev/null && launcher="'ccache', "
	cat >"$base/cross.ini.new" <<-END
		# Written by tools/arm64.sh
		[binaries]
		c = [${launcher}'aarch64-linux-gnu-gcc', '--sysroot=$sysroot']
		ar = 'aarch64-linux-gnu-ar'
		strip = 'aarch64-linux-gnu-strip'
		pkgconfig = 'pkg-config'
		exe_wrapper = ['qemu-aarch64', '-L', '$sysroot']
		[properties]
		sys_root = '$sysroot'
		pkg_config_libdir = '$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig:$sysroot/usr/share/pkgconfig'
		[host_machine]
		system = 'linux'
		cpu_family = 'aarch64'
		cpu = 'aarch64'
		endian = 'little'
	END
	cmp -s "$base/cross.ini.new" "$base/cross.ini" || mv "$base/cross.ini.new" "$base/cross.ini"
}

build() {
	make_sysroot
	write_cross_file
	[ -e "$base/build/build.ninja" ] ||
		meson setup "$base/build" --cross-file "$base/cross.ini" --buildtype=release -Dtests=true
	ninja -j2 -C "$base/build"
}

# Names of the tests that are not in the list of those that emulation can't run.
wanted_tests() {
	meson introspect --tests "$base/build" | python3 -c '
import json, sys
skipped = {row.split("  ")[0] for row in open(sys.argv[1]) if row.strip() and not row.startswith("#")}
print("\n".join(sorted({t["name"] for t in json.load(sys.stdin)} - skipped)))' tools/arm64-skip.txt
}

run_tests() {
	local wanted
	mapfile -t wanted < <(wanted_tests)
	meson test -C "$base/build" --no-rebuild --num-processes 2 --timeout-multiplier 10 --print-errorlogs "${wanted[@]}"
}

mkdir -p "$base"
case ${1:-} in
build) build ;;
test) run_tests ;;
*)
	echo "usage: tools/arm64.sh build|test" >&2
	exit 2
	;;
esac
