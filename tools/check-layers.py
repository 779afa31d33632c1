#!/usr/bin/env python3
"""Holds docs/ARCHITECTURE.md's folder table against the tree, and the tree to the house's sizes.

  tools/check-layers.py [ROOT]       quiet and 0 when all is true; else one line for each thing that is not
  tools/check-layers.py --self-test  makes small broken trees and sees that each is refused

A row's first cell is a folder of src/, or a pattern of files in it (`sandbox/worker*`) that may use more. "May use"
names other folders, or "front door" (include/overt); "libraries" names headers that may be included in <>, by prefix.
"""
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

TABLE_HEAD = ["folder", "what it is", "may use", "libraries", "may not"]
FRONT = "front door"
FILE_LINES, FUNCTION_LINES = 700, 90
# External libraries stand behind few folders; other <headers> are the C library's or the kernel's.
EXTERNAL = ("openssl/", "zlib.h", "libdeflate.h", "lzma.h", "bzlib.h", "zstd", "lz4", "archive", "pcre2", "seccomp.h", "jansson.h",
            "curl/", "png.h", "jpeglib.h", "gif_lib.h", "webp/", "magic.h", "microhttpd.h", "mspack.h", "sqlite3.h")
SELF = os.path.abspath(__file__)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def cells(line):
    return [c.strip().strip("`") for c in line.strip().strip("|").split("|")]


def names(cell):
    """The words of a cell, without remarks in brackets: "base, match (types only)" -> {base, match}."""
    plain = re.sub(r"\([^)]*\)", "", cell).replace("`", "")
    return {w.strip() for w in plain.split(",")} - {"", "-"}


def read_table(root, problems):
    path = os.path.join(root, "docs", "ARCHITECTURE.md")
    rows, inside = {}, False
    for line in read(path).splitlines() if os.path.exists(path) else []:
        if not line.startswith("|"):
            inside = False
        elif [c.lower() for c in cells(line)] == TABLE_HEAD:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            folder, _, may_use, libraries, _ = (cells(line) + [""] * 5)[:5]
            rows[folder] = (names(may_use), names(libraries))
    if not rows:
        problems.append("docs/ARCHITECTURE.md: no folder table found")
    return rows


def c_files(root, *tops):
    for top in tops:
        for folder, _, files in sorted(os.walk(os.path.join(root, top))):
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def row_for(rows, path):
    """The narrowest row for a file: sandbox/worker* before sandbox."""
    inner = path.split("/", 1)[1]
    fits = [r for r in rows if "/" in r and fnmatch.fnmatch(inner, r)]
    return max(fits, key=len) if fits else inner.split("/")[0]


def check_folders(root, rows, problems):
    tree = {d for d in os.listdir(os.path.join(root, "src")) if os.path.isdir(os.path.join(root, "src", d))}
    for folder in sorted(tree - set(rows)):
        problems.append(f"src/{folder}: not in docs/ARCHITECTURE.md's table")
    for row in sorted(rows):
        if row.split("/")[0] not in tree:
            problems.append(f"docs/ARCHITECTURE.md: no folder src/{row.split('/')[0]}")
        elif "/" in row and not any(fnmatch.fnmatch(p.split("/", 1)[1], row) for p in c_files(root, "src")):
            problems.append(f"docs/ARCHITECTURE.md: no file fits src/{row}")
        for used in sorted(rows[row][0]):
            if used != FRONT and used not in tree:
                problems.append(f"docs/ARCHITECTURE.md: {row} may use {used}, which is not a folder of src/")


def homes_of_headers(root, problems):
    homes = {}
    for path in c_files(root, "src"):
        if path.endswith(".h"):
            name = os.path.basename(path)
            if name in homes:
                problems.append(f"{path}: a header of this name is also in src/{homes[name]}")
            homes[name] = path.split("/")[1]
    return homes


def check_includes(root, rows, problems):
    homes = homes_of_headers(root, problems)
    for path in c_files(root, "src"):
        row = row_for(rows, path)
        may_use, libraries = rows.get(row, (set(), set()))
        own = path.split("/")[1]
        for number, line in enumerate(read(os.path.join(root, path)).splitlines(), 1):
            m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not m:
                continue
            name = m.group(2)
            if m.group(1) == "<" and not name.startswith("overt/"):
                if name.startswith(EXTERNAL) and not name.startswith(tuple(libraries) or ("\0",)):
                    problems.append(f"{path}:{number}: <{name}> may not be used in {row}")
                continue
            home = FRONT if name.startswith("overt/") else homes.get(os.path.basename(name))
            if home is not None and home != own and home not in may_use:
                problems.append(f"{path}:{number}: {row} may not use {home} ({name})")
            elif home is not None and home != own and name.endswith("_int.h"):
                problems.append(f"{path}:{number}: {name} is for src/{home} alone")


def check_meson(root, rows, problems):
    """Each inc_NAME in a folder's meson.build must be allowed to that folder, or to the row its sources fit."""
    for folder in sorted(os.listdir(os.path.join(root, "src"))):
        path = os.path.join(root, "src", folder, "meson.build")
        if not os.path.exists(path):
            continue
        text = re.sub(r"#.*", "", read(path))
        widest = set()
        for row in rows:
            if row.split("/")[0] == folder:
                widest |= rows[row][0]
        for name in sorted(set(re.findall(r"\binc_(\w+)", text))):
            used = FRONT if name == "front" else name
            if used != folder and used not in widest:
                problems.append(f"src/{folder}/meson.build: {folder} may not see inc_{name}")


