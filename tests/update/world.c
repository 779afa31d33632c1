#include "world.h"

#include <stdlib.h>

#include "testing.h"

static struct ov_str str_of(const struct ov_buf *b)
{
	return (struct ov_str){ (const char *)b->p, b->n };
}

static void make_key(struct world *w, size_t number, const char *kind, uint8_t type,
		     struct ov_skey *out)
{
	uint8_t seed[OV_KEY_BYTES] = { 7, (uint8_t)number };

	(void)snprintf(w->names[number], sizeof w->names[number], "%s%zu.example", kind, number);
	assert_int_equal(ov_skey_make(w->h, ov_str_of(w->names[number]), type, seed, out), OV_OK);
}

static void put_vkey(struct ov_buf *b, const struct ov_skey *k)
{
	assert_int_equal(ov_vkey_write(b, &k->public), OV_OK);
}

static void write_policy(struct world *w)
{
	struct ov_buf *b = &w->policy;

	assert_int_equal(ov_buf_str(b, OV_STR("log ")), OV_OK);
	put_vkey(b, &w->log);
	for (size_t i = 0; i < WITNESSES + MIRRORS; i++) {
		assert_int_equal(ov_buf_fmt(b, "\nwitness c%zu ", i), OV_OK);
		put_vkey(b, &w->cosigners[i]);
	}
	assert_int_equal(ov_buf_str(b, OV_STR("\ngroup w 5 c0 c1 c2 c3 c4 c5 c6\n"
					      "group m any c7 c8\ngroup all all w m\n"
					      "quorum all\n")),
			 OV_OK);
}

void world_root(struct world *w, uint64_t version, const struct ov_skey *keys, size_t nkeys,
		size_t nsign, struct ov_buf *out)
{
	struct ov_root r = { .version = version, .expires = 2000000000 };
	struct ov_buf sigs = ov_buf_of(1 << 16);

	r.roots.threshold = 3;
	r.releases.threshold = 2;
	for (size_t i = 0; i < nkeys; i++)
		r.roots.key[r.roots.n++] = keys[i].public;
	for (size_t i = 0; i < RELEASE_KEYS; i++)
		r.releases.key[r.releases.n++] = w->releases[i].public;
	out->n = 0;
	assert_int_equal(ov_root_write(&r, str_of(&w->policy), out), OV_OK);
	for (size_t i = 0; i < nsign; i++)
		assert_int_equal(ov_note_sign(&keys[i], str_of(out), 0, &sigs), OV_OK);
	if (nsign == 0) /* a stranger's, so that it is a note at all */
		assert_int_equal(ov_note_sign(&w->log, str_of(out), 0, &sigs), OV_OK);
	assert_int_equal(ov_buf_fmt(out, "\n%.*s", (int)sigs.n, (char *)sigs.p), OV_OK);
	ov_buf_free(&sigs);
}

void world_make(struct world *w)
{
	size_t n = 0;

	memset(w, 0, sizeof *w);
	assert_int_equal(ov_hasher_new(OV_SHA256, &w->h), OV_OK);
	w->policy = w->root_bytes = ov_buf_of(1 << 16);
	for (size_t i = 0; i < ROOT_KEYS; i++)
		make_key(w, n++, "root", OV_KEY_PLAIN, &w->roots[i]);
	for (size_t i = 0; i < RELEASE_KEYS; i++)
		make_key(w, n++, "release", OV_KEY_PLAIN, &w->releases[i]);
	for (size_t i = 0; i < WITNESSES + MIRRORS; i++)
		make_key(w, n++, "cosigner", OV_KEY_COSIGN, &w->cosigners[i]);
	make_key(w, n, "log", OV_KEY_PLAIN, &w->log);
	write_policy(w);
	ov_arena_init(&w->arena, 1 << 20);
	world_root(w, 1, w->roots, ROOT_KEYS, 3, &w->root_bytes);
	assert_int_equal(ov_root_parse(w->h, str_of(&w->root_bytes), &w->arena, &w->root, NULL),
			 OV_OK);
	assert_int_equal(ov_root_enough(&w->root.note, &w->root.roots), OV_OK);
}

