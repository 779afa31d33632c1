"""Encrypted parts, limits, the order of heuristics and signatures, and switches of the command line."""
import base64
import gzip
import io
import random
import tarfile
import zipfile

from samples import BIN, h, zip_of

NONE = {'t.ndb': 'T.None:0:*:deadbeefcafebabe00112233\n'}
SIG = {'t.ndb': 'T.Sig:0:*:%s\n' % h('SIGSIG11')}
SIGNED = BIN + b'SIGSIG11'


def encrypted(z):
    """Says of the first member that it is encrypted (APPNOTE 4.4.4); its bytes stay."""
    b = bytearray(z)
    b[6] |= 1
    b[b.index(b'PK\1\2') + 8] |= 1
    return bytes(b)


def pdf(is_encrypted):
    objects = [b'<< /Type /Catalog /Pages 2 0 R >>', b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
               b'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>']
    if is_encrypted:
        objects.append(b'<< /Filter /Standard /V 1 /R 2 /O (' + b'a' * 32 + b') /U (' + b'b' * 32 + b') /P -60 >>')
    out, at = b'%PDF-1.4\n', []
    for i, o in enumerate(objects):
        at.append(len(out))
        out += b'%d 0 obj\n' % (i + 1) + o + b'\nendobj\n'
    end = len(out)
    out += b'xref\n0 %d\n0000000000 65535 f \n' % (len(objects) + 1) + b''.join(b'%010d 00000 n \n' % o for o in at)
    return out + b'trailer\n<< /Size %d /Root 1 0 R %s/ID [<%s><%s>] >>\nstartxref\n%d\n%%%%EOF\n' % (
        len(objects) + 1, b'/Encrypt 4 0 R ' if is_encrypted else b'', b'00' * 16, b'11' * 16, end)


# 7-Zip archives of one short text, password "pw": made by 7z; the second with its headers encrypted too.
SEVEN = [
    '377abcaf271c00046bc97742200000000000000062000000000000005fbb787d07eca9d919fae535cdc3dfd8faddf1a242337ae28cbb31c61140c0804af8aef1'
    '0104060001092000070b0100022406f1070112530fd91d112575fe819195214d4636df23ea2121010001000c1c1800080a01f15c346800000501190100110d00'
    '61002e007400780074000000140a0100df8e15b3517add01150601002080a4810000',
    '377abcaf271c00045182584f90000000000000002e0000000000000022cb51088a229d5a8859d59f8c4485e92a8ea16cd5b7351625fdfb204d9f6cd27a38e204'
    'a822eb236521a6c2351bc47cce05e01f37412e3cc0bacb40bee9e0e056d5ae854ad47b6d7000cc86453024034cadc221d84742829ba9da8d00d43f99fafa00bf'
    'ffbdbd9401bdccb05c842ef1428be6d42105042ffabfeea87e35a63bb61cc84414a9ed1345d9af724be094f2524e28b017062001097000070b0100012406f107'
    '0112530fe55a2c0897703d367c56d1815c3b0cce0c620a01fd4f607c0000',
]


