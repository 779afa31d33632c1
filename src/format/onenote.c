/*
 * OneNote sections, [MS-ONESTORE] 2.6.13: attached files stand in the file as they are, behind a
 * GUID. All that begin so are parts, whether or not a page refers to them.
 *
 *   GUID e7 16 e3 bd ... (16) | size (8) | 12 bytes | file ... | GUID of the end
 */
#include "formats.h"

#include "checked.h"
#include "overt/features.h"
#include "window.h"

#define HEAD 36

struct onenote {
	const struct ov_fmt_env *env;
	struct ov_window w;
	uint64_t at, position;
};

static ov_status open_onenote(const struct ov_fmt_env *env, void **state)
{
	struct onenote *f;

	if ((env->features_off >> OVERT_FEATURE_ONENOTE & 1) != 0) {
		env->note(env->ctx, OV_UNSUPPORTED, OV_STR(""),
			  "OneNote sections are not opened, as asked");
		return OV_UNSUPPORTED;
	}
	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	OV_TRY(ov_window_init(&f->w, env->src, env->arena));
	*state = f;
	return OV_OK;
}

static ov_status next_onenote(void *state, struct ov_child *out)
{
	static const uint8_t mark[16] = { 0xe7, 0x16, 0xe3, 0xbd, 0x65, 0x26, 0x11, 0x45,
					  0xa4, 0xc4, 0x8d, 0x4d, 0x0b, 0x7a, 0x9e, 0xac };
	struct onenote *f = state;
	const uint64_t size = f->env->src->size;
	uint64_t n, off;
	struct ov_cur c;
	bool found;

	for (;;) {
		OV_TRY(ov_window_find(&f->w, &f->at, size, mark, sizeof mark, &found));
		if (!found)
			return OV_END;
		off = f->at + HEAD;
		f->at += sizeof mark;
		if (ov_window_get(&f->w, f->at, 8, &c) != OV_OK || off >= size)
			return OV_END;
		n = ov_cur_soft_u64le(&c);
		if (n > 0)
			break;
	}
	if (n > size - off) {
		f->env->note(f->env->ctx, OV_SHORT, OV_STR("attached file"),
			     "it goes beyond the end of the section");
		f->at = off; /* up to the next one, so that no byte is given twice */
		OV_TRY(ov_window_find(&f->w, &f->at, size, mark, sizeof mark, &found));
		n = f->at - off;
	}
	f->at = off + n;
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = OV_STR("attached file"),
				  .off = off,
				  .size = n,
				  .packed = n,
				  .position = ++f->position };
	return OV_OK;
}

const struct ov_format ov_format_onenote = { "onenote", open_onenote, next_onenote, NULL, NULL };
