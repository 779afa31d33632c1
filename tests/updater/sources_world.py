"""What the tests of other people's sources share: servers on loopback that can lie, containers and patches of our own keys."""
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import socketserver
import struct
import subprocess
import tarfile
import threading
import time

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
EXPONENT = 65537


class Key:
    """An RSA key and ClamAV's two ways of signing with one: over MD5, and PSS over SHA-256."""

    def __init__(self, bits):
        self.bits = bits
        while True:
            p, q = (int(subprocess.run(["openssl", "prime", "-generate", "-bits", str(bits // 2)], capture_output=True, check=True,
                                       text=True).stdout) for _ in range(2))
            self.n = p * q
            if self.n.bit_length() == bits and (p - 1) * (q - 1) % EXPONENT:
                self.d = pow(EXPONENT, -1, (p - 1) * (q - 1))
                return

    def spell(self, m):
        s = pow(m, self.d, self.n)
        return "".join(ALPHABET[s >> 6 * i & 63] for i in range((self.bits + 5) // 6))

    def md5(self, body):
        return self.spell(int(hashlib.md5(body).hexdigest(), 16))

    def pss(self, body):
        salt, n = hashlib.sha256(body + b"salt").digest(), self.bits // 8  # the same text has the same signature
        h = hashlib.sha256(bytes(8) + hashlib.sha256(body).digest() + salt).digest()
        db = bytes(n - 32 - 1 - 33) + b"\1" + salt
        mask = b"".join(hashlib.sha256(h + struct.pack(">I", i)).digest() for i in range(len(db) // 32 + 1))[:len(db)]
        masked = bytes(a ^ b for a, b in zip(db, mask))
        em = int.from_bytes(bytes([masked[0] & 0x7f]) + masked[1:] + h + b"\xbc", "big")
        return self.spell(em)

    def line(self, what):
        return f"{what} {self.n:0{self.bits // 4}x} {EXPONENT}\n"


def info_of(db, version, files, keys, built):
    lines = sum(b.count(b"\n") for _, b in files)
    head = f"ClamAV-VDB:14 Nov 2023 22-13 +0000:{version}:{lines}:60:X:X:me:{built}"
    text = head + "\n" + "".join(f"{n}:{len(b)}:{hashlib.sha256(b).hexdigest()}\n" for n, b in files)
    return head, text.encode() + (b"DSIG:" + keys[1].pss(text.encode()).encode() + b"\n" if keys else b"")


def container(db, version, files, keys, packed=True, built=None):
    """A .cvd (packed) or .cld of our keys; files: [(name, bytes)]."""
    built = built or 1700000000 + version
    head, info = info_of(db, version, files, keys, built)
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in [("COPYING", b"none\n"), (f"{db}.info", info), *files]:
            m = tarfile.TarInfo(name)
            m.size = len(data)
            t.addfile(m, io.BytesIO(data))
    body = raw.getvalue()
    if packed:
        body = gzip.compress(body, mtime=0)
        head = head.replace(":X:X:", f":{hashlib.md5(body).hexdigest()}:{keys[0].md5(body)}:")
    return head.encode().ljust(512) + body


def script(db, before, after, version, keys, built=None):
    """The patch between two lists of files, as sigtool --compare writes it, with the list of members behind."""
    def compare(name, a, b):
        out, x, y = [f"OPEN {name}"], a.decode().splitlines(), b.decode().splitlines()
        i = 0
        for i, line in enumerate(x):
            if line not in y:
                out.append(f"DEL {i + 1} {line[:16].split(' ')[0]}")
        out += [f"ADD {line}" for line in y if line not in x]
        return out + ["CLOSE"] if len(out) > 1 else []
    info_before = info_of(db, version - 1, before, keys, built or 1700000000 + version - 1)[1]
    info_after = info_of(db, version, after, keys, built or 1700000000 + version)[1]
    out = []
    for name, data in after:
        out += compare(name, dict(before).get(name, b""), data)
    out.append(f"OPEN {db}.info")
    old, new = info_before.decode().splitlines(), info_after.decode().splitlines()
    out += [f"XCHG {i + 1} {line[:8]} {new[i]}" for i, line in enumerate(old[:len(new)])]
    out += [f"DEL {i + 1} {old[i][:8]}" for i in range(len(new), len(old))] + [f"ADD {line}" for line in new[len(old):]]
    return ("\n".join(out + ["CLOSE"]) + "\n").encode()


def cdiff(text, version, keys):
    body = f"ClamAV-Diff:{version}:{len(text)}:".encode() + gzip.compress(text, mtime=0)
    return body + b":" + keys[1].pss(body).encode()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; `lie` may answer in its place. Requests are remembered as they came."""
    daemon_threads = True
    TIME = "Sat, 21 Nov 2026 10:00:00 GMT"

    def __init__(self, address="127.0.0.1"):
        super().__init__((address, 0), Answer)
        self.files, self.lie, self.seen, self.modified = {}, None, [], {}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://{self.server_address[0]}:{self.server_address[1]}"

    def paths(self):
        return [line.split()[1] for line, _ in self.seen]

    def stop(self):
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.requestline, dict(self.headers.items())))
        path = self.path.lstrip("/")
        body, status, more = self.server.files.get(path), 200, {}
        if self.server.lie:
            told = self.server.lie(self, path, body)
            if told is False:
                return
            if isinstance(told, tuple):
                status, more, body = told
            else:
                body = told
        if body is None:
            status, body = (404, b"") if status == 200 else (status, b"")
        if status == 200:
            status, body = self.part(path, body, more)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def part(self, path, body, more):
        modified = self.server.modified.get(path, self.server.TIME)
        more.setdefault("Last-Modified", modified)
        more.setdefault("ETag", '"' + hashlib.sha256(body).hexdigest()[:8] + '"')
        if self.headers.get("If-Modified-Since") == modified or self.headers.get("If-None-Match") == more["ETag"]:
            return 304, b""
        m = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not m or self.headers.get("If-Range", modified) != modified:
            return 200, body
        at, end = int(m[1]), int(m[2] or len(body) - 1)
        more["Content-Range"] = f"bytes {at}-{min(end, len(body) - 1)}/{len(body)}"
        return 206, body[at:end + 1]

    def log_message(self, *args):
        pass


class Dns(socketserver.UDPServer):
    """Answers every TXT question with `text`, or with what `lie` makes of the question."""

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), DnsAnswer)
        self.text, self.lie, self.asked = "", None, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def server(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def versions(self, main=0, daily=0, bytecode=0, when=None):
        self.text = f"1.4.6:{main}:{daily}:{int(when or time.time())}:1:90:49192:{bytecode}"

    def stop(self):
        self.shutdown()
        self.server_close()


class DnsAnswer(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        self.server.asked.append(data)
        end = data.index(b"\0", 12) + 5
        text = self.server.text.encode()
        answer = (data[:2] + b"\x81\x80" + data[4:6] + b"\0\1\0\0\0\0" + data[12:end] + b"\xc0\x0c\0\x10\0\1\0\0\0\x3c" +
                  struct.pack(">HB", len(text) + 1, len(text)) + text)
        if self.server.lie:
            answer = self.server.lie(data, answer)
        if answer:
            sock.sendto(answer, self.client_address)


def pretty(value):
    return json.dumps(value, indent=1)
