/* Other people's files: inputs came as sources of a build, what they are turned into goes out
 * through one descriptor. */
#include "worker_int.h"

#include <sys/mman.h>

#include "checked.h"
#include "fd.h"
#include "foreign.h"

#define TOLD_MAX 1000 /* complaints sent; the rest is counted */
#define PIECE ((size_t)1 << 20)

struct telling {
	struct ov_worker *w;
	uint32_t job;
	uint64_t told;
	ov_status sent;
};

static void tell(void *ctx, struct ov_str file, uint64_t line, const char *why, bool is_skipped)
{
	struct telling *t = ctx;
	const struct overt_diagnostic d = {
		.file = { .bytes = file.p, .length = file.n },
		.reason = { .bytes = why, .length = strlen(why) },
		.line = line,
		.is_skipped = is_skipped,
	};

	if (t->told++ >= TOLD_MAX || t->sent != OV_OK)
		return;
	t->w->out.n = 0;
	t->sent = ov_wire_put_diagnostic(&t->w->out, &d);
	if (t->sent == OV_OK)
		t->sent = ov_worker_answer(t->w, OV_WIRE_DIAGNOSTIC, t->job);
}

static ov_status map_input(const struct ov_worker_source *s, struct ov_foreign_input *in)
{
	struct ov_fd_facts f;
	void *p;

	in->name = s->name;
	in->bytes = ov_cur_of("", 0);
	if (s->fd < 0 || s->is_compiled)
		return OV_BAD;
	OV_TRY(ov_fd_facts(s->fd, &f));
	if (f.kind != OV_FD_FILE || f.size > SIZE_MAX)
		return OV_IO;
	if (f.size == 0)
		return OV_OK;
	p = mmap(NULL, (size_t)f.size, PROT_READ, MAP_PRIVATE, s->fd, 0);
	if (p == MAP_FAILED)
		return OV_NOMEM;
	in->bytes = ov_cur_of(p, (size_t)f.size);
	return OV_OK;
}

static ov_status write_out(int fd, const struct ov_buf *b)
{
	for (size_t at = 0; at < b->n; at += PIECE)
		OV_TRY(ov_fd_write(fd, b->p + at, ov_min_size(b->n - at, PIECE)));
	return OV_OK;
}

static ov_status answer(struct ov_worker *w, uint32_t job, const struct ov_foreign_result *r,
			uint64_t bytes)
{
	const struct ov_wire_converted told = { .version = r->version,
						.built = r->built,
						.signatures = r->signatures,
						.level = r->level,
						.files = r->files,
						.taken = r->taken,
						.refused = r->refused,
						.skipped = r->skipped,
						.bytes = bytes,
						.is_signed = r->is_signed,
						.is_detached = r->is_detached,
						.is_readable = r->is_readable };

	w->out.n = 0;
	OV_TRY(ov_wire_put_converted(&w->out, &told));
	return ov_worker_answer(w, OV_WIRE_CONVERTED, job);
}

ov_status ov_worker_convert(struct ov_worker *w, struct ov_arrival *m)
{
	struct telling t = { .w = w, .job = m->job };
	OV_CLEANUP(ov_buf_free) struct ov_buf out = ov_buf_of((size_t)OV_FOREIGN_PLAIN_MAX * 2);
	struct ov_foreign_job job = { .out = &out, .told = tell, .ctx = &t };
	struct ov_foreign_result r = { .files = 0 };
	struct ov_foreign_input *in;
	struct ov_wire_convert how;
	ov_status st;

	if (m->fds.nfds != 1 || w->setup.role != OV_ROLE_COMPILE || w->nsources == 0 ||
	    w->nsources > OV_FOREIGN_INPUTS)
		return OV_BAD;
	OV_TRY(ov_wire_get_convert(&m->body, &how));
	if (how.kind >= OV_FOREIGN_KINDS)
		return OV_BAD;
	OV_TRY(ov_arena_array(&w->arena, w->nsources, &in));
	for (size_t i = 0; i < w->nsources; i++)
		OV_TRY(map_input(&w->sources[i], &in[i]));
	OV_TRY(ov_arena_str(&w->arena, how.arguments, &job.arguments));
	job.kind = (enum ov_foreign_kind)how.kind;
	job.inputs = in;
	job.ninputs = w->nsources;
	st = ov_foreign_run(&job, &r);
	OV_TRY(t.sent);
	if (st != OV_OK)
		return ov_worker_fail(w, m->job, st, job.error);
	if (write_out(m->fds.fds[0], &out) != OV_OK)
		return ov_worker_fail(w, m->job, OV_IO,
				      "the result could not be written: is the disk full?");
	return answer(w, m->job, &r, out.n);
}
