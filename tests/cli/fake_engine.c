/*
 * A front door without workers, so that what the command line prints can be tested on its own:
 * verdicts are written in the scanned files themselves, one word of it a line:
 *
 *   FAKE type CL_TYPE_ZIP
 *   FAKE detect NAME KIND SOURCE signed|unsigned LAYER OFFSET LENGTH     (LAYER: members divided by
 * "|", or "-") FAKE report SEVERITY NAME SOURCE FAKE incomplete REASON LAYER DETAIL FAKE error TEXT
 *
 * The variable FAKE_ORDER=last gives verdicts in reverse order of submission; FAKE_FAIL=open|scan
 * lets these fail. FAKE_FORMAT is what a "laid out" source has behind its own bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <errno.h>
#include <poll.h>
#include <sys/mman.h>

#include "inspect.h"
#include "overt/database.h"
#include "overt/engine.h"

struct overt_formatter {
	int unused;
};

#define QUEUE 8
#define LISTED 64
#define TEXT_MAX 65536

struct overt_options {
	uint64_t values[OVERT_OPT_COUNT];
	char *paths[32];
	size_t npaths;
	overt_message_fn warn;
	void *context;
};

struct overt_engine {
	struct overt_options o;
	struct overt_verdict *queue[QUEUE];
	size_t n;
	struct overt_database_info info;
	const char *sources[2];
};

struct fake_verdict { /* all that a verdict points to */
	struct overt_verdict v;
	struct overt_detection d[LISTED], r[LISTED];
	struct overt_incomplete i[LISTED];
	struct overt_match m[LISTED];
	struct overt_text layers[LISTED * 4];
	size_t nlayers;
	char type[32], text[TEXT_MAX + 1];
};

const char *overt_status_text(enum overt_status s)
{
	return s == OVERT_OK	    ? "fine"
	       : s == OVERT_REFUSED ? "the database was refused"
				    : "it failed";
}

const char *overt_verdict_kind_name(enum overt_verdict_kind k)
{
	static const char *const names[] = { "clean", "detected", "incomplete", "error" };

	return names[k];
}

const char *overt_severity_name(enum overt_severity s)
{
	static const char *const names[] = { "", "malware", "suspicious", "unwanted" };

	return (unsigned)s < OVERT_SEVERITIES ? names[s] : "?";
}

const char *overt_view_name(enum overt_view v)
{
	static const char *const names[] = { "bytes", "text", "html", "html-notags", "script" };

	return (unsigned)v < OVERT_VIEW_COUNT ? names[v] : "?";
}

const char *overt_reason_name(enum overt_reason r)
{
	static const char *const names[] = { "encrypted",   "malformed",   "unsupported",
					     "crashed",	    "timeout",	   "limit-size",
					     "limit-depth", "limit-files", "limit-ratio",
					     "limit-time",  "unreadable" };

	return (unsigned)r < OVERT_REASON_COUNT ? names[r] : "?";
}

void overt_verdict_free(struct overt_verdict **v)
{
	free(*v);
	*v = NULL;
}

struct overt_options *overt_options_new(void)
{
	return calloc(1, sizeof(struct overt_options));
}

void overt_options_free(struct overt_options **o)
{
	for (size_t i = 0; *o != NULL && i < (*o)->npaths; i++)
		free((*o)->paths[i]);
	free(*o);
	*o = NULL;
}

enum overt_status overt_options_set(struct overt_options *o, enum overt_option which,
				    uint64_t value)
{
	o->values[which] = value;
	return OVERT_OK;
}

uint64_t overt_options_get(const struct overt_options *o, enum overt_option which)
{
	return o->values[which];
}

enum overt_status overt_options_add_database(struct overt_options *o, const char *path)
{
	if (o->npaths == 32)
		return OVERT_BAD_ARGUMENT;
	o->paths[o->npaths++] = strdup(path);
	return OVERT_OK;
}

enum overt_status overt_options_add_rules(struct overt_options *o, const char *path,
					  const char *name_space)
{
	(void)name_space;
	return overt_options_add_database(o, path);
}

enum overt_status overt_options_add_compiled(struct overt_options *o, const char *path)
{
	return overt_options_add_database(o, path);
}

