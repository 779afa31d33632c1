"""Container metadata, passwords, file type magic, switches, legacy bodies and ignore lists against clamscan."""
import bz2
import gzip
import io
import struct
import tarfile
import zlib

from samples import BIN, h, tiny_pe, zip_of

ONE, TWO, BIG = BIN + b'hello', b'second file ' * 10, BIN * 3
CRC_TABLE = []
for i in range(256):
    for _ in range(8):
        i = (i >> 1) ^ (0xedb88320 if i & 1 else 0)
    CRC_TABLE.append(i)


def crypt(password, data, check):
    """PKWARE's traditional encryption (APPNOTE 6.1): twelve bytes of head, whose last two are `check`, then the data."""
    k = [0x12345678, 0x23456789, 0x34567890]

    def update(b):
        k[0] = (k[0] >> 8) ^ CRC_TABLE[(k[0] ^ b) & 0xff]
        k[1] = ((k[1] + (k[0] & 0xff)) * 134775813 + 1) & 0xffffffff
        k[2] = (k[2] >> 8) ^ CRC_TABLE[(k[2] ^ (k[1] >> 24)) & 0xff]

    def one(b):
        t = (k[2] | 2) & 0xffff
        c = b ^ ((t * (t ^ 1) >> 8) & 0xff)
        update(b)
        return c

    for b in password:
        update(b)
    return bytes(one(b) for b in bytes(range(10)) + struct.pack('<H', check) + data)


def zip_raw(*members):
    """A ZIP whose members are (name, data, method, password): what Python's module can't write."""
    body, central = b'', b''
    for name, data, method, password in members:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = deflate.compress(data) + deflate.flush() if method == 8 else data
        crc = zlib.crc32(data)
        if password is not None:
            packed = crypt(password, packed, crc >> 16)
        head = struct.pack('<HHHHHIIIHH', 20, 0 if password is None else 1, method, 0, 33, crc, len(packed), len(data),
                           len(name), 0)
        central += b'PK\1\2' + struct.pack('<H', 20) + head + struct.pack('<HHHII', 0, 0, 0, 0, len(body)) + name
        body += b'PK\3\4' + head + name + packed
    end = b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, len(members), len(members), len(central), len(body), 0)
    return body + central + end


def tar_of(*members, form=tarfile.USTAR_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=form) as t:
        for name, data in members:
            i = tarfile.TarInfo(name)
            i.size = len(data)
            if name.endswith('/'):
                i.type = tarfile.DIRTYPE
            t.addfile(i, io.BytesIO(data))
    return out.getvalue()


def cpio_of(*members):
    out = b''
    for name, data in members + (('TRAILER!!!', b''),):
        raw = name.encode() + b'\0'
        mode = 0o40755 if name.endswith('/') else 0o100644
        out += b'070701' + b''.join(b'%08X' % v for v in (1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)) + raw
        out += b'\0' * (-len(out) % 4) + data
        out += b'\0' * (-len(out) % 4)
    return out


def archives():
    m = (('a.exe', ONE), ('dir/', b''), ('dir/b.txt', TWO), ('c.e', b''), ('D.BIN', BIG))
    z = zip_of(*m)
    locked = zip_raw((b'a.exe', ONE, 8, b'secret'), (b'dir/b.txt', TWO, 0, b'secret'), (b'open', BIG, 8, None))
    return {'zip': z, 'stored': zip_raw(*((n.encode(), d, 0, None) for n, d in m)), 'locked': locked,
            'tar': tar_of(*m), 'gnutar': tar_of(*m, form=tarfile.GNU_FORMAT), 'tgz': gzip.compress(tar_of(*m), mtime=0),
            'cpio': cpio_of(*(x for x in m if x[0] != 'c.e')), 'zipzip': zip_of(('in.zip', z)), 'gz': gzip.compress(ONE, mtime=0),
            'bz2': bz2.compress(ONE), 'raw': ONE, 'zipintar': tar_of(('x.zip', z))}


