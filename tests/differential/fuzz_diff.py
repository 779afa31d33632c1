#!/usr/bin/env python3
"""Random signatures and random files around them, overt against clamscan, until the time is up.

Usage: fuzz_diff.py OVERT SECONDS [--seed N] [--out DIR] [--once]

A round is one database of a few signatures of all kinds and some files in which parts of these signatures were planted: plain bytes,
text, PE, ELF, in ZIP, gzip, tar, bzip2, xz and mail, within each other. Names found must agree for each file. When they do not, the
round is made smaller (signatures, then files, then bytes) and written to DIR (build/crashes) as a folder with the database, the
file and what both said. A database that clamscan refuses is tried line by line: overt must refuse those lines and no others.
Exit 0: no difference; 1: at least one; 77: no clamscan.
"""
import argparse
import base64
import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import shutil
import sys
import tarfile
import time
import zipfile

import clamscan_diff
from samples import BIN, tiny_pe, zip_of

WORDS = [b'alpha', b'beta7', b'GAMMA', b'Delta', b'kappa9', b'omega', b'sigma', b'Theta']
CONTAINERS = ['CL_TYPE_ANY', 'CL_TYPE_ZIP', 'CL_TYPE_GZ', 'CL_TYPE_POSIX_TAR', 'CL_TYPE_BZ', 'CL_TYPE_XZ', 'CL_TYPE_MSEXE', 'CL_TYPE_MAIL']


