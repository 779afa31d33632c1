/* Verifying a pattern section as hostile input, as a whole or one pattern, so that running a part
 * needs no further check. */
#include <stdlib.h>
#include <string.h>

#include "pattern_int.h"

/*
 * Length of the instruction at c, and how many forward targets it has, with its operands checked on
 * their own.
 * @return OV_OK with the cursor behind it; OV_SHORT; OV_BAD.
 */
static ov_status read_instruction(struct ov_cur *c, uint8_t *op, uint32_t *ntargets)
{
	uint32_t a, b;
	uint16_t n, count;
	uint8_t kind, is_after;

	*ntargets = 0;
	OV_TRY(ov_cur_u8(c, op));
	switch ((enum pat_op) * op) {
	case OP_END:
		return OV_OK;
	case OP_LIT:
		OV_TRY(ov_cur_u16le(c, &n));
		return ov_cur_skip(c, n);
	case OP_MASK:
		OV_TRY(ov_cur_u16le(c, &n));
		return ov_cur_skip(c, (uint64_t)n * 2);
	case OP_ANY:
		OV_TRY(ov_cur_u32le(c, &a));
		return a <= PART_BYTES_MAX ? OV_OK : OV_BAD;
	case OP_JUMP:
		OV_TRY(ov_cur_u32le(c, &a));
		OV_TRY(ov_cur_u32le(c, &b));
		return a < b && b <= PART_BYTES_MAX && b - a <= WALK_MAX ? OV_OK : OV_BAD;
	case OP_SET:
		return ov_cur_skip(c, 32);
	case OP_NONE:
		OV_TRY(ov_cur_u16le(c, &n));
		OV_TRY(ov_cur_u16le(c, &count));
		if (n == 0 || count == 0 || count > ALTS_MAX)
			return OV_BAD;
		return ov_cur_skip(c, (uint64_t)n * 2 * count);
	case OP_SPLIT:
		OV_TRY(ov_cur_u16le(c, &count));
		*ntargets = count;
		if (count == 0 || count > ALTS_MAX)
			return OV_BAD;
		return ov_cur_skip(c, (uint64_t)count * 4);
	case OP_GOTO:
		*ntargets = 1;
		return ov_cur_skip(c, 4);
	case OP_BORDER:
		OV_TRY(ov_cur_u8(c, &kind));
		OV_TRY(ov_cur_u8(c, &is_after));
		return kind >= OV_AT_WORD_B && kind <= OV_AT_FULLWORD_W && is_after <= 1 ? OV_OK
											 : OV_BAD;
	case OP_COUNT:
		break;
	}
	return OV_BAD;
}

static void mark(uint8_t *bits, size_t at)
{
	bits[at / 8] |= (uint8_t)(1u << at % 8);
}

static bool is_marked(const uint8_t *bits, size_t at)
{
	return (bits[at / 8] >> at % 8 & 1) != 0;
}

/* Where instructions begin, and that the one END stands last. @param jumps  Not 0 when some have
 * targets. */
static ov_status mark_starts(struct ov_cur code, uint8_t *starts, uint32_t *jumps)
{
	*jumps = 0;
	memset(starts, 0, code.len / 8 + 1);
	for (;;) {
		uint32_t ntargets;
		uint8_t op;

		mark(starts, code.pos);
		OV_TRY(read_instruction(&code, &op, &ntargets));
		*jumps |= ntargets;
		if (op == OP_END)
			return ov_cur_left(&code) == 0 ? OV_OK : OV_BAD;
	}
}

static ov_status check_targets(struct ov_cur code, const uint8_t *starts)
{
	while (ov_cur_left(&code) > 0) {
		const size_t here = code.pos;
		uint32_t ntargets;
		uint8_t op;

		OV_TRY(read_instruction(&code, &op, &ntargets));
		for (uint32_t i = 0; i < ntargets; i++) {
			const uint32_t t =
			    ov_le32(code.base + code.pos - 4 * (size_t)(ntargets - i));

			if (t <= here || t >= code.len || !is_marked(starts, t))
				return OV_BAD;
		}
	}
	return OV_OK;
}

static ov_status check_key(const uint8_t *r, uint32_t max)
{
	const uint32_t n = r[PART_KEY_N], lo = ov_le32(r + PART_DIST_MIN),
		       hi = ov_le32(r + PART_DIST_MAX);

	if (r[PART_KEY_N + 1] != 0 || r[PART_KEY_N + 2] != 0 || r[PART_KEY_N + 3] != 0 ||
	    ov_le32(r + PART_ZERO) != 0)
		return OV_BAD;
	if (lo > hi || hi - lo > DIST_RANGE_MAX || hi > max || max - hi < n)
		return OV_BAD;
	if (n == 0)
		return hi == 0 ? OV_OK : OV_BAD;
	if (n == 1)
		return r[PART_KEY + OV_GRAM_MAX] == 0xff ? OV_OK : OV_BAD;
	if (n < OV_GRAM_MIN || n > OV_GRAM_MAX)
		return OV_BAD;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t v = r[PART_KEY + i], m = r[PART_KEY + OV_GRAM_MAX + i];

		if ((v & ~m) != 0)
			return OV_BAD;
		if (i < OV_GRAM_MIN && m != 0xff && !(m == 0xdf && v >= 'A' && v <= 'Z'))
			return OV_BAD;
	}
	return OV_OK;
}

