#!/usr/bin/env python3
"""Writes what overt says of itself as a C file: an ELF note, and a record in read-only data (docs/formats/provenance.md).

  tools/provenance.py OUT.c --root DIR --version V --format N [--stamp] [--commit ID] [--log ORIGIN] [--compiler TEXT]
                      [--machine CPU] [--library NAME=VERSION]...
  tools/provenance.py --source-digest --root DIR     prints the digest of the sources, for those who compare
  tools/provenance.py --commit-of --root DIR         prints the commit, "unknown" without git

Same arguments and same sources, same bytes. Without --stamp (builds that are no releases) commit and digest are left out, so
that an edit does not link every program anew.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys

MAGIC = b"\x8aOVERT\xc2carrier\r\n"
TOPS = ("include", "src", "data", "tools")
FILES = ("meson.build", "meson_options.txt")


def source_files(root):
    for top in TOPS:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = [d for d in folders if d != "__pycache__"]
            for name in files:
                if not name.endswith((".pyc", "~", ".orig", ".swp")):
                    yield os.path.relpath(os.path.join(folder, name), root)
    yield from (f for f in FILES if os.path.exists(os.path.join(root, f)))


def source_digest(root):
    """SHA-256 of `sha256sum`'s lines for the files that make the programs, in the order of their names' bytes."""
    h = hashlib.sha256()
    for path in sorted(source_files(root), key=os.fsencode):
        with open(os.path.join(root, path), "rb") as f:
            h.update(hashlib.sha256(f.read()).hexdigest().encode() + b"  " + os.fsencode(path) + b"\n")
    return h.hexdigest()


def git(root, *args):
    p = subprocess.run(["git", "-C", root, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return p.stdout.decode().strip() if p.returncode == 0 else None


def commit_of(root):
    """HEAD if `root` is the top of a checkout; "+" behind it when files differ from it."""
    try:
        top = git(root, "rev-parse", "--show-toplevel")
    except FileNotFoundError:
        return "unknown"
    if top is None or os.path.realpath(top) != os.path.realpath(root):
        return "unknown"
    head = git(root, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    return head + ("+" if git(root, "status", "--porcelain", "--", *TOPS, *FILES) else "")


def sbom(o, source):
    """CycloneDX 1.6: overt, and the libraries that it was built against. No time, no serial number: they would differ."""
    ref = f"pkg:generic/overt@{o.version}"
    main = {"type": "application", "bom-ref": ref, "name": "overt", "version": o.version, "purl": ref,
            "licenses": [{"license": {"id": "Apache-2.0"}}]}
    if source:
        main["properties"] = [{"name": "overt:source", "value": "sha256:" + source}]
    libraries = []
    for pair in sorted(o.library):
        name, _, version = pair.partition("=")
        c = {"type": "library", "bom-ref": f"pkg:generic/{name}" + (f"@{version}" if version else ""), "name": name}
        if version:
            c["version"] = version
        c["purl"] = c["bom-ref"]
        c["properties"] = [{"name": "overt:version-of", "value": "the headers at build time"}]
        libraries.append(c)
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": main},
                       "components": libraries,
                       "dependencies": [{"ref": ref, "dependsOn": [c["bom-ref"] for c in libraries]}]},
                      separators=(",", ":"))


def record(o):
    commit = (o.commit or commit_of(o.root)) if o.stamp else "unstamped"
    source = source_digest(o.root) if o.stamp else ""
    bom = sbom(o, source)
    lines = ["overt-provenance/v1", f"name overt", f"version {o.version}", f"commit {commit}", f"source {source or 'unstamped'}",
             f"format {o.format}", f"compiler {o.compiler}", f"machine {o.machine}", f"log {o.log or 'none'}",
             f"sbom {len(bom)}"]
    for text in lines:
        if "\n" in text or not text.isprintable():
            sys.exit(f"provenance: not one line: {text!r}")
    body = ("\n".join(lines) + "\n" + bom).encode("ascii")
    note = {"type": "generic", "name": "overt", "version": o.version, "architecture": o.machine, "purl": f"pkg:generic/overt@{o.version}",
            "commit": commit, "source": source}
    return (MAGIC + len(body).to_bytes(4, "little") + hashlib.sha256(body).digest() + body,
            json.dumps({k: v for k, v in note.items() if v}, separators=(",", ":")).encode("ascii") + b"\0")


def array(data):
    return "\n".join("\t" + " ".join(f"{b}," for b in data[i:i + 20]) for i in range(0, len(data), 20))


def c_file(carrier, note):
    note += b"\0" * (-len(note) % 4)
    return f"""/* Made by tools/provenance.py. The note and the record stand in one object, which the engine's own functions need: whoever
 * links them gets both. */
#include "provenance_data.h"

#ifdef __ELF__
#if defined(__has_attribute)
#if __has_attribute(retain)
#define KEPT used, retain
#endif
#endif
#ifndef KEPT
#define KEPT used
#endif
/* Nothing between the notes of a section, not even what AddressSanitizer puts around objects. */
#ifdef __clang__
#define BARE __attribute__((no_sanitize("address")))
#else
#define BARE
#endif
struct note {{
	uint32_t name_bytes, text_bytes, type;
	char name[4];
	unsigned char text[{len(note)}];
}};
BARE __attribute__((section(".note.package"), aligned(4), KEPT)) static const struct note package_note = {{
	4, {len(note)}, 0xcafe1a7e, "FDO", {{
{array(note)}
}} }};
#endif

static const unsigned char record[] = {{
{array(carrier)}
}};

const unsigned char *ov_provenance_record(size_t *n)
{{
	const unsigned char *p = record;

	/* The compiler must not know what stands there: else it would keep answers and drop the record. */
	__asm__("" : "+r"(p));
	*n = sizeof record;
	return p;
}}
"""


def main():
    a = argparse.ArgumentParser()
    a.add_argument("out", nargs="?")
    a.add_argument("--root", required=True)
    a.add_argument("--source-digest", action="store_true")
    a.add_argument("--commit-of", action="store_true")
    a.add_argument("--stamp", action="store_true")
    for name in ("version", "format", "commit", "log", "compiler", "machine"):
        a.add_argument("--" + name, default="")
    a.add_argument("--library", action="append", default=[])
    o = a.parse_args()
    if o.source_digest or o.commit_of:
        print(source_digest(o.root) if o.source_digest else commit_of(o.root))
        return
    text = c_file(*record(o))
    try:
        with open(o.out, encoding="ascii") as f:
            if f.read() == text:
                return  # unchanged: nothing is compiled anew
    except FileNotFoundError:
        pass
    with open(o.out, "w", encoding="ascii", newline="\n") as f:
        f.write(text)


if __name__ == "__main__":
    main()
