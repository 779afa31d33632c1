/* What each dealing with a worker needs: its setup, its jail's report, one task in turn. */
#include "broker_int.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "provenance.h"
#include "text.h"

#define SCAN_FDS                                                                                   \
	32 /* descriptors of a scanning worker: socket, null, database, one file, and some air */
#define COMPILE_FDS (4096 + 32)
#define INVENTORY_FDS (4096 + 32) /* an OCI layout's blobs are held at one time */
#define COMPILE_FILE_MAX ((uint64_t)1 << 36)

struct ov_wire_setup ov_setup_of(const struct overt_options *o, enum ov_role role, uint64_t db_size)
{
	const uint64_t *v = o->value;
	const uint64_t memory = v[OVERT_OPT_WORKER_MEMORY];
	struct ov_wire_setup s = {
		.version = OV_WIRE_VERSION,
		.role = role,
		.max_memory = role == OV_ROLE_COMPILE || memory == 0 ? 0 : memory + db_size,
		.max_file_size = role == OV_ROLE_COMPILE ? COMPILE_FILE_MAX : 0,
		.max_fds = role == OV_ROLE_COMPILE     ? COMPILE_FDS
			   : role == OV_ROLE_INVENTORY ? INVENTORY_FDS
						       : SCAN_FDS,
		.parent = ov_child_is_main_thread() ? (uint32_t)getpid() : 0,
		.scan = { .max_layer = v[OVERT_OPT_MAX_FILESIZE],
			  .max_total = v[OVERT_OPT_MAX_SCANSIZE],
			  .max_files = v[OVERT_OPT_MAX_FILES],
			  .max_depth = v[OVERT_OPT_MAX_RECURSION],
			  .max_ratio = v[OVERT_OPT_MAX_RATIO],
			  .max_time_ms = v[OVERT_OPT_MAX_SCANTIME],
			  .max_kept = v[OVERT_OPT_MAX_KEPT],
			  .all_matches = v[OVERT_OPT_ALL_MATCHES] != 0,
			  .want_sha256 = v[OVERT_OPT_SHA256] != 0,
			  .want_context = v[OVERT_OPT_CONTEXT] != 0,
			  .no_archives = v[OVERT_OPT_NO_ARCHIVES] != 0,
			  .heuristics_first = v[OVERT_OPT_HEURISTICS_FIRST] != 0,
			  .cards_only = v[OVERT_OPT_CARDS_ONLY] != 0,
			  .features_off = v[OVERT_OPT_FEATURES_OFF],
			  .alerts = v[OVERT_OPT_ALERTS],
			  .min_cards = v[OVERT_OPT_MIN_CARDS],
			  .min_ssns = v[OVERT_OPT_MIN_SSNS],
			  .ssn_formats = v[OVERT_OPT_SSN_FORMATS],
			  .max_html = v[OVERT_OPT_MAX_HTML],
			  .max_html_text = v[OVERT_OPT_MAX_HTML_TEXT],
			  .max_script = v[OVERT_OPT_MAX_SCRIPT],
			  .max_icons = v[OVERT_OPT_MAX_ICONS],
			  .pcre_match = v[OVERT_OPT_PCRE_MATCH],
			  .pcre_depth = v[OVERT_OPT_PCRE_DEPTH],
			  .pcre_filesize = v[OVERT_OPT_PCRE_FILESIZE],
			  .yara_only = v[OVERT_OPT_YARA_ONLY] != 0,
			  .yara_negate = v[OVERT_OPT_YARA_NEGATE] != 0,
			  .yara_fast = v[OVERT_OPT_YARA_FAST] != 0,
			  .yara_process = v[OVERT_OPT_YARA_PROCESS] != 0,
			  .yara_matches = v[OVERT_OPT_YARA_MATCHES],
			  .yara_dump = v[OVERT_OPT_YARA_DUMP],
			  .detect = v[OVERT_OPT_DETECT],
			  .report = v[OVERT_OPT_REPORT] },
	};

