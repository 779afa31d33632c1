#!/usr/bin/env python3
"""Holds the documents to the program: links lead somewhere, commands and make targets that they name exist, and the
table of exit codes says what the man page says.  Needs build/bin/overt."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"]
LATER = {"update", "verify", "monitor", "inventory", "covered", "quarantine", "status", "ledger", "watch"}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def pages():
    return PAGES + sorted(os.path.relpath(p, ROOT) for p in glob.glob(os.path.join(ROOT, "docs", "**", "*.md"),
                                                                    recursive=True))


def check_links(page, text, problems):
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target and not os.path.exists(os.path.join(ROOT, os.path.dirname(page), target)):
            problems.append(f"{page}: the link to {target} leads nowhere")
    for target in re.findall(r"`((?:src|docs|tools|tests|fuzz|bench|data|samples)/[\w./-]+\.\w+)`", text):
        if not re.search(r"[A-Z]{4}", os.path.basename(target)) and not os.path.exists(os.path.join(ROOT, target)):
            problems.append(f"{page}: names {target}, which is not there")


def code_of(text):
    """What stands in code: blocks and spans."""
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL) + re.findall(r"`([^`\n]+)`", text))
    return re.sub(r" #.*", "", blocks)


def check_commands(page, text, commands, problems):
    for name in re.findall(r"(?:^|[\s/(])overt ([a-z]+)\b", code_of(text)):
        if name not in commands and name not in LATER:
            problems.append(f"{page}: overt has no command {name}")


def check_targets(page, text, targets, problems):
    for name in re.findall(r"(?:^|\s)make ([a-z]+)", code_of(text)):
        if name not in targets:
            problems.append(f"{page}: the Makefile has no target {name}")


def check_exit_codes(problems):
    said = set(re.findall(r"^\| (\d) \|", read("README.md"), re.MULTILINE))
    page = read("man/overt-scan.1")
    section = page.split(".Sh EXIT STATUS", 1)[1].split("\n.Sh ", 1)[0]
    manual = set(re.findall(r"^\.It (\d)$", section, re.MULTILINE))
    if said != {"0", "1", "2", "3"} or manual != said:
        problems.append(f"exit codes: README says {sorted(said)}, man/overt-scan.1 {sorted(manual)}")


def main():
    overt = os.path.join(ROOT, "build", "bin", "overt")
    help_text = subprocess.run([overt, "--help"], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^  ([a-z]+)  ", help_text, re.MULTILINE)) | {"help"}
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    problems = []
    for page in pages():
        text = read(page)
        check_links(page, text, problems)
        check_commands(page, text, commands, problems)
        check_targets(page, text, targets, problems)
    check_exit_codes(problems)
    for p in problems:
        print(p)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
