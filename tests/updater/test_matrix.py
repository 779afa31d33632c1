#!/usr/bin/env python3
"""The attack matrix: test_matrix.py OVERT OVERT_WORKER OVERT_UPDATE COSIGNER

A publisher, 7 witnesses of which 5 must vouch, 2 mirrors of which one must, nginx with the static files, and a proxy before it that
does what an attacker on the way, or in the server, can do. Each row of docs/ATTACKS.md's table is a test here, by name; the table
is held against this file by the last test.
"""
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from kit import ENV, Liar, OVERT, WITNESSES, World, database, drip, free_port, run, started

COSIGNER = os.path.abspath(sys.argv[4])
DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "ATTACKS.md")
HOUR = 3600


class Nginx:
    """Serves a folder's static files, as anybody would set it up; its workers are another user when we are root."""

    def __init__(self, temp, folder):
        self.port = free_port()
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(program):
            print("skipped: nginx is not installed")
            sys.exit(77)
        os.makedirs(os.path.join(temp, "nginx", "logs"), exist_ok=True)
        conf = os.path.join(temp, "nginx", "nginx.conf")
        here = os.path.join(temp, "nginx")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"""daemon off; worker_processes 1; pid {here}/pid; error_log {here}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; default_type application/octet-stream;
  client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;
  server {{ listen 127.0.0.1:{self.port}; root {folder}; }} }}
""")
        self.process = started(subprocess.Popen([program, "-p", here, "-c", conf, "-e", f"{here}/error.log"], stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL))
        for _ in range(100):
            try:
                urllib.request.urlopen(self.url + "root/1", timeout=5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx did not start: " + open(f"{here}/error.log", encoding="utf-8").read())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class Proxy(Liar):
    """Between a client and nginx; `lie(answer, path, body)` does as it likes. Without a lie it passes on."""

    def __init__(self, upstream):
        super().__init__("/nonexistent")
        self.upstream, self.attack = upstream, None
        self.lie = self.forward

    def forward(self, answer, path, _):
        try:
            with urllib.request.urlopen(self.upstream + path.lstrip("/"), timeout=20) as r:
                body = r.read()
        except urllib.error.HTTPError:
            body = None
        return self.attack(answer, path, body) if self.attack else body


def split(proof):
    """A tlog-proof in its parts: lines before the checkpoint, the checkpoint's text, signature lines."""
    head, rest = proof.split("\n\n", 1)
    text, lines = rest.split("\n\n", 1)
    return head, text + "\n", lines.splitlines(True)


def joined(head, text, lines):
    return head + "\n\n" + text + "\n" + "".join(lines)


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.mkdtemp(prefix="overt-matrix-")
        os.chmod(cls.temp, 0o755)
        cls.world, cls.nginx = cls.make_world("true")
        cls.count = 0

    @classmethod
    def make_world(cls, name):
        folder = os.path.join(cls.temp, name)
        os.makedirs(folder)
        world = World.__new__(World)
        port = free_port()
        world.source = f"http://127.0.0.1:{port}/"
        World.__init__(world, folder, mirrors=0)  # keys, policy and site; mirrors need the web server first
        world.close()
        world.mirrors = 2
        world.ports += [free_port(), free_port()]
        for i in range(2):
            world.key(f"mirror{i}", "--cosigner")
        world.write_policy()
        world.root("root.1", 1, range(5), range(3))
        shutil.rmtree(world.path("site"))
        for i in range(WITNESSES):
            shutil.rmtree(world.path(f"state{i}"))
        run("publish", "init", world.path("site"), "--root", world.path("root.1"))
        nginx = Nginx(folder, world.path("site", "public"))
        world.source = nginx.url
        for i in range(WITNESSES):
            world.start(i)
        for i in range(2):
            world.start_mirror(i)
        world.add("test.ndb", "1", database(1))
        world.sign()
        world.release()
        return world, nginx

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        cls.nginx.close()
        shutil.rmtree(cls.temp)

    def setUp(self):
        Matrix.count += 1
        self.proxy = Proxy(self.nginx.url)
        self.client = os.path.join(self.temp, f"client{Matrix.count}")
        self.others = []

    def tearDown(self):
        self.proxy.shutdown()
        self.proxy.server_close()
        for world, nginx in self.others:
            world.close()
            nginx.close()

    def other_world(self, name):
        """For attacks after which a log is never the same."""
        self.others.append(self.make_world(name))
        return self.others[-1]

    def update(self, codes=0, *more, source=None, world=None):
        args = [OVERT, "update", "--from", source or self.proxy.url, "--folder", self.client, "--json", "--slow-after", "2", *more]
        if not os.path.exists(os.path.join(self.client, "memory")):
            args += ["--root", (world or self.world).path("root.1")]
        p = subprocess.run(args, env=ENV, capture_output=True, text=True, timeout=120, check=False)
        self.assertIn(p.returncode, [codes] if isinstance(codes, int) else codes, p.stdout + p.stderr)
        return json.loads(p.stdout)

    def next_release(self, content=None, world=None):
        world = world or self.world
        Matrix.count += 1
        content = content or database(1000 + Matrix.count)
        world.add("test.ndb", f"v{Matrix.count}", content)
        world.sign()
        world.release()
        return content

    def proof(self, world=None):
        with open((world or self.world).path("site", "public", "latest.tlog-proof"), encoding="utf-8") as f:
            return f.read()

    def active(self):
        with open(os.path.join(self.client, "active", "test.ndb"), "rb") as f:
            return f.read()

    def serve(self, **bodies):
        """The proxy answers these paths with these bodies (underscores for dots and slashes don't matter: by substring)."""
        def attack(_, path, body):
            for part, other in bodies.items():
                if part in path:
                    return other.encode() if isinstance(other, str) else other
            return body
        self.proxy.attack = attack

    def cosign(self, text, when, keys, world=None):
        world = world or self.world
        lines = []
        for key in keys:
            p = subprocess.run([COSIGNER, world.path(key + ".key"), str(int(when))], input=text.encode(), capture_output=True, env=ENV, check=True)
            lines.append(p.stdout.decode())
        return lines

    ALL = [f"witness{i}" for i in range(WITNESSES)] + ["mirror0", "mirror1"]

    def vouched_at(self, when, world=None):
        """The newest proof as it would stand if all cosigners had last been asked then."""
        head, text, lines = split(self.proof(world))
        log = [line for line in lines if line.startswith("— log.example ")]
        return joined(head, text, log + self.cosign(text, when, self.ALL, world))

    def took(self, r):
        return bool(r["databases"]) and r["databases"][0]["outcome"] in ("took", "same")

    # ---- rows ----

    def test_arbitrary_package(self):
        self.update()
        good = self.active()
        self.next_release()
        self.serve(**{"/a/": database(666)})
        r = self.update((2, 3))
        self.assertFalse(self.took(r))
        self.assertEqual(self.active(), good)
        head, text, lines = split(self.proof())  # and a proof by keys of the attacker's own
        run("publish", "key", "log.example", "-o", self.client + ".evil.key")
        evil = subprocess.run([COSIGNER, self.client + ".evil.key", "0"], input=text.encode(), capture_output=True, env=ENV, check=True)
        others = [line for line in lines if not line.startswith("— log.example ")]
        self.serve(latest=joined(head, text, [evil.stdout.decode()] + others))
        self.assertIn("no log that the root names", self.update(2)["reason"])
        self.assertEqual(self.active(), good)

    def test_rollback(self):
        old = self.proof()
        self.next_release()
        self.update()
        good = self.active()
        self.serve(latest=old)
        self.assertIn("older", self.update(2)["reason"])
        self.assertEqual(self.active(), good)

    def test_freeze(self):
        now = time.time()
        for hours, freshness in ((1, "fresh"), (7, "old"), (25, "stale")):
            self.client += f"-{hours}"  # a machine that has seen nothing newer
            self.serve(latest=self.vouched_at(now - hours * HOUR))
            r = self.update((0, 3) if hours == 1 else 3)
            self.assertEqual(r["freshness"], freshness)
        p = subprocess.run([OVERT, "status", "--folder", self.client], env=ENV, capture_output=True, text=True, timeout=60, check=False)
        self.assertNotEqual(p.returncode, 0, p.stdout)
        self.assertIn("Scanning goes on with what is here", p.stdout)
        self.assertTrue(os.path.exists(os.path.join(self.client, "active", "test.ndb")))

    def test_withheld_release(self):
        """One victim is shown the log as it was; witnesses, mirrors and everybody else have more. A monitor behind the same proxy tells."""
        run("monitor", "--from", self.nginx.url, "--root", self.world.path("root.1"), "--folder", self.client + ".monitor")
        kept = self.client + ".kept"
        shutil.copytree(self.world.path("site", "public"), kept)
        self.next_release()
        p = run("monitor", "--from", kept, "--root", self.world.path("root.1"), "--folder", self.client + ".monitor", code=1)
        self.assertIn("withheld", p.stdout)
        self.update(source=kept)  # the victim has the old state, which grows stale in hours and is told then
        with open(self.client + ".head", "w", encoding="utf-8") as f:
            subprocess.run([OVERT, "status", "--folder", self.client, "--checkpoint"], env=ENV, stdout=f, check=False, timeout=60)
        out = run("monitor", "--from", self.nginx.url, "--root", self.world.path("root.1"), "--folder", self.client + ".monitor",
                  "--head", self.client + ".head").stdout
        self.assertIn("behind", out)  # what a client was shown, compared by anybody

    def test_split_view(self):
        """Two histories. Honest witnesses refuse the second and keep both notes; where all of them lie, the client keeps them."""
        world, nginx = self.other_world("split")
        self.proxy.upstream = nginx.url
        self.next_release(world=world)
        self.update(world=world)
        good = self.active()
        fork = World.__new__(World)
        fork.folder, fork.vkeys = world.path("fork"), world.vkeys
        os.makedirs(fork.folder)
        for name in os.listdir(world.folder):
            if name.endswith(".key") or name in ("root.1", "policy"):
                shutil.copy(world.path(name), fork.path(name))
        run("publish", "init", fork.path("site"), "--root", fork.path("root.1"))
        for i in range(3):
            World.add(fork, "test.ndb", f"evil{i}", database(900 + i))
            World.sign(fork)
            run("publish", "release", fork.path("site"), "--log-key", fork.path("log.key"), "--wait", "0", code=3)
            if i == 1:  # as long as the true log: the witnesses see two roots of one size
                for folder in [f"state{k}" for k in range(WITNESSES)] + ["mirror0/private/*", "mirror1/private/*"]:
                    found, = glob.glob(world.path(folder, "fork-*.evidence"))
                    self.assertIn("two histories", run("verify", found, "--folder", self.client, code=1).stdout)
        with open(fork.path("site", "public", "checkpoint"), encoding="utf-8") as f:
            text, signed = f.read().split("\n\n", 1)
        proof = self.forged_proof(fork, text + "\n", signed)
        self.proxy.upstream = ""
        self.proxy.attack = None
        server = Liar(fork.path("site", "public"))
        try:
            with open(fork.path("site", "public", "latest.tlog-proof"), "w", encoding="utf-8") as f:
                f.write(proof)
            r = self.update(1, "--check-history", source=server.url)
        finally:
            server.shutdown()
            server.server_close()
        self.assertIn("two histories", r["reason"])
        self.assertEqual(self.active(), good)
        self.assertIn("two histories", run("verify", os.path.join(self.client, r["evidence"]), "--folder", self.client, code=1).stdout)

    def forged_proof(self, fork, text, signed):
        """A proof of the fork's newest leaf, with every cosigner's key in wrong hands. Its tree is small: hashed here."""
        leaves = []
        for path in sorted(glob.glob(fork.path("site", "public", "tile", "entries", "000.p", "*")), key=lambda p: int(os.path.basename(p))):
            newest = path
        with open(newest, "rb") as f:
            data = f.read()
        while data:
            n = int.from_bytes(data[:2], "big")
            leaves.append(data[2:2 + n])
            data = data[2 + n:]
        node = lambda a, b: hashlib.sha256(b"\x01" + a + b).digest()
        h = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
        self.assertEqual(len(h), 3)
        import base64
        b64 = lambda b: base64.b64encode(b).decode()
        head = "\n".join(["c2sp.org/tlog-proof@v1", "extra " + b64(leaves[2]), "index 2", b64(node(h[0], h[1]))])
        return joined(head, text, [signed] + self.cosign(text, time.time(), self.ALL, fork))

    def test_endless_data(self):
        self.update()
        good = self.active()
        self.next_release()

        def endless(part):
            def attack(answer, path, body):
                if part not in path:
                    return body
                answer.send_response(200)
                answer.end_headers()
                try:
                    for _ in range(2000):
                        answer.wfile.write(b"x" * 65536)
                except OSError:
                    pass
                return False
            return attack
        for part in ("latest", "/a/", "tile"):
            self.proxy.attack = endless(part)
            begun = time.monotonic()
            r = self.update((0, 2, 3))
            self.assertFalse(part != "tile" and self.took(r) and self.active() != good, part)
            self.assertLess(time.monotonic() - begun, 30)
            self.assertLess(r["received"], 8 << 20)

    def test_mix_and_match(self):
        self.update()
        first = self.proof()
        old = self.active()
        self.next_release()
        head_old, _, _ = split(first)
        head, text, lines = split(self.proof())
        extra_old = next(line for line in head_old.split("\n") if line.startswith("extra "))
        mixed = "\n".join(extra_old if line.startswith("extra ") else line for line in head.split("\n"))
        self.serve(latest=joined(mixed, text, lines))  # the old state under the new tree
        self.assertIn("not in the log", self.update(2)["reason"])
        self.serve(**{"/a/": old})  # the old artifact under the new state
        self.assertFalse(self.took(self.update((2, 3))))
        self.assertEqual(self.active(), old)

    def test_one_key_lost(self):
        """Of each kind: a release key, a root key, a witness's, a mirror's. None is enough for anything."""
        self.update()
        good = self.active()
        world = self.world
        world.add("test.ndb", "evil", database(666))
        world.sign(0)
        world.release(2)
        world.add("test.ndb", "good-again", good)  # the draft goes
        world.sign()
        world.release()
        head, text, lines = split(self.proof())
        log = [line for line in lines if line.startswith("— log.example ")]
        self.serve(latest=joined(head, text, log + self.cosign(text, time.time(), ["witness0", "mirror0"])))
        self.assertIn("too few", self.update(2)["reason"])
        world.root("root.bad", 2, range(5), range(3), signers=(0,))
        with open(world.path("root.bad"), encoding="utf-8") as f:
            self.serve(**{"root/2": f.read()})
        self.assertEqual(self.update((0, 2))["root"], 1)
        self.assertEqual(self.active(), good)

    def stolen(self, world, keys):
        """Somebody with the log's key and some release keys adds to the true log, from a copy of the site, by a root of his own."""
        site = world.path("stolen")
        shutil.copytree(world.path("site"), site)
        args = []
        for i in range(5):
            args += ["--root-key", world.vkeys[f"root{i}"]]
        for i in range(3):
            args += ["--release-key", world.vkeys[f"release{i}"]]
        run("publish", "root", "-o", world.path("root.own"), "--policy", world.path("policy"), "--release-threshold", len(keys), *args)
        for i in range(3):
            run("publish", "sign", world.path("root.own"), "--key", world.path(f"root{i}.key"))
        shutil.copy(world.path("root.own"), os.path.join(site, "public", "root", "1"))
        world.add("test.ndb", "stolen", database(666), site="stolen")
        world.sign(*keys, site="stolen")
        return site

    @staticmethod
    def publish_stolen(world):
        shutil.copytree(world.path("stolen", "public", "a"), world.path("site", "public", "a"), dirs_exist_ok=True)

    def test_log_key_and_one_release_key_lost(self):
        """It is logged, cosigned, public by force of the mirrors - and refused by every client; a monitor shouts."""
        world, nginx = self.other_world("one")
        self.update(source=nginx.url, world=world)
        good = self.active()
        site = self.stolen(world, [0])
        p = run("publish", "release", site, "--log-key", world.path("log.key"), "--wait", "1", code=3)  # mirrors can't have the artifact
        self.assertIn("does not hold all", p.stdout)
        self.publish_stolen(world)  # so it must be published
        run("publish", "release", site, "--log-key", world.path("log.key"))
        r = self.update(2, source=os.path.join(site, "public"), world=world)
        self.assertIn("too few release keys", r["reason"])
        self.assertEqual(self.active(), good)
        p = run("monitor", "--from", world.mirror_url(0), "--root", world.path("root.1"), "--folder", self.client + ".monitor", code=1)
        self.assertIn("not signed by enough release keys", p.stdout)

    def test_threshold_of_release_keys_lost(self):
        """With the log's key too, a release can be made - for everybody, in public, for ever."""
        world, nginx = self.other_world("threshold")
        self.update(source=nginx.url, world=world)
        site = self.stolen(world, [0, 1])
        digest = hashlib.sha256(database(666)).hexdigest()
        self.publish_stolen(world)
        run("publish", "release", site, "--log-key", world.path("log.key"))
        self.assertTrue(self.took(self.update(source=os.path.join(site, "public"), world=world)))
        p = run("monitor", "--from", world.mirror_url(1), "--root", world.path("root.1"), "--folder", self.client + ".monitor", "--signatures")
        self.assertIn("Test.Marker666.1", p.stdout)  # each signature of it, by name
        self.assertTrue(glob.glob(world.path("mirror1", "public", "*", "a", digest)))

    def test_log_key_lost(self):
        """Alone it gets no quorum, and leaves evidence at each honest witness and mirror."""
        world, nginx = self.other_world("logkey")
        self.update(source=nginx.url, world=world)
        text = f"log.example\n1\n{'A' * 43}=\n"
        note = text + "\n" + self.cosign(text, 0, ["log"], world)[0]
        for port in world.ports:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/add-checkpoint", ("old 1\n\n" + note).encode())
            with self.assertRaises(urllib.error.HTTPError) as e:
                urllib.request.urlopen(request, timeout=20)
            self.assertEqual(e.exception.code, 422)
        for folder in [f"state{k}" for k in range(WITNESSES)] + ["mirror0/private/*", "mirror1/private/*"]:
            found, = glob.glob(world.path(folder, "fork-*.evidence"))
            run("verify", found, "--folder", self.client, code=1)
        head, _, lines = split(self.proof(world))
        self.proxy.upstream = nginx.url
        self.serve(latest=joined(head, text, [note.split("\n\n", 1)[1]]))
        self.assertIn("too few", self.update(2, world=world)["reason"])

    def test_malicious_mirror(self):
        """Everything that it can do with files: other bytes, other tiles, nothing at all. The next source has the true ones."""
        self.update()
        for kind in ("bytes", "tiles", "nothing", "500"):
            content = self.next_release()

            def attack(answer, path, body, kind=kind):
                if kind == "bytes" and "/a/" in path:
                    return b"x" * len(body or b"")
                if kind == "tiles" and "tile" in path:
                    return b"x" * len(body or b"")
                if kind == "500":
                    answer.send_response(500)
                    answer.send_header("Content-Length", "0")
                    answer.end_headers()
                    return False
                return None if kind == "nothing" else body
            self.proxy.attack = attack
            r = self.update(0, "--from", self.nginx.url)
            self.assertTrue(self.took(r), kind)
            self.assertEqual(self.active(), content, kind)
            self.assertFalse(r["evidence"], kind)  # junk is not a fork

    def test_slow_retrieval(self):
        self.update()
        good = self.active()
        content = self.next_release()

        def slow(part):
            def attack(answer, path, body):
                if part not in path or body is None:
                    return body
                return drip(answer, body)
            return attack
        for part in ("latest", "/a/"):
            self.proxy.attack = slow(part)
            begun = time.monotonic()
            self.update((2, 3))
            self.assertEqual(self.active(), good)
            self.assertLess(time.monotonic() - begun, 40)
        self.update(0, "--from", self.nginx.url)  # another source is asked
        self.assertEqual(self.active(), content)

    def test_bricking_content(self):
        self.update()
        good = self.active()
        self.next_release(database(70) + b"Test.Fox:0:*:" + b"brown fox".hex().encode() + b"\n")
        r = self.update(3)
        self.assertEqual(r["databases"][0]["outcome"], "refused")
        self.assertEqual(self.active(), good)
        self.assertEqual(self.update((0, 3))["databases"][0]["outcome"], "set-aside")
        self.next_release()
        self.assertTrue(self.took(self.update()))

    def test_replayed_bundle(self):
        bundle = self.client + ".tar"
        run("bundle", "make", "--from", self.nginx.url, "-o", bundle, "--root", self.world.path("root.1"))
        content = self.next_release()
        self.update()
        p = subprocess.run([OVERT, "bundle", "apply", bundle, "--folder", self.client, "--json"], env=ENV, capture_output=True, text=True,
                           timeout=60, check=False)
        self.assertEqual(p.returncode, 2, p.stdout)
        self.assertIn("older", p.stdout)
        self.assertEqual(self.active(), content)

    def test_wrong_clock(self):
        """Cosignatures from the future don't count; a clock that is ahead makes everything stale, which is told and harms nothing."""
        now = time.time()
        self.serve(latest=self.vouched_at(now + HOUR))  # ours is behind, or theirs ahead
        self.assertIn("too few", self.update(2)["reason"])
        self.serve(latest=self.vouched_at(now + 300))
        self.assertTrue(self.took(self.update()))
        self.serve(latest=self.vouched_at(now - 48 * HOUR))  # ours is ahead, or theirs behind; the time floor stays
        r = self.update(3)
        self.assertEqual(r["freshness"], "stale")
        self.assertTrue(self.took(r))

    def test_damaged_at_every_stage(self):
        """Each file on its way, and each file where it rests: cut, and with a bit turned."""
        self.update()
        good = self.active()
        for part in ("latest", "/a/", "/tile/", "root/"):
            for how in ("cut", "flip", "empty"):
                content = self.next_release()

                def attack(_, path, body, part=part, how=how):
                    if part not in path or not body:
                        return body
                    k = len(body) // 3
                    return {"cut": body[:-1], "flip": body[:k] + bytes([body[k] ^ 4]) + body[k + 1:], "empty": b""}[how]
                self.proxy.attack = attack
                self.update((0, 2, 3), "--no-canary")
                self.assertIn(self.active(), (good, content), (part, how))
                self.proxy.attack = None
                self.update(0, "--no-canary")
                good = self.active()
                self.assertEqual(good, content, (part, how))
        for name in ("memory", "proof", "last.note", "root/1"):
            path = os.path.join(self.client, name)
            with open(path, "rb") as f:
                kept = f.read()
            for bad in (kept[:-2], kept[:len(kept) // 2], kept[:40] + bytes([kept[40] ^ 1]) + kept[41:], b""):
                with open(path, "wb") as f:
                    f.write(bad)
                self.update((0, 1, 2, 3), "--no-canary")
                self.assertEqual(self.active(), good, name)
            with open(path, "wb") as f:
                f.write(kept)
        self.update()
        real = os.path.realpath(os.path.join(self.client, "active", "test.ndb"))
        os.truncate(real, 100)  # a database that lost its end where it rests
        run("verify", "--folder", self.client, code=1)
        self.update()
        self.assertEqual(self.active(), good)
        run("verify", "--folder", self.client)

    def test_the_table_names_every_row(self):
        with open(DOCS, encoding="utf-8") as f:
            rows = re.findall(r"`(test_\w+)`", f.read())
        mine = [n for n in dir(self) if n.startswith("test_") and n != "test_the_table_names_every_row"]
        self.assertEqual(sorted(rows), sorted(mine))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]], verbosity=1)
