"""PDF: streams and their filters, scripts, names, encryption marks."""
import base64
import hashlib
import os
import sys
import zlib

from samples import BIN, h, tiny_pe, zip_of

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'samples'))
import documents as d  # noqa: E402

MARK = b'OVMark inside a stream ' + bytes(range(128, 160))
FLATE = zlib.compress(MARK)
BASE = {1: b'<< /Type /Catalog /Pages 2 0 R >>', 2: b'<< /Type /Pages /Kids [] /Count 0 >>'}
SIGS = {'t.ndb': 'T.M:0:*:%s\nT.P:10:0:255044462d\nT.Exe:1:EP+0:%s\nT.Js:0:*:%s\nT.Js7:7:*:%s\n' % (
    h('OVMark'), h('ENTRYCODE'), h('eval OVJava'), h('eval ovjava'))}


def doc(body, **how):
    return d.pdf(dict(BASE, **{}) | {5: body}, **how)


def stream(data, *filters, extra=b''):
    names = b' '.join(b'/' + f for f in filters)
    return d.pdf_stream(data, b'/Filter [' + names + b'] ' + extra if filters else extra)


def filter_cases():
    hexa, a85 = MARK.hex().encode() + b'>', base64.a85encode(MARK) + b'~>'
    files = {'flate': stream(FLATE, b'FlateDecode'), 'short name': stream(FLATE, b'Fl'), 'hex': stream(hexa, b'ASCIIHexDecode'), 'ascii85': stream(a85, b'ASCII85Decode'),
             'runs': stream(d.pdf_run_length(MARK), b'RunLengthDecode'), 'raw': stream(MARK), 'jpeg': stream(b'\xff\xd8\xff\xe0' + MARK, b'DCTDecode'),
             'hex flate': stream(FLATE.hex().encode() + b'>', b'ASCIIHexDecode', b'FlateDecode'), 'ascii85 flate': stream(base64.a85encode(FLATE) + b'~>', b'ASCII85Decode', b'FlateDecode'),
             'flate flate': stream(zlib.compress(FLATE), b'FlateDecode', b'FlateDecode'), 'hex blanks': stream(b' '.join(hexa[i:i + 2] for i in range(0, len(hexa), 2)), b'ASCIIHexDecode'),
             'one name': d.pdf_stream(FLATE, b'/Filter /FlateDecode'), 'exe': stream(zlib.compress(tiny_pe()), b'FlateDecode'), 'zip': stream(zip_of(('m', MARK))),
             'no filter told': stream(FLATE), 'pdf in it': stream(zlib.compress(doc(stream(FLATE, b'FlateDecode'))), b'FlateDecode')}
    for name, body in files.items():
        yield dict(name='pdf ' + name, files={'f': doc(body)}, db=SIGS)
        yield dict(name='pdf off ' + name, files={'f': doc(body)}, db=SIGS, args=['--scan-pdf=no'])
    yield dict(name='pdf lzw', files={'f': doc(stream(d.pdf_lzw(MARK), b'LZWDecode'))}, db=SIGS, differs='LZW streams of PDF', ours={'f': ['T.M', 'T.P']})


def hash_cases():
    exe = tiny_pe()
    db = {'t.hdb': ''.join('%s:%d:T.H%d\n' % (hashlib.md5(x).hexdigest(), len(x), i) for i, x in enumerate([exe, MARK, FLATE]))}
    for end in [b'\n', b'\r\n', b'\r', b'']:
        for name, length in [('told', b'%d' % len(exe)), ('elsewhere', b'6 0 R'), ('wrong', b'7')]:
            body = b'<< /Length ' + length + b' >>\nstream\r\n' + exe + end + b'endstream'
            more = dict(differs='raw streams of PDF', ours={'f': ['T.H0']}) if end and name != 'elsewhere' else {}
            yield dict(name='pdf hash %r %s' % (end, name), **more, files={'f': d.pdf(dict(BASE) | {5: body, 6: b'%d' % len(exe)})}, db=db)
    yield dict(name='pdf hash flate', files={'f': doc(stream(FLATE, b'FlateDecode'))}, db=db)


