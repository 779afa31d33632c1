/*
 * Unix ar archives and Debian packages: System V's header, GNU's and BSD's long names. Every member
 * is a slice.
 *
 *   0        16           28    34    40      48         58  60
 *   | name   | mtime      | uid | gid | mode  | size     | ` \n |  body ...  (pad to even)
 *
 * GNU:  "/" symbol table, "//" table of long names, "/123" name at offset 123 of it
 * BSD:  "#1/20" the name is the first 20 bytes of the body
 *
 * Thin archives hold no bodies and are another type.
 */
#include "formats.h"

#include "checked.h"
#include "text.h"
#include "window.h"

#define HEADER 60
#define NAME_BYTES_MAX 4096

struct ar {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t at;		/* of the next header            */
	uint64_t names, nnames; /* GNU's table of long names     */
	uint64_t position;
	struct ov_arena_mark mark; /* before the current name    */
};

static ov_status open_ar(const struct ov_fmt_env *env, void **state)
{
	struct ov_cur c;
	struct ar *r;

	OV_TRY(ov_arena_new(env->arena, &r));
	r->env = env;
	OV_TRY(ov_window_init(&r->win, env->src, env->arena));
	OV_TRY(ov_window_get(&r->win, 0, 8, &c));
	OV_TRY(ov_cur_expect(&c, "!<arch>\n"));
	r->at = 8;
	r->mark = ov_arena_mark(env->arena);
	*state = r;
	return OV_OK;
}

static struct ov_str text_of(struct ov_cur c)
{
	struct ov_str s = { .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) };

	while (s.p != NULL && s.n > 0 && s.p[s.n - 1] == ' ')
		s.n--;
	return s;
}

/* A view of up to NAME_BYTES_MAX bytes at `at`, cut at `stop` (GNU) or at NUL bytes (BSD pads with
 * them). */
static ov_status stored_name(struct ar *r, uint64_t at, uint64_t n, char stop, struct ov_str *out)
{
	struct ov_cur c;
	size_t len = 0;

	OV_TRY(ov_window_upto(&r->win, at, (size_t)ov_min_u64(n, NAME_BYTES_MAX), &c));
	while (len < ov_cur_left(&c) && ov_cur_rest(&c)[len] != (uint8_t)stop)
		len++;
	*out = (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = len };
	if (stop == '\n' && len > 0 && out->p[len - 1] == '/')
		out->n--;
	return OV_OK;
}

/* Resolves the name field; `*body` and `*size` shrink where the name stands in the body. */
static ov_status resolve_name(struct ar *r, struct ov_str field, uint64_t *body, uint64_t *size,
			      struct ov_str *out)
{
	uint64_t n;

	*out = field;
	if (ov_str_starts(field, OV_STR("#1/"))) {
		const struct ov_str digits = { .p = field.p + 3, .n = field.n - 3 };

		if (ov_text_u64(digits, &n) != OV_OK || n > *size)
			return OV_BAD;
		OV_TRY(stored_name(r, *body, n, '\0', out));
		*body += n;
		*size -= n;
	} else if (field.n > 1 && field.p[0] == '/') {
		const struct ov_str digits = { .p = field.p + 1, .n = field.n - 1 };

		if (ov_text_u64(digits, &n) == OV_OK && n < r->nnames)
			OV_TRY(stored_name(r, r->names + n, r->nnames - n, '\n', out));
	} else if (field.n > 1 && field.p[field.n - 1] == '/') {
		out->n--;
	}
	return OV_OK;
}

/* Reads the header at r->at and moves past its body. @return OV_OK; OV_SHORT, OV_BAD as the engine
 * shall tell. */
static ov_status read_header(struct ar *r, struct ov_child *out)
{
	struct ov_cur c, name, size_field;
	struct ov_str field, resolved;
	char text[17] = "";
	uint64_t size, body;

	OV_TRY(ov_window_get(&r->win, r->at, HEADER, &c));
	OV_TRY(ov_cur_take(&c, 16, &name));
	OV_TRY(ov_cur_skip(&c, 12 + 6 + 6 + 8));
	OV_TRY(ov_cur_take(&c, 10, &size_field));
	OV_TRY(ov_cur_expect(&c, "`\n"));
	OV_TRY(ov_text_u64(text_of(size_field), &size));
	field = text_of(name);
	if (field.p != NULL)
		memcpy(text, field.p, field.n); /* the window moves on */
	field.p = text;
	body = r->at + HEADER;
	r->at = body + ov_min_u64(size + size % 2, r->env->src->size - body);
	if (ov_str_is(field, "//")) {
		r->names = body;
		r->nnames = size;
	}
	OV_TRY(resolve_name(r, field, &body, &size, &resolved));
	OV_TRY(ov_arena_str(r->env->arena, resolved, &resolved));
	*out = (struct ov_child){
		.kind = OV_CHILD_SLICE, .name = resolved, .off = body, .size = size, .packed = size
	};
	return OV_OK;
}

static bool is_table(struct ov_str name)
{
	return ov_str_is(name, "/") || ov_str_is(name, "//") || ov_str_is(name, "/SYM64/") ||
	       ov_str_starts(name, OV_STR("__.SYMDEF"));
}

static ov_status next_ar(void *state, struct ov_child *out)
{
	struct ar *r = state;

	for (;;) {
		const uint64_t size = r->env->src->size;

		ov_arena_release(r->env->arena, r->mark);
		if (r->at >= size || (size - r->at == 1 && r->position > 0)) /* a last pad byte */
			return OV_END;
		OV_TRY(read_header(r, out));
		if (out->size > size - ov_min_u64(out->off, size))
			r->env->note(r->env->ctx, OV_SHORT, out->name,
				     "goes beyond the end of the archive");
		if (is_table(out->name))
			continue; /* numbers and names for the linker: matched as part of the
				     archive */
		out->position = ++r->position;
		out->off = ov_min_u64(out->off, size); /* a cut name in the body leaves nothing */
		out->size = ov_min_u64(out->size, size - out->off);
		return OV_OK;
	}
}

const struct ov_format ov_format_ar = { "ar", open_ar, next_ar, NULL, NULL };
