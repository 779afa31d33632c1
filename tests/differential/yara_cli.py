#!/usr/bin/env python3
"""Holds `overt yara` and `overt yarac` against Debian's: options, lines, exit codes.

  yara_cli.py OVERT      exit 77 when yara is not installed
"""
import os
import shutil
import subprocess
import sys
import tempfile

RULES = r'''rule one : tag1 tag2 { meta: a = "x\"y\n\x01" b = 5 c = true strings: $a = "hello" $w = "world" wide
  $h = { 4D 5A ?? 00 } $x = "This program" xor(1-255) $ = "MZ" $p = "hello" private $big = /A{600}/ $at = "MZ" condition: any of ($a*) and ($at at 0) and (any of them or true) }
private rule two { condition: true }
rule three { condition: false }
global rule g : gt { condition: filesize > 1 }
'''
DATA = b"MZ\x90\x00hello\x00w\x00o\x00r\x00l\x00d\x00" + bytes(range(256)) + b"A" * 610 + bytes(c ^ 0x21 for c in b"This program")

ROWS = [["r.yar", "f"], ["-s", "r.yar", "f"], ["-s", "-L", "r.yar", "f"], ["-g", "r.yar", "f"], ["-m", "r.yar", "f"], ["-e", "r.yar", "f"],
        ["-sLgme", "r.yar", "f"], ["-c", "r.yar", "f"], ["-n", "r.yar", "f"], ["-c", "r.yar", "d"], ["-r", "r.yar", "d"], ["r.yar", "d"],
        ["-t", "tag1", "r.yar", "f"], ["-t", "nosuch", "r.yar", "f"], ["-i", "g", "r.yar", "f"], ["-l", "1", "r.yar", "f"], ["-f", "-s", "r.yar", "f"],
        ["-e", "n1:r.yar", "n2:r.yar", "f"], ["r.yar", "missing"], ["missing.yar", "f"], ["bad.yar", "f"], ["inc.yar", "f"], ["noinc.yar", "f"],
        ["-d", "x=1", "-d", "y=2.5", "-d", "z=abc", "-d", "t=true", "ext.yar", "f"], ["-d", "nothing", "r.yar", "f"], ["--scan-list", "r.yar", "list"],
        ["-z", "10", "r.yar", "d"], ["-r", "-c", "r.yar", "d"], ["r.yar"], ["--bogus"], ["-s", "fixed.yar", "f"],
        ["-x", "math=list", "r.yar", "f"], ["-x", "math=missing", "r.yar", "f"], ["-x", "math", "r.yar", "f"],
        ["-D", "mod.yar", "f"], ["-D", "-c", "mod.yar", "f"], ["-D", "r.yar", "f"],
        ["say.yar", "f"], ["-c", "say.yar", "f"], ["-r", "say.yar", "d"], ["-n", "say.yar", "f"], ["-s", "say.yar", "f"]]


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


def run(program, args):
    p = subprocess.run([*program, "-w", *args], capture_output=True, check=False)
    return p.returncode, sorted(p.stdout.decode("latin-1").splitlines())


def main():
    if shutil.which("yara") is None:
        print("yara is not installed")
        return 77
    overt, bad = os.path.abspath(sys.argv[1]), 0
    with tempfile.TemporaryDirectory(prefix="yara-cli-") as top:
        os.chdir(top)
        os.makedirs("d/e")
        for name in ("f", "d/f1", "d/e/f2"):
            write(name, DATA)
        write("r.yar", RULES.encode())
        write("bad.yar", b"rule a { condition: nope }")
        write("inc.yar", b'include "ext2.yar"\nrule q { condition: w }')
        write("ext2.yar", b"rule w { condition: true }")
        write("noinc.yar", b'include "nothing.yar"\nrule q { condition: true }')
        write("ext.yar", b'rule e { condition: x == 1 and y > 2 and z == "abc" and t }')
        write("fixed.yar", b'rule f { strings: $a = "MZ" $b = "ell" condition: $a at 0 and #b > 0 }')
        write("mod.yar", b'import "math" import "hash" rule m { condition: math.entropy(0, filesize) > 1 }')
        write("say.yar", b'import "console"\n'
              b'rule a { condition: console.log("size ", filesize) and console.hex("h ", 255) and console.log(1.5) }\n'
              b'rule b { strings: $a = "hello" condition: console.log("asked") and $a and console.log("at ", @a) }\n'
              b'rule c { strings: $a = "not there" condition: console.log("before") and $a and console.log("never") }\n'
              b'rule d { strings: $a = "not there" condition: $a or (console.log("or") and filesize < 1) }\n'
              b'rule e { condition: b and console.log("b holds") and not c }')
        write("list", b"f\nd/f1\nmissing\n")
        for row in ROWS:
            want, got = run(["yara"], row), run([overt, "yara"], row)
            if want != got:
                bad += 1
                print(f"--- {' '.join(row)}: yara {want[0]}, overt {got[0]}")
                for line in [x for x in want[1] if x not in got[1]][:4]:
                    print("    only yara:  " + line[:120])
                for line in [x for x in got[1] if x not in want[1]][:4]:
                    print("    only overt: " + line[:120])
        if run([overt, "yarac"], ["r.yar", "out.odb"])[0] != 0 or run([overt, "yara"], ["-C", "out.odb", "f"]) != run(["yara"], ["r.yar", "f"]):
            bad += 1
            print("--- compiled rules find something else")
    print(f"{len(ROWS) + 1} command lines, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
