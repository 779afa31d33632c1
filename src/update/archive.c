#include "archive.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "archive_int.h"
#include "fd.h"
#include "logdir.h"
#include "save.h"
#include "store.h"
#include "text.h"

#define MASK ((uint64_t)OV_TILE_WIDTH - 1)

/* ---- room ---- */

ov_status ov_quota_open(const char *folder, uint64_t most, uint64_t spare, struct ov_quota *out)
{
	char *copy = strdup(folder), *paths[] = { copy, NULL };
	FTS *walk = copy != NULL ? fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *e;

	*out = (struct ov_quota){ .folder = folder, .most = most, .spare = spare };
	if (walk == NULL) {
		free(copy);
		return OV_NOMEM;
	}
	while ((e = fts_read(walk)) != NULL)
		if (e->fts_info == FTS_F)
			out->used += (uint64_t)e->fts_statp->st_size;
	(void)fts_close(walk);
	free(copy);
	return OV_OK;
}

ov_status ov_quota_take(struct ov_quota *q, uint64_t n)
{
	const uint64_t used = __atomic_load_n(&q->used, __ATOMIC_RELAXED);
	struct statvfs fs;

	if (q->most != 0 && (used > q->most || n > q->most - used))
		return OV_LIMIT;
	if (statvfs(q->folder, &fs) == 0) {
		const uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;

		if (left < q->spare || left - q->spare < n)
			return OV_LIMIT;
	}
	(void)__atomic_fetch_add(&q->used, n, __ATOMIC_RELAXED);
	return OV_OK;
}

/* ---- opening ---- */

static ov_status trouble(struct ov_archive *a, ov_status s, const char *what)
{
	(void)snprintf(a->trouble, sizeof a->trouble, "%s", what);
	return s;
}

/* A checkpoint in a file, signed by the log. @return OV_END there is none. */
static ov_status read_checkpoint(struct ov_archive *a, const char *folder, const char *name,
				 struct ov_buf *note, struct ov_witness_stored *out)
{
	struct ov_note_key key = { .key = &a->log };
	struct ov_checkpoint c;
	struct ov_note n;
	struct ov_arena arena;
	ov_status s;

	note->n = 0;
	OV_TRY(ov_store_read(folder, name, OV_NOTE_MAX, note));
	ov_arena_init(&arena, 1 << 20);
	s = ov_note_parse(ov_buf_text(note), &arena, &n);
	if (s == OV_OK)
		s = ov_note_verify(&n, &key, 1);
	if (s == OV_OK)
		s = ov_checkpoint_parse(n.text, &c);
	if (s == OV_OK && !ov_str_eq(c.origin, a->log.name))
		s = OV_BAD;
	if (s == OV_OK)
		*out = (struct ov_witness_stored){ .size = c.size, .root = c.root };
	ov_arena_free(&arena);
	return s == OV_END ? OV_BAD : s;
}

/* Entries beyond the mirror checkpoint that were made durable. */
static uint64_t read_next(const struct ov_archive *a)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);
	struct ov_str line, rest;
	uint64_t next = 0;

	if (ov_store_read(a->private, "next", 32, &b) == OV_OK) {
		rest = ov_buf_text(&b);
		if (!ov_text_split(&rest, '\n', &line) ||
		    ov_checkpoint_number(line, &next) != OV_OK)
			next = 0;
	}
	return next;
}

static ov_status open_tiles(struct ov_archive *a, const struct ov_witness_stored *held)
{
	const uint64_t next = read_next(a);
	struct ov_merkle_hash root;
	ov_status s = OV_BAD;

	if (next > held->size && next <= ov_archive_pending(a)) {
		s = ov_logwriter_open(a->public, a->h, next, &a->w);
		if (s != OV_OK)
			ov_logwriter_close(&a->w); /* then from the mirror checkpoint on */
	}
	if (s != OV_OK)
		s = ov_logwriter_open(a->public, a->h, held->size, &a->w);
	if (s != OV_OK)
		return trouble(a, s == OV_NOMEM ? s : OV_BAD,
			       "tiles that were signed are gone or damaged");
	if (held->size == 0 || a->w.edge.size != held->size)
		return OV_OK;
	OV_TRY(ov_merkle_root(a->h, &a->w.edge, &root));
	return memcmp(root.b, held->root.b, sizeof root.b) == 0
		   ? OV_OK
		   : trouble(a, OV_BAD, "the tiles are not those that were signed");
}

static ov_status open_stored(struct ov_archive *a)
{
	struct ov_witness_stored held = { .size = 0 };
	OV_CLEANUP(ov_buf_free) struct ov_buf note = ov_buf_of(2 * OV_NOTE_MAX);
	ov_status s =
	    read_checkpoint(a, a->private, "pending", &a->pending[0].note, &a->pending[0].tree);

	if (s == OV_OK)
		a->npending = 1;
	else if (s != OV_END)
		return trouble(a, s, "the pending checkpoint can't be read");
	s = read_checkpoint(a, a->public, "checkpoint", &note, &held);
	if (s != OV_OK && s != OV_END)
		return trouble(a, s, "the mirror checkpoint can't be read");
	if (held.size > ov_archive_pending(a))
		return trouble(a, OV_BAD, "the pending checkpoint is older than what was signed");
	a->held = a->checked = held.size;
	return open_tiles(a, &held);
}

