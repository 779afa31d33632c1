"""The elements of the signature languages, offsets, conditions, containers, hashes: one small case each."""
import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import struct
import tarfile
import zipfile

from samples import BIN, h, tiny_pe, zip_of


def case(name, db, files, differs=None, ours=None):
    """`differs`: words of the row of docs/COMPATIBILITY.md; `ours`: what overt says then, by file."""
    return dict(name=name, db=db, files=files, **({'differs': differs} if differs else {}), **({'ours': ours} if ours else {}))


def ndb_cases():
    body = BIN + b'HELLOworld' + BIN
    files = {'plain': body, 'other': BIN * 3, 'start': b'HELLOworld' + BIN, 'end': BIN + b'HELLOworld',
             'twice': body + body, 'gap5': BIN + b'HELLO12345world' + BIN, 'gap200': BIN + b'HELLO' + BIN[:200] + b'world' + BIN,
             'gap1': BIN + b'HELLO-world' + BIN, 'lower': BIN + b'helloWORLD' + BIN, 'cut': BIN + b'HELLOworl'}
    w = h('HELLO')
    d = h('world')
    patterns = ['%s%s' % (w, d), '%s*%s' % (w, d), '%s??%s' % (w, d), '%s{5}%s' % (w, d), '%s{1-5}%s' % (w, d),
                '%s{-5}%s' % (w, d), '%s{6-}%s' % (w, d), '%s{200}%s' % (w, d), '%s{100-300}%s' % (w, d),
                '4845{3}%s' % d, '48454c4c4?776f726c64', '48454c4c?f776f726c64', '4845(4c|4d)4c4f%s' % d,
                '4845(4c4c|4d4d)4f%s' % d, '4845!(4d|4e)4c4f%s' % d, '4845!(4c|4e)4c4f%s' % d, '4845(4c4c4f|4d)%s' % d,
                '%s(77|57)6f726c64' % w, '%s[1-5]%s' % (w, '77'), '48[1-2]4c4c4f%s' % d, '%s%s??' % (w, d),
                '%s%s????????' % (w, d), '(B)%s%s' % (w, d), '%s%s(B)' % (w, d), '(W)%s%s' % (w, d), '(L)%s%s' % (w, d),
                '%s%s(W)' % (w, d), '%s%s(L)' % (w, d), 
                '%s{5-}%s*8081' % (w, d), '8081*%s*8081' % w, '4?454c4c4f', '?8454c4c4f776f']
    for p in patterns:
        yield case('ndb ' + p, {'t.ndb': 'T.Sig:0:*:%s\n' % p}, files)
    # A gap of at most 0 bytes: clamscan takes it for "no limit", overt for what it says.
    for p in ['48454c4c4f{-0}776f726c64', '%s{0-0}%s' % (w, d)]:
        yield case('ndb ' + p, {'t.ndb': 'T.Sig:0:*:%s\n' % p}, files,
                   differs='a gap of at most 0 bytes', ours={'gap1': [], 'gap5': [], 'gap200': []})
    for off in ['*', '0', '256', '255', '250,6', '250,5', 'EOF-10', 'EOF-11', 'EOF-266', 'EOF-300,200', '0,300', 'EOF-9999']:
        yield case('ndb offset ' + off, {'t.ndb': 'T.Sig:0:%s:%s%s\n' % (off, w, d)}, files)


