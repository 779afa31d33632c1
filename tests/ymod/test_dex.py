#!/usr/bin/env python3
"""The module dex on files that samples/dex_files.py makes. tests/differential/ymod_diff.py holds the same files against yara
4.2.3; here stands what must hold where there is no yara, and what yara 4.2.3 does not have."""
import struct

import dumped
import dex_files as d

SAMPLES = dict(d.samples())


class Dex(dumped.ModuleTest):
    module = "dex"

    def test_everything(self):
        data = SAMPLES["dex035"]
        got = self.says(data, is_dex=1, header__magic=b"dex\n035".decode(), header__version=35, header__string_ids_size=13,
                        header__file_size=len(data), number_of_fields=2, number_of_methods=3, map_list__size=11)
        self.assertEqual(got["dex.strings[0]"], b"<init>")
        self.assertEqual(got["dex.string_ids[4].value"], b"LBar;")
        self.assertEqual(got["dex.types[2]"], b"LFoo;")
        self.assertEqual(got["dex.protos[1].shorty"], b"VIL")
        self.assertEqual([got[f"dex.protos[1].parameters[{i}]"] for i in (0, 1)], [b"I", b"LFoo;"])
        self.assertEqual(got["dex.methods[2].proto.return_type"], b"V")
        self.assertEqual(got["dex.fields[1].name"], b"count")
        self.assertEqual(got["dex.method[2].name"], b"run")
        self.assertEqual(got["dex.method[2].virtual"], 1)
        self.assertEqual(got["dex.field[0].class_name"], b"LBar;")
        self.assertEqual(got["dex.class_defs[0].superclass"], b"Ljava/lang/Object;")
        self.assertEqual(got["dex.class_defs[0].source_file"], b"Foo.java")
        self.assertEqual(got["dex.map_list.items[6].offset"], got["dex.header.class_defs_off"])
        self.assertEqual(got["dex.checksum()"], got["dex.header.checksum"])
        self.assertEqual(got["dex.signature()"], got["dex.header.signature"])

    def test_long_string(self):
        got = dumped.dump("dex", SAMPLES["long_string"])
        self.assertEqual(got["dex.string_ids[12].value"], b"x" * 300)

    def test_changed(self):
        data = bytearray(SAMPLES["dex035"])
        data[-1] ^= 1
        got = dumped.dump("dex", bytes(data))
        self.assertNotEqual(got["dex.checksum()"], struct.unpack_from("<I", data, 8)[0])
        self.assertNotEqual(got["dex.signature()"], got["dex.header.signature"])

    def test_questions(self):
        self.holds(SAMPLES["dex035"], 'dex.has_method("run")', 'dex.has_method("LFoo;", "run")', 'not dex.has_method("LBar;", "run")',
                   "dex.has_method(/^ru/)", "dex.has_method(/Foo/, /run/)", 'not dex.has_method("ru")', 'dex.has_class("LFoo;")',
                   "dex.has_class(/Foo/)", 'not dex.has_class("Ljava/lang/Object;")', 'dex.contains_string("count")',
                   'dex.contains_method("run")', 'dex.contains_class("LBar;")', 'not dex.contains_class("run")',
                   "dex.header.magic == dex.DEX_FILE_MAGIC_035", "dex.header.checksum == dex.checksum()",
                   "dex.header.signature == dex.signature()")
        self.holds(b"none", "not dex.is_dex", 'not defined dex.has_class("x")', "not defined dex.checksum()")

    def test_versions(self):
        for v in ("036", "040", "041"):
            self.says(SAMPLES["dex" + v], is_dex=1, header__version=int(v))
        for v in ("0x5", "999"):
            self.says(SAMPLES["dex" + v], is_dex=0, number_of_methods=None)

    def test_broken(self):
        self.says(SAMPLES["string_huge"], is_dex=1, number_of_methods=None)
        got = self.says(SAMPLES["class_past"], number_of_methods=None, map_list__size=11)
        self.assertNotIn("dex.class_defs[0].class", got)

    def test_calm(self):
        self.calm(SAMPLES["dex035"])


if __name__ == "__main__":
    dumped.main()
