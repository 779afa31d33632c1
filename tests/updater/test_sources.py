#!/usr/bin/env python3
"""Other people's sources end to end, with servers on loopback: test_sources.py OVERT OVERT_WORKER OVERT_UPDATE

A web server that can lie, a DNS server that can lie, containers and patches signed by keys of our own, and where they are
installed the real things: sigtool's patches, minisign, signify, freshclam beside us against the same server.
"""
import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sources_world as w  # noqa: E402
from kit import ENV, OVERT, drip, run  # noqa: E402

EVIL = [f"evil{i}".encode() for i in range(9)]
KEYS = [w.Key(1024), w.Key(2048)]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def ndb(*markers, fill=200):
    """A database that finds these markers, behind some lines that stay: a patch adds at the end."""
    lines = [f"Test.Body.{i}:0:*:{hashlib.sha256(str(i).encode()).hexdigest()}" for i in range(fill)]
    return "\n".join(lines + [f"Test.{m}:0:*:{hashlib.sha256(m.encode()).hexdigest()}" for m in markers]).encode() + b"\n"


def marker(name):
    return hashlib.sha256(name.encode()).digest()


class Case(unittest.TestCase):
    def setUp(self):
        self.temp = tempfile.mkdtemp(prefix="overt-sources-")
        self.conf, self.folder = self.path("sources.d"), self.path("state")
        os.mkdir(self.conf)
        self.server = w.Server()
        with open(self.path("own.keys"), "w", encoding="ascii") as f:
            f.write(KEYS[0].line("cvd") + KEYS[1].line("pss"))

    def tearDown(self):
        self.server.stop()
        shutil.rmtree(self.temp)

    def path(self, *name):
        return os.path.join(self.temp, *name)

    def source(self, name, kind, **keys):
        keys.setdefault("from", self.server.url)
        with open(os.path.join(self.conf, name + ".conf"), "w", encoding="utf-8") as f:
            f.write(f"kind = {kind}\n" + "".join(f"{k.replace('_', '-')} = {v}\n" for k, v in keys.items()))

    def clamav(self, **keys):
        self.source("net", "clamav", **{"databases": "daily", "version_by": "http", "keys": self.path("own.keys"), **keys})

    def go(self, *args, code=None, what="update"):
        if what in ("update", "test"):  # the system's own files are the canary's own test's
            args += ("--sample", "0", "--no-recent")
        p = run("source", what, *args, "--config", self.conf, "--folder", self.folder, "--json", code=code)
        return json.loads(p.stdout) if p.stdout.startswith(("{", "[")) else p

    def update(self, *args, outcome="took", code=None):
        r = self.go("--now", *args, code=code)
        self.assertNotIsInstance(r, subprocess.CompletedProcess, getattr(r, "stderr", ""))
        got = r["sources"][0]
        self.assertEqual(got["outcome"], outcome, w.pretty(r))
        return got

    def scan(self, content, found=True):
        with open(self.path("sample"), "wb") as f:
            f.write(content)
        p = run("scan", "--format", "jsonl", "-d", os.path.join(self.folder, "active"), self.path("sample"), code=1 if found else 0)
        return json.loads(p.stdout.splitlines()[0])["detections"]

    def active(self):
        folder = os.path.join(self.folder, "active")
        out = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as f:
                out[name] = f.read()
        return out


class Configuration(Case):
    def test_errors_name_file_line_and_what_to_do(self):
        for what, text, want in [
                ("no kind", "from = http://x\n", "a.conf:1: the kind must come first"),
                ("empty", "", "a.conf: no kind; right would be: kind ="),
                ("unknown key", "kind = url\nfron = http://x\n", 'a.conf:2: there is no key "fron"'),
                ("unknown kind", "kind = clamv\n", 'a.conf:1: that can\'t be "clamv"; right would be: clamav yara'),
                ("no =", "kind = yara\nfrom http://x\n", "a.conf:2: no = in"),
                ("twice", "kind = yara\nevery = 1h\nevery = 2h\n", "a.conf:3: it stands there twice"),
                ("time", "kind = yara\nevery = 5\n", "a.conf:2: that can't be \"5\"; right would be: a time from 10m"),
                ("too often", "kind = clamav\nfrom = http://x\nevery = 10m\n", "more than once an hour"),
                ("no from", "kind = yara\n", "no from"),
                ("no address", "kind = yara\nfrom = ftp://x\n", "http://"),
                ("nothing pinned", "kind = url\nfrom = http://x/a.ndb\n", "sha256 = ..., or key = ..."),
                ("not of this kind", "kind = yara\ndns-name = x\n", "a source of this kind has no"),
                ("control", "kind = yara\nfrom = http://x\x01\n", "a control character"),
                ("value", "kind = hashes\nseparator =\n", "nothing stands after the =")]:
            with open(os.path.join(self.conf, "a.conf"), "w", encoding="utf-8") as f:
                f.write(text)
            p = run("source", "check", "--config", self.conf, code=2)
            self.assertIn(want, p.stderr, what)
        os.rename(os.path.join(self.conf, "a.conf"), os.path.join(self.conf, "A b.conf"))
        self.assertIn("the name of its file", run("source", "check", "--config", self.conf, code=2).stderr)

    def test_add_checks_before_it_writes(self):
        args = ["--config", self.conf]
        self.assertIn("there is no key", run("source", "add", "a", "yara", "form=http://x", *args, code=2).stderr)
        self.assertEqual(os.listdir(self.conf), [])
        run("source", "add", "a", "yara", "from=http://x/y.zip", *args)
        run("source", "add", "a", "yara", "from=http://x/y.zip", *args, code=2)
        self.assertIn("1 sources", run("source", "check", *args).stdout)
        self.assertIn("there is no such source", run("source", "update", "b", *args, "--folder", self.folder, code=2).stderr)


