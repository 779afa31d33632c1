#!/usr/bin/env python3
"""overt whois: made libraries and programs with the clues of other engines, decoys, real ones where they are installed.

  test_whois.py PROGRAM WORKER SOURCE_ROOT [unittest arguments]
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = WORKER = ROOT = ""


def clues():
    """data/engines/engines.list: {engine: {kind: [text]}}"""
    out = {}
    with open(os.path.join(ROOT, "data/engines/engines.list"), encoding="ascii") as f:
        for line in f:
            if line.startswith(("#", "engine ")) or not line.strip():
                continue
            head, _, _ = line.rstrip("\n").rpartition(" | ")
            kind, engine, text = head.split(" | ", 2)
            out.setdefault(engine, {}).setdefault(kind, []).append(text)
    return out


def c_text(data):
    return '"' + "".join(f"\\{b:03o}" for b in data) + '"'


class Whois(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-whois-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        self.env.update(OVERT_WORKER=WORKER, LC_ALL="C")

    def put(self, name, data):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        return path

    def run_whois(self, *args, code=0):
        p = subprocess.run([PROGRAM, "whois", *args], cwd=self.dir, env=self.env, capture_output=True, timeout=120, check=False)
        self.assertEqual(p.returncode, code, p.stdout.decode() + p.stderr.decode())
        return p.stdout.decode()

    def found(self, name, code=0):
        r = json.loads(self.run_whois("--format", "json", name, code=code))
        return [(e["engine"], e["relation"], e["grade"]) for e in r["engines"]]

    def build(self, name, *options, source="", texts=()):
        """A program or library; texts go to its read-only data."""
        lines = "".join(f"const char *volatile t{i} = {c_text(t)};\n" for i, t in enumerate(texts))
        self.put("x.c", lines + source)
        subprocess.run(["cc", "-O1", "x.c", "-o", name, *options], cwd=self.dir, check=True, capture_output=True)

    def test_static_and_stripped(self):
        for engine, kinds in clues().items():
            if engine == "overt":
                continue
            with self.subTest(engine):
                texts = [t.encode() for t in kinds["string"]]
                notes = [bytes.fromhex(t) for t in kinds.get("bytes", [])] + [t.encode() + b"1.2.3/src" for t in kinds.get("version", [])]
                self.build("prog", "-static", "-s", source="int main(void) { return 0; }", texts=texts + notes)
                self.assertEqual(self.found("prog"), [(engine, "contains", "E3")])
                self.build("half", "-static", "-s", source="int main(void) { return 0; }", texts=texts)
                self.assertEqual(self.found("half"), [(engine, "may contain", "E2")])
                self.build("one", "-static", "-s", source="int main(void) { return 0; }", texts=texts[:1])
                self.assertEqual(self.found("one"), [(engine, "may contain", "E1")])

    def test_version(self):
        self.build("prog", source="int main(void) { return 0; }", texts=[b"/yara-x-1.20.0/src/re/mod.rs", b"/yara-x-77/src", b"/clamav-./x"])
        r = json.loads(self.run_whois("--format", "json", "prog"))
        self.assertEqual([(e["engine"], e.get("version")) for e in r["engines"] if e["engine"] == "yara-x"], [("yara-x", "1.20.0")])

    def test_shared_library(self):
        functions = "void cl_engine_new(void) {} void cl_engine_compile(void) {}"
        self.build("libclamav.so.12", "-shared", "-fPIC", "-Wl,-soname,libclamav.so.12", source=functions)
        self.assertEqual(self.found("libclamav.so.12"), [("libclamav", "is", "E3")])
        os.rename(os.path.join(self.dir, "libclamav.so.12"), os.path.join(self.dir, "libacme.so"))
        self.assertEqual(self.found("libacme.so"), [("libclamav", "is", "E3")])  # its own name stands inside
        os.rename(os.path.join(self.dir, "libacme.so"), os.path.join(self.dir, "libclamav.so.12"))
        main = "void cl_engine_new(void); int main(void) { cl_engine_new(); return 0; }"
        self.build("scanner", "-s", "libclamav.so.12", source=main)
        self.assertEqual(self.found("scanner"), [("libclamav", "uses", "E3")])

    def test_decoys(self):
        """What speaks of engines, and holds none."""
        words = [t for kinds in clues().values() for k, v in kinds.items() for t in v if k in ("string", "symbol", "needed")]
        self.put("a.txt", "\n".join(words))
        self.put("a.pdf", b"%PDF-1.4\n1 0 obj\n(" + "\n".join(words).encode() + b")\nendobj\n%%EOF\n")
        self.put("rules.yar", 'rule a { strings: $a = "LibClamAV debug: " $b = "hm_addhash_str: invalid hash %s" condition: any of them }')
        self.put("tool.py", "#!/usr/bin/env python3\nENGINES = " + repr(words))
        for name in ("a.txt", "a.pdf", "rules.yar", "tool.py"):
            with self.subTest(name):
                self.assertEqual({(r, g) for _, r, g in self.found(name)}, {("mentions", "E0")})
                self.assertIn("unknown", self.run_whois(name))
                self.assertIn("mentions", self.run_whois("--all", name))
        self.build("words", source="int main(void) { return 0; }", texts=[b"cl_engine_new", b"yr_initialize", b"libclamav.so.12", b"clamav"])
        self.assertEqual(self.found("words"), [])  # names in its data, not in its tables

    def test_own_source(self):
        """overt's own sources carry every word, the record's mark and the list: nothing of it is a program."""
        for part in ("src/provenance", "src/known", "src/cli", "data/engines", "docs", "tools", "tests/known"):
            with self.subTest(part):
                names = self.found(os.path.join(ROOT, part))
                self.assertEqual([n for n in names if n[1] != "mentions"], [])

    def test_own_programs(self):
        """They are overt, and the table of other engines inside the worker does not make it one of them."""
        for program in (PROGRAM, WORKER):
            self.assertEqual([f for f in self.found(program)], [("overt", "contains", "E3")])

    def test_broken(self):
        self.build("x", "-s", source="int main(void) { return 0; }", texts=[b"LibClamAV debug: "])
        with open(os.path.join(self.dir, "x"), "rb") as f:
            data = f.read()
        for n in (64, 65, 100, 4096, len(data) - 1):
            self.put("cut", data[:n])
            self.run_whois("cut", code=0)
        self.run_whois("none-such", code=2)
        self.run_whois(code=2)

    def test_text(self):
        self.build("prog", "-s", source="int main(void) { return 0; }", texts=[b"LibClamAV debug: "])
        out = self.run_whois("prog")
        self.assertIn("may contain ClamAV's engine  E1  prog", out)
        self.assertIn("string", out)
        self.build("plain", "-s", source="int main(void) { return 0; }")
        self.assertIn("unknown     no engine that overt knows", self.run_whois("plain"))

    def test_covered(self):
        self.put("root/opt/kaspersky/kesl/bin/kesl", "x")
        r = json.loads(self.run_whois("--format", "json", "root"))
        self.assertIn("kaspersky", {c["entity"] for c in r["covered"]})

    def test_installed(self):
        """The real ones of this machine, found by looking at them."""
        rows = {"/usr/bin/clamscan": ("libclamav", "uses", "E3"), "/usr/bin/yara": ("libyara", "uses", "E3")}
        for path in glob.glob("/usr/lib/*/libclamav.so.*.*.*"):
            rows[path] = ("libclamav", "is", "E3")
        for path in glob.glob("/usr/lib/*/libyara.so.*.*.*"):
            rows[path] = ("libyara", "is", "E3")
        there = {p: w for p, w in rows.items() if os.path.exists(p)}
        if not there:
            self.skipTest("neither ClamAV nor YARA is installed (tools/deps.sh test)")
        for path, want in there.items():
            with self.subTest(path):
                self.assertEqual(self.found(path), [want])


if __name__ == "__main__":
    PROGRAM, WORKER, ROOT = (os.path.abspath(a) for a in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:], verbosity=2)
