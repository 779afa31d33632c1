/* overt verify: which leaf of the log a database is, who vouched for it and when; or whether two
 * notes show a fork. */
#include "updater.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "store.h"
#include "text.h"

#define COMMAND "overt verify"

struct settings {
	const char *folder;
	bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
	{ "folder", 0, CLI_TEXT, offsetof(struct settings, folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, offsetof(struct settings, json), NULL, "for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_verify_spec = {
	.command = COMMAND,
	.usage = "[OPTION]... [FILE]...",
	.intro =
	    "Shows what the public log proves: the newest entry that this machine accepted, and "
	    "for\n"
	    "each FILE whether those very bytes stand in it. Without FILE: each database in use.\n"
	    "Everything is verified anew from the files at hand; nothing is sent.",
	.after = "Exit status: 0 all proved; 1 some file is not what the log names; 2 an error.\n"
		 "Manual: man overt-verify",
	.options = options,
};

struct verify {
	struct cli *c;
	struct settings s;
	const char *folder;
	struct ov_hasher *h;
	struct ov_arena arena;
	struct ov_buf memory_text, root_bytes, proof_bytes;
	struct ov_memory memory;
	struct ov_root root;
	struct ov_judgement j;
};

static bool wrong(struct verify *v, const char *what, const char *detail)
{
	(void)cli_fail(v->c, COMMAND, what, detail);
	return false;
}

/* The accepted proof once more, against an empty memory: it must stand by itself. */
static bool load(struct verify *v)
{
	static const struct ov_memory fresh;
	char name[40];

	if (ov_store_read(v->folder, "memory", 1 << 19, &v->memory_text) != OV_OK ||
	    ov_memory_parse(ov_buf_text(&v->memory_text), &v->memory) != OV_OK)
		return wrong(v, v->folder, "nothing was updated here yet, or it can't be read");
	(void)snprintf(name, sizeof name, "root/%llu", (unsigned long long)v->memory.root);
	if (ov_store_read(v->folder, name, OV_NOTE_MAX, &v->root_bytes) != OV_OK ||
	    ov_root_parse(v->h, ov_buf_text(&v->root_bytes), &v->arena, &v->root, NULL) != OV_OK)
		return wrong(v, name, "it can't be read");
	if (ov_store_read(v->folder, "proof", 1 << 19, &v->proof_bytes) != OV_OK)
		return wrong(v, v->folder, "no proof was accepted yet");
	/* As of then: a root that expired since takes nothing back from what it proved. */
	if (ov_judge(v->h, &v->root, &fresh, ov_buf_text(&v->proof_bytes), v->memory.floor,
		     &v->arena, &v->j) != OV_OK)
		return wrong(v, "no memory", NULL);
	if (v->j.refusal != OV_TAKEN)
		return wrong(v, "the stored proof does not verify", ov_refusal_text(v->j.refusal));
	return true;
}

static const struct ov_state_artifact *find(const struct verify *v,
					    const uint8_t sha256[OV_SHA256_BYTES])
{
	for (uint32_t i = 0; i < v->j.state.nartifacts; i++)
		if (memcmp(v->j.state.artifacts[i].sha256, sha256, OV_SHA256_BYTES) == 0)
			return &v->j.state.artifacts[i];
	return NULL;
}

static bool one_file(struct verify *v, const char *path, bool is_first)
{
	const struct ov_state_artifact *a;
	uint8_t sha256[OV_DIGEST_MAX];
	char hex[65];
	uint64_t size;

	if (ov_store_digest(path, sha256, &size) != OV_OK)
		return wrong(v, path, "it can't be read");
	ov_hex_encode(sha256, 32, hex);
	a = find(v, sha256);
	if (v->s.json) {
		cli_put(&v->c->out, is_first ? "{\"file\":" : ",{\"file\":");
		cli_json(&v->c->out, ov_str_of(path));
		cli_fmt(&v->c->out, ",\"sha256\":\"%s\",\"proved\":%s}", hex,
			a != NULL ? "true" : "false");
	} else if (a != NULL) {
		cli_put(&v->c->out, "  proved      ");
		cli_shown(&v->c->out, ov_str_of(path));
		cli_fmt(&v->c->out, "\n              %.*s %.*s, channel %.*s, SHA-256 %s\n",
			(int)a->name.n, a->name.p, (int)a->version.n, a->version.p,
			(int)a->channel.n, a->channel.p, hex);
	} else {
		cli_put(&v->c->out, "  NOT PROVED  ");
		cli_shown(&v->c->out, ov_str_of(path));
		cli_fmt(&v->c->out,
			"\n              SHA-256 %s does not stand in the newest entry%s\n", hex,
			ov_state_reason(&v->j.state, sha256).n > 0 ? ": it was withdrawn" : "");
	}
	return a != NULL;
}

static void show_log(struct verify *v)
{
	const struct ov_checkpoint *c = &v->j.proof.checkpoint;
	char when[32], made[32];

	updater_date(v->j.vouched, when);
	updater_date(v->j.state.time, made);
	if (v->s.json) {
		cli_put(&v->c->out, "{\"log\":");
		cli_json(&v->c->out, c->origin);
		cli_fmt(&v->c->out,
			",\"leaf\":%llu,\"size\":%llu,\"cosigners\":%u,\"vouched\":%llu,"
			"\"root\":%llu,\"files\":[",
			(unsigned long long)v->j.proof.index, (unsigned long long)c->size,
			v->j.cosigners, (unsigned long long)v->j.vouched,
			(unsigned long long)v->root.version);
		return;
	}
	cli_put(&v->c->out, "  log ");
	cli_shown(&v->c->out, c->origin);
	cli_fmt(&v->c->out,
		", leaf %llu of %llu, made %s\n"
		"  vouched for by %u independent cosigners, last at %s; root version %llu\n\n",
		(unsigned long long)v->j.proof.index, (unsigned long long)c->size, made,
		v->j.cosigners, when, (unsigned long long)v->root.version);
}

/* Each database in use, by the memory's newest of each name. */
static int in_use(struct verify *v)
{
	bool all = true, any = false;

	for (uint32_t i = 0; i < v->memory.nhave; i++) {
		const struct ov_memory_have *x = &v->memory.have[i];
		char *path = NULL;

		if (x != ov_memory_have(&v->memory, x->channel, x->name, 0))
			continue;
		if (asprintf(&path, "%s/active/%.*s", v->folder, (int)x->name.n, x->name.p) < 0)
			return CLI_FAILED;
		all = one_file(v, path, !any) && all;
		any = true;
		free(path);
	}
	if (!any && !v->s.json)
		cli_put(&v->c->out, "  No database is in use.\n");
	return all ? CLI_OK : CLI_FOUND;
}

static int run(struct verify *v, const struct cli_list *files)
{
	int code = CLI_OK;

	if (!load(v))
		return CLI_FAILED;
	show_log(v);
	for (size_t i = 0; i < files->n; i++)
		if (!one_file(v, files->v[i], i == 0))
			code = CLI_FOUND;
	if (files->n == 0)
		code = in_use(v);
	if (v->s.json)
		cli_put(&v->c->out, "]}\n");
	return code;
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
		v->folder = v->s.folder != NULL ? v->s.folder : UPDATER_FOLDER;
		v->memory_text = v->root_bytes = v->proof_bytes = ov_buf_of(1 << 20);
		ov_arena_init(&v->arena, 16 << 20);
		code = ov_hasher_new(OV_SHA256, &v->h) == OV_OK ? run(v, &files) : CLI_FAILED;
		ov_hasher_free(&v->h);
		ov_arena_free(&v->arena);
		ov_buf_free(&v->memory_text);
		ov_buf_free(&v->root_bytes);
		ov_buf_free(&v->proof_bytes);
	}
	cli_list_free(&files);
	free(v);
	return code;
}
