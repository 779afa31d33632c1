#include "evidence.h"

#include <stdio.h>
#include <string.h>

#include "b64.h"
#include "store.h"
#include "text.h"

#define HEAD "overt-fork/v1"
#define FILES 1000

static bool same(const struct ov_merkle_hash *a, const struct ov_merkle_hash *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* Root of the first `size` leaves of the tree that `read` reads. */
static ov_status prefix_of(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx, uint64_t size,
			   struct ov_merkle_hash *out)
{
	return size == 0 ? ov_merkle_empty(h, out) : ov_merkle_range(h, read, ctx, 0, size, out);
}

ov_status ov_evidence_compare(struct ov_hasher *h, ov_merkle_read_fn read, void *ctx,
			      const struct ov_checkpoint *small, const struct ov_checkpoint *large,
			      struct ov_contradiction *how)
{
	if (small->size > large->size)
		return OV_BUG;
	memset(how, 0, sizeof *how);
	if (small->size == large->size)
		return same(&small->root, &large->root) ? OV_OK : OV_END;
	how->has_prefix = true;
	OV_TRY(prefix_of(h, read, ctx, small->size, &how->prefix));
	OV_TRY(ov_merkle_prove_growth(h, read, ctx, small->size, large->size, &how->proof));
	OV_TRY(ov_merkle_verify_growth(h, &how->proof, small->size, &how->prefix, large->size,
				       &large->root));
	return same(&how->prefix, &small->root) ? OV_OK : OV_END;
}

static ov_status put_hash(struct ov_buf *out, const struct ov_merkle_hash *hash)
{
	OV_TRY(ov_b64_encode(out, hash->b, sizeof hash->b));
	return ov_buf_u8(out, '\n');
}

ov_status ov_evidence_write(const struct ov_vkey *log, struct ov_str small, struct ov_str large,
			    const struct ov_contradiction *how, struct ov_buf *out)
{
	OV_TRY(ov_buf_str(out, OV_STR(HEAD "\nlog ")));
	OV_TRY(ov_vkey_write(out, log));
	OV_TRY(ov_buf_u8(out, '\n'));
	if (how->has_prefix) {
		OV_TRY(ov_buf_str(out, OV_STR("prefix ")));
		OV_TRY(put_hash(out, &how->prefix));
		for (size_t i = 0; i < how->proof.n; i++)
			OV_TRY(put_hash(out, &how->proof.h[i]));
	}
	OV_TRY(ov_buf_u8(out, '\n'));
	OV_TRY(ov_buf_str(out, small));
	OV_TRY(ov_buf_u8(out, '\n'));
	return ov_buf_str(out, large);
}

ov_status ov_evidence_keep(const char *folder, struct ov_str bytes, char name[OV_EVIDENCE_NAME])
{
	for (unsigned i = 1; i < FILES; i++) {
		OV_CLEANUP(ov_buf_free) struct ov_buf old = ov_buf_of(2 * OV_EVIDENCE_MAX);
		ov_status s;

		(void)snprintf(name, OV_EVIDENCE_NAME, "fork-%u.evidence", i);
		s = ov_store_read(folder, name, OV_EVIDENCE_MAX, &old);
		if (s == OV_END)
			return ov_store_write(folder, name, bytes.p, bytes.n, false);
		if (s == OV_NOMEM)
			return s;
		if (s == OV_OK && ov_str_eq((struct ov_str){ (const char *)old.p, old.n }, bytes))
			return OV_OK;
	}
	return OV_LIMIT;
}

/* Lines before the notes: the log's key, then perhaps the contradiction. */
static ov_status parse_head(struct ov_hasher *h, struct ov_str *rest, struct ov_evidence *e)
{
	const struct ov_str log = OV_STR("log "), prefix = OV_STR("prefix ");
	struct ov_str line;

	if (!ov_text_split(rest, '\n', &line) || !ov_str_starts(line, log))
		return OV_BAD;
	OV_TRY(ov_vkey_parse(h, (struct ov_str){ line.p + log.n, line.n - log.n }, &e->log));
	if (!ov_text_split(rest, '\n', &line))
		return OV_BAD;
	if (line.n == 0)
		return OV_OK;
	if (!ov_str_starts(line, prefix))
		return OV_BAD;
	e->how.has_prefix = true;
	OV_TRY(ov_checkpoint_hash((struct ov_str){ line.p + prefix.n, line.n - prefix.n },
				  &e->how.prefix));
	for (;;) {
		if (!ov_text_split(rest, '\n', &line))
			return OV_BAD;
		if (line.n == 0)
			return OV_OK;
		if (e->how.proof.n == OV_MERKLE_PROOF_MAX)
			return OV_LIMIT;
		OV_TRY(ov_checkpoint_hash(line, &e->how.proof.h[e->how.proof.n]));
		e->how.proof.n++;
	}
}

/* A checkpoint's text has no empty line, and its signatures have none: the second one ends it. */
static ov_status cut_note(struct ov_str *rest, struct ov_str *out)
{
	const char *text = rest->n > 0 ? memmem(rest->p, rest->n, "\n\n", 2) : NULL, *end;

	if (text == NULL)
		return OV_BAD;
	text += 2;
	end = memmem(text, rest->n - (size_t)(text - rest->p), "\n\n", 2);
	if (end == NULL)
		return OV_BAD;
	*out = (struct ov_str){ rest->p, (size_t)(end - rest->p) + 1 };
	*rest = (struct ov_str){ end + 2, rest->n - out->n - 1 };
	return OV_OK;
}

bool ov_evidence_is(struct ov_str bytes)
{
	return ov_str_starts(bytes, OV_STR("overt-fork/"));
}

ov_status ov_evidence_parse(struct ov_hasher *h, struct ov_str bytes, struct ov_arena *a,
			    struct ov_evidence *out)
{
	struct ov_str rest = bytes, line, note;

	memset(out, 0, sizeof *out);
	if (bytes.n > OV_EVIDENCE_MAX)
		return OV_LIMIT;
	if (!ov_text_split(&rest, '\n', &line) || !ov_evidence_is(line))
		return OV_BAD;
	if (!ov_str_is(line, HEAD))
		return OV_UNSUPPORTED;
	OV_TRY(parse_head(h, &rest, out));
	OV_TRY(cut_note(&rest, &note));
	OV_TRY(ov_note_parse(note, a, &out->note[0]));
	OV_TRY(ov_note_parse(rest, a, &out->note[1]));
	for (int i = 0; i < 2; i++)
		OV_TRY(ov_checkpoint_parse(out->note[i].text, &out->checkpoint[i]));
	return OV_OK;
}

static ov_status is_signed(const struct ov_evidence *e, const struct ov_note *n)
{
	struct ov_note_key key = { .key = &e->log };
	const ov_status s = ov_note_verify(n, &key, 1);

	return s == OV_BAD ? OV_END : s;
}

ov_status ov_evidence_check(struct ov_hasher *h, const struct ov_evidence *e)
{
	const struct ov_checkpoint *small = &e->checkpoint[0], *large = &e->checkpoint[1];

	for (int i = 0; i < 2; i++) {
		if (e->log.type != OV_KEY_PLAIN || !ov_str_eq(e->checkpoint[i].origin, e->log.name))
			return OV_END;
		OV_TRY(is_signed(e, &e->note[i]));
	}
	if (small->size > large->size || (small->size == large->size) == e->how.has_prefix)
		return OV_BAD;
	if (!e->how.has_prefix)
		return same(&small->root, &large->root) ? OV_BAD : OV_OK;
	if (same(&e->how.prefix, &small->root))
		return OV_BAD;
	return ov_merkle_verify_growth(h, &e->how.proof, small->size, &e->how.prefix, large->size,
				       &large->root);
}
