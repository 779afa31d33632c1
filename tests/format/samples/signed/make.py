#!/usr/bin/env python3
"""Makes the signed samples of this folder: make.py FOLDER. Needs openssl and osslsigncode (2.9); the tests need neither.

A tiny program (1536 bytes, imports one function) is signed by certificates of our own:
  root   overt test root, a certificate authority          leaf   a publisher, valid 2020 to 2120
  old    the same publisher's key, valid 2010 to 2018      tsa    a time stamper, valid 2010 to 2120
  signed.exe    by leaf, SHA-256          sha1.exe      by leaf, SHA-1
  expired.exe   by old, no time stamp     stamped.exe   by old, RFC 3161 stamp of 2017-07-14
  counter.exe   by old, PKCS#9 countersignature of the time of making (so after its end)
  list.cat      a catalog that names plain.exe, signed by leaf
  plain.exe     unsigned                  keys.txt      the certificates' facts, as .crb lines want them
The keys are thrown away, so each run makes other samples: keys.txt and the files belong together.
"""
import base64
import hashlib
import http.server
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading

CONF = """
[req]
distinguished_name=dn
prompt=no
[dn]
CN=x
[root]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[leaf]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning
[tsa]
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[ca]
default_ca=d
[d]
database=index.txt
serial=serial
new_certs_dir=.
default_md=sha256
policy=p
unique_subject=no
[p]
C=optional
O=optional
CN=supplied
"""


def run(*args):
    r = subprocess.run(args, capture_output=True, check=False)
    if r.returncode != 0:
        sys.exit('%s: %s' % (' '.join(args), (r.stdout + r.stderr).decode(errors='replace')))
    return r.stdout


