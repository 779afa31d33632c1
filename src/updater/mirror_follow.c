/*
 * A mirror that follows a log: one thread for each log with an address looks at its checkpoint,
 * and fetches what is new: entries, artifacts, root files. What it fetches goes the way of what is
 * brought: nothing is held that does not lead to a checkpoint of the log.
 *
 * The network is never waited for with the lock held.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "logdir.h"
#include "mirror_int.h"
#include "proof.h"
#include "remote.h"
#include "root.h"
#include "store.h"

#define PROOF_MAX ((size_t)256 << 10)
#define ROOTS_MAX 10000

struct look { /* one look at a log's sources */
	struct mirrored *l;
	struct ov_fetch *f;
	struct ov_hasher *h; /* this thread's */
	struct ov_arena arena;
	struct ov_buf note;
	struct ov_checkpoint seen; /* views into `note` */
};

static ov_status lock(struct mirrored *l)
{
	return pthread_mutex_lock(&l->lock) == 0 ? OV_OK : OV_BUG;
}

static void unlock(struct mirrored *l)
{
	(void)pthread_mutex_unlock(&l->lock);
}

static ov_status tell(struct mirrored *l, ov_status s, const char *what)
{
	if (lock(l) == OV_OK) {
		mirror_say(l, "%s", what);
		unlock(l);
	}
	return s;
}

/* ---- the checkpoint ---- */

/* Two checkpoints of different sizes that can't both be true. The lock is held. */
static void keep_fork(struct look *k, bool is_ours_small, const struct ov_contradiction *how)
{
	struct mirrored *l = k->l;
	const struct ov_str ours = ov_buf_text(&l->a.pending[0].note),
			    theirs = ov_buf_text(&k->note);
	struct ov_buf b = ov_buf_of(2 * OV_EVIDENCE_MAX);
	char name[OV_EVIDENCE_NAME];

	if (ov_evidence_write(&l->a.log, is_ours_small ? ours : theirs,
			      is_ours_small ? theirs : ours, how, &b) == OV_OK &&
	    ov_evidence_keep(l->a.private, ov_buf_text(&b), name) == OV_OK) {
		(void)snprintf(l->a.alarm, sizeof l->a.alarm, "the log has two histories: %s/%s",
			       l->a.private, name);
		mirror_say(l, "ALARM: %s", l->a.alarm);
	}
	ov_buf_free(&b);
}

/* A log that shows less than it did: perhaps another history. The lock is held. */
static void check_smaller(struct look *k)
{
	struct ov_archive *a = &k->l->a;
	struct ov_logdir d = { .folder = a->public, .h = a->h, .size = ov_archive_next(a) };
	const struct ov_checkpoint ours = { .size = a->pending[0].tree.size,
					    .root = a->pending[0].tree.root };
	struct ov_contradiction how;

	if (d.size == ours.size && ov_archive_flush(a) == OV_OK &&
	    ov_evidence_compare(a->h, ov_logdir_hash, &d, &k->seen, &ours, &how) == OV_END)
		keep_fork(k, false, &how);
	else
		mirror_say(k->l, "the source shows %llu entries; the log had %llu already",
			   (unsigned long long)k->seen.size, (unsigned long long)ours.size);
}

/* The tree that was seen grew from ours? As ov_evidence_compare(), without the lock. */
static ov_status check_larger(struct look *k, const struct ov_witness_stored *ours,
			      struct ov_contradiction *how)
{
	struct ov_remote r = { .f = k->f, .h = k->h, .size = k->seen.size };
	const struct ov_checkpoint small = { .size = ours->size, .root = ours->root };

	memset(how, 0, sizeof *how);
	if (ours->size == 0)
		return OV_OK;
	return ov_evidence_compare(k->h, ov_remote_hash, &r, &small, &k->seen, how);
}

