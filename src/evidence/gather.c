/* What all sources stand on: a file's head, records on their way out, what could not be read. */
#include "images.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_MAX ((size_t)768 << 20)
#define SCRATCH_MAX ((size_t)384 << 20)
#define ARENA_KEEP ((size_t)1 << 20)
#define OUT_MAX ((size_t)8 << 20)
/* A small image may hold holes without end, in any number of files: what sources read of them is
 * counted, sixteen times the image's size and this much more. */
#define OPENED_LEAST ((uint64_t)4 << 30)

ov_status ov_ev_new(struct ov_ev **out)
{
	struct ov_ev *e = calloc(1, sizeof *e);

	if (e == NULL)
		return OV_NOMEM;
	e->out = ov_buf_of(OUT_MAX);
	e->engines = ov_buf_of((size_t)4 << 20);
	ov_arena_init(&e->arena, ARENA_MAX);
	ov_arena_init(&e->kept, ARENA_MAX);
	ov_arena_init(&e->scratch, SCRATCH_MAX);
	*out = e;
	return OV_OK;
}

void ov_ev_free(struct ov_ev **ep)
{
	struct ov_ev *e = *ep;

	if (e == NULL)
		return;
	for (struct ov_held *h = e->held; h != NULL;) {
		struct ov_held *const next = h->next;

		free(h);
		h = next;
	}
	ov_buf_free(&e->out);
	ov_buf_free(&e->engines);
	ov_hasher_free(&e->sha256);
	ov_arena_free(&e->arena);
	ov_arena_free(&e->kept);
	ov_arena_free(&e->scratch);
	free(e);
	*ep = NULL;
}

ov_status ov_ev_watch(struct ov_ev *e, const struct ov_inv_watch *w, size_t n)
{
	e->watch = w;
	e->nwatch = n;
	return OV_OK;
}

ov_status ov_ev_hold(struct ov_ev *e, struct ov_str path, const struct ov_src *src)
{
	struct ov_held *h = calloc(1, sizeof *h);

	if (h == NULL)
		return OV_NOMEM;
	*h = (struct ov_held){ .path = path, .src = *src, .next = e->held };
	e->held = h;
	return OV_OK;
}

const char *ov_ev_source_name(size_t i)
{
	size_t n = 0;

	while (ov_ev_sources[n].name != NULL && n < i)
		n++;
	return ov_ev_sources[n].name;
}

/* Records leave when there are enough for one datagram. */
static ov_status flush(struct ov_ev *e, size_t least)
{
	ov_status st;

	if (e->out.n < least || e->out.n == 0)
		return OV_OK;
	st = e->sink->records(e->sink->ctx, ov_buf_cur(&e->out));
	e->out.n = 0;
	if (st != OV_OK)
		e->broke = st;
	return st;
}

void ov_ev_begin(struct ov_ev_found *x, enum ov_inv_what what, struct ov_str name)
{
	x->is_supplement = x->is_minor = false;
	x->dropped = 0;
	x->c = (struct ov_inv_component){
		.what = what,
		.name = name,
		.since = { .earliest = OV_INV_NO_DATE, .latest = OV_INV_NO_DATE },
		.updates = { .last = OV_INV_NO_DATE },
		.owner = OV_INV_NONE,
		.evidence = x->pieces,
	};
}

void ov_ev_program(struct ov_ev *e, struct ov_ev_found *x, const struct ov_ev_file *f,
		   enum ov_inv_what what)
{
	ov_ev_begin(x, what, f->name);
	x->c.key = ov_ev_fmt(e, "file:%.*s", (int)ov_min_size(f->path.n, 8192), f->path.p);
}

void ov_ev_add_detail(struct ov_ev_found *x, enum ov_inv_kind kind, enum ov_grade grade,
		      struct ov_str value, struct ov_str where, const char *detail)
{
	if (value.n == 0)
		return;
	if (x->c.nevidence == OV_EV_PIECES) {
		x->dropped++;
		return;
	}
	x->pieces[x->c.nevidence++] = (struct ov_inv_evidence){ .kind = kind,
								.grade = grade,
								.value = value,
								.where = where,
								.detail = ov_str_of(detail),
								.count = 1 };
}

