/* overt status: how fresh this machine's databases are, by what is stored here; asks nobody. */
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempts.h"
#include "evidence.h"
#include "proved.h"
#include "split.h"
#include "store.h"
#include "text.h"
#include "updater.h"

#define COMMAND "overt status"
#define LEDGER_MAX ((size_t)8 << 20)
#define ROOT_SOON (30 * 86400) /* seconds before a root's end at which a person should know */

struct settings {
	const char *folder;
	bool json, checkpoint;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "checkpoint", 0, CLI_FLAG, AT(checkpoint), NULL, "print only the log's newest signed checkpoint that was\naccepted here, to be compared with others'", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_status_spec = {
	.command = COMMAND,
	.usage = "[OPTION]...",
	.intro =
	    "Shows which databases are in use, when independent witnesses last vouched for the "
	    "log\n"
	    "that they stand in, what became of the last checks, and what was sent. Verified anew\n"
	    "from the files at hand; nothing is sent.",
	.after = "Exit status: 0 all is well; 1 alarm: no proof for a day or longer, a fork of the "
		 "log,\n"
		 "or a database in use that was withdrawn; 2 an error; 3 late, or never updated.\n"
		 "Manual: man overt-status",
	.options = options,
};

struct facts {
	struct cli *c;
	struct settings s;
	const char *folder;
	struct proved p;
	bool is_proved, never;
	struct ov_attempts attempts;
	enum ov_alarm alarm;
	uint64_t now, requests, sent; /* by the ledger */
	char evidence[8][OV_EVIDENCE_NAME];
	uint32_t nevidence, nwithdrawn;
	struct split_proof fences[2]; /* the verifier's, the fetcher's */
};

static const char *const who[] = { "verifies", "fetches" };

/* "time GET url sent n received n status n": adds `n` of sent. */
static void add_line(struct facts *f, struct ov_str line)
{
	struct ov_str word;
	bool is_next = false;

	if (line.n == 0)
		return;
	f->requests++;
	while (ov_text_split(&line, ' ', &word)) {
		uint64_t n;

		if (is_next && ov_text_u64(word, &n) == OV_OK) {
			f->sent += n;
			return;
		}
		is_next = ov_str_is(word, "sent");
	}
}

static void read_ledger(struct facts *f)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(2 * LEDGER_MAX);
	struct ov_str rest, line;

	if (ov_store_read(f->folder, "ledger", LEDGER_MAX, &b) != OV_OK)
		return;
	rest = ov_buf_text(&b);
	while (ov_text_split(&rest, '\n', &line))
		add_line(f, line);
}

static void find_evidence(struct facts *f)
{
	DIR *dir = opendir(f->folder);
	const struct dirent *e;

	while (dir != NULL && f->nevidence < 8 && (e = readdir(dir)) != NULL) {
		const size_t n = strlen(e->d_name);

		if (strncmp(e->d_name, "fork-", 5) == 0 && n < OV_EVIDENCE_NAME && n > 9 &&
		    strcmp(e->d_name + n - 9, ".evidence") == 0)
			memcpy(f->evidence[f->nevidence++], e->d_name, n + 1);
	}
	if (dir != NULL)
		(void)closedir(dir);
}

static bool is_in_use(const struct facts *f, uint32_t i)
{
	const struct ov_memory_have *x = &f->p.memory.have[i];

	return x == ov_memory_have(&f->p.memory, x->channel, x->name, 0);
}

static bool gather(struct facts *f)
{
	ov_status s;

	f->now = updater_now();
	s = proved_open(f->folder, &f->p);
	f->is_proved = s == OV_OK;
	f->never = s == OV_END;
	if (!f->is_proved && !f->never)
		return false;
	ov_attempts_load(f->folder, &f->attempts);
	f->alarm =
	    f->never ? OV_ALARM_LATE : ov_attempts_alarm(&f->attempts, f->p.memory.floor, f->now);
	read_ledger(f);
	find_evidence(f);
	for (uint32_t i = 0; f->is_proved && i < f->p.memory.nhave; i++)
		f->nwithdrawn += is_in_use(f, i) &&
				 ov_state_reason(&f->p.j.state, f->p.memory.have[i].sha256).n > 0;
	for (int i = 0; i < 2; i++)
		(void)!split_prove(f->folder, i == 1,
				   &f->fences[i]); /* none tried: shown as such */
	return true;
}

