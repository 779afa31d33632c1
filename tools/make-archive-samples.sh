#!/bin/bash
# Makes the archive samples of tests/data/archives again: tools/make-archive-samples.sh [FOLDER]
# The samples are committed; tests never run this. It needs: 7z zip tar bsdtar genisoimage cpio ar compress xz bzip2 gzip
# zstd lz4 python3. What no tool here writes (RAR, LHA, CAB, RPM, broken and hostile files) is put together by hand below.
#
# Names tell the verdict: y_* opens whole, n_* must be noted as not fully read, i_* either.
set -euo pipefail
out=$(realpath "${1:-$(dirname "$0")/../tests/data/archives}")
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export TZ=UTC LC_ALL=C.UTF-8

echo "Hello from a sample." >hello.txt
seq 1 400 >numbers.txt
{ seq 1 400; head -c 40000 /dev/zero | tr '\0' x; seq 1 400; } >wide.txt # needs a window of more than 32 KiB
mkdir folder
echo "In a folder." >folder/inside.txt
long=$(printf 'n%.0s' $(seq 1 120)).txt
echo "A long name." >"$long"
truncate -s 1M sparse
printf 'island one' | dd of=sparse bs=1 seek=65536 conv=notrunc status=none
printf 'island two' | dd of=sparse bs=1 seek=524288 conv=notrunc status=none
find . -exec touch -d '2024-01-01 00:00:00' {} +

# zip
zip -qX9 "$out/y_deflate.zip" numbers.txt folder/ folder/inside.txt
zip -qX0 "$out/y_stored.zip" hello.txt folder/inside.txt
for m in Deflate64 BZip2 LZMA; do 7z a -tzip -mm=$m -bso0 -mtc=off "$out/y_${m,,}.zip" wide.txt hello.txt; done
7z a -tzip -mm=PPMd -bso0 -mtc=off "$out/n_ppmd.zip" numbers.txt
7z a -tzip -mem=AES256 -psecret -bso0 -mtc=off "$out/n_aes.zip" numbers.txt
zip -qX -P secret "$out/n_zipcrypto.zip" numbers.txt
zip -qX - - <numbers.txt >"$out/y_stream.zip"

# codings
gzip -n9c numbers.txt >"$out/y_one.gz"
{ gzip -n9c hello.txt; gzip -n9c /dev/null; gzip -n9c numbers.txt; head -c 64 /dev/zero; } >"$out/y_members.gz"
{ bzip2 -9c hello.txt; bzip2 -1c numbers.txt; } >"$out/y_two.bz2"
{ xz -c hello.txt; head -c 8 /dev/zero; xz -c --check=sha256 numbers.txt; } >"$out/y_two.xz"
xz --format=lzma -c wide.txt >"$out/y_one.lzma"
{ zstd -qc hello.txt; printf '\x50\x2a\x4d\x18\x04\0\0\0skip'; zstd -q19c wide.txt; } >"$out/y_frames.zst"
{ lz4 -qc hello.txt; lz4 -qcl numbers.txt; lz4 -q9c wide.txt; } >"$out/y_mixed.lz4"
for b in 10 12 16; do compress -b $b -c wide.txt >"$out/y_$b.Z"; done
seq 1 6000 | compress -b 11 -c >"$out/y_clear.Z" # fills the table and clears it

# tar
t=(--owner=0 --group=0 --numeric-owner --mtime=@0 -b1)
tar "${t[@]}" --format=v7 -cf "$out/y_v7.tar" hello.txt folder
tar "${t[@]}" --format=ustar -cf "$out/y_ustar.tar" hello.txt folder
tar "${t[@]}" -S --format=gnu -cf "$out/y_gnu.tar" "$long" sparse
tar "${t[@]}" --format=pax --pax-option=delete=atime,delete=ctime -cf "$out/y_pax.tar" "$long"
for v in 0.0 0.1 1.0; do
	tar "${t[@]}" -S --format=pax --pax-option=delete=atime,delete=ctime,exthdr.name=%f --sparse-version=$v \
		-cf "$out/y_sparse_$v.tar" sparse
done
ln -s hello.txt link
ln hello.txt twin
tar "${t[@]}" --format=gnu -cf "$out/y_links.tar" hello.txt link twin
tar "${t[@]}" --format=gnu -cf a.tar hello.txt
{ cat a.tar; head -c 2048 /dev/zero; tar "${t[@]}" -cf - numbers.txt; } >"$out/y_after_end.tar"
{ head -c 1536 "$out/y_ustar.tar"; printf 'damage' ; head -c 506 /dev/zero; tar "${t[@]}" -cf - numbers.txt; } >"$out/n_damaged.tar"
rm link twin

