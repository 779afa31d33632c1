"""Normalised text (target 7) and HTML (target 3): which view of a file sees which signatures, and what is in it."""
import hashlib

from samples import BIN, h, zip_of

SWITCHES = False  # until the command line passes --normalize=no on
WORDS = b'some more plain words, so that this looks like text\n'
TEXT = b'Hello  World\r\nfoo bar baz some more text in it\n'


def sigs(pairs, targets):
    """One body signature for each pattern and target, named PATTERN-NAME.TARGET."""
    return ''.join('%s.%d:%d:*:%s\n' % (name, t, t, h(pattern)) for name, pattern in pairs for t in targets)


TEXT_DB = {'t.ndb': sigs([('raw', 'Hello  World'), ('norm', 'hello world'), ('lower', 'hello  world'), ('joined', 'helloworld'),
                          ('high', b'hello\xe4world'), ('lines', 'hello world foo bar'), ('rawline', 'World\r\nfoo'),
                          ('script', '#!/bin/sh echo hello')], (0, 3, 4, 7, 14))}


def text_cases():
    files = {
        'plain': TEXT, 'tabs': b'Hello \t World\n' + WORDS, 'lines': b'HELLO\r\n\r\n  World\r\nFoo\tBAR ' + WORDS,
        'lower': b'hello world ' + WORDS, 'lower2': b'hello  world ' + WORDS, 'nothing': WORDS,
        'control': b'Hel\x01lo \x02 Wor\x1bld ' + WORDS, 'high': b'Hello\xe4World ' + WORDS, 'utf8': b'\xef\xbb\xbfHello  World \xc3\xa4' + WORDS,
        'utf8 joined': 'Hello\u00e4World '.encode() + WORDS, 'script': b'#!/bin/sh\necho Hello  World\n' + WORDS, 'php': b'<?php echo 1; ?>Hello  World ' + WORDS,
        'xml': b'<?xml version="1.0"?><a>Hello  World</a>' + WORDS, 'rtf': b'{\\rtf1 Hello  World ' + WORDS + b'}',
        'controls only': b'Hello  World' * 10 + b'\1' * 5, 'few controls': b'\1\1\1\1' + b'Hello  World' * 10,
        'binary': BIN + b'Hello  World' + BIN, 'nuls': b'Hello  World\0\0\0' * 20,
        'mostly high': bytes(range(128, 256)) * 4 + b'Hello  World', 'late nul': WORDS * 50 + b'Hello  World\0\0\0\1',
        'zip': zip_of(('a.txt', TEXT), ('b.bin', BIN + TEXT)), 'form feed': b'Hello\x0c\x0bWorld ' + WORDS,
        'del': b'Hello\x7f World ' + WORDS, 'long': WORDS * 300 + b'HELLO   WORLD' + WORDS * 300,
    }
    for code, mark in (('utf-16-le', b'\xff\xfe'), ('utf-16-be', b'\xfe\xff')):
        files[code] = mark + (TEXT + WORDS).decode().encode(code)
        files[code + ' without mark'] = (TEXT + WORDS).decode().encode(code)
        files[code + ' letters'] = mark + ('Hello\u0410World ' + WORDS.decode()).encode(code)
    for name, data in files.items():
        yield dict(name='text ' + name, db=TEXT_DB, files={'f': data})
        if SWITCHES:
            yield dict(name='text --normalize=no ' + name, db=TEXT_DB, files={'f': data}, args=['--normalize=no'])


def place_cases():
    rows = [('abs 0', '0', 'hello world'), ('abs 12', '12', 'foo bar'), ('abs 14', '14', 'foo bar'), ('end', 'EOF-3', 'it '),
            ('end raw', 'EOF-3', 'it\n'), ('shift', '10,3', 'foo bar')]
    db = ''.join('%s.%d:%d:%s:%s\n' % (n.replace(' ', ''), t, t, o, h(p)) for n, o, p in rows for t in (0, 7))
    yield dict(name='places in text', db={'t.ndb': db}, files={'f': TEXT})


def logical_cases():
    raw, norm = len(TEXT), len(TEXT) - 2
    lines = []
    for t in (0, 7):
        for n in (raw, norm):
            lines.append('Size%d.%d;Engine:51-255,Target:%d,FileSize:%d-%d;0;%s' % (n, t, t, n, n, h('foo bar')))
        for name, logic, subs in [('both', '0&1', ('Hello  World', 'hello world')), ('twice', '0>1', ('foo bar',)), ('once', '0=1', ('foo bar',)),
                                  ('noraw', '0=0', ('Hello  World',)), ('nonorm', '0=0', ('hello world',)), ('either', '0|1', ('hello  w', 'hello w'))]:
            lines.append('%s.%d;Engine:51-255,Target:%d;%s;%s' % (name, t, t, logic, ';'.join(h(s) for s in subs)))
        lines.append('top.%d;Engine:51-255,Target:%d,Container:CL_TYPE_ANY;0;%s' % (t, t, h('hello world')))
        lines.append('inzip.%d;Engine:51-255,Target:%d,Container:CL_TYPE_ZIP;0;%s' % (t, t, h('hello world')))
        lines.append('intext.%d;Engine:51-255,Target:%d,Container:CL_TYPE_TEXT_ASCII;0;%s' % (t, t, h('hello world')))
        lines.append('pcre.%d;Engine:81-255,Target:%d;0&1;%s;0/hello world [a-z]+/' % (t, t, h('hello')))
        lines.append('blind.%d;Engine:51-255,Target:%d;0;%s::i' % (t, t, h('HELLO  WORLD')))
    yield dict(name='logical on text', db={'t.ldb': '\n'.join(lines) + '\n'}, files={'f': TEXT, 'z': zip_of(('a', TEXT))})


def hash_cases():
    norm = b'hello world foo bar baz some more text in it '
    body = sigs([('raw', 'Hello  World'), ('norm', 'hello world')], (0, 7))
    for what, data in (('raw', TEXT), ('norm', norm)):
        line = '%s:%d:H.%s\n' % (hashlib.md5(data).hexdigest(), len(data), what)
        yield dict(name='hash of text, ' + what, db={'t.hdb': line}, files={'f': TEXT})
        yield dict(name='allowed text, ' + what, db={'t.ndb': body, 't.fp': line}, files={'f': TEXT})


def cases():
    out = []
    for group in (text_cases, place_cases, logical_cases, hash_cases):
        out += group()
    return out
