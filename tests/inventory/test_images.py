#!/usr/bin/env python3
"""overt inventory on images: container layouts, squashfs, ext, FAT, cpio, archives, at any offset.

  test_images.py PROGRAM WORKER [NAME...]
"""
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import struct
import subprocess
import tarfile
import unittest
import zlib

import kit
from kit import Case

STATUS = "Package: klnagent64\nStatus: install ok installed\nMaintainer: AO Kaspersky Lab\nArchitecture: amd64\nVersion: 15.1\n"
LIST = "/opt\n/opt/kaspersky\n/opt/kaspersky/klnagent64\n/opt/kaspersky/klnagent64/a\n/opt/kaspersky/klnagent64/b\n"


def has(*programs):
    return all(shutil.which(p, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") for p in programs)


def run(*args, **kw):
    env = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    subprocess.run(args, check=True, capture_output=True, env=env, **kw)


def tar(files, **kw):
    """A layer: {name: content or None for a folder}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", **kw) as t:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.mtime = 1700000000
            info.mode = 0o755
            if data is None:
                info.type = tarfile.DIRTYPE
                t.addfile(info)
            else:
                info.size = len(data)
                t.addfile(info, io.BytesIO(data if isinstance(data, bytes) else data.encode()))
    return out.getvalue()


LAYERS = [tar({"etc/os-release": "ID=debian\nNAME=Debian\n", "var/lib/dpkg/status": STATUS,
               "var/lib/dpkg/info/klnagent64.list": LIST, "opt/kaspersky/klnagent64/a": "x", "opt/kaspersky/klnagent64/b": "y"}),
          tar({"opt/.wh.kaspersky": "", "etc/added": "z"})]


class Layout:
    """An OCI image layout, or docker save's, with these layers."""

    def __init__(self, layers, pack=gzip.compress):
        self.files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
        packed = [pack(l) for l in layers]
        config = {"created": "2024-06-01T00:00:00Z", "os": "linux", "rootfs": {"type": "layers"}, "history":
                  [{"created": f"2024-0{i + 1}-01T00:00:00Z", "created_by": f"step {i}"} for i in range(len(layers))] +
                  [{"created": "2024-09-01T00:00:00Z", "empty_layer": True}]}
        self.digests = [self.blob(p) for p in packed]
        manifest = {"schemaVersion": 2, "config": {"digest": self.blob(json.dumps(config).encode())},
                    "layers": [{"digest": d} for d in self.digests]}
        self.files["index.json"] = json.dumps({"manifests": [{"digest": self.blob(json.dumps(manifest).encode()), "annotations":
                                                              {"org.opencontainers.image.ref.name": "acme:1"}}]}).encode()

    def blob(self, data):
        digest = hashlib.sha256(data).hexdigest()
        self.files["blobs/sha256/" + digest] = data
        return "sha256:" + digest


class Containers(Case):
    def check(self, inv, layout, path):
        c = self.one(inv, type="deb", name="klnagent64")
        self.assertEqual((c["state"], c["layer"]), ("in-DB-files-gone", 1))
        self.assertEqual(c["path"], path + ["acme:1", layout.digests[0], "var/lib/dpkg/status"])
        gone = [e for e in c["evidence"] if e.get("detail") == "files-gone"][0]["value"]
        self.assertEqual(gone, f"2 files listed, none there; 2 still shipped in layer 1 ({layout.digests[0]}), "
                               f"hidden by layer 2 ({layout.digests[1]})")
        self.assertEqual(len([c for c in inv["components"] if c["type"] == "image-layer"]), 2)
        self.assertEqual(self.one(inv, type="image-layer", layer=2)["since"]["latest"], "2024-02-01T00:00:00Z")

    def test_layout(self):
        layout = Layout(LAYERS)
        for name, data in layout.files.items():
            self.put("l/" + name, data)
        self.check(self.take("l"), layout, ["index.json"])

    def test_archive(self):
        layout = Layout(LAYERS, pack=bytes)
        self.put("i.tar", tar(layout.files))
        self.check(self.take("i.tar"), layout, ["i.tar"])

    def test_docker(self):
        files = {"aa/layer.tar": LAYERS[0], "bb/layer.tar": LAYERS[1], "c.json": b"{}", "repositories": b"{}",
                 "manifest.json": json.dumps([{"Config": "c.json", "RepoTags": ["acme:1"], "Layers": ["aa/layer.tar", "bb/layer.tar"]}])}
        self.put("d.tar", tar(files))
        c = self.one(self.take("d.tar"), type="deb")
        self.assertEqual((c["state"], c["path"][:3]), ("in-DB-files-gone", ["d.tar", "acme:1", "aa/layer.tar"]))

    def test_upgrade(self):
        """A later layer's database replaces the earlier one: one package, of the later version, and there."""
        later = tar({"var/lib/dpkg/status": STATUS.replace("15.1", "16.0")})
        for name, data in Layout([LAYERS[0], later]).files.items():
            self.put("l/" + name, data)
        c = self.one(self.take("l"), type="deb")
        self.assertEqual((c["state"], c["version"], c["grade"]), ("present", "16.0", "E4"))

    def test_removed(self):
        """Removed as it should be, in a later layer: still shipped in the first."""
        later = tar({"var/lib/dpkg/status": "", "var/lib/dpkg/info/.wh.klnagent64.list": "", "opt/kaspersky/.wh..wh..opq": ""})
        for name, data in Layout([LAYERS[0], later]).files.items():
            self.put("l/" + name, data)
        self.assertEqual(self.one(self.take("l"), type="deb")["state"], "shadowed")

    def test_missing_and_broken(self):
        layout = Layout(LAYERS)
        del layout.files["blobs/sha256/" + layout.digests[1][7:]]
        name = "blobs/sha256/" + layout.digests[0][7:]
        layout.files[name] = layout.files[name][:200]
        for name, data in layout.files.items():
            self.put("l/" + name, data)
        inv = self.take("l", code=3)
        self.assertEqual(len(inv["unread"]), 2)


FIRMWARE = {"lib/libzz.so": b"\x7fELF" + bytes(60), "var/bases/base001.kdc": b"k" * 5000, "etc/update.cfg":
            b"host=dnl-01.geo.kaspersky.com\n", "etc/os-release": b"NAME=Acme\nID=acme\n",
            "usr/lib/opkg/x": b"1", "big": bytes(300000) + b"end", "var/lib/dpkg/status": STATUS.encode()}

# Beside it in the images of tests/data/flash: a long name, a folder of many files, a setuid program, letters, a file with a tail of zeros.
FLASH_MORE = {"bin/su": b"\x7fELF" + bytes(60), "etc/" + "n" * 200: b"long", "etc/\u043f\u0440.conf": b"x", "empty": b"", "tail": b"t" * 1000 + bytes(7000),
              "etc/late.conf": b"# a line\n" * 3000, "etc/words": " ".join(f"word{i} of many" for i in range(900)).encode(), **{f"many/f{i:03}": b"%d" % i for i in range(60)}}


def ubi(data, name=b"rootfs", peb=0x4000, order=None, stale=True):
    """A UBI image of one volume: its table, its blocks in an order of their own, an older copy of the first, an erased block."""
    leb = peb - 0x80

    def block(volume, number, content, seq, kind=1, size=0):
        ec = b"UBI#\x01" + bytes(3) + (1).to_bytes(8, "big") + (0x40).to_bytes(4, "big") + (0x80).to_bytes(4, "big") + bytes(40)
        vid = b"UBI!\x01" + bytes([kind, 0, 0]) + volume.to_bytes(4, "big") + number.to_bytes(4, "big") + bytes(4) + size.to_bytes(4, "big")
        vid += bytes(16) + seq.to_bytes(8, "big")
        return (ec + vid + bytes(64 - len(vid)) + content).ljust(peb, b"\xff")
    row = (9).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes(4) + b"\x01\0" + len(name).to_bytes(2, "big") + name.ljust(128, b"\0") + bytes(28)
    blocks = [block(0x7fffefff, 0, row, 1)]
    parts = [data[i:i + leb] for i in range(0, len(data), leb)]
    blocks += [block(0, n, p, 10 + n) for n, p in enumerate(parts)]
    if stale:
        blocks += [block(0, 0, b"an older copy", 2), b"\xff" * peb]
    if order is not None:
        blocks = blocks[:1] + [blocks[1 + i % (len(blocks) - 1)] for i in order(len(blocks) - 1)]
    return b"".join(blocks)


class Images(Case):
    def tree(self):
        for name, data in FIRMWARE.items():
            self.put("t/" + name, data)
        return self.path("t")

    def check(self, name, path=(), code=0):
        inv = self.take(name, code=code)
        c = self.one(inv, type="os")
        self.assertEqual((c["name"], c["path"]), ("Acme", [name, *path, "etc/os-release"]))
        self.assertEqual(self.one(inv, type="deb")["supplier"], "AO Kaspersky Lab")
        traces = self.one(inv, type="traces", name="engine-inside")
        layout = self.evidence(traces, "file-name")[0]
        self.assertEqual((layout["where"], layout["grade"]), ("var/bases/base001.kdc", "E2"))
        self.assertIn((".geo.kaspersky.com", "etc/update.cfg:1", "E1"), [(h["value"], h["where"], h["grade"]) for h in self.evidence(traces, "host")])
        return inv

    @unittest.skipUnless(has("mksquashfs"), "needs squashfs-tools")
    @unittest.skipUnless(has("mksquashfs"), "needs squashfs-tools")
    def test_ubi(self):
        """Blocks in any order, an older copy of one, at an offset too; the volume's name is in the path."""
        run("mksquashfs", self.tree(), self.path("plain.sq"), "-noappend", "-quiet")
        with open(self.path("plain.sq"), "rb") as f:
            data = f.read()
        self.put("a.ubi", ubi(data))
        self.check("a.ubi", ("rootfs",))
        self.put("b.ubi", ubi(data, order=lambda n: list(reversed(range(n))), name=b""))
        self.check("b.ubi", ("volume 0",))
        self.put("flash.bin", b"\xff" * 65536 + ubi(data, stale=False))
        self.check("flash.bin", ("offset 65536", "rootfs"))

    def flash(self, name):
        with gzip.open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "flash", name + ".gz")) as f:
            return f.read()

    def test_flash(self):
        """Every coding of UBIFS and JFFS2, and exFAT: whole, in a UBI volume, and in a raw file with something before and behind."""
        for name, form in (("ubifs_none", "UBIFS"), ("ubifs_lzo", "UBIFS"), ("ubifs_zlib", "UBIFS"), ("ubifs_zstd", "UBIFS"), ("jffs2_none", "JFFS2"),
                           ("jffs2_rtime", "JFFS2"), ("jffs2_zlib", "JFFS2"), ("jffs2_lzo", "JFFS2"), ("exfat", "exFAT")):
            data = self.flash(name)
            self.put("fw", data)
            inv = self.check("fw")
            self.assertEqual(self.one(inv, type="image")["name"], form)
            if form != "exFAT":
                self.assertEqual(self.one(inv, type="program", name="su")["path"], ["fw", "bin/su"])
            self.put("raw", random.Random(1).randbytes(65536) + data + b"\xff" * 4096 + random.Random(2).randbytes(5000))
            self.assertEqual(self.one(self.take("raw"), type="os")["path"], ["raw", "offset 65536", "etc/os-release"])
        self.put("a.ubi", self.flash("ubi_ubifs"))
        self.assertEqual(self.one(self.take("a.ubi"), type="os")["path"], ["a.ubi", "rootfs", "etc/os-release"])

    def test_ubifs_broken(self):
        self.put("c.ubi", ubi(b"\x31\x18\x10\x06" + bytes(60000)))
        self.assertEqual(self.take("c.ubi")["components"][0]["name"], "UBI")  # a magic number alone is no file system
        whole = self.flash("ubifs_lzo")
        self.put("d", whole[:len(whole) - 15872 * 4])
        self.assertTrue(self.take("d", code=3)["unread"])

    def test_jffs2_history(self):
        """Of a name written thrice the last counts, and one that was removed is not there."""
        def node(kind, body):
            head = struct.pack("<HHI", 0x1985, kind, 12 + len(body))
            return (head + struct.pack("<I", ~zlib.crc32(head, 0xffffffff) & 0xffffffff) + body).ljust(-(-(12 + len(body)) // 4) * 4, b"\xff")

        def name(version, inode, text, folder=1, kind=8):
            return node(0xe001, struct.pack("<IIIIBBHII", folder, version, inode, 0, len(text), kind, 0, 0, 0) + text)

        def piece(inode, version, size, offset, data, coding=0, plain=None):
            return node(0xe002, struct.pack("<IIIHHIIIIIIIBBHII", inode, version, 0o100644, 0, 0, size, 0, 1700000000, 0, offset, len(data),
                                            len(data) if plain is None else plain, coding, 0, 0, 0, 0) + data)
        line = b"x=dnl-01.geo.kaspersky.com\n"
        image = name(1, 5, b"etc", kind=4) + name(2, 9, b"old.conf", 5) + name(3, 0, b"old.conf", 5) + name(4, 8, b"a.conf", 5)
        image += piece(9, 1, len(line), 0, line)  # removed
        image += piece(8, 1, 40, 0, b"y" * 40) + piece(8, 2, 40, 10, b"\n" * 3) + piece(8, 3, 13 + len(line), 13, line)  # overwritten in part, then longer
        self.put("j", image)
        inv = self.take("j")
        self.assertEqual([e["where"] for e in self.evidence(self.one(inv, type="traces", name="engine-inside"), "host")], ["etc/a.conf:4"])
        self.put("k", image + piece(8, 4, 10, 0, b"q", coding=8, plain=10))
        self.assertIn("a coding that is not read (8)", self.take("k", code=3)["unread"][0]["detail"])

    def test_holes(self):
        """A few kilobytes that say they are gigabytes: an end, and it is told."""
        def node(kind, body):
            head = struct.pack("<HHI", 0x1985, kind, 12 + len(body))
            return (head + struct.pack("<I", ~zlib.crc32(head, 0xffffffff) & 0xffffffff) + body).ljust(-(-(12 + len(body)) // 4) * 4, b"\xff")
        image = b""
        for i in range(60):
            for folder, inode, text, kind in ((1, 100 + i, b"d%d" % i, 4), (100 + i, 200 + i, b"Cargo.lock", 8)):
                image += node(0xe001, struct.pack("<IIIIBBHII", folder, i, inode, 0, len(text), kind, 0, 0, 0) + text)
            image += node(0xe002, struct.pack("<IIIHHIIIIIIIBBHII", 200 + i, 1, 0o100644, 0, 0, 250 << 20, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0) + b"#")
        self.put("h", image)
        inv = self.take("h", code=3)
        self.assertEqual(len([u for u in inv["unread"] if "names only" in u["detail"]]), 1)
        self.assertEqual(len(inv["unread"]), 1)
        self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")])

    def test_ubifs_log(self):
        """What was written after the index: a file that is new, one that is gone, one that is longer."""
        whole, leb = bytearray(self.flash("ubifs_none")), 15872

        def node(kind, body, seq):
            return (struct.pack("<IIQIBBH", 0x06101831, 0, seq, 24 + len(body), kind, 0, 0) + body).ljust(-(-(24 + len(body)) // 8) * 8, b"\0")

        def find(kind, want):
            for at in range(0, len(whole), 8):
                if whole[at:at + 4] == b"\x31\x18\x10\x06" and whole[at + 20] == kind and want(at):
                    return at
            raise AssertionError("no such node")
        etc = find(2, lambda at: bytes(whole[at + 56:at + 59]) == b"etc")
        gone = find(2, lambda at: bytes(whole[at + 56:at + 66]) == b"update.cfg")
        target = struct.unpack_from("<Q", whole, etc + 40)[0]
        line = b"x=dnl-01.geo.kaspersky.com\n"
        bud = node(2, struct.pack("<II8xQBBHI", target, 2 << 29 | 77, 9000, 0, 0, 8, 0) + b"new.conf\0", 1 << 40)
        inode = struct.pack("<II8xQQQQQIIIIIII52x", 9000, 0, 1, 2 * len(line), 0, 0, 1700000000, 0, 0, 0, 1, 0, 0, 0o100644)
        bud += node(0, inode, (1 << 40) + 1) + node(1, struct.pack("<II8xIHH", 9000, 1 << 29, 2 * len(line), 0, 2 * len(line)) + 2 * line, (1 << 40) + 2)
        bud += node(2, bytes(whole[gone + 24:gone + 40]) + bytes(8) + bytes(whole[gone + 48:gone + 67]), (1 << 40) + 3)
        last = len(whole) // leb
        whole += (bud + b"\xff" * leb)[:leb]
        struct.pack_into("<I", whole, 40, last + 1)
        at = 3 * leb  # the log: a commit, and behind it where the new block is
        self.assertEqual(whole[at + 20], 10)
        ref = node(8, struct.pack("<III28x", last, 0, 1), (1 << 40) + 9)
        whole[at + 512:at + 512 + len(ref)] = ref
        pad = struct.pack("<IIQIBBHI", 0x06101831, 0, 2, 28, 5, 0, 0, 512 - 32 - 28)
        whole[at + 32:at + 60] = pad
        self.put("u", bytes(whole))
        inv = self.take("u")
        host = self.evidence(self.one(inv, type="traces", name="engine-inside"), "host")
        self.assertEqual(sorted(e["where"] for e in host), ["etc/new.conf:1"])

    @unittest.skipUnless(has("mksquashfs"), "needs squashfs-tools")
    def test_ubi_cut(self):
        run("mksquashfs", self.tree(), self.path("plain.sq"), "-noappend", "-quiet")
        with open(self.path("plain.sq"), "rb") as f:
            whole = ubi(f.read(), stale=False)
        for cut in range(0x4000 + 0x81, len(whole) - 0x1000, 0x2fff):
            self.put("d.ubi", whole[:cut])
            inv = self.take("d.ubi", code=3)
            self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")], cut)

    def test_squashfs(self):
        self.tree()
        for codec in ("lzo", "gzip", "xz", "zstd", "lz4", "lzma"):
            p = subprocess.run(["mksquashfs", self.path("t"), self.path("fw"), "-comp", codec, "-noappend", "-mkfs-time", "1700000000",
                                "-b", "4096"], capture_output=True, check=False)
            if p.returncode != 0:
                continue
            inv = self.check("fw")
            self.assertEqual(self.one(inv, type="image")["since"], {"earliest": None, "latest": "2023-11-14T22:13:20Z", "from": "image made"})
        with open(self.path("fw"), "rb") as f:
            data = f.read()
        self.put("raw", random.Random(1).randbytes(65536) + data + random.Random(2).randbytes(5000))
        self.check("raw", ["offset 65536"])

    @unittest.skipUnless(has("mkfs.ext4"), "needs e2fsprogs")
    def test_ext(self):
        for kind in ("ext2", "ext4"):
            with open(self.path("img"), "wb") as f:
                f.truncate(16 << 20)
            run("mkfs." + kind, "-q", "-F", "-d", self.tree(), self.path("img"))
            self.check("img")
        with open(self.path("img"), "rb") as f:
            data = f.read()
        self.put("raw", random.Random(1).randbytes(70000) + data)
        self.check("raw", ["offset 70000"])

    @unittest.skipUnless(has("mkfs.vfat", "mcopy"), "needs dosfstools and mtools")
    def test_fat(self):
        for size, bits in ((2 << 20, "12"), (20 << 20, "16"), (48 << 20, "32")):
            with open(self.path("img"), "wb") as f:
                f.truncate(size)
            run("mkfs.vfat", "-F", bits, self.path("img"))
            tree = self.tree()
            for name in sorted(os.listdir(tree)):
                run("mcopy", "-s", "-i", self.path("img"), os.path.join(tree, name), "::")
            self.check("img")
            os.remove(self.path("img"))

    @unittest.skipUnless(has("cpio"), "needs cpio")
    def test_cpio(self):
        tree = self.tree()
        names = "\n".join(FIRMWARE).encode()
        p = subprocess.run(["cpio", "-o", "-H", "newc"], input=names, cwd=tree, capture_output=True, check=True)
        self.put("initrd", p.stdout)
        self.check("initrd")
        self.put("packed", gzip.compress(p.stdout))
        self.check("packed")
        self.put("raw", random.Random(3).randbytes(1234) + gzip.compress(p.stdout) + random.Random(4).randbytes(1000))
        inv = self.take("raw", code=None)
        self.assertEqual(self.one(inv, type="os")["path"], ["raw", "offset 1234", "etc/os-release"])

    def test_archives(self):
        self.tree()
        for kind in ("tar", "gztar", "zip", "xztar"):
            name = os.path.basename(shutil.make_archive(self.path("a"), kind, self.path("t")))
            self.check(name)

    @unittest.skipUnless(has("mksquashfs"), "needs squashfs-tools")
    def test_nested(self):
        """A squashfs in a squashfs in a tar."""
        self.tree()
        run("mksquashfs", self.path("t"), self.path("o/inner"), "-noappend")if os.makedirs(self.path("o")) is None else None
        run("mksquashfs", self.path("o"), self.path("outer"), "-noappend")
        with open(self.path("outer"), "rb") as f:
            self.put("a.tar", tar({"outer": f.read()}))
        self.check("a.tar", ["outer", "inner"])

    @unittest.skipUnless(has("mksquashfs", "mkfs.ext4"), "needs squashfs-tools and e2fsprogs")
    def test_mutated(self):
        """Broken images: an answer each, nothing crashes, what can't be read is told."""
        self.tree()
        run("mksquashfs", self.path("t"), self.path("fw"), "-noappend", "-b", "4096")
        with open(self.path("img"), "wb") as f:
            f.truncate(1 << 20)
        run("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", self.tree(), self.path("img"))
        rng = random.Random(5)
        for seed in ("fw", "img"):
            with open(self.path(seed), "rb") as f:
                whole = f.read()
            for _ in range(40):
                data = bytearray(whole)
                for _ in range(20):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                self.put("m", bytes(data))
                inv = self.take("m", code=None)
                self.assertFalse([u for u in inv["unread"] if u["reason"] in ("crashed", "timeout")])
            self.put("m", whole[:len(whole) // 2])
            self.take("m", code=None)


if __name__ == "__main__":
    kit.main()
