/*
 * Does the header at a mark make sense, and where does the file end? One small function a kind;
 * each asks for as much as it takes to make chance finds rarer than one in 2^32, so that ordinary
 * files stay quiet. Sources: as for the formats themselves, docs/formats/carve.md.
 */
#include <string.h>
#include <zlib.h>

#include "carve_int.h"
#include "checked.h"
#include "exe.h"

#define STUB_MAX                                                                                   \
	4096u /* bytes of a DOS program before its PE header: real ones have a few hundred */

/* Facts of the program at `at`: its end by its own headers. */
static ov_status check_program(struct ov_window *w, struct ov_arena *a, enum ov_type t, uint64_t at,
			       struct ov_carve_part *out)
{
	const struct ov_arena_mark mark = ov_arena_mark(a);
	struct ov_src part;
	struct ov_exe x;
	ov_status s;

	OV_TRY(ov_src_slice(w->src, at, w->src->size - at, &part));
	s = ov_exe_read(t, &part, a, &x);
	if (s == OV_OK && x.nsections == 0 && !x.has_entry)
		s = OV_BAD;
	if (s == OV_OK) {
		out->off = at;
		out->end = at + x.end; /* inside the part */
		out->is_exact = x.end > 0;
	}
	ov_arena_release(a, mark);
	return s;
}

static bool is_pe_machine(uint16_t m)
{
	static const uint16_t known[] = { 0x14c, 0x8664, 0xaa64, 0x1c0,	 0x1c2,	 0x1c4,	 0x200,
					  0x162, 0x166,	 0x168,	 0x169,	 0x184,	 0x1a2,	 0x1a3,
					  0x1a6, 0x1a8,	 0x1d3,	 0x1f0,	 0x1f1,	 0x266,	 0x284,
					  0x366, 0x466,	 0x5032, 0x5064, 0x6232, 0x6264, 0x9041,
					  0xebc, 0xa641, 0xa64e };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i] == m)
			return true;
	return false;
}

/* "PE\0\0" at `at`: a header that makes sense, and before it an MZ that points here. */
static ov_status check_pe(struct ov_window *w, struct ov_arena *a, uint64_t at,
			  struct ov_carve_part *out)
{
	const size_t before = (size_t)ov_min_u64(at, STUB_MAX);
	struct ov_cur c, stub;
	uint16_t machine, sections, magic;

	OV_TRY(ov_window_get(w, at, 26, &c));
	ov_cur_soft_skip(&c, 4);
	machine = ov_cur_soft_u16le(&c);
	sections = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 16);
	magic = ov_cur_soft_u16le(&c);
	if (!is_pe_machine(machine) || sections == 0 || sections > 96 ||
	    (magic != 0x10b && magic != 0x20b && magic != 0x107))
		return OV_BAD;
	OV_TRY(ov_window_get(w, at - before, before, &stub));
	for (size_t back = 2; back <= before; back++) {
		uint32_t points;

		OV_TRY(ov_cur_seek(&stub, before - back));
		if (!ov_cur_looking_at(&stub, "MZ", 2))
			continue;
		/* e_lfanew may lie in the PE header itself, when programs are made tiny */
		OV_TRY(ov_window_get(w, at - back + 60, 4, &c));
		OV_TRY(ov_cur_u32le(&c, &points));
		if (points == back)
			return check_program(w, a, OV_T_MSEXE, at - back, out);
		OV_TRY(ov_window_get(w, at - before, before,
				     &stub)); /* the look above may have moved it */
	}
	return OV_BAD;
}

static ov_status check_elf(struct ov_window *w, struct ov_arena *a, uint64_t at,
			   struct ov_carve_part *out)
{
	uint8_t class, order, version;
	uint16_t type;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 52, &c));
	ov_cur_soft_skip(&c, 4);
	class = ov_cur_soft_u8(&c);
	order = ov_cur_soft_u8(&c);
	version = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 9);
	type = order == 2 ? ov_cur_soft_u16be(&c) : ov_cur_soft_u16le(&c);
	if (class < 1 || class > 2 || order < 1 || order > 2 || version != 1 || type < 1 ||
	    type > 4)
		return OV_BAD;
	return check_program(w, a, OV_T_ELF, at, out);
}

