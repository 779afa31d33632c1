#!/usr/bin/env python3
"""Random YARA strings, searched by overt's matcher and by Debian's yara: offsets and lengths must agree.

    tests/differential/yara_re_diff.py BUILD/tests/match/ystr_run [--rounds N] [--seed N] [--kind hex|regex|text] [--show N]

Each round: one file of bytes, a few hundred strings, one run of each program. Lengths come from
console.log, since `yara -L` prints 512 at most. Exit 1 when something differs that is not expected.
"""
import argparse
import random
import subprocess
import sys
import tempfile

KIND = {"text": 1, "hex": 2, "regex": 3}
FLAG = {"ascii": 1, "wide": 2, "nocase": 4, "fullword": 8, "xor": 16, "base64": 32, "base64wide": 64, "s": 128}


class Case:
    """One string: how YARA writes it, and how ystr_run is told."""

    def __init__(self, kind, body, mods=(), lo=0, hi=0, alphabet=b""):
        self.kind, self.body, self.mods, self.lo, self.hi, self.alphabet = kind, body, list(mods), lo, hi, alphabet

    def yara(self):
        if self.kind == "hex":
            return "{ " + self.body + " }"
        mods = []
        for m in self.mods:
            if m == "xor":
                mods.append("xor(%d-%d)" % (self.lo, self.hi))
            elif m != "s" and not (m == "i"):
                mods.append(m)
        if self.kind == "regex":
            return "/" + self.body + "/" + ("i" if "i" in self.mods else "") + ("s" if "s" in self.mods else "") + " " + " ".join(mods)
        text = "".join("\\x%02x" % c for c in self.body)
        return '"' + text + '" ' + " ".join(mods)

    def line(self):
        flags = 0
        for m in self.mods:
            flags |= FLAG["nocase" if m == "i" else m]
        body = self.body if isinstance(self.body, bytes) else self.body.encode()
        return "%d %d %d %d %s %s" % (KIND[self.kind], flags, self.lo, self.hi, body.hex() or "-", self.alphabet.hex() or "-")


def random_bytes(r):
    """A file in which things repeat: few different bytes, words, zeros between letters."""
    alphabet = r.choice([b"ab", b"abc", b"aAbB", b"ab\n", b"ab\x00", b"abcd_ -", bytes(range(256))])
    out = bytearray()
    while len(out) < r.choice([20, 60, 200, 800]):
        what = r.random()
        if what < 0.5:
            out += bytes(r.choice(alphabet) for _ in range(r.randint(1, 12)))
        elif what < 0.7:
            out += b"".join(bytes((r.choice(alphabet), 0)) for _ in range(r.randint(1, 8)))
        elif what < 0.8:
            out += bytes((r.choice(alphabet),)) * r.randint(1, 30)
        elif what < 0.95 and len(out) > 8:
            at = r.randrange(len(out))
            out += out[at:at + r.randint(1, 20)]
        else:
            key = r.randrange(256)
            out += bytes(c ^ key for c in out[-r.randint(1, 12):])
    return bytes(out)


def piece(r, data, most=8):
    at = r.randrange(max(1, len(data) - 3))
    return data[at:at + r.randint(1, most)]


def regex_byte(c):
    ch = chr(c)
    return ch if ch.isalnum() or ch in "_ -" else "\\x%02x" % c


def regex(r, data, depth=0, lazy=False):
    out = []
    for _ in range(r.randint(1, 4)):
        what = r.random()
        if what < 0.5:
            atom = "".join(regex_byte(c) for c in piece(r, data, 6))
        elif what < 0.65:
            atom = r.choice([".", "\\w", "\\d", "\\s", "\\W", "\\S", "[ab]", "[^a]", "[a-c]", "[^\\x00]", "."])
        elif what < 0.75 and depth < 3:
            atom = "(" + "|".join(regex(r, data, depth + 1, lazy) for _ in range(r.randint(2, 3))) + ")"
        elif what < 0.85 and depth < 3:
            atom = "(" + regex(r, data, depth + 1, lazy) + ")"
        elif what < 0.9:
            out.append(r.choice(["\\b", "\\B", "^", "$"]) if depth == 0 and r.random() < 0.4 else regex_byte(r.choice(data)))
            continue
        else:
            atom = regex_byte(r.choice(data))
        if r.random() < 0.3:
            if len(atom) > 1 and atom[0] not in "([.\\":
                atom = "(" + atom + ")" if r.random() < 0.5 else atom
            atom += r.choice(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "{,2}", "{3,5}"]) + ("?" if lazy else "")
        out.append(atom)
    return "".join(out)


def hex_string(r, data, depth=0):
    out = []
    for i in range(r.randint(1, 5)):
        what = r.random()
        if i > 0 and what < 0.3 and out:
            a = r.randint(0, 6)
            jump = r.choice(["[%d]" % (a + 1), "[%d-%d]" % (a, a + r.randint(0, 8))] +
                            (["[%d-]" % a, "[-]", "[%d-%d]" % (a, a + 300), "[%d-%d]" % (a + 150, a + 260)] if depth == 0 else []))
            out.append(jump)
        if what < 0.45 and depth < 2:
            out.append("(" + " | ".join(hex_string(r, data, depth + 1) for _ in range(r.randint(2, 3))) + ")")
            continue
        for c in piece(r, data, 6):
            h = "%02X" % c
            if r.random() < 0.12:
                h = r.choice(["??", h[0] + "?", "?" + h[1]])
            out.append(h)
    return " ".join(out)