def pe_cases():
    pe = tiny_pe()
    files = {'pe': pe, 'pe2': tiny_pe(entry=0), 'raw': BIN + b'ENTRYCODE' + BIN, 'padded': pe + b'overlay' + BIN}
    code = h('ENTRYCODE')
    for off in ['EP+0', 'EP-0', 'EP+100', 'EP-100', 'EP+0,100', 'S0+100', 'S0+0', 'S0+0,200', 'SE0', 'SE1', 'S1+0', 'SL+0',
                'SL-412', 'S9+0', '*', '1124', 'EOF-1436']:
        yield case('pe offset ' + off, {'t.ndb': 'T.Sig:1:%s:%s\n' % (off, code)}, files)
    data = h('somedata')
    for off in ['S1+0', 'S1+8', 'SL+0', 'SL+504', 'SE1', 'SE0', 'SL+512']:
        yield case('pe data offset ' + off, {'t.ndb': 'T.Sig:1:%s:%s\n' % (off, data)}, files)
    text = (b'\x90' * 100 + b'ENTRYCODE' + b'\xc3' * 403)
    text += b'\0' * (-len(text) % 512)
    md5 = hashlib.md5(text).hexdigest()
    sha = hashlib.sha256(text).hexdigest()
    yield case('mdb', {'t.mdb': '%d:%s:T.Sec\n' % (len(text), md5)}, files)
    yield case('msb', {'t.msb': '%d:%s:T.Sec\n' % (len(text), sha)}, files)
    yield case('mdb any size', {'t.mdb': '*:%s:T.Sec:73\n' % md5}, files)
    yield case('mdb other size', {'t.mdb': '%d:%s:T.Sec\n' % (len(text) + 1, md5)}, files)
    for tdb in ['Engine:51-255,Target:1', 'Engine:51-255,Target:6', 'Engine:51-255,Target:0',
                'Engine:51-255,Target:1,NumberOfSections:2-2', 'Engine:51-255,Target:1,NumberOfSections:3-9',
                'Engine:51-255,Target:1,EntryPoint:1124-1124', 'Engine:51-255,Target:1,EntryPoint:0-100',
                'Engine:51-255,Target:1,FileSize:0-3000', 'Engine:51-255,Target:0,FileSize:3000-9000',
                'Engine:300-400,Target:1', 'Engine:51-255,Target:14', 'Engine:51-255,Target:5']:
        yield case('tdb ' + tdb, {'t.ldb': 'T.Log;%s;0;%s\n' % (tdb, code)}, files)