static bool root_ends_soon(const struct facts *f)
{
	return f->is_proved && f->p.root->expires < f->now + ROOT_SOON;
}

static int code_of(const struct facts *f)
{
	if (f->alarm >= OV_ALARM_LOUD || f->nevidence > 0 || f->nwithdrawn > 0)
		return CLI_FOUND;
	return f->alarm == OV_ALARM_LATE || root_ends_soon(f) ? CLI_INCOMPLETE : CLI_OK;
}

static uint32_t witnesses(const struct facts *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->p.root->policy.nmembers; i++)
		n += !f->p.root->policy.members[i].is_group;
	return n;
}

static void show_databases(struct facts *f)
{
	struct cli_out *out = &f->c->out;
	const char *head = "databases";

	for (uint32_t i = 0; i < f->p.memory.nhave; i++) {
		const struct ov_memory_have *x = &f->p.memory.have[i];
		const struct ov_state_artifact *a = proved_find(&f->p.j.state, x->sha256);
		const struct ov_str reason = ov_state_reason(&f->p.j.state, x->sha256);
		char age[32];

		if (!is_in_use(f, i))
			continue;
		updater_age(f->now > x->time ? f->now - x->time : 0, age);
		cli_fmt(out, "  %-13s %.*s %.*s, taken %s ago%s\n", head, (int)x->name.n, x->name.p,
			a != NULL ? (int)a->version.n : 0, a != NULL ? a->version.p : "", age,
			a != NULL ? "" : "; the log's newest entry names another");
		if (reason.n > 0) {
			cli_put(out, "                WITHDRAWN: ");
			cli_shown(out, reason);
			cli_put(out, "\n");
		}
		head = "";
	}
	if (*head != '\0')
		cli_fmt(out, "  %-13s none was taken yet\n", head);
}

static void show_updates(struct facts *f)
{
	struct cli_out *out = &f->c->out;
	char age[32], last[32], sent[CLI_NUMBER_MAX];

	updater_age(f->now > f->p.j.vouched ? f->now - f->p.j.vouched : 0, age);
	cli_fmt(out, "  updates       newest leaf proved %s ago by %u of %u cosigners\n", age,
		f->p.j.cosigners, witnesses(f));
	cli_put(out, "                log ");
	cli_shown(out, f->p.j.proof.checkpoint.origin);
	cli_fmt(out, ", leaf %llu of %llu\n", (unsigned long long)f->p.j.proof.index,
		(unsigned long long)f->p.j.proof.checkpoint.size);
	updater_age(f->now > f->attempts.last ? f->now - f->attempts.last : 0, last);
	if (f->attempts.last > 0)
		cli_fmt(out, "                last check %s ago%s\n", last,
			f->attempts.failed > 0 ? "" : ", all well");
	cli_fmt(out, "                nothing was sent but %llu requests, %s (overt ledger)\n",
		(unsigned long long)f->requests, cli_bytes(f->sent, sent));
}

/* What overt update's parts can't do, tried anew from inside. */
static void show_fences(struct facts *f)
{
	struct cli_out *out = &f->c->out;

	for (int i = 0; i < 2; i++) {
		const struct split_proof *p = &f->fences[i];

		cli_fmt(out,
			"  %-13s what %s: %u of %u attempts refused (Landlock %s; seccomp %s)\n",
			i == 0 ? "updater" : "", who[i], p->nrefused, p->n, p->report.landlock_text,
			p->report.seccomp_text);
		for (uint32_t k = 0; k < p->n; k++)
			if (!p->attempt[k].is_refused)
				cli_fmt(out, "                POSSIBLE: %s\n", p->attempt[k].what);
	}
}

