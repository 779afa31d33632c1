/* From a draft to the log: signatures, the append, cosignatures, the newest proof. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish_int.h"
#include "store.h"
#include "text.h"

#define LEAF_MAX OV_ENTRY_MAX

/* What of a draft is signed. */
static struct ov_str text_of(const struct ov_buf *draft)
{
	const char *end = draft->p != NULL ? memmem(draft->p, draft->n, "\n\n", 2) : NULL;

	return (struct ov_str){ (const char *)draft->p,
				end != NULL ? (size_t)(end - (const char *)draft->p) + 1
					    : draft->n };
}

ov_status ov_publish_draft(struct ov_publisher *p, struct ov_buf *text)
{
	const size_t before = text->n;
	ov_status s = ov_store_read(p->private, "draft", LEAF_MAX, text);

	if (s == OV_OK) {
		const struct ov_buf part = { .p = text->p + before, .n = text->n - before };

		text->n = before + text_of(&part).n;
	}
	return s;
}

ov_status ov_publish_signature(struct ov_publisher *p, struct ov_str line)
{
	struct ov_buf draft = ov_buf_of(2 * LEAF_MAX);
	struct ov_note_key known[OV_ROOT_KEYS];
	struct ov_note n;
	struct ov_arena a;
	ov_status s = ov_store_read(p->private, "draft", LEAF_MAX, &draft);

	if (s != OV_OK)
		return ov_publish_fail(p->error, s, "there is no draft to sign");
	ov_arena_init(&a, 1 << 20);
	for (uint32_t i = 0; i < p->root.releases.n; i++)
		known[i] = (struct ov_note_key){ .key = &p->root.releases.key[i] };
	if (text_of(&draft).n == draft.n)
		s = ov_buf_u8(&draft, '\n');
	if (s == OV_OK)
		s = ov_buf_str(&draft, line);
	if (s == OV_OK)
		s = ov_note_parse(ov_buf_text(&draft), &a, &n);
	if (s == OV_OK && n.nsigs > 0) { /* only the new one is asked about */
		n.sigs += n.nsigs - 1;
		n.nsigs = 1;
		s = ov_note_verify(&n, known, p->root.releases.n);
	}
	if (s == OV_OK)
		s = ov_store_write(p->private, "draft", draft.p, draft.n, false);
	else
		s = ov_publish_fail(
		    p->error, s == OV_END ? OV_BAD : s,
		    "that is no signature of this draft by one of the root's release "
		    "keys");
	ov_arena_free(&a);
	ov_buf_free(&draft);
	return s;
}

/* A draft with enough signatures becomes pending. */
static ov_status settle_draft(struct ov_publisher *p)
{
	struct ov_buf draft = ov_buf_of(2 * LEAF_MAX);
	struct ov_note n;
	struct ov_arena a;
	ov_status s = ov_store_read(p->private, "draft", LEAF_MAX, &draft);

	if (s == OV_END)
		return OV_OK; /* nothing new: a heartbeat */
	ov_arena_init(&a, 1 << 20);
	if (s == OV_OK && (ov_note_parse(ov_buf_text(&draft), &a, &n) != OV_OK ||
			   ov_root_enough(&n, &p->root.releases) != OV_OK))
		s = ov_publish_fail(
		    p->error, OV_BAD,
		    "the draft is not signed by %u release keys yet: overt publish sign",
		    p->root.releases.threshold);
	if (s == OV_OK)
		s = ov_store_write(p->private, "pending", draft.p, draft.n, false);
	if (s == OV_OK)
		s = ov_store_remove(p->private, "draft");
	ov_arena_free(&a);
	ov_buf_free(&draft);
	return s;
}

/* Cut short between the two steps of settling, a draft stays beside what is pending: the same
 * bytes, which must not become a release of their own later. */
static ov_status drop_settled(struct ov_publisher *p)
{
	struct ov_buf draft = ov_buf_of(2 * LEAF_MAX), pending = ov_buf_of(2 * LEAF_MAX);
	ov_status s = ov_store_read(p->private, "pending", LEAF_MAX, &pending);

	if (s == OV_OK)
		s = ov_store_read(p->private, "draft", LEAF_MAX, &draft);
	if (s == OV_OK && ov_str_eq(ov_buf_text(&draft), ov_buf_text(&pending)))
		s = ov_store_remove(p->private, "draft");
	ov_buf_free(&draft);
	ov_buf_free(&pending);
	return s == OV_END ? OV_OK : s;
}

/* A line of the history, read. */
struct past {
	struct ov_str channel, name, line;
	uint64_t week;
};

static bool read_past(struct ov_str line, struct past *out)
{
	struct ov_str w[4];
	uint64_t time;

	if (ov_lines_words(line, w, 4, false) != OV_OK || ov_lines_u64(w[3], &time) != OV_OK)
		return false;
	*out = (struct past){
		.channel = w[0], .name = w[1], .line = line, .week = time / OV_PUBLISH_WEEK
	};
	return true;
}

