#!/usr/bin/env python3
"""Holds what the program says of its options against its manual pages and completions.

  check_docs.py PROGRAM SOURCE_ROOT   0 when they agree; else one line for each thing that does not
"""
import os
import re
import shutil
import subprocess
import sys

OPTION = re.compile(r"^  (?:-(.), |    )--([a-z0-9-]+)", re.M)
PAGES = {"source": "overt-source.1", "scan": "overt-scan.1", "explain": "overt-explain.1", "prove": "overt-prove.1", "clamscan": "overt-clamscan.1", "inventory": "overt-inventory.1", "covered": "overt-covered.1", "migrate": "overt-migrate.1",
         "yara": "overt-yara.1", "yarac": "overt-yarac.1",
         "bundle": "overt-bundle.1", "status": "overt-status.1", "update": "overt-update.1", "verify": "overt-verify.1", "publish": "overt-publish.1", "witness": "overt-witness.1", "monitor": "overt-monitor.1",
         "mirror": "overt-mirror.1"}
YARA = ("check", "fmt", "dump", "profile")
DB = ("build", "check", "info", "list", "diff")


def help_options(program, *command):
    text = subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout
    return {("-" + l if l else None, "--" + n) for l, n in OPTION.findall(text)}


def page_options(text):
    """Options of an .It line: (.It Fl d , Fl -database ...)."""
    found = set()
    for line in re.findall(r"^\.It (Fl .*)$", text, re.M):
        letter = re.match(r"Fl (\S) ", line)
        name = re.search(r"Fl -([a-z0-9-]+)", line)
        found.add(("-" + letter[1] if letter else None, "--" + name[1] if name else None))
    return found


def compare(what, said, written):
    for option in sorted(said ^ written, key=str):
        yield f"{what}: {option} stands only in {'--help' if option in said else 'the manual'}"


def commands(program):
    text = subprocess.run([program, "help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  ([a-z]+)  +\S", text, re.M))


def manual(program, root):
    def read(name):
        with open(os.path.join(root, "man", name), encoding="utf-8") as f:
            return f.read()
    for command, page in PAGES.items():
        text = re.sub(r"^\.Sh YARA .*?(?=^\.Sh (?!YARA ))", "", read(page), flags=re.M | re.S)
        yield from compare(page, help_options(program, command), page_options(text))
    sections = dict(re.findall(r"^\.Sh DB ([A-Z]+)\n(.*?)(?=^\.Sh)", read("overt-db.1"), re.M | re.S))
    for command in DB:
        yield from compare("overt-db.1, " + command, help_options(program, "db", command),
                           page_options(sections.get(command.upper(), "")))
    page = read("overt-yara.1")
    sections = dict(re.findall(r"^\.Sh YARA ([A-Z]+)\n(.*?)(?=^\.Sh)", page, re.M | re.S))
    for command in YARA:
        yield from compare("overt-yara.1, " + command, help_options(program, "yara", command), page_options(sections.get(command.upper(), "")))
    listed = {word for line in re.findall(r"^\.It Cm ([a-z ,]+)", read("overt.1"), re.M)
              for word in re.findall("[a-z]+", line)} - {"help"}
    for name in commands(program) ^ listed:
        yield f"overt.1: the command {name} stands only there or only in the program"
    for page in sorted(os.listdir(os.path.join(root, "man"))):
        if shutil.which("groff") and page.endswith(".1"):
            p = subprocess.run(["groff", "-ww", "-mandoc", "-Tutf8", os.path.join(root, "man", page)], capture_output=True,
                               text=True, check=False)
            yield from (f"{page}: {line}" for line in p.stderr.splitlines())


def completions(program, root):
    generate = os.path.join(root, "completions", "generate.py")
    p = subprocess.run([sys.executable, generate, program, "--check"], capture_output=True, text=True, check=False)
    yield from (p.stdout + p.stderr).splitlines()
    if p.returncode != 0 and not p.stdout:
        yield "completions/generate.py failed"


def main():
    program, root = os.path.abspath(sys.argv[1]), sys.argv[2]
    problems = [*manual(program, root), *completions(program, root)]
    print("\n".join(problems) or "manual, completions and program agree")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