def tar_of(sizes):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as t:
        for i, n in enumerate(sizes):
            info = tarfile.TarInfo('m%d' % i)
            info.size = n
            t.addfile(info, io.BytesIO((BIN * (n // 256 + 1))[:n]))
    return out.getvalue()


def limit_files():
    big = random.Random(1).randbytes(20000)
    deep = zip_of(('a', BIN))
    for i in range(6):
        deep = zip_of(('n%d' % i, deep))
    t = tar_of([2560, 5120, 7680, 10240, 12800])
    return {'big': big, 'small': BIN * 2, 'z.zip': zip_of(('a', BIN), ('b', big), ('c', BIN * 2)), 'deep.zip': deep,
            'stored.zip': zip_of(('a', BIN), ('b', big), ('c', BIN * 2), method=zipfile.ZIP_STORED),
            'many.zip': zip_of(*[('m%d' % i, BIN + bytes([i])) for i in range(12)]), 'big.gz': gzip.compress(big * 3 + bytes(100000), mtime=0),
            'zeros.gz': gzip.compress(bytes(300000), mtime=0), 't.tar': t, 't.tgz': gzip.compress(t, mtime=0)}


LIMITS = ['--max-filesize=10000', '--max-filesize=50000', '--max-scansize=10000', '--max-scansize=30000', '--max-files=1', '--max-files=2',
          '--max-files=3', '--max-files=4', '--max-recursion=1', '--max-recursion=2', '--max-recursion=3', '--max-recursion=7', '--max-recursion=8',
          '--max-filesize=10000 --max-scansize=5000']


def cases():
    seven = {'a.7z': bytes.fromhex(SEVEN[0]), 'headers.7z': bytes.fromhex(SEVEN[1])}
    locked = {'e.zip': encrypted(zip_of(('a', BIN), ('b', BIN))), 'inner.zip': zip_of(('x', encrypted(zip_of(('a', BIN))))), 'plain.zip': zip_of(('a', BIN)),
              **seven}
    out = []
    for args in (['--alert-encrypted'], ['--alert-encrypted-archive'], ['--alert-encrypted-doc'], [], ['--alert-encrypted', '--heuristic-alerts=no'],
                 ['--alert-encrypted', 'first match']):
        out.append(dict(name='encrypted archives ' + ' '.join(args), db=NONE, args=args, files=locked))
    mixed = {'enc first': encrypted(zip_of(('a', BIN), ('b', SIGNED))),
             'sig first': zip_of(('b', SIGNED), ('a', encrypted(zip_of(('x', BIN)))))}
    for args in ([], ['first match'], ['--heuristic-scan-precedence', 'first match'], ['--heuristic-scan-precedence']):
        out.append(dict(name='order of heuristics and signatures ' + ' '.join(args), db=SIG, args=['--alert-encrypted'] + args, files=mixed))
    files = limit_files()
    for limit in LIMITS:
        out.append(dict(name='limits ' + limit, db=NONE, args=['--alert-exceeds-max'] + limit.split(), files=files))
        out.append(dict(name='limits, not asked for ' + limit, db=NONE, args=limit.split(), files=files))
    both = {'1': zip_of(('big', BIN * 100), ('b', SIGNED)), '2': zip_of(('b', SIGNED), ('big', BIN * 100)),
            '3': zip_of(('z', encrypted(zip_of(('x', BIN)))), ('big', BIN * 100)), '4': zip_of(('big', BIN * 100), ('z', encrypted(zip_of(('x', BIN)))))}
    for args in ([], ['first match'], ['--heuristic-scan-precedence', 'first match']):
        out.append(dict(name='a limit is told last ' + ' '.join(args), db=SIG, files=both,
                        args=['--alert-exceeds-max', '--alert-encrypted', '--max-filesize=10000'] + args))
    folded = 'From: a@b.c\r\nTo: d@e.f\r\nSubject: s\r\nX-F: a\r\n' + ' b\r\n' * 300000
    folded += 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: application/octet-stream\r\n'
    folded += 'Content-Transfer-Encoding: base64\r\n\r\n' + base64.encodebytes(SIGNED).decode() + '\r\n--B--\r\n'
    out.append(dict(name='a header of many folded lines', db=SIG, files={'fold': folded.encode()}, args=['--alert-exceeds-max'],
                    differs='a header of very many folded lines', ours={'fold': ['T.Sig']}))
    return out + pua_cases()


def pua_cases():
    text = b'puasigone puasigtwo puasigthree puasigfour'
    db = {'a.ndb': 'Plain.One:0:*:%s\n' % h('puasigone'),
          'b.ndu': 'PUA.Win.Tool.A:0:*:%s\nPUA.Tool.Win.B:0:*:%s\nPUA.Win32.C:0:*:%s\n' % (h('puasigtwo'), h('puasigthree'), h('puasigfour'))}
    out = []
    for args in ([], ['--detect-pua'], ['--detect-pua', '--exclude-pua=Win'], ['--detect-pua', '--include-pua=Win'], ['--detect-pua', '--include-pua=Win.Tool'],
                 ['--include-pua=Win'], ['--exclude-pua=Tool'], ['--detect-pua', '--exclude-pua=Packed'], ['--detect-pua', '--include-pua=W']):
        out.append(dict(name='pua ' + ' '.join(args), db=db, args=args, files={'x': BIN + text, 'y': BIN}))
    for args in (['--detect-pua', '--include-pua=Tool', '--include-pua=Win32'],):
        out.append(dict(name='pua, two categories', db=db, args=args, files={'x': BIN + text}, differs='given twice, the categories are joined',
                        ours={'x': ['Plain.One', 'PUA.Win.Tool.A', 'PUA.Tool.Win.B', 'PUA.Win32.C']}))
    return out
