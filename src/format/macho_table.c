/* Mach-O headers and load commands: see macho.h. */
#include "macho.h"

#include <string.h>

#include "checked.h"

uint32_t ov_macho_u32(const struct ov_macho *m, struct ov_cur *c)
{
	return m->is_be ? ov_cur_soft_u32be(c) : ov_cur_soft_u32le(c);
}

uint64_t ov_macho_u64(const struct ov_macho *m, struct ov_cur *c)
{
	return m->is_be ? ov_cur_soft_u64be(c) : ov_cur_soft_u64le(c);
}

static uint64_t word(const struct ov_macho *m, bool is_64, struct ov_cur *c)
{
	return is_64 ? ov_macho_u64(m, c) : ov_macho_u32(m, c);
}

static void name(struct ov_cur *c, char out[16])
{
	if (ov_cur_copy(c, out, 16) != OV_OK)
		memset(out, 0, 16);
}

ov_status ov_macho_open(struct ov_window *w, uint64_t base, uint64_t size, struct ov_macho *out)
{
	struct ov_macho m = { .base = base, .size = size };
	struct ov_cur c;

	OV_TRY(ov_window_upto(w, base, (size_t)ov_min_u64(32, size), &c));
	m.magic = ov_cur_soft_u32le(&c);
	m.is_be = m.magic == 0xcefaedfe || m.magic == 0xcffaedfe;
	m.is_64 = m.magic == 0xfeedfacf || m.magic == 0xcffaedfe;
	if (!m.is_be && !m.is_64 && m.magic != 0xfeedface)
		return OV_BAD;
	m.cpu = ov_macho_u32(&m, &c);
	m.subtype = ov_macho_u32(&m, &c);
	m.filetype = ov_macho_u32(&m, &c);
	m.ncmds = ov_macho_u32(&m, &c);
	m.sizeofcmds = ov_macho_u32(&m, &c);
	m.flags = ov_macho_u32(&m, &c);
	if (m.is_64)
		m.reserved = ov_macho_u32(&m, &c);
	*out = m; /* of a cut one too: its caller tells how wide it is */
	return ov_cur_status(&c);
}

ov_status ov_macho_command_at(const struct ov_macho *m, struct ov_window *w, uint64_t at,
			      uint64_t end, struct ov_macho_command *out)
{
	struct ov_macho_command k = { .at = at };
	struct ov_cur c;

	if (at > end || end - at < 8)
		return OV_SHORT;
	OV_TRY(ov_window_get(w, at, 8, &c));
	k.kind = ov_macho_u32(m, &c);
	k.size = ov_macho_u32(m, &c);
	if (k.size < 8 || k.size > end - at)
		return OV_BAD;
	*out = k;
	return OV_OK;
}

ov_status ov_macho_segment_at(const struct ov_macho *m, struct ov_window *w,
			      const struct ov_macho_command *k, struct ov_macho_segment *out)
{
	const bool is_64 = k->kind == OV_LC_SEGMENT_64;
	struct ov_macho_segment s = { .is_64 = is_64 };
	struct ov_cur c;

	OV_TRY(ov_window_get(w, k->at, ov_macho_segment_size(is_64), &c));
	ov_cur_soft_skip(&c, 8);
	name(&c, s.name);
	s.addr = word(m, is_64, &c);
	s.vmsize = word(m, is_64, &c);
	s.off = word(m, is_64, &c);
	s.filesz = word(m, is_64, &c);
	s.maxprot = ov_macho_u32(m, &c);
	s.initprot = ov_macho_u32(m, &c);
	s.nsections = ov_macho_u32(m, &c);
	s.flags = ov_macho_u32(m, &c);
	OV_TRY(ov_cur_status(&c));
	*out = s;
	return OV_OK;
}

ov_status ov_macho_section_at(const struct ov_macho *m, struct ov_window *w, bool is_64,
			      uint64_t at, struct ov_macho_section *out)
{
	struct ov_macho_section s = { .addr = 0 };
	struct ov_cur c;

	OV_TRY(ov_window_get(w, at, ov_macho_section_size(is_64), &c));
	name(&c, s.name);
	name(&c, s.segment);
	s.addr = word(m, is_64, &c);
	s.size = word(m, is_64, &c);
	s.off = ov_macho_u32(m, &c);
	s.align = ov_macho_u32(m, &c);
	s.reloff = ov_macho_u32(m, &c);
	s.nreloc = ov_macho_u32(m, &c);
	s.flags = ov_macho_u32(m, &c);
	for (int i = 0; i < (is_64 ? 3 : 2); i++)
		s.reserved[i] = ov_macho_u32(m, &c);
	OV_TRY(ov_cur_status(&c));
	*out = s;
	return OV_OK;
}

ov_status ov_macho_arch_of(struct ov_cur *c, bool is_64, struct ov_macho_arch *out)
{
	struct ov_macho_arch a = { .cpu = 0 };

	a.cpu = ov_cur_soft_u32be(c);
	a.subtype = ov_cur_soft_u32be(c);
	a.off = is_64 ? ov_cur_soft_u64be(c) : ov_cur_soft_u32be(c);
	a.size = is_64 ? ov_cur_soft_u64be(c) : ov_cur_soft_u32be(c);
	a.align = ov_cur_soft_u32be(c);
	a.reserved = is_64 ? ov_cur_soft_u32be(c) : 0;
	OV_TRY(ov_cur_status(c));
	*out = a;
	return OV_OK;
}