def cdb(**k):
    f = dict(name='T.Meta', type='*', container='*', regex='*', packed='*', real='*', enc='*', pos='*', crc='*', res='*')
    f.update(k)
    return ':'.join(f.values()) + '\n'


def container_cases():
    files = archives()
    lines = [cdb()]
    lines += [cdb(type='CL_TYPE_' + t) for t in
              ('ZIP', 'POSIX_TAR', 'OLD_TAR', 'CPIO_NEWC', 'GZ', 'BZ', 'ANY', 'RAR', 'ZIPSFX', 'MSOLE2', 'PDF')]
    lines += [cdb(container=c) for c in ('%d' % len(files['zip']), '%d-%d' % (len(files['zip']) - 1, len(files['zip'])),
                                         '%d' % (len(files['zip']) + 1), '10240', '0-100', '0')]
    lines += [cdb(packed=c) for c in ('%d' % len(ONE), '0', '%d' % len(TWO), '1-20', '160-180', '1000-2000')]
    lines += [cdb(real=c) for c in ('%d' % len(ONE), '0', '%d' % len(TWO), '1-200', '%d-%d' % (len(BIG), len(BIG)), '99999')]
    lines += [cdb(enc=e) for e in '01'] + [cdb(pos=p) for p in ('0', '1', '2', '3', '4', '5', '6', '2-3', '0-99')]
    lines += [cdb(regex='a\\.exe', pos='%d' % p) for p in (0, 1, 2)]
    lines += [cdb(regex='D.BIN', pos='%d' % p) for p in (4, 5, 6)] + [cdb(regex='b.txt$', pos='%d' % p) for p in (1, 2, 3)]
    lines += [cdb(regex='a.exe', enc='1'), cdb(regex='open', enc='1'), cdb(regex='open', enc='0'), cdb(regex='dir', real='0'),
              cdb(type='CL_TYPE_ZIP', crc='%08x' % zlib.crc32(ONE)), cdb(type='CL_TYPE_ZIP', crc='%X' % zlib.crc32(TWO)),
              cdb(type='CL_TYPE_POSIX_TAR', crc='12345678'), cdb(crc='zz'), cdb(res='anything'),
              cdb(regex='exe', type='CL_TYPE_ZIP', container='%d' % len(files['zip']), real='%d' % len(ONE), enc='0', pos='1')]
    lines += [cdb().strip() + ':%s\n' % fl for fl in ('51', '1:255', '300', '1:100', '216', '217', '1:216', '1:215', ':')]
    bad = [cdb().rsplit(':', 1)[0] + '\n', cdb().strip() + ':1:255:3\n', cdb(name=''), cdb(regex=''), cdb(regex='a('), cdb(regex='*a'),
           cdb(regex='a|'), cdb(regex='a**'), cdb(regex='a{2,1}'), cdb(regex='[a'), cdb(regex='(?i)'), cdb(regex='a(?i)b'),
           cdb(regex='x{300}'), cdb(regex='a{0}'), cdb(enc='2'), cdb(enc='x'), cdb(enc=''), cdb(real='x'), cdb(real='-5'), cdb(real='5-'),
           cdb(real='0x32'), cdb(pos='x'), cdb(pos=''), cdb(container='x'), cdb(packed='1-x'), cdb().strip() + ':x\n']
    for line in lines + bad:
        yield dict(name='cdb ' + line.strip(), files=files, db={'t.cdb': line})
    yield dict(name='cdb in a program', files={'sfx': tiny_pe() + files['zip']}, db={'t.cdb': cdb(regex='a.exe', type='CL_TYPE_ZIP')})
    two = cdb(name='T.One', regex='exe') + cdb(name='T.Two', regex='txt')
    for what, extra in (('nothing', {}), ('ign2', {'a.ign2': 'T.One\n'}), ('body', {'b.ndb': 'T.B:0:*:%s\n' % h('hello')})):
        yield dict(name='cdb two lines and ' + what, files=files, db={'t.cdb': two, **extra})


