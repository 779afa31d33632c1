/* A rule's rows: strings, gate, cover, code, metadata. */
#include "ycompile_int.h"

#include <stdio.h>
#include <string.h>

#define WEAK_COST ((uint64_t)1 << 32) /* of a string without atoms, when scouts are chosen */
#define SCOUTS_MAX 256u

/* Where in the source byte `at` of a string's body stands. */
static void place_in_body(const struct ov_ystring_ast *s, size_t at, uint32_t *line,
			  uint32_t *column)
{
	*line = s->body.line;
	*column = s->body.column + 1;
	for (size_t i = 0; i < at && i < s->ir.body.n; i++) {
		if (s->ir.kind != OV_YSTR_TEXT && s->ir.body.p[i] == '\n') {
			++*line;
			*column = 1;
		} else {
			++*column;
		}
	}
}

static ov_status one_string(struct ov_ycompiler *c, struct ov_ystring_ast *s, uint64_t *cost)
{
	struct ov_buf *blocks = &c->sect[YI_BLOCKS];
	struct ov_ystr_error e = { 0 };
	struct ov_ystr_facts facts = { 0 };
	uint8_t row[YI_STRING] = { 0 };
	uint32_t at = 0, line, column;
	size_t from;
	ov_status st;

	OV_TRY(ov_buf_align(blocks, 4));
	from = blocks->n;
	ov_arena_reset(&c->string_arena, (size_t)1 << 20);
	st = ov_ystr_compile(&s->ir, &c->string_arena, blocks, &facts, &e);
	if (st == OV_BAD || st == OV_UNSUPPORTED || (st == OV_LIMIT && e.why != NULL)) {
		place_in_body(s, e.at, &line, &column);
		return ov_yfail(&c->err, line, column, "string \"$%.*s\": %s%s%s", (int)s->name.n,
				s->name.p, e.why != NULL ? e.why : "it can't be read",
				e.mend != NULL ? "; " : "", e.mend != NULL ? e.mend : "");
	}
	OV_TRY(st);
	if (blocks->n > UINT32_MAX)
		return OV_LIMIT;
	*cost = facts.cost;
	OV_TRY(ov_yc_text(c, s->name, &at));
	ov_put_le32(row, at);
	ov_put_le32(row + 4, (uint32_t)s->name.n);
	ov_put_le32(row + 8, (uint32_t)from);
	ov_put_le32(row + 12, (uint32_t)(blocks->n - from));
	ov_put_le32(row + 16, s->flags | (s->ir.kind == OV_YSTR_HEX ? OV_YS_HEX : 0));
	ov_put_le32(row + 20, facts.min_len);
	ov_put_le64(row + 24, s->fixed);
	return ov_buf_put(&c->sect[YI_STRINGS], row, sizeof row);
}

static ov_status all_strings(struct ov_ycompiler *c, struct ov_yrule_ast *r, uint64_t **costs)
{
	OV_TRY(ov_arena_array(&c->rule_arena, r->nstrings, costs));
	for (uint32_t i = 0; i < r->nstrings; i++)
		OV_TRY(one_string(c, &r->strings[i], &(*costs)[i]));
	return OV_OK;
}

static ov_status labels(struct ov_ycompiler *c, const struct ov_yrule_ast *r, uint8_t *row)
{
	ov_put_le32(row + YR_TAGS, (uint32_t)(c->sect[YI_TAGS].n / 8));
	ov_put_le32(row + YR_TAGS + 4, r->ntags);
	for (uint32_t i = 0; i < r->ntags; i++) {
		uint32_t at = 0;

		OV_TRY(ov_yc_text(c, r->tags[i], &at));
		OV_TRY(ov_buf_u32(&c->sect[YI_TAGS], at));
		OV_TRY(ov_buf_u32(&c->sect[YI_TAGS], (uint32_t)r->tags[i].n));
	}
	ov_put_le32(row + YR_METAS, (uint32_t)(c->sect[YI_METAS].n / YI_META));
	ov_put_le32(row + YR_METAS + 4, r->nmetas);
	for (uint32_t i = 0; i < r->nmetas; i++) {
		const struct ov_ymeta_ast *m = &r->metas[i];
		struct ov_yval v = { .kind = m->kind, .i = m->i };

		if (m->kind == OV_Y_FLOAT)
			v.f = m->f;
		else if (m->kind == OV_Y_STRING)
			v.s = m->s;
		OV_TRY(ov_yc_value(c, &c->sect[YI_METAS], m->name, &v));
	}
	return OV_OK;
}

