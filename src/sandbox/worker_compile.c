/* Compiling: descriptors of sources in, one compiled database out through a descriptor, complaints
 * as messages. */
#include "worker_int.h"

#include <stdio.h>
#include <sys/mman.h>

#include "builtin.h"
#include "checked.h"
#include "fd.h"
#include "layout.h"

#define WRITE_PIECE ((size_t)32 << 10)
#define FORMAT_MAX ((size_t)1 << 30)
#define NOTED_MAX 10000 /* complaints sent; the rest is counted */

ov_status ov_worker_source(struct ov_worker *w, struct ov_arrival *m)
{
	struct ov_worker_source *s;
	struct ov_wire_source told;

	if (w->sources == NULL)
		OV_TRY(ov_arena_array(&w->arena, OV_SOURCES_MAX, &w->sources));
	if (w->nsources == OV_SOURCES_MAX || w->setup.role != OV_ROLE_COMPILE)
		return OV_BAD;
	s = &w->sources[w->nsources];
	OV_TRY(ov_wire_get_source(&m->body, &told));
	if (told.is_builtin ? m->fds.nfds != 0 || told.is_compiled
			    : m->fds.nfds < 1 || m->fds.nfds > (told.is_compiled ? 2U : 1U))
		return OV_BAD;
	OV_TRY(ov_arena_str(&w->arena, told.name, &s->name));
	OV_TRY(ov_arena_str(&w->arena, told.space, &s->space));
	s->is_from_folder = told.is_from_folder;
	s->is_compiled = told.is_compiled;
	s->fd = s->text = -1;
	if (!told.is_builtin) {
		s->fd = m->fds.fds[0];
		s->text = m->fds.nfds > 1 ? m->fds.fds[1] : -1;
		m->fds.nfds = 0;
	}
	w->nsources++;
	return OV_OK;
}

struct compiling {
	struct ov_worker *w;
	uint32_t job;
	uint64_t noted, refused;
	const char *why; /* a compiled source was refused */
	ov_status sent;	 /* first failure of sending: the broker is gone */
	struct ov_includes includes;
};

static void complain(void *ctx, const struct ov_diag *d)
{
	struct compiling *c = ctx;
	const struct overt_diagnostic told = {
		.file = { .bytes = d->file.p, .length = d->file.n },
		.text = { .bytes = d->text.p, .length = d->text.n },
		.reason = { .bytes = d->reason, .length = strlen(d->reason) },
		.line = d->line,
		.column = d->column,
		.is_skipped = d->is_skipped,
	};

	c->refused += !d->is_skipped;
	if (c->noted++ >= NOTED_MAX || c->sent != OV_OK)
		return;
	c->w->out.n = 0;
	c->sent = ov_wire_put_diagnostic(&c->w->out, &told);
	if (c->sent == OV_OK)
		c->sent = ov_worker_answer(c->w, OV_WIRE_DIAGNOSTIC, c->job);
}

static ov_status include(void *ctx, struct ov_str from, struct ov_str name, struct ov_cur *bytes,
			 struct ov_str *path)
{
	struct compiling *c = ctx;

	return ov_worker_include(&c->includes, from, name, bytes, path);
}

