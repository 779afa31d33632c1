/*
 * Types told by bytes at fixed places.
 *
 * `first` holds the marks at offset 0, sorted by their first byte, so that a file is compared with
 * the few rows of its own first byte only; `inner` holds marks further inside the head, `far` those
 * beyond it. A row may name a check for what the mark alone does not settle. Sources: each format's
 * own document, see docs/formats/types.md.
 */
#include <string.h>

#include "type_int.h"

typedef bool (*check_fn)(const struct ov_probe *p, enum ov_type *t);

struct magic {
	uint32_t off;
	uint8_t n;
	uint8_t bytes[23];
	enum ov_type type;
	check_fn check; /* NULL: the mark is enough. May change *t */
};

/* MZ, "BM" and other short marks are weak; the checks below ask for a header that makes sense. */

static bool is_bmp(const struct ov_probe *p, enum ov_type *t)
{
	const uint32_t dib = ov_probe_u32le(p, 14);

	(void)t;
	return ov_probe_u32le(p, 6) == 0 && ov_probe_u32le(p, 10) >= 26 && dib >= 12 && dib <= 124;
}

static bool is_gzip(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return (ov_probe_u8(p, 3) & 0xe0) == 0; /* RFC 1952 2.3.1.2: reserved FLG bits are zero */
}

static bool is_bzip(const struct ov_probe *p, enum ov_type *t)
{
	const uint8_t level = ov_probe_u8(p, 3);

	(void)t;
	return level >= '1' && level <= '9' &&
	       (ov_probe_is(p, 4, "\x31\x41\x59\x26\x53\x59") ||
		ov_probe_is(p, 4, "\x17\x72\x45\x38\x50\x90"));
}

/* Byte 2 of a compress(1) file: 5 bits of code width (9..16), 2 reserved, 1 block mode. */
static bool is_compress(const struct ov_probe *p, enum ov_type *t)
{
	const uint8_t b = ov_probe_u8(p, 2);

	(void)t;
	return (b & 0x60) == 0 && (b & 0x1f) >= 9 && (b & 0x1f) <= 16;
}

/*
 * An .lzma file has no mark: properties, dictionary size, unpacked size, then a range coder whose
 * first byte is zero. The common 0x5d of properties may come with a known size, others only with
 * the unknown one.
 */
static bool is_lzma(const struct ov_probe *p, enum ov_type *t)
{
	const uint32_t dict = ov_probe_u32le(p, 1), low = dict & (~dict + 1);
	const uint64_t size = ov_probe_u64le(p, 5);

	(void)t;
	if (p->head.len < 18 || ov_probe_u8(p, 13) != 0 || ov_probe_u8(p, 0) >= 9 * 5 * 5)
		return false;
	if (dict != UINT32_MAX && (dict < 4096 || (dict != low && dict != low * 3)))
		return false;
	return size == UINT64_MAX || (ov_probe_u8(p, 0) == 0x5d && size < (uint64_t)1 << 38);
}

/* RFC 8878 3.1.2: skippable frames may stand before a frame; LZ4 has the same ones. */
static bool is_skippable(const struct ov_probe *p, enum ov_type *t)
{
	uint64_t at = 0;

	if (p->src == NULL)
		return true;
	for (int i = 0; i < 8; i++) {
		uint8_t h[8] = { 0 };
		struct ov_cur c = ov_cur_of(h, sizeof h);
		uint32_t mark, len;
		size_t got;

		if (ov_src_read_upto(p->src, at, h, sizeof h, &got) != OV_OK || got < 4)
			return i > 0; /* frames to the very end: still a zstd file, an empty one */
		mark = ov_cur_soft_u32le(&c);
		len = ov_cur_soft_u32le(&c);
		if (mark == 0x184d2204)
			*t = OV_T_LZ4;
		if ((mark & 0xfffffff0) != 0x184d2a50)
			return mark == 0xfd2fb528 || mark == 0x184d2204;
		at += 8 + (uint64_t)len;
	}
	return true;
}

static bool is_arj(const struct ov_probe *p, enum ov_type *t)
{
	const uint16_t size = ov_probe_u16le(p, 2);
	const uint8_t first = ov_probe_u8(p, 4);

	(void)t;
	return size >= 30 && size <= 2600 && first >= 30 && first <= size;
}

