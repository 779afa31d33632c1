#!/usr/bin/env python3
"""Makes small Mach-O files, thin and fat, whole and broken, for the tests of YARA's module `macho`. Nothing here runs.

Source of the layout: Apple's <mach-o/loader.h>, <mach-o/fat.h>, <mach-o/nlist.h>, <mach/machine/thread_status.h>; the
code signature is that of Apple's <kern/cs_blobs.h>.
"""
import struct

X86, ARM, PPC, SPARC, MC68K, MC88K, ABI64 = 7, 12, 18, 14, 6, 13, 0x01000000
X86_64, ARM64, PPC64 = X86 | ABI64, ARM | ABI64, PPC | ABI64
BASE = 0x100000000
ENTITLEMENTS = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>com.apple.security.app-sandbox</key><true/>
<key>com.apple.security.Network.client</key><true/><key>keychain-access-groups</key><array><string>x</string></array></dict></plist>"""


class MachO:
    """One image: load commands in the order given; what they point to stands behind them."""

    def __init__(self, is64=True, is_be=False, cpu=None, sub=3, filetype=2, flags=0x200085):
        self.is64, self.o = is64, ">" if is_be else "<"
        self.cpu = cpu if cpu is not None else (X86_64 if is64 else X86)
        self.sub, self.filetype, self.flags = sub, filetype, flags
        self.commands, self.header, self.tail = [], {}, b""

    def command(self, kind, body, size=None):
        body += b"\0" * (-len(body) % (8 if self.is64 else 4))
        self.commands.append(struct.pack(self.o + "II", kind, len(body) + 8 if size is None else size) + body)

    def text_command(self, kind, text, fixed=b""):
        self.command(kind, struct.pack(self.o + "I", 12 + len(fixed)) + fixed + text + b"\0")

    def segment(self, name, vmaddr, vmsize, fileoff, filesize, sections=(), maxprot=7, initprot=5, flags=0, nsects=None, size=None):
        w = "Q" if self.is64 else "I"
        body = struct.pack(self.o + "16s" + w * 4 + "iiII", name, vmaddr, vmsize, fileoff, filesize, maxprot, initprot,
                           len(sections) if nsects is None else nsects, flags)
        for sect, seg, addr, ssize, off, align, reloff, nreloc, sflags, *res in sections:
            r = (list(res) + [0, 0, 0])[:3 if self.is64 else 2]
            body += struct.pack(self.o + "16s16s" + w * 2 + "IIIII" + "I" * len(r), sect, seg, addr, ssize, off, align,
                                reloff, nreloc, sflags, *r)
        self.command(0x19 if self.is64 else 1, body, size)

    def thread(self, flavor, registers, kind=5, count=None):
        self.command(kind, struct.pack(self.o + "II", flavor, len(registers) // 4 if count is None else count) + registers)

    def main(self, entry, stack=0):
        self.command(0x80000028, struct.pack(self.o + "QQ", entry, stack))

    def dylib(self, name, kind=0xc, stamp=2, current=0x10203, compatible=0x10000):
        self.text_command(kind, name, struct.pack(self.o + "III", stamp, current, compatible))

    def start(self):
        return (32 if self.is64 else 28) + sum(map(len, self.commands))

    def bytes(self):
        magic = 0xfeedfacf if self.is64 else 0xfeedface
        h = {"magic": magic, "cputype": self.cpu, "cpusubtype": self.sub, "filetype": self.filetype,
             "ncmds": len(self.commands), "sizeofcmds": sum(map(len, self.commands)), "flags": self.flags}
        h.update(self.header)
        out = struct.pack(self.o + "7I", *h.values()) + (struct.pack(self.o + "I", 0x1234) if self.is64 else b"")
        return out + b"".join(self.commands) + self.tail


def full(is64=True, is_be=False, cpu=None, change=None, **kw):
    m = MachO(is64, is_be, cpu, **kw)
    base = BASE if is64 else 0x1000
    m.segment(b"__PAGEZERO", 0, base, 0, 0, maxprot=0, initprot=0)
    m.segment(b"__TEXT", base, 0x1000, 0, 0x1000,
              [(b"__text", b"__TEXT", base + 0x100, 0x80, 0x100, 4, 0, 0, 0x80000400, 1, 2, 3),
               (b"sixteen_bytes_of", b"sixteen_bytes_of", base + 0x180, 8, 0x180, 2, 5, 6, 2)])
    m.segment(b"__DATA", base + 0x1000, 0x2000, 0x1000, 0, [(b"__bss", b"__DATA", base + 0x1000, 0x100, 0, 3, 0, 0, 1)],
              initprot=3, flags=4)
    if change is not None:
        change(m)
    return m


def whole(is64=True, is_be=False):
    """All that YARA-X tells of."""
    m = full(is64, is_be)
    m.main(0x120, 0x8000)
    m.text_command(0xe, b"/usr/lib/dyld")
    m.dylib(b"/usr/lib/libSystem.B.dylib", current=0x4f00102, compatible=0x10000)
    m.dylib(b"@rpath/Foo.framework/Foo", 0x80000018)
    m.dylib(b"@rpath/libreexport.dylib", 0x8000001f)
    m.dylib(b"@rpath/liblazy.dylib", 0x20)
    m.dylib(b"/usr/lib/libUpward.dylib", 0x80000023)
    m.dylib(b"/usr/lib/SELF.dylib", 0xd)
    m.dylib(b"/usr/lib/libSystem.B.dylib")
    m.text_command(0x8000001c, b"@loader_path/../Frameworks")
    m.text_command(0x8000001c, b"@executable_path/Lib")
    m.command(0x1b, bytes(range(16)))
    m.command(0x2a, struct.pack(m.o + "Q", 12 << 40 | 3 << 30 | 2 << 20 | 1 << 10 | 7))
    m.command(0x32, struct.pack(m.o + "IIII", 1, 0xb0300, 0xc0000, 2) + struct.pack(m.o + "IIII", 3, 0x3590107, 1, 0x20000))
    m.command(0x24, struct.pack(m.o + "II", 0xa0e02, 0xb0000))
    m.command(0x2d, struct.pack(m.o + "I", 2) + b"-lfoo\0-framework Bar\0")
    texts = b"\0_printf\0_main\0_NSLog\0_hidden\0_abs\0_stab\0__mh_execute_header\0"
    at = {n: texts.index(b"\0" + n + b"\0") + 1 for n in texts.split(b"\0") if n}
    rows = b""
    for name, kind, sect, desc, value in ((b"_printf", 1, 0, 0x100, 0), (b"_main", 0xf, 1, 0, BASE + 0x120), (b"_NSLog", 1, 0, 0x200, 0),
                                          (b"_hidden", 0xe, 1, 0, BASE + 0x130), (b"_abs", 3, 0, 0, 5), (b"_stab", 0x24, 1, 0, 0),
                                          (b"__mh_execute_header", 0xf, 1, 0x10, BASE)):
        rows += struct.pack(m.o + "IBBH" + ("Q" if is64 else "I"), at[name], kind, sect, desc, value & (2**64 - 1 if is64 else 0xffffffff))
    trie = b"\0\1_\0\5" + b"\0\2main\0\x21_mh_execute_header\0\x26" + b"\3\0\xa0\2\0" + b"\2\0\0\0"
    binds = b"\x11\x40_printf\0\x51\x72\x10\x90\x12\x40_NSLog\0\x90\0"
    lazy = b"\x11\x40_puts\0\x51\x73\x10\x90\0"
    sizes = {"sym": 24, "dysym": 80, "dyld": 48, "sig": 16}
    here = m.start() + sum(sizes.values())
    symoff, stroff = here, here + len(rows)
    bindoff = stroff + len(texts)
    lazyoff, expoff = bindoff + len(binds), bindoff + len(binds) + len(lazy)
    sigoff = (expoff + len(trie) + 15) & ~15
    sig = signature()
    m.command(2, struct.pack(m.o + "IIII", symoff, 7, stroff, len(texts)))
    m.command(0xb, struct.pack(m.o + "18I", *range(18)))
    m.command(0x80000022, struct.pack(m.o + "10I", 11, 12, bindoff, len(binds), 0, 0, lazyoff, len(lazy), expoff, len(trie)))
    m.command(0x1d, struct.pack(m.o + "II", sigoff, len(sig)))
    assert m.start() == here, (m.start(), here)
    m.tail = (rows + texts + binds + lazy + trie).ljust(sigoff - here, b"\0") + sig
    return m


def signature(entitlements=ENTITLEMENTS, blobs=None):
    """A signature without certificates: a code directory of nothing and entitlements. Always big-endian."""
    blobs = blobs if blobs is not None else [(0, struct.pack(">II", 0xfade0c02, 52) + bytes(44)),
                                             (5, struct.pack(">II", 0xfade7171, 8 + len(entitlements)) + entitlements)]
    at, rows, body = 12 + 8 * len(blobs), b"", b""
    for kind, blob in blobs:
        rows += struct.pack(">II", kind, at + len(body))
        body += blob
    return struct.pack(">III", 0xfade0cc0, at + len(body), len(blobs)) + rows + body


def der(tag, *parts):
    body = b"".join(parts)
    n = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))
    return bytes([tag]) + n + body


def message(name=b"Made Up Signer"):
    """A PKCS#7 message with one certificate and its signer; keys and signatures are zeros."""
    oid = {"data": b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", "signed": b"\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
           "cn": b"\x55\x04\x03", "sha256": b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", "rsa": b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"}
    def named(text):
        return der(0x30, der(0x31, der(0x30, der(6, oid["cn"]), der(0x0c, text))))
    algorithm = der(0x30, der(6, oid["rsa"]), der(5))
    dates = der(0x30, der(0x17, b"200101000000Z"), der(0x17, b"300101000000Z"))
    key = der(0x30, algorithm, der(3, bytes(17)))
    body = der(0x30, der(0xa0, der(2, b"\2")), der(2, b"\x55"), algorithm, named(b"Made Up Root"), dates, named(name), key)
    cert = der(0x30, body, algorithm, der(3, bytes(17)))
    digest = der(0x30, der(6, oid["sha256"]), der(5))
    signer = der(0x30, der(2, b"\1"), der(0x30, named(b"Made Up Root"), der(2, b"\x55")), digest, algorithm, der(4, bytes(16)))
    signed = der(0x30, der(2, b"\1"), der(0x31, digest), der(0x30, der(6, oid["data"])), der(0xa0, cert), der(0x31, signer))
    return der(0x30, der(6, oid["signed"]), der(0xa0, signed))


