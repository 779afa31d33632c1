"""Small .NET assemblies, byte by byte (ECMA-335 II.22 to II.25). They hold metadata only: no method has a body, nothing runs."""
import struct
import uuid

# Columns of the tables that are made here: 2, 4 bytes; s, g, b: heaps; a number: index of a table; a tuple: coded.
TYPE_DEF_OR_REF = (2, (0x02, 0x01, 0x1b))
COLUMNS = {
    0x00: (2, "s", "g", "g", "g"), 0x01: ((2, (0x00, 0x1a, 0x23, 0x01)), "s", "s"), 0x02: (4, "s", "s", TYPE_DEF_OR_REF, [0x04], [0x06]),
    0x04: (2, "s", "b"), 0x06: (4, 2, 2, "s", "b", [0x08]), 0x08: (2, 2, "s"), 0x09: ([0x02], TYPE_DEF_OR_REF),
    0x0a: ((3, (0x02, 0x01, 0x1a, 0x06, 0x1b)), "s", "b"), 0x0b: (2, (2, (0x04, 0x08, 0x17)), "b"),
    0x0c: ((5, (0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0a, 0x00, 0x0e, 0x17, 0x14, 0x11, 0x1a, 0x1b, 0x20, 0x23, 0x26, 0x27, 0x28, 0x2a,
                0x2c, 0x2b)), (3, (-1, -1, 0x06, 0x0a, -1)), "b"),
    0x1a: ("s",), 0x1b: ("b",), 0x1d: (4, [0x04]), 0x20: (4, 2, 2, 2, 2, 4, "b", "s", "s"), 0x23: (2, 2, 2, 2, 4, "b", "s", "s", "b"),
    0x28: (4, 4, "s", (2, (0x26, 0x23, 0x27))), 0x29: ([0x02], [0x02]), 0x2a: (2, 2, (1, (0x02, 0x06)), "s"),
}


def number(n):
    """A length as blobs have it."""
    if n < 0x80:
        return bytes([n])
    return struct.pack(">H", 0x8000 | n) if n < 0x4000 else struct.pack(">I", 0xc0000000 | n)


def coded(kind, table, row):
    """A coded index of a row, from 1."""
    bits, tables = kind
    return row << bits | tables.index(table)


class Metadata:
    def __init__(self, wide=False, extra=False):
        self.strings, self.blobs, self.user, self.guids = b"\0", b"\0", b"\0", b""
        self.rows, self.wide, self.extra, self.claimed = {}, wide, extra, {}

    def name(self, s):
        if not s:
            return 0
        self.strings += s.encode() + b"\0"
        return len(self.strings) - len(s.encode()) - 1

    def blob(self, data):
        self.blobs += number(len(data)) + data
        return len(self.blobs) - len(data) - len(number(len(data)))

    def text(self, s):
        raw = s.encode("utf-16le") + b"\0"
        self.user += number(len(raw)) + raw

    def guid(self, i):
        self.guids += uuid.UUID(int=i).bytes_le
        return len(self.guids) // 16

    def add(self, table, *row):
        self.rows.setdefault(table, []).append(row)
        return len(self.rows[table])

    def width(self, column):
        if column in (2, 4):
            return column
        if isinstance(column, str):
            return 4 if self.wide else 2
        bits, tables = (0, column) if isinstance(column, list) else column
        return 4 if max(len(self.rows.get(t, ())) for t in tables) > 0xffff >> bits else 2

    def tables(self):
        valid = sum(1 << t for t in self.rows)
        heaps = (7 if self.wide else 0) | (0x40 if self.extra else 0)
        out = struct.pack("<IBBBBQQ", 0, 2, 0, heaps, 1, valid, 0)
        out += b"".join(struct.pack("<I", self.claimed.get(t, len(self.rows[t]))) for t in sorted(self.rows))
        out += b"\x11\x22\x33\x44" if self.extra else b""
        for t in sorted(self.rows):
            for row in self.rows[t]:
                for column, value in zip(COLUMNS[t], row, strict=True):
                    out += value.to_bytes(self.width(column), "little")
        return out

    def root(self, version=b"v4.0.30319", streams=None):
        parts = streams if streams is not None else [
            (b"#~", self.tables()), (b"#Strings", self.strings), (b"#US", self.user), (b"#GUID", self.guids), (b"#Blob", self.blobs)]
        parts = [(n, d + bytes(-len(d) % 4)) for n, d in parts]
        version = version + bytes(4 - len(version) % 4)
        names = [n + bytes(4 - len(n) % 4) for n, _ in parts]
        at = 16 + len(version) + 4 + sum(8 + len(n) for n in names)
        out = b"BSJB" + struct.pack("<HHII", 1, 1, 0, len(version)) + version + struct.pack("<HH", 0, len(parts))
        for name, (_, data) in zip(names, parts):
            out += struct.pack("<II", at, len(data)) + name
            at += len(data)
        return out + b"".join(d for _, d in parts)


