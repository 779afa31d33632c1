/*
 * overt monitor: follows a log from outside, as anybody can. Each new entry is fetched and held
 * against the tree; each tree must contain the one seen before; each state must be signed by the
 * root's release keys and go forward; what witnesses show must be the same history. What changed is
 * told release by release.
 */
#include "updater.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "evidence.h"
#include "fetch.h"
#include "remote.h"
#include "root.h"
#include "state.h"
#include "store.h"
#include "text.h"

#define COMMAND "overt monitor"

struct settings {
	struct cli_list from;
	const char *root, *folder;
	bool artifacts;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "from", 0, CLI_LIST, AT(from), "URL|DIR", "the repository (needed)", NULL, 0, 0 },
	{ "root", 0, CLI_TEXT, AT(root), "FILE", "the root file: keys, log and witnesses (needed)", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "what was seen, between runs (needed)", NULL, 0, 0 },
	{ "artifacts", 0, CLI_FLAG, AT(artifacts), NULL, "fetch what new states name, and hold it against\ntheir digests", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_monitor_spec = {
	.command = COMMAND,
	.usage = "--from URL|DIR --root FILE --folder DIR [OPTION]...",
	.intro =
	    "Follows a log from outside: fetches each new entry, checks that the log only ever "
	    "grew,\n"
	    "that each state is signed and goes forward, and that the witnesses show the same\n"
	    "history; prints what each release changed. Run it from a timer, anywhere.",
	.after = "Exit status: 0 all is as it must be; 1 a fork, or an entry that breaks the "
		 "rules; 2 an\n"
		 "error. Manual: man overt-monitor",
	.options = options,
};

struct monitor {
	struct cli *c;
	struct settings s;
	struct ov_hasher *h;
	struct ov_fetch *f;
	struct ov_arena arena; /* the root's */
	struct ov_buf root_bytes, note, last;
	struct ov_root root;
	struct ov_checkpoint now, before;
	bool has_before;
	int code;
};

static bool fail(struct monitor *m, const char *what, const char *detail)
{
	(void)cli_fail(m->c, COMMAND, what, detail);
	m->code = CLI_FAILED;
	return false;
}

/* A rule is broken: that is what a monitor is for. */
static void alarm_of(struct monitor *m, uint64_t entry, const char *what)
{
	cli_fmt(&m->c->out, "  ALARM  entry %llu: %s\n", (unsigned long long)entry, what);
	m->code = CLI_FOUND;
}

/* A checkpoint that the root's log signed. */
static bool read_checkpoint(struct monitor *m, struct ov_str bytes, struct ov_checkpoint *out)
{
	bool good = false;
	struct ov_note n;
	struct ov_arena a;

	ov_arena_init(&a, 1 << 20);
	if (ov_note_parse(bytes, &a, &n) == OV_OK && ov_checkpoint_parse(n.text, out) == OV_OK)
		for (uint32_t i = 0; i < m->root.policy.nlogs; i++) {
			struct ov_note_key k = { .key = &m->root.policy.logs[i].key };

			good = good || (ov_note_verify(&n, &k, 1) == OV_OK &&
					ov_str_eq(k.key->name, out->origin));
		}
	ov_arena_free(&a);
	return good;
}

static bool load(struct monitor *m)
{
	const struct ov_fetch_options o = { .sources = m->s.from.v, .nsources = m->s.from.n };
	const char *why = NULL;
	ov_status s;

	if (!updater_read(m->c, COMMAND, m->s.root, OV_NOTE_MAX, &m->root_bytes))
		return fail(m, m->s.root, "no root");
	if (ov_root_parse(m->h, ov_buf_text(&m->root_bytes), &m->arena, &m->root, &why) != OV_OK)
		return fail(m, m->s.root, why);
	if (ov_fetch_open(&o, &m->f) != OV_OK)
		return fail(m, "no memory", NULL);
	if (ov_fetch_get(m->f, "checkpoint", OV_NOTE_MAX, &m->note) != OV_OK)
		return fail(m, "the log's checkpoint can't be fetched", ov_fetch_error(m->f));
	if (!read_checkpoint(m, ov_buf_text(&m->note), &m->now))
		return fail(m, "the checkpoint is not signed by a log of this root", NULL);
	s = ov_store_read(m->s.folder, "checkpoint", OV_NOTE_MAX, &m->last);
	m->has_before = s == OV_OK && read_checkpoint(m, ov_buf_text(&m->last), &m->before);
	if (s == OV_OK && !m->has_before)
		return fail(m, m->s.folder,
			    "what was seen before can't be read, or is another log's");
	return true;
}

/* The log's key, by its name. */
static const struct ov_vkey *log_of(const struct monitor *m, struct ov_str origin)
{
	for (uint32_t i = 0; i < m->root.policy.nlogs; i++)
		if (ov_str_eq(m->root.policy.logs[i].key.name, origin))
			return &m->root.policy.logs[i].key;
	return NULL;
}

/* Two notes that can't both be true, in one file. */
static void keep_evidence(struct monitor *m, const char *who, const struct ov_buf *small,
			  const struct ov_buf *large, const struct ov_contradiction *how)
{
	struct ov_buf both = ov_buf_of(1 << 20);
	const struct ov_vkey *log = log_of(m, m->now.origin);
	char name[OV_EVIDENCE_NAME];

	m->code = CLI_FOUND;
	if (log != NULL &&
	    ov_evidence_write(log, ov_buf_text(small), ov_buf_text(large), how, &both) == OV_OK &&
	    ov_evidence_keep(m->s.folder, ov_buf_text(&both), name) == OV_OK)
		cli_fmt(&m->c->out, "  ALARM  two histories (%s): both notes are in %s/%s\n", who,
			m->s.folder, name);
	else
		cli_fmt(&m->c->out, "  ALARM  two histories (%s); the evidence can't be written\n",
			who);
	ov_buf_free(&both);
}

/* Does the log's tree, as it is now, begin with that one? As ov_evidence_compare(); OV_SHORT when
 * it is smaller. */
static ov_status is_same_history(struct monitor *m, const struct ov_checkpoint *small,
				 struct ov_contradiction *how)
{
	struct ov_remote r = { .f = m->f, .h = m->h, .size = m->now.size };

	if (small->size > m->now.size)
		return OV_SHORT;
	return ov_evidence_compare(m->h, ov_remote_hash, &r, small, &m->now, how);
}

static bool check_growth(struct monitor *m)
{
	struct ov_contradiction how;
	ov_status s;

	if (!m->has_before)
		return true;
	s = is_same_history(m, &m->before, &how);
	if (s == OV_OK)
		return true;
	if (s == OV_SHORT)
		cli_fmt(
		    &m->c->out,
		    "  ALARM  the log shows %llu entries, and had %llu: older than what was seen\n",
		    (unsigned long long)m->now.size, (unsigned long long)m->before.size);
	else if (s == OV_END)
		keep_evidence(m, "what was seen before, and now", &m->last, &m->note, &how);
	else if (s == OV_BAD)
		cli_put(&m->c->out, "  ALARM  the repository's tiles are not the log's\n");
	else
		return fail(m, "the log's tiles can't be fetched", ov_fetch_error(m->f));
	m->code = CLI_FOUND;
	return false;
}

static void show_changes(struct monitor *m, const struct ov_state *was, const struct ov_state *is)
{
	char when[32];

	updater_date(is->time, when);
	cli_fmt(&m->c->out, "  seq %llu, %s, root %llu\n", (unsigned long long)is->seq, when,
		(unsigned long long)is->root);
	for (uint32_t i = 0; i < is->nartifacts; i++) {
		const struct ov_state_artifact *x = &is->artifacts[i];
		const struct ov_state_artifact *old = ov_state_find(was, x->channel, x->name);

		if (old != NULL && memcmp(old->sha256, x->sha256, OV_SHA256_BYTES) == 0)
			continue;
		cli_fmt(&m->c->out, "    %s %.*s/%.*s %.*s, %llu bytes\n",
			old == NULL ? "new    " : "changed", (int)x->channel.n, x->channel.p,
			(int)x->name.n, x->name.p, (int)x->version.n, x->version.p,
			(unsigned long long)x->size);
	}
	for (uint32_t i = 0; i < was->nartifacts; i++)
		if (ov_state_find(is, was->artifacts[i].channel, was->artifacts[i].name) == NULL)
			cli_fmt(&m->c->out, "    gone    %.*s/%.*s\n",
				(int)was->artifacts[i].channel.n, was->artifacts[i].channel.p,
				(int)was->artifacts[i].name.n, was->artifacts[i].name.p);
	for (uint32_t i = 0; i < is->nwithdrawn; i++)
		if (ov_state_reason(was, is->withdrawn[i].sha256).n == 0) {
			cli_put(&m->c->out, "    withdrawn: ");
			cli_shown(&m->c->out, is->withdrawn[i].reason);
			cli_put(&m->c->out, "\n");
		}
}

/* Each artifact of a state, from the repository, against its digest. */
static void check_artifacts(struct monitor *m, uint64_t entry, const struct ov_state *s)
{
	for (uint32_t i = 0; i < s->nartifacts; i++) {
		const struct ov_state_artifact *x = &s->artifacts[i];
		struct ov_buf b = ov_buf_of((size_t)x->size + 1);
		char name[80], hex[2 * OV_SHA256_BYTES + 1];
		uint8_t digest[OV_DIGEST_MAX];

		ov_hex_encode(x->sha256, sizeof x->sha256, hex);
		(void)snprintf(name, sizeof name, "a/%s", hex);
		if (ov_fetch_get(m->f, name, (size_t)x->size, &b) != OV_OK || b.n != x->size ||
		    ov_hasher_once(m->h, b.p, b.n, digest) != OV_OK ||
		    memcmp(digest, x->sha256, sizeof x->sha256) != 0)
			alarm_of(m, entry, "an artifact that it names can't be had as it is named");
		ov_buf_free(&b);
	}
}

/* One entry: in the tree, a state, signed, forward. @return false when it can't be read at all. */
static bool check_entry(struct monitor *m, struct ov_remote *r, uint64_t index,
			struct ov_state *was, struct ov_state *is, struct ov_arena *a,
			struct ov_buf *bytes)
{
	struct ov_merkle_hash want, got;
	struct ov_note n;

	if (ov_remote_entry(r, index, bytes) != OV_OK ||
	    ov_remote_hash(r, 0, index, &want) != OV_OK ||
	    ov_merkle_leaf(m->h, bytes->p, bytes->n, &got) != OV_OK)
		return fail(m, "an entry can't be fetched", ov_fetch_error(m->f));
	if (memcmp(want.b, got.b, sizeof want.b) != 0)
		alarm_of(m, index, "its bytes are not what the tree has");
	if (ov_note_parse(ov_buf_text(bytes), a, &n) != OV_OK ||
	    ov_state_parse(n.text, a, is, NULL) != OV_OK) {
		alarm_of(m, index, "it is no state");
		*is = *was;
		return true;
	}
	if (is->root == m->root.version && ov_root_enough(&n, &m->root.releases) != OV_OK)
		alarm_of(m, index, "it is not signed by enough release keys");
	if (index > 0 && was->seq > 0 && is->seq != was->seq + 1)
		alarm_of(m, index, "its number does not follow the one before");
	if (was->seq > 0 && is->time < was->time)
		alarm_of(m, index, "its time goes back");
	show_changes(m, was, is);
	if (m->s.artifacts)
		check_artifacts(m, index, is);
	return true;
}

static bool check_entries(struct monitor *m)
{
	struct ov_remote r = { .f = m->f, .h = m->h, .size = m->now.size };
	const uint64_t from = m->has_before && m->before.size > 0 ? m->before.size - 1 : 0;
	struct ov_buf bytes[2] = { ov_buf_of(1 << 18), ov_buf_of(1 << 18) };
	struct ov_state was = { .seq = 0 }, is = { .seq = 0 };
	struct ov_arena a[2];
	bool ok = true;

	ov_arena_init(&a[0], 16 << 20);
	ov_arena_init(&a[1], 16 << 20);
	for (uint64_t i = from; ok && i < m->now.size; i++) {
		ov_arena_reset(&a[i % 2], 1 << 20);
		bytes[i % 2].n = 0;
		ok = check_entry(m, &r, i, &was, &is, &a[i % 2], &bytes[i % 2]);
		was = is;
	}
	for (int k = 0; k < 2; k++) {
		ov_arena_free(&a[k]);
		ov_buf_free(&bytes[k]);
	}
	return ok;
}

/* What each witness shows of this log must be the same history. */
static void check_witnesses(struct monitor *m)
{
	uint8_t digest[OV_DIGEST_MAX];
	char hex[65];
	unsigned same = 0, silent = 0;

	if (ov_hasher_once(m->h, m->now.origin.p, m->now.origin.n, digest) != OV_OK)
		return;
	ov_hex_encode(digest, 32, hex);
	for (uint32_t i = 0; i < m->root.policy.nmembers; i++) {
		const struct ov_policy_member *w = &m->root.policy.members[i];
		struct ov_buf b = ov_buf_of(1 << 18);
		struct ov_contradiction how;
		struct ov_checkpoint seen;
		struct ov_fetch *f = NULL;
		char url[600], name[80];
		const char *sources[] = { url };
		const struct ov_fetch_options o = { .sources = sources, .nsources = 1 };

		if (w->is_group || w->url.n == 0 || w->url.n > 500)
			continue;
		(void)snprintf(url, sizeof url, "%.*s", (int)w->url.n, w->url.p);
		(void)snprintf(name, sizeof name, "%s/checkpoint", hex);
		if (ov_fetch_open(&o, &f) != OV_OK ||
		    ov_fetch_get(f, name, OV_NOTE_MAX, &b) != OV_OK ||
		    !read_checkpoint(m, ov_buf_text(&b), &seen))
			silent++;
		else if (is_same_history(m, &seen, &how) == OV_END)
			keep_evidence(m, "a witness, and the log", &b, &m->note, &how);
		else
			same++;
		ov_fetch_close(&f);
		ov_buf_free(&b);
	}
	cli_fmt(&m->c->out,
		"  %llu entries; %u witnesses show the same history, %u showed nothing\n",
		(unsigned long long)m->now.size, same, silent);
}

static int run(struct monitor *m)
{
	if (!load(m) || !check_growth(m) || !check_entries(m))
		return m->code;
	check_witnesses(m);
	if (m->code == CLI_OK &&
	    ov_store_write(m->s.folder, "checkpoint", m->note.p, m->note.n, false) != OV_OK)
		(void)fail(m, m->s.folder, "what was seen can't be written");
	return m->code;
}

int updater_monitor(struct cli *c, int argc, char *const *argv)
{
	struct monitor *m = calloc(1, sizeof *m);
	struct cli_list none = { 0 };
	int code;

	if (m == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	m->c = c;
	m->root_bytes = m->note = m->last = ov_buf_of(1 << 18);
	ov_arena_init(&m->arena, 4 << 20);
	code = cli_begin(c, &updater_monitor_spec, argc, argv, &m->s, &none);
	if (code < 0 &&
	    (m->s.from.n == 0 || m->s.root == NULL || m->s.folder == NULL || none.n > 0))
		code =
		    cli_usage(c, &updater_monitor_spec, "--from, --root and --folder are needed");
	if (code < 0)
		code = ov_hasher_new(OV_SHA256, &m->h) == OV_OK ? run(m) : CLI_FAILED;
	ov_fetch_close(&m->f);
	ov_hasher_free(&m->h);
	ov_arena_free(&m->arena);
	ov_buf_free(&m->root_bytes);
	ov_buf_free(&m->note);
	ov_buf_free(&m->last);
	cli_list_free(&none);
	cli_list_free(&m->s.from);
	free(m);
	return code;
}
