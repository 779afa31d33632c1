#!/usr/bin/env python3
"""The built-in rules: each finds its sample and not what comes near, each is documented, and none finds this project.

  test_builtin.py OVERT WORKER SOURCE_ROOT
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from make_samples import sample, write
from table import SAMPLES

OVERT = WORKER = ROOT = ""
SEVERITIES = ("malware", "suspicious", "unwanted")
# Seeds of the project that a heuristic of ClamAV's finds, as they are meant to be.
MEANT = {"tests/data/documents/y_update.pdf", "fuzz/format/seeds_pdf/y_update"}


def rules():
    """Metadata of each rule as it stands in data/builtin: {name: {key: [values]}}."""
    out = {}
    folder = os.path.join(ROOT, "data", "builtin")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="ascii") as f:
            text = f.read()
        for ident, body in re.findall(r"^rule (\w+)\n\{\n\tmeta:\n(.*?)\n\t(?:strings|condition):", text, re.M | re.S):
            meta = {"identifier": [ident], "file": [name]}
            for key, value in re.findall(r'^\t\t(\w+) = "((?:[^"\\]|\\.)*)"$', body, re.M):
                meta.setdefault(key, []).append(value)
            out[ident] = meta
        if text.count("\nrule ") != sum(m["file"] == [name] for m in out.values()):
            raise ValueError(name + ": a rule that is not written as the others")
    return out


class Builtin(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="ov-builtin-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        cls.env.update(OVERT_WORKER=WORKER, XDG_STATE_HOME=cls.dir + "/state", XDG_CACHE_HOME=cls.dir + "/cache", LC_ALL="C")
        os.mkdir(cls.dir + "/state")
        os.mkdir(cls.dir + "/cache")
        cls.samples = cls.dir + "/samples"
        write(cls.samples)

    def scan(self, *args, database="built-in"):
        p = subprocess.run([OVERT, "scan", "-d", database, "--format=jsonl", *args], env=self.env, capture_output=True, timeout=600,
                           check=False)
        lines = [json.loads(l) for l in p.stdout.splitlines()]
        self.assertTrue(lines and "summary" in lines[-1], p.stderr)
        return p.returncode, lines[:-1]

    def check_samples(self, database):
        _, lines = self.scan("--all", "--report=all", self.samples, database=database)
        found = {os.path.basename(l["path"]): {d["name"]: d["severity"] for d in l["detections"] + l.get("reported", [])} for l in lines}
        self.assertEqual(len(found), 2 * len(SAMPLES))
        meta = {m["name"][0]: m for m in rules().values()}
        for name, _, _ in SAMPLES:
            with self.subTest(rule=name):
                self.assertIn(name, found[name + ".hit"], "the rule misses its sample")
                self.assertEqual(found[name + ".hit"][name], meta[name]["severity"][0])
                self.assertEqual(found[name + ".near"], {}, "found in what only comes near")

    def test_samples(self):
        self.check_samples("built-in")

    def test_samples_with_a_compiled_database(self):
        """Severity and names travel through the .odb, also when it is joined with others."""
        subprocess.run([OVERT, "db", "build", "-o", self.dir + "/a.odb", "built-in"], env=self.env, check=True, capture_output=True)
        with open(self.dir + "/mine.ndb", "w", encoding="ascii") as f:
            f.write("Mine.Test:0:*:6f766572742d6d616465\n")
        subprocess.run([OVERT, "db", "build", "-o", self.dir + "/b.odb", self.dir + "/a.odb", self.dir + "/mine.ndb"], env=self.env,
                       check=True, capture_output=True)
        self.check_samples(self.dir + "/b.odb")

    def test_each_rule_has_a_sample(self):
        names = sorted(m["name"][0] for m in rules().values())
        self.assertEqual(names, sorted(name for name, _, _ in SAMPLES))
        self.assertGreaterEqual(len(names), 80)

    def test_metadata(self):
        seen = {}
        for ident, meta in rules().items():
            with self.subTest(rule=ident):
                name = meta["name"][0]
                self.assertRegex(name, r"^Overt(\.[A-Z][A-Za-z0-9]*){2,4}$")
                self.assertEqual(ident, name.replace(".", "_"))
                self.assertIn(meta["severity"], [[s] for s in SEVERITIES])
                self.assertEqual((meta["author"], len(meta["description"]), len(meta["why"])), (["overt"], 1, 1))
                self.assertRegex(meta["date"][0], r"^\d{4}-\d\d-\d\d$")
                for url in meta["reference"]:
                    self.assertRegex(url, r"^https://[\w.-]+/\S*$")
                self.assertNotIn(name, seen)
                seen[name] = ident

    def test_only_malware_counts_unless_told(self):
        severity = {m["name"][0]: m["severity"][0] for m in rules().values()}
        for grade in ("suspicious", "unwanted"):
            name = next(n for n, _, _ in SAMPLES if severity[n] == grade)
            path = f"{self.samples}/{name}.hit"
            for code, args, where in ((0, [], None), (0, ["--report=" + grade], "reported"), (1, ["--detect=" + grade], "detections")):
                got, lines = self.scan("--all", *args, path)
                self.assertEqual(got, code, (name, args))
                for kind in ("reported", "detections"):
                    self.assertEqual(name in [d["name"] for d in lines[0].get(kind, [])], kind == where, (name, args, kind))

    def test_metadata_of_others_mean_nothing(self):
        """The same file, given as a database by a person: rules as any, under their identifiers, and all count."""
        name = next(m["name"][0] for m in rules().values() if m["severity"] == ["suspicious"] and m["file"] == ["webshell.yar"])
        code, lines = self.scan("--all", f"{self.samples}/{name}.hit", database=os.path.join(ROOT, "data/builtin/webshell.yar"))
        self.assertEqual(code, 1)
        self.assertIn(name.replace(".", "_"), [d["name"] for d in lines[0]["detections"]])
        self.assertNotIn("severity", lines[0]["detections"][0])

    def test_inside_archives(self):
        name = SAMPLES[0][0]
        packed = shutil.make_archive(self.dir + "/packed", "gztar", self.samples, name + ".hit")
        code, lines = self.scan(packed)
        self.assertEqual(code, 1)
        self.assertEqual(lines[0]["detections"][0]["name"], name)
        self.assertTrue(lines[0]["detections"][0]["layer"])

    def test_macros_in_documents(self):
        """The rules for macros look at the sources that are unpacked from a document."""
        sys.path.append(os.path.join(ROOT, "samples"))
        import documents  # noqa: E402, PLC0415
        for name, hit, _ in SAMPLES:
            if not name.startswith("Overt.Dropper.Office.Macro"):
                continue
            source = sample(hit).split(b"\n", 1)[1].replace(b"\n", b"\r\n")
            path = f"{self.dir}/{name}.doc"
            with open(path, "wb") as f:
                f.write(documents.ole2({"WordDocument": documents.word_fib(size=4200),
                                        "Macros": documents.vba_project([("Module1", source)])}))
            _, lines = self.scan("--all", "--detect=all", path)
            self.assertEqual([(d["name"], d["layer"]) for d in lines[0]["detections"]], [(name, ["Module1"])])

    def test_explained(self):
        """The last scan remembers the set by its name, from whatever folder it is asked."""
        name = SAMPLES[0][0]
        subprocess.run([OVERT, "scan", "-d", "built-in", f"{self.samples}/{name}.hit"], env=self.env, capture_output=True, check=False)
        p = subprocess.run([OVERT, "explain", "1"], env=self.env, cwd="/", capture_output=True, text=True, check=False)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertIn(name, p.stdout)
        self.assertIn("severity = ", p.stdout)

    def test_nothing_in_this_project(self):
        """A clone of the project, its programs and its database: no detection."""
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=False)
        names = [n.decode() for n in listed.stdout.split(b"\0") if n]
        if not names:  # not a clone: what is there, but for what is built
            names = [os.path.relpath(os.path.join(d, f), ROOT) for d, _, files in os.walk(ROOT) for f in files]
            names = [n for n in names if not n.startswith(("build", ".git"))]
        names = [n for n in names if os.path.isfile(os.path.join(ROOT, n))]
        self.assertGreater(len(names), 500)
        subprocess.run([OVERT, "db", "build", "-o", self.dir + "/own.odb", os.path.join(ROOT, "data/builtin/webshell.yar")], env=self.env,
                       check=True, capture_output=True)
        paths = [os.path.join(ROOT, n) for n in names if n not in MEANT] + [OVERT, WORKER, self.dir + "/own.odb"]
        with open(self.dir + "/list", "wb") as f:
            f.write(b"\0".join(p.encode() for p in paths))
        code, lines = self.scan("-0", "--files-from=" + self.dir + "/list")
        self.assertEqual([(l["path"], l["detections"]) for l in lines if l["detections"]], [])
        self.assertIn(code, (0, 3))
        self.assertEqual(len(lines), len(paths))

    def test_page(self):
        """The table in docs/BUILTIN.md is what tools/builtin-table.py makes of the rules."""
        with open(os.path.join(ROOT, "docs/BUILTIN.md"), encoding="utf-8") as f:
            page = f.read()
        made = subprocess.run([sys.executable, os.path.join(ROOT, "tools/builtin-table.py")], capture_output=True, text=True, check=True)
        self.assertIn(made.stdout, page, "run tools/builtin-table.py --write")


if __name__ == "__main__":
    OVERT, WORKER, ROOT = (os.path.abspath(a) for a in sys.argv[1:4])
    unittest.main(argv=sys.argv[:1] + sys.argv[4:])
