#!/usr/bin/env python3
"""overt covered diff: two days, two machines, saved reports; overt's and osquery's reports as targets, and only when they are named.

  test_diff.py PROGRAM WORKER [unittest arguments]
"""
import json
import os
import shutil
import unittest

import cov_kit

BASH = cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):]


class Diff(cov_kit.Case):
    def diff(self, code, *args):
        return json.loads(self.run_covered(code, "diff", "--format", "json", *args).stdout)

    def clean(self, name):
        self.put(f"{name}/var/lib/dpkg/status", BASH)

    def test_same(self):
        self.root("a")
        self.root("b")
        d = self.diff(0, "a", "b")
        self.assertEqual((d["differences"], d["same"] > 0), ([], True))

    def test_new_and_gone(self):
        self.root("a")
        self.clean("b")
        d = self.diff(1, "a", "b")
        self.assertEqual({x["change"] for x in d["differences"]}, {"gone"})
        agent = next(x for x in d["differences"] if x["name"] == "klnagent64")
        self.assertIsNone(agent["after"])
        self.assertEqual((agent["before"]["grade"], agent["before"]["class"]), ("E4", "A"))
        self.assertEqual((d["old"]["found"], d["new"]["found"]), (1, 0))
        self.assertEqual({x["change"] for x in self.diff(1, "b", "a")["differences"]}, {"new"})

    def test_changed(self):
        """The same package: its files went, its version changed."""
        self.root("a")
        self.root("b")
        shutil.rmtree(self.path("b/opt"))
        self.put("b/var/lib/dpkg/status", cov_kit.STATUS.replace("15.0.0-1", "15.1"))
        agent = next(x for x in self.diff(1, "a", "b")["differences"] if x["name"] == "klnagent64")
        self.assertEqual(agent["change"], "changed")
        self.assertEqual(set(agent["what"]), {"grade", "state", "version"})
        self.assertEqual((agent["before"]["state"], agent["after"]["state"]), ("present", "in-DB-files-gone"))
        self.assertEqual((agent["before"]["version"], agent["after"]["version"]), ("15.0.0-1", "15.1"))

    def test_two_days(self):
        """One machine on two days: the rules change, the machine does not."""
        self.root("a")
        d = self.diff(1, "--profile", "us-person", "--at", "2024-07-01", "--at", "2024-08-01", "a")
        agent = next(x for x in d["differences"] if x["name"] == "klnagent64")
        self.assertEqual((agent["what"], [r["id"] for r in agent["rules"]]), (["rules"], ["bis-2024"]))
        self.assertEqual(agent["rules"][0]["before"], {"prohibited": False, "from": None})
        self.assertEqual(agent["rules"][0]["after"], {"prohibited": True, "from": "2024-07-20T04:00:00Z"})
        self.diff(0, "--profile", "us-person", "--at", "2024-07-21", "--at", "2024-08-01", "a")

    def test_saved_reports(self):
        """Another machine's inventory, and a covered report, stand for the machine."""
        self.root("a")
        self.put("inventory.json", self.run_overt(0, "inventory", "--root", "a", "--json").stdout)
        self.put("covered.json", self.run_covered(1, "--format", "json", "a").stdout)
        for report in ("inventory.json", "covered.json"):
            d = self.diff(0, report, "a")
            self.assertEqual((d["old"]["found"], d["new"]["found"], d["differences"]), (1, 1, []))
        self.clean("b")
        self.assertEqual({x["change"] for x in self.diff(1, "inventory.json", "b")["differences"]}, {"gone"})
        f = self.judge(1, "inventory.json")["findings"][0]
        self.assertEqual((f["grade"], f["path"], f["since"]["latest"]), ("E4", ["inventory.json", "var/lib/dpkg/status"], "2024-11-01T00:00:00Z"))

    def test_reports_that_lie_about_claim_nothing(self):
        self.root("a")
        self.clean("b")
        self.put("b/srv/inventory.json", self.run_overt(0, "inventory", "--root", "a", "--json").stdout)
        self.assertEqual(self.judge(0, "b")["findings"], [])

    def test_gaps(self):
        """Nothing differs, and not all was read: not the same as "the same"; a saved report tells its gaps too."""
        self.clean("a")
        self.put("a/srv/bom.json", '{"bomFormat": "CycloneDX", "components": [')
        self.assertEqual(self.diff(2, "a", "a")["old"]["unread"], 1)
        self.put("a.json", self.run_overt(3, "inventory", "--root", "a", "--json").stdout)
        self.assertEqual(self.diff(2, "a.json", "a")["old"]["unread"], 1)
        os.chmod(self.put("c/usr/bin/odd", cov_kit.ELF), 0o4755)
        self.put("c.json", self.run_overt(0, "inventory", "--root", "c", "--json").stdout)
        self.put("c2.json", self.run_covered(2, "--format", "json", "c").stdout)
        for report in ("c.json", "c2.json"):
            self.assertEqual(self.diff(2, report, "c")["old"]["undetermined"], 1)

    def test_broken_reports(self):
        self.root("a")
        whole = self.run_overt(0, "inventory", "--root", "a", "--json").stdout
        for cut in range(0, len(whole) - 2, 37):
            self.put("cut.json", whole[:cut])
            p = self.run_overt(3 if cut >= 10 else 0, "inventory", "--root", "cut.json", "--json")
            self.assertEqual(json.loads(p.stdout)["unread"] != [], cut >= 10, cut)
        self.put("odd.json", '{"target":"x","components":[{"type":"spaceship","name":"n","path":["n"]}],"unread":[]}')
        self.assertEqual(json.loads(self.run_overt(3, "inventory", "--root", "odd.json", "--json").stdout)["unread"][0]["reason"], "unsupported")

    def test_images_of_one_system(self):
        """Two archives of one system have other names, and the same things inside."""
        self.root("a")
        for name in ("one.tar", "two.tar"):
            shutil.make_archive(self.path(name[:-4]), "tar", self.path("a"))
        self.diff(0, "one.tar", "two.tar")

    def test_usage(self):
        self.root("a")
        for args in (("a",), ("--at", "2024-01-01", "a"), ("a", "a", "a"), ()):
            self.assertIn(b"two targets", self.run_covered(3, "diff", *args).stderr)
        self.run_covered(3, "diff", "a", "none")
        self.run_covered(3, "diff", "--at", "soon", "a", "a")
        text = self.run_covered(1, "diff", "--at", "2018-01-01", "--at", "2026-01-01", "a").stdout.decode()
        self.assertIn("was not in force, is prohibited since 2024-09-29", text)


