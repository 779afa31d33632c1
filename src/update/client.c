#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client_int.h"
#include "fd.h"
#include "remote.h"
#include "store.h"
#include "text.h"

#define LEDGER_MAX ((size_t)4 << 20)

/* Each request goes on the ledger, whatever became of it. */
static void on_request(void *ctx, const struct ov_fetch_record *rec)
{
	struct ov_client_run *x = ctx;

	x->r->requests++;
	x->r->sent += rec->sent;
	x->r->received += rec->received;
	if (ov_buf_fmt(&x->ledger, "%llu GET %s sent %llu received %llu status %d%s%s\n",
		       (unsigned long long)x->o->now, rec->url, (unsigned long long)rec->sent,
		       (unsigned long long)rec->received, rec->status,
		       rec->error != NULL ? " " : "",
		       rec->error != NULL ? rec->error : "") != OV_OK)
		x->ledger.n = 0;
}

/* The ledger is kept to a size: its older half goes. */
static void write_ledger(struct ov_client_run *x)
{
	struct ov_buf b = ov_buf_of(2 * LEDGER_MAX);
	size_t from = 0;

	if (x->ledger.n == 0)
		return;
	if (ov_store_read(x->o->folder, "ledger", LEDGER_MAX, &b) != OV_OK)
		b.n = 0;
	if (ov_buf_put(&b, x->ledger.p, x->ledger.n) == OV_OK) {
		if (b.n > LEDGER_MAX / 2) {
			const uint8_t *cut =
			    memchr(b.p + b.n - LEDGER_MAX / 4, '\n', LEDGER_MAX / 4);

			from = cut != NULL ? (size_t)(cut - b.p) + 1 : 0;
		}
		(void)!ov_store_write(x->o->folder, "ledger", b.p + from, b.n - from, true);
	}
	ov_buf_free(&b);
}

/* The checkpoint of the proof, as a signed note. */
static ov_status write_note(const struct ov_note *n, struct ov_buf *b)
{
	OV_TRY(ov_buf_fmt(b, "%.*s\n", (int)n->text.n, n->text.p));
	for (uint32_t i = 0; i < n->nsigs; i++)
		OV_TRY(ov_buf_fmt(b, "%.*s\n", (int)n->sigs[i].line.n, n->sigs[i].line.p));
	return OV_OK;
}

/* Two notes that can't both be true, in one file that anybody can verify. */
static ov_status keep_evidence(struct ov_client_run *x)
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

/* The tree grew: it must begin with the one that was accepted before. A mirror whose tiles lead
 * nowhere says nothing of the log: the next one is asked. */
static ov_status check_growth(struct ov_client_run *x)
{
	struct ov_remote t = { .f = x->f, .h = x->h, .size = x->j.proof.checkpoint.size };
	const struct ov_checkpoint before = { .size = x->memory.size, .root = x->memory.tree };
	ov_status s = OV_BAD;

	if (!x->j.wants_growth)
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

static ov_status accept(struct ov_client_run *x)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	ov_status s = write_note(&x->j.proof.note, &b);

	ov_judge_remember(&x->j, &x->memory);
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, "last.note", b.p, b.n, false);
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, "proof", x->proof_bytes.p, x->proof_bytes.n,
				   false);
	ov_buf_free(&b);
	return s == OV_OK ? ov_client_save(x) : s;
}

static ov_status judge(struct ov_client_run *x)
{
	ov_status s = ov_fetch_get(x->f, "latest.tlog-proof", OV_CLIENT_PROOF_MAX, &x->proof_bytes);

	if (s == OV_END)
		return ov_client_fail(x, OV_IO, "the repository has no latest.tlog-proof");
	if (s != OV_OK)
		return ov_client_fail(x, s, "the newest proof can't be fetched: %s",
				      s == OV_LIMIT ? "it is larger than any proof"
						    : ov_fetch_error(x->f));
	OV_TRY(ov_judge(x->h, &x->root, &x->memory, ov_buf_text(&x->proof_bytes), x->o->now,
			&x->arena, &x->j));
	if (x->j.refusal == OV_TAKEN)
		OV_TRY(check_growth(x));
	if (x->j.refusal == OV_REFUSED_FORK)
		OV_TRY(keep_evidence(x));
	return OV_OK;
}

static void fill_report(struct ov_client_run *x)
{
	struct ov_client_report *r = x->r;

	r->refusal = x->j.refusal;
	r->vouched = x->j.vouched > 0 ? x->j.vouched : x->memory.floor;
	r->freshness = ov_judge_freshness(r->refusal == OV_TAKEN ? x->j.vouched : x->memory.floor,
					  x->memory.floor, x->o->now);
	r->size = x->memory.size;
	r->cosigners = x->j.cosigners;
	r->root = x->memory.root;
	r->seq = x->memory.seq;
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
	OV_TRY(ov_client_roots(x));
	OV_TRY(judge(x));
	if (x->j.refusal == OV_TAKEN) {
		OV_TRY(accept(x));
		OV_TRY(ov_client_take(x));
	}
	return OV_OK;
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
	x->memory_text = x->root_bytes = x->ledger = ov_buf_of(1 << 20);
	x->proof_bytes = ov_buf_of(2 * OV_CLIENT_PROOF_MAX);
	ov_arena_init(&x->arena, 16 << 20);
	ov_arena_init(&x->root_arena, 4 << 20);
	s = ov_hasher_new(OV_SHA256, &x->h);
	if (s == OV_OK)
		s = run(x);
	fill_report(x);
	write_ledger(x);
	if (s != OV_OK && report->error[0] == '\0')
		(void)ov_client_fail(x, s, "%s", ov_status_name(s));
	ov_fetch_close(&x->f);
	ov_hasher_free(&x->h);
	ov_arena_free(&x->arena);
	ov_arena_free(&x->root_arena);
	ov_buf_free(&x->memory_text);
	ov_buf_free(&x->root_bytes);
	ov_buf_free(&x->proof_bytes);
	ov_buf_free(&x->ledger);
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
