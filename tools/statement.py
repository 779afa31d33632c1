#!/usr/bin/env python3
"""Writes an in-toto statement (SLSA provenance v1) of programs that were built here: who built which bytes of what.

  tools/statement.py OUT --root DIR --version V [--commit ID] [--builder URI] [--builds N] PROGRAM...

One line of JSON, so that `overt publish sign OUT --key KEY` can sign it; `overt verify --self --attestation OUT` reads it.
--builds: how many independent builds gave these very bytes.
"""
import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import provenance  # noqa: E402

DEPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "deps.sh")


def digest(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def packages():
    """Versions of the packages that the build needs, where dpkg tells them."""
    with open(DEPS, encoding="utf-8") as f:
        text = f.read()
    names = text[text.index('[build]="') + 9:].split('"', 1)[0].split()
    try:
        out = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status} ${Package} ${Version} ${Architecture}\n", *names],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
    except FileNotFoundError:
        return []
    rows = [line.split() for line in out.splitlines() if line.startswith("installed ")]
    return [{"name": r[1], "uri": f"pkg:deb/debian/{r[1]}@{r[2]}?arch={r[3]}"} for r in sorted(rows)]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("out")
    a.add_argument("programs", nargs="+")
    for name in ("root", "version", "commit", "builder"):
        a.add_argument("--" + name, default="")
    a.add_argument("--builds", type=int, default=1)
    o = a.parse_args()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": os.path.basename(p), "digest": {"sha256": digest(p)}} for p in o.programs],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:overt:build:meson:1",
                "externalParameters": {"version": o.version, "commit": o.commit or provenance.commit_of(o.root),
                                       "source": provenance.source_digest(o.root), "options": ["--buildtype=release"]},
                "internalParameters": {"machine": platform.machine(), "builds": o.builds},
                "resolvedDependencies": packages()},
            "runDetails": {"builder": {"id": o.builder or "urn:overt:builder:unnamed"}}}}
    with open(o.out, "w", encoding="ascii", newline="\n") as f:
        f.write(json.dumps(statement, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
