#!/usr/bin/env python3
"""Writes the samples of the built-in rules:  make_samples.py FOLDER

NAME.hit must be found by the rule NAME and by no other of severity malware; NAME.near by none at all. Nothing of this
is stored: table.py holds the texts with marks in them.
"""
import base64
import hashlib
import os
import struct
import sys

from table import SAMPLES


def elf64(kind=3, shoff=0, shnum=0, segment=5, size=64 + 56):
    """A header for x86-64 with one segment; `kind`: 2 program, 3 library."""
    head = b"\x7fELF\2\1\1" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, 0x400078, 64, shoff, 0, 64, 56, 1, 64, shnum, 0)
    return head + struct.pack("<IIQQQQQQ", 1, segment, 0, 0x400000, 0x400000, size, size, 0x1000)


def texts(text):
    return text.replace("~", "\0").encode()


def noise(n):
    """Bytes that look random, the same each time."""
    return b"".join(hashlib.sha256(str(i).encode()).digest() for i in range(n // 32))


LINK = struct.pack("<II", 0x4c, 0x00021401) + bytes.fromhex("00000000c000000000000046") + bytes(56)

KINDS = {
    "HEX": bytes.fromhex,
    "ELF": lambda t: elf64() + b"\0" + texts(t) + b"\0",
    "UPXELF": lambda t: elf64() + bytes(0x20) + b"UPX!" + bytes(32) + texts(t),
    "TINYELF": lambda t: elf64(kind=2, segment=int(t)) + b"\x0f\x05\xcc",
    "BADSHELF": lambda t: elf64(kind=2, shoff=1 << 20 if t == "out" else 120, shnum=1) + bytes(128),
    "DENSEELF": lambda t: elf64(kind=2) + bytes(392) + (noise(8192) if t == "random" else bytes(8192)),
    "MZ": lambda t: b"MZ" + bytes(62) + texts(t) + b"\0",
    "LNK": lambda t: LINK + t.encode("utf-16-le"),
    "LNKBIG": lambda t: LINK + bytes(int(t) << 10),
    "B64W": lambda t: b"x='" + base64.b64encode(t.encode("utf-16-le")) + b"'",
}


def sample(text):
    """The bytes of a row's text."""
    text = text.replace("^", "")
    kind, _, rest = text.partition(":")
    return KINDS[kind](rest) if kind in KINDS else text.encode()


def write(folder):
    os.makedirs(folder, exist_ok=True)
    for name, hit, near in SAMPLES:
        for end, text in ((".hit", hit), (".near", near)):
            with open(os.path.join(folder, name + end), "wb") as f:
                f.write(sample(text))


if __name__ == "__main__":
    write(sys.argv[1])
