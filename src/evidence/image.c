/*
 * Images: a file that is a file system, an archive, or holds some of them. Each image is a scope in
 * the records, so that its package databases are held against its own files. Images in images wait
 * on a list: nothing recurses.
 */
#include "images.h"

#include "ev_sources.h"
#include "type.h"

#define ROWS 1024u

/* FAT last: a boot sector of exFAT begins alike. */
const struct ov_tree_form *const ov_tree_forms[] = {
	&ov_tree_squashfs, &ov_tree_ext,   &ov_tree_cpio, &ov_tree_ubi, &ov_tree_ubifs,
	&ov_tree_jffs2,	   &ov_tree_exfat, &ov_tree_fat,  NULL
};

ov_status ov_visit_begin(struct ov_ev *e, struct ov_visit *v, uint32_t level)
{
	*v = (struct ov_visit){ .e = e, .level = level, .layer = e->layer };
	return ov_arena_array(&e->kept, (size_t)ROWS * OV_REC_ROW, &v->rows);
}

static ov_status flush_rows(struct ov_visit *v)
{
	const struct ov_rec_rows r = { .what = OV_WHAT_IMAGE,
				       .since = OV_INV_NO_DATE,
				       .layer = v->layer,
				       .rows = v->rows,
				       .n = v->nrows };

	v->nrows = 0;
	return r.n > 0 ? ov_ev_rows(v->e, OV_REC_ENTRIES, &r) : OV_OK;
}

ov_status ov_visit_end(struct ov_visit *v)
{
	return flush_rows(v);
}

static ov_status add_row(struct ov_visit *v, struct ov_str path, uint8_t flags)
{
	uint8_t *row = v->rows + (size_t)v->nrows * OV_REC_ROW;
	const uint64_t hash = ov_rec_hash(path);

	for (size_t i = 0; i < 8; i++)
		row[i] = (uint8_t)(hash >> 8 * i);
	row[8] = flags;
	return ++v->nrows == ROWS ? flush_rows(v) : OV_OK;
}

/* Magic numbers of what may be opened inside an image: none of them opens an ordinary file. */
static bool is_worth_opening(struct ov_ev *e, const struct ov_src *src)
{
	struct ov_tree_facts facts;

	for (size_t i = 0; ov_tree_forms[i] != NULL; i++)
		if (ov_tree_forms[i] != &ov_tree_fat && ov_tree_forms[i]->probe(e, src, &facts))
			return true;
	return false;
}

static ov_status watched(struct ov_ev *e, struct ov_str path)
{
	for (size_t i = 0; i < e->nwatch; i++)
		if (ov_inv_watches(&e->watch[i], path))
			OV_TRY(ov_ev_watched(e, &e->watch[i], path));
	return OV_OK;
}

struct counted { /* reads of a file in an image, counted for all of them */
	struct ov_src src;
	struct ov_ev *e;
};

static ov_status read_counted(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct counted *c = ctx;

	if (c->e->opened > c->e->opened_max)
		return OV_IO;
	OV_TRY(ov_src_read_upto(&c->src, off, to, n, got));
	c->e->opened += *got;
	return OV_OK;
}

/* What is in memory already costs no more than itself. */
static ov_status count(struct ov_ev *e, const struct ov_src *src, struct ov_src *out)
{
	struct counted *c;

	*out = *src;
	if (src->mem != NULL)
		return OV_OK;
	OV_TRY(ov_arena_new(&e->kept, &c));
	*c = (struct counted){ .src = *src, .e = e };
	*out = ov_tree_src(read_counted, c, src->size);
	return OV_OK;
}

/* Told once; names count on. */
static ov_status tell_limit(struct ov_ev *e)
{
	if (e->is_limit_told)
		return OV_OK;
	e->is_limit_told = true;
	return ov_ev_unread(e, OV_LIMIT, (struct ov_str){ 0 },
			    "more bytes in its files than are read: from here on names only");
}

