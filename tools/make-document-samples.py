#!/usr/bin/env python3
"""Makes the document samples of tests/data/documents again:  tools/make-document-samples.py [FOLDER]

Names tell the verdict: y_* reads whole, n_* has something to note, i_* either. Everything is written byte by byte by
samples/documents.py; tests/format/test_archive.c holds what is read from them against tests/data/documents.golden
(OV_GOLDEN_WRITE=1 writes that anew).
"""
import base64
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
    # Four hundred streams on one chain of sixteen sectors.
    shared = bytearray(d.ole2(dict({"s%03d" % i: b"x" for i in range(400)}, Big=bytes(range(256)) * 32)))
    big = shared.index("Big".encode("utf-16le")) + 116
    for i in range(400):
        entry = shared.index(("s%03d" % i).encode("utf-16le")) + 116
        shared[entry:entry + 8] = shared[big:big + 8]
    yield "n_shared.doc", bytes(shared)
    yield "n_size.doc", patched(doc, (at + 120, struct.pack("<I", 0x7fffffff)))


def pdf_samples():
    text = b"text inside a stream " * 20
    flate = zlib.compress(text)
    base = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 0 >>"}

    def doc(more, **how):
        return d.pdf(dict(base) | more, **how)

    def stream(data, *filters, extra=b""):
        return d.pdf_stream(data, b"/Filter [" + b" ".join(b"/" + f for f in filters) + b"] " + extra)

    a85 = base64.a85encode(text) + b"~>"
    yield "y_filters.pdf", doc({
        5: stream(flate, b"FlateDecode"), 6: stream(text.hex().encode() + b">", b"ASCIIHexDecode"), 7: stream(a85, b"ASCII85Decode"),
        8: stream(d.pdf_lzw(text), b"LZWDecode"), 9: stream(d.pdf_run_length(text), b"RunLengthDecode"),
        10: stream(base64.a85encode(flate) + b"~>", b"A85", b"Fl"), 11: d.pdf_stream(text), 12: stream(flate[2:-4], b"Fl"),
        13: stream(b"\xff\xd8\xff\xe0picture", b"DCTDecode")})
    rows = b"".join(b"\x02" + bytes((text[i + k] - (text[i + k - 10] if i else 0)) & 255 for k in range(10)) for i in range(0, 420, 10))
    yield "y_predictor.pdf", doc({5: stream(zlib.compress(rows), b"FlateDecode", extra=b"/DecodeParms << /Predictor 12 /Columns 10 >>")})
    yield "y_scripts.pdf", doc({5: b"<< /S /JavaScript /JS (app.alert\\(\\\\'\\101\\n(x)') >>", 6: b"<< /JS <61 62 6 3> >>",
                                7: b"<< /JS <feff00e4d83dde00> >>", 8: b"(a string alone)", 9: b"<< /J#53 (hidden name) >>"})
    inner = b"20 0 21 30 ".ljust(20) + b"<< /JS (inside an object stream) >> << /A /B >>"
    yield "y_object_stream.pdf", doc({5: d.pdf_stream(zlib.compress(inner), b"/Type /ObjStm /N 2 /First 20 /Filter /FlateDecode")})
    yield "y_embedded.pdf", doc({5: d.pdf_stream(zlib.compress(b"PK\x05\x06" + bytes(18)), b"/Type /EmbeddedFile /Filter /FlateDecode"),
                                 6: b"<< /Type /Filespec /F (report.zip) /EF << /F 5 0 R >> >>"})
    yield "y_update.pdf", doc({5: b"<<>>"}) + b"5 0 obj\n" + stream(flate, b"Fl#61teDecode") + b"\nendobj\n"
    yield "n_no_xref.pdf", b"%PDF-1.4\n5 0 obj " + stream(flate, b"FlateDecode") + b" endobj"
    yield "y_wrong_length.pdf", doc({5: b"<< /Length 3 /Filter /FlateDecode >>\nstream\r\n" + flate + b"\nendstream"})
    yield "y_word_in_stream.pdf", doc({5: d.pdf_stream(b"before endstream after")})
    hidden = b"7 0 obj\n" + stream(flate, b"FlateDecode") + b"\nendobj\n"
    yield "y_hidden.pdf", doc({5: b"<< /Length %d >>\nstream\n" % (len(hidden) + 40) + b"no end of its own\n" + hidden})
    yield "n_no_end.pdf", doc({5: b"<< /Filter /FlateDecode >>\nstream\n" + flate[:30]})
    yield "n_unbalanced.pdf", b"%PDF-1.4\n4 0 obj (" + b"5 0 obj\n" + stream(flate[:-9], b"FlateDecode") + b"\nendobj\n"
    yield "n_encrypted.pdf", doc({5: stream(flate, b"FlateDecode"), 6: b"<< /Filter /Standard /V 1 >>"}, trailer=b"/Root 1 0 R /#45ncrypt 6 0 R")
    yield "n_filter.pdf", doc({5: stream(text, b"NoSuchDecode")})
    yield "n_no_objects.pdf", b"%PDF-1.7\n% nothing\n"
    yield "n_many_filters.pdf", doc({5: stream(b"", *[b"AHx"] * 20, extra=b"")}).replace(b"stream\n\nend", b"stream\n41>\nend")
    # Packed data whose last byte looks like half of a line's end, with a length that another object tells.
    packed = next(p for p in (zlib.compress(b"x" * i) for i in range(9999)) if p[-1] == 13)
    yield "y_line_end.pdf", doc({4: b"%d" % len(packed), 5: d.pdf_stream(packed, b"/Filter /FlateDecode").replace(b"/Length %d" % len(packed), b"/Length 4 0 R")})


