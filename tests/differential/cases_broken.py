"""Programs with one field of their headers changed, or cut: which are Heuristics.Broken.Executable."""
import struct

from samples import tiny_pe

DB = {'t.ndb': 'T.None:0:*:deadbeefcafebabe00112233\n'}
PE_SECTIONS = [(512, 0x1000, 512, 1024), (512, 0x2000, 512, 1536)]  # size in memory, address, size, place


def pe(secs=PE_SECTIONS, is64=False, ep=0x1064, salign=0x1000, falign=512, hdr=1024, sub=3, opt=None, nsec=None, nrva=16, chars=0x102):
    optsz = (240 if is64 else 224) if opt is None else opt
    coff = b'PE\0\0' + struct.pack('<HHIIIHH', 0x8664 if is64 else 0x14c, len(secs) if nsec is None else nsec, 0, 0, 0, optsz, chars)
    o = struct.pack('<HBBIIIII', 0x20b if is64 else 0x10b, 8, 0, 512, 512, 0, ep, 0x1000)
    if is64:
        o += struct.pack('<QIIHHHHHHIIIIHHQQQQII', 0x400000, salign, falign, 4, 0, 0, 0, 4, 0, 0, 0x10000, hdr, 0, sub, 0, 0x100000, 0x1000,
                         0x100000, 0x1000, 0, nrva)
    else:
        o += struct.pack('<IIIIHHHHHHIIIIHHIIIIII', 0x2000, 0x400000, salign, falign, 4, 0, 0, 0, 4, 0, 0, 0x10000, hdr, 0, sub, 0, 0x100000,
                         0x1000, 0x100000, 0x1000, 0, nrva)
    o = (o + b'\0' * 128)[:optsz].ljust(optsz, b'\0')
    table = b''.join(struct.pack('<8sIIIIIIHHI', b's%d' % i, v, a, r, p, 0, 0, 0, 0, 0x60000020) for i, (v, a, r, p) in enumerate(secs))
    head = b'MZ' + b'\0' * 58 + struct.pack('<I', 64) + coff + o + table
    return head.ljust(1024, b'\0') + b'\x90' * 1024


def changed(base, *fields):
    b = bytearray(base)
    for off, fmt, value in fields:
        struct.pack_into(fmt, b, off, value)
    return bytes(b)


def pe_groups(is64):
    def f(*a, **k):
        return pe(*a, is64=is64, **k)
    full = f()
    yield 'cut', {'%03d' % n: full[:n] for n in (64, 80, 87, 88, 100, 183, 184, 199, 200, 239, 311, 312, 327, 328, 391, 392, 407, 408, 1100, 1535, 1536)}
    yield 'optional header', {'%d' % o: f(opt=o) for o in (0, 96, 111, 112, 200, 223, 224, 225, 239, 240, 241, 248)}
    yield 'section alignment', {'%d_%x' % (s, a): f([(512, 1024, 512, 1024)], salign=a, falign=min(a, 512), sub=s, ep=0x464)
                                for s in (1, 2, 3, 10) for a in (0x10, 0x80, 0x200)}
    yield 'pages', {'%x' % a: f([(512, a, 512, 1024), (512, 2 * a, 512, 1536)], salign=a, ep=a + 100) for a in (0x1000, 0x2000, 0x3000, 0x1800)}
    yield 'file alignment', {'%d_%x' % (s, a): f(falign=a, sub=s) for s in (1, 3) for a in (0, 1, 0x10, 0x100, 0x200, 0x201, 0x300, 0x400, 0x1000, 0x10000)}
    yield 'entry', {'%x' % e: f(ep=e) for e in (0, 1, 0x3ff, 0x400, 0x7ff, 0x800, 0xffe, 0x1000, 0x11ff, 0x1200, 0x2000, 0x21ff, 0x2200, 0x3000,
                                                0x80000000)}
    yield 'headers', {'%x' % v: f(hdr=v) for v in (0, 1, 1024, 4096, 4097, 8192, 0x80000000)}
    yield 'directories', {'%d' % k: f(nrva=k) for k in (0, 1, 15, 16, 17, 100)}
    yield 'count', {'%d' % n: f(nsec=n) for n in (0, 1, 2, 3)}
    for field, off in (('memory size', 8), ('size', 16), ('place', 20)):
        at = 88 + (240 if is64 else 224) + off
        yield field, {'%d_%x' % (i, v): changed(full, (at + 40 * i, '<I', v)) for i in (0, 1)
                      for v in (0, 1, 511, 512, 513, 1025, 2047, 2048, 4096, 4097, 8192, 0x7fffffff, 0x80000000)}
    yield 'shapes', {
        'no memory size': f([(0, 0x1000, 0x600, 1024), (512, 0x2000, 512, 1536)]), 'past the end': f([(0, 0x1000, 0x1600, 1024), (512, 0x2000, 512, 1536)]),
        'past the end, further': f([(0, 0x1000, 0x1600, 1024), (512, 0x3000, 512, 1536)]), 'empty': f([(0, 0x1000, 0, 0), (512, 0x2000, 512, 1536)], ep=0x2000),
        'empty, same place': f([(0, 0x1000, 0, 0), (512, 0x1000, 512, 1536)], ep=0x1000),
        'bss': f([(512, 0x1000, 512, 1024), (0x3000, 0x2000, 0, 0), (512, 0x5000, 512, 1536)]),
        'entry in bss': f([(512, 0x1000, 512, 1024), (0x3000, 0x2000, 0, 0), (512, 0x5000, 512, 1536)], ep=0x2100),
        'entry behind data': f([(0x800, 0x1000, 512, 1024), (512, 0x2000, 512, 1536)], ep=0x1300),
        'cut, entry in': f([(0x2000, 0x1000, 0x2000, 1024)], ep=0x13ff), 'cut, entry out': f([(0x2000, 0x1000, 0x2000, 1024)], ep=0x1400),
        'page in file': f([(512, 0x1000, 1, 1024)], ep=0x1300, falign=0x1000), 'odd place': f([(512, 0x1000, 512, 1536)], ep=0x1100, falign=0x1000),
        'gap': f([(512, 0x1000, 512, 1024), (512, 0x9000, 512, 1536)]), 'wrong order': f([(512, 0x2000, 512, 1024), (512, 0x1000, 512, 1536)])}


