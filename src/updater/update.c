/* overt update, verify, ledger: a machine's databases, and what the log proves of them. */
#include "updater.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canary.h"
#include "client.h"
#include "store.h"
#include "text.h"

#define ENGINE_LEVEL 1 /* raised when databases need an engine that reads more */

struct settings {
	struct cli_list from, tries;
	const char *folder, *root, *channel;
	bool json, now, no_canary;
	uint64_t slow_seconds;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option update_options[] = {
	{ "from", 0, CLI_LIST, AT(from), "URL|DIR", "the repository; given again: its mirrors, tried in turn", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "root", 0, CLI_TEXT, AT(root), "FILE", "the root file to trust; only for the first time", NULL, 0, 0 },
	{ "channel", 0, CLI_TEXT, AT(channel), "NAME", "take this channel (default stable)", NULL, 0, 0 },
	{ "now", 0, CLI_FLAG, AT(now), NULL, "don't wait for this machine's turn in a rollout", NULL, 0, 0 },
	{ "try", 0, CLI_LIST, AT(tries), "PATH", "the canary scans this too: a new detection there\nkeeps the old database", NULL, 0, 0 },
	{ "no-canary", 0, CLI_FLAG, AT(no_canary), NULL, "take databases untried", NULL, 0, 0 },
	{ "slow-after", 0, CLI_NUMBER, AT(slow_seconds), "SECONDS", "give a mirror up that sends less than 4 kB/s\nfor so long (default 60)", NULL, 1, 3600 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_update_spec = {
	.command = "overt update",
	.usage = "--from URL|DIR [OPTION]... [NAME]...\nrollback NAME",
	.intro =
	    "Fetches databases, by name or all of a channel, if and only if they stand as the\n"
	    "newest entry of a public log that enough independent witnesses vouch for. What is\n"
	    "older, forged, or shown to this machine alone is refused. A new database is tried\n"
	    "before it serves; rollback goes back to the one before.",
	.after = "Exit status: 0 up to date; 1 a fork of the log was seen; 2 an error, or refused; "
		 "3 some\n"
		 "database could not be taken, or the proof is old. Manual: man overt-update",
	.options = update_options,
};

/* clang-format off */
static const struct cli_option folder_options[] = {
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_ledger_spec = {
	.command = "overt ledger",
	.usage = "[OPTION]...",
	.intro =
	    "Lists every request that overt update ever made, and how many bytes it sent. Each\n"
	    "request is the same for all machines: a GET of a public file.",
	.after = "Exit status: 0 listed; 2 an error.\nManual: man overt-update",
	.options = folder_options,
};

static const char *folder_of(const struct settings *s)
{
	return s->folder != NULL ? s->folder : UPDATER_FOLDER;
}

static void show_item(struct cli *c, const struct ov_client_item *i, uint64_t now)
{
	char when[32];

	cli_fmt(&c->out, "  %-12s %-24s ", ov_client_outcome_name(i->outcome), i->name);
	switch (i->outcome) {
	case OV_CLIENT_TOOK:
		cli_fmt(&c->out, "version %s, %llu bytes%s\n", i->version,
			(unsigned long long)i->bytes, i->by_delta ? ", as a delta" : "");
		break;
	case OV_CLIENT_WAITS:
		updater_age(i->due > now ? i->due - now : 0, when);
		cli_fmt(&c->out, "version %s: this machine's turn is in %s\n", i->version, when);
		break;
	case OV_CLIENT_SAME:
		cli_fmt(&c->out, "version %s\n", i->version);
		break;
	case OV_CLIENT_TOO_NEW:
		cli_fmt(&c->out, "version %s is for a newer overt\n", i->version);
		break;
	case OV_CLIENT_FAILED:
	case OV_CLIENT_REFUSED:
	case OV_CLIENT_ASIDE:
	case OV_CLIENT_WITHDRAWN:
		cli_shown(&c->out,
			  ov_str_of(i->why[0] != '\0' ? i->why : "on this machine, earlier"));
		cli_put(&c->out, "\n");
		break;
	}
}

static void show_text(struct cli *c, const struct ov_client_report *r, uint64_t now)
{
	char age[32];

	updater_age(now > r->vouched ? now - r->vouched : 0, age);
	if (r->refusal != OV_TAKEN)
		cli_fmt(&c->out, "  refused: %s. Nothing was changed.\n",
			ov_refusal_text(r->refusal));
	for (uint32_t i = 0; i < r->nitems; i++)
		show_item(c, &r->items[i], now);
	if (r->size > 0)
		cli_fmt(
		    &c->out,
		    "  log: %llu entries, vouched for %s ago by %u cosigners; %llu requests, %llu "
		    "bytes sent\n",
		    (unsigned long long)r->size, age, r->cosigners, (unsigned long long)r->requests,
		    (unsigned long long)r->sent);
	if (r->freshness == OV_FRESH_STALE)
		cli_put(&c->err,
			"overt update: ALARM: nobody has vouched for the log for more than a day. "
			"Updates may be withheld from this machine.\n");
	else if (r->freshness == OV_FRESH_OLD)
		cli_put(&c->err,
			"overt update: warning: the newest proof is more than 6 hours old\n");
	if (r->evidence[0] != '\0')
		cli_fmt(&c->err,
			"overt update: ALARM: the log has two histories. Both notes are kept in "
			"%s: show "
			"them to others (overt verify reads them).\n",
			r->evidence);
}

static void show_json(struct cli *c, const struct ov_client_report *r)
{
	static const char *const fresh[] = { "fresh", "old", "stale" };

	cli_fmt(&c->out, "{\"taken\":%s,\"reason\":", r->refusal == OV_TAKEN ? "true" : "false");
	cli_json(&c->out, ov_str_of(r->error[0] != '\0' ? r->error : ov_refusal_text(r->refusal)));
	cli_fmt(&c->out,
		",\"freshness\":\"%s\",\"log_size\":%llu,\"vouched\":%llu,\"cosigners\":%u,"
		"\"root\":%llu,"
		"\"seq\":%llu,\"requests\":%llu,\"sent\":%llu,\"received\":%llu,\"evidence\":",
		fresh[r->freshness], (unsigned long long)r->size, (unsigned long long)r->vouched,
		r->cosigners, (unsigned long long)r->root, (unsigned long long)r->seq,
		(unsigned long long)r->requests, (unsigned long long)r->sent,
		(unsigned long long)r->received);
	cli_json(&c->out, ov_str_of(r->evidence));
	cli_put(&c->out, ",\"databases\":[");
	for (uint32_t i = 0; i < r->nitems; i++) {
		const struct ov_client_item *x = &r->items[i];
		char hex[2 * OV_SHA256_BYTES + 1];

		ov_hex_encode(x->sha256, sizeof x->sha256, hex);
		cli_fmt(
		    &c->out,
		    "%s{\"name\":\"%s\",\"version\":\"%s\",\"sha256\":\"%s\",\"outcome\":\"%s\","
		    "\"delta\":%s,\"bytes\":%llu,\"due\":%llu,\"why\":",
		    i > 0 ? "," : "", x->name, x->version, hex, ov_client_outcome_name(x->outcome),
		    x->by_delta ? "true" : "false", (unsigned long long)x->bytes,
		    (unsigned long long)x->due);
		cli_json(&c->out, ov_str_of(x->why));
		cli_put(&c->out, "}");
	}
	cli_put(&c->out, "]}\n");
}

static int code_of(const struct ov_client_report *r)
{
	if (r->refusal == OV_REFUSED_FORK)
		return CLI_FOUND;
	if (r->refusal != OV_TAKEN)
		return CLI_FAILED;
	for (uint32_t i = 0; i < r->nitems; i++)
		if (r->items[i].outcome == OV_CLIENT_FAILED ||
		    r->items[i].outcome == OV_CLIENT_REFUSED)
			return CLI_INCOMPLETE;
	return r->freshness == OV_FRESH ? CLI_OK : CLI_INCOMPLETE;
}

static int update(struct cli *c, const struct settings *s, const struct cli_list *names,
		  struct ov_client_report *r)
{
	struct ov_buf root = ov_buf_of(1 << 17);
	struct canary canary = { .cli = c, .tries = &s->tries };
	struct ov_client_options o = {
		.folder = folder_of(s),
		.from = { .sources = s->from.v,
			  .nsources = s->from.n,
			  .slow_seconds = (unsigned)s->slow_seconds },
		.channel = ov_str_of(s->channel != NULL ? s->channel : "stable"),
		.names = names->v,
		.nnames = names->n,
		.engine = ENGINE_LEVEL,
		.now = updater_now(),
		.ignore_rollout = s->now,
		.canary = s->no_canary ? NULL : canary_try,
		.ctx = &canary,
	};
	ov_status st;

	if (s->root != NULL) {
		if (!updater_read(c, "overt update", s->root, OV_NOTE_MAX, &root))
			return CLI_FAILED;
		o.first_root = ov_buf_text(&root);
	}
	st = ov_client_update(&o, r);
	ov_buf_free(&root);
	if (s->json)
		show_json(c, r);
	if (st != OV_OK)
		return cli_fail(c, "overt update", r->error, "nothing was changed");
	if (!s->json)
		show_text(c, r, o.now);
	return code_of(r);
}

static int rollback(struct cli *c, const struct settings *s, const char *name)
{
	char error[OV_CLIENT_ERROR] = "";

	if (ov_client_rollback(folder_of(s), ov_str_of(s->channel != NULL ? s->channel : "stable"),
			       ov_str_of(name), error) != OV_OK)
		return cli_fail(c, "overt update rollback", name, error);
	cli_fmt(&c->out,
		"  %s is what it was before. The newer one is set aside on this machine.\n", name);
	return CLI_OK;
}

int updater_update(struct cli *c, int argc, char *const *argv)
{
	struct settings s = { .slow_seconds = 60 };
	struct cli_list names = { 0 };
	struct ov_client_report *r = calloc(1, sizeof *r);
	int code = cli_begin(c, &updater_update_spec, argc, argv, &s, &names);

	if (code < 0 && r == NULL)
		code = cli_fail(c, "overt update", "no memory", NULL);
	if (code < 0 && names.n == 2 && strcmp(names.v[0], "rollback") == 0)
		code = rollback(c, &s, names.v[1]);
	if (code < 0 && s.from.n == 0)
		code = cli_usage(c, &updater_update_spec, "from where? --from URL or folder");
	if (code < 0)
		code = update(c, &s, &names, r);
	cli_list_free(&names);
	cli_list_free(&s.from);
	cli_list_free(&s.tries);
	free(r);
	return code;
}

/* One line of the ledger: "time GET url sent n received n status n". */
static void ledger_line(struct cli *c, struct ov_str line, bool json, bool is_first)
{
	struct ov_str rest = line, word;
	uint64_t t = 0;
	char when[32];

	if (!ov_text_split(&rest, ' ', &word) || ov_text_u64(word, &t) != OV_OK)
		return;
	updater_date(t, when);
	if (json) {
		cli_fmt(&c->out, "%s{\"time\":%llu,\"request\":", is_first ? "" : ",",
			(unsigned long long)t);
		cli_json(&c->out, rest);
		cli_put(&c->out, "}");
		return;
	}
	cli_fmt(&c->out, "  %s  ", when);
	cli_shown(&c->out, rest);
	cli_put(&c->out, "\n");
}

int updater_ledger(struct cli *c, int argc, char *const *argv)
{
	struct settings s = { .json = false };
	struct cli_list none = { 0 };
	struct ov_buf b = ov_buf_of(16 << 20);
	struct ov_str rest, line;
	bool is_first = true;
	int code = cli_begin(c, &updater_ledger_spec, argc, argv, &s, &none);

	if (code < 0) {
		const ov_status st = ov_store_read(folder_of(&s), "ledger", 8 << 20, &b);

		code = st == OV_OK || st == OV_END
			   ? CLI_OK
			   : cli_fail(c, "overt ledger", folder_of(&s), "it can't be read");
		rest = ov_buf_text(&b);
		cli_put(&c->out, s.json ? "[" : "");
		while (code == CLI_OK && ov_text_split(&rest, '\n', &line)) {
			if (line.n == 0)
				continue;
			ledger_line(c, line, s.json, is_first);
			is_first = false;
		}
		if (s.json)
			cli_put(&c->out, "]\n");
		else if (is_first && code == CLI_OK)
			cli_put(&c->out, "  Nothing was ever sent.\n");
	}
	cli_list_free(&none);
	ov_buf_free(&b);
	return code;
}
