#include "bundle_make.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "delta.h"
#include "remote.h"
#include "save.h"
#include "text.h"
#include "tile.h"

#define PROOF_MAX ((size_t)256 << 10)
#define SMALL_MAX ((size_t)512 << 20) /* bytes of roots and tiles that are held at once */
#define ROOTS_MAX 1000

/* A file for the bundle. Small ones are held; artifacts are fetched when it is their turn. */
struct part {
	char name[OV_BUNDLE_NAME + 1];
	struct ov_buf bytes;
	uint64_t size;
	uint8_t sha256[OV_SHA256_BYTES];
	bool is_artifact;
};

struct maker {
	const struct bundle_make *o;
	struct bundle_made *made;
	struct ov_hasher *h;
	struct ov_fetch *f;
	struct ov_arena arena;
	struct ov_buf proof;
	struct ov_judgement j; /* only what was parsed, unless a root was given */
	struct part *parts;
	size_t n, cap, held;
};

static ov_status fail(struct maker *m, ov_status s, const char *fmt, ...) OV_PRINTF(3, 4);
static ov_status fail(struct maker *m, ov_status s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(m->made->error, sizeof m->made->error, fmt, ap);
	va_end(ap);
	return s;
}

static const struct part *find(const struct maker *m, const char *name)
{
	for (size_t i = m->n; i-- > 0;)
		if (strcmp(m->parts[i].name, name) == 0)
			return &m->parts[i];
	return NULL;
}

static ov_status add(struct maker *m, const char *name, struct part **out)
{
	if (m->n == OV_BUNDLE_FILES - 1) {
		(void)fail(m, OV_LIMIT, "more files than a bundle may have: use --for");
		return OV_LIMIT;
	}
	if (m->n == m->cap) {
		const size_t cap = m->cap == 0 ? 64 : m->cap * 2;
		struct part *more = reallocarray(m->parts, cap, sizeof *more);

		if (more == NULL)
			return OV_NOMEM;
		m->parts = more;
		m->cap = cap;
	}
	*out = &m->parts[m->n++];
	**out = (struct part){ .bytes = ov_buf_of(SMALL_MAX) };
	(void)snprintf((*out)->name, sizeof(*out)->name, "%s", name);
	return OV_OK;
}

/* Fetches a small file and holds it. @return OV_END: nobody has it, and nothing was added. */
static ov_status hold(struct maker *m, const char *name, size_t max)
{
	struct part *p;
	ov_status s;

	OV_TRY(add(m, name, &p));
	s = ov_fetch_get(m->f, name, max, &p->bytes);
	if (s != OV_OK) {
		ov_buf_free(&p->bytes);
		m->n--;
		return s == OV_END || s == OV_NOMEM
			   ? s
			   : fail(m, s, "%s: %s", name,
				  s == OV_LIMIT ? "too large" : ov_fetch_error(m->f));
	}
	p->size = p->bytes.n;
	m->held += p->bytes.n;
	return m->held <= SMALL_MAX ? OV_OK : fail(m, OV_LIMIT, "the log is too long: use --for");
}

/* The tile as wide as it is at this size, or full if the partial one is gone by now. */
static ov_status hold_tile(struct maker *m, struct ov_tile tile)
{
	for (;;) {
		OV_CLEANUP(ov_buf_free) struct ov_buf path = ov_buf_of(512);
		ov_status s;

		OV_TRY(ov_tile_path(&path, &tile));
		OV_TRY(ov_buf_u8(&path, 0));
		if (find(m, (const char *)path.p) != NULL)
			return OV_OK;
		s = hold(m, (const char *)path.p, OV_TILE_BYTES);
		if (s == OV_OK)
			m->made->tiles++;
		if (s != OV_END)
			return s;
		if (tile.width == OV_TILE_WIDTH)
			return fail(m, OV_IO, "%s: the repository has no such tile",
				    (const char *)path.p);
		tile.width = OV_TILE_WIDTH;
	}
}

/* An ov_merkle_read_fn that only notes which tiles a proof needs: hashes themselves don't matter.
 */
static ov_status note_tile(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	struct maker *m = ctx;
	struct ov_tile tile;

	memset(out, 0, sizeof *out);
	OV_TRY(ov_tile_of(level, index, m->j.proof.checkpoint.size, &tile));
	return hold_tile(m, tile);
}

