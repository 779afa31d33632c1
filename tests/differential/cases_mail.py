"""Mail: parts and their codings, malformed ones, and links against .pdb, .wdb and .gdb.

The mark stands in an attachment of binary bytes, and only shows when the part is found and decoded.
"""
import base64
import binascii
import hashlib
import quopri

from samples import BIN, h

MARK = b'OVMailMark-1'
DATA = BIN + MARK + BIN
B64 = base64.encodebytes(DATA).decode()
ANY = {'t.ndb': 'T.Part:0:*:%s\n' % h(MARK)}
HEAD = 'From: a@b.c\nTo: d@e.f\nSubject: s\nDate: Mon, 1 Jan 2024 00:00:00 +0000\nMIME-Version: 1.0\n'
ATTACH = 'Content-Type: application/octet-stream; name="a.bin"\n'
CTE = 'Content-Transfer-Encoding: base64\n'
PART = ATTACH + CTE + '\n' + B64
WORDS = 'malformed mails'


def mail(*parts, boundary='xx', head=HEAD, ctype=None, close=True):
    ctype = 'multipart/mixed; boundary="%s"' % boundary if ctype is None else ctype
    return head + 'Content-Type: %s\n\n' % ctype + ''.join('--%s\n%s\n' % (boundary, p) for p in parts) + ('--%s--\n' % boundary if close else '')


def uu(data, name='u.bin'):
    lines = ''.join(binascii.b2a_uu(data[i:i + 45]).decode() for i in range(0, len(data), 45))
    return 'begin 644 %s\n%s`\nend\n' % (name, lines)


def yenc(data):
    out = b''
    for c in data:
        c = (c + 42) & 255
        out += bytes([61, (c + 64) & 255]) if c in (0, 10, 13, 61) else bytes([c])
    lines = b'\r\n'.join(out[i:i + 128] for i in range(0, len(out), 128))
    return (b'=ybegin line=128 size=%d name=y.bin\r\n' % len(data) + lines + b'\r\n=yend size=%d\r\n' % len(data)).decode('latin-1')


def binhex(data, name=b'b.bin'):
    raw = bytes([len(name)]) + name + b'\0BINAhexx\0\0' + len(data).to_bytes(4, 'big') + bytes(4) + b'\0\0' + data + b'\0\0' + b'\0\0'
    digits = '!"#$%&\'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr'
    raw = raw.replace(b'\x90', b'\x90\0')
    bits = ''.join('%08d' % int(bin(c)[2:]) for c in raw)
    bits += '0' * (-len(bits) % 6)
    text = ':' + ''.join(digits[int(bits[i:i + 6], 2)] for i in range(0, len(bits), 6)) + ':'
    return '(This file must be converted with BinHex 4.0)\n\n' + '\n'.join(text[i:i + 64] for i in range(0, len(text), 64)) + '\n'


def tnef(data, name=b'tnef.bin'):
    def attribute(level, tag, body):
        return bytes([level]) + tag.to_bytes(4, 'little') + len(body).to_bytes(4, 'little') + body + (sum(body) & 0xffff).to_bytes(2, 'little')

    return (b'\x78\x9f\x3e\x22\x01\x00' + attribute(1, 0x00089006, b'\0\0\1\0') + attribute(1, 0x00078008, b'IPM.Microsoft Mail.Note\0')
            + attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00018010, name + b'\0') + attribute(2, 0x0006800f, data))


