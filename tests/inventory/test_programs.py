#!/usr/bin/env python3
"""overt inventory on programs: made here with the system's tools, signed by certificates made here.

  test_programs.py PROGRAM WORKER [NAME...]
"""
import json
import os
import shutil
import subprocess
import unittest
import zlib

import kit
from kit import Case

MINGW = "x86_64-w64-mingw32-"
RC = """1 VERSIONINFO
FILEVERSION 1,2,3,4
BEGIN
 BLOCK "StringFileInfo" BEGIN BLOCK "040904b0" BEGIN
  VALUE "CompanyName", "AO Kaspersky Lab\\0"
  VALUE "ProductName", "Acme Mail Shield\\0"
  VALUE "ProductVersion", "1.2.3.4\\0"
  VALUE "OriginalFilename", "shield.exe\\0"
 END END
 BLOCK "VarFileInfo" BEGIN VALUE "Translation", 0x409, 1200 END
END
"""


def run(*args, **kw):
    subprocess.run(args, check=True, capture_output=True, **kw)


def has(*programs):
    return all(shutil.which(p) for p in programs)


@unittest.skipUnless(has(MINGW + "ld", MINGW + "windres"), "needs binutils-mingw-w64-x86-64")
class Pe(Case):
    def make(self, name="a.exe", subsystem="windows"):
        """A program of version information only: nothing in it runs."""
        self.put("a.rc", RC)
        self.put("a.s", ".globl start\nstart: ret\n")
        run(MINGW + "windres", self.path("a.rc"), self.path("rc.o"))
        run(MINGW + "as", self.path("a.s"), "-o", self.path("s.o"))
        run(MINGW + "ld", "--subsystem", subsystem, "-e", "start", self.path("s.o"), self.path("rc.o"), "-o", self.path(name))
        return self.path(name)

    def authority(self, ca=True):
        """A certificate of that name: self-made, or by a root made here."""
        os.makedirs(self.path("ca"), exist_ok=True)
        name = "/O=AO Kaspersky Lab/CN=AO Kaspersky Lab"
        new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-sha256")
        if not ca:
            run(*new, "-x509", "-days", "99", "-subj", name, "-keyout", self.path("ca/k.pem"), "-out", self.path("ca/c.pem"))
            return
        run(*new, "-x509", "-days", "99", "-subj", "/CN=Test root", "-keyout", self.path("ca/rk.pem"), "-out", self.path("ca/r.pem"))
        run(*new, "-subj", name, "-keyout", self.path("ca/k.pem"), "-out", self.path("ca/c.csr"))
        self.put("ca/ext", "extendedKeyUsage=codeSigning\n")
        run("openssl", "x509", "-req", "-in", self.path("ca/c.csr"), "-CA", self.path("ca/r.pem"), "-CAkey", self.path("ca/rk.pem"),
            "-days", "99", "-extfile", self.path("ca/ext"), "-out", self.path("ca/only.pem"))
        with open(self.path("ca/only.pem"), encoding="ascii") as a, open(self.path("ca/r.pem"), encoding="ascii") as b:
            self.put("ca/c.pem", a.read() + b.read())
        run(*new, "-subj", "/CN=Test stamps", "-keyout", self.path("ca/tk.pem"), "-out", self.path("ca/t.csr"))
        self.put("ca/text", "extendedKeyUsage=critical,timeStamping\n")
        run("openssl", "x509", "-req", "-in", self.path("ca/t.csr"), "-CA", self.path("ca/r.pem"), "-CAkey", self.path("ca/rk.pem"),
            "-days", "99", "-extfile", self.path("ca/text"), "-out", self.path("ca/t.pem"))

    def sign(self, source, out):
        run("osslsigncode", "sign", "-h", "sha256", "-certs", self.path("ca/c.pem"), "-key", self.path("ca/k.pem"), "-in", source,
            "-out", self.path(out))

    def signer(self, name):
        c = self.one(self.take(name), type="program")
        return c, self.evidence(c, "signer")[0]

    def test_version(self):
        self.make()
        c = self.one(self.take("a.exe"), type="program")
        self.assertEqual((c["supplier"], c["version"], c["grade"], c["id"]), ("AO Kaspersky Lab", "1.2.3.4", "E2", "shield.exe"))
        self.assertEqual(self.evidence(c, "pe-product")[0]["value"], "Acme Mail Shield")

    def test_driver(self):
        self.make("klif.sys", "native")
        inv = self.take("klif.sys")
        self.assertTrue(self.one(inv, type="driver")["privileged"])
        self.assertEqual(inv["undetermined"], [])

    @unittest.skipUnless(has("osslsigncode", "openssl"), "needs osslsigncode")
    def test_self_made(self):
        self.authority(ca=False)
        self.sign(self.make(), "self.exe")
        c, s = self.signer("self.exe")
        self.assertEqual((s["value"], s["detail"], s["grade"]), ("CN=AO Kaspersky Lab,O=AO Kaspersky Lab", "self-made", "E2"))
        self.assertEqual(c["grade"], "E2")
        with open(self.path("self.exe"), "r+b") as f:
            f.seek(0x210)
            byte = f.read(1)
            f.seek(0x210)
            f.write(bytes([byte[0] ^ 1]))
        self.assertEqual(self.signer("self.exe")[1]["detail"], "broken-digest")

    @unittest.skipUnless(has("osslsigncode", "openssl"), "needs osslsigncode")
    def test_chain(self):
        self.authority()
        self.sign(self.make(), "chain.exe")
        c, s = self.signer("chain.exe")
        self.assertEqual(s["detail"], "intact")
        spki = subprocess.run(f"openssl x509 -in {self.path('ca/r.pem')} -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum",
                              shell=True, capture_output=True, text=True, check=True).stdout.split()[0]
        self.assertEqual(self.evidence(c, "root-spki")[0]["value"], spki)
        self.assertEqual(len(self.evidence(c, "signer-spki")), 2)
        shutil.copy(self.path("ca/only.pem"), self.path("ca/c.pem"))
        self.sign(self.make(), "short.exe")
        self.assertEqual(self.signer("short.exe")[1]["detail"], "incomplete")

    @unittest.skipUnless(has("osslsigncode", "openssl"), "needs osslsigncode")
    def test_stamp(self):
        self.authority()
        self.sign(self.make(), "chain.exe")
        p = subprocess.run(["osslsigncode", "add", "-h", "sha256", "-TSA-certs", self.path("ca/t.pem"), "-TSA-key", self.path("ca/tk.pem"),
                            "-TSA-time", "1700000000", "-in", self.path("chain.exe"), "-out", self.path("stamped.exe")],
                           capture_output=True, check=False)
        if p.returncode != 0:
            self.skipTest("this osslsigncode can't stamp by itself")
        c, s = self.signer("stamped.exe")
        self.assertEqual((c["since"]["earliest"], c["since"]["from"]), ("2023-11-14T22:13:20Z", "signature time stamp"))
        self.assertEqual(s["detail"], "expired")  # stamped before the certificate was made