class Lists(Case):
    CSV = "# comment\n# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"signature\"\n" + "".join(
        f'"2026-11-2{i}", "{hashlib.sha256(EVIL[i]).hexdigest()}", "{hashlib.md5(EVIL[i]).hexdigest()}", "{name}"\n'
        for i, name in enumerate(["AgentTesla", "n/a", "a b;c"]))

    def test_csv_to_detections(self):
        self.server.files["list"] = self.CSV.encode() + b"rubbish\n"
        self.source("bazaar", "hashes", **{"from": self.server.url + "/list", "hash-column": "sha256_hash", "name-column": "signature", "prefix": "Bazaar"})
        r = self.update()
        self.assertEqual((r["taken"], r["refused"]), (3, 1))
        for i, name in enumerate(["Bazaar.AgentTesla", "Bazaar.Hash", "Bazaar.a_b_c"]):
            d = self.scan(EVIL[i])[0]
            self.assertEqual((d["name"], d["source"], d["kind"]), (name, "bazaar.list.hsb", "hash"))
        self.scan(EVIL[5], found=False)
        p = run("source", "update", "--now", "--verbose", "--sample", "0", "--no-recent", "--config", self.conf, "--folder", self.path("other"))
        self.assertIn("list:6: no hash", p.stderr)

    def test_forms(self):
        z = io.BytesIO()
        with zipfile.ZipFile(z, "w") as f:
            f.writestr("full.csv", self.CSV)
        for what, data, keys, n in [
                ("plain", "\n".join(["# list", *map(sha256, EVIL[:2]), ""]).encode(), {}, 2),
                ("crlf and a mark", b"\xef\xbb\xbf" + "\r\n".join(map(sha256, EVIL[:2])).encode(), {}, 2),
                ("sha256sum", f"{sha256(EVIL[0])}  /tmp/a file\n".encode(), {}, 1),
                ("md5", f"{hashlib.md5(EVIL[0]).hexdigest()}\n".encode(), {}, 1),
                ("sha1 by number", f"x;{hashlib.sha1(EVIL[0]).hexdigest()}\n".encode(), {"hash-column": "2"}, 1),
                ("head without mark", f"name\thash\nA\t{sha256(EVIL[0])}\n".encode(), {"hash-column": "hash", "name-column": "name"}, 1),
                ("zip", z.getvalue(), {}, 3)]:
            self.server.files["l"] = data
            shutil.rmtree(self.folder, ignore_errors=True)
            self.source("l", "hashes", **{"from": self.server.url + "/l", **keys})
            self.assertEqual(self.update()["taken"], n, what)
            self.assertEqual(self.scan(EVIL[0])[0]["source"], "l.list.hsb", what)

    def test_what_is_no_list_keeps_the_old(self):
        self.server.files["l"] = sha256(EVIL[0]).encode()
        self.source("l", "hashes", **{"from": self.server.url + "/l", "conditional": "off"})
        self.update()
        for what, data in [("an error's page", b"<html>\n<body>blocked " + sha256(EVIL[1]).encode() + b"</body>\n</html>\n"),
                           ("nothing", b""), ("comments", b"# nothing today\n"),
                           ("the empty file's hash", sha256(b"").encode() + b"\n"),
                           ("a broken zip", b"PK\x03\x04" + bytes(40)), ("zeros", bytes(1000))]:
            self.server.files["l"] = data
            r = self.update(outcome="refused", code=3)
            self.assertTrue(r["why"], what)
            self.assertEqual(self.update(outcome="set-aside")["source"], "l")
        self.scan(EVIL[0])

    def test_canary_keeps_what_is_clean(self):
        self.server.files["l"] = sha256(EVIL[0]).encode()
        self.source("l", "hashes", **{"from": self.server.url + "/l", "conditional": "off"})
        self.update()
        with open(self.path("mine"), "wb") as f:
            f.write(b"a file of this system")
        self.server.files["l"] = (sha256(EVIL[0]) + "\n" + sha256(b"a file of this system") + "\n").encode()
        r = self.update("--try", self.path("mine"), outcome="refused", code=3)
        self.assertIn("it detects", r["why"])
        self.assertEqual(self.update("--try", self.path("mine"), outcome="set-aside")["taken"], 0)
        self.scan(EVIL[0])
        self.scan(b"a file of this system", found=False)

    def test_yara_sets_are_kept_and_told(self):
        rules = {"set/a.yar": b"rule a { condition: true }\n", "set/b.yara": b"rule b { condition: true }\n", "set/README.md": b"no\n",
                 "set/../../c.yar": b"rule c { condition: false }\n", "set/d.yar": b"\0", "set/empty.yar": b""}
        z, t = io.BytesIO(), io.BytesIO()
        with zipfile.ZipFile(z, "w") as f:
            for name, data in rules.items():
                f.writestr(name, data)
        with tarfile.open(fileobj=t, mode="w:gz") as f:
            for name, data in rules.items():
                m = tarfile.TarInfo(name)
                m.size = len(data)
                f.addfile(m, io.BytesIO(data))
        for data, n in [(z.getvalue(), 4), (t.getvalue(), 4), (rules["set/a.yar"], 1)]:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.server.files["y"] = data
            self.source("y", "yara", **{"from": self.server.url + "/y", "conditional": "off"})
            r = self.update("--no-canary")
            self.assertEqual(r["taken"], n)
            files = self.go(what="list")[0]["files"]
            self.assertEqual(len(files), n)
            for f in files:  # the same words hold when the build has learnt to read rules: then they are in force
                self.assertNotIn("/", f["name"])
                self.assertEqual(f["read"], f["name"] in self.active())
            self.assertEqual(r["not_compiled"], sum(not f["read"] for f in files))
        before = self.active()
        self.server.files["y"] = b"<html><body>Rate limit exceeded</body></html>\n"
        self.assertIn("no rule in it", self.update("--no-canary", outcome="refused")["why"])
        self.assertEqual(self.active(), before)
        self.scan(b"anything")  # rule a holds for every file
        self.server.files["y"] = t.getvalue()[:-40]
        self.assertTrue(self.update("--no-canary", outcome="refused")["why"])


