/* Archives, codings and partition tables that format/ opens, as trees: each file of them is shown
 * like one of an image. Parts that are images themselves wait. */
#include "images.h"

#include "format.h"

#define PART_MAX ((size_t)256 << 20) /* bytes of one part that are kept in memory */
#define FORMAT_ARENA ((size_t)64 << 20)

struct walk {
	struct ov_ev *e;
	struct ov_visit visit;
	const struct ov_format *format;
	void *state;
	enum ov_type type;
	uint32_t level;
};

static void note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct walk *w = ctx;

	if (w->e->broke == OV_OK && ov_ev_unread(w->e, why, member, detail) != OV_OK &&
	    w->e->broke == OV_OK)
		w->e->broke = OV_NOMEM;
}

/* A stream's bytes in memory; what has more than is kept is told. */
static ov_status spool(struct walk *w, struct ov_cur *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(PART_MAX);
	uint8_t *copy = NULL;
	ov_status st = OV_OK;

	while (st == OV_OK) {
		size_t got = 0;

		st = ov_buf_reserve(&b, 256 << 10);
		if (st == OV_OK)
			st = w->format->read(w->state, b.p + b.n, 256 << 10, &got);
		if (st == OV_OK)
			b.n += got;
		if (w->e->sink->progress != NULL && w->e->broke == OV_OK)
			w->e->broke = w->e->sink->progress(w->e->sink->ctx);
		OV_TRY(w->e->broke);
	}
	if (st != OV_END)
		return st;
	OV_TRY(ov_arena_array(&w->e->kept, b.n, &copy));
	if (b.n > 0)
		memcpy(copy, b.p, b.n);
	*out = ov_cur_of(copy, b.n);
	return OV_OK;
}

static bool is_partition(enum ov_type t)
{
	return t == OV_T_MBR || t == OV_T_GPT || t == OV_T_APM;
}

/* A coding's or partition's only content is opened in turn; other parts are files of a tree. */
static ov_status take_part(struct walk *w, const struct ov_src *whole, const struct ov_child *c)
{
	struct ov_tree_entry t = { .path = c->name, .kind = OV_TREE_FILE, .mtime = OV_INV_NO_DATE };
	const struct ov_arena_mark mark = ov_arena_mark(&w->e->kept);
	struct ov_src src;
	ov_status st = OV_OK;

	if (c->kind == OV_CHILD_NONE)
		return w->visit.e->broke;
	if (c->kind == OV_CHILD_SLICE) {
		st = ov_src_slice(whole, c->off, c->size, &src);
	} else {
		struct ov_cur bytes = ov_cur_of(NULL, 0);

		st = spool(w, &bytes);
		src = ov_src_mem(bytes.base, bytes.len);
	}
	OV_TRY(w->e->broke);
	if (st != OV_OK)
		return ov_ev_unread(w->e, st, c->name, "this part can't be read whole");
	if (c->is_coding || is_partition(w->type))
		return ov_image_push(w->e, &src, c->is_coding ? (struct ov_str){ 0 } : c->name,
				     w->level + 1);
	t.src = &src;
	if (c->name.n > 0 && c->name.p[c->name.n - 1] == '/')
		t.kind = OV_TREE_FOLDER;
	st = ov_visit_entry(&w->visit, &t);
	if (w->e->images == NULL) /* nobody waits for these bytes */
		ov_arena_release(&w->e->kept, mark);
	return st;
}

static ov_status walk_parts(struct walk *w, const struct ov_src *src)
{
	for (;;) { /* each turn takes a part; formats come to an end */
		struct ov_child c;
		const ov_status st = w->format->next(w->state, &c);

		OV_TRY(w->e->broke);
		if (st == OV_END)
			return OV_OK;
		if (st != OV_OK)
			return ov_ev_unread(w->e, st, (struct ov_str){ 0 },
					    "the rest of the archive can't be read");
		OV_TRY(take_part(w, src, &c));
	}
}

static ov_status walk_format(struct walk *w, const struct ov_src *src, struct ov_arena *a)
{
	const struct ov_fmt_env env = { .src = src,
					.type = w->type,
					.arena = a,
					.max_memory = (uint64_t)192 << 20,
					.note = note,
					.ctx = w };
	ov_status st = w->format->open(&env, &w->state);

	OV_TRY(w->e->broke);
	if (st != OV_OK)
		return ov_ev_unread(w->e, st, (struct ov_str){ 0 }, "the archive can't be opened");
	st = walk_parts(w, src);
	if (w->format->close != NULL)
		w->format->close(w->state);
	return st;
}

ov_status ov_archive_read(struct ov_ev *e, const struct ov_src *src, uint32_t level)
{
	struct walk w = { .e = e, .level = level };
	struct ov_arena a;
	struct ov_cur head;
	ov_status st;

	OV_TRY(ov_src_view_upto(src, 0, OV_TYPE_HEAD, &e->arena, &head));
	w.type = ov_type_detect(head, src);
	w.format = ov_format_for(w.type);
	if (w.format == NULL || ov_type_nature(w.type) != OV_NATURE_CONTAINER)
		return OV_END;
	OV_TRY(ov_visit_begin(e, &w.visit, level));
	ov_arena_init(&a, FORMAT_ARENA);
	st = walk_format(&w, src, &a);
	if (st == OV_OK)
		st = ov_visit_end(&w.visit);
	ov_arena_free(&a);
	return st;
}
