#!/usr/bin/env python3
"""overt inventory on documents: bills of materials and lock files, whole and broken.

  test_documents.py PROGRAM WORKER [NAME...]
"""
import json
import random

import kit
from kit import Case

SUPPLIER = "AO Kaspersky Lab"


def cyclonedx(version="1.6"):
    """A gateway that holds a filter that holds an engine with a supplier and nothing else."""
    engine = {"type": "library", "name": "engine core", "bom-ref": "e", "supplier": {"name": SUPPLIER},
              "cpe": "cpe:2.3:a:kaspersky_lab:scan_engine:1.0:*:*:*:*:*:*:*"}
    part = {"type": "library", "name": "filter", "version": "2", "bom-ref": "f", "components": [engine]}
    return {"bomFormat": "CycloneDX", "specVersion": version, "metadata": {
        "timestamp": "2024-05-01T12:00:00Z", "tools": {"components": [{"type": "application", "name": "maker"}]},
        "component": {"type": "application", "name": "mail gateway", "bom-ref": "g"}},
        "components": [part, {"type": "library", "name": "zlib", "bom-ref": "z", "purl": "pkg:generic/zlib@1.3"}],
        "dependencies": [{"ref": "f", "dependsOn": ["z"]}]}


CYCLONEDX_XML = f"""<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><component type="application" bom-ref="g">
<name>mail gateway</name></component></metadata>
<components><!-- a --><component type="library" bom-ref="f"><name>filter &amp; &#x66;riends</name><components>
<component type="library"><supplier><name>{SUPPLIER}</name></supplier><name><![CDATA[engine core]]></name>
<version>1</version></component></components></component></components></bom>"""

SPDX2 = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "d", "creationInfo": {"created": "2024-01-02T03:04:05Z"},
         "packages": [{"SPDXID": "SPDXRef-g", "name": "mail gateway"}, {"SPDXID": "SPDXRef-f", "name": "filter"},
                      {"SPDXID": "SPDXRef-e", "name": "engine core", "supplier": f"Organization: {SUPPLIER} (x@example.org)",
                       "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                         "referenceLocator": "pkg:generic/engine@1"}]}],
         "relationships": [{"spdxElementId": "SPDXRef-g", "relationshipType": "CONTAINS", "relatedSpdxElement": "SPDXRef-f"},
                           {"spdxElementId": "SPDXRef-e", "relationshipType": "CONTAINED_BY", "relatedSpdxElement": "SPDXRef-f"}]}

SPDX_TAGS = f"""SPDXVersion: SPDX-2.3
DocumentName: d
PackageName: mail gateway
SPDXID: SPDXRef-g
PackageName: filter
SPDXID: SPDXRef-f
PackageName: engine core
SPDXID: SPDXRef-e
PackageSupplier: Organization: {SUPPLIER}
Relationship: SPDXRef-g CONTAINS SPDXRef-f
Relationship: SPDXRef-f DEPENDS_ON SPDXRef-e
"""

SPDX3 = {"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
    {"type": "CreationInfo", "@id": "_:c", "created": "2024-01-02T03:04:05Z"},
    {"type": "Organization", "spdxId": "urn:o", "name": SUPPLIER},
    {"type": "software_Package", "spdxId": "urn:g", "name": "mail gateway"},
    {"type": "software_Package", "spdxId": "urn:f", "name": "filter"},
    {"type": "software_Package", "spdxId": "urn:e", "name": "engine core", "suppliedBy": "urn:o", "software_packageVersion": "3"},
    {"type": "Relationship", "spdxId": "urn:1", "from": "urn:g", "relationshipType": "contains", "to": ["urn:f"]},
    {"type": "Relationship", "spdxId": "urn:2", "from": "urn:f", "relationshipType": "contains", "to": ["urn:e"]}]}

SWID = f"""<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" name="engine core" tagId="x-1"
 version="1.0"><Entity name="Somebody" role="tagCreator"/><Entity name="{SUPPLIER}" role="softwareCreator"/></SoftwareIdentity>"""