ov_status ov_archive_open(const char *folder, struct ov_str vkey, struct ov_quota *quota,
			  uint64_t since, struct ov_archive *out)
{
	uint8_t digest[OV_DIGEST_MAX];
	char hex[2 * OV_DIGEST_MAX + 1];

	memset(out, 0, sizeof *out);
	out->quota = quota;
	out->since = since;
	out->bundle = ov_buf_of((size_t)OV_TILE_WIDTH * (OV_ENTRY_MAX + 2) * 2);
	out->bundle_index = UINT64_MAX;
	for (unsigned i = 0; i < OV_ARCHIVE_PENDING; i++)
		out->pending[i].note = ov_buf_of(2 * OV_NOTE_MAX);
	OV_TRY(ov_hasher_new(OV_SHA256, &out->h));
	if (ov_vkey_parse(out->h, vkey, &out->log) != OV_OK || out->log.type != OV_KEY_PLAIN)
		return OV_UNSUPPORTED;
	OV_TRY(ov_hasher_once(out->h, out->log.name.p, out->log.name.n, digest));
	ov_hex_encode(digest, 32, hex);
	if (asprintf(&out->public, "%s/public/%s", folder, hex) < 0)
		out->public = NULL;
	if (asprintf(&out->private, "%s/private/%s", folder, hex) < 0)
		out->private = NULL;
	if (out->public == NULL || out->private == NULL)
		return OV_NOMEM;
	OV_TRY(ov_save_folder_mode(out->public, 0755));
	OV_TRY(ov_save_folder(out->private));
	ov_save_sweep(out->public);
	ov_save_sweep(out->private);
	return open_stored(out);
}

void ov_archive_close(struct ov_archive *a)
{
	ov_logwriter_close(&a->w);
	for (unsigned i = 0; i < OV_ARCHIVE_PENDING; i++)
		ov_buf_free(&a->pending[i].note);
	ov_buf_free(&a->bundle);
	ov_hasher_free(&a->h);
	free(a->public);
	free(a->private);
	a->public = a->private = NULL;
}

uint64_t ov_archive_next(const struct ov_archive *a)
{
	return a->w.edge.size;
}

uint64_t ov_archive_pending(const struct ov_archive *a)
{
	return a->npending > 0 ? a->pending[0].tree.size : 0;
}

static unsigned find_pending(const struct ov_archive *a, uint64_t size)
{
	unsigned i = 0;

	while (i < a->npending && a->pending[i].tree.size != size)
		i++;
	return i;
}

bool ov_archive_knows(const struct ov_archive *a, uint64_t size)
{
	return find_pending(a, size) < a->npending;
}

/* ---- add-checkpoint ---- */

ov_status ov_archive_note(const struct ov_note *n, const struct ov_vkey *log, struct ov_buf *out)
{
	OV_TRY(ov_buf_str(out, n->text));
	OV_TRY(ov_buf_u8(out, '\n'));
	for (uint32_t i = 0; i < n->nsigs; i++)
		if (n->sigs[i].id == log->id && ov_str_eq(n->sigs[i].name, log->name))
			OV_TRY(
			    ov_buf_fmt(out, "%.*s\n", (int)n->sigs[i].line.n, n->sigs[i].line.p));
	return OV_OK;
}

/* One size, two roots, both signed by the log. */
static void keep_fork(struct ov_archive *a, const struct ov_witness_request *r)
{
	struct ov_buf note = ov_buf_of(2 * OV_NOTE_MAX), both = ov_buf_of(2 * OV_EVIDENCE_MAX);
	const struct ov_contradiction how = { .has_prefix = false };
	char name[OV_EVIDENCE_NAME];

	if (ov_archive_note(&r->note, &a->log, &note) == OV_OK &&
	    ov_evidence_write(&a->log, ov_buf_text(&a->pending[0].note), ov_buf_text(&note), &how,
			      &both) == OV_OK &&
	    ov_evidence_keep(a->private, ov_buf_text(&both), name) == OV_OK)
		(void)snprintf(a->alarm, sizeof a->alarm, "the log has two histories: %s/%s",
			       a->private, name);
	ov_buf_free(&note);
	ov_buf_free(&both);
}

