#include "witness.h"

#include <string.h>

#include "b64.h"
#include "text.h"

ov_status ov_witness_parse(struct ov_str body, struct ov_arena *a, struct ov_witness_request *out)
{
	struct ov_str rest = body, line;

	memset(out, 0, sizeof *out);
	if (!ov_text_split(&rest, '\n', &line) || !ov_str_starts(line, OV_STR("old ")))
		return OV_BAD;
	OV_TRY(ov_checkpoint_number((struct ov_str){ line.p + 4, line.n - 4 }, &out->old));
	for (;;) {
		if (!ov_text_split(&rest, '\n', &line))
			return OV_BAD;
		if (line.n == 0)
			break;
		if (out->proof.n == OV_WITNESS_PROOF_MAX)
			return OV_LIMIT;
		OV_TRY(ov_checkpoint_hash(line, &out->proof.h[out->proof.n]));
		out->proof.n++;
	}
	if (rest.p == NULL)
		return OV_BAD;
	OV_TRY(ov_note_parse(rest, a, &out->note));
	return ov_checkpoint_parse(out->note.text, &out->checkpoint);
}

ov_status ov_witness_write(const struct ov_witness_request *r, struct ov_str note,
			   struct ov_buf *out)
{
	OV_TRY(ov_buf_fmt(out, "old %llu\n", (unsigned long long)r->old));
	for (size_t i = 0; i < r->proof.n; i++) {
		OV_TRY(ov_b64_encode(out, r->proof.h[i].b, OV_MERKLE_HASH));
		OV_TRY(ov_buf_u8(out, '\n'));
	}
	OV_TRY(ov_buf_u8(out, '\n'));
	return ov_buf_str(out, note);
}

/* Nothing stored yet stands for the empty tree. */
static ov_status stored_root(struct ov_hasher *h, const struct ov_witness_stored *s,
			     struct ov_merkle_hash *out)
{
	if (s->size == 0)
		return ov_merkle_empty(h, out);
	*out = s->root;
	return OV_OK;
}

ov_status ov_witness_decide(struct ov_hasher *h, const struct ov_witness_request *r,
			    const struct ov_vkey *log, const struct ov_witness_stored *stored,
			    int *status)
{
	struct ov_note_key key = { .key = log };
	struct ov_merkle_hash old;
	ov_status s;

	*status = 404;
	if (log == NULL)
		return OV_OK;
	*status = 403;
	s = ov_note_verify(&r->note, &key, 1);
	if (s == OV_BAD || s == OV_END)
		return OV_OK;
	OV_TRY(s);
	*status = 400;
	if (r->old > r->checkpoint.size)
		return OV_OK;
	*status = 409;
	if (r->old != stored->size)
		return OV_OK;
	*status = 422;
	OV_TRY(stored_root(h, stored, &old));
	s = ov_merkle_verify_growth(h, &r->proof, r->old, &old, r->checkpoint.size,
				    &r->checkpoint.root);
	if (s == OV_BAD)
		return OV_OK;
	OV_TRY(s);
	if (r->checkpoint.size == 0 && memcmp(old.b, r->checkpoint.root.b, sizeof old.b) != 0)
		return OV_OK;
	*status = 200;
	return OV_OK;
}
