/* Members of a ZIP archive by name, through format/. */
#include "zipparts.h"

#include "format.h"

#define MEMBER_MAX ((size_t)64 << 20)
#define STATE_MAX ((size_t)64 << 20)

struct noted {
	struct ov_ev *e;
};

static void note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct noted *n = ctx;

	if (n->e->broke == OV_OK && ov_ev_unread(n->e, why, member, detail) != OV_OK &&
	    n->e->broke == OV_OK)
		n->e->broke = OV_NOMEM;
}

static ov_status bytes_of(struct ov_ev *e, const struct ov_src *src, const struct ov_format *fmt,
			  void *state, const struct ov_child *c, struct ov_buf *b,
			  struct ov_cur *out)
{
	ov_status st = OV_OK;

	if (c->kind == OV_CHILD_SLICE)
		return c->size > MEMBER_MAX
			   ? OV_LIMIT
			   : ov_src_view(src, c->off, (size_t)c->size, &e->arena, out);
	b->n = 0;
	while (st == OV_OK) {
		size_t got = 0;

		OV_TRY(ov_buf_reserve(b, 64 << 10));
		st = fmt->read(state, b->p + b->n, 64 << 10, &got);
		b->n += st == OV_OK ? got : 0;
	}
	*out = ov_buf_cur(b);
	return st == OV_END ? OV_OK : st;
}

static ov_status
each(struct ov_ev *e, const struct ov_src *src, const struct ov_format *fmt, void *state,
     bool (*wants)(void *ctx, struct ov_ev *e, struct ov_str name, ov_status *st),
     ov_status (*take)(void *ctx, struct ov_ev *e, struct ov_str name, struct ov_cur c), void *ctx)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(MEMBER_MAX);

	for (;;) { /* formats come to an end */
		struct ov_child c;
		struct ov_cur bytes;
		ov_status st = fmt->next(state, &c), said = OV_OK;

		OV_TRY(e->broke);
		if (st == OV_END)
			return OV_OK;
		OV_TRY(st);
		if (!wants(ctx, e, c.name, &said) || c.kind == OV_CHILD_NONE) {
			OV_TRY(said);
			continue;
		}
		OV_TRY(said);
		st = bytes_of(e, src, fmt, state, &c, &b, &bytes);
		if (st == OV_OK)
			OV_TRY(take(ctx, e, c.name, bytes));
		else
			OV_TRY(ov_ev_unread(e, st, c.name, "this member can't be read"));
	}
}

ov_status ov_ev_zip_members(
    struct ov_ev *e, const struct ov_src *src,
    bool (*wants)(void *ctx, struct ov_ev *e, struct ov_str name, ov_status *st),
    ov_status (*take)(void *ctx, struct ov_ev *e, struct ov_str name, struct ov_cur c), void *ctx)
{
	const struct ov_format *fmt = ov_format_for(OV_T_ZIP);
	struct noted n = { .e = e };
	struct ov_arena a;
	struct ov_fmt_env env = { .src = src,
				  .type = OV_T_ZIP,
				  .arena = &a,
				  .max_memory = (uint64_t)64 << 20,
				  .note = note,
				  .ctx = &n };
	void *state = NULL;
	ov_status st;

	ov_arena_init(&a, STATE_MAX);
	st = fmt->open(&env, &state);
	if (st == OV_OK) {
		st = each(e, src, fmt, state, wants, take, ctx);
		if (fmt->close != NULL)
			fmt->close(state);
	}
	ov_arena_free(&a);
	return st;
}
