"""Pictures with one block changed or cut: which are Heuristics.Broken.Media, and by which name."""
import struct
import zlib

DB = {'t.ndb': 'T.None:0:*:deadbeefcafebabe00112233\n'}


def chunk(kind, data, crc=None):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data) if crc is None else crc)


def png(w=1, h=1, depth=8, color=2, rest=b'\0\0\0', middle=None, end=chunk(b'IEND', b'')):
    data = chunk(b'IDAT', zlib.compress(b'\0\1\2\3')) if middle is None else middle
    return b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBB', w, h, depth, color) + rest) + data + end


def png_files():
    ok, data = png(), chunk(b'IDAT', zlib.compress(b'\0\1\2\3'))
    files = {'cut %03d' % n: ok[:n] for n in range(8, len(ok) + 1)}
    files.update({'no data': png(middle=b''), 'no end': png(end=b''), 'bad sum': png(middle=chunk(b'IDAT', b'x', 1)), 'width 0': png(w=0),
                  'width': png(w=1 << 31), 'depth': png(depth=3), 'color': png(color=7), 'unknown': png(middle=chunk(b'abCd', b'x') + data),
                  'letters': png(middle=chunk(b'1234', b'x') + data), 'behind': ok + b'trailing' * 10, 'garbage': png(middle=chunk(b'IDAT', b'garbage')),
                  'long': png(middle=struct.pack('>I', 1 << 31) + b'IDAT' + data), 'past': png(middle=struct.pack('>I', 5000) + b'IDAT' + data),
                  'longest': png(middle=struct.pack('>I', (1 << 31) - 1) + b'IDAT' + data)})
    return files


IMAGE = b'\x2c\0\0\0\0\1\0\1\0\0'
LZW = b'\2\2\x44\1\0'
EXTENSION = b'\x21\xf9\4\0\0\0\0\0'


def gif(flags=0x80, table=b'\0\0\0\xff\xff\xff', image=IMAGE, lzw=LZW, end=b'\x3b', mark=b'GIF89a'):
    return mark + struct.pack('<HHBBB', 1, 1, flags, 0, 0) + table + image + lzw + end


def gif_files():
    plain, extended, two = gif(), gif(image=EXTENSION + IMAGE), gif(image=IMAGE + LZW + IMAGE)
    local = gif(image=IMAGE[:-1] + b'\x80' + b'\0' * 6)
    files = {}
    for name, g in (('plain', plain), ('extended', extended), ('two', two), ('local', local)):
        files.update({'%s %02d' % (name, n): g[:n] for n in range(6, len(g) + 1)})
    files.update({'bad end': gif(end=b'\x99'), 'zero': gif(end=b'\0'), 'behind': plain + b'trail', 'no image': gif(image=b'', lzw=b''), 'only extension': gif(image=EXTENSION, lzw=b''),
                  'extension, no end': gif(image=EXTENSION, lzw=b'', end=b''), '87': gif(mark=b'GIF87a'), 'table': gif(flags=0x87), 'local table': gif(image=IMAGE[:-1] + b'\x87'),
                  'no table': gif(flags=0, table=b'')})
    return files


def segment(marker, data):
    return b'\xff' + bytes([marker]) + struct.pack('>H', len(data) + 2) + data


JFIF = segment(0xe0, b'JFIF\0\1\1\0\0\1\0\1\0\0')
EXIF = segment(0xe1, b'Exif\0\0MM\0*\0\0\0\x08\0\0' + bytes(20))
SPIFF = segment(0xe8, b'SPIFF\0' + bytes(24))
REST = (segment(0xdb, b'\0' + bytes(64)) + segment(0xc0, b'\x08\0\1\0\1\1\1\x11\0') + segment(0xc4, b'\0' + bytes(16)) +
        segment(0xda, b'\1\1\0\0\x3f\0') + b'\x12\x34\xff\xd9')


def jpeg_files():
    ok = b'\xff\xd8' + JFIF + REST
    files = {'cut %03d' % n: ok[:n] for n in list(range(2, 30)) + list(range(85, len(ok) + 1))}
    parts = {'jfif exif': JFIF + EXIF, 'exif jfif': EXIF + JFIF, 'exif exif': EXIF + EXIF, 'spiff spiff': SPIFF + SPIFF, 'jfif spiff': JFIF + SPIFF, 'exif spiff': EXIF + SPIFF,
             'spiff jfif': SPIFF + JFIF, 'spiff exif': SPIFF + EXIF, 'spiff': SPIFF, 'jfif jfif': JFIF + JFIF, 'comment jfif': segment(0xfe, b'abcd') + JFIF, 'none': b'',
             'tables jfif': segment(0xdb, b'\0' + bytes(64)) + JFIF, 'late jfif': segment(0xe3, b'abcd') + JFIF, 'short jfif': segment(0xe0, b'JFIF\0'),
             'jfif without 0': segment(0xe0, b'JFIF'), 'jfxx': JFIF + segment(0xe0, b'JFXX\0\x10'), 'short spiff': segment(0xe8, b'SPIFF\0'),
             'photoshop': JFIF + segment(0xed, b'Photoshop 3.0\0'), 'length 0': b'\xff\xe0\0\0', 'length 1': b'\xff\xe0\0\1', 'past': b'\xff\xe0\xff\xff', 'no marker': b'\x12\x34',
             'fill': b'\xff\xff' + JFIF, 'restart': b'\xff\xd0', 'start': b'\xff\xd8'}
    files.update({k: b'\xff\xd8' + v + REST for k, v in parts.items()})
    files.update({'exif %02d' % n: b'\xff\xd8' + JFIF + segment(0xe1, (b'Exif\0\0MM\0*\0\0\0\x08' + bytes(9))[:n]) + REST for n in range(20)})
    files.update({'marker %02x' % m: b'\xff\xd8' + JFIF + segment(m, b'abcdefgh') + REST for m in range(0xc0, 0x100)})
    files.update({'end': b'\xff\xd8\xff\xd9', 'no scan': b'\xff\xd8' + JFIF + b'\xff\xd9', 'behind': ok + b'trailing'})
    return files