def name_cases():
    names = ['a b.exe', 'a+b.exe', 'A.B', 'x;y', '\u00e9.txt', 'a\\b.txt', 'C;\\x.exe', '../up.exe', 'a.exe' + 'x' * 300, 'n.', '(x)',
             'a\x01b', 'a1', 'aa', '<a>', 'x>y', 'a\nb', 'c\\d', 'INVOICE 2026.pdf.exe', 'invoice.scr', 'd1d']
    files = {'%d' % i: zip_of((n, ONE)) for i, n in enumerate(names)}
    for r in ['exe', 'EXE', '(?i)EXE$', '^a\\.exe', '.*', '.', '^', '$', 'b.exe$', 'a\\+b', 'a[+]b', '^A', 'x;y', '\\xe9', '\\\\b', '^\\.\\.', 'x{250}',
              'n\\.$', '\\(x\\)', '[(]x', '^.{4,6}$', '^[^a]', '(b|x)', 'a.b$', '^a b', '.*exe.*', '(a)\\1', '(?i)A\\.EXE', '[[.a.]]', '[[=a=]]b?',
              'a{,2}b', 'a]', '{', 'a{', '()', 'a()', '[\\w]', '\\d', '\\w', '\\bb', '\\<a', 'a\\>', '\\>', 'x\\>y', 'a$1', '^^a', 'a$$', '[]a]',
              '[a-]', '[^]a]', 'a{1,2}$', '^a1|aa$', '(^a1|x)', '[a-c]+\\.(exe|txt)$', '(exe|scr)$', 'a+b', 'a?b', '(ab)*', '([a-z]{2}){2,}',
              '(?i)^invoice.*\\.(exe|scr)$', '\\.pdf\\.exe$', '[0-9]{4}', '[^0-9]{20}', 'a.*b.*x', '(a|b|c)(1|a)', '((a)|(1))+$', '\t']:
        yield dict(name='cdb name ' + r, files=files, db={'t.cdb': cdb(regex=r)})


def old_cases():
    files = {k: v for k, v in archives().items() if k in ('zip', 'stored', 'locked', 'zipzip', 'tar')}

    def old(**k):
        f = dict(name='T.Old', enc='*', regex='a.exe', real='*', packed='*', crc='*', method='*', pos='*', depth='*')
        f.update(k)
        return ':'.join(f.values()) + '\n'

    lines = [old(), old(enc='0'), old(enc='1'), old(regex='A.EXE'), old(regex='*'), old(regex='.*'), old(real='%d' % len(ONE)), old(real='7'),
             old(packed='%d' % len(ONE)), old(pos='0'), old(pos='1'), old(pos='2'), old(depth='0'), old(depth='3'),
             old(real='%d' % len(ONE), crc='%08x' % zlib.crc32(ONE), enc='0', pos='1', method='*')]
    bad = [old(enc='x'), old(regex=''), old(regex='a('), old(real='1-2'), old(real='x'), old(packed='x'), old(crc='x'), old(method='x'),
           old(pos='x'), old(depth='x'), old().rsplit(':', 1)[0] + '\n', old().strip() + ':1\n', old(name='')]
    for line in lines + bad:
        yield dict(name='zmd ' + line.strip(), files=files, db={'t.zmd': line})
    for line in lines[:3] + bad[:3]:
        yield dict(name='rmd ' + line.strip(), files=files, db={'t.rmd': line})