static ov_status add_tiles(struct maker *m)
{
	const uint64_t size = m->j.proof.checkpoint.size;
	struct ov_merkle_proof unused;

	if (m->o->site != NULL && m->o->site->size > size)
		return fail(m, OV_BAD, "the site has accepted a larger log than this one");
	if (m->o->site != NULL)
		return m->o->site->size == 0
			   ? OV_OK
			   : ov_merkle_prove_growth(m->h, note_tile, m, m->o->site->size, size,
						    &unused);
	for (unsigned level = 0; level < 8 && size >> (8 * level) > 0; level++) {
		const uint64_t hashes = size >> (8 * level);

		for (uint64_t i = 0; i * OV_TILE_WIDTH < hashes; i++) {
			const uint64_t left = hashes - i * OV_TILE_WIDTH;
			const struct ov_tile tile = { .level = level,
						      .index = i,
						      .width = left < OV_TILE_WIDTH
								   ? (unsigned)left
								   : OV_TILE_WIDTH };

			OV_TRY(hold_tile(m, tile));
		}
	}
	return OV_OK;
}

static ov_status add_roots(struct maker *m)
{
	uint64_t version = m->o->site != NULL ? m->o->site->root + 1 : 1;

	for (unsigned i = 0; i < ROOTS_MAX; i++, version++) {
		char name[40];
		ov_status s;

		(void)snprintf(name, sizeof name, "root/%llu", (unsigned long long)version);
		s = hold(m, name, OV_NOTE_MAX);
		if (s == OV_END)
			break;
		OV_TRY(s);
		m->made->roots++;
	}
	return OV_OK;
}

static bool is_wanted(const struct maker *m, const struct ov_state_artifact *a)
{
	if (!ov_str_eq(a->channel, m->o->channel))
		return false;
	for (size_t i = 0; i < m->o->nnames; i++)
		if (ov_str_is(a->name, m->o->names[i]))
			return true;
	return m->o->nnames == 0;
}

static ov_status add_artifact(struct maker *m, const uint8_t sha256[OV_SHA256_BYTES], uint64_t size)
{
	char hex[2 * OV_SHA256_BYTES + 1], name[80];
	struct part *p;

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	(void)snprintf(name, sizeof name, "a/%s", hex);
	if (find(m, name) != NULL)
		return OV_OK;
	if (size > OV_DELTA_MAX)
		return fail(m, OV_LIMIT, "%s is larger than any artifact", name);
	OV_TRY(add(m, name, &p));
	p->is_artifact = true;
	p->size = size;
	memcpy(p->sha256, sha256, OV_SHA256_BYTES);
	return OV_OK;
}

/* A delta from what the site has, where that is smaller; else the whole. */
static ov_status add_wanted(struct maker *m, const struct ov_state_artifact *a)
{
	const struct ov_state *s = &m->j.state;

	if (m->o->site != NULL && site_has(m->o->site, a->sha256))
		return OV_OK;
	for (uint32_t i = 0; m->o->site != NULL && i < s->ndeltas; i++) {
		const struct ov_state_delta *d = &s->deltas[i];

		if (!ov_state_is_short(d->to, a->sha256) || !site_has_short(m->o->site, d->from) ||
		    d->size >= a->size)
			continue;
		m->made->deltas++;
		return add_artifact(m, d->sha256, d->size);
	}
	m->made->artifacts++;
	return add_artifact(m, a->sha256, a->size);
}

static ov_status parse_offer(struct maker *m)
{
	struct ov_judgement *j = &m->j;
	struct ov_str leaf;

	OV_TRY(ov_tlog_proof_parse(ov_buf_text(&m->proof), &m->arena, &j->proof));
	if (!j->proof.has_extra)
		return OV_BAD;
	leaf = (struct ov_str){ (const char *)j->proof.extra.base, j->proof.extra.len };
	OV_TRY(ov_note_parse(leaf, &m->arena, &j->release));
	return ov_state_parse(j->release.text, &m->arena, &j->state, NULL);
}

/* By a root that the user gave: the newest that follows from it in this repository counts. */
static ov_status judge_offer(struct maker *m)
{
	static const struct ov_memory fresh;
	struct ov_root *root = NULL;
	const char *why = NULL;

	if (m->o->root.n == 0)
		return OV_OK;
	OV_TRY(ov_arena_new(&m->arena, &root));
	if (ov_root_parse(m->h, m->o->root, &m->arena, root, &why) != OV_OK)
		return fail(m, OV_BAD, "the root file: %s", why);
	for (size_t i = 0; i < m->n; i++) {
		struct ov_root *next = NULL;

		if (strncmp(m->parts[i].name, "root/", 5) != 0)
			continue;
		OV_TRY(ov_arena_new(&m->arena, &next));
		if (ov_root_parse(m->h, ov_buf_text(&m->parts[i].bytes), &m->arena, next, NULL) ==
			OV_OK &&
		    ov_root_follows(root, next) == OV_OK)
			root = next;
	}
	OV_TRY(ov_judge(m->h, root, &fresh, ov_buf_text(&m->proof), m->o->now, &m->arena, &m->j));
	return m->j.refusal == OV_TAKEN
		   ? OV_OK
		   : fail(m, OV_BAD, "what the repository offers is refused: %s",
			  ov_refusal_text(m->j.refusal));
}