void ov_ev_add(struct ov_ev_found *x, enum ov_inv_kind kind, enum ov_grade grade,
	       struct ov_str value, struct ov_str where)
{
	ov_ev_add_detail(x, kind, grade, value, where, "");
}

ov_status ov_ev_emit(struct ov_ev *e, struct ov_ev_found *x)
{
	x->c.evidence = x->pieces;
	x->c.path = e->chain;
	x->c.npath = e->nchain;
	if (x->c.layer == 0)
		x->c.layer = e->layer;
	if (e->is_hidden && x->c.state == OV_STATE_PRESENT)
		x->c.state = OV_STATE_SHADOWED;
	OV_TRY(ov_rec_put_component(&e->out, &x->c,
				    (x->is_supplement ? OV_REC_SUPPLEMENT : 0U) |
					(x->is_minor ? OV_REC_MINOR : 0U)));
	if (x->dropped > 0)
		OV_TRY(ov_ev_unread(e, OV_LIMIT, x->c.name, "more evidence than is kept"));
	return flush(e, OV_EV_BATCH);
}

ov_status ov_ev_rows(struct ov_ev *e, enum ov_rec_kind kind, const struct ov_rec_rows *r)
{
	OV_TRY(ov_rec_put_rows(&e->out, kind, r));
	return flush(e, OV_EV_BATCH);
}

ov_status ov_ev_scope(struct ov_ev *e, const struct ov_rec_scope *s)
{
	OV_TRY(ov_rec_put_scope(&e->out, s));
	return flush(e, OV_EV_BATCH);
}

ov_status ov_ev_watched(struct ov_ev *e, const struct ov_inv_watch *w, struct ov_str where)
{
	static const enum ov_inv_kind kinds[OV_WATCH_KINDS] = { OV_EV_PATH, OV_EV_FILE_NAME,
								OV_EV_HOST, OV_EV_KEYWORD,
								OV_EV_CLASS_PREFIX };
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_TRACES, w->group);
	x.c.key = ov_ev_fmt(e, "traces:%.*s", (int)w->group.n, w->group.p);
	ov_ev_add(&x, kinds[w->kind], w->grade, w->pattern, where);
	return ov_ev_emit(e, &x);
}

ov_status ov_ev_unread(struct ov_ev *e, ov_status why, struct ov_str member, const char *detail)
{
	struct ov_inv_unread u = {
		.path = e->chain, .npath = e->nchain, .why = why, .detail = ov_str_of(detail)
	};

	if (member.n > 0 && e->nchain < OV_EV_CHAIN)
		e->chain[u.npath++] = member;
	OV_TRY(ov_rec_put_unread(&e->out, &u));
	return flush(e, OV_EV_BATCH);
}

ov_status ov_ev_enter(struct ov_ev *e, struct ov_str name)
{
	if (e->nchain + 1 >= OV_EV_CHAIN)
		return OV_LIMIT;
	e->chain[e->nchain++] = name;
	return OV_OK;
}

void ov_ev_leave(struct ov_ev *e)
{
	e->nchain -= e->nchain > 0;
}

ov_status ov_ev_load(struct ov_ev *e, const struct ov_ev_file *f, size_t max, struct ov_cur *out)
{
	if (f->src->size > max)
		return OV_LIMIT;
	if (f->src->size <= f->head.len) {
		*out = ov_cur_of(f->head.base, (size_t)f->src->size);
		return OV_OK;
	}
	return ov_src_view(f->src, 0, (size_t)f->src->size, &e->arena, out);
}

const struct ov_src *ov_ev_companion(const struct ov_ev *e, const struct ov_ev_file *f,
				     const char *suffix)
{
	const struct ov_str tail = ov_str_of(suffix);

	if (e->at != NULL || e->nchain > 0)
		return NULL;
	for (const struct ov_held *h = e->held; h != NULL; h = h->next)
		if (h->path.n == f->path.n + tail.n &&
		    memcmp(h->path.p, f->path.p, f->path.n) == 0 &&
		    ov_text_same((struct ov_str){ .p = h->path.p + f->path.n, .n = tail.n }, tail))
			return &h->src;
	return NULL;
}

