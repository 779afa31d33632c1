#!/usr/bin/env python3
"""Damage is never clean: containers cut at many places and with bytes changed at many. Ordinary mails are.

  test_damage.py PROGRAM WORKER [--all] [NAME...]

A damaged container is detected or incomplete. What may be clean all the same stands in rules.py, with the reason: there
the file inside is provably another one, or gone, and the container's own reader would not complain either. --all tries
every cut and every byte of the samples (of large ones, of their first 2048 bytes) instead of some that chance picks,
seeded. Debian's clamav-testfiles are damaged too where they are installed.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import containers
import holes
import ordinary
import rules

CUTS, FLIPS, XORS = 20, 44, (0x01, 0x02, 0x20, 0x41, 0x80, 0xFF)
STRIDE, STRIDES = 97, (10, 50, 300)
TESTFILES = "/usr/share/clamav-testfiles"


class Scanner:
    def __init__(self, program, worker, folder):
        self.program, self.folder = program, folder
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        self.env.update(OVERT_WORKER=worker, XDG_STATE_HOME=folder, XDG_CACHE_HOME=folder, LC_ALL="C")
        self.database = os.path.join(folder, "damage.ndb")
        with open(self.database, "w") as f:
            f.write(containers.DATABASE)

    def scan(self, files, source=None):
        """Name -> the line of each file's verdict."""
        folder = os.path.join(self.folder, "files")
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
        for name, data in files.items():
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        run = subprocess.run([self.program, "scan", "-d", source or self.database, "--format", "jsonl", "-j", "2", folder], env=self.env,
                             capture_output=True, check=False)
        lines = [json.loads(line) for line in run.stdout.splitlines()]
        found = {os.path.basename(line["path"]): line for line in lines if "path" in line}
        assert len(found) == len(files), run.stderr.decode()
        return found


def flipped(data, at, xor):
    return data[:at] + bytes([data[at] ^ xor]) + data[at + 1:]


def strided(data, start):
    out = bytearray(data)
    for i in range(start, len(data), STRIDE):
        out[i] ^= 0x41
    return bytes(out)


def variants(name, data, want_all):
    """(what, place) -> bytes; the same ones each time."""
    r = random.Random(name)
    size = len(data)
    if want_all:
        cuts = range(1, min(size, 2048))
        flips = [(at, xor) for at in range(min(size, 2048)) for xor in (r.choice(XORS), r.choice(XORS))]
    else:
        cuts = sorted({size * k // 16 for k in range(1, 16)} | {r.randrange(1, size) for _ in range(CUTS - 16)} | {size - 1})
        flips = [(r.randrange(size), r.choice(XORS)) for _ in range(FLIPS)]
    out = {("cut", at, 0): data[:at] for at in cuts if at > 0}
    out.update({("flip", at, xor): flipped(data, at, xor) for at, xor in flips})
    out.update({("many", at, 0): strided(data, at) for at in STRIDES if at < size})
    return out


def damage(scanner, samples, want_all):
    """Prints each damaged sample that is clean without a rule that says so. @return how many."""
    whole = scanner.scan(samples)
    bad = tried = excused = 0
    for name, data in samples.items():
        if whole[name]["verdict"] != "detected":
            print("%s: %s, though it is whole" % (name, whole[name]["verdict"]))
            bad += 1
    for name, data in samples.items():
        keys = variants(name, data, want_all)
        files = {"%s-%d-%02x" % key: damaged for key, damaged in keys.items()}
        found = scanner.scan(files)
        tried += len(files)
        for key, damaged in keys.items():
            line = found["%s-%d-%02x" % key]
            if line["verdict"] in ("detected", "incomplete"):
                continue
            if line["verdict"] == "clean" and rules.may_be_clean(name, data, key, line["type"] != whole[name]["type"]):
                excused += 1
                continue
            bad += 1
            print("%s: %s at %d ^%02x: %s (%s)  %r" % ((name,) + key + (line["verdict"], line["type"], data[max(0, key[1] - 16):key[1] + 8])))
    print("%d damaged containers of %d samples, %d clean by rule, %d wrongly" % (tried, len(samples), excused, bad))
    return bad


def damage_testfiles(scanner):
    """ClamAV's own: cut, and with every 97th byte changed, as in the report that this test comes from."""
    if not os.path.isdir(TESTFILES):
        print("clamav-testfiles are not installed: skipped")
        return 0
    files = {}
    for name in rules.TESTFILES:
        try:
            with open(os.path.join(TESTFILES, name), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            continue
        for k in range(1 + rules.TESTFILES_HEADERS.get(name, 0), 16):
            files["%s-cut-%d" % (name, k)] = data[:len(data) * k // 16]
        if name not in rules.TESTFILES_UNCHECKED:
            files.update({"%s-many-%d" % (name, at): strided(data, at) for at in STRIDES})
    bad = 0
    for name, line in scanner.scan(files, os.path.join(containers.ROOT, "data")).items():
        if line["verdict"] not in ("detected", "incomplete"):
            bad += 1
            print("%s: %s (%s)" % (name, line["verdict"], line["type"]))
    print("%d damaged files of clamav-testfiles, %d clean" % (len(files), bad))
    return bad


def named_holes(scanner):
    """Each hole that was found, by name: what is told of it."""
    files = {}
    for what, (_, data) in holes.cases().items():
        files[what.replace(" ", "-").replace("/", "-")] = data
    found = scanner.scan(files, os.path.join(containers.ROOT, "data"))  # which knows no mark: a detection would end the scan
    bad = 0
    for what, (said, _) in holes.cases().items():
        line = found[what.replace(" ", "-").replace("/", "-")]
        told = [i["detail"] for i in line.get("incomplete", [])]
        if not any(said in detail for detail in told):
            bad += 1
            print("%s: \"%s\" is not in %s (%s, %s)" % (what, said, told, line["verdict"], line["type"]))
    print("%d holes by name, %d open" % (len(files), bad))
    return bad


def swallowed(scanner):
    """An object within another one's string is found by readers, by the table of objects: and by overt."""
    pdf = containers.samples()["flate.pdf"].replace(b"1 0 obj\n<< /Type /Catalog >>", b"1 0 obj\n<< /Type /Catal <")
    if scanner.scan({"swallowed.pdf": pdf})["swallowed.pdf"]["verdict"] == "detected":
        return 0
    print("an object within a string was not found")
    return 1


def ordinary_mails(scanner):
    mails = ordinary.mails()
    bad = 0
    for name, line in scanner.scan(mails).items():
        if line["verdict"] != "clean" or line["type"] != "CL_TYPE_MAIL":
            bad += 1
            print("%s: %s %s %s" % (name, line["verdict"], line["type"], line.get("incomplete")))
    print("%d ordinary mails, %d not clean" % (len(mails), bad))
    return bad


def main():
    args = [a for a in sys.argv[1:] if a != "--all"]
    if len(args) < 2:
        sys.exit(__doc__)
    folder = tempfile.mkdtemp(prefix="ov-damage-")
    os.chmod(folder, 0o755)
    try:
        scanner = Scanner(args[0], args[1], folder)
        samples = {name: data for name, data in containers.samples().items() if name not in rules.WITHOUT_MARK and (len(args) == 2 or name in args[2:])}
        bad = damage(scanner, samples, "--all" in sys.argv)
        if len(args) == 2:
            bad += named_holes(scanner) + swallowed(scanner) + ordinary_mails(scanner) + damage_testfiles(scanner)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
