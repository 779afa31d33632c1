"""Tiny files of our own making, shared by the case files and the random runs."""
import io
import struct
import zipfile


def h(text):
    return (text if isinstance(text, bytes) else text.encode()).hex()


def tiny_pe(sections=((b'.text', b'\x90' * 100 + b'ENTRYCODE' + b'\xc3' * 403),
                      (b'.data', b'somedata' * 64)), entry=100):
    """A PE32 of a few sections that loaders would accept, made from the published layout."""
    align, header = 512, 1024
    dos = b'MZ' + b'\0' * 58 + struct.pack('<I', 64)
    coff = b'PE\0\0' + struct.pack('<HHIIIHH', 0x14c, len(sections), 0, 0, 0, 224, 0x102)
    image = 0x1000 * (len(sections) + 1)
    opt = struct.pack('<HBBIIIIII', 0x10b, 8, 0, 512, 512, 0, 0x1000 + entry, 0x1000, 0x2000)
    opt += struct.pack('<IIIHHHHHHIIIIHHIIIIII', 0x400000, 0x1000, align, 4, 0, 0, 0, 4, 0, 0, image, header, 0, 3, 0,
                       0x100000, 0x1000, 0x100000, 0x1000, 0, 16)
    opt += b'\0' * 128
    table, body, off = b'', b'', header
    for i, (name, data) in enumerate(sections):
        data += b'\0' * (-len(data) % align)
        table += struct.pack('<8sIIIIIIHHI', name, len(data), 0x1000 * (i + 1), len(data), off, 0, 0, 0, 0, 0x60000020)
        body += data
        off += len(data)
    head = dos + coff + opt + table
    return head + b'\0' * (header - len(head)) + body


def zip_of(*members, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


# Control bytes keep files from being typed as text, which clamscan normalises. 256 bytes.
BIN = bytes([0, 1, 2, 3, 4, 5, 6, 14]) * 16 + bytes(range(128, 256))
