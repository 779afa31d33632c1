"""Normalised text (target 7) and HTML (target 3): which view of a file sees which signatures, and what is in it.

The content of views is asked of sigtool: a signature at offset 0 is made of the whole view, so that both programs must see
the very same bytes.
"""
import base64
import hashlib
import os
import shutil
import subprocess
import tempfile

from samples import BIN, h, zip_of

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



def sigtool_views(data):
    """What sigtool makes of a page: tags, text and script. It may crash when it is done; its files are there then."""
    with tempfile.TemporaryDirectory(prefix='ov-norm-') as d:
        with open(os.path.join(d, 'page'), 'wb') as f:
            f.write(data)
        subprocess.run(['sigtool', '--html-normalise=page'], cwd=d, capture_output=True, check=False)
        views = {}
        for view, name in (('tags', 'nocomment.html'), ('text', 'notags.html'), ('script', 'javascript')):
            path = os.path.join(d, name)
            if os.path.exists(path):
                with open(path, 'rb') as f:
                    views[view] = f.read()
        return views


def page(*lines):
    return ('\n'.join(lines) + '\n').encode('latin-1')


TAGS = [
    'plain  <b>Bold</b> text', '<p>One</p>  <p>Two</p>', 'a <b> c', 'x < y and y > z', 'x <1> y </>z', '<a/>T<br/>U<br />V', '<a  b  c   >T</a  >',
    'x < /a>d', 'x </ a>d', 'x <>y', 'x <a<b>c', '<DIV CLASS="Foo Bar">T</DIV>', "<DIV CLASS='Foo Bar'>T</DIV>", '<DIV CLASS=FooBar>T</DIV>',
    '<a HREF = "Foo"  Class=  \'X\'>T</a>', '<a HREF="Foo>Bar">T</a>', '<a HREF="Foo"Class="x">T</a>', '<a B="Foo\'Bar" b=\'c"d\'>T</a>', '<a B="" c>T</a>',
    '<p title="one two three four">T', "<p title='it is  here' b='x y z'>T", '<p title="a\nb">T', '<p title="a\n\n b">T', '<p b=c"d\'e>T',
    '<a name="x">A</a>', '<a href=" c" d>x', '<a href="c " d>x', '<a href=x>A</a><a href="Y Z">B</a> C <a href=z>D', '<img src=Q>y<img src="R"> z',
    '<form action="Http://Y"><input value="Z">A</form>', '<iframe src="Http://X/Y"></iframe>T', '<body onload="Foo( \'A\' + \'B\' )">x',
    '<a onclick="Foo(\'A\'+\'B\')" href=q>x</a>', '<p\nclass="x"\n>T</p\n>', '<td width=10 height="20">T</td>',
]
COMMENTS = [
    'x <!-- c -->y', 'x<!-- c --> y', 'x <!-- a -- b --> y', 'x <!-- a -> b --> y', 'x <!--> b --> y', 'x <!----> b --> y', 'x <!- a -> b',
    'x <!DOCTYPE html>y', 'x <!a "b>c" d>e', 'x <!-- a\n b -->c', 'x <!-- never closed', '<![CDATA[A b]]>x', '<!--[if IE]><b>c</b><![endif]-->x',
    '<?xml version="1.0"?><a>b</a>', 'x <?php echo "A>B" ?>y', '<%@ Foo "a>b" %>x',
]
ENTITIES = [
    '&lt;&gt;&amp;&quot;&apos;&nbsp;x&copy;&Eacute;&euro;&foo;', 'a &lt; b &amp;&amp; c', '&am p;&amp ;&ampx', '&AMP;x&Amp;y', 'x&&y z',
    '&#65;&#x41;&#X42;&#066;', '&#65 &#65x;&#x41g;', '&#97&#98&#99;', '&#160;&#254;&#255;&#256;&#x100;', '&#8364;&#x20ac;&#65536;x&#x1F600;',
    '&lt;script&gt;A&lt;/script&gt;', 'a&#32;&#32;b&#9;c', '<a b="c&quot;d e">f', '<a b=&quot;c d&quot;>e', '<a href="&#106;ava&#x73;cript:x">T</a>',
    '<a&lt;b>e', '<a b&lt;c>e', '<a b=c&lt;d>e', '&a:b;c', '&unknown x', '&alpha;&Omega;&hellip;&mdash;x', 'tail &amp', 'tail &',
]
SCRIPTS = [
    '<script>A  B { c : d }</script>x', '<script>a \'b  c\' "d  e" <b> f < g > h</script>x', '<script>Foo</SCRIPT >x', '<script>Foo</scriptx>y</script>x',
    '<script>Foo "</script>" z</script>x', '<script/>Foo</script>x', '<style>A  B { c : d }</style>x', '<style>a \'b c\' "d  e" <b> f</style>x',
    '<style>a</script>B C</style>D e', '<script>a</style>B C</script>D e', '<style>A<!-- b --></style>x', '<script></script>x',
    '<style type="text/css" >A { x: url( "Q r" ) }</style>b', '<textarea>A  <b> C</textarea>x', '<xmp>A <b> C</xmp>x', '<noscript>A <b>  C</noscript>x',
]
PROGRAMS = [
    'var a=1;', 'var  a , b = 2 ; c = a+b;', 'function Foo(x, y) { return x+y; } Foo(1,2);', 'function Foo(x){var y=x;z=y;} var y;z;', 'var a; { var a; } a;',
    'foo.bar(baz); var baz; baz.foo; this.baz;', 'var a = {b:1, "c":2}; a.b; a["c"];', 'var a=[b,c],d; b;d', 'if(x){var a=1,b=2;b}', '"a"+"b"; x',
    "'a'+\"b\"+'c'+d+'e'+'f'", '"a" + ("b" + "c")', '"a\\"b" + \'c\\\'d\'', '"\\x41\\u0042\\n\\t" ; "\\u20ac"', "x='It' + \"s\";", '0x1F+017+1.5e3+.5', 'a // comment\nb',
    'a /* c\n d */ b', '<!--\nfoo();\n//-->', 'for(var i=0;i<10;i++){x[i]=i;}', 'a==b===c!=d!==e<=f>=g&&h||i>>>1<<2', 'unescape("%41%42%u0043") + x',
    'document.write(unescape("%3Cscript%3E"));', 'window.unescape("%41")', 'unescape("%41"+"%42");', 'eval("alert(1);");x', 'eval("var x = \'a\'+\'b\';");x',
    'eval(unescape("%61%6c%65%72%74%28%31%29"));', 'eval(x + "y");', 'String.fromCharCode(65,66,67)', 'try{a}catch(e){b}', 'a\n\n\nb', 'var Abc; ABC; abc; Abc;',
    'function f(a){function g(b){a;b;c;}var c;c;}', 'function(p,a,c){e=function(c){return c};while(c--){if(k[c]){p=p}}return p};', 'x=function y(a){y(a)};',
    'var a;a.b.a;a .b;a. a;', 'a#b a@b a`b`c', 'let q=1; const r=2; q+r;', 'return "http://x/y";', ';'.join('var v%d' % i for i in range(120)) + ';v119;',
]
SCRIPTS += ['<script>%s</script>x' % p for p in PROGRAMS] + ['<script>var a=1;a</script><p><script>a;var b;b</script>', '<script type="text/vbscript">Dim A\nA = "x" & "y"</script>']
BYTES = [b'\x01a\x02b c', b'a\x00b <b>c', b'<b>\x00x\r\ny</b>', b'A\rB\r\nC D', b'\xc3\xa4 \xe2\x82\xac <b>x</b>', b'tab\there\x0b\x0c ff <b>x', b'\n\n  lead <b>x']