/* An anchor for each atom of the cover's strings. */
static ov_status anchors(struct ov_ycompiler *c, uint32_t rule, const uint32_t *cover, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *s = c->sect[YI_STRINGS].p + (size_t)cover[i] * YI_STRING;
		const struct ov_cur code =
		    ov_cur_of(c->sect[YI_BLOCKS].p + ov_le32(s + 8), ov_le32(s + 12));
		const uint32_t natoms = ov_ystr_natoms(code);

		for (uint32_t k = 0; k < natoms; k++) {
			uint8_t row[YI_ANCHOR];

			ov_put_le32(row, rule);
			ov_put_le32(row + 4, cover[i]);
			ov_put_le32(row + 8, k);
			OV_TRY(ov_buf_put(&c->sect[YI_ANCHORS], row, sizeof row));
		}
	}
	return OV_OK;
}

/* All atoms of the rule's own strings in its cover are looked for: what of them is not met is not
 * there. */
static void mark_anchored(struct ov_ycompiler *c, const uint32_t *cover, uint32_t n,
			  uint32_t first_string)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t *row = c->sect[YI_STRINGS].p + (size_t)cover[i] * YI_STRING + 16;

		if (cover[i] >= first_string)
			ov_put_le32(row, ov_le32(row) | OV_YS_ANCHORED);
	}
}

static bool has_atoms(const struct ov_ycompiler *c, uint32_t string)
{
	const uint8_t *s = c->sect[YI_STRINGS].p + (size_t)string * YI_STRING;

	return ov_ystr_natoms(ov_cur_of(c->sect[YI_BLOCKS].p + ov_le32(s + 8), ov_le32(s + 12))) >
	       0;
}

/* Strings that keys find first, in place. @return how many they are. */
static uint32_t part(const struct ov_ycompiler *c, uint32_t *cover, uint32_t n)
{
	uint32_t strong = 0;

	for (uint32_t i = 0; i < n; i++)
		if (has_atoms(c, cover[i])) {
			const uint32_t s = cover[i];

			cover[i] = cover[strong];
			cover[strong++] = s;
		}
	return strong;
}

/*
 * A rule that keys alone can't wake may need strings all the same, some of them short, say. Those
 * that keys find wake it; the others are its scouts, looked for in each file that its gate lets in,
 * before all other strings.
 */
static ov_status scouts(struct ov_ycompiler *c, const struct ov_yrule_ast *r, uint32_t id,
			const uint64_t *costs, uint32_t first_string, uint8_t *row)
{
	uint64_t *weak = NULL, cost = 0;
	uint32_t *cover = NULL, n = 0, strong;

	OV_TRY(ov_arena_array(&c->rule_arena, r->nstrings, &weak));
	for (uint32_t i = 0; i < r->nstrings; i++)
		weak[i] = costs[i] != YC_NO_COST ? costs[i] : WEAK_COST;
	OV_TRY(ov_yc_cover(c, r, weak, first_string, false, &cover, &n, &cost));
	if (cost == YC_NO_COST)
		return OV_OK;
	strong = part(c, cover, n);
	if (n == strong || n - strong > SCOUTS_MAX)
		return OV_OK;
	ov_put_le32(row + YR_SCOUTS, (uint32_t)(c->sect[YI_SCOUTS].n / 4));
	ov_put_le32(row + YR_SCOUTS + 4, n - strong);
	for (uint32_t i = strong; i < n; i++)
		OV_TRY(ov_buf_u32(&c->sect[YI_SCOUTS], cover[i]));
	mark_anchored(c, cover, strong, first_string);
	return anchors(c, id, cover, strong);
}

/*
 * The cover's gates, as one: what wakes the rule besides its strings.
 * @param nstrings  The cover's strings; what comes behind them are gates.
 */
