"""Where damage may go unseen, and why: the exceptions to "a damaged container is never clean"."""
import binascii
import base64

from containers import BINARY, MARK

# Whole, but nothing in them is marked.
WITHOUT_MARK = {"y_empty.zip", "y_empty_members.gz", "y_sparse_0.0.tar", "y_sparse_0.1.tar", "y_sparse_1.0.tar"}

TESTFILES = ("clam.mail", "clam.exe.rtf", "clam.exe.mbox.base64", "clam.exe.mbox.uu", "clam.tnef", "clam.exe.binhex", "clam.zip", "clam.d64.zip",
             "clam.impl.zip", "clam.bz2.zip", "clam.exe.bz2", "clam.7z", "clam.cab", "clam.tar.gz", "clam.newc.cpio", "clam.odc.cpio",
             "clam.bin-le.cpio", "clam.bin-be.cpio", "clam.pdf", "clam.ole.doc", "clam.ppt", "clam.exe.szdd")
# Changed bytes may hit what nothing checks, or the mark.
TESTFILES_UNCHECKED = ("clam.newc.cpio", "clam.odc.cpio", "clam.bin-le.cpio", "clam.bin-be.cpio", "clam.exe.binhex", "clam.exe.szdd")
# Sixteenths of those that may end before: in their headers.
TESTFILES_HEADERS = {"clam.mail": 1, "clam.exe.mbox.base64": 3, "clam.exe.mbox.uu": 2}


class Rule:
    """
    free: what nothing checks, and holds the first bytes of the part, by which it is detected.
    mark: what the format is known by: without it nobody takes the file for one of its kind.
    cut: the sample may be cut before the end of this, or anywhere when it is True.
    many: False when many changed bytes may hit all that tells of the part.
    Each is a list of pieces of the sample, or of (from, to).
    """

    def __init__(self, why, free=(), mark=(), cut=(), many=True):
        self.why, self.free, self.mark, self.cut, self.many = why, free, mark, cut, many


def ranges(data, wanted):
    for piece in wanted:
        if isinstance(piece, tuple):
            yield piece
            continue
        at = data.find(piece)
        assert at >= 0, piece
        while at >= 0:
            yield at, at + len(piece)
            at = data.find(piece, at + 1)


def within(data, at, wanted):
    return any(a <= at < b for a, b in ranges(data, wanted))


def may_be_clean(name, data, key, is_other_type):
    rule = RULES.get(name)
    kind, at, _ = key
    if rule is None:
        return False
    if kind == "many":
        touched = range(at, len(data), 97)
        return not rule.many or any(within(data, i, [*rule.free, *rule.mark]) for i in touched)
    if kind == "cut":
        return rule.cut is True or any(at < b for _, b in ranges(data, rule.cut))
    return within(data, at, rule.free) or (is_other_type and within(data, at, rule.mark))


def b64(data, n=28):
    return base64.b64encode(data)[:n]


def uu(data, n=29):
    """The first digits of the first line."""
    return binascii.b2a_uu(data[:45])[:n]


HELLO, NUMBERS, LONG = b"Hello from a sample.\n", b"1\n2\n3\n4\n5\n6\n7\n8\n", b"A long name.\n"
NO_SUM = "nothing checks the data: other bytes are another file"
NO_END = "nothing marks the end: it may be cut between two members, and its reader would not know"
KNOWN = "what the format is known by: nobody takes the file for one of its kind without it"
MAIL = "a mail may end in its headers; base64 and the like check nothing: another digit is another file"
MAIL_HEAD = b"From: a@example.com\nTo: b@example.com\nSubject: s\n"
PDF_NAMES = "names in a dictionary: a key that readers don't know is passed over"


def mail(*free, cut=(b"multipart/",), mark=(MAIL_HEAD,), **how):
    return Rule(MAIL, free=free, mark=mark, cut=cut, **how)


def known_by(n, why=KNOWN, cut=None, **how):
    """The first `n` bytes are the format's mark."""
    return Rule(why, mark=[(0, n)], cut=[(0, n if cut is None else cut)], **how)


