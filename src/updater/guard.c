/*
 * overt-update guard: a database that serves is under suspicion. Started by what scans
 * (cli/guard.h), not by people.
 *
 *   a worker crashed        twice in ten minutes, and the one before does not crash on those files
 *   a system file is found  that the package manager vouches for, and the one before does not find
 * it the engine won't start  three times in an hour
 *
 * Then the one before serves again, and the newer is set aside. What was told is counted in
 * `health`, a line each: "<unix seconds> crash" or "<unix seconds> start"; paths are not kept.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "canary.h"
#include "store.h"
#include "text.h"
#include "updater.h"

#define COMMAND "overt-update guard"
#define HEALTH_MAX ((size_t)64 << 10)
#define CRASH_SECONDS 600
#define CRASHES 2
#define START_SECONDS 3600
#define STARTS 3

struct settings {
	struct cli_list crashed, found;
	const char *folder, *channel;
	bool failed_start;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "channel", 0, CLI_TEXT, AT(channel), "NAME", "of this channel (default stable)", NULL, 0, 0 },
	{ "crash", 0, CLI_LIST, AT(crashed), "PATH", "a worker crashed on this file", NULL, 0, 0 },
	{ "found", 0, CLI_LIST, AT(found), "PATH", "something was found in this file", NULL, 0, 0 },
	{ "failed-start", 0, CLI_FLAG, AT(failed_start), NULL, "the engine did not start", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_guard_spec = {
	.command = COMMAND,
	.usage = "[OPTION]...",
	.intro =
	    "Told by what scans that a database may be at fault; goes back to the one before if\n"
	    "it is.",
	.after = "Exit status: 0 nothing to do; 1 an earlier database serves again; 2 an error.",
	.options = options,
};

struct guard {
	struct cli *c;
	struct settings s;
	const char *folder;
	struct ov_str channel;
	uint64_t now;
	uint32_t crashes, starts; /* lately, with this one */
	struct ov_buf memory_text;
	struct ov_memory memory;
	bool went_back;
};

static void count_line(struct guard *g, struct ov_str line)
{
	struct ov_str rest = line, word;
	uint64_t t;

	if (!ov_text_split(&rest, ' ', &word) || ov_text_u64(word, &t) != OV_OK || t > g->now)
		return;
	g->crashes += ov_str_is(rest, "crash") && g->now - t < CRASH_SECONDS;
	g->starts += ov_str_is(rest, "start") && g->now - t < START_SECONDS;
}

/* Adds what was told now, and counts what was told lately. A file that has grown is begun anew. */
static void count(struct guard *g)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(2 * HEALTH_MAX);
	struct ov_str rest, line;
	char text[64];

	if (ov_store_read(g->folder, "health", HEALTH_MAX, &b) != OV_OK) {
		(void)!ov_store_remove(g->folder, "health");
		b.n = 0;
	}
	for (size_t i = 0; i < g->s.crashed.n + g->s.failed_start; i++) {
		const char *what = i < g->s.crashed.n ? "crash" : "start";
		const int n =
		    snprintf(text, sizeof text, "%llu %s\n", (unsigned long long)g->now, what);

		if (ov_store_append(g->folder, "health", text, (size_t)n) == OV_OK)
			(void)!ov_buf_put(&b, text, (size_t)n);
	}
	rest = ov_buf_text(&b);
	while (ov_text_split(&rest, '\n', &line))
		count_line(g, line);
}

/* The newest of a name that is kept behind the one in use and not set aside. */
static const struct ov_memory_have *before(const struct guard *g, const struct ov_memory_have *x)
{
	const struct ov_memory_have *k;

	for (uint32_t i = 1; (k = ov_memory_have(&g->memory, x->channel, x->name, i)) != NULL; i++)
		if (!ov_memory_is_quarantined(&g->memory, k->sha256))
			return k;
	return NULL;
}

