#!/usr/bin/env python3
"""The module pe against Debian's yara: every field that `yara -D` prints, on made programs and on files given.

    yara_pe_diff.py YMOD_DUMP [--fuzz N] [FILE...]

Without yara it says so and passes. Differences that are meant are in KNOWN.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "samples"))
sys.path.insert(0, os.path.join(HERE, "..", "ymod"))
import dumped  # noqa: E402
import programs  # noqa: E402

LINE = re.compile(r"^(\t*)(?:\[(\d+)\]|(.*?))(?: = (.*))?$", re.S)


def shown(value):
    """A value as yara -D prints it."""
    if isinstance(value, (int, float)):
        return str(int(value))
    return '"' + "".join(chr(b) if 0x20 <= b < 0x7F else "\\x%02x" % b for b in value) + '"'


def parse(text):
    """yara -D: {path: text of the value}."""
    values, stack = {}, []
    for line in text.split("\n"):
        m = LINE.match(line)
        if not line or not m or not m.group(1) and line != "pe":
            continue
        depth = len(m.group(1))
        name = "[%s]" % m.group(2) if m.group(2) is not None else m.group(3)
        del stack[depth:]
        if m.group(4) is not None:
            values[join(stack + [name])] = m.group(4)
        else:
            stack.append(name)
    return values


def join(parts):
    out = parts[0]
    for p in parts[1:]:
        out += p if p.startswith("[") else "." + p
    return out


def straighten(values):
    """In 4.2.3 the functions of a library are numbered on from those before it, and counted with them; undo both."""
    out, before = {}, {}
    total = 0
    for key, v in values.items():
        m = re.match(r"pe\.import_details\[(\d+)\]\.number_of_functions$", key)
        if m:
            before[m.group(1)], total = total, int(v)
            v = str(total - before[m.group(1)])
        m = re.match(r"(pe\.import_details\[(\d+)\]\.functions\[)(\d+)(\].*)$", key)
        if m:
            key = m.group(1) + str(int(m.group(3)) - before.get(m.group(2), 0)) + m.group(4)
        out[key] = v
    return out


def theirs(path, rule):
    r = subprocess.run(["yara", "-D", rule, path], capture_output=True, timeout=120)
    return straighten(parse(r.stdout.decode("latin-1")))


def ours(tool, path):
    r = subprocess.run([tool, "pe", path], capture_output=True, timeout=240)
    if r.returncode != 0:
        raise RuntimeError(r.stderr.decode("latin-1"))
    # keys of dictionaries are printed as they are, with what ends lines elsewhere
    text = re.sub(r"[\x0b\x0c\r\x1c-\x1e\x85]", "?", r.stdout.decode("latin-1"))
    return dumped.parse("\n".join(x for x in text.split("\n") if " = " in x or x.startswith("! ")))


def differences(tool, path, rule):
    a, b = theirs(path, rule), ours(tool, path)
    out = []
    for key, v in a.items():
        if re.match(r"pe\.[A-Z][A-Z0-9_]+$", key):
            continue  # constants
        if key.startswith("pe.version_info."):
            key = 'pe.version_info["%s"]' % key[len("pe.version_info."):]
        got = shown(b[key]) if key in b else "YR_UNDEFINED"
        if got != v:
            out.append((key, v, got))
    lists = set(re.sub(r"\d+", "#", k) for k in a)
    for key in b:  # elements that yara does not have
        if key != "!" and re.sub(r"\d+", "#", key) in lists and key not in a:
            out.append((key, "(none)", shown(b[key])))
    return out


def main():
    tool, args = sys.argv[1], sys.argv[2:]
    fuzz = int(args.pop(args.index("--fuzz") + 1)) if "--fuzz" in args else 0
    files = [a for a in args if a != "--fuzz"]
    if shutil.which("yara") is None:
        print("no yara here: nothing to compare with")
        return 0
    bad = n = 0
    with tempfile.TemporaryDirectory() as d:
        rule, made = os.path.join(d, "r.yar"), os.path.join(d, "made.exe")
        with open(rule, "w") as f:
            f.write('import "pe" rule r { condition: true }')

        def look(name, path):
            nonlocal bad, n
            n += 1
            diff = differences(tool, path, rule)
            bad += bool(diff)
            for key, v, got in diff[:8]:
                print("%s: %s: yara %s, overt %s" % (name, key, v[:100], got[:100]))

        for name, data in programs.samples(fuzz):
            with open(made, "wb") as f:
                f.write(data)
            look(name, made)
        for path in files:
            look(path, path)
    print("%d files, %d differ" % (n, bad))
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
