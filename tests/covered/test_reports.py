#!/usr/bin/env python3
"""overt covered for other programs: SARIF 2.1.0, OSCAL assessment results 1.1.2, CycloneDX 1.6. Required fields, forms of names, references
that lead somewhere, and what each must say of found, weak, unknown and unread things.

  test_reports.py PROGRAM WORKER [unittest arguments]
"""
import json
import os
import re
import sys
import unittest

import cov_kit

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
TOKEN = re.compile(r"^[A-Za-z_][A-Za-z0-9._-]*$")
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def walk(node):
    yield node
    for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else []):
        yield from walk(child)


class Reports(cov_kit.Case):
    def make(self, with_gaps=True):
        """A package, a weak name, and, if asked for, a setuid program of nobody and a broken SBOM."""
        self.root()
        self.put("root/app/package-lock.json", json.dumps(cov_kit.LOCK))
        if with_gaps:
            os.chmod(self.put("root/usr/local/bin/odd", cov_kit.ELF), 0o4755)
            self.put("root/srv/bom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [')

    def report(self, form, code=1, *more):
        return json.loads(self.run_covered(code, "--format", form, "--at", "2026-11-01", *more, "root").stdout)

    def test_one_target(self):
        self.make()
        for form in ("sarif", "oscal", "cyclonedx"):
            self.assertIn(b"holds one TARGET", self.run_covered(3, "--format", form, "root", "root").stderr)

    def test_sarif(self):
        self.make()
        log = self.report("sarif")
        self.assertEqual((log["version"], len(log["runs"])), ("2.1.0", 1))
        run = log["runs"][0]
        rules = [r["id"] for r in run["tool"]["driver"]["rules"]]
        self.assertEqual(len(rules), len(set(rules)))
        self.assertRegex(run["automationDetails"]["guid"], UUID)
        seen = {}
        guids = set()
        for r in run["results"]:
            self.assertIn(r["ruleId"], rules)
            self.assertIn(r["level"], ("error", "warning", "note"))
            self.assertTrue(r["message"]["text"])
            self.assertNotIn("://", r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
            guids.add(r["guid"])
            seen.setdefault(r["ruleId"], []).append(r)
        self.assertEqual(len(guids), len(run["results"]))
        self.assertEqual([r["level"] for r in seen["bis-2024"]], ["error"])
        self.assertEqual([r["level"] for r in seen["de-bsi-2022"]], ["warning"])
        self.assertIn("prohibits", seen["bis-2024"][0]["message"]["text"])
        self.assertIn("for the supplier", seen["bis-2024"][0]["message"]["text"])
        self.assertEqual(seen["overt/look-here"][0]["level"], "note")
        self.assertEqual(seen["overt/undetermined"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "usr/local/bin/odd")
        self.assertEqual(seen["overt/unread"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "srv/bom.json")
        self.assertNotIn("overt/found", seen)

    def test_sarif_of_a_rule_that_does_not_bind(self):
        """Found, but nothing prohibits it to that reader on that day: told all the same."""
        self.root()
        run = json.loads(self.run_covered(1, "--format", "sarif", "--profile", "us-person", "--at", "2024-01-01", "root").stdout)["runs"][0]
        told = [(r["ruleId"], r["level"]) for r in run["results"]]
        self.assertIn(("overt/found", "note"), told)
        self.assertNotIn("bis-2024", [t[0] for t in told])

    def test_oscal(self):
        self.make()
        doc = self.report("oscal")["assessment-results"]
        self.assertEqual(doc["metadata"]["oscal-version"], "1.1.2")
        for key in ("title", "last-modified", "version"):
            self.assertTrue(doc["metadata"][key])
        self.assertEqual(doc["import-ap"]["href"], "#" + doc["back-matter"]["resources"][0]["uuid"])
        result = doc["results"][0]
        for key in ("uuid", "title", "description", "start", "reviewed-controls", "observations", "findings", "local-definitions"):
            self.assertTrue(result[key], key)
        items = {i["uuid"] for i in result["local-definitions"]["inventory-items"]}
        observed = {o["uuid"] for o in result["observations"]}
        for o in result["observations"]:
            self.assertTrue(o["description"] and o["methods"] == ["EXAMINE"] and DATE.match(o["collected"]), o)
            for s in o.get("subjects", []):
                self.assertIn(s["subject-uuid"], items)
        for f in result["findings"]:
            self.assertRegex(f["target"]["target-id"], TOKEN)
            self.assertIn(f["target"]["status"]["state"], ("satisfied", "not-satisfied"))
            for o in f.get("related-observations", []):
                self.assertIn(o["observation-uuid"], observed)
        for node in walk(doc):
            if isinstance(node, dict) and "uuid" in node:
                self.assertRegex(node["uuid"], UUID)
            if isinstance(node, dict) and "props" in node:
                self.assertTrue(node["props"])
                for p in node["props"]:
                    self.assertRegex(p["name"], TOKEN)
                    self.assertRegex(p["value"], r"^\S(.*\S)?$")
        uuids = [n["uuid"] for n in walk(doc) if isinstance(n, dict) and "uuid" in n]
        self.assertEqual(len(uuids), len(set(uuids)))
        states = {f["target"]["target-id"]: f["target"]["status"] for f in result["findings"]}
        self.assertEqual((states["bis-2024"]["state"], states["bis-2024"]["reason"]), ("not-satisfied", "fail"))
        self.assertEqual((states["de-bsi-2022"]["state"], states["de-bsi-2022"]["reason"]), ("not-satisfied", "other"))
        titles = [o["title"] for o in result["observations"]]
        self.assertIn("Could not be read", titles)
        self.assertIn("Privileged, and nobody can tell whose it is", titles)

    def test_oscal_says_satisfied_only_when_all_was_read(self):
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        states = {f["target"]["status"]["state"] for f in self.report("oscal", 0)["assessment-results"]["results"][0]["findings"]}
        self.assertEqual(states, {"satisfied"})
        self.put("root/srv/bom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [')
        states = {(f["target"]["status"]["state"], f["target"]["status"]["reason"])
                  for f in self.report("oscal", 0)["assessment-results"]["results"][0]["findings"]}
        self.assertEqual(states, {("not-satisfied", "other")})

    def test_cyclonedx(self):
        self.make()
        bom = self.report("cyclonedx")
        self.assertEqual((bom["bomFormat"], bom["specVersion"]), ("CycloneDX", "1.6"))
        self.assertNotIn("vulnerabilities", bom)
        refs = [n["bom-ref"] for n in walk(bom) if isinstance(n, dict) and "bom-ref" in n]
        self.assertEqual(len(refs), len(set(refs)))
        d = bom["declarations"]
        claims = {c["bom-ref"]: c for c in d["claims"]}
        for c in claims.values():
            self.assertTrue(c["target"] in refs and set(c["evidence"]) <= set(refs) and c["predicate"] and c["reasoning"])
        scores = {}
        rules = {q["bom-ref"]: q["identifier"] for s in bom["definitions"]["standards"] for q in s["requirements"]}
        for m in d["attestations"][0]["map"]:
            self.assertTrue(set(m.get("claims", [])) | set(m.get("counterClaims", [])) <= set(claims))
            scores[rules[m["requirement"]]] = m["conformance"].get("score")
        self.assertEqual((scores["bis-2024"], scores["de-bsi-2022"], scores["ndaa-889"]), (0, None, None))
        grades = {c["name"]: [p["value"] for p in c["properties"] if p["name"] == "overt:covered:grade"] for c in bom["components"]}
        self.assertEqual(grades["klnagent64"], ["E4"])
        named = {p["name"]: p["value"] for p in bom["metadata"]["properties"]}
        self.assertEqual(named["overt:undetermined"], "usr/local/bin/odd")
        self.assertTrue(any(n.startswith("overt:unread:") for n in named), named)

    def test_cyclonedx_scores_one_only_when_all_was_read(self):
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS[cov_kit.STATUS.index("Package: bash"):])
        scores = {m["conformance"]["score"] for m in self.report("cyclonedx", 0)["declarations"]["attestations"][0]["map"]}
        self.assertEqual(scores, {1})

    def test_profile(self):
        self.make()
        sarif = self.report("sarif", 1, "--profile", "us-person")["runs"][0]
        self.assertEqual([r["id"] for r in sarif["tool"]["driver"]["rules"] if not r["id"].startswith("overt/")], ["bis-2024"])
        self.assertEqual(len(self.report("oscal", 1, "--profile", "us-person")["assessment-results"]["results"][0]["findings"]), 1)
        self.assertEqual(len(self.report("cyclonedx", 1, "--profile", "us-person")["definitions"]["standards"]), 1)

    def test_foreign_names(self):
        """Bytes that are no UTF-8, quotes, and rule names that are no tokens."""
        self.put("root/var/lib/dpkg/status", cov_kit.STATUS.replace("15.0.0-1", '1"\\<\x01').encode() + b"\xff\xfe")
        self.put("own.list", "entity acme\nname: Acme\nsource: us\n\nproduct p\nentity: acme\nclass: A\nname: A\"B\nnext: x\nsource: us\n\n"
                             "indicator deb\nproduct: p\nmost: E4\nvalue: bash\nsource: us\n\nrule 1 odd/rule\nname: R\nissuer: us\nkind: use\n"
                             "profile: staff\nentity: acme\nyes: A\nwhat: w\nfor: f\nevent: 2020-01-01 x\nsource: us\n")
        for form in ("sarif", "oscal", "cyclonedx"):
            text = self.run_covered(1, "--format", form, "--list", "own.list", "root").stdout.decode("utf-8", "strict")
            json.loads(text)
            if form == "oscal":
                self.assertIn("\"target-id\":\"_1_odd_rule\"", text)

    def test_same_report_same_names(self):
        self.make()
        one, two = (self.report("oscal")["assessment-results"] for _ in range(2))
        if one["metadata"]["last-modified"] == two["metadata"]["last-modified"]:
            self.assertEqual(one, two)


if __name__ == "__main__":
    cov_kit.main()