enum overt_status overt_options_define(struct overt_options *o, const char *definition)
{
	(void)o;
	return strchr(definition, '=') != NULL ? OVERT_OK : OVERT_BAD_ARGUMENT;
}

enum overt_status overt_options_add_module_data(struct overt_options *o, const char *definition)
{
	(void)o;
	return strchr(definition, '=') != NULL ? OVERT_OK : OVERT_BAD_ARGUMENT;
}

enum overt_status overt_formatter_open(const struct overt_options *o, struct overt_formatter **out,
				       char error[512])
{
	(void)o;
	(void)error;
	*out = calloc(1, sizeof **out);
	return *out != NULL ? OVERT_OK : OVERT_NO_MEMORY;
}

void overt_formatter_close(struct overt_formatter **f)
{
	free(*f);
	*f = NULL;
}

enum overt_status overt_formatter_file(struct overt_formatter *f, int fd, const char *name,
				       overt_diagnostic_fn fn, void *context, int *out,
				       char error[512])
{
	const char *more = getenv("FAKE_FORMAT");
	char text[4096];
	const ssize_t n = pread(fd, text, sizeof text, 0);

	(void)f;
	(void)name;
	(void)fn;
	(void)context;
	(void)close(fd);
	*out = memfd_create("laid-out", MFD_CLOEXEC);
	if (more != NULL && n > 0 && *out >= 0 && write(*out, text, (size_t)n) == n &&
	    write(*out, more, strlen(more)) == (ssize_t)strlen(more))
		return OVERT_OK;
	(void)snprintf(error, 512, "none here");
	return OVERT_NO_WORKER;
}

void overt_options_on_diagnostic(struct overt_options *o, overt_diagnostic_fn fn, void *context)
{
	(void)o;
	(void)fn;
	(void)context;
}

enum overt_status overt_options_set_cache(struct overt_options *o, const char *dir)
{
	(void)o;
	(void)dir;
	return OVERT_OK;
}

enum overt_status overt_options_add_password(struct overt_options *o, const char *password)
{
	(void)o;
	return strlen(password) < OVERT_PASSWORDS_MAX ? OVERT_OK : OVERT_BAD_ARGUMENT;
}

enum overt_status overt_options_set_pua(struct overt_options *o, const char *categories,
					int excludes)
{
	(void)o;
	(void)excludes;
	return categories != NULL && strstr(categories, "FAIL") != NULL ? OVERT_BAD_ARGUMENT
									: OVERT_OK;
}

enum overt_status overt_options_set_worker(struct overt_options *o, const char *path)
{
	(void)o;
	(void)path;
	return OVERT_OK;
}

void overt_options_on_warning(struct overt_options *o, overt_message_fn fn, void *context)
{
	o->warn = fn;
	o->context = context;
}

int overt_process_open(long pid, int *cut)
{
	(void)pid;
	*cut = 0;
	return -1;
}

static int fails(const char *where)
{
	const char *wanted = getenv("FAKE_FAIL");

	return wanted != NULL && strcmp(wanted, where) == 0;
}

enum overt_status overt_engine_open(const struct overt_options *o, struct overt_engine **out)
{
	struct overt_engine *e = calloc(1, sizeof *e);

	*out = e;
	if (e == NULL)
		return OVERT_NO_MEMORY;
	e->o = *o;
	(void)memset(e->o.paths, 0, sizeof e->o.paths);
	(void)memset(e->info.id, 'a', 64);
	e->info.signatures = 1234567;
	e->info.built = 1700000000;
	e->sources[0] = "fake";
	e->info.sources = e->sources;
	if (getenv("FAKE_WARN") != NULL && o->warn != NULL)
		o->warn(o->context, "the sandbox is weaker here");
	return fails("open") ? OVERT_REFUSED : OVERT_OK;
}

void overt_engine_close(struct overt_engine **at)
{
	for (size_t i = 0; *at != NULL && i < (*at)->n; i++)
		overt_verdict_free(&(*at)->queue[i]);
	free(*at);
	*at = NULL;
}

const char *overt_engine_error(const struct overt_engine *e)
{
	(void)e;
	return "the fake engine was told to fail";
}

const struct overt_database_info *overt_engine_database(const struct overt_engine *e)
{
	return &e->info;
}

static struct overt_text text_of(char *z)
{
	return (struct overt_text){ z, strlen(z) };
}

