#!/usr/bin/env python3
"""Eight million hash signatures: building, opening, memory, size, a changed daily part; clamscan's load beside it.

  bench/scale.py [--shared FOLDER] [--number N] [--overt FILE] [--no-clamscan] [--write]

Random lines are made from a seed below build/bench (N .hsb and N .mdb, 4 million each by default). --shared names a
folder of ClamAV database files (.gz are unpacked). --overt: the program to run, build/bin/overt by default. --write
puts the table into docs/BENCHMARKS.md. All figures are CPU time (user + system) of the process tree; trust ratios.
"""
import argparse
import ctypes
import datetime
import glob
import gzip
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.path.join(ROOT, "build", "bench", "scale")
DOCUMENT = os.path.join(ROOT, "docs", "BENCHMARKS.md")
MARKS = ("<!-- scale: begin -->", "<!-- scale: end -->")
MB = 1_000_000
PR_SET_CHILD_SUBREAPER = 36


def tree(pid):
    """The process and what descends from it."""
    parents = {}
    for stat in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(stat, encoding="utf-8", errors="replace") as f:
                text = f.read()
            parents[int(text.split(" ", 1)[0])] = int(text.rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
    wanted, grew = {pid}, True
    while grew:
        more = {p for p, parent in parents.items() if parent in wanted} - wanted
        wanted |= more
        grew = bool(more)
    return wanted


class Watch:
    """Polls a process tree: private memory (smaps Private_*) and resident memory that is no file's, at their highest."""

    def __init__(self, pid):
        self.pid, self.private, self.anonymous, self.resident, self.done = pid, 0, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.poll)
        self.thread.start()

    def poll(self):
        while not self.done.wait(0.01):
            private = anonymous = resident = 0
            for pid in tree(self.pid):
                try:
                    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                        rows = {r.split(":")[0]: int(r.split()[1]) * 1024 for r in f if r.endswith(" kB\n")}
                except (OSError, ValueError):
                    continue
                private += rows.get("Private_Clean", 0) + rows.get("Private_Dirty", 0)
                anonymous += rows.get("Anonymous", 0)
                resident += rows.get("Rss", 0)
            self.private = max(self.private, private)
            self.anonymous = max(self.anonymous, anonymous)
            self.resident = max(self.resident, resident)

    def stop(self):
        self.done.set()
        self.thread.join()


class Run:
    def __init__(self, argv, env, watch=False, codes=(0,)):
        begun = time.monotonic()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
        seen = Watch(child.pid) if watch else None
        self.out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime + orphans()
        self.wall = time.monotonic() - begun
        if seen:
            seen.stop()
            self.private, self.anonymous, self.resident = seen.private, seen.anonymous, seen.resident
        if child.returncode not in codes:
            sys.exit(f"scale: {' '.join(argv)}: exit {child.returncode}")


def orphans():
    spent = 0.0
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return spent
        if pid == 0:
            return spent
        spent += usage.ru_utime + usage.ru_stime


def make_sources(shared, number):
    """Folder with the real files, if there are any, and the random ones; made once for each number."""
    folder = os.path.join(WORK, f"sources-{number}")
    done = os.path.join(folder, ".done")
    if os.path.exists(done):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for path in sorted(glob.glob(os.path.join(shared, "*"))) if shared else []:
        name = os.path.basename(path)
        if name.endswith(".gz"):
            with gzip.open(path, "rb") as f, open(os.path.join(folder, name[:-3]), "wb") as out:
                shutil.copyfileobj(f, out)
        elif name.endswith((".cvd", ".cld", ".ndb", ".ldb", ".hdb", ".hsb", ".mdb", ".fp")):
            shutil.copyfile(path, os.path.join(folder, name))
    if not os.path.exists(os.path.join(folder, "daily.ndb")):
        with open(os.path.join(folder, "daily.ndb"), "w", encoding="ascii") as f:
            f.write("Test.Daily-1:0:*:6f7665727420646169" + "6c79\n")
    r = random.Random(3)
    with open(os.path.join(folder, "random.hsb"), "w", encoding="ascii") as f:
        for i in range(number):
            f.write(f"{r.getrandbits(256):064x}:{r.randrange(1000, 4000000)}:Win.Malware.Agent-{7000000 + i}-0:73\n")
    with open(os.path.join(folder, "random.mdb"), "w", encoding="ascii") as f:
        for i in range(number):
            f.write(f"{r.randrange(1, 8000) * 512}:{r.getrandbits(128):032x}:Test.Sig-{i}\n")
    open(done, "w", encoding="ascii").close()
    return folder


def hash_bytes(path):
    """Bytes of the names and sets of hashes, and how many rows: the directory's rows 11 and from 29 on are theirs."""
    with open(path, "rb") as f:
        head = f.read(4096)
    n = int.from_bytes(head[12:16], "little")
    rows = [(int.from_bytes(head[80 + 16 * i:88 + 16 * i], "little"), int.from_bytes(head[88 + 16 * i:96 + 16 * i], "little")) for i in range(n)]
    total = count = 0
    with open(path, "rb") as f:
        for at, length in sorted(set(rows)):
            f.seek(at)
            first = f.read(16)
            if first[:4] == b"OHS2":
                total += length
                count += int.from_bytes(first[8:16], "little")
        names = rows[11]
        f.seek(names[0] + 4)
        if int.from_bytes(f.read(4), "little") != count:
            sys.exit("scale: the names of hashes are not where they were")
    return total + names[1], count