def elf(is64=True, be=False, ph=None, sh=None, entry=None, phoff=None, shoff=None, phnum=None, shnum=None, phsz=None, shsz=None, cls=None, enc=None):
    end = '>' if be else '<'
    eh, ps, ss, word = (64, 56, 64, 'Q') if is64 else (52, 32, 40, 'I')
    base = 0x400000
    ph = [(1, 0, base, 0x300, 0x300)] if ph is None else ph
    sh = [(0, 0, 0, 0), (1, base + 0x100, 0x100, 0x40), (3, 0, 0x140, 0x20)] if sh is None else sh
    ident = b'\x7fELF' + bytes([(2 if is64 else 1) if cls is None else cls, (2 if be else 1) if enc is None else enc, 1]) + b'\0' * 9
    out = ident + struct.pack(end + 'HHI' + word * 3 + 'IHHHHHH', 2, 62 if is64 else 3, 1, base + 0x110 if entry is None else entry,
                              eh if phoff is None else phoff, eh + ps * len(ph) if shoff is None else shoff, 0, eh, ps if phsz is None else phsz,
                              len(ph) if phnum is None else phnum, ss if shsz is None else shsz, len(sh) if shnum is None else shnum, 0)
    for kind, off, addr, fsize, msize in ph:
        out += (struct.pack(end + 'IIQQQQQQ', kind, 5, off, addr, addr, fsize, msize, 0x1000) if is64
                else struct.pack(end + 'IIIIIIII', kind, off, addr, addr, fsize, msize, 5, 0x1000))
    for kind, addr, off, size in sh:
        out += struct.pack(end + 'II' + word * 4 + 'II' + word * 2, 0, kind, 6, addr, off, size, 0, 0, 1, 0)
    return out.ljust(0x300, b'\x90')


