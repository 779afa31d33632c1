#!/usr/bin/env python3
"""Writes seeds_inventory/: a small valid file for each reader, with the family's number before it (families.h).

Uses the makers of the tests, and tools of the system for images and programs (left out where they are not there).
"""
import base64
import gzip
import io
import json
import hashlib
import os
import plistlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.join(HERE, "..", "..", "tests", "inventory")
sys.path.insert(0, TESTS)
import test_documents as documents  # noqa: E402
import test_images as images  # noqa: E402
import test_inventory as inventory  # noqa: E402
import test_logs as logs  # noqa: E402
import test_packages as packages  # noqa: E402
import test_places as places  # noqa: E402

with open(os.path.join(TESTS, "families.h"), encoding="utf-8") as f:
    FAMILIES = re.findall(r'^\t"([^"]+)",$', f.read(), re.M)


def put(name, path, data):
    data = data.encode() if isinstance(data, str) else data
    with open(os.path.join(HERE, "seeds_inventory", name), "wb") as f:
        f.write(bytes([FAMILIES.index(path)]) + data)


def tool(*args, **kw):
    env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    return subprocess.run(args, check=True, capture_output=True, env=env, **kw).stdout


def texts():
    put("status", "var/lib/dpkg/status", inventory.STATUS)
    put("list", "var/lib/dpkg/info/a.list", "/.\n/usr\n/usr/bin\n/usr/bin/a\n")
    put("log", "var/log/dpkg.log", "2023-11-10 10:00:00 install a:amd64 <none> 1\n")
    put("os", "etc/os-release", 'NAME="T"\nID=debian\nVERSION_ID="12"\n')
    put("bom", "bom.json", json.dumps(documents.cyclonedx()))
    put("spdx2", "bom.json", json.dumps(documents.SPDX2))
    put("spdx3", "bom.json", json.dumps(documents.SPDX3))
    put("bomxml", "bom.xml", documents.CYCLONEDX_XML)
    put("swid", "bom.xml", documents.SWID)
    statement = json.dumps({"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "a", "digest": {"sha256": "00"}}],
                            "predicateType": "https://slsa.dev/provenance/v1", "predicate": {
                                "buildDefinition": {"externalParameters": {"version": "1", "commit": "c", "source": "s"}},
                                "runDetails": {"builder": {"id": "urn:b"}}}})
    put("statement", "bom.json", statement + "\n\n\u2014 name c2ln\n")
    put("dsse", "bom.json", json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": base64.b64encode(statement.encode()).decode()}))
    put("tags", "a.spdx", documents.SPDX_TAGS)
    put("coswid", "a.coswid", documents.COSWID)
    for name in ("package-lock.json", "Cargo.lock", "yarn.lock", "requirements.txt", "pom.xml", "build.gradle", "pnpm-lock.yaml"):
        put(name.split(".")[0] + "_lock", name, documents.Locks.FILES[name][0])
    put("apkdb", "lib/apk/db/installed", "P:musl\nV:1\nA:x\nF:lib\nR:a\n\n")
    put("pacman", "var/lib/pacman/local/a-1-1/desc", "%NAME%\na\n\n%VERSION%\n1-1\n")
    put("unit", "etc/systemd/system/a.service", "[Unit]\nDescription=x\n[Service]\nExecStart=/a geo.example.org\n")
    put("plist", "A.app/Contents/Info.plist", "<plist><dict><key>CFBundleIdentifier</key><string>a.b</string></dict></plist>")
    put("addons", "home/x/.mozilla/firefox/p/extensions.json", json.dumps({"addons": [{"id": "a@b", "defaultLocale": {"name": "n"}}]}))


def engines(folder):
    """A program with overt's record and clues to other engines; and a text that has them too."""
    subprocess.run([sys.executable, os.path.join(HERE, "..", "..", "tools", "provenance.py"), os.path.join(folder, "p.c"), "--root",
                    os.path.join(HERE, "..", ".."), "--version", "1", "--format", "5"], check=True)
    with open(os.path.join(folder, "p.c"), encoding="ascii") as f:
        record = re.search(r"record\[\] = \{\n(.*?)\n\};", f.read(), re.S)[1]
    clues = bytes(int(b) for b in record.replace("\n", " ").split(",") if b.strip()) + (
        b"\0LibClamAV debug: \0hm_addhash_str: invalid hash %s\0yr_compiler_create\0/yara-x-1.20.0/src/re\0UPX!")
    source = os.path.join(folder, "e.c")
    with open(source, "w", encoding="ascii") as f:
        f.write("int cl_engine_new(void); int cl_engine_compile(void); int cl_engine_compile(void) { return cl_engine_new(); }")
    if shutil.which("gcc"):
        tool("gcc", "-shared", "-fPIC", "-Os", "-s", "-nostdlib", "-Wl,-soname,libclamav.so.12", "-Wl,--hash-style=sysv", "-Wl,-z,max-page-size=16",
             "-Wl,-z,noseparate-code", "-Wl,--build-id=none", source, "-o", source + ".so")
        with open(source + ".so", "rb") as f:
            put("engines", "usr/bin/program", f.read() + clues)
    put("mentions", "raw", b"a text that speaks of " + clues)


def databases(folder):
    import sqlite3
    path = os.path.join(folder, "db")
    db = sqlite3.connect(path)
    db.execute("PRAGMA page_size=512")
    db.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    db.execute("INSERT INTO Packages (blob) VALUES (?)", (packages.kesl(files=40),))
    db.commit()
    db.close()
    with open(path, "rb") as f:
        put("sqlite", "var/lib/rpm/rpmdb.sqlite", f.read())
    blob = packages.kesl()
    raw = b"BlbS" + bytes([1, 0, 0, 0, 0, 0, 0, 0]) + len(blob).to_bytes(4, "little") + blob
    raw += bytes(-len(raw) % 16)
    slot = b"Slot" + (1).to_bytes(4, "little") + (256).to_bytes(4, "little") + (len(raw) // 16).to_bytes(4, "little")
    head = b"RpmP" + bytes(8) + (1).to_bytes(4, "little") + bytes(16)
    put("ndb", "var/lib/rpm/Packages.db", head + slot + (b"Slot" + bytes(12)) * ((4096 - 48) // 16) + raw)
    if shutil.which("db5.3_load"):
        text = f"VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=512\nHEADER=END\n 00000001\n {packages.kesl(files=40).hex()}\nDATA=END\n"
        tool("db5.3_load", os.path.join(folder, "bdb"), input=text.encode())
        with open(os.path.join(folder, "bdb"), "rb") as f:
            put("bdb", "var/lib/rpm/Packages", f.read())
    put("hive", "SOFTWARE", places.Hive({**places.UNINSTALL, **places.agent("01-09-2023 10-11-12")}).bytes())


def with_log(path, data, log):
    return put(os.path.basename(path) + "_log", path, struct.pack("<H", len(data)) + data + log)


def beside(folder):
    """Files with the log beside them, and stores of certificates."""
    import sqlite3
    path = os.path.join(folder, "wal")
    db = sqlite3.connect(path, isolation_level=None)
    for line in ("PRAGMA page_size=512", "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0", "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)",
                 "PRAGMA wal_checkpoint(TRUNCATE)"):
        db.execute(line)
    db.execute("INSERT INTO Packages (blob) VALUES (?)", (packages.kesl(files=20),))
    with open(path, "rb") as f, open(path + "-wal", "rb") as w:
        with_log("usr/share/rpm/rpmdb.sqlite", f.read(), w.read())
    db.close()
    maker = logs.Hives()
    old, new = (logs.Rooted(logs.program(names)).bytes() for names in (["a"], ["a", "b"]))
    log = maker.base(new, 9, 9, kind=6) + maker.entry(old, new, 7)
    with_log("home/a/NTUSER.DAT", maker.base(old, 7, 6) + old[512:], log)
    path = os.path.join(folder, "nss")
    der = b"\x30\x03\x02\x01\x05"
    db = sqlite3.connect(path)
    db.execute("PRAGMA page_size=512")
    db.execute("CREATE TABLE nssPublic (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, a0, a11, a81, a82, ace536358)")
    db.execute("INSERT INTO nssPublic VALUES (1, ?, ?, ?, ?, NULL)", (b"\0\0\0\1", der, b"I", b"1"))
    db.execute("INSERT INTO nssPublic VALUES (2, ?, NULL, ?, ?, ?)", (b"\xceSCS", b"I", b"1", b"\xceSCR"))
    db.commit()
    db.close()
    with open(path, "rb") as f:
        put("nss", "etc/pki/nssdb/cert9.db", f.read())
    if shutil.which("openssl"):
        pem = os.path.join(folder, "p12.pem")
        tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9", "-subj", "/CN=x",
             "-keyout", os.path.join(folder, "key"), "-out", pem)
        put("pkcs12", "home/a/keys.p12", tool("openssl", "pkcs12", "-export", "-nokeys", "-in", pem, "-passout", "pass:x", "-certpbe", "NONE", "-nomac"))


def ubifs():
    """As small as it goes: superblock, master, one index node, a folder, a name, an inode and its bytes; and the same written once more after it."""
    leb = 15360

    def node(kind, body, seq=1):
        return (struct.pack("<IIQIBBH", 0x06101831, 0, seq, 24 + len(body), kind, 0, 0) + body).ljust(-(-(24 + len(body)) // 8) * 8, b"\0")
    keyed = [(65, 0, node(0, struct.pack("<II8xQQQQQIIIIIII52x", 65, 0, 1, 9, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0o104755))),
             (65, 1 << 29, node(1, struct.pack("<II8xIHH", 65, 1 << 29, 9, 2, 11) + zlib.compress(b"ID=a\nb=c\n", wbits=-15))),
             (1, 2 << 29 | 5, node(2, struct.pack("<II8xQBBHI", 1, 2 << 29 | 5, 65, 0, 0, 10, 0) + b"os-release\0"))]
    at, index, blob = 0, b"", b""
    for inode, key, data in keyed:
        index += struct.pack("<IIIII", 2, at, len(data), inode, key)
        blob += data
        at += len(data)
    blob += node(9, struct.pack("<HH", 3, 0) + index)
    blocks = [node(6, struct.pack("<HBBIIIIIQI", 0, 0, 0, 0, 8, leb, 4, 4, 0, 1)), node(7, struct.pack("<QQIIII", 70, 1, 0, 3, 2, at)), blob,
              node(10, struct.pack("<Q", 1), 2) + node(8, struct.pack("<III", 3, 128, 0), 3)]
    again = keyed[2][2][:8] + struct.pack("<Q", 9) + keyed[2][2][16:]
    return b"".join(b.ljust(leb, b"\xff") for b in blocks[:3]) + blocks[3].ljust(128, b"\xce") + again + b"\xff" * 64


def jffs2(is_big=False):
    e = ">" if is_big else "<"

    def node(kind, body):
        head = struct.pack(e + "HHI", 0x1985, kind, 12 + len(body))
        return (head + struct.pack(e + "I", ~zlib.crc32(head, 0xffffffff) & 0xffffffff) + body).ljust(-(-(12 + len(body)) // 4) * 4, b"\xff")

    def piece(version, offset, data, coding, plain):
        return node(0xe002, struct.pack(e + "IIIHHIIIIIIIBBHII", 5, version, 0o104755, 0, 0, 40, 0, 0, 0, offset, len(data), plain, coding, 0, 0, 0, 0) + data)
    name = struct.pack(e + "IIIIBBHII", 1, 1, 5, 0, 10, 8, 0, 0, 0) + b"os-release"
    return (node(0x2003, b"") + node(0xe001, name) + piece(1, 0, b"ID=abcd\n", 0, 8) + piece(2, 8, b"a\0b\2", 2, 4) + piece(3, 12, zlib.compress(b"zzzz"), 6, 4)
            + piece(4, 16, b"\x15abcd\x11\0\0", 7, 4) + b"\xff" * 16 + piece(5, 4, b"", 1, 6))


def exfat():
    boot = bytearray(512)
    boot[0:11], boot[510:512], boot[108:111] = b"\xeb\x76\x90EXFAT   ", b"\x55\xaa", b"\x09\x00\x01"
    struct.pack_into("<QQIIIII", boot, 64, 0, 8, 1, 1, 2, 6, 2)

    def file(name, first, size, flags, attributes=0x20):
        text = name.encode("utf-16-le").ljust(30, b"\0")
        return (struct.pack("<BBHHHIIIBBBBB7x", 0x85, 2, 0, attributes, 0, 0, 0x57000000, 0, 0, 0, 0x80, 0x84, 0x80)
                + struct.pack("<BBBBHHQIIQ", 0xc0, flags, 0, len(name), 0, 0, size, 0, first, size) + b"\xc1\0" + text)
    fat = struct.pack("<IIIIII", 0xfffffff8, 0xffffffff, 0xffffffff, 5, 0, 0xffffffff)
    return (bytes(boot) + fat.ljust(512, b"\0") + (file("etc", 4, 512, 3, 0x10) + file("a", 3, 600, 1)).ljust(512, b"\0") + b"x" * 512
            + file("os-release", 6, 20, 3).ljust(512, b"\0") + b"y" * 512 + b"ID=a\nNAME=b\n".ljust(512, b"\0"))


def named():
    """What is read only when it is named, and what tests make by hand."""
    put("ubi", "raw", images.ubi(bytes(3000) + b"hsqs", peb=2048))
    put("ubifs", "raw", ubifs())
    put("jffs2", "raw", jffs2())
    put("jffs2_big", "raw", jffs2(True))
    put("exfat", "raw", exfat())
    der = b"\x30\x03\x02\x01\x05"
    put("jks", "etc/ssl/certs/x.pem", b"\xfe\xed\xfe\xed\0\0\0\x02\0\0\0\x02" + b"\0\0\0\x01\0\x01a" + bytes(8) + b"\0\0\0\x02kk\0\0\0\x01\0\x01X\0\0\0\x05" + der
        + b"\0\0\0\x02\0\x01b" + bytes(8) + b"\0\x01X\0\0\0\x05" + der + bytes(20))
    put("report", "raw", '{"target":"/x/a.img","taken":"2026-01-01T00:00:00Z","components":[{"type":"deb","name":"a","version":"1","state":"present","path":["a.img","x"],'
        '"undetermined":true,"since":{"earliest":null,"latest":"2026-01-01T00:00:00Z"},"evidence":[{"kind":"deb","value":"a","grade":"E4"}]}],"unread":[{"path":["y"]}]}')
    put("osquery", "raw", '[{"name":"a","version":"1","maintainer":"m","revision":"","arch":"all"},{"pid":"1"}]')
    put("osquery_csv", "raw", 'name|publisher|uninstall_string\n"a ""b"""|c|d\n')
    put("settings", "raw", "[ExcludedFromScanScope.item_0000]\nPath=/a\nAreaMask.item_0000=*\n[X]\nA=1\nRuleType=Daily\nStartTime=1\n")
    put("plan", "raw", "overt.migrate.plan/v1\n# x\nplan a\ntarget: /\n\ngroup g\nhost: h\n\nstep s\nname: S\ndo@g: a 'b c' \"d\\\"\" {host}\nundo: a <B>\nbad\ndo: a | b\n")
    line = '{"overt":"overt.migrate.journal/v1","event":"open","plan":"a","prev":"' + "0" * 64 + '"}'
    put("journal", "raw", line + "\n" + '{"overt":"overt.migrate.journal/v1","event":"done","step":"s","argv":["x"],"exit":0,"prev":"'
        + hashlib.sha256(line.encode()).hexdigest() + '"}\n{"prev":"x","event":"y"}\n{"overt":')
    put("envelope", "dsse:envelope", json.dumps({"payload": base64.b64encode(b'{"_type":"https://in-toto.io/Statement/v1"}').decode(),
                                                 "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": "a", "sig": "AAAA"}, {"sig": "BBBB"}]}))
    put("drweb", "raw", '[LinuxSpider]\nExcludedPath = "/a", "/b"\n[Update]\nUpdateInterval = 30m\nx\n')
    put("bplist", "A.app/Contents/Info.plist", plistlib.dumps({"CFBundleIdentifier": "a.b", "CFBundleName": "\u0410"}, fmt=plistlib.FMT_BINARY))
    put("junos", "raw", "version 12.1X46-D40.2;\nsystem {\n}\n")


def programs(folder):
    source = os.path.join(folder, "a.c")
    with open(source, "w", encoding="ascii") as f:
        f.write('__attribute__((section(".modinfo"), used)) static const char m[] = "name=a\\0license=GPL";')
    if shutil.which("gcc"):
        tool("gcc", "-c", source, "-o", source + ".ko")
        with open(os.path.join(folder, "dep"), "wb") as f:
            f.write(zlib.compress(b'{"packages":[{"name":"a","version":"1"}]}'))
        tool("objcopy", "--add-section", ".dep-v0=" + os.path.join(folder, "dep"), source + ".ko")
        with open(source + ".ko", "rb") as f:
            put("elf", "usr/bin/program", f.read())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("AndroidManifest.xml", places.binary_manifest("a.b"))
        z.writestr("classes.dex", b"dex\n035\0Lcom/acme/X;\0")
    put("apk", "a.apk", out.getvalue())
    if shutil.which("openssl"):
        pem = tool("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                   "-subj", "/CN=x", "-keyout", os.path.join(folder, "key"))
        put("pem", "etc/ssl/certs/x.pem", pem)


def trees(folder):
    layout = images.Layout([images.tar({"var/lib/dpkg/status": "Package: a\nVersion: 1\nArchitecture: all\n", "a": "x"}),
                            images.tar({".wh.a": ""})], pack=lambda b: gzip.compress(b, mtime=0))
    put("oci", "raw", images.tar(layout.files))
    top = os.path.join(folder, "t")
    os.makedirs(os.path.join(top, "etc"))
    with open(os.path.join(top, "etc", "os-release"), "w", encoding="ascii") as f:
        f.write("ID=a\nNAME=b\n")
    put("cpio", "raw", tool("cpio", "-o", "-H", "newc", input=b"etc\netc/os-release", cwd=top))
    image = os.path.join(folder, "fw")
    tool("mksquashfs", top, image, "-noappend", "-b", "4096", "-nopad", "-mkfs-time", "0")
    with open(image, "rb") as f:
        put("squashfs", "raw", f.read())
    with open(image, "wb") as f:
        f.truncate(64 << 10)
    tool("mkfs.ext2", "-q", "-F", "-b", "1024", "-N", "16", "-d", top, image)
    with open(image, "rb") as f:
        put("ext2", "raw", f.read().rstrip(b"\0") + bytes(8))


def main():
    os.makedirs(os.path.join(HERE, "seeds_inventory"), exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        texts()
        databases(folder)
        beside(folder)
        named()
        programs(folder)
        engines(folder)
        trees(folder)


if __name__ == "__main__":
    main()
