#!/usr/bin/env python3
"""overt against yara and YARA-X: the same rules over the same files, in one run.

  bench/yara.py --rules NAME=FOLDER... [--yarax FOLDER] [--overt FILE] [--runs 5] [--quick] [--write]

FOLDER of --rules holds .yar and .yara files, or one rules.tar.zst with them; --yarax names a folder with node_modules/@litko/yara-x
(npm install @litko/yara-x): without it, or without node, YARA-X is left out.  All are CPU seconds (user + system) of the whole process
tree, runs alternate, the median counts; what a scan of one 10-byte file costs (start, load, compile) is subtracted. YARA-X loads nothing:
its rules are compiled in the same process, and only the scan is counted.  Rules that overt refuses, because a module is missing, are told.
"""
import argparse
import ctypes
import datetime
import glob
import json
import os
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = os.path.join(ROOT, "docs", "BENCHMARKS.md")
MARKS = ("<!-- yara: begin -->", "<!-- yara: end -->")
PR_SET_CHILD_SUBREAPER = 36
MB = 1_000_000
LEAST_OPEN = 0.0003  # seconds: below that, the difference of two runs says nothing
EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")
NODE = r"""
const x = require('@litko/yara-x'), fs = require('fs');
const [rules, ...lists] = process.argv.slice(2), cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6 };
const from = cpu(), c = x.fromFile(rules, {defineVariables: Object.fromEntries(%s.map(e => [e, '']))}); c.scan(Buffer.from('0123456789'));
const said = {compile: cpu() - from, scan: {}, rss: 0, compiled_rss: process.resourceUsage().maxRSS};
for (const list of lists) {
  const begun = cpu(); let n = 0;
  for (const f of fs.readFileSync(list, 'latin1').split('\n')) if (f) n += c.scanFile(f).length;
  said.scan[list] = [cpu() - begun, n];
}
console.log(JSON.stringify(said));
""" % json.dumps(EXTERNALS)


class Done:
    """A finished process tree: CPU seconds, the highest resident and private memory of any of its processes in MB, output."""

    def __init__(self, argv, watch=False):
        self.private = self.rss = 0.0
        start = time.monotonic()
        with tempfile.TemporaryFile() as out:
            p = subprocess.Popen(argv, stdout=out, stderr=subprocess.DEVNULL)
            stop = threading.Event()
            if watch:
                threading.Thread(target=self.watch, args=(p.pid, stop), daemon=True).start()
            self.cpu = 0.0
            while True:
                try:
                    pid, status, used = os.wait4(-1, 0)
                except ChildProcessError:
                    break
                self.cpu += used.ru_utime + used.ru_stime
                self.rss = max(self.rss, used.ru_maxrss * 1024 / MB)
                if pid == p.pid:
                    self.code = p.returncode = os.waitstatus_to_exitcode(status)
            stop.set()
            self.seconds = time.monotonic() - start
            out.seek(0)
            self.out = out.read().decode("latin-1")

    def watch(self, pid, stop):
        while not stop.is_set():
            total = 0
            for child in [pid, *children(pid)]:
                try:
                    with open(f"/proc/{child}/smaps_rollup", encoding="ascii") as f:
                        total += sum(int(x) for x in re.findall(r"^Private_Dirty: +(\d+) kB", f.read(), re.M))
                except OSError:
                    continue
            self.private = max(self.private, total * 1024 / MB)
            time.sleep(0.002)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return f.read().split()
    except OSError:
        return []


def gather(folder, to):
    """All sources of a set as one file, in order of their names."""
    archive = os.path.join(folder, "rules.tar.zst")
    if os.path.exists(archive):
        os.makedirs(to + ".d", exist_ok=True)
        subprocess.run(["tar", "-C", to + ".d", "--zstd", "-xf", archive], check=True)
        folder = to + ".d"
    names = sorted(p for ext in ("yar", "yara") for p in glob.glob(os.path.join(folder, "**", "*." + ext), recursive=True))
    with open(to, "wb") as out:
        for name in names:
            with open(name, "rb") as f:
                out.write(f.read() + b"\n")
    return len(names)


def elf_files(limit):
    """Programs and libraries of this machine, evenly chosen, `limit` bytes in all."""
    found = []
    for top in ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec"):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) > 4 * MB:
                        continue
                    with open(path, "rb") as f:
                        if f.read(4) == b"\x7fELF":
                            found.append(path)
                except OSError:
                    continue
    return choose(found, limit)


def text_files(limit, count):
    found = []
    for top in ("/usr/share/doc", "/usr/include", "/usr/share/perl", "/usr/lib/python3", "/usr/share/javascript", "/usr/share/man"):
        for folder, _, names in os.walk(top):
            found += [p for p in (os.path.join(folder, n) for n in names)
                      if not os.path.islink(p) and os.path.isfile(p) and not p.endswith(".gz") and 100 < os.path.getsize(p) < MB]
    return choose(found, limit, count)


