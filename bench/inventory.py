#!/usr/bin/env python3
"""CPU seconds of `overt inventory` over 100,000 files with a warm cache; the goal is under 10.

  bench/inventory.py PROGRAM WORKER [ROOT]    ROOT: an existing root instead of one made here

The made root has a dpkg database of 1,000 packages with 100 files each: programs, texts, data of a few KiB.
"""
import os
import resource
import subprocess
import sys
import tempfile
import time

GOAL = 10.0


def make(root):
    elf = open("/proc/self/exe", "rb").read(8192)
    status = []
    info = os.path.join(root, "var/lib/dpkg/info")
    os.makedirs(info)
    for p in range(1000):
        name = f"package{p:04}"
        status.append(f"Package: {name}\nStatus: install ok installed\nMaintainer: x\nArchitecture: amd64\nVersion: 1.{p}\n")
        folder = os.path.join(root, "usr/lib", name)
        os.makedirs(folder)
        paths = []
        for i in range(100):
            kind = ("so", "conf", "py", "h", "dat")[i % 5]
            path = os.path.join(folder, f"f{i}.{kind}")
            with open(path, "wb") as f:
                f.write(elf if kind == "so" and i < 20 else (b"text %d of a file\n" % i) * 150)
            paths.append(path[len(root):])
        with open(os.path.join(info, name + ".list"), "w", encoding="ascii") as f:
            f.write("\n".join(paths) + "\n")
    with open(os.path.join(root, "var/lib/dpkg/status"), "w", encoding="ascii") as f:
        f.write("\n".join(status))


def measure(program, worker, root):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    p = subprocess.run([program, "inventory", "--json", "--root", root], env=dict(os.environ, OVERT_WORKER=worker),
                       stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, time.monotonic() - start, p.returncode


def main():
    program, worker = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as made:
        root = sys.argv[3] if len(sys.argv) > 3 else made
        if root == made:
            make(root)
        files = sum(len(f) for _, _, f in os.walk(root))
        measure(program, worker, root)  # warms the cache
        cpu, wall, code = min(measure(program, worker, root) for _ in range(3))
    each = cpu * 100000 / files
    print(f"{files} files: {cpu:.2f} s CPU, {wall:.2f} s, exit {code}; {each:.2f} s CPU for 100,000 (goal: under {GOAL:.0f})")
    return 0 if each < GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