/* One part; *code is what no part before it owns. */
static ov_status check_part(const struct ov_pats *p, const uint8_t *r, struct ov_cur *code,
			    uint8_t *starts)
{
	struct ov_cur own;
	const uint32_t min = ov_le32(r + PART_MIN), max = ov_le32(r + PART_MAX);
	uint32_t jumps;

	if (ov_le32(r + PART_CODE) != code->pos || ov_le32(r + PART_CODE_LEN) == 0)
		return OV_BAD;
	if (min == 0 || min > max || max > PART_BYTES_MAX || max > p->longest_part)
		return OV_BAD;
	if (ov_le64(r + PART_GAP_MIN) > ov_le64(r + PART_GAP_MAX))
		return OV_BAD;
	OV_TRY(check_key(r, max));
	OV_TRY(ov_cur_take(code, ov_le32(r + PART_CODE_LEN), &own));
	OV_TRY(mark_starts(own, starts, &jumps));
	return jumps != 0 ? check_targets(own, starts) : OV_OK;
}

#define STARTS_ROOM 8192u /* bits for 64 KiB of code: nearly each part's */

static ov_status check_one_part(const struct ov_pats *p, uint32_t part)
{
	const uint8_t *r = p->parts + (size_t)part * PART_SIZE;
	struct ov_cur code = ov_cur_of(p->code, p->code_bytes);
	const uint32_t len = ov_le32(r + PART_CODE_LEN);
	uint8_t room[STARTS_ROOM] OV_SCRATCH, *more;
	ov_status s;

	if (ov_cur_seek(&code, ov_le32(r + PART_CODE)) != OV_OK || len > ov_cur_left(&code))
		return OV_BAD;
	if (len / 8 + 1 <= sizeof room)
		return check_part(p, r, &code, room);
	more = malloc(len / 8 + 1);
	if (more == NULL)
		return OV_NOMEM;
	s = check_part(p, r, &code, more);
	free(more);
	return s;
}

ov_status ov_pats_check(const struct ov_pats *p, uint32_t id)
{
	struct pattern_view v;

	if (id >= p->count)
		return OV_BAD;
	v = pattern_of(p, id);
	if (v.nvariants == 0 || v.nvariants > VARIANTS_MAX || v.first_variant > p->nvariants ||
	    v.nvariants > p->nvariants - v.first_variant || v.mode > OV_COUNT_STARTS)
		return OV_BAD;
	for (uint32_t i = 0; i < v.nvariants; i++) {
		const struct variant_view parts = variant_of(p, v.first_variant + i);

		if (parts.nparts == 0 || parts.first_part > p->nparts ||
		    parts.nparts > p->nparts - parts.first_part)
			return OV_BAD;
		for (uint32_t k = 0; k < parts.nparts; k++) {
			const ov_status s = check_one_part(p, parts.first_part + k);

			if (s != OV_OK)
				return s == OV_NOMEM ? s : OV_BAD;
		}
	}
	return OV_OK;
}

static ov_status check_patterns(const struct ov_pats *p)
{
	uint32_t variant = 0, part = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		const uint8_t *r = p->patterns + (size_t)i * PATTERN_SIZE;
		const uint32_t n = ov_le16(r + 4);

		if (ov_le32(r) != variant || n == 0 || n > VARIANTS_MAX ||
		    n > p->nvariants - variant || r[6] > OV_COUNT_STARTS || r[7] != 0)
			return OV_BAD;
		variant += n;
	}
	for (uint32_t i = 0; i < p->nvariants; i++) {
		const struct variant_view v = variant_of(p, i);

		if (v.first_part != part || v.nparts == 0 || v.nparts > p->nparts - part)
			return OV_BAD;
		part += v.nparts;
	}
	return variant == p->nvariants && part == p->nparts ? OV_OK : OV_BAD;
}

static ov_status check_parts(const struct ov_pats *p, struct ov_cur code)
{
	uint8_t *starts = malloc(code.len / 8 + 1);
	ov_status s = starts != NULL ? OV_OK : OV_NOMEM;

	for (uint32_t i = 0; s == OV_OK && i < p->nparts; i++)
		s = check_part(p, p->parts + (size_t)i * PART_SIZE, &code, starts);
	free(starts);
	if (s == OV_OK && ov_cur_left(&code) != 0)
		return OV_BAD;
	return s;
}

ov_status ov_pats_view(struct ov_cur bytes, struct ov_pats *out)
{
	struct ov_cur c = bytes, patterns, variants, parts, code;
	uint32_t magic, code_bytes;
	uint64_t zero;
	struct ov_pats p;

	OV_TRY(ov_cur_u32le(&c, &magic));
	OV_TRY(ov_cur_u32le(&c, &p.count));
	OV_TRY(ov_cur_u32le(&c, &p.nvariants));
	OV_TRY(ov_cur_u32le(&c, &p.nparts));
	OV_TRY(ov_cur_u32le(&c, &code_bytes));
	OV_TRY(ov_cur_u32le(&c, &p.longest_part));
	OV_TRY(ov_cur_u64le(&c, &zero));
	if (magic != PATS_MAGIC || zero != 0 || code_bytes > CODE_MAX ||
	    p.longest_part > PART_BYTES_MAX)
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, (uint64_t)p.count * PATTERN_SIZE, &patterns));
	OV_TRY(ov_cur_take(&c, (uint64_t)p.nvariants * VARIANT_SIZE, &variants));
	OV_TRY(ov_cur_take(&c, (uint64_t)p.nparts * PART_SIZE, &parts));
	OV_TRY(ov_cur_take(&c, code_bytes, &code));
	p.patterns = patterns.base;
	p.variants = variants.base;
	p.parts = parts.base;
	p.code = code.base;
	p.code_bytes = code_bytes;
	*out = p;
	return OV_OK;
}

ov_status ov_pats_open(struct ov_cur bytes, struct ov_pats *out)
{
	struct ov_pats p;

	OV_TRY(ov_pats_view(bytes, &p));
	OV_TRY(check_patterns(&p));
	OV_TRY(check_parts(&p, ov_cur_of(p.code, p.code_bytes)));
	*out = p;
	return OV_OK;
}