def password_cases():
    inner = BIN + b'FINDME in secret' + BIN
    one = zip_raw((b'a.bin', inner, 8, b'secret'), (b'b.bin', BIN + b'FINDME two', 0, b'other'))
    files = {'deflated': zip_raw((b'a.bin', inner, 8, b'secret')), 'stored': zip_raw((b'a.bin', inner, 0, b'secret')), 'two': one,
             'inner': zip_of(('in.zip', one)), 'bytes': zip_raw((b'a.bin', inner, 8, b'\x00\xff;\n')),
             'none': zip_raw((b'a.bin', inner, 8, b''))}
    body = 'T.Body:0:*:%s\n' % h('FINDME')
    t = 'P;Engine:81-255,Container:CL_TYPE_%s;%s\n'
    lines = [t % ('ZIP', '0;secret'), t % ('ZIP', '1;736563726574'), t % ('ZIP', '0;wrong'), t % ('ANY', '0;secret'), t % ('RAR', '0;secret'),
             t % ('ZIP', '1;00ff3b0a'), t % ('ZIP', '0;secret') + t % ('ZIP', '0;other'), t % ('ZIP', '0;wrong') + t % ('ANY', '0;other'),
             'P;Engine:81-255;0;secret\n', 'P;Engine:81-255,Target:0;0;secret\n', 'P;Engine:51-255,Container:CL_TYPE_ZIP,FileSize:1-2;0;secret\n',
             t % ('ZIP', '0;se;cret'), t % ('ZIP', '0;secret '), t % ('ZIP', '0;secret;1;2'), t % ('ZIP', '0;secret\r'), ';Engine:81-255;0;secret\n',
             ''.join(t % ('ZIP', '0;pw%d' % i) for i in range(600)) + t % ('ZIP', '0;secret')]
    bad = ['P;Container:CL_TYPE_ZIP;0;secret\n', 'P;;0;secret\n', t % ('7Z', '0;secret'), t % ('ZIP', 'x;secret'), t % ('ZIP', '1;7365637265747'),
           t % ('ZIP', '1;zz'), t % ('ZIP', '0')]
    for i, line in enumerate(lines + bad):  # a refused line must find nothing: the rest of the database would
        yield dict(name='pwdb %d %s' % (i, line.strip()[:60]), files=files if line in lines else {'x': BIN}, db={'t.pwdb': line, 't.ndb': body})
    yield dict(name='pwdb and cdb', files=files, db={'t.pwdb': lines[0], 't.cdb': cdb(enc='1'), 't.ndb': body})
    yield dict(name='pwdb switched off', files=files, db={'t.pwdb': lines[0], 't.cfg': 'ARCHIVE:0x3fffff:1:255\n', 't.ndb': body})
    yield dict(name='a rule that holds without a byte', files={'empty': b'', 'five': b'xxxxx', 'six': b'xxxxxx'}, db={'t.ldb': 'T.Absent;Engine:81-255,Target:0;0<1;deadbeef\n'},
               differs='at most 5 bytes', ours={'five': ['T.Absent']})
    yield dict(name='pwdb an empty locked member', files={'empty': zip_raw((b'a.bin', b'', 0, b'secret'), (b'b', inner, 8, b'secret'))},
               db={'t.pwdb': lines[0], 't.ndb': body}, differs='a locked ZIP member without content', ours={'empty': ['T.Body']})
    for line in (lines[0], lines[2]):
        yield dict(name='pwdb with alerts ' + line.strip(), files=files, db={'t.pwdb': line, 't.ndb': body}, args=['--alert-encrypted=yes'])


