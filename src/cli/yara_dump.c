/* `overt yara dump`: what modules see in files, as text or JSON. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "run.h"
#include "yara_tools.h"

#define COMMAND "overt yara dump"

struct dump_settings {
	struct cli_list modules, module_data;
	int format;
};

#define AT(member) offsetof(struct dump_settings, member)

enum { DUMP_TEXT = 0, DUMP_JSON };
static const char *const formats[] = { "text", "json", NULL };

static const struct cli_option options[] = {
	{ "format", 0, CLI_CHOICE, AT(format), "FORM", "text or json (one object a file)", formats,
	  0, 0 },
	{ "module", 'm', CLI_LIST, AT(modules), "MODULE",
	  "ask this module; else all, and those that know something are shown", NULL, 0, 0 },
	{ "module-data", 'x', CLI_LIST, AT(module_data), "MODULE=FILE", "give FILE to a module",
	  NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_yara_dump_spec = {
	.command = COMMAND,
	.usage = "[OPTION]... FILE|FOLDER...",
	.intro = "Shows what YARA rules could ask modules of a file. What is not there, and "
		 "constants, are left\nout; `overt yara -D` prints them as well.",
	.after = "Exit: 0 done; 2 some files could not be read.\nManual: man overt-yara",
	.options = options,
};

struct dump {
	struct cli *c;
	const struct dump_settings *s;
	const struct cli_list *operands;
	size_t next;
	uint64_t failed;
};

static void trouble(struct dump *x, struct ov_str path, struct ov_str why)
{
	cli_put(&x->c->err, COMMAND ": ");
	cli_shown(&x->c->err, path);
	cli_put(&x->c->err, ": ");
	cli_shown(&x->c->err, why);
	cli_put(&x->c->err, "\n");
	x->failed++;
}

static void on_file(void *context, const struct run_file *f)
{
	struct dump *x = context;
	struct cli_out *out = &x->c->out;
	const struct overt_verdict *v = f->verdict;

	if (f->kind == WALK_ERROR || v == NULL || v->error.length > 0) {
		trouble(x, f->path, v != NULL ? cli_str(v->error) : f->error);
		return;
	}
	for (size_t i = 0; i < v->nincompletes; i++)
		trouble(x, f->path, cli_str(v->incompletes[i].detail));
	if (x->s->format == DUMP_JSON) {
		cli_put(out, "{\"path\":");
		cli_json(out, f->path);
		cli_put(out, ",\"modules\":");
		if (v->yara_dump.length > 0)
			cli_raw(out, cli_str(v->yara_dump)); /* escaped by the worker */
		else
			cli_put(out, "{}");
		cli_put(out, "}\n");
		return;
	}
	if (x->operands->n > 1) {
		cli_shown(out, f->path);
		cli_put(out, ":\n");
	}
	cli_raw(out, cli_str(v->yara_dump));
}

static const char *next_operand(void *context)
{
	struct dump *x = context;

	return x->next < x->operands->n ? x->operands->v[x->next++] : NULL;
}

static bool is_name(const char *s)
{
	return *s != '\0' && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(s);
}

/* A rule that imports what was asked for: modules are the worker's matter, not ours. */
static bool write_rule(struct dump *x, int fd)
{
	for (size_t i = 0; i < x->s->modules.n; i++) {
		const char *name = x->s->modules.v[i];

		if (!is_name(name)) {
			(void)cli_fail(x->c, COMMAND, "no module is called", name);
			return false;
		}
		if (dprintf(fd, "import \"%s\"\n", name) < 0)
			return false;
	}
	return dprintf(fd, "rule nothing { condition: false }\n") > 0;
}

static void say_refused(void *context, const struct overt_diagnostic *d)
{
	struct dump *x = context;

	cli_put(&x->c->err, COMMAND ": ");
	cli_shown(&x->c->err, cli_str(d->reason));
	cli_put(&x->c->err, "\n");
}

static struct overt_options *make_options(struct dump *x, int fd)
{
	struct overt_options *o = overt_options_new();
	const uint64_t form =
	    x->s->format == DUMP_JSON ? OVERT_YARA_DUMP_JSON : OVERT_YARA_DUMP_TEXT;
	char path[64];
	bool is_good = o != NULL;

	if (!is_good)
		return NULL;
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	overt_options_on_diagnostic(o, say_refused, x);
	(void)overt_options_set(o, OVERT_OPT_YARA_ONLY, 1);
	(void)overt_options_set(o, OVERT_OPT_STRICT, 1);
	(void)overt_options_set(o, OVERT_OPT_YARA_DUMP,
				x->s->modules.n > 0 ? form : form | OVERT_YARA_DUMP_ALL);
	is_good = overt_options_set_cache(o, NULL) == OVERT_OK &&
		  overt_options_add_rules(o, path, NULL) == OVERT_OK;
	for (size_t i = 0; is_good && i < x->s->module_data.n; i++)
		if (overt_options_add_module_data(o, x->s->module_data.v[i]) != OVERT_OK) {
			(void)cli_fail(x->c, COMMAND,
				       "-x: wants MODULE=FILE, a file that can be read",
				       x->s->module_data.v[i]);
			is_good = false;
		}
	if (!is_good)
		overt_options_free(&o);
	return o;
}

static int scan(struct dump *x, struct overt_options *o)
{
	const struct walk_options walk = { .follow_dirs = WALK_GIVEN,
					   .follow_files = WALK_GIVEN,
					   .next_operand = next_operand,
					   .context = x };
	struct run_sink sink = { .file = on_file, .context = x, .in_order = true };
	struct run_counts counts = { 0 };
	struct overt_engine *engine = NULL;
	char error[512] = "";
	int code = CLI_OK;

	if (overt_engine_open(o, &engine) != OVERT_OK)
		code = cli_fail(x->c, COMMAND, overt_engine_error(engine), NULL);
	else if (run_scan(engine, &walk, &sink, &x->c->out, &counts, error) != OV_OK)
		code = cli_fail(x->c, COMMAND, error, NULL);
	else if (counts.signal != 0)
		code = 128 + counts.signal;
	else if (x->failed > 0)
		code = CLI_FAILED;
	overt_engine_close(&engine);
	return code;
}

int cli_yara_dump(struct cli *c, int argc, char *const *argv)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct dump_settings s = { .format = DUMP_TEXT };
	struct cli_list operands = { 0 };
	struct dump x = { .c = c, .s = &s, .operands = &operands };
	struct overt_options *o = NULL;
	int code = cli_begin(c, &cli_yara_dump_spec, argc, argv, &s, &operands);

	if (code < 0 && operands.n == 0)
		code = cli_usage(c, &cli_yara_dump_spec, "of which files? Give at least one");
	if (code < 0 && (ov_fd_memory("overt-dump", &fd) != OV_OK || !write_rule(&x, fd)))
		code = CLI_FAILED;
	if (code < 0)
		o = make_options(&x, fd);
	if (code < 0)
		code = o != NULL ? scan(&x, o) : CLI_FAILED;
	overt_options_free(&o);
	cli_list_free(&s.modules);
	cli_list_free(&s.module_data);
	cli_list_free(&operands);
	return code;
}