def program(metadata, resources=b"", data=b"", plus=False, cli_size=None):
    """A PE with one section: CLI header, metadata, resources, data. @return bytes, and the addresses of resources and data."""
    rva, raw = 0x2000, 0x200
    at = {"metadata": 72}
    at["resources"] = at["metadata"] + len(metadata) + -len(metadata) % 4
    at["data"] = at["resources"] + len(resources) + -len(resources) % 4
    cli = struct.pack("<IHHII", 72, 2, 5, rva + at["metadata"], len(metadata)) + struct.pack("<II", 1, 0)
    cli += struct.pack("<II", rva + at["resources"] if resources else 0, len(resources)) + bytes(72 - 32)
    body = cli + metadata + bytes(-len(metadata) % 4) + resources + bytes(-len(resources) % 4) + data
    body += bytes(-len(body) % 512)
    dirs = [(0, 0)] * 14 + [(rva, 72 if cli_size is None else cli_size), (0, 0)]
    optional = struct.pack("<HBBIIIII", 0x20b if plus else 0x10b, 8, 0, len(body), 0, 0, 0, rva)
    optional += struct.pack("<QIIHHHHHHIIIIHH", 0x400000, 0x2000, 0x200, 4, 0, 0, 0, 4, 0, 0, 0x6000, 0x200, 0, 3, 0x8540) if plus else \
        struct.pack("<IIIIHHHHHHIIIIHH", 0, 0x400000, 0x2000, 0x200, 4, 0, 0, 0, 4, 0, 0, 0x6000, 0x200, 0, 3, 0x8540)
    optional += struct.pack("<QQQQII" if plus else "<IIIIII", 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    optional += b"".join(struct.pack("<II", *d) for d in dirs)
    head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0"
    head += struct.pack("<HHIIIHH", 0x8664 if plus else 0x14c, 1, 0, 0, 0, len(optional), 0x2102) + optional
    head += struct.pack("<8sIIIIIIHHI", b".text", len(body), rva, len(body), raw, 0, 0, 0, 0, 0x60000020)
    return head.ljust(raw, b"\0") + body, rva + at["resources"], rva + at["data"]


SIGS = {
    "void()": b"\x00\x00\x01", "instance void()": b"\x20\x00\x01", "int(string,ref long)": b"\x00\x02\x08\x0e\x10\x0a",
    "object(int[],int[,],ptr)": b"\x20\x03\x1c\x1d\x08\x14\x08\x02\x00\x00\x0f\x01", "T(V)": b"\x30\x01\x01\x13\x00\x1e\x00",
}


def full(wide=False, extra=False, plus=False):
    """An assembly with one of everything."""
    m = Metadata(wide, extra)
    m.text("hello \xe4")
    m.text("")
    m.text("x" * 200)
    m.add(0x00, 0, m.name("made.dll"), m.guid(0x00112233445566778899aabbccddeeff), 0, 0)
    core = m.add(0x23, 4, 0, 0, 0, 0, m.blob(bytes.fromhex("b77a5c561934e089")), m.name("mscorlib"), 0, 0)
    m.add(0x23, 1, 2, 3, 4, 0, 0, m.name("Other"), 0, 0)
    scope = coded((2, (0x00, 0x1a, 0x23, 0x01)), 0x23, core)
    objects = m.add(0x01, scope, m.name("Object"), m.name("System"))
    guid = m.add(0x01, scope, m.name("GuidAttribute"), m.name("System.Runtime.InteropServices"))
    listed = m.add(0x01, scope, m.name("List`1"), m.name("System.Collections.Generic"))
    m.add(0x01, coded((2, (0x00, 0x1a, 0x23, 0x01)), 0x01, listed), m.name("Enumerator"), 0)
    extends = coded(TYPE_DEF_OR_REF, 0x01, objects)
    spec = m.add(0x1b, m.blob(b"\x15\x12" + bytes([coded(TYPE_DEF_OR_REF, 0x01, listed)]) + b"\x01\x0e"))
    m.add(0x02, 0, m.name("<Module>"), 0, 0, 1, 1)
    outer = m.add(0x02, 0x00100081, m.name("Outer`1"), m.name("Made.Up"), extends, 1, 1)
    inner = m.add(0x02, 0x00100105, m.name("Inner"), 0, extends, 1, 6)
    m.add(0x02, 0x000000a0, m.name("IThing"), m.name("Made.Up"), 0, 1, 7)
    m.add(0x06, 0, 0, 0x1886, m.name(".ctor"), m.blob(SIGS["instance void()"]), 1)
    m.add(0x06, 0, 0, 0x0091, m.name("Static"), m.blob(SIGS["int(string,ref long)"]), 1)
    m.add(0x06, 0, 0, 0x00e4, m.name("Final"), m.blob(SIGS["object(int[],int[,],ptr)"]), 3)
    m.add(0x06, 0, 0, 0x0445, m.name("Abstract"), m.blob(SIGS["void()"]), 4)
    m.add(0x06, 0, 0, 0x0002, m.name("Generic"), m.blob(SIGS["T(V)"]), 4)
    m.add(0x06, 0, 0, 0x0003, m.name("Odd"), m.blob(b"\x00\x01\x01\x77"), 5)
    m.add(0x06, 0, 0, 0x0446, m.name("Get"), m.blob(b"\x20\x01\x15\x12" + bytes([coded(TYPE_DEF_OR_REF, 0x02, outer)]) + b"\x01\x08\x11"
                                                   + bytes([coded(TYPE_DEF_OR_REF, 0x01, 4)])), 5)
    m.add(0x08, 0, 1, m.name("text"))
    m.add(0x08, 0, 2, m.name("number"))
    m.add(0x08, 0, 0, 0)
    m.add(0x08, 0, 1, m.name("v"))
    m.add(0x08, 0, 1, m.name("e"))
    m.add(0x09, outer, coded(TYPE_DEF_OR_REF, 0x02, 4))
    m.add(0x09, outer, coded(TYPE_DEF_OR_REF, 0x1b, spec))
    m.add(0x29, inner, outer)
    m.add(0x2a, 0, 0, coded((1, (0x02, 0x06)), 0x02, outer), m.name("T"))
    m.add(0x2a, 0, 0, coded((1, (0x02, 0x06)), 0x06, 5), m.name("V"))
    m.add(0x04, 0x8056, m.name("K"), m.blob(b"\x06\x0e"))
    m.add(0x0b, 0x0e, coded((2, (0x04, 0x08, 0x17)), 0x04, 1), m.blob("constant".encode("utf-16le")))
    m.add(0x0b, 0x08, coded((2, (0x04, 0x08, 0x17)), 0x04, 1), m.blob(b"\7\0\0\0"))
    ctor = m.add(0x0a, coded((3, (0x02, 0x01, 0x1a, 0x06, 0x1b)), 0x01, guid), m.name(".ctor"), m.blob(b"\x20\x01\x01\x0e"))
    m.add(0x0c, coded(COLUMNS[0x0c][0], 0x20, 1), coded((3, (-1, -1, 0x06, 0x0a, -1)), 0x0a, ctor),
          m.blob(b"\1\0\x24" + b"01234567-89ab-cdef-0123-456789abcdef" + b"\0\0"))
    m.add(0x20, 0x8004, 1, 2, 3, 4, 0, 0, m.name("made"), m.name("de"))
    m.add(0x1a, m.name("kernel32"))
    m.add(0x1d, 0x2000, 1)
    m.add(0x28, 0, 1, m.name("a.resource"), 0)
    m.add(0x28, 0, 1, m.name("elsewhere"), coded((2, (0x26, 0x23, 0x27)), 0x23, 2))
    return program(m.root(), struct.pack("<I", 5) + b"bytes", plus=plus)[0]


def samples():
    yield "full", full()
    yield "wide", full(wide=True)
    yield "extra", full(extra=True)
    yield "plus", full(plus=True)
    m = Metadata()
    m.add(0x00, 0, m.name("m"), 0, 0, 0)
    yield "bare", program(m.root())[0]
    yield "no_tables", program(m.root(streams=[(b"#Strings", b"\0a\0")]))[0]
    yield "odd_streams", program(m.root(streams=[(b"#Blop", b"x" * 9), (b"#-", m.tables()), (b"#Strings", m.strings)]))[0]
    yield "version", program(m.root(version=b"v2.0.50727"))[0]