/* Old binary cpio: a 16-bit mark only, so the mode's file kind and the name's length must fit. */
static bool cpio_fits(uint16_t mode, uint16_t name)
{
	const uint16_t kind = mode & 0xf000;

	return name >= 2 && name <= 4096 &&
	       (kind == 0x8000 || kind == 0x4000 || kind == 0xa000 || kind == 0x2000 ||
		kind == 0x6000 || kind == 0x1000 || kind == 0xc000 || kind == 0);
}

static bool is_cpio_le(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return cpio_fits(ov_probe_u16le(p, 6), ov_probe_u16le(p, 20));
}

static bool is_cpio_be(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return cpio_fits(ov_probe_u16be(p, 6), ov_probe_u16be(p, 20));
}

/*
 * 0xcafebabe begins Java classes (then minor and major version, major from 45) and fat Mach-O files
 * (then the count of architectures, which stays well below 45).
 */
static bool is_java_or_fat(const struct ov_probe *p, enum ov_type *t)
{
	const uint32_t v = ov_probe_u32be(p, 4);

	if (p->head.len < 8 || v == 0)
		return false;
	*t = v < 45 ? OV_T_MACHO_UNIBIN : OV_T_JAVA;
	return v < 45 || (v & 0xffff) >= 45;
}

static bool is_swf(const struct ov_probe *p, enum ov_type *t)
{
	const uint8_t version = ov_probe_u8(p, 3);

	(void)t;
	return version >= 1 && version <= 64 && ov_probe_u32le(p, 4) >= 8;
}

static bool is_riff(const struct ov_probe *p, enum ov_type *t)
{
	if (ov_probe_is(p, 8, "WEBP"))
		*t = OV_T_WEBP;
	return p->head.len >= 12;
}

/* ISO 14496-12 `ftyp`: pictures are told apart from films by their brand. */
static bool is_heif(const struct ov_probe *p, enum ov_type *t)
{
	static const char brands[][5] = { "heic", "heix", "heim", "heis",
					  "hevc", "hevx", "mif1", "msf1" };

	if (ov_probe_is(p, 8, "avif") || ov_probe_is(p, 8, "avis")) {
		*t = OV_T_GRAPHICS;
		return true;
	}
	for (size_t i = 0; i < sizeof brands / sizeof brands[0]; i++)
		if (ov_probe_has(p, 8, brands[i], 4))
			return true;
	return false;
}

static bool is_lha(const struct ov_probe *p, enum ov_type *t)
{
	const uint8_t kind = ov_probe_u8(p, 4), number = ov_probe_u8(p, 5),
		      level = ov_probe_u8(p, 20);

	(void)t;
	return ov_probe_u8(p, 6) == '-' && level <= 3 &&
	       (kind == 'h' || kind == 'z' || kind == 'c') &&
	       ((number >= '0' && number <= '9') || number == 'd' || number == 's' ||
		number == 'x');
}

static bool is_egg_size(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return p->head.len >= 14;
}

/* The word after \r\n tells the Python version: 3.x counts from 3000 to 3999, 2.x from 60000 up. */
static bool is_pyc(const struct ov_probe *p, enum ov_type *t)
{
	const uint16_t version = ov_probe_u16le(p, 0);

	(void)t;
	return p->head.len >= 12 &&
	       ((version >= 3000 && version < 4000) || (version >= 50000 && version < 62300));
}

static uint64_t octal(const struct ov_probe *p, size_t off, size_t n, bool *ok)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < n && ov_probe_u8(p, off + i) == ' ')
		i++;
	*ok = i < n && ov_probe_u8(p, off + i) >= '0' && ov_probe_u8(p, off + i) <= '7';
	for (; i < n && ov_probe_u8(p, off + i) >= '0' && ov_probe_u8(p, off + i) <= '7'; i++)
		v = v * 8 + (uint64_t)(ov_probe_u8(p, off + i) - '0');
	if (i < n && ov_probe_u8(p, off + i) != ' ' && ov_probe_u8(p, off + i) != 0)
		*ok = false;
	return v;
}

