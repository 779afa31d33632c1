/* How common 4-grams are. */
#include "gram.h"

uint32_t ov_gram_cost(const uint8_t value[4], const uint8_t mask[4])
{
	uint32_t cost = 200;

	/* TODO(statistics): replaced by the table that tools/gram_stats makes. */
	for (int i = 0; i < 4; i++) {
		const uint8_t v = (uint8_t)(value[i] | (0x20 & ~mask[i]));

		if (v == 0)
			cost *= 12;
		else if (v == 0xff || v == ' ' || (v >= 'a' && v <= 'z'))
			cost *= 3;
	}
	return cost;
}
