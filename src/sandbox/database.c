/* The front door to databases: build, list, facts. */
#include "overt/database.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker_int.h"
#include "clock.h"
#include "compile.h"
#include "fd.h"
#include "save.h"

#define READ_MS (10 * 60 * 1000)

enum overt_status overt_database_build(const struct overt_options *o, const char *out_path,
				       overt_diagnostic_fn fn, void *context,
				       struct overt_build_result *result, char error[OV_ERROR_MAX])
{
	const struct ov_db_sink sink = { .fn = fn, .context = context, .result = result };
	struct ov_sources s;
	struct ov_save save;
	enum overt_status st;

	error[0] = '\0';
	if (o == NULL || out_path == NULL)
		return ov_fail(error, OVERT_BAD_ARGUMENT, "nothing to write to was given");
	st = ov_sources_find(o, &s, error);
	if (st == OVERT_OK && s.n == 1 && s.files[0].is_compiled)
		st = ov_fail(error, OVERT_REFUSED, "%s is compiled already", s.files[0].path);
	if (st == OVERT_OK && ov_save_begin(out_path, 0644, &save) != OV_OK)
		st = ov_fail(error, OVERT_IO, "%s: %s", out_path, strerror(errno));
	if (st == OVERT_OK) {
		st = ov_compile(o, &s, &sink, save.fd, error);
		if (st != OVERT_OK)
			ov_save_drop(&save);
		else if (ov_save_commit(&save) != OV_OK)
			st = ov_fail(error, OVERT_IO, "%s: %s", out_path, strerror(errno));
	}
	ov_sources_free(&s);
	return st;
}

/* A worker that has opened the file: `retry` when it refused one that came from the cache. */
static enum overt_status open_in_worker(const struct overt_options *o, const struct ov_db_file *db,
					struct ov_session *out, char error[OV_ERROR_MAX])
{
	enum overt_status st = ov_session_open(o, OV_ROLE_SCAN, db->size, READ_MS, out, error);
	struct ov_arrival m = { .job = 0 };

	if (st != OVERT_OK)
		return st;
	if (ov_link_send(&out->child.link, OV_WIRE_OPEN, 0, ov_cur_of(NULL, 0), &db->fd, 1, true) !=
	    OV_OK)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker died at its start");
	else
		st = ov_session_next(out, &m, error);
	if (st == OVERT_OK && m.kind != OV_WIRE_READY)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	if (st != OVERT_OK)
		ov_session_close(out);
	return st;
}

/* A worker behind its jail with the options' database open. */
static enum overt_status open_reader(const struct overt_options *o, struct ov_session *out,
				     char error[OV_ERROR_MAX])
{
	struct ov_db_sink sink = { .fn = NULL };
	struct ov_db_file db = { .fd = -1 };
	enum overt_status st;

	error[0] = '\0';
	if (o == NULL)
		return ov_fail(error, OVERT_BAD_ARGUMENT, "no options were given");
	st = ov_database_open(o, &sink, &db, error);
	if (st == OVERT_OK)
		st = open_in_worker(o, &db, out, error);
	ov_fd_close(&db.fd);
	if (st == OVERT_REFUSED && db.is_cached) {
		sink.must_compile = true;
		st = ov_database_open(o, &sink, &db, error);
		if (st == OVERT_OK)
			st = open_in_worker(o, &db, out, error);
		ov_fd_close(&db.fd);
	}
	return st;
}

/* Tells all signatures of one message. @return OV_OK; OV_END when the caller has enough; OV_BAD. */
static ov_status tell(struct ov_cur *body, overt_signature_fn fn, void *context)
{
	for (;;) {
		struct overt_signature s;
		const ov_status st = ov_wire_get_signature(body, &s);

		if (st == OV_END)
			return OV_OK;
		if (st != OV_OK)
			return OV_BAD;
		if (fn(context, &s) == 0)
			return OV_END;
	}
}

enum overt_status overt_database_list(const struct overt_options *o, overt_signature_fn fn,
				      void *context, char error[OV_ERROR_MAX])
{
	struct ov_session s;
	enum overt_status st = open_reader(o, &s, error);
	struct ov_arrival m = { .job = 0 };

	if (st != OVERT_OK)
		return st;
	if (ov_link_send(&s.child.link, OV_WIRE_LIST, 0, ov_cur_of(NULL, 0), NULL, 0, true) !=
	    OV_OK)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker died");
	while (st == OVERT_OK) {
		ov_status told;

		s.deadline_ms =
		    ov_clock_ms() + READ_MS; /* the caller may take its time between messages */
		st = ov_session_next(&s, &m, error);
		if (st != OVERT_OK || m.kind == OV_WIRE_DONE)
			break;
		told = m.kind == OV_WIRE_SIGNATURES ? tell(&m.body, fn, context) : OV_BAD;
		if (told == OV_END)
			break;
		if (told != OV_OK)
			st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	}
	ov_session_close(&s);
	return st;
}