def old_body_cases():
    files = {'a': BIN + b'FINDME' + BIN, 'b': BIN + b'FIND..ME', 'zip': zip_of(('m', BIN + b'FINDME')), 'pe': tiny_pe() + b'FINDME', 'none': BIN * 2}
    x = h('FINDME')
    for line in ['T=%s' % x, 'T =%s' % x, 'T=%s\r' % x, 'T=', '=%s' % x, 'T', 'T=zz', 'T=46494e*444d45', 'T=46494e*4d45', 'T=46??4e444d45', 'T=%s=x' % x,
                 'T.A=%s\nT.B=%s' % (x, x), 'T (Clam)=%s' % x, 'T=%s ' % x, 'T=464', 'T=4649(4e|4f)444d45', 'T=46494e44{2}4d45', 'T{x}=%s' % x, '#T=%s' % x]:
        yield dict(name='db ' + line, files=files, db={'t.db': line + '\n'})
    for line in ['T:0:*:%s' % x, 'T:1:*:%s' % x, 'T:0:256:%s' % x, 'T:0:*:%s:51' % x, 'T:0:*:%s:300' % x, 'T:15:*:%s' % x, 'T:0:*']:
        yield dict(name='sdb ' + line, files=files, db={'t.sdb': line + '\n'})
    page = {'page': b'<html><body><p>FINDME Raw</p><!-- FINDME too --></body></html>'}
    for target in '037':
        for end in ('sdb', 'ndb') if target != '0' else ('sdb',):
            yield dict(name='%s html %s' % (end, target), files=page, db={'t.' + end: 'T:%s:*:%s\n' % (target, h('FINDME Raw</p>'))})
    yield dict(name='sdb html and ndb', files=page, db={'t.sdb': 'T:0:*:%s\n' % h('nothing'), 't.ndb': 'T.H:3:*:%s\n' % h('FINDME Raw</p>')})
    two = 'T.A:0:*:%s\nT.B:0:*:%s\n' % (x, h('FIND'))
    for line in ['T.A', 't.ndb:1:T.A', 't.ndb:2:T.A', 'x.ndb:1:T.A', '::T.A', 't.ndb:x:T.A', 'T.A:00000000000000000000000000000000',
                 'T.A:2dc5c8a7ddd3bd17a8ab2b2bd4a0b7c2', 't.ndb:1', 'a:b:c:d', 't.ndb:1:', 'T.A.UNOFFICIAL', 'T.A ', ' T.A', '#T.A', 'T.A\r']:
        for end in ('ign', 'ign2'):
            refused = line in ('t.ndb:1', 'a:b:c:d', 't.ndb:1:')
            yield dict(name='%s %s' % (end, line), files={'x': BIN} if refused else files, db={'t.ndb': two, 'a.' + end: line + '\n'})


