"""Writes small documents byte by byte: OLE2 compound files with VBA and XLM macros, PDF, RTF, OneNote, SWF.

Used by make_samples.py and by tests/differential/cases_docs.py. Needs Python only. Follows [MS-CFB], [MS-OVBA], [MS-XLS],
ISO 32000-1 and the RTF 1.9.1 specification. Nothing here is a real document: just what a reader needs to find its parts.
"""
import base64
import lzma
import struct
import zlib

FREE, END, FAT_SECTOR, DIFAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC


# ---- OLE2 ----

class _Dir:
    def __init__(self, name, kind, data=b""):
        self.name, self.kind, self.data = name, kind, data
        self.left = self.right = self.child = FREE
        self.start, self.size, self.clsid = END, len(data), bytes(16)


def _tree(entries, numbers):
    """A balanced tree of siblings, sorted as [MS-CFB] 2.6.4 asks. Gives the root's number."""
    numbers = sorted(numbers, key=lambda i: (len(entries[i].name), entries[i].name.upper()))
    if not numbers:
        return FREE
    mid = len(numbers) // 2
    entries[numbers[mid]].left = _tree(entries, numbers[:mid])
    entries[numbers[mid]].right = _tree(entries, numbers[mid + 1:])
    return numbers[mid]


def _collect(tree, entries, parent):
    mine = []
    for name, value in tree.items():
        entries.append(_Dir(name, 1 if isinstance(value, dict) else 2, b"" if isinstance(value, dict) else value))
        at = len(entries) - 1
        mine.append(at)
        if isinstance(value, dict):
            _collect(value, entries, at)
    entries[parent].child = _tree(entries, mine)


