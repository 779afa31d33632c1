#!/usr/bin/env python3
"""Makes small ELF files, whole and broken, for the tests of YARA's module `elf`. Nothing here runs.

Source of the layout: System V ABI, chapters 4 and 5.
"""
import struct

SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_DYNAMIC, SHT_NOBITS, SHT_DYNSYM = 1, 2, 3, 6, 8, 11
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
BASE = 0x400000


class Elf:
    """One file: sections' bodies stand one behind the other; tables stand at the end."""

    def __init__(self, is64=True, is_be=False, type=2, machine=62, entry=BASE + 0x40, osabi=0):
        self.is64, self.o = is64, ">" if is_be else "<"
        self.type, self.machine, self.entry, self.osabi, self.flags = type, machine, entry, osabi, 0
        self.segments, self.sections, self.header = [], [], {}
        self.body = b""
        self.start = 64 if is64 else 52

    def word(self, *v):
        return struct.pack(self.o + ("Q" if self.is64 else "I") * len(v), *v)

    def add(self, data, align=8):
        """Bytes into the body. @return their offset."""
        self.body += b"\0" * (-(self.start + len(self.body)) % align)
        at = self.start + len(self.body)
        self.body += data
        return at

    def section(self, name, type, data=b"", flags=0, addr=0, link=0, entsize=0, size=None, offset=None):
        at = self.add(data) if offset is None else offset
        self.sections.append([name, type, flags, addr, at, len(data) if size is None else size, link, entsize])
        return len(self.sections)  # its number: the null section stands before all

    def segment(self, type, offset, filesz, vaddr=None, flags=5, memsz=None, align=0x1000, paddr=None):
        vaddr = BASE + offset if vaddr is None else vaddr
        self.segments.append((type, flags, offset, vaddr, vaddr if paddr is None else paddr, filesz,
                              filesz if memsz is None else memsz, align))

    def symbol(self, name_at, value=0, size=0, bind=1, type=2, other=0, shndx=0):
        info = bind << 4 | type
        if self.is64:
            return struct.pack(self.o + "IBBHQQ", name_at, info, other, shndx, value, size)
        return struct.pack(self.o + "IIIBBH", name_at, value, size, info, other, shndx)

    def bytes(self, cut=None, tail=b""):
        phsize, shsize = (56, 64) if self.is64 else (32, 40)
        names = b"\0"
        where = []
        for s in self.sections:
            where.append(len(names))
            names += s[0] + b"\0"
        shstrndx = 0
        if self.sections:
            where.append(len(names))
            names += b".shstrtab\0"
            at = self.add(names)
            self.sections.append([b".shstrtab", SHT_STRTAB, 0, 0, at, len(names), 0, 0])
            shstrndx = len(self.sections)
        ph = b""
        for t, flags, off, va, pa, fs, ms, al in self.segments:
            if self.is64:
                ph += struct.pack(self.o + "IIQQQQQQ", t, flags, off, va, pa, fs, ms, al)
            else:
                ph += struct.pack(self.o + "IIIIIIII", t, off, va, pa, fs, ms, flags, al)
        phoff = self.add(ph) if self.segments else 0
        sh = bytes(shsize) if self.sections else b""
        for w, (_, t, flags, addr, off, size, link, entsize) in zip(where, self.sections):
            sh += struct.pack(self.o + "II", w, t) + self.word(flags, addr, off, size)
            sh += struct.pack(self.o + "II", link, 0) + self.word(1, entsize)
        shoff = self.add(sh) if self.sections else 0
        h = {"type": self.type, "machine": self.machine, "version": 1, "entry": self.entry, "phoff": phoff,
             "shoff": shoff, "flags": 0, "ehsize": self.start, "phentsize": phsize if self.segments else 0,
             "phnum": len(self.segments), "shentsize": shsize if self.sections else 0,
             "shnum": len(self.sections) + 1 if self.sections else 0, "shstrndx": shstrndx}
        h.update(self.header)
        ident = b"\x7fELF" + bytes([self.header.get("class", 2 if self.is64 else 1),
                                    self.header.get("data", 2 if self.o == ">" else 1), 1, self.osabi]) + bytes(8)
        out = ident + struct.pack(self.o + "HHI", h["type"], h["machine"], h["version"])
        out += self.word(h["entry"], h["phoff"], h["shoff"])
        out += struct.pack(self.o + "IHHHHHH", h["flags"], h["ehsize"], h["phentsize"], h["phnum"], h["shentsize"],
                           h["shnum"], h["shstrndx"])
        out += self.body
        return (out if cut is None else out[:cut]) + tail