def linked(kind, data):
    """An image with one command that points to data."""
    m = full()
    m.command(kind, struct.pack("<II", m.start() + 16, len(data)))
    m.tail = data
    return m.bytes()


def chained(form):
    names = b"\0_open\0_close\0"
    rows = b""
    for at in (1, 7, 400):
        rows += {1: struct.pack("<I", at << 9 | 1), 2: struct.pack("<Ii", at << 9 | 1, 0), 3: struct.pack("<QQ", at << 32 | 1, 0)}[form]
    return linked(0x80000034, struct.pack("<7I", 0, 28, 28, 28 + len(rows), 3, form, 0) + rows + names)


def plain():
    """Without the loader's tables: the symbol table tells."""
    m = whole()
    m.commands = [struct.pack("<I", 0x99) + c[4:] if c[:4] == struct.pack("<I", 0x80000022) else c for c in m.commands]
    return m.bytes()


def fat(images, is64=False, is_be=True, magic=None, count=None, change=None):
    """[(cpu, sub, bytes)], each at a multiple of 64."""
    o = ">" if is_be else "<"
    size = 32 if is64 else 20
    at = (8 + size * len(images) + 63) & ~63
    rows, body = [], b""
    for cpu, sub, data in images:
        rows.append([cpu, sub, at + len(body), len(data), 6, 0x77])
        body += data.ljust((len(data) + 63) & ~63, b"\0")
    if change is not None:
        change(rows)
    out = struct.pack(o + "II", magic or (0xcafebabf if is64 else 0xcafebabe), len(images) if count is None else count)
    for r in rows:
        out += struct.pack(o + ("IIQQII" if is64 else "IIIII"), *(r if is64 else r[:5]))
    return out.ljust(at, b"\0") + body


