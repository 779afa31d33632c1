/* overt update: fetching, judging, trying and switching a machine's databases. */
#include "update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "attempts.h"
#include "split.h"
#include "text.h"
#include "verify_self.h"

#define ENGINE_LEVEL 1 /* raised when databases need an engine that reads more */

const struct cli_spec updater_update_spec = {
	.command = "overt update",
	.usage = "--from URL|DIR|BUNDLE [OPTION]... [NAME]...\nrollback NAME [--to SHA256]",
	.intro =
	    "Fetches databases, by name or all of a channel, if and only if they stand as the\n"
	    "newest entry of a public log that enough independent witnesses vouch for. What is\n"
	    "older, forged, or shown to this machine alone is refused. A new database is tried\n"
	    "before it serves; rollback goes back to an earlier one. From a folder or a bundle it\n"
	    "makes no call for the network at all.",
	.after = "Exit status: 0 up to date; 1 a fork of the log was seen; 2 an error, or refused; "
		 "3 some\n"
		 "database could not be taken, or the proof is old. Manual: man overt-update",
	.options = conf_update_options,
};

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

/* What the verifier is given: read before it is fenced in. */
struct job {
	const struct conf *s;
	struct ov_client_options o;
	struct ov_client_report *r;
	const char *command;
};

/* Louder with time: what the system's log is told, and how urgently. */
static void log_trouble(const struct split_ends *ends, const struct ov_client_options *o,
			const struct ov_client_report *r)
{
	static const int urgency[OV_ALARMS] = { [OV_ALARM_NOTE] = LOG_NOTICE,
						[OV_ALARM_LATE] = LOG_WARNING,
						[OV_ALARM_LOUD] = LOG_ERR,
						[OV_ALARM_LOUDEST] = LOG_CRIT };
	struct ov_attempts a;
	char line[OV_CLIENT_ERROR], age[32];
	enum ov_alarm alarm;

	ov_attempts_load(o->folder, &a);
	alarm = ov_attempts_alarm(&a, r->vouched, o->now);
	updater_age(o->now > r->vouched ? o->now - r->vouched : 0, age);
	if (r->evidence[0] != '\0') {
		(void)snprintf(line, sizeof line,
			       "the log of virus databases has two histories: %s/%s", o->folder,
			       r->evidence);
		split_log(ends, LOG_ALERT, line);
	} else if (alarm != OV_ALARM_NONE && r->vouched > 0) {
		(void)snprintf(line, sizeof line,
			       "virus databases: %llu checks in a row failed, nobody vouched for "
			       "them for %s: %.300s",
			       (unsigned long long)a.failed, age,
			       a.error[0] != '\0' ? a.error : "no newer proof is offered");
		split_log(ends, urgency[alarm], line);
	}
}

/* In the verifier. */
static int work(struct cli *c, void *ctx, const struct split_ends *ends)
{
	struct job *j = ctx;
	ov_status st;

	j->o.from.link = ends->link;
	j->o.canary = j->s->no_canary ? NULL : split_try;
	j->o.ctx = (void *)(uintptr_t)ends;
	st = ov_client_update(&j->o, j->r);
	if (ends->verifier->landlock == OV_JAIL_ABSENT || ends->verifier->seccomp == OV_JAIL_ABSENT)
		cli_fmt(&c->err, "%s: warning: what verifies is not fenced in: %s; %s\n",
			j->command, ends->verifier->landlock_text, ends->verifier->seccomp_text);
	log_trouble(ends, &j->o, j->r);
	if (j->s->json)
		show_json(c, j->r);
	if (st != OV_OK)
		return cli_fail(c, j->command, j->r->error, "nothing was changed");
	if (!j->s->json)
		show_text(c, j->r, j->o.now);
	return code_of(j->r);
}

int update_run(struct cli *c, const char *command, const struct conf *s)
{
	struct ov_buf root = ov_buf_of(1 << 17);
	struct canary canary = { .tries = &s->tries,
				 .folder = conf_folder(s),
				 .sample = s->sample,
				 .no_recent = s->no_recent };
	struct job j = { .s = s,
			 .o = { .folder = conf_folder(s),
				.channel = ov_str_of(s->channel != NULL ? s->channel : "stable"),
				.names = s->names.v,
				.nnames = s->names.n,
				.engine = ENGINE_LEVEL,
				.now = updater_now(),
				.ignore_rollout = s->now,
				.check_history = s->check_history },
			 .r = calloc(1, sizeof *j.r),
			 .command = command };
	struct split split = {
		.folder = conf_folder(s), .canary = &canary, .work = work, .ctx = &j
	};
	int code = -1;

	conf_fetch(s, &split.from);
	j.o.from = split.from;
	(void)conf_is_local(s, &j.o.window);
	if (j.r == NULL)
		code = cli_fail(c, command, "no memory", NULL);
	else if (ov_str_is(j.o.channel, VERIFY_PROGRAMS))
		code =
		    cli_fail(c, command, "--channel programs",
			     "that channel names releases of overt itself, which are no databases");
	else if (!conf_cohort(s, &j.o.has_cohort, &j.o.cohort))
		code = cli_fail(c, command, "--cohort", "early, late, auto, or 0 to 999");
	else if (s->root != NULL && !updater_read(c, command, s->root, OV_NOTE_MAX, &root))
		code = CLI_FAILED;
	j.o.first_root = ov_buf_text(&root);
	if (code < 0)
		code = split_run(c, command, &split);
	ov_buf_free(&root);
	free(j.r);
	return code;
}

static int rollback(struct cli *c, const struct conf *s, const char *name)
{
	const struct ov_client_rollback o = {
		.folder = conf_folder(s),
		.channel = ov_str_of(s->channel != NULL ? s->channel : "stable"),
		.name = ov_str_of(name),
		.to = ov_str_of(s->to != NULL ? s->to : ""),
		.why = "set back by hand",
		.now = updater_now(),
	};
	char error[OV_CLIENT_ERROR] = "";

	if (ov_client_rollback(&o, error) != OV_OK)
		return cli_fail(c, "overt update rollback", name, error);
	cli_put(&c->out, "  ");
	cli_shown(&c->out, o.name);
	cli_put(&c->out, " is an earlier one again. What was newer is set aside on this machine, "
			 "until something newer still comes.\n");
	return CLI_OK;
}

int updater_update(struct cli *c, int argc, char *const *argv)
{
	const char *command = "overt update";
	struct conf s;
	int code;

	conf_init(&s);
	code = conf_read(c, &updater_update_spec, argc, argv, &s);
	if (code < 0 && s.names.n == 2 && strcmp(s.names.v[0], "rollback") == 0)
		code = rollback(c, &s, s.names.v[1]);
	else if (code < 0 && s.names.n > 0 && strcmp(s.names.v[0], "rollback") == 0)
		code = cli_usage(c, &updater_update_spec, "rollback: of which database? one NAME");
	if (code < 0 && s.from.n == 0)
		code =
		    cli_usage(c, &updater_update_spec,
			      "from where? --from URL, folder or bundle, or a line in " CONF_FILE);
	if (code < 0)
		code = update_run(c, command, &s);
	conf_free(&s);
	return code;
}