/* Tar before POSIX: no mark, but a checksum over the header in which the checksum itself counts as
 * spaces. */
static bool is_old_tar(const struct ov_probe *p)
{
	uint64_t sum = 8 * ' ', want;
	struct ov_cur h;
	bool ok;

	if (ov_cur_sub(&p->head, 0, 512, &h) != OV_OK || ov_probe_u8(p, 0) == 0)
		return false;
	want = octal(p, 148, 8, &ok);
	if (!ok || want < 8 * ' ')
		return false;
	for (size_t i = 0; i < 512; i++)
		if (i < 148 || i >= 156)
			sum += h.base[i];
	(void)octal(p, 100, 8, &ok);
	return ok && sum == want;
}

/* A partition table: 4 entries of 16 bytes from 446, of which one at least must lie inside the
 * layer. */
static bool is_mbr(const struct ov_probe *p, enum ov_type *t)
{
	const uint64_t sectors = p->src != NULL ? p->src->size / 512 : 0;
	bool some = false;

	for (size_t at = 446; at < 510; at += 16) {
		const uint32_t start = ov_probe_u32le(p, at + 8),
			       count = ov_probe_u32le(p, at + 12);
		const uint8_t kind = ov_probe_u8(p, at + 4);

		if ((ov_probe_u8(p, at) & 0x7f) != 0)
			return false;
		if (kind != 0 && count != 0 && start != 0 && start < sectors)
			some = true;
	}
	if (some && ov_probe_is(p, 512, "EFI PART"))
		*t = OV_T_GPT;
	return some;
}

static bool is_fat(const struct ov_probe *p, enum ov_type *t)
{
	const uint16_t sector = ov_probe_u16le(p, 11);
	const uint8_t jump = ov_probe_u8(p, 0);

	(void)t;
	return (jump == 0xeb || jump == 0xe9) &&
	       (sector == 512 || sector == 1024 || sector == 2048 || sector == 4096) &&
	       ov_probe_u8(p, 16) >= 1 && ov_probe_u8(p, 16) <= 2;
}

static bool is_ext(const struct ov_probe *p, enum ov_type *t)
{
	(void)t; /* s_log_block_size, s_state, s_rev_level of the superblock at 1024 */
	return ov_probe_u32le(p, 1024 + 24) <= 6 && ov_probe_u16le(p, 1024 + 58) <= 7 &&
	       ov_probe_u32le(p, 1024 + 76) <= 1 && ov_probe_u32le(p, 1024) != 0;
}

static bool is_hfsplus(const struct ov_probe *p, enum ov_type *t)
{
	const uint16_t version = ov_probe_u16be(p, 1026);

	(void)t;
	return version == 4 || version == 5;
}

static bool is_apm(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return ov_probe_is(p, 512, "PM\0\0") || ov_probe_is(p, 2048, "PM\0\0");
}

static bool is_vbr_free(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return ov_probe_u16le(p, 11) >= 256; /* bytes a sector */
}

/* Names of a ZIP's first members tell Office documents from other archives. */
static bool name_tells(const uint8_t *name, size_t n, enum ov_type *t)
{
	static const struct {
		const char *head;
		size_t n;
		enum ov_type type;
	} rows[] = { { "word/", 5, OV_T_OOXML_WORD },
		     { "xl/", 3, OV_T_OOXML_XL },
		     { "ppt/", 4, OV_T_OOXML_PPT },
		     { "Contents/content.hpf", 20, OV_T_OOXML_HWP } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (n >= rows[i].n && memcmp(name, rows[i].head, rows[i].n) == 0) {
			*t = rows[i].type;
			return true;
		}
	}
	return false;
}

/* Looks for member names behind each `mark` in a piece of a ZIP; `skip` bytes stand between mark
 * and name. */
static bool names_tell(struct ov_cur c, const char *mark, size_t skip, enum ov_type *t)
{
	while (ov_cur_left(&c) > skip) {
		const uint8_t *hit = memmem(ov_cur_rest(&c), ov_cur_left(&c), mark, 4);

		if (hit == NULL ||
		    ov_cur_skip(&c, (uint64_t)(hit - ov_cur_rest(&c)) + skip) != OV_OK)
			return false;
		if (name_tells(ov_cur_rest(&c), ov_cur_left(&c), t))
			return true;
	}
	return false;
}

