#!/usr/bin/env python3
"""The twelve cases (twelve.py), and what overt covered must say of each.

  test_twelve.py PROGRAM WORKER [unittest arguments]
"""
import json
import unittest

import cov_kit
import twelve


class Twelve(cov_kit.Case):
    def make(self, maker, *args, **kw):
        try:
            return maker(self.dir, *args, **kw)
        except twelve.Missing as e:
            raise unittest.SkipTest(f"{e} is not installed") from e

    def strong(self, report):
        return [f for f in report["findings"] if f["grade"] >= "E3"]

    def says(self, finding):
        return {r["id"]: r["prohibited"] for r in finding["rules"]}

    def test_01_package(self):
        f = self.strong(self.judge(1, self.make(twelve.package)))
        self.assertEqual([(x["name"], x["grade"], x["state"], x["class"], x["version"]) for x in f], [("klnagent64", "E4", "present", "A", "15.0.0-1")])
        self.assertEqual(f[0]["since"]["from"], "file list's time")
        self.assertIn("management server first", f[0]["next"])

    def test_02_whiteout(self):
        f = self.strong(self.judge(1, self.make(twelve.whiteout)))
        agent = next(x for x in f if x["name"] == "klnagent64")
        self.assertEqual(agent["state"], "in-DB-files-gone")
        inv = json.loads(self.run_overt(0, "inventory", "--root", self.path("2-image"), "--json").stdout)
        gone = next(e for c in inv["components"] if c.get("name") == "klnagent64" for e in c["evidence"] if e.get("detail") == "files-gone")
        self.assertRegex(gone["value"], r"still shipped in layer 1 \(sha256:.*hidden by layer 2 \(sha256:")

    def test_03_brand_is_not_maker(self):
        f = self.judge(0, self.make(twelve.program))["findings"]
        self.assertEqual([(x["grade"], x["evidence"][0]["kind"]) for x in f], [("E2", "pe-company")])

    def test_04_forged(self):
        for twin, detail in ((False, "self-made"), (True, "broken-digest")):
            f = self.judge(0, self.make(twelve.forged, twin))["findings"][0]
            self.assertEqual((f["state"], f["grade"]), ("impersonation", "E2"))
            self.assertIn(detail, [e.get("detail") for e in f["evidence"]])

    def test_05_known_key(self):
        target, known = self.make(twelve.trusted)
        f = self.judge(1, "--list", known, target)["findings"][0]
        self.assertEqual((f["grade"], f["state"]), ("E5", "present"))
        self.assertLess(self.judge(0, target)["findings"][0]["grade"], "E3")  # without the key in a list

    def test_06_firmware(self):
        f = self.strong(self.judge(1, self.make(twelve.firmware)))
        self.assertEqual([(x["class"], x["grade"], {e["kind"] for e in x["evidence"]}) for x in f], [("B", "E3", {"file-name", "host"})])
        rules = self.says(f[0])
        self.assertEqual((rules["bis-2024"], rules["bod-17-01"]), (True, False))

    def test_07_boms(self):
        for maker in (twelve.bom_cyclonedx, twelve.bom_spdx, twelve.bom_spdx3):
            target = self.make(maker)
            f = self.judge(0, target)["findings"]
            self.assertEqual([(x["grade"], x["class"], x["path"][1:]) for x in f], [("E2", "B", ["mail gateway", "content filter", "engine"])], target)

    def test_08_open_source(self):
        f = self.judge(0, self.make(twelve.open_source))["findings"]
        self.assertEqual({(x["class"], x["grade"]) for x in f}, {("D", "E2")})
        self.assertEqual(len({x["path"][0] for x in f}), 3, [x["path"] for x in f])
        for x in f:
            rules = self.says(x)
            self.assertEqual((rules["bis-2024"], rules["far-52.204-23"]), (False, True))

    def test_09_registry(self):
        for date, still in (("01-09-2023 10-11-12", False), ("20-11-2026 00-00-00", True)):
            f = self.judge(1, self.make(twelve.registry, date))["findings"]
            names = {x.get("name") for x in self.strong({"findings": f})}
            self.assertTrue({"Kaspersky Endpoint Security f\u00fcr Windows", "\u0410\u043d\u0442\u0438\u0432\u0438\u0440\u0443\u0441 \U0001f6e1"} <= names, names)
            dated = [x for x in f if x["updates"]["last"]]
            self.assertTrue(dated and all(x["updates"]["still"] is still for x in dated), dated)

    def test_10_remains(self):
        f = self.judge(1, self.make(twelve.remains))["findings"]
        by = {x["type"]: x for x in f}
        self.assertEqual((by["native-messaging-host"]["class"], by["native-messaging-host"]["state"]), ("E", "remains"))
        self.assertEqual((by["root-certificate"]["class"], by["root-certificate"]["state"]), ("E", "remains"))
        page = [x for x in f if x["type"] == "traces"]
        self.assertTrue(all(x["grade"] <= "E1" and x["state"] == "trace" for x in page), page)

    def test_11_decoys(self):
        report = self.judge(0, self.make(twelve.decoys))
        self.assertEqual(self.strong(report), [])
        self.assertTrue(report["findings"])  # seen, and told as what they are

    def test_12_appliances(self):
        old = self.judge(0, self.make(twelve.appliance, "12.1X46-D40.2", "kaspersky-lab-engine"))["findings"]
        trace = next(x for x in old if x["type"] == "traces")
        self.assertEqual((trace["class"], trace["grade"], trace["state"]), ("B", "E2", "present"))
        host = next(x for x in old if x["type"] == "configuration")
        self.assertEqual((host["state"], host["grade"], host["embedding"]["id"]), ("documented", "E1", "junos"))
        new = self.judge(0, self.make(twelve.appliance, "18.4R1.8", "kaspersky-lab-engine"))["findings"]
        self.assertEqual([(x["type"], x["state"], x["grade"]) for x in new], [("traces", "replaced", "E1")])
        self.assertEqual(self.judge(0, self.make(twelve.appliance, "18.4R1.9", "avira-engine"))["findings"], [])
        f = self.judge(0, self.make(twelve.others))["findings"]
        self.assertEqual({e["value"] for x in f for e in x["evidence"]}, {"SafeStream", "Kaspersky Client AV"})

    def test_12_android(self):
        f = self.strong(self.judge(1, self.make(twelve.android)))
        self.assertEqual([(x["class"], x["grade"], x["evidence"][0]["kind"]) for x in f], [("B", "E3", "class-prefix")])

    def test_documented_by_a_bom(self):
        """A product that an SBOM names, in a version of which a document says what is inside."""
        for version, want in (("12.1", [("documented", "E1")]), ("19.1", [])):
            self.put("b.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
                {"type": "operating-system", "name": "Junos OS", "version": version}]}))
            self.assertEqual([(x["state"], x["grade"]) for x in self.judge(0, "b.json")["findings"]], want)


if __name__ == "__main__":
    cov_kit.main()
