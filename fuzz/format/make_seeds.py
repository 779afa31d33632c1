#!/usr/bin/env python3
"""Makes the seeds of this folder's harnesses from the tests' sample programs and a few bytes laid out here."""
import io
import os
import struct
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES = os.path.join(HERE, "..", "..", "tests", "format", "samples")


def sample(name):
    with open(os.path.join(SAMPLES, name), "rb") as f:
        return f.read()


def write(folder, name, data):
    folder = os.path.join(HERE, folder)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def jar():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), b"x")
    return out.getvalue()


def macho(order, wide):
    """One __TEXT segment with one section, LC_MAIN, a library."""
    magic = 0xFEEDFACF if wide else 0xFEEDFACE
    if wide:
        seg = struct.pack(order + "II16sQQQQIIII", 0x19, 152, b"__TEXT", 0x1000, 512, 0, 512, 7, 5, 1, 0)
        seg += struct.pack(order + "16s16sQQIIIIIIII", b"__text", b"__TEXT", 0x1100, 64, 256, 4, 0, 0, 0, 0, 0, 0)
    else:
        seg = struct.pack(order + "II16sIIIIIIII", 1, 124, b"__TEXT", 0x1000, 512, 0, 512, 7, 5, 1, 0)
        seg += struct.pack(order + "16s16sIIIIIIIII", b"__text", b"__TEXT", 0x1100, 64, 256, 4, 0, 0, 0, 0, 0)
    main = struct.pack(order + "IIQQ", 0x80000028, 24, 256, 0)
    lib = struct.pack(order + "IIIIII", 0xC, 40, 24, 0, 1, 1) + b"/lib/x.dylib\0\0\0\0"
    cmds = seg + main + lib
    head = struct.pack(order + "IIIIIII", magic, 0x01000007 if wide else 7, 3, 2, 3, len(cmds), 0)
    head += b"\0" * 4 if wide else b""
    return (head + cmds).ljust(512, b"\0")


def main():
    for i, name in enumerate(("version32.exe", "version64.dll", "static.elf")):
        write("seeds_exe", name, bytes([0 if i < 2 else 1]) + sample(name))
    for order, wide, name in (("<", True, "64le"), (">", True, "64be"), ("<", False, "32le"), (">", False, "32be")):
        write("seeds_exe", "macho" + name, b"\2" + macho(order, wide))
    write("seeds_type_carve", "jar_behind_png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40 + jar())
    write("seeds_type_carve", "exe_in_words", b"words " * 9 + sample("version32.exe")[:1100])
    write("seeds_type_carve", "elf", b"#!/bin/sh\n" + sample("static.elf"))
    write("seeds_type_carve", "marks", b"\0".join((
        b"Rar!\x1a\7\0\xcf\x90\x73\0\0\x0d\0", b"BZh61AY&SY", b"\xfd7zXZ\0\0\4\xe6\xd6\xb4\x46",
        b"\x1f\x8b\x08\0\1\2\3\4\0\3\x4b\x4c\0\0\0\0\0\0", b"EGGA\0\1", b"MSCF" + b"\0" * 4 + b"\0\1" + b"\0" * 26)))
    write("seeds_type_carve", "mail", b"From: a@example.org\nTo: b@example.org\nSubject: x\n\n<html>")
    write("seeds_type_carve", "utf16", "\ufeff<html>hello</html>".encode("utf-16-le"))
    write("seeds_type_carve", "ooxml", b"PK\3\4" + b"\0" * 26 + b"[Content_Types].xml" + b"PK\3\4" + b"\0" * 26 + b"word/")
    write("seeds_type_carve", "uu", b"begin 644 x\n#86)C\n`\nend\n")


main()
