#!/usr/bin/env python3
"""The twelve cases of tests/covered/twelve.py shown to overt, to cdxgen (npm, @cyclonedx/cdxgen) and to what Debian has for the purpose: which
of them names the covered party in what it finds. Prints a table for docs/COVERED.md.

  bench/covered_rivals.py PROGRAM WORKER CDXGEN [BEGINNING OF A CASE'S NAME]

"names it" for a tool that makes lists: a component, supplier, author or package in its output bears the name (or the package's own name); for
dpkg-query and strings | grep: its output does. What is judged is only whether a reader would find it there.
"""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/covered"))
import twelve  # noqa: E402

NAME = re.compile(rb"kaspersky|klnagent|kavsdk|base001\.kdc|\xd0\x90\xd0\xbd\xd1\x82\xd0\xb8\xd0\xb2\xd0\xb8\xd1\x80\xd1\x83\xd1\x81", re.I)

CASES = [
    ("1 package in a root", twelve.package, ()), ("2 image, hidden by a later layer", twelve.whiteout, ()),
    ("3 PE, company's name only", twelve.program, ()), ("4 PE, forged signature", twelve.forged, ()), ("5 PE, known key", twelve.trusted, ()),
    ("6 firmware (squashfs)", twelve.firmware, ()), ("7 SBOM, part of a part", twelve.bom_cyclonedx, ()), ("8 open-source UI kit", twelve.open_source, ()),
    ("9 Windows registry", twelve.registry, ("20-11-2026 00-00-00",)), ("10 remains", twelve.remains, ()), ("11 decoys", twelve.decoys, ()),
    ("12 Junos settings", twelve.appliance, ("12.1X46-D40.2", "kaspersky-lab-engine")), ("12 app with the SDK", twelve.android, ()),
]


def overt(program, worker, target, lists):
    env = dict(os.environ, OVERT_WORKER=worker)
    extra = [a for name in lists for a in ("--list", name)]
    p = subprocess.run([program, "covered", "--format", "json", *extra, target], env=env, capture_output=True, timeout=300, check=False)
    best = {}
    for f in json.loads(p.stdout)["findings"]:
        best.setdefault(f["grade"], f)
    if not best:
        return "nothing"
    f = best[max(best)]
    return f"{f['grade']} {f['class']} {f['state']}"


def cdxgen(program, target, out):
    folder = target
    if os.path.isfile(target):  # it takes folders
        folder = out + ".d"
        os.makedirs(folder)
        shutil.copy(target, folder)
    kind = ["-t", "oci-dir"] if os.path.exists(os.path.join(folder, "index.json")) else []
    if os.path.exists(os.path.join(folder, "var/lib/dpkg")):
        kind = ["-t", "rootfs"]
    env = dict(os.environ, CDXGEN_TELEMETRY="false", FETCH_LICENSE="false", HOME=os.path.dirname(out))
    p = subprocess.run([program, "--no-install-deps", "-r", *kind, "-o", out, folder], env=env, capture_output=True, timeout=600, check=False)
    if not os.path.exists(out):
        return f"no output (exit {p.returncode})"
    with open(out, "rb") as f:
        bom = json.load(f)
    parts = bom.get("components", [])
    hits = [c for c in parts if NAME.search(json.dumps({k: c.get(k) for k in ("name", "group", "purl", "author", "publisher", "supplier", "authors")}).encode())]
    return f"{len(hits)} of {len(parts)} components" if parts else "no components"


def debian(target):
    """dpkg-query on a root; file and strings on a file."""
    if os.path.isdir(os.path.join(target, "var/lib/dpkg")):
        p = subprocess.run(["dpkg-query", "--admindir", os.path.join(target, "var/lib/dpkg"), "-W"], capture_output=True, check=False)
        return "dpkg-query names it" if NAME.search(p.stdout) else "dpkg-query: no"
    paths = [target] if os.path.isfile(target) else [os.path.join(d, n) for d, _, names in os.walk(target) for n in names]
    n = 0
    for path in paths:
        text = b"".join(subprocess.run(["strings", "-e", e, path], capture_output=True, check=False).stdout for e in ("S", "l"))
        n += NAME.search(text) is not None
    return f"strings: {n} of {len(paths)} files" if n else "strings: no"


def version(program):
    p = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", p.stdout + p.stderr)
    return found[0] if found else "?"


def main():
    program, worker, other = (os.path.abspath(a) for a in sys.argv[1:4])
    print(f"{datetime.date.today()}: overt {version(program)}, cdxgen {version(other)}, Debian's dpkg-query and strings\n")
    print("| case | overt | cdxgen | Debian |\n|---|---|---|---|")
    for title, maker, args in (c for c in CASES if c[0].startswith("".join(sys.argv[4:5]))):
        with tempfile.TemporaryDirectory(prefix="ov-rivals-") as d:
            try:
                target = maker(d, *args)
            except twelve.Missing as e:
                print(f"| {title} | {e} is not installed | | |")
                continue
            lists = []
            if isinstance(target, tuple):
                target, known = target
                lists = [known]
            print(f"| {title} | {overt(program, worker, target, lists)} | {cdxgen(other, target, os.path.join(d, 'cdx.json'))} | {debian(target)} |", flush=True)


if __name__ == "__main__":
    main()