# the rest
ar rcD "$out/y_gnu.a" hello.txt "$long" numbers.txt
7z a -bso0 -mtm=off -mx=9 "$out/y_lzma2.7z" hello.txt folder numbers.txt
7z a -bso0 -mtm=off -m0=PPMd "$out/y_ppmd.7z" numbers.txt
7z a -bso0 -mtm=off -m0=Deflate64 "$out/n_deflate64.7z" numbers.txt
7z a -bso0 -mtm=off -psecret "$out/n_encrypted.7z" hello.txt
7z a -bso0 -mtm=off -psecret -mhe=on "$out/n_header.7z" hello.txt
for f in newc odc bin crc; do printf '%s\n' hello.txt folder folder/inside.txt | cpio --quiet --reproducible -o -H $f >"$out/y_$f.cpio"; done
bsdtar --uid 0 --gid 0 --format=xar -cf "$out/y_one.xar" hello.txt folder/inside.txt
bsdtar --format=warc -cf "$out/y_one.warc" hello.txt
genisoimage -quiet -J -R -no-pad -graft-points hello.txt=hello.txt "$long=$long" 2>/dev/null | gzip -n9 >"$out/y_rock.iso.gz"

python3 - "$out" <<'PY'
import bz2, io, lzma, os, struct, subprocess, sys, zipfile, zlib
out = sys.argv[1]
hello, numbers = open('hello.txt', 'rb').read(), open('numbers.txt', 'rb').read()

def save(name, *parts):
    open(os.path.join(out, name), 'wb').write(b''.join(parts))

def deflate(b):
    c = zlib.compressobj(9, zlib.DEFLATED, -15)
    return c.compress(b) + c.flush()

def local(name, data, method=0, flags=0, crc=None, packed=None, plain=None, body=None, extra=b''):
    body = data if body is None else body
    return struct.pack('<4s5HIIIHH', b'PK\3\4', 20, flags, method, 0, 33, zlib.crc32(data) if crc is None else crc,
                       len(body) if packed is None else packed, len(data) if plain is None else plain,
                       len(name), len(extra)) + name + extra + body

def central(name, data, at, method=0, flags=0, crc=None, packed=None, plain=None, body=None, extra=b'', disk=0):
    body = data if body is None else body
    return struct.pack('<4s6HIIIHHHHHII', b'PK\1\2', 20, 20, flags, method, 0, 33,
                       zlib.crc32(data) if crc is None else crc, len(body) if packed is None else packed,
                       len(data) if plain is None else plain, len(name), len(extra), 0, disk, 0, 0, at) + name + extra

def end(n, size, at, comment=b'', disk=0):
    return struct.pack('<4s4HIIH', b'PK\5\6', disk, 0, n, n, size, at, len(comment)) + comment

def plain_zip(members, comment=b'', shift=0):
    body, cd = b'', b''
    for name, data in members:
        cd += central(name, data, len(body) + shift)
        body += local(name, data)
    return body + cd + end(len(members), len(cd), len(body) + shift, comment)

def coded(name, number, body):
    l = local(b'numbers.txt', numbers, number, body=body)
    c = central(b'numbers.txt', numbers, 0, number, body=body)
    save(name, l, c, end(1, len(c), len(l)))

def tool(*argv, data):
    return subprocess.run(argv, input=data, stdout=subprocess.PIPE, check=True).stdout

coded('y_zstd.zip', 93, tool('zstd', '-qc', data=numbers))
coded('y_xz.zip', 95, lzma.compress(numbers))
coded('n_implode_cut.zip', 6, b'\0' * 40)