class Pins(Case):
    DATA = ndb("Pinned")

    def check(self, **keys):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.server.files["p.ndb"] = self.DATA
        self.source("p", "url", **{"from": self.server.url + "/p.ndb", "conditional": "off", **keys})
        self.update()
        self.assertEqual(self.scan(marker("Pinned"))[0]["source"], "p.p.ndb")
        self.server.files["p.ndb"] = self.DATA + b"Evil:0:*:00112233445566\n"
        self.assertTrue(self.update(outcome="refused", code=3)["why"])
        self.assertEqual(self.active()["p.p.ndb"], self.DATA)

    def test_sha256(self):
        self.check(sha256=sha256(self.DATA))

    def keys(self):
        """A key in minisign's spelling, and its private half for openssl."""
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.path("k")], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.path("k"), "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        return base64.b64encode(b"Ed" + b"12345678" + der[-32:]).decode()

    def signed(self, data, algorithm=b"Ed"):
        with open(self.path("d"), "wb") as f:
            f.write(data)
        s = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.path("k"), "-in", self.path("d")], check=True,
                           capture_output=True).stdout
        return b"untrusted comment: x\n" + base64.b64encode(algorithm + b"12345678" + s) + b"\n"

    def test_ed25519_plain_and_hashed(self):
        key = self.keys()
        self.server.files["p.ndb.minisig"] = self.signed(self.DATA)
        self.check(key=key)
        self.server.files["p.ndb.minisig"] = self.signed(hashlib.blake2b(self.DATA).digest(), b"ED")
        self.check(key=key)
        good = self.server.files["p.ndb.minisig"]
        self.server.files["p.ndb"] = self.DATA
        for bad in (None, b"", good[:-3], good.replace(b"untrusted", b"x"), good[:40] + b"A" + good[41:], b"\0" * 200):
            shutil.rmtree(self.folder, ignore_errors=True)
            self.server.files["p.ndb.minisig"] = bad
            self.update(outcome="refused")

    @unittest.skipUnless(shutil.which("minisign"), "minisign is not installed")
    def test_minisign_itself(self):
        with open(self.path("p.ndb"), "wb") as f:
            f.write(self.DATA)
        subprocess.run(["minisign", "-G", "-W", "-p", self.path("pub"), "-s", self.path("sec")], check=True, capture_output=True)
        with open(self.path("pub"), encoding="ascii") as f:
            key = f.read().splitlines()[1]
        for more in ([], ["-l"]):
            subprocess.run(["minisign", "-S", *more, "-s", self.path("sec"), "-m", self.path("p.ndb"), "-x", self.path("sig")], check=True,
                           capture_output=True)
            with open(self.path("sig"), "rb") as f:
                self.server.files["p.ndb.minisig"] = f.read()
            self.check(key=key)

    @unittest.skipUnless(shutil.which("signify-openbsd"), "signify is not installed")
    def test_signify_itself(self):
        with open(self.path("p.ndb"), "wb") as f:
            f.write(self.DATA)
        subprocess.run(["signify-openbsd", "-G", "-n", "-p", self.path("k.pub"), "-s", self.path("k.sec")], check=True)
        subprocess.run(["signify-openbsd", "-S", "-s", self.path("k.sec"), "-m", self.path("p.ndb"), "-x", self.path("sig")], check=True)
        with open(self.path("sig"), "rb") as f:
            self.server.files["elsewhere"] = f.read()
        with open(self.path("k.pub"), encoding="ascii") as f:
            self.check(key=f.read().splitlines()[1], signature=self.server.url + "/elsewhere")

    def test_overt_note(self):
        key = run("publish", "key", "set.example", "-o", self.path("set.key")).stdout.strip()
        with open(self.path("note"), "w", encoding="ascii") as f:
            f.write(f"overt-file/v1\nsha256 {sha256(self.DATA)}\nsize {len(self.DATA)}\n")
        run("publish", "sign", self.path("note"), "--key", self.path("set.key"))
        with open(self.path("note"), "rb") as f:
            self.server.files["p.ndb.sig"] = f.read()
        self.check(key=key)

    def test_a_mirror_with_bad_bytes_is_passed_over(self):
        other = w.Server()
        other.files["p.ndb"], self.server.files["p.ndb"] = self.DATA, self.DATA[:-1]
        self.source("p", "url", **{"from": f"{self.server.url}/p.ndb {other.url}/p.ndb", "sha256": sha256(self.DATA)})
        self.update()
        self.assertEqual(self.active()["p.p.ndb"], self.DATA)
        other.stop()