class Maker:
    """Makes one round. `plants` holds bytes that would match a part of some signature."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.plants, self.lines, self.files, self.args = [], {}, {}, []
        self.n = 0

    def name(self):
        self.n += 1
        return 'R%d' % self.n

    def literal(self, low=2, high=6):
        r = self.r
        if r.random() < .4:
            return r.choice(WORDS)[:max(low, r.randint(low, high))]
        return bytes(r.choice(b'abAB') for _ in range(r.randint(low, high)))

    # ---- body patterns: hex text, and bytes that match it ----

    def static(self):
        """A run with at least two plain bytes in a row."""
        r = self.r
        raw = self.literal()
        hexed = ['%02x' % c for c in raw]
        if len(raw) > 3 and r.random() < .25:
            i = r.choice([0, len(raw) - 1])
            hexed[i] = r.choice(['??', hexed[i][0] + '?', '?' + hexed[i][1]])
        return ''.join(hexed), raw

    def gap(self):
        r = self.r
        fill = bytes(r.choice(b'abxyz\0') for _ in range(r.randint(0, 9)))
        kind = r.randint(0, 9)
        if kind == 0:
            return '*', fill
        if kind == 1:
            return '{%d}' % len(fill) if fill else '', fill
        if kind == 2:
            return '{%d-%d}' % (r.randint(0, len(fill)), len(fill) + r.randint(1, 4)), fill
        if kind == 3:
            return '{-%d}' % (len(fill) + r.randint(1, 4)), fill
        if kind == 4:
            return '{%d-}' % r.randint(1, max(1, len(fill))), fill
        if kind == 5:
            return '??' * len(fill), fill
        if kind == 6:
            a, b = r.choice(b'abcd'), r.choice(b'efgh')
            return '(%02x|%02x)' % (a, b), bytes([r.choice([a, b])])
        if kind == 7:
            a, b = self.literal(2, 2), self.literal(2, 2)
            return '(%s|%s)' % (a.hex(), b.hex()), r.choice([a, b])
        if kind == 8:
            a, b = r.choice(b'abcd'), r.choice(b'efgh')
            return '!(%02x|%02x)' % (a, b), bytes([r.choice(b'xyzabe')])
        length = r.randint(1, 4)  # of both: else clamscan errs (see COMPATIBILITY.md)
        a, b = self.literal(length, length), self.literal(length, length)
        return '(%s|%s)' % (a.hex(), b.hex()), r.choice([a, b])

    def pattern(self):
        r = self.r
        text, raw = self.static()
        for _ in range(r.choice([0, 0, 1, 1, 2, 3])):
            g, filled = self.gap()
            more, m = self.static()
            text, raw = text + g + more, raw + filled + m
        if len(raw) < 3:  # clamscan refuses two plain bytes (see COMPATIBILITY.md)
            text, raw = text + '61', raw + b'a'
        edge = r.random()
        if edge < .05:
            text = r.choice(['(B)', '(W)', '(L)']) + text
        elif edge < .1:
            text += r.choice(['(B)', '(W)', '(L)'])
        elif edge < .13:
            text += '??' * r.randint(1, 3)
        self.plants.append(raw)
        return text

    def offset(self, target):
        r = self.r
        kinds = ['*', '*', '*', '%d' % r.choice([0, 10, 256, 300]), '%d,%d' % (r.choice([0, 200, 256]), r.randint(1, 200))]
        if target != 7:  # else clamscan judges rules by counts of 0 (see COMPATIBILITY.md)
            kinds += ['EOF-%d' % r.randint(1, 300), 'EOF-%d,%d' % (r.randint(20, 400), r.randint(1, 200))]
        if target in (1, 6):
            kinds += ['EP+%d' % r.randint(0, 40), 'EP-%d' % r.randint(0, 40), 'EP+%d,%d' % (r.randint(0, 9), r.randint(1, 90)),
                      'S%d+%d' % (r.randint(0, 2), r.randint(0, 200)), 'S%d+%d,%d' % (r.randint(0, 2), r.randint(0, 90), r.randint(1, 200)),
                      'SE%d' % r.randint(0, 2), 'SL+%d' % r.randint(0, 200), 'SL+%d,%d' % (r.randint(0, 90), r.randint(1, 300))]
        return r.choice(kinds)

    # ---- signatures ----

    def ndb(self):
        target = self.r.choice([0, 0, 0, 0, 1, 6, 7])
        return 'ndb', '%s:%d:%s:%s' % (self.name(), target, self.offset(target), self.pattern())

    def condition(self, n, depth=0, least=1):
        r = self.r
        parts = []
        for _ in range(r.randint(least, 3)):
            if depth < 2 and r.random() < .3:
                # One member and a relation behind it: clamscan refuses the database (see COMPATIBILITY.md).
                inner = '(%s)' % self.condition(n, depth + 1, 2)
                parts.append(inner + (r.choice(['', '', '>%d' % r.randint(0, 3), '=%d' % r.randint(0, 3), '<%d' % r.randint(1, 4),
                                                '>%d,%d' % (r.randint(0, 3), r.randint(1, 2))])))
            else:
                parts.append('%d' % r.randrange(n) + r.choice(['', '', '', '>%d' % r.randint(0, 2), '=%d' % r.randint(0, 2), '<%d' % r.randint(1, 3)]))
        return r.choice('&|').join(parts) if r.random() < .7 else ''.join(p + r.choice('&|') for p in parts)[:-1]

    def subsignature(self, target, i):
        r = self.r
        kind = r.random()
        if i > 0 and kind < .1 and target != 7:  # in normalised text clamscan looks only behind the first match (COMPATIBILITY.md)
            word = self.literal(3, 5)
            self.plants.append(word)
            regex = r.choice([word.decode(), word.decode()[:2] + '.+', '[ab]{2}' + word.decode()[:1], word.decode() + '|x{3}'])
            return '%s%d/%s/%s' % (r.choice(['', '', '%d:' % r.choice([0, 256]), '%d,%d:' % (r.choice([0, 200]), r.randint(10, 200))]), r.randrange(i), regex,
                                   r.choice(['', 'i', 's', 'g', 'm', 'r', 'e']))
        if i > 0 and kind < .17:
            self.plants.append(b'N:%d' % r.randint(0, 300))
            return '%d(>>%d#%s#%s%d)' % (r.randrange(i), r.randint(0, 6), r.choice(['dl2', 'de3', 'd3', 'ib1', 'il2', 'ib2', 'il4', 'ie4', 'h2', 'h4']).replace(
                'dl2', 'd2'), r.choice('<>='), r.randint(0, 300))
        text = self.pattern()
        if r.random() < .25:
            text = self.offset(target) + ':' + text if r.random() < .7 else text
        if r.random() < .3 and '(' not in text and '{' not in text and '[' not in text and '*' not in text:
            modifier = r.choice(['i', 'w', 'f', 'a', 'iw', 'wa', 'iwa', 'if', 'wf'])
            text += '::' + modifier
            if 'w' in modifier:
                self.plants.append(b''.join(bytes([c, 0]) for c in self.plants[-1]))
            if 'i' in modifier:
                self.plants.append(self.plants[-1].swapcase())
        return text

    def ldb(self):
        r = self.r
        target = r.choice([0, 0, 0, 0, 1, 6, 7])
        n = r.randint(1, 5)
        tdb = ['Engine:102-255']
        if r.random() < .15:
            tdb.append('FileSize:%d-%d' % (r.randint(0, 600), r.randint(600, 4000)))
        if target == 1 and r.random() < .3:
            tdb.append(r.choice(['NumberOfSections:%d-%d' % (r.randint(1, 2), r.randint(2, 4)), 'EntryPoint:%d-%d' % (r.randint(0, 1100), r.randint(1100, 1200))]))
        if r.random() < .12:
            tdb.append('Container:' + r.choice(CONTAINERS))
        elif r.random() < .08:
            tdb.append('Intermediates:' + '>'.join(r.choice(CONTAINERS) for _ in range(r.randint(1, 2))))
        tdb.append('Target:%d' % target)
        subs = [self.subsignature(target, i) for i in range(n)]
        used = self.condition(n)
        if str(n - 1) not in used.replace('=', ' ').replace('<', ' ').replace('>', ' '):
            used = '(%s)%s%d' % (used, r.choice('&|'), n - 1)
        return 'ldb', ';'.join([self.name(), ','.join(tdb), used] + subs)

    def hash_of(self, data):
        r = self.r
        kind = r.choice(['md5', 'sha1', 'sha256'])
        if data[:2] == b'MZ' and r.random() < .5:
            size = int.from_bytes(data[64 + 24 + 224 + 16:][:4], 'little')
            place = int.from_bytes(data[64 + 24 + 224 + 20:][:4], 'little')
            digest = hashlib.new(kind, data[place:place + size]).hexdigest()
            return r.choice(['mdb', 'msb']), '%d:%s:%s' % (size, digest, self.name())
        digest = hashlib.new(kind, data).hexdigest()
        size = len(data) if r.random() < .9 else len(data) + 1
        ext = r.choice(['hdb', 'hsb', 'hdb', 'hsb', 'fp', 'sfp']) if r.random() < .5 else r.choice(['hdb', 'hsb'])
        if r.random() < .2:
            return ext, '%s:*:%s:73' % (digest, self.name())
        return ext, '%s:%d:%s' % (digest, size, self.name())

    def cdb(self):
        r = self.r
        ctype = r.choice(['CL_TYPE_ZIP', 'CL_TYPE_POSIX_TAR'])  # of mails they differ: see COMPATIBILITY.md
        regex = r.choice(['*', 'm0', '^m[01]$', 'member', '\\.bin$', 'a.bin', 'x'])
        size = r.choice(['*', '*', '0-600', '500-2000', '%d' % r.randint(250, 700)])
        return 'cdb', '%s:%s:*:%s:*:%s:%s:%s:*:*' % (self.name(), ctype, regex, size, r.choice(['0', '*', '*', '1']), r.choice(['*', '*', '1', '2']))

    # ---- files ----

    def planted(self, size, binary=True):
        r = self.r
        out = b''
        for _ in range(r.randint(0, 5)):
            pad = (bytes(r.choice(b'abxyz \n\0\1') for _ in range(r.randint(0, size))) if binary
                   else bytes(r.choice(b'abcXYZ  \t\n') for _ in range(r.randint(0, size))))
            word = r.choice(self.plants) if self.plants and r.random() < .85 else self.literal()
            if r.random() < .1 and len(word) > 2:
                word = word[:-1]
            out += pad + (word if binary else bytes(c for c in word if 32 <= c < 127))
        return out

    def plain(self):
        head, tail = (BIN if self.r.random() < .9 else BIN[:16]), (BIN if self.r.random() < .5 else b'')
        return head + self.planted(40) + tail

    def program(self):
        r = self.r
        data = [(b'.s%d' % i, (self.planted(60) + b'\x90' * 16)[:1500]) for i in range(r.randint(1, 3))]
        return tiny_pe(data, entry=r.choice([0, 0, 10, 40]))

    def text(self):
        return b'Some text, first line.\n' + self.planted(40, False) + b'\nlast line\n'

    def leaf(self):
        return self.r.choice([self.plain, self.plain, self.plain, self.program, self.text])()

    def wrapped(self, data, depth=0):
        r = self.r
        if depth > 2 or r.random() < (.45 if depth == 0 else .6):
            return data
        kind = r.choice(['zip', 'stored', 'zip2', 'gz', 'bz2', 'xz', 'tar', 'mail'])
        if kind in ('zip', 'stored', 'zip2'):
            members = [('m%d' % i, d) for i, d in enumerate([data] + ([self.leaf()] if kind == 'zip2' else []))]
            data = zip_of(*members, method=zipfile.ZIP_STORED if kind == 'stored' else zipfile.ZIP_DEFLATED)
        elif kind == 'gz':
            data = gzip.compress(data, mtime=0)
        elif kind == 'bz2':
            data = bz2.compress(data)
        elif kind == 'xz':
            data = lzma.compress(data)
        elif kind == 'tar':
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as t:
                info = tarfile.TarInfo('member.bin')
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
            data = out.getvalue()
        else:
            data = (b'From: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=bb="\n\n'
                    b'--=bb=\nContent-Type: text/plain\n\nhello there\n\n--=bb=\nContent-Type: application/octet-stream; name="a.bin"\n'
                    b'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="a.bin"\n\n' + base64.encodebytes(data) + b'\n--=bb=--\n')
        return self.wrapped(data, depth + 1)

    def round(self):
        r = self.r
        made = [r.choice([self.ndb, self.ndb, self.ndb, self.ldb, self.ldb, self.ldb, self.ldb, self.cdb])() for _ in range(r.randint(4, 14))]
        for i in range(r.randint(4, 12)):
            inner = self.leaf()
            whole = self.wrapped(inner)
            self.files['f%02d' % i] = whole
            if r.random() < .12:
                made.append(self.hash_of(r.choice([inner, whole])))
        for ext, line in made:
            self.lines.setdefault('t.' + ext, []).append(line)
        if r.random() < .05:
            self.lines['a.ign2'] = [r.choice(['R1', 'R2', 'R3'])]
        if r.random() < .15:
            self.args.append(clamscan_diff.FIRST)
        return self


def case_of(lines, files, args):
    db = {name: ''.join(line + '\n' for line in text) for name, text in lines.items() if text}
    return dict(name='random', db=db, files=files, args=args)


def problem_of(overt, lines, files, args):
    """None, or what differs. With one match a file, which comes first is no difference (see COMPATIBILITY.md): only whether."""
    if not any(lines.values()):
        return None
    case = case_of(lines, files, args)
    found = {}
    clamscan_diff.run_group(overt, [case], answers=found)
    if 'error' in found:
        return found['error']
    a, b = found['theirs'], found['ours']
    if a.refused():
        return 'refused'
    if 'refused' in b.said:
        return 'overt refuses: ' + b.said[:300]
    if clamscan_diff.FIRST in args:
        return None if set(a.found.get(0, {})) == set(b.found.get(0, {})) else 'clamscan %s\novert    %s\n' % (
            clamscan_diff.shown(a.found.get(0, {})), clamscan_diff.shown(b.found.get(0, {})))
    if a.found.get(0, {}) == b.found.get(0, {}):
        return None
    return 'clamscan %s\novert    %s\n%s' % (clamscan_diff.shown(a.found.get(0, {})), clamscan_diff.shown(b.found.get(0, {})), b.said[:500])


def each_line(lines):
    for name, text in lines.items():
        for line in text:
            yield name, line


def without(lines, name, line):
    return {n: [t for t in text if n != name or t != line] for n, text in lines.items()}


def drop_refused(overt, lines, files, args):
    """Takes away the lines that clamscan refuses. Gives the rest, and what overt takes although clamscan does not."""
    strange = []
    one = dict([next(iter(files.items()))])
    for name, line in list(each_line(lines)):
        found = {}
        clamscan_diff.run_group(overt, [case_of({name: [line]}, one, args)], answers=found)
        if 'theirs' in found and found['theirs'].refused():
            lines = without(lines, name, line)
            if 'refused' not in found['ours'].said:
                strange.append((name, line))
    return lines, strange


LEAST = 16  # bytes to which a file is cut: clamscan does not match files of a few bytes at all


def only_by(overt, lines, files, args):
    """Names that only clamscan finds, and that only overt does; None when something else is the matter."""
    found = {}
    if not any(lines.values()):
        return None
    clamscan_diff.run_group(overt, [case_of(lines, files, args)], answers=found)
    if 'error' in found or found['theirs'].refused() or 'refused' in found['ours'].said:
        return None
    a, b = (set((f, n) for f, names in found[who].found.get(0, {}).items() for n in names) for who in ('theirs', 'ours'))
    return frozenset(a - b), frozenset(b - a)


def smaller(overt, lines, files, args, deadline):
    """A smaller round that still differs, in the same way: cutting must not end at another difference."""
    want = None

    def differs(li, fi):
        return only_by(overt, li, fi, args) == want

    for f in list(files):
        want = only_by(overt, lines, {f: files[f]}, args)
        if want is not None and any(want):
            files = {f: files[f]}
            break
    if want is None or not any(want):
        return lines, files
    for name, line in list(each_line(lines)):
        less = without(lines, name, line)
        if time.monotonic() < deadline and differs(less, files):
            lines = less
    if len(files) == 1:
        name, data = next(iter(files.items()))
        step = max(1, len(data) // 2)
        while step > 0 and time.monotonic() < deadline:
            at = 0
            while at < len(data) and time.monotonic() < deadline:
                cut = data[:at] + data[at + step:]
                if len(cut) >= LEAST and differs(lines, {name: cut}):
                    data = cut
                else:
                    at += step
            step //= 2 if step > 8 or len(data) < 400 else step
        files = {name: data}
    return lines, files


def save(out, seed, lines, files, args, text):
    folder = os.path.join(out, 'difference-%d' % seed)
    shutil.rmtree(folder, ignore_errors=True)
    clamscan_diff.write(os.path.join(folder, 'db'), case_of(lines, files, args)['db'])
    clamscan_diff.write(os.path.join(folder, 'files'), files)
    with open(os.path.join(folder, 'what'), 'w', encoding='utf-8') as f:
        f.write('seed %d, options %s\n%s\n%s\n' % (seed, args, text, '\n'.join(line for _, line in each_line(lines))))
    print('DIFFERENCE in %s\n  %s' % (folder, text.replace('\n', '\n  ')), flush=True)
    for _, line in each_line(lines):
        print('   ', line, flush=True)


def one_round(overt, seed, out):
    """Gives the number of differences."""
    m = Maker(seed).round()
    lines, files, args = m.lines, m.files, m.args
    p = problem_of(overt, lines, files, args)
    bad = 0
    if p is not None and (p == 'refused' or p.startswith('overt refuses')):
        lines, strange = drop_refused(overt, lines, files, args)
        for name, line in strange:
            bad += 1
            save(out, seed, {name: [line]}, dict([next(iter(files.items()))]), args, 'clamscan refuses the line, overt takes it')
        p = problem_of(overt, lines, files, args)
    if p is None:
        return bad
    if p == 'refused' or p.startswith('overt refuses'):
        save(out, seed, lines, dict([next(iter(files.items()))]), args, p)
        return bad + 1
    lines, files = smaller(overt, lines, files, args, time.monotonic() + 60)
    save(out, seed, lines, files, args, problem_of(overt, lines, files, args) or p)
    return bad + 1


def main():
    p = argparse.ArgumentParser()
    p.add_argument('overt')
    p.add_argument('seconds', type=float)
    p.add_argument('--seed', type=int, default=int(time.time()))
    p.add_argument('--out', default=os.path.join(clamscan_diff.HERE, '..', '..', 'build', 'crashes'))
    p.add_argument('--once', action='store_true', help='only the round of this seed')
    p.add_argument('--stop', type=int, default=20, help='end after this many differences')
    o = p.parse_args()
    if shutil.which('clamscan') is None:
        print('clamscan is not installed: skipped')
        sys.exit(77)
    clamscan_diff.find_worker(o.overt)
    end, seed, rounds, bad = time.monotonic() + o.seconds, o.seed, 0, 0
    while (time.monotonic() < end or rounds == 0) and bad < o.stop:
        bad += one_round(o.overt, seed, o.out)
        seed, rounds = seed + 1, rounds + 1
        if o.once:
            break
    print('fuzz_diff: %d rounds from seed %d, %d differences' % (rounds, o.seed, bad))
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