static bool is_zip_method(uint16_t m)
{
	return m <= 20 || (m >= 93 && m <= 99);
}

/* A member's name as people and programs write them: code that happens to follow "PK" is none. */
static ov_status check_zip_name(struct ov_window *w, uint64_t at, size_t n)
{
	const size_t look = n < 32 ? n : 32;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, look, &c));
	while (ov_cur_left(&c) > 0) {
		uint8_t b;

		OV_TRY(ov_cur_u8(&c, &b));
		if (b < 0x20 || b == 0x7f)
			return OV_BAD;
	}
	return OV_OK;
}

/* APPNOTE 4.3.7. The end is not known here: it follows from the record that ends the ZIP. */
static ov_status check_zip(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint16_t version, flags, method, name;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 30, &c));
	ov_cur_soft_skip(&c, 4);
	version = ov_cur_soft_u16le(&c);
	flags = ov_cur_soft_u16le(&c);
	method = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 16);
	name = ov_cur_soft_u16le(&c);
	if ((version & 0xff) > 63 || (flags & 0xc000) != 0 || !is_zip_method(method) || name == 0 ||
	    name > 4096)
		return OV_BAD;
	OV_TRY(check_zip_name(w, at + 30, name));
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size, .kind = OV_CARVE_ZIP };
	return OV_OK;
}

/*
 * APPNOTE 4.3.16: the directory's size and offset tell where the ZIP begins, when they count from
 * there. Tools that make self-extracting files let them count from the file's start instead; then
 * off is SIZE_MAX and the caller takes the first local header.
 */
static ov_status check_zip_end(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint16_t entries, comment;
	uint32_t size, offset;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 22, &c));
	ov_cur_soft_skip(&c, 10);
	entries = ov_cur_soft_u16le(&c);
	size = ov_cur_soft_u32le(&c);
	offset = ov_cur_soft_u32le(&c);
	comment = ov_cur_soft_u16le(&c);
	if (entries == 0)
		return OV_BAD; /* an empty ZIP has nothing to find */
	*out = (struct ov_carve_part){ .off = UINT64_MAX,
				       .end = ov_min_u64(at + 22 + comment, w->src->size),
				       .kind = OV_CARVE_ZIP,
				       .is_exact = true };
	if (size == UINT32_MAX || offset == UINT32_MAX) /* ZIP64: other records know */
		return OV_OK;
	if (size > at)
		return OV_BAD;
	OV_TRY(ov_window_get(w, at - size, 4, &c));
	if (!ov_cur_looking_at(&c, "PK\1\2", 4))
		return OV_OK; /* something was put between; the local header decides */
	if (offset <= at - size) {
		OV_TRY(ov_window_upto(w, at - size - offset, 4, &c));
		if (ov_cur_looking_at(&c, "PK\3\4", 4))
			out->off = at - size - offset;
	}
	return OV_OK;
}

/* RAR 5: CRC-32 of the first header, its size as a number of 7 bits a byte (3 at most), the header.
 */
static bool is_rar5_header(struct ov_cur c)
{
	const uint32_t crc = ov_cur_soft_u32le(&c);
	const size_t start = c.pos;
	struct ov_cur header;
	size_t size = 0;
	uint8_t b = 0x80;

	for (unsigned i = 0; i < 3 && (b & 0x80) != 0; i++) {
		b = ov_cur_soft_u8(&c);
		size |= (size_t)(b & 0x7f) << (7 * i);
	}
	return (b & 0x80) == 0 && size > 0 &&
	       ov_cur_sub(&c, start, c.pos - start + size, &header) == OV_OK &&
	       crc32(0, header.base, (uInt)header.len) == crc;
}

