/*
 * OneNote sections, [MS-ONESTORE] 2.6.13: attached files stand in the file as they are, behind a
 * GUID. All that begin so are parts, whether or not a page refers to them.
 *
 *   GUID e7 16 e3 bd ... (16) | size (8) | 12 bytes | file, padded to 8 | GUID of the end
 *
 * An end where none should be, or none where one should, means that a file was damaged or hidden.
 */
#include "formats.h"

#include "checked.h"
#include "overt/features.h"
#include "window.h"

#define HEAD 36
#define HEADER 1024   /* bytes of the section's own header */
#define LENGTH_AT 196 /* in the section's own header: the length of all ([MS-ONESTORE] 2.3.1) */

static const uint8_t head_mark[16] = { 0xe7, 0x16, 0xe3, 0xbd, 0x65, 0x26, 0x11, 0x45,
				       0xa4, 0xc4, 0x8d, 0x4d, 0x0b, 0x7a, 0x9e, 0xac };
static const uint8_t end_mark[16] = { 0x22, 0xa7, 0xfb, 0x71, 0x79, 0x0f, 0x0b, 0x4a,
				      0xbb, 0x13, 0x89, 0x92, 0x56, 0x42, 0x6b, 0x24 };

struct onenote {
	const struct ov_fmt_env *env;
	struct ov_window w;
	uint64_t at, position;
	uint64_t last; /* behind the last attached file */
};

static void note(struct onenote *f, ov_status why, const char *detail)
{
	f->env->note(f->env->ctx, why, OV_STR("attached file"), detail);
}

static void check_length(struct onenote *f)
{
	struct ov_cur c;

	if (ov_window_get(&f->w, LENGTH_AT, 8, &c) != OV_OK ||
	    ov_cur_soft_u64le(&c) > f->env->src->size || f->env->src->size < HEADER)
		f->env->note(f->env->ctx, OV_SHORT, OV_STR(""),
			     "it is shorter than its header tells");
}

/* Is there an end in what lies between two attached files? */
static ov_status check_between(struct onenote *f, uint64_t end)
{
	bool found;

	OV_TRY(ov_window_find(&f->w, &f->last, end, end_mark, sizeof end_mark, &found));
	if (found)
		note(f, OV_BAD, "the end of one whose beginning is not there");
	return OV_OK;
}

/* Behind its bytes and their padding. */
static ov_status check_end(struct onenote *f, uint64_t n)
{
	struct ov_cur c;

	OV_TRY(ov_window_upto(&f->w, f->at + (8 - n % 8) % 8, sizeof end_mark, &c));
	if (!ov_cur_looking_at(&c, end_mark, sizeof end_mark))
		note(f, OV_BAD, "its end is not where its size says");
	else
		f->last = f->at + (8 - n % 8) % 8 + sizeof end_mark;
	return OV_OK;
}

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
	check_length(f);
	*state = f;
	return OV_OK;
}

/* The next file's size, where f->at is behind its mark. @return OV_OK; OV_END; OV_IO. */
static ov_status find_file(struct onenote *f, uint64_t *n)
{
	const uint64_t size = f->env->src->size;
	struct ov_cur c;
	bool found;

	for (;;) {
		OV_TRY(ov_window_find(&f->w, &f->at, size, head_mark, sizeof head_mark, &found));
		OV_TRY(check_between(f, f->at));
		if (!found)
			return OV_END;
		f->at += sizeof head_mark;
		if (size - f->at < HEAD - sizeof head_mark) {
			note(f, OV_SHORT, "the section ends within its header");
			return OV_END;
		}
		OV_TRY(ov_window_get(&f->w, f->at, 8, &c));
		*n = ov_cur_soft_u64le(&c);
		f->at += HEAD - sizeof head_mark;
		if (*n > 0)
			return OV_OK;
		OV_TRY(check_end(f, 0));
	}
}

static ov_status next_onenote(void *state, struct ov_child *out)
{
	struct onenote *f = state;
	const uint64_t size = f->env->src->size;
	uint64_t n, off;
	bool found;

	OV_TRY(find_file(f, &n));
	off = f->at;
	if (n > size - off) {
		note(f, OV_SHORT, "it goes beyond the end of the section");
		/* up to the next one, so that no byte is given twice */
		OV_TRY(ov_window_find(&f->w, &f->at, size, head_mark, sizeof head_mark, &found));
		n = f->at - off;
		f->last = f->at;
	} else {
		f->last = f->at = off + n;
		OV_TRY(check_end(f, n));
	}
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = OV_STR("attached file"),
				  .off = off,
				  .size = n,
				  .packed = n,
				  .position = ++f->position };
	return OV_OK;
}

const struct ov_format ov_format_onenote = { "onenote", open_onenote, next_onenote, NULL, NULL };
