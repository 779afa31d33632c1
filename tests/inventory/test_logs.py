#!/usr/bin/env python3
"""overt inventory on what is not in the file itself yet (write-ahead logs, transaction logs of hives), and on NSS's and PKCS#12 stores.

  test_logs.py PROGRAM WORKER [NAME...]
"""
import os
import shutil
import sqlite3
import struct
import subprocess
import unittest

import kit
from kit import Case
from test_packages import kesl
from test_places import Hive

RPM = "r/var/lib/rpm/rpmdb.sqlite"


class WriteAhead(Case):
    def make(self):
        """A database with one package, and a log beside it that has two more; left as they are while the writer still runs."""
        os.makedirs(self.path("w"))
        db = sqlite3.connect(self.path("w/db"), isolation_level=None)
        db.execute("PRAGMA page_size=512")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        db.execute("INSERT INTO Packages (blob) VALUES (?)", (kesl("first"),))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("INSERT INTO Packages (blob) VALUES (?)", (kesl("second", 200),))
        db.execute("INSERT INTO Packages (blob) VALUES (?)", (kesl("third"),))
        files = []
        for name in ("w/db", "w/db-wal"):
            with open(self.path(name), "rb") as f:
                files.append(f.read())
        db.close()
        shutil.rmtree(self.path("w"))
        return files

    def names(self, code=0):
        return sorted(c["name"] for c in self.take("r", code)["components"] if c["type"] == "rpm")

    def test_applied(self):
        data, log = self.make()
        self.put(RPM, data)
        self.assertEqual(self.names(), ["first"])
        self.put(RPM + "-wal", log)
        self.assertEqual(self.names(), ["first", "second", "third"])

    def test_not_whole(self):
        """Only what was committed, and whole, counts: cut in the last transaction, a flipped byte in it, other salts, another page size."""
        data, log = self.make()
        self.put(RPM, data)
        self.put(RPM + "-wal", log[:-1])
        self.assertEqual(self.names(), ["first", "second"])
        bad = bytearray(log)
        bad[-100] ^= 1
        self.put(RPM + "-wal", bytes(bad))
        self.assertEqual(self.names(), ["first", "second"])
        for at in (10, 16, 24):
            bad = bytearray(log)
            bad[at] ^= 1
            self.put(RPM + "-wal", bytes(bad))
            self.assertEqual(self.names(), ["first"])

    def test_in_an_image(self):
        """In an image nothing is handed over beside a file: told."""
        data, log = self.make()
        self.put(RPM, data)
        self.put(RPM + "-wal", log)
        shutil.make_archive(self.path("i"), "tar", self.path("r"))
        inv = self.take("i.tar", code=3)
        self.assertIn("not in the database yet", inv["unread"][0]["detail"])
        self.assertEqual([c["name"] for c in inv["components"] if c["type"] == "rpm"], ["first"])


def program(name):
    return {"Microsoft": {"Windows": {"CurrentVersion": {"Uninstall": {k: {"DisplayName": k, "Publisher": "AO Kaspersky Lab"} for k in name}}}}}


def marvin(data):
    """Marvin32, straight from its description, for the test only."""
    low, high = 0x7a4e55c5, 0x82ef4d88
    mask = 0xffffffff

    def left(v, n):
        return ((v << n) | (v >> (32 - n))) & mask
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 4)
    for word in [w for w, in struct.iter_unpack("<I", padded)] + [0]:
        low = (low + word) & mask
        high ^= low
        low = (left(low, 20) + high) & mask
        high = left(high, 9) ^ low
        low = (left(low, 27) + high) & mask
        high = left(high, 19)
    return high << 32 | low


class Rooted(Hive):
    """With the root where it always is, whatever is below it."""

    def key(self, name, tree):
        if name != "ROOT":
            return super().key(name, tree)
        kept = self.cell(bytes(80))
        at = super().key(name, tree)
        self.bins[kept + 4:kept + 84] = self.bins[at + 4:at + 84]
        return kept


