/* Heads: what each witness and mirror shows of the log, and what clients say they were shown, must
 * be one history - and no longer than what the log shows to us. */
#include "monitor_int.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

enum state { SAME, BEHIND, AHEAD, SILENT, OTHER };
static const char *const names[] = { "same", "behind", "withheld from us", "silent", "other" };

static void tell(struct monitor *m, struct ov_str who, enum state s, uint64_t size)
{
	struct cli_out *out = &m->c->out;

	if (m->s.json) {
		cli_put(out, "{\"event\":\"head\",\"who\":");
		cli_json(out, who);
		cli_fmt(out, ",\"state\":\"%s\",\"size\":%llu}\n", names[s],
			(unsigned long long)size);
	} else if (s != SAME && s != SILENT) {
		cli_put(out, "    ");
		cli_shown(out, who);
		cli_fmt(out, " is %s: %llu of %llu entries\n", names[s], (unsigned long long)size,
			(unsigned long long)m->now.size);
	}
}

/* A head longer than the log as it was when we looked: perhaps it grew since. */
static enum state compare_longer(struct monitor *m, struct ov_str who, const struct ov_buf *note,
				 const struct ov_checkpoint *seen)
{
	struct ov_buf fresh = ov_buf_of(1 << 18);
	struct ov_contradiction how;
	struct ov_checkpoint now;
	enum state s = AHEAD;
	char what[400];

	if (ov_fetch_get(m->f, "checkpoint", OV_NOTE_MAX, &fresh) == OV_OK &&
	    monitor_checkpoint(m, ov_buf_text(&fresh), &now) && now.size >= seen->size) {
		const ov_status st = monitor_compare(m, seen, &now, &how);

		s = st == OV_OK ? SAME : OTHER;
		if (st == OV_END)
			monitor_fork(m, "a head, and the log", note, &fresh, &how);
	} else {
		(void)snprintf(what, sizeof what,
			       "%.*s was shown %llu entries, and we are shown %llu: releases are "
			       "withheld from us",
			       (int)(who.n > 200 ? 200 : who.n), who.p,
			       (unsigned long long)seen->size, (unsigned long long)m->now.size);
		monitor_alarm(m, UINT64_MAX, what, NULL);
	}
	ov_buf_free(&fresh);
	return s;
}

static enum state check_head(struct monitor *m, struct ov_str who, const struct ov_buf *note)
{
	struct ov_contradiction how;
	struct ov_checkpoint seen;
	enum state s;
	ov_status st;

	if (!monitor_checkpoint(m, ov_buf_text(note), &seen) ||
	    !ov_str_eq(seen.origin, m->now.origin)) {
		tell(m, who, SILENT, 0);
		return SILENT;
	}
	if (seen.size > m->now.size) {
		s = compare_longer(m, who, note, &seen);
	} else {
		st = monitor_compare(m, &seen, &m->now, &how);
		s = st != OV_OK ? OTHER : seen.size < m->now.size ? BEHIND : SAME;
		if (st == OV_END)
			monitor_fork(m, "a head, and the log", note, &m->note, &how);
		else if (st == OV_BAD)
			monitor_alarm(m, UINT64_MAX, "the repository's tiles are not the log's",
				      NULL);
	}
	tell(m, who, s, seen.size);
	return s;
}

static enum state check_cosigner(struct monitor *m, const struct ov_policy_member *w,
				 const char *hex)
{
	struct ov_buf b = ov_buf_of(1 << 18);
	struct ov_fetch *f = NULL;
	char url[600], name[80];
	const char *sources[] = { url };
	const struct ov_fetch_options o = { .sources = sources, .nsources = 1 };
	enum state s = SILENT;

	(void)snprintf(url, sizeof url, "%.*s", (int)w->url.n, w->url.p);
	(void)snprintf(name, sizeof name, "%s/checkpoint", hex);
	if (ov_fetch_open(&o, &f) == OV_OK && ov_fetch_get(f, name, OV_NOTE_MAX, &b) == OV_OK)
		s = check_head(m, w->name, &b);
	else
		tell(m, w->name, SILENT, 0);
	ov_fetch_close(&f);
	ov_buf_free(&b);
	return s;
}

void monitor_heads(struct monitor *m)
{
	const struct ov_policy *p = &m->root->root.policy;
	unsigned count[OTHER + 1] = { 0 };
	uint8_t digest[OV_DIGEST_MAX];
	char hex[65];

	if (ov_hasher_once(m->h, m->now.origin.p, m->now.origin.n, digest) != OV_OK)
		return;
	ov_hex_encode(digest, 32, hex);
	for (uint32_t i = 0; i < p->nmembers; i++)
		if (!p->members[i].is_group && p->members[i].url.n > 0 &&
		    p->members[i].url.n <= 500)
			count[check_cosigner(m, &p->members[i], hex)]++;
	if (m->s.json)
		cli_fmt(&m->c->out, "{\"event\":\"summary\",\"entries\":%llu,\"alarms\":%u}\n",
			(unsigned long long)m->now.size, m->alarms);
	else
		cli_fmt(&m->c->out,
			"  %llu entries; %u witnesses show the same history, %u showed nothing\n",
			(unsigned long long)m->now.size, count[SAME] + count[BEHIND],
			count[SILENT]);
	for (size_t i = 0; i < m->s.heads.n; i++) {
		struct ov_buf b = ov_buf_of(1 << 18);

		if (!updater_read(m->c, MONITOR, m->s.heads.v[i], OV_NOTE_MAX, &b))
			m->code = CLI_FAILED;
		else if (check_head(m, ov_str_of(m->s.heads.v[i]), &b) == SILENT)
			(void)monitor_fail(m, m->s.heads.v[i], "is no checkpoint of this log");
		ov_buf_free(&b);
	}
}