/* Is a line worth keeping, behind those that are kept? The newest ones of a name are, and behind
 * them the last one of each week. */
static bool is_worth(const struct ov_buf *kept, const struct past *x)
{
	struct ov_str rest = ov_buf_text(kept), line;
	struct past p;
	unsigned newer = 0;
	uint64_t week = UINT64_MAX;

	while (ov_text_split(&rest, '\n', &line)) {
		if (!read_past(line, &p) || !ov_str_eq(p.channel, x->channel) ||
		    !ov_str_eq(p.name, x->name))
			continue;
		newer++;
		week = p.week;
	}
	return newer < OV_PUBLISH_NEWEST || (x->week != week && newer < OV_PUBLISH_DELTAS);
}

static ov_status put_past(struct ov_buf *b, const struct ov_state *s)
{
	for (uint32_t i = 0; i < s->nartifacts; i++) {
		const struct ov_state_artifact *x = &s->artifacts[i];
		char hex[2 * OV_SHA256_BYTES + 1];

		ov_hex_encode(x->sha256, sizeof x->sha256, hex);
		OV_TRY(ov_buf_fmt(b, "%.*s %.*s %s %llu\n", (int)x->channel.n, x->channel.p,
				  (int)x->name.n, x->name.p, hex, (unsigned long long)s->time));
	}
	return OV_OK;
}

/* An artifact that goes on unchanged stands with the time of its first release. */
static bool is_there(const struct ov_buf *kept, struct ov_str old)
{
	struct ov_str rest = ov_buf_text(kept), line, w[4], x[4];

	if (ov_lines_words(old, x, 4, false) != OV_OK)
		return true;
	while (ov_text_split(&rest, '\n', &line))
		if (ov_lines_words(line, w, 4, false) == OV_OK && ov_str_eq(w[2], x[2]))
			return true;
	return false;
}

static ov_status merge_history(const struct ov_buf *fresh, const struct ov_buf *old,
			       struct ov_buf *out)
{
	const struct ov_buf *parts[2] = { fresh, old };
	struct ov_str rest, line;
	struct past p;

	for (int i = 0; i < 2; i++) {
		rest = ov_buf_text(parts[i]);
		while (ov_text_split(&rest, '\n', &line))
			if (line.n > 0 && read_past(line, &p) && !is_there(out, line) &&
			    (i == 0 || is_worth(out, &p)))
				OV_TRY(ov_buf_fmt(out, "%.*s\n", (int)line.n, line.p));
	}
	return OV_OK;
}

/* Artifacts of a released state go in front of the history. */
static ov_status note_history(struct ov_publisher *p, struct ov_str leaf)
{
	struct ov_buf fresh = ov_buf_of(1 << 20), old = ov_buf_of(1 << 20), b = ov_buf_of(1 << 20);
	const struct ov_buf whole = { .p = (uint8_t *)(uintptr_t)leaf.p, .n = leaf.n };
	struct ov_state s;
	struct ov_arena a;
	ov_status st;

	ov_arena_init(&a, 4 << 20);
	st = ov_state_parse(text_of(&whole), &a, &s, NULL);
	if (st == OV_OK)
		st = put_past(&fresh, &s);
	if (st == OV_OK) {
		st = ov_store_read(p->private, "history", 1 << 19, &old);
		st = st == OV_END ? OV_OK : st;
	}
	if (st == OV_OK)
		st = merge_history(&fresh, &old, &b);
	if (st == OV_OK)
		st = ov_store_write(p->private, "history", b.p, b.n, false);
	ov_arena_free(&a);
	ov_buf_free(&fresh);
	ov_buf_free(&old);
	ov_buf_free(&b);
	return st;
}

/* Appends what is pending, unless a run that was cut short did it already. */
static ov_status append_pending(struct ov_publisher *p, const struct ov_skey *log,
				struct ov_logdir *l)
{
	struct ov_buf leaf = ov_buf_of(2 * LEAF_MAX), last = ov_buf_of(2 * LEAF_MAX);
	ov_status s = ov_store_read(p->private, "pending", LEAF_MAX, &leaf);
	bool is_there = false;

	if (s == OV_END)
		return OV_OK;
	if (s == OV_OK && l->size > 0) {
		s = ov_logdir_entry(l, l->size - 1, &last);
		is_there = s == OV_OK && ov_str_eq(ov_buf_text(&last), ov_buf_text(&leaf));
	}
	if (s == OV_OK && !is_there)
		s = ov_logdir_append(l, log, ov_buf_cur(&leaf));
	if (s == OV_OK)
		s = note_history(p, ov_buf_text(&leaf));
	if (s == OV_OK)
		s = ov_store_remove(p->private, "pending");
	ov_buf_free(&leaf);
	ov_buf_free(&last);
	return s;
}

