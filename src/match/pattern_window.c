/*
 * The four bytes of a part that tell most, among those at a fixed distance from its start: how
 * parts without a key of certain bytes are searched.
 */
#include "pattern_int.h"

#define PREFIX 32u /* bytes of a part's beginning that are looked at */

struct prefix { /* what a part begins with, as far as its distances are fixed */
	uint8_t value[PREFIX], mask[PREFIX];
	uint32_t n;
};

static void add_bytes(struct prefix *p, const uint8_t *value, const uint8_t *mask, uint32_t n)
{
	for (uint32_t i = 0; i < n && p->n < PREFIX; i++, p->n++) {
		p->mask[p->n] = mask != NULL ? mask[i] : 0xff;
		if (value == NULL)
			p->mask[p->n] = 0;
		/* hostile code may hold a value outside its mask, which nothing matches */
		p->value[p->n] = value != NULL ? value[i] & p->mask[p->n] : 0;
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

unsigned pat_window(const struct part_view *part, struct ov_sieve_key *k, uint32_t *distance)
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
	return best > 5 ? best : 0;
}
