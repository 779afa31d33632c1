/* The table of known engines, and comparing with it. */
#include "known.h"

static uint8_t byte_of(const struct ov_clue *c, size_t i)
{
	return ov_clue_texts[c->at + i] ^ 0xff;
}

struct ov_str ov_clue_text(const struct ov_clue *c, char *room)
{
	for (size_t i = 0; i < c->n; i++)
		room[i] = (char)byte_of(c, i);
	return (struct ov_str){ .p = room, .n = c->n };
}

bool ov_clue_at(const struct ov_clue *c, const uint8_t *p, size_t n)
{
	if (n < c->n)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (p[i] != byte_of(c, i))
			return false;
	return true;
}

bool ov_clue_is(const struct ov_clue *c, struct ov_str s)
{
	return s.n == c->n && ov_clue_at(c, (const uint8_t *)s.p, s.n);
}

int ov_known_by_name(struct ov_str name)
{
	for (size_t i = 0; i < ov_nclues; i++)
		if (ov_clues[i].kind == OV_CLUE_NAME && ov_clue_is(&ov_clues[i], name))
			return ov_clues[i].engine;
	return -1;
}
