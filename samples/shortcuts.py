"""Shell links ([MS-SHLLINK]) for tests, byte by byte. Harmless: nothing here starts them, and their targets do not exist."""
import struct
import uuid

CLSID = uuid.UUID("00021401-0000-0000-c000-000000000046").bytes_le
FLAGS = {"idlist": 1, "info": 2, "name": 4, "relative": 8, "workdir": 16, "arguments": 32, "icon": 64, "unicode": 128}
STRINGS = ("name", "relative", "workdir", "arguments", "icon")
EPOCH = 116444736000000000


def filetime(seconds):
    return EPOCH + seconds * 10000000 if seconds is not None else 0


def header(flags, attributes=0x20, times=(1600000000, 1600000100, 1600000200), size=4096, icon_index=0, show=1, hotkey=0):
    return (struct.pack("<I", 76) + CLSID + struct.pack("<II", flags, attributes) + b"".join(struct.pack("<Q", filetime(t)) for t in times)
            + struct.pack("<IiIHHII", size, icon_index, show, hotkey, 0, 0, 0))


def id_list(*items):
    body = b"".join(struct.pack("<H", len(i) + 2) + i for i in items) + b"\0\0"
    return struct.pack("<H", len(body)) + body


def volume_id(drive=3, serial=0x1234abcd, label=b"DISK", wide=None):
    if wide is None:
        data, at = label + b"\0", 16
        return struct.pack("<IIII", 16 + len(data), drive, serial, at) + data
    data = wide.encode("utf-16le") + b"\0\0"
    return struct.pack("<IIIII", 20 + len(data), drive, serial, 0x14, 20) + data


def network(share=b"\\\\server\\share", device=b"Z:", provider=0x20000):
    flags = (1 if device is not None else 0) | 2
    at = 20
    body = share + b"\0"
    device_at = at + len(body) if device is not None else 0
    body += (device + b"\0") if device is not None else b""
    return struct.pack("<IIIII", 20 + len(body), flags, at, device_at, provider) + body


def link_info(volume=None, base=b"C:\\Windows\\notepad.exe", suffix=b"", net=None, wide_base=None, wide_suffix=None):
    wide = wide_base is not None or wide_suffix is not None
    head = 0x24 if wide else 0x1c
    flags = (1 if volume is not None else 0) | (2 if net is not None else 0)
    parts, at = [], head

    def add(data):
        nonlocal at
        if data is None:
            return 0
        parts.append(data)
        at += len(data)
        return at - len(data)

    volume_at = add(volume)
    base_at = add(base + b"\0" if volume is not None else None)
    net_at = add(net)
    suffix_at = add(suffix + b"\0")
    fields = [head, flags, volume_at, base_at, net_at, suffix_at]
    if wide:
        fields.append(add(wide_base.encode("utf-16le") + b"\0\0" if wide_base is not None else None))
        fields.append(add(wide_suffix.encode("utf-16le") + b"\0\0" if wide_suffix is not None else None))
    return struct.pack("<I", at) + struct.pack("<%dI" % len(fields), *fields) + b"".join(parts)


def text(s, unicode=True):
    raw = s.encode("utf-16le") if unicode else s.encode("cp1252")
    return struct.pack("<H", len(raw) // 2 if unicode else len(raw)) + raw


def block(signature, data):
    return struct.pack("<II", 8 + len(data), signature) + data


def tracker(machine=b"made-up-host", volume=1, file=2, birth_volume=3, birth_file=4):
    ids = b"".join(uuid.UUID(int=0x00112233445566778899aabbccddee00 + i).bytes_le for i in (volume, file, birth_volume, birth_file))
    return block(0xa0000003, struct.pack("<II", 0x58, 0) + machine.ljust(16, b"\0") + ids)


def environment(target, signature=0xa0000001):
    return block(signature, target.encode("cp1252").ljust(260, b"\0") + target.encode("utf-16le").ljust(520, b"\0"))


def lnk(idlist=None, info=None, unicode=True, blocks=(), end=b"\0\0\0\0", overlay=b"", more_flags=0, head=None, **strings):
    """A shell link. `strings`: any of STRINGS; `head`: arguments of header()."""
    flags = more_flags | (FLAGS["unicode"] if unicode else 0)
    flags |= FLAGS["idlist"] if idlist is not None else 0
    flags |= FLAGS["info"] if info is not None else 0
    body = (idlist or b"") + (info or b"")
    for key in STRINGS:
        if key in strings:
            flags |= FLAGS[key]
            body += text(strings[key], unicode)
    return header(flags, **(head or {})) + body + b"".join(blocks) + end + overlay


def samples():
    """name, bytes: one of everything that the format has."""
    full = lnk(idlist=id_list(b"\x1f\x50" + bytes(16), b"\x2fC:\\".ljust(23, b"\0")),
               info=link_info(volume_id(), suffix=b"tail.txt"), name="A note", relative="..\\notepad.exe", workdir="C:\\Windows",
               arguments="/c echo harmless", icon="%SystemRoot%\\system32\\shell32.dll",
               blocks=(tracker(), environment("%windir%\\notepad.exe"), environment("%windir%\\n.ico", 0xa0000007),
                       environment("darwin-product", 0xa0000006), block(0xa0000004, struct.pack("<I", 1252)),
                       block(0xa0000005, struct.pack("<II", 37, 221)),
                       block(0xa000000b, uuid.UUID("1ac14e77-02e7-4e5d-b744-2eb1ae5198b7").bytes_le + struct.pack("<I", 5)),
                       block(0xa0000008, "WinXPSP3".encode("utf-16le").ljust(0x80, b"\0")),
                       block(0xa0000009, b"\0\0\0\0"), block(0xa000000c, id_list(b"\x1f\x50" + bytes(16))[2:]),
                       block(0xa0000002, struct.pack("<HHHHHHHHII", 7, 0xf5, 80, 300, 80, 25, 0, 0, 0, 0)
                             + struct.pack("<III", 0x100000, 54, 400) + "Consolas".encode("utf-16le").ljust(64, b"\0")
                             + struct.pack("<IIIIIIIII", 25, 0, 1, 1, 0, 50, 4, 0, 0) + bytes(64 - 4))),
               head=dict(icon_index=-3, show=7, hotkey=0x0641, attributes=0x22))
    yield "full", full
    yield "minimal", lnk()
    yield "ansi", lnk(unicode=False, name="caf\xe9", arguments="-x", info=link_info(volume_id(label=b"caf\xe9"), base=b"D:\\\xe9.exe"))
    yield "wide_info", lnk(info=link_info(volume_id(wide="L\xe4bel"), wide_base="C:\\W\xefde.exe", wide_suffix="s\xfc.txt"))
    yield "network", lnk(info=link_info(None, net=network(), suffix=b"dir\\file.txt"), arguments="")
    yield "overlay", lnk(arguments="x", overlay=b"appended bytes")
    yield "no_times", lnk(head=dict(times=(None, None, None), size=0, show=3))
    yield "no_end", lnk(name="n", end=b"")
    yield "early_end", lnk(name="n", end=b"\0\0")
    yield "odd_end", lnk(name="n", end=b"\3\0\0\0", overlay=b"more")
    yield "unknown_block", lnk(blocks=(block(0xa00000ff, b"what"), tracker()))
    yield "long", lnk(arguments=" " * 3000 + "far away")
