/*
 * The finder's sieve: few patterns are searched by it, and those without a key of four certain
 * bytes whenever it has room.
 */
#include <string.h>

#include "checked.h"
#include "finder_int.h"

#define PREFIX 32u /* bytes of a part's beginning that are looked at */

struct prefix { /* what a part begins with, as far as its distances are fixed */
	uint8_t value[PREFIX], mask[PREFIX];
	uint32_t n;
};

static void add_bytes(struct prefix *p, const uint8_t *value, const uint8_t *mask, uint32_t n)
{
	for (uint32_t i = 0; i < n && p->n < PREFIX; i++, p->n++) {
		p->mask[p->n] = mask != NULL ? mask[i] : 0xff;
		p->value[p->n] = value != NULL ? value[i] : 0;
		if (value == NULL)
			p->mask[p->n] = 0;
	}
}

/* Reads a verified part's code up to its first branch. */
static void read_prefix(const struct part_view *part, struct prefix *p)
{
	const uint8_t *i = part->code;

	p->n = 0;
	while (p->n < PREFIX) {
		uint32_t n;

		switch ((enum pat_op)i[0]) {
		case OP_LIT:
			n = ov_le16(i + 1);
			add_bytes(p, i + 3, NULL, n);
			i += 3 + n;
			break;
		case OP_MASK:
			n = ov_le16(i + 1);
			add_bytes(p, i + 3, i + 3 + n, n);
			i += 3 + 2 * (size_t)n;
			break;
		case OP_ANY:
			add_bytes(p, NULL, NULL, ov_le32(i + 1));
			i += 5;
			break;
		case OP_SET:
			add_bytes(p, NULL, NULL, 1);
			i += 33;
			break;
		case OP_BORDER:
			i += 3;
			break;
		default:
			return;
		}
	}
}

/* How much a window of four bytes tells: rare bytes most. */
static unsigned worth(const struct prefix *p, uint32_t at)
{
	unsigned sum = 0;

	for (uint32_t i = at; i < p->n && i < at + OV_SIEVE_WIDTH; i++) {
		if (p->mask[i] == 0xff)
			sum += 24 - 2 * pat_byte_weight(p->value[i]);
		else
			sum += (unsigned)__builtin_popcount(p->mask[i]);
	}
	return sum;
}

/* The window of a part's prefix that tells most. @return false when there is none worth it. */
static bool window_of(const struct part_view *part, struct ov_sieve_key *k, uint32_t *distance)
{
	struct prefix p;
	unsigned best = 5; /* less than a byte */

	read_prefix(part, &p);
	for (uint32_t at = 0; at < p.n; at++) {
		if (p.mask[at] == 0 || worth(&p, at) <= best)
			continue;
		best = worth(&p, at);
		*distance = at;
		*k = (struct ov_sieve_key){ .n = 0 };
		for (uint32_t i = at; i < p.n && i < at + OV_SIEVE_WIDTH; i++) {
			k->value |= (uint32_t)p.value[i] << 8 * (i - at);
			k->mask |= (uint32_t)p.mask[i] << 8 * (i - at);
			if (p.mask[i] != 0)
				k->n = (uint8_t)(i - at + 1);
		}
	}
	return best > 5;
}

/* The rarest four bytes in a row of a part's key; `distance` from the key's start. */
static void window_of_key(const struct part_view *part, struct ov_sieve_key *k)
{
	*k = (struct ov_sieve_key){ .value = ov_le32(part->key),
				    .mask = ov_le32(part->key + OV_GRAM_MAX),
				    .n = OV_SIEVE_WIDTH };
}

ov_status finder_plan(struct ov_finder *f)
{
	size_t grams = 0, bytes = 0;

	f->nsieve = 0;
	for (uint32_t i = 0; i < f->nodes.n; i++) {
		grams += node_at(f, i)->how == HOW_GRAM;
		bytes += node_at(f, i)->how == HOW_BYTE;
	}
	for (uint32_t i = 0; i < f->nodes.n; i++) {
		struct node *nd = node_at(f, i);
		struct ov_sieve_key k;

		if (f->nsieve == OV_SIEVE_KEYS)
			break;
		if (nd->how == HOW_GRAM && grams + bytes <= OV_SIEVE_KEYS) {
			window_of_key(&nd->part, &k);
			nd->how = HOW_KEY;
		} else if (nd->how == HOW_BYTE && window_of(&nd->part, &k, &nd->sieve_dist)) {
			nd->how = HOW_BYTES;
		} else {
			continue;
		}
		k.token = i;
		f->sieve_keys[f->nsieve++] = k;
	}
	return ov_sieve_build(&f->sieve, f->sieve_keys, f->nsieve);
}

static bool has_key(const struct ov_finder *f, const struct node *nd, uint64_t at)
{
	const uint8_t *p = f->text.p + (at - f->text.base), *key = nd->part.key;

	if (nd->part.key_n > f->text.base + f->text.n - at)
		return false;
	for (uint32_t i = 0; i < nd->part.key_n; i++)
		if ((p[i] & key[OV_GRAM_MAX + i]) != key[i])
			return false;
	return true;
}

/*
 * Can a part be needed at `start`? What it must follow ends before it, so that its key was met
 * already, if it is searched in this very pass.
 */
static bool is_awaited(const struct node *nd, uint64_t start)
{
	const struct node *before = nd - 1;
	const uint64_t max = nd->part.gap_max;

	if (nd->k == 0 || (before->how != HOW_KEY && before->how != HOW_BYTES))
		return true;
	return before->has_match &&
	       (max > UINT64_MAX - before->latest_end || before->latest_end + max >= start);
}

static bool on_sieve(void *ctx, uint32_t token, uint64_t at)
{
	struct ov_finder *f = ctx;
	const struct node *nd = node_at(f, token);

	if (nd->how == HOW_KEY) {
		if (has_key(f, nd, at) && is_awaited(nd, at - ov_min_u64(at, nd->part.dist_max)))
			finder_try_key(f, token, at);
	} else if (at >= nd->sieve_dist && is_awaited(nd, at - nd->sieve_dist)) {
		finder_try(f, token, at - nd->sieve_dist);
	}
	return f->trouble == OV_OK;
}

ov_status finder_sift(struct ov_finder *f, uint64_t from, uint64_t to)
{
	const uint64_t end = f->text.base + f->text.n;
	ov_status s;

	if (f->nsieve == 0)
		return OV_OK;
	s = ov_sieve_scan(f->kernel, &f->sieve, f->text.p + (from - f->text.base),
			  (size_t)(ov_min_u64(to + OV_SIEVE_WIDTH - 1, end) - from),
			  (size_t)(to - from), from, on_sieve, f);
	return s == OV_END ? OV_OK : s;
}