static ov_status collect(struct maker *m)
{
	struct part *p;
	ov_status s = ov_fetch_get(m->f, "latest.tlog-proof", PROOF_MAX, &m->proof);

	if (s != OV_OK)
		return fail(m, s == OV_END ? OV_IO : s, "latest.tlog-proof: %s",
			    s == OV_END ? "the repository has none" : ov_fetch_error(m->f));
	if (parse_offer(m) != OV_OK)
		return fail(m, OV_BAD, "the repository's newest proof is broken");
	OV_TRY(add_roots(m));
	OV_TRY(judge_offer(m));
	OV_TRY(add(m, "latest.tlog-proof", &p));
	p->bytes = m->proof;
	m->proof = ov_buf_of(0);
	OV_TRY(add_tiles(m));
	for (uint32_t i = 0; i < m->j.state.nartifacts; i++)
		if (is_wanted(m, &m->j.state.artifacts[i]))
			OV_TRY(add_wanted(m, &m->j.state.artifacts[i]));
	m->made->size = m->j.proof.checkpoint.size;
	return OV_OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct part *)a)->name, ((const struct part *)b)->name);
}

/* Each mirror that gives other bytes is passed over. */
static ov_status put_artifact(struct maker *m, struct ov_bundle_writer *w, const struct part *p)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(2 * OV_DELTA_MAX);
	uint8_t digest[OV_DIGEST_MAX];

	for (size_t i = 0; i < m->o->from.nsources; i++) {
		const ov_status s = ov_fetch_get_from(m->f, i, p->name, (size_t)p->size, &b);

		if (s == OV_NOMEM)
			return s;
		if (s == OV_OK && b.n == p->size &&
		    ov_hasher_once(m->h, b.p, b.n, digest) == OV_OK &&
		    memcmp(digest, p->sha256, OV_SHA256_BYTES) == 0)
			return ov_bundle_put(w, p->name, b.p, b.n);
	}
	return fail(m, OV_IO, "%s: nobody has the bytes that the state names", p->name);
}

static ov_status write_all(struct maker *m, int fd)
{
	struct ov_bundle_writer w;

	OV_TRY(ov_bundle_begin(fd, &w));
	for (size_t i = 0; i < m->n; i++) {
		const struct part *p = &m->parts[i];

		if (p->is_artifact)
			OV_TRY(put_artifact(m, &w, p));
		else
			OV_TRY(ov_bundle_put(&w, p->name, p->bytes.p, p->bytes.n));
	}
	OV_TRY(ov_bundle_end(&w));
	m->made->bytes = w.bytes;
	m->made->files = w.n;
	return OV_OK;
}

static ov_status write_file(struct maker *m)
{
	OV_CLEANUP(ov_save_drop) struct ov_save save = { .fd = -1, .folder = -1 };
	ov_status s;

	qsort(m->parts, m->n, sizeof *m->parts, by_name);
	s = ov_save_begin(m->o->output, 0644, &save);
	if (s == OV_OK)
		s = write_all(m, save.fd);
	if (s == OV_OK)
		s = ov_save_commit(&save);
	if (s != OV_OK && m->made->error[0] == '\0')
		return fail(m, s, "%s: %s", m->o->output,
			    s == OV_IO ? strerror(errno) : ov_status_name(s));
	return s;
}

ov_status bundle_make(const struct bundle_make *o, struct bundle_made *made)
{
	struct maker *m = calloc(1, sizeof *m);
	ov_status s;

	*made = (struct bundle_made){ .size = 0 };
	if (m == NULL)
		return OV_NOMEM;
	m->o = o;
	m->made = made;
	m->proof = ov_buf_of(2 * PROOF_MAX);
	ov_arena_init(&m->arena, 64 << 20);
	s = ov_hasher_new(OV_SHA256, &m->h);
	if (s == OV_OK)
		s = ov_fetch_open(&o->from, &m->f);
	if (s == OV_OK)
		s = collect(m);
	if (s == OV_OK)
		s = write_file(m);
	if (s != OV_OK && made->error[0] == '\0')
		(void)fail(m, s, "%s", ov_status_name(s));
	for (size_t i = 0; i < m->n; i++)
		ov_buf_free(&m->parts[i].bytes);
	free(m->parts);
	ov_buf_free(&m->proof);
	ov_fetch_close(&m->f);
	ov_hasher_free(&m->h);
	ov_arena_free(&m->arena);
	free(m);
	return s;
}
