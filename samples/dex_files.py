#!/usr/bin/env python3
"""Makes small DEX files, whole and broken, for the tests of YARA's module `dex`. They hold no code.

Source of the layout: "Dalvik executable format", source.android.com.
"""
import hashlib
import struct
import zlib


def uleb(n):
    out = b""
    while n >= 128:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


class Dex:
    def __init__(self, version=b"035", long=b"x" * 100):
        self.version = version
        self.strings = sorted([b"<init>", b"I", b"L", b"LFoo;", b"LBar;", b"Ljava/lang/Object;", b"V", b"VIL", b"count", b"Foo.java", b"run",
                               long, b"name"])
        self.types = sorted(map(self.s, [b"I", b"LFoo;", b"LBar;", b"Ljava/lang/Object;", b"V"]))
        self.header = {}

    def s(self, text):
        return self.strings.index(text)

    def t(self, text):
        return self.types.index(self.s(text))

    def bytes(self, tail=b""):
        n = {"string": len(self.strings), "type": len(self.types), "proto": 2, "field": 2, "method": 3, "class": 2}
        size = {"string": 4, "type": 4, "proto": 12, "field": 8, "method": 8, "class": 32}
        at, off = 112, {}
        for k in n:
            off[k] = at
            at += n[k] * size[k]
        data, here = b"", at
        lists = here
        data += struct.pack("<IHH", 2, self.t(b"I"), self.t(b"LFoo;"))
        where = []
        for text in self.strings:
            where.append(here + len(data))
            data += uleb(len(text)) + text + b"\0"
        classes = here + len(data)
        m = sorted([(self.t(b"LFoo;"), 0, self.s(b"<init>")), (self.t(b"LFoo;"), 1, self.s(b"run")), (self.t(b"LBar;"), 0, self.s(b"<init>"))])
        f = sorted([(self.t(b"LFoo;"), self.t(b"I"), self.s(b"count")), (self.t(b"LBar;"), self.t(b"LFoo;"), self.s(b"name"))])
        first = {c: [i for i, x in enumerate(m) if x[0] == c] for c in (self.t(b"LFoo;"), self.t(b"LBar;"))}
        field = {c: [i for i, x in enumerate(f) if x[0] == c] for c in first}
        foo, bar = self.t(b"LFoo;"), self.t(b"LBar;")
        data += uleb(1) + uleb(0) + uleb(1) + uleb(1)
        data += uleb(field[foo][0]) + uleb(9) + uleb(first[foo][0]) + uleb(0x10001) + uleb(0x200) + uleb(first[foo][1]) + uleb(1) + uleb(0)
        classes2 = here + len(data)
        data += uleb(0) + uleb(1) + uleb(1) + uleb(0) + uleb(field[bar][0]) + uleb(2) + uleb(first[bar][0]) + uleb(0x10001) + uleb(0)
        data += b"\0" * (-(here + len(data)) % 4)
        map_at = here + len(data)
        rows = [(0, 1, 0)] + [(i + 1, n[k], off[k]) for i, k in enumerate(n)] + [(0x1001, 1, lists), (0x2002, n["string"], where[0]),
                                                                               (0x2000, 2, classes), (0x1000, 1, map_at)]
        data += struct.pack("<I", len(rows)) + b"".join(struct.pack("<HHII", k, 0, c, o) for k, c, o in rows)
        ids = b"".join(struct.pack("<I", w) for w in where) + b"".join(struct.pack("<I", t) for t in self.types)
        ids += struct.pack("<III", self.s(b"V"), self.t(b"V"), 0) + struct.pack("<III", self.s(b"VIL"), self.t(b"V"), lists)
        ids += b"".join(struct.pack("<HHI", *x) for x in f) + b"".join(struct.pack("<HHI", *x) for x in m)
        ids += struct.pack("<8I", bar, 1, self.t(b"Ljava/lang/Object;"), 0, self.s(b"Foo.java"), 0, classes2, 0)
        ids += struct.pack("<8I", foo, 0x11, bar, lists, 0xffffffff, 0, classes, 0)
        total = here + len(data)
        h = {"file_size": total, "header_size": 112, "endian": 0x12345678, "link_size": 0, "link_off": 0, "map_off": map_at}
        for k in n:
            h[k + "_size"], h[k + "_off"] = n[k], off[k]
        h["data_size"], h["data_off"] = len(data), here
        h.update(self.header)
        rest = struct.pack("<20I", *h.values()) + ids + data
        sha = hashlib.sha1(rest).digest()
        return b"dex\n" + self.version + b"\0" + struct.pack("<I", zlib.adler32(sha + rest)) + sha + rest + tail


def samples():
    """(name, bytes) of each."""
    for v in (b"035", b"036", b"037", b"038", b"039", b"040", b"041", b"0x5", b"999"):
        yield "dex" + v.decode(), Dex(v).bytes()
    whole = Dex().bytes()
    yield "long_string", Dex(long=b"x" * 300).bytes()
    yield "tail", Dex().bytes(b"behind")
    for cut in (0, 4, 7, 8, 32, 111, 112, 113, 130, 200, 300, 400, 500, len(whole) - 1):
        yield f"cut{cut}", whole[:cut]
    yield "magic", b"dey\n" + whole[4:]
    yield "magic_nul", whole[:7] + b"1" + whole[8:]
    for k in ("string", "type", "proto", "field", "method", "class"):
        for name, key, v in (("none", "_size", 0), ("more", "_size", 40), ("huge", "_size", 0xffffffff), ("past", "_off", 1 << 20), ("zero", "_off", 0)):
            d = Dex()
            d.header = {k + key: v}
            yield f"{k}_{name}", d.bytes()
    for name, kw in {"map_past": {"map_off": 1 << 20}, "map_zero": {"map_off": 0}, "endian": {"endian": 0x78563412}, "size_small": {"file_size": 200},
                     "size_large": {"file_size": 1 << 20}, "header_size": {"header_size": 90}}.items():
        d = Dex()
        d.header = kw
        yield name, d.bytes()
