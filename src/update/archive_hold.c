/* What an archive must hold before it signs: the artifacts that states name; and the signing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive_int.h"
#include "logdir.h"
#include "save.h"
#include "store.h"
#include "text.h"

#define MASK ((uint64_t)OV_TILE_WIDTH - 1)

static void file_name(const uint8_t sha256[OV_SHA256_BYTES], char out[80])
{
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	(void)snprintf(out, 80, "a/%s", hex);
}

/* Files get their name only after their digest was right; a size that is not is damage. */
static bool has_file(const char *folder, const uint8_t sha256[OV_SHA256_BYTES], uint64_t size)
{
	char name[80], *path;
	struct stat st;
	bool is;

	file_name(sha256, name);
	path = ov_store_path(folder, name);
	is = path != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	     (uint64_t)st.st_size == size;
	free(path);
	return is;
}

/* The first file of a state that is not here. @return OV_END all are. */
static ov_status missing_of(const struct ov_archive *a, const struct ov_state *s,
			    struct ov_archive_file *out)
{
	for (uint32_t i = 0; i < s->nartifacts + s->ndeltas; i++) {
		const struct ov_state_delta *d = &s->deltas[i - s->nartifacts];
		const uint8_t *sha256 = i < s->nartifacts ? s->artifacts[i].sha256 : d->sha256;
		const uint64_t size = i < s->nartifacts ? s->artifacts[i].size : d->size;

		if (has_file(a->public, sha256, size))
			continue;
		memcpy(out->sha256, sha256, OV_SHA256_BYTES);
		out->size = size;
		return OV_OK;
	}
	return OV_END;
}

/* An entry that is held: of the unfinished bundle, or of a file. */
static ov_status entry_at(struct ov_archive *a, uint64_t index, struct ov_cur *out)
{
	const uint64_t next = ov_archive_next(a);
	struct ov_cur c;

	if (index >= (next & ~MASK)) {
		c = ov_buf_cur(&a->w.bundle);
	} else {
		if (a->bundle_index != index / OV_TILE_WIDTH) {
			a->bundle.n = 0;
			a->bundle_index = UINT64_MAX;
			OV_TRY(
			    ov_logdir_tile(a->public, ov_tile_of_entry(index, next), &a->bundle));
			a->bundle_index = index / OV_TILE_WIDTH;
		}
		c = ov_buf_cur(&a->bundle);
	}
	for (uint64_t i = 0; i <= (index & MASK); i++)
		if (ov_entry_next(&c, out) != OV_OK)
			return OV_BAD;
	return OV_OK;
}

static ov_status missing_at(struct ov_archive *a, uint64_t index, struct ov_arena *arena,
			    struct ov_archive_file *out)
{
	struct ov_cur entry;
	struct ov_state state;
	struct ov_note n;
	ov_status s;

	OV_TRY(entry_at(a, index, &entry));
	s = ov_note_parse((struct ov_str){ (const char *)entry.base, entry.len }, arena, &n);
	if (s == OV_OK)
		s = ov_state_parse(n.text, arena, &state, NULL);
	if (s == OV_OK)
		return missing_of(a, &state, out);
	/* Any log's entries can be held; those that are no states of ours name nothing. */
	return s == OV_BAD || s == OV_SHORT || s == OV_END ? OV_END : s;
}

ov_status ov_archive_missing(struct ov_archive *a, uint64_t size, struct ov_archive_file *out)
{
	struct ov_arena arena;
	ov_status s = OV_END;

	if (size > ov_archive_next(a))
		return OV_BUG;
	ov_arena_init(&arena, 4 << 20);
	if (a->checked < a->since)
		a->checked = a->since < size ? a->since : size;
	while (s == OV_END && a->checked < size) {
		s = missing_at(a, a->checked, &arena, out);
		a->checked += s == OV_END;
		ov_arena_reset(&arena, 1 << 20);
	}
	/* What is in use now is looked at each time: it may have been lost since. */
	if (s == OV_END && size > 0 && size > a->since)
		s = missing_at(a, size - 1, &arena, out);
	ov_arena_free(&arena);
	return s;
}

/* One source's bytes into a file that has no name until they are known to be right. */
static ov_status fetch_one(const char *path, const char *name, struct ov_hasher *h,
			   struct ov_fetch *f, size_t nth, const struct ov_archive_file *file)
{
	uint8_t digest[OV_DIGEST_MAX];
	struct ov_save save;
	uint64_t size = 0;
	ov_status s;