def tiff(e, entries=((256, 3, 1, 1), (257, 3, 1, 1)), off=8, n=None, after=0, tail=b''):
    out = (b'II*\0' if e == '<' else b'MM\0*') + struct.pack(e + 'I', off)
    out = out.ljust(off, b'\0') if 8 < off < 200 else out
    out += struct.pack(e + 'H', len(entries) if n is None else n) + b''.join(struct.pack(e + 'HHII', *x) for x in entries)
    return out + struct.pack(e + 'I', after) + tail


def tiff_files(e):
    ok = tiff(e)
    second = struct.pack(e + 'H', 1) + struct.pack(e + 'HHII', 256, 3, 1, 1) + struct.pack(e + 'I', 0)
    files = {'cut %02d' % n: ok[:n] for n in range(8, len(ok) + 1)}
    files.update({'at %d' % o: tiff(e, off=o) for o in (0, 1, 2, 4, 7, 8, 9, 10, 5000)})
    files.update({'next %d' % o: tiff(e, after=o, tail=second) for o in (1, 8, 9, 10, 32, 33, 34, 35, 36, 37, 38, 42, 5000)})
    files.update({'type %02d x%d' % (t, c): tiff(e, entries=((273, t, c, 4000),)) for t in range(16) for c in (0, 1, 2, 4, 5, 100, 1 << 30)})
    files.update({'edge %d' % k: tiff(e, entries=((273, 4, 2, len(ok) - 12 - k),)) for k in range(4, 12)})
    files.update({'none': tiff(e, entries=()), 'many': tiff(e, n=500)})
    return files


def riff_files():
    """Animated cursors: what counts is the size of each `anih` chunk, 36."""
    def chunk(kind, data, size=None, e='<'):
        return kind + struct.pack(e + 'I', len(data) if size is None else size) + data + bytes(len(data) % 2)

    def riff(*chunks, form=b'ACON', mark=b'RIFF', size=None, e='<'):
        body = form + b''.join(chunks)
        return mark + struct.pack(e + 'I', len(body) if size is None else size) + body

    def head(n, e='<'):
        return chunk(b'anih', b'A' * n, e=e)

    inner = b'fram' + head(100)
    files = {'head %d' % n: riff(head(n)) for n in (0, 1, 35, 36, 37, 38, 40, 1000)}
    files.update({'two heads': riff(head(36), head(40)), 'listed': riff(chunk(b'LIST', inner)), 'listed well': riff(chunk(b'LIST', b'fram' + head(36))),
                  'list in list': riff(chunk(b'LIST', b'fram' + chunk(b'LIST', b'abcd' + head(100)))), 'behind a list': riff(chunk(b'LIST', b'fram'), head(40)),
                  'behind odd': riff(chunk(b'seq ', b'AAA'), head(40)), 'behind even': riff(chunk(b'seq ', b'AAAA'), head(40)),
                  'a wave': riff(head(40), form=b'WAVE'), 'in a riff': riff(chunk(b'RIFF', b'ACON' + head(40))), 'cut': riff(chunk(b'anih', b'A' * 10, 1000)),
                  'too large': riff(chunk(b'seq ', b'A' * 10, 0xfffffff0), head(40)), 'size is wrong': riff(head(40), size=3),
                  'big-endian': riff(head(40, '>'), mark=b'RIFX', e='>'), 'big-endian well': riff(head(36, '>'), mark=b'RIFX', e='>'),
                  'behind its end': riff(head(36)) + head(40)})
    return files


def spurious_files():
    """JPEG: bytes between segments, and comments of an impossible size."""
    app, com, scan = b'\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0', b'\xff\xfe\0\4ab', b'\xff\xda\0\4ab' + b'x' * 9
    files = {'comment %d' % n: app + b'\xff\xfe' + struct.pack('>H', n) + b'x' * 40 for n in (0, 1, 2, 3)}
    for n in (1, 2, 3, 13, 14, 15, 16, 40):
        files.update({'%s %d %s' % (k, n, where): {'first': fill * n + app + com + scan, 'between': app + fill * n + com + scan, 'last': app + com + fill * n}[where]
                      for k, fill in (('letters', b'A'), ('zeros', b'\0'), ('marks', b'\xff'), ('both', b'\xffA')) for where in ('first', 'between', 'last')})
    return {k: b'\xff\xd8' + v for k, v in files.items()}


def cases():
    kinds = [('png', png_files()), ('gif', gif_files()), ('jpeg', jpeg_files()), ('tiff le', tiff_files('<')), ('tiff be', tiff_files('>'))]
    out = [dict(name='broken ' + k, db=DB, files=f, args=['--alert-broken-media']) for k, f in kinds]
    few = {k: list(f.values())[3] for k, f in kinds}
    out.append(dict(name='broken media, not asked for', db=DB, files=few, args=[]))
    out.append(dict(name='broken media, pictures off', db=DB, files=few, args=['--alert-broken-media', '--scan-image=no']))
    out.append(dict(name='broken jpeg, between segments', db=DB, files=spurious_files(), args=['--alert-broken-media']))
    for args in ([], ['--scan-image=no'], ['--heuristic-alerts=no'], ['--alert-broken-media']):
        out.append(dict(name='animated cursors ' + ' '.join(args), db=DB, files=riff_files(), args=args))
    out.append(dict(name='broken media, heuristics off', db=DB, files=few, args=['--alert-broken-media', '--heuristic-alerts=no']))
    return out