class Clamav(Case):
    def publish(self, version, *markers, patch_from=None, db="daily"):
        files = [(f"{db}.ndb", ndb(*markers)), (f"{db}.hsb", f"{sha256(EVIL[version % 9])}:*:Test.Hash{version}:73\n".encode())]
        self.server.files[f"{db}.cvd"] = w.container(db, version, files, KEYS)
        if patch_from:
            text = w.script(db, patch_from, files, version, KEYS)
            self.server.files[f"{db}-{version}.cdiff"] = w.cdiff(text, version, KEYS)
        return files

    def test_whole_then_patches(self):
        self.clamav()
        one = self.publish(1, "One")
        self.assertEqual(self.update()["version"], "1")
        self.assertEqual(self.server.paths(), ["/daily.cvd", "/daily.cvd"])  # its first bytes, then all
        self.assertEqual(self.server.seen[0][1]["Range"], "bytes=0-511")
        self.assertEqual(self.scan(marker("One"))[0]["source"], "unsigned net.daily 1")
        two = self.publish(2, "One", "Two", patch_from=one)
        three = self.publish(3, "Three", patch_from=two)
        self.server.seen.clear()
        r = self.update()
        self.assertEqual((r["version"], r["patches"]), ("3", 2))
        self.assertEqual(self.server.paths(), ["/daily.cvd", "/daily-2.cdiff", "/daily-3.cdiff"])
        self.scan(marker("Three"))
        self.scan(marker("One"), found=False)
        self.scan(EVIL[3])
        self.assertEqual(self.members("net.daily.cld")["daily.ndb"], dict(three)["daily.ndb"])
        self.assertEqual(self.update(outcome="same")["version"], "3")

    def members(self, name):
        with tarfile.open(fileobj=io.BytesIO(self.active()[name][512:])) as t:
            return {m.name: t.extractfile(m).read() for m in t.getmembers()}

    @unittest.skipUnless(shutil.which("sigtool"), "sigtool is not installed")
    def test_patches_as_sigtool_applies_them(self):
        self.clamav()
        one = self.publish(1, "One", "Stays", "Gone")
        self.update()
        two = self.publish(2, "Stays", "Two", patch_from=one)
        self.update()
        folder = self.path("sigtool")
        os.mkdir(folder)
        for name, data in [*one, ("daily.info", w.info_of("daily", 1, one, KEYS, 1700000001)[1])]:
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)
        with open(os.path.join(folder, "daily-2.script"), "wb") as f:
            f.write(w.script("daily", one, two, 2, KEYS))
        subprocess.run(["sigtool", "--run-cdiff=daily-2.script"], cwd=folder, capture_output=True, check=False)
        ours = self.members("net.daily.cld")
        for name in ("daily.ndb", "daily.hsb"):
            with open(os.path.join(folder, name), "rb") as f:
                self.assertEqual(ours[name], f.read(), name)

    def test_what_is_wrong_with_a_patch_ends_in_the_whole(self):
        good = {}
        for how in ("none", "empty", "flip", "cut", "other key", "other version", "does not fit", "list unsigned"):
            self.server.files.clear()
            self.clamav()
            shutil.rmtree(self.folder, ignore_errors=True)
            one = self.publish(1, "One")
            self.update()
            two = self.publish(2, "Two", patch_from=one)
            name = "daily-2.cdiff"
            good = self.server.files[name]
            text = w.script("daily", one, two, 2, KEYS)
            self.server.files[name] = {
                "none": None, "empty": b"", "flip": good[:60] + bytes([good[60] ^ 1]) + good[61:], "cut": good[:-9],
                "other key": w.cdiff(text, 2, [KEYS[0], w.Key(2048)]), "other version": w.cdiff(text, 3, KEYS),
                "does not fit": w.cdiff(b"OPEN daily.ndb\nDEL 1 Nothing\nCLOSE\n" + text, 2, KEYS),
                "list unsigned": w.cdiff(text + b"OPEN daily.ndb\nADD Evil:0:*:001122334455\nCLOSE\n", 2, KEYS)}[how]
            r = self.update()
            self.assertEqual((r["version"], r["patches"]), ("2", 0), how)
            self.assertIn("net.daily.cud", self.active(), how)
            self.scan(marker("Two"))

    def test_containers_that_are_no_good(self):
        self.clamav(patches="no")
        self.publish(1, "One")
        self.update()
        before = self.active()
        self.publish(2, "Two")
        good = self.server.files["daily.cvd"]
        for how, data in {"flip": good[:700] + bytes([good[700] ^ 1]) + good[701:], "cut": good[:-7], "header only": good[:512],
                          "html": b"<html>blocked</html>" * 40,
                          "other key": w.container("daily", 2, [("daily.ndb", ndb("Evil"))], [w.Key(1024), KEYS[1]]),
                          "nobody's": w.container("daily", 2, [("daily.ndb", ndb("Evil"))], KEYS).replace(b":me:", b":it:")}.items():
            self.server.files["daily.cvd"] = data
            r = self.update(outcome="refused", code=3)
            self.assertTrue(r["why"], how)
            self.assertEqual(self.active(), before, how)
        self.server.files["daily.cvd"] = good
        self.update()

    def test_never_back(self):
        self.clamav(patches="no")
        self.publish(5, "Five")
        self.update()
        self.publish(4, "Four")
        self.assertIn("older", self.update(outcome="same")["why"])
        dns = w.Dns()
        self.clamav(version_by="dns", dns_server=dns.server, patches="no")
        dns.versions(daily=6)  # DNS says there is a newer one; what comes is older
        self.assertIn("older than the one in use", self.update(outcome="refused", code=3)["why"])
        self.scan(marker("Five"))
        dns.stop()

    def test_dns(self):
        dns = w.Dns()
        self.clamav(version_by="dns", dns_server=dns.server)
        one = self.publish(1, "One")
        dns.versions(daily=1)
        self.update()
        self.assertEqual(self.server.paths(), ["/daily.cvd"])
        self.server.seen.clear()
        self.update(outcome="same")
        self.assertEqual(self.server.paths(), [])  # one question, nothing else
        self.publish(2, "Two", patch_from=one)
        dns.versions(daily=2)
        self.assertEqual(self.update()["patches"], 1)
        self.assertEqual(self.server.paths(), ["/daily-2.cdiff"])
        ledger = json.loads(run("ledger", "--folder", self.folder, "--json").stdout)
        self.assertEqual(sum("dns://" in line["request"] for line in ledger), 3)
        self.assertEqual({q[2:] for q in dns.asked}, {dns.asked[0][2:]})  # but for its number each is the same
        dns.stop()

    def test_dns_that_is_no_good_is_passed_over(self):
        dns = w.Dns()
        self.clamav(version_by="dns", dns_server=dns.server)
        self.publish(1, "One")
        for how, lie in {"old": None, "other id": lambda q, a: bytes([a[0] ^ 1]) + a[1:], "cut": lambda q, a: a[:-5],
                         "loop": lambda q, a: a[:12] + b"\xc0\x0c" + a[14:], "no text": lambda q, a: a[:7] + b"\0" + a[8:40],
                         "refused": lambda q, a: a[:3] + b"\x85" + a[4:], "not letters": lambda q, a: a[:-3] + b"\1\2\3"}.items():
            if how == "other id":
                continue  # the resolver waits for the right one until its time is over
            shutil.rmtree(self.folder, ignore_errors=True)
            dns.versions(daily=9, when=time.time() - 4 * 3600 if how == "old" else None)
            dns.lie = lie
            self.server.seen.clear()
            self.update()
            self.assertEqual(self.server.seen[0][1].get("Range"), "bytes=0-511", how)
        dns.stop()

    def test_private_mirror(self):
        self.clamav(private="yes")
        files = [("daily.ndb", ndb("Private"))]
        self.server.files["daily.cld"] = w.container("daily", 3, files, KEYS, packed=False)
        self.update()
        self.assertEqual(self.server.paths(), ["/daily.cld", "/daily.cld"])
        self.scan(marker("Private"))
        del self.server.files["daily.cld"]
        self.publish(4, "Cvd")
        self.server.seen.clear()
        self.update()
        self.assertEqual(self.server.paths(), ["/daily.cld", "/daily.cvd", "/daily.cvd"])  # no patches from a private mirror
        self.server.files["daily.cld"] = w.container("daily", 5, files, None, packed=False)
        self.assertIn("nobody signed it", self.update(outcome="refused", code=3)["why"])
        self.clamav(private="yes", unsigned="yes")
        self.update()

    def certificates(self):
        """A root, and a signer below it."""
        os.mkdir(self.path("certs"))
        q = {"capture_output": True, "check": True, "cwd": self.temp}
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "certs/ca.crt", "-days", "9",
                        "-subj", "/CN=root", "-addext", "basicConstraints=critical,CA:TRUE"], **q)
        subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.csr", "-subj", "/CN=signer"], **q)
        subprocess.run(["openssl", "x509", "-req", "-in", "s.csr", "-CA", "certs/ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "9",
                        "-out", "s.crt"], **q)

    def sign(self, data, signer="s"):
        with open(self.path("data"), "wb") as f:
            f.write(data)
        der = subprocess.run(["openssl", "smime", "-sign", "-binary", "-in", "data", "-signer", f"{signer}.crt", "-inkey", f"{signer}.key",
                              "-outform", "DER", "-noattr"], capture_output=True, check=True, cwd=self.temp).stdout
        return b"# made by a test\n230::pkcs7-pem:0011:" + base64.b64encode(der) + b"\n"

    def test_detached_signatures_and_no_way_back(self):
        self.certificates()
        self.clamav(certs=self.path("certs"))
        one = self.publish(1, "One")
        self.server.files["daily-1.cvd.sign"] = self.sign(self.server.files["daily.cvd"])
        self.assertTrue(self.update()["detached_signature"])
        self.publish(2, "Two", patch_from=one)
        del self.server.files["daily-1.cvd.sign"]
        r = self.update(outcome="refused", code=3)  # once seen it must be there: for the patch, and for the whole
        self.assertIn("step back", r["why"])
        self.server.files["daily-2.cdiff.sign"] = self.sign(self.server.files["daily-2.cdiff"])
        self.assertEqual(self.update()["patches"], 1)
        self.publish(3, "Three")
        for bad in (self.sign(b"other bytes"), b"", b"230::pkcs7-pem:00:AAAA\n", b"230::pkcs7-pem:00:" + b"A" * 3000):
            self.server.files["daily-3.cvd.sign"] = bad
            self.update(outcome="refused", code=3)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "evil.key", "-out", "evil.crt", "-days", "9",
                        "-subj", "/CN=evil"], capture_output=True, check=True, cwd=self.temp)
        self.server.files["daily-3.cvd.sign"] = self.sign(self.server.files["daily.cvd"], "evil")
        self.assertIn("trusted here", self.update(outcome="refused", code=3)["why"])
        self.server.files["daily-3.cvd.sign"] = self.sign(self.server.files["daily.cvd"])
        self.update()

    def test_the_time_of_what_is_here_is_all_that_differs(self):
        self.clamav(patches="no")
        self.publish(1, "One")
        self.update()
        first = list(self.server.seen)
        self.server.seen.clear()
        shutil.rmtree(self.folder)
        self.update()
        strip = lambda seen: [(line, {k: v for k, v in h.items() if k != "Host"}) for line, h in seen]
        self.assertEqual(strip(first), strip(self.server.seen))
        for line, headers in first:
            self.assertNotIn("?", line)
            self.assertLessEqual(set(headers), {"Host", "User-Agent", "Accept", "Range"})
            self.assertEqual(headers["User-Agent"], "overt")
        self.server.seen.clear()
        self.update(outcome="same")
        self.assertEqual(self.server.seen[0][1]["If-Modified-Since"], "Tue, 14 Nov 2023 22:13:21 GMT")  # the container's own time

    @unittest.skipUnless(shutil.which("freshclam"), "freshclam is not installed")
    def test_freshclam_asks_for_the_same(self):
        """Side by side: a private mirror, as far as freshclam gets (it believes ClamAV's keys alone), and a file by its address."""
        self.publish(1, "One")
        self.server.files["mine.ndb"] = ndb("Mine")
        with open(self.path("freshclam.conf"), "w", encoding="utf-8") as f:
            f.write(f"PrivateMirror {self.server.url}\nDatabaseDirectory {self.path('fc')}\nDatabaseOwner {os.environ.get('USER', 'root') if os.geteuid() else 'root'}\nMaxAttempts 1\n"
                    f"TestDatabases no\nDatabaseCustomURL {self.server.url}/mine.ndb\n")
        os.mkdir(self.path("fc"))

        def freshclam(*args):
            self.server.seen.clear()
            p = subprocess.run(["freshclam", "--config-file=" + self.path("freshclam.conf"), "--datadir=" + self.path("fc"), "--stdout", "--log=/dev/null",
                                *args], capture_output=True, text=True, check=False, timeout=120)
            if not self.server.seen:
                self.skipTest("freshclam does not run here: " + p.stdout[-200:] + p.stderr[-200:])
            return [(line, h.get("Range")) for line, h in self.server.seen], self.server.seen[0][1]["User-Agent"]
        asked, agent = freshclam("--update-db=daily")
        self.assertIn("UUID", agent)  # what it sends beside
        self.clamav(private="yes")
        self.server.seen.clear()
        self.update()
        self.assertEqual([(line, h.get("Range")) for line, h in self.server.seen], asked[:3])
        asked, _ = freshclam("--update-db=custom")
        self.source("own", "url", **{"from": self.server.url + "/mine.ndb", "sha256": sha256(self.server.files["mine.ndb"])})
        self.server.seen.clear()
        self.update("own")
        self.assertEqual([(line, h.get("Range")) for line, h in self.server.seen], asked[:1])
        if os.path.exists(self.path("fc", "mine.ndb")):
            with open(self.path("fc", "mine.ndb"), "rb") as f:
                self.assertEqual(f.read(), self.active()["own.mine.ndb"])


