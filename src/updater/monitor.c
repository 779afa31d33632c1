/*
 * overt monitor: follows a log from outside, as anybody can. Each new entry is fetched and held
 * against the tree; each tree must contain the one seen before; each state must be signed by the
 * root's release keys and go forward; what witnesses, mirrors and clients show must be the same
 * history. What changed is told release by release, and signature by signature.
 */
#include "monitor_int.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "remote.h"
#include "store.h"

#define AT(m) offsetof(struct monitor_settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "from", 0, CLI_LIST, AT(from), "URL|DIR", "the repository (needed)", NULL, 0, 0 },
	{ "root", 0, CLI_TEXT, AT(root), "FILE", "the root file: keys, log and witnesses (needed)", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "what was seen, between runs (needed)", NULL, 0, 0 },
	{ "artifacts", 0, CLI_FLAG, AT(artifacts), NULL, "fetch what new states name, and hold it against\ntheir digests", NULL, 0, 0 },
	{ "signatures", 0, CLI_FLAG, AT(signatures), NULL, "tell each signature that came or went; keeps\nthe newest databases in the folder", NULL, 0, 0 },
	{ "head", 0, CLI_LIST, AT(heads), "FILE", "a checkpoint that somebody was shown: made by\novert status --checkpoint; may be given often", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "for programs: one object a line", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_monitor_spec = {
	.command = MONITOR,
	.usage = "--from URL|DIR --root FILE --folder DIR [OPTION]...",
	.intro =
	    "Follows a log from outside: fetches each new entry, checks that the log only ever "
	    "grew,\n"
	    "that each state is signed and goes forward, and that witnesses, mirrors and the "
	    "given\n"
	    "heads of clients show the same history; prints what each release changed. Run it "
	    "from\n"
	    "a timer, anywhere.",
	.after = "Exit status: 0 all is as it must be; 1 a fork, a withheld release, or an entry "
		 "that\n"
		 "breaks the rules; 2 an error. Manual: man overt-monitor",
	.options = options,
};

bool monitor_fail(struct monitor *m, const char *what, const char *detail)
{
	(void)cli_fail(m->c, MONITOR, what, detail);
	m->code = CLI_FAILED;
	return false;
}

void monitor_alarm(struct monitor *m, uint64_t entry, const char *what, const char *evidence)
{
	struct cli_out *out = &m->c->out;

	m->alarms++;
	if (m->code == CLI_OK)
		m->code = CLI_FOUND;
	if (m->s.json) {
		cli_put(out, "{\"event\":\"alarm\",\"entry\":");
		if (entry == UINT64_MAX)
			cli_put(out, "null");
		else
			cli_fmt(out, "%llu", (unsigned long long)entry);
		cli_put(out, ",\"what\":");
		cli_json(out, ov_str_of(what));
		cli_put(out, ",\"evidence\":");
		cli_json(out, ov_str_of(evidence != NULL ? evidence : ""));
		cli_put(out, "}\n");
		return;
	}
	cli_put(out, "  ALARM  ");
	if (entry != UINT64_MAX)
		cli_fmt(out, "entry %llu: ", (unsigned long long)entry);
	cli_shown(out, ov_str_of(what));
	if (evidence != NULL)
		cli_fmt(out, ": both notes are in %s/%s", m->s.folder, evidence);
	cli_put(out, "\n");
}

/* ---- checkpoints ---- */

bool monitor_checkpoint(struct monitor *m, struct ov_str bytes, struct ov_checkpoint *out)
{
	const struct ov_policy *p = &m->root->root.policy;
	bool good = false;
	struct ov_note n;
	struct ov_arena a;

	ov_arena_init(&a, 1 << 20);
	if (ov_note_parse(bytes, &a, &n) == OV_OK && ov_checkpoint_parse(n.text, out) == OV_OK)
		for (uint32_t i = 0; i < p->nlogs; i++) {
			struct ov_note_key k = { .key = &p->logs[i].key };

			good = good || (ov_note_verify(&n, &k, 1) == OV_OK &&
					ov_str_eq(k.key->name, out->origin));
		}
	ov_arena_free(&a);
	return good;
}

ov_status monitor_compare(struct monitor *m, const struct ov_checkpoint *small,
			  const struct ov_checkpoint *large, struct ov_contradiction *how)
{
	struct ov_remote r = { .f = m->f, .h = m->h, .size = large->size };

	return ov_evidence_compare(m->h, ov_remote_hash, &r, small, large, how);
}

/* The log's key, by its name. */
static const struct ov_vkey *log_of(const struct monitor *m, struct ov_str origin)
{
	const struct ov_policy *p = &m->root->root.policy;

	for (uint32_t i = 0; i < p->nlogs; i++)
		if (ov_str_eq(p->logs[i].key.name, origin))
			return &p->logs[i].key;
	return NULL;
}

void monitor_fork(struct monitor *m, const char *who, const struct ov_buf *small,
		  const struct ov_buf *large, const struct ov_contradiction *how)
{
	struct ov_buf both = ov_buf_of(1 << 20);
	const struct ov_vkey *log = log_of(m, m->now.origin);
	char name[OV_EVIDENCE_NAME], what[256];
	const bool kept =
	    log != NULL &&
	    ov_evidence_write(log, ov_buf_text(small), ov_buf_text(large), how, &both) == OV_OK &&
	    ov_evidence_keep(m->s.folder, ov_buf_text(&both), name) == OV_OK;

	(void)snprintf(what, sizeof what, "two histories (%s)%s", who,
		       kept ? "" : "; the evidence can't be written");
	monitor_alarm(m, UINT64_MAX, what, kept ? name : NULL);
	ov_buf_free(&both);
}

/* ---- roots ---- */

static void free_root(struct monitor_root *r)
{
	if (r == NULL)
		return;
	ov_buf_free(&r->bytes);
	ov_arena_free(&r->arena);
	free(r);
}

static struct monitor_root *new_root(void)
{
	struct monitor_root *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->bytes = ov_buf_of(2 * OV_NOTE_MAX);
	ov_arena_init(&r->arena, 4 << 20);
	return r;
}

bool monitor_root_to(struct monitor *m, uint64_t version)
{
	while (m->root->root.version < version) {
		struct monitor_root *next = new_root();
		char name[40];

		(void)snprintf(name, sizeof name, "root/%llu",
			       (unsigned long long)m->root->root.version + 1);
		if (next == NULL || ov_fetch_get(m->f, name, OV_NOTE_MAX, &next->bytes) != OV_OK ||
		    ov_root_parse(m->h, ov_buf_text(&next->bytes), &next->arena, &next->root,
				  NULL) != OV_OK ||
		    ov_root_follows(&m->root->root, &next->root) != OV_OK) {
			free_root(next);
			return false;
		}
		free_root(m->root);
		m->root = next;
	}
	return true;
}

/* ---- the run ---- */

static bool load(struct monitor *m)
{
	const struct ov_fetch_options o = { .sources = m->s.from.v, .nsources = m->s.from.n };
	const char *why = NULL;
	ov_status s;

	m->root = new_root();
	if (m->root == NULL)
		return monitor_fail(m, "no memory", NULL);
	if (!updater_read(m->c, MONITOR, m->s.root, OV_NOTE_MAX, &m->root->bytes))
		return monitor_fail(m, m->s.root, "no root");
	if (ov_root_parse(m->h, ov_buf_text(&m->root->bytes), &m->root->arena, &m->root->root,
			  &why) != OV_OK)
		return monitor_fail(m, m->s.root, why);
	if (ov_fetch_open(&o, &m->f) != OV_OK)
		return monitor_fail(m, "no memory", NULL);
	if (ov_fetch_get(m->f, "checkpoint", OV_NOTE_MAX, &m->note) != OV_OK)
		return monitor_fail(m, "the log's checkpoint can't be fetched",
				    ov_fetch_error(m->f));
	if (!monitor_checkpoint(m, ov_buf_text(&m->note), &m->now))
		return monitor_fail(m, "the checkpoint is not signed by a log of this root", NULL);
	s = ov_store_read(m->s.folder, "checkpoint", OV_NOTE_MAX, &m->last);
	m->has_before = s == OV_OK && monitor_checkpoint(m, ov_buf_text(&m->last), &m->before);
	if (s == OV_OK && !m->has_before)
		return monitor_fail(m, m->s.folder,
				    "what was seen before can't be read, or is another log's");
	return true;
}

static bool check_growth(struct monitor *m)
{
	struct ov_contradiction how;
	char what[160];
	ov_status s;

	if (!m->has_before)
		return true;
	if (m->before.size > m->now.size) {
		(void)snprintf(what, sizeof what,
			       "the log shows %llu entries, and had %llu: older than what was seen",
			       (unsigned long long)m->now.size, (unsigned long long)m->before.size);
		monitor_alarm(m, UINT64_MAX, what, NULL);
		return false;
	}
	s = monitor_compare(m, &m->before, &m->now, &how);
	if (s == OV_OK)
		return true;
	if (s == OV_END)
		monitor_fork(m, "what was seen before, and now", &m->last, &m->note, &how);
	else if (s == OV_BAD)
		monitor_alarm(m, UINT64_MAX, "the repository's tiles are not the log's", NULL);
	else
		return monitor_fail(m, "the log's tiles can't be fetched", ov_fetch_error(m->f));
	return false;
}

static int run(struct monitor *m)
{
	if (!load(m))
		return m->code;
	if (!check_growth(m)) {
		if (m->code == CLI_FOUND) /* who else sees what? */
			monitor_heads(m);
		return m->code;
	}
	if (!monitor_entries(m))
		return m->code;
	monitor_heads(m);
	/* What broke a rule is told again the next time: it is not seen and done with. */
	if (m->code == CLI_OK &&
	    ov_store_write(m->s.folder, "checkpoint", m->note.p, m->note.n, false) != OV_OK)
		(void)monitor_fail(m, m->s.folder, "what was seen can't be written");
	return m->code;
}

int updater_monitor(struct cli *c, int argc, char *const *argv)
{
	struct monitor *m = calloc(1, sizeof *m);
	struct cli_list none = { 0 };
	int code;

	if (m == NULL)
		return cli_fail(c, MONITOR, "no memory", NULL);
	m->c = c;
	m->note = m->last = ov_buf_of(1 << 18);
	code = cli_begin(c, &updater_monitor_spec, argc, argv, &m->s, &none);
	m->s.artifacts = m->s.artifacts || m->s.signatures;
	if (code < 0 &&
	    (m->s.from.n == 0 || m->s.root == NULL || m->s.folder == NULL || none.n > 0))
		code =
		    cli_usage(c, &updater_monitor_spec, "--from, --root and --folder are needed");
	if (code < 0)
		code = ov_hasher_new(OV_SHA256, &m->h) == OV_OK ? run(m) : CLI_FAILED;
	ov_fetch_close(&m->f);
	ov_hasher_free(&m->h);
	free_root(m->root);
	ov_buf_free(&m->note);
	ov_buf_free(&m->last);
	cli_list_free(&none);
	cli_list_free(&m->s.from);
	cli_list_free(&m->s.heads);
	free(m);
	return code;
}