/* "a|b" into members. */
static const struct overt_text *layers_of(struct fake_verdict *f, char *text, size_t *n)
{
	const struct overt_text *first = &f->layers[f->nlayers];
	char *save = NULL;

	*n = 0;
	if (strcmp(text, "-") == 0)
		return NULL;
	for (char *t = strtok_r(text, "|", &save); t != NULL && f->nlayers < LISTED * 4;
	     t = strtok_r(NULL, "|", &save)) {
		f->layers[f->nlayers++] = text_of(t);
		++*n;
	}
	return first;
}

static void fake_detect(struct fake_verdict *f, const struct overt_engine *e, char *rest)
{
	struct overt_detection *d = &f->d[f->v.ndetections];
	struct overt_match *m = &f->m[f->v.ndetections];
	char *save = NULL;
	char *w[7];

	for (size_t i = 0; i < 7; i++) {
		w[i] = strtok_r(i == 0 ? rest : NULL, " ", &save);
		if (w[i] == NULL)
			return;
	}
	if (f->v.ndetections == LISTED ||
	    (f->v.ndetections > 0 && !e->o.values[OVERT_OPT_ALL_MATCHES]))
		return;
	d->name = text_of(w[0]);
	d->kind = w[1];
	d->source = text_of(w[2]);
	d->source_is_signed = strcmp(w[3], "signed") == 0;
	d->line = 7;
	d->rule_text = text_of(w[0]);
	d->layer = layers_of(f, w[4], &d->nlayer);
	d->offset = strtoull(w[5], NULL, 10);
	d->length = strtoull(w[6], NULL, 10);
	*m = (struct overt_match){ .part = 0, .offset = d->offset, .length = d->length };
	if (e->o.values[OVERT_OPT_CONTEXT] && d->offset >= 4) {
		m->context_offset = d->offset - 4;
		m->context = (const uint8_t *)"0123456789abcdef0123456789abcdef";
		m->context_length = 32;
	}
	d->matches = m;
	d->nmatches = 1;
	f->v.ndetections++;
}

static void fake_incomplete(struct fake_verdict *f, char *rest)
{
	struct overt_incomplete *i = &f->i[f->v.nincompletes];
	char *save = NULL;
	char *reason = strtok_r(rest, " ", &save), *layer = strtok_r(NULL, " ", &save);

	if (reason == NULL || layer == NULL || f->v.nincompletes == LISTED)
		return;
	for (int r = 0; r < OVERT_REASON_COUNT; r++)
		if (strcmp(reason, overt_reason_name((enum overt_reason)r)) == 0)
			i->reason = (enum overt_reason)r;
	i->layer = layers_of(f, layer, &i->nlayer);
	i->detail = text_of(save != NULL ? save : layer + strlen(layer));
	f->v.nincompletes++;
}

/* As an engine does: told when asked for, counted when that was asked for. */
static void fake_report(struct fake_verdict *f, const struct overt_engine *e, char *rest)
{
	char *save = NULL;
	char *grade = strtok_r(rest, " ", &save), *name = strtok_r(NULL, " ", &save),
	     *source = strtok_r(NULL, " ", &save);
	struct overt_detection d = { .kind = "yara", .severity = OVERT_SUSPICIOUS };

	if (grade == NULL || name == NULL || source == NULL || f->v.nreported == LISTED)
		return;
	if (strcmp(grade, "unwanted") == 0)
		d.severity = OVERT_UNWANTED;
	d.name = text_of(name);
	d.source = text_of(source);
	d.rule_text = text_of(name);
	if ((e->o.values[OVERT_OPT_DETECT] >> d.severity & 1) != 0)
		f->d[f->v.ndetections++] = d;
	else if ((e->o.values[OVERT_OPT_REPORT] >> d.severity & 1) != 0)
		f->r[f->v.nreported++] = d;
}

