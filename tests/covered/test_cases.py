#!/usr/bin/env python3
"""overt covered end to end: made roots, images, SBOMs and lock files, decoys, lists of one's own, every form of report.

  test_cases.py PROGRAM WORKER [unittest arguments]
"""
import copy
import html.parser
import json
import os
import shutil
import subprocess
import unittest

import cov_kit
from cov_kit import BOM, LOCK, STATUS, Case


class Cases(Case):
    def test_package(self):
        self.root()
        r = self.judge(1, "root")
        f = r["findings"][0]
        self.assertEqual((f["entity"], f["class"], f["grade"], f["state"]), ("kaspersky", "A", "E4", "present"))
        self.assertEqual(f["since"]["latest"], "2024-11-01T00:00:00Z")
        self.assertIn("agents", f["next"])
        rules = {x["id"]: x["prohibited"] for x in f["rules"]}
        self.assertIs(rules["bis-2024"], True)
        self.assertIs(rules["bod-17-01"], True)
        self.assertEqual(rules["de-bsi-2022"], "ask")
        self.assertEqual({e["kind"] for e in f["evidence"]}, {"deb"})
        for key in ("target", "findings", "undetermined", "unread"):
            self.assertIn(key, r)

    def test_clean_root(self):
        self.put("root/var/lib/dpkg/status", STATUS[STATUS.index("Package: bash"):])
        self.assertEqual(self.judge(0, "root")["findings"], [])

    def test_a_file_that_was_named_and_not_read(self):
        """What can't be read to its end is not told as nothing; one part of a root among many is, with its reason."""
        whole = json.dumps({**BOM, "components": []})
        self.put("root/bom.json", whole)
        self.put("cut.json", whole[:-10])
        self.assertEqual(self.judge(0, "root/bom.json")["unread"], [])
        self.assertEqual(self.judge(2, "cut.json")["unread"][0]["path"], ["cut.json"])
        self.put("root/cut.json", whole[:-10])
        self.assertEqual(self.judge(0, "root")["unread"][0]["path"], ["cut.json"])

    def test_the_program_itself(self):
        """The built-in list names what it looks for; a program that carries it must not look like that."""
        for program in (cov_kit.PROGRAM, cov_kit.WORKER):
            r = self.judge(0, program)
            self.assertEqual(r["findings"], [])

    def test_profile_and_date(self):
        self.root()
        f = self.judge(1, "--profile", "us-person", "root")["findings"][0]
        self.assertEqual([x["id"] for x in f["rules"]], ["bis-2024"])
        f = self.judge(1, "--profile", "us-person", "--at", "2024-07-01", "root")["findings"][0]
        self.assertIs(f["rules"][0]["prohibited"], False)
        self.assertIsNone(f["rules"][0]["from"])
        f = self.judge(1, "--profile", "us-person", "--at", "2024-08-01", "root")["findings"][0]
        self.assertEqual(f["rules"][0]["from"], "2024-07-20T04:00:00Z")
        self.assertIn(b"no rule of the lists", self.run_covered(3, "--profile", "us-persons", "root").stderr)
        self.assertIn(b"2024-09-29", self.run_covered(3, "--at", "yesterday", "root").stderr)

    def test_whiteout(self):
        self.root()
        os.unlink(os.path.join(self.dir, "root/opt/kaspersky/klnagent64/bin/klnagent"))
        f = self.judge(1, "root")["findings"][0]
        self.assertEqual(f["state"], "in-DB-files-gone")

    @unittest.skipUnless(shutil.which("mksquashfs"), "mksquashfs is not installed")
    def test_firmware(self):
        self.put("fw/lib/libzz.so", b"\x7fELF nothing")
        for i in range(1, 5):
            self.put(f"fw/var/bases/base{i:03}.kdc", os.urandom(3000))
        self.put("fw/etc/updcfg.conf", "url=http://dnl-01.geo.kaspersky.com/updates\n")
        subprocess.run(["mksquashfs", "fw", "fw.sq", "-quiet", "-noappend"], cwd=self.dir, check=True, capture_output=True)
        strong = [f for f in self.judge(1, "fw.sq")["findings"] if f["grade"] == "E3"]
        self.assertEqual(len(strong), 1)
        self.assertEqual(strong[0]["class"], "B")
        self.assertEqual(strong[0]["path"][0], "fw.sq")
        self.assertEqual({e["kind"] for e in strong[0]["evidence"]}, {"file-name", "host"})
        rules = {x["id"]: x["prohibited"] for x in strong[0]["rules"]}
        self.assertIs(rules["bis-2024"], True)
        self.assertIs(rules["bod-17-01"], False)
        with open(os.path.join(self.dir, "fw.sq"), "rb") as f:
            self.put("flash.bin", b"\xff" * 65536 + f.read())
        self.assertTrue(any(f["grade"] == "E3" for f in self.judge(1, "flash.bin")["findings"]))

    def test_sbom(self):
        self.put("bom.json", json.dumps(BOM))
        f = self.judge(0, "bom.json")["findings"][0]
        self.assertEqual((f["grade"], f["class"], f["state"]), ("E2", "B", "supplier-only"))
        self.assertEqual(f["path"], ["bom.json", "mail gateway", "content filter", "engine"])
        bom = copy.deepcopy(BOM)
        bom["components"][0]["components"][0]["cpe"] = "cpe:2.3:a:kaspersky_lab:anti-virus_sdk:8:*:*:*:*:*:*:*"
        self.put("bom.json", json.dumps(bom))
        self.assertEqual(self.judge(1, "bom.json")["findings"][0]["grade"], "E3")

    def test_open_source_is_no_antivirus(self):
        self.put("app/package-lock.json", json.dumps(LOCK))
        f = self.judge(0, "app")["findings"][0]
        self.assertEqual((f["class"], f["grade"]), ("D", "E2"))
        rules = {x["id"]: x["prohibited"] for x in f["rules"]}
        self.assertIs(rules["bis-2024"], False)
        self.assertIs(rules["far-52.204-23"], True)

    def test_decoys(self):
        """What names it and is none of it: zero at E3 or above."""
        here = os.path.dirname(os.path.abspath(__file__))
        shutil.copy(os.path.join(here, "../../data/covered/covered.list"), self.put("d/x", ""))
        self.put("d/killer.txt", "klif.sys klhk.sys kaspersky dnl-01.geo.kaspersky.com kaspersky-lab-engine SafeStream")
        self.put("d/rule.yar", 'rule x { strings: $a = "klif.sys" $b = "AO Kaspersky Lab" condition: all of them }')
        self.put("d/requirements.txt", "opentip==1.0\nkasperskytip==2.0\n")
        self.put("d/mail.txt", "From: someone@kaspersky.com\n\n.geo.kaspersky.com\n")
        self.put("d/page.html", '<script src="https://gc.kis.v2.scr.kaspersky-labs.com/x/main.js"></script>')
        r = self.judge(0, "d")
        self.assertTrue(all(f["grade"] < "E3" for f in r["findings"]), r["findings"])

    def test_own_list(self):
        self.put("own.list", "entity acme\nname: Acme\nsource: us\n\nproduct p\nentity: acme\nclass: A\nname: Acme Agent\nnext: remove it\n"
                             "source: us\n\nindicator deb\nproduct: p\nmost: E4\nvalue: bash\nsource: us\n\n"
                             "rule r\nname: House rule\nissuer: us\nkind: use\nprofile: staff\nentity: acme\nyes: A\nwhat: using it\n"
                             "for: staff\nevent: 2020-01-01 in force\nsource: us\n")
        self.put("root/var/lib/dpkg/status", STATUS[STATUS.index("Package: bash"):])
        r = self.judge(1, "--list", "own.list", "--profile", "staff", "root")
        self.assertEqual(r["findings"][0]["product"], "Acme Agent")
        self.assertEqual([x["id"] for x in r["findings"][0]["rules"]], ["r"])
        self.root()
        r = self.judge(1, "--only-lists", "--list", "own.list", "root")
        self.assertEqual([f["entity"] for f in r["findings"]], ["acme"])
        self.put("bad.list", "entity acme\nname: Acme\n\nproduct p\nclas: A\n")
        err = self.run_covered(3, "--list", "bad.list", "root").stderr.decode()
        self.assertIn("bad.list:1", err)
        self.assertIn('"source:"', err)
        self.assertIn("bad.list:5", err)
        self.assertIn("none.list", self.run_covered(3, "--list", "none.list", "root").stderr.decode())
        self.assertIn("Is a directory", self.run_covered(3, "--list", "root", "root").stderr.decode())  # not a list of nothing

    def test_reports(self):
        self.root()
        text = self.run_covered(1, "root").stdout.decode()
        self.assertIn("having or using an installed copy is not penalised", text)
        self.assertIn("next: Remove the management server first", text)
        self.assertIn("Not legal advice", text)
        page = self.run_covered(1, "--format", "html", "root").stdout.decode()
        opened = []

        class Parser(html.parser.HTMLParser):
            def handle_starttag(self, tag, attrs):
                if tag not in ("meta", "br"):
                    opened.append(tag)
                for name, value in attrs:
                    assert name not in ("src", "href", "onload"), (tag, name, value)

            def handle_endtag(self, tag):
                assert opened.pop() == tag, tag
        Parser().feed(page)
        self.assertEqual(opened, [])
        self.assertIn("15 CFR part 7", page)

    def test_foreign_names_do_not_break_reports(self):
        self.put("root/var/lib/dpkg/status", STATUS.replace("15.0.0-1", "1<script>\x1b[2J\u202e").encode() + b"\xff\xfe")
        text = self.run_covered(1, "root").stdout
        self.assertNotIn(b"\x1b[2J", text)
        self.assertNotIn("<script>", self.run_covered(1, "--format", "html", "root").stdout.decode())
        self.judge(1, "root")


if __name__ == "__main__":
    cov_kit.main()
