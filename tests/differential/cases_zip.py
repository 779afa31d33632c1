"""ZIP archives whose members share bytes: which are Heuristics.Zip.OverlappingFiles."""
import struct
import zlib

DB = {'t.ndb': 'T.None:0:*:deadbeefcafebabe00112233\n'}


def local(name, data):
    return struct.pack('<4sHHHHHIIIHH', b'PK\3\4', 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name), 0) + name + data


def listed(name, data, off):
    return struct.pack('<4sHHHHHHIIIHHHHHII', b'PK\1\2', 20, 20, 0, 0, 0, 0x21, zlib.crc32(data), len(data), len(data), len(name),
                       0, 0, 0, 0, 0, off) + name


def archive(*blocks):
    """Of blocks (bytes, [(name, data, where its local header begins in them)])."""
    body, members = b'', b''
    n = 0
    for block, entries in blocks:
        for name, data, at in entries:
            members += listed(name, data, len(body) + at)
            n += 1
        body += block
    return body + members + struct.pack('<4sHHHHIIH', b'PK\5\6', 0, 0, n, n, len(members), len(body), 0)


def nest(n, tag=b'a'):
    """n members, each the content of the one before it."""
    data = b'x' * 100
    block = local(tag + b'%d' % (n - 1), data)
    entries = [(tag + b'%d' % (n - 1), data, len(block))]
    for i in range(n - 2, -1, -1):
        data = block
        block = local(tag + b'%d' % i, data)
        entries.append((tag + b'%d' % i, data, len(block)))
    return block, [(name, data, len(block) - at) for name, data, at in reversed(entries)]


def plain(n=1):
    data = b'plain' * 9
    return local(b'p', data), [(b'p', data, 0)] * n


def star(n):
    """One member that holds n others side by side."""
    inner, entries = b'', []
    for i in range(n):
        data = b'in%d' % i * 5
        entries.append((b's%d' % i, data, len(inner)))
        inner += local(b's%d' % i, data)
    block = local(b'star', inner)
    return block, [(b'star', inner, 0)] + [(name, data, at + len(block) - len(inner)) for name, data, at in entries]


def groups():
    yield 'nests', {'%d.zip' % n: archive(nest(n)) for n in range(1, 10)}
    yield 'two nests', {'%d_%d.zip' % (a, b): archive(nest(a), plain(), nest(b, b'b'))
                        for a, b in ((3, 4), (4, 3), (4, 4), (2, 6), (3, 5), (5, 3))}
    yield 'pairs', {'%d.zip' % n: archive(*[nest(2, b'q%d' % i) for i in range(n)]) for n in range(4, 9)}
    yield 'stars', {'%d.zip' % n: archive(star(n)) for n in (4, 6, 7, 12)}
    yield 'listed twice', {'%d_%d.zip' % (n, k): archive((lambda b, e: (b, e * k))(*nest(n))) for n in range(2, 6) for k in range(1, 8)}
    yield 'outer listed often', {'%d.zip' % k: archive((lambda b, e: (b, e[:1] * k + e[1:]))(*nest(2))) for k in range(1, 9)}
    yield 'inner listed often', {'%d.zip' % k: archive((lambda b, e: (b, e[:1] + e[1:] * k))(*nest(2))) for k in range(1, 9)}
    yield 'one listed often', {'%d.zip' % k: archive(plain(k)) for k in (1, 5, 6, 7, 20)}
    yield 'back to front', {'%d.zip' % n: archive((lambda b, e: (b, e[::-1]))(*nest(n))) for n in (6, 7)}


def cases():
    for name, files in groups():
        yield dict(name='zip overlaps: ' + name, files=files, db=DB, args=[])
    yield dict(name='zip overlaps: heuristics off', files={'9.zip': archive(nest(9))}, db=DB, args=['--heuristic-alerts=no'])
