/* overt db cost: what each signature costs on given files, and what to do about dear ones. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "db_int.h"
#include "text.h"
#include "walk.h"

#define SHOWN 40 /* signatures in the table unless --top says more */
#define MB 1000000.0

struct cost_settings {
	struct cli_engine engine;
	uint64_t top;
	bool json;
};

#define AT(member) offsetof(struct cost_settings, member)

static const struct cli_option options[] = {
	CLI_DATABASE_OPTION(struct cost_settings),
	{ "top", 'n', CLI_NUMBER, AT(top), "N", "show the N dearest (40); 0: all", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs; one object a signature, then totals",
	  NULL, 0, 0 },
	CLI_HELP_OPTION,
	DB_END,
};

const struct cli_spec cli_db_cost_spec = {
	.command = "overt db cost",
	.usage = "[OPTION]... PATH...",
	.intro = "Scans files and tells what each signature cost: how often its anchor was met, in "
		 "how many\n"
		 "files and parts its patterns were searched, and its part of the verification. "
		 "Hits are\n"
		 "told for each megabyte that signatures of its target were held against.",
	.after =
	    "A signature that is searched in most files has no rare bytes to be known by: give "
	    "it a longer\n"
	    "literal part, a file type (Target) or a size (FileSize), or leave it out with an "
	    ".ign2 file.\n"
	    "Exit status: 0 done; 2 an error.\nManual: man overt-db",
	.options = options,
};

struct row {
	char *name, *source;
	const char *kind;
	uint32_t line;
	int target;
	uint64_t met, woken, work, bytes;
};

/* What signatures of one target cost together. */
struct of_target {
	uint64_t met, woken, bytes, signatures;
	double work;
};

/* ClamAV's targets, as people call them. */
static const char *const target_names[OVERT_TARGETS] = {
	"any", "PE",	 "OLE2", "HTML",  "mail", "graphics", "ELF",   "text",
	NULL,  "Mach-O", "PDF",	 "Flash", "Java", "internal", "other",
};

static const char *name_of_target(int t)
{
	const char *name = t >= 0 && t < OVERT_TARGETS ? target_names[t] : NULL;

	return name != NULL ? name : "unknown";
}

static double per_mb(uint64_t n, uint64_t bytes)
{
	return bytes > 0 ? (double)n * MB / (double)bytes : 0;
}

struct cost {
	struct cli *c;
	const struct cli_list *paths;
	size_t next_path;
	struct walk *walk;
	struct row *rows;
	size_t n, cap, unread;
	bool is_full;
};

static const char *next_operand(void *context)
{
	struct cost *x = context;

	return x->next_path < x->paths->n ? x->paths->v[x->next_path++] : NULL;
}

static int next_file(void *context)
{
	struct cost *x = context;
	struct walk_item item;

	while (walk_next(x->walk, &item) == OV_OK) {
		if (item.kind == WALK_FILE)
			return item.fd;
		if (item.kind != WALK_ERROR)
			continue;
		x->unread++;
		cli_put(&x->c->err, "overt db cost: ");
		cli_shown(&x->c->err, item.path);
		cli_fmt(&x->c->err, ": %s\n",
			item.error != NULL ? item.error : walk_error_text(item.error_number));
	}
	return -1;
}

static char *copy(struct overt_text t)
{
	char *s = malloc(t.length + 1);

	if (s != NULL) {
		memcpy(s, t.bytes != NULL ? t.bytes : "", t.length);
		s[t.length] = '\0';
	}
	return s;
}

static int on_cost(void *context, const struct overt_cost *k)
{
	struct cost *x = context;
	struct row *r;

	if (k->string.length > 0 || k->met + k->woken == 0)
		return 1; /* overt yara profile tells of strings, and of gates */
	if (x->n == x->cap) {
		const size_t cap = x->cap == 0 ? 256 : x->cap * 2;
		struct row *rows = reallocarray(x->rows, cap, sizeof *rows);

		if (rows == NULL) {
			x->is_full = true;
			return 0;
		}
		x->rows = rows;
		x->cap = cap;
	}
	r = &x->rows[x->n++];
	*r = (struct row){ .name = copy(k->name),
			   .source = copy(k->source),
			   .kind = k->kind,
			   .line = k->line,
			   .met = k->met,
			   .target = k->target,
			   .woken = k->woken,
			   .work = k->work,
			   .bytes = k->bytes };
	x->is_full = r->name == NULL || r->source == NULL;
	return !x->is_full;
}

