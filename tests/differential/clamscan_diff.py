#!/usr/bin/env python3
"""Holds overt against Debian's clamscan: same signatures, same files, same options, same names found.

Usage: clamscan_diff.py OVERT [--only TEXT] [--from FILE] [--verbose] [--keep DIR]

Cases come from every cases_*.py beside this file; each has cases(), which gives a list of

    dict(name='ndb a gap',                      unique, for people
         files={'a': b'...', 'folder/b': b'...'},
         db={'t.ndb': 'T.Sig:0:*:6161\\n'},      text (Latin-1) or bytes
         args=['--alert-broken'],               further options of both programs; "-z" is on unless 'first match' is among them
         differs='a gap of at most',            words of a row of docs/COMPATIBILITY.md: both must then really differ
         ours={'a': ['T.Sig']})                 with `differs`, what overt says of these files; the others must agree

files and name are needed. Names are compared without ".UNOFFICIAL". Cases with the same database and options share one run of each
program. When clamscan refuses the whole database, overt must refuse a line of it. Ends with "N passed, N failed". Exit 0, 1, or
77 without clamscan.
"""
import argparse
import glob
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
COMPATIBILITY = os.path.join(HERE, '..', '..', 'docs', 'COMPATIBILITY.md')
FIXED = ['-r', '--no-summary', '-i', '--disable-cache']
FIRST = 'first match'  # in args: without -z
GROUP_FILES = 400  # files in one run: an error is then still easy to find


def write(root, files):
    for name, data in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data.encode('latin-1') if isinstance(data, str) else data)


def names_of(output, root):
    """Names found, by case number and file."""
    found = {}
    for line in output.splitlines():
        if line.endswith(' FOUND') and line.startswith(root + '/'):
            path, name = line[len(root) + 1:-len(' FOUND')].rsplit(': ', 1)
            number, _, path = path.partition('/')
            found.setdefault(int(number), {}).setdefault(path, set()).add(name.removesuffix('.UNOFFICIAL'))
    return found


class Answer:
    """What one program said of a group of cases."""

    def __init__(self, command, root, env):
        r = subprocess.run(command + [root], capture_output=True, text=True, errors='replace', timeout=600, check=False, env=env)
        self.code, self.messages, self.found = r.returncode, r.stderr + r.stdout, names_of(r.stdout, root)
        self.said = r.stderr

    def refused(self):
        return self.code == 2 and not self.found and ('alformed' in self.messages or "Can't" in self.messages)


def run_group(overt, group, keep=None, answers=None):
    """Runs both programs over cases that share database and options. Gives one (case, problem or None) each.
    `answers` gets what each said, by "theirs" and "ours", or "error"."""
    tmp = keep or tempfile.mkdtemp(prefix='ov-diff-')
    try:
        db, root = os.path.join(tmp, 'db'), os.path.join(tmp, 'files')
        os.makedirs(db, exist_ok=True)
        write(db, group[0].get('db') or {})
        for i, case in enumerate(group):
            os.makedirs(os.path.join(root, str(i)), exist_ok=True)
            write(os.path.join(root, str(i)), case['files'])
        args = list(group[0].get('args') or [])
        options = FIXED + ['-d', db] + ([] if FIRST in args else ['-z']) + [a for a in args if a != FIRST]
        env = dict(os.environ, XDG_CACHE_HOME=os.path.join(tmp, 'cache'), LC_ALL='C.UTF-8')
        theirs = Answer(['clamscan'] + options, root, env)
        ours = Answer([overt, 'clamscan'] + options, root, env)
        if answers is not None:
            answers.update(theirs=theirs, ours=ours)
        return [(case, judge(case, i, theirs, ours)) for i, case in enumerate(group)]
    except (OSError, subprocess.SubprocessError) as e:
        if answers is not None:
            answers['error'] = str(e)
        return [(case, 'could not be run: %s' % e) for case in group]
    finally:
        if keep is None:
            shutil.rmtree(tmp, ignore_errors=True)


def shown(found):
    return ', '.join('%s: %s' % (k, ' '.join(sorted(v))) for k, v in sorted(found.items())) or 'nothing'


def judge(case, number, theirs, ours):
    a, b = theirs.found.get(number, {}), ours.found.get(number, {})
    text = 'clamscan %s\n    overt    %s' % (shown(a), shown(b))
    tail = ''.join('\n    ' + line for line in (ours.said + theirs.said).strip().splitlines()[:6])
    want = a
    if 'overt clamscan: no worker' in ours.said:
        return 'overt could not scan at all' + tail
    if 'differs' in case:
        if a == b and not theirs.refused():
            return 'is documented as a difference, but both agree: mend COMPATIBILITY.md\n    ' + text
        if 'ours' not in case:
            return None
        want = {k: set(v) for k, v in {**a, **case['ours']}.items() if v}
    elif theirs.refused():
        if b or 'refused' not in ours.said and ours.code != 2:
            return 'clamscan refuses the database, overt does not\n    ' + text + tail
        return None
    return None if b == want else text + tail


def load(only, source):
    cases, problems = [], []
    for path in sorted(glob.glob(os.path.join(HERE, 'cases_*.py'))):
        module = os.path.basename(path)[:-3]
        if source and module not in (source, 'cases_' + source):
            continue
        for case in importlib.import_module(module).cases():
            if only in case['name']:
                cases.append(dict(case, module=module))
    with open(COMPATIBILITY, encoding='utf-8') as f:
        documented = ' '.join(f.read().split())
    for case in cases:
        if 'differs' in case and case['differs'] not in documented:
            problems.append((case, 'docs/COMPATIBILITY.md does not hold the words "%s"' % case['differs']))
    return cases, problems


def groups_of(cases):
    groups = {}
    for case in cases:
        key = (tuple(sorted((case.get('db') or {}).items())), tuple(case.get('args') or ()))
        groups.setdefault(key, [[]])
        if sum(len(c['files']) for c in groups[key][-1]) > GROUP_FILES:
            groups[key].append([])
        groups[key][-1].append(case)
    return [g for parts in groups.values() for g in parts]


def find_worker(overt):
    """In a build folder the worker is not where the program looks."""
    beside = os.path.join(os.path.dirname(os.path.abspath(overt)), '..', 'sandbox', 'overt-worker')
    if 'OVERT_WORKER' not in os.environ and os.path.exists(beside):
        os.environ['OVERT_WORKER'] = beside


def main():
    p = argparse.ArgumentParser()
    p.add_argument('overt')
    p.add_argument('--only', default='', help='cases whose name holds this')
    p.add_argument('--from', dest='source', default='', help='cases of cases_FROM.py')
    p.add_argument('--verbose', action='store_true')
    p.add_argument('--keep', help='leave files and database of the first group here')
    o = p.parse_args()
    if shutil.which('clamscan') is None:
        print('clamscan is not installed: skipped')
        sys.exit(77)
    find_worker(o.overt)
    cases, problems = load(o.only, o.source)
    groups = groups_of(cases)[:1] if o.keep else groups_of(cases)
    passed = 0
    with ThreadPoolExecutor(2) as pool:
        for results in pool.map(lambda g: run_group(o.overt, g, o.keep), groups):
            for case, problem in results:
                passed += problem is None
                if problem is not None:
                    problems.append((case, problem))
                elif o.verbose:
                    print('ok   ', case['name'])
    for case, problem in problems:
        print('FAIL  %s: %s\n    %s' % (case['module'], case['name'], problem), flush=True)
    print('%d passed, %d failed' % (passed, len(problems)))
    sys.exit(1 if problems or not cases else 0)


if __name__ == '__main__':
    main()
