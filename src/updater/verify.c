/* overt verify: which leaf of the log a database is, who vouched for it and when; or whether two
 * notes show a fork. */
#include "updater.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "proved.h"
#include "store.h"
#include "text.h"
#include "verify_self.h"

#define COMMAND "overt verify"

struct settings {
	const char *folder;
	bool json, is_self;
	struct cli_list attestations, keys;
};

/* clang-format off */
static const struct cli_option options[] = {
	{ "folder", 0, CLI_TEXT, offsetof(struct settings, folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, offsetof(struct settings, json), NULL, "for programs", NULL, 0, 0 },
	{ "This copy of overt", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "self", 0, CLI_FLAG, offsetof(struct settings, is_self), NULL, "are these programs what the log names as released,\nand what others built of the same sources?", NULL, 0, 0 },
	{ "attestation", 0, CLI_LIST, offsetof(struct settings, attestations), "FILE", "self: an in-toto statement of somebody who rebuilt\nit; may be given several times", NULL, 0, 0 },
	{ "key", 0, CLI_LIST, offsetof(struct settings, keys), "VKEY", "self: who may sign such statements, beside the\nrelease keys of the root file", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_verify_spec = {
	.command = COMMAND,
	.usage = "[OPTION]... [FILE]...\n"
		 "--self [--attestation FILE]...",
	.intro =
	    "Shows what the public log proves: the newest entry that this machine accepted, and "
	    "for\n"
	    "each FILE whether those very bytes stand in it, or in the one that it was taken by: "
	    "which\n"
	    "leaf, how many cosigners, since when. Without FILE: each database in use. A FILE "
	    "that\n"
	    "is fork evidence is verified by itself: two histories, signed by one log.\n"
	    "Everything is verified anew from the files at hand; nothing is sent.",
	.after =
	    "Exit status: 0 all proved; 1 some file is not what the log names, or a fork is\n"
	    "proved; 2 an error; 3 evidence that proves nothing, or nothing proves this copy.\n"
	    "Manual: man overt-verify",
	.options = options,
};

struct verify {
	struct cli *c;
	struct settings s;
	struct proved p;
	bool is_open; /* p is */
};

/* Fork evidence: verified by itself; whether its log is ours is told, when there is an ours. */
static int show_evidence(struct verify *v, const char *path, struct ov_str bytes, bool is_first)
{
	struct cli_out *out = &v->c->out;
	struct ov_evidence *e = calloc(1, sizeof *e);
	struct ov_hasher *h = NULL;
	struct ov_arena a;
	ov_status s = e != NULL ? ov_hasher_new(OV_SHA256, &h) : OV_NOMEM;
	bool is_ours = false;

	ov_arena_init(&a, 4 << 20);
	if (s == OV_OK)
		s = ov_evidence_parse(h, bytes, &a, e);
	if (s == OV_OK)
		s = ov_evidence_check(h, e);
	for (uint32_t i = 0; s == OV_OK && v->is_open && i < v->p.root->policy.nlogs; i++)
		is_ours = is_ours || memcmp(v->p.root->policy.logs[i].key.key, e->log.key,
					    sizeof e->log.key) == 0;
	if (v->s.json) {
		cli_put(out, is_first ? "{\"file\":" : ",{\"file\":");
		cli_json(out, ov_str_of(path));
		cli_fmt(out, ",\"fork\":%s,\"ours\":%s", s == OV_OK ? "true" : "false",
			is_ours ? "true" : "false");
		if (s == OV_OK) {
			cli_put(out, ",\"log\":");
			cli_json(out, e->log.name);
			cli_fmt(out, ",\"sizes\":[%llu,%llu]",
				(unsigned long long)e->checkpoint[0].size,
				(unsigned long long)e->checkpoint[1].size);
		}
		cli_put(out, "}");
	} else if (s == OV_OK) {
		cli_put(out, "  FORK        ");
		cli_shown(out, ov_str_of(path));
		cli_put(out, "\n              the log ");
		cli_shown(out, e->log.name);
		cli_fmt(out, " signed two histories, of %llu and of %llu entries. %s\n",
			(unsigned long long)e->checkpoint[0].size,
			(unsigned long long)e->checkpoint[1].size,
			is_ours ? "It is a log that this machine trusts: show the file to others."
			: v->is_open ? "It is no log that this machine trusts."
				     : "Whether it is one that you trust this machine can't tell.");
	} else {
		cli_put(out, "  NO PROOF    ");
		cli_shown(out, ov_str_of(path));
		cli_fmt(out, "\n              %s\n",
			s == OV_END   ? "a note is not signed by the log that the file names"
			: s == OV_BAD ? "it does not show two histories"
				      : "it is damaged, or of another version");
	}
	ov_arena_free(&a);
	ov_hasher_free(&h);
	free(e);
	return s == OV_OK ? CLI_FOUND : s == OV_NOMEM ? CLI_FAILED : CLI_INCOMPLETE;
}

/* Where a database stands: in the newest entry, or in the one that it was taken by. */
struct stand {
	const struct ov_judgement *j; /* NULL: nowhere */
	const struct ov_state_artifact *a;
	bool is_newest;
	uint64_t taken; /* Unix seconds; 0: not by this machine */
};

static struct stand stand_of(struct verify *v, const uint8_t sha256[OV_SHA256_BYTES],
			     struct ov_judgement *room)
{
	struct stand at = { .j = NULL };

	for (uint32_t i = 0; i < v->p.memory.nhave; i++)
		if (memcmp(v->p.memory.have[i].sha256, sha256, OV_SHA256_BYTES) == 0)
			at.taken = v->p.memory.have[i].time;
	at.a = proved_find(&v->p.j.state, sha256);
	at.is_newest = at.a != NULL;
	if (at.taken > 0 && proved_taken(&v->p, sha256, room) == OV_OK &&
	    proved_find(&room->state, sha256) != NULL) {
		at.a = proved_find(&room->state, sha256);
		at.j = room;
	} else if (at.is_newest) {
		at.j = &v->p.j;
	}
	return at;
}

static void show_stand(struct verify *v, const char *path, const char *hex, const struct stand *at)
{
	struct cli_out *out = &v->c->out;
	char since[32], vouched[32];

	(void)cli_date(at->taken, since);
	(void)cli_date(at->j->vouched, vouched);
	cli_put(out, "  proved      ");
	cli_shown(out, ov_str_of(path));
	cli_fmt(out, "\n              %.*s %.*s, channel %.*s, SHA-256 %s\n", (int)at->a->name.n,
		at->a->name.p, (int)at->a->version.n, at->a->version.p, (int)at->a->channel.n,
		at->a->channel.p, hex);
	cli_fmt(out, "              leaf %llu, vouched for by %u cosigners at %s",
		(unsigned long long)at->j->proof.index, at->j->cosigners, vouched);
	if (at->taken > 0)
		cli_fmt(out, "; here since %s", since);
	cli_put(out, at->is_newest ? "\n" : "\n              the newest entry names another\n");
}

static void show_file(struct verify *v, const char *path, const uint8_t sha256[OV_SHA256_BYTES],
		      const struct stand *at)
{
	struct cli_out *out = &v->c->out;
	const struct ov_str reason = ov_state_reason(&v->p.j.state, sha256);
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	if (v->s.json) {
		cli_json(out, ov_str_of(path));
		cli_fmt(out, ",\"sha256\":\"%s\",\"proved\":%s,\"newest\":%s,\"taken\":%llu", hex,
			at->j != NULL ? "true" : "false", at->is_newest ? "true" : "false",
			(unsigned long long)at->taken);
		if (at->j != NULL)
			cli_fmt(out, ",\"leaf\":%llu,\"cosigners\":%u,\"vouched\":%llu",
				(unsigned long long)at->j->proof.index, at->j->cosigners,
				(unsigned long long)at->j->vouched);
		cli_put(out, ",\"withdrawn\":");
		cli_json(out, reason);
		cli_put(out, "}");
	} else if (at->j != NULL) {
		show_stand(v, path, hex, at);
	} else {
		cli_put(out, "  NOT PROVED  ");
		cli_shown(out, ov_str_of(path));
		cli_fmt(out, "\n              SHA-256 %s stands in no entry that is known here\n",
			hex);
	}
	if (!v->s.json && reason.n > 0) {
		cli_put(out, "              WITHDRAWN: ");
		cli_shown(out, reason);
		cli_put(out, "\n");
	}
}

static int show_database(struct verify *v, const char *path, bool is_first)
{
	struct ov_judgement *room;
	uint8_t sha256[OV_DIGEST_MAX];
	struct stand at;
	uint64_t size;

	if (!v->is_open)
		return cli_fail(v->c, COMMAND, v->p.why, NULL);
	if (ov_store_digest(path, sha256, &size) != OV_OK)
		return cli_fail(v->c, COMMAND, path, "it can't be read");
	room = calloc(1, sizeof *room);
	if (room == NULL)
		return CLI_FAILED;
	at = stand_of(v, sha256, room);
	if (v->s.json)
		cli_put(&v->c->out, is_first ? "{\"file\":" : ",{\"file\":");
	show_file(v, path, sha256, &at);
	free(room);
	return at.j != NULL ? CLI_OK : CLI_FOUND;
}

static int one_file(struct verify *v, const char *path, bool is_first)
{
	struct ov_buf b = ov_buf_of(2 * OV_EVIDENCE_MAX);
	int code;

	if (ov_store_read(NULL, path, OV_EVIDENCE_MAX, &b) == OV_OK &&
	    ov_evidence_is(ov_buf_text(&b)))
		code = show_evidence(v, path, ov_buf_text(&b), is_first);
	else
		code = show_database(v, path, is_first);
	ov_buf_free(&b);
	return code;
}

static void show_cosigners(struct verify *v)
{
	const struct ov_policy *policy = &v->p.root->policy;
	struct cli_out *out = &v->c->out;
	bool is_first = true;

	for (uint32_t i = 0; i < policy->nmembers; i++) {
		const struct ov_policy_member *m = &policy->members[i];
		char when[32];

		if (m->is_group || (v->p.times[i] == 0 && v->s.json))
			continue;
		(void)cli_date(v->p.times[i], when);
		if (v->s.json) {
			cli_put(out, is_first ? "{\"name\":" : ",{\"name\":");
			cli_json(out, m->key.name);
			cli_fmt(out, ",\"time\":%llu}", (unsigned long long)v->p.times[i]);
		} else {
			cli_put(out, "    ");
			cli_shown(out, m->key.name);
			cli_fmt(out, "  %s\n", v->p.times[i] > 0 ? when : "did not sign");
		}
		is_first = false;
	}
}

static void show_log(struct verify *v)
{
	const struct ov_judgement *j = &v->p.j;
	const struct ov_checkpoint *c = &j->proof.checkpoint;
	struct cli_out *out = &v->c->out;
	char when[32], made[32];

	(void)cli_date(j->vouched, when);
	(void)cli_date(j->state.time, made);
	if (v->s.json) {
		cli_put(out, "\"log\":");
		cli_json(out, c->origin);
		cli_fmt(out,
			",\"leaf\":%llu,\"size\":%llu,\"cosigners\":%u,\"vouched\":%llu,"
			"\"root\":%llu,\"signers\":[",
			(unsigned long long)j->proof.index, (unsigned long long)c->size,
			j->cosigners, (unsigned long long)j->vouched,
			(unsigned long long)v->p.root->version);
		show_cosigners(v);
		cli_put(out, "],");
		return;
	}
	cli_put(out, "  log ");
	cli_shown(out, c->origin);
	cli_fmt(out,
		", leaf %llu of %llu, made %s\n"
		"  vouched for by %u independent cosigners, last at %s; root version %llu\n",
		(unsigned long long)j->proof.index, (unsigned long long)c->size, made, j->cosigners,
		when, (unsigned long long)v->p.root->version);
	show_cosigners(v);
	cli_put(out, "\n");
}

/* Each database in use, by the memory's newest of each name. */
static int in_use(struct verify *v)
{
	bool any = false;
	int code = CLI_OK;

	for (uint32_t i = 0; i < v->p.memory.nhave; i++) {
		const struct ov_memory_have *x = &v->p.memory.have[i];
		char *path = NULL;
		int one;

		if (x != ov_memory_have(&v->p.memory, x->channel, x->name, 0))
			continue;
		if (asprintf(&path, "%s/active/%.*s", v->p.folder, (int)x->name.n, x->name.p) < 0)
			return CLI_FAILED;
		one = show_database(v, path, !any);
		code = one != CLI_OK ? one : code;
		any = true;
		free(path);
	}
	if (!any && !v->s.json)
		cli_put(&v->c->out, "  No database is in use.\n");
	return code;
}

/* Codes by weight: 1 a fork or other bytes, then 2, then 3. */
static int heavier(int a, int b)
{
	static const int weight[] = {
		[CLI_OK] = 0, [CLI_FOUND] = 3, [CLI_FAILED] = 2, [CLI_INCOMPLETE] = 1
	};

	return weight[a] >= weight[b] ? a : b;
}

static int run(struct verify *v, const struct cli_list *files)
{
	const char *folder = v->s.folder != NULL ? v->s.folder : UPDATER_FOLDER;
	int code = CLI_OK;

	v->is_open = proved_open(folder, &v->p) == OV_OK;
	if (!v->is_open && files->n == 0)
		return cli_fail(v->c, COMMAND, v->p.why, NULL);
	if (v->s.json)
		cli_put(&v->c->out, "{");
	if (v->is_open)
		show_log(v);
	if (v->s.json)
		cli_put(&v->c->out, "\"files\":[");
	for (size_t i = 0; i < files->n; i++)
		code = heavier(one_file(v, files->v[i], i == 0), code);
	if (files->n == 0)
		code = in_use(v);
	if (v->s.json)
		cli_put(&v->c->out, "]}\n");
	return code;
}

static int run_self(struct verify *v, const struct cli_list *files)
{
	struct verify_self self = {
		.c = v->c, .json = v->s.json, .attestations = &v->s.attestations, .keys = &v->s.keys
	};

	if (files->n > 0)
		return cli_usage(v->c, &updater_verify_spec, "--self takes no FILE");
	v->is_open =
	    proved_open(v->s.folder != NULL ? v->s.folder : UPDATER_FOLDER, &v->p) == OV_OK;
	self.proved = v->is_open ? &v->p : NULL;
	return verify_self(&self);
}

int updater_verify(struct cli *c, int argc, char *const *argv)
{
	struct verify *v = calloc(1, sizeof *v);
	struct cli_list files = { 0 };
	int code;

	if (v == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	v->c = c;
	code = cli_begin(c, &updater_verify_spec, argc, argv, &v->s, &files);
	if (code < 0) {
		code = v->s.is_self ? run_self(v, &files) : run(v, &files);
		proved_close(&v->p);
	}
	cli_list_free(&v->s.attestations);
	cli_list_free(&v->s.keys);
	cli_list_free(&files);
	free(v);
	return code;
}