/* The dearest first; equal ones by name, so that the same files give the same list. */
static int by_work(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;

	if (a->work != b->work)
		return a->work > b->work ? -1 : 1;
	if (a->woken != b->woken)
		return a->woken > b->woken ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void put_row(struct cli_out *out, const struct row *r, double share, bool json)
{
	const double met = per_mb(r->met, r->bytes), woken = per_mb(r->woken, r->bytes);

	if (json) {
		cli_put(out, "{\"name\":");
		cli_json(out, ov_str_of(r->name));
		cli_fmt(out, ",\"kind\":\"%s\",\"target\":%d,\"source\":", r->kind, r->target);
		cli_json(out, ov_str_of(r->source));
		cli_fmt(out,
			",\"line\":%u,\"met\":%llu,\"woken\":%llu,\"work\":%llu,\"bytes\":%llu,"
			"\"met_per_mb\":%.3f,\"woken_per_mb\":%.3f,\"share\":%.4f}\n",
			r->line, (unsigned long long)r->met, (unsigned long long)r->woken,
			(unsigned long long)r->work, (unsigned long long)r->bytes, met, woken,
			share);
		return;
	}
	cli_fmt(out, "%11.2f %11.3f %6.1f%%  %-8s  ", met, woken, share * 100,
		name_of_target(r->target));
	cli_shown(out, ov_str_of(r->name));
	cli_put(out, "  ");
	cli_shown(out, ov_str_of(r->source));
	cli_fmt(out, ":%u\n", r->line);
}

/* Sums by target. @return the work of all. */
static double add_up(const struct cost *x, struct of_target sums[OVERT_TARGETS])
{
	double work = 0;

	for (size_t i = 0; i < x->n; i++) {
		const struct row *r = &x->rows[i];
		struct of_target *t = &sums[r->target];

		t->met += r->met;
		t->woken += r->woken;
		t->work += (double)r->work;
		t->bytes = r->bytes > t->bytes ? r->bytes : t->bytes;
		t->signatures++;
		work += (double)r->work;
	}
	return work;
}

static void put_targets(struct cli_out *out, const struct of_target *sums, double work)
{
	cli_put(out, "\n     met/MB    woken/MB   share  target       MB held against it; "
		     "signatures that were looked at\n");
	for (int t = 0; t < OVERT_TARGETS; t++) {
		const struct of_target *s = &sums[t];

		if (s->signatures > 0)
			cli_fmt(out, "%11.2f %11.3f %6.1f%%  %-8s %8.1f; %llu\n",
				per_mb(s->met, s->bytes), per_mb(s->woken, s->bytes),
				work > 0 ? s->work * 100 / work : 0, name_of_target(t),
				(double)s->bytes / MB, (unsigned long long)s->signatures);
	}
	cli_put(out, "\n");
}

static void put_targets_json(struct cli_out *out, const struct of_target *sums)
{
	bool is_first = true;

	cli_put(out, ",\"targets\":[");
	for (int t = 0; t < OVERT_TARGETS; t++) {
		const struct of_target *s = &sums[t];

		if (s->signatures == 0)
			continue;
		cli_fmt(out,
			"%s{\"target\":%d,\"name\":\"%s\",\"signatures\":%llu,\"bytes\":%llu,"
			"\"met\":%llu,\"woken\":%llu,\"work\":%.0f}",
			is_first ? "" : ",", t, name_of_target(t),
			(unsigned long long)s->signatures, (unsigned long long)s->bytes,
			(unsigned long long)s->met, (unsigned long long)s->woken, s->work);
		is_first = false;
	}
	cli_put(out, "]");
}

static void put_summary_json(const struct cost *x, const struct overt_cost_totals *t,
			     const struct of_target *sums, double work)
{
	struct cli_out *out = &x->c->out;

	cli_fmt(out,
		"{\"summary\":{\"files\":%llu,\"bytes\":%llu,\"failed\":%llu,\"signatures\":%zu,"
		"\"work\":%.0f",
		(unsigned long long)t->files, (unsigned long long)t->bytes,
		(unsigned long long)t->failed + x->unread, x->n, work);
	put_targets_json(out, sums);
	cli_put(out, "}}\n");
}

static void put_summary(const struct cost *x, const struct overt_cost_totals *t)
{
	struct cli_out *out = &x->c->out;
	char a[CLI_NUMBER_MAX], b[CLI_NUMBER_MAX];

	cli_fmt(out, "%s file%s, %.1f MB matched; ", cli_count(t->files, a), cli_s(t->files),
		(double)t->bytes / MB);
	cli_fmt(out, "%s signature%s looked at", cli_count(x->n, b), x->n == 1 ? " was" : "s were");
	if (t->failed + x->unread > 0)
		cli_fmt(out, "; %s file%s could not be read", cli_count(t->failed + x->unread, a),
			cli_s(t->failed + x->unread));
	cli_put(out, ".\n");
}

static void put_all(struct cost *x, const struct cost_settings *s,
		    const struct overt_cost_totals *t)
{
	const size_t most = s->top == CLI_UNSET ? SHOWN : (size_t)s->top;
	struct of_target sums[OVERT_TARGETS] = { { 0 } };
	const double work = add_up(x, sums);
	struct cli_out *out = &x->c->out;

	if (x->n > 1)
		qsort(x->rows, x->n, sizeof *x->rows, by_work);
	if (!s->json && x->n > 0)
		cli_put(out, "     met/MB    woken/MB   share  target    signature\n");
	for (size_t i = 0; i < x->n && (s->json || most == 0 || i < most); i++)
		put_row(out, &x->rows[i], work > 0 ? (double)x->rows[i].work / work : 0, s->json);
	if (s->json) {
		put_summary_json(x, t, sums, work);
		return;
	}
	if (x->n > 0)
		put_targets(out, sums, work);
	put_summary(x, t);
}

static int run(struct cli *c, const struct cost_settings *s, const struct cli_list *paths)
{
	struct cost x = { .c = c, .paths = paths };
	const struct walk_options walk = { .follow_dirs = WALK_GIVEN,
					   .follow_files = WALK_GIVEN,
					   .next_operand = next_operand,
					   .context = &x };
	struct overt_options *o = cli_engine_options(c, "overt db cost", &s->engine);
	struct overt_cost_totals t = { .files = 0 };
	char error[512] = "";
	enum overt_status st;
	int code = CLI_OK;

	if (o == NULL)
		return CLI_FAILED;
	if (walk_open(&walk, &x.walk) != OV_OK) {
		overt_options_free(&o);
		return cli_fail(c, "overt db cost", "no memory", NULL);
	}
	st = overt_database_cost(o, next_file, on_cost, &x, &t, error);
	walk_close(&x.walk);
	overt_options_free(&o);
	if (x.is_full)
		code = cli_fail(c, "overt db cost", "no memory", NULL);
	else if (st != OVERT_OK)
		code = cli_fail(c, "overt db cost", overt_status_text(st), error);
	else
		put_all(&x, s, &t);
	for (size_t i = 0; i < x.n; i++) {
		free(x.rows[i].name);
		free(x.rows[i].source);
	}
	free(x.rows);
	return code == CLI_OK && x.unread > 0 ? CLI_FAILED : code;
}

int cli_db_cost(struct cli *c, int argc, char *const *argv)
{
	struct cost_settings s = { .top = CLI_UNSET };
	struct cli_list paths = { 0 };
	int code;

	cli_engine_init(&s.engine);
	code = cli_begin(c, &cli_db_cost_spec, argc, argv, &s, &paths);
	if (code < 0 && paths.n == 0)
		code = cli_usage(c, &cli_db_cost_spec, "on what files? Give at least one PATH");
	if (code < 0)
		code = run(c, &s, &paths);
	cli_list_free(&s.engine.databases);
	cli_list_free(&paths);
	return code;
}