static void judge(struct fake_verdict *f, const struct overt_engine *e)
{
	char *save = NULL;

	f->v.detections = f->d;
	f->v.incompletes = f->i;
	f->v.reported = f->r;
	f->v.type = "CL_TYPE_ANY";
	for (char *l = strtok_r(f->text, "\n", &save); l != NULL; l = strtok_r(NULL, "\n", &save)) {
		if (strncmp(l, "FAKE type ", 10) == 0) {
			(void)snprintf(f->type, sizeof f->type, "%s", l + 10);
			f->v.type = f->type;
		} else if (strncmp(l, "FAKE detect ", 12) == 0) {
			fake_detect(f, e, l + 12);
		} else if (strncmp(l, "FAKE report ", 12) == 0) {
			fake_report(f, e, l + 12);
		} else if (strncmp(l, "FAKE incomplete ", 16) == 0) {
			fake_incomplete(f, l + 16);
		} else if (strncmp(l, "FAKE error ", 11) == 0) {
			f->v.kind = OVERT_ERROR;
			f->v.error = text_of(l + 11);
		}
	}
	f->v.detections_total = f->v.ndetections;
	f->v.incompletes_total = f->v.nincompletes;
	f->v.reported_total = f->v.nreported;
	if (f->v.ndetections > 0)
		f->v.kind = OVERT_DETECTED;
	else if (f->v.nincompletes > 0)
		f->v.kind = OVERT_INCOMPLETE;
}

enum overt_status overt_engine_submit(struct overt_engine *e, int fd, uint64_t cookie)
{
	struct fake_verdict *f;

	if (e->n == QUEUE)
		return OVERT_AGAIN;
	f = calloc(1, sizeof *f);
	if (f == NULL || fails("scan")) {
		free(f);
		(void)close(fd);
		return OVERT_NO_WORKER;
	}
	while (f->v.size < TEXT_MAX) {
		const ssize_t n = read(fd, f->text + f->v.size, (size_t)(TEXT_MAX - f->v.size));

		if (n <= 0)
			break;
		f->v.size += (uint64_t)n;
	}
	(void)close(fd);
	f->v.cookie = cookie;
	f->v.bytes = f->v.size;
	f->v.has_sha256 = e->o.values[OVERT_OPT_SHA256] != 0;
	judge(f, e);
	e->queue[e->n++] = &f->v;
	return OVERT_OK;
}

enum overt_status overt_engine_next(struct overt_engine *e, int timeout_ms,
				    struct overt_verdict **out)
{
	const char *order = getenv("FAKE_ORDER"), *slow = getenv("FAKE_SLOW_MS");

	if (e->n == 0)
		return OVERT_END;
	if (slow != NULL && timeout_ms != 0)
		(void)poll(NULL, 0, (int)strtol(slow, NULL, 10));
	else if (slow != NULL)
		return OVERT_AGAIN;
	if (order != NULL && strcmp(order, "last") == 0) {
		*out = e->queue[--e->n];
		return OVERT_OK;
	}
	*out = e->queue[0];
	e->n--;
	memmove(e->queue, e->queue + 1, e->n * sizeof *e->queue);
	return OVERT_OK;
}

enum overt_status overt_database_build(const struct overt_options *o, const char *out_path,
				       overt_diagnostic_fn fn, void *context,
				       struct overt_build_result *result, char error[512])
{
	const struct overt_diagnostic d = {
		{ "mine.hdb", 8 }, { "bad\033line", 8 }, 3, { "no colon", 8 }, 0
	};
	FILE *out = fopen(out_path, "w");

	if (out == NULL || fails("build")) {
		(void)snprintf(error, 512, "can't write");
		if (out != NULL)
			(void)fclose(out);
		return OVERT_IO;
	}
	(void)fclose(out);
	if (o->npaths > 0 && strstr(o->paths[0], "bad") != NULL) {
		fn(context, &d);
		result->refused = 1;
	}
	result->signatures = 12;
	result->bytes = 4096;
	(void)memset(result->id, 'b', 64);
	return OVERT_OK;
}

enum overt_status overt_database_list(const struct overt_options *o, overt_signature_fn fn,
				      void *context, char error[512])
{
	static const char *const names[] = { "Fake.One", "Fake.Two", "Fake.Three" };
	/* "old" has One and Two, all others Two and Three. */
	const size_t from = o->npaths > 0 && strstr(o->paths[0], "old") != NULL ? 0 : 1;

	(void)error;
	for (size_t i = from; i < from + 2; i++) {
		const struct overt_signature s = { { names[i], strlen(names[i]) },
						   { "fake.ndb", 8 },
						   { "rule text", 9 },
						   "body",
						   (uint32_t)i + 1,
						   0 };

		if (fn(context, &s) == 0)
			break;
	}
	return OVERT_OK;
}

