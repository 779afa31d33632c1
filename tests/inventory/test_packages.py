#!/usr/bin/env python3
"""overt inventory on package databases other than dpkg's, on services, and on macOS programs.

  test_packages.py PROGRAM WORKER [NAME...]
"""
import os
import plistlib
import random
import shutil
import sqlite3
import struct
import subprocess
import unittest

import kit
from kit import Case


def has(*programs):
    return all(shutil.which(p) for p in programs)


def rpm_header(tags):
    """A header as rpm keeps it: { entries, bytes, rows, data }; types 4: numbers, 6: text, 8: texts."""
    rows, data = b"", b""
    for tag, value in sorted(tags.items()):
        if isinstance(value, str):
            kind, count, raw = 6, 1, value.encode() + b"\0"
        elif value and isinstance(value[0], str):
            kind, count, raw = 8, len(value), b"".join(v.encode() + b"\0" for v in value)
        else:
            kind, count, raw = 4, len(value), struct.pack(f">{len(value)}I", *value)
            data += bytes(-len(data) % 4)
        rows += struct.pack(">IIII", tag, kind, len(data), count)
        data += raw
    return struct.pack(">II", len(tags), len(data)) + rows + data


def kesl(name="kesl", files=1):
    names = [f"f{i}" for i in range(files)]
    return rpm_header({1000: name, 1001: "12.0", 1002: "1", 1008: [1700000000], 1011: "AO Kaspersky Lab", 1022: "x86_64",
                       1116: [0] * files, 1117: names, 1118: ["/opt/kaspersky/kesl/"]})


class Rpm(Case):
    BLOBS = [kesl(), kesl("big", 9000), rpm_header({1000: "gpg-pubkey", 1001: "1"})]

    def check(self):
        self.put("r/opt/kaspersky/kesl/f0", "x")
        inv = self.take("r")
        c = self.one(inv, type="rpm", name="kesl")
        self.assertEqual((c["version"], c["arch"], c["supplier"], c["state"], c["grade"]),
                         ("12.0-1", "x86_64", "AO Kaspersky Lab", "present", "E4"))
        self.assertEqual(c["since"], {"earliest": None, "latest": "2023-11-14T22:13:20Z", "from": "rpm INSTALLTIME"})
        self.one(inv, type="rpm", name="big")
        self.assertEqual(len([c for c in inv["components"] if c["type"] == "rpm"]), 2)

    def sqlite(self, blobs, page=1024):
        os.makedirs(self.path("r/var/lib/rpm"), exist_ok=True)
        db = sqlite3.connect(self.path("r/var/lib/rpm/rpmdb.sqlite"))
        db.execute(f"PRAGMA page_size={page}")
        db.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        db.execute("CREATE TABLE 'Name' (key TEXT NOT NULL, hnum INTEGER, idx INTEGER)")
        for b in blobs:
            db.execute("INSERT INTO Packages (blob) VALUES (?)", (b,))
        db.commit()
        db.close()

    def test_sqlite(self):
        for page in (512, 4096, 65536):
            self.sqlite(self.BLOBS, page)
            self.check()
            os.remove(self.path("r/var/lib/rpm/rpmdb.sqlite"))

    def test_sqlite_many(self):
        self.sqlite([kesl(f"p{i:04}") for i in range(700)])
        self.assertEqual(len(self.take("r")["components"]), 700)

    def test_ndb(self):
        pages, blocks = b"", b""
        for i, b in enumerate(self.BLOBS):
            raw = b"BlbS" + struct.pack("<III", i + 1, 0, len(b)) + b
            raw += bytes(-len(raw) % 16)
            pages += b"Slot" + struct.pack("<III", i + 1, (4096 + len(blocks)) // 16, len(raw) // 16)
            blocks += raw
        head = b"RpmP" + struct.pack("<IIIII", 0, 0, 1, 9, 0) + bytes(8)
        slots = pages + (b"Slot" + bytes(12)) * ((4096 - len(head) - len(pages)) // 16)
        self.put("r/usr/lib/sysimage/rpm/Packages.db", head + slots + blocks)
        self.check()

    @unittest.skipUnless(has("db5.3_load"), "needs db5.3-util")
    def test_berkeley(self):
        os.makedirs(self.path("r/var/lib/rpm"))
        text = "VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n"
        for i, b in enumerate([struct.pack("<I", 3)] + self.BLOBS):
            text += f" {struct.pack('<I', i).hex()}\n {b.hex()}\n"
        subprocess.run(["db5.3_load", self.path("r/var/lib/rpm/Packages")], input=text.encode() + b"DATA=END\n", check=True)
        self.check()

    @unittest.skipUnless(has("rpmbuild", "rpm"), "needs rpm")
    def test_real(self):
        """A package that rpm itself installed."""
        self.put("a.spec", "Name: klnagent64\nVersion: 15\nRelease: 1\nSummary: s\nLicense: x\nVendor: AO Kaspersky Lab\nBuildArch: noarch\n"
                 "%description\nd\n%install\nmkdir -p %{buildroot}/opt/kaspersky\ntouch %{buildroot}/opt/kaspersky/agent\n"
                 "%files\n/opt/kaspersky/agent\n")
        p = subprocess.run(["rpmbuild", "-bb", "--define", "_topdir " + self.path("b"), self.path("a.spec")], capture_output=True, check=False)
        if p.returncode != 0:
            self.skipTest("rpmbuild does not work here")
        root = self.path("r")
        os.mkdir(root)
        p = subprocess.run(["rpm", "--root", root, "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite", "--nodeps", "-i",
                            self.path("b/RPMS/noarch/klnagent64-15-1.noarch.rpm")], capture_output=True, check=False)
        if p.returncode != 0:
            self.skipTest("rpm can't install into a root here")
        inv = self.take("r", code=None)
        c = self.one(inv, type="rpm")
        self.assertEqual((c["name"], c["supplier"], c["grade"]), ("klnagent64", "AO Kaspersky Lab", "E4"), inv)

    def test_mutated(self):
        self.sqlite(self.BLOBS, 512)
        with open(self.path("r/var/lib/rpm/rpmdb.sqlite"), "rb") as f:
            whole = f.read()
        rng = random.Random(8)
        for i in range(150):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 8)):
                data[rng.randrange(len(data) if rng.random() < .5 else 2000)] = rng.randrange(256)
            self.put("m/var/lib/rpm/rpmdb.sqlite", bytes(data[:rng.randrange(len(data))] if i % 5 == 0 else data))
            inv = self.take("m", code=None)
            self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")])
            if not [c for c in inv["components"] if c["type"] == "rpm"]:
                self.assertTrue(inv["unread"])


