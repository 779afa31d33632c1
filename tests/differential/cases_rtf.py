"""RTF: embedded objects, and the ways to hide them."""
import os
import struct
import sys

from samples import h

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'samples'))
import documents as d  # noqa: E402

SIGS = {'t.ndb': 'T.M:0:*:%s\nT.Start:0:0:%s\nT.Ole:0:*:%s\nT.Ole2:2:0:d0cf11e0a1b1\nT.Rtf:0:0:7b5c7274\n' % (h('OVMark'), h('GIFOVMark'), h('OVOle'))}


def rtf(body, start=b'{\\*\\objdata ', end=b'}'):
    return b'{\\rtf1\\ansi{\\object\\objemb{\\*\\objclass Package}' + start + body + end + b'}}'


def cases():
    package = d.ole1_package('bad.exe', b'GIFOVMark payload' + bytes(range(64)))
    compound = d.ole1_object('Word.Document.8', d.ole2({'S': b'OVOle stream' * 9}))
    x = package.hex().encode()
    same = {'package': rtf(x), 'compound': rtf(compound.hex().encode()), 'lines': rtf(b'\r\n'.join(x[i:i + 64] for i in range(0, len(x), 64))), 'upper': rtf(x.upper()),
            'blanks': rtf(b' '.join(x[i:i + 1] for i in range(len(x)))), 'inner group': rtf(x[:40] + b'{\\*\\foo 4141}' + x[40:]), 'empty group': rtf(x[:40] + b'{}' + x[40:]),
            'other group': rtf(x[:40] + b'{\\foo 41}' + x[40:]), 'word': rtf(x[:40] + b'\\par ' + x[40:]), 'word and number': rtf(x[:40] + b'\\foo123 ' + x[40:]),
            'junk': rtf(x[:40] + b'xyz' + x[40:]), 'no star': rtf(x, b'{\\objdata '), 'short start': b'{\\rt' + rtf(x)[5:], 'version': rtf(b'01020304' + x[8:]),
            'colon': rtf(x[:8] + b':' + x[8:]), 'kind': rtf(struct.pack('<II', 0x501, 1).hex().encode() + x[16:]), 'text': b'{\\rtf1 OVMark in the text}', 'no object': rtf(b'')}
    more = {'bin': (rtf(b'\\bin%d ' % len(package) + package), ['T.M', 'T.Rtf', 'T.Start']), 'all in a group': (rtf(b'{' + x + b'}'), ['T.M', 'T.Rtf', 'T.Start']),
            'a character': (rtf(x[:40] + b"\\'41" + x[40:]), ['T.M', 'T.Rtf', 'T.Start']), 'no header': (rtf(b'GIFOVMark raw'.hex().encode()), ['T.M', 'T.Rtf', 'T.Start']),
            'cut': (rtf(x)[:-30], ['T.M', 'T.Rtf', 'T.Start']), 'data store': (b'{\\rtf1{\\*\\datastore ' + x + b'}}', ['T.M', 'T.Rtf', 'T.Start'])}
    for name, data in same.items():
        yield dict(name='rtf ' + name, files={'f': data}, db=SIGS)
    for name, (data, ours) in more.items():
        yield dict(name='rtf ' + name, files={'f': data}, db=SIGS, differs='objects of RTF', ours={'f': ours})
