"""Documents: OLE2 with its streams, packages, VBA and XLM macros."""
import hashlib
import os
import struct
import sys
import zlib

from samples import BIN, h, tiny_pe, zip_of

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'samples'))
import documents as d  # noqa: E402

SOURCE = b'Sub AutoOpen()\r\n  x = "OVMark One" + foo(1)\r\nEnd Sub\r\n'
OTHER = b'Function Bar()\r\n  y = "OVMark Two"\r\nEnd Function\r\n'
MACROS = ['--alert-macros']
ENCRYPTED = ['--alert-encrypted-doc']
NOTHING = {'t.ndb': 'T.None:0:*:%s\n' % h('not in any file')}
# Marks in a form that occurs in the text of a project only, not in the sources.
PROJECT = {'t.ndb': ''.join('T.%s:0:*:%s\n' % (n, h(t)) for n, t in [
    ('Rem', 'REM VBA project extracted from Microsoft Office'), ('Name', 'REM MODULENAME: Module1\nREM MODULENAMEUNICODE'),
    ('Sub', 'sub autoopen()\r\n x = "OVMark One" + foo(1)\r\nend sub'), ('Fun', 'function bar()\r\n y = "OVMark Two"'),
    ('Off', 'REM MODULEOFFSET: 0x00000020\n'), ('Kind', 'REM MODULETYPE: Procedural\nREM #######'), ('Sys', 'REM PROJECTSYSKIND: Windows 32 bit\n'),
    ('Head', 'REM PROJECTMODULES: 2\nREM PROJECTCOOKIE: 0xffff\n\n\nREM MODULENAME: Module1'),
    ('Join', 'end sub\r\n\n\nREM MODULENAME: Module2'), ('Sep', '##################################################\nattribute vb_name = "Module1"\r\n')])}
ONE = [('Module1', SOURCE)]
TWO = [('Module1', SOURCE), ('Module2', OTHER)]


def word(tree, **how):
    return d.ole2(dict({'WordDocument': d.word_fib(size=4200)}, **tree), **how)


def with_dir(modules, data):
    p = d.vba_project(modules)
    p['VBA']['dir'] = data
    return p


def vba_files():
    named = d.vba_compress(d.vba_dir([('Pretty', 'Module1', 32)]))
    files = {'one': word({'Macros': d.vba_project(ONE)}), 'two': word({'Macros': d.vba_project(TWO)}),
             'bin': d.ole2(d.vba_project(TWO)), 'root': d.ole2(d.vba_project(ONE)['VBA']),
             'xls': d.ole2({'Workbook': d.workbook([('S', 0, 0, [])]), '_VBA_PROJECT_CUR': d.vba_project(TWO)}),
             '4096': word({'Macros': d.vba_project(TWO)}, sector=4096), 'scattered': word({'Macros': d.vba_project(
                 [('Module1', SOURCE + b"' filler\r\n" * 900)])}, scatter=True),
             'long': word({'Macros': d.vba_project([('Module1', SOURCE + b'\r\n'.join(b'z%d = %d' % (i, i * 7) for i in range(900)))])}),
             'pretty': word({'Macros': with_dir(ONE, named)}), 'empty': word({'Macros': d.vba_project([])}), 'none': word({}),
             'cache': word({'Macros': d.vba_project(ONE, cache=b'\x01\x16' + bytes(range(256)) * 9)})}
    files['docm'] = zip_of(('[Content_Types].xml', b'<Types/>'), ('word/document.xml', b'<w/>'), ('word/vbaProject.bin', files['bin']))
    files['zip'] = zip_of(('a.doc', files['two']))
    return files


