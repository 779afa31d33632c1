/*
 * RIFF, looked at for one thing: see riff.h. Chunks are
 *
 *   0    4      8
 *   | id | size | data ...  (pad to even)      LIST: data begins with a type, then chunks
 *
 * clamscan reads lists as if their chunks stood among the others, and to the end of the file,
 * whatever size the head tells. No part is opened here.
 */
#include "riff.h"

#include "checked.h"
#include "window.h"

#define CURSOR_HEAD 36u /* bytes of ANIHEADER */

ov_status ov_riff_find_fault(const struct ov_src *src, struct ov_arena *a, const char **name)
{
	struct ov_window w;
	struct ov_cur c;
	uint64_t at = 12;
	bool is_be;
	ov_status s;

	*name = NULL;
	OV_TRY(ov_window_init(&w, src, a));
	s = ov_window_get(&w, 0, 12, &c);
	if (s != OV_OK)
		return s == OV_SHORT ? OV_OK : s;
	is_be = ov_cur_looking_at(&c, "RIFX", 4);
	ov_cur_soft_skip(&c, 8);
	if (!ov_cur_looking_at(&c, "ACON", 4))
		return OV_OK;
	for (uint32_t n = 0; n < OV_RIFF_CHUNKS; n++) { /* each turn moves on by 8 at least */
		uint32_t size;
		bool is_list, is_head;

		s = ov_window_get(&w, at, 8, &c);
		if (s != OV_OK)
			return s == OV_SHORT ? OV_OK : s;
		is_list = ov_cur_looking_at(&c, "LIST", 4);
		is_head = ov_cur_looking_at(&c, "anih", 4);
		ov_cur_soft_skip(&c, 4);
		size = is_be ? ov_cur_soft_u32be(&c) : ov_cur_soft_u32le(&c);
		if (is_head && size != CURSOR_HEAD) {
			*name = "Heuristics.Exploit.W32.MS05-002";
			return OV_OK;
		}
		at += is_list ? 12 : 8 + (uint64_t)size + size % 2;
	}
	return OV_LIMIT;
}
