/*
 * What lies inside the streams of OLE2 documents: packages ("\1Ole10Native"), the objects of
 * PowerPoint documents, and VBA sources that no directory tells of.
 */
#include "ole2_int.h"

#include <string.h>

#include "checked.h"

#define LOOK ((size_t)64 * 1024)
#define NAMES_MAX 4096u

/* Behind a package's file: nothing, or its three names again, in UTF-16. */
static ov_status is_tail(const struct ov_src *s, uint64_t at, struct ov_arena *a, bool *out)
{
	struct ov_cur c;

	*out = at == s->size;
	if (*out)
		return OV_OK;
	OV_TRY(ov_src_view_upto(s, at, NAMES_MAX, a, &c));
	for (unsigned i = 0; i < 3; i++)
		ov_cur_soft_skip(&c, 2 * (uint64_t)ov_cur_soft_u32le(&c));
	*out = ov_cur_status(&c) == OV_OK;
	return OV_OK;
}

/*
 *   size (4) | [02 00 | label \0 | path \0 | 4 bytes | size (4), temporary path | size (4)] | file
 *
 * Without the part in brackets the file follows at once: so OLE 1.0 servers other than the packager
 * write it. `at`: 4 to leave the first size out.
 */
ov_status ov_ole_native(const struct ov_src *s, uint64_t at, struct ov_arena *a,
			struct ov_ole_native *out)
{
	struct ov_str label, path;
	struct ov_cur c;
	uint16_t kind;
	uint32_t n;
	bool has_tail;

	*out = (struct ov_ole_native){ .name = OV_STR(""), .off = ov_min_u64(at, s->size) };
	out->size = s->size - out->off;
	OV_TRY(ov_src_view_upto(s, out->off, NAMES_MAX, a, &c));
	if (ov_cur_u16le(&c, &kind) != OV_OK || kind != 2)
		return OV_OK;
	out->is_broken = true;
	if (ov_cur_zstr(&c, 1024, &label) != OV_OK || ov_cur_zstr(&c, 1024, &path) != OV_OK ||
	    ov_cur_skip(&c, 4) != OV_OK || ov_cur_u32le(&c, &n) != OV_OK ||
	    ov_cur_skip(&c, n) != OV_OK || ov_cur_u32le(&c, &n) != OV_OK)
		return OV_OK;
	out->off += c.pos;
	out->is_broken = n > s->size - out->off;
	out->size = ov_min_u64(n, s->size - out->off);
	OV_TRY(is_tail(s, out->off + out->size, a, &has_tail));
	out->is_broken |= !has_tail;
	return ov_arena_str(a, label, &out->name);
}

/* [MS-PPT] 2.3.1: version and instance (2), type (2), length (4). 2.10.34: ExOleObjStg. */
ov_status ov_ppt_next(const struct ov_src *s, uint64_t *at, struct ov_ppt_object *out)
{
	uint8_t h[12];

	while (s->size >= 8 && *at <= s->size - 8) {
		struct ov_cur c = ov_cur_of(h, sizeof h);
		uint16_t mark, type;
		uint32_t n;
		size_t got;

		OV_TRY(ov_src_read_upto(s, *at, h, sizeof h, &got));
		if (got < 8)
			return OV_END;
		mark = ov_cur_soft_u16le(&c);
		type = ov_cur_soft_u16le(&c);
		n = ov_cur_soft_u32le(&c);
		*at += 8;
		if ((mark & 15) == 15) /* a container: what is in it comes next */
			continue;
		*out = (struct ov_ppt_object){ .off = *at, .size = n, .is_packed = mark >> 4 == 1 };
		out->is_cut = n > s->size - *at;
		if (out->is_cut)
			out->size = s->size - *at;
		*at += out->size;
		if (type != 0x1011 || out->size < 4) {
			if (out->is_cut)
				return OV_SHORT;
			continue;
		}
		if (out->is_packed) { /* the plain size stands before the data */
			out->off += 4;
			out->size -= 4;
		}
		return OV_OK;
	}
	return OV_END;
}

/* 01 | size, b | flags 0 | "Attribut": the first chunk of every module begins with eight letters.
 */
static bool is_source(const uint8_t *p)
{
	return p[0] == 1 && (p[2] & 0xf0) == 0xb0;
}

ov_status ov_vba_hunt(const struct ov_src *s, uint64_t *at)
{
	static const uint8_t mark[] = { 0, 'A', 't', 't', 'r', 'i', 'b', 'u', 't' };
	uint8_t buf[4096];

	while (s->size >= 12 && *at <= s->size - 12) {
		const uint8_t *hit = NULL;
		size_t got, from = 3;

		OV_TRY(ov_src_read_upto(s, *at, buf, sizeof buf, &got));
		if (got < 12)
			return OV_END;
		while (from < got) {
			hit = memmem(buf + from, got - from, mark, sizeof mark);
			if (hit == NULL || is_source(hit - 3))
				break;
			from = (size_t)(hit - buf) + 1;
			hit = NULL;
		}
		if (hit != NULL) {
			*at += (uint64_t)(hit - 3 - buf);
			return OV_OK;
		}
		*at += got - 11;
	}
	return OV_END;
}