	OV_TRY(ov_save_begin(path, 0644, &save));
	s = ov_hasher_start(h);
	if (s == OV_OK)
		s = ov_fetch_save(f, nth, name, file->size, save.fd, h, &size);
	if (s == OV_OK)
		s = ov_hasher_end(h, digest);
	if (s == OV_OK && (size != file->size || memcmp(digest, file->sha256, 32) != 0))
		s = OV_BAD;
	if (s == OV_OK)
		return ov_save_commit(&save);
	ov_save_drop(&save);
	return s == OV_LIMIT ? OV_BAD : s; /* more bytes than were named */
}

ov_status ov_archive_fetch(const char *public, struct ov_quota *quota, struct ov_hasher *h,
			   struct ov_fetch *f, size_t nsources, const struct ov_archive_file *file)
{
	char name[80], *path, *folder;
	ov_status s = OV_END;

	file_name(file->sha256, name);
	folder = ov_store_path(public, "a");
	path = ov_store_path(public, name);
	if (path == NULL || folder == NULL)
		s = OV_NOMEM;
	if (s == OV_END && ov_quota_take(quota, file->size) != OV_OK)
		s = OV_LIMIT;
	if (s == OV_END && ov_save_folder_mode(folder, 0755) != OV_OK)
		s = OV_IO;
	if (s == OV_END)
		for (size_t i = 0; i < nsources && s != OV_OK && s != OV_NOMEM; i++)
			s = fetch_one(path, name, h, f, i, file);
	if (s != OV_OK && s != OV_LIMIT)
		(void)__atomic_fetch_sub(&quota->used, file->size, __ATOMIC_RELAXED);
	free(folder);
	free(path);
	return s;
}

/* Does what is held lead to the checkpoint's root? By the tiles on the disk. */
static ov_status check_root(struct ov_archive *a, const struct ov_witness_stored *tree)
{
	struct ov_logdir l = { .folder = a->public, .h = a->h, .size = ov_archive_next(a) };
	struct ov_merkle_hash root;
	ov_status s;

	if (tree->size == 0)
		return OV_OK;
	s = ov_merkle_range(a->h, ov_logdir_hash, &l, 0, tree->size, &root);
	if (s == OV_NOMEM)
		return s;
	if (s == OV_OK && memcmp(root.b, tree->root.b, sizeof root.b) == 0)
		return OV_OK;
	(void)snprintf(a->trouble, sizeof a->trouble,
		       "the tiles that are held don't lead to the log's root: they are damaged");
	return OV_BAD;
}

static ov_status sign_note(struct ov_archive *a, const struct ov_skey *key, struct ov_str pending,
			   uint64_t now, struct ov_buf *line)
{
	struct ov_buf note = ov_buf_of(2 * OV_NOTE_MAX);
	const size_t before = line->n;
	const char *end = memmem(pending.p, pending.n, "\n\n", 2);
	ov_status s = end != NULL ? OV_OK : OV_BUG;

	if (s == OV_OK)
		s = ov_note_sign(key, (struct ov_str){ pending.p, (size_t)(end - pending.p) + 1 },
				 now, line);
	if (s == OV_OK)
		s = ov_buf_str(&note, pending);
	if (s == OV_OK)
		s = ov_buf_put(&note, line->p + before, line->n - before);
	if (s == OV_OK)
		s = ov_store_write(a->public, "checkpoint", note.p, note.n, false);
	if (s != OV_OK)
		line->n = before;
	ov_buf_free(&note);
	return s;
}

ov_status ov_archive_sign(struct ov_archive *a, const struct ov_skey *key, uint64_t size,
			  uint64_t now, struct ov_buf *line)
{
	struct ov_archive_file missing;
	unsigned at = 0;
	ov_status s;

	if (a->trouble[0] != '\0')
		return OV_BAD;
	while (at < a->npending && a->pending[at].tree.size != size)
		at++;
	if (at == a->npending || size < a->held)
		return OV_BUG;
	if (ov_archive_next(a) < size)
		return OV_END;
	OV_TRY(ov_archive_flush(a));
	s = ov_archive_missing(a, size, &missing);
	if (s != OV_END)
		return s == OV_OK ? OV_END : s;
	OV_TRY(ov_quota_take(a->quota, 0));
	OV_TRY(check_root(a, &a->pending[at].tree));
	OV_TRY(sign_note(a, key, ov_buf_text(&a->pending[at].note), now, line));
	a->held = size;
	return OV_OK;
}