def make(r, data, kind):
    if kind == "hex":
        return Case("hex", hex_string(r, data))
    if kind == "regex":
        mods = [m for m, p in (("i", .15), ("s", .3), ("wide", .25), ("fullword", .15)) if r.random() < p]
        if "wide" in mods and r.random() < 0.5:
            mods.append("ascii")
        return Case("regex", regex(r, data, 0, r.random() < 0.3), mods)
    body = piece(r, data, r.choice([3, 8, 20]))
    if r.random() < 0.3:
        body = bytes(c for c in body if c) or b"ab"
    form = r.random()
    if form < 0.15:
        lo = r.randrange(256)
        return Case("text", body, ["xor"] + [m for m in ("wide", "ascii", "fullword") if r.random() < 0.3], lo, r.randint(lo, 255))
    if form < 0.3:
        return Case("text", body if len(body) > 2 else b"abc", [r.choice(["base64", "base64wide"])] + [m for m in ("wide", "ascii") if r.random() < 0.3])
    return Case("text", body, [m for m in ("wide", "ascii", "fullword", "nocase") if r.random() < 0.35])


def run_yara(cases, data, folder):
    with open(folder + "/data", "wb") as f:
        f.write(data)
    with open(folder + "/rules", "w") as f:
        f.write('import "console"\n')
        for i, c in enumerate(cases):
            f.write('rule r%d { strings: $a = %s condition: for all i in (1..#a) : (console.log("M %d ", @a[i]) and console.log("L ", !a[i])) }\n' % (i, c.yara(), i))
    p = subprocess.run(["yara", "-w", "-a", "60", folder + "/rules", folder + "/data"], capture_output=True)
    got = [[] for _ in cases]
    at = None
    for line in p.stdout.decode("latin1").splitlines():
        if line.startswith("M "):
            at = [int(x) for x in line.split()[1:]]
        elif line.startswith("L "):
            got[at[0]].append((at[1], int(line[2:])))
    bad = {}
    for line in p.stderr.decode("latin1").splitlines():
        if "error" in line and "rule \"r" in line:
            bad[int(line.split('rule "r')[1].split('"')[0])] = line.split(": ", 1)[1]
        elif line.strip():
            bad[-1] = line
    return got, bad


def run_ours(tool, cases, folder):
    with open(folder + "/cases", "w") as f:
        f.write("".join(c.line() + "\n" for c in cases))
    p = subprocess.run([tool, folder + "/cases", folder + "/data"], capture_output=True)
    if p.returncode != 0:
        print(p.stderr.decode()[:3000])
        sys.exit("ystr_run failed: %d" % p.returncode)
    got = [[] for _ in cases]
    refused = {}
    for line in p.stdout.decode().splitlines():
        f = line.split(" ", 2)
        if f[1] == "!":
            refused[int(f[0])] = f[2]
        elif f[1] != "#":
            got[int(f[0])].append((int(f[1]), int(f[2])))
    return got, refused


def one_round(tool, r, kinds, n, folder, stats, show):
    data = random_bytes(r)
    cases = [make(r, data, r.choice(kinds)) for _ in range(n)]
    while True:  # rules that yara refuses stop its compiler: they are taken out, and must be refused by us too
        want, bad = run_yara(cases, data, folder)
        with open(folder + "/data", "wb") as f:
            f.write(data)
        got, refused = run_ours(tool, cases, folder)
        if not bad:
            break
        for i in sorted(bad, reverse=True):
            if i < 0:
                sys.exit("yara: " + bad[i])
            if i not in refused:
                stats["accepted"] += 1
                if stats["accepted"] <= show:
                    print("accepted, yara says", bad[i], ":", cases[i].yara())
            del cases[i]
    for i, c in enumerate(cases):
        stats["cases"] += 1
        if i in refused:
            stats["refused"] += 1
            if stats["refused"] <= show:
                print("refused:", c.yara(), refused[i])
        elif want[i] != got[i]:
            starts = [o for o, _ in want[i]] != [o for o, _ in got[i]]
            stats["starts" if starts else "lengths"] += 1
            if stats["starts" if starts else "lengths"] <= show:
                print("%s: %s" % ("starts" if starts else "lengths", c.yara()))
                print("   data ", data[:120])
                print("   yara ", sorted(set(want[i]) - set(got[i]))[:5], "of", len(want[i]))
                print("   overt", sorted(set(got[i]) - set(want[i]))[:5], "of", len(got[i]))
        elif want[i]:
            stats["with matches"] += 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tool")
    p.add_argument("--rounds", type=int, default=20)
    p.add_argument("--strings", type=int, default=300)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--kind", choices=list(KIND), action="append")
    p.add_argument("--show", type=int, default=8)
    a = p.parse_args()
    stats = {"cases": 0, "with matches": 0, "starts": 0, "lengths": 0, "refused": 0, "accepted": 0}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(a.rounds):
            one_round(a.tool, random.Random(a.seed * 100003 + i), a.kind or list(KIND), a.strings, folder, stats, a.show)
    print(stats)
    # lengths may differ in a few expressions whose alternatives overlap: see docs/COMPATIBILITY.md
    return 1 if stats["starts"] or stats["refused"] or stats["lengths"] * 200 > stats["cases"] else 0


if __name__ == "__main__":
    sys.exit(main())