/* The central directory, for documents whose first members fill the head. APPNOTE 4.3.16: EOCD at
 * the end. */
static bool directory_tells(const struct ov_src *src, enum ov_type *t)
{
	uint8_t buf[OV_TYPE_TAIL], eocd[22];
	struct ov_cur c = ov_cur_of(eocd, sizeof eocd);
	size_t got;

	if (src->size < sizeof eocd ||
	    ov_src_read(src, src->size - sizeof eocd, eocd, sizeof eocd) != OV_OK)
		return false;
	if (!ov_cur_looking_at(&c, "PK\5\6", 4))
		return false;
	ov_cur_soft_skip(&c, 16);
	if (ov_src_read_upto(src, ov_cur_soft_u32le(&c), buf, sizeof buf, &got) != OV_OK)
		return false;
	return names_tell(ov_cur_of(buf, got), "PK\1\2", 46, t);
}

static bool is_zip(const struct ov_probe *p, enum ov_type *t)
{
	if (p->head.len < 30)
		return true; /* cut, but nothing else begins so */
	if (ov_probe_is(p, 30, "[Content_Types].xml") || ov_probe_is(p, 30, "_rels/") ||
	    ov_probe_is(p, 30, "docProps/") || ov_probe_is(p, 30, "mimetypeapplication/hwp+zip") ||
	    ov_probe_is(p, 30, "word/") || ov_probe_is(p, 30, "xl/") ||
	    ov_probe_is(p, 30, "ppt/")) {
		if (!names_tell(p->head, "PK\3\4", 30, t) && p->src != NULL)
			(void)directory_tells(p->src, t);
	}
	return true;
}

static bool has_header_room(const struct ov_probe *p, enum ov_type *t)
{
	(void)t;
	return p->head.len >= 16;
}