def ldb_cases():
    files = {'a': BIN + b'aaaa1' + BIN, 'b': BIN + b'bbbb2' + BIN, 'ab': BIN + b'aaaa1..bbbb2' + BIN,
             'abc': BIN + b'cccc3..bbbb2..aaaa1' + BIN, 'aab': BIN + b'aaaa1aaaa1bbbb2' + BIN,
             'aaabb': BIN + b'aaaa1aaaa1aaaa1bbbb2bbbb2' + BIN, 'none': BIN * 3,
             'upper': BIN + b'AAAA1BBBB2' + BIN, 'wide': BIN + 'aaaa1bbbb2'.encode('utf-16le') + BIN,
             'word': BIN + b' aaaa1 ' + BIN, 'inword': BIN + b'xaaaa1x' + BIN}
    a, b, c = h('aaaa1'), h('bbbb2'), h('cccc3')
    logics = ['0', '0&1', '0|1', '0&1&2', '0|1|2', '0&1|2', '0|1&2', '(0&1)|2', '0&(1|2)', '0=1', '0=2', '0>1', '0>0', '0<2', '0=0',
              '0>1&1', '(0|1)>1', '(0|1)>2', '(0|1)=3', '(0|1)>1,2', '(0|1|2)>2,3', '(0&1)=2', '(0|1)<3', '0=0&1', '1&0=0', '(0|1|2)=0',
              '(0=2|1=1)=3', '((0|1)&2)', '((0&1)|(1&2))', '0>1|1>1', '(0|1)>3,1', '(0|1|2)<5,2', '0&1=1&2=0']
    for logic in logics:
        top = 2 if '2' in [x for x in logic if x in '012'] and any(
            logic[i] == '2' and (i == 0 or logic[i - 1] in '(&|') for i in range(len(logic))) else None
        subs = [a, b, c] if top else ([a, b] if any(
            logic[i] == '1' and (i == 0 or logic[i - 1] in '(&|') for i in range(len(logic))) else [a])
        yield case('ldb ' + logic, {'t.ldb': 'T.Log;Engine:51-255,Target:0;%s;%s\n' % (logic, ';'.join(subs))}, files)
    for mod in ['i', 'w', 'f', 'a', 'iw', 'wa', 'iwa', 'if', 'wf', 'iwf', 'awf']:
        yield case('ldb ::' + mod, {'t.ldb': 'T.Log;Engine:81-255,Target:0;0;%s::%s\n' % (a, mod)}, files)
    spread = {'%02d' % n: BIN + b'\x01' * n + b'aaaa1' + BIN for n in (0, 5, 14, 15, 16, 19, 20, 21, 30, 60)}
    for pre in ['250,20:', '256,20:', '256,16:', '0,300:', 'EOF-261,20:', 'EOF-300,40:']:
        for flags in ['', 'r', 'e', 're', 'g']:
            yield case('pcre shift %s %s' % (pre, flags),
                       {'t.ldb': 'T.Re;Engine:81-255,Target:0;0&1;%s;%s0/aaaa1/%s\n' % (a, pre, flags)}, spread)
    for off in ['256', '0', 'EOF-261', '250,10', '*']:
        yield case('ldb offset ' + off, {'t.ldb': 'T.Log;Engine:51-255,Target:0;0&1;%s:%s;%s\n' % (off, a, b)}, files)
    for rx in ['aaaa1', 'a+1', '^.+', 'AAAA1', 'a{4}1\\.\\.b', '[a-c]{4}[123]', 'b(?=bbb2)', '\\x61{4}']:
        for flags in ['', 'i', 's', 'g']:
            yield case('pcre /%s/%s' % (rx, flags),
                       {'t.ldb': 'T.Re;Engine:81-255,Target:0;0&1;%s;0/%s/%s\n' % (a, rx, flags)}, files)
    for pre in ['256:', '250,20:', '0:', 'EOF-261:', '*:']:
        for flags in ['', 'r', 'e', 'g']:
            yield case('pcre offset %s %s' % (pre, flags),
                       {'t.ldb': 'T.Re;Engine:81-255,Target:0;0&1;%s;%s0/aaaa1/%s\n' % (a, pre, flags)}, files)
    nums = {'dec': BIN + b'KEY: 1234 ' + BIN, 'hex': BIN + b'KEY: 04d2 ' + BIN, 'bin': BIN + b'KEY:\xd2\x04\0\0' + BIN,
            'big': BIN + b'KEY:\0\0\x04\xd2' + BIN, 'zero': BIN + b'KEY:\0\0\0\0' + BIN, 'end': BIN + b'KEY:\xd2'}
    k = h('KEY:')
    for cmp in ['>>4#ib4#=1234', '>>4#il4#=1234', '>>4#il2#=1234', '>>4#ib2#=1234', '>>4#il4#>1000,<2000', '>>5#d4#=1234', '>>5#d4#>1233',
                '>>5#h4#=4d2', '>>5#h4#=1234', '>>5#hb4#=1234', '>>4#il1#=210', '>>5#de4#=1234', '>>5#d5#=1234', '>>5#de5#=1234', '<<0#il4#=1',
                '>>4#il4#=0x4d2', '>>5#h4#=0x4d2', '>>5#hl4#=0xd204']:
        yield case('compare ' + cmp, {'t.ldb': 'T.Cmp;Engine:102-255,Target:0;0&1;%s;0(%s)\n' % (k, cmp)}, nums)


