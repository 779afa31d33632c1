/* From sources to a compiled database: in a worker, into the cache, a file or sealed memory. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker_int.h"
#include "cache.h"
#include "clock.h"
#include "compile.h"
#include "fd.h"
#include "include.h"
#include "save.h"
#include "sources.h"
#include "text.h"

#define COMPILE_MS (30 * 60 * 1000)
#define COMPILE_MEMORY ((uint64_t)16 << 30)
#define PART_MIN ((uint64_t)1 << 20) /* bytes of a source that is kept compiled by itself */
#define WARNED_MAX 5		     /* refused lines that are told one by one as warnings */

static ov_status send_sources(struct ov_link *l, const struct ov_sources *s)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);

	for (size_t i = 0; i < s->n; i++) {
		const struct ov_source_file *f = &s->files[i];
		const struct ov_wire_source told = { .name = ov_str_of(ov_source_name(f)),
						     .is_builtin = f->is_builtin,
						     .is_from_folder = f->is_from_folder,
						     .space = ov_str_of(f->space),
						     .is_compiled =
							 f->is_compiled || f->part >= 0 };
		int fds[2];
		size_t nfds = 0;

		if (f->part >= 0)
			fds[nfds++] = f->part;
		if (!f->is_builtin)
			fds[nfds++] = f->fd;
		b.n = 0;
		OV_TRY(ov_wire_put_source(&b, &told));
		OV_TRY(ov_link_send(l, OV_WIRE_SOURCE, 0, ov_buf_cur(&b), fds, nfds, true));
	}
	return OV_OK;
}

static ov_status send_compile(struct ov_link *l, const struct overt_options *o, int out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);
	const struct ov_wire_compile w = { .with_pua = o->value[OVERT_OPT_PUA] != 0,
					   .is_strict = o->value[OVERT_OPT_STRICT] != 0,
					   .is_yara = o->value[OVERT_OPT_YARA_ONLY] != 0,
					   .yara_strict = o->value[OVERT_OPT_YARA_STRICT] != 0,
					   .yara_strings =
					       (uint32_t)o->value[OVERT_OPT_YARA_STRINGS],
					   .defines = { o->defines, o->ndefines },
					   .max_memory = COMPILE_MEMORY };

	OV_TRY(ov_wire_put_compile(&b, &w));
	return ov_link_send(l, OV_WIRE_COMPILE, 1, ov_buf_cur(&b), &out, 1, true);
}

/* A refused line as a warning, for callers that gave no function for diagnostics. */
static void warn_line(const struct overt_options *o, const struct overt_diagnostic *d, uint64_t nth)
{
	char file[256], reason[256];

	if (nth > WARNED_MAX || d->is_skipped)
		return;
	if (nth == WARNED_MAX) {
		ov_options_warn(
		    o, "further refused lines are not shown: overt db build lists them all");
		return;
	}
	ov_shown((struct ov_str){ .p = d->file.bytes, .n = d->file.length }, file, sizeof file);
	ov_shown((struct ov_str){ .p = d->reason.bytes, .n = d->reason.length }, reason,
		 sizeof reason);
	if (d->line > 0)
		ov_options_warn(o, "%s:%llu: refused: %s", file, (unsigned long long)d->line,
				reason);
	else
		ov_options_warn(o, "%s: refused: %s", file, reason);
}

static enum overt_status listen(struct ov_session *s, const struct overt_options *o,
				struct include_list *inc, const struct ov_db_sink *sink,
				struct ov_wire_compiled *out, char error[OV_ERROR_MAX])
{
	uint64_t told = 0;

	for (;;) {
		struct overt_diagnostic d;
		struct ov_arrival m;
		const enum overt_status st = ov_session_next(s, &m, error);

		if (st != OVERT_OK)
			return st;
		if (m.kind == OV_WIRE_COMPILED && ov_wire_get_compiled(&m.body, out) == OV_OK)
			return OVERT_OK;
		if (m.kind == OV_WIRE_NEED && ov_include_serve(inc, &s->child.link, &m) == OV_OK)
			continue;
		if (m.kind != OV_WIRE_DIAGNOSTIC || ov_wire_get_diagnostic(&m.body, &d) != OV_OK)
			return ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
		if (sink->fn != NULL)
			sink->fn(sink->context, &d);
		else if (o->diagnostic != NULL)
			o->diagnostic(o->diagnostic_context, &d);
		else
			warn_line(o, &d, d.is_skipped ? 0 : told++);
	}
}

