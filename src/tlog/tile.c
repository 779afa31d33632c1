#include "tile.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define MASK (OV_TILE_WIDTH - 1u)

static ov_status put_number(struct ov_buf *b, uint64_t n)
{
	char digits[32];
	const int len = snprintf(digits, sizeof digits, "%03llu", (unsigned long long)n);
	int at = 0, first = len % 3;
	char padded[40];

	if (first != 0) { /* to whole groups of three */
		const int more = snprintf(padded, sizeof padded, "%.*s%s", 3 - first, "00", digits);

		OV_TRY(more == len + 3 - first ? OV_OK : OV_BUG);
		memcpy(digits, padded, (size_t)more + 1);
	}
	for (; digits[at + 3] != '\0'; at += 3)
		OV_TRY(ov_buf_fmt(b, "x%.3s/", digits + at));
	return ov_buf_fmt(b, "%s", digits + at);
}

ov_status ov_tile_path(struct ov_buf *b, const struct ov_tile *t)
{
	if (t->width == 0 || t->width > OV_TILE_WIDTH || t->level > 7 ||
	    (t->is_entries && t->level != 0))
		return OV_BUG;
	if (t->is_entries)
		OV_TRY(ov_buf_str(b, OV_STR("tile/entries/")));
	else
		OV_TRY(ov_buf_fmt(b, "tile/%u/", t->level));
	OV_TRY(put_number(b, t->index));
	return t->width == OV_TILE_WIDTH ? OV_OK : ov_buf_fmt(b, ".p/%u", t->width);
}

/* "x001/x234/067": takes the groups off `s`. */
static ov_status take_number(struct ov_str *s, uint64_t *out)
{
	uint64_t n = 0;
	bool more = true;

	while (more) {
		uint32_t group = 0;

		more = s->n > 0 && s->p[0] == 'x';
		if (more)
			*s = (struct ov_str){ s->p + 1, s->n - 1 };
		if (s->n < 3 || n > OV_MERKLE_SIZE_MAX / 1000)
			return OV_BAD;
		for (size_t i = 0; i < 3; i++) {
			if (s->p[i] < '0' || s->p[i] > '9')
				return OV_BAD;
			group = group * 10 + (uint32_t)(s->p[i] - '0');
		}
		n = n * 1000 + group;
		*s = (struct ov_str){ s->p + 3, s->n - 3 };
		if (more) {
			if (s->n == 0 || s->p[0] != '/')
				return OV_BAD;
			*s = (struct ov_str){ s->p + 1, s->n - 1 };
		}
	}
	*out = n;
	return OV_OK;
}

/* Whatever was read must come out the same when it is written: one tile has one path. */
static bool is_canonical(struct ov_str path, const struct ov_tile *t)
{
	struct ov_buf b = ov_buf_of(256);
	const bool same = ov_tile_path(&b, t) == OV_OK && ov_str_eq(ov_buf_text(&b), path);

	ov_buf_free(&b);
	return same;
}

ov_status ov_tile_parse(struct ov_str path, struct ov_tile *out)
{
	struct ov_tile t = { .width = OV_TILE_WIDTH };
	struct ov_str s = path, entries = OV_STR("tile/entries/");

	if (ov_str_starts(s, entries)) {
		t.is_entries = true;
		s = (struct ov_str){ s.p + entries.n, s.n - entries.n };
	} else if (s.n > 7 && memcmp(s.p, "tile/", 5) == 0 && s.p[5] >= '0' && s.p[5] <= '7' &&
		   s.p[6] == '/') {
		t.level = (unsigned)(s.p[5] - '0');
		s = (struct ov_str){ s.p + 7, s.n - 7 };
	} else {
		return OV_BAD;
	}
	OV_TRY(take_number(&s, &t.index));
	if (s.n > 0) {
		uint32_t width;

		if (!ov_str_starts(s, OV_STR(".p/")) ||
		    ov_text_u32((struct ov_str){ s.p + 3, s.n - 3 }, 255, &width) != OV_OK)
			return OV_BAD;
		t.width = width;
	}
	if (t.width == 0 || !is_canonical(path, &t))
		return OV_BAD;
	*out = t;
	return OV_OK;
}

/* A tile's width in a tree that has `n` hashes at the tile's level. */
static unsigned width_at(uint64_t n, uint64_t index)
{
	return n >> 8 > index ? OV_TILE_WIDTH : (unsigned)(n & MASK);
}

ov_status ov_tile_of(unsigned level, uint64_t index, uint64_t size, struct ov_tile *out)
{
	const unsigned within = level % OV_TILE_LEVELS;

	if (level >= 62 || index >= size >> level)
		return OV_BUG;
	*out = (struct ov_tile){ .level = level / OV_TILE_LEVELS, .index = index << within >> 8 };
	out->width = width_at(size >> (OV_TILE_LEVELS * out->level), out->index);
	return out->level <= 7 ? OV_OK : OV_BUG;
}

struct ov_tile ov_tile_of_entry(uint64_t index, uint64_t size)
{
	return (struct ov_tile){ .is_entries = true,
				 .index = index >> 8,
				 .width = width_at(size, index >> 8) };
}

ov_status ov_tile_hash(struct ov_hasher *h, const struct ov_tile *t, struct ov_cur bytes,
		       unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	const unsigned within = level % OV_TILE_LEVELS;
	const uint64_t first = index << within;
	struct ov_merkle_edge e = { .size = 0 };

	if (t->is_entries || level / OV_TILE_LEVELS != t->level || first >> 8 != t->index ||
	    (first & MASK) + (UINT64_C(1) << within) > t->width)
		return OV_BUG;
	for (uint64_t i = 0; i < UINT64_C(1) << within; i++) {
		struct ov_merkle_hash leaf;
		struct ov_cur c;

		OV_TRY(
		    ov_cur_sub(&bytes, ((first & MASK) + i) * OV_MERKLE_HASH, OV_MERKLE_HASH, &c));
		memcpy(leaf.b, c.base, sizeof leaf.b);
		OV_TRY(ov_merkle_append(h, &e, &leaf));
	}
	*out = e.h[within];
	return OV_OK;
}

ov_status ov_entry_next(struct ov_cur *bundle, struct ov_cur *out)
{
	uint16_t n;

	if (ov_cur_left(bundle) == 0)
		return OV_END;
	OV_TRY(ov_cur_u16be(bundle, &n));
	return ov_cur_take(bundle, n, out);
}

ov_status ov_entry_put(struct ov_buf *b, const void *p, size_t n)
{
	if (n > OV_ENTRY_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_reserve(b, n + 2));
	OV_TRY(ov_buf_u8(b, (uint8_t)(n >> 8)));
	OV_TRY(ov_buf_u8(b, (uint8_t)n));
	return n > 0 ? ov_buf_put(b, p, n) : OV_OK;
}