class Hives(Case):
    def base(self, hive, first, second, kind=0, written=0, is_broken=False):
        """The hive with other numbers in its base block, and the right checksum."""
        head = bytearray(hive[:512])
        struct.pack_into("<IIQ", head, 4, first, second, written)
        struct.pack_into("<I", head, 28, kind)
        check = 0
        for word, in struct.iter_unpack("<I", bytes(head[:508])):
            check ^= word
        struct.pack_into("<I", head, 508, check ^ is_broken)
        return bytes(head)

    @staticmethod
    def entry(old, new, number):
        """What makes `new` of `old`, 4,096 bytes at a time."""
        pages = [k for k in range(4096, len(new), 4096) if new[k:k + 4096] != old[k:k + 4096]]
        body = b"".join(struct.pack("<II", k - 4096, 4096) for k in pages) + b"".join(new[k:k + 4096] for k in pages)
        body += bytes(-(40 + len(body)) % 512)
        head = b"HvLE" + struct.pack("<IIIII", 40 + len(body), 0, number, len(new) - 4096, len(pages))
        head += struct.pack("<Q", marvin(body))
        return head + struct.pack("<Q", marvin(head)) + body

    def setUp(self):
        super().setUp()
        self.states = [Rooted(program(["p0"] + [f"p{i}" + "x" * (i % 20 * 40) for i in range(1, n + 1)])).bytes() for n in (0, 20, 40, 60)]
        self.assertNotEqual(len(self.states[0]), len(self.states[3]))

    def names(self, code=0):
        inv = self.take("r", code)
        return len([c for c in inv["components"] if c["type"] == "installed-program"]), inv["unread"]

    def dirty(self, first=7, second=6, **kw):
        self.put("r/Windows/System32/config/SOFTWARE", self.base(self.states[0], first, second, **kw) + self.states[0][512:])

    def log(self, number, entries, numbers, kind=6, **kw):
        self.put(f"r/Windows/System32/config/SOFTWARE.LOG{number}", self.base(self.states[3], *numbers, kind=kind, **kw) + b"".join(entries))

    def test_new_logs(self):
        a, b, c, d = self.states
        self.dirty()
        self.assertEqual(self.names(code=3)[0], 1)
        self.log(1, [self.entry(d, a, 5), self.entry(a, b, 7), self.entry(b, c, 8)], (9, 9))
        self.assertEqual(self.names(), (41, []))
        self.log(2, [self.entry(c, d, 9)], (10, 10))
        self.assertEqual(self.names(), (61, []))
        self.log(1, [self.entry(c, d, 9)], (10, 10))  # the later entries in the first log
        self.log(2, [self.entry(a, b, 7), self.entry(b, c, 8)], (9, 9))
        self.assertEqual(self.names(), (61, []))

    def test_clean(self):
        """A clean hive's logs are old: left alone."""
        self.dirty(7, 7)
        self.log(1, [self.entry(self.states[0], self.states[1], 7)], (8, 8))
        self.assertEqual(self.names(), (1, []))

    def test_broken_entry(self):
        a, b, c, _ = self.states
        self.dirty()
        bad = bytearray(self.entry(b, c, 8))
        bad[-600] ^= 1
        self.log(1, [self.entry(a, b, 7), bytes(bad)], (9, 9))
        self.assertEqual(self.names(), (21, []))
        self.log(1, [bytes(bad)], (9, 9))
        self.assertIn("no log beside it fits", self.names(code=3)[1][0]["detail"])

    def test_broken_base(self):
        a, b, _, _ = self.states
        self.dirty(7, 7, is_broken=True)
        self.log(1, [self.entry(a, b, 7)], (8, 8))
        self.assertEqual(self.names(), (21, []))

    def test_old_log(self):
        a, _, c, _ = self.states
        dirty = [k for k in range((len(c) - 4096) // 512) if a[4096 + k * 512:4608 + k * 512] != c[4096 + k * 512:4608 + k * 512]]
        bits = bytearray(-(-(len(c) - 4096) // 4096))
        for k in dirty:
            bits[k // 8] |= 1 << k % 8
        body = (b"DIRT" + bytes(bits)).ljust(-(-(4 + len(bits)) // 512) * 512, b"\0") + b"".join(c[4096 + k * 512:4608 + k * 512] for k in dirty)
        for written, want in ((11, 41), (12, 1)):
            self.dirty(written=11)
            self.put("r/Windows/System32/config/software.log", b"")
            self.put("r/Windows/System32/config/SOFTWARE.LOG", self.base(c, 7, 7, kind=1, written=written) + body)
            self.assertEqual(self.names(code=0 if want > 1 else 3)[0], want)

    def test_mutated(self):
        a, b, _, _ = self.states
        whole = self.base(self.states[3], 9, 9, kind=6) + self.entry(a, b, 7)
        for i in range(0, len(whole), 211):
            data = bytearray(whole)
            data[i:i + 3] = b"\xff\x00\x80"
            self.put(f"r/{i:06}/SOFTWARE", self.base(a, 7, 6) + a[512:])
            self.put(f"r/{i:06}/SOFTWARE.LOG1", bytes(data))
        self.assertFalse([u for u in self.take("r", code=None)["unread"] if u["reason"] in ("crashed", "timeout")])


class Stores(Case):
    def certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj", "/CN=" + name,
                        "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem")],
                       check=True, capture_output=True)
        return subprocess.run(["openssl", "x509", "-in", self.path(name + ".pem"), "-outform", "DER"], check=True, capture_output=True).stdout

    def roots(self, root, code=0):
        return {c["name"]: c.get("undetermined", False) for c in self.take(root, code)["components"] if c["type"] == "root-certificate"}

    def nss(self, path, objects):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        db = sqlite3.connect(self.path(path))
        names = ["a0", "a3", "a11", "a81", "a82", "ace536358", "ace53635b"]
        db.execute(f"CREATE TABLE nssPublic (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, {', '.join(names)})")
        for i, o in enumerate(objects):
            db.execute(f"INSERT INTO nssPublic VALUES ({','.join('?' * 8)})", (i, *[o.get(n, b"\xa5\0\x5a") for n in names]))
        db.commit()
        db.close()

    def test_nss(self):
        """Trusted by a trust object of its issuer and number; a mere certificate is not."""
        cert, trust = b"\0\0\0\1", b"\xce\x53\x43\x53"
        self.nss("n/home/a/.mozilla/firefox/x.default/cert9.db", [
            {"a0": trust, "a81": b"I", "a82": b"1", "ace536358": b"\xce\x53\x43\x52"}, {"a0": cert, "a11": self.certificate("Mine"), "a81": b"I", "a82": b"1"},
            {"a0": cert, "a11": self.certificate("Seen"), "a81": b"I", "a82": b"2"},
            {"a0": trust, "a81": b"I", "a82": b"3", "ace536358": b"\xce\x53\x43\x53", "ace53635b": b"\xce\x53\x43\x50"},
            {"a0": cert, "a11": self.certificate("Distrusted"), "a81": b"I", "a82": b"3"}])
        self.assertEqual(self.roots("n"), {"Mine": True, "Seen": False, "Distrusted": False})
        self.put("n/home/a/.mozilla/firefox/y/cert8.db", b"\0\x06\x15\x61")
        self.assertIn("not read", self.take("n", code=3)["unread"][0]["detail"])

    @unittest.skipUnless(shutil.which("certutil"), "needs libnss3-tools")
    def test_nss_tools(self):
        os.makedirs(self.path("n/etc/pki/nssdb"))
        store = "sql:" + self.path("n/etc/pki/nssdb")
        subprocess.run(["certutil", "-N", "-d", store, "--empty-password"], check=True, capture_output=True)
        for name, flags in (("Mine", "C,,"), ("Mail", ",C,"), ("Seen", ",,"), ("Peer", "P,,")):
            self.certificate(name)
            subprocess.run(["certutil", "-A", "-d", store, "-n", name, "-t", flags, "-i", self.path(name + ".pem")], check=True, capture_output=True)
        self.assertEqual(self.roots("n"), {"Mine": True, "Mail": True, "Seen": False, "Peer": False})

    def pkcs12(self, name, *args):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        subprocess.run(["openssl", "pkcs12", "-export", "-nokeys", "-in", self.path("Mine.pem"), "-passout", "pass:x", "-out", self.path(name), *args],
                       check=True, capture_output=True)

    def test_pkcs12(self):
        self.certificate("Mine")
        self.pkcs12("p/opt/jdk/lib/security/cacerts", "-certpbe", "NONE", "-nomac")
        self.assertEqual(self.roots("p"), {"Mine": True})
        self.pkcs12("q/home/a/keys.p12", "-certpbe", "NONE")
        self.assertEqual(self.roots("q"), {"Mine": False})
        self.pkcs12("q/home/a/keys.p12")
        self.assertIn("behind a password", self.take("q", code=3)["unread"][0]["detail"])
        with open(self.path("p/opt/jdk/lib/security/cacerts"), "rb") as f:
            whole = f.read()
        for n in range(1, len(whole), 37):
            self.put("p/opt/jdk/lib/security/cacerts", whole[:n])
            self.assertTrue(self.take("p", code=None)["unread"])

    def test_java_elsewhere(self):
        """A copy of Java's store, as in an /etc looked at alone, is trusted by nobody who is there."""
        der = self.certificate("Mine")
        entry = struct.pack(">IH", 2, 1) + b"a" + bytes(8) + struct.pack(">H", 5) + b"X.509" + struct.pack(">I", len(der)) + der
        store = b"\xfe\xed\xfe\xed" + struct.pack(">II", 2, 1) + entry + bytes(20)
        self.put("e/ssl/certs/java/cacerts", store)
        self.assertEqual(self.roots("e"), {"Mine": False})
        self.put("f/etc/ssl/certs/java/cacerts", store)
        self.put("g/usr/lib/jvm/x/lib/security/cacerts", store)
        self.assertEqual((self.roots("f"), self.roots("g")), ({"Mine": True}, {"Mine": True}))


if __name__ == "__main__":
    kit.main()
