/* A rule's list of strings: names, bodies, modifiers. What is in a body is for ystr.h to judge. */
#include "parse.h"

#include <stdio.h>

#define HASH_SEED 2166136261u
#define HASH_PRIME 16777619u

static uint32_t hash(struct ov_str s)
{
	uint32_t h = HASH_SEED; /* FNV-1a; a rule's writer harms only himself by collisions */

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * HASH_PRIME;
	return h ^ h >> 15;
}

bool ov_yp_find_string(const struct ov_yparser *p, struct ov_str name, uint32_t *out)
{
	if (p->names == NULL || name.n == 0)
		return false;
	for (uint32_t h = hash(name);; h++) {
		const uint32_t at = p->names[h & p->names_mask];

		if (at == 0)
			return false;
		if (ov_str_eq(p->rule->strings[at - 1].name, name)) {
			*out = at - 1;
			return true;
		}
	}
}

ov_status ov_yp_index_strings(struct ov_yparser *p)
{
	struct ov_yrule_ast *r = p->rule;
	uint32_t room = 16;

	while (room / 2 < r->nstrings)
		room *= 2;
	OV_TRY(ov_arena_array(p->arena, room, &p->names));
	p->names_mask = room - 1;
	for (uint32_t i = 0; i < r->nstrings; i++) {
		const struct ov_ystring_ast *s = &r->strings[i];
		const struct ov_ytoken there = { .line = s->line, .column = s->column };
		uint32_t other, h;

		if (s->name.n == 0)
			continue;
		if (ov_yp_find_string(p, s->name, &other))
			return ov_yp_fail(p, &there, "duplicated string identifier \"$%.*s\"",
					  (int)s->name.n, s->name.p);
		for (h = hash(s->name); p->names[h & p->names_mask] != 0;)
			h++;
		p->names[h & p->names_mask] = i + 1;
	}
	return OV_OK;
}

/* xor, xor(n), xor(a-b) */
static ov_status xor_range(struct ov_yparser *p, struct ov_ystr_ir *ir)
{
	int64_t lo, hi;

	ir->xor_lo = 0;
	ir->xor_hi = 255;
	if (!ov_yp_is(p, '('))
		return OV_OK;
	OV_TRY(ov_yp_next(p));
	if (p->tok.kind != YT_INT)
		return ov_yp_unexpected(p, "an integer from 0 to 255");
	lo = hi = p->tok.i;
	OV_TRY(ov_yp_next(p));
	if (ov_yp_is(p, '-')) {
		OV_TRY(ov_yp_next(p));
		if (p->tok.kind != YT_INT)
			return ov_yp_unexpected(p, "an integer from 0 to 255");
		hi = p->tok.i;
		OV_TRY(ov_yp_next(p));
	}
	if (lo > 255 || hi > 255)
		return ov_yp_fail(p, &p->tok, "an xor key is above 255");
	if (lo > hi)
		return ov_yp_fail(p, &p->tok, "xor lower bound exceeds upper bound");
	ir->xor_lo = (uint8_t)lo;
	ir->xor_hi = (uint8_t)hi;
	return ov_yp_expect(p, ')');
}

static ov_status alphabet(struct ov_yparser *p, struct ov_str *out)
{
	if (!ov_yp_is(p, '('))
		return OV_OK;
	OV_TRY(ov_yp_next(p));
	if (p->tok.kind != YT_TEXT)
		return ov_yp_unexpected(p, "an alphabet of 64 characters");
	if (p->tok.text.n != 64)
		return ov_yp_fail(p, &p->tok, "length of base64 alphabet must be 64");
	*out = p->tok.text;
	OV_TRY(ov_yp_next(p));
	return ov_yp_expect(p, ')');
}

