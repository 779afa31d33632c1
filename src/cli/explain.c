/* overt explain: why something was found (promise P8): the rule's text, its origin, the layer, the
 * offset, the bytes. */
#include "cli.h"
#include "hexdump.h"
#include "last.h"
#include "report.h"
#include "run.h"

#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

struct explain_settings {
	struct cli_engine engine;
	bool json, full;
};

#define AT(member) offsetof(struct explain_settings, member)

static const struct cli_option options[] = {
	CLI_DATABASE_OPTION(struct explain_settings),
	CLI_PASSWORD_OPTIONS(struct explain_settings),
	{ "full", 0, CLI_FLAG, AT(full), NULL, "do not shorten long rules", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs; one object a detection", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_explain_spec = {
	.command = "overt explain",
	.usage = "[OPTION]... NUMBER\n[OPTION]... FILE\n[OPTION]... NAME",
	.intro = "Explains detection NUMBER of the last scan, all detections in FILE, or the "
		 "signature NAME.\n"
		 "A file is scanned again for it. A file called \"1\" is given as ./1.",
	.after = "Exit status: 0 explained; 2 there is nothing to explain, or an error.\nManual: "
		 "man overt-explain",
	.options = options,
};

struct explain {
	struct cli *c;
	const struct explain_settings *s;
	const struct last_entry *only; /* NULL: all */
	const char *path;	       /* the operand, handed out once */
	size_t explained;
	const char *name; /* for a signature's name */
	enum overt_verdict_kind kind;
	bool was_scanned;
	struct ov_buf problem;
};

#define RULE_SHOWN 600
#define DUMP_MAX 256

static const char *kind_words(const char *kind)
{
	static const char *const words[][2] = {
		{ "hash", "a hash of the whole file" },
		{ "section", "a hash of a section of a program" },
		{ "import", "a hash of a program's imports" },
		{ "body", "a pattern of bytes" },
		{ "logical", "a logical signature: several patterns and a condition" },
		{ "container", "a property of a file inside a container" },
		{ "yara", "a YARA rule" },
		{ "allow", "an entry of the allow-list" },
		{ "heuristic", "a heuristic" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(kind, words[i][0]) == 0)
			return words[i][1];
	return kind;
}

static void head(struct cli_out *out, const char *kind, struct ov_str name, struct ov_str source,
		 uint32_t line)
{
	cli_put(out, "  ");
	cli_style(out, CLI_RED);
	cli_shown(out, name);
	cli_style(out, CLI_PLAIN);
	cli_put(out, ", ");
	cli_put(out, kind_words(kind));
	cli_put(out, "\n  from     ");
	cli_shown(out, source);
	if (line > 0)
		cli_fmt(out, ", line %u", line);
}

static void rule_text(struct cli_out *out, struct ov_str text, bool full)
{
	const size_t n = full || text.n <= RULE_SHOWN ? text.n : RULE_SHOWN;

	if (text.n == 0)
		return;
	cli_put(out, "  rule     ");
	cli_shown(out, (struct ov_str){ text.p, n });
	if (n < text.n)
		cli_fmt(out, "... (%zu more bytes: --full)", text.n - n);
	cli_put(out, "\n");
}

static void text_match(struct cli_out *out, const struct overt_match *m)
{
	const size_t n = m->context_length < DUMP_MAX ? m->context_length : DUMP_MAX;

	cli_fmt(out, "  part %-3u at 0x%llx, %llu byte%s\n", m->part, (unsigned long long)m->offset,
		(unsigned long long)m->length, cli_s(m->length));
	if (m->context != NULL)
		hexdump(out, 11, m->context, n, m->context_offset, m->offset, m->length);
}

/* On whose word. The built-in set is part of the program: as far as that is trusted, so is the set.
 */
static const char *standing(const struct overt_detection *d)
{
	if (d->source_is_signed)
		return " (signed, and the signature was checked)\n";
	if (ov_str_starts(cli_str(d->source), OV_STR("built-in/")))
		return " (a part of this program)\n";
	return " (not signed)\n";
}

static const char *view_words(enum overt_view v)
{
	static const char *const words[OVERT_VIEW_COUNT] = {
		[OVERT_VIEW_BYTES] = "its bytes",
		[OVERT_VIEW_TEXT] = "normalised text (small letters, single blanks)",
		[OVERT_VIEW_HTML] = "a normalised page",
		[OVERT_VIEW_HTML_NOTAGS] = "the page's text, without its tags",
		[OVERT_VIEW_SCRIPT] = "the page's scripts, normalised",
	};

	return words[v];
}

static void text_detection(struct explain *x, const struct run_file *f,
			   const struct overt_detection *d)
{
	struct cli_out *out = &x->c->out;

	if (x->explained > 0)
		cli_put(out, "\n");
	head(out, d->kind, cli_str(d->name), cli_str(d->source), d->line);
	cli_put(out, standing(d));
	cli_put(out, "  in       ");
	report_place(out, f->path, f->is_stdin, d->layer, d->nlayer);
	cli_put(out, "\n");
	if (d->view != OVERT_VIEW_BYTES)
		cli_fmt(out, "  as       %s; offsets are of that form\n", view_words(d->view));
	rule_text(out, cli_str(d->rule_text), x->s->full);
	for (size_t i = 0; i < d->nmatches; i++)
		text_match(out, &d->matches[i]);
	if (d->nmatches == 0)
		cli_fmt(out, "  at       0x%llx, %llu byte%s\n", (unsigned long long)d->offset,
			(unsigned long long)d->length, cli_s(d->length));
}

static void json_match(struct cli_out *out, const struct overt_match *m)
{
	cli_fmt(
	    out,
	    "{\"part\":%u,\"offset\":%llu,\"length\":%llu,\"context_offset\":%llu,\"context\":\"",
	    m->part, (unsigned long long)m->offset, (unsigned long long)m->length,
	    (unsigned long long)m->context_offset);
	for (size_t i = 0; m->context != NULL && i < m->context_length; i++)
		cli_fmt(out, "%02x", m->context[i]);
	cli_put(out, "\"}");
}

static void json_detection(struct cli_out *out, const struct run_file *f,
			   const struct overt_detection *d)
{
	cli_put(out, "{\"name\":");
	cli_json(out, cli_str(d->name));
	cli_fmt(out, ",\"kind\":\"%s\",\"source\":", d->kind);
	cli_json(out, cli_str(d->source));
	cli_fmt(out, ",\"signed\":%s,\"line\":%u,\"rule\":", d->source_is_signed ? "true" : "false",
		d->line);
	cli_json(out, cli_str(d->rule_text));
	cli_put(out, ",\"path\":");
	cli_json(out, f->path);
	cli_put(out, ",\"layer\":");
	report_json_layer(out, d->layer, d->nlayer);
	report_json_view(out, d);
	cli_fmt(out, ",\"offset\":%llu,\"length\":%llu,\"matches\":[",
		(unsigned long long)d->offset, (unsigned long long)d->length);
	for (size_t i = 0; i < d->nmatches; i++) {
		if (i > 0)
			cli_put(out, ",");
		json_match(out, &d->matches[i]);
	}
	cli_put(out, "]}\n");
}

static bool same_layer(const struct overt_detection *d, const struct last_entry *e)
{
	if (d->nlayer != e->nlayer)
		return false;
	for (size_t i = 0; i < d->nlayer; i++)
		if (!ov_str_eq(cli_str(d->layer[i]), e->layer[i]))
			return false;
	return true;
}

static bool is_asked_for(const struct explain *x, const struct overt_detection *d)
{
	return x->only == NULL ||
	       (ov_str_eq(cli_str(d->name), x->only->name) && same_layer(d, x->only));
}

static void on_file(void *context, const struct run_file *f)
{
	struct explain *x = context;
	const struct overt_verdict *v = f->verdict;

	x->was_scanned = true;
	x->kind = run_kind(f);
	if (f->error.n > 0 && ov_text_shown(&x->problem, f->error) != OV_OK)
		x->problem.n = 0;
	for (size_t i = 0; v != NULL && i < v->ndetections; i++) {
		if (!is_asked_for(x, &v->detections[i]) || (x->only != NULL && x->explained > 0))
			continue;
		if (x->s->json)
			json_detection(&x->c->out, f, &v->detections[i]);
		else
			text_detection(x, f, &v->detections[i]);
		x->explained++;
	}
}

static const char *next_path(void *context)
{
	struct explain *x = context;
	const char *path = x->path;

	x->path = NULL;
	return path;
}

static int scan_one(struct explain *x, const char *path, const struct cli_list *databases)
{
	const struct walk_options walk = { .follow_dirs = WALK_GIVEN,
					   .follow_files = WALK_GIVEN,
					   .next_operand = next_path,
					   .context = x };
	const struct run_sink sink = { .file = on_file, .context = x, .in_order = true };
	struct cli_engine settings = x->s->engine;
	struct overt_engine *engine;
	struct run_counts n;
	char error[512];
	ov_status s;

	if (settings.databases.n == 0 && databases != NULL)
		settings.databases = *databases;
	settings.limits[OVERT_OPT_ALL_MATCHES] = 1;
	settings.limits[OVERT_OPT_CONTEXT] = 1;
	settings.limits[OVERT_OPT_WORKERS] = 1;
	engine = cli_engine_open(x->c, "overt explain", &settings);
	if (engine == NULL)
		return CLI_FAILED;
	x->path = path;
	s = run_scan(engine, &walk, &sink, &x->c->out, &n, error);
	overt_engine_close(&engine);
	if (s != OV_OK)
		return cli_fail(x->c, "overt explain", "the scan failed", error);
	return n.signal != 0 ? 128 + n.signal : CLI_OK;
}

static int nothing_in(struct explain *x, const char *path)
{
	struct cli_out *err = &x->c->err;

	cli_put(err, "overt explain: ");
	cli_shown(err, ov_str_of(path));
	if (x->problem.n > 0) {
		cli_put(err, ": ");
		cli_raw(err, (struct ov_str){ (const char *)x->problem.p, x->problem.n });
	} else if (x->kind == OVERT_INCOMPLETE) {
		cli_put(err, ": nothing was found in what could be read of it; what was not: overt "
			     "scan FILE");
	} else {
		cli_put(err, ": nothing is found in it");
	}
	cli_put(err, "\n");
	return CLI_FAILED;
}

static int explain_file(struct explain *x, const char *path)
{
	const int code = scan_one(x, path, NULL);

	if (code != CLI_OK)
		return code;
	return x->explained > 0 ? CLI_OK : nothing_in(x, path);
}

/* What the list knew, when the file itself can't tell any more. */
static int explain_from_memory(struct explain *x, const struct last_entry *e, const char *why)
{
	struct cli_out *out = &x->c->out;

	if (!x->s->json) {
		head(out, e->kind.p, e->name, e->source, 0);
		cli_put(out, "\n  in       ");
		cli_shown(out, e->path);
		for (size_t i = 0; i < e->nlayer; i++) {
			cli_put(out, " > ");
			cli_shown(out, e->layer[i]);
		}
		cli_fmt(out, "\n  at       0x%llx, %llu byte%s, when it was scanned\n",
			(unsigned long long)e->offset, (unsigned long long)e->length,
			cli_s(e->length));
	}
	return cli_fail(x->c, "overt explain", why, NULL);
}

static int explain_number(struct explain *x, uint64_t number)
{
	struct last_list list;
	struct last_entry e = { 0 };
	const ov_status s = last_load(&list, number, &e);
	int code;

	if (s == OV_OK && ov_str_is(e.path, "-")) {
		code = explain_from_memory(x, &e,
					   "it came from standard input and can't be read again; "
					   "save it as a file, then: overt explain FILE");
	} else if (s == OV_OK) {
		x->only = &e;
		code = scan_one(x, e.path.p, &list.databases);
		if (code == CLI_OK && x->explained == 0)
			code = explain_from_memory(
			    x, &e,
			    x->problem.n > 0
				? "the file can't be read any more"
				: "the file is not what it was: this is not found in it now");
	} else if (s == OV_END) {
		code = cli_fail(x->c, "overt explain",
				"the last scan has no detection of that number", NULL);
	} else if (s == OV_IO) {
		code = cli_fail(x->c, "overt explain",
				"no scan is remembered; give a file: overt explain FILE", NULL);
	} else {
		code = cli_fail(x->c, "overt explain",
				"the list of the last scan is damaged; scan again", NULL);
	}
	x->only = NULL; /* it ends here */
	last_free(&list);
	return code;
}

static int on_signature(void *context, const struct overt_signature *s)
{
	struct explain *x = context;
	struct cli_out *out = &x->c->out;

	if (!ov_str_is(cli_str(s->name), x->name))
		return 1;
	if (x->s->json) {
		cli_put(out, "{\"name\":");
		cli_json(out, cli_str(s->name));
		cli_fmt(out, ",\"kind\":\"%s\",\"source\":", s->kind);
		cli_json(out, cli_str(s->source));
		cli_fmt(out, ",\"line\":%u,\"rule\":", s->line);
		cli_json(out, cli_str(s->text));
		cli_put(out, "}\n");
	} else {
		cli_put(out, x->explained > 0 ? "\n" : "");
		head(out, s->kind, cli_str(s->name), cli_str(s->source), s->line);
		cli_put(out, "\n");
		rule_text(out, cli_str(s->text), x->s->full);
	}
	x->explained++;
	return 1;
}

/* Tools that know ClamAV's names append what isn't part of the signature's own. */
static struct ov_str own_name(struct ov_str name)
{
	const struct ov_str tail = OV_STR(".UNOFFICIAL");

	if (name.n > tail.n && ov_text_ends_with(name, tail))
		name.n -= tail.n;
	return name;
}

static int explain_name(struct explain *x, const char *name)
{
	const struct ov_str own = own_name(ov_str_of(name));
	struct overt_options *o = cli_engine_options(x->c, "overt explain", &x->s->engine);
	char error[512] = "", plain[512];
	enum overt_status st;

	if (o == NULL)
		return CLI_FAILED;
	if (own.n >= sizeof plain) {
		overt_options_free(&o);
		return cli_fail(x->c, "overt explain", "no file and no signature has that name",
				NULL);
	}
	memcpy(plain, own.p, own.n);
	plain[own.n] = '\0';
	x->name = plain;
	st = overt_database_list(o, on_signature, x, error);
	overt_options_free(&o);
	if (st != OVERT_OK)
		return cli_fail(x->c, "overt explain", overt_status_text(st), error);
	if (x->explained > 0)
		return CLI_OK;
	return cli_fail(x->c, "overt explain: no file and no signature has the name", name, NULL);
}

static int explain(struct cli *c, const struct explain_settings *s, const char *what)
{
	struct explain x = { .c = c, .s = s, .problem = ov_buf_of((size_t)1 << 20) };
	struct stat st;
	uint64_t number;
	int code;

	if (ov_text_u64(ov_str_of(what), &number) == OV_OK)
		code = explain_number(&x, number);
	else if (strcmp(what, "-") == 0 || lstat(what, &st) == 0)
		code = explain_file(&x, what);
	else
		code = explain_name(&x, what);
	ov_buf_free(&x.problem);
	return code;
}

int cli_explain(struct cli *c, int argc, char *const *argv)
{
	struct explain_settings s = { .json = false };
	struct cli_list operands = { 0 };
	int code;

	cli_engine_init(&s.engine);
	code = cli_begin(c, &cli_explain_spec, argc, argv, &s, &operands);
	if (code < 0 && operands.n != 1)
		code = cli_usage(c, &cli_explain_spec,
				 "it takes one argument: a NUMBER, a FILE or a signature's NAME");
	if (code < 0)
		code = explain(c, &s, operands.v[0]);
	cli_list_free(&operands);
	cli_list_free(&s.engine.databases);
	cli_list_free(&s.engine.passwords);
	return code;
}
