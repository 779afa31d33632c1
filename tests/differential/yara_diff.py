#!/usr/bin/env python3
"""Holds `overt yara` against Debian's yara on rules and files made by a grammar.

  yara_diff.py OVERT [--seed N] [--rules N] [--files N] [--rounds N] [--keep FOLDER]

Each round makes a file of rules and a folder of small files, runs both programs once with -s -L, and compares which
rules are refused, which hold for which file, and all offsets and lengths. A pair is one rule on one file. Exit 0 when
they agree, 77 when yara is not installed.
"""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

WORDS = [b"abc", b"hello", b"MZ", b"foo", b"foobar", b"barfoo", b"aaaa", b"aa", b"Hello", b"HELLO", b"\x00\x01\x02\x03",
         b"\xff\xfe", b"xyz", b"a", b"This program", b"0123456789", b"\r\n", b"../", b"key=value"]


# A program of headers alone: what the modules tell of it is defined.
PROGRAM = (b"MZ".ljust(0x3c, b"\0") + b"\x40\0\0\0" + b"PE\0\0\x4c\x01\1\0".ljust(20, b"\0") + b"\xe0\0\2\0\x0b\1").ljust(400, b"\0")
MODULES = 'import "pe"\nimport "elf"\n'
FIELDS = ["pe.number_of_sections >= 0", "pe.machine == 0x14c", "pe.is_pe == 0", "pe.imphash() == \"x\"", "elf.type > 0",
          "for any s in pe.sections : (s.virtual_size >= 0)", "defined pe.entry_point"]


