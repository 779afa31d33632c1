"""Icons of programs (.idb, IconGroup1, IconGroup2): sizes, depths, masks, scaling, thresholds, groups.

Hashes come from clamscan --debug itself, so that each case asks what overt makes of the same icon; further ones are moved step by step
away from it, across the likeness from which an icon counts."""
import os
import random
import re
import struct
import subprocess
import tempfile

RULE = 'T.Icon;Engine:51-255,%s,Target:1;0;4d5a\n'


def bitmap(pixels, bits=32, mask=None, palette=(), header=40):
    """pixels[y][x] from the top: (r, g, b, a), or an index."""
    h, w = len(pixels), len(pixels[0])
    rows = b''
    for row in reversed(pixels):
        if bits == 32:
            line = b''.join(bytes((b, g, r, a)) for r, g, b, a in row)
        elif bits == 24:
            line = b''.join(bytes((p[2], p[1], p[0])) for p in row)
        else:
            packed = bytearray((w * bits + 7) // 8)
            for x, i in enumerate(row):
                packed[x * bits // 8] |= i << (8 - bits - x * bits % 8)
            line = bytes(packed)
        rows += line + b'\0' * (-len(line) % 4)
    for y in range(h - 1, -1, -1):
        line = bytearray((w + 31) // 32 * 4)
        for x in range(w):
            if mask and mask[y][x]:
                line[x // 8] |= 0x80 >> x % 8
        rows += bytes(line)
    head = struct.pack('<IiiHHIIiiII', header, w, h * 2, 1, bits, 0, len(rows), 0, 0, 0, 0) + b'\0' * (header - 40)
    return head + b''.join(bytes((b, g, r, 0)) for r, g, b in palette) + rows


def group(icons):
    """icons: (number, resource)."""
    return struct.pack('<HHH', 0, 1, len(icons)) + b''.join(struct.pack('<BBBBHHIH', 32, 32, 0, 0, 1, 32, len(d), i) for i, d in icons)


def resources(kinds, address):
    """kinds: {kind: {number: bytes}}."""
    at = 16 + 8 * len(kinds)
    names, leaves, data = {}, {}, {}
    for k in sorted(kinds):
        names[k] = at
        at += 16 + 8 * len(kinds[k])
    for k in sorted(kinds):
        for i in sorted(kinds[k]):
            leaves[k, i] = at
            at += 24
    for k in sorted(kinds):
        for i in sorted(kinds[k]):
            data[k, i] = at
            at += 16
    out = bytearray(at)
    for k in sorted(kinds):
        for i in sorted(kinds[k]):
            at = (len(out) + 7) // 8 * 8
            out += b'\0' * (at - len(out)) + kinds[k][i]
            struct.pack_into('<IIII', out, data[k, i], address + at, len(kinds[k][i]), 0, 0)
            struct.pack_into('<IIHHHHII', out, leaves[k, i], 0, 0, 0, 0, 0, 1, 0x409, data[k, i])

    def directory(at, entries):
        struct.pack_into('<IIHHHH', out, at, 0, 0, 0, 0, 0, len(entries))
        for n, (i, to) in enumerate(entries):
            struct.pack_into('<II', out, at + 16 + 8 * n, i, to | 0x80000000)
    directory(0, [(k, names[k]) for k in sorted(kinds)])
    for k in kinds:
        directory(names[k], [(i, leaves[k, i]) for i in sorted(kinds[k])])
    return bytes(out)


def program(kinds):
    r = resources(kinds, 0x2000)
    size = (len(r) + 511) // 512 * 512
    coff = b'PE\0\0' + struct.pack('<HHIIIHH', 0x14c, 2, 0, 0, 0, 224, 0x102)
    opt = struct.pack('<HBBIIIIII', 0x10b, 6, 0, 512, size, 0, 0x1000, 0x1000, 0x2000)
    opt += struct.pack('<IIIHHHHHHIIIIHHIIIIII', 0x400000, 0x1000, 512, 4, 0, 0, 0, 4, 0, 0, 0x2000 + (len(r) + 4095) // 4096 * 4096, 512, 0, 2, 0,
                       0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    opt += struct.pack('<IIIIII', 0, 0, 0, 0, 0x2000, len(r)).ljust(128, b'\0')
    table = struct.pack('<8sIIIIIIHHI', b'.text', 512, 0x1000, 512, 512, 0, 0, 0, 0, 0x60000020)
    table += struct.pack('<8sIIIIIIHHI', b'.rsrc', len(r), 0x2000, size, 1024, 0, 0, 0, 0, 0x40000040)
    head = b'MZ' + b'\0' * 58 + struct.pack('<I', 64) + coff + opt + table
    return head.ljust(512, b'\0') + b'\xc3' * 512 + r.ljust(size, b'\0')


def showing(*icons):
    numbered = list(enumerate(icons, 1))
    return program({3: dict(numbered), 14: {1: group(numbered)}})


def picture(kind, w, h=None, seed=0):
    h = h or w
    r = random.Random(seed * 1000 + w)
    if kind == 'noise':
        return [[(r.randrange(256), r.randrange(256), r.randrange(256), 255) for _ in range(w)] for _ in range(h)]
    if kind == 'grey':
        return [[(v, v, v, 255) for v in (r.randrange(256) for _ in range(w))] for _ in range(h)]
    if kind == 'slope':
        return [[(x * 255 // w, y * 255 // h, 128, 255) for x in range(w)] for y in range(h)]
    blocks = [[(r.randrange(256), r.randrange(256), r.randrange(256), 255) for _ in range(6)] for _ in range(6)]
    return [[blocks[y * 6 // h][x * 6 // w] for x in range(w)] for y in range(h)]


def hashes_of(files):
    """What clamscan --debug says of each program's first icon."""
    found = {}
    with tempfile.TemporaryDirectory() as d:
        os.mkdir(d + '/f')
        os.mkdir(d + '/db')
        for name, data in files.items():
            with open('%s/f/%s' % (d, name), 'wb') as f:
                f.write(data)
        with open(d + '/db/a.ldb', 'w', encoding='ascii') as f:
            f.write(RULE % 'IconGroup1:G')
        with open(d + '/db/a.idb', 'w', encoding='ascii') as f:
            f.write('X:G:G:20' + '0' * 122 + '\n')
        for name in files:
            p = subprocess.run(['clamscan', '--debug', '-d', d + '/db', '%s/f/%s' % (d, name)], capture_output=True, text=True, errors='replace',
                               check=False)
            m = re.search(r'ICON_NAME:[^:]*:[^:]*:([0-9a-f]{124})', p.stderr)
            if m:
                found[name] = m.group(1)
    return found


def moved(value, steps, r):
    """The hash with `steps` of its fields changed a little or much."""
    fields, at = [], 2
    for n in (3, 3, 2, 2, 2, 2):
        for _ in range(3):
            fields.append((at, n))
            at += n + 4
    side = int(value[:2], 16)
    for _ in range(steps):
        at, n = r.choice(fields)
        average = int(value[at:at + n], 16)
        x, y = int(value[at + n:at + n + 2], 16), int(value[at + n + 2:at + n + 4], 16)
        if r.random() < .3:
            most = 4072 if n == 3 else 255
            average = 0 if average > most // 2 else most
        else:
            x = min(side * 3 // 4, max(0, x + r.randint(-3, 3)))
            y = min(side * 3 // 4, max(0, y + r.randint(-3, 3)))
        value = value[:at] + '%0*x%02x%02x' % (n, average, x, y) + value[at + n + 4:]
    return value


def likeness_cases():
    r = random.Random(41)
    for kind in ('slope', 'blocks', 'noise'):
        for side in (16, 24, 32):
            name = '%s%d' % (kind, side)
            exe = showing(bitmap(picture(kind, side)))
            value = hashes_of({name: exe}).get(name)
            if value is None:
                continue
            lines = [moved(value, steps, r) for steps in range(0, 40)]
            yield dict(name='icons: alike, ' + name, files={name: exe}, args=['--allmatch'],
                       db={'a.idb': ''.join('I%d:G%d:H:%s\n' % (i, i, v) for i, v in enumerate(lines)),
                           'a.ldb': ''.join('T.%d;Engine:51-255,IconGroup1:G%d,Target:1;0;4d5a\n' % (i, i) for i in range(len(lines)))})


def same_cases():
    """Each picture against its own hash and all others: one signature each."""
    r = random.Random(5)
    files = {}
    for side in (16, 17, 20, 21, 24, 28, 29, 32, 40, 48, 64, 72, 96, 100, 128, 160, 255, 256, 12, 257):
        for kind in ('noise', 'slope', 'grey', 'blocks'):
            files['%s%d' % (kind, side)] = showing(bitmap(picture(kind, side)))
    for w, h in ((16, 22), (16, 23), (22, 16), (24, 32), (32, 24), (43, 32), (44, 32), (24, 33), (64, 48)):
        files['w%dh%d' % (w, h)] = showing(bitmap(picture('noise', w, h)))
    for a in (0, 1, 128, 254):
        files['alpha%d' % a] = showing(bitmap([[p[:3] + (a if (x + y) % 3 else 255,) for x, p in enumerate(row)]
                                               for y, row in enumerate(picture('noise', 32, seed=a))]))
    mask = [[r.random() < .3 for _ in range(32)] for _ in range(32)]
    files['mask24'] = showing(bitmap(picture('noise', 32, seed=2), 24, mask))
    files['mask32'] = showing(bitmap([[p[:3] + (0,) for p in row] for row in picture('noise', 32, seed=3)], 32, mask))
    files['alpha and mask'] = showing(bitmap(picture('noise', 32, seed=4), 32, mask))
    for bits in (1, 4, 8):
        palette = [tuple(r.randrange(256) for _ in range(3)) for _ in range(1 << bits)]
        files['palette%d' % bits] = showing(bitmap([[r.randrange(1 << bits) for _ in range(32)] for _ in range(32)], bits, mask, palette))
    for c in ((0, 0, 0), (255, 255, 255), (200, 100, 50), (0, 0, 255), (255, 0, 0)):
        files['flat%02x%02x%02x' % c] = showing(bitmap([[c + (255,)] * 32] * 32))
    files['header108'] = showing(bitmap(picture('blocks', 32, seed=7), header=108))
    found = hashes_of(files)
    names = sorted(n for n in found if found[n][:2] in ('10', '18', '20'))  # others have hashes that no database may hold
    for part in range(0, len(names), 100):
        some = names[part:part + 100]
        yield dict(name='icons: each its own, from %s' % some[0], files={n.replace(' ', '_'): files[n] for n in files}, args=['--allmatch'],
                   db={'a.idb': ''.join('I:G%d:H:%s\n' % (i, found[n]) for i, n in enumerate(some)),
                       'a.ldb': ''.join('T.%s;Engine:51-255,IconGroup1:G%d,Target:1;0;4d5a\n' % (n.replace(' ', '_'), i)
                                        for i, n in enumerate(some))})


def group_cases():
    one, other = bitmap(picture('slope', 32)), bitmap(picture('noise', 32, seed=9))
    value = hashes_of({'x': showing(one)})['x']
    files = {
        'first': showing(one, other), 'second': showing(other, one), 'none': showing(other), 'no icons': program({5: {1: b'dialog'}}),
        'second group': program({3: {1: other, 2: one}, 14: {1: group([(1, other)]), 2: group([(2, one)])}}),
        'no group': program({3: {1: one}}), 'wrong number': program({3: {1: one}, 14: {1: group([(7, one)])}}),
        'cut group': program({3: {1: one}, 14: {1: group([(1, one)])[:12]}}), 'text': b'MZ and no program',
        'hundred': showing(*[bitmap(picture('noise', 16, seed=i)) for i in range(99)], one),
        'hundred and one': showing(*[bitmap(picture('noise', 16, seed=i)) for i in range(100)], one),
    }
    files = {k.replace(' ', '_'): v for k, v in files.items()}
    for keys in ('IconGroup1:A', 'IconGroup2:B', 'IconGroup1:A,IconGroup2:B', 'IconGroup1:A,IconGroup2:C', 'IconGroup1:C,IconGroup2:B',
                 'IconGroup1:B', 'IconGroup2:A', 'IconGroup1:*', 'IconGroup1:*,IconGroup2:B', 'IconGroup1:a'):
        yield dict(name='icons: ' + keys, files=files, args=[], db={'a.idb': 'I:A:B:%s\nJ:C:D:%s\n' % (value, '20' + '0' * 122),
                                                                   'a.ldb': RULE % keys})
    two = 'I:A:X:%s\nJ:Y:B:%s\n' % (value, value)
    yield dict(name='icons: groups of two lines', files=files, args=[], db={'a.idb': two, 'a.ldb': RULE % 'IconGroup1:A,IconGroup2:B'})
    yield dict(name='icons: and a condition', files=files, args=[], db={'a.idb': two, 'a.ldb':
               'T.1;Engine:51-255,IconGroup1:A,Target:1;0&1;4d5a;2e72737263\nT.2;Engine:51-255,IconGroup1:A,Target:1;0&1;4d5a;616263646566\n'
               'T.3;Engine:51-255,IconGroup1:A,Target:1;0&1=0;4d5a;616263646566\n'})


def cases():
    return [*group_cases(), *likeness_cases(), *same_cases()]