def threads():
    """(name, image) of each kind of thread."""
    def one(is64, is_be, cpu, flavor, words, index, value, kind=5):
        m = full(is64, is_be, cpu)
        registers = [0] * words
        if cpu & ABI64:
            m.thread(flavor, struct.pack(m.o + "Q" * words, *[value if i == index else i for i in range(words)]), kind)
        else:
            registers[index] = value
            m.thread(flavor, struct.pack(m.o + "I" * words, *registers), kind)
        return m
    for kind in (4, 5):
        yield f"x86_{kind}", one(False, False, X86, 1, 16, 10, 0x1110, kind)
        yield f"x64_{kind}", one(True, False, X86_64, 4, 21, 16, BASE + 0x110, kind)
        yield f"arm_{kind}", one(False, False, ARM, 1, 17, 15, 0x1110, kind)
        yield f"arm64_{kind}", one(True, False, ARM64, 6, 34, 32, BASE + 0x110, kind)
        yield f"ppc_{kind}", one(False, True, PPC, 1, 40, 0, 0x1110, kind)
        yield f"ppc64_{kind}", one(True, True, PPC64, 5, 38, 0, BASE + 0x110, kind)
        yield f"sparc_{kind}", one(False, True, SPARC, 1, 20, 1, 0x1110, kind)
        yield f"m68k_{kind}", one(False, True, MC68K, 1, 20, 17, 0x1110, kind)
        yield f"m88k_{kind}", one(False, True, MC88K, 1, 34, 31, 0x1110, kind)
    yield "x86_flavor", one(False, False, X86, 7, 16, 10, 0x1110)
    yield "x64_flavor1", one(True, False, X86_64, 1, 21, 16, BASE + 0x110)
    yield "x64_nowhere", one(True, False, X86_64, 4, 21, 16, BASE + 0x110000)
    yield "x64_in_bss", one(True, False, X86_64, 4, 21, 16, BASE + 0x1010)
    m = full()
    m.thread(4, bytes(80))
    yield "x64_cut", m
    m = full()
    m.thread(4, bytes(168), count=1)
    yield "x64_count", m