def content_cases():
    """Pages whose views must agree byte for byte, seen by both programs in the views that they make themselves."""
    if shutil.which('sigtool') is None:
        return
    rows = [('tags', p.encode('latin-1')) for p in TAGS] + [('comments', p.encode('latin-1')) for p in COMMENTS]
    rows += [('entities', p.encode('latin-1')) for p in ENTITIES] + [('scripts', p.encode('latin-1')) for p in SCRIPTS]
    rows += [('bytes', p) for p in BYTES]
    lines, files = [], {}
    for i, (kind, body) in enumerate(rows):
        data = b'<html><body>' + body
        views = sigtool_views(data)
        for view in CONTENT_VIEWS:
            text = views.get(view, b'')
            if len(text) > 12 and (view != 'text' or max(text) < 0x80):  # clamscan leaves holes there for bytes from 0x80
                lines.append('V%d.%s.%s:3:0:%s' % (i, kind, view, h(text)))
        files['%s %d' % (kind, i)] = data
    db = {'t.ndb': '\n'.join(lines) + '\n'}
    for name, data in files.items():
        yield dict(name='HTML ' + name, db=db, files={'f': data})


CONTENT_VIEWS = ('tags', 'text', 'script')
HTML = page('<html><body>Hello  <b>World</b> <a href="http://X.com/Y">z</a><!-- Secret  Comment -->',
            '<script>var Abc = "foo" + "bar"; function Def(){}</script></body></html>')
