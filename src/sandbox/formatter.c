/* `overt yara fmt`: sources to a worker, one at a time, and back in one form. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker_int.h"
#include "clock.h"
#include "fd.h"

#define FORMAT_MS 60000

struct overt_formatter {
	struct ov_session session;
};

enum overt_status overt_formatter_open(const struct overt_options *o, struct overt_formatter **out,
				       char error[OV_ERROR_MAX])
{
	struct overt_formatter *f = calloc(1, sizeof *f);
	enum overt_status st;

	*out = NULL;
	if (f == NULL)
		return ov_fail(error, OVERT_NO_MEMORY, "out of memory");
	st = ov_session_open(o, OV_ROLE_COMPILE, 0, FORMAT_MS, &f->session, error);
	if (st != OVERT_OK) {
		free(f);
		return st;
	}
	*out = f;
	return OVERT_OK;
}

void overt_formatter_close(struct overt_formatter **f)
{
	if (*f == NULL)
		return;
	ov_session_close(&(*f)->session);
	free(*f);
	*f = NULL;
}

static ov_status ask(struct overt_formatter *f, int fd, const char *name, int out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);
	const struct ov_wire_source told = { .name = ov_str_of(name) };
	const struct ov_wire_compile how = { .is_format = true };
	struct ov_link *l = &f->session.child.link;

	OV_TRY(ov_wire_put_source(&b, &told));
	OV_TRY(ov_link_send(l, OV_WIRE_SOURCE, 0, ov_buf_cur(&b), &fd, 1, true));
	b.n = 0;
	OV_TRY(ov_wire_put_compile(&b, &how));
	return ov_link_send(l, OV_WIRE_COMPILE, 1, ov_buf_cur(&b), &out, 1, true);
}

static enum overt_status listen(struct overt_formatter *f, overt_diagnostic_fn fn, void *context,
				uint64_t *bytes, char error[OV_ERROR_MAX])
{
	for (;;) {
		struct ov_wire_compiled done;
		struct overt_diagnostic d;
		struct ov_arrival m;
		const enum overt_status st = ov_session_next(&f->session, &m, error);

		if (st != OVERT_OK)
			return st;
		if (m.kind == OV_WIRE_COMPILED && ov_wire_get_compiled(&m.body, &done) == OV_OK) {
			*bytes = done.bytes;
			return OVERT_OK;
		}
		if (m.kind != OV_WIRE_DIAGNOSTIC || ov_wire_get_diagnostic(&m.body, &d) != OV_OK)
			return ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
		fn(context, &d);
	}
}

enum overt_status overt_formatter_file(struct overt_formatter *f, int fd, const char *name,
				       overt_diagnostic_fn fn, void *context, int *out,
				       char error[OV_ERROR_MAX])
{
	OV_CLEANUP(ov_fd_close) int source = fd;
	OV_CLEANUP(ov_fd_close) int result = -1;
	struct ov_fd_facts facts;
	enum overt_status st;
	uint64_t bytes = 0;

	if (ov_fd_memory("overt-format", &result) != OV_OK)
		return ov_fail(error, OVERT_IO, "no memory file for the result: %s",
			       strerror(errno));
	f->session.deadline_ms = ov_clock_ms() + FORMAT_MS;
	if (ask(f, source, name, result) != OV_OK)
		return ov_fail(error, OVERT_NO_WORKER, "a worker died while it was given a source");
	st = listen(f, fn, context, &bytes, error);
	if (st != OVERT_OK)
		return st;
	if (ov_fd_facts(result, &facts) != OV_OK || facts.size != bytes ||
	    ov_fd_seal(result) != OV_OK)
		return ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	*out = ov_fd_take(&result);
	return OVERT_OK;
}
