#!/usr/bin/env python3
"""What updates cost: one check on the wire and in CPU, a witness's rate, a log of ten million leaves, deltas.

  bench/updates.py [--build FOLDER] [--shared FOLDER] [--quick] [--only check,witness,log,delta] [--write]

FOLDER of --build is a release build with -Dbench=true (default build-rel). --shared names a folder with ClamAV's main.ldb.gz; without it
the delta is measured on lines that are made. --quick: a log of 100,000 leaves. --write puts the tables into docs/BENCHMARKS.md and
docs/SCALE.md, with machine and date. CPU times are user + system.
"""
import argparse
import datetime
import gzip
import hashlib
import json
import os
import platform
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MARKS = ("<!-- updates: begin -->", "<!-- updates: end -->")
LEAVES = 36_500  # ten years of ten releases a day
CLIENTS = 400_000_000


class Meter:
    """A TCP relay that counts bytes, as they are on the wire above TCP."""

    def __init__(self, port):
        self.port, self.up, self.down, self.connections = port, 0, 0, 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.socket.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            self.connections += 1
            threading.Thread(target=self.relay, args=(client, server, "up"), daemon=True).start()
            threading.Thread(target=self.relay, args=(server, client, "down"), daemon=True).start()

    def relay(self, a, b, way):
        while data := a.recv(65536):
            setattr(self, way, getattr(self, way) + len(data))
            b.sendall(data)
        try:
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Bench:
    def __init__(self, args):
        self.args = args
        self.temp = tempfile.mkdtemp(prefix="overt-bench-")
        build = os.path.abspath(args.build)
        self.overt, self.log = build + "/src/cli/overt", build + "/bench/bench_log"
        self.env = {**os.environ, "OVERT_WORKER": build + "/src/sandbox/overt-worker", "OVERT_UPDATE": build + "/src/updater/overt-update",
                    "no_proxy": "*"}
        self.processes = []

    def path(self, *name):
        return os.path.join(self.temp, *name)

    def run(self, *args, **more):
        return subprocess.run([*map(str, args)], env=self.env, check=True, capture_output=True, text=True, **more).stdout

    def publish(self, *args):
        return self.run(self.overt, "publish", *args)

    def close(self):
        for p in self.processes:
            p.terminate()
            p.wait()
        shutil.rmtree(self.temp)

    def start(self, *args, wait):
        p = subprocess.Popen([*map(str, args)], env=self.env, stdout=subprocess.PIPE, text=True)
        self.processes.append(p)
        while wait not in p.stdout.readline():
            if p.poll() is not None:
                raise SystemExit(f"{args} did not start")
        threading.Thread(target=p.stdout.read, daemon=True).start()
        return p

    @staticmethod
    def port():
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            return s.getsockname()[1]

    # ---- one check ----

    def nginx(self, folder):
        port, here = self.port(), self.path("nginx")
        os.makedirs(here)
        os.chmod(self.temp, 0o755)
        with open(here + "/conf", "w", encoding="utf-8") as f:
            temps = "".join(f"{kind}_temp_path {here}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
            f.write(f"daemon off; pid {here}/pid; error_log {here}/error;\nevents {{ }}\nhttp {{ access_log off; {temps}\n"
                    f"server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n")
        self.processes.append(subprocess.Popen(["nginx", "-p", here, "-c", here + "/conf", "-e", here + "/error"]))
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return port
            except OSError:
                time.sleep(0.05)
        raise SystemExit("nginx did not start")

    def site(self):
        """A log of LEAVES leaves; 7 witnesses, 2 mirrors; one database with 12 deltas and one without."""
        keys = {}
        for name in ("root0", "root1", "root2", "release0", "release1", "release2"):
            keys[name] = self.publish("key", f"{name}.example", "-o", self.path(name)).strip()
        with open(self.path("log.key"), "w", encoding="utf-8") as f:
            f.write(self.run(self.log, "keyfile"))
        policy = self.run(self.log, "keys", 1)
        log_key = policy.split()[1]
        ports = [self.port() for _ in range(9)]
        for i, port in enumerate(ports):
            vkey = self.publish("key", f"{'witness' if i < 7 else 'mirror'}{i}.example", "-o", self.path(f"c{i}"), "--cosigner").strip()
            policy += f"witness c{i} {vkey} http://127.0.0.1:{port}/\n"
        policy += "group w 5 c0 c1 c2 c3 c4 c5 c6\ngroup m 1 c7 c8\ngroup all all w m\nquorum all\n"
        with open(self.path("policy"), "w", encoding="utf-8") as f:
            f.write(policy)
        self.publish("root", "-o", self.path("root"), "--policy", self.path("policy"),
                     *(x for i in range(3) for x in ("--root-key", keys[f"root{i}"], "--release-key", keys[f"release{i}"])))
        for i in range(2):
            self.publish("sign", self.path("root"), "--key", self.path(f"root{i}"))
        self.publish("init", self.path("site"), "--root", self.path("root"))
        web = self.nginx(self.path("site", "public"))
        for i, port in enumerate(ports):
            more = ["--from", f"http://127.0.0.1:{web}/", "--since", LEAVES - 20] if i >= 7 else []
            self.start(self.overt, "mirror" if i >= 7 else "witness", "--listen", f"127.0.0.1:{port}", "--key", self.path(f"c{i}"),
                       "--folder", self.path(f"state{i}"), "--log", log_key, *more, wait="at http")
        return web

    def release(self, n):
        with open(self.path("content"), "w", encoding="utf-8") as f:
            f.write("".join(f"Test.{i}:0:*:{hashlib.sha256(b'%d' % i).hexdigest()}\n" for i in range(n, n + 2000)))
        self.publish("add", self.path("site"), "main.ndb", n, self.path("content"))
        if n == 0:
            with open(self.path("content"), "w", encoding="utf-8") as f:
                f.write("Daily.0:0:*:" + hashlib.sha256(b"d").hexdigest() + "\n")
            self.publish("add", self.path("site"), "daily.ndb", n, self.path("content"))
            self.run(self.log, "log", self.path("site", "public"), 0, LEAVES - 13)
        for i in range(2):
            self.publish("sign", self.path("site"), "--key", self.path(f"release{i}"))
        self.publish("release", self.path("site"), "--log-key", self.path("log.key"))

    def check(self):
        web = self.site()
        for n in range(13):
            self.release(n)
        meter = Meter(web)
        client = [self.overt, "update", "--from", meter.url, "--folder", self.path("client"), "--json", "--no-canary"]
        json.loads(self.run(*client, "--root", self.path("root")))
        meter.up = meter.down = meter.connections = 0
        r = json.loads(self.run(*client))
        time.sleep(0.2)
        wire = (meter.up, meter.down, meter.connections)
        with open(self.path("site", "public", "latest.tlog-proof"), encoding="utf-8") as f:
            proof = f.read()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        turns = 20
        for _ in range(turns):
            self.run(*client)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / turns
        return {"up": wire[0], "down": wire[1], "connections": wire[2], "requests": r["requests"], "cosigners": r["cosigners"],
                "proof": len(proof.encode()), "state": len(proof.split("\n")[1]) * 3 // 4, "hashes": proof.split("\n\n")[0].count("\n") - 2,
                "deltas": self.deltas(proof), "leaves": r["log_size"], "cpu_ms": cpu * 1000}

    @staticmethod
    def deltas(proof):
        import base64
        return base64.b64decode(proof.split("\n")[1].split(" ")[1]).count(b"\ndelta ")

    # ---- the others ----

    def witness(self):
        logs, requests, connections = (200, 4000, 64) if self.args.quick else (2000, 40000, 64)
        port = self.port()
        self.publish("key", "witness.example", "-o", self.path("w"), "--cosigner")
        with open(self.path("logs"), "w", encoding="utf-8") as f:
            f.write(self.run(self.log, "keys", logs))
        cores = sorted(os.sched_getaffinity(0))
        p = self.start("taskset", "-c", cores[0], self.overt, "witness", "--listen", f"127.0.0.1:{port}", "--key", self.path("w"), "--folder",
                       self.path("w-state"), "--logs", self.path("logs"), wait="vouching")
        ticks = lambda: sum(map(int, open(f"/proc/{p.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()[11:13]))
        before = ticks()
        r = json.loads(self.run("taskset", "-c", cores[-1], self.log, "witness", port, logs, requests, connections))
        cpu = (ticks() - before) / os.sysconf("SC_CLK_TCK")
        return {**r, "logs": logs, "connections": connections, "rate": r["good"] / r["seconds"], "cpu_rate": r["good"] / cpu}

    def big_log(self):
        rows, at = [], 0
        for to in ([100_000] if self.args.quick else [100_000, 1_000_000, 10_000_000]):
            r = json.loads(self.run(self.log, "log", self.path("big"), at, to))
            r["megabytes"] = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(self.path("big")) for f in files) / 1e6
            rows.append({**r, "added": to - at})
            at = to
        shutil.rmtree(self.path("big"))
        return rows

    def lines(self):
        """(old, new) as the specification changes them: 0.5 % of the lines gone, 1 % new at the end with other hexadecimal digits."""
        rng = random.Random(20261122)
        path = os.path.join(self.args.shared or "", "main.ldb.gz")
        if self.args.shared and os.path.exists(path):
            with gzip.open(path) as f:
                old = f.read().splitlines(True)
        else:
            old = [b"Made.%d;Engine:51-255,Target:1;0&1;%s;%s\n" % (i, rng.randbytes(40).hex().encode(), rng.randbytes(60).hex().encode())
                   for i in range(38_890)]
        gone = set(rng.sample(range(len(old)), len(old) // 200))
        digits = bytes.maketrans(b"", b"")
        fresh = []
        for line in rng.sample(old, len(old) // 100):
            head, _, rest = line.partition(b";")
            rest = bytes(rng.choice(b"0123456789abcdef") if c in b"0123456789abcdef" and rng.random() < 0.9 else c for c in rest)
            fresh.append(head + b".new;" + rest.translate(digits))
        return b"".join(old), b"".join(line for i, line in enumerate(old) if i not in gone) + b"".join(fresh)

    def one_delta(self, old, new):
        r = json.loads(self.run(self.log, "delta", old, new, self.path("delta")))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run("zstd", "-q", "-f", "-19", "--long=27", f"--patch-from={old}", new, "-o", self.path("patch"))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run("zstd", "-q", "-f", "-19", new, "-o", self.path("full"))
        return {**r, "patch": os.path.getsize(self.path("patch")), "full": os.path.getsize(self.path("full")),
                "patch_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}

    def delta(self):
        old, new = self.lines()
        rows = {}
        for name, data in (("old.ldb", old), ("new.ldb", new)):
            with open(self.path(name), "wb") as f:
                f.write(data)
        rows["signature text (.ldb)"] = self.one_delta(self.path("old.ldb"), self.path("new.ldb"))
        for name in ("old", "new"):
            subprocess.run([self.overt, "db", "build", "-o", self.path(name + ".odb"), self.path(name + ".ldb")], env=self.env,
                           capture_output=True, check=False)
        rows["compiled (.odb)"] = self.one_delta(self.path("old.odb"), self.path("new.odb"))
        return rows


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    load = os.getloadavg()[0]
    return f"{datetime.date.today()}, {model}, {os.cpu_count()} cores, load {load:.0f}, Linux {platform.release()}"


def tables(r):
    out = [f"Measured {r['machine']}. Command: `bench/updates.py --shared FOLDER --write`.", "", "| what | figure | goal |", "|---|---|---|"]
    if "check" in r:
        c = r["check"]
        out += [f"| one check: requests | {c['requests']} GET, {c['connections']} connection | 1 |",
                f"| one check: bytes on the wire, headers and all | {c['up']} up, {c['down']} down; the proof {c['proof']}: {c['hashes']} hashes "
                f"(log of {c['leaves']:,} leaves), {c['cosigners']} cosignatures, a state of {c['state']} with {c['deltas']} deltas | under 6,144 |",
                f"| one check: CPU of all its processes | {c['cpu_ms']:.1f} ms | under 20 ms |"]
    if "witness" in r:
        w = r["witness"]
        out += [f"| witness on one core, {w['logs']:,} logs, {w['connections']} connections | {w['rate']:,.0f} cosignatures a second by the clock "
                f"(machine shared), {w['cpu_rate']:,.0f} by its CPU time; p50 {w['p50_ms']:.0f} ms, p99 {w['p99_ms']:.0f} ms; each on the disk "
                "before its answer | 2,000 |"]
    for x in r.get("log", []):
        out.append(f"| log of {x['leaves']:,} leaves | {x['added']:,} appended in {x['bulk_seconds']:.1f} s; one more {x['one_append_ms']:.0f} ms; proofs of "
                   f"inclusion and growth made and verified {x['proof_ms']:.1f} ms; peak memory {x['peak_kb'] / 1000:.1f} MB; disk {x['megabytes']:,.0f} MB "
                   "| memory does not grow |")
    for name, d in r.get("delta", {}).items():
        out.append(f"| delta, {name}, {d['new'] / 1e6:.1f} MB | {d['delta']:,} bytes in {d['make_seconds']:.2f} s, applied in {d['apply_seconds']:.2f} s; zstd -19 "
                   f"--patch-from: {d['patch']:,} in {d['patch_seconds']:.1f} s; so {d['delta'] / d['patch']:.2f} times the size at "
                   f"{d['patch_seconds'] / max(d['make_seconds'], 0.001):.0f} times the speed; zstd -19 of the whole: {d['full']:,} | 1.15 times, 20 times |")
    return "\n".join(out)


def scale(r):
    c, d = r["check"], r["delta"]["signature text (.ldb)"]
    w = r["witness"]
    wire = c["up"] + c["down"]
    day = 86400
    tb = lambda n: f"{n / 1e12:,.1f} TB"
    per = lambda n: f"{n * CLIENTS / day:,.0f}"
    full, delta, headers = d["full"], d["delta"], 600
    posts = 154 * 2
    return "\n".join([
        f"Measured {r['machine']}; one check is {wire:,} bytes (with TLS about 5 kB more for a full handshake, which a resumed session saves; assumed), one delta "
        f"{delta:,} bytes and its request.", "",
        "| 400 million clients | requests a second | bytes a day |", "|---|---|---|",
        f"| 6 checks a day | {per(6)} | {tb(6 * wire * CLIENTS)} |",
        f"| 24 checks a day | {per(24)} | {tb(24 * wire * CLIENTS)} |",
        f"| 4 deltas a day | {per(4)} | {tb(4 * (delta + headers) * CLIENTS)} |",
        f"| **6 checks and 4 deltas** | **{per(10)}** | **{tb((6 * wire + 4 * (delta + headers)) * CLIENTS)}; "
        f"{(6 * wire + 4 * (delta + headers)) / 1e6:.2f} MB and 10 requests a client** |",
        f"| the same four as whole files (zstd -19) | {per(4)} | {tb(4 * full * CLIENTS)} ({full / (delta + headers):.0f} times the deltas) |",
        f"| a client's CPU for 6 checks | | {6 * c['cpu_ms']:.0f} ms a day |",
        f"| a witness or mirror of one log | {posts / day:.4f} | about {posts * 1500 / 1e3:,.0f} kB, whatever the number of clients |",
        f"| one witness core | {w['cpu_rate']:,.0f} | enough for {w['cpu_rate'] * day / posts / 1e6:,.1f} million logs that are vouched for every ten minutes |",
    ])


def write(path, marks, text):
    with open(path, encoding="utf-8") as f:
        old = f.read()
    if marks[0] not in old:
        old = old.rstrip() + f"\n\n## Updates\n{marks[0]}\n{marks[1]}\n"
    a, b = old.index(marks[0]) + len(marks[0]), old.index(marks[1])
    with open(path, "w", encoding="utf-8") as f:
        f.write(old[:a] + "\n" + text + "\n" + old[b:])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--build", default="build-rel")
    p.add_argument("--shared")
    p.add_argument("--only", default="check,witness,log,delta")
    p.add_argument("--quick", action="store_true")
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    b, r = Bench(args), {"machine": machine()}
    try:
        for name, act in (("check", b.check), ("witness", b.witness), ("log", b.big_log), ("delta", b.delta)):
            if name in args.only.split(","):
                r[name] = act()
                print(name, json.dumps(r[name]), flush=True)
    finally:
        b.close()
    text = tables(r)
    print(text)
    if args.write:
        write(os.path.join(ROOT, "docs", "BENCHMARKS.md"), MARKS, text)
        if "check" in r and "delta" in r and "witness" in r:
            write(os.path.join(ROOT, "docs", "SCALE.md"), MARKS, scale(r))
    return 0


sys.exit(main())