/* "name size" lines. */
static void read_sizes(struct ov_publisher *p, uint64_t *sizes)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_str rest, line, w[2];

	if (ov_store_read(p->private, "sizes", 1 << 18, &b) != OV_OK)
		b.n = 0; /* they say it themselves when it is asked wrongly */
	rest = ov_buf_text(&b);
	while (ov_text_split(&rest, '\n', &line)) {
		uint64_t size;

		if (ov_lines_words(line, w, 2, false) != OV_OK ||
		    ov_lines_u64(w[1], &size) != OV_OK)
			continue;
		for (uint32_t i = 0; i < p->root.policy.nmembers; i++)
			if (ov_str_eq(p->root.policy.members[i].name, w[0]))
				sizes[i] = size;
	}
	ov_buf_free(&b);
}

static ov_status write_sizes(struct ov_publisher *p, const uint64_t *sizes)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	ov_status s = OV_OK;

	for (uint32_t i = 0; s == OV_OK && i < p->root.policy.nmembers; i++) {
		const struct ov_policy_member *m = &p->root.policy.members[i];

		if (!m->is_group)
			s = ov_buf_fmt(&b, "%.*s %llu\n", (int)m->name.n, m->name.p,
				       (unsigned long long)sizes[i]);
	}
	if (s == OV_OK)
		s = ov_store_write(p->private, "sizes", b.p, b.n, false);
	ov_buf_free(&b);
	return s;
}

static ov_status write_proof(struct ov_publisher *p, struct ov_logdir *l, struct ov_str note)
{
	struct ov_buf leaf = ov_buf_of(2 * LEAF_MAX), out = ov_buf_of(1 << 20);
	struct ov_merkle_proof proof;
	ov_status s = ov_logdir_entry(l, l->size - 1, &leaf);

	if (s == OV_OK)
		s = ov_merkle_prove(l->h, ov_logdir_hash, l, l->size - 1, l->size, &proof);
	if (s == OV_OK)
		s = ov_tlog_proof_write(l->size - 1, &proof, ov_buf_cur(&leaf), note, &out);
	if (s == OV_OK)
		s = ov_store_write(p->public, "latest.tlog-proof", out.p, out.n, false);
	ov_buf_free(&leaf);
	ov_buf_free(&out);
	return s;
}

static ov_status cosign_and_show(struct ov_publisher *p, struct ov_logdir *l, struct ov_fetch *f,
				 const struct ov_cosign_caller *who)
{
	uint64_t sizes[OV_POLICY_MEMBERS] = { 0 }, vouched = 0;
	struct ov_buf note = ov_buf_of(1 << 20);
	ov_status s = ov_buf_put(&note, l->note.p, l->note.n);

	read_sizes(p, sizes);
	if (s == OV_OK)
		s = ov_cosign(l, &p->root.policy, f, &note, sizes, &vouched, who);
	if (s == OV_OK)
		s = write_sizes(p, sizes);
	if (s == OV_OK && vouched == 0)
		s = ov_publish_fail(
		    p->error, OV_END,
		    "too few witnesses answered: clients see the release before this "
		    "one until they do; run overt publish release again");
	if (s == OV_OK)
		s = write_proof(p, l, ov_buf_text(&note));
	ov_buf_free(&note);
	return s;
}

static ov_status check_log(struct ov_publisher *p, const struct ov_skey *log,
			   const struct ov_logdir *l)
{
	for (uint32_t i = 0; i < p->root.policy.nlogs; i++)
		if (memcmp(p->root.policy.logs[i].key.key, log->public.key, OV_KEY_BYTES) == 0)
			return l->size == 0 && !ov_store_has(p->private, "pending")
				   ? ov_publish_fail(
					 p->error, OV_BAD,
					 "there is nothing to release: overt publish add")
				   : OV_OK;
	return ov_publish_fail(p->error, OV_BAD, "the root file names another log than this key's");
}

ov_status ov_publish_release(struct ov_publisher *p, const struct ov_skey *log, struct ov_fetch *f,
			     const struct ov_cosign_caller *who)
{
	struct ov_logdir l = { .folder = NULL };
	ov_status s = OV_OK;

	s = ov_store_has(p->private, "pending") ? drop_settled(p) : settle_draft(p);
	if (s == OV_OK)
		s = ov_logdir_open(p->public, p->h, &l);
	if (s == OV_OK)
		s = check_log(p, log, &l);
	if (s == OV_OK)
		s = append_pending(p, log, &l);
	if (s == OV_OK)
		s = cosign_and_show(p, &l, f, who);
	if (s != OV_OK && p->error[0] == '\0')
		(void)ov_publish_fail(p->error, s, "the log could not be written: %s",
				      ov_status_name(s));
	ov_logdir_close(&l);
	return s;
}
