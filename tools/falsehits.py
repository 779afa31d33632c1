#!/usr/bin/env python3
"""Scans a whole Debian desktop and 300 popular npm packages with the built-in rules, and writes docs/FALSE_HITS.md.

  tools/falsehits.py [--overt PROGRAM] [--work DIR] [--keep] [--only debian|npm] [--packages N]

Needs Debian with apt, dpkg and npm, and the network: it fetches packages (some 1.6 GB), 40 at a time, unpacks them
without installing, scans with all severities, and deletes. Nothing in them is run. `--keep` keeps the packages in DIR.
What a person thinks of a hit stands in tools/falsehits-judged.tsv: rule, pattern of the path, judgement.
"""
import argparse
import datetime
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DESKTOPS = ["task-gnome-desktop", "task-kde-desktop"]
NPM_LIST = os.path.join(ROOT, "tools", "falsehits-npm.txt")
JUDGED = os.path.join(ROOT, "tools", "falsehits-judged.tsv")
PAGE = os.path.join(ROOT, "docs", "FALSE_HITS.md")
BATCH = 40


def run(args, **kw):
    return subprocess.run(args, capture_output=True, text=True, check=False, **kw)


class Total:
    """What was scanned of one kind of package, and what was found in it."""

    def __init__(self, what):
        self.what, self.wanted, self.packages, self.files, self.bytes, self.missing, self.hits, self.incomplete = what, 0, 0, 0, 0, [], [], 0

    def scan(self, overt, folder):
        """Scans a folder of unpacked packages; paths in the hits begin with the package's name."""
        p = run([overt, "scan", "-d", "built-in", "--all", "--report", "all", "--format", "jsonl", "--no-recent", "-j", "1", folder])
        lines = [json.loads(line) for line in p.stdout.splitlines()]
        if p.returncode not in (0, 1, 3) or not lines or "summary" not in lines[-1]:
            sys.exit(f"falsehits: overt failed with {p.returncode}: {p.stderr[-500:]}")
        self.files += lines[-1]["summary"]["files"]
        self.bytes += lines[-1]["summary"]["bytes"]
        self.incomplete += lines[-1]["summary"]["incomplete"]
        for row in lines[:-1]:
            for d in row["detections"] + row.get("reported", []):
                path = " > ".join([os.path.relpath(row["path"], folder), *d["layer"]])
                if d["name"].startswith("Overt."):
                    self.hits.append((d["name"], d["severity"], path))
                    print("hit:", d["name"], d["severity"], path, file=sys.stderr)


def closure(work):
    """Names and versions of all packages of the desktops, whatever this machine has installed."""
    status = os.path.join(work, "status")
    with open(status, "w", encoding="ascii"):
        pass
    p = run(["apt-get", "install", "-qq", "-y", "--print-uris", "-o", "Dir::State::status=" + status, *DESKTOPS])
    rows = re.findall(r"^'\S+' (\S+)_([^_\s]+)_\w+\.deb ", p.stdout, re.M)
    if not rows:
        sys.exit("falsehits: apt-get finds no packages; run apt-get update first\n" + p.stderr)
    return [f"{name}={version.replace('%3a', ':')}" for name, version in rows]


def find_deb(debs, package):
    name, version = package.split("=")
    stem = f"{name}_{version.replace(':', '%3a')}_"
    return next((os.path.join(debs, f) for f in os.listdir(debs) if f.startswith(stem)), None)


def debian(o, total, totals):
    debs, room = os.path.join(o.work, "debs"), os.path.join(o.work, "unpacked")
    os.makedirs(debs, exist_ok=True)
    packages = closure(o.work)[:o.packages]
    total.wanted = len(packages)
    for at in range(0, len(packages), BATCH):
        batch = packages[at:at + BATCH]
        want = [p for p in batch if find_deb(debs, p) is None]
        if want and run(["apt-get", "download", "-qq", *want], cwd=debs).returncode != 0:
            for p in want:  # one that is gone must not take the others with it
                run(["apt-get", "download", "-qq", p], cwd=debs)
        shutil.rmtree(room, ignore_errors=True)
        os.makedirs(room)
        for p in batch:
            deb = find_deb(debs, p)
            to = os.path.join(room, p.split("=")[0])
            if deb is None or run(["dpkg-deb", "-x", deb, to]).returncode != 0:
                total.missing.append(p)
                continue
            total.packages += 1
            if not o.keep:
                os.unlink(deb)
        total.scan(o.overt, room)
        save(o, totals)
        print(f"{at + len(batch)} of {len(packages)} packages, {total.files} files, {len(total.hits)} hits", file=sys.stderr)
    shutil.rmtree(room, ignore_errors=True)