def good():
    qp = quopri.encodestring(DATA).decode('latin-1')
    inner = HEAD + PART
    yield 'one part', HEAD + PART
    yield 'two parts', mail('Content-Type: text/plain\n\nhi', PART)
    yield 'CRLF', mail('Content-Type: text/plain\n\nhi', PART).replace('\n', '\r\n')
    yield 'no end', mail(PART, close=False)
    yield 'nested', mail('Content-Type: multipart/alternative; boundary=yy\n\n--yy\nContent-Type: text/plain\n\nhi\n--yy\n' + PART + '--yy--\n')
    yield 'nested, outer end', mail('Content-Type: multipart/alternative; boundary=yy\n\n--yy\nContent-Type: text/plain\n\nhi', PART)
    yield 'nested prefix', mail('Content-Type: multipart/alternative; boundary=xxy\n\n--xxy\nContent-Type: text/plain\n\nhi\n--xxy--\n', PART)
    yield 'quoted-printable', mail(ATTACH + 'Content-Transfer-Encoding: quoted-printable\n\n' + qp)
    yield 'folded', HEAD + 'Content-Type: multipart/mixed;\n\tboundary="xx"\n\n--xx\n' + PART + '--xx--\n'
    yield 'unquoted', HEAD + 'Content-Type: multipart/mixed; boundary=xx\n\n--xx\n' + PART + '--xx--\n'
    yield 'preamble', HEAD + 'Content-Type: multipart/mixed; boundary=xx\n\nThis is MIME.\n--xx\n' + PART + '--xx--\nbye\n'
    yield 'message', mail('Content-Type: message/rfc822\n\n' + inner)
    yield 'message in message', mail('Content-Type: message/rfc822\n\n' + mail('Content-Type: message/rfc822\n\n' + inner, boundary='zz'))
    yield 'mailbox', 'From a@b.c Mon Jan  1 00:00:00 2024\n' + HEAD + '\none\n\nFrom a@b.c Mon Jan  1 00:00:00 2024\n' + mail(PART)
    yield 'mailbox of one', 'From a@b.c Mon Jan  1 00:00:00 2024\n' + mail(PART)
    yield 'uuencode in a text', HEAD + '\nsee\n\n' + uu(DATA) + '\nbye\n'
    yield 'uuencode as a part', mail(ATTACH + 'Content-Transfer-Encoding: x-uuencode\n\n' + uu(DATA))
    yield 'uuencode in a text part', mail('Content-Type: text/plain\n\n' + uu(DATA))
    yield 'capitals', mail(PART).replace('Content-', 'CONTENT-').replace('base64', 'BASE64')
    yield 'long lines', mail(ATTACH + CTE + '\n' + B64.replace('\n', '') + '\n')
    yield 'short lines', mail(ATTACH + CTE + '\n' + '\n'.join(B64.replace('\n', '')[i:i + 20] for i in range(0, len(B64), 20)) + '\n')
    yield 'no padding', mail(ATTACH + CTE + '\n' + base64.encodebytes(DATA + b'x').decode().replace('=', '') + '\n')
    yield '8bit text', mail('Content-Type: text/plain; charset=latin1\nContent-Transfer-Encoding: 8bit\n\n' + 'pl\xe4in ' + MARK.decode())
    yield 'no MIME', HEAD.replace('MIME-Version: 1.0\n', '') + '\nplain ' + MARK.decode()
    yield 'HTML text', mail('Content-Type: text/html\n\n<html><b>' + MARK.decode() + '</b></html>')
    yield 'tnef', mail('Content-Type: application/ms-tnef; name="winmail.dat"\n' + CTE + '\n' + base64.encodebytes(tnef(DATA)).decode())
    yield 'nothing', mail('Content-Type: text/plain\n\nhi')


BETTER = ('coded multipart', 'line of spaces among headers', 'unknown encoding', 'behind padding', 'yEnc')