def samples():
    """(name, bytes) of each."""
    for is64 in (True, False):
        for is_be in (False, True):
            n = f"{64 if is64 else 32}{'be' if is_be else 'le'}"
            yield "full" + n, full(is64, is_be).bytes()
            yield "whole" + n, whole(is64, is_be).bytes()
    for n, m in threads():
        yield "thread_" + n, m.bytes()
    yield "plain", plain()
    for form in (1, 2, 3):
        yield f"chained{form}", chained(form)
    pkcs7 = message()
    yield "certificate", linked(0x1d, signature(blobs=[(0x10000, struct.pack(">II", 0xfade0b01, 8 + len(pkcs7)) + pkcs7)]))
    yield "ring", linked(0x80000033, b"\0\1a\0\0")
    m = full()
    m.main(0x120, 0x8000)
    m.thread(4, struct.pack("<21Q", *range(21)))
    yield "main_and_thread", m.bytes()
    m = full()
    m.thread(4, struct.pack("<21Q", *[BASE + 0x110] * 21))
    m.main(0x120, 0x8000)
    yield "thread_and_main", m.bytes()
    m = full()
    m.main(1 << 40, 1 << 63)
    yield "main_far", m.bytes()
    m = full()
    m.main(0, 0)
    m.main(0x30, 9)
    yield "two_mains", m.bytes()
    whole64 = full().bytes()
    for cut in (3, 4, 8, 27, 28, 31, 32, 33, 40, 104, 110, 200, 400):
        yield f"cut{cut}", whole64[:cut]
        yield f"cut32_{cut}", full(False, True).bytes()[:cut]
    for name, kw in {"ncmds0": {"ncmds": 0}, "ncmds2": {"ncmds": 2}, "ncmds_more": {"ncmds": 9}, "ncmds_max": {"ncmds": 0xffffffff},
                     "size0": {"sizeofcmds": 0}, "size_less": {"sizeofcmds": 100}, "size_more": {"sizeofcmds": 1 << 20},
                     "type0": {"filetype": 0}, "cpu_unknown": {"cputype": 99}, "cpu_32": {"cputype": 7}}.items():
        for is64 in (True, False):
            m = full(is64)
            m.header.update(kw)
            m.main(0x120, 0x8000)
            m.header.setdefault("ncmds", len(m.commands))
            m.tail = bytes(64)
            yield name + ("" if is64 else "_32"), m.bytes()

    def nsects_more(m):
        m.segment(b"__MORE", 1, 2, 3, 4, [(b"a", b"b", 1, 2, 3, 4, 5, 6, 7)], nsects=9)

    def nsects_less(m):
        m.segment(b"__LESS", 1, 2, 3, 4, [(b"a", b"b", 1, 2, 3, 4, 5, 6, 7)] * 3, nsects=1)

    def nsects_huge(m):
        m.segment(b"__HUGE", 1, 2, 3, 4, [], nsects=0xffffffff)

    def segment_short(m):
        m.segment(b"__SHORT", 1, 2, 3, 4, [], size=40)

    def command_zero(m):
        m.command(0x99, b"abcd", size=0)
        m.segment(b"__AFTER", 1, 2, 3, 4, [])

    def command_seven(m):
        m.command(0x99, b"abcd", size=7)

    def command_huge(m):
        m.command(0x99, b"abcd", size=0x7fffffff)
        m.segment(b"__AFTER", 1, 2, 3, 4, [])

    def command_odd(m):
        m.commands.append(struct.pack(m.o + "II", 0x99, 11) + b"abc")
        m.segment(b"__AFTER", 1, 2, 3, 4, [])

    def other_width(m):
        w = MachO(not m.is64, m.o == ">")
        w.segment(b"__OTHER", 1, 2, 3, 4, [(b"a", b"b", 1, 2, 3, 4, 5, 6, 7)])
        m.commands += w.commands

    def main_short(m):
        m.commands.append(struct.pack(m.o + "IIQ", 0x80000028, 16, 0x120))

    def main_without_tail(m):
        m.commands.append(struct.pack(m.o + "IIQQ", 0x80000028, 24, 0x120, 9)[:20])

    for f in (nsects_more, nsects_less, nsects_huge, segment_short, command_zero, command_seven, command_huge, command_odd, other_width,
              main_short, main_without_tail):
        yield f.__name__, full(change=f).bytes()
        yield f.__name__ + "_32be", full(False, True, change=f).bytes()
    a, b = full(), full(False, False, ARM, sub=9)
    a.main(0x120, 0x8000)
    pair = [(X86_64, 3, a.bytes()), (ARM, 9, b.bytes())]
    yield "fat", fat(pair)
    yield "fat64", fat(pair, True)
    yield "fat_le", fat(pair, is_be=False)
    yield "fat64_le", fat(pair, True, False)
    yield "fat_whole", fat([(X86_64, 3, whole().bytes()), (PPC, 0, whole(False, True).bytes())])
    yield "fat_none", fat([])
    yield "fat_more", fat(pair, count=5)
    yield "fat_less", fat(pair, count=1)
    yield "fat_huge", fat(pair, count=0xffffffff)
    yield "fat_java", fat([], count=0x37) + bytes(40)
    yield "fat_text", fat([(1, 2, b"hello")])
    yield "fat_in_fat", fat([(1, 2, fat(pair))])

    def past(rows):
        rows[0][2] = 1 << 20

    def long(rows):
        rows[0][3] = 1 << 20

    def whole_file(rows):
        rows[0][2] = 0

    def same(rows):
        rows[1][2:4] = rows[0][2:4]

    def empty(rows):
        rows[0][3] = 0

    for f in (past, long, whole_file, same, empty):
        yield "fat_" + f.__name__, fat(pair, change=f)
        yield "fat64_" + f.__name__, fat(pair, True, change=f)
    for cut in (4, 7, 8, 20, 28, 60, 100, 400):
        yield f"fat_cut{cut}", fat(pair)[:cut]
