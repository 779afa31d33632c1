/*
 * RPM packages, up to their one part: the payload, a packed cpio archive, which is a layer of its
 * own. File layout of rpm 4 (rpm.org, "RPM V4 Package format").
 *
 *   lead (96) | signature header, padded to 8 | header | payload
 *   header: 8e ad e8 01, 0 (4), entries (4), bytes (4), 16 bytes for each entry, the bytes
 *
 * The headers' own digests are not asked; the payload's coding has checks of its own.
 */
#include "formats.h"

#include "checked.h"
#include "window.h"

#define LEAD 96

struct rpm {
	struct ov_window w;
	uint64_t payload, size;
	enum ov_type type;
	bool is_given;
};

/* Moves behind the header at *at. */
static ov_status pass_header(struct ov_window *w, uint64_t *at)
{
	uint32_t entries, bytes;
	struct ov_cur c;

	OV_TRY(ov_window_get(w, *at, 16, &c));
	OV_TRY(ov_cur_expect(&c, "\x8e\xad\xe8\x01"));
	OV_TRY(ov_cur_skip(&c, 4));
	OV_TRY(ov_cur_u32be(&c, &entries));
	OV_TRY(ov_cur_u32be(&c, &bytes));
	*at += 16 + 16 * (uint64_t)entries + bytes;
	return *at <= w->src->size ? OV_OK : OV_SHORT;
}

/* One of the codings that rpm knows, or none: by its first bytes. */
static enum ov_type payload_type(struct ov_cur c)
{
	static const struct {
		const char *text;
		size_t n;
		enum ov_type type;
	} marks[] = { { "\x1f\x8b", 2, OV_T_GZ },
		      { "BZh", 3, OV_T_BZ },
		      { "\xfd"
			"7zXZ",
			5, OV_T_XZ },
		      { "\x5d\0\0", 3, OV_T_LZMA },
		      { "\x28\xb5\x2f\xfd", 4, OV_T_ZSTD },
		      { "07070", 5, OV_T_CPIO_NEWC } };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (ov_cur_looking_at(&c, marks[i].text, marks[i].n))
			return marks[i].type;
	return OV_T_BINARY_DATA;
}

static ov_status open_rpm(const struct ov_fmt_env *env, void **state)
{
	uint64_t at = LEAD;
	struct ov_cur c;
	struct rpm *f;

	OV_TRY(ov_arena_new(env->arena, &f));
	OV_TRY(ov_window_init(&f->w, env->src, env->arena));
	OV_TRY(pass_header(&f->w, &at));
	at += (8 - at % 8) % 8;
	OV_TRY(pass_header(&f->w, &at));
	OV_TRY(ov_window_upto(&f->w, at, 8, &c));
	f->type = payload_type(c);
	if (f->type == OV_T_BINARY_DATA)
		env->note(env->ctx, OV_BAD, OV_STR("payload"), "no packed archive stands there");
	f->payload = at;
	f->size = env->src->size - at;
	*state = f;
	return OV_OK;
}

static ov_status next_rpm(void *state, struct ov_child *out)
{
	struct rpm *f = state;

	if (f->is_given || f->size == 0)
		return OV_END;
	f->is_given = true;
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = OV_STR("payload"),
				  .off = f->payload,
				  .size = f->size,
				  .packed = f->size,
				  .position = 1,
				  .hint = f->type,
				  .is_coding = true };
	return OV_OK;
}

const struct ov_format ov_format_rpm = { "rpm", open_rpm, next_rpm, NULL, NULL };
