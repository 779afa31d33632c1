"""Credit card numbers and US social security numbers in text (--detect-structured)."""
import random

from samples import BIN, zip_of

DB = {'t.ndb': 'T.None:0:*:deadbeefcafebabe00112233\n'}


def card(r, head, n):
    """A number of n digits that begins with `head` and has a right check digit (ISO/IEC 7812-1)."""
    s = head + ''.join(r.choice('0123456789') for _ in range(n - 1 - len(head)))
    for last in '0123456789':
        digits = [int(c) for c in reversed(s + last)]
        if sum(d if i % 2 == 0 else 2 * d - 9 if d > 4 else 2 * d for i, d in enumerate(digits)) % 10 == 0:
            return s + last
    raise AssertionError


def groups(s, *sizes, by='-'):
    out = []
    for n in sizes:
        out.append(s[:n])
        s = s[n:]
    return by.join(out)


def spread(s, k, by='-'):
    return ''.join(c + (by if i < k else '') for i, c in enumerate(s))


def issuer_cases(r):
    heads = ['%04d' % p for p in list(range(1000, 2000, 90)) + [2100, 2131, 2220, 2221, 2500, 2720, 2721, 2999, 3000, 3059, 3060, 3094, 3095, 3096, 3300, 3400, 3500, 3527,
                                                              3528, 3589, 3590, 3600, 3699, 3700, 3800, 3900, 3999, 4000, 4999, 5000, 5099, 5100, 5599, 5600, 6000,
                                                              6010, 6011, 6012, 6200, 6281, 6282, 6288, 6289, 6439, 6440, 6499, 6500, 6599, 6600, 7000, 9999]]
    heads += ['622125', '622126', '622926', '622927', '623999', '624000', '626999', '627000']
    for n in range(12, 20):
        files = {'%s_%d' % (h, n): 'number is %s here\n' % card(r, h, n) for h in heads}
        for mode in '01':
            yield dict(name='cards of %d digits, mode %s' % (n, mode), db=DB, files=files,
                       args=['--detect-structured', '--structured-cc-count=1', '--structured-cc-mode=' + mode])


def form_cases(r):
    v, a, d, u = card(r, '4111', 16), card(r, '3711', 15), card(r, '3600', 14), card(r, '1000', 13)
    wrong = v[:-1] + str((int(v[-1]) + 1) % 10)
    texts = {'plain': v, 'wrong': wrong, 'groups': groups(v, 4, 4, 4, 4), 'blanks': groups(v, 4, 4, 4, 4, by=' '), 'dots': groups(v, 4, 4, 4, 4, by='.'),
             'slashes': groups(v, 4, 4, 4, 4, by='/'), 'double': groups(v, 4, 4, 4, 4, by='--'), 'odd': groups(v, 5, 5, 6), 'tabs': groups(v, 4, 4, 4, 4, by='\t'),
             'lines': v[:8] + '\n' + v[8:], 'left digit': '1' + v, 'right digit': v + '1', 'left letter': 'a' + v, 'right letter': v + 'a', 'zero': '0' + v,
             'quoted': '"' + v + '"', 'twice': v + v, 'comma': v + ',' + v, 'under': '_' + v + '_', 'amex': groups(a, 4, 6, 5), 'amex odd': groups(a, 5, 5, 5)}
    for k in range(1, 16):
        texts['spread %02d' % k] = spread(v, k)
        texts['amex %02d' % k] = spread(a, min(k, 14))
        texts['short %02d' % k] = spread(u, min(k, 12))
    for k in (1, 5, 8, 9, 20):
        texts['run %d' % k] = v[:8] + '-' * k + v[8:]
    for name, s in (('v', v), ('a', a), ('d', d), ('u', u)):
        for t in ('1', '12', '123', '1234', '12345678', '1234567890123456', 'x', '-', ',1'):
            texts['%s then %s' % (name, t)] = s + ' ' + t
            texts['%s dash %s' % (name, t)] = s + '-' + t
        for t in ('1', '12', '123', '1234567'):
            texts['%s after %s' % (name, t)] = t + ' ' + s
    files = {k: 'number is %s here\n' % t for k, t in texts.items()}
    files.update({'start': v + ' is a number\n', 'end': 'the number ' + v, 'only': v})
    yield dict(name='forms of card numbers', db=DB, files=files, args=['--detect-structured', '--structured-cc-count=1'])
    text = 'number is %s here' % v
    kinds = {'binary': BIN + v.encode() + BIN, 'utf16': text.encode('utf-16'), 'utf16le': text.encode('utf-16le'), 'html': '<html><body><p>%s</p></body></html>' % text,
             'rtf': '{\\rtf1 %s}' % text, 'mail': 'From: a@example.org\nTo: b@example.org\nSubject: number\n\n%s\n' % text,
             'subject': 'From: a@example.org\nTo: b@example.org\nSubject: %s\n\nnothing here\n' % text, 'xml': '<?xml version="1.0"?><a>%s</a>' % text,
             'script': 'function f(){var x="%s";}' % v, 'utf8': 'Zähler: ' + text + '\n', 'latin1': text.encode() + b' z\xe4hler\n', 'zip': zip_of(('m.txt', text.encode()))}
    kinds = {k: t.encode() if isinstance(t, str) else t for k, t in kinds.items()}
    yield dict(name='kinds of text', db=DB, files=kinds, args=['--detect-structured', '--structured-cc-count=1'])
    yield dict(name='structured data, not asked for', db=DB, files=kinds, args=['--structured-cc-count=1'])
    yield dict(name='structured data, heuristics off', db=DB, files=kinds, args=['--detect-structured', '--structured-cc-count=1', '--heuristic-alerts=no'])