class Servers(Case):
    def setUp(self):
        super().setUp()
        self.server.files["l"] = sha256(EVIL[0]).encode() + b"\n"
        self.source("l", "hashes", **{"from": self.server.url + "/l", "slow_after": "2"})

    def test_403_and_429_are_kept_strictly(self):
        for status, headers, seconds in [(403, {}, 86400), (429, {}, 4 * 3600), (429, {"Retry-After": "7200"}, 7200),
                                         (403, {"Retry-After": "60"}, 86400), (503, {"Retry-After": "600"}, 600),
                                         (429, {"Retry-After": "99999999"}, 7 * 86400)]:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.server.lie = lambda a, path, body, s=status, h=headers: (s, dict(h), b"go away")
            self.server.seen.clear()
            now = time.time()
            r = self.update(outcome="cools", code=3)
            self.assertIn(str(status), r["why"])
            self.server.lie = None
            for _ in range(3):  # also in later runs, and whatever the command line says
                r = self.update(outcome="cools", code=3)
                self.assertAlmostEqual(r["until"], now + seconds, delta=20)
            self.go("l", what="test")
            self.assertEqual(len(self.server.seen), 1, (status, headers))
        other = w.Server("127.0.0.2")
        other.files["l"] = self.server.files["l"]
        self.source("l", "hashes", **{"from": f"{self.server.url}/l {other.url}/l"})
        self.update()  # another server may be asked
        self.assertEqual(len(self.server.seen), 1)
        other.stop()

    def test_proxy(self):
        self.source("l", "hashes", **{"from": "http://somewhere.invalid/l", "proxy": self.server.url})
        self.server.files["http://somewhere.invalid/l"] = self.server.files["l"]
        there = ENV.pop("no_proxy")
        try:
            self.update()
        finally:
            ENV["no_proxy"] = there
        self.assertEqual(self.server.seen[0][0], "GET http://somewhere.invalid/l HTTP/1.1")

    def test_damaged_files_are_fetched_anew(self):
        self.update()
        for how in ("gone", "flipped"):
            folder = os.path.join(self.folder, "db")
            for name in os.listdir(folder):
                if how == "gone":
                    os.unlink(os.path.join(folder, name))
                else:
                    with open(os.path.join(folder, name), "r+b") as f:
                        f.write(b"x")
            self.update()
            self.scan(EVIL[0])

    def test_asked_only_when_due(self):
        self.update()
        self.server.seen.clear()
        self.assertEqual(self.go()["sources"][0]["outcome"], "waits")
        self.assertEqual(self.server.seen, [])

    def test_conditional(self):
        self.update()
        self.update(outcome="same")
        self.assertEqual(self.server.seen[-1][1]["If-Modified-Since"], w.Server.TIME)
        self.assertNotIn("If-None-Match", self.server.seen[-1][1])  # a tag could be a mark: only when asked for
        self.source("l", "hashes", **{"from": self.server.url + "/l", "conditional": "etag"})
        self.update(outcome="same")
        self.assertIn("If-None-Match", self.server.seen[-1][1])
        self.source("l", "hashes", **{"from": self.server.url + "/l", "conditional": "off"})
        self.update(outcome="same")
        self.assertEqual({"Host", "User-Agent", "Accept"}, set(self.server.seen[-1][1]))

    def test_redirects(self):
        other = w.Server("127.0.0.2")
        other.files["l"] = self.server.files["l"]
        self.server.lie = lambda a, path, body: (302, {"Location": other.url + "/l"}, b"")
        self.assertIn("redirects = 1", self.update(outcome="failed", code=3)["why"])
        self.assertEqual(other.seen, [])
        self.source("l", "hashes", **{"from": self.server.url + "/l", "redirects": "1"})
        self.update()
        ledger = json.loads(run("ledger", "--folder", self.folder, "--json").stdout)
        self.assertEqual(len(ledger), 3)  # each hop stands there
        other.lie = lambda a, path, body: (302, {"Location": other.url + "/l"}, b"")
        shutil.rmtree(self.folder)
        self.update(outcome="failed", code=3)
        self.server.lie = lambda a, path, body: (302, {"Location": "file:///etc/passwd"}, b"")
        self.update(outcome="failed", code=3)
        other.stop()

    def test_endless_slow_and_silent(self):
        self.update()

        def endless(a, path, body):
            a.send_response(200)
            a.end_headers()
            try:
                while True:
                    a.wfile.write(b"x" * 65536)
            except OSError:
                a.close_connection = True
            return False

        def slow(a, path, body):
            return drip(a, b"x" * 1000)

        def silent(a, path, body):
            time.sleep(4)
            a.close_connection = True
            return False
        self.source("l", "hashes", **{"from": self.server.url + "/l", "slow-after": "2", "max-size": "1M", "conditional": "off"})
        for lie in (endless, slow, silent):
            self.server.lie = lie
            begun = time.monotonic()
            self.update(outcome="failed", code=3)
            self.assertLess(time.monotonic() - begun, 30)
        self.scan(EVIL[0])

    def test_a_download_goes_on_where_it_broke_off(self):
        self.clamav(patches="no")
        os.unlink(os.path.join(self.conf, "l.conf"))
        files = [("daily.ndb", ndb("Big", fill=3000))]
        whole = w.container("daily", 1, files, KEYS)
        self.server.files["daily.cvd"] = whole
        half = len(whole) // 2

        def cut(a, path, body):
            if "Range" in a.headers:
                return body
            a.send_response(200)
            a.send_header("Content-Length", str(len(body)))
            a.send_header("Last-Modified", w.Server.TIME)
            a.end_headers()
            a.wfile.write(body[:half])
            a.close_connection = True
            return False
        self.server.lie = cut
        self.update(outcome="failed", code=3)
        self.server.lie = None
        self.server.seen.clear()
        self.update()
        headers = self.server.seen[-1][1]
        self.assertEqual((headers["Range"], headers["If-Range"]), (f"bytes={half}-", w.Server.TIME))
        self.assertEqual(self.active()["net.daily.cud"], whole)
        self.assertEqual(os.listdir(os.path.join(self.folder, "incoming")), [])
        # Another file meanwhile: the server sends all of it.
        shutil.rmtree(self.folder)
        self.server.lie = cut
        self.update(outcome="failed", code=3)
        self.server.lie = None
        self.server.modified["daily.cvd"] = "Sun, 22 Nov 2026 10:00:00 GMT"
        self.server.files["daily.cvd"] = w.container("daily", 2, files, KEYS)
        self.assertEqual(self.update()["version"], "2")

    def test_a_folder_is_a_source_too(self):
        os.mkdir(self.path("mirror"))
        for db, version in (("daily", 4), ("main", 2)):
            with open(self.path("mirror", f"{db}.cvd"), "wb") as f:
                f.write(w.container(db, version, [(f"{db}.ndb", ndb(db))], KEYS))
        os.unlink(os.path.join(self.conf, "l.conf"))
        self.clamav(**{"from": self.path("mirror"), "databases": "main daily"})
        r = self.go("--now")
        self.assertEqual([x["outcome"] for x in r["sources"]], ["took", "took"])
        self.assertEqual((r["requests"], self.server.seen), (0, []))
        self.scan(marker("main"))


