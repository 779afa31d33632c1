#!/usr/bin/env python3
"""What overt writes for other programs, held against the published schemas: covered as SARIF, OSCAL and CycloneDX, inventory as CycloneDX and SPDX.
The report has a finding of every class, places that were not read, privileged parts of nobody, and names that are made to break a form.

  test_schemas.py PROGRAM WORKER [unittest arguments]

Schemas are looked for in $OVERT_SCHEMAS, else in build/schemas, where `tools/deps.sh schemas` puts those that npm has (CycloneDX's in
@cyclonedx/cyclonedx-library, SARIF's in @microsoft/sarif-multitool-linux). OSCAL's and SPDX's are in no package that we know of: put
oscal_assessment-results_schema.json (release 1.1.2 of OSCAL) and spdx-schema.json (2.3) there by hand. What is missing is skipped, and said.
Needs Python's jsonschema (Debian: python3-jsonschema).
"""
import glob
import json
import os
import re
import unittest

import cov_kit

try:
    import jsonschema
except ImportError:
    jsonschema = None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get("OVERT_SCHEMAS", os.path.join(ROOT, "build", "schemas"))
LIST = "entity acme\nname: Acme\nsource: us\n\nrule acme-1\nname: Rule of ours\nissuer: us\nkind: use\nprofile: staff\nentity: acme\nyes: A B\nask: C\nno: D F\nwhat: w\nfor: f\n" \
       "event: 2020-01-01 begins\nsource: us\n\n" + \
       "".join(f"product p{c}\nentity: acme\nclass: {c}\nname: Acme \"{c}\"\nnext: ask\nsource: us\n\n"
               f"indicator deb\nproduct: p{c}\nmost: {'E1' if c == 'F' else 'E4'}\nvalue: acme-{c.lower()}\nsource: us\n\n" for c in "ABCDEF") + \
       "indicator purl\nproduct: pA\nmost: E3\nvalue: pkg:npm/acme*\nsource: us\n"


# What the published schemas (OSCAL's assessment results, SPDX 2.3) say of the objects that overt writes: fields that may stand there, fields that must.
OSCAL = {
    "assessment-results": ("uuid metadata import-ap local-definitions results back-matter", "uuid metadata import-ap results"),
    "import-ap": ("href remarks", "href"),
    "results": ("uuid title description start end props links local-definitions reviewed-controls attestations assessment-log observations risks findings remarks",
                "uuid title description start reviewed-controls"),
    "local-definitions": ("components inventory-items users assessment-assets tasks", ""),
    "inventory-items": ("uuid description props links responsible-parties implemented-components remarks", "uuid description"),
    "observations": ("uuid title description props links methods types origins subjects relevant-evidence collected expires remarks", "uuid description methods collected"),
    "relevant-evidence": ("href description props links remarks", "description"),
    "findings": ("uuid title description target related-observations", "uuid title description target"),
    "related-observations": ("observation-uuid remarks", "observation-uuid"),
}
SPDX = {
    "": ("spdxVersion dataLicense SPDXID name documentNamespace creationInfo comment packages relationships", "SPDXID creationInfo dataLicense name spdxVersion"),
    "packages": ("SPDXID annotations attributionTexts builtDate checksums comment copyrightText description downloadLocation externalRefs filesAnalyzed hasFiles homepage "
                 "licenseComments licenseConcluded licenseDeclared licenseInfoFromFiles name originator packageFileName packageVerificationCode primaryPackagePurpose "
                 "releaseDate sourceInfo summary supplier validUntilDate versionInfo", "SPDXID downloadLocation name"),
    "externalRefs": ("comment referenceCategory referenceLocator referenceType", "referenceCategory referenceLocator referenceType"),
    "relationships": ("spdxElementId comment relatedSpdxElement relationshipType", "spdxElementId relatedSpdxElement relationshipType"),
}


