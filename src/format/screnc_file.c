/*
 * A file made by Microsoft's Script Encoder (.vbe, .jse): one part, the script, as in a page.
 *
 *   #@~^ | length (8) | text ... | checksum (8) | ^#~@
 *
 * Both numbers are base64 of four bytes: how many characters the script has, and their sum. They,
 * and the end mark, tell a damaged file.
 */
#include "formats.h"

#include "b64.h"
#include "checked.h"
#include "screnc.h"

#include <string.h>

#define READ_MAX ((uint64_t)16 << 20) /* bytes of the file that are decoded */

struct screnc {
	struct ov_cur text; /* "<script>...</script>" */
	bool is_given;
};

/* A number of the frame: eight digits of base64. */
static bool number_at(const uint8_t *p, uint32_t *out)
{
	const struct ov_str digits = { .p = (const char *)p, .n = 8 };
	uint8_t bytes[6];
	struct ov_cur c = ov_cur_of(bytes, sizeof bytes);
	size_t n;

	if (ov_b64_decode(digits, bytes, sizeof bytes, &n) != OV_OK || n != 4)
		return false;
	*out = ov_cur_soft_u32le(&c);
	return true;
}

/* `in`: the frame, whole or not; `p`: the script that was made of it. */
static void check(const struct ov_fmt_env *env, struct ov_cur in, const uint8_t *p, size_t n)
{
	uint32_t length = 0, want = 0, sum = 0;
	bool is_ascii = true;

	if (in.len < 24 || memcmp(in.base + in.len - 4, "^#~@", 4) != 0) {
		env->note(env->ctx, OV_SHORT, OV_STR("script"), "it has no end");
		return;
	}
	for (size_t i = 0; i < n; i++) {
		sum += p[i];
		is_ascii &= p[i] < 0x80;
	}
	if (!is_ascii) /* two bytes may be one character: how they count is not known */
		return;
	if (!number_at(in.base + 4, &length) || !number_at(in.base + in.len - 12, &want) ||
	    length != n || want != sum)
		env->note(env->ctx, OV_BAD, OV_STR("script"),
			  "its length or its checksum is wrong");
}

static ov_status screnc_open(const struct ov_fmt_env *env, void **state)
{
	static const char head[] = "<script>", tail[] = "</script>";
	const size_t size = (size_t)ov_min_u64(env->src->size, READ_MAX);
	struct screnc *s = NULL;
	struct ov_cur file;
	uint8_t *to = NULL;
	size_t at, used, n = 0;

	OV_TRY(ov_arena_new(env->arena, &s));
	OV_TRY(ov_src_view_upto(env->src, 0, size, env->arena, &file));
	if (size < env->src->size)
		env->note(env->ctx, OV_LIMIT, (struct ov_str){ 0 },
			  "only its first 16 MiB were decoded");
	OV_TRY(ov_arena_array(env->arena, file.len + sizeof head + sizeof tail, &to));
	at = ov_screnc_find(file.base, file.len);
	if (at == file.len)
		return OV_BAD;
	memcpy(to, head, sizeof head - 1);
	used = ov_screnc_decode(file.base + at, file.len - at, to + sizeof head - 1, &n);
	if (size == env->src->size)
		check(env, ov_cur_of(file.base + at, used), to + sizeof head - 1, n);
	n += sizeof head - 1;
	memcpy(to + n, tail, sizeof tail - 1);
	s->text = ov_cur_of(to, n + sizeof tail - 1);
	*state = s;
	return OV_OK;
}

static ov_status screnc_next(void *state, struct ov_child *out)
{
	struct screnc *s = state;

	if (s->is_given)
		return OV_END;
	s->is_given = true;
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = OV_STR("script"),
				  .size = s->text.len,
				  .packed = OV_SIZE_UNKNOWN,
				  .position = 1,
				  .is_coding = true };
	return OV_OK;
}

static ov_status screnc_read(void *state, void *to, size_t n, size_t *got)
{
	struct screnc *s = state;

	*got = ov_min_size(n, ov_cur_left(&s->text));
	return *got > 0 ? ov_cur_copy(&s->text, to, *got) : OV_END;
}

const struct ov_format ov_format_screnc = {
	.name = "screnc", .open = screnc_open, .next = screnc_next, .read = screnc_read
};
