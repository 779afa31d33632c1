#!/usr/bin/env python3
"""The module msi on packages that samples/installer.py makes. What wixl builds was held against msiinfo by hand."""
import sys

import dumped  # first: it tells where the samples are made
import documents as d
import installer as i


class Msi(dumped.ModuleTest):
    module = "msi"

    def check(self, data):
        got = self.says(data, is_msi=1, has_signature=0, code_page=1252, number_of_tables=3, number_of_properties=2,
                        number_of_custom_actions=2)
        self.assertEqual({k[16:-2]: v for k, v in got.items() if k.startswith("msi.properties[")},
                         {"ProductName": b"Made up", "ARP": b"1"})
        self.assertEqual([got["msi.tables[%d].name" % k] for k in range(3)], [b"Property", b"CustomAction", b"Binary"])
        self.assertEqual([got["msi.tables[1].columns[%d]" % k] for k in range(5)],
                         [b"Action", b"Type", b"Source", b"Target", b"ExtendedType"])
        self.assertEqual([got["msi.custom_actions[0]." + k] for k in ("name", "type", "source", "target")],
                         [b"Run", 51, b"X", b"echo harmless"])
        self.assertEqual([got["msi.custom_actions[1]." + k] for k in ("name", "type", "source", "target")],
                         [b"Deferred", 3106, b"TARGETDIR", b"cmd"])
        names = {v for k, v in got.items() if k.startswith("msi.streams[") and k.endswith(".name")}
        self.assertEqual(names, {b"!Property", b"!CustomAction", b"!Binary", b"!_Columns", b"!_Tables", b"!_StringPool",
                                 b"!_StringData", b"Binary.b"})

    def test_package(self):
        self.check(i.package())

    def test_texts_named_by_three_bytes(self):
        self.check(i.package(wide=True))

    def test_in_rules(self):
        self.holds(i.package(), "msi.is_msi", 'msi.properties["ProductName"] == "Made up"', 'for any a in msi.custom_actions : (a.type == 51)',
                   'for any k, v in msi.properties : (k == "ARP" and v == "1")', 'not defined msi.properties["Nothing"]')

    def test_a_long_text(self):
        got = self.says(i.package(target="x" * 70000), number_of_custom_actions=2)
        self.assertEqual(got["msi.custom_actions[0].target"], b"x" * 70000)
        self.assertEqual(got["msi.custom_actions[1].target"], b"cmd")

    def test_signature(self):
        self.says(i.package(more={"\x05DigitalSignature": b"0\x80"}), has_signature=1)

    def test_without_its_class(self):
        self.says(i.package(clsid=bytes(16)), is_msi=1, number_of_tables=3)

    def test_other_compound_files(self):
        self.says(d.ole2({"WordDocument": d.word_fib()}), is_msi=0, number_of_tables=None, number_of_properties=None)
        self.says(d.ole2({"a": b"b"}, clsid=i.CLSID), is_msi=1, number_of_tables=0, number_of_properties=0)
        self.says(b"", is_msi=0)

    def test_pools_that_lie(self):
        for name in ("_StringPool", "_StringData", "_Columns", "_Tables", "Property"):
            for junk in (b"", b"\xff" * 7, b"\xff" * 4000):
                self.says(i.package(more={i.packed(name): junk}), is_msi=1)

    def test_calm(self):
        data = i.package()
        dumped.dump("msi", data, "-f")
        for at in range(0, len(data), 61):
            self.says(data[:at] + b"\xff\xff\xff\xff" + data[at + 4:])


if __name__ == "__main__":
    sys.exit(dumped.main())