/* A larger tree, or the same: by the rules of add-checkpoint. The lock is held. */
static ov_status take_seen(struct look *k, const struct ov_witness_stored *ours,
			   const struct ov_contradiction *how)
{
	struct ov_witness_request r = { .old = ours->size, .checkpoint = k->seen };
	int status = 0;

	if (ov_note_parse(ov_buf_text(&k->note), &k->arena, &r.note) != OV_OK)
		return OV_BAD;
	if (ours->size > 0 && ours->size < k->seen.size)
		r.proof = how->proof;
	OV_TRY(ov_archive_checkpoint(&k->l->a, &r, &status));
	if (k->l->a.alarm[0] != '\0')
		mirror_say(k->l, "ALARM: %s", k->l->a.alarm);
	return status == 200 || status == 409 ? OV_OK : OV_BAD;
}

static ov_status read_seen(struct look *k)
{
	struct ov_note_key key = { .key = &k->l->a.log };
	struct ov_note n;

	if (ov_note_parse(ov_buf_text(&k->note), &k->arena, &n) != OV_OK ||
	    ov_note_verify(&n, &key, 1) != OV_OK ||
	    ov_checkpoint_parse(n.text, &k->seen) != OV_OK ||
	    !ov_str_eq(k->seen.origin, k->l->a.log.name))
		return OV_BAD;
	return OV_OK;
}

static ov_status look_at_checkpoint(struct look *k)
{
	static const struct ov_witness_stored nothing;
	struct ov_contradiction how;
	struct ov_witness_stored ours;
	ov_status s = ov_fetch_get(k->f, "checkpoint", OV_NOTE_MAX, &k->note);

	if (s != OV_OK)
		return tell(k->l, s == OV_END ? OV_IO : s,
			    "the source has no checkpoint, or does not answer");
	if (read_seen(k) != OV_OK)
		return tell(k->l, OV_BAD, "the source's checkpoint is not signed by the log");
	OV_TRY(lock(k->l));
	ours = k->l->a.npending > 0 ? k->l->a.pending[0].tree : nothing;
	if (k->seen.size < ours.size)
		check_smaller(k);
	unlock(k->l);
	if (k->seen.size < ours.size)
		return OV_OK; /* what we have is newer */
	s = check_larger(k, &ours, &how);
	if (s == OV_BAD)
		return tell(k->l, s, "the source's tiles are not the log's");
	if (s != OV_OK && s != OV_END)
		return tell(k->l, s, "the source's tiles can't be fetched");
	OV_TRY(lock(k->l));
	if (s == OV_END && how.has_prefix)
		keep_fork(k, true, &how);
	else
		s = take_seen(k, &ours, &how);
	unlock(k->l);
	return s == OV_END ? OV_BAD : s;
}

/* ---- entries ---- */

static ov_status fetch_package(struct look *k, uint64_t start, uint64_t end, struct ov_buf *bundle,
			       struct ov_mirror_package *p)
{
	struct ov_remote r = { .f = k->f, .h = k->h, .size = end };
	struct ov_cur c, entry;
	size_t from = 0;

	*p = (struct ov_mirror_package){ .start = start,
					 .base = start & ~((uint64_t)OV_TILE_WIDTH - 1) };
	p->end = ov_mirror_package_end(start, end);
	OV_TRY(ov_remote_tile(&r, ov_tile_of_entry(p->end - 1, end), bundle));
	c = ov_buf_cur(bundle);
	for (uint64_t i = p->base; i < p->end; i++) {
		if (i == start)
			from = c.pos;
		if (ov_entry_next(&c, &entry) != OV_OK)
			return OV_BAD;
	}
	p->entries = ov_cur_of(bundle->p + from, c.pos - from);
	return ov_merkle_prove_subtree(k->h, ov_remote_hash, &r, p->base, p->end, end, &p->proof);
}