def count_cases(r):
    n = [card(r, '4111', 16) for _ in range(6)]
    files = {'one': 'x %s\n' % n[0], 'two': 'x %s y %s\n' % (n[0], n[1]), 'three': 'x %s y %s z %s\n' % tuple(n[:3]), 'same': 'x %s y %s z %s\n' % (n[0], n[0], n[0]),
             'blanks': ' '.join(n[:3]), 'dashes': '-'.join(n[:3]), 'lines': '\n'.join(n[:3]), 'far': n[0] + ' x ' * 50000 + n[1] + ' y ' * 50000 + n[2],
             'members': zip_of(*[('m%d.txt' % i, b'x %s\n' % n[i].encode()) for i in range(3)]),
             'member': zip_of(('m.txt', b'x %s y %s z %s\n' % tuple(x.encode() for x in n[:3])))}
    for args in ([], ['--structured-cc-count=1'], ['--structured-cc-count=2'], ['--structured-cc-count=3'], ['--structured-cc-count=4']):
        yield dict(name='count of cards ' + ' '.join(args), db=DB, files=files, args=['--detect-structured'] + args)
    both = {'both': 'cards %s and people 123-45-6789 124-45-6789 125-45-6789\n' % ' '.join(n[:3]), 'cards': ' '.join(n), 'ssns': '123-45-6789 ' * 4}
    for args in ([], ['first match']):
        # Of two kinds in one file clamscan tells now the one, now the other.
        files = {k: v for k, v in both.items() if k != 'both' or not args}
        yield dict(name='cards and people ' + ' '.join(args), db=DB, files=files, args=['--detect-structured'] + args)


def ssn_cases():
    def one(a, b, c):
        return {'%03d-%02d-%04d' % (a, b, c): 'ssn %03d-%02d-%04d x\n' % (a, b, c), '%03d%02d%04d' % (a, b, c): 'ssn %03d%02d%04d x\n' % (a, b, c)}
    files = {}
    for a in list(range(0, 1000, 37)) + [1, 665, 666, 667, 771, 772, 773, 899, 900, 999]:
        files.update(one(a, 45, 6789))
    for b in (0, 1, 9, 50, 99):
        files.update(one(123, b, 6789))
    for c in (0, 1, 999, 9999):
        files.update(one(123, 45, c))
    for a, b, c in [(78, 5, 1120), (219, 9, 9999), (457, 55, 5462), (111, 11, 1111), (987, 65, 4320)]:
        files.update(one(a, b, c))
    forms = {'blanks': '123 45 6789', 'dots': '123.45.6789', 'mixed': '123-45 6789', 'left': '1123-45-6789', 'right': '123-45-67891', 'a': 'a123-45-6789', 'b': '123-45-6789a',
             'dashes': '-123-45-6789-', 'under': '_123-45-6789_', 'ten': '1123456789', 'ten2': '1234567891', 'letters': 'a123456789b', 'partial': '123-456789', 'partial2': '12345-6789',
             'long': '12-123-45-6789-1', 'dot': '123-45-6789.', 'comma': '123456789,123456789', 'double': '123--45-6789', 'slash': '/123-45-6789', 'hash': '#123456789'}
    files.update({'form ' + k: 'ssn %s x\n' % t for k, t in forms.items()})
    files.update({'start': '123-45-6789 x\n', 'end': 'x 123-45-6789', 'only': '123456789'})
    for form in '012':
        yield dict(name='social security numbers, format ' + form, db=DB, files=files,
                   args=['--detect-structured', '--structured-ssn-count=1', '--structured-ssn-format=' + form])
    many = {'two': '123-45-6789 124-45-6789', 'three': '123-45-6789 124-45-6789 125-45-6789', 'mixed': '123-45-6789 124456789 125-45-6789'}
    for args in ([], ['--structured-ssn-count=2'], ['--structured-ssn-format=2']):
        yield dict(name='count of people ' + ' '.join(args), db=DB, files=many, args=['--detect-structured'] + args)


def cases():
    r = random.Random(7)
    return list(issuer_cases(r)) + list(form_cases(r)) + list(count_cases(r)) + list(ssn_cases())
