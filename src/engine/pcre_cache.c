/*
 * Compiled regular expressions, kept from first use on, and the driving of a match as ClamAV's
 * flags ask.
 *
 * An expression given with an offset alone is anchored there, with `r` it is searched from there
 * on. With a shift too, a match must start in offset .. offset + shift, and with `e` also end
 * there. `g` counts all matches instead of one. Source: the manual's chapter on PCRE subsignatures,
 * and clamscan's answers to small made files (tests/differential).
 */
#include "pcre_cache.h"

#include <stdlib.h>

#include "buf.h"
#include "checked.h"
#include "regex_pcre.h"

#define ONE_MAX ((size_t)4 << 20)  /* bytes that one compiled expression may take          */
#define ALL_MAX ((size_t)64 << 20) /* all of them together; past it the cache starts anew   */
#define MATCHER_MAX ((size_t)32 << 20)
#define MATCHES_MAX 10000 /* counted matches of one expression in one layer        */

struct ov_pcre_cache {
	struct ov_pcre_re **compiled; /* by subsignature; NULL: not yet */
	uint32_t nsubs;
	size_t bytes;
	struct ov_pcre_matcher *matcher;
	struct ov_buf layer;
	bool has_layer;
};

static void forget_all(struct ov_pcre_cache *c)
{
	for (uint32_t i = 0; c->bytes > 0 && i < c->nsubs; i++)
		ov_pcre_free(&c->compiled[i]);
	c->bytes = 0;
}

void ov_pcre_cache_free(struct ov_pcre_cache **pc)
{
	struct ov_pcre_cache *c = *pc;

	if (c == NULL)
		return;
	if (c->compiled != NULL)
		forget_all(c);
	ov_pcre_matcher_free(&c->matcher);
	ov_buf_free(&c->layer);
	free(c->compiled);
	free(c);
	*pc = NULL;
}

ov_status ov_pcre_cache_new(uint32_t nsubs, struct ov_pcre_cache **out)
{
	struct ov_pcre_cache *c = calloc(1, sizeof *c);
	ov_status s;

	if (c == NULL)
		return OV_NOMEM;
	c->nsubs = nsubs;
	c->layer = ov_buf_of(SIZE_MAX);
	c->compiled = calloc((size_t)nsubs + 1, sizeof(struct ov_pcre_re *));
	s = c->compiled == NULL ? OV_NOMEM
				: ov_pcre_matcher_new(OV_PCRE_LIMITS, MATCHER_MAX, &c->matcher);
	if (s != OV_OK) {
		ov_pcre_cache_free(&c);
		return s;
	}
	*out = c;
	return OV_OK;
}

void ov_pcre_cache_new_layer(struct ov_pcre_cache *c)
{
	if (c->has_layer)
		ov_buf_free(&c->layer);
	c->has_layer = false;
}

ov_status ov_pcre_cache_layer(struct ov_pcre_cache *c, const struct ov_src *src, struct ov_cur *out)
{
	size_t n;

	if (!c->has_layer) {
		OV_TRY(ov_size_of_u64(src->size, &n));
		c->layer.n = 0;
		OV_TRY(ov_buf_reserve(&c->layer, n));
		OV_TRY(ov_src_read(src, 0, c->layer.p, n));
		c->layer.n = n;
		c->has_layer = true;
	}
	*out = ov_buf_cur(&c->layer);
	return OV_OK;
}

static ov_status compiled(struct ov_pcre_cache *c, uint32_t id, const struct ov_sub *sub,
			  const struct ov_pcre_re **out)
{
	if (id >= c->nsubs)
		return OV_BUG;
	if (c->compiled[id] == NULL) {
		struct ov_pcre_re *re = NULL;

		if (c->bytes > ALL_MAX)
			forget_all(c);
		OV_TRY(ov_pcre_compile(sub->regex, sub->flags, ONE_MAX, &re, NULL));
		c->bytes += ov_pcre_bytes(re) + 1;
		c->compiled[id] = re;
	}
	*out = c->compiled[id];
	return OV_OK;
}

static void count_match(struct ov_find *f, size_t start, size_t end)
{
	if (f->count++ == 0) {
		f->first = start;
		f->first_len = end - start;
	}
	f->last = start;
	f->last_len = end - start;
}

ov_status ov_pcre_cache_match(struct ov_pcre_cache *c, uint32_t id, const struct ov_sub *sub,
			      struct ov_cur bytes, struct ov_range where, struct ov_find *find,
			      uint64_t *work)
{
	const bool has_place = sub->place.kind != OV_PLACE_ANY, has_shift = where.hi > where.lo;
	const struct ov_pcre_re *re = NULL;
	struct ov_pcre_use use;
	size_t from = 0, end = bytes.len;
	struct ov_cur text;
	bool is_anchored;

	OV_TRY(compiled(c, id, sub, &re));
	use = ov_pcre_use_of(re);
	if (where.lo > bytes.len)
		return OV_OK;
	if (has_place && has_shift && use.is_enclosed)
		end = (size_t)ov_min_u64(end, where.hi);
	/* As in ClamAV the text begins at the place: '^' matches there, nothing is looked back at.
	 */
	OV_TRY(ov_cur_sub(&bytes, where.lo, end - (size_t)where.lo, &text));
	is_anchored = has_place && !has_shift && !use.is_rolling;
	while (from <= text.len && find->count < MATCHES_MAX) {
		size_t s = 0, e = 0;
		const ov_status st =
		    ov_pcre_match(c->matcher, re, text.base, text.len, from, is_anchored, &s, &e);

		*work += 1;
		if (!is_anchored) /* without a match, all that was left */
			*work += st == OV_OK ? ov_max_u64(e, from) - from : text.len - from;
		if (st == OV_END || (st == OV_OK && has_shift && s > where.hi - where.lo))
			return OV_OK;
		OV_TRY(st);
		count_match(find, s + (size_t)where.lo, e + (size_t)where.lo);
		if (!use.is_global || is_anchored)
			return OV_OK;
		from = e > s ? e : e + 1;
	}
	return find->count >= MATCHES_MAX ? OV_LIMIT : OV_OK;
}
