/*
 * One file, or an archive of files, as they are: YARA sets above all. Arguments: "want ENDINGS"
 * with spaces between (".yar .yara"): only these come out of an archive; a single file comes out
 * under the argument "name".
 *
 * And the archives themselves, for every kind: what format/ reads as a ZIP or tar, inside at most
 * two codings. Bounded by bytes, files and depth; a broken one fails as a whole, since half a set
 * is no set.
 */
#include <string.h>

#include "foreign_int.h"
#include "format.h"
#include "text.h"
#include "type.h"

#define CODINGS_MAX 2
#define FILES_MAX 20000
#define ARCHIVE_MEMORY ((size_t)64 << 20)

struct opened {
	struct ov_foreign_job *j;
	const char *broken;
};

static void on_note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct opened *o = ctx;

	(void)why;
	(void)member;
	if (o->broken == NULL)
		o->broken = detail;
}

static bool is_archive(enum ov_type t)
{
	switch (t) {
	case OV_T_ZIP:
	case OV_T_POSIX_TAR:
	case OV_T_OLD_TAR:
	case OV_T_GZ:
	case OV_T_BZ:
	case OV_T_XZ:
	case OV_T_ZSTD:
		return true;
	default:
		return false;
	}
}

static ov_status read_child(const struct ov_format *f, void *state, const struct ov_child *c,
			    const struct ov_src *src, uint64_t *budget, struct ov_buf *to)
{
	uint8_t room[16384];
	size_t got;
	ov_status s;

	to->n = 0;
	if (c->kind == OV_CHILD_SLICE) {
		if (c->size > *budget)
			return OV_LIMIT;
		if (c->size == 0)
			return OV_OK;
		OV_TRY(ov_buf_reserve(to, (size_t)c->size));
		OV_TRY(ov_src_read(src, c->off, to->p, (size_t)c->size));
		to->n = (size_t)c->size;
		*budget -= c->size;
		return OV_OK;
	}
	while ((s = f->read(state, room, sizeof room, &got)) == OV_OK) {
		if (got > *budget)
			return OV_LIMIT;
		*budget -= got;
		OV_TRY(ov_buf_put(to, room, got));
	}
	return s == OV_END ? OV_OK : s;
}

struct unpacking {
	struct ov_foreign_job *j;
	ov_foreign_file_fn fn;
	void *ctx;
	uint64_t budget;
	size_t nfiles;
	struct ov_buf coded; /* what a coding held: the archive to go on with */
	bool has_coded;
};

static ov_status walk(struct unpacking *u, const struct ov_format *f, void *state,
		      const struct ov_src *src, const struct opened *o)
{
	struct ov_buf b = ov_buf_of((size_t)OV_FOREIGN_SET_MAX);
	struct ov_child c;
	ov_status s;

	while ((s = f->next(state, &c)) == OV_OK) {
		if (++u->nfiles > FILES_MAX)
			s = OV_LIMIT;
		else if (c.kind == OV_CHILD_NONE || c.is_encrypted)
			s = OV_UNSUPPORTED;
		else
			s = read_child(f, state, &c, src, &u->budget, &b);
		if (s == OV_OK && c.is_coding) {
			ov_buf_free(&u->coded);
			u->coded = b;
			u->has_coded = true;
			return OV_OK;
		}
		if (s == OV_OK && (c.name.n == 0 || c.name.p[c.name.n - 1] != '/'))
			s = u->fn(u->ctx, c.name, ov_buf_cur(&b));
		if (s != OV_OK)
			break;
	}
	ov_buf_free(&b);
	if (s == OV_END && o->broken != NULL)
		s = ov_foreign_fail(u->j, OV_BAD, "the archive is broken: %s", o->broken);
	return s == OV_END ? OV_OK : s;
}

