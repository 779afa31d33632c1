#include "proof.h"

#include <string.h>

#include "b64.h"
#include "text.h"

#define EXTRA_MAX 65535 /* bytes: an entry's */
#define HEAD "c2sp.org/tlog-proof@v1"

static struct ov_str after(struct ov_str s, size_t n)
{
	return (struct ov_str){ s.p + n, s.n - n };
}

static ov_status take_extra(struct ov_str line, struct ov_arena *a, struct ov_tlog_proof *p)
{
	uint8_t *bytes = NULL;
	size_t n;

	if (line.n > OV_B64_SIZE(EXTRA_MAX))
		return OV_LIMIT;
	OV_TRY(ov_arena_array(a, line.n / 4 * 3 + 1, &bytes));
	if (ov_b64_decode(line, bytes, line.n / 4 * 3, &n) != OV_OK)
		return OV_BAD;
	p->extra = ov_cur_of(bytes, n);
	p->has_extra = true;
	return OV_OK;
}

/* Everything above the empty line. */
static ov_status take_head(struct ov_str *rest, struct ov_arena *a, struct ov_tlog_proof *p)
{
	struct ov_str line;

	if (!ov_text_split(rest, '\n', &line) || !ov_str_is(line, HEAD) ||
	    !ov_text_split(rest, '\n', &line))
		return OV_BAD;
	if (ov_str_starts(line, OV_STR("extra "))) {
		OV_TRY(take_extra(after(line, 6), a, p));
		if (!ov_text_split(rest, '\n', &line))
			return OV_BAD;
	}
	if (!ov_str_starts(line, OV_STR("index ")))
		return OV_BAD;
	OV_TRY(ov_checkpoint_number(after(line, 6), &p->index));
	for (;;) {
		if (!ov_text_split(rest, '\n', &line))
			return OV_BAD;
		if (line.n == 0)
			return OV_OK;
		if (p->hashes.n == OV_MERKLE_PROOF_MAX)
			return OV_LIMIT;
		OV_TRY(ov_checkpoint_hash(line, &p->hashes.h[p->hashes.n]));
		p->hashes.n++;
	}
}

ov_status ov_tlog_proof_parse(struct ov_str bytes, struct ov_arena *a, struct ov_tlog_proof *out)
{
	struct ov_str rest = bytes;

	memset(out, 0, sizeof *out);
	if (bytes.n > OV_NOTE_MAX + OV_B64_SIZE(EXTRA_MAX) + 8192)
		return OV_LIMIT;
	OV_TRY(take_head(&rest, a, out));
	if (rest.p == NULL)
		return OV_BAD;
	OV_TRY(ov_note_parse(rest, a, &out->note));
	OV_TRY(ov_checkpoint_parse(out->note.text, &out->checkpoint));
	return out->index < out->checkpoint.size ? OV_OK : OV_BAD;
}

ov_status ov_tlog_proof_check(struct ov_hasher *h, const struct ov_tlog_proof *p, const void *entry,
			      size_t n)
{
	struct ov_merkle_hash leaf;

	OV_TRY(ov_merkle_leaf(h, entry, n, &leaf));
	return ov_merkle_verify(h, &p->hashes, p->index, p->checkpoint.size, &leaf,
				&p->checkpoint.root);
}

ov_status ov_tlog_proof_write(uint64_t index, const struct ov_merkle_proof *p, struct ov_cur extra,
			      struct ov_str note, struct ov_buf *out)
{
	OV_TRY(ov_buf_str(out, OV_STR(HEAD "\n")));
	if (extra.len > 0) {
		if (extra.len > EXTRA_MAX)
			return OV_LIMIT;
		OV_TRY(ov_buf_str(out, OV_STR("extra ")));
		OV_TRY(ov_b64_encode(out, extra.base, extra.len));
		OV_TRY(ov_buf_u8(out, '\n'));
	}
	OV_TRY(ov_buf_fmt(out, "index %llu\n", (unsigned long long)index));
	for (size_t i = 0; i < p->n; i++) {
		OV_TRY(ov_b64_encode(out, p->h[i].b, OV_MERKLE_HASH));
		OV_TRY(ov_buf_u8(out, '\n'));
	}
	OV_TRY(ov_buf_u8(out, '\n'));
	return ov_buf_str(out, note);
}
