/* The monitor's entries: each is in the tree, a state, signed by enough keys of its root, and goes
 * forward. */
#include "monitor_int.h"

#include <string.h>

#include "remote.h"

/* One entry with its state; texts are views into `bytes`. */
struct seen {
	struct ov_buf bytes;
	struct ov_arena arena;
	struct ov_state state;
	bool is_state;
};

static void check_signers(struct monitor *m, uint64_t index, const struct ov_note *n,
			  const struct ov_state *is)
{
	if (is->root > m->root->root.version && !monitor_root_to(m, is->root)) {
		monitor_alarm(m, index,
			      "it names a root file that the repository does not have, or that "
			      "does not follow",
			      NULL);
		return;
	}
	if (is->root < m->root->root.version)
		return; /* of keys before our root's: whoever trusts that root trusts its past */
	if (ov_root_enough(n, &m->root->root.releases) != OV_OK)
		monitor_alarm(m, index, "it is not signed by enough release keys", NULL);
}

static bool fetch_entry(struct monitor *m, struct ov_remote *r, uint64_t index, struct seen *x)
{
	struct ov_merkle_hash want, got;

	x->bytes.n = 0;
	if (ov_remote_entry(r, index, &x->bytes) != OV_OK ||
	    ov_remote_hash(r, 0, index, &want) != OV_OK ||
	    ov_merkle_leaf(m->h, x->bytes.p, x->bytes.n, &got) != OV_OK)
		return monitor_fail(m, "an entry can't be fetched", ov_fetch_error(m->f));
	if (memcmp(want.b, got.b, sizeof want.b) != 0)
		monitor_alarm(m, index, "its bytes are not what the tree has", NULL);
	return true;
}

/* @param is_news  False: it was seen the last time, and is read to compare with. */
static bool check_entry(struct monitor *m, struct ov_remote *r, uint64_t index, bool is_news,
			const struct seen *was, struct seen *is)
{
	const struct ov_state *before = &was->state;
	struct ov_note n;

	if (!fetch_entry(m, r, index, is))
		return false;
	ov_arena_reset(&is->arena, 1 << 20);
	is->is_state = ov_note_parse(ov_buf_text(&is->bytes), &is->arena, &n) == OV_OK &&
		       ov_state_parse(n.text, &is->arena, &is->state, NULL) == OV_OK;
	if (!is->is_state) {
		monitor_alarm(m, index, "it is no state", NULL);
		is->state = (struct ov_state){ .seq = 0 };
		return true;
	}
	if (!is_news)
		return true;
	check_signers(m, index, &n, &is->state);
	if (was->is_state && is->state.seq != before->seq + 1)
		monitor_alarm(m, index, "its number does not follow the one before", NULL);
	if (was->is_state && is->state.time < before->time)
		monitor_alarm(m, index, "its time goes back", NULL);
	monitor_show(m, index, before, &is->state);
	monitor_sanity(m, index, before, &is->state);
	if (m->s.artifacts)
		monitor_files(m, index, before, &is->state);
	return true;
}

bool monitor_entries(struct monitor *m)
{
	struct ov_remote r = { .f = m->f, .h = m->h, .size = m->now.size };
	const uint64_t seen = m->has_before ? m->before.size : 0;
	struct seen x[2] = { { .is_state = false }, { .is_state = false } };
	bool ok = true;

	for (int k = 0; k < 2; k++) {
		x[k].bytes = ov_buf_of(1 << 18);
		ov_arena_init(&x[k].arena, 16 << 20);
	}
	for (uint64_t i = seen > 0 ? seen - 1 : 0; ok && i < m->now.size; i++)
		ok = check_entry(m, &r, i, i >= seen, &x[(i + 1) % 2], &x[i % 2]);
	if (ok && m->now.size > 0 && m->s.signatures)
		monitor_tidy(m, &x[(m->now.size - 1) % 2].state);
	for (int k = 0; k < 2; k++) {
		ov_arena_free(&x[k].arena);
		ov_buf_free(&x[k].bytes);
	}
	return ok;
}
