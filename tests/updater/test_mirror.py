#!/usr/bin/env python3
"""Mirrors end to end, with real processes on loopback: test_mirror.py OVERT OVERT_WORKER OVERT_UPDATE

Clients whose policy asks for one of two mirrors; mirrors that hold, that lack, that are full, damaged or killed.
"""
import glob
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from kit import ENV, OVERT, WITNESSES, World, database, run


def post(url, body, kind="application/octet-stream"):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": kind}), timeout=60) as r:
            return r.status, r.read(), r.headers["Content-Type"]
    except urllib.error.HTTPError as e:
        return e.code, e.read(), e.headers["Content-Type"]


def head(origin, start, end, ticket=b""):
    return struct.pack(">H", len(origin)) + origin + struct.pack(">QQH", start, end, len(ticket)) + ticket


class Mirrors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.mkdtemp(prefix="overt-mirrors-")
        cls.world = World(cls.temp, mirrors=2)
        cls.n = 0
        cls.next_release()

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.temp)

    def setUp(self):
        self.client = tempfile.mkdtemp(dir=self.temp)

    @classmethod
    def next_release(cls, code=0):
        cls.n += 1
        cls.world.add("test.ndb", str(cls.n), database(cls.n))
        cls.world.sign()
        return cls.world.release(code)

    def update(self, code=0, source=None, *more):
        args = ["update", "--from", source or self.world.path("site", "public"), "--folder", self.client, "--sample", "1M", "--json", *more]
        if not os.path.exists(os.path.join(self.client, "memory")):
            args += ["--root", self.world.path("root.1")]
        return json.loads(run(*args, code=code).stdout)

    def held(self, i):
        """(signed size, everything the newest proof names is here and right)"""
        folder, = glob.glob(self.world.path(f"mirror{i}", "public", "*"))
        with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as f:
            size = int(f.read().split("\n")[1])
        for name in os.listdir(os.path.join(folder, "a")):
            with open(os.path.join(folder, "a", name), "rb") as f:
                self.assertEqual(hashlib.sha256(f.read()).hexdigest(), name)
        return size

    def size(self):
        with open(self.world.path("site", "public", "checkpoint"), encoding="utf-8") as f:
            return int(f.read().split("\n")[1])

    def test_a_release_is_held_by_both(self):
        out = self.next_release().stdout
        self.assertEqual(out.count("vouches"), WITNESSES + 2, out)
        for i in range(2):
            self.assertEqual(self.held(i), self.size())
            status = json.loads(run("mirror", "status", "--folder", self.world.path(f"mirror{i}"), "--json").stdout)
            self.assertEqual(status[0]["signed"], self.size())
            self.assertGreaterEqual(status[0]["artifacts"], self.n)
        r = self.update()
        self.assertEqual(r["cosigners"], WITNESSES + 2)
        again = self.world.release()  # a heartbeat: the mirrors sign anew
        self.assertEqual(again.stdout.count("vouches"), WITNESSES + 2)

    def test_a_client_asks_for_one_of_two(self):
        self.world.stop("m0")
        try:
            self.assertEqual(self.next_release().returncode, 0)  # one is enough
            self.update()
            self.world.stop("m1")
            try:
                out = self.next_release(3)
                self.assertIn("no answer", out.stdout)
                good = self.update()["databases"][0]["version"]
                self.assertEqual(good, str(self.n - 1))  # the release before: nobody holds the new one
            finally:
                self.world.start_mirror(1)
            self.world.release()
            self.assertEqual(self.update()["databases"][0]["version"], str(self.n))
        finally:
            self.world.start_mirror(0)

    def test_what_is_not_public_is_not_signed(self):
        """A release whose artifact nobody can fetch: witnesses vouch for hashes, mirrors don't."""
        before = self.size()
        self.world.add("test.ndb", "hidden", database(777))
        self.world.sign()
        digest = hashlib.sha256(database(777)).hexdigest()
        hidden = self.world.path("site", "public", "a", digest)
        os.rename(hidden, hidden + ".hidden")
        p = subprocess.Popen([OVERT, "publish", "release", self.world.path("site"), "--log-key", self.world.path("log.key")], env=ENV,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while self.size() == before and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(3)
        self.assertIsNone(p.poll())  # it waits for the mirrors
        for i in range(2):
            self.assertLess(self.held(i), self.size())
        os.rename(hidden + ".hidden", hidden)
        out, err = p.communicate(timeout=120)
        self.assertEqual(p.returncode, 0, out + err)
        for i in range(2):
            self.assertEqual(self.held(i), self.size())

    def test_a_mirror_is_a_whole_repository(self):
        self.next_release()
        deadline = time.monotonic() + 20
        folder, = glob.glob(self.world.path("mirror0", "public", "*"))
        self.world.stop("m0")
        self.world.start_mirror(0)  # looks at once
        while time.monotonic() < deadline and subprocess.run(
                ["cmp", "-s", os.path.join(folder, "latest.tlog-proof"), self.world.path("site", "public", "latest.tlog-proof")],
                check=False).returncode:
            time.sleep(0.2)
        r = self.update(0, self.world.mirror_url(0))
        self.assertEqual(r["databases"][0]["outcome"], "took")

    def test_answers_of_the_protocol(self):
        base = f"http://127.0.0.1:{self.world.ports[WITNESSES]}"
        url, origin, size = base + "/add-entries", b"log.example", self.size()
        self.assertEqual(post(url, head(b"other.example", 0, 0))[0], 404)
        status, body, kind = post(url, head(origin, 0, 0))
        self.assertEqual((status, kind), (409, "text/x.tlog.mirror-info"))
        self.assertEqual(body.split(b"\n")[:2], [b"%d" % size, b"%d" % size])
        self.assertEqual(post(url, head(origin, size + 1, size + 1))[0], 409)
        self.assertEqual(post(url, head(origin, 2, 1))[0], 400)
        self.assertEqual(post(url, b"")[0], 400)
        self.assertEqual(post(url, head(origin, 0, size) + b"\x00\x01x")[0], 400)  # cut in a package
        status, body, _ = post(url, head(origin, size, size))
        self.assertEqual(status, 200)
        self.assertTrue(body.startswith("— mirror0.example ".encode()))
        lie = b"".join(struct.pack(">H", 4) + b"evil" for _ in range(size)) + b"\x00"
        self.assertEqual(post(url, head(origin, 0, size) + lie)[0], 422)
        self.assertEqual(post(base + "/add-checkpoint", b"old 1\n\nx\n", "text/plain")[0], 400)
        for path in ("/", "/../key", "/x/checkpoint", self.world.mirror_url(0)[len(base):] + "/../../private"):
            with self.assertRaises(urllib.error.HTTPError):
                urllib.request.urlopen(base + path, timeout=10)

    def test_entries_are_brought_to_a_mirror_that_fetches_nothing(self):
        """The protocol alone: no --from; then what the states name can't be had, and it signs nothing."""
        self.world.stop("m0")
        shutil.move(self.world.path("mirror0"), self.world.path("mirror0.kept"))
        source, self.world.source = self.world.source, self.world.path("nothing")
        os.makedirs(self.world.source, exist_ok=True)
        try:
            p = self.world.start_mirror(0)
            out = run("publish", "release", self.world.path("site"), "--log-key", self.world.path("log.key"), "--wait", "1").stdout
            self.assertIn("m0  does not hold all that the log names", out)
            status = json.loads(run("mirror", "status", "--folder", self.world.path("mirror0"), "--json", code=3).stdout)
            self.assertEqual((status[0]["pending"], status[0]["signed"]), (self.size(), 0))
            self.assertTrue(any("no source has an artifact" in line or "no checkpoint" in line for line in p.said), p.said)
        finally:
            self.world.source = source
            self.world.stop("m0")
            shutil.rmtree(self.world.path("mirror0"))
            shutil.move(self.world.path("mirror0.kept"), self.world.path("mirror0"))
            self.world.start_mirror(0)

    def test_full_disk_is_told_and_nothing_is_signed(self):
        self.world.stop("m0")
        before = self.held(0)
        used = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(self.world.path("mirror0")) for f in files)
        p = self.world.start_mirror(0, "--max-disk", str(used + 9000))
        try:
            out = self.next_release().stdout
            self.assertIn("m0  is full", out)
            self.assertEqual(self.held(0), before)
            self.assertTrue(any("full" in line for line in p.said), p.said)
        finally:
            self.world.stop("m0")
            self.world.start_mirror(0)
        self.assertEqual(self.world.release().stdout.count("vouches"), WITNESSES + 2)

    def test_damage_is_not_signed_over(self):
        self.world.stop("m0")
        folder, = glob.glob(self.world.path("mirror0", "public", "*"))
        tile, = glob.glob(os.path.join(folder, "tile", "0", "000.p", str(self.held(0))))
        with open(tile, "rb") as f:
            good = f.read()
        for bad in (good[:-1], bytes([good[0] ^ 1]) + good[1:]):
            with open(tile, "wb") as f:
                f.write(bad)
            p = subprocess.run([OVERT, "mirror", "--once", "--key", self.world.path("mirror0.key"), "--folder", self.world.path("mirror0"),
                                "--log", self.world.vkeys["log"], "--from", self.world.source], env=ENV, capture_output=True, text=True,
                               timeout=60, check=False)
            self.assertEqual(p.returncode, 2, p.stdout + p.stderr)
            self.assertIn("tiles", p.stderr)
        with open(tile, "wb") as f:
            f.write(good)
        newest = max(glob.glob(os.path.join(folder, "a", "*")), key=os.path.getmtime)
        os.truncate(newest, 10)  # an artifact that lost its end is fetched again
        self.world.start_mirror(0)
        self.assertEqual(self.world.release().stdout.count("vouches"), WITNESSES + 2)
        self.held(0)
        pending = self.world.path("mirror0", "private", os.path.basename(folder), "pending")
        self.world.stop("m0")
        with open(pending, "rb") as f:
            good = f.read()
        os.truncate(pending, len(good) // 2)
        p = subprocess.run([OVERT, "mirror", "--once", "--key", self.world.path("mirror0.key"), "--folder", self.world.path("mirror0"),
                            "--log", self.world.vkeys["log"], "--from", self.world.source], env=ENV, capture_output=True, text=True,
                           timeout=60, check=False)
        self.assertEqual(p.returncode, 2)
        with open(pending, "wb") as f:
            f.write(good)
        self.world.start_mirror(0)

    def test_killed_anywhere(self):
        for n in range(8):
            self.n += 1
            type(self).n = self.n
            self.world.add("test.ndb", str(self.n), database(self.n))
            self.world.sign()
            p = subprocess.Popen([OVERT, "publish", "release", self.world.path("site"), "--log-key", self.world.path("log.key")],
                                 env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.05 * n)
            for i in range(2):
                self.world.stop(f"m{i}", signal.SIGKILL)
                self.world.start_mirror(i)
            p.wait(timeout=120)
            self.assertEqual(self.world.release().stdout.count("vouches"), WITNESSES + 2)
            for i in range(2):
                self.assertEqual(self.held(i), self.size())
        self.update()

    def test_another_history_is_evidence(self):
        """The log's key signs another tree of the size that a mirror has: 422, and both notes are kept."""
        fork = World.__new__(World)
        fork.folder, fork.vkeys = self.world.path("fork"), self.world.vkeys
        os.makedirs(fork.folder)
        for name in os.listdir(self.world.folder):
            if name.endswith(".key") or name in ("root.1", "policy"):
                shutil.copy(self.world.path(name), fork.path(name))
        run("publish", "init", fork.path("site"), "--root", fork.path("root.1"))
        for i in range(self.size()):
            World.add(fork, "test.ndb", f"evil{i}", database(900 + i))
            World.sign(fork)
            out = run("publish", "release", fork.path("site"), "--log-key", fork.path("log.key"), code=3).stdout
        self.assertIn("answered 422", out)
        for kind in [f"mirror{i}/private/*" for i in range(2)] + [f"state{i}" for i in range(WITNESSES)]:
            found = glob.glob(self.world.path(kind, "fork-*.evidence"))
            self.assertEqual(len(found), 1, kind)
            with open(found[0], encoding="utf-8") as f:
                self.assertTrue(f.read().startswith("overt-fork/v1\n"))
            os.unlink(found[0])
        self.assertEqual(self.next_release().stdout.count("vouches"), WITNESSES + 2)  # the true history goes on


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=1)