/* One level. @return OV_END: it is no archive. */
static ov_status open_level(struct unpacking *u, struct ov_cur bytes)
{
	const struct ov_src src = ov_src_mem(ov_cur_rest(&bytes), ov_cur_left(&bytes));
	struct ov_cur head =
	    ov_cur_of(src.mem, src.size < OV_TYPE_HEAD ? (size_t)src.size : OV_TYPE_HEAD);
	const enum ov_type t = ov_type_detect(head, &src);
	const struct ov_format *f = is_archive(t) ? ov_format_for(t) : NULL;
	struct opened o = { .j = u->j };
	struct ov_arena a;
	void *state = NULL;
	ov_status s;

	if (f == NULL)
		return OV_END;
	ov_arena_init(&a, ARCHIVE_MEMORY);
	{
		const struct ov_fmt_env env = { .src = &src,
						.type = t,
						.arena = &a,
						.max_memory = ARCHIVE_MEMORY,
						.note = on_note,
						.ctx = &o };

		s = f->open(&env, &state);
		if (s == OV_OK)
			s = walk(u, f, state, &src, &o);
		if (state != NULL && f->close != NULL)
			f->close(state);
	}
	ov_arena_free(&a);
	return s;
}

ov_status ov_foreign_each(struct ov_foreign_job *j, struct ov_str name, struct ov_cur bytes,
			  ov_foreign_file_fn fn, void *ctx)
{
	struct unpacking u = { .j = j, .fn = fn, .ctx = ctx, .budget = OV_FOREIGN_SET_MAX };
	struct ov_buf held = ov_buf_of(0);
	ov_status s = OV_OK;

	for (unsigned depth = 0; depth <= CODINGS_MAX; depth++) {
		u.has_coded = false;
		s = open_level(&u, bytes);
		if (s != OV_OK || !u.has_coded)
			break;
		ov_buf_free(&held);
		held = u.coded;
		u.coded = ov_buf_of(0);
		bytes = ov_buf_cur(&held);
	}
	if (s == OV_END)
		s = fn(ctx, name, bytes);
	else if (s == OV_OK && u.has_coded)
		s = ov_foreign_fail(j, OV_LIMIT, "it is packed more often than a set can be");
	ov_buf_free(&held);
	ov_buf_free(&u.coded);
	return s;
}

struct rules {
	struct ov_foreign_job *j;
	struct ov_foreign_result *r;
	struct ov_str want, single, file;
};

static bool is_wanted(const struct rules *x, struct ov_str name)
{
	struct ov_str rest = x->want, ending;

	if (x->want.n == 0)
		return true;
	while (ov_text_split(&rest, ' ', &ending))
		if (ending.n > 0 && ov_text_ends_with(name, ending))
			return true;
	return false;
}

static ov_status take(void *ctx, struct ov_str name, struct ov_cur bytes)
{
	struct rules *x = ctx;

	if (name.p == x->file.p) /* it is no archive */
		name = x->single;
	else if (!is_wanted(x, name)) {
		x->r->skipped++;
		return OV_OK;
	}
	if (x->want.n > 0 && ov_cur_left(&bytes) > 0 &&
	    memchr(ov_cur_rest(&bytes), 0, ov_cur_left(&bytes)) != NULL) {
		x->r->refused++;
		ov_foreign_tell(x->j, name, 0, "it is no text", false);
		return OV_OK;
	}
	x->r->taken++;
	return ov_foreign_put(x->j, x->r, name, bytes);
}

ov_status ov_foreign_rules(struct ov_foreign_job *j, struct ov_foreign_result *r)
{
	struct rules x = { .j = j,
			   .r = r,
			   .want = ov_foreign_argument(j, "want"),
			   .single = ov_foreign_argument(j, "name") };
	const struct ov_foreign_input *in = ov_foreign_input(j, "file:", &x.file);

	if (in == NULL || x.single.n == 0)
		return OV_BUG;
	if (ov_foreign_argument(j, "as-is").n > 0)
		OV_TRY(take(&x, x.file, in->bytes));
	else
		OV_TRY(ov_foreign_each(j, x.file, in->bytes, take, &x));
	return r->files > 0 ? OV_OK : ov_foreign_fail(j, OV_BAD, "it holds no file of that kind");
}
