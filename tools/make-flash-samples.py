#!/usr/bin/env python3
"""Writes tests/data/flash/: *.gz and tree.txt, small UBIFS, JFFS2 and exFAT images of one made-up tree, by Debian's mtd-utils and exfatprogs.

mkfs.exfat fills nothing in, so the files are put there by this script, and fsck.exfat says whether they are there as they should be.
"""
import gzip
import os
import struct
import subprocess
import sys
import tempfile
import zlib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "inventory"))
import test_images  # noqa: E402

TIME = 1700000000
TREE = {**test_images.FIRMWARE, **test_images.FLASH_MORE}
OUT = os.path.join(TOP, "tests", "data", "flash")


def tool(*args, **kw):
    return subprocess.run(args, check=True, capture_output=True, env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"), **kw).stdout


def make_tree(top):
    for name, data in TREE.items():
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o4755 if name == "bin/su" else 0o644)
        os.utime(path, (TIME, TIME))
    os.symlink("libzz.so", os.path.join(top, "lib", "libz"))
    for folder, _, _ in os.walk(top, topdown=False):
        os.utime(folder, (TIME, TIME))


def save(name, path):
    with open(path, "rb") as f, open(os.path.join(OUT, name + ".gz"), "wb") as out:
        out.write(gzip.compress(f.read(), 9, mtime=0))


def ubifs(work, tree):
    path = os.path.join(work, "ubifs")
    for coding in ("none", "lzo", "zlib", "zstd"):
        tool("mkfs.ubifs", "-y", "-r", tree, "-m", "512", "-e", "15872", "-c", "100", "-x", coding, "-U", "-o", path)
        save("ubifs_" + coding, path)
    config = os.path.join(work, "ubi.cfg")
    with open(config, "w", encoding="ascii") as f:
        f.write(f"[a]\nmode=ubi\nimage={path}\nvol_id=0\nvol_type=dynamic\nvol_name=rootfs\nvol_size=2MiB\nvol_flags=autoresize\n")
    tool("ubinize", "-o", path + ".ubi", "-p", "16KiB", "-m", "512", "-Q", "7", config)
    save("ubi_ubifs", path + ".ubi")


def jffs2(work, tree):
    path = os.path.join(work, "jffs2")
    off = {c: ("-x", c) for c in ("zlib", "lzo", "rtime")}
    for name, args in (("none", [*off["zlib"], *off["lzo"], *off["rtime"], "-l"]), ("rtime", [*off["zlib"], *off["lzo"], "-X", "rtime", "-l"]),
                       ("zlib", [*off["lzo"], *off["rtime"], "-b", "-n"]), ("lzo", [*off["zlib"], *off["rtime"], "-X", "lzo", "-l", "-p"])):
        tool("mkfs.jffs2", "-r", tree, "-o", path, "-e", "16KiB", "-U", *args)
        save("jffs2_" + name, path)


