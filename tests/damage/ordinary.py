"""Ordinary mails in many shapes: all of them must be clean."""
import base64
import email.message
import email.policy
import quopri
import random

HEAD = "From: a@example.com\nTo: b@example.com\nSubject: s\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMIME-Version: 1.0\n"


def text(r, kind="plain"):
    words = " ".join("word%d" % r.randrange(100) for _ in range(r.randrange(1, 90)))
    charset = r.choice(["us-ascii", "utf-8", "iso-8859-1"])
    m = email.message.EmailMessage()
    if charset != "us-ascii":
        words += " \u00e9\u00e4 plain = sign =3D"
    m.set_content(words + "\n", subtype=kind, charset=charset, cte=r.choice(["7bit", "quoted-printable", "base64"] if charset == "us-ascii" else ["8bit", "quoted-printable", "base64"]))
    return m


def made(r):
    """One mail of Python's email package."""
    return message(r).as_bytes(policy=email.policy.SMTP if r.random() < .5 else email.policy.default)


def message(r):
    m = text(r)
    if r.random() < .5:
        m.add_alternative("<html><p>page = %d</p></html>\n" % r.randrange(99), subtype="html")
    for _ in range(r.randrange(4)):
        data = r.randbytes(r.randrange(400))
        m.add_attachment(data, maintype=r.choice(["application", "image"]), subtype=r.choice(["octet-stream", "x-any"]),
                         filename=r.choice(["a.bin", "n\u00e4me with blanks.dat", "x" * 70 + ".txt"]), cte="base64")
    if r.random() < .2:
        m.add_attachment(message(r))
    for name, value in (("From", "a@example.com"), ("To", "b@example.com"), ("Subject", "s\u00fcbject " * r.randrange(1, 9)), ("Date", "Thu, 1 Jan 2026 00:00:00 +0000")):
        if name not in m:
            m[name] = value
    if r.random() < .3 and m.is_multipart():
        m.preamble = r.choice(["", "This is a multi-part message in MIME format.\n", "\n"])
    if r.random() < .2 and m.is_multipart():
        m.epilogue = r.choice(["", "\n", "\n\n"])
    return m


def multipart(*parts, boundary="xx", kind="mixed"):
    return ("Content-Type: multipart/%s; boundary=%s\n\n" % (kind, boundary)
            + "".join("--%s\n%s\n" % (boundary, p) for p in parts) + "--%s--\n" % boundary)


def shapes():
    """What programs write and no reader stumbles over, by name."""
    attach = "Content-Type: application/octet-stream; name=a.bin\n"
    b64 = "Content-Transfer-Encoding: base64\n\n"
    qp = "Content-Transfer-Encoding: quoted-printable\n\n"
    line = base64.b64encode(bytes(range(200))).decode()
    yield "no multipart", HEAD + "\nhello\n"
    yield "no body", HEAD + "\n"
    yield "no blank line", HEAD
    yield "no MIME", "From: a@example.com\nTo: b@example.com\nSubject: s\n\nhello\n"
    yield "no last line end", HEAD + "\nhello"
    yield "lines of 998", HEAD + "\n" + ("x" * 998 + "\n") * 4
    yield "flowed", HEAD + "Content-Type: text/plain; format=flowed\n\nsome text \nthat flows \n> quoted \n-- \nme\n"
    yield "empty preamble", HEAD + multipart(attach + b64 + line)
    yield "no line end behind the end", HEAD + multipart(attach + b64 + line)[:-1]
    yield "text behind the end", HEAD + multipart("\nhi") + "\n_____\na list's footer\n"
    yield "empty parts", HEAD + multipart("\n", attach + b64, "Content-Type: text/plain\n")
    yield "base64 in one line", HEAD + multipart(attach + b64 + base64.b64encode(bytes(range(200)) * 30).decode())
    yield "base64 without padding", HEAD + multipart(attach + b64 + base64.b64encode(b"0123456").decode().rstrip("="))
    yield "base64 in short lines", HEAD + multipart(attach + b64 + "\n".join(line[i:i + 7] for i in range(0, len(line), 7)))
    yield "base64 with blanks", HEAD + multipart(attach + b64 + "  " + line.replace("g", "g ") + " \n\n")
    yield "base64 alone", HEAD + b64 + line
    yield "qp that ends in a soft break", HEAD + multipart(qp + "soft=\nbreak=")
    yield "qp with blanks before a break", HEAD + qp + "soft= \t\nbreak=20\n"
    yield "qp with small letters", HEAD + qp + "=c3=a9 =3d\n"
    yield "qp by Python", HEAD + qp + quopri.encodestring(bytes(range(256))).decode("latin-1")
    yield "signature of a mail program", HEAD + "\nbye\n-- \nbegin 644 is how uuencode starts\n--\nme\n"
    yield "dashes in a text", HEAD + multipart("\n--\n-- \n--xxx\n----\n--xx y\n")
    yield "an answer that quotes", HEAD + "\nOn Monday a@b.c wrote:\n> Content-Type: text/plain\n> hello\n"
    yield "a boundary in quotes with blanks", HEAD + 'Content-Type: multipart/mixed; boundary="a b  c"\n\n--a b  c\n\nhi\n--a b  c--\n'
    yield "a long boundary", HEAD + multipart("\nhi", boundary="=_" + "b" * 68)
    yield "deep", HEAD + multipart(multipart(multipart("\nhi", boundary="cc"), boundary="bb", kind="related"), "\nyo")
    yield "boundaries that begin alike", HEAD + multipart(multipart("\nhi", boundary="xxx"), "\nyo")
    yield "sloppy names of no coding", HEAD + 'Content-Transfer-Encoding: "8 Bit"\n\nhi\n'
    yield "a bounce with headers", HEAD + multipart("\nnot delivered", "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; b\nAction: failed\n",
                                                    "Content-Type: text/rfc822-headers\n\n" + HEAD + "Content-Type: multipart/mixed; boundary=zz\n", kind="report; report-type=delivery-status")
    yield "a bounce with a message of headers only", HEAD + multipart("\nnot delivered", "Content-Type: message/rfc822\n\n" + HEAD + "Content-Type: multipart/mixed; boundary=zz\n", kind="report")
    yield "a digest", HEAD + multipart("\nSubject: one\n\nhi\n", "\nSubject: two\n\nyo\n", kind="digest")
    yield "a mailbox", "".join("From a@b.c Thu Jan  1 00:00:00 2026\n" + HEAD + multipart("\nFrom here on\n>From there", attach + b64 + line) + "\n" for _ in range(3))
    yield "uuencode", HEAD + "\nsee\n\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\n\nbye\n"
    yield "uuencode that lost blanks", HEAD + "\nbegin 644 a.txt\n#\n%:&5L;&\\\n \nend\n"
    yield "yEnc", HEAD.encode() + b"\n=ybegin line=128 size=5 name=y.txt\r\n\x92\x8f\x96\x96\x99\r\n=yend size=5 crc32=3610a686\r\n"


def mails(n=200, seed=1):
    """Name -> bytes."""
    r = random.Random(seed)
    out = {"made-%03d" % i: made(r) for i in range(n)}
    for name, data in shapes():
        data = data if isinstance(data, bytes) else data.encode()
        out[name.replace(" ", "-")] = data
        if b"\r" not in data:
            out[name.replace(" ", "-") + "-crlf"] = data.replace(b"\n", b"\r\n")
    return out
