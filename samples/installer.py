"""A package of Windows Installer, as small as it may be: tables in a compound file. Installs nothing."""
import struct

import documents as d

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
CLSID = bytes.fromhex("84100c0000000000c000000000000046")


def packed(name, is_table=True):
    """A stream's name as the installer packs it: two characters in one."""
    out, i = "\u4840" if is_table else "", 0
    while i < len(name):
        a = DIGITS.find(name[i])
        b = DIGITS.find(name[i + 1]) if i + 1 < len(name) else -1
        if a < 0:
            out += name[i]
            i += 1
        elif b < 0:
            out += chr(0x4800 + a)
            i += 1
        else:
            out += chr(0x3800 + a + (b << 6))
            i += 2
    return out


class Database:
    """Tables of {name: [(column, type), ...]} and rows; texts are pooled."""

    def __init__(self, wide=False):
        self.texts, self.wide, self.tables = [""], wide, {}

    def text(self, s):
        if s not in self.texts:
            self.texts.append(s)
        return self.texts.index(s)

    def ref(self, s):
        return struct.pack("<I", self.text(s))[:3 if self.wide else 2] if s else bytes(3 if self.wide else 2)

    def cell(self, kind, value):
        if kind & 0x800:
            return struct.pack("<H", value) if kind & ~0x1000 == 0x900 else self.ref(value)
        if value is None:
            return bytes(2 if kind & 0xff <= 2 else 4)
        return struct.pack("<H", value ^ 0x8000) if kind & 0xff <= 2 else struct.pack("<I", value ^ 0x80000000)

    def grid(self, columns, rows):
        return b"".join(b"".join(self.cell(kind, row[i]) for row in rows) for i, (_, kind) in enumerate(columns))

    def add(self, name, columns, rows):
        self.tables[name] = (columns, rows)

    def streams(self):
        out = {packed(name): self.grid(columns, rows) for name, (columns, rows) in self.tables.items()}
        lines = [(name, i + 1, column, kind) for name, (columns, _) in self.tables.items() for i, (column, kind) in enumerate(columns)]
        own = [("", 0xd40), ("", 0x502), ("", 0xd40), ("", 0x502)]
        out[packed("_Columns")] = self.grid(own, lines)
        out[packed("_Tables")] = b"".join(self.ref(name) for name in self.tables)
        pool = struct.pack("<HH", 1252, 0x8000 if self.wide else 0)
        for s in self.texts[1:]:
            n = len(s)
            pool += (struct.pack("<HHHH", 0, n >> 16, n & 0xffff, 1) if n > 0xffff else struct.pack("<HH", n, 1))
        out[packed("_StringPool")] = pool
        out[packed("_StringData")] = "".join(self.texts).encode("cp1252")
        return out


def package(wide=False, clsid=CLSID, more=None, target="echo harmless"):
    db = Database(wide)
    db.add("Property", [("Property", 0x2d48), ("Value", 0x0f00)], [("ProductName", "Made up"), ("ARP", "1")])
    db.add("CustomAction", [("Action", 0x2d48), ("Type", 0x0502), ("Source", 0x1d48), ("Target", 0x1dff), ("ExtendedType", 0x1104)],
           [("Run", 51, "X", target, None), ("Deferred", 3106, "TARGETDIR", "cmd", 7)])
    db.add("Binary", [("Name", 0x2d48), ("Data", 0x0900)], [("b", 1)])
    tree = db.streams()
    tree[packed("Binary.b", is_table=False)] = b"bytes of a stream"
    tree.update(more or {})
    return d.ole2(tree, clsid=clsid)
