"""What the tests of overt-update share: keys, a policy, witnesses, mirrors, a publisher's folder, web servers that can lie.

Programs come from the command line of the test: OVERT OVERT_WORKER OVERT_UPDATE
"""
import atexit
import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

OVERT, WORKER, UPDATE = map(os.path.abspath, sys.argv[1:4])
ENV = {**os.environ, "OVERT_WORKER": WORKER, "OVERT_UPDATE": UPDATE, "OVERT_WEAK_SANDBOX": "allow", "no_proxy": "*"}
WITNESSES = 7


def run(*args, code=0, **more):
    p = subprocess.run([OVERT, *map(str, args)], env=ENV, capture_output=True, text=True, timeout=120, check=False, **more)
    if code is not None and p.returncode != code:
        raise AssertionError(f"overt {' '.join(map(str, args))}: {p.returncode}, not {code}\n{p.stdout}\n{p.stderr}")
    return p


class Liar(http.server.ThreadingHTTPServer):
    """Serves a folder; `lie` may answer in its place. Requests are remembered as they came."""
    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder, self.lie, self.seen = folder, None, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.requestline, sorted(self.headers.items())))
        path = os.path.join(self.server.folder, self.path.lstrip("/"))
        body = None
        if os.path.isfile(path):
            with open(path, "rb") as f:
                body = f.read()
        if self.server.lie:
            body = self.server.lie(self, self.path, body)
        if body is False:
            return
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


def drip(answer, body):
    """Sends a body, a byte every fifth of a second, until the other side has enough. For `lie`: returns False."""
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(body)))
    answer.end_headers()
    answer.close_connection = True
    try:
        for byte in body:
            answer.wfile.write(bytes([byte]))
            time.sleep(0.2)
    except OSError:
        pass
    return False


GIVEN = set()


def free_port():
    """A port for a server that is started later, or again: none that the kernel gives to others meanwhile, none twice.

    Each process begins at another place, so that tests that run side by side seldom ask for the same.
    """
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        end = int(f.read().split()[0])
    first = 10000 if end > 12000 else 1024
    end = end if end > 12000 else 65536
    for i in range(end - first):
        port = first + (os.getpid() * 97 + i) % (end - first)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in GIVEN:
            GIVEN.add(port)
            return port
    raise AssertionError("no port is free")


def started(process):
    """Ended at the latest with the test: what is left running holds its output open, and whoever reads that waits."""
    atexit.register(process.kill)
    return process