/* RAR before 5: a main header of 13 bytes or a little more stands first. */
static ov_status check_rar(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint8_t version, kind;
	uint16_t size;
	struct ov_cur c;

	OV_TRY(ov_window_upto(w, at + 6, 4096, &c)); /* main headers have some tens of bytes */
	version = ov_cur_soft_u8(&c);
	if (version == 1) {
		if (ov_cur_soft_u8(&c) != 0 || !is_rar5_header(c))
			return OV_BAD;
	} else {
		ov_cur_soft_skip(&c, 2);
		kind = ov_cur_soft_u8(&c);
		ov_cur_soft_skip(&c, 2);
		size = ov_cur_soft_u16le(&c);
		if (version != 0 || kind != 0x73 || size < 13 || size > 4096)
			return OV_BAD;
	}
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size };
	return OV_OK;
}

/* 7zFormat.txt: version, CRC of { offset, size, CRC } of the last header, and these. */
static ov_status check_7z(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint64_t offset, size, end;
	uint32_t crc;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 32, &c));
	ov_cur_soft_skip(&c, 8);
	crc = ov_cur_soft_u32le(&c);
	if (crc32(0, ov_cur_rest(&c), 20) != crc)
		return OV_BAD;
	offset = ov_cur_soft_u64le(&c);
	size = ov_cur_soft_u64le(&c);
	if (ov_add_u64(offset, size, &end) != OV_OK || ov_add_u64(end, at + 32, &end) != OV_OK)
		return OV_BAD;
	*out = (struct ov_carve_part){ .off = at,
				       .end = ov_min_u64(end, w->src->size),
				       .is_exact = end <= w->src->size && size > 0 };
	return OV_OK;
}

/* [MS-CAB] 2.1: CFHEADER. */
static ov_status check_cab(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint32_t size, files;
	uint8_t minor, major;
	uint16_t folders;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 36, &c));
	ov_cur_soft_skip(&c, 8);
	size = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	files = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	minor = ov_cur_soft_u8(&c);
	major = ov_cur_soft_u8(&c);
	folders = ov_cur_soft_u16le(&c);
	if (major != 1 || minor > 4 || size < 36 || files < 36 || files >= size || folders == 0)
		return OV_BAD;
	*out = (struct ov_carve_part){ .off = at,
				       .end = ov_min_u64(at + size, w->src->size),
				       .is_exact = at + size <= w->src->size };
	return OV_OK;
}

/* ARJ technote: the header's CRC-32 stands behind it. */
static ov_status check_arj(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	struct ov_cur c, header;
	uint16_t size;
	uint32_t crc;

	OV_TRY(ov_window_get(w, at, 4, &c));
	ov_cur_soft_skip(&c, 2);
	size = ov_cur_soft_u16le(&c);
	if (size < 30 || size > 2600)
		return OV_BAD;
	OV_TRY(ov_window_get(w, at + 4, (size_t)size + 4, &c));
	OV_TRY(ov_cur_take(&c, size, &header));
	OV_TRY(ov_cur_u32le(&c, &crc));
	if (header.base[6] != 2 ||
	    crc32(0, header.base, size) != crc) /* 2: the archive's own header */
		return OV_BAD;
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size };
	return OV_OK;
}

/* What stands behind the fixed header: a name of printable bytes, or a deflate block of a kind that
 * exists. */
static bool is_gz_rest(struct ov_cur c, uint8_t flags)
{
	const uint8_t first = ov_cur_soft_u8(&c);
	uint16_t len, not_len;

	if ((flags & 0x04) != 0) /* an extra field: its length */
		return (first | (unsigned)ov_cur_soft_u8(&c) << 8) <= 4096;
	if ((flags & 0x18) != 0) /* a name or a comment */
		return first > ' ' && first != 0x7f;
	if ((flags & 0x02) != 0) /* a checksum of the header stands before the block */
		return true;
	if ((first >> 1 & 3) != 0) /* compressed blocks */
		return (first >> 1 & 3) != 3;
	len = ov_cur_soft_u16le(&c);
	not_len = ov_cur_soft_u16le(&c);
	return (len ^ not_len) == 0xffff;
}

