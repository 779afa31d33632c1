#include "judge.h"

#include <string.h>

const char *ov_refusal_text(enum ov_refusal r)
{
	static const char *const texts[OV_REFUSALS] = {
		[OV_TAKEN] = "taken",
		[OV_REFUSED_BROKEN] = "it is broken",
		[OV_REFUSED_UNSIGNED] = "no log that the root names signed it",
		[OV_REFUSED_FORGED] = "a signature in a known key's name is wrong",
		[OV_REFUSED_QUORUM] = "too few independent witnesses vouch for it",
		[OV_REFUSED_OLD] = "it is not the newest entry of the log",
		[OV_REFUSED_NOT_IN] = "its entry is not in the log",
		[OV_REFUSED_ROLLBACK] = "it is older than what this machine has already accepted",
		[OV_REFUSED_FORK] = "the log has two histories",
		[OV_REFUSED_RELEASE] = "too few release keys signed it",
		[OV_REFUSED_ROOT] = "it needs a newer root file",
		[OV_REFUSED_EXPIRED] =
		    "the root file trusted here has expired; no newer one is offered",
		[OV_REFUSED_STALE] = "witnesses vouched for it longer ago than this site allows",
	};

	return (unsigned)r < OV_REFUSALS ? texts[r] : "an unknown refusal";
}

enum ov_freshness ov_judge_freshness(uint64_t vouched, uint64_t floor, uint64_t now)
{
	const uint64_t clock = now > floor ? now : floor;

	if (clock > vouched && clock - vouched > OV_FRESH_ALARM)
		return OV_FRESH_STALE;
	return clock > vouched && clock - vouched > OV_FRESH_WARN ? OV_FRESH_OLD : OV_FRESH;
}

/* Limits and lack of memory are ours; the rest is the input's fault. */
static bool is_fault(ov_status s)
{
	return s == OV_BAD || s == OV_SHORT || s == OV_END || s == OV_UNSUPPORTED;
}

static ov_status refuse(struct ov_judgement *j, enum ov_refusal r)
{
	j->refusal = r;
	return OV_END;
}

static ov_status check_signers(const struct ov_root *root, const struct ov_memory *m, uint64_t now,
			       struct ov_judgement *j)
{
	uint64_t times[OV_POLICY_MEMBERS] = { 0 };
	const uint64_t clock = now > m->floor ? now : m->floor;
	uint32_t log = 0;
	const ov_status s =
	    ov_policy_verify(&root->policy, &j->proof.note, j->proof.checkpoint.origin,
			     clock + OV_CLOCK_AHEAD, &log, times);

	if (s == OV_END)
		return refuse(j, OV_REFUSED_UNSIGNED);
	if (s == OV_BAD)
		return refuse(j, OV_REFUSED_FORGED);
	OV_TRY(s);
	for (uint32_t i = 0; i < root->policy.nmembers; i++)
		j->cosigners += times[i] > 0;
	j->vouched = ov_policy_time(&root->policy, times);
	if (j->vouched ==
	    UINT64_MAX) /* a site that wants no witness: its log's word is all it has */
		j->vouched = clock;
	if (j->vouched == 0)
		return refuse(j, OV_REFUSED_QUORUM);
	j->freshness = ov_judge_freshness(j->vouched, m->floor, now);
	return OV_OK;
}

static ov_status check_tree(struct ov_hasher *h, const struct ov_memory *m, struct ov_judgement *j)
{
	const struct ov_checkpoint *c = &j->proof.checkpoint;
	ov_status s;

	if (j->proof.index + 1 != c->size)
		return refuse(j, OV_REFUSED_OLD);
	s = ov_tlog_proof_check(h, &j->proof, j->proof.extra.base, j->proof.extra.len);
	if (s == OV_BAD)
		return refuse(j, OV_REFUSED_NOT_IN);
	OV_TRY(s);
	if (m->origin.n == 0 || !ov_str_eq(m->origin, c->origin))
		return OV_OK; /* the first tree, or another log that a new root named */
	if (c->size < m->size)
		return refuse(j, OV_REFUSED_ROLLBACK);
	if (c->size == m->size && memcmp(c->root.b, m->tree.b, sizeof m->tree.b) != 0)
		return refuse(j, OV_REFUSED_FORK);
	j->wants_growth = c->size > m->size && m->size > 0;
	return OV_OK;
}

static ov_status check_state(const struct ov_root *root, const struct ov_memory *m,
			     struct ov_arena *a, struct ov_judgement *j)
{
	const struct ov_str leaf = { (const char *)j->proof.extra.base, j->proof.extra.len };
	ov_status s = ov_note_parse(leaf, a, &j->release);

	if (s == OV_OK)
		s = ov_state_parse(j->release.text, a, &j->state, NULL);
	if (is_fault(s))
		return refuse(j, OV_REFUSED_BROKEN);
	OV_TRY(s);
	if (j->state.root > root->version)
		return refuse(j, OV_REFUSED_ROOT);
	s = ov_root_enough(&j->release, &root->releases);
	if (s == OV_BAD)
		return refuse(j, OV_REFUSED_FORGED);
	if (s == OV_END)
		return refuse(j, OV_REFUSED_RELEASE);
	OV_TRY(s);
	if (j->state.seq < m->seq || (j->wants_growth && j->state.seq == m->seq))
		return refuse(j, OV_REFUSED_ROLLBACK);
	return OV_OK;
}

ov_status ov_judge(struct ov_hasher *h, const struct ov_root *root, const struct ov_memory *memory,
		   struct ov_str proof, uint64_t now, struct ov_arena *a, struct ov_judgement *out)
{
	ov_status s;

	memset(out, 0, sizeof *out);
	s = ov_tlog_proof_parse(proof, a, &out->proof);
	if (is_fault(s) || (s == OV_OK && !out->proof.has_extra)) {
		out->refusal = OV_REFUSED_BROKEN;
		return OV_OK;
	}
	/* A clock that was set back does not bring a root back to life. */
	if (s == OV_OK && root->expires <= (now > memory->floor ? now : memory->floor))
		s = refuse(out, OV_REFUSED_EXPIRED);
	if (s == OV_OK)
		s = check_signers(root, memory, now, out);
	if (s == OV_OK)
		s = check_tree(h, memory, out);
	if (s == OV_OK)
		s = check_state(root, memory, a, out);
	return s == OV_END ? OV_OK : s;
}

void ov_judge_window(struct ov_judgement *j, const struct ov_memory *memory, uint64_t now,
		     uint64_t window)
{
	const uint64_t clock = now > memory->floor ? now : memory->floor;

	if (j->refusal != OV_TAKEN)
		return;
	if (clock > j->vouched && clock - j->vouched > window)
		j->refusal = OV_REFUSED_STALE;
	else
		j->freshness = OV_FRESH;
}

ov_status ov_judge_growth(struct ov_hasher *h, const struct ov_judgement *j,
			  const struct ov_memory *memory, const struct ov_merkle_proof *growth)
{
	return ov_merkle_verify_growth(h, growth, memory->size, &memory->tree,
				       j->proof.checkpoint.size, &j->proof.checkpoint.root);
}

void ov_judge_remember(const struct ov_judgement *j, struct ov_memory *memory)
{
	memory->origin = j->proof.checkpoint.origin;
	memory->size = j->proof.checkpoint.size;
	memory->tree = j->proof.checkpoint.root;
	memory->seq = j->state.seq;
	if (j->vouched > memory->floor)
		memory->floor = j->vouched;
}