def rtf_samples():
    package = d.ole1_package("note.txt", b"packed in RTF\n" * 5)
    compound = d.ole1_object("Word.Document.8", d.ole2({"Stream": b"in a compound file " * 9}))
    digits = package.hex().encode()

    def rtf(body, start=b"{\\rtf1\\ansi"):
        return start + b"{\\object\\objemb{\\*\\objclass Package}" + body + b"}}"

    yield "y_package.rtf", rtf(b"{\\*\\objdata " + b"\r\n".join(digits[i:i + 64] for i in range(0, len(digits), 64)) + b"}")
    yield "y_compound.rtf", rtf(b"{\\*\\objdata " + compound.hex().upper().encode() + b"}")
    yield "y_bin.rtf", rtf(b"{\\objdata\\bin%d " % len(package) + package + b"}", b"{\\rt")
    yield "n_groups.rtf", rtf(b"{\\*\\objdata " + digits[:40] + b"{\\*\\other 4141}" + digits[40:60] + b"{\\par 42}\\'41 x" + digits[60:] + b"}")
    yield "n_bad_header.rtf", rtf(b"{\\*\\objdata " + (b"\xff" * 12 + compound[30:]).hex().encode() + b"}")
    yield "n_cut.rtf", rtf(b"{\\*\\objdata " + digits[:-20] + b"}")[:-20]
    yield "y_none.rtf", b"{\\rtf1 just text {\\b bold} \\bin3 {{{ }"


def other_samples():
    film = (87, bytes(6) + b"GIF89a inside a film " * 6)
    yield "y_plain.swf", d.swf(b"FWS", film, (1, b""), (87, bytes(6) + b"short"))
    yield "y_zlib.swf", d.swf(b"CWS", film)
    yield "y_lzma.swf", d.swf(b"ZWS", film)
    yield "n_cut.swf", d.swf(b"CWS", film)[:-8]
    yield "y_files.one", d.onenote(b"MZ a program", b"GIF89a a picture")
    yield "n_cut.one", d.onenote(b"MZ a program " * 9)[:-60]
    inner = d.ole2({"Stream": b"in a compound file " * 9})
    yield "y_word.xml", d.word_xml(inner)
    yield "y_macros.xml", d.word_xml(d.activemime(inner), "editdata.mso")
    yield "y_activemime.mso", d.activemime(inner)
    yield "y_pdf.xdp", d.xdp(d.pdf({1: b"<< /Type /Catalog >>", 5: d.pdf_stream(b"text in a PDF in XML")}))


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "tests", "data", "documents")
    os.makedirs(out, exist_ok=True)
    for name, data in [*ole2_samples(), *pdf_samples(), *rtf_samples(), *other_samples()]:
        with open(os.path.join(out, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