def check_sizes(root, problems):
    for path in c_files(root, "src", "include", "tests", "fuzz", "bench"):
        lines = read(os.path.join(root, path)).splitlines()
        if len(lines) > FILE_LINES:
            problems.append(f"{path}: {len(lines)} lines; at most {FILE_LINES}")
        begun = None
        for number, line in enumerate(lines, 1):  # the brace style puts a function's braces, and no others, in column 1
            if line == "{":
                begun = number
            elif line == "}" and begun is not None:
                if number - begun - 1 > FUNCTION_LINES:
                    problems.append(f"{path}:{begun}: a function of {number - begun - 1} lines; at most {FUNCTION_LINES}")
                begun = None


def all_files(root):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root,
                            capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    found = []
    for folder, dirs, files in os.walk(root):
        dirs[:] = [d for d in dirs if not d.startswith(("build", ".git"))]
        found += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return found


def check_machine_paths(root, problems):
    """Nothing in the tree may name a folder of the machine on which it was written."""
    marks = ["/" + "work/", "/" + "root/", os.path.abspath(root) + os.sep]
    for path in all_files(root):
        full = os.path.join(root, path)
        if not os.path.isfile(full) or os.path.islink(full):
            continue
        with open(full, "rb") as f:
            data = f.read(1 << 20)
        if b"\0" in data:
            continue
        for mark in marks:
            if mark.encode() in data:
                problems.append(f"{path}: names a path of one machine ({mark})")


def check(root):
    problems = []
    rows = read_table(root, problems)
    if os.path.isdir(os.path.join(root, "src")):
        check_folders(root, rows, problems)
        check_includes(root, rows, problems)
        check_meson(root, rows, problems)
    check_sizes(root, problems)
    check_machine_paths(root, problems)
    return problems


GOOD = {
    "docs/ARCHITECTURE.md": "| folder | what it is | may use | libraries | may not |\n|---|---|---|---|---|\n"
                            "| `ground` | ground | - | `zlib.h` | - |\n| `top` | top | ground | - | - |\n"
                            "| `top/door*` | door | ground, front door | - | - |\n",
    "src/ground/g.h": "int g(void);\n",
    "src/ground/g_int.h": "int inside(void);\n",
    "src/ground/g.c": '#include "g.h"\n#include <zlib.h>\n#include <stdio.h>\n',
    "src/ground/meson.build": "inc_ground = include_directories('.')\n",
    "src/top/t.h": "\n",
    "src/top/t.c": '#include "t.h"\n#include "g.h"\n',
    "src/top/door.c": '#include <overt/x.h>\n',
    "src/top/meson.build": "x = [inc_top, inc_ground, inc_front]\n",
}
# what is broken, the file that breaks it, what the complaint must say
BROKEN = [
    ("a lower folder includes a higher one", "src/ground/g.c", '#include "t.h"\n', "ground may not use top"),
    ("a library outside its folder", "src/top/t.c", "#include <zlib.h>\n", "<zlib.h> may not be used in top"),
    ("a header that is inside another folder", "src/top/t.c", '#include "g_int.h"\n', "g_int.h is for src/ground alone"),
    ("the front door in a row that may not", "src/top/t.c", '#include "overt/x.h"\n', "top may not use front door"),
    ("an include folder that is not allowed", "src/ground/meson.build", "x = [inc_top]\n", "may not see inc_top"),
    ("a folder that the table lacks", "src/extra/e.c", "\n", "src/extra: not in"),
    ("two headers of one name", "src/ground/t.h", "\n", "also in src/"),
    ("a file too long", "src/top/long.c", "\n" * 701, "701 lines"),
    ("a function too long", "src/top/deep.c", "int f(void)\n{\n" + "\tf();\n" * 91 + "}\n", "a function of 91 lines"),
    ("a machine's path", "src/top/p.c", "/* see /" + "work/x */\n", "names a path of one machine"),
    ("a row without its folder", "docs/ARCHITECTURE.md",
     GOOD["docs/ARCHITECTURE.md"] + "| `gone` | gone | - | - | - |\n", "no folder src/gone"),
    ("no table", "docs/ARCHITECTURE.md", "nothing here\n", "no folder table found"),
]


def write_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)


def self_test():
    bad = 0
    for what, path, text, want in [("a tree in order", None, None, None)] + BROKEN:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, GOOD)
            if path:
                write_tree(root, {path: text})
            problems = check(root)
            right = any(want in p for p in problems) if want else not problems
            if not right:
                bad += 1
                print(f'self-test: "{what}" gave {problems}')
    print(f"check-layers self-test: {len(BROKEN) + 1 - bad} passed, {bad} failed")
    return 1 if bad else 0


def main():
    if "--self-test" in sys.argv:
        sys.exit(self_test())
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(SELF))
    problems = check(root)
    for p in problems:
        print(p)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