static ov_status wake_gate(struct ov_ycompiler *c, uint32_t *cover, uint32_t n, uint32_t nstrings,
			   uint32_t *out)
{
	for (uint32_t i = nstrings; i < n; i++)
		cover[i] &= ~YC_GATE;
	return ov_yc_gate_any(c, cover + nstrings, n - nstrings, out);
}

static ov_status wake(struct ov_ycompiler *c, const struct ov_yrule_ast *r, uint32_t id,
		      const uint64_t *costs, uint32_t first_string, uint8_t *row, uint32_t *flags)
{
	struct yc_rule info = { .gate = UINT32_MAX, .cost = YC_NO_COST };
	enum ov_yclass class = OV_YCLASS_OTHER;
	uint32_t *cover = NULL, nstrings = 0, wakes = UINT32_MAX;

	ov_put_le32(row + YR_WAKE, wakes);
	if (c->says) { /* what it says is said before its strings are asked for */
		*flags |= OV_YRULE_ALWAYS | OV_YRULE_SAYS;
		ov_put_le32(row + YR_GATE, info.gate);
		return ov_buf_put(&c->rules, &info, sizeof info);
	}
	OV_TRY(ov_yc_gate(c, r, &info.gate, &class));
	OV_TRY(ov_yc_cover(c, r, costs, first_string, true, &cover, &info.ncover, &info.cost));
	if (info.cost == YC_NO_COST)
		OV_TRY(scouts(c, r, id, costs, first_string, row));
	info.first_cover = yc_count(c->covers, uint32_t);
	if (info.ncover > 0)
		OV_TRY(ov_buf_put(&c->covers, cover, info.ncover * sizeof *cover));
	while (nstrings < info.ncover && (cover[nstrings] & YC_GATE) == 0)
		nstrings++;
	OV_TRY(anchors(c, id, cover, nstrings));
	mark_anchored(c, cover, nstrings, first_string);
	if (info.ncover > nstrings)
		OV_TRY(wake_gate(c, cover, info.ncover, nstrings, &wakes));
	if (info.cost == YC_NO_COST || info.ncover > nstrings)
		*flags |= OV_YRULE_ALWAYS;
	ov_put_le32(row + YR_WAKE, wakes);
	ov_put_le32(row + YR_GATE, info.gate);
	ov_put_le32(row + YR_CLASS, (uint32_t) class);
	return ov_buf_put(&c->rules, &info, sizeof info);
}

/* A text among a rule's metadata; empty when there is none. */
static struct ov_str meta_text(const struct ov_yrule_ast *r, const char *name)
{
	for (uint32_t i = 0; i < r->nmetas; i++)
		if (r->metas[i].kind == OV_Y_STRING && ov_str_is(r->metas[i].name, name))
			return r->metas[i].s;
	return (struct ov_str){ 0 };
}

/* A graded rule is reported as its metadata say. Names of signatures have no blanks. */
static ov_status grade(struct ov_ycompiler *c, const struct ov_yrule_ast *r, struct ov_str *name,
		       uint32_t *flags)
{
	static const char *const words[] = { NULL, "malware", "suspicious", "unwanted" };
	const struct ov_str severity = meta_text(r, "severity");
	uint32_t g = 1;

	*name = r->name;
	if (!c->is_graded)
		return OV_OK;
	while (g < OV_YRULE_GRADES && !ov_str_is(severity, words[g]))
		g++;
	*name = meta_text(r, "name");
	if (g == OV_YRULE_GRADES || name->n == 0 || memchr(name->p, ' ', name->n) != NULL)
		return ov_yfail(&c->err, r->line, r->column,
				"a built-in rule without a severity or a name of its own; give "
				"both in its metadata");
	*flags |= g << OV_YRULE_GRADE_SHIFT;
	return OV_OK;
}