def fields(node, rules, key=""):
    """Objects whose fields are others than the rules say, by the key that they stand under."""
    if isinstance(node, dict):
        may, must = (set(x.split()) for x in rules.get(key, (" ".join(node), "")))
        if not must <= set(node) <= may:
            yield key, sorted(node)
    for k, child in (node.items() if isinstance(node, dict) else ((key, n) for n in node) if isinstance(node, list) else ()):
        yield from fields(child, rules, k)


def schema(*names):
    """The first of these files; its references to other files of its folder are put in."""
    for name in names:
        for path in sorted(glob.glob(os.path.join(FOLDER, "**", name), recursive=True)):
            with open(path, encoding="utf-8") as f:
                return json.loads(portable(f.read())), os.path.dirname(path)
    raise unittest.SkipTest(f"{names[0]} is not in {FOLDER}: not held against its schema")


def portable(text):
    """Python's patterns know no \\p{L} and \\p{N}."""
    return text.replace("\\\\p{L}", "[^\\\\W\\\\d_]").replace("\\\\p{N}", "\\\\d")


def embed(root, folder):
    """{"$ref": "other.json#/x"}: the other file becomes a definition."""
    def walk(node, name):
        if isinstance(node, dict):
            ref = node.get("$ref")
            if isinstance(ref, str):
                file, _, part = ref.partition("#")
                if file or name:
                    node["$ref"] = "#/definitions/" + (file or name) + part
                    if file and file not in root["definitions"]:
                        with open(os.path.join(folder, file), encoding="utf-8") as f:
                            other = json.loads(portable(f.read()))
                        other.pop("$id", None)
                        root["definitions"][file] = other
                        walk(other, file)
        for child in (list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []):
            walk(child, name)
    root.pop("$id", None)
    root.setdefault("definitions", {})
    walk({k: v for k, v in root.items() if k != "definitions"}, "")
    for name in list(root["definitions"]):
        if not name.endswith(".json"):
            walk(root["definitions"][name], "")
    return root


