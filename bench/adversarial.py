#!/usr/bin/env python3
"""Inputs made to be slow: does overt keep its floor of 20 MB/s?

  bench/adversarial.py [--overt PROGRAM] [--shared FOLDER] [--floor N] [--write] [NAME...]

Each case is a small database (or, with --shared, the real one) and files made for it: an anchor again and again, all
anchors at once, keys that differ in their last byte, gaps and counts that invite quadratic work, expressions that
backtrack, thousands of woken rules on small files, archives of tiny members. CPU seconds of the whole process tree,
start-up subtracted, best of three. Exit 1 when a case is slower than the floor. --write puts the table into
docs/BENCHMARKS.md.
"""
import argparse
import os
import random
import re
import sys
import tempfile
import zipfile

import run

MB = 1_000_000
MARKS = ("<!-- adversarial: begin -->", "<!-- adversarial: end -->")
SIZE = 2 * MB
RUNS = 3


def hexed(data):
    return data.hex()


def words(count, size=8, seed=5):
    dice = random.Random(seed)
    return [bytes(dice.choice(b"abcdefghijklmnopqrstuvwxyz") for _ in range(size)) for _ in range(count)]


def filled(part, size=SIZE):
    return (part * (size // len(part) + 1))[:size]


def rules(bodies, expression=None, target=0):
    """One logical rule a body; or one of all of them with an expression."""
    if expression is not None:
        return f"R;Target:{target};{expression};{';'.join(bodies)}\n"
    return "".join(f"R{i};Target:{target};0;{b}\n" for i, b in enumerate(bodies))


def shared_literals(shared):
    """A literal of each rule of the real database."""
    out = []
    for name in sorted(os.listdir(shared)):
        if not name.endswith(".ldb"):
            continue
        with open(os.path.join(shared, name), encoding="latin-1") as f:
            for line in f:
                runs = re.findall(r"[0-9a-fA-F]{16,}", line)
                if runs:
                    best = max(runs, key=len)
                    out.append(bytes.fromhex(best[:len(best) // 2 * 2]))
    return out


def near(word):
    return word[:-1] + bytes([word[-1] ^ 1])


def made_up():
    """Name, database, files: all made here."""
    few, many = words(8), words(3000)
    yield "zeros", rules([hexed(w) for w in many]), [bytes(SIZE)]
    yield "one anchor repeated", rules([hexed(few[0])]), [filled(few[0])]
    yield "one anchor of 3,000 rules", rules([hexed(few[0] + w) for w in many]), [filled(few[0])]
    yield "one anchor, 3,000 long bodies", rules([hexed(filled(few[0], 2000) + w) for w in many]), [filled(few[0])]
    yield "all anchors", rules([hexed(w) for w in many]), [filled(b"".join(many))]
    yield "all anchors, last byte wrong", rules([hexed(w) for w in many]), [filled(b"".join(map(near, many)))]
    yield "same first four bytes", rules([hexed(b"same" + w) for w in many]), [
        filled(b"".join(b"same" + near(w) for w in many))]
    yield "a place that never fits", rules(["3:" + hexed(few[0] + w) for w in many]), [filled(few[0] + many[0])]
    yield "long runs", rules([hexed(w) for w in many]), [b"".join(bytes([i]) * (SIZE // 256) for i in range(256))]
    yield "counts of two bytes", rules(["6161", "6162"], "(0>100000000)&(1>5)"), [filled(b"a"), filled(b"ab")]
    yield "gaps", rules(["61{1-2000}61{1-2000}62{1-2000}63"]), [filled(b"a"), filled(b"ab"), filled(b"abd")]
    yield "gaps of literals", rules(["61626364{1-3000}61626364{1-3000}61626365"]), [filled(b"abcd")]
    yield "endless gaps", rules(["6162*6162*6162*6162*6364"]), [filled(b"ab")]
    yield "alternatives", rules(["(61|62)(61|62)(61|62)(61|62)(61|62)(61|62)(61|62)63"]), [filled(b"ab")]
    yield "expressions", rules(["61616161", "0/(a+)+b/"], "0&1"), [filled(b"a")]
    yield "2,000 small files, 300 rules each", rules([hexed(w) + "*" + hexed(few[1]) for w in many[:300]]), [
        b"".join(many[:300]) for _ in range(2000)]


def real(shared):
    anchors = shared_literals(shared)
    random.Random(3).shuffle(anchors)
    joined = b"".join(anchors)
    yield "real: all anchors", None, [joined]
    yield "real: all anchors, last byte wrong", None, [b"".join(map(near, anchors))]
    yield "real: all anchors in a program", None, [b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0\x4c\1" + bytes(300) + joined]
    yield "real: one anchor", None, [filled(anchors[0])]
    yield "real: zeros", None, [bytes(SIZE)]


def archive(folder):
    path = os.path.join(folder, "many.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(9000):
            z.writestr(f"{i}.txt", b"tiny member %d" % i)
    return path


class Bench:
    def __init__(self, overt, shared):
        self.overt, self.shared, self.starts = overt, shared, {}

    def command(self, db, what):
        return [self.overt, "scan", "-j", "1", "--all", "--max-scantime=30s", "--format", "jsonl", "-d", db, what]

    def seconds(self, db, what):
        argv = self.command(db, what)
        return min(run.checked(run.Run(argv), argv, (0, 1, 3)).cpu for _ in range(RUNS))

    def start(self, db):
        if db not in self.starts:
            self.starts[db] = self.seconds(db, run.tiny_folder())
        return self.starts[db]

    def case(self, folder, name, text, files):
        db = self.shared
        here = os.path.join(folder, re.sub(r"\W+", "-", name))
        os.makedirs(os.path.join(here, "files"))
        if text is not None:
            db = os.path.join(here, "made.ldb")
            with open(db, "w", encoding="ascii") as f:
                f.write(text)
        for i, data in enumerate(files):
            with open(os.path.join(here, "files", str(i)), "wb") as f:
                f.write(data)
        size = sum(map(len, files))
        return name, len(files), size / MB, max(self.seconds(db, os.path.join(here, "files")) - self.start(db), 1e-4)


def table(rows, floor, overt):
    lines = [f"Measured on {run.machine()}; load {os.getloadavg()[0]:.1f}; {run.version_of([overt, '--version'])}. "
             f"Command: `bench/adversarial.py --shared ... --write`. CPU of the whole process tree, start-up subtracted, "
             f"best of three; floor {floor} MB/s.", "", "| input | files | MB | CPU s | MB/s |", "|---|---|---|---|---|"]
    for name, files, mb, seconds in rows:
        rate = f"{mb / seconds:.0f}" if name[:7] != "archive" else f"{files / seconds:.0f} members/s"
        lines.append(f"| {name} | {files} | {mb:.1f} | {seconds:.3f} | {rate} |")
    return lines


def write(lines):
    with open(run.DOCUMENT, encoding="utf-8") as f:
        text = f.read()
    head, rest = text.split(MARKS[0], 1)
    with open(run.DOCUMENT, "w", encoding="utf-8") as f:
        f.write(head + MARKS[0] + "\n" + "\n".join(lines) + "\n" + MARKS[1] + rest.split(MARKS[1], 1)[1])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--overt", default=run.OVERT)
    p.add_argument("--shared", help="folder of ClamAV database files")
    p.add_argument("--floor", type=float, default=20)
    p.add_argument("--write", action="store_true")
    p.add_argument("only", nargs="*", help="names of cases, or parts of them")
    args = p.parse_intermixed_args()
    os.makedirs(run.WORK, exist_ok=True)
    run.adopt_orphans()
    shared = run.database(args.shared) if args.shared else None
    bench = Bench(args.overt, shared)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        cases = list(made_up()) + (list(real(shared)) if shared else [])
        for name, text, files in cases:
            if args.only and not any(part in name for part in args.only):
                continue
            rows.append(bench.case(folder, name, text, files))
            print(f"{rows[-1][2] / rows[-1][3]:8.0f} MB/s  {rows[-1][3]:7.3f} s  {name}", flush=True)
        if not args.only:
            path = archive(folder)
            db = os.path.join(folder, "zeros", "made.ldb")
            rows.append(("archive of 9,000 tiny members", 9000, os.path.getsize(path) / MB,
                         max(bench.seconds(db, path) - bench.start(db), 1e-4)))
            print(f"{rows[-1][2] / rows[-1][3]:8.1f} MB/s  {rows[-1][3]:7.3f} s  {rows[-1][0]}")
    if args.write:
        write(table(rows, args.floor, args.overt))
    slow = [r[0] for r in rows if r[2] / r[3] < args.floor and not r[0].startswith("archive")]
    if slow:
        print("slower than the floor: " + ", ".join(slow))
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
