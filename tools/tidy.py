#!/usr/bin/env python3
"""The clang-tidy gate: every C file of the build, two at a time; must be clean.

  tools/tidy.py             all files
  tools/tidy.py src/base    only files below these paths
  tools/tidy.py --changed   only files that differ from the branch main

A finding is mended, or silenced on its line with a reason: // NOLINT(check-name): why
"""
import concurrent.futures
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "tidy")
ONCE = os.path.join(BUILD, "once")
PARALLEL = 2
FILE_SECONDS = 300


def configure():
    """Clang's own build folder: gcc's flags would be unknown to clang-tidy. Generated files are made, nothing else."""
    env = dict(os.environ, CC="clang")
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, ROOT, "--buildtype=debug", "-Dtests=true", "-Dfuzz=true",
                        "-Db_sanitize=address", "-Db_lundef=false"],
                       env=env, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "build.ninja"], check=True, stdout=subprocess.DEVNULL)
    rules = subprocess.run(["ninja", "-C", BUILD, "-t", "targets", "all"], check=True, capture_output=True, text=True)
    made = [line.split(":")[0] for line in rules.stdout.splitlines() if line.endswith(": CUSTOM_COMMAND")
            and not line.startswith("meson-internal__")]
    if made:
        subprocess.run(["ninja", "-C", BUILD, "-j2", *made], check=True, stdout=subprocess.DEVNULL)


def once_each():
    """A list of commands with each file once: analysed twice in one process, clang-tidy 14 sees lists of arguments as not begun."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as f:
        rows = {os.path.realpath(os.path.join(r["directory"], r["file"])): r for r in reversed(json.load(f))}
    os.makedirs(ONCE, exist_ok=True)
    with open(os.path.join(ONCE, "compile_commands.json"), "w", encoding="utf-8") as f:
        json.dump(list(rows.values()), f)
    return set(rows)


def chosen(arguments):
    files = once_each()
    files = {f for f in files if f.startswith(ROOT + os.sep) and not f.startswith(os.path.join(ROOT, "build"))}
    if "--changed" in arguments:
        diff = subprocess.run(["git", "diff", "--name-only", "main"], cwd=ROOT, check=True, capture_output=True,
                              text=True).stdout.split()
        return sorted(files & {os.path.join(ROOT, f) for f in diff})
    below = [os.path.realpath(a) for a in arguments]
    return sorted(f for f in files if not below or any(f == b or f.startswith(b + os.sep) for b in below))


def tidy(path):
    try:
        done = subprocess.run(["clang-tidy-14", "--quiet", "-p", ONCE, path], capture_output=True, text=True,
                              timeout=FILE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return path, 1, f"no end within {FILE_SECONDS} s\n"
    return path, done.returncode, done.stdout + (done.stderr if done.returncode else "")


def main():
    configure()
    files = chosen(sys.argv[1:])
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for path, code, text in pool.map(tidy, files):
            if code != 0:
                bad += 1
                print(text.replace(ROOT + os.sep, ""), end="")
    print(f"tidy: {len(files) - bad} files clean, {bad} not")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