enum overt_status ov_compile(const struct overt_options *o, struct ov_sources *s,
			     const struct ov_db_sink *sink, int out, char error[OV_ERROR_MAX])
{
	struct ov_wire_compiled done = { .bytes = 0 };
	struct ov_session session;
	struct ov_fd_facts f;
	struct include_list inc = { .sources = s };
	enum overt_status st = ov_session_open(o, OV_ROLE_COMPILE, 0, COMPILE_MS, &session, error);

	if (st != OVERT_OK)
		return st;
	if (send_sources(&session.child.link, s) != OV_OK ||
	    send_compile(&session.child.link, o, out) != OV_OK)
		st =
		    ov_fail(error, OVERT_NO_WORKER, "a worker died while it was given the sources");
	else
		st = listen(&session, o, &inc, sink, &done, error);
	s->has_includes |= inc.n > 0;
	ov_include_free(&inc);
	ov_session_close(&session); /* dead: nobody can change the output any more */
	if (st != OVERT_OK)
		return st;
	if (ov_fd_facts(out, &f) != OV_OK || f.size != done.bytes)
		return ov_fail(
		    error, OVERT_NO_WORKER,
		    "a worker broke the protocol: the database has another size than told");
	if (sink->result != NULL) {
		*sink->result = (struct overt_build_result){ .signatures = done.signatures,
							     .refused = done.refused,
							     .skipped = done.skipped,
							     .ignored = done.ignored,
							     .allowed = done.allowed,
							     .bytes = done.bytes };
		ov_hex_encode(done.id, sizeof done.id, sink->result->id);
	}
	return OVERT_OK;
}

static enum overt_status to_memory(const struct overt_options *o, struct ov_sources *s,
				   const struct ov_db_sink *sink, struct ov_db_file *out,
				   char error[OV_ERROR_MAX])
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_fd_facts f;
	enum overt_status st;

	if (ov_fd_memory("overt-database", &fd) != OV_OK)
		return ov_fail(error, OVERT_IO, "no memory file for the database: %s",
			       strerror(errno));
	st = ov_compile(o, s, sink, fd, error);
	if (st != OVERT_OK)
		return st;
	if (ov_fd_seal(fd) != OV_OK || ov_fd_facts(fd, &f) != OV_OK)
		return ov_fail(error, OVERT_IO, "the database could not be sealed: %s",
			       strerror(errno));
	*out = (struct ov_db_file){ .fd = ov_fd_take(&fd), .size = f.size };
	return OVERT_OK;
}

/* Whether the sources are still what the cache's key was computed from. */
static bool are_unchanged(const struct ov_sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct ov_fd_facts *was = &s->files[i].facts;
		struct ov_fd_facts now;

		if (s->files[i].is_builtin)
			continue;
		if (ov_fd_facts(s->files[i].fd, &now) != OV_OK || now.size != was->size ||
		    now.mtime_ns != was->mtime_ns || now.ctime_ns != was->ctime_ns)
			return false;
	}
	return true;
}

/* Into the cache; where that fails for want of room or rights, into memory, with a warning. */
static enum overt_status to_cache(const struct overt_options *o, struct ov_sources *s,
				  const struct ov_db_sink *sink, const struct ov_cache *c,
				  struct ov_db_file *out, char error[OV_ERROR_MAX])
{
	struct ov_save save;
	enum overt_status st;

	if (c->path == NULL)
		return to_memory(o, s, sink, out, error);
	if (ov_save_begin(c->path, 0600, &save) != OV_OK) {
		ov_options_warn(o, "no cache for compiled databases: %s: %s", c->path,
				strerror(errno));
		return to_memory(o, s, sink, out, error);
	}
	st = ov_compile(o, s, sink, save.fd, error);
	if (st != OVERT_OK && st != OVERT_IO) {
		ov_save_drop(&save);
		return st;
	}
	if (st == OVERT_OK && s->has_includes) {
		ov_save_drop(&save);
		return to_memory(o, s, sink, out, error);
	}
	if (st == OVERT_OK && !are_unchanged(s))
		(void)ov_fail(error, OVERT_IO, "a source changed while it was read");
	else if (st == OVERT_OK &&
		 (ov_save_commit(&save) != OV_OK || ov_cache_find(c, out) != OV_OK))
		(void)ov_fail(error, OVERT_IO, "%s", strerror(errno));
	else if (st == OVERT_OK) {
		ov_cache_prune(c);
		return OVERT_OK;
	}
	ov_save_drop(&save); /* nothing to do after a commit */
	ov_options_warn(o, "the compiled database could not be cached: %s", error);
	return to_memory(o, s, sink, out, error);
}