class Exfat:
    """Puts files into an empty volume: one half by the table, backwards, the other half one cluster after the other."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.image = bytearray(f.read())
        self.fat, self.heap, self.count, self.root = (struct.unpack_from("<I", self.image, at)[0] for at in (80, 88, 92, 96))
        self.fat, self.heap, self.cluster = self.fat * 512, self.heap * 512, 512 << self.image[109]
        self.free = self.root + 1
        at = self.at(self.root)
        self.bitmap = next(self.at(struct.unpack_from("<I", self.image, at + k + 20)[0]) for k in range(0, 512, 32) if self.image[at + k] == 0x81)

    def at(self, cluster):
        return self.heap + (cluster - 2) * self.cluster

    def take(self, n):
        list_ = list(range(self.free, self.free + n))
        self.free += n
        assert self.free <= self.count + 2
        for c in list_:
            self.image[self.bitmap + (c - 2) // 8] |= 1 << (c - 2) % 8
        return list_

    def store(self, data, is_plain):
        clusters = self.take(-(-len(data) // self.cluster))
        if not is_plain:
            clusters.reverse()
            for a, b in zip(clusters, clusters[1:] + [0xffffffff]):
                struct.pack_into("<I", self.image, self.fat + a * 4, b)
        for k, c in enumerate(clusters):
            part = data[k * self.cluster:(k + 1) * self.cluster]
            self.image[self.at(c):self.at(c) + len(part)] = part
        return clusters[0] if clusters else 0

    @staticmethod
    def upcase_hash(name):
        h = 0
        for b in name.upper().encode("utf-16-le"):
            h = ((h << 15 | h >> 1) + b) & 0xffff
        return h

    def entry(self, name, data, is_folder, is_plain, written=None):
        first = self.store(data, is_plain)
        date = (2023 - 1980) << 25 | 11 << 21 | 14 << 16 | 23 << 11 | 13 << 5 | 10  # 22:13:20 UTC, told an hour ahead
        units = name.encode("utf-16-le")
        parts = [units[k:k + 30].ljust(30, b"\0") for k in range(0, len(units), 30)]
        head = struct.pack("<BBHHHIIIBBBBB7x", 0x85, 1 + len(parts), 0, 0x10 if is_folder else 0x20, 0, date, date, date, 0, 0, 0x84, 0x84, 0x84)
        flags = (3 if is_plain else 1) if data else 0 if not is_folder else 1
        head += struct.pack("<BBBBHHQIIQ", 0xc0, flags, 0, len(units) // 2, self.upcase_hash(name), 0, len(data) if written is None else written, 0, first, len(data))
        head += b"".join(b"\xc1\0" + p for p in parts)
        total = 0
        for i, b in enumerate(head):
            if i not in (2, 3):
                total = ((total << 15 | total >> 1) + b) & 0xffff
        return head[:2] + struct.pack("<H", total) + head[4:]

    def folder(self, tree, depth=0):
        """Entries of a folder; what is below it is stored first."""
        out = b""
        for k, (name, value) in enumerate(sorted(tree.items())):
            if isinstance(value, dict):
                data = self.folder(value, depth + 1)
                data += bytes(-len(data) % self.cluster)
                out += self.entry(name, data, True, k % 2 == 0)
            else:
                # one file was made longer and not written: its rest reads as zeros
                written = len(value.rstrip(b"\0")) if name == "tail" else None
                out += self.entry(name, value, False, k % 2 == 0 and len(value) > 0, written)
        return out

    def fill(self, tree):
        entries = self.folder(tree)
        at = self.at(self.root)
        used = next(k for k in range(0, self.cluster, 32) if self.image[at + k] == 0)
        data = bytes(self.image[at:at + used]) + entries
        clusters = [self.root] + self.take(max(0, -(-len(data) // self.cluster) - 1))
        for a, b in zip(clusters, clusters[1:] + [0xffffffff]):
            struct.pack_into("<I", self.image, self.fat + a * 4, b)
        for k, c in enumerate(clusters):
            part = data[k * self.cluster:(k + 1) * self.cluster]
            self.image[self.at(c):self.at(c) + len(part)] = part


def exfat(work):
    path = os.path.join(work, "exfat")
    with open(path, "wb") as f:
        f.truncate(1 << 20)
    tool("mkfs.exfat", "-b", "4K", "-c", "512", path)
    tree = {}
    for name, data in TREE.items():
        *folders, last = name.split("/")
        at = tree
        for folder in folders:
            at = at.setdefault(folder, {})
        at[last] = data
    volume = Exfat(path)
    volume.fill(tree)
    with open(path, "wb") as f:
        f.write(volume.image)
    print(tool("fsck.exfat", "-n", path).decode().splitlines()[-1])
    save("exfat", path)


def main():
    os.makedirs(OUT, exist_ok=True)
    with open(os.path.join(OUT, "tree.txt"), "w", encoding="utf-8") as f:  # what is in each of them
        f.writelines(f"{zlib.crc32(data):08x} {len(data)} {name}\n" for name, data in sorted(TREE.items(), key=lambda n: n[0].encode()))
    with tempfile.TemporaryDirectory() as work:
        tree = os.path.join(work, "tree")
        make_tree(tree)
        ubifs(work, tree)
        jffs2(work, tree)
        exfat(work)


if __name__ == "__main__":
    main()