def broken_cases():
    cut = b'<< /Length 9999 /Filter /FlateDecode >>\nstream\n' + FLATE
    files = {'no end of stream': doc(cut), 'wrong length': doc(b'<< /Length 3 /Filter /FlateDecode >>\nstream\n' + FLATE + b'\nendstream'),
             'long length': doc(b'<< /Length 99999 /Filter /FlateDecode >>\nstream\n' + FLATE + b'\nendstream'),
             'length elsewhere': d.pdf(dict(BASE) | {5: b'<< /Length 6 0 R /Filter /FlateDecode >>\nstream\n' + FLATE + b'\nendstream', 6: b'%d' % len(FLATE)}),
             'no xref': b'%PDF-1.4\n5 0 obj\n' + stream(FLATE, b'FlateDecode') + b'\nendobj\n', 'appended': doc(b'<<>>') + b'7 0 obj\n' + stream(FLATE, b'FlateDecode') + b'\nendobj\n',
             'junk before': b'\n\n' + doc(stream(FLATE, b'FlateDecode')), 'cr': doc(stream(FLATE, b'FlateDecode')).replace(b'\nendobj\n', b'\rendobj\r'),
             'comment': doc(b'% a comment (\n' + stream(FLATE, b'FlateDecode')), 'nested': doc(stream(FLATE, b'FlateDecode', extra=b'/A << /B << /C [ 1 2 << >> ] >> >> '))}
    for name, data in files.items():
        yield dict(name='pdf ' + name, files={'f': data}, db=SIGS)


def script_cases():
    js = b'eval OVJava = unescape'
    files = {'string': {5: b'<< /S /JavaScript /JS (' + js + b') >>'}, 'hex': {5: b'<< /S /JavaScript /JS <' + js.hex().encode() + b'> >>'},
             'stream': {5: b'<< /S /JavaScript /JS 6 0 R >>', 6: stream(zlib.compress(js), b'FlateDecode')},
             'plain stream': {5: b'<< /S /JavaScript /JS 6 0 R >>', 6: stream(js)}, 'nested parentheses': {5: b'<< /S /JavaScript /JS (f(x) ' + js + b' (y)) >>'}}
    for name, more in files.items():
        yield dict(name='pdf script ' + name, files={'f': d.pdf(dict(BASE) | more)}, db=SIGS)
    wide = (b'\xfe\xff' + js.decode().encode('utf-16be')).hex().encode()
    hard = {'wide': b'<< /S /JavaScript /JS <' + wide + b'> >>', 'octal': b'<< /S /JavaScript /JS (\\145val OVJava) >>'}
    for name, body in hard.items():
        yield dict(name='pdf script ' + name, files={'f': doc(body)}, db=SIGS, differs='scripts in strings of PDF', ours={'f': ['T.Js', 'T.Js7', 'T.P']})


NAMES = ['FlateDecode', 'Filter', 'JavaScript', 'JS', 'Length', 'S', 'Type', 'OpenAction', 'Launch', 'Page', 'Pages', 'Contents', 'EmbeddedFile', 'Image', 'V', 'R',
         'Standard', 'Sig', 'AA', 'Action', 'URI', 'Encrypt', 'XFA', 'Names', 'Root', 'ObjStm', 'DCT', 'LZW', 'A85', 'Linearized', 'Catalog', 'Font']


def name_cases():
    for name in NAMES:
        body = b'<< /Q 1 /' + name[:-1].encode() + b'#%02x 9 >>' % ord(name[-1])
        yield dict(name='pdf name ' + name, files={'f': doc(body), 'plain': doc(b'<< /Q 1 /' + name.encode() + b' 9 >>')}, db=SIGS)
    yield dict(name='pdf name in a filter', files={'f': doc(stream(FLATE, b'Flate#44ecode'))}, db=SIGS)


def encrypted_cases():
    enc = b'<< /Filter /Standard /V 1 /R 2 /O <' + b'41' * 32 + b'> /U <' + b'42' * 32 + b'> /P -4 >>'
    plain = {'reference': d.pdf(dict(BASE) | {6: enc}, trailer=b'/Root 1 0 R /Encrypt 6 0 R /ID [<41><41>]'),
             'direct': d.pdf(BASE, trailer=b'/Root 1 0 R /Encrypt ' + enc + b' /ID [<41><41>]'), 'none': d.pdf(BASE)}
    for name, data in plain.items():
        yield dict(name='pdf encrypted ' + name, files={'f': data}, db=SIGS, args=['--alert-encrypted-doc'])
        yield dict(name='pdf encrypted quiet ' + name, files={'f': data}, db=SIGS)


def cases():
    return [*filter_cases(), *hash_cases(), *broken_cases(), *script_cases(), *name_cases(), *encrypted_cases()]