struct ov_str ov_ev_fmt(struct ov_ev *e, const char *fmt, ...)
{
	struct ov_str s = { .p = "", .n = 0 };
	va_list ap;
	void *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || ov_arena_alloc(&e->arena, (size_t)n + 1, &p) != OV_OK)
		return s;
	va_start(ap, fmt);
	n = vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	s.p = p;
	s.n = n > 0 ? (size_t)n : 0;
	return s;
}

static const char *unread_text(ov_status st)
{
	switch (st) {
	case OV_SHORT:
		return "it ends too early";
	case OV_BAD:
		return "its form is broken";
	case OV_UNSUPPORTED:
		return "a variant that is not read";
	case OV_ENCRYPTED:
		return "encrypted";
	case OV_LIMIT:
		return "larger than is read";
	default:
		return "it could not be read";
	}
}

/* Setuid and setgid programs and scripts: whoever owns them acts as somebody else. */
static ov_status note_mode(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_ev_found x;

	if ((f->mode & 06000) == 0 || (f->mode & 0111) == 0)
		return OV_OK;
	ov_ev_program(e, &x, f, OV_WHAT_PROGRAM);
	x.c.is_privileged = true;
	if ((f->mode & 04000) != 0)
		ov_ev_add(&x, OV_EV_MODE, OV_E1, OV_STR("setuid"), f->path);
	else
		ov_ev_add(&x, OV_EV_MODE, OV_E1, OV_STR("setgid"), f->path);
	return ov_ev_emit(e, &x);
}

ov_status ov_ev_dispatch(struct ov_ev *e, const struct ov_ev_file *f)
{
	OV_TRY(note_mode(e, f));
	for (const struct ov_ev_source *s = ov_ev_sources; s->name != NULL; s++) {
		const uint32_t depth = e->nchain;
		ov_status st;

		if (!s->wants(f))
			continue;
		st = s->read(e, f);
		e->nchain = depth;
		OV_TRY(e->broke);
		if (st == OV_BUG)
			return OV_BUG;
		if (st != OV_OK && st != OV_END)
			OV_TRY(ov_ev_unread(e, st, (struct ov_str){ 0 },
					    ov_ev_fmt(e, "%s: %s", s->name, unread_text(st)).p));
	}
	return OV_OK;
}

static struct ov_str name_of(struct ov_str path)
{
	size_t i = path.n;

	while (i > 0 && path.p[i - 1] != '/')
		i--;
	return (struct ov_str){ .p = path.p + i, .n = path.n - i };
}

ov_status ov_ev_file(struct ov_ev *e, const struct ov_ev_in *in, const struct ov_ev_sink *sink)
{
	struct ov_ev_file f = { .path = in->path,
				.name = name_of(in->path),
				.src = in->src,
				.mtime = in->mtime,
				.mode = in->mode,
				.is_target = in->is_target };
	ov_status st;

	ov_arena_reset(&e->arena, ARENA_KEEP);
	ov_arena_reset(&e->kept, ARENA_KEEP);
	ov_arena_reset(&e->scratch, ARENA_KEEP);
	e->images = NULL;
	e->opened = 0;
	e->is_limit_told = false;
	e->opened_max = OPENED_LEAST + ov_min_u64(in->src->size, UINT64_MAX / 32) * 16;
	e->at = NULL;
	e->is_hidden = false;
	e->sink = sink;
	e->nchain = e->layer = 0;
	e->broke = OV_OK;
	st = ov_src_view_upto(in->src, 0, OV_EV_HEAD, &e->arena, &f.head);
	if (st == OV_OK)
		st = ov_ev_dispatch(e, &f);
	else
		st = ov_ev_unread(e, st, (struct ov_str){ 0 }, "it could not be read");
	if (st == OV_OK)
		st = ov_image_all(e);
	OV_TRY(st);
	return flush(e, 0);
}