/* RFC 1952: flags without the reserved bits, extra flags and system that programs write. */
static ov_status check_gz(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint8_t flags, extra, system;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 18, &c));
	ov_cur_soft_skip(&c, 3);
	flags = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 4);
	extra = ov_cur_soft_u8(&c);
	system = ov_cur_soft_u8(&c);
	if ((flags & 0xe0) != 0 || (extra != 0 && extra != 2 && extra != 4) ||
	    (system != 0 && system != 3 && system != 7 && system != 10 && system != 11 &&
	     system != 255))
		return OV_BAD;
	if (!is_gz_rest(c, flags))
		return OV_BAD;
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size };
	return OV_OK;
}

/* The .xz specification 2.1.1: flags and their CRC-32. */
static ov_status check_xz(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	struct ov_cur c;
	uint32_t crc;

	OV_TRY(ov_window_get(w, at, 12, &c));
	ov_cur_soft_skip(&c, 6);
	crc = (uint32_t)crc32(0, ov_cur_rest(&c), 2);
	ov_cur_soft_skip(&c, 2);
	if (ov_cur_soft_u32le(&c) != crc)
		return OV_BAD;
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size };
	return OV_OK;
}

/* [MS-CFB] 2.2: version, byte order, sector shift. */
static ov_status check_ole2(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint16_t version, order, shift;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, 512, &c));
	ov_cur_soft_skip(&c, 26);
	version = ov_cur_soft_u16le(&c);
	order = ov_cur_soft_u16le(&c);
	shift = ov_cur_soft_u16le(&c);
	if ((version != 3 && version != 4) || order != 0xfffe || (shift != 9 && shift != 12))
		return OV_BAD;
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size };
	return OV_OK;
}

/* NSIS's first header: flags, the mark, length of the header, length of all that follows. */
static ov_status check_nsis(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	uint32_t flags, all;
	struct ov_cur c;

	if (at < 4)
		return OV_BAD;
	OV_TRY(ov_window_get(w, at - 4, 28, &c));
	flags = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 20);
	all = ov_cur_soft_u32le(&c);
	if (flags > 15 || all < 28)
		return OV_BAD;
	*out =
	    (struct ov_carve_part){ .off = at - 4, .end = ov_min_u64(at - 4 + all, w->src->size) };
	return OV_OK;
}

/* Marks long enough to stand alone. */
static ov_status check_none(struct ov_window *w, uint64_t at, struct ov_carve_part *out)
{
	*out = (struct ov_carve_part){ .off = at, .end = w->src->size };
	return OV_OK;
}

typedef ov_status (*check_fn)(struct ov_window *w, uint64_t at, struct ov_carve_part *out);

static const check_fn checks[OV_CARVE_KINDS] = {
	[OV_CARVE_ZIP] = check_zip,	[OV_CARVE_ZIP_END] = check_zip_end,
	[OV_CARVE_RAR] = check_rar,	[OV_CARVE_7Z] = check_7z,
	[OV_CARVE_CAB] = check_cab,	[OV_CARVE_ARJ] = check_arj,
	[OV_CARVE_EGG] = check_none,	[OV_CARVE_GZ] = check_gz,
	[OV_CARVE_BZ] = check_none,	[OV_CARVE_XZ] = check_xz,
	[OV_CARVE_OLE2] = check_ole2,	[OV_CARVE_NSIS] = check_nsis,
	[OV_CARVE_AUTOIT] = check_none,
};

ov_status ov_carve_check(struct ov_window *w, struct ov_arena *a, enum ov_carve_kind kind,
			 uint64_t at, struct ov_carve_part *out)
{
	struct ov_carve_part part = { 0 };
	ov_status s;

	if ((unsigned)kind >= OV_CARVE_KINDS)
		return OV_BUG;
	if (kind == OV_CARVE_PE)
		s = check_pe(w, a, at, &part);
	else if (kind == OV_CARVE_ELF)
		s = check_elf(w, a, at, &part);
	else
		s = checks[kind](w, at, &part);
	if (s == OV_SHORT || s == OV_UNSUPPORTED) /* its header is cut: too little to be a file */
		return OV_BAD;
	OV_TRY(s);
	if (kind != OV_CARVE_ZIP_END)
		part.kind = kind;
	*out = part;
	return OV_OK;
}