def names(*texts):
    """A string table and where each text stands in it."""
    out, at = b"\0", {}
    for t in texts:
        at[t] = len(out)
        out += t + b"\0"
    return out, at


def full(is64=True, is_be=False, type=2, machine=62, entry=BASE + 0x40, change=None):
    """Sections, segments, symbols of both kinds and a dynamic table."""
    e = Elf(is64, is_be, type, machine, entry)
    text = e.add(b"\xc3" * 64, 64)
    e.sections.append([b".text", SHT_PROGBITS, 6, BASE + text, text, 64, 0, 0])
    table, at = names(b"puts", b"Socket", b"connect", b"", b"local", b"memcpy", b"libx.so", b"weakone", b"data")
    strings = e.section(b".dynstr", SHT_STRTAB, table, 2)
    e.section(b".dynsym", SHT_DYNSYM, e.symbol(0, bind=0, type=0) + e.symbol(at[b"puts"]) + e.symbol(at[b"Socket"]) +
              e.symbol(at[b"connect"]) + e.symbol(at[b"local"], BASE + text, 4, 0, 2, 0, 1) + e.symbol(at[b"memcpy"]) +
              e.symbol(at[b"weakone"], bind=2) + e.symbol(at[b"data"], BASE, 8, 1, 1, 3, 2) +
              e.symbol(at[b"connect"], BASE + text, 4, 1, 2, 2, 1), 2, 0, strings, 24 if is64 else 16)
    table2, at2 = names(b"main", b"crt.c")
    strings2 = e.section(b".strtab", SHT_STRTAB, table2)
    e.section(b".symtab", SHT_SYMTAB, e.symbol(0, bind=0, type=0) + e.symbol(at2[b"main"], BASE + text, 16, 1, 2, 0, 1) +
              e.symbol(at2[b"crt.c"], 0, 0, 0, 4, 0, 0xfff1), 0, 0, strings2, 24 if is64 else 16)
    dyn = e.word(1, at[b"libx.so"], 5, BASE + e.sections[1][4], 6, BASE + e.sections[2][4], 10, len(table), 0, 0, 7, 7)
    e.section(b".dynamic", SHT_DYNAMIC, dyn, 3, 0x600000, strings, 16 if is64 else 8)
    e.section(b".bss", SHT_NOBITS, b"", 3, 0x601000, size=0x1000, offset=0x100000)
    e.segment(PT_LOAD, 0, 0x400)
    e.segment(PT_DYNAMIC, e.sections[5][4], len(dyn), 0x600000, 6, align=8)
    e.segment(PT_NOTE, 0x10, 4, flags=4, memsz=8, paddr=7)
    if change is not None:
        change(e)
    return e


def _set(**kw):
    def change(e):
        e.header.update(kw)
    return change


def many(symtab=False):
    """Functions of each kind that telfhash takes or leaves, some of them twice."""
    e = Elf()
    listed = (b"puts Puts abc zz,y local_u strcpy memcpy x64 main .dot _us gets Gets open close read write ioctl socket "
              b"listen accept bind getpid weakf hid obj STRX aa").split()
    table, at = names(*listed)
    strings = e.section(b".dynstr", SHT_STRTAB, table)
    rows = e.symbol(0, bind=0, type=0) + e.symbol(at[b"puts"])
    for n in listed:
        rows += e.symbol(at[n], bind={b"local_u": 0, b"weakf": 2}.get(n, 1), type=1 if n == b"obj" else 2,
                         other=2 if n == b"hid" else 0, shndx=3 if n in OURS else 0)
    e.section(b".symtab" if symtab else b".dynsym", SHT_SYMTAB if symtab else SHT_DYNSYM, rows, 2, 0, strings, 24)
    return e


OURS = b"open close read write ioctl socket listen accept bind getpid".split()