def vba_cases():
    files = vba_files()
    for name, data in files.items():
        more = dict(differs='sectors of 4096 bytes') if name == '4096' else {}
        yield dict(name='vba ' + name, files={'f': data}, db=PROJECT, **more)
        yield dict(name='vba alert ' + name, files={'f': data}, db=PROJECT, args=MACROS, **more)
    text = {'quotes': b'a = "Two  Blanks" : B = 1\r\nC = "open\r\nD  = "  E\r\n', 'blanks': b'\t A \t  B\r\n\r\n   C\r\n',
            'comment': b"' Don't  SHOUT\r\nRem  It's\r\n", 'latin': b'f = "\xe4\xd6" \xe4 \xd6 \x80\r\n', 'low': b'A\x0bB\x01C\r\n'}
    shaped = {'quotes': 'a = "Two  Blanks" : b = 1\r\nc = "open\r\nD  = " e\r\n', 'blanks': ' a b\r\n\r\n c\r\n',
              'comment': "' don't shout\r\nrem it's\r\n", 'latin': 'f = "äÖ" ä Ö €\r\n', 'low': 'a\x0bb\x01c\r\n'}
    for name, source in text.items():
        yield dict(name='vba form ' + name, files={'f': word({'Macros': d.vba_project([('M', source)])})},
                   db={'t.ndb': 'T.Form:0:*:%s\n' % h(shaped[name].encode())})
    for kind, syskind in [('win16', 0), ('mac', 2), ('win64', 3)]:
        raw = bytearray(d.vba_dir([('Module1', 'Module1', 32)]))
        raw[6:10] = struct.pack('<I', syskind)
        words = {'win16': 'Windows 16 bit', 'mac': 'Macintosh', 'win64': 'Windows 64 bit'}[kind]
        yield dict(name='vba system ' + kind, files={'f': word({'Macros': with_dir(ONE, d.vba_compress(bytes(raw)))})},
                   db={'t.ndb': 'T.Sys:0:*:%s\n' % h('REM PROJECTSYSKIND: %s\n' % words)})
    c = h('OVMark One')
    for kind in ['CL_TYPE_MSOLE2', 'CL_TYPE_ANY', 'CL_TYPE_ZIP']:
        yield dict(name='vba container ' + kind, files={'one': files['one'], 'docm': files['docm']},
                   db={'t.ldb': 'T.C;Engine:81-255,Container:%s,Target:0;0;%s\n' % (kind, h('REM VBA project'))})
    yield dict(name='vba source itself', files={'f': files['one'], 'none': files['none']}, db={'t.ndb': 'T.Raw:0:*:%s\n' % h('Sub AutoOpen()')},
               differs='each module of a VBA project', ours={'f': ['T.Raw']})
    no_dir = word({'Macros': d.vba_project(ONE, with_dir=False)})
    bad = word({'Macros': with_dir(ONE, b'\x01\x00\x30garbage')})
    off = word({'Macros': with_dir(ONE, d.vba_compress(d.vba_dir([('Module1', 'Module1', 31)])))})
    cut = word({'Macros': with_dir(ONE, d.vba_compress(d.vba_dir([('Module1', 'Module1', 32)])[:-60]))})
    for name, data in [('no dir', no_dir), ('bad dir', bad), ('wrong offset', off), ('cut dir', cut)]:
        yield dict(name='vba ' + name, files={'f': data}, db={'t.ndb': 'T.M:0:*:%s\n' % c}, differs='each module of a VBA project', ours={'f': ['T.M']})


def ole2_cases():
    payload = tiny_pe() + b'OVPayload'
    native = d.ole10native('bad.exe', payload)
    stream = BIN + b'OVStream' + BIN
    split = b'A' * 508 + b'OVSplitMark' + b'B' * 6000
    files = {'package': word({'ObjectPool': {'_1': {'\x01Ole10Native': native, '\x01CompObj': b'obj' * 20}}}),
             'plain native': d.ole2({'\x01Ole10Native': struct.pack('<I', len(stream)) + stream}),
             'small': word({'Small': stream}), 'large': word({'Large': stream * 10}), 'scattered': word({'Large': split}, scatter=True),
             'deep': d.ole2({'a': {'b': {'c': {'d': {'Stream': stream}}}}}), 'many': d.ole2({'s%03d' % i: b'%d ' % i + stream for i in range(60)}),
             '4096': word({'Large': stream * 9}, sector=4096), 'cutoff': d.ole2({'Even': stream.ljust(4096, b'\0'), 'Odd': stream.ljust(4095, b'\1')}),
             'pe in it': d.ole2({'CONTENTS': payload}), 'zip in it': d.ole2({'Package': zip_of(('m', stream))}),
             'ole in it': d.ole2({'Package': d.ole2({'Stream': stream})}), 'empty': d.ole2({}), 'no bytes': d.ole2({'Nothing': b''})}
    marks = {'t.ndb': 'T.Stream:0:*:%s\nT.Stream2:2:*:%s\nT.Split:0:*:%s\nT.Exe:1:EP+0:%s\nT.Pay:0:EOF-9:%s\nT.Ole:2:0:d0cf11e0\n' % (
        h('OVStream'), h('OVStream'), h('OVSplitMark'), h('ENTRYCODE'), h('OVPayload'))}
    for name, data in files.items():
        yield dict(name='ole2 ' + name, files={'f': data}, db=marks)
        yield dict(name='ole2 off ' + name, files={'f': data}, db=marks, args=['--scan-ole2=no'])
    hashes = ''.join('%s:%d:T.H%d\n' % (hashlib.md5(x).hexdigest(), len(x), i) for i, x in enumerate([payload, native, stream, stream * 10, split]))
    for name in ['package', 'small', 'large', 'scattered', 'deep', 'many', 'pe in it', 'ole in it']:
        yield dict(name='ole2 hash ' + name, files={'f': files[name]}, db={'t.hdb': hashes})
    big = d.ole2({'Big': BIN * 30000, 'End': stream})
    yield dict(name='ole2 with a chain of FAT sectors', files={'f': big}, db=marks)
    inner = d.ole2({'Inner': stream})
    ppt = {'packed': d.ppt_records((0x1011, 1, struct.pack('<I', len(inner)) + zlib.compress(inner))), 'plain': d.ppt_records((0x1011, 0, inner))}
    for name, data in ppt.items():
        more = dict(differs='compressed objects of presentations') if name == 'packed' else {}
        yield dict(name='ppt object ' + name, files={'f': d.ole2({'PowerPoint Document': data, 'Current User': bytes(20)})}, db=marks, **more)