def text(s):
    return bytes([0x78, len(s)]) + s.encode()


COSWID = (b"\xda\x53\x57\x49\x44\xa4\x00" + text("x-1") + b"\x01" + text("engine core") + b"\x0d" + text("1.0") +
          b"\x02\xa2\x18\x1f" + text(SUPPLIER) + b"\x18\x21\x82\x01\x02")


class Boms(Case):
    def engine(self, name, data, path=("mail gateway", "filter", "engine core")):
        self.put(name, data)
        inv = self.take(name)
        c = self.one(inv, type="sbom-component", name="engine core")
        self.assertEqual((c["supplier"], c["grade"], c["state"]), (SUPPLIER, "E2", "named"))
        self.assertEqual(c["path"], [name, *path])
        return inv, c

    def test_cyclonedx(self):
        for version in ("1.4", "1.5", "1.6", "1.7"):
            inv, c = self.engine("bom.json", json.dumps(cyclonedx(version)))
            self.assertEqual(self.one(inv, type="sbom")["version"], version)
        self.assertTrue(self.evidence(c, "cpe"))
        self.assertEqual(c["since"]["latest"], "2024-05-01T12:00:00Z")
        self.assertEqual(self.one(inv, name="zlib")["path"], ["bom.json", "mail gateway", "filter", "zlib"])
        self.assertFalse([c for c in inv["components"] if c.get("name") == "maker"])

    def test_found_by_content(self):
        """In a root, under any name."""
        self.put("r/opt/x/parts.json", json.dumps(cyclonedx(), indent=1))
        self.one(self.take("r"), name="engine core")

    def test_cyclonedx_xml(self):
        self.engine("bom.xml", CYCLONEDX_XML, ("mail gateway", "filter & friends", "engine core"))

    def test_spdx(self):
        _, c = self.engine("a.spdx.json", json.dumps(SPDX2))
        self.assertEqual(c["purl"], "pkg:generic/engine@1")
        self.engine("a.spdx", SPDX_TAGS)
        _, c = self.engine("b.json", json.dumps(SPDX3))
        self.assertEqual(c["version"], "3")

    def test_swid(self):
        self.engine("x.swidtag", SWID, ("engine core",))
        _, c = self.engine("x.coswid", COSWID, ("engine core",))
        self.assertEqual(self.evidence(c, "swid")[0]["value"], "x-1")

    def test_deep(self):
        """Parts inside parts, deeper than a path is long: all are named, none is lost."""
        c = {"name": "p0"}
        for i in range(1, 150):
            c = {"name": f"p{i}", "components": [c]}
        self.put("bom.json", json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [c]}))
        inv = self.take("bom.json")
        self.assertEqual(len([c for c in inv["components"] if c["type"] == "sbom-component"]), 150)

    def test_circle(self):
        bom = cyclonedx()
        bom["components"] = [{"name": n, "bom-ref": n} for n in "abc"]
        bom["dependencies"] = [{"ref": a, "dependsOn": [b]} for a, b in ("ab", "bc", "ca")]
        self.put("bom.json", json.dumps(bom))
        self.assertEqual(len(self.take("bom.json")["components"]), 5)

    def test_cut(self):
        """What stands before the break is told, and the break as well."""
        whole = json.dumps(cyclonedx())
        self.put("bom.json", whole[:whole.index('"zlib"')])
        inv = self.take("bom.json", code=3)
        self.one(inv, name="engine core")
        self.assertEqual([u["path"] for u in inv["unread"]], [["bom.json"]])

    def test_bombs(self):
        for name, data in (("a.json", b"[" * 1000000), ("a.xml", b"<a>" * 100000),
                           ("b.xml", b'<!DOCTYPE a [<!ENTITY x "y">]><bom>&x;</bom>'), ("a.coswid", b"\x81" * 100000)):
            self.put(name, data)
            self.assertEqual(len(self.take(name, code=3)["unread"]), 1, name)

    def test_mutated(self):
        """500 mutated documents: an answer each, valid UTF-8, and what is broken is told."""
        rng = random.Random(6)
        seeds = {"bom.json": json.dumps(cyclonedx()).encode(), "bom.xml": CYCLONEDX_XML.encode(), "c.spdx.json":
                 json.dumps(SPDX2).encode(), "d.spdx": SPDX_TAGS.encode(), "e.jsonld": json.dumps(SPDX3).encode(),
                 "f.swidtag": SWID.encode(), "g.coswid": COSWID}
        for i in range(500):
            name = rng.choice(sorted(seeds))
            data = bytearray(seeds[name])
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(data))
                kind = rng.randrange(4)
                if kind == 0:
                    data[at] = rng.randrange(256)
                elif kind == 1:
                    del data[at:at + rng.randint(1, 30)]
                elif kind == 2:
                    data[at:at] = data[rng.randrange(len(data)):][:rng.randint(1, 40)]
                else:
                    data[at] ^= 1 << rng.randrange(8)
                data = data or bytearray(b"{")
            self.put(f"m/{i:03}/{name}", bytes(data))
        inv = self.take("m", code=None)
        self.assertEqual(inv["summary"]["files"], 500)
        told = {u["path"][0].split("/")[0] for u in inv["unread"]} | {c["path"][0].split("/")[0] for c in inv["components"]}
        self.assertGreater(len(told), 480)  # the rest no longer looks like a bill of materials
        self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")])
        for i in range(500):  # a JSON text that a strict reader refuses is not passed over in silence
            name = f"{i:03}"
            path = self.path(f"m/{name}/bom.json")
            try:
                with open(path, "rb") as f:
                    json.loads(f.read().decode("utf-8", "replace"))
            except FileNotFoundError:
                continue
            except ValueError:
                self.assertIn(name, {u["path"][0].split("/")[0] for u in inv["unread"]})