static ov_status store_pending(struct ov_archive *a, const struct ov_witness_request *r)
{
	struct ov_buf note = ov_buf_of(2 * OV_NOTE_MAX);
	ov_status s = ov_archive_note(&r->note, &a->log, &note);
	const unsigned last = OV_ARCHIVE_PENDING - 1;

	if (s == OV_OK)
		s = ov_store_write(a->private, "pending", note.p, note.n, false);
	if (s != OV_OK) {
		ov_buf_free(&note);
		return s;
	}
	if (a->npending > 0 && a->pending[0].tree.size == r->checkpoint.size) {
		ov_buf_free(&a->pending[0].note);
	} else {
		ov_buf_free(&a->pending[last].note);
		memmove(a->pending + 1, a->pending, last * sizeof *a->pending);
		a->npending += a->npending < OV_ARCHIVE_PENDING;
	}
	a->pending[0].note = note;
	a->pending[0].tree =
	    (struct ov_witness_stored){ .size = r->checkpoint.size, .root = r->checkpoint.root };
	return OV_OK;
}

ov_status ov_archive_checkpoint(struct ov_archive *a, const struct ov_witness_request *r,
				int *status)
{
	static const struct ov_witness_stored nothing;
	const struct ov_witness_stored *now = a->npending > 0 ? &a->pending[0].tree : &nothing;

	OV_TRY(ov_witness_decide(a->h, r, &a->log, now, status));
	if (*status == 200)
		return store_pending(a, r);
	if (*status != 403 && a->npending > 0 && r->checkpoint.size == now->size &&
	    memcmp(r->checkpoint.root.b, now->root.b, sizeof now->root.b) != 0)
		keep_fork(a, r);
	return OV_OK;
}

/* ---- entries ---- */

/* Hash of an entry that is held, in the bundle that begins at `base`. */
static ov_status held_leaf(struct ov_archive *a, uint64_t index, struct ov_merkle_hash *out)
{
	struct ov_logdir l = { .folder = a->public, .h = a->h, .size = ov_archive_next(a) };

	if (index >= (l.size & ~MASK)) {
		*out = ov_logwriter_leaf(&a->w, (unsigned)(index & MASK));
		return OV_OK;
	}
	return ov_logdir_hash(&l, 0, index, out);
}

/* Root of the package's subtree: what is held before `start`, then what came. */
static ov_status subtree_root(struct ov_archive *a, const struct ov_mirror_package *p,
			      struct ov_merkle_hash *out)
{
	struct ov_merkle_edge e = { .size = 0 };
	struct ov_cur entries = p->entries, entry;
	struct ov_merkle_hash leaf;

	for (uint64_t i = p->base; i < p->end; i++) {
		if (i < p->start) {
			OV_TRY(held_leaf(a, i, &leaf));
		} else {
			OV_TRY(ov_entry_next(&entries, &entry) == OV_OK ? OV_OK : OV_BUG);
			OV_TRY(ov_merkle_leaf(a->h, entry.base, entry.len, &leaf));
		}
		OV_TRY(ov_merkle_append(a->h, &e, &leaf));
	}
	return ov_merkle_root(a->h, &e, out);
}

/* What a failed write left behind is read again from what is durable. */
static ov_status reopen(struct ov_archive *a, ov_status why)
{
	struct ov_witness_stored held = { .size = 0 };
	struct ov_buf note = ov_buf_of(2 * OV_NOTE_MAX);
	const ov_status s = read_checkpoint(a, a->public, "checkpoint", &note, &held);

	ov_logwriter_close(&a->w);
	if ((s != OV_OK && s != OV_END) || open_tiles(a, &held) != OV_OK)
		(void)trouble(a, OV_BAD, "what is held can't be read again after a failed write");
	ov_buf_free(&note);
	return why;
}

ov_status ov_archive_package(struct ov_archive *a, const struct ov_mirror_package *p, uint64_t end)
{
	const unsigned at = find_pending(a, end);
	struct ov_cur entries = p->entries, entry;
	struct ov_merkle_hash root;

	if (at == a->npending || p->start > ov_archive_next(a) || p->end > end)
		return OV_BUG;
	OV_TRY(subtree_root(a, p, &root));
	OV_TRY(ov_merkle_verify_subtree(a->h, &p->proof, p->base, p->end, &root, end,
					&a->pending[at].tree.root));
	if (p->end <= ov_archive_next(a))
		return OV_OK;
	OV_TRY(ov_quota_take(a->quota, p->entries.len + OV_TILE_BYTES));
	for (uint64_t i = p->start; i < p->end; i++) {
		ov_status s = ov_entry_next(&entries, &entry);

		if (s == OV_OK && i >= ov_archive_next(a))
			s = ov_logwriter_add(&a->w, entry);
		if (s != OV_OK)
			return reopen(a, s);
	}
	return OV_OK;
}

ov_status ov_archive_flush(struct ov_archive *a)
{
	char text[32];
	int n;

	if (a->trouble[0] != '\0')
		return OV_BAD;
	n = snprintf(text, sizeof text, "%llu\n", (unsigned long long)ov_archive_next(a));
	if (ov_logwriter_flush(&a->w) != OV_OK)
		return reopen(a, OV_IO);
	return ov_store_write(a->private, "next", text, (size_t)n, false);
}
