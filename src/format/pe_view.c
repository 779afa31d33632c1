/* A PE as YARA's rules ask of it: headers, sections, overlay, checksum. See pe_view.h. */
#include "pe_view.h"

#include <string.h>

#include "checked.h"

#define ROOM_LEAST 32u
#define PIECE ((size_t)64 << 10)

ov_status ov_pe_room_(struct ov_pe *p, void **list, uint32_t n, size_t size)
{
	uint8_t *bigger = NULL;
	size_t bytes;

	if (n != 0 && (n < ROOM_LEAST || (n & (n - 1)) != 0))
		return OV_OK; /* lists have 32, 64, ... places */
	OV_TRY(ov_mul_size(n == 0 ? ROOM_LEAST : (size_t)n * 2, size, &bytes));
	OV_TRY(ov_arena_array(p->arena, bytes, &bigger));
	if (n > 0)
		memcpy(bigger, *list, n * size);
	*list = bigger;
	return OV_OK;
}

static ov_status read_sections(struct ov_pe *p)
{
	const uint32_t n = (uint32_t)ov_min_u64(p->h.nsections, OV_PE_SECTIONS_MAX);

	if (n < p->h.nsections)
		p->is_capped = true;
	OV_TRY(ov_arena_array(p->arena, n, &p->sections));
	for (uint32_t i = 0; i < n; i++) {
		const ov_status s = ov_pe_section_read(&p->win, &p->h, i, &p->sections[i]);

		if (s == OV_SHORT)
			break;
		OV_TRY(s);
		p->nsections = i + 1;
	}
	return OV_OK;
}

ov_status ov_pe_open(const struct ov_src *src, struct ov_arena *a, struct ov_pe *out)
{
	struct ov_pe p = { .src = src, .arena = a };
	uint64_t coff;
	ov_status s;

	OV_TRY(ov_window_init(&p.win, src, a));
	OV_TRY(ov_pe_find(&p.win, &coff));
	s = ov_pe_header_read(&p.win, coff, &p.h);
	if (s == OV_SHORT)
		return OV_BAD;
	OV_TRY(s);
	if (coff + 20 + ov_pe_optional_bytes(p.h.is_64) > src->size)
		return OV_BAD;
	OV_TRY(ov_window_init(&p.names, src, a));
	OV_TRY(read_sections(&p));
	*out = p;
	return OV_OK;
}

/* Raw offsets are rounded down to the file alignment, which counts as 512 at most. */
static uint64_t raw_of(const struct ov_pe *p, const struct ov_pe_section *s)
{
	const uint32_t align = p->h.file_align < 512 ? p->h.file_align : 512;

	return align != 0 ? s->raw - s->raw % align : s->raw;
}

ov_status ov_pe_map(const struct ov_pe *p, uint64_t rva, uint64_t *out)
{
	const struct ov_pe_section *best = NULL;
	uint64_t lowest = UINT64_MAX, off;

	for (uint32_t i = 0; i < p->nsections; i++) {
		const struct ov_pe_section *s = &p->sections[i];

		lowest = ov_min_u64(lowest, s->rva);
		if (rva >= s->rva && rva - s->rva < s->vsize &&
		    (best == NULL || s->rva >= best->rva))
			best = s;
	}
	if (rva < lowest) { /* headers stand in memory as in the file */
		off = rva;
	} else {
		if (best == NULL || rva - best->rva >= best->raw_size)
			return OV_BAD;
		off = raw_of(p, best) + (rva - best->rva);
	}
	if (off >= p->src->size)
		return OV_BAD;
	*out = off;
	return OV_OK;
}

bool ov_pe_dir(const struct ov_pe *p, unsigned i, struct ov_pe_dir *out)
{
	/* One more than is declared, as yara looks at it. */
	if (i >= OV_PE_DIRS || i > p->h.ndirs || p->h.dirs[i].rva == 0)
		return false;
	*out = p->h.dirs[i];
	return true;
}

/* "/123": a place in the texts behind the symbols. What is no number counts as 0. */
static uint64_t long_name_at(const struct ov_pe *p, struct ov_str name)
{
	uint64_t n = 0;

	for (size_t i = 1; i < name.n && name.p[i] >= '0' && name.p[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(name.p[i] - '0');
	return (uint64_t)p->h.symbols + (uint64_t)p->h.nsymbols * 18 + n;
}

struct ov_str ov_pe_section_short_name(const struct ov_pe_section *s)
{
	struct ov_str name = { .p = (const char *)s->name, .n = sizeof s->name };

	while (name.n > 0 && name.p[name.n - 1] == 0)
		name.n--;
	return name;
}

ov_status ov_pe_section_name(struct ov_pe *p, uint32_t i, struct ov_str *out)
{
	const struct ov_str s = ov_pe_section_short_name(&p->sections[i]);
	uint64_t at;

	if (s.n == 0 || s.p[0] != '/') {
		*out = s;
		return OV_OK;
	}
	at = long_name_at(p, s);
	if (at >= p->src->size)
		return OV_BAD;
	return ov_window_text(&p->names, p->arena, at, OV_PE_LIBRARY_NAME_MAX, out);
}

void ov_pe_overlay(const struct ov_pe *p, uint64_t *off, uint64_t *size)
{
	uint64_t end = 0;

	*off = *size = 0;
	for (uint32_t i = 0; i < p->nsections; i++) /* sums of 32 bits, as yara has them */
		end = ov_max_u64(end, p->sections[i].raw + p->sections[i].raw_size);
	if (end == 0 || end >= p->src->size)
		return;
	*off = end;
	*size = p->src->size - end;
}

static uint64_t add_words(uint64_t sum, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)b[i] | (uint32_t)b[i + 1] << 8;
	if (n % 2 != 0)
		sum += b[n - 1];
	return sum;
}

/*
 * The sum of all 16-bit words with the carries added back, the field itself left out, and the
 * file's size. Pieces are even, so only the last can have an odd byte.
 */
ov_status ov_pe_checksum(const struct ov_pe *p, uint32_t *out)
{
	const struct ov_arena_mark mark = ov_arena_mark(p->arena);
	const uint64_t field = p->h.coff + 20 + 64;
	uint64_t sum = 0;
	struct ov_cur c;

	for (uint64_t at = 0; at < p->src->size; at += PIECE) {
		OV_TRY(ov_src_view_upto(p->src, at, PIECE, p->arena, &c));
		sum = add_words(sum, c.base, c.len);
		ov_arena_release(p->arena, mark);
	}
	OV_TRY(ov_src_view(p->src, field, 4, p->arena, &c));
	if (field % 2 == 0) {
		sum -= add_words(0, c.base, c.len);
	} else { /* its bytes stand in three words */
		sum -=
		    (uint64_t)c.base[0] * 256 + c.base[1] + (uint64_t)c.base[2] * 256 + c.base[3];
	}
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	*out = (uint32_t)(sum + p->src->size);
	return OV_OK;
}