def alike():
    """Malformed: found by clamscan as well, but for those in BETTER."""
    yield 'space before the colon', mail(PART.replace('Encoding:', 'Encoding :'))
    yield 'junk among headers', mail(ATTACH + 'junk\n' + CTE + '\n' + B64)
    yield 'junk in base64', mail(ATTACH + CTE + '\n' + B64.replace('\n', ' !\n'))
    yield 'boundary with spaces', HEAD + 'Content-Type: multipart/mixed; boundary = "xx"\n\n--xx\n' + PART + '--xx--\n'
    yield 'no semicolon', HEAD + 'Content-Type: multipart/mixed boundary=xx\n\n--xx\n' + PART + '--xx--\n'
    yield 'epilogue', mail('Content-Type: text/plain\n\nhi') + '\n--xx\n' + PART + '--xx--\n'
    yield 'other boundary', HEAD + 'Content-Type: multipart/mixed; boundary=aa\n\n--xx\n' + PART + '--xx--\n'
    yield 'no boundary', HEAD + 'Content-Type: multipart/mixed\n\n--xx\n' + PART + '--xx--\n'
    yield 'two boundaries', HEAD + 'Content-Type: multipart/mixed; boundary=aa; boundary=xx\n\n--xx\n' + PART + '--xx--\n'
    yield 'two types, second', HEAD + 'Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=xx\n\n--xx\n' + PART + '--xx--\n'
    yield 'two types, first', HEAD + 'Content-Type: multipart/mixed; boundary=xx\nContent-Type: text/plain\n\n--xx\n' + PART + '--xx--\n'
    yield 'boundary in pieces', HEAD + 'Content-Type: multipart/mixed; boundary*0=x; boundary*1=x\n\n--xx\n' + PART + '--xx--\n'
    yield 'boundary in percent', HEAD + "Content-Type: multipart/mixed; boundary*=us-ascii''%78x\n\n--xx\n" + PART + '--xx--\n'
    yield 'empty boundary', HEAD + 'Content-Type: multipart/mixed; boundary=""\n\n--\n' + PART + '----\n'
    yield 'boundary with a space', HEAD + 'Content-Type: multipart/mixed; boundary=x x\n\n--x x\n' + PART + '--x x--\n'
    yield 'junk behind the boundary', HEAD + 'Content-Type: multipart/mixed; boundary=xx\n\n--xx junk\n' + PART + '--xx--\n'
    yield 'parts in text/plain', HEAD + 'Content-Type: text/plain\n\n--xx\n' + PART + '--xx--\n'
    yield 'bounce', HEAD + '\nYour mail:\n\nFrom: x@y.z\n' + PART
    yield 'coded multipart', HEAD + 'Content-Type: multipart/mixed; boundary=xx\n' + CTE + '\n' + base64.encodebytes(('--xx\n' + PART + '--xx--\n').encode()).decode()
    yield 'line of spaces among headers', mail(ATTACH + '  \n' + CTE + '\n' + B64)
    yield 'two encodings, first', mail(ATTACH + CTE + 'Content-Transfer-Encoding: 7bit\n\n' + B64)
    yield 'two encodings, second', mail(ATTACH + 'Content-Transfer-Encoding: 7bit\n' + CTE + '\n' + B64)
    yield 'unknown encoding', mail(ATTACH + 'Content-Transfer-Encoding: x-mine\n\n' + B64)
    yield 'no encoding', mail(ATTACH + '\n' + B64)
    yield 'comment in the encoding', mail(ATTACH + 'Content-Transfer-Encoding: (x) base64\n\n' + B64)
    yield 'encoding in quotes', mail(ATTACH + 'Content-Transfer-Encoding: "base64"\n\n' + B64)
    yield 'behind padding', mail(ATTACH + CTE + '\nSGk=\n' + B64)
    yield 'uuencode, short lines', HEAD + '\n' + uu(DATA).replace(' ', '`')
    yield 'yEnc', HEAD + '\n' + yenc(DATA)
    yield 'BinHex', HEAD + '\n' + binhex(DATA)
    yield 'BinHex part', mail('Content-Type: application/mac-binhex40; name=b.hqx\n\n' + binhex(DATA))
    yield 'CR alone', mail(PART).replace('\n', '\r')
    yield 'message coded', mail('Content-Type: message/rfc822\n' + CTE + '\n' + base64.encodebytes((HEAD + PART).encode()).decode())
    yield 'message without headers', mail('Content-Type: message/rfc822\n\n' + PART)
    yield 'NUL in the boundary', HEAD + 'Content-Type: multipart/mixed; boundary="x\0x"\n\n--x\n' + PART + '--x--\n'


