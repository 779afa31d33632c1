#!/bin/bash
# Makes the sample programs beside it. Needs gcc-mingw-w64 (both targets), binutils-mingw-w64, gcc, zip. The programs do nothing;
# they are kept in git so that the tests need no cross compiler.
set -euo pipefail
cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat >"$tmp/p.c" <<'C'
__declspec(dllimport) void __stdcall ExitProcess(unsigned);
__declspec(dllimport) int __stdcall MessageBeep(unsigned);
void start(void) { MessageBeep(0); ExitProcess(0); }
C
cat >"$tmp/v.rc" <<'R'
1 VERSIONINFO
FILEVERSION 1,2,3,4
BEGIN
  BLOCK "StringFileInfo"
  BEGIN
    BLOCK "040904b0"
    BEGIN
      VALUE "CompanyName", "overt tests"
      VALUE "FileDescription", L"na\xefve \x263a"
      VALUE "Empty", ""
    END
  END
  BLOCK "VarFileInfo"
  BEGIN
    VALUE "Translation", 0x409, 1200
  END
END
R
flags="-nostdlib -s -Wl,--no-insert-timestamp,--disable-reloc-section"
i686-w64-mingw32-windres "$tmp/v.rc" "$tmp/v32.o"
i686-w64-mingw32-gcc $flags -Wl,-e,_start "$tmp/p.c" "$tmp/v32.o" -o version32.exe -lkernel32 -luser32
x86_64-w64-mingw32-windres "$tmp/v.rc" "$tmp/v64.o"
x86_64-w64-mingw32-gcc $flags -shared -Wl,-e,start "$tmp/p.c" "$tmp/v64.o" -o version64.dll -lkernel32 -luser32
echo 'void _start(void) { for (;;); }' >"$tmp/e.c"
gcc -nostdlib -static -no-pie -s -Wl,--build-id=none,-z,noseparate-code "$tmp/e.c" -o static.elf