	memcpy(s.scan.pua, o->pua, sizeof s.scan.pua);
	s.scan.pua_excludes = o->pua_excludes;
	memcpy(s.scan.passwords, o->passwords, sizeof s.scan.passwords);
	s.scan.npasswords = (uint32_t)o->npasswords;
	memcpy(s.scan.defines, o->defines, sizeof s.scan.defines);
	s.scan.ndefines = (uint32_t)o->ndefines;
	return s;
}

ov_status ov_setup_send(struct ov_link *l, const struct ov_wire_setup *s)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);

	OV_TRY(ov_wire_put_setup(&b, s));
	return ov_link_send(l, OV_WIRE_SETUP, 0, ov_buf_cur(&b), NULL, 0, true);
}

static bool is_allowed_weak(const struct overt_options *o)
{
	const char *env = secure_getenv("OVERT_WEAK_SANDBOX");

	return o->value[OVERT_OPT_ALLOW_WEAK] != 0 || (env != NULL && strcmp(env, "allow") == 0);
}

/*
 * One line for all that is missing. What is only weaker than on a newer kernel is told by `overt
 * prove`; a worker that is still root is told here as well.
 */
static void warn_of_missing(const struct overt_options *o, const struct ov_jail_report *r)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(900);
	ov_status st = OV_OK;

	for (int p = 0; p < OV_JAIL_PARTS && st == OV_OK; p++) {
		if (r->part[p].state != OV_JAIL_ABSENT &&
		    (p != OV_JAIL_NO_RIGHTS || r->part[p].state == OV_JAIL_ACTIVE))
			continue;
		if (p == OV_JAIL_EMPTY_ROOT && r->part[OV_JAIL_NAMESPACES].state == OV_JAIL_ABSENT)
			continue; /* follows from that */
		st = ov_buf_fmt(&b, "%s%s: %s", b.n > 0 ? "; " : "",
				ov_jail_part_name((enum ov_jail_part)p), r->part[p].text);
	}
	if (b.n > 0)
		ov_options_warn(o, "the sandbox is weaker here: %.*s (overt prove tells more)",
				(int)b.n, (const char *)b.p);
}

bool ov_jail_may_serve(const struct overt_options *o, const struct ov_jail_report *r, bool warn,
		       char error[OV_ERROR_MAX])
{
	if (warn)
		warn_of_missing(o, r);
	if (r->part[OV_JAIL_SECCOMP].state == OV_JAIL_ACTIVE ||
	    r->part[OV_JAIL_LANDLOCK].state != OV_JAIL_ABSENT || is_allowed_weak(o))
		return true;
	(void)snprintf(error, OV_ERROR_MAX,
		       "this system lets a worker be confined by neither seccomp nor Landlock; "
		       "nothing was scanned "
		       "(OVERT_WEAK_SANDBOX=allow scans all the same)");
	return false;
}

void ov_shown(struct ov_str s, char *to, size_t room)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(4 * room);
	size_t n;

	if (s.n > room)
		s.n = room;
	if (ov_text_shown(&b, s) != OV_OK)
		b.n = 0;
	n = b.n < room ? b.n : room - 1;
	if (n > 0)
		memcpy(to, b.p, n);
	to[n] = '\0';
}

enum overt_status ov_fail(char error[OV_ERROR_MAX], enum overt_status st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(error, OV_ERROR_MAX, fmt, ap);
	va_end(ap);
	return st;
}

