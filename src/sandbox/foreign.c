/* The front door to other people's files: one conversion, one worker. */
#include "overt/foreign.h"

#include <stdio.h>
#include <string.h>

#include "broker_int.h"
#include "fd.h"

#define FOREIGN_MS (15 * 60 * 1000)

static ov_status send_all(struct ov_link *l, enum overt_foreign_kind kind, const char *arguments,
			  const struct overt_foreign_input *in, size_t n, int out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);
	const struct ov_wire_convert how = { .kind = (uint32_t)kind,
					     .arguments = ov_str_of(arguments) };

	for (size_t i = 0; i < n; i++) {
		const struct ov_wire_source told = { .name = ov_str_of(in[i].name) };

		b.n = 0;
		OV_TRY(ov_wire_put_source(&b, &told));
		OV_TRY(ov_link_send(l, OV_WIRE_SOURCE, 0, ov_buf_cur(&b), &in[i].fd, 1, true));
	}
	b.n = 0;
	OV_TRY(ov_wire_put_convert(&b, &how));
	return ov_link_send(l, OV_WIRE_CONVERT, 1, ov_buf_cur(&b), &out, 1, true);
}

static enum overt_status listen(struct ov_session *s, overt_diagnostic_fn fn, void *context,
				struct ov_wire_converted *out, char error[OV_ERROR_MAX])
{
	for (;;) {
		struct overt_diagnostic d;
		struct ov_arrival m;
		const enum overt_status st = ov_session_next(s, &m, error);

		if (st != OVERT_OK)
			return st;
		if (m.kind == OV_WIRE_CONVERTED && ov_wire_get_converted(&m.body, out) == OV_OK)
			return OVERT_OK;
		if (m.kind != OV_WIRE_DIAGNOSTIC || ov_wire_get_diagnostic(&m.body, &d) != OV_OK)
			return ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
		if (fn != NULL)
			fn(context, &d);
	}
}

enum overt_status overt_foreign(const struct overt_options *o, enum overt_foreign_kind kind,
				const char *arguments, const struct overt_foreign_input *inputs,
				size_t ninputs, int out, overt_diagnostic_fn fn, void *context,
				struct overt_foreign_result *result, char error[512])
{
	struct ov_wire_converted done = { .bytes = 0 };
	struct ov_session session;
	struct ov_fd_facts f;
	enum overt_status st;

	error[0] = '\0';
	if (o == NULL || arguments == NULL || ninputs == 0 || ninputs > OVERT_FOREIGN_INPUTS_MAX)
		return ov_fail(error, OVERT_BAD_ARGUMENT, "nothing to convert was given");
	st = ov_session_open(o, OV_ROLE_COMPILE, 0, FOREIGN_MS, &session, error);
	if (st != OVERT_OK)
		return st;
	if (send_all(&session.child.link, kind, arguments, inputs, ninputs, out) != OV_OK)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker died while it was given the files");
	else
		st = listen(&session, fn, context, &done, error);
	ov_session_close(&session); /* dead: nobody can change the output any more */
	if (st != OVERT_OK)
		return st;
	if (ov_fd_facts(out, &f) != OV_OK || f.size != done.bytes)
		return ov_fail(
		    error, OVERT_NO_WORKER,
		    "a worker broke the protocol: the output has another size than told");
	*result = (struct overt_foreign_result){ .version = done.version,
						 .built = done.built,
						 .signatures = done.signatures,
						 .level = done.level,
						 .files = done.files,
						 .taken = done.taken,
						 .refused = done.refused,
						 .skipped = done.skipped,
						 .is_signed = done.is_signed,
						 .is_detached = done.is_detached,
						 .is_readable = done.is_readable };
	return OVERT_OK;
}
