#!/usr/bin/env python3
"""The modules zip and ooxml on archives that Python's zipfile makes, and on what is bent in them."""
import io
import struct
import sys
import zipfile
import zlib

import dumped


def archive(*members, comment=b"", method=zipfile.ZIP_DEFLATED, system=3):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, data in members:
            info = zipfile.ZipInfo(name, (2026, 11, 22, 13, 14, 16))
            info.compress_type, info.create_system = method, system
            z.writestr(info, data)
        z.comment = comment
    return out.getvalue()


TEXT = b"harmless text " * 30
TWO = archive(("a.txt", TEXT), ("d/", b""), comment=b"a comment")


def entries(got, field, module="zip"):
    n = sum(1 for k in got if k.endswith(".flags"))
    return [got.get("%s.entries[%d].%s" % (module, i, field)) for i in range(n)]


class Zip(dumped.ModuleTest):
    module = "zip"

    def test_entries(self):
        got = self.says(TWO, is_zip=1, is_malformed=0, is_encrypted=0, number_of_entries=2, comment="a comment",
                        central_directory_offset=TWO.index(b"PK\1\2"))
        self.assertEqual(entries(got, "name"), [b"a.txt", b"d/"])
        self.assertEqual(entries(got, "uncompressed_size"), [len(TEXT), 0])
        self.assertEqual(entries(got, "crc32"), [zlib.crc32(TEXT), 0])
        self.assertEqual(entries(got, "method")[0], 8)
        self.assertEqual(entries(got, "method_name")[0], b"Deflate")
        self.assertEqual(entries(got, "is_directory"), [0, 1])
        self.assertEqual(entries(got, "is_encrypted"), [0, 0])
        self.assertEqual(entries(got, "system"), [b"Unix", b"Unix"])
        self.assertEqual(entries(got, "offset")[0], 0)
        self.assertEqual(entries(got, "data_offset")[0], 35)
        self.assertEqual(entries(got, "mod_time")[0], 13 << 11 | 14 << 5 | 16 // 2)
        self.assertEqual(entries(got, "mod_date")[0], (2026 - 1980) << 9 | 11 << 5 | 22)
        self.assertEqual(entries(got, "version_needed")[0], 20)

    def test_encrypted(self):
        data = bytearray(TWO)
        data[6] |= 1
        data[data.index(b"PK\1\2") + 8] |= 1
        got = self.says(bytes(data), is_encrypted=1)
        self.assertEqual(entries(got, "is_encrypted"), [1, 0])

    def test_two_readings(self):
        data = bytearray(archive(("a.txt", TEXT)))
        data[8:10] = b"\0\0"  # the local header says stored
        got = self.says(bytes(data), number_of_entries=2)
        self.assertEqual(entries(got, "is_ambiguous"), [1, 0])
        self.assertEqual(entries(got, "is_hidden"), [0, 1])
        self.assertEqual(entries(got, "method"), [8, 0])

    def test_cut(self):
        self.says(TWO[:TWO.index(b"PK\1\2")], is_zip=1, is_malformed=1, number_of_entries=2, comment=None)

    def test_none(self):
        for data in (b"", b"PK", b"MZ" + bytes(60) + TWO, b"text"):
            self.says(data, is_zip=0, number_of_entries=None)

    def test_many(self):
        got = self.says(archive(*[("%d" % i, b"") for i in range(300)]), number_of_entries=300)
        self.assertEqual(entries(got, "name")[299], b"299")

    def test_calm(self):
        self.calm(TWO)


class Ooxml(dumped.ModuleTest):
    module = "ooxml"

    def test_document(self):
        data = archive(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", TEXT), comment=b"made", system=10)
        at = data.index(b"PK\1\2")
        got = self.says(data, is_ooxml=1, number_of_on_disk_entries=2, number_of_total_entries=2, central_dir_offset=at,
                        central_dir_size=data.index(b"PK\5\6") - at, zip_comment_len=4, zip_comment_str="made")
        self.assertEqual(entries(got, "name_string", "ooxml"), [b"[Content_Types].xml", b"word/document.xml"])
        self.assertEqual(entries(got, "name_length", "ooxml"), [19, 17])
        self.assertEqual(entries(got, "crc32_checksum", "ooxml")[1], zlib.crc32(TEXT))
        self.assertEqual(entries(got, "compression_method_name", "ooxml")[1], b"Deflate")
        self.assertEqual(entries(got, "os_name", "ooxml")[1], b"NTFS")
        self.assertEqual(entries(got, "spec_version", "ooxml")[1], 20)

    def test_others(self):
        self.says(TWO, is_ooxml=0, number_of_total_entries=2, zip_comment_len=9)
        self.says(archive(("a", b"b")), is_ooxml=0, zip_comment_str=None, zip_comment_len=0)
        self.says(b"text", is_ooxml=None)
        lying = bytearray(TWO)
        struct.pack_into("<H", lying, lying.index(b"PK\5\6") + 8, 7)
        self.says(bytes(lying), number_of_on_disk_entries=7, number_of_total_entries=2)


if __name__ == "__main__":
    sys.exit(dumped.main())