class Others(Case):
    def test_apk(self):
        self.put("r/lib/apk/db/installed", "P:musl\nV:1.2\nA:x86_64\nm:T <t@x>\nF:lib\nR:ld-musl.so\n\nP:gone\nV:1\nF:opt\nR:gone\n\n")
        self.put("r/lib/ld-musl.so", "x")
        inv = self.take("r")
        c = self.one(inv, type="apk", name="musl")
        self.assertEqual((c["purl"], c["grade"], c["supplier"]), ("pkg:apk/alpine/musl@1.2?arch=x86_64", "E4", "T <t@x>"))
        self.assertEqual(self.one(inv, name="gone")["state"], "in-DB-files-gone")

    def test_pacman(self):
        self.put("r/var/lib/pacman/local/a-b-1.0-2/desc", "%NAME%\na-b\n\n%VERSION%\n1.0-2\n\n%INSTALLDATE%\n1700000000\n")
        self.put("r/var/lib/pacman/local/a-b-1.0-2/files", "%FILES%\nusr/\nusr/bin/a\n")
        self.put("r/usr/bin/a", "x")
        c = self.one(self.take("r"), type="pacman")
        self.assertEqual((c["name"], c["grade"], c["since"]["latest"]), ("a-b", "E4", "2023-11-14T22:13:20Z"))

    def test_flatpak_snap_opkg(self):
        self.put("r/var/lib/flatpak/app/org.x.Y/current/active/metadata", "[Application]\nname=org.x.Y\nruntime=z\n")
        self.put("r/snap/acme/1/meta/snap.yaml", "name: acme\nversion: '2'\napps:\n  name: no\n")
        self.put("r/usr/lib/opkg/status", "Package: busybox\nVersion: 1.36\nStatus: install ok installed\nInstalled-Time: 1700000000\n")
        inv = self.take("r")
        self.assertEqual(self.one(inv, type="flatpak")["name"], "org.x.Y")
        self.assertEqual(self.one(inv, type="snap")["version"], "2")
        self.assertEqual(self.one(inv, type="deb")["since"]["latest"], "2023-11-14T22:13:20Z")

    def test_services(self):
        self.put("r/etc/systemd/system/kesl.service", "[Unit]\nDescription=Security\n[Service]\nExecStart=/opt/kaspersky/kesl/x\n")
        self.put("r/usr/share/applications/k.desktop", "[Desktop Entry]\nName=K\nExec=k\n[Desktop Action x]\nName=no\n")
        for tail in ("", ".dpkg-old", ".rpmsave", "~"):  # what was put aside starts nothing
            self.put("r/etc/init.d/klnagent64" + tail, "#!/bin/sh\n# Short-Description: agent\n")
        inv = self.take("r")
        self.assertEqual(len([c for c in inv["components"] if c["type"] == "service"]), 2)
        c = self.one(inv, id="kesl.service")
        self.assertEqual((c["name"], c["grade"], c["undetermined"]), ("Security", "E3", True))
        self.assertEqual(self.one(inv, type="desktop-entry")["name"], "K")
        self.one(inv, id="klnagent64")

    def test_binary_property_list(self):
        """Bundles and launch jobs in the binary form: texts of 8 and 16 bits, long ones, and every cut of one."""
        info = {"CFBundleIdentifier": "com.kaspersky.kav", "CFBundleName": "\u0410\u043d\u0442\u0438\u0432\u0438\u0440\u0443\u0441 \U0001f6e1",
                "CFBundleShortVersionString": "24.1", "Other": [1, 2.5, {"a": b"b"}], "Long": "x" * 400}
        data = plistlib.dumps(info, fmt=plistlib.FMT_BINARY)
        self.put("b/Applications/K.app/Contents/Info.plist", data)
        self.put("b/Library/LaunchDaemons/com.acme.d.plist", plistlib.dumps({"Label": "com.acme." + "d" * 300, "RunAtLoad": True}, fmt=plistlib.FMT_BINARY))
        inv = self.take("b")
        c = self.one(inv, type="installed-program")
        self.assertEqual((c["id"], c["version"], c["name"]), ("com.kaspersky.kav", "24.1", info["CFBundleName"]))
        self.assertEqual(self.one(inv, type="service")["id"], "com.acme." + "d" * 300)
        for n in range(10, len(data), 7):
            self.put("c/Applications/K.app/Contents/Info.plist", data[:n])
            inv = self.take("c", code=3)
            self.assertEqual([u["reason"] for u in inv["unread"]], ["malformed"], n)
        self.put("d/Applications/K.app/Contents/Info.plist", plistlib.dumps(["x"], fmt=plistlib.FMT_BINARY))
        self.assertEqual(self.take("d", code=3)["unread"][0]["reason"], "unsupported")

    def test_macos(self):
        self.put("r/Applications/K.app/Contents/Info.plist", '<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "x">\n'
                 "<plist><dict><key>CFBundleIdentifier</key><string>com.kaspersky.kav</string><key>CFBundleShortVersionString</key>"
                 "<string>24</string></dict></plist>")
        c = self.one(self.take("r"), type="installed-program")
        self.assertEqual((c["id"], c["version"]), ("com.kaspersky.kav", "24"))
        ident, team = b"com.acme.tool\0", b"2Y8XE5CQ94\0"
        directory = struct.pack(">IIIIIIIIIBBBBIII", 0xfade0c02, 52 + len(ident) + len(team), 0x20200, 0, 0, 52, 0, 0, 0, 32, 2, 0, 12, 0, 0,
                                52 + len(ident)) + ident + team
        blob = struct.pack(">IIIII", 0xfade0cc0, 20 + len(directory), 1, 0, 20) + directory
        body = struct.pack("<IIIIIIII", 0xfeedfacf, 0x1000007, 3, 2, 1, 16, 0, 0) + struct.pack("<IIII", 0x1d, 16, 48, len(blob)) + blob
        self.put("m/tool", body)
        c = self.one(self.take("m"), type="program")
        self.assertEqual((self.evidence(c, "team-id")[0]["value"], c["id"]), ("2Y8XE5CQ94", "com.acme.tool"))


if __name__ == "__main__":
    kit.main()