def samples():
    """(name, bytes) of each."""
    yield "many", many().bytes()
    yield "many_symtab", many(True).bytes()
    yield "full64", full().bytes()
    yield "full32", full(False, machine=3).bytes()
    yield "full64be", full(True, True, machine=21).bytes()
    yield "full32be", full(False, True, machine=8).bytes()
    yield "shared", full(type=3).bytes()
    yield "object", full(type=1, entry=0).bytes()
    yield "object_entry", full(type=1, entry=0x10).bytes()
    yield "entry_in_section", full(entry=0x601800).bytes()
    yield "entry_zero", full(entry=0).bytes()
    yield "entry_nowhere", full(entry=0x999999).bytes()
    e = full()
    e.segments = []
    yield "no_segments", e.bytes()
    e = full(type=3)
    e.segments = []
    yield "no_segments_dyn", e.bytes()
    e = full()
    e.sections = []
    yield "no_sections", e.bytes()
    e = full(False)
    e.sections = []
    yield "no_sections32", e.bytes()
    e = Elf()
    yield "header_only", e.bytes()
    yield "header_only32", Elf(False).bytes()
    for n in (4, 5, 16, 20, 51, 52, 53, 63):
        yield f"cut{n}", Elf().bytes(n)
        yield f"cut32_{n}", Elf(False).bytes(n)
    for name, kw in {
            "class0": {"class": 0}, "class3": {"class": 3}, "data0": {"data": 0}, "data3": {"data": 3},
            "shnum1": {"shnum": 1}, "shnum_more": {"shnum": 9}, "shnum_past": {"shnum": 500}, "shnum_ffff": {"shnum": 0xffff},
            "shnum0": {"shnum": 0}, "shstrndx0": {"shstrndx": 0}, "shstrndx1": {"shstrndx": 1}, "shstrndx_past": {"shstrndx": 99},
            "shstrndx_ffff": {"shstrndx": 0xffff}, "shoff_past": {"shoff": 1 << 20}, "shoff_high": {"shoff": (1 << 31) + 8}, "shoff0": {"shoff": 0},
            "shentsize0": {"shentsize": 0}, "shentsize1": {"shentsize": 41}, "shentsize_more": {"shentsize": 80},
            "phentsize0": {"phentsize": 0}, "phentsize_more": {"phentsize": 60}, "phnum0": {"phnum": 0},
            "phnum_more": {"phnum": 5}, "phnum_past": {"phnum": 600}, "phnum_ffff": {"phnum": 0xffff}, "phoff0": {"phoff": 0},
            "phoff_past": {"phoff": 1 << 20}, "type_fe01": {"type": 0xfe01}, "core": {"type": 4}, "none": {"type": 0}}.items():
        yield name, full(change=_set(**kw)).bytes()
        yield name + "_32", full(False, True, change=_set(**kw)).bytes()
    whole = full().bytes()
    for back in (1, 8, 63, 64, 65, 200, 600):
        yield f"short{back}", whole[:-back]

    def link_past(e):
        e.sections[2][6] = 99

    def link_self(e):
        e.sections[2][6] = 3

    def strings_past(e):
        e.sections[1][5] = 1 << 20

    def strings_short(e):
        e.sections[1][5] = 9

    def strings_outside(e):
        e.sections[1][4] = 1 << 20

    def symbols_odd(e):
        e.sections[2][5] -= 5

    def symbols_past(e):
        e.sections[2][5] = 1 << 16

    def symbols_outside(e):
        e.sections[2][4] = 1 << 20

    def two_dynsyms(e):
        e.sections.append(list(e.sections[2]))
        e.sections[-1][5] = 72 if e.is64 else 48

    def no_dynsym(e):
        e.sections[2][1] = SHT_PROGBITS

    def entsize_odd(e):
        e.sections[2][7] = 17

    def dyn_past(e):
        e.segments[1] = e.segments[1][:2] + (1 << 20,) + e.segments[1][3:]

    def dyn_long(e):
        t = list(e.segments[1])
        t[5] = 1 << 16
        e.segments[1] = tuple(t)

    def dyn_short(e):
        t = list(e.segments[1])
        t[5] = 40
        e.segments[1] = tuple(t)

    def two_dynamics(e):
        t = list(e.segments[1])
        t[5] = 32
        e.segments.append(tuple(t))

    def two_loads(e):
        e.segments.insert(0, (PT_LOAD, 5, 0x100, BASE, BASE, 0x10, 0x200, 4096))

    def entry_in_bss(e):
        e.segments[0] = (PT_LOAD, 5, 0, BASE - 0x100, 0, 0x80, 0x2000, 4096)

    def name_odd(e):
        e.sections[0][0] = b".te\x01\xfft\"\\\n"

    def entry_zero_mapped(e):
        e.entry = 0
        e.segments[0] = (PT_LOAD, 5, 0x40, 0, 0, 0x400, 0x400, 4096)

    for f in (entry_zero_mapped, link_past, link_self, strings_past, strings_short, strings_outside, symbols_odd, symbols_past, symbols_outside,
              two_dynsyms, no_dynsym, entsize_odd, dyn_past, dyn_long, dyn_short, two_dynamics, two_loads, entry_in_bss,
              name_odd):
        yield f.__name__, full(change=f).bytes()
        yield f.__name__ + "_32be", full(False, True, change=f).bytes()
