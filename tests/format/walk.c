/* The walk and its transcript. */
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "text.h"

#define DEPTH_MAX 3

struct frame {
	struct ov_walk *w;
	unsigned depth;
};

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ov_status read_bytes(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	*got = 0;
	if (off >= b->n)
		return OV_OK;
	*got = n < b->n - off ? n : b->n - (size_t)off;
	if (*got > 100)
		*got -= (*got - 100) / 2; /* short reads are allowed */
	memcpy(to, b->p + off, *got);
	return OV_OK;
}

static void die(int line)
{
	fprintf(stderr, "walk.c:%d: the interface was broken\n", line);
	abort();
}

static void count(struct ov_walk *w, ov_status s)
{
	w->bugs += s == OV_BUG;
	w->nomem += s == OV_NOMEM;
}

static void must(ov_status s)
{
	if (s != OV_OK)
		die(__LINE__); /* the test's own buffer is large enough */
}

static void indent(const struct frame *f)
{
	for (unsigned i = 0; i < f->depth; i++)
		must(ov_buf_str(&f->w->text, OV_STR("  ")));
}

static void note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	const struct frame *f = ctx;

	f->w->notes++;
	count(f->w, why);
	indent(f);
	must(ov_buf_fmt(&f->w->text, "! %s: ", ov_status_name(why)));
	must(ov_text_shown(&f->w->text, member));
	must(ov_buf_fmt(&f->w->text, ": %s\n", detail));
}

static void heuristic(void *ctx, int alert, const char *name)
{
	const struct frame *f = ctx;

	indent(f);
	must(ov_buf_fmt(&f->w->text, "* %s (%d)\n", name, alert));
}

static void line(const struct frame *f, const struct ov_child *c, const uint8_t *p, size_t n,
		 ov_status end)
{
	static const char *const kinds[] = { "slice", "stream", "none" };
	struct ov_buf *b = &f->w->text;

	indent(f);
	must(ov_buf_fmt(b, "%llu %s '", (unsigned long long)c->position, kinds[c->kind]));
	must(ov_text_shown(b, c->name));
	must(ov_buf_fmt(b, "' size %lld packed %lld", (long long)c->size, (long long)c->packed));
	if (c->kind != OV_CHILD_NONE)
		must(ov_buf_fmt(b, " gave %zu crc %08lx", n, n > 0 ? crc32(0, p, (uInt)n) : 0));
	if (c->has_crc32)
		must(ov_buf_fmt(b, " told %08x", c->crc32));
	must(ov_buf_fmt(b, "%s%s%s", c->is_encrypted ? " encrypted" : "",
			c->is_coding ? " coding" : "", c->is_carved ? " carved" : ""));
	must(ov_buf_fmt(b, " %s\n", ov_status_name(end)));
}

static void walk(struct ov_walk *w, const uint8_t *p, size_t n, unsigned depth, enum ov_type force);

/* One part: its bytes, then what is inside. */
static void take_part(struct frame *f, const struct ov_format *fmt, void *state,
		      const struct ov_child *c, const uint8_t *p, size_t n)
{
	struct ov_buf got = ov_buf_of((size_t)64 << 20);
	ov_status s = OV_END;

	f->w->parts++;
	if (c->kind == OV_CHILD_SLICE) {
		if (c->off > n || c->size > n - c->off)
			die(__LINE__); /* the interface's promise */
		must(ov_buf_put(&got, p + c->off, (size_t)c->size));
	}
	while (c->kind == OV_CHILD_STREAM && got.n < f->w->most) {
		size_t some = 0;

		must(ov_buf_reserve(&got, f->w->chunk));
		s = fmt->read(state, got.p + got.n, f->w->chunk, &some);
		if (s != OV_OK)
			break;
		if (some == 0 || some > f->w->chunk)
			die(__LINE__);
		got.n += some;
	}
	count(f->w, s);
	f->w->plain += got.n;
	f->w->notes += s != OV_END && s != OV_OK;
	line(f, c, got.p, got.n, s);
	if (f->depth < DEPTH_MAX && got.n > 0)
		walk(f->w, got.p, got.n, f->depth + 1, OV_T_BINARY_DATA);
	ov_buf_free(&got);
}

static void walk_format(struct frame *f, const struct ov_format *fmt, const struct ov_fmt_env *env,
			const uint8_t *p, size_t n)
{
	struct ov_child c;
	void *state = NULL;
	ov_status s = fmt->open(env, &state);

	if (s == OV_OK) {
		for (unsigned i = 0; i < 10000; i++) {
			s = fmt->next(state, &c);
			if (s != OV_OK)
				break;
			take_part(f, fmt, state, &c, p, n);
		}
		if (fmt->close != NULL)
			fmt->close(state);
	} else if (s == OV_END) {
		die(__LINE__);
	}
	if (s == OV_END)
		return;
	count(f->w, s);
	f->w->notes++;
	indent(f);
	must(ov_buf_fmt(&f->w->text, "ends: %s\n", ov_status_name(s)));
}

static void walk(struct ov_walk *w, const uint8_t *p, size_t n, unsigned depth, enum ov_type force)
{
	struct bytes b = { p, n };
	struct ov_src src = ov_src_mem(p, n);
	enum ov_type t = ov_type_detect(ov_cur_of(p, n < OV_TYPE_HEAD ? n : OV_TYPE_HEAD), &src);
	struct frame f = { w, depth };
	const struct ov_format *fmt;
	struct ov_arena a;
	struct ov_fmt_env env = { .src = &src,
				  .arena = &a,
				  .max_memory = (uint64_t)64 << 20,
				  .note = note,
				  .heuristic = heuristic,
				  .ctx = &f,
				  .features_off = w->features_off,
				  .passwords = w->passwords,
				  .npasswords = w->npasswords };

	if (w->by_callback)
		src = (struct ov_src){ .size = n, .read = read_bytes, .ctx = &b };
	if (force != OV_T_BINARY_DATA)
		t = force;
	fmt = ov_format_for(t);
	if (fmt == NULL)
		return;
	indent(&f);
	must(ov_buf_fmt(&w->text, "%s by %s\n", ov_type_name(t), fmt->name));
	env.type = t;
	ov_arena_init(&a, w->budget);
	a.fail_in = w->fail_in;
	walk_format(&f, fmt, &env, p, n);
	ov_arena_free(&a);
}

void ov_walk(struct ov_walk *w, const uint8_t *p, size_t n)
{
	walk(w, p, n, 0, w->force);
}
