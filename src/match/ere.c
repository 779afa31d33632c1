/* Programs of regular expressions: verified, and run. See ere.h. */
#include "ere.h"

#include <string.h>

#include "ere_int.h"
#include "le.h"

struct program {
	const uint8_t *steps, *sets;
	uint32_t n;
	bool nocase;
};

static struct ere_step step_at(const struct program *p, uint32_t i)
{
	const uint8_t *at = p->steps + i * (size_t)ERE_STEP;

	return (struct ere_step){ .kind = at[0],
				  .byte = at[1],
				  .set = at[2],
				  .x = (int16_t)ov_le16(at + 4),
				  .y = (int16_t)ov_le16(at + 6) };
}

static struct program open_program(struct ov_cur c)
{
	const uint8_t *p = c.base + c.pos;

	return (struct program){ .n = ov_le16(p),
				 .nocase = (p[2] & ERE_NOCASE) != 0,
				 .steps = p + ERE_HEAD,
				 .sets = p + ERE_HEAD + ov_le16(p) * (size_t)ERE_STEP };
}

static bool is_within(const struct program *p, uint32_t i, int16_t by)
{
	return (int64_t)i + by >= 0 && (int64_t)i + by < p->n;
}

static bool step_holds(const struct program *p, uint32_t i, uint32_t nsets)
{
	const struct ere_step s = step_at(p, i);

	switch (s.kind) {
	case ERE_MATCH:
		return true;
	case ERE_JUMP:
		return is_within(p, i, s.x);
	case ERE_SPLIT:
		return is_within(p, i, s.x) && is_within(p, i, s.y);
	case ERE_IN:
		return s.set < nsets && is_within(p, i, 1);
	default:
		return s.kind >= ERE_BYTE && s.kind < ERE_KINDS && is_within(p, i, 1);
	}
}

ov_status ov_ere_verify(struct ov_cur c)
{
	struct program p;
	uint32_t nsets;

	if (ov_cur_left(&c) < ERE_HEAD)
		return OV_BAD;
	nsets = c.base[c.pos + 3];
	p = open_program(c);
	if (p.n == 0 || p.n > OV_ERE_STATES || (c.base[c.pos + 2] & ~ERE_NOCASE) != 0 ||
	    ov_cur_left(&c) != ERE_HEAD + p.n * (size_t)ERE_STEP + nsets * (size_t)ERE_SET)
		return OV_BAD;
	for (uint32_t i = 0; i < p.n; i++)
		if (!step_holds(&p, i, nsets))
			return OV_BAD;
	return OV_OK;
}

ov_status ov_ere_run_new(struct ov_arena *a, struct ov_ere_run *out)
{
	struct ov_ere_run r = { .entered = 0 };

	OV_TRY(ov_arena_array(a, OV_ERE_STATES, &r.now));
	OV_TRY(ov_arena_array(a, OV_ERE_STATES, &r.next));
	OV_TRY(ov_arena_array(a, 2 * OV_ERE_STATES + 1, &r.stack));
	OV_TRY(ov_arena_array(a, OV_ERE_STATES / 16, &r.seen));
	*out = r;
	return OV_OK;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static bool place_holds(enum ere_kind k, struct ov_str t, size_t at)
{
	const bool before = at > 0 && is_word((uint8_t)t.p[at - 1]);
	const bool after = at < t.n && is_word((uint8_t)t.p[at]);

	switch (k) {
	case ERE_START:
		return at == 0;
	case ERE_END:
		return at == t.n;
	case ERE_WORD_START:
		return !before && after;
	default:
		return before && !after;
	}
}

/* States that wait for a byte at one place of the text. */
struct states {
	uint16_t *v;
	uint32_t n;
};

/*
 * Adds all that is reached from `from` without reading a byte. A state is entered once, so the
 * stack never holds more than two for each. @return true when the end is reached.
 */
static bool reach(const struct program *p, struct ov_ere_run *r, struct states *to, uint32_t from,
		  struct ov_str t, size_t at)
{
	uint32_t n = 0;

	r->stack[n++] = (uint16_t)from;
	while (n > 0) {
		const uint32_t i = r->stack[--n];
		const struct ere_step s = step_at(p, i);

		if ((r->seen[i / 16] >> i % 16 & 1) != 0)
			continue;
		r->seen[i / 16] = (uint16_t)(r->seen[i / 16] | 1u << i % 16);
		r->entered++;
		switch (s.kind) {
		case ERE_MATCH:
			return true;
		case ERE_SPLIT:
			r->stack[n++] = (uint16_t)((int32_t)i + s.y);
			r->stack[n++] = (uint16_t)((int32_t)i + s.x);
			break;
		case ERE_JUMP:
			r->stack[n++] = (uint16_t)((int32_t)i + s.x);
			break;
		case ERE_BYTE:
		case ERE_ANY:
		case ERE_IN:
			to->v[to->n++] = (uint16_t)i;
			break;
		default:
			if (place_holds((enum ere_kind)s.kind, t, at))
				r->stack[n++] = (uint16_t)(i + 1);
			break;
		}
	}
	return false;
}

static bool takes(const struct program *p, uint32_t i, uint8_t c)
{
	const struct ere_step s = step_at(p, i);
	const uint8_t *set = p->sets + s.set * (size_t)ERE_SET;

	switch (s.kind) {
	case ERE_BYTE:
		return s.byte == c;
	case ERE_IN:
		return (set[c / 8] >> c % 8 & 1) != 0;
	default:
		return true;
	}
}

static void forget(const struct program *p, struct ov_ere_run *r)
{
	memset(r->seen, 0, (p->n + 15) / 16 * sizeof *r->seen);
}

ov_status ov_ere_search(struct ov_cur program, struct ov_str t, struct ov_ere_run *r,
			uint64_t *steps)
{
	const struct program p = open_program(program);
	struct states now = { .v = r->now }, next = { .v = r->next };

	r->entered = 0;
	for (size_t at = 0;; at++) {
		const uint64_t cost = r->entered + now.n + 1;
		struct states old = now;
		uint8_t c;

		if (*steps < cost)
			return OV_LIMIT;
		*steps -= cost;
		r->entered = 0;
		/* `seen` still holds what `now` was made with: a start here adds the rest. */
		if (at == 0)
			forget(&p, r);
		if (reach(&p, r, &now, 0, t, at))
			return OV_OK;
		if (at == t.n)
			return OV_END;
		c = (uint8_t)t.p[at];
		if (p.nocase && c >= 'A' && c <= 'Z')
			c |= 0x20;
		forget(&p, r);
		next.n = 0;
		for (uint32_t i = 0; i < now.n; i++)
			if (takes(&p, now.v[i], c) &&
			    reach(&p, r, &next, (uint32_t)now.v[i] + 1, t, at + 1))
				return OV_OK;
		old.v = now.v;
		now = next;
		next = old;
	}
}