class Maker:
    """Rules and files of one round; everything follows from the seed."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.rules = []

    # ---- files ----
    def data(self):
        r = self.r
        parts = []
        if r.random() < 0.1:
            return PROGRAM + b"".join(r.choice(WORDS) for _ in range(r.randrange(0, 6)))
        if r.random() < 0.3:
            parts.append(r.choice([b"MZ\x90\x00", b"\x7fELF", b"%PDF-1.4", b"PK\x03\x04"]))
        for _ in range(r.randrange(1, 14)):
            w = r.choice(WORDS)
            kind = r.random()
            if kind < 0.5:
                parts.append(w)
            elif kind < 0.6:
                parts.append(b"".join(bytes([c, 0]) for c in w))
            elif kind < 0.65:
                k = r.randrange(256)
                parts.append(bytes(c ^ k for c in w))
            elif kind < 0.8:
                parts.append(bytes(r.randrange(256) for _ in range(r.randrange(1, 12))))
            else:
                parts.append(r.choice([b" ", b"_", b"\x00", b"-", b"\n"]) * r.randrange(1, 4))
        return b"".join(parts)[:400]

    # ---- strings ----
    def escaped(self, w):
        return "".join(chr(c) if 32 <= c < 127 and chr(c) not in '"\\' else f"\\x{c:02x}" for c in w)

    def text(self):
        r = self.r
        w = r.choice(WORDS)
        mods = []
        if r.random() < 0.25:
            mods.append("nocase")
        if r.random() < 0.25:
            mods.append("wide")
            if r.random() < 0.5:
                mods.append("ascii")
        if r.random() < 0.25:
            mods.append("fullword")
        if "nocase" not in mods and len(w) > 2 and r.random() < 0.15:
            mods.append(r.choice(["xor", "xor(1-255)", "xor(0x20-0x40)"]))
        if r.random() < 0.05:
            mods.append("private")
        r.shuffle(mods)
        return f'"{self.escaped(w)}" ' + " ".join(mods)

    def hexstring(self):
        r = self.r
        w = r.choice([x for x in WORDS if len(x) >= 2])
        out = []
        for i, c in enumerate(w):
            k = r.random()
            if 0 < i < len(w) - 1 and k < 0.1:
                out.append("??")
            elif k < 0.2:
                out.append(r.choice([f"{c >> 4:X}?", f"?{c & 15:X}"]))
            elif k < 0.28:
                out.append(f"({c:02X} | {r.randrange(256):02X})")
            else:
                out.append(f"{c:02X}")
            if i < len(w) - 1 and r.random() < 0.08:
                out.append(r.choice(["[1-4]", "[0-2]", "[2]", "[1-]"]))
        return "{ " + " ".join(out) + " }"

    def regex(self):
        r = self.r
        atoms = ["abc", "foo", "hel+o", "[a-f]bc", "fo{1,2}", "bar|foo", "(ab|he)[lc]", "a.c", "\\x00\\x01", "[0-9]{3,5}", "hello",
                 "key=\\w+", "\\bfoo", "foo\\b", "a{2,4}", "Hel[^x]o", "(foo)+bar?"]
        flags = r.choice(["", "", "i", "s"])
        mods = r.choice(["", "", "wide", "ascii wide", "fullword", "nocase"])
        atom = r.choice(atoms)
        return f"/{atom}/{flags} {mods if chr(92) + 'b' not in atom else ''}"

    # ---- conditions ----
    def integer(self, d):
        r = self.r
        k = r.random()
        if d <= 0 or k < 0.3:
            return r.choice([str(r.randrange(0, 40)), hex(r.randrange(0, 70000)), "filesize", "1KB", "0x10"])
        if k < 0.45 and self.names:
            s = r.choice(self.names)
            return r.choice([f"#{s}", f"@{s}", f"!{s}", f"@{s}[{self.integer(0)}]", f"!{s}[{r.randrange(0, 4)}]",
                             f"#{s} in (0..{r.randrange(0, 200)})"])
        if k < 0.6:
            return f"{r.choice(['uint8', 'uint16', 'uint32', 'int8', 'int16', 'int32', 'uint16be', 'uint32be', 'int32be'])}({self.integer(d - 1)})"
        if k < 0.65:
            return f"-{r.randrange(1, 9)}"
        if k < 0.7:
            return f"~{self.integer(0)}"
        if k < 0.75 and self.vars:
            return r.choice(self.vars)
        return f"({self.integer(d - 1)} {r.choice(['+', '-', '*', '|', '&', '^'])} {self.integer(d - 1)})" if k < 0.93 else \
            f"({self.integer(d - 1)} {r.choice(['%', chr(92), '<<', '>>'])} {r.randrange(1, 9)})"

    def quantifier(self):
        r = self.r
        return r.choice(["any", "all", "none", str(r.randrange(1, 4)), str(r.randrange(1, 4))])

    def loop_quantifier(self):
        """Without `none`: 4.2.3 takes it for `0 or more` in loops, which 4.5's manual contradicts."""
        return self.r.choice(["any", "all", str(self.r.randrange(1, 4))])

    def some(self):
        if self.r.random() < 0.5:
            return "them"
        return "(" + ", ".join("$" + s for s in self.r.sample(self.names, self.r.randrange(1, len(self.names) + 1))) + ")"

    def bool(self, d):
        r = self.r
        k = r.random()
        if d <= 0 or k < 0.25:
            if self.names and r.random() < 0.85:
                s = r.choice(self.names)
                return r.choice([f"${s}", f"${s}", f"${s} at {r.randrange(0, 12)}", f"${s} in ({r.randrange(0, 20)}..{r.randrange(0, 200)})",
                                 f"#{s} > {r.randrange(0, 3)}", f"#{s} == {r.randrange(0, 3)}", f"@{s} < {r.randrange(0, 90)}"])
            return r.choice(["true", "false", f"filesize < {r.randrange(0, 400)}", "uint16(0) == 0x5A4D", r.choice(FIELDS)])
        if k < 0.5:
            n = r.randrange(2, 4)
            return "(" + f" {r.choice(['and', 'or'])} ".join(self.bool(d - 1) for _ in range(n)) + ")"
        if k < 0.6:
            return f"not {self.bool(d - 1)}"
        if k < 0.64:
            return f"defined {self.integer(d - 1)}"
        if k < 0.8:
            return f"({self.integer(d - 1)} {r.choice(['==', '!=', '<', '<=', '>', '>='])} {self.integer(d - 1)})"
        if k < 0.87 and self.names:
            return f"{self.quantifier()} of {self.some()}" + r.choice(["", "", f" in ({r.randrange(0, 9)}..{r.randrange(9, 300)})"])
        if k < 0.93 and self.names:
            body = r.choice([f"$ at {r.randrange(0, 9)}", "# > 1", f"@ < {r.randrange(0, 90)}", f"! == {r.randrange(1, 6)}", "$", "# == 0"])
            return f"for {self.loop_quantifier()} of {self.some()} : ({body})"
        if len(self.vars) < 3:
            v = f"i{len(self.vars)}"
            it = r.choice([f"({r.randrange(0, 4)}..{r.randrange(0, 9)})", "(1, 3, 7)", f"(0..filesize)",
                           f"(1..#{r.choice(self.names)})" if self.names else "(0..3)"])
            self.vars.append(v)
            body = self.bool(d - 2) if r.random() < 0.5 else f"{self.integer(1)} {r.choice(['==', '<', '>'])} {v}"
            self.vars.pop()
            return f"for {self.loop_quantifier()} {v} in {it} : ({body})"
        return "true"

    def rule(self, i):
        r = self.r
        self.names, self.vars, strings = [], [], []
        for k in range(r.randrange(0, 5)):
            name = f"s{k}"
            value = r.choice([self.text, self.text, self.hexstring, self.regex])()
            strings.append(f"${name} = {value}")
            self.names.append(name)
        cond = self.bool(4)
        if self.rules and r.random() < 0.1:
            cond = f"{r.choice(['', 'not '])}r{r.choice(self.rules)} {r.choice(['and', 'or'])} {cond}"
        used = " and ".join(f"(${n} or true)" for n in self.names)
        if used:
            cond = f"({cond}) and {used}"
        self.rules.append(i)
        head = r.choice(["rule", "rule", "rule", "rule", "private rule"])
        return f"{head} r{i} {{\n" + ("  strings:\n    " + "\n    ".join(strings) + "\n" if strings else "") + f"  condition: {cond}\n}}\n"