PAGE = HEAD + 'Content-Type: text/html\n\n<html><a href="%s">%s</a></html>\n'
EVIL, PAY = 'http://www.evil.com/a?b', 'http://www.paypal.com/login'
LINKS = [(EVIL, PAY), (EVIL, 'www.paypal.com'), (EVIL, 'PayPal.com'), (EVIL, 'xpaypal.com'), (EVIL, 'click here'), (EVIL, 'info@paypal.com'),
         (EVIL, 'Bank paypal.com'), (EVIL, 'www.pay<b>pal</b>.com'), (EVIL, '&lt;www.paypal.com&gt;,'), (EVIL, 'https://www.paypal.com'),
         ('http://www.paypal.com/', PAY), ('http://a.paypal.com/', PAY), ('https://paypal.com/', PAY), ('http://www.paypal.com', 'https://www.paypal.com'),
         ('mailto:a@evil.com', PAY), ('#x', PAY), ('evil.com/x', PAY), ('x.html', PAY), ('http://1.2.3.4/', PAY), ('http://paypal.com.evil.com/', PAY),
         ('http://www.paypal.com@evil.com/', PAY), ('http://www.ev%69l.com/', PAY), ('http://a%00b.evil.com/', PAY), ('http://www.foo.com', 'https://www.bar.com'),
         ('http://a%00b.foo.com', 'http://www.bar.com'), ('http://evil.co.uk', 'http://paypal.co.uk'), ('http://x.paypal.co.uk', 'http://paypal.co.uk'),
         ('ftp://evil.com', PAY), ('http://evil', PAY), (EVIL, 'ftp://paypal.com'), (EVIL, 'paypal.comx'), (EVIL, '1.2.3.4')]
OURS = [('HTTP://WWW.EVIL.COM/', PAY), ('http:\\\\www.evil.com', PAY), ('http://www.paypal.com:80@evil.com', PAY), (EVIL, 'www.paypal.com:80'),
        (EVIL, 'www.paypal.com#x'), (EVIL, 'sign in: paypal.com')]
HOSTS = 'H:paypal.com\nH:paypal.co.uk\n'