class World:
    """Keys, policy, witnesses, mirrors and a publisher's folder, made once. Mirrors fetch from `self.source`."""

    def __init__(self, folder, mirrors=0, witnesses=WITNESSES, need=5):
        self.folder, self.mirrors, self.witnesses, self.need = folder, mirrors, witnesses, need
        ENV.setdefault("XDG_STATE_HOME", folder)  # what a user's scans leave behind stays in here
        self.vkeys, self.ports, self.processes = {}, [free_port() for _ in range(witnesses + mirrors)], {}
        self.source = self.path("site", "public")
        for name in ["log", *(f"root{i}" for i in range(5)), *(f"release{i}" for i in range(3))]:
            self.key(name)
        for i in range(self.witnesses):
            self.key(f"witness{i}", "--cosigner")
        for i in range(mirrors):
            self.key(f"mirror{i}", "--cosigner")
        self.write_policy()
        self.root("root.1", 1, range(5), range(3))
        run("publish", "init", self.path("site"), "--root", self.path("root.1"))
        for i in range(self.witnesses):
            self.start(i)
        for i in range(mirrors):
            self.start_mirror(i)

    def write_policy(self):
        """5 of 7 witnesses unless told otherwise, and with mirrors one of them too."""
        with open(self.path("policy"), "w", encoding="utf-8") as f:
            f.write(f"log {self.vkeys['log']}\n")
            for i in range(self.witnesses):
                f.write(f"witness w{i} {self.vkeys[f'witness{i}']} http://127.0.0.1:{self.ports[i]}/\n")
            for i in range(self.mirrors):
                f.write(f"witness m{i} {self.vkeys[f'mirror{i}']} http://127.0.0.1:{self.ports[self.witnesses + i]}/\n")
            f.write(f"group w {self.need} " + " ".join(f"w{i}" for i in range(self.witnesses)) + "\n")
            if self.mirrors:
                f.write("group m 1 " + " ".join(f"m{i}" for i in range(self.mirrors)) + "\ngroup all all w m\nquorum all\n")
            else:
                f.write("quorum w\n")

    def path(self, *name):
        return os.path.join(self.folder, *name)

    def key(self, name, *more):
        self.vkeys[name] = run("publish", "key", f"{name}.example", "-o", self.path(name + ".key"), *more).stdout.strip()

    def root(self, name, version, keys, releases, signers=(0, 1, 2)):
        args = []
        for i in keys:
            args += ["--root-key", self.vkeys[f"root{i}"]]
        for i in releases:
            args += ["--release-key", self.vkeys[f"release{i}"]]
        run("publish", "root", "-o", self.path(name), "--root-version", version, "--policy", self.path("policy"), *args)
        for i in signers:
            run("publish", "sign", self.path(name), "--key", self.path(f"root{i}.key"))

    def start(self, i):
        self.processes[i] = started(subprocess.Popen(
            [OVERT, "witness", "--listen", f"127.0.0.1:{self.ports[i]}", "--key", self.path(f"witness{i}.key"), "--folder",
             self.path(f"state{i}"), "--log", self.vkeys["log"]], env=ENV, stdout=subprocess.PIPE, text=True))
        if "vouching" not in self.processes[i].stdout.readline():
            raise AssertionError("a witness did not start")

    def start_mirror(self, i, *more):
        """Mirror i; its number among the processes is "m<i>"."""
        p = self.processes[f"m{i}"] = started(subprocess.Popen(
            [OVERT, "mirror", "--listen", f"127.0.0.1:{self.ports[self.witnesses + i]}", "--key", self.path(f"mirror{i}.key"), "--folder",
             self.path(f"mirror{i}"), "--log", self.vkeys["log"], "--from", self.source, "--spare", "1M", *more], env=ENV,
            stdout=subprocess.PIPE, text=True))
        p.said = []
        for line in p.stdout:
            p.said.append(line)
            if "mirroring" in line:
                p.reader = threading.Thread(target=p.said.extend, args=(p.stdout,), daemon=True)
                p.reader.start()
                return p
        raise AssertionError("a mirror did not start")

    def mirror_url(self, i):
        return f"http://127.0.0.1:{self.ports[self.witnesses + i]}/{hashlib.sha256(b'log.example').hexdigest()}"

    def stop(self, i, how=signal.SIGTERM):
        p = self.processes.pop(i)
        p.send_signal(how)
        p.wait(timeout=10)
        if isinstance(i, str):  # a mirror's is read to its end by a thread
            p.reader.join()
        p.stdout.close()

    def close(self):
        for i in list(self.processes):
            self.stop(i)

    def add(self, name, version, content, *more, site="site"):
        with open(self.path("content"), "wb") as f:
            f.write(content)
        run("publish", "add", self.path(site), name, version, self.path("content"), *more)

    def sign(self, *keys, site="site"):
        for i in keys or (0, 1):
            run("publish", "sign", self.path(site), "--key", self.path(f"release{i}.key"))

    def release(self, code=0, site="site"):
        return run("publish", "release", self.path(site), "--log-key", self.path("log.key"), code=code)


def database(n, extra=b""):
    """A small ndb that detects marker n, with a body so that deltas pay."""
    lines = [f"Test.Marker{n}.{i}:0:*:{hashlib.sha256(f'{n}-{i}'.encode()).hexdigest()}" for i in range(3)]
    lines += [f"Test.Body.{i}:0:*:{hashlib.sha256(str(i).encode()).hexdigest()}" for i in range(400)]
    return "\n".join(lines).encode() + b"\n" + extra


class Releases(unittest.TestCase):
    """A world with one release of test.ndb, and for each test a client's folder and a web server of its own. Not run by itself."""

    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.mkdtemp(prefix="overt-updates-")
        cls.world = World(cls.temp)
        cls.world.add("test.ndb", "1", database(1))
        cls.world.sign()
        cls.world.release()
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        shutil.rmtree(cls.temp)

    def setUp(self):
        type(self).count += 1
        self.site = self.world.path("site", "public")
        self.server = Liar(self.site)
        self.client = self.world.path(f"client{self.count}")

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def next_release(self, version, n, *more):
        self.world.add("test.ndb", version, database(n), *more)
        self.world.sign()
        self.world.release()

    def active(self):
        with open(os.path.join(self.client, "active", "test.ndb"), "rb") as f:
            return f.read()