def implode(data, flags):
    """Literals, then one match of all that was written before, with trees of codes of one length each."""
    tree64, tree256 = b'\x03' + b'\xf5' * 4, b'\x0f' + b'\xf7' * 16
    bits, n = 0, 0
    def put(v, k):
        nonlocal bits, n
        bits |= v << n; n += k
    def code(sym, k):
        for i in reversed(range(k)):
            put(1 ^ (sym >> i & 1), 1)
    low = 7 if flags & 2 else 6
    for b in data:
        put(1, 1)
        code(b, 8) if flags & 4 else put(b, 8)
    put(0, 1); put((len(data) - 1) & (1 << low) - 1, low); code(len(data) - 1 >> low, 6)
    code(len(data) - (3 if flags & 4 else 2), 6)
    return (tree256 if flags & 4 else b'') + tree64 + tree64 + bits.to_bytes((n + 7) // 8, 'little')

for name, flags in (('y_implode.zip', 0), ('y_implode_trees.zip', 6)):
    body = implode(hello, flags)
    l = local(b'twice.txt', hello * 2, 6, flags, body=body)
    c = central(b'twice.txt', hello * 2, 0, 6, flags, body=body)
    save(name, l, c, end(1, len(c), len(l)))

# SZDD: literals, then matches that repeat them (window position 4096 - 16 at the start)
body = b''
for i in range(0, 24, 8):
    body += bytes([0xff if i < 16 else 0x1f]) + hello[i:i + 8]
at = 4096 - 16
body += bytes([at & 255, at >> 4 & 0xf0 | 15]) + bytes([at + 18 & 255, at + 18 >> 4 & 0xf0 | 0])
save('y_twice.ex_', b'SZDD\x88\xf0\x27\x33A\0', struct.pack('<I', 2 * len(hello)), body)
save('n_size.ex_', b'SZDD\x88\xf0\x27\x33A\0', struct.pack('<I', 999), body)
coded('n_shrink.zip', 1, b'\0' * 40)
ok = plain_zip([(b'hello.txt', hello)])
save('y_empty.zip', end(0, 0, 0))
save('y_junk_before.zip', b'MK stub ' * 8, ok)
save('y_junk_before_absolute.zip', b'stub' * 16, plain_zip([(b'hello.txt', hello)], shift=64))
save('y_end_in_comment.zip', plain_zip([(b'hello.txt', hello)], comment=b'see ' + end(1, 50, 7) + b' there'))
save('y_names.zip', plain_zip([(b'../../etc/x', hello), (b'a\0b', hello), (b'C:\\x\xff', hello), (b'', hello)]))
save('n_junk_after.zip', ok, b'j' * 70000)
save('n_no_directory.zip', local(b'hello.txt', hello), local(b'numbers.txt', numbers, 8, body=deflate(numbers)))
z = deflate(numbers)
save('n_no_directory_stream.zip', local(b'numbers.txt', numbers, 8, 8, 0, 0, 0, z), b'PK\7\x08',
     struct.pack('<III', zlib.crc32(numbers), len(z), len(numbers)),
     local(b'hello.txt', hello, 0, 8, 0, 0, 0), b'PK\7\x08', struct.pack('<III', zlib.crc32(hello), len(hello), len(hello)))
hidden = local(b'hidden.txt', b'hidden')
l = local(b'hello.txt', hello)
c = central(b'hello.txt', hello, len(hidden))
save('y_hidden.zip', hidden, l, c, end(1, len(c), len(hidden) + len(l)))
l = local(b'numbers.txt', numbers, 8, body=z)
def one(name, **kw):
    args = dict(method=8, body=z); args.update(kw)
    c = central(b'numbers.txt', numbers, args.pop('at', 0), **args)
    save(name, l, c, end(1, len(c), len(l), disk=args.get('disk', 0)))
one('n_crc.zip', crc=1)
one('n_size.zip', plain=5)
one('n_packed.zip', packed=len(z) - 9)
one('n_two_methods.zip', method=0)
one('n_offset.zip', at=99999)
one('n_other_volume.zip', disk=3)
one('n_flag_differs.zip', flags=1)
c = central(b'one', numbers, 0, 8, body=z) + central(b'two', numbers, 0, 8, body=z)
save('n_overlap.zip', l, c, end(2, len(c), len(l)))
l2 = local(b'big', hello, packed=0xffffffff, plain=0xffffffff, extra=struct.pack('<HHQQ', 1, 16, len(hello), len(hello)))
c2 = central(b'big', hello, 0xffffffff, packed=0xffffffff, plain=0xffffffff,
             extra=struct.pack('<HHQQQ', 1, 24, len(hello), len(hello), 0))
save('y_zip64.zip', l2, c2, struct.pack('<4sQHHIIQQQQ', b'PK\6\6', 44, 45, 45, 0, 0, 1, 1, len(c2), len(l2)),
     struct.pack('<4sIQI', b'PK\6\7', 0, len(l2) + len(c2), 1), end(0xffff, 0xffffffff, 0xffffffff))
b = bytearray(l); b[60] ^= 0x55
save('n_broken_deflate.zip', bytes(b), central(b'numbers.txt', numbers, 0, 8, body=z), end(1, 57, len(l)))

# gzip with every optional field; a false CRC; bytes after the end; many empty members
head = b'\x1f\x8b\x08\x1e\0\0\0\0\0\xff' + struct.pack('<H', 4) + b'XX\0\0' + b'na\xefme.txt\0' + b'comment\0'
tail = struct.pack('<II', zlib.crc32(hello), len(hello))
save('y_fields.gz', head, struct.pack('<H', zlib.crc32(head) & 0xffff), deflate(hello), tail)
plain = b'\x1f\x8b\x08\0\0\0\0\0\0\xff'
save('n_crc.gz', plain, deflate(hello), struct.pack('<II', 1, len(hello)))
save('y_trailer.gz', plain, deflate(hello), tail, b'\0' * 5 + ok)
save('y_empty_members.gz', (plain + deflate(b'') + b'\0' * 8) * 40)

# BSD ar: names in the body
def ar(*members):
    r = b'!<arch>\n'
    for name, data in members:
        n = b'#1/%d' % len(name)
        r += b'%-16s%-12d%-6d%-6d%-8o%-10d`\n' % (n, 0, 0, 0, 0o644, len(name) + len(data)) + name + data
        r += b'\n' if len(r) % 2 else b''
    return r
save('y_bsd.a', ar((b'hello world.txt\0\0\0\0\0', hello), (b'numbers.txt\0', numbers)))
save('n_cut.a', ar((b'hello.txt\0\0\0', hello))[:-9])

# cpio, old binary, bytes swapped
h = bytearray(open(os.path.join(out, 'y_bin.cpio'), 'rb').read())
at = 0
while True:
    n, = struct.unpack('<H', h[at + 20:at + 22])
    hi, lo = struct.unpack('<HH', h[at + 22:at + 26])
    name = bytes(h[at + 26:at + 26 + n])
    for i in range(at, at + 26, 2):
        h[i], h[i + 1] = h[i + 1], h[i]
    size = hi << 16 | lo
    at += 26 + n + n % 2 + size + size % 2
    if name == b'TRAILER!!!\0':
        break
save('y_bin_be.cpio', bytes(h))

# CAB, one folder, stored (MS-CAB 2.2)
def cab(name, data, flags=0):
    cfdata = struct.pack('<IHH', 0, len(data), len(data)) + data
    cffile = struct.pack('<IIHHHH', len(data), 0, 0, 0x5821, 0, 0x20) + name + b'\0'
    base = 36 + 8
    cffolder = struct.pack('<IHH', base + len(cffile), 1, 0)
    size = base + len(cffile) + len(cfdata)
    return struct.pack('<4sIIIIIBBHHHHH', b'MSCF', 0, size, 0, base, 0, 3, 1, 1, 1, flags, 7, 0) + cffolder + cffile + cfdata
save('y_stored.cab', cab(b'hello.txt', hello))
save('n_cut.cab', cab(b'hello.txt', hello)[:-7])

# RAR 2.9/4 (technote.txt), stored, and RAR 5, stored
def rar4(name, data, flags=0):
    def block(kind, fl, rest, body=b''):
        h = struct.pack('<BHH', kind, fl, 7 + len(rest)) + rest
        return struct.pack('<H', zlib.crc32(h) & 0xffff) + h + body
    f = struct.pack('<IIBIIBBHI', len(data), len(data), 3, zlib.crc32(data), 0x58210000, 20, 0x30, len(name), 0o100644) + name
    return b'Rar!\x1a\7\0' + block(0x73, 0, b'\0' * 6) + block(0x74, 0x8000 | flags, f, data) + block(0x7b, 0x4000, b'')
save('y_stored4.rar', rar4(b'hello.txt', hello))
save('n_encrypted4.rar', rar4(b'hello.txt', hello, 4))
def vint(v):
    r = b''
    while v > 127:
        r += bytes([v & 127 | 128]); v >>= 7
    return r + bytes([v])
def rar5(name, data):
    def block(rest):
        h = vint(len(rest)) + rest
        return struct.pack('<I', zlib.crc32(h)) + h
    f = vint(2) + vint(2) + vint(len(data)) + vint(4) + vint(len(data)) + vint(0o100644) + struct.pack('<I', zlib.crc32(data)) \
        + vint(0) + vint(1) + vint(len(name)) + name
    return b'Rar!\x1a\7\1\0' + block(vint(1) + vint(0) + vint(0)) + block(f) + data + block(vint(5) + vint(0) + vint(0))
save('y_stored5.rar', rar5(b'hello.txt', hello))

# LHA, level 0 header, stored
def crc16(b):
    c = 0
    for x in b:
        c ^= x
        for _ in range(8):
            c = c >> 1 ^ (0xa001 if c & 1 else 0)
    return c
h = b'-lh0-' + struct.pack('<III', len(hello), len(hello), 0x58210000) + b'\x20\0' + bytes([9]) + b'hello.txt' + struct.pack('<H', crc16(hello))
save('y_stored.lzh', bytes([len(h), sum(h) & 255]), h, hello, b'\0')

# RPM: lead, empty signature header, empty header, coded cpio
lead = struct.pack('>4sBBHH66sHH16s', b'\xed\xab\xee\xdb', 3, 0, 0, 1, b'sample', 1, 5, b'')
header = b'\x8e\xad\xe8\1\0\0\0\0' + struct.pack('>II', 0, 0)
cpio = open(os.path.join(out, 'y_newc.cpio'), 'rb').read()
import gzip
save('y_gzip.rpm', lead, header, header, gzip.compress(cpio, 9, mtime=0))
save('y_xz.rpm', lead, header, header, lzma.compress(cpio))
PY
find "$out" -type f | wc -l