def npm(o, total, totals):
    store, room = os.path.join(o.work, "npm"), os.path.join(o.work, "unpacked")
    os.makedirs(store, exist_ok=True)
    with open(NPM_LIST, encoding="ascii") as f:
        names = [line.strip() for line in f if line.strip() and not line.startswith("#")][:o.packages]
    total.wanted = len(names)
    for at in range(0, len(names), BATCH):
        shutil.rmtree(room, ignore_errors=True)
        for name in names[at:at + BATCH]:
            folder = os.path.join(store, name.replace("/", "+"))
            os.makedirs(folder, exist_ok=True)
            if not os.listdir(folder):
                run(["npm", "pack", "--silent", name], cwd=folder)
            tgz = os.listdir(folder)
            if not tgz:
                total.missing.append(name)
                continue
            with tarfile.open(os.path.join(folder, tgz[0])) as t:
                t.extractall(os.path.join(room, name.replace("/", "+")), filter="data")
            total.packages += 1
            if not o.keep:
                shutil.rmtree(folder)
        total.scan(o.overt, room)
        save(o, totals)
        print(f"{at + BATCH} of {len(names)} npm packages, {total.files} files, {len(total.hits)} hits", file=sys.stderr)
    shutil.rmtree(room, ignore_errors=True)


def judgement(rule, path):
    with open(JUDGED, encoding="utf-8") as f:
        for line in f:
            if line.startswith("#") or line.count("\t") != 2:
                continue
            its, pattern, words = line.rstrip("\n").split("\t")
            if its == rule and fnmatch.fnmatch(path, pattern):
                return words
    return "**not judged yet**"


def page(totals, rules, version):
    day = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    out = ["# False hits of the built-in rules", "",
           f"Measured {day} by `make falsehits` with {version}: {rules} rules, all severities. The packages are those of the desktops",
           f"{' and '.join(DESKTOPS)} of Debian 12 with all that they depend on or recommend, unpacked and not installed, and the npm packages of",
           "`tools/falsehits-npm.txt`. Signatures of test files and heuristics are not counted.", "",
           "| | packages | files | bytes | malware | suspicious | unwanted | not fully read |", "|---|---|---|---|---|---|---|---|"]
    for t in totals:
        n = {s: sum(1 for h in t.hits if h[1] == s) for s in ("malware", "suspicious", "unwanted")}
        out.append(f"| {t.what} | {t.packages:,} of {t.wanted:,} | {t.files:,} | {t.bytes:,} | {n['malware']} | {n['suspicious']} | {n['unwanted']} | {t.incomplete:,} |")
    missing = [m for t in totals for m in t.missing]
    out += ["", f"Not to be had, or not unpacked: {', '.join(missing) if missing else 'none'}.", "", "## Each hit"]
    hits = sorted({h for t in totals for h in t.hits})
    if not hits:
        out += ["", "None."]
    else:
        out += ["", "| rule | severity | file | judgement |", "|---|---|---|---|"]
        out += [f"| {r} | {s} | `{p.replace('|', '/')}` | {judgement(r, p)} |" for r, s, p in hits]
    return "\n".join(out) + "\n"


def save(o, totals):
    """Writes the page, after each batch: what is there when it is stopped is true as well."""
    rules = run([o.overt, "db", "list", "--json", "built-in"]).stdout.count('"name":"Overt.')
    text = page(totals, rules, run([o.overt, "--version"]).stdout.strip().splitlines()[0])
    with open(o.out, "w", encoding="utf-8") as f:
        f.write(text)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--overt", default=os.path.join(ROOT, "build", "bin", "overt"))
    a.add_argument("--work", default="/tmp/overt-falsehits")
    a.add_argument("--out", default=PAGE)
    a.add_argument("--keep", action="store_true")
    a.add_argument("--only", choices=["debian", "npm"])
    a.add_argument("--packages", type=int)
    o = a.parse_args()
    lacking = [t for t in (o.overt, "apt-get", "dpkg-deb", "npm") if shutil.which(t) is None]
    if lacking:
        sys.exit("falsehits: this machine lacks " + ", ".join(lacking))
    os.makedirs(o.work, exist_ok=True)
    totals = []
    for what, fn in (("debian", debian), ("npm", npm)):
        if o.only in (None, what):
            totals.append(Total({"debian": "Debian desktop", "npm": "npm"}[what]))
            fn(o, totals[-1], totals)
    if not o.keep:
        shutil.rmtree(o.work)
    bad = sum(1 for t in totals for h in t.hits if h[1] == "malware")
    print(f"falsehits: {bad} hits of severity malware; {o.out}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