ZIP, XZ = known_by(4), known_by(6)
RULES = {
    "base64.eml": mail(b64(BINARY)),
    "base64-crlf.eml": mail(b64(BINARY), mark=[MAIL_HEAD.replace(b"\n", b"\r\n")]),
    "base64-alone.eml": Rule(MAIL + "; what is no multipart ends with the file", free=[b64(BINARY)], mark=[MAIL_HEAD], cut=True),
    "nested.eml": mail(b64(BINARY)),
    "message.eml": mail(b64(BINARY)),
    "qp.eml": mail(MARK),
    "uu.eml": mail((332, 361)),
    "yenc.eml": mail(cut=[b"=ybegin line="]),
    "mbox": mail(b64(BINARY), mark=[b"From a@b.c Thu Jan  1 00:00:00 2026\n" + MAIL_HEAD]),
    "text.uu": Rule(NO_SUM, free=[(15, 44)], mark=[(0, 16), (44, 45)], cut=[(0, 76)], many=False),
    "winmail.dat": Rule(NO_END, mark=[(0, 4)], cut=[(0, 6), (21, 22), (56, 57), (79, 80), (98, 99)]),
    "binhex.hqx": known_by(40),
    "stored.zip": ZIP, "deflate.zip": ZIP, "bzip2.zip": ZIP, "lzma.zip": ZIP, "inner.zip": ZIP, "word.docx": ZIP,
    "behind.gif.zip": Rule("an archive behind a whole picture is found by its first member's header; cut, it is chance's", mark=[(0, 6)],
                           free=[b"PK\x03\x04"], cut=[(0, 75)]),
    "one.gz": known_by(4), "one.tar.gz": known_by(4), "one.bz2": known_by(10), "one.xz": XZ,
    "one.lzma": Rule("LZMA alone has no mark: settings and size that make sense are one", mark=[(0, 14)], cut=[(0, 18)]),
    "one.tar": Rule(NO_SUM, free=[MARK], mark=[(257, 262)], cut=[(0, 262)]),
    "package.doc": Rule(NO_SUM, free=[MARK], mark=[(0, 8)], cut=[(0, 8)]),
    "stream.doc": Rule(NO_SUM, free=[MARK], mark=[(0, 8)], cut=[(0, 8)]),
    "macro.doc": known_by(8),
    "object.ppt": Rule("streams of another name and records of another type are passed over", free=[(512, 514), (568, 572), (1664, 1702)], mark=[(0, 8)],
                       cut=[(0, 8)]),
    "package.rtf": Rule(NO_SUM, free=[MARK.hex().encode()], mark=[(0, 4)], cut=[(0, 4)]),
    "bin.rtf": Rule(NO_SUM, free=[MARK], mark=[(0, 4)], cut=[(0, 4)]),
    "section.one": Rule("an attached file is known by two marks, and found by either", mark=[(0, 16)], cut=[(0, 16)], many=False),
    "fws.swf": Rule(NO_SUM + "; tags of another number are passed over", free=[MARK, (14, 16), (19, 21)], mark=[(0, 4)], cut=[(0, 8)]),
    "cws.swf": known_by(4, cut=8), "zws.swf": known_by(4, cut=8),
    "word.xml": Rule(NO_SUM, free=[b64(BINARY)], mark=[(0, 5)], cut=[(0, 97)]),
    "form.xdp": Rule(NO_SUM + ": a PDF that is none, for one", free=[(120, 1040)], mark=[(0, 5), (39, 47)], cut=[(0, 47)]),
    "macro.mso": known_by(10),
    "plain.pdf": Rule(NO_SUM, free=[MARK], mark=[(0, 5)], cut=[(0, 5)]),
    "flate.pdf": known_by(5),
    "hex.pdf": Rule(NO_SUM, free=[MARK.hex().encode()], mark=[(0, 5)], cut=[(0, 5)]),
    "a85.pdf": Rule(NO_SUM, free=[base64.a85encode(BINARY)[:27]], mark=[(0, 5)], cut=[(0, 5)]),
    "lzw.pdf": Rule(NO_SUM, free=[(124, 150)], mark=[(0, 5)], cut=[(0, 5)]),
    "runs.pdf": Rule(NO_SUM, free=[MARK], mark=[(0, 5)], cut=[(0, 5)]),
    "page.html": Rule("a page has no end, and what is no data: address is text", free=[(0, 44), b64(BINARY)], cut=[(0, 45)]),
    "disk.mbr": Rule("a table whose partitions lie outside of the disk is none", free=[MARK], mark=[(446, 512)], cut=[(0, 2049)], many=False),
    "disk.gpt": Rule(NO_SUM, free=[MARK], mark=[(512, 520)], cut=[(0, 520)]),
    "disk.apm": Rule(NO_SUM + "; nor the places of partitions", free=[MARK, (520, 528), (1032, 1040)], mark=[(0, 2), (512, 516)], cut=[(0, 516)]),
    "fat.macho": Rule(NO_SUM, free=[MARK], mark=[(0, 8)], cut=[(0, 8)]),
    "rock.iso": Rule(NO_SUM, free=[HELLO, b"In a folder.\n"], mark=[(32768, 32774)], cut=[(0, 32774)]),
    "y_after_end.tar": Rule(NO_SUM, mark=[(257, 262)], cut=[(0, 262)]),
    "y_gnu.tar": Rule(NO_SUM, free=[LONG], mark=[(257, 262)], cut=[(0, 262)]),
    "y_pax.tar": Rule(NO_SUM, free=[LONG], mark=[(257, 262)], cut=[(0, 262)]),
    "y_links.tar": Rule(NO_SUM, free=[HELLO], mark=[(257, 262)], cut=[(0, 262)]),
    "y_ustar.tar": Rule(NO_SUM, mark=[(257, 262)], cut=[(0, 262)]),
    "y_v7.tar": Rule("the old tar has no mark: its first header's sum is one", mark=[(0, 512)], cut=[(0, 512)]),
    "y_bin.cpio": Rule(NO_SUM, free=[HELLO, b"In a folder.\n"], mark=[(0, 8), (20, 22)], cut=[(0, 22)]),
    "y_bin_be.cpio": Rule(NO_SUM, free=[HELLO, b"In a folder.\n"], mark=[(0, 8), (20, 22)], cut=[(0, 22)]),
    "y_odc.cpio": Rule(NO_SUM, free=[HELLO], mark=[(0, 6)], cut=[(0, 6)]),
    "y_newc.cpio": Rule(NO_SUM, free=[HELLO], mark=[(0, 6)], cut=[(0, 6)]),
    "y_crc.cpio": known_by(6),
    "y_bsd.a": Rule(NO_END, mark=[(0, 8)], cut=[(0, 9)]),
    "y_gnu.a": Rule(NO_END, mark=[(0, 8)], cut=[(0, 9), (194, 195)]),
    "y_gzip.rpm": known_by(4, cut=16), "y_xz.rpm": known_by(4, cut=16),
    "y_one.warc": Rule(NO_END, free=[HELLO], mark=[(0, 7)], cut=[(0, 7), (290, 291)]),
    "y_one.xar": known_by(6),
    "y_stored.cab": Rule("its one block has no checksum", free=[HELLO, (44, 46)], mark=[(0, 8)], cut=[(0, 8)]),
    "y_stored.lzh": Rule("LHA is known by its method and its header's level", mark=[(2, 7), (20, 21)], cut=[(0, 7)]),
    "y_stored4.rar": known_by(7), "y_stored5.rar": known_by(8),
    "y_lzma2.7z": known_by(6), "y_ppmd.7z": known_by(6),
    "y_twice.ex_": Rule(NO_SUM, free=[(14, 42)], mark=[(0, 8)], cut=[(0, 9)]),
    "y_one.lzma": Rule("LZMA alone has no mark: settings and size that make sense are one", mark=[(0, 14)], cut=[(0, 18)]),
    "y_one.gz": known_by(4), "y_members.gz": known_by(4), "y_fields.gz": known_by(4), "y_trailer.gz": known_by(4), "y_rock.iso.gz": known_by(4),
    "y_two.bz2": known_by(10), "y_two.xz": XZ, "y_frames.zst": known_by(4), "y_mixed.lz4": known_by(4),
    "y_junk_before.zip": Rule("an archive behind other data is found by its first member's header", free=[(64, 68)], cut=[(0, 124)]),
    "y_junk_before_absolute.zip": Rule("an archive behind other data is found by its first member's header", free=[(64, 74), (90, 92)], cut=[(0, 124)]),
}
for bits in ("10", "12", "16", "clear"):
    RULES["y_%s.Z" % bits] = Rule(NO_SUM + ", nor marks its end", mark=[(0, 3)], free=[(3, 21)], cut=[(0, 21)])
for kind in ("bzip2", "deflate", "deflate64", "end_in_comment", "hidden", "implode", "implode_trees", "lzma", "names", "stored", "stream", "xz", "zip64", "zstd"):
    RULES["y_%s.zip" % kind] = ZIP
