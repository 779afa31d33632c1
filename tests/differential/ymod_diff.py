#!/usr/bin/env python3
"""Holds what overt's modules see in files against `yara -D` of Debian.

  ymod_diff.py YMOD_DUMP MODULE [--random N] [--seed N] [FILE...]

The files are those that samples/MODULE_files.py makes, N of them with some bytes changed, and FILEs. Each value that
yara prints must be the same, and each that it says to be undefined must be undefined. Fields that yara does not know
are not looked at. Exit 0 when they agree, 77 when there is no yara with this module.
"""
import argparse
import importlib
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "samples"))
sys.path.insert(0, os.path.join(ROOT, "tests", "ymod"))
import dumped  # noqa: E402

SHOWN = 8  # differences of a file that are printed


def parse(text, module):
    """What -D prints: a tree, a tab a level. @return {path: value}, None: undefined; texts as bytes."""
    out, path, inside = {}, [], False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip("\t"))
        body = line[depth:]
        if depth == 0:
            inside = body == module
            path = [module]
            continue
        if not inside or not body:
            continue
        name, equal, value = body.partition(" = ")
        path[depth:] = [name if name.startswith("[") else "." + name]
        if not equal:
            continue
        key = "".join(path)
        if value == "YR_UNDEFINED":
            out[key] = None
        elif value.startswith('"'):
            out[key] = re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), value[1:-1].encode("latin-1"))
        else:
            out[key] = int(value) if re.fullmatch(r"-?\d+", value) else float(value)
    return out


def is_constant(key):
    return re.fullmatch(r"\w+\.[A-Z0-9_a-z]*[A-Z]{2}[A-Za-z0-9_]*", key) is not None


def shape(key):
    return re.sub(r"\[\d+\]", "[]", key)


class Diff:
    def __init__(self, program, module, skip):
        self.program, self.module, self.skip = program, module, skip
        self.known, self.files, self.bad = set(), 0, 0
        self.folder = tempfile.mkdtemp()
        self.rules = os.path.join(self.folder, "rules.yar")
        with open(self.rules, "w") as f:
            f.write(f'import "{module}" rule never {{ condition: false }}\n')

    def theirs(self, path):
        p = subprocess.run(["yara", "-D", self.rules, path], capture_output=True, timeout=120)
        return parse(p.stdout.decode("latin-1"), self.module) if p.returncode == 0 else None

    def ours(self, path):
        p = subprocess.run([self.program, self.module, path], capture_output=True, check=True, timeout=120)
        return dumped.parse(p.stdout.decode("ascii"))

    def file(self, name, path):
        want, got = self.theirs(path), self.ours(path)
        if want is None:
            return
        self.files += 1
        self.known |= {shape(k) for k in want}
        notes = [k for k in sorted(set(want) | set(got)) if k != "!" and not is_constant(k) and not self.same(want, got, k)]
        if notes:
            self.bad += 1
            print(f"{name}: {len(notes)} differ")
            for k in notes[:SHOWN]:
                print(f"    {k}: yara {want.get(k)!r}, overt {got.get(k)!r}")

    def same(self, want, got, key):
        if key not in want and shape(key) not in self.known:
            return True  # a field that yara does not know
        if self.skip and re.fullmatch(self.skip, key):
            return True
        return want.get(key) == got.get(key)

    def bytes(self, name, data):
        path = os.path.join(self.folder, "sample")
        with open(path, "wb") as f:
            f.write(data)
        self.file(name, path)


def damaged(r, data):
    out = bytearray(data)
    for _ in range(r.choice([1, 1, 2, 4])):
        at = r.randrange(len(out)) if out else 0
        kind = r.random()
        if kind < 0.6 and out:
            out[at] = r.choice([0, 1, 2, 0xff, 0x7f, 0x80, r.randrange(256)])
        elif kind < 0.7:
            del out[at:]
        elif kind < 0.85 and len(out) > at + 4:
            out[at:at + 4] = r.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x80", b"\x10\0\0\0"])
        else:
            out[at:at] = bytes(r.randrange(1, 9))
    return bytes(out)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("program")
    a.add_argument("module")
    a.add_argument("files", nargs="*")
    a.add_argument("--random", type=int, default=0)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--skip", help="fields that are not compared, an expression")
    a.add_argument("--without", default="$^", help="samples that are left out, an expression: what differs is meant")
    o = a.parse_args()
    if shutil.which("yara") is None:
        return 77
    d = Diff(o.program, o.module, o.skip)
    if d.theirs(os.devnull) is None:
        return 77
    samples = [s for s in importlib.import_module(o.module + "_files").samples() if not re.search(o.without, s[0])]
    r = random.Random(o.seed)
    for name, data in samples:
        d.bytes(name, data)
    for i in range(o.random):
        name, data = r.choice(samples)
        d.bytes(f"{name}, damaged ({o.seed}:{i})", damaged(r, data))
    for path in o.files:
        d.file(path, path)
    shutil.rmtree(d.folder)
    print(f"{d.module}: {d.files} files, {d.bad} differ")
    return 1 if d.bad else 0


if __name__ == "__main__":
    sys.exit(main())
