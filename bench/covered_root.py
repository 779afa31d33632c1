#!/usr/bin/env python3
"""`overt covered` over a real Debian root: what it finds there that is not there, and what that costs.

  bench/covered_root.py PROGRAM WORKER ROOT      ROOT: for instance of debootstrap, or unpacked packages with their dpkg database

Exit 1 when anything at E3 or above is found. Needs a root without covered software, of course.
"""
import json
import os
import resource
import subprocess
import sys
import time


def main():
    program, worker, root = (os.path.abspath(a) for a in sys.argv[1:4])
    names = sum(len(folders) + len(files) for _, folders, files in os.walk(root))
    begun = time.monotonic()
    p = subprocess.run([program, "covered", "--format", "json", root], env=dict(os.environ, OVERT_WORKER=worker), capture_output=True, check=False)
    wall = time.monotonic() - begun
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(p.stdout)
    weak = [f for f in report["findings"] if f["grade"] < "E3"]
    found = [f for f in report["findings"] if f["grade"] >= "E3"]
    print(f"{names} names; {used.ru_utime + used.ru_stime:.1f} s CPU, {wall:.1f} s; {len(found)} found at E3 or above, {len(weak)} below, "
          f"{len(report['undetermined'])} undetermined, {len(report['unread'])} not read")
    for f in found + weak:
        print(" ", f["grade"], f["state"], f["product"], f["path"], [(e["kind"], e["value"], e["where"]) for e in f["evidence"]])
    reasons = {}
    for u in report["unread"]:
        reasons[u.get("detail", u["reason"])] = reasons.get(u.get("detail", u["reason"]), 0) + 1
    for why, n in sorted(reasons.items(), key=lambda x: -x[1])[:8]:
        print(f"  not read: {n} times {why}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
