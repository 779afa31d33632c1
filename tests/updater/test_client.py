#!/usr/bin/env python3
"""A client's own side, end to end: test_client.py OVERT OVERT_WORKER OVERT_UPDATE

Bundles without any network call, evidence, status, settings, rollback, roots that expire. The publisher, its witnesses and the
web server are those of kit.py.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import unittest

from kit import ENV, Liar, OVERT, Releases, database, run


class Client(Releases):
    def path(self, name):
        return self.world.path(f"{self.count}-{name}")

    def update(self, code=0, *more, source=None, command=("update",)):
        args = [*command, *(["--from", source or self.server.url] if command == ("update",) else []), "--folder", self.client,
                "--json", *more, *([] if "--sample" in more or "--no-canary" in more else ["--no-canary"])]
        if not os.path.exists(os.path.join(self.client, "memory")) and "--root" not in more:
            args += ["--root", self.world.path("root.1")]
        return json.loads(run(*args, code=code).stdout)

    def status(self, code=0, *more):
        return json.loads(run("status", "--folder", self.client, "--json", *more, code=code).stdout)

    def bundle(self, name, *more):
        path = self.path(name)
        made = json.loads(run("bundle", "make", "--from", self.site, "-o", path, "--json", *more).stdout)
        return path, made

    def apply(self, path, code=0, *more):
        return self.update(code, *more, command=("bundle", "apply", path))

    def test_bundle_first_then_delta_then_replay(self):
        first, made = self.bundle("first.tar", "--root", self.world.path("root.1"))
        self.assertTrue(made["verified"])
        with tarfile.open(first) as t:  # any tar reads it
            names = t.getnames()
        self.assertEqual(names[0], "overt-bundle")
        self.assertEqual(names[1:], sorted(names[1:]))
        self.assertEqual(self.apply(first)["databases"][0]["outcome"], "took")
        run("bundle", "want", "--folder", self.client, "-o", self.path("want"))
        self.next_release(f"b{self.count}", 2)
        second, made = self.bundle("second.tar", "--for", self.path("want"))
        self.assertEqual((made["deltas"], made["artifacts"], made["roots"]), (1, 0, 0))
        self.assertGreater(made["tiles"], 0)
        r = self.apply(second)
        self.assertTrue(r["databases"][0]["delta"])
        self.assertEqual((r["requests"], r["sent"]), (0, 0))
        self.assertEqual(self.active(), database(2))
        r = self.apply(first, 2)  # a replayed one
        self.assertIn("older", r["reason"])
        self.assertEqual(self.active(), database(2))
        self.assertEqual(self.apply(second)["databases"][0]["outcome"], "same")

    def test_bundle_for_any_site_and_by_update(self):
        self.update()
        self.next_release(f"any{self.count}", 3)
        path, made = self.bundle("any.tar")
        self.assertGreaterEqual(made["roots"], 1)
        self.assertEqual(self.update(source=path)["databases"][0]["outcome"], "took")
        self.assertEqual(self.active(), database(3))

    def test_bundle_makes_no_network_call(self):
        """By what the kernel sees of it, and where there is no network at all."""
        path, _ = self.bundle("quiet.tar")
        args = [OVERT, "bundle", "apply", path, "--folder", self.client, "--root", self.world.path("root.1")]
        if shutil.which("strace"):
            trace = self.path("trace")
            p = subprocess.run(["strace", "-f", "-qq", "-e", "trace=socket,connect,bind,sendto,getsockname", "-o", trace, *args, "--no-canary"],
                               env={**ENV, "ASAN_OPTIONS": "detect_leaks=0"}, capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(p.returncode, 0, p.stderr)
            with open(trace, encoding="utf-8") as f:
                calls = [line for line in f if "AF_INET" in line or "AF_NETLINK" in line or "AF_INET6" in line]
            self.assertEqual(calls, [])
        if subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0:
            shutil.rmtree(self.client, ignore_errors=True)
            p = subprocess.run(["unshare", "-rn", *args], env=ENV, capture_output=True, text=True, timeout=120, check=False)
            self.assertEqual(p.returncode, 0, p.stderr)
            self.assertEqual(self.active(), self.newest())

    def newest(self):
        self.client += "-newest"
        try:
            self.update(source=self.site)
            return self.active()
        finally:
            self.client = self.client[:-len("-newest")]

    def test_bundle_too_old_or_damaged(self):
        path, _ = self.bundle("old.tar")
        faketime = shutil.which("faketime")
        with open(path, "rb") as f:
            good = f.read()
        at = good.index(b"index ")
        for what, bad in (("cut", good[:-512]), ("more", good + b"\0"), ("flipped", good[:at + 300] + b"\x01" + good[at + 301:]),
                          ("no tar", b"hello\n")):
            with open(self.path("bad.tar"), "wb") as f:
                f.write(bad)
            p = subprocess.run([OVERT, "bundle", "apply", self.path("bad.tar"), "--folder", self.client, "--root",
                                self.world.path("root.1")], env=ENV, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(p.returncode, 2, (what, p.stdout, p.stderr))
        if faketime:
            p = subprocess.run([faketime, "+15 days", OVERT, "bundle", "apply", path, "--folder", self.client, "--root",
                                self.world.path("root.1")], env=ENV, capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(p.returncode, 2)

    def test_status_grows_louder(self):
        self.assertFalse(self.status(3)["updated"])
        self.update()
        s = self.status()
        self.assertEqual((s["alarm"], s["failed"]), ("none", 0))
        for part in ("verifies", "fetches"):  # tried from inside of each fence
            fence = s["updater"][part]
            self.assertGreaterEqual(fence["tried"], 7)
            if "not available" not in fence["landlock"]:
                self.assertEqual(fence["refused"], fence["tried"], fence)
        self.assertEqual(s["requests"], json.loads(run("ledger", "--folder", self.client, "--json").stdout).__len__())
        self.server.lie = lambda a, path, body: None
        for n in (1, 2):
            self.assertIn("latest.tlog-proof", self.update(2)["reason"])
            s = self.status()
            self.assertEqual((s["alarm"], s["failed"]), ("note", n))
        self.age(7 * 3600)
        self.assertEqual(self.status(3)["alarm"], "late")
        self.age(24 * 3600)
        self.assertEqual(self.status(1)["alarm"], "loud")
        self.assertIn("may be withheld", run("status", "--folder", self.client, code=1).stdout)
        self.age(8 * 86400)
        self.assertEqual(self.status(1)["alarm"], "loudest")
        run("scan", "-d", os.path.join(self.client, "active"), self.world.path("policy"))  # and scanning goes on

    def age(self, seconds):
        """Lets the memory think that witnesses vouched so much earlier."""
        path = os.path.join(self.client, "memory")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        lines = [f"floor {int(line.split()[1]) - seconds}" if line.startswith("floor ") else line for line in text.splitlines()]
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def test_status_checkpoint_is_the_note(self):
        self.update()
        with open(os.path.join(self.site, "checkpoint"), encoding="utf-8") as f:
            ours = f.read().split("\n\n")[0]
        self.assertEqual(run("status", "--folder", self.client, "--checkpoint").stdout.split("\n\n")[0], ours)

    def test_withheld_by_one_mirror_only(self):
        """A mirror that offers an old proof does not keep the next from being heard."""
        old = self.path("old")
        shutil.copytree(self.site, old)
        self.next_release(f"h{self.count}", 5)
        self.update(0, "--now")
        self.next_release(f"i{self.count}", 6)
        stale = Liar(old)
        r = self.update(0, "--from", self.server.url, source=stale.url)  # refused there, heard here
        stale.shutdown()
        stale.server_close()
        self.assertEqual(r["databases"][0]["outcome"], "took")
        self.assertEqual(self.active(), database(6))

    def test_rollback_to_and_back(self):
        for n in (11, 12, 13, 14):
            self.next_release(f"k{self.count}-{n}", n)
            self.update()
        self.assertEqual(len([f for f in os.listdir(os.path.join(self.client, "db")) if "." not in f]), 3)  # the last three
        sha = lambda n: hashlib.sha256(database(n)).hexdigest()
        rollback = lambda *more, code=0: run("update", "rollback", "test.ndb", "--folder", self.client, *more, code=code)
        rollback("--to", sha(11)[:12], code=2)  # not kept any more
        rollback("--to", sha(12)[:7], code=2)   # too short to be sure
        rollback("--to", sha(12)[:12])
        self.assertEqual(self.active(), database(12))
        self.assertEqual(self.update()["databases"][0]["outcome"], "set-aside")
        self.assertTrue(json.loads(run("verify", "--folder", self.client, "--json").stdout)["files"][0]["proved"])
        rollback("--to", sha(14))
        self.assertEqual(self.update()["databases"][0]["outcome"], "same")
        self.assertEqual(self.active(), database(14))

    def test_settings_in_a_file(self):
        conf = self.path("update.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"# a site\nfrom {self.server.url}\nfolder {self.client}\nroot {self.world.path('root.1')}\njson\ncohort late\n\ntest.ndb\n")
        r = json.loads(run("update", "--config", conf).stdout)
        self.assertEqual(r["databases"][0]["outcome"], "took")
        r = json.loads(run("update", "--config", conf, "--from", self.site).stdout)  # the command line's sources instead
        self.assertEqual(r["requests"], 0)
        with open(conf, "a", encoding="utf-8") as f:
            f.write("sideways yes\n")
        self.assertIn(conf, run("update", "--config", conf, code=2).stderr)

    def test_cohort_is_pinned(self):
        self.update()
        self.next_release(f"c{self.count}", 21, "--rollout", "500,1000@9h")
        self.assertEqual(self.update(0, "--cohort", "late")["databases"][0]["outcome"], "waits")
        self.assertEqual(self.update(0, "--cohort", "500")["databases"][0]["outcome"], "waits")
        self.assertEqual(self.update(0, "--cohort", "early")["databases"][0]["outcome"], "took")
        run("update", "--from", self.server.url, "--folder", self.client, "--cohort", "middle", code=2)

    def test_verify_says_since_when_and_who(self):
        self.update()
        v = json.loads(run("verify", "--folder", self.client, "--json").stdout)
        self.assertGreaterEqual(len(v["signers"]), 5)
        f = v["files"][0]
        self.assertTrue(f["proved"] and f["newest"])
        self.assertLess(abs(f["taken"] - time.time()), 60)
        leaf = f["leaf"]
        self.next_release(f"v{self.count}", 31, "--rollout", "1,1000@9h")
        self.update(0, "--cohort", "late")  # the newest leaf names another: ours is proved by the leaf it came with
        f = json.loads(run("verify", "--folder", self.client, "--json").stdout)["files"][0]
        self.assertTrue(f["proved"])
        self.assertFalse(f["newest"])
        self.assertEqual(f["leaf"], leaf)

    @unittest.skipUnless(os.path.isdir("/var/lib/dpkg/info"), "no dpkg here")
    def test_detection_in_system_files_is_refused(self):
        """A signature of words that stand in nearly each package's copyright file."""
        self.next_release(f"r{self.count}", 60)
        self.update()
        good = self.active()
        self.world.add("test.ndb", f"s{self.count}", database(61) + b"Test.Words:0:*:" + b"/usr/share/common-licenses/".hex().encode() + b"\n")
        self.world.sign()
        self.world.release()
        r = self.update(3, "--sample", "60M")
        self.assertEqual(r["databases"][0]["outcome"], "refused")
        self.assertRegex(r["databases"][0]["why"], "^it detects Test.Words.* in /usr/")
        self.assertEqual(self.active(), good)
        self.next_release(f"t{self.count}", 62)
        self.assertEqual(self.update()["databases"][0]["outcome"], "took")

    @unittest.skipUnless(os.path.isdir("/var/lib/dpkg/info"), "no dpkg here")
    def test_after_the_switch_a_system_file_is_found(self):
        """A database that got past its trial is held against the one before when a scan finds what a package vouches for."""
        self.next_release(f"g{self.count}", 63)
        self.update()
        words = b"Test.Words:0:*:" + b"/usr/share/common-licenses/".hex().encode() + b"\n"
        self.world.add("test.ndb", f"w{self.count}", database(64) + words)
        self.world.sign()
        self.world.release()
        self.assertEqual(self.update(0, "--no-canary")["databases"][0]["outcome"], "took")
        target = self.copyright()
        copy = self.path("copy")
        shutil.copy(target, copy)
        run("scan", "-d", os.path.join(self.client, "active"), copy, code=1)  # a user's file says nothing against it
        self.assertEqual(self.active(), database(64) + words)
        p = run("scan", "-d", os.path.join(self.client, "active"), target, code=1)
        self.assertIn("set aside", p.stderr)
        self.assertEqual(self.active(), database(63))
        self.assertEqual(self.update()["databases"][0]["outcome"], "set-aside")
        self.next_release(f"x{self.count}", 65)
        self.update()

    @staticmethod
    def copyright():
        for d in sorted(os.listdir("/usr/share/doc")):
            path = f"/usr/share/doc/{d}/copyright"
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as f:
                    if b"/usr/share/common-licenses/" in f.read():
                        return path
        raise unittest.SkipTest("no such file here")

    def test_after_the_switch_it_does_not_start(self):
        self.next_release(f"y{self.count}", 66)
        self.update()
        self.next_release(f"z{self.count}", 67)
        self.update()
        os.unlink(os.path.join(self.client, "db", hashlib.sha256(database(67)).hexdigest()))
        for _ in range(3):
            self.assertFalse(os.path.exists(os.path.join(self.client, "active", "test.ndb")))
            run("scan", "-d", os.path.join(self.client, "active", "test.ndb"), self.world.path("policy"), code=2)
        self.assertEqual(self.active(), database(66))
        run("scan", "-d", os.path.join(self.client, "active"), self.world.path("policy"))

    def test_scans_leave_a_private_list(self):
        listed = os.path.join(ENV["XDG_STATE_HOME"], "overt", "recent-files")
        run("scan", self.world.path("policy"))
        self.assertEqual(os.stat(listed).st_mode & 0o777, 0o600)
        with open(listed, "rb") as f:
            before = f.read()
        self.assertTrue(before.startswith(b"overt-recent-files/v1\n" + self.world.path("policy").encode() + b"\0"))
        run("scan", "--no-recent", self.world.path("root.1"))
        with open(listed, "rb") as f:
            self.assertEqual(f.read(), before)

    def test_proxy(self):
        """All requests go where --proxy says; there is nothing listening at the address itself."""
        requests = []

        def answer(a, path, body):
            requests.append(path)
            name = os.path.join(self.site, path.split("/", 3)[3])
            if os.path.isfile(name):
                with open(name, "rb") as f:
                    return f.read()
            return None
        self.server.lie = answer
        env_url = "http://updates.invalid"
        p = subprocess.run([OVERT, "update", "--from", env_url, "--proxy", self.server.url, "--folder", self.client, "--sample", "0", "--root",
                            self.world.path("root.1")], env={k: v for k, v in ENV.items() if k != "no_proxy"}, capture_output=True, text=True,
                           timeout=60, check=False)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertTrue(all(r.startswith(env_url) for r in requests) and requests)


if __name__ == "__main__":
    unittest.main(argv=[os.path.basename(__file__), *sys.argv[4:]], verbosity=1)