def pages(links):
    return {'%02d' % i: (PAGE % pair).encode() for i, pair in enumerate(links)}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def link_cases():
    few = pages([(EVIL, PAY), (EVIL, 'paypal.com'), ('http://x.www.evil.com/', 'http://y.paypal.com')])
    both = ['--alert-phishing-ssl=yes', '--alert-phishing-cloak=yes']
    yield dict(name='links', db={'t.pdb': HOSTS}, files=pages(LINKS))
    yield dict(name='links, all alerts', db={'t.pdb': HOSTS}, files=pages(LINKS), args=both)
    yield dict(name='links, no addresses', db=ANY, files=pages(LINKS), args=both)
    yield dict(name='links that clamscan takes for none', db={'t.pdb': HOSTS}, files=pages(OURS), differs='links that mail programs follow',
               ours={'%02d' % i: ['Heuristics.Phishing.Email.SpoofedDomain'] for i in range(len(OURS))})
    for option in ('--phishing-scan-urls=no', '--heuristic-alerts=no', '--scan-mail=no', '--scan-html=no'):
        yield dict(name='links ' + option, db={'t.pdb': HOSTS}, files=few, args=[option])
    where = {'page': '<html><a href="%s">%s</a></html>' % (EVIL, PAY), 'text': (PAGE % (EVIL, PAY)).replace('text/html', 'text/plain'),
             'octets': (PAGE % (EVIL, PAY)).replace('text/html', 'application/octet-stream'),
             'attached': mail('Content-Type: text/html; name=a.html\nContent-Disposition: attachment; filename=a.html\n' + CTE + '\n'
                              + base64.encodebytes(b'<html><a href="%s">%s</a></html>' % (EVIL.encode(), PAY.encode())).decode()),
             'form': HEAD + 'Content-Type: text/html\n\n<html><form action="%s"><a href="%s">x</a></form></html>' % (EVIL, PAY),
             'picture': HEAD + 'Content-Type: text/html\n\n<html><a href="%s">x<img src="%s"></a></html>' % (EVIL, PAY),
             'title': HEAD + 'Content-Type: text/html\n\n<html><a href="%s" title="%s">x</a></html>' % (EVIL, PAY),
             'script': HEAD + 'Content-Type: text/html\n\n<html><a href="%s">x<script>%s</script></a></html>' % (EVIL, PAY)}
    yield dict(name='where links are looked at', db={'t.pdb': HOSTS}, files={k: v.encode() for k, v in where.items()})
    for line in ('R:.+\\.paypal\\.com', 'R:[yz]pal\\.com', 'R:www\\.paypal', 'R:.+\\.evil\\.com:.+\\.paypal\\.com', 'R:.+\\.(ebay|paypal)\\.com', 'R17:.+\\.paypal\\.com',
                 'R:.+\\.paypal\\.com:20-', 'R:.+\\.paypal\\.com:0-20', 'R:.+\\.paypal\\.com:300-', 'R:.+\\.PayPal\\.com', 'H:www.paypal.com', 'H:com', 'H:aypal.com',
                 'H:paypal.com:20-30', 'R:.+\\.paypal\\.com([/?].*)?', 'R:http://www\\.evil\\.com:http://www\\.paypal\\.com'):
        yield dict(name='pdb ' + line, db={'t.pdb': line + '\nH:zzz.com\n'}, files=few)
    for line in ('M:www.evil.com:www.paypal.com', 'M:evil.com:www.paypal.com', 'M:www.evil.com:paypal.com', 'M:www.evil.com:www.paypal.com:17-', 'Y:www.evil.com:www.paypal.com',
                 'Y:evil.com', 'X:.+\\.evil\\.com([/?].*)?:.+\\.paypal\\.com([/?].*)?:17-', 'X:vil\\.com:www\\.paypal\\.com', 'X:.+:.+paypal\\.com',
                 'X:http://www\\.evil\\.com:http://www\\.paypal\\.com'):
        yield dict(name='wdb ' + line, db={'t.pdb': 'H:paypal.com\n', 't.wdb': line + '\n'}, files=few)
    targets = pages([('http://a.www.evil.com/a/b.html?q=1', 'x'), ('http://www.evil.com/', 'x'), ('http://other.com/', 'http://evil.com/')])
    for which in ('S', 'S1', 'S2'):
        for url in ('evil.com/', 'a.www.evil.com/a/', 'www.evil.com/a/b.html?q=1', 'evil.com/a', 'www.evil.com/'):
            yield dict(name='gdb %s %s' % (which, url), db={'t.gdb': '%s:P:%s\n%s:F:%s\n' % (which, sha('evil.com/')[:8], which, sha(url))}, files=targets)
    yield dict(name='gdb allowed', db={'t.gdb': 'S:P:%s\nS:F:%s\nS:W:%s\n' % (sha('evil.com/')[:8], sha('evil.com/'), sha('evil.com/'))}, files=targets)
    yield dict(name='gdb without a prefix', db={'t.gdb': 'S:F:%s\n' % sha('evil.com/')}, files=targets)


def cases():
    out = [dict(name='mail ' + name, db=ANY, files={'m': text.encode('latin-1')}) for name, text in good()]
    for name, text in alike():
        better = dict(differs=WORDS, ours={'m': ['T.Part']}) if name in BETTER else {}
        out.append(dict(name='mail ' + name, db=ANY, files={'m': text.encode('latin-1')}, **better))
    two = {'t.ndb': 'T.Raw:4:*:%s\nT.Mail:4:0:%s\nT.Coded:4:*:%s\n' % (h('Subject: s'), h('From: a@b.c'), h(MARK))}
    out += [dict(name='target 4: ' + name, db=two, files={'m': text.encode('latin-1')}) for name, text in list(good())[:8]]
    return out + list(link_cases())
