#!/usr/bin/env python3
"""overt migrate: plans in order with consent and undo, settings of the old product, the probe, records that hold and records that do not.

  test_migrate.py PROGRAM WORKER [unittest arguments]      $OVERT_UPDATE: the program that makes keys
"""
import json
import os
import shutil
import stat
import threading
import time
import unittest

import cov_kit

EXPORT = """[ScanScope.item_0000]
AreaDesc=All objects
UseScanArea=Yes
Path=/
AreaMask.item_0000=*
[ExcludedFromScanScope.item_0000]
AreaDesc=
UseScanArea=Yes
Path=/tmp/notchecked
AreaMask.item_0000=*.log
AreaMask.item_0001=*.tmp

[ExcludedFromScanScope.item_0001]
Path=/srv/\xff\x1b[2Jbuild
UseScanArea=No
"""
SCHEDULE = "RuleType=Weekly\nStartTime=2024/01/07 03:00:00; Sun; 1\nRandomInterval=99\nRunMissedStartRules=Yes\n"


class Migrate(cov_kit.Case):
    def setUp(self):
        super().setUp()
        if "OVERT_UPDATE" in os.environ:
            self.env["OVERT_UPDATE"] = os.environ["OVERT_UPDATE"]

    def run_migrate(self, code, *args):
        return self.run_overt(code, "migrate", *args)

    def plan(self, code, *args):
        return json.loads(self.run_migrate(code, "plan", "--format", "json", *args).stdout)

    # ---- plans ----

    def test_order(self):
        """Server, passwords, quarantine, replacement and its proof, product, agent, restart, second look: in this order."""
        self.root()
        p = self.plan(1, "--group", "servers", "--group", "laptops", "root")
        ids = [s["id"] for s in p["steps"]]
        self.assertEqual(ids, ["before", "server", "password", "quarantine", "settings", "choose", "install", "prove", "product", "agent",
                               "reboot", "rests", "after"])
        for s in p["steps"]:
            self.assertTrue(s["do"] and s["check"] and s["undo"] and s["source"] and s["for"], s)
            self.assertEqual([(c["group"], c["yes"], c["done"]) for c in s["consent"]], [("servers", None, None), ("laptops", None, None)])
        self.assertEqual((p["runs"], p["without_steps"]), ("nothing", 0))
        text = self.run_migrate(1, "plan", "--group", "servers", "--group", "laptops", "root").stdout.decode()
        self.assertEqual(text.count("[ ] yes, by"), 2 * len(ids))
        self.assertIn("overt runs none of these steps", text)

    def test_embedded(self):
        """An engine inside somebody else's product is not uninstalled: its maker is asked."""
        self.put("fw/var/bases/base001.kdc", os.urandom(300))
        self.put("fw/etc/updcfg.conf", "url=http://dnl-01.geo.kaspersky.com/updates\n")
        ids = [s["id"] for s in self.plan(1, "fw")["steps"]]
        self.assertEqual(ids, ["before", "ask", "switch-off", "rests", "after"])

    def test_nothing(self):
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        p = self.plan(0, "root")
        self.assertEqual((p["steps"], p["found"]), ([], 0))
        self.assertIn(b"nothing to move off", self.run_migrate(0, "plan", "root").stdout)
        self.put("root/srv/bom.json", '{"bomFormat": "CycloneDX", "components": [')
        self.plan(2, "root")

    def test_steps_of_a_list_of_ones_own(self):
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        own = ("entity acme\nname: Acme\nsource: us\n\nproduct p\nentity: acme\nclass: A\nname: Acme Agent\nnext: remove it\nsource: us\n\n"
               "indicator deb\nproduct: p\nmost: E4\nvalue: bash\nsource: us\n\n")
        self.put("own.list", own)
        self.assertEqual(self.plan(1, "--list", "own.list", "root")["without_steps"], 1)
        self.put("own.list", own + "step out\nentity: acme\nname: Out\ndo: a\ndo: b\ncheck: c\nundo: d\nsource: us\n")
        p = self.plan(1, "--list", "own.list", "root")
        self.assertEqual([(s["id"], s["do"], s["undo"]) for s in p["steps"]], [("out", ["a", "b"], "d")])
        self.put("bad.list", own + "step out\nentity: acme\nname: Out\ndo: a\nsource: us\nproduct: q\n")
        err = self.run_migrate(3, "plan", "--list", "bad.list", "root").stderr.decode()
        for word in ('"undo:"', '"check:"', "names a product"):
            self.assertIn(word, err)

    def test_settings(self):
        self.root()
        self.put("s.ini", EXPORT.encode("latin-1"))
        self.put("t.ini", SCHEDULE)
        p = self.plan(1, "--settings", "s.ini", "--settings", "t.ini", "root")
        by = {}
        for s in p["settings"]:
            by.setdefault(s["what"], []).append(s["lines"])
            self.assertIsNone(s["keep"])
        self.assertIn(["AreaDesc=", "UseScanArea=Yes", "Path=/tmp/notchecked", "AreaMask.item_0000=*.log", "AreaMask.item_0001=*.tmp"], by["exclusion"])
        self.assertEqual((len(by["exclusion"]), len(by["scope"])), (2, 1))
        self.assertEqual(by["schedule"], [SCHEDULE.strip().split("\n")])
        text = self.run_migrate(1, "plan", "--settings", "s.ini", "root").stdout
        self.assertIn(b"Each exclusion is a hole", text)
        self.assertNotIn(b"\x1b[2J", text)
        self.put("o.ini", EXPORT.encode("latin-1") + b"[Other]\nA=1\nB=2\nno pair\n")
        details = [u["detail"] for u in self.plan(1, "--settings", "o.ini", "root")["unread"]]
        self.assertEqual(details, ["2 settings that are no exclusion, scope or schedule", "line 19 is no setting"])
        self.assertEqual(self.plan(1, "--settings", "root/opt/kaspersky/klnagent64/bin/klnagent", "root")["settings"], [])

    def settings(self, *files):
        self.root()
        p = self.plan(1, *[w for f in files for w in ("--settings", f)], "root")
        return {(s["product"], s["what"], *s["lines"]) for s in p["settings"]}, [u["detail"] for u in p["unread"]]

    def test_settings_of_processes(self):
        """What is left out by process, and whatever calls itself an exclusion, in the same INI form."""
        self.put("b.ini", "TaskMode=Block\nUseTrustedPrograms=Yes\nExcludeMasks.item_0000=*.iso\n[TrustedPrograms.item_0000]\nProgramPath=/usr/sbin/db\nApplyToDescendants=No\n"
                          "[ExcludedNew.item_0000]\nPath=/x\nColour=blue\n[ScanScope.item_0000]\nPath=/\n")
        found, unread = self.settings("b.ini")
        self.assertEqual(found, {("kesl", "exclusion", "ExcludeMasks.item_0000=*.iso"), ("kesl", "exclusion", "ProgramPath=/usr/sbin/db", "ApplyToDescendants=No"),
                                 ("kesl", "exclusion", "Path=/x"), ("kesl", "scope", "Path=/")})
        self.assertEqual(unread, ["3 settings that are no exclusion, scope or schedule"])

    def test_settings_of_others(self):
        self.put("drweb.ini", "; comment\n[Root]\nDefaultLogLevel = Notice\n\n[LinuxSpider]\nExcludedPath = \"/proc\", \"/sys\"\nExcludedProc = /usr/bin/db\nIncludedPath = /srv\n"
                              "[Update]\nUpdateInterval = 30m\nExcludedPath =\n")
        found, unread = self.settings("drweb.ini")
        self.assertEqual(found, {("drweb", "exclusion", "[LinuxSpider]", 'ExcludedPath = "/proc", "/sys"'), ("drweb", "exclusion", "[LinuxSpider]", "ExcludedProc = /usr/bin/db"),
                                 ("drweb", "scope", "[LinuxSpider]", "IncludedPath = /srv"), ("drweb", "schedule", "[Update]", "UpdateInterval = 30m")})
        self.assertEqual(unread, ["1 settings that are no exclusion, scope or schedule"])
        self.put("clamd.conf", "# comment\nLogFile /var/log/x\nExcludePath ^/proc/\nOnAccessExcludeUname\tclamav\nOnAccessIncludePath /home\nSelfCheck 3600\nFoo\n")
        found, unread = self.settings("clamd.conf")
        self.assertEqual(found, {("clamav", "exclusion", "ExcludePath ^/proc/"), ("clamav", "exclusion", "OnAccessExcludeUname\tclamav"), ("clamav", "scope", "OnAccessIncludePath /home"),
                                 ("clamav", "schedule", "SelfCheck 3600")})
        self.assertEqual(unread, ["2 settings that are no exclusion, scope or schedule"])
        # Not because a root holds such a file: only what is named.
        self.put("root/etc/clamav/clamd.conf", "ExcludePath ^/x\n")
        self.assertEqual(self.plan(1, "root")["settings"], [])

    # ---- the probe ----

    def guard(self, act):
        """A product that watches: does something to each file of the folder that appears."""
        os.makedirs(self.path("w"), exist_ok=True)

        def watch():
            end = time.monotonic() + 20
            while time.monotonic() < end and not self.stop:
                for name in os.listdir(self.path("w")):
                    if name.endswith(".com"):
                        try:
                            act(self.path("w/" + name))
                        except FileNotFoundError:
                            pass
                time.sleep(0.01)
        self.stop = False
        t = threading.Thread(target=watch)
        t.start()

        def end():
            self.stop = True
            t.join()
        self.addCleanup(end)

    def test_probe_sees_a_guard(self):
        self.guard(os.unlink)
        self.assertIn(b"detected: it was removed", self.run_migrate(0, "probe", "--wait", "10s", "w").stdout)
        self.assertEqual(os.listdir(self.path("w")), [])

    def test_probe_sees_a_change(self):
        self.guard(lambda p: open(p, "w").close())
        p = self.run_migrate(0, "probe", "--wait", "10s", "--format", "json", "w")
        self.assertEqual(json.loads(p.stdout), {"folder": "w", "detected": True, "how": "its content was changed"})

    def test_probe_without_a_guard(self):
        os.makedirs(self.path("w"))
        p = self.run_migrate(1, "probe", "--wait", "300ms", "w")
        self.assertIn(b"not detected: it is there, whole", p.stdout)
        self.assertEqual(os.listdir(self.path("w")), [])
        self.run_migrate(3, "probe", "none")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_probe_needs_a_folder_of_its_own(self):
        os.makedirs(self.path("w"))
        os.chmod(self.path("w"), stat.S_IRUSR | stat.S_IXUSR)
        self.run_migrate(3, "probe", "--wait", "300ms", "w")

    # ---- records ----

    def key(self, name="it.example"):
        p = self.run_overt(0, "publish", "key", name, "-o", name + ".key")
        return p.stdout.decode().strip()

    def records(self):
        vkey = self.key()
        self.root()
        self.run_migrate(0, "record", "--key", "it.example.key", "-o", "before.note", "root")
        shutil.rmtree(self.path("root/opt"))
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        self.run_migrate(0, "record", "--key", "it.example.key", "--before", "before.note", "-o", "after.note", "root")
        return vkey

    def test_record(self):
        vkey = self.records()
        text = self.run_migrate(0, "verify", "--verifier", vkey, "before.note", "after.note").stdout.decode()
        self.assertIn("1 found", text)
        self.assertIn("nothing is left", text)
        self.assertIn("signed by it.example", text)
        self.run_migrate(0, "verify", "--verifier", vkey, "before.note")
        with open(self.path("before.note"), encoding="utf-8") as f:
            note = f.read()
        self.assertRegex(note, r'^overt\.migrate/v1\nstate before\ntarget "root"\ntaken 20')
        self.assertIn('finding E4 A present "kaspersky" "agent" "var/lib/dpkg/status" "15.0.0-1"\n', note)
        self.run_migrate(3, "record", "--key", "it.example.key", "-o", "before.note", "root")

    def test_something_left(self):
        vkey = self.records()
        self.root()
        self.run_migrate(0, "record", "--key", "it.example.key", "--before", "before.note", "-o", "after2.note", "root")
        self.assertIn(b"something is left", self.run_migrate(2, "verify", "--verifier", vkey, "before.note", "after2.note").stdout)
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        shutil.rmtree(self.path("root/opt"))
        self.put("root/srv/bom.json", '{"bomFormat": "CycloneDX", "components": [')
        self.run_migrate(0, "record", "--key", "it.example.key", "--before", "before.note", "-o", "after3.note", "root")
        self.assertIn(b"not all could be read", self.run_migrate(2, "verify", "--verifier", vkey, "before.note", "after3.note").stdout)

    def test_forged(self):
        vkey, other = self.records(), self.key("other.example")
        with open(self.path("after.note"), "rb") as f:
            note = f.read()
        self.run_migrate(1, "verify", "--verifier", other, "before.note", "after.note")
        for old, new in ((b"undetermined 0", b"undetermined 1"), (b'target "root"', b'target "toor"'), (b"more 0", b"more 1")):
            self.put("x.note", note.replace(old, new))
            self.run_migrate(1, "verify", "--verifier", vkey, "before.note", "x.note")
        self.run_migrate(1, "verify", "--verifier", vkey, "after.note", "before.note")
        self.put("root2/var/lib/dpkg/status", cov_kit.STATUS)
        self.run_migrate(0, "record", "--key", "it.example.key", "-o", "b2.note", "root2")
        self.run_migrate(1, "verify", "--verifier", vkey, "b2.note", "after.note")
        self.run_migrate(0, "record", "--key", "it.example.key", "--before", "before.note", "-o", "a2.note", "root2")
        self.run_migrate(1, "verify", "--verifier", vkey, "before.note", "a2.note")
        for cut in range(0, len(note) - 1, 41):
            self.put("x.note", note[:cut])
            self.run_migrate(1, "verify", "--verifier", vkey, "before.note", "x.note")

    def test_names_cannot_forge_lines(self):
        vkey = self.key()
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS.replace("15.0.0-1", '1"\\x').encode() + b"\xff")
        self.put("root/a\nfound 0\n\u2014 x/package-lock.json", json.dumps(cov_kit.LOCK))
        self.run_migrate(0, "record", "--key", "it.example.key", "-o", "b.note", "root")
        self.run_migrate(0, "verify", "--verifier", vkey, "b.note")
        with open(self.path("b.note"), encoding="utf-8") as f:
            self.assertEqual(f.read().count("\nfound "), 1)

    def test_many_findings(self):
        """A note is bounded: the strongest are listed, the rest is counted."""
        vkey = self.key()
        self.root()
        for i in range(300):
            self.put(f"root/{'long/' * 30}{i}/package-lock.json", json.dumps(cov_kit.LOCK))
        self.run_migrate(0, "record", "--key", "it.example.key", "-o", "b.note", "root")
        self.run_migrate(0, "verify", "--verifier", vkey, "b.note")
        with open(self.path("b.note"), encoding="utf-8") as f:
            note = f.read()
        listed, more = note.count("\nfinding "), int(note.split("\nmore ")[1].split("\n")[0])
        self.assertEqual((listed + more > 300, more > 0, "\nfinding E4" in note), (True, True, True))

    def test_usage(self):
        self.root()
        self.key()
        for args in ((), ("go",), ("plan", "a", "b"), ("probe",), ("record", "root"), ("verify", "x")):
            self.run_migrate(3, *args)
        self.put("no.key", "x\n")
        self.run_migrate(3, "record", "--key", "no.key", "root")
        self.run_migrate(3, "record", "--key", "it.example.key", "--before", "no.key", "root")
        self.run_overt(0, "publish", "key", "c.example", "--cosigner", "-o", "c.key")
        self.assertIn(b"plain one", self.run_migrate(3, "record", "--key", "c.key", "root").stderr)


if __name__ == "__main__":
    cov_kit.main()