def elf_groups(is64, be):
    def f(**k):
        return elf(is64=is64, be=be, **k)
    full = f()
    yield 'cut', {'%03d' % n: full[:n] for n in (16, 51, 52, 63, 64, 100, 119, 120, 200, 250, 311, 312, 767)}
    yield 'segments', {'%d' % n: f(phnum=n) for n in (0, 1, 2, 127, 129, 65535)}
    yield 'many segments', {'%d' % n: f(ph=[(1, 0, 0x400000, 0x300, 0x300)] * n) for n in (127, 128, 129)}
    yield 'sections', {'%d' % n: f(shnum=n) for n in (0, 1, 2, 127, 1000, 2048, 2049, 65535)}
    yield 'segment table', {'%x' % o: f(phoff=o) for o in (0, 0x2f0, 0x300, 0xffffffff)}
    yield 'section table', {'%x' % o: f(shoff=o) for o in (0, 1, 0x2f0, 0x300, 0xffffffff)}
    yield 'segment size', {'%d' % s: f(phsz=s) for s in (0, 31, 32, 33, 55, 56, 57)}
    yield 'section size', {'%d' % s: f(shsz=s) for s in (0, 39, 40, 41, 63, 64, 65)}
    yield 'entry', {'%x' % e: f(entry=e) for e in (0, 1, 0x3fffff, 0x400000, 0x4002ff, 0x400300, 0x500000)}
    yield 'class', {'%d%d' % (c, o): f(cls=c, enc=o) for c in (0, 3) for o in (0, 1, 2, 3)}
    yield 'no tables', {'segments': f(ph=[]), 'sections': f(sh=[]), 'none': f(ph=[], sh=[]), 'no load': f(ph=[(2, 0, 0x400000, 0x300, 0x300)])}


def macho(is64=True, be=False, secs=((0x1000, 0x100, 0x200),), ncmds=None, nsect=None, cpu=None, align=0):
    end, word = '>' if be else '<', 'Q' if is64 else 'I'
    size = 72 + 80 * len(secs) if is64 else 56 + 68 * len(secs)
    body = struct.pack(end + 'II16s' + word * 4 + 'iiII', 0x19 if is64 else 1, size, b'__TEXT', 0x1000, 0x1000, 0, 0x1000, 7, 5,
                       len(secs) if nsect is None else nsect, 0)
    for addr, length, off in secs:
        body += struct.pack(end + '16s16s' + word * 2 + 'IIIIIII' + ('I' if is64 else ''), b'__text', b'__TEXT', addr, length, off, align,
                            *([0] * (6 if is64 else 5)))
    state = struct.pack(end + word, 0) * 16
    body += struct.pack(end + 'IIII', 5, 16 + len(state), 4 if is64 else 1, len(state) // 4) + state
    head = struct.pack(end + 'IIIIIII', 0xfeedfacf if is64 else 0xfeedface, cpu if cpu is not None else 0x1000007 if is64 else 7, 3, 2,
                       2 if ncmds is None else ncmds, len(body), 0)
    return (head + (b'\0' * 4 if is64 else b'') + body).ljust(0x600, b'\x90')


def macho_groups(is64, be):
    def f(**k):
        return macho(is64=is64, be=be, **k)
    full = f()
    yield 'cut', {'%03d' % n: full[:n] for n in (27, 28, 31, 32, 36, 40, 80, 104, 150, 152, 183, 185, 190, 199, 200, 231, 232, 250, 260)}
    yield 'commands', {'%x' % n: f(ncmds=n) for n in (0, 1, 2, 3, 10, 1000, 0xffffffff)}
    yield 'sections', {'%x' % n: f(nsect=n) for n in (0, 1, 2, 10, 255, 256, 0x7fffffff)}
    yield 'alignment', {'%x' % n: f(align=n) for n in (0, 31, 32, 33, 0x80000000)}
    yield 'machine', {'%x_%d' % (c, n): f(cpu=c)[:n] for c in (6, 7, 12, 18, 0x1000007, 0x1000012, 0x100000c) for n in (230, 300, 330, 1000)}


def cases():
    out = []
    for bits in (32, 64):
        groups = [('PE', '%d' % bits, pe_groups(bits == 64))]
        for be in (False, True):
            which = '%d%s' % (bits, 'be' if be else '')
            groups += [('ELF', which, elf_groups(bits == 64, be)), ('Mach-O', which, macho_groups(bits == 64, be))]
        for kind, which, parts in groups:
            out += [dict(name='broken %s %s, %s' % (kind, which, name), db=DB, args=['--alert-broken'], files=files) for name, files in parts]
    tiny = tiny_pe()
    out.append(dict(name='broken programs are told only when asked for', db=DB, args=[], files={'x': tiny[:400]}))
    out.append(dict(name='broken, although heuristics are off', db=DB, args=['--alert-broken', '--heuristic-alerts=no'], files={'x': tiny[:400]}))
    out.append(dict(name='broken, but not with --scan-pe=no', db=DB, args=['--alert-broken', '--scan-pe=no'], files={'x': tiny[:400]}))
    out.append(dict(name='broken, but not with --scan-elf=no', db=DB, args=['--alert-broken', '--scan-elf=no'], files={'x': elf(phnum=200)}))
    return out