def program():
    names = b'\0' * 40 + struct.pack('<II', 0x1038, 0) + struct.pack('<II', 0x1038, 0) + b'\0\0ExitProcess\0KERNEL32.dll\0\0'
    body = bytearray(names)
    struct.pack_into('<IIIII', body, 0, 0x1028, 0, 0, 0x1046, 0x1030)
    body += b'This program is a sample of overt\0'
    body += b'\0' * (-len(body) % 512)
    dos = b'MZ' + b'\0' * 58 + struct.pack('<I', 64)
    coff = b'PE\0\0' + struct.pack('<HHIIIHH', 0x14c, 1, 0, 0, 0, 224, 0x102)
    opt = struct.pack('<HBBIIIIII', 0x10b, 8, 0, 512, 512, 0, 0x1000, 0x1000, 0x2000)
    opt += struct.pack('<IIIHHHHHHIIIIHHIIIIII', 0x400000, 0x1000, 512, 4, 0, 0, 0, 4, 0, 0, 0x2000, 512, 0, 3, 0,
                       0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    dirs = bytearray(128)
    struct.pack_into('<II', dirs, 8, 0x1000, 40)
    sec = struct.pack('<8sIIIIIIHHI', b'.idata', len(body), 0x1000, len(body), 512, 0, 0, 0, 0, 0xe0000020)
    head = dos + coff + opt + bytes(dirs) + sec
    return head + b'\0' * (512 - len(head)) + bytes(body)


def der(tag, *parts):
    body = b''.join(parts)
    n = len(body)
    size = bytes([n]) if n < 128 else (lambda b: bytes([0x80 | len(b)]) + b)(n.to_bytes((n.bit_length() + 7) // 8, 'big'))
    return bytes([tag]) + size + body


def oid(text):
    v = [int(x) for x in text.split('.')]
    out = [v[0] * 40 + v[1]]
    for x in v[2:]:
        g = [x & 127]
        while x > 127:
            x >>= 7
            g.insert(0, 0x80 | (x & 127))
        out += g
    return der(6, bytes(out))


def catalog(sha1):
    """An unsigned catalog: a certificate trust list of one member."""
    indirect = der(0x30, der(0x30, oid('1.3.6.1.4.1.311.2.1.15'), der(0x30, der(3, b'\0'))),
                   der(0x30, der(0x30, oid('1.3.14.3.2.26'), der(5)), der(4, sha1)))
    member = der(0x30, der(4, sha1.hex().upper().encode('utf-16be')),
                 der(0x31, der(0x30, oid('1.3.6.1.4.1.311.2.1.4'), der(0x31, indirect))))
    ctl = der(0x30, der(0x30, oid('1.3.6.1.4.1.311.12.1.1')), der(4, b'overt sample 1.0'), der(0x17, b'200101000000Z'),
              der(0x30, oid('1.3.6.1.4.1.311.12.1.2'), der(5)), der(0x30, member))
    signed = der(0x30, der(2, b'\1'), der(0x31), der(0x30, oid('1.3.6.1.4.1.311.10.1'), der(0xa0, ctl)), der(0x31))
    return der(0x30, oid('1.2.840.113549.1.7.2'), der(0xa0, signed))


def tlv(b, o):
    n, h = b[o + 1], 2
    if n & 0x80:
        h = 2 + (n & 0x7f)
        n = int.from_bytes(b[o + 2:o + h], 'big')
    return o + h, o + h + n


def facts(pem):
    """SHA-1 of the subject's and the serial number's content, and the RSA modulus."""
    b = base64.b64decode(''.join(re.search('BEGIN CERTIFICATE-----(.*?)-----END', open(pem, encoding='ascii').read(), re.S)
                                 .group(1).split()))
    a, _ = tlv(b, 0)
    a, e = tlv(b, a)
    parts = []
    while a < e:
        s, x = tlv(b, a)
        parts.append(b[s:x])
        a = x
    modulus = run('openssl', 'x509', '-in', pem, '-noout', '-modulus').decode().strip().split('=')[1]
    return '%s %s %s' % (hashlib.sha1(parts[5]).hexdigest(), hashlib.sha1(parts[1]).hexdigest(), modulus)


class Stamper(http.server.BaseHTTPRequestHandler):
    """The time stamp protocol before RFC 3161: the signature's bytes come, signed data about them goes back."""

    def do_POST(self):
        request = base64.b64decode(self.rfile.read(int(self.headers['Content-Length'])))
        at, _ = tlv(request, 0)
        _, at = tlv(request, at)
        at, _ = tlv(request, at)
        _, at = tlv(request, at)
        at, _ = tlv(request, at)
        s, e = tlv(request, at)
        with open('stampee', 'wb') as f:
            f.write(request[s:e])
        answer = run('openssl', 'smime', '-sign', '-nodetach', '-binary', '-in', 'stampee', '-signer', 'tsa.pem', '-inkey', 'tsa.key',
                     '-outform', 'DER', '-md', 'sha1')
        answer = base64.b64encode(answer)
        self.send_response(200)
        self.send_header('Content-Type', 'application/octet-stream')
        self.send_header('Content-Length', str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def certificate(name, text, start, end, extensions, key=None):
    key = key or name
    if not os.path.exists(key + '.key'):
        run('openssl', 'genrsa', '-out', key + '.key', '1024')
    run('openssl', 'req', '-new', '-key', key + '.key', '-subj', '/O=overt/CN=' + text, '-config', 'conf', '-out', 'csr')
    own = ['-selfsign', '-keyfile', 'root.key'] if name == 'root' else ['-cert', 'root.pem', '-keyfile', 'root.key']
    run('openssl', 'ca', '-batch', '-config', 'conf', '-in', 'csr', '-startdate', start, '-enddate', end, '-extfile', 'conf',
        '-extensions', extensions, '-out', name + '.pem', '-notext', *own)


def sign(out, who, *options, source='plain.exe', key='leaf.key'):
    run('osslsigncode', 'sign', '-certs', who + '.pem', '-key', key, '-ac', 'root.pem', *options, '-in', source, '-out', out)


def make(to):
    for name, text in (('conf', CONF), ('index.txt', ''), ('serial', '4004')):
        with open(name, 'w', encoding='ascii') as f:
            f.write(text)
    certificate('root', 'overt test root', '20000101000000Z', '21200101000000Z', 'root')
    certificate('leaf', 'overt test publisher', '20200101000000Z', '21200101000000Z', 'leaf')
    certificate('old', 'overt test publisher', '20100101000000Z', '20180101000000Z', 'leaf', key='leaf')
    certificate('tsa', 'overt test time', '20100101000000Z', '21200101000000Z', 'tsa')
    plain = program()
    with open('plain.exe', 'wb') as f:
        f.write(plain)
    pe = 64
    digest = hashlib.sha1(plain[:pe + 88] + plain[pe + 92:pe + 152] + plain[pe + 160:]).digest()
    with open('unsigned.cat', 'wb') as f:
        f.write(catalog(digest))
    server = http.server.HTTPServer(('127.0.0.1', 0), Stamper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sign('signed.exe', 'leaf', '-h', 'sha256')
    sign('sha1.exe', 'leaf', '-h', 'sha1')
    sign('expired.exe', 'old', '-h', 'sha256')
    sign('stamped.exe', 'old', '-h', 'sha256', '-TSA-certs', 'tsa.pem', '-TSA-key', 'tsa.key', '-TSA-time', '1500000000')
    sign('counter.exe', 'leaf', '-h', 'sha1', '-t', 'http://127.0.0.1:%d' % server.server_port)
    sign('list.cat', 'leaf', '-h', 'sha1', source='unsigned.cat')
    with open('keys.txt', 'w', encoding='ascii') as f:
        for name in ('root', 'leaf', 'old', 'tsa'):
            f.write('%s %s\n' % (name, facts(name + '.pem')))
    for name in ('plain.exe', 'signed.exe', 'sha1.exe', 'expired.exe', 'stamped.exe', 'counter.exe', 'list.cat', 'keys.txt'):
        with open(name, 'rb') as f, open(os.path.join(to, name), 'wb') as g:
            g.write(f.read())


def main():
    to = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(__file__))
    with tempfile.TemporaryDirectory() as tmp:
        os.chdir(tmp)
        make(to)


main()
