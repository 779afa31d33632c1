#!/usr/bin/env python3
"""overt against clamscan: the same files, the same database, one thread, CPU time of the whole process tree.

  bench/run.py [--shared FOLDER] [--quick] [--runs N] [--only NAME] [--write]

Corpora are put together below build/bench from this machine's own files and from Debian's libwine package, which is
fetched with apt-get download and only unpacked. Start-up (a scan of a 12-byte file) is subtracted. Runs alternate, the
median counts. --shared names a folder of ClamAV database files (.gz are unpacked); without it, a small made-up set is
used, which says little about speed. --write puts the tables into docs/BENCHMARKS.md.
"""
import argparse
import ctypes
import datetime
import glob
import gzip
import hashlib
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
WORK = os.path.join(ROOT, "build", "bench")
OVERT = os.path.join(ROOT, "build", "bin", "overt")
DOCUMENT = os.path.join(ROOT, "docs", "BENCHMARKS.md")
MARKS = ("<!-- tables: begin -->", "<!-- tables: end -->")
MB = 1_000_000
PR_SET_CHILD_SUBREAPER = 36
NOTHING = subprocess.DEVNULL


def adopt_orphans():
    """Makes orphans of what we start our own children, so that their CPU time is counted too."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Run:
    """One finished run: CPU seconds of the process and all it waited for, wall seconds, exit code, output."""

    def __init__(self, argv, watch=None):
        with open(os.path.join(WORK, "out.txt"), "w+b") as out:
            begun = time.monotonic()
            child = subprocess.Popen(argv, stdin=NOTHING, stdout=out, stderr=subprocess.STDOUT)
            peak = Peak(child.pid) if watch else None
            _, status, usage = os.wait4(child.pid, 0)
            self.wall = time.monotonic() - begun
            child.returncode = self.code = os.waitstatus_to_exitcode(status)
            self.cpu = usage.ru_utime + usage.ru_stime
            self.cpu += adopted_cpu()
            self.private = peak.stop() if peak else None
            out.seek(0)
            self.out = out.read()


def adopted_cpu():
    spent = 0.0
    while True:
        try:
            pid, _, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return spent
        if pid == 0:
            return spent
        spent += usage.ru_utime + usage.ru_stime


class Peak:
    """Polls what a process tree has written to its memory (a mapped database is not), in bytes, at its highest."""

    def __init__(self, pid):
        self.pid, self.best, self.done = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.poll)
        self.thread.start()

    def tree(self):
        parents = {}
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(stat, encoding="utf-8", errors="replace") as f:
                    text = f.read()
                parents[int(text.split(" ", 1)[0])] = int(text.rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError, IndexError):
                continue
        wanted, grew = {self.pid}, True
        while grew:
            more = {p for p, parent in parents.items() if parent in wanted} - wanted
            wanted |= more
            grew = bool(more)
        return wanted

    def poll(self):
        while not self.done.wait(0.02):
            total = 0
            for pid in self.tree():
                try:
                    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                        total += sum(int(r.split()[1]) for r in f if r.startswith("Private_Dirty")) * 1024
                except (OSError, ValueError):
                    continue
            self.best = max(self.best, total)

    def stop(self):
        self.done.set()
        self.thread.join()
        return self.best


def pick(paths, budget, largest):
    """Every n-th of the sorted files, so that all folders have a part, until the budget is spent."""
    sized = []
    for path in sorted(paths):
        try:
            info = os.lstat(path)
        except OSError:
            continue
        if os.path.isfile(path) and not os.path.islink(path) and 0 < info.st_size <= largest:
            sized.append((path, info.st_size))
    whole = sum(size for _, size in sized)
    step = max(1, -(-whole // budget))
    return [path for path, _ in sized[::step]]


def below(*tops):
    for top in tops:
        for folder, _, files in os.walk(top):
            for name in files:
                yield os.path.join(folder, name)


def starts_with(path, magic):
    try:
        with open(path, "rb") as f:
            return f.read(len(magic)) == magic
    except OSError:
        return False


def assemble(name, paths):
    """Copies the files flat into a folder; the same list gives the same folder."""
    folder = os.path.join(WORK, name)
    if not os.path.isdir(folder):
        os.makedirs(folder + ".new", exist_ok=True)
        for number, path in enumerate(paths):
            try:
                shutil.copyfile(path, os.path.join(folder + ".new", f"{number:05}-{os.path.basename(path)}"))
            except OSError:
                continue
        os.rename(folder + ".new", folder)
    files = [os.path.join(folder, f) for f in os.listdir(folder)]
    return {"name": name, "path": folder, "files": len(files), "bytes": sum(os.path.getsize(f) for f in files)}


def windows_libraries():
    cache = os.path.join(WORK, "cache")
    unpacked = os.path.join(cache, "wine")
    if not os.path.isdir(unpacked):
        os.makedirs(cache, exist_ok=True)
        if not glob.glob(os.path.join(cache, "libwine_*.deb")):
            subprocess.run(["apt-get", "-qq", "download", "libwine"], cwd=cache, check=True, stderr=NOTHING)
        subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(cache, "libwine_*.deb"))[0], unpacked], check=True)
    return [p for p in below(unpacked) if p.endswith((".dll", ".exe", ".drv", ".sys")) and starts_with(p, b"MZ")]


def corpora(quick):
    scale = 8 if quick else 1
    mark = "-quick" if quick else ""
    elf = (p for p in below("/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/libexec") if starts_with(p, b"\x7fELF"))
    yield assemble("programs" + mark, pick(elf, 100 * MB // scale, 20 * MB))
    try:
        yield assemble("windows" + mark, pick(windows_libraries(), 60 * MB // scale, 20 * MB))
    except (subprocess.CalledProcessError, IndexError, OSError) as e:
        print(f"bench: no Windows libraries: {e}", file=sys.stderr)
    yield assemble("text" + mark, pick(below("/usr/share/doc", "/usr/include"), 24 * MB // scale, 64_000))


def database(shared):
    """A folder of database files; made once."""
    folder = os.path.join(WORK, "db-shared" if shared else "db-made-up")
    if os.path.isdir(folder):
        return folder
    os.makedirs(folder + ".new", exist_ok=True)
    if shared:
        for path in sorted(glob.glob(os.path.join(shared, "*"))):
            name = os.path.basename(path)
            if name.endswith(".gz"):
                with gzip.open(path) as packed, open(os.path.join(folder + ".new", name[:-3]), "wb") as out:
                    shutil.copyfileobj(packed, out)
            elif name.endswith((".hdb", ".hsb", ".mdb", ".msb", ".ndb", ".ldb", ".fp", ".sfp")):
                shutil.copy(path, folder + ".new")
    else:
        dice = random.Random(1)
        with open(os.path.join(folder + ".new", "made-up.hdb"), "w", encoding="ascii") as f:
            for i in range(2000):
                f.write(f"{dice.randbytes(16).hex()}:{dice.randrange(100, 100000)}:Made.Up.Hash-{i}\n")
        with open(os.path.join(folder + ".new", "made-up.ndb"), "w", encoding="ascii") as f:
            for i in range(500):
                f.write(f"Made.Up.Body-{i}:0:*:{dice.randbytes(24).hex()}\n")
    os.rename(folder + ".new", folder)
    return folder


def tiny_folder():
    folder = os.path.join(WORK, "tiny")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "twelve.txt"), "w", encoding="ascii") as f:
        f.write("twelve bytes")
    return folder


def overt_command(odb, folder):
    return [OVERT, "scan", "-j", "1", "--format", "jsonl", "-d", odb, folder]


def clam_command(db, folder):
    return ["clamscan", "-r", "--no-summary", "--infected", "-d", db, folder]


def overt_verdicts(run):
    rows = [json.loads(line) for line in run.out.splitlines() if line.startswith(b"{")]
    rows = [r for r in rows if "path" in r]
    found = {os.path.basename(r["path"]) for r in rows if r["verdict"] == "detected"}
    unread = sum(r["verdict"] in ("incomplete", "error") for r in rows)
    return found, unread


def clam_found(run):
    rows = run.out.decode(errors="replace").splitlines()
    return {os.path.basename(r.rsplit(": ", 1)[0]) for r in rows if r.endswith(" FOUND")}


def checked(run, argv, good):
    if run.code not in good:
        sys.exit(f"bench: {' '.join(argv)} ended with {run.code}:\n{run.out[-2000:].decode(errors='replace')}")
    return run


def measure(corpus, odb, db, runs):
    """CPU seconds of each program on a corpus, start-up included; alternating."""
    ours, theirs = [], []
    for _ in range(runs):
        argv = overt_command(odb, corpus["path"])
        ours.append(checked(Run(argv), argv, (0, 1, 3)))
        argv = clam_command(db, corpus["path"])
        theirs.append(checked(Run(argv), argv, (0, 1)))
    return ours, theirs


def median(runs, what="cpu"):
    return statistics.median(getattr(r, what) for r in runs)


def speed_table(rows, start_ours, start_theirs):
    lines = ["| corpus | files | MB | clamscan s | overt s | clamscan MB/s | overt MB/s | a file, clamscan | a file, overt | ratio |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for corpus, ours, theirs in rows:
        a = max(median(theirs) - start_theirs, 1e-4)
        b = max(median(ours) - start_ours, 1e-4)
        mb, n = corpus["bytes"] / MB, corpus["files"]
        lines.append(f"| {corpus['name']} | {n} | {mb:.1f} | {a:.2f} | {b:.3f} | {mb / a:.1f} | {mb / b:.1f} "
                     f"| {a / n * 1e6:.0f} us | {b / n * 1e6:.0f} us | {a / b:.1f} |")
    return lines


def verdict_lines(rows):
    lines = []
    for corpus, ours, theirs in rows:
        (found, unread), other = overt_verdicts(ours[-1]), clam_found(theirs[-1])
        missed, more = sorted(other - found), sorted(found - other)
        lines.append(f"- {corpus['name']}: clamscan reports {len(other)} files, overt {len(found)}; "
                     f"{len(missed)} only by clamscan{': ' + ', '.join(missed[:5]) if missed else ''}, "
                     f"{len(more)} only by overt{': ' + ', '.join(more[:5]) if more else ''}; "
                     f"overt could not read {unread} fully")
    return lines


def own_programs(runs):
    """Benchmark programs of the tree (bench/bench_*), as they print themselves."""
    build = os.path.join(ROOT, "build", "release")
    if subprocess.run(["meson", "configure", build, "-Dbench=true"], stdout=NOTHING, stderr=NOTHING,
                      check=False).returncode != 0:
        return []
    subprocess.run(["ninja", "-C", build], stdout=NOTHING, check=False)
    lines = []
    for program in sorted(glob.glob(os.path.join(build, "bench", "bench_*"))):
        if os.path.isfile(program) and os.access(program, os.X_OK):
            done = subprocess.run([program], cwd=ROOT, stdin=NOTHING, capture_output=True, text=True, timeout=600,
                                  env=dict(os.environ, OVERT_WORKER=OVERT + "-worker"), check=False)
            if done.returncode == 0:  # others are tools that want arguments
                lines += [f"$ {os.path.basename(program)}"] + done.stdout.strip().splitlines()[:20]
    return lines


def machine():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
        models = [line.split(":", 1)[1].strip() for line in f if line.startswith("model name")]
    return f"{len(models)} x {models[0] if models else platform.machine()}, Linux {platform.release()}"


def version_of(argv):
    try:
        lines = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()
    except OSError:
        return "absent"
    return lines[0] if lines else "unknown"


def build_database(db):
    odb = db + ".odb"
    argv = [OVERT, "db", "build", "-o", odb, db]
    run = checked(Run(argv), argv, (0,))
    return odb, run


def report(args, db, rows, starts, build, memory):
    odb = db + ".odb"
    with open(odb, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()[:16]
    lines = [f"Measured {datetime.date.today().isoformat()} on {machine()}; load {os.getloadavg()[0]:.1f}; "
             f"{version_of([OVERT, '--version'])}, {version_of(['clamscan', '--version'])}.",
             f"Command: `make bench{' SHARED=...' if args.shared else ''}`"
             f"{' (quick: small corpora)' if args.quick else ''}. Median of {args.runs} alternating runs; CPU seconds "
             "(user + system) of the whole process tree, start-up subtracted.",
             f"Database: {'real ClamAV signatures' if args.shared else 'a made-up small set'}; compiled "
             f"{os.path.getsize(odb) / MB:.1f} MB, {digest}, in {build.cpu:.2f} s.", ""]
    lines += speed_table(rows, median(starts[0]), median(starts[1])) + [""] + verdict_lines(rows) + [""]
    lines += ["| | clamscan | overt |", "|---|---|---|",
              f"| start-up and a 12-byte file, CPU | {median(starts[1]) * 1e3:.0f} ms | {median(starts[0]) * 1e3:.1f} ms |",
              f"| the same, elapsed | {median(starts[1], 'wall') * 1e3:.0f} ms | {median(starts[0], 'wall') * 1e3:.1f} ms |",
              f"| memory of its own at its highest (Private_Dirty of smaps, all processes) | {memory[1] / MB:.1f} MB | {memory[0] / MB:.1f} MB |"]
    own = own_programs(args.runs)
    if own:
        lines += ["", "```"] + own + ["```"]
    return lines


def write_document(lines):
    with open(DOCUMENT, encoding="utf-8") as f:
        text = f.read()
    head, rest = text.split(MARKS[0], 1)
    tail = rest.split(MARKS[1], 1)[1]
    with open(DOCUMENT, "w", encoding="utf-8") as f:
        f.write(head + MARKS[0] + "\n" + "\n".join(lines) + "\n" + MARKS[1] + tail)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shared", help="folder of ClamAV database files")
    p.add_argument("--quick", action="store_true", help="one run, small corpora")
    p.add_argument("--runs", type=int, help="runs of each program on each corpus (5)")
    p.add_argument("--only", help="only the corpus of this name")
    p.add_argument("--write", action="store_true", help="put the tables into docs/BENCHMARKS.md")
    args = p.parse_args()
    args.runs = args.runs or (1 if args.quick else 5)
    os.makedirs(WORK, exist_ok=True)
    adopt_orphans()
    db = database(args.shared)
    odb, build = build_database(db)
    starts = measure({"path": tiny_folder()}, odb, db, args.runs)
    rows = []
    for corpus in corpora(args.quick):
        if args.only and not corpus["name"].startswith(args.only):
            continue
        print(f"bench: {corpus['name']}: {corpus['files']} files, {corpus['bytes'] / MB:.0f} MB", file=sys.stderr)
        rows.append((corpus, *measure(corpus, odb, db, args.runs)))
    largest = rows[0][0]["path"] if rows else tiny_folder()
    memory = (Run(overt_command(odb, largest), watch=True).private, Run(clam_command(db, largest), watch=True).private)
    lines = report(args, db, rows, starts, build, memory)
    print("\n".join(lines))
    if args.write:
        write_document(lines)


if __name__ == "__main__":
    main()