void world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		ov_buf_free(&w->leaves[i]);
	ov_buf_free(&w->policy);
	ov_buf_free(&w->root_bytes);
	ov_arena_free(&w->arena);
	ov_hasher_free(&w->h);
}

void world_append(struct world *w, uint64_t seq, size_t releases)
{
	struct ov_state_artifact a = { .channel = OV_STR("stable"),
				       .name = OV_STR("main"),
				       .version = OV_STR("1"),
				       .size = 1000 + seq };
	struct ov_state s = {
		.seq = seq, .time = 1000 + seq, .root = 1, .artifacts = &a, .nartifacts = 1
	};
	struct ov_buf *b = &w->leaves[w->n], sigs = ov_buf_of(1 << 16);

	*b = ov_buf_of(1 << 16);
	a.sha256[0] = (uint8_t)seq;
	assert_int_equal(ov_state_write(&s, b), OV_OK);
	for (size_t i = 0; i < releases; i++)
		assert_int_equal(ov_note_sign(&w->releases[i], str_of(b), 0, &sigs), OV_OK);
	if (releases == 0)
		assert_int_equal(ov_note_sign(&w->log, str_of(b), 0, &sigs), OV_OK);
	assert_int_equal(ov_buf_fmt(b, "\n%.*s", (int)sigs.n, (char *)sigs.p), OV_OK);
	assert_int_equal(ov_merkle_leaf(w->h, b->p, b->n, &w->hashes[w->n]), OV_OK);
	w->n++;
	ov_buf_free(&sigs);
}

ov_status world_read(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	struct world *w = ctx;
	struct ov_merkle_edge e = { .size = 0 };

	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		OV_TRY(ov_merkle_append(w->h, &e, &w->hashes[i]));
	*out = e.h[level];
	return OV_OK;
}

static void sign_all(struct world *w, const struct world_proof *how, struct ov_str text,
		     struct ov_buf *sigs)
{
	const struct ov_skey *log = how->other_log ? &w->roots[0] : &w->log;

	if (!how->no_log)
		assert_int_equal(ov_note_sign(log, text, 0, sigs), OV_OK);
	for (size_t i = how->skip_witnesses; i < WITNESSES; i++)
		assert_int_equal(ov_note_sign(&w->cosigners[i], text,
					      i == 0 ? how->time - how->early : how->time, sigs),
				 OV_OK);
	for (size_t i = how->skip_mirrors; i < MIRRORS; i++)
		assert_int_equal(ov_note_sign(&w->cosigners[WITNESSES + i], text, how->time, sigs),
				 OV_OK);
	if (how->forged_cosignature) {
		struct ov_skey liar = w->cosigners[1];

		liar.seed[5] ^= 1; /* in the witness's name, by another key */
		assert_int_equal(ov_note_sign(&liar, text, how->time, sigs), OV_OK);
	}
}

void world_proof(struct world *w, const struct world_proof *how, struct ov_buf *out)
{
	const uint64_t index = how->index > 0 ? how->index - 1 : how->size - 1;
	struct ov_checkpoint c = { .origin = w->log.public.name, .size = how->size };
	struct ov_buf note = ov_buf_of(1 << 16), sigs = ov_buf_of(1 << 16);
	struct ov_merkle_proof p;

	assert_int_equal(ov_merkle_range(w->h, world_read, w, 0, how->size, &c.root), OV_OK);
	if (how->other_root)
		c.root.b[0] ^= 1;
	assert_int_equal(ov_checkpoint_write(&c, &note), OV_OK);
	sign_all(w, how, str_of(&note), &sigs);
	assert_int_equal(ov_buf_fmt(&note, "\n%.*s", (int)sigs.n, (char *)sigs.p), OV_OK);
	assert_int_equal(ov_merkle_prove(w->h, world_read, w, index, how->size, &p), OV_OK);
	out->n = 0;
	assert_int_equal(
	    ov_tlog_proof_write(index, &p,
				how->no_extra ? ov_cur_of(NULL, 0) : ov_buf_cur(&w->leaves[index]),
				str_of(&note), out),
	    OV_OK);
	ov_buf_free(&note);
	ov_buf_free(&sigs);
}
