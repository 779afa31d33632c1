"""Every container and coding that overt opens, with the mark inside: what test_damage.py damages.

A sample is found by signatures that ask for their bytes at the start of a layer, so it is only detected when the part
was found and decoded. Most are made here, byte by byte; archives that no library of Python writes are those of
tests/data/archives, with the texts that they hold.
"""
import base64
import binascii
import bz2
import glob
import gzip
import io
import lzma
import os
import quopri
import random
import struct
import sys
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path[:0] = [os.path.join(ROOT, "samples"), os.path.join(ROOT, "tests", "differential")]
import cases_mail  # noqa: E402
import cases_partition  # noqa: E402
import documents as d  # noqa: E402
import make_samples  # noqa: E402

MARK = b"overt damage mark 01\n"
TEXT = MARK + b"".join(b"line %d of a harmless text, %d\n" % (i, i * i) for i in range(20))
BINARY = MARK + b"\0\1\2\3" + random.Random(1).randbytes(300)
MACRO = b'Sub AutoOpen()\r\n  MsgBox "overt damage"\r\nEnd Sub\r\n'

# Each at the start of a layer. The texts of tests/data/archives, and what documents.py puts around a macro.
PATTERNS = {"Mark": MARK, "Hello": b"Hello from a sample.\n", "Folder": b"In a folder.\n", "Numbers": b"1\n2\n3\n4\n5\n6\n7\n8\n",
            "Long": b"A long name.\n", "Macro": b'Attribute VB_Name = "Module1"'}
DATABASE = "".join("Damage.%s:0:0:%s\n" % (name, data.hex()) for name, data in PATTERNS.items())

HEAD = b"From: a@example.com\nTo: b@example.com\nSubject: s\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMIME-Version: 1.0\n"


def part(coding, body, kind=b"application/octet-stream"):
    return b"Content-Type: " + kind + b'; name="a.bin"\nContent-Transfer-Encoding: ' + coding + b"\n\n" + body


def multipart(*parts, boundary=b"=_cut_here", kind=b"mixed"):
    return (b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\n\n'
            + b"".join(b"--" + boundary + b"\n" + p + b"\n" for p in parts) + b"--" + boundary + b"--\n")


def yenc(data):
    lines = cases_mail.yenc(data).encode("latin-1").rstrip(b"\r\n")
    return lines + b" crc32=%08x\r\n" % zlib.crc32(data)


def mails():
    hello = b"Content-Type: text/plain\n\nSee the file.\n"
    b64 = base64.encodebytes(BINARY)
    yield "base64.eml", HEAD + multipart(hello, part(b"base64", b64))
    yield "base64-crlf.eml", (HEAD + multipart(hello, part(b"base64", b64))).replace(b"\n", b"\r\n")
    yield "base64-alone.eml", HEAD + part(b"base64", b64)
    yield "nested.eml", HEAD + multipart(hello, multipart(hello, part(b"base64", b64), boundary=b"inner", kind=b"related"))
    yield "message.eml", HEAD + multipart(hello, b"Content-Type: message/rfc822\n\n" + HEAD + multipart(hello, part(b"base64", b64), boundary=b"zz"))
    yield "qp.eml", HEAD + multipart(hello, part(b"quoted-printable", quopri.encodestring(TEXT.replace(b"damage", b"damage="))).replace(b"damage=3D", b"damage"))
    yield "uu.eml", HEAD + multipart(hello, part(b"x-uuencode", cases_mail.uu(BINARY).encode()))
    yield "yenc.eml", HEAD + b"\n" + yenc(BINARY)
    yield "mbox", b"From a@b.c Thu Jan  1 00:00:00 2026\n" + HEAD + b"\none\n\nFrom a@b.c Thu Jan  1 00:00:00 2026\n" + HEAD + multipart(hello, part(b"base64", b64))
    yield "text.uu", cases_mail.uu(BINARY).encode()
    yield "winmail.dat", cases_mail.tnef(BINARY)
    yield "binhex.hqx", cases_mail.binhex(BINARY).encode()


