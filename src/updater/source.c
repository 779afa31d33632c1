/*
 * overt source: other people's signatures. What it does stands in src/sources; here are words,
 * options and the canary's one call.
 */
#include "updater.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canary.h"
#include "history.h"
#include "source_run.h"
#include "store.h"
#include "text.h"

#define COMMAND "overt source"

struct settings {
	struct cli_list tries;
	const char *folder, *config, *since;
	uint64_t sample;
	bool no_recent;
	bool json, now, no_canary, verify, checkpoint, verbose;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "config", 0, CLI_TEXT, AT(config), "DIR", "the sources, NAME.conf each\n(default " UPDATER_SOURCES_CONFIG ")", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "what was taken, and what is known of it\n(default " UPDATER_SOURCES ")", NULL, 0, 0 },
	{ "now", 0, CLI_FLAG, AT(now), NULL, "update: also sources that were asked not long ago;\nnever a server that wants to be left alone", NULL, 0, 0 },
	{ "try", 0, CLI_LIST, AT(tries), "PATH", "the canary scans this too: a new detection there\nkeeps what is in force", NULL, 0, 0 },
	{ "sample", 0, CLI_SIZE, AT(sample), "SIZE", "the canary scans so much of the system's own files,\nwhich must stay clean (default 200M; 0: none)", NULL, 0, 0 },
	{ "no-recent", 0, CLI_FLAG, AT(no_recent), NULL, "the canary leaves the last files that were scanned alone", NULL, 0, 0 },
	{ "no-canary", 0, CLI_FLAG, AT(no_canary), NULL, "take files untried", NULL, 0, 0 },
	{ "verbose", 0, CLI_FLAG, AT(verbose), NULL, "each line that was refused", NULL, 0, 0 },
	{ "verify", 0, CLI_FLAG, AT(verify), NULL, "history: prove that it is whole", NULL, 0, 0 },
	{ "since", 0, CLI_TEXT, AT(since), "FILE", "history: a checkpoint that was kept elsewhere, which it\nmust begin with", NULL, 0, 0 },
	{ "checkpoint", 0, CLI_FLAG, AT(checkpoint), NULL, "history: print the checkpoint, to keep it elsewhere", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_source_spec = {
	.command = COMMAND,
	.usage = "list\ncheck\nadd NAME KIND KEY=VALUE...\ntest NAME\nupdate [NAME]...\n"
		 "rollback NAME\nhistory",
	.intro =
	    "Signatures that other people publish: ClamAV's network, YARA sets, lists of hashes,\n"
	    "any database by its address. What they send is held against signatures, read in the\n"
	    "sandbox only, tried before it serves, and written into a history of this machine.",
	.after =
	    "Exit status: 0 all went well; 1 the history was changed; 2 an error; 3 some source\n"
	    "could not be taken. Manual: man overt-source",
	.options = options,
};

struct source {
	struct cli *c;
	struct settings s;
	struct cli_list args;
	char *folder, *config; /* owned */
	struct ov_arena arena;
	struct ov_source_list list;
};

static int fail(struct source *x, const char *what, const char *detail)
{
	return cli_fail(x->c, COMMAND, what, detail);
}

/* The system's folders for root; a user's own for others, when the system's were not named. */
static char *choose_folder(const char *given, const char *system, const char *env, const char *home)
{
	const char *base = getenv(env), *user = getenv("HOME");
	char *path = NULL;

	if (given != NULL)
		return strdup(given);
	if (geteuid() == 0 || user == NULL)
		return strdup(system);
	if (base != NULL && base[0] == '/')
		return asprintf(&path, "%s/overt/%s", base, strrchr(system, '/') + 1) < 0 ? NULL
											  : path;
	return asprintf(&path, "%s/%s/overt/%s", user, home, strrchr(system, '/') + 1) < 0 ? NULL
											   : path;
}

static bool load(struct source *x)
{
	char error[OV_CONF_ERROR];

	if (ov_source_conf_load(x->config, &x->arena, &x->list, error) == OV_OK)
		return true;
	(void)fail(x, error[0] != '\0' ? error : "no memory", NULL);
	return false;
}

static bool known(struct source *x, size_t from)
{
	for (size_t i = from; i < x->args.n; i++) {
		bool found = false;

		for (size_t k = 0; k < x->list.n; k++)
			found = found || strcmp(x->list.v[k].name, x->args.v[i]) == 0;
		if (!found) {
			(void)fail(x, x->args.v[i],
				   "there is no such source (overt source list names them)");
			return false;
		}
	}
	return true;
}

/* ---- list, check ---- */

static void list_json(struct source *x, const struct ov_source_conf *c, const struct ov_record *r,
		      bool is_first)
{
	struct cli_out *o = &x->c->out;

	cli_fmt(o,
		"%s{\"name\":\"%s\",\"kind\":\"%s\",\"enabled\":%s,\"checked\":%llu,\"took\":%llu,"
		"\"version\":",
		is_first ? "" : ",", c->name, ov_source_kind_name(c->kind),
		c->enabled ? "true" : "false", (unsigned long long)r->checked,
		(unsigned long long)r->took);
	cli_json(o, ov_str_of(r->version));
	cli_put(o, ",\"from\":[");
	for (size_t i = 0; i < c->nfrom; i++) {
		cli_put(o, i > 0 ? "," : "");
		cli_json(o, ov_str_of(c->from[i]));
	}
	cli_put(o, "],\"files\":[");
	for (size_t i = 0; i < r->nfiles; i++) {
		char hex[2 * OV_SHA256_BYTES + 1];

		ov_hex_encode(r->files[i].sha256, OV_SHA256_BYTES, hex);
		cli_fmt(o, "%s{\"name\":\"%s.%s\",\"sha256\":\"%s\",\"bytes\":%llu,\"read\":%s}",
			i > 0 ? "," : "", c->name, r->files[i].name, hex,
			(unsigned long long)r->files[i].size,
			r->files[i].is_read ? "true" : "false");
	}
	cli_put(o, "]}");
}

static void list_text(struct source *x, const struct ov_source_conf *c, const struct ov_record *r)
{
	char age[32] = "never asked";
	size_t unread = 0;

	for (size_t i = 0; i < r->nfiles; i++)
		unread += !r->files[i].is_read;
	if (r->checked > 0) {
		const uint64_t now = updater_now();
		char since[32];

		updater_age(now > r->checked ? now - r->checked : 0, since);
		(void)snprintf(age, sizeof age, "asked %.16s ago", since);
	}
	cli_fmt(&x->c->out, "  %-16s %-8s %-18s %zu files  ", c->name, ov_source_kind_name(c->kind),
		c->enabled ? age : "off", r->nfiles);
	cli_shown(&x->c->out, ov_str_of(r->version));
	if (unread > 0)
		cli_fmt(&x->c->out, "  (%zu not compiled yet: this version does not read them)",
			unread);
	cli_put(&x->c->out, "\n");
}

static int list(struct source *x)
{
	struct ov_record *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(x, "no memory", NULL);
	cli_put(&x->c->out, x->s.json ? "[" : "");
	for (size_t i = 0; i < x->list.n; i++) {
		if (ov_sources_record(x->folder, x->list.v[i].name, r) != OV_OK)
			memset(r, 0, sizeof *r);
		if (x->s.json)
			list_json(x, &x->list.v[i], r, i == 0);
		else
			list_text(x, &x->list.v[i], r);
	}
	if (x->s.json)
		cli_put(&x->c->out, "]\n");
	else if (x->list.n == 0)
		cli_fmt(&x->c->out,
			"  No sources in %s. Next: overt source add NAME KIND from=...\n",
			x->config);
	free(r);
	return CLI_OK;
}

static int check(struct source *x)
{
	cli_fmt(&x->c->out, "  %zu sources in %s, nothing wrong.\n", x->list.n, x->config);
	return CLI_OK;
}

/* ---- add ---- */

static int add(struct source *x)
{
	struct ov_buf b = ov_buf_of(OV_CONF_MAX);
	char error[OV_CONF_ERROR], name[OV_CONF_NAME_MAX + 8];
	struct ov_source_conf c;
	int code = CLI_FAILED;
	ov_status s;

	if (x->args.n < 4)
		return cli_usage(x->c, &updater_source_spec, "add NAME KIND KEY=VALUE...");
	s = ov_buf_fmt(&b, "kind = %s\n", x->args.v[2]);
	for (size_t i = 3; i < x->args.n && s == OV_OK; i++) {
		const char *eq = strchr(x->args.v[i], '=');

		if (eq == NULL)
			s = ov_buf_fmt(&b, "%s\n", x->args.v[i]); /* refused below, with its line */
		else
			s = ov_buf_fmt(&b, "%.*s = %s\n", (int)(eq - x->args.v[i]), x->args.v[i],
				       eq + 1);
	}
	if (s == OV_OK)
		s = ov_source_conf_parse(x->args.v[1], ov_str_of(x->args.v[1]),
					 (struct ov_str){ (const char *)b.p, b.n }, &x->arena, &c,
					 error);
	(void)snprintf(name, sizeof name, "%.32s.conf", x->args.v[1]);
	if (s != OV_OK)
		(void)fail(x, s == OV_BAD ? error : ov_status_name(s), NULL);
	else if (ov_store_has(x->config, name))
		(void)fail(x, name, "it is there already: edit it, or choose another name");
	else if (ov_store_write(x->config, name, b.p, b.n, false) != OV_OK)
		(void)fail(x, x->config, strerror(errno));
	else {
		cli_fmt(&x->c->out, "  %s/%s is written. Next: overt source test %s\n", x->config,
			name, x->args.v[1]);
		code = CLI_OK;
	}
	ov_buf_free(&b);
	return code;
}

/* ---- test, update ---- */

static void on_line(void *ctx, const struct overt_diagnostic *d)
{
	struct source *x = ctx;

	if (!x->s.verbose)
		return;
	cli_put(&x->c->err, "  ");
	cli_shown(&x->c->err, (struct ov_str){ d->file.bytes, d->file.length });
	if (d->line > 0)
		cli_fmt(&x->c->err, ":%llu", (unsigned long long)d->line);
	cli_put(&x->c->err, ": ");
	cli_shown(&x->c->err, (struct ov_str){ d->reason.bytes, d->reason.length });
	cli_put(&x->c->err, "\n");
}

static void item_text(struct source *x, const struct ov_source_item *i)
{
	struct cli_out *o = &x->c->out;
	char when[32];

	cli_fmt(o, "  %-10s %s%s%s", ov_source_outcome_name(i->outcome), i->source,
		i->database[0] != '\0' ? "/" : "", i->database);
	if (i->version[0] != '\0')
		cli_fmt(o, " %s", i->version);
	if (i->outcome == OV_SOURCE_TOOK) {
		cli_fmt(o, ", %llu bytes", (unsigned long long)i->bytes);
		if (i->patches > 0)
			cli_fmt(o, " in %llu patches", (unsigned long long)i->patches);
		if (i->taken > 0)
			cli_fmt(o, ", %llu taken", (unsigned long long)i->taken);
		if (i->refused > 0)
			cli_fmt(o, ", %llu lines refused (--verbose shows them)",
				(unsigned long long)i->refused);
		if (i->unread > 0)
			cli_fmt(o,
				"; %llu files kept, not compiled yet: this version does not "
				"read them",
				(unsigned long long)i->unread);
	}
	if (i->until > 0) {
		(void)cli_date(i->until, when);
		cli_fmt(o, ", not before %s", when);
	}
	if (i->why[0] != '\0') {
		cli_put(o, ": ");
		cli_shown(o, ov_str_of(i->why));
	}
	cli_put(o, "\n");
}

static void item_json(struct source *x, const struct ov_source_item *i, bool is_first)
{
	struct cli_out *o = &x->c->out;

	cli_fmt(o, "%s{\"source\":\"%s\",\"database\":\"%s\",\"outcome\":\"%s\",\"version\":",
		is_first ? "" : ",", i->source, i->database, ov_source_outcome_name(i->outcome));
	cli_json(o, ov_str_of(i->version));
	cli_fmt(o,
		",\"bytes\":%llu,\"until\":%llu,\"patches\":%llu,\"taken\":%llu,\"refused\":%llu,"
		"\"left_out\":%llu,\"not_compiled\":%llu,\"detached_signature\":%s,\"why\":",
		(unsigned long long)i->bytes, (unsigned long long)i->until,
		(unsigned long long)i->patches, (unsigned long long)i->taken,
		(unsigned long long)i->refused, (unsigned long long)i->skipped,
		(unsigned long long)i->unread, i->is_detached ? "true" : "false");
	cli_json(o, ov_str_of(i->why));
	cli_put(o, "}");
}

static int show_report(struct source *x, const struct ov_sources_report *r)
{
	int code = CLI_OK;

	if (x->s.json)
		cli_fmt(&x->c->out,
			"{\"requests\":%llu,\"sent\":%llu,\"received\":%llu,\"noted\":%s,"
			"\"sources\":[",
			(unsigned long long)r->requests, (unsigned long long)r->sent,
			(unsigned long long)r->received, r->is_noted ? "true" : "false");
	for (size_t i = 0; i < r->nitems; i++) {
		const enum ov_source_outcome o = r->items[i].outcome;

		if (x->s.json)
			item_json(x, &r->items[i], i == 0);
		else
			item_text(x, &r->items[i]);
		if (o == OV_SOURCE_FAILED || o == OV_SOURCE_REFUSED || o == OV_SOURCE_COOLS)
			code = CLI_INCOMPLETE;
	}
	if (x->s.json)
		cli_put(&x->c->out, "]}\n");
	else if (r->requests > 0)
		cli_fmt(&x->c->out, "  %llu requests (overt ledger shows each)\n",
			(unsigned long long)r->requests);
	return code;
}

static void on_warning(void *ctx, const char *line)
{
	struct source *x = ctx;

	cli_fmt(&x->c->err, COMMAND ": %s\n", line);
}

static int run(struct source *x, bool is_test)
{
	struct canary canary = { .tries = &x->s.tries,
				 .folder = x->folder,
				 .sample = x->s.sample,
				 .no_recent = x->s.no_recent };
	struct ov_sources_report *r = calloc(1, sizeof *r);
	struct overt_options *worker = overt_options_new();
	const struct ov_sources_options o = { .folder = x->folder,
					      .list = &x->list,
					      .names = x->args.v + 1,
					      .nnames = x->args.n - 1,
					      .now = updater_now(),
					      .force = x->s.now || is_test,
					      .is_test = is_test,
					      .worker = worker,
					      .canary = x->s.no_canary ? NULL : canary_try,
					      .ctx = &canary,
					      .told = on_line,
					      .told_ctx = x };
	int code = CLI_FAILED;

	if (r == NULL || worker == NULL)
		(void)fail(x, "no memory", NULL);
	else {
		overt_options_on_warning(worker, on_warning, x);
		if (ov_sources_run(&o, r) == OV_OK)
			code = show_report(x, r);
		else
			(void)fail(x, r->error, "nothing more was changed");
	}
	overt_options_free(&worker);
	free(r);
	return code;
}

static int rollback(struct source *x)
{
	const struct ov_sources_options o = { .folder = x->folder,
					      .list = &x->list,
					      .now = updater_now() };
	char error[OV_SOURCES_ERROR];

	if (x->args.n != 2)
		return cli_usage(x->c, &updater_source_spec, "rollback NAME");
	if (ov_sources_rollback(&o, x->args.v[1], error) != OV_OK)
		return fail(x, x->args.v[1], error);
	cli_fmt(&x->c->out,
		"  %s is what it was before. What it had now is set aside on this machine.\n",
		x->args.v[1]);
	return CLI_OK;
}

/* ---- history ---- */

struct telling {
	struct source *x;
	bool is_first;
};

static bool on_entry(void *ctx, const struct ov_history_entry *e)
{
	struct telling *t = ctx;
	struct cli_out *o = &t->x->c->out;
	struct ov_str rest = e->sources, line, word;
	char when[32];

	(void)cli_date(e->time, when);
	if (t->x->s.json) {
		cli_fmt(o, "%s{\"entry\":%llu,\"time\":%llu,\"in_force\":[", t->is_first ? "" : ",",
			(unsigned long long)e->index, (unsigned long long)e->time);
		for (bool first = true; ov_text_split(&rest, '\n', &line); first = false) {
			if (line.n == 0)
				break;
			cli_put(o, first ? "" : ",");
			cli_json(o, line);
		}
		cli_put(o, "]}");
	} else {
		cli_fmt(o, "  %llu  from %s\n", (unsigned long long)e->index, when);
		while (ov_text_split(&rest, '\n', &line)) {
			if (!ov_text_split(&line, ' ', &word) || line.p == NULL)
				continue;
			cli_put(o, "       ");
			cli_shown(o, line);
			cli_put(o, "\n");
		}
	}
	t->is_first = false;
	return true;
}

static int verify_history(struct source *x)
{
	struct ov_buf since = ov_buf_of(128 << 10);
	char error[OV_HISTORY_ERROR];
	uint64_t size = 0;
	ov_status s;

	if (x->s.since != NULL && !updater_read(x->c, COMMAND, x->s.since, 64 << 10, &since))
		return CLI_FAILED;
	s = ov_history_verify(x->folder, (struct ov_str){ (const char *)since.p, since.n }, &size,
			      error);
	ov_buf_free(&since);
	if (s == OV_OK) {
		cli_fmt(&x->c->out, "  %llu entries, each where it was when it was written%s.\n",
			(unsigned long long)size,
			x->s.since != NULL ? ", and what the kept checkpoint saw is still there"
					   : "");
		return CLI_OK;
	}
	if (s == OV_END)
		return fail(x, x->folder, "there is no history yet");
	(void)fail(x, error, NULL);
	return s == OV_BAD ? CLI_FOUND : CLI_FAILED;
}

static int history(struct source *x)
{
	struct telling t = { .x = x, .is_first = true };
	char error[OV_HISTORY_ERROR] = "";
	struct ov_buf b = ov_buf_of(128 << 10);
	ov_status s;

	if (x->s.verify || x->s.since != NULL)
		return verify_history(x);
	if (x->s.checkpoint) {
		s = ov_history_checkpoint(x->folder, &b);
		if (s == OV_OK)
			cli_fmt(&x->c->out, "%.*s", (int)b.n, (const char *)b.p);
		ov_buf_free(&b);
		return s == OV_OK ? CLI_OK : fail(x, x->folder, "there is no history yet");
	}
	cli_put(&x->c->out, x->s.json ? "[" : "");
	s = ov_history_read(x->folder, on_entry, &t, error);
	if (x->s.json)
		cli_put(&x->c->out, "]\n");
	if (s == OV_END && !x->s.json)
		cli_put(&x->c->out, "  Nothing was ever in force.\n");
	return s == OV_OK || s == OV_END ? CLI_OK : fail(x, error, NULL);
}

static int act(struct source *x)
{
	const char *what = x->args.n > 0 ? x->args.v[0] : "";

	if (strcmp(what, "add") == 0)
		return add(x);
	if (strcmp(what, "history") == 0)
		return history(x);
	if (strcmp(what, "list") != 0 && strcmp(what, "check") != 0 && strcmp(what, "test") != 0 &&
	    strcmp(what, "update") != 0 && strcmp(what, "rollback") != 0)
		return cli_usage(x->c, &updater_source_spec,
				 "what? list, check, add, test, update, rollback or history");
	if (!load(x) || !known(x, 1))
		return CLI_FAILED;
	if (strcmp(what, "list") == 0)
		return list(x);
	if (strcmp(what, "check") == 0)
		return check(x);
	if (strcmp(what, "rollback") == 0)
		return rollback(x);
	if (strcmp(what, "test") == 0 && x->args.n < 2)
		return cli_usage(x->c, &updater_source_spec, "test NAME");
	return run(x, strcmp(what, "test") == 0);
}

int updater_source(struct cli *c, int argc, char *const *argv)
{
	struct source x = { .c = c, .s = { .sample = CANARY_SAMPLE } };
	int code = cli_begin(c, &updater_source_spec, argc, argv, &x.s, &x.args);

	ov_arena_init(&x.arena, 16 << 20);
	if (code < 0) {
		x.folder =
		    choose_folder(x.s.folder, UPDATER_SOURCES, "XDG_STATE_HOME", ".local/state");
		x.config =
		    choose_folder(x.s.config, UPDATER_SOURCES_CONFIG, "XDG_CONFIG_HOME", ".config");
		code = x.folder != NULL && x.config != NULL ? act(&x) : fail(&x, "no memory", NULL);
	}
	ov_arena_free(&x.arena);
	free(x.folder);
	free(x.config);
	cli_list_free(&x.args);
	cli_list_free(&x.s.tries);
	return code;
}