NOTE = {"type": "deb", "os": "debian", "name": "acme", "version": "1.2", "architecture": "amd64"}


@unittest.skipUnless(has("gcc", "objcopy"), "needs gcc")
class Elf(Case):
    def make(self, name, *args, source="int main(void) { return 0; }"):
        self.put("a.c", source)
        run("gcc", self.path("a.c"), "-o", self.path(name), *args)
        return self.path(name)

    def test_note(self):
        os.makedirs(self.path("r/opt"))
        self.make("r/opt/acme", "-Xlinker", "--package-metadata=" + json.dumps(NOTE), "-Wl,--build-id=0x0102030405")
        run("strip", self.path("r/opt/acme"))
        inv = self.take("r")
        c = self.one(inv, type="program")
        self.assertEqual(self.evidence(c, "build-id")[0]["value"], "0102030405")
        self.assertEqual(self.one(inv, type="embedded-module")["version"], "1.2")

    def test_rust(self):
        deps = {"packages": [{"name": "app", "version": "0.1.0", "root": True}, {"name": "yara-x", "version": "1.0.0"}]}
        self.put("dep", zlib.compress(json.dumps(deps).encode()))
        run("objcopy", "--add-section", ".dep-v0=" + self.path("dep"), self.make("r"))
        inv = self.take("r")
        self.assertEqual(self.one(inv, type="embedded-module")["purl"], "pkg:cargo/yara-x@1.0.0")
        self.assertEqual(self.one(inv, type="program")["version"], "0.1.0")
        self.put("dep", zlib.compress(b"{")[:-1])
        run("objcopy", "--add-section", ".dep-v0=" + self.path("dep"), self.make("r"))
        self.assertEqual(self.take("r", code=3)["unread"][0]["path"], ["r", ".dep-v0"])

    def test_go(self):
        """Build information as Go 1.18 and later write it; what older ones wrote is told as not read."""
        lines = "path\texample.org/acme\nmod\texample.org/acme\tv1.2.3\t\ndep\tgithub.com/a/b\tv0.9.0\th1:x=\n".encode()
        info = b"\x01" * 16 + lines + b"\x02" * 16
        size = bytes([len(info) & 0x7f | 0x80, len(info) >> 7])
        self.put("go", b"\xff Go buildinf:\x08\x02" + bytes(16) + b"\x06go1.21" + size + info)
        run("objcopy", "--add-section", ".go.buildinfo=" + self.path("go"), self.make("p"))
        inv = self.take("p")
        c = self.one(inv, type="program")
        self.assertEqual((self.evidence(c, "go-module")[0]["value"], c["version"]), ("example.org/acme", "v1.2.3"))
        self.assertEqual(self.one(inv, type="embedded-module")["purl"], "pkg:golang/github.com/a/b@v0.9.0")
        self.put("go", b"\xff Go buildinf:\x08\x00" + bytes(32))
        run("objcopy", "--add-section", ".go.buildinfo=" + self.path("go"), self.make("p"))
        self.assertEqual(self.take("p", code=3)["unread"][0]["reason"], "unsupported")

    def test_kernel_module(self):
        """One that nobody owns and that names its author; one that names nobody."""
        info = '__attribute__((section(".modinfo"), used)) static const char m[] = "name=redirfs\\0license=GPL\\0author=Somebody";'
        self.make("kav.ko", "-c", source=info)
        inv = self.take("kav.ko")
        c = self.one(inv, type="kernel-module", name="redirfs")
        self.assertEqual((c["supplier"], c["privileged"]), ("Somebody", True))
        self.make("odd.ko", "-c", source=info.replace("\\0author=Somebody", ""))
        self.assertEqual(len(self.take("odd.ko")["undetermined"]), 1)

    def test_broken(self):
        """Headers that lie: every cut of a program gets an answer."""
        with open(self.make("p", "-Wl,--build-id=0x0102030405"), "rb") as f:
            data = f.read()
        for i in range(0, 4096, 97):
            self.put(f"r/{i:05}", data[:i] + b"\xff" * 40 + data[i + 40:])
            self.put(f"s/{i:05}", data[:i])
        for root in "rs":
            inv = self.take(root, code=None)
            self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")])


if __name__ == "__main__":
    kit.main()