/* Modifiers that stand behind a string. A second one of a kind: fine in 4.5, an error in X. */
static ov_status modifiers(struct ov_yparser *p, struct ov_ystring_ast *s)
{
	static const struct {
		enum ov_yword word;
		uint32_t flag;
	} table[] = { { YW_NOCASE, OV_YSTR_NOCASE }, { YW_WIDE, OV_YSTR_WIDE },
		      { YW_ASCII, OV_YSTR_ASCII },   { YW_FULLWORD, OV_YSTR_FULLWORD },
		      { YW_PRIVATE, OV_YS_PRIVATE }, { YW_XOR, OV_YSTR_XOR },
		      { YW_BASE64, OV_YSTR_BASE64 }, { YW_BASE64WIDE, OV_YSTR_BASE64WIDE } };

	uint32_t seen = 0; /* not s->flags: /a/i nocase says it twice, in two ways */

	while (p->tok.kind == YT_IDENT && p->tok.word != YW_NONE) {
		uint32_t flag = 0;

		for (size_t i = 0; i < sizeof table / sizeof *table; i++)
			if (table[i].word == p->tok.word)
				flag = table[i].flag;
		if (flag == 0)
			return OV_OK;
		if ((seen & flag) != 0 && p->env->is_strict)
			return ov_yp_fail(p, &p->tok, "duplicate pattern modifier");
		seen |= flag;
		s->flags |= flag;
		OV_TRY(ov_yp_next(p));
		if (flag == OV_YSTR_XOR)
			OV_TRY(xor_range(p, &s->ir));
		else if (flag == OV_YSTR_BASE64)
			OV_TRY(alphabet(p, &s->ir.base64));
		else if (flag == OV_YSTR_BASE64WIDE)
			OV_TRY(alphabet(p, &s->ir.base64wide));
	}
	return OV_OK;
}

static ov_status one_string(struct ov_yparser *p, struct ov_ystring_ast *s)
{
	ov_status st;

	*s = (struct ov_ystring_ast){ .name = p->tok.text,
				      .line = p->tok.line,
				      .column = p->tok.column };
	OV_TRY(ov_yp_next(p));
	if (!ov_yp_is(p, '='))
		return ov_yp_unexpected(p, "'='");
	st = ov_ylex_value(&p->lex, &p->tok);
	if (st == OV_BAD) {
		ov_ylex_where(&p->lex, p->lex.bad_at, &p->err->line, &p->err->column);
		(void)snprintf(p->err->why, sizeof p->err->why, "%s%s%s", p->lex.why,
			       p->lex.mend != NULL ? "; " : "",
			       p->lex.mend != NULL ? p->lex.mend : "");
	}
	OV_TRY(st);
	s->body.line = p->tok.line;
	s->body.column = p->tok.column;
	s->body.at = p->tok.at;
	s->ir.body = p->tok.text;
	if (p->tok.kind == YT_TEXT)
		s->ir.kind = OV_YSTR_TEXT;
	else if (p->tok.kind == YT_HEX)
		s->ir.kind = OV_YSTR_HEX;
	else if (p->tok.kind == YT_REGEX)
		s->ir.kind = OV_YSTR_REGEX;
	else
		return ov_yp_unexpected(p, "a text, a regular expression or a hex string");
	s->flags = p->tok.kind == YT_REGEX ? p->tok.flags : 0;
	OV_TRY(ov_yp_next(p));
	OV_TRY(modifiers(p, s));
	s->ir.flags = s->flags & 0xffffu;
	if (p->env->is_strict)
		s->ir.flags |= OV_YSTR_STRICT;
	return OV_OK;
}

ov_status ov_yp_strings(struct ov_yparser *p, struct ov_yrule_ast *r)
{
	OV_TRY(ov_yp_next(p));
	OV_TRY(ov_yp_expect(p, ':'));
	if (p->tok.kind != YT_STRING)
		return ov_yp_unexpected(p, "a string identifier");
	while (p->tok.kind == YT_STRING) {
		if (r->nstrings >= p->env->max_strings)
			return ov_yp_fail(p, &p->tok,
					  "too many strings in rule \"%.*s\": at most %u",
					  (int)r->name.n, r->name.p, p->env->max_strings);
		OV_TRY(ov_yp_grow(p->arena, (void **)&r->strings, r->nstrings, sizeof *r->strings));
		OV_TRY(one_string(p, &r->strings[r->nstrings]));
		r->nstrings++;
	}
	return ov_yp_index_strings(p);
}
