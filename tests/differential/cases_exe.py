"""Programs: import hashes, section hashes, version information, publishers that are trusted or blocked."""
import hashlib
import os
import struct

from samples import BIN, h, zip_of

SIGNED = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'format', 'samples', 'signed')


def pe(libs, is64=False, delay=(), flags=0x102, with_names=True, tail=b''):
    """A program that imports: libs is a list of (library, [name or number])."""
    va, width, top = 0x1000, 8 if is64 else 4, 1 << (63 if is64 else 31)
    ndesc, ndelay = (len(libs) + 1) * 20, (len(delay) + 1) * 32 if delay else 0
    blob = bytearray(ndesc + ndelay)

    def put(data):
        blob.extend(b'\0' * (-len(blob) % 4))
        at = len(blob)
        blob.extend(data)
        return va + at

    def thunks(functions):
        words = [top | f if isinstance(f, int) else put(b'\0\0' + f.encode('latin-1') + b'\0') for f in functions] + [0]
        data = b''.join(w.to_bytes(width, 'little') for w in words)
        return put(data), put(data)

    for i, (name, functions) in enumerate(libs):
        a, b = thunks(functions)
        struct.pack_into('<IIIII', blob, i * 20, a if with_names else 0, 0, 0, put(name.encode('latin-1') + b'\0'), b)
    for i, (name, functions) in enumerate(delay):
        a, b = thunks(functions)
        struct.pack_into('<IIIIIIII', blob, ndesc + i * 32, 1, put(name.encode('latin-1') + b'\0'), 0, b, a, 0, 0, 0)
    raw = bytes(blob) + tail
    raw += b'\0' * (-len(raw) % 512)
    image = 0x1000 + (len(raw) + 0xfff & ~0xfff)
    head = b'MZ' + b'\0' * 58 + struct.pack('<I', 64) + b'PE\0\0'
    head += struct.pack('<HHIIIHH', 0x8664 if is64 else 0x14c, 1, 0, 0, 0, 240 if is64 else 224, flags)
    head += struct.pack('<HBBIIIII', 0x20b if is64 else 0x10b, 8, 0, 512, 512, 0, 0x1000, 0x1000)
    head += struct.pack('<Q' if is64 else '<II', *([0x400000] if is64 else [0x2000, 0x400000]))
    head += struct.pack('<IIHHHHHHIIIIHH', 0x1000, 512, 4, 0, 0, 0, 4, 0, 0, image, 1024, 0, 3, 0)
    head += struct.pack('<QQQQII' if is64 else '<IIIIII', 0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    dirs = bytearray(128)
    struct.pack_into('<II', dirs, 8, va, ndesc)
    if delay:
        struct.pack_into('<II', dirs, 13 * 8, va + ndesc, ndelay)
    head += bytes(dirs) + struct.pack('<8sIIIIIIHHI', b'.idata', len(raw), va, len(raw), 1024, 0, 0, 0, 0, 0xe0000020)
    return head + b'\0' * (1024 - len(head)) + raw


def import_cases():
    rows = [
        ('plain', [('KERNEL32.dll', ['ExitProcess', 'Beep'])], 'kernel32.exitprocess,kernel32.beep'),
        ('two libraries', [('a.dll', ['y']), ('B.DLL', ['X'])], 'a.y,b.x'),
        ('a number', [('mfc42.dll', [5, 'Beep'])], 'mfc42.ord5,mfc42.beep'),
        ('sockets', [('WS2_32.dll', [1, 2, 3, 115, 151, 500, 999])],
         'ws2_32.accept,ws2_32.bind,ws2_32.closesocket,ws2_32.wsastartup,ws2_32.__wsafdisset,ws2_32.wep,ws2_32.ord999'),
        ('old sockets', [('wsock32.dll', [1, 3])], 'wsock32.accept,wsock32.closesocket'),
        ('automation', [('OLEAUT32.dll', [2, 3, 4])], 'oleaut32.sysallocstring,oleaut32.sysreallocstring,oleaut32.sysallocstringlen'),
        ('a library of that name only', [('ws2_32.ocx', [1])], 'ws2_32.ord1'),
        ('.ocx', [('x.OCX', ['a'])], 'x.a'),
        ('.sys', [('x.sys', ['a'])], 'x.a'),
        ('.drv stays', [('winspool.drv', ['a'])], 'winspool.drv.a'),
        ('.exe stays', [('host.exe', ['a'])], 'host.exe.a'),
        ('no extension', [('host', ['a'])], 'host.a'),
        ('two dots', [('a.b.dll', ['a'])], 'a.b.dll.a'),
        ('a longer extension', [('a.dllx', ['a'])], 'a.a'),
        ('a library without functions', [('a.dll', []), ('b.dll', ['x'])], 'b.x'),
        ('a name without letters', [('a.dll', ['', 'z'])], 'a.,a.z'),
        ('a long name', [('a.dll', ['x' * 300])], 'a.' + 'x' * 256),
        ('a long library', [('L' * 300 + '.dll', ['x'])], 'l' * 256 + '.x'),
    ]
    for what, libs, text in rows:
        md5 = hashlib.md5(text.encode()).hexdigest()
        yield dict(name='imp ' + what, files={'pe': pe(libs), 'raw': BIN}, db={'t.imp': '%s:%d:T.Imp\n' % (md5, len(text))})
    libs, text = rows[0][1], rows[0][2]
    files = {'pe': pe(libs), 'dll': pe(libs, flags=0x2102), 'addresses': pe(libs, with_names=False), 'delayed': pe(libs, delay=[('b.dll', ['x'])]),
             'only delayed': pe([], delay=libs), 'zip': zip_of(('m', pe(libs)))}
    for kind in ('md5', 'sha1', 'sha256'):
        digest = hashlib.new(kind, text.encode()).hexdigest()
        yield dict(name='imp ' + kind, files=files, db={'t.imp': '%s:%d:T.Imp\n' % (digest, len(text))})
        yield dict(name='imp any size ' + kind, files=files, db={'t.imp': '%s:*:T.Imp\n' % digest})
        yield dict(name='imp other size ' + kind, files=files, db={'t.imp': '%s:%d:T.Imp\n' % (digest, len(text) + 1)})
    md5 = hashlib.md5(text.encode()).hexdigest()
    for line in ('%s:0:T.Imp' % md5, '%s:T.Imp' % md5, 'x%s:5:T.Imp' % md5[1:], '34:%s:T.Imp' % md5):
        yield dict(name='imp malformed ' + line[:8] + line[-12:], files={'pe': files['pe']}, db={'t.imp': line + '\n'})
    yield dict(name='imp 64 bits', files={'64': pe(libs, is64=True)}, db={'t.imp': '%s:%d:T.Imp\n' % (md5, len(text))},
               differs='`.imp` on PE32+ programs', ours={'64': ['T.Imp']})
    text = 'a.?f@@yaxxz'
    yield dict(name='imp C++', files={'c++': pe([('a.dll', ['?f@@YAXXZ'])])}, db={'t.imp': '%s:%d:T.Imp\n' % (hashlib.md5(text.encode()).hexdigest(), len(text))},
               differs='`.imp` of imports with characters', ours={'c++': ['T.Imp']})
    yield dict(name='imp allowed', files={'pe': files['pe'], 'zip': files['zip']},
               db={'t.imp': '%s:%d:T.Imp\n' % (md5, 34), 't.fp': '%s:%d:ok\n' % (hashlib.md5(files['pe']).hexdigest(), len(files['pe']))})


def section_cases():
    for is64 in (False, True):
        data = pe([('a.dll', ['x'])], is64=is64, tail=b'section text' * 9)
        raw = data[1024:]
        for kind, ext in (('md5', 'mdb'), ('sha1', 'msb'), ('sha256', 'msb')):
            digest = hashlib.new(kind, raw).hexdigest()
            for size in (len(raw), len(raw) + 1):
                yield dict(name='section %s %d %d' % (kind, size, is64), files={'pe': data, 'raw': raw}, db={'t.' + ext: '%d:%s:T.Sec\n' % (size, digest)})


def signed(name):
    with open(os.path.join(SIGNED, name), 'rb') as f:
        return f.read()


def certificates():
    with open(os.path.join(SIGNED, 'keys.txt'), encoding='ascii') as f:
        return {line.split()[0]: line.split()[1:] for line in f}


def row(cert, name='T.Crb', trusted=1, serial=None, modulus=None, code=1, time=1, cert_sign=1, levels=''):
    return '%s;%s;%s;%s;%s;010001;%s;%s;%s;0;c%s\n' % (
        name, trusted, cert[0], cert[1] if serial is None else serial, modulus or cert[2], code, time, cert_sign, levels)


def publisher_cases():
    names = ['plain.exe', 'signed.exe', 'sha1.exe', 'expired.exe', 'counter.exe']
    files = {n: signed(n) for n in names}
    files['zip'] = zip_of(('m', files['signed.exe']))
    changed = bytearray(files['signed.exe'])
    changed[600] ^= 1
    files['changed.exe'] = bytes(changed)
    c = certificates()
    root, leaf, old, tsa = c['root'], c['leaf'], c['old'], c['tsa']
    body = 'T.Body:1:*:%s\n' % h('overt')
    rows = [
        ('nobody', row(tsa)), ('root', row(root)), ('leaf', row(leaf)), ('old', row(old)),
        ('root, no code', row(root, code=0)), ('root, no time', row(root, time=0)), ('root, no certificates', row(root, cert_sign=0)),
        ('leaf, no code', row(leaf, code=0)), ('leaf, only code', row(leaf, time=0, cert_sign=0)),
        ('root, another number', row(root, serial='00' * 20)), ('leaf, another number', row(leaf, serial='00' * 20)),
        ('leaf, any number', row(leaf, serial='')), ('root, another key', row(root, modulus=leaf[2])),
        ('key with zeros', row(root, modulus='00' + root[2])), ('key in lower case', row(root, modulus=root[2].lower())),
        ('block leaf', row(leaf, trusted=0)), ('block root', row(root, trusted=0)), ('block old', row(old, trusted=0)),
        ('block tsa', row(tsa, trusted=0)), ('block leaf, powerless', row(leaf, trusted=0, code=0, time=0, cert_sign=0)),
        ('block leaf, another number', row(leaf, trusted=0, serial='00' * 20)), ('block leaf, another key', row(leaf, trusted=0, modulus=root[2])),
        ('block and trust', row(root, name='T.Good') + row(leaf, trusted=0)),
        ('block two', row(leaf, name='T.A', trusted=0) + row(root, name='T.B', trusted=0)), ('no name', row(leaf, name='', trusted=0)),
        ('level above', row(leaf, trusted=0, levels=';300')), ('level below', row(leaf, trusted=0, levels=';1;10')), ('level ours', row(leaf, trusted=0, levels=';1;300')),
        ('malformed trusted', row(leaf, trusted=2)), ('malformed code', row(leaf, code='')), ('malformed number', row(leaf, serial='aa')),
    ]
    one = {n: d for n, d in files.items() if n != 'counter.exe'}  # a blocked root still vouches for clamscan's time stamps
    yield dict(name='crb trust and block', files=one, db={'t.crb': row(leaf, name='T.Good') + row(root, trusted=0), 't.ndb': body})
    for what, lines in rows:
        yield dict(name='crb ' + what, files=files, db={'t.crb': lines} if 'malformed' in what else {'t.crb': lines, 't.ndb': body})
    for what, lines in rows[1], rows[15]:
        yield dict(name='crb --nocerts ' + what, files=files, db={'t.crb': lines, 't.ndb': body}, args=['--nocerts'])
    yield dict(name='crb without -z, root', files=files, db={'t.crb': rows[1][1], 't.ndb': body}, args=['--allmatch=no'])
    yield dict(name='crb without -z, block', files={'signed.exe': files['signed.exe']}, db={'t.crb': rows[15][1], 't.ndb': body}, args=['--allmatch=no'],
               differs='a blocked publisher, without `-z`', ours={'signed.exe': ['T.Crb']})
    hashes = ''.join('%s:%d:T.Hash\n' % (hashlib.md5(d).hexdigest(), len(d)) for d in files.values())
    yield dict(name='crb trust and hashes', files=files, db={'t.crb': row(root), 't.hdb': hashes})
    yield dict(name='crb block and fp', files=files, db={'t.crb': row(leaf, trusted=0), 't.fp': hashes})
    yield dict(name='crb block and ign2', files=files, db={'t.crb': row(leaf, name='T.Keep', trusted=0), 't.ign2': 'T.Other\n'})
    yield dict(name='cat', files=files, db={'t.crb': row(root), 't.ndb': body, 't.cat': signed('list.cat')})
    yield dict(name='cat of nobody', files=files, db={'t.crb': row(tsa), 't.ndb': body, 't.cat': signed('list.cat')})
    yield dict(name='crb appended', files={'signed.exe': files['signed.exe'] + BIN[:64]}, db={'t.crb': row(leaf, trusted=0), 't.ndb': body},
               differs='a blocked certificate when bytes follow', ours={'signed.exe': ['T.Crb', 'T.Body']})
    yield dict(name='crb stamped', files={'stamped.exe': signed('stamped.exe')}, db={'t.crb': row(root), 't.ndb': body},
               differs='RFC 3161 time stamps', ours={'stamped.exe': []})


def version_cases():
    """VI: the pattern must start where a key of the version information does."""
    with open(os.path.join(SIGNED, '..', 'version32.exe'), 'rb') as f:
        a = f.read()
    with open(os.path.join(SIGNED, '..', 'version64.dll'), 'rb') as f:
        b = f.read()
    files = {'32': a, '64': b, 'raw': BIN + a[0xc00:0xe00] + BIN}
    for text in ('CompanyName\0', 'CompanyName\0\0overt tests', 'FileDescription', 'ompanyName', 'overt tests', 'VarFileInfo', 'StringFileInfo',
                 '040904b0', 'VS_VERSION_INFO'):
        hexed = text.encode('utf-16le').hex()
        yield dict(name='VI ' + text.replace('\0', '.'), files=files, db={'t.ndb': 'T.Vi:1:VI:%s\n' % hexed})
        yield dict(name='VI ldb ' + text.replace('\0', '.'), files=files, db={'t.ldb': 'T.Vi;Engine:51-255,Target:1;0;VI:%s\n' % hexed})


def more_version_cases():
    """Keys that clamscan does not list: without a value at the end of a table, and those of VarFileInfo."""
    with open(os.path.join(SIGNED, '..', 'version32.exe'), 'rb') as f:
        data = f.read()
    for text in ('Empty\0', 'Translation'):
        yield dict(name='VI only overt ' + text[:5], files={'32': data}, db={'t.ndb': 'T.Vi:1:VI:%s\n' % text.encode('utf-16le').hex()},
                   differs='version information of `VarFileInfo`', ours={'32': ['T.Vi']})


def macro_cases():
    """Macro subsignatures. With the first pattern once more behind, clamscan verifies them too."""
    def f(gap, times=1, first=b'aaaa', second=b'bbbb'):
        return BIN + (first + b'.' * (gap - 4) + second + b'-' * 50) * times + first + BIN

    files = {'gap%d x%d' % (g, n): f(g, n) for g in (4, 5, 6, 7, 8, 9, 10, 30) for n in (1, 2)}
    files.update({'backwards': BIN + b'bbbb..aaaa' + b'-' * 50 + b'aaaa' + BIN, 'one': BIN + b'aaaa' + BIN, 'other': f(6, 2, second=b'cccc'), 'nothing': BIN * 3})
    a, group = h('aaaa'), 'D:0:$0$:62626262\n'

    def ldb(macro, logic='0&1', target=0, first=a):
        return 'T.M;Engine:51-255,Target:%d;%s;%s;%s\n' % (target, logic, first, macro)

    for macro in ('${6-8}0$', '${4-8}0$', '${0-8}0$', '${6-6}0$', '${7-7}0$', '${9-40}0$', '${6-8}31$', '${6-8}00$'):
        yield dict(name='macro ' + macro, files=files, db={'t.ndb': group, 't.ldb': ldb(macro)})
    for macro in ('${6}0$', '${6-}0$', '${-6}0$', '${6-8}32$', '${6-8}$', '${6-8}0', '${6-8}0$::i', '5:${6-8}0$', '${6-8}0$x', '$0$:62626262'):
        yield dict(name='macro malformed ' + macro, files={'one': files['one']}, db={'t.ldb': ldb(macro)})
    for off in ('$31$', '$1$', '$00$'):
        yield dict(name='macro group ' + off, files=files, db={'t.ndb': 'D:0:%s:62626262\n' % off, 't.ldb': ldb('${6-8}%s$' % off.strip('$'))})
    for off in ('$32$', '$$', '$x$'):
        yield dict(name='macro group malformed ' + off, files={'one': files['one']}, db={'t.ndb': 'D:0:%s:62626262\n' % off})
    yield dict(name='macro of two', files=files, db={'t.ndb': group + 'E:0:$0$:63636363\n', 't.ldb': ldb('${6-8}0$')})
    yield dict(name='macro of nobody', files=files, db={'t.ldb': ldb('${6-8}0$')})
    yield dict(name='macro group alone', files=files, db={'t.ndb': group})
    yield dict(name='macro of another target', files=files, db={'t.ndb': group.replace(':0:', ':1:', 1), 't.ldb': ldb('${6-8}0$')})
    yield dict(name='macro logic 1', files=files, db={'t.ndb': group, 't.ldb': ldb('${6-8}0$', logic='1')})
    yield dict(name='macro in programs', files={'pe': pe([('a.dll', ['x'])], tail=b'aaaa..bbbb----aaaa..bbbb----aaaa'), 'raw': files['gap6 x2']},
               db={'t.ndb': group.replace(':0:', ':1:', 1), 't.ldb': ldb('${6-8}0$', target=1)}, differs='a macro subsignature', ours={'pe': ['T.M']})
    yield dict(name='macro once', files={'once': BIN + b'aaaa..bbbb' + BIN}, db={'t.ndb': group, 't.ldb': ldb('${6-8}0$')},
               differs='a macro subsignature', ours={'once': ['T.M']})
    yield dict(name='macro not', files={'once': BIN + b'aaaa..bbbb' + BIN, 'far': f(30)}, db={'t.ndb': group, 't.ldb': ldb('${6-8}0$', logic='0&1=0')},
               differs='a macro subsignature', ours={'once': []})


def image_cases():
    folder = os.path.join(SIGNED, '..', 'images')
    with open(os.path.join(folder, 'hashes.txt'), encoding='ascii') as f:
        hashes = dict(line.split()[0:2] for line in f)
    files = {}
    for name in hashes:
        with open(os.path.join(folder, name.rstrip(':')), 'rb') as f:
            files[name.rstrip(':')] = f.read()
    webp = {n: files.pop(n) for n in list(files) if n.endswith('.webp')}
    files['zip'] = zip_of(('m', files['rgb.png']))
    files['raw'] = BIN
    rgb = hashes['rgb.png:']

    def ldb(logic, *subs, target=0, levels='150-255'):
        return {'t.ldb': 'T.Img;Engine:%s,Target:%d;%s;%s\n' % (levels, target, logic, ';'.join(subs))}

    for value in sorted(set(hashes.values())) + ['0' * 16, 'f' * 16, rgb[:-1] + '0', '0' + rgb[1:]]:
        yield dict(name='fuzzy_img ' + value, files=files, db=ldb('0', 'fuzzy_img#' + value))
    for target in (1, 5, 7):
        yield dict(name='fuzzy_img target %d' % target, files=files, db=ldb('0', 'fuzzy_img#' + rgb, target=target))
    head = h('IHDR')
    for what, logic, subs in (('#0', '0', ('fuzzy_img#%s#0' % rgb,)), ('and', '0&1', ('fuzzy_img#' + rgb, head)), ('and not there', '0&1', ('fuzzy_img#' + rgb, h('nowhere'))),
                              ('or', '0|1', ('fuzzy_img#' + rgb, h('GIF8'))), ('two', '0|1', ('fuzzy_img#' + rgb, 'fuzzy_img#' + hashes['plain.gif:'])),
                              ('both', '0&1', ('fuzzy_img#' + rgb, 'fuzzy_img#' + hashes['plain.gif:']))):
        yield dict(name='fuzzy_img ' + what, files=files, db=ldb(logic, *subs))
    for switch in ('--scan-image=no', '--scan-image-fuzzy-hash=no'):
        yield dict(name='fuzzy_img ' + switch, files=files, db=ldb('0', 'fuzzy_img#' + rgb), args=[switch])
    for bad in ('fuzzy_img#%s#1' % rgb, 'fuzzy_img#' + rgb[1:], 'fuzzy_img#x' + rgb[1:], 'fuzzy_img#', 'fuzzy_img#%s#' % rgb):
        yield dict(name='fuzzy_img malformed ' + bad[-4:], files={'raw': BIN}, db=ldb('0', bad))
    yield dict(name='fuzzy_img WebP', files=webp, db=ldb('0', 'fuzzy_img#' + hashes['lossless.webp:']), differs='image hashes (`fuzzy_img`) of WebP',
               ours={n: ['T.Img'] for n in webp})


def cases():
    for part in (import_cases, section_cases, publisher_cases, version_cases, more_version_cases, macro_cases, image_cases):
        yield from part()
