/* `overt yara profile`: what each rule and string costs on given files, stage by stage. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "walk.h"
#include "yara.h"
#include "yara_tools.h"

#define COMMAND "overt yara profile"
#define SHOWN 20
#define STRINGS_SHOWN 5 /* of a rule, in the table */
#define MB 1000000.0

struct profile_settings {
	struct cli_list defines;
	uint64_t top;
	bool compiled, json;
};

#define AT(member) offsetof(struct profile_settings, member)

static const struct cli_option options[] = {
	{ "compiled-rules", 'C', CLI_FLAG, AT(compiled), NULL,
	  "RULES_FILE was compiled by overt yarac or overt db build", NULL, 0, 0 },
	{ "define", 'd', CLI_LIST, AT(defines), "VAR=VALUE", "define an external variable", NULL, 0,
	  0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs: one object a rule, then totals", NULL,
	  0, 0 },
	{ "top", 'n', CLI_NUMBER, AT(top), "N", "show the N dearest rules (20); 0: all", NULL, 0,
	  0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_yara_profile_spec = {
	.command = COMMAND,
	.usage = "[OPTION]... [NAMESPACE:]RULES_FILE... FILE|FOLDER",
	.intro =
	    "Scans files and tells how far each rule got in how many of them, and what it cost "
	    "in steps:\nshut by its gate (size, first bytes), woken, decided without a search, "
	    "its strings searched, held.",
	.after = "met: times one of its strings' keys was met and looked at. Exit: 0 done; 2 an "
		 "error.\nManual: man overt-yara",
	.options = options,
};

struct string_row {
	char *name;
	uint64_t searched, found, work;
};

struct row {
	char *name, *source;
	struct string_row *strings;
	size_t nstrings, room;
	uint32_t line;
	uint64_t met, shut, woken, decided, searched, held, work;
};

struct profile {
	struct cli *c;
	const struct profile_settings *s;
	struct cli_list paths;
	size_t next_path;
	struct walk *walk;
	struct row *rows;
	size_t n, cap;
	uint64_t unread;
	bool is_full;
};

static const char *next_operand(void *context)
{
	struct profile *x = context;

	return x->next_path < x->paths.n ? x->paths.v[x->next_path++] : NULL;
}

static int next_file(void *context)
{
	struct profile *x = context;
	struct walk_item item;

	while (walk_next(x->walk, &item) == OV_OK) {
		if (item.kind == WALK_FILE)
			return item.fd;
		if (item.kind != WALK_ERROR)
			continue;
		x->unread++;
		cli_put(&x->c->err, COMMAND ": ");
		cli_shown(&x->c->err, item.path);
		cli_fmt(&x->c->err, ": %s\n",
			item.error != NULL ? item.error : walk_error_text(item.error_number));
	}
	return -1;
}

/* Room for one more row. @return NULL without memory. */
static void *grow(void *rows, size_t n, size_t *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return rows;
	more = reallocarray(rows, *cap == 0 ? 16 : *cap * 2, size);
	if (more != NULL)
		*cap = *cap == 0 ? 16 : *cap * 2;
	return more;
}

static bool add_string(struct row *r, const struct overt_cost *k)
{
	struct string_row *more = grow(r->strings, r->nstrings, &r->room, sizeof *more);

	if (more == NULL)
		return false;
	r->strings = more;
	more += r->nstrings++;
	*more = (struct string_row){ .name = strndup(k->string.bytes, k->string.length),
				     .searched = k->searched,
				     .found = k->held,
				     .work = k->work };
	return more->name != NULL;
}

static bool add_rule(struct profile *x, const struct overt_cost *k)
{
	struct row *more = grow(x->rows, x->n, &x->cap, sizeof *more);

	if (more == NULL)
		return false;
	x->rows = more;
	more += x->n++;
	*more = (struct row){ .name = strndup(k->name.bytes, k->name.length),
			      .source = strndup(k->source.bytes, k->source.length),
			      .line = k->line,
			      .met = k->met,
			      .shut = k->shut,
			      .woken = k->woken,
			      .decided = k->decided,
			      .searched = k->searched,
			      .held = k->held,
			      .work = k->work };
	return more->name != NULL && more->source != NULL;
}

static int on_cost(void *context, const struct overt_cost *k)
{
	struct profile *x = context;

	if (k->string.length == 0)
		x->is_full = !add_rule(x, k);
	else if (x->n > 0)
		x->is_full = !add_string(&x->rows[x->n - 1], k);
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

static int strings_by_work(const void *pa, const void *pb)
{
	const struct string_row *a = pa, *b = pb;

	if (a->work != b->work)
		return a->work > b->work ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void json_row(struct cli_out *out, const struct row *r, double all)
{
	cli_put(out, "{\"rule\":");
	cli_json(out, ov_str_of(r->name));
	cli_put(out, ",\"source\":");
	cli_json(out, ov_str_of(r->source));
	cli_fmt(out, ",\"line\":%u,\"met\":%llu,\"shut\":%llu,\"woken\":%llu,\"decided\":%llu,",
		r->line, (unsigned long long)r->met, (unsigned long long)r->shut,
		(unsigned long long)r->woken, (unsigned long long)r->decided);
	cli_fmt(out, "\"searched\":%llu,\"held\":%llu,\"work\":%llu,\"share\":%.4f,\"strings\":[",
		(unsigned long long)r->searched, (unsigned long long)r->held,
		(unsigned long long)r->work, all > 0 ? (double)r->work / all : 0);
	for (size_t i = 0; i < r->nstrings; i++) {
		cli_put(out, i > 0 ? ",{\"string\":" : "{\"string\":");
		cli_json(out, ov_str_of(r->strings[i].name));
		cli_fmt(out, ",\"searched\":%llu,\"found\":%llu,\"work\":%llu}",
			(unsigned long long)r->strings[i].searched,
			(unsigned long long)r->strings[i].found,
			(unsigned long long)r->strings[i].work);
	}
	cli_put(out, "]}\n");
}

static void text_row(struct cli_out *out, const struct row *r, double all)
{
	cli_fmt(out, "%12llu %5.1f%% %8llu %7llu %7llu %7llu %8llu %6llu  ",
		(unsigned long long)r->work, all > 0 ? 100 * (double)r->work / all : 0,
		(unsigned long long)r->met, (unsigned long long)r->shut,
		(unsigned long long)r->woken, (unsigned long long)r->decided,
		(unsigned long long)r->searched, (unsigned long long)r->held);
	cli_shown(out, ov_str_of(r->name));
	cli_put(out, "  ");
	cli_shown(out, ov_str_of(r->source));
	cli_fmt(out, ":%u\n", r->line);
	for (size_t i = 0; i < r->nstrings && i < STRINGS_SHOWN && r->strings[i].work > 0; i++) {
		cli_fmt(out, "%12llu%57s%8llu %6llu    ", (unsigned long long)r->strings[i].work,
			"", (unsigned long long)r->strings[i].searched,
			(unsigned long long)r->strings[i].found);
		cli_shown(out, ov_str_of(r->strings[i].name));
		cli_put(out, "\n");
	}
}

static void put_totals(struct profile *x, const struct overt_cost_totals *t, const struct row *sum)
{
	const uint64_t failed = t->failed + x->unread;
	struct cli_out *out = &x->c->out;

	if (x->s->json) {
		cli_fmt(
		    out,
		    "{\"summary\":{\"files\":%llu,\"bytes\":%llu,\"failed\":%llu,\"rules\":%zu,",
		    (unsigned long long)t->files, (unsigned long long)t->bytes,
		    (unsigned long long)failed, x->n);
		cli_fmt(
		    out,
		    "\"met\":%llu,\"shut\":%llu,\"woken\":%llu,\"decided\":%llu,\"searched\":%llu,"
		    "\"held\":%llu,\"work\":%llu}}\n",
		    (unsigned long long)sum->met, (unsigned long long)sum->shut,
		    (unsigned long long)sum->woken, (unsigned long long)sum->decided,
		    (unsigned long long)sum->searched, (unsigned long long)sum->held,
		    (unsigned long long)sum->work);
		return;
	}
	cli_fmt(out, "%llu file%s, %.1f MB; %zu rule%s came to be looked at:\n",
		(unsigned long long)t->files, cli_s(t->files), (double)t->bytes / MB, x->n,
		cli_s(x->n));
	cli_fmt(out,
		"  %llu keys met; then, rules times files: %llu shut by their gates, %llu woken,\n"
		"  of those %llu decided without a search, %llu searched, %llu held.\n",
		(unsigned long long)sum->met, (unsigned long long)sum->shut,
		(unsigned long long)sum->woken, (unsigned long long)sum->decided,
		(unsigned long long)sum->searched, (unsigned long long)sum->held);
	if (failed > 0)
		cli_fmt(out, "%llu could not be read.\n", (unsigned long long)failed);
}

static void put_all(struct profile *x, const struct overt_cost_totals *t)
{
	const size_t most = x->s->top == CLI_UNSET ? SHOWN : (size_t)x->s->top;
	struct cli_out *out = &x->c->out;
	struct row sum = { .name = NULL };

	for (size_t i = 0; i < x->n; i++) {
		struct row *r = &x->rows[i];

		if (r->nstrings > 1)
			qsort(r->strings, r->nstrings, sizeof *r->strings, strings_by_work);
		sum.met += r->met;
		sum.shut += r->shut;
		sum.woken += r->woken;
		sum.decided += r->decided;
		sum.searched += r->searched;
		sum.held += r->held;
		sum.work += r->work;
	}
	if (x->n > 1)
		qsort(x->rows, x->n, sizeof *x->rows, by_work);
	if (!x->s->json && x->n > 0)
		cli_put(out,
			"        work  share      met    shut   woken decided searched   held  "
			"rule, its dearest strings\n");
	for (size_t i = 0; i < x->n && (x->s->json || most == 0 || i < most); i++) {
		if (x->s->json)
			json_row(out, &x->rows[i], (double)sum.work);
		else
			text_row(out, &x->rows[i], (double)sum.work);
	}
	put_totals(x, t, &sum);
}

static void free_rows(struct profile *x)
{
	for (size_t i = 0; i < x->n; i++) {
		for (size_t k = 0; k < x->rows[i].nstrings; k++)
			free(x->rows[i].strings[k].name);
		free(x->rows[i].strings);
		free(x->rows[i].name);
		free(x->rows[i].source);
	}
	free(x->rows);
	cli_list_free(&x->paths);
}

static struct overt_options *make_options(struct profile *x, const struct cli_list *operands)
{
	struct overt_options *o = overt_options_new();
	bool is_good = o != NULL;

	if (!is_good)
		return NULL;
	overt_options_on_diagnostic(o, yara_diagnostic, &x->c->err);
	(void)overt_options_set(o, OVERT_OPT_YARA_ONLY, 1);
	(void)overt_options_set(o, OVERT_OPT_STRICT, 0);
	is_good = overt_options_set_cache(o, NULL) == OVERT_OK &&
		  yara_usual_defines(x->c, COMMAND, o, &x->s->defines);
	for (size_t i = 0; i + 1 < operands->n && is_good; i++)
		is_good = yara_add_rules(x->c, o, operands->v[i], x->s->compiled);
	if (!is_good)
		overt_options_free(&o);
	return o;
}

static int run(struct profile *x, const struct cli_list *operands)
{
	const struct walk_options walk = { .follow_dirs = WALK_GIVEN,
					   .follow_files = WALK_GIVEN,
					   .next_operand = next_operand,
					   .context = x };
	struct overt_options *o = make_options(x, operands);
	struct overt_cost_totals t = { .files = 0 };
	char error[512] = "";
	enum overt_status st;

	if (o == NULL)
		return CLI_FAILED;
	if (cli_list_add(&x->paths, operands->v[operands->n - 1]) != OV_OK ||
	    walk_open(&walk, &x->walk) != OV_OK) {
		overt_options_free(&o);
		return cli_fail(x->c, COMMAND, "no memory", NULL);
	}
	st = overt_database_cost(o, next_file, on_cost, x, &t, error);
	walk_close(&x->walk);
	overt_options_free(&o);
	if (x->is_full)
		return cli_fail(x->c, COMMAND, "no memory", NULL);
	if (st != OVERT_OK)
		return cli_fail(x->c, COMMAND, overt_status_text(st), error);
	put_all(x, &t);
	return x->unread > 0 ? CLI_FAILED : CLI_OK;
}

int cli_yara_profile(struct cli *c, int argc, char *const *argv)
{
	struct profile_settings s = { .top = CLI_UNSET };
	struct profile x = { .c = c, .s = &s };
	struct cli_list operands = { 0 };
	int code = cli_begin(c, &cli_yara_profile_spec, argc, argv, &s, &operands);

	if (code < 0 && operands.n < 2)
		code = cli_usage(c, &cli_yara_profile_spec, "rules, and then what to scan");
	if (code < 0)
		code = run(&x, &operands);
	free_rows(&x);
	cli_list_free(&s.defines);
	cli_list_free(&operands);
	return code;
}