static ov_status read_entry(struct ov_visit *v, const struct ov_tree_entry *t, struct ov_str path)
{
	struct ov_src src;
	struct ov_ev *e = v->e;
	struct ov_ev_file f = { .path = path, .src = &src, .mtime = t->mtime, .mode = t->mode };
	size_t i = path.n;
	ov_status st;

	while (i > 0 && path.p[i - 1] != '/')
		i--;
	f.name = (struct ov_str){ .p = path.p + i, .n = path.n - i };
	if (e->opened > e->opened_max)
		return tell_limit(e);
	OV_TRY(count(e, t->src, &src));
	st = ov_src_view_upto(&src, 0, OV_EV_HEAD, &e->arena, &f.head);
	if (st != OV_OK)
		return ov_ev_unread(e, st, (struct ov_str){ 0 }, "its bytes can't be had");
	OV_TRY(ov_ev_dispatch(e, &f));
	if (f.head.len > 64 && v->level < OV_IMAGE_LEVELS && is_worth_opening(e, &src))
		return ov_image_push(e, &src, (struct ov_str){ 0 }, v->level + 1);
	return OV_OK;
}

ov_status ov_visit_entry(void *ctx, const struct ov_tree_entry *t)
{
	struct ov_visit *v = ctx;
	struct ov_ev *e = v->e;
	const struct ov_str path = ov_rec_relative(t->path);
	const uint32_t hider = v->hider != NULL ? v->hider(v->ctx, path) : 0;
	const bool is_hidden = hider > 0;
	struct ov_arena_mark mark;
	ov_status st = OV_OK;

	if (path.n == 0 || t->kind == OV_TREE_FOLDER)
		return OV_OK;
	OV_TRY(add_row(v, path,
		       is_hidden
			   ? (uint8_t)(OV_ENTRY_SHADOWED | ov_min_size(hider, 63) * OV_ENTRY_HIDER)
			   : 0));
	if (e->sink->progress != NULL) {
		e->broke = e->sink->progress(e->sink->ctx);
		OV_TRY(e->broke);
	}
	mark = ov_arena_mark(&e->arena);
	OV_TRY(ov_ev_enter(e, path));
	e->is_hidden = is_hidden;
	st = watched(e, path);
	if (st == OV_OK && t->src != NULL && t->src->size > 0)
		st = read_entry(v, t, path);
	e->is_hidden = false;
	ov_ev_leave(e);
	ov_arena_release(&e->arena, mark);
	return st;
}

ov_status ov_image_push(struct ov_ev *e, const struct ov_src *src, struct ov_str name,
			uint32_t level)
{
	struct ov_image *i, **last = &e->images;
	const uint32_t before = e->at != NULL ? e->at->nchain : 0;
	uint32_t n = 0;

	while (*last != NULL) {
		last = &(*last)->next;
		n++;
	}
	if (n >= OV_IMAGES_MAX || level > OV_IMAGE_LEVELS)
		return ov_ev_unread(e, OV_LIMIT, name,
				    "images in images, deeper or more than are opened");
	OV_TRY(ov_arena_new(&e->kept, &i));
	i->src = *src;
	i->level = level;
	i->layer = e->layer;
	i->nchain = before + e->nchain + (name.n > 0);
	if (i->nchain > OV_EV_CHAIN)
		return OV_LIMIT;
	OV_TRY(ov_arena_array(&e->kept, i->nchain, &i->chain));
	for (uint32_t k = 0; k < before; k++)
		i->chain[k] = e->at->chain[k];
	for (uint32_t k = 0; k < e->nchain; k++)
		OV_TRY(ov_arena_str(&e->kept, e->chain[k], &i->chain[before + k]));
	if (name.n > 0)
		OV_TRY(ov_arena_str(&e->kept, name, &i->chain[i->nchain - 1]));
	*last = i;
	return OV_OK;
}

/* A tree as a scope of its own. The scope's label is the chain so far: one record for each. */
static ov_status read_tree(struct ov_ev *e, const struct ov_tree_form *form,
			   const struct ov_image *i, const struct ov_tree_facts *facts)
{
	struct ov_visit v;
	const struct ov_tree_visitor visitor = { .entry = ov_visit_entry, .ctx = &v };
	ov_status st;

	OV_TRY(ov_image_note(e, form->name, facts->made));
	OV_TRY(ov_visit_begin(e, &v, i->level));
	st = form->read(e, &i->src, &visitor);
	OV_TRY(e->broke);
	OV_TRY(ov_visit_end(&v));
	if (st != OV_OK && st != OV_END)
		return ov_ev_unread(
		    e, st, (struct ov_str){ 0 },
		    ov_ev_fmt(e, "%s: the rest of the image can't be read", form->name).p);
	return OV_OK;
}