class History(Case):
    def setUp(self):
        super().setUp()
        self.source("l", "hashes", **{"from": self.server.url + "/l", "conditional": "off"})
        for i in range(3):
            self.server.files["l"] = sha256(EVIL[i]).encode()
            self.update()
            if i == 1:
                self.checkpoint = run("source", "history", "--checkpoint", "--folder", self.folder).stdout
                with open(self.path("kept"), "w", encoding="utf-8") as f:
                    f.write(self.checkpoint)

    def history(self, *args, code=0):
        return run("source", "history", *args, "--folder", self.folder, code=code)

    def test_what_was_in_force_when(self):
        entries = json.loads(self.history("--json").stdout)
        self.assertEqual([e["entry"] for e in entries], [0, 1, 2])
        self.assertEqual(sorted(e["time"] for e in entries), [e["time"] for e in entries])
        for i, e in enumerate(entries):  # each names the list of its files, and that is still there
            name = e["in_force"][0].split()
            self.assertEqual(name[:3], ["source", "l", "hashes"])
            with open(os.path.join(self.folder, "lists", name[5]), "rb") as f:
                text = f.read()
            self.assertEqual(sha256(text), name[5])
            self.assertEqual(text.split()[1].decode(), sha256(f"{sha256(EVIL[i])}:*:l.Hash:73\n".encode()))
        self.assertIn("3 entries", self.history("--verify").stdout)
        self.assertIn("still there", self.history("--since", self.path("kept")).stdout)
        os.unlink(os.path.join(self.conf, "l.conf"))
        self.go()  # a source that is gone leaves what is in force, and that is noted
        self.assertEqual(json.loads(self.history("--json").stdout)[3]["in_force"], [])
        self.assertEqual(self.active(), {})

    def test_changes_show(self):
        tiles = os.path.join(self.folder, "history", "tile", "entries", "000.p", "3")
        with open(tiles, "rb") as f:
            good = f.read()
        for bad in (good.replace(b"l hashes", b"l hashez"), good[:-1], good[:len(good) // 2]):
            with open(tiles, "wb") as f:
                f.write(bad)
            self.history("--verify", code=1 if bad != good[:-1] else None)
            self.assertNotEqual(self.history("--verify", code=None).returncode, 0)
        with open(tiles, "wb") as f:
            f.write(good)
        self.history("--verify")
        # Somebody with this machine's key writes the whole anew: only the checkpoint kept elsewhere tells.
        key = {}
        for name in ("key", "key.pub"):
            with open(os.path.join(self.folder, "history", name), "rb") as f:
                key[name] = f.read()
        shutil.rmtree(self.folder)
        os.makedirs(os.path.join(self.folder, "history"))
        for name, data in key.items():
            with open(os.path.join(self.folder, "history", name), "wb") as f:
                f.write(data)
        for i in range(5, 9):
            self.server.files["l"] = sha256(EVIL[i]).encode()
            self.update()
        self.history("--verify")
        self.assertIn("rewritten", self.history("--since", self.path("kept"), code=1).stderr)

    def test_rollback(self):
        self.scan(EVIL[2])
        run("source", "rollback", "l", "--config", self.conf, "--folder", self.folder)
        self.scan(EVIL[1])
        self.scan(EVIL[2], found=False)
        self.update(outcome="set-aside")
        self.assertIn("4 entries", self.history("--verify").stdout)
        run("source", "rollback", "l", "--config", self.conf, "--folder", self.folder, code=2)
        self.server.files["l"] = sha256(EVIL[4]).encode()
        self.update()
        self.scan(EVIL[4])

    def test_killed_anywhere_and_run_again(self):
        self.server.files["l"] = sha256(EVIL[3]).encode()
        begun = time.monotonic()
        self.update()
        whole = time.monotonic() - begun
        for n in range(10):
            content = f"killed {n}".encode()
            self.server.files["l"] = sha256(content).encode()
            p = subprocess.Popen([OVERT, "source", "update", "--now", "--sample", "0", "--no-recent", "--config", self.conf, "--folder", self.folder], env=ENV,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(whole * n / 10)
            p.kill()
            p.wait()
            self.assertEqual(len(self.active()), 1)  # the old or the new, never neither
            r = self.go("--now", code=0)
            self.assertIn(r["sources"][0]["outcome"], ("took", "same"))
            self.scan(content)
            self.history("--verify")

    def test_test_changes_nothing(self):
        before = self.active()
        self.server.files["l"] = sha256(EVIL[7]).encode()
        r = self.go("l", what="test")
        self.assertEqual(r["sources"][0]["outcome"], "took")
        self.assertEqual(self.active(), before)
        self.assertIn("3 entries", self.history("--verify").stdout)


class Republishing(Case):
    def test_a_site_republishes_through_its_log(self):
        """What a source brought goes to a fleet through the site's own log, and is attributed there."""
        import test_update  # the same processes: keys, witnesses, a publisher
        self.server.files["l"] = sha256(EVIL[0]).encode()
        self.source("bazaar", "hashes", **{"from": self.server.url + "/l"})
        self.update()
        os.mkdir(self.path("world"))
        world = test_update.World(self.path("world"))
        try:
            run("publish", "add", world.path("site"), "bazaar.list.hsb", "1", os.path.join(self.folder, "active", "bazaar.list.hsb"))
            world.sign()
            world.release()
            client = self.path("client")
            run("update", "--from", world.path("site", "public"), "--folder", client, "--root", world.path("root.1"))
            with open(self.path("sample"), "wb") as f:
                f.write(EVIL[0])
            p = run("scan", "--format", "jsonl", "-d", os.path.join(client, "active"), self.path("sample"), code=1)
            self.assertEqual(json.loads(p.stdout.splitlines()[0])["detections"][0]["source"], "bazaar.list.hsb")
        finally:
            world.close()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=1)