def zips():
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflate", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA)):
        yield name + ".zip", make_samples.zip_of(("a.txt", b"a"), ("m.bin", BINARY), method=method)
    yield "inner.zip", make_samples.zip_of(("in.zip", make_samples.zip_of(("m.bin", BINARY))))
    yield "word.docx", make_samples.zip_of(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"), ("word/embeddings/m.bin", BINARY))
    yield "behind.gif.zip", b"GIF89a" + bytes(7) + b"\x3b" + make_samples.zip_of(("m.bin", BINARY))


def codings():
    yield "one.gz", gzip.compress(BINARY, mtime=0)
    yield "one.bz2", bz2.compress(BINARY)
    yield "one.xz", lzma.compress(BINARY)
    yield "one.lzma", lzma.compress(BINARY, format=lzma.FORMAT_ALONE)
    yield "one.tar", make_samples.tar_of(("a.txt", b"a"), ("m.bin", BINARY), ("z.txt", b"z" * 600))
    yield "one.tar.gz", gzip.compress(make_samples.tar_of(("a.txt", b"a"), ("m.bin", BINARY)), mtime=0)


def office():
    word = d.word_fib()
    package = {"\x01Ole10Native": d.ole10native("m.bin", BINARY), "\x01CompObj": bytes(76)}
    doc = d.ole2({"WordDocument": word, "ObjectPool": {"_1": package}})
    yield "package.doc", doc
    yield "stream.doc", d.ole2({"WordDocument": word, "Big": BINARY * 20, "Small": BINARY})
    yield "macro.doc", d.ole2({"WordDocument": word, "Macros": d.vba_project([("Module1", MACRO), ("ThisDocument", MACRO * 9)])})
    packed = struct.pack("<I", len(BINARY)) + zlib.compress(BINARY)
    yield "object.ppt", d.ole2({"PowerPoint Document": d.ppt_records((0x03E8, 0, bytes(40)), (0x1011, 1, packed)), "Current User": bytes(20)})
    yield "package.rtf", b"{\\rtf1{\\object\\objemb{\\*\\objclass Package}{\\*\\objdata " + d.ole1_package("m.bin", BINARY).hex().encode() + b"}{\\result x}}}"
    yield "bin.rtf", b"{\\rtf1{\\object\\objemb{\\*\\objdata\\bin%d " % len(d.ole1_package("m.bin", BINARY)) + d.ole1_package("m.bin", BINARY) + b"}}}"
    section = d.onenote(TEXT, BINARY)
    yield "section.one", section[:196] + struct.pack("<Q", len(section)) + section[204:]
    for kind in (b"FWS", b"CWS", b"ZWS"):
        yield kind.decode().lower() + ".swf", d.swf(kind, (9, b"\1\2\3"), (87, bytes(6) + BINARY))
    yield "word.xml", d.word_xml(BINARY, "m.bin")
    yield "form.xdp", d.xdp(d.pdf(pdf_objects(zlib.compress(BINARY), b"/Filter /FlateDecode")))
    yield "macro.mso", d.activemime(d.ole2({"Macros": d.vba_project([("Module1", MACRO)])}))


def pdf_objects(data, extra=b""):
    return {1: b"<< /Type /Catalog >>", 2: d.pdf_stream(data, b"/Type /EmbeddedFile " + extra), 3: b"<< /Type /Filespec /F (m.bin) /EF << /F 2 0 R >> >>"}


def pdfs():
    yield "plain.pdf", d.pdf(pdf_objects(BINARY))
    yield "flate.pdf", d.pdf(pdf_objects(zlib.compress(BINARY), b"/Filter /FlateDecode"))
    yield "hex.pdf", d.pdf(pdf_objects(BINARY.hex().encode() + b">", b"/Filter /ASCIIHexDecode"))
    yield "a85.pdf", d.pdf(pdf_objects(base64.a85encode(BINARY, wrapcol=72) + b"~>", b"/Filter /ASCII85Decode"))
    yield "lzw.pdf", d.pdf(pdf_objects(d.pdf_lzw(BINARY), b"/Filter /LZWDecode"))
    yield "runs.pdf", d.pdf(pdf_objects(d.pdf_run_length(BINARY), b"/Filter /RunLengthDecode"))


def pages():
    yield "page.html", b'<html><body><img src="data:image/gif;base64,' + base64.b64encode(BINARY) + b'"></body></html>\n'


def disks():
    def with_mark(make, *args):
        kept, cases_partition.content = cases_partition.content, lambda letter: BINARY
        try:
            return make(*args)
        finally:
            cases_partition.content = kept
    yield "disk.mbr", with_mark(cases_partition.mbr, (0x83, 4, 8), (0x83, 16, 8))
    yield "disk.gpt", with_mark(cases_partition.gpt, (40, 47), (60, 70))
    yield "disk.apm", with_mark(cases_partition.apm, (10, 20))


def macho(data):
    """Two architectures; the second one's bytes are the mark."""
    rows = [(7, 3, 4096, 28, 12), (12, 0, 8192, len(data), 12)]
    out = struct.pack(">II", 0xCAFEBABE, 2) + b"".join(struct.pack(">iiIII", *r) for r in rows)
    return out.ljust(4096, b"\0") + struct.pack("<IIIIIII", 0xFEEDFACE, 7, 3, 2, 0, 0, 0).ljust(4096, b"\0") + data


def archives():
    """tests/data/archives: whole ones."""
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "data", "archives", "y_*"))):
        with open(path, "rb") as f:
            yield os.path.basename(path), f.read()


def samples():
    """Name -> bytes; names tell the format, and are asked for by test_damage.py."""
    out = {}
    for group in (mails, zips, codings, office, pdfs, pages, disks, archives):
        for name, data in group():
            assert name not in out, name
            out[name] = data
    out["fat.macho"] = macho(BINARY)
    out["rock.iso"] = gzip.decompress(out["y_rock.iso.gz"])
    return out