@unittest.skipUnless(jsonschema, "Python's jsonschema is not installed: nothing was held against a schema")
class Schemas(cov_kit.Case):
    def hold(self, schema_, document):
        kind = jsonschema.validators.validator_for(schema_, jsonschema.Draft7Validator)
        checker = getattr(kind, "FORMAT_CHECKER", None) or jsonschema.FormatChecker()
        wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" for e in kind(schema_, format_checker=checker).iter_errors(document)]
        self.assertEqual(wrong[:10], [])
        self.assertTrue(list(kind(schema_).iter_errors({})), "the schema takes anything")

    def make(self):
        status = "".join(f"Package: acme-{c}\nStatus: install ok installed\nVersion: 1{c}\nMaintainer: M \"{c}\" \\\nArchitecture: all\n\n" for c in "abcdef")
        self.put("root/var/lib/dpkg/status", (cov_kit.STATUS + status).encode() + b"Package: odd\xff\xc2\x85\nStatus: install ok installed\nVersion: \x01 1\n\n")
        self.put("own.list", LIST)
        self.put("root/app/package-lock.json", json.dumps(cov_kit.LOCK))
        self.put("root/a\n b/\u2028x\u00a0/package-lock.json", json.dumps(cov_kit.LOCK))
        self.put(b"root/n\xff\xfe/".decode("utf-8", "surrogateescape") + "package-lock.json", json.dumps(cov_kit.LOCK))
        self.put("root/srv/cpe.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.4", "components": [
            {"type": "library", "name": "old", "cpe": "cpe:/a:kaspersky_lab:sdk:8"}, {"type": "library", "name": "new", "cpe": "cpe:2.3:a:kaspersky_lab:sdk:8:*:*:*:*:*:*:*"},
            {"type": "library", "name": "half", "cpe": "cpe:2.3:a:kaspersky_lab"},
            {"type": "library", "name": "\u00a0a\nb\u2028", "version": "\u00a0 1\n2\u3000", "purl": "pkg:npm/acme\n \u2028x", "supplier": {"name": "\nA\nB"}},
            {"type": "library", "name": "x y", "cpe": "cpe: none", "purl": "pkg:npm/a b@1"},
            {"type": "library", "name": "gateway", "components": [{"type": "library", "name": "engine", "supplier": {"name": "AO Kaspersky Lab"}}]}]}))
        os.chmod(self.put("root/usr/local/bin/odd", cov_kit.ELF), 0o4755)
        self.put("root/srv/bom.json", '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [')

    def covered(self, form):
        """A report with all classes, and one with nothing."""
        self.make()
        found = json.loads(self.run_covered(1, "--list", "own.list", "--format", form, "root").stdout)
        seen = json.loads(self.run_covered(1, "--list", "own.list", "--format", "json", "root").stdout)
        self.assertEqual({f["class"] for f in seen["findings"]}, set("ABCDEF"))
        self.assertTrue(seen["undetermined"] and seen["unread"])
        os.makedirs(self.path("none"), exist_ok=True)
        return found, json.loads(self.run_covered(0, "--format", form, "none").stdout)

    def inventory(self, form):
        self.make()
        os.makedirs(self.path("none"), exist_ok=True)
        return [json.loads(self.run_overt(code, "inventory", form, "--root", root).stdout) for code, root in ((3, "root"), (0, "none"))]

    def test_sarif(self):
        s, _ = schema("sarif-2.1.0.json", "sarif-schema-2.1.0.json")
        for document in self.covered("sarif"):
            self.hold(s, document)

    def test_oscal(self):
        s, _ = schema("oscal_assessment-results_schema.json")
        for document in self.covered("oscal"):
            self.hold(s, document)

    def test_oscal_forms(self):
        """What OSCAL's schema says of fields and strings: also without the schema at hand."""
        for document in self.covered("oscal"):
            self.assertEqual(list(fields(document, OSCAL)), [])
            self.assertEqual([k for k, n in nodes(document) if n == []], [])  # no list of OSCAL is empty
            for title in (n for k, n in nodes(document) if k == "title"):
                self.assertRegex(title, r"\A[^\n]+\Z")
            for p in props(document):
                self.assertRegex(p["value"], r"\A\S(.*\S)?\Z")
                self.assertRegex(p["name"], r"\A[^\W\d]([\w.-])*\Z")

    def test_cyclonedx(self):
        s = embed(*schema("bom-1.6.SNAPSHOT.schema.json", "bom-1.6.schema.json"))
        for document in (*self.covered("cyclonedx"), *self.inventory("--cyclonedx")):
            self.hold(s, document)

    def test_spdx(self):
        s, _ = schema("spdx-schema.json", "spdx-schema-2-3.json")
        for document in self.inventory("--spdx"):
            self.hold(s, document)

    def test_spdx_forms(self):
        """What SPDX 2.3 says in words and its schema does not: identifiers, locators, one line for a supplier."""
        for document in self.inventory("--spdx"):
            self.assertEqual(list(fields(document, SPDX)), [])
            ids = {p["SPDXID"] for p in document["packages"]}
            self.assertEqual(len(ids), len(document["packages"]))
            for p in document["packages"]:
                self.assertRegex(p["SPDXID"], r"\ASPDXRef-[A-Za-z0-9.-]+\Z")
                self.assertRegex(p["supplier"], r"\A(NOASSERTION|(Organization|Person): \S.*)\Z")
                for r in p.get("externalRefs", []):
                    want = {"purl": r"\Apkg:[^\s]+\Z", "cpe23Type": r"\Acpe:2\.3:[aho*-](:[^\s:]+){10}\Z", "cpe22Type": r"\Acpe:/[aho]?(:[^\s:]*){0,6}\Z"}
                    self.assertRegex(r["referenceLocator"], want[r["referenceType"]])
            for r in document["relationships"]:
                self.assertIn(r["relatedSpdxElement"], ids)


def nodes(node, key=""):
    yield key, node
    for k, child in (node.items() if isinstance(node, dict) else ((key, n) for n in node) if isinstance(node, list) else ()):
        yield from nodes(child, k)


def props(node):
    if isinstance(node, dict):
        yield from node.get("props", [])
    for child in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else []):
        yield from props(child)


if __name__ == "__main__":
    cov_kit.main()