/* One database for these sources: from the cache, or compiled into it. */
static enum overt_status find_or_compile(const struct overt_options *o,
					 const struct ov_db_sink *sink, struct ov_sources *s,
					 const struct ov_cache *c, struct ov_db_file *out,
					 char error[OV_ERROR_MAX])
{
	if (!sink->must_compile && ov_cache_find(c, out) == OV_OK)
		return OVERT_OK;
	return to_cache(o, s, sink, c, out, error);
}

static bool is_worth_a_part(const struct ov_source_file *f)
{
	return !f->is_builtin && !f->is_compiled && f->facts.size >= PART_MIN;
}

/*
 * Compiles large sources by themselves, each once: what one of many files becomes does not depend
 * on the others, so that a changed one is compiled alone and joined with the rest.
 */
static enum overt_status find_parts(const struct overt_options *o, const struct ov_db_sink *sink,
				    struct ov_sources *s, char error[OV_ERROR_MAX])
{
	struct ov_db_sink told = *sink;
	enum overt_status st = OVERT_OK;

	told.result = NULL; /* the parts' counts are not the whole's */
	for (size_t i = 0; i < s->n && st == OVERT_OK; i++) {
		struct ov_sources one = { .files = &s->files[i], .n = 1 };
		struct ov_db_file part = { .fd = -1 };
		struct ov_cache c = { .path = NULL };

		ov_fd_close(&s->files[i].part);
		if (!is_worth_a_part(&s->files[i]))
			continue;
		st = ov_cache_key(o, &one, &c, error);
		if (st == OVERT_OK)
			st = find_or_compile(o, &told, &one, &c, &part, error);
		ov_cache_free(&c);
		s->files[i].part = ov_fd_take(&part.fd);
	}
	return st;
}

static enum overt_status join(const struct overt_options *o, const struct ov_db_sink *sink,
			      struct ov_sources *s, const struct ov_cache *c,
			      struct ov_db_file *out, char error[OV_ERROR_MAX])
{
	struct ov_db_sink again = *sink;
	enum overt_status st = OVERT_OK;

	if (s->n > 1 && c->path != NULL)
		st = find_parts(o, sink, s, error);
	if (st == OVERT_OK)
		st = to_cache(o, s, sink, c, out, error);
	if (st != OVERT_REFUSED || sink->must_compile || s->n == 1)
		return st;
	again.must_compile = true; /* it may be the cache's fault: not a part of it is believed */
	st = find_parts(o, &again, s, error);
	return st == OVERT_OK ? to_cache(o, s, &again, c, out, error) : st;
}

static enum overt_status open_sources(const struct overt_options *o, const struct ov_db_sink *sink,
				      struct ov_sources *s, struct ov_db_file *out,
				      char error[OV_ERROR_MAX])
{
	struct ov_cache c = { .path = NULL };
	enum overt_status st;

	if (s->n == 1 && s->files[0].is_compiled) {
		*out = (struct ov_db_file){ .fd = ov_fd_take(&s->files[0].fd),
					    .size = s->files[0].facts.size };
		return OVERT_OK;
	}
	st = ov_cache_key(o, s, &c, error);
	if (st != OVERT_OK)
		return st;
	if (sink->must_compile || ov_cache_find(&c, out) != OV_OK)
		st = join(o, sink, s, &c, out, error);
	ov_cache_free(&c);
	return st;
}

enum overt_status ov_database_open(const struct overt_options *o, const struct ov_db_sink *sink,
				   struct ov_db_file *out, char error[OV_ERROR_MAX])
{
	struct ov_sources s;
	enum overt_status st = ov_sources_find(o, &s, error);

	if (st == OVERT_OK)
		st = open_sources(o, sink, &s, out, error);
	ov_sources_free(&s);
	return st;
}
