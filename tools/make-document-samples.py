#!/usr/bin/env python3
"""Makes the document samples of tests/data/documents again:  tools/make-document-samples.py [FOLDER]

Names tell the verdict: y_* reads whole, n_* has something to note, i_* either. Everything is written byte by byte by
samples/documents.py; tests/format/test_archive.c holds what is read from them against tests/data/documents.golden
(OV_GOLDEN_WRITE=1 writes that anew).
"""
import os
import struct
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "samples"))
import documents as d  # noqa: E402

SOURCE = b'Sub AutoOpen()\r\n  MsgBox "Hello, World"\r\nEnd Sub\r\n'
LONG = b"' a long module\r\n" + b"".join(b"x%d = %d * 7\r\n" % (i, i * i) for i in range(700))


def patched(data, *changes):
    data = bytearray(data)
    for at, new in changes:
        data[at:at + len(new)] = new
    return bytes(data)


def ole2_samples():
    word = d.word_fib(size=4200)
    project = d.vba_project([("Module1", SOURCE), ("ThisDocument", LONG)])
    doc = d.ole2({"WordDocument": word, "Macros": project, "1Table": b"t" * 5000})
    yield "y_word_vba.doc", doc
    yield "y_scattered.doc", d.ole2({"WordDocument": word, "Data": bytes(range(256)) * 40}, scatter=True)
    yield "y_4096.doc", d.ole2({"WordDocument": word, "Macros": project}, sector=4096)
    yield "y_vbaproject.bin", d.ole2(d.vba_project([("Module1", SOURCE)]))
    yield "y_package.doc", d.ole2({"WordDocument": word, "ObjectPool": {"_1": {
        "\x01Ole10Native": d.ole10native("note.txt", b"packed inside\n" * 9), "\x01CompObj": bytes(76)}}})
    yield "y_native_plain.doc", d.ole2({"A": {"\x01Ole10Native": struct.pack("<I", 9) + b"GIF89a..."}})
    inner = d.ole2({"Inner": b"an object of its own " * 10})
    yield "y_ppt.ppt", d.ole2({"PowerPoint Document": d.ppt_records(
        (0x1011, 1, struct.pack("<I", len(inner)) + zlib.compress(inner)), (0x1011, 0, inner), (0x0fa0, 0, b"text")),
        "Current User": bytes(20)})
    yield "y_macro_sheet.xls", d.ole2({"Workbook": d.workbook([("Sheet1", 0, 0, []), ("Macro1", 1, 1, [])])})
    yield "y_hwp.hwp", d.ole2({"FileHeader": b"HWP Document File".ljust(32, b"\0") + struct.pack("<II", 0x05000300, 1) + bytes(216),
                               "BodyText": {"Section0": zlib.compress(b"paragraph " * 50)[2:-4]}})
    no_dir = d.vba_project([("Module1", SOURCE)], with_dir=False)
    yield "y_no_dir.doc", d.ole2({"WordDocument": word, "Macros": no_dir})
    bad_dir = d.vba_project([("Module1", SOURCE)])
    bad_dir["VBA"]["dir"] = b"\x01\x00\x30garbage"
    yield "n_bad_dir.doc", d.ole2({"WordDocument": word, "Macros": bad_dir})
    cut_dir = d.vba_project([("Module1", SOURCE), ("Module2", SOURCE)])
    cut_dir["VBA"]["dir"] = d.vba_compress(d.vba_dir([("Module1", "Module1", 32), ("Module2", "Module2", 32)])[:-70])
    yield "n_cut_dir.doc", d.ole2({"Macros": cut_dir})
    off = d.vba_project([("Module1", SOURCE)])
    off["VBA"]["dir"] = d.vba_compress(d.vba_dir([("Module1", "Module1", 31)]))
    yield "n_wrong_offset.doc", d.ole2({"Macros": off})
    yield "n_encrypted.doc", d.ole2({"WordDocument": d.word_fib(0x0100)})
    yield "n_encrypted.xls", d.ole2({"Workbook": d.workbook([("Sheet1", 0, 0, [])], encrypted=True)})
    yield "n_encrypted.docx", d.ole2({"EncryptionInfo": b"\x04\0\x04\0\x40\0\0\0<encryption/>", "EncryptedPackage": bytes(64)})
    yield "n_encrypted.ppt", d.ole2({"PowerPoint Document": bytes(100), "Current User": struct.pack("<HHIII", 0, 0xff6, 12, 20, 0xf3d1c4df)})
    # The FAT's sector is the last one; entry 0 of stream "1Table" is found by its chain.
    fat = len(doc) - 512
    yield "n_circle.doc", patched(doc, (fat, struct.pack("<I", 0)))
    yield "n_cut.doc", doc[:len(doc) // 2]
    yield "n_fat_outside.doc", patched(doc, (76, struct.pack("<I", 5000)))
    names = bytearray(doc)
    at = names.index("WordDocument".encode("utf-16le"))
    names[at + 68:at + 80] = struct.pack("<III", 1, 1, 1)  # a circle in the tree of names
    yield "i_name_circle.doc", bytes(names)
    yield "n_size.doc", patched(doc, (at + 120, struct.pack("<I", 0x7fffffff)))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "tests", "data", "documents")
    os.makedirs(out, exist_ok=True)
    for name, data in ole2_samples():
        with open(os.path.join(out, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
