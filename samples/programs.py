#!/usr/bin/env python3
"""Makes small PE files, whole and broken in every way that we could think of, for the tests of YARA's
module `pe`. Nothing here runs: the code sections hold NOPs.

Source of the layouts: "Microsoft PE and COFF Specification"; VS_VERSIONINFO (Microsoft).
"""
import random
import struct

RVA = 0x1000  # of the one data section, which stands at RAW in the file
RAW = 0x400


class Blob:
    """Bytes of a section that is put together; addresses are known as soon as a piece is added."""

    def __init__(self, rva=RVA):
        self.rva, self.data = rva, bytearray()

    def here(self):
        return self.rva + len(self.data)

    def add(self, b, align=1):
        while len(self.data) % align:
            self.data.append(0)
        at = self.here()
        self.data += b
        return at

    def text(self, s):
        return self.add(s + b"\0")


def image(is64=False, sections=None, machine=None, dirs=None, ndirs=16, magic=None, file_align=0x200,
          sect_align=0x1000, nsections=None, headers=0x400, lfanew=0x80, optsize=None, overlay=b"",
          entry=0x1000, stub=b"", symbols=(0x111, 0), flags=0x2102, when=0x5F000000):
    """A program: `sections` are (name, vsize, rva, bytes, raw offset[, raw size[, flags]])."""
    if sections is None:
        sections = [(b".text", 0x1000, 0x1000, b"\x90" * 0x200, 0x400)]
    dirs = dict(dirs or {})
    machine = machine if machine is not None else (0x8664 if is64 else 0x14C)
    magic = magic if magic is not None else (0x20B if is64 else 0x10B)
    opt = struct.pack("<HBBIIIII", magic, 14, 1, 0x200, 0x300, 0x100, entry, 0x1000)
    opt += struct.pack("<Q", 0x140000000) if is64 else struct.pack("<II", 0x2000, 0x400000)
    opt += struct.pack("<IIHHHHHHIIIIHH", sect_align, file_align, 6, 1, 2, 3, 5, 1, 0, 0x5000, headers,
                       0x1234, 3, 0x8160)
    opt += struct.pack("<QQQQ" if is64 else "<IIII", 0x100000, 0x1000, 0x200000, 0x2000)
    opt += struct.pack("<II", 7, ndirs)
    for i in range(16):
        opt += struct.pack("<II", *dirs.get(i, (0, 0)))
    coff = struct.pack("<HHIIIHH", machine, len(sections) if nsections is None else nsections, when,
                       *symbols, len(opt) if optsize is None else optsize, flags)
    f = b"MZ" + b"\0" * 58 + struct.pack("<I", lfanew)
    f = (f + stub).ljust(lfanew, b"\0") + b"PE\0\0" + coff + opt
    for name, vsize, rva, data, raw, *rest in sections:
        size = rest[0] if rest else len(data)
        f += struct.pack("<8sIIIIIIHHI", name, vsize, rva, size, raw, 0x11, 0x22, 3, 4,
                         rest[1] if len(rest) > 1 else 0x60000020)
    for _, _, _, data, raw, *_ in sections:
        f = f.ljust(raw, b"\0")
        f = f[:raw] + data + f[raw + len(data):]
    return f + overlay


