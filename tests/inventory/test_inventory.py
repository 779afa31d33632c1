#!/usr/bin/env python3
"""overt inventory, end to end: roots made here, and what is said of them.

  test_inventory.py PROGRAM WORKER [NAME...]
"""
import json
import os

import kit
from kit import Case

STATUS = """Package: klnagent64
Status: install ok installed
Maintainer: AO Kaspersky Lab
Architecture: amd64
Version: 15.1.0-20748
Description: made by a test
 Package: not-this-one

Package: gone
Status: install ok installed
Architecture: all
Version: 1:2.0
Maintainer: B\xfcrger <x@example.org>

Package: left
Status: deinstall ok config-files
Architecture: all
Version: 3
"""


class Debian(Case):
    def root(self):
        self.put("r/etc/os-release", 'NAME="Test \\"OS\\""\nID=debian\nVERSION_ID="12"\n')
        self.put("r/var/lib/dpkg/status", STATUS.encode("latin-1"))
        self.put("r/var/lib/dpkg/info/klnagent64.list", "/.\n/opt\n/opt/kaspersky\n/opt/kaspersky/klnagent64\n"
                 "/opt/kaspersky/klnagent64/bin\n/opt/kaspersky/klnagent64/bin/klnagent\n", time=1700000000)
        self.put("r/var/lib/dpkg/info/gone.list", "/.\n/usr\n/usr/bin\n/usr/bin/gone\n/usr/share/doc/gone/x\n")
        self.put("r/opt/kaspersky/klnagent64/bin/klnagent", "#!/bin/sh\n", 0o4755)
        self.put("r/usr/local/bin/odd", "#!/bin/sh\n", 0o4755)

    def test_packages(self):
        self.root()
        inv = self.take("r")
        c = self.one(inv, type="deb", name="klnagent64")
        self.assertEqual((c["version"], c["supplier"], c["state"], c["grade"]),
                         ("15.1.0-20748", "AO Kaspersky Lab", "present", "E4"))
        self.assertEqual(c["purl"], "pkg:deb/debian/klnagent64@15.1.0-20748?arch=amd64")
        self.assertEqual(c["since"]["latest"], "2023-11-14T22:13:20Z")
        self.assertEqual(c["path"], ["var/lib/dpkg/status"])
        self.assertEqual(self.evidence(c, "deb")[0]["where"], "status:1")
        gone = self.one(inv, name="gone")
        self.assertEqual(gone["state"], "in-DB-files-gone")
        self.assertEqual(gone["supplier"], "B\ufffdrger <x@example.org>")
        self.assertEqual(self.one(inv, name="left")["state"], "removed")
        self.assertEqual(inv["summary"]["unread"], 0)

    def test_owners(self):
        """A setuid program of a package, and one of nobody's."""
        self.root()
        inv = self.take("r")
        self.assertEqual(self.one(inv, type="program", name="klnagent")["owner"], "klnagent64")
        self.assertEqual([u["path"] for u in inv["undetermined"]], [["usr/local/bin/odd"]])

    def test_distroless(self):
        """Images without dpkg: a file for each package, sums instead of lists."""
        self.put("r/var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\nArchitecture: amd64\n")
        self.put("r/var/lib/dpkg/status.d/base.md5sums", "0" * 32 + "  etc/issue\n")
        self.put("r/etc/issue", "x")
        c = self.one(self.take("r"), type="deb")
        self.assertEqual((c["name"], c["state"], c["grade"]), ("base-files", "present", "E3"))

    def test_log(self):
        self.root()
        self.put("r/var/log/dpkg.log", "2023-11-10 10:00:00 install klnagent64:amd64 <none> 15.1.0\n"
                 "2024-10-01 10:00:00 upgrade klnagent64:amd64 15.0 15.1.0-20748\nnonsense\n")
        c = self.one(self.take("r"), name="klnagent64")
        self.assertEqual(c["since"]["earliest"], "2023-11-09T10:00:00Z")
        self.assertEqual(c["updates"], {"last": "2024-10-01T10:00:00Z", "from": "dpkg.log"})

    def test_much_evidence(self):
        """A log of 3,000 upgrades: what is not kept is counted."""
        self.root()
        self.put("r/var/log/dpkg.log", "".join(f"2024-01-01 10:{i // 60 % 60:02}:{i % 60:02} upgrade klnagent64:amd64 {i} {i + 1}\n" for i in range(3000)))
        c = self.one(self.take("r"), name="klnagent64")
        self.assertEqual(len(c["evidence"]), 512)
        self.assertGreater(c["evidence"][-1]["count"], 2000)

    def test_broken(self):
        self.root()
        self.put("r/var/lib/dpkg/status", "Package: a\nVersion: 1\n\nno field here\n\n\nVersion: 3\n")
        inv = self.take("r", code=3)
        self.one(inv, name="a")
        self.assertEqual(inv["unread"][0]["path"], ["var/lib/dpkg/status"])
        self.assertEqual(inv["unread"][0]["reason"], "malformed")

    def test_forms(self):
        self.root()
        root = self.path("r")
        bom = json.loads(self.run_overt(0, "--cyclonedx", "--root", root).stdout)
        self.assertEqual((bom["bomFormat"], bom["specVersion"]), ("CycloneDX", "1.6"))
        c = [c for c in bom["components"] if c["name"] == "klnagent64"][0]
        self.assertEqual(c["evidence"]["identity"][0]["field"], "purl")
        self.assertEqual(c["evidence"]["occurrences"][0]["location"], "var/lib/dpkg/status")
        self.assertEqual(len({c["bom-ref"] for c in bom["components"]}), len(bom["components"]))
        spdx = json.loads(self.run_overt(0, "--spdx", "--root", root).stdout)
        self.assertEqual(spdx["spdxVersion"], "SPDX-2.3")
        self.assertIn("pkg:deb/debian/klnagent64@15.1.0-20748?arch=amd64",
                      [r["referenceLocator"] for p in spdx["packages"] for r in p.get("externalRefs", [])])
        text = self.run_overt(0, "--root", root).stdout.decode()
        self.assertIn("Undetermined", text)
        self.assertIn("usr/local/bin/odd", text)

    def test_deterministic(self):
        self.root()
        a, b = self.take("r"), self.take("r")
        a.pop("taken"), b.pop("taken")
        self.assertEqual(a, b)


class Usage(Case):
    def test_errors(self):
        self.assertIn(b"no such file", self.run_overt(2, "--root", self.path("none")).stderr)
        self.run_overt(2, "--json", "--spdx")
        self.run_overt(2, "extra")

    def test_unreadable(self):
        self.put("r/x", "data")
        os.chmod(self.path("r/x"), 0)
        if os.geteuid() == 0:
            self.skipTest("root reads everything")
        self.assertEqual(self.take("r", code=3)["unread"][0]["reason"], "unreadable")


if __name__ == "__main__":
    kit.main()