/* A source that shrinks while it is mapped kills this process (SIGBUS), which is what it is for. */
ov_status ov_worker_map(int fd, struct ov_cur *out)
{
	struct ov_fd_facts f;
	void *p;

	OV_TRY(ov_fd_facts(fd, &f));
	if (f.kind != OV_FD_FILE || f.size > SIZE_MAX)
		return OV_IO;
	*out = ov_cur_of(NULL, 0);
	if (f.size == 0)
		return OV_OK;
	p = mmap(NULL, (size_t)f.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return OV_NOMEM;
	*out = ov_cur_of(p, (size_t)f.size);
	return OV_OK;
}

/* A database among the sources. Its bytes are copied, so that its pages can go at once. */
static ov_status join_source(struct compiling *c, struct ov_odb_builder *b,
			     const struct ov_worker_source *s)
{
	struct ov_cur bytes, text = ov_cur_of(NULL, 0);
	ov_status st;

	OV_TRY(ov_worker_map(s->fd, &bytes));
	if (s->text >= 0)
		OV_TRY(ov_worker_map(s->text, &text));
	st = ov_odb_builder_join(b, bytes, text, &c->why);
	if (bytes.len > 0)
		(void)munmap((void *)(uintptr_t)bytes.base, bytes.len);
	return st;
}

static ov_status add_source(struct compiling *c, struct ov_odb_builder *b,
			    const struct ov_worker_source *s)
{
	struct ov_cur bytes;
	ov_status st;

	if (s->fd < 0)
		return ov_builtin_add(b);
	if (s->is_compiled)
		return join_source(c, b, s);
	OV_TRY(ov_worker_map(s->fd, &bytes));
	st = s->space.n > 0 ? ov_odb_builder_yara(b, s->name, s->space, bytes)
			    : ov_odb_builder_add(b, s->name, bytes);
	/* Read: its pages, the file's own, need not count as this process's. They can come back. */
	if (bytes.len > 0)
		(void)madvise((void *)(uintptr_t)bytes.base, bytes.len, MADV_DONTNEED);
	if (s->space.n > 0)
		return st;
	if (st == OV_UNSUPPORTED && s->is_from_folder) {
		complain(c, &(struct ov_diag){
				.file = s->name,
				.reason = "databases of this kind are not read by this version",
				.is_skipped = true });
		return OV_OK;
	}
	return st;
}

static const char *reason_of(ov_status st)
{
	switch (st) {
	case OV_UNSUPPORTED:
		return "not a kind of database that this version reads";
	case OV_BAD:
	case OV_SHORT:
		return "broken, or its signature is wrong";
	case OV_IO:
		return "it can't be read";
	default:
		return ov_status_name(st);
	}
}

static ov_status fail_source(const struct compiling *c, ov_status st, struct ov_str name)
{
	char text[512];

	(void)snprintf(text, sizeof text, "%.*s: %s", name.n < 300 ? (int)name.n : 300, name.p,
		       c->why != NULL ? c->why : reason_of(st));
	return ov_worker_fail(c->w, c->job, st, text);
}

/*
 * In small pieces: the system's cache keeps what was written at once in one large piece, and Linux
 * maps such a piece as a whole when one byte of it is looked at. Workers that look at a few rows of
 * a hash set would hold most of the database.
 */
static ov_status write_pieces(int fd, const struct ov_buf *db)
{
	for (size_t at = 0; at < db->n; at += WRITE_PIECE)
		OV_TRY(ov_fd_write(fd, db->p + at, ov_min_size(db->n - at, WRITE_PIECE)));
	return OV_OK;
}

static ov_status write_out(struct ov_worker *w, uint32_t job, int fd, const struct ov_buf *db,
			   const struct ov_build_stats *stats)
{
	struct ov_wire_compiled told = { .signatures = stats->signatures,
					 .refused = stats->refused,
					 .skipped = stats->skipped,
					 .ignored = stats->ignored,
					 .allowed = stats->allowed,
					 .bytes = db->n };
	const char *why = NULL;
	struct ov_odb view;

	/* What we wrote must pass our own verifier; it also tells the database's name. */
	if (ov_odb_open(ov_buf_cur(db), &view, &why) != OV_OK ||
	    ov_odb_check_all(&view, &why) != OV_OK)
		return ov_worker_fail(w, job, OV_BUG,
				      why != NULL ? why : "the compiled database is not valid");
	memcpy(told.id, view.id, sizeof told.id);
	if (write_pieces(fd, db) != OV_OK)
		return ov_worker_fail(
		    w, job, OV_IO, "the compiled database could not be written: is the disk full?");
	w->out.n = 0;
	OV_TRY(ov_wire_put_compiled(&w->out, &told));
	return ov_worker_answer(w, OV_WIRE_COMPILED, job);
}

static ov_status build(struct compiling *c, struct ov_odb_builder *b,
		       const struct ov_wire_compile *how, int fd)
{
	struct ov_build_stats stats = { .signatures = 0 };
	struct ov_buf db =
	    ov_buf_of((size_t)(how->max_memory < SIZE_MAX ? how->max_memory : SIZE_MAX));
	struct ov_worker *const w = c->w;
	ov_status st = OV_OK;

	for (size_t i = 0; i < w->nsources; i++) {
		st = add_source(c, b, &w->sources[i]);
		if (st != OV_OK)
			return fail_source(c, st, w->sources[i].name);
	}
	if (how->is_strict && c->refused > 0)
		return ov_worker_fail(w, c->job, OV_BAD, "a line was refused, so all of it is");
	st = ov_odb_builder_finish(b, &db, &stats);
	OV_TRY(c->sent);
	if (st != OV_OK)
		st = ov_worker_fail(w, c->job, st, ov_status_name(st));
	else
		st = write_out(w, c->job, fd, &db, &stats);
	ov_buf_free(&db);
	return st;
}

/* The last source, laid out anew. The worker stays for the next. */
static ov_status lay_out(struct compiling *c, int fd)
{
	OV_CLEANUP(ov_arena_free) struct ov_arena a;
	OV_CLEANUP(ov_buf_free) struct ov_buf out = ov_buf_of(FORMAT_MAX);
	struct ov_worker *const w = c->w;
	struct ov_worker_source *s = &w->sources[w->nsources - 1];
	struct ov_yerror err = { .line = 0 };
	struct ov_wire_compiled told = { .bytes = 0 };
	struct ov_cur bytes = ov_cur_of(NULL, 0);
	ov_status st;

	ov_arena_init(&a, FORMAT_MAX);
	w->nsources--;
	st = ov_worker_map(s->fd, &bytes);
	ov_fd_close(&s->fd);
	if (st == OV_OK)
		st = ov_yformat(bytes, &a, &out, &err);
	if (st == OV_OK)
		st = write_pieces(fd, &out);
	told.bytes = out.n;
	if (st == OV_BAD)
		complain(c, &(struct ov_diag){ .file = s->name,
					       .line = err.line,
					       .column = err.column,
					       .reason = err.why });
	if (bytes.len > 0)
		(void)munmap((void *)(uintptr_t)bytes.base, bytes.len);
	OV_TRY(c->sent);
	if (st != OV_OK)
		return ov_worker_fail(w, c->job, st,
				      st == OV_BAD   ? "not rules that can be read"
				      : st == OV_BUG ? "the result would not be the same rules"
						     : reason_of(st));
	w->out.n = 0;
	OV_TRY(ov_wire_put_compiled(&w->out, &told));
	return ov_worker_answer(w, OV_WIRE_COMPILED, c->job);
}

ov_status ov_worker_compile(struct ov_worker *w, struct ov_arrival *m)
{
	struct compiling c = { .w = w, .job = m->job, .includes = { .w = w, .job = m->job } };
	struct ov_odb_builder *b = NULL;
	struct ov_wire_compile how;
	struct ov_build_options o;
	struct ov_yara_options y = { .is_strict = false };
	struct ov_yara_external *externals = NULL;
	ov_status st;

	if (m->fds.nfds != 1 || w->setup.role != OV_ROLE_COMPILE)
		return OV_BAD;
	OV_TRY(ov_wire_get_compile(&m->body, &how));
	if (how.is_format)
		return w->nsources > 0 && w->sources[w->nsources - 1].fd >= 0
			   ? lay_out(&c, m->fds.fds[0])
			   : OV_BAD;
	o = (struct ov_build_options){ .with_pua = how.with_pua,
				       .max_memory = how.max_memory,
				       .diag = complain,
				       .ctx = &c,
				       .include = include };
	if (how.is_yara) {
		OV_TRY(ov_worker_defines(&w->arena, how.defines, &externals, &y.nexternals));
		y.externals = externals;
		y.is_strict = how.yara_strict;
		y.max_strings = how.yara_strings;
		o.yara = &y;
	}
	st = ov_odb_builder_new(&o, &b);
	if (st != OV_OK)
		return ov_worker_fail(w, m->job, st, ov_status_name(st));
	st = build(&c, b, &how, m->fds.fds[0]);
	ov_odb_builder_free(&b);
	return st;
}