def run(program, rules, folder):
    p = subprocess.run([*program, "-w", "-r", "-s", "-L", "-p", "1", rules, folder], capture_output=True, check=False)
    return p.returncode, p.stdout.decode("latin-1"), p.stderr.decode("latin-1")


def refused(text):
    return set(re.findall(r'error: rule "(\w+)"', text))


def parse(text):
    """{(file, rule): [lines of matches]}"""
    found, at = {}, None
    for line in text.split("\n"):
        m = re.match(r"^(r\d+) (\S+)$", line)
        if m:
            at = (os.path.basename(m[2]), m[1])
            found[at] = []
        elif line and at:
            found[at].append(line)
    return found


def compare(one, other, texts, limit):
    bad, told = 0, set()
    for key in sorted(set(one) | set(other)):
        if one.get(key) == other.get(key):
            continue
        bad += 1
        if key[1] in told or len(told) == limit:
            continue
        told.add(key[1])
        print(f"--- {key[1]} on {key[0]}: yara {'holds' if key in one else 'does not hold'}, overt "
              f"{'holds' if key in other else 'does not hold'}")
        if key in one and key in other:
            a, b = one[key], other[key]
            for line in [x for x in a if x not in b][:3]:
                print(f"    only yara:  {line[:100]}")
            for line in [x for x in b if x not in a][:3]:
                print(f"    only overt: {line[:100]}")
        print("    " + texts.get(key[1], "").replace("\n", "\n    "))
    return bad


def one_round(overt, seed, nrules, nfiles, keep):
    m = Maker(seed)
    texts = {}
    with tempfile.TemporaryDirectory(prefix="yara-diff-") as top:
        folder, rules = os.path.join(top, "files"), os.path.join(top, "r.yar")
        os.mkdir(folder)
        for i in range(nfiles):
            with open(os.path.join(folder, f"f{i:04}"), "wb") as f:
                f.write(m.data())
        for i in range(nrules):
            texts[f"r{i}"] = m.rule(i)
        out = None
        for _ in range(6):  # rules that yara refuses are left out, and those that name them
            with open(rules, "w", encoding="latin-1") as f:
                f.write(MODULES)
                f.writelines(texts.values())
            out = run(["yara"], rules, folder)
            if out[0] == 0:
                break
            gone = refused(out[2])
            ours = refused(run([overt, "yara"], rules, folder)[2])
            for name in sorted(gone ^ ours):
                print(f"--- refused only by {'yara' if name in gone else 'overt'}: {texts[name]}")
            if not gone:
                print("yara failed: " + out[2][:500])
                return 1, 0
            for name in gone:
                del texts[name]
        mine = run([overt, "yara"], rules, folder)
        bad = compare(parse(out[1]), parse(mine[1]), texts, 5)
        if mine[0] != out[0] or mine[2]:
            print(f"overt: code {mine[0]}, yara: {out[0]}; {mine[2][:600]}")
            bad += 1
        if bad and keep:
            shutil.copytree(top, os.path.join(keep, f"seed-{seed}"), dirs_exist_ok=True)
    return bad, len(texts) * nfiles


def main():
    p = argparse.ArgumentParser()
    p.add_argument("overt")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--rules", type=int, default=250)
    p.add_argument("--files", type=int, default=100)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--keep")
    a = p.parse_args()
    if shutil.which("yara") is None:
        print("yara is not installed")
        return 77
    bad = pairs = 0
    for i in range(a.rounds):
        b, n = one_round(os.path.abspath(a.overt), a.seed + i, a.rules, a.files, a.keep)
        bad += b
        pairs += n
    print(f"{pairs} pairs, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
