#!/usr/bin/env python3
"""End to end: the real program with its workers, on files made here.

  test_real.py PROGRAM WORKER [NAME...]
"""
import gzip
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

PROGRAM = WORKER = ""
# Two halves, so that no scanner takes this script for the test file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
PATTERN = b"overt-made-pattern-0001"


def encrypted_zip():
    """One stored entry with the encryption flag and its 12-byte header: all that a reader without the key can see."""
    body, name = b"0123456789ab" + b"?" * 20, b"secret.txt"
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 1, 0, 0, 0, 0, len(body), 20, len(name), 0) + name + body
    central = struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 1, 0, 0, 0, 0, len(body), 20, len(name), 0, 0, 0, 0, 0, 0)
    central += name
    return local + central + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="ov-real-")
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        os.chmod(self.dir, 0o755)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OVERT_", "XDG_"))}
        self.env.update(OVERT_WORKER=WORKER, XDG_STATE_HOME=self.path("state"), XDG_CACHE_HOME=self.path("cache"), LC_ALL="C")
        os.mkdir(self.path("state"))
        os.mkdir(self.path("cache"))
        self.put("f/eicar.com", EICAR)
        self.put("f/clean.txt", b"hello\n")
        self.put("f/empty", b"")
        self.put("f/locked.zip", encrypted_zip())
        with zipfile.ZipFile(self.path("f/inside.zip"), "w", zipfile.ZIP_DEFLATED) as z:
            z.writestr("readme.txt", "nothing")
            z.writestr("folder/eicar.com", EICAR)
        with open(self.path("f/inside.zip"), "rb") as f:
            self.put("f/cut.zip", f.read()[:60])

    def path(self, name):
        return os.path.join(self.dir, name)

    def put(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def expect(self, code, *args, stdin=b"", **kw):
        p = subprocess.run([PROGRAM, *args], cwd=self.dir, env=self.env, input=stdin, capture_output=True, timeout=120,
                           check=False, **kw)
        self.assertEqual(p.returncode, code, f"{args}: {p.stdout!r} {p.stderr!r}")
        return p

    def verdicts(self, *args, code=None, stdin=b""):
        p = subprocess.run([PROGRAM, "scan", "--format=jsonl", *args], cwd=self.dir, env=self.env, input=stdin,
                           capture_output=True, timeout=120, check=False)
        lines = [json.loads(l) for l in p.stdout.splitlines()]
        self.assertTrue(lines and "summary" in lines[-1], p.stderr)
        if code is not None:
            self.assertEqual(p.returncode, code, p.stdout)
        return {os.path.basename(l["path"]): l for l in lines[:-1]}, lines[-1]["summary"]


class Scan(Case):
    def test_verdicts(self):
        v, s = self.verdicts("f", code=1)
        want = {"eicar.com": "detected", "clean.txt": "clean", "empty": "clean", "locked.zip": "incomplete",
                "inside.zip": "detected", "cut.zip": "incomplete"}
        self.assertEqual({k: x["verdict"] for k, x in v.items()}, want)
        self.assertEqual((s["files"], s["detected"], s["incomplete"], s["errors"]), (6, 2, 2, 0))
        self.assertEqual(v["eicar.com"]["detections"][0]["layer"], [])
        self.assertEqual(v["inside.zip"]["detections"][0]["layer"], ["folder/eicar.com"])
        self.assertEqual(v["locked.zip"]["incomplete"][0]["reason"], "encrypted")
        self.assertEqual(v["locked.zip"]["incomplete"][0]["layer"], ["secret.txt"])
        self.assertEqual(v["inside.zip"]["type"], "CL_TYPE_ZIP")
        self.assertRegex(s["database"]["id"], "^[0-9a-f]{64}$")

    def test_databases_when_none_is_named(self):
        """In a mount namespace, where /var/lib is ours. Each folder's own signature tells that it was used."""
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no user namespaces here")
        self.put("f/clean.txt", b"up own foreign clam\n")
        folders = {"up": "overt/update/active", "own": "overt/databases", "foreign": "overt/sources/active", "clam": "clamav"}
        for have, want in (((), ()), (("clam",), ("clam",)), (("foreign", "clam"), ("foreign",)), (("up", "clam"), ("up",)),
                           (("up", "own", "foreign", "clam"), ("foreign", "own", "up")), (("own",), ("own",))):
            make = "".join(f" && mkdir -p /var/lib/{folders[k]} && echo 'T.{k}:0:*:{k.encode().hex()}' > /var/lib/{folders[k]}/{k}.ndb" for k in have)
            script = "mount -t tmpfs none /var/lib" + make + ' && exec "$@"'
            p = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", PROGRAM, "scan", "--format=jsonl", "--all", "f/clean.txt", "f/eicar.com"],
                               cwd=self.dir, env=self.env, capture_output=True, timeout=120, check=False)
            rows = [json.loads(x) for x in p.stdout.splitlines()]
            self.assertEqual(p.returncode, 1 if want or not have else 0, p.stderr)
            self.assertEqual(sorted(d["name"][2:] for d in rows[0].get("detections", [])), sorted(want), have)
            self.assertEqual(rows[1]["verdict"], "detected" if not have else "clean")

    def test_roots_state_hides_no_databases(self):
        """What root's first scan makes must not keep others from what root's overt update puts beside it."""
        if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("no user namespaces here")
        script = 'umask 022; mount -t tmpfs none /var/lib && "$@"; cd /var/lib && stat -c "%a %n" overt overt/*'
        p = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", PROGRAM, "scan", "-d", "built-in", "f/eicar.com"], cwd=self.dir,
                           env={k: v for k, v in self.env.items() if k != "XDG_STATE_HOME"}, capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(p.stdout.splitlines()[-3:], ["755 overt", "600 overt/last-scan", "600 overt/recent-files"], p.stdout + p.stderr)

    def test_exit_codes(self):
        for code, names in ((0, "clean.txt"), (0, "empty"), (1, "eicar.com"), (3, "locked.zip"), (3, "cut.zip"), (2, "none"),
                            (1, "eicar.com none"), (2, "locked.zip none"), (3, "clean.txt locked.zip")):
            self.expect(code, "scan", *["f/" + n for n in names.split()])

    def test_eicar_rules(self):
        self.expect(1, "scan", "-", stdin=EICAR + b" \t\r\n\x1a" * 12)
        self.expect(0, "scan", "-", stdin=EICAR.replace(b"X5O", b"X5P"))

    def test_standard_input(self):
        """A pipe and a file, and an archive that comes through a pipe."""
        self.expect(1, "scan", "-", stdin=EICAR)
        with open(self.path("f/inside.zip"), "rb") as f:
            data = f.read()
        v, _ = self.verdicts("-", code=1, stdin=data)
        self.assertEqual(v["-"]["detections"][0]["layer"], ["folder/eicar.com"])
        with open(self.path("f/inside.zip"), "rb") as f:
            p = subprocess.run([PROGRAM, "scan", "-"], env=self.env, stdin=f, capture_output=True, check=False)
        self.assertEqual(p.returncode, 1)

    def test_passwords(self):
        sample = os.path.join(os.path.dirname(__file__), "../format/samples/aes.zip")
        with open(sample, "rb") as f:
            self.put("f/aes.zip", f.read())
        self.put("own.ndb", b"Own.Body:0:*:" + b"overt-test-body".hex().encode() + b"\n")
        self.put("words", b"nothing\r\n\nsecret\nother\n")
        files, _ = self.verdicts("-d", "own.ndb", "f/aes.zip", code=3)
        self.assertEqual({i["reason"] for i in files["aes.zip"]["incomplete"]}, {"encrypted"})
        files, _ = self.verdicts("--all", "-d", "own.ndb", "--password", "secret", "f/aes.zip", code=1)
        self.assertEqual([d["layer"] for d in files["aes.zip"]["detections"]], [["a.bin"], ["c.bin"]])
        self.assertEqual(len(files["aes.zip"]["incomplete"]), 1)
        files, _ = self.verdicts("--all", "-d", "own.ndb", "--password-file", "words", "f/aes.zip", code=1)
        self.assertEqual(files["aes.zip"]["incomplete"], [])
        self.expect(0, "explain", "-d", "own.ndb", "--password=secret", "f/aes.zip")
        self.assertIn(b"none", self.expect(2, "scan", "--password-file", "none", "f").stderr)
        self.assertIn(b"too many passwords", self.expect(2, "scan", "--password", "x" * 5000, "f").stderr)

    def test_jobs(self):
        for i in range(300):
            self.put(f"many/{i:03}", EICAR if i % 50 == 7 else b"clean %d" % i)
        for jobs in ("1", "2", "7"):
            v, s = self.verdicts("-j", jobs, "many", code=1)
            self.assertEqual(sorted(k for k, x in v.items() if x["verdict"] == "detected"), ["007", "057", "107", "157", "207", "257"])
            self.assertEqual((s["files"], s["detected"]), (300, 6))

    def test_every_form(self):
        text = self.expect(1, "scan", "f").stdout.decode()
        self.assertIn("found     f/inside.zip > folder/eicar.com\n", text)
        self.assertIn("not read  f/locked.zip > secret.txt\n            encrypted", text)
        self.assertIn("why: overt explain 1", text)
        sarif = json.loads(self.expect(1, "scan", "--format=sarif", "f").stdout)
        self.assertGreaterEqual(len(sarif["runs"][0]["results"]), 4)
        page = self.expect(1, "scan", "--format=html", "f").stdout.decode()
        self.assertIn("f/inside.zip &gt; folder/eicar.com", page)
        self.assertNotIn("<script", page)

    def test_many_embedded_streams(self):
        """A program with many compressed pieces: each is found once, and what follows one is not searched again for each."""
        def program(last):
            pieces = [gzip.compress(b"piece %d " % i * 9) for i in range(60)] + [gzip.compress(last)]
            return b"\x7fELF" + b"".join(b"\xaa" * 1000 + p for p in pieces) + b"\xaa" * 1000
        self.put("f/program", program(b"the last one"))
        start = time.monotonic()
        v, _ = self.verdicts("f/program", code=0)
        self.assertEqual(v["program"]["verdict"], "clean")
        self.assertLess(time.monotonic() - start, 20)
        self.put("f/program", program(EICAR))
        v, _ = self.verdicts("f/program", code=1)
        self.assertEqual(len(v["program"]["detections"][0]["layer"]), 2)

    def test_sha256(self):
        v, _ = self.verdicts("--sha256", "f/eicar.com", code=1)
        self.assertEqual(v["eicar.com"]["sha256"], "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f")

    def test_limits(self):
        v, _ = self.verdicts("--max-filesize=10", "f/clean.txt", "f/eicar.com")
        self.assertEqual(v["clean.txt"]["verdict"], "clean")
        self.assertNotEqual(v["eicar.com"]["verdict"], "clean")
        v, _ = self.verdicts("--max-recursion=0", "--no-archives", "f/inside.zip")
        self.assertNotEqual(v["inside.zip"]["verdict"], "detected")

    def test_few_descriptors(self):
        """Files under way leave room for those to come, however few a process may have open."""
        for i in range(300):
            self.put(f"many/{i}", b"text %d\n" % i)
        p = subprocess.run([PROGRAM, "scan", "-j16", "many"], cwd=self.dir, env=self.env, capture_output=True, timeout=120, check=False,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48)))
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertIn(b"300 clean", p.stdout)

    def test_interrupt(self):
        for i in range(40):
            with open(self.put(f"big/{i}", b""), "r+b") as f:
                f.truncate(400 << 20)
        p = subprocess.Popen([PROGRAM, "scan", "-j1", "big"], cwd=self.dir, env=self.env, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
        time.sleep(1.5)
        os.killpg(p.pid, signal.SIGINT)  # as a terminal does: to the workers as well
        out, err = p.communicate(timeout=30)
        if p.returncode in (0, 3):
            self.skipTest("this machine was faster")
        self.assertEqual(p.returncode, 130, out + err)
        self.assertIn(b"Interrupted", out)
        self.assertNotIn(b"crashed", out)


class Databases(Case):
    def setUp(self):
        super().setUp()
        self.put("mine.ndb", b"Mine.Body:0:*:" + PATTERN.hex().encode() + b"\n")
        self.put("bad.ndb", b"Mine.Other:0:*:" + b"00112233445566778899aabbccdd\nthis is no signature\n")
        self.put("f/mine.bin", b"\0" * 100 + PATTERN + b"\xff" * 50)

    def test_explain(self):
        self.expect(1, "scan", "-d", "mine.ndb", "f/mine.bin")
        out = self.expect(0, "explain", "1").stdout.decode()
        self.assertIn("Mine.Body, a pattern of bytes", out)
        self.assertIn("mine.ndb, line 1", out)
        self.assertIn(PATTERN.hex(), out)
        self.assertIn("at 0x64, 23 bytes", out)
        self.assertIn("[6f 76 65 72", out)
        one = json.loads(self.expect(0, "explain", "--json", "-d", "mine.ndb", "f/mine.bin").stdout)
        m = one["matches"][0]
        context = bytes.fromhex(m["context"])
        at = m["offset"] - m["context_offset"]
        self.assertEqual(context[at:at + m["length"]], PATTERN)
        self.assertIn("Mine.Body", self.expect(0, "explain", "-d", "mine.ndb", "Mine.Body").stdout.decode())
        self.expect(2, "explain", "-d", "mine.ndb", "f/clean.txt")

    def test_offsets_of_views(self):
        """An offset in a normalised page is not one of the file, and is said to be none."""
        self.put("page.html", b"<html><I>Hello</I>  World")
        self.put("own.ndb", b"Test.Tag:3:*:3c693e68656c6c6f\nTest.Raw:0:*:576f726c64\n")
        files, _ = self.verdicts("--all", "-d", "own.ndb", "page.html")
        found = {d["name"]: d for d in files["page.html"]["detections"]}
        self.assertEqual(found["Test.Tag"]["view"], "html")
        self.assertNotIn("view", found["Test.Raw"])
        sarif = json.loads(self.expect(1, "scan", "--all", "--format", "sarif", "-d", "own.ndb", "page.html").stdout)
        regions = {r["ruleId"]: "region" in r["locations"][0]["physicalLocation"] for r in sarif["runs"][0]["results"]}
        self.assertEqual(regions, {"Test.Tag": False, "Test.Raw": True})
        self.assertIn(b"as       a normalised page", self.expect(0, "explain", "-d", "own.ndb", "page.html").stdout)

    def test_cost(self):
        self.put("dear.ldb", b"Rare;Target:0;0&1;616263646566676869;6a6b6c6d6e6f70\n"
                             b"Common;Target:0;0;7778797a77{2-4}76757473\nNever;Target:0;0;71776572747975\n")
        self.put("g/a.bin", b"wxyzw" * 200 + b"\0" * 1000)
        self.put("g/b.bin", b"wxyzw__vuts" + b"\0" * 1000 + b"abcdefghi")
        rows = [json.loads(x) for x in self.expect(0, "db", "cost", "--json", "-d", "dear.ldb", "g").stdout.splitlines()]
        self.assertEqual(rows.pop()["summary"]["files"], 2)
        cost = {r["name"]: r for r in rows}
        self.assertEqual(set(cost), {"Rare", "Common"})
        self.assertEqual((cost["Common"]["source"], cost["Common"]["line"]), ("dear.ldb", 2))
        self.assertGreaterEqual(cost["Common"]["met"], 2)
        self.assertEqual(cost["Common"]["woken"], 2)
        self.assertGreater(cost["Common"]["work"], cost["Rare"]["work"])
        self.assertAlmostEqual(sum(r["share"] for r in rows), 1, places=2)
        self.assertEqual({r["bytes"] for r in rows}, {2000 + 1020})
        again = self.expect(0, "db", "cost", "--json", "-d", "dear.ldb", "g").stdout
        self.assertEqual([json.loads(x) for x in again.splitlines()][:-1], rows)
        table = self.expect(0, "db", "cost", "-n1", "-d", "dear.ldb", "g").stdout.decode()
        self.assertIn("Common  dear.ldb:2\n", table)
        self.assertNotIn("Rare", table)
        self.put("two.ldb", b"Text;Target:7;0;6e6f726d616c\nAny;Target:0;0;6e6f726d616c\n"
                            b"Pcre;Target:0;0&1;6e6f726d616c;0/x+y/\n")
        self.put("h/t.txt", b"A Normal   text\n" * 10)
        told = [json.loads(x) for x in self.expect(0, "db", "cost", "--json", "-d", "two.ldb", "h").stdout.splitlines()]
        view = len(b"a normal text ") * 10
        self.assertEqual({r["name"]: (r["target"], r["bytes"]) for r in told[:-1]},
                         {"Text": (7, view), "Any": (0, 160 + view), "Pcre": (0, 160 + view)})
        self.assertEqual([t["name"] for t in told[-1]["summary"]["targets"]], ["any", "text"])
        work = {r["name"]: r["work"] for r in told[:-1]}
        self.assertGreater(work["Pcre"], work["Any"] + view / 2)
        self.expect(2, "db", "cost", "-d", "dear.ldb", "g/absent")
        self.expect(2, "db", "cost", "-d", "dear.ldb")

    def test_further_tables(self):
        """What is neither a rule nor a hash is counted and listed; bytecode is named as not run."""
        for name, text in (("m.cdb", "T.Meta:*:*:x\\.exe$:*:*:*:*:*:*\n"), ("p.cbc", "ClamBCafh\n"), ("w.pwdb", "P;Engine:81-255;0;secret\n"),
                           ("s.cfg", "PDF:0x0\nMAIL:0x0:1:255\n"), ("f.ftm", "0:0:5151:d:CL_TYPE_ANY:CL_TYPE_PDF\n")):
            self.put(name, text.encode())
        files = ["m.cdb", "p.cbc", "w.pwdb", "s.cfg", "f.ftm"]
        p = self.expect(0, "db", "build", "-o", "more.odb", *files)
        self.assertIn(b"p.cbc: skipped: bytecode is not run by this version", p.stderr)
        kinds = json.loads(self.expect(0, "db", "info", "--json", "more.odb").stdout)["kinds"]
        self.assertEqual({k: v for k, v in kinds.items() if v}, {"container": 1, "password": 1, "magic": 1, "switch": 1, "bytecode": 1})
        self.assertIn(b"1 program, which overt does not run", self.expect(0, "db", "info", "more.odb").stdout)
        rows = [json.loads(x) for x in self.expect(0, "db", "list", "--json", "more.odb").stdout.splitlines()]
        self.assertEqual({(r["kind"], r["name"]) for r in rows},
                         {("container", "T.Meta"), ("password", "P"), ("magic", "d"), ("switch", "MAIL"), ("bytecode", "p.cbc")})
        self.assertEqual(rows[0]["text"], "T.Meta:*:*:x\\.exe$:*:*:*:*:*:*")
        self.assertIn(b"1 skipped", self.expect(0, "db", "check", "p.cbc").stdout)

    def test_build_and_use(self):
        p = self.expect(0, "db", "build", "-o", "out.odb", "mine.ndb", "bad.ndb")
        self.assertIn(b"bad.ndb:2: refused", p.stderr)
        self.assertIn(b"2 signatures, 1 line refused", p.stdout)
        facts = json.loads(self.expect(0, "db", "info", "--json", "out.odb").stdout)
        self.assertEqual((facts["signatures"], facts["kinds"]["body"]), (2, 2))
        version = self.expect(0, "--version").stdout.decode()
        self.assertIn(f"database format {facts['format_version']}\n", version)
        names = self.expect(0, "db", "list", "out.odb").stdout.decode()
        self.assertIn("Mine.Body  body  mine.ndb:1\n", names)
        self.expect(0, "db", "check", "out.odb")
        self.expect(1, "db", "check", "bad.ndb")
        self.expect(0, "db", "diff", "out.odb", "out.odb")
        self.assertIn(b"+ Mine.Other", self.expect(1, "db", "diff", "mine.ndb", "out.odb").stdout)
        v, s = self.verdicts("-d", "out.odb", "f", code=1)
        self.assertEqual(v["mine.bin"]["detections"][0]["offset"], 100)
        self.assertEqual(s["database"]["signatures"], 2)
        self.expect(2, "db", "build", "--strict", "-o", "strict.odb", "bad.ndb")
        self.assertFalse(os.path.exists(self.path("strict.odb")))
        self.expect(2, "scan", "--strict", "-d", "bad.ndb", "f")

    def test_damaged_database(self):
        self.expect(0, "db", "build", "-o", "out.odb", "mine.ndb")
        with open(self.path("out.odb"), "rb") as f:
            data = f.read()
        for n in (0, 1, 100, len(data) // 2, len(data) - 1):
            self.put("cut.odb", data[:n])
            self.expect(2, "scan", "-d", "cut.odb", "f/clean.txt")
            self.expect(2, "db", "check", "cut.odb")
        changed = bytearray(data)
        changed[len(data) // 2] ^= 1
        self.put("changed.odb", changed)
        self.expect(2, "db", "check", "changed.odb")
        changed = bytearray(data)
        changed[104] ^= 1  # the directory: the length of the table of subs
        self.put("changed.odb", changed)
        self.expect(2, "scan", "-d", "changed.odb", "f/clean.txt")

    def test_joined(self):
        """Compiled and text together, as if all were text: the same bytes."""
        self.put("two.hdb", b"44d88612fea8a8f36de82e1278abb02f:68:Mine.Hash-1\n")
        self.put("three.ndb", b"Mine.Third:0:*:" + PATTERN.hex().encode() + b"\n")
        self.put("list.ign2", b"Mine.Hash-1\n")
        self.expect(0, "db", "build", "-o", "a.odb", "mine.ndb")
        self.expect(0, "db", "build", "-o", "b.odb", "two.hdb", "three.ndb")
        self.expect(0, "db", "build", "-o", "joined.odb", "a.odb", "b.odb")
        self.expect(0, "db", "build", "-o", "whole.odb", "mine.ndb", "two.hdb", "three.ndb")
        self.expect(0, "db", "build", "-o", "mixed.odb", "mine.ndb", "b.odb")
        with open(self.path("whole.odb"), "rb") as f:
            whole = f.read()
        for name in ("joined.odb", "mixed.odb"):
            with open(self.path(name), "rb") as f:
                self.assertEqual(f.read(), whole, name)
        v, s = self.verdicts("-d", "a.odb", "-d", "two.hdb", "f", code=1)
        self.assertEqual(s["database"]["signatures"], 2)
        names = [d["name"] for d in v["eicar.com"]["detections"]]
        self.assertEqual(names, ["Mine.Hash-1"])
        v, s = self.verdicts("-d", "b.odb", "-d", "list.ign2", "f/eicar.com", code=0)
        self.assertEqual(s["database"]["signatures"], 1)
        self.put("broken.odb", whole[:-1])
        p = self.expect(2, "scan", "-d", "broken.odb", "-d", "mine.ndb", "f")
        self.assertIn(b"broken.odb: it is cut short", p.stderr)

    def test_large_sources_are_compiled_once(self):
        """Each large source is a part of its own in the cache; a changed small one is joined to it."""
        def entries():
            return {n: os.stat(self.path("cache/overt/" + n)).st_mtime_ns for n in os.listdir(self.path("cache/overt")) if n.endswith(".odb")}
        self.put("large.hdb", b"".join(b"%032x:%d:Large.Sig-%d\n" % (i * 0x9e3779b97f4a7c15f39cc0605cedc835 % (1 << 128), i + 1, i)
                                       for i in range(25000)))
        self.expect(1, "scan", "-d", "large.hdb", "-d", "mine.ndb", "f/mine.bin")
        first = entries()
        self.assertEqual(len(first), 2)  # the part, and the joined one
        self.put("small.ndb", b"Mine.New:0:*:" + PATTERN.hex().encode() + b"\n")
        v, s = self.verdicts("-d", "large.hdb", "-d", "small.ndb", "f/mine.bin", code=1)
        self.assertEqual(s["database"]["signatures"], 25001)
        second = entries()
        self.assertEqual(len(second), 3)
        self.assertTrue(all(second[n] == first[n] for n in first))  # nothing was compiled again
        for n in second:  # damaged parts are not believed
            with open(self.path("cache/overt/" + n), "r+b") as f:
                f.truncate(1000)
        self.put("small.ndb", b"Mine.Newer:0:*:" + PATTERN.hex().encode() + b"\n")
        v, s = self.verdicts("-d", "large.hdb", "-d", "small.ndb", "f/mine.bin", code=1)
        self.assertEqual(v["mine.bin"]["detections"][0]["name"], "Mine.Newer")
        self.assertEqual(s["database"]["signatures"], 25001)

    def test_old_entries_of_the_cache_go(self):
        """What nobody used for 30 days goes when an entry is made; what is used stays; what is not ours is left alone."""
        self.expect(1, "scan", "-d", "mine.ndb", "f/mine.bin")
        folder = self.path("cache/overt/")
        used = [n for n in os.listdir(folder) if n.endswith(".odb")]
        self.assertEqual(len(used), 1)
        old, other = "0" * 64 + ".odb", "notes.odb"
        for name in used + [old, other]:
            with open(folder + name, "ab"):
                pass
            os.utime(folder + name, (1, 1))
        self.expect(1, "scan", "-d", "mine.ndb", "f/mine.bin")  # marks it as used
        self.put("another.ndb", b"Mine.Another:0:*:" + PATTERN.hex().encode() + b"\n")
        self.expect(1, "scan", "-d", "another.ndb", "f/mine.bin")
        left = os.listdir(folder)
        self.assertIn(used[0], left)
        self.assertIn(other, left)
        self.assertNotIn(old, left)

    def test_folder_and_variable(self):
        os.mkdir(self.path("dbs"))
        shutil.copy(self.path("mine.ndb"), self.path("dbs"))
        self.expect(1, "scan", "-d", "dbs", "f/mine.bin")
        self.env["OVERT_DATABASE"] = self.path("none-first.ndb")
        self.expect(2, "scan", "f/mine.bin")
        self.env["OVERT_DATABASE"] = self.path("mine.ndb")
        self.expect(1, "scan", "f/mine.bin")

    def test_refusals(self):
        self.expect(2, "scan", "-d", "none.odb", "f")
        self.expect(2, "scan", "-d", "f/clean.txt", "f")
        self.expect(2, "db", "info", "none.odb")
        self.expect(2, "db", "list", "none.odb")
        self.expect(2, "db", "build", "-o", "nowhere/out.odb", "mine.ndb")


class Clamscan(Case):
    def test_lines(self):
        out = self.expect(1, "clamscan", "-r", "f").stdout.decode()
        for line in (r"^f/eicar\.com: \S+ FOUND$", "^f/clean\\.txt: OK$", "^f/empty: Empty file$", r"^f/inside\.zip: \S+ FOUND$",
                     r"^f/locked\.zip: Not fully scanned \(encrypted: secret\.txt\) WARNING$", "^Infected files: 2$"):
            self.assertTrue(re.search(line, out, re.M), f"{line}\n{out}")
        self.assertNotIn("cut.zip: OK", out)
        self.expect(0, "clamscan", "f/clean.txt")
        self.expect(2, "clamscan", "f/locked.zip")
        out = self.expect(1, "clamscan", "--no-summary", "--alert-encrypted", "f/locked.zip").stdout
        self.assertEqual(out, b"f/locked.zip: Heuristics.Encrypted.Zip FOUND\n")

    def test_remove(self):
        self.expect(1, "clamscan", "-r", "--remove", "f")
        self.assertEqual(sorted(os.listdir(self.path("f"))), ["clean.txt", "cut.zip", "empty", "locked.zip"])

    def test_unofficial(self):
        self.put("mine.ndb", b"Mine.Body:0:*:" + PATTERN.hex().encode() + b"\n")
        self.put("f/mine.bin", PATTERN)
        out = self.expect(1, "clamscan", "--no-summary", "-d", "mine.ndb", "f/mine.bin").stdout
        self.assertEqual(out, b"f/mine.bin: Mine.Body.UNOFFICIAL FOUND\n")


class Prove(Case):
    def test_prove(self):
        proof = json.loads(self.expect(0, "prove", "--json").stdout)
        self.assertGreater(proof["tried"], 10)
        self.assertEqual(proof["tried"], proof["refused"])
        self.assertTrue(all(a["refused"] for a in proof["attempts"]))


if __name__ == "__main__":
    PROGRAM, WORKER = (os.path.abspath(a) for a in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0], *[x for w in sys.argv[3:] for x in ("-k", w)]])