def hash_cases():
    data = BIN + b'hash me'
    files = {'it': data, 'other': data + b'!', 'zip': zip_of(('m', data)), 'stored': zip_of(('m', data), method=zipfile.ZIP_STORED)}
    n = len(data)
    md5, sha1, sha256 = (hashlib.new(k, data).hexdigest() for k in ('md5', 'sha1', 'sha256'))
    zmd5 = hashlib.md5(files['zip']).hexdigest()
    for ext in ['hdb', 'hsb']:
        for d in [md5, sha1, sha256, md5.upper()]:
            yield case('%s %d' % (ext, len(d)), {'t.' + ext: '%s:%d:T.Hash\n' % (d, n)}, files)
            yield case('%s %d any size' % (ext, len(d)), {'t.' + ext: '%s:*:T.Hash:73\n' % d}, files)
            yield case('%s %d other size' % (ext, len(d)), {'t.' + ext: '%s:%d:T.Hash\n' % (d, n + 1)}, files)
    for ext, line in [('fp', '%s:%d:Good\n' % (md5, n)), ('sfp', '%s:%d:Good\n' % (sha256, n)),
                      ('fp', '%s:%d:Good\n' % (zmd5, len(files['zip']))), ('sfp', '%s:*:Good:73\n' % sha256)]:
        yield case('allow ' + ext + ' ' + line[:20], {'t.hdb': '%s:%d:T.Hash\n' % (md5, n), 't.' + ext: line}, files)
        yield case('allow body ' + ext + ' ' + line[:20], {'t.ndb': 'T.Body:0:*:%s\n' % h('hash me'), 't.' + ext: line}, files)
    for ign in ['T.Body\n', 'T.Bod\n', 'T.Bodyx\n', 'T.Other\n']:
        yield case('ign2 ' + ign.strip(), {'t.ndb': 'T.Body:0:*:%s\nT.Two:0:*:%s\n' % (h('hash me'), h('ash m')), 'a.ign2': ign}, files)


def container_cases():
    data = BIN + b'inner text 77' + BIN
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode='w') as t:
        i = tarfile.TarInfo('m')
        i.size = len(data)
        t.addfile(i, io.BytesIO(data))
    z = zip_of(('m', data), ('n', BIN))
    files = {'raw': data, 'zip': z, 'gz': gzip.compress(data, mtime=0), 'bz2': bz2.compress(data), 'xz': lzma.compress(data), 'tar': tar.getvalue(),
             'tgz': gzip.compress(tar.getvalue(), mtime=0), 'zipzip': zip_of(('z', z)), 'stored': zip_of(('m', data), method=zipfile.ZIP_STORED),
             'sfx': tiny_pe() + z, 'bzip2zip': zip_of(('m', data), method=zipfile.ZIP_BZIP2)}
    s = h('inner text 77')
    yield case('containers', {'t.ndb': 'T.In:0:*:%s\n' % s}, files)
    for c in ['CL_TYPE_ZIP', 'CL_TYPE_GZ', 'CL_TYPE_POSIX_TAR', 'CL_TYPE_ANY', 'CL_TYPE_BZ', 'CL_TYPE_XZ']:
        yield case('container ' + c, {'t.ldb': 'T.C;Engine:51-255,Container:%s,Target:0;0;%s\n' % (c, s)}, files)
    for c in ['CL_TYPE_ZIP', 'CL_TYPE_ZIP>CL_TYPE_ZIP', 'CL_TYPE_GZ>CL_TYPE_POSIX_TAR', 'CL_TYPE_ANY>CL_TYPE_ZIP']:
        yield case('intermediates ' + c, {'t.ldb': 'T.C;Engine:81-255,Intermediates:%s,Target:0;0;%s\n' % (c, s)}, files)


