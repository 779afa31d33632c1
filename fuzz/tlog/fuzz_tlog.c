/*
 * The log's texts; the first byte chooses which. Claims: what is read and written again is the same
 * bytes (base64, tile paths, checkpoints, keys); a proof or request that parses has its numbers in
 * range; a policy's quorum is met by all witnesses at once exactly when it can be met at all; no
 * note is good by a key that did not sign it; what a mirror is sent, and what it answers, is the
 * same bytes again, and packages follow each other without a gap.
 */
#include <stdlib.h>
#include <string.h>

#include "b64.h"
#include "mirror.h"
#include "policy.h"
#include "proof.h"
#include "tile.h"
#include "witness.h"

static void same(const struct ov_buf *b, struct ov_str s)
{
	if (!ov_str_eq((struct ov_str){ (const char *)b->p, b->n }, s))
		abort();
}

static void base64(struct ov_str s)
{
	static uint8_t out[1 << 16];
	struct ov_buf b = ov_buf_of(1 << 18);
	size_t n;

	if (ov_b64_decode(s, out, sizeof out, &n) == OV_OK) {
		if (ov_b64_encode(&b, out, n) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

static void path(struct ov_str s)
{
	struct ov_buf b = ov_buf_of(1 << 10);
	struct ov_tile t;

	if (ov_tile_parse(s, &t) == OV_OK) {
		if (ov_tile_path(&b, &t) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

static void checkpoint(struct ov_str s)
{
	struct ov_buf b = ov_buf_of(1 << 18);
	struct ov_checkpoint c;

	if (ov_checkpoint_parse(s, &c) == OV_OK) {
		if (ov_checkpoint_write(&c, &b) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

static void key(struct ov_hasher *h, struct ov_str s)
{
	struct ov_buf b = ov_buf_of(1 << 12);
	struct ov_vkey k;

	if (ov_vkey_parse(h, s, &k) == OV_OK && k.type != OV_KEY_ML_DSA) {
		if (ov_vkey_write(&b, &k) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

static void note(struct ov_str s, struct ov_arena *a)
{
	static const uint8_t none[OV_KEY_BYTES];
	struct ov_note n;

	if (ov_note_parse(s, a, &n) != OV_OK)
		return;
	if (n.nsigs == 0 || n.text.n >= s.n || !ov_note_text_ok(n.text))
		abort();
	for (uint32_t i = 0; i < n.nsigs;
	     i++) { /* a key of nobody's, under the signer's name and id */
		struct ov_vkey k = { .name = n.sigs[i].name,
				     .id = n.sigs[i].id,
				     .type = OV_KEY_PLAIN };
		struct ov_note_key known = { .key = &k };

		memcpy(k.key, none, sizeof none);
		k.key[0] = 2; /* no point of the curve */
		if (ov_note_verify(&n, &known, 1) == OV_OK)
			abort();
	}
}

static void proof(struct ov_hasher *h, struct ov_str s, struct ov_arena *a)
{
	struct ov_tlog_proof p;

	if (ov_tlog_proof_parse(s, a, &p) != OV_OK)
		return;
	if (p.index >= p.checkpoint.size || p.hashes.n > OV_MERKLE_PROOF_MAX)
		abort();
	(void)!ov_tlog_proof_check(h, &p, s.p, s.n > 9 ? 9 : s.n);
}

static void request(struct ov_hasher *h, struct ov_str s, struct ov_arena *a)
{
	struct ov_witness_request r;
	struct ov_witness_stored stored = { .size = 0 };
	int status;

	if (ov_witness_parse(s, a, &r) != OV_OK)
		return;
	if (r.proof.n > OV_WITNESS_PROOF_MAX)
		abort();
	if (ov_witness_decide(h, &r, NULL, &stored, &status) != OV_OK || status != 404)
		abort();
}

static void policy(struct ov_hasher *h, struct ov_str s, struct ov_arena *a)
{
	static struct ov_policy p;
	uint64_t times[OV_POLICY_MEMBERS];
	uint32_t line;

	if (ov_policy_parse(h, s, a, &p, &line, NULL) != OV_OK)
		return;
	for (uint32_t i = 0; i < OV_POLICY_MEMBERS; i++)
		times[i] = 7;
	if (ov_policy_time(&p, times) != (p.needs_none ? UINT64_MAX : 7))
		abort();
	memset(times, 0, sizeof times);
	if (ov_policy_time(&p, times) != (p.needs_none ? UINT64_MAX : 0))
		abort();
}

static void upload(struct ov_str s)
{
	struct ov_cur in = ov_cur_of((const uint8_t *)s.p, s.n);
	struct ov_buf b = ov_buf_of(1 << 21);
	struct ov_mirror_head h;
	struct ov_mirror_package p;
	uint64_t at;

	if (ov_mirror_head_read(&in, &h) != OV_OK) {
		if (in.pos != 0)
			abort();
		return;
	}
	if (ov_mirror_head_write(&b, &h) != OV_OK)
		abort();
	for (at = h.start; at < h.end; at = p.end) {
		if (ov_mirror_package_read(&in, at, h.end, &p) != OV_OK)
			break;
		if (p.start != at || p.end <= at || p.end > h.end || p.base > at ||
		    p.end - p.base > OV_TILE_WIDTH || ov_mirror_package_write(&b, &p) != OV_OK)
			abort();
	}
	same(&b, (struct ov_str){ s.p, in.pos });
	ov_buf_free(&b);
}

static void answer(struct ov_str s)
{
	struct ov_buf b = ov_buf_of(1 << 12);
	struct ov_mirror_info i;

	if (ov_mirror_info_read(s, &i) == OV_OK) {
		if (ov_mirror_info_write(&b, &i) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_hasher *h = NULL;
	struct ov_arena a;
	struct ov_str s;

	if (size < 1 || ov_hasher_new(OV_SHA256, &h) != OV_OK)
		return 0;
	s = (struct ov_str){ (const char *)data + 1, size - 1 };
	ov_arena_init(&a, 1 << 20);
	switch (data[0] % 10) {
	case 0:
		base64(s);
		break;
	case 1:
		path(s);
		break;
	case 2:
		checkpoint(s);
		break;
	case 3:
		key(h, s);
		break;
	case 4:
		note(s, &a);
		break;
	case 5:
		proof(h, s, &a);
		break;
	case 6:
		request(h, s, &a);
		break;
	case 7:
		policy(h, s, &a);
		break;
	case 8:
		upload(s);
		break;
	default:
		answer(s);
		break;
	}
	ov_arena_free(&a);
	ov_hasher_free(&h);
	return 0;
}