/* @return OV_END: nothing is wanted. */
static ov_status next_package(struct look *k, struct ov_buf *bundle)
{
	struct ov_mirror_package p;
	uint64_t start, end;
	ov_status s;

	OV_TRY(lock(k->l));
	start = ov_archive_next(&k->l->a);
	end = ov_archive_pending(&k->l->a);
	unlock(k->l);
	if (start >= end)
		return OV_END;
	s = fetch_package(k, start, end, bundle, &p);
	if (s != OV_OK)
		return tell(k->l, s, "entries can't be fetched");
	OV_TRY(lock(k->l));
	if (ov_archive_next(&k->l->a) == start && ov_archive_knows(&k->l->a, end))
		s = ov_archive_package(&k->l->a, &p, end);
	if (s != OV_OK)
		mirror_say(k->l, "%s",
			   s == OV_LIMIT ? "full: no room for more entries"
			   : s == OV_BAD ? "the source's entries are not the log's"
					 : "entries can't be written");
	unlock(k->l);
	return s;
}

static ov_status look_at_entries(struct look *k)
{
	struct ov_buf bundle = ov_buf_of(2 * OV_MIRROR_PACKAGE_MAX);
	const size_t n = k->l->nsources;
	size_t bad = 0;
	ov_status s;

	do {
		s = next_package(k, &bundle);
		if (s == OV_BAD && ++bad < n) { /* the next source may be better */
			ov_fetch_prefer(k->f, (ov_fetch_source(k->f) + 1) % n);
			s = OV_OK;
		}
	} while (s == OV_OK && !k->l->must_stop);
	ov_buf_free(&bundle);
	return s == OV_END ? OV_OK : s;
}

/* ---- artifacts ---- */

static ov_status next_artifact(struct look *k)
{
	struct ov_archive_file file;
	ov_status s;

	OV_TRY(lock(k->l));
	s = ov_archive_missing(&k->l->a, ov_archive_next(&k->l->a), &file);
	unlock(k->l);
	if (s == OV_UNSUPPORTED)
		return tell(k->l, s, "a state is of a newer version: update this mirror's overt");
	OV_TRY(s);
	s = ov_archive_fetch(k->l->a.public, k->l->a.quota, k->h, k->f, k->l->nsources, &file);
	OV_TRY(lock(k->l));
	if (s == OV_OK)
		(void)pthread_cond_broadcast(&k->l->arrived);
	else
		mirror_say(k->l, "%s",
			   s == OV_LIMIT ? "full: no room for an artifact"
			   : s == OV_BAD ? "the sources have other bytes than an artifact's"
			   : s == OV_END ? "no source has an artifact that the log names"
					 : "an artifact can't be fetched");
	unlock(k->l);
	return s == OV_END ? OV_IO : s;
}

static ov_status look_at_artifacts(struct look *k)
{
	ov_status s;

	do {
		s = next_artifact(k);
	} while (s == OV_OK && !k->l->must_stop);
	return s == OV_END ? OV_OK : s;
}

/* ---- what makes the folder a repository ---- */

static void copy_roots(struct look *k)
{
	struct ov_root *root = calloc(1, sizeof *root);
	const char *folder = k->l->a.public;
	char name[40];

	for (uint64_t v = 1; root != NULL && v < ROOTS_MAX && !k->l->must_stop; v++) {
		struct ov_buf b = ov_buf_of(2 * OV_NOTE_MAX);
		bool ok;

		(void)snprintf(name, sizeof name, "root/%llu", (unsigned long long)v);
		ok = ov_store_has(folder, name);
		if (!ok) {
			ov_arena_reset(&k->arena, 1 << 20);
			ok = ov_fetch_get(k->f, name, OV_NOTE_MAX, &b) == OV_OK &&
			     ov_root_parse(k->h, ov_buf_text(&b), &k->arena, root, NULL) == OV_OK &&
			     root->version == v &&
			     ov_root_enough(&root->note, &root->roots) == OV_OK &&
			     ov_store_write(folder, name, b.p, b.n, false) == OV_OK;
		}
		ov_buf_free(&b);
		if (!ok)
			break;
	}
	free(root);
}