/* Erased flash: all ones, which also are letters. */
static bool is_erased(struct ov_cur head)
{
	for (size_t i = 0; i < head.len; i++)
		if (head.base[i] != 0xff)
			return false;
	return head.len > 0;
}

static ov_status open_image(struct ov_ev *e, const struct ov_image *i)
{
	struct ov_tree_facts facts;
	uint32_t found = 0;
	struct ov_cur head;
	enum ov_nature nature;
	ov_status st;

	if (i->level == 0 && ov_oci_is(e, &i->src))
		return ov_oci_read_tar(e, &i->src);
	for (size_t k = 0; ov_tree_forms[k] != NULL; k++) {
		facts = (struct ov_tree_facts){ .made = OV_INV_NO_DATE };
		if (ov_tree_forms[k]->probe(e, &i->src, &facts))
			return read_tree(e, ov_tree_forms[k], i, &facts);
	}
	st = ov_archive_read(e, &i->src, i->level);
	if (st != OV_END)
		return st;
	OV_TRY(ov_src_view_upto(&i->src, 0, OV_TYPE_HEAD, &e->arena, &head));
	nature = ov_type_nature(ov_type_detect(head, &i->src));
	if (nature == OV_NATURE_EXE || (nature == OV_NATURE_TEXT && !is_erased(head)))
		return OV_OK; /* a program or a text is what it is: its sources have read it */
	return ov_raw_read(e, &i->src, i->level, &found);
}

/* Scopes are opened along the chain, and closed again. */
static ov_status open_scopes(struct ov_ev *e, const struct ov_image *i)
{
	ov_status st = OV_OK;

	if (i->nchain == 0)
		OV_TRY(ov_ev_scope(e, &(struct ov_rec_scope){ .kind = OV_SCOPE_IMAGE,
							      .label = { .p = "", .n = 0 },
							      .made = OV_INV_NO_DATE }));
	for (uint32_t k = 0; k < i->nchain; k++)
		OV_TRY(ov_ev_scope(e, &(struct ov_rec_scope){ .kind = OV_SCOPE_IMAGE,
							      .label = i->chain[k],
							      .made = OV_INV_NO_DATE }));
	e->nchain = 0;
	e->layer = i->layer;
	e->at = i;
	st = open_image(e, i);
	e->at = NULL;
	OV_TRY(e->broke);
	e->nchain = 0;
	for (uint32_t k = 0; k < i->nchain || k == 0; k++)
		OV_TRY(ov_ev_scope(
		    e, &(struct ov_rec_scope){ .kind = OV_SCOPE_END, .made = OV_INV_NO_DATE }));
	return st;
}

ov_status ov_image_all(struct ov_ev *e)
{
	while (e->images != NULL) {
		const struct ov_image *i = e->images;
		ov_status st;

		e->images = i->next;
		st = open_scopes(e, i);
		OV_TRY(e->broke);
		if (st != OV_OK && st != OV_END) {
			memcpy(e->chain, i->chain,
			       ov_min_size(i->nchain, OV_EV_CHAIN) * sizeof *e->chain);
			e->nchain = i->nchain;
			OV_TRY(
			    ov_ev_unread(e, st, (struct ov_str){ 0 }, "the image can't be read"));
		}
		e->nchain = 0;
	}
	return OV_OK;
}

ov_status ov_image_note(struct ov_ev *e, const char *form, int64_t made)
{
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_IMAGE, ov_str_of(form));
	x.c.since.latest = made;
	if (made != OV_INV_NO_DATE) {
		x.c.since.from = OV_STR("image made");
		x.c.updates = (struct ov_inv_updates){ .last = made, .from = OV_STR("image made") };
	}
	return ov_ev_emit(e, &x);
}

bool ov_ev_image_wants(const struct ov_ev_file *f)
{
	return f->is_target || (ov_ev_under(f, "var/lib/snapd/snaps/") && ov_ev_ends(f, ".snap"));
}

ov_status ov_ev_image_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_src src = *f->src;

	return ov_image_push(e, &src, (struct ov_str){ 0 }, 0);
}
