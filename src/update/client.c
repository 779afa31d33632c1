#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attempts.h"
#include "client_int.h"
#include "fd.h"
#include "remote.h"
#include "store.h"
#include "text.h"

#define LEDGER_MAX ((size_t)4 << 20)
#define ROOT_SECONDS 86400 /* between two looks for a newer root */

/* The ledger is kept to a size: its older half goes. */
static void trim_ledger(const char *folder)
{
	struct ov_buf b = ov_buf_of(2 * LEDGER_MAX);
	const uint8_t *cut;

	if (ov_store_read(folder, "ledger", 2 * LEDGER_MAX - 1, &b) == OV_OK && b.n > LEDGER_MAX) {
		cut = memchr(b.p + b.n - LEDGER_MAX / 2, '\n', LEDGER_MAX / 2);
		if (cut != NULL)
			(void)!ov_store_write(folder, "ledger", cut + 1,
					      (size_t)(b.p + b.n - (cut + 1)), true);
	}
	ov_buf_free(&b);
}

/* Each request goes on the ledger at once, whatever became of it and becomes of us. */
static void on_request(void *ctx, const struct ov_fetch_record *rec)
{
	struct ov_client_run *x = ctx;
	struct ov_buf line = ov_buf_of(1 << 16);

	x->r->requests++;
	x->r->sent += rec->sent;
	x->r->received += rec->received;
	if (ov_buf_fmt(&line, "%llu GET %s sent %llu received %llu status %d%s%s\n",
		       (unsigned long long)x->o->now, rec->url, (unsigned long long)rec->sent,
		       (unsigned long long)rec->received, rec->status,
		       rec->error != NULL ? " " : "",
		       rec->error != NULL ? rec->error : "") != OV_OK ||
	    ov_store_append(x->o->folder, "ledger", line.p, line.n) != OV_OK)
		x->has_lost = true;
	ov_buf_free(&line);
}

static void fill_report(struct ov_client_run *x)
{
	struct ov_client_report *r = x->r;

	r->refusal = x->j.refusal;
	r->vouched = x->j.vouched > 0 ? x->j.vouched : x->memory.floor;
	r->freshness =
	    x->o->window > 0 && r->refusal == OV_TAKEN
		? OV_FRESH
		: ov_judge_freshness(r->refusal == OV_TAKEN ? x->j.vouched : x->memory.floor,
				     x->memory.floor, x->o->now);
	r->size = x->memory.size;
	r->cosigners = x->j.cosigners;
	r->root = x->memory.root;
	r->seq = x->memory.seq;
}

/* Does the refusal look as if there were a root that we don't have? */
static bool asks_for_root(const struct ov_client_run *x)
{
	switch (x->j.refusal) {
	case OV_REFUSED_ROOT:
	case OV_REFUSED_EXPIRED:
	case OV_REFUSED_UNSIGNED:
	case OV_REFUSED_QUORUM:
	case OV_REFUSED_RELEASE:
		return true;
	default:
		return false;
	}
}

/*
 * A check is one request: the proof. Whether there is a newer root is asked once a day, and when
 * the proof can't be taken by the one that is here; of a folder or a bundle always, it costs
 * nothing.
 */
static ov_status check(struct ov_client_run *x)
{
	const uint64_t asked = x->memory.asked, now = x->o->now;
	const bool is_due =
	    !ov_fetch_needs_network(&x->o->from) || asked > now || now - asked >= ROOT_SECONDS;

	if (is_due)
		OV_TRY(ov_client_roots(x));
	OV_TRY(ov_client_judge(x));
	if (is_due || !asks_for_root(x))
		return OV_OK;
	OV_TRY(ov_client_roots(x));
	return ov_client_judge(x);
}

static ov_status run(struct ov_client_run *x)
{
	struct ov_fetch_options from = x->o->from;

	if (ov_store_lock(x->o->folder, 10, &x->lock) != OV_OK)
		return ov_client_fail(x, OV_IO, "%s: another update is running, or no rights there",
				      x->o->folder);
	from.told = on_request;
	from.ctx = x;
	OV_TRY(ov_client_load(x));
	OV_TRY(ov_fetch_open(&from, &x->f));
	OV_TRY(check(x));
	if (x->j.refusal == OV_REFUSED_FORK)
		return ov_client_evidence(x);
	if (x->j.refusal != OV_TAKEN)
		return OV_OK;
	OV_TRY(ov_client_accept(x));
	OV_TRY(ov_client_take(x));
	return ov_client_sweep(x);
}

/* What became of it, for overt status. */
static void note_attempt(struct ov_client_run *x, ov_status s)
{
	struct ov_attempts a;
	const bool went_well = s == OV_OK && x->r->refusal == OV_TAKEN;

	if (x->lock < 0)
		return; /* not ours: another one runs, or there are no rights */
	ov_attempts_load(x->o->folder, &a);
	ov_attempts_add(&a, x->o->now, went_well,
			s != OV_OK ? x->r->error : ov_refusal_text(x->r->refusal));
	a.window = x->o->window;
	(void)!ov_attempts_save(x->o->folder, &a);
	x->r->failed = a.failed;
	x->r->since = a.since;
}

ov_status ov_client_update(const struct ov_client_options *o, struct ov_client_report *report)
{
	struct ov_client_run *x = calloc(1, sizeof *x);
	ov_status s;

	memset(report, 0, sizeof *report);
	if (x == NULL)
		return OV_NOMEM;
	x->o = o;
	x->r = report;
	x->lock = -1;
	x->memory_text = x->root_bytes = ov_buf_of(1 << 20);
	x->proof_bytes = x->best_bytes = ov_buf_of(2 * OV_CLIENT_PROOF_MAX);
	ov_arena_init(&x->arena, 16 << 20);
	ov_arena_init(&x->root_arena, 4 << 20);
	s = ov_hasher_new(OV_SHA256, &x->h);
	if (s == OV_OK)
		s = run(x);
	fill_report(x);
	if (s != OV_OK && report->error[0] == '\0')
		(void)ov_client_fail(x, s, "%s", ov_status_name(s));
	note_attempt(x, s);
	if (x->lock >= 0)
		trim_ledger(o->folder);
	if (x->has_lost && s == OV_OK && x->r->error[0] == '\0')
		(void)ov_client_fail(x, s, "the ledger can't be written: it does not tell all");
	ov_fetch_close(&x->f);
	ov_hasher_free(&x->h);
	ov_arena_free(&x->arena);
	ov_arena_free(&x->root_arena);
	ov_buf_free(&x->memory_text);
	ov_buf_free(&x->root_bytes);
	ov_buf_free(&x->proof_bytes);
	ov_buf_free(&x->best_bytes);
	ov_fd_close(&x->lock);
	free(x);
	return s;
}

const char *ov_client_outcome_name(enum ov_client_outcome o)
{
	static const char *const names[] = { "same",   "took",	  "waits",     "too-new",
					     "failed", "refused", "set-aside", "withdrawn" };

	return (unsigned)o < sizeof names / sizeof *names ? names[o] : "unknown";
}
