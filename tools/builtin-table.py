#!/usr/bin/env python3
"""The table of the built-in rules, out of data/builtin:  tools/builtin-table.py [--write]

Prints it; with --write it takes its place in docs/BUILTIN.md.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs", "BUILTIN.md")


def table():
    out, count = [], {}
    folder = os.path.join(ROOT, "data", "builtin")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="ascii") as f:
            text = f.read()
        head = re.match(r"/\*\n \* (.*)\n", text).group(1)
        out += [f"### {name}", head, "", "| name | severity | what | why |", "|---|---|---|---|"]
        for block in re.findall(r"\tmeta:\n(.*?)\n\t(?:strings|condition):", text, re.S):
            meta = dict(re.findall(r'^\t\t(\w+) = "(.*)"$', block, re.M))
            count[meta["severity"]] = count.get(meta["severity"], 0) + 1
            out.append(f"| {meta['name']} | {meta['severity']} | {meta['description']} | {meta['why']} |")
        out.append("")
    total = sum(count.values())
    words = ", ".join(f"{count[s]} {s}" for s in ("malware", "suspicious", "unwanted"))
    return "\n".join([f"{total} rules: {words}.", "", *out])


def main():
    made = table()
    if sys.argv[1:] != ["--write"]:
        sys.stdout.write(made)
        return
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    begin, end = "<!-- rules: begin -->\n", "<!-- rules: end -->"
    page = page[:page.index(begin) + len(begin)] + made + page[page.index(end):]
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(page)


main()