def macro_sheet_cases():
    for kind, sheets in [('worksheet', [('S', 0, 0, [])]), ('macro', [('M', 1, 0, [])]), ('hidden', [('S', 0, 0, []), ('M', 1, 1, [])]),
                         ('very hidden', [('S', 0, 0, []), ('M', 1, 2, [])]), ('chart', [('C', 2, 0, [])]), ('module', [('V', 6, 0, [])])]:
        f = {'f': d.ole2({'Workbook': d.workbook(sheets)})}
        yield dict(name='xlm ' + kind, files=f, db=NOTHING, args=MACROS)
        yield dict(name='xlm quiet ' + kind, files=f, db=NOTHING)


    book = zip_of(('[Content_Types].xml', b'<Types/>'), ('xl/workbook.xml', b'<w/>'), ('xl/macrosheets/sheet1.xml', b'<m/>'))
    plain = zip_of(('[Content_Types].xml', b'<Types/>'), ('xl/workbook.xml', b'<w/>'), ('xl/worksheets/sheet1.xml', b'<m/>'))
    yield dict(name='xlm in a package', files={'f': book}, db=NOTHING, args=MACROS, differs='macro sheets in `.xlsm`', ours={'f': ['Heuristics.OLE2.ContainsMacros.XLM']})
    yield dict(name='no xlm in a package', files={'f': plain}, db=NOTHING, args=MACROS)


def encrypted_cases():
    files = {'word': d.ole2({'WordDocument': d.word_fib(0x0100)}), 'excel': d.ole2({'Workbook': d.workbook([('S', 0, 0, [])], encrypted=True)}),
             'ooxml': d.ole2({'EncryptionInfo': b'\4\0\4\0\x40\0\0\0<e/>', 'EncryptedPackage': bytes(64)})}
    for name, data in files.items():
        yield dict(name='encrypted ' + name, files={'f': data}, db=NOTHING, args=ENCRYPTED, differs='`Heuristics.Encrypted.OLE2`',
                   ours={'f': ['Heuristics.Encrypted.OLE2']})
        yield dict(name='encrypted quiet ' + name, files={'f': data}, db=NOTHING)


def other_cases():
    mark = b'OVMark' + bytes(range(200, 250))
    exe = tiny_pe()
    sigs = {'t.ndb': 'T.M:0:*:%s\nT.Exe:1:EP+0:%s\nT.Swf:11:0:465753\nT.M11:11:*:%s\nT.Ole:2:0:d0cf11e0a1\nT.Pdf:10:0:255044462d\n' % (
        h('OVMark'), h('ENTRYCODE'), h('OVMark'))}
    films = {kind: d.swf(kind.encode(), (9, mark * 3), (1, b'')) for kind in ['FWS', 'CWS', 'ZWS']}
    for kind, data in films.items():
        yield dict(name='swf ' + kind, files={'f': data}, db=sigs)
        yield dict(name='swf off ' + kind, files={'f': data}, db=sigs, args=['--scan-swf=no'])
    yield dict(name='swf cut', files={'f': films['CWS'][:-9]}, db=sigs)
    one = d.onenote(exe, mark)
    yield dict(name='onenote', files={'f': one}, db=sigs)
    yield dict(name='onenote off', files={'f': d.onenote(mark)}, db=sigs, args=['--scan-onenote=no'])
    inner = d.ole2({'S': mark * 9})
    for name, data, ours in [('word 2003', d.word_xml(inner), ['T.M', 'T.Ole']), ('active mime in word 2003', d.word_xml(d.activemime(inner), 'editdata.mso'), ['T.M', 'T.Ole']),
                             ('active mime', d.activemime(inner), ['T.M', 'T.Ole']), ('xdp', d.xdp(d.pdf({1: b'<<>>', 5: d.pdf_stream(mark)})), ['T.M', 'T.Pdf'])]:
        more = dict(differs='ActiveMime files', ours={'f': ours}) if 'active' in name else {}
        yield dict(name='xml ' + name, files={'f': data}, db=sigs, **more)
        if not more:
            yield dict(name='xml off ' + name, files={'f': data}, db=sigs, args=['--scan-xmldocs=no'])


def cases():
    return [*vba_cases(), *ole2_cases(), *macro_sheet_cases(), *encrypted_cases(), *other_cases()]