def choose(found, limit, count=10 ** 9):
    random.Random(1).shuffle(found)
    chosen, total = [], 0
    for path in found:
        if "\n" in path or total >= limit or len(chosen) >= count:
            continue
        chosen.append(path)
        total += os.path.getsize(path)
    return sorted(chosen), total


class Bench:
    def __init__(self, args, work):
        self.args, self.work, self.rows, self.notes = args, work, [], []
        self.node = None
        if args.yarax and shutil.which("node"):
            self.node = os.path.join(work, "x.js")
            with open(self.node, "w", encoding="utf-8") as f:
                f.write(NODE)
            os.environ["NODE_PATH"] = os.path.join(os.path.abspath(args.yarax), "node_modules")

    def path(self, name):
        return os.path.join(self.work, name)

    def file_list(self, name, paths):
        with open(self.path(name), "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write("\n".join(paths) + "\n")
        return self.path(name)

    def corpora(self):
        quick = self.args.quick
        tiny = []
        os.makedirs(self.path("tiny"))
        for i in range(500 if quick else 5000):
            tiny.append(self.path(f"tiny/{i}"))
            with open(tiny[-1], "wb") as f:
                f.write(b"0123456789")
        programs = elf_files((20 if quick else self.args.programs) * MB)
        text = text_files((5 if quick else self.args.text) * MB, 7159)
        self.one = self.file_list("one.list", tiny[:1])
        return [("programs", self.file_list("programs.list", programs[0]), len(programs[0]), programs[1]),
                ("text", self.file_list("text.list", text[0]), len(text[0]), text[1]),
                ("tiny", self.file_list("tiny.list", tiny), len(tiny), 10 * len(tiny))]

    def defines(self):
        return [x for e in EXTERNALS for x in ("-d", e + "=")]

    def compile(self, name, rules, lists):
        """Compiles with all three. @return their lines for the table and the compiled files."""
        odb, yac = self.path(name + ".odb"), self.path(name + ".yac")
        runs = {"overt": [], "yara": []}
        for _ in range(self.args.runs):
            runs["overt"].append(Done([self.args.overt, "db", "build", "-q", "-o", odb, rules]))
            runs["yara"].append(Done(["yarac", "-w", *self.defines(), rules, yac]))
        if not (os.path.exists(odb) and os.path.exists(yac)):
            sys.exit(f"{name}: the rules do not compile")
        info = json.loads(subprocess.run([self.args.overt, "db", "info", "--json", odb], capture_output=True, text=True, check=True).stdout.splitlines()[0])
        self.notes.append(f"{name}: {info.get('signatures')} rules compiled by overt; compiled file {os.path.getsize(odb) / MB:.1f} MB, yara's {os.path.getsize(yac) / MB:.1f} MB.")
        cpu = {k: statistics.median(r.cpu for r in v) for k, v in runs.items()}
        rss = {k: max(r.rss for r in v) for k, v in runs.items()}
        x, self.said = "-", []
        if self.node:
            self.said = [said for said in (self.yarax(rules, lists) for _ in range(self.args.xruns)) if said]
            x = f"{statistics.median(s['compile'] for s in self.said):.2f} s, {self.said[0]['compiled_rss'] * 1024 / MB:.1f} MB" if self.said else "failed"
        self.rows.append((name, "compile", "", f"{cpu['yara']:.2f} s, {rss['yara']:.1f} MB", x, f"{cpu['overt']:.2f} s, {rss['overt']:.1f} MB", f"{cpu['yara'] / cpu['overt']:.1f}"))
        return odb, yac

    def yarax(self, rules, lists):
        done = Done(["node", self.node, rules, *lists])
        return json.loads(done.out.splitlines()[-1]) if done.code == 0 else None

    def scanners(self, odb, yac):
        return {"overt": lambda files: Done([self.args.overt, "yara", "-p", "1", "-C", "--scan-list", odb, files]),
                "yara": lambda files: Done(["yara", "-w", "-p", "1", "-C", "--scan-list", yac, files])}

    def scan(self, name, corpus, compiled):
        label, files, count, size = corpus
        scanners = self.scanners(*compiled)
        base, runs, found = {k: [] for k in scanners}, {k: [] for k in scanners}, {}
        for _ in range(self.args.runs):
            for k, run in scanners.items():
                base[k].append(run(self.one).cpu)
                done = run(files)
                runs[k].append(done.cpu)
                found[k] = sorted(done.out.splitlines())
        took = {k: max(statistics.median(runs[k]) - statistics.median(base[k]), 1e-6) for k in runs}
        if self.said:
            took["x"] = statistics.median(s["scan"][files][0] for s in self.said)
        best = min(took[k] for k in took if k != "overt" and took[k] > 0)
        if label == "tiny":
            def show(k):
                return f"{1000 * took[k] / count:.4f} ms a file" if k in took else "-"
        else:
            def show(k):
                return f"{took[k]:.2f} s ({size / MB / took[k]:.1f} MB/s)" if k in took else "-"
        self.rows.append((name, f"{label}, {count} files", f"{size / MB:.1f}", show("yara"), show("x"), show("overt"), f"{best / took['overt']:.1f}"))
        lost, more = set(found["yara"]) - set(found["overt"]), set(found["overt"]) - set(found["yara"])
        self.notes.append(f"{name}, {label}: yara reports {len(found['yara'])} lines, overt {len(found['overt'])}; {len(lost)} only by yara, {len(more)} only by overt"
                          + (f"; YARA-X {self.said[-1]['scan'][files][1]} rules" if self.said else "") + ".")

    def open(self, name, compiled):
        """Start, load the compiled rules, scan a 10-byte file, end; and the same with a set of one rule: the difference is the load."""
        small = self.path("small.yar")
        with open(small, "w", encoding="utf-8") as f:
            f.write("rule nothing { condition: false }\n")
        tiny = self.compile_small(small)
        scanners, smalls = self.scanners(*compiled), self.scanners(*tiny)
        cpu, private = {}, {}
        for k in scanners:
            runs = [(scanners[k](self.one).cpu, smalls[k](self.one).cpu) for _ in range(3 * self.args.runs)]
            cpu[k] = statistics.median(a for a, _ in runs) - statistics.median(b for _, b in runs)
            scan = {"overt": [self.args.overt, "yara"], "yara": ["yara", "-w"]}[k] + ["-p", "1", "-C", "--scan-list"]
            which = 0 if k == "overt" else 1
            private[k] = [max(Done([*scan, pair[which], self.path("tiny.list")], watch=True).private for _ in range(3))
                          for pair in (compiled, tiny)]
        shown = {k: f"{1000 * s:.1f} ms" if s >= LEAST_OPEN else f"under {1000 * LEAST_OPEN:g} ms" for k, s in cpu.items()}
        self.rows.append((name, "open the compiled set", "", *(f"{shown[k]}, {private[k][0] - private[k][1]:.1f} MB private" if k else "-"
                                                            for k in ("yara", None, "overt")),
                          f"{cpu['yara'] / cpu['overt']:.1f}" if cpu["overt"] >= LEAST_OPEN else "-"))

    def compile_small(self, small):
        odb, yac = self.path("small.odb"), self.path("small.yac")
        Done([self.args.overt, "yarac", small, odb])
        Done(["yarac", small, yac])
        return odb, yac

    def table(self):
        cpu = next((x.split(":", 1)[1].strip() for x in open("/proc/cpuinfo", encoding="utf-8") if x.startswith("model name")), platform.machine())
        version = subprocess.run(["yara", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        lines = [f"Measured {datetime.date.today()} on {os.cpu_count()} x {cpu}, Linux {platform.release()}; load {os.getloadavg()[0]:.1f}; yara {version}"
                 + (", YARA-X of npm's @litko/yara-x." if self.node else "; YARA-X was not at hand."),
                 f"Command: `bench/yara.py`, {self.args.runs} alternating runs (YARA-X {self.args.xruns}), medians of CPU seconds; one thread. The ratio is that of the better of the others to overt.", "",
                 "| rules | work | MB | yara | YARA-X | overt | ratio |", "|---|---|---|---|---|---|---|"]
        lines += ["| " + " | ".join(r) + " |" for r in self.rows]
        return lines + [""] + ["- " + n for n in self.notes]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--rules", action="append", default=[], metavar="NAME=FOLDER")
    a.add_argument("--overt", default=os.path.join(ROOT, "build", "bin", "overt"))
    a.add_argument("--yarax")
    a.add_argument("--runs", type=int, default=5)
    a.add_argument("--xruns", type=int, default=1)
    a.add_argument("--only", default="compile,open,programs,text,tiny")
    a.add_argument("--programs", type=int, default=300, metavar="MB")
    a.add_argument("--text", type=int, default=100, metavar="MB")
    a.add_argument("--quick", action="store_true")
    a.add_argument("--write", action="store_true")
    args = a.parse_args()
    if shutil.which("yara") is None or shutil.which("yarac") is None:
        sys.exit("yara and yarac are needed: apt-get install yara")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="overt-bench-yara-") as work:
        bench = Bench(args, work)
        corpora = bench.corpora()
        for item in args.rules:
            name, folder = item.split("=", 1)
            gather(folder, bench.path(name + ".yar"))
            compiled = bench.compile(name, bench.path(name + ".yar"), [c[1] for c in corpora if c[0] in args.only])
            for corpus in corpora:
                if corpus[0] in args.only:
                    bench.scan(name, corpus, compiled)
            if "open" in args.only:
                bench.open(name, compiled)
        lines = bench.table()
    print("\n".join(lines))
    if args.write:
        with open(DOCUMENT, encoding="utf-8") as f:
            text = f.read()
        head, tail = text.split(MARKS[0])[0], text.split(MARKS[1])[1]
        with open(DOCUMENT, "w", encoding="utf-8") as f:
            f.write(head + MARKS[0] + "\n" + "\n".join(lines) + "\n" + MARKS[1] + tail)


if __name__ == "__main__":
    main()