def with_blob(blob, dirs, is64=False, **kw):
    """A program with one section that holds the blob."""
    data = bytes(blob.data).ljust((len(blob.data) + 0x1FF) // 0x200 * 0x200, b"\0")
    return image(is64, sections=[(b".data", max(len(data), 0x1000), blob.rva, data, RAW)], dirs=dirs, **kw)


def imports(blob, libraries, is64=False, with_names=True, with_addresses=True, end=True):
    """An import table: [(name, [function name | ordinal | raw thunk as ('raw', n)])]. @return its directory row."""
    word, top = ("<Q", 1 << 63) if is64 else ("<I", 1 << 31)
    rows = b""
    for name, functions in libraries:
        thunks = b""
        for f in functions:
            if isinstance(f, int):
                v = top | f
            elif isinstance(f, tuple):
                v = f[1]
            else:
                v = blob.add(struct.pack("<H", 1) + f + b"\0", 2)
            thunks += struct.pack(word, v)
        thunks += struct.pack(word, 0)
        lookup = blob.add(thunks, 8) if with_names else 0
        address = blob.add(thunks, 8) if with_addresses else 0
        where = blob.text(name) if isinstance(name, bytes) else name
        rows += struct.pack("<IIIII", lookup, 0x11, 0x22, where, address)
    if end:
        rows += bytes(20)
    return blob.add(rows, 4), len(rows)


def delayed(blob, libraries, is64=False, attributes=1, base=0):
    """A table of delayed imports. With attributes 0 its addresses are absolute (`base` is added)."""
    word, top = ("<Q", 1 << 63) if is64 else ("<I", 1 << 31)
    rows = b""
    for name, functions in libraries:
        thunks = b"".join(struct.pack(word, (top | f) if isinstance(f, int) else base +
                                      blob.add(struct.pack("<H", 1) + f + b"\0", 2)) for f in functions)
        thunks += struct.pack(word, 0)
        lookup, address = blob.add(thunks, 8), blob.add(thunks, 8)
        where = blob.text(name)
        rows += struct.pack("<IIIIIIII", attributes, base + where, 0, base + address, base + lookup, 0, 0, 0)
    rows += bytes(32)
    return blob.add(rows, 4), len(rows)


def exports(blob, name, functions, base=1, nnames=None, nfunctions=None, when=0x5E000000):
    """An export table: functions are (name or None, rva, or text of a forwarder). @return its directory row.

    Forwarders' texts stand inside the directory, as they must.
    """
    start = blob.here() if len(blob.data) % 4 == 0 else None
    at = blob.add(bytes(40), 4) if start is None else blob.add(bytes(40))
    addresses, names, numbers = b"", [], []
    for i, (n, target) in enumerate(functions):
        addresses += struct.pack("<I", blob.text(target) if isinstance(target, bytes) else target)
        if n is not None:
            names.append(blob.text(n))
            numbers.append(i)
    a = blob.add(addresses, 4)
    n = blob.add(b"".join(struct.pack("<I", v) for v in names), 4)
    o = blob.add(b"".join(struct.pack("<H", v) for v in numbers), 2)
    own = blob.text(name) if isinstance(name, bytes) else name
    head = struct.pack("<IIHHIIIIIII", 0, when, 0, 0, own, base, len(functions) if nfunctions is None else nfunctions,
                       len(names) if nnames is None else nnames, a, n, o)
    blob.data[at - blob.rva:at - blob.rva + 40] = head
    return at, blob.here() - at


def resources(blob, tree, when=0x5D000000, version=(4, 2)):
    """A tree of resources: {type: {name: {language: bytes}}}, keys are numbers or texts. @return its directory row."""
    blob.add(b"", 4)
    root = blob.here()
    out, leaves, texts = bytearray(), [], []

    def directory(d):
        at = len(out)
        named = [k for k in d if isinstance(k, str)]
        keys = named + [k for k in d if not isinstance(k, str)]
        out.extend(struct.pack("<IIHHHH", 0, when, *version, len(named), len(keys) - len(named)))
        rows = len(out)
        out.extend(bytes(8 * len(keys)))
        for i, k in enumerate(keys):
            if isinstance(k, str):
                texts.append((rows + 8 * i, k))
            else:
                struct.pack_into("<I", out, rows + 8 * i, k)
            if isinstance(d[k], dict):
                struct.pack_into("<I", out, rows + 8 * i + 4, 0x80000000 | len(out))
                directory(d[k])
            else:
                leaves.append((rows + 8 * i + 4, d[k]))
        return at

    directory(tree)
    for place, k in texts:
        struct.pack_into("<I", out, place, 0x80000000 | len(out))
        out.extend(struct.pack("<H", len(k)) + k.encode("utf-16-le"))
        out.extend(bytes(-len(out) % 4))
    bodies = []
    for place, body in leaves:
        struct.pack_into("<I", out, place, len(out))
        bodies.append((len(out), body))
        out.extend(bytes(16))
    for place, body in bodies:
        out.extend(bytes(-len(out) % 4))
        rva, size = root + len(out), len(body)
        struct.pack_into("<IIII", out, place, rva, size, 1252, 0)
        out.extend(body)
    blob.add(bytes(out))
    return root, len(out)


def node(key, value=b"", kind=1, children=(), value_length=None):
    """A node of a version block."""
    head = key.encode("utf-16-le") + b"\0\0"
    b = bytearray(6) + head
    b += bytes(-len(b) % 4)
    b += value
    for c in children:
        b += bytes(-len(b) % 4)
        b += c
    n = (len(value) // 2 if kind == 1 else len(value)) if value_length is None else value_length
    struct.pack_into("<HHH", b, 0, len(b), n, kind)
    return bytes(b)


def version_text(key, value):
    return node(key, value.encode("utf-16-le") + b"\0\0")


def version(pairs, language="040904b0", with_var=True):
    """A VS_VERSION_INFO block."""
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, 1, 2, 3, 4, 0x3F, 0, 4, 1, 0, 0, 0)
    children = [node("StringFileInfo", children=[node(language, children=[version_text(*p) for p in pairs])])]
    if with_var:
        children.append(node("VarFileInfo", children=[node("Translation", struct.pack("<HH", 0x409, 0x4B0), 0)]))
    return node("VS_VERSION_INFO", fixed, 0, children)


def rich(records, key=0x12345678, at=0x40, padding=3):
    """What linkers of Microsoft leave between the DOS stub and the header: (tool, version, times)."""
    words = [0x536E6144] + [0] * padding
    for tool, ver, times in records:
        words += [tool << 16 | ver, times]
    return b"".join(struct.pack("<I", w ^ key) for w in words) + b"Rich" + struct.pack("<I", key)


def debug(blob, path, kind=2, head=None, raw=None, rva=None, size=None):
    """A debug directory with one entry that names a .pdb file."""
    body = (head if head is not None else b"RSDS" + bytes(range(16)) + struct.pack("<I", 1)) + path
    at = blob.add(body, 4)
    row = struct.pack("<IIHHIIII", 0, 0, 0, 0, kind, len(body) if size is None else size, at if rva is None else rva,
                      at - blob.rva + RAW if raw is None else raw)
    return blob.add(row, 4), len(row)


def _imports():
    """(name, libraries, options) of import tables, whole and broken."""
    yield "usual", [(b"KERNEL32.dll", [b"CreateFileA", b"x?y", 5]), (b"ws2_32.dll", [1, 2, 9999]),
                    (b"OLEAUT32.DLL", [2, 400])], {}
    for name in (b"\x01", b"", b"a\x1f", b"a\x20", b"a\x7f", b"a\xff", b'"', b"*", b"a<b", b"a?", b"a|", b"a:b", b".", b"a\tb",
                 b"A" * 300):
        yield "library %r" % name[:8], [(name, [b"f"]), (b"ok.dll", [b"g", 7])], {}
    yield "functions' names", [(b"a.dll", [b"", b"\x01\x02", b"a b", b"?foo@@YAXXZ", b"x" * 600, b"y" * 512, b"e\x80"])], {}
    yield "no lookup table", [(b"a.dll", [b"f", 3])], {"with_names": False}
    yield "no address table", [(b"a.dll", [b"f", 3])], {"with_addresses": False}
    yield "library nowhere", [(0x9999999, [b"f", 3]), (b"b.dll", [b"g"])], {}
    yield "function nowhere", [(b"a.dll", [("raw", 0x777777), b"f", ("raw", 0x7FFFFFFF), b"g"])], {}
    yield "no function", [(b"a.dll", []), (b"b.dll", [b"g"])], {}
    yield "no good function", [(b"a.dll", [("raw", 0x777777)]), (b"b.dll", [b"g"])], {}
    yield "library twice", [(b"a.dll", [b"f"]), (b"A.dll", [b"g"]), (b"a.dll", [b"f"])], {}
    yield "no end", [(b"a.dll", [b"f"])], {"end": False}
    yield "many functions", [(b"a%d.dll" % i, [b"f%d" % k for k in range(5000)]) for i in range(4)], {}


def _directories():
    """(name, bytes) of programs with one directory each."""
    for name, libraries, kw in _imports():
        for is64 in (False, True):
            b = Blob()
            yield "imports: %s %d" % (name, is64), with_blob(b, {1: imports(b, libraries, is64, **kw)}, is64)
    for ndirs in (0, 1, 2, 17, 0x80000000):
        b = Blob()
        yield "imports: %d directories" % ndirs, with_blob(b, {1: imports(b, [(b"a.dll", [b"f"])])}, ndirs=ndirs)
    for attributes, base, is64 in ((1, 0, False), (0, 0x400000, False), (2, 0, False), (3, 0, False), (1, 0, True), (0, 0, True)):
        b = Blob()
        row = delayed(b, [(b"KERNEL32.dll", [b"CreateFileA", 5]), (b"ws2_32.dll", [1, b"zz"])], is64, attributes, base)
        yield "delayed %d %d" % (attributes, is64), with_blob(b, {13: row}, is64)
    b = Blob()
    row = delayed(b, [(b"", [b"f"]), (b"good.dll", [b"x"]), (b"a\x01", [b"g"]), (b"e.dll", []), (b"fin.dll", [b"x"])])
    yield "delayed: names", with_blob(b, {13: row})
    for name, functions, kw in (
            ("usual", [(b"fa", 0x1004), (b"fb", 0x1008), (None, 0x100C), (b"fc", b"NTDLL.Rtl")], {"base": 5}),
            ("nowhere", [(b"fa", 0), (None, 0), (b"fc", 0x777777)], {}),
            ("more functions than there are", [(b"fa", 0x1004)], {"nfunctions": 3}),
            ("far too many functions", [(b"fa", 0x1004)], {"nfunctions": 0x7FFFFFFF}),
            ("far too many names", [(b"fa", 0x1004)], {"nnames": 0x7FFFFFFF}),
            ("long names", [(b"f" * 600, 0x1004), (b"g", b"A" * 700)], {}),
            ("base 0", [(b"fa", 0x1004)], {"base": 0}), ("last base", [(b"fa", 0x1004)], {"base": 0xFFFFFFFF}),
            ("no library's name", [(b"fa", 0x1004)], {"name": 0x777777}), ("empty name", [(b"fa", 0x1004)], {"name": b""})):
        b = Blob()
        b.add(bytes(64))
        row = exports(b, kw.pop("name", b"x.dll"), functions, **kw)
        yield "exports: " + name, with_blob(b, {0: row})
        yield "exports: %s, directory of no size" % name, with_blob(b, {0: (row[0], 0)})
    for name, tree in (("usual", {10: {1: {0x409: b"abc"}, "NAME": {0x407: b"x", 0: b"y"}}, "TYPE": {3: {"LANG": b"zz"}}}),
                       ("two levels", {10: {1: b"abc"}}), ("one level", {10: b"abc", 11: {1: {1: b"x"}}}),
                       ("four levels", {10: {1: {2: {3: b"abc"}}}}), ("empty", {}), ("empty levels", {10: {1: {}, 2: {}}, 11: {}}),
                       ("text that leaves the file", {"T" * 4000: {1: {1: b""}}})):
        b = Blob()
        yield "resources: " + name, with_blob(b, {2: resources(b, tree)})
    for named, numbered, flags in ((0, 1, 0), (0, 1, 1), (0x8001, 0, 0), (0, 0x8001, 0), (0x200, 0x200, 0), (0xFFFF, 0xFFFF, 0)):
        b = Blob()
        b.add(struct.pack("<IIHHHH", flags, 7, 1, 2, named, numbered) + struct.pack("<II", 10, 0x18) +
              struct.pack("<IIII", 0x1000, 4, 0, 0) + bytes(0x800))
        yield "resources: counts %d %d %d" % (named, numbered, flags), with_blob(b, {2: (0x1000, 0x100)})
    b = Blob()
    b.add(struct.pack("<IIHHHH", 0, 7, 1, 2, 0, 1) + struct.pack("<II", 10, 0x80000000))
    yield "resources: a tree of itself", with_blob(b, {2: (0x1000, 0x100)})
    for name, kw in (("usual", {}), ("NB10", {"head": b"NB10" + bytes(12)}), ("MTOC", {"head": b"MTOC" + bytes(16)}),
                     ("unknown", {"head": b"XXXX" + bytes(20)}), ("another kind", {"kind": 1}), ("by raw", {"rva": 0}),
                     ("by rva", {"raw": 0}), ("rva nowhere", {"rva": 0x777777}), ("nowhere", {"rva": 0x777777, "raw": 0x77777})):
        b = Blob()
        yield "debug: " + name, with_blob(b, {6: debug(b, b"D:\\x\xc3\\y.pdb\0", **kw)})
    b = Blob()
    row = debug(b, b"a.pdb\0")
    for size in (0, 27, 29, 56, 1000):
        yield "debug: size %d" % size, with_blob(b, {6: (row[0], size)})


def _versions():
    pairs = [("CompanyName", "Acme"), ("FileVersion", "1.2"), ("Empty", ""), ("Uni", "\u00a9\u20ac\u0100x"), ("CompanyName", "Second")]
    fixed = struct.pack("<13I", 0xFEEF04BD, 0x10000, 1, 2, 3, 4, 0x3F, 0, 4, 1, 0, 0, 0)

    def block(*tables, key="VS_VERSION_INFO", head=fixed):
        return node(key, head, 0, [node("StringFileInfo", children=[node("040904b0", children=t)]) for t in tables])

    a, b = version_text("A", "1"), version_text("B", "2")
    yield "usual", {16: {1: {0x409: version(pairs)}}}
    yield "two languages", {16: {1: {0x409: version(pairs[:1]), 0x407: version([("CompanyName", "De")])}}}
    yield "no var", {16: {1: {0x409: version(pairs[:1], with_var=False)}}}
    yield "two tables", {16: {1: {0: block([a, b], [a])}}}
    yield "no fixed part", {16: {1: {0: block([a], head=b"")}}}
    yield "another key", {16: {1: {0: block([a], key="VS_VERSION_INFX")}}}
    yield "binary kind", {16: {1: {0: block([node("K", b"a\0b\0\0\0", 0)])}}}
    yield "no value", {16: {1: {0: block([node("K", b"", 1), b])}}}
    yield "value of length 0", {16: {1: {0: block([node("K", b"a\0\0\0", 1, value_length=0), b])}}}
    yield "length in bytes", {16: {1: {0: block([node("K", b"a\0b\0\0\0", 1, value_length=6), b])}}}
    yield "long", {16: {1: {0: version([("K" * 200, "x"), ("J", "y" * 2000)])}}}
    yield "two levels", {16: {1: version(pairs[:1])}}


def _headers():
    whole = image()
    for n in (0, 1, 2, 63, 64, 100, 131, 132, 152, 300, 375, 376, 400):
        yield "first %d bytes" % n, whole[:n]
    wide = image(True)
    for n in (376, 391, 392, 393):
        yield "first %d bytes of 64" % n, wide[:n]
    yield "plain", whole
    yield "plain 64", wide
    for magic in (0x10B, 0x20B, 0x107, 0):
        yield "magic %x" % magic, image(magic=magic)
        yield "magic %x of 64" % magic, image(True, magic=magic)
    for ndirs in (0, 1, 15, 17, 0xFFFFFFFF):
        yield "%d directories" % ndirs, image(ndirs=ndirs)
    for n in (0, 2, 95, 97, 65535):
        yield "%d sections" % n, image(nsections=n, overlay=bytes(0x2000))
    for size in (0, 10, 0xF0, 0x1000, 0xFFFF):
        yield "optional header of %d" % size, image(optsize=size)
    for entry in (0, 0x100, 0x3FF, 0x1100, 0x1200, 0x5000):
        yield "entry %x" % entry, image(entry=entry)
    for align in ((0x1000, 0x200), (0x1000, 0x10), (0x1000, 0), (0x200, 0x1000), (0, 3)):
        yield "alignment %x %x" % align, image(sections=[(b"a", 0x1000, 0x1234, b"A" * 0x200, 0x4AB)], sect_align=align[0],
                                               file_align=align[1], entry=0x1240)
    part = b"A" * 0x200
    for name, sections, tail in (("two", [(b"a", 0x1000, 0x1000, part, 0x400), (b"b", 0x100, 0x2000, part, 0x600)], b"xx"),
                                 ("crossed", [(b"a", 0x3000, 0x1000, part * 4, 0x600), (b"b", 0x1000, 0x2000, part, 0x400)], b"x"),
                                 ("empty", [(b"b", 0x1000, 0x2000, b"", 0)], b"xx"), ("none", [], b"xxx"),
                                 ("cut", [(b"b", 0x1000, 0x2000, part, 0x400, 0x1000)], b"x"),
                                 ("huge", [(b"a", 0x1000, 0x1000, part, 0x400), (b"b", 0x1000, 0x2000, part, 0x600, 0xFFFFFFFF)], b"xyz"),
                                 ("no memory", [(b"a", 0, 0x1000, part, 0x400)], b"")):
        for entry in (0x1000, 0x2080, 0x1300):
            yield "sections: %s %x" % (name, entry), image(sections=sections, overlay=tail, entry=entry)
    texts = b"\0" * 18 + struct.pack("<I", 40) + b".debug_info\0.hello\0"
    for name in (b"/4", b"/10", b"/x", b"/4abc", b"/0", b"//4", b"/9999", b"12345678", b"1\xc3\x01\n\"", b""):
        sections = [(name, 0x1000, 0x1000, part, 0x400)]
        yield "section %r" % name, image(sections=sections, symbols=(0x600, 1), overlay=texts)
    rows = [(261, 24215, 61), (170, 40219, 99), (1, 0, 1), (261, 24215, 9)]
    for name, stub in (("usual", rich(rows)), ("key 0", rich(rows, key=0)), ("padding 2", rich(rows, padding=2)),
                       ("padding 4", rich(rows, padding=4)), ("farther", bytes(64) + rich(rows)), ("crooked", bytes(2) + rich(rows)),
                       ("two", rich(rows[:1]) + rich(rows[1:2], key=0x777)), ("no begin", rich(rows)[16:]), ("no rows", rich([]))):
        yield "rich: " + name, image(stub=stub, lfanew=0x140)


def everything():
    """One program with all directories."""
    b = Blob()
    b.add(bytes(64))
    dirs = {1: imports(b, [(b"KERNEL32.dll", [b"CreateFileA", 5]), (b"ws2_32.dll", [1, b"send"])]),
            13: delayed(b, [(b"USER32.dll", [b"MessageBoxA", 7])]),
            0: exports(b, b"all.dll", [(b"fa", 0x1004), (None, 0x1008), (b"fc", b"NTDLL.Rtl")]),
            2: resources(b, {16: {1: {0x409: version([("CompanyName", "Acme"), ("FileVersion", "1.2")])}},
                             "TYPE": {"NAME": {0x407: b"abc"}}, 10: {2: {0: b"data"}}}),
            6: debug(b, b"D:\\build\\all.pdb\0")}
    return with_blob(b, dirs, stub=rich([(261, 24215, 61), (170, 40219, 99)]), lfanew=0x100, overlay=b"tail of the file")


def mangled(data, seed):
    """The program with a few fields changed: counts, places and sizes get values that hurt."""
    r = random.Random(seed)
    d = bytearray(data)
    for _ in range(r.randrange(1, 6) if d else 0):
        at = r.randrange(len(d))
        kind = r.randrange(4)
        if kind == 0:
            d[at] = r.randrange(256)
        elif kind == 1 and at + 4 <= len(d):
            struct.pack_into("<I", d, at & ~3, r.choice([0, 1, 0xFFFFFFFF, 0x80000000, 0x1000, 0x7FFFFFFF, len(d), r.randrange(1 << 32)]))
        elif kind == 2 and at + 2 <= len(d):
            struct.pack_into("<H", d, at & ~1, r.choice([0, 1, 0xFFFF, 0x8000, r.randrange(1 << 16)]))
        elif kind == 3 and r.randrange(8) == 0:
            del d[at:]
            break
    return bytes(d)


def samples(fuzz=0):
    """All made programs as (name, bytes), then `fuzz` mangled ones."""
    yield from _headers()
    yield from _directories()
    for name, tree in _versions():
        b = Blob()
        yield "version: " + name, with_blob(b, {2: resources(b, tree)})
    whole = everything()
    yield "everything", whole
    for seed in range(fuzz):
        yield "mangled %d" % seed, mangled(whole, seed)