/* A row of bytes; the literal's own length counts. */
/* NOLINTBEGIN(bugprone-macro-parentheses): an array takes a literal, not an expression */
#define M(off_, literal, type_, check_)                                                            \
	{                                                                                          \
		.off = (off_), .n = sizeof(literal) - 1, .bytes = "" literal "",                   \
		.type = OV_T_##type_, .check = (check_)                                            \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

/* clang-format off */
static const struct magic first[] = { /* sorted by the first byte: a test holds it so */
	M(0, "\x02\x21\x4c\x18", LZ4, NULL), /* legacy frame */
	M(0, "\x04\x22\x4d\x18", LZ4, NULL),
	M(0, "\x1f\x8b\x08", GZ, is_gzip),
	M(0, "\x1f\x9d", COMPRESS, is_compress),
	M(0, "!<arch>\n", AR, NULL),
	M(0, "!<thin>\n", AR, NULL),
	M(0, "!BDN", PST, has_header_room),
	M(0, "#!", SCRIPT, NULL),
	M(0, "# Disk DescriptorFile", VMDK, NULL),
	M(0, "#@~^", SCRENC, NULL),
	M(0, "%!PS-", PS, NULL),
	M(0, "%PDF-", PDF, NULL),
	M(0, "(This file must be conv", BINHEX, NULL),
	M(0, "(\xb5\x2f\xfd", ZSTD, NULL),
	M(0, "070701", CPIO_NEWC, NULL),
	M(0, "070702", CPIO_CRC, NULL),
	M(0, "070707", CPIO_ODC, NULL),
	M(0, "07070X", CPIO_NEWC, NULL), /* rpm's, whose sizes stand in the package's header */
	M(0, "7z\xbc\xaf\x27\x1c", 7Z, NULL),
	M(0, "8BPS\0", GRAPHICS, NULL),
	M(0, "ALZ\x01", ALZ, NULL),
	M(0, "ActiveMime", ACTIVEMIME, NULL),
	M(0, "BM", BMP, is_bmp),
	M(0, "BZh", BZ, is_bzip),
	M(0, "COWD", VMDK, has_header_room),
	M(0, "CWS", SWF, is_swf),
	M(0, "E=\xcd\x28", CRAMFS, NULL),
	M(0, "EGGA", EGG, is_egg_size),
	M(0, "ER", APM, is_apm),
	M(0, "FWS", SWF, is_swf),
	M(0, "GIF8", GIF, NULL),
	M(0, "HWP Document File V3.00", HWP3, NULL),
	M(0, "II*\0", TIFF, NULL),
	M(0, "II+\0", TIFF, NULL),
	M(0, "ISc(", ISHIELD_CAB, has_header_room),
	M(0, "ITSF", MSCHM, NULL),
	M(0, "KDMV", VMDK, has_header_room),
	M(0, "KWAJ\x88\xf0\x27\xd1", MSKWAJ, NULL),
	M(0, "L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F", LNK, NULL),
	M(0, "LUKS\xba\xbe", LUKS, NULL),
	M(0, "LZIP\x01", LZIP, NULL),
	M(0, "MM\0*", TIFF, NULL),
	M(0, "MM\0+", TIFF, NULL),
	M(0, "MSCF\0\0\0\0", MSCAB, NULL),
	M(0, "MSWIM\0\0\0", WIM, NULL),
	M(0, "MZ", MSEXE, NULL), /* as ClamAV: two bytes are enough */
	M(0, "PK\3\4", ZIP, is_zip),
	M(0, "PK\5\6", ZIP, NULL), /* empty */
	M(0, "PK\6\6", ZIP, NULL), /* empty, ZIP64 */
	M(0, "PK\7\x08PK\3\4", ZIP, NULL), /* APPNOTE 8.5.4: spanned */
	M(0, "PK00PK\3\4", ZIP, NULL), /* APPNOTE 8.5.4: spanned, but one volume was enough */
	M(0, "QFI\xfb", QCOW2, NULL),
	M(0, "RE~^", RAR, has_header_room), /* before version 1.5 */
	M(0, "RIFF", RIFF, is_riff),
	M(0, "RIFX", RIFF, has_header_room),
	M(0, "Rar!\x1a\x07", RAR, NULL),
	M(0, "SZ \x88\xf0\x27\x33\xd1", MSSZDD, NULL),
	M(0, "SZDD\x88\xf0\x27\x33", MSSZDD, NULL),
	M(0, "WARC/1.", WARC, NULL),
	M(0, "XFSB", XFS, has_header_room),
	M(0, "ZWS", SWF, is_swf),
	M(0, "]", LZMA, is_lzma),
	M(0, "`\xea", ARJ, is_arj),
	M(0, "conectix", VHD, NULL),
	M(0, "hsqs", SQUASHFS, has_header_room),
	M(0, "q\xc7", CPIO_OLD, is_cpio_be), /* octal 070707 */
	M(0, "sqsh", SQUASHFS, has_header_room),
	M(0, "vhdxfile", VHDX, NULL),
	M(0, "x\x9f\x3e\x22", TNEF, NULL),
	M(0, "xar!", XAR, NULL),
	M(0, "z\x1a\x20\x10", SIS, NULL), /* Symbian 9 */
	M(0, "{\\rt", RTF, NULL), /* Word reads no more than these four */
	M(0, "\x7f" "ELF", ELF, NULL),
	M(0, "\x89LZO\0\r\n\x1a\n", LZOP, NULL),
	M(0, "\x89PNG", PNG, NULL),
	M(0, "\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d", AUTOIT, NULL),
	M(0, "\xb6\xb9\xac\xae\xfe\xff\xff\xff", CRYPTFF, NULL),
	M(0, "\xc7q", CPIO_OLD, is_cpio_le),
	M(0, "\xca\xfe\xba\xbe", JAVA, is_java_or_fat),
	M(0, "\xca\xfe\xba\xbf", MACHO_UNIBIN, has_header_room), /* 64-bit offsets */
	M(0, "\xce\xfa\xed\xfe", MACHO, NULL),
	M(0, "\xcf\xfa\xed\xfe", MACHO, NULL),
	M(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", MSOLE2, NULL),
	M(0, "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", ONENOTE, NULL),
	M(0, "\xed\xab\xee\xdb", RPM, has_header_room),
	M(0, "\xfd" "7zXZ\0", XZ, NULL),
	M(0, "\xfe\xed\xfa\xce", MACHO, NULL),
	M(0, "\xfe\xed\xfa\xcf", MACHO, NULL),
	M(0, "\xff\xd8\xff", JPEG, NULL),
};

/* Asked when no row of `first` fits, in this order. */
static const struct magic inner[] = {
	M(1, "\x2a\x4d\x18", ZSTD, is_skippable),
	M(2, "\r\n", PYC, is_pyc),
	M(2, "-l", LHA, is_lha),
	M(3, "NTFS    ", NTFS, is_vbr_free),
	M(4, "ftyp", HEIF, is_heif),
	M(4, "jP  \r\n\x87\n", GRAPHICS, NULL), /* JPEG 2000 */
	M(4, "\xef\xbe\xad\xdeNullsoftInst", NULSFT, NULL),
	M(7, "**ACE**", ACE, NULL),
	M(8, "\x19\x04\0\x10", SIS, NULL), /* EPOC 6 */
	M(20, "\xdc\xa7\xc4\xfd", ZOO, NULL),
	M(54, "FAT1", FAT, is_fat),
	M(64, "\x7f\x10\xda\xbe", VDI, NULL),
	M(82, "FAT32   ", FAT, is_fat),
	M(257, "ustar", POSIX_TAR, NULL),
	M(512, "EFI PART", GPT, NULL),
	M(1024, "H+", HFSPLUS, is_hfsplus),
	M(1024, "HX", HFSPLUS, is_hfsplus),
	M(1080, "\x53\xef", EXT, is_ext),
	M(510, "\x55\xaa", MBR, is_mbr),
};

/* Beyond the head, counted from the start. */
static const struct magic far[] = {
	M(32769, "CD001", ISO9660, NULL),
	M(32769, "BEA01", UDF, NULL),
	M(65600, "_BHRfS_M", BTRFS, NULL),
};

/* Counted back from the end. */
static const struct magic tail[] = {
	M(512, "koly", DMG, NULL),
	M(512, "conectix", VHD, NULL),
};
/* clang-format on */

static bool row_fits(const struct ov_probe *p, const struct magic *m, enum ov_type *t)
{
	if (!ov_probe_has(p, m->off, m->bytes, m->n))
		return false;
	*t = m->type;
	return m->check == NULL || m->check(p, t);
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* The first row of `first` whose first byte is `b` or more. */
static size_t first_row(uint8_t b)
{
	size_t lo = 0, hi = COUNT(first);

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (first[mid].bytes[0] < b)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool ov_type_rows_are_sorted(void)
{
	for (size_t i = 1; i < COUNT(first); i++)
		if (first[i].bytes[0] < first[i - 1].bytes[0])
			return false;
	return true;
}

enum ov_type ov_type_by_magic(const struct ov_probe *p)
{
	const uint8_t b = ov_probe_u8(p, 0);
	enum ov_type t;

	for (size_t i = first_row(b); i < COUNT(first) && first[i].bytes[0] == b; i++)
		if (row_fits(p, &first[i], &t))
			return t;
	for (size_t i = 0; i < COUNT(inner); i++)
		if (row_fits(p, &inner[i], &t))
			return t;
	return is_old_tar(p) ? OV_T_OLD_TAR : OV_T_BINARY_DATA;
}

static bool stands_at(const struct ov_src *src, uint64_t off, const struct magic *m)
{
	uint8_t buf[sizeof m->bytes];

	return ov_src_read(src, off, buf, m->n) == OV_OK && memcmp(buf, m->bytes, m->n) == 0;
}

enum ov_type ov_type_by_far_magic(const struct ov_probe *p)
{
	const struct ov_src *src = p->src;

	if (src == NULL)
		return OV_T_BINARY_DATA;
	for (size_t i = 0; i < COUNT(tail); i++)
		if (src->size >= tail[i].off && stands_at(src, src->size - tail[i].off, &tail[i]))
			return tail[i].type;
	for (size_t i = 0; i < COUNT(far); i++)
		if (stands_at(src, far[i].off, &far[i]))
			return far[i].type;
	return OV_T_BINARY_DATA;
}