enum overt_status overt_database_facts(const struct overt_options *o, overt_facts_fn fn,
				       void *context, char error[512])
{
	const struct overt_database_source s = { .name = { "daily.cvd", 9 },
						 .label = { "ClamAV daily 27501", 18 },
						 .version = 27501,
						 .built = 1700000000,
						 .signatures = 12,
						 .refused = 1,
						 .is_signed = 1 };
	struct overt_database_facts f = { .format_version = 1,
					  .bytes = 4096,
					  .built = 1700000000,
					  .signatures = 12,
					  .by_kind = { 0, 4, 0, 0, 8, 0, 0, 0 },
					  .patterns = 8,
					  .anchors = 6,
					  .always_woken = 1,
					  .yara_strings = 2,
					  .yara_anchors = 3,
					  .sources = &s,
					  .nsources = 1 };

	(void)o;
	(void)memset(f.id, 'c', 64);
	if (fails("facts")) {
		(void)snprintf(error, 512, "a section lies outside the file");
		return OVERT_REFUSED;
	}
	fn(context, &f);
	return OVERT_OK;
}

enum overt_status overt_database_cost(const struct overt_options *o, overt_next_file_fn next,
				      overt_cost_fn fn, void *context,
				      struct overt_cost_totals *totals, char error[512])
{
	static const struct overt_cost rows[] = {
		{ .name = { "Cheap.Sig-1", 11 },
		  .source = { "main.ldb", 8 },
		  .kind = "logical",
		  .line = 7,
		  .met = 3,
		  .woken = 1,
		  .work = 100,
		  .bytes = 1000000,
		  .target = 1 },
		{ .name = { "Dear.Sig-2", 10 },
		  .source = { "main.ndb", 8 },
		  .kind = "body",
		  .line = 9,
		  .met = 3000,
		  .woken = 2,
		  .work = 900,
		  .bytes = 2000000 },
	};
	int fd;

	(void)o;
	*totals = (struct overt_cost_totals){ .bytes = 2000000 };
	for (fd = next(context); fd >= 0; fd = next(context)) {
		totals->files++;
		(void)close(fd);
	}
	if (fails("cost")) {
		(void)snprintf(error, 512, "a worker died");
		return OVERT_NO_WORKER;
	}
	for (size_t i = 0; i < 2 && fn(context, &rows[i]) != 0; i++)
		;
	return OVERT_OK;
}

enum overt_status overt_prove(const struct overt_options *o, overt_proof_fn fn, void *context,
			      char error[512])
{
	const struct overt_attempt a[] = {
		{ "open /etc/passwd", "refused by seccomp (EACCES)", 1 },
		{ "connect 127.0.0.1:80",
		  fails("prove") ? "connected" : "refused by seccomp (killed)", !fails("prove") },
	};
	const struct overt_mechanism m[] = { { "Landlock", "not available", 0 },
					     { "seccomp", "filter", 1 } };
	const struct overt_proof p = { a, 2, fails("prove") ? 1 : 2, m, 2, "6.1" };

	(void)o;
	(void)error;
	fn(context, &p);
	return OVERT_OK;
}

/* No inventory here: tests/cli/test_inventory.py has the real one. */
enum overt_status ov_inspect_open(const struct overt_options *o, struct ov_join *j,
				  const struct ov_inv_watch *watch, size_t nwatch,
				  struct ov_inspect **out, char *error)
{
	(void)o;
	(void)j;
	(void)watch;
	(void)nwatch;
	(void)out;
	(void)snprintf(error, OV_INSPECT_ERROR, "not in this program");
	return OVERT_NO_WORKER;
}

void ov_inspect_close(struct ov_inspect **x)
{
	*x = NULL;
}

enum overt_status ov_inspect_file(struct ov_inspect *x, const struct ov_inspect_file *f)
{
	(void)x;
	(void)f;
	return OVERT_NO_WORKER;
}

enum overt_status ov_inspect_finish(struct ov_inspect *x)
{
	(void)x;
	return OVERT_NO_WORKER;
}

const char *ov_inspect_error(const struct ov_inspect *x)
{
	(void)x;
	return "";
}