def random_cases(seed, count):
    """Random patterns over a tiny alphabet against random bytes of it: where semantics of gaps and counts differ, this finds it."""
    r = random.Random(seed)

    def lit(n):
        return ''.join('%02x' % r.choice(b'abc') for _ in range(n))

    def gap():
        return r.choice(['', '', '*', '??', '{%d}' % r.randint(1, 4), '{%d-%d}' % (r.randint(0, 2), r.randint(3, 6)), '{-%d}' % r.randint(1, 5),
                         '{%d-}' % r.randint(1, 5), '(%s|%s)' % (lit(1), lit(1)), '(%s|%s)' % (lit(2), lit(2)), '!(%s|%s)' % (lit(1), lit(1))])

    for i in range(count):
        pattern = lit(r.randint(3, 4))
        for _ in range(r.randint(0, 3)):
            pattern += gap() + lit(r.randint(2, 4))
        data = {str(k): BIN + bytes(r.choice(b'abc') for _ in range(r.randint(5, 60))) + (BIN if r.random() < .5 else b'') for k in range(8)}
        if r.random() < .5:
            line = {'t.ndb': 'T.R:0:%s:%s\n' % (r.choice(['*', '*', '256', '256,20', 'EOF-20,15']), pattern)}
        else:
            line = {'t.ldb': 'T.R;Engine:51-255,Target:0;%s;%s;%s\n' % (
                r.choice(['0&1', '0|1', '0>1&1', '0=1&1', '(0|1)>2', '(0|1)=2', '0=0&1', '(0|1)>2,2', '0>2|1=3']), pattern, lit(r.randint(3, 5)))}
        yield case('random %d %s' % (i, next(iter(line.values())).strip()), line, data)


def quirk_cases():
    """What clamscan refuses or reads otherwise, and what overt makes of it."""
    word = {'t': BIN + b'kapome' + BIN}
    yield case('two plain bytes', {'t.ndb': 'T.Two:0:*:%s\n' % h('ka')}, word, differs='two plain bytes', ours={'t': ['T.Two']})
    yield case('alternatives of 1 and 4 bytes, the end cut off', {'t.ndb': 'T.Alt:0:*:%s(41|6f6d6567)%s\n' % (h('bAaaabbb'), h('bbBBa'))},
               {'whole': b'................bAaaabbbomegbbBBa', 'cut': b'................bAaaabbbomegbb'},
               differs='though the pattern\'s last bytes are cut off', ours={'cut': []})
    yield case('no counts for text at the end', {'t.ndb': 'T.End:7:EOF-36:6161426162\n', 't.ldb': 'T.None;Engine:102-255,Target:0;0=0;616c706861\n'},
               {'alpha': b'some text with alpha in it, and more\n'}, differs='is judged once more with all counts 0', ours={'alpha': []})
    yield case('alternatives of 1 and 4 bytes', {'t.ndb': 'T.Alt:0:*:%s(61|41424261)%s\n' % (h('BA'), h('sigm'))},
               {'short': BIN + b'BAasigm' + BIN, 'long': BIN + b'BAABBasigm' + BIN},
               differs='alternatives of different lengths', ours={'short': ['T.Alt'], 'long': ['T.Alt']})
    yield case('a block of one member', {'t.ldb': 'T.One;Engine:51-255,Target:0;(0=1)>0;%s\n' % h('kap')}, word, differs='a block of one member', ours={'t': ['T.One']})
    for what in ('EntryPoint:9-3', 'NumberOfSections:3-1', 'FileSize:9-3'):
        yield case('reversed ' + what, {'t.ldb': 'T.Rev;Engine:51-255,%s,Target:1;0;%s\n' % (what, h('kap'))}, word)
    text = {'behind': b'some kap and then ome\n', 'before': b'ome and then kap too\n'}
    yield case('regular expression in text', {'t.ldb': 'T.Re;Engine:81-255,Target:7;1;%s;0/ome/\n' % h('kap')}, text,
               differs='regular expressions in normalised text', ours={'before': ['T.Re']})
    mail = b'From: a@example.org\nTo: b@example.org\nSubject: x\n\nhello body\nmore\n'
    yield case('container metadata of a mail', {'t.cdb': 'T.C:CL_TYPE_MAIL:*:*:*:*:*:1:*:*\n'}, {'m': mail}, differs='container metadata of mails', ours={'m': ['T.C']})


def cases():
    count = int(os.environ.get('OV_DIFF_RANDOM', '60'))
    seed = int(os.environ.get('OV_DIFF_SEED', '1'))
    groups = (ndb_cases(), pe_cases(), ldb_cases(), hash_cases(), container_cases(), quirk_cases(), random_cases(seed, count))
    return [c for g in groups for c in g]