static void show_troubles(struct facts *f)
{
	static const char *const words[OV_ALARMS] = {
		[OV_ALARM_NOTE] = "note",
		[OV_ALARM_LATE] = "LATE",
		[OV_ALARM_LOUD] = "ALARM",
		[OV_ALARM_LOUDEST] = "ALARM",
	};
	struct cli_out *out = &f->c->out;
	char age[32];

	if (f->attempts.failed > 0) {
		updater_age(f->now > f->attempts.since ? f->now - f->attempts.since : 0, age);
		cli_fmt(out, "  %-13s %llu checks in a row failed, since %s ago: ",
			words[f->alarm != OV_ALARM_NONE ? f->alarm : OV_ALARM_NOTE],
			(unsigned long long)f->attempts.failed, age);
		cli_shown(out, ov_str_of(f->attempts.error));
		cli_put(out, "\n");
	}
	if (f->is_proved && f->alarm >= OV_ALARM_LATE) {
		updater_age(f->now > f->p.memory.floor ? f->now - f->p.memory.floor : 0, age);
		cli_fmt(out,
			"  %-13s nobody has vouched for the log for %s. Scanning goes on with "
			"what is here.%s\n",
			words[f->alarm], age,
			f->alarm >= OV_ALARM_LOUD ? " Updates may be withheld from this machine."
						  : "");
	}
	for (uint32_t i = 0; i < f->nevidence; i++)
		cli_fmt(out, "  ALARM         a fork of the log was seen: overt verify %s/%s\n",
			f->folder, f->evidence[i]);
	if (root_ends_soon(f)) {
		char when[32];

		(void)cli_date(f->p.root->expires, when);
		cli_fmt(out,
			"  root          version %llu %s at %s; from then on nothing is taken "
			"without a newer one\n",
			(unsigned long long)f->p.root->version,
			f->p.root->expires <= f->now ? "EXPIRED" : "expires", when);
	}
	if (f->is_proved && f->p.memory.nquarantined > 0)
		cli_fmt(out, "  set aside     %u database%s on this machine\n",
			f->p.memory.nquarantined, cli_s(f->p.memory.nquarantined));
}

static void show_text(struct facts *f)
{
	if (f->is_proved) {
		show_databases(f);
		show_updates(f);
	} else {
		cli_put(&f->c->out, "  updates       never: overt update --from URL --root FILE\n");
	}
	show_fences(f);
	show_troubles(f);
}

static void json_fences(struct facts *f)
{
	struct cli_out *out = &f->c->out;

	for (int i = 0; i < 2; i++) {
		const struct split_proof *p = &f->fences[i];

		cli_fmt(out,
			"%s\"%s\":{\"tried\":%u,\"refused\":%u,\"landlock\":\"%s\","
			"\"seccomp\":\"%s\",\"attempts\":[",
			i == 0 ? ",\"updater\":{" : ",", who[i], p->n, p->nrefused,
			p->report.landlock_text, p->report.seccomp_text);
		for (uint32_t k = 0; k < p->n; k++)
			cli_fmt(out, "%s{\"what\":\"%s\",\"how\":\"%s\"}", k > 0 ? "," : "",
				p->attempt[k].what, p->attempt[k].how);
		cli_put(out, "]}");
	}
	cli_put(out, "}");
}