def ole2(tree, sector=512, mini_cutoff=4096, clsid=bytes(16), scatter=False):
    """A compound file of {name: bytes or {…}}. `scatter` lays each stream's sectors out backwards."""
    entries = [_Dir("Root Entry", 5)]
    entries[0].clsid = clsid
    _collect(tree, entries, 0)
    fat, body = [], []

    def store(data):
        n = -(-len(data) // sector)
        if n == 0:
            return END
        first = len(fat)
        order = list(range(n - 1, -1, -1)) if scatter else list(range(n))
        where = [first + k for k in order]  # where[i]: sector of block i
        fat.extend([0] * n)
        body.extend([b""] * n)
        for i in range(n):
            body[where[i]] = data[i * sector:(i + 1) * sector].ljust(sector, b"\0")
            fat[where[i]] = where[i + 1] if i + 1 < n else END
        return where[0]

    mini, minifat = bytearray(), []
    for e in entries:
        if e.kind != 2 or not e.data:
            continue
        if len(e.data) >= mini_cutoff:
            e.start = store(e.data)
            continue
        e.start = len(minifat)
        n = -(-len(e.data) // 64)
        minifat += list(range(e.start + 1, e.start + n)) + [END]
        mini += e.data.ljust(n * 64, b"\0")
    entries[0].start, entries[0].size = store(bytes(mini)), len(mini)
    mf = struct.pack("<%dI" % len(minifat), *minifat)
    mf += b"\xff" * (-len(mf) % sector)
    mf_start, mf_n = store(mf), len(mf) // sector
    raw = b""
    for e in entries:
        name = e.name.encode("utf-16le")
        raw += name.ljust(64, b"\0") + struct.pack("<HBBIII", len(name) + 2, e.kind, 1, e.left, e.right, e.child)
        raw += e.clsid + bytes(20) + struct.pack("<IQ", e.start, e.size)
    per = sector // 128
    while len(raw) // 128 % per:
        raw += bytes(64) + bytes(4) + b"\xff" * 12 + bytes(48)
    dir_n = len(raw) // sector
    dir_start = store(raw)
    nfat = 1
    while nfat * (sector // 4) < len(fat) + nfat:
        nfat += 1
    per, ndifat = sector // 4, 0
    while nfat > 109 + ndifat * (per - 1) or nfat * per < len(fat) + nfat + ndifat:
        if nfat > 109 + ndifat * (per - 1):
            ndifat += 1
        else:
            nfat += 1
    fat_at = list(range(len(fat), len(fat) + nfat))
    difat_at = list(range(len(fat) + nfat, len(fat) + nfat + ndifat))
    fat += [FAT_SECTOR] * nfat + [DIFAT_SECTOR] * ndifat
    fat_raw = struct.pack("<%dI" % len(fat), *fat)
    fat_raw += b"\xff" * (nfat * sector - len(fat_raw))
    rest = fat_at[109:]
    difat_raw = b""
    for i in range(ndifat):
        part = rest[i * (per - 1):(i + 1) * (per - 1)]
        part += [FREE] * (per - 1 - len(part))
        difat_raw += struct.pack("<%dI" % per, *part, difat_at[i + 1] if i + 1 < ndifat else END)
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    version = 3 if sector <= 512 else 4
    head += struct.pack("<HHHHH6xII", 0x3e, version, 0xFFFE, sector.bit_length() - 1, 6, 0 if version == 3 else dir_n, nfat)
    head += struct.pack("<IIIII", dir_start, 0, mini_cutoff, mf_start if mf_n else END, mf_n)
    head += struct.pack("<II", difat_at[0] if ndifat else END, ndifat)
    head += struct.pack("<109I", *(fat_at[:109] + [FREE] * (109 - len(fat_at[:109]))))
    return head.ljust(sector, b"\0") + b"".join(body) + fat_raw + difat_raw


# ---- VBA ----

def vba_compress(data):
    """[MS-OVBA] 2.4.1, with the longest match in the chunk."""
    out = bytearray(b"\x01")
    for start in range(0, len(data), 4096):
        chunk = data[start:start + 4096]
        packed = bytearray()
        at = 0
        while at < len(chunk):
            flags, items = 0, bytearray()
            for bit in range(8):
                if at >= len(chunk):
                    break
                nbits = max((at - 1).bit_length(), 4) if at > 0 else 4
                most = (0xFFFF >> nbits) + 3
                best, back = 0, 0
                n = 3
                while at > 0 and n <= min(most, len(chunk) - at):
                    p = chunk.rfind(chunk[at:at + n], 0, at + n - 1)
                    if p < 0:
                        break
                    best, back = n, at - p
                    n += 1
                if best >= 3:
                    flags |= 1 << bit
                    items += struct.pack("<H", (back - 1) << (16 - nbits) | (best - 3))
                    at += best
                else:
                    items.append(chunk[at])
                    at += 1
            packed.append(flags)
            packed += items
        if len(packed) >= 4096:
            out += struct.pack("<H", 0x3000 | 4095) + chunk.ljust(4096, b"\0")
        else:
            out += struct.pack("<H", 0xB000 | (len(packed) - 1)) + packed
    return bytes(out)


def vba_dir(modules, project="VBAProject"):
    """The records of a `dir` stream: modules are (name, stream name, offset of the source)."""
    def rec(kind, data):
        return struct.pack("<HI", kind, len(data)) + data

    def text(kind, kind16, s):
        return rec(kind, s.encode("latin-1")) + rec(kind16, s.encode("utf-16le"))

    d = rec(1, struct.pack("<I", 1)) + rec(2, struct.pack("<I", 0x409)) + rec(0x14, struct.pack("<I", 0x409))
    d += rec(3, struct.pack("<H", 1252)) + rec(4, project.encode()) + text(5, 0x40, "") + rec(6, b"") + rec(0x3D, b"")
    d += rec(7, struct.pack("<I", 0)) + rec(8, struct.pack("<I", 0))
    d += struct.pack("<HIIH", 9, 4, 0x61A2B3C4, 7) + text(0x0C, 0x3C, "")
    lib = b"*\\G{00020430-0000-0000-C000-000000000046}#2.0#0#C:\\WINDOWS\\SysWOW64\\stdole2.tlb#OLE Automation"
    d += text(0x16, 0x3E, "stdole") + rec(0x0D, struct.pack("<I", len(lib)) + lib + bytes(6))
    d += rec(0x0F, struct.pack("<H", len(modules))) + rec(0x13, struct.pack("<H", 0xFFFF))
    for name, stream, offset in modules:
        d += text(0x19, 0x47, name) + text(0x1A, 0x32, stream) + text(0x1C, 0x48, "")
        d += rec(0x31, struct.pack("<I", offset)) + rec(0x1E, struct.pack("<I", 0)) + rec(0x2C, struct.pack("<H", 0xFFFF))
        d += rec(0x21, b"") + rec(0x2B, b"")
    return d + rec(0x10, b"")


def vba_project(modules, cache=b"\x01\x16\x01\x00" + bytes(28), project="VBAProject", with_dir=True):
    """A project's storage as a tree for ole2(): {"VBA": {...}, "PROJECT": ...}."""
    vba = {"_VBA_PROJECT": b"\xcc\x61\xff\xff\x00\x00\x00"}
    if with_dir:
        vba["dir"] = vba_compress(vba_dir([(n, n, len(cache)) for n, _ in modules], project))
    text = 'ID="{00000000-0000-0000-0000-000000000000}"\r\n'
    for name, source in modules:
        head = 'Attribute VB_Name = "%s"\r\n' % name
        vba[name] = cache + vba_compress(head.encode() + source)
        text += "Module=%s\r\n" % name
    return {"VBA": vba, "PROJECT": (text + 'Name="%s"\r\n' % project).encode()}


# ---- Office ----

def word_fib(flags=0, nfib=0xC1, size=4096):
    """A WordDocument stream: the fixed start of its information block ([MS-DOC] 2.5.2)."""
    return (struct.pack("<HHHHHHHI", 0xA5EC, nfib, 0, 0x409, 0, flags, 0xBF, 0) + bytes(60)).ljust(size, b"\0")


def biff(*records):
    return b"".join(struct.pack("<HH", t, len(d)) + d for t, d in records)


def workbook(sheets, encrypted=False, extra=()):
    """A Workbook stream. Sheets are (name, kind, state, records); kind 0 worksheet, 1 macro sheet ([MS-XLS] 2.4.28)."""
    bof = struct.pack("<HHHHII", 0x600, 5, 0x0DBB, 0x07CC, 0, 6)
    head = [(0x809, bof)]
    if encrypted:
        head.append((0x2F, struct.pack("<HHH", 1, 1, 1) + bytes(48)))
    head += list(extra)
    size = len(biff(*head)) + sum(4 + 8 + len(n) for n, _, _, _ in sheets) + 4
    bodies, at = [], []
    for name, kind, _, records in sheets:
        at.append(size)
        sub = {0: 0x10, 1: 0x40, 2: 0x20, 6: 0x06}[kind]
        b = biff((0x809, struct.pack("<HHHHII", 0x600, sub, 0x0DBB, 0x07CC, 0, 6)), *records, (0x0A, b""))
        bodies.append(b)
        size += len(b)
    for (name, kind, state, _), off in zip(sheets, at):
        head.append((0x85, struct.pack("<IBBBB", off, state, kind, len(name), 0) + name.encode("latin-1")))
    return biff(*head, (0x0A, b"")) + b"".join(bodies)


def ole10native(name, data, path=None):
    """An embedded package's stream, as the packager writes it."""
    path = path or "C:\\Temp\\" + name
    inner = struct.pack("<H", 2) + name.encode() + b"\0" + path.encode() + b"\0" + bytes([0, 0, 3, 0])
    inner += struct.pack("<I", len(path) + 1) + path.encode() + b"\0" + struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(inner)) + inner


def ole1_package(name, data):
    """OLE1.0's embedded object ([MS-OLEDS] 2.2.5) of class Package."""
    native = ole10native(name, data)[4:]
    cls = b"Package\0"
    return struct.pack("<III", 0x501, 2, len(cls)) + cls + struct.pack("<II", 0, 0) + struct.pack("<I", len(native)) + native


def ole1_object(cls, data):
    cls = cls.encode() + b"\0"
    return struct.pack("<III", 0x501, 2, len(cls)) + cls + struct.pack("<II", 0, 0) + struct.pack("<I", len(data)) + data


def ppt_records(*records):
    """A "PowerPoint Document" stream: one container of atoms (type, instance, data), [MS-PPT] 2.3.1."""
    body = b"".join(struct.pack("<HHI", inst << 4, kind, len(data)) + data for kind, inst, data in records)
    return struct.pack("<HHI", 0x0F, 1000, len(body)) + body


# ---- OneNote, Flash, XML ----

def onenote(*files):
    """A section that is hardly more than its attached files ([MS-ONESTORE] 2.6.13)."""
    out = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(1008)
    for data in files:
        out += bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<Q", len(data)) + bytes(12) + data
        out += bytes(-len(data) % 8) + bytes.fromhex("22a7fb71790f0b4abb13899256426b24")
    return out


def swf(kind=b"FWS", *tags, version=10):
    """A film of (number, data) tags; kind FWS, CWS or ZWS."""
    body = bytes([0x08, 0x00]) + b"\0\x18\x01\0"
    for number, data in [*tags, (0, b"")]:
        body += struct.pack("<HI", number << 6 | 0x3F, len(data)) + data if len(data) > 62 else struct.pack("<H", number << 6 | len(data)) + data
    head = kind + bytes([version]) + struct.pack("<I", 8 + len(body))
    if kind == b"CWS":
        return head + zlib.compress(body)
    if kind == b"ZWS":
        packed = lzma.compress(body, format=lzma.FORMAT_ALONE)
        return head + struct.pack("<I", len(packed) - 13) + packed[:5] + packed[13:]
    return head + body


def word_xml(data, name="oledata.mso"):
    """A Word 2003 document that carries a file."""
    return ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<?mso-application progid="Word.Document"?>\r\n'
            '<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:binData w:name="%s">\n%s</w:binData>'
            '</w:wordDocument>' % (name, base64.encodebytes(data).decode())).encode()


def activemime(data):
    return (b"ActiveMime\0\0\xf0\x01\x04\0\0\0\xff\xff\xff\xff\0\0\x07\xf0\x04\0\0\0\x04\0\0\0").ljust(50, b"\0") + zlib.compress(data)


def xdp(data):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><pdf xmlns="http://ns.adobe.com/xdp/pdf/">'
            '<document><chunk>\n%s</chunk></document></pdf></xdp:xdp>' % base64.encodebytes(data).decode()).encode()


