#!/usr/bin/env python3
"""Holds src/tlog against Go's x/mod/sumdb/{note,tlog}, both ways: interop.py TLOG_TOOL

Debian's packages golang-go and golang-golang-x-mod-dev are enough; without them the test is skipped (exit 77).
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
VKEY = "overt.example/db+403cddc6+AcM3/Vv1m17vhBDw3R+nh/dXhEv+g40c1UwoKWsI6iZg"


def build_go(folder):
    """Debian keeps Go libraries as a GOPATH of its own: the program goes into another beside it."""
    gocode = "/usr/share/gocode"
    if not shutil.which("go") or not os.path.isdir(gocode + "/src/golang.org/x/mod/sumdb/tlog"):
        print("skipped: Go, or its x/mod library, is not installed")
        sys.exit(77)
    source = os.path.join(folder, "src", "interop")
    os.makedirs(source)
    shutil.copy(os.path.join(HERE, "interop", "main.go"), source)
    env = dict(os.environ, GO111MODULE="off", GOPROXY="off", GOPATH=f"{folder}:{gocode}", GOCACHE=folder + "/cache",
               GOFLAGS="-p=1")
    subprocess.run(["go", "build", "-o", folder + "/go-tool", "interop"], env=env, cwd=source, check=True, timeout=280)
    return folder + "/go-tool"


def run(tool, *args, text=""):
    p = subprocess.run([tool, *map(str, args)], input=text, capture_output=True, text=True, timeout=60)
    if p.returncode != 0:
        raise SystemExit(f"{tool} {args}: {p.stderr}")
    return p.stdout


def same(what, a, b):
    if a != b:
        raise SystemExit(f"{what}: ours\n{a}\nGo's\n{b}")


def damage(lines, rng):
    """One character of one hash is another."""
    at = rng.randrange(len(lines))
    text = lines[at]
    k = rng.randrange(len(text) - 2)
    other = "A" if text[k] != "A" else "B"
    return lines[:at] + [text[:k] + other + text[k + 1:]] + lines[at + 1:]


def trees(ours, go, rng, sizes):
    checks = 0
    for n in sizes:
        same(f"root of {n}", run(ours, "root", n), run(go, "root", n))
        for _ in range(3):
            i, m = rng.randrange(n), rng.randrange(1, n + 1)
            for make, check, x in (("prove", "verify", i), ("grow", "verify-grow", m)):
                a, b = run(ours, make, x, n), run(go, make, x, n)
                same(f"{make} {x} {n}", a, b)
                same(f"{check} {x} {n}", run(ours, check, x, n, text=b), "good\n")
                same(f"{check} {x} {n} by Go", run(go, check, x, n, text=a), "good\n")
                checks += 4
                if a:
                    wrong = "\n".join(damage(a.splitlines(), rng)) + "\n"
                    if run(ours, check, x, n, text=wrong) == "good\n" or run(go, check, x, n, text=wrong) == "good\n":
                        raise SystemExit(f"{check} {x} {n}: a damaged proof was taken")
                    checks += 2
    return checks


def notes(ours, go, rng):
    ours_text, go_text = run(ours, "checkpoint", 300), run(go, "checkpoint", 300)
    same("a signed checkpoint", ours_text, go_text)
    same("ours, opened by Go", run(go, "open", VKEY, text=ours_text).split()[0], "good")
    same("Go's, opened by us", run(ours, "open", VKEY, text=go_text), run(go, "open", VKEY, text=ours_text))
    for _ in range(40):  # what one refuses the other refuses
        k = rng.randrange(len(ours_text))
        other = chr(rng.choice(b"Aa0+/=\n \xc2\xa0-"))
        changed = ours_text[:k] + other + ours_text[k + 1:]
        if changed == ours_text:
            continue
        a, b = run(ours, "open", VKEY, text=changed), run(go, "open", VKEY, text=changed)
        same(f"a changed note {changed!r}", a.startswith("good"), b.startswith("good"))
    return 43


def main():
    ours = os.path.abspath(sys.argv[1])
    rng = random.Random(20261122)
    with tempfile.TemporaryDirectory() as folder:
        go = build_go(folder)
        sizes = [1, 2, 3, 4, 7, 8, 9, 255, 256, 257, 300, 513] + [rng.randrange(1, 2000) for _ in range(6)]
        done = trees(ours, go, rng, sizes) + notes(ours, go, rng)
    print(f"{done} comparisons with Go's x/mod, no difference")


main()