static void json_databases(struct facts *f)
{
	struct cli_out *out = &f->c->out;
	bool is_first = true;

	cli_put(out, "\"databases\":[");
	for (uint32_t i = 0; f->is_proved && i < f->p.memory.nhave; i++) {
		const struct ov_memory_have *x = &f->p.memory.have[i];
		const struct ov_state_artifact *a = proved_find(&f->p.j.state, x->sha256);
		char hex[2 * OV_SHA256_BYTES + 1];

		ov_hex_encode(x->sha256, OV_SHA256_BYTES, hex);
		cli_fmt(out, "%s{\"name\":\"%.*s\",\"channel\":\"%.*s\",\"sha256\":\"%s\",",
			is_first ? "" : ",", (int)x->name.n, x->name.p, (int)x->channel.n,
			x->channel.p, hex);
		cli_fmt(out, "\"version\":\"%.*s\",\"taken\":%llu,\"in_use\":%s,\"newest\":%s,",
			a != NULL ? (int)a->version.n : 0, a != NULL ? a->version.p : "",
			(unsigned long long)x->time, is_in_use(f, i) ? "true" : "false",
			a != NULL ? "true" : "false");
		cli_put(out, "\"withdrawn\":");
		cli_json(out, ov_state_reason(&f->p.j.state, x->sha256));
		cli_put(out, "}");
		is_first = false;
	}
	cli_put(out, "]");
}

static void json_log(struct facts *f)
{
	struct cli_out *out = &f->c->out;
	const struct ov_judgement *j = &f->p.j;

	if (!f->is_proved)
		return;
	cli_put(out, ",\"log\":");
	cli_json(out, j->proof.checkpoint.origin);
	cli_fmt(out,
		",\"leaf\":%llu,\"size\":%llu,\"vouched\":%llu,\"floor\":%llu,\"cosigners\":%u,"
		"\"cosigners_of\":%u,\"root\":%llu,\"root_expires\":%llu,\"set_aside\":%u",
		(unsigned long long)j->proof.index, (unsigned long long)j->proof.checkpoint.size,
		(unsigned long long)j->vouched, (unsigned long long)f->p.memory.floor, j->cosigners,
		witnesses(f), (unsigned long long)f->p.root->version,
		(unsigned long long)f->p.root->expires, f->p.memory.nquarantined);
}

static void show_json(struct facts *f)
{
	struct cli_out *out = &f->c->out;

	cli_fmt(out, "{\"updated\":%s,\"alarm\":\"%s\",", f->is_proved ? "true" : "false",
		ov_alarm_name(f->alarm));
	json_databases(f);
	json_log(f);
	cli_fmt(out,
		",\"last\":%llu,\"good\":%llu,\"failed\":%llu,\"since\":%llu,\"requests\":%llu,"
		"\"sent\":%llu,\"error\":",
		(unsigned long long)f->attempts.last, (unsigned long long)f->attempts.good,
		(unsigned long long)f->attempts.failed, (unsigned long long)f->attempts.since,
		(unsigned long long)f->requests, (unsigned long long)f->sent);
	cli_json(out, ov_str_of(f->attempts.error));
	json_fences(f);
	cli_put(out, ",\"evidence\":[");
	for (uint32_t i = 0; i < f->nevidence; i++) {
		cli_put(out, i > 0 ? "," : "");
		cli_json(out, ov_str_of(f->evidence[i]));
	}
	cli_put(out, "]}\n");
}

static int show_checkpoint(struct facts *f)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(2 * OV_NOTE_MAX);

	if (ov_store_read(f->folder, "last.note", OV_NOTE_MAX, &b) != OV_OK)
		return cli_fail(f->c, COMMAND, f->folder, "no checkpoint was accepted here yet");
	cli_raw(&f->c->out, ov_buf_text(&b));
	return CLI_OK;
}

int updater_status(struct cli *c, int argc, char *const *argv)
{
	struct facts *f = calloc(1, sizeof *f);
	struct cli_list none = { 0 };
	int code;

	if (f == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	f->c = c;
	code = cli_begin(c, &updater_status_spec, argc, argv, &f->s, &none);
	f->folder = f->s.folder != NULL ? f->s.folder : UPDATER_FOLDER;
	if (code < 0 && f->s.checkpoint) {
		code = show_checkpoint(f);
	} else if (code < 0) {
		if (!gather(f)) {
			code = cli_fail(c, COMMAND, f->p.why, NULL);
		} else {
			if (f->s.json)
				show_json(f);
			else
				show_text(f);
			code = code_of(f);
		}
		proved_close(&f->p);
	}
	cli_list_free(&none);
	free(f);
	return code;
}
