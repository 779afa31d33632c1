#!/usr/bin/env python3
"""The module dotnet on assemblies that samples/assemblies.py makes; test "ymod like yara dotnet" holds them against yara."""
import struct
import sys

import dumped  # first: it tells where the samples are made
import assemblies as a

SAMPLES = dict(a.samples())


def utf16(s):
    return s.encode("utf-16le")


class Dotnet(dumped.ModuleTest):
    module = "dotnet"

    def check(self, data):
        got = self.says(
            data, is_dotnet=1, version="v4.0.30319", module_name="made.dll", number_of_streams=5, number_of_guids=1,
            number_of_resources=1, number_of_classes=3, number_of_generic_parameters=2, number_of_assembly_refs=2,
            number_of_modulerefs=1, number_of_user_strings=2, number_of_constants=1, number_of_field_offsets=1,
            typelib="01234567-89ab-cdef-0123-456789abcdef", assembly__name="made", assembly__culture="de",
            assembly__version__major=1, assembly__version__minor=2, assembly__version__build_number=3,
            assembly__version__revision_number=4)
        for path, value in {
                "guids[0]": b"00112233-4455-6677-8899-aabbccddeeff", "resources[0].name": b"a.resource", "resources[0].length": 5,
                "assembly_refs[0].name": b"mscorlib", "assembly_refs[0].public_key_or_token": bytes.fromhex("b77a5c561934e089"),
                "assembly_refs[1].name": b"Other", "assembly_refs[1].version.revision_number": 4, "modulerefs[0]": b"kernel32",
                "user_strings[0]": utf16("hello \xe4"), "user_strings[1]": utf16("x" * 200), "constants[0]": utf16("constant"),
                "field_offsets[0]": 0x200}.items():
            self.assertEqual(got.get("dotnet." + path), value, path)
        at = got["dotnet.resources[0].offset"]
        self.assertEqual(data[at:at + 5], b"bytes")
        self.assertNotIn("dotnet.assembly_refs[1].public_key_or_token", got)
        return got

    def test_all_forms(self):
        for name in ("full", "wide", "extra", "plus"):
            self.check(SAMPLES[name])

    def test_classes(self):
        got = self.check(SAMPLES["full"])

        def fields(path, names):
            return [got.get("dotnet." + path + "." + n) for n in names.split()]

        about = "fullname name namespace visibility type abstract sealed number_of_base_types number_of_methods"
        self.assertEqual(fields("classes[0]", about), [b"Made.Up.Outer", b"Outer", b"Made.Up", b"public", b"class", 1, 0, 3, 5])
        self.assertEqual(fields("classes[1]", about),
                         [b"Made.Up.Outer.Inner", b"Inner", b"Made.Up.Outer", b"internal", b"class", 0, 1, 1, 1])
        self.assertEqual(fields("classes[2]", about), [b"Made.Up.IThing", b"IThing", b"Made.Up", b"internal", b"interface", 1, 0, 0, 1])
        self.assertEqual([got["dotnet.classes[0].base_types[%d]" % i] for i in range(3)],
                         [b"System.Object", b"Made.Up.IThing", b"System.Collections.Generic.List<string>"])
        self.assertEqual(got["dotnet.classes[0].generic_parameters[0]"], b"T")
        about = "name visibility static virtual final abstract return_type number_of_parameters number_of_generic_parameters"
        for k, want in enumerate([
                [b".ctor", b"public", 0, 0, 0, 0, None, 0, 0], [b"Static", b"private", 1, 0, 0, 0, b"int", 2, 0],
                [b"Final", b"protected", 0, 1, 1, 0, b"object", 3, 0], [b"Abstract", b"protected internal", 0, 1, 0, 1, b"void", 0, 0],
                [b"Generic", b"private protected", 0, 0, 0, 0, b"T", 1, 1]]):
            self.assertEqual(fields("classes[0].methods[%d]" % k, about), want)
        for path, want in {"[1].parameters[0]": [b"text", b"string"], "[1].parameters[1]": [b"number", b"ref long"],
                           "[2].parameters[0]": [None, b"int[]"], "[2].parameters[1]": [None, b"int[,]"],
                           "[2].parameters[2]": [None, b"Ptr<void>"], "[4].parameters[0]": [b"v", b"V"]}.items():
            self.assertEqual(fields("classes[0].methods" + path, "name type"), want, path)
        # A signature that can't be read costs its own words only.
        self.assertEqual(fields("classes[1].methods[0]", "name return_type number_of_parameters parameters[0].type"),
                         [b"Odd", b"void", 1, None])
        self.assertEqual(fields("classes[2].methods[0]", "return_type parameters[0].type"),
                         [b"Made.Up.Outer<int>", b"System.Collections.Generic.List.Enumerator"])

    def test_in_rules(self):
        self.holds(SAMPLES["full"], "dotnet.is_dotnet", "dotnet.is_dotnet == 1", 'dotnet.user_strings[0] == "h\\x00e\\x00l\\x00l\\x00o\\x00 \\x00\\xe4\\x00"',
                   "uint8(dotnet.resources[0].offset) == 0x62", 'for any r in dotnet.assembly_refs : (r.name == "mscorlib" and r.version.major == 4)',
                   'for any c in dotnet.classes : (c.fullname == "Made.Up.Outer" and c.abstract and not c.sealed and for any m in c.methods : '
                   '(m.name == "Static" and m.static and for any p in m.parameters : (p.name == "number" and p.type == "ref long")))',
                   "not defined dotnet.classes[3].name", "not defined dotnet.classes[0].methods[0].return_type")

    def test_types(self):
        types = {b"\x0f\x0f\x05": "Ptr<Ptr<byte>>", b"\x1d\x1d\x02": "bool[][]", b"\x14\x0c\x02\x00\x02\x00\x00": "float[0...,0...]", b"\x14\x08\x01\x01\x03\x01\x02": "int[1...3]", b"\x18": "IntPtr", b"\x19": "UintPtr",
                 b"\x16": "TypedReference", b"\x1b\x00\x01\x01\x08": "FnPtr<void,int>", b"\x20\x05\x08": "int", b"\x45\x1c": "object",
                 b"\x15\x12\x05\x00": None, b"\x13\x05": None, b"\x0f" * 100 + b"\x01": None, b"\x1d" * 60 + b"\x01": "void" + "[]" * 60,
                 b"\x14\x08\x00\x00\x00": None, b"\x12\x81": None, b"": None, b"\x15\x12\x05\xdf\xff\xff\xff\x08": None}
        for sig, want in types.items():
            m = a.Metadata()
            scope = a.coded((2, (0x00, 0x1a, 0x23, 0x01)), 0x23, m.add(0x23, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            m.add(0x01, scope, m.name("X"), 0)
            m.add(0x02, 0, m.name("C"), 0, 0, 1, 1)
            m.add(0x06, 0, 0, 6, m.name("f"), m.blob(b"\x00\x00" + sig), 1)
            got = dumped.dump("dotnet", a.program(m.root())[0])
            self.assertEqual(got.get("dotnet.classes[0].methods[0].return_type"), want.encode() if want else None, sig)

    def test_little(self):
        self.says(SAMPLES["bare"], is_dotnet=1, module_name="m", number_of_classes=None, number_of_resources=None, assembly__name=None)
        self.says(SAMPLES["no_tables"], is_dotnet=1, module_name=None, number_of_streams=1, number_of_guids=None)
        got = self.says(SAMPLES["odd_streams"], is_dotnet=1, number_of_streams=3, module_name="m")
        self.assertEqual(got["dotnet.streams[0].name"], b"#Blop")
        self.says(SAMPLES["version"], version="v2.0.50727")

    def test_none(self):
        self.says(b"", is_dotnet=None)
        self.says(b"text of no program", is_dotnet=None, version=None)
        self.says(SAMPLES["full"].replace(b"BSJB", b"BSJC"), is_dotnet=0, version=None, number_of_streams=None)
        self.says(a.program(b"")[0], is_dotnet=0)

    def test_rows_that_are_not_there(self):
        m = a.Metadata()
        m.add(0x02, 0, m.name("C"), 0, 0, 1, 1)
        m.add(0x06, 0, 0, 6, m.name("f"), m.blob(b"\x00\x00\x01"), 1)
        m.claimed = {0x06: 0xffffffff}
        self.says(a.program(m.root())[0], is_dotnet=1, number_of_classes=1)

    def test_classes_that_claim_the_same_methods(self):
        m = a.Metadata()
        for i in range(300):
            m.add(0x02, 0, m.name("C%d" % i), 0, 0, 1, 1 if i % 2 == 0 else 301)
        for _ in range(300):
            m.add(0x06, 0, 0, 6, m.name("f"), m.blob(b"\x00\x00\x01"), 1)
        self.says(a.program(m.root())[0], number_of_classes=300)

    def test_nests_without_end(self):
        m = a.Metadata()
        m.add(0x02, 2, m.name("A"), 0, 0, 1, 1)
        m.add(0x02, 2, m.name("B"), 0, 0, 1, 1)
        m.add(0x29, 1, 2)
        m.add(0x29, 2, 1)
        got = self.says(a.program(m.root())[0], number_of_classes=2)
        self.assertTrue(got["dotnet.classes[0].fullname"].endswith(b"B.A"))

    def test_caps_are_told(self):
        m = a.Metadata()
        m.user = b"\0" + b"\3x\0\0" * 140000
        got = self.says(a.program(m.root())[0], number_of_user_strings=131072)
        self.assertEqual(len(got["!"]), 1)
        m = a.Metadata()
        m.add(0x02, 0, m.name("C"), 0, 0, 1, 1)
        m.add(0x06, 0, 0, 6, m.name("f"), m.blob(b"\x00" + a.number(300) + b"\x01" + b"\x08" * 300), 1)
        got = dumped.dump("dotnet", a.program(m.root())[0])
        self.assertEqual(got["dotnet.classes[0].methods[0].number_of_parameters"], 256)
        self.assertEqual(len(got["!"]), 1)

    def test_calm(self):
        data = SAMPLES["full"]
        dumped.dump("dotnet", data, "-f")
        for at in range(0x80, len(data), 41):
            self.says(data[:at] + b"\xff\xff" + data[at + 2:])
        for n in range(0, len(data), 101):
            self.says(data[:n])
        self.says(data[:0x200] + struct.pack("<I", 0) * 200)


if __name__ == "__main__":
    sys.exit(dumped.main())