/* Tells all costs of one message. @return OV_OK; OV_END when the caller has enough; OV_BAD. */
static ov_status tell_costs(struct ov_cur *body, overt_cost_fn fn, void *context)
{
	for (;;) {
		struct overt_cost c;
		const ov_status st = ov_wire_get_cost(body, &c);

		if (st == OV_END)
			return OV_OK;
		if (st != OV_OK)
			return OV_BAD;
		if (fn(context, &c) == 0)
			return OV_END;
	}
}

/* Asks, and waits for the one answer of `kind`. */
static enum overt_status ask(struct ov_session *s, enum ov_wire_kind what, const int *fd,
			     enum ov_wire_kind kind, struct ov_arrival *m, char error[OV_ERROR_MAX])
{
	enum overt_status st;

	s->deadline_ms = ov_clock_ms() + READ_MS;
	if (ov_link_send(&s->child.link, what, 0, ov_cur_of(NULL, 0), fd, fd != NULL ? 1 : 0,
			 true) != OV_OK)
		return ov_fail(error, OVERT_NO_WORKER, "a worker died");
	st = ov_session_next(s, m, error);
	if (st == OVERT_OK && m->kind != kind)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	return st;
}

static enum overt_status scan_for_cost(struct ov_session *s, overt_next_file_fn next, void *context,
				       struct overt_cost_totals *t, char error[OV_ERROR_MAX])
{
	enum overt_status st = OVERT_OK;
	struct ov_wire_verdict v;
	struct ov_arrival m = { .job = 0 };
	struct ov_arena arena;
	int fd;

	ov_arena_init(&arena, 64 << 20);
	while (st == OVERT_OK && (fd = next(context)) >= 0) {
		st = ask(s, OV_WIRE_SCAN, &fd, OV_WIRE_VERDICT, &m, error);
		ov_fd_close(&fd);
		ov_arena_reset(&arena, 64 << 20);
		if (st != OVERT_OK)
			break;
		if (ov_wire_get_verdict(&m.body, &arena, &v) != OV_OK) {
			st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
			break;
		}
		t->files++;
		t->bytes += v.v.bytes;
		t->failed += v.v.error.length > 0;
	}
	ov_arena_free(&arena);
	return st;
}

enum overt_status overt_database_cost(const struct overt_options *o, overt_next_file_fn next,
				      overt_cost_fn fn, void *context,
				      struct overt_cost_totals *totals, char error[OV_ERROR_MAX])
{
	struct ov_session s;
	enum overt_status st = open_reader(o, &s, error);
	struct ov_arrival m = { .job = 0 };

	*totals = (struct overt_cost_totals){ .files = 0 };
	if (st != OVERT_OK)
		return st;
	st = ask(&s, OV_WIRE_COST, NULL, OV_WIRE_DONE, &m, error);
	if (st == OVERT_OK)
		st = scan_for_cost(&s, next, context, totals, error);
	if (st == OVERT_OK && ov_link_send(&s.child.link, OV_WIRE_COST, 0, ov_cur_of(NULL, 0), NULL,
					   0, true) != OV_OK)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker died");
	while (st == OVERT_OK) {
		ov_status told;

		s.deadline_ms = ov_clock_ms() + READ_MS;
		st = ov_session_next(&s, &m, error);
		if (st != OVERT_OK || m.kind == OV_WIRE_DONE)
			break;
		told = m.kind == OV_WIRE_COSTS ? tell_costs(&m.body, fn, context) : OV_BAD;
		if (told == OV_END)
			break;
		if (told != OV_OK)
			st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	}
	ov_session_close(&s);
	return st;
}

enum overt_status overt_database_facts(const struct overt_options *o, overt_facts_fn fn,
				       void *context, char error[OV_ERROR_MAX])
{
	struct ov_session s;
	enum overt_status st = open_reader(o, &s, error);
	struct overt_database_facts facts;
	struct ov_arena arena;
	struct ov_arrival m = { .job = 0 };

	if (st != OVERT_OK)
		return st;
	ov_arena_init(&arena, 16 << 20);
	if (ov_link_send(&s.child.link, OV_WIRE_FACTS, 0, ov_cur_of(NULL, 0), NULL, 0, true) !=
	    OV_OK)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker died");
	else
		st = ov_session_next(&s, &m, error);
	if (st == OVERT_OK &&
	    (m.kind != OV_WIRE_FACTS_ARE || ov_wire_get_facts(&m.body, &arena, &facts) != OV_OK))
		st = ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	if (st == OVERT_OK)
		fn(context, &facts);
	ov_arena_free(&arena);
	ov_session_close(&s);
	return st;
}
