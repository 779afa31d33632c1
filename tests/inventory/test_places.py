#!/usr/bin/env python3
"""overt inventory on trust stores, browser profiles, registry hives, Android packages.

  test_places.py PROGRAM WORKER [NAME...]
"""
import io
import json
import os
import shutil
import struct
import subprocess
import unittest
import zipfile

import kit
from kit import Case

ROOT = "/O=AO Kaspersky Lab/CN=Kaspersky Anti-Virus Personal Root Certificate"
EXTENSION = "ahkjpbeeocnddjkakilopmfdlnjdpcdm"


def has(*programs):
    return all(shutil.which(p) for p in programs)


@unittest.skipUnless(has("openssl"), "needs openssl")
class Trust(Case):
    def certificate(self, name, *args):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", ROOT, "-keyout",
                        self.path("key"), "-out", self.path(name), *args], check=True, capture_output=True)

    def test_root(self):
        """In the store and in its bundle: one; nobody's package brought it."""
        self.certificate("r/usr/local/share/ca-certificates/k.crt")
        os.makedirs(self.path("r/etc/ssl/certs"))
        with open(self.path("r/usr/local/share/ca-certificates/k.crt"), "rb") as f:
            pem = f.read()
        self.put("r/etc/ssl/certs/ca-certificates.crt", b"# comment\n" + pem + b"junk\n")
        inv = self.take("r")
        c = self.one(inv, type="root-certificate")
        self.assertEqual(c["name"], "Kaspersky Anti-Virus Personal Root Certificate")
        self.assertTrue(c["undetermined"] and c["privileged"])
        self.assertEqual(self.evidence(c, "cert-cn")[0]["value"], "CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab")

    def test_package(self):
        """The same, brought by a package: it has an owner, and so has the bundle's copy."""
        self.certificate("r/usr/share/ca-certificates/k.crt")
        self.put("r/var/lib/dpkg/status", "Package: ca\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n")
        self.put("r/var/lib/dpkg/info/ca.list", "/usr/share/ca-certificates/k.crt\n")
        inv = self.take("r")
        self.assertEqual(self.one(inv, type="root-certificate")["owner"], "ca")
        self.assertEqual(inv["undetermined"], [])

    def jks(self, entries, version=2, cut=None):
        """A Java key store, as its layout says; no password is known to anybody."""
        def text(t):
            return struct.pack(">H", len(t)) + t
        out = b"\xfe\xed\xfe\xed" + struct.pack(">II", version, len(entries))
        for tag, alias, der in entries:
            cert = (text(b"X.509") if version == 2 else b"") + struct.pack(">I", len(der)) + der
            key = struct.pack(">I", 5) + b"xxxxx" + struct.pack(">I", 1) if tag == 1 else b""
            out += struct.pack(">I", tag) + text(alias) + bytes(8) + key + cert
        return (out + bytes(20))[:cut]

    def test_java_store(self):
        self.certificate("r.pem", "-addext", "basicConstraints=critical,CA:TRUE")
        der = subprocess.run(["openssl", "x509", "-in", self.path("r.pem"), "-outform", "DER"], check=True, capture_output=True).stdout
        for version in (1, 2):
            data = self.jks([(1, b"own", der), (2, b"odd", der)], version)
            self.put("j/etc/ssl/certs/java/cacerts", data)
            c = self.one(self.take("j"), type="root-certificate")
            self.assertEqual((c["privileged"], self.evidence(c, "cert-cn")[0]["where"]), (True, "alias odd"))
        for n in range(8, len(data) - 21):
            if n % 29 == 0:
                self.put("j/etc/ssl/certs/java/cacerts", data[:n])
                self.assertEqual(len(self.take("j", code=3)["unread"]), 1, n)
        self.put("j/etc/ssl/certs/java/cacerts", self.jks([(3, b"secret", b"")]))
        self.assertEqual(self.take("j", code=3)["unread"][0]["reason"], "unsupported")

    def test_der_elsewhere(self):
        self.certificate("r/ProgramData/Data/Cert/(fake)root.cer", "-outform", "DER")
        c = self.one(self.take("r"), type="root-certificate")
        self.assertNotIn("privileged", c)

    def test_server(self):
        """A certificate that signs no others is no root."""
        self.certificate("r/etc/ssl/certs/x.pem", "-addext", "basicConstraints=critical,CA:false")
        self.assertEqual(self.take("r")["components"], [])

    def test_broken(self):
        self.put("r/etc/ssl/certs/x.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
        self.assertEqual(self.take("r", code=3)["unread"][0]["reason"], "malformed")


class Browser(Case):
    def test_extension(self):
        self.put(f"r/home/x/.config/google-chrome/Default/Extensions/{EXTENSION}/1.0_0/manifest.json",
                 json.dumps({"manifest_version": 3, "name": "__MSG_n__", "version": "1.0", "author": {"email": "x@example.org"}}))
        c = self.one(self.take("r"), type="browser-extension")
        self.assertEqual((c["id"], c["version"], c["supplier"]), (EXTENSION, "1.0", "x@example.org"))

    def test_native_host(self):
        name = f"com.kaspersky.{EXTENSION}.host"
        self.put(f"r/etc/opt/chrome/native-messaging-hosts/{name}.json", json.dumps(
            {"name": name, "path": "/opt/x", "type": "stdio", "allowed_origins": [f"chrome-extension://{EXTENSION}/"]}))
        c = self.one(self.take("r"), type="native-messaging-host")
        self.assertEqual(self.evidence(c, "native-host")[0]["value"], name)
        self.assertEqual(self.evidence(c, "ext-id")[0]["value"], EXTENSION)

    def test_firefox(self):
        self.put("r/home/x/.mozilla/firefox/a.default/extensions.json", json.dumps(
            {"addons": [{"id": "light_plugin@kaspersky.com", "version": "5", "location": "app-profile",
                         "defaultLocale": {"name": "Kaspersky Protection", "creator": "AO Kaspersky Lab"}},
                        {"id": "own@mozilla.org", "location": "app-builtin"}]}))
        c = self.one(self.take("r"), type="browser-extension")
        self.assertEqual((c["name"], c["supplier"]), ("Kaspersky Protection", "AO Kaspersky Lab"))


class Hive:
    """A registry hive of keys and values, as the format asks for."""

    def __init__(self, tree):
        self.bins = bytearray(32)
        self.root = self.key("ROOT", tree)
        size = -len(self.bins) % 4096
        if size:
            self.bins += struct.pack("<i", size) + bytes(size - 4)
        self.bins[:12] = b"hbin" + struct.pack("<II", 0, len(self.bins))

    def cell(self, data):
        at = len(self.bins)
        size = (len(data) + 4 + 7) // 8 * 8
        self.bins += struct.pack("<i", -size) + data + bytes(size - 4 - len(data))
        return at

    def value(self, name, data):
        kind, raw = (4, struct.pack("<I", data)) if isinstance(data, int) else (1, (data + "\0").encode("utf-16-le"))
        label = name.encode("latin-1")
        where, size = (struct.unpack("<I", raw)[0], len(raw) | 1 << 31) if len(raw) <= 4 else (self.cell(raw), len(raw))
        return self.cell(struct.pack("<2sHIIIHH", b"vk", len(label), size, where, kind, 1, 0) + label)

    def key(self, name, tree):
        keys = sorted((k, v) for k, v in tree.items() if isinstance(v, dict))
        values = [(k, v) for k, v in tree.items() if not isinstance(v, dict)]
        subkeys = [self.key(k, v) for k, v in keys]
        slist = self.cell(struct.pack("<2sH", b"lh", len(subkeys)) + b"".join(struct.pack("<II", s, 0) for s in subkeys)) if subkeys else 0xffffffff
        vlist = self.cell(b"".join(struct.pack("<I", self.value(k, v)) for k, v in values)) if values else 0xffffffff
        wide = any(ord(c) > 255 for c in name)
        label = name.encode("utf-16-le" if wide else "latin-1")
        written = (1700000000 + 11644473600) * 10000000
        at = self.cell(struct.pack("<2sHQIIIIIIIIIIIIIIIHH", b"nk", 0 if wide else 0x20, written, 0, 0, len(subkeys), 0, slist, 0xffffffff,
                                     len(values), vlist, 0xffffffff, 0xffffffff, 0, 0, 0, 0, 0, len(label), 0) + label)
        for child in subkeys:  # each knows its parent
            self.bins[child + 20:child + 24] = struct.pack("<I", at)
        return at

    def bytes(self, second=1):
        head = b"regf" + struct.pack("<II", 1, second) + bytes(8) + struct.pack("<IIIIII", 1, 5, 0, 1, self.root, len(self.bins))
        head += bytes(508 - len(head))
        check = 0
        for word, in struct.iter_unpack("<I", head):
            check ^= word
        return head + struct.pack("<I", check) + bytes(4096 - 512) + bytes(self.bins)


UNINSTALL = {"Microsoft": {"Windows": {"CurrentVersion": {"Uninstall": {
    "{AA-1}": {"DisplayName": "Kaspersky Endpoint Security f\u00fcr Windows", "DisplayVersion": "12.1", "Publisher": "AO Kaspersky Lab",
               "InstallDate": "20230501"},
    "{BB-2}": {"DisplayName": "\u0410\u043d\u0442\u0438\u0432\u0438\u0440\u0443\u0441 \U0001f6e1", "Publisher": "AO Kaspersky Lab"},
    "KB1": {"ParentKeyName": "x"}}}}}}


def agent(date):
    return {"KasperskyLab": {"Components": {"34": {"1103": {"1.0.0.0": {"Statistics": {"AVState": {
        "Protection_AvRunning": "true", "Protection_BasesDate": date}}}}}},
        "protected": {"KES21": {"environment": {"ProductName": "KES", "ProductDisplayVersion": "12.1.0.506"}}}}}


class Registry(Case):
    def hive(self, tree, **kw):
        self.put("SOFTWARE", Hive(tree).bytes(**kw))

    def test_uninstall(self):
        self.hive(UNINSTALL)
        inv = self.take("SOFTWARE")
        c = self.one(inv, id="{AA-1}")
        self.assertEqual((c["name"], c["supplier"], c["version"], c["grade"]),
                         ("Kaspersky Endpoint Security f\u00fcr Windows", "AO Kaspersky Lab", "12.1", "E3"))
        self.assertEqual(c["since"], {"earliest": "2023-05-01T00:00:00Z", "latest": "2023-11-14T22:13:20Z", "from": "InstallDate, key's time"})
        self.assertEqual(self.one(inv, id="{BB-2}")["name"], "\u0410\u043d\u0442\u0438\u0432\u0438\u0440\u0443\u0441 \U0001f6e1")
        self.assertEqual(len(inv["components"]), 2)

    def test_agent(self):
        for date, want in (("01-09-2023 10-11-12", "2023-09-01T10:11:12Z"), ("20-11-2026 00-00-00", "2026-11-20T00:00:00Z")):
            self.hive(agent(date))
            inv = self.take("SOFTWARE")
            self.assertEqual(self.one(inv, type="registry")["updates"], {"last": want, "from": "Protection_BasesDate"})
            self.assertEqual(self.one(inv, type="installed-program")["version"], "12.1.0.506")

    def test_driver(self):
        self.hive({"ControlSet001": {"Services": {
            "KLIF.KES-21-9": {"Type": 2, "Start": 1, "ImagePath": "system32\\DRIVERS\\klif.sys", "Instances": {
                "DefaultInstance": "x", "x": {"Altitude": "320400", "Flags": 0}}},
            "klnagent": {"Type": 16, "Start": 4, "DisplayName": "Agent"}, "Junk": {"a": "b"}}}})
        inv = self.take("SOFTWARE")
        c = self.one(inv, type="driver")
        a = self.evidence(c, "altitude")[0]
        self.assertEqual((a["value"], a["grade"], c["id"], c["grade"]), ("320400", "E4", "KLIF.KES-21-9", "E4"))
        self.assertEqual(self.one(inv, type="service")["state"], "disabled")

    def test_dirty(self):
        self.hive(UNINSTALL, second=2)
        inv = self.take("SOFTWARE", code=3)
        self.assertIn("in use", inv["unread"][0]["detail"])

    @unittest.skipUnless(has("hivexregedit"), "needs libwin-hivex-perl")
    def test_reference(self):
        """Our maker of hives, held against hivex."""
        self.hive(UNINSTALL)
        p = subprocess.run(["hivexregedit", "--export", self.path("SOFTWARE"), "\\"], capture_output=True, check=True)
        self.assertIn(b"InstallDate", p.stdout)

    def test_mutated(self):
        whole = Hive({**UNINSTALL, **agent("01-09-2023 10-11-12")}).bytes()
        for i in range(4096, len(whole), 37):
            data = bytearray(whole)
            data[i:i + 3] = b"\xff\x00\x80"
            self.put(f"m/{i:06}/SOFTWARE", bytes(data))
        for i in range(4096, len(whole), 211):
            self.put(f"m/{i:06}/cut", whole[:i])
        inv = self.take("m", code=None)
        self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")])


def binary_manifest(package, version="1.0"):
    """AndroidManifest.xml: a pool of texts and one element."""
    texts = ["package", "versionName", package, version, "manifest"]
    data, offs = b"", []
    for t in texts:
        offs.append(len(data))
        data += struct.pack("<H", len(t)) + t.encode("utf-16-le") + b"\0\0"
    data += bytes(-len(data) % 4)
    start = 28 + 4 * len(texts)
    pool = struct.pack("<HHIIIIII", 1, 28, start + len(data), len(texts), 0, 0, start, 0) + struct.pack(f"<{len(offs)}I", *offs) + data
    attrs = b"".join(struct.pack("<IIIHBBI", 0xffffffff, k, v, 8, 0, 3, v) for k, v in ((0, 2), (1, 3)))
    element = struct.pack("<HHIIIIIHHHHHH", 0x102, 16, 36 + len(attrs), 1, 0xffffffff, 0xffffffff, 4, 20, 20, 2, 0, 0, 0) + attrs
    return struct.pack("<HHI", 3, 8, 8 + len(pool) + len(element)) + pool + element


class Android(Case):
    def apk(self, name, files):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
            for k, v in files.items():
                z.writestr(k, v)
        self.put(name, out.getvalue())

    def test_id(self):
        self.apk("r/a.apk", {"AndroidManifest.xml": binary_manifest("com.acme.bank", "7.1"), "classes.dex": b"dex\n035\0" + bytes(99)})
        c = self.one(self.take("r"), type="android-app")
        self.assertEqual((c["id"], c["version"]), ("com.acme.bank", "7.1"))
        self.assertEqual(self.evidence(c, "android-pkg")[0]["value"], "com.acme.bank")

    def test_classes(self):
        """Classes of a kit inside somebody else's application, by their names."""
        self.apk("r/a.apk", {"AndroidManifest.xml": binary_manifest("com.acme.bank"), "classes.dex": b"dex\n035\0" + b"\x12Lcom/kavsdk/License;\0"})
        inv = self.take("r")
        c = self.one(inv, type="traces")
        self.assertEqual((c["name"], self.evidence(c, "class-prefix")[0]["value"], c["grade"]), ("engine-inside", "com.kavsdk.", "E3"))
        self.assertEqual(self.one(inv, type="android-app")["id"], "com.acme.bank")

    def test_jar(self):
        self.apk("r/a.jar", {"META-INF/maven/g/a/pom.properties": "groupId=g.g\nartifactId=a\nversion=1\n"})
        self.assertEqual(self.one(self.take("r"))["purl"], "pkg:maven/g.g/a@1")

    def test_broken(self):
        self.apk("r/a.apk", {"AndroidManifest.xml": binary_manifest("com.acme.bank")[:90]})
        self.assertEqual(self.take("r", code=3)["unread"][0]["reason"], "malformed")


class Texts(Case):
    def test_appliances(self):
        """Settings of appliances: the word, the line; a text of anything else is E1 at most."""
        self.put("r/junos.conf", "utm {\n  feature-profile {\n    anti-virus type kaspersky-lab-engine;\n")
        self.put("r/mail.txt", "From: x\n\nupdates come from dnl-01.geo.kaspersky.com\n")
        inv = self.take("r")
        c = self.one(inv, type="traces", name="engine-inside")
        self.assertEqual((self.evidence(c, "config-keyword")[0]["where"], c["grade"]), ("junos.conf:3", "E2"))
        self.assertEqual([e["grade"] for e in self.evidence(c, "host")], ["E1"])

    def test_places(self):
        self.put("r/opt/kaspersky/kesl/a", "x")
        self.put("r/opt/kaspersky/kesl/b", "x")
        e = self.evidence(self.one(self.take("r"), type="traces"), "path")[0]
        self.assertEqual((e["value"], e["where"], e["count"]), ("opt/kaspersky", "opt/kaspersky/kesl/a", 2))


if __name__ == "__main__":
    kit.main()
