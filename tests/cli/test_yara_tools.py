#!/usr/bin/env python3
"""overt yara check, fmt, dump, profile; -x, -S; the names yara and yarac: with real workers.

  test_yara_tools.py OVERT WORKER
"""
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = WORKER = ""
GOOD = 'import "math"\nrule a{strings:$a="abcdef"$b="ghijkl" condition:$a or $b}rule c{condition:math.entropy(0,filesize)>9.0 and extension==""}\n'
BAD = "rule one { condition: nothing }\nrule two { strings: $a = { 4G } condition: $a }\nrule three { condition: true }\nrule four { condition: 1 + }\n"


class Tools(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-yara-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.mkdir(os.path.join(self.dir, "sub"))
        self.put("good.yar", GOOD)
        self.put("sub/bad.yara", BAD)
        self.put("sub/text.txt", "not rules")
        self.put("f", "0123abcdef abcdef")

    def put(self, name, text):
        with open(os.path.join(self.dir, name), "w", encoding="latin-1") as f:
            f.write(text)

    def get(self, name):
        with open(os.path.join(self.dir, name), encoding="latin-1") as f:
            return f.read()

    def run_as(self, argv, **more):
        env = {**os.environ, "OVERT_WORKER": WORKER, "LC_ALL": "C"}
        p = subprocess.run(argv, cwd=self.dir, env=env, capture_output=True, text=True, check=False, **more)
        return p.returncode, p.stdout, p.stderr

    def overt(self, *args, **more):
        return self.run_as([PROGRAM, *args], **more)

    def test_check_tells_all_errors_with_their_places(self):
        code, out, _ = self.overt("yara", "check", ".")
        self.assertEqual(code, 1)
        lines = out.splitlines()
        self.assertEqual([x.split(": ", 1)[0] for x in lines[:3]], ["./sub/bad.yara:1:23", "./sub/bad.yara:2:28", "./sub/bad.yara:4:28"])
        self.assertIn('rule "one": undefined identifier "nothing"', lines[0])
        self.assertEqual(lines[3], "2 files: 3 rules compiled, 3 errors.")
        self.assertEqual(self.overt("yara", "check", "-q", "good.yar"), (0, "", ""))

    def test_check_for_programs(self):
        code, out, _ = self.overt("yara", "check", "--json", "sub/bad.yara", "good.yar")
        rows = [json.loads(x) for x in out.splitlines()]
        self.assertEqual(code, 1)
        self.assertEqual([(r["file"], r["line"], r["rule"]) for r in rows[:3]],
                         [("sub/bad.yara", 1, "one"), ("sub/bad.yara", 2, "two"), ("sub/bad.yara", 4, "four")])
        self.assertEqual(rows[3], {"summary": {"files": 2, "rules": 3, "errors": 3}})
        self.assertEqual(self.overt("yara", "check", "missing.yar")[0], 2)
        self.assertEqual(self.overt("yara", "check")[0], 2)

    def test_externals_of_a_check(self):
        self.put("x.yar", "rule x { condition: mine > 5 }")
        self.assertEqual(self.overt("yara", "check", "x.yar")[0], 1)
        self.assertEqual(self.overt("yara", "check", "-d", "mine=3", "x.yar")[0], 0)

    def test_a_mapped_file_named_like_the_kernels_pages_is_read(self):
        self.put("m.yar", 'rule m { strings: $a = "a marker in memory only" condition: $a }')
        self.put("[vvar] x", "a marker " + "in memory only" + " " * 4096)
        child = subprocess.Popen([sys.executable, "-c", "import mmap\nf = open('[vvar] x', 'rb')\n"
                                  "m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\nm[0]\nprint('mapped', flush=True)\ninput()"],
                                 cwd=self.dir, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            child.stdout.readline()
            code, out, err = self.overt("yara", "m.yar", str(child.pid))
        finally:
            child.communicate(b"\n")
        self.assertEqual((code, out), (0, f"m {child.pid}\n"), err)

    def test_ranges_of_a_process_are_addresses(self):
        text = b"a marker in memory only" * 3000
        rule = (f'import "hash" import "math" rule m {{ strings: $a = "a marker in memory only" condition: hash.md5(@a, {len(text)}) == '
                f'"{hashlib.md5(text).hexdigest()}" and hash.crc32(@a + 2, 6) == {zlib.crc32(text[2:8])} and math.mean(@a, 23) > 50.0 '
                'and not (defined hash.md5(@a, 0x7fffffffff)) and not (defined math.entropy(1, 5)) and not (defined hash.sha1(-1, 5)) }')
        self.put("m.yar", rule)
        self.put("mapped", text.decode())
        child = subprocess.Popen([sys.executable, "-c", "import mmap\nf = open('mapped', 'rb')\n"
                                  "m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\nm[0]\nprint('mapped', flush=True)\ninput()"],
                                 cwd=self.dir, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            child.stdout.readline()
            code, out, err = self.overt("yara", "m.yar", str(child.pid))
        finally:
            child.communicate(b"\n")
        self.assertEqual((code, out), (0, f"m {child.pid}\n"), err)

    @unittest.skipUnless(os.path.exists("/usr/share/misc/magic.mgc"), "file(1)'s database is not there")
    def test_magic(self):
        self.put("m.yar", 'import "magic" rule gif { condition: magic.mime_type() == "image/gif" and magic.type() contains "version 89a, 1 x 1" } '
                          'rule text { condition: magic.mime_type() == "text/plain" and magic.type() startswith "ASCII text" } '
                          'rule unknown { condition: not (defined magic.type()) }')
        for name, body, rule in (("g", b"GIF89a\1\0\1\0\0\0\0;", "gif"), ("t", b"some words\n", "text")):
            with open(os.path.join(self.dir, name), "wb") as f:
                f.write(body)
            self.assertEqual(self.overt("yara", "m.yar", name), (0, f"{rule} {name}\n", ""))

    def test_fmt_in_place(self):
        os.chmod(os.path.join(self.dir, "good.yar"), 0o640)
        self.assertEqual(self.overt("yara", "fmt", "--check", "good.yar"), (1, "good.yar\n", ""))
        self.assertEqual(self.get("good.yar"), GOOD)
        self.assertEqual(self.overt("yara", "fmt", "good.yar"), (0, "", ""))
        once = self.get("good.yar")
        self.assertIn('rule a {\n    strings:\n        $a = "abcdef"\n', once)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.dir, "good.yar")).st_mode), 0o640)
        self.assertEqual(self.overt("yara", "fmt", "--check", "good.yar"), (0, "", ""))
        self.assertEqual(self.overt("yara", "fmt", "good.yar")[0], 0)
        self.assertEqual(self.get("good.yar"), once)

    def test_fmt_leaves_what_it_cannot_read(self):
        code, _, err = self.overt("yara", "fmt", ".")
        self.assertEqual(code, 2)
        self.assertIn("./sub/bad.yara:4:28: error: ", err)
        self.assertEqual(self.get("sub/bad.yara"), BAD)
        self.assertNotEqual(self.get("good.yar"), GOOD)  # the others are done
        self.assertEqual(self.get("sub/text.txt"), "not rules")

    def test_fmt_of_the_standard_input(self):
        self.assertEqual(self.overt("yara", "fmt", "-", input="rule a{condition:true}"), (0, "rule a {\n    condition:\n        true\n}\n", ""))

    def test_dump(self):
        code, out, _ = self.overt("yara", "dump", "-m", "math", "f")
        self.assertEqual((code, out), (0, "math\n\tMEAN_BYTES = 127.500000\n"))
        code, out, _ = self.overt("yara", "dump", "--format", "json", "-m", "math", "-m", "hash", "f")
        self.assertEqual(json.loads(out), {"path": "f", "modules": {"math": {"MEAN_BYTES": 127.5}, "hash": {}}})
        code, out, err = self.overt("yara", "dump", "-m", "nosuch", "f")
        self.assertEqual((code, out), (2, ""))
        self.assertIn('unknown module "nosuch"', err)
        self.assertEqual(self.overt("yara", "dump", "-m", 'x" y', "f")[0], 2)
        self.assertEqual(self.overt("yara", "dump", "missing")[0], 2)

    def test_profile(self):
        code, out, _ = self.overt("yara", "profile", "--json", "good.yar", "f")
        rows = {r.get("rule"): r for r in map(json.loads, out.splitlines())}
        self.assertEqual(code, 0)
        self.assertEqual({k: rows["a"][k] for k in ("woken", "searched", "held", "line")}, {"woken": 1, "searched": 1, "held": 1, "line": 2})
        strings = {s["string"]: s for s in rows["a"]["strings"]}
        self.assertEqual((strings["$a"]["searched"], strings["$a"]["found"]), (1, 1))
        self.assertNotIn("$b", strings)  # none of its keys was met: it is not searched
        self.assertEqual((rows["c"]["decided"], rows["c"]["held"]), (1, 0))
        self.assertEqual(rows[None]["summary"]["files"], 1)
        self.assertEqual(rows[None]["summary"]["work"], rows["a"]["work"] + rows["c"]["work"])
        code, out, _ = self.overt("yara", "profile", "good.yar", "f")
        self.assertIn("  a  good.yar:2\n", out)
        self.assertEqual(self.overt("yara", "profile", "good.yar")[0], 2)

    def test_figures_of_rules(self):
        code, out, _ = self.overt("yara", "-S", "-d", "extension=", "good.yar", "f")
        self.assertEqual(code, 0)
        self.assertIn("number of rules                    : 2\nnumber of strings                  : 2\n", out)
        self.assertTrue(out.endswith("a f\n"))

    def found(self, *sources):
        args = [x for s in sources for x in ("-d", s)]
        _, out, err = self.overt("scan", "--all", "--format", "jsonl", *args, "f")
        rows = [json.loads(x) for x in out.splitlines()]
        return sorted(d["name"] for r in rows for d in r.get("detections", [])), rows[-1]["summary"]["database"]["signatures"], err

    def test_ignored_rules_are_left_out(self):
        text = "rule Used { condition: filesize > 1 }"
        self.put("all.yar", text + "\nrule User { condition: Used }\nglobal rule Never { condition: filesize > 100 }\n"
                 'rule Alone { strings: $a = "abcdef" condition: $a }\n')
        self.put("one.ign2", "Never\n")
        self.put("two.ign2", f"Used:{hashlib.md5(text.encode()).hexdigest()}\nYARA.Alone\nUser:{'0' * 32}\n")
        self.assertEqual(self.found("all.yar")[:2], ([], 4))
        self.assertEqual(self.found("all.yar", "one.ign2")[:2], (["Alone", "Used", "User"], 3))
        self.assertEqual(self.found("all.yar", "one.ign2", "two.ign2")[:2], (["User"], 1))  # another rule still names Used
        for out, sources in (("a.odb", ["all.yar"]), ("b.odb", ["all.yar", "one.ign2"])):
            self.assertEqual(self.overt("db", "build", "-o", out, *sources)[0], 0)
        self.assertEqual(self.found("b.odb")[:2], (["Alone", "Used", "User"], 3))
        self.assertEqual(self.found("b.odb", "two.ign2")[:2], (["User"], 1))  # a joined database: the MD5 is of a text that is at hand
        self.assertEqual(self.found("a.odb", "one.ign2")[:2], (["Alone", "Used", "User"], 3))
        names = self.overt("db", "list", "b.odb")[1]
        self.assertIn("Alone", names)
        self.assertNotIn("Never", names)

    def test_the_names_yara_and_yarac(self):
        for name in ("yara", "yarac"):
            os.symlink(PROGRAM, os.path.join(self.dir, name))
        self.put("check", "rule check { condition: true }")
        self.assertEqual(self.run_as(["./yara", "check", "f"]), (0, "check f\n", ""))  # no word is a command there
        self.assertEqual(self.run_as(["./yarac", "check", "out"])[0], 0)
        self.assertEqual(self.run_as(["./yara", "-C", "out", "f"]), (0, "check f\n", ""))
        self.assertEqual(self.overt("yara", "./check", "f"), (0, "check f\n", ""))


if __name__ == "__main__":
    PROGRAM, WORKER = map(os.path.abspath, sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
