#!/usr/bin/env python3
"""Two builds of overt, the same files: do both list the same matches?

  same_results.py OLD NEW --db FOLDER [--files N] PATH...

OLD and NEW are programs `overt` (each beside its own overt-worker). FOLDER holds signature files. With --all, both scan
the files below each PATH, and up to N files that this script makes from the database's own logical and extended
signatures: each holds what some rules ask for, a few of their bytes changed, so that rules match, nearly match and wake
for nothing. Those are scanned with a database in which places and targets are open, so that they can match at all.
Says each file that differs; exit 1 if there is one. For changes to the matcher that must not change any result.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

KEPT = ("path", "verdict", "type", "size")
HEX = re.compile(r"[0-9a-fA-F?{}()|*\-\[\]!]+$")


def results(program, odb, paths):
    """File -> what was said of it, without what may differ from run to run."""
    argv = [program, "scan", "-j", "1", "--all", "--format", "jsonl", "-d", odb, *paths]
    env = dict(os.environ, OVERT_WORKER=program + "-worker")
    out = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=env, check=False)
    if out.returncode not in (0, 1, 2, 3):
        sys.exit(f"{program}: {out.stderr.decode(errors='replace')}")
    found = {}
    for line in out.stdout.splitlines():
        row = json.loads(line)
        if "path" not in row:
            continue
        hits = sorted(json.dumps(d, sort_keys=True) for d in row["detections"])
        holes = sorted(json.dumps(d, sort_keys=True) for d in row["incomplete"] if d["reason"] != "limit-time")
        found[row["path"]] = ({k: row.get(k) for k in KEPT}, hits, holes)
    return found


def build(program, folder, to):
    env = dict(os.environ, OVERT_WORKER=program + "-worker")
    done = subprocess.run([program, "db", "build", "-o", to, folder], capture_output=True, env=env, check=False)
    if not os.path.exists(to):
        sys.exit(f"{program} db build: {done.stderr.decode(errors='replace')[-500:]}")


def expand(text, dice):
    """Bytes that a ClamAV body matches, or None for what this script does not read."""
    out = bytearray()
    while text:
        if text.startswith("{") or text.startswith("["):
            end = text.find("}" if text[0] == "{" else "]")
            bounds = re.fullmatch(r"(\d*)(-?)(\d*)", text[1:end])
            if end < 0 or bounds is None:
                return None
            least = int(bounds[1] or 0)
            most = least if not bounds[2] else int(bounds[3]) if bounds[3] else least + 40
            out += dice.randbytes(dice.randint(least, min(max(most, least), least + 40)))
            text = text[end + 1:]
        elif text.startswith("("):
            end = text.find(")")
            first = text[1:end].split("|")
            if end < 0 or text[1] in "BLW" or "(" in text[1:end]:
                return None
            part = expand(dice.choice(first), dice)
            if part is None:
                return None
            out += part
            text = text[end + 1:]
        elif text[0] == "*":
            out += dice.randbytes(dice.randint(0, 30))
            text = text[1:]
        elif len(text) >= 2 and "!" not in text[:2]:
            pair = "".join(dice.choice("0123456789abcdef") if c == "?" else c for c in text[:2])
            try:
                out.append(int(pair, 16))
            except ValueError:
                return None
            text = text[2:]
        else:
            return None
    return bytes(out)


def bodies(line):
    """The subsignatures' bodies of a line, with wide ones made wide."""
    fields = line.split(";")
    if len(fields) < 4:
        return []
    made = []
    for sub in fields[3:]:
        sub, _, flags = sub.partition("::")
        sub = sub.split(":", 1)[1] if ":" in sub else sub
        if "/" in sub or "#" in sub or not HEX.match(sub):
            continue
        if "w" in flags and "a" not in flags and re.fullmatch(r"[0-9a-fA-F]+", sub):
            sub = "".join(sub[i:i + 2] + "00" for i in range(0, len(sub), 2))
        made.append(sub)
    return made


def opened(line):
    """The same rule for any file and place."""
    fields = line.split(";")
    if len(fields) < 4:
        return None
    fields[1] = "Engine:51-255,Target:0"
    fields[3:] = [re.sub(r"^(EP|S\d+|SL|SE\d+|EOF|\d+|VI)[^:;/#]*:(?=[0-9a-fA-F?])", "", f) for f in fields[3:]]
    return ";".join(fields)


def make_files(db, folder, count):
    """Files in folder/files, their open database in folder/open."""
    lines = []
    for name in sorted(os.listdir(db)):
        if name.endswith(".ldb"):
            with open(os.path.join(db, name), encoding="latin-1") as f:
                lines += [line.rstrip("\r\n") for line in f]
    dice = random.Random(7)
    lines = [x for x in lines if opened(x)]
    os.makedirs(os.path.join(folder, "files"))
    os.makedirs(os.path.join(folder, "open"))
    with open(os.path.join(folder, "open", "open.ldb"), "w", encoding="latin-1") as f:
        f.writelines(opened(x) + "\n" for x in lines)
    for i in range(count):
        out = bytearray(dice.randbytes(dice.randint(0, 300)))
        for line in dice.sample(lines, min(len(lines), dice.randint(1, 6))):
            for body in bodies(line):
                part = bytearray(expand(body, dice) or b"")
                if part and dice.random() < 0.08:
                    part[dice.randrange(len(part))] ^= 1 << dice.randrange(8)
                out += part * (dice.randint(1, 3)) + dice.randbytes(dice.randint(0, 20))
        with open(os.path.join(folder, "files", f"{i:05}"), "wb") as f:
            f.write(out)


def compare(old, new, what):
    hits = sum(len(row[1]) for row in new.values())
    bad = [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]
    print(f"{what}: {len(new)} files, {hits} matches, {len(bad)} differ")
    for path in bad[:10]:
        print(f"  {path}\n    old {old.get(path)}\n    new {new.get(path)}")
    return len(bad)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("old")
    p.add_argument("new")
    p.add_argument("--db", required=True)
    p.add_argument("--files", type=int, default=3000)
    p.add_argument("paths", nargs="*")
    args = p.parse_intermixed_args()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        make_files(args.db, folder, args.files)
        for what, db, paths in (("made", os.path.join(folder, "open"), [os.path.join(folder, "files")]),
                                ("given", args.db, args.paths)):
            found = []
            for name in ("old", "new") if paths else ():
                odb = os.path.join(folder, f"{what}-{name}.odb")
                build(getattr(args, name), db, odb)
                found.append(results(getattr(args, name), odb, paths))
            bad += compare(*found, what) if found else 0
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
