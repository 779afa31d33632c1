#!/usr/bin/env python3
"""Holds `overt yara -E` against YARA-X (npm's @litko/yara-x) on the rules and files of yara_diff.py.

  yara_x_diff.py OVERT [--yarax FOLDER] [--seed N] [--rules N] [--files N] [--rounds N]

FOLDER holds node_modules/@litko/yara-x; default: $YARAX, else what node finds. Rules that YARA-X refuses, alone, are left out: it is
stricter on purpose. A pair is one rule on one file: whether it holds, and at which offsets its strings match. Exit 77, with the reason,
when node or the package is missing.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yara_diff

# Which bytes bound a word that is xored: YARA-X looks at them with the key, YARA 4.5 and overt as they are.
BOUNDARY = re.compile(r"fullword.*xor|xor.*fullword")
NODE = r"""
const x = require('@litko/yara-x'), fs = require('fs');
const [rules, folder] = process.argv.slice(2);
const all = JSON.parse(fs.readFileSync(rules)), good = all.filter(r => { try { x.compile(r[1]); return true } catch (e) { return false } });
const c = x.compile(good.map(r => r[1]).join('\n')), found = {};
for (const f of fs.readdirSync(folder))
  for (const r of c.scanFile(folder + '/' + f))
    found[f + '/' + r.ruleIdentifier] = [...new Set(r.matches.map(m => m.identifier + '@' + m.offset))].sort();
console.log(JSON.stringify({good: good.map(r => r[0]), found}));
"""


def overt_finds(overt, rules, folder):
    """{file/rule: sorted places}"""
    p = subprocess.run([overt, "yara", "-E", "-w", "-s", "--format", "ndjson", "-r", rules, folder], capture_output=True, text=True, check=False,
                       encoding="utf-8", errors="surrogateescape")
    found = {}
    for line in p.stdout.splitlines():
        row = json.loads(line)
        for r in row["rules"]:
            found[os.path.basename(row["path"]) + "/" + r["identifier"]] = sorted({f"{m['identifier']}@{m['offset']}" for m in r.get("strings", [])})
    return p.returncode, found, p.stderr


def one_round(args, node, seed):
    m = yara_diff.Maker(seed)
    with tempfile.TemporaryDirectory(prefix="yara-x-diff-") as top:
        folder, rules = os.path.join(top, "files"), os.path.join(top, "r.yar")
        os.mkdir(folder)
        for i in range(args.files):
            with open(os.path.join(folder, f"f{i:04}"), "wb") as f:
                f.write(m.data())
        texts = {f"r{i}": m.rule(i) for i in range(args.rules)}
        texts = {n: t for n, t in texts.items() if not BOUNDARY.search(t)}
        with open(os.path.join(top, "r.json"), "w", encoding="utf-8") as f:
            json.dump(list(texts.items()), f)
        p = subprocess.run([*node, os.path.join(top, "r.json"), folder], capture_output=True, text=True, check=False)
        if p.returncode != 0:
            print(p.stderr[:600])
            return 1, 0
        said = json.loads(p.stdout)
        with open(rules, "w", encoding="latin-1") as f:
            f.writelines(texts[n] for n in said["good"])
        code, found, err = overt_finds(os.path.abspath(args.overt), rules, folder)
        bad, told = 0, set()
        if code != 0:
            print(err[:600])
            bad += 1
        for key in sorted(set(found) | set(said["found"])):
            if found.get(key) == said["found"].get(key):
                continue
            bad += 1
            name = key.split("/")[1]
            if name not in told and len(told) < 4:
                told.add(name)
                print(f"--- seed {seed}, {key}: YARA-X {said['found'].get(key, 'does not hold')}, overt {found.get(key, 'does not hold')}\n{texts[name]}")
        return bad, len(said["good"]) * args.files


def main():
    a = argparse.ArgumentParser()
    a.add_argument("overt")
    a.add_argument("--yarax", default=os.environ.get("YARAX"))
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--rules", type=int, default=150)
    a.add_argument("--files", type=int, default=50)
    a.add_argument("--rounds", type=int, default=2)
    args = a.parse_args()
    if args.yarax:
        os.environ["NODE_PATH"] = os.path.join(os.path.abspath(args.yarax), "node_modules")
    if shutil.which("node") is None:
        print("node is not installed")
        return 77
    if subprocess.run(["node", "-e", "require('@litko/yara-x')"], capture_output=True, check=False).returncode != 0:
        print("node does not find @litko/yara-x: npm install @litko/yara-x in some folder, and name it with --yarax or in YARAX")
        return 77
    bad = pairs = 0
    with tempfile.TemporaryDirectory(prefix="yara-x-") as top:
        script = os.path.join(top, "x.js")
        with open(script, "w", encoding="utf-8") as f:
            f.write(NODE)
        for i in range(args.rounds):
            b, n = one_round(args, ["node", script], args.seed + i)
            bad, pairs = bad + b, pairs + n
    print(f"{pairs} pairs, {bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