def key_cases():
    """Target description blocks."""
    inner = BIN + b'FINDME' + BIN
    z = zip_of(('m', inner))
    files = {'raw': inner, 'zip': z, 'zipzip': zip_of(('z', z)), 'tar': tar_of(('m', inner)), 'tgz': gzip.compress(tar_of(('m', inner)), mtime=0),
             'gzzip': gzip.compress(z, mtime=0), 'gz': gzip.compress(inner, mtime=0), 'tarzip': tar_of(('z', z)), 'pe': tiny_pe() + b'FINDME',
             'zippe': zip_of(('p', tiny_pe() + b'FINDME')), 'big': inner * 20, 'elf': b'\x7fELF' + BIN + b'FINDME', 'deep': zip_of(('a', zip_of(('b', z))))}
    x = h('FINDME')
    e = 'Engine:81-255,'
    blocks = [e + 'Container:CL_TYPE_' + c + ',Target:0' for c in ('ZIP', 'GZ', 'POSIX_TAR', 'ANY', 'BZ', 'MSEXE', 'OOXML_WORD')]
    blocks += [e + 'Intermediates:' + c + ',Target:0' for c in (
        'CL_TYPE_ZIP', 'CL_TYPE_ZIP>CL_TYPE_ZIP', 'CL_TYPE_ZIP>CL_TYPE_ZIP>CL_TYPE_ZIP', 'CL_TYPE_ANY', 'CL_TYPE_ANY>CL_TYPE_ZIP', 'CL_TYPE_ZIP>CL_TYPE_ANY',
        'CL_TYPE_ANY>CL_TYPE_ANY', 'CL_TYPE_GZ>CL_TYPE_ZIP', 'CL_TYPE_POSIX_TAR>CL_TYPE_ZIP', 'CL_TYPE_GZ>CL_TYPE_POSIX_TAR', 'CL_TYPE_GZ')]
    blocks += [e + 'Container:CL_TYPE_ZIP,Intermediates:CL_TYPE_GZ>CL_TYPE_ZIP,Target:0', e + 'Container:CL_TYPE_ZIP,Target:1', e + 'Target:1,Container:CL_TYPE_ANY']
    blocks += [e + 'FileSize:%s,Target:0' % r for r in ('518-518', '0-517', '519-99999', '518-520', '0-99999', '518-')] + [e + 'Target:0,FileSize:0-600']
    blocks += [e + k + ',Target:1' for k in ('EntryPoint:1124-1124', 'EntryPoint:0-1123', 'EntryPoint:1125-9999', 'NumberOfSections:2-2', 'NumberOfSections:0-1',
                                             'NumberOfSections:1-5', 'EntryPoint:1000-2000,NumberOfSections:2-3', 'FileSize:0-99999,NumberOfSections:2-2')]
    blocks += ['Engine:%s,Target:0' % r for r in ('0-255', '51-216', '216-216', '217-255', '0-215', '1-1', '81-300', '216-217')]
    blocks += ['Target:%d' % t for t in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 20)]
    blocks += [e + 'HandlerType:CL_TYPE_%s,Target:0' % t for t in ('ZIP', 'PDF', 'MSEXE', 'ANY')]
    for b in blocks:
        yield dict(name='key ' + b, files=files, db={'t.ldb': 'T.Key;%s;0;%s\n' % (b, x)})
    yield dict(name='any as one layer', files=files, db={'t.ldb': 'T.Key;%sIntermediates:CL_TYPE_GZ>CL_TYPE_ANY,Target:0;0;%s\n' % (e, x)},
               differs='`CL_TYPE_ANY` in `Intermediates`', ours={'gzzip': ['T.Key'], 'tgz': ['T.Key']})
    for t, n in (('MSEXE', 1), ('PDF', 10), ('GRAPHICS', 5), ('SWF', 11), ('MSOLE2', 2), ('JAVA', 12)):  # read again as that type
        yield dict(name='handler ' + t, files={'raw': inner}, db={'t.ldb': 'T.H;Engine:81-255,HandlerType:CL_TYPE_%s,Target:0;0;%s\n' % (t, x) + ''.join(
            'T.%d;Engine:81-255,Target:%d;0;%s\n' % (k, k, x) for k in (0, 1, 2, 5, 10, 11, 12))},
            differs='`HandlerType`', ours={'raw': ['T.0', 'T.H', 'T.%d' % n]})
    two = ''.join('T.H%s;Engine:81-255,HandlerType:CL_TYPE_%s,Target:0;0;%s\n' % (t, t, x) for t in ('PDF', 'JAVA'))
    yield dict(name='two handlers', files={'raw': inner}, db={'t.ldb': two + ''.join('T.%d;Engine:81-255,Target:%d;0;%s\n' % (k, k, x) for k in (10, 12))},
               differs='two signatures that ask for a file to be read', ours={'raw': ['T.HPDF', 'T.HJAVA', 'T.10', 'T.12']})
    bad = ['', 'Engine:51-255', 'Target:0,Engine:51-255', 'Target:0,FileSize:1-100', 'Engine:50-255,Target:0,FileSize:1-100', 'Engine:51,Target:0', 'Engine:x-y,Target:0',
           e + 'Target:x', e + 'Target:0,FileSize:10', e + 'Target:0,FileSize:x', e + 'Target:0,FileSize', e + 'Target:0,', e + 'Target:0,EntryPoint:1-2',
           e + 'Target:0,NumberOfSections:1-2', e + 'Target:0,IconGroup1:x', e + 'Target:0,Intermediates:' + '>'.join(['CL_TYPE_ZIP'] * 17)]
    for b in bad:
        yield dict(name='key refused ' + b, files={'x': BIN}, db={'t.ldb': 'T.Key;%s;0;%s\n' % (b, x)})
    for b in (e + 'Target:0,Foo:1', e + 'Target:0,Container:CL_TYPE_FOO', e + 'Target:0,HandlerType:FOO', e + 'Target:0,Intermediates:CL_TYPE_FOO'):
        yield dict(name='key unknown ' + b, files=files, db={'t.ldb': 'T.Key;%s;0;%s\nT.Good;Target:0;0;%s\n' % (b, x, h('FIND'))})


