#!/usr/bin/env python3
"""Updates end to end, with real processes on loopback: test_update.py OVERT OVERT_WORKER OVERT_UPDATE

A publisher, seven witnesses, a web server that can lie, and a client. Each attack of the specification's table that needs
more than one proof is tried here; those that a proof alone can carry are in test_judge.c.
"""
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest

from kit import ENV, Liar, OVERT, Releases, WITNESSES, World, database, drip, run


class Updates(Releases):
    def update(self, code=0, *more, source=None):
        args = ["update", "--from", source or self.server.url, "--folder", self.client, "--sample", "1M", "--json", *more]
        if not os.path.exists(os.path.join(self.client, "memory")) and "--root" not in more:
            args += ["--root", self.world.path("root.1")]
        return json.loads(run(*args, code=code).stdout)

    def newest(self):
        """What the newest proof names, by the client's own eyes."""
        return self.update()["databases"][0]["sha256"]

    def test_first_update_then_delta(self):
        r = self.update()
        self.assertEqual(r["databases"][0]["outcome"], "took")
        self.assertEqual(r["freshness"], "fresh")
        self.assertGreaterEqual(r["cosigners"], 5)
        before = self.active()
        again = self.update()
        self.assertEqual(again["databases"][0]["outcome"], "same")
        self.assertEqual(again["requests"], 1)  # the proof; a newer root is looked for once a day, or when the proof asks for it
        self.next_release("2", 2)
        r = self.update()
        self.assertTrue(r["databases"][0]["delta"])
        self.assertLess(r["databases"][0]["bytes"], len(before) // 4)
        self.assertEqual(self.active(), database(2))
        scanned = self.world.path("marker")
        with open(scanned, "wb") as f:
            f.write(hashlib.sha256(b"2-1").digest())
        p = run("scan", "-d", os.path.join(self.client, "active"), scanned, code=1)
        self.assertIn("Test.Marker2.1", p.stdout)
        proved = json.loads(run("verify", "--folder", self.client, "--json").stdout)
        self.assertTrue(all(f["proved"] for f in proved["files"]))
        run("verify", "--folder", self.client, scanned, code=1)

    def test_every_client_sends_the_same(self):
        self.update()
        first = self.server.seen[:]
        self.server.seen.clear()
        self.client += "-other"
        self.update()
        strip = lambda seen: [(line, [(k, v) for k, v in headers if k != "Host"]) for line, headers in seen]
        self.assertEqual(strip(first), strip(self.server.seen))
        for line, headers in first:
            self.assertNotIn("?", line)
            self.assertEqual({k for k, _ in headers}, {"Host", "User-Agent", "Accept"})
            self.assertIn(("User-Agent", "overt"), headers)
        ledger = json.loads(run("ledger", "--folder", self.client, "--json").stdout)
        self.assertEqual(len(ledger), len(first))

    def test_one_check_is_one_small_request(self):
        self.update()
        self.server.seen.clear()
        r = self.update()
        self.assertLess(r["received"], 6 * 1024)

    def test_flipped_bytes_and_cuts(self):
        self.update()
        good = self.active()
        self.next_release(f"f{self.count}", 30 + self.count)
        for part in ("latest.tlog-proof", "a/"):
            for how in ("flip", "cut", "grow", "none", "garbage"):
                def lie(answer, path, body, part=part, how=how):
                    if part not in path or not body:
                        return body
                    return {"flip": body[:len(body) // 2] + bytes([body[len(body) // 2] ^ 1]) + body[len(body) // 2 + 1:],
                            "cut": body[:-1], "grow": body + b"x", "none": None, "garbage": b"\x00" * 100}[how]
                self.server.lie = lie
                r = subprocess.run([OVERT, "update", "--from", self.server.url, "--folder", self.client, "--sample", "1M", "--json"], env=ENV,
                                   capture_output=True, text=True, timeout=60, check=False)
                self.assertIn(r.returncode, (2, 3) if not (how == "flip" and "proof" in part) else (0, 2, 3), (part, how, r.stdout))
                if r.returncode != 0:
                    self.assertEqual(self.active(), good, (part, how))
        self.server.lie = None
        self.assertIn(self.update()["databases"][0]["outcome"], ("took", "same"))

    def test_malicious_mirror_is_passed_over(self):
        honest = Liar(self.world.path("site", "public"))
        self.server.lie = lambda a, path, body: b"x" * len(body) if body and "/a/" in path else body
        r = self.update(0, "--from", honest.url)
        self.assertEqual(r["databases"][0]["outcome"], "took")
        honest.shutdown()
        honest.server_close()

    def test_rollback_and_withheld(self):
        """A mirror that keeps to an old state: refused once more is known, told when it is stale."""
        old = self.world.path(f"old{self.count}")
        shutil.copytree(self.world.path("site", "public"), old)
        self.next_release(f"r{self.count}", 40 + self.count)
        self.update()
        now = self.active()
        r = self.update(2, source=old)
        self.assertIn("older", r["reason"])
        self.assertEqual(self.active(), now)

    def test_fork_leaves_evidence(self):
        """The log key and the release keys in the hands of somebody who makes another history, with witnesses of his own."""
        other = World(self.world.path(f"fork{self.count}") if os.makedirs(self.world.path(f"fork{self.count}")) is None else "")
        try:
            for name in os.listdir(self.world.folder):  # the same keys, fresh witnesses: they never saw the true log
                if name.endswith(".key") or name in ("root.1", "policy"):
                    shutil.copy(self.world.path(name), other.path(name))
            other.close()
            other.vkeys, true_ports = self.world.vkeys, other.ports
            for i in range(WITNESSES):
                self.world.stop(i)
            other.ports = self.world.ports
            for i in range(WITNESSES):
                shutil.rmtree(other.path(f"state{i}"))
                other.start(i)
            shutil.rmtree(other.path("site"))
            run("publish", "init", other.path("site"), "--root", other.path("root.1"))
            self.update()
            size = json.loads(run("verify", "--folder", self.client, "--json").stdout)["size"]
            for i in range(size + 1):
                other.add("test.ndb", f"evil{i}", database(900 + i))
                other.sign()
                other.release()
            good = self.active()
            r = self.update(1, source=other.path("site", "public"))
            self.assertIn("two histories", r["reason"])
            with open(os.path.join(self.client, r["evidence"]), encoding="utf-8") as f:
                evidence = f.read()
            self.assertTrue(evidence.startswith(f"overt-fork/v1\nlog {self.world.vkeys['log']}\nprefix "), evidence)
            self.assertEqual(self.active(), good)
            self.assertIsNotNone(true_ports)
        finally:
            other.close()
            for i in range(WITNESSES):
                self.world.start(i)

    def test_slow_and_endless(self):
        self.update()
        self.next_release(f"s{self.count}", 60 + self.count)

        def endless(answer, path, body):
            if "latest" not in path:
                return body
            answer.send_response(200)
            answer.end_headers()
            try:
                for _ in range(400):
                    answer.wfile.write(b"x" * 65536)
            except OSError:
                pass
            return False

        def slow(answer, path, body):
            return drip(answer, body) if "latest" in path else body
        for lie in (endless, slow):
            self.server.lie = lie
            begun = time.monotonic()
            r = self.update(2, "--slow-after", "2")
            self.assertIn("can't be fetched", r["reason"])
            self.assertLess(time.monotonic() - begun, 30)

    def test_bricking_content_is_not_taken(self):
        self.update()
        good = self.active()
        self.world.add("test.ndb", f"b{self.count}", database(70) + b"Test.Fox:0:*:" + b"brown fox".hex().encode() + b"\n")
        self.world.sign()
        self.world.release()
        r = self.update(3)
        self.assertEqual(r["databases"][0]["outcome"], "refused")
        self.assertIn("which is clean", r["databases"][0]["why"])
        self.assertEqual(self.active(), good)
        self.assertEqual(self.update()["databases"][0]["outcome"], "set-aside")
        self.next_release(f"c{self.count}", 71)
        self.assertEqual(self.update()["databases"][0]["outcome"], "took")

    def test_rollout_withdraw_and_rollback(self):
        self.next_release(f"w{self.count}", 80)
        self.update()
        self.next_release(f"x{self.count}", 81, "--rollout", "1,1000@9h")
        waits = [self.update()["databases"][0]["outcome"] for _ in range(1)]
        self.assertIn(waits[0], ("waits", "took"))
        self.assertEqual(self.update(0, "--now")["databases"][0]["outcome"], "took" if waits[0] == "waits" else "same")
        self.assertEqual(self.active(), database(81))
        run("update", "rollback", "test.ndb", "--folder", self.client)
        self.assertEqual(self.active(), database(80))
        self.assertEqual(self.update(0, "--now")["databases"][0]["outcome"], "set-aside")
        self.next_release(f"y{self.count}", 82)
        self.update()
        bad = hashlib.sha256(database(82)).hexdigest()
        run("publish", "withdraw", self.world.path("site"), bad, "it detects system files")
        self.world.sign()
        self.world.release()
        r = self.update()
        self.assertEqual(r["databases"][0]["outcome"], "withdrawn")
        self.assertEqual(self.active(), database(80))

    def test_keys_lost(self):
        """One release key of three, or the log key alone, releases nothing."""
        self.world.add("test.ndb", f"k{self.count}", database(90))
        self.world.sign(0)
        self.world.release(2)
        self.world.sign(1)
        for i in range(3):
            self.world.stop(i)  # 4 of 7 witnesses are left: too few
        self.world.release(3)
        self.assertNotEqual(self.newest(), hashlib.sha256(database(90)).hexdigest())
        self.world.start(0)
        self.world.release()  # the same release goes on
        self.assertEqual(self.newest(), hashlib.sha256(database(90)).hexdigest())
        for i in (1, 2):
            self.world.start(i)

    def test_roots_go_step_by_step(self):
        self.update()
        self.world.root("root.bad", 2, range(5), range(3), signers=(0, 1))
        run("publish", "rotate", self.world.path("site"), "--root", self.world.path("root.bad"), code=2)
        forged = self.world.path("site", "public", "root", "2")
        shutil.copy(self.world.path("root.bad"), forged)
        self.assertEqual(self.update(source=self.server.folder)["root"], 1)  # of a folder the next root is always looked for
        os.unlink(forged)
        self.world.root("root.2", 2, range(1, 5), range(3), signers=(1, 2, 3))
        run("publish", "rotate", self.world.path("site"), "--root", self.world.path("root.2"))
        self.assertEqual(self.update()["root"], 1)  # nothing asks for it yet
        self.next_release(f"roots{self.count}", 95)
        self.assertEqual(self.update()["root"], 2)

    def test_killed_anywhere_and_run_again(self):
        """kill -9 of a release at many moments; a re-run gives one consistent log that the client follows."""
        begun = time.monotonic()
        self.next_release(f"z{self.count}", 99)
        whole = time.monotonic() - begun
        for n in range(8):
            self.world.add("test.ndb", f"z{self.count}-{n}", database(100 + n))
            self.world.sign()
            p = subprocess.Popen([OVERT, "publish", "release", self.world.path("site"), "--log-key", self.world.path("log.key")],
                                 env=ENV, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(whole * n / 8)
            p.kill()
            p.wait()
            if n % 2:
                self.world.stop(n % WITNESSES, signal.SIGKILL)
                self.world.start(n % WITNESSES)
            self.world.release()
            self.assertEqual(self.newest(), hashlib.sha256(database(100 + n)).hexdigest())

    def test_monitor(self):
        seen = self.world.path(f"monitor{self.count}")
        args = ["monitor", "--from", self.server.url, "--root", self.world.path("root.1"), "--folder", seen, "--artifacts"]
        self.assertIn("witnesses show the same history", run(*args).stdout)
        old = self.world.path(f"old-m{self.count}")
        shutil.copytree(self.world.path("site", "public"), old)
        self.next_release(f"m{self.count}", 120 + self.count)
        out = run(*args).stdout
        self.assertIn(f"changed stable/test.ndb m{self.count}", out)
        self.server.folder = old  # the log forgets
        self.assertIn("older than what was seen", run(*args, code=1).stdout)
        self.server.folder = self.world.path("site", "public")
        self.server.lie = lambda a, path, body: body[:-1] + b"y" if body and "entries" in path else body
        shutil.rmtree(seen)
        self.assertIn("ALARM", run(*args, code=1).stdout)

    def test_a_folder_is_a_source_too(self):
        self.update(source=self.world.path("site", "public"))

    def test_passphrase_and_program_sign(self):
        with open(self.world.path("pass"), "w", encoding="utf-8") as f:
            f.write("correct horse\n")
        run("publish", "key", "sealed.example", "-o", self.world.path("sealed.key"), "--passphrase-file", self.world.path("pass"))
        with open(self.world.path("sealed.key"), encoding="utf-8") as f:
            self.assertTrue(f.read().startswith("overt-key/v1 scrypt"))
        shutil.copy(self.world.path("policy"), self.world.path("text"))
        run("publish", "sign", self.world.path("text"), "--key", self.world.path("sealed.key"), code=2)
        run("publish", "sign", self.world.path("text"), "--key", self.world.path("sealed.key"), "--passphrase-file",
            self.world.path("pass"))
        run("publish", "sign", self.world.path("text"), "--signer", "false", code=2)
        self.assertEqual(os.stat(self.world.path("sealed.key")).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]], verbosity=1)
