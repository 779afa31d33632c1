"""Holes that were found, each by name: a sample, damaged in one way, and words of what must be told of it."""
import struct

import containers
import documents as d
from containers import BINARY, MARK


def changed(data, *pairs):
    for old, new in pairs:
        assert old in data, old
        data = data.replace(old, new, 1)
    return data


def at(data, place, new):
    return data[:place] + new + data[place + len(new):]


def cases():
    """What -> (words of the note, bytes)."""
    s = containers.samples()
    gone = b"OVERT DAMAGE MARK 01\n"
    pdf = s["plain.pdf"]
    one = s["section.one"]
    rtf = s["package.rtf"]
    script = (b"#@~^awAAAA==9b:~z41@#@&z41~',Ju+^VG~,\x7fWMsNrP[,E@!4@*J,B~+U^KNnN,8X,EdS,lY~@$,tG:\x7fI,VG\to,+xKET4PDW~mK:n~MWE\t[PmVV,\x7f*PaVmmn/@#@&uCAAAA==^#~@")
    tnef = s["winmail.dat"]
    return {
        "mail: no closing boundary": ("without its closing boundary", s["base64.eml"][:-16]),
        "mail: boundary never met": ("boundary is never met", s["qp.eml"].replace(b"\n--=_cut_here", b"\n--=_cut_hare")),
        "mail: a header's name that is none": ("none of them", changed(s["qp.eml"], (b"Transfer-Enc", b"Transfer-En\xc3"))),
        "mail: unknown coding": ("unknown transfer coding", changed(s["qp.eml"], (b"quoted-printable", b"q5oted-printable"))),
        "mail: a letter of the coding's header": ("two hexadecimal digits", changed(s["qp.eml"], (b"Transfer-Enc", b"Transfer-Eoc"), (b"line 1 of", b"line=1 of"))),
        "mail: uuencode that never begins": ("none begins", changed(s["uu.eml"], (b"begin 644", b"bogin 644"))),
        "mail: uuencode cut": ("uuencode without an end", changed(s["uu.eml"], (b"\nend\n", b"\n"))),
        "mail: yEnc without a beginning": ("beginning is not there", changed(s["yenc.eml"], (b"=ybegin", b"=ybegun"))),
        "mail: yEnc, wrong checksum": ("wrong checksum", changed(s["yenc.eml"], (b" crc32=", b" crc32=f"))),
        "uuencode whose first line is damaged": ("none of it", at(s["text.uu"], 30, b"\x7f")),
        "tnef: wrong checksum": ("wrong checksum", changed(tnef, (MARK, gone))),
        "tnef: unknown attribute": ("no known kind", changed(tnef, (b"\x02\x0f\x80\x06\x00", b"\x02\x0e\x80\x06\x00"))),
        "binhex: wrong checksum": ("checksum of a fork", changed(s["binhex.hqx"], (s["binhex.hqx"][300:304], s["binhex.hqx"][303:299:-1]))),
        "rtf: a letter among the digits": ("something but digits", changed(rtf, (MARK.hex().encode(), b"x" + MARK.hex().encode()[1:]))),
        "rtf: half a byte": ("half a byte", changed(rtf, (MARK.hex().encode(), MARK.hex().encode()[1:]))),
        "rtf: a size that is too large": ("shorter than its header", changed(rtf, (struct.pack("<I", len(d.ole1_package("m.bin", BINARY)) - 32).hex().encode(), b"ffff0000"))),
        "rtf: an object without data": ("without its data", changed(rtf, (b"\\objdata", b"\\objdota"))),
        "rtf: a group that never ends": ("ends within a group", rtf[:-1]),
        "ole2: a package's size": ("sizes don't fit", changed(s["package.doc"], (struct.pack("<I", len(BINARY)) + MARK, b"\x10\0\0\0" + MARK))),
        "ppt: a record beyond the end": ("goes beyond its end", at(s["object.ppt"], 574, b"\xff")),
        "onenote: no end mark": ("not where its size says", changed(one, (b"\x22\xa7\xfb\x71", b"\x22\xa7\xfb\x72"))),
        "onenote: an end without a file": ("beginning is not there", changed(one, (b"\xe7\x16\xe3\xbd", b"\xe7\x16\xe3\xbe"))),
        "onenote: cut": ("shorter than its header", one[:900]),
        "swf: no end tag": ("without its end tag", at(s["fws.swf"], 4, struct.pack("<I", len(s["fws.swf"]) - 2))[:-2]),
        "swf: an end tag too early": ("before the end", at(s["fws.swf"], 14, b"\0\0")),
        "swf: length": ("shorter than its header", at(s["fws.swf"], 5, b"\x7f")),
        "xml: tags that don't match": ("don't match", changed(s["word.xml"], (b"<w:binData", b"<w:binDatx"))),
        "xml: cut": ("before its first element", s["word.xml"][:-4]),
        "xml: alien bytes": ("none of it", changed(s["word.xml"], (b">\nb3Z", b">\nb!Z"))),
        "pdf: no end": ("no end", pdf[:-3]),
        "pdf: an object's beginning": ("beginning is not there", changed(pdf, (b"2 0 obj", b"2 0 obk"))),
        "pdf: a stream's beginning": ("beginning of its stream", changed(pdf, (b"\nstream", b"\nstraem"))),
        "pdf: a stream within its dictionary": ("beginning of its stream", changed(pdf, (b"File  >>", b"File  %>"))),
        "pdf: no length": ("no length", changed(pdf, (b"/Length", b"/Lengts"))),
        "pdf: filters of another object": ("not named here", changed(s["flate.pdf"], (b"/Filter /FlateDecode", b"/Filter 9 0 R       "))),
        "pdf: a filter of no key": ("not named here", changed(s["flate.pdf"], (b"/Filter", b"/Fikter"))),
        "pdf: alien bytes in digits": ("damaged", changed(s["hex.pdf"], (MARK.hex().encode(), b"!" + MARK.hex().encode()[1:]))),
        "page: an address without an end": ("ends within it", s["page.html"][:200]),
        "page: alien bytes in an address": ("none of it", changed(s["page.html"], (b"base64,b3Zl", b"base64,b&Zl"))),
        "script: no end": ("it has no end", script[:-2]),
        "script: wrong checksum": ("checksum is wrong", changed(script, (b"KNnN", b"KNnO"))),
        "gpt: wrong checksum": ("checksum of the partition table", at(s["disk.gpt"], 584, b"\x09")),
        "apm: fewer partitions": ("stand behind its last one", at(s["disk.apm"], 519, b"\x01")),
        "zip: a stored member's checksum": ("CRC-32 does not match", changed(s["stored.zip"], (MARK, gone))),
        "zip: behind other data": ("CRC-32 does not match", changed(s["y_junk_before.zip"], (b"Hello from", b"Jello from"))),
        "tar: no end": ("no end", s["one.tar"][:2048]),
        "ar: a table beyond the end": ("beyond the end", s["y_gnu.a"][:118]),
        "cpio: no trailer": ("cut short", s["y_newc.cpio"][:300]),
        "cpio: a size that is too large": ("beyond the end", changed(s["y_odc.cpio"], (b"00000000025", b"00000070025"))),
        "warc: another end than told": ("not where its length says", changed(s["y_one.warc"], (b"Content-Length: 21", b"Content-Length: 20"))),
        "rpm: no payload": ("no packed archive", changed(s["y_gzip.rpm"], (b"\x1f\x8b", b"\x1f\x8c"))),
        "rar4: a stored member's checksum": ("CRC-32 does not match", changed(s["y_stored4.rar"], (b"Hello", b"Jello"))),
        "rar5: a stored member's checksum": ("CRC-32 does not match", changed(s["y_stored5.rar"], (b"Hello", b"Jello"))),
        "rar5: no end": ("no end", s["y_stored5.rar"][:-8]),
        "rar5: a broken block": ("block of it is broken", s["y_stored5.rar"][:30]),
    }
