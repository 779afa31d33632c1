/*
 * What linkers and compilers leave in a PE about themselves: the "rich" signature between DOS stub
 * and header (undocumented; http://www.ntcore.com/files/richsign.htm describes it), and the path of
 * the debug information.
 */
#include <string.h>

#include "checked.h"
#include "le.h"
#include "pe_view.h"

#define RICH_MAX ((size_t)64 << 10) /* bytes before the header that are looked at */
#define DANS 0x536e6144u
#define RICH 0x68636952u
#define DEBUG_ROW 28u
#define DEBUG_ROWS_MAX 4096u
#define CODEVIEW 2

/*
 *   DanS^key key key key (tool<<16|version)^key times^key ... "Rich" key
 *
 * All of it in words at multiples of 4. @return OV_OK; OV_END: none.
 */
static ov_status find_rich(struct ov_cur c, size_t *from, size_t *to, uint32_t *key)
{
	size_t end = c.len / 4 * 4;

	do {
		if (end < 8)
			return OV_END;
		end -= 4;
	} while (ov_le32(c.base + end - 4) != RICH);
	*to = end - 4;
	*key = ov_le32(c.base + end);
	for (size_t at = *to; *key != 0 && at >= 16; at -= 4) {
		const uint8_t *w = c.base + at - 16;

		if (ov_le32(w) == (DANS ^ *key) && ov_le32(w + 4) == *key &&
		    ov_le32(w + 8) == *key && ov_le32(w + 12) == *key) {
			*from = at - 16;
			return OV_OK;
		}
	}
	return OV_END;
}

ov_status ov_pe_read_rich(struct ov_pe *p, struct ov_pe_rich *out)
{
	const uint64_t header = p->h.coff - 4; /* at least 0: "PE\0\0" stands before it */
	const uint64_t head = 64;
	struct ov_pe_rich r = { .is_there = false };
	size_t from, to;
	struct ov_cur c;
	char *clear = NULL;

	*out = r;
	if (header <= head)
		return OV_OK;
	if (header - head > RICH_MAX)
		p->is_capped = true;
	OV_TRY(ov_src_view_upto(p->src, head, (size_t)ov_min_u64(header - head, RICH_MAX), p->arena,
				&c));
	if (find_rich(c, &from, &to, &r.key) != OV_OK)
		return OV_OK;
	OV_TRY(ov_arena_array(p->arena, to - from, &clear));
	for (size_t i = 0; i < to - from; i++)
		clear[i] = (char)(c.base[from + i] ^ (uint8_t)(r.key >> (i % 4 * 8)));
	r.is_there = true;
	r.off = head + from;
	r.raw = (struct ov_str){ .p = (const char *)c.base + from, .n = to - from };
	r.clear = (struct ov_str){ .p = clear, .n = to - from };
	*out = r;
	return OV_OK;
}

/* Bytes before the path, by the mark at the record's begin; 0: not known. */
static uint64_t path_at(struct ov_cur c)
{
	if (ov_cur_looking_at(&c, "RSDS", 4))
		return 24;
	if (ov_cur_looking_at(&c, "NB10", 4))
		return 16;
	return ov_cur_looking_at(&c, "MTOC", 4) ? 20 : 0;
}

/* The path of one row. @return OV_OK; OV_END: it has none. */
static ov_status row_path(struct ov_pe *p, uint64_t row, struct ov_str *out)
{
	uint32_t kind, rva, raw;
	uint64_t at, skip;
	struct ov_cur c;

	OV_TRY(ov_window_get(&p->win, row, DEBUG_ROW, &c));
	ov_cur_soft_skip(&c, 12);
	kind = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	rva = ov_cur_soft_u32le(&c);
	raw = ov_cur_soft_u32le(&c);
	if (kind != CODEVIEW)
		return OV_END;
	if (rva == 0 || ov_pe_map(p, rva, &at) != OV_OK)
		at = raw;
	if (at == 0)
		return OV_END;
	OV_TRY(ov_window_upto(&p->win, at, 4, &c));
	skip = path_at(c);
	if (skip == 0)
		return OV_END;
	OV_TRY(ov_window_text(&p->names, p->arena, at + skip, OV_PE_PATH_MAX, out));
	return out->n > 0 ? OV_OK : OV_END;
}

ov_status ov_pe_debug_path(struct ov_pe *p, struct ov_str *out)
{
	struct ov_pe_dir dir;
	uint64_t at;
	uint32_t n;

	if (!ov_pe_dir(p, OV_PE_DEBUG, &dir) || dir.size < DEBUG_ROW || dir.size % DEBUG_ROW != 0 ||
	    ov_pe_map(p, dir.rva, &at) != OV_OK)
		return OV_END;
	n = (uint32_t)ov_min_u64(dir.size / DEBUG_ROW, DEBUG_ROWS_MAX);
	if (n < dir.size / DEBUG_ROW)
		p->is_capped = true;
	for (uint32_t i = 0; i < n; i++) {
		const ov_status s = row_path(p, at + (uint64_t)i * DEBUG_ROW, out);

		if (s == OV_SHORT)
			return OV_END;
		if (s != OV_END)
			return s;
	}
	return OV_END;
}
