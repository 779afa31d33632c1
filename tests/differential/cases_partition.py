"""Disk images with a partition table: partitions that share bytes, and what is found in them."""
import struct
import zlib

from samples import BIN, h

DB = {'t.ndb': 'T.Part:0:*:%s\n' % h('PARTSIG')}


def content(letter):
    return (BIN + b'PARTSIG' + letter) * 2


def put(disk, sector, data):
    disk[sector * 512:sector * 512 + len(data)] = data


def table(rows, sectors=64):
    b = bytearray(512 * sectors)
    for i, (kind, first, count) in enumerate(rows):
        struct.pack_into('<B3sB3sII', b, 446 + 16 * i, 0x80 if i == 0 else 0, b'', kind, b'', first, count)
    b[510:512] = b'\x55\xaa'
    return b


def mbr(*rows):
    disk = table(rows)
    for i, (_, first, _) in enumerate(rows):
        if 0 < first < 60:
            put(disk, first, content(b'%d' % i))
    return bytes(disk)


def extended():
    disk = table([(0x83, 4, 8), (0x05, 16, 24)])
    put(disk, 16, table([(0x83, 2, 6), (0x05, 10, 10)], 1))
    put(disk, 18, content(b'X'))
    put(disk, 26, table([(0x83, 1, 5)], 1))
    put(disk, 27, content(b'Y'))
    return bytes(disk)


def gpt(*parts, size=256, sums=True, protective=True, backup=True):
    disk = bytearray(512 * size)
    if protective:
        disk[:512] = table([(0xee, 1, size - 1)], 1)
    rows = b''.join(struct.pack('<16s16sQQQ72s', b'T' * 16, bytes([i + 1]) * 16, first, last, 0, b'p') for i, (first, last) in enumerate(parts))
    rows = rows.ljust(128 * 128, b'\0')

    def header(mine, other, at):
        b = struct.pack('<8sIIIIQQQQ16sQIII', b'EFI PART', 0x10000, 92, 0, 0, mine, other, 34, size - 34, b'G' * 16, at, 128, 128, zlib.crc32(rows) if sums else 1)
        return b[:16] + struct.pack('<I', zlib.crc32(b) if sums else 1) + b[20:]
    put(disk, 1, header(1, size - 1, 2))
    put(disk, 2, rows)
    if backup:
        put(disk, size - 1, header(size - 1, 1, size - 33))
        put(disk, size - 33, rows)
    for i, (first, _) in enumerate(parts):
        put(disk, first, content(b'%d' % i))
    return bytes(disk)


def apm(*parts):
    disk = bytearray(512 * 128)
    disk[:8] = struct.pack('>HHI', 0x4552, 512, 128)
    rows = [(b'Apple_partition_map', 1, 8)] + [(b'Apple_HFS', first, count) for first, count in parts]
    for i, (kind, first, count) in enumerate(rows):
        put(disk, 1 + i, struct.pack('>HHIII32s32s', 0x504d, 0, len(rows), first, count, b'name', kind))
    for first, _ in parts:
        put(disk, first, content(b'a'))
    return bytes(disk)


def cases():
    files = {'mbr two': mbr((0x83, 4, 8), (0x83, 16, 8)), 'mbr overlap': mbr((0x83, 4, 8), (0x83, 8, 8)), 'mbr adjacent': mbr((0x83, 4, 8), (0x83, 12, 8)),
             'mbr same': mbr((0x83, 4, 8), (0x83, 4, 8)), 'mbr within': mbr((0x83, 4, 20), (0x83, 8, 4)), 'mbr past': mbr((0x83, 4, 800)),
             'mbr hole': mbr((0x83, 4, 8), (0, 0, 0), (0x83, 20, 8)), 'mbr extended': extended(), 'gpt two': gpt((34, 49), (50, 65)), 'gpt overlap': gpt((34, 49), (45, 65)),
             'gpt same': gpt((34, 49), (34, 49)), 'gpt sums': gpt((34, 49), (50, 65), sums=False), 'gpt past': gpt((34, 49), (50, 650)), 'gpt backwards': gpt((49, 34), (60, 65)),
             'gpt alone': gpt((34, 49), protective=False), 'gpt once': gpt((34, 49), backup=False), 'apm two': apm((16, 8), (32, 8)), 'apm overlap': apm((16, 8), (20, 8)),
             'apm map': apm((4, 8)), 'apm past': apm((16, 800))}
    none = {'t.ndb': 'T.None:0:*:deadbeefcafebabe00112233\n'}
    out = [dict(name='partitions that share bytes', db=none, files=files, args=['--alert-partition-intersection']),
           dict(name='partitions, not asked for', db=none, files=files, args=[]), dict(name='signatures in partitions', db=DB, files=files, args=[])]
    out += [dict(name='partition ' + k, db=none, files={k: v}, args=['--alert-partition-intersection', 'first match']) for k, v in files.items()]
    return out