static ov_status head(struct ov_ycompiler *c, const struct ov_yrule_ast *r, uint8_t *row,
		      uint32_t *flags)
{
	struct ov_str name;
	uint32_t at = 0;

	OV_TRY(grade(c, r, &name, flags));
	OV_TRY(ov_yc_text(c, name, &at));
	ov_put_le32(row + YR_NAME, at);
	ov_put_le32(row + YR_NAME + 4, (uint32_t)name.n);
	OV_TRY(ov_yc_text(c, r->text, &at));
	ov_put_le32(row + YR_TEXT, at);
	ov_put_le32(row + YR_TEXT + 4, (uint32_t)r->text.n);
	ov_put_le32(row + YR_NS, c->current_ns);
	ov_put_le32(row + YR_SOURCE, c->source);
	ov_put_le32(row + YR_LINE, r->line);
	ov_put_le32(row + YR_UNIT, yc_rows(c->nss, struct yc_ns)[c->current_ns].first_rule);
	return OV_OK;
}

static uint32_t flags_of(const struct ov_yrule_ast *r)
{
	uint32_t flags =
	    (r->is_private ? OV_YRULE_PRIVATE : 0) | (r->is_global ? OV_YRULE_GLOBAL : 0);

	for (uint32_t i = 0; i < r->nstrings; i++)
		if ((r->strings[i].flags & OV_YS_ELSEWHERE) != 0)
			flags |= OV_YRULE_STRINGS;
	return flags;
}

static ov_status compile(struct ov_ycompiler *c, struct ov_yrule_ast *r)
{
	const uint32_t id = (uint32_t)(c->sect[YI_RULES].n / YI_RULE);
	const uint32_t first_string = (uint32_t)(c->sect[YI_STRINGS].n / YI_STRING);
	uint8_t row[YI_RULE] = { 0 };
	struct ov_ygen_out code = { 0 };
	uint64_t *costs = NULL;
	uint32_t other, flags;

	if (ov_yc_find_rule(c, c->current_ns, r->name, &other))
		return ov_yfail(&c->err, r->line, r->column,
				"duplicated identifier \"%.*s\"; another rule has this name",
				(int)r->name.n, r->name.p);
	c->says = false;
	OV_TRY(ov_yc_check(c, r));
	ov_yc_uses(r);
	flags = flags_of(r);
	OV_TRY(all_strings(c, r, &costs));
	OV_TRY(ov_yc_gen(c, r, id, &code));
	OV_TRY(head(c, r, row, &flags));
	OV_TRY(labels(c, r, row));
	OV_TRY(wake(c, r, id, costs, first_string, row, &flags));
	ov_put_le32(row + YR_FLAGS, flags);
	ov_put_le32(row + YR_STRINGS, first_string);
	ov_put_le32(row + YR_STRINGS + 4, r->nstrings);
	ov_put_le32(row + YR_CODE, code.code_at);
	ov_put_le32(row + YR_CODE + 4, code.code_n);
	ov_put_le32(row + YR_CONSTS, code.first_const);
	ov_put_le32(row + YR_CONSTS + 4, code.nconsts);
	ov_put_le32(row + YR_SLOTS, r->nslots);
	ov_put_le32(row + YR_LOOPS, code.nloops);
	ov_put_le32(row + YR_STACK, code.stack);
	if (r->is_global)
		OV_TRY(ov_buf_u32(&c->sect[YI_GLOBALS], id));
	OV_TRY(ov_buf_put(&c->sect[YI_RULES], row, sizeof row));
	return ov_yc_name_rule(c, c->current_ns, r->name, id);
}

ov_status ov_yc_rule(struct ov_ycompiler *c, struct ov_yrule_ast *r)
{
	size_t before[YI_SECTIONS];
	const size_t nrules = c->rules.n, ncovers = c->covers.n;
	ov_status s;

	for (int i = 0; i < YI_SECTIONS; i++)
		before[i] = c->sect[i].n;
	s = compile(c, r);
	if (s == OV_OK)
		return OV_OK;
	/* What a refused rule wrote is taken back; texts stay, for they may be shared already. */
	for (int i = 0; i < YI_SECTIONS; i++)
		if (i != YI_TEXTS && i != YI_GATES && i != YI_ALTS)
			c->sect[i].n = before[i];
	c->rules.n = nrules;
	c->covers.n = ncovers;
	return s;
}