# ---- PDF ----

def pdf_stream(data, extra=b""):
    return b"<< /Length %d %s >>\nstream\n" % (len(data), extra) + data + b"\nendstream"


def pdf(objects, trailer=b"/Root 1 0 R", header=b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"):
    """A PDF of {number: bytes}; object 1 should be the catalog."""
    out, at = bytearray(header), {}
    for number, body in objects.items():
        at[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    xref = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in at.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    return bytes(out) + b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (max(at) + 1, trailer, xref)


def pdf_lzw(data, early=1):
    """LZWDecode as a writer without a dictionary would: literals, with a clear before the codes grow."""
    bits, nbits = 0, 0
    out = bytearray()
    codes = []
    for i, b in enumerate(data):
        if i % 200 == 0:
            codes.append(256)
        codes.append(b)
    codes.append(257)
    for c in codes:
        bits = bits << 9 | c
        nbits += 9
        while nbits >= 8:
            out.append(bits >> (nbits - 8) & 255)
            nbits -= 8
            bits &= (1 << nbits) - 1
    if nbits:
        out.append(bits << (8 - nbits) & 255)
    return bytes(out)


def pdf_run_length(data):
    out = bytearray()
    for i in range(0, len(data), 100):
        part = data[i:i + 100]
        out += bytes([len(part) - 1]) + part
    return bytes(out) + b"\x80"
