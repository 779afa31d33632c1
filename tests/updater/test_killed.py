#!/usr/bin/env python3
"""kill -9 before each system call that leaves a trace: test_killed.py OVERT OVERT_WORKER OVERT_UPDATE KILLER

Each command of a publisher is killed at every such step, and run again. Whatever step it was, the log goes on by one state, nothing
is lost or doubled, and a monitor that follows from the first entry to the last finds no rule broken.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from kit import ENV, OVERT, World, database, run

KILLER = os.path.abspath(sys.argv[4])
ENV["ASAN_OPTIONS"] = "detect_leaks=0"  # its own tracing gets in the way of ours
KILLED, NO_TRACING = 137, 77


def killed(n, *args):
    """Runs overt and kills it at step n. @return False when it had fewer steps, and so came to its end."""
    p = subprocess.run([KILLER, str(n), OVERT, *map(str, args)], env=ENV, capture_output=True, text=True, timeout=60, check=False)
    if p.returncode == NO_TRACING:
        print("skipped: this system lets nobody trace")
        os._exit(NO_TRACING)
    if p.returncode not in (KILLED, 0):
        raise AssertionError(f"step {n} of {args}: {p.returncode}\n{p.stdout}{p.stderr}")
    return p.returncode == KILLED


class Killed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.mkdtemp(prefix="overt-killed-")
        cls.world = World(cls.temp, mirrors=1, witnesses=2, need=2)
        cls.version = 0
        cls.key = cls.world.path("log.key")
        cls.site = cls.world.path("site")

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.temp)

    def draft(self):
        type(self).version += 1
        self.world.add("test.ndb", str(self.version), database(self.version))
        self.world.sign()

    def monitor(self):
        """From the first entry, with every artifact."""
        seen = tempfile.mkdtemp(dir=self.temp)
        out = run("monitor", "--from", os.path.join(self.site, "public"), "--root", self.world.path("root.1"), "--folder", seen,
                  "--artifacts").stdout
        self.assertNotIn("ALARM", out)
        return out

    def newest(self):
        client = tempfile.mkdtemp(dir=self.temp)
        r = json.loads(run("update", "--from", os.path.join(self.site, "public"), "--folder", client, "--sample", "0", "--root",
                           self.world.path("root.1"), "--json", "--now", "--no-canary").stdout)
        found, = (d["sha256"] for d in r["databases"] if d["name"] == "test.ndb")
        return found

    def size(self):
        try:
            with open(os.path.join(self.site, "public", "checkpoint"), encoding="utf-8") as f:
                return int(f.read().split("\n")[1])
        except FileNotFoundError:
            return 0

    def test_release_at_every_step(self):
        self.draft()
        self.world.release()
        n, steps = 1, 0
        while True:
            self.draft()
            before = self.size()
            if not killed(n, "publish", "release", self.site, "--log-key", self.key):
                break
            self.world.release()
            self.assertEqual(self.size(), before + 1, f"step {n}")
            self.assertEqual(self.newest(), hashlib.sha256(database(self.version)).hexdigest(), f"step {n}")
            n, steps = n + 1, steps + 1
        print(f"release was killed at {steps} steps")
        self.assertGreater(steps, 30)
        self.monitor()
        left = [f for d, _, files in os.walk(self.site) for f in files if f.startswith(".")]
        self.assertLess(len(left), steps)  # what a kill left aside is in nobody's way

    def test_draft_at_every_step(self):
        """add, sign and withdraw: killed, run again, and the release has what was asked for, once."""
        self.draft()
        self.world.release()
        for what in ("add", "sign", "withdraw"):
            n = 1
            while True:
                type(self).version += 1
                content = self.world.path("content")
                with open(content, "wb") as f:
                    f.write(database(self.version))
                add = ["publish", "add", self.site, "test.ndb", str(self.version), content]
                digest = hashlib.sha256(database(self.version)).hexdigest()
                other = ["publish", "add", self.site, "other.ndb", str(self.version), content]
                sign = ["publish", "sign", self.site, "--key", self.world.path("release0.key")]
                withdraw = ["publish", "withdraw", self.site, hashlib.sha256(b"%d" % self.version).hexdigest(), "a", "reason"]
                victim = {"add": add, "sign": sign, "withdraw": withdraw}[what]
                if what != "add":
                    run(*(other if what == "withdraw" else add))
                more = killed(n, *victim)
                run(*victim)
                if what == "withdraw":
                    run(*add)
                before = self.size()
                self.world.sign(0, 1)
                self.world.release()
                self.assertEqual(self.size(), before + 1, (what, n))
                self.assertEqual(self.newest() if what != "withdraw" else digest, digest, (what, n))
                if not more:
                    break
                n += 1
            self.assertGreater(n, 3, what)
        self.monitor()

    def test_init_and_rotate_at_every_step(self):
        self.world.root("root.2", 2, range(5), range(3))
        for n in range(1, 200):
            folder = self.world.path(f"init{n}")
            more = killed(n, "publish", "init", folder, "--root", self.world.path("root.1"))
            again = subprocess.run([OVERT, "publish", "init", folder, "--root", self.world.path("root.1")], env=ENV,
                                   capture_output=True, text=True, timeout=60, check=False)
            self.assertIn(again.returncode, (0, 2), again.stderr)
            run("publish", "add", folder, "test.ndb", "1", __file__)  # it is a publisher's folder, whole
            killed(n, "publish", "rotate", folder, "--root", self.world.path("root.2"))
            run("publish", "add", folder, "test.ndb", "2", __file__)
            if not more:
                break
        self.assertGreater(n, 3)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=1)