class Locks(Case):
    FILES = {
        "package-lock.json": (json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "app", "version": "1"}, "node_modules/@kaspersky/hexa-ui-core":
                                          {"version": "4.0.2"}, "node_modules/a/node_modules/b": {"version": "1"}}}),
                              ["pkg:npm/%40kaspersky/hexa-ui-core@4.0.2", "pkg:npm/b@1"]),
        "npm-shrinkwrap.json": (json.dumps({"dependencies": {"a": {"version": "1", "dependencies": {"@s/b": {"version": "2"}}}}}),
                                ["pkg:npm/a@1", "pkg:npm/%40s/b@2"]),
        "yarn.lock": ('"@kaspersky/x@^1.0", "@kaspersky/x@1":\n  version "1.0.1"\nb@npm:2:\n  version: 2.1\n',
                      ["pkg:npm/%40kaspersky/x@1.0.1", "pkg:npm/b@2.1"]),
        "pnpm-lock.yaml": ("lockfileVersion: '9.0'\npackages:\n\n  '@kaspersky/x@1.0.1':\n    resolution: {}\n  b@2.0.0(c@1):\n",
                           ["pkg:npm/%40kaspersky/x@1.0.1"]),
        "gradle.lockfile": ("# made\ncom.kaspersky.android-components:kaspresso:1.5.3=debugAndroidTest\nempty=\n",
                            ["pkg:maven/com.kaspersky.android-components/kaspresso@1.5.3"]),
        "build.gradle": ("dependencies {\n // 'com.no:no:1'\n androidTestImplementation 'com.kaspersky.android-components:kaspresso:1.5.3'\n}\n",
                         ["pkg:maven/com.kaspersky.android-components/kaspresso@1.5.3"]),
        "libs.versions.toml": ('[libraries]\nk = { module = "com.kaspersky.android-components:kaspresso", version.ref = "k" }\n',
                               ["pkg:maven/com.kaspersky.android-components/kaspresso"]),
        "pom.xml": ("<project><groupId>g.g</groupId><artifactId>a</artifactId><version>1</version><properties><v>7</v></properties>"
                    "<dependencies><dependency><groupId>com.k</groupId><artifactId>d</artifactId><version>${v}</version>"
                    "</dependency></dependencies></project>", ["pkg:maven/g.g/a@1", "pkg:maven/com.k/d@7"]),
        "requirements.txt": ("# x\nopentip==2.0 ; python_version > '3'\n-r other.txt\nkasperskytip[extra]>=1\n",
                             ["pkg:pypi/opentip@2.0", "pkg:pypi/kasperskytip"]),
        "poetry.lock": ('[[package]]\nname = "a"\nversion = "1.2"\n\n[metadata]\nname = "no"\n', ["pkg:pypi/a@1.2"]),
        "Pipfile.lock": (json.dumps({"_meta": {"x": {}}, "default": {"a": {"version": "==1.2"}}}), ["pkg:pypi/a@1.2"]),
        "Cargo.lock": ('version = 3\n[[package]]\nname = "libc"\nversion = "0.2.1"\nsource = "x"\n\n[[package]]\nname = "b"\nversion = "1"\n',
                       ["pkg:cargo/libc@0.2.1", "pkg:cargo/b@1"]),
        "go.sum": ("github.com/a/b v1.0.0 h1:x=\ngithub.com/a/b v1.0.0/go.mod h1:y=\n", ["pkg:golang/github.com/a/b@v1.0.0"]),
        "go.mod": ("module m\nrequire x.y/z v1\nrequire (\n\tgithub.com/a/b v2 // indirect\n)\n",
                   ["pkg:golang/x.y/z@v1", "pkg:golang/github.com/a/b@v2"]),
        "Gemfile.lock": ("GEM\n  specs:\n    rack (2.2.3)\n      dep (>= 1)\n", ["pkg:gem/rack@2.2.3"]),
        "composer.lock": (json.dumps({"packages": [{"name": "a/b", "version": "v1.0"}]}), ["pkg:composer/a/b@1.0"]),
        "packages.lock.json": (json.dumps({"version": 1, "dependencies": {"net6.0": {"N.J": {"resolved": "13.0"}}}}),
                               ["pkg:nuget/N.J@13.0"]),
    }

    def test_purls(self):
        for name, (data, want) in self.FILES.items():
            self.put(f"r/{name}/{name}", data)
            found = [c["purl"] for c in self.take(f"r/{name}")["components"]]
            for purl in want:
                self.assertIn(purl, found, name)
            self.assertFalse([p for p in found if "no" in p.split("/")[-1].split("@")[0].split("-") or "dep" in p.split("/")[-1]], found)

    def test_author(self):
        """An installed npm package names its author; a lock file does not."""
        self.put("r/node_modules/@kaspersky/hexa-ui/package.json", json.dumps(
            {"name": "@kaspersky/hexa-ui", "version": "5.1", "author": SUPPLIER, "license": "Apache-2.0"}))
        c = self.one(self.take("r"), type="dependency")
        self.assertEqual((c["supplier"], c["grade"], c["state"]), (SUPPLIER, "E2", "present"))

    def test_owned(self):
        """What a package brings along is the package's."""
        self.put("r/usr/lib/python3/dist-packages/x-1.dist-info/METADATA", "Name: x\nVersion: 1\n\nName: no\n")
        self.one(self.take("r"), purl="pkg:pypi/x@1")
        self.put("r/var/lib/dpkg/status", "Package: python3-x\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n")
        self.put("r/var/lib/dpkg/info/python3-x.list", "/usr/lib/python3/dist-packages/x-1.dist-info/METADATA\n")
        self.assertEqual([c["type"] for c in self.take("r")["components"]], ["deb"])


if __name__ == "__main__":
    kit.main()