/* Is it this database's fault? By both, on the files in question. */
static bool is_at_fault(struct guard *g, const struct ov_memory_have *x,
			const struct ov_memory_have *old, const struct cli_list *paths,
			char why[OV_CLIENT_ERROR])
{
	char hex[2 * OV_SHA256_BYTES + 1], *db = NULL, *typed = NULL, *now = NULL;
	bool is = false;

	ov_hex_encode(old->sha256, OV_SHA256_BYTES, hex);
	if (asprintf(&db, "%s/db/%s", g->folder, hex) < 0)
		db = NULL;
	if (db != NULL && asprintf(&typed, "%s.guard.%.*s", db, (int)x->name.n, x->name.p) < 0)
		typed = NULL;
	if (asprintf(&now, "%s/active/%.*s", g->folder, (int)x->name.n, x->name.p) < 0)
		now = NULL;
	if (typed != NULL && now != NULL) {
		(void)unlink(typed);
		if (link(db, typed) == 0)
			is = canary_compare(now, typed, paths, why) == OV_BAD;
		(void)unlink(typed);
	}
	free(db);
	free(typed);
	free(now);
	return is;
}

static void go_back(struct guard *g, const struct ov_memory_have *x, const char *why)
{
	const struct ov_client_rollback o = { .folder = g->folder,
					      .channel = x->channel,
					      .name = x->name,
					      .why = why,
					      .now = g->now };
	char error[OV_CLIENT_ERROR] = "";

	if (ov_client_rollback(&o, error) != OV_OK) {
		(void)cli_fail(g->c, COMMAND, "an earlier database can't serve again", error);
		return;
	}
	g->went_back = true;
	cli_put(&g->c->err, "overt: the database ");
	cli_shown(&g->c->err, x->name);
	cli_put(&g->c->err, " is set aside, and the one before serves again: ");
	cli_shown(&g->c->err, ov_str_of(why));
	cli_put(&g->c->err, "\n");
	openlog("overt-update", LOG_PID, LOG_DAEMON);
	syslog(LOG_ERR, "virus database %.*s set aside, the one before serves again: %s",
	       (int)x->name.n, x->name.p, why);
	closelog();
}

static void judge(struct guard *g, const struct ov_memory_have *x)
{
	const struct ov_memory_have *old = before(g, x);
	char why[OV_CLIENT_ERROR] = "";

	if (old == NULL || !ov_str_eq(x->channel, g->channel))
		return;
	if (g->starts >= STARTS)
		go_back(g, x, "the engine did not start with it, three times in an hour");
	else if ((g->s.found.n > 0 && is_at_fault(g, x, old, &g->s.found, why)) ||
		 (g->crashes >= CRASHES && g->s.crashed.n > 0 &&
		  is_at_fault(g, x, old, &g->s.crashed, why)))
		go_back(g, x, why);
}

static int run(struct guard *g)
{
	struct ov_memory_have use[OV_MEMORY_HAVE];
	uint32_t n = 0;

	if (ov_store_read(g->folder, "memory", 1 << 19, &g->memory_text) != OV_OK ||
	    ov_memory_parse(ov_buf_text(&g->memory_text), &g->memory) != OV_OK)
		return cli_fail(g->c, COMMAND, g->folder, "its memory can't be read");
	count(g);
	if (g->s.found.n == 0 && g->crashes < CRASHES && g->starts < STARTS)
		return CLI_OK;
	for (uint32_t i = 0; i < g->memory.nhave; i++)
		if (&g->memory.have[i] == ov_memory_have(&g->memory, g->memory.have[i].channel,
							 g->memory.have[i].name, 0))
			use[n++] = g->memory.have[i];
	for (uint32_t i = 0; i < n; i++)
		judge(g, &use[i]);
	if (g->went_back)
		(void)!ov_store_remove(g->folder, "health");
	return g->went_back ? CLI_FOUND : CLI_OK;
}

int updater_guard(struct cli *c, int argc, char *const *argv)
{
	struct guard *g = calloc(1, sizeof *g);
	struct cli_list none = { 0 };
	int code;

	if (g == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	g->c = c;
	g->memory_text = ov_buf_of(1 << 20);
	code = cli_begin(c, &updater_guard_spec, argc, argv, &g->s, &none);
	if (code < 0) {
		g->folder = g->s.folder != NULL ? g->s.folder : UPDATER_FOLDER;
		g->channel = ov_str_of(g->s.channel != NULL ? g->s.channel : "stable");
		g->now = updater_now();
		code = run(g);
	}
	ov_buf_free(&g->memory_text);
	cli_list_free(&g->s.crashed);
	cli_list_free(&g->s.found);
	cli_list_free(&none);
	free(g);
	return code;
}
