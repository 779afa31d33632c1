#!/usr/bin/env python3
"""The modules olecf and vba on documents that samples/documents.py makes."""
import io
import struct
import sys
import zipfile

import dumped  # first: it tells where the samples are made
import documents as d

SOURCE = b'Sub AutoOpen()\r\n  MsgBox "Hello"\r\nEnd Sub\r\n'
TWO = [("Module1", SOURCE), ("Sheet1", b"' nothing\r\n")]


def code(got, k):
    return got["vba.modules[%d].code" % k]


class Olecf(dumped.ModuleTest):
    module = "olecf"

    def test_streams(self):
        data = d.ole2({"WordDocument": d.word_fib(), "A": {"B": {"Deep": b"x" * 100}}, "Big": bytes(9000)}, clsid=bytes(range(16)))
        got = self.says(data, is_olecf=1, is_malformed=0, clsid="03020100-0504-0706-0809-0a0b0c0d0e0f", sector_size=512,
                        number_of_streams=3, number_of_storages=2)
        streams = {got["olecf.streams[%d].path" % k]: k for k in range(3)}
        self.assertEqual(set(streams), {b"WordDocument", b"A/B/Deep", b"Big"})
        k = streams[b"A/B/Deep"]
        self.assertEqual((got["olecf.streams[%d].name" % k], got["olecf.streams[%d].size" % k]), (b"Deep", 100))
        at = got["olecf.streams[%d].offset" % k]
        self.assertEqual(data[at:at + 100], b"x" * 100)
        self.assertEqual({got["olecf.storages[%d].path" % k] for k in range(2)}, {b"A", b"A/B"})

    def test_scattered_streams_have_no_place(self):
        got = self.says(d.ole2({"Data": bytes(range(256)) * 40}, scatter=True), number_of_streams=1)
        self.assertNotIn("olecf.streams[0].offset", got)

    def test_large_sectors(self):
        self.says(d.ole2({"a": b"b"}, sector=4096), sector_size=4096, number_of_streams=1)

    def test_none(self):
        for data in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"):
            self.says(data, is_olecf=0, number_of_streams=None)

    def test_broken(self):
        data = bytearray(d.ole2({"a": b"b" * 5000}))
        struct.pack_into("<I", data, 76, 5000)  # the sector table's place
        self.says(bytes(data), is_olecf=1, is_malformed=1)

    def test_calm(self):
        data = d.ole2({"A": {"B": b"x"}, "C": b"y" * 600})
        self.calm(data)


class Vba(dumped.ModuleTest):
    module = "vba"

    def check(self, data):
        got = self.says(data, has_macros=1, is_malformed=0, number_of_modules=2, project_info__name="VBAProject",
                        project_info__code_page=1252, project_info__system_kind=1)
        self.assertIn(SOURCE, code(got, 0))
        self.assertEqual(got["vba.module_code[0]"], code(got, 0))
        self.assertEqual([got["vba.module_names[%d]" % k] for k in range(2)], [b"Module1", b"Sheet1"])
        self.assertEqual(got["vba.modules[1].name"], b"Sheet1")
        self.assertEqual(got["vba.modules[0].stream"], b"Module1")
        self.assertEqual(got["vba.project_info.references[0]"], b"stdole")

    def test_compound_file(self):
        self.check(d.ole2({"WordDocument": d.word_fib(), "Macros": d.vba_project(TWO)}))

    def test_package(self):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", method) as z:
                z.writestr("[Content_Types].xml", "<Types/>")
                z.writestr("word/vbaProject.bin", d.ole2(d.vba_project(TWO)))
            self.check(out.getvalue())

    def test_in_rules(self):
        self.holds(d.ole2({"Macros": d.vba_project(TWO)}), "vba.has_macros", "for any c in vba.module_code : (c icontains \"autoopen\")",
                   "for any m in vba.modules : (m.code matches /MsgBox +\"Hello/)", 'vba.project_info.name == "VBAProject"')

    def test_no_macros(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            z.writestr("[Content_Types].xml", "<Types/>")
        for data in (b"", b"text", d.ole2({"WordDocument": d.word_fib()}), out.getvalue()):
            self.says(data, has_macros=0, project_info__name=None)

    def test_broken(self):
        tree = d.vba_project(TWO)
        tree["VBA"]["dir"] = d.vba_compress(d.vba_dir([("Module1", "Module1", 32), ("Sheet1", "Gone", 32)]))
        got = self.says(d.ole2({"Macros": tree}), has_macros=1, is_malformed=1, number_of_modules=1)
        self.assertIn(SOURCE, code(got, 0))
        tree["VBA"]["dir"] = b"\x01\x00\x30garbage"
        self.says(d.ole2({"Macros": tree}), has_macros=0)

    def test_calm(self):
        data = d.ole2(d.vba_project([("Module1", SOURCE)]))
        dumped.dump("vba", data, "-f")
        for at in range(0, len(data), 37):
            self.says(data[:at] + b"\xff\xff" + data[at + 2:])


if __name__ == "__main__":
    sys.exit(dumped.main())