/* Waits for the socket. @return false when it is too late. */
static bool wait_readable(const struct ov_session *s)
{
	for (;;) {
		struct pollfd p = { .fd = s->child.link.sock, .events = POLLIN };
		const uint64_t now = ov_clock_ms();
		const uint64_t left = s->deadline_ms > now ? s->deadline_ms - now : 0;
		const int n = poll(&p, 1, left > 60000 ? 60000 : (int)left);

		if (n > 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (left == 0)
			return false;
	}
}

ov_status ov_session_recv(struct ov_session *s, struct ov_arrival *m)
{
	for (;;) {
		ov_status st;

		if (!wait_readable(s))
			return OV_LIMIT;
		st = ov_link_recv(&s->child.link, false, m);
		if (st == OV_SHORT)
			continue;
		if (st == OV_OK && m->fds.nfds > 0) {
			ov_received_close(&m->fds);
			return OV_BAD;
		}
		return st;
	}
}

enum overt_status ov_session_next(struct ov_session *s, struct ov_arrival *m,
				  char error[OV_ERROR_MAX])
{
	const ov_status st = ov_session_recv(s, m);
	char how[OV_CHILD_TEXT] = "";
	struct ov_str text;
	ov_status why;

	if (st == OV_OK && m->kind == OV_WIRE_FAILED) {
		if (ov_wire_get_failed(&m->body, &why, &text) != OV_OK)
			return ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
		ov_shown(text, error, OV_ERROR_MAX);
		return why == OV_NOMEM ? OVERT_NO_MEMORY : why == OV_IO ? OVERT_IO : OVERT_REFUSED;
	}
	if (st == OV_OK)
		return OVERT_OK;
	if (st == OV_LIMIT)
		return ov_fail(error, OVERT_NO_WORKER, "a worker did not answer in time");
	if (st == OV_BAD)
		return ov_fail(error, OVERT_NO_WORKER, "a worker broke the protocol");
	(void)ov_child_end(&s->child, how);
	return ov_fail(error, OVERT_NO_WORKER, "a worker died: %s", how);
}

static enum overt_status take_hello(struct ov_session *s, const struct overt_options *o,
				    char error[OV_ERROR_MAX])
{
	struct ov_arrival m = { .job = 0 };
	const enum overt_status st = ov_session_next(s, &m, error);

	if (st != OVERT_OK)
		return st;
	if (m.kind != OV_WIRE_HELLO || ov_wire_get_hello(&m.body, &s->jail) != OV_OK)
		return ov_fail(error, OVERT_NO_WORKER,
			       "the worker program is of another version, or none of overt's");
	return ov_jail_may_serve(o, &s->jail, false, error) ? OVERT_OK : OVERT_NO_WORKER;
}

enum overt_status ov_check_own(char error[OV_ERROR_MAX])
{
	struct ov_carrier c;

	return ov_provenance_own(NULL, &c) == OV_OK
		   ? OVERT_OK
		   : ov_fail(error, OVERT_INTERNAL,
			     "this copy of overt was altered: what it says of itself is damaged");
}

enum overt_status ov_session_open(const struct overt_options *o, enum ov_role role,
				  uint64_t db_size, int timeout_ms, struct ov_session *out,
				  char error[OV_ERROR_MAX])
{
	const struct ov_wire_setup setup = ov_setup_of(o, role, db_size);
	struct ov_session s = { .deadline_ms = ov_clock_ms() + (uint64_t)timeout_ms };
	char *program = ov_options_worker(o);
	enum overt_status st;

	if (program == NULL)
		return ov_fail(error, OVERT_NO_MEMORY, "out of memory");
	st = ov_check_own(error);
	if (st != OVERT_OK) {
		free(program);
		return st;
	}
	if (ov_child_start(program, &s.child) != OV_OK) {
		st =
		    ov_fail(error, OVERT_NO_WORKER, "can't start %s: %s", program, strerror(errno));
		free(program);
		return st;
	}
	free(program);
	if (ov_setup_send(&s.child.link, &setup) != OV_OK)
		st = ov_fail(error, OVERT_NO_WORKER, "a worker died at its start");
	else
		st = take_hello(&s, o, error);
	if (st != OVERT_OK)
		ov_session_close(&s);
	else
		*out = s;
	return st;
}

void ov_session_close(struct ov_session *s)
{
	ov_child_dismiss(&s->child);
}
