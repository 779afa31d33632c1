#!/usr/bin/env python3
"""Holds overt to what the names of the samples say: found-, clean-, incomplete-.

  tools/check-samples.py build/bin/overt build/samples
"""
import json
import os
import subprocess
import sys

WORDS = {"found": "detected", "clean": "clean", "incomplete": "incomplete"}


def main():
    overt, folder = sys.argv[1:]
    done = subprocess.run([overt, "scan", "-d", "built-in", "--format", "jsonl", folder], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    if done.returncode != 1:
        sys.exit(f"exit code {done.returncode}, not 1\n{done.stderr.decode(errors='replace')}")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    seen = {os.path.basename(r["path"]): r for r in rows if "path" in r}
    bad = 0
    for name in sorted(os.listdir(folder)):
        want = WORDS[name.replace(".", "-").split("-")[0]]
        row = seen.pop(name, {"verdict": "not listed"})
        if row["verdict"] != want:
            bad += 1
            print(f"{name}: {row['verdict']}, not {want}: {json.dumps(row)}")
    for name in seen:
        bad += 1
        print(f"{name}: listed, but not there")
    if "summary" not in rows[-1]:
        bad += 1
        print("the last line is not the summary")
    print(f"samples: {bad} wrong")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