def small_files():
    folder = os.path.join(WORK, "small")
    if not os.path.isdir(folder):
        os.makedirs(folder)
        r = random.Random(5)
        for i in range(3000):
            with open(os.path.join(folder, f"f{i}"), "wb") as f:
                f.write(r.randbytes(1000 + i))
    return folder


def measure(args, env):
    sources = make_sources(args.shared, args.number)
    files = small_files()
    one = os.path.join(files, "f0")
    odb = os.path.join(WORK, "all.odb")
    rows = []

    build = Run([args.overt, "db", "build", "-o", odb, sources], env, watch=True)
    size, count = hash_bytes(odb)
    whole = os.path.getsize(odb)
    scans = [Run([args.overt, "scan", "--quiet", "-j1", "-d", odb, one], env) for _ in range(5)]
    many = Run([args.overt, "scan", "--quiet", "-j1", "-d", odb, files], env, watch=True)
    info = json.loads(Run([args.overt, "db", "info", "--json", odb], env).out)
    rows.append(("signatures", f"{info['signatures']:,}"))
    rows.append(("build, CPU", f"{build.cpu:.1f} s"))
    rows.append(("build, memory that is no file's / resident with the mapped text, at their highest", f"{build.anonymous / MB:.0f} / {build.resident / MB:.0f} MB"))
    rows.append(("the database", f"{whole / MB:.1f} MB"))
    rows.append(("a hash signature in it: row, directory, sizes, name, source, line", f"{size / count:.2f} bytes ({count:,} rows)"))
    rows.append(("start, open, scan one small file, end: CPU of overt and its worker", f"{statistics.median(s.cpu for s in scans) * 1000:.1f} ms"))
    rows.append((f"the same for 3000 small files, a file", f"{(many.cpu - scans[0].cpu) / 3000 * 1e6:.0f} us"))
    rows.append(("private memory of overt and its worker at its highest, 3000 small files (Private_Clean + Private_Dirty of smaps)", f"{many.private / MB:.1f} MB"))

    cached = dict(env, XDG_CACHE_HOME=os.path.join(WORK, "cache"))
    shutil.rmtree(cached["XDG_CACHE_HOME"], ignore_errors=True)
    os.makedirs(cached["XDG_CACHE_HOME"])
    first = Run([args.overt, "scan", "--quiet", "-j1", "-d", sources, one], cached)
    daily = os.path.join(sources, "daily.ndb")
    with open(daily, "rb") as f:
        was = f.read()
    try:
        time.sleep(3)
        with open(daily, "ab") as f:
            f.write(b"Test.New-1:0:*:6f766572742c206f766572742c206f76657274\n")
        changed = Run([args.overt, "scan", "--quiet", "-j1", "-d", sources, one], cached, watch=True)
    finally:
        with open(daily, "wb") as f:
            f.write(was)
    rows.append(("scan from text, nothing cached, CPU", f"{first.cpu:.1f} s"))
    rows.append(("scan after a line was added to daily.ndb, CPU; memory that is no file's", f"{changed.cpu:.1f} s; {changed.anonymous / MB:.0f} MB"))
    if not args.no_clamscan and shutil.which("clamscan"):
        clam = Run(["clamscan", "--no-summary", "-d", sources, one], env, watch=True, codes=(0, 1))
        rows.append(("clamscan: loads the same files and scans one small file, CPU; private memory", f"{clam.cpu:.1f} s; {clam.private / MB:.0f} MB"))
    return rows


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shared")
    p.add_argument("--number", type=int, default=4_000_000)
    p.add_argument("--overt", default=os.path.join(ROOT, "build", "bin", "overt"))
    p.add_argument("--no-clamscan", action="store_true")
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    os.makedirs(WORK, exist_ok=True)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    rows = measure(args, dict(os.environ))
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="ascii") if line.startswith("model name")), "?")
    lines = [f"Measured {datetime.date.today()} on {os.cpu_count()} x {cpu}, Linux {platform.release()}; load {os.getloadavg()[0]:.1f}. Command: `python3 bench/scale.py --shared FOLDER`; "
             f"{args.number:,} random `.hsb` and as many `.mdb` lines{' beside the real files' if args.shared else ''}.",
             "", "| | |", "|---|---|"] + [f"| {a} | {b} |" for a, b in rows]
    print("\n".join(lines))
    if args.write:
        with open(DOCUMENT, encoding="utf-8") as f:
            text = f.read()
        head, tail = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
        with open(DOCUMENT, "w", encoding="utf-8") as f:
            f.write(head + MARKS[0] + "\n" + "\n".join(lines) + "\n" + MARKS[1] + tail)


if __name__ == "__main__":
    main()