/* Of the very tree that this mirror signed, signed by the log, about its last entry. */
static bool is_our_proof(struct look *k, const struct ov_buf *b)
{
	struct ov_note_key key = { .key = &k->l->a.log };
	struct ov_tlog_proof p;
	bool is = false;

	if (ov_tlog_proof_parse(ov_buf_text(b), &k->arena, &p) != OV_OK || !p.has_extra ||
	    p.index + 1 != p.checkpoint.size || ov_note_verify(&p.note, &key, 1) != OV_OK ||
	    ov_tlog_proof_check(k->h, &p, p.extra.base, p.extra.len) != OV_OK ||
	    lock(k->l) != OV_OK)
		return false;
	for (unsigned i = 0; i < k->l->a.npending; i++)
		is = is || (k->l->a.pending[i].tree.size == k->l->a.held &&
			    p.checkpoint.size == k->l->a.held &&
			    memcmp(k->l->a.pending[i].tree.root.b, p.checkpoint.root.b,
				   sizeof p.checkpoint.root.b) == 0);
	unlock(k->l);
	return is;
}

static void copy_proof(struct look *k)
{
	struct ov_buf b = ov_buf_of(2 * PROOF_MAX);

	ov_arena_reset(&k->arena, 1 << 20);
	if (ov_fetch_get(k->f, "latest.tlog-proof", PROOF_MAX, &b) == OV_OK && is_our_proof(k, &b))
		(void)!ov_store_write(k->l->a.public, "latest.tlog-proof", b.p, b.n, false);
	ov_buf_free(&b);
}

/* ---- the look, and the thread ---- */

static ov_status sign_newest(struct mirrored *l)
{
	struct ov_buf line = ov_buf_of(1 << 16);
	ov_status s = lock(l);

	if (s != OV_OK)
		return s;
	if (l->a.npending == 0)
		s = OV_END;
	else if (ov_archive_pending(&l->a) > l->a.held)
		s = mirror_sign(l, ov_archive_pending(&l->a), &line);
	(void)pthread_cond_broadcast(&l->arrived);
	unlock(l);
	ov_buf_free(&line);
	return s;
}

ov_status mirror_look(struct mirrored *l, struct ov_fetch *f, struct ov_hasher *h)
{
	struct look k = { .l = l, .f = f, .h = h, .note = ov_buf_of(2 * OV_NOTE_MAX) };
	ov_status s;

	ov_arena_init(&k.arena, 4 << 20);
	s = look_at_checkpoint(&k);
	if (s == OV_OK || s == OV_IO) /* what was brought can be gone on with */
		s = look_at_entries(&k);
	if (s == OV_OK)
		s = look_at_artifacts(&k);
	if (s == OV_OK)
		s = sign_newest(l);
	copy_roots(&k);
	copy_proof(&k);
	ov_arena_free(&k.arena);
	ov_buf_free(&k.note);
	return s;
}

/* Waits for the next look. @return false: the end. */
static bool wait(struct mirrored *l)
{
	struct timespec until;
	bool goes_on;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)l->m->every_seconds;
	(void)pthread_mutex_lock(&l->lock);
	while (!l->is_wanted && !l->must_stop)
		if (pthread_cond_timedwait(&l->wanted, &l->lock, &until) != 0)
			break;
	l->is_wanted = false;
	goes_on = !l->must_stop;
	(void)pthread_mutex_unlock(&l->lock);
	return goes_on;
}

void *mirror_follow(void *log)
{
	struct mirrored *l = log;
	const struct ov_fetch_options o = { .sources = l->sources, .nsources = l->nsources };
	const struct timespec nap = { .tv_nsec =
					  200000000 }; /* a busy log is not looked at faster */
	struct ov_hasher *h = NULL;
	struct ov_fetch *f = NULL;

	if (ov_hasher_new(OV_SHA256, &h) == OV_OK && ov_fetch_open(&o, &f) == OV_OK)
		do {
			(void)mirror_look(l, f, h);
			(void)pthread_mutex_lock(&l->lock);
			l->looks++;
			(void)pthread_cond_broadcast(&l->arrived);
			(void)pthread_mutex_unlock(&l->lock);
			(void)nanosleep(&nap, NULL);
		} while (wait(l));
	ov_fetch_close(&f);
	ov_hasher_free(&h);
	return NULL;
}