DEB = [{"name": "klnagent64", "version": "15", "maintainer": "x", "revision": "1", "arch": "amd64", "status": "install ok installed"},
       {"name": "bash", "version": "5.2", "maintainer": "Debian", "revision": "", "arch": "amd64", "status": "install ok installed"}]


class Osquery(cov_kit.Case):
    def test_json(self):
        self.put("deb.json", json.dumps(DEB))
        f = self.judge(1, "deb.json")["findings"]
        self.assertEqual([(x["name"], x["grade"], x["state"], x["evidence"][0]["where"]) for x in f], [("klnagent64", "E3", "named", "row 1")])

    def test_csv(self):
        """osqueryi's own '|', fleets' ',', quotes and line ends inside."""
        rows = "name|publisher|uninstall_string|version|identifying_number\n" \
               "Kaspersky Endpoint Security f\u00fcr Windows|AO Kaspersky Lab|x|12.1|{A}\nOther|Acme|y|1|{B}\n"
        self.put("p.csv", rows)
        f = self.judge(1, "p.csv")["findings"]
        self.assertEqual([(x["grade"], x["version"]) for x in f], [("E3", "12.1")])
        self.put("q.csv", 'name,publisher,uninstall_string,version\r\n"A ""B"", C","AO Kaspersky Lab","u\nv",1\r\n')
        c = json.loads(self.run_overt(0, "inventory", "--root", "q.csv", "--json").stdout)["components"]
        self.assertEqual([(x["name"], x["supplier"]) for x in c], [('A "B", C', "AO Kaspersky Lab")])

    def test_only_when_named(self):
        self.put("r/deb.json", json.dumps(DEB))
        self.assertEqual(self.judge(0, "r")["findings"], [])

    def test_strange_rows_are_told(self):
        self.put("deb.json", json.dumps(DEB + [{"pid": "1", "path": "/bin/x"}]))
        u = json.loads(self.run_overt(3, "inventory", "--root", "deb.json", "--json").stdout)["unread"]
        self.assertIn("1 rows of tables that are not known", u[0]["detail"])
        self.put("cut.csv", 'name,publisher,uninstall_string\n"open')
        self.assertEqual(json.loads(self.run_overt(3, "inventory", "--root", "cut.csv", "--json").stdout)["unread"][0]["reason"], "malformed")

    def test_signatures(self):
        """What Windows did not trust lifts nothing."""
        row = {"path": "C:/a.exe", "original_program_name": "a", "issuer_name": "x", "subject_name": "AO Kaspersky Lab", "result": "distrusted"}
        self.put("s.json", json.dumps([row]))
        f = self.judge(0, "s.json")["findings"][0]
        self.assertEqual((f["state"], f["grade"] < "E3"), ("impersonation", True))
        row["result"] = "trusted"
        self.put("s.json", json.dumps([row]))
        self.assertEqual(self.judge(0, "s.json")["findings"][0]["grade"], "E2")


if __name__ == "__main__":
    cov_kit.main()
