/* The front door to scanning: options and a database in, verdicts out. The work is done by pool.c
 * and compile.c. */
#include "overt/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_int.h"
#include "fd.h"
#include "pool.h"
#include "text.h"

struct overt_engine {
	struct overt_options *options;
	char *worker;
	struct ov_db_file db;
	struct ov_pool *pool;
	struct overt_database_info info;
	char **labels; /* owned, NULL at the end */
	char error[OV_ERROR_MAX];
};

static enum overt_status take_info(struct overt_engine *e, const struct ov_wire_ready *r)
{
	ov_hex_encode(r->id, sizeof r->id, e->info.id);
	e->info.signatures = r->signatures;
	e->info.built = r->built;
	e->info.refused = r->refused;
	e->info.skipped = r->skipped;
	e->labels = calloc((size_t)r->nlabels + 1, sizeof *e->labels);
	if (e->labels == NULL)
		return OVERT_NO_MEMORY;
	for (uint32_t i = 0; i < r->nlabels; i++) {
		char shown[512];

		ov_shown(r->labels[i], shown, sizeof shown);
		e->labels[i] = strdup(shown);
		if (e->labels[i] == NULL)
			return OVERT_NO_MEMORY;
	}
	e->info.sources = (const char *const *)e->labels;
	return OVERT_OK;
}

static enum overt_status start_pool(struct overt_engine *e)
{
	const struct ov_pool_setup setup = {
		.options = e->options, .worker = e->worker, .db = e->db.fd, .db_size = e->db.size
	};
	const struct ov_wire_ready *ready;
	ov_status st = ov_pool_open(&setup, &e->pool);

	if (e->pool == NULL)
		return ov_fail(e->error, OVERT_NO_MEMORY, "out of memory");
	if (st == OV_OK)
		st = ov_pool_ready(e->pool, &ready);
	if (st == OV_OK)
		return take_info(e, ready);
	if (ov_pool_refusal(e->pool) != OV_OK)
		return ov_fail(e->error, OVERT_REFUSED, "the database was refused: %s",
			       ov_pool_error(e->pool));
	return ov_fail(e->error, OVERT_NO_WORKER, "no worker serves: %s", ov_pool_error(e->pool));
}

/* A cached database that is refused (of an older version, or damaged) is made anew, once. */
static enum overt_status open_all(struct overt_engine *e)
{
	struct ov_db_sink sink = { .fn = NULL };
	enum overt_status st = ov_database_open(e->options, &sink, &e->db, e->error);

	if (st != OVERT_OK)
		return st;
	st = start_pool(e);
	if (st != OVERT_REFUSED || !e->db.is_cached)
		return st;
	ov_options_warn(e->options, "the cached database was not usable and is compiled again");
	ov_pool_close(&e->pool);
	ov_fd_close(&e->db.fd);
	sink.must_compile = true;
	st = ov_database_open(e->options, &sink, &e->db, e->error);
	return st == OVERT_OK ? start_pool(e) : st;
}

enum overt_status overt_engine_open(const struct overt_options *o, struct overt_engine **out)
{
	struct overt_engine *e = calloc(1, sizeof *e);

	*out = e;
	if (e == NULL)
		return OVERT_NO_MEMORY;
	e->db.fd = -1;
	if (o == NULL)
		return ov_fail(e->error, OVERT_BAD_ARGUMENT, "no options were given");
	if (ov_check_own(e->error) != OVERT_OK)
		return OVERT_INTERNAL;
	e->options = ov_options_copy(o);
	e->worker = e->options != NULL ? ov_options_worker(e->options) : NULL;
	if (e->worker == NULL)
		return ov_fail(e->error, OVERT_NO_MEMORY, "out of memory");
	return open_all(e);
}

void overt_engine_close(struct overt_engine **at)
{
	struct overt_engine *e = *at;

	*at = NULL;
	if (e == NULL)
		return;
	ov_pool_close(&e->pool);
	ov_fd_close(&e->db.fd);
	for (size_t i = 0; e->labels != NULL && e->labels[i] != NULL; i++)
		free(e->labels[i]);
	free(e->labels);
	free(e->worker);
	overt_options_free(&e->options);
	free(e);
}

const char *overt_engine_error(const struct overt_engine *e)
{
	return e == NULL ? "out of memory" : e->error;
}

const struct overt_database_info *overt_engine_database(const struct overt_engine *e)
{
	return &e->info;
}

int overt_engine_fd(const struct overt_engine *e)
{
	return e != NULL && e->pool != NULL ? ov_pool_fd(e->pool) : -1;
}

enum overt_status overt_engine_submit(struct overt_engine *e, int fd, uint64_t cookie)
{
	ov_status st;

	if (e == NULL || e->pool == NULL || fd < 0)
		return OVERT_BAD_ARGUMENT;
	st = ov_pool_submit(e->pool, &fd, cookie);
	if (st == OV_END)
		return OVERT_AGAIN; /* the descriptor stays the caller's */
	ov_fd_close(&fd);
	if (st == OV_OK)
		return OVERT_OK;
	return ov_fail(e->error, OVERT_NO_WORKER, "no worker serves: %s", ov_pool_error(e->pool));
}

enum overt_status overt_engine_next(struct overt_engine *e, int timeout_ms,
				    struct overt_verdict **out)
{
	struct ov_box *b = NULL;

	if (e == NULL || e->pool == NULL)
		return OVERT_BAD_ARGUMENT;
	switch (ov_pool_next(e->pool, timeout_ms, &b)) {
	case OV_OK:
		*out = &b->w.v;
		return OVERT_OK;
	case OV_SHORT:
		return OVERT_AGAIN;
	case OV_END:
		return OVERT_END;
	case OV_NOMEM:
		return ov_fail(e->error, OVERT_NO_MEMORY, "out of memory");
	default:
		return ov_fail(e->error, OVERT_INTERNAL, "internal error");
	}
}
