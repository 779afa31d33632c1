/* A client's judgement: the newest proof that any mirror has, the log's history, what is kept. */
#include "client_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "remote.h"
#include "store.h"

#define HISTORY_ONE_IN 50

/* The checkpoint of the proof, as a signed note. */
static ov_status write_note(const struct ov_note *n, struct ov_buf *b)
{
	OV_TRY(ov_buf_fmt(b, "%.*s\n", (int)n->text.n, n->text.p));
	for (uint32_t i = 0; i < n->nsigs; i++)
		OV_TRY(ov_buf_fmt(b, "%.*s\n", (int)n->sigs[i].line.n, n->sigs[i].line.p));
	return OV_OK;
}

/* Two notes that can't both be true, in one file that anybody can verify. */
ov_status ov_client_evidence(struct ov_client_run *x)
{
	struct ov_buf last = ov_buf_of(1 << 17), now = ov_buf_of(1 << 17), b = ov_buf_of(1 << 19);
	const struct ov_vkey *log = NULL;
	char name[OV_EVIDENCE_NAME] = "";
	ov_status s = ov_store_read(x->o->folder, "last.note", OV_NOTE_MAX, &last);

	for (uint32_t i = 0; i < x->root.policy.nlogs && log == NULL; i++)
		if (ov_str_eq(x->root.policy.logs[i].key.name, x->j.proof.checkpoint.origin))
			log = &x->root.policy.logs[i].key;
	if (s == OV_OK)
		s = log != NULL ? write_note(&x->j.proof.note, &now) : OV_BUG;
	if (s == OV_OK)
		s = ov_evidence_write(log, ov_buf_text(&last), ov_buf_text(&now), &x->fork, &b);
	if (s == OV_OK)
		s = ov_evidence_keep(x->o->folder, ov_buf_text(&b), name);
	(void)snprintf(x->r->evidence, sizeof x->r->evidence, "%s", name);
	ov_buf_free(&last);
	ov_buf_free(&now);
	ov_buf_free(&b);
	return s;
}

/*
 * Is the log's history to be checked now? Witnesses do that for everybody, so that of a thousand
 * clients that fetch a release twenty are enough to see a log and its witnesses lie together; when
 * those who vouch may have changed each client looks itself, and where it costs nothing too.
 */
static bool is_due(const struct ov_client_run *x)
{
	uint8_t draw = 0;

	if (x->o->check_history || x->has_new_root || !ov_fetch_needs_network(&x->o->from))
		return true;
	do { /* without a bias: 250 is 50 times 5 */
		if (getrandom(&draw, sizeof draw, 0) != (ssize_t)sizeof draw)
			return true;
	} while (draw >= 250);
	return draw % HISTORY_ONE_IN == 0;
}

/* The tree grew: it must begin with the one that was accepted before. A mirror whose tiles lead
 * nowhere says nothing of the log: the next one is asked. */
static ov_status check_growth(struct ov_client_run *x)
{
	struct ov_remote t = { .f = x->f, .h = x->h, .size = x->j.proof.checkpoint.size };
	const struct ov_checkpoint before = { .size = x->memory.size, .root = x->memory.tree };
	ov_status s = OV_BAD;

	if (!x->j.wants_growth || !is_due(x))
		return OV_OK;
	for (size_t i = 0; i < x->o->from.nsources && s == OV_BAD; i++) {
		s = ov_evidence_compare(x->h, ov_remote_hash, &t, &before, &x->j.proof.checkpoint,
					&x->fork);
		if (s == OV_BAD)
			ov_fetch_prefer(x->f, (ov_fetch_source(x->f) + 1) % x->o->from.nsources);
	}
	if (s == OV_END) {
		x->j.refusal = OV_REFUSED_FORK;
		return OV_OK;
	}
	return s == OV_OK
		   ? OV_OK
		   : ov_client_fail(x, s == OV_BAD ? OV_IO : s,
				    "the log's tiles, which must show that nothing was rewritten, "
				    "can't be had: %s",
				    s == OV_BAD ? "what mirrors give is not the log's"
						: ov_fetch_error(x->f));
}

ov_status ov_client_accept(struct ov_client_run *x)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	ov_status s = write_note(&x->j.proof.note, &b);

	ov_judge_remember(&x->j, &x->memory);
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, "last.note", b.p, b.n, false);
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, "proof", x->best_bytes.p, x->best_bytes.n, false);
	ov_buf_free(&b);
	return s == OV_OK ? ov_client_save(x) : s;
}

/* One mirror's newest proof. */
static ov_status judge_one(struct ov_client_run *x, struct ov_str proof)
{
	ov_arena_reset(&x->arena, 0);
	OV_TRY(ov_judge(x->h, &x->root, &x->memory, proof, x->o->now, &x->arena, &x->j));
	if (x->o->window > 0)
		ov_judge_window(&x->j, &x->memory, x->o->now, x->o->window);
	return OV_OK;
}

struct best {
	bool is_any, is_taken;
	uint64_t size, vouched;
	size_t source;
};

static bool is_better(const struct ov_judgement *j, const struct best *b)
{
	const bool is_taken = j->refusal == OV_TAKEN;

	if (!b->is_any || is_taken != b->is_taken)
		return !b->is_any || is_taken;
	if (j->proof.checkpoint.size != b->size)
		return j->proof.checkpoint.size > b->size;
	return j->vouched > b->vouched;
}

/* Nobody gave a proof: why not. */
static ov_status no_proof(struct ov_client_run *x, ov_status s)
{
	if (s == OV_END)
		return ov_client_fail(x, OV_IO, "the repository has no latest.tlog-proof");
	return ov_client_fail(x, s, "the newest proof can't be fetched: %s",
			      s == OV_LIMIT ? "it is larger than any proof" : ov_fetch_error(x->f));
}

/*
 * Mirrors are asked in turn until one has a fresh proof that can be taken: one that withholds, or
 * that lies, does not keep the next from being heard. Else the best of what was offered counts.
 */
static ov_status ask_all(struct ov_client_run *x, struct best *best)
{
	ov_status worst = OV_END;

	for (size_t i = 0; i < x->o->from.nsources; i++) {
		struct ov_buf swap;
		const ov_status s = ov_fetch_get_from(x->f, i, "latest.tlog-proof",
						      OV_CLIENT_PROOF_MAX, &x->proof_bytes);

		if (s == OV_NOMEM)
			return s;
		if (s != OV_OK) {
			worst = s != OV_END ? s : worst;
			continue;
		}
		OV_TRY(judge_one(x, ov_buf_text(&x->proof_bytes)));
		if (!is_better(&x->j, best))
			continue;
		*best = (struct best){ .is_any = true,
				       .is_taken = x->j.refusal == OV_TAKEN,
				       .size = x->j.proof.checkpoint.size,
				       .vouched = x->j.vouched,
				       .source = i };
		swap = x->best_bytes;
		x->best_bytes = x->proof_bytes;
		x->proof_bytes = swap;
		if (x->j.refusal == OV_REFUSED_FORK ||
		    (best->is_taken && x->j.freshness == OV_FRESH))
			break;
	}
	return best->is_any ? OV_OK : no_proof(x, worst);
}

ov_status ov_client_judge(struct ov_client_run *x)
{
	struct best best = { .is_any = false };

	OV_TRY(ask_all(x, &best));
	OV_TRY(judge_one(x, ov_buf_text(&x->best_bytes)));
	ov_fetch_prefer(x->f, best.source);
	return x->j.refusal == OV_TAKEN ? check_growth(x) : OV_OK;
}