HTML_DB = {'t.ndb': sigs([('tags', '<b>world</b>'), ('text', 'hello world'), ('url', 'http://X.com/Y z'), ('script', '<script>var'),
                          ('joined', 'helloworld')], (0, 3, 7)) + sigs([('comment', 'ecret')], (3, 7))}
RAW_DB = {'t.ndb': sigs([('raw', 'Hello  <b>'), ('comment', 'Secret  Comment'), ('script', 'Abc = "foo"')], (0, 3, 7))}


def html_cases():
    files = {'page': HTML, 'zip': zip_of(('a.html', HTML)), 'upper': HTML.upper(), 'utf16 le': b'\xff\xfe' + HTML.decode('latin-1').encode('utf-16-le'),
             'utf16 be': b'\xfe\xff' + HTML.decode('latin-1').encode('utf-16-be'), 'no page': TEXT + b'<b>Hello</b> World'}
    for name, data in files.items():
        yield dict(name='HTML views ' + name, db=HTML_DB, files={'f': data})
        for option in ('--normalize=no', '--scan-html=no'):
            yield dict(name='HTML views %s %s' % (option, name), db=HTML_DB, files={'f': data}, args=[option])
            yield dict(name='HTML raw %s %s' % (option, name), db=RAW_DB, files={'f': data}, args=[option])
    yield dict(name='HTML raw bytes', db=RAW_DB, files={'f': HTML}, differs='the bytes of an HTML file as they are',
               ours={'f': ['raw.0', 'comment.0', 'script.0']})
    line = '%s:%d:H.raw\n' % (hashlib.md5(HTML).hexdigest(), len(HTML))
    yield dict(name='HTML hash of the file', db={'t.hdb': line}, files={'f': HTML}, differs='the bytes of an HTML file as they are', ours={'f': ['H.raw']})
    yield dict(name='HTML allowed', db=dict(HTML_DB, **{'t.fp': line}), files={'f': HTML})
    if shutil.which('sigtool') is None:
        return
    views = sigtool_views(HTML)
    for view in CONTENT_VIEWS:
        line = '%s:%d:H.%s\n' % (hashlib.md5(views[view]).hexdigest(), len(views[view]), view)
        yield dict(name='HTML hash of ' + view, db={'t.hdb': line}, files={'f': HTML})
        yield dict(name='HTML allowed ' + view, db=dict(HTML_DB, **{'t.fp': line}), files={'f': HTML})


