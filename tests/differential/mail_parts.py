#!/usr/bin/env python3
"""A mail that Python's email package builds out of random parts gives back exactly these parts.

Usage: mail_parts.py OVERT [COUNT] [SEED]

Each part of a mail is random bytes, listed by its SHA-256 in a database; every one must be found, in the layer that
has its file name, and nothing else of the mail's parts may be reported. Exit 0 or 1.
"""
import email
import email.mime.multipart
import email.policy
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from email import encoders
from email.mime.base import MIMEBase
from email.mime.message import MIMEMessage
from email.mime.text import MIMEText

LETTERS = 'abcdefghij XYZ-_()äö中é.'


def random_name(r, i):
    name = ''.join(r.choice(LETTERS) for _ in range(r.randint(1, 30))).strip()
    return '%s%d.bin' % (name, i)


def leaf(r, i, wanted, linesep):
    data = r.randbytes(r.randint(1, 3000))
    name = random_name(r, i)
    part = MIMEBase(r.choice(['application', 'image', 'audio']), r.choice(['octet-stream', 'x-any', 'png']))
    part.set_payload(data)
    if linesep != '\n' or r.random() < .6:  # quoted-printable leaves line ends as they are: they would become CRLF
        encoders.encode_base64(part)
    else:
        encoders.encode_quopri(part)
    if name.isascii():
        part.add_header(*r.choice([('Content-Disposition', 'attachment'), ('Content-Disposition', 'inline')]), filename=name)
    else:
        part.add_header('Content-Disposition', 'attachment', filename=('utf-8', '', name))
    wanted[hashlib.sha256(data).hexdigest()] = (len(data), name)
    return part


def text(r):
    body = '\n'.join(' '.join('word%d' % r.randint(0, 99) for _ in range(8)) for _ in range(r.randint(1, 9)))
    return MIMEText(body, r.choice(['plain', 'html']), r.choice(['us-ascii', 'utf-8']))


def build(r, wanted, linesep, depth=0):
    m = email.mime.multipart.MIMEMultipart(r.choice(['mixed', 'related', 'alternative', 'digest2']))
    if r.random() < .3:
        m.preamble = 'A preamble of words.\n'
    for _ in range(r.randint(1, 4)):
        kind = r.random()
        if kind < .2 and depth < 4:
            m.attach(build(r, wanted, linesep, depth + 1))
        elif kind < .3 and depth < 3:
            inner = build(r, wanted, linesep, depth + 1)
            inner['From'], inner['To'], inner['Subject'] = 'x@example.com', 'y@example.com', 'inner'
            m.attach(MIMEMessage(inner))
        elif kind < .5:
            m.attach(text(r))
        else:
            m.attach(leaf(r, len(wanted), wanted, linesep))
    return m


def as_python_reads(data):
    for part in email.message_from_bytes(data).walk():
        name = part.get_filename()
        if name is not None:
            yield part.get_payload(decode=True), name


def check(overt, r, folder):
    wanted = {}
    linesep = r.choice(['\n', '\r\n'])
    m = build(r, wanted, linesep)
    m['From'], m['To'], m['Subject'] = 'a@example.com', 'b@example.com', 'random'
    mail, db = os.path.join(folder, 'm.eml'), os.path.join(folder, 't.hsb')
    policy = email.policy.compat32.clone(linesep=linesep, mangle_from_=False, max_line_length=r.choice([0, 60, 78]))
    data = m.as_bytes(policy=policy)
    with open(mail, 'wb') as f:
        f.write(data)
    if linesep == '\n':  # line ends that the package writes otherwise than it was given them: as it reads them itself
        wanted = {hashlib.sha256(b).hexdigest(): (len(b), n) for b, n in as_python_reads(data)}
    with open(db, 'w', encoding='ascii') as f:
        for n, (digest, (size, _)) in enumerate(wanted.items()):
            f.write('%s:%d:Part.%d\n' % (digest, size, n))
        f.write('%s:1:Part.None\n' % hashlib.sha256(b'').hexdigest())
    run = subprocess.run([overt, 'scan', '--all', '--format', 'jsonl', '-d', db, mail], capture_output=True, text=True, check=False)
    verdict = json.loads(run.stdout.splitlines()[0])
    found = sorted((d['name'], d['layer'][-1] if d['layer'] else '') for d in verdict['detections'])
    want = sorted(('Part.%d' % n, name) for n, (_, name) in enumerate(wanted.values()))
    if found != want or verdict['incomplete']:
        with open(mail, 'rb') as f:
            keep = f.read()
        with open(os.environ.get('OV_KEEP', os.devnull), 'wb') as f:
            f.write(keep)
        print('want ', want, '\nfound', found, verdict['incomplete'])
        return False
    return True


def main():
    overt, *rest = sys.argv[1:]
    count = int(rest[0]) if rest else 60
    seed = int(rest[1]) if len(rest) > 1 else 1
    r = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        for i in range(count):
            if not check(overt, r, folder):
                print('mail %d of seed %d' % (i, seed))
                sys.exit(1)
    print('%d mails' % count)


if __name__ == '__main__':
    main()