def logic_cases():
    a, b, c = 'aaaa1', 'bbbb2', 'cccc3'
    files = {'none': BIN * 2, 'a': BIN + b'aaaa1', 'ab': BIN + b'aaaa1 bbbb2', 'aab': BIN + b'aaaa1aaaa1 bbbb2', 'abb': BIN + b'aaaa1 bbbb2bbbb2', 'abc': BIN + b'aaaa1bbbb2cccc3',
             'aabbcc': BIN + b'aaaa1bbbb2cccc3' * 2, 'c': BIN + b'cccc3', 'bc': BIN + b'bbbb2cccc3', 'a9': BIN + b'aaaa1' * 9, 'a9b5': BIN + b'aaaa1' * 9 + b'bbbb2' * 5}
    for logic in ['(0=2|1=1)=3', '(0=9|1=5)=14', '(0>1|1>1)>2', '(0&1)=2', '(0&1)>1', '(0&1&2)>2,3', '((0|1)=2|2)', '((0&1)|2)=1', '(0|1|2)=2,2', '(0|1|2)>1,2',
                  '(0|1|2)<3,2', '(0|1|2)=0', '(0|1)=0&2', '2&(0|1)=0', '0=0&1=0', '0=0|1=0', '(0=0)&1', '(0=0|1=0)=1', '(0<2)&(1<2)', '0<1', '0<2', '0>8', '0=9',
                  '(0>1)&1&2', '0&1|2', '0|1&2', '(0|1&2)', '(0&1|2)', '((0|1)&2)', '(0|(1&2))', '0&(1|2)&(0|1)', '((0|1|2)>3,2)&1', '(0>1,2)', '0>1,2', '(0|1)>2,1',
                  '((0|1)>1|2)=1', '( 0 & 1 )', '0 | 1', '0>=2', '0=>2', '(0|1)=1,', '((0))', '((0)&(1))', '(0=1|1=2)', '(0=1&1=2)=3', '0&1&2&0', '0=1&1=1&2=1', '(0|1|2)>5',
                  '(0|1|2)=6,3', '(0|1|2)>1,3', '!0', '0&', '(0', '0)', '0=', '0=x', '5', '', '0 1', '0==1', '0&&1', '0||1', '-1', '0=99999999999']:
        top = max([int(d) for d in __import__('re').findall(r'(?<![=<>,\d])\s*(\d)', logic)] or [0])
        subs = ';'.join(h(s) for s in (a, b, c)[:min(top, 2) + 1])
        yield dict(name='logic ' + logic, files=files, db={'t.ldb': 'T.L;Engine:51-255,Target:0;%s;%s\n' % (logic, subs)})
    over = {'o%d' % n: BIN + b'a' * n + BIN for n in (1, 2, 3, 4, 5, 6, 9)}
    for logic in ('0=1', '0=2', '0=3', '0>1', '0>3', '0=4'):
        for pattern in ('61616161', '6161*6161', '6161{0-2}6161', '61(61|62)61', '6161(61|6161)'):
            yield dict(name='overlap %s %s' % (logic, pattern), files=over, db={'t.ldb': 'T.O;Engine:51-255,Target:0;%s;%s\n' % (logic, pattern)})


