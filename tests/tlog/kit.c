#include "kit.h"

#include <stdlib.h>

#include "testing.h"

void kit_log_make(struct kit_log *l, size_t n)
{
	*l = (struct kit_log){ .n = n };
	assert_int_equal(ov_hasher_new(OV_SHA256, &l->h), OV_OK);
	l->leaves = calloc(n + 1, sizeof *l->leaves);
	assert_non_null(l->leaves);
	for (size_t i = 0; i < n; i++) {
		char text[32];
		const int len = snprintf(text, sizeof text, "leaf %zu\n", i);

		assert_int_equal(ov_merkle_leaf(l->h, text, (size_t)len, &l->leaves[i]), OV_OK);
	}
}

void kit_log_free(struct kit_log *l)
{
	ov_hasher_free(&l->h);
	free(l->leaves);
}

void kit_root(struct kit_log *l, uint64_t lo, uint64_t hi, struct ov_merkle_hash *out)
{
	struct ov_merkle_hash left, right;
	uint64_t k = 1;

	if (hi == lo) {
		assert_int_equal(ov_merkle_empty(l->h, out), OV_OK);
		return;
	}
	if (hi - lo == 1) {
		*out = l->leaves[lo];
		return;
	}
	while (2 * k < hi - lo)
		k *= 2;
	kit_root(l, lo, lo + k, &left);
	kit_root(l, lo + k, hi, &right);
	assert_int_equal(ov_merkle_node(l->h, &left, &right, out), OV_OK);
}

ov_status kit_read(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	struct kit_log *l = ctx;

	if ((index + 1) << level > l->n)
		return OV_BUG; /* only complete subtrees may be asked for */
	kit_root(l, index << level, (index + 1) << level, out);
	return OV_OK;
}

void kit_key(struct ov_hasher *h, uint8_t type, struct ov_skey *out)
{
	static const char label[] = "overt interop test";
	uint8_t seed[OV_DIGEST_MAX];

	assert_int_equal(ov_hasher_once(h, label, sizeof label - 1, seed), OV_OK);
	assert_int_equal(ov_skey_make(h, OV_STR("overt.example/db"), type, seed, out), OV_OK);
}