def html_logical_cases():
    lines = []
    for t in (0, 3):
        for name, logic, subs in [('cross', '0&1', ('<b>world', 'ecret')), ('crossviews', '0&1', ('<b>world', 'hello world')), ('same', '0&1', ('<b>world', '<body')),
                                  ('neither', '0=0&1=0', ('<b>world', 'n000')), ('nobody', '0=0', ('<body',)), ('twice', '0>1', ('hello',))]:
            lines.append('%s.%d;Engine:51-255,Target:%d;%s;%s' % (name, t, t, logic, ';'.join(h(s) for s in subs)))
        for c in ('ANY', 'HTML', 'ZIP'):
            lines.append('in%s.%d;Engine:51-255,Target:%d,Container:CL_TYPE_%s;0;%s' % (c, t, t, c, h('<b>world')))
    yield dict(name='logical on HTML', db={'t.ldb': '\n'.join(lines) + '\n'}, files={'f': HTML, 'z': zip_of(('a', HTML))})


DATA_DB = {'t.ndb': sigs([('lower', 'hello world'), ('plain', 'Hello  World')], (0, 7)) + sigs([('bold', '<b>hello')], (3,))}


def data_cases():
    """Files that a page carries in its addresses."""
    inner = base64.b64encode(b'<html><body>Some <b>Hello</b> text</body></html>').decode()
    text = base64.b64encode(b'Hello  World, in a text of its own\n').decode()
    packed = base64.b64encode(zip_of(('a.txt', TEXT))).decode()
    for name, address in [('text', 'text/plain;base64,' + text), ('page', 'text/html;base64,' + inner), ('zip', 'application/zip;base64,' + packed),
                          ('plain', 'text/plain,Hello%20%20World%20and%20more'), ('charset', 'text/plain;charset=utf-8;base64,' + text), ('no type', ';base64,' + text)]:
        for tag in ('<img src="data:%s">', '<a href="data:%s">x</a>', '<iframe src="data:%s"></iframe>', "<object data='data:%s'>"):
            yield dict(name='data %s in %s' % (name, tag.split()[0]), db=DATA_DB, files={'f': page('<html><body>', tag % address, '</body></html>')})
    yield dict(name='data in a style', db=DATA_DB, files={'f': page('<html><style>a{background:url(data:text/plain;base64,%s)}</style></html>' % text)})
    yield dict(name='data in capitals', db=DATA_DB, files={'f': page('<html><img src="DATA:text/plain;base64,%s"></html>' % text)},
               differs='a `DATA:` address in capitals', ours={'f': ['lower.0', 'lower.7', 'plain.0']})


ENCODED = b"#@~^awAAAA==9b:~z41@#@&z41~',Ju+^VG~,\x7fWMsNrP[,E@!4@*J,B~+U^KNnN,8X,EdS,lY~@$,tG:\x7fI,VG\to,+xKET4PDW~mK:n~MWE\t[PmVV,\x7f*PaVmmn/@#@&uCAAAA==^#~@"
ENCODED_DB = {'t.ndb': sigs([('start', 'dim abc'), ('string', 'hello  world')], (0, 3, 7)) + sigs([('marks', '"<b>"')], (3,))}


def encoded_cases():
    """What Microsoft's Script Encoder makes, written by us."""
    for name, data in [('file', ENCODED), ('VBScript', b'<html><script language="VBScript.Encode">' + ENCODED + b'</script></html>'),
                       ('JScript', b'<html><script language=JScript.Encode>' + ENCODED + b'</script></html>'),
                       ('zip', zip_of(('a.vbe', ENCODED)))]:
        yield dict(name='encoded script, ' + name, db=ENCODED_DB, files={'f': data})
    yield dict(name='encoded script, no language', db=ENCODED_DB, files={'f': b'<html>' + WORDS + b'<script>' + ENCODED + b'</script>' + WORDS},
               differs='an encoded script (`#@~^`) in a page whose tag', ours={'f': ['%s.%d' % (n, t) for n in ('start', 'string') for t in (0, 3, 7)] + ['marks.3']})


def cases():
    out = []
    for group in (text_cases, place_cases, logical_cases, hash_cases, content_cases, html_cases, html_logical_cases, data_cases, encoded_cases):
        out += group()
    return out