def magic_cases():
    """Types declared for what neither program knows; signatures for data (target 14) left out, for overt matches both."""
    files = {'qq': b'QQ' + BIN + b'FINDME', 'far': BIN + b'WEIRD' + b'FINDME' + BIN, 'text': b'some words FINDME and others\n' * 3, 'weird': b'text and WEIRD FINDME words\n' * 3,
             'late': BIN * 5 + b'WEIRD' + b'FINDME', 'zip': zip_of(('m', b'QQ' + BIN + b'FINDME')), 'none': BIN}
    rules = {'t.ldb': ''.join('T.%d;Engine:51-255,Target:%d;0;%s\n' % (t, t, h('FINDME')) for t in (0, 1, 2, 5, 6, 9, 10, 11, 12))}
    lines = ['0:0:5151:d:CL_TYPE_ANY:CL_TYPE_' + t for t in ('MSEXE', 'PDF', 'GRAPHICS', 'MSOLE2', 'SWF', 'JAVA', 'ELF', 'BINARY_DATA')]
    lines += ['0:0:5151:d:CL_TYPE_ZIP:CL_TYPE_GRAPHICS', '0:1:51:d:CL_TYPE_ANY:CL_TYPE_GRAPHICS', '0:2:0001020304:d:CL_TYPE_ANY:CL_TYPE_PDF', '0:9999:51:d:CL_TYPE_ANY:CL_TYPE_PDF',
              '0:0:5151:d:CL_TYPE_ANY:CL_TYPE_GRAPHICS\n0:0:515100:e:CL_TYPE_ANY:CL_TYPE_PDF', '0:0:515100:d:CL_TYPE_ANY:CL_TYPE_GRAPHICS\n0:0:5151:e:CL_TYPE_ANY:CL_TYPE_PDF',
              '0:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF:51', '0:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF:51:255']
    lines = [line + '\n0:0:504b0304:ZIP:CL_TYPE_ANY:CL_TYPE_ZIP' for line in lines]
    lines += ['1:*:5745495244:d:CL_TYPE_ANY:CL_TYPE_' + t for t in ('GRAPHICS', 'PDF', 'MSEXE', 'SWF', 'MSOLE2', 'JAVA', 'ZIPSFX')]
    lines += ['1:%s:5745495244:d:CL_TYPE_ANY:CL_TYPE_PDF' % o for o in ('256', '256,1', '250,10', '0', '255', '0,300')]
    lines += ['1:*:%s:d:CL_TYPE_ANY:CL_TYPE_PDF' % p for p in ('5745??5244', '5745*5244', '5745{1-3}4452', '(57|58)45495244', '5745495245', '574549524446494e44')]
    lines += ['1:*:5745495244:d:CL_TYPE_BINARY_DATA:CL_TYPE_PDF', '1:*:5745495244:d:CL_TYPE_TEXT_ASCII:CL_TYPE_PDF', '1:*:5745495244:d:CL_TYPE_ZIP:CL_TYPE_PDF']
    for line in lines:
        yield dict(name='ftm ' + line.strip(), files=files, db={'t.ftm': line + '\n', **rules})
    for line in ('x:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF', '0:x:5151:d:CL_TYPE_ANY:CL_TYPE_PDF', '0:0:51?1:d:CL_TYPE_ANY:CL_TYPE_PDF', '0:*:5151:d:CL_TYPE_ANY:CL_TYPE_PDF',
                 '0:0:5151:d:CL_TYPE_ANY', '0:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF:51:300:3'):
        yield dict(name='ftm refused ' + line, files={'none': BIN}, db={'t.ftm': line + '\n', **rules})
    known = tiny_pe() + b'FINDME'
    yield dict(name='ftm knows nothing of programs', files={'pe': known}, db={'t.ftm': lines[0].replace('5151', '5a5a') + '\n', **rules},
               differs='file type magic (`.ftm`)', ours={'pe': ['T.0', 'T.1']})
    yield dict(name='ftm another type for programs', files={'pe': known}, db={'t.ftm': '0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF\n', **rules},
               differs='file type magic (`.ftm`)', ours={'pe': ['T.0', 'T.1']})
    yield dict(name='ftm not to be scanned', files={'qq': files['qq']}, db={'t.ftm': '0:0:5151:d:CL_TYPE_ANY:CL_TYPE_IGNORED\n', **rules},
               differs='file type magic (`.ftm`)', ours={'qq': ['T.0']})


def cases():
    groups = (container_cases, name_cases, old_cases, password_cases, old_body_cases, key_cases, logic_cases, magic_cases)
    return [c for g in groups for c in g()]
